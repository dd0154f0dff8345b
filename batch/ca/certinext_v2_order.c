/* SPDX-License-Identifier: Apache-2.0
 *
 * What an order hands over in the V2 API (REST): the order itself, for a server certificate or for
 * one of a private PKI; a new key for an order that is paid for; and what an order still waits for,
 * its CSR and its agreement.
 */
#include "batch/ca/certinext_v2.h"

#include "batch/manifest.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

/* --- people --- */
enum { E164_MOST = 15, E164_LEAST = 7 };

/* ITU-T E.164: a plus, the country's code, the number. One that has a plus is whole. */
static bool put_phone(const struct certinext_asked *q, struct jw *j, const char *isd,
                      const char *mobile)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(256);
    if (certinext_blank(mobile)) {
        return true;
    }
    buf_putc(&b, '+');
    const bool whole = mobile[strspn(mobile, " ")] == '+';
    const bool digits =
        certinext_phone_digits(whole ? NULL : isd, &b) && certinext_phone_digits(mobile, &b);
    if (!digits || buf_failed(&b) || b.n - 1 < E164_LEAST || b.n - 1 > E164_MOST) {
        return err_set(q->err, ERR_INPUT,
                       "isd_code and mobile_number of a contact make no telephone number (E.164)");
    }
    jw_str(j, "phone", buf_text(&b));
    return true;
}

struct person {
    const char *name, *email, *isd_code, *mobile_number, *designation;
};

static struct person requestor(const struct certinext_asked *q)
{
    const struct certinext_person *p = &q->config->requestor;
    return (struct person){
        certinext_setting_of(q, "requestor.name", p->name),
        certinext_setting_of(q, "requestor.email", p->email),
        certinext_setting_of(q, "requestor.isd_code", p->isd_code),
        certinext_setting_of(q, "requestor.mobile_number", p->mobile_number),
        certinext_setting_of(q, "requestor.designation", p->designation),
    };
}

/* What is not said is the requestor's; a job title goes with its person. */
static struct person technical_contact(const struct certinext_asked *q)
{
    const struct certinext_person *p = &q->config->technical_contact;
    const struct person r = requestor(q);
    const char *name = certinext_setting_of(q, "technical_contact.name", p->name);
    const char *email = certinext_setting_of(q, "technical_contact.email", p->email);
    const char *isd = certinext_setting_of(q, "technical_contact.isd_code", p->isd_code);
    const char *mobile =
        certinext_setting_of(q, "technical_contact.mobile_number", p->mobile_number);
    return (struct person){certinext_first(name, r.name), certinext_first(email, r.email),
                           certinext_first(isd, r.isd_code),
                           certinext_first(mobile, r.mobile_number),
                           certinext_blank(name) ? r.designation : NULL};
}

static bool put_person(const struct certinext_asked *q, struct jw *j, const char *block,
                       const struct person p)
{
    jw_object(j, block);
    certinext_put(j, "name", p.name);
    certinext_put(j, "email", p.email);
    const bool ok = put_phone(q, j, p.isd_code, p.mobile_number);
    certinext_put(j, "designation", p.designation);
    jw_end(j);
    return ok;
}

static bool put_people(const struct certinext_asked *q, struct jw *j)
{
    return put_person(q, j, "requestor", requestor(q)) &&
           put_person(q, j, "technicalPointOfContact", technical_contact(q));
}

/* --- what is bought --- */
enum { VARIANT = 32 };

/* "ov-wildcard-ucc": level, wildcard, several names. */
static bool ssl_variant(const struct certinext_asked *q, const struct product_info *p,
                        char out[VARIANT])
{
    const char *level = p ? p->level : NULL;
    if (!str_eq(level, "dv") && !str_eq(level, "ov") && !str_eq(level, "ev")) {
        (void)err_set(q->err, ERR_INPUT,
                      "api v2 orders by level, and product %.64s is not known here",
                      q->call->order->product);
        err_hint(q->err, "list it under products: of the CA, with code, level, wildcard and multi");
        return false;
    }
    (void)snprintf(out, VARIANT, "%s%s%s", level, p->wildcard ? "-wildcard" : "",
                   p->multi ? "-ucc" : "");
    return true;
}

static bool private_variant(const struct certinext_asked *q, const struct product_info *p,
                            char out[VARIANT])
{
    static const char *const variants[] = {"intranet-ssl", "igtf-host"};
    for (size_t i = 0; i < NITEMS(variants); i++) {
        if (p && str_eq(p->name, variants[i])) {
            (void)snprintf(out, VARIANT, "%s", variants[i]);
            return true;
        }
    }
    (void)err_set(q->err, ERR_INPUT,
                  "api v2 orders private products as intranet-ssl or igtf-host, and product %.64s "
                  "is not known to be either",
                  q->call->order->product);
    err_hint(q->err,
             "list its code under products: of the CA with name: intranet-ssl or igtf-host");
    return false;
}

/* The member is a number; the text is what somebody wrote. */
static bool put_count(const struct certinext_asked *q, struct jw *j, const char *member,
                      const char *path, int64_t otherwise)
{
    const char *text = certinext_order_text(q->call->order, path, NULL);
    uint64_t n = 0;
    if (text && (!str_u64(text, &n) || n > INT32_MAX)) {
        return err_set(q->err, ERR_INPUT, "the field %s must be a number", path);
    }
    jw_int(j, member, text ? (int64_t)n : otherwise);
    return true;
}

/* Left out, CERTInext renews by itself. */
static bool put_subscription(const struct certinext_asked *q, struct jw *j, bool whole)
{
    const struct ca_order *o = q->call->order;
    const struct certinext_config *c = q->config;
    bool ok = true;
    jw_object(j, "subscription");
    ok = put_count(q, j, "validityYears", "subscription.years", certinext_years(o, c));
    if (whole) {
        jw_bool(j, "autoRenew",
                certinext_order_flag(o, "subscription.auto_renew", c->subscription.auto_renew));
        ok = ok && put_count(q, j, "renewBeforeDays", "subscription.renew_days",
                             c->subscription.renew_days);
    }
    jw_end(j);
    return ok;
}

/* With V1 a DV order is released sooner when it names an organization; V2 wants none there. */
static bool put_organization(const struct certinext_asked *q, struct jw *j, const char *level)
{
    const struct ca_order *o = q->call->order;
    const char *number = certinext_organization_number(q);
    if (str_eq(level, "dv")) {
        return true;
    }
    if (certinext_blank(number)) {
        return certinext_lacks(q, "organization_number (EMS-1180) for this product");
    }
    jw_object(j, "organization");
    jw_str(j, "organizationNumber", number);
    jw_bool(j, "preVetted", certinext_order_flag(o, "pre_vetting", true));
    jw_end(j);
    return true;
}

static bool put_agreement(const struct certinext_asked *q, struct jw *j)
{
    const struct certinext_config *c = q->config;
    const struct ca_order *o = q->call->order;
    const char *name = certinext_order_text(o, "signer.name", c->signer.name);
    const char *place = certinext_order_text(o, "signer.place", c->signer.place);
    if (certinext_blank(place)) {
        return certinext_lacks(q, "signer.place");
    }
    jw_object(j, "agreement");
    certinext_put(
        j, "signerName",
        certinext_first(name, certinext_setting_of(q, "requestor.name", c->requestor.name)));
    jw_str(j, "signerPlace", place);
    certinext_put(j, "signerIp", certinext_order_text(o, "signer.ip", c->signer.ip));
    jw_bool(j, "accepted", certinext_order_flag(o, "accept_agreement", true));
    jw_end(j);
    return true;
}

static void put_names(const struct ca_order *o, struct jw *j, const char *member)
{
    bool open = false;
    for (size_t i = 0; i < o->nsan; i++) {
        if (certinext_name_repeats(o, i)) {
            continue;
        }
        if (!open) {
            jw_array(j, member);
            open = true;
        }
        jw_str(j, NULL, o->san[i].text);
    }
    if (open) {
        jw_end(j);
    }
}

static void put_common(const struct certinext_asked *q, struct jw *j)
{
    const bool mails =
        certinext_order_flag(q->call->order, "email_notifications", q->config->email_notifications);
    jw_str(j, "emailNotifications", mails ? "all" : "0");
    certinext_put(j, "groupNumber",
                  certinext_setting_of(q, "group_number", q->config->group_number));
}

/* --- ORDER --- */
/* The key is what an order is found by when its reply was lost: V2 does not show the CSR. */
void certinext_v2_tag(const struct ca_order *o, char out[CERTINEXT_TAG])
{
    char hex[2 * SHA256_SIZE + 1] = "";
    if (o->spki_sha256) {
        hex_encode(o->spki_sha256, SHA256_SIZE, hex);
    }
    (void)snprintf(out, CERTINEXT_TAG, "certbatch-%.16s", hex);
}

static bool put_ssl(const struct certinext_asked *q, struct jw *j, const struct product_info *p)
{
    const struct ca_order *o = q->call->order;
    char variant[VARIANT];
    char tag[CERTINEXT_TAG];
    if (!ssl_variant(q, p, variant)) {
        return false;
    }
    certinext_v2_tag(o, tag);
    jw_str(j, "productVariant", variant);
    put_common(q, j);
    jw_object(j, "certificate");
    jw_str(j, "domain", certinext_domain(o));
    jw_bool(j, "autoSecureWww", /* left out, it is on */
            certinext_order_flag(o, "auto_secure_www", q->config->auto_secure_www));
    put_names(o, j, "additionalDomains");
    jw_end(j);
    certinext_put_remarks(q, j);
    certinext_put_tags(q, j, tag);
    certinext_put_csr(q, j);
    return put_people(q, j) && put_subscription(q, j, true) && put_organization(q, j, p->level) &&
           put_agreement(q, j);
}

/* The CSR follows when the order asks for it: the call has no member for it. */
static bool put_private(const struct certinext_asked *q, struct jw *j, const struct product_info *p)
{
    char variant[VARIANT];
    if (!private_variant(q, p, variant)) {
        return false;
    }
    jw_str(j, "variant", variant);
    put_common(q, j);
    jw_str(j, "hostname", certinext_domain(q->call->order));
    put_names(q->call->order, j, "additionalHosts");
    return put_people(q, j) && put_subscription(q, j, false);
}

/* A new key in the paid term. What it replaces stays valid: revoking is an item of its own. */
static bool put_reissue(const struct certinext_asked *q, struct jw *j)
{
    jw_str(j, "mode", "rekey");
    certinext_put_csr(q, j);
    jw_bool(j, "revokePrevious", false);
    jw_bool(j, "revokeAllPriorReissues", false);
    return true;
}

static bool is_plain(const char *code)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    return strspn(code, plain) == strlen(code);
}

bool certinext_v2_order(const struct certinext_asked *q, struct jw *j)
{
    const struct product_info *product;
    enum certinext_family family;
    if (!certinext_order_fits(q, &family, &product)) {
        return false;
    }
    if (!is_plain(q->call->order->product)) { /* it stands in a header */
        return err_set(q->err, ERR_INPUT, "this is no product code of CERTInext");
    }
    if (certinext_order_flag(q->call->order, "save_and_hold", false)) {
        /* placed for good it would be paid for */
        (void)err_set(q->err, ERR_INPUT, "api v2 of CERTInext has no drafts (save_and_hold)");
        err_hint(q->err, "place drafts through api v1");
        return false;
    }
    return certinext_v2_prior(q->own, q->call->order) ? put_reissue(q, j)
           : family == FAMILY_PRIVATE                 ? put_private(q, j, product)
                                                      : put_ssl(q, j, product);
}

/* --- what an order waits for --- */
bool certinext_v2_csr(const struct certinext_asked *q, struct jw *j)
{
    if (!q->call->order || !q->call->order->csr.n) {
        return certinext_lacks(q, "a CSR");
    }
    certinext_put_csr(q, j);
    jw_bool(j, "attested", false);
    return true;
}

bool certinext_v2_agreement(const struct certinext_asked *q, struct jw *j)
{
    return q->call->order ? put_agreement(q, j) : certinext_lacks(q, "a signer");
}
