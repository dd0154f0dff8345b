/* SPDX-License-Identifier: Apache-2.0
 *
 * See inventory.h: asking page after page, and what a row is.
 */
#include "batch/inventory.h"

#include "formats/base/time.h"

struct walk {
    const struct inventory_filter *filter;
    inventory_fn *fn;
    void *ctx;
    struct inventory_totals *totals;
};

enum listed_state listed_state(const struct ca_listed *row, int64_t now)
{
    if (row->revoked) {
        return LISTED_REVOKED;
    }
    if (row->expired || (row->not_after != TIME_NONE && row->not_after < now)) {
        return LISTED_EXPIRED;
    }
    return row->not_after == TIME_NONE && !row->serial ? LISTED_EMPTY : LISTED_LIVE;
}

bool listed_expires_within(const struct ca_listed *row, int64_t now, int64_t seconds)
{
    return listed_state(row, now) == LISTED_LIVE && row->not_after != TIME_NONE &&
           row->not_after - now <= seconds;
}

static bool wanted(const struct inventory_filter *f, const struct ca_listed *row)
{
    return !(f->ignore_expired && listed_state(row, f->now) == LISTED_EXPIRED) &&
           (!f->expiring || listed_expires_within(row, f->now, f->expiring));
}

static bool on_page(void *ctx, const struct ca_result *r, struct err *err)
{
    struct walk *w = ctx;
    struct inventory_totals *t = w->totals;
    size_t *const counters[] = {[LISTED_LIVE] = &t->live,
                                [LISTED_EMPTY] = &t->empty,
                                [LISTED_EXPIRED] = &t->expired,
                                [LISTED_REVOKED] = &t->revoked};
    t->pages++;
    for (size_t i = 0; i < r->nlisted; i++) {
        t->listed++;
        ++*counters[listed_state(&r->listed[i], w->filter->now)];
        if (!wanted(w->filter, &r->listed[i])) {
            continue;
        }
        t->shown++;
        if (!w->fn(w->ctx, &r->listed[i], err)) {
            return false;
        }
    }
    return true;
}

bool inventory_walk(struct asker *asker, const struct inventory_filter *filter, inventory_fn *fn,
                    void *ctx, struct inventory_totals *totals, struct err *err)
{
    struct walk w = {filter, fn, ctx, totals};
    struct ca_call call = {.step = STEP_INVENTORY};
    *totals = (struct inventory_totals){0};
    if (filter->since != TIME_NONE && filter->since > 0) {
        call.since = filter->since - filter->since % DAY_SECONDS;
    }
    return ask(asker, &call, on_page, &w, err);
}
