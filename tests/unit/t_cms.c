/* SPDX-License-Identifier: Apache-2.0
 *
 * Detached signatures: ours checked by the openssl program, signatures the openssl program made in
 * every way that is not ours, each fault on its own, timestamps in them, every octet changed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/cms.h"
#include "tests/unit/seal_fixture.h"

enum { YEARS = 40 * 365 * DAY_SECONDS };

static const char text[] = "0123  data/manifest.yaml\r\nand\nlines\n";
static const struct span data = {(const uint8_t *)text, sizeof text - 1};
static const struct cms_how nobody = {0};

static bool sign_data(const struct signer *s, struct buf *out, struct err *err)
{
    return cms_sign(s, data, time_now(), out, err);
}

static struct span sign(const char *name)
{
    return pki_made(&pki, name, sign_data);
}

static struct span stamped(struct span der, const char *tsa)
{
    CLEANUP(buf_release) struct buf value = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
    struct err err = ERR_INIT;
    assert_true(cms_signature_value(der, &value, &err));
    assert_true(cms_add_timestamp(der, pki_token(&pki, tsa, buf_span(&value)), &out, &err));
    return (struct span){arena_memdup(&pki.arena, out.p, out.n), out.n};
}

static bool verify(struct span der, const char *signers, const char *tsas, int64_t now,
                   struct cms_result *r)
{
    struct trust *s = signers ? pki_trust(&pki, signers) : NULL;
    struct trust *t = tsas ? pki_trust(&pki, tsas) : NULL;
    struct cms_how how = {s, t, now};
    bool ok = cms_verify(&pki.arena, data, der, &how, r);
    trust_free(s);
    trust_free(t);
    return ok;
}

static int stock(struct span der, const char *anchor, const char *more)
{
    const char *sig = temp_write(&pki.arena, pki.dir, "x.p7s", der);
    const char *content = temp_write(&pki.arena, pki.dir, "x", data);
    return RUN(pki.log, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", sig,
               "-content", content, "-CAfile", pki_path(&pki, anchor), "-purpose", "any", "-out",
               "/dev/null", more);
}

static const char *const kinds[] = {"rsa", "p256", "p384", "p521"};

static void test_ours(void **state)
{
    (void)state;
    for (size_t i = 0; i < NITEMS(kinds); i++) {
        struct cms_result r;
        struct span der = sign(kinds[i]);
        assert_true(verify(der, NULL, NULL, time_now(), &r));
        assert_int_equal(r.n, 1);
        assert_string_equal(r.v[0].signer, arena_printf(&pki.arena, "O=Example, CN=%s", kinds[i]));
        assert_false(r.v[0].pinned);
        assert_false(r.v[0].stamped);
        assert_true(r.v[0].signing_time >= time_now() - 60);
        assert_true(verify(der, "root.pem", NULL, time_now(), &r));
        assert_true(r.v[0].pinned);
        assert_int_equal(stock(der, "root.pem", NULL), 0);
        assert_int_equal(stock(der, "root.pem", "-cades"), 0);
        assert_int_not_equal(stock(der, "other.pem", NULL), 0);
    }
}

/* Any certificate of the file is an anchor: the issuing CA, the signer itself. */
static void test_anchors(void **state)
{
    (void)state;
    struct cms_result r;
    struct span der = sign("p256");
    assert_true(verify(der, "sub.pem", NULL, time_now(), &r));
    assert_true(verify(der, "p256.pem", NULL, time_now(), &r));
    assert_false(verify(der, "rsa.pem", NULL, time_now(), &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_UNTRUSTED));
    assert_false(verify(der, "other.pem", NULL, time_now(), &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_UNTRUSTED));
    assert_false(r.v[0].pinned);
}

static void test_expired(void **state)
{
    (void)state;
    struct cms_result r;
    struct span der = sign("p256");
    assert_false(verify(der, "root.pem", NULL, time_now() + YEARS, &r));
    assert_int_equal(r.v[0].faults.n, 1);
    assert_true(has_fault(&r.v[0].faults, FAULT_EXPIRED));
    assert_false(verify(der, "root.pem", NULL, time_now() - YEARS, &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_EXPIRED));
    /* expired and a stranger: the stranger is what matters */
    assert_false(verify(der, "other.pem", NULL, time_now() + YEARS, &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_UNTRUSTED));
}

static void test_timestamp(void **state)
{
    (void)state;
    struct cms_result r;
    struct span der = stamped(sign("p256"), "tsa");
    assert_int_equal(stock(der, "root.pem", NULL), 0);
    assert_int_equal(stock(der, "root.pem", "-cades"), 0);
    assert_true(verify(der, "root.pem", "root.pem", time_now(), &r));
    assert_true(r.v[0].stamped && r.v[0].stamp.pinned);
    assert_true(r.v[0].proven_time >= time_now() - 60 && r.v[0].proven_time <= time_now() + 60);
    /* the proven time stands in for now, long after */
    assert_true(verify(der, "root.pem", "root.pem", time_now() + 60 * DAY_SECONDS, &r));
    assert_true(r.v[0].stamp.expired_since && r.v[0].pinned);
    /* nobody vouches for that TSA: its time proves nothing */
    assert_false(verify(der, "root.pem", NULL, time_now() + 60 * DAY_SECONDS, &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_EXPIRED));
    assert_non_null(strstr(r.v[0].faults.v[0].text, "timestamp"));
    assert_false(verify(der, "root.pem", "other.pem", time_now(), &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_TIMESTAMP));
    assert_int_equal(r.v[0].proven_time, TIME_NONE);
}

/* A token over another signature, moved. */
static void test_foreign_timestamp(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
    struct err err = ERR_INIT;
    struct cms_result r;
    struct span der = sign("p256");
    assert_true(cms_add_timestamp(der, pki_token(&pki, "tsa", data), &out, &err));
    assert_false(verify(buf_span(&out), "root.pem", "root.pem", time_now(), &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_TIMESTAMP));
    assert_int_equal(r.v[0].proven_time, TIME_NONE);
    /* and two of them */
    struct span twice = stamped(stamped(der, "tsa"), "tsa");
    assert_false(verify(twice, "root.pem", "root.pem", time_now(), &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_TIMESTAMP));
}

/* Signatures the openssl program makes: what is not CAdES, not detached, not strong. */
static struct span openssl_sign(const char *signer, const char *a, const char *b, const char *c)
{
    const char *content = temp_write(&pki.arena, pki.dir, "x", data);
    const char *out = pki_path(&pki, "openssl.p7s");
    OPENSSL(&pki, "cms", "-sign", "-binary", "-in", content, "-signer",
            pki_path(&pki, arena_printf(&pki.arena, "%s.pem", signer)), "-inkey",
            pki_path(&pki, arena_printf(&pki.arena, "%s.key", signer)), "-certfile",
            pki_path(&pki, "sub.pem"), "-outform", "DER", "-out", out, a, b, c);
    return corpus_read(&pki.arena, out);
}

static void test_made_by_openssl(void **state)
{
    (void)state;
    struct cms_result r;
    assert_true(
        verify(openssl_sign("p256", "-cades", NULL, NULL), "root.pem", NULL, time_now(), &r));
    assert_true(verify(openssl_sign("rsa", "-cades", "-keyopt", "rsa_padding_mode:pss"), "root.pem",
                       NULL, time_now(), &r));
    assert_false(verify(openssl_sign("p256", NULL, NULL, NULL), "root.pem", NULL, time_now(), &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_BINDING));
    assert_false(
        verify(openssl_sign("rsa", "-cades", "-md", "sha1"), "root.pem", NULL, time_now(), &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_ALGORITHM));
    assert_false(verify(openssl_sign("p256", "-cades", "-nodetach", NULL), "root.pem", NULL,
                        time_now(), &r));
    assert_true(has_fault(&r.faults, FAULT_FORM));
    assert_false(
        verify(openssl_sign("p256", "-noattr", NULL, NULL), "root.pem", NULL, time_now(), &r));
    assert_false(
        verify(openssl_sign("p256", "-cades", "-nocerts", NULL), "root.pem", NULL, time_now(), &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_FORM));
    /* two signers, one of them no signer of documents */
    CLEANUP(buf_release) struct buf both = BUF_INIT(65536);
    struct span certificate = pki_file(&pki, "server.pem");
    struct span key = pki_file(&pki, "server.key");
    buf_add(&both, certificate.p, certificate.n);
    buf_add(&both, key.p, key.n);
    const char *server = temp_write(&pki.arena, pki.dir, "server.both", buf_span(&both));
    assert_false(verify(openssl_sign("p256", "-cades", "-signer", server), "root.pem", NULL,
                        time_now(), &r));
    assert_int_equal(r.n, 2);
    assert_int_equal(r.v[0].faults.n + r.v[1].faults.n, 1);
}

static void test_purpose(void **state)
{
    (void)state;
    struct cms_result r;
    assert_false(
        verify(openssl_sign("server", "-cades", NULL, NULL), "root.pem", NULL, time_now(), &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_PURPOSE));
    assert_false(r.v[0].pinned);
    assert_false(
        verify(openssl_sign("encrypt", "-cades", NULL, NULL), "root.pem", NULL, time_now(), &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_PURPOSE));
}

/* What a verifier would refuse is not signed with. */
static void test_refused_signers(void **state)
{
    (void)state;
    static const struct {
        const char *certificate, *key, *why;
        int64_t later;
    } cases[] = {
        {"server.pem", "server.key", "extended key usage", 0},
        {"encrypt.pem", "encrypt.key", "does not permit signatures", 0},
        {"p256.pem", "rsa.key", "not that of", 0},
        {"p256.pem", "p256.key", "expired at", YEARS},
        {"p256.pem", "p256.key", "valid only from", -YEARS},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(key_release) struct key key = KEY_INIT;
        struct err err = ERR_INIT;
        struct signer *s;
        assert_true(key_read(pki_file(&pki, cases[i].key), NULL, &key, &err));
        assert_false(signer_open(cases[i].certificate, pki_file(&pki, cases[i].certificate),
                                 key.pkey, time_now() + cases[i].later, &s, &err));
        assert_non_null(strstr(err.msg, cases[i].why));
        assert_null(s);
    }
}

static void test_weak_key(void **state)
{
    (void)state;
    CLEANUP(key_release) struct key key = KEY_INIT;
    struct err err = ERR_INIT;
    struct signer *s;
    OPENSSL(&pki, "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout",
            pki_path(&pki, "ed.key"), "-out", pki_path(&pki, "ed.pem"), "-subj", "/CN=ed");
    assert_true(key_read(pki_file(&pki, "ed.key"), NULL, &key, &err));
    assert_false(signer_open("ed.pem", pki_file(&pki, "ed.pem"), key.pkey, time_now(), &s, &err));
    assert_non_null(strstr(err.msg, "ed25519"));
}

static void test_other_bytes(void **state)
{
    (void)state;
    struct cms_result r;
    struct span der = sign("p256");
    struct span less = {data.p, data.n - 1};
    assert_false(cms_verify(&pki.arena, less, der, &nobody, &r));
    assert_true(has_fault(&r.v[0].faults, FAULT_SIGNATURE));
    struct span cut = {der.p, der.n - 1};
    assert_false(cms_verify(&pki.arena, data, cut, &nobody, &r));
    assert_true(has_fault(&r.faults, FAULT_FORM));
    uint8_t *longer = arena_alloc(&pki.arena, der.n + 1);
    memcpy(longer, der.p, der.n);
    assert_false(cms_verify(&pki.arena, data, (struct span){longer, der.n + 1}, &nobody, &r));
    assert_true(has_fault(&r.faults, FAULT_FORM));
    struct span none = {(const uint8_t *)"", 0};
    assert_false(cms_verify(&pki.arena, data, none, &nobody, &r));
}

/* Every octet of a stamped signature, changed in three ways. Parts of the structure are outside of
 * what is signed (versions, algorithms named twice, certificates nobody needs): whatever still
 * verifies must say nothing else about who signed and when; without its name a timestamp is gone.
 */
static bool says_nothing_else(const struct cms_result *whole, const struct cms_result *r)
{
    const struct cms_signature *a = &whole->v[0];
    const struct cms_signature *b = &r->v[0];
    return r->n == 1 && b->pinned && a->signing_time == b->signing_time &&
           memcmp(a->certificate.sha256, b->certificate.sha256, SHA256_SIZE) == 0 &&
           (!b->stamped ||
            (a->proven_time == b->proven_time &&
             memcmp(a->stamp.certificate.sha256, b->stamp.certificate.sha256, SHA256_SIZE) == 0));
}

static void test_every_octet(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    struct span der = stamped(sign("p256"), "tsa");
    struct trust *t = pki_trust(&pki, "root.pem");
    struct cms_how how = {t, t, time_now()};
    struct cms_result whole;
    size_t found = 0;
    assert_true(cms_verify(&pki.arena, data, der, &how, &whole));
    uint8_t *copy = xmalloc(der.n);
    for (size_t i = 0; i < der.n * NITEMS(masks); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct cms_result r;
        memcpy(copy, der.p, der.n);
        copy[i / NITEMS(masks)] ^= masks[i % NITEMS(masks)];
        bool good = cms_verify(&a, data, (struct span){copy, der.n}, &how, &r);
        if (good && !says_nothing_else(&whole, &r)) {
            fail_msg("octet %zu ^ %02x", i / NITEMS(masks), masks[i % NITEMS(masks)]);
        }
        found += !good;
    }
    free(copy);
    trust_free(t);
    assert_true(found > der.n * NITEMS(masks) / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ours),
        cmocka_unit_test(test_anchors),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_timestamp),
        cmocka_unit_test(test_foreign_timestamp),
        cmocka_unit_test(test_made_by_openssl),
        cmocka_unit_test(test_purpose),
        cmocka_unit_test(test_refused_signers),
        cmocka_unit_test(test_weak_key),
        cmocka_unit_test(test_other_bytes),
        cmocka_unit_test(test_every_octet),
    };
    return cmocka_run_group_tests(tests, pki_set_up, pki_tear_down);
}
