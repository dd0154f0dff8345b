/* SPDX-License-Identifier: Apache-2.0
 *
 * See pool.h. One mutex guards both queues; jobs are tens of microseconds and more, so the lock
 * is never what a run waits for.
 */
#include "formats/base/pool.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct task {
    struct task *next;
    pool_fn *fn;
    void *job;
};

struct queue {
    struct task *first, **last;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct queue todo, done;
    size_t pending;
    int event;
    bool stop;
    unsigned workers, started;
    pthread_t thread[];
};

struct start {
    struct pool *pool;
    unsigned index;
};

static void push(struct queue *q, struct task *t)
{
    t->next = NULL;
    *q->last = t;
    q->last = &t->next;
}

static struct task *pull(struct queue *q)
{
    struct task *t = q->first;
    if (t) {
        q->first = t->next;
        if (!q->first) {
            q->last = &q->first;
        }
    }
    return t;
}

unsigned pool_default_workers(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > (long)LIMIT_WORKERS ? LIMIT_WORKERS : (unsigned)n;
}

static void *work(void *arg)
{
    struct start s = *(struct start *)arg;
    struct pool *p = s.pool;
    free(arg);
    (void)pthread_mutex_lock(&p->lock);
    for (;;) {
        struct task *t = pull(&p->todo);
        if (!t && p->stop) {
            break;
        }
        if (!t) {
            (void)pthread_cond_wait(&p->wake, &p->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&p->lock);
        t->fn(t->job, s.index);
        (void)pthread_mutex_lock(&p->lock);
        push(&p->done, t);
        (void)eventfd_write(p->event, 1);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct pool *pool_new(unsigned workers)
{
    workers = workers < 1 ? 1 : workers > LIMIT_WORKERS ? LIMIT_WORKERS : workers;
    struct pool *p = xcalloc(1, sizeof *p + workers * sizeof p->thread[0]);
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->wake, NULL);
    p->todo.last = &p->todo.first;
    p->done.last = &p->done.first;
    p->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    p->workers = workers;
    for (unsigned i = 0; i < workers; i++) {
        struct start *s = xmalloc(sizeof *s);
        *s = (struct start){p, i};
        if (pthread_create(&p->thread[i], NULL, work, s) != 0) {
            free(s);
            break;
        }
        p->started++;
    }
    if (p->started == 0 || p->event < 0) {
        oom(0);
    }
    return p;
}

unsigned pool_workers(const struct pool *p)
{
    return p->workers;
}

void pool_submit(struct pool *p, pool_fn *fn, void *job)
{
    struct task *t = xmalloc(sizeof *t);
    *t = (struct task){NULL, fn, job};
    (void)pthread_mutex_lock(&p->lock);
    push(&p->todo, t);
    (void)pthread_cond_signal(&p->wake);
    (void)pthread_mutex_unlock(&p->lock);
    p->pending++;
}

static struct task *take_done(struct pool *p)
{
    eventfd_t ignored;
    (void)pthread_mutex_lock(&p->lock);
    struct task *t = pull(&p->done);
    if (!p->done.first) {
        (void)eventfd_read(p->event, &ignored);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return t;
}

void *pool_next(struct pool *p, int timeout_ms)
{
    if (p->pending == 0) {
        return NULL;
    }
    struct task *t = take_done(p);
    int64_t end = timeout_ms > 0 ? time_monotonic_ms() + timeout_ms : 0;
    while (!t && timeout_ms != 0) {
        struct pollfd fd = {.fd = p->event, .events = POLLIN};
        int64_t left = timeout_ms < 0 ? -1 : end - time_monotonic_ms();
        if (timeout_ms > 0 && left <= 0) {
            break;
        }
        (void)poll(&fd, 1, (int)left); /* a signal must not look like "none is under way" */
        t = take_done(p);
    }
    if (!t) {
        return NULL;
    }
    void *job = t->job;
    free(t);
    p->pending--;
    return job;
}

size_t pool_pending(const struct pool *p)
{
    return p->pending;
}

int pool_fd(const struct pool *p)
{
    return p->event;
}

void pool_free(struct pool *p)
{
    if (!p) {
        return;
    }
    (void)pthread_mutex_lock(&p->lock);
    p->stop = true;
    (void)pthread_cond_broadcast(&p->wake);
    (void)pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->started; i++) {
        (void)pthread_join(p->thread[i], NULL);
    }
    for (struct task *t; (t = pull(&p->done)) != NULL;) {
        free(t);
    }
    (void)close(p->event);
    (void)pthread_mutex_destroy(&p->lock);
    (void)pthread_cond_destroy(&p->wake);
    free(p);
}

struct map {
    atomic_size_t next;
    size_t n;
    pool_index_fn *fn;
    void *ctx;
};

struct map_worker {
    struct map *map;
    unsigned index;
    pthread_t thread;
};

static void *map_run(void *arg)
{
    const struct map_worker *w = arg;
    for (size_t i; (i = atomic_fetch_add(&w->map->next, 1)) < w->map->n;) {
        w->map->fn(w->map->ctx, i, w->index);
    }
    return NULL;
}

void pool_map(unsigned workers, size_t n, pool_index_fn *fn, void *ctx)
{
    struct map map = {.n = n, .fn = fn, .ctx = ctx};
    workers = workers < 1 ? 1 : workers > LIMIT_WORKERS ? LIMIT_WORKERS : workers;
    workers = n < workers ? (n ? (unsigned)n : 1) : workers;
    struct map_worker w[LIMIT_WORKERS];
    unsigned started = 1;
    w[0] = (struct map_worker){.map = &map};
    for (unsigned i = 1; i < workers; i++) {
        w[i] = (struct map_worker){.map = &map, .index = i};
        if (pthread_create(&w[i].thread, NULL, map_run, &w[i]) != 0) {
            break;
        }
        started++;
    }
    (void)map_run(&w[0]);
    for (unsigned i = 1; i < started; i++) {
        (void)pthread_join(w[i].thread, NULL);
    }
}
