/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings as other programs want them: paths relative to a directory, and an identity that does
 * not move when lines are added above, so that a service can tell an old finding from a new one.
 */
#ifndef CMD_LINT_VIEW_H
#define CMD_LINT_VIEW_H

#include "cmd/lint.h"

struct lint_entry {
    const struct finding *f;
    size_t file;           /* index in lint.files: whose list it is in */
    const char *path;      /* of f->file, relative to the base */
    char id[FINDING_ID];   /* finding_identity() */
    unsigned nth;          /* of those with the same path and id, from 1 */
    struct finding *write; /* the finding itself, for the one who marks it as known */
};
struct lint_view {
    struct lint_entry *v; /* in the order they are printed */
    size_t n;
    struct arena arena;
};

/* base: an absolute directory, NULL for the current one. */
void lint_view_make(struct lint_view *view, const struct lint *l, const char *base);
void lint_view_release(struct lint_view *view);
/* The current directory; "/" when it cannot be told. */
const char *lint_here(struct arena *a);
/* `path`, as typed in `here`, as seen from base. "-" stays; what is absolute and not under base
 * stays absolute, but for "." and "..". */
const char *lint_relative(struct arena *a, const char *here, const char *base, const char *path);

#endif
