/* SPDX-License-Identifier: Apache-2.0
 *
 * certinext.*: the order fields CERTInext needs.
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_certinext[] = {
    {0}};
/* clang-format on */
