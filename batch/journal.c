/* SPDX-License-Identifier: Apache-2.0
 *
 * See journal.h: opening, appending, syncing. journal_scan.c has the replay. After a failed write
 * or fdatasync the journal is broken for good: the kernel may have dropped the dirty pages, and a
 * second sync that "succeeds" would prove nothing.
 */
#include "batch/journal_scan.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/sha.h"
#include "formats/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLUSH_AT = 256 * 1024, PENDING_MAX = 16 * 1024 * 1024 };

struct journal {
    int fd;
    struct journal_scan scan; /* where the chain stands: next seq, hash of the last line */
    struct buf line, pending;
    struct jw jw;
    char now[TIME_TEXT];
    size_t size;     /* bytes given to write() */
    size_t reserved; /* end of what is allocated */
    bool torn, unsynced, broken;
    struct err why; /* of the first failure */
};

static bool fail(struct journal *j, const struct err *why, struct err *err)
{
    if (!j->broken) {
        j->broken = true;
        j->why = *why;
    }
    *err = j->why;
    return false;
}

/* O_EXCL first: only a file that was just made needs its directory entry synced. */
static int open_file(int dirfd, struct err *err)
{
    const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(dirfd, JOURNAL_NAME, flags);
    if (fd < 0 && errno == ENOENT) {
        fd = openat(dirfd, JOURNAL_NAME, flags | O_CREAT | O_EXCL, 0600);
        if (fd >= 0 && !fs_sync(dirfd, "the state directory", err)) {
            (void)close(fd);
            return -1;
        }
    }
    if (fd < 0) {
        err_sys(err, errno, "cannot open the journal");
        err->code = ERR_ENV;
    }
    return fd;
}

static bool cut_tail(struct journal *j, struct err *err)
{
    j->torn = true;
    if (ftruncate(j->fd, (off_t)j->scan.offset) != 0) {
        return err_sys(err, errno, "cannot cut the torn last line of the journal");
    }
    return fs_sync(j->fd, "the journal", err);
}

struct journal *journal_open_after(const struct journal_ahead *a, int dirfd, journal_fn *fn,
                                   void *ctx, struct err *err)
{
    struct journal *j = xcalloc(1, sizeof *j);
    j->line = (struct buf)BUF_INIT(LIMIT_JOURNAL_RECORD - 1);
    j->pending = (struct buf)BUF_INIT(PENDING_MAX);
    journal_scan_begin(&j->scan, fn, ctx);
    if (a) {
        j->scan = *journal_ahead_scan(a);
        j->scan.fn = fn;
        j->scan.ctx = ctx;
    }
    bool torn = false;
    j->fd = open_file(dirfd, err);
    bool ok =
        j->fd >= 0 && journal_scan_file(&j->scan, j->fd, &torn, err) && (!torn || cut_tail(j, err));
    j->size = j->scan.offset;
    if (!ok || !journal_reserve(j, err)) {
        journal_close(j);
        return NULL;
    }
    return j;
}

struct journal *journal_open(int dirfd, journal_fn *fn, void *ctx, struct err *err)
{
    return journal_open_after(NULL, dirfd, fn, ctx, err);
}

bool journal_reserve(struct journal *j, struct err *err)
{
    if (j->broken) {
        return fail(j, &j->why, err);
    }
    size_t end = j->size + j->pending.n;
    if (j->reserved >= end + LIMIT_JOURNAL_RESERVE) {
        return true;
    }
    size_t want = end + 2 * LIMIT_JOURNAL_RESERVE;
    if (fallocate(j->fd, FALLOC_FL_KEEP_SIZE, (off_t)j->size, (off_t)(want - j->size)) == 0 ||
        errno == EOPNOTSUPP || errno == ENOSYS) {
        j->reserved = want;
        return true;
    }
    bool failed = err_sys(err, errno, "cannot reserve space for the journal");
    err->code = ERR_ENV;
    err_hint(err, "make room on the disk and run again: nothing was sent without a record");
    return failed;
}

bool journal_had_torn_tail(const struct journal *j)
{
    return j->torn;
}

bool journal_broken(const struct journal *j)
{
    return j->broken;
}

uint64_t journal_records(const struct journal *j)
{
    return j->scan.seq;
}

size_t journal_size(const struct journal *j)
{
    return j->size + j->pending.n;
}

const char *journal_time(const struct journal *j)
{
    return j->now;
}

bool journal_read(int dirfd, journal_fn *fn, void *ctx, bool *torn, struct err *err)
{
    struct journal_scan scan;
    bool ignored = false;
    CLEANUP(closep) int fd = openat(dirfd, JOURNAL_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return err_sys(err, errno, "cannot open the journal");
    }
    journal_scan_begin(&scan, fn, ctx);
    return journal_scan_file(&scan, fd, torn ? torn : &ignored, err);
}

struct jw *journal_begin(struct journal *j, const char *ev, const char *item)
{
    time_format_ms(j->now);
    buf_reset(&j->line);
    jw_begin(&j->jw, &j->line, JW_COMPACT);
    jw_object(&j->jw, NULL);
    jw_int(&j->jw, "v", 1);
    jw_int(&j->jw, "seq", (int64_t)(j->scan.seq + 1));
    jw_str(&j->jw, "t", j->now);
    jw_str(&j->jw, "ev", ev);
    if (item) {
        jw_str(&j->jw, "item", item);
    }
    return &j->jw;
}

/* Large groups leave memory early; they count only after the sync. */
static void flush(struct journal *j)
{
    struct err err = ERR_INIT;
    if (j->broken || !j->pending.n) {
        return;
    }
    if (!fs_write_all(j->fd, j->pending.p, j->pending.n, &err)) {
        err_wrap(&err, "journal");
        err.code = ERR_ENV;
        (void)fail(j, &err, &err);
        return;
    }
    j->size += j->pending.n;
    j->unsynced = true;
    buf_reset(&j->pending);
}

void journal_end(struct journal *j)
{
    struct err err = ERR_INIT;
    char sum[SHA256_HEX];
    jw_str(&j->jw, "prev", j->scan.prev);
    sha256_hex(j->line.p, j->line.n, sum);
    jw_str(&j->jw, "sum", sum);
    jw_end(&j->jw);
    if (!jw_finish(&j->jw, &err)) {
        err_set(&err, ERR_INTERNAL, "a journal record is longer than %u bytes",
                (unsigned)LIMIT_JOURNAL_RECORD);
        (void)fail(j, &err, &err);
        return;
    }
    sha256_hex(j->line.p, j->line.n, j->scan.prev);
    j->scan.seq++;
    buf_add(&j->pending, j->line.p, j->line.n);
    buf_putc(&j->pending, '\n');
    if (j->pending.n >= FLUSH_AT) {
        flush(j);
    }
}

bool journal_sync(struct journal *j, struct err *err)
{
    flush(j);
    if (j->broken) {
        return fail(j, &j->why, err);
    }
    if (!j->unsynced) {
        return true;
    }
    if (!fs_datasync(j->fd, "the journal", err)) {
        err->code = ERR_ENV;
        return fail(j, err, err);
    }
    j->unsynced = false;
    return true;
}

void journal_close(struct journal *j)
{
    if (!j) {
        return;
    }
    if (j->fd >= 0) {
        if (!j->broken && j->reserved) { /* gives the reserve back to the disk */
            (void)!ftruncate(j->fd, (off_t)j->size);
        }
        (void)close(j->fd);
    }
    buf_release(&j->line);
    buf_release(&j->pending);
    free(j);
}
