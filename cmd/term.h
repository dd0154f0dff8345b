/* SPDX-License-Identifier: Apache-2.0
 *
 * Terminal and standard streams: colours, progress on a terminal stderr (never under CI or
 * PRE_COMMIT), whole writes with the error kept, so that a closed or full stdout becomes an
 * exit code and not silence.
 */
#ifndef CMD_TERM_H
#define CMD_TERM_H

#include "formats/base/buf.h"
#include "formats/base/err.h"

enum { TERM_LINES = 24 }; /* of progress, at most */
struct term {
    bool out_color, err_color, progress;
    bool utf8;                 /* the locale says so */
    bool excerpts;             /* findings are shown with their source line */
    bool out_failed;           /* stdout could not be written */
    size_t shown;              /* lines of progress that are on the screen */
    size_t widths[TERM_LINES]; /* of these, in columns */
};
enum paint {
    PAINT_NONE,
    PAINT_BOLD,
    PAINT_RED,
    PAINT_YELLOW,
    PAINT_GREEN,
    PAINT_CYAN,
    PAINT_DIM,
    PAINT__MAX
};

void term_init(struct term *t, int color, bool quiet);
/* Wraps text in the colour when the stream has colours. */
void term_paint(struct buf *out, bool color, enum paint paint, const char *text);
void term_out(struct term *t, struct span text);                  /* stdout */
void term_err(struct term *t, const char *fmt, ...) PRINTF(2, 3); /* stderr, ends a progress line */
void term_write_err(struct term *t, struct span text);
/* Replaces what is shown of progress; nothing when progress is off. */
void term_progress(struct term *t, const char *fmt, ...) PRINTF(2, 3);
/* The same with several lines, each `width` columns wide (its escape sequences do not count) and
 * narrower than the terminal. */
struct term_line {
    const char *text;
    size_t width;
};
void term_lines(struct term *t, const struct term_line *lines, size_t n);
void term_progress_end(struct term *t);
/* Of the terminal on stderr, asked each time: it may be resized. 80 and 24 when it does not say. */
void term_size(size_t *columns, size_t *rows);

/* A text table: cells are added row by row, widths follow the content. */
struct table {
    struct buf text; /* cells, NUL separated */
    size_t columns, cells;
    bool hide_empty; /* leaves out a column of which only the head is filled */
};
void table_init(struct table *t, size_t columns);
void table_cell(struct table *t, const char *text); /* escaped, capped at 60 columns */
void table_print(const struct table *t, struct buf *out);
void table_release(struct table *t);

#endif
