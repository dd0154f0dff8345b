/* SPDX-License-Identifier: Apache-2.0
 *
 * See audit_events.h.
 */
#include "batch/audit_events.h"

#include "batch/journal_scan.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

/* What a reader of the bundle wants of a record; the journal has the rest. */
static void write_record(struct jw *j, const char *key, const json_t *fields)
{
    static const char left_out[] =
        "v prev sum item san outputs batch manifest_sha256 policy_sha256";
    jw_object(j, key);
    for (void *it = json_object_iter((json_t *)(uintptr_t)fields); it;
         it = json_object_iter_next((json_t *)(uintptr_t)fields, it)) {
        const char *name = json_object_iter_key(it);
        if (!str_has_word(left_out, name)) {
            json_write(j, name, json_object_iter_value(it));
        }
    }
    jw_end(j);
}

static bool take_run(struct audit_events *e, const struct journal_record *r, struct err *err)
{
    struct jw j;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_JOURNAL_RECORD);
    jw_begin(&j, &text, JW_COMPACT);
    write_record(&j, NULL, r->fields);
    if (!jw_finish(&j, err)) {
        return false;
    }
    const struct audit_run run = {r->seq, arena_strdup(&e->history.arena, buf_text(&text))};
    VEC_PUSH(&e->runs, run);
    return true;
}

static bool take(void *ctx, const struct journal_record *r, struct err *err)
{
    struct audit_events *e = ctx;
    if (!history_add(&e->history, r, err)) {
        return false;
    }
    if (str_eq(r->ev, "open") || str_eq(r->ev, "resume")) {
        return take_run(e, r, err);
    }
    const struct item_record *item = r->item ? history_item(&e->history, r->item) : NULL;
    if (item) {
        const struct audit_event new = {.item = (uint32_t)(item - e->history.v),
                                        .length = (uint32_t)r->length,
                                        .seq = r->seq,
                                        .offset = r->offset};
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
    *e = (struct audit_events){.history = HISTORY_INIT, .fd = -1};
    journal_scan_begin(&scan, take, e);
    e->fd = fs_open_at(dirfd, JOURNAL_NAME, err);
    if (e->fd < 0 || !scan_prefix(&scan, e->fd, size, err)) {
        return false;
    }
    if (e->n > 1) {
        qsort(e->v, e->n, sizeof *e->v, by_item);
    }
    return true;
}

static size_t first_of(const struct audit_events *e, size_t item)
{
    size_t low = 0;
    size_t high = e->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (e->v[mid].item < item) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static bool read_line(const struct audit_events *e, const struct audit_event *at, char *line,
                      struct err *err)
{
    for (size_t got = 0; got < at->length;) {
        ssize_t n = pread(e->fd, line + got, at->length - got, (off_t)(at->offset + got));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return err_sys(err, n < 0 ? errno : EIO, "cannot read the journal");
        }
        got += (size_t)n;
    }
    return true;
}

bool audit_events_write(struct jw *j, const char *key, const struct audit_events *e, size_t item,
                        struct err *err)
{
    char line[LIMIT_JOURNAL_RECORD];
    bool ok = true;
    jw_array(j, key);
    for (size_t i = first_of(e, item); ok && i < e->n && e->v[i].item == item; i++) {
        ok = e->v[i].length <= sizeof line && read_line(e, &e->v[i], line, err);
        CLEANUP(json_tree_release)
        json_t *record = ok ? json_parse(JOURNAL_NAME, line, e->v[i].length, err) : NULL;
        ok = record != NULL;
        if (ok) {
            write_record(j, NULL, record);
        }
    }
    jw_end(j);
    return ok;
}

/* A run is everything from its record to that of the next one. */
static bool run_wrote(const struct audit_events *e, size_t run, size_t item)
{
    const uint64_t from = e->runs.v[run].seq;
    const uint64_t to = run + 1 < e->runs.n ? e->runs.v[run + 1].seq : UINT64_MAX;
    for (size_t i = first_of(e, item); i < e->n && e->v[i].item == item; i++) {
        if (e->v[i].seq > from && e->v[i].seq < to) {
            return true;
        }
    }
    return false;
}

void audit_events_runs(struct jw *j, const char *key, const struct audit_events *e, size_t item)
{
    jw_array(j, key);
    for (size_t i = 0; i < e->runs.n; i++) {
        if (run_wrote(e, i, item)) {
            jw_raw(j, NULL, e->runs.v[i].json);
        }
    }
    jw_end(j);
}

void audit_events_release(struct audit_events *e)
{
    closep(&e->fd);
    free(e->v);
    free(e->runs.v);
    history_release(&e->history);
    *e = (struct audit_events){.history = HISTORY_INIT, .fd = -1};
}
