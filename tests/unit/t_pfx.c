/* SPDX-License-Identifier: Apache-2.0
 *
 * PKCS#12: what we write is read by libcrypto's PKCS12_parse() and by ourselves, and what
 * libcrypto writes in its various ways is read. Hostile files are in t_pfx_hostile.c, files of
 * others in t_keystore_corpus.c; Java, GnuTLS and NSS read ours in tests/interop/keystores.sh.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/keystore.h"
#include "formats/keystore_int.h"
#include "formats/pfx_int.h"
#include "tests/unit/keystore_fixture.h"

static struct fixture rsa, ec, ed;
static const char password_text[] = "correct horse 42";
static struct secret password;

static int setup(void **state UNUSED)
{
    fixture_make(&rsa, KEY_RSA_2048);
    fixture_make(&ec, KEY_EC_P256);
    fixture_make(&ed, KEY_ED25519);
    password = fixture_secret(password_text);
    return 0;
}

static int teardown(void **state UNUSED)
{
    fixture_release(&rsa);
    fixture_release(&ec);
    fixture_release(&ed);
    secret_release(&password);
    return 0;
}

static struct keystore_entry entry(const struct fixture *f, const char *alias)
{
    return (struct keystore_entry){.alias = alias,
                                   .key = &f->leaf_key,
                                   .leaf = f->leaf,
                                   .chain = f->chain,
                                   .nchain = 2,
                                   .password = &password};
}

static void expect_cert(X509 *x, struct span want)
{
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    assert_int_equal(n, want.n);
    assert_memory_equal(der, want.p, want.n);
    OPENSSL_free(der);
}

/* libcrypto as the other side. */
static void expect_libcrypto_reads(struct span pfx, const struct fixture *f, const char *alias)
{
    const unsigned char *p = pfx.p;
    PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)pfx.n);
    EVP_PKEY *pkey = NULL;
    X509 *leaf = NULL;
    STACK_OF(X509) *ca = NULL;
    assert_non_null(p12);
    assert_ptr_equal(p, pfx.p + pfx.n);
    assert_int_equal(PKCS12_verify_mac(p12, password_text, -1), 1);
    assert_int_equal(PKCS12_verify_mac(p12, "wrong", -1), 0);
    assert_int_equal(PKCS12_parse(p12, password_text, &pkey, &leaf, &ca), 1);
    assert_int_equal(EVP_PKEY_eq(pkey, f->leaf_key.pkey), 1);
    expect_cert(leaf, f->leaf);
    assert_int_equal(sk_X509_num(ca), 2);
    expect_cert(sk_X509_value(ca, 0), f->chain[0]);
    expect_cert(sk_X509_value(ca, 1), f->chain[1]);
    assert_string_equal((const char *)X509_alias_get0(leaf, NULL), alias);
    sk_X509_pop_free(ca, X509_free);
    X509_free(leaf);
    EVP_PKEY_free(pkey);
    /* what we wrote is DER already: libcrypto's encoder gives the same bytes */
    unsigned char *again = NULL;
    int n = i2d_PKCS12(p12, &again);
    assert_int_equal(n, pfx.n);
    assert_memory_equal(again, pfx.p, pfx.n);
    OPENSSL_free(again);
    PKCS12_free(p12);
}

static void expect_ours(const struct keystore_item *item, const struct fixture *f)
{
    assert_null(item->key_problem);
    assert_null(item->note);
    assert_int_equal(item->key.pkcs8.n, f->leaf_key.pkcs8.n);
    assert_memory_equal(item->key.pkcs8.p, f->leaf_key.pkcs8.p, f->leaf_key.pkcs8.n);
    assert_int_equal(item->ncerts, 3);
    assert_true(span_eq(item->certs[0], f->leaf));
    assert_true(span_eq(item->certs[1], f->chain[0]));
    assert_true(span_eq(item->certs[2], f->chain[1]));
}

static void test_every_profile(void **state UNUSED)
{
    const struct fixture *fixtures[] = {&rsa, &ec, &ed};
    for (size_t p = 0; p < pfx_profiles_count; p++) {
        for (size_t i = 0; i < NITEMS(fixtures); i++) {
            CLEANUP(kdf_cache_release) struct kdf_cache kdf = KDF_CACHE_INIT;
            CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
            CLEANUP(keystore_release) struct keystore k = KEYSTORE_INIT;
            struct keystore_entry e = entry(fixtures[i], "My Item 1");
            struct err err = ERR_INIT;
            e.kdf = &kdf;
            assert_true(pfx_write(&e, &pfx_profiles[p], 0, &out, &err));
            assert_true(keystore_check(buf_span(&out), &e, &err));
            e.kdf = NULL;
            assert_true(keystore_check(buf_span(&out), &e, &err));
            expect_libcrypto_reads(buf_span(&out), fixtures[i], "My Item 1");
            assert_true(keystore_read(buf_span(&out), &password, NULL, &k, &err));
            assert_int_equal(k.n, 1);
            assert_true(k.verified);
            assert_string_equal(k.v[0].alias, "My Item 1");
            expect_ours(&k.v[0], fixtures[i]);
            const char *want = pfx_profiles[p].pbes2 ? "PBES2 AES-256-CBC" : "PBES1 DES-EDE3-CBC";
            assert_non_null(strstr(k.summary, want));
            assert_non_null(strstr(k.summary, pfx_profiles[p].mac));
        }
    }
}

static void test_profile_table(void **state UNUSED)
{
    for (size_t i = 0; i < pfx_profiles_count; i++) {
        const struct pfx_profile *p = &pfx_profiles[i];
        assert_string_equal(pfx_profile_words[i].text, p->name);
        assert_int_equal(pfx_profile_words[i].value, i);
        assert_ptr_equal(pfx_profile_find(p->name), p);
        assert_int_equal(p->weak, !p->pbes2);
        assert_true(pfx_mac_oid(p->mac) && p->iterations >= 1000 && p->iterations <= 300000);
    }
    assert_null(pfx_profile_words[pfx_profiles_count].text);
    assert_null(pfx_profile_find("nonsense"));
    assert_string_equal(pfx_profiles[0].name, "modern");
}

/* The salts and counts that the file must carry, seen by libcrypto. */
static void test_parameters(void **state UNUSED)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
    struct keystore_entry e = entry(&ec, "www");
    struct err err = ERR_INIT;
    assert_true(pfx_write(&e, pfx_profile_find("modern"), 4321, &out, &err));
    const unsigned char *p = (const unsigned char *)out.p;
    PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)out.n);
    const ASN1_OCTET_STRING *salt;
    const ASN1_INTEGER *count;
    const X509_ALGOR *alg;
    const ASN1_OBJECT *oid;
    PKCS12_get0_mac(NULL, &alg, &salt, &count, p12);
    X509_ALGOR_get0(&oid, NULL, NULL, alg);
    assert_int_equal(OBJ_obj2nid(oid), NID_sha256);
    assert_int_equal(ASN1_STRING_length(salt), 8);
    assert_int_equal(ASN1_INTEGER_get(count), 4321);
    PKCS12_free(p12);
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(pfx_release) struct pfx pfx = PFX_INIT;
    assert_true(pfx_open(buf_span(&out), &password, NULL, &a, &pfx, &err));
    assert_int_equal(pfx.iterations, 4321);
    assert_int_equal(pfx.n, 4);
    assert_true(pfx.v[3].is_key);
    assert_int_equal(pfx.v[0].id.n, 20);
    assert_true(span_eq(pfx.v[0].id, pfx.v[3].id));
    assert_null(pfx.v[1].name);
    /* PBKDF2 { salt of 16, 4321 }: twice, with two salts */
    static const uint8_t head[] = {0x04, 0x10};
    static const uint8_t tail[] = {0x02, 0x02, 0x10, 0xE1};
    const char *salts[3] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i + 22 < out.n; i++) {
        if (memcmp(out.p + i, head, 2) == 0 && memcmp(out.p + i + 18, tail, 4) == 0) {
            assert_true(n < 2);
            salts[n++] = out.p + i + 2;
        }
    }
    assert_int_equal(n, 2);
    assert_memory_not_equal(salts[0], salts[1], 16);
}

static struct span mac_salt(const PKCS12 *p12)
{
    const ASN1_OCTET_STRING *salt;
    PKCS12_get0_mac(NULL, NULL, &salt, NULL, p12);
    return (struct span){ASN1_STRING_get0_data(salt), (size_t)ASN1_STRING_length(salt)};
}

/* Two files of one entry share no salt, IV or key stream. */
static void test_nothing_repeats(void **state UNUSED)
{
    static const char *const profiles[] = {"modern", "compat"};
    for (size_t i = 0; i < NITEMS(profiles); i++) {
        PKCS12 *p12[2];
        CLEANUP(buf_release) struct buf first = BUF_INIT(1 << 20);
        CLEANUP(buf_release) struct buf second = BUF_INIT(1 << 20);
        struct buf *out[] = {&first, &second};
        struct keystore_entry e = entry(&ec, "www");
        struct err err = ERR_INIT;
        for (size_t k = 0; k < 2; k++) {
            assert_true(pfx_write(&e, pfx_profile_find(profiles[i]), 1000, out[k], &err));
            const unsigned char *p = (const unsigned char *)out[k]->p;
            p12[k] = d2i_PKCS12(NULL, &p, (long)out[k]->n);
        }
        assert_false(span_eq(mac_salt(p12[0]), mac_salt(p12[1])));
        size_t equal = 0; /* octets of 16 that stand anywhere in both files: no ciphertext */
        for (size_t k = 200; k + 16 < first.n - 200; k++) {
            equal += memcmp(first.p + k, second.p + k, 16) == 0;
        }
        assert_true(equal < 200); /* OIDs and lengths between the parts */
        PKCS12_free(p12[0]);
        PKCS12_free(p12[1]);
    }
}

static void test_iteration_limits(void **state UNUSED)
{
    static const struct {
        unsigned n;
        bool ok;
    } cases[] = {{999, false}, {1000, true}, {300001, false}, {1, false}};
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
        struct keystore_entry e = entry(&ec, "www");
        struct err err = ERR_INIT;
        assert_int_equal(pfx_write(&e, &pfx_profiles[0], cases[i].n, &out, &err), cases[i].ok);
    }
}

static void test_trust_store(void **state UNUSED)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
    CLEANUP(keystore_release) struct keystore k = KEYSTORE_INIT;
    struct keystore_entry e = {.alias = "corp-root", .leaf = ec.chain[1], .password = &password};
    struct err err = ERR_INIT;
    assert_true(pfx_write(&e, &pfx_profiles[0], 2000, &out, &err));
    assert_true(keystore_check(buf_span(&out), &e, &err));
    assert_true(keystore_read(buf_span(&out), &password, NULL, &k, &err));
    assert_int_equal(k.n, 1);
    assert_false(k.v[0].has_key);
    assert_null(k.v[0].note); /* trusted for Java */
    assert_string_equal(k.v[0].alias, "corp-root");
    assert_true(span_eq(k.v[0].certs[0], ec.chain[1]));
}

static void test_writer_refuses(void **state UNUSED)
{
    struct secret empty = fixture_secret(""), accent = fixture_secret("p\xC3\xA4ss");
    struct secret control = fixture_secret("a\tb");
    struct keystore_entry cases[] = {entry(&ec, "a"), entry(&ec, "a"),           entry(&ec, "a"),
                                     entry(&ec, "a"), entry(&ec, "caf\xC3\xA9"), entry(&ec, "a"),
                                     entry(&ec, "a")};
    static const char *const says[] = {"not empty", "printable ASCII", "printable ASCII",
                                       "not empty", "alias",           "does not belong",
                                       "issuer"};
    struct span gap[] = {ec.chain[1]};
    cases[0].password = &empty;
    cases[1].password = &accent;
    cases[2].password = &control;
    cases[3].password = NULL;
    cases[5].leaf = rsa.leaf;
    cases[6].chain = gap;
    cases[6].nchain = 1;
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
        struct err err = ERR_INIT;
        assert_false(pfx_write(&cases[i], &pfx_profiles[0], 0, &out, &err));
        if (!strstr(err.msg, says[i])) {
            fail_msg("case %zu says \"%s\"", i, err.msg);
        }
    }
    secret_release(&empty);
    secret_release(&accent);
    secret_release(&control);
}

/* The check sees a difference in each part, with the cache as without. */
static void test_check_sees_differences(void **state UNUSED)
{
    struct secret other = fixture_secret("another password");
    for (int cached = 0; cached < 2; cached++) {
        CLEANUP(kdf_cache_release) struct kdf_cache kdf = KDF_CACHE_INIT;
        CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
        struct keystore_entry e = entry(&ec, "www");
        struct err err = ERR_INIT;
        e.kdf = cached ? &kdf : NULL;
        assert_true(pfx_write(&e, &pfx_profiles[0], 1000, &out, &err));
        assert_true(keystore_check(buf_span(&out), &e, &err));
        struct keystore_entry wrong[6] = {e, e, e, e, e, e};
        wrong[0].alias = "WWW";
        wrong[1].key = &ed.leaf_key;
        wrong[2].leaf = rsa.leaf;
        wrong[3].nchain = 1;
        wrong[4].chain = rsa.chain;
        wrong[5].password = &other;
        for (size_t i = 0; i < NITEMS(wrong); i++) {
            struct err why = ERR_INIT;
            assert_false(keystore_check(buf_span(&out), &wrong[i], &why));
            assert_int_equal(why.code, ERR_INTERNAL);
            assert_null(strstr(why.msg, "another"));
        }
        for (size_t i = 0; i < out.n; i += 5) { /* one changed byte anywhere */
            struct err why = ERR_INIT;
            out.p[i] = (char)(out.p[i] ^ 0x04);
            assert_false(keystore_check(buf_span(&out), &e, &why));
            out.p[i] = (char)(out.p[i] ^ 0x04);
        }
    }
    secret_release(&other);
}

/* A derivation that was paid for is not paid for again. */
static void test_check_costs_no_derivation(void **state UNUSED)
{
    CLEANUP(kdf_cache_release) struct kdf_cache kdf = KDF_CACHE_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
    struct keystore_entry e = entry(&ec, "www");
    struct err err = ERR_INIT;
    e.kdf = &kdf;
    assert_true(pfx_write(&e, &pfx_profiles[0], 1000, &out, &err));
    assert_int_equal(kdf.n, 3);
    assert_true(keystore_check(buf_span(&out), &e, &err));
    assert_int_equal(kdf.n, 3); /* a miss would have added a slot */
    /* the answer comes from the file: a poisoned slot makes the check fail */
    kdf.v[1].key[0] ^= 1;
    assert_false(keystore_check(buf_span(&out), &e, &err));
}

/* --- what libcrypto writes, in all its ways --- */

static void test_reads_libcrypto(void **state UNUSED)
{
    static const struct {
        int key, cert, iter, mac_iter;
        const char *summary;
    } cases[] = {
        {0, 0, 0, 0, "PBES2 AES-256-CBC, 2048 iterations, MAC SHA256"},
        {NID_aes_128_cbc, NID_aes_192_cbc, 1, 1, "PBES2 AES-192-CBC, 1 iterations"},
        {NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 50, 1,
         "PBES1 DES-EDE3-CBC, 50 iterations"},
        {NID_pbe_WithSHA1And2_Key_TripleDES_CBC, NID_pbe_WithSHA1And2_Key_TripleDES_CBC, 50, 1,
         "PBES1 DES-EDE-CBC"},
        {0, -1, 50, 1, "PBES2 AES-256-CBC"},
        {-1, -1, 50, 1, "nothing is encrypted"},
        {0, 0, 50, -1, "no MAC"},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(keystore_release) struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        struct span pfx =
            fixture_pfx(&ec, cases[i].key, cases[i].cert, cases[i].iter, cases[i].mac_iter,
                        password_text, "na\xC3\xAFve \xE2\x82\xAC");
        if (!keystore_read(pfx, &password, NULL, &k, &err)) {
            fail_msg("case %zu: %s", i, err.msg);
        }
        assert_int_equal(k.n, 1);
        assert_string_equal(k.v[0].alias, "na\xC3\xAFve \xE2\x82\xAC");
        expect_ours(&k.v[0], &ec);
        assert_int_equal(k.verified, cases[i].mac_iter != -1);
        if (!strstr(k.summary, cases[i].summary)) {
            fail_msg("case %zu: \"%s\"", i, k.summary);
        }
        fixture_free_span(pfx);
    }
}

static PKCS12_SAFEBAG *add_cert(STACK_OF(PKCS12_SAFEBAG) * *bags, struct span der)
{
    const unsigned char *p = der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    PKCS12_SAFEBAG *bag = PKCS12_add_cert(bags, x);
    X509_free(x);
    return bag;
}

/* After a renewal with the same key a file may hold both certificates: localKeyID decides. */
static void test_leaf_by_local_key_id(void **state UNUSED)
{
    struct span old = fixture_cert("old.example.com", &ec.leaf_key, "Test Issuing CA",
                                   &ec.intermediate_key, false);
    unsigned char id[] = {1, 2, 3};
    STACK_OF(PKCS12_SAFEBAG) *certs = NULL, *keys = NULL;
    STACK_OF(PKCS7) *safes = NULL;
    (void)add_cert(&certs, old);
    assert_int_equal(PKCS12_add_localkeyid(add_cert(&certs, ec.leaf), id, sizeof id), 1);
    PKCS12_SAFEBAG *key = PKCS12_add_key(&keys, ec.leaf_key.pkey, 0, 1, -1, NULL);
    assert_int_equal(PKCS12_add_localkeyid(key, id, sizeof id), 1);
    assert_int_equal(PKCS12_add_safe(&safes, certs, -1, 0, NULL), 1);
    assert_int_equal(PKCS12_add_safe(&safes, keys, -1, 0, NULL), 1);
    PKCS12 *p12 = PKCS12_add_safes(safes, 0);
    unsigned char *der = NULL;
    int n = i2d_PKCS12(p12, &der);
    CLEANUP(keystore_release) struct keystore k = KEYSTORE_INIT;
    struct err err = ERR_INIT;
    assert_true(keystore_read((struct span){der, (size_t)n}, NULL, NULL, &k, &err));
    assert_int_equal(k.n, 2);
    assert_true(span_eq(k.v[0].certs[0], ec.leaf));
    assert_false(k.v[1].has_key);
    assert_true(span_eq(k.v[1].certs[0], old));
    assert_non_null(strstr(k.v[1].note, "trust attribute"));
    OPENSSL_free(der);
    PKCS12_free(p12);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    sk_PKCS12_SAFEBAG_pop_free(certs, PKCS12_SAFEBAG_free);
    sk_PKCS12_SAFEBAG_pop_free(keys, PKCS12_SAFEBAG_free);
    fixture_free_span(old);
}

/* Java writes names beyond U+FFFF as surrogate pairs; libcrypto refuses to write them at all. */
static void test_surrogates_in_names(void **state UNUSED)
{
    static const uint8_t from[] = {0, 'Q', 0, 'Z'};
    static const struct {
        uint8_t to[4];
        const char *name;
    } cases[] = {
        {{0xD8, 0x3D, 0xDE, 0x00}, "a\xF0\x9F\x98\x80"},
        {{0xD8, 0x3D, 0x00, 'x'}, "a\xEF\xBF\xBDx"},
        {{0, 0, 0x20, 0xAC}, "a\xEF\xBF\xBD\xE2\x82\xAC"},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(keystore_release) struct keystore k = KEYSTORE_INIT;
        CLEANUP(buf_release) struct buf copy = BUF_INIT(1 << 20);
        struct err err = ERR_INIT;
        struct span pfx = fixture_pfx(&ec, -1, -1, 1, -1, password_text, "aQZ");
        buf_add(&copy, pfx.p, pfx.n);
        for (char *at; (at = memmem(copy.p, copy.n, from, 4));) {
            memcpy(at, cases[i].to, 4);
        }
        assert_true(keystore_read(buf_span(&copy), &password, NULL, &k, &err));
        assert_string_equal(k.v[0].alias, cases[i].name);
        fixture_free_span(pfx);
    }
}

static void test_empty_and_missing_passwords(void **state UNUSED)
{
    static const char *const written[] = {"", NULL};
    struct secret empty = fixture_secret(""), wrong = fixture_secret("x");
    for (size_t i = 0; i < NITEMS(written); i++) {
        struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        struct span pfx =
            fixture_pfx(&ec, NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                        NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 50, 1, written[i], "a");
        assert_true(keystore_read(pfx, &empty, NULL, &k, &err));
        expect_ours(&k.v[0], &ec);
        keystore_release(&k);
        assert_false(keystore_read(pfx, &wrong, NULL, &k, &err));
        assert_non_null(strstr(err.msg, "wrong password"));
        fixture_free_span(pfx);
    }
    struct keystore k = KEYSTORE_INIT;
    struct err err = ERR_INIT;
    struct span pfx = fixture_pfx(&ec, 0, 0, 50, 1, password_text, "a");
    assert_false(keystore_read(pfx, NULL, NULL, &k, &err));
    assert_non_null(strstr(err.msg, "needs a password"));
    fixture_free_span(pfx);
    secret_release(&empty);
    secret_release(&wrong);
}

/* Non-ASCII passwords of others are read, in the encoding each scheme wants. */
static void test_unicode_password(void **state UNUSED)
{
    static const char text[] = "p\xC3\xA4\xF0\x9F\x98\x80";
    static const int nids[] = {NID_aes_256_cbc, NID_pbe_WithSHA1And3_Key_TripleDES_CBC};
    struct secret pw = fixture_secret(text);
    for (size_t i = 0; i < NITEMS(nids); i++) {
        CLEANUP(keystore_release) struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        struct span pfx = fixture_pfx(&ec, nids[i], nids[i], 50, 1, text, "a");
        assert_true(keystore_read(pfx, &pw, NULL, &k, &err));
        expect_ours(&k.v[0], &ec);
        fixture_free_span(pfx);
    }
    secret_release(&pw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_profile),
        cmocka_unit_test(test_profile_table),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_nothing_repeats),
        cmocka_unit_test(test_iteration_limits),
        cmocka_unit_test(test_trust_store),
        cmocka_unit_test(test_writer_refuses),
        cmocka_unit_test(test_check_sees_differences),
        cmocka_unit_test(test_check_costs_no_derivation),
        cmocka_unit_test(test_reads_libcrypto),
        cmocka_unit_test(test_leaf_by_local_key_id),
        cmocka_unit_test(test_surrogates_in_names),
        cmocka_unit_test(test_empty_and_missing_passwords),
        cmocka_unit_test(test_unicode_password),
    };
    return !!cmocka_run_group_tests(tests, setup, teardown);
}
