/* SPDX-License-Identifier: Apache-2.0
 *
 * What the certinext.* rules share: a setting of an order, which the item's `fields:` says or else
 * the CA in the configuration, and the number of the organization.
 */
#ifndef POLICY_RULES_CERTINEXT_H
#define POLICY_RULES_CERTINEXT_H

#include "policy/engine.h"

/* Paths are those of the configuration and of certinext_fields: "requestor.email". `fields:` of
 * the item counts as a whole before that of the manifest's defaults, as the order itself does. */
struct certinext_setting {
    const struct ynode *node; /* NULL: nobody wrote it */
    const char *text;         /* NULL when not written, empty or no scalar */
    struct hit at;            /* where it is written, else where it belongs */
};
struct certinext_setting certinext_setting(const struct rule_run *run, const char *path);
/* true/false or 1/0; `fallback` when not written, -1 when it is neither. */
int certinext_flag(const struct rule_run *run, const char *path, int fallback);

/* Text for a message. */
const char *certinext_shown(const struct rule_run *run, const char *text);
bool certinext_digits(const char *text, size_t most) MUST_USE; /* 1 to `most` digits */

/* `fields:`, then the organization record of the policy, then the CA; text NULL: none. */
struct certinext_setting certinext_organization(const struct rule_run *run);

/* The names `fields:` of an order may have at this CA; value: enum certinext_kind. */
enum certinext_kind { CERTINEXT_TEXT, CERTINEXT_FLAG, CERTINEXT_LIST, CERTINEXT_GROUP };
extern const struct word certinext_fields[];

#endif
