/* SPDX-License-Identifier: Apache-2.0
 *
 * See signer.h. A certificate that a verifier would refuse is refused here, before anything is
 * signed with it.
 */
#include "formats/signer.h"

#include "formats/base/str.h"
#include "formats/trust.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

enum { SIGNATURE_MAX = 4096 };

struct signer {
    struct arena arena;
    struct cert certificate;
    X509 *x509;
    struct stack_st_X509 *chain;
    EVP_PKEY *key;
    const char *name, *key_id, *digest;
};

/* Which keys sign, with what: the digest has the strength of the key. */
static const struct {
    enum key_alg alg;
    unsigned bits; /* at least (RSA), exactly (EC) */
    const char *digest;
} kinds[] = {
    {KEY_ALG_RSA, 2048, "SHA256"},
    {KEY_ALG_EC, 256, "SHA256"},
    {KEY_ALG_EC, 384, "SHA384"},
    {KEY_ALG_EC, 521, "SHA512"},
};

static const char *digest_of(const struct spki *key)
{
    for (size_t i = 0; i < NITEMS(kinds); i++) {
        bool strong = key->alg == KEY_ALG_RSA ? key->bits >= kinds[i].bits
                                              : key->bits == kinds[i].bits && key->curve;
        if (kinds[i].alg == key->alg && strong) {
            return kinds[i].digest;
        }
    }
    return NULL;
}

static X509 *to_x509(const struct cert *c)
{
    const unsigned char *p = c->der.p;
    return d2i_X509(NULL, &p, (long)c->der.n);
}

static bool take_certificates(struct signer *s, const char *name, struct span pem, struct err *err)
{
    struct cert *certs;
    size_t n;
    struct span copy = {arena_memdup(&s->arena, pem.p, pem.n), pem.n};
    if (!certs_read(&s->arena, name, copy, &certs, &n, err)) {
        return false;
    }
    if (n == 0) {
        return err_set(err, ERR_INPUT, "%s holds no certificate", name);
    }
    s->certificate = certs[0];
    s->x509 = to_x509(&certs[0]);
    s->chain = sk_X509_new_null();
    for (size_t i = 1; i < n; i++) {
        X509 *x = to_x509(&certs[i]);
        if (!x || sk_X509_push(s->chain, x) <= 0) {
            X509_free(x);
            return err_crypto(err, ERR_INPUT, "certificate %zu of %s cannot be used", i + 1, name);
        }
    }
    return s->x509 || err_crypto(err, ERR_INPUT, "the certificate of %s cannot be used", name);
}

static bool check(struct signer *s, const char *name, int64_t now, struct err *err)
{
    struct faults f = {.arena = &s->arena};
    s->digest = digest_of(&s->certificate.key);
    if (!s->digest) {
        return err_set(err, ERR_INPUT,
                       "%s: a %s key does not sign here: use RSA from 2048 bits or EC on P-256, "
                       "P-384 or P-521",
                       name, s->certificate.key.token);
    }
    if (X509_check_private_key(s->x509, s->key) != 1) {
        ERR_clear_error();
        return err_set(err, ERR_INPUT, "the private key is not that of %s", name);
    }
    if (now > s->certificate.not_after || now < s->certificate.not_before) {
        char when[TIME_TEXT];
        bool early = now < s->certificate.not_before;
        time_format(early ? s->certificate.not_before : s->certificate.not_after, when);
        return err_set(err, ERR_INPUT, "the certificate %s %s %s: nothing can be signed with it",
                       name, early ? "is valid only from" : "expired at", when);
    }
    return trust_may_sign(&s->certificate, &f) ||
           err_set(err, ERR_INPUT, "%s: %s", name, f.v[0].text);
}

bool signer_open(const char *name, struct span certificates, EVP_PKEY *key, int64_t now,
                 struct signer **out, struct err *err)
{
    struct signer *s = xcalloc(1, sizeof *s);
    *out = NULL;
    (void)EVP_PKEY_up_ref(key);
    s->key = key;
    if (!take_certificates(s, name, certificates, err) || !check(s, name, now, err)) {
        signer_free(s);
        return false;
    }
    s->name = dn_text(&s->arena, &s->certificate.subject);
    s->key_id = hex_dup(&s->arena, s->certificate.key.sha256, SHA256_SIZE);
    *out = s;
    return true;
}

void signer_free(struct signer *s)
{
    if (s) {
        EVP_PKEY_free(s->key);
        X509_free(s->x509);
        sk_X509_pop_free(s->chain, X509_free);
        arena_release(&s->arena);
        free(s);
    }
}

const char *signer_name(const struct signer *s)
{
    return s->name;
}

const char *signer_key_id(const struct signer *s)
{
    return s->key_id;
}

const char *signer_digest(const struct signer *s)
{
    return s->digest;
}

struct span signer_certificate(const struct signer *s)
{
    return s->certificate.der;
}

X509 *signer_x509(const struct signer *s)
{
    return s->x509;
}

EVP_PKEY *signer_pkey(const struct signer *s)
{
    return s->key;
}

const struct stack_st_X509 *signer_chain(const struct signer *s)
{
    return s->chain;
}

bool signer_sign(const struct signer *s, struct span bytes, struct buf *out, struct err *err)
{
    unsigned char signature[SIGNATURE_MAX];
    size_t n = sizeof signature;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, s->key, NULL) == 1 &&
              EVP_DigestSign(ctx, signature, &n, bytes.p, bytes.n) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok) {
        return err_crypto(err, ERR_ENV, "the signing key does not sign");
    }
    buf_add(out, signature, n);
    return true;
}

bool signer_check(const struct cert *certificate, struct span bytes, struct span signature,
                  struct err *err)
{
    const bool signs = digest_of(&certificate->key) != NULL;
    EVP_PKEY *key = signs ? spki_public_key(&certificate->key, err) : NULL;
    if (!signs) {
        return err_set(err, ERR_INPUT, "a %s key is none that signs here", certificate->key.token);
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = key && ctx &&
              EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
              EVP_DigestVerify(ctx, signature.p, signature.n, bytes.p, bytes.n) == 1;
    EVP_MD_CTX_free(ctx);
    if (key && !ok) {
        ERR_clear_error();
        err_set(err, ERR_INPUT, "the signature is not one over these bytes with that key");
    }
    EVP_PKEY_free(key);
    return ok;
}
