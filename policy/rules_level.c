/* SPDX-License-Identifier: Apache-2.0
 *
 * dv.*, ov.*, iv.*: the validation level against the subject (BR 7.1.2.7). What must be there is
 * asked of everything the certificate is made from, what must not of every view.
 */
#include "policy/rules_level.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "policy/engine.h"

#include <string.h>

static bool one_of(const char *name, const char *const *list)
{
    for (; *list && strcmp(*list, name) != 0; list++) {
    }
    return *list != NULL;
}

/* --- attributes that may not stand there --- */

static void forbid(struct rule_run *run, const struct attr_fact *a, const char *why)
{
    rule_hit(run, (struct hit){.attr = a, .severity = level_severity(a, SEV_DISABLED)},
             "the subject attribute %s %s", a->name, why);
}

/* SC-062 closed the list. Before, a DV certificate could hold anything but what says who the
 * subject is (BR 1.8 7.1.6.1). */
static void check_dv_subject(struct rule_run *run)
{
    static const char *const allowed[] = {"C", "CN", NULL};
    static const char *const identity[] = {"O",          "L",  "ST", "street",
                                           "postalCode", "SN", "GN", NULL};
    const struct facts *f = rule_facts(run);
    const bool closed = subject_date(f->s) >= time_days(2023, 9, 15) * DAY_SECONDS;
    for (size_t i = 0; level_judged(run) && i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (closed ? !one_of(a->name, allowed) : one_of(a->name, identity)) {
            forbid(run, a, "may not stand in a DV certificate");
        }
    }
}

static void check_personal_name(struct rule_run *run)
{
    static const char *const names[] = {"SN", "GN", NULL};
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; level_judged(run) && i < f->nattrs; i++) {
        if (one_of(f->attrs[i].name, names)) {
            forbid(run, &f->attrs[i], "names a person; an OV certificate names an organization");
        }
    }
}

static void check_street_postal(struct rule_run *run)
{
    static const char *const names[] = {"street", "postalCode", NULL};
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; level_judged(run) && i < f->nattrs; i++) {
        if (one_of(f->attrs[i].name, names)) {
            forbid(run, &f->attrs[i], "is not recommended in an OV certificate");
        }
    }
}

/* subject.email.tls speaks about the e-mail address. */
static void check_other_attribute(struct rule_run *run)
{
    static const char *const table[] = {"C",  "ST", "L",  "postalCode", "street",       "O", "SN",
                                        "GN", "OU", "CN", "DC",         "emailAddress", NULL};
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; level_judged(run) && i < f->nattrs; i++) {
        if (!one_of(f->attrs[i].name, table)) {
            forbid(run, &f->attrs[i], "is not recommended at this validation level");
        }
    }
}

/* --- attributes that must be there --- */

static void require(struct rule_run *run, const char *name, const char *what)
{
    struct level_value v;
    if (level_judged(run) && !level_value(run, name, &v)) {
        level_missing(run, &v,
                      arena_printf(rule_arena(run), "the subject has no %s (%s)", what, name));
    }
}

static void require_place(struct rule_run *run)
{
    struct level_value v;
    if (level_judged(run) && !level_value(run, "ST", &v) && !level_value(run, "L", &v)) {
        level_missing(run, &v, "the subject has neither a state (ST) nor a locality (L)");
    }
}

static void check_ov_organization(struct rule_run *run)
{
    if (!level_organization_by_id(run)) {
        require(run, "O", "organization");
    }
}

static void check_ov_country(struct rule_run *run)
{
    if (!level_organization_by_id(run)) {
        require(run, "C", "country");
    }
}

static void check_ov_location(struct rule_run *run)
{
    if (!level_organization_by_id(run)) {
        require_place(run);
    }
}

static void check_iv_name(struct rule_run *run)
{
    require(run, "SN", "surname");
    require(run, "GN", "given name");
}

static void check_iv_place(struct rule_run *run)
{
    require(run, "C", "country");
    require_place(run);
}

/* clang-format off */
const struct rule rules_level[] = {
    {.id = "dv.subject", .severity = SEV_ERROR, .scope = SCOPE_DV, .needs = 0,
     .title = "attribute that a DV certificate may not have",
     .why = "Domain validation proves control of names and nothing about a person or an "
            "organization; a CA drops or refuses everything but country and common name. Of a "
            "CSR whose subject the CA does not read this is a warning.",
     .fix = "remove the attribute, or order an OV certificate",
     .cite = "BR 7.1.2.7.2", .check = check_dv_subject,
     .bad = "{common_name: www.example.com, subject: {country: US, organization: Example Corp}}",
     .good = "{common_name: www.example.com, subject: {country: US}}"},
    {.id = "ov.organization", .severity = SEV_ERROR, .scope = SCOPE_OV, .needs = 0,
     .title = "OV without the name of the organization",
     .why = "The organization is what OV is about; the CA refuses the order or parks it until "
            "somebody completes it by hand. Of a CSR alone this is a warning: the CA may have the "
            "name on record.",
     .fix = "write subject: organization, or name a record of the policy with organization",
     .cite = "BR 7.1.2.7.4", .check = check_ov_organization,
     .bad = "{common_name: www.example.com, subject: {country: US, state: Texas}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: US, "
             "state: Texas}}"},
    {.id = "ov.country", .severity = SEV_ERROR, .scope = SCOPE_OV, .needs = 0,
     .title = "OV without a country",
     .why = "An organization is identified together with its country. Of a CSR alone this is a "
            "warning: the CA may have it on record.",
     .fix = "write subject: country, or name a record of the policy with organization",
     .cite = "BR 7.1.2.7.4", .check = check_ov_country,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, state: Texas}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: US, "
             "state: Texas}}"},
    {.id = "ov.location", .severity = SEV_ERROR, .scope = SCOPE_OV, .needs = 0,
     .title = "OV with neither state nor locality",
     .why = "One of both is needed to tell organizations of one name apart. Of a CSR alone this "
            "is a warning: the CA may have it on record.",
     .fix = "write subject: locality or state, or name a record of the policy with organization",
     .cite = "BR 7.1.2.7.4", .check = check_ov_location,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: US}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: US, "
             "locality: Austin}}"},
    {.id = "ov.personal-name", .severity = SEV_ERROR, .scope = SCOPE_OV, .needs = 0,
     .title = "name of a person in an OV certificate",
     .why = "Surname and given name make it an IV certificate, which is another product. Of a CSR "
            "whose subject the CA does not read this is a warning.",
     .fix = "remove surname and given_name",
     .cite = "BR 7.1.2.7.4", .check = check_personal_name,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: US, "
            "locality: Austin, surname: Sample}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: US, "
             "locality: Austin}}"},
    {.id = "ov.street-postal", .severity = SEV_WARNING, .scope = SCOPE_OV, .needs = 0,
     .title = "street address or postal code in an OV certificate",
     .why = "Both are not recommended: they have to be validated again and again and many CAs "
            "leave them out.",
     .fix = "remove street_address and postal_code unless somebody relies on them",
     .cite = "BR 7.1.2.7.4", .check = check_street_postal,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: US, "
            "locality: Austin, postal_code: \"78701\"}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: US, "
             "locality: Austin}}"},
    {.id = "ov.other-attribute", .severity = SEV_WARNING, .scope = SCOPE_OV | SCOPE_IV, .needs = 0,
     .title = "attribute outside the table of the Baseline Requirements",
     .why = "The CA would have to validate it by a procedure of its own; most drop it.",
     .fix = "remove the attribute",
     .cite = "BR 7.1.2.7.4, BR 7.1.4.4", .check = check_other_attribute,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: US, "
            "locality: Austin, title: Web server}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: US, "
             "locality: Austin}}"},
    {.id = "iv.name", .severity = SEV_ERROR, .scope = SCOPE_IV, .needs = 0,
     .title = "IV without surname and given name",
     .why = "An individual is named by both. Of a CSR alone this is a warning: the CA may have "
            "them on record.",
     .fix = "write subject: surname and given_name",
     .cite = "BR 7.1.2.7.3", .check = check_iv_name,
     .bad = "{common_name: www.example.com, subject: {surname: Sample, country: US, state: Texas}}",
     .good = "{common_name: www.example.com, subject: {surname: Sample, given_name: Dana, "
             "country: US, state: Texas}}"},
    {.id = "iv.country-location", .severity = SEV_ERROR, .scope = SCOPE_IV, .needs = 0,
     .title = "IV without country, or with neither state nor locality",
     .why = "Where somebody lives is part of who it is. Of a CSR alone this is a warning: the CA "
            "may have it on record.",
     .fix = "write subject: country and locality or state",
     .cite = "BR 7.1.2.7.3", .check = check_iv_place,
     .bad = "{common_name: www.example.com, subject: {surname: Sample, given_name: Dana, "
            "country: US}}",
     .good = "{common_name: www.example.com, subject: {surname: Sample, given_name: Dana, "
             "country: US, locality: Austin}}"},
    {0}};
/* clang-format on */
