/* SPDX-License-Identifier: Apache-2.0
 *
 * idn.*: internationalised names, IDNA 2008 (RFC 5890 to 5893).
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_idn[] = {
    {0}};
/* clang-format on */
