/* SPDX-License-Identifier: Apache-2.0
 *
 * A directory among the operands of `lint` stands for the files below it that lint knows by name:
 * manifests, policies, configurations, CSRs. Hidden directories and state directories are left
 * out: what is in them was judged when it was made.
 */
#ifndef CMD_LINT_WALK_H
#define CMD_LINT_WALK_H

#include "formats/base/err.h"
#include "formats/base/str.h"

/* The operands with every directory replaced by its files, in the order of their paths. Strings
 * live in `a`; out is released by the caller. */
bool lint_expand(const struct strlist *operands, struct arena *a, struct strlist *out,
                 struct err *err) MUST_USE;

#endif
