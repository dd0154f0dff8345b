/* SPDX-License-Identifier: Apache-2.0
 *
 * See fs.h: reading, directories, single-file writing. fs_group.c has the grouped form.
 */
#include "formats/base/fs.h"

#include "formats/base/limits.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool too_large(const char *name, const struct buf *b, struct err *err)
{
    return err_set(err, ERR_INPUT, "%s is larger than %zu bytes", name, b->max);
}

static ssize_t read_once(int fd, void *p, size_t n)
{
    ssize_t got;
    do {
        got = read(fd, p, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* At the ceiling only the end of the file may follow. */
static bool read_end(int fd, const char *name, const struct buf *b, struct err *err)
{
    char extra;
    ssize_t n = read_once(fd, &extra, 1);
    return n == 0 ||
           (n > 0 ? too_large(name, b, err) : err_sys(err, errno, "cannot read %s", name));
}

/* Straight into the buffer: one read for a file whose size is known, and no copy of a key file is
 * left on the stack. size 0 = not known. */
static bool read_fd(int fd, const char *name, size_t size, struct buf *b, struct err *err)
{
    for (;;) {
        size_t want = size ? size + 1 : 16384;
        size_t left = b->max - b->n;
        want = want < left ? want : left;
        if (want == 0) {
            return read_end(fd, name, b, err);
        }
        char *room = buf_room(b, want);
        if (!room) {
            return too_large(name, b, err);
        }
        ssize_t n = read_once(fd, room, want);
        if (n < 0) {
            return err_sys(err, errno, "cannot read %s", name);
        }
        buf_grew(b, (size_t)n);
        if (n == 0 || (size && (size_t)n == size)) { /* one byte more was asked for: the end */
            return true;
        }
        size = 0;
    }
}

static size_t file_size(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_size > 0 ? (size_t)st.st_size : 0;
}

static bool read_regular(int fd, const char *name, struct buf *b, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return err_sys(err, errno, "cannot read %s", name);
    }
    if (S_ISDIR(st.st_mode)) {
        return err_set(err, ERR_INPUT, "%s is a directory", name);
    }
    return read_fd(fd, name, S_ISREG(st.st_mode) ? file_size(fd) : 0, b, err);
}

bool fs_read(const char *path, struct buf *b, struct err *err)
{
    if (str_eq(path, "-")) {
        return read_fd(STDIN_FILENO, "standard input", 0, b, err);
    }
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return err_sys(err, errno, "cannot open %s", path);
    }
    return read_regular(fd, path, b, err);
}

bool fs_keep_stdin(size_t max, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(max);
    if (!fs_read("-", &text, err)) {
        return false;
    }
    CLEANUP(closep) int fd = memfd_create("stdin", MFD_CLOEXEC);
    if (fd < 0) {
        return err_sys(err, errno, "cannot keep standard input");
    }
    if (text.n && !fs_write_all(fd, text.p, text.n, err)) {
        return false;
    }
    if (dup2(fd, STDIN_FILENO) < 0) {
        return err_sys(err, errno, "cannot keep standard input");
    }
    fs_rewind_stdin();
    return true;
}

void fs_rewind_stdin(void)
{
    (void)lseek(STDIN_FILENO, 0, SEEK_SET);
}

static int only_regular(int fd, const char *name, struct stat *st, struct err *err)
{
    if (fd < 0) {
        err_sys(err, errno, "cannot open %s", name);
        return -1;
    }
    if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
        err_set(err, ERR_INPUT, "%s is not a regular file", name);
        (void)close(fd);
        return -1;
    }
    return fd;
}

int fs_open(const char *path, struct err *err)
{
    struct stat st;
    return only_regular(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), path, &st, err);
}

int fs_open_at(int dirfd, const char *name, struct err *err)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK;
    struct stat st;
    return only_regular(openat(dirfd, name, flags), name, &st, err);
}

bool fs_read_at(int dirfd, const char *name, struct buf *b, struct err *err)
{
    CLEANUP(closep) int fd = fs_open_at(dirfd, name, err);
    return fd >= 0 && read_fd(fd, name, file_size(fd), b, err);
}

/* What openat2() does, component by component, for kernels and sandboxes without it. Stricter:
 * ".." is refused even where it would stay beneath. */
static int open_by_component(int dir, const char *path, int flags)
{
    int at = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    errno = *path && *path != '/' ? errno : EXDEV;
    while (at >= 0 && *path && *path != '/') {
        char name[NAME_MAX + 1];
        size_t n = strcspn(path, "/");
        bool last = !path[n + strspn(path + n, "/")];
        if (n >= sizeof name || (n == 2 && path[0] == '.' && path[1] == '.')) {
            errno = n == 2 ? EXDEV : ENAMETOOLONG;
            break;
        }
        memcpy(name, path, n);
        name[n] = '\0';
        path += n + strspn(path + n, "/");
        int next = openat(at, name, (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
        int why = errno;
        (void)close(at);
        errno = why;
        if (last || next < 0) {
            return next;
        }
        at = next;
    }
    int why = errno;
    closep(&at);
    errno = why;
    return -1;
}

static int open_resolved(int dir, const char *path, bool outside, int flags)
{
    struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC};
    how.resolve = outside ? 0 : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
    if (fd < 0 &&
        (errno == ENOSYS || errno == EPERM)) { /* EPERM: seccomp filters of old runtimes */
        return outside ? openat(dir, path, flags | O_CLOEXEC) : open_by_component(dir, path, flags);
    }
    return fd;
}

bool fs_root_open(struct fs_root *root, const char *path, bool outside, struct err *err)
{
    *root =
        (struct fs_root){.fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), .outside = outside};
    if (root->fd < 0) {
        return err_sys(err, errno, "cannot open directory %s", path);
    }
    root->path = xstrdup(path);
    return true;
}

void fs_root_close(struct fs_root *root)
{
    if (root->path) {
        (void)close(root->fd);
        freep(&root->path);
    }
    root->fd = -1;
}

static int open_beneath(const struct fs_root *root, const char *path, struct stat *st,
                        struct err *err)
{
    const int flags = O_RDONLY | O_NOCTTY | O_NONBLOCK; /* a FIFO must not stop us */
    int fd = -1;
    if (root->path) {
        fd = open_resolved(root->fd, path, root->outside, flags);
    } else {
        errno = ENOENT; /* nothing is beneath a directory that is not there */
    }
    if (fd < 0 && (errno == EXDEV || errno == ELOOP)) {
        err_set(err, ERR_INPUT, "%s leaves the directory %s (or is a symbolic link)", path,
                root->path);
        err_hint(err, "keep the files of a batch beside its manifest");
        return -1;
    }
    return only_regular(fd, path, st, err);
}

bool fs_read_beneath(const struct fs_root *root, const char *path, struct buf *b, struct err *err)
{
    struct stat st;
    CLEANUP(closep) int fd = open_beneath(root, path, &st, err);
    return fd >= 0 && read_fd(fd, path, (size_t)st.st_size, b, err);
}

bool fs_mode_beneath(const struct fs_root *root, const char *path, mode_t *mode, struct err *err)
{
    struct stat st;
    CLEANUP(closep) int fd = open_beneath(root, path, &st, err);
    *mode = fd >= 0 ? st.st_mode & 07777 : 0;
    return fd >= 0;
}

bool fs_exists_at(int dirfd, const char *name)
{
    struct stat st;
    return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int fs_open_dir(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        err_sys(err, errno, "cannot open directory %s", path);
    }
    return fd;
}

int fs_open_dir_at(int dirfd, const char *name, struct err *err)
{
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        err_sys(err, errno, "cannot open directory %s", name);
    }
    return fd;
}

int fs_make_dir_at(int dirfd, const char *name, struct err *err)
{
    struct stat st;
    if (mkdirat(dirfd, name, 0700) != 0 && errno != EEXIST) {
        err_sys(err, errno, "cannot create directory %s", name);
        err->code = ERR_ENV;
        return -1;
    }
    int fd = fs_open_dir_at(dirfd, name, err);
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid != geteuid() && geteuid() != 0) {
        err_set(err, ERR_ENV, "directory %s belongs to another user", name);
        err_hint(err, "remove it or choose another place: its owner could replace what is in it");
        (void)close(fd);
        return -1;
    }
    if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 022)) {
        err_set(err, ERR_ENV, "directory %s can be written by others (mode %04o)", name,
                (unsigned)st.st_mode & 07777);
        err_hint(err, "chmod 700 it, and check who put what there");
        (void)close(fd);
        return -1;
    }
    return fd;
}

bool fs_make_dirs(const char *path, struct err *err)
{
    char copy[LIMIT_PATH];
    if (!*path) {
        return true;
    }
    if ((size_t)snprintf(copy, sizeof copy, "%s", path) >= sizeof copy) {
        return err_set(err, ERR_ENV, "path too long: %.64s...", path);
    }
    for (char *p = copy + 1;; p++) {
        if (*p != '/' && *p) {
            continue;
        }
        char c = *p;
        *p = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
            bool failed = err_sys(err, errno, "cannot create directory %s", copy);
            err->code = ERR_ENV;
            return failed;
        }
        if (!c) {
            return true;
        }
        *p = c;
    }
}

bool fs_write_all(int fd, const void *p, size_t n, struct err *err)
{
    const char *c = p;
    while (n) {
        ssize_t w = write(fd, c, n);
        if (w < 0 && errno == EINTR) {
            continue;
        }
        if (w <= 0) { /* a write of 0 bytes is a full device in disguise */
            return err_sys(err, w < 0 ? errno : ENOSPC, "cannot write");
        }
        c += w;
        n -= (size_t)w;
    }
    return true;
}

bool fs_sync(int fd, const char *what, struct err *err)
{
    return fsync(fd) == 0 || err_sys(err, errno, "cannot sync %s", what);
}

bool fs_datasync(int fd, const char *what, struct err *err)
{
    return fdatasync(fd) == 0 || err_sys(err, errno, "cannot sync %s", what);
}

bool fs_temp_open(struct fs_temp *t, int dirfd, mode_t mode, struct err *err)
{
    uint8_t r[12];
    char hex[sizeof r * 2 + 1];
    random_bytes(r, sizeof r);
    hex_encode(r, sizeof r, hex);
    (void)snprintf(t->name, sizeof t->name, FS_TEMP_PREFIX "%s", hex);
    t->dirfd = dirfd;
    t->fd = openat(dirfd, t->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (t->fd < 0) {
        bool failed = err_sys(err, errno, "cannot create a file");
        err->code = ERR_ENV;
        return failed;
    }
    (void)flock(t->fd, LOCK_EX | LOCK_NB); /* tells fs_sweep_shared() that somebody is at it */
    return true;
}

/* rename() would put a file in the place of a device, a socket or a pipe: as root of /dev/null. */
static bool may_replace(const struct fs_temp *t, const char *final_name, struct err *err)
{
    struct stat st;
    return fstatat(t->dirfd, final_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || S_ISREG(st.st_mode) ||
           S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode) ||
           err_set(err, ERR_ENV, "%s is no regular file", final_name);
}

bool fs_temp_commit(struct fs_temp *t, const char *final_name, struct err *err)
{
    if (!fs_sync(t->fd, final_name, err) || !may_replace(t, final_name, err)) {
        return false;
    }
    if (renameat(t->dirfd, t->name, t->dirfd, final_name) != 0) {
        bool failed = err_sys(err, errno, "cannot rename to %s", final_name);
        err->code = ERR_ENV;
        return failed;
    }
    t->name[0] = '\0';
    (void)close(t->fd);
    t->fd = -1;
    return fs_sync(t->dirfd, "the directory", err);
}

void fs_temp_discard(struct fs_temp *t)
{
    if (t->fd >= 0) {
        (void)close(t->fd);
        t->fd = -1;
    }
    if (t->name[0]) {
        (void)unlinkat(t->dirfd, t->name, 0);
        t->name[0] = '\0';
    }
}

bool fs_write_atomic_at(int dirfd, const char *name, struct span data, mode_t mode, struct err *err)
{
    CLEANUP(fs_temp_discard) struct fs_temp t = {.fd = -1};
    return (fs_temp_open(&t, dirfd, mode, err) && fs_write_all(t.fd, data.p, data.n, err) &&
            fs_temp_commit(&t, name, err)) ||
           err_wrap(err, "%s", name);
}

int fs_open_stream(const char *path)
{
    struct stat st;
    const bool flows = stat(path, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode));
    if (!flows && !str_starts(path, "/dev/") && !str_starts(path, "/proc/")) {
        return -1;
    }
    return open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC);
}

bool fs_write_atomic(const char *path, struct span data, mode_t mode, struct err *err)
{
    CLEANUP(closep) int stream = fs_open_stream(path);
    if (stream >= 0) {
        return fs_write_all(stream, data.p, data.n, err) || err_wrap(err, "%s", path);
    }
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(closep) int dir = fs_open_dir(path_dir(&a, path), err);
    return dir >= 0 && fs_write_atomic_at(dir, path_base(path), data, mode, err);
}

bool fs_replace(const char *path, struct span data, struct err *err)
{
    struct stat st;
    char real[PATH_MAX];
    if (!realpath(path, real) || stat(real, &st) != 0) {
        return err_sys(err, errno, "cannot write %s", path);
    }
    if (!fs_write_atomic(real, data, st.st_mode & 07777, err)) {
        return false;
    }
    /* the mask of the process applied at creation; the owner differs when root mends for others */
    const bool owned = st.st_uid == geteuid() || chown(real, st.st_uid, st.st_gid) == 0;
    return (owned && chmod(real, st.st_mode & 07777) == 0) ||
           err_sys(err, errno, "cannot give %s back its owner and mode", path);
}

bool fs_remove_at(int dirfd, const char *name, struct err *err)
{
    if (unlinkat(dirfd, name, 0) != 0 && errno != ENOENT) {
        return err_sys(err, errno, "cannot remove %s", name);
    }
    return true;
}

/* A temporary whose maker lives is locked; one that was made this moment is empty and may not be
 * locked yet. */
static bool is_abandoned(int dirfd, const char *name)
{
    struct stat st;
    CLEANUP(closep) int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
           flock(fd, LOCK_EX | LOCK_NB) == 0;
}

enum sweep { SWEEP_TEMPORARIES, SWEEP_ABANDONED, SWEEP_EVERYTHING };

static bool to_be_swept(int dirfd, const char *name, enum sweep what)
{
    if (str_eq(name, ".") || str_eq(name, "..")) {
        return false;
    }
    return what == SWEEP_EVERYTHING || (str_starts(name, FS_TEMP_PREFIX) &&
                                        (what == SWEEP_TEMPORARIES || is_abandoned(dirfd, name)));
}

static void sweep(int dirfd, enum sweep what)
{
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        closep(&fd);
        return;
    }
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (to_be_swept(dirfd, e->d_name, what)) {
            fs_remove_tree_at(dirfd, e->d_name);
        }
    }
    (void)closedir(dir);
}

void fs_remove_tree_at(int dirfd, const char *name)
{
    if (unlinkat(dirfd, name, 0) == 0 || errno != EISDIR) {
        return;
    }
    CLEANUP(closep) int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        sweep(fd, SWEEP_EVERYTHING);
        (void)unlinkat(dirfd, name, AT_REMOVEDIR);
    }
}

void fs_sweep(int dirfd)
{
    sweep(dirfd, SWEEP_TEMPORARIES);
}

void fs_sweep_shared(int dirfd)
{
    sweep(dirfd, SWEEP_ABANDONED);
}

char *path_join(struct arena *a, const char *dir, const char *name)
{
    if (name[0] == '/' || str_eq(dir, ".") || !*dir) {
        return arena_strdup(a, name);
    }
    return arena_printf(a, "%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

char *path_dir(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return arena_strdup(a, ".");
    }
    return slash == path ? arena_strdup(a, "/") : arena_strndup(a, path, (size_t)(slash - path));
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
