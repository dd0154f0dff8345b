/* SPDX-License-Identifier: Apache-2.0
 *
 * See executor_dcv.h: what the polls of an order say about its names.
 */
#include "batch/executor_dcv.h"

#include "formats/base/str.h"
#include "policy/dcv.h"

static struct dcv_item *item_of(struct executor *x, uint32_t slot)
{
    struct dcv *d = x->dcv;
    if (!d->items[slot]) {
        d->items[slot] = arena_alloc(&d->arena, sizeof *d->items[slot]);
        *d->items[slot] = (struct dcv_item){.seen_ms = time_monotonic_ms()};
    }
    return d->items[slot];
}

/* Orders of earlier runs may be many and never complete: old ones are left alone, then what is
 * over the number. The age is looked at first, so that they do not use it up. */
static bool is_left_alone(struct work *w, const struct ca_dcv *s)
{
    struct dcv *d = w->x->dcv;
    size_t *driven = &d->driven[w->ca - w->x->cas];
    int64_t placed = w->record->intent_time;
    if (!d->earlier[w->slot]) {
        return false;
    }
    if (s->max_age_seconds && placed != TIME_NONE && time_now() - placed > s->max_age_seconds) {
        return true;
    }
    if (s->max_per_pass && *driven >= (size_t)s->max_per_pass) {
        return true;
    }
    ++*driven;
    return false;
}

static struct challenge *challenge_of(const struct dcv_item *item, const char *domain)
{
    struct challenge *c = item->first;
    while (c && !str_ieq(c->domain, domain)) {
        c = c->sibling;
    }
    return c;
}

static void look_at_domain(struct work *w, struct dcv_item *item, const struct ca_dcv *s,
                           const struct ca_domain *domain)
{
    struct challenge *c = challenge_of(item, domain->name);
    if (!c && domain->state != DOMAIN_VALIDATED) {
        c = challenge_add(w->x, w->slot, s, domain->name);
        c->proof = domain->proof ? arena_strdup(&w->x->dcv->arena, domain->proof) : NULL;
        c->sibling = item->first;
        item->first = c;
    }
    if (c && domain->state == DOMAIN_VALIDATED) {
        c->proven = true;
    } else if (c && domain->state == DOMAIN_REJECTED) {
        challenge_fail(
            c, arena_printf(&w->x->dcv->arena, "the CA rejects the proof of %s", c->domain));
    }
}

/* Once, when the order first shows names. */
static void decide(struct work *w, struct dcv_item *item, const struct ca_dcv *s, bool first_look)
{
    bool late = time_monotonic_ms() > item->seen_ms + s->challenge_seconds * 1000;
    if (!item->decided) {
        item->decided = true;
        item->left_alone = (late && !first_look) || is_left_alone(w, s);
    }
}

static void look_at_domains(struct work *w, struct dcv_item *item, const struct ca_dcv *s,
                            bool first_look)
{
    if (!w->answer.ndomains || w->x->draining) {
        return;
    }
    decide(w, item, s, first_look);
    for (size_t i = 0; i < w->answer.ndomains && !item->left_alone; i++) {
        look_at_domain(w, item, s, &w->answer.domains[i]);
    }
}

struct tally {
    size_t all, under_way, deferred;
    const char *failure;
};

static struct tally count(const struct dcv_item *item)
{
    struct tally t = {0};
    for (const struct challenge *c = item->first; c; c = c->sibling) {
        t.all++;
        t.under_way += c->phase != OVER;
        t.deferred += c->deferred;
        t.failure = c->failure ? c->failure : t.failure;
    }
    return t;
}

/* All names are proven: the certificate is waited for, but not for ever. */
static bool is_given_time(struct dcv_item *item, const struct ca_dcv *s)
{
    int64_t now = time_monotonic_ms();
    bool first = !item->proven_ms;
    item->proven_ms = first ? now : item->proven_ms;
    return first || now < item->proven_ms + s->issuance_seconds * 1000;
}

/* The manifest may say that the names are proven in another way. */
static bool is_ours(const struct work *w, struct ca_dcv *settings)
{
    const struct dcv_fields *f = w->item->order ? w->item->order->dcv : NULL;
    if (!dcv_settings(w->item->ca, settings)) {
        return false;
    }
    if (!f || f->method == DCV_NONE || (settings->chosen && f->method == DCV_WEBSITE)) {
        return true;
    }
    return f->method == (settings->http ? DCV_HTTP_01 : DCV_DNS);
}

bool executor_dcv_look(struct work *w)
{
    struct ca_dcv settings;
    struct item_slot *slot = work_slot(w);
    bool first_look = !w->x->dcv->items[w->slot];
    if (!is_ours(w, &settings)) {
        return true;
    }
    struct dcv_item *item = item_of(w->x, w->slot);
    look_at_domains(w, item, &settings, first_look);
    const struct tally t = count(item);
    slot->proving = t.under_way > 0;
    if (t.under_way) {
        slot->polls = 0; /* something is going on: no long waits */
        return true;
    }
    if (t.failure) {
        work_trouble(w, EV_FAILED, "dcv", t.failure);
        return false;
    }
    if (t.all && !t.deferred && !is_given_time(item, &settings)) {
        work_finish(w);
        return false;
    }
    return true;
}
