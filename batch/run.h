/* SPDX-License-Identifier: Apache-2.0
 *
 * Executing a batch. run_batch() is the coordinator behind `certbatch run`: it opens the state
 * directory, replays the journal, judges the items again, drives every item to a final state
 * (executor.c), writes the report, and makes the bundles.
 *
 * Who stops whom:
 *  - An item that policy blocks ends as `skipped` with the finding as its reason; the others go
 *    on (exit 4). Only when every item is blocked nothing is done at all: ERR_FINDINGS, no state
 *    directory is made. A later run judges skipped and failed items again, and their rows in the
 *    manifest may be corrected as long as nothing was sent for them; a manifest may also grow.
 *    Any other change of a batch with a journal is ERR_INPUT.
 *  - Change window, stale or unapproved plan, unconfirmed number of revocations: ERR_REFUSED
 *    before anything is written. Neither window nor approvals bind a simulation. Approvals that a
 *    run counted are kept in the state and good for every resume of the same plan.
 *  - An overridden window is an exception in the journal and in every report; a policy may forbid
 *    it (ERR_REFUSED).
 *  - A CA that does not know us or cannot be reached stops for this run; the items of other CAs
 *    go on; the run ends with ERR_CA after report and bundles were written.
 *  - An error of the disk ends the run at once (ERR_ENV); nothing is synced after a failed sync.
 *  - A stop signal: nothing new begins, requests under way are answered and recorded, the report
 *    is written, `interrupted` is set. The same command goes on.
 * A run that finds nothing to do writes no journal record and makes the same bundles, byte for
 * byte.
 */
#ifndef BATCH_RUN_H
#define BATCH_RUN_H

#include "batch/batch.h"
#include "batch/journal.h"
#include "batch/state.h"
#include "batch/statedir.h"

#include <signal.h>

struct run_progress;
struct run_options {
    struct batch_options batch;
    const char *state_dir;        /* --state, or NULL */
    const char *out_dir;          /* -o, or NULL: beside the manifest */
    const char *plan;             /* PLAN.json that is executed, or NULL */
    const char *plan_digest;      /* --plan-digest, or NULL */
    const char *const *approvals; /* --approval: files; none: those beside the plan count */
    size_t napprovals;
    const char *override_reason; /* --override-window --reason; NULL: the window binds */
    unsigned workers;            /* -j */
    int64_t wait_seconds;        /* --wait */
    int64_t confirm;             /* --confirm N, -1 = not given */
    size_t first;                /* --first N, 0 = not given: so many revocations go first, the
                                    others after a watch of wait_seconds, see executor_canary.c */
    bool pending_is_success;
    const volatile sig_atomic_t *stop; /* 0; 1 = drain, by the signal handler */
    /* progress: called from the run thread, rarely (at most 10 times a second) */
    void (*progress)(void *ctx, const struct run_progress *p);
    void *progress_ctx;
};

/* A CA that the run has work for. */
struct run_lane {
    const char *ca;
    size_t items, done, failed, in_flight;
    size_t pending;  /* the CA is working on them: asked again later */
    int64_t wait_ms; /* until something may be sent to it; 0: now */
    const char *why; /* it waits: "asked to"; NULL when it does not */
    bool stopped;    /* given up for this run */
};
struct run_progress {
    size_t items, done, failed, in_flight;
    int64_t started_ms, now_ms; /* monotonic */
    const struct run_lane *lanes;
    size_t nlanes;
    bool stopping;    /* nothing new begins */
    const char *note; /* something that is told once, or NULL */
};

struct run_summary {
    size_t counts[STATE__MAX]; /* by report state */
    size_t items;
    const char *state_path;                            /* the state directory, once it was opened */
    const char *delivery, *audit, *passwords, *report; /* paths that were written, or NULL */
    const char *by_hand; /* directory with what people have to do, or NULL */
    const char *remark;  /* what the audit bundle lacks, or NULL */
    const char *canary;  /* why the others were not revoked, or NULL */
    size_t not_started;  /* they */
    const char *limited; /* "3 orders at lab (max_orders_per_run: 2)", ...: left for the next run
                            because a CA takes no more in one; NULL: none was */
    const char
        *renewals; /* what CAs said in this run about when they want renewals; NULL: nothing */
    size_t early;  /* renewals that wait for their time */
    int64_t early_until;  /* when the first of them is due */
    const char *overview; /* report_text() of what the journal holds; NULL: read it from there */
    bool torn_tail;
    bool interrupted;
};

/* Exit code by cmd/exitcode.c from err.code and the counts. Findings of the judgement are
 * returned for printing. False when nothing (more) could be done: err says why. */
bool run_batch(const struct run_options *options, struct findings *findings,
               struct run_summary *summary, struct arena *arena, struct err *err) MUST_USE;

/* --- the replayed truth of a state directory: used by run, status, report, bundle, resolve --- */
/* A record or a file for domain control validation, of one order. */
struct dcv_record {
    struct dcv_record *next;
    enum dcv_kind kind;
    const char *domain, *name, *value;
    bool published; /* the hook was to be started and its removal is not recorded: the next run
                       removes it before anything else */
    int64_t presented, removed; /* removed: TIME_NONE = never */
};
struct item_record { /* one item, as the journal tells */
    const char *id;
    enum item_kind kind;
    enum item_state state;
    const char *action, *ca, *product, *common_name; /* from the item record */
    const char *after; /* id of the order a revocation waits for, or NULL */
    const char *order_id, *client_key, *serial, *issuer;
    const char *error_code, *error_message; /* of the last event; a blocked item: rule, message */
    char sha256[SHA256_HEX], spki_sha256[SHA256_HEX]; /* of the certificate; of the key */
    char digest[SHA256_HEX];                          /* item_digest() when it was planned */
    int64_t not_before, not_after, intent_time;       /* TIME_NONE = not known */
    int64_t issued;       /* when the order came to its good end; TIME_NONE */
    const char *replaces; /* serial number of the certificate that an order replaces, or NULL */
    const char *renewal;  /* what the CA says about when it wants the renewal, or NULL */
    int64_t renewal_time, renewal_again; /* when to order; when to ask again; TIME_NONE */
    unsigned attempts;
    bool canary;            /* a revocation that was chosen to go before the others */
    bool repeated;          /* the last intent was made while an earlier one was in doubt */
    const char *key;        /* "generated" "file" "none": where the private key is */
    const char *outputs;    /* JSON array text [{"path","sha256"}], or NULL; paths are
                               relative to items/<id>/out/ */
    const char *san;        /* JSON array text ["dns:www.example.com",...], or NULL */
    struct dcv_record *dcv; /* in order of publication */
};
/* What an operator decided about an item that nobody could account for. */
struct decision {
    const char *item, *word, *reason, *user, *order_id; /* word: adopt, reorder, abandon */
    int64_t t;
};
/* An approval that counted, as the journal tells; all strings are the history's. */
struct approval_record {
    const char *approver, *certificate_sha256;
    const char *plan_digest, *plan_sha256; /* the plan's own digest; of the bytes that are signed */
    int64_t signed_at;                     /* the approver's word; TIME_NONE */
    int64_t time;                          /* when the run counted it */
};
/* Something that a run did although a rule of the change says otherwise. Every report shows it. */
struct exception_record {
    const char *kind; /* "window" */
    const char *what; /* one sentence: what was overridden, and where the run stood */
    const char *reason, *user;
    int64_t time;
};
struct history {
    struct item_record *v; /* in plan order */
    size_t n, cap;
    const char *batch, *manifest_sha256, *policy_sha256, *plan_digest; /* latest */
    const char *merkle_root; /* of the population, in the latest `plan` record; hex */
    int64_t planned;         /* how many items that record says there are */
    bool simulate;
    size_t canaries; /* so many were revoked and watched over, for the items as they are now */
    const char *opened, *closed; /* times of first open and last close; NULL */
    uint64_t close_seq;          /* of the last `close`, 0 = none */
    uint64_t last_seq;           /* of the last record that is not `bundle` */
    uint64_t bundled_seq;        /* of the `close` that the last `bundle` record is about */
    const char *delivery_sha256, *audit_sha256; /* in that record; NULL: no such bundle */
    const char *recipients_sha256;              /* in it: of recipients.pem; NULL: none */
    const char *report_sha256;                  /* in it: of report.json; NULL: not told */
    size_t close_offset; /* bytes of the journal up to and including that record */
    struct {
        struct approval_record *v;
        size_t n, cap;
    } approvals; /* in the order they were counted; of earlier plans of the batch too */
    struct {
        struct exception_record *v;
        size_t n, cap;
    } exceptions;
    bool torn_tail;
    struct {
        struct decision *v; /* in order of time */
        size_t n, cap;
    } decisions;
    uint32_t *slots; /* hash index by id */
    size_t nslots;
    struct arena arena;
};
#define HISTORY_INIT                                                                               \
    {                                                                                              \
        0                                                                                          \
    }
/* journal_fn with ctx = struct history * */
bool history_add(void *ctx, const struct journal_record *r, struct err *err) MUST_USE;
struct item_record *history_item(const struct history *h, const char *id);
/* The last one about the item, or NULL. */
const struct decision *history_decision(const struct history *h, const struct item_record *item);
/* The next approval of the plan that was run: those of earlier plans of the batch are not its own.
 * *at begins as 0 and moves on; NULL: no more. */
const struct approval_record *history_approval(const struct history *h, size_t *at);
/* By reported state (state_report()): STATE_NEW = not-started, STATE_PENDING, STATE_UNKNOWN, ... */
void history_counts(const struct history *h, size_t counts[STATE__MAX]);
/* Where a run takes the item up: SKIPPED and FAILED items at the point where they stopped. */
enum item_state record_resume_state(const struct item_record *r);
void history_release(struct history *h);

/* `resolve STATE ITEM adopt:ID|reorder|abandon --reason` */
bool run_resolve(const char *state_dir, const char *item, const char *what, const char *reason,
                 struct err *err) MUST_USE;

#endif
