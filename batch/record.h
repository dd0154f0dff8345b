/* SPDX-License-Identifier: Apache-2.0
 *
 * What one journal record says, as values. One field table writes it and reads it back, and
 * history_apply() is the only code that changes an item's state: a running batch and a replay go
 * through the same door, so what a resume sees is what the run saw. No I/O here.
 */
#ifndef BATCH_RECORD_H
#define BATCH_RECORD_H

#include "batch/run.h"
#include "formats/base/time.h"

/* NULL, 0 and TIME_NONE mean: not in this record. RECORD(EV_X, "id") starts one. */
struct record {
    const char *ev, *reply_class, *item;
    const char *kind, *action, *ca, *product, *common_name, *san, *digest, *after, *replaces;
    const char *endpoint;  /* of the CA, when the item was planned */
    const char *clearance; /* digest of what was cleared, beside the request it allowed */
    const char *key, *spki_sha256, *request_sha256, *client_key;
    int64_t attempt;
    const char *order_id, *code, *message;
    const char *sha256, *serial, *issuer;
    int64_t not_before, not_after;
    int64_t chosen, again; /* of a renewal */
    const char *outputs;
    const char *reason, *user;
    const char *domain, *record_type, *record_name, *record_value; /* batch/dcv.h */
};
#define RECORD_NONE                                                                                \
    .not_before = TIME_NONE, .not_after = TIME_NONE, .chosen = TIME_NONE, .again = TIME_NONE
#define RECORD(event, id)                                                                          \
    {                                                                                              \
        .ev = event_name(event), .reply_class = event_class(event), .item = (id), RECORD_NONE      \
    }

/* The fields after `item`; values of the JSON kind (san, outputs) are text in `scratch`. */
void record_write(const struct record *r, struct jw *j);
bool record_read(const struct journal_record *in, struct arena *scratch, struct record *out,
                 struct err *err) MUST_USE;
/* t: when; the intent's time is what a reconcile searches from. */
bool history_apply(struct history *h, const struct record *r, int64_t t, struct err *err) MUST_USE;

/* A record about the batch as a whole: open, resume, plan, approval, override, close, bundle. */
struct history_head {
    const char *ev, *t, *batch, *manifest_sha256, *policy_sha256, *digest;
    const char *delivery_sha256, *audit_sha256, *recipients_sha256, *report_sha256; /* `bundle` */
    const char *merkle_root; /* `plan`: batch/population.h */
    int64_t items;           /* `plan` */
    int64_t revoked;         /* `canary-passed` */
    const char *approver, *certificate_sha256, *plan_sha256, *signed_at; /* `approval` */
    const char *kind, *what, *reason, *user;                             /* `override` */
    bool simulate;
    uint64_t seq;
    size_t end; /* of its line */
};
/* Of an item: it goes before other revocations. Of the batch: those did, were watched over, and the
 * others may follow; `revoked` says how many they are. */
#define RECORD_CANARY        "canary"
#define RECORD_CANARY_PASSED "canary-passed"
/* Of an item, before it is ordered: what its CA says about when it wants the renewal; by its class:
 * the time has not come and the order waits for it, the order goes on, nothing is known. */
#define RECORD_RENEWAL "renewal"
#define RENEWAL_EARLY  "early"
#define RENEWAL_TOLD   "told"
#define RENEWAL_NONE   "none"
/* What an item that waits has for an error code. */
#define RENEWAL_CODE "renewal.early"
/* False when `ev` is none of them. */
bool history_head(struct history *h, const struct history_head *head);

/* Text of a CA or an error, safe and short enough for a record. */
enum { RECORD_TEXT = 512 };

/* --- the journal of a run: record and state move together --- */
struct runlog {
    struct journal *journal;
    struct history *history;
    void (*resume)(struct runlog *log); /* writes `open` or `resume` before the first record */
    void *run;                          /* for resume() */
    bool opened;
};
/* What such a record says beside: text, or a number when text is NULL. */
struct head_extra {
    const char *name, *text;
    int64_t number;
};
void runlog_open(struct runlog *log); /* before a first record that is not of an item */
void runlog_head(struct runlog *log, const struct history_head *head,
                 const struct head_extra *extra, size_t nextra);
bool runlog_add(struct runlog *log, const struct record *r, struct err *err) MUST_USE;

#endif
