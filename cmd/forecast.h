/* SPDX-License-Identifier: Apache-2.0
 *
 * `lint --forecast`: what breaks on which coming day, although nobody touches the files.
 */
#ifndef CMD_FORECAST_H
#define CMD_FORECAST_H

#include "cmd/lint.h"

struct forecast_day {
    int64_t day;
    size_t items, files;      /* that get a finding at or above the threshold */
    struct findings findings; /* new on this day */
};
struct forecast {
    struct forecast_day *v;
    size_t n, cap;
};

/* Judges every file of l again at each day on which its policy changes by itself; sets l->forecast.
 * An exit code. */
int forecast_make(const struct options *o, struct term *t, struct lint *l);
void forecast_text(const struct options *o, bool color, const struct forecast *f, struct buf *out);
void forecast_json(struct jw *j, const struct forecast *f); /* member "forecast" */
void forecast_release(struct forecast *f);

#endif
