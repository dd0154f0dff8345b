/* SPDX-License-Identifier: Apache-2.0
 *
 * See buf.h. Growth wipes the memory it leaves behind: a buffer may hold a secret and realloc
 * would leave a copy of it in the heap.
 */
#include "formats/base/buf.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct buf *b, size_t more)
{
    if (b->failed || more > b->max || b->n > b->max - more) {
        b->failed = true;
        return false;
    }
    size_t need = b->n + more + 1;
    if (need <= b->cap) {
        return true;
    }
    size_t cap = b->cap ? b->cap * 2 : 128;
    cap = cap < need ? need : cap;
    char *p = xmalloc(cap);
    if (b->p) {
        memcpy(p, b->p, b->n);
        OPENSSL_cleanse(b->p, b->n);
        free(b->p);
    }
    b->p = p;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    if (!reserve(b, n)) {
        return;
    }
    if (n) {
        memcpy(b->p + b->n, bytes, n);
    }
    b->n += n;
    b->p[b->n] = '\0';
}

char *buf_room(struct buf *b, size_t n)
{
    return reserve(b, n) ? b->p + b->n : NULL;
}

void buf_grew(struct buf *b, size_t n)
{
    b->n += n;
    b->p[b->n] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0) {
        b->failed = true; /* text is missing: the sticky error must say so */
    } else if (reserve(b, (size_t)n)) {
        (void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = false;
    if (b->p) {
        b->p[0] = '\0';
    }
}

bool buf_failed(const struct buf *b)
{
    return b->failed;
}

const char *buf_text(const struct buf *b)
{
    return b->p ? b->p : "";
}

struct span buf_span(const struct buf *b)
{
    return (struct span){(const uint8_t *)b->p, b->n};
}

void buf_release(struct buf *b)
{
    free(b->p);
    *b = (struct buf)BUF_INIT(b->max);
}

void buf_wipe(struct buf *b)
{
    if (b->p) {
        OPENSSL_cleanse(b->p, b->cap);
    }
    buf_release(b);
}
