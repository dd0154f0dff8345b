/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV (RFC 4180, "\n" line ends) out and in. Out is safe to open in a spreadsheet: a cell that
 * starts like a formula (= + - @ TAB CR) gets an apostrophe before it.
 */
#ifndef FORMATS_BASE_CSV_H
#define FORMATS_BASE_CSV_H

#include "formats/base/buf.h"

/* A cell and the comma before it, unless it is the first of its line. NULL is an empty cell. */
void csv_cell(struct buf *out, const char *text, bool first);
/* As it is: for passwords, which an apostrophe would spoil. */
void csv_cell_exact(struct buf *out, const char *text, bool first);
void csv_end(struct buf *out);

/* One row at *p (advanced): the cells, each NUL terminated, one after the other in `cells`, which
 * the caller wipes if they are secret; their number, 0 at the end of the text. -1: not CSV. */
int csv_row(const char **p, struct buf *cells);
/* The i-th of the n cells csv_row() found. */
const char *csv_at(const struct buf *cells, int i);

#endif
