/* SPDX-License-Identifier: Apache-2.0
 *
 * See lint_walk.h.
 */
#include "cmd/lint_walk.h"

#include "formats/base/fs.h"

static const char *const known_suffixes[] = {
    ".batch.yaml", ".batch.yml", ".policy.yaml", ".policy.yml", ".csr", ".p10", ".req"};

static bool enter(void *ctx, const char *path)
{
    (void)ctx;
    return !str_ends(path, ".state");
}

struct expansion {
    struct arena *a;
    struct strlist *out;
};

static bool take(void *ctx, const char *path, struct err *err)
{
    struct expansion *x = ctx;
    (void)err;
    bool known = str_eq(path_base(path), "certbatch.yaml");
    for (size_t i = 0; i < NITEMS(known_suffixes) && !known; i++) {
        known = str_iends(path, known_suffixes[i]);
    }
    if (known) {
        VEC_PUSH(x->out, arena_strdup(x->a, path));
    }
    return true;
}

bool lint_expand(const struct strlist *operands, struct arena *a, struct strlist *out,
                 struct err *err)
{
    struct expansion x = {a, out};
    for (size_t i = 0; i < operands->n; i++) {
        if (!fs_is_dir(operands->v[i])) {
            VEC_PUSH(out, operands->v[i]);
        } else if (!fs_walk(operands->v[i], enter, take, &x, err)) {
            return false;
        }
    }
    return true;
}
