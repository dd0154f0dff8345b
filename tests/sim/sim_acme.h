/* SPDX-License-Identifier: Apache-2.0
 *
 * ACME (RFC 8555), as strict as the servers are: each signed request has a nonce of ours, once, its
 * own address, the key id of an account, and a signature that is right. Renewal information (RFC
 * 9773) with `replaces`, profiles, external account binding when there is a secret for it.
 *
 *     sim_acme.c          the table of calls, accounts, answers
 *     sim_acme_jws.c      nonces and signatures
 *     sim_acme_orders.c   orders, authorizations, certificates, revocation
 *     sim_acme_renewal.c  renewal information
 */
#ifndef TESTS_SIM_SIM_ACME_H
#define TESTS_SIM_SIM_ACME_H

#include "tests/sim/sim_http.h"
#include "tests/sim/sim_orders.h"

#include <openssl/types.h>

#define ACME_PREFIX "/acme/"
enum { ACME_KEPT = 8192, ACME_HEX = 33 };

struct acme_account {
    EVP_PKEY *key;
    char thumbprint[44];
    bool deactivated;
};
struct acme_authz {
    const char *name;
    bool wildcard;
    char token[ACME_HEX];
    enum { AUTHZ_PENDING, AUTHZ_VALID, AUTHZ_INVALID } state;
    bool http; /* which challenge was looked at */
};
struct acme_order {
    struct order *order; /* of the shared table: certificate, ledger */
    size_t account;
    struct acme_authz *authz;
    size_t nauthz;
    bool finalized, broken;
    int64_t ready_ms; /* when the certificate is there */
    const char *profile, *replaces, *cert_id;
};
struct acme_state {
    char nonces[ACME_KEPT][ACME_HEX];
    size_t next_nonce;
    struct acme_account *accounts;
    size_t naccounts, accounts_cap;
    struct acme_order *orders;
    size_t norders, orders_cap;
};
extern struct acme_state acme_state; /* one simulator a process; under its lock */

/* What a signed request showed. */
struct acme_call {
    const char *path; /* behind the prefix */
    size_t account;   /* SIZE_MAX: signed by a key alone */
    EVP_PKEY *key;    /* that key, released by the caller */
    char thumbprint[44];
    const char *jwk; /* its text, canonical */
    bool get;        /* POST-as-GET */
};

const char *acme_url(const struct request *q, const char *path);
void acme_problem(struct request *q, struct reply *r, int status, const char *type,
                  const char *text);
void acme_good(struct request *q, struct reply *r, int status, json_t *tree);
/* --- sim_acme_jws.c --- */
const char *acme_new_nonce(struct request *q);
/* False: refused. The payload is q->json; `bare`: signed with a key that has no account. */
bool acme_verify(struct request *q, struct reply *r, bool bare, struct acme_call *c) MUST_USE;
bool acme_binding(struct request *q, const json_t *eab, const struct acme_call *c,
                  const char **why) MUST_USE;
/* --- sim_acme_orders.c --- */
#define ACME_HANDLER(name) void name(struct request *q, struct reply *r, struct acme_call *c)
ACME_HANDLER(acme_new_order);
ACME_HANDLER(acme_order);
ACME_HANDLER(acme_finalize);
ACME_HANDLER(acme_authz);
ACME_HANDLER(acme_challenge);
ACME_HANDLER(acme_certificate);
ACME_HANDLER(acme_revoke);
ACME_HANDLER(acme_orders_list);
/* --- sim_acme_renewal.c --- */
/* What --renewal says; false (err): no such mode. */
bool acme_renewal_open(const struct sim *s, struct err *err) MUST_USE;
bool acme_renewal_offered(const struct sim *s);
ACME_HANDLER(acme_renewal);

#endif
