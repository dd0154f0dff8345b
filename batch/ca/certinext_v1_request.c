/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies of requests of the V1 API (emSign Hub) but for orders: a block beside `meta` for each
 * call.
 */
#include "batch/ca/certinext_v1.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

static bool put_order_number(const struct certinext_asked *q, struct jw *j, const char *number)
{
    if (certinext_blank(number)) {
        return err_set(q->err, ERR_INPUT, "CERTInext is asked by order number, and there is none");
    }
    jw_str(j, "orderNumber", number);
    return true;
}

static bool put_track(const struct certinext_asked *q, struct jw *j, const char *number)
{
    jw_object(j, "orderDetails");
    bool ok = put_order_number(q, j, number);
    jw_end(j);
    return ok;
}

bool certinext_v1_track(const struct certinext_asked *q, struct jw *j)
{
    return put_track(q, j, q->call->order_id);
}

static const char *email(const struct certinext_asked *q)
{
    return certinext_setting_of(q, "requestor.email", q->config->requestor.email);
}

bool certinext_v1_fetch(const struct certinext_asked *q, struct jw *j)
{
    jw_object(j, "orderDetails");
    bool ok = put_order_number(q, j, q->call->order_id);
    certinext_put(j, "requestorEmail", email(q));
    jw_end(j);
    return ok;
}

bool certinext_v1_probe(const struct certinext_asked *q UNUSED, struct jw *j UNUSED)
{
    return true; /* meta says it all */
}

/* Some accounts answer with an empty list unless a group is named. */
bool certinext_v1_products(const struct certinext_asked *q, struct jw *j)
{
    jw_object(j, "productDetails");
    certinext_put(j, "groupNumber", q->config->group_number);
    jw_end(j);
    return true;
}

/* The zone of the CA's days is not documented: one day more. */
static void put_since(const struct certinext_asked *q, struct jw *j)
{
    char date[TIME_TEXT];
    if (q->call->since > DAY_SECONDS) {
        time_format_date(q->call->since - DAY_SECONDS, date);
        jw_str(j, "orderDateFrom", date);
    }
}

static void put_page(const struct certinext_asked *q, struct jw *j, uint64_t page)
{
    certinext_put_number(j, "pageNumber", (int64_t)page);
    certinext_put_number(j, "pageSize", q->config->page_size);
}

bool certinext_v1_inventory(const struct certinext_asked *q, struct jw *j)
{
    uint64_t page = 1;
    if (q->call->page && !str_u64(q->call->page, &page)) {
        return err_set(q->err, ERR_INTERNAL, "the inventory has no page of that name");
    }
    jw_object(j, "searchCriteria");
    put_since(q, j);
    put_page(q, j, page);
    jw_end(j);
    return true;
}

bool certinext_v1_find(const struct certinext_asked *q, struct jw *j)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(search_release) struct search s;
    const struct ca_order *o = q->call->order;
    if (!o || certinext_blank(certinext_domain(o))) {
        return certinext_lacks(q, "a common name to be looked for");
    }
    if (!search_read(&a, q->call->page, &s)) {
        return err_set(q->err, ERR_INTERNAL, "the search was lost between two requests");
    }
    jw_object(j, "searchCriteria");
    put_since(q, j);
    jw_str(j, "domainName", certinext_domain(o));
    put_page(q, j, s.page);
    jw_end(j);
    return true;
}

bool certinext_v1_find_track(const struct certinext_asked *q, struct jw *j)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(search_release) struct search s;
    if (!search_read(&a, q->call->page, &s) || !s.todo.n) {
        return err_set(q->err, ERR_INTERNAL, "the search was lost between two requests");
    }
    return put_track(q, j, s.todo.v[0]);
}

/* --- REVOKED, REVOKE, CANCEL --- */
static bool revocable(const struct certinext_asked *q)
{
    const struct ca_revocation *r = q->call->revoke;
    if (!r || certinext_blank(r->order)) {
        return err_set(q->err, ERR_INPUT,
                       "CERTInext revokes by order number and cannot be searched by serial number: "
                       "give `order:`");
    }
    return true;
}

bool certinext_v1_revoked(const struct certinext_asked *q, struct jw *j)
{
    return revocable(q) && put_track(q, j, q->call->revoke->order);
}

bool certinext_v1_revoke(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_revocation *r = q->call->revoke;
    const unsigned reason = r ? certinext_reason_id(r->reason) : 0;
    if (!revocable(q)) {
        return false;
    }
    if (!reason) {
        return certinext_no_reason(q, r->reason);
    }
    jw_object(j, "revocationDetails");
    bool ok = put_order_number(q, j, r->order);
    certinext_put(j, "requestorEmail", q->config->requestor.email);
    certinext_put_number(j, "revokeReasonId", reason);
    certinext_put_note(j, "revokeRemarks", r->comment, "revoked by certbatch");
    jw_end(j);
    return ok;
}

bool certinext_v1_cancel(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    jw_object(j, "orderDetails");
    bool ok = put_order_number(q, j, q->call->order_id);
    certinext_put_note(j, "rejectRemarks", o ? certinext_first(o->comment, o->ticket) : NULL,
                       "cancelled by certbatch");
    jw_end(j);
    return ok;
}
