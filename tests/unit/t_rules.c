/* SPDX-License-Identifier: Apache-2.0
 *
 * Every row of the item rules against its own samples: the bad one must fire exactly this rule
 * (others may fire too), the good one must not. And every verdict of the corpora that
 * tests/corpora/RULES.tsv lists: certificates and requests that other projects made to test the
 * same question.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/rules_fixture.h"

/* Rules about one item: those over a whole batch are tested by t_rules_batch.c, rows that loaders
 * report (no check) by the tests of the loaders. */
static bool is_item_rule(const struct rule *r)
{
    return r->check && !(r->needs & NEEDS_BATCH) && !str_starts(r->id, "policy.") &&
           strcmp(r->id, "validity.profile") != 0; /* t_samples.c */
}

static char *work; /* a copy of tests/samples, for policies that name files */

static int make_work(void **state)
{
    static struct arena a;
    (void)state;
    work = temp_make(&a);
    static const char *const files[] = {"good.pem",
                                        "good-rsa.pem",
                                        "key.rsa.modulus.prime.pem",
                                        "key.blocklist.pem",
                                        "key.blocklist.txt",
                                        "key.debian-weak.pem",
                                        "key.debian-weak.txt",
                                        "good-upn.pem",
                                        "product.distrusted-ca.txt",
                                        "caa.txt"};
    for (size_t i = 0; i < NITEMS(files); i++) {
        struct span bytes = corpus_read(&a, arena_printf(&a, SAMPLES "%s", files[i]));
        (void)temp_write(&a, work, files[i], bytes);
    }
    return 0;
}

static int remove_work(void **state)
{
    (void)state;
    temp_remove(work);
    return 0;
}

/* --- samples of the rows --- */

static bool file_fires(struct arena *a, const struct rule *r, const char *name)
{
    struct policy *p = policy_of_level(a, work, level_for(r->scope), "");
    struct subject s = {.kind = SUBJECT_CSR_FILE,
                        .file = name,
                        .csr_file = name,
                        .key_file_mode = -1,
                        .order_date = JUDGED_AT};
    s.csr = read_csr(a, arena_printf(a, SAMPLES "%s", name));
    bool fired = fires(p, &s, r->id, NULL);
    policy_free(p);
    return fired;
}

/* As lint judges a certificate file: at the day it was issued. */
static bool cert_fires(struct arena *a, const struct rule *r, const char *name)
{
    struct policy *p = policy_of_level(a, work, level_for(r->scope), "");
    struct subject s = {.kind = SUBJECT_CERT_FILE, .file = name, .key_file_mode = -1};
    read_judged(a, arena_printf(a, SAMPLES "%s", name), &s);
    s.order_date = s.cert->not_before;
    bool fired = fires(p, &s, r->id, NULL);
    policy_free(p);
    return fired;
}

static bool item_fires(struct arena *a, const struct rule *r, const char *text)
{
    const char *with = strstr(text, "# with ");
    struct policy *p =
        policy_of_level(a, work, level_for(r->scope),
                        with ? arena_printf(a, "  %s\n", with + strlen("# with ")) : "");
    struct subject s;
    subject_from(a, parse_yaml(a, text), &s);
    bool fired = fires(p, &s, r->id, NULL);
    policy_free(p);
    return fired;
}

/* The policy's own samples must come out as it says; whether the rule fired is read off them. */
static bool policy_fires(struct arena *a, const struct rule *r, const char *text)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct policy *p = policy_from(a, work, text);
    assert_int_equal(policy_run_samples(p, &findings), 1);
    for (size_t i = 0; i < findings.n; i++) {
        fail_msg("%s: %s", r->id, findings.v[i].message);
    }
    policy_free(p);
    return strstr(text, "reject:") != NULL;
}

static bool sample_fires(struct arena *a, const struct rule *r, const char *sample)
{
    if (str_starts(sample, "csr:")) {
        return file_fires(a, r, sample + 4);
    }
    if (str_starts(sample, "cert:")) {
        return cert_fires(a, r, sample + 5);
    }
    if (str_starts(sample, "policy:")) {
        return policy_fires(a, r, sample + 7);
    }
    if (sample[0] != '{') {
        fail_msg("%s: a sample of no known kind: %s", r->id, sample);
    }
    return item_fires(a, r, sample);
}

static void test_samples(void **state)
{
    (void)state;
    size_t wrong = 0;
    size_t count = 0;
    for (size_t g = 0; rule_groups[g]; g++) {
        for (const struct rule *r = rule_groups[g]; r->id; r++) {
            CLEANUP(arena_release) struct arena a = ARENA_INIT;
            if (!is_item_rule(r)) {
                continue;
            }
            count++;
            if (!sample_fires(&a, r, r->bad)) {
                print_message("%s does not fire on its bad sample %s\n", r->id, r->bad);
                wrong++;
            }
            if (sample_fires(&a, r, r->good)) {
                print_message("%s fires on its good sample %s\n", r->id, r->good);
                wrong++;
            }
        }
    }
    assert_true(count > 150);
    assert_int_equal(wrong, 0);
}

/* A row that `explain` cannot explain. */
static void test_words(void **state)
{
    (void)state;
    for (size_t g = 0; rule_groups[g]; g++) {
        for (const struct rule *r = rule_groups[g]; r->id; r++) {
            const char *const texts[] = {r->title, r->why, r->fix, r->cite, r->bad, r->good};
            for (size_t i = 0; i < NITEMS(texts); i++) {
                if (!texts[i] || !*texts[i]) {
                    fail_msg("%s lacks a text", r->id);
                }
            }
            if (r->ca && !ca_facts_find(r->ca)) {
                fail_msg("%s is for a kind of CA that has no facts: %s", r->id, r->ca);
            }
            if (r->nparams > RULE_PARAMS_MAX || strcmp(r->bad, r->good) == 0) {
                fail_msg("%s is not complete", r->id);
            }
        }
    }
}

/* --- corpora --- */

struct verdicts {
    size_t agree, differ, wrong;
};

/* NULL when our reader refuses the certificate as a whole. */
static struct cert *try_cert(struct arena *a, const char *path)
{
    struct cert *certs = NULL;
    size_t n = 0;
    struct err err = ERR_INIT;
    return certs_read(a, path, corpus_read(a, path), &certs, &n, &err) ? &certs[0] : NULL;
}

/* RULES.tsv: rule, file, level, expected (fires, quiet), ours if it differs (or unreadable), why */
static void corpus_row(struct arena *unused, char *const *field, void *ctx)
{
    (void)unused;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct verdicts *v = ctx;
    const char *path = arena_printf(&a, CORPORA "%s", field[1]);
    bool csr = strstr(field[1], "/csr/") != NULL;
    struct subject s = {.kind = csr ? SUBJECT_CSR_FILE : SUBJECT_CERT_FILE,
                        .file = path,
                        .key_file_mode = -1,
                        .order_date = JUDGED_AT};
    if (csr) {
        s.csr = read_csr(&a, path);
    } else {
        s.cert = try_cert(&a, path);
        s.order_date = s.cert ? s.cert->not_before : JUDGED_AT;
    }
    struct policy *p = policy_of_level(&a, work, field[2], "");
    const char *got = !csr && !s.cert                ? "unreadable"
                      : fires(p, &s, field[0], NULL) ? "fires"
                                                     : "quiet";
    policy_free(p);
    const char *want = *field[4] ? field[4] : field[3];
    if (strcmp(got, want) != 0) {
        print_message("%s is %s on %s\n", field[0], got, field[1]);
        v->wrong++;
    }
    if (*field[4] && !*field[5]) {
        fail_msg("%s on %s: a difference without a reason", field[0], field[1]);
    }
    v->agree += !*field[4];
    v->differ += *field[4] != '\0';
}

static void test_corpora(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct verdicts v = {0};
    corpus_tsv(&a, CORPORA "RULES.tsv", corpus_row, &v);
    print_message("%zu verdicts agree, %zu differ for a stated reason\n", v.agree, v.differ);
    assert_int_equal(v.wrong, 0);
    assert_true(v.agree > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_corpora),
    };
    return !!cmocka_run_group_tests(tests, make_work, remove_work);
}
