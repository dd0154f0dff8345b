/* SPDX-License-Identifier: Apache-2.0
 *
 * report.xlsx, for people who sort and filter: sheet Summary (what, why, when, how many), Items
 * (the rows of report.csv with real dates and numbers), Findings (one row each, waived ones with
 * their waiver).
 */
#include "batch/report_columns.h"
#include "batch/report_sheet.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdlib.h>

enum { TEXT_MAX = 16 * 1024 * 1024 };

/* --- Summary --- */

static void fact(struct xlsx *x, const char *name, const char *value)
{
    if (value && *value) {
        xlsx_text(x, name);
        xlsx_text(x, value);
        xlsx_row(x);
    }
}

static void fact_time(struct xlsx *x, const char *name, const char *value)
{
    int64_t t;
    if (value && time_parse(value, &t)) {
        xlsx_text(x, name);
        xlsx_date(x, t);
        xlsx_row(x);
    }
}

static void fact_number(struct xlsx *x, const char *name, size_t n)
{
    xlsx_text(x, name);
    xlsx_number(x, (int64_t)n);
    xlsx_row(x);
}

/* `change` as it stands in the manifest: a fact a scalar, named by its path. */
static void facts_of_change(struct xlsx *x, struct arena *a, const char *path,
                            const struct ynode *node)
{
    if (node->kind == YAML_SCALAR) {
        fact(x, path, node->text);
        return;
    }
    for (const struct ynode *n = node->first; n; n = n->next) {
        facts_of_change(
            x, a, node->kind == YAML_MAPPING ? arena_printf(a, "%s.%s", path, n->key) : path, n);
    }
}

static void write_summary(struct xlsx *x, const struct report *r)
{
    static const struct xlsx_column columns[] = {{"fact", 24}, {"value", 70}};
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const struct history *h = r->history;
    size_t counts[STATE__MAX];
    history_counts(h, counts);
    xlsx_sheet(x, "Summary", columns, NITEMS(columns));
    fact(x, "batch", h->batch);
    fact(x, "simulated", h->simulate ? "yes: nothing here was ordered" : NULL);
    if (r->change) {
        facts_of_change(x, &a, "change", r->change);
    }
    fact_time(x, "started", h->opened);
    fact_time(x, "ended", h->closed);
    fact_number(x, "items", h->n);
    for (size_t i = 0; i < report_states_count; i++) {
        fact_number(x, state_report_name(report_states[i]), counts[report_states[i]]);
    }
    const struct approval_record *approval;
    for (size_t at = 0; (approval = history_approval(h, &at));) {
        CLEANUP(buf_release) struct buf line = BUF_INIT(TEXT_MAX);
        report_approval_line(&line, approval);
        fact(x, "approved by", buf_text(&line));
    }
    for (size_t i = 0; i < h->exceptions.n; i++) {
        const struct exception_record *e = &h->exceptions.v[i];
        fact(x, "exception", arena_printf(&a, "%s; by %s: %s", e->what, e->user, e->reason));
    }
    fact(x, "manifest_sha256", h->manifest_sha256);
    fact(x, "policy_sha256", h->policy_sha256);
    fact(x, "plan_digest", h->plan_digest);
    fact(x, "written by", "certbatch " CERTBATCH_VERSION);
}

/* --- Items --- */

void report_sheet_row(struct xlsx *x, const struct report *r,
                      const struct report_column *const *columns, size_t n,
                      const struct item_record *item, struct buf *scratch)
{
    struct report_cell cell;
    for (size_t i = 0; i < n; i++) {
        report_cell(r, columns[i], item, scratch, &cell);
        if (columns[i]->kind == REPORT_TIME) {
            xlsx_date(x, cell.number);
        } else if (columns[i]->kind == REPORT_NUMBER) {
            xlsx_number(x, cell.number);
        } else {
            xlsx_text(x, cell.text);
        }
    }
    xlsx_row(x);
}

void report_sheet(struct xlsx *x, const struct report_column *const *columns, size_t n)
{
    CLEANUP(freep) struct xlsx_column *heads = xcalloc(n + 1, sizeof *heads);
    for (size_t i = 0; i < n; i++) {
        heads[i] = (struct xlsx_column){columns[i]->name, columns[i]->width};
    }
    xlsx_sheet(x, "Items", heads, n);
}

static void write_items(struct xlsx *x, const struct report *r)
{
    CLEANUP(buf_release) struct buf scratch = BUF_INIT(TEXT_MAX);
    CLEANUP(freep) const struct report_column **all = xcalloc(report_columns_count, sizeof *all);
    for (size_t i = 0; i < report_columns_count; i++) {
        all[i] = &report_columns[i];
    }
    report_sheet(x, all, report_columns_count);
    for (size_t i = 0; i < r->history->n; i++) {
        report_sheet_row(x, r, all, report_columns_count, &r->history->v[i], &scratch);
    }
}

/* --- Findings --- */

static void write_findings(struct xlsx *x, const struct report *r)
{
    static const struct xlsx_column heads[] = {
        {"item", 20},   {"rule", 28},          {"severity", 10}, {"message", 70},
        {"value", 30},  {"file", 30},          {"line", 8},      {"column", 8},
        {"waiver", 18}, {"justification", 40}, {"fix", 50},      {"cite", 24}};
    xlsx_sheet(x, "Findings", heads, NITEMS(heads));
    for (size_t k = 0; k < r->n; k++) {
        const struct finding *f = &r->v[k].f;
        const char *const before[] = {f->item,    f->rule,  severity_name(f->severity),
                                      f->message, f->value, f->file};
        const char *const after[] = {f->waiver, f->justification, f->fix, f->cite};
        _Static_assert(NITEMS(before) + 2 + NITEMS(after) == NITEMS(heads), "a cell a head");
        for (size_t i = 0; i < NITEMS(before); i++) {
            xlsx_text(x, before[i]);
        }
        xlsx_number(x, f->line);
        xlsx_number(x, f->column);
        for (size_t i = 0; i < NITEMS(after); i++) {
            xlsx_text(x, after[i]);
        }
        xlsx_row(x);
    }
}

/* The only time in the file is one of the journal: the same state gives the same bytes. */
struct xlsx *report_sheet_new(const struct history *h)
{
    int64_t t = 0;
    const char *when = h->closed ? h->closed : h->opened;
    return xlsx_new(when && time_parse(when, &t) ? t : 0);
}

bool report_xlsx_to(const struct report *r, report_sink *sink, void *ctx, struct err *err)
{
    CLEANUP(xlsx_abandon) struct xlsx *x = report_sheet_new(r->history);
    write_summary(x, r);
    write_items(x, r);
    write_findings(x, r);
    return xlsx_finish(&x, sink, ctx, err);
}
