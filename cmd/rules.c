/* SPDX-License-Identifier: Apache-2.0
 *
 * `rules`, `explain`, `policy show`, `policy test`: what is checked, and why.
 */
#include "cmd/cmd.h"

#include <unistd.h>

bool cmd_open_policy(const struct options *o, const char *first, struct policy **policy,
                     struct findings *findings, struct err *err)
{
    struct policy_source sources[64];
    size_t n = 0;
    if (first) {
        sources[n++] = (struct policy_source){.name = first, .base = "."};
    }
    if (o->policies.n > NITEMS(sources) - n) {
        return err_set(err, ERR_USAGE, "more than %zu --policy", NITEMS(sources) - n);
    }
    for (size_t i = 0; i < o->policies.n; i++) {
        sources[n++] = (struct policy_source){.name = o->policies.v[i], .base = "."};
    }
    size_t nproducts;
    const struct product_info *products = ca_all_products(&nproducts);
    return policy_open(policy, sources, n, products, nproducts, findings, err);
}

int cmd_rules(const struct options *o, struct term *t)
{
    const char *format = cmd_format(o, t, "rules");
    CLEANUP(buf_release) struct buf b = BUF_INIT(16u << 20);
    CLEANUP(findings_release) struct findings load = FINDINGS_INIT;
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    if (!format) {
        return EXIT_USAGE;
    }
    if (o->pack && !policy_pack_find(o->pack)) {
        err_set(&err, ERR_USAGE, "no pack %.60s", o->pack);
        return cmd_fail(t, &err);
    }
    bool judged = o->pack || o->policies.n;
    bool ok = !judged || cmd_open_policy(o, o->pack, &policy, &load, &err);
    if (ok && str_eq(format, "json")) {
        ok = rules_list_json(&b, policy, &err);
    } else if (ok) {
        rules_list(&b, policy, o->pack);
    }
    policy_free(policy);
    if (!ok) {
        cmd_print_findings(t, STDERR_FILENO, &load, SEV_WARNING, o->verbose);
        return cmd_fail(t, &err);
    }
    term_out(t, buf_span(&b));
    return EXIT_DONE;
}

int cmd_explain(const struct options *o, struct term *t)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
    struct err err = ERR_INIT;
    if (!explain_rule(o->operands.v[0], &b, &err)) {
        return cmd_fail(t, &err);
    }
    term_out(t, buf_span(&b));
    return EXIT_DONE;
}

static int policy_test(const struct options *o, struct term *t, const struct policy *policy,
                       struct findings *findings)
{
    size_t n = policy_run_samples(policy, findings);
    cmd_print_findings(t, STDOUT_FILENO, findings, SEV_INFO, o->verbose);
    size_t bad = findings_count(findings, SEV_ERROR);
    term_err(t, "%zu sample%s, %zu wrong", n, n == 1 ? "" : "s", bad);
    return bad ? EXIT_FINDINGS : EXIT_DONE;
}

int cmd_policy(const struct options *o, struct term *t)
{
    const char *verb = o->operands.v[0];
    CLEANUP(buf_release) struct buf b = BUF_INIT(16u << 20);
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    bool test = str_eq(verb, "test");
    if (str_eq(verb, "diff")) {
        return cmd_policy_diff(o, t);
    }
    if ((!test && !str_eq(verb, "show")) || o->operands.n != 2 || o->format) {
        err_set(&err, ERR_USAGE,
                "usage: certbatch policy show|test POLICY, or certbatch policy diff [--format F] "
                "OLD NEW MANIFEST...");
        return cmd_fail(t, &err);
    }
    if (!cmd_open_policy(o, o->operands.v[1], &policy, &findings, &err)) {
        cmd_print_findings(t, STDERR_FILENO, &findings, SEV_WARNING, o->verbose);
        return cmd_fail(t, &err);
    }
    int code = EXIT_DONE;
    if (test) {
        code = policy_test(o, t, policy, &findings);
    } else if (!policy_show(policy, o->profile, &b, &err)) {
        code = cmd_fail(t, &err);
    } else {
        term_out(t, buf_span(&b));
        term_err(t, "policy sha256 %s", policy_digest(policy));
    }
    policy_free(policy);
    return code;
}
