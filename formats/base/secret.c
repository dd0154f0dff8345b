/* SPDX-License-Identifier: Apache-2.0
 *
 * See secret.h.
 */
#include "formats/base/secret.h"

#include "formats/base/sha.h"

#include <openssl/crypto.h>
#include <string.h>

enum { HEAP_BYTES = 256 * 1024, HEAP_MIN = 32 };

bool secret_heap_init(void)
{
    /* 1 = locked, 2 = secure heap works but could not be locked */
    return CRYPTO_secure_malloc_initialized() ||
           CRYPTO_secure_malloc_init(HEAP_BYTES, HEAP_MIN) == 1;
}

bool secret_heap_crowded(void)
{
    return CRYPTO_secure_malloc_initialized() && CRYPTO_secure_used() > HEAP_BYTES / 2;
}

void secret_set(struct secret *s, const void *p, size_t n)
{
    /* falls back to the ordinary heap when the arena is full; still wiped on release */
    uint8_t *copy = OPENSSL_secure_zalloc(n + 1);
    if (!copy) {
        copy = OPENSSL_zalloc(n + 1);
    }
    if (!copy) {
        oom(n);
    }
    if (n) {
        memcpy(copy, p, n);
    }
    secret_release(s); /* last: p may point into s */
    s->p = copy;
    s->n = n;
}

void secret_random_password(struct secret *s, size_t chars)
{
    /* 57 characters: no 0 O 1 l I. 256 - 256 % 57 bounds the unbiased range. */
    static const char abc[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    const unsigned n = sizeof abc - 1;
    char text[128];
    chars = chars < sizeof text ? chars : sizeof text - 1;
    for (size_t i = 0; i < chars;) {
        uint8_t pool[64];
        random_bytes(pool, sizeof pool);
        for (size_t k = 0; k < sizeof pool && i < chars; k++) {
            if (pool[k] < 256 - 256 % n) {
                text[i++] = abc[pool[k] % n];
            }
        }
        OPENSSL_cleanse(pool, sizeof pool);
    }
    secret_set(s, text, chars);
    OPENSSL_cleanse(text, sizeof text);
}

bool secret_is_set(const struct secret *s)
{
    return s->p != NULL;
}

const char *secret_bytes(const struct secret *s)
{
    return s->p ? (const char *)s->p : "";
}

void secret_release(struct secret *s)
{
    if (s->p) {
        OPENSSL_secure_clear_free(s->p, s->n + 1);
    }
    *s = (struct secret)SECRET_INIT;
}
