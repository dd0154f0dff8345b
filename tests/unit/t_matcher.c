/* SPDX-License-Identifier: Apache-2.0
 *
 * Matchers: what each kind covers and, more important, what it does not; lists and their edits.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/policy_fixture.h"

#define HEAD "certbatch_policy: 1\nname: t\nextends: [cabf-tls]\n"

static int match(struct bench *b, int type, bool deny, const char *text)
{
    const struct name_policy *n = &b->policy->bases[0]->names[type];
    const struct matchers *list = deny ? &n->deny : &n->allow;
    assert_true(list->present);
    for (size_t i = 0; i < list->n; i++) {
        int got = matcher_match(&list->v[i], text);
        if (got != MATCH_NO) {
            return got;
        }
    }
    return MATCH_NO;
}

static void matchers(void **state)
{
    (void)state;
    static const struct {
        int type;
        const char *text;
        int want;
    } rows[] = {
        {NAME_POLICY_DNS, "exact.example.com", MATCH_YES},
        {NAME_POLICY_DNS, "x.exact.example.com", MATCH_NO},
        {NAME_POLICY_DNS, "tree.example", MATCH_YES},
        {NAME_POLICY_DNS, "a.b.tree.example", MATCH_YES},
        {NAME_POLICY_DNS, "*.tree.example", MATCH_YES},
        {NAME_POLICY_DNS, "atree.example", MATCH_NO},
        {NAME_POLICY_DNS, "a.glob.example", MATCH_YES},
        {NAME_POLICY_DNS, "*.glob.example", MATCH_YES},
        {NAME_POLICY_DNS, "a.b.glob.example", MATCH_NO},
        {NAME_POLICY_DNS, "glob.example", MATCH_NO},
        {NAME_POLICY_DNS, ".glob.example", MATCH_NO},
        {NAME_POLICY_DNS, "a.glob.example.com", MATCH_NO},
        {NAME_POLICY_DNS, "x1.dev.example", MATCH_YES},
        {NAME_POLICY_DNS, "x1.dev.example.evil.test", MATCH_NO},
        {NAME_POLICY_DNS, "xn--mnchen-3ya.example", MATCH_YES},
        {NAME_POLICY_DNS, "user@tree.example", MATCH_NO},
        {NAME_POLICY_IP, "10.20.0.1", MATCH_YES},
        {NAME_POLICY_IP, "10.21.0.1", MATCH_NO},
        {NAME_POLICY_IP, "2001:db8::5", MATCH_YES},
        {NAME_POLICY_IP, "2001:db9::5", MATCH_NO},
        {NAME_POLICY_IP, "192.0.2.7", MATCH_YES},
        {NAME_POLICY_IP, "nonsense", MATCH_NO},
        {NAME_POLICY_EMAIL, "a@mail.example", MATCH_YES},
        {NAME_POLICY_EMAIL, "a@sub.mail.example", MATCH_YES},
        {NAME_POLICY_EMAIL, "a@mail.example@evil.test", MATCH_NO},
        {NAME_POLICY_EMAIL, "mail.example", MATCH_NO},
        {NAME_POLICY_URI, "https://uri.example/path?q", MATCH_YES},
        {NAME_POLICY_URI, "https://a.URI.example:8443", MATCH_YES},
        {NAME_POLICY_URI, "https://uri.example@evil.test/", MATCH_NO},
        {NAME_POLICY_URI, "https://evil.test/uri.example", MATCH_NO},
        {NAME_POLICY_URI, "uri.example", MATCH_NO},
    };
    struct bench b;
    bench_begin(&b);
    assert_true(bench_open(&b, HEAD "names:\n"
                                    "  dns:\n"
                                    "    allow:\n"
                                    "      - {exact: EXACT.example.com}\n"
                                    "      - {tree: Tree.Example}\n"
                                    "      - {glob: '*.glob.example'}\n"
                                    "      - {regex: '[a-z0-9]+\\.dev\\.example'}\n"
                                    "      - {exact: m\xC3\xBCnchen.example}\n"
                                    "    deny: [{regex: '(a+)+', why: slow}]\n"
                                    "    wildcard: {allow: true, zones: [Tree.Example.]}\n"
                                    "  ip: {allow: [{cidr: 10.20.0.0/16}, {cidr: '2001:db8::/32'}, "
                                    "{exact: 192.0.2.7}]}\n"
                                    "  email: {allow: [{tree: mail.example}]}\n"
                                    "  uri: {allow: [{tree: uri.example}]}\n"));
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if (match(&b, rows[i].type, false, rows[i].text) != rows[i].want) {
            fail_msg("%s", rows[i].text);
        }
    }
    assert_int_equal(match(&b, NAME_POLICY_DNS, true, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"),
                     MATCH_BROKEN);
    const struct name_policy *dns = &b.policy->bases[0]->names[NAME_POLICY_DNS];
    assert_string_equal(dns->deny.v[0].why, "slow");
    assert_true(dns->wildcard_present && dns->wildcard_allow);
    assert_string_equal(dns->wildcard_zones.v[0], "tree.example");
    bench_end(&b);
}

static void matcher_lists(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b);
    assert_true(bench_open(&b,
                           HEAD "names:\n  dns: {allow: [{tree: a.example}, {tree: b.example}]}\n"
                                "subject: {O: {allowed: [Example Corp], required: true}}\n"
                                "profiles:\n"
                                "  p: {names: {dns: {allow: {add: [{exact: c.example}], "
                                "remove: [{tree: a.example}]}}}, subject: {O: {deny: "
                                "[{exact: Bad}]}, C: {allowed: [DE, \"NO\"]}}}\n"
                                "  q: {names: {dns: {allow: null}, ip: {allow: []}}}\n"));
    const struct profile *p = b.policy->profiles[0];
    const struct matchers *allow = &p->names[NAME_POLICY_DNS].allow;
    assert_int_equal(allow->n, 2);
    assert_string_equal(allow->v[0].text, "b.example");
    assert_string_equal(allow->v[1].text, "c.example");
    assert_int_equal(p->nsubject, 2);
    assert_string_equal(p->subject[0].attr, "C");
    assert_string_equal(p->subject[0].allow.v[1].text, "NO");
    assert_true(p->subject[1].required);
    assert_int_equal(p->subject[1].allow.n, 1);
    assert_int_equal(p->subject[1].deny.n, 1);
    const struct profile *q = b.policy->profiles[1];
    assert_false(q->names[NAME_POLICY_DNS].allow.present); /* everything */
    assert_true(q->names[NAME_POLICY_IP].allow.present);   /* nothing */
    assert_int_equal(q->names[NAME_POLICY_IP].allow.n, 0);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matchers),
        cmocka_unit_test(matcher_lists),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
