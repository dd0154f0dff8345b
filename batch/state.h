/* SPDX-License-Identifier: Apache-2.0
 *
 * Item states and the transition table. A state is derived from the journal and nothing else:
 * replaying the records of an item through state_next() gives its state, at start-up and while
 * running alike. The executor acts by state_action() of the current state.
 *
 * SKIPPED and FAILED are entered only where nothing is in doubt at the CA: before an intent, or
 * (FAILED) once the order id is known. A later run therefore may take such an
 * item up again at the point where it stopped (item_record in batch/run.h: record_resume_state()).
 */
#ifndef BATCH_STATE_H
#define BATCH_STATE_H

#include "formats/base/cleanup.h"

#include <stdbool.h>

enum item_state {
    STATE_NEW,       /* nothing durable yet */
    STATE_KEYED,     /* key and CSR durable */
    STATE_INTENT,    /* an order intent is durable; no reply is: sent or not, nobody knows */
    STATE_ORDERED,   /* the CA accepted; order id durable */
    STATE_PENDING,   /* the CA works on it (approval, validation) */
    STATE_CERTIFIED, /* certificate matched and stored */
    STATE_ISSUED,    /* all outputs made, re-opened and stored: final good */
    STATE_REVOKE_INTENT,
    STATE_REVOKED,   /* final good */
    STATE_KEPT,      /* nothing to do: final good */
    STATE_REFUSED,   /* the CA said no */
    STATE_FAILED,    /* we could not carry it out */
    STATE_MISMATCH,  /* what came back is not what was asked */
    STATE_UNKNOWN,   /* reconcile could not decide: operator */
    STATE_SKIPPED,   /* policy blocks it, or what it depends on did not succeed */
    STATE_ABANDONED, /* given up by the operator; reported and counted as skipped */
    STATE__MAX
};

enum item_event {
    EV_KEYGEN,
    EV_INTENT,
    EV_REPLY_ACCEPTED,
    EV_REPLY_PENDING,
    EV_REPLY_REFUSED,
    EV_REPLY_RETRY,
    EV_REPLY_UNKNOWN,
    EV_FOUND,
    EV_NOT_FOUND,
    EV_CERT,
    EV_OUTPUTS,
    EV_MISMATCH,
    EV_FAILED,
    EV_REVOKE_INTENT,
    EV_REVOKED,
    EV_SKIP,
    EV_KEEP,
    EV_UNKNOWN,
    EV_RESOLVED_ADOPT,
    EV_RESOLVED_REORDER,
    EV_RESOLVED_ABANDON,
    EV__MAX
};

enum item_action { /* what the executor does next for an item in a state */
                   DO_NOTHING,
                   DO_KEYGEN,
                   DO_ORDER,
                   DO_RECONCILE,
                   DO_POLL,
                   DO_OUTPUTS,
                   DO_REVOKE,
                   DO_RECONCILE_REVOCATION,
                   DO__MAX
};

/* False when the event is impossible in the state: a damaged or forged journal. */
bool state_next(enum item_state from, enum item_event ev, enum item_state *to) MUST_USE;
enum item_action state_action(enum item_state s, bool revocation);
bool state_is_final(enum item_state s);
bool state_is_good(enum item_state s);
/* A request of ours may have been carried out, and nobody knows whether it was. */
bool state_in_doubt(enum item_state s);
/* Reported name: "issued" "pending" ... ; states between NEW and ISSUED that a run left behind
 * report as "pending" once ordered, "not-started" before an intent, "unknown" in between. */
const char *state_report_name(enum item_state s);
/* The state that stands for all states of one reported name: index of counts arrays. */
enum item_state state_report(enum item_state s);
const char *state_name(enum item_state s);   /* of the state itself, for messages */
const char *event_name(enum item_event ev);  /* the journal's `ev` */
const char *event_class(enum item_event ev); /* the record's `class`; NULL when it has none */
/* Journal record to event: `ev` plus `class` of a reply or of an operator's word; false for
 * records not about state. */
bool event_from_record(const char *ev, const char *reply_class, enum item_event *out) MUST_USE;

#endif
