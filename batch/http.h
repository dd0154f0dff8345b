/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP for all CAs: the only module that touches libcurl. One curl_multi, one TLS policy.
 *
 *     http_new(&h, &err)
 *     http_peer_open(h, ca, &peer, &err)      once per CA: TLS, proxy, deadlines
 *     http_submit(h, peer, &exchange)         as often as wanted; carried at most once each
 *     http_run(h)                             moves everything that can move, never blocks
 *     while ((x = http_next(h))) ...          answered exchanges, in order of completion
 *     http_wait(h, fd, ms)                    sleeps until something happens here or at fd
 *     http_abandon(h)                         gives up what is under way; it comes back by next()
 *
 * Peer and host name are always verified, TLS 1.2 is the least, there is no switch for either;
 * http:// reaches loopback only, and never by way of a proxy. A header value that is not one line
 * is refused. No redirects, no compression, no connection reuse for requests
 * that change something: libcurl repeats a POST by itself when a reused connection dies before the
 * first octet of the answer (lib/transfer.c, Curl_retry_request; curl issue 18417).
 *
 * A login of HTTP (request->login) may take several legs on one connection, which then serves that
 * request only. Between them libcurl must not begin anew: what changes something goes on only after
 * a whole 401, or before any body has left. Only the last leg's answer is a reply.
 *
 * What became of a request is reply->transport, decided by one table (batch/http_attempt.h):
 * ACCEPTED means that a whole reply arrived, whatever its status; NOT_SENT that not one octet of
 * the request left; everything else is UNKNOWN. A body without length and chunks ends where the
 * connection does, over TLS too (libcurl sees no missing close_notify): whether it is whole its
 * reader must see.
 *
 * At most limits.in_flight exchanges with one CA are under way, and they start no faster than
 * limits.requests_per_second; what waits, waits here. Requests that change something go first.
 *
 * Proxy variables of the environment mean nothing here (hooks and secret commands, which inherit
 * them, may need them): there is the configured proxy or none. SSLKEYLOGFILE is removed. What
 * libcurl frees is wiped.
 *
 * The exchange, its request and its reply belong to the caller and stay in place until http_next()
 * returned it. One thread only.
 */
#ifndef BATCH_HTTP_H
#define BATCH_HTTP_H

#include "batch/ca.h"

struct http;
struct http_peer;

bool http_new(struct http **out, struct err *err) MUST_USE;
/* The same peer for the same CA. Reads trust store, client certificate and proxy password that the
 * configuration of the CA names (PEM, PKCS#12 or JKS), with our own readers, and keeps them in
 * memory. Lives as long as h. */
bool http_peer_open(struct http *h, const struct ca *ca, struct http_peer **out,
                    struct err *err) MUST_USE;
void http_submit(struct http *h, struct http_peer *p, struct ca_exchange *x);
void http_run(struct http *h);
struct ca_exchange *http_next(struct http *h) MUST_USE;
size_t http_pending(const struct http *h); /* submitted and not yet returned */
bool http_ready(const struct http *h);     /* http_run() or http_next() have something to do now */
/* Ends when a transfer moved, `extra_fd` (-1: none) is readable, a signal came, or time is up. */
void http_wait(struct http *h, int extra_fd, int timeout_ms);
/* A reply that has arrived by now still counts; a request that has not begun to leave stays. */
void http_abandon(struct http *h);
void http_free(struct http *h);

/* Negotiate without a ticket: Kerberos takes one with the key table, and keeps it in memory. It is
 * that of the whole process: a second one, of another file, is refused. Changes the environment, so
 * before there are threads: from ca_ops.open(). */
bool http_kerberos_keytab(const char *path, struct err *err) MUST_USE;

#endif
