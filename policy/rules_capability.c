/* SPDX-License-Identifier: Apache-2.0
 *
 * ca.capability: what is asked of a CA against what that kind of CA can do at all, and what is
 * known of how to ask it (policy/ca_facts.c).
 */
#include "policy/rules_ca.h"

#include "formats/crl.h"

static const struct {
    unsigned bit;
    const char *action, *noun;
} abilities[] = {
    {CA_CAN_NEW, "new", "new certificates"},
    {CA_CAN_RENEW, "renew", "renewals"},
    {CA_CAN_REISSUE, "reissue", "reissues"},
    {CA_CAN_REVOKE, "revoke", "revocations"},
    {CA_CAN_HOLD, NULL, "suspensions (certificateHold)"},
};

/* "new certificates, renewals" */
static const char *able(struct arena *a, unsigned can)
{
    const char *list = NULL;
    for (size_t i = 0; i < NITEMS(abilities); i++) {
        if (can & abilities[i].bit) {
            list = list ? arena_printf(a, "%s, %s", list, abilities[i].noun) : abilities[i].noun;
        }
    }
    return list ? list : "nothing";
}

static void check_smime(struct rule_run *run, const struct ca_facts *ca)
{
    if (rule_facts(run)->s->kind == SUBJECT_ORDER && ca->no_smime &&
        str_eq(ca_level(run), "smime")) {
        rule_hit(run, (struct hit){.key = "product"},
                 "no S/MIME certificate can be ordered at %s: %s", ca->title, ca->no_smime);
    }
}

static void check_capability(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    const struct ca_facts *ca = rule_ca(run);
    const bool revocation = s->kind == SUBJECT_REVOCATION;
    /* taking a hold back is part of being able to hold */
    const bool hold =
        revocation && (s->reason == REASON_CERTIFICATE_HOLD || s->reason == REASON_REMOVE_FROM_CRL);
    if (!ca || !(revocation || s->kind == SUBJECT_ORDER)) {
        return;
    }
    check_smime(run, ca);
    for (size_t i = 0; i < NITEMS(abilities); i++) {
        const bool asked = abilities[i].action ? str_eq(abilities[i].action, s->action) : hold;
        if (asked && !(ca->can & abilities[i].bit)) {
            rule_hit(run, (struct hit){.key = revocation && hold ? "reason" : "action"},
                     "%s takes no %s; it takes %s", ca->title, abilities[i].noun,
                     able(rule_arena(run), ca->can));
        }
    }
}

/* clang-format off */
const struct rule rules_capability[] = {
    {.id = "ca.capability", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .title = "action is not supported by this kind of CA",
     .why = "The CA has no such operation, or none that is known: the item would fail, or be turned "
            "into something nobody asked for.",
     .fix = "ask for what the CA can do, or send the item to another CA",
     .cite = "interface of the CA", .check = check_capability,
     .bad = "{ca: certinext-prod, action: revoke, serial: 0A1B2C, reason: certificateHold}",
     .good = "{ca: certinext-prod, action: revoke, serial: 0A1B2C, reason: superseded}"},
    {0}};
/* clang-format on */
