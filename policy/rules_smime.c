/* SPDX-License-Identifier: Apache-2.0
 *
 * smime.*: S/MIME certificates (S/MIME Baseline Requirements).
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_smime[] = {
    {0}};
/* clang-format on */
