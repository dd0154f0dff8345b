/* SPDX-License-Identifier: Apache-2.0
 *
 * What the validity.* rows share: how long the certificate of an order will live, or a certificate
 * lives, counted as the Baseline Requirements count.
 */
#ifndef POLICY_RULES_VALIDITY_H
#define POLICY_RULES_VALIDITY_H

#include "policy/engine.h"

struct term {
    int64_t seconds; /* both ends count (BR 6.3.2) */
    int64_t days;    /* begun ones */
    const char *text;
    bool issued; /* of a certificate, not asked for */
};
/* False when it is not known: the CA decides, or the item is a revocation or a mere CSR. CA
 * certificates have other limits and are not judged. */
bool validity_term(const struct rule_run *run, struct term *out);
/* The last instant, when it is known. */
bool validity_end(const struct rule_run *run, int64_t *end);
/* The order asks for years of a subscription, in which certificates follow one another. */
bool validity_is_paid_time(const struct rule_run *run, const struct term *t);
struct hit validity_here(const struct term *t);

/* --- rules_validity_ca.c --- */
void validity_check_offered(struct rule_run *run);
void validity_check_truncation(struct rule_run *run);
void validity_check_issuer_end(struct rule_run *run);
void validity_check_backdate(struct rule_run *run);
void validity_check_expiry_window(struct rule_run *run);

#endif
