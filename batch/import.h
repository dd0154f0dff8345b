/* SPDX-License-Identifier: Apache-2.0
 *
 * Change tickets and inventories of other programs to a manifest.
 *
 *     struct import im = IMPORT_INIT;
 *     import_read(&im, &options, &findings, &err)      findings: of the profile
 *     import_manifest(&im, &text, &err)                of the good rows
 *     import_errors_csv(&im, &text)                    bad rows as they were, and why
 *     import_release(&im)
 *
 * A bad row never hides the next: all are in im.errors, each with file, row and column. Nothing is
 * guessed: a cell that a spreadsheet spoilt is an error, one that has a certain mend is mended and
 * the item says so in a comment. Names, serial numbers and dates: batch/import_clean.h. A row that
 * is there twice becomes one item; two rows that would order one name twice are errors.
 *
 * Reads files only; sends nothing, asks nobody. One import belongs to one thread.
 */
#ifndef BATCH_IMPORT_H
#define BATCH_IMPORT_H

#include "batch/import_profile.h"

struct import_options {
    const char *profile; /* name or file */
    const char *input;   /* file or folder */
    const char *output;  /* path the manifest will have: paths in it are relative to it; or NULL */
    const char *ca;      /* or NULL: the manifest names none */
    const char *ticket;  /* export of the change, or NULL */
    const char *ticket_zone; /* of its times, or NULL */
};

struct import_error {
    const char *file;
    uint32_t row, column; /* 0 = the file or row as a whole */
    const char *message;
    size_t row_index; /* in im->rows, or SIZE_MAX */
};
struct import_skip {
    const char *why;
    size_t rows;
};

struct import_item;
struct import_change;
struct import {
    struct arena arena;
    const struct import_options *options;
    struct import_profile profile;
    struct import_item *items;
    size_t n, items_cap;
    struct import_change *change; /* NULL: no ticket */
    struct import_error *errors;
    size_t nerrors, errors_cap;
    struct import_skip *skips; /* rows left out on purpose */
    size_t nskips, skips_cap;
    struct strlist unused;      /* headings of columns nobody reads */
    size_t mends, merged, open; /* cells mended; rows joined; items where somebody has to decide */
    struct rows rows;           /* of a table */
    size_t header;              /* index of its headings, SIZE_MAX = none */
};
#define IMPORT_INIT                                                                                \
    {                                                                                              \
        .header = SIZE_MAX                                                                         \
    }

/* False with err set when the input as a whole is unusable; bad rows are no failure. */
bool import_read(struct import *im, const struct import_options *options, struct findings *findings,
                 struct err *err) MUST_USE;
bool import_manifest(const struct import *im, struct buf *out, struct err *err) MUST_USE;
/* Requests that stood in cells, as the files the manifest names. */
bool import_write_requests(const struct import *im, struct err *err) MUST_USE;
void import_errors_csv(const struct import *im, struct buf *out);
/* "x.batch.yaml" without its ending: what stands beside a manifest begins so. */
char *import_stem(struct arena *a, const char *name) MUST_USE;
void import_release(struct import *im);

#endif
