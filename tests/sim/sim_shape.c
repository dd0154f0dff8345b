/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_shape.h.
 */
#include "tests/sim/sim_shape.h"

#include "formats/base/str.h"

#include <stdio.h>
#include <string.h>

enum { PATH = 256 };

const json_t *shape_at(const json_t *root, const char *path)
{
    char key[PATH];
    while (root && *path) {
        size_t n = strcspn(path, ".");
        if (n >= sizeof key) {
            return NULL;
        }
        memcpy(key, path, n);
        key[n] = '\0';
        root = json_object_get(root, key);
        path += n + (path[n] ? 1 : 0);
    }
    return root;
}

const char *shape_str(const json_t *root, const char *path)
{
    return json_string_value(shape_at(root, path));
}

static const struct shape *row_of(const struct shape *rows, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(rows[i].path, path)) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool strings(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_is_string(json_array_get(list, i))) {
            return false;
        }
    }
    return json_is_array(list);
}

static bool value_fits(const struct shape *row, const json_t *value, struct err *err)
{
    bool type = row->kind == SHAPE_STRING    ? json_is_string(value)
                : row->kind == SHAPE_BOOL    ? json_is_boolean(value)
                : row->kind == SHAPE_INT     ? json_is_integer(value)
                : row->kind == SHAPE_OBJECT  ? json_is_object(value)
                : row->kind == SHAPE_OBJECTS ? json_is_array(value)
                                             : strings(value);
    if (!type) {
        return err_set(err, ERR_INPUT, "%s has the wrong type", row->path);
    }
    const char *text = json_string_value(value);
    if ((row->flags & SHAPE_FILLED) &&
        ((text && !*text) || (json_is_array(value) && json_array_size(value) == 0))) {
        return err_set(err, ERR_INPUT, "%s is empty", row->path);
    }
    if (row->words && (!text || !*text || strchr(text, ' ') || !str_has_word(row->words, text))) {
        return err_set(err, ERR_INPUT, "%s must be one of: %s", row->path, row->words);
    }
    return true;
}

static bool walk(const json_t *object, const char *prefix, const struct shape *rows, size_t n,
                 struct err *err);

/* Members of the elements have the path of the list and their own. */
static bool walk_list(const json_t *list, const char *path, const struct shape *rows, size_t n,
                      struct err *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        if (!json_is_object(element)) {
            return err_set(err, ERR_INPUT, "%s has the wrong type", path);
        }
        if (!walk(element, path, rows, n, err)) {
            return false;
        }
    }
    return true;
}

static bool walk(const json_t *object, const char *prefix, const struct shape *rows, size_t n,
                 struct err *err)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        char path[PATH];
        int length = snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", key);
        const struct shape *row = length > 0 && length < PATH ? row_of(rows, n, path) : NULL;
        if (!row) {
            return err_set(err, ERR_INPUT, "unknown member %s", path);
        }
        if (!value_fits(row, value, err) ||
            (row->kind == SHAPE_OBJECT && !walk(value, path, rows, n, err)) ||
            (row->kind == SHAPE_OBJECTS && !walk_list(value, path, rows, n, err))) {
            return false;
        }
    }
    return true;
}

bool shape_check(const json_t *root, const struct shape *rows, size_t n, struct err *err)
{
    if (!walk(root, "", rows, n, err)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        char parent[PATH];
        const char *dot = strrchr(rows[i].path, '.');
        (void)snprintf(parent, sizeof parent, "%.*s", dot ? (int)(dot - rows[i].path) : 0,
                       rows[i].path);
        if ((rows[i].flags & SHAPE_REQUIRED) && shape_at(root, parent) &&
            !shape_at(root, rows[i].path)) {
            return err_set(err, ERR_INPUT, "%s is missing", rows[i].path);
        }
    }
    return true;
}
