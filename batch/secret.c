/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads secrets from where the configuration says they are. The bytes pass through buffers that
 * are wiped and end in struct secret. No message ever holds any of them; a name of a variable,
 * file or program may appear.
 */
#include "batch/config.h"

#include "batch/process.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COMMAND_LIMIT_MS = 30000, COMMAND_GRACE_MS = 1000 };

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

bool secret_from_command(const struct strings *argv, const char *dir, int64_t limit_ms,
                         struct secret *out, struct err *err)
{
    if (argv->n == 0) {
        return err_set(err, ERR_INPUT, "a secret command without a program");
    }
    CLEANUP(freep) const char **command = xcalloc(argv->n + 1, sizeof *command);
    memcpy(command, argv->v, argv->n * sizeof *command);
    CLEANUP(buf_wipe) struct buf b = BUF_INIT(LIMIT_SECRET + 2);
    const struct process p = {.what = "secret command",
                              .argv = command,
                              .dir = dir,
                              .limit_ms = limit_ms,
                              .grace_ms = COMMAND_GRACE_MS,
                              .out = &b,
                              .whole = true};
    switch (process_run(&p, err)) {
    case PROCESS_OK:
        return take(&b, "command", argv->v[0], out, err);
    case PROCESS_LONG:
        return err_set(err, ERR_INPUT, "the secret of command %s is longer than %u bytes",
                       argv->v[0], LIMIT_SECRET);
    case PROCESS_NO_START:
    case PROCESS_CODE:
    case PROCESS_SIGNAL:
    case PROCESS_SLOW:
    case PROCESS_CANCELLED:
    case PROCESS_BROKEN:
        break;
    }
    return false;
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
