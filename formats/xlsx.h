/* SPDX-License-Identifier: Apache-2.0
 *
 * Spreadsheets (Office Open XML, ECMA-376), written row by row: the only file beside version.c
 * that touches libxlsxwriter. Rows go to temporary files as they come, so memory stays flat
 * whatever their number. Text is always text: a serial number keeps its zeros and nothing becomes
 * a formula, a link or a date by its looks. Dates are real dates (UTC; Excel knows no zones).
 *
 *     CLEANUP(xlsx_abandon) struct xlsx *x = xlsx_new(created);
 *     xlsx_sheet(x, "Items", columns, NITEMS(columns));
 *     xlsx_text(x, id); xlsx_date(x, not_after); xlsx_number(x, n);   one cell after the other
 *     xlsx_row(x);                                                    ... ends the row
 *     if (!xlsx_finish(&x, sink, ctx, &err)) ...
 *
 * Sheets one after the other; a row belongs to the last one. Each has a bold header row that stays
 * in view and filters over all its columns. Errors are kept and told by xlsx_finish(), which reads
 * the file back before it hands it on: the library does not look whether its temporary files took
 * what it wrote, so that a full $TMPDIR would give a sheet without its end (ERR_ENV here). The same
 * calls give the same bytes: `created` is the only time in the file.
 *
 * Limits are the format's: 1,048,576 rows with the header, 32,767 characters a cell (longer text is
 * cut and says so), 31 characters a sheet name. One workbook belongs to one thread; several may be
 * written at once.
 */
#ifndef FORMATS_XLSX_H
#define FORMATS_XLSX_H

#include "formats/base/buf.h"
#include "formats/base/err.h"

enum { XLSX_ROWS = 1048576, XLSX_CELL = 32767, XLSX_SHEET_NAME = 31 };

struct xlsx_column {
    const char *head;
    unsigned width; /* in characters; 0 = the program's default */
};
struct xlsx;
struct xlsx *xlsx_new(int64_t created);
void xlsx_sheet(struct xlsx *x, const char *name, const struct xlsx_column *columns, size_t n);
/* The next cell of the row. NULL and TIME_NONE leave it empty; so does xlsx_text(x, ""). Dates
 * before March 1900, which Excel counts wrongly, are written as text. */
void xlsx_text(struct xlsx *x, const char *text);
void xlsx_date(struct xlsx *x, int64_t t);
void xlsx_number(struct xlsx *x, int64_t n);
void xlsx_bool(struct xlsx *x, bool value);
void xlsx_row(struct xlsx *x); /* ends it */

typedef bool xlsx_sink(void *ctx, struct span bytes, struct err *err);
/* The finished file into the sink, in pieces; *x is gone in either case. */
bool xlsx_finish(struct xlsx **x, xlsx_sink *sink, void *ctx, struct err *err) MUST_USE;
void xlsx_abandon(struct xlsx **x);

#endif
