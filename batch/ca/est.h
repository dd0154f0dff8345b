/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of the EST connector: est.c has the settings, est_ops.c requests, est_answer.c what comes
 * back.
 *
 * EST (RFC 7030, RFC 8951) knows certificates and nothing else: no orders, no search, no list, no
 * revocation. Three things follow, and the connector is built around them.
 *
 *   A certificate is shown once, in the answer to the request for it: CA_ONCE. Whoever loses that
 *   answer has lost the certificate, and nobody can be asked: the item is unknown.
 *
 *   A request that was answered by 202 is repeated until the answer is another one; recognising it
 *   is the server's duty (RFC 7030, 4.2.3), so that repeating it buys nothing. The number of such
 *   an order is the SHA-256 of the request. A certificate that came at once has its own serial as
 *   number: that request must never be repeated, because the server would take it for a new one.
 *
 *   The answer holds the certificate alone (4.2.3), its chain is what /cacerts says. That is read
 *   before anything else, as other CAs are asked for a token: STEP_TOKEN.
 */
#ifndef BATCH_CA_EST_H
#define BATCH_CA_EST_H

#include "batch/ca/reply.h"
#include "batch/ca/rest.h"
#include "batch/ca/settings.h"

enum { EST_REENROLL_OWN, EST_REENROLL_ALWAYS, EST_REENROLL_NEVER };

struct est_config {
    const char *base_url, *path, *label;
    struct strings labels;
    const char *username;
    struct secret_ref password;
    int reenroll;
    struct ca_enroll enroll;
    int64_t renewal_window_days;
};

/* What is kept while a CA is open. */
struct est {
    struct arena arena;
    struct ca *ca;           /* that this is the state of */
    const char *base;        /* with the path, without a slash at its end */
    struct secret basic;     /* of the Authorization header; not set: no HTTP Basic */
    const char *own_serial;  /* of tls.client_certificate; NULL: none, or not known */
    struct cert *cas;        /* of /cacerts */
    size_t ncas;             /* 0: not read yet */
    const char *cas_message; /* how many there were */
};

/* Order numbers: of a request that the server works on. */
void est_request_id(struct span csr, char out[SHA256_HEX]);
/* The label that the n-th row of a list of products stands for; NULL: there is no such row. "" is
 * the service without a label. */
const char *est_label(const struct est_config *c, uint64_t n);

/* est_answer.c */
void est_take_certificate(const struct rest_heard *h);
void est_take_cacerts(const struct rest_heard *h);
void est_take_probe(const struct rest_heard *h);
void est_take_attributes(const struct rest_heard *h);
void est_explain(const struct rest_heard *h, const struct rest_row *row);

extern const struct ca_ops est_ops;

#endif
