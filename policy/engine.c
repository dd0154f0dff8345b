/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging: walks the rules of a profile over one subject, or over a whole batch. For every rule
 * in this order: enabled -> applies (scope, facts) -> in force at the item's date -> check.
 *
 * A rule that cannot be carried out becomes an error finding of that rule, which no waiver and no
 * severity setting of the policy reaches; the other rules still run. Thread safe: a run touches
 * its scratch arena, its findings, and the atomic counters of waivers.
 */
#include "policy/engine.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

int64_t subject_date(const struct subject *s)
{
    return s->order_date == TIME_NONE ? time_now() : s->order_date;
}

const struct setting *setting_at(const struct active *a, int64_t at)
{
    if (at < a->from || at >= a->until) {
        return NULL;
    }
    for (size_t i = 0; i < a->nsteps; i++) {
        if (at >= a->steps[i].from && at < a->steps[i].until) {
            return &a->steps[i];
        }
    }
    return &a->base;
}

/* A rule speaks about a subject when it speaks about its level. Of a public item whose level
 * nobody knows (scope = all of SCOPE_TLS) only the rules common to every level can be said. */
static bool in_scope(const struct rule *r, unsigned scope)
{
    const unsigned level = scope & ~(unsigned)SCOPE_LOCAL;
    return (scope & r->scope & SCOPE_LOCAL) || (level & r->scope) == level;
}

static unsigned facts_at_hand(const struct facts *f)
{
    const struct subject *s = f->s;
    unsigned have = 0;
    have |= f->csr ? NEEDS_CSR : 0;
    have |= f->key ? NEEDS_USABLE : 0;
    have |= f->key && !f->key->malformed && f->key->alg != KEY_ALG_UNKNOWN ? NEEDS_KEY : 0;
    have |= f->key_token ? NEEDS_TOKEN : 0;
    have |= f->nnames ? NEEDS_NAMES : 0;
    have |= s->kind == SUBJECT_ORDER ? NEEDS_ORDER : 0;
    have |= s->prior ? NEEDS_PRIOR : 0;
    have |= s->kind == SUBJECT_REVOCATION ? NEEDS_REVOCATION : 0;
    have |= f->cert ? NEEDS_CERT : 0;
    have |= f->cert && s->request ? NEEDS_REQUEST : 0;
    have |= s->ca_node ? NEEDS_CA : 0;
    return have;
}

/* The profile or pack decides, then the product, then the kind of CA. Public TLS leaves the level
 * open, so there the product refines it; but a rehearsal at the embedded CA does not turn a public
 * policy into a private one. */
static unsigned scope_of(const struct profile *profile, const struct subject *s,
                         const struct product_info *product)
{
    const bool local = str_eq(s->ca_type, "local");
    enum policy_level level = profile->level;
    if (product && (level == LEVEL_NONE || (level == LEVEL_TLS && !local))) {
        const enum policy_level by_product = policy_level_parse(product->level);
        level = by_product != LEVEL_NONE ? by_product : level;
    }
    if (level == LEVEL_NONE) {
        level = s->ca_public ? LEVEL_TLS : LEVEL_PRIVATE;
    }
    return policy_level_scope(level) | (local ? SCOPE_LOCAL : 0u);
}

static void run_rules(struct rule_run *run, const struct active *rules, size_t n, unsigned have,
                      int64_t at)
{
    for (size_t i = 0; i < n; i++) {
        const struct active *a = &rules[i];
        const bool about_ca = a->row->needs & NEEDS_CA;
        if (!in_scope(a->row, run->scope) || (a->row->needs & ~have) ||
            (run->s->kind == SUBJECT_CA && !about_ca) || (a->ca && a->ca != run->kind)) {
            continue;
        }
        run->active = a;
        run->setting = setting_at(a, at);
        if (run->setting && run->setting->severity != SEV_DISABLED) {
            run->hits = 0;
            a->row->check(run);
            if (run->hits > LIMIT_HITS) {
                rule_summarize(run);
            }
        }
    }
}

static const char *own(struct arena *a, const char *text)
{
    return text ? arena_strdup(a, text) : NULL;
}

static void remember(const struct rule_run *run, struct arena *keep, struct batch_member *m)
{
    const struct subject *s = run->s;
    const struct facts *f = run->facts;
    *m = (struct batch_member){.id = own(keep, s->id),
                               .file = own(keep, s->file),
                               .action = own(keep, s->action),
                               .ca = own(keep, s->ca),
                               .ca_type = own(keep, s->ca_type),
                               .ca_environment = own(keep, s->ca_environment),
                               .product = own(keep, s->product),
                               .serial = own(keep, s->serial),
                               .after = m->after,
                               .ticket = m->ticket,
                               .orders_per_second = m->orders_per_second,
                               .burst = m->burst,
                               .outputs = m->outputs,
                               .kind = s->kind,
                               .node = s->node,
                               .has_csr = f->csr && f->csr->usable,
                               .has_spki = f->key != NULL,
                               .reason = s->reason,
                               .profile = run->profile};
    if (m->has_csr) {
        memcpy(m->csr_sha256, f->csr->sha256, SHA256_SIZE);
    }
    if (f->key) {
        memcpy(m->spki_sha256, f->key->sha256, SHA256_SIZE);
    }
    if (s->prior) {
        m->has_prior = true;
        memcpy(m->prior_spki_sha256, s->prior->key.sha256, SHA256_SIZE);
    }
    if (f->key && f->key->alg == KEY_ALG_RSA && f->key->n.n) {
        m->rsa_n = (struct span){arena_memdup(keep, f->key->n.p, f->key->n.n), f->key->n.n};
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void remember_names(const struct facts *f, struct arena *keep, struct batch_member *m)
{
    m->names = arena_array(keep, f->nnames + 1, sizeof *m->names);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->views & VIEW_EFFECTIVE) {
            m->names[m->nnames++] = arena_printf(keep, "%s:%s", gn_type_names[n->type], n->norm);
        }
    }
    qsort(m->names, m->nnames, sizeof *m->names, compare_names);
}

/* What no policy can switch off. */
static void report_at(const struct rule_run *run, const char *rule, const char *key,
                      const char *message)
{
    const struct subject *s = run->s;
    const struct ynode *at = yaml_get(s->node, key);
    const struct pos pos = at        ? yaml_pos(s->file, at)
                           : s->node ? yaml_pos(s->file, s->node)
                                     : (struct pos){.file = s->file};
    rule_report(run->findings, rule, pos, "%s", message);
    struct finding *f = &run->findings->v[run->findings->n - 1];
    f->item = s->id ? arena_strdup(&run->findings->strings, s->id) : NULL;
    f->firm = true;
}

void policy_judge(const struct policy *p, const struct subject *s, struct policy_scratch *scratch,
                  struct arena *keep, struct findings *findings, struct batch_member *member)
{
    arena_reset(&scratch->arena);
    struct facts facts;
    CLEANUP(public_key_release) struct public_key public_key = {0};
    facts_make(&scratch->arena, s, &facts);
    facts.public_key = &public_key;
    const char *problem = NULL;
    struct rule_run run = {.policy = p,
                           .profile = policy_choose(p, s, &scratch->arena, &problem),
                           .s = s,
                           .facts = &facts,
                           .arena = &scratch->arena,
                           .findings = findings};
    run.product = policy_product(p, s, &run.product_other);
    run.kind = ca_facts_find(s->ca_type);
    run.ca = ca_facts_of(s->ca_type, s->ca_node);
    run.scope = scope_of(run.profile, s, run.product);
    if (problem) {
        report_at(&run, "policy.profile", "profile", problem);
    }
    if (facts.ncut) {
        report_at(&run, "san.count.max", "san",
                  arena_printf(&scratch->arena,
                               "%zu names or subject attributes are too many to be judged",
                               facts.ncut));
    }
    run_rules(&run, run.profile->rules, run.profile->nrules, facts_at_hand(&facts),
              subject_date(s));
    if (member) {
        remember(&run, keep, member);
        if (s->kind == SUBJECT_REVOCATION && s->prior) {
            cert_facts(&scratch->arena, s->prior, &facts);
        }
        remember_names(&facts, keep, member);
    }
}

/* --- reading the running rule --- */

const struct facts *rule_facts(const struct rule_run *run)
{
    return run->facts;
}

const struct rule *rule_row(const struct rule_run *run)
{
    return run->active->row;
}

struct arena *rule_arena(const struct rule_run *run)
{
    return run->arena;
}

unsigned rule_scope(const struct rule_run *run)
{
    return run->scope;
}

int64_t rule_int(const struct rule_run *run, size_t param)
{
    return run->setting->params[param].number;
}

bool rule_bool(const struct rule_run *run, size_t param)
{
    return run->setting->params[param].number != 0;
}

const struct strlist *rule_strings(const struct rule_run *run, size_t param)
{
    return &run->setting->params[param].strings;
}

const struct matchers *rule_patterns(const struct rule_run *run, size_t param)
{
    return &run->setting->params[param].patterns;
}

const struct data_lines *rule_lines(const struct rule_run *run, size_t param)
{
    return run->setting->params[param].lines;
}

const struct subject_policy *rule_subject_policy(const struct rule_run *run, size_t *n)
{
    *n = run->profile->nsubject;
    return run->profile->subject;
}

const struct name_policy *rule_name_policy(const struct rule_run *run, int type)
{
    return &run->profile->names[type];
}

const struct product_info *rule_product(const struct rule_run *run,
                                        const struct product_info **other)
{
    if (other) {
        *other = run->product_other;
    }
    return run->product;
}

bool rule_has_products(const struct rule_run *run)
{
    for (size_t i = 0; run->s && i < run->policy->nproducts; i++) {
        const struct product_info *row = &run->policy->products[i];
        if (str_eq(row->ca_type, run->s->ca_type) && (!row->ca || str_eq(row->ca, run->s->ca))) {
            return true;
        }
    }
    return false;
}

const char *rule_profile_name(const struct rule_run *run)
{
    return run->profile->name;
}

const char *rule_level(const struct rule_run *run)
{
    const enum policy_level level = run->profile->level;
    return level == LEVEL_NONE || level == LEVEL_TLS ? NULL : policy_level_name(level);
}

bool rule_profile_lists_product(const struct rule_run *run)
{
    return !run->s || policy_profile_lists(run->policy, run->profile, run->s);
}

int64_t rule_validity_days(const struct rule_run *run)
{
    return run->profile->validity_days;
}
