/* SPDX-License-Identifier: Apache-2.0
 *
 * See xml.h.
 */
#include "formats/base/xml.h"

#include "formats/base/str.h"

#include <string.h>

/* The length of the character at s; *cp 0 when XML cannot hold it. */
static size_t next_char(const char *s, size_t n, uint32_t *cp)
{
    size_t len = utf8_decode(s, n, cp);
    const bool control = *cp < 0x20 && *cp != '\t' && *cp != '\n' && *cp != '\r';
    if (!len || control || *cp == 0xFFFE || *cp == 0xFFFF) {
        *cp = 0;
    }
    return len ? len : 1;
}

static void put(struct buf *out, const char *s, size_t n, bool escape)
{
    uint32_t cp = 0;
    for (size_t i = 0, len; i < n; i += len) {
        len = next_char(s + i, n - i, &cp);
        if (!cp) {
            buf_puts(out, "\xEF\xBF\xBD");
        } else if (escape && (cp < 0x20 || (cp < 0x80 && strchr("&<>\"'", (int)cp)))) {
            buf_printf(out, "&#%u;", cp);
        } else {
            buf_add(out, s + i, len);
        }
    }
}

void xml_chars(struct buf *out, const char *s, size_t n)
{
    put(out, s, n, false);
}

void xml_text(struct buf *out, const char *s, size_t n)
{
    put(out, s, n, true);
}

void xml_attribute(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, " %s=\"", name);
    xml_text(out, value, strlen(value));
    buf_putc(out, '"');
}
