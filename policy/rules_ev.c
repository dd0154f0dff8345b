/* SPDX-License-Identifier: Apache-2.0
 *
 * ev.*: extended validation (EV Guidelines).
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_ev[] = {
    {0}};
/* clang-format on */
