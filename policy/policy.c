/* SPDX-License-Identifier: Apache-2.0
 *
 * A loaded policy: opening, asking, closing. Which profile judges an item is decided here and
 * nowhere else.
 */
#include "policy/engine.h"

#include "formats/base/str.h"
#include "policy/regex.h"

#include <stdlib.h>
#include <string.h>

static size_t errors_since(const struct findings *list, size_t from)
{
    size_t n = 0;
    for (size_t i = from; i < list->n; i++) {
        n += list->v[i].severity == SEV_ERROR;
    }
    return n;
}

/* Without any policy named every pack is at hand, and default_bases() combines them. */
static void load_packs(struct policy *p, struct findings *findings)
{
    for (size_t i = 0; i < policy_packs_count; i++) {
        policy_load(p, &(struct policy_source){.name = policy_packs[i].name}, findings);
    }
}

static bool load_all(struct policy *p, const struct policy_source *sources, size_t n,
                     struct findings *findings, struct err *err)
{
    const size_t before = findings->n;
    p->defaults = n == 0;
    if (p->defaults) {
        load_packs(p, findings);
    }
    for (size_t i = 0; i < n; i++) {
        policy_load(p, &sources[i], findings);
    }
    for (size_t i = 0; i < p->nfiles; i++) {
        waivers_read(p, p->files[i], findings);
    }
    calendars_join(p);
    policy_resolve(p, findings);
    const size_t errors = errors_since(findings, before);
    if (errors) {
        const struct finding *first = &findings->v[before];
        while (first->severity != SEV_ERROR) {
            first++;
        }
        return err_at(
            err, ERR_INPUT,
            (struct pos){.file = first->file, .line = first->line, .column = first->column},
            "the policy cannot be used, it has %zu error%s; the first: %s", errors,
            errors == 1 ? "" : "s", first->message);
    }
    return true;
}

bool policy_open(struct policy **out, const struct policy_source *sources, size_t n,
                 const struct product_info *products, size_t nproducts, struct findings *findings,
                 struct err *err)
{
    struct policy *p = xcalloc(1, sizeof *p);
    p->products = products;
    p->nproducts = nproducts;
    p->digest = digest_cell_new();
    if (!load_all(p, sources, n, findings, err)) {
        policy_free(p);
        *out = NULL;
        return false;
    }
    *out = p;
    return true;
}

void policy_free(struct policy *p)
{
    if (!p) {
        return;
    }
    for (size_t i = 0; i < p->nregexes; i++) {
        regex_free(p->regexes[i]);
    }
    free(p->regexes);
    free(p->files);
    free(p->texts);
    free(p->data);
    free(p->joins);
    free(p->waivers);
    arena_release(&p->arena);
    digest_cell_free(p->digest);
    free(p);
}

const char *policy_text(const struct policy *p, size_t i, const char **name, size_t *n)
{
    if (i >= p->ntexts) {
        return NULL;
    }
    *name = p->texts[i].name;
    *n = p->texts[i].n;
    return p->texts[i].text;
}

/* --- products --- */

static bool names_product(const struct product_info *row, const char *text)
{
    return str_eq(row->code, text) || str_eq(row->name, text);
}

/* Two environments mean different products by one code, and nobody knows which one is meant. */
static bool ambiguous(const struct subject *s, const struct product_info *a,
                      const struct product_info *b)
{
    return !s->ca_environment && a->environment && b->environment &&
           !str_eq(a->environment, b->environment) && !str_eq(a->name, b->name);
}

/* One code may mean different things in two environments of one CA, so the environment counts
 * wherever both sides know it; where it is not known nothing is guessed (*other tells). */
const struct product_info *policy_product(const struct policy *p, const struct subject *s,
                                          const struct product_info **other)
{
    const struct product_info *found = NULL;
    *other = NULL;
    for (size_t i = 0; s->product && s->ca_type && i < p->nproducts; i++) {
        const struct product_info *row = &p->products[i];
        if (!str_eq(row->ca_type, s->ca_type) || (row->ca && !str_eq(row->ca, s->ca)) ||
            !names_product(row, s->product)) {
            continue;
        }
        const bool here =
            !row->environment || !s->ca_environment || str_eq(row->environment, s->ca_environment);
        const struct product_info **slot = here && !found ? &found : other;
        *slot = *slot ? *slot : row;
    }
    if (found && *other && ambiguous(s, found, *other)) {
        *other = found;
        return NULL;
    }
    return found;
}

/* --- profiles --- */

static bool lists(const struct profile *profile, const struct subject *s,
                  const struct product_info *row)
{
    for (size_t i = 0; s->product && i < profile->nproducts; i++) {
        const struct product_ref *ref = &profile->products[i];
        if (str_eq(ref->ca, s->ca) &&
            (str_eq(ref->code, s->product) || (row && names_product(row, ref->code)))) {
            return true;
        }
    }
    return false;
}

bool policy_profile_lists(const struct policy *p, const struct profile *profile,
                          const struct subject *s)
{
    const struct product_info *other;
    return !profile->has_products || lists(profile, s, policy_product(p, s, &other));
}

static const struct profile *find_profile(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->nprofiles; i++) {
        if (str_eq(p->profiles[i]->name, name)) {
            return p->profiles[i];
        }
    }
    return NULL;
}

/* A file linted alone counts as a public request unless its CA is known. */
static const struct profile *base_for(const struct policy *p, const struct subject *s)
{
    const bool file = s->kind == SUBJECT_CSR_FILE || s->kind == SUBJECT_CERT_FILE;
    const bool public = s->ca_public || (file && !s->ca_type);
    const struct product_info *other;
    const struct product_info *product =
        public && p->defaults ? policy_product(p, s, &other) : NULL;
    const bool mail = product && policy_level_parse(product->level) == LEVEL_SMIME;
    const enum base_kind kind = !public ? BASE_PRIVATE : mail ? BASE_SMIME : BASE_TLS;
    const struct profile *general = p->bases[0];
    for (size_t i = 0; p->defaults && i < p->nbases; i++) {
        const struct profile *b = p->bases[i];
        if (b->for_kind != kind) {
            continue;
        }
        if (b->for_ca && str_eq(b->for_ca, s->ca_type)) {
            return b;
        }
        general = b->for_ca ? general : b;
    }
    return general;
}

static const struct profile *by_product(const struct policy *p, const struct subject *s,
                                        struct arena *a, const char **problem)
{
    const struct profile *found = NULL;
    const struct product_info *other;
    const struct product_info *row = p->nprofiles ? policy_product(p, s, &other) : NULL;
    for (size_t i = 0; i < p->nprofiles; i++) {
        const struct profile *c = p->profiles[i];
        if (c->abstract || !c->has_products || !lists(c, s, row)) {
            continue;
        }
        if (found) {
            *problem = arena_printf(a, "profiles %s and %s both list the product; name one of them",
                                    found->name, c->name);
            return NULL;
        }
        found = c;
    }
    return found;
}

const struct profile *policy_choose(const struct policy *p, const struct subject *s,
                                    struct arena *a, const char **problem)
{
    const struct profile *found = NULL;
    *problem = NULL;
    if (s->profile) {
        const char *shown = str_vis_dup(a, s->profile, strlen(s->profile));
        found = find_profile(p, s->profile);
        if (!found) {
            *problem = arena_printf(a, "the policy has no profile %s", shown);
        } else if (found->abstract) {
            *problem = arena_printf(a, "profile %s is abstract: it can only be extended", shown);
        }
    } else {
        found = by_product(p, s, a, problem);
    }
    return found ? found : base_for(p, s);
}

static const struct profile *chosen(const struct policy *p, const struct subject *s)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *problem;
    return policy_choose(p, s, &a, &problem);
}

enum severity policy_max_severity(const struct policy *p, const struct subject *s)
{
    return chosen(p, s)->max_severity;
}

bool policy_is_audit_only(const struct policy *p, const struct subject *s)
{
    return chosen(p, s)->audit;
}

const char *policy_organization_number(const struct policy *p, const struct subject *s)
{
    const struct rule_run run = {.policy = p, .profile = chosen(p, s), .s = s};
    return organization_number(rule_organization(&run), s);
}

const char *policy_profile_for(const struct policy *p, const struct subject *s)
{
    return chosen(p, s)->name;
}
