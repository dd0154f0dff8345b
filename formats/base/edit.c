/* SPDX-License-Identifier: Apache-2.0
 *
 * See edit.h.
 */
#include "formats/base/edit.h"

#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

void line_index_make(struct line_index *x, struct span text)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.n; i++) {
        lines += text.p[i] == '\n';
    }
    *x = (struct line_index){.text = text, .starts = xcalloc(lines, sizeof *x->starts)};
    static const uint8_t bom[] = {0xEF, 0xBB, 0xBF};
    x->starts[x->n++] = text.n >= sizeof bom && memcmp(text.p, bom, sizeof bom) == 0 ? 3 : 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\n') {
            x->starts[x->n++] = i + 1;
        }
    }
}

void line_index_release(struct line_index *x)
{
    free(x->starts);
    *x = (struct line_index){0};
}

struct span line_index_line(const struct line_index *x, uint32_t line)
{
    if (line == 0 || line > x->n) {
        return (struct span){0};
    }
    const size_t from = x->starts[line - 1];
    size_t to = line < x->n ? x->starts[line] - 1 : x->text.n;
    to -= to > from && x->text.p[to - 1] == '\r';
    return (struct span){x->text.p + from, to - from};
}

bool line_index_offset(const struct line_index *x, uint32_t line, uint32_t column, size_t *offset)
{
    if (line == x->n + 1 && column == 1) { /* a last line without an end */
        *offset = x->text.n;
        return true;
    }
    if (line == 0 || line > x->n || column == 0) {
        return false;
    }
    const struct span l = line_index_line(x, line);
    size_t i = 0;
    for (uint32_t c = 1; c < column; c++) {
        uint32_t cp;
        const size_t n = i < l.n ? utf8_decode((const char *)l.p + i, l.n - i, &cp) : 0;
        if (n == 0) {
            return false;
        }
        i += n;
    }
    *offset = x->starts[line - 1] + i;
    return true;
}

/* --- check --- */

static bool holds(struct span s, const char *any)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] && strchr(any, s.p[i])) {
            return true;
        }
    }
    return false;
}

static bool offsets(const struct line_index *x, const struct edit *e, size_t *from, size_t *to)
{
    return line_index_offset(x, e->line, e->column, from) &&
           line_index_offset(x, e->end_line, e->end_column, to) && *from <= *to;
}

/* What is cut must be one entry of a list, its comma and blanks; what is replaced must be within
 * one line. Nobody's remark is lost, no bracket closed twice. */
static bool permits(const struct line_index *x, const struct edit *e)
{
    size_t from;
    size_t to;
    if (!offsets(x, e, &from, &to)) {
        return false;
    }
    const struct span cut = {x->text.p + from, to - from};
    if (e->text[0]) {
        return !holds(cut, "\n\"'#");
    }
    return !holds(cut, "#[]{}");
}

void edits_check(struct span text, struct findings *findings, const char *file)
{
    struct line_index x = {0};
    for (size_t i = 0; i < findings->n; i++) {
        struct finding *f = &findings->v[i];
        if (!f->edit || !str_eq(f->file, file)) {
            continue;
        }
        if (!x.starts) {
            line_index_make(&x, text);
        }
        f->edit = permits(&x, f->edit) ? f->edit : NULL;
    }
    line_index_release(&x);
}

/* --- apply --- */

struct cut {
    size_t from, to;
    const char *text;
};

static int compare(const void *pa, const void *pb)
{
    const struct cut *a = pa;
    const struct cut *b = pb;
    const int c = (a->from > b->from) - (a->from < b->from);
    return c ? c : (a->to > b->to) - (a->to < b->to);
}

static size_t collect(const struct line_index *x, const struct findings *findings, const char *file,
                      struct cut *cuts)
{
    size_t n = 0;
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *f = &findings->v[i];
        struct cut *c = &cuts[n];
        if (f->edit && !f->waived && str_eq(f->file, file) &&
            offsets(x, f->edit, &c->from, &c->to)) {
            c->text = f->edit->text;
            n++;
        }
    }
    return n;
}

bool edits_apply(struct span text, const struct findings *findings, const char *file,
                 struct buf *out, size_t *count)
{
    struct line_index x;
    CLEANUP(freep) struct cut *cuts = xcalloc(findings->n + 1, sizeof *cuts);
    line_index_make(&x, text);
    const size_t n = collect(&x, findings, file, cuts);
    line_index_release(&x);
    qsort(cuts, n, sizeof *cuts, compare);
    size_t done = 0;
    *count = 0;
    for (size_t i = 0; i < n; i++) {
        if (cuts[i].from < done || (i && cuts[i].from == cuts[i - 1].from)) {
            continue; /* overlaps one that was made */
        }
        buf_add(out, text.p + done, cuts[i].from - done);
        buf_puts(out, cuts[i].text);
        done = cuts[i].to;
        ++*count;
    }
    buf_add(out, text.p + done, text.n - done);
    return !buf_failed(out);
}
