/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys that OpenSSL's store gives: without a provider named pkcs11 the reason; with one (a stand-in
 * that provides nothing, so that the store's own file: scheme answers) the key, the PIN, and what
 * is said when either is wrong. Trust anchors that are none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/cms.h"
#include "tests/unit/seal_fixture.h"

#include <openssl/core.h>
#include <openssl/provider.h>

static int make(void **state)
{
    (void)state;
    pki_make(&pki);
    OPENSSL(&pki, "ec", "-in", pki_path(&pki, "p256.key"), "-aes256", "-passout", "pass:4711-4712",
            "-out", pki_path(&pki, "locked.key"));
    return 0;
}

static int provides_nothing(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                            const OSSL_DISPATCH **out, void **context)
{
    static const OSSL_DISPATCH none[] = {{0, NULL}};
    (void)in;
    *out = none;
    *context = (void *)(uintptr_t)handle;
    return 1;
}

static const char *uri(const char *name)
{
    return arena_printf(&pki.arena, "file:%s", pki_path(&pki, name));
}

static bool gives(const char *name, const char *pin, struct key *key, struct err *err)
{
    CLEANUP(secret_release) struct secret secret = SECRET_INIT;
    *err = (struct err)ERR_INIT;
    if (pin) {
        secret_set(&secret, pin, strlen(pin));
    }
    return pkcs11_key(uri(name), pin ? &secret : NULL, key, err);
}

static void test_no_provider(void **state)
{
    (void)state;
    CLEANUP(key_release) struct key key = KEY_INIT;
    struct err err;
    assert_false(gives("p256.key", NULL, &key, &err));
    assert_int_equal(err.code, ERR_ENV);
    assert_non_null(strstr(err.msg, "no provider named pkcs11"));
    assert_non_null(err.hint);
    assert_null(key.pkey);
}

static void test_store(void **state)
{
    (void)state;
    CLEANUP(key_release) struct key key = KEY_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    struct err err;
    struct signer *s;
    struct cms_result r;
    const struct cms_how nobody = {.now = time_now()};
    const struct span data = {(const uint8_t *)"data", 4};
    assert_int_equal(OSSL_PROVIDER_add_builtin(NULL, "pkcs11", provides_nothing), 1);
    assert_false(gives("locked.key", "0000", &key, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_null(strstr(err.msg, "0000"));
    assert_false(gives("locked.key", NULL, &key, &err));
    assert_false(gives("absent.key", "4711-4712", &key, &err));
    assert_false(gives("p256.pem", NULL, &key, &err)); /* a certificate, no key */
    assert_true(gives("locked.key", "4711-4712", &key, &err));
    assert_non_null(key.pkey);
    assert_true(
        signer_open("p256.pem", pki_file(&pki, "p256.pem"), key.pkey, time_now(), &s, &err));
    assert_true(cms_sign(s, data, time_now(), &der, &err));
    assert_true(cms_verify(&pki.arena, data, buf_span(&der), &nobody, &r));
    signer_free(s);
}

/* The default provider is still there for everything else. */
static void test_default_stays(void **state)
{
    (void)state;
    uint8_t digest[32];
    CLEANUP(key_release) struct key key = KEY_INIT;
    struct err err = ERR_INIT;
    sha3_256("x", 1, digest);
    assert_true(key_generate(KEY_EC_P384, &key, &err));
}

static void test_anchors(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        bool good;
    } files[] = {{"root.pem", true}, {"p256.key", false}, {"serial", false}, {"p256.csr", false}};
    for (size_t i = 0; i < NITEMS(files); i++) {
        struct trust *t;
        struct err err = ERR_INIT;
        bool ok = trust_read(files[i].file, pki_file(&pki, files[i].file), &t, &err);
        assert_int_equal(ok, files[i].good);
        assert_int_equal(trust_count(t), files[i].good ? 1 : 0);
        trust_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_provider),
        cmocka_unit_test(test_store),
        cmocka_unit_test(test_default_stays),
        cmocka_unit_test(test_anchors),
    };
    return cmocka_run_group_tests(tests, make, pki_tear_down);
}
