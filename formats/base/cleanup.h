/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiler attributes used everywhere.
 *
 *   CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_MESSAGE);
 *
 * runs buf_release(&b) when b leaves its scope. Ownership is handed over by TAKE(p), which
 * yields the pointer and nulls the variable, so that the cleanup has nothing left to free.
 */
#ifndef FORMATS_BASE_CLEANUP_H
#define FORMATS_BASE_CLEANUP_H

#include <stddef.h>

#define CLEANUP(fn)  __attribute__((cleanup(fn)))
#define MUST_USE     __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define NORETURN     __attribute__((noreturn))
#define UNUSED       __attribute__((unused))

#define TAKE(p)                                                                                    \
    __extension__({                                                                                \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    })

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

/* cleanup for malloc'ed memory: CLEANUP(freep) char *p = ... */
void freep(void *pointer_to_pointer);
/* cleanup for file descriptors: CLEANUP(closep) int fd = -1 */
void closep(const int *fd);

/* The one way out when memory ends: says so on stderr and exits 70. The state directory stays
 * consistent because durability never depends on an orderly exit. */
NORETURN void oom(size_t bytes);
void *xmalloc(size_t n) MUST_USE __attribute__((malloc));
void *xcalloc(size_t n, size_t size) MUST_USE __attribute__((malloc));
void *xrealloc(void *p, size_t n) MUST_USE;
char *xstrdup(const char *s) MUST_USE;

/* Grows *array (elements of `size` bytes) so that index n fits; doubling. */
void vec_reserve(void **array, size_t *capacity, size_t n, size_t size);
#define VEC_PUSH(vec, value)                                                                       \
    do {                                                                                           \
        vec_reserve((void **)&(vec)->v, &(vec)->cap, (vec)->n + 1, sizeof *(vec)->v);              \
        (vec)->v[(vec)->n++] = (value);                                                            \
    } while (0)

#endif
