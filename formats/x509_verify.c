/* SPDX-License-Identifier: Apache-2.0
 *
 * See x509.h: signature algorithms, verifying and signing. One table says what an
 * AlgorithmIdentifier means; whether it is good enough is policy's business, so MD5 and SHA-1
 * stay here.
 */
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/x509.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

static const struct sig_alg {
    const char *oid, *token;
    enum key_alg family;
    const char *digest; /* NULL: part of the algorithm */
} sig_algs[] = {
    {"1.2.840.113549.1.1.11", "rsa-sha256", KEY_ALG_RSA, "SHA256"},
    {"1.2.840.113549.1.1.12", "rsa-sha384", KEY_ALG_RSA, "SHA384"},
    {"1.2.840.113549.1.1.13", "rsa-sha512", KEY_ALG_RSA, "SHA512"},
    {"1.2.840.10045.4.3.2", "ecdsa-sha256", KEY_ALG_EC, "SHA256"},
    {"1.2.840.10045.4.3.3", "ecdsa-sha384", KEY_ALG_EC, "SHA384"},
    {"1.2.840.10045.4.3.4", "ecdsa-sha512", KEY_ALG_EC, "SHA512"},
    {"1.3.101.112", "ed25519", KEY_ALG_ED25519, NULL},
    {"1.3.101.113", "ed448", KEY_ALG_ED448, NULL},
    {"1.2.840.113549.1.1.5", "rsa-sha1", KEY_ALG_RSA, "SHA1"},
    {"1.3.14.3.2.29", "rsa-sha1", KEY_ALG_RSA, "SHA1"},
    {"1.2.840.113549.1.1.14", "rsa-sha224", KEY_ALG_RSA, "SHA224"},
    {"1.2.840.113549.1.1.4", "rsa-md5", KEY_ALG_RSA, "MD5"},
    {"1.2.840.113549.1.1.3", "rsa-md4", KEY_ALG_RSA, "MD4"},
    {"1.2.840.113549.1.1.2", "rsa-md2", KEY_ALG_RSA, "MD2"},
    {"1.2.840.10045.4.1", "ecdsa-sha1", KEY_ALG_EC, "SHA1"},
    {"1.2.840.10045.4.3.1", "ecdsa-sha224", KEY_ALG_EC, "SHA224"},
    {"1.2.840.10040.4.3", "dsa-sha1", KEY_ALG_DSA, "SHA1"},
    {"1.3.14.3.2.27", "dsa-sha1", KEY_ALG_DSA, "SHA1"},
    {"1.3.14.3.2.13", "dsa-sha1", KEY_ALG_DSA, "SHA1"},
    {"2.16.840.1.101.3.4.3.1", "dsa-sha224", KEY_ALG_DSA, "SHA224"},
    {"2.16.840.1.101.3.4.3.2", "dsa-sha256", KEY_ALG_DSA, "SHA256"},
    {"2.16.840.1.101.3.4.3.17", "ml-dsa-44", KEY_ALG_PQC, NULL},
    {"2.16.840.1.101.3.4.3.18", "ml-dsa-65", KEY_ALG_PQC, NULL},
    {"2.16.840.1.101.3.4.3.19", "ml-dsa-87", KEY_ALG_PQC, NULL},
    {"1.2.156.10197.1.501", "sm2-sm3", KEY_ALG_EC, NULL},
};

#define OID_PSS  "1.2.840.113549.1.1.10"
#define OID_MGF1 "1.2.840.113549.1.1.8"

static const struct digest {
    const char *oid, *name, *pss_token;
} digests[] = {
    {"2.16.840.1.101.3.4.2.1", "SHA256", "rsa-pss-sha256"},
    {"2.16.840.1.101.3.4.2.2", "SHA384", "rsa-pss-sha384"},
    {"2.16.840.1.101.3.4.2.3", "SHA512", "rsa-pss-sha512"},
    {"1.3.14.3.2.26", "SHA1", "rsa-pss-sha1"},
    {"2.16.840.1.101.3.4.2.4", "SHA224", "rsa-pss-sha224"},
};
static const struct digest *const sha1 = &digests[3]; /* the default of RFC 4055 */

/* What an AlgorithmIdentifier says. */
struct scheme {
    const char *token;
    enum key_alg family;
    const char *digest;
    const char *mgf_digest; /* PSS only */
    uint32_t salt;
};

/* AlgorithmIdentifier content: the OID, leaving the cursor at the parameters. */
static bool read_oid(struct der *alg, char text[64])
{
    struct der_tlv oid;
    return der_take(alg, DER_OID, &oid) && der_oid_text(oid.value, text);
}

static const struct digest *read_digest(const struct der *d, const struct der_tlv *algorithm)
{
    char oid[64];
    struct der alg = der_into(d, algorithm);
    if (algorithm->tag != DER_SEQUENCE || !read_oid(&alg, oid)) {
        return NULL;
    }
    for (size_t i = 0; i < NITEMS(digests); i++) {
        if (str_eq(digests[i].oid, oid)) {
            return &digests[i];
        }
    }
    return NULL;
}

/* The TLV inside an EXPLICIT [n], if that field is there. False only when it is malformed. */
static bool optional(struct der *d, unsigned n, struct der *content, struct der_tlv *inner,
                     bool *present)
{
    struct der_tlv field;
    *present = der_take(d, DER_CONTEXT_CONSTRUCTED(n), &field);
    if (!*present) {
        return !d->bad;
    }
    *content = der_into(d, &field);
    return der_next(content, inner) && der_at_end(content);
}

/* RSASSA-PSS-params (RFC 4055 3.1): all four fields have defaults. */
static bool read_pss(struct der *alg, struct scheme *out)
{
    struct der_tlv t = {0};
    struct der content = {0};
    struct der_tlv seq;
    const struct digest *hash = sha1;
    const struct digest *mgf = sha1;
    char oid[64];
    bool present;
    uint32_t trailer = 1;
    out->salt = 20;
    if (der_take(alg, DER_SEQUENCE, &seq)) {
        struct der d = der_into(alg, &seq);
        if (!optional(&d, 0, &content, &t, &present)) {
            return false;
        }
        hash = present ? read_digest(&content, &t) : hash;
        if (!optional(&d, 1, &content, &t, &present)) {
            return false;
        }
        if (present) {
            struct der_tlv mgf_hash;
            struct der m = der_into(&content, &t);
            if (t.tag != DER_SEQUENCE || !read_oid(&m, oid) || !str_eq(oid, OID_MGF1) ||
                !der_next(&m, &mgf_hash)) {
                return false;
            }
            mgf = read_digest(&m, &mgf_hash);
        }
        if (!optional(&d, 2, &content, &t, &present) ||
            (present && (t.tag != DER_INTEGER || !der_small_uint(&t, &out->salt))) ||
            !optional(&d, 3, &content, &t, &present) ||
            (present && (t.tag != DER_INTEGER || !der_small_uint(&t, &trailer))) ||
            !der_at_end(&d)) {
            return false;
        }
    }
    if (!hash || !mgf || trailer != 1 || out->salt > 4096) {
        return false;
    }
    out->token = hash->pss_token;
    out->family = KEY_ALG_RSA_PSS;
    out->digest = hash->name;
    out->mgf_digest = mgf->name;
    return true;
}

static bool read_scheme(struct span algorithm, struct scheme *out)
{
    struct der_tlv seq;
    char oid[64];
    struct der d = der_over(algorithm);
    *out = (struct scheme){.token = "unknown", .family = KEY_ALG_UNKNOWN};
    if (!der_take(&d, DER_SEQUENCE, &seq)) {
        return false;
    }
    struct der alg = der_into(&d, &seq);
    if (!read_oid(&alg, oid)) {
        return false;
    }
    if (str_eq(oid, OID_PSS)) {
        return read_pss(&alg, out);
    }
    for (size_t i = 0; i < NITEMS(sig_algs); i++) {
        if (str_eq(sig_algs[i].oid, oid)) {
            *out = (struct scheme){.token = sig_algs[i].token,
                                   .family = sig_algs[i].family,
                                   .digest = sig_algs[i].digest};
            return true;
        }
    }
    return false;
}

const char *sigalg_token(struct span algorithm)
{
    struct scheme s;
    return read_scheme(algorithm, &s) ? s.token : "unknown";
}

enum key_alg sigalg_family(struct span algorithm)
{
    struct scheme s;
    return read_scheme(algorithm, &s) ? s.family : KEY_ALG_UNKNOWN;
}

static bool family_fits(enum key_alg key, enum key_alg family)
{
    return key == family || (key == KEY_ALG_RSA && family == KEY_ALG_RSA_PSS);
}

/* ML-DSA is not in OpenSSL 3.0, and SM2 signatures depend on an identity nobody states. */
static bool supported(const struct scheme *s)
{
    return s->digest || s->family == KEY_ALG_ED25519 || s->family == KEY_ALG_ED448;
}

static bool set_pss(EVP_PKEY_CTX *ctx, const struct scheme *s)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, s->mgf_digest, NULL) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)s->salt) == 1;
}

static int verify_with(EVP_PKEY *pkey, const struct scheme *s, struct span signed_bytes,
                       struct span signature)
{
    EVP_PKEY_CTX *pctx = NULL; /* owned by ctx */
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int ok = ctx && EVP_DigestVerifyInit_ex(ctx, &pctx, s->digest, NULL, NULL, pkey, NULL) == 1 &&
             (!s->mgf_digest || set_pss(pctx, s)) &&
             EVP_DigestVerify(ctx, signature.p, signature.n, signed_bytes.p, signed_bytes.n) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

EVP_PKEY *public_key_of(struct public_key *cache, const struct spki *spki, struct err *err)
{
    if (!cache->tried) {
        cache->tried = true;
        cache->pkey = spki_public_key(spki, &cache->why);
    }
    if (!cache->pkey) {
        *err = cache->why;
    }
    return cache->pkey;
}

void public_key_release(struct public_key *cache)
{
    EVP_PKEY_free(cache->pkey);
    *cache = (struct public_key){0};
}

bool x509_verify_cached(const struct spki *key, struct public_key *cache, struct span algorithm,
                        struct span signed_bytes, struct span signature, struct err *err)
{
    struct scheme s;
    if (!read_scheme(algorithm, &s)) {
        return err_set(err, ERR_INPUT, "the signature algorithm is not known");
    }
    if (!family_fits(key->alg, s.family)) {
        return err_set(err, ERR_INPUT, "the signature algorithm %s does not belong to the key %s",
                       s.token, key->token);
    }
    if (!supported(&s)) {
        return err_set(err, ERR_INPUT, "%s signatures cannot be checked", s.token);
    }
    EVP_PKEY *pkey = public_key_of(cache, key, err);
    if (!pkey) {
        return false;
    }
    return verify_with(pkey, &s, signed_bytes, signature) == 1 ||
           err_crypto(err, ERR_INPUT, "the %s signature does not verify with the key %s", s.token,
                      key->token);
}

bool x509_verify(const struct spki *key, struct span algorithm, struct span signed_bytes,
                 struct span signature, struct err *err)
{
    CLEANUP(public_key_release) struct public_key once = {0};
    return x509_verify_cached(key, &once, algorithm, signed_bytes, signature, err);
}

/* --- signing --- */

enum { SIGNATURE_MAX = LIMIT_RSA_BITS / 8 };

static const uint8_t alg_rsa[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                  0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
static const uint8_t alg_p256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                   0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t alg_p384[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                   0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
static const uint8_t alg_p521[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                   0x48, 0xce, 0x3d, 0x04, 0x03, 0x04};
static const uint8_t alg_ed25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
static const uint8_t alg_ed448[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x71};

static const struct signing {
    int type, bits; /* bits 0: any */
    const char *digest;
    struct span algorithm;
} signings[] = {
    {EVP_PKEY_RSA, 0, "SHA256", {alg_rsa, sizeof alg_rsa}},
    {EVP_PKEY_EC, 256, "SHA256", {alg_p256, sizeof alg_p256}},
    {EVP_PKEY_EC, 384, "SHA384", {alg_p384, sizeof alg_p384}},
    {EVP_PKEY_EC, 521, "SHA512", {alg_p521, sizeof alg_p521}},
    {EVP_PKEY_ED25519, 0, NULL, {alg_ed25519, sizeof alg_ed25519}},
    {EVP_PKEY_ED448, 0, NULL, {alg_ed448, sizeof alg_ed448}},
};

static const struct signing *signing_for(const EVP_PKEY *pkey)
{
    for (size_t i = 0; pkey && i < NITEMS(signings); i++) {
        if (EVP_PKEY_get_base_id(pkey) == signings[i].type &&
            (signings[i].bits == 0 || EVP_PKEY_get_bits(pkey) == signings[i].bits)) {
            return &signings[i];
        }
    }
    return NULL;
}

struct span x509_sign_algorithm(const EVP_PKEY *pkey)
{
    const struct signing *s = signing_for(pkey);
    return s ? s->algorithm : (struct span){0};
}

bool x509_sign(EVP_PKEY *pkey, struct span to_sign, struct buf *out, struct err *err)
{
    const struct signing *s = signing_for(pkey);
    unsigned char signature[SIGNATURE_MAX];
    size_t n = sizeof signature;
    if (!s) {
        return err_set(err, ERR_INPUT, "this kind of key is not used for signing");
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestSignInit_ex(ctx, NULL, s->digest, NULL, NULL, pkey, NULL) == 1 &&
              EVP_DigestSign(ctx, signature, &n, to_sign.p, to_sign.n) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok) {
        return err_crypto(err, ERR_INTERNAL, "signing failed");
    }
    size_t mark = der_open(out, DER_SEQUENCE);
    buf_add(out, to_sign.p, to_sign.n);
    buf_add(out, s->algorithm.p, s->algorithm.n);
    der_put_bits(out, (struct span){signature, n});
    der_close(out, mark);
    return buf_failed(out) ? err_set(err, ERR_INTERNAL, "the signed structure is too long") : true;
}
