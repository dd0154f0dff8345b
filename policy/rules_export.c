/* SPDX-License-Identifier: Apache-2.0
 *
 * export.*: the key stores and files that will be written.
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_export[] = {
    {0}};
/* clang-format on */
