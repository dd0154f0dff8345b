/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of an order of the V1 API (emSign Hub): GenerateOrderSSL, and GenerateOrderPrivatePKI
 * for private products.
 */
#include "batch/ca/certinext_v1.h"

#include "batch/manifest.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

const char *certinext_v1_endpoint(const struct certinext_asked *q, const char *path)
{
    const struct product_info *product;
    const struct ca_order *o = q->call->step == STEP_ORDER ? q->call->order : NULL;
    return o && certinext_family_of(q->own, o, &product) == FAMILY_PRIVATE
               ? "GenerateOrderPrivatePKI"
               : path;
}

/* --- blocks of an order --- */
static void put_requestor(const struct certinext_asked *q, struct jw *j)
{
    const struct certinext_person *p = &q->config->requestor;
    const char *mobile = certinext_setting_of(q, "requestor.mobile_number", p->mobile_number);
    jw_object(j, "requestorInformation");
    certinext_put(j, "requestorName", certinext_setting_of(q, "requestor.name", p->name));
    certinext_put(j, "requestorIsdCode",
                  certinext_setting_of(q, "requestor.isd_code", p->isd_code));
    jw_str(j, "requestorMobileNumber", mobile ? mobile : ""); /* may be empty, not absent */
    certinext_put(j, "requestorEmail", certinext_setting_of(q, "requestor.email", p->email));
    certinext_put(j, "requestorDesignation",
                  certinext_setting_of(q, "requestor.designation", p->designation));
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
        const char *own = certinext_setting_of(q, rows[i].own, rows[i].configured);
        certinext_put(j, rows[i].member,
                      own ? own : certinext_setting_of(q, rows[i].instead, rows[i].otherwise));
    }
    jw_end(j);
}

static void put_group(const struct certinext_asked *q, struct jw *j)
{
    const char *group = certinext_setting_of(q, "group_number", q->config->group_number);
    if (group) {
        jw_object(j, "delegationInformation");
        jw_str(j, "groupNumber", group);
        jw_end(j);
    }
}

/* Also with a DV order: it is released sooner (emSign Hub API, organizationDetails). */
static void put_organization(const struct certinext_asked *q, struct jw *j)
{
    const char *number = certinext_organization_number(q);
    if (number) {
        jw_object(j, "organizationDetails");
        certinext_put_flag(j, "preVetting",
                           certinext_order_flag(q->call->order, "pre_vetting", true));
        jw_str(j, "organizationNumber", number);
        jw_end(j);
    }
}

static void put_subscription(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const char *years = certinext_order_text(o, "subscription.years", NULL);
    const char *days = certinext_order_text(o, "subscription.renew_days", NULL);
    jw_object(j, "subscriptionDetails");
    if (years) {
        jw_str(j, "validity", years);
    } else {
        certinext_put_number(j, "validity", certinext_years(o, q->config));
    }
    certinext_put_flag(
        j, "autoRenew",
        certinext_order_flag(o, "subscription.auto_renew", q->config->subscription.auto_renew));
    if (days) {
        jw_str(j, "renewCriteria", days);
    } else {
        certinext_put_number(j, "renewCriteria", q->config->subscription.renew_days);
    }
    jw_end(j);
}

static void put_agreement(const struct certinext_asked *q, struct jw *j)
{
    const struct certinext_config *c = q->config;
    const struct ca_order *o = q->call->order;
    const char *name = certinext_order_text(o, "signer.name", c->signer.name);
    jw_object(j, "agreementDetails");
    certinext_put_flag(j, "acceptAgreement", certinext_order_flag(o, "accept_agreement", true));
    certinext_put(j, "signerName",
                  name ? name : certinext_setting_of(q, "requestor.name", c->requestor.name));
    certinext_put(j, "signerPlace", certinext_order_text(o, "signer.place", c->signer.place));
    certinext_put(j, "signerIP", certinext_order_text(o, "signer.ip", c->signer.ip));
    jw_end(j);
}

/* --- names --- */
/* The CSR's own names are ignored by the CA (emSign Hub API, additionalDomains). */
static void put_names(const struct ca_order *o, struct jw *j, bool always)
{
    bool open = always;
    if (always) {
        jw_array(j, "additionalDomains");
    }
    for (size_t i = 0; i < o->nsan; i++) {
        if (certinext_name_repeats(o, i)) {
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
    certinext_put(j, "locality", subject_text(o, "L"));
    certinext_put(j, "postalCode", subject_text(o, "postalCode"));
    certinext_put(j, "streetAddress", subject_text(o, "street"));
    certinext_put(j, "streetAddress2", certinext_order_text(o, "street_address2", NULL));
    certinext_put(j, "city", certinext_order_text(o, "city", subject_text(o, "L")));
    certinext_put(j, "state", subject_text(o, "ST"));
    certinext_put(j, "country", subject_text(o, "C"));
}

/* --- EV --- */
/* `phone` is as people write it, the member is digits without the country's code. Of a number in
 * another country than isd_code says, neither is sent. */
static void put_contact_phone(struct jw *j, const struct contact *c)
{
    CLEANUP(buf_release) struct buf isd = BUF_INIT(256);
    CLEANUP(buf_release) struct buf phone = BUF_INIT(256);
    const char *text = certinext_first(c->mobile_number, c->phone);
    const bool digits =
        certinext_phone_digits(c->isd_code, &isd) && certinext_phone_digits(text, &phone);
    const char *number = buf_text(&phone);
    if (text && strchr(text, '+')) {
        number = isd.n && str_starts(number, buf_text(&isd)) ? number + isd.n : NULL;
    }
    certinext_put(j, "isdCode", buf_text(&isd));
    certinext_put(j, "mobileNumber", digits ? number : NULL);
}

static void put_contact(struct jw *j, const char *block, const struct contact *c)
{
    if (certinext_blank(c->name) && certinext_blank(c->email)) {
        return;
    }
    jw_object(j, block);
    certinext_put(j, "name", c->name);
    certinext_put(j, "email", c->email);
    put_contact_phone(j, c);
    certinext_put(j, "designation", c->designation);
    certinext_put(j, "employeeID", c->employee_id);
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
/* Eight digits of the key are enough to tell attempts apart. */
enum { REFERENCE_DIGITS = 8 };
void certinext_v1_reference(const char *client_key, char out[CERTINEXT_REFERENCE])
{
    (void)snprintf(out, CERTINEXT_REFERENCE, "certbatch-%.*s", REFERENCE_DIGITS,
                   client_key ? client_key : "");
}

static void put_additional(const struct certinext_asked *q, struct jw *j)
{
    char reference[CERTINEXT_REFERENCE];
    const char *key = q->call->client_key;
    jw_object(j, "additionalInformation");
    certinext_put_remarks(q, j);
    certinext_v1_reference(key, reference);
    certinext_put_tags(q, j, key ? reference : NULL);
    jw_end(j);
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
    certinext_put_flag(j, "saveAndHold", certinext_order_flag(o, "save_and_hold", false));
    certinext_put_flag(
        j, "emailNotifications",
        certinext_order_flag(o, "email_notifications", q->config->email_notifications));
    put_group(q, j);
    put_organization(q, j);
    put_requestor(q, j);
    put_subscription(q, j);
    jw_object(j, "certificateInformation");
    jw_str(j, "domainName", certinext_domain(o));
    put_names(o, j, false);
    certinext_put_flag(j, "autoSecureWWW",
                       certinext_order_flag(o, "auto_secure_www", q->config->auto_secure_www));
    if (!str_eq(level, "dv")) {
        put_address(o, j);
    }
    if (ev && o->ev) {
        certinext_put(j, "companyRegistrationNumber", o->ev->registration_number);
    }
    jw_end(j);
    put_technical_contact(q, j);
    certinext_put_csr(q, j);
    put_agreement(q, j);
    if (ev) {
        put_people(o, j);
    }
}

static void put_private(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    certinext_put_flag(j, "saveAndHold", certinext_order_flag(o, "save_and_hold", false));
    put_group(q, j);
    put_requestor(q, j);
    jw_object(j, "certificateInformation");
    jw_str(j, "domainName", certinext_domain(o));
    certinext_put(j, "organizationName", subject_text(o, "O"));
    certinext_put(j, "organizationUnit", subject_text(o, "OU"));
    certinext_put(j, "state", subject_text(o, "ST"));
    certinext_put(j, "countryCode", subject_text(o, "C"));
    jw_str(j, "dnsType", "1");
    put_names(o, j, true);
    jw_end(j);
    put_technical_contact(q, j);
    certinext_put_csr(q, j);
}

bool certinext_v1_order(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const struct product_info *product;
    enum certinext_family family;
    if (!certinext_order_fits(q, &family, &product)) {
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
