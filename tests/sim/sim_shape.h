/* SPDX-License-Identifier: Apache-2.0
 *
 * What members a request may have, as a table of dotted paths. A member that is not in the table
 * is a refusal: a typo of a client has to be seen. Neither is the wrong type forgiven, nor null.
 */
#ifndef TESTS_SIM_SIM_SHAPE_H
#define TESTS_SIM_SIM_SHAPE_H

#include "formats/base/json_in.h"

enum shape_kind { SHAPE_STRING, SHAPE_BOOL, SHAPE_INT, SHAPE_OBJECT, SHAPE_STRINGS, SHAPE_OBJECTS };
enum { SHAPE_REQUIRED = 1, SHAPE_FILLED = 2 /* not empty */ };

struct shape {
    const char *path;
    enum shape_kind kind;
    unsigned flags;
    const char *words; /* the values a string may have, blank-separated; NULL = any */
};

/* False: err->msg says what is wrong. A required member is missed only when its parent is there. */
bool shape_check(const json_t *root, const struct shape *rows, size_t n, struct err *err) MUST_USE;
/* The value at a dotted path; NULL when it is not there or no string. */
const char *shape_str(const json_t *root, const char *path);
const json_t *shape_at(const json_t *root, const char *path);

#endif
