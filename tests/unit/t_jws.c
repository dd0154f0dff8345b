/* SPDX-License-Identifier: Apache-2.0
 *
 * JWS, JWK and thumbprints against the examples of RFC 7515 and RFC 7638.
 */
#include "formats/base/json_in.h"
#include "formats/base/str.h"
#include "formats/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

/* --- base64url --- */
static void t_base64url(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } rows[] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"\xfb\xff\xfe", "-__-"}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        CLEANUP(buf_release) struct buf text = BUF_INIT(64);
        CLEANUP(buf_release) struct buf back = BUF_INIT(64);
        base64url_encode(&text, rows[i].bytes, strlen(rows[i].bytes));
        assert_string_equal(buf_text(&text), rows[i].text);
        assert_true(base64url_decode(&back, rows[i].text, strlen(rows[i].text)));
        assert_string_equal(buf_text(&back), rows[i].bytes);
    }
}

static void t_base64url_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"Zg==", "Zm8=", "+__+", "Z", "Zg ", "Zm\n8", "Zh"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        CLEANUP(buf_release) struct buf back = BUF_INIT(64);
        assert_false(base64url_decode(&back, bad[i], strlen(bad[i])));
    }
}

/* --- RFC 7638, 3.1: its RSA key and thumbprint --- */
static const char rfc7638_n[] =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
    "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
    "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQF"
    "h6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *b, int selection)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *p = OSSL_PARAM_BLD_to_param(b);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, selection, p), 1);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(p);
    OSSL_PARAM_BLD_free(b);
    return key;
}

static BIGNUM *number(const char *base64url)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1024);
    assert_true(base64url_decode(&b, base64url, strlen(base64url)));
    return BN_bin2bn((const unsigned char *)b.p, (int)b.n, NULL);
}

static void t_thumbprint_rfc7638(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char thumbprint[JWK_THUMBPRINT];
    struct key key = KEY_INIT;
    CLEANUP(buf_release) struct buf jwk = BUF_INIT(2048);
    BIGNUM *n = number(rfc7638_n), *e = number("AQAB");
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e);
    key.pkey = from_params("RSA", b, EVP_PKEY_PUBLIC_KEY);
    assert_string_equal(jws_alg(&key), "RS256");
    assert_true(jwk_thumbprint(&key, thumbprint, &err));
    assert_string_equal(thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_true(jwk_write(&key, &jwk, &err));
    assert_true(str_starts(buf_text(&jwk), "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"0vx7ag"));
    BN_free(n);
    BN_free(e);
    key_release(&key);
}

/* --- RFC 7515, A.1: HS256 --- */
static void t_mac_rfc7515(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    static const char key64[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS"
                                "4hcgUuTwjAzZr1Z9CAow";
    static const char header[] = "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}";
    static const char payload[] = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
                                  "\"http://example.com/is_root\":true}";
    CLEANUP(buf_release) struct buf key = BUF_INIT(128);
    CLEANUP(buf_release) struct buf out = BUF_INIT(1024);
    CLEANUP(secret_release) struct secret mac = SECRET_INIT;
    assert_true(base64url_decode(&key, key64, strlen(key64)));
    secret_set(&mac, key.p, key.n);
    assert_true(jws_mac(&mac, header, (struct span){(const uint8_t *)payload, strlen(payload)},
                        &out, &err));
    assert_string_equal(
        buf_text(&out),
        "{\"protected\":\"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\",\"payload\":"
        "\"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ\",\"signature\":\"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\"}");
}

/* --- signatures verify, and have the form of RFC 7518, 3.4 --- */
static bool verifies(const struct key *key, const char *digest, size_t field, const char *jws)
{
    struct err err = ERR_INIT;
    CLEANUP(json_tree_release) json_t *tree = json_parse("jws", jws, strlen(jws), &err);
    CLEANUP(buf_release) struct buf raw = BUF_INIT(4096);
    CLEANUP(buf_release) struct buf input = BUF_INIT(4096);
    const char *signature = json_get_str(tree, "signature");
    assert_int_equal(json_object_size(tree), 3);
    assert_true(base64url_decode(&raw, signature, strlen(signature)));
    buf_printf(&input, "%s.%s", json_get_str(tree, "protected"), json_get_str(tree, "payload"));
    unsigned char *der = NULL;
    size_t n = raw.n;
    const unsigned char *bytes = (const unsigned char *)raw.p;
    if (field) {
        assert_int_equal(raw.n, 2 * field);
        ECDSA_SIG *s = ECDSA_SIG_new();
        ECDSA_SIG_set0(s, BN_bin2bn(bytes, (int)field, NULL),
                       BN_bin2bn(bytes + field, (int)field, NULL));
        n = (size_t)i2d_ECDSA_SIG(s, &der);
        bytes = der;
        ECDSA_SIG_free(s);
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool ok = EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, key->pkey, NULL) == 1 &&
                    EVP_DigestVerify(ctx, bytes, n, (const unsigned char *)input.p, input.n) == 1;
    EVP_MD_CTX_free(ctx);
    OPENSSL_free(der);
    return ok;
}

static void t_signatures(void **state)
{
    (void)state;
    static const struct {
        enum key_type type;
        const char *alg, *digest;
        size_t field;
    } rows[] = {{KEY_EC_P256, "ES256", "SHA256", 32},
                {KEY_EC_P384, "ES384", "SHA384", 48},
                {KEY_EC_P521, "ES512", "SHA512", 66},
                {KEY_RSA_2048, "RS256", "SHA256", 0}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct err err = ERR_INIT;
        struct key key = KEY_INIT;
        assert_true(key_generate(rows[i].type, &key, &err));
        assert_string_equal(jws_alg(&key), rows[i].alg);
        for (unsigned k = 0; k < 40; k++) { /* a short r or s comes once in 128 */
            CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
            assert_true(jws_sign(&key, "{\"alg\":\"x\"}", (struct span){(const uint8_t *)"{}", 2},
                                 &out, &err));
            assert_true(verifies(&key, rows[i].digest, rows[i].field, buf_text(&out)));
        }
        key_release(&key);
    }
}

/* POST-as-GET: the payload is the empty string. */
static void t_empty_payload(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct key key = KEY_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
    assert_true(key_generate(KEY_EC_P256, &key, &err));
    assert_true(jws_sign(&key, "{}", (struct span){NULL, 0}, &out, &err));
    assert_non_null(strstr(buf_text(&out), "\"protected\":\"e30\",\"payload\":\"\",\"signature\""));
    assert_true(verifies(&key, "SHA256", 32, buf_text(&out)));
    key_release(&key);
}

static void t_unusable_key(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct key key = KEY_INIT;
    char thumbprint[JWK_THUMBPRINT];
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
    assert_null(jws_alg(&key));
    assert_true(key_generate(KEY_ED25519, &key, &err));
    assert_null(jws_alg(&key));
    assert_false(jws_sign(&key, "{}", (struct span){NULL, 0}, &out, &err));
    assert_false(jwk_write(&key, &out, &err));
    assert_false(jwk_thumbprint(&key, thumbprint, &err));
    key_release(&key);
}

/* Coordinates keep their leading zeros: 32 octets, always 43 characters. */
static void t_jwk_ec(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    for (unsigned i = 0; i < 300; i++) {
        struct key key = KEY_INIT;
        CLEANUP(buf_release) struct buf jwk = BUF_INIT(2048);
        assert_true(key_generate(KEY_EC_P256, &key, &err));
        assert_true(jwk_write(&key, &jwk, &err));
        CLEANUP(json_tree_release) json_t *tree = json_parse("jwk", jwk.p, jwk.n, &err);
        assert_true(str_starts(jwk.p, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\""));
        assert_int_equal(strlen(json_get_str(tree, "x")), 43);
        assert_int_equal(strlen(json_get_str(tree, "y")), 43);
        key_release(&key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_base64url),          cmocka_unit_test(t_base64url_refused),
        cmocka_unit_test(t_thumbprint_rfc7638), cmocka_unit_test(t_mac_rfc7515),
        cmocka_unit_test(t_signatures),         cmocka_unit_test(t_empty_payload),
        cmocka_unit_test(t_unusable_key),       cmocka_unit_test(t_jwk_ec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
