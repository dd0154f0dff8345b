/* SPDX-License-Identifier: Apache-2.0
 *
 * An arena: memory for the values of one parsed input or one unit of work, freed together.
 *
 *     CLEANUP(arena_release) struct arena a = ARENA_INIT;
 *     const char *id = arena_strdup(&a, text);
 *
 * Nothing inside is freed singly. arena_reset() keeps the first block for reuse, for scratch
 * arenas of worker threads. One arena belongs to one thread at a time. Never put a secret here:
 * secrets have their own type (formats/base/secret.h).
 */
#ifndef FORMATS_BASE_ARENA_H
#define FORMATS_BASE_ARENA_H

#include "formats/base/cleanup.h"

#include <stdarg.h>
#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t total; /* bytes obtained from malloc */
};
#define ARENA_INIT                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }

/* Zeroed memory, aligned for any type. Never NULL (exhaustion ends the process, cleanup.h). */
void *arena_alloc(struct arena *a, size_t n) MUST_USE;
void *arena_array(struct arena *a, size_t n, size_t size) MUST_USE;
void *arena_memdup(struct arena *a, const void *p, size_t n) MUST_USE;
char *arena_strdup(struct arena *a, const char *s) MUST_USE;
char *arena_strndup(struct arena *a, const char *s, size_t n) MUST_USE;
char *arena_printf(struct arena *a, const char *fmt, ...) MUST_USE PRINTF(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) MUST_USE PRINTF(2, 0);
void arena_reset(struct arena *a);
void arena_release(struct arena *a);

#endif
