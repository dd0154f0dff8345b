/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan: what a run would do, item by item, bound to the bytes it was made from. `run PLAN.json`
 * refuses (ERR_REFUSED) when manifest, policy, a CSR or a CA endpoint is no longer what the plan
 * saw. The digest is SHA-256 of the plan's canonical JSON without `digest` and `as_of`.
 */
#ifndef BATCH_PLAN_H
#define BATCH_PLAN_H

#include "batch/batch.h"
#include "batch/run.h"

enum plan_action { PLAN_ORDER, PLAN_RENEW, PLAN_REISSUE, PLAN_REVOKE, PLAN_KEEP, PLAN_BLOCKED, PLAN__MAX };
extern const char *const plan_action_names[PLAN__MAX];

struct plan_item {
    const struct item *item;
    enum plan_action action;
    const char *why;
    uint8_t digest[SHA256_SIZE]; /* item_digest() */
    const char **names;          /* effective, sorted; NULL-closed */
    const char *common_name;
};
struct plan {
    struct plan_item *v;
    size_t n;
    size_t counts[PLAN__MAX];
    char digest[SHA256_HEX];
    struct arena arena;
};

/* `findings` are those of batch_judge(): an item with one above its threshold is blocked.
 * `history` (may be NULL) makes finished items `keep`. */
bool plan_make(const struct batch *b, const struct findings *findings, struct history *history,
               unsigned workers, struct plan *out, struct err *err) MUST_USE;
bool plan_json(const struct batch *b, const struct plan *p, struct buf *out, struct err *err) MUST_USE;
void plan_text(const struct batch *b, const struct plan *p, struct buf *out); /* for people */
void plan_release(struct plan *p);

/* A plan file: only what binds it. */
struct plan_file {
    char *manifest;              /* path, relative to the plan file */
    char digest[SHA256_HEX], manifest_sha256[SHA256_HEX], policy_sha256[SHA256_HEX];
    int64_t as_of;
};
bool plan_read(const char *path, struct plan_file *out, struct err *err) MUST_USE;
void plan_file_release(struct plan_file *p);

#endif
