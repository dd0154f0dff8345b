/* SPDX-License-Identifier: Apache-2.0
 *
 * What the policy demands of a run as a whole: the settings of two rules, read for the caller who
 * carries them out.
 */
#include "policy/engine.h"

#include "formats/base/str.h"
#include "policy/policy.h"
#include "policy/rules_change.h"

#include <string.h>

/* The setting in force at that time for whoever is judged like s, or NULL. */
static const struct setting *setting_of(const struct policy *p, const struct subject *s,
                                        const char *rule, int64_t at)
{
    CLEANUP(arena_release) struct arena scratch = ARENA_INIT;
    const char *problem = NULL;
    const struct rule *row = rule_find(rule);
    const struct profile *profile = s ? policy_choose(p, s, &scratch, &problem) : p->bases[0];
    for (size_t i = 0; i < profile->nbatch; i++) {
        if (profile->batch[i].row == row) {
            return setting_at(&profile->batch[i], at);
        }
    }
    return NULL;
}

bool policy_approvals(const struct policy *p, const struct subject *s, int64_t at,
                      struct policy_approvals *out)
{
    const struct setting *set = setting_of(p, s, APPROVALS_RULE, at);
    *out = (struct policy_approvals){0};
    if (!set || set->severity == SEV_DISABLED || !set->params[APPROVALS_COUNT].number) {
        return false;
    }
    const struct data_lines *trusted = set->params[APPROVALS_TRUSTED].lines;
    out->count = (size_t)set->params[APPROVALS_COUNT].number;
    out->severity = set->severity;
    out->approvers = &set->params[APPROVALS_APPROVERS].strings;
    out->trusted = trusted ? trusted->pem : NULL;
    return true;
}

static bool same_names(const struct strlist *a, const struct strlist *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = str_eq(a->v[i], b->v[i]);
    }
    return same;
}

bool policy_approvals_same(const struct policy_approvals *a, const struct policy_approvals *b)
{
    return a->count == b->count && a->severity == b->severity && str_eq(a->trusted, b->trusted) &&
           same_names(a->approvers, b->approvers);
}

bool policy_may_override_window(const struct policy *p, const struct subject *s, int64_t at)
{
    const struct setting *set = setting_of(p, s, WINDOW_RULE, at);
    return !set || set->severity == SEV_DISABLED || set->params[WINDOW_OVERRIDE].number != 0;
}
