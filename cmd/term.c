/* SPDX-License-Identifier: Apache-2.0
 *
 * See term.h.
 */
#include "cmd/term.h"

#include "cmd/options.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CELL_MAX = 60 };

void term_init(struct term *t, int color, bool quiet)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    bool dumb = !term || str_eq(term, "dumb");
    /* pre-commit gives its hooks a pseudo terminal and keeps what they print */
    bool automatic = !(no_color && *no_color) && !dumb && !getenv("PRE_COMMIT");
    bool batch = getenv("CI") || getenv("PRE_COMMIT");
    *t = (struct term){0};
    t->out_color = color == COLOR_ALWAYS || (color == COLOR_AUTO && automatic && isatty(1));
    t->err_color = color == COLOR_ALWAYS || (color == COLOR_AUTO && automatic && isatty(2));
    t->excerpts = color == COLOR_ALWAYS || (!batch && !dumb && isatty(1));
    t->progress = !quiet && !batch && !dumb && isatty(2);
}

static const char *const codes[] = {
    [PAINT_NONE] = "",           [PAINT_BOLD] = "\033[1m",   [PAINT_RED] = "\033[31m",
    [PAINT_YELLOW] = "\033[33m", [PAINT_GREEN] = "\033[32m", [PAINT_CYAN] = "\033[36m",
    [PAINT_DIM] = "\033[2m"};
_Static_assert(NITEMS(codes) == PAINT__MAX, "a code for every paint");

void term_paint(struct buf *out, bool color, enum paint paint, const char *text)
{
    bool on = color && paint != PAINT_NONE;
    buf_printf(out, "%s%s%s", on ? codes[paint] : "", text, on ? "\033[0m" : "");
}

void term_out(struct term *t, struct span text)
{
    struct err err = ERR_INIT;
    term_progress_end(t);
    if (text.n && !t->out_failed && !fs_write_all(STDOUT_FILENO, text.p, text.n, &err)) {
        t->out_failed = true;
    }
}

void term_write_err(struct term *t, struct span text)
{
    struct err err = ERR_INIT;
    term_progress_end(t);
    if (text.n && !fs_write_all(STDERR_FILENO, text.p, text.n, &err)) {
        return; /* nobody is left to tell */
    }
}

void term_err(struct term *t, const char *fmt, ...)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(4 * LIMIT_MESSAGE);
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    buf_putc(&b, '\n');
    term_write_err(t, buf_span(&b));
}

void term_progress(struct term *t, const char *fmt, ...)
{
    if (!t->progress) {
        return;
    }
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_MESSAGE);
    struct err err = ERR_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_puts(&b, "\r\033[K");
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    t->line_open = fs_write_all(STDERR_FILENO, b.p, b.n, &err);
}

void term_progress_end(struct term *t)
{
    struct err err = ERR_INIT;
    if (t->line_open) {
        t->line_open = false;
        (void)!fs_write_all(STDERR_FILENO, "\r\033[K", 4, &err);
    }
}

void table_init(struct table *t, size_t columns)
{
    *t = (struct table){.text = BUF_INIT(64u << 20), .columns = columns};
}

void table_cell(struct table *t, const char *text)
{
    const char *s = text && *text ? text : "-";
    str_vis(&t->text, s, strlen(s), CELL_MAX - 3);
    buf_putc(&t->text, '\0');
    t->cells++;
}

enum { COLUMNS_MAX = 32 };

/* 0: the column is not shown. */
static void widths(const struct table *t, size_t *width)
{
    bool filled[COLUMNS_MAX] = {false};
    const char *p = buf_text(&t->text);
    for (size_t i = 0; i < t->cells; i++, p += strlen(p) + 1) {
        const size_t k = i % t->columns;
        const size_t n = utf8_length(p, strlen(p));
        width[k] = n > width[k] ? n : width[k];
        filled[k] |= i >= t->columns && !str_eq(p, "-");
    }
    for (size_t k = 0; k < t->columns && t->hide_empty && t->cells > t->columns; k++) {
        width[k] = filled[k] ? width[k] : 0;
    }
}

void table_print(const struct table *t, struct buf *out)
{
    size_t width[COLUMNS_MAX] = {0};
    size_t gap = 0; /* blanks that are due before the next cell: none at the end of a line */
    widths(t, width);
    const char *p = buf_text(&t->text);
    for (size_t i = 0; i < t->cells; i++, p += strlen(p) + 1) {
        const size_t k = i % t->columns;
        if (width[k]) {
            buf_printf(out, "%*s%s", (int)gap, "", p);
            gap = width[k] + 2 - utf8_length(p, strlen(p));
        }
        if (k + 1 == t->columns) {
            buf_putc(out, '\n');
            gap = 0;
        }
    }
}

void table_release(struct table *t)
{
    buf_release(&t->text);
}
