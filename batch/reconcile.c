/* SPDX-License-Identifier: Apache-2.0
 *
 * A lost reply. An intent without a reply may or may not have become an order: nobody knows until
 * the CA was asked. One hit is adopted; none counts only after it was none twice, with the CA's
 * settling time between, and only at a CA whose search proves absence; everything else is the
 * operator's to decide (`resolve`). A search changes nothing and may be repeated by every run.
 */
#include "batch/executor.h"

/* How the search ended for the item. */
enum verdict { AGAIN, FOUND, ABSENT, UNDECIDED };

static enum verdict verdict(struct work *w)
{
    unsigned caps = ca_caps(w->ca->ca);
    struct item_slot *s = work_slot(w);
    if (w->answer.outcome != OUTCOME_ACCEPTED) {
        return UNDECIDED;
    }
    if (w->answer.nfound == 1) {
        return FOUND;
    }
    if (w->answer.nfound > 1) {
        return UNDECIDED;
    }
    if (++s->finds < RETRY_FINDS) {
        return AGAIN;
    }
    return caps & CA_FIND_AUTHORITATIVE ? ABSENT : UNDECIDED;
}

static bool record_found(struct work *w)
{
    struct record r = RECORD(EV_FOUND, w->item->id);
    r.order_id = w->answer.found[0].order_id;
    return work_record(w, &r);
}

static bool record_absent(struct work *w)
{
    struct record r = RECORD(EV_NOT_FOUND, w->item->id);
    return work_record(w, &r);
}

static const char *undecided_text(struct work *w)
{
    if (w->answer.nfound > 1) {
        return arena_printf(&w->arena, "the CA has %zu orders with this key, the first is %.64s",
                            w->answer.nfound, w->answer.found[0].order_id);
    }
    return "the CA shows no order for this key, but its search does not prove that there is none";
}

static bool record_undecided(struct work *w)
{
    if (w->record->state == STATE_UNKNOWN) {
        return true; /* the journal says so already */
    }
    return work_record_trouble(w, EV_UNKNOWN, "unknown", undecided_text(w));
}

bool reconcile_record(struct work *w)
{
    if (w->answer.outcome != OUTCOME_ACCEPTED) {
        return true;
    }
    static bool (*const records[])(struct work *) = {
        [FOUND] = record_found, [ABSENT] = record_absent, [UNDECIDED] = record_undecided};
    enum verdict v = verdict(w);
    w->verdict = (int)v;
    return v == AGAIN || records[v](w);
}

void reconcile_act(struct work *w)
{
    struct item_slot *s = work_slot(w);
    bool embedded = w->ca->ca->type->caps & CA_EMBEDDED;
    if (answer_is_retry(w)) {
        answer_retry_act(w);
        return;
    }
    if (w->answer.outcome != OUTCOME_ACCEPTED) {
        if (s->tries++ < RETRY_READS) {
            work_again(w, retry_poll_ms(s->tries, -1));
        } else {
            work_finish(w);
        }
        return;
    }
    answer_went_through(w);
    switch ((enum verdict)w->verdict) {
    case AGAIN:
        work_again(w, retry_settle_ms(embedded, w->answer.settle_seconds));
        break;
    case FOUND:
        w->ca->doubtful = 0; /* what nobody could tell of it: it went through */
        s->finds = 0;
        work_again(w, 0);
        break;
    case ABSENT:
        s->finds = 0;
        work_again(w, 0);
        break;
    case UNDECIDED:
        work_finish(w);
        break;
    }
}

/* A CA that cannot search leaves only the operator, unless it replays by key: then asking again
 * with the same key is safe. */
void reconcile_start(struct work *w)
{
    unsigned caps = ca_caps(w->ca->ca);
    if (caps & CA_FIND) {
        work_submit(w, work_recall);
        return;
    }
    if (caps & CA_KEYED) {
        work_submit(w, work_prepare); /* and sent with the same key: act_prepared() */
        return;
    }
    if (w->record->state == STATE_UNKNOWN) {
        work_finish(w);
        return;
    }
    work_trouble(w, EV_UNKNOWN, "unknown", "the CA cannot be searched for orders");
}
