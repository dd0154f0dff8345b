/* SPDX-License-Identifier: Apache-2.0
 *
 * The columns of an item: one table for report.csv, report.xlsx and every format of `status`, so
 * that a name means the same in a file, a filter and on a terminal. Names are those of report.json;
 * of its `error` there are two, error_code and error_message, and `findings` is their number.
 */
#ifndef BATCH_REPORT_COLUMNS_H
#define BATCH_REPORT_COLUMNS_H

#include "batch/report.h"

enum report_kind {
    REPORT_TEXT,
    REPORT_WORD,  /* one of few: report_column_word() */
    REPORT_NAMES, /* several, separated by blanks */
    REPORT_TIME,
    REPORT_NUMBER
};
struct report_cell {
    const char *text; /* as in CSV, "" for nothing; times as RFC 3339; valid until the next cell */
    int64_t number;   /* of a number; of a time, TIME_NONE for nothing */
};
struct report_column {
    const char *name, *head; /* in files and filters; on a terminal */
    enum report_kind kind;
    unsigned width; /* in a spreadsheet, in characters */
    size_t offset;  /* in struct item_record */
    void (*get)(const struct report *r, const struct report_column *c,
                const struct item_record *item, struct buf *scratch, struct report_cell *out);
};
extern const struct report_column report_columns[];
extern const size_t report_columns_count;
const struct report_column *report_column_find(const char *name); /* NULL: none */

/* scratch is reset; out->text may point into it. */
void report_cell(const struct report *r, const struct report_column *c,
                 const struct item_record *item, struct buf *scratch, struct report_cell *out);
/* The i-th word a REPORT_WORD column may hold; NULL behind the last, and of other columns. */
const char *report_column_word(const struct report_column *c, size_t i);

#endif
