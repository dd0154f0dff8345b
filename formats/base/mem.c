/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that cannot fail: there is one exit for exhausted memory (cleanup.h). Only this file,
 * arena.c and buf.c call malloc and its family.
 */
#include "formats/base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

NORETURN void oom(size_t bytes)
{
    char line[96];
    int n = snprintf(line, sizeof line, "certbatch: out of memory (%zu bytes wanted)\n", bytes);
    if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0) {
        _exit(70);
    }
    _exit(70);
}

void *xmalloc(size_t n)
{
    void *p = malloc(n ? n : 1);
    if (!p) {
        oom(n);
    }
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p) {
        oom(n * size);
    }
    return p;
}

void *xrealloc(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);
    if (!q) {
        oom(n);
    }
    return q;
}

char *xstrdup(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(xmalloc(n), s, n);
}

void freep(void *pointer_to_pointer)
{
    void **p = pointer_to_pointer;
    free(*p);
    *p = NULL;
}

void closep(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

void vec_reserve(void **array, size_t *capacity, size_t n, size_t size)
{
    if (n <= *capacity) {
        return;
    }
    size_t cap = *capacity ? *capacity * 2 : 8;
    while (cap < n) {
        cap *= 2;
    }
    if (cap > (size_t)-1 / size) {
        oom((size_t)-1);
    }
    *array = xrealloc(*array, cap * size);
    *capacity = cap;
}
