/* SPDX-License-Identifier: Apache-2.0
 *
 * A configuration judged by itself: every CA of it by the rules that need no order (NEEDS_CA), so
 * that a mistake in it is seen where it was made and not once for every item of every batch.
 */
#include "batch/config.h"

#include "formats/crl.h"
#include "policy/policy.h"

#include <stdlib.h>

static void judge_ca(const struct config *c, const struct ca_config *ca,
                     const struct config_judge_options *o, const struct policy *policy,
                     struct findings *findings)
{
    CLEANUP(arena_release) struct arena keep = ARENA_INIT;
    struct policy_scratch scratch = {0};
    const struct subject s = {.kind = SUBJECT_CA,
                              .file = c->path,
                              .ca = ca->name,
                              .ca_type = ca->type->type,
                              .ca_public = ca->type->caps & CA_PUBLIC,
                              .ca_reads_csr_names = ca->type->caps & CA_READS_CSR_NAMES,
                              .ca_environment = ca_environment(ca),
                              .ca_node = ca->node,
                              .ca_file = c->path,
                              .profile = o->profile,
                              .key_file_mode = -1,
                              .key_file_matches = true,
                              .reason = REASON_NONE,
                              .order_date = o->as_of};
    policy_judge(policy, &s, &scratch, &keep, findings, NULL);
    arena_release(&scratch.arena);
}

bool config_policy(const struct config *c, const struct config_judge_options *o,
                   struct policy **out, struct findings *findings, struct err *err)
{
    size_t nproducts = 0;
    const struct product_info *products = ca_all_products(&nproducts);
    const size_t n = c->policy.n + o->npolicies;
    CLEANUP(freep) struct policy_source *sources = xcalloc(n ? n : 1, sizeof *sources);
    for (size_t i = 0; i < n; i++) {
        const bool own = i < c->policy.n;
        sources[i] =
            own ? (struct policy_source){.name = c->policy.v[i],
                                         .base = c->dir,
                                         .pos = yaml_pos(c->path, c->policy.at[i])}
                : (struct policy_source){.name = o->policies[i - c->policy.n], .base = "."};
    }
    return policy_open(out, sources, n, products, nproducts, findings, err);
}

bool config_judge(const struct config *c, const struct config_judge_options *o,
                  struct findings *findings, struct err *err)
{
    struct policy *policy = NULL;
    if (!config_policy(c, o, &policy, findings, err)) {
        return false;
    }
    for (size_t i = 0; i < c->ncas; i++) {
        if (c->cas[i].common.enabled) { /* else written down before it is complete */
            judge_ca(c, &c->cas[i], o, policy, findings);
        }
    }
    policy_free(policy);
    findings_sort(findings);
    return true;
}
