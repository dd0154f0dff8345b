/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads secrets from where the configuration says they are. The bytes pass through buffers that
 * are wiped and end in struct secret. No message ever holds any of them; a name of a variable,
 * file or program may appear.
 */
#include "batch/config.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMAND_LIMIT_MS = 30000, REAP_STEP_MS = 10 };

/* `what` names the place. */
static bool take(struct buf *b, const char *what, const char *name, struct secret *out,
                 struct err *err)
{
    size_t n = b->n;
    if (buf_failed(b) || n > LIMIT_SECRET + 2) {
        return err_set(err, ERR_INPUT, "the secret of %s %s is longer than %u bytes", what, name,
                       LIMIT_SECRET);
    }
    if (n && b->p[n - 1] == '\n') {
        n -= n > 1 && b->p[n - 2] == '\r' ? 2 : 1;
    }
    if (n == 0) {
        return err_set(err, ERR_INPUT, "the secret of %s %s is empty", what, name);
    }
    if (n > LIMIT_SECRET) {
        return err_set(err, ERR_INPUT, "the secret of %s %s is longer than %u bytes", what, name,
                       LIMIT_SECRET);
    }
    if (memchr(b->p, 0, n)) {
        return err_set(err, ERR_INPUT, "the secret of %s %s holds a NUL byte", what, name);
    }
    secret_set(out, b->p, n);
    return true;
}

/* --- environment --- */

struct kept {
    struct kept *next;
    char *name;
    struct secret value;
};
static struct kept *all_kept;
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

static const struct kept *find_kept(const char *name)
{
    const struct kept *k = all_kept;
    while (k && strcmp(k->name, name) != 0) {
        k = k->next;
    }
    return k;
}

static void keep(const char *name, const struct secret *value)
{
    struct kept *k = xcalloc(1, sizeof *k);
    k->name = xstrdup(name);
    secret_set(&k->value, secret_bytes(value), value->n);
    k->next = all_kept;
    all_kept = k;
}

static bool from_environment(const char *name, struct secret *out, struct err *err)
{
    const struct kept *k = find_kept(name);
    if (k) {
        secret_set(out, secret_bytes(&k->value), k->value.n);
        return true;
    }
    char *value = getenv(name);
    if (!value) {
        return err_set(err, ERR_INPUT, "the environment variable %s is not set", name);
    }
    CLEANUP(buf_wipe) struct buf b = BUF_INIT(LIMIT_SECRET + 2);
    buf_puts(&b, value);
    if (!take(&b, "environment variable", name, out, err)) {
        return false;
    }
    keep(name, out);
    explicit_bzero(value, strlen(value)); /* what /proc/PID/environ shows */
    (void)unsetenv(name);
    return true;
}

void secret_forget(void)
{
    (void)pthread_mutex_lock(&kept_lock);
    while (all_kept) {
        struct kept *k = all_kept;
        all_kept = k->next;
        secret_release(&k->value);
        free(k->name);
        free(k);
    }
    (void)pthread_mutex_unlock(&kept_lock);
}

/* --- file --- */

/* Until the end or one byte more than a secret may have. */
static bool read_all(int fd, const char *name, struct buf *b, struct err *err)
{
    for (;;) {
        char chunk[512];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n > 0) {
            buf_add(b, chunk, (size_t)n);
        }
        explicit_bzero(chunk, sizeof chunk);
        if (n == 0 || buf_failed(b)) {
            return true;
        }
        if (n < 0 && errno != EINTR) {
            return err_sys(err, errno, "cannot read %s", name);
        }
    }
}

static bool mode_is_private(int fd, const char *name, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return err_sys(err, errno, "cannot read %s", name);
    }
    if (!S_ISREG(st.st_mode)) {
        return err_set(err, ERR_INPUT, "the secret file %s is not a regular file", name);
    }
    if (st.st_mode & 077) {
        err_set(err, ERR_INPUT, "the secret file %s can be read by others (mode %04o)", name,
                (unsigned)st.st_mode & 07777);
        err_hint(err, "chmod 600 it");
        return false;
    }
    return true;
}

static bool from_file(const char *name, const char *dir, struct secret *out, struct err *err)
{
    CLEANUP(closep) int base = fs_open_dir(dir, err);
    if (base < 0) {
        return false;
    }
    /* O_NONBLOCK: a FIFO must not stop the program before its type is known */
    CLEANUP(closep)
    int fd = openat(base, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ELOOP) {
        err_set(err, ERR_INPUT, "the secret file %s is a symbolic link", name);
        err_hint(err, "name the file it points to");
        return false;
    }
    if (fd < 0) {
        return err_sys(err, errno, "cannot open the secret file %s", name);
    }
    CLEANUP(buf_wipe) struct buf b = BUF_INIT(LIMIT_SECRET + 2);
    return mode_is_private(fd, name, err) && read_all(fd, name, &b, err) &&
           take(&b, "file", name, out, err);
}

/* --- command --- */

struct child {
    pid_t pid; /* also its process group */
    int out;   /* its standard output */
};

static int spawn(struct child *c, char *const *argv, const char *dir, int write_end)
{
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
    bad = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    bad = bad ? bad : posix_spawn_file_actions_adddup2(&files, write_end, STDOUT_FILENO);
    bad = bad ? bad : posix_spawn_file_actions_addchdir_np(&files, dir);
    /* a group of its own, so that a limit ends its children as well; ignored signals (SIGPIPE)
     * would otherwise be inherited */
    bad = bad ? bad
              : posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
    bad = bad ? bad : posix_spawnattr_setsigmask(&attr, &none);
    bad = bad ? bad : posix_spawnattr_setsigdefault(&attr, &all);
    bad = bad ? bad : posix_spawnp(&c->pid, argv[0], &files, &attr, argv, environ);
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&files);
    return bad;
}

static bool start(struct child *c, const struct strings *argv, const char *dir, struct err *err)
{
    int ends[2];
    char **copy = xcalloc(argv->n + 1, sizeof *copy);
    for (size_t i = 0; i < argv->n; i++) {
        copy[i] = xstrdup(argv->v[i]);
    }
    int bad = pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;
    if (!bad) {
        bad = spawn(c, copy, dir, ends[1]);
        (void)close(ends[1]);
        c->out = ends[0];
        if (bad) {
            (void)close(ends[0]);
        }
    }
    for (size_t i = 0; i < argv->n; i++) {
        free(copy[i]);
    }
    free(copy);
    return !bad || err_sys(err, bad, "cannot start the secret command %s", argv->v[0]);
}

static bool too_slow(struct child *c, const char *name, int64_t limit_ms, struct err *err)
{
    (void)kill(-c->pid, SIGKILL);
    return err_set(err, ERR_INPUT, "the secret command %s did not end within %lld s", name,
                   (long long)((limit_ms + 999) / 1000));
}

static bool collect(struct child *c, const char *name, int64_t limit_ms, struct buf *b,
                    struct err *err)
{
    int64_t end = time_monotonic_ms() + limit_ms;
    struct pollfd p = {.fd = c->out, .events = POLLIN};
    for (;;) {
        int64_t left = end - time_monotonic_ms();
        int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0) {
            return too_slow(c, name, limit_ms, err);
        }
        char chunk[512];
        ssize_t n = read(c->out, chunk, sizeof chunk);
        if (n > 0) {
            buf_add(b, chunk, (size_t)n);
        }
        explicit_bzero(chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_sys(err, errno, "cannot read from the secret command %s", name);
        }
        if (n == 0 || buf_failed(b)) {
            return true;
        }
    }
}

/* Waits for the end; the output being closed does not mean that the program has ended. */
static bool reap(struct child *c, const char *name, int64_t limit_ms, bool kill_now, int *status,
                 struct err *err)
{
    int64_t end = time_monotonic_ms() + limit_ms;
    if (kill_now) {
        (void)kill(-c->pid, SIGKILL);
    }
    for (;;) {
        pid_t got = waitpid(c->pid, status, WNOHANG);
        if (got == c->pid) {
            return true;
        }
        if (got < 0 && errno != EINTR) {
            return err_sys(err, errno, "cannot wait for the secret command %s", name);
        }
        if (!kill_now && time_monotonic_ms() >= end) {
            (void)too_slow(c, name, limit_ms, err);
            (void)waitpid(c->pid, status, 0);
            return false;
        }
        (void)poll(NULL, 0, REAP_STEP_MS);
    }
}

bool secret_from_command(const struct strings *argv, const char *dir, int64_t limit_ms,
                         struct secret *out, struct err *err)
{
    struct child c;
    int status = 0;
    const char *name = argv->n ? argv->v[0] : "";
    CLEANUP(buf_wipe) struct buf b = BUF_INIT(LIMIT_SECRET + 2);
    if (argv->n == 0) {
        return err_set(err, ERR_INPUT, "a secret command without a program");
    }
    if (!start(&c, argv, dir, err)) {
        return false;
    }
    bool read = collect(&c, name, limit_ms, &b, err);
    (void)close(c.out);
    struct err ignored = ERR_INIT;
    bool ended = reap(&c, name, limit_ms, !read || buf_failed(&b), &status, read ? err : &ignored);
    if (!read || !ended) {
        return false;
    }
    if (!buf_failed(&b) && WIFSIGNALED(status)) {
        return err_set(err, ERR_INPUT, "the secret command %s was ended by signal %d", name,
                       WTERMSIG(status));
    }
    if (!buf_failed(&b) && WEXITSTATUS(status) != 0) {
        return err_set(err, ERR_INPUT, "the secret command %s ended with exit code %d", name,
                       WEXITSTATUS(status));
    }
    return take(&b, "command", name, out, err);
}

bool secret_load(const struct secret_ref *ref, const char *dir, struct secret *out, struct err *err)
{
    bool ok = false;
    dir = dir ? dir : ".";
    switch (ref->kind) {
    case SECRET_ENV:
        (void)pthread_mutex_lock(&kept_lock);
        ok = from_environment(ref->name, out, err);
        (void)pthread_mutex_unlock(&kept_lock);
        return ok;
    case SECRET_FILE:
        return from_file(ref->name, dir, out, err);
    case SECRET_COMMAND:
        return secret_from_command(&ref->command, dir, COMMAND_LIMIT_MS, out, err);
    case SECRET_NONE:
        break;
    }
    return err_set(err, ERR_INTERNAL, "a secret was wanted where none is named");
}
