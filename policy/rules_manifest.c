/* SPDX-License-Identifier: Apache-2.0
 *
 * manifest.*: hygiene of a manifest beyond its shape (rules_shape.c).
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_manifest[] = {
    {0}};
/* clang-format on */
