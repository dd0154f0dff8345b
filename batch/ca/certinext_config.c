/* SPDX-License-Identifier: Apache-2.0
 *
 * Every key of a CERTInext CA in certbatch.yaml. The table holds shape and bounds; what CERTInext
 * itself refuses in a well-shaped value (three years at most, a signer's address that is not
 * public) is said by the certinext.* rules, where a policy can date, soften and explain it.
 */
#include "batch/ca/certinext.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

#define OFF(member) offsetof(struct certinext_config, member)
/* The sub-tables fill the one struct: their offsets are those of the outer one. */
#define GROUP(name_, help_, fields_)                                                               \
    static const struct schema name_##_schema = {                                                  \
        #name_, help_, fields_, NITEMS(fields_), sizeof(struct certinext_config), NO_OFFSET}
#define SUB(name_, help_)                                                                          \
    {                                                                                              \
        .name = #name_, .kind = FIELD_OBJECT, .sub = &name_##_schema, .help = (help_)              \
    }
#define TEXT(name_, member_, help_)                                                                \
    {                                                                                              \
        .name = (name_), .kind = FIELD_STRING, .flags = FIELD_NONEMPTY, .offset = OFF(member_),    \
        .help = (help_)                                                                            \
    }
#define NUMBER_TEXT(name_, member_, flags_, help_)                                                 \
    {                                                                                              \
        .name = (name_), .kind = FIELD_STRING, .flags = (flags_), .offset = OFF(member_),          \
        .pattern = "[0-9]{1,20}", .check = is_number_text, .help = (help_)                         \
    }
#define FLAG(name_, member_, fallback_, help_)                                                     \
    {                                                                                              \
        .name = (name_), .kind = FIELD_BOOL, .offset = OFF(member_), .fallback = (fallback_),      \
        .help = (help_)                                                                            \
    }
#define COUNT(name_, member_, fallback_, min_, max_, help_)                                        \
    {                                                                                              \
        .name = (name_), .kind = FIELD_INT, .offset = OFF(member_), .fallback = (fallback_),       \
        .min = (min_), .max = (max_), .help = (help_)                                              \
    }

static bool is_number_text(const char *text, const char **why)
{
    const size_t n = strlen(text);
    *why = "must be a number of at most 20 digits, in quotes";
    return n >= 1 && n <= 20 && strspn(text, "0123456789") == n;
}

static bool is_url(const char *text, const char **why)
{
    char host[256];
    *why = "must be an absolute https:// URL";
    return url_host(text, host, sizeof host);
}

/* --- auth --- */
static const struct word api_words[] = {
    {"v1", CERTINEXT_V1, "emSign Hub: POST with a signed body"},
    {"v2", CERTINEXT_V2, "REST; needs auth mode oauth"},
    {0},
};
static const struct word auth_mode_words[] = {
    {"access_key", CERTINEXT_ACCESS_KEY, "every request carries a digest made with the access key"},
    {"oauth", CERTINEXT_OAUTH, "bearer token of the OAuth client credentials flow"},
    {0},
};
static const struct field auth_fields[] = {
    {.name = "mode",
     .kind = FIELD_WORD,
     .offset = OFF(auth.mode),
     .words = auth_mode_words,
     .fallback = "access_key",
     .help = "how requests are authenticated"},
    {.name = "access_key",
     .kind = FIELD_SECRET,
     .offset = OFF(auth.access_key),
     .help = "access key of the API credential (Integrations, APIs); mode access_key"},
    {.name = "token_url",
     .kind = FIELD_STRING,
     .offset = OFF(auth.token_url),
     .pattern = "https?://.+",
     .check = is_url,
     .help = "OAuth token endpoint, handed out by eMudhra; mode oauth, default with api v2: "
             "/oauth/token at the host of api_url"},
    TEXT("client_id", auth.client_id,
         "OAuth client id; mode oauth, default with api v2: account_number"),
    {.name = "client_secret",
     .kind = FIELD_SECRET,
     .offset = OFF(auth.client_secret),
     .help = "OAuth client secret; mode oauth"},
};
GROUP(auth, "credentials of the API", auth_fields);

/* --- people --- */
static const struct field requestor_fields[] = {
    TEXT("name", requestor.name, "who requests the certificates: a person or a service"),
    TEXT("email", requestor.email, "e-mail address of a registered user of the account"),
    {.name = "isd_code",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = OFF(requestor.isd_code),
     .fallback = "1",
     .help = "country calling code, digits only, quoted; \"1\" is the United States"},
    TEXT("mobile_number", requestor.mobile_number,
         "mobile number, digits only, without the country code, quoted"),
    TEXT("designation", requestor.designation, "job title"),
};
GROUP(requestor, "who requests the certificates", requestor_fields);

static const struct field signer_fields[] = {
    TEXT("name", signer.name,
         "who accepts the subscriber agreement; default the name of the requestor"),
    TEXT("place", signer.place, "city the agreement is accepted in"),
    TEXT("ip", signer.ip, "public address of the host the agreement is accepted from"),
};
GROUP(signer, "who accepts the subscriber agreement", signer_fields);

static const struct field technical_contact_fields[] = {
    TEXT("name", technical_contact.name, "default that of the requestor"),
    TEXT("email", technical_contact.email, "default that of the requestor"),
    TEXT("isd_code", technical_contact.isd_code, "default that of the requestor"),
    TEXT("mobile_number", technical_contact.mobile_number, "default that of the requestor"),
};
GROUP(technical_contact, "technical point of contact", technical_contact_fields);

/* --- orders --- */
static const struct word accounting_words[] = {
    {"credit", CERTINEXT_CREDIT, "credits of the account"},
    {"cash", CERTINEXT_CASH, "cash model"},
    {"2", CERTINEXT_CREDIT, "credit, as CERTInext numbers it"},
    {"1", CERTINEXT_CASH, "cash, as CERTInext numbers it"},
    {0},
};
static const struct field subscription_fields[] = {
    COUNT("years", subscription.years, "1", 1, 99,
          "term of the subscription an order without validity buys; CERTInext sells 1, 2 and 3"),
    FLAG("auto_renew", subscription.auto_renew, "false",
         "CERTInext renews by itself: certificates that no batch ordered"),
    COUNT("renew_days", subscription.renew_days, "30", 1, 365,
          "days before expiry at which it does; CERTInext knows 30 and 60"),
};
GROUP(subscription, "the subscription an order buys", subscription_fields);

static const struct field pickup_fields[] = {
    COUNT("first_seconds", pickup.first_seconds, "5", 0, 3600,
          "wait before a new order is looked at"),
    COUNT("interval_seconds", pickup.interval_seconds, "10", 1, 3600, "wait between two looks"),
    COUNT("retries", pickup.retries, "5", 0, 1000,
          "looks at this pace; then the wait doubles, up to eight times"),
    COUNT("settle_seconds", pickup.settle_seconds, "30", 0, 3600,
          "how long a list of orders may lag behind an order"),
};
GROUP(pickup, "how an issued certificate is picked up", pickup_fields);

static const struct field config_fields[] = {
    {.name = "api_url",
     .kind = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .offset = OFF(api_url),
     .pattern = "https?://.+",
     .check = is_url,
     .help = "https://api.certinext.io/emSignHub-API/ (India, global), https://us-api... (US), "
             "https://sandbox-us-api... (sandbox); with api v2 the host alone will do"},
    {.name = "api",
     .kind = FIELD_WORD,
     .offset = OFF(api),
     .words = api_words,
     .fallback = "v1",
     .help = "which API is spoken"},
    NUMBER_TEXT("account_number", account_number, FIELD_REQUIRED,
                "number of the account (profile page), quoted"),
    NUMBER_TEXT("group_number", group_number, 0,
                "number of the group (Delegation, Groups) orders are placed under, quoted"),
    NUMBER_TEXT("organization_number", organization_number, 0,
                "number of the pre-vetted organization, quoted; OV and EV need it"),
    SUB(auth, "credentials of the API"),
    SUB(requestor, "who requests the certificates"),
    SUB(signer, "who accepts the subscriber agreement"),
    SUB(technical_contact, "technical point of contact"),
    TEXT("default_product", default_product, "product of an order that names none; codes quoted"),
    {.name = "accounting_model",
     .kind = FIELD_WORD,
     .offset = OFF(accounting_model),
     .words = accounting_words,
     .fallback = "credit",
     .help = "how orders are paid"},
    FLAG("email_notifications", email_notifications, "false",
         "CERTInext mails the requestor about every order"),
    SUB(subscription, "the subscription an order buys"),
    FLAG("auto_secure_www", auto_secure_www, "false",
         "CERTInext adds the www name of the primary name"),
    FLAG("ignore_expired", ignore_expired, "false",
         "leave expired certificates out of inventories"),
    COUNT("page_size", page_size, "100", 1, 500, "rows of a page of an inventory"),
    COUNT("renewal_window_days", renewal_window_days, "90", 0, 3650,
          "a certificate that expires later than this is reissued, not renewed"),
    SUB(pickup, "how an issued certificate is picked up"),
    SETTING_GROUP(struct certinext_config, dcv, &ca_dcv_schema,
                  "proofs of control of names by TXT records"),
};
const struct schema certinext_config_schema = {
    "certinext",           "CERTInext (emSign Hub) of eMudhra", config_fields,
    NITEMS(config_fields), sizeof(struct certinext_config),     NO_OFFSET,
};

/* --- between keys --- */

/* The place of a group, else of the CA. */
static const struct ynode *place(const struct ca_config *config, const char *key)
{
    const struct ynode *n = yaml_get(config->node, key);
    return n ? n : config->node;
}

static void check_auth(struct schema_ctx *ctx, const struct ca_config *config)
{
    const struct certinext_config *c = config->own;
    /* V2 has its token endpoint at its own host, and accounts are its clients */
    const bool told = c->api == CERTINEXT_V2;
    const struct {
        int mode;
        bool written;
        const char *key;
    } needs[] = {
        {CERTINEXT_ACCESS_KEY, c->auth.access_key.kind != SECRET_NONE, "access_key"},
        {CERTINEXT_OAUTH, told || c->auth.token_url != NULL, "token_url"},
        {CERTINEXT_OAUTH, told || c->auth.client_id != NULL, "client_id"},
        {CERTINEXT_OAUTH, c->auth.client_secret.kind != SECRET_NONE, "client_secret"},
    };
    if (c->api == CERTINEXT_V2 && c->auth.mode != CERTINEXT_OAUTH) {
        schema_problem(ctx, place(config, "api"),
                       "api v2 takes no access key: " CERTINEXT_OAUTH_HINT);
        return;
    }
    for (size_t i = 0; i < NITEMS(needs); i++) {
        if (needs[i].mode == c->auth.mode && !needs[i].written) {
            schema_problem(ctx, place(config, "auth"), "auth mode %s needs '%s'",
                           auth_mode_words[c->auth.mode - 1].text, needs[i].key);
        }
    }
}

/* The address of the portal is what people have in front of them. */
static const struct {
    const char *portal, *api;
} portals[] = {
    {"sandbox-us.certinext.io", "sandbox-us-api.certinext.io"},
    {"in.certinext.io", "api.certinext.io"},
    {"us.certinext.io", "us-api.certinext.io"},
};

static void check_url(struct schema_ctx *ctx, const struct ca_config *config)
{
    const struct certinext_config *c = config->own;
    const struct ynode *at = place(config, "api_url");
    char host[256];
    for (size_t i = 0; url_host(c->api_url, host, sizeof host) && i < NITEMS(portals); i++) {
        if (str_ieq(portals[i].portal, host)) {
            schema_problem(ctx, at, "%s is the portal; the API is at %s", portals[i].portal,
                           portals[i].api);
        }
    }
    if (c->api == CERTINEXT_V1 && !strstr(c->api_url, "/emSignHub-API")) {
        schema_problem(ctx, at, "the 'api_url' of api v1 ends in /emSignHub-API/");
    }
}

void certinext_check(struct schema_ctx *ctx, const struct ca_config *config)
{
    const struct certinext_config *c = config->own;
    if (!config->common.enabled) {
        return; /* written down before there are credentials */
    }
    check_auth(ctx, config);
    check_url(ctx, config);
    ca_dcv_check(ctx, config, &c->dcv);
}
