/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of the reports: what report.json, the audit bundle and the text summary are made from.
 * A report joins three things: the history (what happened), findings.json (what policy said) and
 * the manifest's `change` (why). Users of reports include batch/bundle.h.
 */
#ifndef BATCH_REPORT_H
#define BATCH_REPORT_H

#include "batch/bundle.h"
#include "formats/base/finding.h"
#include "formats/base/json.h"
#include "formats/base/json_in.h"
#include "formats/base/yaml.h"

/* States as they are reported, good news first; every report counts all of them. */
extern const enum item_state report_states[];
extern const size_t report_states_count;

struct report_finding {
    const char *item; /* "": the batch as a whole */
    const char *kind; /* of its file: "manifest" "config" "policy" "csr" "certificate" */
    struct finding f; /* as in findings.json */
    size_t order;     /* position in the file */
};
struct report {
    const struct history *history;
    struct arena arena;
    const struct ynode *manifest;  /* of the state; NULL: there is none */
    const struct ynode *change;    /* in it; NULL: it has none */
    char journal_head[SHA256_HEX]; /* of the record that closes the history; "" when none does */
    struct report_finding *v;      /* by item, then file order */
    size_t n, cap;
};

/* s may be NULL: then there are no findings and no change. A missing file is no error. */
bool report_open(struct report *r, const struct history *h, const struct statedir *s,
                 struct err *err) MUST_USE;
void report_release(struct report *r);

/* The members of the objects, written into an object that is open. */
/* "2026-...: WHAT; by WHO: WHY", one line, escaped: for reports that have a line for it. */
void report_exception_line(struct buf *out, const struct exception_record *e);
/* "WHO, signed 2026-..., counted 2026-..., certificate SHA-256 HEX", likewise. */
void report_approval_line(struct buf *out, const struct approval_record *a);
/* batch, change, approvals, exceptions, counts */
void report_head(struct jw *j, const struct report *r);
void report_approvals(struct jw *j, const struct history *h); /* of the plan that was run */
void report_item(struct jw *j, const char *key, const struct report *r,
                 const struct item_record *item);
void report_change(struct jw *j, const char *key, const struct ynode *change);
/* What to do about an item that is reported so; of a good state, that there is nothing to do. */
const char *report_advice(enum item_state state);
const char *report_ticket(const struct report *r); /* NULL: none */
/* The findings of an item (or, with "", of the batch as a whole), in the order of the file. */
const struct report_finding *report_findings(const struct report *r, const char *id, size_t *n);

/* What to do about a state, the worst first; good states are not listed. */
struct report_trouble {
    enum item_state state;
    const char *advice;
};
extern const struct report_trouble report_troubles[];
extern const size_t report_troubles_count;

/* Writes everything to a sink, piece by piece: memory stays flat, and the same report gives the
 * same bytes. report_json() and report_store() are uses of the first. */
typedef bool report_write(const struct report *r, report_sink *sink, void *ctx, struct err *err);
report_write report_json_to, report_csv_to, report_html_to, report_pdf_to, report_xlsx_to,
    report_junit_to, report_sarif_to, report_notes_to;

/* What a report can be written as: all that `certbatch report` and the audit bundle know about it.
 * In the order of the bundle. */
struct report_format {
    const char *name;     /* of --format */
    const char *bag_name; /* its file under data/ of the audit bundle; NULL: not in it */
    bool binary;          /* nothing to print on a terminal */
    report_write *write;
};
extern const struct report_format report_formats[];
extern const size_t report_formats_count;
const struct report_format *report_format(const char *name); /* NULL: unknown */
/* Sinks: ctx is an int *, a file descriptor; a struct buf *. */
report_sink report_to_fd, report_to_buf;

#endif
