/* SPDX-License-Identifier: Apache-2.0
 *
 * dcv.*: domain control, as far as it can be known offline.
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_dcv[] = {
    {0}};
/* clang-format on */
