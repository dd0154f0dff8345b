/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_acme.h: nonces and signatures. Nothing here uses what the client signs with.
 */
#include "formats/base/str.h"
#include "formats/jws.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_acme.h"
#include "tests/sim/sim_shape.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

/* --- nonces --- */
const char *acme_new_nonce(struct request *q)
{
    uint8_t random[16];
    struct acme_state *s = &acme_state;
    char *slot = s->nonces[s->next_nonce++ % ACME_KEPT];
    random_bytes(random, sizeof random);
    hex_encode(random, sizeof random, slot);
    return arena_strdup(&q->arena, slot);
}

static bool spend(const struct request *q, const char *nonce)
{
    uint32_t random = 0;
    uint64_t percent = 0;
    random_bytes(&random, sizeof random);
    if (str_u64(q->sim->options.nonce_reject, &percent) && random % 100 < percent) {
        return false;
    }
    for (size_t i = 0; nonce && *nonce && i < ACME_KEPT; i++) {
        if (str_eq(acme_state.nonces[i], nonce)) {
            acme_state.nonces[i][0] = '\0';
            return true;
        }
    }
    return false;
}

/* --- keys --- */
static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *b)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *p = OSSL_PARAM_BLD_to_param(b);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, p) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(p);
    OSSL_PARAM_BLD_free(b);
    return key;
}

static bool decode(const char *text, struct buf *out)
{
    return text && base64url_decode(out, text, strlen(text));
}

/* P-256 only, coordinates of 32 octets; RSA. */
static EVP_PKEY *key_of(const json_t *jwk)
{
    const char *kty = json_get_str(jwk, "kty");
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    CLEANUP(buf_release) struct buf one = BUF_INIT(2048);
    CLEANUP(buf_release) struct buf two = BUF_INIT(2048);
    EVP_PKEY *key = NULL;
    if (str_eq(kty, "EC") && str_eq(json_get_str(jwk, "crv"), "P-256") &&
        json_object_size(jwk) == 4) {
        uint8_t point[65] = {4};
        if (decode(json_get_str(jwk, "x"), &one) && decode(json_get_str(jwk, "y"), &two) &&
            one.n == 32 && two.n == 32) {
            memcpy(point + 1, one.p, 32);
            memcpy(point + 33, two.p, 32);
            OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
            OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point);
            return from_params("EC", b);
        }
    } else if (str_eq(kty, "RSA") && json_object_size(jwk) == 3 &&
               decode(json_get_str(jwk, "n"), &one) && decode(json_get_str(jwk, "e"), &two)) {
        BIGNUM *n = BN_bin2bn((const unsigned char *)one.p, (int)one.n, NULL);
        BIGNUM *e = BN_bin2bn((const unsigned char *)two.p, (int)two.n, NULL);
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n);
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e);
        key = from_params("RSA", b);
        BN_free(n);
        BN_free(e);
        return key;
    }
    OSSL_PARAM_BLD_free(b);
    return NULL;
}

/* RFC 7638, written again from the members. */
static const char *canonical(struct request *q, const json_t *jwk, char thumbprint[44])
{
    uint8_t hash[SHA256_SIZE];
    CLEANUP(buf_release) struct buf text = BUF_INIT(128);
    const char *s =
        str_eq(json_get_str(jwk, "kty"), "EC")
            ? arena_printf(&q->arena,
                           "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
                           json_get_str(jwk, "x"), json_get_str(jwk, "y"))
            : arena_printf(&q->arena, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}",
                           json_get_str(jwk, "e"), json_get_str(jwk, "n"));
    sha256(s, strlen(s), hash);
    base64url_encode(&text, hash, sizeof hash);
    memcpy(thumbprint, buf_text(&text), 44);
    return s;
}

/* --- signatures --- */
static bool signed_by(EVP_PKEY *key, const char *alg, const char *input, const struct buf *sig)
{
    const bool ec = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
    unsigned char *der = NULL;
    const unsigned char *bytes = (const unsigned char *)sig->p;
    size_t n = sig->n;
    if (!str_eq(alg, ec ? "ES256" : "RS256") || (ec && n != 64)) {
        return false;
    }
    if (ec) {
        ECDSA_SIG *s = ECDSA_SIG_new();
        ECDSA_SIG_set0(s, BN_bin2bn(bytes, 32, NULL), BN_bin2bn(bytes + 32, 32, NULL));
        n = (size_t)i2d_ECDSA_SIG(s, &der);
        bytes = der;
        ECDSA_SIG_free(s);
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool good =
        EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
        EVP_DigestVerify(ctx, bytes, n, (const unsigned char *)input, strlen(input)) == 1;
    EVP_MD_CTX_free(ctx);
    OPENSSL_free(der);
    return good;
}

/* Flattened JSON of three members; the header as a tree. */
struct parts {
    const char *input, *payload;
    struct buf signature;
    json_t *header;
};

static bool take_apart(struct request *q, const json_t *jws, struct parts *p)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf header = BUF_INIT(16384);
    const char *protected = json_get_str(jws, "protected");
    p->payload = json_get_str(jws, "payload");
    p->signature = (struct buf)BUF_INIT(4096);
    if (json_object_size(jws) != 3 || !protected || !p->payload ||
        !decode(json_get_str(jws, "signature"), &p->signature) || !decode(protected, &header)) {
        return false;
    }
    p->input = arena_printf(&q->arena, "%s.%s", protected, p->payload);
    p->header = json_parse("header", buf_text(&header), header.n, &err);
    return json_is_object(p->header);
}

static void let_go(struct parts *p)
{
    buf_release(&p->signature);
    json_decref(p->header);
}

/* Who signed: a key that is shown, or an account. */
static bool find_signer(struct request *q, const struct parts *p, bool bare, struct acme_call *c,
                        const char **why)
{
    const json_t *jwk = json_get(p->header, "jwk");
    const char *kid = json_get_str(p->header, "kid");
    c->account = SIZE_MAX;
    *why = "malformed";
    if (json_object_size(p->header) != 4 || !jwk == !kid || (jwk && !bare)) {
        return false;
    }
    if (jwk) {
        c->key = key_of(jwk);
        *why = "badPublicKey";
        if (c->key) {
            c->jwk = canonical(q, jwk, c->thumbprint);
        }
        return c->key != NULL;
    }
    for (size_t i = 0; i < acme_state.naccounts; i++) {
        if (str_eq(acme_url(q, arena_printf(&q->arena, "account/%zu", i)), kid)) {
            c->account = i;
            c->key = acme_state.accounts[i].key;
            EVP_PKEY_up_ref(c->key);
            memcpy(c->thumbprint, acme_state.accounts[i].thumbprint, sizeof c->thumbprint);
            *why = "unauthorized";
            return !acme_state.accounts[i].deactivated;
        }
    }
    *why = "accountDoesNotExist";
    return false;
}

static bool take_payload(struct request *q, const struct parts *p, struct acme_call *c)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_BODY);
    json_decref(q->json);
    q->json = NULL;
    c->get = !*p->payload;
    if (c->get) {
        return true;
    }
    q->json =
        decode(p->payload, &text) ? json_parse("payload", buf_text(&text), text.n, &err) : NULL;
    return json_is_object(q->json);
}

bool acme_verify(struct request *q, struct reply *r, bool bare, struct acme_call *c)
{
    struct err err = ERR_INIT;
    struct parts p = {0};
    const char *why = "malformed", *text = "the JWS is not what RFC 8555, 6.2 wants";
    CLEANUP(json_tree_release)
    json_t *jws = json_parse("body", buf_text(&q->body), q->body.n, &err);
    bool good = str_eq(q->content_type, "application/jose+json") && take_apart(q, jws, &p);
    if (good && !spend(q, json_get_str(p.header, "nonce"))) {
        good = false;
        why = "badNonce";
        text = "JWS has an invalid anti-replay nonce";
    }
    good = good && find_signer(q, &p, bare, c, &why);
    if (good && !str_eq(json_get_str(p.header, "url"), acme_url(q, c->path))) {
        good = false;
        why = "unauthorized";
        text = "the url of the JWS is not that of the request";
    }
    if (good && !signed_by(c->key, json_get_str(p.header, "alg"), p.input, &p.signature)) {
        good = false;
        text = "JWS verification error";
        why = "malformed";
    }
    good = good && take_payload(q, &p, c);
    if (!good) {
        acme_problem(q, r, str_eq(why, "unauthorized") ? 403 : 400, why, text);
    }
    sha256_hex(c->thumbprint, strlen(c->thumbprint), q->auth_digest);
    let_go(&p);
    return good;
}

/* RFC 8555, 7.3.4. */
bool acme_binding(struct request *q, const json_t *eab, const struct acme_call *c, const char **why)
{
    struct parts p = {0};
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    CLEANUP(buf_release) struct buf key = BUF_INIT(1024);
    CLEANUP(buf_release) struct buf jwk = BUF_INIT(8192);
    *why = "externalAccountRequired";
    if (!eab) {
        return false;
    }
    *why = "unauthorized";
    bool good = take_apart(q, eab, &p) && decode(p.payload, &jwk) &&
                decode(q->sim->oauth_secret, &key) && json_object_size(p.header) == 3 &&
                str_eq(json_get_str(p.header, "alg"), "HS256") &&
                str_eq(json_get_str(p.header, "kid"), q->sim->options.oauth_client) &&
                str_eq(json_get_str(p.header, "url"), acme_url(q, c->path)) &&
                str_eq(buf_text(&jwk), c->jwk);
    good = good &&
           HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)p.input, strlen(p.input),
                mac, &n) &&
           p.signature.n == n && memcmp(p.signature.p, mac, n) == 0;
    let_go(&p);
    return good;
}
