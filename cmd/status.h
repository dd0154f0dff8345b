/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch status`: what of a state directory is shown, and in which format.
 *
 * Without --columns, csv, json and xlsx are the reports of that name, with the items that pass the
 * filters and counts of these. With --columns they hold those columns only; JSON then is
 * {"batch","items":[{COLUMN: VALUE}]}.
 *
 *     status_view_read(&v, o, &err)      ERR_USAGE before anything is opened
 *     status_print(&v, &report, format, o, t, &err)
 *     status_view_release(&v)
 */
#ifndef CMD_STATUS_H
#define CMD_STATUS_H

#include "cmd/out.h"
#include "cmd/status_filter.h"

struct status_view {
    struct status_filters filters;
    struct status_columns columns; /* none: those of the format */
};
bool status_view_read(struct status_view *v, const struct options *o, struct err *err) MUST_USE;
bool status_print(const struct status_view *v, struct report *r, const char *format,
                  const struct options *o, struct term *t, struct err *err) MUST_USE;
void status_view_release(struct status_view *v);

#endif
