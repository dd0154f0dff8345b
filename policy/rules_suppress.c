/* SPDX-License-Identifier: Apache-2.0
 *
 * policy.suppression.*: comments in a manifest that accept a finding.
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_suppress[] = {
    {0}};
/* clang-format on */
