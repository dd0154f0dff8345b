/* SPDX-License-Identifier: Apache-2.0
 *
 * renew.*: the new order against the certificate it replaces.
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_renew[] = {
    {0}};
/* clang-format on */
