/* SPDX-License-Identifier: Apache-2.0
 *
 * certinext.*: what OV and EV orders at CERTInext say about the organization and its people.
 */
#include "policy/rules_certinext.h"

#include <string.h>

/* "a, b" grown by one. */
static const char *listed(const struct rule_run *run, const char *list, const char *more)
{
    return list ? arena_printf(rule_arena(run), "%s, %s", list, more) : more;
}

/* --- organization --- */
static void check_organization(struct rule_run *run)
{
    const struct certinext_setting s = certinext_organization(run);
    if (!s.text) {
        rule_hit(run, s.at,
                 "an order of this level needs an organization number: CERTInext answers "
                 "EMS-1073 or EMS-1180, or lets the order wait for manual vetting");
    } else if (!certinext_digits(s.text, 20)) {
        rule_hit(run, s.at, "the organization number must be digits");
    }
}

/* --- address --- */

/* What the certificate will say, else the record of the organization. */
static bool has_attr(const struct rule_run *run, const char *name)
{
    const struct facts *f = rule_facts(run);
    const struct organization *o = rule_organization(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        if (f->attrs[i].views & VIEW_EFFECTIVE && str_eq(f->attrs[i].name, name)) {
            return true;
        }
    }
    for (size_t i = 0; o && i < o->nsubject; i++) {
        if (str_eq(o->subject[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void check_address(struct rule_run *run)
{
    static const struct {
        const char *attr, *field, *noun;
    } parts[] = {
        {"street", NULL, "street address"},
        {"L", NULL, "locality"},
        {"L", "city", "city"},
        {"ST", NULL, "state"},
        {"postalCode", NULL, "postal code"},
        {"C", NULL, "country"},
    };
    const int known = certinext_organization(run).text != NULL;
    const char *missing = NULL;
    if (certinext_flag(run, "pre_vetting", known) == 1) {
        return; /* the address is that of the vetted organization */
    }
    for (size_t i = 0; i < NITEMS(parts); i++) {
        const bool own = parts[i].field && certinext_setting(run, parts[i].field).text;
        missing =
            own || has_attr(run, parts[i].attr) ? missing : listed(run, missing, parts[i].noun);
    }
    if (missing) {
        rule_hit(run, (struct hit){.key = "subject"},
                 "the organization is not pre-vetted and its address lacks: %s", missing);
    }
}

/* --- ev-blocks --- */

/* Keys of the manifest, in the order of the API. */
static const struct {
    const char *key, *noun;
} contact_parts[] = {
    {"name", "name"},
    {"email", "e-mail address"},
    {"isd_code", "country calling code"},
    {"mobile_number", "mobile number"},
    {"designation", "designation"},
    {"employee_id", "employee id"},
};

/* A person is taken whole, from the order or from the defaults. */
static void check_contact(struct rule_run *run, const char *path, const char *who)
{
    const struct ynode *person = rule_field(run, path);
    const char *missing = NULL;
    for (size_t i = 0; person && i < NITEMS(contact_parts); i++) {
        const struct ynode *n = yaml_get(person, contact_parts[i].key);
        const bool there = n && n->kind == YAML_SCALAR && n->text[0];
        missing = there ? missing : listed(run, missing, contact_parts[i].noun);
    }
    if (!person) {
        rule_hit(run, (struct hit){.key = "ev"}, "the EV order names no %s", who);
    } else if (missing) {
        rule_hit(run, (struct hit){.key = path}, "the %s lacks: %s", who, missing);
    }
}

static void check_ev_blocks(struct rule_run *run)
{
    const struct organization *o = rule_organization(run);
    const char *number = rule_text(run, "ev.registration_number");
    check_contact(run, "ev.contract_signer", "contract signer");
    check_contact(run, "ev.certificate_approver", "certificate approver");
    if (!number && !(o && o->serial)) {
        rule_hit(run, (struct hit){.key = "ev"}, "the EV order has no company registration number");
    }
    if (!certinext_setting(run, "street_address2").text) {
        rule_hit(run, (struct hit){.key = "fields"},
                 "the EV order has no second line of the street address "
                 "(fields.street_address2), which must not be empty");
    }
}

/* clang-format off */
#define PERSON "{name: Dana Sample, email: dana@example.net, isd_code: '1', mobile_number: " \
    "'5550100123', designation: Head of IT, employee_id: '4711'}"

const struct rule rules_certinext_org[] = {
    {.id = "certinext.organization", .severity = SEV_ERROR, .scope = SCOPE_OV | SCOPE_EV,
     .needs = NEEDS_ORDER, .ca = "certinext",
     .title = "OV or EV order without an organization number",
     .why = "CERTInext takes the organization from its number, not from the CSR; without one the "
            "order is refused (EMS-1073, EMS-1180) or waits for days.",
     .fix = "set organization_number of the CA, ids.certinext of the organization record, or "
            "fields.organization_number of the order",
     .cite = "emSign Hub API, organizationDetails", .check = check_organization,
     .bad = "{ca: certinext-prod, common_name: www.example.net, product: '842'}",
     .good = "{ca: certinext-prod, common_name: www.example.net, product: '842', "
             "fields: {organization_number: '3456789012'}}"},
    {.id = "certinext.address", .severity = SEV_WARNING, .scope = SCOPE_OV | SCOPE_EV,
     .needs = NEEDS_ORDER, .ca = "certinext",
     .title = "address of an organization that is not pre-vetted is incomplete",
     .why = "A new organization is vetted by its address; without it the order waits until somebody "
            "asks.",
     .fix = "give subject street_address, locality, state, postal_code and country, or use a "
            "pre-vetted organization",
     .cite = "emSign Hub API, certificateInformation", .check = check_address,
     .bad = "{ca: certinext-prod, common_name: www.example.net, product: '842', "
            "subject: {organization: Example Corp, country: US}}",
     .good = "{ca: certinext-prod, common_name: www.example.net, product: '842', "
             "subject: {organization: Example Corp, street_address: 100 Sample Street, locality: Austin, "
             "state: Texas, postal_code: '78701', country: US}}"},
    {.id = "certinext.ev-blocks", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = NEEDS_ORDER,
     .ca = "certinext",
     .title = "EV order without contacts, registration number or second address line",
     .why = "CERTInext refuses an EV order in which one of them is missing or empty.",
     .fix = "fill ev.contract_signer, ev.certificate_approver, ev.registration_number and "
            "fields.street_address2",
     .cite = "emSign Hub API, contractSignerInfo, certificateApproverInfo", .check = check_ev_blocks,
     .bad = "{ca: certinext-prod, common_name: www.example.net, product: '846', "
            "ev: {registration_number: REG-000123, contract_signer: " PERSON ", "
            "certificate_approver: {name: Max Sample}}, fields: {street_address2: Suite 4}}",
     .good = "{ca: certinext-prod, common_name: www.example.net, product: '846', "
             "ev: {registration_number: REG-000123, contract_signer: " PERSON ", "
             "certificate_approver: " PERSON "}, fields: {street_address2: Suite 4}}"},
    {0}};
/* clang-format on */
