/* SPDX-License-Identifier: Apache-2.0
 *
 * Calendars of a policy: named lists of times in which something must not happen, such as a
 * year-end freeze or public holidays.
 */
#ifndef POLICY_CALENDARS_H
#define POLICY_CALENDARS_H

#include "policy/engine.h"

/* The first time of one of the named calendars that has an instant in common with [from, to];
 * of all calendars when none is named. NULL: none. */
const struct freeze *calendar_hit(const struct rule_run *run, const struct strlist *names,
                                  int64_t from, int64_t to);
/* False, with rule_broken() said, when a name is not that of a calendar of the policy: a freeze
 * that is misspelt would freeze nothing. */
bool calendars_known(struct rule_run *run, const struct strlist *names);

#endif
