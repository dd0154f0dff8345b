/* SPDX-License-Identifier: Apache-2.0
 *
 * issued.*: a certificate by itself: term, issuer, chain, signature, serial number, purposes. The
 * rows of the comparison with its order stand here too, their checks in rules_issued_request.c.
 */
#include "policy/rules_issued.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "policy/br_dates.h"
#include "policy/engine.h"
#include "policy/ext.h"
#include "policy/rules_ca.h"
#include "policy/rules_sig.h"

#include <string.h>

#define OID_SCT_LIST  "1.3.6.1.4.1.11129.2.4.2" /* RFC 6962 section 3.3 */
#define OID_CT_POISON "1.3.6.1.4.1.11129.2.4.3"

/* Both ends count; a second more than whole days is too long (BR 6.3.2). The day of issuance
 * decides, whatever day the lint is asked about. */
static void check_validity(struct rule_run *run)
{
    const struct cert *c = rule_facts(run)->cert;
    const int64_t cap = br_limit_at(BR_VALIDITY, c->not_before);
    const int64_t seconds = c->not_after - c->not_before + 1;
    char text[TIME_TEXT];
    if (c->is_ca || !cap || seconds <= cap * DAY_SECONDS) {
        return;
    }
    time_format_date(c->not_before, text);
    rule_hit(run, (struct hit){0},
             "the certificate lasts %lld seconds more than the %lld days allowed on %s",
             (long long)(seconds - cap * DAY_SECONDS), (long long)cap, text);
}

/* --- issuer --- */

static bool is_listed(const struct rule_run *run, const char *text, bool name)
{
    const struct strlist *list = rule_strings(run, 0);
    for (size_t i = 0; text && i < list->n; i++) {
        const bool named = str_starts(list->v[i], "dn:");
        if (named == name && str_ieq(list->v[i] + (named ? strlen("dn:") : 0), text)) {
            return true;
        }
    }
    return false;
}

static void check_issuer(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct cert *c = f->cert;
    struct arena *a = rule_arena(run);
    const char *name = dn_text(a, &c->issuer);
    const struct span id = c->authority_key_id;
    bool listed = is_listed(run, name, true) || (id.n && is_listed(run, hex_dup(a, id.p, id.n), 0));
    for (size_t i = 0; i < f->s->nchain && !listed; i++) {
        const struct cert *ca = &f->s->chain[i];
        listed = cert_issued_by(c, ca) &&
                 is_listed(run, hex_dup(a, ca->key.sha256, sizeof ca->key.sha256), false);
    }
    if (rule_strings(run, 0)->n && !listed) {
        rule_hit(run, (struct hit){.value = name}, "the issuer %s is not in the list of the policy",
                 str_vis_dup(a, name, strlen(name)));
    }
}

/* --- chain --- */

struct chain {
    const struct cert *v; /* ordered, the issuer of the certificate first */
    size_t n;
};

static const char *shown_dn(const struct rule_run *run, const struct dn *dn)
{
    return ca_shown(run, dn_text(rule_arena(run), dn));
}

/* Each signs the one before it and is a CA. */
static bool verify_chain(struct rule_run *run, const struct chain *chain)
{
    const struct cert *below = rule_facts(run)->cert;
    for (size_t i = 0; i < chain->n; i++) {
        const struct cert *ca = &chain->v[i];
        struct err err = ERR_INIT;
        if (!ca->is_ca) {
            rule_hit(run, (struct hit){.value = dn_text(rule_arena(run), &ca->subject)},
                     "the issuer %s in the chain is no CA certificate",
                     shown_dn(run, &ca->subject));
            return false;
        }
        if (!cert_verify(below, ca, &err)) {
            rule_hit(run, (struct hit){.value = dn_text(rule_arena(run), &ca->subject)},
                     "the signature by %s in the chain does not verify",
                     shown_dn(run, &ca->subject));
            return false;
        }
        below = ca;
    }
    return true;
}

static void check_anchor(struct rule_run *run, const struct chain *chain)
{
    bool found = rule_strings(run, 0)->n == 0;
    for (size_t i = 0; i < chain->n && !found; i++) {
        const uint8_t *sum = chain->v[i].key.sha256;
        found = is_listed(run, hex_dup(rule_arena(run), sum, SHA256_SIZE), false);
    }
    if (!found) {
        const struct cert *last = chain->n ? &chain->v[chain->n - 1] : rule_facts(run)->cert;
        rule_hit(run, (struct hit){.value = dn_text(rule_arena(run), &last->subject)},
                 "the chain ends at %s, below none of the anchors of the policy",
                 shown_dn(run, &last->subject));
    }
}

static void check_chain(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    const struct cert *c = s->cert;
    size_t used = 0;
    if (s->nchain == 0) {
        return; /* a certificate alone: nothing is said about its chain */
    }
    if (s->nchain > LIMIT_CHAIN) {
        rule_hit(run, (struct hit){0}, "%zu certificates stand beside it, at most %u are read",
                 s->nchain, LIMIT_CHAIN);
        return;
    }
    struct cert *bag = arena_memdup(rule_arena(run), s->chain, s->nchain * sizeof *bag);
    if (!chain_order(c, bag, s->nchain, &used) || (used == 0 && !cert_self_issued(c))) {
        const struct dn *wanted = used ? &bag[used - 1].issuer : &c->issuer;
        rule_hit(run, (struct hit){.value = dn_text(rule_arena(run), wanted)},
                 "the chain has a gap: no certificate of %s", shown_dn(run, wanted));
        return;
    }
    const struct chain chain = {bag, used};
    if (!verify_chain(run, &chain)) {
        return;
    }
    check_anchor(run, &chain);
    for (size_t i = 0; i < used; i++) {
        if (!span_eq(bag[i].der, s->chain[i].der)) {
            rule_hit(run, (struct hit){.severity = SEV_INFO},
                     "the chain is out of order: certificate %zu beside it should be that of %s",
                     i + 1, shown_dn(run, &bag[i].subject));
            return;
        }
    }
}

/* --- signature --- */

/* The longer of the two integers of an ECDSA signature is as long as the order of the issuer's
 * curve (one octet more when its first bit is set), but for one in 2^256: by it the curve is told
 * without the issuer at hand. */
static const struct {
    size_t octets;
    unsigned hash;
    const char *curve;
} curves[] = {{33, 256, "P-256"}, {49, 384, "P-384"}, {67, 512, "P-521"}};

static void check_ecdsa(struct rule_run *run, const struct sig_facts *sig)
{
    size_t octets = 0;
    if (!sig_ecdsa_value(rule_facts(run)->cert->signature, &octets)) {
        rule_hit(run, (struct hit){.value = sig->token},
                 "the ECDSA signature is not a DER SEQUENCE of two positive integers");
        return;
    }
    for (size_t i = 0; i < NITEMS(curves); i++) {
        if (octets <= curves[i].octets) {
            if (sig->hash != curves[i].hash && !sig->weak) {
                rule_hit(run, (struct hit){.value = sig->token},
                         "a key on %s signed with %s; only SHA-%u goes with that curve",
                         curves[i].curve, sig->token, curves[i].hash);
            }
            return;
        }
    }
}

static void check_signature(struct rule_run *run)
{
    const struct cert *c = rule_facts(run)->cert;
    const struct sig_facts sig = sig_facts_of(c->sig_algorithm);
    const struct hit hit = {.value = sig.token};
    if (!span_eq(c->sig_algorithm, c->tbs_sig_algorithm)) {
        rule_hit(run, hit, "the certificate names two different signature algorithms");
    }
    if (sig.weak) {
        rule_hit(run, hit, "the certificate is signed with %s, a broken hash function", sig.token);
    }
    if (!sig.exact) {
        rule_hit(run, hit, "the AlgorithmIdentifier of %s is none of the fixed encodings",
                 sig.token);
    }
    if (sig.ecdsa) {
        check_ecdsa(run, &sig);
    }
}

/* --- serial number --- */

static void check_serial(struct rule_run *run)
{
    const struct cert *c = rule_facts(run)->cert;
    bool certain = true;
    const char *fault = cert_serial_fault(rule_arena(run), c, &certain);
    /* Before, 20 random bits were enough (BR 7.1); a private CA may count. */
    const bool may_be_short = c->not_before < time_days(2016, 9, 30) * DAY_SECONDS;
    const bool mild = !certain && rule_scope(run) & SCOPE_PRIVATE;
    if (fault && (certain || !may_be_short)) {
        rule_hit(
            run,
            (struct hit){.value = c->serial_hex, .severity = mild ? SEV_WARNING : SEV_DISABLED},
            "the serial number %s", fault);
    }
}

/* --- purposes, transparency --- */

static void check_eku(struct rule_run *run)
{
    const struct cert *c = rule_facts(run)->cert;
    struct strlist ekus;
    const struct x509_ext *e = ext_ekus(run, &ekus);
    if (c->is_ca) {
        return;
    }
    if (!e || !strlist_has(&ekus, EKU_SERVER_AUTH)) {
        rule_hit(run, e ? ext_hit(e, SEV_DISABLED) : (struct hit){0},
                 "the certificate is not for TLS servers: its extended key usage lacks serverAuth");
    }
    if (e && strlist_has(&ekus, EKU_CLIENT_AUTH) &&
        c->not_before >= time_days(2027, 3, 15) * DAY_SECONDS) {
        rule_hit(run, ext_hit(e, SEV_ERROR),
                 "the certificate has clientAuth, which public TLS certificates may not have since "
                 "2027-03-15");
    }
}

/* An OCTET STRING around a TLS list, which begins with its length. */
static bool has_scts(const struct x509_ext *e)
{
    struct der_tlv t;
    return e && der_single(e->value, DER_OCTET_STRING, &t) && t.value.n > 2;
}

static void check_sct(struct rule_run *run)
{
    const struct cert *c = rule_facts(run)->cert;
    if (!c->is_ca && !ext_find(run, OID_CT_POISON) && !has_scts(ext_find(run, OID_SCT_LIST))) {
        rule_hit(run, (struct hit){0},
                 "no proof of a CT log (SCT) is embedded; browsers want it from the server then");
    }
}

/* clang-format off */
static const struct param issuer_params[] = {
    {.name = "issuers", .kind = PARAM_STRINGS, .fallback = "",
     .help = "issuers allowed: dn:NAME, key identifier, or SHA-256 of the public key; "
             "empty = any"},
};
static const struct param chain_params[] = {
    {.name = "anchors", .kind = PARAM_STRINGS, .fallback = "",
     .help = "SHA-256 of the public keys one of which a chain must reach; empty = any"},
};

#define GOOD    "{cert: issued.good.pem, request: "
#define ORDERED GOOD "{common_name: www.example.com, san: [www.example.com]"
const struct rule rules_issued[] = {
    {.id = "issued.key-match", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_CERT | NEEDS_REQUEST,
     .title = "certificate is for another key than the request",
     .why = "The server cannot use it, and somebody else may hold the key: some CAs answer with "
            "the certificate of an earlier order.",
     .fix = "download the certificate of this order again, or ask the CA",
     .cite = "RFC 2986 section 4", .check = issued_check_key,
     .bad = GOOD "{csr: good-rsa.pem}}", .good = GOOD "{csr: good.pem}}"},
    {.id = "issued.names.missing", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_CERT | NEEDS_REQUEST,
     .title = "name that was ordered is not in the certificate",
     .why = "Clients of that name refuse the server; single-name products drop names silently.",
     .fix = "have the certificate reissued with the name, or order a product for several names",
     .cite = "RFC 9525 section 6", .check = issued_check_names_missing,
     .bad = GOOD "{common_name: www.example.com, san: [www.example.com, api.example.com]}}",
     .good = ORDERED "}}"},
    {.id = "issued.names.extra", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_CERT | NEEDS_REQUEST,
     .title = "certificate has a name that was not ordered",
     .why = "Whoever holds the key can pretend to be that name too. The www twin that some CAs "
            "add is only information.",
     .fix = "turn the addition off at the CA, or order the name if it is wanted",
     .cite = "certbatch", .check = issued_check_names_extra,
     .bad = "{cert: prior-two-names.pem, request: {common_name: www.example.com}}",
     .good = ORDERED "}}"},
    {.id = "issued.subject", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_CERT | NEEDS_REQUEST,
     .title = "subject of the certificate differs from the order",
     .why = "The CA took the organization from its own record, or issued another level of "
            "validation, which is an error: another product than the one that was bought.",
     .fix = "compare the order with the record at the CA, and have the certificate reissued",
     .cite = "BR 7.1.6.1", .check = issued_check_subject,
     .bad = ORDERED ", subject: {organization: Other Corp}}}",
     .good = ORDERED ", subject: {organization: Example Corp, country: US}}}"},
    {.id = "issued.validity.max", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_CERT,
     .title = "certificate lasts longer than public trust allowed when it was issued",
     .why = "Browsers refuse it, and the CA has to revoke it within days.",
     .fix = "have the certificate reissued",
     .cite = "BR 6.3.2", .check = check_validity,
     .bad = "cert:issued.validity.max.pem", .good = "cert:issued.good.pem"},
    {.id = "issued.validity.short", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_CERT | NEEDS_REQUEST,
     .title = "certificate ends earlier than ordered",
     .why = "The CA cut the term; the renewal is due before anybody expects it.",
     .fix = "move the date of the renewal, or have the rest of the term reissued",
     .cite = "certbatch", .check = issued_check_short,
     .bad = ORDERED ", validity: 201d}}", .good = ORDERED ", validity: 199d}}"},
    {.id = "issued.issuer", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CERT,
     .title = "issuer is not in the list of the policy",
     .why = "Another issuing CA of the same company may not be in the trust stores of the "
            "clients, or be on its way out.",
     .fix = "choose the issuing CA in the order, or add it to issuers",
     .cite = "policy", .check = check_issuer, RULE_PARAMS(issuer_params),
     .bad = "{cert: issued.good.pem} # with issued.issuer: {issuers: ['dn:CN=Another CA']}",
     .good = "{cert: issued.good.pem} # with issued.issuer: {issuers: "
             "['dn:C=US, O=Sample Trust, CN=Sample TLS CA']}"},
    {.id = "issued.chain", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CERT,
     .title = "chain beside the certificate does not lead where it should",
     .why = "A server that sends this chain is refused by clients that do not fetch missing "
            "certificates. Mere disorder, which most clients mend, is information.",
     .fix = "download the chain again, and store it with the issuer first",
     .cite = "RFC 5280 section 6.1; RFC 8446 section 4.4.2", .check = check_chain,
     RULE_PARAMS(chain_params),
     .bad = "cert:issued.chain.pem", .good = "cert:issued.good.pem"},
    {.id = "issued.signature", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CERT,
     .from = "2026-09-15",
     .title = "certificate has a weak or badly encoded signature",
     .why = "Root programs fix the algorithms and their bytes; clients refuse the rest, and the "
            "CA has to revoke.",
     .fix = "have the certificate reissued",
     .cite = "BR 7.1.3.2", .check = check_signature,
     .bad = "cert:issued.signature.pem", .good = "cert:issued.good.pem"},
    {.id = "issued.serial", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CERT,
     .title = "serial number of the certificate is not fit",
     .why = "Serial numbers are positive, at most 20 octets, and need 64 bits that nobody can "
            "guess. Of a private CA too few bits are a warning.",
     .fix = "have the certificate reissued",
     .cite = "RFC 5280 section 4.1.2.2; BR 7.1", .check = check_serial,
     .bad = "cert:issued.serial.pem", .good = "cert:issued.good.pem"},
    {.id = "issued.eku", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_CERT,
     .title = "purposes of the certificate are not those of a TLS server",
     .why = "Without serverAuth clients refuse the server. clientAuth is an error from 2027-03-15 "
            "on: browsers distrust the hierarchy that issues it.",
     .fix = "have the certificate reissued from a profile for TLS servers",
     .cite = "Chrome Root Program Policy 1.8; BR 7.1.2.7.10", .check = check_eku,
     .bad = "cert:issued.eku.pem", .good = "cert:issued.good.pem"},
    {.id = "issued.sct", .severity = SEV_INFO, .scope = SCOPE_TLS, .needs = NEEDS_CERT,
     .from = "2018-04-30",
     .title = "certificate has no SCT list",
     .why = "Browsers want proof that the certificate was logged. Without it in the certificate "
            "the server must send it in the handshake, which hardly any does.",
     .fix = "ask the CA to log the certificate",
     .cite = "BR 7.1.2.11.3; RFC 6962 section 3.3", .check = check_sct,
     .bad = "cert:issued.sct.pem", .good = "cert:issued.good.pem"},
    {.id = NULL},
};
/* clang-format on */
