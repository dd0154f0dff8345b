/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of the subject.* rows, written in rules_subject_*.c by topic. Private to them.
 */
#ifndef POLICY_RULES_SUBJECT_H
#define POLICY_RULES_SUBJECT_H

#include "policy/rule.h"

/* rules_subject_form.c: which attributes, how often, in which order and string type */
void subject_check_allowed(struct rule_run *run);
void subject_check_required(struct rule_run *run);
void subject_check_duplicate(struct rule_run *run);
void subject_check_multi_value(struct rule_run *run);
void subject_check_order(struct rule_run *run);
void subject_check_string_type(struct rule_run *run);
void subject_check_string_invalid(struct rule_run *run);
void subject_check_ou(struct rule_run *run);
void subject_check_email_tls(struct rule_run *run);
void subject_check_email_in_san(struct rule_run *run);
void subject_check_dc_sequence(struct rule_run *run);
void subject_check_empty_without_san(struct rule_run *run);

/* rules_subject_text.c: what the values say */
void subject_check_length(struct rule_run *run);
void subject_check_empty_value(struct rule_run *run);
void subject_check_placeholder(struct rule_run *run);
void subject_check_tool_default(struct rule_run *run);
void subject_check_whitespace(struct rule_run *run);
void subject_check_control(struct rule_run *run);
void subject_check_invisible(struct rule_run *run);
void subject_check_html(struct rule_run *run);
void subject_check_mojibake(struct rule_run *run);
void subject_check_mixed_script(struct rule_run *run);
void subject_check_country_format(struct rule_run *run);
void subject_check_country_iso(struct rule_run *run);
void subject_check_pattern_require(struct rule_run *run);
void subject_check_pattern_deny(struct rule_run *run);

/* rules_subject_cn.c: the common name */
void subject_check_cn_in_san(struct rule_run *run);
void subject_check_cn_multiple(struct rule_run *run);
void subject_check_cn_length(struct rule_run *run);
void subject_check_cn_discouraged(struct rule_run *run);
void subject_check_cn_ip_text(struct rule_run *run);
void subject_check_arpa_ip(struct rule_run *run);

/* rules_subject_organization.c: against the record of the organization */
void subject_check_organization(struct rule_run *run);

/* The distinguished name of the CSR or certificate; NULL when there is none to judge. */
const struct dn *subject_dn(const struct rule_run *run);
bool subject_is(const struct attr_fact *attr, const char *name) MUST_USE;
/* An attribute of a CSR whose subject the CA does not read: worth a warning, not a refusal. */
enum severity subject_severity(const struct attr_fact *attr);

#endif
