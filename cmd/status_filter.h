/* SPDX-License-Identifier: Apache-2.0
 *
 * `status --filter FIELD OP VALUE` and `--columns a,b,c`: which items, and what of them.
 *
 * Fields are the columns of batch/report_columns.h. All filters must hold. Operators:
 *
 *   =  !=       equal, without regard to case; of several names, one of them (`www.example.com` or
 *               `dns:www.example.com`); `error_code=` is true where there is none
 *   ~  !~       contains, without regard to case
 *   <  >  <= >= before, after; numbers and text by order
 *
 * A date is a day (`not_after<2027-03-01`: before it begins, `<=`: before it ends), a time with its
 * zone, or a duration from now (`not_after<30d`).
 */
#ifndef CMD_STATUS_FILTER_H
#define CMD_STATUS_FILTER_H

#include "batch/report_columns.h"
#include "formats/base/str.h"

enum filter_op {
    FILTER_EQ,
    FILTER_NE,
    FILTER_HAS,
    FILTER_HAS_NOT,
    FILTER_LT,
    FILTER_GT,
    FILTER_LE,
    FILTER_GE
};
struct status_filter {
    const struct report_column *column;
    enum filter_op op;
    const char *value;
    int64_t from, to; /* of times and numbers: what equals the value, [from, to) */
};
struct status_filters {
    struct status_filter *v;
    size_t n, cap;
    struct arena arena;
};
/* ERR_USAGE with the fields, words or operators there are. now: of durations. */
bool status_filter_add(struct status_filters *f, const char *text, int64_t now,
                       struct err *err) MUST_USE;
bool status_filter_match(const struct status_filters *f, const struct report *r,
                         const struct item_record *item, struct buf *scratch) MUST_USE;
void status_filters_release(struct status_filters *f);

struct status_columns {
    const struct report_column **v;
    size_t n, cap;
};
/* A comma-separated list of fields; each once. */
bool status_columns_add(struct status_columns *c, const char *list, struct err *err) MUST_USE;
void status_columns_release(struct status_columns *c);

#endif
