/* SPDX-License-Identifier: Apache-2.0
 *
 * Active Directory Certificate Services (web enrolment) as a kind of CA that lint and policy
 * know: its settings. Orders are not placed: there are no ops.
 *
 * A product is a template of an enterprise CA; a standalone CA has none. The names of a
 * certificate are those of its request.
 */
#include "batch/ca/settings.h"

enum { SETUP_STANDALONE, SETUP_ENTERPRISE };
static const struct word setup_words[] = {
    {"standalone", SETUP_STANDALONE, "no templates; an officer approves"},
    {"enterprise", SETUP_ENTERPRISE, "templates of Active Directory"},
    {0},
};

enum { AUTH_NEGOTIATE, AUTH_NTLM, AUTH_BASIC, AUTH_CERTIFICATE, AUTH_NONE };
static const struct word auth_words[] = {
    {"negotiate", AUTH_NEGOTIATE, "Kerberos, from the credential cache or a key table"},
    {"ntlm", AUTH_NTLM, "NTLM"},
    {"basic", AUTH_BASIC, "HTTP Basic"},
    {"client-certificate", AUTH_CERTIFICATE, "the client certificate of `tls:`"},
    {"none", AUTH_NONE, "nothing"},
    {0},
};

enum { REVOKE_SCRIPT, REVOKE_COMMAND, REVOKE_NONE };
static const struct word revoke_words[] = {
    {"script", REVOKE_SCRIPT, "a certutil script for the officer goes into the bundle"},
    {"command", REVOKE_COMMAND, "a command of yours is run"},
    {"none", REVOKE_NONE, "this CA is not asked to revoke"},
    {0},
};

struct adcs_config {
    const char *base_url;
    int ca_setup_type;
    const char *template, *ca_config;
    struct strings templates;
    int auth_mode;
    const char *username, *keytab;
    struct secret_ref password;
    bool san_attribute;
    int revocation_mode;
    struct strings command;
    const char *user_agent;
    struct strings issued, pending, denied;
    struct ca_enroll enroll;
    int64_t renewal_window_days;
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

const struct ca_type ca_adcs = {
    .type = "adcs",
    .title = "Active Directory Certificate Services",
    .caps = CA_READS_CSR_NAMES,
    .config = &config_schema,
    .product_key = "template",
    .product_optional = true, /* a standalone CA has no templates; else rule adcs.template */
    .pack = "adcs",
    .renewal_window_days = 90,
    .in_flight = 4,
};
