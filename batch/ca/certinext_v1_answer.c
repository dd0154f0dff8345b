/* SPDX-License-Identifier: Apache-2.0
 *
 * What successful replies of the V1 API (emSign Hub) say. A failure never gets here: the reply as a
 * whole was judged in certinext_ops.c.
 *
 * A state is read from its numbers; the words beside them are for people. A number that no table
 * knows leaves an order pending: it was paid for, and only the CA can end it.
 */
#include "batch/ca/certinext_v1.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/cert.h"
#include "formats/der.h"

#include <string.h>

static const json_t *details(const struct certinext_heard *h)
{
    return reply_member(h->body, "orderDetails");
}

/* --- ORDER --- */
void certinext_v1_ordered(const struct certinext_heard *h)
{
    struct arena *a = h->out->arena;
    const char *request = reply_text(a, details(h), "requestNumber");
    h->out->order_id = reply_text(a, details(h), "orderNumber");
    if (!h->out->order_id) {
        /* a draft, or worse: the list of orders will show it once it has a number */
        certinext_unknown(h, arena_printf(a, "CERTInext gave the order no number%s%.64s",
                                          request ? ", only the request number " : "",
                                          request ? request : ""));
        return;
    }
    h->out->pending = true;
    h->out->again_seconds = h->config->pickup.first_seconds;
}

/* --- the state of an order --- */
struct state {
    struct certinext_status order, certificate;
    const char *shown; /* "Order Accepted, Pending for Approver" */
    const char *open;  /* names whose validation is open: "a.example, b.example" */
    bool revoke_done, revoke_refused, revoke_open;
};

enum { OPEN_NAMES = 10 };

/* `domainVerification` has a text member `status` beside an object for each name. */
static const char *open_names(struct arena *a, const json_t *verification)
{
    const char *list = NULL;
    size_t n = 0;
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)verification, name, v)
    {
        if (!json_is_object(v) || reply_number(v, "dcvStatus", 0) == 1 || n++ >= OPEN_NAMES) {
            continue;
        }
        list = list ? arena_printf(a, "%s, %.253s", list, name) : arena_printf(a, "%.253s", name);
    }
    return n > OPEN_NAMES ? arena_printf(a, "%s and %zu more", list, n - OPEN_NAMES) : list;
}

static const char *shown(struct arena *a, const json_t *d, const char *member,
                         struct certinext_status s)
{
    const char *text = reply_text(a, d, member);
    return text     ? arena_printf(a, "%.100s", text)
           : s.text ? s.text
                    : arena_printf(a, "state %llu", (unsigned long long)s.id);
}

static void read_state(const struct certinext_heard *h, struct state *s)
{
    struct arena *a = h->out->arena;
    const json_t *d = details(h);
    const json_t *revocation = reply_member(d, "revocationDetails");
    const uint64_t request = reply_number(revocation, "revokeRequestStatusId", 0);
    *s = (struct state){.order = certinext_order_status(reply_number(d, "orderStatusId", 0)),
                        .certificate =
                            certinext_certificate_status(reply_number(d, "certificateStatusId", 0)),
                        .open = open_names(a, reply_member(d, "domainVerification"))};
    s->shown = arena_printf(a, "%s, %s", shown(a, d, "orderStatus", s->order),
                            shown(a, d, "certificateStatus", s->certificate));
    s->revoke_done = certinext_revoke_request_done(request);
    s->revoke_refused = certinext_revoke_request_refused(request);
    s->revoke_open = request && !s->revoke_done && !s->revoke_refused;
}

/* The certificate's state counts before the order's: an order is never given up while there may
 * be a certificate. */
static enum certinext_class class_of(const struct state *s)
{
    const enum certinext_class c = s->certificate.class;
    if (s->revoke_done) {
        return CLASS_REVOKED;
    }
    if (c == CLASS_DOWNLOAD || c == CLASS_EXPIRED || c == CLASS_REVOKED || c == CLASS_FAILED) {
        return c;
    }
    if (s->order.class == CLASS_FAILED) {
        return CLASS_FAILED;
    }
    /* fulfilled, whatever the certificate's number means */
    return c == CLASS_UNKNOWN && s->order.class == CLASS_DOWNLOAD ? CLASS_DOWNLOAD : c;
}

/* --- POLL --- */
static const char *pending_text(const struct certinext_heard *h, const struct state *s,
                                enum certinext_class class)
{
    struct arena *a = h->out->arena;
    if (s->open && class != CLASS_ATTENTION) {
        return arena_printf(a, "%s; domain control validation is open for %s%s", s->shown, s->open,
                            h->config->dcv.enabled ? "" : " (dcv is not enabled)");
    }
    return class == CLASS_ATTENTION ? arena_printf(a, "%s; a person has to act", s->shown)
                                    : s->shown;
}

void certinext_v1_tracked(const struct certinext_heard *h)
{
    struct state s;
    if (!json_is_object(details(h))) {
        certinext_unknown(h, "the reply tells no state of the order");
        return;
    }
    read_state(h, &s);
    const enum certinext_class class = class_of(&s);
    switch (class) {
    case CLASS_DOWNLOAD:
    case CLASS_EXPIRED:
        h->out->phase = POLL_FETCH;
        h->out->message = s.shown;
        break;
    case CLASS_FAILED:
    case CLASS_REVOKED:
        h->out->outcome = OUTCOME_REFUSED;
        h->out->revoked = class == CLASS_REVOKED;
        h->out->message = s.shown;
        break;
    case CLASS_PENDING:
    case CLASS_ATTENTION:
    case CLASS_UNKNOWN:
        certinext_still_pending(h, pending_text(h, &s, class));
        certinext_v1_domains(h, reply_member(details(h), "domainVerification"));
        break;
    }
}

/* --- certificates --- */
void certinext_v1_fetched(const struct certinext_heard *h)
{
    struct arena *a = h->out->arena;
    const json_t *d = reply_member(h->body, "certificateDetails");
    const char *leaf = reply_text(a, d, "endEntityCertificate");
    struct reply_certs all = {arena_array(a, LIMIT_CHAIN + 1, sizeof *all.v), 0};
    if (!leaf) {
        certinext_still_pending(h, "the certificate is not there yet");
        return;
    }
    if (!reply_take_pem(h->out->arena, leaf, &all) || !all.n) {
        certinext_unknown(h, "the reply holds a certificate that does not decode");
        return;
    }
    /* without its chain a certificate is still the one that was ordered */
    (void)(reply_take_pem(h->out->arena, reply_text(a, d, "caCertificate"), &all) &&
           reply_take_pem(h->out->arena, reply_text(a, d, "rootCertificate"), &all));
    reply_give(h->out, h->call->order, &all);
}

/* --- FIND --- */
static uint64_t pages_of(const json_t *d, uint64_t page, size_t rows, int64_t page_size)
{
    const uint64_t more = rows && (int64_t)rows >= page_size ? page + 1 : page;
    return reply_number(d, "noOfPages", more);
}

/* By the tag that the order was placed with, which names the attempt. */
static bool is_this_attempt(const json_t *row, const char *client_key)
{
    const json_t *tags = reply_member(row, "tags");
    char reference[CERTINEXT_REFERENCE];
    certinext_v1_reference(client_key, reference);
    for (size_t i = 0; client_key && i < json_array_size(tags); i++) {
        if (str_eq(json_string_value(json_array_get(tags, i)), reference)) {
            return true;
        }
    }
    return false;
}

/* One that failed may be of an earlier attempt with the same CSR: adopted, it would hide the order
 * that is looked for. */
static bool may_be_ours(const struct certinext_heard *h, const json_t *row)
{
    struct arena *a = h->out->arena;
    const char *common_name = certinext_domain(h->call->order);
    const char *name = reply_text(a, row, "domainName");
    const struct certinext_status order =
        certinext_order_status(reply_number(row, "orderStatusId", 0));
    const struct certinext_status certificate =
        certinext_certificate_status(reply_number(row, "certificateStatusId", 0));
    const bool failed = certificate.class == CLASS_FAILED ||
                        (order.class == CLASS_FAILED && certificate.class != CLASS_DOWNLOAD &&
                         certificate.class != CLASS_REVOKED);
    return (!failed || is_this_attempt(row, h->call->client_key)) &&
           (!name || !common_name || str_ieq(name, common_name));
}

void certinext_v1_found(const struct certinext_heard *h)
{
    struct arena *a = h->out->arena;
    CLEANUP(search_release) struct search s;
    const json_t *d = details(h);
    const json_t *rows = reply_member(d, "ordersArray");
    if (!search_read(a, h->call->page, &s) || (d && !json_is_object(d))) {
        certinext_unknown(h, "the reply is no list of orders");
        return;
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *id = reply_text(a, row, "orderNumber"); /* a draft has none */
        if (certinext_is_number(id) && may_be_ours(h, row) && !strlist_has(&s.hits, id)) {
            VEC_PUSH(&s.todo, id);
        }
    }
    s.pages = pages_of(d, s.page, json_array_size(rows), h->config->page_size);
    s.pages = json_array_size(rows) ? s.pages : s.page; /* an empty page is the last */
    certinext_search_on(h, &s, FIND_TRACK);
}

/* The body of a PEM text, or base64 without frame, whatever stands between its characters. */
static bool csr_of(const char *text, struct buf *der)
{
    CLEANUP(buf_release) struct buf base64 = BUF_INIT(2 * LIMIT_CSR_BYTES);
    const char *begin = strstr(text, "-----BEGIN");
    begin = begin ? strstr(begin + strlen("-----BEGIN"), "-----") : NULL;
    begin = begin ? begin + strlen("-----") : text;
    for (const char *p = begin; *p && *p != '-'; p++) {
        if (!strchr(" \t\r\n", *p)) {
            buf_putc(&base64, *p);
        }
    }
    return !buf_failed(&base64) && base64_decode(der, buf_text(&base64), base64.n) && der->n;
}

void certinext_v1_find_tracked(const struct certinext_heard *h)
{
    CLEANUP(search_release) struct search s;
    CLEANUP(buf_release) struct buf der = BUF_INIT(2 * LIMIT_CSR_BYTES);
    const char *csr = h->body ? reply_text(h->out->arena, details(h), "csr") : NULL;
    if (!search_read(h->out->arena, h->call->page, &s) || !s.todo.n) {
        certinext_unknown(h, "the search was lost between two requests");
        return;
    }
    if (csr && csr_of(csr, &der) && span_eq(buf_span(&der), h->call->order->csr)) {
        search_add_once(&s.hits, s.todo.v[0]);
    }
    s.todo.n--;
    memmove(s.todo.v, s.todo.v + 1, s.todo.n * sizeof *s.todo.v);
    certinext_search_on(h, &s, FIND_TRACK);
}

/* --- REVOKED --- */
void certinext_v1_state(const struct certinext_heard *h)
{
    struct state s;
    if (!json_is_object(details(h))) {
        certinext_unknown(h, "the reply tells no state of the order");
        return;
    }
    read_state(h, &s);
    const enum certinext_class class = class_of(&s);
    h->out->message = s.shown;
    h->out->revoked = class == CLASS_REVOKED;
    if (class == CLASS_FAILED || (class == CLASS_PENDING && s.order.class == CLASS_PENDING)) {
        h->out->outcome = OUTCOME_REFUSED;
        h->out->message = arena_printf(h->out->arena, "no certificate was issued: %s", s.shown);
    } else if (s.revoke_open) {
        certinext_look_again(h);
    } else if (s.revoke_refused && h->call->attempt) {
        h->out->outcome = OUTCOME_REFUSED; /* by whoever approves revocations */
        h->out->message = arena_printf(h->out->arena, "the revocation was rejected: %s", s.shown);
    }
}

/* A revocation may have to be approved: that it was asked for does not mean that it is done. */
void certinext_v1_revocation(const struct certinext_heard *h)
{
    h->out->pending = true;
    h->out->again_seconds = h->config->pickup.first_seconds;
}

/* CANCEL, PROBE: success is all there is. */
void certinext_v1_done(const struct certinext_heard *h UNUSED)
{
}

/* --- PRODUCTS --- */
void certinext_v1_catalogue(const struct certinext_heard *h)
{
    certinext_read_catalogue(h, reply_member(h->body, "productDetails"));
}

/* --- INVENTORY --- */
static void read_row(struct arena *a, const json_t *row, struct ca_listed *out)
{
    const struct certinext_status order =
        certinext_order_status(reply_number(row, "orderStatusId", 0));
    const struct certinext_status certificate =
        certinext_certificate_status(reply_number(row, "certificateStatusId", 0));
    const char *serial = reply_text(a, row, "certificateSerialNumber");
    *out =
        (struct ca_listed){.order_id = reply_text(a, row, "orderNumber"),
                           .request = reply_text(a, row, "requestNumber"),
                           .status = arena_printf(a, "%s, %s", shown(a, row, "orderStatus", order),
                                                  shown(a, row, "certificateStatus", certificate)),
                           .common_name = reply_text(a, row, "domainName"),
                           .serial = serial ? serial_normal(a, serial) : NULL,
                           .product = reply_text(a, row, "productCode"),
                           .organization = reply_text(a, row, "organizationName"),
                           .issuer = reply_text(a, row, "issuerCA"),
                           .ordered = reply_time(a, row, "orderDate"),
                           .not_after = reply_time(a, row, "certificateExpiryDate"),
                           .revoked = certificate.class == CLASS_REVOKED,
                           .expired = certificate.class == CLASS_EXPIRED};
}

void certinext_v1_listed(const struct certinext_heard *h)
{
    struct ca_result *out = h->out;
    uint64_t page = 1;
    const json_t *d = details(h);
    const json_t *rows = reply_member(d, "ordersArray");
    const size_t n = json_array_size(rows);
    if ((h->call->page && !str_u64(h->call->page, &page)) || (d && !json_is_object(d))) {
        certinext_unknown(h, "the reply is no list of orders");
        return;
    }
    out->listed = arena_array(out->arena, n, sizeof *out->listed);
    for (size_t i = 0; i < n; i++) {
        struct ca_listed *row = &out->listed[out->nlisted];
        read_row(out->arena, json_array_get(rows, i), row);
        out->nlisted += row->expired && h->config->ignore_expired ? 0 : 1;
    }
    if (n && page < pages_of(d, page, n, h->config->page_size)) {
        out->next_page = arena_printf(out->arena, "%llu", (unsigned long long)page + 1);
    }
}
