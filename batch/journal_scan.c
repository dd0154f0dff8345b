/* SPDX-License-Identifier: Apache-2.0
 *
 * See journal_scan.h. The file is read in pieces: a journal of 10,000 items is 30 MB and nothing
 * of it needs to stay. What can be said of a line alone (its sum, its JSON) is found out on all
 * processors; it is half of the work of a run that has nothing to do. A bad last line is a torn
 * tail (a killed run); any other bad line is damage, named with its number, and nothing after it is
 * believed.
 */
#include "batch/journal_scan.h"

#include "formats/base/limits.h"
#include "formats/base/pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUM_HEAD ",\"sum\":\""
#define SUM_TAIL "\"}"
enum {
    SUM_LENGTH = sizeof SUM_HEAD - 1 + SHA256_HEX - 1 + sizeof SUM_TAIL - 1,
    CHUNK = 256 * 1024,
    LINES = 512,     /* looked at together */
    LINES_ALONE = 32 /* fewer are not worth a thread */
};

/* What a line says, whatever stands before it. */
struct line {
    const char *p;
    size_t n;
    bool sum;              /* the sum at its end fits */
    char hash[SHA256_HEX]; /* of the whole line */
    json_t *tree;          /* NULL: the sum does not fit, or it is no JSON */
};

void journal_scan_begin(struct journal_scan *s, journal_fn *fn, void *ctx)
{
    *s = (struct journal_scan){.fn = fn, .ctx = ctx};
    memset(s->prev, '0', SHA256_HEX - 1);
}

static bool damage(const struct journal_scan *s, struct err *err, const char *what)
{
    struct pos pos = {.file = JOURNAL_NAME, .line = (uint32_t)(s->seq + 1), .column = 1};
    err_at(err, ERR_ENV, pos, "the journal is damaged: %s", what);
    err_hint(err, "restore the state directory from a copy; do not edit the journal");
    return false;
}

static bool sum_fits(const char *line, size_t n)
{
    char want[SHA256_HEX];
    if (n < SUM_LENGTH || n >= LIMIT_JOURNAL_RECORD) {
        return false;
    }
    const char *at = line + n - SUM_LENGTH;
    sha256_hex(line, (size_t)(at - line), want);
    return memcmp(at, SUM_HEAD, sizeof SUM_HEAD - 1) == 0 &&
           memcmp(at + sizeof SUM_HEAD - 1, want, SHA256_HEX - 1) == 0 &&
           memcmp(line + n - (sizeof SUM_TAIL - 1), SUM_TAIL, sizeof SUM_TAIL - 1) == 0;
}

static void look_at(void *ctx, size_t index, unsigned worker UNUSED)
{
    struct line *l = (struct line *)ctx + index;
    struct err ignored = ERR_INIT;
    json_decref(l->tree); /* of the line that was here before */
    l->tree = NULL;
    l->sum = sum_fits(l->p, l->n);
    if (l->sum) {
        sha256_hex(l->p, l->n, l->hash);
        l->tree = json_parse(JOURNAL_NAME, l->p, l->n, &ignored);
    }
}

/* The record that follows on what was scanned. */
static bool take_line(struct journal_scan *s, const struct line *l, struct err *err)
{
    if (!l->sum) {
        return damage(s, err, "the sum of this line does not fit");
    }
    const json_t *t = l->tree;
    const char *prev = t ? json_get_str(t, "prev") : NULL;
    if (!prev || json_get_int(t, "v", 0) != 1) {
        return damage(s, err, "not a record of a version that is known");
    }
    if (json_get_int(t, "seq", 0) != (int64_t)(s->seq + 1)) {
        return damage(s, err, "the sequence number is not the next one");
    }
    if (strcmp(prev, s->prev) != 0) {
        return damage(s, err, "the line does not continue the one before");
    }
    struct journal_record r = {.seq = s->seq + 1,
                               .ev = json_get_str(t, "ev"),
                               .item = json_get_str(t, "item"),
                               .t = json_get_str(t, "t"),
                               .fields = t,
                               .offset = s->offset,
                               .length = l->n};
    if (!r.ev || !r.t) {
        return damage(s, err, "the record has no event or no time");
    }
    if (s->fn && !s->fn(s->ctx, &r, err)) {
        char why[512];
        (void)snprintf(why, sizeof why, "%.*s", (int)sizeof why - 1, err->msg);
        return damage(s, err, why);
    }
    memcpy(s->prev, l->hash, SHA256_HEX);
    s->seq++;
    s->offset += l->n + 1;
    return true;
}

bool journal_scan_line(struct journal_scan *s, const char *line, size_t n, struct err *err)
{
    struct line l = {.p = line, .n = n};
    look_at(&l, 0, 0);
    const bool ok = take_line(s, &l, err);
    json_decref(l.tree);
    return ok;
}

/* Up to LINES whole lines of `p`. */
static size_t split(const char *p, size_t n, struct line *v)
{
    size_t count = 0;
    for (size_t at = 0; at < n && count < LINES;) {
        const char *newline = memchr(p + at, '\n', n - at);
        if (!newline) {
            break;
        }
        v[count].p = p + at;
        v[count++].n = (size_t)(newline - (p + at));
        at = (size_t)(newline - p) + 1;
    }
    return count;
}

/* In order. `end` is where the whole journal ends: a bad line that ends there is a torn tail. */
static bool take_lines(struct journal_scan *s, const struct line *v, size_t n, size_t end,
                       size_t *used, bool *torn, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!v[i].sum && s->offset + v[i].n + 1 >= end) {
            *torn = true;
            return true;
        }
        if (!take_line(s, &v[i], err)) {
            return false;
        }
        *used += v[i].n + 1;
    }
    return true;
}

/* Lines of `p`; *used is what was consumed, the rest is an unfinished line. */
static bool scan_lines(struct journal_scan *s, struct line *v, const char *p, size_t n, size_t end,
                       size_t *used, bool *torn, struct err *err)
{
    *used = 0;
    for (size_t count; !*torn && (count = split(p + *used, n - *used, v)) > 0;) {
        pool_map(count < LINES_ALONE ? 1 : pool_default_workers(), count, look_at, v);
        if (!take_lines(s, v, count, end, used, torn, err)) {
            return false;
        }
    }
    return true;
}

static struct line *lines_new(void)
{
    return xcalloc(LINES, sizeof(struct line));
}

static void lines_free(struct line *const *v)
{
    for (size_t i = 0; i < LINES; i++) {
        json_decref((*v)[i].tree);
    }
    free(*v);
}

bool journal_check(struct span bytes, bool torn_allowed, journal_fn *fn, void *ctx, struct err *err)
{
    CLEANUP(lines_free) struct line *lines = lines_new();
    struct journal_scan s;
    size_t used;
    bool torn = false;
    journal_scan_begin(&s, fn, ctx);
    if (!scan_lines(&s, lines, (const char *)bytes.p, bytes.n, bytes.n, &used, &torn, err)) {
        return false;
    }
    if ((torn || used < bytes.n) && !torn_allowed) {
        return damage(&s, err, "the last line is incomplete or does not fit its sum");
    }
    return true;
}

static ssize_t read_some(int fd, char *chunk, size_t n, size_t at)
{
    ssize_t got;
    do {
        got = pread(fd, chunk, n, (off_t)at);
    } while (got < 0 && errno == EINTR);
    return got;
}

bool journal_scan_file(struct journal_scan *s, int fd, bool *torn, struct err *err)
{
    struct stat st;
    size_t at = 0, used;
    if (fstat(fd, &st) != 0) {
        return err_sys(err, errno, "cannot read the journal");
    }
    size_t end = (size_t)st.st_size;
    CLEANUP(buf_wipe) struct buf window = BUF_INIT(CHUNK + LIMIT_JOURNAL_RECORD);
    CLEANUP(freep) char *chunk = xmalloc(CHUNK);
    CLEANUP(lines_free) struct line *lines = lines_new();
    while (at < end && !*torn) {
        ssize_t got = read_some(fd, chunk, CHUNK, at);
        if (got <= 0) {
            return err_sys(err, got < 0 ? errno : EIO, "cannot read the journal");
        }
        at += (size_t)got;
        buf_add(&window, chunk, (size_t)got);
        if (!scan_lines(s, lines, window.p, window.n, end, &used, torn, err)) {
            return false;
        }
        if (window.n - used >= LIMIT_JOURNAL_RECORD && !*torn) {
            *torn = memchr(window.p + used, '\n', window.n - used) == NULL && at >= end;
            return *torn || damage(s, err, "the line is longer than a record may be");
        }
        memmove(window.p, window.p + used, window.n - used);
        window.n -= used;
    }
    *torn = *torn || window.n > 0;
    return true;
}
