/* SPDX-License-Identifier: Apache-2.0
 *
 * JKS: what we write is laid out as Java does it and read back, and what must not be written is
 * refused. Damaged files are in t_jks_hostile.c, files of others in t_keystore_corpus.c; Java
 * reads ours in tests/interop/keystores.sh.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/keystore.h"
#include "formats/keystore_int.h"
#include "tests/unit/keystore_fixture.h"

static struct fixture rsa, ec, ed;

static int setup(void **state UNUSED)
{
    fixture_make(&rsa, KEY_RSA_2048);
    fixture_make(&ec, KEY_EC_P256);
    fixture_make(&ed, KEY_ED25519);
    return 0;
}

static int teardown(void **state UNUSED)
{
    fixture_release(&rsa);
    fixture_release(&ec);
    fixture_release(&ed);
    return 0;
}

static struct keystore_entry entry(const struct fixture *f, const char *alias)
{
    return (struct keystore_entry){.alias = alias,
                                   .key = &f->leaf_key,
                                   .leaf = f->leaf,
                                   .chain = f->chain,
                                   .nchain = 2,
                                   .created = 1795262400};
}

static void expect_item(const struct keystore_item *item, const struct fixture *f)
{
    assert_null(item->key_problem);
    assert_true(item->has_key);
    assert_int_equal(item->key.pkcs8.n, f->leaf_key.pkcs8.n);
    assert_memory_equal(item->key.pkcs8.p, f->leaf_key.pkcs8.p, f->leaf_key.pkcs8.n);
    assert_int_equal(item->ncerts, 3);
    assert_true(span_eq(item->certs[0], f->leaf));
    assert_true(span_eq(item->certs[1], f->chain[0]));
    assert_true(span_eq(item->certs[2], f->chain[1]));
    assert_int_equal(item->created, 1795262400);
}

static void test_round_trip(void **state UNUSED)
{
    static const char *const passwords[][2] = {
        {"changeit", NULL}, {"store", "key"}, {"", NULL}, {"p\xC3\xA4ss", "pa\xF0\x9F\x98\x80w"}};
    for (size_t i = 0; i < NITEMS(passwords); i++) {
        struct secret store = fixture_secret(passwords[i][0]);
        struct secret key = fixture_secret(passwords[i][1] ? passwords[i][1] : "");
        const struct secret *own = passwords[i][1] ? &key : NULL;
        struct keystore_entry entries[] = {entry(&rsa, "zulu"),
                                           entry(&ec, "Alpha"),
                                           entry(&ed, "mike"),
                                           {.alias = "root", .leaf = ec.chain[1]}};
        CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
        CLEANUP(keystore_release) struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        for (size_t e = 0; e < NITEMS(entries); e++) {
            entries[e].password = &store;
            entries[e].key_password = own;
        }
        assert_true(jks_write(entries, NITEMS(entries), &store, &out, &err));
        for (size_t e = 0; e < NITEMS(entries); e++) {
            assert_true(keystore_check(buf_span(&out), &entries[e], &err));
        }
        assert_true(keystore_read(buf_span(&out), &store, own, &k, &err));
        assert_int_equal(k.kind, KEYSTORE_JKS);
        assert_true(k.verified);
        assert_int_equal(k.n, 4);
        assert_string_equal(k.v[0].alias, "alpha"); /* sorted, lower case */
        assert_string_equal(k.v[1].alias, "mike");
        assert_string_equal(k.v[2].alias, "root");
        assert_string_equal(k.v[3].alias, "zulu");
        expect_item(&k.v[0], &ec);
        expect_item(&k.v[1], &ed);
        expect_item(&k.v[3], &rsa);
        assert_false(k.v[2].has_key);
        assert_true(span_eq(k.v[2].certs[0], ec.chain[1]));
        secret_release(&store);
        secret_release(&key);
    }
}

/* The head of a file of Java's own keytool, byte for byte where nothing is random. */
static void test_layout(void **state UNUSED)
{
    struct secret pw = fixture_secret("changeit");
    struct keystore_entry e = entry(&ec, "TheHost");
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
    struct err err = ERR_INIT;
    char hex[140];
    e.created = 0x1a1fc848c31 / 1000;
    assert_true(jks_write(&e, 1, &pw, &out, &err));
    hex_encode((const uint8_t *)out.p, 25, hex);
    assert_string_equal(hex, "feedfeed000000020000000100000001000774686"
                             "5686f7374");
    size_t sealed = ec.leaf_key.pkcs8.n + 40;
    hex_encode((const uint8_t *)out.p + 25 + 8 + 4 + 3, 16, hex);
    assert_string_equal(hex, "300e060a2b060104012a021101010500");
    size_t info = 3 + 16 + 3 + sealed;
    size_t certs = 3 * (2 + 5 + 4) + ec.leaf.n + ec.chain[0].n + ec.chain[1].n;
    assert_int_equal(out.n, 12 + 4 + 2 + 7 + 8 + 4 + info + 4 + certs + 20);
    secret_release(&pw);
}

static void test_wrong_passwords(void **state UNUSED)
{
    struct secret store = fixture_secret("store"), key = fixture_secret("key");
    struct keystore_entry e = entry(&ec, "a");
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
    struct err err = ERR_INIT;
    struct keystore k = KEYSTORE_INIT;
    e.key_password = &key;
    assert_true(jks_write(&e, 1, &store, &out, &err));
    assert_false(keystore_read(buf_span(&out), &key, &key, &k, &err));
    assert_non_null(strstr(err.msg, "wrong password"));
    assert_true(keystore_read(buf_span(&out), &store, NULL, &k, &err));
    assert_string_equal(k.v[0].key_problem, "wrong key password");
    assert_null(k.v[0].key.pkey);
    assert_int_equal(k.v[0].ncerts, 3);
    keystore_release(&k);
    assert_true(keystore_read(buf_span(&out), NULL, NULL, &k, &err));
    assert_false(k.verified);
    assert_string_equal(k.v[0].key_problem, "no password was given");
    keystore_release(&k);
    /* the check of a store just written takes neither */
    e.password = &key;
    assert_false(keystore_check(buf_span(&out), &e, &err));
    e.password = &store;
    e.key_password = NULL;
    assert_false(keystore_check(buf_span(&out), &e, &err));
    secret_release(&store);
    secret_release(&key);
}

static void test_writer_refuses(void **state UNUSED)
{
    struct secret pw = fixture_secret("changeit");
    struct span gap[] = {ec.chain[1]};
    struct span reversed[] = {ec.chain[1], ec.chain[0]};
    struct keystore_entry good = entry(&ec, "good");
    char long_alias[66] = {0};
    memset(long_alias, 'a', 65);
    struct {
        const char *says;
        struct keystore_entry first, second;
    } cases[] = {
        {"alias", good, good},          {"alias", good, good},
        {"alias", good, good},          {"alias \"good\"", good, good},
        {"alias \"good\"", good, good}, {"does not belong", good, good},
        {"issuer", good, good},         {"issuer", good, good},
        {"malformed", good, good},      {"cannot have a chain", good, good},
    };
    cases[0].first.alias = "";
    cases[1].first.alias = long_alias;
    cases[2].first.alias = "caf\xC3\xA9";
    cases[4].second.alias = "GOOD";
    cases[5].first.key = &ed.leaf_key;
    cases[6].first.chain = gap;
    cases[6].first.nchain = 1;
    cases[7].first.chain = reversed;
    cases[8].first.leaf = (struct span){ec.leaf.p, ec.leaf.n - 1};
    cases[9].first.key = NULL;
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct keystore_entry both[] = {cases[i].first, cases[i].second};
        CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
        struct err err = ERR_INIT;
        assert_false(jks_write(both, 2, &pw, &out, &err));
        if (!strstr(err.msg, cases[i].says)) {
            fail_msg("case %zu says \"%s\"", i, err.msg);
        }
    }
    long_alias[64] = '\0'; /* the limit itself is fine */
    good.alias = long_alias;
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
    struct err err = ERR_INIT;
    assert_true(jks_write(&good, 1, &pw, &out, &err));
    secret_release(&pw);
}

static void test_empty_store(void **state UNUSED)
{
    struct secret pw = fixture_secret("changeit");
    struct buf out = BUF_INIT(1000);
    struct keystore k = KEYSTORE_INIT;
    struct err err = ERR_INIT;
    assert_true(jks_write(NULL, 0, &pw, &out, &err));
    assert_int_equal(out.n, 32);
    assert_true(keystore_read(buf_span(&out), &pw, NULL, &k, &err));
    assert_int_equal(k.n, 0);
    keystore_release(&k);
    buf_release(&out);
    secret_release(&pw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),      cmocka_unit_test(test_layout),
        cmocka_unit_test(test_wrong_passwords), cmocka_unit_test(test_writer_refuses),
        cmocka_unit_test(test_empty_store),
    };
    return !!cmocka_run_group_tests(tests, setup, teardown);
}
