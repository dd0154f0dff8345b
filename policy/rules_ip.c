/* SPDX-License-Identifier: Apache-2.0
 *
 * ip.*: iPAddress entries.
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_ip[] = {
    {0}};
/* clang-format on */
