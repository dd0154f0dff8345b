/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS of the simulator: a certificate that was given, one made by its own CA, or a wrong one.
 */
#ifndef TESTS_SIM_SIM_TLS_H
#define TESTS_SIM_SIM_TLS_H

#include "formats/base/arena.h"
#include "formats/base/buf.h"
#include "formats/base/err.h"

#include <microhttpd.h>
#include <sys/socket.h>

struct sim;
struct sim_tls {
    bool on, cut;
    struct buf cert, key; /* PEM */
    struct buf client_ca; /* PEM: a client must show a certificate of these; empty: none is asked */
    const char *priorities;
};

bool sim_tls_open(struct sim_tls *t, struct sim *s, struct err *err) MUST_USE;
/* Takes no connection: closed before the handshake. */
enum MHD_Result sim_tls_cut(void *cls, const struct sockaddr *addr, socklen_t n);
void sim_tls_close(struct sim_tls *t);
/* Before the handshake of a new connection: without a client certificate that verifies it fails. */
void sim_tls_demand(struct MHD_Connection *c);
/* Subject of the client certificate, as dn_text() writes it; NULL: there is none. */
const char *sim_tls_client(struct MHD_Connection *c, struct arena *a);

#endif
