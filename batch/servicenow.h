/* SPDX-License-Identifier: Apache-2.0
 *
 * The certificates of a state as workbooks for the bulk upload of ServiceNow's certificate
 * inventory (table cmdb_ci_certificate): 23 columns, hexadecimal in pairs with blanks, times in
 * milliseconds since 1970, at most 5,000 rows a file.
 *
 * A certificate that was revoked in the same batch is `revoked`, every other is `issued`.
 * Fingerprints of issuer and root come from the chain that is kept beside the certificate; a chain
 * that does not reach a root leaves that column empty, and the totals tell.
 */
#ifndef BATCH_SERVICENOW_H
#define BATCH_SERVICENOW_H

#include "batch/run.h"
#include "formats/cert.h"
#include "formats/xlsx.h"

enum { SERVICENOW_ROWS = 5000 };

struct servicenow_totals {
    size_t certificates;
    size_t without_root; /* of them, where the root is not known */
    unsigned files;
};
/* A finished workbook; `number` counts from 1. The function finishes or abandons it. */
typedef bool servicenow_fn(void *ctx, unsigned number, struct xlsx **file, struct err *err);
/* Reads every certificate and its chain and checks it against the journal. */
bool servicenow_export(const struct statedir *s, const struct history *h, servicenow_fn *fn,
                       void *ctx, struct servicenow_totals *totals, struct err *err) MUST_USE;
/* The cells of one certificate, NULL = empty; chain nearest issuer first. For tests. */
enum { SERVICENOW_COLUMNS = 23 };
extern const struct xlsx_column servicenow_columns[SERVICENOW_COLUMNS];
void servicenow_cells(struct arena *a, const struct cert *cert, const struct cert *chain, size_t n,
                      bool revoked, const char *cells[SERVICENOW_COLUMNS]);

#endif
