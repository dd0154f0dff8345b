/* SPDX-License-Identifier: Apache-2.0
 *
 * Text for XML 1.0 documents in UTF-8. XML has no way at all to write most control characters,
 * U+FFFE and U+FFFF (section 2.2, Char); these and malformed bytes become U+FFFD.
 */
#ifndef FORMATS_BASE_XML_H
#define FORMATS_BASE_XML_H

#include "formats/base/buf.h"

/* Only that: for a library that escapes by itself. */
void xml_chars(struct buf *out, const char *s, size_t n);
/* Escaped, for content and quoted attributes. A line end or tab is kept as a character reference,
 * so that no reader folds it. */
void xml_text(struct buf *out, const char *s, size_t n);
/* ` name="value"` */
void xml_attribute(struct buf *out, const char *name, const char *value);

#endif
