/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan: what a run would do, item by item, bound to the bytes it was made from. `run PLAN.json`
 * refuses (ERR_REFUSED) when manifest, policy, a CSR or a CA endpoint is no longer what the plan
 * saw. The digest is SHA-256 of the plan's JSON with sorted keys and no blanks, without `digest`,
 * `as_of` and `manifest` (where the file lies is not what it says): what
 * `jq -cjS 'del(.digest, .as_of, .manifest)' | sha256sum` prints.
 */
#ifndef BATCH_PLAN_H
#define BATCH_PLAN_H

#include "batch/batch.h"
#include "batch/run.h"

enum plan_action {
    PLAN_ORDER,
    PLAN_RENEW,
    PLAN_REISSUE,
    PLAN_REVOKE,
    PLAN_KEEP,
    PLAN_BLOCKED,
    PLAN__MAX
};
extern const char *const plan_action_names[PLAN__MAX];

struct plan_item {
    const struct item *item;
    enum plan_action action;
    const char *why;
    uint8_t digest[SHA256_SIZE]; /* item_digest() */
    const char **names;          /* effective, "dns:www.example.com", sorted, unique; NULL-closed */
    const char *common_name;
    const char *replaces; /* serial number of the certificate an order replaces, or NULL */
    const char *places;   /* where an inventory says that what is revoked is in use, or NULL */
    const char *key;      /* token of the key, generated or of the CSR; NULL = not known */
};
struct plan {
    struct plan_item *v;
    size_t n;
    size_t counts[PLAN__MAX];
    char digest[SHA256_HEX];
    struct policy_approvals *demands; /* every one has to be met: of all items, and of some */
    size_t ndemands;
    bool window_firm;     /* the policy forbids to override the change window */
    struct arena *arenas; /* one per worker */
    size_t narenas;
    struct arena arena;
};

/* `findings` are those of batch_judge(): an item with one above its threshold is blocked.
 * An error that belongs to no item blocks them all, but for the one below. `history` (may be NULL)
 * makes finished items `keep`; a plan that is to be compared with a plan file is made without it.
 */
bool plan_make(const struct batch *b, const struct findings *findings,
               const struct history *history, unsigned workers, struct plan *out,
               struct err *err) MUST_USE;
/* An error of revoke.count.max blocks nothing: the run asks for the number of revocations. */
bool finding_wants_number(const struct finding *f) MUST_USE;
bool plan_json(const struct batch *b, const struct plan *p, struct buf *out,
               struct err *err) MUST_USE;
void plan_text(const struct batch *b, const struct plan *p, struct buf *out); /* for people */
/* Signed approvals without which a run is refused: the most that one demand asks for. */
size_t plan_approvals(const struct plan *p);
void plan_release(struct plan *p);

/* A plan file: only what binds it. */
struct plan_file {
    char *manifest; /* found beside the plan, else from the working directory */
    char digest[SHA256_HEX], manifest_sha256[SHA256_HEX], policy_sha256[SHA256_HEX];
    int64_t as_of;
    bool simulate;
};
/* Also checks that the file is the plan its digest is of. */
bool plan_read(const char *path, struct plan_file *out, struct err *err) MUST_USE;
/* As plan_read() for bytes (a plan in a bundle); path is for messages. */
bool plan_parse(const char *path, struct span text, struct plan_file *out,
                struct err *err) MUST_USE;
/* Is `now` (made without history) still the plan of the file? ERR_REFUSED says what changed. */
bool plan_still(const struct plan_file *file, const struct batch *b, const struct plan *now,
                struct err *err) MUST_USE;
void plan_file_release(struct plan_file *p);

#endif
