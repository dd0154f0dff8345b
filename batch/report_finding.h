/* SPDX-License-Identifier: Apache-2.0
 *
 * The findings of a report as values: findings.json read back for the writers that show them.
 * Strings belong to the report.
 */
#ifndef BATCH_REPORT_FINDING_H
#define BATCH_REPORT_FINDING_H

#include "batch/report.h"
#include "formats/base/finding.h"

/* Appends all findings of the file to r->v. */
bool report_findings_read(struct report *r, struct span text, struct err *err) MUST_USE;
/* Who or what accepted it: a waiver, "baseline"; NULL: nobody. */
const char *report_accepted_by(const struct finding *f);
/* How to mend what stopped the item, from the finding its error names; NULL: not known. */
const char *report_mend(const struct report *r, const struct item_record *item);
/* "warning: message: 'value' [rule]", waived ones with their waiver; no line end. */
void report_finding_line(struct buf *out, const struct finding *f);

#endif
