/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a host be reached at all: name resolution and a TCP connection, without a word being said.
 * For `doctor`, which wants to tell "no such name" from "nobody listens" from "TLS fails".
 *
 *     reach_target(&r, url)     what would be connected to; no I/O
 *     reach_try(&r, ms)         resolves, then tries every address until one answers
 */
#ifndef BATCH_REACH_H
#define BATCH_REACH_H

#include "batch/config.h"

enum reach_stage { REACH_UNKNOWN_HOST, REACH_NO_ANSWER, REACH_CONNECTED };

struct reach {
    char host[256], port[8];
    bool proxy; /* host is that of the proxy, which resolves the CA's own name */

    enum reach_stage stage;
    size_t naddresses;
    char address[64]; /* the one that answered, else the last that was tried */
    char why[128];    /* the system's words when it did not come to a connection */
    int64_t connect_ms;
};

/* The host and port of a URL, or of the proxy that leads there. False: there is no host in it. */
bool reach_target(struct reach *r, const struct ca_config *config, const char *url) MUST_USE;
/* True when connected; the connection is closed at once. `timeout_ms` is for each address. */
bool reach_try(struct reach *r, int timeout_ms) MUST_USE;

#endif
