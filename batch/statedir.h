/* SPDX-License-Identifier: Apache-2.0
 *
 * The state directory of a batch: the durable truth of a run.
 *
 *   <name>.state/              0700
 *     lock                     flock'ed for the whole run, never deleted
 *     journal.jsonl            batch/journal.h
 *     manifest.yaml            the exact bytes this state belongs to
 *     policy/<nn>-<name>       the policy texts that were used
 *     plan.json                the plan that was (or is being) executed
 *     approvals/               signed approvals of plans, batch/approval.h
 *     findings.json            `lint --format json` shape, of the run's judgement
 *     report.json              always current
 *     passwords.csv            0600; item,output,alias,password
 *     seal/                    signatures and timestamps of audit bundles (batch/seal.h)
 *     revoke/<ca>.cmd .ps1     what people have to revoke (batch/run_hand.c)
 *     keys/<id>.pem            0600; PKCS#8, clear
 *     items/<id>/request.csr certificate.pem chain.pem   and the delivered files under
 *     items/<id>/out/          key.pem <id>.p12 <id>.jks (keystores and encrypted key only)
 */
#ifndef BATCH_STATEDIR_H
#define BATCH_STATEDIR_H

#include "formats/base/fs.h"

#define RUN_BY_HAND "revoke"

struct statedir {
    char *path;
    int fd, keys, items; /* directories */
    int lock;
};

/* "<dir of manifest>/<batch name>.state" */
char *statedir_default(struct arena *a, const char *manifest_dir, const char *name) MUST_USE;
/* Opens (create=true: makes) and locks; a lock that is held is ERR_ENV with the holder's pid.
 * Leftover temporaries of a killed run are removed, those of the items by the second function: a
 * run whose last one came to its end has none there, and 20,000 directories to look at. */
bool statedir_open(struct statedir *s, const char *path, bool create, struct err *err) MUST_USE;
void statedir_sweep_items(const struct statedir *s);
/* Without the lock, for status and bundle verification. */
bool statedir_view(struct statedir *s, const char *path, struct err *err) MUST_USE;
void statedir_close(struct statedir *s);
/* items/<id> (and items/<id>/out); -1 on failure */
int statedir_item(const struct statedir *s, const char *id, bool create, struct err *err) MUST_USE;

#endif
