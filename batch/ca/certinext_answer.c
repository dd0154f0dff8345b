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

/* --- searches --- */
/* A server that promises ever more pages must not keep a search going for ever. */
enum { SEARCH_PAGES = 100 };

void certinext_search_on(const struct certinext_heard *h, struct search *s, unsigned candidate)
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
        search_give(h->out, s);
        return;
    }
    h->out->next_page = search_write(h->out->arena, s);
    if (!h->out->next_page) {
        h->out->phase = 0;
        certinext_unknown(h, "the list of orders has too many candidates to be searched");
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
    const char *price = reply_text(a, product, "price");
    const char *term;
    json_t *v;
    size_t n = 0;
    const json_t *terms = reply_member(product, "subscriptionPrice");
    if (price || !json_is_object(terms)) {
        return price;
    }
    json_object_foreach((json_t *)(uintptr_t)terms, term, v)
    {
        const char *cost = n++ < PRICE_TERMS ? reply_text(a, v, "cost") : NULL;
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
        most += json_array_size(reply_member(json_array_get(groups, g), "products"));
    }
    out->sold = arena_array(a, most, sizeof *out->sold);
    for (size_t g = 0; g < json_array_size(groups); g++) {
        const json_t *group = json_array_get(groups, g);
        const json_t *products = reply_member(group, "products");
        for (size_t i = 0; i < json_array_size(products); i++) {
            const json_t *p = json_array_get(products, i);
            struct ca_sold *row = &out->sold[out->nsold];
            *row = (struct ca_sold){.code = reply_text(a, p, "productCode"),
                                    .name = reply_text(a, p, "productName"),
                                    .category = reply_text(a, group, "categoryName"),
                                    .type_id = reply_text(a, p, "productTypeID"),
                                    .price = price_of(a, p),
                                    .currency = reply_text(a, group, "currencyType")};
            out->nsold += row->code ? 1 : 0;
        }
    }
}
