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
    /* More than 16 orders in 10 seconds lock the account out for minutes. */
    {.type = "certinext", .title = "CERTInext",
     .dcv_methods = "dns website email",
     .terms = "1y 2y 3y", .subscription = true, .pace_ms = 1500, .burst = 10,
     .caa_issuer = "emsign.com"},
    {.type = "digicert", .title = "DigiCert CertCentral",
     .dcv_methods = "email dns website",
     .terms = "1y 2y 3y", .subscription = true,
     .caa_issuer = "digicert.com www.digicert.com digicert.ne.jp cybertrust.ne.jp thawte.com "
                   "geotrust.com rapidssl.com symantec.com"},
    {.type = "sectigo", .title = "Sectigo Certificate Manager", .can = CA_CAN_REVOKE,
     .reasons = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5, .public = true,
     .comment_min = 1, .comment_max = 512,
     .dcv_methods = "email dns website",
     .caa_issuer = "sectigo.com comodoca.com comodo.com usertrust.com trust-provider.com "
                   "entrust.net"},
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
