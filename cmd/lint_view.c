/* SPDX-License-Identifier: Apache-2.0
 *
 * See lint_view.h.
 */
#include "cmd/lint_view.h"

#include "formats/base/limits.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *lint_here(struct arena *a)
{
    CLEANUP(freep) char *here = xmalloc(LIMIT_PATH);
    return arena_strdup(a, getcwd(here, LIMIT_PATH) ? here : "/");
}

/* Without empty segments, "." and "..". Of a path with symbolic links ".." is taken as written. */
static char *tidy(struct arena *a, const char *absolute)
{
    char *out = arena_alloc(a, strlen(absolute) + 2);
    size_t n = 0;
    for (const char *p = absolute; *p;) {
        p += strspn(p, "/");
        size_t len = strcspn(p, "/");
        if (len == 2 && p[0] == '.' && p[1] == '.') {
            while (n && out[--n] != '/') {
                continue;
            }
        } else if (len && !(len == 1 && p[0] == '.')) {
            out[n++] = '/';
            memcpy(out + n, p, len);
            n += len;
        }
        p += len;
    }
    out[n] = '\0';
    return out;
}

/* How many bytes of two tidy paths are the same whole segments. */
static size_t shared(const char *a, const char *b)
{
    size_t same = 0;
    for (size_t i = 0;; i++) {
        bool end_a = a[i] == '/' || !a[i];
        bool end_b = b[i] == '/' || !b[i];
        if (end_a && end_b) {
            same = i;
        }
        if (a[i] != b[i] || !a[i]) {
            return same;
        }
    }
}

const char *lint_relative(struct arena *a, const char *here, const char *base, const char *path)
{
    if (!path || str_eq(path, "-")) {
        return "-";
    }
    const bool absolute = path[0] == '/';
    const char *full = tidy(a, absolute ? path : arena_printf(a, "%s/%s", here, path));
    const char *from = tidy(a, base);
    const size_t same = shared(full, from);
    if (from[same] && absolute) {
        return full;
    }
    CLEANUP(buf_release) struct buf out = BUF_INIT(4 * LIMIT_PATH);
    for (const char *p = from + same; *p; p++) {
        buf_puts(&out, *p == '/' ? "../" : "");
    }
    buf_puts(&out, full[same] ? full + same + 1 : "");
    return arena_strdup(a, out.n ? buf_text(&out) : ".");
}

static int by_identity(const void *pa, const void *pb)
{
    const struct lint_entry *a = *(const struct lint_entry *const *)pa;
    const struct lint_entry *b = *(const struct lint_entry *const *)pb;
    int c = strcmp(a->id, b->id);
    c = c ? c : strcmp(a->path, b->path);
    return c ? c : (a > b) - (a < b);
}

static void count_equals(struct lint_view *view)
{
    CLEANUP(freep) struct lint_entry **v = xcalloc(view->n, sizeof *v);
    for (size_t i = 0; i < view->n; i++) {
        v[i] = &view->v[i];
    }
    qsort(v, view->n, sizeof *v, by_identity);
    for (size_t i = 0; i < view->n; i++) {
        const bool again =
            i > 0 && str_eq(v[i]->id, v[i - 1]->id) && str_eq(v[i]->path, v[i - 1]->path);
        v[i]->nth = again ? v[i - 1]->nth + 1 : 1;
    }
}

void lint_view_make(struct lint_view *view, const struct lint *l, const char *base)
{
    *view = (struct lint_view){0};
    const char *here = lint_here(&view->arena);
    base = base ? base : here;
    const char *last = NULL;
    const char *path = NULL;
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        n += l->files[i].findings.n;
    }
    view->v = xcalloc(n + 1, sizeof *view->v);
    for (size_t i = 0; i < l->n; i++) {
        for (size_t k = 0; k < l->files[i].findings.n; k++) {
            struct lint_entry *e = &view->v[view->n++];
            struct finding *f = &l->files[i].findings.v[k];
            if (!path || !str_eq(f->file, last)) {
                last = f->file;
                path = lint_relative(&view->arena, here, base, f->file);
            }
            *e = (struct lint_entry){.f = f, .write = f, .file = i, .path = path};
            finding_identity(f, e->id);
        }
    }
    if (view->n) {
        count_equals(view);
    }
}

void lint_view_release(struct lint_view *view)
{
    freep(&view->v);
    arena_release(&view->arena);
    *view = (struct lint_view){0};
}
