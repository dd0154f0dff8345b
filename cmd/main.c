/* SPDX-License-Identifier: Apache-2.0
 *
 * The process: hardening before anything else, signals, the command to run. The commands
 * themselves are rows of cmd/commands.c.
 */
#include "batch/config.h"
#include "cmd/cmd.h"
#include "formats/base/pool.h"
#include "formats/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* First signal: drain. Second: leave at once; the state directory is always resumable. */
static void on_stop(int signal_number)
{
    if (cmd_stop) {
        _exit(128 + signal_number);
    }
    cmd_stop = 1;
    cmd_stop_signal = signal_number;
}

static void catch_signals(void)
{
    struct sigaction stop = {.sa_handler = on_stop};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigemptyset(&stop.sa_mask);
    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGHUP, &stop, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL); /* a closed stdout is an error code, not a death */
    (void)sigaction(SIGXFSZ, &ignore, NULL);
}

/* Closed descriptors 0-2 would be reused by the journal and then written to by a message. */
static void hold_standard_streams(void)
{
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            (void)!open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
        }
    }
}

/* Keys pass through this process: no core file, no ptrace by the same user, no privileges gained
 * by exec, and no TLS key log that libcurl would write because the environment says so. */
static void harden(void)
{
    const struct rlimit none = {0, 0};
    (void)umask(077);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)unsetenv("SSLKEYLOGFILE");
    (void)setlocale(LC_ALL, "C");
}

static int run_command(const struct command *c, int argc, char **argv)
{
    struct options o;
    struct term t;
    struct err err = ERR_INIT;
    options_init(&o);
    term_init(&t, COLOR_AUTO, false);
    int code;
    if (!options_parse(&o, c->options | OPT_COMMON, argc, argv, &err)) {
        code = cmd_fail(&t, &err);
    } else {
        term_init(&t, o.color, o.quiet);
        o.jobs = o.jobs ? o.jobs : (int64_t)pool_default_workers();
        if (o.version) {
            code = cmd_version(&o, &t);
        } else if (o.help) {
            strlist_release(&o.operands);
            VEC_PUSH(&o.operands, c->name);
            code = cmd_help(&o, &t);
        } else if (o.operands.n < c->min || o.operands.n > c->max) {
            err_set(&err, ERR_USAGE, "usage: certbatch %s %s", c->name, c->operands);
            code = cmd_fail(&t, &err);
        } else {
            code = c->run(&o, &t);
        }
    }
    term_progress_end(&t);
    options_release(&o);
    /* a report that is cut short says nothing, whatever it was going to say */
    if (t.out_failed && (code == EXIT_DONE || code == EXIT_FINDINGS)) {
        term_err(&t, "certbatch: standard output could not be written");
        code = EXIT_ENVIRONMENT;
    }
    return code;
}

int main(int argc, char **argv)
{
    static char help[] = "help";
    hold_standard_streams();
    harden();
    catch_signals();
    (void)secret_heap_init();
    /* glibc raises its trim threshold when large blocks are freed and then keeps what a big batch
     * let go; a fixed one gives it back */
    (void)mallopt(M_TRIM_THRESHOLD, 128 * 1024);
    (void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    const char *name = argc > 1 ? argv[1] : help;
    name = str_eq(name, "--help") || str_eq(name, "-h") ? help : name;
    name = str_eq(name, "--version") ? "version" : name;
    const struct command *c = command_find(name);
    if (!c) {
        struct term t;
        term_init(&t, COLOR_AUTO, false);
        term_err(&t, "certbatch: unknown command %.60s\n  hint: certbatch help lists the commands",
                 name);
        return EXIT_USAGE;
    }
    int code = run_command(c, argc > 2 ? argc - 2 : 0, argv + 2);
    secret_forget();
    return code;
}
