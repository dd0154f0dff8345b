/* SPDX-License-Identifier: Apache-2.0
 *
 * local.*: the embedded CA is held to what a CA must do. Whether a serial number was used before
 * only the CA's own index knows; it refuses to use one twice.
 */
#include "policy/rules_ca.h"

#include "formats/base/time.h"

#include <string.h>

enum {
    KEY_CERT_SIGN = 0x04 /* bit 5 of the first octet, RFC 5280 4.2.1.3 */
};

static const struct cert *issuer_of(const struct subject *s)
{
    return s->ca_issuer ? s->ca_issuer : s->cert && s->nchain ? &s->chain[0] : NULL;
}

static void check_key_usage(struct rule_run *run, const struct cert *issuer)
{
    const struct x509_ext *ext = x509_ext_find(issuer->exts, issuer->nexts, OID_KEY_USAGE);
    struct hit hit = {.ca_key = "issuing"};
    struct der_tlv tlv;
    struct span bits;
    uint8_t unused;
    if (!ext) {
        hit.severity = SEV_WARNING; /* path validation lets it pass */
        rule_hit(run, hit, "the issuing certificate has no key usage");
    } else if (!der_single(ext->value, DER_BIT_STRING, &tlv) || !der_bits(&tlv, &bits, &unused) ||
               bits.n < 1 || !(bits.p[0] & KEY_CERT_SIGN)) {
        rule_hit(run, hit, "the key usage of the issuing certificate lacks keyCertSign");
    }
}

/* Of the chain above a certificate: pathLenConstraint counts the CAs below that are not
 * self-issued, RFC 5280 4.2.1.9. */
static void check_path_length(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    int below = 0;
    for (size_t i = 0; i < s->nchain; i++) {
        const struct cert *ca = &s->chain[i];
        if (ca->path_len >= 0 && ca->path_len < below) {
            rule_hit(run, (struct hit){.ca_key = "issuing"},
                     "the path length %d of %s is exhausted: %d CAs stand below it", ca->path_len,
                     dn_text(rule_arena(run), &ca->subject), below);
        }
        below += !cert_self_issued(ca);
    }
}

static void check_issuer(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    const struct cert *issuer = issuer_of(s);
    const struct hit hit = {.ca_key = "issuing"};
    struct err err = ERR_INIT;
    char day[TIME_TEXT];
    if (!issuer) {
        return;
    }
    if (!issuer->is_ca) {
        rule_hit(run, hit, "the issuing certificate is not that of a CA");
    }
    check_key_usage(run, issuer);
    if (issuer->not_after < subject_date(s)) {
        time_format_date(issuer->not_after, day);
        rule_hit(run, hit, "the issuing certificate expired on %s", day);
    }
    if (s->cert) {
        check_path_length(run);
    }
    if (s->cert && (!cert_issued_by(s->cert, issuer) || !cert_verify(s->cert, issuer, &err))) {
        rule_hit(run, hit, "the certificate was not signed by the key of the issuing certificate");
    }
}

static void check_serial(struct rule_run *run)
{
    const struct cert *cert = rule_facts(run)->cert;
    bool certain;
    const char *fault = cert_serial_fault(rule_arena(run), cert, &certain);
    if (fault) {
        rule_hit(run, (struct hit){.value = cert->serial_hex}, "the serial number %s", fault);
    }
}

/* clang-format off */
const struct rule rules_local[] = {
    {.id = "local.issuer", .severity = SEV_ERROR, .scope = SCOPE_LOCAL, .ca = "local",
     .title = "certificate of the embedded CA cannot issue",
     .why = "No client accepts what it signs.",
     .fix = "give the embedded CA an issuing certificate with CA: TRUE, keyCertSign and time left",
     .cite = "RFC 5280 section 6.1.4", .check = check_issuer,
     .bad = "{ca: local, issuer: local.issuer.pem, common_name: www.corp.example.com}",
     .good = "{ca: local, issuer: local.issuer.good.pem, common_name: www.corp.example.com}"},
    {.id = "local.serial", .severity = SEV_ERROR, .scope = SCOPE_LOCAL, .needs = NEEDS_CERT,
     .ca = "local",
     .title = "serial number of the certificate is not fit",
     .why = "Serial numbers are positive, at most 20 octets, and need 64 bits that nobody can "
            "guess, or a collision of hashes can be prepared.",
     .fix = "issue the certificate again",
     .cite = "RFC 5280 section 4.1.2.2; BR 7.1", .check = check_serial,
     .bad = "{ca: local, cert: local.serial.pem}",
     .good = "{ca: local, cert: local.serial.good.pem}"},
    {0}};
/* clang-format on */
