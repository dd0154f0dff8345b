/* SPDX-License-Identifier: Apache-2.0
 *
 * ACME (RFC 8555) as a kind of CA: its settings. acme.h says what does the rest.
 *
 * A product is a certificate profile of the server (draft-ietf-acme-profiles), where it has any.
 * Most servers are public CAs; for a private one say `public: false`.
 */
#include "batch/ca/acme.h"

#include "batch/config.h"

#include <string.h>

static const struct word challenge_words[] = {
    {"http-01", ACME_HTTP, "a file on the web server"},
    {"dns-01", ACME_DNS, "a TXT record; the only one for wildcards"},
    {0},
};
static const struct word ari_words[] = {
    {"inform", RENEWAL_INFORM, "when the CA wants a renewal is told, and what replaces what"},
    {"wait", RENEWAL_WAIT, "and a renewal whose time has not come is left for a later run"},
    {"on", RENEWAL_INFORM, "as inform"},
    {"off", RENEWAL_OFF, "the CA is not asked, and not told what is replaced"},
    {0},
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
    SETTING_SECRET(struct acme_config, account_key,
                   "key of the account (PEM); made by you, never by this program"),
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
    {.name = "certificate_keys",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = OFF(certificate_keys),
     .help = "private keys (PEM files): a certificate with one of them is revoked by its own key, "
             "not by the account"},
    {.name = "profile",
     .kind = FIELD_OBJECT,
     .sub = &profile_schema,
     .help = "certificate profile of the server"},
    SETTING_TEXT(struct acme_config, preferred_chain, "common name of the topmost issuer"),
    SETTING_WORD(struct acme_config, ari, ari_words, "inform", "renewal information (RFC 9773)"),
    SETTING_GROUP(struct acme_config, enroll, &ca_enroll_schema,
                  "waits for a certificate that is not ready at once"),
    SETTING_INT(struct acme_config, order_deadline_seconds, "600", 1, 86400,
                "for one order, challenges included"),
    SETTING_INT(struct acme_config, max_orders_per_run, NULL, 1, 50000,
                "new orders in one run, the rest is left for the next; default: no limit"),
    SETTING_RENEWAL(struct acme_config),
};
static const struct schema config_schema = {"acme",
                                            "a CA that speaks ACME",
                                            config_fields,
                                            NITEMS(config_fields),
                                            sizeof(struct acme_config),
                                            NO_OFFSET};

static const struct ynode *place(const struct ca_config *config, const char *key)
{
    const struct ynode *at = yaml_get(config->node, key);
    return at ? at : config->node;
}

static void acme_check(struct schema_ctx *ctx, const struct ca_config *config)
{
    const struct acme_config *c = config->own;
    for (size_t i = 0; i < c->contact.n; i++) {
        if (!strchr(c->contact.v[i], ':')) { /* RFC 8555, 7.1.2: URLs */
            schema_problem(ctx, place(config, "contact"), "contact must be a URL: mailto:%.100s",
                           c->contact.v[i]);
        }
    }
}

bool acme_dcv(const struct ca_config *config, struct ca_dcv *out)
{
    const struct acme_config *c = config->own;
    *out = (struct ca_dcv){.hook = &c->hook,
                           .http = c->challenge == ACME_HTTP,
                           .hook_seconds = c->hook_timeout_seconds,
                           .record_template = "_acme-challenge.{0}", /* RFC 8555, 8.4 */
                           .propagation_seconds = c->propagation_wait_seconds,
                           .timeout_seconds = c->order_deadline_seconds,
                           .issuance_seconds = c->order_deadline_seconds};
    return c->hook.n > 0;
}

static enum ca_renewal acme_ari(const struct ca_config *config)
{
    const struct acme_config *c = config->own;
    return (enum ca_renewal)c->ari;
}

/* A CA may send several links; the first nonce is what counts. */
static const char *const acme_headers[] = {"replay-nonce", "location", "link", NULL};

const struct ca_type ca_acme = {
    .type = "acme",
    .title = "ACME CA",
    .caps = ACME_CAPS,
    .config = &config_schema,
    .check = acme_check,
    .product_key = "profile.name",
    .run_limit_key = "max_orders_per_run",
    .product_optional = true, /* a profile is a wish, not a need */
    .renewal_window_days = 30,
    .in_flight = 8,
    .reply_headers = acme_headers,
    .dcv = acme_dcv,
    .renewal = acme_ari,
    .ops = &acme_ops,
};
