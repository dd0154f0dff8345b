/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON records as a table, see import_parts.h: {"result": [...]} and {"records": [...]} of
 * ServiceNow, {"issues": [{"key", "fields"}]} of Jira, or a bare record or list of them.
 *
 * A value may be an object. {"display_value", "value"} becomes two columns, NAME with what people
 * see and "NAME (UTC)" with the value, because ServiceNow keeps times in UTC there; of a person
 * Jira tells displayName and emailAddress, of an option value or name.
 */
#include "batch/import_parts.h"

#include "formats/base/json_in.h"
#include "formats/base/limits.h"

#include <stdlib.h>
#include <string.h>

struct table {
    struct arena *arena;
    struct rows *out;
    struct strlist heads;
    struct cell *cells; /* of the row */
    size_t n, cap;
};

static uint32_t column_of(struct table *t, const char *head)
{
    for (size_t i = 0; i < t->heads.n; i++) {
        if (str_eq(t->heads.v[i], head)) {
            return (uint32_t)i + 1;
        }
    }
    VEC_PUSH(&t->heads, arena_strdup(t->arena, head));
    return (uint32_t)t->heads.n;
}

static const char *scalar(struct arena *a, const json_t *v)
{
    if (json_is_string(v)) {
        return json_string_value(v);
    }
    if (json_is_integer(v)) {
        return arena_printf(a, "%lld", (long long)json_integer_value(v));
    }
    return json_is_boolean(v) ? (json_is_true(v) ? "true" : "false") : NULL;
}

static const char *object_text(struct arena *a, const json_t *v)
{
    static const char *const keys[] = {"display_value", "emailAddress", "displayName",
                                       "value",         "name",         "key"};
    for (size_t i = 0; i < NITEMS(keys); i++) {
        const char *text = scalar(a, json_get(v, keys[i]));
        if (text && *text) {
            return text;
        }
    }
    return NULL;
}

static const char *value_text(struct arena *a, const json_t *v)
{
    if (!json_is_array(v)) {
        return json_is_object(v) ? object_text(a, v) : scalar(a, v);
    }
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_TABLE_CELL);
    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *e = json_array_get(v, i);
        const char *text = json_is_object(e) ? object_text(a, e) : scalar(a, e);
        buf_printf(&b, "%s%s", b.n && text ? ";" : "", text ? text : "");
    }
    return arena_strdup(a, buf_text(&b));
}

static void put(struct table *t, const char *head, const char *text)
{
    if (!text || !*text || t->heads.n >= LIMIT_TABLE_COLUMNS) {
        return;
    }
    const struct cell c = {arena_strdup(t->arena, text), column_of(t, head), CELL_TEXT};
    vec_reserve((void **)&t->cells, &t->cap, t->n + 1, sizeof *t->cells);
    t->cells[t->n++] = c;
}

static void put_members(struct table *t, const json_t *record)
{
    const char *key;
    json_t *v;
    /* jansson's iterator is not const, though it changes nothing */
    json_object_foreach((json_t *)(uintptr_t)record, key, v)
    {
        put(t, key, value_text(t->arena, v));
        if (json_is_object(v) && json_get(v, "display_value")) {
            put(t, arena_printf(t->arena, "%s (UTC)", key), scalar(t->arena, json_get(v, "value")));
        }
    }
}

static int by_column(const void *pa, const void *pb)
{
    const struct cell *a = pa;
    const struct cell *b = pb;
    return (a->column > b->column) - (a->column < b->column);
}

static void add_row(struct table *t, const json_t *record)
{
    const json_t *fields = json_get(record, "fields");
    t->n = 0;
    put_members(t, record);
    if (json_is_object(fields)) {
        put_members(t, fields);
    }
    if (t->n) {
        qsort(t->cells, t->n, sizeof *t->cells, by_column);
    }
    const struct row row = {arena_memdup(t->arena, t->cells, t->n * sizeof *t->cells),
                            (uint32_t)t->n, (uint32_t)t->out->n + 1};
    VEC_PUSH(t->out, row);
}

static const json_t *records_of(const json_t *tree)
{
    static const char *const lists[] = {"result", "records", "issues"};
    for (size_t i = 0; i < NITEMS(lists); i++) {
        const json_t *list = json_get(tree, lists[i]);
        if (list) {
            return list;
        }
    }
    return tree;
}

bool import_json(struct arena *a, const char *name, struct span text, struct rows *out,
                 struct err *err)
{
    CLEANUP(json_tree_release) json_t *tree = json_parse(name, (const char *)text.p, text.n, err);
    struct table t = {.arena = a, .out = out};
    if (!tree) {
        return false;
    }
    const json_t *records = records_of(tree);
    const struct row heading = {.number = 1};
    VEC_PUSH(out, heading);
    for (size_t i = 0; json_is_array(records) && i < json_array_size(records); i++) {
        if (json_is_object(json_array_get(records, i)) && out->n < LIMIT_TABLE_ROWS) {
            add_row(&t, json_array_get(records, i));
        }
    }
    if (json_is_object(records)) {
        add_row(&t, records);
    }
    struct cell *heads = arena_array(a, t.heads.n, sizeof *heads);
    for (size_t i = 0; i < t.heads.n; i++) {
        heads[i] = (struct cell){t.heads.v[i], (uint32_t)i + 1, CELL_TEXT};
    }
    out->v[0].v = heads;
    out->v[0].n = (uint32_t)t.heads.n;
    free(t.cells);
    strlist_release(&t.heads);
    return true;
}
