/* SPDX-License-Identifier: Apache-2.0
 *
 * subject.organization.known: the names in the subject against the record of the organization.
 */
#include "policy/rules_level.h"
#include "policy/rules_subject.h"

#include "policy/same_text.h"

#include <string.h>

static void compare(struct rule_run *run, const struct attr_fact *a, const struct organization *o)
{
    struct arena *scratch = rule_arena(run);
    const char *record = organization_value(o, a->name);
    if (!record) {
        return; /* the record does not say; nothing to differ from */
    }
    const size_t n = strlen(record);
    const enum text_match match = text_compare(scratch, a->text, a->text_n, record, n);
    if (match == TEXT_SAME) {
        return;
    }
    const bool soft = match == TEXT_CASE || !(a->views & VIEW_EFFECTIVE);
    rule_hit(
        run, (struct hit){.attr = a, .severity = soft ? SEV_WARNING : SEV_DISABLED},
        match == TEXT_CASE ? "%s differs from record %s in upper and lower case: there it is %s"
                           : "%s is not that of record %s: there it is %s",
        a->name, str_vis_dup(scratch, o->name, strlen(o->name)), str_vis_dup(scratch, record, n));
}

void subject_check_organization(struct rule_run *run)
{
    static const char *const names[] = {"O", "C", "ST", "L"};
    const struct facts *f = rule_facts(run);
    const char *unknown = rule_organization_unknown(run);
    const struct organization *o = rule_organization(run);
    if (unknown) {
        rule_hit(run, (struct hit){.key = "organization", .value = unknown},
                 "the policy has no organization %s",
                 str_vis_dup(rule_arena(run), unknown, strlen(unknown)));
    }
    for (size_t i = 0; o && level_judged(run) && i < f->nattrs; i++) {
        for (size_t k = 0; k < NITEMS(names); k++) {
            if (subject_is(&f->attrs[i], names[k])) {
                compare(run, &f->attrs[i], o);
            }
        }
    }
}
