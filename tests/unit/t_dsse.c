/* SPDX-License-Identifier: Apache-2.0
 *
 * DSSE envelopes: the example of the specification octet for octet, ours checked by the openssl
 * program, envelopes that are none, every octet of a payload and a signature.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/dsse.h"
#include "tests/unit/seal_fixture.h"

static const char statement[] = "{\"_type\":\"https://in-toto.io/Statement/v1\"}";
static const struct span payload = {(const uint8_t *)statement, sizeof statement - 1};

static bool wrap(const struct signer *s, struct buf *out, struct err *err)
{
    return dsse_make(s, DSSE_IN_TOTO, payload, out, err);
}

static struct span envelope(const char *signer)
{
    return pki_made(&pki, signer, wrap);
}

static struct cert certificate(const char *name)
{
    struct err err = ERR_INIT;
    struct cert *certs;
    size_t n;
    assert_true(certs_read(&pki.arena, name,
                           pki_file(&pki, arena_printf(&pki.arena, "%s.pem", name)), &certs, &n,
                           &err));
    return certs[0];
}

/* The test vector of protocol.md. */
static void test_encoding(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
    static const char hello[] = "hello world";
    dsse_pae("http://example.com/HelloWorld", (struct span){(const uint8_t *)hello, 11}, &out);
    assert_string_equal(buf_text(&out), "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

static void test_round(void **state)
{
    (void)state;
    static const char *const signers[] = {"p256", "p384", "p521", "rsa"};
    for (size_t i = 0; i < NITEMS(signers); i++) {
        struct dsse d;
        struct err err = ERR_INIT;
        struct cert own = certificate(signers[i]);
        struct cert other = certificate("server");
        assert_true(dsse_read(&pki.arena, "e", envelope(signers[i]), &d, &err));
        assert_string_equal(d.type, DSSE_IN_TOTO);
        assert_true(span_eq(d.payload, payload));
        assert_int_equal(d.n, 1);
        assert_string_equal(d.v[0].key_id, hex_dup(&pki.arena, own.key.sha256, SHA256_SIZE));
        assert_true(dsse_signed_by(&d, &own, &err));
        assert_false(dsse_signed_by(&d, &other, &err));
    }
}

static void test_openssl_agrees(void **state)
{
    (void)state;
    static const char *const signers[] = {"p256", "p384", "p521", "rsa"};
    for (size_t i = 0; i < NITEMS(signers); i++) {
        CLEANUP(buf_release) struct buf pae = BUF_INIT(4096);
        struct dsse d;
        struct err err = ERR_INIT;
        assert_true(dsse_read(&pki.arena, "e", envelope(signers[i]), &d, &err));
        dsse_pae(d.type, d.payload, &pae);
        const char *body = temp_write(&pki.arena, pki.dir, "pae", buf_span(&pae));
        const char *sig = temp_write(&pki.arena, pki.dir, "sig", d.v[0].value);
        const char *pub = pki_path(&pki, "pub.pem");
        OPENSSL(&pki, "x509", "-in", pki_path(&pki, arena_printf(&pki.arena, "%s.pem", signers[i])),
                "-noout", "-pubkey", "-out", pub);
        OPENSSL(&pki, "dgst", "-sha256", "-verify", pub, "-signature", sig, body);
    }
}

static void test_not_envelopes(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "{\"payloadType\":\"t\",\"payload\":\"eA==\",\"signatures\":[]}",
        "{\"payloadType\":\"t\",\"payload\":\"e A==\",\"signatures\":[{\"sig\":\"eA==\"}]}",
        "{\"payloadType\":\"t\",\"payload\":\"eA==\",\"signatures\":[{\"keyid\":\"x\"}]}",
        "{\"payloadType\":\"t\",\"payload\":\"eA==\",\"signatures\":[{\"sig\":\"?\"}]}",
        "{\"payload\":\"eA==\",\"signatures\":[{\"sig\":\"eA==\"}]}",
        "{\"payloadType\":\"t\",\"payload\":\"eA==\",\"payload\":\"eQ==\",\"signatures\":"
        "[{\"sig\":\"eA==\"}]}",
    };
    for (size_t i = 0; i < NITEMS(bad); i++) {
        struct dsse d;
        struct err err = ERR_INIT;
        struct span s = {(const uint8_t *)bad[i], strlen(bad[i])};
        assert_false(dsse_read(&pki.arena, "e", s, &d, &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
}

static void test_changed(void **state)
{
    (void)state;
    struct dsse d;
    struct err err = ERR_INIT;
    struct cert own = certificate("p256");
    assert_true(dsse_read(&pki.arena, "e", envelope("p256"), &d, &err));
    uint8_t *text = arena_memdup(&pki.arena, d.payload.p, d.payload.n);
    uint8_t *sig = arena_memdup(&pki.arena, d.v[0].value.p, d.v[0].value.n);
    d.payload.p = text;
    d.v[0].value.p = sig;
    assert_true(dsse_signed_by(&d, &own, &err));
    for (size_t i = 0; i < d.payload.n; i++) {
        text[i] ^= 1;
        assert_false(dsse_signed_by(&d, &own, &err));
        text[i] ^= 1;
    }
    for (size_t i = 0; i < d.v[0].value.n; i++) {
        sig[i] ^= 1;
        assert_false(dsse_signed_by(&d, &own, &err));
        sig[i] ^= 1;
    }
    d.type = "application/json";
    assert_false(dsse_signed_by(&d, &own, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encoding),       cmocka_unit_test(test_round),
        cmocka_unit_test(test_openssl_agrees), cmocka_unit_test(test_not_envelopes),
        cmocka_unit_test(test_changed),
    };
    return cmocka_run_group_tests(tests, pki_set_up, pki_tear_down);
}
