/* SPDX-License-Identifier: Apache-2.0
 *
 * The approvals of a plan, at run time. First what was given or lies beside the plan is judged,
 * before anything is written. When that is not enough, a state that has counted approvals of this
 * very plan may still do: they are judged once more, at the time they were counted, over the plan
 * that lies with them. So a resume needs no new approval, and the state cannot be given one.
 */
#include "batch/run_parts.h"

#include "batch/approval.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "policy/rules_change.h"

#include <fcntl.h>
#include <string.h>

/* --- judging against everything that is demanded --- */

struct approval_outcome {
    struct approval *v; /* one a file: the best that a demand said of it */
    size_t n;
    const struct policy_approvals *unmet; /* the first demand that is not met; NULL: all are */
    size_t counted;                       /* for that demand */
};

/* A file that counts for one demand is an approval, whatever another demand says of it. */
static void merge(struct approval_outcome *to, const struct approval *v)
{
    for (size_t i = 0; i < to->n; i++) {
        if (!to->v[i].name || (to->v[i].refused && !v[i].refused)) {
            to->v[i] = v[i];
        }
    }
}

static void judge_files(struct run *r, struct span plan, const struct approval_files *files,
                        struct approval_outcome *out)
{
    const struct change *change = r->batch.manifest.change;
    struct approval_need need = {.requester = change ? change->requested_by : NULL};
    struct approval *v = arena_array(&r->approval_arena, files->n + 1, sizeof *v);
    *out = (struct approval_outcome){.n = files->n};
    out->v = arena_array(&r->approval_arena, files->n + 1, sizeof *out->v);
    for (size_t i = 0; i < r->plan.ndemands; i++) {
        const struct policy_approvals *d = &r->plan.demands[i];
        need.policy = d;
        size_t counted = approvals_judge(&r->approval_arena, plan, files, &need, v);
        merge(out, v);
        if (counted < d->count && !out->unmet) {
            out->unmet = d;
            out->counted = counted;
        }
    }
}

/* --- what was given --- */

/* A policy that demands none does not say whom to believe either: nothing is looked at then, so
 * that no report tells of an approval that nobody checked. */
static bool gather(struct run *r, struct approval_files *files, struct err *err)
{
    const struct run_options *o = r->options;
    if (o->napprovals && !o->plan) {
        err_set(err, ERR_USAGE, "--approval: approvals are of a plan file");
        err_hint(err, "run the plan that was approved: certbatch run PLAN.json");
        return false;
    }
    if (!r->plan.ndemands) {
        if (!o->napprovals) {
            return true;
        }
        err_set(err, ERR_REFUSED, "--approval: the policy does not say whose approvals count");
        err_hint(err, "set rule change.approvals.min in it, or run without --approval");
        return false;
    }
    for (size_t i = 0; i < o->napprovals; i++) {
        if (!approvals_read(files, o->approvals[i], r->batch.now, err)) {
            return false;
        }
    }
    return o->napprovals || !o->plan || approvals_beside(files, o->plan, r->batch.now, err);
}

static void name_refused(struct run *r, const struct approval_outcome *o, struct buf *why)
{
    const struct change *c = r->batch.manifest.change;
    struct pos pos = c ? yaml_pos(r->batch.manifest.path, c->node)
                       : (struct pos){.file = r->batch.manifest.path};
    for (size_t i = 0; i < o->n; i++) {
        if (o->v[i].refused) {
            buf_printf(why, "%s%s: %s", why->n ? "; " : "", o->v[i].name, o->v[i].refused);
            findings_report(r->findings, APPROVALS_RULE, SEV_WARNING, pos, "%s does not count: %s",
                            o->v[i].name, o->v[i].refused);
        }
    }
}

static void refuse(struct run *r, const struct approval_outcome *o, const struct buf *why)
{
    struct err *err = &r->unapproved;
    r->counted = o->counted;
    err_set(err, ERR_REFUSED, "the policy demands %zu signed approvals of the plan, %zu %s%s%s",
            o->unmet->count, o->counted, o->counted == 1 ? "counts" : "count", why->n ? ": " : "",
            buf_text(why));
    err_hint(err, r->options->plan
                      ? "have it approved: certbatch approve PLAN.json, then run it again"
                      : "certbatch plan -o PLAN.json, then certbatch approve PLAN.json, then "
                        "certbatch run PLAN.json");
}

/* Somebody who names an approval wants it to count. */
static bool named_ones_count(struct run *r, const struct approval_outcome *o, const struct buf *why,
                             struct err *err)
{
    for (size_t i = 0; i < o->n && r->options->napprovals; i++) {
        if (o->v[i].refused) {
            return err_set(err, ERR_REFUSED, "an approval that was named does not count: %s",
                           buf_text(why));
        }
    }
    return true;
}

static void take_counted(struct run *r, const struct approval_outcome *o)
{
    r->approvals = arena_array(&r->approval_arena, o->n + 1, sizeof *r->approvals);
    for (size_t i = 0; i < o->n; i++) {
        if (!o->v[i].refused) {
            r->approvals[r->napprovals++] = o->v[i];
        }
    }
}

bool run_check_approvals(struct run *r, struct err *err)
{
    CLEANUP(buf_release) struct buf why = BUF_INIT(LIMIT_MESSAGE);
    struct approval_outcome o;
    if (r->batch_options.simulate) {
        return true;
    }
    if (!gather(r, &r->approval_files, err)) {
        return false;
    }
    judge_files(r, buf_span(&r->plan_text), &r->approval_files, &o);
    name_refused(r, &o, &why);
    if (o.unmet) {
        refuse(r, &o, &why);
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        if (!fs_exists_at(AT_FDCWD, path_join(&a, r->state_path, APPROVALS_DIR))) {
            *err = r->unapproved;
            return false;
        }
        return true; /* run_counted_approvals() has the last word */
    }
    take_counted(r, &o);
    return named_ones_count(r, &o, &why, err);
}

/* --- what the state has counted --- */

/* *here: the state has the plan that its approvals are over, and its bytes are in *plan. */
static bool counted_plan(struct run *r, struct buf *plan, char sha256[SHA256_HEX], bool *here,
                         struct err *err)
{
    const struct history *h = &r->history;
    *here = false;
    if (!h->approvals.n || !fs_exists_at(r->dir.fd, "plan.json")) {
        return true;
    }
    if (!fs_read_at(r->dir.fd, "plan.json", plan, err)) {
        return false;
    }
    sha256_hex(plan->p, plan->n, sha256);
    for (size_t i = 0; i < h->approvals.n && !*here; i++) {
        *here = str_eq(h->approvals.v[i].plan_sha256, sha256) &&
                str_eq(h->approvals.v[i].plan_digest, r->plan.digest);
    }
    return true;
}

static bool load_counted(struct run *r, const char *plan_sha256, struct approval_files *files,
                         struct err *err)
{
    const struct history *h = &r->history;
    for (size_t i = 0; i < h->approvals.n && files->n < APPROVALS_MAX; i++) {
        const struct approval_record *a = &h->approvals.v[i];
        struct approval_file f = {.der = BUF_INIT(APPROVAL_BYTES), .at = a->time};
        if (!str_eq(a->plan_sha256, plan_sha256)) {
            continue;
        }
        if (!approval_load(r->dir.fd, plan_sha256, a->certificate_sha256, &f.der, err)) {
            buf_release(&f.der);
            return false;
        }
        CLEANUP(arena_release) struct arena name = ARENA_INIT;
        f.name = xstrdup(arena_printf(&name, "the approval of %s in the state", a->approver));
        VEC_PUSH(files, f);
    }
    return true;
}

bool run_counted_approvals(struct run *r, struct err *err)
{
    CLEANUP(buf_release) struct buf plan = BUF_INIT(APPROVAL_PLAN_BYTES);
    CLEANUP(approvals_release) struct approval_files files = {0};
    CLEANUP(buf_release) struct buf why = BUF_INIT(LIMIT_MESSAGE);
    struct approval_outcome o = {0};
    char sha256[SHA256_HEX];
    const bool missing = r->unapproved.code != ERR_NONE;
    bool here;
    if (!counted_plan(r, &plan, sha256, &here, err) ||
        (here && !load_counted(r, sha256, &files, err))) {
        return false;
    }
    if (here) {
        judge_files(r, buf_span(&plan), &files, &o);
    }
    if (here && !o.unmet) { /* what was approved first stays what is run */
        buf_reset(&r->plan_text);
        buf_add(&r->plan_text, plan.p, plan.n);
        r->napprovals = 0;
        return true;
    }
    if (here && missing) {
        name_refused(r, &o, &why);
        if (o.counted > r->counted) { /* the state is nearer to what is demanded */
            refuse(r, &o, &why);
        }
    }
    if (missing) {
        *err = r->unapproved;
    }
    return !missing;
}

/* --- keeping and recording --- */

static bool is_recorded(const struct history *h, const char *plan_sha256, const char *certificate)
{
    for (size_t i = 0; i < h->approvals.n; i++) {
        if (str_eq(h->approvals.v[i].plan_sha256, plan_sha256) &&
            str_eq(h->approvals.v[i].certificate_sha256, certificate)) {
            return true;
        }
    }
    return false;
}

static void record_one(struct run *r, const char *plan_sha256, const struct approval *a)
{
    char signed_at[TIME_TEXT];
    time_format(a->signed_at, signed_at);
    const struct history_head head = {.ev = "approval",
                                      .digest = r->plan.digest,
                                      .plan_sha256 = plan_sha256,
                                      .approver = a->approver,
                                      .certificate_sha256 = a->certificate_sha256,
                                      .signed_at = a->signed_at == TIME_NONE ? NULL : signed_at};
    runlog_open(&r->log);
    runlog_head(&r->log, &head, NULL, 0);
}

static bool record_approvals(struct run *r, struct err *err)
{
    char sha256[SHA256_HEX];
    sha256_hex(r->plan_text.p, r->plan_text.n, sha256);
    for (size_t i = 0; i < r->napprovals; i++) {
        const struct approval *a = &r->approvals[i];
        if (!approval_store(&r->dir, sha256, a, err)) {
            return false;
        }
        if (!is_recorded(&r->history, sha256, a->certificate_sha256)) {
            record_one(r, sha256, a);
        }
    }
    return true;
}

static void record_override(struct run *r)
{
    const struct change *c = r->batch.manifest.change;
    char from[TIME_TEXT], to[TIME_TEXT];
    const int64_t now = r->batch.now;
    const bool early = c->window_start != TIME_NONE && now < c->window_start;
    const bool late = c->window_end != TIME_NONE && now >= c->window_end;
    time_format(c->window_start, from);
    time_format(c->window_end, to);
    const char *where = early  ? "the run began before it"
                        : late ? "the run began after it"
                               : "the run began in it and was not bound to its end";
    const struct history_head head = {
        .ev = "override",
        .kind = "window",
        .what = arena_printf(&r->own, "the change window from %s to %s was overridden: %s", from,
                             to, where),
        .reason = r->options->override_reason,
        .user = run_user(&r->own)};
    runlog_open(&r->log);
    runlog_head(&r->log, &head, NULL, 0);
}

bool run_window_overridden(const struct run *r)
{
    const struct change *c = r->batch.manifest.change;
    return r->options->override_reason && !r->batch_options.simulate && c &&
           (c->window_start != TIME_NONE || c->window_end != TIME_NONE);
}

bool run_record_change(struct run *r, struct err *err)
{
    if (run_window_overridden(r)) {
        record_override(r);
    }
    return record_approvals(r, err);
}
