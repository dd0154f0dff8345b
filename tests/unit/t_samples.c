/* SPDX-License-Identifier: Apache-2.0
 *
 * The samples of policies, linting a policy alone, and the samples of the rows about policies.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/policy_fixture.h"

#define HEAD "certbatch_policy: 1\nname: t\nextends: [cabf-tls]\n"

/* --- the samples of the rows about policies; those of the other rows run in t_rules.c --- */

static bool row_fires(struct bench *b, const char *id, const char *sample)
{
    const char *text = sample + strlen("policy:");
    struct findings all = FINDINGS_INIT;
    bool ok = bench_open(b, text);
    for (size_t i = 0; i < b->findings.n; i++) {
        findings_add(&all, &b->findings.v[i]);
    }
    assert_int_equal(ok, findings_count(&b->findings, SEV_ERROR) == 0);
    if (ok) {
        /* a sample whose item is refused says so through policy.sample, naming the rule */
        policy_run_samples(b->policy, &all);
        policy_close_waivers(b->policy, &all);
        policy_check_requester(b->policy, "A.Singh", &all);
    }
    bool fires = found(&all, id) != NULL;
    const struct finding *sampled = found(&all, "policy.sample");
    fires |= sampled && strstr(sampled->message, id);
    findings_release(&all);
    return fires;
}

static void samples_of_the_rows(void **state)
{
    (void)state;
    struct bench b;
    size_t n = 0;
    bench_begin(&b);
    for (size_t i = 0; i < rule_count(); i++) {
        const struct rule *r = rule_at(i);
        if (!str_starts(r->bad, "policy:") ||
            !(str_starts(r->id, "policy.") || str_eq(r->id, "validity.profile"))) {
            continue;
        }
        if (!row_fires(&b, r->id, r->bad)) {
            fail_msg("%s does not fire on its bad sample", r->id);
        }
        if (row_fires(&b, r->id, r->good)) {
            fail_msg("%s fires on its good sample", r->id);
        }
        n++;
    }
    assert_true(n >= 17);
    bench_end(&b);
}

static void samples_run(void **state)
{
    (void)state;
    struct bench b;
    struct findings list = FINDINGS_INIT;
    bench_begin(&b);
    assert_true(bench_open(
        &b, HEAD "profiles:\n  web:\n    names: {dns: {allow: [{tree: example.com}]}}\n"
                 "samples:\n"
                 "  - {accept: {profile: web, common_name: www.example.com, key: rsa-3072}}\n"
                 "  - {reject: {profile: web, common_name: www.evil.test, key: rsa-3072}, by: "
                 "san.pattern.allow}\n"
                 "  - {accept: {profile: web, common_name: www.evil.test}}\n"
                 "  - {reject: {profile: web, common_name: www.example.com}}\n"
                 "  - {reject: {profile: web, common_name: www.evil.test}, by: key.type.allowed}\n"
                 "  - {accept: {profile: absent, common_name: www.example.com}}\n"
                 "  - {accept: {subject: {shoe_size: big}}}\n"
                 "  - {accept: {csr: absent.csr}}\n"));
    assert_int_equal(policy_run_samples(b.policy, &list), 8);
    assert_int_equal(found_n(&list, "policy.sample"), 6);
    static const uint32_t lines[] = {10, 11, 12, 13, 14, 15};
    for (size_t i = 0; i < NITEMS(lines); i++) {
        assert_int_equal(list.v[i].line, lines[i]);
    }
    findings_release(&list);
    bench_end(&b);
}

static void linting_a_policy(void **state)
{
    (void)state;
    struct bench b;
    char path[512];
    bench_begin(&b);
    bench_file(&b, "good.yaml", HEAD);
    bench_file(&b, "bad.yaml", HEAD "rules: {no.such: error}\nsamples: [{by: x}]\n");
    snprintf(path, sizeof path, "%s/good.yaml", b.dir);
    policy_lint(path, &b.findings);
    assert_int_equal(b.findings.n, 0);
    snprintf(path, sizeof path, "%s/bad.yaml", b.dir);
    policy_lint(path, &b.findings);
    assert_string_equal(must(&b.findings, "policy.rule.unknown")->file, path);
    assert_non_null(must(&b.findings, "policy.rule.unknown")->fix);
    findings_release(&b.findings);
    snprintf(path, sizeof path, "%s/absent.yaml", b.dir);
    policy_lint(path, &b.findings);
    assert_int_equal(findings_count(&b.findings, SEV_ERROR), 1);
    bench_end(&b);
}

/* The last line of a sample; its kind ("csr:") is said in words. */
static const char *shown_part(const char *sample)
{
    const char *last = strrchr(sample, '\n');
    const char *colon = strchr(sample, ':');
    bool kind = colon && strspn(sample, "abcdefghijklmnopqrstuvwxyz") == (size_t)(colon - sample) &&
                colon[1] != ' ';
    return last ? last + 1 : kind ? colon + 1 : sample;
}

static void explained(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    for (size_t i = 0; i < rule_count(); i++) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
        assert_true(explain_rule(rule_at(i)->id, &b, &err));
        const char *text = buf_text(&b);
        assert_true(str_starts(text, rule_at(i)->id));
        assert_non_null(strstr(text, shown_part(rule_at(i)->bad)));
        assert_non_null(strstr(text, shown_part(rule_at(i)->good)));
        assert_non_null(strstr(text, rule_at(i)->cite));
    }
    CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
    assert_false(explain_rule("key.\033[31m", &b, &err));
    assert_null(strchr(err.msg, '\033'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explained),
        cmocka_unit_test(samples_of_the_rows),
        cmocka_unit_test(samples_run),
        cmocka_unit_test(linting_a_policy),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
