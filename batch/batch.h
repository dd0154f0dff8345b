/* SPDX-License-Identifier: Apache-2.0
 *
 * A batch: manifest + config + policy, with every item resolved: defaults applied, old
 * certificates and CSRs located, action decided (renew outside the window becomes reissue), CA
 * and product found. This is what lint, plan, run and bundle share.
 *
 *     batch_open(&batch, &options, &findings, &err)
 *     batch_judge(&batch, workers, &findings)          policy over all items, parallel
 *
 * Items are light (10,000 of them fit in a few MiB): CSR bytes, parsed certificates and keys are
 * loaded by item_load() into a caller's arena when an item is worked on, and dropped after.
 * Immutable after batch_open(); item_load() is thread safe.
 */
#ifndef BATCH_BATCH_H
#define BATCH_BATCH_H

#include "batch/config.h"
#include "batch/deployed.h"
#include "batch/manifest.h"
#include "formats/base/fs.h"
#include "policy/policy.h"

enum item_kind { ITEM_ORDER, ITEM_REVOCATION };

struct item {
    const char *id;
    uint32_t index; /* in batch.items; orders first, manifest order */
    enum item_kind kind;
    const struct order *order; /* with defaults merged; NULL for a revocation */
    const struct revocation *revocation;
    const struct ynode *node;
    const struct ca_config *ca;         /* NULL: not configured (a finding says so) */
    const struct product_info *product; /* of the real CA; NULL: raw code or unknown */
    const char *product_name;           /* as written, else the CA's default; what policy sees */
    const char *product_code;           /* what item->ca is told */
    const char *action;                 /* "new" "renew" "reissue" "revoke" after the window rule */
    const char *action_why;             /* "expires 2026-12-20, inside the 90-day window" */
    int key_type;             /* enum key_type to generate: as written, else that of the old
                                 certificate, else P-256; KEY_NONE: CSR given or key reused */
    int64_t validity_seconds; /* 0 = the product's */
    uint32_t after;           /* index of the order a revocation waits for, or ITEM_NO_INDEX */
    bool misshapen;           /* lint only: its shape is wrong, it is not judged */
    bool broken;              /* an input file could not be used: a finding says why */
};
#define ITEM_NO_INDEX UINT32_MAX

struct batch_options {
    const char *manifest, *config; /* paths; config may be NULL */
    struct span text;              /* p not NULL: the manifest as an editor has it */
    struct verified *verified;     /* what earlier judgements know, or NULL */
    const char *state_dir;         /* --state, or NULL: where the twins of a simulation live */
    const char *const *policies;   /* --policy, may be empty */
    size_t npolicies;
    const char *const *inventories; /* --inventory: what is in use where, may be empty */
    size_t ninventories;
    bool only_policies;  /* they replace what manifest and configuration name */
    const char *profile; /* --profile, or NULL */
    int64_t as_of;       /* --as-of, or TIME_NONE */
    bool lint;           /* judge what is whole even when the manifest is not: see batch_open */
    bool simulate;       /* every CA becomes its local twin, <state>/simulate-ca/<CA>;
                            policy still judges for the real CA */
};

struct batch {
    struct manifest manifest;
    struct config config; /* config.dir is the manifest's when there is no file */
    bool manifest_ok;     /* the manifest itself was read without an error */
    struct fs_root root;  /* the manifest's directory */
    struct policy *policy;
    struct deployed *deployed;               /* of the inventories; NULL without any */
    const struct suppressions *suppressions; /* comments of the manifest, or NULL */
    const struct batch_options *options;
    int64_t now; /* taken once */
    struct item *items;
    size_t nitems, norders;
    uint32_t *by_id;              /* indexes of items, sorted by id, then index */
    struct ca_config **twins;     /* parallel to config.cas; NULL without simulate */
    struct recipients recipients; /* of the passwords */
    const struct cert **issuers;  /* parallel to config.cas: who will sign; entries may be NULL */
    struct arena arena;
};

/* Every input is read even after the first bad one, so that all findings come at once. False
 * (err) when the manifest, the configuration or a policy cannot be used; manifest_ok tells which.
 * batch_release() is due in either case. A bad item does not fail the batch: it has a finding. */
/* False when manifest, configuration or policy cannot be used. With options->lint and a manifest
 * that is YAML but misshapen in places it is false too, but items and policy are there
 * (batch->policy is not NULL) and batch_judge() may be called: it leaves misshapen items out. */
bool batch_open(struct batch *b, const struct batch_options *options, struct findings *findings,
                struct err *err) MUST_USE;
void batch_release(struct batch *b);
const struct item *batch_item(const struct batch *b,
                              const char *id); /* first of that id, or NULL */
/* The date whose rules count: --as-of, else the item's order date, else now. */
int64_t batch_date(const struct batch *b, const struct item *item);
/* The CA as configured; with simulate, item->ca is its twin. NULL as item->ca is. */
const struct ca_config *batch_real_ca(const struct batch *b, const struct item *item);

/* False (err, ERR_INPUT) when an item's CA is of a kind that orders cannot be sent to. */
bool batch_can_send(const struct batch *b, struct err *err) MUST_USE;

/* Runs every rule on every item (in parallel) and the batch rules; appends sorted findings. */
void batch_judge(const struct batch *b, unsigned workers, struct findings *findings);

/* An item with its files read, in the caller's arena. Do not copy it: subject points into it.
 *
 * The names of an order are, field by field (SAN, subject, CN): what the manifest says, else what
 * the CSR says, else those of the certificate it replaces without the dropped ones. Policy sees
 * an order that says nothing beside its CSR as silent: its names are the CSR's. */
struct item_data {
    struct subject subject; /* what policy sees; names, dn, csr, prior point in here */
    struct csr csr;
    bool has_csr;
    struct cert prior; /* certificate being renewed or revoked */
    bool has_prior;
    const struct san_value *san; /* what is sent to the CA; of the kinds an order can say */
    size_t nsan;
    const struct dn_value *dn; /* without CN */
    size_t ndn;
    const char *common_name;
};
/* False when a file cannot be used: the problem was added to findings (may be NULL). What could be
 * read is filled in all the same. */
bool item_load(const struct batch *b, const struct item *item, struct arena *a,
               struct findings *findings, struct item_data *out);
/* Replaces the CSR of the data by one that was generated (run time): the subject then is judged
 * with exactly these bytes. */
void item_set_csr(struct item_data *d, struct arena *a, struct span der);
/* The private key the item reuses or names (key_file); false + err when it cannot be read. */
bool item_key(const struct batch *b, const struct item *item, struct key *out,
              struct err *err) MUST_USE;

/* SHA-256 over everything that will be sent for the item: CA name, endpoint, product, action,
 * names, validity, CSR or serial and reason. Cleared, journalled and compared. */
void item_digest(const struct batch *b, const struct item *item, const struct item_data *d,
                 uint8_t out[SHA256_SIZE]);

#endif
