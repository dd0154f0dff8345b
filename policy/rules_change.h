/* SPDX-License-Identifier: Apache-2.0
 *
 * Two rules of rules_change.c say something that only a run can carry out; engine_change.c reads
 * their settings for it. Parameters by index.
 */
#ifndef POLICY_RULES_CHANGE_H
#define POLICY_RULES_CHANGE_H

#include "policy/rule.h"

#define APPROVALS_RULE "change.approvals.min"
enum { APPROVALS_COUNT, APPROVALS_APPROVERS, APPROVALS_TRUSTED };

#define WINDOW_RULE "batch.ticket.window"
enum { WINDOW_OVERRIDE };

#endif
