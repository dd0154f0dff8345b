/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies: loading, choosing a profile, judging. This is what batch/ and cmd/ call; rules see
 * policy/rule.h.
 *
 *     policy_open(&policy, sources, n, products, nproducts, &findings, &err)
 *     for every item, on any thread:   policy_judge(policy, &subject, &scratch, &findings, &member)
 *     once, single-threaded:           policy_judge_batch(policy, members, n, &findings)
 *     then:                            policy_close_waivers(policy, &findings)
 *     clear_item() of policy/clear.h before an order
 *
 * struct policy is immutable after policy_open() and may be shared by threads, except for the
 * usage counters of waivers, which are atomic. A policy that cannot be loaded never means "no
 * rules": policy_open() fails.
 *
 * Which rules speak about an item is decided by its level: the `level` of its profile or pack,
 * else of its product, else the kind of its CA. `level: tls` (what cabf-tls says) leaves it to the
 * product; of a public item whose level nobody knows, only the rules common to DV, OV, IV and EV
 * are run. An item at the embedded CA is private unless profile or pack says another level, and
 * always gets the rules about that CA too. Rules and steps of a policy are judged at the item's
 * order date, waivers too: in force from `created` until before `expires`.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "formats/base/finding.h"
#include "formats/base/json.h"
#include "policy/rule.h"
#include "policy/suppress.h"

struct policy;

/* One policy to load: the name of a pack, or a file. */
struct policy_source {
    const char *name; /* as written: "cabf-tls", "./company.policy.yaml" */
    const char *base; /* directory that a file name is relative to */
    struct pos pos;   /* where it was asked for; file NULL = command line */
    struct span text; /* p not NULL: what an editor has instead of what the file holds */
};

/* Loads and resolves all sources, left to right, later wins. Without any source every item is
 * judged by cabf-tls, cabf-smime (public S/MIME products) or private (by its CA) and the pack named
 * like its type of CA. Shape problems and policy.* findings go to `findings`; false (err set,
 * ERR_INPUT) when any is an error or a file cannot be read. */
bool policy_open(struct policy **out, const struct policy_source *sources, size_t n,
                 const struct product_info *products, size_t nproducts, struct findings *findings,
                 struct err *err) MUST_USE;
void policy_free(struct policy *p);

/* SHA-256 over the resolved policy (canonical JSON), its data files and the rule table version, in
 * hex; made when first asked for, on any thread. "" when the policy is too large to be written
 * down: who will put the digest on record asks policy_digestible() first. */
const char *policy_digest(const struct policy *p);
bool policy_digestible(const struct policy *p, struct err *err) MUST_USE;
/* The texts that were loaded, packs included, for the audit bundle: i from 0 until NULL. */
const char *policy_text(const struct policy *p, size_t i, const char **name, size_t *n);
/* `policy show`: the resolved policy, or one profile of it, as canonical JSON. */
bool policy_show(const struct policy *p, const char *profile, struct buf *out,
                 struct err *err) MUST_USE;
/* Highest severity that may still be ordered, of the item's profile. */
enum severity policy_max_severity(const struct policy *p, const struct subject *s);
bool policy_is_audit_only(const struct policy *p, const struct subject *s);
/* What rule change.approvals.min demands of a plan before it may run. Strings are the policy's. */
struct policy_approvals {
    size_t count;                    /* distinct approvers, 1 or more */
    const struct strlist *approvers; /* names; n = 0: everybody who is believed */
    const char *trusted; /* PEM, certificates that approvers are believed by; NULL: none */
};
/* Of whoever is judged like s, s NULL: of everything that no profile says otherwise about. A run
 * asks for both and meets every demand, so that a profile and a dated step only add. The severity
 * of the rule does not matter here, and neither does --as-of: `at` is now. Returns how many. */
enum { POLICY_DEMANDS = 2 };
size_t policy_approvals(const struct policy *p, const struct subject *s, int64_t at,
                        struct policy_approvals out[POLICY_DEMANDS]) MUST_USE;
bool policy_approvals_same(const struct policy_approvals *a,
                           const struct policy_approvals *b) MUST_USE;
/* Rule batch.ticket.window, the same way: may a run act outside its change window at all? */
bool policy_may_override_window(const struct policy *p, const struct subject *s,
                                int64_t at) MUST_USE;
/* The name of the profile that would judge the subject; NULL = packs only. */
const char *policy_profile_for(const struct policy *p, const struct subject *s);

/* The number that the CA of the item knows its organization by: `ids` of the record that the item,
 * its defaults or its profile names. NULL: no record, or no number for this CA. */
const char *policy_organization_number(const struct policy *p, const struct subject *s);

/* Per-thread scratch memory. */
struct policy_scratch {
    struct arena arena;
};

/* All item-level rules. member (may be NULL) receives what the batch rules need, allocated in
 * `keep`. Waivers are applied here: findings come out with `waived` set. */
void policy_judge(const struct policy *p, const struct subject *s, struct policy_scratch *scratch,
                  struct arena *keep, struct findings *findings, struct batch_member *member);
void policy_judge_batch(const struct policy *p, const struct batch_member *members, size_t n,
                        const char *file, const struct ynode *root, int64_t as_of,
                        const struct suppressions *suppressions, struct findings *findings);
/* policy.waiver.unused: after everything was judged. */
void policy_close_waivers(const struct policy *p, struct findings *findings);
/* Forgets what was counted, so that the same policy may judge the same items once more. */
void policy_forget_waivers(const struct policy *p);
/* The days after `after` on which what the policy says changes by itself, or a comment of the
 * manifest (s may be NULL) ends; ascending, the caller frees *out. */
size_t policy_change_days(const struct policy *p, const struct suppressions *s, int64_t after,
                          int64_t **out);
/* policy.waiver.self: the batch's requester may not be the approver of a waiver. */
void policy_check_requester(const struct policy *p, const char *requested_by,
                            struct findings *findings);

/* The policy's own `samples`; mismatches are findings (rule policy.sample). Returns their number.
 */
size_t policy_run_samples(const struct policy *p, struct findings *findings);

/* Packs compiled into the program. */
struct pack {
    const char *name, *text;
    size_t n;
};
extern const struct pack policy_packs[];
extern const size_t policy_packs_count;
const struct pack *policy_pack_find(const char *name);
bool policy_is_file(const char *name); /* else the name of a pack */

/* What is known of the pace at which a kind of CA takes orders: one every so many milliseconds (0:
 * nothing is known) after so many at once. */
void policy_ca_pace(const char *ca_type, double *order_ms, int64_t *burst);

/* Lints a policy file alone: load, resolve, samples. */
void policy_lint(const char *path, struct findings *findings);
void policy_lint_text(const char *path, struct span text, struct findings *findings);

extern const char policy_schema_id[];
struct schema;
extern const struct schema policy_schema; /* for `certbatch schema policy` and the man page */

/* `explain RULE`: text for a terminal. `rules`: one line each, or JSON. */
bool explain_rule(const char *id, struct buf *out, struct err *err) MUST_USE;
void rules_list(struct buf *out, const struct policy *p, const char *pack);
bool rules_list_json(struct buf *out, const struct policy *p, struct err *err) MUST_USE;

#endif
