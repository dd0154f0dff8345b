/* SPDX-License-Identifier: Apache-2.0
 *
 * What dv.*, ov.*, iv.* and ev.* rules ask about a subject: who says the value of an attribute.
 * An item is judged on everything it will be issued from: the effective subject, the EV facts of
 * the manifest, the record of the organization (BR 7.1.2.7, EVG 7.1.4.2). A certificate is judged
 * on its own subject alone.
 */
#ifndef POLICY_RULES_LEVEL_H
#define POLICY_RULES_LEVEL_H

#include "policy/rule.h"

struct level_value {
    const char *text;
    size_t n;
    const struct attr_fact *attr;      /* in the effective subject; NULL = from elsewhere */
    const char *key;                   /* manifest key it is or would be written under */
    const struct organization *record; /* the record it comes from, or NULL */
};
/* By short name of the attribute. False when nobody says it; out->key is set then too. */
bool level_value(const struct rule_run *run, const char *name, struct level_value *out);
/* As above without the record of the organization. */
bool level_own_value(const struct rule_run *run, const char *name, struct level_value *out);
bool level_has(const struct rule_run *run, const char *name) MUST_USE;
/* The CA fills the organization in by its number there, whatever the order says. */
bool level_organization_by_id(const struct rule_run *run) MUST_USE;
/* There is a subject to be complete: not of a revocation, an unreadable CSR, a CA certificate. */
bool level_judged(const struct rule_run *run) MUST_USE;
/* Where a finding about a value points. */
struct hit level_at(const struct level_value *v);
/* Reports that nobody says it. Quiet while the record that could say it is not known, which is a
 * finding of its own (subject.organization.known). */
void level_missing(struct rule_run *run, const struct level_value *v, const char *message);
/* An attribute the certificate will not have (VIEW_CSR only) is worth a warning. */
enum severity level_severity(const struct attr_fact *attr, enum severity effective);

/* The record's value of an attribute, or NULL. */
const char *organization_value(const struct organization *o, const char *name);

#endif
