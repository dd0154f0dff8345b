/* SPDX-License-Identifier: Apache-2.0
 *
 * dv.*, ov.*, iv.*: the validation level against the subject (BR 7.1.2.7).
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_level[] = {
    {0}};
/* clang-format on */
