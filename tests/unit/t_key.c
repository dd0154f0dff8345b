/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys: our own encodings against libcrypto's, every shape a key file comes in (made by libcrypto
 * itself), encrypted PEM read back by libcrypto, wrong passwords, damaged bytes, threads.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/arena.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/key.h"
#include "formats/pbe.h"

#include <openssl/bio.h>
#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

static struct secret password(const char *text)
{
    struct secret s = SECRET_INIT;
    secret_set(&s, text, strlen(text));
    return s;
}

/* RSA costs 0.1-1 s a key; the suite makes each kind once. */
static const struct key *sample(enum key_type type)
{
    static struct key keys[KEY_TYPE__MAX];
    struct err err = ERR_INIT;
    if (!keys[type].pkey) {
        keys[type] = (struct key)KEY_INIT;
        assert_true(key_generate(type, &keys[type], &err));
    }
    return &keys[type];
}

static const enum key_type samples[] = {KEY_RSA_2048, KEY_EC_P256, KEY_EC_P384, KEY_EC_P521,
                                        KEY_ED25519};

static int release_samples(void **state UNUSED)
{
    for (size_t i = 0; i < NITEMS(samples); i++) {
        struct key k = *sample(samples[i]);
        key_release(&k);
    }
    return 0;
}

static void test_encoding_equals_libcrypto(void **state UNUSED)
{
    for (size_t i = 0; i < NITEMS(samples); i++) {
        const struct key *k = sample(samples[i]);
        unsigned char *der = NULL;
        PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(k->pkey);
        int n = i2d_PKCS8_PRIV_KEY_INFO(p8, &der);
        assert_int_equal(n, k->pkcs8.n);
        assert_memory_equal(der, k->pkcs8.p, k->pkcs8.n);
        OPENSSL_free(der);
        PKCS8_PRIV_KEY_INFO_free(p8);
        der = NULL;
        n = i2d_PUBKEY(k->pkey, &der);
        assert_int_equal(n, k->spki.n);
        assert_memory_equal(der, k->spki.p, k->spki.n);
        uint8_t digest[SHA256_SIZE];
        sha256(der, (size_t)n, digest);
        assert_true(key_matches_spki(k, digest));
        digest[31] ^= 1;
        assert_false(key_matches_spki(k, digest));
        OPENSSL_free(der);
        assert_int_equal(k->type, samples[i]);
        assert_string_equal(key_type_token(k->type), key_type_words[samples[i] - 1].text);
    }
}

/* A private number with leading zero octets keeps its width (RFC 5915 section 3). */
static void test_short_scalar_is_padded(void **state UNUSED)
{
    bool seen = false;
    for (int i = 0; i < 4000 && !seen; i++) {
        struct key k = KEY_INIT;
        struct err err = ERR_INIT;
        assert_true(key_generate(KEY_EC_P256, &k, &err));
        assert_int_equal(k.pkcs8.n, 138);
        seen = k.pkcs8.p[36] == 0;
        if (seen) {
            unsigned char *der = NULL;
            PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(k.pkey);
            int n = i2d_PKCS8_PRIV_KEY_INFO(p8, &der);
            assert_int_equal(n, k.pkcs8.n);
            assert_memory_equal(der, k.pkcs8.p, k.pkcs8.n);
            OPENSSL_free(der);
            PKCS8_PRIV_KEY_INFO_free(p8);
        }
        key_release(&k);
    }
    assert_true(seen);
}

static void expect_same(const struct key *want, struct span bytes, const struct secret *pw)
{
    struct key got = KEY_INIT;
    struct err err = ERR_INIT;
    if (!key_read(bytes, pw, &got, &err)) {
        fail_msg("%s: %s", key_type_token(want->type), err.msg);
    }
    assert_int_equal(got.type, want->type);
    assert_int_equal(got.pkcs8.n, want->pkcs8.n);
    assert_memory_equal(got.pkcs8.p, want->pkcs8.p, want->pkcs8.n);
    assert_memory_equal(got.spki_sha256, want->spki_sha256, SHA256_SIZE);
    key_release(&got);
}

/* libcrypto writes, we read. */
static void test_reads_every_shape(void **state UNUSED)
{
    static const struct {
        const char *structure, *format, *cipher;
    } shapes[] = {
        {"PrivateKeyInfo", "DER", NULL},
        {"PrivateKeyInfo", "PEM", NULL},
        {"type-specific", "DER", NULL},
        {"type-specific", "PEM", NULL},
        {"EncryptedPrivateKeyInfo", "DER", "AES-256-CBC"},
        {"EncryptedPrivateKeyInfo", "PEM", "AES-128-CBC"},
        {"EncryptedPrivateKeyInfo", "PEM", "DES-EDE3-CBC"},
    };
    struct secret pw = password("s3cret \xC3\xA9");
    for (size_t i = 0; i < NITEMS(samples); i++) {
        const struct key *k = sample(samples[i]);
        for (size_t s = 0; s < NITEMS(shapes); s++) {
            if (samples[i] == KEY_ED25519 && str_eq(shapes[s].structure, "type-specific")) {
                continue; /* has none */
            }
            OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(
                k->pkey, EVP_PKEY_KEYPAIR, shapes[s].format, shapes[s].structure, NULL);
            if (shapes[s].cipher) {
                assert_int_equal(OSSL_ENCODER_CTX_set_cipher(ctx, shapes[s].cipher, NULL), 1);
                assert_int_equal(OSSL_ENCODER_CTX_set_passphrase(ctx, pw.p, pw.n), 1);
            }
            unsigned char *bytes = NULL;
            size_t n = 0;
            assert_int_equal(OSSL_ENCODER_to_data(ctx, &bytes, &n), 1);
            expect_same(k, (struct span){bytes, n}, &pw);
            OPENSSL_free(bytes);
            OSSL_ENCODER_CTX_free(ctx);
        }
    }
    secret_release(&pw);
}

static void test_traditional_encryption(void **state UNUSED)
{
    struct secret pw = password("old style");
    const struct key *k = sample(KEY_EC_P256);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, k->pkey, EVP_aes_128_cbc(), pw.p,
                                                          (int)pw.n, NULL, NULL),
                     1);
    long n = BIO_get_mem_data(bio, &text);
    assert_non_null(memmem(text, (size_t)n, "DEK-Info", 8));
    struct span pem = {(uint8_t *)text, (size_t)n};
    expect_same(k, pem, &pw);
    struct key got = KEY_INIT;
    struct err err = ERR_INIT;
    assert_false(key_read(pem, NULL, &got, &err));
    assert_non_null(strstr(err.msg, "no password"));
    BIO_free(bio);
    secret_release(&pw);
}

static void test_clear_pem_round_trip(void **state UNUSED)
{
    for (size_t i = 0; i < NITEMS(samples); i++) {
        CLEANUP(buf_wipe) struct buf pem = BUF_INIT(65536);
        key_pem(sample(samples[i]), &pem);
        expect_same(sample(samples[i]), buf_span(&pem), NULL);
        BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
        EVP_PKEY *theirs = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        assert_int_equal(EVP_PKEY_eq(theirs, sample(samples[i])->pkey), 1);
        EVP_PKEY_free(theirs);
        BIO_free(bio);
    }
}

static void test_encrypted_pem(void **state UNUSED)
{
    struct secret pw = password("Tr0ub4dor&3");
    struct secret wrong = password("Tr0ub4dor&4");
    for (size_t i = 0; i < NITEMS(samples); i++) {
        CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
        struct err err = ERR_INIT;
        struct key got = KEY_INIT;
        assert_true(key_pem_encrypted(sample(samples[i]), &pw, 2048, &pem, &err));
        expect_same(sample(samples[i]), buf_span(&pem), &pw);
        BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
        EVP_PKEY *theirs = PEM_read_bio_PrivateKey(bio, NULL, NULL, pw.p);
        assert_int_equal(EVP_PKEY_eq(theirs, sample(samples[i])->pkey), 1);
        EVP_PKEY_free(theirs);
        BIO_free(bio);
        assert_false(key_read(buf_span(&pem), &wrong, &got, &err));
        assert_null(strstr(err.msg, "Tr0ub4dor"));
        assert_null(got.pkey);
        err_clear(&err);
        assert_false(key_read(buf_span(&pem), NULL, &got, &err));
        assert_non_null(strstr(err.msg, "no password"));
    }
    secret_release(&pw);
    secret_release(&wrong);
}

/* A count above the cap is refused before it costs anything; n is allowed, n + 1 is not. */
static void test_iteration_cap(void **state UNUSED)
{
    static const struct {
        uint8_t count[8];
        size_t n;
        bool ok;
    } counts[] = {
        {{0x4C, 0x4B, 0x40}, 3, true},
        {{0x4C, 0x4B, 0x41}, 3, false},
        {{0x00}, 1, false},
        {{0x01}, 1, true},
        {{0xFF}, 1, false},
        {{0x7F, 1, 1, 1, 1, 1, 1, 1}, 8, false},
        {{0x00, 0x01}, 2, true},
        {{0}, 0, false},
    };
    assert_int_equal(LIMIT_PFX_ITERATIONS, 0x4C4B40);
    for (size_t i = 0; i < NITEMS(counts); i++) {
        struct err err = ERR_INIT;
        unsigned got = 0;
        struct der_tlv tlv = {DER_INTEGER, {counts[i].count, counts[i].n}, {NULL, 0}};
        assert_int_equal(pbe_iterations(&tlv, &got, &err), counts[i].ok);
    }
}

static void test_kdf_cache_changes_no_answer(void **state UNUSED)
{
    struct kdf_cache cache = KDF_CACHE_INIT;
    struct secret a = password("first"), b = password("second");
    uint8_t salt[16] = {1, 2, 3}, k1[32], k2[32], k3[32];
    struct kdf kdf = {.digest = "SHA256", .iterations = 10, .salt = {salt, 16}, .size = 32};
    struct err err = ERR_INIT;
    assert_true(kdf_derive(&kdf, &a, &cache, k1, &err));
    assert_true(kdf_derive(&kdf, &a, &cache, k2, &err));
    assert_memory_equal(k1, k2, 32);
    assert_int_equal(cache.n, 1);
    assert_true(kdf_derive(&kdf, &b, &cache, k2, &err)); /* other password, same cache */
    assert_true(kdf_derive(&kdf, &b, NULL, k3, &err));
    assert_memory_equal(k2, k3, 32);
    assert_memory_not_equal(k1, k2, 32);
    kdf.iterations = 11;
    assert_true(kdf_derive(&kdf, &b, &cache, k1, &err));
    assert_memory_not_equal(k1, k2, 32);
    kdf.pkcs12 = true;
    kdf.id = 3;
    assert_true(kdf_derive(&kdf, &b, &cache, k1, &err));
    kdf.id = 1;
    assert_true(kdf_derive(&kdf, &b, &cache, k2, &err));
    assert_memory_not_equal(k1, k2, 32);
    kdf_cache_release(&cache);
    secret_release(&a);
    secret_release(&b);
}

static void test_utf16_passwords(void **state UNUSED)
{
    static const struct {
        const char *utf8, *hex;
    } cases[] = {
        {"", ""},
        {"abc", "006100620063"},
        {"p\xC3\xA4", "007000e4"},
        {"a\xF0\x9F\x98\x80", "0061d83dde00"},
        {"\xE2\x82\xAC", "20ac"},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct secret in = password(cases[i].utf8), out = SECRET_INIT;
        char hex[64];
        assert_true(password_utf16(&in, false, &out));
        hex_encode(out.p, out.n, hex);
        assert_string_equal(hex, cases[i].hex);
        secret_release(&out);
        secret_release(&in);
    }
    static const char *const bad[] = {"\xC3", "a\xED\xA0\x80", "\xC0\x80", "\xFF"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        struct secret in = password(bad[i]), out = SECRET_INIT;
        assert_false(password_utf16(&in, false, &out));
        secret_release(&in);
    }
}

static void test_refusals_say_what(void **state UNUSED)
{
    static const struct {
        const char *input, *says;
    } cases[] = {
        {"", "empty"},
        {"hello", "not a private key"},
        {"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "no readable PRIVATE"},
        {"-----BEGIN OPENSSH PRIVATE KEY-----\nMAA=\n-----END OPENSSH PRIVATE KEY-----\n",
         "OpenSSH"},
        {"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "not a private key"},
        {"-----BEGIN PRIVATE KEY-----\nMA%A=\n-----END PRIVATE KEY-----\n", "no readable PRIVATE"},
        /* PKCS#8 of the made-up algorithm 1.2.3 */
        {"-----BEGIN PRIVATE KEY-----\nMAwCAQAwBAYCKgMEAQA=\n-----END PRIVATE KEY-----\n",
         "unknown algorithm 1.2.3"},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct key got = KEY_INIT;
        struct err err = ERR_INIT;
        struct span in = {(const uint8_t *)cases[i].input, strlen(cases[i].input)};
        assert_false(key_read(in, NULL, &got, &err));
        if (!strstr(err.msg, cases[i].says)) {
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err.msg, cases[i].says);
        }
    }
}

/* Whatever one flipped byte does, a key that is read is a whole key, and a good one is read
 * after a bad one by the same decoder. */
static void test_damaged_bytes(void **state UNUSED)
{
    static const enum key_type types[] = {KEY_EC_P256, KEY_ED25519, KEY_RSA_2048};
    for (size_t t = 0; t < NITEMS(types); t++) {
        const struct key *k = sample(types[t]);
        struct buf copy = BUF_INIT(65536);
        buf_add(&copy, k->pkcs8.p, k->pkcs8.n);
        for (size_t i = 0; i < copy.n; i += types[t] == KEY_RSA_2048 ? 7 : 1) {
            struct key got = KEY_INIT;
            struct err err = ERR_INIT;
            copy.p[i] = (char)(copy.p[i] ^ 0x55);
            if (key_read(buf_span(&copy), NULL, &got, &err)) {
                assert_non_null(got.pkey);
                assert_true(got.pkcs8.n > 0 && got.spki.n > 0);
            } else {
                assert_int_equal(err.code, ERR_INPUT);
            }
            copy.p[i] = (char)(copy.p[i] ^ 0x55);
            key_release(&got);
        }
        for (size_t n = 0; n < copy.n; n += 3) {
            struct key got = KEY_INIT;
            struct err err = ERR_INIT;
            assert_false(key_from_pkcs8((struct span){(uint8_t *)copy.p, n}, &got, &err));
        }
        expect_same(k, buf_span(&copy), NULL);
        buf_wipe(&copy);
    }
}

static void test_other_kinds(void **state UNUSED)
{
    static const char *const algorithms[] = {"ED448", "RSA-PSS"};
    for (size_t i = 0; i < NITEMS(algorithms); i++) {
        EVP_PKEY *pkey = NULL;
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, algorithms[i], NULL);
        assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
        assert_int_equal(EVP_PKEY_keygen(ctx, &pkey), 1);
        unsigned char *der = NULL;
        PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(pkey);
        int n = i2d_PKCS8_PRIV_KEY_INFO(p8, &der);
        struct key got = KEY_INIT;
        struct err err = ERR_INIT;
        assert_true(key_from_pkcs8((struct span){der, (size_t)n}, &got, &err));
        assert_int_equal(got.type, KEY_NONE);
        assert_int_equal(got.pkcs8.n, n);
        assert_memory_equal(got.pkcs8.p, der, (size_t)n);
        assert_int_equal(EVP_PKEY_eq(got.pkey, pkey), 1);
        key_release(&got);
        OPENSSL_free(der);
        PKCS8_PRIV_KEY_INFO_free(p8);
        EVP_PKEY_CTX_free(ctx);
        EVP_PKEY_free(pkey);
    }
}

static void *read_many(void *arg)
{
    const struct key *k = arg;
    size_t good = 0;
    for (int i = 0; i < 200; i++) {
        struct key got = KEY_INIT;
        struct err err = ERR_INIT;
        if (key_from_pkcs8(buf_span(&k->pkcs8), &got, &err) &&
            key_matches_spki(&got, k->spki_sha256)) {
            good++;
        }
        key_release(&got);
    }
    return good == 200 ? arg : NULL;
}

static void test_threads(void **state UNUSED)
{
    pthread_t threads[4];
    for (size_t i = 0; i < NITEMS(threads); i++) {
        struct key *k = (struct key *)(uintptr_t)sample(samples[i]);
        assert_int_equal(pthread_create(&threads[i], NULL, read_many, k), 0);
    }
    for (size_t i = 0; i < NITEMS(threads); i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encoding_equals_libcrypto),
        cmocka_unit_test(test_short_scalar_is_padded),
        cmocka_unit_test(test_reads_every_shape),
        cmocka_unit_test(test_traditional_encryption),
        cmocka_unit_test(test_clear_pem_round_trip),
        cmocka_unit_test(test_encrypted_pem),
        cmocka_unit_test(test_iteration_cap),
        cmocka_unit_test(test_kdf_cache_changes_no_answer),
        cmocka_unit_test(test_utf16_passwords),
        cmocka_unit_test(test_refusals_say_what),
        cmocka_unit_test(test_damaged_bytes),
        cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_threads),
    };
    return !!cmocka_run_group_tests(tests, NULL, release_samples);
}
