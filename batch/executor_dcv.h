/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain control validation in a run. An order that waits for proofs is polled as any other; beside
 * that each of its names is a challenge that goes its own way:
 *
 *     waits      for its turn: no other challenge of the same name, not too many at a time
 *     asks       STEP_CHALLENGE; the answer is recorded (dcv-present) before anything is published
 *     publishes  the hook, on a thread of its own pool
 *     spreads    the propagation delay, then STEP_VALIDATE; again while the CA sees nothing
 *     watches    until a poll of the order says that the name is proven
 *     removes    the hook again, then its record (dcv-cleanup)
 *
 * Whatever ends a challenge once something may be published (proof, failure, its limit, the end of
 * the order, a signal, a full disk) leads to `removes`; what a killed run left is removed by the
 * next one before the same name is proven again. Hooks never run on the pool that makes keys, and
 * the coordinator never waits for one.
 *
 * Only the polls of an order speak for it: they start its challenges, and when one has failed they
 * say so. So an order whose certificate arrives in spite of a failed challenge is issued.
 *
 *   executor_dcv.c        beginning and end, hooks, the way of a challenge
 *   executor_dcv_ask.c    requests about a name and what their answers mean
 *   executor_dcv_look.c   what the polls of an order say about its names
 *
 * Only executor*.c include this.
 */
#ifndef BATCH_EXECUTOR_DCV_H
#define BATCH_EXECUTOR_DCV_H

#include "batch/dcv.h"
#include "batch/executor.h"

enum phase { WAITS, ASKS, PUBLISHES, SPREADS, WATCHES, REMOVES, OVER };

struct challenge {
    struct challenge *next;    /* of those that are not over */
    struct challenge *sibling; /* of the same order */
    struct executor *x;
    struct ca_slot *ca; /* NULL: left by an earlier run, only to be removed */
    const struct ca_config *config;
    struct ca_dcv settings;
    uint32_t slot;
    const char *domain, *base, *proof; /* proof: the CA's own word for it, or NULL */
    struct dcv_record record;
    enum phase phase;
    bool busy;      /* a request or a hook of it is under way */
    bool published; /* recorded as present, and not removed */
    bool proven, deferred;
    int64_t due, deadline; /* ms */
    unsigned tries, refusals;
    const char *failure, *words; /* why it failed; the CA's last words */
    struct dcv_hook hook;
};

/* An order that was looked at for proofs. */
struct dcv_item {
    struct challenge *first;
    int64_t seen_ms;   /* when it was first polled in this run */
    int64_t proven_ms; /* when all of its names were proven; 0 = not yet */
    bool decided, left_alone;
};

struct dcv {
    struct challenge *first;
    struct dcv_item **items;   /* by slot */
    bool *earlier;             /* by slot: ordered before this run */
    size_t *driven;            /* by CA: orders of earlier runs */
    struct challenge **active; /* of a pump: from asks to removes */
    size_t nactive, active_cap;
    struct pool *hooks;
    struct environment environment;
    struct arena arena;
    int64_t pumped_ms;
};

/* --- executor.c --- */
void executor_dcv_begin(struct executor *x); /* the CAs are open */
/* Every pass: hooks that ended, next steps. False: fatal. */
bool executor_dcv(struct executor *x) MUST_USE;
bool executor_dcv_busy(const struct executor *x);
/* No exchange is under way any more. What was published is removed also when the journal cannot
 * take it down. */
void executor_dcv_end(struct executor *x);

/* --- executor_reply.c --- */
bool challenge_record(struct work *w) MUST_USE;
void challenge_act(struct work *w);
bool validate_record(struct work *w) MUST_USE;
void validate_act(struct work *w);
/* An accepted poll of an order that has no certificate yet. False: the work was finished. */
bool executor_dcv_look(struct work *w) MUST_USE;

/* --- between its files --- */
struct challenge *challenge_add(struct executor *x, uint32_t slot, const struct ca_dcv *settings,
                                const char *domain);
struct item_record *challenge_item(const struct challenge *c);
void challenge_fail(struct challenge *c, const char *text); /* the first reason stays */
/* Nobody waits for the proof any more: what may be published is to be removed. */
bool challenge_leaves(const struct challenge *c);
void challenge_publish(struct challenge *c);
void challenge_ask(struct challenge *c, enum ca_step step);
struct record challenge_journal(const struct challenge *c, const char *ev, const char *reply_class);

#endif
