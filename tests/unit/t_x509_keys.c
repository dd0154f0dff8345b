/* SPDX-License-Identifier: Apache-2.0
 *
 * Public keys and signatures: libcrypto's keys, its signatures by every algorithm we know, and
 * numbers no key should have.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/csr.h"
#include "formats/x509.h"
#include "tests/unit/corpus.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>

#define BYTES(...)                                                                                 \
    ((struct span){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

static struct span spki_of(struct arena *a, EVP_PKEY *pkey)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(pkey, &der);
    assert_true(n > 0);
    struct span out = {arena_memdup(a, der, (size_t)n), (size_t)n};
    OPENSSL_free(der);
    return out;
}

static void parse_key(struct arena *a, struct span der, struct spki *out)
{
    struct der_tlv t;
    struct der d = der_over(der);
    assert_true(der_take(&d, DER_SEQUENCE, &t));
    assert_true(x509_parse_spki(a, &d, &t, out));
}

static EVP_PKEY *generate(const char *algorithm, const char *curve, size_t bits)
{
    return curve  ? EVP_PKEY_Q_keygen(NULL, NULL, algorithm, curve)
           : bits ? EVP_PKEY_Q_keygen(NULL, NULL, algorithm, bits)
                  : EVP_PKEY_Q_keygen(NULL, NULL, algorithm);
}

static const struct {
    const char *algorithm, *curve;
    size_t bits;
    enum key_alg alg;
    const char *token, *name;
} kinds[] = {
    {"RSA", NULL, 1024, KEY_ALG_RSA, "rsa-1024", NULL},
    {"RSA", NULL, 1031, KEY_ALG_RSA, "rsa-1031", NULL},
    {"EC", "P-256", 256, KEY_ALG_EC, "ec-p256", "P-256"},
    {"EC", "P-384", 384, KEY_ALG_EC, "ec-p384", "P-384"},
    {"EC", "P-521", 521, KEY_ALG_EC, "ec-p521", "P-521"},
    {"EC", "P-192", 192, KEY_ALG_EC, "ec-p192", "P-192"},
    {"EC", "P-224", 224, KEY_ALG_EC, "ec-p224", "P-224"},
    {"EC", "secp256k1", 256, KEY_ALG_EC, "ec-secp256k1", "secp256k1"},
    {"EC", "brainpoolP256r1", 256, KEY_ALG_EC, "ec-brainpoolp256r1", "brainpoolP256r1"},
    {"EC", "brainpoolP384r1", 384, KEY_ALG_EC, "ec-brainpoolp384r1", "brainpoolP384r1"},
    {"EC", "brainpoolP512r1", 512, KEY_ALG_EC, "ec-brainpoolp512r1", "brainpoolP512r1"},
    {"ED25519", NULL, 0, KEY_ALG_ED25519, "ed25519", NULL},
    {"ED448", NULL, 0, KEY_ALG_ED448, "ed448", NULL},
    {"X25519", NULL, 0, KEY_ALG_UNKNOWN, "x25519", NULL},
};

static void test_public_keys_are_what_libcrypto_wrote(void **state)
{
    (void)state;
    for (size_t i = 0; i < NITEMS(kinds); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct err err = ERR_INIT;
        struct spki k;
        EVP_PKEY *pkey = generate(kinds[i].algorithm, kinds[i].curve, kinds[i].bits);
        assert_non_null(pkey);
        parse_key(&a, spki_of(&a, pkey), &k);
        assert_false(k.malformed);
        assert_int_equal(k.alg, kinds[i].alg);
        assert_string_equal(k.token, kinds[i].token);
        assert_true(str_eq(k.curve, kinds[i].name));
        assert_true(kinds[i].bits == 0 || k.bits == kinds[i].bits);
        EVP_PKEY *back = spki_public_key(&k, &err);
        assert_non_null(back);
        assert_int_equal(EVP_PKEY_eq(pkey, back), 1);
        EVP_PKEY_free(back);
        EVP_PKEY_free(pkey);
    }
}

/* RSA with chosen octets; hostile numbers must be flagged or refused, never computed with. */
static void test_rsa_numbers_are_guarded(void **state)
{
    (void)state;
    static uint8_t wide[2200];
    memset(wide, 0xA5, sizeof wide);
    wide[0] = 0;
    const struct span one = BYTES(0x01, 0x00, 0x01);
    const struct {
        struct span n, e;
        bool malformed;
        unsigned bits;
    } cases[] = {
        {BYTES(0x00), one, false, 0},
        {BYTES(0x85), one, false, 8},               /* negative */
        {{wide, 2050}, one, false, 16392},          /* above LIMIT_RSA_BITS */
        {{wide, 2049}, {wide, 2200}, false, 16384}, /* huge exponent */
        {{wide, 257}, BYTES(0x00), false, 2048},
        {{wide, 257}, BYTES(0x81), false, 2048},
        {{wide, 257}, {wide, 0}, true, 2048},
        {{wide, 0}, one, true, 0},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        CLEANUP(buf_release) struct buf b = BUF_INIT(16384);
        struct err err = ERR_INIT;
        struct spki k;
        static const uint8_t rsa[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                      0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
        size_t spki = der_open(&b, DER_SEQUENCE);
        buf_add(&b, rsa, sizeof rsa);
        size_t bits = der_open(&b, DER_BIT_STRING);
        buf_putc(&b, 0);
        size_t key = der_open(&b, DER_SEQUENCE);
        der_put(&b, DER_INTEGER, cases[i].n);
        der_put(&b, DER_INTEGER, cases[i].e);
        der_close(&b, key);
        der_close(&b, bits);
        der_close(&b, spki);
        parse_key(&a, buf_span(&b), &k);
        assert_int_equal(k.malformed, cases[i].malformed);
        assert_int_equal(k.bits, cases[i].bits);
        assert_true(span_eq(k.n, cases[i].n));
        assert_true(span_eq(k.e, cases[i].e));
        assert_null(spki_public_key(&k, &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
}

static void test_other_keys(void **state)
{
    (void)state;
    static const struct {
        const char *oid, *token;
        size_t octets;
    } pqc[] = {{"2.16.840.1.101.3.4.3.17", "ml-dsa-44", 1312},
               {"2.16.840.1.101.3.4.3.31", "slh-dsa-shake-256f", 64},
               {"2.16.840.1.101.3.4.4.3", "ml-kem-1024", 1568},
               {"2.16.840.1.114027.80.8.1.21", "composite", 5}};
    static const uint8_t octets[2048];
    for (size_t i = 0; i < NITEMS(pqc); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
        struct err err = ERR_INIT;
        struct spki k;
        size_t spki = der_open(&b, DER_SEQUENCE);
        size_t alg = der_open(&b, DER_SEQUENCE);
        der_put_oid(&b, pqc[i].oid);
        der_close(&b, alg);
        der_put_bits(&b, (struct span){octets, pqc[i].octets});
        der_close(&b, spki);
        parse_key(&a, buf_span(&b), &k);
        assert_int_equal(k.alg, KEY_ALG_PQC);
        assert_string_equal(k.token, pqc[i].token);
        assert_false(k.malformed);
        assert_null(spki_public_key(&k, &err));
    }
    /* a P-256 point one octet short, and the same behind explicit NULL parameters */
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct spki k;
    EVP_PKEY *pkey = generate("EC", "P-256", 0);
    struct span good = spki_of(&a, pkey);
    uint8_t *cut = arena_memdup(&a, good.p, good.n);
    cut[1]--;
    cut[24]--; /* length of the BIT STRING */
    assert_int_equal(cut[23], DER_BIT_STRING);
    parse_key(&a, (struct span){cut, good.n - 1}, &k);
    assert_true(k.malformed);
    assert_string_equal(k.token, "ec-p256");
    EVP_PKEY_free(pkey);
    /* a point beside the curve, a compressed one, the point at infinity */
    struct err err = ERR_INIT;
    uint8_t *beside = arena_memdup(&a, good.p, good.n);
    beside[good.n - 1] ^= 1;
    parse_key(&a, (struct span){beside, good.n}, &k);
    assert_false(k.malformed);
    assert_null(spki_public_key(&k, &err));
    struct spki compressed = k;
    uint8_t point[33];
    point[0] = (uint8_t)(0x02 | (good.p[good.n - 1] & 1));
    memcpy(point + 1, good.p + good.n - 64, 32);
    compressed.key = (struct span){point, sizeof point};
    EVP_PKEY *back = spki_public_key(&compressed, &err);
    assert_non_null(back);
    EVP_PKEY_free(back);
    compressed.key = BYTES(0x00);
    assert_null(spki_public_key(&compressed, &err));
}

/* --- signatures --- */

struct made {
    const char *algorithm, *curve, *digest;
    int salt; /* PSS when >= 0 */
    const char *mgf_digest, *token;
};

static const struct made signatures[] = {
    {"RSA", NULL, "SHA256", -1, NULL, "rsa-sha256"},
    {"RSA", NULL, "SHA384", -1, NULL, "rsa-sha384"},
    {"RSA", NULL, "SHA512", -1, NULL, "rsa-sha512"},
    {"RSA", NULL, "SHA224", -1, NULL, "rsa-sha224"},
    {"RSA", NULL, "SHA1", -1, NULL, "rsa-sha1"},
    {"RSA", NULL, "MD5", -1, NULL, "rsa-md5"},
    {"RSA", NULL, "SHA256", 32, NULL, "rsa-pss-sha256"},
    {"RSA", NULL, "SHA384", 48, NULL, "rsa-pss-sha384"},
    {"RSA", NULL, "SHA512", 10, NULL, "rsa-pss-sha512"},
    {"RSA", NULL, "SHA256", 0, "SHA1", "rsa-pss-sha256"},
    {"RSA", NULL, "SHA1", 20, NULL, "rsa-pss-sha1"}, /* all parameters at their defaults */
    {"EC", "P-256", "SHA256", -1, NULL, "ecdsa-sha256"},
    {"EC", "P-256", "SHA1", -1, NULL, "ecdsa-sha1"},
    {"EC", "P-384", "SHA384", -1, NULL, "ecdsa-sha384"},
    {"EC", "P-521", "SHA512", -1, NULL, "ecdsa-sha512"},
    {"EC", "brainpoolP256r1", "SHA224", -1, NULL, "ecdsa-sha224"},
    {"ED25519", NULL, NULL, -1, NULL, "ed25519"},
    {"ED448", NULL, NULL, -1, NULL, "ed448"},
};

/* A request signed by libcrypto; DER in the arena. */
static struct span signed_by_libcrypto(struct arena *a, EVP_PKEY *pkey, const struct made *m)
{
    unsigned char *der = NULL;
    EVP_PKEY_CTX *pctx = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    X509_REQ *req = X509_REQ_new();
    assert_int_equal(X509_REQ_set_version(req, 0), 1);
    assert_int_equal(X509_REQ_set_pubkey(req, pkey), 1);
    assert_int_equal(EVP_DigestSignInit_ex(ctx, &pctx, m->digest, NULL, NULL, pkey, NULL), 1);
    if (m->salt >= 0) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, m->salt), 1);
        assert_true(!m->mgf_digest ||
                    EVP_PKEY_CTX_set_rsa_mgf1_md_name(pctx, m->mgf_digest, NULL) == 1);
    }
    assert_true(X509_REQ_sign_ctx(req, ctx) > 0);
    int n = i2d_X509_REQ(req, &der);
    struct span out = {arena_memdup(a, der, (size_t)n), (size_t)n};
    OPENSSL_free(der);
    X509_REQ_free(req);
    EVP_MD_CTX_free(ctx);
    return out;
}

static void test_signatures_by_libcrypto_verify(void **state)
{
    (void)state;
    EVP_PKEY *other = generate("EC", "P-256", 0);
    for (size_t i = 0; i < NITEMS(signatures); i++) {
        const struct made *m = &signatures[i];
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct err err = ERR_INIT;
        struct csr csr;
        struct spki stranger;
        EVP_PKEY *pkey = generate(m->algorithm, m->curve, str_eq(m->algorithm, "RSA") ? 1536 : 0);
        struct span der = signed_by_libcrypto(&a, pkey, m);
        csr_parse(&a, der, &csr);
        assert_int_equal(csr.nproblems, 0);
        assert_string_equal(sigalg_token(csr.sig_algorithm), m->token);
        if (!csr_verify(&csr, &err)) {
            fail_msg("%s: %s", m->token, err.msg);
        }
        uint8_t *damaged = arena_memdup(&a, der.p, der.n);
        damaged[der.n - 1] ^= 1; /* in the signature */
        csr_parse(&a, (struct span){damaged, der.n}, &csr);
        assert_false(csr_verify(&csr, &err));
        csr_parse(&a, der, &csr);
        parse_key(&a, spki_of(&a, other), &stranger); /* another key */
        assert_false(x509_verify(&stranger, csr.sig_algorithm, csr.info, csr.signature, &err));
        EVP_PKEY_free(pkey);
    }
    EVP_PKEY_free(other);
}

/* libcrypto would verify an ECDSA signature under the name of an RSA algorithm. */
static void test_the_algorithm_must_belong_to_the_key(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    struct csr csr;
    static const uint8_t rsa_sha256[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
    const struct made m = {"EC", "P-256", "SHA256", -1, NULL, NULL};
    EVP_PKEY *pkey = generate(m.algorithm, m.curve, 0);
    csr_parse(&a, signed_by_libcrypto(&a, pkey, &m), &csr);
    assert_true(x509_verify(&csr.key, csr.sig_algorithm, csr.info, csr.signature, &err));
    assert_false(x509_verify(&csr.key, (struct span){rsa_sha256, sizeof rsa_sha256}, csr.info,
                             csr.signature, &err));
    EVP_PKEY_free(pkey);
}

struct work {
    struct span der;
    size_t good;
};

static void *verify_many(void *ctx)
{
    struct work *w = ctx;
    for (unsigned i = 0; i < 100; i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct err err = ERR_INIT;
        struct csr csr;
        csr_parse(&a, w->der, &csr);
        w->good += csr_verify(&csr, &err);
    }
    return NULL;
}

/* The curves are shared by all threads. */
static void test_threads_verify_side_by_side(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const struct made m = {"EC", "P-384", "SHA384", -1, NULL, NULL};
    EVP_PKEY *pkey = generate(m.algorithm, m.curve, 0);
    struct work work[4];
    pthread_t threads[NITEMS(work)];
    for (size_t i = 0; i < NITEMS(work); i++) {
        work[i] = (struct work){.der = signed_by_libcrypto(&a, pkey, &m)};
        assert_int_equal(pthread_create(&threads[i], NULL, verify_many, &work[i]), 0);
    }
    for (size_t i = 0; i < NITEMS(work); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(work[i].good, 100);
    }
    EVP_PKEY_free(pkey);
}

static void test_unknown_algorithms(void **state)
{
    (void)state;
    const struct span bad[] = {BYTES(0x30, 0x04, 0x06, 0x02, 0x2A, 0x03),
                               BYTES(0x05, 0x00),
                               {NULL, 0},
                               BYTES(0x30, 0x00),
                               /* PSS with trailer field 2; with an unknown digest */
                               BYTES(0x30, 0x12, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                     0x01, 0x01, 0x0a, 0x30, 0x05, 0xa3, 0x03, 0x02, 0x01, 0x02),
                               BYTES(0x30, 0x15, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                     0x01, 0x01, 0x0a, 0x30, 0x08, 0xa0, 0x06, 0x30, 0x04, 0x06,
                                     0x02, 0x2a, 0x03)};
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct spki k;
    EVP_PKEY *pkey = generate("RSA", NULL, 1024);
    parse_key(&a, spki_of(&a, pkey), &k);
    for (size_t i = 0; i < NITEMS(bad); i++) {
        struct err err = ERR_INIT;
        assert_string_equal(sigalg_token(bad[i]), "unknown");
        assert_int_equal(sigalg_family(bad[i]), KEY_ALG_UNKNOWN);
        assert_false(x509_verify(&k, bad[i], k.der, k.der, &err));
    }
    EVP_PKEY_free(pkey);
}

static void test_keys_we_do_not_sign_with(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
    static const char *const curves[] = {"P-224", NULL};
    for (size_t i = 0; i < NITEMS(curves); i++) {
        EVP_PKEY *pkey = generate(curves[i] ? "EC" : "X25519", curves[i], 0);
        assert_int_equal(x509_sign_algorithm(pkey).n, 0);
        assert_false(x509_sign(pkey, BYTES(0x30, 0x00), &out, &err));
        EVP_PKEY_free(pkey);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_keys_are_what_libcrypto_wrote),
        cmocka_unit_test(test_rsa_numbers_are_guarded),
        cmocka_unit_test(test_other_keys),
        cmocka_unit_test(test_signatures_by_libcrypto_verify),
        cmocka_unit_test(test_the_algorithm_must_belong_to_the_key),
        cmocka_unit_test(test_threads_verify_side_by_side),
        cmocka_unit_test(test_unknown_algorithms),
        cmocka_unit_test(test_keys_we_do_not_sign_with),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
