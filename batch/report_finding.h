/* SPDX-License-Identifier: Apache-2.0
 *
 * The findings of a report as values: findings.json read back, finding by finding, for the writers
 * that show them. Strings belong to the report.
 */
#ifndef BATCH_REPORT_FINDING_H
#define BATCH_REPORT_FINDING_H

#include "batch/report.h"
#include "formats/base/finding.h"

void report_finding(const struct report_finding *in, struct finding *out);
/* "warning: message: 'value' [rule]", waived ones with their waiver; no line end. */
void report_finding_line(struct buf *out, const struct finding *f);

#endif
