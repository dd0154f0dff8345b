/* SPDX-License-Identifier: Apache-2.0
 *
 * V1 calls that change nothing: state, certificate, report, catalogue.
 */
#include "tests/sim/sim_v1.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"

#include <string.h>

static struct order *order_of(struct request *q, struct reply *r)
{
    struct order *o = orders_find(&q->sim->orders, shape_str(q->json, "orderDetails.orderNumber"));
    if (!o) {
        v1_refuse(q, r, "EMS-943", "Order not found");
    }
    return o;
}

static const char *day(struct arena *a, int64_t t)
{
    char text[TIME_TEXT];
    time_format_date(t, text);
    return arena_strdup(a, text);
}

/* --- TrackOrder --- */
static json_t *verification(struct request *q, struct order *o)
{
    bool all = true;
    json_t *v = json_object();
    for (size_t i = 0; i < o->ndomains; i++) {
        bool done = order_validated(q->sim, o, &o->domains[i]);
        all = all && done;
        (void)json_object_set_new(v, o->domains[i].name,
                                  json_pack("{s:s,s:s,s:s,s:s,s:s}", "dcvMethod", "DNS TXT Record",
                                            "dcvStatus", done ? "1" : "0", "status", "1",
                                            "verifiedDate", done ? day(&q->arena, time_now()) : "",
                                            "caaStatus", "1"));
    }
    (void)json_object_set_new(v, "status", json_string(all ? "1" : "0"));
    return v;
}

static json_t *revocation(const struct order *o)
{
    char at[TIME_TEXT];
    if (!o->revoke_reason) {
        return json_null();
    }
    time_format(o->revoked_at, at);
    return json_pack("{s:s,s:s,s:s,s:s}", "revokeRequestStatusId", "2", "revokeRequestStatus",
                     "Revoked", "revokeReasonId", o->revoke_reason, "revokeProcessedDate", at);
}

void v1_track(struct request *q, struct reply *r)
{
    struct order *o = order_of(q, r);
    if (!o) {
        return;
    }
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    if (pending) {
        o->pending_polls = pending->n;
    }
    enum order_state state = order_state(q->sim, o, true);
    const struct state_words *w = &order_words[state];
    bool issued = o->cert.n && state != ORDER_DCV;
    bool shown = order_dcv_shown(q->sim, o) && !issued;
    json_t *details = json_pack(
        "{s:s+,s:s,s:s,s:s,s:s,s:s?,s:{s:s,s:s},s:o,s:o,s:{s:s,s:s},s:s?}", "trackingUrl",
        "https://sandbox-us.certinext.io/track/", o->number, "orderStatusId", w->order_id,
        "orderStatus", w->order_text, "certificateStatusId", w->cert_id, "certificateStatus",
        w->cert_text, "certificateExpiryDate", issued ? day(&q->arena, o->parsed.not_after) : NULL,
        "requestorInformation", "requestorName", o->requestor_name, "requestorEmail",
        o->requestor_email, "revocationDetails", revocation(o), "domainVerification",
        shown ? verification(q, o) : json_null(), "subscriberAgreement", "status",
        o->agreement ? "1" : "0", "consentSentTo", o->requestor_email, "csr", o->csr);
    v1_good(q, r, json_pack("{s:o}", "orderDetails", details));
}

/* --- GetCertificate --- */
json_t *pem_json(struct span der)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(LIMIT_CERT_BYTES * 2);
    cert_pem(&pem, der);
    return json_string(buf_text(&pem));
}

static void give(struct request *q, struct reply *r, struct order *o)
{
    struct span der;
    struct err err = ERR_INIT;
    struct cert cert;
    const struct sim_ca *ca = &q->sim->ca;
    const struct plan *bends[] = {&q->plan, &o->bend};
    bool shuffle = false, alone = false, decimal = false;
    for (size_t i = 0; i < NITEMS(bends); i++) {
        shuffle = shuffle || plan_has(bends[i], FAULT_CHAIN_SHUFFLE);
        alone = alone || plan_has(bends[i], FAULT_NO_CHAIN);
        decimal = decimal || plan_has(bends[i], FAULT_SERIAL_DECIMAL);
    }
    if (!order_certificate(q->sim, order_swapped(q->sim, o, &q->plan), &q->plan, &der, &err) ||
        !cert_parse(&q->arena, der, &cert, &err)) {
        v1_refuse(q, r, "EMS-939", "Something went Wrong");
        return;
    }
    json_t *issuing = pem_json(ca->issuing.cert.der), *root = pem_json(ca->root.cert.der);
    json_t *details = json_pack(
        "{s:o,s:o,s:o,s:s,s:s}", "endEntityCertificate", pem_json(der), "caCertificate",
        shuffle ? root : issuing, "rootCertificate", shuffle ? issuing : root, "expiryDate",
        day(&q->arena, cert.not_after), "ceritficateSerialNumber", /* as the wire spells it */
        decimal ? serial_decimal(&q->arena, cert.serial) : cert.serial_hex);
    if (alone) {
        (void)json_object_set_new(details, "caCertificate", json_string(""));
        (void)json_object_set_new(details, "rootCertificate", json_string(""));
    }
    o->downloaded = true;
    v1_good(q, r, json_pack("{s:o}", "certificateDetails", details));
}

void v1_certificate(struct request *q, struct reply *r)
{
    struct order *o = order_of(q, r);
    if (!o) {
        return;
    }
    enum order_state state = order_state(q->sim, o, true);
    if (state == ORDER_CANCELLED) {
        v1_refuse(q, r, "EMS-956", "Invalid Request for this API");
    } else if (!o->cert.n || state < ORDER_ISSUED) {
        v1_refuse(q, r, "", "Certificate Request still being processed");
    } else {
        give(q, r, o);
    }
}

/* --- GetOrderReport --- */
#define S "searchCriteria."
struct search {
    const json_t *json;
    int64_t from, till, expiry_from, expiry_till, newest_ms;
};

static bool equal_or_absent(const struct search *s, const char *path, const char *value)
{
    const char *want = shape_str(s->json, path);
    return !want || (value && str_ieq(want, value));
}

static bool one_date(const json_t *json, const char *path, bool whole_day, int64_t *out)
{
    const char *text = shape_str(json, path);
    *out = TIME_NONE;
    if (!text) {
        return true;
    }
    if (!time_parse_any(text, out)) {
        return false;
    }
    *out += whole_day && strlen(text) == 10 ? DAY_SECONDS - 1 : 0;
    return true;
}

static bool read_search(const struct request *q, struct search *s)
{
    const struct action *stale = plan_has(&q->plan, FAULT_STALE_LIST);
    s->json = q->json;
    s->newest_ms = time_monotonic_ms() - (stale ? stale->n : 0);
    return one_date(q->json, S "orderDateFrom", false, &s->from) &&
           one_date(q->json, S "orderDateTill", true, &s->till) &&
           one_date(q->json, S "certExpiryDateFrom", false, &s->expiry_from) &&
           one_date(q->json, S "certExpiryDateTill", true, &s->expiry_till);
}

static bool within(int64_t t, int64_t from, int64_t till)
{
    return (from == TIME_NONE || t >= from) && (till == TIME_NONE || t <= till);
}

static bool row_fits(struct request *q, const struct search *s, struct order *o)
{
    enum order_state state = order_state(q->sim, o, false);
    bool expiry = s->expiry_from != TIME_NONE || s->expiry_till != TIME_NONE;
    bool private_pki = o->product->type->level == LEVEL_PRIVATE;
    return o->placed_ms <= s->newest_ms && within(o->placed_at, s->from, s->till) &&
           (!expiry ||
            (o->cert.n && within(o->parsed.not_after, s->expiry_from, s->expiry_till))) &&
           equal_or_absent(s, S "domainName", o->domain) &&
           equal_or_absent(s, S "productCode", o->product->code) &&
           equal_or_absent(s, S "groupNumber", o->group) &&
           equal_or_absent(s, S "orderNumber", o->number) &&
           equal_or_absent(s, S "orderStatusId", order_words[state].order_id) &&
           equal_or_absent(s, S "requestorEmailId", o->requestor_email) &&
           equal_or_absent(s, S "certificateTrustType", private_pki ? "2" : "1");
}

static json_t *row(struct request *q, struct order *o)
{
    const struct state_words *w = &order_words[order_state(q->sim, o, false)];
    bool blank = plan_has(&q->plan, FAULT_EMPTY_PRODUCT);
    bool decimal = plan_has(&q->plan, FAULT_SERIAL_DECIMAL);
    const char *serial = !o->cert.n ? ""
                         : decimal  ? serial_decimal(&q->arena, o->parsed.serial)
                                    : o->parsed.serial_hex;
    int64_t left = o->cert.n ? (o->parsed.not_after - time_now()) / DAY_SECONDS : 0;
    json_t *tags = o->tags ? json_incref(o->tags) : json_array();
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s?,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:[],s:s}",
        "orderNumber", o->number, "requestNumber", o->request_number, "orderStatusId", w->order_id,
        "orderStatus", w->order_text, "certificateStatusId", w->cert_id, "certificateStatus",
        w->cert_text, "domainName", o->domain, "organizationName",
        o->organization ? o->organization_name : NULL, "groupNumber", o->group, "productCode",
        blank ? "" : o->product->code, "certificateSerialNumber", serial, "certificateExpiryDate",
        o->cert.n ? day(&q->arena, o->parsed.not_after) : "", "issuerCA", "Simulator Issuing CA",
        "certificateTrustType", o->product->type->level == LEVEL_PRIVATE ? "Private" : "Public",
        "orderDate", day(&q->arena, o->placed_at), "expiresWithin",
        o->cert.n ? arena_printf(&q->arena, "%lld", (long long)left) : "", "tags", tags,
        "customFields", "countryName", "US");
}

static bool read_number(const json_t *json, const char *path, uint64_t otherwise, uint64_t most,
                        uint64_t *out)
{
    const char *text = shape_str(json, path);
    *out = otherwise;
    return !text || (str_u64(text, out) && *out >= 1 && *out <= most);
}

void v1_report(struct request *q, struct reply *r)
{
    struct search s;
    struct orders *all = &q->sim->orders;
    uint64_t page = 1, size = 100, total = 0;
    if (!read_search(q, &s) || !read_number(q->json, S "pageNumber", 1, 1000000, &page) ||
        !read_number(q->json, S "pageSize", 100, 500, &size)) {
        v1_refuse(q, r, "EMS-901", "Invalid search criteria");
        return;
    }
    json_t *rows = json_array();
    for (size_t i = all->n; i-- > 0;) { /* the newest first */
        if (row_fits(q, &s, all->v[i])) {
            if (total >= (page - 1) * size && total < page * size) {
                (void)json_array_append_new(rows, row(q, all->v[i]));
            }
            total++;
        }
    }
    if (!json_array_size(rows) && plan_has(&q->plan, FAULT_REPORT_FAILURE)) {
        json_decref(rows);
        v1_refuse(q, r, "EMS-913", "No records found");
        return;
    }
    v1_good(q, r,
            json_pack("{s:{s:I,s:I,s:I,s:s,s:o}}", "orderDetails", "noOfPages",
                      (json_int_t)((total + size - 1) / size), "totalNoOfResults",
                      (json_int_t)total, "pageSize", (json_int_t)json_array_size(rows),
                      "currentPage", arena_printf(&q->arena, "%llu", (unsigned long long)page),
                      "ordersArray", rows));
}

/* --- what the account has --- */
json_t *catalogue_json(const struct catalogue *c)
{
    json_t *ssl = json_array(), *own = json_array();
    for (size_t i = 0; i < c->n; i++) {
        const struct product *p = &c->v[i];
        json_t *one = json_pack("{s:s,s:s,s:s}", "productCode", p->code, "productName", p->name,
                                "productTypeID", p->type->id);
        if (p->type->level == LEVEL_PRIVATE) {
            (void)json_object_set_new(one, "price", json_string("0.0"));
            (void)json_array_append_new(own, one);
        } else {
            (void)json_object_set_new(one, "subscriptionPrice",
                                      json_pack("{s:{s:s}}", "1 Year", "cost", "0.0"));
            (void)json_array_append_new(ssl, one);
        }
    }
    return json_pack("[{s:s,s:s,s:s,s:o},{s:s,s:s,s:s,s:o}]", "categoryName",
                     "SSL/TLS Certificates", "categoryID", "3", "currencyType", "USD", "products",
                     ssl, "categoryName", "Private PKI", "categoryID", "8", "currencyType", "USD",
                     "products", own);
}

/* Without the group number the list is empty, as some accounts have it. */
void v1_products(struct request *q, struct reply *r)
{
    bool ours = str_eq(shape_str(q->json, "productDetails.groupNumber"), q->sim->options.group);
    v1_good(q, r,
            json_pack("{s:o}", "productDetails",
                      ours ? catalogue_json(&q->sim->catalogue) : json_array()));
}

void v1_fields(struct request *q, struct reply *r)
{
    const char *code = shape_str(q->json, "productDetails.productCode");
    if (!str_eq(shape_str(q->json, "productDetails.groupNumber"), q->sim->options.group) ||
        !catalogue_find(&q->sim->catalogue, code)) {
        v1_refuse(q, r, "EMS-1269", "This product is not mapped to this group number");
    } else {
        v1_good(q, r, json_pack("{s:[]}", "fieldDetails"));
    }
}

void v1_groups(struct request *q, struct reply *r)
{
    v1_good(q, r,
            json_pack("{s:[{s:s,s:s,s:s,s:s}]}", "groupDetails", "groupNumber",
                      q->sim->options.group, "groupName", "Default", "isDefaultGroup", "1",
                      "accountBalance", "0.0"));
}

void v1_organizations(struct request *q, struct reply *r)
{
    v1_good(q, r,
            json_pack("{s:[{s:s,s:s,s:s,s:s}]}", "organizationDetails", "organizationNumber",
                      q->sim->options.organization, "organizationName", "Example Corp",
                      "isPreVettingOrg", "1", "organizationStatusId", "1"));
}

void v1_domains(struct request *q, struct reply *r)
{
    v1_good(q, r, json_pack("{s:[]}", "domainDetails"));
}
