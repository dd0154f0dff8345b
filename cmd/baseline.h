/* SPDX-License-Identifier: Apache-2.0
 *
 * A baseline: the findings a project lives with for now, in a file beside it. A new rule can be
 * enforced on everything new on the day it comes. An entry names file, rule, item and what was
 * found, never a line, so that it survives edits; it covers as many findings as it counted, and
 * none that became more severe. Firm findings are never listed and never covered.
 *
 *     {
 *       "certbatch_baseline": 1,
 *       "findings": [
 *         {"file":"web.batch.yaml","rule":"dns.label.empty","item":"web","id":"…","severity":"error","count":1}
 *       ]
 *     }
 *
 * One entry a line, sorted: small diffs, and two branches merge. Files are relative to the
 * baseline's directory.
 */
#ifndef CMD_BASELINE_H
#define CMD_BASELINE_H

#include "cmd/lint.h"

struct baseline_entry;
struct baseline {
    struct baseline_entry *v; /* sorted */
    size_t n;
    struct arena arena;
};

/* Not there or not a baseline: ERR_INPUT. */
bool baseline_read(struct baseline *b, const char *path, struct err *err) MUST_USE;
/* Marks as known what it lists. *stale is the number of findings it lists that are no more, of the
 * files that were looked at. */
void baseline_apply(struct baseline *b, const char *path, const struct lint *l, size_t *stale);
/* Writes what counts now; *n findings. */
bool baseline_write(const char *path, const struct lint *l, size_t *n, struct err *err) MUST_USE;
void baseline_release(struct baseline *b);

#endif
