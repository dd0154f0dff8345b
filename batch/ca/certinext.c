/* SPDX-License-Identifier: Apache-2.0
 *
 * CERTInext as a kind of CA: its environments and its products. How it is spoken to is in
 * certinext_ops.c and what that names.
 *
 * A code means one thing in the sandbox and another in production (842 is DV there and OV here),
 * so every row says where it holds. Rows without environment were seen with the same code in
 * both. The codes are those of the accounts the table was made from; another account may have
 * others, which are then written as raw codes. Names are the vocabulary of the embedded CA, so
 * that a batch moves between CAs by its `ca:` alone.
 */
#include "batch/ca/certinext_ops.h"

#include "formats/base/str.h"

#define SANDBOX    "sandbox"
#define PRODUCTION "production"
#define KEYS       "rsa-2048 rsa-3072 rsa-4096 ec-p256 ec-p384"

/* No row has a longest validity: an order buys a subscription of years, and how long one
 * certificate in it may live is the matter of the Baseline Requirements. */
#define TLS(environment_, code_, name_, level_, wildcard_, multi_, blocked_)                       \
    {                                                                                              \
        .ca_type = "certinext", .environment = (environment_), .code = (code_), .name = (name_),   \
        .level = (level_), .wildcard = (wildcard_), .multi = (multi_), .keys = KEYS,               \
        .blocked = (blocked_)                                                                      \
    }
#define OTHER(environment_, code_, name_, level_)                                                  \
    {                                                                                              \
        .ca_type = "certinext", .environment = (environment_), .code = (code_), .name = (name_),   \
        .level = (level_), .any_names = true, .keys = KEYS                                         \
    }

static const struct product_info products[] = {
    TLS(SANDBOX, "842", "dv", "dv", false, false, false),
    TLS(SANDBOX, "843", "dv-wildcard", "dv", true, false, false),
    TLS(SANDBOX, "844", "dv-ucc", "dv", false, true, false),
    TLS(SANDBOX, "845", "dv-wildcard-ucc", "dv", true, true, false),
    TLS(SANDBOX, "846", "ov", "ov", false, false, false),
    TLS(SANDBOX, "847", "ov-wildcard", "ov", true, false, false),
    TLS(SANDBOX, "848", "ov-ucc", "ov", false, true, false),
    TLS(SANDBOX, "849", "ov-wildcard-ucc", "ov", true, true, false),
    TLS(SANDBOX, "850", "ev", "ev", false, false, false),
    TLS(SANDBOX, "851", "ev-ucc", "ev", false, true, false),
    /* blocked: orders for it ended with EMS-918 when they were tried */
    TLS(PRODUCTION, "838", "dv", "dv", false, false, false),
    TLS(PRODUCTION, "839", "dv-wildcard", "dv", true, false, false),
    TLS(PRODUCTION, "840", "dv-ucc", "dv", false, true, false),
    TLS(PRODUCTION, "841", "dv-wildcard-ucc", "dv", true, true, true),
    TLS(PRODUCTION, "842", "ov", "ov", false, false, false),
    TLS(PRODUCTION, "843", "ov-wildcard", "ov", true, false, false),
    TLS(PRODUCTION, "844", "ov-ucc", "ov", false, true, false),
    TLS(PRODUCTION, "845", "ov-wildcard-ucc", "ov", true, true, true),
    TLS(PRODUCTION, "846", "ev", "ev", false, false, false),
    TLS(PRODUCTION, "847", "ev-ucc", "ev", false, true, true),
    /* special provisioning: EMS-1162 on an account without it */
    OTHER(SANDBOX, "149", "intranet-ssl", "private"),
    OTHER(SANDBOX, "104", "intranet-ssl", "private"), /* the vendor's samples say 104 */
    OTHER(PRODUCTION, "100", "intranet-ssl", "private"),
    OTHER(SANDBOX, "108", "igtf-host", "private"),
    OTHER(PRODUCTION, "104", "igtf-host", "private"),
    OTHER(SANDBOX, "914", "smime", "smime"),
    OTHER(NULL, "894", "smime", "smime"), /* one source has it in both environments */
    /* document signing: no server certificate, so the rules about those stay away */
    OTHER(NULL, "819", "legal-entity-signer-1y", "private"),
    OTHER(NULL, "820", "legal-entity-signer-2y", "private"),
    OTHER(NULL, "821", "legal-entity-signer-3y", "private"),
    OTHER(NULL, "822", "legal-person-signer-1y", "private"),
    OTHER(NULL, "823", "legal-person-signer-2y", "private"),
    OTHER(NULL, "824", "legal-person-signer-3y", "private"),
    OTHER(NULL, "825", "natural-person-signer-1y", "private"),
    OTHER(NULL, "826", "natural-person-signer-2y", "private"),
    OTHER(NULL, "827", "natural-person-signer-3y", "private"),
};

static const struct {
    const char *host, *environment;
} hosts[] = {
    {"sandbox-us-api.certinext.io", SANDBOX},
    {"api.certinext.io", PRODUCTION},    /* India, global */
    {"us-api.certinext.io", PRODUCTION}, /* United States */
};

static const char *environment(const struct ca_config *config)
{
    const struct certinext_config *own = config->own;
    char host[128];
    for (size_t i = 0; url_host(own->api_url, host, sizeof host) && i < NITEMS(hosts); i++) {
        if (str_ieq(hosts[i].host, host)) {
            return hosts[i].environment;
        }
    }
    return NULL;
}

const struct ca_type ca_certinext = {
    .type = "certinext",
    .title = "CERTInext",
    .caps = CERTINEXT_CAPS,
    .config = &certinext_config_schema,
    .check = certinext_check,
    .products = products,
    .nproducts = NITEMS(products),
    .no_products = "some accounts are shown products only when `group_number` is set",
    .revocation_note = "it revokes by order number and cannot be searched by serial number: give "
                       "`order:`; an approver at the CA may have to agree",
    .pack = "certinext",
    .renewal_window_days = 90,
    .in_flight = 4,
    .account_key = "account_number",
    .environment = environment,
    .dcv = certinext_dcv,
    .ops = &certinext_ops,
};
