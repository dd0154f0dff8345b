/* SPDX-License-Identifier: Apache-2.0
 *
 * Names and extensions of requests and certificates, with libcrypto's object table as the other
 * opinion. Keys and signatures are in t_x509_keys.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/x509.h"
#include "tests/unit/corpus.h"

#include <openssl/objects.h>

#define BYTES(...)                                                                                 \
    ((struct span){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

static void test_attribute_names_are_libcryptos(void **state)
{
    (void)state;
    size_t known = 0;
    for (size_t i = 0; i < dn_names_count; i++) {
        const struct dn_name *n = &dn_names[i];
        int nid = OBJ_txt2nid(n->oid);
        assert_ptr_equal(dn_name_by_oid(n->oid), n);
        assert_ptr_equal(dn_name_by_manifest(n->manifest), n);
        if (nid != NID_undef) {
            assert_string_equal(OBJ_nid2sn(nid), n->name);
            known++;
        }
    }
    assert_true(known >= 28);
    assert_null(dn_name_by_oid("1.2.3"));
    assert_null(dn_name_by_manifest("CN"));
}

/* Name with one attribute CN of the given string type. */
static bool parse_cn(struct arena *a, unsigned tag, struct span value, struct dn *out)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    size_t name = der_open(&b, DER_SEQUENCE);
    size_t set = der_open(&b, DER_SET);
    size_t seq = der_open(&b, DER_SEQUENCE);
    der_put_oid(&b, "2.5.4.3");
    der_put(&b, tag, value);
    der_close(&b, seq);
    der_close(&b, set);
    der_close(&b, name);
    struct der_tlv t;
    struct span copy = {arena_memdup(a, b.p, b.n), b.n};
    struct der d = der_over(copy);
    assert_true(der_take(&d, DER_SEQUENCE, &t));
    return x509_parse_dn(a, &d, &t, out);
}

static void test_string_types(void **state)
{
    (void)state;
    static const struct {
        unsigned tag;
        const char *raw;
        size_t n;
        const char *text;
        size_t text_n;
        bool malformed;
    } cases[] = {
        {DER_UTF8, "M\xC3\xBC", 3, "M\xC3\xBC", 3, false},
        {DER_UTF8, "a\xFFz", 3, "a\xEF\xBF\xBDz", 5, true},
        {DER_UTF8, "\xC0\x80", 2, "\xEF\xBF\xBD\xEF\xBF\xBD", 6, true}, /* overlong NUL */
        {DER_UTF8, "a\0b", 3, "a\0b", 3, false},
        {DER_UTF8, "", 0, "", 0, false},
        {DER_PRINTABLE, "A-z 9?", 6, "A-z 9?", 6, false},
        {DER_PRINTABLE, "a@b*", 4, "a@b*", 4, true},
        {DER_PRINTABLE, "a\0", 2, "a\0", 2, true},
        {DER_PRINTABLE, "\xFC", 1, "\xEF\xBF\xBD", 3, true},
        {DER_IA5, "a@b", 3, "a@b", 3, false},
        {DER_IA5, "\x80", 1, "\xEF\xBF\xBD", 3, true},
        {DER_NUMERIC, "12 3", 4, "12 3", 4, false},
        {DER_NUMERIC, "1a", 2, "1a", 2, true},
        {DER_VISIBLE, "a~", 2, "a~", 2, false},
        {DER_T61, "M\xFC", 2, "M\xC3\xBC", 3, false},
        {DER_BMP, "\0M\0\xFC", 4, "M\xC3\xBC", 3, false},
        {DER_BMP, "\0M\0", 3, "M\xEF\xBF\xBD", 4, true},
        {DER_BMP, "\xD8\x00", 2, "\xEF\xBF\xBD", 3, true}, /* a surrogate */
        {DER_UNIVERSAL, "\0\1\xF6\0", 4, "\xF0\x9F\x98\x80", 4, false},
        {DER_UNIVERSAL, "\1\0\0\0", 4, "\xEF\xBF\xBD", 3, true},
        {DER_OCTET_STRING, "\xAB", 1, "ab", 2, true}, /* no text: shown as hex, fails closed */
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct dn dn;
        assert_true(parse_cn(&a, cases[i].tag,
                             (struct span){(const uint8_t *)cases[i].raw, cases[i].n}, &dn));
        assert_int_equal(dn.n, 1);
        assert_string_equal(dn.v[0].name, "CN");
        assert_int_equal(dn.v[0].tag, cases[i].tag);
        assert_int_equal(dn.v[0].text_n, cases[i].text_n);
        assert_memory_equal(dn.v[0].text, cases[i].text, cases[i].text_n);
        assert_int_equal(dn.v[0].malformed, cases[i].malformed);
    }
}

static void test_names_as_text(void **state)
{
    (void)state;
    static const struct {
        const char *value, *text;
    } cases[] = {
        {"plain", "CN=plain"},
        {"a, b", "CN=a\\, b"},
        {" x ", "CN=\\ x\\ "},
        {"#x", "CN=\\#x"},
        {"a\\b\"c<d>e;f+g", "CN=a\\\\b\\\"c\\<d\\>e\\;f\\+g"},
        {"a\nb", "CN=a\\0Ab"},
        {"\x1B[31m", "CN=\\1B[31m"},
        {"a\xE2\x80\xAE"
         "b",
         "CN=a\\E2\\80\\AEb"},       /* U+202E turns text around */
        {"\xC2\x9B", "CN=\\C2\\9B"}, /* C1 */
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct dn dn;
        struct span raw = {(const uint8_t *)cases[i].value, strlen(cases[i].value)};
        assert_true(parse_cn(&a, DER_UTF8, raw, &dn));
        assert_string_equal(dn_text(&a, &dn), cases[i].text);
        assert_ptr_equal(dn_find(&dn, "CN"), &dn.v[0]);
        assert_null(dn_find(&dn, "O"));
    }
}

static void test_comparing_names(void **state)
{
    (void)state;
    static const struct {
        unsigned tag_a;
        const char *a;
        unsigned tag_b;
        const char *b;
        bool same;
    } cases[] = {
        {DER_UTF8, "Example Corp", DER_PRINTABLE, "Example Corp", true},
        {DER_UTF8, "EXAMPLE  corp ", DER_UTF8, " Example Corp", true},
        {DER_UTF8, "ExampleCorp", DER_UTF8, "Example Corp", false},
        {DER_UTF8, "Example", DER_UTF8, "Example2", false},
        {DER_UTF8, "", DER_UTF8, " ", true},
        {DER_UTF8, "\xFF", DER_PRINTABLE, "\xFF", false}, /* malformed never equals another */
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(arena_release) struct arena arena = ARENA_INIT;
        struct dn a;
        struct dn b;
        assert_true(parse_cn(&arena, cases[i].tag_a,
                             (struct span){(const uint8_t *)cases[i].a, strlen(cases[i].a)}, &a));
        assert_true(parse_cn(&arena, cases[i].tag_b,
                             (struct span){(const uint8_t *)cases[i].b, strlen(cases[i].b)}, &b));
        assert_int_equal(dn_same(&a, &b), cases[i].same);
        assert_int_equal(dn_same(&b, &a), cases[i].same);
    }
}

/* SEQUENCE { SET {}, SET { CN=c } }: certificates have it, nothing may be requested with it. */
static void test_empty_rdn(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const struct span empty = BYTES(0x30, 0x0E, 0x31, 0x00, 0x31, 0x0A, 0x30, 0x08, 0x06, 0x03,
                                    0x55, 0x04, 0x03, 0x0C, 0x01, 'c');
    struct dn dn, plain;
    struct der_tlv t;
    struct der d = der_over(empty);
    assert_true(der_take(&d, DER_SEQUENCE, &t));
    assert_false(x509_parse_dn(&a, &d, &t, &dn));
    assert_true(x509_read_dn(&a, &d, &t, &dn));
    assert_int_equal(dn.n, 1);
    assert_int_equal(dn.rdns, 2);
    assert_int_equal(dn.empty_rdns, 1);
    assert_int_equal(dn.v[0].rdn, 1);
    assert_string_equal(dn_text(&a, &dn), "CN=c");
    assert_true(parse_cn(&a, DER_UTF8, BYTES('c'), &plain));
    assert_int_equal(plain.empty_rdns, 0);
    assert_false(dn_same(&dn, &plain));
    assert_false(dn_same(&plain, &dn));
}

static void test_general_names(void **state)
{
    (void)state;
    static const uint8_t der[] = {
        0x30, 0x56, 0x82, 0x03, 'a',  0x00, 'b', /* dns with a NUL */
        0x82, 0x01, 0xFC,                        /* not IA5 */
        0x81, 0x03, 'a',  '@',  'b',  0x86, 0x03, 'u',  ':',  'x',  0x87, 0x04, 192,
        0,    2,    7,    0x87, 0x10, 0x20, 0x01, 0x0D, 0xB8, 0,    0,    0,    0,
        0,    1,    0,    0,    0,    0,    0,    1,    0x87, 0x03, 1,    2,    3, /* no address */
        0x88, 0x02, 0x2A, 0x03, 0xA4, 0x0E, 0x30, 0x0C, 0x31, 0x0A, 0x30, 0x08, 0x06,
        0x03, 0x55, 0x04, 0x03, 0x0C, 0x01, 'c',  0xA0, 0x09, 0x06, 0x02, 0x2A, 0x03,
        0xA0, 0x03, 0x0C, 0x01, 'v',  0xA0, 0x02, 0x05, 0x00, /* no type */
        0xA3, 0x00, 0xA5, 0x00,
    };
    static const struct {
        enum gn_type type;
        const char *text;
        size_t n;
        bool malformed;
    } want[] = {
        {GN_DNS, "a\0b", 3, false},
        {GN_DNS, "\xFC", 1, true},
        {GN_EMAIL, "a@b", 3, false},
        {GN_URI, "u:x", 3, false},
        {GN_IP, "192.0.2.7", 9, false},
        {GN_IP, "2001:db8::1:0:0:1", 17, false},
        {GN_IP, "010203", 6, true},
        {GN_RID, "1.2.3", 5, false},
        {GN_DIRNAME, "CN=c", 4, false},
        {GN_OTHER, "v", 1, false},
        {GN_OTHER, "malformed other name", 20, true},
        {GN_X400, "x400Address", 11, false},
        {GN_EDI, "ediPartyName", 12, false},
    };
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct general_names names;
    struct der_tlv t;
    struct der d = der_over((struct span){der, sizeof der});
    assert_int_equal(sizeof der, 2 + der[1]);
    assert_true(der_take(&d, DER_SEQUENCE, &t));
    assert_true(x509_parse_names(&a, &d, &t, &names));
    assert_int_equal(names.n, NITEMS(want));
    for (size_t i = 0; i < names.n; i++) {
        assert_int_equal(names.v[i].type, want[i].type);
        assert_int_equal(names.v[i].text_n, want[i].n);
        assert_memory_equal(names.v[i].text, want[i].text, want[i].n);
        assert_int_equal(names.v[i].malformed, want[i].malformed);
        assert_true(names.v[i].offset >= 2 && names.v[i].offset < sizeof der);
    }
    assert_string_equal(names.v[9].other_oid, "1.2.3");
    const struct span bad[] = {BYTES(0x30, 0x02, 0x89, 0x00), BYTES(0x30, 0x03, 0x82, 0x05, 'a'),
                               BYTES(0x30, 0x02, 0xA2, 0x00)};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        d = der_over(bad[i]);
        assert_true(der_take(&d, DER_SEQUENCE, &t));
        assert_false(x509_parse_names(&a, &d, &t, &names));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attribute_names_are_libcryptos),
        cmocka_unit_test(test_string_types),
        cmocka_unit_test(test_names_as_text),
        cmocka_unit_test(test_comparing_names),
        cmocka_unit_test(test_empty_rdn),
        cmocka_unit_test(test_general_names),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
