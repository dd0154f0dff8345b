/* SPDX-License-Identifier: Apache-2.0
 *
 * Grouped durability, see fs.h. A small group (up to SYNC_EACH files) is synced file by file:
 * syncfs() flushes whatever else the filesystem holds, which only pays when the group is large.
 */
#include "formats/base/fs.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SYNC_EACH = 8 };

struct fs_group_entry {
    struct fs_temp temp;
    char *final_name;
    dev_t device;
};

void fs_group_init(struct fs_group *g)
{
    *g = (struct fs_group){0};
    pthread_mutex_t *lock = xmalloc(sizeof *lock);
    (void)pthread_mutex_init(lock, NULL);
    g->lock = lock;
}

/* A group may have more files than a process may have descriptors. Beyond SYNC_EACH only syncfs
 * counts, and for that the first descriptor is enough: it was opened before any later write-back
 * error could happen. Files on another filesystem than the first keep theirs. */
static void keep(struct fs_group *g, struct fs_group_entry *e)
{
    (void)pthread_mutex_lock(g->lock);
    if (g->n >= SYNC_EACH && e->device == g->v[0].device) {
        (void)close(e->temp.fd);
        e->temp.fd = -1;
    }
    VEC_PUSH(g, *e);
    (void)pthread_mutex_unlock(g->lock);
}

static dev_t device_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? st.st_dev : 0;
}

bool fs_group_add(struct fs_group *g, int dirfd, const char *name, struct span data, mode_t mode,
                  struct err *err)
{
    struct fs_group_entry e = {.temp = {.fd = -1}};
    if (!fs_temp_open(&e.temp, dirfd, mode, err)) {
        return false;
    }
    if (!fs_write_all(e.temp.fd, data.p, data.n, err)) {
        fs_temp_discard(&e.temp);
        return err_wrap(err, "%s", name);
    }
    e.final_name = xstrdup(name);
    e.device = device_of(e.temp.fd);
    keep(g, &e);
    return true;
}

void fs_group_move(struct fs_group *to, struct fs_group *from)
{
    for (size_t i = 0; i < from->n; i++) {
        keep(to, &from->v[i]);
    }
    from->n = 0;
}

/* The descriptor stays open until here: syncfs reports an error only through a descriptor that
 * was opened before the error happened. */
static bool sync_contents(struct fs_group *g, struct err *err)
{
    bool all = g->n > SYNC_EACH;
    if (all && syncfs(g->v[0].temp.fd) != 0) {
        return err_sys(err, errno, "cannot sync");
    }
    for (size_t i = 0; i < g->n; i++) {
        const struct fs_group_entry *e = &g->v[i];
        if ((!all || e->device != g->v[0].device) && !fs_sync(e->temp.fd, e->final_name, err)) {
            return false;
        }
    }
    return true;
}

static bool rename_all(struct fs_group *g, struct err *err)
{
    for (size_t i = 0; i < g->n; i++) {
        struct fs_temp *t = &g->v[i].temp;
        if (renameat(t->dirfd, t->name, t->dirfd, g->v[i].final_name) != 0) {
            bool failed = err_sys(err, errno, "cannot rename to %s", g->v[i].final_name);
            err->code = ERR_ENV;
            return failed;
        }
        t->name[0] = '\0';
    }
    return true;
}

/* One directory is one fsync; many directories of one filesystem are one syncfs. */
static bool sync_directories(const struct fs_group *g, struct err *err)
{
    int last = -1;
    size_t different = 0;
    for (size_t i = 0; i < g->n; i++) {
        different += g->v[i].temp.dirfd != last;
        last = g->v[i].temp.dirfd;
    }
    bool all = different > SYNC_EACH;
    if (all && syncfs(g->v[0].temp.dirfd) != 0) {
        return err_sys(err, errno, "cannot sync");
    }
    last = -1;
    for (size_t i = 0; i < g->n; i++) {
        int fd = g->v[i].temp.dirfd;
        bool due = fd != last && (!all || g->v[i].device != g->v[0].device);
        if (due && !fs_sync(fd, "the directory", err)) {
            return false;
        }
        last = fd;
    }
    return true;
}

bool fs_group_commit(struct fs_group *g, struct err *err)
{
    bool ok =
        g->n == 0 || (sync_contents(g, err) && rename_all(g, err) && sync_directories(g, err));
    for (size_t i = 0; i < g->n; i++) {
        fs_temp_discard(&g->v[i].temp);
        free(g->v[i].final_name);
    }
    g->n = 0;
    return ok;
}

void fs_group_release(struct fs_group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        fs_temp_discard(&g->v[i].temp);
        free(g->v[i].final_name);
    }
    free(g->v);
    if (g->lock) {
        (void)pthread_mutex_destroy(g->lock);
        free(g->lock);
    }
    *g = (struct fs_group){0};
}
