/* SPDX-License-Identifier: Apache-2.0
 *
 * See process.h.
 */
#include "batch/process.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEP_MS = 10, LOOK_MS = 100, CHUNK = 512 };

struct child {
    const struct process *p;
    pid_t pid; /* also its process group */
    int out;   /* its standard output */
    int64_t end;
};

static const char *program(const struct process *p)
{
    return p->argv[0];
}

/* --- start --- */
static int describe(posix_spawn_file_actions_t *files, const struct process *p, int write_end)
{
    int bad = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    bad = bad ? bad : posix_spawn_file_actions_adddup2(files, write_end, STDOUT_FILENO);
    if (p->errors) {
        bad = bad ? bad : posix_spawn_file_actions_adddup2(files, write_end, STDERR_FILENO);
    }
    /* after the pipe took its place; O_CLOEXEC is ours to forget and unknown to who started us */
    bad = bad ? bad : posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
    if (p->dir) {
        bad = bad ? bad : posix_spawn_file_actions_addchdir_np(files, p->dir);
    }
    return bad;
}

static int spawn(struct child *c, int write_end)
{
    const struct process *p = c->p;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none;
    sigset_t all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int bad = posix_spawn_file_actions_init(&files);
    if (bad) {
        return bad;
    }
    bad = posix_spawnattr_init(&attr);
    if (bad) {
        (void)posix_spawn_file_actions_destroy(&files);
        return bad;
    }
    bad = describe(&files, p, write_end);
    /* a group of its own, so that a limit ends its children as well; ignored signals (SIGPIPE)
     * would otherwise be inherited */
    bad = bad ? bad
              : posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
    bad = bad ? bad : posix_spawnattr_setsigmask(&attr, &none);
    bad = bad ? bad : posix_spawnattr_setsigdefault(&attr, &all);
    /* posix_spawn(3) takes char *const * for reasons of history and changes nothing */
    char *const *argv = (char *const *)(uintptr_t)p->argv;
    char *const *env = p->env ? (char *const *)(uintptr_t)p->env : environ;
    bad = bad ? bad : posix_spawnp(&c->pid, argv[0], &files, &attr, argv, env);
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&files);
    return bad;
}

static bool start(struct child *c, struct err *err)
{
    int ends[2];
    int bad = pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;
    if (!bad) {
        bad = spawn(c, ends[1]);
        (void)close(ends[1]);
        c->out = ends[0];
        if (bad) {
            (void)close(ends[0]);
        }
    }
    return !bad || err_sys(err, bad, "cannot start the %s %s", c->p->what, program(c->p));
}

/* --- until it ends --- */
static bool cancelled(const struct child *c)
{
    return c->p->cancel && atomic_load(c->p->cancel);
}

/* The time it may be waited for without looking at `cancel`. */
static int next_look(const struct child *c)
{
    int64_t left = c->end - time_monotonic_ms();
    int64_t most = c->p->cancel ? LOOK_MS : left;
    return (int)(left <= 0 ? 0 : left < most ? left : most < INT32_MAX ? most : INT32_MAX);
}

static void keep(struct buf *out, const char *bytes, size_t n)
{
    size_t room = out->max > out->n ? out->max - out->n : 0;
    buf_add(out, bytes, n < room ? n : room);
}

/* Its output until it closes it. What a secret passed through is wiped. */
static enum process_end collect(struct child *c, struct err *err)
{
    struct buf *out = c->p->out;
    struct pollfd fd = {.fd = c->out, .events = POLLIN};
    for (;;) {
        int ready = poll(&fd, 1, next_look(c));
        if (cancelled(c)) {
            return PROCESS_CANCELLED;
        }
        if (ready <= 0 && time_monotonic_ms() >= c->end) {
            return PROCESS_SLOW;
        }
        if (ready <= 0) {
            continue;
        }
        char chunk[CHUNK];
        ssize_t n = read(c->out, chunk, sizeof chunk);
        bool over = n > 0 && out->n + (size_t)n > out->max;
        if (n > 0) {
            keep(out, chunk, (size_t)n);
        }
        explicit_bzero(chunk, sizeof chunk);
        if (over && c->p->whole) {
            return PROCESS_LONG;
        }
        if (n == 0) {
            return PROCESS_OK;
        }
        if (n < 0 && errno != EINTR) {
            (void)err_sys(err, errno, "cannot read from the %s %s", c->p->what, program(c->p));
            return PROCESS_BROKEN;
        }
    }
}

/* It ended, and its number is kept: nobody else's group can have it before it is reaped. */
static bool has_ended(const struct child *c)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == c->pid;
}

/* The output being closed does not mean that the program has ended. */
static enum process_end await(struct child *c)
{
    while (!has_ended(c)) {
        if (cancelled(c)) {
            return PROCESS_CANCELLED;
        }
        if (time_monotonic_ms() >= c->end) {
            return PROCESS_SLOW;
        }
        (void)poll(NULL, 0, STEP_MS);
    }
    return PROCESS_OK;
}

static void end_group(struct child *c)
{
    int64_t until = time_monotonic_ms() + c->p->grace_ms;
    if (c->p->grace_ms > 0) {
        (void)kill(-c->pid, SIGTERM);
    }
    while (time_monotonic_ms() < until && !has_ended(c)) {
        (void)poll(NULL, 0, STEP_MS);
    }
    (void)kill(-c->pid, SIGKILL); /* also of those that outlived their parent */
}

static int reap(struct child *c)
{
    int status = 0;
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

/* --- what became of it --- */
static enum process_end judge(const struct child *c, enum process_end how, int status,
                              struct err *err)
{
    const char *what = c->p->what;
    const char *name = program(c->p);
    switch (how) {
    case PROCESS_SLOW:
        err_set(err, ERR_INPUT, "the %s %s did not end within %lld s", what, name,
                (long long)((c->p->limit_ms + 999) / 1000));
        return how;
    case PROCESS_CANCELLED:
        err_set(err, ERR_INPUT, "the %s %s was ended because the run was stopped", what, name);
        return how;
    case PROCESS_LONG:
        err_set(err, ERR_INPUT, "the %s %s printed more than %zu bytes", what, name,
                c->p->out->max);
        return how;
    case PROCESS_OK:
    case PROCESS_NO_START:
    case PROCESS_CODE:
    case PROCESS_SIGNAL:
    case PROCESS_BROKEN:
        break;
    }
    if (how == PROCESS_OK && WIFSIGNALED(status)) {
        err_set(err, ERR_INPUT, "the %s %s was ended by signal %d", what, name, WTERMSIG(status));
        return PROCESS_SIGNAL;
    }
    if (how == PROCESS_OK && WEXITSTATUS(status) != 0) {
        err_set(err, ERR_INPUT, "the %s %s ended with exit code %d", what, name,
                WEXITSTATUS(status));
        return PROCESS_CODE;
    }
    return how;
}

enum process_end process_run(const struct process *p, struct err *err)
{
    struct child c = {.p = p, .out = -1, .end = time_monotonic_ms() + p->limit_ms};
    if (!start(&c, err)) {
        return PROCESS_NO_START;
    }
    enum process_end how = collect(&c, err);
    (void)close(c.out);
    how = how == PROCESS_OK ? await(&c) : how;
    if (how != PROCESS_OK) {
        end_group(&c);
    }
    return judge(&c, how, reap(&c), err);
}

/* --- environment --- */
/* Whole names, or beginnings that end in '_'. */
static const char *const passed[] = {
    "PATH",       "HOME",        "USER",        "LOGNAME",    "SHELL",       "LANG",
    "LC_",        "TZ",          "TMPDIR",      "KRB5CCNAME", "KRB5_CONFIG", "http_proxy",
    "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy",   "NO_PROXY",    "CERTBATCH_HOOK_",
};

static bool is_passed(const char *entry)
{
    for (size_t i = 0; i < NITEMS(passed); i++) {
        size_t n = strlen(passed[i]);
        if (strncmp(entry, passed[i], n) == 0 && (entry[n] == '=' || passed[i][n - 1] == '_')) {
            return true;
        }
    }
    return false;
}

static void add(struct environment *e, struct arena *a, const char *entry)
{
    if (e->n + 2 > e->cap) {
        size_t cap = e->cap ? e->cap * 2 : 32;
        const char **v = arena_array(a, cap, sizeof *v);
        if (e->n) {
            memcpy(v, e->v, e->n * sizeof *v);
        }
        e->v = v;
        e->cap = cap;
    }
    e->v[e->n++] = entry;
    e->v[e->n] = NULL;
}

void environment_begin(struct environment *e, struct arena *a)
{
    *e = (struct environment){0};
    for (char **entry = environ; entry && *entry; entry++) {
        if (is_passed(*entry)) {
            add(e, a, arena_strdup(a, *entry));
        }
    }
}

void environment_copy(struct environment *e, struct arena *a, const struct environment *from)
{
    *e = (struct environment){0};
    for (size_t i = 0; i < from->n; i++) {
        add(e, a, from->v[i]);
    }
}

void environment_add(struct environment *e, struct arena *a, const char *name, const char *value)
{
    add(e, a, arena_printf(a, "%s=%s", name, value ? value : ""));
}
