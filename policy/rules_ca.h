/* SPDX-License-Identifier: Apache-2.0
 *
 * What the rules of several kinds of CA ask alike: a value that the order's `fields:` or else the
 * CA's settings give, and the level of what is ordered.
 */
#ifndef POLICY_RULES_CA_H
#define POLICY_RULES_CA_H

#include "policy/engine.h"

/* A value and where it is written. text NULL: nobody wrote it; `at` points to where the settings
 * of the CA lack it. */
struct said {
    const char *text;
    struct hit at;
};
/* Paths: "fields.signature_hash" of the order, "signature_hash" of the CA. Either may be NULL. */
struct said ca_said(const struct rule_run *run, const char *field, const char *setting);
/* As above, with the order's `product:` between the two. */
struct said ca_said_product(const struct rule_run *run, const char *field, const char *setting);
bool ca_said_true(const struct rule_run *run, const char *field, const char *setting);

bool ca_is_order(const struct rule_run *run);
/* Settings that only orders use are no matter of a revocation. */
bool ca_is_revocation(const struct rule_run *run);
/* Foreign text safe for a message. */
const char *ca_shown(const struct rule_run *run, const char *text);
/* "dv" "ov" "iv" "ev" "smime" "private" of the product, else of the profile; NULL = not known. */
const char *ca_level(const struct rule_run *run);
/* The organization's number at this CA by the policy's `organizations:`, or NULL. */
const char *ca_organization_number(const struct rule_run *run);
/* A revocation whose reason is none of `reasons` (bit 1u << n). */
void ca_check_reason(struct rule_run *run, unsigned reasons, const char *who);

/* The dialect that a version of emCA speaks ("4.0.17", "V4.2.4+"), as the setting `dialect` spells
 * it; NULL: it cannot be told from the version. */
const char *emca_dialect_of(const char *version);
/* The dialect that the settings of a CA say, outright or by their version; NULL: neither. */
const char *emca_dialect_said(const struct ynode *settings);

/* What RFC 5280 4.1.2.2 and BR 7.1 object to in the serial number: "is zero", or NULL. *certain is
 * false when it merely is too short for the random bits it needs. */
const char *cert_serial_fault(struct arena *a, const struct cert *cert, bool *certain);

#endif
