/* SPDX-License-Identifier: Apache-2.0
 *
 * Generating keys and encoding them. The encodings of the kinds we generate are written here
 * from the raw numbers, because libcrypto's encoder costs 54 us a call, twice per key; they are
 * byte for byte what the encoder would write (tests/unit/t_key.c). Reading is in key_read.c.
 * Nothing here may leave a copy of a private number behind unwiped.
 */
#include "formats/key.h"

#include "formats/base/limits.h"
#include "formats/der.h"
#include "formats/pbe.h"
#include "formats/pem.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

enum { EC_POINT_MAX = 1 + 2 * 66 };

#define OID_RSA     "1.2.840.113549.1.1.1"
#define OID_EC      "1.2.840.10045.2.1"
#define OID_ED25519 "1.3.101.112"

struct kind;
struct encoding {
    const EVP_PKEY *pkey;
    const struct kind *kind;
    struct span point; /* BIT STRING of the SPKI, which an EC private key repeats */
    bool ok;
};
typedef void encode_fn(struct buf *out, struct encoding *e);
static encode_fn rsa_private, rsa_public, ec_private, ec_public, ed_private, ed_public;

/* One row per kind we generate. */
static const struct kind {
    const char *token;
    const char *algorithm; /* libcrypto's name */
    const char *group;     /* its name of the curve */
    const char *curve;     /* OID */
    unsigned bits;
    size_t size; /* octets of a private EC number (RFC 5915 section 3: of the order) */
    encode_fn *encode_private, *encode_public;
} kinds[KEY_TYPE__MAX] = {
    [KEY_NONE] = {.token = "other"},
    [KEY_RSA_2048] = {"rsa-2048", "RSA", NULL, NULL, 2048, 0, rsa_private, rsa_public},
    [KEY_RSA_3072] = {"rsa-3072", "RSA", NULL, NULL, 3072, 0, rsa_private, rsa_public},
    [KEY_RSA_4096] = {"rsa-4096", "RSA", NULL, NULL, 4096, 0, rsa_private, rsa_public},
    [KEY_EC_P256] = {"ec-p256", "EC", "prime256v1", "1.2.840.10045.3.1.7", 256, 32, ec_private,
                     ec_public},
    [KEY_EC_P384] = {"ec-p384", "EC", "secp384r1", "1.3.132.0.34", 384, 48, ec_private, ec_public},
    [KEY_EC_P521] = {"ec-p521", "EC", "secp521r1", "1.3.132.0.35", 521, 66, ec_private, ec_public},
    [KEY_ED25519] = {"ed25519", "ED25519", NULL, NULL, 256, 32, ed_private, ed_public},
};

const struct word key_type_words[] = {
    {"rsa-2048", KEY_RSA_2048, "RSA, 2048 bit"},
    {"rsa-3072", KEY_RSA_3072, "RSA, 3072 bit"},
    {"rsa-4096", KEY_RSA_4096, "RSA, 4096 bit"},
    {"ec-p256", KEY_EC_P256, "ECDSA on NIST P-256"},
    {"ec-p384", KEY_EC_P384, "ECDSA on NIST P-384"},
    {"ec-p521", KEY_EC_P521, "ECDSA on NIST P-521"},
    {"ed25519", KEY_ED25519, "Ed25519 (RFC 8410)"},
    {0},
};
_Static_assert(NITEMS(key_type_words) == KEY_TYPE__MAX, "one word per kind, and the end mark");

const char *key_type_token(enum key_type t)
{
    return kinds[(unsigned)t < KEY_TYPE__MAX ? t : KEY_NONE].token;
}

static void put_bn(struct buf *out, struct encoding *e, const char *name)
{
    BIGNUM *bn = NULL;
    uint8_t bytes[LIMIT_RSA_BITS / 8];
    if (!e->ok || EVP_PKEY_get_bn_param(e->pkey, name, &bn) != 1 ||
        BN_num_bytes(bn) > (int)sizeof bytes) {
        e->ok = false;
    } else {
        int n = BN_bn2bin(bn, bytes);
        der_put_unsigned(out, (struct span){bytes, (size_t)n});
        OPENSSL_cleanse(bytes, (size_t)n);
    }
    BN_clear_free(bn);
}

static void put_algorithm(struct buf *out, const char *oid, const char *parameter)
{
    size_t seq = der_open(out, DER_SEQUENCE);
    der_put_oid(out, oid);
    if (parameter) {
        der_put_oid(out, parameter);
    } else if (strcmp(oid, OID_RSA) == 0) {
        der_put(out, DER_NULL, (struct span){NULL, 0}); /* RFC 3279 2.3.1: MUST be NULL */
    }
    der_close(out, seq);
}

/* RFC 8017 A.1.2 inside PKCS#8. */
static void rsa_private(struct buf *out, struct encoding *e)
{
    static const char *const numbers[] = {
        OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
    };
    put_algorithm(out, OID_RSA, NULL);
    size_t octets = der_open(out, DER_OCTET_STRING);
    size_t seq = der_open(out, DER_SEQUENCE);
    der_put_uint(out, 0);
    for (size_t i = 0; i < NITEMS(numbers); i++) {
        put_bn(out, e, numbers[i]);
    }
    der_close(out, seq);
    der_close(out, octets);
}

static void rsa_public(struct buf *out, struct encoding *e)
{
    put_algorithm(out, OID_RSA, NULL);
    size_t bits = der_open(out, DER_BIT_STRING);
    buf_putc(out, 0); /* unused bits */
    size_t seq = der_open(out, DER_SEQUENCE);
    put_bn(out, e, OSSL_PKEY_PARAM_RSA_N);
    put_bn(out, e, OSSL_PKEY_PARAM_RSA_E);
    der_close(out, seq);
    der_close(out, bits);
}

/* RFC 5915 section 3 inside PKCS#8: the curve is named outside only. */
static void ec_private(struct buf *out, struct encoding *e)
{
    BIGNUM *d = NULL;
    uint8_t bytes[66];
    put_algorithm(out, OID_EC, e->kind->curve);
    if (EVP_PKEY_get_bn_param(e->pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d) != 1 ||
        BN_bn2binpad(d, bytes, (int)e->kind->size) < 0) {
        e->ok = false;
        BN_clear_free(d);
        return;
    }
    size_t octets = der_open(out, DER_OCTET_STRING);
    size_t seq = der_open(out, DER_SEQUENCE);
    der_put_uint(out, 1);
    der_put(out, DER_OCTET_STRING, (struct span){bytes, e->kind->size});
    der_put(out, DER_CONTEXT_CONSTRUCTED(1), e->point);
    der_close(out, seq);
    der_close(out, octets);
    OPENSSL_cleanse(bytes, sizeof bytes);
    BN_clear_free(d);
}

static void ec_public(struct buf *out, struct encoding *e)
{
    uint8_t point[1 + EC_POINT_MAX] = {0}; /* first octet: unused bits */
    size_t n = 0;
    put_algorithm(out, OID_EC, e->kind->curve);
    if (EVP_PKEY_get_octet_string_param(e->pkey, OSSL_PKEY_PARAM_PUB_KEY, point + 1,
                                        sizeof point - 1, &n) != 1) {
        e->ok = false;
        return;
    }
    der_put(out, DER_BIT_STRING, (struct span){point, n + 1});
}

/* RFC 8410 section 7: the key is an OCTET STRING inside the OCTET STRING. */
static void ed_private(struct buf *out, struct encoding *e)
{
    uint8_t raw[32];
    size_t n = sizeof raw;
    put_algorithm(out, OID_ED25519, NULL);
    if (EVP_PKEY_get_raw_private_key(e->pkey, raw, &n) != 1 || n != e->kind->size) {
        e->ok = false;
        return;
    }
    size_t octets = der_open(out, DER_OCTET_STRING);
    der_put(out, DER_OCTET_STRING, (struct span){raw, n});
    der_close(out, octets);
    OPENSSL_cleanse(raw, sizeof raw);
}

static void ed_public(struct buf *out, struct encoding *e)
{
    uint8_t raw[1 + 32] = {0};
    size_t n = sizeof raw - 1;
    put_algorithm(out, OID_ED25519, NULL);
    if (EVP_PKEY_get_raw_public_key(e->pkey, raw + 1, &n) != 1 || n != e->kind->size) {
        e->ok = false;
        return;
    }
    der_put(out, DER_BIT_STRING, (struct span){raw, sizeof raw});
}

/* Two primes and a named curve: what the writers above can express. */
static bool is_plain(const EVP_PKEY *pkey, const struct kind *k)
{
    char text[32];
    size_t n = 0;
    if (!k->group) {
        BIGNUM *third = NULL;
        bool multi = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR3, &third) == 1;
        BN_clear_free(third);
        return !multi;
    }
    return EVP_PKEY_get_group_name(pkey, text, sizeof text, &n) == 1 &&
           strcmp(text, k->group) == 0 &&
           EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING, text, sizeof text,
                                          &n) == 1 &&
           strcmp(text, OSSL_PKEY_EC_ENCODING_GROUP) == 0;
}

static enum key_type type_of(const EVP_PKEY *pkey)
{
    for (enum key_type t = KEY_NONE + 1; t < KEY_TYPE__MAX; t++) {
        if (EVP_PKEY_is_a(pkey, kinds[t].algorithm) &&
            (unsigned)EVP_PKEY_get_bits(pkey) == kinds[t].bits && is_plain(pkey, &kinds[t])) {
            return t;
        }
    }
    return KEY_NONE;
}

/* Kinds we only read (DSA, Ed448, RSA of other sizes, other curves): libcrypto's encoder. */
static bool encode_other(struct key *out)
{
    unsigned char *der = NULL;
    PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(out->pkey);
    int n = p8 ? i2d_PKCS8_PRIV_KEY_INFO(p8, &der) : -1;
    if (n > 0) {
        buf_add(&out->pkcs8, der, (size_t)n);
        OPENSSL_clear_free(der, (size_t)n);
    }
    PKCS8_PRIV_KEY_INFO_free(p8);
    der = NULL;
    int m = n > 0 ? i2d_PUBKEY(out->pkey, &der) : -1;
    if (m > 0) {
        buf_add(&out->spki, der, (size_t)m);
    }
    OPENSSL_free(der);
    return m > 0;
}

/* The last element of a SubjectPublicKeyInfo. */
static struct span point_of(const struct buf *spki)
{
    struct der d = der_over(buf_span(spki));
    struct der_tlv seq = {0}, algorithm, bits = {0};
    (void)der_next(&d, &seq);
    struct der p = der_into(&d, &seq);
    (void)(der_next(&p, &algorithm) && der_next(&p, &bits));
    return bits.whole;
}

static bool encode_known(struct key *out, const struct kind *k)
{
    struct encoding e = {.pkey = out->pkey, .kind = k, .ok = true};
    size_t seq = der_open(&out->spki, DER_SEQUENCE);
    k->encode_public(&out->spki, &e);
    der_close(&out->spki, seq);
    e.point = point_of(&out->spki);
    seq = der_open(&out->pkcs8, DER_SEQUENCE);
    der_put_uint(&out->pkcs8, 0);
    k->encode_private(&out->pkcs8, &e);
    der_close(&out->pkcs8, seq);
    return e.ok;
}

bool key_encode(struct key *out, struct err *err)
{
    out->type = type_of(out->pkey);
    bool ok = out->type != KEY_NONE ? encode_known(out, &kinds[out->type]) : encode_other(out);
    if (!ok || buf_failed(&out->pkcs8) || buf_failed(&out->spki)) {
        return err_crypto(err, ERR_INPUT, "the private key cannot be encoded as PKCS#8");
    }
    ERR_clear_error(); /* the probe for a third prime leaves one */
    sha256(out->spki.p, out->spki.n, out->spki_sha256);
    return true;
}

static EVP_PKEY *generate(const struct kind *k)
{
    if (strcmp(k->algorithm, "RSA") == 0) {
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)k->bits);
    }
    return k->group ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", k->group)
                    : EVP_PKEY_Q_keygen(NULL, NULL, k->algorithm);
}

bool key_generate(enum key_type type, struct key *out, struct err *err)
{
    struct key key = KEY_INIT;
    if (type <= KEY_NONE || type >= KEY_TYPE__MAX) {
        return err_set(err, ERR_INTERNAL, "no such kind of key: %d", (int)type);
    }
    key.pkey = generate(&kinds[type]);
    if (!key.pkey) {
        return err_crypto(err, ERR_INTERNAL, "cannot generate a key of type %s", kinds[type].token);
    }
    if (!key_encode(&key, err)) {
        key_release(&key);
        return false;
    }
    key_release(out);
    *out = key;
    return true;
}

void key_pem(const struct key *key, struct buf *out)
{
    pem_write(out, "PRIVATE KEY", buf_span(&key->pkcs8));
}

bool key_pem_encrypted(const struct key *key, const struct secret *password, unsigned iterations,
                       struct buf *out, struct err *err)
{
    struct pbe pbe;
    CLEANUP(buf_release) struct buf der = BUF_INIT(key->pkcs8.max + 1024);
    pbe_new(PBE_AES256_SHA256, iterations, &pbe);
    /* EncryptedPrivateKeyInfo, RFC 5958 section 3 */
    size_t seq = der_open(&der, DER_SEQUENCE);
    pbe_put(&der, &pbe);
    size_t octets = der_open(&der, DER_OCTET_STRING);
    if (!pbe_encrypt(&pbe, password, NULL, buf_span(&key->pkcs8), &der, err)) {
        return false;
    }
    der_close(&der, octets);
    der_close(&der, seq);
    pem_write(out, "ENCRYPTED PRIVATE KEY", buf_span(&der));
    return true;
}

bool key_matches_spki(const struct key *key, const uint8_t spki_sha256[SHA256_SIZE])
{
    return memcmp(key->spki_sha256, spki_sha256, SHA256_SIZE) == 0;
}

void key_release(struct key *key)
{
    EVP_PKEY_free(key->pkey);
    buf_wipe(&key->pkcs8);
    buf_release(&key->spki);
    *key = (struct key)KEY_INIT;
}
