/* SPDX-License-Identifier: Apache-2.0
 *
 * simcheck DIR: reads what the simulated CA accepted, what passed over the wire, what the runs
 * wrote and how they ended, and says of each promise whether it was kept:
 *
 *     I1 no double order     I2 no lost order or key    I3 no wrong pairing    I4 no torn output
 *     I5 no secret leak      I6 termination             I7 idempotent resume   I8 honest report
 *     I9 lint before order   I10 tamper-evident record
 *
 * DIR holds, beside whatever else the runs were given:
 *
 *     ledger.jsonl wire.jsonl   of casim (--ledger, --wire)
 *     ca.pem                    of casim (--ca-out)
 *     runs.jsonl                one line a run, in order: {"batch","exit","killed","begin","end",
 *                               "budget_ms","delivery","audit"}; times as in a journal, digests
 *                               of the bundles after the run or null
 *     canaries                  secrets, one a line, that may stand in no other file but those
 *                               named *.secret
 *     foreign                   orders that others placed, one number a line (may be missing)
 *     NAME.state/ NAME-delivery.tar.gz NAME-audit.tar.gz   of each batch
 *
 * Nothing the product says about itself is believed: journal lines are chained again, states are
 * derived from records by a table of this program, certificates and key stores are opened.
 */
#ifndef TESTS_SIM_CHECK_H
#define TESTS_SIM_CHECK_H

#include "formats/base/arena.h"
#include "formats/base/fs.h"
#include "formats/base/json_in.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"
#include "formats/cert.h"
#include "formats/key.h"

/* A file of JSON lines. */
struct line {
    size_t number; /* 1.. */
    const char *text;
    size_t n;
    json_t *json;
};
struct lines {
    const char *file; /* for messages */
    struct line *v;
    size_t n, cap;
};

/* An item as its journal tells it. */
struct item {
    const char *id;
    bool revocation;
    bool repeated;          /* its last intent repeats one that is in doubt */
    const char *state;      /* as a report must call it */
    const char *spki, *key; /* hex; "generated", "file" or "none" */
    const char *sha256;     /* of the certificate, from the last `cert` */
    const json_t *san, *outputs;
    struct strlist txns;    /* client keys of intents */
    struct strlist numbers; /* order numbers that were learned */
    size_t intents, reorders;
    size_t line; /* of the record that decided the state */
};
struct batch {
    const char *name, *dir; /* NAME.state */
    struct lines journal;
    struct item *v;
    size_t n, cap;
    json_t *report;         /* NULL: none, or not readable */
    const struct line *run; /* the last of this batch */
    int64_t exit;
    bool ended; /* by itself, with a report that counts */
};

struct check {
    struct arena arena;
    const char *dir;
    struct lines ledger, wire, runs;
    struct strlist foreign;
    struct batch *v; /* batches */
    size_t n, cap;
    struct cert *anchors; /* of ca.pem */
    size_t nanchors;

    const char *invariant; /* being checked */
    size_t looked_at, violations;
};

/* A place is "file", a line number (0: none), an item or NULL. */
struct where {
    const char *file;
    size_t line;
    const char *item, *order;
};
void violated(struct check *c, struct where at, const char *fmt, ...) PRINTF(3, 4);

/* --- check_read.c --- */
bool check_read(struct check *c, struct err *err) MUST_USE;
void check_release(struct check *c);
/* Whole file below DIR; false: it is not there or cannot be read. */
bool check_file(struct check *c, const char *path, struct buf *out) MUST_USE;
const char *check_str(const struct line *l, const char *name);
/* The client's name for the request of a ledger or wire line: Idempotency-Key, else txn. */
const char *check_txn(const struct line *l);
/* The ledger line is of the order of that number: a CA without order numbers of its own knows it
 * by the serial number of its certificate. */
bool check_is_order(const struct line *l, const char *number);
/* The item that an order of the ledger belongs to, by client key or public key. */
struct item *check_owner(struct check *c, const struct line *order, struct batch **batch);
const json_t *check_reported(const struct batch *b, const char *id);
/* Where the state keeps the output of this row of it->outputs ("a1.p12", "nginx/key.pem"). */
const char *check_output(struct check *c, const struct batch *b, const struct item *it,
                         const json_t *row);

/* --- the invariants --- */
void check_double(struct check *c); /* check_orders.c */
void check_lost(struct check *c);
void check_cleared(struct check *c);
void check_pairing(struct check *c); /* check_certs.c */
void check_torn(struct check *c);    /* check_torn.c */
void check_secrets(struct check *c); /* check_secrets.c */
void check_end(struct check *c);     /* check_runs.c */
void check_again(struct check *c);
void check_report(struct check *c);
void check_chain(struct check *c); /* check_chain.c */

#endif
