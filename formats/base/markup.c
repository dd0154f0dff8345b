/* SPDX-License-Identifier: Apache-2.0
 *
 * See markup.h.
 */
#include "formats/base/markup.h"

#include "formats/base/str.h"

#include <string.h>

void markup_text(struct buf *out, const char *s, size_t cap)
{
    CLEANUP(buf_release) struct buf shown = BUF_INIT(cap + 4);
    if (!s) {
        return;
    }
    str_vis(&shown, s, strlen(s), cap);
    for (const char *p = buf_text(&shown); *p;) {
        size_t plain = strcspn(p, "&<>\"'");
        buf_add(out, p, plain);
        p += plain;
        if (*p) {
            buf_printf(out, "&#%d;", *p++);
        }
    }
}
