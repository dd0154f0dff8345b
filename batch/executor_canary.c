/* SPDX-License-Identifier: Apache-2.0
 *
 * The canary: the first revocations of a run go alone. When all of them are revoked the run stays
 * for a while, in which people see what breaks, then asks the CA about them once more; only then
 * the others follow. Whatever else happens to a canary ends the matter for this run: nothing more
 * is revoked. Orders are not held.
 *
 * Who was chosen is in the journal before anything is sent for him, and so is the end of a watch: a
 * resumed run has the same canaries and does not wait twice. A watch that was cut short begins
 * anew, for nobody was looking in between.
 */
#include "batch/executor_dcv.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdio.h>
#include <stdlib.h>

/* --- who goes first --- */
static void choose(struct executor *x, struct item_slot *s)
{
    s->canary = true;
    VEC_PUSH(&x->canary.first, (uint32_t)(s - x->slots));
}

static bool is_blocked(const struct item_slot *s)
{
    return s->blocked && executor_action(s) == DO_REVOKE;
}

/* A canary of an earlier run, whatever became of it. One that policy blocks now is out: nothing was
 * sent for it, and nothing will be. So is one that the operator gave up. */
static bool was_chosen(const struct item_slot *s)
{
    return s->record->canary && s->record->state != STATE_ABANDONED && !is_blocked(s);
}

static bool order_may_come(const struct executor *x, const struct item *item)
{
    const struct item_record *order =
        item->after == ITEM_NO_INDEX ? NULL
                                     : history_item(x->history, x->batch->items[item->after].id);
    return !order || order->state == STATE_ISSUED || !state_is_final(record_resume_state(order)) ||
           order->state == STATE_UNKNOWN;
}

/* Something will be done about it in this run. */
static bool is_due(const struct executor *x, const struct item_slot *s)
{
    const int64_t from = s->item->revocation->not_before;
    return executor_action(s) != DO_NOTHING && !is_blocked(s) && s->item->ca &&
           (from == TIME_NONE || from <= time_now() + x->wait_ms / 1000) &&
           order_may_come(x, s->item);
}

static bool record_choice(struct executor *x, const struct item_slot *s)
{
    struct err err = ERR_INIT;
    const struct record r = {.ev = RECORD_CANARY, .item = s->item->id, RECORD_NONE};
    if (runlog_add(x->log, &r, &err)) {
        return true;
    }
    err.code = ERR_INTERNAL;
    return executor_fatal(x, &err);
}

/* The slot of a revocation, in the order of the manifest; NULL: not in this batch. */
static struct item_slot *revocation_slot(const struct executor *x, size_t item)
{
    const struct item_record *r = history_item(x->history, x->batch->items[item].id);
    return r ? &x->slots[r - x->history->v] : NULL;
}

void executor_canary_begin(struct executor *x)
{
    struct canary *c = &x->canary;
    if (!x->first || x->history->canaries >= x->first) {
        return;
    }
    c->phase = CANARY_FIRST;
    for (size_t i = x->batch->norders; i < x->batch->nitems; i++) {
        struct item_slot *s = revocation_slot(x, i);
        if (s && was_chosen(s)) {
            choose(x, s);
        }
    }
    for (size_t i = x->batch->norders; i < x->batch->nitems && c->first.n < x->first; i++) {
        struct item_slot *s = revocation_slot(x, i);
        if (!s || s->canary || !is_due(x, s)) {
            continue;
        }
        if (!record_choice(x, s)) {
            return;
        }
        choose(x, s);
    }
}

/* --- the verdict --- */
static void let_go(struct executor *x, bool on)
{
    struct slot_list *held = &x->canary.held;
    for (size_t i = 0; i < held->n; i++) {
        if (on) {
            executor_make_ready(x, held->v[i]);
        } else {
            executor_slot_done(x, &x->slots[held->v[i]]);
        }
    }
    held->n = 0;
}

static void hold(struct executor *x, const struct item_slot *s, const char *what)
{
    struct canary *c = &x->canary;
    const struct item_record *r = s->record;
    const bool said = r->error_message && !state_is_good(r->state);
    (void)snprintf(c->why, sizeof c->why, "%s %s%s%.100s", r->id, what, said ? ": " : "",
                   said ? r->error_message : "");
    c->phase = CANARY_HELD;
    executor_note(x, "canary: %s", c->why);
    let_go(x, false);
}

/* Revocations that the verdict is about. */
static bool anybody_else(const struct executor *x)
{
    for (size_t i = 0; i < x->nslots; i++) {
        const struct item_slot *s = &x->slots[i];
        if (s->item->kind == ITEM_REVOCATION && !s->canary && !s->done) {
            return true;
        }
    }
    return false;
}

static bool nothing_moves(const struct executor *x)
{
    return !x->live && !x->ready_n && !x->ntimers && !executor_dcv_busy(x);
}

/* All that go first are revoked: stay, when there is anybody to hold. */
static void first_step(struct executor *x)
{
    struct canary *c = &x->canary;
    bool all = true;
    for (size_t i = 0; i < c->first.n; i++) {
        const struct item_slot *s = &x->slots[c->first.v[i]];
        if ((s->done || nothing_moves(x)) && s->record->state != STATE_REVOKED) {
            char what[48];
            (void)snprintf(what, sizeof what, "is %s", state_report_name(s->record->state));
            hold(x, s, what);
            return;
        }
        all = all && s->done;
    }
    if (all) {
        c->phase = anybody_else(x) ? CANARY_WATCH : CANARY_OFF;
        c->until = time_monotonic_ms() + x->wait_ms;
    }
}

static void say_watching(struct executor *x)
{
    const int64_t left = (x->canary.until - time_monotonic_ms() + 999) / 1000;
    if (left >= 60) {
        executor_note(x, "canary: watching for %lld min %lld s", (long long)(left / 60),
                      (long long)(left % 60));
    } else {
        executor_note(x, "canary: watching for %lld s", (long long)left);
    }
}

static void watch_step(struct executor *x)
{
    struct canary *c = &x->canary;
    if (time_monotonic_ms() < c->until) {
        say_watching(x);
        return;
    }
    c->phase = CANARY_ASK;
    for (size_t i = 0; i < c->first.n; i++) {
        struct item_slot *s = &x->slots[c->first.v[i]];
        s->asked = true;
        s->confirmed = false;
        s->tries = 0;
        executor_make_ready(x, c->first.v[i]);
    }
}

/* On record before anybody else is revoked: who resumes from here does not watch again. */
static bool pass(struct executor *x)
{
    const struct history_head head = {.ev = RECORD_CANARY_PASSED,
                                      .revoked = (int64_t)x->canary.first.n};
    runlog_open(x->log);
    runlog_head(x->log, &head, NULL, 0);
    if (!executor_sync(x)) {
        return false;
    }
    x->canary.phase = CANARY_OFF;
    let_go(x, true);
    return true;
}

static bool ask_step(struct executor *x)
{
    struct canary *c = &x->canary;
    for (size_t i = 0; i < c->first.n; i++) {
        const struct item_slot *s = &x->slots[c->first.v[i]];
        if (!s->asked && !s->confirmed) {
            hold(x, s, "was revoked, but its CA does not say so any more");
            return true;
        }
    }
    for (size_t i = 0; i < c->first.n; i++) {
        if (x->slots[c->first.v[i]].asked) {
            return true;
        }
    }
    return pass(x);
}

bool executor_canary_step(struct executor *x)
{
    struct canary *c = &x->canary;
    if (x->draining) {
        return true; /* the next run goes on with it */
    }
    switch (c->phase) {
    case CANARY_FIRST:
        if (c->first.n) {
            first_step(x);
        }
        return true;
    case CANARY_WATCH:
        watch_step(x);
        return true;
    case CANARY_ASK:
        return ask_step(x);
    case CANARY_OFF:
    case CANARY_HELD:
        break;
    }
    return true;
}

bool executor_canary_busy(const struct executor *x)
{
    const struct canary *c = &x->canary;
    return !x->draining && c->first.n && c->phase != CANARY_OFF && c->phase != CANARY_HELD;
}

/* --- the gate --- */
bool executor_canary_forbids(const struct work *w)
{
    return w->item->kind == ITEM_REVOCATION && w->x->canary.phase == CANARY_HELD;
}

/* Without anybody to go first, what becomes due later in this run is left to the next. */
bool executor_canary_holds(struct work *w)
{
    struct canary *c = &w->x->canary;
    if (c->phase == CANARY_OFF || (work_slot(w)->canary && c->phase == CANARY_FIRST)) {
        return false;
    }
    if (c->phase == CANARY_HELD || !c->first.n) {
        work_finish(w);
    } else {
        VEC_PUSH(&c->held, w->slot);
        work_release(w);
    }
    return true;
}

/* --- once more --- */
void executor_canary_ask(struct work *w)
{
    const int64_t now = time_monotonic_ms();
    if (!w->ca || w->ca->stopped) {
        work_finish(w);
    } else if (w->ca->paused_until > now) {
        work_again(w, w->ca->paused_until - now);
    } else {
        work_submit(w, work_recall);
    }
}

void executor_canary_answer(struct work *w)
{
    struct item_slot *s = work_slot(w);
    if (answer_is_retry(w)) {
        answer_retry_act(w);
        return;
    }
    if (w->answer.outcome == OUTCOME_UNKNOWN && s->tries++ < RETRY_READS) {
        work_again(w, retry_poll_ms(s->tries, -1));
        return;
    }
    if (w->answer.outcome == OUTCOME_ACCEPTED) {
        answer_went_through(w);
    }
    s->confirmed = w->answer.outcome == OUTCOME_ACCEPTED && w->answer.revoked;
    work_finish(w);
}

void executor_canary_end(struct executor *x)
{
    struct canary *c = &x->canary;
    for (size_t i = 0; i < x->nslots; i++) {
        const struct item_slot *s = &x->slots[i];
        c->not_started +=
            s->item->kind == ITEM_REVOCATION && state_report(s->record->state) == STATE_NEW;
    }
    free(c->first.v);
    free(c->held.v);
    c->first = c->held = (struct slot_list){0};
}
