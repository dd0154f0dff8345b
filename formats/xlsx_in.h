/* SPDX-License-Identifier: Apache-2.0
 *
 * The first visible sheet of an XLSX workbook (ECMA-376 part 1, 18) as rows of text.
 *
 *  - shared strings with runs of formatting, inline strings, formula results (t="str"), booleans,
 *    errors, ISO dates (t="d"); phonetic hints are left out;
 *  - a number whose style is a date becomes "2026-11-20" or "2026-11-20 10:00:00", by the date
 *    system of the workbook (1900 with its leap day that never was, or 1904); every other number
 *    stays as the file writes it and is marked CELL_NUMBER, because a serial number that became a
 *    number has lost digits;
 *  - cells stand where their reference (r="C7") says, never by their order.
 *
 * Sizes are capped (LIMIT_XLSX_*, LIMIT_TABLE_*): a bomb costs its caps and no more. A workbook
 * with a password is no zip and is refused by name. Whole parts are held in memory. Thread safe.
 */
#ifndef FORMATS_XLSX_IN_H
#define FORMATS_XLSX_IN_H

#include "formats/base/buf.h"
#include "formats/base/err.h"
#include "formats/rows.h"

/* Shaped like a zip: "PK\3\4". */
bool xlsx_is(struct span bytes) MUST_USE;
/* `sheet` NULL: the first that is not hidden. */
bool xlsx_in_read(struct arena *a, const char *name, struct span bytes, const char *sheet,
                  struct rows *out, struct err *err) MUST_USE;

#endif
