/* SPDX-License-Identifier: Apache-2.0
 *
 * issued.*: a certificate against the request it answers, and by itself.
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_issued[] = {
    {0}};
/* clang-format on */
