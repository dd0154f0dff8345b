/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the steps of `doctor` and its loop (doctor.c). Nobody else includes this.
 */
#ifndef BATCH_DOCTOR_PARTS_H
#define BATCH_DOCTOR_PARTS_H

#include "batch/doctor.h"
#include "batch/reach.h"

/* A line of a step: what was seen, with secrets cut out and escaped; what to do, or NULL. Makes the
 * step's status at least as bad. */
void doctor_say(struct doctor *d, struct doctor_result *r, enum doctor_status status,
                const char *todo, const char *fmt, ...) PRINTF(5, 6);
/* An error as a FAILED line, its hint as what to do unless `todo` says better. */
void doctor_say_err(struct doctor *d, struct doctor_result *r, const struct err *err,
                    const char *todo);
/* Warnings and errors as lines, at most some; `about` (may be NULL) says which. */
void doctor_say_findings(struct doctor *d, struct doctor_result *r, const struct findings *f,
                         bool (*about)(void *ctx, const struct finding *f), void *ctx);
/* Of step 2: looks at the certificate of what was reached. */
void doctor_tls(struct doctor *d, struct doctor_result *r, const struct reach *x, int timeout_ms);
/* Is the item of the manifest for the CA that is looked at? */
bool doctor_is_here(const struct doctor *d, const struct item *item);
/* A code, once. */
void doctor_orders(struct doctor *d, const char *code);

/* Before the steps: reads the manifest, and what it and the configuration order. */
void doctor_prepare(struct doctor *d);
typedef void doctor_fn(struct doctor *d, struct doctor_result *out);
doctor_fn doctor_configuration;               /* doctor_config.c */
doctor_fn doctor_way, doctor_credentials;     /* doctor_way.c */
doctor_fn doctor_products, doctor_revocation; /* doctor_products.c */
doctor_fn doctor_request;                     /* doctor_request.c */
doctor_fn doctor_journal;                     /* doctor_journal.c */

#endif
