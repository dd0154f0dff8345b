/* SPDX-License-Identifier: Apache-2.0
 *
 * Waivers as they are written: terms, profiles. What they cover is in t_engine.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/policy_fixture.h"

#include "formats/base/limits.h"

#define HEAD "certbatch_policy: 1\nname: t\nextends: [cabf-tls]\n"

#define WAIVER(fields)                                                                             \
    HEAD "waivers:\n  - {id: W-1, rules: [key.type.allowed], match: {item: x}, approver: a.k, "    \
         "ticket: T-1, " fields "}\n"

static void waiver_terms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {WAIVER("reason: 0123456789, created: 2026-01-01, expires: 2026-06-30"), true}, /* 180 d */
        {WAIVER("reason: 0123456789, created: 2026-01-01, expires: 2026-07-01"), false},
        {WAIVER("reason: 0123456789, created: 2026-01-01, expires: 2026-01-01"), false},
        {WAIVER("reason: 012345678, created: 2026-01-01, expires: 2026-06-30"), false},
        {WAIVER("reason: 0123456789, created: 2026-01-01"), false},
        {WAIVER("reason: 0123456789, expires: 2026-01-01"), false},
        {WAIVER("created: 2026-01-01, expires: 2026-06-30"), false},
        {HEAD "waivers:\n  - {id: W-1}\n", false},
        {HEAD "waivers:\n  - {id: W-1, rules: [key.type.allowed], match: {}, approver: a, "
              "ticket: T, reason: 0123456789, created: 2026-01-01, expires: 2026-06-30}\n",
         false},
        {HEAD "waivers:\n  - {id: W-1, rules: [key.type.allowed], match: {spki: abc}, "
              "approver: a, ticket: T, reason: 0123456789, created: 2026-01-01, "
              "expires: 2026-06-30}\n",
         false},
    };
    struct bench b;
    bench_begin(&b);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if (bench_open(&b, rows[i].text) != rows[i].good) {
            fail_msg("row %zu", i);
        }
        if (!rows[i].good) {
            must(&b.findings, "policy.waiver.incomplete");
        }
    }
    assert_false(bench_open(
        &b, WAIVER("reason: 0123456789, created: 2026-01-01, expires: "
                   "2026-06-30") "  - {id: W-1, rules: [key.dsa], match: "
                                 "{item: y}, approver: a, ticket: T, reason: 0123456789, "
                                 "created: 2026-01-01, expires: 2026-06-30}\n"));
    assert_non_null(strstr(must(&b.findings, "policy.waiver.incomplete")->message, "another"));
    /* everything that is missing is said at once */
    assert_false(bench_open(&b, HEAD "waivers:\n  - {id: W-1}\n"));
    assert_int_equal(found_n(&b.findings, "policy.waiver.incomplete"), 6);
    bench_end(&b);
}

static void waivers_by_profile(void **state)
{
    (void)state;
    struct bench b;
    struct subject s = plain_order();
    s.key = "ec-p521";
    bench_begin(&b);
    assert_true(bench_open(&b, HEAD "profiles: {p: {}, q: {}}\n"
                                    "waivers:\n  - {id: W-1, rules: [key.type.allowed], "
                                    "profiles: [p], match: {names: [WWW.example.com]}, "
                                    "approver: a.k, ticket: T-1, reason: 0123456789, "
                                    "created: 2026-10-01, expires: 2027-01-01}\n"));
    assert_false(must(judge(&b, &s), "key.type.allowed")->waived);
    s.profile = "q";
    assert_false(must(judge(&b, &s), "key.type.allowed")->waived);
    s.profile = "p";
    assert_true(must(judge(&b, &s), "key.type.allowed")->waived);
    assert_string_equal(must(&b.findings, "key.type.allowed")->waiver, "W-1");
    bench_end(&b);
}

/* One finding too many is counted, not listed; a waiver that covers all of them covers that too. */
static void many_hits(void **state)
{
    (void)state;
    struct bench b;
    static struct san_value san[LIMIT_SANS + 1];
    static char text[LIMIT_SANS + 1][24];
    struct subject s = plain_order();
    bench_begin(&b);
    for (size_t i = 0; i < NITEMS(san); i++) {
        snprintf(text[i], sizeof text[i], "A%zu.corp.test", i);
        san[i] = (struct san_value){GN_DNS, text[i]};
    }
    s.san = san;
    assert_true(bench_open(&b, "certbatch_policy: 1\nname: t\nlevel: private\n"));
    s.nsan = LIMIT_HITS;
    assert_int_equal(found_n(judge(&b, &s), "dns.case"), LIMIT_HITS);
    s.nsan = LIMIT_HITS + 5;
    const struct findings *list = judge(&b, &s);
    assert_int_equal(found_n(list, "dns.case"), LIMIT_HITS + 1);
    size_t summaries = 0;
    for (size_t i = 0; i < list->n; i++) {
        summaries += str_eq(list->v[i].rule, "dns.case") &&
                     strstr(list->v[i].message, "5 more findings") != NULL;
    }
    assert_int_equal(summaries, 1);
    /* as many names as are read, and one more: that one cannot be judged */
    s.nsan = LIMIT_SANS;
    assert_null(strstr(must(judge(&b, &s), "san.count.max")->message, "too many to be judged"));
    s.nsan = LIMIT_SANS + 1;
    bool told = false;
    list = judge(&b, &s);
    for (size_t i = 0; i < list->n; i++) {
        told |= strstr(list->v[i].message, "1 names or subject attributes are too many") != NULL;
    }
    assert_true(told);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_hits),
        cmocka_unit_test(waiver_terms),
        cmocka_unit_test(waivers_by_profile),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
