/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings as SARIF 2.1.0 (OASIS), within what GitHub code scanning reads: a region always has a
 * startLine, fingerprints also go under its name. For `lint --format sarif` and findings.sarif.
 *
 *     sarif_begin(&j)
 *     sarif_rule(&j, f)                ...   one finding of each rule, sorted by rule
 *     sarif_results(&j, &run)
 *     sarif_result(&j, &result)        ...   rule_index: position of its rule above
 *     sarif_end(&j)                          and jw_finish()
 *
 * Nothing is kept: the writer's buffer may be poured out between the calls.
 */
#ifndef BATCH_SARIF_H
#define BATCH_SARIF_H

#include "formats/base/finding.h"
#include "formats/base/json.h"
#include "formats/base/str.h"

struct sarif_result {
    const struct finding *f;
    const char *path; /* becomes a URI */
    const char *id;   /* finding_identity() */
    unsigned nth;     /* of the results with the same path and id, from 1 */
    size_t rule_index;
    bool baseline; /* there is one: say whether it knows the finding */
};

void sarif_begin(struct jw *j);
void sarif_rule(struct jw *j, const struct finding *f);
struct sarif_run {
    const char *id;                   /* "certbatch/lint/" */
    const struct strlist *unread;     /* what could not be looked at, and why; NULL: nothing */
    const struct strlist *exceptions; /* what was done although a rule says otherwise; NULL: none */
    const char *properties;           /* of the run: a JSON object, or NULL */
};
void sarif_results(struct jw *j, const struct sarif_run *run);
void sarif_result(struct jw *j, const struct sarif_result *r);
void sarif_end(struct jw *j);

#endif
