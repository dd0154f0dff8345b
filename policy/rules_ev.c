/* SPDX-License-Identifier: Apache-2.0
 *
 * ev.*: extended validation (EV Guidelines). The table; the checks are in rules_ev_*.c. What must
 * be there is asked of the organization record, the manifest and the subject together.
 */
#include "policy/rules_ev.h"

#include "policy/engine.h"

/* clang-format off */
static const struct param organization_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "64", .min = 1, .max = 64,
     .help = "characters"},
};
static const struct param format_params[] = {
    {.name = "patterns", .kind = PARAM_PATTERNS, .fallback = "",
     .help = "forms by country, CC:NUMBER as a pattern: 'DE:HR[AB] [0-9]+'; a serial-format of the "
             "record comes first"},
};
static const struct param scheme_params[] = {
    {.name = "schemes", .kind = PARAM_STRINGS, .fallback = "",
     .help = "registration schemes; empty = those of the level"},
};
static const struct param roles_params[] = {
    {.name = "separation", .kind = PARAM_BOOL, .fallback = "false",
     .help = "people in the roles must differ"},
};
static const struct param email_params[] = {
    {.name = "free-mail", .kind = PARAM_STRINGS,
     .fallback = "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com "
                 "ymail.com icloud.com me.com mac.com aol.com gmx.com gmx.net gmx.de web.de "
                 "t-online.de freenet.de proton.me protonmail.com pm.me mail.com mail.ru "
                 "yandex.com yandex.ru qq.com 163.com 126.com zoho.com fastmail.com tutanota.com hushmail.com "
                 "rediffmail.com orange.fr free.fr laposte.net libero.it",
     .help = "domains of providers where anybody gets a mailbox"},
};
static const struct param age_params[] = {
    {.name = "max-days", .kind = PARAM_INT, .fallback = "398", .min = 1, .max = 825,
     .help = "days a validation counts"},
};

const struct rule rules_ev[] = {
    {.id = "ev.organization", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = 0,
     .title = "EV without the name of the organization, or with one too long",
     .why = "The legal name is what EV validates; a longer one has to be abbreviated by "
            "rules the CA knows. Of a CSR alone this is a warning: the CA may have it on "
            "record.",
     .fix = "write the legal name into subject: organization, at most 64 characters",
     .cite = "EVG 7.1.4.2.1", .check = ev_check_organization,
     RULE_PARAMS(organization_params),
     .bad = "{common_name: www.example.com, subject: {country: US, state: Texas}, ev: "
            "{business_category: Private Organization, registration_number: \"5157550\", "
            "jurisdiction: {country: US, state: Delaware}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas}, ev: {business_category: Private Organization, "
             "registration_number: \"5157550\", jurisdiction: {country: US, state: "
             "Delaware}}}"},
    {.id = "ev.organization.dba", .severity = SEV_WARNING, .scope = SCOPE_EV, .needs = 0,
     .title = "text in parentheses is not the legal name",
     .why = "A trade name stands first and the legal name behind it in parentheses; anything "
            "else there is refused.",
     .fix = "write Trade Name (Legal Name)",
     .cite = "EVG 7.1.4.2.1", .check = ev_check_dba,
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: ev\n"
            "rules:\n"
            "  ev.contact.approver: disabled\n"
            "  ev.contact.signer: disabled\n"
            "  ev.organization.dba: error\n"
            "  subject.organization.known: disabled\n"
            "organizations:\n"
            "  example: {legal-name: Example Corporation, subject: {C: US, ST: Texas}, "
            "business-category: Private Organization, jurisdiction: {C: US, ST: Delaware}, "
            "serial: '5157550'}\n"
            "samples:\n"
            "  - {reject: {common_name: www.example.com, organization: example, subject: "
            "{organization: Shop (Sample Ltd), country: US, state: Texas}}, by: "
            "ev.organization.dba}",
     .good = "policy:certbatch_policy: 1\n"
             "name: sample\n"
             "level: ev\n"
             "rules:\n"
             "  ev.contact.approver: disabled\n"
             "  ev.contact.signer: disabled\n"
             "  ev.organization.dba: error\n"
             "  subject.organization.known: disabled\n"
             "organizations:\n"
             "  example: {legal-name: Example Corporation, subject: {C: US, ST: Texas}, "
             "business-category: Private Organization, jurisdiction: {C: US, ST: Delaware}, "
             "serial: '5157550'}\n"
             "samples:\n"
             "  - {accept: {common_name: www.example.com, organization: example, subject: "
             "{organization: Shop (Example Corporation), country: US, state: Texas}}}"},
    {.id = "ev.business-category", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = 0,
     .title = "business category is missing or none of the four",
     .why = "Only Private Organization, Government Entity, Business Entity and "
            "Non-Commercial Entity exist, spelled exactly like that. Of a CSR alone this is "
            "a warning: the CA may have it on record.",
     .fix = "write ev: business_category, or name a record of the policy with organization",
     .cite = "EVG 7.1.4.2.3", .check = ev_check_category,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
            "US, state: Texas}, ev: {business_category: private organization, "
            "registration_number: \"5157550\", jurisdiction: {country: US, state: Delaware}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas}, ev: {business_category: Private Organization, "
             "registration_number: \"5157550\", jurisdiction: {country: US, state: "
             "Delaware}}}"},
    {.id = "ev.jurisdiction.country", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = 0,
     .title = "country of the jurisdiction is missing or no ISO code",
     .why = "It says which register the registration number belongs to. Of a CSR alone this "
            "is a warning: the CA may have it on record.",
     .fix = "write ev: jurisdiction: country as an ISO 3166-1 code",
     .cite = "EVG 7.1.4.2.4", .check = ev_check_jurisdiction_country,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
            "US, state: Texas}, ev: {business_category: Private Organization, "
            "registration_number: \"5157550\", jurisdiction: {country: UK}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas}, ev: {business_category: Private Organization, "
             "registration_number: \"5157550\", jurisdiction: {country: US, state: "
             "Delaware}}}"},
    {.id = "ev.jurisdiction.levels", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = 0,
     .title = "levels of the jurisdiction do not fit together",
     .why = "A state needs its country and a locality its state. A level other than that of "
            "the agency in the record is a warning.",
     .fix = "name the jurisdiction of the agency that registered the organization, and what "
            "is above it",
     .cite = "EVG 7.1.4.2.4", .check = ev_check_jurisdiction_levels,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
            "US, state: Texas}, ev: {business_category: Private Organization, "
            "registration_number: \"5157550\", jurisdiction: {country: US, locality: "
            "Austin}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas}, ev: {business_category: Private Organization, "
             "registration_number: \"5157550\", jurisdiction: {country: US, state: "
             "Delaware}}}"},
    {.id = "ev.serial-number", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = 0,
     .title = "registration number is missing",
     .why = "Every EV certificate carries it, or the date of registration where the "
            "jurisdiction gives no number. Of a CSR alone this is a warning: the CA may have "
            "it on record.",
     .fix = "write ev: registration_number, or name a record of the policy with organization",
     .cite = "EVG 7.1.4.2.5", .check = ev_check_serial,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
            "US, state: Texas}, ev: {business_category: Private Organization, jurisdiction: "
            "{country: US, state: Delaware}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas}, ev: {business_category: Private Organization, "
             "registration_number: \"5157550\", jurisdiction: {country: US, state: "
             "Delaware}}}"},
    {.id = "ev.serial-number.date", .severity = SEV_WARNING, .scope = SCOPE_EV, .needs = 0,
     .title = "registration date in another form than YYYY-MM-DD",
     .why = "A date that stands for the number has one spelling; the CA asks back, or the "
            "certificate is misissued.",
     .fix = "write the date of registration as YYYY-MM-DD",
     .cite = "EVG 7.1.4.2.5", .check = ev_check_serial_date,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
            "US, state: Texas}, ev: {business_category: Private Organization, "
            "registration_number: \"12/05/1998\", jurisdiction: {country: US, state: "
            "Delaware}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas}, ev: {business_category: Private Organization, "
             "registration_number: \"1998-05-12\", jurisdiction: {country: US, state: "
             "Delaware}}}"},
    {.id = "ev.serial-number.format", .severity = SEV_WARNING, .scope = SCOPE_EV, .needs = 0,
     .title = "registration number has not the form of its register",
     .why = "A digit or prefix that got lost makes it the number of somebody else.",
     .fix = "compare the number with the register",
     .cite = "EVG 3.2.2.1.3, EVG 7.1.4.2.5", .check = ev_check_serial_format,
     RULE_PARAMS(format_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: ev\n"
            "rules:\n"
            "  ev.contact.approver: disabled\n"
            "  ev.contact.signer: disabled\n"
            "  ev.serial-number.format: error\n"
            "organizations:\n"
            "  example: {legal-name: Example GmbH, subject: {C: DE, ST: Hamburg}, "
            "business-category: Private Organization, jurisdiction: {C: DE}, serial-format: "
            "'HR[AB] [0-9]+'}\n"
            "samples:\n"
            "  - {reject: {common_name: www.example.com, organization: example, ev: "
            "{registration_number: '98765'}}, by: ev.serial-number.format}",
     .good = "policy:certbatch_policy: 1\n"
             "name: sample\n"
             "level: ev\n"
             "rules:\n"
             "  ev.contact.approver: disabled\n"
             "  ev.contact.signer: disabled\n"
             "  ev.serial-number.format: error\n"
             "organizations:\n"
             "  example: {legal-name: Example GmbH, subject: {C: DE, ST: Hamburg}, "
             "business-category: Private Organization, jurisdiction: {C: DE}, serial-format: "
             "'HR[AB] [0-9]+'}\n"
             "samples:\n"
             "  - {accept: {common_name: www.example.com, organization: example, ev: "
             "{registration_number: HRB 98765}}}"},
    {.id = "ev.country", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = 0,
     .title = "EV without a country",
     .why = "The address of the organization begins with its country. Of a CSR alone this is "
            "a warning: the CA may have it on record.",
     .fix = "write subject: country, or name a record of the policy with organization",
     .cite = "EVG 7.1.4.2.6", .check = ev_check_country,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, state: "
            "Texas}, ev: {business_category: Private Organization, registration_number: "
            "\"5157550\", jurisdiction: {country: US, state: Delaware}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas}, ev: {business_category: Private Organization, "
             "registration_number: \"5157550\", jurisdiction: {country: US, state: "
             "Delaware}}}"},
    {.id = "ev.location", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = 0,
     .title = "EV with neither state nor locality",
     .why = "The address needs one of both. Of a CSR alone this is a warning: the CA may "
            "have it on record.",
     .fix = "write subject: locality or state, or name a record of the policy with "
            "organization",
     .cite = "EVG 7.1.4.2.6", .check = ev_check_location,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
            "US}, ev: {business_category: Private Organization, registration_number: "
            "\"5157550\", jurisdiction: {country: US, state: Delaware}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas}, ev: {business_category: Private Organization, "
             "registration_number: \"5157550\", jurisdiction: {country: US, state: "
             "Delaware}}}"},
    {.id = "ev.ou", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = 0,
     .title = "organizational unit in an EV certificate",
     .why = "The attribute was abolished because it was never validated. Of a CSR whose "
            "subject the CA does not read this is a warning.",
     .fix = "remove organizational_unit",
     .cite = "EVG 7.1.4.2.7", .check = ev_check_ou, .from = "2022-09-01",
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, "
            "organizational_unit: IT, country: US, state: Texas}, ev: {business_category: "
            "Private Organization, registration_number: \"5157550\", jurisdiction: {country: "
            "US, state: Delaware}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas}, ev: {business_category: Private Organization, "
             "registration_number: \"5157550\", jurisdiction: {country: US, state: "
             "Delaware}}}"},
    {.id = "ev.org-id.syntax", .severity = SEV_ERROR, .scope = SCOPE_EV | SCOPE_SMIME, .needs = 0,
     .title = "organization identifier is not written as it must be",
     .why = "Scheme, country, state and reference are read by machines: NTRUS+DE-5157550.",
     .fix = "write scheme, country, perhaps + and state, a hyphen, the reference",
     .cite = "EVG 7.1.4.2.8, SBR appendix A.1", .check = ev_check_orgid_syntax,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
            "US, state: Texas, organization_identifier: NTRUS5157550}, ev: "
            "{business_category: Private Organization, registration_number: \"5157550\", "
            "jurisdiction: {country: US, state: Delaware}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas, organization_identifier: NTRUS+DE-5157550}, ev: "
             "{business_category: Private Organization, registration_number: \"5157550\", "
             "jurisdiction: {country: US, state: Delaware}}}"},
    {.id = "ev.org-id.scheme", .severity = SEV_ERROR, .scope = SCOPE_EV | SCOPE_SMIME, .needs = 0,
     .title = "scheme or country of the organization identifier does not exist",
     .why = "EV knows NTR, VAT and PSD, S/MIME also LEI, GOV and INT, each with the country "
            "codes of its own.",
     .fix = "use a scheme and country of the list",
     .cite = "EVG appendix H, SBR appendix A.1", .check = ev_check_orgid_scheme,
     RULE_PARAMS(scheme_params),
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
            "US, state: Texas, organization_identifier: DUNUS-150483782}, ev: "
            "{business_category: Private Organization, registration_number: \"5157550\", "
            "jurisdiction: {country: US, state: Delaware}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas, organization_identifier: NTRUS+DE-5157550}, ev: "
             "{business_category: Private Organization, registration_number: \"5157550\", "
             "jurisdiction: {country: US, state: Delaware}}}"},
    {.id = "ev.org-id.state", .severity = SEV_ERROR, .scope = SCOPE_EV | SCOPE_SMIME, .needs = 0,
     .title = "organization identifier names a state its scheme does not have",
     .why = "Only registers of a state (NTR, in S/MIME also GOV) are named with it; VAT "
            "numbers and PSD authorities are national.",
     .fix = "leave +state out",
     .cite = "EVG 7.1.4.2.8", .check = ev_check_orgid_state,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
            "US, state: Texas, organization_identifier: VATUS+DE-5157550}, ev: "
            "{business_category: Private Organization, registration_number: \"5157550\", "
            "jurisdiction: {country: US, state: Delaware}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas, organization_identifier: NTRUS+DE-5157550}, ev: "
             "{business_category: Private Organization, registration_number: \"5157550\", "
             "jurisdiction: {country: US, state: Delaware}}}"},
    {.id = "ev.org-id.country", .severity = SEV_WARNING, .scope = SCOPE_EV | SCOPE_SMIME,
     .needs = 0,
     .title = "organization identifier is of another country than the subject",
     .why = "Number and register would belong to two organizations.",
     .fix = "use the identifier of the jurisdiction the certificate names",
     .cite = "EVG 7.1.4.2.8, SBR appendix A.1", .check = ev_check_orgid_country,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
            "US, state: Texas, organization_identifier: NTRDE-5157550}, ev: "
            "{business_category: Private Organization, registration_number: \"5157550\", "
            "jurisdiction: {country: US, state: Delaware}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas, organization_identifier: NTRUS+DE-5157550}, ev: "
             "{business_category: Private Organization, registration_number: \"5157550\", "
             "jurisdiction: {country: US, state: Delaware}}}"},
    {.id = "ev.org-id.ntr-serial", .severity = SEV_WARNING, .scope = SCOPE_EV, .needs = 0,
     .title = "organization identifier does not repeat the registration number",
     .why = "For NTR the reference is the registration number and the state that of the "
            "jurisdiction.",
     .fix = "write the same number in both, and +state when the jurisdiction has one",
     .cite = "EVG appendix H", .check = ev_check_orgid_ntr,
     .bad = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
            "US, state: Texas, organization_identifier: NTRUS+DE-5157551}, ev: "
            "{business_category: Private Organization, registration_number: \"5157550\", "
            "jurisdiction: {country: US, state: Delaware}}}",
     .good = "{common_name: www.example.com, subject: {organization: Example Corp, country: "
             "US, state: Texas, organization_identifier: NTRUS+DE-5157550}, ev: "
             "{business_category: Private Organization, registration_number: \"5157550\", "
             "jurisdiction: {country: US, state: Delaware}}}"},
    {.id = "ev.org-id.extension", .severity = SEV_WARNING, .scope = SCOPE_EV,
     .needs = NEEDS_USABLE,
     .title = "organization identifier and its extension differ",
     .why = "The certificate says the identifier twice; readers of one see another "
            "organization than readers of the other.",
     .fix = "make the extension say what the subject says, or leave it to the CA",
     .cite = "EVG 7.1.2.2", .check = ev_check_orgid_extension, .from = "2020-01-31",
     .bad = "csr:ev.org-id.extension.pem",
     .good = "csr:good-orgid.pem"},
    {.id = "ev.contact.approver", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = NEEDS_ORDER,
     .title = "certificate approver is missing or incomplete",
     .why = "The CA calls this person before it issues; an order without waits until "
            "somebody asks. CERTInext wants the employee number too.",
     .fix = "write ev: certificate_approver with name, email, phone and designation",
     .cite = "EVG 1.3, EVG 4.1.2", .check = ev_check_contact_complete,
     .arg = EV_APPROVER,
     .bad = "{common_name: www.example.com, ev: {certificate_approver: {name: Dana Sample, "
            "email: dana@example.com, designation: CISO}, contract_signer: {name: Lee "
            "Sample, email: lee@example.com, phone: +1 512 555 0100, designation: CISO}}}",
     .good = "{common_name: www.example.com, ev: {certificate_approver: {name: Dana Sample, "
             "email: dana@example.com, phone: +1 512 555 0100, designation: CISO}, "
             "contract_signer: {name: Lee Sample, email: lee@example.com, phone: +1 512 555 "
             "0100, designation: CISO}}}"},
    {.id = "ev.contact.signer", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = NEEDS_ORDER,
     .title = "contract signer is missing or incomplete",
     .why = "Somebody must sign the subscriber agreement for the organization. CERTInext "
            "wants the employee number too.",
     .fix = "write ev: contract_signer with name, email, phone and designation",
     .cite = "EVG 4.1.2", .check = ev_check_contact_complete, .arg = EV_SIGNER,
     .bad = "{common_name: www.example.com, ev: {certificate_approver: {name: Dana Sample, "
            "email: dana@example.com, phone: +1 512 555 0100, designation: CISO}, "
            "contract_signer: {name: Dana Sample, email: dana@example.com, designation: "
            "CISO}}}",
     .good = "{common_name: www.example.com, ev: {certificate_approver: {name: Dana Sample, "
             "email: dana@example.com, phone: +1 512 555 0100, designation: CISO}, "
             "contract_signer: {name: Lee Sample, email: lee@example.com, phone: +1 512 555 "
             "0100, designation: CISO}}}"},
    {.id = "ev.contact.roles", .severity = SEV_INFO, .scope = SCOPE_EV, .needs = NEEDS_ORDER,
     .title = "one person in every role",
     .why = "The guidelines allow it; a company with a four-eyes principle does not "
            "(separation: true makes it an error).",
     .fix = "name different people as approver and signer",
     .cite = "EVG 4.1.2", .check = ev_check_contact_roles, RULE_PARAMS(roles_params),
     .bad = "{common_name: www.example.com, ev: {certificate_approver: {name: Dana Sample, "
            "email: dana@example.com, phone: +1 512 555 0100, designation: CISO}, "
            "contract_signer: {name: Dana Sample, email: dana@example.com, phone: +1 512 555 "
            "0100, designation: CISO}, certificate_requester: {name: Dana Sample, email: "
            "dana@example.com, phone: +1 512 555 0100, designation: CISO}}}",
     .good = "{common_name: www.example.com, ev: {certificate_approver: {name: Dana Sample, "
             "email: dana@example.com, phone: +1 512 555 0100, designation: CISO}, "
             "contract_signer: {name: Lee Sample, email: lee@example.com, phone: +1 512 555 "
             "0100, designation: CISO}, certificate_requester: {name: Dana Sample, email: "
             "dana@example.com, phone: +1 512 555 0100, designation: CISO}}}"},
    {.id = "ev.contact.email", .severity = SEV_WARNING, .scope = SCOPE_EV, .needs = NEEDS_ORDER,
     .title = "mailbox of a contact is not the organization's",
     .why = "The CA writes to this mailbox to ask whether the order is real; one outside the "
            "organization proves nothing.",
     .fix = "use a mailbox in a domain of the organization",
     .cite = "certbatch", .check = ev_check_contact_email, RULE_PARAMS(email_params),
     .bad = "{common_name: www.example.com, ev: {certificate_approver: {name: Dana Sample, "
            "email: dana.sample@gmail.com, phone: +1 512 555 0100, designation: CISO}, "
            "contract_signer: {name: Lee Sample, email: lee@example.com, phone: +1 512 555 "
            "0100, designation: CISO}}}",
     .good = "{common_name: www.example.com, ev: {certificate_approver: {name: Dana Sample, "
             "email: dana@example.com, phone: +1 512 555 0100, designation: CISO}, "
             "contract_signer: {name: Lee Sample, email: lee@example.com, phone: +1 512 555 "
             "0100, designation: CISO}}}"},
    {.id = "ev.contact.phone", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = NEEDS_ORDER,
     .title = "telephone number of a contact cannot be dialled",
     .why = "The CA calls, and order interfaces refuse anything but digits in these fields.",
     .fix = "write isd_code as one to three digits, mobile_number as 4 to 14 digits, both "
            "quoted",
     .cite = "ITU-T E.164", .check = ev_check_contact_phone,
     .bad = "{common_name: www.example.com, ev: {certificate_approver: {name: Dana Sample, "
            "email: dana@example.com, isd_code: \"+1\", mobile_number: \"5125550100\", "
            "designation: CISO}, contract_signer: {name: Lee Sample, email: lee@example.com, "
            "phone: +1 512 555 0100, designation: CISO}}}",
     .good = "{common_name: www.example.com, ev: {certificate_approver: {name: Dana Sample, "
             "email: dana@example.com, isd_code: \"1\", mobile_number: \"5125550100\", "
             "designation: CISO}, contract_signer: {name: Lee Sample, email: "
             "lee@example.com, phone: +1 512 555 0100, designation: CISO}}}"},
    {.id = "ev.org-validation.age", .severity = SEV_WARNING, .scope = SCOPE_EV | SCOPE_OV,
     .needs = NEEDS_ORDER,
     .title = "validation of the organization is too old",
     .why = "The CA has to validate the organization again before it can issue, which takes "
            "days.",
     .fix = "ask the CA to validate the organization again, then update the record of the "
            "policy",
     .cite = "BR 4.2.1, EVG 3.2.2.14.3", .check = ev_check_validation_age,
     RULE_PARAMS(age_params), .from = "2026-03-15",
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: ev\n"
            "rules:\n"
            "  ev.contact.approver: disabled\n"
            "  ev.contact.signer: disabled\n"
            "  ev.org-validation.age: error\n"
            "organizations:\n"
            "  example: {legal-name: Example Corp, subject: {C: US, ST: Texas}, "
            "business-category: Private Organization, jurisdiction: {C: US, ST: Delaware}, "
            "serial: '5157550', validated: {ev: 2025-10-01}}\n"
            "samples:\n"
            "  - {reject: {common_name: www.example.com, organization: example, order_date: "
            "2026-11-21}, by: ev.org-validation.age}",
     .good = "policy:certbatch_policy: 1\n"
             "name: sample\n"
             "level: ev\n"
             "rules:\n"
             "  ev.contact.approver: disabled\n"
             "  ev.contact.signer: disabled\n"
             "  ev.org-validation.age: error\n"
             "organizations:\n"
             "  example: {legal-name: Example Corp, subject: {C: US, ST: Texas}, "
             "business-category: Private Organization, jurisdiction: {C: US, ST: Delaware}, "
             "serial: '5157550', validated: {ev: 2026-06-02}}\n"
             "samples:\n"
             "  - {accept: {common_name: www.example.com, organization: example, order_date: "
             "2026-11-21}}"},
    {0}};
/* clang-format on */
