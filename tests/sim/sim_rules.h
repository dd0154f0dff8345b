/* SPDX-License-Identifier: Apache-2.0
 *
 * What the CA itself refuses, in whichever dialect it is asked: products and what they need, CSRs
 * and keys, names, addresses of signers, revocation reasons. Each check fills the code and the
 * text of the real CA; EMS-901 is this simulator's own.
 */
#ifndef TESTS_SIM_SIM_RULES_H
#define TESTS_SIM_SIM_RULES_H

#include "tests/sim/sim_http.h"
#include "tests/sim/sim_orders.h"
#include "tests/sim/sim_shape.h"

struct refusal {
    const char *code;
    char text[256];
};
bool refuse(struct refusal *out, const char *code, const char *fmt, ...) PRINTF(3, 4);

/* An order as both dialects read it; NULL = not said. */
struct ask {
    const char *product_code, *domain, *csr, *remarks, *signer_ip, *organization, *group;
    bool prevetted, has_agreement, signer_ip_optional;
    const json_t *additional; /* array or NULL */
    bool www_twin, hold;
    const json_t *root;       /* for the table of required members */
    const struct need *needs; /* of the dialect; closed by a NULL path */
};

/* A member that orders of certain levels need. */
struct need {
    const char *path;
    unsigned levels; /* 1 << enum level */
    bool ucc_only;
    bool not_prevetted; /* only when no vetted organization is named */
};
#define FOR(level) (1u << (level))

/* Parse, key type, signature, CN (when domain is not NULL), key not used before. */
bool rules_csr(struct sim *s, struct arena *a, const char *pem, const char *domain, struct csr *out,
               struct refusal *why) MUST_USE;
/* All of it; fills what the rules know of the order: product, names, CSR. Texts are copied into
 * the simulator's arena. */
bool rules_order(struct request *q, const struct ask *ask, struct order *out,
                 struct refusal *why) MUST_USE;
/* Takes a CSR that passed into an order. */
void rules_take_csr(struct sim *s, struct order *o, const char *pem, const struct csr *csr);
bool rules_signer_ip(struct sim *s, const char *ip, struct refusal *why) MUST_USE;

#endif
