/* SPDX-License-Identifier: Apache-2.0
 *
 * What reader, JSON Schema and reference know about each scalar kind of schema.h. Internal to
 * formats/base/schema*.c.
 */
#ifndef FORMATS_BASE_SCHEMA_SCALAR_H
#define FORMATS_BASE_SCHEMA_SCALAR_H

#include "formats/base/schema.h"

struct scalar_kind {
    const char *expected; /* "a whole number": follows "must be" */
    /* Converts into `out`; false when the text is not of the kind or out of bounds. */
    bool (*parse)(const struct field *f, const char *text, void *out);
    const char *json_type;
    const char *pattern; /* JSON Schema, anchored; NULL = none */
    bool text;           /* quotes make no difference */
    bool advise_quotes;  /* warn of plain scalars that look like another type */
};

/* Rows without `parse` are not scalars. */
extern const struct scalar_kind scalar_kinds[FIELD__MAX];

/* "one of a, b or c", "a whole number from 1 to 10": what was expected, in full. */
void scalar_expectation(struct buf *out, const struct field *f);
/* Would `text` be a time if it had a zone? */
bool scalar_lacks_zone(const char *text);

#endif
