/* SPDX-License-Identifier: Apache-2.0
 *
 * Sectigo Certificate Manager as a kind of CA that lint and policy know: its settings. Orders are
 * not placed: there are no ops.
 *
 * What can be ordered are the certificate profiles of the customer, numbered differently for each
 * of them: they are listed in the configuration (`products:`), not here.
 */
#include "batch/ca/settings.h"

enum { AUTH_PASSWORD, AUTH_CERTIFICATE, AUTH_OAUTH };
static const struct word auth_words[] = {
    {"password", AUTH_PASSWORD, "login and password in every request"},
    {"certificate", AUTH_CERTIFICATE, "login and the client certificate of `tls:`"},
    {"oauth", AUTH_OAUTH, "client credentials of the Admin Operations API"},
    {0},
};

struct sectigo_config {
    const char *url, *customer_uri, *organization_id;
    int auth_mode;
    const char *login;
    struct secret_ref password;
    const char *client_id, *token_url;
    struct secret_ref client_secret;
    const char *default_product;
    int64_t term;
    const char *external_requester;
    struct strings mandatory_custom_fields;
    struct ca_enroll enroll;
    int64_t renewal_window_days;
};

static const struct field auth_fields[] = {
    {.name = "mode",
     .kind = FIELD_WORD,
     .offset = offsetof(struct sectigo_config, auth_mode),
     .words = auth_words,
     .fallback = "password",
     .help = "how to log in"},
    SETTING_TEXT(struct sectigo_config, login, "name of an administrator with API rights"),
    SETTING_SECRET(struct sectigo_config, password, "its password"),
    SETTING_TEXT(struct sectigo_config, client_id, "oauth: client id of the API key"),
    SETTING_SECRET(struct sectigo_config, client_secret, "oauth: its secret"),
    SETTING_URL(struct sectigo_config, token_url, 0, "oauth: where tokens are fetched"),
};
static const struct schema auth_schema = {
    "auth",   "how to log in", auth_fields, NITEMS(auth_fields), sizeof(struct sectigo_config),
    NO_OFFSET};

static const struct field config_fields[] = {
    SETTING_URL(struct sectigo_config, url, FIELD_REQUIRED,
                "https://cert-manager.com/api, or that of another instance"),
    SETTING_TEXT(struct sectigo_config, customer_uri,
                 "last part of the portal's login address https://cert-manager.com/customer/..."),
    SETTING_TEXT(struct sectigo_config, organization_id,
                 "number of the organization or department that orders"),
    {.name = "auth", .kind = FIELD_OBJECT, .sub = &auth_schema, .help = "how to log in"},
    SETTING_TEXT(struct sectigo_config, default_product,
                 "profile number, or name under `products:`, of orders that name none"),
    SETTING_INT(struct sectigo_config, term, NULL, 1, 3650,
                "days, for orders without a validity; one of the terms of the profile"),
    SETTING_TEXT(struct sectigo_config, external_requester,
                 "mail address that is told about the certificate"),
    {.name = "mandatory_custom_fields",
     .kind = FIELD_STRINGS,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct sectigo_config, mandatory_custom_fields),
     .help = "custom fields without which the CA refuses an order"},
    SETTING_GROUP(struct sectigo_config, enroll, &ca_enroll_schema,
                  "waits for a certificate that is not ready at once"),
    SETTING_RENEWAL(struct sectigo_config),
};
static const struct schema config_schema = {"sectigo",
                                            "Sectigo Certificate Manager",
                                            config_fields,
                                            NITEMS(config_fields),
                                            sizeof(struct sectigo_config),
                                            NO_OFFSET};

const struct ca_type ca_sectigo = {
    .type = "sectigo",
    .title = "Sectigo Certificate Manager",
    .caps = CA_PUBLIC,
    .config = &config_schema,
    .product_optional = true, /* rule sectigo.required says it better */
    .pack = "sectigo",
    .renewal_window_days = 90,
    .in_flight = 4,
};
