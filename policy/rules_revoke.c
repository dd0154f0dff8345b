/* SPDX-License-Identifier: Apache-2.0
 *
 * revoke.*: revocation requests.
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_revoke[] = {
    {0}};
/* clang-format on */
