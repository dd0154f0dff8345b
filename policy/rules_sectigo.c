/* SPDX-License-Identifier: Apache-2.0
 *
 * sectigo.*: what an order or revocation at Sectigo Certificate Manager needs. Certificate
 * profiles are numbered for each customer; what they sell is written in the CA's `products:`.
 */
#include "policy/rules_ca.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <string.h>

enum { CSR_MAX = 32767 }; /* characters, Admin Operations API */

static bool is_number(const char *text)
{
    uint64_t n = 0;
    return text && str_u64(text, &n) && n >= 1 && n <= INT32_MAX;
}

static const char *scalar_of(const struct ynode *map, const char *key)
{
    const struct ynode *n = yaml_get(map, key);
    return n && n->kind == YAML_SCALAR && n->text[0] ? n->text : NULL;
}

/* --- required --- */

/* The entry of `products:` that has this name or number. */
static const struct ynode *listed(const struct rule_run *run, const char *product)
{
    const struct ynode *list = rule_ca_field(run, "products");
    for (const struct ynode *n = list ? list->first : NULL; n; n = n->next) {
        if (str_eq(n->key, product) || str_eq(scalar_of(n, "code"), product)) {
            return n;
        }
    }
    return NULL;
}

static void check_profile(struct rule_run *run, const struct said *product)
{
    if (!product->text) {
        rule_hit(run, (struct hit){.key = "product"},
                 "neither the order nor the settings of the CA name a certificate profile "
                 "(certType)");
        return;
    }
    const struct ynode *entry = listed(run, product->text);
    const char *code = entry ? scalar_of(entry, "code") : NULL;
    if (!is_number(code ? code : product->text)) {
        rule_hit(run, product->at,
                 "%s is not the number of a certificate profile, and the CA's products do not "
                 "give it one",
                 ca_shown(run, product->text));
    }
}

/* Days of the order; 0 when nobody says, -1 when it is not whole days. */
static int64_t days_asked(const struct rule_run *run, struct hit *at)
{
    uint64_t n = 0;
    const int64_t seconds = rule_facts(run)->s->validity_seconds;
    const char *own = rule_text(run, "fields.term");
    if (own || seconds == 0) {
        const struct said term = ca_said(run, "fields.term", "term");
        *at = term.at;
        return term.text && str_u64(term.text, &n) && n <= INT32_MAX ? (int64_t)n : 0;
    }
    *at = (struct hit){.key = "validity"};
    return seconds % DAY_SECONDS ? -1 : seconds / DAY_SECONDS;
}

static bool sold_for(const struct ynode *terms, int64_t days)
{
    const struct ynode *n = terms && terms->kind == YAML_SEQUENCE ? terms->first : terms;
    for (; n; n = terms->kind == YAML_SEQUENCE ? n->next : NULL) {
        int64_t seconds = 0;
        if (n->kind == YAML_SCALAR && duration_parse(n->text, &seconds) &&
            seconds == days * DAY_SECONDS) {
            return true;
        }
    }
    return !terms;
}

static void check_term(struct rule_run *run, const char *product)
{
    struct hit at;
    const int64_t days = days_asked(run, &at);
    const struct ynode *entry = product ? listed(run, product) : NULL;
    if (days == 0) {
        rule_hit(run, (struct hit){.key = "validity"},
                 "neither the order nor the settings of the CA give a term");
    } else if (days < 0) {
        rule_hit(run, at, "terms are whole days; the validity is not");
    } else if (entry && !sold_for(yaml_get(entry, "terms"), days)) {
        rule_hit(run, at, "the certificate profile %s is not sold for %lld days",
                 ca_shown(run, entry->key), (long long)days);
    }
}

static void check_required(struct rule_run *run)
{
    const struct said product = ca_said_product(run, "fields.cert_type", "default_product");
    struct said org = ca_said(run, "fields.org_id", "organization_id");
    org.text = org.text ? org.text : ca_organization_number(run);
    if (!org.text) {
        rule_hit(run, org.at, "no organization (orgId) is given");
    } else if (!is_number(org.text)) {
        rule_hit(run, org.at, "the organization %s is not a number", ca_shown(run, org.text));
    }
    check_profile(run, &product);
    check_term(run, product.text);
}

/* --- CSR --- */

/* The request goes out as PEM made from its DER: what else its file holds never leaves, so only
 * the length can be wrong. 64 characters a line, armour of 71 with its line ends. */
static void check_csr_charset(struct rule_run *run)
{
    const size_t der = rule_facts(run)->csr->der.n;
    const size_t base64 = (der + 2) / 3 * 4;
    const size_t text = base64 + (base64 + 63) / 64 + 71;
    if (text > CSR_MAX) {
        rule_hit(run, (struct hit){.key = "csr"},
                 "the CSR is %zu characters of PEM, more than the %d that are accepted", text,
                 CSR_MAX);
    }
}

/* --- lengths --- */

static size_t length_of(const char *text)
{
    return text ? utf8_length(text, strlen(text)) : 0;
}

static void too_long(struct rule_run *run, const char *key, const char *text, size_t max)
{
    if (length_of(text) > max) {
        rule_hit(run, (struct hit){.key = key, .value = text},
                 "%s has %zu characters, the most is %zu", key, length_of(text), max);
    }
}

static void check_reason_text(struct rule_run *run, const char *what)
{
    const char *comment = rule_text(run, "comment");
    if (!comment) {
        rule_hit(run, (struct hit){.key = "comment"},
                 "%s needs a reason in words (comment), 1 to 512 characters", what);
    }
    too_long(run, "comment", comment, 512);
}

static void check_custom_lengths(struct rule_run *run)
{
    const struct ynode *map = rule_field(run, "fields.custom_fields");
    for (const struct ynode *n = map && map->kind == YAML_MAPPING ? map->first : NULL; n;
         n = n->next) {
        const size_t name = length_of(n->key);
        const size_t value = n->kind == YAML_SCALAR ? length_of(n->text) : 0;
        if (name < 1 || name > 256 || value > 256) {
            rule_hit(run, (struct hit){.pos = yaml_pos(rule_facts(run)->s->file, n)},
                     "a custom field has a name of %zu and a value of %zu characters, the most "
                     "is 256",
                     name, value);
        }
    }
}

static void check_order_lengths(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    too_long(run, "fields.external_requester", rule_text(run, "fields.external_requester"), 512);
    check_custom_lengths(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (str_eq(a->name, "CN") && utf8_length(a->text, a->text_n) > 64) {
            rule_hit(run, (struct hit){.attr = a},
                     "the common name has %zu characters, the most "
                     "is 64",
                     utf8_length(a->text, a->text_n));
        }
    }
    if (str_eq(f->s->action, "reissue")) {
        check_reason_text(run, "a replacement");
    } else {
        too_long(run, "comment", rule_text(run, "comment"), 1024);
    }
}

static void check_lengths(struct rule_run *run)
{
    if (ca_is_order(run)) {
        check_order_lengths(run);
    } else if (ca_is_revocation(run)) {
        check_reason_text(run, "a revocation");
    }
}

/* --- custom fields --- */

static void want_field(struct rule_run *run, const struct ynode *map, const char *name)
{
    if (!scalar_of(map, name)) {
        rule_hit(run, (struct hit){.key = map ? "fields.custom_fields" : NULL, .value = name},
                 "the mandatory custom field %s has no value", ca_shown(run, name));
    }
}

static void check_custom_fields(struct rule_run *run)
{
    const struct strlist *listed_by_policy = rule_strings(run, 0);
    const struct ynode *map = rule_field(run, "fields.custom_fields");
    const struct ynode *settings = rule_ca_field(run, "mandatory_custom_fields");
    for (size_t i = 0; i < listed_by_policy->n; i++) {
        want_field(run, map, listed_by_policy->v[i]);
    }
    for (const struct ynode *n = settings ? settings->first : NULL; n; n = n->next) {
        if (n->kind == YAML_SCALAR && !strlist_has(listed_by_policy, n->text)) {
            want_field(run, map, n->text);
        }
    }
}

/* --- names --- */

static void check_names(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        bool odd = false;
        for (size_t k = 0; k < n->text_n; k++) {
            odd |= n->text[k] == ',' || n->text[k] == ' ' || n->text[k] == '\t';
        }
        if (odd && n->views & VIEW_EFFECTIVE) {
            rule_hit(run, (struct hit){.name = n},
                     "the name has a comma or blank; all names travel in one list separated by "
                     "commas");
        }
    }
}

/* --- revocation, renewal --- */

static void check_revoke_reason(struct rule_run *run)
{
    const struct ca_facts *sectigo = ca_facts_find("sectigo");
    const char *connector = rule_ca_text(run, "connector");
    if (rule_ca(run) == sectigo) {
        ca_check_reason(run, sectigo->reasons, sectigo->title);
    } else if (str_eq(rule_facts(run)->s->ca_type, "entrust") && str_eq(connector, "com.Sectigo")) {
        ca_check_reason(run, sectigo->reasons, "Sectigo behind the CA Gateway");
    }
}

static void check_renew_no_csr(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    const bool reuse = str_eq(rule_text(run, "fields.reuse_csr"), "true");
    if (str_eq(s->action, "renew") && reuse && !rule_bool(run, 0)) {
        rule_hit(run, (struct hit){.key = "fields.reuse_csr"},
                 "the renewal sends no CSR: the CA reuses the old one and with it the old key");
    }
}

static const struct param custom_params[] = {{.name = "fields",
                                              .kind = PARAM_STRINGS,
                                              .fallback = "",
                                              .help = "custom fields that every order must have"}};
static const struct param renew_params[] = {
    {.name = "allow",
     .kind = PARAM_BOOL,
     .fallback = "false",
     .help = "the old key may live on in the renewed certificate"}};

#define BASE   "type: sectigo, url: 'https://cert-manager.com/api'"
#define ORDERS BASE ", organization_id: '4210', products: {ov: {code: '18734', terms: [90d]}}"
/* clang-format off */
const struct rule rules_sectigo[] = {
    {.id = "sectigo.required", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER | NEEDS_CA, .ca = "sectigo",
     .title = "order lacks what Sectigo needs",
     .why = "The CA refuses an order without organization, certificate profile and a term that "
            "the profile is sold for.",
     .fix = "give organization_id in the settings of the CA, the profile number as product, and "
            "one of the profile's terms as validity",
     .cite = "Sectigo Certificate Manager REST API, ssl/v1/enroll", .check = check_required,
     .bad = "{ca: {" ORDERS "}, common_name: www.example.com, product: ov, validity: 100d}",
     .good = "{ca: {" ORDERS "}, common_name: www.example.com, product: ov, validity: 90d}"},
    {.id = "sectigo.csr-charset", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER | NEEDS_USABLE | NEEDS_CSR, .ca = "sectigo",
     .title = "CSR is longer than Sectigo accepts",
     .why = "The CA takes a CSR of at most 32767 characters of PEM.",
     .fix = "make a CSR without its many names; they belong in the order",
     .cite = "Sectigo Admin Operations API 25.9.2, csr", .check = check_csr_charset,
     .bad = "{ca: sectigo-prod, csr: sectigo.csr-charset.pem}",
     .good = "{ca: sectigo-prod, csr: good.pem}"},
    {.id = "sectigo.lengths", .severity = SEV_ERROR, .scope = SCOPE_ALL, .ca = "sectigo",
     .title = "text that is too long or missing",
     .why = "The CA refuses comments above 1024 characters, requesters above 512, common names "
            "above 64, and a revocation or replacement without a reason of 1 to 512.",
     .fix = "shorten the text, or write the comment that is missing",
     .cite = "Sectigo Admin Operations API 25.9.2", .check = check_lengths,
     .bad = "{action: revoke, ca: sectigo-prod, serial: '0A1B', reason: superseded}",
     .good = "{action: revoke, ca: sectigo-prod, serial: '0A1B', reason: superseded, "
             "comment: replaced under CHG0000001}"},
    {.id = "sectigo.custom-fields", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER, .ca = "sectigo",
     .title = "mandatory custom field is missing",
     .why = "The CA answers -62 and refuses the order.",
     .fix = "give the field under fields: custom_fields:",
     .cite = "Sectigo Certificate Manager REST API, ssl/v1/customFields",
     .check = check_custom_fields, RULE_PARAMS(custom_params),
     .bad = "{ca: {" BASE ", mandatory_custom_fields: [CostCentre]}, "
            "common_name: www.example.com}",
     .good = "{ca: {" BASE ", mandatory_custom_fields: [CostCentre]}, "
             "common_name: www.example.com, fields: {custom_fields: {CostCentre: C7710}}}"},
    {.id = "sectigo.names", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER | NEEDS_NAMES, .ca = "sectigo",
     .title = "name with a comma or blank",
     .why = "All names of an order are one text separated by commas, so such a name becomes two.",
     .fix = "remove the comma or blank, or order the name elsewhere",
     .cite = "Sectigo Certificate Manager REST API, subjAltNames", .check = check_names,
     .bad = "{ca: sectigo-prod, common_name: www.example.com, "
            "san: [www.example.com, 'a.example.com,b.example.com']}",
     .good = "{ca: sectigo-prod, common_name: www.example.com, "
             "san: [www.example.com, a.example.com, b.example.com]}"},
    /* no .ca: the CA Gateway of Entrust has a connector to Sectigo */
    {.id = "sectigo.revoke-reason", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_REVOCATION,
     .title = "revocation reason that Sectigo does not know",
     .why = "Sectigo knows unspecified, keyCompromise, affiliationChanged, superseded and "
            "cessationOfOperation, also behind the CA Gateway; there is no hold.",
     .fix = "choose one of these five reasons",
     .cite = "Sectigo Certificate Manager REST API, ssl/v1/revoke", .check = check_revoke_reason,
     .bad = "{action: revoke, ca: sectigo-prod, serial: '0A1B', reason: certificateHold}",
     .good = "{action: revoke, ca: sectigo-prod, serial: '0A1B', reason: superseded}"},
    {.id = "sectigo.renew-no-csr", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER, .ca = "sectigo",
     .title = "renewal that reuses the old key",
     .why = "renewById without a CSR takes the CSR and key of the old certificate, however old "
            "they are.",
     .fix = "remove fields: reuse_csr, so that a new CSR is sent",
     .cite = "Sectigo Certificate Manager REST API, ssl/v1/renewById",
     .check = check_renew_no_csr, RULE_PARAMS(renew_params),
     .bad = "{ca: sectigo-prod, action: renew, common_name: www.example.com, "
            "fields: {reuse_csr: true}}",
     .good = "{ca: sectigo-prod, action: renew, common_name: www.example.com}"},
    {0}};
/* clang-format on */
