/* SPDX-License-Identifier: Apache-2.0
 *
 * What was produced from what: an in-toto Statement (v1) with a SLSA provenance predicate (v1) over
 * the payload of an audit bag. Every payload file is in it once: manifest, policies and requests as
 * resolved dependencies, all others as subjects; and the files of the delivery bundle, by the
 * digests of the journal, are subjects too. batch/seal.h signs it (DSSE).
 *
 * Made from the state alone, without a clock: the same state gives the same statement.
 */
#ifndef BATCH_PROVENANCE_H
#define BATCH_PROVENANCE_H

#include "batch/run.h"
#include "formats/bag.h"

/* Of a bag whose payload is complete. ticket may be NULL. */
bool provenance_write(const struct bag *bag, const struct history *h, const char *ticket,
                      struct buf *out, struct err *err) MUST_USE;

/* Is this statement the one of a bag with that payload manifest (text of manifest-sha256.txt) and
 * that journal? Each difference goes to `problem` as one sentence; a few at most. */
void provenance_check(struct span statement, const char *manifest, const struct history *h,
                      void (*problem)(void *ctx, const char *text), void *ctx);

#endif
