/* SPDX-License-Identifier: Apache-2.0
 *
 * What both APIs of CERTInext say in the same way: that an order is pending, the certificates of
 * one that is not, the steps of a search, the catalogue.
 */
#include "batch/ca/certinext_ops.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/cert.h"

#include <string.h>

void certinext_unknown(const struct certinext_heard *h, const char *why)
{
    certinext_say(h, OUTCOME_UNKNOWN, why);
}

enum { DOUBLINGS = 3 };

void certinext_look_again(const struct certinext_heard *h)
{
    const int64_t late = (int64_t)h->call->looks - h->config->pickup.retries;
    const int64_t doublings = late < 0 ? 0 : late < DOUBLINGS ? late : DOUBLINGS;
    h->out->pending = true;
    h->out->again_seconds = h->config->pickup.interval_seconds << doublings;
}

void certinext_still_pending(const struct certinext_heard *h, const char *message)
{
    certinext_look_again(h);
    h->out->message = message;
}

/* --- certificates --- */
bool certinext_take_pem(const struct certinext_heard *h, const char *pem,
                        struct certinext_certs *to)
{
    struct err err = ERR_INIT;
    struct cert *more = NULL;
    size_t n = 0;
    if (certinext_blank(pem)) {
        return true;
    }
    if (!certs_read(h->out->arena, "reply", (struct span){(const uint8_t *)pem, strlen(pem)}, &more,
                    &n, &err)) {
        return false;
    }
    for (size_t i = 0; i < n && to->n < LIMIT_CHAIN + 1; i++) {
        to->v[to->n++] = more[i];
    }
    return true;
}

static bool is_ours(const struct ca_order *o, const struct cert *c)
{
    return o && o->spki_sha256 && memcmp(c->key.sha256, o->spki_sha256, SHA256_SIZE) == 0;
}

/* The member it stood in is no proof. */
size_t certinext_leaf(const struct ca_order *o, const struct certinext_certs *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (is_ours(o, &c->v[i])) {
            return i;
        }
    }
    for (size_t i = 0; i < c->n; i++) {
        if (!c->v[i].is_ca) {
            return i;
        }
    }
    return 0;
}

bool certinext_has_key(const struct ca_order *o, const struct certinext_certs *c)
{
    return c->n && is_ours(o, &c->v[certinext_leaf(o, c)]);
}

/* A certificate that bears the name of the issuer that is missing and yet did not issue: it stays
 * behind the chain, so that the verifier sees what does not fit. */
static size_t namesake(struct cert *v, size_t chain, size_t n)
{
    for (size_t i = chain + 1; i < n && !cert_self_issued(&v[chain]); i++) {
        if (span_eq(v[i].subject.der, v[chain].issuer.der)) {
            const struct cert other = v[chain + 1];
            v[chain + 1] = v[i];
            v[i] = other;
            return 1;
        }
    }
    return 0;
}

void certinext_give(const struct certinext_heard *h, struct certinext_certs *c)
{
    size_t chain = 0;
    const size_t at = certinext_leaf(h->call->order, c);
    const struct cert leaf = c->v[at];
    memmove(c->v + 1, c->v, at * sizeof *c->v);
    c->v[0] = leaf;
    (void)chain_order(&leaf, c->v + 1, c->n - 1, &chain); /* a gap is the verifier's to report */
    chain += namesake(c->v, chain, c->n);
    h->out->certs = arena_array(h->out->arena, chain + 1, sizeof *h->out->certs);
    for (size_t i = 0; i <= chain; i++) {
        h->out->certs[i] = c->v[i].der;
    }
    h->out->ncerts = chain + 1;
    h->out->issued = true;
}

/* --- searches --- */
/* A server that promises ever more pages must not keep a search going for ever. */
enum { SEARCH_PAGES = 100 };

static void finish_search(const struct certinext_heard *h, const struct certinext_search *s)
{
    struct ca_result *out = h->out;
    out->found = arena_array(out->arena, s->hits.n, sizeof *out->found);
    for (size_t i = 0; i < s->hits.n; i++) {
        out->found[i] = (struct ca_found){arena_strdup(out->arena, s->hits.v[i]), TIME_NONE};
    }
    out->nfound = s->hits.n;
}

void certinext_search_on(const struct certinext_heard *h, struct certinext_search *s,
                         unsigned candidate)
{
    if (s->todo.n) {
        h->out->phase = candidate;
    } else if (s->page < s->pages && s->page < SEARCH_PAGES) {
        s->page++;
        h->out->phase = FIND_NEXT_REPORT;
    } else if (s->page < s->pages && !s->hits.n) {
        certinext_unknown(h, "the list of orders has too many pages to be searched");
        return;
    } else {
        finish_search(h, s);
        return;
    }
    h->out->next_page = certinext_search_write(h->out->arena, s);
    if (!h->out->next_page) {
        h->out->phase = 0;
        certinext_unknown(h, "the list of orders has too many candidates to be searched");
    }
}

void certinext_add_once(struct strlist *l, const char *id)
{
    if (!strlist_has(l, id)) {
        VEC_PUSH(l, id);
    }
}

/* A number goes into a request and into the cursor. */
bool certinext_is_number(const char *id)
{
    const size_t n = id ? strlen(id) : 0;
    return n && n <= 32 && strspn(id, "0123456789") == n;
}

/* --- the catalogue --- */
enum { PRICE_TERMS = 8 };

static const char *price_of(struct arena *a, const json_t *product)
{
    const char *price = certinext_text(a, product, "price");
    const char *term;
    json_t *v;
    size_t n = 0;
    const json_t *terms = certinext_member(product, "subscriptionPrice");
    if (price || !json_is_object(terms)) {
        return price;
    }
    json_object_foreach((json_t *)(uintptr_t)terms, term, v)
    {
        const char *cost = n++ < PRICE_TERMS ? certinext_text(a, v, "cost") : NULL;
        price = !cost   ? price
                : price ? arena_printf(a, "%s, %s: %s", price, term, cost)
                        : arena_printf(a, "%s: %s", term, cost);
    }
    return price;
}

void certinext_read_catalogue(const struct certinext_heard *h, const json_t *groups)
{
    struct ca_result *out = h->out;
    struct arena *a = out->arena;
    size_t most = 0;
    for (size_t g = 0; g < json_array_size(groups); g++) {
        most += json_array_size(certinext_member(json_array_get(groups, g), "products"));
    }
    out->sold = arena_array(a, most, sizeof *out->sold);
    for (size_t g = 0; g < json_array_size(groups); g++) {
        const json_t *group = json_array_get(groups, g);
        const json_t *products = certinext_member(group, "products");
        for (size_t i = 0; i < json_array_size(products); i++) {
            const json_t *p = json_array_get(products, i);
            struct ca_sold *row = &out->sold[out->nsold];
            *row = (struct ca_sold){.code = certinext_text(a, p, "productCode"),
                                    .name = certinext_text(a, p, "productName"),
                                    .category = certinext_text(a, group, "categoryName"),
                                    .type_id = certinext_text(a, p, "productTypeID"),
                                    .price = price_of(a, p),
                                    .currency = certinext_text(a, group, "currencyType")};
            out->nsold += row->code ? 1 : 0;
        }
    }
}
