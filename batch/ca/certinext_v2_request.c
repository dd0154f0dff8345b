/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests of the V2 API (REST) but for orders: the pieces of addresses, and the bodies of the
 * calls that have one.
 */
#include "batch/ca/certinext_v2.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

static const char *const families[FAMILY__MAX] = {
    [FAMILY_SSL] = "ssl-certificates",
    [FAMILY_PRIVATE] = "private-pki-certificates",
    [FAMILY_OTHER] = "signature-certificates",
};

enum certinext_family certinext_v2_place(const struct certinext *c, const char *order_id)
{
    for (size_t i = 0; i < FAMILY__MAX; i++) {
        if (strlist_has(&c->places[i], order_id)) {
            return (enum certinext_family)i;
        }
    }
    return FAMILY_SSL;
}

/* --- addresses --- */
static enum certinext_family family_of(const struct certinext_asked *q)
{
    const struct ca_call *call = q->call;
    const struct product_info *product;
    if (call->step == STEP_REVOKED) {
        return (enum certinext_family)call->phase;
    }
    if (call->step == STEP_REVOKE) {
        return call->revoke ? certinext_v2_place(q->own, call->revoke->order) : FAMILY_SSL;
    }
    return call->order ? certinext_family_of(q->own, call->order, &product) : FAMILY_SSL;
}

/* Private PKI has no call for it. */
const char *certinext_v2_prior(const struct certinext *c, const struct ca_order *o)
{
    const struct product_info *product;
    const bool reissue = o && str_eq(o->action, "reissue") && !certinext_blank(o->prior_order);
    return reissue && certinext_family_of(c, o, &product) == FAMILY_SSL ? o->prior_order : NULL;
}

/* The order that a step is about. The candidate of a search stands in its cursor; one that reissues
 * looks at the order it was to change. */
static bool order_of(const struct certinext_asked *q, struct arena *a, const char **id)
{
    CLEANUP(search_release) struct search s = {0};
    const struct ca_call *call = q->call;
    const bool revocation = call->step == STEP_REVOKED || call->step == STEP_REVOKE;
    if (revocation && (!call->revoke || certinext_blank(call->revoke->order))) {
        return err_set(q->err, ERR_INPUT,
                       "CERTInext revokes by order number and cannot be searched by serial number: "
                       "give `order:`");
    }
    *id = revocation ? call->revoke->order : call->order_id;
    if (call->step == STEP_FIND) {
        const char *prior = certinext_v2_prior(q->own, q->call->order);
        const bool stands = prior || (search_read(a, call->page, &s) && s.todo.n);
        *id = prior ? prior : stands ? s.todo.v[0] : NULL;
        return stands || err_set(q->err, ERR_INTERNAL, "the search was lost between two requests");
    }
    return !certinext_blank(*id) ||
           err_set(q->err, ERR_INPUT, "CERTInext is asked by order number, and there is none");
}

bool certinext_v2_id(const struct certinext_asked *q, struct buf *b)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *id;
    if (!order_of(q, &a, &id)) {
        return false;
    }
    request_put_escaped(b, id);
    return true;
}

bool certinext_v2_family(const struct certinext_asked *q, struct buf *b)
{
    buf_puts(b, families[family_of(q)]);
    return true;
}

/* Where an order is placed, or a paid one issued again. */
bool certinext_v2_orders(const struct certinext_asked *q, struct buf *b)
{
    const char *prior = certinext_v2_prior(q->own, q->call->order);
    buf_puts(b, families[family_of(q)]);
    if (prior) {
        buf_putc(b, '/');
        request_put_escaped(b, prior);
        buf_puts(b, "/reissue");
    }
    return true;
}

/* The zone of the CA's days is not documented: one day more. */
static void put_since(const struct certinext_asked *q, struct buf *b)
{
    char date[TIME_TEXT];
    if (q->call->since > DAY_SECONDS) {
        time_format_date(q->call->since - DAY_SECONDS, date);
        buf_printf(b, "&from=%s", date);
    }
}

static void put_page(const struct certinext_asked *q, struct buf *b, uint64_t page, int64_t size)
{
    buf_printf(b, "page=%llu&size=%lld", (unsigned long long)page, (long long)size);
    put_since(q, b);
}

/* The list has no filter for names. */
bool certinext_v2_search(const struct certinext_asked *q, struct buf *b)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(search_release) struct search s = {0};
    const struct ca_order *o = q->call->order;
    if (!o || certinext_blank(certinext_domain(o))) {
        return certinext_lacks(q, "a common name to be looked for");
    }
    if (!search_read(&a, q->call->page, &s)) {
        return err_set(q->err, ERR_INTERNAL, "the search was lost between two requests");
    }
    put_page(q, b, s.page, CERTINEXT_V2_PAGE);
    return true;
}

bool certinext_v2_list(const struct certinext_asked *q, struct buf *b)
{
    const int64_t size = q->config->page_size;
    uint64_t page = 1;
    if (q->call->page && !str_u64(q->call->page, &page)) {
        return err_set(q->err, ERR_INTERNAL, "the inventory has no page of that name");
    }
    put_page(q, b, page, size > CERTINEXT_V2_PAGE ? CERTINEXT_V2_PAGE : size);
    return true;
}

/* Some accounts answer with an empty list unless a group is named. */
bool certinext_v2_group(const struct certinext_asked *q, struct buf *b)
{
    if (!certinext_blank(q->config->group_number)) {
        buf_puts(b, "?groupNumber=");
        request_put_escaped(b, q->config->group_number);
    }
    return true;
}

bool certinext_v2_domain(const struct certinext_asked *q, struct buf *b)
{
    if (certinext_blank(q->call->domain)) {
        return err_set(q->err, ERR_INTERNAL, "no name was given whose control is to be proven");
    }
    request_put_escaped(b, q->call->domain);
    return true;
}

static bool is_draft(const struct certinext_asked *q)
{
    return certinext_order_flag(q->call->order, "save_and_hold", false);
}

bool certinext_v2_ending(const struct certinext_asked *q, struct buf *b)
{
    buf_puts(b, is_draft(q) ? "reject" : "cancel");
    return true;
}

/* --- bodies --- */
bool certinext_v2_validate(const struct certinext_asked *q, struct jw *j)
{
    if (certinext_blank(q->call->domain)) {
        return err_set(q->err, ERR_INTERNAL, "no name was given whose control is to be proven");
    }
    jw_str(j, "domain", q->call->domain);
    jw_str(j, "method", "dns-txt");
    return true;
}

bool certinext_v2_revoke(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_revocation *r = q->call->revoke;
    const char *word = r ? certinext_reason_word(r->reason) : NULL;
    if (r && !word) {
        return certinext_no_reason(q, r->reason);
    }
    if (r) { /* else the address says what is missing */
        jw_str(j, "reason", word);
        certinext_put_note(j, "note", r->comment, "revoked by certbatch");
    }
    return true;
}

bool certinext_v2_cancel(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    certinext_put_note(j, "reason", o ? certinext_first(o->comment, o->ticket) : NULL,
                       "cancelled by certbatch");
    return true;
}
