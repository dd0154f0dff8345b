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

static const struct profile *profile_of(const struct policy *p, const struct subject *s)
{
    CLEANUP(arena_release) struct arena scratch = ARENA_INIT;
    const char *problem = NULL;
    return s ? policy_choose(p, s, &scratch, &problem) : p->bases[0];
}

static const struct active *approvals_of(const struct profile *profile)
{
    const struct rule *row = rule_find(APPROVALS_RULE);
    for (size_t i = 0; i < profile->nbatch; i++) {
        if (profile->batch[i].row == row) {
            return &profile->batch[i];
        }
    }
    return NULL;
}

/* What every layer together says, and a dated step of it that is in force. A step of one file must
 * not take back what another file demands: so both count. */
static size_t settings_of(const struct active *a, int64_t at,
                          const struct setting *out[POLICY_DEMANDS])
{
    size_t n = 0;
    if (a) {
        const struct setting *step = setting_at(a, at);
        out[n++] = &a->base;
        if (step && step != &a->base) {
            out[n++] = step;
        }
    }
    return n;
}

size_t policy_approvals(const struct policy *p, const struct subject *s, int64_t at,
                        struct policy_approvals out[POLICY_DEMANDS])
{
    const struct setting *set[POLICY_DEMANDS];
    const size_t n = settings_of(approvals_of(profile_of(p, s)), at, set);
    size_t demands = 0;
    for (size_t i = 0; i < n; i++) {
        const struct data_lines *trusted = set[i]->params[APPROVALS_TRUSTED].lines;
        if (set[i]->params[APPROVALS_COUNT].number) {
            out[demands++] =
                (struct policy_approvals){.count = (size_t)set[i]->params[APPROVALS_COUNT].number,
                                          .approvers = &set[i]->params[APPROVALS_APPROVERS].strings,
                                          .trusted = trusted ? trusted->pem : NULL};
        }
    }
    return demands;
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
    return a->count == b->count && str_eq(a->trusted, b->trusted) &&
           same_names(a->approvers, b->approvers);
}

bool policy_may_override_window(const struct policy *p, const struct subject *s, int64_t at)
{
    const struct setting *set[POLICY_DEMANDS];
    const size_t n = settings_of(&profile_of(p, s)->window, at, set);
    bool may = true;
    for (size_t i = 0; i < n; i++) {
        may = may && set[i]->params[WINDOW_OVERRIDE].number != 0;
    }
    return may;
}
