/* SPDX-License-Identifier: Apache-2.0
 *
 * issued.*: a certificate against the order it answers: key, names, subject, term. What the CA
 * may decide by itself is told apart from what it must not.
 */
#include "policy/rules_issued.h"

#include "formats/base/time.h"
#include "policy/ext.h"
#include "policy/rules_validity.h"

#include <stdlib.h>
#include <string.h>

/* --- key --- */

void issued_check_key(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct subject *r = f->s->request;
    const struct csr *csr = r->csr;
    if (csr && csr->usable) {
        if (memcmp(csr->key.sha256, f->cert->key.sha256, SHA256_SIZE) != 0) {
            rule_hit(run,
                     (struct hit){.value = hex_dup(rule_arena(run), f->cert->key.sha256,
                                                   sizeof f->cert->key.sha256)},
                     "the certificate is for another key (%s) than the request (%s)",
                     f->cert->key.token, csr->key.token);
        }
    } else if (r->key && !str_eq(r->key, f->cert->key.token)) {
        rule_hit(run, (struct hit){.value = f->cert->key.token},
                 "the certificate is for a key %s; the order has a key %s", f->cert->key.token,
                 str_vis_dup(rule_arena(run), r->key, strlen(r->key)));
    }
}

/* --- names --- */

/* Names as "dns:www.example.com", sorted. */
struct name_set {
    const char **v;
    size_t n;
};

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *key_of(struct arena *a, enum gn_type type, const char *norm)
{
    return arena_printf(a, "%s:%s", gn_type_names[type], norm);
}

/* of_san: without those that stand only in the CN. */
static struct name_set names_of(struct arena *a, const struct facts *f, bool of_san)
{
    struct name_set set = {.v = arena_array(a, f->nnames + 1, sizeof *set.v)};
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->views & VIEW_EFFECTIVE && !(of_san && n->is_cn)) {
            set.v[set.n++] = key_of(a, n->type, n->norm);
        }
    }
    qsort(set.v, set.n, sizeof *set.v, compare);
    return set;
}

static bool has(const struct name_set *set, const char *key)
{
    return set->n && bsearch(&key, set->v, set->n, sizeof *set->v, compare);
}

static const struct facts *asked_for(const struct rule_run *run)
{
    struct facts *asked = arena_alloc(rule_arena(run), sizeof *asked);
    facts_make(rule_arena(run), rule_facts(run)->s->request, asked);
    return asked;
}

/* Clients read the SAN alone, so a name asked for as SAN has to be there; one that was only the
 * CN of the order may stay in the CN. */
void issued_check_names_missing(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct facts *asked = asked_for(run);
    struct arena *a = rule_arena(run);
    const struct name_set san = names_of(a, f, true);
    const struct name_set all = names_of(a, f, false);
    for (size_t i = 0; i < asked->nnames; i++) {
        const struct name_fact *n = &asked->names[i];
        const char *key = key_of(a, n->type, n->norm);
        if (n->views & VIEW_EFFECTIVE && !has(n->is_cn ? &all : &san, key)) {
            rule_hit(run, (struct hit){.value = n->text, .value_n = n->text_n},
                     "the certificate lacks the name %s, which was ordered",
                     str_vis_dup(a, key, strlen(key)));
        }
    }
}

/* CAs add or strip "www." as a free second name. */
static bool is_twin(struct arena *a, const struct name_set *asked, const struct name_fact *n)
{
    return n->type == GN_DNS &&
           has(asked, str_starts(n->norm, "www.") ? key_of(a, GN_DNS, n->norm + strlen("www."))
                                                  : arena_printf(a, "dns:www.%s", n->norm));
}

void issued_check_names_extra(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    struct arena *a = rule_arena(run);
    const struct name_set asked = names_of(a, asked_for(run), false);
    for (size_t i = 0; asked.n && i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *key = key_of(a, n->type, n->norm);
        if (has(&asked, key)) {
            continue;
        }
        const bool twin = is_twin(a, &asked, n);
        rule_hit(run, (struct hit){.name = n, .severity = twin ? SEV_INFO : SEV_DISABLED},
                 "the certificate has the name %s, which was not ordered%s",
                 str_vis_dup(a, key, strlen(key)), twin ? "; it is the www twin of one" : "");
    }
}

/* --- subject --- */

static bool same_text(const struct attr_fact *a, const struct attr_fact *b)
{
    if (a->text_n != b->text_n) {
        return false;
    }
    for (size_t i = 0; i < a->text_n; i++) {
        if (ascii_lower(a->text[i]) != ascii_lower(b->text[i])) {
            return false;
        }
    }
    return true;
}

/* One of the certificate with this value, else one of this name, else NULL. */
static const struct attr_fact *best(const struct facts *f, const struct attr_fact *asked)
{
    const struct attr_fact *found = NULL;
    for (size_t i = 0; i < f->nattrs; i++) {
        if (str_eq(f->attrs[i].name, asked->name)) {
            found = &f->attrs[i];
            if (same_text(found, asked)) {
                break;
            }
        }
    }
    return found;
}

/* A CA drops from a DV certificate what it did not validate (dv.subject); elsewhere what was
 * ordered and is gone is worth a word. */
static void compare_attributes(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct facts *asked = asked_for(run);
    struct arena *a = rule_arena(run);
    for (size_t i = 0; i < asked->nattrs; i++) {
        const struct attr_fact *want = &asked->attrs[i];
        if (!(want->views & VIEW_EFFECTIVE) || str_eq(want->name, "CN")) {
            continue; /* the CN is a name: issued.names.* */
        }
        const struct attr_fact *got = best(f, want);
        const char *text = str_vis_dup(a, want->text, want->text_n);
        if (!got && rule_scope(run) != SCOPE_DV) {
            rule_hit(run, (struct hit){.value = want->text, .value_n = want->text_n},
                     "the subject of the certificate lacks %s=%s, which was ordered", want->name,
                     text);
        } else if (got && !same_text(got, want)) {
            rule_hit(run, (struct hit){.attr = got},
                     "the subject of the certificate has %s=%s; ordered was %s", want->name,
                     str_vis_dup(a, got->text, got->text_n), text);
        }
    }
}

/* BR 7.1.6.1, EVG 7.1.6.1. */
static const struct level_policy {
    unsigned scope;
    const char *oid, *level;
} level_policies[] = {
    {SCOPE_DV, "2.23.140.1.2.1", "DV"},
    {SCOPE_OV, "2.23.140.1.2.2", "OV"},
    {SCOPE_IV, "2.23.140.1.2.3", "IV"},
    {SCOPE_EV, "2.23.140.1.1", "EV"},
};

/* Only when the level of the order is known, and the certificate says one at all. */
static void compare_level(struct rule_run *run)
{
    const struct level_policy *ordered = NULL;
    const struct level_policy *issued = NULL;
    struct strlist oids;
    const struct x509_ext *e = ext_policies(run, &oids);
    for (size_t i = 0; e && i < NITEMS(level_policies); i++) {
        const struct level_policy *p = &level_policies[i];
        ordered = p->scope == (rule_scope(run) & SCOPE_TLS) ? p : ordered;
        issued = strlist_has(&oids, p->oid) ? p : issued;
    }
    if (ordered && issued && !strlist_has(&oids, ordered->oid)) {
        struct hit hit = ext_hit(e, SEV_ERROR);
        hit.value = issued->oid;
        rule_hit(run, hit, "the certificate says it is %s (%s); ordered was %s", issued->level,
                 issued->oid, ordered->level);
    }
}

void issued_check_subject(struct rule_run *run)
{
    compare_level(run);
    compare_attributes(run);
}

/* --- term --- */

void issued_check_short(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct term asked = {.seconds = f->s->request->validity_seconds};
    const int64_t got = f->cert->not_after - f->cert->not_before + 1;
    char text[TIME_TEXT];
    char ordered[TIME_TEXT];
    if (asked.seconds == 0 || asked.seconds - got <= DAY_SECONDS ||
        validity_is_paid_time(run, &asked)) {
        return;
    }
    duration_format(got > 0 ? got : 0, text);
    duration_format(asked.seconds, ordered);
    rule_hit(run, (struct hit){.value = arena_strdup(rule_arena(run), text)},
             "the certificate lasts %s; ordered was %s", text, ordered);
}
