/* SPDX-License-Identifier: Apache-2.0
 *
 * Every key of certbatch.yaml except those of the connectors, which bring their own tables. The
 * mapping of a CA is read twice: its common keys by the table here, the rest by the connector's.
 */
#include "batch/config_parts.h"

#include "formats/base/str.h"

#include <stdio.h>
#include <string.h>

static bool is_store_type(const char *text, const char **why)
{
    *why = "must be pkcs12 or jks";
    return str_eq(text, "pkcs12") || str_eq(text, "jks");
}

#define STORE_PATTERN "pkcs12|jks"

/* Offsets are those of struct ca_tls: its stores have no type of their own. */
#define STORE_FIELDS(store)                                                                        \
    {.name = "file",                                                                               \
     .kind = FIELD_PATH,                                                                           \
     .flags = FIELD_REQUIRED | FIELD_NONEMPTY,                                                     \
     .offset = offsetof(struct ca_tls, store.file),                                                \
     .help = "the key store file"},                                                                \
        {.name = "type",                                                                           \
         .kind = FIELD_STRING,                                                                     \
         .offset = offsetof(struct ca_tls, store.type),                                            \
         .pattern = STORE_PATTERN,                                                                 \
         .check = is_store_type,                                                                   \
         .help = "pkcs12 or jks; default: what the file is"},                                      \
    {                                                                                              \
        .name = "password", .kind = FIELD_SECRET,                                                  \
        .offset = offsetof(struct ca_tls, store.password), .help = "its password"                  \
    }

static const struct field keystore_fields[] = {
    STORE_FIELDS(client_keystore),
    {.name = "alias",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct ca_tls, client_keystore.alias),
     .help = "entry to use; default the only one"},
};
static const struct schema keystore_schema = {
    "client_keystore",     "client certificate and key in a key store",
    keystore_fields,       NITEMS(keystore_fields),
    sizeof(struct ca_tls), NO_OFFSET};

static const struct field truststore_fields[] = {STORE_FIELDS(truststore)};
static const struct schema truststore_schema = {
    "truststore",          "trusted roots in a key store",
    truststore_fields,     NITEMS(truststore_fields),
    sizeof(struct ca_tls), NO_OFFSET};

static const struct field tls_fields[] = {
    {.name = "ca_file",
     .kind = FIELD_PATH,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct ca_tls, ca_file),
     .help = "PEM file of the roots to trust; default those of the system"},
    {.name = "client_certificate",
     .kind = FIELD_PATH,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct ca_tls, client_certificate),
     .help = "PEM file of the client certificate and its chain"},
    {.name = "client_key",
     .kind = FIELD_SECRET,
     .offset = offsetof(struct ca_tls, client_key),
     .help = "its private key (PEM)"},
    {.name = "client_keystore",
     .kind = FIELD_OBJECT,
     .sub = &keystore_schema,
     .help = "client certificate and key in a key store"},
    {.name = "truststore",
     .kind = FIELD_OBJECT,
     .sub = &truststore_schema,
     .help = "trusted roots in a key store"},
};
static const struct schema tls_schema = {
    "tls",    "whom to trust and who we are", tls_fields, NITEMS(tls_fields), sizeof(struct ca_tls),
    NO_OFFSET};

static const struct field proxy_fields[] = {
    {.name = "host",
     .kind = FIELD_STRING,
     .flags = FIELD_REQUIRED | FIELD_NONEMPTY,
     .offset = offsetof(struct ca_proxy, host),
     .help = "name or address"},
    {.name = "port",
     .kind = FIELD_INT,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct ca_proxy, port),
     .min = 1,
     .max = 65535,
     .help = "TCP port"},
    {.name = "username",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct ca_proxy, username),
     .help = "if the proxy asks for one"},
    {.name = "password",
     .kind = FIELD_SECRET,
     .offset = offsetof(struct ca_proxy, password),
     .help = "its password"},
};
static const struct schema proxy_schema = {"proxy",
                                           "HTTP proxy on the way to the CA",
                                           proxy_fields,
                                           NITEMS(proxy_fields),
                                           sizeof(struct ca_proxy),
                                           NO_OFFSET};

static const struct field limits_fields[] = {
    {.name = "in_flight",
     .kind = FIELD_INT,
     .offset = offsetof(struct ca_limits, in_flight),
     .min = 1,
     .max = 1000,
     .help = "requests at a time; default that of the connector"},
    {.name = "orders_per_second",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct ca_limits, orders_per_second),
     .help = "default that of the connector"},
    {.name = "burst",
     .kind = FIELD_INT,
     .offset = offsetof(struct ca_limits, burst),
     .min = 1,
     .max = 100000,
     .help = "orders that may go at once before the rate counts"},
    {.name = "requests_per_second",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct ca_limits, requests_per_second),
     .help = "default: no limit of ours"},
};
static const struct schema limits_schema = {"limits",
                                            "how much the CA bears",
                                            limits_fields,
                                            NITEMS(limits_fields),
                                            sizeof(struct ca_limits),
                                            NO_OFFSET};

#define TIMEOUT_FIELDS(request_fallback)                                                           \
    {.name = "connect_seconds",                                                                    \
     .kind = FIELD_INT,                                                                            \
     .offset = offsetof(struct ca_timeouts, connect_seconds),                                      \
     .fallback = "10",                                                                             \
     .min = 1,                                                                                     \
     .max = 600,                                                                                   \
     .help = "for the connection"},                                                                \
    {                                                                                              \
        .name = "request_seconds", .kind = FIELD_INT,                                              \
        .offset = offsetof(struct ca_timeouts, request_seconds), .fallback = request_fallback,     \
        .min = 1, .max = 3600, .help = "for a whole request"                                       \
    }

static const struct field timeouts_fields[] = {TIMEOUT_FIELDS("180")};
static const struct schema timeouts_schema = {"timeouts",
                                              "how long to wait",
                                              timeouts_fields,
                                              NITEMS(timeouts_fields),
                                              sizeof(struct ca_timeouts),
                                              NO_OFFSET};

#define PART(member, text)                                                                         \
    {                                                                                              \
        .name = #member, .kind = FIELD_OBJECT, .offset = offsetof(struct ca_common, member),       \
        .sub = &member##_schema, .help = text                                                      \
    }
static const struct field common_fields[] = {
    PART(tls, "whom to trust and who we are"),
    PART(proxy, "HTTP proxy on the way to the CA"),
    PART(limits, "how much the CA bears"),
    PART(timeouts, "how long to wait"),
    {.name = "enabled",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct ca_common, enabled),
     .fallback = "true",
     .help = "false: nothing is sent to this CA"},
    {.name = "public",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct ca_common, publicly_trusted),
     .help =
         "whether browsers trust it, which decides the default policy; default what its kind is"},
    {.name = "products",
     .kind = FIELD_NAMED,
     .offset = offsetof(struct ca_common, products),
     .sub = &ca_product_schema,
     .help = "what you can order there beyond the built-in table, by the names manifests use"},
};
const struct schema ca_common_schema = {"ca",
                                        "keys of every kind of CA",
                                        common_fields,
                                        NITEMS(common_fields),
                                        sizeof(struct ca_common),
                                        NO_OFFSET};

void config_secrets(const struct ca_config *ca,
                    void (*fn)(void *ctx, const char *path, const struct secret_ref *ref),
                    void *ctx)
{
    schema_secrets(ca->type->config, ca->own, fn, ctx);
    schema_secrets(&ca_common_schema, &ca->common, fn, ctx);
}

/* --- everything else --- */

static bool is_pkcs11_uri(const char *text, const char **why)
{
    *why = strstr(text, "pin-value=") ? "must not carry the PIN; name it as key_password"
                                      : "must be a pkcs11: URI (RFC 7512)";
    return str_starts(text, "pkcs11:") && !strstr(text, "pin-value=");
}

static const struct field signing_fields[] = {
    {.name = "certificate",
     .kind = FIELD_PATH,
     .flags = FIELD_REQUIRED | FIELD_NONEMPTY,
     .offset = offsetof(struct signing, certificate),
     .help = "PEM file of the certificate that signs audit bundles; its chain may follow"},
    {.name = "chain",
     .kind = FIELD_PATH,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct signing, chain),
     .help = "PEM file of further certificates of its chain"},
    {.name = "key",
     .kind = FIELD_SECRET,
     .flags = FIELD_ONE_OF,
     .offset = offsetof(struct signing, key),
     .help = "its private key (PEM)"},
    {.name = "key_uri",
     .kind = FIELD_STRING,
     .flags = FIELD_ONE_OF | FIELD_NONEMPTY,
     .offset = offsetof(struct signing, key_uri),
     .pattern = "pkcs11:.+",
     .check = is_pkcs11_uri,
     .help = "its private key in a token, as pkcs11: URI; OpenSSL needs its pkcs11 provider"},
    {.name = "key_password",
     .kind = FIELD_SECRET,
     .offset = offsetof(struct signing, key_password),
     .help = "password of an encrypted key, PIN of a token"},
};
static const struct schema signing_schema = {"signing",
                                             "who signs audit bundles",
                                             signing_fields,
                                             NITEMS(signing_fields),
                                             sizeof(struct signing),
                                             NO_OFFSET};

static bool is_endpoint(const char *text, const char **why)
{
    *why = "must be an https:// URL";
    return str_starts(text, "https://") || str_starts(text, "http://");
}

static bool is_hash(const char *text, const char **why)
{
    *why = "must be sha256, sha384 or sha512";
    return str_eq(text, "sha256") || str_eq(text, "sha384") || str_eq(text, "sha512");
}

static bool is_oid(const char *text, const char **why)
{
    uint8_t der[DER_OID_MAX];
    size_t n;
    *why = "must be an OID in dotted form";
    return der_oid_encode(text, der, &n);
}

/* A TSA that is slow must not hold up a run as long as a CA may. */
static const struct field stamp_timeouts_fields[] = {TIMEOUT_FIELDS("30")};
static const struct schema stamp_timeouts_schema = {
    "timestamp_timeouts",          "how long to wait",         stamp_timeouts_fields,
    NITEMS(stamp_timeouts_fields), sizeof(struct ca_timeouts), NO_OFFSET};

static const struct field timestamp_fields[] = {
    {.name = "url",
     .kind = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct timestamp, url),
     .pattern = "https?://.+",
     .check = is_endpoint,
     .help = "of the timestamping authority (RFC 3161)"},
    {.name = "ca_file",
     .kind = FIELD_PATH,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct timestamp, ca_file),
     .help = "PEM file of the roots its certificate must lead to"},
    {.name = "required",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct timestamp, required),
     .fallback = "false",
     .help = "true: no bundle without a timestamp; false: one without, and a warning"},
    {.name = "policy",
     .kind = FIELD_STRING,
     .offset = offsetof(struct timestamp, policy),
     .pattern = "[0-2](\\.[0-9]+)+",
     .check = is_oid,
     .help = "OID of the policy to stamp under; default that of the authority"},
    {.name = "hash",
     .kind = FIELD_STRING,
     .offset = offsetof(struct timestamp, hash),
     .fallback = "sha256",
     .pattern = "sha256|sha384|sha512",
     .check = is_hash,
     .help = "what is stamped is this hash"},
    {.name = "tls",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct timestamp, common.tls),
     .sub = &tls_schema,
     .help = "whom to trust and who we are, for an https:// URL"},
    {.name = "proxy",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct timestamp, common.proxy),
     .sub = &proxy_schema,
     .help = "HTTP proxy on the way to the authority"},
    {.name = "timeouts",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct timestamp, common.timeouts),
     .sub = &stamp_timeouts_schema,
     .help = "how long to wait"},
};
static const struct schema timestamp_schema = {"timestamp",
                                               "who timestamps audit bundles",
                                               timestamp_fields,
                                               NITEMS(timestamp_fields),
                                               sizeof(struct timestamp),
                                               NO_OFFSET};

static const struct field paths_fields[] = {
    {.name = "allow_outside",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct config, allow_outside_paths),
     .fallback = "false",
     .help = "manifests may name files outside their own directory"},
};
static const struct schema paths_schema = {"paths",
                                           "where files of a batch may lie",
                                           paths_fields,
                                           NITEMS(paths_fields),
                                           sizeof(struct config),
                                           NO_OFFSET};

static const struct field config_fields[] = {
    {.name = "certbatch_config",
     .kind = FIELD_INT,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct config, version),
     .min = 1,
     .max = 1,
     .help = "version of this format: 1"},
    {.name = "cas",
     .kind = FIELD_NODE,
     .offset = NO_OFFSET,
     .custom = config_read_cas,
     .json = config_cas_json,
     .help = "the CAs, by the names manifests use"},
    {.name = "signing",
     .kind = FIELD_OBJECT_PTR,
     .offset = offsetof(struct config, signing),
     .sub = &signing_schema,
     .help = "who signs audit bundles"},
    {.name = "timestamp",
     .kind = FIELD_OBJECT_PTR,
     .offset = offsetof(struct config, timestamp),
     .sub = &timestamp_schema,
     .help = "who timestamps audit bundles"},
    {.name = "policy",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = offsetof(struct config, policy),
     .help = "policies of the site: packs by name, files by path; they count for every batch"},
    {.name = "paths",
     .kind = FIELD_OBJECT,
     .sub = &paths_schema,
     .help = "where files of a batch may lie"},
};
const struct schema config_schema = {"config",
                                     "CAs and settings of certbatch",
                                     config_fields,
                                     NITEMS(config_fields),
                                     sizeof(struct config),
                                     offsetof(struct config, node)};

/* --- reference --- */

static void put_type(struct jw *j, const struct ca_type *type)
{
    jw_object(j, NULL);
    jw_str(j, "title", type->title);
    const struct word only[] = {{type->type, 0, NULL}, {0}};
    const struct field kind = {.name = "type",
                               .kind = FIELD_WORD,
                               .flags = FIELD_REQUIRED,
                               .words = only,
                               .help = "kind of CA"};
    const struct schema named = {.name = "type", .fields = &kind, .nfields = 1};
    const struct schema *const parts[] = {&named, type->config, &ca_common_schema};
    schema_json_members(j, parts, NITEMS(parts));
    jw_end(j);
}

void config_cas_json(struct jw *j, const struct field *f)
{
    (void)f;
    jw_str(j, "type", "object");
    jw_object(j, "propertyNames");
    jw_str(j, "pattern", "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$");
    jw_end(j);
    jw_object(j, "additionalProperties");
    jw_array(j, "oneOf");
    for (const struct ca_type *const *t = ca_types; *t; t++) {
        put_type(j, *t);
    }
    jw_end(j);
    jw_end(j);
}

void config_schema_json(struct jw *j)
{
    schema_json(j, &config_schema, "urn:certbatch:schema:config:1");
}

void config_schema_roff(struct buf *out)
{
    schema_roff(out, &config_schema);
    schema_roff_under(out, &ca_common_schema, "cas.NAME");
    for (const struct ca_type *const *t = ca_types; *t; t++) {
        char prefix[96];
        (void)snprintf(prefix, sizeof prefix, "cas.NAME (%s)", (*t)->type);
        schema_roff_under(out, (*t)->config, prefix);
    }
}
