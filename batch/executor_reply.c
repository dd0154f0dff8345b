/* SPDX-License-Identifier: Apache-2.0
 *
 * What an answer means for its item. Every answer that changes a state is recorded and synced
 * before anything is done about it. One row a step.
 */
#include "batch/executor_dcv.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

enum { PROVING_LEAST_MS = 250 }; /* between polls of an order whose names are being proven */

const char *answer_text(const struct work *w)
{
    const char *m = w->answer.message ? w->answer.message : w->reply.transport_message;
    CLEANUP(buf_release) struct buf b = BUF_INIT(2 * RECORD_TEXT);
    if (!m) {
        return NULL;
    }
    str_vis(&b, m, strlen(m), RECORD_TEXT);
    return arena_strdup(w->answer.arena, buf_text(&b));
}

static const char *answer_code(const struct work *w)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(RECORD_TEXT);
    if (!w->answer.code) {
        return w->answer.outcome == OUTCOME_ACCEPTED ? NULL : outcome_name(w->answer.outcome);
    }
    str_vis(&b, w->answer.code, strlen(w->answer.code), 64);
    return arena_strdup(w->answer.arena, buf_text(&b));
}

bool work_record_answer(struct work *w, enum item_event ev)
{
    struct record r = RECORD(ev, w->item->id);
    r.order_id = ev == EV_REPLY_ACCEPTED || ev == EV_REPLY_PENDING ? w->answer.order_id : NULL;
    r.code = answer_code(w);
    r.message = answer_text(w);
    return work_record(w, &r);
}

/* --- the three ways in which nothing happened at the CA --- */
bool answer_is_retry(const struct work *w)
{
    enum outcome o = w->answer.outcome;
    return o == OUTCOME_THROTTLED || o == OUTCOME_NOT_SENT || o == OUTCOME_AUTH;
}

void answer_went_through(struct work *w)
{
    struct ca_slot *c = w->ca;
    const bool change = step_changes_state(w->call.step);
    c->not_sent = c->throttled[change] = c->forbidden[change] = c->login.granted = c->stale = 0;
    if (change) {
        c->doubtful = 0;
        budget_passed(&c->budget);
    }
}

void answer_doubtful_act(struct work *w)
{
    struct ca_slot *c = w->ca;
    uint32_t random;
    const bool fresh = c->counted != w->x->groups;
    c->counted = w->x->groups;
    c->doubtful += fresh ? 1 : 0;
    if (c->doubtful > RETRY_DOUBTFUL) {
        executor_stop_ca(w->x, c,
                         answer_text(w) ? answer_text(w) : outcome_name(w->answer.outcome));
    } else if (fresh) {
        random_bytes(&random, sizeof random);
        executor_pause_ca(c, retry_delay_ms(c->doubtful, -1, random), "an answer was lost");
    }
}

/* What waits for this CA gives its place in flight to items of other CAs. */
void executor_pause_ca(struct ca_slot *c, int64_t delay, const char *why)
{
    int64_t until = time_monotonic_ms() + delay;
    if (until > c->paused_until) {
        c->paused_until = until;
        c->paused_why = why;
    }
    for (struct work *q; (q = work_list_take(&c->queue)) != NULL;) {
        work_again(q, c->paused_until - time_monotonic_ms());
    }
}

/* Not allowed, and perhaps not allowed for this one alone: others are tried. What was not begun
 * fails, for a later run to try again; what is under way or in doubt stays what it is. */
static bool is_forbidden_alone(struct work *w)
{
    struct ca_slot *c = w->ca;
    unsigned *row = &c->forbidden[step_changes_state(w->call.step)];
    const enum item_state s = record_resume_state(w->record);
    if (w->answer.outcome != OUTCOME_AUTH || !w->answer.forbidden) {
        return false;
    }
    if (++*row > RETRY_FORBIDDEN || c->stopped) {
        return false;
    }
    if (s == STATE_NEW || s == STATE_KEYED) {
        work_trouble(w, EV_FAILED, answer_code(w), answer_text(w));
    } else {
        work_finish(w);
    }
    return true;
}

void answer_retry_act(struct work *w)
{
    struct ca_slot *c = w->ca;
    uint32_t random;
    unsigned *row = w->answer.outcome == OUTCOME_THROTTLED
                        ? &c->throttled[step_changes_state(w->call.step)]
                        : &c->not_sent;
    unsigned most = w->answer.outcome == OUTCOME_THROTTLED ? RETRY_THROTTLED : RETRY_NOT_SENT;
    int64_t asked =
        w->answer.again_seconds >= 0 ? w->answer.again_seconds : w->reply.retry_after_seconds;
    bool fresh = c->counted != w->x->groups; /* answers that came together count once */
    if (w->answer.stale && c->stale <= RETRY_STALE) {
        work_again(w, 0);
        return;
    }
    if (is_forbidden_alone(w)) {
        return;
    }
    c->counted = w->x->groups;
    *row += fresh ? 1 : 0;
    if (w->answer.outcome == OUTCOME_AUTH && !w->answer.stale && executor_may_log_in_again(c)) {
        work_again(w, 0); /* 401: refused before it was looked at */
        return;
    }
    if (w->answer.outcome == OUTCOME_AUTH || w->reply.lasting || *row > most) {
        executor_stop_ca(w->x, c,
                         answer_text(w) ? answer_text(w) : outcome_name(w->answer.outcome));
        work_finish(w);
        return;
    }
    random_bytes(&random, sizeof random);
    if (fresh && w->answer.outcome == OUTCOME_THROTTLED) {
        budget_slower(&c->budget);
    }
    if (fresh) {
        executor_pause_ca(c, retry_delay_ms(*row, asked, random),
                          w->answer.outcome == OUTCOME_THROTTLED ? "asked to" : "out of reach");
    }
    work_again(w, c->paused_until - time_monotonic_ms());
}

/* --- ORDER --- */
/* What a CA shows only once goes on record together with its certificate (record_collected()).
 * Between the two there is nothing to come back to: a run that ends there has lost the answer. */
static bool waits_for_certificate(const struct work *w)
{
    return (w->ca->ca->type->caps & CA_ONCE) && w->answer.issued && w->answer.ncerts;
}

static bool order_record(struct work *w)
{
    w->ca->busy--;
    if (answer_is_retry(w)) {
        return work_record_answer(w, EV_REPLY_RETRY);
    }
    if (w->answer.outcome == OUTCOME_REFUSED) {
        return work_record_answer(w, EV_REPLY_REFUSED);
    }
    if (w->answer.outcome == OUTCOME_ACCEPTED && order_id_is_usable(w->answer.order_id)) {
        return waits_for_certificate(w) ||
               work_record_answer(w, w->answer.pending ? EV_REPLY_PENDING : EV_REPLY_ACCEPTED);
    }
    w->answer.outcome = OUTCOME_UNKNOWN;
    w->answer.order_id = NULL;
    return work_record_answer(w, EV_REPLY_UNKNOWN);
}

static void take_certificates(struct work *w)
{
    w->certs = w->answer.certs;
    w->ncerts = w->answer.ncerts;
    work_submit(w, work_collect);
}

static void order_act(struct work *w)
{
    if (answer_is_retry(w)) {
        answer_retry_act(w);
        return;
    }
    if (w->answer.outcome != OUTCOME_UNKNOWN) {
        answer_went_through(w);
    }
    switch (w->answer.outcome) {
    case OUTCOME_UNKNOWN:
        answer_doubtful_act(w);
        work_again(w,
                   retry_settle_ms(w->ca->ca->type->caps & CA_EMBEDDED, w->answer.settle_seconds));
        break;
    case OUTCOME_ACCEPTED:
        if (w->answer.issued && w->answer.ncerts) {
            take_certificates(w);
        } else {
            int64_t delay = retry_poll_ms(0, w->answer.again_seconds);
            work_slot(w)->polls += w->answer.pending; /* an answer that it is: call.looks */
            work_again(w, delay);
        }
        break;
    case OUTCOME_REFUSED:
    case OUTCOME_THROTTLED:
    case OUTCOME_NOT_SENT:
    case OUTCOME_AUTH:
    case OUTCOME__MAX:
        work_finish(w);
        break;
    }
}

/* --- POLL --- */
/* What it waits for, in the CA's words, goes on record whenever it is something else. */
bool answer_is_news(const struct work *w)
{
    const char *text = answer_text(w);
    return w->record->state != STATE_PENDING || (text && !str_eq(text, w->record->error_message));
}

static bool poll_record(struct work *w)
{
    const enum outcome o = w->answer.outcome;
    const bool waits =
        (o == OUTCOME_ACCEPTED && !w->answer.issued) || (o == OUTCOME_AUTH && w->answer.forbidden);
    if (o == OUTCOME_REFUSED) {
        return work_record_answer(w, EV_REPLY_REFUSED);
    }
    if (waits && answer_is_news(w)) {
        w->answer.order_id = NULL; /* the id stays the one that was ordered */
        return work_record_answer(w, EV_REPLY_PENDING);
    }
    return true;
}

static void poll_act(struct work *w)
{
    struct item_slot *s = work_slot(w);
    if (answer_is_retry(w)) {
        answer_retry_act(w);
    } else if (w->answer.outcome == OUTCOME_ACCEPTED && w->answer.issued && w->answer.ncerts) {
        answer_went_through(w);
        take_certificates(w);
    } else if (w->answer.outcome == OUTCOME_ACCEPTED) {
        answer_went_through(w);
        if (w->answer.enough) {
            work_finish(w);
        } else if (executor_dcv_look(w)) {
            int64_t delay = retry_poll_ms(s->polls++, w->answer.again_seconds);
            work_again(w, s->proving && delay < PROVING_LEAST_MS ? PROVING_LEAST_MS : delay);
        }
    } else if (w->answer.outcome == OUTCOME_UNKNOWN && s->tries++ < RETRY_READS) {
        work_again(w, retry_poll_ms(s->tries, -1));
    } else {
        work_finish(w);
    }
}

/* --- */
static const struct answer_row rows[STEP__MAX] = {
    [STEP_ORDER] = {order_record, order_act},
    [STEP_POLL] = {poll_record, poll_act},
    [STEP_FIND] = {reconcile_record, reconcile_act},
    [STEP_REVOKED] = {revoked_record, revoked_act},
    [STEP_REVOKE] = {revoke_record, revoke_act},
    [STEP_RENEWAL] = {renewal_record, renewal_act},
    [STEP_CHALLENGE] = {challenge_record, challenge_act},
    [STEP_VALIDATE] = {validate_record, validate_act},
};

/* A step of several requests: nothing is known before its last answer. Requests that change
 * something have one phase, whose answer is recorded before anything else. */
static bool has_next_phase(struct work *w)
{
    if (w->answer.outcome != OUTCOME_ACCEPTED || !w->answer.phase ||
        step_changes_state(w->call.step)) {
        return false;
    }
    if (w->phases < LIMIT_PHASES) {
        return true;
    }
    w->answer.outcome = OUTCOME_UNKNOWN; /* pages without end */
    w->answer.message = "the CA's answers lead nowhere";
    w->answer.phase = 0;
    return false;
}

/* Nothing was done, and what was wrong is mended. What changes something has an intent of its own
 * for each request: it goes the way of a retry (answer_retry_act). */
static bool is_stale(struct work *w)
{
    w->ca->stale += w->answer.stale ? 1 : 0;
    w->resend = w->answer.stale && !step_changes_state(w->call.step) &&
                w->ca->stale <= RETRY_STALE && w->phases < LIMIT_PHASES;
    return w->resend;
}

static bool record_answers(struct executor *x, struct work_list *answered)
{
    bool ok = true;
    for (struct ca_exchange *e; (e = wire_next(x->wire)) != NULL;) {
        struct work *w = e->executor;
        if (executor_login_answer(x, e)) {
            continue;
        }
        work_list_add(answered, w);
        w->ca->ca->type->ops->answer(w->ca->ca, &w->call, &w->reply, &w->answer);
        ok = ok && (is_stale(w) || has_next_phase(w) || rows[w->call.step].record(w));
    }
    return ok && (!answered->n || executor_sync(x));
}

bool executor_replies(struct executor *x)
{
    struct work_list answered = {NULL, &answered.first, 0};
    x->groups++;
    bool ok = record_answers(x, &answered);
    for (struct work *w; (w = work_list_take(&answered)) != NULL;) {
        if (ok && (w->resend || has_next_phase(w))) {
            work_next_phase(w);
        } else if (ok) {
            rows[w->call.step].act(w);
        } else {
            work_release(w);
        }
    }
    return ok;
}
