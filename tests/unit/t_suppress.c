/* SPDX-License-Identifier: Apache-2.0
 *
 * Comments in a manifest that accept findings: which line they cover, what they must say, who
 * permits them, and that none stays unnoticed when it is wrong, late or useless.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/batch_fixture.h"

#include "policy/engine.h"

#define POLICY                                                                                     \
    "certbatch_policy: 1\nname: site\nextends: [cabf-tls]\ninline-waivers: true\n"                 \
    "rules: {dns.underscore: {unsuppressable: true}}\n"
#define ALLOW(rule) "# certbatch: allow " rule " until=2027-01-31 reason=\"printed on cards\""

static struct fixture f;

static int begin(void **state)
{
    (void)state;
    fixture_begin(&f);
    fixture_text(&f, "site.policy.yaml", POLICY);
    fixture_text(&f, "strict.policy.yaml",
                 "certbatch_policy: 1\nname: strict\nextends: [cabf-tls]\n");
    assert_true(time_parse_date("2026-11-21", &f.options.as_of));
    return 0;
}

static int end(void **state)
{
    (void)state;
    fixture_end(&f);
    return 0;
}

/* Judges a manifest whose text is `text`, with one of the two policies. */
static void judge(const char *text, const char *policy)
{
    const char *const path = path_join(&f.arena, f.dir, policy);
    fixture_close(&f);
    fixture_text(&f, "test.batch.yaml", text);
    f.options.policies = &path;
    f.options.npolicies = 1;
    if (!batch_open(&f.batch, &f.options, &f.findings, &f.err)) {
        fail_msg("%s (%s)", f.err.msg, f.findings.n ? f.findings.v[0].message : "no finding");
    }
    batch_judge(&f.batch, 1, &f.findings);
}

static size_t count(const char *rule, bool waived)
{
    size_t n = 0;
    for (size_t i = 0; i < f.findings.n; i++) {
        n += str_eq(f.findings.v[i].rule, rule) && f.findings.v[i].waived == waived;
    }
    return n;
}

static size_t complaints(void)
{
    size_t n = 0;
    for (size_t i = 0; i < f.findings.n; i++) {
        n += str_starts(f.findings.v[i].rule, "policy.suppression.");
    }
    return n;
}

#define HEAD                                                                                       \
    "certbatch: 1\nname: test\nca: lab\n"                                                          \
    "orders:\n"                                                                                    \
    "  - id: www\n"                                                                                \
    "    san:\n"

static void same_line(void **state)
{
    (void)state;
    judge(HEAD "      - WWW.example.com " ALLOW("dns.case") "\n      - API.example.com\n",
          "site.policy.yaml");
    assert_int_equal(count("dns.case", true), 1);
    assert_int_equal(count("dns.case", false), 1);
    assert_int_equal(complaints(), 0);
    const struct finding *w = fixture_finding(&f, "dns.case", "www");
    assert_true(w->waived);
    assert_string_equal(w->waiver, "line 7");
    assert_string_equal(w->justification, "printed on cards (until 2027-01-31)");
}

static void line_above(void **state)
{
    (void)state;
    judge(HEAD "      " ALLOW("dns.case") "\n      # another remark\n\n      - WWW.example.com\n"
                                          "      - API.example.com\n",
          "site.policy.yaml");
    assert_int_equal(count("dns.case", true), 1);
    assert_int_equal(complaints(), 0);
    /* two comments, one line; two rules, one comment */
    judge(HEAD "      " ALLOW("dns.labels.max") "\n      " ALLOW(
              "dns.case, dns.url") " ticket=CHG0000007\n      - "
                                   "WWW.a.b.c.d.e.f.g.h.i.j.k.example.com\n",
          "site.policy.yaml");
    assert_int_equal(count("dns.case", true), 1);
    assert_int_equal(count("dns.labels.max", true), 1);
    assert_string_equal(fixture_finding(&f, "dns.case", "www")->justification,
                        "printed on cards (CHG0000007, until 2027-01-31)");
    assert_int_equal(complaints(), 0);
}

/* What looks like a comment inside text is text. */
static void in_a_block(void **state)
{
    (void)state;
    judge("certbatch: 1\nname: test\nca: lab\norders:\n  - id: www\n    comment: |\n      said\n"
          "      " ALLOW("dns.case") "\n    san: [WWW.example.com]\n",
          "site.policy.yaml");
    assert_int_equal(count("dns.case", true), 0);
    assert_int_equal(complaints(), 0);
    judge("certbatch: 1\nname: test\nca: lab\norders:\n  - id: www\n    comment: 'said "
          "# certbatch: allow nothing' \n    san: [WWW.example.com]\n",
          "site.policy.yaml");
    assert_int_equal(complaints(), 0);
}

/* A finding in the CSR is covered where the manifest names the CSR. */
static void in_the_csr(void **state)
{
    (void)state;
    fixture_csr(&f, "up.csr", "UP.example.com");
    judge("certbatch: 1\nname: test\nca: lab\norders:\n  - id: www\n    csr: up.csr " ALLOW(
              "dns.case") "\n",
          "site.policy.yaml");
    assert_int_equal(count("dns.case", true), 1);
    assert_int_equal(count("dns.case", false), 0);
    assert_int_equal(complaints(), 0);
}

static void incomplete(void **state)
{
    (void)state;
    static const struct {
        const char *comment, *rule;
    } cases[] = {
        {"# certbatch: allow dns.case", "policy.suppression.syntax"},
        {"# certbatch: allow", "policy.suppression.syntax"},
        {"# certbatch:", "policy.suppression.syntax"},
        {"# certbatch: ignore dns.case until=2027-01-31 reason=\"printed on cards\"",
         "policy.suppression.syntax"},
        {"# certbatch: allow dns.case until=2027-01-31", "policy.suppression.syntax"},
        {"# certbatch: allow dns.case until=2027-01-31 reason=\"too short\"",
         "policy.suppression.syntax"},
        {"# certbatch: allow dns.case until=soon reason=\"printed on cards\"",
         "policy.suppression.syntax"},
        {"# certbatch: allow dns.case reason=\"printed on cards\"", "policy.suppression.syntax"},
        {"# certbatch: allow dns.case until=2027-01-31 reason=\"printed on cards",
         "policy.suppression.syntax"},
        {"# certbatch: allow dns.case until=2027-01-31 why=\"printed on cards\"",
         "policy.suppression.syntax"},
        {"# certbatch: allow dns.casey until=2027-01-31 reason=\"printed on cards\"",
         "policy.suppression.unknown"},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        judge(arena_printf(&f.arena, HEAD "      - WWW.example.com %s\n", cases[i].comment),
              "site.policy.yaml");
        const struct finding *x = fixture_finding(&f, cases[i].rule, NULL);
        if (!x || count("dns.case", false) != 1) {
            fail_msg("%s: no %s", cases[i].comment, cases[i].rule);
        }
        assert_int_equal(x->line, 7);
        assert_int_equal(x->column, 25);
        assert_int_equal(x->severity, SEV_ERROR);
    }
}

static void late_and_useless(void **state)
{
    (void)state;
    judge(HEAD "      - WWW.example.com # certbatch: allow dns.case until=2026-11-20 "
               "reason=\"printed on cards\"\n",
          "site.policy.yaml");
    assert_non_null(fixture_finding(&f, "policy.suppression.expired", NULL));
    assert_int_equal(count("dns.case", false), 1);
    judge(HEAD "      - WWW.example.com # certbatch: allow dns.case until=2026-11-21 "
               "reason=\"the last day counts\"\n",
          "site.policy.yaml");
    assert_int_equal(complaints(), 0);
    judge(HEAD "      - www.example.com " ALLOW("dns.case") "\n", "site.policy.yaml");
    assert_non_null(fixture_finding(&f, "policy.suppression.unused", NULL));
}

static void not_permitted(void **state)
{
    (void)state;
    judge(HEAD "      - WWW.example.com " ALLOW("dns.case") "\n", "strict.policy.yaml");
    assert_non_null(fixture_finding(&f, "policy.suppression.forbidden", NULL));
    assert_int_equal(count("dns.case", true), 0);
    judge(HEAD "      - a_b.example.com " ALLOW("dns.underscore") "\n", "site.policy.yaml");
    assert_non_null(fixture_finding(&f, "policy.suppression.forbidden", NULL));
    assert_int_equal(count("dns.underscore", true), 0);
}

static void samples_of_the_rows(void **state)
{
    (void)state;
    for (const struct rule *r = rules_suppress; r->id; r++) {
        judge(r->bad + strlen("manifest:"), "site.policy.yaml");
        if (!fixture_finding(&f, r->id, NULL)) {
            fail_msg("%s does not fire on its bad sample", r->id);
        }
        judge(r->good + strlen("manifest:"), "site.policy.yaml");
        assert_int_equal(complaints(), 0);
        assert_int_equal(count("dns.case", true), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_line),     cmocka_unit_test(line_above),
        cmocka_unit_test(in_a_block),    cmocka_unit_test(in_the_csr),
        cmocka_unit_test(incomplete),    cmocka_unit_test(late_and_useless),
        cmocka_unit_test(not_permitted), cmocka_unit_test(samples_of_the_rows),
    };
    return !!cmocka_run_group_tests(tests, begin, end);
}
