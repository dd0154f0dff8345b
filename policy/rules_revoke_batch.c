/* SPDX-License-Identifier: Apache-2.0
 *
 * revoke.*: a revocation against the other items of its batch. What other batches and the CA know
 * is not asked here: a verdict rests on the files of the batch alone. Look-ups are by sorted
 * index, since a batch may have 50,000 items.
 */
#include "policy/rules_revoke.h"

#include "formats/crl.h"
#include "policy/rules_batch.h"

#include <string.h>

static bool is_order(const struct batch_member *m)
{
    return m->kind == SUBJECT_ORDER;
}

static bool revoked_for(const struct batch_member *m, int reason)
{
    return m->kind == SUBJECT_REVOCATION && m->reason == reason;
}

static const char *hex(struct rule_run *run, const uint8_t digest[SHA256_SIZE])
{
    return hex_dup(rule_arena(run), digest, SHA256_SIZE);
}

/* --- compromised keys --- */

/* Revocations for keyCompromise whose certificate was given, by its key. */
static struct batch_index *compromised_keys(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    struct batch_index *index = batch_index_new(run, n);
    for (size_t i = 0; i < n; i++) {
        if (m[i].has_prior && revoked_for(&m[i], REASON_KEY_COMPROMISE)) {
            batch_index_add(index, hex(run, m[i].prior_spki_sha256), &m[i]);
        }
    }
    batch_index_done(index);
    return index;
}

static const char *certificate(struct rule_run *run, const struct batch_member *m)
{
    return arena_printf(rule_arena(run), "%s\n%s", m->ca ? m->ca : "", m->serial);
}

static struct batch_index *revoked_certificates(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    struct batch_index *index = batch_index_new(run, n);
    for (size_t i = 0; i < n; i++) {
        if (!is_order(&m[i]) && m[i].serial) {
            batch_index_add(index, certificate(run, &m[i]), &m[i]);
        }
    }
    batch_index_done(index);
    return index;
}

/* Other certificates of the batch with a key that is given up: revoked for less, or only
 * replaced. */
void revoke_check_siblings(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    const struct batch_index *keys = compromised_keys(run);
    const struct batch_index *revoked = revoked_certificates(run);
    for (size_t i = 0; i < n; i++) {
        if (!m[i].has_prior || revoked_for(&m[i], REASON_KEY_COMPROMISE)) {
            continue;
        }
        const struct batch_member *r = batch_index_find(keys, hex(run, m[i].prior_spki_sha256));
        if (r && !is_order(&m[i])) {
            rule_hit_member(run, &m[i], "reason", revocation_reason_name(m[i].reason),
                            "the key is the one that %s revokes for keyCompromise", r->id);
        } else if (r && m[i].serial && !batch_index_find(revoked, certificate(run, &m[i]))) {
            rule_hit_member(run, &m[i], "replaces", m[i].serial,
                            "the certificate has the key that %s revokes for keyCompromise, but "
                            "is not revoked",
                            r->id);
        }
    }
}

void revoke_check_reorder(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    const struct batch_index *keys = compromised_keys(run);
    for (size_t i = 0; i < n; i++) {
        const bool reuse =
            is_order(&m[i]) && m[i].has_prior && str_eq(text_below(m[i].node, "reuse_key"), "true");
        const uint8_t *spki = m[i].has_spki ? m[i].spki_sha256
                              : reuse       ? m[i].prior_spki_sha256
                                            : NULL;
        const struct batch_member *r =
            is_order(&m[i]) && spki ? batch_index_find(keys, hex(run, spki)) : NULL;
        if (r) {
            rule_hit_member(run, &m[i], m[i].has_spki ? "csr" : "reuse_key", NULL,
                            "the order is for the key that %s revokes for keyCompromise", r->id);
        }
    }
}

/* --- replacements --- */

static bool says(const struct batch_member *m, const char *key)
{
    return text_below(m->node, key) != NULL;
}

void revoke_check_replacement(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    const struct batch_index *orders = batch_index_replaced(run);
    for (size_t i = 0; i < n; i++) {
        if (!revoked_for(&m[i], REASON_SUPERSEDED) || m[i].after || says(&m[i], "replaced_by")) {
            continue;
        }
        if (!m[i].serial || !batch_by_replaced(run, orders, m[i].ca, m[i].serial)) {
            rule_hit_member(run, &m[i], "reason", "superseded",
                            "superseded, but nothing says what takes its place");
        }
    }
}

/* An order of the batch that takes the place of what is revoked. Where no serial links the two
 * (batch.conflict.order-revoke), `replaced_by:` does. */
void revoke_check_order(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    const struct batch_index *ids = batch_index_ids(run);
    const int64_t hours = rule_int(run, 0);
    for (size_t i = 0; i < n; i++) {
        const char *by = text_below(m[i].node, "replaced_by");
        const struct batch_member *order = by ? batch_by_id(ids, by) : NULL;
        if (!revoked_for(&m[i], REASON_SUPERSEDED)) {
            continue;
        }
        if (order && is_order(order) && !str_eq(m[i].after, by)) {
            rule_hit_member(run, &m[i], "replaced_by", by,
                            "the revocation does not wait for %s, which takes its place",
                            order->id);
        } else if (hours > 0 && m[i].after) {
            rule_hit_member(run, &m[i], "after", m[i].after,
                            "the certificate would be revoked as soon as %s is issued; %lld hours "
                            "have to lie between",
                            m[i].after, (long long)hours);
        }
    }
}

/* --- names that live on --- */

static struct batch_index *ordered_names(struct rule_run *run)
{
    size_t n, room = 0;
    const struct batch_member *m = rule_members(run, &n);
    for (size_t i = 0; i < n; i++) {
        room += is_order(&m[i]) ? m[i].nnames : 0;
    }
    struct batch_index *index = batch_index_new(run, room);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; is_order(&m[i]) && k < m[i].nnames; k++) {
            batch_index_add(index, m[i].names[k], &m[i]);
        }
    }
    batch_index_done(index);
    return index;
}

void revoke_check_cessation(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    const struct batch_index *names = ordered_names(run);
    const struct batch_index *replaced = batch_index_replaced(run);
    for (size_t i = 0; i < n; i++) {
        if (!revoked_for(&m[i], REASON_CESSATION_OF_OPERATION)) {
            continue;
        }
        const struct batch_member *order =
            m[i].serial ? batch_by_replaced(run, replaced, m[i].ca, m[i].serial) : NULL;
        const char *name = NULL;
        for (size_t k = 0; k < m[i].nnames && !order; k++) {
            order = batch_index_find(names, m[i].names[k]);
            name = order ? m[i].names[k] : NULL;
        }
        if (order) {
            rule_hit_member(run, &m[i], "reason", name ? name : "cessationOfOperation",
                            "the names are said to be no longer used, but %s orders them again",
                            order->id);
        }
    }
}

/* --- kinds of reasons: who has to approve, and how fast it must go --- */

const char *const revoke_class_tokens[] = {"hold", "routine", "withdrawn", "compromise", NULL};
enum reason_class { CLASS_HOLD, CLASS_ROUTINE, CLASS_WITHDRAWN, CLASS_COMPROMISE }; /* by haste */

static enum reason_class class_of(int reason)
{
    switch (reason) {
    case REASON_KEY_COMPROMISE:
    case REASON_CA_COMPROMISE:
    case REASON_AA_COMPROMISE:
        return CLASS_COMPROMISE;
    case REASON_PRIVILEGE_WITHDRAWN:
        return CLASS_WITHDRAWN;
    case REASON_CERTIFICATE_HOLD:
    case REASON_REMOVE_FROM_CRL:
        return CLASS_HOLD;
    default:
        return CLASS_ROUTINE;
    }
}

static bool has_reason(const struct batch_member *m)
{
    return m->kind == SUBJECT_REVOCATION && m->reason != REASON_NONE;
}

/* What is most urgent stays in the batch; the rest is sent off into one of its own. */
void revoke_check_mixed(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    const struct batch_member *first = NULL;
    const struct strlist *together = rule_strings(run, 0);
    for (size_t i = 0; i < n; i++) {
        if (has_reason(&m[i]) && (!first || class_of(m[i].reason) > class_of(first->reason))) {
            first = &m[i];
        }
    }
    for (size_t i = 0; first && i < n; i++) {
        const char *own = has_reason(&m[i]) ? revoke_class_tokens[class_of(m[i].reason)] : NULL;
        const char *urgent = revoke_class_tokens[class_of(first->reason)];
        if (own && own != urgent &&
            !(strlist_has(together, own) && strlist_has(together, urgent))) {
            const char *reason = revocation_reason_name(m[i].reason);
            rule_hit_member(run, &m[i], "reason", reason,
                            "%s (%s) in one batch with %s of %s (%s): they are not approved by the "
                            "same people, nor equally urgent",
                            reason, own, revocation_reason_name(first->reason), first->id, urgent);
        }
    }
}

void revoke_check_count(struct rule_run *run)
{
    size_t n, count = 0;
    const struct batch_member *m = rule_members(run, &n);
    for (size_t i = 0; i < n; i++) {
        count += m[i].kind == SUBJECT_REVOCATION;
    }
    if (count > (uint64_t)rule_int(run, 0)) {
        rule_hit(run, (struct hit){.key = "revocations"},
                 "%zu revocations: more than %lld need their number said", count,
                 (long long)rule_int(run, 0));
    }
}
