/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of the ev.* rows, written in rules_ev_*.c by topic. Private to them.
 */
#ifndef POLICY_RULES_EV_H
#define POLICY_RULES_EV_H

#include "policy/rules_level.h"

/* EVG 7.1.4.2.3, closed by NULL (organizations.c) */
extern const char *const ev_business_categories[];

/* rules_ev_subject.c: the subject and the record of the organization */
void ev_check_organization(struct rule_run *run);
void ev_check_dba(struct rule_run *run);
void ev_check_category(struct rule_run *run);
void ev_check_jurisdiction_country(struct rule_run *run);
void ev_check_jurisdiction_levels(struct rule_run *run);
void ev_check_country(struct rule_run *run);
void ev_check_location(struct rule_run *run);
void ev_check_ou(struct rule_run *run);
void ev_check_validation_age(struct rule_run *run);

/* rules_ev_serial.c: the registration number */
void ev_check_serial(struct rule_run *run);
void ev_check_serial_date(struct rule_run *run);
void ev_check_serial_format(struct rule_run *run);
/* Three groups of digits, eight digits or words that are meant as a date. Good is false when it
 * is not a possible day written YYYY-MM-DD. */
bool ev_looks_like_date(const char *text, size_t n, bool *good);

/* rules_ev_orgid.c: organizationIdentifier */
void ev_check_orgid_syntax(struct rule_run *run);
void ev_check_orgid_scheme(struct rule_run *run);
void ev_check_orgid_state(struct rule_run *run);
void ev_check_orgid_country(struct rule_run *run);
void ev_check_orgid_ntr(struct rule_run *run);
void ev_check_orgid_extension(struct rule_run *run);

/* rules_ev_contact.c: the people of an order */
void ev_check_contact_complete(struct rule_run *run); /* arg: EV_APPROVER, EV_SIGNER */
void ev_check_contact_roles(struct rule_run *run);
void ev_check_contact_email(struct rule_run *run);
void ev_check_contact_phone(struct rule_run *run);
enum ev_role { EV_APPROVER, EV_SIGNER, EV_REQUESTER, EV_ROLE__MAX };

#endif
