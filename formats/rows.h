/* SPDX-License-Identifier: Apache-2.0
 *
 * A table of text cells with the place of each, as formats/csv_in.h and formats/xlsx_in.h read it.
 * Rows and columns count from 1, as a spreadsheet shows them; a row that is empty in the file is a
 * row here, without cells. Everything lives in the arena the reader was given.
 */
#ifndef FORMATS_ROWS_H
#define FORMATS_ROWS_H

#include "formats/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum cell_kind {
    CELL_TEXT,
    CELL_NUMBER, /* a spreadsheet's number: what it shows may be less than what was meant */
    CELL_DATE,   /* a spreadsheet's point in time, as "2026-11-20 10:00:00" without zone */
    CELL_BOOL,   /* "TRUE" or "FALSE" */
    CELL_ERROR   /* "#N/A", "#REF!" ... */
};

struct cell {
    const char *text; /* UTF-8, never NULL */
    uint32_t column;
    enum cell_kind kind;
};
struct row {
    struct cell *v; /* ascending by column; a cell that the file does not have is not here */
    uint32_t n, number;
};
struct rows {
    struct row *v;
    size_t n, cap; /* rows_release() frees v; cells are the arena's */
    size_t cells;
};
#define ROWS_INIT                                                                                  \
    {                                                                                              \
        0                                                                                          \
    }
void rows_release(struct rows *r);
/* The cell of a column; NULL when the row ends before it or leaves it out. */
const struct cell *row_cell(const struct row *r, uint32_t column);
/* No cell has text other than blanks. */
bool row_is_empty(const struct row *r) MUST_USE;

#endif
