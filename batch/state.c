/* SPDX-License-Identifier: Apache-2.0
 *
 * See state.h. One row a transition; what has no row is impossible and refused at replay. No
 * function here does I/O or keeps anything.
 */
#include "batch/state.h"

#include "formats/base/str.h"

static const struct state_row {
    const char *name, *report;
    enum item_state reported_as;
    bool final, good;
    enum item_action order, revocation;
} states[] = {
    [STATE_NEW] = {"new", "not-started", STATE_NEW, false, false, DO_KEYGEN, DO_REVOKE},
    [STATE_KEYED] = {"keyed", "not-started", STATE_NEW, false, false, DO_ORDER, DO_REVOKE},
    [STATE_INTENT] = {"intent", "unknown", STATE_UNKNOWN, false, false, DO_RECONCILE, DO_NOTHING},
    [STATE_ORDERED] = {"ordered", "pending", STATE_PENDING, false, false, DO_POLL, DO_NOTHING},
    [STATE_PENDING] = {"pending", "pending", STATE_PENDING, false, false, DO_POLL,
                       DO_RECONCILE_REVOCATION},
    [STATE_CERTIFIED] = {"certified", "pending", STATE_PENDING, false, false, DO_OUTPUTS,
                         DO_NOTHING},
    [STATE_ISSUED] = {"issued", "issued", STATE_ISSUED, true, true, DO_NOTHING, DO_NOTHING},
    [STATE_REVOKE_INTENT] = {"revoke-intent", "unknown", STATE_UNKNOWN, false, false, DO_NOTHING,
                             DO_RECONCILE_REVOCATION},
    [STATE_REVOKED] = {"revoked", "revoked", STATE_REVOKED, true, true, DO_NOTHING, DO_NOTHING},
    [STATE_KEPT] = {"kept", "kept", STATE_KEPT, true, true, DO_NOTHING, DO_NOTHING},
    [STATE_REFUSED] = {"refused", "refused", STATE_REFUSED, true, false, DO_NOTHING, DO_NOTHING},
    [STATE_FAILED] = {"failed", "failed", STATE_FAILED, true, false, DO_NOTHING, DO_NOTHING},
    [STATE_MISMATCH] = {"mismatch", "mismatch", STATE_MISMATCH, true, false, DO_NOTHING,
                        DO_NOTHING},
    /* FIND only reads, so a later run may ask again before the operator has to */
    [STATE_UNKNOWN] = {"unknown", "unknown", STATE_UNKNOWN, true, false, DO_RECONCILE,
                       DO_RECONCILE_REVOCATION},
    [STATE_SKIPPED] = {"skipped", "skipped", STATE_SKIPPED, true, false, DO_NOTHING, DO_NOTHING},
    [STATE_ABANDONED] = {"abandoned", "skipped", STATE_SKIPPED, true, false, DO_NOTHING,
                         DO_NOTHING},
};
_Static_assert(NITEMS(states) == STATE__MAX, "one row a state");

static const struct event_row {
    const char *ev, *reply_class;
} events[] = {
    [EV_KEYGEN] = {"keygen", NULL},
    [EV_INTENT] = {"intent", NULL},
    [EV_REPLY_ACCEPTED] = {"reply", "accepted"},
    [EV_REPLY_PENDING] = {"reply", "pending"},
    [EV_REPLY_REFUSED] = {"reply", "refused"},
    [EV_REPLY_RETRY] = {"reply", "retry"},
    [EV_REPLY_UNKNOWN] = {"reply", "unknown"},
    [EV_FOUND] = {"found", NULL},
    [EV_NOT_FOUND] = {"not-found", NULL},
    [EV_CERT] = {"cert", NULL},
    [EV_OUTPUTS] = {"outputs", NULL},
    [EV_MISMATCH] = {"mismatch", NULL},
    [EV_FAILED] = {"failed", NULL},
    [EV_REVOKE_INTENT] = {"revoke-intent", NULL},
    [EV_REVOKED] = {"revoked", NULL},
    [EV_SKIP] = {"skip", NULL},
    [EV_KEEP] = {"keep", NULL},
    [EV_UNKNOWN] = {"unknown", NULL},
    [EV_RESOLVED_ADOPT] = {"resolved", "adopt"},
    [EV_RESOLVED_REORDER] = {"resolved", "reorder"},
    [EV_RESOLVED_ABANDON] = {"resolved", "abandon"},
};
_Static_assert(NITEMS(events) == EV__MAX, "one row an event");

static const struct transition {
    enum item_state from;
    enum item_event ev;
    enum item_state to;
} transitions[] = {
    {STATE_NEW, EV_KEYGEN, STATE_KEYED},
    {STATE_NEW, EV_REVOKE_INTENT, STATE_REVOKE_INTENT},
    {STATE_NEW, EV_REVOKED, STATE_REVOKED},
    {STATE_NEW, EV_REPLY_REFUSED, STATE_REFUSED}, /* the CA does not know what to revoke */
    {STATE_NEW, EV_KEEP, STATE_KEPT},
    {STATE_NEW, EV_SKIP, STATE_SKIPPED},
    {STATE_NEW, EV_FAILED, STATE_FAILED},

    {STATE_KEYED, EV_INTENT, STATE_INTENT},
    {STATE_KEYED, EV_SKIP, STATE_SKIPPED},
    {STATE_KEYED, EV_FAILED, STATE_FAILED},
    {STATE_KEYED, EV_REVOKE_INTENT, STATE_REVOKE_INTENT}, /* after `resolve reorder` */
    {STATE_KEYED, EV_REVOKED, STATE_REVOKED},
    {STATE_KEYED, EV_REPLY_REFUSED, STATE_REFUSED},
    {STATE_KEYED, EV_RESOLVED_ABANDON, STATE_ABANDONED},

    /* once more with the key of the first, at a CA that replays by key: see history.c */
    {STATE_INTENT, EV_INTENT, STATE_INTENT},
    {STATE_INTENT, EV_REPLY_ACCEPTED, STATE_ORDERED},
    {STATE_INTENT, EV_REPLY_PENDING, STATE_PENDING},
    {STATE_INTENT, EV_REPLY_REFUSED, STATE_REFUSED},
    {STATE_INTENT, EV_REPLY_RETRY, STATE_KEYED},
    {STATE_INTENT, EV_REPLY_UNKNOWN, STATE_INTENT},
    {STATE_INTENT, EV_FOUND, STATE_ORDERED},
    {STATE_INTENT, EV_NOT_FOUND, STATE_KEYED},
    {STATE_INTENT, EV_UNKNOWN, STATE_UNKNOWN},
    {STATE_INTENT, EV_RESOLVED_ADOPT, STATE_ORDERED},
    {STATE_INTENT, EV_RESOLVED_REORDER, STATE_KEYED},
    {STATE_INTENT, EV_RESOLVED_ABANDON, STATE_ABANDONED},

    {STATE_ORDERED, EV_REPLY_PENDING, STATE_PENDING},
    {STATE_ORDERED, EV_REPLY_REFUSED, STATE_REFUSED},
    {STATE_ORDERED, EV_CERT, STATE_CERTIFIED},
    {STATE_ORDERED, EV_MISMATCH, STATE_MISMATCH},
    {STATE_ORDERED, EV_FAILED, STATE_FAILED},
    {STATE_ORDERED, EV_RESOLVED_ABANDON, STATE_ABANDONED},

    {STATE_PENDING, EV_REPLY_PENDING, STATE_PENDING}, /* the CA says something else about it */
    {STATE_PENDING, EV_REPLY_REFUSED, STATE_REFUSED},
    {STATE_PENDING, EV_CERT, STATE_CERTIFIED},
    {STATE_PENDING, EV_MISMATCH, STATE_MISMATCH},
    {STATE_PENDING, EV_FAILED, STATE_FAILED},
    {STATE_PENDING, EV_REVOKED, STATE_REVOKED},
    {STATE_PENDING, EV_RESOLVED_ABANDON, STATE_ABANDONED},

    {STATE_CERTIFIED, EV_OUTPUTS, STATE_ISSUED},
    {STATE_CERTIFIED, EV_FAILED, STATE_FAILED},

    {STATE_REVOKE_INTENT, EV_REVOKE_INTENT, STATE_REVOKE_INTENT}, /* as above */
    {STATE_REVOKE_INTENT, EV_REPLY_ACCEPTED, STATE_REVOKED},
    {STATE_REVOKE_INTENT, EV_REPLY_PENDING, STATE_PENDING},
    {STATE_REVOKE_INTENT, EV_REPLY_REFUSED, STATE_REFUSED},
    {STATE_REVOKE_INTENT, EV_REPLY_RETRY, STATE_KEYED},
    {STATE_REVOKE_INTENT, EV_REPLY_UNKNOWN, STATE_REVOKE_INTENT},
    {STATE_REVOKE_INTENT, EV_REVOKED, STATE_REVOKED},
    {STATE_REVOKE_INTENT, EV_NOT_FOUND, STATE_KEYED},
    {STATE_REVOKE_INTENT, EV_UNKNOWN, STATE_UNKNOWN},
    {STATE_REVOKE_INTENT, EV_RESOLVED_REORDER, STATE_KEYED},
    {STATE_REVOKE_INTENT, EV_RESOLVED_ABANDON, STATE_ABANDONED},

    {STATE_UNKNOWN, EV_INTENT, STATE_INTENT}, /* as above */
    {STATE_UNKNOWN, EV_REVOKE_INTENT, STATE_REVOKE_INTENT},
    {STATE_UNKNOWN, EV_FOUND, STATE_ORDERED},
    {STATE_UNKNOWN, EV_NOT_FOUND, STATE_KEYED},
    {STATE_UNKNOWN, EV_REVOKED, STATE_REVOKED},
    {STATE_UNKNOWN, EV_RESOLVED_ADOPT, STATE_ORDERED},
    {STATE_UNKNOWN, EV_RESOLVED_REORDER, STATE_KEYED},
    {STATE_UNKNOWN, EV_RESOLVED_ABANDON, STATE_ABANDONED},

    {STATE_REFUSED, EV_RESOLVED_REORDER, STATE_KEYED},
    {STATE_REFUSED, EV_RESOLVED_ABANDON, STATE_ABANDONED},
    {STATE_MISMATCH, EV_RESOLVED_REORDER, STATE_KEYED},
    {STATE_MISMATCH, EV_RESOLVED_ABANDON, STATE_ABANDONED},

    {STATE_SKIPPED, EV_KEYGEN, STATE_KEYED},
    {STATE_SKIPPED, EV_INTENT, STATE_INTENT},
    {STATE_SKIPPED, EV_REVOKE_INTENT, STATE_REVOKE_INTENT},
    {STATE_SKIPPED, EV_REVOKED, STATE_REVOKED},
    {STATE_SKIPPED, EV_REPLY_REFUSED, STATE_REFUSED},
    {STATE_SKIPPED, EV_SKIP, STATE_SKIPPED},
    {STATE_SKIPPED, EV_FAILED, STATE_FAILED},
    {STATE_SKIPPED, EV_RESOLVED_ABANDON, STATE_ABANDONED},

    {STATE_FAILED, EV_KEYGEN, STATE_KEYED},
    {STATE_FAILED, EV_INTENT, STATE_INTENT},
    {STATE_FAILED, EV_REVOKE_INTENT, STATE_REVOKE_INTENT},
    {STATE_FAILED, EV_REVOKED, STATE_REVOKED},
    {STATE_FAILED, EV_REPLY_REFUSED, STATE_REFUSED},
    {STATE_FAILED, EV_REPLY_PENDING, STATE_PENDING},
    {STATE_FAILED, EV_CERT, STATE_CERTIFIED},
    {STATE_FAILED, EV_MISMATCH, STATE_MISMATCH},
    {STATE_FAILED, EV_OUTPUTS, STATE_ISSUED},
    {STATE_FAILED, EV_SKIP, STATE_SKIPPED},
    {STATE_FAILED, EV_FAILED, STATE_FAILED},
    {STATE_FAILED, EV_RESOLVED_ABANDON, STATE_ABANDONED},
};

bool state_next(enum item_state from, enum item_event ev, enum item_state *to)
{
    for (size_t i = 0; i < NITEMS(transitions); i++) {
        if (transitions[i].from == from && transitions[i].ev == ev) {
            *to = transitions[i].to;
            return true;
        }
    }
    return false;
}

enum item_action state_action(enum item_state s, bool revocation)
{
    return revocation ? states[s].revocation : states[s].order;
}

bool state_in_doubt(enum item_state s)
{
    return s == STATE_INTENT || s == STATE_REVOKE_INTENT || s == STATE_UNKNOWN;
}

bool state_is_final(enum item_state s)
{
    return states[s].final;
}

bool state_is_good(enum item_state s)
{
    return states[s].good;
}

const char *state_report_name(enum item_state s)
{
    return states[s].report;
}

enum item_state state_report(enum item_state s)
{
    return states[s].reported_as;
}

const char *state_name(enum item_state s)
{
    return states[s].name;
}

const char *event_name(enum item_event ev)
{
    return events[ev].ev;
}

const char *event_class(enum item_event ev)
{
    return events[ev].reply_class;
}

bool event_from_record(const char *ev, const char *reply_class, enum item_event *out)
{
    for (size_t i = 0; i < NITEMS(events); i++) {
        if (str_eq(events[i].ev, ev) &&
            (!events[i].reply_class || str_eq(events[i].reply_class, reply_class))) {
            *out = (enum item_event)i;
            return true;
        }
    }
    return false;
}
