/* SPDX-License-Identifier: Apache-2.0
 *
 * See csv.h.
 */
#include "formats/base/csv.h"

#include <string.h>

static void quote(struct buf *out, const char *text)
{
    buf_putc(out, '"');
    for (; *text; text++) {
        if (*text == '"') {
            buf_putc(out, '"');
        }
        buf_putc(out, *text);
    }
    buf_putc(out, '"');
}

void csv_cell_exact(struct buf *out, const char *text, bool first)
{
    text = text ? text : "";
    if (!first) {
        buf_putc(out, ',');
    }
    if (strpbrk(text, ",\"\r\n")) {
        quote(out, text);
    } else {
        buf_puts(out, text);
    }
}

void csv_cell(struct buf *out, const char *text, bool first)
{
    if (!text || !*text || !strchr("=+-@\t\r", *text)) {
        csv_cell_exact(out, text, first);
        return;
    }
    if (!first) {
        buf_putc(out, ',');
    }
    CLEANUP(buf_release) struct buf safe = BUF_INIT(out->max);
    buf_printf(&safe, "'%s", text);
    csv_cell_exact(out, buf_text(&safe), true);
}

void csv_end(struct buf *out)
{
    buf_putc(out, '\n');
}

/* The text after the opening quote up to the closing one; NULL when there is none. */
static const char *quoted(const char *p, struct buf *cells)
{
    for (;; p++) {
        if (!*p) {
            return NULL;
        }
        if (*p == '"' && p[1] != '"') {
            return p + 1;
        }
        p += *p == '"';
        buf_putc(cells, *p);
    }
}

int csv_row(const char **p, struct buf *cells)
{
    const char *s = *p;
    int n = 0;
    buf_reset(cells);
    if (!*s) {
        return 0;
    }
    for (;; s++) {
        if (*s == '"') {
            s = quoted(s + 1, cells);
        } else {
            size_t plain = strcspn(s, ",\"\r\n");
            buf_add(cells, s, plain);
            s += plain;
        }
        buf_putc(cells, '\0');
        n++;
        if (!s || (*s && !strchr(",\r\n", *s)) || buf_failed(cells)) {
            return -1;
        }
        if (*s != ',') {
            break;
        }
    }
    s += *s == '\r' && s[1] == '\n';
    *p = s + (*s == '\n' || *s == '\r');
    return n;
}

const char *csv_at(const struct buf *cells, int i)
{
    const char *s = buf_text(cells);
    for (; i > 0; i--) {
        s += strlen(s) + 1;
    }
    return s;
}
