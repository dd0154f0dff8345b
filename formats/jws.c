/* SPDX-License-Identifier: Apache-2.0
 *
 * See jws.h.
 */
#include "formats/jws.h"

#include "formats/base/json.h"
#include "formats/base/str.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_MAX = 66, SIGNATURE_MAX = 4096, MODULUS_MAX = 2048, RSA_LEAST_BITS = 2048 };

/* RFC 7518, 3.1. ECDSA signatures are r and s, each as long as the field. */
static const struct alg {
    enum key_type type; /* KEY_NONE: RSA of any size */
    const char *name, *curve, *digest;
    size_t field;
} algs[] = {
    {KEY_EC_P256, "ES256", "P-256", "SHA256", 32},
    {KEY_EC_P384, "ES384", "P-384", "SHA384", 48},
    {KEY_EC_P521, "ES512", "P-521", "SHA512", FIELD_MAX},
    {KEY_NONE, "RS256", NULL, "SHA256", 0},
};

static const struct alg *alg_of(const struct key *key)
{
    const bool rsa = key->pkey && EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA;
    if (rsa && EVP_PKEY_get_bits(key->pkey) < RSA_LEAST_BITS) {
        return NULL;
    }
    for (size_t i = 0; key->pkey && i < NITEMS(algs); i++) {
        if (rsa ? !algs[i].curve : algs[i].curve && algs[i].type == key->type) {
            return &algs[i];
        }
    }
    return NULL;
}

const char *jws_alg(const struct key *key)
{
    const struct alg *alg = alg_of(key);
    return alg ? alg->name : NULL;
}

/* --- base64url --- */
void base64url_encode(struct buf *out, const void *p, size_t n)
{
    const size_t from = out->n;
    base64_encode(out, p, n, 0);
    while (out->n > from && out->p[out->n - 1] == '=') {
        out->p[--out->n] = '\0';
    }
    for (size_t i = from; i < out->n; i++) {
        out->p[i] = out->p[i] == '+' ? '-' : out->p[i] == '/' ? '_' : out->p[i];
    }
}

bool base64url_decode(struct buf *out, const char *s, size_t n)
{
    CLEANUP(buf_wipe) struct buf plain = BUF_INIT(out->max * 2 + 4);
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '+' || s[i] == '/' || s[i] == '=') {
            return false;
        }
        buf_putc(&plain, s[i] == '-' ? '+' : s[i] == '_' ? '/' : s[i]);
    }
    while (plain.n % 4) {
        buf_putc(&plain, '=');
    }
    return !buf_failed(&plain) && base64_decode(out, buf_text(&plain), plain.n) && !buf_failed(out);
}

/* --- JWK --- */
static bool put_number(const struct key *key, const char *param, size_t size, struct jw *j,
                       const char *member)
{
    BIGNUM *n = NULL;
    uint8_t bytes[MODULUS_MAX];
    CLEANUP(buf_release) struct buf text = BUF_INIT(MODULUS_MAX * 2);
    bool ok = EVP_PKEY_get_bn_param(key->pkey, param, &n) == 1;
    const size_t want = size ? size : ok ? (size_t)BN_num_bytes(n) : 0;
    ok = ok && want <= sizeof bytes && BN_bn2binpad(n, bytes, (int)want) == (int)want;
    if (ok) {
        base64url_encode(&text, bytes, want);
        jw_str(j, member, buf_text(&text));
    }
    BN_free(n);
    return ok;
}

/* Coordinates have the full length of the field, leading zeros included (RFC 7518, 6.2.1.2). */
static bool put_ec(const struct key *key, const struct alg *alg, struct jw *j)
{
    jw_str(j, "crv", alg->curve);
    jw_str(j, "kty", "EC");
    return put_number(key, OSSL_PKEY_PARAM_EC_PUB_X, alg->field, j, "x") &&
           put_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, alg->field, j, "y");
}

/* RFC 7518, 6.3.1: no leading zeros. */
static bool put_rsa(const struct key *key, struct jw *j)
{
    bool ok = put_number(key, OSSL_PKEY_PARAM_RSA_E, 0, j, "e");
    jw_str(j, "kty", "RSA");
    return ok && put_number(key, OSSL_PKEY_PARAM_RSA_N, 0, j, "n");
}

static bool unusable(struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "the key is neither EC on P-256, P-384, P-521 nor RSA of at "
                   "least 2048 bits: nothing can be signed with it");
}

bool jwk_write(const struct key *key, struct buf *out, struct err *err)
{
    struct jw j;
    const struct alg *alg = alg_of(key);
    if (!alg) {
        return unusable(err);
    }
    jw_begin(&j, out, JW_COMPACT);
    jw_object(&j, NULL);
    if (!(alg->curve ? put_ec(key, alg, &j) : put_rsa(key, &j))) {
        return err_crypto(err, ERR_INTERNAL, "cannot read the public key");
    }
    jw_end(&j);
    return jw_finish(&j, err);
}

bool jwk_thumbprint(const struct key *key, char out[JWK_THUMBPRINT], struct err *err)
{
    uint8_t hash[SHA256_SIZE];
    struct sha256 s;
    CLEANUP(buf_release) struct buf jwk = BUF_INIT(MODULUS_MAX * 2);
    CLEANUP(buf_release) struct buf text = BUF_INIT(2 * JWK_THUMBPRINT);
    if (!jwk_write(key, &jwk, err)) {
        return false;
    }
    sha256_begin(&s);
    sha256_add(&s, buf_text(&jwk), jwk.n);
    sha256_end(&s, hash);
    base64url_encode(&text, hash, sizeof hash);
    memcpy(out, buf_text(&text), JWK_THUMBPRINT);
    return true;
}

/* --- signatures --- */
/* What OpenSSL makes is DER; a JWS has r and s alone, left-padded (RFC 7518, 3.4). */
static bool raw_ecdsa(const uint8_t *der, size_t n, size_t field, uint8_t *out)
{
    const unsigned char *p = der;
    ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &p, (long)n);
    const bool ok = s && BN_bn2binpad(ECDSA_SIG_get0_r(s), out, (int)field) == (int)field &&
                    BN_bn2binpad(ECDSA_SIG_get0_s(s), out + field, (int)field) == (int)field;
    ECDSA_SIG_free(s);
    return ok;
}

static bool sign(const struct key *key, const struct alg *alg, const struct buf *input,
                 struct buf *text, struct err *err)
{
    uint8_t made[SIGNATURE_MAX], raw[2 * FIELD_MAX];
    size_t n = sizeof made;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok =
        ctx && EVP_DigestSignInit_ex(ctx, NULL, alg->digest, NULL, NULL, key->pkey, NULL) == 1 &&
        EVP_DigestSign(ctx, made, &n, (const unsigned char *)buf_text(input), input->n) == 1 &&
        (!alg->field || raw_ecdsa(made, n, alg->field, raw));
    EVP_MD_CTX_free(ctx);
    if (!ok) {
        return err_crypto(err, ERR_INTERNAL, "cannot sign");
    }
    base64url_encode(text, alg->field ? raw : made, alg->field ? 2 * alg->field : n);
    return true;
}

/* ASCII(BASE64URL(header) "." BASE64URL(payload)), RFC 7515, 5.1. */
static void put_input(struct buf *input, const char *header, struct span payload, size_t *dot)
{
    base64url_encode(input, header, strlen(header));
    *dot = input->n;
    buf_putc(input, '.');
    base64url_encode(input, payload.p ? payload.p : (const uint8_t *)"", payload.n);
}

static bool put_flattened(const struct buf *input, size_t dot, const struct buf *signature,
                          struct buf *out, struct err *err)
{
    struct jw j;
    if (buf_failed(input)) {
        return err_set(err, ERR_INPUT, "what is to be signed is too long");
    }
    jw_begin(&j, out, JW_COMPACT);
    jw_object(&j, NULL);
    jw_strn(&j, "protected", input->p, dot);
    jw_strn(&j, "payload", input->p + dot + 1, input->n - dot - 1);
    jw_str(&j, "signature", buf_text(signature));
    jw_end(&j);
    return jw_finish(&j, err);
}

bool jws_sign(const struct key *key, const char *header, struct span payload, struct buf *out,
              struct err *err)
{
    size_t dot;
    const struct alg *alg = alg_of(key);
    CLEANUP(buf_release) struct buf input = BUF_INIT(out->max * 2);
    CLEANUP(buf_release) struct buf signature = BUF_INIT(2 * SIGNATURE_MAX);
    if (!alg) {
        return unusable(err);
    }
    put_input(&input, header, payload, &dot);
    return sign(key, alg, &input, &signature, err) &&
           put_flattened(&input, dot, &signature, out, err);
}

bool jws_mac(const struct secret *mac_key, const char *header, struct span payload, struct buf *out,
             struct err *err)
{
    size_t dot;
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned n = sizeof mac;
    CLEANUP(buf_release) struct buf input = BUF_INIT(out->max * 2);
    CLEANUP(buf_release) struct buf signature = BUF_INIT(4 * EVP_MAX_MD_SIZE);
    put_input(&input, header, payload, &dot);
    if (!HMAC(EVP_sha256(), secret_bytes(mac_key), (int)mac_key->n,
              (const unsigned char *)buf_text(&input), input.n, mac, &n)) {
        return err_crypto(err, ERR_INTERNAL, "cannot make a MAC");
    }
    base64url_encode(&signature, mac, n);
    return put_flattened(&input, dot, &signature, out, err);
}
