/* SPDX-License-Identifier: Apache-2.0
 *
 * See http.h: queues, the multi handle, and what comes out of it.
 */
#include "batch/http_parts.h"

#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

struct http {
    CURLM *multi;
    CURLSH *share; /* TLS sessions and names, over all handles */
    struct http_peer *peers;
    struct transfer *moving;
    CURL **spare; /* handles that are not in use: they keep their allocations */
    size_t nspare, spare_cap;
    struct ca_exchange **done;
    size_t first_done, ndone, done_cap;
    size_t pending;
};

struct http_peer **http_peers(struct http *h)
{
    return &h->peers;
}

/* --- life --- */
bool http_new(struct http **out, struct err *err)
{
    (void)unsetenv("SSLKEYLOGFILE"); /* libcurl would write the session secrets there */
    if (!http_memory_init()) {
        return err_set(err, ERR_INTERNAL, "libcurl cannot be initialised");
    }
    struct http *h = xcalloc(1, sizeof *h);
    h->multi = curl_multi_init();
    h->share = curl_share_init();
    if (!h->multi || !h->share ||
        curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) ||
        curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)HTTP_CONNECTIONS)) {
        http_free(h);
        return err_set(err, ERR_INTERNAL, "libcurl cannot be initialised");
    }
    *out = h;
    return true;
}

static void give_back(struct http *h, CURL *easy)
{
    curl_easy_reset(easy); /* keeps connections, sessions and names */
    vec_reserve((void **)&h->spare, &h->spare_cap, h->nspare + 1, sizeof(CURL *));
    h->spare[h->nspare++] = easy;
}

static void end_transfer(struct http *h, struct transfer *t)
{
    struct transfer **at = &h->moving;
    while (*at != t) {
        at = &(*at)->next;
    }
    *at = t->next;
    (void)curl_multi_remove_handle(h->multi, t->easy);
    give_back(h, t->easy);
    curl_slist_free_all(t->headers);
    t->peer->busy--;
    free(t);
}

void http_free(struct http *h)
{
    if (!h) {
        return;
    }
    while (h->moving) {
        end_transfer(h, h->moving);
    }
    for (size_t i = 0; i < h->nspare; i++) {
        curl_easy_cleanup(h->spare[i]);
    }
    for (struct http_peer *p = h->peers, *next; p; p = next) {
        next = p->next;
        http_peer_free(p);
    }
    (void)curl_multi_cleanup(h->multi);
    (void)curl_share_cleanup(h->share);
    free(h->spare);
    free(h->done);
    free(h);
}

/* --- submission --- */
void http_submit(struct http *h, struct http_peer *p, struct ca_exchange *x)
{
    const bool urgent = step_changes_state(x->request->call->step);
    vec_reserve((void **)&p->v, &p->cap, p->first + p->n + 1, sizeof(struct ca_exchange *));
    struct ca_exchange **waiting = p->v + p->first;
    const size_t at = urgent ? p->urgent++ : p->n;
    memmove(waiting + at + 1, waiting + at, (p->n - at) * sizeof(struct ca_exchange *));
    waiting[at] = x;
    p->n++;
    h->pending++;
}

static struct ca_exchange *take_waiting(struct http_peer *p)
{
    struct ca_exchange *x = p->v[p->first];
    p->n--;
    p->first = p->n ? p->first + 1 : 0;
    p->urgent -= p->urgent > 0;
    return x;
}

static void finished(struct http *h, struct ca_exchange *x)
{
    vec_reserve((void **)&h->done, &h->done_cap, h->ndone + 1, sizeof(struct ca_exchange *));
    h->done[h->ndone++] = x;
}

/* It never began. */
static void not_sent(struct http *h, struct ca_exchange *x, const char *why, bool lasting)
{
    x->reply->transport = OUTCOME_NOT_SENT;
    x->reply->lasting = lasting;
    x->reply->transport_message = x->reply->transport_message ? x->reply->transport_message : why;
    finished(h, x);
}

static CURL *new_easy(struct http *h)
{
    CURL *easy = h->nspare ? h->spare[--h->nspare] : curl_easy_init();
    if (easy) {
        (void)curl_easy_setopt(easy, CURLOPT_SHARE, h->share);
    }
    return easy;
}

static void start(struct http *h, struct http_peer *p, struct ca_exchange *x)
{
    CURL *easy = new_easy(h);
    if (!easy) {
        not_sent(h, x, "out of memory", false);
        return;
    }
    struct transfer *t = xcalloc(1, sizeof *t);
    *t = (struct transfer){.peer = p, .x = x, .next = h->moving, .easy = easy};
    h->moving = t;
    p->busy++;
    if (!http_peer_apply(p, t) || curl_multi_add_handle(h->multi, easy) != CURLM_OK) {
        end_transfer(h, t);
        not_sent(h, x, "the request cannot be made", true);
    }
}

/* True: another request may start now. */
static bool may_start(const struct http_peer *p, int64_t now)
{
    return p->n && p->busy < p->limit && (p->rate <= 0 || p->next_start <= (double)now);
}

static void start_waiting(struct http *h)
{
    const int64_t now = time_monotonic_ms();
    for (struct http_peer *p = h->peers; p; p = p->next) {
        while (may_start(p, now)) {
            if (p->rate > 0) {
                p->next_start = (double)now + 1000.0 / p->rate;
            }
            start(h, p, take_waiting(p));
        }
    }
}

/* --- completion --- */
static void take_finished(struct http *h)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left)) != NULL;) {
        struct transfer *t = NULL;
        const CURLcode code = m->data.result;
        if (m->msg != CURLMSG_DONE ||
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t) != CURLE_OK || !t) {
            continue;
        }
        struct ca_exchange *x = t->x;
        http_reply_finish(t, code);
        end_transfer(h, t);
        finished(h, x);
    }
}

void http_run(struct http *h)
{
    int running;
    start_waiting(h);
    (void)curl_multi_perform(h->multi, &running);
    take_finished(h);
    start_waiting(h); /* places that became free */
    (void)curl_multi_perform(h->multi, &running);
    take_finished(h); /* else http_wait() would sleep over it */
}

struct ca_exchange *http_next(struct http *h)
{
    if (h->first_done == h->ndone) {
        h->first_done = h->ndone = 0;
        return NULL;
    }
    h->pending--;
    return h->done[h->first_done++];
}

size_t http_pending(const struct http *h)
{
    return h->pending;
}

bool http_ready(const struct http *h)
{
    const int64_t now = time_monotonic_ms();
    bool ready = h->first_done < h->ndone;
    for (const struct http_peer *p = h->peers; p && !ready; p = p->next) {
        ready = may_start(p, now);
    }
    return ready;
}

static int until_start(const struct http *h, int timeout_ms)
{
    const int64_t now = time_monotonic_ms();
    int64_t least = timeout_ms;
    for (const struct http_peer *p = h->peers; p; p = p->next) {
        const bool paced = p->n && p->busy < p->limit && p->rate > 0;
        const double left = p->next_start - (double)now;
        if (paced && left < (double)least) {
            least = left > 0 ? (int64_t)left + 1 : 0;
        }
    }
    return (int)least;
}

void http_wait(struct http *h, int extra_fd, int timeout_ms)
{
    struct curl_waitfd extra = {.fd = extra_fd, .events = CURL_WAIT_POLLIN};
    if (h->first_done < h->ndone) {
        return;
    }
    (void)curl_multi_poll(h->multi, &extra, extra_fd >= 0 ? 1 : 0, until_start(h, timeout_ms),
                          NULL);
}

static void give_up(struct http *h, bool begun_too)
{
    for (struct transfer *t = h->moving, *next; t; t = next) {
        next = t->next;
        if (!t->begun || begun_too) {
            struct ca_exchange *x = t->x;
            http_reply_finish(t, CURLE_ABORTED_BY_CALLBACK);
            end_transfer(h, t);
            finished(h, x);
        }
    }
}

void http_abandon(struct http *h)
{
    int running;
    for (struct http_peer *p = h->peers; p; p = p->next) {
        while (p->n) {
            not_sent(h, take_waiting(p), "it was given up before it was sent", false);
        }
    }
    /* First those of which nothing has left: the last look must not send them. */
    give_up(h, false);
    (void)curl_multi_perform(h->multi, &running);
    take_finished(h); /* a reply that has arrived is a reply */
    give_up(h, true);
}
