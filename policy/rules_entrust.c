/* SPDX-License-Identifier: Apache-2.0
 *
 * entrust.*: what an enrolment at the CA Gateway needs. What a profile of the gateway requires is
 * written in the CA's `profiles:`.
 */
#include "policy/rules_ca.h"

#include <string.h>

/* --- profile --- */

/* Requirement names of profiles are RDN short names in lower case, or words of a template that
 * the order gives under `fields: subject_variables:`. */
static bool has_variable(const struct rule_run *run, const char *name)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const bool email = str_ieq(name, "e") && str_eq(f->attrs[i].name, "emailAddress");
        if (f->attrs[i].views & VIEW_EFFECTIVE && f->attrs[i].text_n &&
            (email || str_ieq(f->attrs[i].name, name))) {
            return true;
        }
    }
    const struct ynode *own = yaml_get(rule_field(run, "fields.subject_variables"), name);
    return own && own->kind == YAML_SCALAR && own->text[0];
}

static const struct {
    const char *type;
    enum gn_type gn;
} san_types[] = {
    {"dNSName", GN_DNS},  {"rfc822Name", GN_EMAIL},      {"uniformResourceIdentifier", GN_URI},
    {"iPAddress", GN_IP}, {"directoryName", GN_DIRNAME}, {"registeredID", GN_RID},
};

static bool has_san(const struct rule_run *run, const char *type)
{
    const struct facts *f = rule_facts(run);
    for (size_t t = 0; t < NITEMS(san_types); t++) {
        for (size_t i = 0; str_eq(san_types[t].type, type) && i < f->nnames; i++) {
            const struct name_fact *n = &f->names[i];
            if (n->type == san_types[t].gn && n->views & VIEW_EFFECTIVE && !n->is_cn) {
                return true;
            }
        }
    }
    return false;
}

static bool has_property(const struct rule_run *run, const char *name)
{
    const struct ynode *own = yaml_get(rule_field(run, "fields.properties"), name);
    return own && own->kind == YAML_SCALAR && own->text[0];
}

static void want(struct rule_run *run, const struct ynode *profile, const char *list,
                 bool (*has)(const struct rule_run *, const char *), const char *what)
{
    const struct ynode *names = yaml_get(profile, list);
    for (const struct ynode *n = names ? names->first : NULL; n; n = n->next) {
        if (n->kind == YAML_SCALAR && !has(run, n->text)) {
            rule_hit(run, (struct hit){.value = n->text},
                     "the profile %s requires the %s %s, and the order does not give it",
                     ca_shown(run, profile->key), what, ca_shown(run, n->text));
        }
    }
}

static void check_profile(struct rule_run *run)
{
    const struct said ca = ca_said(run, "fields.ca_id", "ca_id");
    const struct said profile = ca_said_product(run, "fields.profile_id", "profile_id");
    if (!ca.text) {
        rule_hit(run, ca.at, "no CA behind the gateway is named (ca_id)");
    }
    if (!profile.text) {
        rule_hit(run, (struct hit){.key = "product"},
                 "neither the order nor the settings of the CA name a profile (profileId)");
        return;
    }
    const struct ynode *needs = yaml_get(rule_ca_field(run, "profiles"), profile.text);
    if (needs) {
        want(run, needs, "subject_variables", has_variable, "subject variable");
        want(run, needs, "sans", has_san, "alternative name of type");
        want(run, needs, "properties", has_property, "property");
    }
}

/* --- format --- */

/* Without a CSR and with a key that the CA makes there is nothing to send but a wish. */
static void check_csr_form(struct rule_run *run)
{
    const struct said format = ca_said(run, "fields.format", "format");
    const char *text = format.text ? format.text : "X509";
    const bool pkcs12 = str_eq(text, "PKCS12");
    if (ca_is_revocation(run)) {
        return;
    }
    if (!pkcs12 && !str_eq(text, "X509") && !str_eq(text, "PEM")) {
        rule_hit(run, format.at, "the format %s is none of X509, PEM and PKCS12",
                 ca_shown(run, text));
        return;
    }
    if (!ca_is_order(run)) {
        return;
    }
    const bool at_ca = str_eq(rule_text(run, "key_origin"), "ca");
    const bool csr = rule_facts(run)->csr || !at_ca;
    if (!pkcs12 && !csr) {
        rule_hit(run, (struct hit){.key = "key_origin"},
                 "the CA is to make the key, which needs the format PKCS12; with %s a CSR is sent",
                 text);
    } else if (pkcs12 && csr) {
        rule_hit(run, format.at,
                 "with the format PKCS12 the CA makes the key; the order brings its own");
    }
}

/* --- validity --- */

/* ISO 8601: P, then numbers with the units Y M W D, then T and numbers with H M S; each unit at
 * most once and in this order, one at least. */
static bool units(const char **at, const char *allowed, bool *any)
{
    while (**at >= '0' && **at <= '9') {
        const size_t digits = strspn(*at, "0123456789");
        const char *unit = (*at)[digits] ? strchr(allowed, (*at)[digits]) : NULL;
        if (!unit || digits > 9) {
            return false;
        }
        allowed = unit + 1;
        *at += digits + 1;
        *any = true;
    }
    return true;
}

static bool is_iso_duration(const char *text)
{
    bool any = false;
    bool time = false;
    const char *at = text + 1;
    if (text[0] != 'P' || !units(&at, "YMWD", &any)) {
        return false;
    }
    if (*at == 'T') {
        at++;
        if (!units(&at, "HMS", &time) || !time) {
            return false;
        }
    }
    return (any || time) && !*at;
}

static void check_validity_period(struct rule_run *run)
{
    const struct said period = ca_said(run, "fields.validity_period", "validity_period");
    if (period.text && !ca_is_revocation(run) && !is_iso_duration(period.text)) {
        rule_hit(run, period.at, "the validity period %s is not an ISO 8601 duration, as P90D",
                 ca_shown(run, period.text));
    }
}

#define BASE "type: entrust, url: 'https://cagw.example:8444/cagw'"
#define WEB                                                                                        \
    BASE ", ca_id: CA-1001, profiles: {web: {subject_variables: [cn, o], sans: [dNSName], "        \
         "properties: [tracking.requesterName]}}"
/* clang-format off */
const struct rule rules_entrust[] = {
    {.id = "entrust.profile", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER | NEEDS_CA, .ca = "entrust",
     .title = "enrolment lacks what its profile requires",
     .why = "The gateway refuses an enrolment without CA and profile, and enforces whatever the "
            "profile marks as required.",
     .fix = "name ca_id and the profile, and give the variable, name or property",
     .cite = "CA Gateway API, enrollments and profiles", .check = check_profile,
     .bad = "{ca: {" WEB "}, product: web, common_name: www.example.com, "
            "san: [www.example.com], fields: {properties: {tracking.requesterName: A Singh}}}",
     .good = "{ca: {" WEB "}, product: web, common_name: www.example.com, "
             "san: [www.example.com], subject: {organization: Example Corp}, "
             "fields: {properties: {tracking.requesterName: A Singh}}}"},
    {.id = "entrust.csr-form", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CA,
     .ca = "entrust",
     .title = "format of the answer and origin of the key do not fit",
     .why = "X509 and PEM need a CSR; with PKCS12 the CA makes the key and refuses one.",
     .fix = "use PKCS12 only together with key_origin: ca and without csr",
     .cite = "CA Gateway API, requiredFormat", .check = check_csr_form,
     .bad = "{ca: {" BASE "}, csr: good.pem, fields: {format: PKCS12}}",
     .good = "{ca: {" BASE "}, csr: good.pem, fields: {format: PEM}}"},
    {.id = "entrust.validity-period", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_CA, .ca = "entrust",
     .title = "validity period is not an ISO 8601 duration",
     .why = "The gateway refuses the enrolment.",
     .fix = "write P90D, P1Y or PT525600M, or give the validity in the order",
     .cite = "ISO 8601; CA Gateway API, validityPeriod", .check = check_validity_period,
     .bad = "{ca: {" BASE "}, common_name: www.example.com, fields: {validity_period: 90 days}}",
     .good = "{ca: {" BASE "}, common_name: www.example.com, fields: {validity_period: P90D}}"},
    {0}};
/* clang-format on */
