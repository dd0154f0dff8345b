/* SPDX-License-Identifier: Apache-2.0
 *
 * What the smime.* checks share: the kind of S/MIME certificate an item is about, its subject and
 * its mailboxes. Private to rules_smime*.c.
 *
 * Type and generation stand in the manifest (`smime:`), else in the reserved
 * policy 2.23.140.1.5.T.G of the certificate or request (SBR 7.1.6.1). Where nobody says them, sets
 * hold every possible one, and only what is wrong for all of the set is a finding. A generation
 * nobody names is multipurpose or strict: legacy has ended.
 */
#ifndef POLICY_RULES_SMIME_H
#define POLICY_RULES_SMIME_H

#include "policy/ext.h"

enum smime_type_bit {
    SMIME_MAILBOX = 1 << 0,
    SMIME_ORGANIZATION = 1 << 1,
    SMIME_SPONSOR = 1 << 2,
    SMIME_INDIVIDUAL = 1 << 3,
    SMIME_PERSON = SMIME_SPONSOR | SMIME_INDIVIDUAL,
    SMIME_ANY_TYPE = (1 << 4) - 1
};
enum smime_generation_bit {
    SMIME_LEGACY = 1 << 0,
    SMIME_MULTIPURPOSE = 1 << 1,
    SMIME_STRICT = 1 << 2,
    SMIME_NOT_LEGACY = SMIME_MULTIPURPOSE | SMIME_STRICT
};
struct smime {
    unsigned types, generations;
    struct hit generation_at; /* where the generation is said */
};
struct smime smime_of(const struct rule_run *run);
/* The only one that can be: "mailbox", "strict"; else words for several. */
const char *smime_type_name(unsigned types);
const char *smime_generation_name(unsigned generations);

/* Attributes of the subject that will be certified, without empty ones. */
const struct attr_fact *smime_attr(const struct rule_run *run, const char *name);

#define OID_SMTP_UTF8_MAILBOX "1.3.6.1.5.5.7.8.9"
bool smime_is_mailbox_name(const struct name_fact *n) MUST_USE;
/* Mailboxes of the alternative names that will be certified, lower-case domains. */
struct strlist smime_mailboxes(const struct rule_run *run);
bool smime_is_listed(const struct rule_run *run, const struct strlist *mailboxes, const char *text,
                     size_t n) MUST_USE;

/* rules_smime_subject.c */
void smime_check_san_required(struct rule_run *run);
void smime_check_san_type(struct rule_run *run);
void smime_check_table(struct rule_run *run);
void smime_check_cn(struct rule_run *run);
void smime_check_pseudonym(struct rule_run *run);
void smime_check_name_required(struct rule_run *run);
void smime_check_email_single(struct rule_run *run);
void smime_check_email_repeated(struct rule_run *run);
void smime_check_org_id(struct rule_run *run);
void smime_check_country(struct rule_run *run);
void smime_check_serial(struct rule_run *run);

/* rules_smime_key.c */
void smime_check_eku(struct rule_run *run);
void smime_check_ku(struct rule_run *run);
void smime_check_key(struct rule_run *run);
void smime_check_sda(struct rule_run *run);
void smime_check_escrow(struct rule_run *run);
void smime_check_pfx(struct rule_run *run);

#endif
