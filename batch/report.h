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
    const char *item;             /* "": it is about none of them */
    const json_t *finding, *file; /* file: the object with its "path" and "kind" */
    size_t order;                 /* position in the file */
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
void report_head(struct jw *j, const struct report *r); /* batch, change, counts */
void report_item(struct jw *j, const char *key, const struct report *r,
                 const struct item_record *item);
void report_change(struct jw *j, const char *key, const struct ynode *change);
/* What to do about an item that is reported so; of a good state, that there is nothing to do. */
const char *report_advice(enum item_state state);
const char *report_ticket(const struct report *r); /* NULL: none */

/* The findings of one item are v[*first] to v[*first + *n - 1]. */
void report_findings(const struct report *r, const char *id, size_t *first, size_t *n);

/* A writer puts a whole report into a sink, piece by piece; the same report gives the same bytes.
 * One row a format: `certbatch bundle` puts each as data/FILE into the audit bundle. */
typedef bool report_write(const struct report *r, report_sink *sink, void *ctx, struct err *err);
struct report_writer {
    const char *format, *file;
    report_write *write;
};
extern const struct report_writer report_writers[]; /* closed by a row without a format */
const struct report_writer *report_writer_find(const char *format); /* NULL: none */
report_write report_json_to, report_csv_to, report_xlsx_to, report_junit_to, report_sarif_to,
    report_notes_to;
/* Sinks: ctx is an int *, a file descriptor; a struct buf *. */
report_sink report_to_fd, report_to_buf;

#endif
