/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal up to its last `close`, replayed for the audit bundle: the history at that moment,
 * and which records speak of which item.
 */
#ifndef BATCH_AUDIT_EVENTS_H
#define BATCH_AUDIT_EVENTS_H

#include "batch/run.h"
#include "formats/base/time.h"

struct audit_event {
    uint32_t item; /* index in history.v */
    uint64_t seq;
    char ev[16], t[TIME_TEXT];
};
struct audit_events {
    struct history history;
    struct audit_event *v; /* by item, then seq */
    size_t n, cap;
};

/* Reads exactly the first `size` bytes of the journal under dirfd and checks chain and sums. */
bool audit_events_read(struct audit_events *e, int dirfd, size_t size, struct err *err) MUST_USE;
/* The records of one item: [{"seq","t","ev"}]. */
void audit_events_write(struct jw *j, const char *key, const struct audit_events *e, size_t item);
void audit_events_release(struct audit_events *e);

#endif
