/* SPDX-License-Identifier: Apache-2.0
 *
 * Enrollment over Secure Transport as a kind of CA: its settings. A product is a label of the
 * server, the one place where a request can say which kind of certificate it is for (RFC 7030,
 * 3.2.2); a server without labels issues one kind. The names of a certificate are those of its
 * request.
 */
#include "batch/ca/est.h"

#include "batch/config.h"
#include "formats/base/str.h"

#include <string.h>

#define OFF(member) offsetof(struct est_config, member)

const struct word est_reenroll_words[] = {
    {"own", EST_REENROLL_OWN, "only of the certificate that is our TLS client certificate"},
    {"always", EST_REENROLL_ALWAYS, "of every item that renews or reissues"},
    {"never", EST_REENROLL_NEVER, "every request is a new one"},
    {0},
};

bool est_is_path(const char *text, const char **why)
{
    *why = "must begin with a slash and hold no blank, ? or #";
    return *text == '/' && !strpbrk(text, " \t?#");
}

/* The operations of RFC 7030 stand where a label would: /.well-known/est/cacerts. */
bool est_is_label(const char *text, const char **why)
{
    *why = "must be one segment of a path and not the name of an operation";
    return !strchr(text, '/') &&
           !str_has_word("cacerts simpleenroll simplereenroll fullcmc serverkeygen csrattrs", text);
}

static const struct field auth_fields[] = {
    {.name = "username",
     .kind = FIELD_STRING,
     .offset = OFF(username),
     .help = "user of HTTP Basic, may be empty"},
    SETTING_SECRET(struct est_config, password, "its password"),
};
static const struct schema auth_schema = {
    "auth",   "how to log in", auth_fields, NITEMS(auth_fields), sizeof(struct est_config),
    NO_OFFSET};

static const struct field config_fields[] = {
    SETTING_URL(struct est_config, base_url, FIELD_REQUIRED, "https://HOST[:PORT]"),
    {.name = "path",
     .kind = FIELD_STRING,
     .offset = OFF(path),
     .fallback = "/.well-known/est",
     .check = est_is_path,
     .help = "of the service, before label and operation"},
    {.name = "label",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = OFF(label),
     .check = est_is_label,
     .help = "label of orders that name no product; default none"},
    {.name = "labels",
     .kind = FIELD_STRINGS,
     .flags = FIELD_NONEMPTY,
     .offset = OFF(labels),
     .check = est_is_label,
     .help = "further labels of the server, for `products` and `doctor`"},
    {.name = "auth", .kind = FIELD_OBJECT, .sub = &auth_schema, .help = "HTTP Basic"},
    SETTING_WORD(struct est_config, reenroll, est_reenroll_words, "own",
                 "which renewals go to /simplereenroll"),
    SETTING_GROUP(struct est_config, enroll, &ca_enroll_schema,
                  "waits for a certificate that is not ready at once"),
    SETTING_RENEWAL(struct est_config),
};
static const struct schema config_schema = {"est",
                                            "EST server (RFC 7030)",
                                            config_fields,
                                            NITEMS(config_fields),
                                            sizeof(struct est_config),
                                            NO_OFFSET};

/* A name without a password logs nobody in, and the other way round the name is said to be empty.
 */
void est_check_basic(struct schema_ctx *ctx, const struct ynode *node, const char *who,
                     const char *username_key, const char *username,
                     const struct secret_ref *password)
{
    if ((username != NULL) != (password->kind != SECRET_NONE)) {
        schema_problem(ctx, node,
                       "%s needs both username and password; an empty username is written \"\"",
                       who);
    }
    if (username && strchr(username, ':')) {
        schema_problem(ctx, node, "%s must not contain a colon (RFC 7617, section 2)",
                       username_key);
    }
}

static void check(struct schema_ctx *ctx, const struct ca_config *config)
{
    const struct est_config *c = config->own;
    est_check_basic(ctx, yaml_get(config->node, "auth"), "auth", "auth.username", c->username,
                    &c->password);
}

const struct ca_type ca_est = {
    .type = "est",
    .title = "EST server",
    .caps = EST_CAPS,
    .config = &config_schema,
    .check = check,
    .product_key = "label",
    .product_optional = true, /* a server without labels */
    .revocation_note = "EST has no revocation: revoke in the CA's own tools",
    .probe_note = EST_PROBE_NOTE,
    .renewal_window_days = 90,
    .in_flight = 4,
    .ops = &est_ops,
};
