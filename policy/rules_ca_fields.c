/* SPDX-License-Identifier: Apache-2.0
 *
 * digicert.*, sectigo.*, entrust.*, adcs.*, emca.*, local.*, ca.capability: order fields of the
 * other CAs.
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_ca_fields[] = {
    {0}};
/* clang-format on */
