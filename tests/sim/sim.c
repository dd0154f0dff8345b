/* SPDX-License-Identifier: Apache-2.0
 *
 * casim: starts, tells its port, serves until it is told to end. See sim.h and `casim --help`.
 */
#include "tests/sim/sim.h"

#include "formats/base/fs.h"
#include "formats/base/secret.h"
#include "tests/sim/sim_http.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t told_to_end;

static void end(int signal)
{
    (void)signal;
    told_to_end = 1;
}

static bool tell_port(const struct sim *s, int port, struct err *err)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%d\n", port);
    (void)printf("casim: listening on 127.0.0.1:%d\n", port);
    (void)fflush(stdout);
    struct span data = {(const uint8_t *)text, (size_t)n};
    return !s->options.port_file || fs_write_atomic(s->options.port_file, data, 0644, err);
}

static void wait_for_end(const struct sim *s)
{
    const char *file = s->options.quit_file;
    while (!told_to_end && !(file && access(file, F_OK) == 0)) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 50 * 1000000}, NULL);
    }
}

static bool serve(struct sim *s, struct err *err)
{
    struct server *server = NULL;
    int port = server_start(s, &server, err);
    bool ok = port > 0 && tell_port(s, port, err);
    if (ok) {
        wait_for_end(s);
    }
    atomic_store(&s->stop, true);
    server_stop(server);
    return ok;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    char text[2048];
    struct sim *s = xcalloc(1, sizeof *s); /* the transaction set is too large for the stack */
    const struct sigaction on = {.sa_handler = end}, off = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGTERM, &on, NULL);
    (void)sigaction(SIGINT, &on, NULL);
    (void)sigaction(SIGPIPE, &off, NULL);
    (void)secret_heap_init();
    bool ok = options_read(argc, argv, &s->options, &err);
    if (ok) {
        ok = sim_setup(s, &err) && serve(s, &err);
        sim_release(s);
    }
    if (err.code != ERR_NONE) {
        err_format(&err, text, sizeof text);
        (void)fprintf(stderr, "casim: %s\n", text);
    }
    free(s);
    return err.code == ERR_NONE ? 0 : err.code == ERR_USAGE ? 2 : 1;
}
