/* SPDX-License-Identifier: Apache-2.0
 *
 * What the rooms of revoke.* share: the checks of the rows, and the tables behind them. Reasons
 * and situations are in rules_revoke_reason.c, relations between items in rules_revoke_batch.c,
 * the rows and everything else in rules_revoke.c.
 */
#ifndef POLICY_RULES_REVOKE_H
#define POLICY_RULES_REVOKE_H

#include "policy/rule.h"

/* Hours that BR 4.9.1.1 leaves in this situation (1 to 16; 0 = not said, then the longest of the
 * situations with this reason); 0 = it says nothing. */
int64_t revoke_hours(int64_t situation, int reason);
/* The number at a key of the item, 0 when it is not there. */
int64_t revoke_situation(const struct rule_run *run);
/* True when the time at a key of the item could be read. */
bool revoke_time(const struct rule_run *run, const char *key, int64_t *out);

extern const char *const revoke_reason_tokens[]; /* of RFC 5280, camelCase */

void revoke_check_required(struct rule_run *run);
void revoke_check_public(struct rule_run *run);
void revoke_check_withdrawn(struct rule_run *run);
void revoke_check_hold(struct rule_run *run);
void revoke_check_offered(struct rule_run *run);
void revoke_check_evidence(struct rule_run *run);
void revoke_check_hierarchy(struct rule_run *run);
void revoke_check_affiliation(struct rule_run *run);

void revoke_check_siblings(struct rule_run *run);
void revoke_check_reorder(struct rule_run *run);
void revoke_check_replacement(struct rule_run *run);
void revoke_check_order(struct rule_run *run);
void revoke_check_cessation(struct rule_run *run);
void revoke_check_count(struct rule_run *run);
void revoke_check_mixed(struct rule_run *run);
extern const char *const revoke_class_tokens[];

#endif
