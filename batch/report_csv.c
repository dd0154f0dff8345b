/* SPDX-License-Identifier: Apache-2.0
 *
 * report.csv: one row an item, for people who open it in a spreadsheet (cells are formula-safe).
 */
#include "batch/report_columns.h"

#include "formats/base/csv.h"

enum { FLUSH_AT = 64 * 1024, ROW_MAX = 16 * 1024 * 1024 };

static bool flush(struct buf *b, report_sink *sink, void *ctx, struct err *err)
{
    if (buf_failed(b)) {
        return err_set(err, ERR_INTERNAL, "a row of the report is larger than %d bytes", ROW_MAX);
    }
    bool ok = sink(ctx, buf_span(b), err);
    buf_reset(b);
    return ok;
}

bool report_csv_to(const struct report *r, report_sink *sink, void *ctx, struct err *err)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(ROW_MAX);
    CLEANUP(buf_release) struct buf scratch = BUF_INIT(ROW_MAX);
    struct report_cell cell;
    for (size_t c = 0; c < report_columns_count; c++) {
        csv_cell(&b, report_columns[c].name, c == 0);
    }
    csv_end(&b);
    for (size_t i = 0; i < r->history->n; i++) {
        for (size_t c = 0; c < report_columns_count; c++) {
            report_cell(r, &report_columns[c], &r->history->v[i], &scratch, &cell);
            csv_cell(&b, cell.text, c == 0);
        }
        csv_end(&b);
        if ((b.n >= FLUSH_AT || buf_failed(&b)) && !flush(&b, sink, ctx, err)) {
            return false;
        }
    }
    return flush(&b, sink, ctx, err);
}
