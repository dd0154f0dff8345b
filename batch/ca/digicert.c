/* SPDX-License-Identifier: Apache-2.0
 *
 * DigiCert CertCentral (Services API v2) as a kind of CA: its products. The settings are in
 * digicert_config.c, the calls in digicert_ops.c.
 *
 * A product is ordered by its name_id. Beside them stand the product names of the embedded CA
 * ("ov-ucc"), so that a batch moves here by its `ca:` alone; the current name_ids are sold for one
 * name, many, and wildcards alike, so several names lead to one of them. Which of the products an
 * account may order is the account's matter.
 */
#include "batch/ca/digicert.h"

/* --- products --- */
enum {
    TLS_DAYS = 199,  /* since 2026-02-24; longer orders are shortened, not refused */
    SMIME_DAYS = 825 /* S/MIME BR 6.3.2, multipurpose and strict */
};

#define FLEX(code_, level_, days_)                                                                 \
    {                                                                                              \
        .ca_type = "digicert", .code = (code_), .name = (code_), .level = (level_),                \
        .any_names = true, .max_days = (days_)                                                     \
    }
#define LEGACY(code_, level_, wildcard_, multi_, days_)                                            \
    {                                                                                              \
        .ca_type = "digicert", .code = (code_), .name = (code_), .level = (level_),                \
        .wildcard = (wildcard_), .multi = (multi_), .max_days = (days_), .deprecated = true        \
    }
#define ALIAS(code_, name_, level_, wildcard_, multi_, days_)                                      \
    {                                                                                              \
        .ca_type = "digicert", .code = (code_), .name = (name_), .level = (level_),                \
        .wildcard = (wildcard_), .multi = (multi_), .max_days = (days_)                            \
    }

static const struct product_info products[] = {
    FLEX("ssl_basic", "ov", TLS_DAYS),
    FLEX("ssl_securesite_flex", "ov", TLS_DAYS),
    FLEX("ssl_securesite_pro", "ov", TLS_DAYS),
    FLEX("ssl_geotrust_truebizid", "ov", TLS_DAYS),
    FLEX("ssl_thawte_webserver", "ov", TLS_DAYS),
    FLEX("ssl_ev_basic", "ev", TLS_DAYS),
    FLEX("ssl_ev_securesite_flex", "ev", TLS_DAYS),
    FLEX("ssl_ev_securesite_pro", "ev", TLS_DAYS),
    FLEX("ssl_ev_geotrust_truebizid", "ev", TLS_DAYS),
    FLEX("ssl_ev_thawte_webserver", "ev", TLS_DAYS),
    FLEX("ssl_dv_geotrust_flex", "dv", TLS_DAYS),
    FLEX("ssl_dv_thawte", "dv", TLS_DAYS),
    FLEX("private_ssl_flex", "private", 0),
    FLEX("secure_email_mailbox", "smime", SMIME_DAYS),
    FLEX("secure_email_sponsor", "smime", SMIME_DAYS),
    FLEX("secure_email_organization", "smime", SMIME_DAYS),
    ALIAS("ssl_dv_rapidssl", "ssl_dv_rapidssl", "dv", false, false, TLS_DAYS),
    ALIAS("wildcard_dv_rapidssl", "wildcard_dv_rapidssl", "dv", true, false, TLS_DAYS),
    LEGACY("ssl_plus", "ov", false, false, TLS_DAYS),
    LEGACY("ssl_multi_domain", "ov", false, true, TLS_DAYS),
    LEGACY("ssl_wildcard", "ov", true, false, TLS_DAYS),
    LEGACY("ssl_cloud_wildcard", "ov", true, true, TLS_DAYS),
    LEGACY("ssl_ev_plus", "ev", false, false, TLS_DAYS),
    LEGACY("ssl_ev_multi_domain", "ev", false, true, TLS_DAYS),
    LEGACY("ssl_securesite", "ov", false, false, TLS_DAYS),
    LEGACY("ssl_securesite_multi_domain", "ov", false, true, TLS_DAYS),
    LEGACY("ssl_securesite_wildcard", "ov", true, false, TLS_DAYS),
    LEGACY("ssl_ev_securesite", "ev", false, false, TLS_DAYS),
    LEGACY("ssl_ev_securesite_multi_domain", "ev", false, true, TLS_DAYS),
    LEGACY("ssl_dv_geotrust", "dv", false, false, TLS_DAYS),
    LEGACY("wildcard_dv_geotrust", "dv", true, false, TLS_DAYS),
    LEGACY("cloud_dv_geotrust", "dv", false, true, TLS_DAYS),
    LEGACY("private_ssl_plus", "private", false, false, 0),
    LEGACY("private_ssl_multi_domain", "private", false, true, 0),
    LEGACY("private_ssl_wildcard", "private", true, false, 0),
    LEGACY("client_premium", "smime", false, true, SMIME_DAYS),
    LEGACY("client_email_security_plus", "smime", false, true, SMIME_DAYS),
    LEGACY("client_digital_signature_plus", "smime", false, true, SMIME_DAYS),
    ALIAS("ssl_dv_geotrust_flex", "dv", "dv", false, false, TLS_DAYS),
    ALIAS("ssl_dv_geotrust_flex", "dv-wildcard", "dv", true, false, TLS_DAYS),
    ALIAS("ssl_dv_geotrust_flex", "dv-ucc", "dv", false, true, TLS_DAYS),
    ALIAS("ssl_dv_geotrust_flex", "dv-wildcard-ucc", "dv", true, true, TLS_DAYS),
    ALIAS("ssl_basic", "ov", "ov", false, false, TLS_DAYS),
    ALIAS("ssl_basic", "ov-wildcard", "ov", true, false, TLS_DAYS),
    ALIAS("ssl_basic", "ov-ucc", "ov", false, true, TLS_DAYS),
    ALIAS("ssl_basic", "ov-wildcard-ucc", "ov", true, true, TLS_DAYS),
    ALIAS("ssl_ev_basic", "ev", "ev", false, false, TLS_DAYS),
    ALIAS("ssl_ev_basic", "ev-ucc", "ev", false, true, TLS_DAYS),
};

/* --- the kind --- */
const struct ca_type ca_digicert = {
    .type = "digicert",
    .title = "DigiCert CertCentral",
    .caps = CA_ORDER | CA_REVOKE | CA_FIND | CA_CANCEL | CA_INVENTORY | CA_PRODUCTS | CA_DCV |
            CA_PUBLIC,
    .config = &digicert_config_schema,
    .check = digicert_check,
    .products = products,
    .nproducts = NITEMS(products),
    .no_products = "products are enabled for an account and a division (`container_id`) each",
    .revocation_note = "with `serial:` or a certificate one certificate is revoked; with `order:` "
                       "alone the order is, with every reissue and duplicate in it. Without "
                       "`skip_approval` an administrator at DigiCert has to agree",
    .pack = "digicert",
    .renewal_window_days = 90,
    .in_flight = 8,
    /* DigiCert counts 1000 requests in 3 minutes and 100 in 5 seconds for a key; requests that
     * start 182 ms apart are fewer than either. */
    .requests_per_second = 5.5,
    .dcv = digicert_dcv,
    .ops = &digicert_ops,
};
