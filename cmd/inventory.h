/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of an inventory as a table, CSV, JSON or XLSX, into a sink. CSV and JSON keep some 64 KiB at
 * a time; a table is kept whole, because its widths follow from all rows, and XLSX lies in
 * temporary files until its end.
 *
 * CSV: a line of column names (order,request,common_name,status,product,ordered,not_after,serial,
 * organization,issuer,revoked,expired), then a line an order; safe to open in a spreadsheet. XLSX
 * has the same columns in one sheet "Orders", with real dates and booleans. JSON:
 *
 *     {"ca": NAME, "type": KIND, "since": TIME|null,
 *      "orders": [{"order", "request", "common_name", "status", "product", "ordered", "not_after",
 *                  "serial", "organization", "issuer": TEXT|null, "revoked", "expired": BOOL}],
 *      "counts": {"listed", "shown", "live", "expired", "revoked", "without_certificate": N}}
 *
 * `listed` is what the CA told, `shown` what the filters let through; times are RFC 3339, UTC;
 * `status` is the CA's own word, the two booleans are ours.
 *
 *     inventory_print_begin(&p, format, ca, &filter, sink, ctx)
 *     inventory_print_row(&p, row, &err)     ...
 *     inventory_print_end(&p, &totals, &err)
 *     inventory_print_release(&p)            in every case
 */
#ifndef CMD_INVENTORY_H
#define CMD_INVENTORY_H

#include "batch/inventory.h"
#include "cmd/ask_ca.h"
#include "formats/base/json.h"

struct inventory_format;
struct xlsx;
struct inventory_print {
    const struct inventory_format *format;
    inventory_sink *sink;
    void *sink_ctx;
    struct buf out;
    struct jw json;
    struct table table;
    struct xlsx *xlsx;
};
void inventory_print_begin(struct inventory_print *p, const char *format,
                           const struct ca_config *ca, const struct inventory_filter *filter,
                           inventory_sink *sink, void *sink_ctx);
bool inventory_print_row(struct inventory_print *p, const struct ca_listed *row,
                         struct err *err) MUST_USE;
bool inventory_print_end(struct inventory_print *p, const struct inventory_totals *totals,
                         struct err *err) MUST_USE;
void inventory_print_release(struct inventory_print *p);

#endif
