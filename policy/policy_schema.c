/* SPDX-License-Identifier: Apache-2.0
 *
 * The policy language as schema tables: every key, its type, its range, its help. Nothing is
 * decided here; policy_load.c reads files through these tables, `certbatch schema policy` and the
 * man page print them.
 */
#include "policy/engine.h"

#include "formats/base/str.h"
#include "formats/crl.h"

#include <string.h>

const char policy_schema_id[] = "urn:certbatch:schema:policy:1";

/* clang-format off */
const struct word policy_level_words[] = {
    {"tls", LEVEL_TLS, "public server certificate, the level is the product's"},
    {"dv", LEVEL_DV, "domain validated"},
    {"ov", LEVEL_OV, "organization validated"},
    {"iv", LEVEL_IV, "individual validated"},
    {"ev", LEVEL_EV, "extended validation"},
    {"smime", LEVEL_SMIME, "S/MIME"},
    {"private", LEVEL_PRIVATE, "private PKI"},
    {0}};
_Static_assert(NITEMS(policy_level_words) == LEVEL__MAX, "a word for every level but none");

static const unsigned level_scopes[] = {
    [LEVEL_NONE] = SCOPE_TLS,     [LEVEL_TLS] = SCOPE_TLS,        [LEVEL_DV] = SCOPE_DV,
    [LEVEL_OV] = SCOPE_OV,        [LEVEL_IV] = SCOPE_IV,          [LEVEL_EV] = SCOPE_EV,
    [LEVEL_SMIME] = SCOPE_SMIME,  [LEVEL_PRIVATE] = SCOPE_PRIVATE};
/* clang-format on */
_Static_assert(NITEMS(level_scopes) == LEVEL__MAX, "a scope for every level");

unsigned policy_level_scope(enum policy_level level)
{
    return level_scopes[level];
}

enum policy_level policy_level_parse(const char *text)
{
    for (const struct word *w = policy_level_words; w->text; w++) {
        if (str_eq(w->text, text)) {
            return (enum policy_level)w->value;
        }
    }
    return LEVEL_NONE;
}

const char *policy_level_name(enum policy_level level)
{
    return level == LEVEL_NONE ? NULL : policy_level_words[level - 1].text;
}

static const struct word mode_words[] = {
    {"enforce", MODE_ENFORCE, "errors block the item"},
    {"audit", MODE_AUDIT, "findings are at most warnings, and nothing may be ordered"},
    {0}};
static const struct word max_severity_words[] = {
    {"info", SEV_INFO, "a warning already blocks the item"},
    {"warning", SEV_WARNING, "only an error blocks the item"},
    {0}};

#define MATCHERS_JSON                                                                              \
    "{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"array\",\"items\":" MATCHER_JSON                  \
    "},{\"type\":\"object\",\"additionalProperties\":false,\"minProperties\":1,\"properties\":"    \
    "{\"add\":{\"type\":\"array\",\"items\":" MATCHER_JSON                                         \
    "},\"remove\":{\"type\":\"array\",\"items\":" MATCHER_JSON "}}}]}"
#define MATCHER_JSON                                                                               \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"                         \
    "\"exact\":{\"type\":\"string\"},\"tree\":{\"type\":\"string\"},\"glob\":{\"type\":"           \
    "\"string\"},\"cidr\":{\"type\":\"string\"},\"regex\":{\"type\":\"string\"},"                  \
    "\"why\":{\"type\":\"string\"}}}"
#define SEVERITY_JSON "{\"enum\":[\"disabled\",\"info\",\"warning\",\"error\"]}"

/* Whether a key of a sample item has the kind of value its JSON Schema says. */
static void check_kind(struct schema_ctx *ctx, const struct ynode *n, void *target UNUSED)
{
    static const struct {
        const char *keys, *must;
        uint8_t kind;
    } kinds[] = {{" ev dcv smime fields replaces ", "a mapping, as in a manifest", YAML_MAPPING},
                 {" outputs drop ", "a list, as in a manifest", YAML_SEQUENCE}};
    const char *key = arena_printf(ctx->arena, " %s ", n->key);
    const char *must = "one value, as in a manifest";
    uint8_t kind = YAML_SCALAR;
    for (size_t i = 0; i < NITEMS(kinds); i++) {
        if (strstr(kinds[i].keys, key)) {
            kind = kinds[i].kind;
            must = kinds[i].must;
        }
    }
    if (n->kind != kind || (kind == YAML_SCALAR && !n->text[0])) {
        schema_problem(ctx, n, "'%s' must be %s", n->key, must);
    }
}

/* clang-format off */
static const struct field wildcard_fields[] = {
    {.name = "allow", .kind = FIELD_BOOL, .flags = FIELD_REQUIRED,
     .offset = offsetof(struct wildcard_text, allow), .help = "may names begin with *."},
    {.name = "zones", .kind = FIELD_STRINGS, .offset = offsetof(struct wildcard_text, zones),
     .help = "only directly below these names; absent: anywhere"},
};
static const struct schema wildcard_schema = {
    "wildcard", "wildcard names", wildcard_fields, NITEMS(wildcard_fields),
    sizeof(struct wildcard_text), offsetof(struct wildcard_text, node)};

static const struct field name_fields[] = {
    {.name = "allow", .kind = FIELD_NODE, .offset = offsetof(struct name_text, allow),
     .json_schema = MATCHERS_JSON,
     .help = "names that are allowed; an empty list allows none, an absent one all"},
    {.name = "deny", .kind = FIELD_NODE, .offset = offsetof(struct name_text, deny),
     .json_schema = MATCHERS_JSON, .help = "names that are refused; deny beats allow"},
    {.name = "wildcard", .kind = FIELD_OBJECT_PTR, .sub = &wildcard_schema,
     .offset = offsetof(struct name_text, wildcard), .help = "wildcard names (dns)"},
};
static const struct schema name_schema = {
    "name", "names of one type", name_fields, NITEMS(name_fields), sizeof(struct name_text),
    offsetof(struct name_text, node)};

#define NAME_TYPE(n, i)                                                                            \
    {.name = n, .kind = FIELD_OBJECT_PTR, .sub = &name_schema,                                     \
     .offset = offsetof(struct names_text, types) + (i) * sizeof(struct name_text *),              \
     .help = n " names"}
static const struct field names_fields[] = {
    NAME_TYPE("dns", NAME_POLICY_DNS),
    NAME_TYPE("ip", NAME_POLICY_IP),
    NAME_TYPE("email", NAME_POLICY_EMAIL),
    NAME_TYPE("uri", NAME_POLICY_URI),
};
_Static_assert(NITEMS(names_fields) == NAME_POLICY__MAX, "a key for every name type");
static const struct schema names_schema = {"names", "which names may be asked for", names_fields,
                                           NITEMS(names_fields), sizeof(struct names_text),
                                           NO_OFFSET};

static const struct field subject_fields[] = {
    {.name = "required", .kind = FIELD_BOOL, .offset = offsetof(struct subject_text, required),
     .help = "the attribute must be present"},
    {.name = "allowed", .kind = FIELD_STRINGS, .offset = offsetof(struct subject_text, allowed),
     .help = "the only values it may have, as written"},
    {.name = "allow", .kind = FIELD_NODE, .offset = offsetof(struct subject_text, allow),
     .json_schema = MATCHERS_JSON, .help = "values it may have, as matchers"},
    {.name = "deny", .kind = FIELD_NODE, .offset = offsetof(struct subject_text, deny),
     .json_schema = MATCHERS_JSON, .help = "values it may not have"},
};
static const struct schema subject_schema = {
    "attribute", "one attribute of the subject", subject_fields, NITEMS(subject_fields),
    sizeof(struct subject_text), offsetof(struct subject_text, node)};

static const struct field ticket_fields[] = {
    {.name = "required", .kind = FIELD_NODE, .offset = offsetof(struct ticket_text, required),
     .json_schema = "{\"type\":\"boolean\"}", .help = "a batch names its change ticket"},
    {.name = "pattern", .kind = FIELD_NODE, .offset = offsetof(struct ticket_text, pattern),
     .json_schema = "{\"type\":\"string\"}", .help = "PCRE2 pattern of ticket numbers"},
    {.name = "max-age", .kind = FIELD_NODE, .offset = offsetof(struct ticket_text, max_age),
     .json_schema = "{\"type\":\"integer\",\"minimum\":1}",
     .help = "days an approval stays good"},
};
static const struct schema ticket_schema = {"ticket", "the change ticket of a batch",
                                            ticket_fields, NITEMS(ticket_fields),
                                            sizeof(struct ticket_text), NO_OFFSET};

static const struct field validity_fields[] = {
    {.name = "days", .kind = FIELD_INT, .flags = FIELD_REQUIRED, .min = 1, .max = 36500,
     .offset = offsetof(struct validity_text, days), .help = "longest validity to be asked for"},
};
static const struct schema validity_schema = {"validity", "how long certificates may live",
                                              validity_fields, NITEMS(validity_fields),
                                              sizeof(struct validity_text), NO_OFFSET};

static const struct field product_fields[] = {
    {.name = "ca", .kind = FIELD_STRING, .flags = FIELD_REQUIRED,
     .offset = offsetof(struct product_text, ca), .help = "name of the CA in the config"},
    {.name = "code", .kind = FIELD_STRING, .flags = FIELD_REQUIRED,
     .offset = offsetof(struct product_text, code), .help = "product code or name"},
};
static const struct schema product_schema = {
    "product", "a product this profile is for", product_fields, NITEMS(product_fields),
    sizeof(struct product_text), offsetof(struct product_text, node)};

/* What the top of a file and a profile have in common. */
#define SETTINGS(type, member)                                                                     \
    {.name = "level", .kind = FIELD_WORD, .words = policy_level_words,                             \
     .offset = offsetof(type, member.level),                                                       \
     .help = "kind of certificate; decides which rules apply"},                                    \
    {.name = "mode", .kind = FIELD_WORD, .words = mode_words,                                      \
     .offset = offsetof(type, member.mode), .help = "enforce, or only look"},                      \
    {.name = "max-severity", .kind = FIELD_WORD, .words = max_severity_words,                      \
     .offset = offsetof(type, member.max_severity),                                                \
     .help = "worst finding an item may be ordered with (default warning)"},                       \
    {.name = "require-data", .kind = FIELD_NODE, .offset = offsetof(type, member.require_data),    \
     .json_schema = "{\"type\":\"boolean\"}",                                                      \
     .help = "a rule without its data file is an error"},                                          \
    {.name = "inline-waivers", .kind = FIELD_NODE,                                                 \
     .offset = offsetof(type, member.inline_waivers),                                              \
     .json_schema = "{\"type\":\"boolean\"}",                                                      \
     .help = "comments in a manifest may accept findings (default false)"},                        \
    {.name = "validity", .kind = FIELD_OBJECT_PTR, .sub = &validity_schema,                        \
     .offset = offsetof(type, member.validity), .help = "how long certificates may live"},         \
    {.name = "rules", .kind = FIELD_NODE, .offset = offsetof(type, member.rules),                  \
     .json_schema = "{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":[" SEVERITY_JSON     \
                    ",{\"type\":\"null\"},{\"type\":\"object\"}]}}",                               \
     .help = "rule id: severity, or mapping of severity, parameters, steps, unsuppressable"},             \
    {.name = "names", .kind = FIELD_OBJECT_PTR, .sub = &names_schema,                              \
     .offset = offsetof(type, member.names), .help = "which names may be asked for"},              \
    {.name = "subject", .kind = FIELD_NAMED, .sub = &subject_schema,                               \
     .offset = offsetof(type, member.subject), .help = "attribute (O, C, ...): what it may say"},  \
    {.name = "ticket", .kind = FIELD_OBJECT_PTR, .sub = &ticket_schema,                            \
     .offset = offsetof(type, member.ticket), .help = "the change ticket of a batch"}

static const struct field profile_fields[] = {
    {.name = "extends", .kind = FIELD_STRINGS, .flags = FIELD_SCALAR_OR_LIST,
     .offset = offsetof(struct profile_text, set.extends),
     .help = "profiles or packs this one builds on; later wins"},
    {.name = "abstract", .kind = FIELD_BOOL, .offset = offsetof(struct profile_text, set.abstract),
     .help = "only to be extended, never used by an item"},
    {.name = "products", .kind = FIELD_OBJECTS, .sub = &product_schema,
     .offset = offsetof(struct profile_text, set.products),
     .help = "products that may be ordered; also choose the profile of an item"},
    {.name = "organization", .kind = FIELD_STRING, .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct profile_text, set.organization),
     .help = "record of `organizations` its items are for, unless they name another"},
    SETTINGS(struct profile_text, set),
};
static const struct schema profile_schema = {
    "profile", "what one kind of certificate must look like", profile_fields,
    NITEMS(profile_fields), sizeof(struct profile_text), offsetof(struct profile_text, set.node)};

static const struct field match_fields[] = {
    {.name = "item", .kind = FIELD_STRING, .offset = offsetof(struct match_text, item),
     .help = "item id; * and ? are wildcards"},
    {.name = "names", .kind = FIELD_STRINGS, .offset = offsetof(struct match_text, names),
     .help = "names the finding, or its item, is about"},
    {.name = "spki", .kind = FIELD_STRING, .offset = offsetof(struct match_text, spki),
     .pattern = "[0-9a-fA-F]{64}", .help = "SHA-256 of the public key"},
    {.name = "serial", .kind = FIELD_STRING, .offset = offsetof(struct match_text, serial),
     .help = "serial number of the certificate"},
};
static const struct schema match_schema = {"match", "what a waiver covers", match_fields,
                                           NITEMS(match_fields), sizeof(struct match_text),
                                           NO_OFFSET};

/* Nothing is required by the schema: policy.waiver.incomplete says what is missing, all at once. */
static const struct field waiver_fields[] = {
    {.name = "id", .kind = FIELD_NAME, .flags = FIELD_REQUIRED,
     .offset = offsetof(struct waiver_text, id), .help = "name of the waiver"},
    {.name = "rules", .kind = FIELD_STRINGS, .offset = offsetof(struct waiver_text, rules),
     .help = "rules it waives"},
    {.name = "profiles", .kind = FIELD_STRINGS, .offset = offsetof(struct waiver_text, profiles),
     .help = "only in these profiles"},
    {.name = "match", .kind = FIELD_OBJECT_PTR, .sub = &match_schema,
     .offset = offsetof(struct waiver_text, match), .help = "what it covers; all keys must match"},
    {.name = "reason", .kind = FIELD_STRING, .offset = offsetof(struct waiver_text, reason),
     .help = "why, in at least ten characters"},
    {.name = "ticket", .kind = FIELD_STRING, .offset = offsetof(struct waiver_text, ticket),
     .help = "change or risk ticket"},
    {.name = "approver", .kind = FIELD_STRING, .offset = offsetof(struct waiver_text, approver),
     .help = "who accepted the risk; not the requester of the batch"},
    {.name = "created", .kind = FIELD_DATE, .offset = offsetof(struct waiver_text, created),
     .help = "first day it is in force"},
    {.name = "expires", .kind = FIELD_DATE, .offset = offsetof(struct waiver_text, expires),
     .help = "first day it is no longer in force; at most 180 days after created"},
};
static const struct schema waiver_schema = {
    "waiver", "findings that are accepted for a time", waiver_fields, NITEMS(waiver_fields),
    sizeof(struct waiver_text), offsetof(struct waiver_text, node)};

#define READ_BY_RULES(key, type)                                                                   \
    {.name = key, .kind = FIELD_NODE, .offset = NO_OFFSET, .custom = check_kind,                   \
     .json_schema = "{\"type\":\"" type "\"}", .help = "as in a manifest"}
static const struct field sample_item_fields[] = {
    {.name = "profile", .kind = FIELD_STRING, .offset = offsetof(struct sample_item, profile),
     .help = "profile that judges it"},
    {.name = "ca", .kind = FIELD_STRING, .offset = offsetof(struct sample_item, ca),
     .help = "name of the CA"},
    {.name = "product", .kind = FIELD_STRING, .offset = offsetof(struct sample_item, product),
     .help = "product code or name"},
    {.name = "action", .kind = FIELD_STRING, .fallback = "new",
     .offset = offsetof(struct sample_item, action), .help = "new, renew, reissue or revoke"},
    {.name = "common_name", .kind = FIELD_STRING,
     .offset = offsetof(struct sample_item, common_name), .help = "as in a manifest"},
    {.name = "san", .kind = FIELD_STRINGS, .flags = FIELD_SCALAR_OR_LIST,
     .offset = offsetof(struct sample_item, san), .help = "as in a manifest"},
    {.name = "subject", .kind = FIELD_NODE, .offset = offsetof(struct sample_item, subject),
     .json_schema = "{\"type\":\"object\",\"additionalProperties\":"
                    "{\"type\":[\"string\",\"array\"]}}",
     .help = "as in a manifest"},
    {.name = "key", .kind = FIELD_STRING, .offset = offsetof(struct sample_item, key),
     .help = "key to be generated, such as rsa-3072"},
    {.name = "csr", .kind = FIELD_PATH, .offset = offsetof(struct sample_item, csr),
     .help = "CSR file, relative to the policy"},
    {.name = "validity", .kind = FIELD_DURATION,
     .offset = offsetof(struct sample_item, validity), .help = "validity asked for"},
    {.name = "order_date", .kind = FIELD_TIME,
     .offset = offsetof(struct sample_item, order_date), .help = "date it is judged at"},
    {.name = "certificate", .kind = FIELD_PATH,
     .offset = offsetof(struct sample_item, certificate),
     .help = "certificate to be revoked or renewed, relative to the policy"},
    {.name = "serial", .kind = FIELD_STRING, .offset = offsetof(struct sample_item, serial),
     .help = "serial number of the certificate to be revoked"},
    {.name = "reason", .kind = FIELD_WORD, .words = revocation_reason_words,
     .offset = offsetof(struct sample_item, reason), .help = "revocation reason"},
    {.name = "change", .kind = FIELD_NODE, .offset = offsetof(struct sample_item, change),
     .json_schema = "{\"type\":\"object\"}", .help = "the change of its manifest"},
    /* read by rules, by path; what a manifest may say there is the manifest's schema */
    READ_BY_RULES("ev", "object"),
    READ_BY_RULES("dcv", "object"),
    READ_BY_RULES("smime", "object"),
    READ_BY_RULES("fields", "object"),
    READ_BY_RULES("replaces", "object"),
    READ_BY_RULES("outputs", "array"),
    READ_BY_RULES("drop", "array"),
    READ_BY_RULES("organization", "string"),
    READ_BY_RULES("key_origin", "string"),
    READ_BY_RULES("key_file", "string"),
    READ_BY_RULES("reuse_key", "boolean"),
    READ_BY_RULES("sid", "string"),
    READ_BY_RULES("comment", "string"),
    READ_BY_RULES("order", "string"),
    READ_BY_RULES("after", "string"),
    READ_BY_RULES("invalidity_date", "string"),
    READ_BY_RULES("incident", "string"),
    READ_BY_RULES("replaced_by", "string"),
    READ_BY_RULES("situation", "integer"),
    READ_BY_RULES("known_since", "string"),
};
const struct schema sample_item_schema = {
    "item", "an order or revocation as the policy sees it", sample_item_fields, NITEMS(sample_item_fields),
    sizeof(struct sample_item), offsetof(struct sample_item, node)};

static const struct field sample_fields[] = {
    {.name = "accept", .kind = FIELD_OBJECT_PTR, .sub = &sample_item_schema,
     .offset = offsetof(struct sample_text, accept), .help = "must pass"},
    {.name = "reject", .kind = FIELD_OBJECT_PTR, .sub = &sample_item_schema,
     .offset = offsetof(struct sample_text, reject), .help = "must not pass"},
    {.name = "by", .kind = FIELD_STRING, .offset = offsetof(struct sample_text, by),
     .help = "rule that must reject it"},
};
static const struct schema sample_schema = {
    "sample", "a test of the policy itself", sample_fields, NITEMS(sample_fields),
    sizeof(struct sample_text), offsetof(struct sample_text, node)};

static const struct field data_fields[] = {
    {.name = "files", .kind = FIELD_STRINGS, .flags = FIELD_REQUIRED | FIELD_SCALAR_OR_LIST,
     .offset = offsetof(struct data_text, files), .help = "relative to the policy"},
    {.name = "sha256", .kind = FIELD_STRING, .pattern = "[0-9a-fA-F]{64}",
     .offset = offsetof(struct data_text, sha256),
     .help = "digest the (single) file must have"},
    {.name = "updated", .kind = FIELD_DATE, .offset = offsetof(struct data_text, updated),
     .help = "day the data was taken"},
    {.name = "max-age", .kind = FIELD_DURATION, .offset = offsetof(struct data_text, max_age),
     .help = "how long after `updated` it counts as fresh"},
};
static const struct schema data_schema = {
    "data", "data files of rules", data_fields, NITEMS(data_fields), sizeof(struct data_text),
    offsetof(struct data_text, node)};

static const struct field policy_fields[] = {
    {.name = "certbatch_policy", .kind = FIELD_INT, .flags = FIELD_REQUIRED, .min = 1, .max = 1,
     .offset = offsetof(struct policy_file, version), .help = "version of the policy language: 1"},
    {.name = "name", .kind = FIELD_NAME, .flags = FIELD_REQUIRED,
     .offset = offsetof(struct policy_file, name), .help = "name of the policy"},
    {.name = "version", .kind = FIELD_STRING, .offset = offsetof(struct policy_file, revision),
     .help = "revision of the policy, in your own numbering"},
    {.name = "owner", .kind = FIELD_STRING, .offset = offsetof(struct policy_file, owner),
     .help = "who answers for it"},
    {.name = "description", .kind = FIELD_STRING,
     .offset = offsetof(struct policy_file, description), .help = "what it is for"},
    {.name = "extends", .kind = FIELD_STRINGS, .flags = FIELD_SCALAR_OR_LIST,
     .offset = offsetof(struct policy_file, base.extends),
     .help = "packs or policy files this one builds on; later wins"},
    {.name = "data", .kind = FIELD_NAMED, .sub = &data_schema,
     .offset = offsetof(struct policy_file, data), .help = "blocklist, known-public, debian-weak"},
    {.name = "organizations", .kind = FIELD_NAMED, .sub = &organization_schema,
     .offset = offsetof(struct policy_file, organizations),
     .help = "the organizations certificates are ordered for, by a name items can say"},
    {.name = "calendars", .kind = FIELD_NODE, .offset = NO_OFFSET, .custom = calendars_read,
     .json_schema = calendars_json_schema,
     .help = "name: list of {from, to, why}; half-open times of freezes and holidays"},
    SETTINGS(struct policy_file, base),
    {.name = "profiles", .kind = FIELD_NAMED, .sub = &profile_schema,
     .offset = offsetof(struct policy_file, profiles), .help = "kinds of certificates"},
    {.name = "waivers", .kind = FIELD_OBJECTS, .sub = &waiver_schema,
     .offset = offsetof(struct policy_file, waivers), .help = "findings accepted for a time"},
    {.name = "samples", .kind = FIELD_OBJECTS, .sub = &sample_schema,
     .offset = offsetof(struct policy_file, samples), .help = "tests of the policy itself"},
};
const struct schema policy_schema = {
    "policy", "certbatch policy", policy_fields, NITEMS(policy_fields), sizeof(struct policy_file),
    offsetof(struct policy_file, base.node)};
/* clang-format on */
