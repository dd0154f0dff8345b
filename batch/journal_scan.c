/* SPDX-License-Identifier: Apache-2.0
 *
 * See journal_scan.h. The file is read in pieces: a journal of 10,000 items is 30 MB and nothing
 * of it needs to stay. A bad last line is a torn tail (a killed run); any other bad line is
 * damage, named with its number, and nothing after it is believed.
 */
#include "batch/journal_scan.h"

#include "formats/base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How every line ends: ,"prev":"...","sum":"..."} */
#define PREV_HEAD ",\"prev\":\""
#define SUM_HEAD  "\",\"sum\":\""
#define SUM_TAIL  "\"}"
enum {
    DIGEST = SHA256_HEX - 1,
    SUM_AT = DIGEST + sizeof SUM_TAIL - 1, /* counted from the end */
    PREV_AT = SUM_AT + sizeof SUM_HEAD - 1 + DIGEST,
    END_AT = PREV_AT + sizeof PREV_HEAD - 1,
    CHUNK = 65536
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

static bool is_at(const char *line, size_t n, size_t from_end, const char *want, size_t length)
{
    return memcmp(line + n - from_end, want, length) == 0;
}

/* The digests stand where the writer puts them: what has them elsewhere is no record. */
static bool sum_fits(const char *line, size_t n)
{
    const size_t sum_head = SUM_AT + sizeof SUM_HEAD - 1;
    char want[SHA256_HEX];
    if (n < END_AT || n >= LIMIT_JOURNAL_RECORD) {
        return false;
    }
    sha256_hex(line, n - sum_head + 1, want); /* up to and without the comma */
    return is_at(line, n, END_AT, PREV_HEAD, sizeof PREV_HEAD - 1) &&
           is_at(line, n, sum_head, SUM_HEAD, sizeof SUM_HEAD - 1) &&
           is_at(line, n, SUM_AT, want, DIGEST) &&
           is_at(line, n, sizeof SUM_TAIL - 1, SUM_TAIL, sizeof SUM_TAIL - 1);
}

/* The record without its two digests: they are a third of a line, and were compared as they
 * stand. */
static json_t *parse_head(const char *line, size_t n, struct err *err)
{
    CLEANUP(buf_release) struct buf head = BUF_INIT(LIMIT_JOURNAL_RECORD);
    buf_add(&head, line, n - END_AT);
    buf_putc(&head, '}');
    return json_parse(JOURNAL_NAME, head.p, head.n, err);
}

static bool scan_line(struct journal_scan *s, const char *line, size_t n, bool sum, struct err *err)
{
    if (!sum) {
        return damage(s, err, "the sum of this line does not fit");
    }
    CLEANUP(json_tree_release) json_t *t = parse_head(line, n, err);
    if (!t || json_get_int(t, "v", 0) != 1 || json_get(t, "prev") || json_get(t, "sum")) {
        return damage(s, err, "not a record of a version that is known");
    }
    if (json_get_int(t, "seq", 0) != (int64_t)(s->seq + 1)) {
        return damage(s, err, "the sequence number is not the next one");
    }
    if (!is_at(line, n, PREV_AT, s->prev, DIGEST)) {
        return damage(s, err, "the line does not continue the one before");
    }
    struct journal_record r = {.seq = s->seq + 1,
                               .ev = json_get_str(t, "ev"),
                               .item = json_get_str(t, "item"),
                               .t = json_get_str(t, "t"),
                               .fields = t,
                               .offset = s->offset,
                               .length = n};
    if (!r.ev || !r.t) {
        return damage(s, err, "the record has no event or no time");
    }
    if (s->fn && !s->fn(s->ctx, &r, err)) {
        char why[512];
        (void)snprintf(why, sizeof why, "%.*s", (int)sizeof why - 1, err->msg);
        return damage(s, err, why);
    }
    sha256_hex(line, n, s->prev);
    s->seq++;
    s->offset += n + 1;
    return true;
}

bool journal_scan_line(struct journal_scan *s, const char *line, size_t n, struct err *err)
{
    return scan_line(s, line, n, sum_fits(line, n), err);
}

/* Lines of `p`; *used is what was consumed, the rest is an unfinished line. `end` is where the
 * whole journal ends: a bad line that ends there is a torn tail. */
static bool scan_lines(struct journal_scan *s, const char *p, size_t n, size_t end, size_t *used,
                       bool *torn, struct err *err)
{
    for (*used = 0; *used < n && !*torn;) {
        const char *line = p + *used;
        const char *newline = memchr(line, '\n', n - *used);
        if (!newline) {
            return true;
        }
        size_t length = (size_t)(newline - line);
        const bool sum = sum_fits(line, length);
        if (!sum && s->offset + length + 1 >= end) {
            *torn = true;
            return true;
        }
        if (!scan_line(s, line, length, sum, err)) {
            return false;
        }
        *used += length + 1;
    }
    return true;
}

bool journal_check(struct span bytes, bool torn_allowed, journal_fn *fn, void *ctx, struct err *err)
{
    struct journal_scan s;
    size_t used;
    bool torn = false;
    journal_scan_begin(&s, fn, ctx);
    if (!scan_lines(&s, (const char *)bytes.p, bytes.n, bytes.n, &used, &torn, err)) {
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
    size_t at = s->offset, used;
    if (fstat(fd, &st) != 0) {
        return err_sys(err, errno, "cannot read the journal");
    }
    size_t end = (size_t)st.st_size;
    CLEANUP(buf_wipe) struct buf window = BUF_INIT(CHUNK + LIMIT_JOURNAL_RECORD);
    char chunk[CHUNK];
    while (at < end && !*torn) {
        ssize_t got = read_some(fd, chunk, sizeof chunk, at);
        if (got <= 0) {
            return err_sys(err, got < 0 ? errno : EIO, "cannot read the journal");
        }
        at += (size_t)got;
        buf_add(&window, chunk, (size_t)got);
        if (!scan_lines(s, window.p, window.n, end, &used, torn, err)) {
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
