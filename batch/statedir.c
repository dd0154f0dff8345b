/* SPDX-License-Identifier: Apache-2.0
 *
 * See statedir.h. The lock file is never removed: removing it is what makes locking racy. Who
 * holds it is written inside for the message only; the kernel's flock decides.
 */
#include "batch/statedir.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static const struct statedir closed = {.fd = -1, .keys = -1, .items = -1, .lock = -1};

char *statedir_default(struct arena *a, const char *manifest_dir, const char *name)
{
    return path_join(a, manifest_dir, arena_printf(a, "%s.state", name));
}

static bool lock_held(const struct statedir *s, struct err *err)
{
    char holder[128] = "";
    ssize_t n = pread(s->lock, holder, sizeof holder - 1, 0);
    holder[n > 0 ? n : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    err_set(err, ERR_ENV, "%s is in use by another run%s%s%s", s->path, *holder ? " (" : "",
            str_vis_dup(&a, holder, strlen(holder)), *holder ? ")" : "");
    err_hint(err, "wait for it, or stop it; it can be resumed at any time");
    return false;
}

static void name_holder(const struct statedir *s)
{
    char text[128], host[64] = "", now[TIME_TEXT];
    (void)gethostname(host, sizeof host - 1);
    time_format(time_now(), now);
    int n = snprintf(text, sizeof text, "pid %ld on %s since %s\n", (long)getpid(), host, now);
    if (ftruncate(s->lock, 0) == 0 && n > 0) {
        (void)!pwrite(s->lock, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1, 0);
    }
}

/* flock() over NFS is a matter of mount options and server versions: two runs could both get
 * it, and each would place the orders. */
static bool lock_is_reliable(int fd)
{
    struct statfs fs;
    return fstatfs(fd, &fs) != 0 || fs.f_type != NFS_SUPER_MAGIC;
}

static bool take_lock(struct statedir *s, struct err *err)
{
    s->lock = openat(s->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (s->lock < 0) {
        err_sys(err, errno, "cannot open the lock of %s", s->path);
        err->code = ERR_ENV;
        return false;
    }
    if (!lock_is_reliable(s->lock)) {
        err_set(err, ERR_ENV, "%s is on NFS, where a lock does not keep two runs apart", s->path);
        err_hint(err, "choose a local directory with --state");
        return false;
    }
    if (flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
        return lock_held(s, err);
    }
    name_holder(s);
    return true;
}

static void not_there(const char *path, struct err *err)
{
    if (err->sys == ENOENT) {
        err_set(err, ERR_INPUT, "%s does not exist: no run has been started there", path);
    }
}

static bool open_parts(struct statedir *s, bool create, struct err *err)
{
    if (create) {
        s->keys = fs_make_dir_at(s->fd, "keys", err);
        s->items = s->keys < 0 ? -1 : fs_make_dir_at(s->fd, "items", err);
        return s->items >= 0 && fs_sync(s->fd, s->path, err);
    }
    s->keys = fs_open_dir_at(s->fd, "keys", err);
    s->items = s->keys < 0 ? -1 : fs_open_dir_at(s->fd, "items", err);
    return s->items >= 0;
}

/* The directory itself and its name in the parent are durable before anything is in it. */
static int make_root(const char *path, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *parent = path_dir(&a, path);
    if (!fs_make_dirs(parent, err)) {
        return -1;
    }
    CLEANUP(closep) int dir = fs_open_dir(parent, err);
    bool there = dir >= 0 && fs_exists_at(dir, path_base(path));
    int fd = dir < 0 ? -1 : fs_make_dir_at(dir, path_base(path), err);
    if (fd >= 0 && !there && !fs_sync(dir, parent, err)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void trim_slashes(char *path)
{
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) {
        path[n - 1] = '\0';
    }
}

static void sweep_item(const struct statedir *s, const char *id)
{
    struct err ignored = ERR_INIT;
    CLEANUP(closep) int item = fs_open_dir_at(s->items, id, &ignored);
    CLEANUP(closep) int out = item < 0 ? -1 : fs_open_dir_at(item, "out", &ignored);
    if (item >= 0) {
        fs_sweep(item);
    }
    if (out >= 0) {
        fs_sweep(out);
    }
}

/* Temporaries of a killed run, some with key bytes in them. */
static void sweep(const struct statedir *s)
{
    struct err ignored = ERR_INIT;
    CLEANUP(closep) int policy = fs_open_dir_at(s->fd, "policy", &ignored);
    CLEANUP(closep) int by_hand = fs_open_dir_at(s->fd, RUN_BY_HAND, &ignored);
    fs_sweep(s->fd);
    fs_sweep(s->keys);
    if (policy >= 0) {
        fs_sweep(policy);
    }
    if (by_hand >= 0) {
        fs_sweep(by_hand);
    }
}

void statedir_sweep_items(const struct statedir *s)
{
    int fd = openat(s->items, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        closep(&fd);
        return;
    }
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (name_is_safe(e->d_name)) {
            sweep_item(s, e->d_name);
        }
    }
    (void)closedir(dir);
}

bool statedir_open(struct statedir *s, const char *path, bool create, struct err *err)
{
    *s = closed;
    s->path = xstrdup(path);
    trim_slashes(s->path);
    s->fd = create ? make_root(s->path, err) : fs_open_dir(s->path, err);
    if (s->fd < 0) {
        not_there(s->path, err);
    }
    if (s->fd < 0 || !take_lock(s, err) || !open_parts(s, create, err)) {
        statedir_close(s);
        return false;
    }
    sweep(s);
    return true;
}

bool statedir_view(struct statedir *s, const char *path, struct err *err)
{
    *s = closed;
    s->path = xstrdup(path);
    trim_slashes(s->path);
    s->fd = fs_open_dir(s->path, err);
    if (s->fd < 0) {
        not_there(s->path, err);
    }
    if (s->fd < 0 || !open_parts(s, false, err)) {
        statedir_close(s);
        return false;
    }
    return true;
}

void statedir_close(struct statedir *s)
{
    closep(&s->fd);
    closep(&s->keys);
    closep(&s->items);
    closep(&s->lock);
    free(s->path);
    *s = closed;
}

int statedir_item(const struct statedir *s, const char *id, bool create, struct err *err)
{
    if (!create) {
        return fs_open_dir_at(s->items, id, err);
    }
    int fd = fs_make_dir_at(s->items, id, err);
    CLEANUP(closep) int out = fd < 0 ? -1 : fs_make_dir_at(fd, "out", err);
    if (fd >= 0 && out < 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}
