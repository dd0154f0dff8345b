/* SPDX-License-Identifier: Apache-2.0
 *
 * Approvals: detached CMS signatures (formats/cms.h) over the exact bytes of a plan file, each by
 * another person. Any tool may make them; `certbatch approve` does. A policy may demand a number of
 * them (policy_approvals()).
 *
 *     approvals_beside(PLAN.json, &files, &err)       every PLAN.json.*.p7s, in the order of names
 *     approvals_judge(&arena, plan, &files, &need, verdicts)
 *     approvals_release(&files)
 *
 * An approval counts when it is over these bytes, its certificate was valid and believed at the
 * time, one whom the policy lets approve, not the requester's, and neither its key nor its person
 * was counted before. Who a certificate is of is said by its common names and mail addresses.
 *
 * Judging does no I/O; any thread.
 */
#ifndef BATCH_APPROVAL_H
#define BATCH_APPROVAL_H

#include "batch/statedir.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/cert.h"
#include "policy/policy.h"

#define APPROVAL_SUFFIX ".p7s"
#define APPROVALS_DIR   "approvals" /* of the state, and of the payload of an audit bundle */
enum { APPROVALS_MAX = 64, APPROVAL_BYTES = 1 << 20, APPROVAL_PLAN_BYTES = 256 << 20 };

struct approval_file {
    char *name;     /* for messages: where it was read from */
    struct buf der; /* as it was read */
    int64_t at;     /* the time it is judged at */
};
struct approval_files {
    struct approval_file *v;
    size_t n, cap;
};
/* PEM ("BEGIN CMS", "BEGIN PKCS7") is taken as well as DER and kept as DER. */
bool approvals_read(struct approval_files *files, const char *path, int64_t at,
                    struct err *err) MUST_USE;
bool approvals_beside(struct approval_files *files, const char *plan, int64_t at,
                      struct err *err) MUST_USE;
void approvals_release(struct approval_files *files);

struct approval_need {
    const struct policy_approvals *policy; /* one demand: whom it believes, who may approve */
    const char *requester;                 /* change.requested_by, or NULL */
};
/* What became of one file. Strings are the arena's; approver and refused are safe to print. */
struct approval {
    const char *name;
    const char *approver; /* as the policy knows him, else a mail address, else a common name */
    const char *refused;  /* why it does not count; NULL: it counts */
    char certificate_sha256[SHA256_HEX];
    int64_t signed_at; /* the signer's own word; TIME_NONE */
    struct span der;
};
/* Fills out[files->n], in their order; returns how many count. */
size_t approvals_judge(struct arena *a, struct span plan, const struct approval_files *files,
                       const struct approval_need *need, struct approval *out);

/* The common names and mail addresses of a certificate; safe to print, no two alike. */
void approval_names(struct arena *a, const struct cert *c, struct strlist *out);

/* In <state>/approvals/ an approval is kept under the digests of what it is over and of who gave
 * it. Storing is durable; what is there already stays. */
bool approval_store(const struct statedir *s, const char *plan_sha256, const struct approval *v,
                    struct err *err) MUST_USE;
/* Absent: out stays empty. */
bool approval_load(int state, const char *plan_sha256, const char *certificate_sha256,
                   struct buf *out, struct err *err) MUST_USE;

#endif
