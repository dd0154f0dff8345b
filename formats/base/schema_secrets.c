/* SPDX-License-Identifier: Apache-2.0
 *
 * See schema.h: finds the references to secrets in what a schema table filled, so that nobody needs
 * a list of its own of where they may stand.
 */
#include "formats/base/schema.h"

#include <stdio.h>

struct walk {
    void (*fn)(void *ctx, const char *path, const struct secret_ref *ref);
    void *ctx;
    char path[256];
};

static void walk(struct walk *w, const struct schema *schema, const char *filled, size_t at);

static void walk_field(struct walk *w, const struct field *f, const char *at, size_t end)
{
    const struct secret_ref *ref = (const void *)at;
    const struct objects *list = (const void *)at;
    const char *pointed = f->kind == FIELD_OBJECT_PTR ? *(const char *const *)(const void *)at : at;
    if (f->kind == FIELD_SECRET && ref->kind != SECRET_NONE) {
        w->fn(w->ctx, w->path, ref);
    } else if (f->kind == FIELD_OBJECT || (f->kind == FIELD_OBJECT_PTR && pointed)) {
        walk(w, f->sub, pointed, end);
    } else if (f->kind == FIELD_OBJECTS || f->kind == FIELD_NAMED) {
        for (size_t i = 0; i < list->n; i++) {
            walk(w, f->sub, (const char *)list->v + i * f->sub->size, end);
        }
    }
}

static void walk(struct walk *w, const struct schema *schema, const char *filled, size_t at)
{
    for (size_t i = 0; i < schema->nfields; i++) {
        const struct field *f = &schema->fields[i];
        const int n = snprintf(w->path + at, sizeof w->path - at, "%s%s", at ? "." : "", f->name);
        if (f->offset != NO_OFFSET && n > 0 && at + (size_t)n < sizeof w->path) {
            walk_field(w, f, filled + f->offset, at + (size_t)n);
        }
    }
}

void schema_secrets(const struct schema *schema, const void *filled,
                    void (*fn)(void *ctx, const char *path, const struct secret_ref *ref),
                    void *ctx)
{
    struct walk w = {.fn = fn, .ctx = ctx};
    walk(&w, schema, filled, 0);
}
