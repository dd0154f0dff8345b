/* SPDX-License-Identifier: Apache-2.0
 *
 * Methods of domain control validation: the words a manifest uses, and what the Baseline
 * Requirements say about each (BR 3.2.2.4 for names, 3.2.2.5 for addresses). Data only.
 */
#ifndef POLICY_DCV_H
#define POLICY_DCV_H

#include "formats/base/schema.h"

enum dcv_method {
    DCV_NONE,
    DCV_EMAIL,          /* 3.2.2.4.4 constructed address at the domain */
    DCV_DNS,            /* 3.2.2.4.7 DNS change: TXT or CNAME */
    DCV_IP_ADDRESS,     /* 3.2.2.4.8 */
    DCV_DOMAIN_CONTACT, /* 3.2.2.4.12 */
    DCV_CAA_EMAIL,      /* 3.2.2.4.13 */
    DCV_TXT_EMAIL,      /* 3.2.2.4.14 */
    DCV_TXT_PHONE,      /* 3.2.2.4.16 */
    DCV_CAA_PHONE,      /* 3.2.2.4.17 */
    DCV_WEBSITE,        /* 3.2.2.4.18 agreed-upon change to website */
    DCV_HTTP_01,        /* 3.2.2.4.19 */
    DCV_TLS_ALPN_01,    /* 3.2.2.4.20 */
    DCV_DNS_ACCOUNT,    /* 3.2.2.4.21 */
    DCV_DNS_PERSIST,    /* 3.2.2.4.22 */
    DCV__MAX
};
extern const struct word dcv_method_words[]; /* in enum order, without DCV_NONE */

struct dcv_facts {
    const char *section;    /* of the BR, for names */
    const char *avoid_from; /* first day on which it SHOULD NOT be used any more; NULL = never */
    const char *until;      /* first day on which it MUST NOT be used; NULL = no day is set */
    bool wildcard;          /* shows control of everything below a name */
    const char *ip_section; /* the corresponding method for addresses; NULL = none */
    const char *ip_until;
    bool constructed; /* its mailbox is one of dcv_mailboxes */
    int reuse_days;   /* how long it may be used again, when it has a limit of its own; else 0 */
};
/* By the word of a manifest; NULL when it is none. */
const struct dcv_facts *dcv_facts_find(const char *word);
const struct dcv_facts *dcv_facts_of(enum dcv_method method);

/* Local parts of constructed addresses (BR 3.2.2.4.4), closed by NULL. */
extern const char *const dcv_mailboxes[];

/* A day of the table as a point in time; false for NULL. */
bool dcv_day(const char *text, int64_t *day);

#endif
