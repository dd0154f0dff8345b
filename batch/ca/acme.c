/* SPDX-License-Identifier: Apache-2.0
 *
 * ACME (RFC 8555) as a kind of CA that lint and policy know: its settings. Orders are not placed:
 * there are no ops.
 *
 * A product is a certificate profile of the server (draft-ietf-acme-profiles), where it has any.
 * Most servers are public CAs; for a private one say `public: false`.
 */
#include "batch/ca/settings.h"

enum { CHALLENGE_HTTP, CHALLENGE_DNS };
static const struct word challenge_words[] = {
    {"http-01", CHALLENGE_HTTP, "a file on the web server"},
    {"dns-01", CHALLENGE_DNS, "a TXT record; the only one for wildcards"},
    {0},
};
enum { ARI_ON, ARI_OFF };
static const struct word ari_words[] = {
    {"on", ARI_ON, "the CA is asked when to renew (RFC 9773)"},
    {"off", ARI_OFF, "it is not"},
    {0},
};

struct acme_config {
    const char *directory_url;
    struct secret_ref account_key;
    struct strings contact;
    bool accept_tos;
    const char *eab_kid;
    struct secret_ref eab_hmac_key;
    int challenge;
    struct strings hook;
    int64_t hook_timeout_seconds, propagation_wait_seconds;
    const char *profile_name;
    bool profile_required;
    const char *preferred_chain;
    int ari;
    struct ca_enroll enroll;
    int64_t order_deadline_seconds, max_orders_per_run, renewal_window_days;
};
#define OFF(member) offsetof(struct acme_config, member)

static const struct field eab_fields[] = {
    {.name = "kid",
     .kind = FIELD_STRING,
     .flags = FIELD_REQUIRED | FIELD_NONEMPTY,
     .offset = OFF(eab_kid),
     .help = "key id the CA gave"},
    {.name = "hmac_key",
     .kind = FIELD_SECRET,
     .flags = FIELD_REQUIRED,
     .offset = OFF(eab_hmac_key),
     .help = "the key, base64url"},
};
static const struct schema eab_schema = {"eab",
                                         "external account binding",
                                         eab_fields,
                                         NITEMS(eab_fields),
                                         sizeof(struct acme_config),
                                         NO_OFFSET};

static const struct field profile_fields[] = {
    {.name = "name",
     .kind = FIELD_STRING,
     .flags = FIELD_REQUIRED | FIELD_NONEMPTY,
     .offset = OFF(profile_name),
     .help = "profile of orders that name no product"},
    {.name = "required",
     .kind = FIELD_BOOL,
     .offset = OFF(profile_required),
     .fallback = "false",
     .help = "no order when the server does not have it"},
};
static const struct schema profile_schema = {"profile",
                                             "certificate profile of the server",
                                             profile_fields,
                                             NITEMS(profile_fields),
                                             sizeof(struct acme_config),
                                             NO_OFFSET};

static const struct field config_fields[] = {
    SETTING_URL(struct acme_config, directory_url, FIELD_REQUIRED, "address of the directory"),
    SETTING_SECRET(struct acme_config, account_key, "key of the account (PEM)"),
    {.name = "contact",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = OFF(contact),
     .help = "mailto: addresses of the account"},
    SETTING_BOOL(struct acme_config, accept_tos, "false",
                 "the terms of service of the CA are agreed to"),
    {.name = "eab", .kind = FIELD_OBJECT, .sub = &eab_schema, .help = "external account binding"},
    SETTING_WORD(struct acme_config, challenge, challenge_words, "dns-01",
                 "how control of a name is shown"),
    {.name = "hook",
     .kind = FIELD_STRINGS,
     .flags = FIELD_NONEMPTY,
     .offset = OFF(hook),
     .help = "program and arguments that put a challenge in place and take it away"},
    SETTING_INT(struct acme_config, hook_timeout_seconds, "120", 1, 3600, "for one call of it"),
    SETTING_INT(struct acme_config, propagation_wait_seconds, "0", 0, 3600,
                "from the hook to the challenge"),
    {.name = "profile",
     .kind = FIELD_OBJECT,
     .sub = &profile_schema,
     .help = "certificate profile of the server"},
    SETTING_TEXT(struct acme_config, preferred_chain, "common name of the topmost issuer"),
    SETTING_WORD(struct acme_config, ari, ari_words, "on", "renewal information"),
    SETTING_GROUP(struct acme_config, enroll, &ca_enroll_schema,
                  "waits for a certificate that is not ready at once"),
    SETTING_INT(struct acme_config, order_deadline_seconds, "600", 1, 86400,
                "for one order, challenges included"),
    SETTING_INT(struct acme_config, max_orders_per_run, NULL, 1, 50000, "default: no limit"),
    SETTING_RENEWAL(struct acme_config),
};
static const struct schema config_schema = {"acme",
                                            "a CA that speaks ACME",
                                            config_fields,
                                            NITEMS(config_fields),
                                            sizeof(struct acme_config),
                                            NO_OFFSET};

const struct ca_type ca_acme = {
    .type = "acme",
    .title = "ACME CA",
    .caps = CA_PUBLIC,
    .config = &config_schema,
    .product_key = "profile.name",
    .product_optional = true, /* a profile is a wish, not a need */
    .renewal_window_days = 30,
    .in_flight = 8,
};
