/* SPDX-License-Identifier: Apache-2.0
 *
 * Making a plan: what each item will do and why, from the resolved batch, the findings of its
 * judgement and what the journal says is done. Reads files through item_load() on the workers;
 * changes nothing anywhere. Writing and reading plan files is plan_file.c, text is
 * plan_text.c.
 */
#include "batch/batch_parts.h"
#include "batch/plan.h"

#include "formats/base/limits.h"
#include "formats/base/pool.h"

#include <stdlib.h>
#include <string.h>

const char *const plan_action_names[PLAN__MAX] = {
    [PLAN_ORDER] = "order",   [PLAN_RENEW] = "renew", [PLAN_REISSUE] = "reissue",
    [PLAN_REVOKE] = "revoke", [PLAN_KEEP] = "keep",   [PLAN_BLOCKED] = "blocked",
};

static const struct {
    const char *action;
    enum plan_action plan;
} actions[] = {
    {"new", PLAN_ORDER},
    {"renew", PLAN_RENEW},
    {"reissue", PLAN_REISSUE},
    {"revoke", PLAN_REVOKE},
};

static enum plan_action plan_action_of(const struct item *item)
{
    for (size_t i = 0; i < NITEMS(actions); i++) {
        if (str_eq(actions[i].action, item->action)) {
            return actions[i].plan;
        }
    }
    return PLAN_BLOCKED;
}

struct planning {
    const struct batch *b;
    struct plan *plan;
    struct arena *scratch; /* one per worker */
    enum severity *most;   /* of each item: the highest severity that may still be ordered */
    bool *audit_only;
    struct policy_approvals *demands; /* of each item, POLICY_DEMANDS places; count 0: none */
    bool *firm;                       /* its policy forbids to override the window */
};

/* --- parallel: files, names, digests --- */
static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **sorted_names(struct arena *a, const struct san_value *san, size_t n)
{
    const char **names = arena_array(a, n + 1, sizeof *names);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        names[i] = arena_printf(a, "%s:%s", gn_type_names[san[i].type],
                                name_norm(a, san[i].type, san[i].text, strlen(san[i].text)));
    }
    qsort(names, n, sizeof *names, compare_text);
    for (size_t i = 0; i < n; i++) {
        if (!used || !str_eq(names[used - 1], names[i])) {
            names[used++] = names[i];
        }
    }
    names[used] = NULL;
    return names;
}

static const char *own(struct arena *a, const char *text)
{
    return text ? arena_strdup(a, text) : NULL;
}

static void take_names(const struct item_data *d, struct arena *scratch, struct arena *a,
                       struct plan_item *out)
{
    struct name_set prior = {0};
    if (out->item->kind == ITEM_REVOCATION && d->has_prior) {
        names_of_x509(scratch, &d->prior.subject, &d->prior.san, NULL, &prior);
        out->names = sorted_names(a, prior.san, prior.nsan);
        out->common_name = own(a, prior.common_name);
    } else {
        out->names = sorted_names(a, d->san, d->nsan);
        out->common_name = own(a, d->common_name);
    }
}

static void plan_one(void *ctx, size_t index, unsigned worker)
{
    struct planning *p = ctx;
    struct item_data d;
    struct arena *scratch = &p->scratch[worker];
    struct arena *a = &p->plan->arenas[worker];
    struct plan_item *out = &p->plan->v[index];
    out->item = &p->b->items[index];
    out->action = plan_action_of(out->item);
    out->why = out->item->action_why;
    /* What cannot be read has a finding, and blocks the item. */
    bool loaded = item_load(p->b, out->item, scratch, NULL, &d);
    item_digest(p->b, out->item, &d, out->digest);
    take_names(&d, scratch, a, out);
    out->key = own(a, d.has_csr && d.csr.usable ? d.csr.key.token : d.subject.key);
    out->replaces = out->item->kind == ITEM_ORDER ? own(a, d.subject.serial) : NULL;
    out->places = own(a, d.subject.places);
    p->most[index] = policy_max_severity(p->b->policy, &d.subject);
    p->audit_only[index] = policy_is_audit_only(p->b->policy, &d.subject);
    p->firm[index] = !policy_may_override_window(p->b->policy, &d.subject, p->b->now);
    (void)!policy_approvals(p->b->policy, &d.subject, p->b->now,
                            &p->demands[index * POLICY_DEMANDS]);
    if (!loaded || out->item->broken) {
        out->action = PLAN_BLOCKED;
        out->why = "an input of the item cannot be used";
    }
    arena_reset(scratch);
}

/* --- what stands in the way --- */
static void block(struct planning *p, struct plan_item *item, const char *fmt, ...) PRINTF(3, 4);
static void block(struct planning *p, struct plan_item *item, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    item->action = PLAN_BLOCKED;
    item->why = arena_vprintf(&p->plan->arena, fmt, ap);
    va_end(ap);
}

bool finding_wants_number(const struct finding *f)
{
    return f->severity == SEV_ERROR && str_eq(f->rule, "revoke.count.max");
}

static void block_by_findings(struct planning *p, const struct findings *findings)
{
    const struct finding *all = NULL;
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *f = &findings->v[i];
        const struct item *item = f->item ? batch_item(p->b, f->item) : NULL;
        if (f->waived || finding_wants_number(f)) {
            continue; /* the run asks for the number before it does anything */
        }
        if (!item) {
            all = !all && f->severity == SEV_ERROR ? f : all;
        } else if (f->severity > p->most[item->index] &&
                   (p->plan->v[item->index].action != PLAN_BLOCKED || item->broken)) {
            block(p, &p->plan->v[item->index], "%s: %s", f->rule, f->message);
        }
    }
    for (size_t i = 0; all && i < p->plan->n; i++) {
        if (p->plan->v[i].action != PLAN_BLOCKED) {
            block(p, &p->plan->v[i], "the whole batch, %s: %s", all->rule, all->message);
        }
    }
}

static void block_others(struct planning *p)
{
    for (size_t i = 0; i < p->plan->n; i++) {
        struct plan_item *item = &p->plan->v[i];
        uint32_t after = item->item->after;
        if (item->action == PLAN_BLOCKED) {
            continue;
        }
        if (p->audit_only[i]) {
            block(p, item, "its policy profile only audits");
        } else if (after != ITEM_NO_INDEX && p->plan->v[after].action == PLAN_BLOCKED) {
            block(p, item, "waits for order %s, which is blocked", p->b->items[after].id);
        }
    }
}

/* What is done stays done: a finding that came up later cannot undo it. */
static void keep_finished(struct planning *p, const struct history *history)
{
    for (size_t i = 0; history && i < p->plan->n; i++) {
        struct plan_item *item = &p->plan->v[i];
        const struct item_record *r = history_item(history, item->item->id);
        if (r && state_is_good(r->state)) {
            item->action = PLAN_KEEP;
            item->why = r->serial ? arena_printf(&p->plan->arena, "%s already, serial %s",
                                                 state_report_name(r->state), r->serial)
                                  : arena_printf(&p->plan->arena, "%s already",
                                                 state_report_name(r->state));
        }
    }
}

/* --- what is demanded of the run as a whole --- */

static void add_demand(struct plan *plan, const struct policy_approvals *d)
{
    for (size_t i = 0; i < plan->ndemands; i++) {
        if (policy_approvals_same(&plan->demands[i], d)) {
            return;
        }
    }
    plan->demands[plan->ndemands++] = *d;
}

static void gather_demands(struct planning *p)
{
    struct plan *plan = p->plan;
    struct policy_approvals base[POLICY_DEMANDS];
    const size_t room = (plan->n + 1) * POLICY_DEMANDS;
    plan->demands = arena_array(&plan->arena, room, sizeof *plan->demands);
    plan->window_firm = !policy_may_override_window(p->b->policy, NULL, p->b->now);
    const size_t n = policy_approvals(p->b->policy, NULL, p->b->now, base);
    for (size_t i = 0; i < n; i++) {
        add_demand(plan, &base[i]);
    }
    for (size_t i = 0; i < plan->n; i++) {
        plan->window_firm |= p->firm[i];
    }
    for (size_t i = 0; i < plan->n * POLICY_DEMANDS; i++) {
        if (p->demands[i].count) {
            add_demand(plan, &p->demands[i]);
        }
    }
}

size_t plan_approvals(const struct plan *p)
{
    size_t most = 0;
    for (size_t i = 0; i < p->ndemands; i++) {
        most = p->demands[i].count > most ? p->demands[i].count : most;
    }
    return most;
}

bool plan_make(const struct batch *b, const struct findings *findings,
               const struct history *history, unsigned workers, struct plan *out, struct err *err)
{
    workers = workers < 1 ? 1 : workers > LIMIT_WORKERS ? LIMIT_WORKERS : workers;
    *out = (struct plan){.n = b->nitems, .narenas = workers};
    out->v = xcalloc(b->nitems ? b->nitems : 1, sizeof *out->v);
    out->arenas = xcalloc(workers, sizeof *out->arenas);
    struct planning p = {
        .b = b,
        .plan = out,
        .scratch = xcalloc(workers, sizeof *p.scratch),
        .most = arena_array(&out->arena, b->nitems, sizeof *p.most),
        .audit_only = arena_array(&out->arena, b->nitems, sizeof *p.audit_only),
        .demands = arena_array(&out->arena, b->nitems * POLICY_DEMANDS, sizeof *p.demands),
        .firm = arena_array(&out->arena, b->nitems, sizeof *p.firm)};
    pool_map(workers, b->nitems, plan_one, &p);
    for (unsigned i = 0; i < workers; i++) {
        arena_release(&p.scratch[i]);
    }
    free(p.scratch);
    gather_demands(&p);
    block_by_findings(&p, findings);
    block_others(&p);
    keep_finished(&p, history);
    for (size_t i = 0; i < out->n; i++) {
        out->counts[out->v[i].action]++;
    }
    return plan_digest(b, out, err);
}

void plan_release(struct plan *p)
{
    for (size_t i = 0; i < p->narenas; i++) {
        arena_release(&p->arenas[i]);
    }
    free(p->arenas);
    free(p->v);
    arena_release(&p->arena);
    *p = (struct plan){0};
}
