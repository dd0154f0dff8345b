/* SPDX-License-Identifier: Apache-2.0
 *
 * A server that does what a test tells it to: raw octets over TCP or TLS on a free loopback port,
 * a thread per connection. It parses nothing but the end of a request and counts what it read.
 *
 *     server_start(&s, talk, tls)     talk() is the script of one connection
 *     ...                             requests; close the client's side
 *     server_stop(&s)                 serves what had connected by then, ends every thread
 *     s.posts, server_request(&s, 0)  what arrived, exact after server_stop()
 *
 * talk() runs in the threads of the server: it asserts nothing. Include after cmocka.h.
 */
#ifndef TESTS_UNIT_HTTP_SERVER_H
#define TESTS_UNIT_HTTP_SERVER_H

#include "formats/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERVER_CONNECTIONS = 512, SERVER_LOG = 512, CONN_BUFFER = 2 << 20 };

struct server;
struct conn {
    struct server *server;
    pthread_t thread;
    int fd;
    bool live;
    SSL *ssl;
    unsigned requests; /* read from this connection */
    char *in;          /* the last request, and what follows it */
    size_t n, taken;
};
struct server {
    void (*talk)(struct conn *c);
    SSL_CTX *tls; /* of the caller; NULL = plain */
    int fd;
    unsigned port;
    pthread_t thread;
    pthread_mutex_t lock;
    struct conn *conns[SERVER_CONNECTIONS];
    size_t nconns;
    char *log[SERVER_LOG]; /* whole requests in order of arrival */
    size_t nlog;
    atomic_uint accepts, requests, posts, now, peak;
    atomic_uint last_port; /* the connection that ends the accept loop comes from there */
    atomic_bool stopping;
};

/* --- a connection, for scripts --- */
static inline bool conn_fill(struct conn *c)
{
    if (c->n >= CONN_BUFFER - 1) {
        return false;
    }
    const size_t room = CONN_BUFFER - 1 - c->n;
    const ssize_t got =
        c->ssl ? SSL_read(c->ssl, c->in + c->n, (int)room) : recv(c->fd, c->in + c->n, room, 0);
    if (got <= 0) {
        return false;
    }
    c->n += (size_t)got;
    c->in[c->n] = '\0';
    return true;
}

static inline size_t conn_body_length(const char *head)
{
    const char *at = strcasestr(head, "\r\nContent-Length:");
    return at ? (size_t)strtoul(at + 17, NULL, 10) : 0;
}

static inline void conn_count(struct conn *c, size_t n)
{
    struct server *s = c->server;
    c->requests++;
    (void)pthread_mutex_lock(&s->lock);
    if (s->nlog < SERVER_LOG) {
        s->log[s->nlog++] = strndup(c->in, n);
    }
    (void)pthread_mutex_unlock(&s->lock);
    atomic_fetch_add(&s->requests, 1);
    atomic_fetch_add(&s->posts, strncmp(c->in, "POST ", 5) == 0);
}

/* Reads the next whole request into c->in. False: the client is gone. */
static inline bool conn_request(struct conn *c)
{
    memmove(c->in, c->in + c->taken, c->n - c->taken);
    c->n -= c->taken;
    c->taken = 0;
    c->in[c->n] = '\0';
    for (;;) {
        const char *end = strstr(c->in, "\r\n\r\n");
        const size_t head = end ? (size_t)(end - c->in) + 4 : 0;
        const size_t whole = end ? head + conn_body_length(c->in) : 0;
        if (end && c->n >= whole) {
            c->taken = whole;
            conn_count(c, whole);
            return true;
        }
        if (!conn_fill(c)) {
            return false;
        }
    }
}

static inline bool conn_put(struct conn *c, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n) {
        const ssize_t put = c->ssl ? SSL_write(c->ssl, p, (int)n) : send(c->fd, p, n, MSG_NOSIGNAL);
        if (put <= 0) {
            return false;
        }
        p += put;
        n -= (size_t)put;
    }
    return true;
}

static inline bool conn_say(struct conn *c, const char *text)
{
    return conn_put(c, text, strlen(text));
}

static inline bool conn_ok(struct conn *c, const char *body)
{
    char text[512];
    (void)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    return conn_say(c, text);
}

/* Until the client closes, or the test ends. */
static inline void conn_hang(struct conn *c)
{
    char sink[4096];
    while ((c->ssl ? SSL_read(c->ssl, sink, sizeof sink) : recv(c->fd, sink, sizeof sink, 0)) > 0) {
    }
}

/* What was sent arrives, then the connection ends in an orderly way. */
static inline void conn_finish(struct conn *c)
{
    if (c->ssl) {
        (void)SSL_shutdown(c->ssl);
    }
    (void)shutdown(c->fd, SHUT_WR);
    char sink[4096];
    while (recv(c->fd, sink, sizeof sink, 0) > 0) {
    }
}

static inline void conn_reset(struct conn *c)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* TLS from here on. */
static inline bool conn_start_tls(struct conn *c, SSL_CTX *tls)
{
    c->ssl = SSL_new(tls);
    return c->ssl && SSL_set_fd(c->ssl, c->fd) == 1 && SSL_accept(c->ssl) == 1;
}

/* For scripts that count how many requests are under way at a time. */
static inline void conn_enter(struct conn *c)
{
    const unsigned now = atomic_fetch_add(&c->server->now, 1) + 1;
    unsigned peak = atomic_load(&c->server->peak);
    while (now > peak && !atomic_compare_exchange_weak(&c->server->peak, &peak, now)) {
    }
}

static inline void conn_leave(struct conn *c)
{
    atomic_fetch_sub(&c->server->now, 1);
}

/* --- the server --- */
static inline void *conn_main(void *conn)
{
    struct conn *c = conn;
    struct server *s = c->server;
    if (!s->tls || conn_start_tls(c, s->tls)) {
        s->talk(c);
    }
    (void)pthread_mutex_lock(&s->lock);
    c->live = false;
    SSL_free(c->ssl);
    (void)close(c->fd);
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

static inline void server_take(struct server *s, int fd)
{
    struct conn *c = xcalloc(1, sizeof *c);
    *c = (struct conn){.server = s, .fd = fd, .live = true, .in = xcalloc(1, CONN_BUFFER)};
    (void)pthread_mutex_lock(&s->lock);
    s->conns[s->nconns++] = c;
    (void)pthread_mutex_unlock(&s->lock);
    if (pthread_create(&c->thread, NULL, conn_main, c) != 0) {
        abort();
    }
}

static inline void *server_main(void *server)
{
    struct server *s = server;
    for (;;) {
        struct sockaddr_in from;
        socklen_t n = sizeof from;
        const int fd = accept(s->fd, (struct sockaddr *)&from, &n);
        if (fd < 0 && errno == EINTR) {
            continue;
        }
        const bool last = fd >= 0 && ntohs(from.sin_port) == atomic_load(&s->last_port);
        if (fd < 0 || last || s->nconns == SERVER_CONNECTIONS) {
            (void)close(fd);
            return NULL;
        }
        atomic_fetch_add(&s->accepts, 1);
        server_take(s, fd);
    }
}

/* Bound, not listening: who connects is refused, and nobody else gets the port. */
static inline int loopback_socket(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
        abort();
    }
    *port = ntohs(at.sin_port);
    return fd;
}

static inline void server_start(struct server *s, void (*talk)(struct conn *), SSL_CTX *tls)
{
    *s = (struct server){.talk = talk, .tls = tls, .lock = PTHREAD_MUTEX_INITIALIZER};
    (void)signal(SIGPIPE, SIG_IGN); /* SSL_write() has no MSG_NOSIGNAL */
    s->fd = loopback_socket(&s->port);
    if (listen(s->fd, SERVER_CONNECTIONS) != 0 ||
        pthread_create(&s->thread, NULL, server_main, s) != 0) {
        abort();
    }
}

/* The queue of the listening socket is first in, first out: a connection of our own comes after
 * all that were made before, so that none of them is missed. */
static inline void server_stop(struct server *s)
{
    unsigned port;
    const int own = loopback_socket(&port);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)s->port)};
    atomic_store(&s->stopping, true);
    atomic_store(&s->last_port, port);
    if (connect(own, (struct sockaddr *)&at, sizeof at) != 0) {
        abort();
    }
    (void)pthread_join(s->thread, NULL);
    (void)close(own);
    (void)close(s->fd);
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->nconns; i++) {
        if (s->conns[i]->live) {
            (void)shutdown(s->conns[i]->fd, SHUT_RD); /* what arrived before is still read */
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->nconns; i++) {
        (void)pthread_join(s->conns[i]->thread, NULL);
        explicit_bzero(s->conns[i]->in, CONN_BUFFER); /* t_http_secret.c looks for traces */
        free(s->conns[i]->in);
        free(s->conns[i]);
    }
    s->nconns = 0;
}

/* The i-th request; "" when there was none. */
UNUSED static const char *server_request(const struct server *s, size_t i)
{
    return i < s->nlog ? s->log[i] : "";
}

static inline void server_release(struct server *s)
{
    for (size_t i = 0; i < s->nlog; i++) {
        explicit_bzero(s->log[i], strlen(s->log[i]));
        free(s->log[i]);
    }
    s->nlog = 0;
}

#endif
