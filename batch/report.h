/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of the reports: what report.json, the audit bundle and the text summary are made from.
 * A report joins three things: the history (what happened), findings.json (what policy said) and
 * the manifest's `change` (why). Users of reports include batch/bundle.h.
 */
#ifndef BATCH_REPORT_H
#define BATCH_REPORT_H

#include "batch/bundle.h"
#include "formats/base/json.h"
#include "formats/base/json_in.h"
#include "formats/base/yaml.h"

/* States as they are reported, good news first; every report counts all of them. */
extern const enum item_state report_states[];
extern const size_t report_states_count;

struct report_finding {
    const char *item;
    const json_t *finding;
    size_t order; /* position in the file */
};
struct report {
    const struct history *history;
    struct arena arena;
    const struct ynode *change; /* NULL: the manifest has none */
    json_t *tree;               /* of findings.json */
    struct report_finding *v;   /* by item, then file order */
    size_t n, cap;
};

/* s may be NULL: then there are no findings and no change. A missing file is no error. */
bool report_open(struct report *r, const struct history *h, const struct statedir *s,
                 struct err *err) MUST_USE;
void report_release(struct report *r);

/* The members of the objects, written into an object that is open. */
void report_head(struct jw *j, const struct report *r); /* batch, change, exceptions, counts */
void report_item(struct jw *j, const char *key, const struct report *r,
                 const struct item_record *item);
void report_change(struct jw *j, const char *key, const struct ynode *change);
const char *report_ticket(const struct report *r); /* NULL: none */

/* Writes everything to a sink; report_json() and report_store() are uses of it. */
bool report_json_to(const struct report *r, report_sink *sink, void *ctx, struct err *err) MUST_USE;
bool report_csv_to(const struct history *h, report_sink *sink, void *ctx, struct err *err) MUST_USE;
/* A sink with ctx = int *: a file descriptor. */
bool report_to_fd(void *ctx, struct span bytes, struct err *err);

#endif
