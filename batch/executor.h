/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of the executor; only executor*.c, reconcile.c, run*.c and its test include this.
 *
 * One thread (the caller's) owns the journal, the history, the wire and every decision. Workers
 * of the pool do CPU work on one struct work each (a key, a signature, a key store) and write
 * temporaries; they never touch journal, history or another item. All items move in rounds:
 *
 *   pool      prepare: key + CSR, judge, clear        collect: match   outputs: PFX, JKS, PEM
 *   round     one group commit of all finished files, on a thread of its own, so that answers are
 *             taken and orders go while the disk works; then their records; one journal sync; act
 *   send      intents of a round; one sync; clearance redeemed; submit
 *   replies   one record each; one sync; act
 *
 * so that the number of syncs follows the number of rounds, not of items, and workers find
 * queued work while the coordinator waits for the disk.
 *
 *   executor.c          the loop, its beginning and its end
 *   executor_queue.c    where items wait
 *   executor_work.c     the life of a work
 *   executor_start.c    taking an item up; the CAs
 *   executor_prepare.c  job: what is to be sent, judged and cleared
 *   executor_store.c    jobs: match and store the certificate; outputs
 *   executor_round.c    commit of finished jobs, records, next step
 *   executor_send.c     calls, intents, submission
 *   executor_reply.c    what a reply means for the item
 *   reconcile.c         lost replies: FIND by key
 *   executor_revoke.c   revocations
 *   executor_canary.c   the first revocations, and the watch over them
 *   executor_renewal.c  when the CA wants a renewal
 *   executor_limit.c    how many new orders one run may place
 *   executor_token.c    the credential that a CA wants before anything else
 *   executor_progress.c what is told while it runs
 *   executor_dcv*.c     proofs of control of names, see executor_dcv.h
 */
#ifndef BATCH_EXECUTOR_H
#define BATCH_EXECUTOR_H

#include "batch/budget.h"
#include "batch/match.h"
#include "batch/outputs.h"
#include "batch/passwords.h"
#include "batch/record.h"
#include "batch/retry.h"
#include "batch/wire.h"
#include "formats/base/pool.h"
#include "formats/base/time.h"
#include "policy/clear.h"

#include <stdatomic.h>

enum work_result {
    WORK_OK,
    WORK_BLOCKED,  /* policy says no: code and message */
    WORK_FAILED,   /* cannot be carried out: code and message */
    WORK_MISMATCH, /* the certificate is not what was asked */
    WORK_DROPPED,  /* the run is being stopped: the item stays where it is */
    WORK_BROKEN    /* the state directory cannot be written: the run ends */
};

struct executor;
struct ca_slot;
struct challenge; /* executor_dcv.h */
struct dcv;

/* One item in flight. Made when the item is taken up, gone when it waits or is done. */
struct work {
    struct executor *x;
    struct work *next;
    uint32_t slot;
    struct item_record *record; /* coordinator only */
    const struct item *item;
    struct ca_slot *ca;
    struct arena arena;
    struct item_data data;
    bool loaded;

    /* input of a job, copied from the record before it is submitted */
    enum item_state from;
    char spki_before[SHA256_HEX], sha256_before[SHA256_HEX];
    int64_t ordered;               /* when the intent was recorded */
    void (*stage)(struct work *w); /* which job ran: work_prepare, work_collect, work_outputs */
    unsigned worker;

    /* output of a job */
    enum work_result result;
    const char *code;
    struct err err;
    struct fs_group files;
    int dirs[2]; /* items/<id> and out/, open until the files are committed */
    struct key key;
    bool has_key;
    const char *key_where; /* "generated" "file" "none" */
    struct span csr;
    uint8_t spki[SHA256_SIZE], digest[SHA256_SIZE];
    struct clearance *clearance;
    bool has_leaf;
    struct cert leaf;
    struct span *chain;
    size_t nchain;
    struct secret password;
    const char *outputs; /* JSON text */
    struct {
        const char *name, *alias;
    } * rows; /* of passwords.csv */
    size_t nrows;

    /* the exchange */
    struct ca_order order;
    struct ca_revocation revoke;
    struct ca_call call;
    struct ca_request request;
    struct ca_reply reply;
    struct ca_exchange exchange;
    struct ca_result answer;
    char client_key[33], nonce[33];
    const char *domain, *proof;  /* CHALLENGE, VALIDATE: what it asks about */
    struct challenge *challenge; /* whose work it is; NULL: the item's */
    enum ca_step wanted;         /* while it waits for a credential of the CA */
    struct work_stand {          /* where a step of several requests stands */
        unsigned phase;
        const char *order_id, *page; /* views into the arena of the work */
    } stand;
    bool resend;        /* the answer was `stale`: the same request again */
    unsigned phases;    /* requests that the step took so far */
    struct span *certs; /* of the answer, in the work's arena */
    size_t ncerts;
    int verdict; /* of a search, between its record and its act */
};

struct work_list {
    struct work *first, **last;
    size_t n;
};

/* The credential of a CA, asked for like anything else but for no item. */
struct ca_login {
    struct work_list waiting; /* works that ask something and cannot yet */
    struct ca_call call;
    struct ca_request request;
    struct ca_reply reply;
    struct ca_exchange exchange;
    struct ca_result answer;
    struct arena arena;
    char nonce[33];
    bool busy;
    unsigned tries;   /* in a row without an answer that could be used */
    unsigned granted; /* since something last went through with one */
    unsigned phases;  /* requests that the one under way took so far */
    bool ever;        /* this CA hands credentials out, and did in this run */
};

struct slot_list {
    uint32_t *v;
    size_t n, cap;
};

/* New orders of this run at a CA, and who found no place any more; from `next` on they still wait.
 */
struct ca_places {
    size_t taken, next;
    struct slot_list waiting;
};

struct ca_slot {
    struct ca *ca;
    const struct ca_config *config;
    struct work_list queue; /* cleared, waiting to be sent */
    struct ca_login login;
    size_t busy;            /* state-changing exchanges under way */
    int64_t paused_until;   /* ms */
    const char *paused_why; /* static text */
    size_t live;            /* works of its items */
    size_t prepared;        /* of them, waiting for the round */
    struct budget budget;
    struct ca_places places;
    /* Groups of answers in a row that ended so (of `forbidden` answers); while one counts, one
     * order goes at a time. That reads go through says nothing about orders: [1] counts requests
     * that change something. */
    unsigned not_sent, throttled[2], forbidden[2], doubtful;
    unsigned stale; /* answers of that kind since something last went through */
    size_t counted; /* number of the group that was counted last */
    bool stopped;
};

/* What the executor remembers of an item between works. */
struct item_slot {
    struct item_record *record;
    const struct item *item;
    const char *blocked_rule, *blocked; /* by the judgement before the run, or NULL */
    const char *no_password;            /* why a password of an output could not be read, or NULL */
    uint32_t first_dependent, next_dependent; /* revocations that wait for this order */
    uint16_t finds, tries, polls, renewal_tries;
    bool proving;       /* its names are being proven: stayed for, whatever wait_ms says */
    bool done;          /* nothing more in this run */
    bool canary;        /* a revocation that goes before the others */
    bool asked;         /* revoked, and its CA is being asked once more at the end of the watch */
    bool confirmed;     /* by that answer */
    bool placed;        /* a new order of this run: counts at its CA */
    bool sent;          /* it has an intent of this run */
    bool renewal_known; /* its CA was asked in this run when it wants the renewal */
    bool renewal_told;  /* and something went on record about it */
};

/* The first revocations of a run go alone; the others follow when all of these are revoked and the
 * CA says so again at the end of the watch. Nobody else is held. */
enum canary_phase {
    CANARY_OFF,   /* nothing is held: not asked for, or passed */
    CANARY_FIRST, /* the first are being revoked */
    CANARY_WATCH, /* they are; the run waits */
    CANARY_ASK,   /* their CA is asked about them */
    CANARY_HELD   /* nothing more is revoked in this run */
};
struct canary {
    enum canary_phase phase;
    struct slot_list first, held; /* the canaries; who came to the gate meanwhile */
    int64_t until;                /* ms: end of the watch */
    size_t not_started;           /* at the end of the run: revocations that nothing was sent for */
    char why[256];                /* why it held; "": it did not */
};

/* The round that is being committed. Its works and files belong to the committer until the job
 * comes back; passwords are added before, and synced by it. */
struct commit {
    struct executor *x;
    struct work_list works;
    struct fs_group files;
    bool busy, new_items, ok;
    struct err err;
};

struct timer {
    int64_t due;
    uint32_t slot;
};

struct executor {
    /* filled by the caller */
    const struct batch *batch;
    const struct statedir *dir;
    struct history *history;
    struct runlog *log;
    struct passwords *passwords;
    unsigned workers;
    int64_t wait_ms;                   /* how long to stay for pending items, and to watch */
    size_t first;                      /* revocations that go before the others; 0 = none */
    int64_t not_after;                 /* end of the change window, or TIME_NONE */
    const volatile sig_atomic_t *stop; /* may be NULL */
    void (*progress)(void *ctx, const struct run_progress *p);
    void *progress_ctx;

    /* its own */
    struct pool *pool;
    struct pool *committer; /* one thread */
    int wake;               /* readable when either pool has something: an epoll */
    struct wire *wire;
    struct dcv *dcv;
    struct canary canary;
    struct policy_scratch *scratch; /* per worker */
    struct ca_slot *cas;
    size_t ncas;
    struct item_slot *slots;
    size_t nslots;
    uint32_t *ready; /* FIFO ring of slots to be taken up */
    size_t ready_first, ready_n, ready_cap;
    struct arena arena;
    struct timer *timers; /* heap by due */
    size_t ntimers, timers_cap;
    struct work_list done; /* finished jobs, waiting for the round */
    int64_t done_since;
    struct commit commit;
    size_t live, window, round;
    atomic_bool hurry; /* workers drop what they have not begun */
    bool draining;
    int64_t draining_since; /* ms */
    bool left_over;         /* at the end: items that were not tried to their end */
    size_t groups;          /* of answers so far */
    int64_t moved_ms;       /* last time an item changed state */
    struct err fatal;       /* the run ends: disk */
    struct err ca_err;      /* the first CA that was given up */
    struct err closed;      /* the change window closed */
    char limited[512];      /* at the end: see run_summary.limited; "": nothing was left */
    int64_t started_ms, reported_ms;
    struct run_lane *lanes; /* as cas */
    const char *note;
    char note_text[128];
};

/* slots[i] of the caller: record and item filled, blocked if so. Runs until every item is final,
 * pending beyond wait_ms, or nothing more can be done. False: err says why (disk, CA, window);
 * what was done is in journal and history in either case. */
bool executor_run(struct executor *x, struct item_slot *slots, size_t n, struct err *err) MUST_USE;

/* --- between its files --- */
bool executor_stopping(struct executor *x);
void executor_report(struct executor *x, bool last); /* to x->progress, not too often */
void work_list_add(struct work_list *l, struct work *w);
struct work *work_list_take(struct work_list *l);
void work_list_release(struct work_list *l); /* and every work of it */

/* The FIFO and the heap. Items that depend on a slot become ready when it is done. */
void executor_make_ready(struct executor *x, uint32_t slot);
uint32_t executor_take_ready(struct executor *x);
void executor_add_timer(struct executor *x, uint32_t slot, int64_t due);
uint32_t executor_take_timer(struct executor *x);
void executor_slot_done(struct executor *x, struct item_slot *s);
void executor_open_cas(struct executor *x);
enum item_action executor_action(const struct item_slot *s); /* what is next for the item */
struct ca_slot *executor_ca(struct executor *x, const struct ca_config *config);
void executor_take_up(struct executor *x, uint32_t slot);
struct work *work_new(struct executor *x, uint32_t slot) MUST_USE;

/* An item leaves flight: it is finished, or comes back after `delay_ms`. */
void work_release(struct work *w);
void work_again(struct work *w, int64_t delay_ms);
void work_finish(struct work *w);
/* The item comes back at that time (Unix seconds) when the run stays so long (wait_ms), else it is
 * left for a later one. */
void work_until(struct work *w, int64_t at);
struct item_slot *work_slot(const struct work *w);
void work_submit(struct work *w, void (*stage)(struct work *w));
/* Appends the record and moves the item's state. False: fatal is set. */
bool work_record(struct work *w, const struct record *r) MUST_USE;
/* For a failed or skipped item; no record when the journal says the same already. */
bool work_record_trouble(struct work *w, enum item_event ev, const char *code,
                         const char *message) MUST_USE;
void work_trouble(struct work *w, enum item_event ev, const char *code, const char *message);
bool executor_sync(struct executor *x) MUST_USE;
bool executor_fatal(struct executor *x, const struct err *err); /* false */
void executor_stop_ca(struct executor *x, struct ca_slot *ca, const char *why);
void executor_cannot_ask(struct executor *x, const struct work *w, const char *why);
void executor_note(struct executor *x, const char *fmt, ...) PRINTF(2, 3);

/* jobs, on a worker */
void work_prepare(struct work *w);
void work_look(struct work *w);
void work_recall(struct work *w);
void work_collect(struct work *w);
void work_outputs(struct work *w);
bool work_fail(struct work *w, enum work_result result, const char *code); /* false; w->err set */
bool work_open_dirs(struct work *w, bool create);
bool work_load(struct work *w);
bool work_read_key(struct work *w); /* the item's private key, from where it is */

/* rounds, coordinator */
bool executor_round_begin(struct executor *x) MUST_USE; /* finished jobs: to the committer */
bool executor_round_end(struct executor *x) MUST_USE;   /* if it is through: records, next steps */
void executor_round_wait(struct executor *x); /* after a fatal error: nothing of it is acted on */
bool executor_send(struct executor *x) MUST_USE; /* cleared items */
bool executor_can_send(const struct executor *x);
/* A CA has nothing to do, and the round that waits holds enough for all it takes at a time. */
bool executor_hungry(const struct executor *x);
int64_t executor_next_send(const struct executor *x); /* ms; INT64_MAX: no pace holds an order */
bool executor_replies(struct executor *x) MUST_USE;   /* answered exchanges */
void work_ask(struct work *w, enum ca_step step);     /* a request that changes nothing */
bool work_request(struct work *w, enum ca_step step, struct err *err) MUST_USE;
void work_next_phase(struct work *w); /* the same step, as its last answer asked */
void work_resume(struct work *w);     /* the credential is there: what waited for it */
/* Cleared: waits for its turn at the CA. Given up by one that was stopped meanwhile. */
void work_enqueue(struct work *w);

/* Credentials. False: one is wanted first, and is being asked for unless the CA was given up. */
bool executor_logged_in(struct executor *x, struct ca_slot *c) MUST_USE;
/* True when the exchange was one of these. */
bool executor_login_answer(struct executor *x, const struct ca_exchange *e);
/* A CA that said AUTH to a credential of ours may be asked again with a fresh one. */
bool executor_may_log_in_again(const struct ca_slot *c);
/* why: static text for whoever watches, "asked to". */
void executor_pause_ca(struct ca_slot *c, int64_t delay_ms, const char *why);

/* The canary. begin: who goes first, before any CA is opened; step: once a pass, false when the
 * journal cannot be written; busy: a verdict is still to come. */
void executor_canary_begin(struct executor *x);
bool executor_canary_step(struct executor *x) MUST_USE;
bool executor_canary_busy(const struct executor *x);
void executor_canary_end(struct executor *x);
/* The gate of revocations. True: the work is gone, its item waits or is left alone. */
bool executor_canary_holds(struct work *w);
/* A cleared revocation that may not be sent any more. */
bool executor_canary_forbids(const struct work *w);
/* A canary at the end of the watch: asks its CA, and takes the answer. */
void executor_canary_ask(struct work *w);
void executor_canary_answer(struct work *w);

/* Renewals. holds, true: its time has not come, the work is gone; asks: the CA is asked first, with
 * work_look() for a first job. */
bool executor_renewal_holds(struct work *w);
bool executor_renewal_asks(const struct work *w);
void renewal_ask(struct work *w);
void renewal_unasked(struct work *w, const char *why); /* there is nobody or nothing to ask */
bool renewal_record(struct work *w) MUST_USE;
void renewal_act(struct work *w);
/* The gate of new orders. True: its CA takes no more in this run; the work is gone. */
bool executor_limit_holds(struct work *w);
void executor_limit_done(struct executor *x, struct item_slot *s); /* nothing more in this run */
void executor_limit_end(struct executor *x);

/* A request about a name has come to its end. */
void executor_dcv_gone(struct challenge *c);

/* one answer: record now, act after the sync */
struct answer_row {
    bool (*record)(struct work *w);
    void (*act)(struct work *w);
};
bool reconcile_record(struct work *w) MUST_USE;
void reconcile_act(struct work *w);
void reconcile_start(struct work *w);
bool revoked_record(struct work *w) MUST_USE;
void revoked_act(struct work *w);
void revoked_ask(struct work *w); /* before a revocation, and about one that is in doubt */
bool revoke_record(struct work *w) MUST_USE;
void revoke_act(struct work *w);
/* Shared by all state-changing answers: THROTTLED, NOT_SENT, AUTH end or delay the CA. */
bool work_record_answer(struct work *w, enum item_event ev) MUST_USE;
bool answer_is_retry(const struct work *w);
void answer_retry_act(struct work *w);
bool answer_is_news(const struct work *w); /* of an item that waits at its CA */
void answer_went_through(struct work *w);
/* What cannot be told of an order in a row: the CA is left alone for a while, then given up. */
void answer_doubtful_act(struct work *w);
const char *answer_text(const struct work *w);

#endif
