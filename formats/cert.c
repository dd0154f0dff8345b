/* SPDX-License-Identifier: Apache-2.0
 *
 * See cert.h: one certificate. What other software would still read is read (BER lengths, odd
 * serials); the linter looks at the deviations by itself.
 */
#include "formats/cert.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

static bool bad(struct err *err, const char *what)
{
    return err_set(err, ERR_INPUT, "not a readable certificate: %s", what);
}

static char *serial_text(struct arena *a, struct span serial)
{
    while (serial.n > 1 && serial.p[0] == 0) {
        serial.p++;
        serial.n--;
    }
    return hex_dup_upper(a, serial.p, serial.n);
}

/* --- extensions that chains and names are built from --- */

static void read_basic_constraints(struct cert *c, struct span value)
{
    struct der_tlv seq;
    struct der_tlv t;
    uint32_t n;
    if (!der_single(value, DER_SEQUENCE, &seq)) {
        return;
    }
    struct der d = der_over(seq.value);
    c->is_ca = der_take(&d, DER_BOOLEAN, &t) && t.value.n == 1 && t.value.p[0];
    if (c->is_ca && der_take(&d, DER_INTEGER, &t) && der_small_uint(&t, &n) && n <= INT32_MAX) {
        c->path_len = (int)n;
    }
}

static void read_key_ids(struct cert *c)
{
    struct der_tlv t;
    const struct x509_ext *ski = x509_ext_find(c->exts, c->nexts, OID_SUBJECT_KEY_ID);
    if (ski && der_single(ski->value, DER_OCTET_STRING, &t)) {
        c->subject_key_id = t.value;
    }
    const struct x509_ext *aki = x509_ext_find(c->exts, c->nexts, OID_AUTHORITY_KEY_ID);
    if (aki && der_single(aki->value, DER_SEQUENCE, &t)) {
        struct der d = der_over(t.value);
        if (der_take(&d, DER_CONTEXT(0), &t)) {
            c->authority_key_id = t.value;
        }
    }
}

static void read_san(struct arena *a, const struct der *d, struct cert *c)
{
    const struct x509_ext *san = x509_ext_find(c->exts, c->nexts, OID_SAN);
    struct der_tlv seq;
    if (!san) {
        return;
    }
    const struct der_tlv whole = {.value = san->value};
    struct der value = der_into(d, &whole);
    c->has_san = true;
    c->san_malformed = !der_take(&value, DER_SEQUENCE, &seq) || !der_at_end(&value) ||
                       !x509_parse_names(a, &value, &seq, &c->san);
}

static bool read_exts(struct arena *a, const struct der *d, const struct der_tlv *field,
                      struct cert *c)
{
    struct der_tlv seq;
    bool malformed = false;
    struct der in = der_into(d, field);
    if (!der_take(&in, DER_SEQUENCE, &seq) || !der_at_end(&in) ||
        !x509_parse_exts(a, &in, &seq, &c->exts, &c->nexts, &malformed) || malformed) {
        return false;
    }
    const struct x509_ext *bc = x509_ext_find(c->exts, c->nexts, OID_BASIC_CONSTRAINTS);
    if (bc) {
        read_basic_constraints(c, bc->value);
    }
    read_key_ids(c);
    read_san(a, d, c);
    return true;
}

/* --- TBSCertificate --- */

static bool read_version(struct der *tbs, struct cert *c)
{
    struct der_tlv field;
    struct der_tlv version;
    uint32_t v = 0;
    if (der_take(tbs, DER_CONTEXT_CONSTRUCTED(0), &field)) {
        struct der in = der_into(tbs, &field);
        if (!der_take(&in, DER_INTEGER, &version) || !der_small_uint(&version, &v) || v > 2) {
            return false;
        }
    }
    c->version = (int)v + 1;
    return !tbs->bad;
}

static bool read_validity(const struct der *tbs, const struct der_tlv *seq, struct cert *c)
{
    struct der_tlv from;
    struct der_tlv to;
    struct der d = der_into(tbs, seq);
    return der_next(&d, &from) && der_next(&d, &to) && der_at_end(&d) &&
           der_time(&from, &c->not_before) && der_time(&to, &c->not_after);
}

static bool read_names_and_key(struct arena *a, struct der *tbs, struct cert *c, struct err *err)
{
    struct der_tlv t;
    if (!der_take(tbs, DER_SEQUENCE, &t) || !x509_read_dn(a, tbs, &t, &c->issuer)) {
        return bad(err, "the issuer does not decode");
    }
    if (!der_take(tbs, DER_SEQUENCE, &t) || !read_validity(tbs, &t, c)) {
        return bad(err, "the validity does not decode");
    }
    if (!der_take(tbs, DER_SEQUENCE, &t) || !x509_read_dn(a, tbs, &t, &c->subject)) {
        return bad(err, "the subject does not decode");
    }
    if (!der_take(tbs, DER_SEQUENCE, &t) || !x509_parse_spki(a, tbs, &t, &c->key)) {
        return bad(err, "the public key does not decode");
    }
    return true;
}

static bool read_tbs(struct arena *a, struct der tbs, struct cert *c, struct err *err)
{
    struct der_tlv t;
    if (!read_version(&tbs, c)) {
        return bad(err, "unknown version");
    }
    if (!der_take(&tbs, DER_INTEGER, &t) || t.value.n == 0) {
        return bad(err, "the serial number is missing");
    }
    c->serial = t.value;
    c->serial_hex = serial_text(a, t.value);
    if (!der_take(&tbs, DER_SEQUENCE, &t)) {
        return bad(err, "the signature algorithm is missing");
    }
    c->tbs_sig_algorithm = t.whole;
    if (!read_names_and_key(a, &tbs, c, err)) {
        return false;
    }
    (void)der_take(&tbs, DER_CONTEXT(1), &t); /* issuerUniqueID, subjectUniqueID */
    (void)der_take(&tbs, DER_CONTEXT(2), &t);
    if (der_take(&tbs, DER_CONTEXT_CONSTRUCTED(3), &t) && !read_exts(a, &tbs, &t, c)) {
        return bad(err, "the extensions do not decode");
    }
    return der_at_end(&tbs) ? true : bad(err, "unexpected content after the extensions");
}

bool cert_parse(struct arena *a, struct span der, struct cert *out, struct err *err)
{
    struct der_tlv outer;
    struct der_tlv tbs;
    struct der_tlv alg;
    struct der_tlv bits;
    uint8_t unused = 0;
    struct cert c = {.der = der, .path_len = -1};
    struct der d = der_over(der);
    if (der.n > LIMIT_CERT_BYTES) {
        return err_set(err, ERR_INPUT, "the certificate has %zu bytes; at most %u are read", der.n,
                       LIMIT_CERT_BYTES);
    }
    if (!der_take(&d, DER_SEQUENCE, &outer) || !der_at_end(&d)) {
        return bad(err, "not one DER SEQUENCE");
    }
    struct der in = der_into(&d, &outer);
    if (!der_take(&in, DER_SEQUENCE, &tbs) || !der_take(&in, DER_SEQUENCE, &alg) ||
        !der_take(&in, DER_BIT_STRING, &bits) || !der_at_end(&in) ||
        !der_bits(&bits, &c.signature, &unused) || unused) {
        return bad(err, "not SEQUENCE { content, algorithm, signature }");
    }
    c.tbs = tbs.whole;
    c.sig_algorithm = alg.whole;
    if (!read_tbs(a, der_into(&in, &tbs), &c, err)) {
        return false;
    }
    sha256(der.p, der.n, c.sha256);
    *out = c;
    return true;
}

void cert_pem(struct buf *out, struct span der)
{
    pem_write(out, "CERTIFICATE", der);
}

/* An OCTET STRING around a TLS vector of vectors: each with its length in two octets before it. */
unsigned cert_scts(const struct cert *cert)
{
    struct der_tlv t;
    unsigned count = 0;
    const struct x509_ext *e = x509_ext_find(cert->exts, cert->nexts, "1.3.6.1.4.1.11129.2.4.2");
    if (!e || !der_single(e->value, DER_OCTET_STRING, &t) || t.value.n < 2) {
        return 0;
    }
    const uint8_t *p = t.value.p;
    const uint8_t *end = p + t.value.n;
    if ((size_t)(p[0] << 8 | p[1]) != t.value.n - 2) {
        return 0;
    }
    for (p += 2; p < end; count++) {
        const size_t n = end - p < 2 ? SIZE_MAX : (size_t)(p[0] << 8 | p[1]);
        if (n == 0 || n > (size_t)(end - p) - 2) {
            return 0;
        }
        p += 2 + n;
    }
    return count;
}
