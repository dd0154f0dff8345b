/* SPDX-License-Identifier: Apache-2.0
 *
 * validity.*: terms and dates, at the planned order date.
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_validity[] = {
    {0}};
/* clang-format on */
