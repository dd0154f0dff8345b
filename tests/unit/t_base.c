/* SPDX-License-Identifier: Apache-2.0
 *
 * The base layer without files: buffers, arenas, digests, secrets, findings, JSON, errors. Text
 * and time are in t_text.c, files and threads in t_fs.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/arena.h"
#include "formats/base/finding.h"
#include "formats/base/json.h"
#include "formats/base/json_in.h"
#include "formats/base/limits.h"
#include "formats/base/secret.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- buf --- */

static void buf_stops_at_its_ceiling(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf b = BUF_INIT(10);
    assert_string_equal(buf_text(&b), "");
    buf_puts(&b, "0123456789"); /* exactly */
    assert_false(buf_failed(&b));
    assert_int_equal(b.n, 10);
    buf_add(&b, "", 0);
    assert_false(buf_failed(&b));
    buf_putc(&b, 'x');
    assert_true(buf_failed(&b));
    assert_string_equal(buf_text(&b), "0123456789");
    buf_reset(&b);
    assert_false(buf_failed(&b));
    buf_puts(&b, "0123456789A"); /* one too many: nothing of it */
    assert_true(buf_failed(&b));
    assert_int_equal(b.n, 0);
    buf_puts(&b, "ok"); /* sticky */
    assert_int_equal(b.n, 0);
    buf_reset(&b);
    buf_printf(&b, "%010d", 7);
    assert_string_equal(buf_text(&b), "0000000007");
    buf_printf(&b, "%s", "");
    assert_false(buf_failed(&b));
    buf_printf(&b, "%d", 1);
    assert_true(buf_failed(&b));
}

static void buf_grows_and_keeps_bytes(void **state)
{
    (void)state;
    CLEANUP(buf_wipe) struct buf b = BUF_INIT(1u << 20);
    for (unsigned i = 0; i < 100000; i++) {
        buf_putc(&b, (char)(i % 251));
    }
    assert_int_equal(buf_span(&b).n, 100000);
    for (unsigned i = 0; i < 100000; i++) {
        assert_int_equal((unsigned char)b.p[i], i % 251);
    }
    assert_int_equal(b.p[100000], 0);
}

/* --- arena --- */

static void arena_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    for (size_t n = 0; n < 3000; n += 7) {
        unsigned char *p = arena_alloc(&a, n);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xFF, n);
    }
    char *big = arena_alloc(&a, 5u << 20);
    big[(5u << 20) - 1] = 1;
    arena_reset(&a); /* memory is used again and must be zero again */
    unsigned char *p = arena_alloc(&a, 64);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(p[i], 0);
    }
}

static void arena_text(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    assert_string_equal(arena_strdup(&a, ""), "");
    assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
    assert_string_equal(arena_printf(&a, "%d-%s", 5, "x"), "5-x");
    assert_memory_equal(arena_memdup(&a, "a\0b", 3), "a\0b", 3);
    assert_non_null(arena_memdup(&a, NULL, 0));
    char *longer = arena_printf(&a, "%*d", 300000, 1);
    assert_int_equal(strlen(longer), 300000);
    size_t before = a.total;
    arena_reset(&a);
    assert_true(a.total <= before);
}

static void vec_doubles(void **state)
{
    (void)state;
    struct strlist l = {0};
    for (size_t i = 0; i < 1000; i++) {
        VEC_PUSH(&l, i % 2 ? "odd" : "even");
    }
    assert_int_equal(l.n, 1000);
    assert_string_equal(l.v[999], "odd");
    assert_true(strlist_has(&l, "even"));
    assert_false(strlist_has(&l, "none"));
    strlist_release(&l);
    assert_null(l.v);
}

/* --- digests, base64, secrets --- */

static void digests(void **state)
{
    (void)state;
    char hex[SHA256_HEX];
    char again[SHA256_HEX];
    sha256_hex("", 0, hex); /* FIPS 180-4 examples */
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct sha256 s;
    sha256_begin(&s);
    sha256_add(&s, "a", 1);
    sha256_add(&s, "", 0);
    sha256_add(&s, "bc", 2);
    sha256_end_hex(&s, again);
    assert_string_equal(hex, again);
    uint8_t a[16];
    uint8_t b[16];
    random_bytes(a, sizeof a);
    random_bytes(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void base64(void **state)
{
    (void)state;
    static const char *const rows[][2] = {/* RFC 4648 section 10 */
                                          {"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        buf_reset(&b);
        base64_encode(&b, rows[i][0], strlen(rows[i][0]), 0);
        assert_string_equal(buf_text(&b), rows[i][1]);
        buf_reset(&b);
        assert_true(base64_decode(&b, rows[i][1], strlen(rows[i][1])));
        assert_string_equal(buf_text(&b), rows[i][0]);
    }
    static const char *const bad[] = {"Z",
                                      "Zg",
                                      "Zg=",
                                      "Zg===",
                                      "====",
                                      "=",
                                      "Z===",
                                      "Zh==",
                                      "Zm9=",
                                      "Zg==Zg==",
                                      "Zm 9",
                                      "Zm9v\n",
                                      "Zm-_",
                                      "Zg=g",
                                      "\xC3\xA9"
                                      "ab"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        buf_reset(&b);
        if (base64_decode(&b, bad[i], strlen(bad[i]))) {
            fail_msg("'%s' is base64", bad[i]);
        }
    }
    buf_reset(&b);
    base64_encode(&b, "0123456789012345678901234567890123456789012345678", 49, 64);
    assert_string_equal(buf_text(&b),
                        "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3\nOA==\n");
}

static void secrets(void **state)
{
    (void)state;
    CLEANUP(secret_release) struct secret s = SECRET_INIT;
    assert_false(secret_is_set(&s));
    assert_string_equal(secret_bytes(&s), "");
    secret_set(&s, "hunter2", 7);
    assert_true(secret_is_set(&s));
    assert_string_equal(secret_bytes(&s), "hunter2");
    secret_set(&s, secret_bytes(&s) + 3, 4); /* from itself */
    assert_string_equal(secret_bytes(&s), "ter2");
    assert_int_equal(s.n, 4);
    struct secret p = SECRET_INIT;
    unsigned seen[256] = {0};
    for (unsigned i = 0; i < 400; i++) {
        secret_random_password(&p, 22);
        assert_int_equal(p.n, 22);
        for (size_t k = 0; k < p.n; k++) {
            seen[(unsigned char)secret_bytes(&p)[k]]++;
        }
    }
    secret_release(&p);
    assert_false(secret_is_set(&p));
    unsigned letters = 0;
    for (unsigned c = 0; c < 256; c++) {
        letters += seen[c] != 0;
        /* 8800 draws of 57 letters: 154 each, deviation 12; eight of them is no chance event */
        assert_true(!seen[c] || (seen[c] > 56 && seen[c] < 252));
    }
    assert_int_equal(letters, 57);
    assert_int_equal(seen['0'] + seen['O'] + seen['1'] + seen['l'] + seen['I'], 0);
}

/* --- findings, errors --- */

static void findings_own_and_sort(void **state)
{
    (void)state;
    struct findings a = FINDINGS_INIT;
    struct findings b = FINDINGS_INIT;
    char text[8] = "first";
    struct finding f = {.rule = "r2",
                        .severity = SEV_WARNING,
                        .file = "b",
                        .line = 2,
                        .offset = -1,
                        .message = text};
    findings_add(&a, &f);
    memset(text, 'x', sizeof text - 1); /* the list has its own copy */
    assert_string_equal(a.v[0].message, "first");
    findings_report(&b, "r1", SEV_ERROR, (struct pos){.file = "b", .line = 2, .column = 1}, "%s %d",
                    "m", 1);
    findings_report(&b, "r1", SEV_ERROR, (struct pos){.file = "a", .line = 9, .column = 9}, "x");
    findings_report(&b, "r0", SEV_INFO, (struct pos){.file = "b", .line = 2, .column = 1}, "x");
    findings_report(&b, "r9", SEV_INFO, (struct pos){.file = NULL, .line = 0, .column = 0},
                    "no file");
    size_t before = a.n;
    findings_move(&a, &b);
    assert_int_equal(b.n, 0);
    assert_int_equal(a.n, 5);
    assert_true(findings_error_since(&a, before));
    assert_false(findings_error_since(&a, a.n));
    findings_sort(&a);
    assert_string_equal(a.v[0].rule, "r9");
    assert_string_equal(a.v[1].file, "a");
    assert_string_equal(a.v[2].message, "first"); /* column 0 before 1 */
    assert_string_equal(a.v[3].rule, "r0");
    assert_string_equal(a.v[4].message, "m 1");
    assert_int_equal(findings_count(&a, SEV_ERROR), 2);
    assert_int_equal(findings_count(&a, SEV_INFO), 5);
    a.v[4].waived = true;
    assert_int_equal(findings_count(&a, SEV_ERROR), 1);
    assert_int_equal(findings_waived(&a), 1);
    findings_release(&a);
    enum severity s;
    assert_true(severity_parse("warning", &s) && s == SEV_WARNING);
    assert_false(severity_parse("Warning", &s) || severity_parse("off", &s));
    assert_string_equal(severity_name(SEV_DISABLED), "disabled");
}

static void errors(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char out[2048];
    char longer[3000];
    assert_false(err_at(&err, ERR_INPUT, (struct pos){.file = "f.yaml", .line = 3, .column = 7},
                        "bad %s", "thing"));
    err_wrap(&err, "while %s", "reading");
    err_hint(&err, "fix it");
    err_format(&err, out, sizeof out);
    assert_string_equal(out, "f.yaml:3:7: while reading: bad thing\n  hint: fix it");
    assert_false(err_sys(&err, ENOENT, "cannot open x"));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.sys, ENOENT);
    assert_null(err.hint);
    assert_false(err_sys(&err, ENOSPC, "cannot write x"));
    assert_int_equal(err.code, ERR_ENV);
    memset(longer, 'm', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_false(err_set(&err, ERR_CA, "%s", longer));
    err_wrap(&err, "%s", longer);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    err_format(&err, out, 16);
    assert_int_equal(strlen(out), 15);
    err_clear(&err);
    assert_int_equal(err.code, ERR_NONE);
}

/* --- JSON --- */

static void json_out_and_in(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
    struct err err = ERR_INIT;
    struct jw j;
    jw_begin(&j, &b, JW_COMPACT);
    jw_object(&j, NULL);
    jw_str(&j, "s", "q\"\\\n\x01\x7F \xC3\xA9\xFF \xE2\x80\xA8");
    jw_str(&j, "null", NULL);
    jw_int(&j, "i", INT64_MIN);
    jw_bool(&j, "b", true);
    jw_time(&j, "t", 0);
    jw_time(&j, "none", TIME_NONE);
    jw_array(&j, "a");
    jw_array(&j, NULL);
    jw_end(&j);
    jw_int(&j, NULL, 1);
    jw_strn(&j, NULL, "x\0y", 3);
    jw_end(&j);
    jw_raw(&j, "r", "{\"k\":[]}");
    jw_end(&j);
    assert_true(jw_finish(&j, &err));
    assert_string_equal(
        buf_text(&b),
        "{\"s\":\"q\\\"\\\\\\u000a\\u0001\\u007f \xC3\xA9\xEF\xBF\xBD \\u2028\",\"null\":null,"
        "\"i\":-9223372036854775808,\"b\":true,\"t\":\"1970-01-01T00:00:00Z\",\"none\":null,"
        "\"a\":[[],1,\"x\\u0000y\"],\"r\":{\"k\":[]}}");
    buf_reset(&b);
    jw_begin(&j, &b, JW_PRETTY);
    jw_object(&j, NULL);
    jw_array(&j, "e");
    jw_end(&j);
    jw_int(&j, "n", 5);
    jw_end(&j);
    assert_true(jw_finish(&j, &err));
    assert_string_equal(buf_text(&b), "{\n  \"e\": [],\n  \"n\": 5\n}\n");
    CLEANUP(json_tree_release) json_t *t = json_parse("x", b.p, b.n, &err);
    assert_int_equal(json_get_int(t, "n", 0), 5);
    assert_int_equal(json_get_int(t, "e", 7), 7);
    assert_null(json_get_str(t, "n"));
    assert_true(json_get_bool(t, "absent", true));
    assert_null(json_get(NULL, "x"));
}

static void json_writer_reports_misuse(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf tiny = BUF_INIT(4);
    struct err err = ERR_INIT;
    struct jw j;
    jw_begin(&j, &b, JW_COMPACT);
    jw_object(&j, NULL);
    assert_false(jw_finish(&j, &err)); /* left open */
    jw_begin(&j, &b, JW_COMPACT);
    jw_end(&j);
    assert_false(jw_finish(&j, &err)); /* closed too often */
    jw_begin(&j, &b, JW_COMPACT);
    for (unsigned i = 0; i < 100; i++) {
        jw_array(&j, NULL);
    }
    for (unsigned i = 0; i < 100; i++) {
        jw_end(&j);
    }
    assert_false(jw_finish(&j, &err)); /* too deep */
    jw_begin(&j, &tiny, JW_COMPACT);
    jw_str(&j, NULL, "too long");
    assert_false(jw_finish(&j, &err));
    assert_int_equal(err.code, ERR_INTERNAL);
}

static void json_in_is_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "{",
                                      "{} x",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":\"\\u0000\"}",
                                      "{\"a\":01}",
                                      "{'a':1}",
                                      "[1,]",
                                      "{\"a\":\"\xFF\"}",
                                      "{\"a\":NaN}",
                                      "\xEF\xBB\xBF{}"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        struct err err = ERR_INIT;
        json_t *t = json_parse("x.json", bad[i], strlen(bad[i]), &err);
        if (t) {
            fail_msg("'%s' is JSON", bad[i]);
        }
        assert_int_equal(err.code, ERR_INPUT);
        assert_string_equal(err.file, "x.json");
    }
    struct err err = ERR_INIT;
    assert_null(json_parse("x", "[\x1b[31m]", 7, &err));
    assert_null(strchr(err.msg, '\x1b')); /* the message quotes the input: escaped */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_stops_at_its_ceiling),
        cmocka_unit_test(buf_grows_and_keeps_bytes),
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
        cmocka_unit_test(arena_text),
        cmocka_unit_test(vec_doubles),
        cmocka_unit_test(digests),
        cmocka_unit_test(base64),
        cmocka_unit_test(secrets),
        cmocka_unit_test(findings_own_and_sort),
        cmocka_unit_test(errors),
        cmocka_unit_test(json_out_and_in),
        cmocka_unit_test(json_writer_reports_misuse),
        cmocka_unit_test(json_in_is_strict),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
