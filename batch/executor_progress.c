/* SPDX-License-Identifier: Apache-2.0
 *
 * How a run is getting on, for whoever watches: the batch and each CA it has work for.
 */
#include "batch/executor.h"

#include <stdio.h>

enum { PROGRESS_MS = 100 };

static struct run_lane *lane_of(struct executor *x, const struct ca_config *config)
{
    for (size_t i = 0; i < x->ncas; i++) {
        if (x->cas[i].config == config) {
            return &x->lanes[i];
        }
    }
    return NULL;
}

/* Why nothing goes to a CA this moment, and for how long. */
static void waits(const struct ca_slot *c, int64_t now, struct run_lane *lane)
{
    const int64_t pace = budget_next(&c->budget);
    if (c->stopped) {
        lane->stopped = true;
    } else if (c->paused_until > now) {
        lane->wait_ms = c->paused_until - now;
        lane->why = c->paused_why;
    } else if (c->queue.n && pace > now) {
        lane->wait_ms = pace - now;
        lane->why = "its pace";
    }
}

static void fill_lanes(struct executor *x, int64_t now, struct run_progress *p)
{
    for (size_t i = 0; i < x->ncas; i++) {
        x->lanes[i] = (struct run_lane){.ca = x->cas[i].config->name, .in_flight = x->cas[i].live};
        waits(&x->cas[i], now, &x->lanes[i]);
    }
    for (size_t i = 0; i < x->nslots; i++) {
        const enum item_state s = x->slots[i].record->state;
        const bool final = state_is_final(s);
        const bool failed = final && !state_is_good(s);
        struct run_lane *lane = lane_of(x, x->slots[i].item->ca);
        p->done += final;
        p->failed += failed;
        if (lane) {
            lane->items++;
            lane->done += final;
            lane->failed += failed;
            lane->pending += s == STATE_PENDING;
        }
    }
}

void executor_report(struct executor *x, bool last)
{
    const int64_t now = time_monotonic_ms();
    if (!x->progress || (!last && now - x->reported_ms < PROGRESS_MS)) {
        return;
    }
    struct run_progress p = {.items = x->nslots,
                             .in_flight = x->live,
                             .started_ms = x->started_ms,
                             .now_ms = now,
                             .lanes = x->lanes,
                             .nlanes = x->ncas,
                             .stopping = x->draining,
                             .note = x->note};
    fill_lanes(x, now, &p);
    x->reported_ms = now;
    x->progress(x->progress_ctx, &p);
    x->note = NULL;
}
