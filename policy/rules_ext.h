/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of the ext.* rows, written in rules_ext_*.c by subject. Private to them.
 */
#ifndef POLICY_RULES_EXT_H
#define POLICY_RULES_EXT_H

#include "policy/ext.h"

/* rules_ext_usage.c: key usage and extended key usage */
void ext_check_ku_ca_bits(struct rule_run *run);
void ext_check_ku_rsa(struct rule_run *run);
void ext_check_ku_ec(struct rule_run *run);
void ext_check_ku_encoding(struct rule_run *run);
void ext_check_ku_critical(struct rule_run *run);
void ext_check_eku_required(struct rule_run *run);
void ext_check_eku_forbidden(struct rule_run *run);
void ext_check_eku_client_auth(struct rule_run *run);
void ext_check_eku_critical(struct rule_run *run);
void ext_check_ku_eku(struct rule_run *run);

/* rules_ext_list.c: which extensions are there, and what the others say */
void ext_check_allowed(struct rule_run *run);
void ext_check_unknown_critical(struct rule_run *run);
void ext_check_unwanted(struct rule_run *run); /* row.arg: enum ext_unwanted */
void ext_check_bc_ca(struct rule_run *run);
void ext_check_bc_pathlen(struct rule_run *run);
void ext_check_policies(struct rule_run *run);
void ext_check_tls_feature(struct rule_run *run);
void ext_check_ski(struct rule_run *run);
void ext_check_ms_template(struct rule_run *run);

enum ext_unwanted { EXT_NAME_CONSTRAINTS, EXT_CT, EXT_OCSP_NOCHECK, EXT_NETSCAPE, EXT_ISSUER };

#endif
