/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of the EST connector: est.c has the settings, est_ops.c requests, est_answer.c what comes
 * back. Two kinds of CA speak it: `est`, and emCA in the dialect of that name (emca_est.c). An
 * EST client is a struct est that either of them opens with settings of its own; everything else is
 * the same.
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
 *
 *     est_open(&e, ca, &settings, "auth.password", &err)  // once
 *     est_authorized(&e)                                  // false: STEP_TOKEN comes first
 *     est_request(&e, call, &request, &err)               // as in struct ca_ops
 *     est_answer(&e, call, &reply, &result)
 *     est_release(&e)                                     // also after a failure to open
 */
#ifndef BATCH_CA_EST_H
#define BATCH_CA_EST_H

#include "batch/ca/reply.h"
#include "batch/ca/rest.h"
#include "batch/ca/settings.h"

enum { EST_REENROLL_OWN, EST_REENROLL_ALWAYS, EST_REENROLL_NEVER };
extern const struct word est_reenroll_words[];
/* Checks of a field: the path of the service, a label. */
bool est_is_path(const char *text, const char **why);
bool est_is_label(const char *text, const char **why);
/* User and password of HTTP Basic go together; findings at `node`: `who` needs them. */
void est_check_basic(struct schema_ctx *ctx, const struct ynode *node, const char *who,
                     const char *username_key, const char *username,
                     const struct secret_ref *password);

/* What whoever speaks EST can do, and what `doctor` says of it. */
enum { EST_CAPS = CA_ORDER | CA_PRODUCTS | CA_READS_CSR_NAMES | CA_POLL_WANTS_ORDER | CA_ONCE };
#define EST_PROBE_NOTE "EST shows only by an enrolment whether these credentials are good for one"

/* base_url with or without `path` at its end; `issuer`: a common name that one of the CA
 * certificates must have, or NULL. */
struct est_config {
    const char *base_url, *path, *label, *issuer;
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
    struct ca *ca; /* whose issuer_sha256 is what /cacerts says */
    const struct est_config *config;
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

bool est_open(struct est *e, struct ca *ca, const struct est_config *config,
              const char *password_key, struct err *err) MUST_USE;
void est_release(struct est *e);
bool est_authorized(const struct est *e);
bool est_request(struct est *e, const struct ca_call *call, struct ca_request *out,
                 struct err *err) MUST_USE;
void est_answer(struct est *e, const struct ca_call *call, const struct ca_reply *reply,
                struct ca_result *out);

/* est_answer.c */
void est_take_certificate(const struct rest_heard *h);
void est_take_cacerts(const struct rest_heard *h);
void est_take_probe(const struct rest_heard *h);
void est_take_attributes(const struct rest_heard *h);
void est_explain(const struct rest_heard *h, const struct rest_row *row);

extern const struct ca_ops est_ops;

#endif
