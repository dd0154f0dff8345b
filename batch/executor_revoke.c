/* SPDX-License-Identifier: Apache-2.0
 *
 * Revocations. The state of the certificate is asked first: what is revoked already is done, and
 * nothing is sent. A revocation whose reply was lost is asked for the same way; when the CA says
 * twice that the certificate is still good, the revocation may be sent again with an intent of
 * its own.
 */
#include "batch/executor.h"

/* Is a request of ours out that the CA may have carried out? */
static bool in_doubt(const struct work *w)
{
    enum item_state s = w->record->state;
    return s == STATE_REVOKE_INTENT || s == STATE_UNKNOWN || s == STATE_PENDING;
}

static bool record_revoked(struct work *w)
{
    struct record r = RECORD(EV_REVOKED, w->item->id);
    r.serial = w->revoke.serial;
    return work_record(w, &r);
}

/* A pending revocation is known to the CA: that it is not done yet says nothing new, what it waits
 * for may. */
static bool still_good(struct work *w)
{
    struct record r = RECORD(EV_NOT_FOUND, w->item->id);
    struct item_slot *s = work_slot(w);
    if (w->record->state == STATE_PENDING) {
        w->answer.order_id = NULL;
        return !w->answer.pending || !answer_is_news(w) || work_record_answer(w, EV_REPLY_PENDING);
    }
    if (!in_doubt(w) || ++s->finds < RETRY_FINDS) {
        return true;
    }
    s->finds = 0;
    return work_record(w, &r);
}

bool revoked_record(struct work *w)
{
    if (work_slot(w)->asked) {
        return true; /* a canary: it is on record */
    }
    if (w->answer.outcome == OUTCOME_ACCEPTED) {
        return w->answer.revoked ? record_revoked(w) : still_good(w);
    }
    if (w->answer.outcome == OUTCOME_REFUSED && w->record->state != STATE_UNKNOWN &&
        w->record->state != STATE_PENDING) {
        return work_record_answer(w, EV_REPLY_REFUSED);
    }
    return true;
}

/* A CA that cannot be asked: its answers to REVOKE are all there is. */
static void without_asking(struct work *w)
{
    struct item_slot *s = work_slot(w);
    if (s->asked) {
        s->confirmed = true; /* a canary, and revoked by the CA's own word */
        work_finish(w);
    } else if (w->clearance) {
        work_enqueue(w);
    } else {
        work_submit(w, work_prepare); /* in doubt: judged again, and sent again with its key */
    }
}

void revoked_ask(struct work *w)
{
    if (w->ca->ca->type->caps & CA_REVOKE_AGAIN) {
        without_asking(w);
    } else {
        work_ask(w, STEP_REVOKED);
    }
}

static void not_revoked_yet(struct work *w)
{
    struct item_slot *s = work_slot(w);
    bool embedded = w->ca->ca->type->caps & CA_EMBEDDED;
    if (w->record->state == STATE_PENDING && w->answer.enough) {
        work_finish(w);
    } else if (w->record->state == STATE_PENDING) {
        work_again(w, retry_poll_ms(s->polls++, w->answer.again_seconds));
    } else if (in_doubt(w)) {
        work_again(w, retry_settle_ms(embedded, w->answer.settle_seconds));
    } else if (w->clearance) {
        work_enqueue(w);
    } else {
        work_again(w, 0); /* was in doubt and no longer is: judged again, then sent */
    }
}

void revoked_act(struct work *w)
{
    struct item_slot *s = work_slot(w);
    if (s->asked) {
        executor_canary_answer(w);
    } else if (answer_is_retry(w)) {
        answer_retry_act(w);
    } else if (w->answer.outcome == OUTCOME_ACCEPTED && !w->answer.revoked) {
        answer_went_through(w);
        not_revoked_yet(w);
    } else if (w->answer.outcome == OUTCOME_UNKNOWN && s->tries++ < RETRY_READS) {
        work_again(w, retry_poll_ms(s->tries, -1));
    } else {
        work_finish(w);
    }
}

bool revoke_record(struct work *w)
{
    w->ca->busy--;
    if (answer_is_retry(w)) {
        return work_record_answer(w, EV_REPLY_RETRY);
    }
    if (w->answer.outcome == OUTCOME_REFUSED && !w->answer.revoked) {
        return work_record_answer(w, EV_REPLY_REFUSED);
    }
    if (w->answer.revoked || (w->answer.outcome == OUTCOME_ACCEPTED && !w->answer.pending)) {
        w->answer.order_id = NULL;
        return record_revoked(w); /* "already revoked" is what was wanted */
    }
    w->answer.order_id = NULL;
    return work_record_answer(w, w->answer.outcome == OUTCOME_ACCEPTED ? EV_REPLY_PENDING
                                                                       : EV_REPLY_UNKNOWN);
}

void revoke_act(struct work *w)
{
    bool embedded = w->ca->ca->type->caps & CA_EMBEDDED;
    if (answer_is_retry(w)) {
        answer_retry_act(w);
    } else if (state_is_final(w->record->state)) {
        answer_went_through(w);
        work_finish(w);
    } else if (w->record->state == STATE_PENDING) {
        answer_went_through(w);
        work_again(w, retry_poll_ms(work_slot(w)->polls++, w->answer.again_seconds));
    } else {
        answer_doubtful_act(w);
        work_again(w, retry_settle_ms(embedded, w->answer.settle_seconds));
    }
}
