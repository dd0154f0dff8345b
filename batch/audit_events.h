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
    uint32_t length;
    uint64_t seq;
    size_t offset; /* of its line in the journal */
};
/* A run: its `open` or `resume` record. */
struct audit_run {
    uint64_t seq;
    const char *json; /* {"seq","t","ev","version","host","user",...}, in history.arena */
};
struct audit_runs {
    struct audit_run *v;
    size_t n, cap;
};
struct audit_events {
    struct history history;
    struct audit_event *v; /* by item, then seq */
    size_t n, cap;
    struct audit_runs runs; /* by seq */
    int fd;                 /* the journal */
};

/* Reads exactly the first `size` bytes of the journal under dirfd and checks chain and sums. */
bool audit_events_read(struct audit_events *e, int dirfd, size_t size, struct err *err) MUST_USE;
/* The records of one item, read again: everything in them but the names, which the item has, and
 * what chains the journal. */
bool audit_events_write(struct jw *j, const char *key, const struct audit_events *e, size_t item,
                        struct err *err) MUST_USE;
/* The runs that wrote records of the item. */
void audit_events_runs(struct jw *j, const char *key, const struct audit_events *e, size_t item);
void audit_events_release(struct audit_events *e);

#endif
