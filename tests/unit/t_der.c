/* SPDX-License-Identifier: Apache-2.0
 *
 * The DER reader and writer, against libcrypto's own ASN.1 code where it has an opinion.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/time.h"
#include "formats/der.h"
#include "tests/unit/corpus.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/objects.h>

#define BYTES(...)                                                                                 \
    ((struct span){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

static void test_next_reads_and_stops(void **state)
{
    (void)state;
    struct der d = der_over(BYTES(0x02, 0x01, 0x05, 0x04, 0x02, 0xAA, 0xBB));
    struct der_tlv t;
    assert_true(der_next(&d, &t));
    assert_int_equal(t.tag, DER_INTEGER);
    assert_int_equal(t.value.n, 1);
    assert_int_equal(t.whole.n, 3);
    assert_false(der_at_end(&d));
    assert_false(der_take(&d, DER_INTEGER, &t));
    assert_true(der_take(&d, DER_OCTET_STRING, &t));
    assert_int_equal(der_offset(&d, t.whole.p), 3);
    assert_true(der_at_end(&d));
    assert_false(der_next(&d, &t));
    assert_null(d.bad);
}

static void test_malformed_headers_are_refused(void **state)
{
    (void)state;
    const struct span bad[] = {
        BYTES(0x02),                                     /* no length */
        BYTES(0x02, 0x02, 0x01),                         /* content cut off */
        BYTES(0x02, 0x82, 0x01),                         /* length cut off */
        BYTES(0x02, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0), /* does not fit size_t */
        BYTES(0x02, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x00), /* 4 GiB */
        BYTES(0x1F, 0x01, 0x00),                         /* high tag number */
        BYTES(0x00, 0x00),                               /* end of contents alone */
        BYTES(0x04, 0x80, 0x00, 0x00),                   /* indefinite primitive */
        BYTES(0x30, 0x80, 0x02, 0x01, 0x00),             /* never closed */
    };
    for (size_t i = 0; i < NITEMS(bad); i++) {
        struct der_tlv t;
        struct der d = der_over(bad[i]);
        assert_false(der_next(&d, &t));
        assert_non_null(d.bad);
        assert_false(der_at_end(&d));
    }
}

static void test_ber_is_read_and_noted(void **state)
{
    (void)state;
    struct der_tlv t;
    struct der indefinite =
        der_over(BYTES(0x30, 0x80, 0x30, 0x80, 0x02, 0x01, 0x07, 0, 0, 0, 0, 0x05, 0x00));
    assert_true(der_next(&indefinite, &t));
    assert_string_equal(indefinite.strict, "indefinite length");
    assert_int_equal(t.value.n, 7);
    assert_int_equal(t.whole.n, 11);
    assert_true(der_take(&indefinite, DER_NULL, &t));

    const struct {
        struct span bytes;
        bool strict;
        size_t at;
    } cases[] = {
        {BYTES(0x02, 0x81, 0x01, 0x05), true, 0}, /* long form of 1 */
        {BYTES(0x02, 0x02, 0x00, 0x05), true, 0}, /* padded INTEGER */
        {BYTES(0x02, 0x02, 0xFF, 0x85), true, 0}, /* padded negative */
        {BYTES(0x02, 0x02, 0x00, 0x85), false, 0},
        {BYTES(0x02, 0x00), true, 0},                   /* INTEGER without octets */
        {BYTES(0x30, 0x03, 0x01, 0x01, 0x01), true, 2}, /* TRUE as 01 */
        {BYTES(0x30, 0x03, 0x01, 0x01, 0xFF), false, 0},
        {BYTES(0x05, 0x01, 0x00), true, 0},       /* NULL with content */
        {BYTES(0x03, 0x02, 0x03, 0x07), true, 0}, /* unused bits set */
        {BYTES(0x03, 0x02, 0x03, 0x08), false, 0},
        {BYTES(0x03, 0x01, 0x01), true, 0},
        {BYTES(0x03, 0x00), true, 0},
        {BYTES(0x24, 0x03, 0x04, 0x01, 0x00), true, 0},             /* constructed string */
        {BYTES(0x31, 0x06, 0x02, 0x01, 2, 0x02, 0x01, 1), true, 0}, /* SET OF not sorted */
        {BYTES(0x31, 0x06, 0x02, 0x01, 1, 0x02, 0x01, 2), false, 0},
        {BYTES(0x06, 0x02, 0x2A, 0x80), true, 0},       /* OID cut off */
        {BYTES(0x06, 0x03, 0x2A, 0x80, 0x01), true, 0}, /* padded arc */
        {BYTES(0x10, 0x00), true, 0},                   /* primitive SEQUENCE */
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct der d = der_over(cases[i].bytes);
        assert_true(der_check(&d, 8));
        assert_int_equal(d.strict != NULL, cases[i].strict);
        assert_int_equal(d.strict_offset, cases[i].at);
    }
}

static void test_check_reports_the_first_deviation_in_file_order(void **state)
{
    (void)state;
    struct der d = der_over(BYTES(0x30, 0x08, 0x30, 0x03, 0x01, 0x01, 0x01, 0x05, 0x01, 0x00));
    assert_true(der_check(&d, 8));
    assert_int_equal(d.strict_offset, 4);
    assert_string_equal(d.strict, "BOOLEAN other than 00 or FF");
}

static void test_depth_limit_has_two_sides(void **state)
{
    (void)state;
    uint8_t nest[2 * 40];
    for (unsigned depth = 1; depth <= 40; depth++) { /* `depth` SEQUENCEs in each other */
        for (unsigned i = 0; i < depth; i++) {
            nest[2 * i] = 0x30;
            nest[2 * i + 1] = (uint8_t)(2 * (depth - 1 - i));
        }
        struct der d = der_over((struct span){nest, 2u * depth});
        assert_int_equal(der_check(&d, LIMIT_DER_DEPTH), depth <= LIMIT_DER_DEPTH);
        assert_true(depth <= LIMIT_DER_DEPTH || d.bad == der_too_deep);
    }
    uint8_t open[4000]; /* indefinite lengths without end must not recurse freely */
    for (size_t i = 0; i < sizeof open; i += 2) {
        open[i] = 0x30;
        open[i + 1] = 0x80;
    }
    struct der_tlv t;
    struct der d = der_over((struct span){open, sizeof open});
    assert_false(der_next(&d, &t));
    assert_ptr_equal(d.bad, der_too_deep);
}

static void test_oids_agree_with_libcrypto(void **state)
{
    (void)state;
    static const char *const good[] = {"0.9.2342.19200300.100.1.25",
                                       "1.2.840.113549.1.1.11",
                                       "2.5.4.3",
                                       "2.999",
                                       "2.39.1",
                                       "2.100.3",
                                       "1.39.0",
                                       "2.25.329800735698586629295641978511506172918",
                                       "0.0",
                                       "1.0.127.128",
                                       "1.3.6.1.4.1.311.60.2.1.3",
                                       "1.2.16383.16384.2097151.2097152"};
    for (size_t i = 0; i < NITEMS(good); i++) {
        uint8_t out[DER_OID_MAX];
        size_t n;
        char text[64];
        ASN1_OBJECT *o = OBJ_txt2obj(good[i], 1);
        assert_non_null(o);
        assert_true(der_oid_encode(good[i], out, &n));
        assert_int_equal(n, OBJ_length(o));
        assert_memory_equal(out, OBJ_get0_data(o), n);
        assert_true(der_oid_text((struct span){out, n}, text));
        assert_string_equal(text, good[i]);
        assert_true(der_oid_is((struct span){out, n}, good[i]));
        assert_false(der_oid_is((struct span){out, n - 1}, good[i]));
        ASN1_OBJECT_free(o);
    }
    static const char *const bad[] = {"",     "1",    "3.1",  "1.40", "0.40", "1..2", "1.2.",
                                      ".1.2", "1.02", "1.2a", "a.b",  "1.-2", "01.2"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        uint8_t out[DER_OID_MAX];
        size_t n;
        assert_false(der_oid_encode(bad[i], out, &n));
    }
    char text[64];
    uint8_t huge[40];
    memset(huge, 0xFF, sizeof huge);
    huge[39] = 0x7F;
    assert_false(der_oid_text((struct span){huge, sizeof huge}, text));
    assert_false(der_oid_text((struct span){0}, text));
}

static void test_integers_agree_with_libcrypto(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,     1,     127,        128,       255,       256,
                                      32767, 32768, 0xFFFFFFFF, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < NITEMS(values); i++) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(100);
        unsigned char *want = NULL;
        ASN1_INTEGER *v = ASN1_INTEGER_new();
        assert_int_equal(ASN1_INTEGER_set_uint64(v, values[i]), 1);
        int n = i2d_ASN1_INTEGER(v, &want);
        der_put_uint(&b, values[i]);
        assert_int_equal(b.n, n);
        assert_memory_equal(b.p, want, b.n);
        struct der_tlv t;
        uint32_t small;
        assert_true(der_single(buf_span(&b), DER_INTEGER, &t));
        assert_int_equal(der_small_uint(&t, &small), values[i] <= UINT32_MAX);
        assert_true(values[i] > UINT32_MAX || small == values[i]);
        OPENSSL_free(want);
        ASN1_INTEGER_free(v);
    }
}

static void test_times_agree_with_libcrypto(void **state)
{
    (void)state;
    static const int64_t points[] = {0,          1795000000, -631152000,  -631152001,
                                     2524607999, 2524608000, 253402300799};
    for (size_t i = 0; i < NITEMS(points); i++) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(100);
        unsigned char *want = NULL;
        ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)points[i]);
        int n = i2d_ASN1_TIME(t, &want);
        der_put_time(&b, points[i]);
        assert_int_equal(b.n, n);
        assert_memory_equal(b.p, want, b.n);
        struct der_tlv tlv;
        int64_t back;
        struct der d = der_over(buf_span(&b));
        assert_true(der_next(&d, &tlv));
        assert_true(der_time(&tlv, &back));
        assert_int_equal(back, points[i]);
        OPENSSL_free(want);
        ASN1_TIME_free(t);
    }
    static const char *const bad[] = {"2611211000Z",   "261121100000",  "261321100000Z",
                                      "261121250000Z", "26112110000aZ", "261121100000+0000"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        int64_t out;
        const struct der_tlv t = {DER_UTC_TIME, {(const uint8_t *)bad[i], strlen(bad[i])}, {0}};
        assert_false(der_time(&t, &out));
    }
}

static void test_lengths_are_patched_at_every_size_class(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 70000};
    for (size_t i = 0; i < NITEMS(sizes); i++) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(200000);
        uint8_t *content = xcalloc(sizes[i] + 1, 1);
        memset(content, 0x5A, sizes[i]);
        size_t outer = der_open(&b, DER_SEQUENCE);
        der_put(&b, DER_OCTET_STRING, (struct span){content, sizes[i]});
        der_close(&b, outer);
        struct der_tlv t;
        assert_true(der_single(buf_span(&b), DER_SEQUENCE, &t));
        struct der d = der_over(t.whole);
        assert_true(der_check(&d, 4));
        assert_null(d.strict);
        const unsigned char *p = (const unsigned char *)b.p;
        STACK_OF(ASN1_TYPE) *seq = d2i_ASN1_SEQUENCE_ANY(NULL, &p, (long)b.n);
        assert_non_null(seq);
        assert_int_equal(ASN1_STRING_length(sk_ASN1_TYPE_value(seq, 0)->value.octet_string),
                         sizes[i]);
        sk_ASN1_TYPE_pop_free(seq, ASN1_TYPE_free);
        free(content);
    }
}

static void test_a_full_buffer_stays_failed(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf b = BUF_INIT(130);
    static const uint8_t content[128];
    der_put(&b, DER_OCTET_STRING, (struct span){content, sizeof content}); /* needs 131 */
    assert_true(buf_failed(&b));
    CLEANUP(buf_release) struct buf c = BUF_INIT(131);
    der_put(&c, DER_OCTET_STRING, (struct span){content, sizeof content});
    assert_false(buf_failed(&c));
    CLEANUP(buf_release) struct buf o = BUF_INIT(100);
    der_put_oid(&o, "no.oid");
    assert_true(buf_failed(&o));
}

static void test_bits(void **state)
{
    (void)state;
    struct der_tlv t;
    struct span bits;
    uint8_t unused;
    assert_true(der_single(BYTES(0x03, 0x02, 0x04, 0xF0), DER_BIT_STRING, &t));
    assert_true(der_bits(&t, &bits, &unused));
    assert_int_equal(unused, 4);
    assert_int_equal(bits.n, 1);
    assert_true(der_single(BYTES(0x03, 0x02, 0x08, 0xF0), DER_BIT_STRING, &t));
    assert_false(der_bits(&t, &bits, &unused));
    assert_false(der_single(BYTES(0x03, 0x01, 0x00, 0x00), DER_BIT_STRING, &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_reads_and_stops),
        cmocka_unit_test(test_malformed_headers_are_refused),
        cmocka_unit_test(test_ber_is_read_and_noted),
        cmocka_unit_test(test_check_reports_the_first_deviation_in_file_order),
        cmocka_unit_test(test_depth_limit_has_two_sides),
        cmocka_unit_test(test_oids_agree_with_libcrypto),
        cmocka_unit_test(test_integers_agree_with_libcrypto),
        cmocka_unit_test(test_times_agree_with_libcrypto),
        cmocka_unit_test(test_lengths_are_patched_at_every_size_class),
        cmocka_unit_test(test_a_full_buffer_stays_failed),
        cmocka_unit_test(test_bits),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
