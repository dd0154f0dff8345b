/* SPDX-License-Identifier: Apache-2.0
 *
 * See run.h: the coordinator. A list of guarded steps; each lives in a file of its own.
 */
#include "batch/run_parts.h"

#include "batch/bundle.h"
#include "batch/file_digest.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/pdf.h"
#include "policy/rules_change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* A rehearsal never shares a name with the real thing. */
#define SIMULATION "-simulate"

static bool read_plan_file(struct run *r, struct err *err)
{
    r->batch_options = r->options->batch;
    if (!r->batch_options.state_dir) {
        r->batch_options.state_dir = r->options->state_dir;
    }
    if (!r->options->plan) {
        return true;
    }
    if (!fs_read(r->options->plan, &r->plan_text, err) ||
        !plan_parse(r->options->plan, buf_span(&r->plan_text), &r->file, err)) {
        return false;
    }
    r->batch_options.manifest = r->file.manifest;
    r->batch_options.simulate = r->batch_options.simulate || r->file.simulate;
    return true;
}

/* The number that was said answers the question of revoke.count.max; the finding stays in the
 * record as one that somebody took upon himself. */
static void take_confirmation(struct run *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->batch.nitems; i++) {
        n += r->batch.items[i].kind == ITEM_REVOCATION;
    }
    for (size_t i = 0; i < r->findings->n; i++) {
        struct finding *f = &r->findings->v[i];
        if (finding_wants_number(f) && r->options->confirm == (int64_t)n) {
            f->waived = true;
            f->waiver = "--confirm";
        }
    }
}

/* What is over is over for the rule as well; any other trouble with the window stays. */
static void take_override(struct run *r)
{
    const struct change *c = r->batch.manifest.change;
    if (!run_window_overridden(r) || c->window_end <= c->window_start) {
        return;
    }
    for (size_t i = 0; i < r->findings->n; i++) {
        struct finding *f = &r->findings->v[i];
        if (!f->item && str_eq(f->rule, WINDOW_RULE)) {
            f->waived = true;
            f->waiver = "--override-window";
        }
    }
}

/* Reading the journal of 10,000 items takes as long as judging them; neither needs the other. */
static void name_state(struct run *r)
{
    const struct manifest *m = &r->batch.manifest;
    const char *suffix = r->batch_options.simulate ? SIMULATION : "";
    r->name = arena_printf(r->arena, "%s%s", m->name, suffix);
    r->state_path =
        r->options->state_dir ? r->options->state_dir : statedir_default(r->arena, m->dir, r->name);
    r->ahead = journal_ahead_begin(r->state_path, history_add, &r->history);
}

static bool judge(struct run *r, struct err *err)
{
    r->batch_opened = true;
    if (!batch_open(&r->batch, &r->batch_options, r->findings, err)) {
        return false;
    }
    name_state(r);
    batch_judge(&r->batch, r->options->workers, r->findings);
    take_confirmation(r);
    take_override(r);
    r->planned = true;
    return plan_make(&r->batch, r->findings, NULL, r->options->workers, &r->plan, err);
}

/* What will sign and stamp the audit bundle is looked at before anything is sent: a key that cannot
 * be read must not come to light when 400 orders are paid. A rehearsal is not sealed: nothing that
 * did not happen gets evidence. */
static bool open_seal(struct run *r, struct err *err)
{
    if (!seal_open(r->batch.config.path, r->options->stop, &r->seal, err)) {
        if (!r->seal || r->batch_options.simulate || !fs_exists_at(AT_FDCWD, r->state_path)) {
            return false;
        }
        r->unsealed = *err; /* can_seal() has the last word */
        err_clear(err);
    }
    if (r->batch_options.simulate) {
        seal_free(TAKE(r->seal));
    }
    return true;
}

static void forget_ahead(struct run *r)
{
    journal_ahead_free(r->ahead);
    r->ahead = NULL;
    history_release(&r->history);
}

/* What was read ahead counts only now that nobody else can write. */
static struct journal *open_journal(struct run *r, struct err *err)
{
    if (journal_ahead_end(r->ahead, r->dir.fd)) {
        return journal_open_after(r->ahead, r->dir.fd, history_add, &r->history, err);
    }
    forget_ahead(r);
    return journal_open(r->dir.fd, history_add, &r->history, err);
}

static bool all_final(const struct history *h)
{
    for (size_t i = 0; i < h->n; i++) {
        if (!state_is_final(h->v[i].state)) {
            return false;
        }
    }
    return true;
}

/* The journal ends in bundles of a finished batch: no run since then got to an item. */
static bool settled(const struct history *h)
{
    return h->bundled_seq && h->bundled_seq == h->close_seq && h->close_seq == h->last_seq &&
           all_final(h);
}

static bool open_state(struct run *r, struct err *err)
{
    if (!statedir_open(&r->dir, r->state_path, true, err)) {
        forget_ahead(r);
        return false;
    }
    r->summary->state_path = arena_strdup(r->arena, r->dir.path);
    r->journal = open_journal(r, err);
    if (!r->journal) {
        return false;
    }
    if (!settled(&r->history)) {
        statedir_sweep_items(&r->dir);
    }
    r->history.torn_tail = r->summary->torn_tail = journal_had_torn_tail(r->journal);
    r->log = (struct runlog){
        .journal = r->journal, .history = &r->history, .resume = run_resume_record, .run = r};
    return run_same_batch(r, err) && run_counted_approvals(r, err);
}

/* A finished batch needs no new seals. */
static bool can_seal(const struct run *r, struct err *err)
{
    if (r->unsealed.code && (r->changed || !settled(&r->history))) {
        *err = r->unsealed;
        return false;
    }
    return true;
}

static bool record_inputs(struct run *r, struct err *err)
{
    const struct history *h = &r->history;
    r->changed = !h->opened || !str_eq(h->manifest_sha256, r->batch.manifest.sha256) ||
                 !str_eq(h->policy_sha256, policy_digest(r->batch.policy));
    if (!can_seal(r, err)) {
        return false;
    }
    if (((r->changed || !all_final(h)) &&
         (!run_store_inputs(r, err) || !run_record_change(r, err))) ||
        !run_store_recipients(r, err)) {
        return false;
    }
    if (!run_describe(r, err) || !run_make_slots(r, err)) {
        return false;
    }
    plan_release(&r->plan);
    r->planned = false;
    return true;
}

static bool execute(struct run *r, struct err *err)
{
    const struct change *change = r->batch.manifest.change;
    const struct run_options *o = r->options;
    r->passwords = passwords_open(r->dir.fd, err);
    if (!r->passwords) {
        return false;
    }
    struct executor x = {.batch = &r->batch,
                         .dir = &r->dir,
                         .history = &r->history,
                         .log = &r->log,
                         .passwords = r->passwords,
                         .workers = o->workers ? o->workers : pool_default_workers(),
                         .wait_ms = o->wait_seconds * 1000,
                         .first = o->first,
                         .not_after =
                             change && !r->batch_options.simulate && !run_window_overridden(r)
                                 ? change->window_end
                                 : TIME_NONE,
                         .stop = o->stop,
                         .progress = o->progress,
                         .progress_ctx = o->progress_ctx};
    r->executed = true;
    bool ok = executor_run(&x, r->slots, r->history.n, err);
    r->left_over = x.left_over;
    r->fatal = x.fatal.code != ERR_NONE;
    r->summary->canary = x.canary.why[0] ? arena_strdup(r->arena, x.canary.why) : NULL;
    r->summary->not_started = x.canary.not_started;
    r->summary->limited = x.limited[0] ? arena_strdup(r->arena, x.limited) : NULL;
    return ok;
}

/* --- the end: also of a run that failed --- */
static void release_batch(struct run *r)
{
    free(r->slots);
    r->slots = NULL;
    if (r->planned) {
        plan_release(&r->plan);
    }
    if (r->batch_opened) {
        batch_release(&r->batch);
    }
    r->planned = r->batch_opened = false;
}

static const char *keep_path(struct run *r, const char *path)
{
    return path ? arena_strdup(r->arena, path) : NULL;
}

/* What a killed run left beside the manifest: it may hold passwords. */
static void sweep_out(const char *out)
{
    struct err ignored = ERR_INIT;
    CLEANUP(closep) int dir = fs_open_dir(out, &ignored);
    if (dir >= 0) {
        fs_sweep_shared(dir);
    }
}

/* After the rename: a run that finds these very files has nothing to make. */
static bool record_bundles(struct run *r, const struct bundle_paths *paths, struct err *err)
{
    char report[SHA256_HEX];
    const struct history_head head = {
        .ev = "bundle",
        .report_sha256 = file_digest(r->dir.fd, REPORT_NAME, report) ? report : NULL,
        .delivery_sha256 = paths->delivery ? paths->delivery_sha256 : NULL,
        .audit_sha256 = paths->audit ? paths->audit_sha256 : NULL,
        .recipients_sha256 = paths->recipients_sha256[0] ? paths->recipients_sha256 : NULL};
    runlog_head(&r->log, &head, NULL, 0);
    return journal_sync(r->journal, err);
}

static bool make_bundles(struct run *r, struct err *err)
{
    struct bundle_paths paths = {0};
    const char *out = r->options->out_dir ? arena_strdup(r->arena, r->options->out_dir)
                                          : arena_strdup(r->arena, r->batch.manifest.dir);
    release_batch(r); /* 10,000 items of manifest are not needed for what is on disk */
    sweep_out(out);
    bool ok = bundle_stands(&r->dir, &r->history, out, r->name, &paths) ||
              (bundle_make(&r->dir, &r->history, out, r->name, r->seal, &paths, err) &&
               record_bundles(r, &paths, err));
    r->summary->remark = keep_path(r, paths.remark);
    r->summary->delivery = keep_path(r, paths.delivery);
    r->summary->audit = keep_path(r, paths.audit);
    r->summary->passwords = keep_path(r, paths.passwords);
    bundle_paths_release(&paths);
    return ok;
}

/* Nothing was added since it was written, and it is still what was written. */
static bool report_stands(const struct run *r)
{
    return !r->changed && settled(&r->history) &&
           file_is(r->dir.fd, REPORT_NAME, r->history.report_sha256);
}

/* Not again when nothing happened since: of a finished batch it is a fifth of the whole run. */
static bool write_report(struct run *r, struct err *err)
{
    if (r->reported && r->reported == r->history.last_seq) {
        return true;
    }
    if (!report_stands(r) && !report_store(&r->history, &r->dir, err)) {
        return false;
    }
    r->reported = r->history.last_seq;
    r->summary->report = path_join(r->arena, r->dir.path, REPORT_NAME);
    return true;
}

/* A stopped run leaves a report and no bundle; a finished one, good or bad, leaves both. */
static bool conclude(struct run *r, struct err *err)
{
    bool interrupted = r->options->stop && *r->options->stop && r->left_over;
    r->summary->interrupted = interrupted;
    history_counts(&r->history, r->summary->counts);
    r->summary->items = r->history.n;
    run_tell_renewals(r);
    if (!run_hand_over(r, err)) {
        return false;
    }
    bool closed = interrupted || run_close(r, err);
    bool judged = interrupted || (closed && run_judge_issued(r, err));
    return closed && judged && write_report(r, err) && (interrupted || make_bundles(r, err));
}

/* After a failed sync nothing may be synced again: the journal has what counts, and the next run
 * writes the report. */
static bool run_state(struct run *r, struct err *err)
{
    bool ok =
        open_state(r, err) && record_inputs(r, err) && write_report(r, err) && execute(r, err);
    struct err second = ERR_INIT;
    history_counts(&r->history, r->summary->counts);
    r->summary->items = r->history.n;
    if (!r->executed || journal_broken(r->journal)) {
        return ok;
    }
    if (r->fatal) {
        bool full = err->sys == ENOSPC || err->sys == EDQUOT;
        (void)(full && write_report(r, &second));
        return false;
    }
    return conclude(r, ok ? err : &second) && ok;
}

static void release(struct run *r)
{
    seal_free(r->seal);
    passwords_close(r->passwords);
    journal_ahead_free(r->ahead); /* before the history it writes to */
    journal_close(r->journal);
    history_release(&r->history);
    statedir_close(&r->dir);
    release_batch(r);
    plan_file_release(&r->file);
    buf_release(&r->plan_text);
    approvals_release(&r->approval_files);
    arena_release(&r->approval_arena);
    arena_release(&r->own);
}

/* What was replayed and added is what the journal holds, unless it could not be written. */
static void overview(struct run *r)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(64u << 20);
    if (r->summary->state_path && r->journal && r->history.n && !journal_broken(r->journal)) {
        report_text(&r->history, &b);
        r->summary->overview = arena_strdup(r->arena, buf_text(&b));
    }
}

bool run_batch(const struct run_options *options, struct findings *findings,
               struct run_summary *summary, struct arena *arena, struct err *err)
{
    struct run r = {.options = options,
                    .findings = findings,
                    .summary = summary,
                    .arena = arena,
                    .plan_text = BUF_INIT(APPROVAL_PLAN_BYTES),
                    .dir = {.fd = -1, .keys = -1, .items = -1, .lock = -1}};
    *summary = (struct run_summary){0};
    bool ok = read_plan_file(&r, err) && judge(&r, err) && run_check(&r, err) && pdf_ready(err) &&
              open_seal(&r, err) && run_state(&r, err);
    overview(&r);
    release(&r);
    return ok;
}
