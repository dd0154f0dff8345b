/* SPDX-License-Identifier: Apache-2.0
 *
 * Points in time and durations. A point is int64_t seconds since 1970-01-01T00:00:00Z; there is
 * no local time anywhere. Calendar arithmetic is proleptic Gregorian.
 */
#ifndef FORMATS_BASE_TIME_H
#define FORMATS_BASE_TIME_H

#include "formats/base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

#define TIME_NONE   INT64_MIN
#define DAY_SECONDS 86400

int64_t time_now(void);          /* wall clock; SOURCE of every "now" in the program */
int64_t time_monotonic_ms(void); /* for waits and deadlines only */

/* Days since 1970-01-01 of a civil date; month 1-12. Not validated. */
int64_t time_days(int64_t year, unsigned month, unsigned day);
bool time_civil(int64_t year, unsigned month, unsigned day, unsigned h, unsigned m, unsigned s,
                int64_t *out) MUST_USE; /* validated, second 60 refused */

/* RFC 3339: "2026-11-20T10:00:00Z" or with an offset; fractions are cut. A zone is required. */
bool time_parse(const char *s, int64_t *out) MUST_USE;
bool time_parse_date(const char *s, int64_t *out) MUST_USE; /* "2026-11-20": midnight UTC */
bool time_parse_any(const char *s, int64_t *out) MUST_USE;  /* either of both */

#define TIME_TEXT 32
/* "-" for TIME_NONE and for years outside 1..9999. */
void time_format(int64_t t, char out[TIME_TEXT]);      /* 2026-11-20T10:00:00Z */
void time_format_ms(char out[TIME_TEXT]);              /* now, with milliseconds (journal) */
void time_format_date(int64_t t, char out[TIME_TEXT]); /* 2026-11-20 */

/* Durations: a number and a unit, "90s" "10m" "12h" "199d" "2w" "1y"; a year is 365 days.
 * Seconds out. */
bool duration_parse(const char *s, int64_t *seconds) MUST_USE;
/* The shortest exact form: 17193600 -> "199d". */
void duration_format(int64_t seconds, char out[TIME_TEXT]);

#endif
