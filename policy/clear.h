/* SPDX-License-Identifier: Apache-2.0
 *
 * Clearance: the proof that exactly these bytes passed the policy. Only clear_item() makes one,
 * only clearance_redeem() spends it, once; the executor sends nothing without. The digest is
 * request_digest() of what will be sent: order fields and CSR, or the revocation.
 */
#ifndef POLICY_CLEAR_H
#define POLICY_CLEAR_H

#include "policy/policy.h"

struct clearance;

/* NULL with err set (ERR_FINDINGS) when an unwaived finding of the subject is above what its
 * profile lets pass, or the profile is audit-only. `findings` are those of this subject alone. */
struct clearance *clear_item(const struct policy *p, const struct subject *s,
                             const struct findings *findings, const uint8_t digest[SHA256_SIZE],
                             struct err *err) MUST_USE;
/* False (ERR_INTERNAL) when already spent or for other bytes. */
bool clearance_redeem(struct clearance *c, const uint8_t digest[SHA256_SIZE],
                      struct err *err) MUST_USE;
void clearance_free(struct clearance *c);

#endif
