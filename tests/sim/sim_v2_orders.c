/* SPDX-License-Identifier: Apache-2.0
 *
 * V2 calls that change something.
 */
#include "tests/sim/sim_v2.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_rules.h"

#include <string.h>

enum { PUBLIC = FOR(LEVEL_DV) | FOR(LEVEL_OV) | FOR(LEVEL_EV) };
static const struct need needs[] = {{"certificate.additionalDomains", PUBLIC, true, false},
                                    {NULL, 0, false, false}};

/* X-Product-Code decides; the variant must be its own, or its level alone. Without the header the
 * variant must be one of the catalogue. */
static const struct product *product_of(const struct request *q)
{
    const struct catalogue *c = &q->sim->catalogue;
    const char *variant = shape_str(q->json, "productVariant");
    if (!q->product_code) {
        return catalogue_variant(c, variant);
    }
    const struct product *p = catalogue_find(c, q->product_code);
    bool level = p && strlen(variant) == 2 && str_starts(p->type->variant, variant);
    return p && (level || str_eq(p->type->variant, variant)) ? p : NULL;
}

bool v2_is_phone(const char *phone)
{
    return !phone || (*phone == '+' && strlen(phone) >= 8 &&
                      strspn(phone + 1, "0123456789") == strlen(phone + 1));
}

static struct ask read_ask(const struct request *q, const struct product *p)
{
    const json_t *j = q->json;
    const json_t *twin = shape_at(j, "certificate.autoSecureWww");
    return (struct ask){.product_code = p ? p->code : "",
                        .domain = shape_str(j, "certificate.domain"),
                        .csr = shape_str(j, "csr"),
                        .remarks = shape_str(j, "remarks"),
                        .signer_ip = shape_str(j, "agreement.signerIp"),
                        .organization = shape_str(j, "organization.organizationNumber"),
                        .group = shape_str(j, "groupNumber"),
                        .prevetted = json_is_true(shape_at(j, "organization.preVetted")),
                        .has_agreement = json_is_true(shape_at(j, "agreement.accepted")),
                        .signer_ip_optional = true,
                        .additional = shape_at(j, "certificate.additionalDomains"),
                        .www_twin = !twin || json_is_true(twin), /* true when left out */
                        .root = j,
                        .needs = needs};
}

static json_t *links(const struct order *o, const char *family)
{
    static const char *const names[] = {"self",        "dcv",    "csr",   "agreement",
                                        "certificate", "cancel", "revoke"};
    json_t *all = json_object();
    for (size_t i = 0; i < NITEMS(names); i++) {
        (void)json_object_set_new(
            all, names[i],
            json_pack("{s:o}", "href",
                      json_sprintf("/api/certinext/v2/%s/%s%s%s", family, o->number, i ? "/" : "",
                                   i ? names[i] : "")));
    }
    return all;
}

json_t *v2_placed(const struct order *o, struct sim *s, const char *family)
{
    struct order *placed = orders_find(&s->orders, o->number);
    return json_pack("{s:s,s:s,s:s,s:o}", "orderId", o->number, "requestId", o->request_number,
                     "status", order_words[order_state(s, placed, false)].v2, "_links",
                     links(o, family));
}

static void keep_people(struct request *q, struct order *o)
{
    struct arena *a = &q->sim->arena;
    o->requestor_name = arena_strdup(a, shape_str(q->json, "requestor.name"));
    o->requestor_email = arena_strdup(a, shape_str(q->json, "requestor.email"));
    if (o->agreement) {
        o->signer = arena_strdup(a, shape_str(q->json, "agreement.signerName"));
        o->signer_place = arena_strdup(a, shape_str(q->json, "agreement.signerPlace"));
    }
    o->tags = json_object_get(q->json, "tags");
}

V2_HANDLER(v2_place)
{
    struct sim *s = q->sim;
    struct refusal why = {0};
    const struct product *p = product_of(q);
    struct ask ask = read_ask(q, p);
    struct order made = {.bend = q->plan};
    (void)o, (void)id;
    if (!v2_is_phone(shape_str(q->json, "requestor.phone")) ||
        !v2_is_phone(shape_str(q->json, "technicalPointOfContact.phone"))) {
        v2_problem(q, r, 400, "", "phone: must be E.164");
        return;
    }
    if (p && (p->type->level == LEVEL_OV || p->type->level == LEVEL_EV) && !ask.organization) {
        v2_refuse(q, r, "EMS-1180", "Organization Name cannot be empty");
        return;
    }
    if (!rules_order(q, &ask, &made, &why)) {
        v2_refuse(q, r, why.code, why.text);
        return;
    }
    keep_people(q, &made);
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    made.pending_polls = pending ? pending->n : 0;
    struct order *placed = orders_place(s, &made);
    ledger_add(&s->ledger, q, "order", placed);
    if (plan_has(&q->plan, FAULT_DUP_ORDER)) {
        ledger_add(&s->ledger, q, "order", orders_place(s, &made));
    }
    v2_good(q, r, 201, v2_placed(placed, s, "ssl-certificates"));
}

V2_HANDLER(v2_csr)
{
    struct csr csr;
    struct refusal why = {0};
    const char *pem = shape_str(q->json, "csr");
    (void)id;
    if (o->csr || o->cancelled) {
        v2_refuse(q, r, "EMS-1099", "CSR is not wanted");
    } else if (!rules_csr(q->sim, &q->arena, pem, o->domain, &csr, &why)) {
        v2_refuse(q, r, why.code, why.text);
    } else {
        rules_take_csr(q->sim, o, pem, &csr);
        ledger_add(&q->sim->ledger, q, "csr", o);
        v2_good(q, r, 204, NULL);
    }
}

V2_HANDLER(v2_agreement)
{
    struct refusal why = {0};
    const char *ip = shape_str(q->json, "agreement.signerIp");
    (void)id;
    if (o->agreement) {
        v2_refuse(q, r, "EMS-1082", "Agreement already signed");
    } else if (ip && !rules_signer_ip(q->sim, ip, &why)) {
        v2_refuse(q, r, why.code, why.text);
    } else if (!json_is_true(shape_at(q->json, "agreement.accepted"))) {
        v2_refuse(q, r, "EMS-918", "agreement.accepted must be true");
    } else {
        o->agreement = true;
        o->signer = arena_strdup(&q->sim->arena, shape_str(q->json, "agreement.signerName"));
        o->signer_place = arena_strdup(&q->sim->arena, shape_str(q->json, "agreement.signerPlace"));
        v2_good(q, r, 204, NULL);
    }
}

V2_HANDLER(v2_verify_dcv)
{
    char now[TIME_TEXT];
    const char *method = shape_str(q->json, "method");
    struct sim_domain *d = order_domain(o, shape_str(q->json, "domain"));
    (void)id;
    if (!d || !order_challenge_open(q->sim, o) || o->cancelled) {
        v2_refuse(q, r, d ? "EMS-956" : "EMS-913",
                  d ? "Invalid Request for this API" : "not found");
    } else if (order_validated(q->sim, o, d)) {
        v2_refuse(q, r, "EMS-1080", "Domain already verified");
    } else if ((!str_eq(method, "dns-txt") && !q->sim->orders.dcv_auto) ||
               !order_verify(q->sim, o, d)) {
        v2_refuse(q, r, "EMS-913", "TXT record not found");
    } else {
        time_format(time_now(), now);
        v2_good(q, r, 200,
                json_pack("{s:s,s:s,s:s}", "overallStatus", "VERIFIED", "method", method,
                          "verifiedAt", now));
    }
}

V2_HANDLER(v2_cancel)
{
    enum order_state state = order_state(q->sim, o, false);
    (void)id;
    if (state >= ORDER_ISSUED) {
        v2_refuse(q, r, "EMS-956", "Invalid Request for this API");
        return;
    }
    o->cancelled = true;
    ledger_add(&q->sim->ledger, q, "cancel", o);
    v2_good(q, r, 204, NULL);
}

static const char *reason_id(const char *word)
{
    const struct v2_reason *reason = v2_reasons;
    while (reason->word && !str_eq(reason->word, word)) {
        reason++;
    }
    return reason->id;
}

V2_HANDLER(v2_revoke)
{
    const char *reason = reason_id(shape_str(q->json, "reason"));
    const char *note = shape_str(q->json, "note");
    enum order_state state = order_state(q->sim, o, false);
    (void)id;
    if (!reason) {
        v2_refuse(q, r, "", "Invalid Revoke Reason ID");
    } else if (note && strchr(note, ';')) {
        v2_refuse(q, r, "", "Invalid Revoke Remarks");
    } else if (state != ORDER_ISSUED && state != ORDER_DOWNLOADED) {
        v2_refuse(q, r, "EMS-931", "Order not found or not in a revokable state.");
    } else {
        o->revoke_reason = reason;
        o->revoked_at = time_now();
        ledger_add(&q->sim->ledger, q, "revoke", o);
        v2_good(q, r, 204, NULL);
    }
}

/* Rekey only: new names in a paid term ("update-sans") are not simulated. */
V2_HANDLER(v2_reissue)
{
    struct csr csr;
    struct refusal why = {0};
    const char *pem = shape_str(q->json, "csr");
    enum order_state state = order_state(q->sim, o, false);
    (void)id;
    if (!str_eq(shape_str(q->json, "mode"), "rekey") || !pem) {
        v2_refuse(q, r, "EMS-939", "Something went Wrong");
    } else if (state != ORDER_ISSUED && state != ORDER_DOWNLOADED) {
        v2_refuse(q, r, "EMS-931", "Order is not issued");
    } else if (!rules_csr(q->sim, &q->arena, pem, o->domain, &csr, &why)) {
        v2_refuse(q, r, why.code, why.text);
    } else {
        rules_take_csr(q->sim, o, pem, &csr);
        o->cert = (struct span){0};
        o->downloaded = false;
        ledger_add(&q->sim->ledger, q, "reissue", o);
        v2_good(q, r, 200,
                json_pack("{s:s,s:s}", "orderId", o->number, "status",
                          order_words[order_state(q->sim, o, false)].v2));
    }
}
