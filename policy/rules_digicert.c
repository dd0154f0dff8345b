/* SPDX-License-Identifier: Apache-2.0
 *
 * digicert.*: what an order at CertCentral needs, as far as the Services API refuses or silently
 * changes it otherwise.
 */
#include "policy/rules_ca.h"

#include "formats/base/time.h"
#include "policy/names.h"

#include <string.h>

/* --- required --- */

static bool has_effective_name(const struct facts *f)
{
    for (size_t i = 0; i < f->nnames; i++) {
        if (f->names[i].views & VIEW_EFFECTIVE) {
            return true;
        }
    }
    return false;
}

static bool has_term(const struct rule_run *run)
{
    static const char *const maps[] = {"order_validity", "certificate_validity"};
    for (size_t i = 0; i < NITEMS(maps); i++) {
        const struct ynode *n = rule_ca_field(run, maps[i]);
        if (n && n->count) {
            return true;
        }
    }
    return rule_facts(run)->s->validity_seconds > 0 || rule_field(run, "fields.order_validity") ||
           rule_field(run, "fields.cert_validity");
}

/* Mailbox certificates name nobody but the mailbox, DV nobody but the host. */
static bool needs_organization(const struct rule_run *run)
{
    const struct product_info *product = rule_product(run, NULL);
    const char *level = ca_level(run);
    return level && !str_eq(level, "dv") &&
           !(product && str_eq(product->code, "secure_email_mailbox"));
}

static void check_required(struct rule_run *run)
{
    const struct said organization = ca_said(run, "fields.organization_id", "organization_id");
    if (!has_effective_name(rule_facts(run))) {
        rule_hit(run, (struct hit){0}, "the order gives no name for certificate.common_name");
    }
    if (!has_term(run)) {
        rule_hit(run, (struct hit){.key = "validity"},
                 "neither the order nor the settings of the CA give a validity (order_validity)");
    }
    if (needs_organization(run) && !organization.text && !ca_organization_number(run)) {
        rule_hit(run, organization.at,
                 "an order of level %s needs an organization, and no organization_id is given",
                 ca_level(run));
    }
}

/* --- signature hash --- */

static void check_signature_hash(struct rule_run *run)
{
    const struct said hash = ca_said(run, "fields.signature_hash", "signature_hash");
    if (!hash.text || ca_is_revocation(run) || str_eq(hash.text, "sha256") ||
        str_eq(hash.text, "sha384") || str_eq(hash.text, "sha512")) {
        return;
    }
    /* of settings alone nobody knows what they will be used for */
    const bool perhaps_private = !ca_is_order(run) || str_eq(ca_level(run), "private");
    if (!str_eq(hash.text, "sha1") || !perhaps_private) {
        rule_hit(run, hash.at, "the signature hash %s is none of sha256, sha384 and sha512",
                 ca_shown(run, hash.text));
    }
}

/* --- names --- */

static bool named_in(const struct facts *f, const struct name_fact *n, unsigned view)
{
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *m = &f->names[i];
        if (m->views & view && m->type == n->type && strcmp(m->norm, n->norm) == 0) {
            return true;
        }
    }
    return false;
}

static bool any_in(const struct facts *f, unsigned view)
{
    for (size_t i = 0; i < f->nnames; i++) {
        if (f->names[i].views & view) {
            return true;
        }
    }
    return false;
}

/* A CSR without names, and an order without names of its own, say nothing to differ from. */
static void check_names(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    if (!any_in(f, VIEW_CSR) || !any_in(f, VIEW_ORDER)) {
        return;
    }
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->views & VIEW_CSR && !named_in(f, n, VIEW_ORDER)) {
            rule_hit(run, (struct hit){.name = n},
                     "the CSR asks for a name that the order does not list; DigiCert reads only "
                     "the key from the CSR, so the certificate would lack it");
        } else if (n->views & VIEW_ORDER && !named_in(f, n, VIEW_CSR)) {
            rule_hit(run, (struct hit){.name = n},
                     "the order lists a name that the CSR does not ask for; DigiCert would put it "
                     "into the certificate");
        }
    }
}

/* --- EV --- */

static void check_verified_contact(struct rule_run *run)
{
    const bool named = rule_text(run, "ev.certificate_approver.name") &&
                       rule_text(run, "ev.certificate_approver.email");
    if (!named && !ca_said_true(run, "fields.verified_contact", "verified_contact")) {
        rule_hit(run, (struct hit){.key = "ev.certificate_approver"},
                 "an EV order needs a verified contact: the order names no certificate approver "
                 "with name and e-mail, and the CA's settings do not say verified_contact: true");
    }
}

/* --- validity --- */

struct term {
    const char *key; /* of the map, below `fields` or below the CA */
    bool setting;
};

static struct hit at_term(struct rule_run *run, const struct term *t, const char *part)
{
    const char *path = arena_printf(rule_arena(run), "%s.%s", t->key, part);
    return t->setting ? (struct hit){.ca_key = path} : (struct hit){.key = path};
}

static void check_date(struct rule_run *run, const struct term *t, const char *text)
{
    int64_t day = 0;
    struct hit hit = at_term(run, t, "custom_expiration_date");
    hit.value = text;
    if (!time_parse_date(text, &day)) {
        rule_hit(run, hit, "the expiration date is not a date (yyyy-mm-dd)");
    } else if (day <= subject_date(rule_facts(run)->s)) {
        rule_hit(run, hit, "the expiration date is not after the day of the order");
    }
}

static const char *scalar_of(const struct ynode *map, const char *key)
{
    const struct ynode *n = yaml_get(map, key);
    return n && n->kind == YAML_SCALAR ? n->text : NULL;
}

static void check_term(struct rule_run *run, const struct term *t)
{
    const struct ynode *map = t->setting ? rule_ca_field(run, t->key) : rule_field(run, t->key);
    if (!map || map->kind != YAML_MAPPING) {
        return;
    }
    const char *years = scalar_of(map, "years");
    const char *days = scalar_of(map, "days");
    const char *date = scalar_of(map, "custom_expiration_date");
    uint64_t n = 0;
    if (!!years + !!days + !!date > 1) {
        rule_hit(run, at_term(run, t, years ? "years" : "days"),
                 "%s gives more than one of years, days and custom_expiration_date", t->key);
    }
    if (years && (!str_u64(years, &n) || n < 1 || n > 3)) {
        rule_hit(run, at_term(run, t, "years"), "%s.years is %s; orders are for 1 to 3 years",
                 t->key, ca_shown(run, years));
    }
    if (days && (!str_u64(days, &n) || n < 1)) {
        rule_hit(run, at_term(run, t, "days"), "%s.days is not a number of days: %s", t->key,
                 ca_shown(run, days));
    }
    if (date) {
        check_date(run, t, date);
    }
}

static void check_validity(struct rule_run *run)
{
    static const struct term terms[] = {{"order_validity", true},
                                        {"certificate_validity", true},
                                        {"fields.order_validity", false},
                                        {"fields.cert_validity", false}};
    for (size_t i = 0; !ca_is_revocation(run) && i < NITEMS(terms); i++) {
        check_term(run, &terms[i]);
    }
}

/* --- domain control validation --- */

/* The method an order is placed with: its own field, what its `dcv:` names, the settings. */
static struct said dcv_method(const struct rule_run *run)
{
    const struct said said = ca_said(run, "fields.dcv_method", "dcv_method");
    const char *family = rule_text(run, "dcv.method");
    const bool field = rule_field(run, "fields.dcv_method") != NULL;
    if (!field && str_eq(family, "website") &&
        !(said.text && str_has_word("http-token http-token-dynamic", said.text))) {
        return (struct said){"http-token", {.key = "dcv.method"}};
    }
    const bool other = !field && family && said.text && str_starts(said.text, "http-token") &&
                       !str_eq(family, "website");
    return other ? (struct said){NULL, {0}} : said;
}

static const struct name_fact *first_wildcard(const struct facts *f)
{
    for (size_t i = 0; i < f->nnames; i++) {
        if (f->names[i].views & VIEW_EFFECTIVE && name_is_wildcard(f->names[i].norm)) {
            return &f->names[i];
        }
    }
    return NULL;
}

static void check_dcv_method(struct rule_run *run)
{
    const struct said method = dcv_method(run);
    const struct name_fact *wildcard = first_wildcard(rule_facts(run));
    if (!method.text) {
        return;
    }
    if (!str_has_word("email dns-txt-token dns-cname-token http-token http-token-dynamic",
                      method.text)) {
        rule_hit(run, method.at, "DigiCert has no dcv_method %s", ca_shown(run, method.text));
    } else if (wildcard && str_starts(method.text, "http-token")) {
        rule_hit(run, method.at, "a file proves one host: DigiCert takes no %s for %s", method.text,
                 ca_shown(run, wildcard->norm));
    } else if (str_eq(method.text, "http-token-dynamic") && str_eq(ca_level(run), "dv")) {
        rule_hit(run, method.at, "DigiCert takes no http-token-dynamic for DV products");
    }
}

/* --- S/MIME --- */

/* The types of the S/MIME BR that DigiCert sells by these names; it has none for individuals. */
static const struct {
    const char *code, *type;
    bool indicator, person;
} mail_products[] = {
    {"secure_email_mailbox", "mailbox", false, false},
    {"secure_email_organization", "organization", true, false},
    {"secure_email_sponsor", "sponsor", true, true},
};

static bool has_attr(const struct facts *f, const char *name)
{
    for (size_t i = 0; i < f->nattrs; i++) {
        if (f->attrs[i].views & VIEW_ORDER && str_eq(f->attrs[i].name, name)) {
            return true;
        }
    }
    return false;
}

static const char *asked_attr(const struct subject *s, const char *name)
{
    for (size_t i = 0; i < s->ndn; i++) {
        if (str_eq(s->dn[i].name, name)) {
            return s->dn[i].value;
        }
    }
    return NULL;
}

static bool is_mailbox_of(const struct subject *s, const char *text)
{
    for (size_t i = 0; i < s->nsan; i++) {
        if (s->san[i].type == GN_EMAIL && str_ieq(s->san[i].text, text)) {
            return true;
        }
    }
    return false;
}

static bool is_name_of(const struct subject *s, const char *text)
{
    const char *first = asked_attr(s, "GN"), *last = asked_attr(s, "SN");
    const size_t n = first ? strlen(first) : 0;
    return first && last && strncmp(text, first, n) == 0 && text[n] == ' ' &&
           str_eq(text + n + 1, last);
}

/* CertCentral makes the common name of what the indicator says, whatever was expected: a paid
 * certificate that is not the one that was asked for. */
static void check_common_name(struct rule_run *run, const char *indicator)
{
    const struct subject *s = rule_facts(run)->s;
    const char *cn = s->common_name;
    const char *attr = str_eq(indicator, "pseudonym")           ? "pseudonym"
                       : str_eq(indicator, "organization_name") ? "O"
                                                                : NULL;
    const bool fits = str_eq(indicator, "email_address") ? is_mailbox_of(s, cn)
                      : str_eq(indicator, "given_name_surname")
                          ? is_name_of(s, cn)
                          : !attr || str_eq(asked_attr(s, attr), cn);
    if (!fits) {
        rule_hit(run, (struct hit){.key = "common_name", .value = cn},
                 "CertCentral makes the common name of %s, which this is not", indicator);
    }
}

static void check_smime(struct rule_run *run)
{
    const struct product_info *product = rule_product(run, NULL);
    const struct facts *f = rule_facts(run);
    const char *type = rule_text(run, "smime.type");
    const char *indicator = rule_text(run, "fields.common_name_indicator");
    for (size_t i = 0; product && i < NITEMS(mail_products); i++) {
        if (!str_eq(product->code, mail_products[i].code)) {
            continue;
        }
        if (type && !str_eq(type, mail_products[i].type)) {
            rule_hit(run, (struct hit){.key = "smime.type", .value = type},
                     "%s makes certificates of type %s", product->code, mail_products[i].type);
        }
        indicator = mail_products[i].indicator ? indicator : "email_address"; /* ignored there */
        if (indicator && f->s->common_name) {
            check_common_name(run, indicator);
        }
        if (!indicator) {
            rule_hit(run, (struct hit){.key = "fields"},
                     "%s needs fields.common_name_indicator: what the common name is made of",
                     product->code);
        }
        if (mail_products[i].person && !has_attr(f, "pseudonym") &&
            !(has_attr(f, "GN") && has_attr(f, "SN"))) {
            rule_hit(run, (struct hit){.key = "subject"},
                     "%s is for a person: subject.given_name and subject.surname are needed, or "
                     "subject.pseudonym",
                     product->code);
        }
    }
}

/* --- organizational units, revocation --- */

static void check_ou(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct ynode *units = rule_field(run, "fields.organization_units");
    if (units && (units->count || (units->kind == YAML_SCALAR && units->text[0]))) {
        rule_hit(run, (struct hit){.key = "fields.organization_units"},
                 "organization_units in an order of a public certificate");
    }
    for (size_t i = 0; i < f->nattrs; i++) {
        if (f->attrs[i].views & VIEW_ORDER && str_eq(f->attrs[i].name, "OU")) {
            rule_hit(run, (struct hit){.attr = &f->attrs[i]},
                     "an organizational unit in an order of a public certificate");
        }
    }
}

/* A reissue is a call to its order, which the API finds by number only. */
static void check_reissue(struct rule_run *run)
{
    if (str_eq(rule_facts(run)->s->action, "reissue") && !rule_field(run, "replaces.order")) {
        rule_hit(run, (struct hit){.key = "replaces"},
                 "the reissue does not name the order of DigiCert it belongs to");
    }
}

static void check_revoke_reason(struct rule_run *run)
{
    ca_check_reason(run, rule_ca(run)->reasons, rule_ca(run)->title);
}

#define BASE "type: digicert, base_url: 'https://www.digicert.com/services/v2'"
/* clang-format off */
const struct rule rules_digicert[] = {
    {.id = "digicert.required", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER | NEEDS_CA, .ca = "digicert",
     .title = "order lacks what CertCentral needs",
     .why = "The API answers required_param and nothing is ordered.",
     .fix = "give the validity in the order and the organization_id in the settings of the CA",
     .cite = "CertCentral Services API, order endpoints", .check = check_required,
     .bad = "{ca: {" BASE "}, common_name: www.example.com, validity: 199d, "
            "product: ssl_multi_domain}",
     .good = "{ca: {" BASE ", organization_id: '117001'}, common_name: www.example.com, "
             "validity: 199d, product: ssl_multi_domain}"},
    {.id = "digicert.signature-hash", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_CA, .ca = "digicert",
     .title = "signature hash that CertCentral does not sign with",
     .why = "The API answers invalid_value; SHA-1 exists for some private products only.",
     .fix = "use sha256, sha384 or sha512",
     .cite = "CertCentral Services API, certificate.signature_hash",
     .check = check_signature_hash,
     .bad = "{ca: {" BASE "}, common_name: www.example.com, fields: {signature_hash: sha1}}",
     .good = "{ca: {" BASE "}, common_name: www.example.com, fields: {signature_hash: sha384}}"},
    {.id = "digicert.names", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER | NEEDS_USABLE | NEEDS_NAMES, .ca = "digicert",
     .title = "names of order and CSR differ",
     .why = "CertCentral takes every name from the order and only the key from the CSR. Whoever "
            "made the CSR gets a certificate for other names than they asked for.",
     .fix = "make the list of the order and the names of the CSR the same",
     .cite = "CertCentral Services API, certificate.dns_names", .check = check_names,
     .bad = "{ca: {" BASE "}, csr: good.pem, common_name: other.example.com, "
            "san: [other.example.com]}",
     .good = "{ca: {" BASE "}, csr: good.pem}"},
    {.id = "digicert.verified-contact", .severity = SEV_ERROR, .scope = SCOPE_EV,
     .needs = NEEDS_ORDER | NEEDS_CA, .ca = "digicert",
     .title = "EV order without a verified contact",
     .why = "CertCentral leaves the order pending until somebody it has verified approves it.",
     .fix = "name ev.certificate_approver, or say verified_contact: true in the settings of the "
            "CA when the organization has one",
     .cite = "CertCentral Services API, organization.contacts", .check = check_verified_contact,
     .bad = "{ca: {" BASE "}, common_name: www.example.com, ev: {business_category: "
            "Private Organization}}",
     .good = "{ca: {" BASE "}, common_name: www.example.com, ev: {certificate_approver: "
             "{name: M Ortiz, email: m.ortiz@example.com}}}"},
    {.id = "digicert.validity", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CA,
     .ca = "digicert",
     .title = "term that CertCentral does not sell",
     .why = "The API answers invalid_value, or takes one of several terms and drops the others.",
     .fix = "give one of years (1 to 3), days and custom_expiration_date (after today)",
     .cite = "CertCentral Services API, order_validity", .check = check_validity,
     .bad = "{ca: {" BASE ", order_validity: {years: 4}}, common_name: www.example.com}",
     .good = "{ca: {" BASE ", order_validity: {years: 3}}, common_name: www.example.com}"},
    {.id = "digicert.dcv-method", .severity = SEV_ERROR, .scope = SCOPE_TLS,
     .needs = NEEDS_ORDER | NEEDS_NAMES, .ca = "digicert",
     .title = "method of domain control validation that DigiCert does not take here",
     .why = "Files prove hosts exactly as they are named, so none proves a wildcard; a file with a "
            "name of its own is for OV and EV only. The API refuses the order.",
     .fix = "use dns-txt-token or dns-cname-token for wildcards, http-token for DV",
     .cite = "CertCentral Services API, file-based domain control validation; BR 3.2.2.4.18",
     .check = check_dcv_method,
     .bad = "{ca: {" BASE ", dcv_method: http-token}, common_name: www.example.com, "
            "san: ['*.example.com']}",
     .good = "{ca: {" BASE ", dcv_method: dns-cname-token}, common_name: www.example.com, "
             "san: ['*.example.com']}"},
    {.id = "digicert.smime", .severity = SEV_ERROR, .scope = SCOPE_SMIME,
     .needs = NEEDS_ORDER, .ca = "digicert",
     .title = "S/MIME order lacks what CertCentral needs",
     .why = "What the certificate says of its holder is the product's and the order's matter: "
            "CertCentral reads nothing but the key from the CSR, and refuses an order without it.",
     .fix = "choose the product of the type; give fields.common_name_indicator, and names or a "
            "pseudonym for a sponsored person",
     .cite = "CertCentral Services API, order secure email certificate", .check = check_smime,
     .bad = "{ca: {" BASE "}, san: ['email:dana@example.com'], product: secure_email_sponsor, "
            "subject: {given_name: Dana, surname: Sample}}",
     .good = "{ca: {" BASE "}, san: ['email:dana@example.com'], product: secure_email_sponsor, "
             "subject: {given_name: Dana, surname: Sample}, "
             "fields: {common_name_indicator: given_name_surname}}"},
    {.id = "digicert.ou", .severity = SEV_ERROR, .scope = SCOPE_TLS,
     .needs = NEEDS_ORDER, .ca = "digicert", .from = "2022-09-01",
     .title = "organizational unit in an order of a public certificate",
     .why = "Public server certificates carry no OU since 2022-09-01; DigiCert refuses or drops "
            "it.",
     .fix = "remove the organizational unit",
     .cite = "BR 7.1.4.2", .check = check_ou,
     .bad = "{ca: {" BASE "}, common_name: www.example.com, "
            "fields: {organization_units: [Web Team]}}",
     .good = "{ca: {" BASE "}, common_name: www.example.com, subject: {organization: Example}}"},
    {.id = "digicert.reissue", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .ca = "digicert",
     .title = "reissue without the order it belongs to",
     .why = "CertCentral reissues inside an order, and finds an order by its number only: nothing "
            "could be sent.",
     .fix = "name the order: replaces: {order: ...}; `certbatch inventory` lists the numbers",
     .cite = "CertCentral Services API, reissue certificate", .check = check_reissue,
     .bad = "{ca: digicert-prod, action: reissue, common_name: www.example.com, "
            "replaces: {serial: '0A1B'}}",
     .good = "{ca: digicert-prod, action: reissue, common_name: www.example.com, "
             "replaces: {order: '812340001'}}"},
    {.id = "digicert.revoke-reason", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_REVOCATION, .ca = "digicert",
     .title = "revocation reason that CertCentral does not know",
     .why = "CertCentral knows unspecified, keyCompromise, affiliationChanged, superseded and "
            "cessationOfOperation; another reason must not become one of them silently.",
     .fix = "choose one of these five reasons",
     .cite = "CertCentral Services API, revocation_reason", .check = check_revoke_reason,
     .bad = "{action: revoke, ca: digicert-prod, serial: '0A1B', reason: privilegeWithdrawn}",
     .good = "{action: revoke, ca: digicert-prod, serial: '0A1B', reason: superseded}"},
    {0}};
/* clang-format on */
