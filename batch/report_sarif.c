/* SPDX-License-Identifier: Apache-2.0
 *
 * findings.sarif: what policy said about the run, before and after it. Locations are files of the
 * audit bundle, beside this one: the manifest as manifest.yaml, a request as
 * items/ID/request.csr; so a viewer shows each finding in its place, years later too.
 */
#include "batch/report_finding.h"
#include "batch/sarif.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

enum { FLUSH_AT = 64 * 1024, RESULT_MAX = 1024 * 1024 };

struct entry {
    char id[FINDING_ID];
    unsigned nth;
    const struct report_finding *from;
};
struct sarif_report {
    const struct report *r;
    struct entry *v;              /* as r->v */
    const struct finding **rules; /* one finding of each rule, by rule */
    size_t nrules;
    struct buf b;
    report_sink *sink;
    void *ctx;
};

static int by_rule(const void *a, const void *b)
{
    return strcmp((*(const struct finding *const *)a)->rule,
                  (*(const struct finding *const *)b)->rule);
}

static void list_rules(struct sarif_report *s)
{
    size_t kept = 0;
    s->rules = xcalloc(s->r->n + 1, sizeof *s->rules);
    for (size_t i = 0; i < s->r->n; i++) {
        s->rules[i] = &s->r->v[i].f;
    }
    if (s->r->n > 1) {
        qsort(s->rules, s->r->n, sizeof *s->rules, by_rule);
    }
    for (size_t i = 0; i < s->r->n; i++) {
        if (i == 0 || by_rule(&s->rules[i], &s->rules[kept - 1]) != 0) {
            s->rules[kept++] = s->rules[i];
        }
    }
    s->nrules = kept;
}

/* Where the audit bundle has it. */
static const char *bag_path(const struct report_finding *f, struct buf *scratch)
{
    buf_reset(scratch);
    if (str_eq(f->kind, "manifest")) {
        return "manifest.yaml";
    }
    if (str_eq(f->kind, "csr") && f->f.item) {
        buf_printf(scratch, "items/%s/request.csr", f->f.item);
        return buf_text(scratch);
    }
    return f->f.file;
}

static int by_identity(const void *pa, const void *pb)
{
    const struct entry *a = *(const struct entry *const *)pa;
    const struct entry *b = *(const struct entry *const *)pb;
    int c = strcmp(a->id, b->id);
    c = c ? c : strcmp(a->from->kind, b->from->kind);
    return c ? c : (a > b) - (a < b);
}

/* Findings that nothing but their number tells apart. */
static void identify(struct sarif_report *s)
{
    const size_t n = s->r->n;
    CLEANUP(freep) struct entry **order = xcalloc(n + 1, sizeof *order);
    s->v = xcalloc(n + 1, sizeof *s->v);
    for (size_t i = 0; i < n; i++) {
        s->v[i].from = &s->r->v[i];
        finding_identity(&s->r->v[i].f, s->v[i].id);
        order[i] = &s->v[i];
    }
    if (n > 1) {
        qsort(order, n, sizeof *order, by_identity);
    }
    for (size_t i = 0; i < n; i++) {
        const bool again = i > 0 && str_eq(order[i]->id, order[i - 1]->id);
        order[i]->nth = again ? order[i - 1]->nth + 1 : 1;
    }
}

static bool pour(struct sarif_report *s, size_t keep, struct err *err)
{
    if (buf_failed(&s->b)) {
        return err_set(err, ERR_INTERNAL, "a finding is larger than %d bytes", RESULT_MAX);
    }
    bool ok = s->b.n <= keep || s->sink(s->ctx, buf_span(&s->b), err);
    if (s->b.n > keep) {
        buf_reset(&s->b);
    }
    return ok;
}

static size_t index_of_rule(const struct sarif_report *s, const struct finding *finding)
{
    const struct finding *const *at =
        bsearch(&finding, s->rules, s->nrules, sizeof *s->rules, by_rule);
    return at ? (size_t)(at - s->rules) : 0;
}

static bool write_rules(struct sarif_report *s, struct jw *j, struct err *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < s->nrules; i++) {
        sarif_rule(j, s->rules[i]);
        ok = pour(s, FLUSH_AT, err);
    }
    return ok;
}

static bool write_results(struct sarif_report *s, struct jw *j, struct err *err)
{
    CLEANUP(buf_release) struct buf path = BUF_INIT(LIMIT_PATH);
    bool ok = true;
    for (size_t i = 0; ok && i < s->r->n; i++) {
        const struct report_finding *f = &s->r->v[i];
        const struct sarif_result result = {.f = &f->f,
                                            .path = bag_path(f, &path),
                                            .id = s->v[i].id,
                                            .nth = s->v[i].nth,
                                            .rule_index = index_of_rule(s, &f->f)};
        sarif_result(j, &result);
        ok = pour(s, FLUSH_AT, err);
    }
    return ok;
}

static void list_exceptions(const struct report *r, struct arena *a, struct strlist *out)
{
    CLEANUP(buf_release) struct buf line = BUF_INIT(RESULT_MAX);
    for (size_t i = 0; i < r->history->exceptions.n; i++) {
        buf_reset(&line);
        report_exception_line(&line, &r->history->exceptions.v[i]);
        VEC_PUSH(out, arena_strdup(a, buf_text(&line)));
    }
}

/* As in report.json; out stays empty when there are none. */
static bool properties(const struct report *r, struct buf *out, struct err *err)
{
    size_t at = 0;
    struct jw j;
    if (!history_approval(r->history, &at)) {
        return true;
    }
    jw_begin(&j, out, JW_COMPACT);
    jw_object(&j, NULL);
    report_approvals(&j, r->history);
    jw_end(&j);
    return jw_finish(&j, err);
}

bool report_sarif_to(const struct report *r, report_sink *sink, void *ctx, struct err *err)
{
    struct sarif_report s = {.r = r, .b = BUF_INIT(RESULT_MAX), .sink = sink, .ctx = ctx};
    CLEANUP(buf_release) struct buf facts = BUF_INIT(RESULT_MAX);
    struct strlist exceptions = {0};
    struct arena a = ARENA_INIT;
    struct jw j;
    list_exceptions(r, &a, &exceptions);
    list_rules(&s);
    identify(&s);
    jw_begin(&j, &s.b, JW_PRETTY);
    sarif_begin(&j);
    bool ok = properties(r, &facts, err) && write_rules(&s, &j, err);
    sarif_results(&j, &(struct sarif_run){.id = "certbatch/run/",
                                          .exceptions = &exceptions,
                                          .properties = facts.n ? buf_text(&facts) : NULL});
    ok = ok && write_results(&s, &j, err);
    sarif_end(&j);
    ok = ok && jw_finish(&j, err) && pour(&s, 0, err);
    buf_release(&s.b);
    freep(&s.rules);
    freep(&s.v);
    strlist_release(&exceptions);
    arena_release(&a);
    return ok;
}
