/* SPDX-License-Identifier: Apache-2.0
 *
 * `lint --format sarif`: SARIF 2.1.0 (OASIS), within what GitHub code scanning reads. It wants a
 * startLine in every region, fingerprints of its own name, and it does not look at `suppressions`:
 * with -q findings that do not count are left out.
 */
#include "cmd/lint_view.h"

#include "batch/sarif.h"

#include <stdlib.h>
#include <string.h>

/* --- the rules that fired, sorted by id --- */

static int by_rule(const void *a, const void *b)
{
    return strcmp(((const struct finding *const *)a)[0]->rule,
                  ((const struct finding *const *)b)[0]->rule);
}

static bool shown(const struct lint_report *r, const struct finding *f)
{
    return !r->o->quiet || lint_counts(f);
}

/* One finding of every rule. */
static const struct finding **fired(const struct lint_report *r, size_t *n)
{
    const struct finding **v = xcalloc(r->view->n + 1, sizeof *v);
    size_t all = 0;
    for (size_t i = 0; i < r->view->n; i++) {
        if (shown(r, r->view->v[i].f)) {
            v[all++] = r->view->v[i].f;
        }
    }
    qsort(v, all, sizeof *v, by_rule);
    *n = 0;
    for (size_t i = 0; i < all; i++) {
        if (i == 0 || !str_eq(v[i]->rule, v[*n - 1]->rule)) {
            v[(*n)++] = v[i];
        }
    }
    return v;
}

static size_t index_of(const struct finding *const *rules, size_t n, const struct finding *f)
{
    const struct finding *const *at = bsearch(&f, rules, n, sizeof *rules, by_rule);
    return at ? (size_t)(at - rules) : 0;
}

static void list_unread(const struct lint_report *r, struct arena *a, struct strlist *out)
{
    for (size_t i = 0; i < r->lint->n; i++) {
        char message[4096];
        if (lint_unread(&r->lint->files[i])) {
            err_format(&r->lint->files[i].err, message, sizeof message);
            VEC_PUSH(out, arena_strdup(a, message));
        }
    }
}

bool lint_sarif(const struct lint_report *r, struct buf *out, struct err *err)
{
    struct jw j;
    size_t n;
    CLEANUP(freep) const struct finding **rules = fired(r, &n);
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(strlist_release) struct strlist unread = {0};
    list_unread(r, &a, &unread);
    jw_begin(&j, out, JW_PRETTY);
    sarif_begin(&j);
    for (size_t i = 0; i < n; i++) {
        sarif_rule(&j, rules[i]);
    }
    sarif_results(&j, &(struct sarif_run){.id = "certbatch/lint/", .unread = &unread});
    for (size_t i = 0; i < r->view->n; i++) {
        const struct lint_entry *e = &r->view->v[i];
        const struct sarif_result result = {.f = e->f,
                                            .path = e->path,
                                            .id = e->id,
                                            .nth = e->nth,
                                            .rule_index = index_of(rules, n, e->f),
                                            .baseline = r->lint->baseline};
        if (shown(r, e->f)) {
            sarif_result(&j, &result);
        }
    }
    sarif_end(&j);
    return jw_finish(&j, err);
}
