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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiver_terms),
        cmocka_unit_test(waivers_by_profile),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
