/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits of a text: places by line and column to bytes, the check that an edit touches nothing but
 * what it means, and applying many at once. Used by `lint --fix` and the language server.
 *
 *     edits_check(text, &findings, file)             drops edits the text does not permit
 *     edits_apply(text, &findings, file, &out, &n)   the text with every edit that fits
 *
 * Two edits that overlap cannot both be made: the first one wins, the other waits for the next
 * pass. Pure; thread safe.
 */
#ifndef FORMATS_BASE_EDIT_H
#define FORMATS_BASE_EDIT_H

#include "formats/base/buf.h"
#include "formats/base/finding.h"

/* Where lines begin. Columns count characters (UTF-8), from 1. A BOM counts as nothing. */
struct line_index {
    struct span text;
    size_t *starts; /* n offsets */
    size_t n;
};
void line_index_make(struct line_index *x, struct span text);
void line_index_release(struct line_index *x);
/* A place as offset in octets. The place behind the last character of a line, and the first of the
 * line after the last, exist too. False when there is no such place. */
bool line_index_offset(const struct line_index *x, uint32_t line, uint32_t column,
                       size_t *offset) MUST_USE;
/* One line without its end; empty when there is none. */
struct span line_index_line(const struct line_index *x, uint32_t line);

/* Takes the edit from every finding of `file` whose edit would touch a comment, a bracket, or
 * anything else beside the name it is about. */
void edits_check(struct span text, struct findings *findings, const char *file);
/* Writes the edited text; *count = edits made (0: out is the text itself). Waived findings are
 * left alone. False when out cannot hold it. */
bool edits_apply(struct span text, const struct findings *findings, const char *file,
                 struct buf *out, size_t *count) MUST_USE;

#endif
