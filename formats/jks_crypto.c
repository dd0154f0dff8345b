/* SPDX-License-Identifier: Apache-2.0
 *
 * What JKS calls protection (sun.security.provider.KeyProtector, JavaKeyStore): a key stream of
 * chained SHA-1 without iterations, and a keyed digest over the file. It is a format, not a
 * safeguard: the password must be long and random. Key bytes only go to the caller's buffer.
 */
#include "formats/keystore_int.h"

#include "formats/base/limits.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

static EVP_MD *sha1_md;
static pthread_once_t sha1_once = PTHREAD_ONCE_INIT;

static void sha1_fetch(void)
{
    sha1_md = EVP_MD_fetch(NULL, "SHA1", NULL);
}

static EVP_MD_CTX *sha1_new(void)
{
    (void)pthread_once(&sha1_once, sha1_fetch);
    return EVP_MD_CTX_new();
}

/* SHA1(a || b) */
static bool sha1(EVP_MD_CTX *ctx, struct span a, struct span b, uint8_t out[SHA1_SIZE])
{
    return ctx && sha1_md && EVP_DigestInit_ex2(ctx, sha1_md, NULL) == 1 &&
           EVP_DigestUpdate(ctx, a.p, a.n) == 1 && EVP_DigestUpdate(ctx, b.p, b.n) == 1 &&
           EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

static struct span secret_span(const struct secret *s)
{
    return (struct span){(const uint8_t *)secret_bytes(s), s->n};
}

/* d[0] = salt, d[i] = SHA1(password || d[i-1]): the stream is d[1] || d[2] || ... */
static bool stream_xor(EVP_MD_CTX *ctx, struct span password, const uint8_t salt[SHA1_SIZE],
                       struct span in, struct buf *out)
{
    uint8_t d[SHA1_SIZE], block[SHA1_SIZE];
    bool ok = true;
    memcpy(d, salt, SHA1_SIZE);
    for (size_t i = 0; i < in.n && ok; i += SHA1_SIZE) {
        size_t n = in.n - i < SHA1_SIZE ? in.n - i : SHA1_SIZE;
        ok = sha1(ctx, password, (struct span){d, SHA1_SIZE}, d);
        for (size_t k = 0; k < n; k++) {
            block[k] = (uint8_t)(in.p[i + k] ^ d[k]);
        }
        buf_add(out, block, n);
    }
    OPENSSL_cleanse(d, sizeof d);
    OPENSSL_cleanse(block, sizeof block);
    return ok && !buf_failed(out);
}

bool jks_protect(const struct secret *password, struct span pkcs8, struct buf *out)
{
    uint8_t salt[SHA1_SIZE], check[SHA1_SIZE];
    struct span p = secret_span(password);
    EVP_MD_CTX *ctx = sha1_new();
    random_bytes(salt, sizeof salt);
    buf_add(out, salt, sizeof salt);
    bool ok = stream_xor(ctx, p, salt, pkcs8, out) && sha1(ctx, p, pkcs8, check);
    buf_add(out, check, ok ? sizeof check : 0);
    EVP_MD_CTX_free(ctx); /* cleanses what it digested */
    return ok && !buf_failed(out);
}

bool jks_recover(const struct secret *password, struct span sealed, struct buf *out)
{
    uint8_t check[SHA1_SIZE];
    if (sealed.n < 2 * SHA1_SIZE) {
        return false;
    }
    struct span p = secret_span(password);
    struct span body = {sealed.p + SHA1_SIZE, sealed.n - 2 * SHA1_SIZE};
    EVP_MD_CTX *ctx = sha1_new();
    bool ok = stream_xor(ctx, p, sealed.p, body, out) && sha1(ctx, p, buf_span(out), check) &&
              CRYPTO_memcmp(check, body.p + body.n, SHA1_SIZE) == 0;
    EVP_MD_CTX_free(ctx);
    if (!ok) {
        buf_wipe(out);
    }
    return ok;
}

bool jks_digest(const struct secret *password, struct span bytes, uint8_t out[SHA1_SIZE])
{
    static const char salt[] = "Mighty Aphrodite";
    EVP_MD_CTX *ctx = sha1_new();
    bool ok = ctx && sha1_md && EVP_DigestInit_ex2(ctx, sha1_md, NULL) == 1 &&
              EVP_DigestUpdate(ctx, secret_bytes(password), password->n) == 1 &&
              EVP_DigestUpdate(ctx, salt, sizeof salt - 1) == 1 &&
              EVP_DigestUpdate(ctx, bytes.p, bytes.n) == 1 &&
              EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}
