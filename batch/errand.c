/* SPDX-License-Identifier: Apache-2.0
 *
 * See errand.h.
 */
#include "batch/errand.h"

#include "batch/config.h"
#include "batch/process.h"
#include "formats/base/pool.h"

#include <stdlib.h>

enum { COMMANDS = 4, GRACE_MS = 2000, OUTPUT_MAX = 64 * 1024 };

struct errand {
    struct errands *all;
    const char *dir;
    int64_t limit_ms;
    struct ca_exchange *x;
    enum process_end end;
    struct err err;
};
struct errands {
    struct pool *pool; /* NULL: no command yet */
    struct arena arena;
    struct environment environment;
    atomic_bool cancel;
    struct ca_exchange **v; /* for people: answered */
    size_t first, n, cap;
    size_t commands;
};

struct errands *errands_new(void)
{
    return xcalloc(1, sizeof(struct errands));
}

static void run(void *job, unsigned worker UNUSED)
{
    struct errand *e = job;
    const struct process p = {.what = "revocation command",
                              .argv = e->x->request->argv,
                              .dir = e->dir,
                              .env = e->all->environment.v,
                              .limit_ms = e->limit_ms,
                              .grace_ms = GRACE_MS,
                              .cancel = &e->all->cancel,
                              .out = &e->x->reply->body,
                              .errors = true};
    e->end = process_run(&p, &e->err);
}

static void submit_command(struct errands *all, struct ca *ca, struct ca_exchange *x)
{
    struct errand *e = xcalloc(1, sizeof *e);
    if (!all->pool) {
        environment_begin(&all->environment, &all->arena);
        all->pool = pool_new(COMMANDS);
    }
    *e = (struct errand){.all = all,
                         .dir = ca->config_dir,
                         .limit_ms = ca->config->common.timeouts.request_seconds * 1000,
                         .x = x};
    buf_release(&x->reply->body);
    x->reply->body = (struct buf)BUF_INIT(OUTPUT_MAX);
    all->commands++;
    pool_submit(all->pool, run, e);
}

void errands_submit(struct errands *all, struct ca *ca, struct ca_exchange *x)
{
    if (x->request->way == WAY_COMMAND) {
        submit_command(all, ca, x);
        return;
    }
    x->reply->transport = OUTCOME_ACCEPTED;
    VEC_PUSH(all, x);
}

static struct ca_exchange *finish(struct errands *all, struct errand *e)
{
    struct ca_exchange *x = e->x;
    struct ca_reply *r = x->reply;
    r->transport = e->end == PROCESS_OK || e->end == PROCESS_CODE ? OUTCOME_ACCEPTED
                   : e->end == PROCESS_NO_START                   ? OUTCOME_NOT_SENT
                                                                  : OUTCOME_UNKNOWN;
    r->failed = e->end == PROCESS_CODE;
    r->lasting = e->end == PROCESS_NO_START;
    r->transport_message =
        e->end == PROCESS_OK ? NULL : arena_strdup(x->request->arena, e->err.msg);
    all->commands--;
    free(e);
    return x;
}

struct ca_exchange *errands_next(struct errands *all)
{
    if (all->first < all->n) {
        return all->v[all->first++];
    }
    all->first = all->n = 0;
    struct errand *e = all->pool ? pool_next(all->pool, 0) : NULL;
    return e ? finish(all, e) : NULL;
}

size_t errands_pending(const struct errands *all)
{
    return all->commands + all->n - all->first;
}

bool errands_ready(const struct errands *all)
{
    return all->first < all->n;
}

void errands_abandon(struct errands *all)
{
    atomic_store(&all->cancel, true);
}

void errands_free(struct errands *all)
{
    if (!all) {
        return;
    }
    errands_abandon(all);
    for (struct errand *e; all->pool && (e = pool_next(all->pool, -1)) != NULL;) {
        (void)finish(all, e);
    }
    if (all->pool) {
        pool_free(all->pool);
    }
    arena_release(&all->arena);
    free(all->v);
    free(all);
}
