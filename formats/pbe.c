/* SPDX-License-Identifier: Apache-2.0
 *
 * See pbe.h. The schemes as bytes: parameters in and out, encryption and decryption. The
 * derivations are in kdf.c. A password or key is never part of a message here.
 */
#include "formats/pbe.h"

#include "formats/base/limits.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define OID_PBES2  "1.2.840.113549.1.5.13"
#define OID_PBKDF2 "1.2.840.113549.1.5.12"

enum { SALT_PBES2 = 16, SALT_PKCS12 = 8, IV_MAX = 16 };

/* PBES1 of PKCS#12: one OID says everything. */
static const struct scheme1 {
    const char *oid, *cipher;
    size_t key_size;
} schemes1[] = {
    {"1.2.840.113549.1.12.1.3", "DES-EDE3-CBC", 24},
    {"1.2.840.113549.1.12.1.4", "DES-EDE-CBC", 16},
};

static const struct cipher2 {
    const char *oid, *cipher;
    size_t key_size, iv_size;
} ciphers2[] = {
    {"2.16.840.1.101.3.4.1.42", "AES-256-CBC", 32, 16},
    {"2.16.840.1.101.3.4.1.22", "AES-192-CBC", 24, 16},
    {"2.16.840.1.101.3.4.1.2", "AES-128-CBC", 16, 16},
    {"1.2.840.113549.3.7", "DES-EDE3-CBC", 24, 8},
};

static const struct {
    const char *oid, *digest;
} hmacs[] = {
    {"1.2.840.113549.2.9", "SHA256"},  {"1.2.840.113549.2.7", "SHA1"},
    {"1.2.840.113549.2.8", "SHA224"},  {"1.2.840.113549.2.10", "SHA384"},
    {"1.2.840.113549.2.11", "SHA512"},
};

/* Known and not read: libcrypto keeps them in the legacy provider, and a file encrypted so is
 * as good as not encrypted. */
static const struct {
    const char *oid, *name;
} refused[] = {
    {"1.2.840.113549.1.12.1.6", "pbeWithSHA1And40BitRC2-CBC"},
    {"1.2.840.113549.1.12.1.5", "pbeWithSHA1And128BitRC2-CBC"},
    {"1.2.840.113549.1.12.1.2", "pbeWithSHA1And40BitRC4"},
    {"1.2.840.113549.1.12.1.1", "pbeWithSHA1And128BitRC4"},
    {"1.2.840.113549.1.5.1", "pbeWithMD2AndDES-CBC"},
    {"1.2.840.113549.1.5.3", "pbeWithMD5AndDES-CBC"},
    {"1.2.840.113549.1.5.6", "pbeWithMD5AndRC2-CBC"},
    {"1.2.840.113549.1.5.10", "pbeWithSHA1AndDES-CBC"},
    {"1.2.840.113549.1.5.11", "pbeWithSHA1AndRC2-CBC"},
    {"1.2.840.113549.3.2", "RC2-CBC"},
    {"1.2.840.113549.3.4", "RC4"},
    {"1.3.14.3.2.7", "DES-CBC"},
    {"1.3.6.1.4.1.11591.4.11", "scrypt"},
};

static EVP_CIPHER *fetched[NITEMS(ciphers2) + NITEMS(schemes1)];
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;

/* Fetched once and kept until exit: an implicit fetch takes a lock in every call. */
static void fetch_all(void)
{
    for (size_t i = 0; i < NITEMS(ciphers2); i++) {
        fetched[i] = EVP_CIPHER_fetch(NULL, ciphers2[i].cipher, NULL);
    }
    for (size_t i = 0; i < NITEMS(schemes1); i++) {
        fetched[NITEMS(ciphers2) + i] = EVP_CIPHER_fetch(NULL, schemes1[i].cipher, NULL);
    }
}

static const EVP_CIPHER *cipher_of(const char *name)
{
    (void)pthread_once(&fetch_once, fetch_all);
    for (size_t i = 0; i < NITEMS(fetched); i++) {
        if (fetched[i] && EVP_CIPHER_is_a(fetched[i], name)) {
            return fetched[i];
        }
    }
    return NULL;
}

const char *pbe_hmac_digest(struct span oid)
{
    for (size_t i = 0; i < NITEMS(hmacs); i++) {
        if (der_oid_is(oid, hmacs[i].oid)) {
            return hmacs[i].digest;
        }
    }
    return NULL;
}

void pbe_new(enum pbe_scheme scheme, unsigned iterations, struct pbe *out)
{
    bool pbes2 = scheme == PBE_AES256_SHA256;
    *out = (struct pbe){
        .pbes2 = pbes2,
        .cipher = pbes2 ? ciphers2[0].cipher : schemes1[0].cipher,
        .digest = pbes2 ? "SHA256" : "SHA1",
        .key_size = pbes2 ? ciphers2[0].key_size : schemes1[0].key_size,
        .iv_size = pbes2 ? ciphers2[0].iv_size : 8,
        .iterations = iterations,
        .salt_size = pbes2 ? SALT_PBES2 : SALT_PKCS12,
    };
    random_bytes(out->salt, out->salt_size);
    random_bytes(out->iv, out->iv_size); /* PBES1 derives its own */
}

static void put_octets(struct buf *out, const uint8_t *p, size_t n)
{
    der_put(out, DER_OCTET_STRING, (struct span){p, n});
}

/* RFC 8018 A.4: PBES2-params { keyDerivationFunc, encryptionScheme } */
static void put_pbes2(struct buf *out, const struct pbe *pbe)
{
    der_put_oid(out, OID_PBES2);
    size_t params = der_open(out, DER_SEQUENCE);
    size_t kdf = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_PBKDF2);
    size_t kdf_params = der_open(out, DER_SEQUENCE);
    put_octets(out, pbe->salt, pbe->salt_size);
    der_put_uint(out, pbe->iterations);
    size_t prf = der_open(out, DER_SEQUENCE); /* keyLength is left out, as everybody does */
    der_put_oid(out, hmacs[0].oid);
    der_put(out, DER_NULL, (struct span){NULL, 0});
    der_close(out, prf);
    der_close(out, kdf_params);
    der_close(out, kdf);
    size_t enc = der_open(out, DER_SEQUENCE);
    der_put_oid(out, ciphers2[0].oid);
    put_octets(out, pbe->iv, pbe->iv_size);
    der_close(out, enc);
    der_close(out, params);
}

void pbe_put(struct buf *out, const struct pbe *pbe)
{
    size_t seq = der_open(out, DER_SEQUENCE);
    if (pbe->pbes2) {
        put_pbes2(out, pbe);
    } else {
        der_put_oid(out, schemes1[0].oid);
        size_t params = der_open(out, DER_SEQUENCE);
        put_octets(out, pbe->salt, pbe->salt_size);
        der_put_uint(out, pbe->iterations);
        der_close(out, params);
    }
    der_close(out, seq);
}

static bool refuse(struct span oid, struct err *err)
{
    char text[64];
    for (size_t i = 0; i < NITEMS(refused); i++) {
        if (der_oid_is(oid, refused[i].oid)) {
            err_set(err, ERR_INPUT, "the file is encrypted with %s, which is not supported",
                    refused[i].name);
            err_hint(err,
                     "export it again with AES-256 (openssl pkcs12 -legacy reads the old file)");
            return false;
        }
    }
    return err_set(err, ERR_INPUT, "the file is encrypted with the unknown scheme %s",
                   der_oid_text(oid, text) ? text : "of a malformed OID");
}

bool pbe_iterations(const struct der_tlv *integer, unsigned *out, struct err *err)
{
    uint64_t v = 0;
    struct span b = integer->value;
    if (b.n == 0 || b.p[0] & 0x80) {
        return err_set(err, ERR_INPUT, "the iteration count is not a positive number");
    }
    for (size_t i = 0; i < b.n && v <= LIMIT_PFX_ITERATIONS; i++) {
        v = v << 8 | b.p[i];
    }
    if (v == 0 || v > LIMIT_PFX_ITERATIONS) {
        return err_set(err, ERR_INPUT, "the iteration count is outside 1..%u: nothing was tried",
                       LIMIT_PFX_ITERATIONS);
    }
    *out = (unsigned)v;
    return true;
}

static bool malformed(struct err *err)
{
    return err_set(err, ERR_INPUT, "the parameters of the encryption are malformed");
}

bool pbkdf2_parse(const struct der *parent, const struct der_tlv *algorithm, struct kdf *out,
                  struct err *err)
{
    struct der d = der_into(parent, algorithm);
    struct der_tlv oid, params, salt, count, tlv;
    *out = (struct kdf){.digest = "SHA1"}; /* the DEFAULT of RFC 8018 A.2 */
    if (!der_take(&d, DER_OID, &oid)) {
        return malformed(err);
    }
    if (!der_oid_is(oid.value, OID_PBKDF2)) {
        return refuse(oid.value, err);
    }
    if (!der_take(&d, DER_SEQUENCE, &params)) {
        return malformed(err);
    }
    struct der p = der_into(&d, &params);
    if (!der_take(&p, DER_OCTET_STRING, &salt) || !der_take(&p, DER_INTEGER, &count) ||
        salt.value.n > KDF_SALT_MAX) {
        return malformed(err);
    }
    if (!pbe_iterations(&count, &out->iterations, err)) {
        return false;
    }
    if (der_take(&p, DER_INTEGER, &tlv)) {
        if (tlv.value.n != 1 || tlv.value.p[0] == 0 || tlv.value.p[0] > KDF_KEY_MAX) {
            return malformed(err);
        }
        out->size = tlv.value.p[0];
    }
    if (der_take(&p, DER_SEQUENCE, &tlv)) {
        struct der prf = der_into(&p, &tlv);
        if (!der_take(&prf, DER_OID, &oid)) {
            return malformed(err);
        }
        out->digest = pbe_hmac_digest(oid.value);
        if (!out->digest) {
            return refuse(oid.value, err);
        }
    }
    out->salt = salt.value;
    return der_at_end(&p) || malformed(err);
}

static bool parse_pbes2(const struct der *parent, const struct der_tlv *params, struct pbe *out,
                        struct err *err)
{
    struct der p = der_into(parent, params);
    struct der_tlv kdf_alg, enc_alg, oid, iv;
    struct kdf kdf;
    if (!der_take(&p, DER_SEQUENCE, &kdf_alg) || !der_take(&p, DER_SEQUENCE, &enc_alg)) {
        return malformed(err);
    }
    struct der e = der_into(&p, &enc_alg);
    if (!pbkdf2_parse(&p, &kdf_alg, &kdf, err)) {
        return false;
    }
    if (!der_take(&e, DER_OID, &oid)) {
        return malformed(err);
    }
    const struct cipher2 *c = NULL;
    for (size_t i = 0; i < NITEMS(ciphers2) && !c; i++) {
        c = der_oid_is(oid.value, ciphers2[i].oid) ? &ciphers2[i] : NULL;
    }
    if (!c) {
        return refuse(oid.value, err);
    }
    if (!der_take(&e, DER_OCTET_STRING, &iv) || iv.value.n != c->iv_size ||
        (kdf.size && kdf.size != c->key_size)) {
        return malformed(err);
    }
    *out = (struct pbe){.pbes2 = true,
                        .cipher = c->cipher,
                        .digest = kdf.digest,
                        .key_size = c->key_size,
                        .iv_size = c->iv_size,
                        .iterations = kdf.iterations,
                        .salt_size = kdf.salt.n};
    memcpy(out->salt, kdf.salt.p, kdf.salt.n);
    memcpy(out->iv, iv.value.p, iv.value.n);
    return true;
}

static bool parse_pbes1(const struct der *parent, const struct der_tlv *params,
                        const struct scheme1 *s, struct pbe *out, struct err *err)
{
    struct der p = der_into(parent, params);
    struct der_tlv salt, count;
    if (!der_take(&p, DER_OCTET_STRING, &salt) || !der_take(&p, DER_INTEGER, &count) ||
        !der_at_end(&p) || salt.value.n > KDF_SALT_MAX) {
        return malformed(err);
    }
    *out = (struct pbe){.cipher = s->cipher,
                        .digest = "SHA1",
                        .key_size = s->key_size,
                        .iv_size = 8,
                        .salt_size = salt.value.n};
    memcpy(out->salt, salt.value.p, salt.value.n);
    return pbe_iterations(&count, &out->iterations, err);
}

bool pbe_parse(const struct der *parent, const struct der_tlv *algorithm, struct pbe *out,
               struct err *err)
{
    struct der d = der_into(parent, algorithm);
    struct der_tlv oid, params;
    if (!der_take(&d, DER_OID, &oid)) {
        return malformed(err);
    }
    bool pbes2 = der_oid_is(oid.value, OID_PBES2);
    const struct scheme1 *s = NULL;
    for (size_t i = 0; i < NITEMS(schemes1) && !s; i++) {
        s = der_oid_is(oid.value, schemes1[i].oid) ? &schemes1[i] : NULL;
    }
    if (!pbes2 && !s) {
        return refuse(oid.value, err);
    }
    if (!der_take(&d, DER_SEQUENCE, &params) || !der_at_end(&d)) {
        return malformed(err);
    }
    return pbes2 ? parse_pbes2(&d, &params, out, err) : parse_pbes1(&d, &params, s, out, err);
}

static bool derive(const struct pbe *pbe, const struct secret *password, struct kdf_cache *cache,
                   uint8_t key[32], uint8_t iv[IV_MAX], struct err *err)
{
    struct kdf kdf = {.pkcs12 = !pbe->pbes2,
                      .id = pbe->pbes2 ? 0 : 1,
                      .digest = pbe->digest,
                      .iterations = pbe->iterations,
                      .salt = {pbe->salt, pbe->salt_size},
                      .size = pbe->key_size};
    if (!kdf_derive(&kdf, password, cache, key, err)) {
        return false;
    }
    if (pbe->pbes2) {
        memcpy(iv, pbe->iv, IV_MAX);
        return true;
    }
    kdf.id = 2;
    kdf.size = pbe->iv_size;
    return kdf_derive(&kdf, password, cache, iv, err);
}

static bool crypt(const struct pbe *pbe, const uint8_t *key, const uint8_t *iv, bool encrypt,
                  struct span in, struct buf *out)
{
    if (in.n > LIMIT_INPUT_BYTES) {
        return false;
    }
    size_t room = in.n + IV_MAX; /* one padding block at most */
    unsigned char *p = xmalloc(room);
    int n = 0, last = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && EVP_CipherInit_ex2(ctx, cipher_of(pbe->cipher), key, iv, encrypt, NULL) == 1 &&
              EVP_CipherUpdate(ctx, p, &n, in.p, (int)in.n) == 1 &&
              EVP_CipherFinal_ex(ctx, p + n, &last) == 1;
    if (ok) {
        buf_add(out, p, (size_t)n + (size_t)last);
    }
    EVP_CIPHER_CTX_free(ctx); /* cleanses the key schedule */
    OPENSSL_cleanse(p, room);
    free(p);
    return ok && !buf_failed(out);
}

static bool run(const struct pbe *pbe, const struct secret *password, struct kdf_cache *cache,
                bool encrypt, struct span in, struct buf *out, struct err *err)
{
    uint8_t key[32], iv[IV_MAX];
    bool ok = derive(pbe, password, cache, key, iv, err);
    if (ok && !crypt(pbe, key, iv, encrypt, in, out)) {
        ok = err_crypto(err, encrypt ? ERR_INTERNAL : ERR_INPUT,
                        encrypt ? "encryption failed"
                                : "decryption failed: wrong password or damaged data");
    }
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(iv, sizeof iv);
    return ok;
}

bool pbe_encrypt(const struct pbe *pbe, const struct secret *password, struct kdf_cache *cache,
                 struct span in, struct buf *out, struct err *err)
{
    return run(pbe, password, cache, true, in, out, err);
}

bool pbe_decrypt(const struct pbe *pbe, const struct secret *password, struct kdf_cache *cache,
                 struct span in, struct buf *out, struct err *err)
{
    return run(pbe, password, cache, false, in, out, err);
}
