/* SPDX-License-Identifier: Apache-2.0
 *
 * See wire.h. Requests to an embedded CA are kept per CA and handed over as one group, so that
 * the CA syncs its own records once for all of them. libcurl is initialised by the first request
 * to any other: a run without one never touches it.
 */
#include "batch/wire.h"

#include "batch/errand.h"
#include "batch/http.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum { ERRAND_MS = 50 };

struct group {
    struct ca *ca;
    struct ca_exchange *v; /* copies: serve() wants them in one array */
    struct ca_exchange **origin;
    size_t n, cap, origin_cap;
};

struct wire {
    unsigned workers;
    struct group *v;
    size_t n, cap;
    struct ca_exchange **answered;
    size_t first, nanswered, answered_cap;
    size_t pending; /* without those of http */
    struct http *http;
    struct errands *errands; /* NULL: none yet */
};

struct wire *wire_new(unsigned workers)
{
    struct wire *w = xcalloc(1, sizeof *w);
    w->workers = workers;
    return w;
}

static struct group *group_of(struct wire *w, struct ca *ca)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->v[i].ca == ca) {
            return &w->v[i];
        }
    }
    struct group g = {.ca = ca};
    VEC_PUSH(w, g);
    return &w->v[w->n - 1];
}

static void answered(struct wire *w, struct ca_exchange *x)
{
    vec_reserve((void **)&w->answered, &w->answered_cap, w->nanswered + 1,
                sizeof(struct ca_exchange *));
    w->answered[w->nanswered++] = x;
}

static void submit_http(struct wire *w, struct ca *ca, struct ca_exchange *x)
{
    struct err err = ERR_INIT;
    struct http_peer *peer;
    if ((w->http || http_new(&w->http, &err)) && http_peer_open(w->http, ca, &peer, &err)) {
        http_submit(w->http, peer, x);
        return;
    }
    x->reply->transport = OUTCOME_NOT_SENT;
    x->reply->lasting = true; /* a file or a password of the configuration */
    x->reply->transport_message = arena_strdup(x->request->arena, err.msg);
    w->pending++;
    answered(w, x);
}

void wire_submit(struct wire *w, struct ca *ca, struct ca_exchange *x)
{
    if (x->request->way != WAY_WIRE) {
        w->errands = w->errands ? w->errands : errands_new();
        errands_submit(w->errands, ca, x);
        return;
    }
    if (!ca->type->ops->serve) {
        submit_http(w, ca, x);
        return;
    }
    struct group *g = group_of(w, ca);
    vec_reserve((void **)&g->v, &g->cap, g->n + 1, sizeof *g->v);
    vec_reserve((void **)&g->origin, &g->origin_cap, g->n + 1, sizeof(struct ca_exchange *));
    g->v[g->n] = *x;
    g->origin[g->n++] = x;
    w->pending++;
}

static bool serve(struct wire *w, struct group *g, struct err *err)
{
    const struct ca_ops *ops = g->ca->type->ops;
    size_t n = g->n;
    g->n = 0;
    bool ok = ops->serve(g->ca, g->v, n, w->workers, err);
    for (size_t i = 0; i < n; i++) {
        if (!ok) {
            g->origin[i]->reply->transport = OUTCOME_UNKNOWN;
            g->origin[i]->reply->transport_message = "the CA failed while it answered";
        }
        answered(w, g->origin[i]);
    }
    return ok || err_wrap(err, "CA %s", g->ca->name);
}

bool wire_run(struct wire *w, struct err *err)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->v[i].n && !serve(w, &w->v[i], err)) {
            return false;
        }
    }
    if (w->http) {
        http_run(w->http);
    }
    return true;
}

struct ca_exchange *wire_next(struct wire *w)
{
    if (w->first == w->nanswered) {
        w->first = w->nanswered = 0;
        struct ca_exchange *x = w->errands ? errands_next(w->errands) : NULL;
        return x ? x : w->http ? http_next(w->http) : NULL;
    }
    w->pending--;
    return w->answered[w->first++];
}

size_t wire_pending(const struct wire *w)
{
    return w->pending + (w->http ? http_pending(w->http) : 0) +
           (w->errands ? errands_pending(w->errands) : 0);
}

bool wire_ready(const struct wire *w)
{
    return w->pending || (w->http && http_ready(w->http)) ||
           (w->errands && errands_ready(w->errands));
}

void wire_wait(struct wire *w, int extra_fd, int timeout_ms)
{
    struct pollfd fd = {.fd = extra_fd, .events = POLLIN};
    if (w->first < w->nanswered) {
        return;
    }
    if (w->errands && errands_pending(w->errands) && timeout_ms > ERRAND_MS) {
        timeout_ms = ERRAND_MS; /* a command that ended wakes nobody */
    }
    if (w->http) {
        http_wait(w->http, extra_fd, timeout_ms);
        return;
    }
    (void)poll(&fd, 1, timeout_ms); /* a signal ends the wait early: the caller looks at stop */
}

void wire_abandon(struct wire *w)
{
    if (w->errands) {
        errands_abandon(w->errands);
    }
    if (w->http) {
        http_abandon(w->http);
    }
}

void wire_free(struct wire *w)
{
    if (!w) {
        return;
    }
    for (size_t i = 0; i < w->n; i++) {
        free(w->v[i].v);
        free(w->v[i].origin);
    }
    free(w->v);
    free(w->answered);
    http_free(w->http);
    errands_free(w->errands);
    free(w);
}
