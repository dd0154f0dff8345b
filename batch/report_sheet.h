/* SPDX-License-Identifier: Apache-2.0
 *
 * Items of a report in a spreadsheet, with the columns one wants: for report.xlsx and `status`.
 *
 *     struct xlsx *x = report_sheet_new(history);
 *     report_sheet(x, columns, n);                                  sheet "Items"
 *     report_sheet_row(x, r, columns, n, item, &scratch);   ...
 *     xlsx_finish(&x, sink, ctx, &err)
 */
#ifndef BATCH_REPORT_SHEET_H
#define BATCH_REPORT_SHEET_H

#include "batch/report_columns.h"
#include "formats/xlsx.h"

struct xlsx *report_sheet_new(const struct history *h);
void report_sheet(struct xlsx *x, const struct report_column *const *columns, size_t n);
void report_sheet_row(struct xlsx *x, const struct report *r,
                      const struct report_column *const *columns, size_t n,
                      const struct item_record *item, struct buf *scratch);

#endif
