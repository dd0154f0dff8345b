/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that no CA's interface takes (ca_request.way): those for people are answered at once,
 * those for a command of the user run it, a few at a time, on threads of their own. Only wire.c
 * uses this.
 *
 * The command gets the environment of a hook (batch/process.h), the directory of the configuration
 * as its own, and as long as a request of its CA may take (timeouts.request_seconds). Its output,
 * both streams, is the body of the reply. What was ended by us or by a signal is UNKNOWN.
 */
#ifndef BATCH_ERRAND_H
#define BATCH_ERRAND_H

#include "batch/ca.h"

struct errands;

struct errands *errands_new(void) MUST_USE;
void errands_submit(struct errands *e, struct ca *ca, struct ca_exchange *x);
struct ca_exchange *errands_next(struct errands *e) MUST_USE; /* answered, or NULL */
size_t errands_pending(const struct errands *e);              /* submitted, not yet returned */
bool errands_ready(const struct errands *e);                  /* errands_next() may have one */
/* Ends what runs; it comes back by errands_next(). */
void errands_abandon(struct errands *e);
void errands_free(struct errands *e); /* waits for what runs, having ended it */

#endif
