/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests. A request that changes something at a CA leaves in this order and no other: the
 * journal has room, the intent is recorded, the journal is synced, the clearance is redeemed for
 * exactly these bytes, the wire gets it, once.
 */
#include "batch/executor.h"

#include "formats/base/time.h"

#include <string.h>

enum { REPLY_MAX = 4 * 1024 * 1024 };

static void fill_order(struct work *w)
{
    const struct item_data *d = &w->data;
    const struct order *o = w->item->order;
    const struct change *change = w->x->batch->manifest.change;
    w->order = (struct ca_order){
        .item = w->item->id,
        .product = w->item->product_code,
        .action = w->item->action,
        .csr = w->csr,
        .spki_sha256 = w->spki,
        .common_name = d->common_name,
        .dn = d->dn,
        .ndn = d->ndn,
        .san = d->san,
        .nsan = d->nsan,
        .validity_seconds = w->item->validity_seconds,
        .prior_order = o->replaces ? o->replaces->order : NULL,
        .prior_serial = d->subject.serial,
        .prior_certificate = d->has_prior ? d->prior.der : (struct span){0},
        .organization_number = policy_organization_number(w->x->batch->policy, &d->subject),
        .ticket = change ? change->ticket : NULL,
        .comment = o->comment,
        .extra = o->extra,
        .ev = o->ev,
        .dcv = o->dcv,
        .smime = o->smime};
}

static void fill_revocation(struct work *w)
{
    const struct item_data *d = &w->data;
    const struct revocation *v = w->item->revocation;
    w->revoke = (struct ca_revocation){.item = w->item->id,
                                       .serial = d->subject.serial,
                                       .order = v->order,
                                       .reason = v->reason,
                                       .comment = v->comment,
                                       .invalidity_date = v->invalidity_date};
    if (d->has_prior) {
        w->revoke.certificate = d->prior.der;
    }
}

static void random_hex(char out[33])
{
    uint8_t random[16];
    random_bytes(random, sizeof random);
    hex_encode(random, sizeof random, out);
}

/* A CA that replays by key gets the same key for the same order, whatever became of the last
 * request; any other wants a fresh one each time. */
static void choose_client_key(struct work *w, enum ca_step step)
{
    const char *last = w->record->client_key;
    const unsigned caps = ca_caps(w->ca->ca);
    const bool by_key = step == STEP_REVOKE ? caps & (CA_KEYED | CA_REVOKE_AGAIN) : caps & CA_KEYED;
    const bool again = step == STEP_FIND || by_key;
    if (again && last && strlen(last) < sizeof w->client_key) {
        memcpy(w->client_key, last, strlen(last) + 1);
    } else if (step_changes_state(step)) {
        random_hex(w->client_key);
    }
}

static bool make_request(struct work *w, enum ca_step step, struct work_stand at, struct err *err)
{
    bool changes = step_changes_state(step);
    if (w->item->kind == ITEM_REVOCATION) {
        fill_revocation(w);
    } else {
        fill_order(w);
    }
    choose_client_key(w, step);
    random_hex(w->nonce);
    w->call = (struct ca_call){.step = step,
                               .order = w->item->kind == ITEM_ORDER ? &w->order : NULL,
                               .revoke = w->item->kind == ITEM_REVOCATION ? &w->revoke : NULL,
                               .order_id = at.order_id ? at.order_id : w->record->order_id,
                               .client_key = w->client_key[0] ? w->client_key : NULL,
                               .attempt = w->record->attempts + (changes ? 1 : 0),
                               .since = w->record->intent_time,
                               .page = at.page,
                               .domain = w->domain,
                               .proof = w->proof,
                               .phase = at.phase,
                               .looks = work_slot(w)->proving ? 0 : work_slot(w)->polls,
                               .now = time_now(),
                               .nonce = w->nonce};
    buf_release(&w->request.body);
    buf_release(&w->reply.body);
    w->request =
        (struct ca_request){.call = &w->call, .arena = &w->arena, .body = BUF_INIT(REPLY_MAX)};
    w->reply = (struct ca_reply){.transport = OUTCOME_UNKNOWN,
                                 .body = BUF_INIT(REPLY_MAX),
                                 .retry_after_seconds = -1,
                                 .date = TIME_NONE};
    w->answer = (struct ca_result){
        .arena = &w->arena, .outcome = OUTCOME_UNKNOWN, .again_seconds = -1, .settle_seconds = -1};
    w->exchange = (struct ca_exchange){&w->request, &w->reply, w};
    return w->ca->ca->type->ops->request(w->ca->ca, &w->call, &w->request, err);
}

bool work_request(struct work *w, enum ca_step step, struct err *err)
{
    return make_request(w, step, (struct work_stand){0}, err);
}

/* No credential: it is being asked for, or the CA is left alone for a while. */
static void wait_for_login(struct work *w)
{
    const int64_t left = w->ca->paused_until - time_monotonic_ms();
    if (w->ca->login.busy) {
        work_list_add(&w->ca->login.waiting, w);
    } else if (w->challenge) {
        work_release(w); /* comes back by itself */
    } else {
        work_again(w, left > 1 ? left : 1);
    }
}

/* The item stays where it is; an order does without its CA's word about the renewal. */
static void unasked(struct work *w, const char *why)
{
    if (w->wanted == STEP_RENEWAL) {
        renewal_unasked(w, why);
    } else {
        executor_cannot_ask(w->x, w, why);
        work_finish(w);
    }
}

void work_resume(struct work *w)
{
    struct err err = ERR_INIT;
    const bool ready = !w->ca->stopped && executor_logged_in(w->x, w->ca);
    if (w->ca->stopped) {
        work_finish(w); /* nothing was asked, nothing is known: the item stays where it is */
    } else if (!ready) {
        wait_for_login(w);
    } else if (!make_request(w, w->wanted, w->stand, &err)) {
        unasked(w, err.msg);
    } else {
        wire_submit(w->x->wire, w->ca->ca, &w->exchange);
    }
}

void work_ask(struct work *w, enum ca_step step)
{
    w->phases = 0;
    w->wanted = step;
    w->stand = (struct work_stand){0};
    work_resume(w);
}

void work_next_phase(struct work *w)
{
    if (w->answer.wants_csr && !w->csr.n) {
        work_submit(w, work_recall); /* and back here: act_recalled() */
        return;
    }
    w->stand = w->resend
                   ? (struct work_stand){w->call.phase, w->call.order_id, w->call.page}
                   : (struct work_stand){w->answer.phase, w->answer.order_id, w->answer.next_page};
    w->resend = false;
    w->wanted = w->call.step;
    w->phases++;
    work_resume(w);
}

/* --- state-changing requests --- */
void work_enqueue(struct work *w)
{
    if (w->ca->stopped) {
        work_finish(w);
    } else {
        work_list_add(&w->ca->queue, w);
    }
}

static bool record_intent(struct work *w)
{
    bool revocation = w->item->kind == ITEM_REVOCATION;
    struct record r = RECORD(revocation ? EV_REVOKE_INTENT : EV_INTENT, w->item->id);
    char digest[SHA256_HEX], spki[SHA256_HEX], cleared[SHA256_HEX];
    hex_encode(w->request.digest, SHA256_SIZE, digest);
    hex_encode(w->digest, SHA256_SIZE, cleared);
    hex_encode(w->spki, SHA256_SIZE, spki);
    r.action = w->item->action;
    r.ca = w->ca->ca->name;
    r.product = w->item->product_code;
    r.request_sha256 = digest;
    r.clearance = cleared;
    r.client_key = w->client_key;
    r.attempt = w->call.attempt;
    r.spki_sha256 = revocation ? NULL : spki;
    r.serial = revocation ? w->revoke.serial : NULL;
    return work_record(w, &r);
}

/* After trouble one order goes ahead of the others (a half-open breaker). */
static size_t in_flight_limit(const struct ca_slot *c)
{
    if (c->not_sent || c->throttled[1] || c->doubtful) {
        return 1;
    }
    return c->ca->type->caps & CA_EMBEDDED ? SIZE_MAX : ca_in_flight(c->config);
}

static bool open_for_orders(const struct ca_slot *c, int64_t now)
{
    return c->queue.n && !c->stopped && c->paused_until <= now && c->busy < in_flight_limit(c) &&
           budget_next(&c->budget) <= now;
}

/* Something can be done about the queue: send, or ask for the credential it waits for. */
static bool can_move(const struct ca_slot *c)
{
    const struct ca_ops *ops = c->ca ? c->ca->type->ops : NULL;
    return open_for_orders(c, time_monotonic_ms()) &&
           (!c->login.busy || !ops->authorized || ops->authorized(c->ca, time_now()));
}

bool executor_can_send(const struct executor *x)
{
    for (size_t i = 0; i < x->ncas; i++) {
        if (can_move(&x->cas[i]) || (x->draining && x->cas[i].queue.n)) {
            return true;
        }
    }
    return false;
}

bool executor_hungry(const struct executor *x)
{
    for (size_t i = 0; i < x->ncas; i++) {
        const struct ca_slot *c = &x->cas[i];
        if (c->ca && !c->busy && !c->queue.n && c->prepared >= in_flight_limit(c)) {
            return true;
        }
    }
    return false;
}

/* When the pace of a CA lets an order go. What waits for an answer or a credential is woken by it.
 */
int64_t executor_next_send(const struct executor *x)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < x->ncas; i++) {
        const struct ca_slot *c = &x->cas[i];
        const int64_t now = time_monotonic_ms();
        const int64_t held =
            c->paused_until > budget_next(&c->budget) ? c->paused_until : budget_next(&c->budget);
        if (c->queue.n && held > now && held < next) {
            next = held;
        }
    }
    return next;
}

static bool record_intents(struct executor *x, struct ca_slot *c, struct work_list *sent)
{
    struct err err = ERR_INIT;
    /* what a request needs may be used up by the one before it: a nonce */
    while (sent->n < x->round && open_for_orders(c, time_monotonic_ms()) &&
           executor_logged_in(x, c)) {
        struct work *w = work_list_take(&c->queue);
        enum ca_step step = w->item->kind == ITEM_REVOCATION ? STEP_REVOKE : STEP_ORDER;
        if (executor_canary_forbids(w)) {
            work_finish(w);
            continue;
        }
        if (!work_request(w, step, &err)) {
            work_trouble(w, EV_FAILED, "request", err.msg);
            continue;
        }
        if (!record_intent(w)) {
            work_release(w);
            return false;
        }
        work_slot(w)->sent = true;
        c->busy++;
        budget_take(&c->budget, time_monotonic_ms());
        work_list_add(sent, w);
    }
    return true;
}

static bool send_one(struct executor *x, struct work *w)
{
    struct err err = ERR_INIT;
    if (!clearance_redeem(w->clearance, w->digest, &err)) {
        return executor_fatal(x, &err);
    }
    wire_submit(x->wire, w->ca->ca, &w->exchange);
    return true;
}

static void release_queues(struct executor *x)
{
    for (size_t i = 0; i < x->ncas; i++) {
        for (struct work *w; (w = work_list_take(&x->cas[i].queue)) != NULL;) {
            work_release(w);
        }
        for (struct work *w; (w = work_list_take(&x->cas[i].login.waiting)) != NULL;) {
            work_release(w);
        }
    }
}

static bool record_and_sync(struct executor *x, struct work_list *sent)
{
    struct err err = ERR_INIT;
    if (!journal_reserve(x->log->journal, &err)) {
        return executor_fatal(x, &err);
    }
    for (size_t i = 0; i < x->ncas; i++) {
        struct ca_slot *c = &x->cas[i];
        if (!open_for_orders(c, time_monotonic_ms()) || !executor_logged_in(x, c)) {
            continue;
        }
        budget_begin(&c->budget);
        const bool recorded = record_intents(x, c, sent);
        budget_end(&c->budget);
        if (!recorded) {
            return false;
        }
    }
    return executor_sync(x);
}

bool executor_send(struct executor *x)
{
    struct work_list sent = {NULL, &sent.first, 0};
    if (x->draining) {
        release_queues(x);
        return true;
    }
    if (!executor_can_send(x)) {
        return true;
    }
    bool ok = record_and_sync(x, &sent);
    for (struct work *w; (w = work_list_take(&sent)) != NULL;) {
        ok = ok && send_one(x, w);
        if (!ok) {
            work_release(w);
        }
    }
    return ok;
}
