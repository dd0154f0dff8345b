/* SPDX-License-Identifier: Apache-2.0
 *
 * The source line a finding points at, with a mark under what is meant:
 *
 *     8 |   - {id: web, san: [web..example.com]}
 *       |                     ^~~~~~~~~~~~~~~~
 *
 * Only lines of YAML that were given to lint or that its findings name. A line that holds a
 * secret, or looks as if it might, is never shown.
 */
#ifndef CMD_EXCERPT_H
#define CMD_EXCERPT_H

#include "cmd/lint.h"

struct excerpt_source;
struct cell;
struct excerpts {
    const struct lint *lint;
    struct cell *cells; /* of the line at hand */
    struct excerpt_source *v;
    size_t n, cap, last;
};

/* Adds the two lines, or nothing when there is no place to show. */
void excerpt_add(struct excerpts *x, struct buf *out, const struct finding *f, bool color,
                 enum paint paint);
void excerpts_release(struct excerpts *x);

#endif
