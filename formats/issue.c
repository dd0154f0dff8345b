/* SPDX-License-Identifier: Apache-2.0
 *
 * See issue.h. The bytes are written directly: an X509 object costs 188 us per certificate, most
 * of it decoding and encoding the public key; this costs the signature and little else.
 */
#include "formats/issue.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <string.h>

#define OID_CRL_POINTS    "2.5.29.31"
#define OID_AIA           "1.3.6.1.5.5.7.1.1"
#define OID_AD_CA_ISSUERS "1.3.6.1.5.5.7.48.2"

static const char *const eku_server[] = {"1.3.6.1.5.5.7.3.1", NULL};
static const char *const eku_client[] = {"1.3.6.1.5.5.7.3.2", NULL};
static const char *const eku_email[] = {"1.3.6.1.5.5.7.3.4", NULL};

const struct issue_profile issue_root = {"root", true, 1, ISSUE_CERT_SIGN | ISSUE_CRL_SIGN,
                                         0,      NULL};
const struct issue_profile issue_issuing = {"issuing", true, 0, ISSUE_CERT_SIGN | ISSUE_CRL_SIGN,
                                            0,         NULL};
const struct issue_profile issue_tls_server = {
    "tls-server", false, -1, ISSUE_DIGITAL_SIGNATURE, ISSUE_KEY_ENCIPHERMENT, eku_server};
const struct issue_profile issue_tls_client = {"tls-client", false, -1, ISSUE_DIGITAL_SIGNATURE, 0,
                                               eku_client};
const struct issue_profile issue_smime = {
    "smime", false, -1, ISSUE_DIGITAL_SIGNATURE, ISSUE_KEY_ENCIPHERMENT, eku_email};

/* --- extensions: each opens its SEQUENCE, and the OCTET STRING its value goes into --- */
struct ext_marks {
    size_t seq, octets;
};

static struct ext_marks ext_open(struct buf *out, const char *oid, bool critical)
{
    struct ext_marks m = {.seq = der_open(out, DER_SEQUENCE)};
    der_put_oid(out, oid);
    if (critical) { /* FALSE is the DEFAULT and DER leaves it out */
        der_put(out, DER_BOOLEAN, (struct span){(const uint8_t *)"\xff", 1});
    }
    m.octets = der_open(out, DER_OCTET_STRING);
    return m;
}

static void ext_close(struct buf *out, struct ext_marks m)
{
    der_close(out, m.octets);
    der_close(out, m.seq);
}

static void put_basic_constraints(struct buf *out, const struct issue_profile *p)
{
    struct ext_marks m = ext_open(out, OID_BASIC_CONSTRAINTS, true);
    size_t seq = der_open(out, DER_SEQUENCE);
    if (p->ca) {
        der_put(out, DER_BOOLEAN, (struct span){(const uint8_t *)"\xff", 1});
        if (p->path_len >= 0) {
            der_put_uint(out, (uint64_t)p->path_len);
        }
    }
    der_close(out, seq);
    ext_close(out, m);
}

/* A named BIT STRING: bit 0 is the most significant, trailing zero bits are not written. */
static void put_key_usage(struct buf *out, unsigned usage)
{
    uint8_t value[2] = {0, 0};
    for (unsigned bit = 0; bit < 8; bit++) {
        if (usage & (1u << bit)) {
            value[1] = (uint8_t)(value[1] | (0x80u >> bit));
            value[0] = (uint8_t)(7 - bit);
        }
    }
    struct ext_marks m = ext_open(out, OID_KEY_USAGE, true);
    der_put(out, DER_BIT_STRING, (struct span){value, sizeof value});
    ext_close(out, m);
}

static void put_ekus(struct buf *out, const char *const *ekus)
{
    struct ext_marks m = ext_open(out, OID_EXT_KEY_USAGE, false);
    size_t seq = der_open(out, DER_SEQUENCE);
    for (; *ekus; ekus++) {
        der_put_oid(out, *ekus);
    }
    der_close(out, seq);
    ext_close(out, m);
}

static void put_subject_key_id(struct buf *out, struct span id)
{
    struct ext_marks m = ext_open(out, OID_SUBJECT_KEY_ID, false);
    der_put(out, DER_OCTET_STRING, id);
    ext_close(out, m);
}

static void put_authority_key_id(struct buf *out, struct span id)
{
    struct ext_marks m = ext_open(out, OID_AUTHORITY_KEY_ID, false);
    size_t seq = der_open(out, DER_SEQUENCE);
    der_put(out, DER_CONTEXT(0), id);
    der_close(out, seq);
    ext_close(out, m);
}

static void put_uri(struct buf *out, const char *url)
{
    der_put(out, DER_CONTEXT(6), (struct span){(const uint8_t *)url, strlen(url)});
}

static void put_crl_point(struct buf *out, const char *url)
{
    struct ext_marks m = ext_open(out, OID_CRL_POINTS, false);
    size_t points = der_open(out, DER_SEQUENCE);
    size_t point = der_open(out, DER_SEQUENCE);
    size_t name = der_open(out, DER_CONTEXT_CONSTRUCTED(0)); /* distributionPoint */
    size_t full = der_open(out, DER_CONTEXT_CONSTRUCTED(0)); /* fullName */
    put_uri(out, url);
    der_close(out, full);
    der_close(out, name);
    der_close(out, point);
    der_close(out, points);
    ext_close(out, m);
}

static void put_issuer_url(struct buf *out, const char *url)
{
    struct ext_marks m = ext_open(out, OID_AIA, false);
    size_t list = der_open(out, DER_SEQUENCE);
    size_t access = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_AD_CA_ISSUERS);
    put_uri(out, url);
    der_close(out, access);
    der_close(out, list);
    ext_close(out, m);
}

/* --- key identifiers and key kinds, read from the SubjectPublicKeyInfo --- */
struct spki_view {
    struct span bits; /* BIT STRING content without the unused-bits octet */
    bool rsa;
};

static bool spki_view(struct span spki, struct spki_view *out)
{
    struct der_tlv seq, alg, oid, bits;
    struct der d = der_over(spki);
    if (!der_take(&d, DER_SEQUENCE, &seq)) {
        return false;
    }
    struct der in = der_into(&d, &seq);
    if (!der_take(&in, DER_SEQUENCE, &alg) || !der_take(&in, DER_BIT_STRING, &bits) ||
        bits.value.n < 2) {
        return false;
    }
    struct der a = der_into(&in, &alg);
    if (!der_take(&a, DER_OID, &oid)) {
        return false;
    }
    out->rsa = der_oid_is(oid.value, "1.2.840.113549.1.1.1");
    out->bits = (struct span){bits.value.p + 1, bits.value.n - 1};
    return true;
}

enum { KEY_ID = 20 };
/* RFC 7093 section 2 method 1: the leftmost 160 bits of SHA-256 over the BIT STRING. */
static void key_id(struct span bits, uint8_t out[KEY_ID])
{
    uint8_t full[SHA256_SIZE];
    sha256(bits.p, bits.n, full);
    memcpy(out, full, KEY_ID);
}

static bool subject_is_empty(struct span subject)
{
    return subject.n == 2; /* 30 00 */
}

static void put_extensions(struct buf *out, const struct issue_parts *p, const struct cert *issuer,
                           const struct spki_view *key)
{
    const struct issue_profile *profile = p->profile;
    uint8_t id[KEY_ID];
    key_id(key->bits, id);
    struct span own = {id, sizeof id};
    size_t tagged = der_open(out, DER_CONTEXT_CONSTRUCTED(3));
    size_t list = der_open(out, DER_SEQUENCE);
    put_basic_constraints(out, profile);
    put_key_usage(out, profile->key_usage | (key->rsa ? profile->key_usage_rsa : 0));
    if (profile->ekus) {
        put_ekus(out, profile->ekus);
    }
    put_subject_key_id(out, own);
    /* The identifier the issuer's certificate carries, whatever method made it: path building
     * compares the bytes. One without an identifier gets the one we would have given it. */
    uint8_t of_issuer[KEY_ID];
    struct span authority = own;
    if (issuer && issuer->subject_key_id.n) {
        authority = issuer->subject_key_id;
    } else if (issuer) {
        key_id(issuer->key.key, of_issuer);
        authority = (struct span){of_issuer, sizeof of_issuer};
    }
    put_authority_key_id(out, authority);
    if (p->san.n) { /* RFC 5280 4.2.1.6: critical when it is the only name */
        struct ext_marks m = ext_open(out, OID_SAN, subject_is_empty(p->subject));
        buf_add(out, p->san.p, p->san.n);
        ext_close(out, m);
    }
    if (p->crl_url) {
        put_crl_point(out, p->crl_url);
    }
    if (p->issuer_url) {
        put_issuer_url(out, p->issuer_url);
    }
    der_close(out, list);
    der_close(out, tagged);
}

static void put_tbs(struct buf *out, const struct issue_parts *p, const struct cert *issuer,
                    struct span algorithm, const struct spki_view *key)
{
    struct span issuer_name = issuer ? issuer->subject.der : p->subject;
    size_t tbs = der_open(out, DER_SEQUENCE);
    size_t version = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
    der_put_uint(out, 2); /* v3 */
    der_close(out, version);
    der_put_unsigned(out, p->serial);
    buf_add(out, algorithm.p, algorithm.n);
    buf_add(out, issuer_name.p, issuer_name.n);
    size_t validity = der_open(out, DER_SEQUENCE);
    der_put_time(out, p->not_before);
    der_put_time(out, p->not_after);
    der_close(out, validity);
    buf_add(out, p->subject.p, p->subject.n);
    buf_add(out, p->spki.p, p->spki.n);
    put_extensions(out, p, issuer, key);
    der_close(out, tbs);
}

static bool parts_check(const struct issue_parts *p, struct err *err)
{
    bool positive =
        p->serial.n > 0 && p->serial.n <= 20 && !(p->serial.n == 20 && p->serial.p[0] & 0x80);
    bool zero = true;
    for (size_t i = 0; i < p->serial.n; i++) {
        zero = zero && p->serial.p[i] == 0;
    }
    if (!positive || zero) { /* RFC 5280 4.1.2.2 */
        return err_set(err, ERR_INTERNAL, "a serial number must be positive, at most 20 octets");
    }
    if (p->not_after < p->not_before) {
        return err_set(err, ERR_INPUT, "the term of the certificate would end before it begins");
    }
    if (subject_is_empty(p->subject) && !p->san.n) {
        return err_set(err, ERR_INPUT, "a certificate needs a name: subject or SAN");
    }
    return true;
}

bool issue_certificate(const struct key *key, const struct cert *issuer,
                       const struct issue_parts *parts, struct buf *der, struct err *err)
{
    struct spki_view view;
    struct span algorithm = x509_sign_algorithm(key->pkey);
    if (!algorithm.n) {
        return err_set(err, ERR_INPUT, "the CA key is of a kind that certbatch does not sign with");
    }
    if (!parts_check(parts, err)) {
        return false;
    }
    if (!spki_view(parts->spki, &view)) {
        return err_set(err, ERR_INPUT, "the public key does not decode");
    }
    CLEANUP(buf_release) struct buf tbs = BUF_INIT(LIMIT_CERT_BYTES);
    put_tbs(&tbs, parts, issuer, algorithm, &view);
    if (buf_failed(&tbs)) {
        return err_set(err, ERR_INPUT, "the certificate would be larger than %u bytes",
                       LIMIT_CERT_BYTES);
    }
    return x509_sign(key->pkey, buf_span(&tbs), der, err);
}

/* Key Usage of a certificate: bit numbers as ISSUE_*; all bits when the extension is absent. */
static unsigned key_usage(const struct cert *cert)
{
    struct der_tlv bits;
    const struct x509_ext *e = x509_ext_find(cert->exts, cert->nexts, OID_KEY_USAGE);
    if (!e) {
        return ~0u;
    }
    struct der d = der_over(e->value);
    if (!der_take(&d, DER_BIT_STRING, &bits) || bits.value.n < 2) {
        return 0;
    }
    unsigned usage = 0;
    for (unsigned bit = 0; bit < 8; bit++) {
        usage |= bits.value.p[1] & (0x80u >> bit) ? 1u << bit : 0;
    }
    return usage;
}

bool issuer_check(const struct cert *cert, const struct key *key, int64_t now, int below,
                  struct err *err)
{
    char text[TIME_TEXT];
    if (!cert->is_ca) {
        return err_set(err, ERR_INPUT, "the issuing certificate is not a CA certificate");
    }
    if (!(key_usage(cert) & ISSUE_CERT_SIGN)) {
        return err_set(err, ERR_INPUT,
                       "the issuing certificate may not sign certificates "
                       "(key usage lacks keyCertSign)");
    }
    if (cert->path_len >= 0 && cert->path_len < below) {
        return err_set(err, ERR_INPUT, "the path length of the issuing certificate is exhausted");
    }
    if (now < cert->not_before || now > cert->not_after) {
        time_format(now < cert->not_before ? cert->not_before : cert->not_after, text);
        return err_set(err, ERR_INPUT, "the issuing certificate %s %s",
                       now < cert->not_before ? "is not valid before" : "expired at", text);
    }
    if (!key_matches_spki(key, cert->key.sha256)) {
        return err_set(err, ERR_INPUT, "the key does not belong to the issuing certificate");
    }
    return true;
}
