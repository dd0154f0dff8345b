/* SPDX-License-Identifier: Apache-2.0
 *
 * ext.*: extensions a CSR asks for, or a certificate has.
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_ext[] = {
    {0}};
/* clang-format on */
