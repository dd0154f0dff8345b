/* SPDX-License-Identifier: Apache-2.0
 *
 * JKS made by hand: everything Java lets pass and should not is refused, what is odd but readable
 * is read and said to be odd, and no byte past the end is touched.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/keystore.h"
#include "formats/keystore_int.h"
#include "tests/unit/keystore_fixture.h"

static struct fixture ec, ed;

static int setup(void **state UNUSED)
{
    fixture_make(&ec, KEY_EC_P256);
    fixture_make(&ed, KEY_ED25519);
    return 0;
}

static int teardown(void **state UNUSED)
{
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

/* --- hand-made files, with a right digest so that only the fault itself can refuse them --- */

static void be(struct buf *b, uint64_t v, unsigned octets)
{
    while (octets--) {
        buf_putc(b, (char)(v >> (8 * octets)));
    }
}

static void head(struct buf *b, uint32_t magic, uint32_t version, uint32_t count)
{
    be(b, magic, 4);
    be(b, version, 4);
    be(b, count, 4);
}

static void cert_entry(struct buf *b, const char *alias, size_t n, const char *type)
{
    be(b, 2, 4);
    be(b, n, 2);
    buf_add(b, alias, n);
    be(b, 1000, 8);
    if (type) {
        be(b, strlen(type), 2);
        buf_puts(b, type);
    }
    be(b, ec.leaf.n, 4);
    buf_add(b, ec.leaf.p, ec.leaf.n);
}

static void key_entry(struct buf *b, const void *info, size_t n, uint32_t chain)
{
    be(b, 1, 4);
    be(b, 1, 2);
    buf_puts(b, "k");
    be(b, 1000, 8);
    be(b, n, 4);
    buf_add(b, info, n);
    be(b, chain, 4);
}

static void seal(struct buf *b, const char *password)
{
    uint8_t digest[SHA1_SIZE];
    struct secret pw = fixture_secret(password), utf16 = SECRET_INIT;
    assert_true(password_utf16(&pw, false, &utf16));
    assert_true(jks_digest(&utf16, buf_span(b), digest));
    buf_add(b, digest, sizeof digest);
    secret_release(&pw);
    secret_release(&utf16);
}

/* Published vectors of the digest. */
static void test_digest_vectors(void **state UNUSED)
{
    static const struct {
        const char *data, *password, *hex;
    } cases[] = {
        {"", "", "569d05a766c473698c0b58ebaeae0a25eb10bacc"},
        {"input data", "password", "74ddd13b68919674d4409a19ab284019a1da57c8"},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct buf b = BUF_INIT(1000);
        char hex[41];
        buf_puts(&b, cases[i].data);
        seal(&b, cases[i].password);
        hex_encode((const uint8_t *)b.p + b.n - 20, 20, hex);
        assert_string_equal(hex, cases[i].hex);
        buf_release(&b);
    }
}

static const char long_alias[LIMIT_JKS_ALIAS + 1] = "x";

/* What is wrong, and what must be said of it. A file is its head, certificate entries, a key entry,
 * loose octets; `cut` octets less before it is sealed. */
#define OCTETS(text_) text_, sizeof(text_) - 1
#define ALIAS(says_, alias_)                                                                       \
    {                                                                                              \
        .says = (says_), .magic = JKS_MAGIC, .version = 2, .count = 1, .certs = 1,                 \
        .type = "X.509", .alias = (alias_), .alias_n = sizeof(alias_) - 1                          \
    }
enum damage { WHOLE, TRAILING, DIGEST_FLIPPED, DIGEST_SHORT };
static const struct fault {
    const char *says;
    uint32_t magic, version, count;
    unsigned certs; /* entries of this alias and type */
    const char *alias;
    size_t alias_n;
    const char *type;
    uint32_t chain; /* not 0: a key entry that claims so many certificates */
    const char *loose;
    size_t loose_n, cut;
    enum damage damage; /* after it was sealed */
} faults[] = {
    {.says = "neither", .magic = 0xFEEDFACE, .version = 2},
    {.says = "version", .magic = JKS_MAGIC, .version = 0},
    {.says = "version", .magic = JKS_MAGIC, .version = 3},
    {"secret key", JKS_MAGIC, 2, 1, 0, NULL, 0, NULL, 0, OCTETS("\0\0\0\3"), 0, WHOLE},
    {"unknown kind", JKS_MAGIC, 2, 1, 0, NULL, 0, NULL, 0, OCTETS("\0\0\0\x09"), 0, WHOLE},
    {"unknown kind", JKS_MAGIC, 2, 2, 1, OCTETS("a"), "X.509", 0, NULL, 0, 0, WHOLE},
    {.says = "limit", .magic = JKS_MAGIC, .version = 2, .count = 0x7FFFFFFF},
    {.says = "limit", .magic = JKS_MAGIC, .version = 2, .count = LIMIT_JKS_ENTRIES + 1},
    {"past the end", JKS_MAGIC, 2, 1, 0, NULL, 0, NULL, 0, OCTETS("\0\0\0\2\0\xC8"), 0, WHOLE},
    {"limit", JKS_MAGIC, 2, 1, 1, long_alias, sizeof long_alias, "X.509", 0, NULL, 0, 0, WHOLE},
    ALIAS("modified UTF-8", "\xF0\x9F\x98\x80"), /* four octets for one character */
    ALIAS("modified UTF-8", "a\0b"),
    ALIAS("modified UTF-8", "\xED\xA0\xBD"), /* half of a surrogate pair */
    ALIAS("modified UTF-8", "\xC1\x81"),     /* longer than it need be */
    {"other than X.509", JKS_MAGIC, 2, 1, 1, OCTETS("a"), "PGP", 0, NULL, 0, 0, WHOLE},
    {"past the end", JKS_MAGIC, 2, 1, 1, OCTETS("a"), "X.509", 0, NULL, 0, 30, WHOLE},
    {"empty", JKS_MAGIC, 2, 1, 0, NULL, 0, NULL, 0,
     OCTETS("\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\5X.509\0\0\0\0"), 0, WHOLE},
    {.says = "chain", .magic = JKS_MAGIC, .version = 2, .count = 1, .chain = LIMIT_JKS_CHAIN + 1},
    {.says = "chain", .magic = JKS_MAGIC, .version = 2, .count = 1, .chain = 0xFFFFFFFF},
    {"twice", JKS_MAGIC, 2, 2, 2, OCTETS("a"), "X.509", 0, NULL, 0, 0, WHOLE},
    {"after the digest", JKS_MAGIC, 2, 1, 1, OCTETS("a"), "X.509", 0, NULL, 0, 0, TRAILING},
    {"digest differs", JKS_MAGIC, 2, 1, 1, OCTETS("a"), "X.509", 0, NULL, 0, 0, DIGEST_FLIPPED},
    {"digest is cut off", JKS_MAGIC, 2, 1, 1, OCTETS("a"), "X.509", 0, NULL, 0, 0, DIGEST_SHORT},
};

static void make_fault(struct buf *b, const struct fault *f)
{
    head(b, f->magic, f->version, f->count);
    for (unsigned i = 0; i < f->certs; i++) {
        cert_entry(b, f->alias, f->alias_n, f->type);
    }
    if (f->chain) {
        key_entry(b, "", 0, f->chain);
    }
    buf_add(b, f->loose ? f->loose : "", f->loose_n);
    b->n -= f->cut;
    seal(b, "changeit");
    b->n -= f->damage == DIGEST_SHORT;
    if (f->damage == TRAILING) {
        buf_putc(b, 0);
    } else if (f->damage == DIGEST_FLIPPED) {
        b->p[b->n - 1] = (char)(b->p[b->n - 1] ^ 1);
    }
}

static void test_every_fault_is_refused(void **state UNUSED)
{
    struct secret pw = fixture_secret("changeit");
    for (size_t i = 0; i < NITEMS(faults); i++) {
        struct buf b = BUF_INIT(1 << 20);
        struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        make_fault(&b, &faults[i]);
        if (keystore_read(buf_span(&b), &pw, NULL, &k, &err)) {
            fail_msg("fault %zu (%s) was accepted", i, faults[i].says);
        }
        if (!strstr(err.msg, faults[i].says)) {
            fail_msg("fault %zu: \"%s\" does not say \"%s\"", i, err.msg, faults[i].says);
        }
        buf_release(&b);
    }
    secret_release(&pw);
}

/* Readable, with what is odd about it said. */
static void test_odd_but_readable(void **state UNUSED)
{
    static const struct {
        uint32_t version;
        const char *alias;
        size_t n;
        const char *type, *want, *note;
    } cases[] = {
        {2, "MyHost", 6, "X.509", "MyHost", "not lower case"},
        {2, "", 0, "X.509", "", "empty"},
        {2, "a b&c", 5, "X509", "a b&c", NULL},
        {1, "old", 3, NULL, "old", NULL},
        {2, "\xED\xA0\xBD\xED\xB8\x80", 6, "X.509", "\xF0\x9F\x98\x80", NULL},
        {2,
         "stra\xC3\x9F"
         "e",
         7, "X.509",
         "stra\xC3\x9F"
         "e",
         NULL},
        {2, "\xE2\x82\xAC", 3, "X.509", "\xE2\x82\xAC", NULL},
    };
    struct secret pw = fixture_secret("changeit");
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct buf b = BUF_INIT(1 << 20);
        CLEANUP(keystore_release) struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        head(&b, JKS_MAGIC, cases[i].version, 1);
        cert_entry(&b, cases[i].alias, cases[i].n, cases[i].type);
        seal(&b, "changeit");
        assert_true(keystore_read(buf_span(&b), &pw, NULL, &k, &err));
        assert_int_equal(k.n, 1);
        assert_string_equal(k.v[0].alias, cases[i].want);
        assert_true(span_eq(k.v[0].certs[0], ec.leaf));
        if (cases[i].note) {
            assert_non_null(strstr(k.v[0].note, cases[i].note));
        } else {
            assert_null(k.v[0].note);
        }
        buf_release(&b);
    }
    secret_release(&pw);
}

/* A key that cannot be had does not hide the rest of the store. */
static void test_key_problems(void **state UNUSED)
{
    static const struct {
        const char *hex, *says;
    } cases[] = {
        {"", "malformed"},
        {"3003020100", "malformed"},
        {"30160612", "malformed"},
        {"3014300e060a2b060104012a0211010105000402ffff", "too short"},
        {"3014300e060a2b060104012a0211010205000402ffff", "does not know"},
    };
    struct secret pw = fixture_secret("changeit");
    for (size_t i = 0; i < NITEMS(cases); i++) {
        uint8_t info[64];
        struct buf b = BUF_INIT(1 << 20);
        CLEANUP(keystore_release) struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        assert_true(hex_decode(cases[i].hex, strlen(cases[i].hex), info));
        head(&b, JKS_MAGIC, 2, 2);
        key_entry(&b, info, strlen(cases[i].hex) / 2, 0);
        cert_entry(&b, "c", 1, "X.509");
        seal(&b, "changeit");
        assert_true(keystore_read(buf_span(&b), &pw, NULL, &k, &err));
        assert_int_equal(k.n, 2);
        assert_non_null(strstr(k.v[0].key_problem, cases[i].says));
        assert_null(k.v[0].key.pkey);
        assert_true(span_eq(k.v[1].certs[0], ec.leaf));
        buf_release(&b);
    }
    secret_release(&pw);
}

/* Java loads a key with another key's certificate, or none; we say so. */
static void test_pairing_is_noted(void **state UNUSED)
{
    static const char *const notes[] = {"does not belong", "no certificate"};
    struct secret pw = fixture_secret("changeit"), utf16 = SECRET_INIT;
    assert_true(password_utf16(&pw, false, &utf16));
    for (uint32_t none = 0; none < 2; none++) {
        struct buf b = BUF_INIT(1 << 20), sealed = BUF_INIT(1 << 16), info = BUF_INIT(1 << 16);
        CLEANUP(keystore_release) struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        assert_true(jks_protect(&utf16, buf_span(&ed.leaf_key.pkcs8), &sealed));
        size_t seq = der_open(&info, DER_SEQUENCE), algorithm = der_open(&info, DER_SEQUENCE);
        der_put_oid(&info, JKS_PROTECTOR_OID); /* no NULL: Java reads that too */
        der_close(&info, algorithm);
        der_put(&info, DER_OCTET_STRING, buf_span(&sealed));
        der_close(&info, seq);
        head(&b, JKS_MAGIC, 2, 1);
        key_entry(&b, info.p, info.n, 1 - none);
        if (!none) {
            be(&b, 5, 2);
            buf_puts(&b, "X.509");
            be(&b, ec.leaf.n, 4);
            buf_add(&b, ec.leaf.p, ec.leaf.n);
        }
        seal(&b, "changeit");
        assert_true(keystore_read(buf_span(&b), &pw, NULL, &k, &err));
        assert_null(k.v[0].key_problem);
        assert_int_equal(k.v[0].key.type, KEY_ED25519);
        assert_non_null(strstr(k.v[0].note, notes[none]));
        buf_release(&b);
        buf_release(&sealed);
        buf_release(&info);
    }
    secret_release(&pw);
    secret_release(&utf16);
}

/* Any single change or cut is refused: the digest covers every byte. */
static void test_mutations(void **state UNUSED)
{
    struct secret pw = fixture_secret("changeit");
    struct keystore_entry e = entry(&ec, "www");
    struct buf out = BUF_INIT(1 << 20);
    struct err err = ERR_INIT;
    assert_true(jks_write(&e, 1, &pw, &out, &err));
    for (size_t i = 0; i < out.n; i++) {
        static const uint8_t flips[] = {0x01, 0x80, 0xFF};
        for (size_t f = 0; f < NITEMS(flips); f++) {
            struct keystore k = KEYSTORE_INIT;
            out.p[i] = (char)(out.p[i] ^ flips[f]);
            assert_false(keystore_read(buf_span(&out), &pw, NULL, &k, &err));
            /* without the digest in the way, parsing alone must hold */
            if (keystore_read(buf_span(&out), NULL, NULL, &k, &err)) {
                keystore_release(&k);
            }
            out.p[i] = (char)(out.p[i] ^ flips[f]);
        }
    }
    for (size_t n = 0; n < out.n; n++) {
        struct keystore k = KEYSTORE_INIT;
        CLEANUP(freep) uint8_t *exact = xmalloc(n ? n : 1); /* for ASan */
        memcpy(exact, out.p, n);
        assert_false(keystore_read((struct span){exact, n}, &pw, NULL, &k, &err));
    }
    buf_release(&out);
    secret_release(&pw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest_vectors),   cmocka_unit_test(test_every_fault_is_refused),
        cmocka_unit_test(test_odd_but_readable), cmocka_unit_test(test_key_problems),
        cmocka_unit_test(test_pairing_is_noted), cmocka_unit_test(test_mutations),
    };
    return !!cmocka_run_group_tests(tests, setup, teardown);
}
