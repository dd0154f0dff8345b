/* SPDX-License-Identifier: Apache-2.0
 *
 * Items judged as they are at a real CA when no policy is named: the packs by CA, the product
 * tables of the connectors. Include after cmocka.h.
 */
#ifndef TESTS_UNIT_CA_RULES_FIXTURE_H
#define TESTS_UNIT_CA_RULES_FIXTURE_H

#include "tests/unit/rules_fixture.h"

#include "batch/ca.h"

static struct policy *policy;
static struct arena arena;
static struct findings findings;

static inline int open_policy(void **state)
{
    struct err err = ERR_INIT;
    size_t n;
    (void)state;
    const struct product_info *products = ca_all_products(&n);
    return policy_open(&policy, NULL, 0, products, n, &findings, &err) ? 0 : -1;
}

static inline int close_policy(void **state)
{
    (void)state;
    policy_free(policy);
    findings_release(&findings);
    arena_release(&arena);
    return 0;
}

static inline void judge(const struct subject *s)
{
    struct policy_scratch scratch = {0};
    findings_release(&findings);
    findings = (struct findings)FINDINGS_INIT;
    policy_judge(policy, s, &scratch, &arena, &findings, NULL);
    arena_release(&scratch.arena);
}

static inline const struct finding *finding_of(const char *rule)
{
    for (size_t i = 0; i < findings.n; i++) {
        if (str_eq(findings.v[i].rule, rule)) {
            return &findings.v[i];
        }
    }
    return NULL;
}

static inline size_t count_of(const char *rule)
{
    size_t n = 0;
    for (size_t i = 0; i < findings.n; i++) {
        n += str_eq(findings.v[i].rule, rule);
    }
    return n;
}

static inline const struct finding *judge_text(const char *text, const char *rule)
{
    struct subject s;
    subject_from(&arena, parse_yaml(&arena, text), &s);
    judge(&s);
    return finding_of(rule);
}

static inline void want(const struct finding *f, bool fires, const char *what)
{
    if ((f != NULL) != fires) {
        fail_msg("%s: %s", what, f ? f->message : "nothing was said");
    }
}

static inline void want_severity(const struct finding *f, enum severity severity, const char *what)
{
    want(f, severity != SEV_DISABLED, what);
    if (f && f->severity != severity) {
        fail_msg("%s: %s", what, severity_name(f->severity));
    }
}

#endif
