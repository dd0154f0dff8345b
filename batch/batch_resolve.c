/* SPDX-License-Identifier: Apache-2.0
 *
 * From what the manifest says to items: defaults merged, CA and product found, the action
 * decided, the files looked for. A row that does not resolve gets its findings and stays in the
 * batch as broken; the others go on.
 */
#include "batch/batch_parts.h"

#include "formats/base/time.h"
#include "formats/crl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct resolve {
    struct batch *b;
    struct findings *findings;
    struct arena scratch; /* certificates that are read only to decide */
};

#define RULE_SHAPE "manifest.schema"

/* --- CA and product --- */
static char *known_cas(const struct batch *b, struct arena *a)
{
    CLEANUP(buf_release) struct buf names = BUF_INIT(1024);
    for (size_t i = 0; i < b->config.ncas; i++) {
        buf_printf(&names, "%s%s", i ? ", " : "", b->config.cas[i].name);
    }
    return arena_strdup(a, buf_text(&names));
}

static const char *ca_name(const struct batch *b, const struct item *item)
{
    const char *own = item->kind == ITEM_ORDER ? item->order->ca : item->revocation->ca;
    if (own || b->manifest.ca) {
        return own ? own : b->manifest.ca;
    }
    return b->config.ncas == 1 ? b->config.cas[0].name : NULL;
}

static void resolve_ca(struct resolve *r, struct item *item)
{
    struct batch *b = r->b;
    const char *name = ca_name(b, item);
    const struct ca_config *ca = name ? config_ca(&b->config, name) : NULL;
    if (!name) {
        item_problem(b, item, r->findings, RULE_SHAPE, NULL,
                     "the item names no CA and the manifest has no default `ca:`; known: %s",
                     known_cas(b, &r->scratch));
    } else if (!ca) {
        item_problem(b, item, r->findings, RULE_SHAPE, "ca",
                     "the configuration has no CA \"%s\"; known: %s",
                     str_vis_dup(&r->scratch, name, strlen(name)), known_cas(b, &r->scratch));
    } else if (!ca->common.enabled) {
        item_problem(b, item, r->findings, RULE_SHAPE, "ca",
                     "CA \"%s\" is disabled in the configuration", name);
        ca = NULL;
    }
    item->ca = ca;
    item->broken = item->broken || !ca;
}

static const char *names_of_products(const struct ca_type *type, struct arena *a)
{
    CLEANUP(buf_release) struct buf names = BUF_INIT(1024);
    for (size_t i = 0; i < type->nproducts; i++) {
        buf_printf(&names, "%s%s", i ? ", " : "", type->products[i].name);
    }
    return arena_strdup(a, buf_text(&names));
}

/* A name whose code depends on the environment, at a CA whose environment is not known. */
static bool name_is_ambiguous(const struct item *item)
{
    const struct ca_type *type = item->ca->type;
    bool known = false;
    for (size_t i = 0; i < type->nproducts; i++) {
        known = known || str_eq(type->products[i].name, item->product_name);
    }
    return known && !item->product;
}

/* An unknown product is the business of rule product.known: a CA may sell what no table lists. */
static void resolve_product(struct resolve *r, struct item *item)
{
    const struct ca_type *type = item->ca->type;
    item->product_name = item->order->product ? item->order->product : ca_default_product(item->ca);
    if (!item->product_name && type->product_optional) {
        return;
    }
    if (!item->product_name) {
        item_problem(r->b, item, r->findings, RULE_SHAPE, "product",
                     "CA \"%s\" has no default product, so the order must name one; known: %s",
                     item->ca->name, names_of_products(type, &r->scratch));
        item->broken = true;
        return;
    }
    item->product = ca_product_of(item->ca, item->product_name);
    item->product_code = item->product ? item->product->code : item->product_name;
    if (!ca_environment(item->ca) && name_is_ambiguous(item)) {
        item_problem(r->b, item, r->findings, RULE_SHAPE, "product",
                     "product \"%s\" has another code in each environment, and which one CA "
                     "\"%s\" is cannot be told from its URL: write the code",
                     item->product_name, item->ca->name);
        item->broken = true;
    }
}

/* After everything was judged by the real CA: what the stand-in is told. A product it does not
 * have becomes its default, so that every batch can be rehearsed. */
static void resolve_twin(const struct batch *b, struct item *item)
{
    for (size_t i = 0; b->twins && item->ca && i < b->config.ncas; i++) {
        if (&b->config.cas[i] != item->ca) {
            continue;
        }
        const struct ca_type *type = b->twins[i]->type;
        const struct product_info *p =
            ca_product_find(type, NULL, item->product ? item->product->name : NULL);
        item->product_code = p ? p->code : type->default_product;
        item->ca = b->twins[i];
        return;
    }
}

/* --- action --- */
enum { ACTION_ABSENT = -1 };

static int wanted_action(const struct order *o)
{
    if (o->action != ACTION_ABSENT) {
        return o->action;
    }
    return o->replaces ? ACTION_RENEW : ACTION_NEW;
}

static const char *action_text(int action)
{
    static const char *const names[] = {
        [ACTION_NEW] = "new", [ACTION_RENEW] = "renew", [ACTION_REISSUE] = "reissue"};
    return names[action];
}

/* A renewal is one only inside the CA's window before expiry; outside it, and after expiry, the
 * same order is a reissue. */
static int window_action(const struct resolve *r, struct item *item, const struct cert *prior)
{
    char day[TIME_TEXT];
    struct arena *a = &r->b->arena;
    int64_t days = ca_renewal_window_days(item->ca);
    int64_t left = prior->not_after - batch_date(r->b, item);
    time_format_date(prior->not_after, day);
    if (left < 0) {
        item->action_why = arena_printf(a, "expired %s: a reissue instead of a renewal", day);
        return ACTION_REISSUE;
    }
    bool inside = left <= days * DAY_SECONDS;
    item->action_why =
        arena_printf(a, "expires %s, %s the %lld-day window%s", day, inside ? "inside" : "outside",
                     (long long)days, inside ? "" : ": a reissue instead of a renewal");
    return inside ? ACTION_RENEW : ACTION_REISSUE;
}

static void resolve_action(struct resolve *r, struct item *item, const struct cert *prior)
{
    int action = wanted_action(item->order);
    if (action == ACTION_RENEW && prior && item->ca) {
        action = window_action(r, item, prior);
    } else if (action == ACTION_RENEW) {
        item->action_why = "asked for; the expiry of the old certificate is not known here";
    } else {
        item->action_why = action == ACTION_NEW ? "new order" : "asked for";
    }
    item->action = action_text(action);
}

/* --- key --- */
static int type_by_token(const char *token)
{
    for (const struct word *w = key_type_words; token && w->text; w++) {
        if (str_eq(w->text, token)) {
            return w->value;
        }
    }
    return KEY_NONE;
}

static void resolve_key(struct resolve *r, struct item *item, const struct cert *prior)
{
    const struct order *o = item->order;
    if (o->csr || o->key_file) {
        item->key_type = KEY_NONE;
        return;
    }
    if (o->reuse_key) {
        item_problem(r->b, item, r->findings, RULE_SHAPE, "reuse_key",
                     "reuse_key needs the old key: name it with key_file");
        item->broken = true;
        return;
    }
    item->key_type = o->key ? o->key : prior ? type_by_token(prior->key.token) : KEY_NONE;
    item->key_type = item->key_type == KEY_NONE ? KEY_EC_P256 : item->key_type;
}

/* --- files --- */
static bool readable(struct resolve *r, const struct item *item, const char *key, const char *path)
{
    mode_t mode = 0;
    return !path || item_file_mode(r->b, item, key, path, &mode, r->findings);
}

/* NULL when there is none or it cannot be read (the item is broken then). */
static const struct cert *read_prior(struct resolve *r, struct item *item, struct cert *into)
{
    const char *key = NULL;
    const char *path = item_prior_path(item, &key);
    if (!path) {
        return NULL;
    }
    if (!item_certificate(r->b, item, key, path, &r->scratch, into, r->findings)) {
        item->broken = true;
        return NULL;
    }
    return into;
}

/* --- items --- */
static void resolve_order(struct resolve *r, struct item *item)
{
    struct cert prior;
    const struct cert *old = read_prior(r, item, &prior);
    resolve_ca(r, item);
    if (item->ca) {
        resolve_product(r, item);
        item_fields_check(r->b, item, &r->scratch, r->findings);
    }
    resolve_action(r, item, old);
    resolve_key(r, item, old);
    item->validity_seconds = item->order->validity;
    bool files = readable(r, item, "csr", item->order->csr);
    files = readable(r, item, "key_file", item->order->key_file) && files;
    item->broken = item->broken || !files;
    resolve_twin(r->b, item);
}

static void resolve_revocation(struct resolve *r, struct item *item)
{
    struct cert cert;
    const struct revocation *v = item->revocation;
    (void)read_prior(r, item, &cert);
    resolve_ca(r, item);
    item->action = "revoke";
    item->action_why = v->reason == REASON_NONE ? "no reason given"
                                                : arena_printf(&r->b->arena, "reason %s",
                                                               revocation_reason_name(v->reason));
    const struct item *after = v->after ? batch_item(r->b, v->after) : NULL;
    if (after && after->kind == ITEM_ORDER) {
        item->after = after->index; /* anything else is the business of rule batch.depends */
    }
    resolve_twin(r->b, item);
}

static int compare_ids(const void *pa, const void *pb, void *ctx)
{
    const struct item *items = ctx;
    uint32_t ia = *(const uint32_t *)pa;
    uint32_t ib = *(const uint32_t *)pb;
    int c = strcmp(items[ia].id, items[ib].id);
    return c ? c : (ia > ib) - (ia < ib);
}

static void make_items(struct batch *b)
{
    const struct manifest *m = &b->manifest;
    struct order *orders = m->orders.v;
    const struct revocation *revocations = m->revocations.v;
    b->norders = m->orders.n;
    b->nitems = m->orders.n + m->revocations.n;
    b->items = arena_array(&b->arena, b->nitems, sizeof *b->items);
    b->by_id = arena_array(&b->arena, b->nitems, sizeof *b->by_id);
    for (size_t i = 0; i < b->nitems; i++) {
        struct item *item = &b->items[i];
        *item = (struct item){.index = (uint32_t)i, .after = ITEM_NO_INDEX, .key_type = KEY_NONE};
        b->by_id[i] = (uint32_t)i;
        if (i < b->norders) {
            item->kind = ITEM_ORDER;
            order_take_defaults(&b->arena, &orders[i], m->defaults);
            item->order = &orders[i];
            item->id = orders[i].id;
            item->node = orders[i].node;
        } else {
            item->kind = ITEM_REVOCATION;
            item->revocation = &revocations[i - b->norders];
            item->id = item->revocation->id;
            item->node = item->revocation->node;
        }
        item->id = item->id ? item->id : "";
    }
    qsort_r(b->by_id, b->nitems, sizeof *b->by_id, compare_ids, b->items);
}

void items_resolve(struct batch *b, struct findings *findings)
{
    struct resolve r = {.b = b, .findings = findings, .scratch = ARENA_INIT};
    make_items(b);
    for (size_t i = 0; i < b->nitems; i++) {
        struct item *item = &b->items[i];
        (item->kind == ITEM_ORDER ? resolve_order : resolve_revocation)(&r, item);
        arena_reset(&r.scratch);
    }
    default_fields_check(b, findings);
    arena_release(&r.scratch);
}
