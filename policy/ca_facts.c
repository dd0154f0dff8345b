/* SPDX-License-Identifier: Apache-2.0
 *
 * What each kind of CA accepts, as data: capability, revocation reasons, keys, names. Rules read
 * these rows; connectors (batch/ca/) are the code that speaks to the CA.
 */
#include "formats/base/str.h"
#include "policy/rule.h"

/* clang-format off */
const struct ca_facts ca_facts_rows[] = {
    /* no renewal by itself: renew and reissue are orders again. Anything but the keys listed is
     * "Invalid key size", any other reason "Invalid Revoke Reason ID". */
    {.type = "certinext", .title = "CERTInext",
     .can = CA_CAN_NEW | CA_CAN_RENEW | CA_CAN_REISSUE | CA_CAN_REVOKE,
     .reasons = 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 9,
     .keys = "rsa-2048 rsa-3072 rsa-4096 ec-p256 ec-p384", .sans = "dns",
     .dcv_methods = "dns website email", .names_from_order = true, .public = true,
     .comment_refused = ";"},
    {.type = "local", .title = "embedded private CA",
     .can = CA_CAN_NEW | CA_CAN_RENEW | CA_CAN_REISSUE | CA_CAN_REVOKE | CA_CAN_HOLD,
     .reasons = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 9,
     .sans = "dns ip email uri"},
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
