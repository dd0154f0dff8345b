/* SPDX-License-Identifier: Apache-2.0
 *
 * Envelopes: who can receive, what is written (algorithms read from the structure by libcrypto),
 * who can open, and that a stranger, a changed bit and other inputs get nothing. Stock openssl
 * opens ours in tests/interop/servers.sh.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/cms_envelope.h"
#include "formats/base/time.h"
#include "tests/unit/keystore_fixture.h"

#include <openssl/bio.h>
#include <openssl/cms.h>

static struct fixture rsa, ec, other, ed;
static const char text[] = "item,output,alias,password\nwww,key.pem,www,s3cret\n";

static int setup(void **state UNUSED)
{
    fixture_make(&rsa, KEY_RSA_2048);
    fixture_make(&ec, KEY_EC_P384);
    fixture_make(&other, KEY_EC_P384);
    fixture_make(&ed, KEY_ED25519);
    return 0;
}

static int teardown(void **state UNUSED)
{
    fixture_release(&rsa);
    fixture_release(&ec);
    fixture_release(&other);
    fixture_release(&ed);
    return 0;
}

static struct span plain(void)
{
    return (struct span){(const uint8_t *)text, sizeof text - 1};
}

static void seal(struct buf *out)
{
    struct err err = ERR_INIT;
    const struct span certs[] = {rsa.leaf, ec.leaf};
    if (!cms_seal(plain(), certs, NITEMS(certs), out, &err)) {
        fail_msg("%s", err.msg);
    }
}

static void expect_opens(struct span cms, const struct key *key, struct span cert)
{
    CLEANUP(buf_wipe) struct buf got = BUF_INIT(4096);
    struct err err = ERR_INIT;
    if (!cms_open(cms, key, cert, &got, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_int_equal(got.n, sizeof text - 1);
    assert_memory_equal(got.p, text, got.n);
}

static void expect_closed(struct span cms, const struct key *key, struct span cert)
{
    CLEANUP(buf_wipe) struct buf got = BUF_INIT(4096);
    struct err err = ERR_INIT;
    assert_false(cms_open(cms, key, cert, &got, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(got.n, 0);
}

static void test_each_recipient_opens(void **state UNUSED)
{
    const struct span any = {0};
    CLEANUP(buf_release) struct buf cms = BUF_INIT(65536);
    seal(&cms);
    expect_opens(buf_span(&cms), &rsa.leaf_key, any);
    expect_opens(buf_span(&cms), &ec.leaf_key, any);
    expect_opens(buf_span(&cms), &rsa.leaf_key, rsa.leaf);
    expect_opens(buf_span(&cms), &ec.leaf_key, ec.leaf);
}

static void test_nobody_else_opens(void **state UNUSED)
{
    const struct span any = {0};
    CLEANUP(buf_release) struct buf cms = BUF_INIT(65536);
    seal(&cms);
    expect_closed(buf_span(&cms), &other.leaf_key, any);
    expect_closed(buf_span(&cms), &rsa.intermediate_key, any);
    expect_closed(buf_span(&cms), &ed.leaf_key, any);
    expect_closed(buf_span(&cms), &other.leaf_key, other.leaf);
    /* the right key, but a certificate that it was not made for */
    expect_closed(buf_span(&cms), &ec.leaf_key, rsa.leaf);
}

/* Every byte counts: a change is found, wherever it is, or it is in a part that says nothing. */
static void test_changes_are_found(void **state UNUSED)
{
    const struct span any = {0};
    CLEANUP(buf_release) struct buf cms = BUF_INIT(65536);
    seal(&cms);
    for (size_t back = 1; back <= 16 + sizeof text - 1 + 4; back++) {
        cms.p[cms.n - back] = (char)(cms.p[cms.n - back] ^ 1);
        expect_closed(buf_span(&cms), &ec.leaf_key, any);
        cms.p[cms.n - back] = (char)(cms.p[cms.n - back] ^ 1);
    }
    for (size_t n = 0; n < cms.n; n += 37) {
        expect_closed((struct span){(const uint8_t *)cms.p, n}, &ec.leaf_key, any);
    }
    expect_opens(buf_span(&cms), &ec.leaf_key, any);
}

static void test_what_is_no_envelope(void **state UNUSED)
{
    const struct span any = {0};
    expect_closed(any, &rsa.leaf_key, any);
    expect_closed(plain(), &rsa.leaf_key, any);
    expect_closed(rsa.leaf, &rsa.leaf_key, any);
    const struct span pem = {(const uint8_t *)"-----BEGIN CMS-----\n", 20};
    expect_closed(pem, &rsa.leaf_key, any);
}

static void oid_of(const X509_ALGOR *a, char out[80])
{
    const ASN1_OBJECT *o = NULL;
    X509_ALGOR_get0(&o, NULL, NULL, a);
    (void)OBJ_obj2txt(out, 80, o, 1);
}

/* 1.3.14.3.2.26 is SHA-1, 1.3.133.16.840.63.0.2 ECDH with a SHA-1 KDF: neither may appear. */
static void test_algorithms(void **state UNUSED)
{
    static const uint8_t sha1[] = {0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a};
    static const uint8_t sha256[] = {0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                     0x65, 0x03, 0x04, 0x02, 0x01};
    static const uint8_t sha1_kdf[] = {0x06, 0x09, 0x2b, 0x81, 0x05, 0x10,
                                       0x86, 0x48, 0x3f, 0x00, 0x02};
    static const uint8_t sha256_kdf[] = {0x06, 0x06, 0x2b, 0x81, 0x04, 0x01, 0x0b, 0x01};
    static const uint8_t gcm256[] = {0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                     0x65, 0x03, 0x04, 0x01, 0x2e};
    static const uint8_t auth_enveloped[] = {0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                             0x0d, 0x01, 0x09, 0x10, 0x01, 0x17};
    CLEANUP(buf_release) struct buf cms = BUF_INIT(65536);
    seal(&cms);
    assert_null(memmem(cms.p, cms.n, sha1, sizeof sha1));
    assert_null(memmem(cms.p, cms.n, sha1_kdf, sizeof sha1_kdf));
    assert_non_null(memmem(cms.p, cms.n, sha256, sizeof sha256));
    assert_non_null(memmem(cms.p, cms.n, sha256_kdf, sizeof sha256_kdf));
    assert_non_null(memmem(cms.p, cms.n, gcm256, sizeof gcm256));
    assert_non_null(memmem(cms.p, cms.n, auth_enveloped, sizeof auth_enveloped));

    BIO *in = BIO_new_mem_buf(cms.p, (int)cms.n);
    CMS_ContentInfo *c = d2i_CMS_bio(in, NULL);
    STACK_OF(CMS_RecipientInfo) *list = CMS_get0_RecipientInfos(c);
    assert_int_equal(sk_CMS_RecipientInfo_num(list), 2);
    CMS_RecipientInfo *first = sk_CMS_RecipientInfo_value(list, 0);
    assert_int_equal(CMS_RecipientInfo_type(first), CMS_RECIPINFO_TRANS);
    X509_ALGOR *alg = NULL;
    char oid[80];
    assert_int_equal(CMS_RecipientInfo_ktri_get0_algs(first, NULL, NULL, &alg), 1);
    oid_of(alg, oid);
    assert_string_equal(oid, "1.2.840.113549.1.1.7"); /* RSAES-OAEP */
    assert_int_equal(CMS_RecipientInfo_type(sk_CMS_RecipientInfo_value(list, 1)),
                     CMS_RECIPINFO_AGREE);
    CMS_ContentInfo_free(c);
    BIO_free(in);
}

static void test_counts(void **state UNUSED)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
    assert_false(cms_seal(plain(), NULL, 0, &out, &err));
    err_clear(&err);
    assert_false(cms_seal(plain(), &ed.leaf, 1, &out, &err));
    assert_int_equal(out.n, 0);
}

/* --- who can receive --- */

static struct span with_usage(const struct key *key, const char *usage)
{
    const unsigned char *p = rsa.leaf.p;
    unsigned char *der = NULL;
    X509 *x = d2i_X509(NULL, &p, (long)rsa.leaf.n);
    (void)X509_set_pubkey(x, key->pkey);
    fixture_ext(x, NID_key_usage, usage);
    assert_true(X509_sign(x, ec.root_key.pkey, EVP_sha256()) > 0);
    const int n = i2d_X509(x, &der);
    X509_free(x);
    return (struct span){der, (size_t)n};
}

static const char *problem(struct span der, int64_t now)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    struct cert c;
    assert_true(cert_parse(&a, der, &c, &err));
    return cms_recipient_problem(&c, now);
}

static void test_recipients(void **state UNUSED)
{
    const int64_t now = time_now();
    const struct {
        const struct key *key;
        const char *usage, *problem;
    } cases[] = {
        {&rsa.leaf_key, "critical,keyEncipherment", NULL},
        {&rsa.leaf_key, "critical,digitalSignature,keyEncipherment", NULL},
        {&rsa.leaf_key, "critical,digitalSignature", "lacks keyEncipherment"},
        {&rsa.leaf_key, "critical,keyAgreement", "lacks keyEncipherment"},
        {&ec.leaf_key, "critical,keyAgreement", NULL},
        {&ec.leaf_key, "critical,digitalSignature", "lacks keyAgreement"},
        {&ed.leaf_key, "critical,digitalSignature", "nothing can be encrypted"},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct span der = with_usage(cases[i].key, cases[i].usage);
        const char *why = problem(der, now);
        if (!cases[i].problem != !why || (why && !strstr(why, cases[i].problem))) {
            fail_msg("case %zu: %s", i, why ? why : "no problem");
        }
        OPENSSL_free((void *)(uintptr_t)der.p);
    }
    assert_null(problem(rsa.leaf, now)); /* no key usage: nothing is forbidden */
    assert_null(problem(ec.leaf, now));
    assert_string_equal(problem(rsa.leaf, now + 91 * 86400), "has expired");
    assert_string_equal(problem(rsa.leaf, now - 7200), "is not valid yet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_recipient_opens), cmocka_unit_test(test_nobody_else_opens),
        cmocka_unit_test(test_changes_are_found),    cmocka_unit_test(test_what_is_no_envelope),
        cmocka_unit_test(test_algorithms),           cmocka_unit_test(test_counts),
        cmocka_unit_test(test_recipients),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
