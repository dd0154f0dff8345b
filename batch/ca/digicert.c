/* SPDX-License-Identifier: Apache-2.0
 *
 * DigiCert CertCentral (Services API v2) as a kind of CA that lint and policy know: its settings
 * and its products. Orders are not placed: there are no ops.
 *
 * A product is ordered by its name_id. Beside them stand the product names of the embedded CA
 * ("ov-ucc"), so that a batch moves here by its `ca:` alone; the current name_ids are sold for one
 * name, many, and wildcards alike, so several names lead to one of them. Which of the products an
 * account may order is the account's matter.
 */
#include "batch/ca/settings.h"

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

/* --- configuration --- */
struct terms { /* one of three; rule digicert.validity says so */
    int64_t years, days;
    const char *custom_expiration_date;
};
struct digicert_config {
    const char *base_url;
    struct secret_ref api_key;
    const char *organization_id, *container_id;
    int64_t server_platform_id;
    const char *signature_hash;
    struct terms order_validity, certificate_validity;
    int payment_type;
    const char *default_product, *ca_cert_id, *profile_option;
    int dcv_method;
    bool skip_approval, verified_contact, disable_renewal_notifications;
    struct ca_enroll enroll;
    int64_t renewal_window_days;
};

static const struct field term_fields[] = {
    SETTING_INT(struct terms, years, NULL, 0, 0, "years, 1 to 3"),
    SETTING_INT(struct terms, days, NULL, 0, 0, "days"),
    SETTING_TEXT(struct terms, custom_expiration_date, "last day, yyyy-mm-dd"),
};
static const struct schema term_schema = {"term",
                                          "a term by years, by days or by its last day",
                                          term_fields,
                                          NITEMS(term_fields),
                                          sizeof(struct terms),
                                          NO_OFFSET};

enum { PAYMENT_ACCOUNT, PAYMENT_BALANCE, PAYMENT_PROFILE };
static const struct word payment_words[] = {
    {"balance", PAYMENT_BALANCE, "the balance of the account"},
    {"profile", PAYMENT_PROFILE, "the payment profile of the account"},
    {0},
};

enum { DCV_ACCOUNT, DCV_BY_EMAIL, DCV_BY_TXT, DCV_BY_CNAME, DCV_BY_HTTP, DCV_BY_HTTP_DYNAMIC };
static const struct word dcv_words[] = {
    {"email", DCV_BY_EMAIL, "mail to an address of the domain"},
    {"dns-txt-token", DCV_BY_TXT, "TXT record"},
    {"dns-cname-token", DCV_BY_CNAME, "CNAME record"},
    {"http-token", DCV_BY_HTTP, "file on the web server"},
    {"http-token-dynamic", DCV_BY_HTTP_DYNAMIC, "file on the web server, dynamic"},
    {0},
};

static const struct field config_fields[] = {
    SETTING_URL(struct digicert_config, base_url, FIELD_REQUIRED,
                "https://www.digicert.com/services/v2, or that of CertCentral Europe"),
    SETTING_SECRET(struct digicert_config, api_key, "API key of a service user"),
    SETTING_TEXT(struct digicert_config, organization_id,
                 "number of the organization OV, EV and private orders are for"),
    SETTING_TEXT(struct digicert_config, container_id, "number of the division"),
    SETTING_INT(struct digicert_config, server_platform_id, NULL, 0, 0,
                "number of the server platform; default other"),
    SETTING_PRESET(struct digicert_config, signature_hash, "sha256",
                   "sha256, sha384 or sha512; sha1 for some private products"),
    SETTING_GROUP(struct digicert_config, order_validity, &term_schema,
                  "term of an order; certificates are reissued inside it"),
    SETTING_GROUP(struct digicert_config, certificate_validity, &term_schema,
                  "term of a certificate whose order says none"),
    SETTING_WORD(struct digicert_config, payment_type, payment_words, NULL,
                 "who pays; default what the account says"),
    SETTING_TEXT(struct digicert_config, default_product, "product of orders that name none"),
    SETTING_TEXT(struct digicert_config, ca_cert_id, "issuing CA, if the account may choose"),
    SETTING_TEXT(struct digicert_config, profile_option, "certificate profile option"),
    SETTING_WORD(struct digicert_config, dcv_method, dcv_words, NULL,
                 "how domains are validated; default email"),
    SETTING_BOOL(struct digicert_config, skip_approval, "false",
                 "no approval step; the key needs the rights of an administrator"),
    SETTING_BOOL(struct digicert_config, verified_contact, "false",
                 "the organization has verified contacts, so EV orders need name none"),
    SETTING_BOOL(struct digicert_config, disable_renewal_notifications, "false",
                 "DigiCert sends no mail before a certificate expires"),
    SETTING_GROUP(struct digicert_config, enroll, &ca_enroll_schema,
                  "waits for a certificate that is not ready at once"),
    SETTING_RENEWAL(struct digicert_config),
};
static const struct schema config_schema = {"digicert",
                                            "DigiCert CertCentral",
                                            config_fields,
                                            NITEMS(config_fields),
                                            sizeof(struct digicert_config),
                                            NO_OFFSET};

const struct ca_type ca_digicert = {
    .type = "digicert",
    .title = "DigiCert CertCentral",
    .caps = CA_PUBLIC,
    .config = &config_schema,
    .products = products,
    .nproducts = NITEMS(products),
    .pack = "digicert",
    .renewal_window_days = 90,
    .in_flight = 8,
};
