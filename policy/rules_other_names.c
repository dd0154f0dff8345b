/* SPDX-License-Identifier: Apache-2.0
 *
 * uri.*, email.*, upn.*, othername.*, dirname.*, srv.*, ms.sid: names that are no hosts.
 */
#include "policy/engine.h"

/* clang-format off */
const struct rule rules_other_names[] = {
    {0}};
/* clang-format on */
