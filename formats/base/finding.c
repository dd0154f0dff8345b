/* SPDX-License-Identifier: Apache-2.0
 *
 * See finding.h.
 */
#include "formats/base/finding.h"

#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

static const char *const severity_names[] = {[SEV_DISABLED] = "disabled",
                                             [SEV_INFO] = "info",
                                             [SEV_WARNING] = "warning",
                                             [SEV_ERROR] = "error"};
_Static_assert(NITEMS(severity_names) == SEV__MAX, "a name for every severity");

const char *severity_name(enum severity s)
{
    return severity_names[s];
}

bool severity_parse(const char *s, enum severity *out)
{
    for (size_t i = 0; i < NITEMS(severity_names); i++) {
        if (str_eq(s, severity_names[i])) {
            *out = (enum severity)i;
            return true;
        }
    }
    return false;
}

static const char *own(struct findings *list, const char *s)
{
    return s ? arena_strdup(&list->strings, s) : NULL;
}

static const struct edit *own_edit(struct findings *list, const struct edit *e)
{
    struct edit *copy = arena_memdup(&list->strings, e, sizeof *e);
    copy->text = own(list, e->text);
    return copy;
}

struct finding *findings_add(struct findings *list, const struct finding *f)
{
    struct finding copy = *f;
    copy.rule = own(list, f->rule);
    copy.waiver = own(list, f->waiver);
    copy.justification = own(list, f->justification);
    copy.file = own(list, f->file);
    copy.item = own(list, f->item);
    copy.view = own(list, f->view);
    copy.value = own(list, f->value);
    copy.message = own(list, f->message);
    copy.fix = own(list, f->fix);
    copy.cite = own(list, f->cite);
    copy.edit = f->edit ? own_edit(list, f->edit) : NULL;
    VEC_PUSH(list, copy);
    return &list->v[list->n - 1];
}

void findings_report(struct findings *list, const char *rule, enum severity severity,
                     struct pos pos, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct finding f = {.rule = rule,
                        .severity = severity,
                        .firm = severity == SEV_ERROR,
                        .file = pos.file,
                        .line = pos.line,
                        .column = pos.column,
                        .end_line = pos.end_line,
                        .end_column = pos.end_column,
                        .offset = -1,
                        .message = arena_vprintf(&list->strings, fmt, ap)};
    va_end(ap);
    findings_add(list, &f);
}

void findings_move(struct findings *to, struct findings *from)
{
    for (size_t i = 0; i < from->n; i++) {
        findings_add(to, &from->v[i]);
    }
    findings_release(from);
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare(const void *pa, const void *pb)
{
    const struct finding *a = pa;
    const struct finding *b = pb;
    int c = compare_text(a->file, b->file);
    c = c ? c : (a->line > b->line) - (a->line < b->line);
    c = c ? c : (a->column > b->column) - (a->column < b->column);
    c = c ? c : (a->offset > b->offset) - (a->offset < b->offset);
    c = c ? c : compare_text(a->item, b->item);
    c = c ? c : compare_text(a->rule, b->rule);
    c = c ? c : compare_text(a->view, b->view);
    c = c ? c : compare_text(a->value, b->value);
    return c ? c : compare_text(a->message, b->message);
}

void findings_sort(struct findings *list)
{
    if (list->n > 1) {
        qsort(list->v, list->n, sizeof *list->v, compare);
    }
}

size_t findings_count(const struct findings *list, enum severity least)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct finding *f = &list->v[i];
        n += !f->waived && !f->known && f->severity >= least;
    }
    return n;
}

bool findings_error_since(const struct findings *list, size_t from)
{
    for (size_t i = from; i < list->n; i++) {
        if (list->v[i].severity == SEV_ERROR) {
            return true;
        }
    }
    return false;
}

size_t findings_waived(const struct findings *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        n += list->v[i].waived;
    }
    return n;
}

void findings_release(struct findings *list)
{
    free(list->v);
    arena_release(&list->strings);
    *list = (struct findings)FINDINGS_INIT;
}
