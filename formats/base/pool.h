/* SPDX-License-Identifier: Apache-2.0
 *
 * A pool of worker threads for CPU-bound work: key generation, PBKDF2, signature checks.
 *
 *     struct pool *p = pool_new(workers);
 *     pool_submit(p, job_fn, &job);        // from the owning thread only
 *     while ((job = pool_next(p, timeout_ms))) ...   // finished jobs, in order of completion
 *     pool_free(p);                        // waits for what runs; drops nothing silently
 *
 * pool_fd() is an eventfd that is readable while finished jobs wait: an event loop polls it
 * beside its sockets (curl_multi_poll takes it as an extra descriptor). A job function does no
 * journal or network I/O and touches only its own job. pool_map() is the simple form: one
 * function over an index range on all workers, the caller works too.
 */
#ifndef FORMATS_BASE_POOL_H
#define FORMATS_BASE_POOL_H

#include "formats/base/cleanup.h"

#include <stddef.h>

struct pool;
/* worker = 0..n-1: index of per-worker scratch. */
typedef void pool_fn(void *job, unsigned worker);

unsigned pool_default_workers(void); /* online CPUs, at most LIMIT_WORKERS */
struct pool *pool_new(unsigned workers) MUST_USE;
unsigned pool_workers(const struct pool *p);
void pool_submit(struct pool *p, pool_fn *fn, void *job);
/* A finished job, or NULL after timeout_ms (-1 waits for ever, 0 never waits) or when none is
 * under way. */
void *pool_next(struct pool *p, int timeout_ms) MUST_USE;
size_t pool_pending(const struct pool *p); /* submitted and not yet returned by pool_next */
int pool_fd(const struct pool *p);
void pool_free(struct pool *p);

typedef void pool_index_fn(void *ctx, size_t index, unsigned worker);
/* Calls fn for 0..n-1, each once, on `workers` threads (the calling one included). */
void pool_map(unsigned workers, size_t n, pool_index_fn *fn, void *ctx);

#endif
