/* SPDX-License-Identifier: Apache-2.0
 *
 * `lint --format junit|tap`: a file is a suite, an item of a manifest is a test, and so is the file
 * itself. A test fails by what fails the run; what else was found is told beside it. Items without
 * a finding are listed too: a report that names only failures cannot show that anything was tested.
 */
#include "cmd/lint_view.h"

#include "formats/base/json.h"
#include "formats/base/limits.h"
#include "formats/base/xml.h"

#include <stdlib.h>
#include <string.h>

struct test {
    const char *name;
    const struct finding *const *v;
    size_t n;
    bool listed, skipped;
};
/* The tests of one file: itself, its items in file order, items that only findings name. */
struct suite {
    const struct lint_file *file;
    const struct finding **sorted;
    struct test *groups; /* by item; the first has no item */
    size_t ngroups;
    struct test *v;
    size_t n;
};

static int by_item(const void *pa, const void *pb)
{
    const struct finding *a = *(const struct finding *const *)pa;
    const struct finding *b = *(const struct finding *const *)pb;
    int c = strcmp(a->item ? a->item : "", b->item ? b->item : "");
    return c ? c : (a > b) - (a < b);
}

static int compare_name(const void *name, const void *test)
{
    return strcmp(name, ((const struct test *)test)->name);
}

static void group(struct suite *s)
{
    const struct findings *list = &s->file->findings;
    s->sorted = xcalloc(list->n + 1, sizeof *s->sorted);
    s->groups = xcalloc(list->n + 1, sizeof *s->groups);
    s->groups[s->ngroups++] = (struct test){.name = "", .v = s->sorted};
    for (size_t i = 0; i < list->n; i++) {
        s->sorted[i] = &list->v[i];
    }
    if (list->n) {
        qsort(s->sorted, list->n, sizeof *s->sorted, by_item);
    }
    for (size_t i = 0; i < list->n; i++) {
        const char *item = s->sorted[i]->item ? s->sorted[i]->item : "";
        if (!str_eq(item, s->groups[s->ngroups - 1].name)) {
            s->groups[s->ngroups++] = (struct test){.name = item, .v = s->sorted + i};
        }
        s->groups[s->ngroups - 1].n++;
    }
}

static void suite_make(struct suite *s, const struct lint_file *file)
{
    *s = (struct suite){.file = file};
    group(s);
    s->v = xcalloc(1 + file->items.n + s->ngroups, sizeof *s->v);
    s->v[s->n] = s->groups[0];
    s->v[s->n++].name = "(file)"; /* no item can have this id */
    for (size_t i = 0; i < file->items.n; i++) {
        const char *id = file->items.v[i].id;
        const bool skipped = !file->items.v[i].judged;
        struct test *g =
            bsearch(id, s->groups + 1, s->ngroups - 1, sizeof *s->groups, compare_name);
        if (!g) {
            s->v[s->n++] = (struct test){.name = id, .skipped = skipped};
        } else if (!g->listed) { /* of two items with one id there is one test */
            g->listed = true;
            g->skipped = skipped;
            s->v[s->n++] = *g;
        }
    }
    for (size_t i = 1; i < s->ngroups; i++) {
        if (!s->groups[i].listed) {
            s->v[s->n++] = s->groups[i];
        }
    }
}

static void suite_release(struct suite *s)
{
    freep(&s->sorted);
    freep(&s->groups);
    freep(&s->v);
}

static const struct finding *first_failing(const struct lint_report *r, const struct test *t)
{
    for (size_t i = 0; i < t->n; i++) {
        if (lint_fails(r, t->v[i])) {
            return t->v[i];
        }
    }
    return NULL;
}

static bool is_file(const struct suite *s, const struct test *t)
{
    return t == s->v;
}

static bool unread(const struct suite *s, const struct test *t)
{
    return is_file(s, t) && lint_unread(s->file);
}

static const char not_judged[] = "not judged: its shape is wrong, or there is no policy";

static bool too_large(struct err *err)
{
    return err_set(err, ERR_INTERNAL, "the report is too large");
}

/* --- JUnit --- */

struct counts {
    size_t tests, failures, errors, skipped;
};

static void counted(struct buf *out, const struct counts *c)
{
    buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", c->tests,
               c->failures, c->errors, c->skipped);
}

/* As text, one finding a line. Line ends stay line ends. */
static void lines(struct buf *out, const struct lint_report *r, const struct test *t, bool failing)
{
    CLEANUP(buf_release) struct buf line = BUF_INIT(64u << 10);
    for (size_t i = 0; i < t->n; i++) {
        if (lint_fails(r, t->v[i]) != failing) {
            continue;
        }
        buf_reset(&line);
        cmd_finding_line(&line, t->v[i], false);
        if (failing) {
            cmd_finding_advice(&line, t->v[i], true);
        }
        for (const char *p = buf_text(&line); *p;) {
            size_t n = strcspn(p, "\n");
            xml_text(out, p, n);
            p += n;
            if (*p) {
                buf_putc(out, *p++);
            }
        }
    }
}

static bool has_more(const struct lint_report *r, const struct test *t)
{
    for (size_t i = 0; i < t->n; i++) {
        if (!lint_fails(r, t->v[i])) {
            return true;
        }
    }
    return false;
}

static void test_case(struct buf *out, const struct lint_report *r, const struct suite *s,
                      const struct test *t, struct counts *c)
{
    const struct finding *f = first_failing(r, t);
    c->tests++;
    buf_puts(out, "    <testcase");
    xml_attribute(out, "classname", s->file->path);
    xml_attribute(out, "name", t->name);
    xml_attribute(out, "file", s->file->path);
    buf_puts(out, ">\n");
    if (unread(s, t)) {
        char text[4096];
        err_format(&s->file->err, text, sizeof text);
        c->errors++;
        buf_puts(out, "      <error type=\"unreadable\"");
        xml_attribute(out, "message", text);
        buf_puts(out, "/>\n");
    } else if (f) {
        c->failures++;
        buf_puts(out, "      <failure");
        xml_attribute(out, "type", f->rule);
        xml_attribute(out, "message", f->message);
        buf_putc(out, '>');
        lines(out, r, t, true);
        buf_puts(out, "</failure>\n");
    } else if (t->skipped) {
        c->skipped++;
        buf_puts(out, "      <skipped");
        xml_attribute(out, "message", not_judged);
        buf_puts(out, "/>\n");
    }
    if (has_more(r, t)) {
        buf_puts(out, "      <system-out>");
        lines(out, r, t, false);
        buf_puts(out, "</system-out>\n");
    }
    buf_puts(out, "    </testcase>\n");
}

bool lint_junit(const struct lint_report *r, struct buf *out, struct err *err)
{
    CLEANUP(buf_release) struct buf suites = BUF_INIT(out->max);
    struct counts all = {0};
    for (size_t i = 0; i < r->lint->n; i++) {
        CLEANUP(suite_release) struct suite s;
        CLEANUP(buf_release) struct buf cases = BUF_INIT(out->max);
        struct counts c = {0};
        suite_make(&s, &r->lint->files[i]);
        for (size_t k = 0; k < s.n; k++) {
            test_case(&cases, r, &s, &s.v[k], &c);
        }
        buf_puts(&suites, "  <testsuite");
        xml_attribute(&suites, "name", s.file->path);
        counted(&suites, &c);
        buf_puts(&suites, ">\n");
        buf_add(&suites, buf_text(&cases), cases.n);
        buf_puts(&suites, "  </testsuite>\n");
        all.tests += c.tests;
        all.failures += c.failures;
        all.errors += c.errors;
        all.skipped += c.skipped;
        if (buf_failed(&cases)) {
            return too_large(err);
        }
    }
    buf_puts(out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"certbatch lint\"");
    counted(out, &all);
    buf_puts(out, ">\n");
    buf_add(out, buf_text(&suites), suites.n);
    buf_puts(out, "</testsuites>\n");
    return !buf_failed(&suites) || too_large(err);
}

/* --- TAP 13 (what prove reads; nothing of 14 is needed) --- */

/* '#' begins a directive, and a description is one line. */
static void description(struct buf *out, const char *s)
{
    CLEANUP(buf_release) struct buf safe = BUF_INIT(64u << 10);
    str_vis(&safe, s, strlen(s), LIMIT_PATH);
    for (const char *p = buf_text(&safe); *p; p++) {
        buf_puts(out, *p == '#' ? "\\" : "");
        buf_putc(out, *p);
    }
}

/* A JSON string is a YAML string. */
static void quoted(struct buf *out, const char *key, const char *text)
{
    struct jw j;
    if (text) {
        buf_printf(out, "%s: ", key);
        jw_begin(&j, out, JW_COMPACT);
        jw_str(&j, NULL, text);
        buf_putc(out, '\n');
    }
}

static void diagnostics(struct buf *out, const struct lint_report *r, const struct test *t)
{
    buf_puts(out, "  ---\n  findings:\n");
    for (size_t i = 0; i < t->n; i++) {
        const struct finding *f = t->v[i];
        if (!lint_fails(r, f)) {
            continue;
        }
        quoted(out, "    - rule", f->rule);
        quoted(out, "      severity", severity_name(f->severity));
        quoted(out, "      message", f->message);
        quoted(out, "      value", f->value);
        quoted(out, "      file", f->file);
        if (f->line) {
            buf_printf(out, "      line: %u\n      column: %u\n", f->line, f->column);
        }
        quoted(out, "      fix", f->fix);
    }
    buf_puts(out, "  ...\n");
}

static void comments(struct buf *out, const struct lint_report *r, const struct test *t)
{
    CLEANUP(buf_release) struct buf line = BUF_INIT(64u << 10);
    for (size_t i = 0; i < t->n; i++) {
        if (!lint_fails(r, t->v[i])) {
            buf_reset(&line);
            cmd_finding_line(&line, t->v[i], false);
            buf_printf(out, "# %s", buf_text(&line));
        }
    }
}

static void test_point(struct buf *out, const struct lint_report *r, const struct suite *s,
                       const struct test *t, size_t number)
{
    const bool failed = first_failing(r, t) != NULL;
    buf_printf(out, "%sok %zu - ", failed || unread(s, t) ? "not " : "", number);
    description(out, s->file->path);
    buf_puts(out, " ");
    description(out, t->name);
    if (t->skipped && !failed) {
        buf_printf(out, " # SKIP %s", not_judged);
    }
    buf_putc(out, '\n');
    if (unread(s, t)) {
        char text[4096];
        err_format(&s->file->err, text, sizeof text);
        buf_puts(out, "  ---\n");
        quoted(out, "  message", text);
        buf_puts(out, "  ...\n");
    } else if (failed) {
        diagnostics(out, r, t);
    }
    comments(out, r, t);
}

bool lint_tap(const struct lint_report *r, struct buf *out, struct err *err)
{
    CLEANUP(buf_release) struct buf points = BUF_INIT(out->max);
    size_t number = 0;
    for (size_t i = 0; i < r->lint->n; i++) {
        CLEANUP(suite_release) struct suite s;
        suite_make(&s, &r->lint->files[i]);
        for (size_t k = 0; k < s.n; k++) {
            test_point(&points, r, &s, &s.v[k], ++number);
        }
    }
    buf_printf(out, "TAP version 13\n1..%zu%s\n", number, number ? "" : " # SKIP no files");
    buf_add(out, buf_text(&points), points.n);
    return !buf_failed(&points) || too_large(err);
}
