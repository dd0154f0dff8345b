/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a host be reached at all: name resolution, a TCP connection, a TLS handshake; no request is
 * ever sent. For `doctor`, which wants to tell "no such name" from "nobody listens" from "TLS
 * fails", and to show the certificate that is in the way.
 *
 *     reach_target(&r, config, url)     what would be connected to; no I/O
 *     reach_try(&r, ms)                 resolves, then tries every address until one answers
 *     reach_tls(&r, ms, &arena, &tls)   at that address, when r.tls
 */
#ifndef BATCH_REACH_H
#define BATCH_REACH_H

#include "batch/config.h"
#include "formats/cert.h"

#include <sys/socket.h>

enum reach_stage { REACH_UNKNOWN_HOST, REACH_NO_ANSWER, REACH_CONNECTED };

struct reach {
    char host[256], port[8];
    bool proxy; /* host is that of the proxy, which resolves the CA's own name */
    bool tls;   /* the first thing said there is a TLS handshake: https, no proxy */

    enum reach_stage stage;
    size_t naddresses;
    char address[64];           /* the one that answered, else the last that was tried */
    char why[128];              /* the system's words when it did not come to a connection */
    struct sockaddr_storage at; /* of `address` */
    socklen_t at_size;
};

struct reach_tls {
    bool complete;        /* the handshake; nothing was verified by it */
    const char *protocol; /* "TLSv1.3"; NULL without handshake */
    bool has_certificate;
    struct cert certificate; /* of the server */
    bool names_host;         /* it is one for the host that was asked for */
    char why[160];           /* the library's words when it did not come to a handshake */
};

/* The host and port of a URL, or of the proxy that leads there. False: there is no host in it. */
bool reach_target(struct reach *r, const struct ca_config *config, const char *url) MUST_USE;
/* True when connected; the connection is closed at once. `timeout_ms` is for each address. */
bool reach_try(struct reach *r, int timeout_ms) MUST_USE;

/* Shakes hands with what connected, only to see its certificate: whether that is trusted is decided
 * where requests are made (http.h). True when the handshake was completed; what was seen before it
 * failed is kept too. Everything lives in the arena. `timeout_ms` is for connection and handshake
 * each. */
bool reach_tls(const struct reach *r, int timeout_ms, struct arena *a,
               struct reach_tls *out) MUST_USE;

/* Inside: connects a socket that does not block; errno's kind of number, 0 = connected. */
int reach_connect(const struct sockaddr *at, socklen_t size, int timeout_ms, int *fd);

#endif
