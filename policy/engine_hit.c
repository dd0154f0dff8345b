/* SPDX-License-Identifier: Apache-2.0
 *
 * From "this rule fires here" to a finding: place, severity, view, value, waiver. A finding about
 * a thing written in the manifest points at its node; one about a thing that exists only in the
 * CSR points into the CSR file, by line of the PEM text or by octet of the DER.
 */
#include "policy/engine.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

static const char *view_name(unsigned view)
{
    return view & VIEW_ORDER       ? "order"
           : view & VIEW_CSR       ? "csr"
           : view & VIEW_EFFECTIVE ? "effective"
                                   : NULL;
}

static void place_at(struct finding *f, struct pos pos)
{
    f->file = pos.file ? pos.file : f->file;
    f->line = pos.line;
    f->column = pos.column;
    f->end_line = pos.end_line;
    f->end_column = pos.end_column;
}

/* A manifest names its CSRs relative to itself; a finding names files as its reader can open them.
 */
static const char *csr_path(struct arena *a, const struct subject *s)
{
    if (!s->csr_file || s->kind != SUBJECT_ORDER || !s->file) {
        return s->csr_file ? s->csr_file : s->file;
    }
    return path_join(a, path_dir(a, s->file), s->csr_file);
}

/* In the text of a PEM file, so that every editor finds it; a DER file has octets only. */
static void place_in_csr(struct finding *f, const struct rule_run *run, uint32_t line,
                         int64_t offset)
{
    const struct subject *s = run->s;
    const struct pem_place *pem = s->csr ? &s->csr->place : s->cert ? &s->cert->place : NULL;
    f->file = csr_path(run->arena, s);
    f->offset = offset > 0 ? offset : -1;
    f->line = line;
    f->column = line ? 1 : 0;
    if (!line && pem && pem->line) {
        pem_place_find(pem, f->offset, &f->line, &f->column);
    }
}

/* Fills file, line, column and offset from the best that is known; see the top of this file. */
static void place(struct finding *f, const struct rule_run *run, const struct hit *where)
{
    const struct subject *s = run->s;
    const struct pos *fact = where->name   ? &where->name->pos
                             : where->attr ? &where->attr->pos
                                           : NULL;
    const int64_t fact_offset = where->name   ? where->name->offset
                                : where->attr ? where->attr->offset
                                              : -1;
    const int64_t offset = where->offset > 0 ? where->offset : fact_offset;
    const struct ynode *key = where->key ? rule_field(run, where->key) : NULL;
    const struct ynode *ca_key = where->ca_key ? rule_ca_field(run, where->ca_key) : NULL;
    f->file = s->file;
    if (where->pos.line) {
        place_at(f, where->pos);
    } else if (where->ca_key && s->ca_node) {
        place_at(f, yaml_pos(s->ca_file, ca_key ? ca_key : s->ca_node));
    } else if (fact && fact->line) {
        place_at(f, *fact);
    } else if (where->csr_line || offset > 0) {
        place_in_csr(f, run, where->csr_line, offset);
    } else if (key) {
        place_at(f, yaml_pos(s->file, key));
    } else if (s->node) {
        place_at(f, yaml_pos(s->file, s->node));
    } else {
        place_in_csr(f, run, 0, -1);
    }
}

static void place_in_batch(struct finding *f, const struct batch_run *batch,
                           const struct hit *where)
{
    const struct ynode *key = where->key ? yaml_get(batch->root, where->key) : NULL;
    if (where->pos.line) {
        place_at(f, where->pos);
    } else if (key || batch->root) { /* what is missing is missing from the top */
        place_at(f, yaml_pos(batch->file, key ? key : batch->root));
    }
}

static void value_of(struct finding *f, struct arena *a, const struct hit *where)
{
    const char *text = where->value;
    size_t n = where->value_n;
    if (!text && where->name) {
        text = where->name->text;
        n = where->name->text_n;
    } else if (!text && where->attr) {
        text = where->attr->text;
        n = where->attr->text_n;
    } else if (text && n == 0) {
        n = strlen(text);
    }
    f->value = text ? str_vis_dup(a, text, n) : NULL;
}

/* A check may soften or sharpen its row in a special case; a policy that set another severity
 * than the row's has the last word. */
enum severity severity_of(const struct rule_run *run, enum severity asked)
{
    const enum severity set = run->setting->severity;
    if (asked == SEV_DISABLED || set != run->active->row->severity) {
        return set;
    }
    return run->profile->audit && asked > SEV_WARNING ? SEV_WARNING : asked;
}

static struct finding blank(const struct rule_run *run)
{
    const struct rule *r = run->active->row;
    return (struct finding){.rule = r->id,
                            .severity = run->setting->severity,
                            .firm = run->active->unsuppressable,
                            .offset = -1,
                            .file = run->batch ? run->batch->file : run->s->file,
                            .item = run->s ? run->s->id : NULL,
                            .fix = r->fix,
                            .cite = r->cite};
}

/* Where a finding about the item or batch as a whole points. */
static void place_whole(const struct rule_run *run, struct finding *f)
{
    const struct ynode *node = run->s ? run->s->node : run->batch->root;
    if (node) {
        place_at(f, yaml_pos(f->file, node));
    } else if (run->s) {
        place_in_csr(f, run, 0, -1);
    }
}

void rule_hit(struct rule_run *run, struct hit where, const char *fmt, ...)
{
    struct finding f = blank(run);
    va_list ap;
    va_start(ap, fmt);
    f.message = arena_vprintf(run->arena, fmt, ap);
    va_end(ap);
    f.severity = severity_of(run, where.severity);
    const unsigned view = where.view   ? where.view
                          : where.name ? where.name->views
                          : where.attr ? where.attr->views
                                       : 0;
    f.view = view_name(view);
    value_of(&f, run->arena, &where);
    if (run->s) {
        place(&f, run, &where);
    } else {
        place_in_batch(&f, run->batch, &where);
    }
    f.edit = mend_make(run, &where);
    waiver_apply(run, &where, &f);
    suppression_apply(run, run->s ? run->s->node : NULL, &f);
    if (++run->hits <= LIMIT_HITS) {
        findings_add(run->findings, &f);
        return;
    }
    const enum severity counts = f.waived ? SEV_DISABLED : f.severity;
    run->unlisted = run->hits == LIMIT_HITS + 1 ? 1 : run->unlisted + 1;
    run->unlisted_worst =
        run->unlisted == 1 || counts > run->unlisted_worst ? counts : run->unlisted_worst;
}

void rule_summarize(struct rule_run *run)
{
    struct finding f = blank(run);
    f.message = arena_printf(run->arena, "%zu more findings of this rule are not listed singly",
                             run->unlisted);
    f.severity = run->unlisted_worst == SEV_DISABLED ? SEV_INFO : run->unlisted_worst;
    place_whole(run, &f);
    findings_add(run->findings, &f);
}

void rule_broken(struct rule_run *run, const char *fmt, ...)
{
    struct finding f = blank(run);
    va_list ap;
    va_start(ap, fmt);
    const char *why = arena_vprintf(run->arena, fmt, ap);
    va_end(ap);
    f.message = arena_printf(run->arena, "the rule could not be carried out: %s", why);
    f.fix =
        "correct the policy or the input this rule stumbles over; until then the item is blocked";
    f.severity = SEV_ERROR;
    f.firm = true;
    place_whole(run, &f);
    findings_add(run->findings, &f);
}

void rule_not_checked(struct rule_run *run, const char *fmt, ...)
{
    struct finding f = blank(run);
    va_list ap;
    va_start(ap, fmt);
    const char *why = arena_vprintf(run->arena, fmt, ap);
    va_end(ap);
    f.message = arena_printf(run->arena, "not checked: %s", why);
    f.severity = run->profile->require_data ? SEV_ERROR : SEV_INFO;
    place_whole(run, &f);
    findings_add(run->findings, &f);
}
