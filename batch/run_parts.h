/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of run_batch(); only run*.c include this.
 *
 *   run.c          the coordinator
 *   run_check.c    may this run act at all: window, plan, numbers; nothing is written yet
 *   run_approval.c the approvals of the plan, and the override of the window
 *   run_inputs.c   manifest, policies, plan and findings into the state directory
 *   run_hand.c     what people have to do
 *   run_journal.c  is the journal this batch's; its first records; the close
 */
#ifndef BATCH_RUN_PARTS_H
#define BATCH_RUN_PARTS_H

#include "batch/approval.h"
#include "batch/executor.h"
#include "batch/plan.h"
#include "batch/seal.h"

struct run {
    const struct run_options *options;
    struct batch_options batch_options; /* with the manifest of a plan file */
    struct findings *findings;
    struct run_summary *summary;
    struct arena *arena; /* of the caller: paths of the summary */

    struct plan_file file;
    struct batch batch;
    bool batch_opened;
    struct plan plan;
    bool planned;
    struct buf plan_text; /* the plan as it was read or as the state has it approved; empty: as it
                             is made now */
    struct approval_files approval_files;
    struct approval *approvals; /* that count, to be kept and recorded */
    size_t napprovals;
    struct err unapproved; /* approvals are missing, unless the state has them; or ERR_NONE */
    size_t counted;        /* of those that were given, where they are too few */
    struct arena approval_arena;
    const char *name; /* of state directory and bundles */
    const char *state_path;
    struct journal_ahead *ahead; /* the journal is read while policy judges */
    struct statedir dir;
    struct history history;
    struct journal *journal;
    struct runlog log;
    struct passwords *passwords;
    struct seal *seal;   /* NULL: audit bundles are not sealed, or a rehearsal */
    struct err unsealed; /* the seal can make nothing: enough for a finished batch; or ERR_NONE */
    struct item_slot *slots;
    bool changed;      /* manifest or policy are not those of the last run */
    uint64_t reported; /* report.json tells of so many records and these findings; 0 = stale */
    bool executed;
    bool fatal;     /* the executor ended on an error of the disk */
    bool left_over; /* stopped before everything was tried */
    struct arena own;
};

/* run_check.c: nothing on disk is touched */
bool run_check(struct run *r, struct err *err) MUST_USE;

/* run_renewal.c: what CAs said about renewals, into the summary */
void run_tell_renewals(struct run *r);
/* run_hand.c */
bool run_hand_over(struct run *r, struct err *err) MUST_USE;
/* run_approval.c */
bool run_check_approvals(struct run *r, struct err *err) MUST_USE;   /* before the state */
bool run_counted_approvals(struct run *r, struct err *err) MUST_USE; /* once it was replayed */
bool run_window_overridden(const struct run *r);
/* The approvals into the state, then their records and that of an override. */
bool run_record_change(struct run *r, struct err *err) MUST_USE;

/* run_inputs.c */
bool run_store_inputs(struct run *r, struct err *err) MUST_USE;
/* They may change without the manifest: the config names them, the files are renewed. */
bool run_store_recipients(struct run *r, struct err *err) MUST_USE;
bool run_store_findings(struct run *r, struct err *err) MUST_USE; /* findings.json anew */

/* run_issued.c: judges what was issued; findings go to r->findings and findings.json */
bool run_judge_issued(struct run *r, struct err *err) MUST_USE;

/* run_journal.c */
bool run_same_batch(struct run *r, struct err *err) MUST_USE;
bool run_describe(struct run *r, struct err *err) MUST_USE; /* open, plan, items; synced */
bool run_make_slots(struct run *r, struct err *err) MUST_USE;
bool run_close(struct run *r, struct err *err) MUST_USE;
void run_resume_record(struct runlog *log); /* runlog.resume */
/* "name (uid)" of who runs this */
const char *run_user(struct arena *a);

#endif
