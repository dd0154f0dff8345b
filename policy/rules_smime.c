/* SPDX-License-Identifier: Apache-2.0
 *
 * smime.*: S/MIME certificates (S/MIME Baseline Requirements, SBR).
 */
#include "policy/engine.h"
#include "policy/names.h"
#include "policy/rules_smime.h"

#include "formats/base/time.h"

#include <string.h>

/* --- kind of certificate --- */

static const struct kind_word {
    const char *word;
    unsigned bit;
} type_words[] = {{"mailbox", SMIME_MAILBOX},
                  {"organization", SMIME_ORGANIZATION},
                  {"sponsor", SMIME_SPONSOR},
                  {"individual", SMIME_INDIVIDUAL}},
  generation_words[] = {
      {"legacy", SMIME_LEGACY}, {"multipurpose", SMIME_MULTIPURPOSE}, {"strict", SMIME_STRICT}};

static unsigned word_bit(const struct kind_word *words, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(words[i].word, text)) {
            return words[i].bit;
        }
    }
    return 0;
}

static const char *bit_word(const struct kind_word *words, size_t n, unsigned bits,
                            const char *several)
{
    for (size_t i = 0; i < n; i++) {
        if (words[i].bit == bits) {
            return words[i].word;
        }
    }
    return several;
}

const char *smime_type_name(unsigned types)
{
    return bit_word(type_words, NITEMS(type_words), types, "any");
}

const char *smime_generation_name(unsigned generations)
{
    return bit_word(generation_words, NITEMS(generation_words), generations,
                    "multipurpose or strict");
}

/* 2.23.140.1.5.T.G: T and G are one digit each. */
static void by_policy(const struct rule_run *run, struct smime *m)
{
    static const char arc[] = "2.23.140.1.5.";
    struct strlist oids;
    const struct x509_ext *e = ext_policies(run, &oids);
    for (size_t i = 0; e && i < oids.n; i++) {
        const char *kind = str_starts(oids.v[i], arc) ? oids.v[i] + strlen(arc) : "";
        if (strlen(kind) == 3 && kind[0] >= '1' && kind[0] <= '4' && kind[1] == '.' &&
            kind[2] >= '1' && kind[2] <= '3') {
            m->types = 1u << (kind[0] - '1');
            m->generations = 1u << (kind[2] - '1');
            m->generation_at = ext_hit(e, SEV_DISABLED);
            return;
        }
    }
}

struct smime smime_of(const struct rule_run *run)
{
    struct smime m = {SMIME_ANY_TYPE, SMIME_NOT_LEGACY, {.key = "smime"}};
    const unsigned type = word_bit(type_words, NITEMS(type_words), rule_text(run, "smime.type"));
    const unsigned generation =
        word_bit(generation_words, NITEMS(generation_words), rule_text(run, "smime.generation"));
    by_policy(run, &m);
    m.types = type ? type : m.types;
    if (generation) {
        m.generations = generation;
        m.generation_at =
            (struct hit){.key = "smime.generation", .value = rule_text(run, "smime.generation")};
    }
    return m;
}

static void check_generation(struct rule_run *run)
{
    const struct smime m = smime_of(run);
    if (m.generations == SMIME_LEGACY) {
        rule_hit(run, m.generation_at, "legacy S/MIME certificates are not issued any more");
    }
}

/* --- subject and mailboxes --- */

const struct attr_fact *smime_attr(const struct rule_run *run, const char *name)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (a->views & VIEW_EFFECTIVE && a->text_n && str_eq(a->name, name)) {
            return a;
        }
    }
    return NULL;
}

bool smime_is_mailbox_name(const struct name_fact *n)
{
    return n->type == GN_EMAIL ||
           (n->type == GN_OTHER && n->gn && str_eq(n->gn->other_oid, OID_SMTP_UTF8_MAILBOX));
}

struct strlist smime_mailboxes(const struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    struct strlist list = {.v = arena_array(rule_arena(run), f->nnames, sizeof *list.v)};
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->views & VIEW_EFFECTIVE && !n->is_cn && smime_is_mailbox_name(n)) {
            list.v[list.n++] = name_norm(rule_arena(run), GN_EMAIL, n->text, n->text_n);
        }
    }
    return list;
}

bool smime_is_listed(const struct rule_run *run, const struct strlist *mailboxes, const char *text,
                     size_t n)
{
    return strlist_has(mailboxes, name_norm(rule_arena(run), GN_EMAIL, text, n));
}

/* --- age of the mailbox validation --- */

/* A challenge sent to the very mailbox shows control of that mailbox for 30 days; control of its
 * domain lasts 398 (SBR 4.2.1). Without a method the shorter one is assumed. */
enum { MAILBOX_DAYS, DOMAIN_DAYS };

static bool by_domain(const struct rule_run *run)
{
    const char *method = rule_text(run, "dcv.method");
    const char *address = rule_text(run, "dcv.email");
    const struct strlist boxes = smime_mailboxes(run);
    const bool to_mailbox = str_eq(method, "email") && address &&
                            smime_is_listed(run, &boxes, address, strlen(address));
    return method && !to_mailbox;
}

static void check_mailbox_reuse(struct rule_run *run)
{
    const char *text = rule_text(run, "dcv.validated");
    int64_t validated = 0;
    if (!text || !time_parse_any(text, &validated)) {
        return;
    }
    const bool domain = by_domain(run);
    const int64_t days = rule_int(run, domain ? DOMAIN_DAYS : MAILBOX_DAYS);
    const int64_t age = rule_as_of(run) - validated;
    if (age > days * DAY_SECONDS) {
        rule_hit(run, (struct hit){.key = "dcv.validated", .value = text},
                 "control of the %s was shown %lld days before the order; it may be reused for "
                 "%lld days",
                 domain ? "mail domain" : "mailbox", (long long)(age / DAY_SECONDS),
                 (long long)days);
    }
}

/* clang-format off */
static const char *const uses[] = {"signing", "encryption", "dual", NULL};
static const struct param use_params[] = {
    {.name = "use", .kind = PARAM_STRINGS, .fallback = "dual", .tokens = uses,
     .help = "what keys are for when the item does not say smime: use:"},
};
static const struct param reuse_params[] = {
    {.name = "mailbox-days", .kind = PARAM_INT, .fallback = "30", .min = 1, .max = 825,
     .help = "after a challenge sent to the mailbox"},
    {.name = "domain-days", .kind = PARAM_INT, .fallback = "398", .min = 1, .max = 825,
     .help = "after control of the mail domain was shown"},
};
static const struct param pfx_params[] = {
    {.name = "min-bits", .kind = PARAM_INT, .fallback = "112", .min = 1, .max = 128,
     .help = "strength of the key store"},
};

#define BOX "san: ['email:ada@example.com']"
#define ORG "organization: Example Corp, organization_identifier: NTRUS+TX-12345"

const struct rule rules_smime[] = {
    {.id = "smime.generation", .severity = SEV_ERROR, .scope = SCOPE_SMIME, .from = "2025-07-15",
     .title = "legacy generation",
     .why = "No CA may issue S/MIME certificates of the legacy generation since 2025-07-15.",
     .fix = "ask for multipurpose, or for strict where the certificate is for mail only",
     .cite = "SBR 7.1.6, ballot SMC08", .check = check_generation,
     .bad = "{" BOX ", smime: {type: mailbox, generation: legacy}}",
     .good = "{" BOX ", smime: {type: mailbox, generation: multipurpose}}"},
    {.id = "smime.san.required", .severity = SEV_ERROR, .scope = SCOPE_SMIME,
     .title = "no mailbox among the alternative names",
     .why = "Mail programs find the certificate by the mailbox in its alternative names, not by "
            "the subject.",
     .fix = "add the address to san, as \"email:user@example.com\"",
     .cite = "SBR 7.1.4.2.1", .check = smime_check_san_required,
     .bad = "{common_name: ada@example.com}", .good = "{" BOX "}"},
    {.id = "smime.san.type", .severity = SEV_ERROR, .scope = SCOPE_SMIME, .needs = NEEDS_NAMES,
     .title = "alternative name of a type that S/MIME certificates do not have",
     .why = "Besides mailboxes and directory names only a multipurpose certificate may have "
            "other names; hosts, addresses and URIs belong into TLS certificates.",
     .fix = "remove the name",
     .cite = "SBR 7.1.4.2.1", .check = smime_check_san_type,
     .bad = "{san: ['email:ada@example.com', 'dns:www.example.com']}", .good = "{" BOX "}"},
    {.id = "smime.subject.table", .severity = SEV_ERROR, .scope = SCOPE_SMIME,
     .title = "subject attribute forbidden or missing for the type of S/MIME certificate",
     .why = "Type and generation have a closed list of attributes; the CA refuses the order or "
            "drops what it has not validated.",
     .fix = "remove or add the attribute, or choose the type that has it",
     .cite = "SBR 7.1.4.2.3 to 7.1.4.2.6", .check = smime_check_table,
     .bad = "{" BOX ", smime: {type: mailbox}, subject: {organization: Example Corp}}",
     .good = "{" BOX ", smime: {type: organization, generation: strict}, subject: {" ORG "}}"},
    {.id = "smime.cn.content", .severity = SEV_ERROR, .scope = SCOPE_SMIME,
     .title = "common name is not of a kind that the type allows",
     .why = "Mail programs show the common name. It may only repeat what was validated: an "
            "address of the alternative names, the organization, the person's name or pseudonym.",
     .fix = "put the address into common_name, or leave it out",
     .cite = "SBR 7.1.4.2.2 a", .check = smime_check_cn,
     .bad = "{common_name: Ada Keller, " BOX ", smime: {type: mailbox}}",
     .good = "{common_name: ada@example.com, " BOX ", smime: {type: mailbox}}"},
    {.id = "smime.name.pseudonym", .severity = SEV_ERROR, .scope = SCOPE_SMIME,
     .title = "pseudonym beside a name",
     .why = "A pseudonym stands for a name that the certificate does not show.",
     .fix = "keep either the pseudonym or the name",
     .cite = "SBR 7.1.4.2.2 e and f", .check = smime_check_pseudonym,
     .bad = "{" BOX ", smime: {type: individual},"
            " subject: {pseudonym: The Analyst, surname: Keller}}",
     .good = "{" BOX ", common_name: The Analyst, smime: {type: individual},"
             " subject: {pseudonym: The Analyst}}"},
    {.id = "smime.name.required", .severity = SEV_ERROR, .scope = SCOPE_SMIME,
     .title = "person without a name",
     .why = "A sponsor- or individual-validated certificate is for a person, so it names one.",
     .fix = "add given_name and surname, or pseudonym; or order the mailbox type",
     .cite = "SBR 7.1.4.2.5, 7.1.4.2.6", .check = smime_check_name_required,
     .bad = "{" BOX ", smime: {type: individual}}",
     .good = "{" BOX ", smime: {type: individual}, subject: {given_name: Ada, surname: Keller}}"},
    {.id = "smime.email.single", .severity = SEV_ERROR, .scope = SCOPE_SMIME,
     .title = "emailAddress is not one address",
     .why = "The attribute holds a single mailbox; more of them belong into the alternative names.",
     .fix = "keep one emailAddress with one address, or none",
     .cite = "SBR 7.1.4.2.2 h", .check = smime_check_email_single,
     .bad = "csr:smime.email.single.pem", .good = "csr:good-smime.pem"},
    {.id = "smime.email.repeated", .severity = SEV_ERROR, .scope = SCOPE_SMIME,
     .title = "address that is not among the alternative names",
     .why = "An address that stands only in the subject or in a directory name was never "
            "validated, and mail programs do not look there.",
     .fix = "add the address to san, or remove it",
     .cite = "SBR 7.1.4.2.1", .check = smime_check_email_repeated,
     .bad = "csr:smime.email.repeated.pem", .good = "csr:good-smime.pem"},
    {.id = "smime.org-id.required", .severity = SEV_ERROR, .scope = SCOPE_SMIME,
     .title = "organization or its identifier is missing",
     .why = "Organization- and sponsor-validated certificates name the legal entity and its "
            "number in a register.",
     .fix = "add subject: organization and organization_identifier (scheme, country, number)",
     .cite = "SBR 7.1.4.2.4, 7.1.4.2.5", .check = smime_check_org_id,
     .bad = "{" BOX ", smime: {type: organization}, subject: {organization: Example Corp}}",
     .good = "{" BOX ", smime: {type: organization}, subject: {" ORG "}}"},
    {.id = "smime.location.country", .severity = SEV_ERROR, .scope = SCOPE_SMIME,
     .title = "place without its country",
     .why = "A locality, state or postal code means nothing without a country, nor a street "
            "without its town.",
     .fix = "add country (and locality or state for a street), or remove the place",
     .cite = "SBR 7.1.4.2.2 j to m", .check = smime_check_country,
     .bad = "{" BOX ", smime: {type: organization}, subject: {" ORG ", state: Texas}}",
     .good = "{" BOX ", smime: {type: organization}, subject: {" ORG ", state: Texas,"
             " country: US}}"},
    {.id = "smime.serial.identifier", .severity = SEV_WARNING, .scope = SCOPE_SMIME,
     .title = "number of a person in a certificate without one",
     .why = "PAS, IDC, PNO, TAX, TIN and EID numbers identify people, whom the mailbox and "
            "organization types do not name.",
     .fix = "remove serial_number, or order the sponsor or individual type",
     .cite = "SBR 7.1.4.2.2 g, appendix A.2", .check = smime_check_serial,
     .bad = "{" BOX ", smime: {type: mailbox}, subject: {serial_number: IDCDE-123456789}}",
     .good = "{" BOX ", smime: {type: mailbox}, subject: {serial_number: '4711'}}"},
    {.id = "smime.eku", .severity = SEV_ERROR, .scope = SCOPE_SMIME, .needs = NEEDS_USABLE,
     .title = "extended key usage is not one for S/MIME",
     .why = "S/MIME certificates have emailProtection and never serverAuth, codeSigning, "
            "timeStamping or any; strict ones have nothing else at all.",
     .fix = "ask for emailProtection only",
     .cite = "SBR 7.1.2.3 f", .check = smime_check_eku,
     .bad = "csr:smime.eku.pem", .good = "csr:good-smime.pem"},
    {.id = "smime.ku", .severity = SEV_ERROR, .scope = SCOPE_SMIME, .needs = NEEDS_KEY,
     .title = "key usage is not one for S/MIME with this key",
     .why = "Signing, key management and dual use have fixed bits for each kind of key; mail "
            "programs refuse to encrypt or sign with others.",
     .fix = "RSA: digitalSignature, keyEncipherment; EC: digitalSignature, keyAgreement; "
            "Ed25519: digitalSignature",
     .cite = "SBR 7.1.2.3 e", .check = smime_check_ku, RULE_PARAMS(use_params),
     .bad = "csr:smime.ku.pem", .good = "csr:good-smime.pem"},
    {.id = "smime.key", .severity = SEV_ERROR, .scope = SCOPE_SMIME, .needs = NEEDS_TOKEN,
     .title = "key type is not one for S/MIME",
     .why = "CAs may only certify RSA from 2048 bits, P-256, P-384, P-521, Ed25519, Ed448, and "
            "ML-DSA and ML-KEM from 2025-08-22 on.",
     .fix = "use one of these, for example key: ec-p256",
     .cite = "SBR 6.1.5", .check = smime_check_key,
     .bad = "csr:key.ec.curve.pem", .good = "{" BOX ", key: ed25519}"},
    {.id = "smime.mailbox.reuse", .severity = SEV_WARNING, .scope = SCOPE_SMIME,
     .needs = NEEDS_ORDER,
     .title = "mailbox validation is too old to be reused",
     .why = "The CA will ask the mailbox or the domain again, and the order waits for it.",
     .fix = "have the mailbox validated again before the order",
     .cite = "SBR 4.2.1", .check = check_mailbox_reuse, RULE_PARAMS(reuse_params),
     .bad = "{" BOX ", dcv: {validated: 2026-09-01}}",
     .good = "{" BOX ", dcv: {validated: 2026-11-01}}"},
    {.id = "smime.escrow", .severity = SEV_WARNING, .scope = SCOPE_SMIME, .needs = NEEDS_ORDER,
     .title = "encryption key without a word on escrow",
     .why = "When the only copy of a decryption key is lost, the mail encrypted to it is lost. "
            "Whether a copy is kept is a decision somebody has to make.",
     .fix = "say smime: escrow: true or false",
     .cite = "SBR 4.12", .check = smime_check_escrow,
     .bad = "{" BOX ", key: rsa-2048, smime: {use: dual}}",
     .good = "{" BOX ", key: rsa-2048, smime: {use: dual, escrow: false}}"},
    {.id = "smime.pfx-protection", .severity = SEV_ERROR, .scope = SCOPE_SMIME,
     .needs = NEEDS_ORDER,
     .title = "key store protects the key with too few bits",
     .why = "A key that is delivered in a PFX needs 112 bits of protection. 3DES with SHA-1 keeps "
            "them only under the long password that certbatch makes.",
     .fix = "leave the profile out (AES-256), or leave the password out",
     .cite = "SBR 6.1.2", .check = smime_check_pfx, RULE_PARAMS(pfx_params),
     .bad = "{" BOX ", outputs: [{pfx: {profile: compat, password: {env: PFX_PASSWORD}}}]}",
     .good = "{" BOX ", outputs: [{pfx: {profile: compat}}]}"},
    {.id = "smime.ski-sda", .severity = SEV_ERROR, .scope = SCOPE_SMIME, .needs = NEEDS_USABLE,
     .title = "extension that only legacy certificates may have",
     .why = "Subject directory attributes and the Adobe extensions went out with the legacy "
            "generation; multipurpose certificates may still have Adobe's, not critical.",
     .fix = "leave the extension out",
     .cite = "SBR 7.1.2.3 j and m", .check = smime_check_sda,
     .bad = "csr:smime.ski-sda.pem", .good = "csr:good-smime.pem"},
    {0}};
/* clang-format on */
