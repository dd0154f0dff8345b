/* SPDX-License-Identifier: Apache-2.0
 *
 * The orders a CA has, as it lists them: page by page, filtered, row by row to the caller. One page
 * is in memory at a time, whatever the CA has.
 *
 *     inventory_walk(&asker, &filter, on_row, ctx, &totals, &err)
 *
 * And, of what is to be renewed, a manifest:
 *
 *     struct renewals r = RENEWALS_INIT;
 *     inventory_walk(&asker, &filter, renewals_add, &r, &totals, &err)   without `expiring`
 *     renewals_write(&r, &asker, &options, sink, ctx, &err)
 *     renewals_release(&r)
 */
#ifndef BATCH_INVENTORY_H
#define BATCH_INVENTORY_H

#include "batch/ask.h"

struct inventory_filter {
    int64_t now;
    int64_t since;       /* orders from the start of this day on; TIME_NONE = all */
    bool ignore_expired; /* leave out what has expired */
    int64_t expiring;    /* only live certificates that end within so many seconds; 0 = all */
};
struct inventory_totals {
    size_t pages, listed, shown;          /* shown: passed to the caller */
    size_t live, empty, expired, revoked; /* of what was listed */
};

/* `row` lives until the function returns. False ends the walk, with err set. */
typedef bool inventory_fn(void *ctx, const struct ca_listed *row, struct err *err);
bool inventory_walk(struct asker *asker, const struct inventory_filter *filter, inventory_fn *fn,
                    void *ctx, struct inventory_totals *totals, struct err *err) MUST_USE;

enum listed_state { LISTED_LIVE, LISTED_EMPTY, LISTED_EXPIRED, LISTED_REVOKED };
/* A row without an end and without a serial number has no certificate yet. */
enum listed_state listed_state(const struct ca_listed *row, int64_t now);
/* Live, and its end is known and comes within so many seconds. */
bool listed_expires_within(const struct ca_listed *row, int64_t now, int64_t seconds);

/* --- a manifest of renewals --- */
struct renewal {
    const char *id; /* of the item */
    const char *order_id, *common_name, *serial, *product;
    int64_t not_after;
    const struct renewal *later; /* another live certificate of this name that ends later */
};
struct renewals {
    struct renewal *v;
    size_t n, cap;
    int64_t now;
    struct arena arena;
};
#define RENEWALS_INIT                                                                              \
    {                                                                                              \
        0                                                                                          \
    }
struct renewals_options {
    const struct ca_config *config;
    int64_t now, expiring; /* 0 = everything that is live */
    /* before the certificate of item i of n is fetched; may be NULL */
    void (*progress)(void *ctx, size_t i, size_t n);
    void *progress_ctx;
};
struct renewals_totals {
    size_t items;
    size_t fetched;    /* of them with names, subject and key of the certificate itself */
    size_t maybe_done; /* another certificate of the name ends later */
    size_t
        without_end; /* live by their state, but nobody says until when: left out of `expiring` */
};
typedef bool inventory_sink(void *ctx, struct span bytes, struct err *err);

/* An inventory_fn: keeps what is live; the context is struct renewals *. */
bool renewals_add(void *ctx, const struct ca_listed *row, struct err *err);
/* Fetches every certificate to learn its names; one that cannot be had is written with its primary
 * name and a comment. Nothing is written when there is nothing to renew (totals->items is 0). */
bool renewals_write(struct renewals *r, struct asker *asker, const struct renewals_options *o,
                    inventory_sink *sink, void *sink_ctx, struct renewals_totals *totals,
                    struct err *err) MUST_USE;
void renewals_release(struct renewals *r);

#endif
