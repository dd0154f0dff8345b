/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of orders of the V2 API (REST): whole for an inventory, searched for an order whose
 * reply was lost.
 *
 * A page beyond the last is the last once more, so the number of pages ends a list. Rows tell
 * their state in display texts. They do not show the CSR: an order is ours by the tag that holds
 * its key, and where the CA shows no tags, by the key of its certificate.
 */
#include "batch/ca/certinext_v2.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/cert.h"

#include <string.h>

static uint64_t pages_of(const struct certinext_heard *h, uint64_t page)
{
    const uint64_t shown = reply_number(h->body, "page", page);
    return shown < page ? page : reply_number(h->body, "totalPages", page);
}

static const json_t *rows_of(const struct certinext_heard *h)
{
    return reply_member(h->body, "content");
}

/* --- FIND --- */
enum mine { NOT_OURS, OURS, PERHAPS };

static enum mine by_tags(const json_t *row, const struct ca_order *o)
{
    const json_t *tags = reply_member(row, "tags");
    char tag[CERTINEXT_TAG];
    certinext_v2_tag(o, tag);
    for (size_t i = 0; i < json_array_size(tags); i++) {
        const char *text = json_string_value(json_array_get(tags, i));
        if (o->spki_sha256 && str_eq(text, tag)) {
            return OURS;
        }
    }
    return json_array_size(tags) ? NOT_OURS : PERHAPS; /* every order of ours has some */
}

static bool may_be_ours(struct arena *a, const json_t *row, const char *common_name)
{
    const char *name = reply_text(a, row, "domainName");
    const enum certinext_class order = certinext_text_class(reply_text(a, row, "orderStatus"));
    const enum certinext_class certificate =
        certinext_text_class(reply_text(a, row, "certificateStatus"));
    const bool failed =
        certificate == CLASS_FAILED ||
        (order == CLASS_FAILED && certificate != CLASS_DOWNLOAD && certificate != CLASS_REVOKED);
    return !failed && (!name || !common_name || str_ieq(name, common_name));
}

static void look_at(const struct certinext_heard *h, const json_t *row, struct search *s)
{
    struct arena *a = h->out->arena;
    const struct ca_order *o = h->call->order;
    const char *id = reply_text(a, row, "orderNumber"); /* a draft has none */
    if (!certinext_is_number(id) || !may_be_ours(a, row, certinext_domain(o))) {
        return;
    }
    switch (by_tags(row, o)) {
    case OURS:
        search_add_once(&s->hits, id);
        break;
    case PERHAPS:
        if (!strlist_has(&s->hits, id)) {
            VEC_PUSH(&s->todo, id);
        }
        break;
    case NOT_OURS:
        break;
    }
}

static bool has_our_key(const struct certinext_heard *h)
{
    struct arena *a = h->out->arena;
    struct reply_certs all = {arena_array(a, LIMIT_CHAIN + 1, sizeof *all.v), 0};
    return reply_take_pem(h->out->arena, reply_text(a, h->body, "certificatePem"), &all) &&
           reply_has_key(h->call->order, &all);
}

void certinext_v2_found(const struct certinext_heard *h)
{
    CLEANUP(search_release) struct search s = {0};
    const json_t *rows = rows_of(h);
    if (!search_read(h->out->arena, h->call->page, &s) || (h->body && !json_is_array(rows))) {
        certinext_unknown(h, "the reply is no list of orders");
        return;
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        look_at(h, json_array_get(rows, i), &s);
    }
    s.pages = json_array_size(rows) ? pages_of(h, s.page) : s.page;
    certinext_search_on(h, &s, FIND_KEY);
}

/* Without a certificate, or with none of our key, the candidate is not known to be ours. A reissue
 * has one candidate, the order it stays in. */
void certinext_v2_key_seen(const struct certinext_heard *h)
{
    CLEANUP(search_release) struct search s = {.page = 1, .pages = 1};
    const char *prior = certinext_v2_prior(h->own, h->call->order);
    if (prior) {
        VEC_PUSH(&s.todo, prior);
    } else if (!search_read(h->out->arena, h->call->page, &s) || !s.todo.n) {
        certinext_unknown(h, "the search was lost between two requests");
        return;
    }
    if (has_our_key(h)) {
        search_add_once(&s.hits, s.todo.v[0]);
    }
    s.todo.n--;
    memmove(s.todo.v, s.todo.v + 1, s.todo.n * sizeof *s.todo.v);
    certinext_search_on(h, &s, FIND_KEY);
}

/* --- INVENTORY --- */
/* "12345", decimal as it is live; with letters it is hexadecimal already. */
static const char *serial_of(struct arena *a, const char *text)
{
    if (!text) {
        return NULL;
    }
    const bool decimal = strspn(text, "0123456789") == strlen(text);
    return serial_normal(a, decimal ? arena_printf(a, "dec:%.64s", text) : text);
}

static const char *status_of(struct arena *a, const json_t *row)
{
    const char *order = reply_text(a, row, "orderStatus");
    const char *certificate = reply_text(a, row, "certificateStatus");
    return order && certificate ? arena_printf(a, "%.100s, %.100s", order, certificate)
                                : certinext_first(order, certificate);
}

static void read_row(struct arena *a, const json_t *row, struct ca_listed *out)
{
    const enum certinext_class certificate =
        certinext_text_class(reply_text(a, row, "certificateStatus"));
    *out = (struct ca_listed){.order_id = reply_text(a, row, "orderNumber"),
                              .request = reply_text(a, row, "requestNumber"),
                              .status = status_of(a, row),
                              .common_name = reply_text(a, row, "domainName"),
                              .serial = serial_of(a, reply_text(a, row, "certificateSerialNumber")),
                              .product = reply_text(a, row, "productCode"),
                              .organization = reply_text(a, row, "organizationName"),
                              .issuer = reply_text(a, row, "issuerCA"),
                              .ordered = reply_time(a, row, "orderDate"),
                              .not_after = reply_time(a, row, "certificateExpiryDate"),
                              .revoked = certificate == CLASS_REVOKED,
                              .expired = certificate == CLASS_EXPIRED};
}

void certinext_v2_listed(const struct certinext_heard *h)
{
    struct ca_result *out = h->out;
    uint64_t page = 1;
    const json_t *rows = rows_of(h);
    const size_t n = json_array_size(rows);
    if ((h->call->page && !str_u64(h->call->page, &page)) || (h->body && !json_is_array(rows))) {
        certinext_unknown(h, "the reply is no list of orders");
        return;
    }
    out->listed = arena_array(out->arena, n, sizeof *out->listed);
    for (size_t i = 0; i < n; i++) {
        struct ca_listed *row = &out->listed[out->nlisted];
        read_row(out->arena, json_array_get(rows, i), row);
        out->nlisted += row->expired && h->config->ignore_expired ? 0 : 1;
    }
    if (n && page < pages_of(h, page)) {
        out->next_page = arena_printf(out->arena, "%llu", (unsigned long long)page + 1);
    }
}
