/* SPDX-License-Identifier: Apache-2.0
 *
 * A growable byte buffer with a mandatory ceiling.
 *
 *     CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_MESSAGE);
 *     buf_printf(&b, "%zu items", n);
 *     if (buf_failed(&b)) ...
 *
 * The error is sticky: once the ceiling is hit, nothing more is added and buf_failed() stays
 * true, so a writer checks once at its end. The content is always NUL terminated (the NUL is
 * not counted in n). buf_wipe() cleanses before freeing and is the release for secrets.
 */
#ifndef FORMATS_BASE_BUF_H
#define FORMATS_BASE_BUF_H

#include "formats/base/cleanup.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A view of bytes owned by somebody else. */
struct span {
    const uint8_t *p;
    size_t n;
};

struct buf {
    char *p;
    size_t n, cap, max;
    bool failed;
};
#define BUF_INIT(ceiling)                                                                          \
    {                                                                                              \
        .max = (ceiling)                                                                           \
    }

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF(2, 0);
/* Room for n more bytes, to be filled in place; NULL (sticky error) past the ceiling. buf_grew()
 * then says how many were. */
char *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);
void buf_reset(struct buf *b); /* empty, keeps the memory, clears the sticky error */
bool buf_failed(const struct buf *b) MUST_USE;
const char *buf_text(const struct buf *b); /* never NULL */
struct span buf_span(const struct buf *b);
void buf_release(struct buf *b);
void buf_wipe(struct buf *b);

#endif
