/* SPDX-License-Identifier: Apache-2.0
 *
 * See executor_dcv.h: requests about a name and what their answers mean.
 */
#include "batch/executor_dcv.h"

#include "formats/base/str.h"

enum { AGAIN_MS = 10000, /* where the CA names no time */ ASK_LEAST_MS = 100 };

/* --- requests --- */
void challenge_ask(struct challenge *c, enum ca_step step)
{
    int64_t now = time_monotonic_ms();
    if (c->ca->paused_until > now) {
        c->due = c->ca->paused_until;
        return;
    }
    if (c->tries++ >= RETRY_READS) { /* counted now: a request that never left counts too */
        challenge_fail(c, c->words ? c->words : "the CA does not answer about this name");
        return;
    }
    c->due = now + AGAIN_MS;
    struct work *w = work_new(c->x, c->slot);
    w->challenge = c;
    w->domain = c->domain;
    w->proof = c->proof;
    c->busy = true;
    work_ask(w, step);
}

void executor_dcv_gone(struct challenge *c)
{
    c->busy = false;
}

static void wait_as_asked(struct challenge *c, int64_t otherwise_ms)
{
    const struct ca_slot *ca = c->ca;
    int64_t until = time_monotonic_ms() + otherwise_ms;
    c->due = until > ca->paused_until ? until : ca->paused_until;
}

static int64_t again_ms(const struct work *w)
{
    int64_t asked = w->answer.again_seconds;
    return asked < 0 ? AGAIN_MS : asked * 1000 > ASK_LEAST_MS ? asked * 1000 : ASK_LEAST_MS;
}

static void remember_words(struct challenge *c, const struct work *w)
{
    const char *text = answer_text(w);
    c->words = text ? arena_strdup(&c->x->dcv->arena, text) : c->words;
}

/* Nothing was said about the name. */
static void ask_later(struct challenge *c, const struct work *w)
{
    uint32_t random;
    int64_t asked =
        w->answer.again_seconds >= 0 ? w->answer.again_seconds : w->reply.retry_after_seconds;
    random_bytes(&random, sizeof random);
    int64_t delay = retry_delay_ms(c->tries, asked, random);
    remember_words(c, w);
    wait_as_asked(c, delay > ASK_LEAST_MS ? delay : ASK_LEAST_MS);
    if (w->answer.outcome == OUTCOME_THROTTLED) {
        executor_pause_ca(c->ca, delay, "asked to");
    }
    if (w->reply.lasting) {
        challenge_fail(c, c->words ? c->words : outcome_name(w->answer.outcome));
    }
}

/* --- STEP_CHALLENGE --- */
bool challenge_record(struct work *w)
{
    struct err err = ERR_INIT;
    struct challenge *c = w->challenge;
    const struct ca_result *a = &w->answer;
    if (a->outcome != OUTCOME_ACCEPTED || !a->record_value || challenge_leaves(c)) {
        return true;
    }
    const struct dcv_told told = {a->record_kind, a->record_name, a->record_value};
    if (!dcv_record_make(&c->x->dcv->arena, c->settings.record_template, c->domain, &told,
                         &c->record, &err)) {
        challenge_fail(c, err.msg);
        return true;
    }
    c->proof = a->proof ? arena_strdup(&c->x->dcv->arena, a->proof) : c->proof;
    struct record r = challenge_journal(c, DCV_PRESENT, NULL);
    c->published = work_record(w, &r);
    return c->published;
}

/* The order is known to the CA, its challenge not yet. */
static void not_ready(struct challenge *c, const struct work *w)
{
    const struct dcv_item *item = c->x->dcv->items[c->slot];
    int64_t until = item->seen_ms + c->settings.challenge_seconds * 1000;
    c->tries = 0;
    if (time_monotonic_ms() >= until) {
        c->deferred = true; /* the next run asks again */
        c->phase = OVER;
    } else {
        wait_as_asked(c, again_ms(w));
    }
}

void challenge_act(struct work *w)
{
    struct challenge *c = w->challenge;
    enum outcome o = w->answer.outcome;
    if (c->published) {
        c->tries = 0;
        answer_went_through(w);
        challenge_publish(c);
    } else if (c->failure || challenge_leaves(c)) {
        c->phase = OVER;
    } else if (o == OUTCOME_ACCEPTED && w->answer.pending) {
        not_ready(c, w);
    } else if (o == OUTCOME_ACCEPTED) {
        c->proven = true;
    } else if (o == OUTCOME_REFUSED) {
        challenge_fail(c,
                       answer_text(w) ? answer_text(w) : "the CA has no challenge for this name");
    } else {
        ask_later(c, w);
    }
    bool hook = c->phase == PUBLISHES;
    work_release(w);
    c->busy = hook; /* the release ended the request, not the hook */
}

/* --- STEP_VALIDATE --- */
bool validate_record(struct work *w UNUSED)
{
    return true; /* asking twice does no harm, so nothing depends on it */
}

void validate_act(struct work *w)
{
    struct challenge *c = w->challenge;
    enum outcome o = w->answer.outcome;
    if (o == OUTCOME_ACCEPTED) {
        c->tries = 0;
        answer_went_through(w);
    }
    if (o == OUTCOME_ACCEPTED && !w->answer.pending) {
        c->phase = WATCHES;
    } else if (o == OUTCOME_ACCEPTED) {
        remember_words(c, w);
        wait_as_asked(c, again_ms(w));
    } else if (o == OUTCOME_REFUSED) {
        remember_words(c, w); /* a resolver of the CA may not have the record yet */
        c->tries = 0;
        wait_as_asked(c, retry_poll_ms(c->refusals++, -1));
    } else {
        ask_later(c, w);
    }
    work_release(w);
}
