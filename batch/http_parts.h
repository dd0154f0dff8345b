/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of the HTTP layer; only http*.c include this.
 *
 *   http.c          the multi handle, queues, submission, completion
 *   http_peer.c     one CA: its trust, proxy, limits, and every option of a transfer
 *   http_reply.c    callbacks of one transfer: ceilings, headers, when the request begins
 *   http_attempt.c  what became of it (table)
 *   http_memory.c   what libcurl frees is wiped
 *   http_kerberos.c where Negotiate takes its ticket from
 *   http_trust.c    trust stores and client certificates as PEM in memory
 */
#ifndef BATCH_HTTP_PARTS_H
#define BATCH_HTTP_PARTS_H

#include "batch/http.h"
#include "batch/http_attempt.h"
#include "batch/http_trust.h"

#include <curl/curl.h>

enum {
    HTTP_HEADERS_MAX = 64 * 1024,
    HTTP_HEADER_KEPT = 128, /* of Date and Retry-After */
    HTTP_HEADERS_KEPT = 16, /* of those a kind of CA wants */
    HTTP_SLOW_BYTES = 100,  /* per second, once the reply has begun ... */
    HTTP_SLOW_SECONDS = 30, /* ... for so long */
    HTTP_CONNECTIONS = 64,  /* kept alive, all CAs together */
    HTTP_LEGS = 6           /* of a read; of what changes something a login may take fewer */
};

/* One exchange under way. */
struct transfer {
    struct http_peer *peer;
    struct ca_exchange *x;
    struct transfer *next; /* in the list of those under way */
    CURL *easy;
    struct curl_slist *headers; /* may hold a credential: http_memory.c wipes it */
    bool loopback_only;         /* http:// */
    bool begun, too_large, stranger;
    bool again;               /* libcurl was about to send it once more by itself: it was stopped */
    unsigned legs;            /* requests on the wire: more than one only while a login goes on */
    int status;               /* of the leg under way, 0 = none yet */
    bool interim, head_ended; /* 1xx; the blank line after the headers of the final response */
    size_t header_bytes;
    char date[HTTP_HEADER_KEPT], retry_after[HTTP_HEADER_KEPT];
    char error[CURL_ERROR_SIZE];
};

struct http_peer {
    struct http_peer *next;
    const struct ca *ca;
    struct http_trust trust;
    int roots_fd; /* its own roots as a file without a name, -1 = none */
    char roots_path[32];
    char *proxy; /* "" = none, whatever the environment says */
    struct secret proxy_password;
    size_t limit, busy;
    double rate;       /* requests per second, 0 = no limit */
    double next_start; /* ms; with its fraction, or a fast rate would be none */
    struct ca_exchange **v;
    size_t first, n, cap; /* waiting; [0, urgent) of the rest change something */
    size_t urgent;
};

struct http_peer **http_peers(struct http *h);
/* Every option of the transfer, in one place. False: the request cannot be made (text in
 * reply->transport_message). */
bool http_peer_apply(const struct http_peer *p, struct transfer *t) MUST_USE;
void http_peer_free(struct http_peer *p);

/* Instead of curl_global_init(). */
bool http_memory_init(void) MUST_USE;

size_t http_on_body(char *p, size_t size, size_t n, void *transfer);
size_t http_on_header(char *p, size_t size, size_t n, void *transfer);
int http_on_begin(void *transfer, char *peer_ip, char *own_ip, int peer_port, int own_port);
/* Fills the reply from what libcurl said at the end. */
void http_reply_finish(struct transfer *t, CURLcode code);

#endif
