/* SPDX-License-Identifier: Apache-2.0
 *
 * See emca_map.h.
 */
#include "batch/ca/emca_map.h"

#include "formats/base/str.h"

#include <string.h>

const char *const emca_operation_names[EMCA_OP__MAX] = {
    [EMCA_OP_TOKEN] = "token",       [EMCA_OP_ORDER] = "order", [EMCA_OP_POLL] = "poll",
    [EMCA_OP_REVOKE] = "revoke",     [EMCA_OP_HOLD] = "hold",   [EMCA_OP_STATE] = "state",
    [EMCA_OP_PROFILES] = "profiles", [EMCA_OP_PROBE] = "probe",
};

/* --- the file --- */
static bool is_call(const char *text, const char **why)
{
    static const char *const methods[] = {"GET /", "POST /", "PUT /", "DELETE /"};
    for (size_t i = 0; i < NITEMS(methods); i++) {
        if (str_starts(text, methods[i])) {
            return true;
        }
    }
    *why = "must be a method and a path: \"POST /auth/token\"";
    return false;
}

static bool is_pointer(const char *text, const char **why)
{
    *why = "must be a JSON pointer (RFC 6901): \"/result/certificate\"";
    return !*text || *text == '/';
}

static bool is_operation(const char *text, const char **why)
{
    for (size_t i = 0; i < EMCA_OP__MAX; i++) {
        if (str_eq(text, emca_operation_names[i])) {
            return true;
        }
    }
    *why = "must be token, order, poll, revoke, hold, state, profiles or probe";
    return false;
}

static bool is_header(const char *text, const char **why)
{
    const size_t name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-");
    *why = "must be \"Name: value\"";
    return name && text[name] == ':' && text[name + 1] == ' ';
}

#define ROW struct emca_operation_row
#define POINTER(member_, help_)                                                                    \
    {                                                                                              \
        .name = #member_, .kind = FIELD_STRING, .offset = offsetof(ROW, member_),                  \
        .check = is_pointer, .help = (help_)                                                       \
    }
#define VALUES(member_, help_)                                                                     \
    {                                                                                              \
        .name = #member_, .kind = FIELD_STRINGS, .flags = FIELD_SCALAR_OR_LIST,                    \
        .offset = offsetof(ROW, member_), .help = (help_)                                          \
    }
static const struct field operation_fields[] = {
    {.name = "call",
     .kind = FIELD_STRING,
     .flags = FIELD_REQUIRED | FIELD_NONEMPTY,
     .offset = offsetof(ROW, call),
     .check = is_call,
     .help = "method and path, behind base_url"},
    {.name = "headers",
     .kind = FIELD_STRINGS,
     .offset = offsetof(ROW, headers),
     .check = is_header,
     .help = "beside Authorization, Accept and Content-Type"},
    SETTING_TEXT(ROW, body, "JSON, with ${words} inside its strings"),
    POINTER(status, "where the answer says how it went"),
    VALUES(success, "what it says there when it was carried out"),
    VALUES(failure, "what it says there when it was not, and nothing is left of it"),
    VALUES(pending, "what it says there while somebody has to agree"),
    VALUES(revoked, "state: what it says there of a certificate that is revoked"),
    VALUES(held, "state: and of one that is suspended"),
    VALUES(refused_http, "status codes of HTTP that mean the same as failure"),
    POINTER(certificate, "where the certificate stands: Base64, PKCS#7 or PEM"),
    POINTER(order_id, "where the number of the order stands"),
    POINTER(message, "where the words of a refusal stand"),
    POINTER(token, "token: where it stands"),
    POINTER(expires_in, "token: where its life in seconds stands"),
    POINTER(list, "profiles: where the list stands"),
    POINTER(code, "profiles: the code, in an element"),
    POINTER(title, "profiles: the name, in an element"),
};
static const struct schema operation_schema = {
    "operation", "one call", operation_fields, NITEMS(operation_fields), sizeof(ROW), NO_OFFSET};

static const struct field map_fields[] = {
    {.name = "emca_endpoint_map",
     .kind = FIELD_INT,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct emca_map, version),
     .min = 1,
     .max = 1,
     .help = "version of this form"},
    SETTING_TEXT(struct emca_map, title, "which emCA it is for"),
    SETTING_BOOL(struct emca_map, verified, "false", "somebody has tried it against that emCA"),
    SETTING_BOOL(struct emca_map, replays_application_id, "false",
                 "an order with an application id that was seen gets the same certificate"),
    SETTING_INT(struct emca_map, token_seconds, "1200", 60, 86400,
                "life of a token whose answer does not tell it"),
    {.name = "operations",
     .kind = FIELD_NAMED,
     .flags = FIELD_REQUIRED | FIELD_NONEMPTY,
     .offset = offsetof(struct emca_map, operations),
     .sub = &operation_schema,
     .check = is_operation,
     .help = "token, order, poll, revoke, hold, state, profiles, probe"},
};
static const struct schema map_schema = {"emca-map",         "endpoint map of emCA",  map_fields,
                                         NITEMS(map_fields), sizeof(struct emca_map), NO_OFFSET};

/* --- templates --- */
static bool check_text(struct arena *a, const ROW *row, const char *text, bool secrets,
                       struct err *err)
{
    const char *word = text ? emca_strange_word(a, text, secrets) : NULL;
    return !word ||
           err_set(err, ERR_INPUT, "operation %s: ${%s} stands for nothing here", row->name, word);
}

static bool check_row(struct arena *a, const ROW *row, struct err *err)
{
    const bool token = str_eq(row->name, emca_operation_names[EMCA_OP_TOKEN]);
    for (size_t i = 0; i < row->headers.n; i++) {
        if (!check_text(a, row, row->headers.v[i], false, err)) {
            return false;
        }
    }
    if (token && !row->token) {
        return err_set(err, ERR_INPUT, "operation token: it does not tell where the token stands");
    }
    return check_text(a, row, row->call, false, err) && check_text(a, row, row->body, token, err);
}

static bool index_rows(struct arena *a, struct emca_map *m, struct err *err)
{
    const ROW *v = m->operations.v;
    for (size_t i = 0; i < m->operations.n; i++) {
        for (size_t op = 0; op < EMCA_OP__MAX; op++) {
            m->rows[op] = str_eq(v[i].name, emca_operation_names[op]) ? &v[i] : m->rows[op];
        }
        if (!check_row(a, &v[i], err)) {
            return false;
        }
    }
    return m->rows[EMCA_OP_TOKEN] ||
           err_set(err, ERR_INPUT, "it has no operation token, and without one nothing is let in");
}

bool emca_map_read(struct arena *a, const char *name, struct span text, struct emca_map *out,
                   struct err *err)
{
    struct ynode *root;
    struct findings found = FINDINGS_INIT;
    struct schema_ctx ctx = {name, &shape_config, a, &found};
    const bool strict = yaml_parse(name, text, &shape_config, a, &found, &root);
    bool ok = root && schema_read(&ctx, &map_schema, root, out) && strict;
    if (!ok) {
        err_set(err, ERR_INPUT, "%s:%u: %s", name, found.n ? found.v[0].line : 0,
                found.n ? found.v[0].message : "it is not an endpoint map");
    } else {
        ok = index_rows(a, out, err) || err_wrap(err, "%s", name);
    }
    findings_release(&found);
    return ok;
}

/* --- JSON pointers --- */
static bool same_token(const char *key, const char *token, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = token[i];
        if (c == '~' && i + 1 < n) { /* RFC 6901, section 4 */
            c = token[++i] == '1' ? '/' : '~';
        }
        if (*key++ != c) {
            return false;
        }
    }
    return !*key;
}

static const json_t *member(const json_t *v, const char *token, size_t n)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *key;
    json_t *child;
    uint64_t at = 0;
    if (json_is_array(v)) {
        return str_u64(arena_strndup(&a, token, n), &at) ? json_array_get(v, (size_t)at) : NULL;
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, child)
    {
        if (same_token(key, token, n)) {
            return child;
        }
    }
    return NULL;
}

const json_t *emca_pointer(const json_t *root, const char *pointer)
{
    while (root && pointer && *pointer == '/') {
        const size_t n = strcspn(pointer + 1, "/");
        root = member(root, pointer + 1, n);
        pointer += n + 1;
    }
    return pointer ? root : NULL;
}
