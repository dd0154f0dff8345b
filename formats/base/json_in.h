/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON in, through jansson: the only header beside its .c that includes it. Duplicate keys,
 * trailing bytes and NUL escapes are refused; depth is jansson's. Getters return NULL / the
 * default when the key is absent or has another type, so a reader checks what it needs.
 *
 * What a tree held is wiped when it is released, as are the parser's copies on the way: a reply
 * may be a credential.
 */
#ifndef FORMATS_BASE_JSON_IN_H
#define FORMATS_BASE_JSON_IN_H

#include "formats/base/err.h"
#include "formats/base/json.h"

#include <jansson.h>

/* The caller owns the tree: CLEANUP(json_tree_release) json_t *t = ... */
json_t *json_parse(const char *name, const char *text, size_t n, struct err *err) MUST_USE;
void json_tree_release(json_t **t);

const char *json_get_str(const json_t *object, const char *key);
int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise);
bool json_get_bool(const json_t *object, const char *key, bool otherwise);
const json_t *json_get(const json_t *object, const char *key); /* any type; borrowed */
/* A value that was read, written again: members keep their order. Of numbers, integers only. */
void json_write(struct jw *j, const char *key, const json_t *v);

#endif
