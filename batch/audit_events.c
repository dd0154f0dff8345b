/* SPDX-License-Identifier: Apache-2.0
 *
 * See audit_events.h.
 */
#include "batch/audit_events.h"

#include "batch/journal_scan.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

static bool take(void *ctx, const struct journal_record *r, struct err *err)
{
    struct audit_events *e = ctx;
    if (!history_add(&e->history, r, err)) {
        return false;
    }
    const struct item_record *item = r->item ? history_item(&e->history, r->item) : NULL;
    if (item) {
        struct audit_event new = {.item = (uint32_t)(item - e->history.v), .seq = r->seq};
        (void)snprintf(new.ev, sizeof new.ev, "%s", r->ev);
        (void)snprintf(new.t, sizeof new.t, "%s", r->t);
        VEC_PUSH(e, new);
    }
    return true;
}

/* Whole lines of the window; what is left moves to its front. */
static bool scan_window(struct journal_scan *scan, struct buf *window, struct err *err)
{
    size_t used = 0;
    const char *newline;
    while ((newline = memchr(window->p + used, '\n', window->n - used)) != NULL) {
        size_t n = (size_t)(newline - (window->p + used));
        if (!journal_scan_line(scan, window->p + used, n, err)) {
            return false;
        }
        used += n + 1;
    }
    memmove(window->p, window->p + used, window->n - used);
    window->n -= used;
    return true;
}

static bool scan_prefix(struct journal_scan *scan, int fd, size_t size, struct err *err)
{
    CLEANUP(buf_release) struct buf window = BUF_INIT(CHUNK + 2 * LIMIT_JOURNAL_RECORD);
    CLEANUP(freep) char *chunk = xmalloc(CHUNK);
    for (size_t at = 0; at < size;) {
        size_t want = size - at < CHUNK ? size - at : CHUNK;
        ssize_t got = pread(fd, chunk, want, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return err_sys(err, got < 0 ? errno : EIO, "cannot read the journal");
        }
        at += (size_t)got;
        buf_add(&window, chunk, (size_t)got);
        if (buf_failed(&window) || !scan_window(scan, &window, err)) {
            return buf_failed(&window)
                       ? err_set(err, ERR_ENV, "a line of the journal is longer than a record")
                       : false;
        }
    }
    return scan->offset == size ||
           err_set(err, ERR_ENV, "the journal's last close is not the end of a line");
}

static int by_item(const void *pa, const void *pb)
{
    const struct audit_event *a = pa;
    const struct audit_event *b = pb;
    int c = (a->item > b->item) - (a->item < b->item);
    return c ? c : (a->seq > b->seq) - (a->seq < b->seq);
}

bool audit_events_read(struct audit_events *e, int dirfd, size_t size, struct err *err)
{
    struct journal_scan scan;
    *e = (struct audit_events){.history = HISTORY_INIT};
    journal_scan_begin(&scan, take, e);
    CLEANUP(closep) int fd = fs_open_at(dirfd, JOURNAL_NAME, err);
    if (fd < 0 || !scan_prefix(&scan, fd, size, err)) {
        return false;
    }
    if (e->n > 1) {
        qsort(e->v, e->n, sizeof *e->v, by_item);
    }
    return true;
}

void audit_events_write(struct jw *j, const char *key, const struct audit_events *e, size_t item)
{
    size_t low = 0;
    size_t high = e->n;
    while (low < high) { /* the item's first record */
        size_t mid = low + (high - low) / 2;
        if (e->v[mid].item < item) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    jw_array(j, key);
    for (; low < e->n && e->v[low].item == item; low++) {
        jw_object(j, NULL);
        jw_int(j, "seq", (int64_t)e->v[low].seq);
        jw_str(j, "t", e->v[low].t);
        jw_str(j, "ev", e->v[low].ev);
        jw_end(j);
    }
    jw_end(j);
}

void audit_events_release(struct audit_events *e)
{
    free(e->v);
    history_release(&e->history);
    *e = (struct audit_events){.history = HISTORY_INIT};
}
