/* SPDX-License-Identifier: Apache-2.0
 *
 * subject.*: the distinguished name. The table; the checks are in rules_subject_*.c.
 */
#include "policy/rules_subject.h"

#include "policy/engine.h"

/* clang-format off */
static const struct param allowed_params[] = {
    {.name = "allowed", .kind = PARAM_STRINGS, .fallback = "",
     .help = "attribute types by short name; empty = the table of the validation level"},
};
static const struct param required_params[] = {
    {.name = "required", .kind = PARAM_STRINGS, .fallback = "",
     .help = "attribute types by short name; empty = the table of the validation level"},
};
static const struct param repeatable_params[] = {
    {.name = "repeatable", .kind = PARAM_STRINGS, .fallback = "street DC",
     .help = "attribute types that may occur more than once"},
};
static const struct param placeholder_params[] = {
    {.name = "words", .kind = PARAM_STRINGS,
     .fallback = "n/a na none null unknown unspecified tbd test - .",
     .help = "values that say nothing, in any case"},
};
static const struct param script_params[] = {
    {.name = "attrs", .kind = PARAM_STRINGS, .fallback = "CN", .help = "attribute types checked"},
};
static const struct param country_params[] = {
    {.name = "allow-xx", .kind = PARAM_BOOL, .fallback = "true",
     .help = "accept XX, for places without a code"},
};
static const struct param cn_length_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "64", .min = 1, .max = 64,
     .help = "characters"},
};
static const struct param cn_ip_params[] = {
    {.name = "allow-ip", .kind = PARAM_BOOL, .fallback = "true",
     .help = "accept an address as common name"},
};
/* clang-format on */

/* clang-format off */
const struct rule rules_subject[] = {
    {.id = "subject.attr.allowed", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = 0,
     .title = "subject attribute is not allowed",
     .why = "Each validation level has a closed list of attributes; CAs refuse or drop the "
            "others. Of a CSR whose subject the CA does not read this is a warning.",
     .fix = "remove the attribute from the subject",
     .cite = "BR 7.1.2.7.2-7.1.2.7.4, EVG 7.1.4.2",
     .check = subject_check_allowed, RULE_PARAMS(allowed_params),
     .bad = "csr:subject.attr.allowed.pem", .good = "csr:good.pem"},
    {.id = "subject.attr.required", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = 0,
     .title = "required subject attribute is missing",
     .why = "The certificate could not be issued, or would not say who holds it.",
     .fix = "add the attribute to the subject",
     .cite = "BR 7.1.2.7, EVG 7.1.4.2",
     .check = subject_check_required, RULE_PARAMS(required_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  subject.attr.required: {required: [O]}\n"
            "samples:\n"
            "  - {reject: {common_name: www.example.com}, by: subject.attr.required}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  subject.attr.required: {required: [O]}\n"
            "samples:\n"
            "  - {accept: {common_name: www.example.com, subject: {organization: Example "
            "Corp}}}"},
    {.id = "subject.attr.duplicate", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_USABLE,
     .title = "subject attribute occurs twice",
     .why = "Readers show one of the values, not necessarily the same one.",
     .fix = "keep one value for each attribute",
     .cite = "BR 7.1.4.1", .check = subject_check_duplicate, RULE_PARAMS(repeatable_params),
     .bad = "csr:subject.attr.duplicate.pem", .good = "csr:good-subject.pem"},
    {.id = "subject.rdn.multi-value", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_USABLE,
     .from = "2023-09-15",
     .title = "relative distinguished name with several attributes",
     .why = "Public certificates have one attribute in each RDN; elsewhere multi-valued RDNs "
            "break comparisons.",
     .fix = "write each attribute as its own RDN",
     .cite = "BR 7.1.4.1", .check = subject_check_multi_value,
     .bad = "csr:subject.rdn.multi-value.pem", .good = "csr:good-subject.pem"},
    {.id = "subject.rdn.order", .severity = SEV_INFO, .scope = SCOPE_TLS, .needs = NEEDS_USABLE,
     .from = "2023-09-15",
     .title = "attributes are not in the order of the Baseline Requirements",
     .why = "The CA rebuilds the subject, so for a request this is only good to know.",
     .fix = "order them DC, C, ST, L, postalCode, street, O, SN, GN, OU, CN",
     .cite = "BR 7.1.4.2", .check = subject_check_order,
     .bad = "csr:subject.rdn.order.pem", .good = "csr:good-subject.pem"},
    {.id = "subject.string.type", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_USABLE,
     .title = "old or unexpected string type",
     .why = "Teletex, BMP and Universal strings are read differently by different software.",
     .fix = "create the request with UTF8String or PrintableString",
     .cite = "BR 7.1.4.2, RFC 5280 section 4.1.2.4", .check = subject_check_string_type,
     .bad = "csr:subject.string.type.pem", .good = "csr:good-subject.pem"},
    {.id = "subject.string.invalid", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_USABLE,
     .title = "bytes are not legal for the string type",
     .why = "A PrintableString with an @ or a broken UTF-8 sequence is read differently by each "
            "library.",
     .fix = "create the request again with UTF-8 values",
     .cite = "RFC 5280 appendix B, X.680", .check = subject_check_string_invalid,
     .bad = "csr:subject.string.invalid.pem", .good = "csr:good-subject.pem"},
    {.id = "subject.length", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = 0,
     .title = "attribute value is too long",
     .why = "The upper bounds of RFC 5280 count characters; CAs cut or refuse longer values.",
     .fix = "shorten the value",
     .cite = "RFC 5280 appendix A.1, BR 7.1.4.2", .check = subject_check_length,
     .bad = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "Very Long Company Name Very Long Company Name Very Long Company Name Ltd}}",
     .good = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "Example Corp, country: US}}"},
    {.id = "subject.empty-value", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = 0,
     .title = "attribute without a value",
     .why = "An empty attribute may not stand in a certificate.",
     .fix = "give it a value or leave it out",
     .cite = "BR 7.1.2.7.4", .check = subject_check_empty_value,
     .bad = "csr:subject.empty-value.pem", .good = "csr:good-subject.pem"},
    {.id = "subject.placeholder", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = 0,
     .title = "attribute value is a placeholder",
     .why = "Values like - or N/A may not stand in a public certificate, not even to say that "
            "there is none.",
     .fix = "leave the attribute out",
     .cite = "BR 7.1.2.7.3-7.1.2.7.5",
     .check = subject_check_placeholder, RULE_PARAMS(placeholder_params),
     .bad = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "Example Corp, state: N/A, country: US}}",
     .good = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "Example Corp, country: US}}"},
    {.id = "subject.tool-default", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = 0,
     .title = "default value of a tool was left in",
     .why = "Nobody chose this value; it says that the request was made without looking.",
     .fix = "create the request with your own values",
     .cite = "certbatch", .check = subject_check_tool_default,
     .bad = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "Internet Widgits Pty Ltd, country: US}}",
     .good = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "Example Corp, country: US}}"},
    {.id = "subject.whitespace", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = 0,
     .title = "stray white space in a value",
     .why = "It is invisible in every report and breaks comparisons with the organisation "
            "record.",
     .fix = "remove the extra blanks",
     .cite = "RFC 5280 section 7.1", .check = subject_check_whitespace,
     .bad = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "'Example  Corp'}}",
     .good = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "Example Corp, country: US}}"},
    {.id = "subject.control-characters", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = 0,
     .title = "control character in a value",
     .why = "Control characters hide text on terminals and in logs; CAs refuse them.",
     .fix = "remove the character",
     .cite = "BR 7.1.4.2", .check = subject_check_control,
     .bad = "csr:subject.control-characters.pem", .good = "csr:good-subject.pem"},
    {.id = "subject.invisible", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = 0,
     .title = "invisible character in a value",
     .why = "Zero-width and bidirectional controls make a value look like another.",
     .fix = "type the value again instead of pasting it",
     .cite = "certbatch", .check = subject_check_invisible,
     .bad = "csr:subject.invisible.pem", .good = "csr:good-subject.pem"},
    {.id = "subject.html-entity", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = 0,
     .title = "HTML entity in a value",
     .why = "The text was copied from a web form; the certificate would show the entity.",
     .fix = "write the character itself: & instead of &amp;",
     .cite = "certbatch", .check = subject_check_html,
     .bad = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "'Smith &amp; Sons'}}",
     .good = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "Example Corp, country: US}}"},
    {.id = "subject.mojibake", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = 0,
     .title = "doubly encoded UTF-8",
     .why = "The value was read in the wrong character set somewhere on its way.",
     .fix = "type the value again and save the file as UTF-8",
     .cite = "certbatch", .check = subject_check_mojibake,
     .bad = "{common_name: www.example.com, san: [www.example.com], subject: {locality: "
            "'MÃ¼nchen'}}",
     .good = "{common_name: www.example.com, san: [www.example.com], subject: {locality: "
            "'München'}}"},
    {.id = "subject.mixed-script", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = 0,
     .title = "letters of several scripts in one value",
     .why = "A Cyrillic letter among Latin ones looks the same and is another name.",
     .fix = "type the value again in one script",
     .cite = "UTS 39", .check = subject_check_mixed_script, RULE_PARAMS(script_params),
     .bad = "{common_name: 'www.pаypal.example'}", .good = "{common_name: www.example.com}"},
    {.id = "subject.country.format", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = 0,
     .title = "country is not two capital letters",
     .why = "countryName is an ISO 3166-1 alpha-2 code; names and lower case are refused.",
     .fix = "write the code, for example US",
     .cite = "RFC 5280 appendix A.1", .check = subject_check_country_format,
     .bad = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "Example Corp, country: us}}",
     .good = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "Example Corp, country: US}}"},
    {.id = "subject.country.iso", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = 0,
     .title = "country is not an ISO 3166-1 code",
     .why = "CAs refuse codes that are not assigned.",
     .fix = "look the code up; the United Kingdom is GB",
     .cite = "BR 7.1.2.7.3-7.1.2.7.4",
     .check = subject_check_country_iso, RULE_PARAMS(country_params),
     .bad = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "Example Corp, country: UK}}",
     .good = "{common_name: www.example.com, san: [www.example.com], subject: {organization: "
            "Example Corp, country: US}}"},
    {.id = "subject.cn.in-san", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = 0,
     .from = "2021-08-25",
     .title = "common name is not among the alternative names",
     .why = "Browsers read the alternative names only; CAs must refuse a common name that is not "
            "a copy of one.",
     .fix = "add the name to san, letter for letter",
     .cite = "BR 7.1.4.3", .check = subject_check_cn_in_san,
     .bad = "csr:subject.cn.in-san.pem", .good = "csr:good.pem"},
    {.id = "subject.cn.multiple", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "more than one common name",
     .why = "Readers show the first or the last; CAs refuse the request.",
     .fix = "keep one common name and put the other names into the SAN",
     .cite = "BR 7.1.4.1", .check = subject_check_cn_multiple,
     .bad = "csr:subject.cn.multiple.pem", .good = "csr:good.pem"},
    {.id = "subject.cn.length", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = 0,
     .title = "common name is longer than 64 characters",
     .why = "The field holds 64 characters; longer host names fit into the SAN only.",
     .fix = "leave the common name out, or use a shorter one of the names",
     .cite = "RFC 5280 appendix A.1",
     .check = subject_check_cn_length, RULE_PARAMS(cn_length_params),
     .bad = "{common_name: "
            "a-name-that-is-much-longer-than-sixty-four-characters.department.example.com, "
            "san: [www.example.com]}",
     .good = "{common_name: www.example.com, san: [www.example.com]}"},
    {.id = "subject.cn.discouraged", .severity = SEV_INFO, .scope = SCOPE_TLS,
     .needs = NEEDS_USABLE,
     .from = "2023-09-15",
     .title = "request has a common name",
     .why = "The Baseline Requirements do not recommend common names any more; the SAN says "
            "everything.",
     .fix = "leave the common name out if your CA allows it",
     .cite = "BR 7.1.2.7.2", .check = subject_check_cn_discouraged,
     .bad = "csr:good.pem", .good = "csr:good-nocn.pem"},
    {.id = "subject.cn.ip-text", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = 0,
     .title = "common name is an address in an unusual spelling",
     .why = "An address in the common name must be spelled as RFC 3986 or RFC 5952 says.",
     .fix = "write the canonical form",
     .cite = "BR 7.1.4.3", .check = subject_check_cn_ip_text, RULE_PARAMS(cn_ip_params),
     .bad = "{common_name: '2001:DB8:0:0::1', san: ['ip:2001:db8::1']}",
     .good = "{common_name: '2001:db8::1', san: ['ip:2001:db8::1']}"},
    {.id = "subject.ou.forbidden", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = 0,
     .from = "2022-09-01",
     .title = "organizational unit in a public certificate",
     .why = "The attribute was abolished because it was never validated. Of a CSR whose subject "
            "the CA does not read this is a warning.",
     .fix = "remove the organizational unit",
     .cite = "BR 7.1.2.7.3-7.1.2.7.4, EVG 7.1.4.2.7", .check = subject_check_ou,
     .bad = "csr:subject.ou.forbidden.pem", .good = "csr:good-subject.pem"},
    {.id = "subject.email.tls", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = 0,
     .title = "e-mail address in the subject of a server certificate",
     .why = "Server certificates name hosts and organisations; the address would be published.",
     .fix = "remove the e-mail address",
     .cite = "BR 7.1.2.7.2, BR 7.1.2.7.4", .check = subject_check_email_tls,
     .bad = "csr:subject.email.tls.pem", .good = "csr:good-subject.pem"},
    {.id = "subject.email.in-san", .severity = SEV_WARNING, .scope = SCOPE_SMIME | SCOPE_PRIVATE,
     .needs = 0,
     .title = "e-mail address of the subject is not an alternative name",
     .why = "Mail software reads the alternative names; the subject's copy is legacy.",
     .fix = "repeat the address in the SAN",
     .cite = "RFC 5280 section 4.1.2.6", .check = subject_check_email_in_san,
     .bad = "csr:subject.email.tls.pem", .good = "csr:good-subject.pem"},
    {.id = "subject.pattern.require", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = 0,
     .title = "attribute value is not one the profile allows",
     .why = "The profile lists the values its organisation may use.",
     .fix = "use one of the allowed values",
     .cite = "policy", .check = subject_check_pattern_require,
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "subject:\n"
            "  O: {allow: [{exact: Example Corp}]}\n"
            "samples:\n"
            "  - {reject: {common_name: www.example.com, subject: {organization: Other Corp}}, "
            "by: subject.pattern.require}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "subject:\n"
            "  O: {allow: [{exact: Example Corp}]}\n"
            "samples:\n"
            "  - {accept: {common_name: www.example.com, subject: {organization: Example "
            "Corp}}}"},
    {.id = "subject.pattern.deny", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = 0,
     .title = "attribute value is denied by the profile",
     .why = "The profile names values that must not be used.",
     .fix = "use another value",
     .cite = "policy", .check = subject_check_pattern_deny,
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "subject:\n"
            "  O: {deny: [{regex: '(?i).*test.*'}]}\n"
            "samples:\n"
            "  - {reject: {common_name: www.example.com, subject: {organization: Test Corp}}, "
            "by: subject.pattern.deny}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "subject:\n"
            "  O: {deny: [{regex: '(?i).*test.*'}]}\n"
            "samples:\n"
            "  - {accept: {common_name: www.example.com, subject: {organization: Example "
            "Corp}}}"},
    {.id = "subject.organization.known", .severity = SEV_ERROR,
     .scope = SCOPE_OV | SCOPE_IV | SCOPE_EV, .needs = 0,
     .title = "organization is not known, or is spelled other than in its record",
     .why = "The CA has validated the organization under one spelling; another one is validated "
            "again, which takes days, or refused. A difference only in capitals, or in a CSR "
            "whose subject the CA does not read, is a warning.",
     .fix = "write O, C, ST and L as the organizations of the policy have them",
     .cite = "certbatch", .check = subject_check_organization,
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: ov\n"
            "organizations:\n"
            "  example: {legal-name: Example Corp, subject: {C: US, ST: Texas, L: Austin}}\n"
            "samples:\n"
            "  - {reject: {common_name: www.example.com, organization: example, subject: "
            "{organization: Example Corporation}}, by: subject.organization.known}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: ov\n"
            "organizations:\n"
            "  example: {legal-name: Example Corp, subject: {C: US, ST: Texas, L: Austin}}\n"
            "samples:\n"
            "  - {accept: {common_name: www.example.com, organization: example, subject: "
            "{organization: Example Corp}}}"},
    {.id = "subject.dc.sequence", .severity = SEV_ERROR, .scope = SCOPE_OV | SCOPE_PRIVATE,
     .needs = NEEDS_USABLE,
     .title = "domainComponents do not spell a domain name",
     .why = "The values are the labels of one name, most significant first, without other "
            "attributes between them.",
     .fix = "write DC=com, DC=example for example.com",
     .cite = "RFC 4519 section 2.4, BR 7.1.2.7.4", .check = subject_check_dc_sequence,
     .bad = "csr:subject.dc.sequence.pem", .good = "csr:good-dc.pem"},
    {.id = "subject.arpa-ip", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_NAMES,
     .title = "reverse-zone name encodes no public address",
     .why = "A name below in-addr.arpa or ip6.arpa stands for an address; this one stands for "
            "none, or for a reserved one.",
     .fix = "order the certificate for the host name",
     .cite = "BR 4.2.2", .check = subject_check_arpa_ip,
     .bad = "{common_name: 1.0.168.192.in-addr.arpa}",
     .good = "{common_name: 8.8.8.8.in-addr.arpa}"},
    {.id = "subject.empty-without-san", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_USABLE,
     .title = "neither subject nor alternative name",
     .why = "The certificate would name nobody.",
     .fix = "add a common name or alternative names",
     .cite = "RFC 5280 section 4.1.2.6", .check = subject_check_empty_without_san,
     .bad = "csr:subject.empty-without-san.pem", .good = "csr:good-nocn.pem"},
    {.id = NULL},
};
/* clang-format on */
