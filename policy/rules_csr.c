/* SPDX-License-Identifier: Apache-2.0
 *
 * csr.*: the structure of the request file. formats/csr.c finds the defects; this table gives
 * each its severity and words. One check serves all rows: row.arg is the enum csr_defect.
 */
#include "policy/engine.h"
#include "policy/rule.h"

#include "formats/base/limits.h"

/* Outside public TLS a BER request is a nuisance, not a refusal: severity of those findings. */
static enum severity outside_tls(const struct rule_run *run, enum severity s)
{
    return rule_scope(run) & SCOPE_TLS ? SEV_DISABLED : s;
}

static enum severity severity_here(const struct rule_run *run)
{
    const struct rule *row = rule_row(run);
    switch (row->arg) {
    case CSR_DER_STRICT:
        return outside_tls(run, SEV_WARNING);
    case CSR_PEM_LAX:
        return rule_bool(run, 0) ? SEV_WARNING : SEV_DISABLED;
    case CSR_ATTR_CHALLENGE_PASSWORD:
        return rule_bool(run, 0) ? SEV_ERROR : SEV_DISABLED;
    default:
        return SEV_DISABLED;
    }
}

static void check_defect(struct rule_run *run)
{
    const struct csr *csr = rule_facts(run)->csr;
    const struct rule *row = rule_row(run);
    for (size_t i = 0; i < csr->nproblems; i++) {
        const struct csr_problem *p = &csr->problems[i];
        if ((int)p->defect == row->arg) {
            rule_hit(run,
                     (struct hit){.offset = p->offset > 0 ? p->offset : 0,
                                  .csr_line = p->line,
                                  .view = VIEW_CSR,
                                  .severity = severity_here(run)},
                     "%s: %s", row->title, p->detail);
        }
    }
}

static void check_size(struct rule_run *run)
{
    const struct csr *csr = rule_facts(run)->csr;
    check_defect(run);
    if (csr->der.n > (uint64_t)rule_int(run, 0) && csr->der.n <= LIMIT_CSR_BYTES) {
        rule_hit(run, (struct hit){.view = VIEW_CSR},
                 "the request has %zu bytes; at most %lld are allowed", csr->der.n,
                 (long long)rule_int(run, 0));
    }
}

static const struct param size_params[] = {
    {.name = "max-bytes",
     .kind = PARAM_INT,
     .fallback = "16384",
     .min = 256,
     .max = LIMIT_CSR_BYTES,
     .help = "largest DER length"},
};
static const struct param lax_params[] = {
    {.name = "strict", .kind = PARAM_BOOL, .fallback = "false", .help = "report as a warning"},
};
static const struct param challenge_params[] = {
    {.name = "forbid", .kind = PARAM_BOOL, .fallback = "false", .help = "report as an error"},
};

/* clang-format off */
const struct rule rules_csr[] = {
    {.id = "csr.input.kind", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "the file is not a PKCS#10 request",
     .why = "A certificate, key, CMC message or keystore in the place of a request is refused by "
            "every CA, often only after the order was booked.",
     .fix = "give the file that the key owner's tool wrote as certificate request",
     .cite = "RFC 7468 section 2", .check = check_defect, .arg = CSR_INPUT_KIND,
     .bad = "csr:csr.input.kind.pem", .good = "csr:good.pem"},
    {.id = "csr.pem.label", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "PEM label is not that of a certificate request",
     .why = "Readers look for CERTIFICATE REQUEST (or the old NEW CERTIFICATE REQUEST); another "
            "label makes a CA portal find nothing.",
     .fix = "use the labels -----BEGIN CERTIFICATE REQUEST----- and END",
     .cite = "RFC 7468 section 7, appendix A", .check = check_defect, .arg = CSR_PEM_LABEL,
     .bad = "csr:csr.pem.label.pem", .good = "csr:good.pem"},
    {.id = "csr.pem.armor", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "PEM armour is damaged",
     .why = "A missing END line, foreign characters or data after the padding mean that the text "
            "was cut or edited on its way.",
     .fix = "export the request again and copy it as a file, not through a mail or ticket",
     .cite = "RFC 7468 section 3, RFC 4648 section 3.3",
     .check = check_defect, .arg = CSR_PEM_ARMOR,
     .bad = "csr:csr.pem.armor.pem", .good = "csr:good.pem"},
    {.id = "csr.pem.lax", .severity = SEV_INFO, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "PEM text is readable under lax rules only",
     .why = "Some CA interfaces match the text with a strict pattern. certbatch sends a "
            "re-encoded copy, so this only matters to other users of the file.",
     .fix = "re-encode it: openssl req -in FILE -out FILE",
     .cite = "RFC 7468 section 3",
     .check = check_defect, .arg = CSR_PEM_LAX, RULE_PARAMS(lax_params),
     .bad = "csr:csr.pem.lax.pem", .good = "csr:good.pem"},
    {.id = "csr.pem.count", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "more than one request in the file",
     .why = "Which of the requests a CA would read is undefined; the wrong key would be "
            "certified.",
     .fix = "keep one request in each file",
     .cite = "certbatch", .check = check_defect, .arg = CSR_PEM_COUNT,
     .bad = "csr:csr.pem.count.pem", .good = "csr:good.pem"},
    {.id = "csr.pem.private-key", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .floor = SEV_ERROR, .unwaivable = true,
     .title = "a private key stands in the request file",
     .why = "A key beside its request travels wherever the request goes: mail, ticket, CA "
            "portal, audit bundle.",
     .fix = "remove the key block, store the key in its own file of mode 0600, and treat the key "
            "as exposed if the file was shared",
     .cite = "certbatch", .check = check_defect, .arg = CSR_PEM_PRIVATE_KEY,
     .bad = "csr:csr.pem.private-key.pem", .good = "csr:good.pem"},
    {.id = "csr.size", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "request is larger than allowed",
     .why = "Requests of real tools stay below a few KiB; CAs cut or refuse larger ones.",
     .fix = "remove unneeded attributes and extensions, or split the names over several orders",
     .cite = "certbatch", .check = check_size, .arg = CSR_SIZE, RULE_PARAMS(size_params),
     .bad = "csr:csr.size.pem", .good = "csr:good.pem"},
    {.id = "csr.der.parse", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "not a CertificationRequest",
     .why = "The outer structure must be SEQUENCE {info, algorithm, signature}; nothing inside "
            "can be judged without it.",
     .fix = "create the request again",
     .cite = "RFC 2986 section 4.2", .check = check_defect, .arg = CSR_DER_PARSE,
     .bad = "csr:csr.der.parse.pem", .good = "csr:good.pem"},
    {.id = "csr.der.trailing", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "bytes after the end of a structure",
     .why = "Bytes that one reader skips and another reads are a way to show two different "
            "requests.",
     .fix = "create the request again with a maintained tool",
     .cite = "X.690 section 8.1", .check = check_defect, .arg = CSR_DER_TRAILING,
     .bad = "csr:csr.der.trailing.pem", .good = "csr:good.pem"},
    {.id = "csr.der.strict", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "BER that is not DER",
     .why = "The signature covers DER. A CA that re-encodes the request sees another text than "
            "the one that was signed.",
     .fix = "create the request again with a tool that writes DER",
     .cite = "RFC 2986 section 3, Mozilla Root Store Policy 5.2",
     .check = check_defect, .arg = CSR_DER_STRICT,
     .bad = "csr:csr.der.strict.pem", .good = "csr:good.pem"},
    {.id = "csr.der.depth", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "nested deeper than any real request",
     .why = "Deep nesting exhausts parsers; no certificate request needs it.",
     .fix = "create the request again with a maintained tool",
     .cite = "certbatch", .check = check_defect, .arg = CSR_DER_DEPTH,
     .bad = "csr:csr.der.depth.pem", .good = "csr:good.pem"},
    {.id = "csr.version", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "request version is not 0",
     .why = "PKCS#10 knows one version, written 0. Tools that write another produce requests "
            "some CAs refuse.",
     .fix = "create the request again with a tool that follows RFC 2986",
     .cite = "RFC 2986 section 4.1", .check = check_defect, .arg = CSR_VERSION,
     .bad = "csr:csr.version.pem", .good = "csr:good.pem"},
    {.id = "csr.attributes.missing", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_CSR,
     .title = "the attributes field is absent",
     .why = "The field may be empty but not absent; strict readers refuse the request.",
     .fix = "create the request again with a current tool",
     .cite = "RFC 2986 section 4.1", .check = check_defect, .arg = CSR_ATTRIBUTES_MISSING,
     .bad = "csr:csr.attributes.missing.pem", .good = "csr:good.pem"},
    {.id = "csr.attr.duplicate", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "attribute occurs twice",
     .why = "Attributes are a set. Of two extension requests each reader picks one, not "
            "necessarily the same.",
     .fix = "create the request with one attribute of each type",
     .cite = "RFC 2986 section 4.1", .check = check_defect, .arg = CSR_ATTR_DUPLICATE,
     .bad = "csr:csr.attr.duplicate.pem", .good = "csr:good.pem"},
    {.id = "csr.attr.single-value", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "attribute does not have exactly one value",
     .why = "extensionRequest and challengePassword are single-valued; a reader may take the "
            "first or the last value.",
     .fix = "create the request with one value in each attribute",
     .cite = "RFC 2985 sections 5.4.1 and 5.4.2",
     .check = check_defect, .arg = CSR_ATTR_SINGLE_VALUE,
     .bad = "csr:csr.attr.single-value.pem", .good = "csr:good.pem"},
    {.id = "csr.attr.empty-set", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "attribute without a value",
     .why = "The set of values must have at least one member.",
     .fix = "leave the attribute out",
     .cite = "RFC 2986 section 4.1", .check = check_defect, .arg = CSR_ATTR_EMPTY_SET,
     .bad = "csr:csr.attr.empty-set.pem", .good = "csr:good.pem"},
    {.id = "csr.attr.extension-conflict", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_CSR,
     .title = "two extension requests that say different things",
     .why = "The PKCS#9 and the Microsoft form stand side by side; which one a CA reads is "
            "undefined.",
     .fix = "keep the PKCS#9 extensionRequest only",
     .cite = "RFC 2985 section 5.4.2", .check = check_defect, .arg = CSR_ATTR_EXTENSION_CONFLICT,
     .bad = "csr:csr.attr.extension-conflict.pem", .good = "csr:good.pem"},
    {.id = "csr.attr.unknown", .severity = SEV_INFO, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "attribute of an unknown type",
     .why = "CAs ignore it; it is archived with the request and may carry something nobody "
            "wanted to send.",
     .fix = "leave the attribute out unless your CA asks for it",
     .cite = "RFC 2985", .check = check_defect, .arg = CSR_ATTR_UNKNOWN,
     .bad = "csr:csr.attr.unknown.pem", .good = "csr:good.pem"},
    {.id = "csr.attr.challenge-password", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_CSR,
     .title = "request carries a challenge password",
     .why = "It is a shared secret in clear text that would be archived and sent; the supported "
            "CAs do not use it.",
     .fix = "create the request without a challenge password",
     .cite = "RFC 2985 section 5.4.1",
     .check = check_defect, .arg = CSR_ATTR_CHALLENGE_PASSWORD, RULE_PARAMS(challenge_params),
     .bad = "csr:csr.attr.challenge-password.pem", .good = "csr:good.pem"},
    {.id = "csr.attr.client-info", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_CSR,
     .title = "request discloses machine and user name",
     .why = "Windows enrolment writes computer, user and process name into ClientInfo; a public "
            "CA would publish nothing of it but keep it.",
     .fix = "create the request with certreq from an INF file, or with openssl",
     .cite = "certbatch", .check = check_defect, .arg = CSR_ATTR_CLIENT_INFO,
     .bad = "csr:csr.attr.client-info.pem", .good = "csr:good.pem"},
    {.id = "csr.ext.duplicate", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "extension requested twice",
     .why = "A certificate must not hold an extension twice; readers differ on which one counts.",
     .fix = "request every extension once",
     .cite = "RFC 5280 section 4.2", .check = check_defect, .arg = CSR_EXT_DUPLICATE,
     .bad = "csr:csr.ext.duplicate.pem", .good = "csr:good.pem"},
    {.id = "csr.ext.decode", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "requested extension does not decode",
     .why = "A known extension holds something else than its definition says; CAs refuse it or "
            "drop it silently.",
     .fix = "create the request again with correct extensions",
     .cite = "RFC 5280 section 4.2", .check = check_defect, .arg = CSR_EXT_DECODE,
     .bad = "csr:csr.ext.decode.pem", .good = "csr:good.pem"},
    {.id = "csr.ext.empty", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_CSR,
     .title = "requested extension is empty",
     .why = "A list that must have an entry has none; some CAs issue a certificate without any "
            "name from it.",
     .fix = "leave the extension out or fill it",
     .cite = "RFC 5280 section 4.1", .check = check_defect, .arg = CSR_EXT_EMPTY,
     .bad = "csr:csr.ext.empty.pem", .good = "csr:good.pem"},
    {.id = "csr.ext.critical-default", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_CSR,
     .title = "critical FALSE is written out",
     .why = "DER leaves default values out; a re-encoding CA changes the signed bytes.",
     .fix = "create the request again with a tool that writes DER",
     .cite = "X.690 section 11.5", .check = check_defect, .arg = CSR_EXT_CRITICAL_DEFAULT,
     .bad = "csr:csr.ext.critical-default.pem", .good = "csr:good.pem"},
    {.id = NULL},
};
/* clang-format on */
