/* SPDX-License-Identifier: Apache-2.0
 *
 * Key derivation from passwords (pbe.h) and the cache that saves a second derivation. libcrypto's
 * implementations are fetched once. Derived keys leave through the caller's buffer and, wiped on
 * release, the cache: nowhere else.
 */
#include "formats/pbe.h"

#include "formats/base/str.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static EVP_KDF *pbkdf2, *pkcs12;
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;

static void fetch_all(void)
{
    pbkdf2 = EVP_KDF_fetch(NULL, "PBKDF2", NULL);
    pkcs12 = EVP_KDF_fetch(NULL, "PKCS12KDF", NULL);
}

static void put_unit(uint8_t *out, size_t *n, uint32_t unit)
{
    out[(*n)++] = (uint8_t)(unit >> 8);
    out[(*n)++] = (uint8_t)unit;
}

bool password_utf16(const struct secret *password, bool closing_zero, struct secret *out)
{
    size_t n = 0, have = password ? password->n : 0;
    const char *s = password ? secret_bytes(password) : "";
    /* one octet of UTF-8 never makes more than one code unit */
    uint8_t *units = xmalloc(2 * have + 2);
    bool ok = true;
    for (size_t i = 0; i < have && ok;) {
        uint32_t c = 0;
        size_t used = utf8_decode(s + i, have - i, &c);
        ok = used > 0;
        i += used;
        if (ok && c > 0xFFFF) {
            put_unit(units, &n, 0xD800 + ((c - 0x10000) >> 10));
            put_unit(units, &n, 0xDC00 + ((c - 0x10000) & 0x3FF));
        } else if (ok) {
            put_unit(units, &n, c);
        }
    }
    if (closing_zero) {
        put_unit(units, &n, 0);
    }
    if (ok) {
        secret_set(out, units, n);
    }
    OPENSSL_cleanse(units, 2 * have + 2);
    free(units);
    return ok;
}

static bool same_password(const struct secret *a, const struct secret *b)
{
    return secret_is_set(a) == secret_is_set(b) && a->n == b->n &&
           CRYPTO_memcmp(secret_bytes(a), secret_bytes(b), a->n) == 0;
}

static bool same_kdf(const struct kdf *a, const struct kdf *b)
{
    return a->pkcs12 == b->pkcs12 && a->id == b->id && a->iterations == b->iterations &&
           a->size == b->size && a->salt.n == b->salt.n && str_eq(a->digest, b->digest) &&
           memcmp(a->salt.p, b->salt.p, a->salt.n) == 0;
}

static const struct kdf_slot *cache_find(const struct kdf_cache *cache, const struct kdf *kdf,
                                         const struct secret *password)
{
    for (size_t i = 0; i < cache->n; i++) {
        if (same_kdf(&cache->v[i].what, kdf) && same_password(&cache->password, password)) {
            return &cache->v[i];
        }
    }
    return NULL;
}

static void cache_add(struct kdf_cache *cache, const struct kdf *kdf, const struct secret *password,
                      const uint8_t *key)
{
    if (cache->n && !same_password(&cache->password, password)) {
        kdf_cache_release(cache);
    }
    if (cache->n == KDF_CACHE_SLOTS || kdf->salt.n > KDF_SALT_MAX || kdf->size > KDF_KEY_MAX) {
        return;
    }
    if (cache->n == 0) {
        secret_set(&cache->password, secret_bytes(password), password->n);
    }
    struct kdf_slot *slot = &cache->v[cache->n++];
    slot->what = *kdf;
    memcpy(slot->salt, kdf->salt.p, kdf->salt.n);
    memcpy(slot->key, key, kdf->size);
    slot->what.salt.p = slot->salt;
}

void kdf_cache_release(struct kdf_cache *cache)
{
    secret_release(&cache->password);
    OPENSSL_cleanse(cache->v, sizeof cache->v);
    cache->n = 0;
}

/* OSSL_PARAM has no const: libcrypto reads through these pointers only. */
static void *unconst(const void *p)
{
    union {
        const void *in;
        void *out;
    } u = {.in = p};
    return u.out;
}

static bool derive(const struct kdf *kdf, const struct secret *password, uint8_t *out)
{
    (void)pthread_once(&fetch_once, fetch_all);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf->pkcs12 ? pkcs12 : pbkdf2);
    unsigned iterations = kdf->iterations;
    int id = kdf->id;
    OSSL_PARAM params[6], *p = params;
    *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD,
                                             unconst(secret_bytes(password)), password->n);
    *p++ =
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, unconst(kdf->salt.p), kdf->salt.n);
    *p++ = OSSL_PARAM_construct_uint(OSSL_KDF_PARAM_ITER, &iterations);
    *p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, unconst(kdf->digest), 0);
    if (kdf->pkcs12) {
        *p++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS12_ID, &id);
    }
    *p = OSSL_PARAM_construct_end();
    bool ok = ctx && EVP_KDF_derive(ctx, out, kdf->size, params) == 1;
    EVP_KDF_CTX_free(ctx); /* cleanses its copy of the password */
    return ok;
}

static bool derive_encoded(const struct kdf *kdf, const struct secret *password, uint8_t *out,
                           struct err *err)
{
    CLEANUP(secret_release) struct secret utf16 = SECRET_INIT;
    const struct secret *input = password;
    if (kdf->pkcs12 && secret_is_set(password)) {
        if (!password_utf16(password, true, &utf16)) {
            return err_set(err, ERR_INPUT, "the password is not valid UTF-8");
        }
        input = &utf16;
    }
    return derive(kdf, input, out) ||
           err_crypto(err, ERR_INTERNAL, "cannot derive a key from the password");
}

bool kdf_derive(const struct kdf *kdf, const struct secret *password, struct kdf_cache *cache,
                uint8_t *out, struct err *err)
{
    static const struct secret none = SECRET_INIT;
    password = password ? password : &none;
    const struct kdf_slot *slot = cache ? cache_find(cache, kdf, password) : NULL;
    if (slot) {
        memcpy(out, slot->key, kdf->size);
        return true;
    }
    if (!derive_encoded(kdf, password, out, err)) {
        return false;
    }
    if (cache) {
        cache_add(cache, kdf, password, out);
    }
    return true;
}
