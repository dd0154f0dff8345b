/* SPDX-License-Identifier: Apache-2.0
 *
 * See x509.h: SubjectPublicKeyInfo (RFC 3279, 5480, 8410), by raw integers. OpenSSL normalises
 * explicit curves and refuses odd RSA keys; key rules must see what stands in the DER.
 */
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/x509.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

static const struct curve {
    const char *oid, *name, *token;
    const char *group; /* OpenSSL's; NULL: not there */
    unsigned bits;
} curves[] = {
    {"1.2.840.10045.3.1.7", "P-256", "ec-p256", "P-256", 256},
    {"1.3.132.0.34", "P-384", "ec-p384", "P-384", 384},
    {"1.3.132.0.35", "P-521", "ec-p521", "P-521", 521},
    {"1.2.840.10045.3.1.1", "P-192", "ec-p192", "P-192", 192},
    {"1.3.132.0.33", "P-224", "ec-p224", "P-224", 224},
    {"1.3.132.0.10", "secp256k1", "ec-secp256k1", "secp256k1", 256},
    {"1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", "ec-brainpoolp256r1", "brainpoolP256r1", 256},
    {"1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", "ec-brainpoolp384r1", "brainpoolP384r1", 384},
    {"1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", "ec-brainpoolp512r1", "brainpoolP512r1", 512},
    {"1.2.156.10197.1.301", "SM2", "ec-sm2", NULL, 256},
};

/* Algorithms without parameters that matter here; `octets` of the key, 0 = any. */
static const struct simple_alg {
    const char *oid, *token;
    enum key_alg alg;
    unsigned octets, bits;
} simple_algs[] = {
    {"1.3.101.112", "ed25519", KEY_ALG_ED25519, 32, 256},
    {"1.3.101.113", "ed448", KEY_ALG_ED448, 57, 456},
    {"1.3.101.110", "x25519", KEY_ALG_UNKNOWN, 32, 256},
    {"1.3.101.111", "x448", KEY_ALG_UNKNOWN, 56, 448},
    /* FIPS 204, 205, 203; NIST CSOR arcs. Key octets from the parameter set tables there. */
    {"2.16.840.1.101.3.4.3.17", "ml-dsa-44", KEY_ALG_PQC, 1312, 0},
    {"2.16.840.1.101.3.4.3.18", "ml-dsa-65", KEY_ALG_PQC, 1952, 0},
    {"2.16.840.1.101.3.4.3.19", "ml-dsa-87", KEY_ALG_PQC, 2592, 0},
    {"2.16.840.1.101.3.4.3.20", "slh-dsa-sha2-128s", KEY_ALG_PQC, 32, 0},
    {"2.16.840.1.101.3.4.3.21", "slh-dsa-sha2-128f", KEY_ALG_PQC, 32, 0},
    {"2.16.840.1.101.3.4.3.22", "slh-dsa-sha2-192s", KEY_ALG_PQC, 48, 0},
    {"2.16.840.1.101.3.4.3.23", "slh-dsa-sha2-192f", KEY_ALG_PQC, 48, 0},
    {"2.16.840.1.101.3.4.3.24", "slh-dsa-sha2-256s", KEY_ALG_PQC, 64, 0},
    {"2.16.840.1.101.3.4.3.25", "slh-dsa-sha2-256f", KEY_ALG_PQC, 64, 0},
    {"2.16.840.1.101.3.4.3.26", "slh-dsa-shake-128s", KEY_ALG_PQC, 32, 0},
    {"2.16.840.1.101.3.4.3.27", "slh-dsa-shake-128f", KEY_ALG_PQC, 32, 0},
    {"2.16.840.1.101.3.4.3.28", "slh-dsa-shake-192s", KEY_ALG_PQC, 48, 0},
    {"2.16.840.1.101.3.4.3.29", "slh-dsa-shake-192f", KEY_ALG_PQC, 48, 0},
    {"2.16.840.1.101.3.4.3.30", "slh-dsa-shake-256s", KEY_ALG_PQC, 64, 0},
    {"2.16.840.1.101.3.4.3.31", "slh-dsa-shake-256f", KEY_ALG_PQC, 64, 0},
    {"2.16.840.1.101.3.4.4.1", "ml-kem-512", KEY_ALG_PQC, 800, 0},
    {"2.16.840.1.101.3.4.4.2", "ml-kem-768", KEY_ALG_PQC, 1184, 0},
    {"2.16.840.1.101.3.4.4.3", "ml-kem-1024", KEY_ALG_PQC, 1568, 0},
};

#define OID_RSA     "1.2.840.113549.1.1.1"
#define OID_RSA_PSS "1.2.840.113549.1.1.10"
#define OID_EC      "1.2.840.10045.2.1"
#define OID_DSA     "1.2.840.10040.4.1"
#define OID_DSA_OLD "1.3.14.3.2.12" /* OIW, in requests of the 1990s */
/* Composite ML-DSA drafts of the LAMPS group used this Entrust arc. */
#define OID_COMPOSITE_ARC "2.16.840.1.114027.80.8.1."

/* Of a positive INTEGER's content octets; a negative one counts all its octets. */
static unsigned bit_length(struct span v)
{
    while (v.n > 0 && v.p[0] == 0) {
        v.p++;
        v.n--;
    }
    if (v.n == 0 || v.n > LIMIT_INPUT_BYTES) {
        return 0;
    }
    unsigned top = 8;
    while (!(v.p[0] >> (top - 1))) {
        top--;
    }
    return (unsigned)(v.n - 1) * 8 + top;
}

static void read_rsa(struct arena *a, const struct der_tlv *params, struct spki *k)
{
    struct der_tlv seq;
    struct der_tlv n;
    struct der_tlv e;
    struct der d = der_over(k->key);
    (void)params;
    k->malformed = true;
    k->token = "unknown";
    if (!der_take(&d, DER_SEQUENCE, &seq)) {
        return;
    }
    struct der in = der_into(&d, &seq);
    if (!der_take(&in, DER_INTEGER, &n) || !der_take(&in, DER_INTEGER, &e)) {
        return;
    }
    k->n = n.value;
    k->e = e.value;
    k->bits = bit_length(n.value);
    k->token = arena_printf(a, "rsa%s-%u", k->alg == KEY_ALG_RSA_PSS ? "-pss" : "", k->bits);
    k->malformed = !der_at_end(&in) || !der_at_end(&d) || n.value.n == 0 || e.value.n == 0;
}

/* 04, 06, 07 carry two coordinates, 02 and 03 one; a single 00 is the point at infinity. */
static bool point_length_fits(struct span point, unsigned bits)
{
    size_t field = (bits + 7) / 8;
    if (point.n == 0) {
        return false;
    }
    switch (point.p[0]) {
    case 0x00:
        return point.n == 1;
    case 0x02:
    case 0x03:
        return point.n == 1 + field;
    case 0x04:
    case 0x06:
    case 0x07:
        return point.n == 1 + 2 * field;
    default:
        return false;
    }
}

/* ECParameters: version, fieldID { prime-field, p }, ...: only the size of p is of interest. */
static unsigned explicit_bits(const struct der *d, const struct der_tlv *params)
{
    struct der_tlv t;
    struct der in = der_into(d, params);
    if (!der_take(&in, DER_INTEGER, &t) || !der_take(&in, DER_SEQUENCE, &t)) {
        return 0;
    }
    struct der field = der_into(&in, &t);
    return der_take(&field, DER_OID, &t) && der_take(&field, DER_INTEGER, &t) ? bit_length(t.value)
                                                                              : 0;
}

static void read_ec(struct arena *a, const struct der_tlv *params, struct spki *k)
{
    k->token = "unknown";
    if (params->tag == DER_SEQUENCE) {
        struct der d = der_over(params->whole);
        k->explicit_curve = true;
        k->token = "ec-explicit";
        k->bits = explicit_bits(&d, params);
        k->malformed = k->bits == 0 || !point_length_fits(k->key, k->bits);
        return;
    }
    if (params->tag != DER_OID) { /* absent or implicitCurve */
        k->explicit_curve = params->tag == DER_NULL;
        k->malformed = !k->explicit_curve;
        return;
    }
    k->curve_oid = oid_dup(a, params->value);
    for (size_t i = 0; i < NITEMS(curves); i++) {
        if (str_eq(curves[i].oid, k->curve_oid)) {
            k->curve = curves[i].name;
            k->token = curves[i].token;
            k->bits = curves[i].bits;
            k->malformed = !point_length_fits(k->key, k->bits);
        }
    }
}

static void read_dsa(struct arena *a, const struct der_tlv *params, struct spki *k)
{
    struct der_tlv p;
    struct der_tlv y;
    struct der d = der_over(params->whole);
    struct der in = der_into(&d, params);
    if (params->tag == DER_SEQUENCE && der_take(&in, DER_INTEGER, &p)) {
        k->bits = bit_length(p.value);
    }
    k->token = arena_printf(a, "dsa-%u", k->bits);
    k->malformed = !der_single(k->key, DER_INTEGER, &y);
}

static const struct param_alg {
    const char *oid;
    enum key_alg alg;
    void (*read)(struct arena *a, const struct der_tlv *params, struct spki *k);
} param_algs[] = {
    {OID_RSA, KEY_ALG_RSA, read_rsa},     {OID_RSA_PSS, KEY_ALG_RSA_PSS, read_rsa},
    {OID_EC, KEY_ALG_EC, read_ec},        {OID_DSA, KEY_ALG_DSA, read_dsa},
    {OID_DSA_OLD, KEY_ALG_DSA, read_dsa},
};

static void read_key(struct arena *a, const struct der_tlv *params, struct spki *k)
{
    for (size_t i = 0; i < NITEMS(param_algs); i++) {
        if (str_eq(param_algs[i].oid, k->alg_oid)) {
            k->alg = param_algs[i].alg;
            param_algs[i].read(a, params, k);
            return;
        }
    }
    for (size_t i = 0; i < NITEMS(simple_algs); i++) {
        const struct simple_alg *s = &simple_algs[i];
        if (str_eq(s->oid, k->alg_oid)) {
            k->alg = s->alg;
            k->token = s->token;
            k->bits = s->bits;
            k->malformed = k->key.n != s->octets;
            return;
        }
    }
    bool composite = str_starts(k->alg_oid, OID_COMPOSITE_ARC);
    k->alg = composite ? KEY_ALG_PQC : KEY_ALG_UNKNOWN;
    k->token = composite ? "composite" : "unknown";
}

bool x509_parse_spki(struct arena *a, const struct der *d, const struct der_tlv *seq,
                     struct spki *out)
{
    struct der_tlv algorithm;
    struct der_tlv oid;
    struct der_tlv params = {0};
    struct der_tlv key;
    struct der in = der_into(d, seq);
    uint8_t unused = 0;
    struct spki k = {.der = seq->whole};
    if (seq->tag != DER_SEQUENCE || !der_take(&in, DER_SEQUENCE, &algorithm) ||
        !der_take(&in, DER_BIT_STRING, &key) || !der_bits(&key, &k.key, &unused)) {
        return false;
    }
    struct der alg = der_into(&in, &algorithm);
    if (!der_take(&alg, DER_OID, &oid)) {
        return false;
    }
    bool extra = der_next(&alg, &params) && !der_at_end(&alg);
    k.algorithm = algorithm.whole;
    k.alg_oid = oid_dup(a, oid.value);
    read_key(a, &params, &k);
    k.malformed = k.malformed || extra || alg.bad || unused || !der_at_end(&in);
    sha256(k.der.p, k.der.n, k.sha256);
    *out = k;
    return true;
}

/* --- for OpenSSL --- */

enum { MAX_INTEGER = LIMIT_RSA_BITS / 8 + 1 };

/* OSSL_PARAM wants the platform's byte order. */
static size_t native_integer(struct span v, unsigned char out[MAX_INTEGER])
{
    while (v.n > 1 && v.p[0] == 0) {
        v.p++;
        v.n--;
    }
    for (size_t i = 0; i < v.n; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        out[i] = v.p[v.n - 1 - i];
#else
        out[i] = v.p[i];
#endif
    }
    return v.n;
}

static EVP_PKEY *from_params(const char *type, int selection, OSSL_PARAM *params)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (ctx && EVP_PKEY_fromdata_init(ctx) == 1) {
        (void)EVP_PKEY_fromdata(ctx, &pkey, selection, params);
    }
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static EVP_PKEY *rsa_key(const struct spki *k, const char **why)
{
    unsigned char n[MAX_INTEGER];
    unsigned char e[MAX_INTEGER];
    if (k->bits == 0 || k->bits > LIMIT_RSA_BITS || k->n.p[0] & 0x80) {
        *why = "the modulus is zero, negative or above the size limit";
        return NULL;
    }
    if (k->e.p[0] & 0x80 || bit_length(k->e) == 0 || k->e.n > sizeof e) {
        *why = "the exponent is zero, negative or above the size limit";
        return NULL;
    }
    if (k->n.n > sizeof n + 8) {
        *why = "the modulus is padded";
        return NULL;
    }
    size_t nn = native_integer(k->n, n);
    size_t en = native_integer(k->e, e);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, nn),
                           OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, en),
                           OSSL_PARAM_construct_end()};
    return from_params("RSA", EVP_PKEY_PUBLIC_KEY, params);
}

/* Setting up a curve costs four times what setting a point on it does, so that each curve is set
 * up once and copied: 5 us against 20 us for EVP_PKEY_fromdata with group and point. Written once,
 * then only read, by any thread. */
static EVP_PKEY *curve_keys[NITEMS(curves)];
static pthread_once_t curve_keys_once = PTHREAD_ONCE_INIT;

static void make_curve_keys(void)
{
    for (size_t i = 0; i < NITEMS(curves); i++) {
        char name[32] = "";
        if (curves[i].group) {
            memcpy(name, curves[i].group, strlen(curves[i].group) + 1);
            OSSL_PARAM params[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
                OSSL_PARAM_construct_end()};
            curve_keys[i] = from_params("EC", EVP_PKEY_KEY_PARAMETERS, params);
        }
    }
    ERR_clear_error(); /* a libcrypto without brainpool is none of the caller's business */
}

/* The point must be on the curve: libcrypto checks that when it is set. */
static EVP_PKEY *ec_key(const struct spki *k, const EVP_PKEY *curve)
{
    EVP_PKEY *pkey = EVP_PKEY_new();
    if (pkey && EVP_PKEY_copy_parameters(pkey, curve) == 1 &&
        EVP_PKEY_set1_encoded_public_key(pkey, k->key.p, k->key.n) == 1) {
        return pkey;
    }
    EVP_PKEY_free(pkey);
    return NULL;
}

static const EVP_PKEY *curve_of(const struct spki *k)
{
    for (size_t i = 0; k->curve && i < NITEMS(curves); i++) {
        if (curves[i].name == k->curve) {
            (void)pthread_once(&curve_keys_once, make_curve_keys);
            return curve_keys[i];
        }
    }
    return NULL;
}

/* Explicit curves, DSA, RSA-PSS parameters: the general decoder, slow and complete. */
static EVP_PKEY *decode_key(const struct spki *k)
{
    const unsigned char *p = k->der.p;
    return k->der.n <= LIMIT_CSR_BYTES ? d2i_PUBKEY(NULL, &p, (long)k->der.n) : NULL;
}

EVP_PKEY *spki_public_key(const struct spki *spki, struct err *err)
{
    EVP_PKEY *pkey = NULL;
    const EVP_PKEY *curve = curve_of(spki);
    const char *why = NULL;
    if (spki->malformed) {
        why = "it does not decode";
    } else if (spki->alg == KEY_ALG_RSA) {
        pkey = rsa_key(spki, &why);
    } else if (curve && spki->key.n == 1) {
        why = "it is the point at infinity";
    } else if (curve) {
        pkey = ec_key(spki, curve);
    } else if (spki->alg == KEY_ALG_ED25519 || spki->alg == KEY_ALG_ED448) {
        pkey =
            EVP_PKEY_new_raw_public_key_ex(NULL, spki->alg == KEY_ALG_ED25519 ? "ED25519" : "ED448",
                                           NULL, spki->key.p, spki->key.n);
    } else {
        pkey = decode_key(spki);
    }
    if (!pkey) {
        (void)err_crypto(err, ERR_INPUT, "the public key (%s) cannot be used%s%s", spki->token,
                         why ? ": " : "", why ? why : "");
    }
    return pkey;
}
