/* SPDX-License-Identifier: Apache-2.0
 *
 * See json_in.h.
 */
#include "formats/base/json_in.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* jansson copies what it reads a few times (text of a token, its growing buffer, the value) and
 * frees all of it as it is. A reply may be a credential, so whatever it frees is wiped. Memory of
 * before this is in place is of the same malloc(). */
static void wipe_and_free(void *p)
{
    if (p) {
        explicit_bzero(p, malloc_usable_size(p));
        free(p);
    }
}

__attribute__((constructor)) static void keep_nothing(void)
{
    json_set_alloc_funcs(malloc, wipe_and_free);
}

json_t *json_parse(const char *name, const char *text, size_t n, struct err *err)
{
    json_error_t e;
    json_t *t = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    if (!t) {
        struct pos pos = {.file = name,
                          .line = e.line > 0 ? (uint32_t)e.line : 0,
                          .column = e.column > 0 ? (uint32_t)e.column : 1};
        CLEANUP(buf_release) struct buf why = BUF_INIT(LIMIT_MESSAGE); /* it quotes the input */
        str_vis(&why, e.text, strlen(e.text), LIMIT_VALUE_SHOWN);
        err_at(err, ERR_INPUT, pos, "not the JSON that was expected: %s", buf_text(&why));
    }
    return t;
}

void json_tree_release(json_t **t)
{
    json_decref(*t);
    *t = NULL;
}

const json_t *json_get(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

const char *json_get_str(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *v = json_object_get(object, key);
    return json_is_integer(v) ? (int64_t)json_integer_value(v) : otherwise;
}

bool json_get_bool(const json_t *object, const char *key, bool otherwise)
{
    const json_t *v = json_object_get(object, key);
    return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

static void write_array(struct jw *j, const char *key, const json_t *v)
{
    jw_array(j, key);
    for (size_t i = 0; i < json_array_size(v); i++) {
        json_write(j, NULL, json_array_get(v, i));
    }
    jw_end(j);
}

static void write_object(struct jw *j, const char *key, const json_t *v)
{
    jw_object(j, key);
    for (void *it = json_object_iter((json_t *)(uintptr_t)v); it;
         it = json_object_iter_next((json_t *)(uintptr_t)v, it)) {
        json_write(j, json_object_iter_key(it), json_object_iter_value(it));
    }
    jw_end(j);
}

void json_write(struct jw *j, const char *key, const json_t *v)
{
    if (json_is_array(v)) {
        write_array(j, key, v);
    } else if (json_is_object(v)) {
        write_object(j, key, v);
    } else if (json_is_integer(v)) {
        jw_int(j, key, (int64_t)json_integer_value(v));
    } else if (json_is_boolean(v)) {
        jw_bool(j, key, json_is_true(v));
    } else {
        jw_str(j, key, json_string_value(v));
    }
}
