/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS of the simulator: a certificate that was given, one made by its own CA, or a wrong one.
 */
#ifndef TESTS_SIM_SIM_TLS_H
#define TESTS_SIM_SIM_TLS_H

#include "formats/base/buf.h"
#include "formats/base/err.h"

#include <microhttpd.h>
#include <sys/socket.h>

struct sim;
struct sim_tls {
    bool on, cut;
    struct buf cert, key; /* PEM */
    const char *priorities;
};

bool sim_tls_open(struct sim_tls *t, struct sim *s, struct err *err) MUST_USE;
/* Takes no connection: closed before the handshake. */
enum MHD_Result sim_tls_cut(void *cls, const struct sockaddr *addr, socklen_t n);
void sim_tls_close(struct sim_tls *t);

#endif
