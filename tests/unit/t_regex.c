/* SPDX-License-Identifier: Apache-2.0
 *
 * PCRE2 behind policy/regex.h: a pattern means the whole value, and every limit is an error of
 * the rule, never "no match".
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/buf.h"
#include "formats/base/limits.h"
#include "policy/regex.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static enum regex_result try_n(const char *pattern, const char *text, size_t n)
{
    struct err err = ERR_INIT;
    const char *why = NULL;
    struct regex *r =
        regex_compile(pattern, (struct pos){.file = "p.yaml", .line = 3, .column = 9}, &err);
    assert_non_null(r);
    enum regex_result got = regex_match(r, text, n, &why);
    assert_int_equal(got == REGEX_BROKEN, why != NULL);
    regex_free(r);
    return got;
}

static enum regex_result try(const char *pattern, const char *text)
{
    return try_n(pattern, text, strlen(text));
}

static void whole_value(void **state)
{
    (void)state;
    assert_int_equal(try("[a-z]+", "abc"), REGEX_YES);
    assert_int_equal(try("[a-z]+", "abc1"), REGEX_NO);
    assert_int_equal(try("[a-z]+", "1abc"), REGEX_NO);
    assert_int_equal(try("a|ab", "ab"), REGEX_YES);
    assert_int_equal(try("^[a-z]+$", "abc\n"), REGEX_NO);
    assert_int_equal(try("[a-z]*", ""), REGEX_YES);
    assert_int_equal(try_n(".*", "a\0b", 3), REGEX_YES);
    assert_int_equal(try_n("a", "a\0b", 3), REGEX_NO);
}

static void unicode(void **state)
{
    (void)state;
    assert_int_equal(try("\\w+", "m\xC3\xBCnchen"), REGEX_YES);
    assert_int_equal(try("(*sr:.+)", "paypal"), REGEX_YES);
    assert_int_equal(try("(*sr:.+)", "p\xD0\xB0ypal"), REGEX_NO);
    assert_int_equal(try(".*", "\xC3"), REGEX_BROKEN);
    assert_int_equal(try(".*", "\xC0\xAF"), REGEX_BROKEN);
    assert_int_equal(try(".*", "\xED\xA0\x80"), REGEX_BROKEN);
}

static void runaway(void **state)
{
    (void)state;
    assert_int_equal(try("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), REGEX_BROKEN);
}

static void subject_limit(void **state)
{
    (void)state;
    char text[LIMIT_REGEX_SUBJECT + 1];
    memset(text, 'a', sizeof text);
    assert_int_equal(try_n("a+", text, LIMIT_REGEX_SUBJECT), REGEX_YES);
    assert_int_equal(try_n("a+", text, LIMIT_REGEX_SUBJECT + 1), REGEX_BROKEN);
}

static bool compiles(const char *pattern, struct err *err)
{
    *err = (struct err)ERR_INIT;
    struct regex *r =
        regex_compile(pattern, (struct pos){.file = "p.yaml", .line = 3, .column = 9}, err);
    regex_free(r);
    return r != NULL;
}

static void pattern_limits(void **state)
{
    (void)state;
    struct err err;
    char pattern[LIMIT_REGEX_PATTERN + 2] = {0};
    memset(pattern, 'a', LIMIT_REGEX_PATTERN);
    assert_true(compiles(pattern, &err));
    pattern[LIMIT_REGEX_PATTERN] = 'a';
    assert_false(compiles(pattern, &err));

    for (unsigned depth = LIMIT_REGEX_PARENS; depth <= LIMIT_REGEX_PARENS + 1; depth++) {
        memset(pattern, 0, sizeof pattern);
        memset(pattern, '(', depth);
        pattern[depth] = 'a';
        memset(pattern + depth + 1, ')', depth);
        assert_int_equal(compiles(pattern, &err), depth == LIMIT_REGEX_PARENS);
    }
}

static void refused(void **state)
{
    (void)state;
    struct err err;
    assert_false(compiles("a\\Cb", &err));
    assert_false(compiles("(", &err));
    assert_false(compiles("(*LIMIT_MATCH=99999999999)a", &err));
    assert_false(compiles("*.example.com", &err));
    assert_string_equal(err.file, "p.yaml");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 9);
    assert_non_null(strstr(err.hint, "glob"));
    /* can only lower the limit */
    assert_int_equal(
        try("(*LIMIT_MATCH=4000000000)(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"),
        REGEX_BROKEN);
}

static void *match_often(void *arg)
{
    const struct regex *r = arg;
    uintptr_t good = 0;
    const char *why;
    for (int i = 0; i < 500; i++) {
        good += regex_match(r, "abcabc", 6, &why) == REGEX_YES;
        good += regex_match(r, "abcab", 5, &why) == REGEX_NO;
    }
    return (void *)good;
}

/* Looked for anywhere, in bytes of no character set, in either case, over line breaks. */
static void searched(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    const char *why = NULL;
    struct span found;
    static const char page[] = "\xca\xee\xe4 Id\r\n<b>417</b>";
    struct regex *r = regex_compile_search("\\bid.{1,8}<B>(\\d+)", (struct pos){0}, &err);
    assert_non_null(r);
    assert_int_equal(regex_search(r, page, sizeof page - 1, &found, &why), REGEX_YES);
    assert_memory_equal(found.p, "417", 3);
    assert_int_equal(found.n, 3);
    assert_int_equal(regex_search(r, "nothing", 7, &found, &why), REGEX_NO);
    assert_int_equal(regex_search(r, "", 0, &found, &why), REGEX_NO);
    char *long_page = xcalloc(LIMIT_REGEX_PAGE + 2, 1);
    assert_int_equal(regex_search(r, long_page, LIMIT_REGEX_PAGE + 1, &found, &why), REGEX_BROKEN);
    assert_non_null(strstr(why, "longer"));
    regex_free(r);
    r = regex_compile_search("x(y)?", (struct pos){0}, &err); /* a group that took no part */
    assert_int_equal(regex_search(r, "ax", 2, &found, &why), REGEX_YES);
    assert_int_equal(found.n, 1);
    regex_free(r);
    r = regex_compile_search("(a+)+$", (struct pos){0}, &err);
    memset(long_page, 'a', 5000);
    assert_int_equal(regex_search(r, long_page, 5001, &found, &why), REGEX_BROKEN);
    regex_free(r);
    free(long_page);
    assert_null(regex_compile_search("(", (struct pos){0}, &err));
}

static void shared_by_threads(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    pthread_t threads[4];
    struct regex *r = regex_compile("(abc)+", (struct pos){0}, &err);
    assert_non_null(r);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, match_often, r), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *good;
        assert_int_equal(pthread_join(threads[i], &good), 0);
        assert_int_equal((uintptr_t)good, 1000);
    }
    regex_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_value),    cmocka_unit_test(unicode),
        cmocka_unit_test(runaway),        cmocka_unit_test(subject_limit),
        cmocka_unit_test(pattern_limits), cmocka_unit_test(refused),
        cmocka_unit_test(searched),       cmocka_unit_test(shared_by_threads),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
