/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP through libmicrohttpd, a thread per connection: so a reply that drips, hangs or is cut
 * holds up nobody else. What the library would not do (a reset, half a connection) is done to the
 * socket behind its back, at the only moments when it does not write itself.
 */
#include "tests/sim/sim_http.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_adcs.h"
#include "tests/sim/sim_tls.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* The library clears the memory of a connection when it begins: 4 MiB, which a flood of headers
 * needs, cost more than its TLS. */
enum { MEMORY = 4 << 20, CALM_MEMORY = 128 << 10, SLICE_MS = 20, WINDOW = 32768 };

struct server {
    struct MHD_Daemon *daemon;
    struct sim_tls tls;
    atomic_ulong connections;
};
struct link { /* one connection */
    unsigned long id, requests;
};

/* --- replies as values --- */
void reply_text(struct reply *r, int status, const char *type, const char *text)
{
    r->status = status;
    r->type = type;
    buf_reset(&r->body);
    buf_puts(&r->body, text);
}

void reply_json(struct reply *r, int status, json_t *tree)
{
    char *text = tree ? json_dumps(tree, JSON_COMPACT) : NULL;
    reply_text(r, text ? status : 500, "application/json", text ? text : "");
    free(text);
    json_decref(tree);
}

void reply_header(struct reply *r, const char *name, const char *value)
{
    if (r->nheaders < MAX_HEADERS) {
        r->headers[r->nheaders].name = name;
        r->headers[r->nheaders++].value = value;
    }
}

char *http_date(struct arena *a, int64_t t)
{
    char text[64];
    struct tm tm;
    time_t at = (time_t)t;
    (void)strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &tm));
    return arena_strdup(a, text);
}

/* --- the socket --- */
static int socket_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

/* Sleeps; false when the client left or the simulator is to end. */
static bool linger(struct request *q, int fd, int64_t ms)
{
    int64_t until = time_monotonic_ms() + ms;
    while (!atomic_load(&q->sim->stop)) {
        int64_t left = until - time_monotonic_ms();
        if (left <= 0) {
            return true;
        }
        struct pollfd p = {.fd = fd, .events = POLLRDHUP};
        if (poll(&p, 1, (int)(left < SLICE_MS ? left : SLICE_MS)) > 0 && p.revents) {
            return false;
        }
    }
    return false;
}

/* Linux sends a reset at once when a connected socket is "connected" to nowhere. close() after
 * SO_LINGER 0 would come too late: the library shuts the sending side down first. */
static void reset(int fd)
{
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    (void)connect(fd, &none, sizeof none);
}

/* --- bodies that are not simply sent --- */
struct stream {
    struct request *q; /* owned by the connection, which outlives the response */
    struct buf body;
    enum sending sending;
    int64_t arg;
    int fd;
    bool shut;
};

static size_t part(const struct stream *s, uint64_t at, size_t want, char *out, size_t most)
{
    size_t left = at < most ? most - (size_t)at : 0;
    size_t n = left < want ? left : want;
    memcpy(out, s->body.p + at, n);
    return n;
}

static ssize_t read_stream(void *cls, uint64_t at, char *out, size_t max)
{
    struct stream *s = cls;
    size_t n = 0;
    size_t cut = (size_t)s->arg < s->body.n ? (size_t)s->arg : s->body.n;
    switch ((int)s->sending) {
    case SEND_TRUNCATE:
        n = part(s, at, max, out, cut);
        return n ? (ssize_t)n : MHD_CONTENT_READER_END_WITH_ERROR;
    case SEND_DRIP:
        if (!linger(s->q, s->fd, s->arg)) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
        n = part(s, at, 1, out, s->body.n);
        return n ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
    case SEND_HALF_CLOSE:
        n = part(s, at, max, out, s->body.n / 2);
        if (!n) {
            (void)shutdown(s->fd, SHUT_WR);
            (void)linger(s->q, -1, 1000); /* the client may still talk to it */
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
        return (ssize_t)n;
    default: /* SEND_CHUNKS: a blank each, then the body */
        if ((int64_t)at < s->arg) {
            *out = ' ';
            return 1;
        }
        n = part(s, at - (uint64_t)s->arg, max, out, s->body.n);
        return n ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
    }
}

static void free_stream(void *cls)
{
    struct stream *s = cls;
    buf_release(&s->body);
    free(s);
}

static struct MHD_Response *streamed(struct request *q, struct reply *r, int fd)
{
    struct stream *s = xcalloc(1, sizeof *s);
    *s = (struct stream){q, r->body, r->sending, r->arg, fd, false};
    r->body = (struct buf)BUF_INIT(MAX_BODY * 4);
    uint64_t size = s->sending == SEND_CHUNKS ? MHD_SIZE_UNKNOWN : s->body.n;
    return MHD_create_response_from_callback(size, WINDOW, read_stream, s, free_stream);
}

/* --- requests --- */
static const char *query_value(const struct request *q, const char *name)
{
    return MHD_lookup_connection_value(q->query_ctx, MHD_GET_ARGUMENT_KIND, name);
}

static const char *header_value(const struct request *q, const char *name)
{
    return MHD_lookup_connection_value(q->query_ctx, MHD_HEADER_KIND, name);
}

static const char *header(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

/* What a client calls the attempt. V2 parses Idempotency-Key and does nothing about it; one that
 * names an order and not an attempt may come with a name of the attempt beside it. */
static const char *own_key(struct MHD_Connection *c)
{
    const char *attempt = header(c, "X-Request-ID");
    return attempt ? attempt : header(c, "Idempotency-Key");
}

static bool says(const char *text, const char *word)
{
    static const char *const around = " ,;:\"\\/";
    for (const char *p = strstr(text, word); p; p = strstr(p + 1, word)) {
        char before = p == text ? ' ' : p[-1], after = p[strlen(word)];
        if (strchr(around, before) && (!after || strchr(around, after))) {
            return true;
        }
    }
    return false;
}

static bool has_item(const void *ctx, const char *word)
{
    const struct request *q = ctx;
    const char *hidden = acme_about((struct request *)(uintptr_t)q);
    return says(buf_text(&q->body), word) || (hidden && says(hidden, word)) ||
           strstr(q->path, word) != NULL || adcs_mentions(q, word);
}

static void choose(struct request *q, bool early)
{
    const struct occasion o = {q->method, q->kind, q->sequence > 1, early, has_item, q};
    (void)pthread_mutex_lock(&q->sim->lock);
    scenario_plan(&q->sim->scenario, &o, &q->plan);
    (void)pthread_mutex_unlock(&q->sim->lock);
}

static struct request *begin(struct sim *s, struct MHD_Connection *c, const char *url,
                             const char *method)
{
    struct request *q = xcalloc(1, sizeof *q);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct link *l = info ? info->socket_context : NULL;
    *q = (struct request){.sim = s,
                          .arena = ARENA_INIT,
                          .body = BUF_INIT(MAX_BODY),
                          .authorization = header(c, "Authorization"),
                          .accept = header(c, "Accept"),
                          .host = header(c, "Host"),
                          .content_type = header(c, "Content-Type"),
                          .product_code = header(c, "X-Product-Code"),
                          .idempotency = own_key(c),
                          .query = query_value,
                          .header = header_value,
                          .query_ctx = c,
                          .kind = sim_kind_of(method, url)};
    q->method = arena_strdup(&q->arena, method);
    q->path = arena_strdup(&q->arena, url);
    q->client = sim_tls_client(c, &q->arena);
    q->client_cert = sim_tls_shown(c, &q->arena);
    if (l) {
        q->connection = l->id;
        q->sequence = ++l->requests;
    }
    return q;
}

static void completed(void *cls, struct MHD_Connection *c, void **ctx,
                      enum MHD_RequestTerminationCode code)
{
    struct request *q = *ctx;
    (void)cls, (void)c, (void)code;
    if (q) {
        json_decref(q->json);
        buf_release(&q->body);
        arena_release(&q->arena);
        free(q);
    }
    *ctx = NULL;
}

static void connected(void *cls, struct MHD_Connection *c, void **ctx,
                      enum MHD_ConnectionNotificationCode code)
{
    struct server *server = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        if (server->tls.client_ca.n && !server->tls.client_optional) {
            sim_tls_demand(c);
        }
        struct link *l = xcalloc(1, sizeof *l);
        l->id = atomic_fetch_add(&server->connections, 1) + 1;
        *ctx = l;
    } else {
        free(*ctx);
        *ctx = NULL;
    }
}

/* --- answering --- */
static enum MHD_Result send_reply(struct request *q, struct reply *r, struct MHD_Connection *c)
{
    int fd = socket_of(c);
    if (r->sending == SEND_RST) {
        reset(fd);
        return MHD_NO;
    }
    if (r->sending == SEND_HANG) {
        (void)linger(q, fd, INT32_MAX);
        return MHD_NO;
    }
    if (r->sending == SEND_CLOSE) {
        return MHD_NO;
    }
    bool plain = r->sending == SEND_WHOLE || r->sending == SEND_HEADERS;
    struct MHD_Response *response =
        plain ? MHD_create_response_from_buffer(r->body.n, r->body.p, MHD_RESPMEM_MUST_COPY)
              : streamed(q, r, fd);
    if (r->type) {
        (void)MHD_add_response_header(response, "Content-Type", r->type);
    }
    for (size_t i = 0; i < r->nheaders; i++) {
        (void)MHD_add_response_header(response, r->headers[i].name, r->headers[i].value);
    }
    for (int64_t i = 0; r->sending == SEND_HEADERS && i < r->arg; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "X-Flood-%lld", (long long)i);
        (void)MHD_add_response_header(response, name, "blah blah blah blah blah blah");
    }
    enum MHD_Result sent = MHD_queue_response(c, (unsigned)r->status, response);
    MHD_destroy_response(response);
    return sent;
}

static enum MHD_Result answer(struct request *q, struct MHD_Connection *c)
{
    struct sim *s = q->sim;
    CLEANUP(buf_release) struct buf body = BUF_INIT(MAX_BODY * 4);
    struct reply r = {.status = 500, .body = body};
    choose(q, false);
    const struct action *delay = plan_has(&q->plan, FAULT_DELAY);
    (void)linger(q, -1, s->latency_ms + (delay ? delay->n : 0));
    (void)pthread_mutex_lock(&s->lock);
    sim_serve(q, &r);
    (void)pthread_mutex_unlock(&s->lock);
    enum MHD_Result sent = send_reply(q, &r, c);
    body = r.body;
    return sent;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **ctx)
{
    struct request *q = *ctx;
    (void)version;
    if (!q) {
        *ctx = q = begin(cls, c, url, method);
        choose(q, true);
        if (plan_has(&q->plan, FAULT_CLOSE_BEFORE_READ)) {
            struct reply r = {.sending = SEND_CLOSE, .outcome = "close-before-read"};
            (void)pthread_mutex_lock(&q->sim->lock);
            wire_add(&q->sim->ledger, q, &r);
            (void)pthread_mutex_unlock(&q->sim->lock);
            return MHD_NO;
        }
        return MHD_YES;
    }
    if (*size) {
        buf_add(&q->body, data, *size);
        *size = 0;
        return buf_failed(&q->body) ? MHD_NO : MHD_YES;
    }
    return answer(q, c);
}

/* --- the server --- */
static int port_of(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : -1;
}

int server_start(struct sim *s, struct server **out, struct err *err)
{
    struct server *server = xcalloc(1, sizeof *server);
    uint64_t port = 0;
    *out = server;
    if (s->options.port && (!str_u64(s->options.port, &port) || port > 65535)) {
        (void)err_set(err, ERR_USAGE, "--port %s is no port", s->options.port);
        return -1;
    }
    struct sockaddr_in loopback = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const size_t memory = s->options.calm ? CALM_MEMORY : MEMORY;
    if (!sim_tls_open(&server->tls, s, err)) {
        return -1;
    }
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, server->tls.cert.p},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls.key.p},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)server->tls.priorities},
        {server->tls.client_ca.n ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0,
         server->tls.client_ca.p},
        {MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION;
    flags |= server->tls.on ? (unsigned)MHD_USE_TLS : 0;
    server->daemon = MHD_start_daemon(
        flags, 0, server->tls.cut ? sim_tls_cut : NULL, NULL, handle, s, MHD_OPTION_SOCK_ADDR,
        &loopback, MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory, MHD_OPTION_NOTIFY_COMPLETED,
        completed, NULL, MHD_OPTION_NOTIFY_CONNECTION, connected, server,
        server->tls.on ? MHD_OPTION_ARRAY : MHD_OPTION_END, tls, MHD_OPTION_END);
    if (!server->daemon) {
        (void)err_set(err, ERR_ENV, "cannot listen on the loopback interface");
        return -1;
    }
    return port_of(server->daemon);
}

void server_stop(struct server *server)
{
    if (server && server->daemon) {
        MHD_stop_daemon(server->daemon);
    }
    if (server) {
        sim_tls_close(&server->tls);
    }
    free(server);
}
