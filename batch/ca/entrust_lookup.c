/* SPDX-License-Identifier: Apache-2.0
 *
 * From an order to its certificate: POLL for one that was accepted, FIND for one whose answer was
 * lost. Both take the same way:
 *
 *     the subject -> serial numbers -> each certificate, until one has the key of the order
 *     the event feed since the order, whose rows show certificates       (FIND; POLL without
 *                                                                         subject_lookup)
 *
 * The shape of the answer about a subject is not documented: every `serialNumber` in it is a
 * candidate, wherever it stands. A DN with a slash may be refused by the container the gateway
 * runs in; the feed does not need one.
 *
 * A key that is used again (a renewal with the old CSR) had certificates before: neither the prior
 * certificate of the order nor one that begins clearly before the order is its answer.
 */
#include "batch/ca/entrust.h"

#include <string.h>

enum { CANDIDATES = 500, BACKDATED = DAY_SECONDS + 3600, EARLIER = 5 * 60 };

static bool by_serial(const struct ca_call *call)
{
    return call->step == STEP_POLL && entrust_is_serial(call->order_id);
}

static bool by_subject(const struct entrust_config *c)
{
    return c->subject_lookup;
}

static bool put_serial(const struct rest_asked *q, struct buf *url, const char *serial)
{
    const bool named = entrust_put_ca(q, url);
    buf_puts(url, "/certificates/");
    request_put_escaped(url, serial);
    return named;
}

/* --- requests --- */
bool entrust_put_look(const struct rest_asked *q, struct buf *url)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    if (by_serial(q->call)) {
        return put_serial(q, url, q->call->order_id);
    }
    if (!q->call->order) {
        return err_set(q->err, ERR_INTERNAL, "an order is looked for that is not known");
    }
    if (!by_subject(q->config)) {
        return entrust_put_recent(q, url);
    }
    const bool named = entrust_put_ca(q, url);
    buf_puts(url, "/subjects/");
    request_put_escaped(url, entrust_subject(&a, q->call->order));
    return named;
}

bool entrust_put_candidate(const struct rest_asked *q, struct buf *url)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(search_release) struct search s = {0};
    if (!q->call->page && by_serial(q->call)) {
        return put_serial(q, url, q->call->order_id); /* again, now that the chain is known */
    }
    return (search_read(&a, q->call->page, &s) && s.todo.n && put_serial(q, url, s.todo.v[0])) ||
           err_set(q->err, ERR_INTERNAL, "the search was lost between two requests");
}

/* The cursor of the feed: hits, a semicolon, the index of the next page. */
bool entrust_put_recent(const struct rest_asked *q, struct buf *url)
{
    const char *index = q->call->page ? strchr(q->call->page, ';') : NULL;
    const int64_t since = q->call->since > EARLIER ? q->call->since - EARLIER : 0;
    const bool named = entrust_put_ca(q, url);
    buf_puts(url, "/certificate-events");
    entrust_put_feed(q, url, since, index ? index + 1 : NULL);
    return named;
}

bool entrust_put_chain(const struct rest_asked *q, struct buf *url)
{
    const bool named = entrust_put_ca(q, url);
    buf_puts(url, "?%24fields=ca.certificate,ca.chain");
    return named;
}

/* --- whose certificate --- */
static bool is_ours(const struct rest_heard *h, const struct cert *c)
{
    const struct ca_call *call = h->call;
    const struct ca_order *o = call->order;
    char *prior = o && o->prior_serial ? serial_normal(h->out->arena, o->prior_serial) : NULL;
    return o && o->spki_sha256 && memcmp(c->key.sha256, o->spki_sha256, SHA256_SIZE) == 0 &&
           !(prior && str_eq(prior, c->serial_hex)) &&
           (call->since <= BACKDATED || c->not_before >= call->since - BACKDATED);
}

/* --- the end of the way --- */
static void nothing_found(const struct rest_heard *h)
{
    const struct entrust_config *c = h->config;
    if (h->call->step == STEP_POLL) {
        rest_pending(h, &c->enroll, "the gateway shows no certificate of this key yet");
    }
}

static void search_on(const struct rest_heard *h, const struct search *s)
{
    if (s->todo.n) {
        h->out->phase = LOOK_CERTIFICATE;
        h->out->next_page = search_write(h->out->arena, s);
    } else if (s->hits.n) {
        search_give(h->out, s);
    } else if (h->call->step == STEP_FIND && by_subject(h->config)) {
        h->out->phase = LOOK_EVENTS;
    } else {
        nothing_found(h);
    }
}

static void deliver(const struct rest_heard *h, struct reply_certs *all)
{
    const struct entrust *own = h->own;
    if (all->n == 1 && !own->asked_chain) {
        h->out->phase = LOOK_CHAIN; /* once a run */
        h->out->next_page = h->call->page;
        return;
    }
    entrust_take_known(own, h->out->arena, all);
    reply_give(h->out, h->call->order, all);
}

/* A certificate of POLL, with what the gateway says of it. */
static void take_found(const struct rest_heard *h, const json_t *certificate,
                       struct reply_certs *all)
{
    const struct entrust_config *c = h->config;
    struct arena *a = h->out->arena;
    switch (entrust_state_of(a, certificate)) {
    case ENTRUST_REVOKED:
        rest_say(h, OUTCOME_REFUSED, "the certificate was issued, and revoked since");
        h->out->revoked = true;
        break;
    case ENTRUST_HELD:
        rest_pending(h, &c->enroll, "the certificate is on hold");
        break;
    case ENTRUST_GOOD:
    case ENTRUST_EXPIRED:
        entrust_take_chain(a, reply_member(h->body, "chain"), all);
        deliver(h, all);
        break;
    }
}

/* --- certificates --- */
static const json_t *certificate_of(const struct rest_heard *h, struct reply_certs *to)
{
    struct arena *a = h->out->arena;
    const json_t *certificate = reply_member(h->body, "certificate");
    *to = (struct reply_certs){arena_array(a, LIMIT_CHAIN + 1, sizeof *to->v), 0};
    return entrust_take_cert(a, reply_text(a, certificate, "certificateData"), to) ? certificate
                                                                                   : NULL;
}

static void take_by_serial(const struct rest_heard *h)
{
    struct reply_certs all;
    if (h->reply->http_status == 404) {
        entrust_unknown(h, "the gateway shows no certificate of this serial number");
        return;
    }
    if (!entrust_is_good(h)) {
        return;
    }
    const json_t *certificate = certificate_of(h, &all);
    if (certificate) {
        take_found(h, certificate, &all);
    } else {
        entrust_unknown(h, "the answer holds no certificate that decodes");
    }
}

/* A candidate that cannot be read is not known to be somebody else's: no end is drawn from it. */
void entrust_take_candidate(const struct rest_heard *h)
{
    CLEANUP(search_release) struct search s = {0};
    struct reply_certs all = {0};
    const bool gone = h->reply->http_status == 404;
    if (!h->call->page && by_serial(h->call)) {
        take_by_serial(h);
        return;
    }
    if (!search_read(h->out->arena, h->call->page, &s) || !s.todo.n) {
        entrust_unknown(h, "the search was lost between two requests");
        return;
    }
    if (!gone && !entrust_is_good(h)) {
        return;
    }
    const json_t *certificate = gone ? NULL : certificate_of(h, &all);
    if (!gone && !certificate) {
        entrust_unknown(h, "the answer holds no certificate that decodes");
        return;
    }
    if (certificate && is_ours(h, &all.v[0])) {
        if (h->call->step == STEP_POLL) {
            take_found(h, certificate, &all);
            return;
        }
        search_add_once(&s.hits, s.todo.v[0]);
    }
    s.todo.n--;
    memmove(s.todo.v, s.todo.v + 1, s.todo.n * sizeof *s.todo.v);
    search_on(h, &s);
}

/* --- subjects --- */
enum { DEPTH = 16 };

static void collect(struct arena *a, const json_t *v, struct search *s, unsigned depth)
{
    const char *key;
    json_t *child;
    for (size_t i = 0; depth && i < json_array_size(v); i++) {
        collect(a, json_array_get(v, i), s, depth - 1);
    }
    if (!depth || !json_is_object(v)) {
        return;
    }
    const char *serial = reply_text(a, v, "serialNumber");
    if (entrust_is_serial(serial) && s->todo.n <= CANDIDATES) {
        search_add_once(&s->todo, serial);
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, child)
    {
        collect(a, child, s, depth - 1);
    }
}

static void take_subject(const struct rest_heard *h)
{
    CLEANUP(search_release) struct search s = {.page = 1, .pages = 1};
    if (h->reply->http_status != 404) { /* else: no such subject, or not yet */
        if (!entrust_is_good(h)) {
            return;
        }
        collect(h->out->arena, h->body, &s, DEPTH);
    }
    if (s.todo.n > CANDIDATES) {
        entrust_unknown(h, "the subject has too many certificates to be searched");
        return;
    }
    search_on(h, &s);
}

void entrust_take_look(const struct rest_heard *h)
{
    if (by_serial(h->call)) {
        take_by_serial(h);
    } else if (by_subject(h->config)) {
        take_subject(h);
    } else if (h->reply->http_status == 404) {
        entrust_unknown(h, "the gateway shows no event feed of this CA");
    } else {
        entrust_take_recent(h);
    }
}

/* --- the feed --- */
static void read_hits(struct arena *a, const char *page, struct search *s)
{
    const char *end = page ? strchr(page, ';') : NULL;
    while (end && page < end) {
        const size_t n = strcspn(page, ",;");
        VEC_PUSH(&s->hits, arena_strndup(a, page, n));
        page += n + (page[n] == ',' ? 1 : 0);
    }
}

static const char *write_hits(struct arena *a, const struct search *s, const char *index)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    for (size_t i = 0; i < s->hits.n; i++) {
        buf_printf(&b, "%s%s", i ? "," : "", s->hits.v[i]);
    }
    buf_printf(&b, ";%s", index);
    return arena_strdup(a, buf_text(&b));
}

/* A hit of POLL is fetched by its number, which tells its state and chain too. */
static void feed_ends(const struct rest_heard *h, struct search *s)
{
    if (h->call->step == STEP_FIND && s->hits.n) {
        search_give(h->out, s);
    } else if (s->hits.n) {
        s->page = s->pages = 1;
        VEC_PUSH(&s->todo, s->hits.v[s->hits.n - 1]); /* the latest */
        s->hits.n = 0;
        search_on(h, s);
    } else {
        nothing_found(h);
    }
}

void entrust_take_recent(const struct rest_heard *h)
{
    CLEANUP(search_release) struct search s = {0};
    struct arena *a = h->out->arena;
    const json_t *events;
    const char *index;
    if (!entrust_read_feed(h, &events, &index)) {
        return;
    }
    read_hits(a, h->call->page, &s);
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *e = json_array_get(events, i);
        struct reply_certs one = {arena_array(a, LIMIT_CHAIN + 1, sizeof *one.v), 0};
        if (entrust_take_cert(a, reply_text(a, e, "certificate"), &one) && is_ours(h, one.v)) {
            const char *serial = reply_text(a, e, "serialNumber");
            search_add_once(&s.hits,
                            entrust_is_serial(serial) ? serial : str_lower(a, one.v[0].serial_hex));
        }
    }
    if (index) {
        h->out->phase = LOOK_EVENTS;
        h->out->next_page = write_hits(a, &s, index);
    } else {
        feed_ends(h, &s);
    }
}

/* --- the chain --- */
/* What the gateway does not show of its CA is left out; the certificate is fetched all the same. */
void entrust_take_ca(const struct rest_heard *h)
{
    struct entrust *own = h->own;
    struct arena *a = &own->arena;
    const json_t *ca = reply_member(h->body, "ca");
    struct reply_certs all = {arena_array(a, LIMIT_CHAIN + 1, sizeof *all.v), 0};
    const char *data = reply_text(a, reply_member(ca, "certificate"), "certificateData");
    if (h->reply->http_status != 404 && !entrust_is_good(h)) {
        return;
    }
    own->asked_chain = true;
    if (data && entrust_take_cert(a, data, &all)) {
        entrust_take_chain(a, reply_member(ca, "chain"), &all);
    }
    own->chain = arena_array(a, all.n, sizeof *own->chain);
    for (own->nchain = 0; own->nchain < all.n; own->nchain++) {
        own->chain[own->nchain] = all.v[own->nchain].der;
    }
    h->out->phase = LOOK_CERTIFICATE;
    h->out->next_page = h->call->page;
}
