/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules over the whole batch. Items of one batch may have different profiles, and these may set
 * a batch rule differently. Each rule therefore runs once for every distinct setting among the
 * profiles in use, always over all members (a shared prime does not care about profiles); a
 * finding about a member is kept only from the setting of that member's own profile, a finding
 * about the batch as a whole from the strictest setting that reports it.
 */
#include "policy/engine.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

const struct batch_member *rule_members(const struct rule_run *run, size_t *n)
{
    *n = run->batch ? run->batch->n : 0;
    return run->batch ? run->batch->members : NULL;
}

const struct ynode *rule_root(const struct rule_run *run)
{
    return run->batch ? run->batch->root : NULL;
}

const char *rule_root_file(const struct rule_run *run)
{
    return run->batch ? run->batch->file : run->s->file;
}

int64_t rule_as_of(const struct rule_run *run)
{
    return run->batch ? run->batch->as_of : subject_date(run->s);
}

static bool same_lists(const struct strlist *a, const struct strlist *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = str_eq(a->v[i], b->v[i]);
    }
    return same;
}

static bool same_setting(const struct active *a, const struct setting *x, const struct setting *y)
{
    bool same = x->severity == y->severity;
    for (size_t i = 0; same && i < a->row->nparams; i++) {
        same = x->params[i].number == y->params[i].number &&
               same_lists(&x->params[i].strings, &y->params[i].strings);
    }
    return same;
}

static const struct active *find_active(const struct profile *p, const struct rule *row)
{
    for (size_t i = 0; i < p->nbatch; i++) {
        if (p->batch[i].row == row) {
            return &p->batch[i];
        }
    }
    return NULL;
}

static const struct setting *setting_for(const struct profile *p, const struct rule *row,
                                         int64_t at)
{
    const struct active *a = find_active(p, row);
    const struct setting *set = a ? setting_at(a, at) : NULL;
    return set && set->severity != SEV_DISABLED ? set : NULL;
}

/* A member that nobody judged counts under the settings for all items. */
static const struct profile *profile_of(const struct policy *p, const struct batch_member *m)
{
    return m->profile ? m->profile : p->bases[0];
}

static void hit_member(struct rule_run *run, const struct batch_member *m, enum severity asked,
                       const char *key, const char *value, const char *fmt, va_list ap)
{
    const struct setting *own =
        setting_for(profile_of(run->policy, m), run->active->row, run->batch->as_of);
    if (!own || !same_setting(run->active, own, run->setting)) {
        return; /* said, or left unsaid, under the member's own setting */
    }
    const struct rule *r = run->active->row;
    const struct ynode *node = key ? field_below(m->node, key) : NULL;
    const struct pos pos = yaml_pos(m->file, node ? node : m->node);
    struct finding f = {.rule = r->id,
                        .severity = severity_of(run, asked),
                        .firm = run->active->unsuppressable,
                        .file = m->file,
                        .line = pos.line,
                        .column = pos.column,
                        .end_line = pos.end_line,
                        .end_column = pos.end_column,
                        .offset = -1,
                        .item = m->id,
                        .value = value ? str_vis_dup(run->arena, value, strlen(value)) : NULL,
                        .message = arena_vprintf(run->arena, fmt, ap),
                        .fix = r->fix,
                        .cite = r->cite};
    waiver_apply_member(run, m, &f);
    suppression_apply(run, m->node, &f);
    findings_add(run->findings, &f);
}

void rule_hit_member(struct rule_run *run, const struct batch_member *m, const char *key,
                     const char *value, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    hit_member(run, m, SEV_DISABLED, key, value, fmt, ap);
    va_end(ap);
}

void rule_hit_member_as(struct rule_run *run, const struct batch_member *m, enum severity asked,
                        const char *key, const char *value, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    hit_member(run, m, asked, key, value, fmt, ap);
    va_end(ap);
}

/* The distinct profiles of the members, the file-level settings when there is none. */
static size_t profiles_in_use(const struct policy *p, const struct batch_run *batch,
                              struct arena *a, const struct profile ***out)
{
    size_t n = 0;
    *out = arena_array(a, batch->n + 1, sizeof **out);
    for (size_t i = 0; i < batch->n; i++) {
        const struct profile *profile = profile_of(p, &batch->members[i]);
        bool known = false;
        for (size_t k = 0; k < n && !known; k++) {
            known = (*out)[k] == profile;
        }
        if (!known) {
            (*out)[n++] = profile;
        }
    }
    if (n == 0) {
        (*out)[n++] = p->bases[0];
    }
    return n;
}

static bool said_already(const struct findings *list, size_t from, struct finding *f)
{
    for (size_t i = from; i < list->n; i++) {
        struct finding *g = &list->v[i];
        if (!g->item && str_eq(g->rule, f->rule) && str_eq(g->message, f->message) &&
            str_eq(g->value, f->value) && g->line == f->line && g->column == f->column) {
            g->severity = f->severity > g->severity ? f->severity : g->severity;
            return true;
        }
    }
    return false;
}

static void run_one(struct rule_run *run, const struct profile *const *profiles, size_t n,
                    const struct rule *row)
{
    const size_t start = run->findings->n;
    struct findings one = FINDINGS_INIT;
    struct findings *const all = run->findings;
    for (size_t i = 0; i < n; i++) {
        run->setting = setting_for(profiles[i], row, run->batch->as_of);
        bool done = !run->setting;
        for (size_t k = 0; k < i && !done; k++) {
            const struct setting *before = setting_for(profiles[k], row, run->batch->as_of);
            done = before && same_setting(find_active(profiles[k], row), before, run->setting);
        }
        if (done) {
            continue;
        }
        run->profile = profiles[i];
        run->active = find_active(profiles[i], row);
        run->findings = &one;
        run->hits = 0;
        row->check(run);
        if (run->hits > LIMIT_HITS) {
            rule_summarize(run);
        }
        run->findings = all;
        for (size_t k = 0; k < one.n; k++) {
            if (one.v[k].item || !said_already(all, start, &one.v[k])) {
                findings_add(all, &one.v[k]);
            }
        }
        findings_release(&one);
    }
}

void policy_judge_batch(const struct policy *p, const struct batch_member *members, size_t n,
                        const char *file, const struct ynode *root, int64_t as_of,
                        const struct suppressions *suppressions, struct findings *findings)
{
    CLEANUP(arena_release) struct arena arena = ARENA_INIT;
    const struct batch_run batch = {members, n, file, root, as_of, suppressions};
    const struct profile **profiles;
    const size_t nprofiles = profiles_in_use(p, &batch, &arena, &profiles);
    struct rule_run run = {.policy = p,
                           .batch = &batch,
                           .scope = SCOPE_ALL | SCOPE_LOCAL,
                           .arena = &arena,
                           .findings = findings};
    for (size_t i = 0; i < rule_count(); i++) {
        const struct rule *row = rule_at(i);
        if (row->check && row->needs & NEEDS_BATCH) {
            run_one(&run, profiles, nprofiles, row);
        }
    }
}
