/* SPDX-License-Identifier: Apache-2.0
 *
 * See clear.h. The only place where a clearance is made and spent.
 */
#include "policy/clear.h"

#include "formats/base/str.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct clearance {
    uint8_t digest[SHA256_SIZE];
    atomic_flag spent;
};

/* The first finding that is worse than the profile lets pass. */
static const struct finding *obstacle(const struct findings *findings, enum severity most)
{
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *f = &findings->v[i];
        if (!f->waived && f->severity > most) {
            return f;
        }
    }
    return NULL;
}

struct clearance *clear_item(const struct policy *p, const struct subject *s,
                             const struct findings *findings, const uint8_t digest[SHA256_SIZE],
                             struct err *err)
{
    const char *id = s->id ? s->id : s->file;
    if (policy_is_audit_only(p, s)) {
        err_set(err, ERR_FINDINGS, "item %s is judged by an audit-only profile%s%s", id,
                policy_profile_for(p, s) ? " " : "",
                policy_profile_for(p, s) ? policy_profile_for(p, s) : "");
        err_hint(err, "set mode: enforce in the policy before ordering");
        return NULL;
    }
    const struct finding *f = obstacle(findings, policy_max_severity(p, s));
    if (f) {
        err_at(err, ERR_FINDINGS,
               (struct pos){.file = f->file, .line = f->line, .column = f->column},
               "item %s does not pass the policy: %s: %s", id, f->rule, f->message);
        return NULL;
    }
    struct clearance *c = xcalloc(1, sizeof *c);
    memcpy(c->digest, digest, sizeof c->digest);
    atomic_flag_clear(&c->spent);
    return c;
}

bool clearance_redeem(struct clearance *c, const uint8_t digest[SHA256_SIZE], struct err *err)
{
    if (!c) {
        return err_set(err, ERR_INTERNAL, "nothing may be sent without a clearance");
    }
    /* Spent first: a mismatch is a bug, and a second try with other bytes must not succeed. */
    if (atomic_flag_test_and_set(&c->spent)) {
        return err_set(err, ERR_INTERNAL, "the clearance was spent already");
    }
    if (memcmp(c->digest, digest, sizeof c->digest) != 0) {
        return err_set(err, ERR_INTERNAL,
                       "the request differs from the one that passed the policy");
    }
    return true;
}

void clearance_free(struct clearance *c)
{
    free(c);
}
