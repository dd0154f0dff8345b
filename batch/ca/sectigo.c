/* SPDX-License-Identifier: Apache-2.0
 *
 * Sectigo Certificate Manager as a kind of CA: its settings and what they need of each other.
 *
 * What can be ordered are the certificate profiles of the customer, numbered differently for each
 * of them: they are listed in the configuration (`products:`), not here; `certbatch products`
 * shows them.
 */
#include "batch/ca/sectigo.h"

#include "formats/base/str.h"

#include <string.h>

static const struct word auth_words[] = {
    {"password", SECTIGO_PASSWORD, "login and password in every request"},
    {"certificate", SECTIGO_CERTIFICATE, "login and the client certificate of `tls:`"},
    {"oauth", SECTIGO_OAUTH, "client credentials of the Admin Operations API"},
    {0},
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
    SETTING_URL(struct sectigo_config, token_url, 0,
                "oauth: where tokens are fetched; default that of the vendor"),
};
static const struct schema auth_schema = {
    "auth",   "how to log in", auth_fields, NITEMS(auth_fields), sizeof(struct sectigo_config),
    NO_OFFSET};

static const struct word renew_words[] = {
    {"renew_by_id", SECTIGO_RENEW_BY_ID,
     "renewById: names and term are those of the old order, the CSR is the new one"},
    {"enroll", SECTIGO_RENEW_ENROLL, "an order like a new one, for profiles that forbid renewals"},
    {0},
};

static bool is_dcv_mode(const char *text, const char **why)
{
    *why = "must be CNAME, EMAIL, HTTP, HTTPS, TXT or AUTO";
    return str_has_word("CNAME EMAIL HTTP HTTPS TXT AUTO", text);
}

static const struct field config_fields[] = {
    SETTING_URL(struct sectigo_config, url, FIELD_REQUIRED,
                "https://cert-manager.com/api, https://admin.enterprise.sectigo.com/api for oauth, "
                "or that of another instance"),
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
    {.name = "dcv_mode",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct sectigo_config, dcv_mode),
     .pattern = "CNAME|EMAIL|HTTP|HTTPS|TXT|AUTO",
     .check = is_dcv_mode,
     .help = "how control of names is proven, where domains are not validated beforehand"},
    SETTING_TEXT(struct sectigo_config, dcv_email, "mail address, with dcv_mode EMAIL"),
    {.name = "mandatory_custom_fields",
     .kind = FIELD_STRINGS,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct sectigo_config, mandatory_custom_fields),
     .help = "custom fields without which the CA refuses an order"},
    SETTING_WORD(struct sectigo_config, renew_mode, renew_words, "renew_by_id",
                 "how a renewal that names its order is placed"),
    SETTING_BOOL(struct sectigo_config, approve, "false",
                 "approve own orders that wait for an approver of SCM, where the role allows it"),
    SETTING_BOOL(struct sectigo_config, confirm_revocation, "true",
                 "a revocation counts when SCM shows the certificate as revoked, not before"),
    SETTING_BOOL(struct sectigo_config, legacy_server_fields, "false",
                 "send numberServers 1 and serverType -1, which older releases wanted"),
    SETTING_GROUP(struct sectigo_config, enroll, &ca_enroll_schema,
                  "waits for a certificate that is not ready at once"),
    SETTING_INT(struct sectigo_config, settle_seconds, "30", 0, 3600,
                "how long reports may lag behind orders, before a lost order counts as not found"),
    SETTING_INT(struct sectigo_config, inventory_window_days, "31", 1, 366,
                "days of one report of the inventory; reports have no pages"),
    SETTING_RENEWAL(struct sectigo_config),
};
static const struct schema config_schema = {"sectigo",
                                            "Sectigo Certificate Manager",
                                            config_fields,
                                            NITEMS(config_fields),
                                            sizeof(struct sectigo_config),
                                            NO_OFFSET};

/* --- addresses --- */
static bool cut_end(char *text, const char *end)
{
    if (!str_ends(text, end)) {
        return false;
    }
    text[strlen(text) - strlen(end)] = '\0';
    return true;
}

/* People have the host in front of them, or one of the two addresses, or the one that ends in
 * /private/ which another vendor's gateway asks for: changing `auth.mode` is enough. */
const char *sectigo_base(struct arena *a, const struct sectigo_config *c)
{
    char *host = arena_strdup(a, request_base(a, c->url));
    (void)cut_end(host, "/api");
    (void)cut_end(host, "/private");
    return arena_printf(a, "%s%s/api", request_base(a, host),
                        c->auth_mode == SECTIGO_CERTIFICATE ? "/private" : "");
}

/* --- between keys --- */
static const struct ynode *place(const struct ca_config *config, const char *key)
{
    const struct ynode *n = yaml_get(config->node, key);
    return n ? n : config->node;
}

static void check_auth(struct schema_ctx *ctx, const struct ca_config *config)
{
    const struct sectigo_config *c = config->own;
    const struct ca_tls *tls = &config->common.tls;
    const bool identity = tls->client_certificate || tls->client_keystore.file;
    const struct {
        int mode;
        bool written;
        const char *key;
    } needs[] = {
        {SECTIGO_PASSWORD, c->login != NULL, "auth.login"},
        {SECTIGO_PASSWORD, c->password.kind != SECRET_NONE, "auth.password"},
        {SECTIGO_PASSWORD, c->customer_uri != NULL, "customer_uri"},
        {SECTIGO_CERTIFICATE, c->login != NULL, "auth.login"},
        {SECTIGO_CERTIFICATE, c->customer_uri != NULL, "customer_uri"},
        {SECTIGO_CERTIFICATE, identity, "tls.client_keystore"},
        {SECTIGO_OAUTH, c->client_id != NULL, "auth.client_id"},
        {SECTIGO_OAUTH, c->client_secret.kind != SECRET_NONE, "auth.client_secret"},
    };
    for (size_t i = 0; i < NITEMS(needs); i++) {
        if (needs[i].mode == c->auth_mode && !needs[i].written) {
            schema_problem(ctx, place(config, "auth"), "auth mode %s needs '%s'",
                           auth_words[c->auth_mode].text, needs[i].key);
        }
    }
}

/* Which credential a host takes: one API has the administrators of SCM, the other its API keys. */
static void check_url(struct schema_ctx *ctx, const struct ca_config *config)
{
    const struct sectigo_config *c = config->own;
    const bool oauth = c->auth_mode == SECTIGO_OAUTH;
    char host[256];
    if (strstr(c->url, "/customer/")) {
        schema_problem(ctx, place(config, "url"),
                       "this is the portal; the API is at https://cert-manager.com/api, and what "
                       "follows /customer/ is the customer_uri");
    } else if (url_host(c->url, host, sizeof host)) {
        const bool admin = str_starts(host, "admin.") && str_ends(host, ".sectigo.com");
        const bool legacy = str_ends(host, "cert-manager.com");
        if ((admin && !oauth) || (legacy && oauth)) {
            schema_problem(ctx, place(config, "url"), "%s takes no auth mode %s", host,
                           auth_words[c->auth_mode].text);
        }
    }
}

static void check(struct schema_ctx *ctx, const struct ca_config *config)
{
    const struct sectigo_config *c = config->own;
    if (!config->common.enabled) {
        return; /* written down before there are credentials */
    }
    check_auth(ctx, config);
    check_url(ctx, config);
    if (c->dcv_mode && str_eq(c->dcv_mode, "EMAIL") && !c->dcv_email) {
        schema_problem(ctx, place(config, "dcv_mode"), "dcv_mode EMAIL needs 'dcv_email'");
    }
}

const struct ca_type ca_sectigo = {
    .type = "sectigo",
    .title = "Sectigo Certificate Manager",
    .caps = CA_PUBLIC | CA_ORDER | CA_REVOKE | CA_FIND | CA_CANCEL | CA_INVENTORY | CA_PRODUCTS,
    .config = &config_schema,
    .check = check,
    .product_optional = true, /* rule sectigo.required says it better */
    .no_products = "profiles are shown that are available to `organization_id`",
    .revocation_note = "by order number or by serial number; SCM has no suspension",
    .pack = "sectigo",
    .renewal_window_days = 90,
    .in_flight = 4,
    .account_key = "customer_uri",
    .ops = &sectigo_ops,
};
