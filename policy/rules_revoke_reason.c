/* SPDX-License-Identifier: Apache-2.0
 *
 * revoke.reason.* and its kin: is the reason the right one? Nothing here puts another reason in
 * its place; a CA that is told a reason publishes it, so only a person may choose it.
 */
#include "policy/rules_revoke.h"

#include "formats/base/time.h"
#include "formats/crl.h"
#include "policy/engine.h"

#include <string.h>

/* BR 4.9.1.1, in its numbering: how long the CA has, and the reason it publishes. */
static const struct {
    int64_t hours;
    int reason;
    const char *what;
} situations[] = {
    {24, REASON_UNSPECIFIED, "the subscriber asks for it"},
    {24, REASON_PRIVILEGE_WITHDRAWN, "the order was not authorised"},
    {24, REASON_KEY_COMPROMISE, "the private key is compromised"},
    {24, REASON_KEY_COMPROMISE, "the private key can be computed"},
    {24, REASON_SUPERSEDED, "the validation of the names cannot be relied upon"},
    {120, REASON_SUPERSEDED, "the key is no longer of an accepted kind"},
    {120, REASON_PRIVILEGE_WITHDRAWN, "the certificate was misused"},
    {120, REASON_PRIVILEGE_WITHDRAWN, "the subscriber agreement was broken"},
    {120, REASON_CESSATION_OF_OPERATION, "a name may no longer be used"},
    {120, REASON_PRIVILEGE_WITHDRAWN, "a wildcard was used for a misleading name"},
    {120, REASON_PRIVILEGE_WITHDRAWN, "information in the certificate changed"},
    {120, REASON_SUPERSEDED, "the certificate was not issued as the rules demand"},
    {120, REASON_PRIVILEGE_WITHDRAWN, "information in the certificate is wrong"},
    {120, REASON_UNSPECIFIED, "the CA loses the right to issue"},
    {120, REASON_UNSPECIFIED, "the policy of the CA demands it"},
    {120, REASON_KEY_COMPROMISE, "the way the key was made is flawed"},
};
enum { SITUATIONS = NITEMS(situations) };

/* When several reasons fit, the strongest is published (Mozilla, revocation reasons). */
static const int weakest_first[] = {REASON_UNSPECIFIED,         REASON_SUPERSEDED,
                                    REASON_AFFILIATION_CHANGED, REASON_CESSATION_OF_OPERATION,
                                    REASON_PRIVILEGE_WITHDRAWN, REASON_KEY_COMPROMISE};

const char *const revoke_reason_tokens[] = {"unspecified",
                                            "keyCompromise",
                                            "cACompromise",
                                            "affiliationChanged",
                                            "superseded",
                                            "cessationOfOperation",
                                            "certificateHold",
                                            "removeFromCRL",
                                            "privilegeWithdrawn",
                                            "aACompromise",
                                            NULL};

static int reason_of(const struct rule_run *run)
{
    return rule_facts(run)->s->reason;
}

static struct hit at_reason(const struct rule_run *run)
{
    return (struct hit){.key = "reason", .value = revocation_reason_name(reason_of(run))};
}

int64_t revoke_hours(int64_t situation, int reason)
{
    int64_t most = 0;
    if (situation >= 1 && situation <= SITUATIONS) {
        return situations[situation - 1].hours;
    }
    for (size_t i = 0; i < SITUATIONS; i++) {
        most = situations[i].reason == reason && situations[i].hours > most ? situations[i].hours
                                                                            : most;
    }
    return reason == REASON_KEY_COMPROMISE ? situations[2].hours : most;
}

int64_t revoke_situation(const struct rule_run *run)
{
    uint64_t n = 0;
    const char *text = rule_text(run, "situation");
    return text && str_u64(text, &n) && n <= SITUATIONS ? (int64_t)n : 0;
}

void revoke_check_required(struct rule_run *run)
{
    if (rule_bool(run, 0) && reason_of(run) == REASON_NONE) {
        rule_hit(run, (struct hit){.key = "reason"}, "the revocation names no reason");
    }
}

void revoke_check_public(struct rule_run *run)
{
    const int reason = reason_of(run);
    const char *name = revocation_reason_name(reason);
    if (reason != REASON_NONE && reason != REASON_PRIVILEGE_WITHDRAWN &&
        !strlist_has(rule_strings(run, 0), name)) {
        rule_hit(run, at_reason(run), "%s is no reason for a public server certificate", name);
    }
}

void revoke_check_withdrawn(struct rule_run *run)
{
    if (reason_of(run) == REASON_PRIVILEGE_WITHDRAWN) {
        rule_hit(run, at_reason(run),
                 "privilegeWithdrawn is the CA's to choose, not the subscriber's");
    }
}

void revoke_check_hold(struct rule_run *run)
{
    if (reason_of(run) == REASON_CERTIFICATE_HOLD) {
        rule_hit(run, at_reason(run), "a public certificate cannot be suspended");
    }
}

/* What the policy would have instead, for the message: "cACompromise=keyCompromise". */
static const char *mapped(const struct rule_run *run, const char *name)
{
    const struct strlist *map = rule_strings(run, 0);
    const size_t n = strlen(name);
    for (size_t i = 0; i < map->n; i++) {
        if (strncmp(map->v[i], name, n) == 0 && map->v[i][n] == '=') {
            const char *to = map->v[i] + n + 1;
            return str_vis_dup(rule_arena(run), to, strlen(to));
        }
    }
    return NULL;
}

void revoke_check_offered(struct rule_run *run)
{
    const struct ca_facts *ca = rule_ca(run);
    const int reason = reason_of(run);
    if (!ca || !ca->reasons || reason < 0 || ca->reasons & 1u << reason) {
        return;
    }
    const char *name = revocation_reason_name(reason);
    const char *instead = mapped(run, name);
    if (instead) {
        rule_hit(run, at_reason(run), "%s does not take %s; the policy names %s for it", ca->title,
                 name, instead);
    } else {
        rule_hit(run, at_reason(run), "%s does not take %s", ca->title, name);
    }
}

void revoke_check_evidence(struct rule_run *run)
{
    const struct strlist *fields = rule_strings(run, 0);
    bool found = reason_of(run) != REASON_KEY_COMPROMISE;
    for (size_t i = 0; i < fields->n && !found; i++) {
        found = rule_text(run, fields->v[i]) != NULL;
    }
    if (!found) {
        rule_hit(run, at_reason(run), "keyCompromise is claimed without an incident number");
    }
}

static int strength(int reason)
{
    for (int i = 0; i < (int)NITEMS(weakest_first); i++) {
        if (weakest_first[i] == reason) {
            return i;
        }
    }
    return -1;
}

struct support {
    int reason;
    const char *by;
};

/* The strongest reason that the item's own words support. Of a public certificate nobody but the
 * CA can claim privilegeWithdrawn. */
static struct support supported(const struct rule_run *run)
{
    struct support best = {REASON_NONE, NULL};
    const int64_t n = revoke_situation(run);
    const bool public = (rule_scope(run) & SCOPE_TLS) != 0;
    if (rule_field(run, "replaced_by") || rule_field(run, "after")) {
        best = (struct support){REASON_SUPERSEDED, "a replacement is named"};
    }
    if (n && strength(situations[n - 1].reason) > strength(best.reason) &&
        !(public && situations[n - 1].reason == REASON_PRIVILEGE_WITHDRAWN)) {
        best = (struct support){situations[n - 1].reason, situations[n - 1].what};
    }
    if (rule_field(run, "invalidity_date")) {
        best = (struct support){REASON_KEY_COMPROMISE, "a date of the compromise is given"};
    }
    return best;
}

void revoke_check_hierarchy(struct rule_run *run)
{
    const struct support s = supported(run);
    const int now = strength(reason_of(run));
    if (now >= 0 && strength(s.reason) > now) {
        rule_hit(run, at_reason(run), "%s: that is %s, which is stronger than %s", s.by,
                 revocation_reason_name(s.reason), revocation_reason_name(reason_of(run)));
    }
}

/* Whether the certificate says who its subject is: affiliation is about nothing else. */
static bool has_identity(const struct cert *cert)
{
    static const char *const attrs[] = {"O", "GN", "SN", "organizationIdentifier"};
    for (size_t i = 0; i < NITEMS(attrs); i++) {
        if (dn_find(&cert->subject, attrs[i])) {
            return true;
        }
    }
    return false;
}

void revoke_check_affiliation(struct rule_run *run)
{
    const struct cert *cert = rule_facts(run)->s->prior;
    const bool none = cert ? !has_identity(cert) : rule_scope(run) == SCOPE_DV;
    if (reason_of(run) == REASON_AFFILIATION_CHANGED && none) {
        rule_hit(run, at_reason(run), "the certificate names no organization that could change");
    }
}
