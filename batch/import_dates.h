/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates as exports write them. 2026-11-20, 20-Nov-2026, 20 Nov 2026, Nov 20, 2026 and their like
 * are always understood, with a time behind them or not; what is written with digits only and not
 * year first is ambiguous (03/04/2026) unless a format says its order or one number is above 12.
 */
#ifndef BATCH_IMPORT_DATES_H
#define BATCH_IMPORT_DATES_H

#include "formats/base/schema.h"
#include "formats/base/zone.h"

/* Made of yyyy yy MMM MM M dd d HH H mm ss and other characters, with year, month and day. */
bool import_date_format_ok(const char *format) MUST_USE;

struct import_time {
    int64_t t; /* UTC */
    bool has_time;
};
/* `zone` NULL: a time without zone is refused. A date alone is midnight in the zone, or UTC. */
bool import_time_read(const char *text, const struct strings *formats, const struct zone *zone,
                      struct import_time *out, const char **why) MUST_USE;

#endif
