/* SPDX-License-Identifier: Apache-2.0
 *
 * Text and time of the base layer: UTF-8, foreign text made visible, numbers, serial numbers,
 * names, globs; the calendar, times and durations.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

/* --- text --- */

static void comparisons(void **state)
{
    (void)state;
    assert_true(str_eq(NULL, NULL));
    assert_false(str_eq(NULL, ""));
    assert_true(str_ieq("AbC", "aBc"));
    assert_false(str_ieq("abc", "abcd"));
    assert_false(str_ieq("abcd", "abc"));
    assert_false(str_ieq("K", "\xE2\x84\xAA")); /* Kelvin sign is not k */
    assert_false(str_ieq("@", "`"));            /* a bit trick would say yes */
    assert_true(str_starts("abc", ""));
    assert_false(str_starts("ab", "abc"));
    assert_true(str_ends("abc", "bc"));
    assert_false(str_ends("bc", "abc"));
    assert_true(str_iends("x.PEM", ".pem"));
}

static void utf8_is_strict(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool valid;
    } rows[] = {
        {"a", true},
        {"\xC3\xA9", true},
        {"\xE2\x82\xAC", true},
        {"\xF0\x9F\x94\x92", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\xEE\x80\x80", true},
        {"\xC0\xAF", false},
        {"\xC1\xBF", false},
        {"\xE0\x9F\xBF", false},
        {"\xF0\x8F\xBF\xBF", false},
        {"\xED\xA0\x80", false},
        {"\xED\xBF\xBF", false},
        {"\xF4\x90\x80\x80", false},
        {"\xF8\x88\x80\x80\x80", false},
        {"\x80", false},
        {"\xC3", false},
        {"\xE2\x82", false},
        {"\xF0\x9F\x94", false},
        {"\xC3\x28", false},
        {"\xFE", false},
        {"\xFF", false},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if (utf8_valid(rows[i].bytes, strlen(rows[i].bytes)) != rows[i].valid) {
            fail_msg("row %zu", i);
        }
    }
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp += cp < 0x3000 ? 1 : 97) {
        char out[4];
        uint32_t back;
        size_t n = utf8_encode(cp, out);
        size_t m = utf8_decode(out, n, &back);
        if (cp >= 0xD800 && cp <= 0xDFFF) {
            assert_int_equal(m, 0);
        } else {
            assert_int_equal(m, n);
            assert_int_equal(back, cp);
        }
    }
    assert_int_equal(utf8_length("a\xC3\xA9\xFF", 4), 3);
}

static void expect_vis(const char *in, size_t n, size_t cap, const char *out)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    str_vis(&b, in, n, cap);
    assert_string_equal(buf_text(&b), out);
}

static void foreign_text_is_made_visible(void **state)
{
    (void)state;
    expect_vis("plain \xC3\xA9", 8, 100, "plain \xC3\xA9");
    expect_vis("\x1b[31m", 5, 100, "\\x1b[31m");
    expect_vis("a\0b", 3, 100, "a\\x00b");
    expect_vis("\\", 1, 100, "\\\\");
    expect_vis("\x7F\xC2\x9B", 3, 100, "\\x7f\\u{009b}");
    expect_vis("\xE2\x80\xAE", 3, 100, "\\u{202e}");
    expect_vis("\xF3\xA0\x81\x81", 4, 100, "\\u{e0041}"); /* invisible tag */
    expect_vis("\xFF", 1, 100, "\\xff");
    expect_vis("12345", 5, 5, "12345");
    expect_vis("123456", 6, 5, "12345...");
    expect_vis("1234\x01", 5, 5, "1234..."); /* an escape is never cut in two */
    expect_vis("1234\xC3\xA9", 6, 5, "1234...");
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    char many[1000];
    memset(many, 1, sizeof many);
    assert_true(strlen(str_vis_dup(&a, many, sizeof many)) <= LIMIT_VALUE_SHOWN + 3);
}

static void what_was_stored_visible_is_not_escaped_twice(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf once = BUF_INIT(100);
    CLEANUP(buf_release) struct buf again = BUF_INIT(100);
    static const char raw[] = "a\\b\x1b[31m";
    str_vis(&once, raw, sizeof raw - 1, 100);
    str_vis_again(&again, buf_text(&once), once.n, 100);
    assert_string_equal(buf_text(&again), "a\\\\b\\x1b[31m");
    buf_reset(&again);
    str_vis_again(&again, raw, sizeof raw - 1, 100); /* a terminal is safe all the same */
    assert_string_equal(buf_text(&again), "a\\b\\x1b[31m");
}

static void numbers(void **state)
{
    (void)state;
    uint64_t v = 5;
    assert_true(str_u64("0", &v) && v == 0);
    assert_true(str_u64("18446744073709551615", &v) && v == UINT64_MAX);
    static const char *const bad[] = {"",
                                      "00",
                                      "01",
                                      "+1",
                                      "-1",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1.0",
                                      "18446744073709551616",
                                      "99999999999999999999999"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        if (str_u64(bad[i], &v)) {
            fail_msg("'%s' is a number", bad[i]);
        }
    }
    uint8_t raw[4];
    assert_true(hex_decode("0aFf", 4, raw));
    assert_int_equal(raw[1], 255);
    assert_false(hex_decode("0a0", 3, raw));
    assert_false(hex_decode("0g", 2, raw));
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    assert_string_equal(hex_dup(&a, (const uint8_t *)"\x00\xAB", 2), "00ab");
    assert_string_equal(hex_dup_upper(&a, (const uint8_t *)"\x00\xAB", 2), "00AB");
}

static void serial_numbers(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static const char *const rows[][2] = {
        {"0A:1b", "0A1B"},
        {"0x0a1b", "0A1B"},
        {"a1b", "0A1B"},
        {"00:00:01", "01"},
        {"1", "01"},
        {"dec:1", "01"},
        {"dec:0010", "0A"},
        {"dec:256", "0100"},
        {"dec:1461501637330902918203684832716283019655932542975",
         "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"}, /* 2^160 - 1 */
        {"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"},
        {"0000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
         "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        assert_string_equal(serial_normal(&a, rows[i][0]), rows[i][1]);
    }
    static const char *const bad[] = {"",
                                      "0",
                                      "00:00",
                                      "0x",
                                      ":",
                                      "-1",
                                      "1 2",
                                      "12g",
                                      "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
                                      "dec:",
                                      "dec:0",
                                      "dec:-1",
                                      "dec:1A",
                                      "dec:1 ",
                                      "DEC:1",
                                      "dec:1461501637330902918203684832716283019655932542976"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        if (serial_normal(&a, bad[i])) {
            fail_msg("'%s' is a serial number", bad[i]);
        }
    }
}

static void names_and_globs(void **state)
{
    (void)state;
    char name[LIMIT_ITEM_ID + 2];
    memset(name, 'a', sizeof name);
    name[LIMIT_ITEM_ID] = '\0';
    assert_true(name_is_safe(name));
    name[LIMIT_ITEM_ID] = 'a';
    name[LIMIT_ITEM_ID + 1] = '\0';
    assert_false(name_is_safe(name));
    assert_true(name_is_safe("A.b_c-9"));
    static const char *const bad[] = {"",    ".",   "..",       ".a",  "-a",   "_a", "a/b",
                                      "a b", "a\n", "\xC3\xA9", "a:b", "a\\b", "a*"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        assert_false(name_is_safe(bad[i]));
    }
    assert_true(glob_match("*", ""));
    assert_true(glob_match("shop-*", "shop-1"));
    assert_false(glob_match("shop-*", "ashop-1"));
    assert_true(glob_match("a*b*c", "aXbXbc"));
    assert_false(glob_match("a*b", "abc"));
    assert_true(glob_match("?", "x"));
    assert_false(glob_match("?", ""));
    assert_false(glob_match("", "x"));
    char many[2000]; /* linear, not exponential, in stars */
    memset(many, 'a', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    assert_false(glob_match("*a*a*a*a*a*a*a*a*a*a*a*b", many));
}

/* --- time --- */

static void times_are_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t t;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-20T10:00:00Z", 1795168800},
        {"2026-11-20T10:00:00+01:00", 1795165200},
        {"2026-11-20T10:00:00-23:59", 1795255140},
        {"2026-11-20t10:00:00.999z", 1795168800},
        {"2026-11-20 10:00:00Z", 1795168800},
        {"2000-02-29T23:59:59Z", 951868799},
        {"1969-12-31T23:59:59Z", -1},
        {"9999-12-31T23:59:59Z", 253402300799},
        {"2038-01-19T03:14:08Z", 2147483648},
        {"0001-01-01T00:00:00Z", -62135596800},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        int64_t t = 1;
        char text[TIME_TEXT];
        assert_true(time_parse(rows[i].text, &t));
        assert_true(t == rows[i].t);
        time_format(t, text);
        assert_true(time_parse(text, &t) && t == rows[i].t);
    }
    static const char *const bad[] = {"",
                                      "2026-11-20",
                                      "2026-11-20T10:00:00",
                                      "2026-11-20T10:00Z",
                                      "2026-02-29T00:00:00Z",
                                      "1900-02-29T00:00:00Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2026-01-00T00:00:00Z",
                                      "2026-04-31T00:00:00Z",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T00:60:00Z",
                                      "2016-12-31T23:59:60Z",
                                      "2026-01-01T00:00:00.Z",
                                      "2026-01-01T00:00:00+0100",
                                      "2026-01-01T00:00:00+24:00",
                                      "2026-01-01T00:00:00Z ",
                                      " 2026-01-01T00:00:00Z",
                                      "26-01-01T00:00:00Z",
                                      "2026-1-1T00:00:00Z",
                                      "2026-01-01T00:00:00ZZ",
                                      "+2026-01-01T00:00:00Z"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        int64_t t;
        if (time_parse(bad[i], &t)) {
            fail_msg("'%s' is a time", bad[i]);
        }
    }
    int64_t t;
    assert_true(time_parse_date("2024-02-29", &t) && t == 1709164800);
    assert_false(time_parse_date("2026-02-29", &t));
    assert_true(time_parse_any("2024-02-29", &t) && time_parse_any("2024-02-29T00:00:00Z", &t));
}

static void calendar_is_continuous(void **state)
{
    (void)state;
    int64_t last = time_days(1899, 12, 31);
    for (unsigned year = 1900; year <= 2400; year++) {
        for (unsigned month = 1; month <= 12; month++) {
            for (unsigned day = 1; day <= 31; day++) {
                int64_t t;
                char text[TIME_TEXT];
                char want[TIME_TEXT];
                if (!time_civil(year, month, day, 0, 0, 0, &t)) {
                    assert_true(day > 28);
                    continue;
                }
                assert_true(t == ++last * DAY_SECONDS);
                time_format_date(t, text);
                (void)snprintf(want, sizeof want, "%04u-%02u-%02u", year, month, day);
                assert_string_equal(text, want);
            }
        }
    }
}

static void odd_times_are_not_dates(void **state)
{
    (void)state;
    char text[TIME_TEXT];
    memset(text, 'x', sizeof text);
    time_format(TIME_NONE, text);
    assert_non_null(memchr(text, 0, sizeof text));
    assert_null(strstr(text, "1900"));
    time_format(INT64_MAX, text);
    assert_null(strstr(text, "1900"));
    time_format_ms(text);
    assert_int_equal(strlen(text), 24);
    assert_true(time_now() > 1700000000);
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
        const char *shown;
    } rows[] = {{"0s", 0, "0d"},        {"90s", 90, "90s"},
                {"10m", 600, "10m"},    {"12h", 43200, "12h"},
                {"24h", 86400, "1d"},   {"199d", 17193600, "199d"},
                {"2w", 1209600, "14d"}, {"1y", 31536000, "365d"},
                {"61s", 61, "61s"},     {"999999999y", 999999999LL * 31536000, NULL}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        int64_t s = -1;
        char text[TIME_TEXT];
        assert_true(duration_parse(rows[i].text, &s));
        assert_true(s == rows[i].seconds);
        duration_format(s, text);
        if (rows[i].shown) {
            assert_string_equal(text, rows[i].shown);
        }
    }
    static const char *const bad[] = {"",     "d",   "1",  "-1d", "+1d",         "01d",
                                      "1.5d", "1 d", "1D", "1dd", "1000000000d", "1h30m"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        int64_t s;
        if (duration_parse(bad[i], &s)) {
            fail_msg("'%s' is a duration", bad[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons),
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(foreign_text_is_made_visible),
        cmocka_unit_test(what_was_stored_visible_is_not_escaped_twice),
        cmocka_unit_test(numbers),
        cmocka_unit_test(serial_numbers),
        cmocka_unit_test(names_and_globs),
        cmocka_unit_test(times_are_parsed),
        cmocka_unit_test(calendar_is_continuous),
        cmocka_unit_test(odd_times_are_not_dates),
        cmocka_unit_test(durations),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
