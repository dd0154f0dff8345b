/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of `certbatch verify`. The archive streams by on the calling thread; the files of an item
 * are collected and, when they are complete, checked on a pool (signatures, key stores), so memory
 * holds a few items at a time. A bundle is somebody else's file: nothing in it is believed,
 * nothing is extracted, and every failed check is a finding.
 *
 *   verify.c           kind of bundle, summary
 *   verify_audit.c     audit bags: journal, plan, report, completeness
 *   verify_report.c    what report.json and record.json must say
 *   verify_delivery.c  delivery bundles: folders, keys and key stores
 *   verify_proof.c     the proof of one item
 *   verify_seal.c      signature, timestamp and provenance of an audit bag
 *   verify_servers.c   folders of servers in them
 *   verify_approval.c  approvals of the plan, exceptions
 *   verify_item.c      certificate and chain of one item; the pool
 *   verify_passwords.c the passwords CSV beside a delivery bundle
 */
#ifndef BATCH_VERIFY_H
#define BATCH_VERIFY_H

#include "batch/bundle.h"
#include "batch/secret_scan.h"
#include "formats/archive.h"
#include "formats/base/finding.h"
#include "formats/base/pool.h"
#include "formats/cert.h"
#include "formats/trust.h"

#define RULE_BAG        "verify.bag"
#define RULE_JOURNAL    "verify.journal"
#define RULE_COMPLETE   "verify.complete"
#define RULE_PAIRING    "verify.pairing"
#define RULE_CHAIN      "verify.chain"
#define RULE_KEYSTORE   "verify.keystore"
#define RULE_SECRET     "verify.secret"
#define RULE_PROOF      "verify.proof"
#define RULE_SIGNATURE  "verify.signature"
#define RULE_TIMESTAMP  "verify.timestamp"
#define RULE_PROVENANCE "verify.provenance"
#define RULE_APPROVAL   "verify.approval"

struct verify_passwords;
struct verify_seal;
struct verify_approvals;

struct verify {
    const char *file; /* the bundle, as it was named */
    struct findings *findings;
    struct verify_passwords *passwords;       /* NULL: not given */
    struct trust *signers, *tsas, *approvers; /* NULL: not given */
    struct verify_seal *seal;                 /* files in the root of an audit bag */
    struct verify_approvals *approvals;       /* data/approvals/ of it, and the plan */
    struct secret_scan *secrets;
    struct pool *pool;
    struct verify_item *current; /* being collected */
    pool_fn *check;              /* of a collected item (struct verify_item *) */
    size_t items, certificates, opened;
};

struct verify_file {
    char *name;
    struct buf data;
};
struct verify_item {
    struct verify *owner; /* const while on the pool */
    char *id;
    const struct item_record *record; /* NULL: no journal speaks of it */
    struct verify_file *v;            /* its files */
    size_t n, cap;
    struct findings findings;
    size_t certificates, opened; /* for the summary */
};

/* id may be NULL. */
void verify_problem(struct findings *f, const char *file, const char *rule, enum severity severity,
                    const char *id, const char *fmt, ...) PRINTF(6, 7);

/* --- collecting and checking items --- */
void verify_item_begin(struct verify *v, const char *id, const struct item_record *record);
void verify_item_file(struct verify *v, const char *name, struct span data);
void verify_item_end(struct verify *v); /* to the pool; no current item: nothing */
void verify_drain(struct verify *v);    /* waits for all */
const struct buf *verify_item_get(const struct verify_item *item, const char *name);
/* A finding about the item, from a worker. */
void verify_item_problem(struct verify_item *item, const char *rule, enum severity severity,
                         const char *fmt, ...) PRINTF(4, 5);

/* certificate.pem: exactly one certificate. False: a finding was made. */
bool verify_leaf(struct verify_item *item, struct arena *a, struct cert *leaf) MUST_USE;
/* chain.pem: ordered, and every signature up to its last certificate is good. */
void verify_chain(struct verify_item *item, struct arena *a, const struct cert *leaf,
                  struct cert **chain, size_t *nchain);
/* No private key in the clear, no password of the CSV. */
void verify_no_secret(struct verify *v, const char *id, const char *name, struct span data,
                      bool encrypted_keys);

/* --- the two kinds of bundle --- */
bool verify_audit(struct verify *v, struct buf *summary, struct err *err) MUST_USE;
bool verify_delivery(struct verify *v, struct buf *summary, struct err *err) MUST_USE;
bool verify_proof(struct verify *v, struct buf *summary, struct err *err) MUST_USE;

/* --- verify_servers.c --- */
void verify_servers(struct verify_item *item, const struct cert *leaf, const struct cert *chain,
                    size_t nchain);

/* --- verify_report.c --- */
void verify_report_json(struct verify *v, const struct history *h, struct span data);
void verify_record_json(struct verify_item *item);

/* --- verify_seal.c --- */
struct verify_seal *verify_seal_new(void) MUST_USE;
void verify_seal_file(struct verify_seal *s, const char *name, struct span data); /* of the root */
void verify_seal(struct verify *v, const struct history *h, struct buf *summary);
/* Only signature and timestamp over the tag manifest: what a proof of one item carries. */
void verify_seal_over(struct verify *v, const struct history *h, struct buf *summary);
void verify_seal_free(struct verify_seal *s); /* NULL is fine */

/* --- verify_approval.c --- */
struct verify_approvals *verify_approvals_new(void) MUST_USE;
void verify_approvals_take(struct verify_approvals *s, const char *name, struct span data);
void verify_approvals(struct verify *v, const struct history *h, struct buf *summary);
void verify_approvals_free(struct verify_approvals *s); /* NULL is fine */

/* --- passwords --- */
struct verify_passwords *verify_passwords_read(const char *path, struct secret_scan **secrets,
                                               struct err *err) MUST_USE;
void verify_passwords_free(struct verify_passwords *p);
/* NULL: no row. */
const char *verify_password(const struct verify_passwords *p, const char *item, const char *output);
/* Rows whose file was never seen are findings. */
void verify_passwords_seen(struct verify_passwords *p, const char *item, const char *output);
void verify_passwords_unseen(const struct verify_passwords *p, struct verify *v);

#endif
