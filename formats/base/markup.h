/* SPDX-License-Identifier: Apache-2.0
 *
 * Foreign text inside HTML and SVG: made visible as str_vis() does (controls, bidi controls and
 * malformed bytes cannot hide or reorder anything), cut to `cap` bytes, then & < > " ' as
 * character references, so that it is safe as text and inside a quoted attribute alike.
 */
#ifndef FORMATS_BASE_MARKUP_H
#define FORMATS_BASE_MARKUP_H

#include "formats/base/buf.h"

void markup_text(struct buf *out, const char *s, size_t cap); /* NULL: nothing */

#endif
