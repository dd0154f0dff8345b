/* SPDX-License-Identifier: Apache-2.0
 *
 * What each kind of CA accepts, as data: capability, revocation reasons, keys, names. Rules read
 * these rows; connectors (batch/ca/) are the code that speaks to the CA.
 */
#include "formats/base/str.h"
#include "policy/rule.h"

/* clang-format off */
const struct ca_facts ca_facts_rows[] = {
    {.type = "local", .title = "embedded private CA",
     .can = CA_CAN_NEW | CA_CAN_RENEW | CA_CAN_REISSUE | CA_CAN_REVOKE | CA_CAN_HOLD,
     .reasons = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 9,
     .sans = "dns ip email uri"},
    {.type = "sectigo", .title = "Sectigo Certificate Manager", .can = CA_CAN_REVOKE,
     .reasons = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5, .public = true,
     .comment_min = 1, .comment_max = 512},
    {0}};
/* clang-format on */

const struct ca_facts *ca_facts_find(const char *type)
{
    for (const struct ca_facts *row = ca_facts_rows; type && row->type; row++) {
        if (str_eq(row->type, type)) {
            return row;
        }
    }
    return NULL;
}
