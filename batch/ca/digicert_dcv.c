/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain control validation at CertCentral (Services API v2, "Order DCV"): which method an order is
 * placed with, what is to be published for it, and what DigiCert says after it looked.
 *
 * One random value stands for all names of an order and is good for 30 days. It is the text of a
 * TXT record, the first label of the target of a CNAME record, or the content of a file. A mail is
 * answered by people: there is nothing to publish, and nothing to do but wait. How an order is
 * validated is the order's matter, not the configuration's: it may have been changed at DigiCert,
 * so its own word for it (dcv_method) travels with each of its names.
 */
#include "batch/ca/digicert.h"

#include "batch/manifest.h"
#include "formats/base/str.h"
#include "policy/dcv.h"

#include <string.h>

/* --- methods --- */
enum { METHOD_ACCOUNT, METHOD_EMAIL, METHOD_TXT, METHOD_CNAME, METHOD_FILE, METHOD_NAMED_FILE };
const struct word digicert_dcv_words[] = {
    {"email", METHOD_EMAIL, "mail to an address of the domain, which a person answers"},
    {"dns-txt-token", METHOD_TXT, "TXT record"},
    {"dns-cname-token", METHOD_CNAME, "CNAME record _dnsauth.NAME"},
    {"http-token", METHOD_FILE, "file on the web server, fileauth.txt; no wildcards"},
    {"http-token-dynamic", METHOD_NAMED_FILE,
     "file on the web server, under a name of its own; no wildcards, not for DV"},
    {0},
};
static const struct method {
    enum dcv_method family; /* of a manifest */
    enum dcv_kind kind;     /* DCV_KIND__MAX: nothing is published */
    bool preferred;         /* of its family, where the settings name another family */
} methods[] = {
    [METHOD_EMAIL] = {DCV_EMAIL, DCV_KIND__MAX, true},
    [METHOD_TXT] = {DCV_DNS, DCV_KIND_TXT, true},
    [METHOD_CNAME] = {DCV_DNS, DCV_KIND_CNAME, false},
    [METHOD_FILE] = {DCV_WEBSITE, DCV_KIND_FILE, true},
    [METHOD_NAMED_FILE] = {DCV_WEBSITE, DCV_KIND_FILE, false},
};
_Static_assert(NITEMS(methods) == NITEMS(digicert_dcv_words), "a row for every word");

static int method_of(const char *word)
{
    for (const struct word *w = digicert_dcv_words; word && w->text; w++) {
        if (str_eq(w->text, word)) {
            return w->value;
        }
    }
    return METHOD_ACCOUNT;
}

static const char *word_of(int method)
{
    return method ? digicert_dcv_words[method - 1].text : NULL;
}

/* --- settings --- */
/* A hook can publish anything but mail, so without a word a TXT record is ordered with one. */
static int default_method(const struct digicert_config *c)
{
    return c->dcv.enabled && !c->dcv_method ? METHOD_TXT : c->dcv_method;
}

/* Owner of a TXT record: the name itself ("DNS-based DCV methods"). */
bool digicert_dcv(const struct ca_config *config, struct ca_dcv *out)
{
    const struct digicert_config *c = config->own;
    const bool ours = ca_dcv_of(&c->dcv, "{0}", out);
    out->chosen = true;
    return ours;
}

void digicert_dcv_check(struct schema_ctx *ctx, const struct ca_config *config)
{
    const struct digicert_config *c = config->own;
    const struct ynode *at = yaml_get(config->node, "dcv_method");
    ca_dcv_check(ctx, config, &c->dcv);
    if (c->dcv.enabled && c->dcv_method == METHOD_EMAIL) {
        schema_problem(ctx, at ? at : config->node,
                       "a hook cannot answer mail: with dcv_method email leave dcv out, or name "
                       "dns-txt-token, dns-cname-token, http-token or http-token-dynamic");
    }
}

/* --- orders --- */
/* `dcv: {method: dns}` of an item names a family; which of it is what the settings say. */
static int method_of_order(const struct digicert_config *c, const struct ca_order *o)
{
    const char *field = o ? digicert_field(o, "dcv_method", NULL) : NULL;
    const int otherwise = default_method(c);
    const int family = o && o->dcv ? o->dcv->method : DCV_NONE;
    if (field || family == DCV_NONE || (otherwise && (int)methods[otherwise].family == family)) {
        return field ? method_of(field) : otherwise;
    }
    for (size_t i = METHOD_EMAIL; i < NITEMS(methods); i++) {
        if ((int)methods[i].family == family && methods[i].preferred) {
            return (int)i;
        }
    }
    return otherwise;
}

static bool has_wildcard(const struct ca_order *o)
{
    for (size_t i = 0; i < o->nsan; i++) {
        if (str_starts(o->san[i].text, "*.")) {
            return true;
        }
    }
    return o->common_name && str_starts(o->common_name, "*.");
}

bool digicert_put_dcv(const struct rest_asked *q, struct jw *j)
{
    const struct digicert_config *c = q->config;
    const struct ca_order *o = q->call->order;
    const struct product_info *p = ca_product_of(q->ca->config, o->product);
    const char *field = digicert_field(o, "dcv_method", NULL);
    const int method = method_of_order(c, o);
    if (field && !method) {
        return err_set(q->err, ERR_INPUT, "DigiCert has no dcv_method %.64s", field);
    }
    if (method && methods[method].family == DCV_WEBSITE && has_wildcard(o)) {
        return err_set(q->err, ERR_INPUT,
                       "a file proves one host: for wildcards DigiCert takes no dcv_method %s",
                       word_of(method));
    }
    if (method == METHOD_NAMED_FILE && p && str_eq(p->level, "dv")) {
        return err_set(q->err, ERR_INPUT,
                       "DigiCert takes no http-token-dynamic for DV products: use http-token");
    }
    rest_put(j, "dcv_method", word_of(method));
    return true;
}

/* --- a pending order --- */
/* The validation of its names does not show in an order, so all of them are open until it is
 * issued; a record too many does no harm. */
static void read_domains(const struct rest_heard *h, const json_t *certificate, const char *proof)
{
    struct ca_result *out = h->out;
    const json_t *names = reply_member(certificate, "dns_names");
    const char *common_name = reply_text(out->arena, certificate, "common_name");
    out->domains = arena_array(out->arena, json_array_size(names) + 1, sizeof *out->domains);
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name && *name) {
            out->domains[out->ndomains++] =
                (struct ca_domain){.name = arena_strdup(out->arena, name), .proof = proof};
        }
    }
    if (!out->ndomains && common_name) {
        out->domains[out->ndomains++] = (struct ca_domain){.name = common_name, .proof = proof};
    }
}

enum { NAMES_SHOWN = 5 };
static const char *mail_text(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const char *names = NULL;
    for (size_t i = 0; i < h->out->ndomains && i < NAMES_SHOWN; i++) {
        const char *name = h->out->domains[i].name;
        names =
            names ? arena_printf(a, "%s, %.253s", names, name) : arena_printf(a, "%.253s", name);
    }
    return arena_printf(a,
                        "the order waits until somebody answers the mail that DigiCert sent about "
                        "%s%s: to the contact in the TXT or CAA record of the domain, or to admin, "
                        "administrator, webmaster, hostmaster or postmaster of it",
                        names ? names : "its names",
                        h->out->ndomains > NAMES_SHOWN ? " and others" : "");
}

void digicert_read_validation(const struct rest_heard *h, const json_t *certificate)
{
    const struct digicert_config *c = h->config;
    const char *told = reply_text(h->out->arena, h->body, "dcv_method");
    const int method = told ? method_of(told) : method_of_order(c, h->call->order);
    if (digicert_is_mail(h->ca->config, h->call->order)) { /* no hook answers for a mailbox */
        h->out->message = "the order waits until somebody answers the mail that DigiCert sent to "
                          "the mailboxes of the order";
        return;
    }
    read_domains(h, certificate, word_of(method));
    if (method == METHOD_EMAIL) {
        h->out->message = mail_text(h);
    }
    if (!c->dcv.enabled || method == METHOD_EMAIL || (told && !method)) {
        h->out->ndomains = 0; /* nothing for a hook to do */
    }
}

/* --- CHALLENGE --- */
#define CNAME_LABEL  "_dnsauth."         /* "DNS CNAME DCV method", option 1 */
#define CNAME_TARGET ".dcv.digicert.com" /* behind the random value */
#define FILE_PATH    "/.well-known/pki-validation/"

/* The unique name of a file comes as its address (http_token_url), for one of the names. */
static const char *file_of(const struct rest_heard *h, int method)
{
    const char *url = reply_text(h->out->arena, h->body, "http_token_url");
    const char *slash = url ? strrchr(url, '/') : NULL;
    return slash && slash[1] ? slash + 1 : method == METHOD_FILE ? "fileauth.txt" : NULL;
}

/* One value for all names of the order, the same as long as it is good. */
void digicert_take_challenge(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const struct digicert_config *c = h->config;
    const int named = method_of(h->call->proof);
    const int method = named ? named : method_of_order(c, h->call->order);
    const char *value = reply_text(a, h->body, "dcv_random_value");
    const char *base = str_lower(a, h->call->domain);
    const char *file = file_of(h, method);
    base += str_starts(base, "*.") ? 2 : 0;
    if (!value) {
        digicert_unknown(h, "the reply holds no random value");
        return;
    }
    if (method == METHOD_NAMED_FILE && !file) {
        rest_say(h, OUTCOME_REFUSED,
                 "DigiCert names no file for http-token-dynamic: publish the one that the order "
                 "shows at DigiCert, or order with http-token");
        return;
    }
    h->out->record_kind = method ? methods[method].kind : DCV_KIND_TXT;
    h->out->record_value = value;
    if (h->out->record_kind == DCV_KIND_CNAME) {
        h->out->record_name = arena_printf(a, CNAME_LABEL "%s", base);
        h->out->record_value = arena_printf(a, "%s" CNAME_TARGET, value);
    } else if (h->out->record_kind == DCV_KIND_FILE) {
        h->out->record_name = arena_printf(a, "http://%s" FILE_PATH "%s", base, file);
    }
}

/* --- VALIDATE --- */
/* DigiCert looks while it answers, and at all names of the order together. */
void digicert_take_validated(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const struct digicert_config *c = h->config;
    const char *status = reply_text(a, h->body, "dcv_status");
    const json_t *all = reply_member(h->body, "dns_name_validations");
    h->out->message = status ? arena_printf(a, "validation: %.100s", status) : h->out->message;
    for (size_t i = 0; i < json_array_size(all) && !h->out->pending; i++) {
        const json_t *one = json_array_get(all, i);
        const char *name = reply_text(a, one, "dns_name"), *word = reply_text(a, one, "status");
        if (word && !str_has_word("approved active valid", word)) {
            h->out->pending = true;
            h->out->again_seconds = c->enroll.back_off_seconds;
            h->out->message = arena_printf(a, "validation of %.253s: %.100s",
                                           name ? name : h->call->domain, word);
        }
    }
}
