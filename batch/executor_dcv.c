/* SPDX-License-Identifier: Apache-2.0
 *
 * See executor_dcv.h: beginning and end, hooks, the way of a challenge.
 */
#include "batch/executor_dcv.h"

#include "formats/base/str.h"

#include <stdlib.h>

enum {
    HOOKS = 8,    /* at a time */
    ACTIVE = 64,  /* challenges between asks and removes */
    PUMP_MS = 20, /* challenges are looked at so often */
    CLEANUP_MS = 60000,
    CLEANUP_STOPPED_MS = 15000 /* of a run that somebody wants to end */
};

struct item_record *challenge_item(const struct challenge *c)
{
    return c->x->slots[c->slot].record;
}

void challenge_fail(struct challenge *c, const char *text)
{
    if (!c->failure) {
        c->failure = arena_strdup(&c->x->dcv->arena, text);
    }
}

/* --- beginning and end of a run --- */
struct challenge *challenge_add(struct executor *x, uint32_t slot, const struct ca_dcv *settings,
                                const char *domain)
{
    struct dcv *d = x->dcv;
    struct challenge *c = arena_alloc(&d->arena, sizeof *c);
    struct challenge **last = &d->first;
    while (*last) {
        last = &(*last)->next;
    }
    *c = (struct challenge){.x = x,
                            .config = x->slots[slot].item->ca,
                            .settings = *settings,
                            .ca = executor_ca(x, x->slots[slot].item->ca),
                            .slot = slot,
                            .domain = arena_strdup(&d->arena, domain),
                            .base = dcv_base(&d->arena, domain)};
    *last = c;
    return c;
}

/* Begun by an earlier run and, as far as the journal knows, never removed. */
static void take_leftovers(struct executor *x)
{
    for (uint32_t i = 0; i < x->nslots; i++) {
        for (const struct dcv_record *r = x->slots[i].record->dcv; r; r = r->next) {
            struct ca_dcv settings;
            if (!r->published) {
                continue;
            }
            if (!dcv_settings(x->slots[i].item->ca, &settings)) {
                executor_note(x, "%.60s is still published, and no dcv hook is configured",
                              r->name);
                continue;
            }
            struct challenge *c = challenge_add(x, i, &settings, r->domain);
            c->ca = NULL;
            c->record = *r;
            c->published = true;
            c->phase = REMOVES;
        }
    }
}

void executor_dcv_begin(struct executor *x)
{
    x->dcv = xcalloc(1, sizeof *x->dcv);
    x->dcv->items = xcalloc(x->nslots + 1, sizeof *x->dcv->items);
    x->dcv->driven = xcalloc(x->ncas + 1, sizeof *x->dcv->driven);
    x->dcv->earlier = xcalloc(x->nslots + 1, sizeof *x->dcv->earlier);
    for (size_t i = 0; i < x->nslots; i++) {
        x->dcv->earlier[i] = x->slots[i].record->order_id != NULL;
    }
    environment_begin(&x->dcv->environment, &x->dcv->arena);
    take_leftovers(x);
}

bool executor_dcv_busy(const struct executor *x)
{
    return x->dcv->first != NULL;
}

void executor_dcv_end(struct executor *x)
{
    struct dcv *d = x->dcv;
    while (d->first) {
        (void)!executor_dcv(x);
        if (d->first) {
            wire_wait(x->wire, d->hooks ? pool_fd(d->hooks) : -1, PUMP_MS);
        }
    }
    if (d->hooks) {
        pool_free(d->hooks);
    }
    free(d->items);
    free(d->earlier);
    free(d->driven);
    free(d->active);
    arena_release(&d->arena);
    free(d);
    x->dcv = NULL;
}

/* --- hooks --- */
static void call_hook(struct challenge *c, const char *action, int64_t limit_ms)
{
    struct executor *x = c->x;
    struct dcv *d = x->dcv;
    if (!d->hooks) {
        d->hooks = pool_new(HOOKS);
    }
    c->hook = (struct dcv_hook){.settings = &c->settings,
                                .record = &c->record,
                                .environment = &d->environment,
                                .dir = x->batch->config.dir ? x->batch->config.dir : ".",
                                .action = action,
                                .order = challenge_item(c)->order_id,
                                .item = challenge_item(c)->id,
                                .ca = c->config->name,
                                .batch = x->history->batch,
                                .limit_ms = limit_ms,
                                .owner = c};
    c->busy = true;
    pool_submit(d->hooks, dcv_hook_run, &c->hook);
}

void challenge_publish(struct challenge *c)
{
    int64_t left = c->deadline - time_monotonic_ms();
    const int64_t most = c->settings.hook_seconds * 1000;
    left = most && most < left ? most : left;
    c->phase = PUBLISHES;
    call_hook(c, "present", left > 0 ? left : 1);
}

static void remove_record(struct challenge *c)
{
    bool stopped = c->x->draining || c->x->fatal.code != ERR_NONE;
    c->phase = REMOVES;
    call_hook(c, "cleanup", stopped ? CLEANUP_STOPPED_MS : CLEANUP_MS);
}

struct record challenge_journal(const struct challenge *c, const char *ev, const char *reply_class)
{
    return (struct record){.ev = ev,
                           .reply_class = reply_class,
                           .item = challenge_item(c)->id,
                           .domain = c->record.domain,
                           .record_type = dcv_kind_word(c->record.kind),
                           .record_name = c->record.name,
                           .record_value = c->record.value,
                           RECORD_NONE};
}

static bool record_removal(struct challenge *c)
{
    struct err err = ERR_INIT;
    struct record r = challenge_journal(c, DCV_CLEANUP, c->hook.ok ? "done" : "failed");
    r.message = c->hook.ok ? NULL : c->hook.err.msg;
    if (!runlog_add(c->x->log, &r, &err)) {
        err.code = ERR_INTERNAL;
        return executor_fatal(c->x, &err);
    }
    return true;
}

static void hook_ended(struct challenge *c)
{
    if (c->phase == REMOVES) {
        c->published = false;
        c->phase = OVER;
        if (!c->hook.ok) {
            executor_note(c->x, "%.60s is still published: %.200s", c->record.name,
                          c->hook.err.msg);
        }
    } else if (c->hook.ok) {
        c->phase = SPREADS;
        c->due = time_monotonic_ms() + c->settings.propagation_seconds * 1000;
    } else {
        challenge_fail(c, c->hook.err.msg);
    }
}

/* Records of all that ended together, one sync, then their next steps. */
static bool take_hooks(struct executor *x)
{
    struct challenge *ended[HOOKS];
    size_t n = 0;
    bool recorded = false;
    bool ok = true;
    struct dcv_hook *h;
    while (n < HOOKS && (h = x->dcv->hooks ? pool_next(x->dcv->hooks, 0) : NULL) != NULL) {
        struct challenge *c = h->owner;
        ended[n++] = c;
        c->busy = false;
        if (c->phase == REMOVES && x->fatal.code == ERR_NONE) {
            ok = record_removal(c) && ok;
            recorded = true;
        }
    }
    ok = ok && (!recorded || executor_sync(x));
    for (size_t i = 0; i < n; i++) {
        hook_ended(ended[i]);
    }
    return ok;
}

/* --- the way of a challenge --- */
/* The order waits no longer, or nobody waits for the order. */
bool challenge_leaves(const struct challenge *c)
{
    const struct item_slot *s = &c->x->slots[c->slot];
    enum item_state state = record_resume_state(s->record);
    bool waits = state == STATE_ORDERED || state == STATE_PENDING;
    return c->x->draining || c->x->fatal.code != ERR_NONE || c->failure || c->proven || s->done ||
           !waits || !c->ca || c->ca->stopped;
}

static void note_active(struct dcv *d, struct challenge *c)
{
    vec_reserve((void **)&d->active, &d->active_cap, d->nactive + 1, sizeof(struct challenge *));
    d->active[d->nactive++] = c;
}

static bool take_turn(struct challenge *c, int64_t now)
{
    struct dcv *d = c->x->dcv;
    for (size_t i = 0; i < d->nactive; i++) {
        if (str_eq(d->active[i]->base, c->base)) {
            return false;
        }
    }
    if (d->nactive >= ACTIVE) {
        return false;
    }
    note_active(d, c);
    c->phase = ASKS;
    c->deadline = now + c->settings.timeout_seconds * 1000;
    return true;
}

static void look_at_limit(struct challenge *c, int64_t now)
{
    bool ends_itself = c->busy && c->phase == PUBLISHES; /* the hook has the same limit */
    if (c->deadline && now >= c->deadline && !ends_itself && !challenge_leaves(c)) {
        challenge_fail(c, arena_printf(&c->x->dcv->arena, "%s was not proven within %lld s%s%s",
                                       c->domain, (long long)c->settings.timeout_seconds,
                                       c->words ? ": " : "", c->words ? c->words : ""));
    }
}

static void step(struct challenge *c, int64_t now)
{
    look_at_limit(c, now);
    if (c->busy) {
        if (c->phase == PUBLISHES && challenge_leaves(c)) {
            atomic_store(&c->hook.cancel, true);
        }
        return;
    }
    if (challenge_leaves(c)) {
        if (c->published) {
            remove_record(c);
        } else {
            c->phase = OVER;
        }
        return;
    }
    if (c->due > now) {
        return;
    }
    if (c->phase == ASKS || (c->phase == WAITS && take_turn(c, now))) {
        challenge_ask(c, STEP_CHALLENGE);
    } else if (c->phase == SPREADS) {
        challenge_ask(c, STEP_VALIDATE);
    }
}

bool executor_dcv(struct executor *x)
{
    struct dcv *d = x->dcv;
    int64_t now = time_monotonic_ms();
    if (!d->first) {
        return true;
    }
    if (now - d->pumped_ms < PUMP_MS) {
        return true;
    }
    bool ok = take_hooks(x);
    d->nactive = 0;
    for (struct challenge *c = d->first; c; c = c->next) {
        if (c->phase != WAITS && c->phase != OVER) {
            note_active(d, c);
        }
    }
    for (struct challenge **p = &d->first; *p;) {
        if ((*p)->phase != OVER) {
            step(*p, now);
        }
        if ((*p)->phase == OVER) {
            *p = (*p)->next;
        } else {
            p = &(*p)->next;
        }
    }
    d->pumped_ms = now;
    return ok;
}
