/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits of the Baseline Requirements that shrink on fixed days, as data: how long a certificate
 * may live, how long a validation may be used again. `at` is the day of issuance.
 */
#ifndef POLICY_BR_DATES_H
#define POLICY_BR_DATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum br_limit {
    BR_VALIDITY,       /* TLS server certificate, days (BR 6.3.2) */
    BR_DOMAIN_REUSE,   /* validation of a domain name or address, days (BR 4.2.1) */
    BR_IDENTITY_REUSE, /* any other validated data, such as the organization, days (BR 4.2.1) */
    BR_SHORT_LIVED,    /* certificate that needs no revocation data, days (BR 1.6.1) */
    BR_SMIME_LEGACY,   /* S/MIME of the legacy generation, days; 0 = the generation ended */
    BR_LIMIT__MAX
};

/* Days in force at `at`; 0 before the first day the table knows. */
int64_t br_limit_at(enum br_limit limit, int64_t at);
/* The first day after `at` on which the limit changes, and what it is from then on; false when no
 * further day is set. */
bool br_limit_next(enum br_limit limit, int64_t at, int64_t *day, int64_t *days);

/* Every day on which one of the limits changes, by index, in no order; false behind the last. */
bool br_day(size_t index, int64_t *day);

#endif
