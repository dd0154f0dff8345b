/* SPDX-License-Identifier: Apache-2.0
 *
 * PKCS#12 that is hostile or damaged: it is refused before it costs anything, and no byte past
 * the end is read. PBMAC1 is here too, because only hand-made files show its rules.
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

static struct fixture ec;
static const char password_text[] = "correct horse 42";
static struct secret password;

static int setup(void **state UNUSED)
{
    fixture_make(&ec, KEY_EC_P256);
    password = fixture_secret(password_text);
    return 0;
}

static int teardown(void **state UNUSED)
{
    fixture_release(&ec);
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

/* --- hostile counts: refused, and by that message, so nothing was derived --- */

/* Replaces INTEGER 2048 (02 02 08 00) at its n-th place by one of the same size. */
static bool patch_count(struct buf *pfx, unsigned which, const uint8_t to[4])
{
    static const uint8_t from[] = {0x02, 0x02, 0x08, 0x00};
    for (size_t i = 0; i + 4 <= pfx->n; i++) {
        if (memcmp(pfx->p + i, from, 4) == 0 && which-- == 0) {
            memcpy(pfx->p + i, to, 4);
            return true;
        }
    }
    return false;
}

static void test_iterations_are_capped(void **state UNUSED)
{
    static const uint8_t zero[] = {0x02, 0x02, 0x00, 0x00};
    static const uint8_t negative[] = {0x02, 0x02, 0x80, 0x00};
    for (unsigned which = 0; which < 3; which++) {
        const uint8_t *patches[] = {zero, negative};
        for (size_t i = 0; i < NITEMS(patches); i++) {
            CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
            struct keystore_entry e = entry(&ec, "www");
            struct keystore k = KEYSTORE_INIT;
            struct err err = ERR_INIT;
            assert_true(pfx_write(&e, pfx_profile_find("compat"), 2048, &out, &err));
            assert_true(patch_count(&out, which, patches[i]));
            assert_false(keystore_read(buf_span(&out), &password, NULL, &k, &err));
            /* the key's count is inside what the MAC covers and is seen after it */
            const char *says = which == 1 ? "MAC differs" : "iteration count";
            if (!strstr(err.msg, says)) {
                fail_msg("count %u, patch %zu: %s", which, i, err.msg);
            }
        }
    }
}

static void put_hostile_mac(struct buf *out, struct span safes, uint64_t count)
{
    static const uint8_t digest[32], salt[8];
    size_t pfx = der_open(out, DER_SEQUENCE);
    der_put_uint(out, 3);
    size_t info = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_DATA);
    size_t tagged = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
    der_put(out, DER_OCTET_STRING, safes);
    der_close(out, tagged);
    der_close(out, info);
    size_t mac = der_open(out, DER_SEQUENCE);
    size_t di = der_open(out, DER_SEQUENCE);
    size_t alg = der_open(out, DER_SEQUENCE);
    der_put_oid(out, pfx_mac_oid("SHA256"));
    der_close(out, alg);
    der_put(out, DER_OCTET_STRING, (struct span){digest, 32});
    der_close(out, di);
    der_put(out, DER_OCTET_STRING, (struct span){salt, 8});
    der_put_uint(out, count);
    der_close(out, mac);
    der_close(out, pfx);
}

static void put_hostile_safe(struct buf *out, unsigned count)
{
    struct pbe pbe;
    static const uint8_t sealed[16];
    pbe_new(PBE_AES256_SHA256, count, &pbe);
    size_t info = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_ENCRYPTED_DATA);
    size_t tagged = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
    size_t data = der_open(out, DER_SEQUENCE);
    der_put_uint(out, 0);
    size_t content = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_DATA);
    pbe_put(out, &pbe);
    der_put(out, DER_CONTEXT(0), (struct span){sealed, 16});
    der_close(out, content);
    der_close(out, data);
    der_close(out, tagged);
    der_close(out, info);
}

static void test_hostile_counts(void **state UNUSED)
{
    static const struct {
        uint64_t mac;
        unsigned safe;
        size_t safes;
        const char *says;
    } cases[] = {
        {LIMIT_PFX_ITERATIONS + 1u, 1, 1, "iteration count"},
        {0xFFFFFFFFFFFFull, 1, 1, "iteration count"},
        {1, LIMIT_PFX_ITERATIONS + 1u, 1, "iteration count"},
        {1, 4000000000u, 1, "iteration count"},
        {1, LIMIT_PFX_ITERATIONS, 1, "add up"},
        {2, LIMIT_PFX_ITERATIONS / 2, 2, "add up"},
        {1, 1000, LIMIT_PFX_SAFES + 1, "more safes"},
        {1, 1000, LIMIT_PFX_SAFES, "MAC differs"}, /* within every limit: goes on to the MAC */
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(buf_release) struct buf safes = BUF_INIT(1 << 20);
        CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
        struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        size_t seq = der_open(&safes, DER_SEQUENCE);
        for (size_t s = 0; s < cases[i].safes; s++) {
            put_hostile_safe(&safes, cases[i].safe);
        }
        der_close(&safes, seq);
        put_hostile_mac(&out, buf_span(&safes), cases[i].mac);
        assert_false(keystore_read(buf_span(&out), &password, NULL, &k, &err));
        if (!strstr(err.msg, cases[i].says)) {
            fail_msg("case %zu: %s", i, err.msg);
        }
    }
}

/* Many bags: the limit is read, one more is not; pairing them stays cheap. */
static void test_bag_limit(void **state UNUSED)
{
    for (size_t n = LIMIT_PFX_BAGS; n <= LIMIT_PFX_BAGS + 1; n++) {
        CLEANUP(buf_release) struct buf bag = BUF_INIT(1 << 16);
        CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 22);
        struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        size_t seq = der_open(&bag, DER_SEQUENCE);
        der_put_oid(&bag, OID_KEY_BAG);
        der_put(&bag, DER_CONTEXT_CONSTRUCTED(0), buf_span(&ec.leaf_key.pkcs8));
        der_close(&bag, seq);
        size_t pfx = der_open(&out, DER_SEQUENCE);
        der_put_uint(&out, 3);
        size_t info = der_open(&out, DER_SEQUENCE);
        der_put_oid(&out, OID_DATA);
        size_t tagged = der_open(&out, DER_CONTEXT_CONSTRUCTED(0));
        size_t octets = der_open(&out, DER_OCTET_STRING), safes = der_open(&out, DER_SEQUENCE);
        size_t safe = der_open(&out, DER_SEQUENCE);
        der_put_oid(&out, OID_DATA);
        size_t inner = der_open(&out, DER_CONTEXT_CONSTRUCTED(0));
        size_t contents = der_open(&out, DER_OCTET_STRING), bags = der_open(&out, DER_SEQUENCE);
        for (size_t i = 0; i < n; i++) {
            buf_add(&out, bag.p, bag.n);
        }
        const size_t marks[] = {bags, contents, inner, safe, safes, octets, tagged, info, pfx};
        for (size_t i = 0; i < NITEMS(marks); i++) {
            der_close(&out, marks[i]);
        }
        bool ok = keystore_read(buf_span(&out), &password, NULL, &k, &err);
        assert_int_equal(ok, n == LIMIT_PFX_BAGS);
        if (ok) {
            assert_int_equal(k.n, n);
            assert_string_equal(k.v[0].note, "no certificate belongs to the key");
            keystore_release(&k);
        } else {
            assert_non_null(strstr(err.msg, "more bags"));
        }
    }
}

/* RFC 9579's MAC, made here from its definition, since libcrypto 3.0 writes none. */
static void make_pbmac1(struct buf *out, struct span safes, bool key_length)
{
    static const uint8_t salt[] = "0123456789abcdef";
    struct pfx_mac mac = {
        .digest = "SHA512",
        .kdf = {.digest = "SHA256", .iterations = 77, .salt = {salt, 16}, .size = 32}};
    uint8_t value[MAC_MAX];
    size_t n = 0;
    struct err err = ERR_INIT;
    assert_true(pfx_mac_compute(&mac, &password, NULL, safes, value, &n, &err));
    assert_int_equal(n, 64);
    size_t pfx = der_open(out, DER_SEQUENCE);
    der_put_uint(out, 3);
    size_t info = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_DATA);
    size_t tagged = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
    der_put(out, DER_OCTET_STRING, safes);
    der_close(out, tagged);
    der_close(out, info);
    size_t data = der_open(out, DER_SEQUENCE), di = der_open(out, DER_SEQUENCE);
    size_t alg = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_PBMAC1);
    size_t params = der_open(out, DER_SEQUENCE), kdf = der_open(out, DER_SEQUENCE);
    der_put_oid(out, "1.2.840.113549.1.5.12");
    size_t kp = der_open(out, DER_SEQUENCE);
    der_put(out, DER_OCTET_STRING, (struct span){salt, 16});
    der_put_uint(out, 77);
    if (key_length) {
        der_put_uint(out, 32);
    }
    size_t prf = der_open(out, DER_SEQUENCE);
    der_put_oid(out, "1.2.840.113549.2.9");
    der_close(out, prf);
    der_close(out, kp);
    der_close(out, kdf);
    size_t hmac = der_open(out, DER_SEQUENCE);
    der_put_oid(out, "1.2.840.113549.2.11");
    der_close(out, hmac);
    der_close(out, params);
    der_close(out, alg);
    der_put(out, DER_OCTET_STRING, (struct span){value, n});
    der_close(out, di);
    der_put(out, DER_OCTET_STRING, (struct span){(const uint8_t *)"NOT USED", 8});
    der_put_uint(out, 1);
    der_close(out, data);
    der_close(out, pfx);
}

static void test_pbmac1(void **state UNUSED)
{
    static const uint8_t safes[] = {0x30, 0x00};
    for (int with = 0; with < 2; with++) {
        CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
        struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        make_pbmac1(&out, (struct span){safes, 2}, with);
        assert_int_equal(keystore_read(buf_span(&out), &password, NULL, &k, &err), with);
        if (with) {
            assert_non_null(strstr(k.summary, "PBMAC1 SHA512"));
            keystore_release(&k);
            out.p[out.n - 20] = (char)(out.p[out.n - 20] ^ 1);
            assert_false(keystore_read(buf_span(&out), &password, NULL, &k, &err));
        } else {
            assert_non_null(strstr(err.msg, "key length"));
        }
    }
}

/* Flips and cuts over a file of ours, at one iteration so that thousands are cheap; bytes end
 * where the heap block ends, so that ASan sees one byte too far. */
static void test_mutations(void **state UNUSED)
{
    static const uint8_t flips[] = {0x01, 0x20, 0x80, 0xFF};
    struct span pfx = fixture_pfx(&ec, NID_aes_256_cbc, -1, 1, 1, password_text, "a");
    uint8_t *copy = xmalloc(pfx.n);
    for (size_t i = 0; i < pfx.n; i++) {
        for (size_t f = 0; f < NITEMS(flips); f++) {
            struct keystore k = KEYSTORE_INIT;
            struct err err = ERR_INIT;
            memcpy(copy, pfx.p, pfx.n);
            copy[i] ^= flips[f];
            if (keystore_read((struct span){copy, pfx.n}, &password, NULL, &k, &err)) {
                /* only what nothing covers may change: an absent NULL is not missed */
                assert_true(k.n == 1 && k.v[0].has_key);
                keystore_release(&k);
            }
        }
    }
    free(copy);
    for (size_t n = 0; n < pfx.n; n++) {
        struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        CLEANUP(freep) uint8_t *exact = xmalloc(n ? n : 1);
        memcpy(exact, pfx.p, n);
        assert_false(keystore_read((struct span){exact, n}, &password, NULL, &k, &err));
    }
    fixture_free_span(pfx);
}

/* As above without a MAC, so that the parsers behind it meet the damage. */
static void test_mutations_without_mac(void **state UNUSED)
{
    struct span pfx = fixture_pfx(&ec, -1, -1, 1, -1, password_text, "a");
    size_t read = 0;
    for (size_t i = 0; i < pfx.n; i++) {
        struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        CLEANUP(freep) uint8_t *copy = xmalloc(pfx.n);
        memcpy(copy, pfx.p, pfx.n);
        copy[i] ^= (uint8_t)(1u << i % 8);
        if (keystore_read((struct span){copy, pfx.n}, &password, NULL, &k, &err)) {
            read++;
            assert_false(k.verified);
            keystore_release(&k);
        }
    }
    assert_true(read > 0);
    fixture_free_span(pfx);
}

static void test_trailing_bytes(void **state UNUSED)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
    struct keystore_entry e = entry(&ec, "www");
    struct keystore k = KEYSTORE_INIT;
    struct err err = ERR_INIT;
    assert_true(pfx_write(&e, &pfx_profiles[0], 1000, &out, &err));
    buf_putc(&out, 0);
    assert_false(keystore_read(buf_span(&out), &password, NULL, &k, &err));
    assert_non_null(strstr(err.msg, "after its end"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iterations_are_capped),
        cmocka_unit_test(test_hostile_counts),
        cmocka_unit_test(test_bag_limit),
        cmocka_unit_test(test_pbmac1),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_mutations_without_mac),
        cmocka_unit_test(test_trailing_bytes),
    };
    return !!cmocka_run_group_tests(tests, setup, teardown);
}
