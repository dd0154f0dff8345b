/* SPDX-License-Identifier: Apache-2.0
 *
 * What a batch replaced, as a batch of its own that revokes it: one revocation for each renewal or
 * reissue that was issued, reason superseded, not before the new certificate has been out for a
 * while (the soak). The certificate is the one the journal names as replaced: the file that the
 * manifest named may hold the new one by now.
 *
 * Left out, and counted: replacements that are not issued, and what the batch revokes itself. The
 * change of the new manifest is for its user to fill in; until then policy asks for the approval.
 */
#ifndef BATCH_SOAK_H
#define BATCH_SOAK_H

#include "batch/run.h"

struct soak_totals {
    size_t items;
    size_t not_issued; /* the replacement is not there yet, or never will be */
    size_t elsewhere;  /* a revocation of the same batch is about it */
    size_t unknown;    /* neither serial nor order number is on record */
};
/* Reads the manifest that the state directory keeps. `out` stays empty when there is nothing to
 * revoke. */
bool soak_manifest(const char *state, const struct history *h, int64_t soak_seconds,
                   struct buf *out, struct soak_totals *totals, struct err *err) MUST_USE;

#endif
