/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of an order at CertCentral: POST order/certificate/{product}, and the shorter one of a
 * reissue or duplicate. CertCentral reads nothing but the key from the CSR: every name and every
 * part of the subject must be a member.
 */
#include "batch/ca/digicert.h"

#include "batch/manifest.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/pem.h"

#include <string.h>

static const struct digicert_config *settings(const struct rest_asked *q)
{
    return q->config;
}

/* A number of CertCentral is a JSON number; as text it is taken by some calls only. */
static bool put_number(const struct rest_asked *q, struct jw *j, const char *key, const char *text)
{
    uint64_t n = 0;
    if (!str_u64(text, &n) || n > INT64_MAX) {
        return err_set(q->err, ERR_INPUT, "%s is not a number of CertCentral", key);
    }
    jw_int(j, key, (int64_t)n);
    return true;
}

static bool put_id_object(const struct rest_asked *q, struct jw *j, const char *key,
                          const char *text)
{
    if (!text) {
        return true;
    }
    jw_object(j, key);
    const bool ok = put_number(q, j, "id", text);
    jw_end(j);
    return ok || err_wrap(q->err, "%s", key);
}

/* --- terms --- */
enum { YEAR_SECONDS = 365 * DAY_SECONDS };

static bool said(const struct digicert_term *t)
{
    return t->years || t->days || t->custom_expiration_date;
}

/* A term under `fields:` of the order. */
static struct digicert_term field_term(const struct ca_order *o, const char *name)
{
    const struct ynode *map = yaml_get(o->extra, name);
    const struct ynode *years = yaml_get(map, "years");
    const struct ynode *days = yaml_get(map, "days");
    const struct ynode *date = yaml_get(map, "custom_expiration_date");
    uint64_t y = 0, d = 0;
    struct digicert_term t = {0};
    if (years && years->text && str_u64(years->text, &y) && y <= INT32_MAX) {
        t.years = (int64_t)y;
    }
    if (days && days->text && str_u64(days->text, &d) && d <= INT32_MAX) {
        t.days = (int64_t)d;
    }
    t.custom_expiration_date = date ? date->text : NULL;
    return t;
}

/* One of the three: CertCentral drops the others silently. */
static void put_term(struct jw *j, const char *key, const struct digicert_term *t)
{
    if (!said(t)) {
        return;
    }
    jw_object(j, key);
    if (t->custom_expiration_date) {
        jw_str(j, "custom_expiration_date", t->custom_expiration_date);
    } else {
        jw_int(j, t->days ? "days" : "years", t->days ? t->days : t->years);
    }
    jw_end(j);
}

/* What `validity:` of an item says: whole years are the term of the order, within which
 * certificates live as long as one may (199 days at a public CA since 2026-02-24); anything else is
 * the life of the certificate. */
struct terms {
    struct digicert_term order, certificate;
};

static bool terms_of(const struct rest_asked *q, struct terms *out)
{
    const struct digicert_config *c = settings(q);
    const struct ca_order *o = q->call->order;
    const int64_t seconds = o->validity_seconds;
    const int64_t years = seconds % YEAR_SECONDS == 0 ? seconds / YEAR_SECONDS : 0;
    const struct digicert_term own = {.days = years ? 0 : seconds / DAY_SECONDS};
    *out = (struct terms){.order = field_term(o, "order_validity"), field_term(o, "cert_validity")};
    if (seconds > 0 && seconds < DAY_SECONDS) {
        return err_set(q->err, ERR_INPUT,
                       "DigiCert counts validity in days: less than one is none");
    }
    if (!said(&out->order)) {
        out->order = years                      ? (struct digicert_term){.years = years}
                     : said(&c->order_validity) ? c->order_validity
                     : own.days                 ? own
                                                : c->certificate_validity;
    }
    if (!said(&out->certificate)) {
        out->certificate = own.days ? own : c->certificate_validity;
    }
    return said(&out->order) ||
           err_set(q->err, ERR_INPUT,
                   "an order at DigiCert needs a validity: `validity` of the order, or "
                   "order_validity in the settings of the CA");
}

static bool same_term(const struct digicert_term *a, const struct digicert_term *b)
{
    return a->years == b->years && a->days == b->days &&
           str_eq(a->custom_expiration_date, b->custom_expiration_date);
}

/* --- names --- */
static bool names_fit(const struct rest_asked *q, bool mail)
{
    const struct ca_order *o = q->call->order;
    for (size_t i = 0; i < o->nsan; i++) {
        const enum gn_type type = o->san[i].type;
        if (mail ? type != GN_EMAIL : type != GN_DNS && type != GN_IP) {
            return err_set(q->err, ERR_INPUT, "DigiCert product %s takes no %s names", o->product,
                           gn_type_names[type]);
        }
    }
    return true;
}

static bool repeats(const struct ca_order *o, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (str_ieq(o->san[k].text, o->san[i].text)) {
            return true;
        }
    }
    return false;
}

/* The common name is among them: that it is added by itself is not promised for every product. */
void digicert_put_names(const struct ca_order *o, struct jw *j, const char *key, const char *first)
{
    jw_array(j, key);
    if (first) {
        jw_str(j, NULL, first);
    }
    for (size_t i = 0; i < o->nsan; i++) {
        if (!repeats(o, i) && !(first && str_ieq(first, o->san[i].text))) {
            jw_str(j, NULL, o->san[i].text);
        }
    }
    jw_end(j);
}

/* --- the certificate --- */
/* Base64 without line breaks, headers included: the documented form (reissue page). */
static void put_csr(const struct ca_order *o, struct jw *j)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(2 * LIMIT_CSR_BYTES);
    CLEANUP(buf_release) struct buf line = BUF_INIT(2 * LIMIT_CSR_BYTES);
    pem_write(&pem, "CERTIFICATE REQUEST", o->csr);
    for (const char *p = buf_text(&pem); *p; p++) {
        if (*p != '\n') {
            buf_putc(&line, *p);
        }
    }
    jw_str(j, "csr", buf_text(&line));
}

/* Public certificates carry no organizational unit since 2022-09-01 (BR 7.1.4.2). */
static void put_units(const struct rest_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const struct product_info *p = ca_product_of(q->ca->config, o->product);
    const struct ynode *units = yaml_get(o->extra, "organization_units");
    if (!units || !units->first || !p || !str_eq(p->level, "private")) {
        return;
    }
    jw_array(j, "organization_units");
    for (const struct ynode *n = units->first; n; n = n->next) {
        if (n->kind == YAML_SCALAR && n->text[0]) {
            jw_str(j, NULL, n->text);
        }
    }
    jw_end(j);
}

static bool put_platform(const struct rest_asked *q, struct jw *j)
{
    const char *own = digicert_field(q->call->order, "server_platform_id", NULL);
    const int64_t set = settings(q)->server_platform_id;
    if (own) {
        return put_id_object(q, j, "server_platform", own);
    }
    jw_object(j, "server_platform"); /* a reissue without one is refused: required_param */
    jw_int(j, "id", set ? set : -1); /* other */
    jw_end(j);
    return true;
}

static bool put_certificate(const struct rest_asked *q, struct jw *j, const struct terms *t)
{
    const struct digicert_config *c = settings(q);
    const struct ca_order *o = q->call->order;
    const bool mail = digicert_is_mail(q->ca->config, o);
    const char *name = digicert_common_name(o);
    jw_object(j, "certificate");
    if (mail) {
        digicert_put_mail(q, j);
    } else {
        jw_str(j, "common_name", name);
        digicert_put_names(o, j, "dns_names", name);
    }
    put_csr(o, j);
    jw_str(j, "signature_hash", digicert_field(o, "signature_hash", c->signature_hash));
    if (!mail && !put_platform(q, j)) {
        return false;
    }
    put_units(q, j);
    rest_put(j, "ca_cert_id", digicert_field(o, "ca_cert_id", c->ca_cert_id));
    rest_put(j, "profile_option", digicert_field(o, "profile_option", c->profile_option));
    if (digicert_prior(o) || !same_term(&t->order, &t->certificate)) {
        put_term(j, "cert_validity", &t->certificate);
    }
    jw_end(j);
    return true;
}

/* --- who, where, who pays --- */
static void put_person(struct jw *j, const struct contact *p)
{
    const char *space = strrchr(p->name, ' ');
    jw_object(j, NULL);
    jw_str(j, "contact_type", "verified_contact");
    if (space && space > p->name) {
        jw_strn(j, "first_name", p->name, (size_t)(space - p->name));
        jw_str(j, "last_name", space + 1);
    } else {
        jw_str(j, "last_name", p->name);
    }
    rest_put(j, "job_title", p->designation);
    rest_put(j, "telephone", p->phone ? p->phone : p->mobile_number);
    rest_put(j, "email", p->email);
    jw_end(j);
}

/* DV names nobody but the host, a mailbox certificate nobody but the mailbox. */
static bool put_organization(const struct rest_asked *q, struct jw *j)
{
    const struct digicert_config *c = settings(q);
    const struct ca_order *o = q->call->order;
    const struct product_info *p = ca_product_of(q->ca->config, o->product);
    const char *number = o->organization_number ? o->organization_number : c->organization_id;
    const bool nobody = p && (str_eq(p->level, "dv") || str_eq(p->code, "secure_email_mailbox"));
    const struct contact *approver = o->ev ? &o->ev->certificate_approver : NULL;
    number = digicert_field(o, "organization_id", number);
    if (nobody || !number) {
        return nobody || !p ||
               err_set(q->err, ERR_INPUT,
                       "an order of level %s at DigiCert needs an organization: organization_id in "
                       "the settings of the CA or under `fields:`",
                       p->level);
    }
    jw_object(j, "organization");
    const bool ok = put_number(q, j, "id", number);
    if (approver && approver->name && approver->email) {
        jw_array(j, "contacts");
        put_person(j, approver);
        jw_end(j);
    }
    jw_end(j);
    return ok || err_wrap(q->err, "organization_id");
}

static bool put_payment(const struct rest_asked *q, struct jw *j)
{
    const struct digicert_config *c = settings(q);
    const char *method = digicert_field(q->call->order, "payment_method", digicert_payment_word(c));
    if (method && !str_has_word("balance profile", method)) {
        return err_set(q->err, ERR_INPUT, "the field payment_method must be balance or profile");
    }
    rest_put(j, "payment_method", method);
    return !str_eq(method, "profile") ||
           put_id_object(q, j, "payment_profile", c->payment_profile_id);
}

/* The comment is what a person who looks for a lost order finds: the change, the item, and the
 * name of the attempt, which is in our journal too. */
static void put_comment(const struct rest_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const char *text = digicert_field(o, "comments", o->comment ? o->comment : o->ticket);
    const char *key = q->call->client_key ? q->call->client_key : "";
    jw_str(j, "comments",
           arena_printf(q->out->arena, "%s%s" DIGICERT_MARK "%s %s", text ? text : "",
                        text ? "; " : "", o->item, key));
}

static bool put_custom_fields(const struct rest_asked *q, struct jw *j)
{
    const struct ynode *map = yaml_get(q->call->order->extra, "custom_fields");
    if (!map || !map->first) {
        return true;
    }
    jw_array(j, "custom_fields");
    for (const struct ynode *n = map->first; n; n = n->next) {
        jw_object(j, NULL);
        if (!put_number(q, j, "metadata_id", n->key)) {
            return err_wrap(q->err, "custom_fields");
        }
        jw_str(j, "value", n->kind == YAML_SCALAR ? n->text : "");
        jw_end(j);
    }
    jw_end(j);
    return true;
}

static bool put_renewal(const struct rest_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const char *old = str_eq(o->action, "renew") ? o->prior_order : NULL;
    old = digicert_field(o, "renewal_of_order_id", old);
    return !old || put_number(q, j, "renewal_of_order_id", old);
}

/* --- the whole --- */
static bool is_whole(const struct rest_asked *q)
{
    const struct ca_order *o = q->call->order;
    if (!o || !o->product || !*o->product) {
        return err_set(q->err, ERR_INPUT, "an order at DigiCert needs a product");
    }
    if (!o->csr.n || o->csr.n > LIMIT_CSR_BYTES) {
        return err_set(q->err, ERR_INPUT,
                       o->csr.n ? "the CSR is larger than any CA takes"
                                : "an order at DigiCert needs a CSR");
    }
    const bool mail = digicert_is_mail(q->ca->config, o);
    if (mail ? !o->nsan : !digicert_common_name(o)) {
        return err_set(q->err, ERR_INPUT, "an order at DigiCert needs %s",
                       mail ? "an e-mail address" : "a common name");
    }
    return names_fit(q, mail);
}

static bool put_flags(const struct rest_asked *q, struct jw *j)
{
    const struct digicert_config *c = settings(q);
    const struct ca_order *o = q->call->order;
    if (digicert_flag(o, "skip_approval", c->skip_approval)) {
        jw_bool(j, "skip_approval", true);
    }
    if (digicert_is_mail(q->ca->config, o)) {
        return true; /* mailboxes are proven by mail */
    }
    rest_put(j, "certificate_dcv_scope", digicert_scope_word(c));
    return digicert_put_dcv(q, j);
}

bool digicert_put_order(const struct rest_asked *q, struct jw *j)
{
    struct terms terms;
    const struct digicert_config *c = settings(q);
    if (!is_whole(q) || !terms_of(q, &terms) || !put_certificate(q, j, &terms) ||
        !put_flags(q, j)) {
        return false;
    }
    put_comment(q, j);
    if (digicert_prior(q->call->order)) {
        return true; /* everything else is that of the order */
    }
    put_term(j, "order_validity", &terms.order);
    digicert_put_holder(q, j);
    if (c->disable_renewal_notifications) {
        jw_bool(j, "disable_renewal_notifications", true);
    }
    const char *container = digicert_field(q->call->order, "container_id", c->container_id);
    return put_organization(q, j) && put_id_object(q, j, "container", container) &&
           put_payment(q, j) && put_custom_fields(q, j) && put_renewal(q, j);
}
