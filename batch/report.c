/* SPDX-License-Identifier: Apache-2.0
 *
 * Gathering what a report needs, see report.h; the tables of states and of formats.
 */
#include "batch/report_finding.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const enum item_state report_states[] = {
    STATE_ISSUED, STATE_REVOKED,  STATE_KEPT,    STATE_PENDING, STATE_REFUSED,
    STATE_FAILED, STATE_MISMATCH, STATE_UNKNOWN, STATE_SKIPPED, STATE_NEW /* not started */};
const size_t report_states_count = NITEMS(report_states);

const struct report_format report_formats[] = {
    {"json", REPORT_NAME, false, report_json_to},
    {"csv", "report.csv", false, report_csv_to},
    {"html", "report.html", false, report_html_to},
    {"pdf", "report.pdf", true, report_pdf_to},
    {"xlsx", "report.xlsx", true, report_xlsx_to},
    {"junit", "junit.xml", false, report_junit_to},
    {"sarif", "findings.sarif", false, report_sarif_to},
    {"close-notes", "close-notes.txt", false, report_notes_to},
};
const size_t report_formats_count = NITEMS(report_formats);

const struct report_format *report_format(const char *name)
{
    for (size_t i = 0; i < NITEMS(report_formats); i++) {
        if (str_eq(report_formats[i].name, name)) {
            return &report_formats[i];
        }
    }
    return NULL;
}

const struct report_trouble report_troubles[] = {
    {STATE_UNKNOWN, "the CA may have the order: certbatch resolve STATE ITEM ..."},
    {STATE_MISMATCH, "what came back is not what was asked: call the CA"},
    {STATE_REFUSED, "the CA said no: correct the order and run again"},
    {STATE_FAILED, "could not be carried out: correct the cause and run again"},
    {STATE_SKIPPED, "not attempted: correct what stood in the way and run again"},
    {STATE_PENDING, "the CA is working on it: run again later"},
    {STATE_NEW, "not started: run again"},
};
const size_t report_troubles_count = NITEMS(report_troubles);

const char *report_advice(enum item_state state)
{
    for (size_t i = 0; i < NITEMS(report_troubles); i++) {
        if (report_troubles[i].state == state_report(state)) {
            return report_troubles[i].advice;
        }
    }
    return "nothing to do";
}

enum { FINDINGS_MAX = 256 * 1024 * 1024 };

static int by_item(const void *pa, const void *pb)
{
    const struct report_finding *a = pa;
    const struct report_finding *b = pb;
    int c = strcmp(a->item, b->item);
    return c ? c : (a->order > b->order) - (a->order < b->order);
}

static bool read_findings(struct report *r, const struct statedir *s, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(FINDINGS_MAX);
    if (!fs_exists_at(s->fd, "findings.json")) {
        return true;
    }
    if (!fs_read_at(s->fd, "findings.json", &text, err)) {
        return false;
    }
    if (!report_findings_read(r, buf_span(&text), err)) {
        return false;
    }
    if (r->n > 1) {
        qsort(r->v, r->n, sizeof *r->v, by_item);
    }
    return true;
}

/* Only the `change` mapping is wanted; whether the rest is valid was decided before the run. */
static bool read_change(struct report *r, const struct statedir *s, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_YAML_BYTES);
    CLEANUP(findings_release) struct findings ignored = FINDINGS_INIT;
    struct ynode *root = NULL;
    if (!fs_exists_at(s->fd, "manifest.yaml")) {
        return true;
    }
    if (!fs_read_at(s->fd, "manifest.yaml", &text, err)) {
        return false;
    }
    (void)!yaml_parse("manifest.yaml", buf_span(&text), &shape_manifest, &r->arena, &ignored,
                      &root);
    r->manifest = root;
    r->change = yaml_get(root, "change");
    return true;
}

const struct report_finding *report_findings(const struct report *r, const char *id, size_t *n)
{
    size_t low = 0;
    size_t high = r->n;
    while (low < high) { /* first finding of the item */
        size_t mid = low + (high - low) / 2;
        if (strcmp(r->v[mid].item, id) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    for (*n = 0; low + *n < r->n && str_eq(r->v[low + *n].item, id); ++*n) {
    }
    return r->v ? r->v + low : NULL;
}

/* The line that ends at the last close: what a next record would name in "prev". */
static bool read_journal_head(struct report *r, const struct statedir *s, struct err *err)
{
    const struct history *h = r->history;
    size_t want = h->close_offset < LIMIT_JOURNAL_RECORD ? h->close_offset : LIMIT_JOURNAL_RECORD;
    if (!want || h->close_seq != h->last_seq) {
        return true;
    }
    CLEANUP(closep) int fd = fs_open_at(s->fd, JOURNAL_NAME, err);
    CLEANUP(freep) char *tail = xmalloc(want);
    if (fd < 0) {
        return false;
    }
    ssize_t got = pread(fd, tail, want, (off_t)(h->close_offset - want));
    if (got != (ssize_t)want || tail[want - 1] != '\n') {
        return err_set(err, ERR_ENV, "the journal does not end where its last close did");
    }
    size_t start = want - 1;
    while (start > 0 && tail[start - 1] != '\n') {
        start--;
    }
    sha256_hex(tail + start, want - 1 - start, r->journal_head);
    return true;
}

bool report_open(struct report *r, const struct history *h, const struct statedir *s,
                 struct err *err)
{
    *r = (struct report){.history = h};
    if (s &&
        (!read_findings(r, s, err) || !read_change(r, s, err) || !read_journal_head(r, s, err))) {
        report_release(r);
        return false;
    }
    return true;
}

void report_release(struct report *r)
{
    free(r->v);
    arena_release(&r->arena);
    *r = (struct report){0};
}

const char *report_ticket(const struct report *r)
{
    const struct ynode *ticket = yaml_get(r->change, "ticket");
    return ticket ? ticket->text : NULL;
}

bool report_to_buf(void *ctx, struct span bytes, struct err *err)
{
    struct buf *out = ctx;
    buf_add(out, bytes.p, bytes.n);
    return !buf_failed(out) ||
           err_set(err, ERR_ENV, "the report is larger than %zu bytes", out->max);
}

bool report_to_fd(void *ctx, struct span bytes, struct err *err)
{
    return fs_write_all(*(const int *)ctx, bytes.p, bytes.n, err);
}
