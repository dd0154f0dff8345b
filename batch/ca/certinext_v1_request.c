/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies of requests of the V1 API (emSign Hub): a block beside `meta` for each call. A block or
 * member that nobody filled is left out; the API takes an empty one for a value.
 *
 * What a person may say twice is looked for in the same places as the certinext.* rules look:
 * `fields:` of the order, then the configuration.
 */
#include "batch/ca/certinext_v1.h"

#include "batch/manifest.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/crl.h"

#include <stdio.h>
#include <string.h>

static bool blank(const char *s)
{
    return !s || !s[strspn(s, " \t\r\n")];
}

/* The first that says something, else NULL. */
static const char *first_of(const char *a, const char *b)
{
    return !blank(a) ? a : !blank(b) ? b : NULL;
}

static void put(struct jw *j, const char *key, const char *value)
{
    if (!blank(value)) {
        jw_str(j, key, value);
    }
}

static void put_flag(struct jw *j, const char *key, bool value)
{
    jw_str(j, key, value ? "1" : "0");
}

static void put_number(struct jw *j, const char *key, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    jw_str(j, key, text);
}

static bool lacks(const struct certinext_asked *q, const char *what)
{
    return err_set(q->err, ERR_INPUT, "an order at CERTInext needs %s", what);
}

/* --- settings --- */
static const struct ynode *below(const struct ynode *node, const char *path)
{
    const char *dot = strchr(path, '.');
    char group[32];
    if (!dot) {
        return yaml_get(node, path);
    }
    const size_t n = (size_t)(dot - path);
    if (n >= sizeof group) {
        return NULL;
    }
    memcpy(group, path, n);
    group[n] = '\0';
    return yaml_get(yaml_get(node, group), dot + 1);
}

const char *certinext_order_text(const struct ca_order *o, const char *path, const char *otherwise)
{
    const struct ynode *n = o ? below(o->extra, path) : NULL;
    return n && n->kind == YAML_SCALAR && n->text[0] ? n->text : otherwise;
}

bool certinext_order_flag(const struct ca_order *o, const char *path, bool otherwise)
{
    const char *text = certinext_order_text(o, path, NULL);
    return text ? str_eq(text, "true") || str_eq(text, "1") : otherwise;
}

/* What a private product is ordered by is another call; how signing and S/MIME products are
 * ordered is not published. */
enum family { FAMILY_SSL, FAMILY_PRIVATE, FAMILY_OTHER };

static enum family family_of(const struct certinext_asked *q, const struct product_info **product)
{
    const char *said = certinext_order_text(q->call->order, "family", NULL);
    const struct product_info *p = ca_product_of(q->ca->config, q->call->order->product);
    const char *level = p ? p->level : NULL;
    *product = p;
    if (said) {
        return str_eq(said, "private-pki") ? FAMILY_PRIVATE : FAMILY_SSL;
    }
    if (str_eq(level, "smime") || (p && strstr(p->name, "-signer-"))) {
        return FAMILY_OTHER;
    }
    return str_eq(level, "private") ? FAMILY_PRIVATE : FAMILY_SSL;
}

const char *certinext_v1_endpoint(const struct certinext_asked *q, const char *path)
{
    const struct product_info *product;
    const bool order = q->call->step == STEP_ORDER;
    return order && family_of(q, &product) == FAMILY_PRIVATE ? "GenerateOrderPrivatePKI" : path;
}

/* --- blocks of an order --- */
static const char *requestor(const struct certinext_asked *q, const char *path,
                             const char *configured)
{
    return certinext_order_text(q->call->order, path, configured);
}

static void put_requestor(const struct certinext_asked *q, struct jw *j)
{
    const struct certinext_person *p = &q->config->requestor;
    const char *mobile = requestor(q, "requestor.mobile_number", p->mobile_number);
    jw_object(j, "requestorInformation");
    put(j, "requestorName", requestor(q, "requestor.name", p->name));
    put(j, "requestorIsdCode", requestor(q, "requestor.isd_code", p->isd_code));
    jw_str(j, "requestorMobileNumber", mobile ? mobile : ""); /* may be empty, not absent */
    put(j, "requestorEmail", requestor(q, "requestor.email", p->email));
    put(j, "requestorDesignation", requestor(q, "requestor.designation", p->designation));
    jw_end(j);
}

/* A member that is not said is the requestor's. */
static void put_technical_contact(const struct certinext_asked *q, struct jw *j)
{
    const struct certinext_person *p = &q->config->requestor, *t = &q->config->technical_contact;
    const struct {
        const char *member, *own, *instead, *configured, *otherwise;
    } rows[] = {
        {"tpcName", "technical_contact.name", "requestor.name", t->name, p->name},
        {"tpcEmail", "technical_contact.email", "requestor.email", t->email, p->email},
        {"tpcIsdCode", "technical_contact.isd_code", "requestor.isd_code", t->isd_code,
         p->isd_code},
        {"tpcMobileNumber", "technical_contact.mobile_number", "requestor.mobile_number",
         t->mobile_number, p->mobile_number},
    };
    jw_object(j, "technicalPointOfContact");
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const char *own = requestor(q, rows[i].own, rows[i].configured);
        put(j, rows[i].member, own ? own : requestor(q, rows[i].instead, rows[i].otherwise));
    }
    jw_end(j);
}

static void put_group(const struct certinext_asked *q, struct jw *j)
{
    const char *group = requestor(q, "group_number", q->config->group_number);
    if (group) {
        jw_object(j, "delegationInformation");
        jw_str(j, "groupNumber", group);
        jw_end(j);
    }
}

/* Also with a DV order: it is released sooner (emSign Hub API, organizationDetails). */
static void put_organization(const struct certinext_asked *q, struct jw *j)
{
    const char *number = requestor(q, "organization_number", q->config->organization_number);
    if (number) {
        jw_object(j, "organizationDetails");
        put_flag(j, "preVetting", certinext_order_flag(q->call->order, "pre_vetting", true));
        jw_str(j, "organizationNumber", number);
        jw_end(j);
    }
}

enum { YEAR_SECONDS = 365 * DAY_SECONDS };

/* A term is bought in whole years; a certificate in it lives as long as one may. */
static void put_subscription(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const char *years = certinext_order_text(o, "subscription.years", NULL);
    const char *days = certinext_order_text(o, "subscription.renew_days", NULL);
    jw_object(j, "subscriptionDetails");
    if (years) {
        jw_str(j, "validity", years);
    } else if (o->validity_seconds > 0) {
        put_number(j, "validity",
                   o->validity_seconds / YEAR_SECONDS + (o->validity_seconds % YEAR_SECONDS != 0));
    } else {
        put_number(j, "validity", q->config->subscription.years);
    }
    put_flag(
        j, "autoRenew",
        certinext_order_flag(o, "subscription.auto_renew", q->config->subscription.auto_renew));
    if (days) {
        jw_str(j, "renewCriteria", days);
    } else {
        put_number(j, "renewCriteria", q->config->subscription.renew_days);
    }
    jw_end(j);
}

static void put_agreement(const struct certinext_asked *q, struct jw *j)
{
    const struct certinext_config *c = q->config;
    const struct ca_order *o = q->call->order;
    const char *name = certinext_order_text(o, "signer.name", c->signer.name);
    jw_object(j, "agreementDetails");
    put_flag(j, "acceptAgreement", certinext_order_flag(o, "accept_agreement", true));
    put(j, "signerName", name ? name : requestor(q, "requestor.name", c->requestor.name));
    put(j, "signerPlace", certinext_order_text(o, "signer.place", c->signer.place));
    put(j, "signerIP", certinext_order_text(o, "signer.ip", c->signer.ip));
    jw_end(j);
}

/* --- names --- */
static const char *domain_name(const struct ca_order *o)
{
    const char *name = certinext_order_text(o, "domain_name", o->common_name);
    for (size_t i = 0; !name && i < o->nsan; i++) {
        name = o->san[i].type == GN_DNS ? o->san[i].text : NULL;
    }
    return name;
}

static bool said_before(const struct ca_order *o, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (str_ieq(o->san[k].text, o->san[i].text)) {
            return true;
        }
    }
    return str_ieq(o->san[i].text, domain_name(o));
}

/* CERTInext takes any text here and then waits for ever for its validation, so what is no DNS name
 * is not sent; left out, it would be missing in a certificate that was paid for. */
static bool names_fit(const struct certinext_asked *q, enum family family)
{
    const struct ca_order *o = q->call->order;
    for (size_t i = 0; i < o->nsan; i++) {
        const enum gn_type type = o->san[i].type;
        if (type != GN_DNS && !(family == FAMILY_PRIVATE && type == GN_IP)) {
            return err_set(q->err, ERR_INPUT, "CERTInext orders take no %s names",
                           gn_type_names[type]);
        }
    }
    return true;
}

/* The CSR's own names are ignored by the CA (emSign Hub API, additionalDomains). */
static void put_names(const struct ca_order *o, struct jw *j, bool always)
{
    bool open = always;
    if (always) {
        jw_array(j, "additionalDomains");
    }
    for (size_t i = 0; i < o->nsan; i++) {
        if (said_before(o, i)) {
            continue;
        }
        if (!open) {
            jw_array(j, "additionalDomains");
            open = true;
        }
        jw_str(j, NULL, o->san[i].text);
    }
    if (open) {
        jw_end(j);
    }
}

static const char *subject_text(const struct ca_order *o, const char *name)
{
    for (size_t i = 0; i < o->ndn; i++) {
        if (str_eq(o->dn[i].name, name)) {
            return o->dn[i].value;
        }
    }
    return NULL;
}

static void put_address(const struct ca_order *o, struct jw *j)
{
    put(j, "locality", subject_text(o, "L"));
    put(j, "postalCode", subject_text(o, "postalCode"));
    put(j, "streetAddress", subject_text(o, "street"));
    put(j, "streetAddress2", certinext_order_text(o, "street_address2", NULL));
    put(j, "city", certinext_order_text(o, "city", subject_text(o, "L")));
    put(j, "state", subject_text(o, "ST"));
    put(j, "country", subject_text(o, "C"));
}

/* --- EV --- */
static void put_contact(struct jw *j, const char *block, const struct contact *c)
{
    if (blank(c->name) && blank(c->email)) {
        return;
    }
    jw_object(j, block);
    put(j, "name", c->name);
    put(j, "email", c->email);
    put(j, "isdCode", c->isd_code);
    put(j, "mobileNumber", first_of(c->mobile_number, c->phone));
    put(j, "designation", c->designation);
    put(j, "employeeID", c->employee_id);
    jw_end(j);
}

static void put_people(const struct ca_order *o, struct jw *j)
{
    if (o->ev) {
        put_contact(j, "contractSignerInfo", &o->ev->contract_signer);
        put_contact(j, "certificateApproverInfo", &o->ev->certificate_approver);
    }
}

/* --- remarks and tags --- */
/* The reference of an order of ours: eight digits of its key, enough to tell attempts apart. */
enum { REFERENCE_DIGITS = 8 };

/* Remarks are demanded (EMS-918 without). */
static void put_additional(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const struct ynode *tags = yaml_get(o->extra, "tags");
    const char *text = certinext_order_text(o, "remarks", NULL);
    char other[LIMIT_ITEM_ID + 32];
    (void)snprintf(other, sizeof other, "certbatch %.*s", (int)LIMIT_ITEM_ID, o->item);
    text = first_of(first_of(text, o->comment), first_of(o->ticket, other));
    jw_object(j, "additionalInformation");
    jw_str(j, "remarks", text);
    jw_array(j, "tags");
    for (const struct ynode *t = tags ? tags->first : NULL; t; t = t->next) {
        if (t->kind == YAML_SCALAR) {
            jw_str(j, NULL, t->text);
        }
    }
    jw_str(j, NULL, o->item);
    if (q->call->client_key) {
        (void)snprintf(other, sizeof other, "certbatch-%.*s", REFERENCE_DIGITS,
                       q->call->client_key);
        jw_str(j, NULL, other);
    }
    jw_end(j);
    jw_end(j);
}

static void put_csr(const struct ca_order *o, struct jw *j)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(2 * LIMIT_CSR_BYTES);
    pem_write(&pem, "CERTIFICATE REQUEST", o->csr);
    jw_str(j, "csr", buf_text(&pem));
}

/* --- ORDER --- */
static const char *accounting(const struct certinext_asked *q)
{
    const char *said = certinext_order_text(q->call->order, "accounting_model", NULL);
    const bool cash = said ? str_eq(said, "cash") || str_eq(said, "1")
                           : q->config->accounting_model == CERTINEXT_CASH;
    return cash ? "1" : "2";
}

static void put_ssl(const struct certinext_asked *q, struct jw *j, const char *level)
{
    const struct ca_order *o = q->call->order;
    const bool ev = level ? str_eq(level, "ev") : o->ev != NULL;
    jw_str(j, "accountingModel", accounting(q));
    put_flag(j, "saveAndHold", certinext_order_flag(o, "save_and_hold", false));
    put_flag(j, "emailNotifications",
             certinext_order_flag(o, "email_notifications", q->config->email_notifications));
    put_group(q, j);
    put_organization(q, j);
    put_requestor(q, j);
    put_subscription(q, j);
    jw_object(j, "certificateInformation");
    jw_str(j, "domainName", domain_name(o));
    put_names(o, j, false);
    put_flag(j, "autoSecureWWW",
             certinext_order_flag(o, "auto_secure_www", q->config->auto_secure_www));
    if (!str_eq(level, "dv")) {
        put_address(o, j);
    }
    if (ev && o->ev) {
        put(j, "companyRegistrationNumber", o->ev->registration_number);
    }
    jw_end(j);
    put_technical_contact(q, j);
    put_csr(o, j);
    put_agreement(q, j);
    if (ev) {
        put_people(o, j);
    }
}

static void put_private(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    put_flag(j, "saveAndHold", certinext_order_flag(o, "save_and_hold", false));
    put_group(q, j);
    put_requestor(q, j);
    jw_object(j, "certificateInformation");
    jw_str(j, "domainName", domain_name(o));
    put(j, "organizationName", subject_text(o, "O"));
    put(j, "organizationUnit", subject_text(o, "OU"));
    put(j, "state", subject_text(o, "ST"));
    put(j, "countryCode", subject_text(o, "C"));
    jw_str(j, "dnsType", "1");
    put_names(o, j, true);
    jw_end(j);
    put_technical_contact(q, j);
    put_csr(o, j);
}

bool certinext_v1_order(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const struct certinext_person *p = &q->config->requestor;
    const struct product_info *product;
    if (!o || blank(o->product)) {
        return lacks(q, "a product");
    }
    const enum family family = family_of(q, &product);
    if (family == FAMILY_OTHER) {
        return err_set(q->err, ERR_INPUT,
                       "product %s (%s) is ordered in the portal of CERTInext: how it is ordered "
                       "through the API is not published",
                       product->code, product->name);
    }
    if (blank(domain_name(o)) || !o->csr.n) {
        return lacks(q, !o->csr.n ? "a CSR" : "a common name");
    }
    if (blank(requestor(q, "requestor.name", p->name)) ||
        blank(requestor(q, "requestor.email", p->email))) {
        return lacks(q, "requestor.name and requestor.email");
    }
    if (!names_fit(q, family)) {
        return false;
    }
    jw_object(j, "orderDetails");
    jw_str(j, "productCode", o->product);
    if (family == FAMILY_PRIVATE) {
        put_private(q, j);
    } else {
        put_ssl(q, j, product ? product->level : NULL);
    }
    put_additional(q, j);
    jw_end(j);
    return true;
}

/* --- the other calls --- */
static bool put_order_number(const struct certinext_asked *q, struct jw *j, const char *number)
{
    if (blank(number)) {
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
    return requestor(q, "requestor.email", q->config->requestor.email);
}

bool certinext_v1_fetch(const struct certinext_asked *q, struct jw *j)
{
    jw_object(j, "orderDetails");
    bool ok = put_order_number(q, j, q->call->order_id);
    put(j, "requestorEmail", email(q));
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
    put(j, "groupNumber", q->config->group_number);
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
    put_number(j, "pageNumber", (int64_t)page);
    put_number(j, "pageSize", q->config->page_size);
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
    CLEANUP(certinext_search_release) struct certinext_search s;
    const struct ca_order *o = q->call->order;
    if (!o || blank(domain_name(o))) {
        return lacks(q, "a common name to be looked for");
    }
    if (!certinext_search_read(&a, q->call->page, &s)) {
        return err_set(q->err, ERR_INTERNAL, "the search was lost between two requests");
    }
    jw_object(j, "searchCriteria");
    put_since(q, j);
    jw_str(j, "domainName", domain_name(o));
    put_page(q, j, s.page);
    jw_end(j);
    return true;
}

bool certinext_v1_find_track(const struct certinext_asked *q, struct jw *j)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(certinext_search_release) struct certinext_search s;
    if (!certinext_search_read(&a, q->call->page, &s) || !s.todo.n) {
        return err_set(q->err, ERR_INTERNAL, "the search was lost between two requests");
    }
    return put_track(q, j, s.todo.v[0]);
}

/* --- REVOKED, REVOKE, CANCEL --- */
static bool revocable(const struct certinext_asked *q)
{
    const struct ca_revocation *r = q->call->revoke;
    if (!r || blank(r->order)) {
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

/* CERTInext refuses a semicolon in remarks ("Invalid Revoke Remarks"); rule
 * certinext.revoke-remarks says so before. Nothing else is taken out. */
static void put_remarks(struct jw *j, const char *key, const char *text, const char *otherwise)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_YAML_SCALAR);
    for (const char *p = blank(text) ? otherwise : text; *p; p++) {
        if (*p != ';') {
            buf_putc(&b, *p);
        }
    }
    jw_str(j, key, blank(buf_text(&b)) ? otherwise : buf_text(&b));
}

bool certinext_v1_revoke(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_revocation *r = q->call->revoke;
    const unsigned reason = r ? certinext_reason_id(r->reason) : 0;
    if (!revocable(q)) {
        return false;
    }
    if (!reason) {
        return err_set(q->err, ERR_INPUT,
                       "CERTInext has no revocation reason %s; it has keyCompromise, "
                       "affiliationChanged, superseded, cessationOfOperation and "
                       "privilegeWithdrawn",
                       revocation_reason_name(r->reason));
    }
    jw_object(j, "revocationDetails");
    bool ok = put_order_number(q, j, r->order);
    put(j, "requestorEmail", q->config->requestor.email);
    put_number(j, "revokeReasonId", reason);
    put_remarks(j, "revokeRemarks", r->comment, "revoked by certbatch");
    jw_end(j);
    return ok;
}

bool certinext_v1_cancel(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    jw_object(j, "orderDetails");
    bool ok = put_order_number(q, j, q->call->order_id);
    put_remarks(j, "rejectRemarks", o ? first_of(o->comment, o->ticket) : NULL,
                "cancelled by certbatch");
    jw_end(j);
    return ok;
}
