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
#include <sys/ioctl.h>
#include <unistd.h>

enum { CELL_MAX = 60 };

static bool utf8_locale(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"}; /* the first that is set */
    for (size_t i = 0; i < NITEMS(names); i++) {
        const char *value = getenv(names[i]);
        if (value && *value) {
            return str_iends(value, ".utf-8") || str_iends(value, ".utf8");
        }
    }
    return false;
}

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
    t->utf8 = utf8_locale();
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

void term_size(size_t *columns, size_t *rows)
{
    struct winsize w = {0};
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col;
    *columns = known ? w.ws_col : 80;
    *rows = known && w.ws_row ? w.ws_row : 24;
}

/* To the beginning of what is shown. A terminal that became narrower has wrapped it. */
static void go_back(struct buf *b, const struct term *t)
{
    size_t columns, rows;
    size_t up = 0;
    term_size(&columns, &rows);
    for (size_t i = 0; i < t->shown; i++) {
        up += t->widths[i] > columns ? (t->widths[i] + columns - 1) / columns : 1;
    }
    buf_puts(b, "\r");
    if (up > 1) {
        buf_printf(b, "\033[%zuA", up - 1 < rows ? up - 1 : rows);
    }
}

void term_lines(struct term *t, const struct term_line *lines, size_t n)
{
    if (!t->progress) {
        return;
    }
    CLEANUP(buf_release) struct buf b = BUF_INIT(64u << 10);
    struct err err = ERR_INIT;
    go_back(&b, t);
    t->shown = n < TERM_LINES ? n : TERM_LINES;
    for (size_t i = 0; i < t->shown; i++) {
        buf_printf(&b, "%s%s\033[K", i ? "\n" : "", lines[i].text);
        t->widths[i] = lines[i].width;
    }
    buf_puts(&b, "\033[J");
    if (!fs_write_all(STDERR_FILENO, b.p, b.n, &err)) {
        t->progress = false;
    }
}

void term_progress(struct term *t, const char *fmt, ...)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_MESSAGE);
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    const struct term_line line = {buf_text(&b), utf8_length(buf_text(&b), b.n)};
    term_lines(t, &line, 1);
}

void term_progress_end(struct term *t)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(256);
    struct err err = ERR_INIT;
    if (t->shown) {
        go_back(&b, t);
        buf_puts(&b, "\033[J");
        t->shown = 0;
        (void)!fs_write_all(STDERR_FILENO, b.p, b.n, &err);
    }
}

void table_init(struct table *t, size_t columns)
{
    *t = (struct table){.text = BUF_INIT(64u << 20), .columns = columns};
}

void table_cell(struct table *t, const char *text)
{
    const char *s = text && *text ? text : "-";
    str_vis_again(&t->text, s, strlen(s), CELL_MAX - 3); /* messages are stored escaped */
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
