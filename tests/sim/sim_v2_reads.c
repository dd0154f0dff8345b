/* SPDX-License-Identifier: Apache-2.0
 *
 * V2 calls that change nothing.
 */
#include "tests/sim/sim_v2.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"

#include <string.h>

static const char *stamp(struct arena *a, int64_t t)
{
    char text[TIME_TEXT];
    time_format(t, text);
    return arena_strdup(a, text);
}

/* --- state --- */
static json_t *domains(struct request *q, struct order *o)
{
    json_t *all = json_array();
    for (size_t i = 0; i < o->ndomains; i++) {
        bool done = order_validated(q->sim, o, &o->domains[i]);
        (void)json_array_append_new(
            all, json_pack("{s:s,s:s,s:s,s:s,s:s?,s:s}", "domain", o->domains[i].name,
                           "domainStatus", "ACTIVE", "dcvMethod", "dns-txt", "dcvStatus",
                           done ? "VERIFIED" : "PENDING", "verifiedAt",
                           done ? stamp(&q->arena, time_now()) : NULL, "caaStatus", "PASSED"));
    }
    return all;
}

static json_t *revocation(struct request *q, const struct order *o)
{
    const struct v2_reason *reason = v2_reasons;
    if (!o->revoke_reason) {
        return json_null();
    }
    while (reason->word && !str_eq(reason->id, o->revoke_reason)) {
        reason++;
    }
    return json_pack("{s:s,s:s,s:s}", "status", "Certificate Revoked", "reason", reason->word,
                     "processedAt", stamp(&q->arena, o->revoked_at));
}

V2_HANDLER(v2_track)
{
    (void)id;
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    if (pending) {
        o->pending_polls = pending->n;
    }
    enum order_state state = order_state(q->sim, o, true);
    const struct state_words *w = &order_words[state];
    bool issued = o->cert.n && state >= ORDER_ISSUED;
    json_t *shown = order_dcv_shown(q->sim, o) ? domains(q, o) : json_array();
    json_t *tree =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:s?,s:s?}", "orderId", o->number, "requestId",
                  o->request_number, "status", w->v2, "domain", o->domain, "productVariant",
                  o->product->type->variant, "orderState", w->order_text, "certificateState",
                  w->cert_text, "csrSubmitted", o->csr != NULL, "issuedAt",
                  issued ? stamp(&q->arena, o->parsed.not_before) : NULL, "expiresAt",
                  issued ? stamp(&q->arena, o->parsed.not_after) : NULL);
    (void)json_object_set_new(
        tree, "requestor",
        json_pack("{s:s,s:s}", "name", o->requestor_name, "email", o->requestor_email));
    (void)json_object_set_new(tree, "subscriberAgreement",
                              json_pack("{s:b,s:s?,s:s?}", "signed", o->agreement, "signedPlace",
                                        o->signer_place, "signerName", o->signer));
    (void)json_object_set_new(
        tree, "verifications",
        json_pack("{s:{s:s,s:o}}", "domain", "status", "PENDING", "domains", shown));
    (void)json_object_set_new(tree, "revocation", revocation(q, o));
    v2_good(q, r, 200, tree);
}

/* --- certificate --- */

static json_t *chain(const struct request *q, const struct order *o)
{
    const struct sim_ca *ca = &q->sim->ca;
    bool shuffle =
        plan_has(&q->plan, FAULT_CHAIN_SHUFFLE) || plan_has(&o->bend, FAULT_CHAIN_SHUFFLE);
    if (plan_has(&q->plan, FAULT_NO_CHAIN) || plan_has(&o->bend, FAULT_NO_CHAIN)) {
        return json_array();
    }
    const struct cert *first = shuffle ? &ca->root.cert : &ca->issuing.cert;
    const struct cert *second = shuffle ? &ca->issuing.cert : &ca->root.cert;
    return json_pack("[o,o]", pem_json(first->der), pem_json(second->der));
}

static void as_pem(struct request *q, struct reply *r, const struct order *o, struct span der)
{
    json_t *list = chain(q, o);
    reply_text(r, 200, "application/x-pem-file", "");
    cert_pem(&r->body, der);
    for (size_t i = 0; i < json_array_size(list); i++) {
        buf_puts(&r->body, json_string_value(json_array_get(list, i)));
    }
    json_decref(list);
}

static bool send_as(struct request *q, struct reply *r, const struct order *o, struct span der)
{
    struct err err = ERR_INIT;
    struct cert cert;
    const char *accept = q->accept ? q->accept : "*/*";
    if (str_eq(accept, "application/x-pem-file")) {
        as_pem(q, r, o, der);
        return true;
    }
    if (str_eq(accept, "application/pkix-cert")) {
        reply_text(r, 200, "application/pkix-cert", "");
        buf_add(&r->body, der.p, der.n);
        return true;
    }
    if (!str_eq(accept, "application/json") && !str_eq(accept, "*/*")) {
        v2_problem(q, r, 406, "", "Unsupported Accept");
        return false;
    }
    if (!cert_parse(&q->arena, der, &cert, &err)) {
        v2_problem(q, r, 422, "EMS-939", "Something went Wrong");
        return false;
    }
    reply_json(r, 200,
               json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o}", "orderId", o->number, "serialNumber",
                         serial_decimal(&q->arena, cert.serial), "subject",
                         dn_text(&q->arena, &cert.subject), "issuer",
                         dn_text(&q->arena, &cert.issuer), "notBefore",
                         stamp(&q->arena, cert.not_before), "notAfter",
                         stamp(&q->arena, cert.not_after), "certificatePem", pem_json(der),
                         "chainPem", chain(q, o)));
    return true;
}

V2_HANDLER(v2_certificate)
{
    struct span der;
    struct err err = ERR_INIT;
    enum order_state state = order_state(q->sim, o, true);
    (void)id;
    if (!o->cert.n || state < ORDER_ISSUED || state == ORDER_CANCELLED) {
        v2_refuse(q, r, "", "Certificate Request still being processed");
    } else if (!order_certificate(q->sim, order_swapped(q->sim, o, &q->plan), &q->plan, &der,
                                  &err)) {
        v2_refuse(q, r, "EMS-939", "Something went Wrong");
    } else if (send_as(q, r, o, der)) {
        o->downloaded = true;
        r->outcome = "ok";
    }
}

V2_HANDLER(v2_dcv)
{
    struct sim_domain *d = order_domain(o, q->query(q, "domain"));
    (void)id;
    if (!d) {
        v2_problem(q, r, 404, "EMS-913", "Domain not found");
    } else if (!order_challenge_open(q->sim, o) || o->cancelled) {
        v2_refuse(q, r, "EMS-956", "Invalid Request for this API");
    } else if (order_validated(q->sim, o, d)) {
        v2_refuse(q, r, "EMS-1080", "Domain already verified");
    } else {
        char *end = arena_strdup(&q->arena, stamp(&q->arena, time_now() + 30 * DAY_SECONDS));
        end[10] = ' '; /* as live: neither T nor zone */
        end[19] = '\0';
        v2_good(q, r, 200, json_pack("{s:s,s:s}", "token", d->token, "tokenExpiryDate", end));
    }
}

/* --- report --- */
struct search {
    const char *status, *group;
    int64_t from, to, newest_ms;
    uint64_t page, size;
};

static bool day_of(const struct request *q, const char *name, int64_t *out)
{
    const char *text = q->query(q, name);
    *out = TIME_NONE;
    return !text || time_parse_date(text, out);
}

static bool count_of(const struct request *q, const char *name, uint64_t otherwise, uint64_t *out)
{
    const char *text = q->query(q, name);
    *out = otherwise;
    if (text && !str_u64(text, out)) {
        return false;
    }
    *out = *out ? *out : 1; /* page 0 is page 1 */
    return true;
}

static bool read_search(struct request *q, struct reply *r, struct search *s)
{
    const struct action *stale = plan_has(&q->plan, FAULT_STALE_LIST);
    *s = (struct search){.status = q->query(q, "status"), .group = q->query(q, "groupNumber")};
    s->newest_ms = time_monotonic_ms() - (stale ? stale->n : 0);
    if (!day_of(q, "from", &s->from) || !day_of(q, "to", &s->to) ||
        !count_of(q, "page", 1, &s->page) || !count_of(q, "size", 100, &s->size)) {
        v2_problem(q, r, 400, "", "Invalid parameter");
        return false;
    }
    s->size = s->size > 100 ? 100 : s->size;
    if (s->status &&
        (strchr(s->status, ' ') ||
         !str_has_word("issued revoked expired cancelled rejected pending-approval", s->status))) {
        v2_refuse(q, r, "", "Invalid status");
        return false;
    }
    return true;
}

static bool fits(struct request *q, const struct search *s, struct order *o)
{
    return o->placed_ms <= s->newest_ms && (s->from == TIME_NONE || o->placed_at >= s->from) &&
           (s->to == TIME_NONE || o->placed_at < s->to + DAY_SECONDS) &&
           (!s->group || str_eq(s->group, o->group)) &&
           (!s->status || str_eq(s->status, order_words[order_state(q->sim, o, false)].v2));
}

static json_t *row(struct request *q, struct order *o)
{
    const struct state_words *w = &order_words[order_state(q->sim, o, false)];
    json_t *tree =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:[]}", "orderNumber",
                  o->number, "requestNumber", o->request_number, "orderStatus", w->order_text,
                  "certificateStatus", w->cert_text, "certificateSerialNumber",
                  o->cert.n ? serial_decimal(&q->arena, o->parsed.serial) : "",
                  "certificateExpiryDate", o->cert.n ? stamp(&q->arena, o->parsed.not_after) : "",
                  "orderDate", stamp(&q->arena, o->placed_at), "domainName", o->domain,
                  "groupNumber", o->group, "issuerCA", "Simulator Issuing CA", "organizationName",
                  o->organization ? o->organization_name : "", "countryName", "US", "productCode",
                  plan_has(&q->plan, FAULT_EMPTY_PRODUCT) ? "" : o->product->code, "tags",
                  o->tags ? json_incref(o->tags) : json_array(), "customFields");
    (void)json_object_set_new(tree, "originator", json_string(o->requestor_email));
    return tree;
}

V2_HANDLER(v2_report)
{
    struct search s;
    struct orders *all = &q->sim->orders;
    uint64_t total = 0, at = 0;
    (void)o, (void)id;
    if (!read_search(q, r, &s)) {
        return;
    }
    for (size_t i = 0; i < all->n; i++) {
        total += fits(q, &s, all->v[i]) ? 1 : 0;
    }
    uint64_t pages = (total + s.size - 1) / s.size;
    uint64_t page = s.page > pages && pages ? pages : s.page; /* past the end: the last one again */
    json_t *rows = json_array();
    for (size_t i = all->n; i-- > 0;) {
        if (fits(q, &s, all->v[i]) && at++ / s.size == page - 1) {
            (void)json_array_append_new(rows, row(q, all->v[i]));
        }
    }
    v2_good(q, r, 200,
            json_pack("{s:o,s:I,s:I,s:I,s:I}", "content", rows, "page", (json_int_t)page, "size",
                      (json_int_t)s.size, "totalElements", (json_int_t)total, "totalPages",
                      (json_int_t)pages));
}

/* --- what the account has --- */
V2_HANDLER(v2_me)
{
    (void)o, (void)id;
    v2_good(q, r, 200,
            json_pack("{s:s,s:s}", "accountNumber", q->sim->options.account, "authType", "oauth2"));
}

V2_HANDLER(v2_products)
{
    (void)o, (void)id;
    v2_good(q, r, 200, json_pack("{s:o}", "products", catalogue_json(&q->sim->catalogue)));
}

static json_t *organization(const struct request *q)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "organizationNumber",
                     q->sim->options.organization, "organizationName", "Example Corp",
                     "organizationLocality", "Austin", "organizationCountryCode", "US",
                     "organizationPostalCode", "78701", "organizationStatusId", "1",
                     "isPreVettingOrg", "1");
}

V2_HANDLER(v2_groups)
{
    (void)o, (void)id;
    v2_good(q, r, 200,
            json_pack("{s:[{s:s,s:s,s:s,s:s}]}", "groups", "groupNumber", q->sim->options.group,
                      "groupName", "Default", "isDefaultGroup", "1", "accountBalance", "0.0"));
}

V2_HANDLER(v2_organizations)
{
    (void)o, (void)id;
    v2_good(q, r, 200, json_pack("[o]", organization(q)));
}

V2_HANDLER(v2_organization)
{
    (void)o;
    if (str_eq(id, q->sim->options.organization)) {
        v2_good(q, r, 200, organization(q));
    } else {
        v2_problem(q, r, 404, "EMS-1073", "Invalid Organization Number");
    }
}

V2_HANDLER(v2_domains)
{
    (void)o, (void)id;
    v2_good(q, r, 200, json_array());
}
