/* SPDX-License-Identifier: Apache-2.0
 *
 * May this run act? Everything here is decided from inputs alone, before a state directory is
 * made, a CA opened or a byte sent; a refusal leaves no trace.
 */
#include "batch/run_parts.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

static bool unique_ids(struct run *r, struct err *err)
{
    const struct batch *b = &r->batch;
    for (size_t i = 0; i < b->nitems; i++) {
        if (batch_item(b, b->items[i].id) != &b->items[i]) {
            struct pos pos = yaml_pos(b->manifest.path, b->items[i].node);
            return err_at(err, ERR_INPUT, pos,
                          "the id %s is used twice: a report could not tell "
                          "the items apart",
                          b->items[i].id);
        }
    }
    return true;
}

static bool cas_can_send(struct run *r, struct err *err)
{
    return batch_can_send(&r->batch, err);
}

/* An override is refused where the policy knows none: also inside the window, where somebody only
 * wants to be free of its end. */
static bool override_allowed(struct run *r, struct err *err)
{
    if (!run_window_overridden(r) || !r->plan.window_firm) {
        return true;
    }
    err_set(err, ERR_REFUSED, "the policy forbids to override the change window");
    err_hint(err, "have the window of the change moved, or run inside it");
    return false;
}

static bool inside_window(struct run *r, struct err *err)
{
    const struct change *c = r->batch.manifest.change;
    char from[TIME_TEXT], to[TIME_TEXT];
    bool early = c && c->window_start != TIME_NONE && r->batch.now < c->window_start;
    bool late = c && c->window_end != TIME_NONE && r->batch.now >= c->window_end;
    if (r->batch_options.simulate || run_window_overridden(r) || (!early && !late)) {
        return true;
    }
    time_format(c->window_start == TIME_NONE ? 0 : c->window_start, from);
    time_format(c->window_end == TIME_NONE ? 0 : c->window_end, to);
    err_at(err, ERR_REFUSED, yaml_pos(r->batch.manifest.path, c->node),
           "outside the change window, which %s %s", early ? "opens at" : "closed at",
           early ? from : to);
    err_hint(err, "run it inside the window, rehearse it with --simulate, or say --override-window "
                  "--reason TEXT");
    return false;
}

static bool plan_is_current(struct run *r, struct err *err)
{
    return !r->options->plan || plan_still(&r->file, &r->batch, &r->plan, err);
}

static bool plan_is_approved(struct run *r, struct err *err)
{
    const char *want = r->options->plan_digest;
    if (!want || str_ieq(want, r->plan.digest)) {
        return true;
    }
    err_set(err, ERR_REFUSED, "this plan is %.16s..., not the approved %.16s...", r->plan.digest,
            want);
    err_hint(err, "`certbatch plan` shows what changed; have the new plan approved");
    return false;
}

/* How many revocations go without being asked is the policy's to say. */
static bool count_is_confirmed(struct run *r, struct err *err)
{
    for (size_t i = 0; i < r->findings->n; i++) {
        const struct finding *f = &r->findings->v[i];
        if (finding_wants_number(f) && !f->waived) {
            err_set(err, ERR_REFUSED, "%s", f->message);
            err_hint(err,
                     "check the list with `certbatch plan`, then add --confirm N with that number");
            return false;
        }
    }
    return true;
}

/* Passwords that nobody can open would be found out after everything is paid for. */
static bool recipients_can_receive(struct run *r, struct err *err)
{
    for (size_t i = 0; i < r->findings->n; i++) {
        const struct finding *f = &r->findings->v[i];
        if (str_eq(f->rule, RULE_RECIPIENT)) {
            const struct pos pos = {.file = f->file, .line = f->line, .column = f->column};
            return err_at(err, ERR_FINDINGS, pos, "%s", f->message);
        }
    }
    return true;
}

static bool canary_has_revocations(struct run *r, struct err *err)
{
    const struct batch *b = &r->batch;
    if (!r->options->first || b->nitems > b->norders) {
        return true;
    }
    err_set(err, ERR_USAGE, "--first is about revocations; %s has none", b->manifest.path);
    err_hint(err, "leave it out: orders are never held");
    return false;
}

static bool something_is_left(struct run *r, struct err *err)
{
    size_t blocked = r->plan.counts[PLAN_BLOCKED];
    if (!r->plan.n) {
        return err_set(err, ERR_INPUT, "%s has no orders and no revocations",
                       r->batch.manifest.path);
    }
    if (blocked < r->plan.n) {
        return true;
    }
    err_set(err, ERR_FINDINGS, "policy blocks every item: nothing was sent");
    err_hint(err, "the findings say why; `certbatch explain RULE` says more");
    return false;
}

bool run_check(struct run *r, struct err *err)
{
    static bool (*const checks[])(struct run *, struct err *) = {
        unique_ids,         canary_has_revocations, cas_can_send,     override_allowed,
        inside_window,      plan_is_current,        plan_is_approved, run_check_approvals,
        count_is_confirmed, recipients_can_receive, something_is_left};
    for (size_t i = 0; i < NITEMS(checks); i++) {
        if (!checks[i](r, err)) {
            return false;
        }
    }
    return true;
}
