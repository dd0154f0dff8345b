/* SPDX-License-Identifier: Apache-2.0
 *
 * V1 calls that change something: orders, CSRs, agreements, validation, revocation, cancelling.
 */
#include "tests/sim/sim_v1.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_rules.h"

#include <string.h>

#define O "orderDetails."
#define C "orderDetails.certificateInformation."
enum {
    OV_EV = FOR(LEVEL_OV) | FOR(LEVEL_EV),
    PUBLIC = FOR(LEVEL_DV) | FOR(LEVEL_OV) | FOR(LEVEL_EV),
    EV = FOR(LEVEL_EV)
};
static const struct need needs[] = {{C "additionalDomains", PUBLIC, true, false},
                                    {C "locality", OV_EV, false, true},
                                    {C "postalCode", OV_EV, false, true},
                                    {C "streetAddress", OV_EV, false, true},
                                    {C "city", OV_EV, false, true},
                                    {C "state", OV_EV, false, true},
                                    {C "country", OV_EV, false, true},
                                    {C "streetAddress2", EV, false, true},
                                    {C "companyRegistrationNumber", EV, false, false},
                                    {O "contractSignerInfo", EV, false, false},
                                    {O "contractSignerInfo.name", EV, false, false},
                                    {O "contractSignerInfo.email", EV, false, false},
                                    {O "contractSignerInfo.isdCode", EV, false, false},
                                    {O "contractSignerInfo.mobileNumber", EV, false, false},
                                    {O "contractSignerInfo.designation", EV, false, false},
                                    {O "contractSignerInfo.employeeID", EV, false, false},
                                    {O "certificateApproverInfo", EV, false, false},
                                    {O "certificateApproverInfo.name", EV, false, false},
                                    {O "certificateApproverInfo.email", EV, false, false},
                                    {O "certificateApproverInfo.isdCode", EV, false, false},
                                    {O "certificateApproverInfo.mobileNumber", EV, false, false},
                                    {O "certificateApproverInfo.designation", EV, false, false},
                                    {O "certificateApproverInfo.employeeID", EV, false, false},
                                    {C "state", FOR(LEVEL_PRIVATE), false, false},
                                    {C "countryCode", FOR(LEVEL_PRIVATE), false, false},
                                    {NULL, 0, false, false}};

static struct ask read_ask(const struct request *q)
{
    const json_t *j = q->json;
    return (struct ask){.product_code = shape_str(j, O "productCode"),
                        .domain = shape_str(j, C "domainName"),
                        .csr = shape_str(j, O "csr"),
                        .remarks = shape_str(j, O "additionalInformation.remarks"),
                        .signer_ip = shape_str(j, O "agreementDetails.signerIP"),
                        .organization = shape_str(j, O "organizationDetails.organizationNumber"),
                        .group = shape_str(j, O "delegationInformation.groupNumber"),
                        .prevetted = str_eq(shape_str(j, O "organizationDetails.preVetting"), "1"),
                        .has_agreement = shape_at(j, O "agreementDetails") != NULL,
                        .additional = shape_at(j, C "additionalDomains"),
                        .www_twin =
                            !str_eq(shape_str(j, C "autoSecureWWW"), "0"), /* 1 when left out */
                        .hold = str_eq(shape_str(j, O "saveAndHold"), "1"),
                        .root = j,
                        .needs = needs};
}

static bool phone(const char *digits)
{
    return strspn(digits, "0123456789") == strlen(digits);
}

static void place(struct request *q, struct reply *r, bool private_pki)
{
    struct sim *s = q->sim;
    struct refusal why = {0};
    struct ask ask = read_ask(q);
    /* a product that is there already: the order came in by the door of private PKI */
    struct order o = {.product = private_pki ? s->catalogue.v : NULL, .bend = q->plan};
    ask.www_twin = ask.www_twin && !private_pki;
    if (!phone(shape_str(q->json, O "requestorInformation.requestorIsdCode")) ||
        !phone(shape_str(q->json, O "requestorInformation.requestorMobileNumber"))) {
        v1_refuse(q, r, "EMS-901", "requestorInformation: digits only");
        return;
    }
    if (!rules_order(q, &ask, &o, &why)) {
        v1_refuse(q, r, why.code, why.text);
        return;
    }
    o.requestor_name =
        arena_strdup(&s->arena, shape_str(q->json, O "requestorInformation.requestorName"));
    o.requestor_email =
        arena_strdup(&s->arena, shape_str(q->json, O "requestorInformation.requestorEmail"));
    o.tags = json_object_get(shape_at(q->json, O "additionalInformation"), "tags");
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    o.pending_polls = pending ? pending->n : 0;
    o.cancelled = plan_has(&q->plan, FAULT_CANCELLED) != NULL;
    struct order *placed = orders_place(s, &o);
    ledger_add(&s->ledger, q, "order", placed);
    if (plan_has(&q->plan, FAULT_DUP_ORDER)) {
        ledger_add(&s->ledger, q, "order", orders_place(s, &o));
    }
    v1_good(q, r,
            json_pack("{s:{s:s,s:s,s:s+}}", "orderDetails", "requestNumber", placed->request_number,
                      "orderNumber", placed->number, "trackingURL",
                      "https://sandbox-us.certinext.io/track/", placed->number));
}

void v1_place(struct request *q, struct reply *r)
{
    place(q, r, false);
}

void v1_place_private(struct request *q, struct reply *r)
{
    place(q, r, true);
}

/* The order of the request, or the refusal that there is none. */
static struct order *order_of(struct request *q, struct reply *r, const char *path)
{
    struct order *o = orders_find(&q->sim->orders, shape_str(q->json, path));
    if (!o) {
        v1_refuse(q, r, "EMS-943", "Order not found");
    }
    return o;
}

void v1_submit_csr(struct request *q, struct reply *r)
{
    struct csr csr;
    struct refusal why = {0};
    struct order *o = order_of(q, r, O "orderNumber");
    const char *pem = shape_str(q->json, O "csr");
    if (!o) {
        return;
    }
    if (o->csr) {
        v1_refuse(q, r, "EMS-1099", "CSR has already been submitted");
    } else if (o->cancelled) {
        v1_refuse(q, r, "EMS-956", "Invalid Request for this API");
    } else if (!rules_csr(q->sim, &q->arena, pem, o->domain, &csr, &why)) {
        v1_refuse(q, r, why.code, why.text);
    } else {
        rules_take_csr(q->sim, o, pem, &csr);
        ledger_add(&q->sim->ledger, q, "csr", o);
        v1_good(q, r, NULL);
    }
}

void v1_agreement(struct request *q, struct reply *r)
{
    struct refusal why = {0};
    struct order *o = order_of(q, r, "agreementDetails.orderNumber");
    if (!o) {
        return;
    }
    if (o->agreement) {
        v1_refuse(q, r, "EMS-1082", "Agreement already signed");
    } else if (!rules_signer_ip(q->sim, shape_str(q->json, "agreementDetails.signerIP"), &why)) {
        v1_refuse(q, r, why.code, why.text);
    } else {
        o->agreement = true;
        v1_good(q, r, NULL);
    }
}

/* --- domain control --- */
static struct sim_domain *dcv_domain(struct request *q, struct reply *r, struct order **o)
{
    *o = order_of(q, r, "dcvDetails.orderNumber");
    if (!*o) {
        return NULL;
    }
    struct sim_domain *d = order_domain(*o, shape_str(q->json, "dcvDetails.domainName"));
    if (!d) {
        v1_refuse(q, r, "EMS-913", "Domain record not found");
        return NULL;
    }
    if (!order_challenge_open(q->sim, *o) || (*o)->cancelled || (*o)->revoke_reason) {
        v1_refuse(q, r, "EMS-956", "Invalid Request for this API");
        return NULL;
    }
    if (order_validated(q->sim, *o, d)) {
        v1_refuse(q, r, "EMS-1080", "Domain already verified");
        return NULL;
    }
    return d;
}

void v1_get_dcv(struct request *q, struct reply *r)
{
    struct order *o = NULL;
    const struct sim_domain *d = dcv_domain(q, r, &o);
    if (!d) {
        return;
    }
    const char *method = shape_str(q->json, "dcvDetails.dcvMethod");
    json_t *dcv =
        json_pack("{s:s,s:n,s:n,s:n}", "token", d->token, "fileName", "fileContent", "dcvEmails");
    if (str_eq(method, "2")) {
        (void)json_object_set_new(dcv, "fileName", json_sprintf("%.8s.txt", d->token));
        (void)json_object_set_new(dcv, "fileContent", json_string(d->token));
    } else if (str_eq(method, "3")) {
        (void)json_object_set_new(dcv, "dcvEmails", json_pack("[s+]", "admin@", d->name));
    }
    v1_good(q, r, json_pack("{s:o}", "dcvDetails", dcv));
}

void v1_verify_dcv(struct request *q, struct reply *r)
{
    struct order *o = NULL;
    struct sim_domain *d = dcv_domain(q, r, &o);
    if (!d) {
        return;
    }
    if (!str_eq(shape_str(q->json, "dcvDetails.dcvMethod"), "1") && !q->sim->orders.dcv_auto) {
        v1_refuse(q, r, "EMS-956", "Invalid Request for this API");
    } else if (!order_verify(q->sim, o, d)) {
        v1_refuse(q, r, "EMS-913", "TXT record not found");
    } else {
        v1_good(q, r, NULL);
    }
}

/* --- the end of an order --- */
void v1_revoke(struct request *q, struct reply *r)
{
    struct order *o = order_of(q, r, "revocationDetails.orderNumber");
    if (!o) {
        return;
    }
    const char *reason = shape_str(q->json, "revocationDetails.revokeReasonId");
    const char *remarks = shape_str(q->json, "revocationDetails.revokeRemarks");
    enum order_state state = order_state(q->sim, o, false);
    if (!reason || !*reason) {
        v1_refuse(q, r, "EMS-969", "Revoke Reason ID cannot be empty");
    } else if (strchr(reason, ' ') || !str_has_word("1 3 4 5 9", reason)) {
        v1_refuse(q, r, "", "Invalid Revoke Reason ID");
    } else if (remarks && strchr(remarks, ';')) {
        v1_refuse(q, r, "", "Invalid Revoke Remarks");
    } else if (state == ORDER_REVOKED) {
        v1_refuse(q, r, "", "Order not found or not in a revokable state.");
    } else if (state != ORDER_ISSUED && state != ORDER_DOWNLOADED) {
        v1_refuse(q, r, "EMS-931", "Order not found or not in a revokable state.");
    } else {
        o->revoke_reason = arena_strdup(&q->sim->arena, reason);
        o->revoked_at = time_now();
        ledger_add(&q->sim->ledger, q, "revoke", o);
        v1_good(q, r, NULL);
    }
}

static void cancel(struct request *q, struct reply *r, struct order *o)
{
    enum order_state state = order_state(q->sim, o, false);
    if (state == ORDER_ISSUED || state == ORDER_DOWNLOADED || state == ORDER_EXPIRED ||
        state == ORDER_REVOKED || state == ORDER_CANCELLED) {
        v1_refuse(q, r, "EMS-956", "Invalid Request for this API");
        return;
    }
    o->cancelled = true;
    ledger_add(&q->sim->ledger, q, "cancel", o);
    v1_good(q, r, NULL);
}

void v1_reject_order(struct request *q, struct reply *r)
{
    struct order *o = order_of(q, r, O "orderNumber");
    if (o) {
        cancel(q, r, o);
    }
}

void v1_reject_request(struct request *q, struct reply *r)
{
    struct order *o = orders_find_draft(&q->sim->orders, shape_str(q->json, O "requestNumber"));
    if (!o || !o->draft) {
        v1_refuse(q, r, "EMS-943", "Request not found");
    } else {
        cancel(q, r, o);
    }
}
