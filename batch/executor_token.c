/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials that a CA hands out for a while (OAuth) or for one request (the nonces of ACME, which
 * come with every answer, so that they are asked for only when none is left; what a CA wants to be
 * asked before the first of them are phases). One request at a time and CA; what cannot
 * be asked without waits in login.waiting, cleared orders in their queue. A credential refused in
 * the middle of a run is replaced, a few times in a row at most: then the CA is given up.
 */
#include "batch/executor.h"

#include <string.h>

enum { REPLY_MAX = 64 * 1024, LOGINS = 2, PHASES = 2 * RETRY_STALE };

static bool authorized(const struct ca_slot *c)
{
    const struct ca_ops *ops = c->ca->type->ops;
    return !ops->authorized || ops->authorized(c->ca, time_now());
}

static bool ask(struct executor *x, struct ca_slot *c, unsigned phase, struct err *err)
{
    struct ca_login *l = &c->login;
    uint8_t random[16];
    random_bytes(random, sizeof random);
    hex_encode(random, sizeof random, l->nonce);
    arena_reset(&l->arena);
    buf_release(&l->reply.body);
    l->call =
        (struct ca_call){.step = STEP_TOKEN, .phase = phase, .now = time_now(), .nonce = l->nonce};
    l->request =
        (struct ca_request){.call = &l->call, .arena = &l->arena, .body = BUF_INIT(REPLY_MAX)};
    l->reply = (struct ca_reply){.transport = OUTCOME_UNKNOWN,
                                 .body = BUF_INIT(REPLY_MAX),
                                 .retry_after_seconds = -1,
                                 .date = TIME_NONE};
    l->answer =
        (struct ca_result){.arena = &l->arena, .outcome = OUTCOME_UNKNOWN, .again_seconds = -1};
    l->exchange = (struct ca_exchange){&l->request, &l->reply, NULL};
    if (!c->ca->type->ops->request(c->ca, &l->call, &l->request, err)) {
        return false;
    }
    l->busy = true;
    wire_submit(x->wire, c->ca, &l->exchange);
    return true;
}

bool executor_logged_in(struct executor *x, struct ca_slot *c)
{
    struct err err = ERR_INIT;
    if (authorized(c)) {
        return true;
    }
    bool now = !c->login.busy && c->paused_until <= time_monotonic_ms();
    if (now && !ask(x, c, 0, &err)) {
        executor_stop_ca(x, c, err.msg);
    }
    return false;
}

/* A CA that never handed out a credential has none to replace: an access key does not get better by
 * being sent again. A late refusal of the one before finds a new one at hand. */
bool executor_may_log_in_again(const struct ca_slot *c)
{
    return c->login.ever && c->login.granted <= LOGINS && !c->stopped;
}

/* What waited asks now, or comes back when the CA may be asked again. */
static void wake(struct ca_slot *c, int64_t delay_ms)
{
    struct work_list waiting = {NULL, &waiting.first, 0};
    for (struct work *w; (w = work_list_take(&c->login.waiting)) != NULL;) {
        work_list_add(&waiting, w);
    }
    for (struct work *w; (w = work_list_take(&waiting)) != NULL;) {
        if (!delay_ms) {
            work_resume(w);
        } else if (w->challenge) {
            work_release(w); /* comes back by itself: the item has a timer of its own */
        } else {
            work_again(w, delay_ms);
        }
    }
}

static void try_later(struct ca_slot *c)
{
    struct ca_login *l = &c->login;
    int64_t asked =
        l->answer.again_seconds >= 0 ? l->answer.again_seconds : l->reply.retry_after_seconds;
    uint32_t random;
    random_bytes(&random, sizeof random);
    executor_pause_ca(c, retry_delay_ms(l->tries, asked, random), "no credential yet");
    int64_t left = c->paused_until - time_monotonic_ms();
    wake(c, left > 1 ? left : 1);
}

/* True: another request is under way, or the CA was given up over it. */
static bool goes_on(struct executor *x, struct ca_slot *c)
{
    struct ca_login *l = &c->login;
    struct err err = ERR_INIT;
    const bool stale = l->answer.stale && ++c->stale <= RETRY_STALE;
    const bool next = l->answer.outcome == OUTCOME_ACCEPTED && l->answer.phase;
    l->phases = next || stale ? l->phases + 1 : 0;
    if ((!next && !stale) || l->phases > PHASES) {
        return false;
    }
    if (!ask(x, c, stale ? 0 : l->answer.phase, &err)) {
        executor_stop_ca(x, c, err.msg);
    }
    return true;
}

static void act(struct executor *x, struct ca_slot *c)
{
    struct ca_login *l = &c->login;
    if (goes_on(x, c)) {
        return;
    }
    bool granted = l->answer.outcome == OUTCOME_ACCEPTED && authorized(c);
    bool later = l->answer.outcome == OUTCOME_THROTTLED || l->answer.outcome == OUTCOME_NOT_SENT ||
                 l->answer.outcome == OUTCOME_UNKNOWN;
    if (granted) {
        l->tries = 0;
        l->granted++;
        l->ever = !l->answer.no_credential;
        wake(c, 0);
    } else if (later && !l->reply.lasting && ++l->tries <= RETRY_NOT_SENT) {
        try_later(c);
    } else {
        const char *why = l->answer.message            ? l->answer.message
                          : l->reply.transport_message ? l->reply.transport_message
                                                       : "no credential was granted";
        executor_stop_ca(x, c, why);
    }
}

bool executor_login_answer(struct executor *x, const struct ca_exchange *e)
{
    for (size_t i = 0; i < x->ncas; i++) {
        struct ca_slot *c = &x->cas[i];
        if (e == &c->login.exchange) {
            c->login.busy = false;
            c->ca->type->ops->answer(c->ca, &c->login.call, &c->login.reply, &c->login.answer);
            buf_wipe(&c->login.request.body);
            buf_wipe(&c->login.reply.body); /* it holds the credential */
            act(x, c);
            return true;
        }
    }
    return false;
}
