/* SPDX-License-Identifier: Apache-2.0
 *
 * What each kind of CA accepts, as data: capability, revocation reasons, keys, names. Rules read
 * these rows; connectors (batch/ca/) are the code that speaks to the CA.
 */
#include "formats/base/str.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/rules_ca.h"

#define REASON(n) (1u << (n))
/* What a subscriber may say of a publicly trusted certificate: RFC 5280 reasons without the ones
 * for CAs, hold and what only the CA may choose. */
#define SUBSCRIBER_REASONS (REASON(0) | REASON(1) | REASON(3) | REASON(4) | REASON(5))
#define ORDERS             (CA_CAN_NEW | CA_CAN_RENEW | CA_CAN_REISSUE)

/* RFC 7030 has enrolment alone, whoever speaks it. */
static const struct ca_facts emca_est = {
    .type = "emca", .title = "eMudhra emCA by EST", .can = ORDERS, .sans = "dns ip email"};

static const struct ca_facts *emca_with(const struct ynode *settings)
{
    return str_eq(emca_dialect_said(settings), "est") ? &emca_est : ca_facts_find("emca");
}

/* clang-format off */
const struct ca_facts ca_facts_rows[] = {
    {.type = "local", .title = "embedded private CA",
     .can = ORDERS | CA_CAN_REVOKE | CA_CAN_HOLD,
     .reasons = SUBSCRIBER_REASONS | REASON(6) | REASON(9),
     .sans = "dns ip email uri"},
    /* no renewal by itself: renew and reissue are orders again. Anything but the keys listed is
     * "Invalid key size", any other reason "Invalid Revoke Reason ID". More than 16 orders in 10
     * seconds lock the account out for minutes. */
    {.type = "certinext", .title = "CERTInext", .can = ORDERS | CA_CAN_REVOKE,
     .reasons = REASON(1) | REASON(3) | REASON(4) | REASON(5) | REASON(9),
     .keys = "rsa-2048 rsa-3072 rsa-4096 ec-p256 ec-p384", .sans = "dns",
     .dcv_methods = "dns website email", .names_from_order = true, .public = true,
     .comment_refused = ";", .terms = "1y 2y 3y", .subscription = true, .pace_ms = 1500,
     .burst = 10, .caa_issuer = "emsign.com",
     .no_smime = "how its API orders them (GenerateOrderSMIME) is not published; order in the "
                 "portal"},
    /* reads nothing but the key from the CSR; reasons other than these have no word there. 1000
     * requests in 3 minutes and 100 in 5 seconds: 50 at once and 5 a second stay below both. */
    {.type = "digicert", .title = "DigiCert CertCentral", .can = ORDERS | CA_CAN_REVOKE,
     .reasons = SUBSCRIBER_REASONS, .sans = "dns ip email",
     .dcv_methods = "email dns website", .names_from_order = true, .public = true,
     .terms = "1y 2y 3y", .subscription = true, .pace_ms = 200, .burst = 50,
     .caa_issuer = "digicert.com www.digicert.com digicert.ne.jp cybertrust.ne.jp thawte.com "
                   "geotrust.com rapidssl.com symantec.com"},
    /* names come in one comma-separated string; key types are those of the profile */
    {.type = "sectigo", .title = "Sectigo Certificate Manager", .can = ORDERS | CA_CAN_REVOKE,
     .reasons = SUBSCRIBER_REASONS, .sans = "dns ip email",
     .dcv_methods = "email dns website", .names_from_order = true, .public = true,
     .comment_min = 1, .comment_max = 512,
     .no_smime = "orders go to its API for server certificates (ssl/v1); the one for client "
                 "certificates (smime/v1) is not spoken; order in SCM",
     .caa_issuer = "sectigo.com comodoca.com comodo.com usertrust.com trust-provider.com "
                   "entrust.net"},
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
     .sans = "dns ip email", .with = emca_with},
    /* reasons: those Boulder takes from a subscriber; identifiers: RFC 8555, RFC 8738 */
    {.type = "acme", .title = "ACME CA", .can = ORDERS | CA_CAN_REVOKE,
     .reasons = REASON(0) | REASON(1) | REASON(4) | REASON(5), .sans = "dns ip",
     .dcv_methods = "http-01 dns", .public = true,
     .no_smime = "orders name hosts; challenges for mailboxes (RFC 8823) are not spoken"},
    /* RFC 7030 has enrolment alone; a renewal is an enrolment with another name. What a server
     * makes of keys and names is its own matter. */
    {.type = "est", .title = "EST server", .can = ORDERS, .sans = "dns ip email uri"},
    {0}};
/* clang-format on */

void policy_ca_pace(const char *ca_type, double *order_ms, int64_t *burst)
{
    const struct ca_facts *row = ca_facts_find(ca_type);
    *order_ms = row ? row->pace_ms : 0;
    *burst = row && row->burst ? row->burst : 1;
}

const struct ca_facts *ca_facts_find(const char *type)
{
    for (const struct ca_facts *row = ca_facts_rows; type && row->type; row++) {
        if (str_eq(row->type, type)) {
            return row;
        }
    }
    return NULL;
}

const struct ca_facts *ca_facts_of(const char *type, const struct ynode *settings)
{
    const struct ca_facts *row = ca_facts_find(type);
    return row && row->with && settings ? row->with(settings) : row;
}
