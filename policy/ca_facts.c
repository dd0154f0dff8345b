/* SPDX-License-Identifier: Apache-2.0
 *
 * What each kind of CA accepts, as data: capability, revocation reasons, keys, names. Rules read
 * these rows; connectors (batch/ca/) are the code that speaks to the CA.
 */
#include "formats/base/str.h"
#include "policy/rule.h"

#define REASON(n) (1u << (n))
/* What a subscriber may say of a publicly trusted certificate: RFC 5280 reasons without the ones
 * for CAs, hold and what only the CA may choose. */
#define SUBSCRIBER_REASONS (REASON(0) | REASON(1) | REASON(3) | REASON(4) | REASON(5))
#define ORDERS             (CA_CAN_NEW | CA_CAN_RENEW | CA_CAN_REISSUE)

/* clang-format off */
const struct ca_facts ca_facts_rows[] = {
    {.type = "local", .title = "embedded private CA",
     .can = CA_CAN_NEW | CA_CAN_RENEW | CA_CAN_REISSUE | CA_CAN_REVOKE | CA_CAN_HOLD,
     .reasons = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 9,
     .sans = "dns ip email uri"},
    /* reads nothing but the key from the CSR; reasons other than these have no word there */
    {.type = "digicert", .title = "DigiCert CertCentral", .can = ORDERS | CA_CAN_REVOKE,
     .reasons = SUBSCRIBER_REASONS, .sans = "dns ip email",
     .dcv_methods = "email dns website", .names_from_order = true, .public = true},
    /* names come in one comma-separated string; key types are those of the profile */
    {.type = "sectigo", .title = "Sectigo Certificate Manager", .can = ORDERS | CA_CAN_REVOKE,
     .reasons = SUBSCRIBER_REASONS, .sans = "dns ip email",
     .dcv_methods = "email dns website", .names_from_order = true, .public = true,
     .comment_min = 1, .comment_max = 512},
    /* holding is an action of its own (HoldAction, UnholdAction); what the CA behind the gateway
     * makes of a reason is its matter, except for Sectigo: rule sectigo.revoke-reason */
    {.type = "entrust", .title = "Entrust CA Gateway",
     .can = ORDERS | CA_CAN_REVOKE | CA_CAN_HOLD,
     .reasons = SUBSCRIBER_REASONS | REASON(2) | REASON(6) | REASON(8) | REASON(9) | REASON(10),
     .sans = "dns ip email uri", .names_from_order = true},
    /* web enrolment itself cannot revoke: a certutil script for an officer does, with the reasons
     * certutil takes. A renewal is a new request. */
    {.type = "adcs", .title = "Active Directory Certificate Services",
     .can = ORDERS | CA_CAN_REVOKE | CA_CAN_HOLD,
     .reasons = SUBSCRIBER_REASONS | REASON(2) | REASON(6) | REASON(8),
     .sans = "dns ip email uri"},
    /* revokeMode of V4.0.17; 6 is its own call (suspend), 8 has none */
    {.type = "emca", .title = "eMudhra emCA", .can = ORDERS | CA_CAN_REVOKE | CA_CAN_HOLD,
     .reasons = SUBSCRIBER_REASONS | REASON(2) | REASON(6) | REASON(9) | REASON(10),
     .sans = "dns ip email"},
    /* reasons: those Boulder takes from a subscriber; identifiers: RFC 8555, RFC 8738 */
    {.type = "acme", .title = "ACME CA", .can = ORDERS | CA_CAN_REVOKE,
     .reasons = REASON(0) | REASON(1) | REASON(4) | REASON(5), .sans = "dns ip",
     .dcv_methods = "http-01 dns", .public = true},
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
