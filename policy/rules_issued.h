/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of the issued.* rows: rules_issued_request.c compares a certificate with the order it
 * answers, rules_issued.c judges it by itself.
 */
#ifndef POLICY_RULES_ISSUED_H
#define POLICY_RULES_ISSUED_H

#include "policy/rule.h"

void issued_check_key(struct rule_run *run);
void issued_check_names_missing(struct rule_run *run);
void issued_check_names_extra(struct rule_run *run);
void issued_check_subject(struct rule_run *run);
void issued_check_short(struct rule_run *run);

#endif
