/* SPDX-License-Identifier: Apache-2.0
 *
 * See json.h.
 */
#include "formats/base/json.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <inttypes.h>
#include <string.h>

void jw_begin(struct jw *j, struct buf *out, enum json_style style)
{
    memset(j, 0, sizeof *j);
    j->out = out;
    j->style = style;
    j->first[0] = true;
}

static void newline(struct jw *j)
{
    if (j->style == JW_PRETTY) {
        buf_putc(j->out, '\n');
        for (unsigned i = 0; i < j->depth; i++) {
            buf_puts(j->out, "  ");
        }
    }
}

/* Length of the ASCII text at s that needs no escape: nearly all text, so it is copied whole. */
static size_t plain_run(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && s[i] >= ' ' && s[i] < 0x7F && s[i] != '"' && s[i] != '\\') {
        i++;
    }
    return i;
}

static void quote(struct jw *j, const char *s, size_t n)
{
    struct buf *out = j->out;
    buf_putc(out, '"');
    for (size_t i = 0; i < n;) {
        const size_t plain = plain_run(s + i, n - i);
        if (plain) {
            buf_add(out, s + i, plain);
            i += plain;
            continue;
        }
        uint32_t cp;
        size_t len = utf8_decode(s + i, n - i, &cp);
        if (!len) {
            buf_puts(out, "\xEF\xBF\xBD");
            i++;
            continue;
        }
        if (cp == '"' || cp == '\\') {
            buf_putc(out, '\\');
            buf_putc(out, (char)cp);
        } else if (cp < 0x20 || cp == 0x7F || cp == 0x2028 || cp == 0x2029) {
            buf_printf(out, "\\u%04x", cp);
        } else {
            buf_add(out, s + i, len);
        }
        i += len;
    }
    buf_putc(out, '"');
}

/* Comma, line and key before a value. */
static void lead(struct jw *j, const char *key)
{
    if (!j->first[j->depth]) {
        buf_putc(j->out, ',');
    }
    if (j->depth) {
        newline(j);
    }
    j->first[j->depth] = false;
    if (key) {
        quote(j, key, strlen(key));
        buf_puts(j->out, j->style == JW_PRETTY ? ": " : ":");
    }
}

static void open_level(struct jw *j, const char *key, char open, char close)
{
    lead(j, key);
    buf_putc(j->out, open);
    if (j->depth + 1 >= sizeof j->close) {
        j->failed = true;
        return;
    }
    j->close[j->depth++] = close;
    j->first[j->depth] = true;
}

void jw_object(struct jw *j, const char *key)
{
    open_level(j, key, '{', '}');
}

void jw_array(struct jw *j, const char *key)
{
    open_level(j, key, '[', ']');
}

void jw_end(struct jw *j)
{
    if (!j->depth) {
        j->failed = true;
        return;
    }
    bool empty = j->first[j->depth];
    j->depth--;
    if (!empty) {
        newline(j);
    }
    buf_putc(j->out, j->close[j->depth]);
}

void jw_strn(struct jw *j, const char *key, const char *value, size_t n)
{
    lead(j, key);
    quote(j, value, n);
}

void jw_str(struct jw *j, const char *key, const char *value)
{
    if (!value) {
        jw_null(j, key);
        return;
    }
    jw_strn(j, key, value, strlen(value));
}

void jw_int(struct jw *j, const char *key, int64_t value)
{
    lead(j, key);
    buf_printf(j->out, "%" PRId64, value);
}

void jw_bool(struct jw *j, const char *key, bool value)
{
    jw_raw(j, key, value ? "true" : "false");
}

void jw_null(struct jw *j, const char *key)
{
    jw_raw(j, key, "null");
}

void jw_time(struct jw *j, const char *key, int64_t t)
{
    char text[TIME_TEXT];
    if (t == TIME_NONE) {
        jw_null(j, key);
        return;
    }
    time_format(t, text);
    jw_str(j, key, text);
}

void jw_raw(struct jw *j, const char *key, const char *text)
{
    lead(j, key);
    buf_puts(j->out, text);
}

bool jw_finish(struct jw *j, struct err *err)
{
    if (j->failed || j->depth || buf_failed(j->out)) {
        return err_set(err, ERR_INTERNAL, "a JSON document did not fit or was left open");
    }
    if (j->style == JW_PRETTY) {
        buf_putc(j->out, '\n');
    }
    return true;
}
