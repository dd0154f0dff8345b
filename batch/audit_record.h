/* SPDX-License-Identifier: Apache-2.0
 *
 * items/ID/record.json of the audit bundle: everything there is to show about one item, for the
 * auditor who picks three certificates and asks who wanted, approved, checked, sent and got them.
 * Everything comes from the state directory as of the journal's last close; what is not known is
 * null or not there. The members `batch`, `change`, `manifest_sha256`, `policy_sha256`,
 * `plan_digest`, `item` (as in report.json) and `journal` are always there. `asked` is in the
 * manifest's own words.
 *
 *     audit_records_begin(&a, &report, &events)
 *     audit_record_write(&a, index, &files, &out, &err)     ...
 *     audit_records_release(&a)
 */
#ifndef BATCH_AUDIT_RECORD_H
#define BATCH_AUDIT_RECORD_H

#include "batch/audit_events.h"
#include "batch/report.h"

struct audit_place {
    const char *id;
    const struct ynode *node; /* of the item in the manifest */
};
struct audit_link {
    const char *after; /* id of an order */
    size_t index;      /* of the revocation that waits for it */
};
struct audit_records {
    const struct report *report;
    const struct audit_events *events;
    struct {
        struct audit_place *v;
        size_t n, cap;
    } places; /* by id */
    struct {
        struct audit_link *v;
        size_t n, cap;
    } links; /* by after */
};
/* Empty spans: the item has no such file. */
struct audit_files {
    struct span csr, leaf, chain;
};
void audit_records_begin(struct audit_records *a, const struct report *r,
                         const struct audit_events *e);
bool audit_record_write(const struct audit_records *a, size_t index,
                        const struct audit_files *files, struct buf *out, struct err *err) MUST_USE;
void audit_records_release(struct audit_records *a);

#endif
