/* SPDX-License-Identifier: Apache-2.0
 *
 * Active Directory Certificate Services (web enrolment) as a kind of CA: its settings.
 *
 * A product is a template of an enterprise CA; a standalone CA has none. The names of a
 * certificate are those of its request.
 */
#include "batch/ca/adcs.h"

#include "batch/config.h"
#include "formats/base/str.h"

#include <string.h>

static const struct word setup_words[] = {
    {"standalone", ADCS_STANDALONE, "no templates; an officer approves"},
    {"enterprise", ADCS_ENTERPRISE, "templates of Active Directory"},
    {0},
};

static const struct word auth_words[] = {
    {"negotiate", ADCS_NEGOTIATE, "Kerberos, from the credential cache or a key table"},
    {"ntlm", ADCS_NTLM, "NTLM"},
    {"basic", ADCS_BASIC, "HTTP Basic"},
    {"client-certificate", ADCS_CERTIFICATE, "the client certificate of `tls:`"},
    {"none", ADCS_NONE, "nothing"},
    {0},
};

static const struct word revoke_words[] = {
    {"script", ADCS_SCRIPT, "a certutil script for the officer goes into the bundle"},
    {"command", ADCS_COMMAND, "a command of yours is run"},
    {"none", ADCS_NOBODY, "this CA is not asked to revoke"},
    {0},
};

#define OFF(member) offsetof(struct adcs_config, member)

static const struct field auth_fields[] = {
    {.name = "mode",
     .kind = FIELD_WORD,
     .offset = OFF(auth_mode),
     .words = auth_words,
     .fallback = "negotiate",
     .help = "how to log in"},
    SETTING_TEXT(struct adcs_config, username, "service account, DOMAIN\\user for ntlm"),
    SETTING_SECRET(struct adcs_config, password, "its password"),
    SETTING_PATH(struct adcs_config, keytab, "negotiate: its key table"),
};
static const struct schema auth_schema = {
    "auth",   "how to log in", auth_fields, NITEMS(auth_fields), sizeof(struct adcs_config),
    NO_OFFSET};

static const struct field revocation_fields[] = {
    {.name = "mode",
     .kind = FIELD_WORD,
     .offset = OFF(revocation_mode),
     .words = revoke_words,
     .fallback = "script",
     .help = "web enrolment cannot revoke; who does"},
    {.name = "command",
     .kind = FIELD_STRINGS,
     .flags = FIELD_NONEMPTY,
     .offset = OFF(command),
     .help = "command: program and arguments, with {config} {serial} {reason}"},
    SETTING_BOOL(struct adcs_config, delta_crl, "true",
                 "the delta CRL is asked too, which shows a revocation earlier"),
};
static const struct schema revocation_schema = {"revocation",
                                                "how certificates are revoked",
                                                revocation_fields,
                                                NITEMS(revocation_fields),
                                                sizeof(struct adcs_config),
                                                NO_OFFSET};

static const struct field pattern_fields[] = {
    {.name = "issued",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = OFF(issued),
     .help = "regular expressions of the page that hands out a certificate"},
    {.name = "pending",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = OFF(pending),
     .help = "of the page that asks to wait"},
    {.name = "denied",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = OFF(denied),
     .help = "of the page that refuses"},
};
static const struct schema pattern_schema = {"locale_patterns",
                                             "how pages in another language are told apart",
                                             pattern_fields,
                                             NITEMS(pattern_fields),
                                             sizeof(struct adcs_config),
                                             NO_OFFSET};

static const struct field config_fields[] = {
    SETTING_URL(struct adcs_config, base_url, FIELD_REQUIRED, "https://HOST/certsrv"),
    SETTING_WORD(struct adcs_config, ca_setup_type, setup_words, "enterprise",
                 "standalone or enterprise"),
    SETTING_TEXT(struct adcs_config, template,
                 "name (not display name) of the template of orders that name no product"),
    {.name = "templates",
     .kind = FIELD_STRINGS,
     .flags = FIELD_NONEMPTY,
     .offset = OFF(templates),
     .help = "names of the templates that the CA publishes; default: any"},
    SETTING_TEXT(struct adcs_config, ca_config, "HOST\\CA name, as certutil -config wants it"),
    {.name = "auth", .kind = FIELD_OBJECT, .sub = &auth_schema, .help = "how to log in"},
    SETTING_BOOL(struct adcs_config, san_attribute, "false",
                 "names go as a request attribute, not in the CSR"),
    SETTING_PRESET(struct adcs_config, key_attribute, "certbatch",
                   "request attribute by which an officer finds an order whose answer was lost; "
                   "\"none\": not sent"),
    {.name = "revocation",
     .kind = FIELD_OBJECT,
     .sub = &revocation_schema,
     .help = "how certificates are revoked"},
    SETTING_PRESET(struct adcs_config, user_agent, "Mozilla/5.0 (certbatch)",
                   "must begin with Mozilla, or the pages are others"),
    {.name = "locale_patterns",
     .kind = FIELD_OBJECT,
     .sub = &pattern_schema,
     .help = "how pages in another language are told apart"},
    SETTING_GROUP(struct adcs_config, enroll, &ca_enroll_schema,
                  "waits for a certificate that is not ready at once"),
    SETTING_RENEWAL(struct adcs_config),
};
static const struct schema config_schema = {"adcs",
                                            "Active Directory Certificate Services",
                                            config_fields,
                                            NITEMS(config_fields),
                                            sizeof(struct adcs_config),
                                            NO_OFFSET};

/* --- what no table can say --- */
static void check_login(struct schema_ctx *ctx, const struct ca_config *ca)
{
    const struct adcs_config *c = ca->own;
    const struct ynode *auth = yaml_get(ca->node, "auth");
    const struct ynode *at = auth ? auth : ca->node;
    const bool named = c->auth_mode == ADCS_NTLM || c->auth_mode == ADCS_BASIC;
    if (named && !c->username) {
        schema_problem(ctx, at, "auth.username is missing: ntlm and basic log in with a name");
    }
    if (named && c->password.kind == SECRET_NONE) {
        schema_problem(ctx, at, "auth.password is missing: ntlm and basic log in with one");
    }
    if (c->auth_mode == ADCS_BASIC && c->username && strchr(c->username, ':')) {
        schema_problem(ctx, at, "auth.username has a colon, which HTTP Basic cannot send");
    }
    if (!named && c->password.kind != SECRET_NONE) {
        schema_problem(ctx, at,
                       "auth.password is not used: Kerberos has a ticket (kinit) or auth.keytab; "
                       "with a password the mode is ntlm or basic");
    }
    if (c->keytab && c->auth_mode != ADCS_NEGOTIATE) {
        schema_problem(ctx, at, "auth.keytab is for mode negotiate alone");
    }
}

static void check_revocation(struct schema_ctx *ctx, const struct ca_config *ca)
{
    const struct adcs_config *c = ca->own;
    const struct ynode *revocation = yaml_get(ca->node, "revocation");
    const struct ynode *at = revocation ? revocation : ca->node;
    bool config = false, serial = false;
    for (size_t i = 0; i < c->command.n; i++) {
        config = config || strstr(c->command.v[i], "{config}");
        serial = serial || strstr(c->command.v[i], "{serial}");
    }
    if (c->revocation_mode == ADCS_COMMAND && !c->command.n) {
        schema_problem(ctx, at, "revocation.command is missing: mode command runs it");
    } else if (c->command.n && !serial) {
        schema_problem(ctx, at, "revocation.command has no {serial}: it would not know what for");
    } else if (config && !c->ca_config) {
        schema_problem(ctx, at, "revocation.command has {config}, and ca_config is missing");
    }
    if (c->ca_config && strpbrk(c->ca_config, "\"'`$%\r\n")) {
        schema_problem(ctx, yaml_get(ca->node, "ca_config"),
                       "ca_config has a character that a script cannot quote");
    }
    if (c->command.n && c->revocation_mode != ADCS_COMMAND) {
        schema_problem(ctx, at, "revocation.command is for mode command alone");
    }
}

static void check_pages(struct schema_ctx *ctx, const struct ca_config *ca)
{
    const struct adcs_config *c = ca->own;
    struct err err = ERR_INIT;
    struct adcs all = {.config = c};
    if (!str_starts(c->user_agent, "Mozilla")) {
        schema_problem(ctx, yaml_get(ca->node, "user_agent"),
                       "user_agent must begin with \"Mozilla\": others get other pages");
    }
    if (!adcs_patterns_open(&all, &err)) {
        schema_problem(ctx, yaml_get(ca->node, "locale_patterns"), "locale_patterns: %s", err.msg);
    }
    adcs_patterns_close(&all);
}

static void check_adcs(struct schema_ctx *ctx, const struct ca_config *ca)
{
    check_login(ctx, ca);
    check_revocation(ctx, ca);
    check_pages(ctx, ca);
}

static const char *const reply_headers[] = {"www-authenticate", NULL};

const struct ca_type ca_adcs = {
    .type = "adcs",
    .title = "Active Directory Certificate Services",
    .caps = CA_ORDER | CA_REVOKE | CA_PRODUCTS | CA_READS_CSR_NAMES,
    .config = &config_schema,
    .check = check_adcs,
    .no_products = "a standalone CA has no templates",
    .revocation_note = "web enrolment cannot revoke: see revocation.mode; what counts is the CRL",
    .product_key = "template",
    .product_optional = true, /* a standalone CA has no templates; else rule adcs.template */
    .pack = "adcs",
    .renewal_window_days = 90,
    .in_flight = 4,
    .reply_headers = reply_headers,
    .by_hand = adcs_by_hand,
    .ops = &adcs_ops,
};
