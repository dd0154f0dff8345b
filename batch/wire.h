/* SPDX-License-Identifier: Apache-2.0
 *
 * The wire between the executor and the CAs. The executor submits requests whose intent is
 * durable and takes back answered exchanges; how they travelled is this module's business.
 *
 *     wire_submit(w, ca, &exchange)
 *     wire_run(w, &err)              embedded CAs: one serve() call per CA for all that waits
 *     while ((x = wire_next(w))) ... answered exchanges, in order of completion
 *     wire_wait(w, pool_fd(p), ms)   sleeps until something happens here or in the pool
 *
 *     wire_abandon(w)                what is under way over HTTP comes back now, without a reply
 *
 * A CA with serve() is embedded, any other is reached over HTTP (batch/http.h).
 *
 * A submitted exchange is carried at most once: nothing here retries. The exchange, its request
 * and its reply belong to the caller and stay in place until wire_next() returned it.
 */
#ifndef BATCH_WIRE_H
#define BATCH_WIRE_H

#include "batch/ca.h"

struct wire;
struct wire *wire_new(unsigned workers) MUST_USE;
void wire_submit(struct wire *w, struct ca *ca, struct ca_exchange *x);
/* False when an embedded CA could not make its own records durable: its exchanges come back as
 * OUTCOME_UNKNOWN, whether they were carried out is not known. */
bool wire_run(struct wire *w, struct err *err) MUST_USE;
struct ca_exchange *wire_next(struct wire *w) MUST_USE;
size_t wire_pending(const struct wire *w); /* submitted and not yet returned */
bool wire_ready(const struct wire *w);     /* wire_run() or wire_next() have something to do now */
void wire_wait(struct wire *w, int extra_fd, int timeout_ms);
void wire_abandon(struct wire *w);
void wire_free(struct wire *w);

#endif
