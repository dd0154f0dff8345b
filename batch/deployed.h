/* SPDX-License-Identifier: Apache-2.0
 *
 * What inventories say of certificates that are to be revoked: where they are in use, and whether
 * they are revoked already. An inventory is a table (CSV or XLSX) of somebody's scanner, asset
 * database or CA; its columns are found by their headings, and rows of one certificate are joined.
 *
 *     struct deployed *d = deployed_new();
 *     deployed_read(d, files, n, &findings, &err)
 *     deployed_find(d, serial, order)                       any number of threads
 *     deployed_free(d)
 *
 * A certificate is known by its serial number, else by the order number of its CA. An inventory
 * that lacks both columns is refused; a row whose serial number a spreadsheet spoilt is told of,
 * for silence would read as "in use nowhere". Reads files only.
 */
#ifndef BATCH_DEPLOYED_H
#define BATCH_DEPLOYED_H

#include "formats/base/err.h"
#include "formats/base/finding.h"

struct deployed;
struct deployed_certificate {
    const char *places;  /* "www.example.com:443, 192.0.2.11:8443, and 3 more"; NULL = none known */
    const char *revoked; /* "inventory.csv, row 3", or NULL */
};

struct deployed *deployed_new(void) MUST_USE;
/* ERR_INPUT: a file that cannot be read, or is no inventory. */
bool deployed_read(struct deployed *d, const char *const *files, size_t n,
                   struct findings *findings, struct err *err) MUST_USE;
/* serial as serial_normal() gives it; either may be NULL. NULL: no inventory has it. */
const struct deployed_certificate *deployed_find(const struct deployed *d, const char *serial,
                                                 const char *order);
void deployed_free(struct deployed *d);

#endif
