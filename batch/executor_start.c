/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking an item up: its state says what to do next (state_action()), this says how that begins.
 * Also the CAs of a run: opened before the first item, closed after the last, given up when they
 * do not answer or do not know us.
 */
#include "batch/executor.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void executor_stop_ca(struct executor *x, struct ca_slot *ca, const char *why)
{
    const char *name = ca->config->name;
    if (!ca->stopped && x->ca_err.code == ERR_NONE) {
        err_set(&x->ca_err, ERR_CA, "CA %s: nothing more is sent: %.400s", name, why);
        err_hint(&x->ca_err, "see `certbatch doctor`; the same command goes on where this stopped");
    }
    ca->stopped = true;
    for (struct work *w; (w = work_list_take(&ca->queue)) != NULL;) {
        work_finish(w);
    }
    for (struct work *w; (w = work_list_take(&ca->login.waiting)) != NULL;) {
        work_finish(w);
    }
}

/* The item stays where it is, and the run says why. */
void executor_cannot_ask(struct executor *x, const struct work *w, const char *why)
{
    if (x->ca_err.code == ERR_NONE) {
        err_set(&x->ca_err, ERR_CA, "CA %s: item %s cannot be asked for: %.400s",
                w->ca->config->name, w->item->id, why);
        err_hint(&x->ca_err, "see `certbatch doctor`; the same command goes on where this stopped");
    }
}

enum item_action executor_action(const struct item_slot *s)
{
    return state_action(record_resume_state(s->record), s->item->kind == ITEM_REVOCATION);
}

/* Actions at whose end something new is sent: what policy blocks goes no further. */
static bool is_fresh(enum item_action action)
{
    return action == DO_KEYGEN || action == DO_ORDER || action == DO_REVOKE;
}

void executor_open_cas(struct executor *x)
{
    x->cas = xcalloc(x->nslots + 1, sizeof *x->cas);
    for (size_t i = 0; i < x->nslots; i++) {
        const struct ca_config *config = x->slots[i].item->ca;
        enum item_action action = executor_action(&x->slots[i]);
        bool wanted = x->slots[i].canary ||
                      (action != DO_NOTHING && !(is_fresh(action) && x->slots[i].blocked));
        if (!config || !wanted || executor_ca(x, config)) {
            continue;
        }
        struct err err = ERR_INIT;
        struct ca_slot *c = &x->cas[x->ncas++];
        c->config = config;
        budget_open(&c->budget, config);
        c->ca = ca_open(config, x->batch->config.dir, &err);
        if (!c->ca) {
            executor_stop_ca(x, c, err.msg);
            x->ca_err.code = err.code == ERR_INTERNAL ? ERR_INTERNAL
                             : err.code == ERR_ENV    ? ERR_ENV
                                                      : ERR_CA;
        }
    }
}

/* --- taking items up --- */
static void start_job(struct work *w, void (*stage)(struct work *w))
{
    const char *missing = work_slot(w)->no_password;
    if (missing) {
        work_trouble(w, EV_FAILED, "password", missing);
    } else {
        work_submit(w, stage);
    }
}

/* True when the order that a revocation waits for is issued; else the work is gone. */
static bool dependency_met(struct executor *x, struct work *w)
{
    struct item_slot *own = work_slot(w);
    uint32_t after = w->item->after;
    struct item_record *order =
        after == ITEM_NO_INDEX ? NULL : history_item(x->history, x->batch->items[after].id);
    if (!order || order->state == STATE_ISSUED) {
        return true;
    }
    struct item_slot *on = &x->slots[order - x->history->v];
    if (!on->done) {
        own->next_dependent = on->first_dependent;
        on->first_dependent = w->slot;
        work_release(w);
        return false;
    }
    if (state_is_final(order->state)) {
        char why[LIMIT_ITEM_ID + 64];
        (void)snprintf(why, sizeof why, "order %s is %s", order->id,
                       state_report_name(order->state));
        work_trouble(w, EV_SKIP, "after", why);
    } else {
        work_finish(w);
    }
    return false;
}

/* True when the time of a revocation has come; else the work is gone. */
static bool is_due(struct work *w)
{
    const int64_t from = w->item->revocation->not_before;
    if (from == TIME_NONE || from <= time_now()) {
        return true;
    }
    work_until(w, from);
    return false;
}

static void start_revocation(struct executor *x, struct work *w)
{
    if (is_due(w) && !executor_canary_holds(w) && dependency_met(x, w)) {
        start_job(w, work_prepare);
    }
}

static void start_order(struct work *w)
{
    if (!executor_renewal_holds(w) && !executor_limit_holds(w)) {
        start_job(w, executor_renewal_asks(w) ? work_look : work_prepare);
    }
}

void executor_take_up(struct executor *x, uint32_t index)
{
    struct item_slot *s = &x->slots[index];
    enum item_action action = executor_action(s);
    struct work *w = work_new(x, index);
    if (s->asked) {
        executor_canary_ask(w);
        return;
    }
    if (is_fresh(action) && s->blocked) {
        work_trouble(w, EV_SKIP, s->blocked_rule, s->blocked);
        return;
    }
    if (action == DO_NOTHING || !w->ca || (w->ca->stopped && action != DO_OUTPUTS)) {
        work_finish(w);
        return;
    }
    if (w->ca->paused_until > time_monotonic_ms() && action != DO_OUTPUTS) {
        work_again(w, w->ca->paused_until - time_monotonic_ms());
        return;
    }
    switch (action) {
    case DO_KEYGEN:
    case DO_ORDER:
        start_order(w);
        break;
    case DO_REVOKE:
        start_revocation(x, w);
        break;
    case DO_RECONCILE:
        reconcile_start(w);
        break;
    case DO_RECONCILE_REVOCATION:
        work_submit(w, work_recall);
        break;
    case DO_POLL:
        if (w->ca->ca->type->caps & CA_POLL_WANTS_ORDER) {
            work_submit(w, work_recall);
        } else {
            work_ask(w, STEP_POLL);
        }
        break;
    case DO_OUTPUTS:
        start_job(w, work_outputs);
        break;
    case DO_NOTHING:
    case DO__MAX:
        work_finish(w);
        break;
    }
}
