/* SPDX-License-Identifier: Apache-2.0
 *
 * The order table of the simulated CA and its state machine. What state an order is in is never
 * stored: it follows from what was done to it and from the clock, so that time moves by itself.
 *
 *     placed --T1--> domains shown --T2--> challenge --verify--T3--> validated --T4--> certificate
 *
 * Names of an order decide the certificate, the CSR's own are ignored, as the real CA does.
 */
#ifndef TESTS_SIM_SIM_ORDERS_H
#define TESTS_SIM_SIM_ORDERS_H

#include "formats/base/json_in.h"
#include "formats/base/sha.h"
#include "formats/cert.h"
#include "formats/csr.h"
#include "tests/sim/sim_products.h"
#include "tests/sim/sim_scenario.h"

struct sim;
struct sim_ca;

enum order_state {
    ORDER_DRAFT,
    ORDER_ACCEPTED, /* T1 runs: nothing is shown yet */
    ORDER_NO_CSR,
    ORDER_NO_AGREEMENT,
    ORDER_DCV,
    ORDER_VETTING,
    ORDER_APPROVED, /* says approved, has no certificate */
    ORDER_ISSUED,
    ORDER_DOWNLOADED,
    ORDER_EXPIRED,
    ORDER_REVOKED,
    ORDER_CANCELLED,
    ORDER__MAX
};

/* Both dialects' words for a state: one table, sim_orders.c. */
struct state_words {
    const char *order_id, *order_text, *cert_id, *cert_text, *v2;
};
extern const struct state_words order_words[ORDER__MAX];

enum { TOKEN_HEX = 33 };
struct sim_domain {
    const char *name;
    bool possible;     /* can pass validation at all: a DNS name */
    int64_t passed_ms; /* when it is validated; 0 = not yet verified */
    char token[TOKEN_HEX];
};

/* What a certificate for mailboxes says beside them; see sim_digicert_mail.c. */
struct sim_mail {
    const struct issue_profile *profile;
    const char *common_name, *given_name, *surname, *pseudonym, *email; /* NULL: not shown */
};

struct order {
    char number[72], request_number[64]; /* number empty for a draft */
    const struct product *product;
    const char *domain;
    struct sim_domain *domains; /* what the certificate will have */
    size_t ndomains;
    const char *organization, *organization_name, *group, *locality, *state, *country;
    const char *remarks, *requestor_name, *requestor_email;
    json_t *tags; /* array or NULL */
    const char *csr;
    struct span spki_der; /* of the CSR */
    uint8_t spki[SHA256_SIZE];
    bool draft, agreement, vetted, cancelled, downloaded;
    const char *signer, *signer_place;
    int64_t placed_ms, placed_at, pending_polls;
    int64_t days; /* of the certificate; 0 = what all orders have (--validity-days) */
    bool renewed; /* another order took its place */
    const struct sim_mail *mail; /* NULL: for servers */
    struct plan bend;            /* faults that wait for the certificate */
    struct span cert;            /* DER */
    struct cert parsed;
    const char *revoke_reason; /* NULL = not revoked */
    int64_t revoked_at;
    const char *subject;     /* as it was asked for, where a CA is asked by it */
    bool held;               /* on hold */
    const char *then_reason; /* an action that was accepted and is carried out later */
    int64_t then_looks;      /* when so many have looked */
};

struct orders {
    struct order **v;
    size_t n, cap;
    int64_t t1, t2, t3, t4; /* ms */
    bool dcv_auto;
    int64_t validity_days;
};

/* "T1,T2,T3,T4" or one number for all of them, milliseconds. */
bool orders_times(struct orders *o, const char *text) MUST_USE;
/* A copy into the table, with numbers of its own. Everything it points to is in the arena of the
 * simulator already. */
struct order *orders_place(struct sim *s, const struct order *from);
struct order *orders_find(struct orders *o, const char *number); /* order number */
struct order *orders_find_draft(struct orders *o, const char *request_number);
bool orders_has_key(const struct orders *o, const uint8_t spki[SHA256_SIZE]) MUST_USE;

/* `poll` counts down the fault "pending". */
enum order_state order_state(struct sim *s, struct order *o, bool poll);
bool order_dcv_shown(const struct sim *s, const struct order *o) MUST_USE;
bool order_challenge_open(const struct sim *s, const struct order *o) MUST_USE;
bool order_validated(const struct sim *s, const struct order *o,
                     const struct sim_domain *d) MUST_USE;
struct sim_domain *order_domain(struct order *o, const char *name);
/* Looks for the token in the TXT table; false when it is not there. */
bool order_verify(struct sim *s, struct order *o, struct sim_domain *d) MUST_USE;
/* DER of the certificate, bent as `plan` says; made at the first call. */
bool order_certificate(struct sim *s, struct order *o, const struct plan *plan, struct span *out,
                       struct err *err) MUST_USE;
/* swap-certs(a,b): who asks for the one gets the other's, when there is one. */
struct order *order_swapped(struct sim *s, struct order *o, const struct plan *plan);
json_t *pem_json(struct span der); /* a certificate as text */
void orders_release(struct orders *o);

#endif
