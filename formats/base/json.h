/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON out: a streaming writer with a sticky error (200 calls, one check at the end). JSON in is
 * jansson (json_in.h): a tree, duplicate keys refused.
 *
 *     struct jw j;
 *     jw_begin(&j, &buf, JW_PRETTY);
 *     jw_object(&j, NULL);
 *       jw_str(&j, "rule", f->rule);
 *       jw_array(&j, "san");
 *         jw_str(&j, NULL, name);
 *       jw_end(&j);
 *     jw_end(&j);
 *     if (!jw_finish(&j, &err)) ...
 *
 * key is NULL inside arrays and at the top. Text is UTF-8; malformed bytes become U+FFFD. A NULL
 * string writes null. Numbers that may pass 2^53 (serials) are strings.
 */
#ifndef FORMATS_BASE_JSON_H
#define FORMATS_BASE_JSON_H

#include "formats/base/buf.h"
#include "formats/base/err.h"

enum json_style { JW_COMPACT, JW_PRETTY };

struct jw {
    struct buf *out;
    enum json_style style;
    unsigned depth;
    bool failed;
    char close[32]; /* the bracket that ends each level */
    bool first[32];
};

void jw_begin(struct jw *j, struct buf *out, enum json_style style);
void jw_object(struct jw *j, const char *key);
void jw_array(struct jw *j, const char *key);
void jw_end(struct jw *j); /* the innermost object or array */
void jw_str(struct jw *j, const char *key, const char *value);
void jw_strn(struct jw *j, const char *key, const char *value, size_t n);
void jw_int(struct jw *j, const char *key, int64_t value);
void jw_bool(struct jw *j, const char *key, bool value);
void jw_null(struct jw *j, const char *key);
void jw_time(struct jw *j, const char *key, int64_t t); /* RFC 3339; TIME_NONE writes null */
/* Already valid JSON text. */
void jw_raw(struct jw *j, const char *key, const char *text);
bool jw_finish(struct jw *j, struct err *err) MUST_USE;

#endif
