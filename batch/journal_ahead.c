/* SPDX-License-Identifier: Apache-2.0
 *
 * See journal.h: a journal is read while its owner still decides whether it may act at all. The
 * file is opened for reading only, without the lock; journal_open_after() goes on where the
 * reading ended, in the very same file.
 */
#include "batch/journal_scan.h"

#include "formats/base/fs.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

struct journal_ahead {
    pthread_t thread;
    int fd;
    struct journal_scan scan;
    journal_fn *fn;
    void *ctx;
    atomic_bool stop;
    bool running, good;
};

static bool take(void *ctx, const struct journal_record *r, struct err *err)
{
    struct journal_ahead *a = ctx;
    if (atomic_load_explicit(&a->stop, memory_order_relaxed)) {
        return err_set(err, ERR_ENV, "not wanted any more");
    }
    return a->fn(a->ctx, r, err);
}

static void *read_all(void *ahead)
{
    struct journal_ahead *a = ahead;
    struct err ignored = ERR_INIT; /* journal_open() meets it again, at its time */
    bool torn = false;
    a->good = journal_scan_file(&a->scan, a->fd, &torn, &ignored);
    return NULL;
}

struct journal_ahead *journal_ahead_begin(const char *dir, journal_fn *fn, void *ctx)
{
    struct err ignored = ERR_INIT;
    if (!fs_exists_at(AT_FDCWD, dir)) {
        return NULL;
    }
    CLEANUP(closep) int dirfd = fs_open_dir(dir, &ignored);
    int fd = dirfd < 0 ? -1 : openat(dirfd, JOURNAL_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    struct journal_ahead *a = xcalloc(1, sizeof *a);
    a->fd = fd;
    a->fn = fn;
    a->ctx = ctx;
    journal_scan_begin(&a->scan, take, a);
    a->running = pthread_create(&a->thread, NULL, read_all, a) == 0;
    return a;
}

static void join(struct journal_ahead *a)
{
    if (a->running) {
        (void)pthread_join(a->thread, NULL);
        a->running = false;
    }
}

/* While our descriptor is open, the number of its inode is nobody else's. */
static bool is_file(const struct journal_ahead *a, int dirfd)
{
    struct stat read, there;
    return fstat(a->fd, &read) == 0 &&
           fstatat(dirfd, JOURNAL_NAME, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           read.st_dev == there.st_dev && read.st_ino == there.st_ino &&
           (size_t)there.st_size >= a->scan.offset;
}

bool journal_ahead_end(struct journal_ahead *a, int dirfd)
{
    if (a) {
        join(a);
    }
    return a && a->good && a->scan.seq > 0 && is_file(a, dirfd);
}

const struct journal_scan *journal_ahead_scan(const struct journal_ahead *a)
{
    return &a->scan;
}

void journal_ahead_free(struct journal_ahead *a)
{
    if (!a) {
        return;
    }
    atomic_store(&a->stop, true);
    join(a);
    closep(&a->fd);
    free(a);
}
