/* SPDX-License-Identifier: Apache-2.0
 *
 * A run on the screen: a line for the batch and, with several CAs, a lane for each: how far it is,
 * what went wrong, how fast it goes, about how long it takes, what it waits for. Lines fit the
 * terminal, whatever its size: what matters least is left out first. Only the structures' time and
 * the terminal's size are looked at, so the same calls draw the same lines.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include "batch/run.h"
#include "cmd/term.h"

enum { PROGRESS_SAMPLES = 32, PROGRESS_LANES = 64 };

/* How many were done when: a rate is that of the last half minute. */
struct progress_rate {
    int64_t ms[PROGRESS_SAMPLES];
    size_t done[PROGRESS_SAMPLES];
    size_t n; /* so far; the newest is (n - 1) % PROGRESS_SAMPLES */
};
struct progress {
    struct term *t;
    struct progress_rate all, lanes[PROGRESS_LANES];
    char note[128]; /* the last one: told once, shown for a while */
    int64_t note_until;
};
/* run_options.progress; ctx is the struct progress. */
void progress_show(void *ctx, const struct run_progress *p);

/* For it and its test: adds a sample and says the rate in items a second, 0 = not known yet. */
double progress_rate(struct progress_rate *r, int64_t now_ms, size_t done);
/* One line of at most `columns` columns. lane NULL: the batch. */
void progress_line(struct buf *out, size_t *width, const struct term *t,
                   const struct run_progress *p, const struct run_lane *lane, double rate,
                   size_t columns);

#endif
