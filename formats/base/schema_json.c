/* SPDX-License-Identifier: Apache-2.0
 *
 * See schema.h: JSON Schema 2020-12 from the tables that validate. What the tables cannot say
 * (times that follow each other, names that exist) only the reader checks; whatever this schema
 * refuses, the reader refuses too or warns of.
 */
#include "formats/base/schema.h"

#include "formats/base/limits.h"
#include "formats/base/schema_scalar.h"
#include "formats/base/str.h"

#include <string.h>

static const char variable_pattern[] = "^[A-Za-z_][A-Za-z0-9_]*$";

static void put_text_limits(struct jw *j, const struct field *f)
{
    const struct scalar_kind *k = &scalar_kinds[f->kind];
    if (f->pattern) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_MESSAGE);
        buf_printf(&b, "^(?:%s)$", f->pattern);
        jw_str(j, "pattern", buf_text(&b));
    } else if (k->pattern) {
        jw_str(j, "pattern", k->pattern);
    }
    if (f->flags & FIELD_NONEMPTY) {
        jw_int(j, "minLength", 1);
    }
}

static void put_number_limits(struct jw *j, const struct field *f)
{
    jw_int(j, "minimum", f->min > 0 ? f->min : 0);
    if (f->max) {
        jw_int(j, "maximum", f->max);
    }
}

/* A spelling of digits is a number to YAML editors when it is not quoted. */
static void put_words(struct jw *j, const struct field *f)
{
    uint64_t number;
    jw_array(j, "enum");
    for (const struct word *w = f->words; w->text; w++) {
        jw_str(j, NULL, w->text);
    }
    for (const struct word *w = f->spellings; w && w->text; w++) {
        jw_str(j, NULL, w->text);
        if (str_u64(w->text, &number)) {
            jw_int(j, NULL, (int64_t)number);
        }
    }
    jw_end(j);
}

static void put_scalar(struct jw *j, const struct field *f)
{
    const char *type = scalar_kinds[f->kind].json_type;
    if (f->kind == FIELD_WORD && f->spellings) {
        put_words(j, f); /* of more than one type */
        return;
    }
    jw_str(j, "type", type);
    if (f->kind == FIELD_WORD) {
        put_words(j, f);
    } else if (strcmp(type, "string") == 0) {
        put_text_limits(j, f);
    } else if (strcmp(type, "boolean") != 0) {
        put_number_limits(j, f);
    }
}

static void put_list_limits(struct jw *j, const struct field *f)
{
    jw_str(j, "type", "array");
    if (f->flags & FIELD_NONEMPTY) {
        jw_int(j, "minItems", 1);
    }
}

static void put_one_string(struct jw *j, const struct field *f)
{
    struct field item = {.name = f->name,
                         .kind = FIELD_STRING,
                         .flags = f->flags & FIELD_NONEMPTY,
                         .pattern = f->pattern};
    put_scalar(j, &item);
}

static void put_strings_list(struct jw *j, const struct field *f)
{
    put_list_limits(j, f);
    jw_object(j, "items");
    put_one_string(j, f);
    jw_end(j);
}

static void put_strings(struct jw *j, const struct field *f)
{
    if (!(f->flags & FIELD_SCALAR_OR_LIST)) {
        put_strings_list(j, f);
        return;
    }
    jw_array(j, "oneOf");
    jw_object(j, NULL);
    put_one_string(j, f);
    jw_end(j);
    jw_object(j, NULL);
    put_strings_list(j, f);
    jw_end(j);
    jw_end(j);
}

static void put_members(struct jw *j, const struct field *f)
{
    schema_json_members(j, &f->sub, 1);
}

static void put_objects(struct jw *j, const struct field *f)
{
    put_list_limits(j, f);
    jw_object(j, "items");
    put_members(j, f);
    jw_end(j);
}

static void put_named(struct jw *j, const struct field *f)
{
    jw_str(j, "type", "object");
    if (f->flags & FIELD_NONEMPTY) {
        jw_int(j, "minProperties", 1);
    }
    if (f->pattern) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_MESSAGE);
        buf_printf(&b, "^(?:%s)$", f->pattern);
        jw_object(j, "propertyNames");
        jw_str(j, "pattern", buf_text(&b));
        jw_end(j);
    }
    jw_object(j, "additionalProperties");
    put_members(j, f);
    jw_end(j);
}

static void put_secret(struct jw *j, const struct field *f)
{
    (void)f;
    jw_str(j, "$ref", "#/$defs/secret");
}

typedef void put_fn(struct jw *j, const struct field *f);
static put_fn *const putters[FIELD__MAX] = {
    [FIELD_STRING] = put_scalar,   [FIELD_NAME] = put_scalar,
    [FIELD_PATH] = put_scalar,     [FIELD_INT] = put_scalar,
    [FIELD_BOOL] = put_scalar,     [FIELD_WORD] = put_scalar,
    [FIELD_DURATION] = put_scalar, [FIELD_TIME] = put_scalar,
    [FIELD_DATE] = put_scalar,     [FIELD_DECIMAL] = put_scalar,
    [FIELD_STRINGS] = put_strings, [FIELD_OBJECT] = put_members,
    [FIELD_OBJECTS] = put_objects, [FIELD_OBJECT_PTR] = put_members,
    [FIELD_NAMED] = put_named,     [FIELD_SECRET] = put_secret,
    [FIELD_NODE] = NULL, /* in schema_json_field */
};

/* A fragment of a FIELD_NODE stands beside the description: {"allOf": [fragment]}. */
static void put_fragment(struct jw *j, const struct field *f)
{
    if (f->json) {
        f->json(j, f);
    } else if (f->json_schema) {
        jw_array(j, "allOf");
        jw_raw(j, NULL, f->json_schema);
        jw_end(j);
    }
}

void schema_json_field(struct jw *j, const struct field *f)
{
    jw_object(j, f->name);
    if (f->help) {
        jw_str(j, "description", f->help);
    }
    if (f->kind == FIELD_NODE) {
        put_fragment(j, f);
    } else {
        putters[f->kind](j, f);
    }
    if (f->fallback && scalar_kinds[f->kind].json_type) {
        if (strcmp(scalar_kinds[f->kind].json_type, "string") == 0) {
            jw_str(j, "default", f->fallback);
        } else {
            jw_raw(j, "default", f->fallback);
        }
    }
    jw_end(j);
}

static void put_required(struct jw *j, const struct schema *const *schemas, size_t n)
{
    jw_array(j, "required");
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < schemas[k]->nfields; i++) {
            if (schemas[k]->fields[i].flags & FIELD_REQUIRED) {
                jw_str(j, NULL, schemas[k]->fields[i].name);
            }
        }
    }
    jw_end(j);
}

static size_t count_marked(const struct schema *s, unsigned flag)
{
    size_t n = 0;
    for (size_t i = 0; i < s->nfields; i++) {
        n += (s->fields[i].flags & flag) != 0;
    }
    return n;
}

static void put_requires(struct jw *j, const char *key, const char *a, const char *b)
{
    jw_object(j, key);
    jw_array(j, "required");
    jw_str(j, NULL, a);
    if (b) {
        jw_str(j, NULL, b);
    }
    jw_end(j);
    jw_end(j);
}

static void put_one_of(struct jw *j, const struct schema *s)
{
    if (count_marked(s, FIELD_ONE_OF) == 0) {
        return;
    }
    jw_array(j, "oneOf");
    for (size_t i = 0; i < s->nfields; i++) {
        if (s->fields[i].flags & FIELD_ONE_OF) {
            put_requires(j, NULL, s->fields[i].name, NULL);
        }
    }
    jw_end(j);
}

/* No two of the marked keys: one "not" for each pair. */
static void put_not_both(struct jw *j, const struct schema *s)
{
    if (count_marked(s, FIELD_NOT_BOTH) < 2) {
        return;
    }
    jw_array(j, "allOf");
    for (size_t i = 0; i < s->nfields; i++) {
        for (size_t k = i + 1; k < s->nfields; k++) {
            if (s->fields[i].flags & s->fields[k].flags & FIELD_NOT_BOTH) {
                jw_object(j, NULL);
                put_requires(j, "not", s->fields[i].name, s->fields[k].name);
                jw_end(j);
            }
        }
    }
    jw_end(j);
}

void schema_json_members(struct jw *j, const struct schema *const *schemas, size_t n)
{
    jw_str(j, "type", "object");
    jw_bool(j, "additionalProperties", false);
    put_required(j, schemas, n);
    for (size_t k = 0; k < n; k++) {
        put_one_of(j, schemas[k]);
        put_not_both(j, schemas[k]);
    }
    jw_object(j, "properties");
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < schemas[k]->nfields; i++) {
            schema_json_field(j, &schemas[k]->fields[i]);
        }
    }
    jw_end(j);
}

void schema_json_head(struct jw *j, const char *id, const char *title, const char *help)
{
    jw_str(j, "$schema", "https://json-schema.org/draft/2020-12/schema");
    jw_str(j, "$id", id);
    jw_str(j, "title", title);
    jw_str(j, "description", help);
}

static void put_secret_form(struct jw *j, const char *key, const char *help, const char *pattern)
{
    jw_object(j, NULL);
    jw_str(j, "type", "object");
    jw_bool(j, "additionalProperties", false);
    jw_array(j, "required");
    jw_str(j, NULL, key);
    jw_end(j);
    jw_object(j, "properties");
    jw_object(j, key);
    jw_str(j, "description", help);
    bool list = strcmp(key, "command") == 0;
    jw_str(j, "type", list ? "array" : "string");
    jw_int(j, list ? "minItems" : "minLength", 1);
    if (pattern) {
        jw_str(j, "pattern", pattern);
    }
    if (list) {
        jw_raw(j, "items", "{\"type\": \"string\", \"minLength\": 1}");
    }
    jw_end(j);
    jw_end(j);
    jw_end(j);
}

void schema_json_defs(struct jw *j)
{
    jw_object(j, "$defs");
    jw_object(j, "secret");
    jw_str(j, "description", "where a secret is read from; the secret itself is never written");
    jw_array(j, "oneOf");
    put_secret_form(j, "env", "name of an environment variable", variable_pattern);
    put_secret_form(j, "file", "path of a file that only its owner can read", NULL);
    put_secret_form(j, "command", "program and arguments; its output is the secret", NULL);
    jw_end(j);
    jw_end(j);
    jw_end(j);
}

void schema_json(struct jw *j, const struct schema *schema, const char *id)
{
    jw_object(j, NULL);
    schema_json_head(j, id, schema->name, schema->help);
    schema_json_members(j, &schema, 1);
    schema_json_defs(j);
    jw_end(j);
}
