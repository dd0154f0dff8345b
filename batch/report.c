/* SPDX-License-Identifier: Apache-2.0
 *
 * Gathering what a report needs, see report.h; the table of reported states.
 */
#include "batch/report.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

const enum item_state report_states[] = {
    STATE_ISSUED, STATE_REVOKED,  STATE_KEPT,    STATE_PENDING, STATE_REFUSED,
    STATE_FAILED, STATE_MISMATCH, STATE_UNKNOWN, STATE_SKIPPED, STATE_NEW /* not started */};
const size_t report_states_count = NITEMS(report_states);

enum { FINDINGS_MAX = 256 * 1024 * 1024 };

static int by_item(const void *pa, const void *pb)
{
    const struct report_finding *a = pa;
    const struct report_finding *b = pb;
    int c = strcmp(a->item, b->item);
    return c ? c : (a->order > b->order) - (a->order < b->order);
}

static void index_findings(struct report *r)
{
    const json_t *files = json_get(r->tree, "files");
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *list = json_get(json_array_get(files, i), "findings");
        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *f = json_array_get(list, k);
            struct report_finding entry = {.item = json_get_str(f, "item"),
                                           .finding = f,
                                           .file = json_array_get(files, i),
                                           .order = r->n};
            entry.item = entry.item ? entry.item : "";
            VEC_PUSH(r, entry);
        }
    }
    if (r->n > 1) {
        qsort(r->v, r->n, sizeof *r->v, by_item);
    }
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
    r->tree = json_parse("findings.json", buf_text(&text), text.n, err);
    if (r->tree) {
        index_findings(r);
    }
    return r->tree != NULL;
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
    r->change = yaml_get(root, "change");
    return true;
}

bool report_open(struct report *r, const struct history *h, const struct statedir *s,
                 struct err *err)
{
    *r = (struct report){.history = h};
    if (s && (!read_findings(r, s, err) || !read_change(r, s, err))) {
        report_release(r);
        return false;
    }
    return true;
}

void report_release(struct report *r)
{
    free(r->v);
    if (r->tree) {
        json_tree_release(&r->tree);
    }
    arena_release(&r->arena);
    *r = (struct report){0};
}

const char *report_ticket(const struct report *r)
{
    const struct ynode *ticket = yaml_get(r->change, "ticket");
    return ticket ? ticket->text : NULL;
}

void report_findings(const struct report *r, const char *id, size_t *first, size_t *n)
{
    size_t low = 0;
    size_t high = r->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(r->v[mid].item, id) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *first = low;
    for (*n = 0; low < r->n && str_eq(r->v[low].item, id); low++) {
        (*n)++;
    }
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
