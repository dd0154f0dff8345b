/* SPDX-License-Identifier: Apache-2.0
 *
 * EST (RFC 7030, RFC 8951) below /.well-known/est: /cacerts, /csrattrs, /simpleenroll and
 * /simplereenroll, with labels. Who enrols logs in by HTTP Basic or by a TLS client certificate
 * (--tls-client-ca).
 *
 * It is as unforgiving as the standard lets a server be: a request that was answered by a
 * certificate and comes again is a new one, and a second certificate. Only one that was answered by
 * 202 is recognised, because the server must (4.2.3).
 */
#ifndef TESTS_SIM_SIM_EST_H
#define TESTS_SIM_SIM_EST_H

#include "tests/sim/sim_http.h"

bool est(struct request *q, struct reply *r);
enum sim_kind est_kind(const char *method, const char *path);

#endif
