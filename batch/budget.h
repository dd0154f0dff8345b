/* SPDX-License-Identifier: Apache-2.0
 *
 * How fast orders may go to one CA: a token bucket that outlives the run. What was spent lies in
 * $XDG_STATE_HOME/certbatch/pace-<hash of CA address and account>, so that the next run of any
 * batch, and another one at the same time, go on from there: the CA counts all of them together.
 *
 *     budget_open(&b, config)
 *     budget_begin(&b)                what others spent since (locks the file)
 *     while (budget_next(&b) <= now) { ...order...; budget_take(&b, now); }
 *     budget_end(&b)                  tells them what was spent here
 *     budget_close(&b)
 *
 * Times are of the monotonic clock, in ms. A file that cannot be used is no error: then the run
 * keeps its own count. One thread.
 */
#ifndef BATCH_BUDGET_H
#define BATCH_BUDGET_H

#include "batch/ca.h"

struct budget {
    struct ca_pace pace;
    unsigned slow; /* the rate is divided by it: 1, 2, 4, 8 */
    unsigned calm; /* orders that went through since it changed */
    int64_t next;  /* when the next order may go */
    int fd;        /* -1: not shared */
};

void budget_open(struct budget *b, const struct ca_config *config);
void budget_close(struct budget *b);
void budget_begin(struct budget *b);
void budget_end(struct budget *b);
int64_t budget_next(const struct budget *b);
void budget_take(struct budget *b, int64_t now);
/* The CA asked for fewer requests; an order went through. */
void budget_slower(struct budget *b);
void budget_passed(struct budget *b);

#endif
