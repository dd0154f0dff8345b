/* SPDX-License-Identifier: Apache-2.0
 *
 * The resolved policy as canonical JSON: sorted keys, no blanks, nothing that depends on where
 * the files lie or how they were written down. Its SHA-256 is the identity of the policy, which
 * plans, reports and bundles carry; data files enter by their digest, rules by the digest of the
 * rule table. Keys are written here in sorted order by hand; tests/unit/t_policy.c checks it.
 */
#include "policy/engine.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_MAX = 64 << 20 };

static void write_list(struct jw *j, const char *key, const struct strlist *list)
{
    jw_array(j, key);
    for (size_t i = 0; i < list->n; i++) {
        jw_str(j, NULL, list->v[i]);
    }
    jw_end(j);
}

static const char *kind_name(enum match_kind kind)
{
    const struct word *w = match_kind_words;
    while (w->value != (int)kind) {
        w++;
    }
    return w->text;
}

static void write_matchers(struct jw *j, const char *key, const struct matchers *m)
{
    if (!m->present) {
        return;
    }
    jw_array(j, key);
    for (size_t i = 0; i < m->n; i++) {
        jw_object(j, NULL);
        jw_str(j, kind_name(m->v[i].kind), m->v[i].text);
        jw_end(j);
    }
    jw_end(j);
}

/* Parameters in the order of their names; a row has at most RULE_PARAMS_MAX of them. */
static size_t sorted_params(const struct rule *row, size_t order[RULE_PARAMS_MAX])
{
    for (size_t i = 0; i < row->nparams; i++) {
        size_t k = i;
        for (; k > 0 && strcmp(row->params[order[k - 1]].name, row->params[i].name) > 0; k--) {
            order[k] = order[k - 1];
        }
        order[k] = i;
    }
    return row->nparams;
}

static void write_param(struct jw *j, const struct policy *p, const struct param *param,
                        const struct param_value *v)
{
    switch (param->kind) {
    case PARAM_INT:
        jw_int(j, param->name, v->number);
        break;
    case PARAM_BOOL:
        jw_bool(j, param->name, v->number != 0);
        break;
    case PARAM_STRINGS:
        write_list(j, param->name, &v->strings);
        break;
    case PARAM_PATTERNS:
        jw_array(j, param->name);
        for (size_t i = 0; i < v->patterns.n; i++) {
            jw_str(j, NULL, v->patterns.v[i].text);
        }
        jw_end(j);
        break;
    case PARAM_FILES:
        jw_array(j, param->name);
        for (size_t i = 0; i < v->strings.n; i++) {
            jw_str(j, NULL, data_sha256(p, v->strings.v[i]));
        }
        jw_end(j);
        break;
    }
}

static void write_params(struct jw *j, const struct policy *p, const struct rule *row,
                         const struct setting *s)
{
    size_t order[RULE_PARAMS_MAX];
    const size_t n = sorted_params(row, order);
    if (n == 0) {
        return;
    }
    jw_object(j, "params");
    for (size_t i = 0; i < n; i++) {
        write_param(j, p, &row->params[order[i]], &s->params[order[i]]);
    }
    jw_end(j);
}

static void write_day(struct jw *j, const char *key, int64_t t)
{
    char day[TIME_TEXT];
    if (t != INT64_MIN && t != INT64_MAX) {
        time_format_date(t, day);
        jw_str(j, key, day);
    }
}

static void write_rule(struct jw *j, const struct policy *p, const struct active *a)
{
    jw_object(j, a->row->id);
    write_params(j, p, a->row, &a->base);
    jw_str(j, "severity", severity_name(a->base.severity));
    if (a->nsteps) {
        jw_array(j, "steps");
        for (size_t i = 0; i < a->nsteps; i++) {
            const struct setting *s = &a->steps[i];
            jw_object(j, NULL);
            write_day(j, "from", s->from);
            write_params(j, p, a->row, s);
            jw_str(j, "severity", severity_name(s->severity));
            write_day(j, "until", s->until);
            jw_end(j);
        }
        jw_end(j);
    }
    if (a->unsuppressable) {
        jw_bool(j, "unsuppressable", true);
    }
    jw_end(j);
}

/* Item rules and batch rules, each sorted by id, merged. */
static void write_rules(struct jw *j, const struct policy *p, const struct profile *profile)
{
    size_t i = 0;
    size_t k = 0;
    jw_object(j, "rules");
    while (i < profile->nrules || k < profile->nbatch) {
        const bool item = k == profile->nbatch ||
                          (i < profile->nrules &&
                           strcmp(profile->rules[i].row->id, profile->batch[k].row->id) < 0);
        write_rule(j, p, item ? &profile->rules[i++] : &profile->batch[k++]);
    }
    jw_end(j);
}

static void write_names(struct jw *j, const struct profile *profile)
{
    static const struct {
        const char *key;
        int type;
    } sorted[] = {{"dns", NAME_POLICY_DNS},
                  {"email", NAME_POLICY_EMAIL},
                  {"ip", NAME_POLICY_IP},
                  {"uri", NAME_POLICY_URI}};
    _Static_assert(NITEMS(sorted) == NAME_POLICY__MAX, "every name type is written");
    jw_object(j, "names");
    for (size_t i = 0; i < NITEMS(sorted); i++) {
        const struct name_policy *n = &profile->names[sorted[i].type];
        if (!n->allow.present && !n->deny.present && !n->wildcard_present) {
            continue;
        }
        jw_object(j, sorted[i].key);
        write_matchers(j, "allow", &n->allow);
        write_matchers(j, "deny", &n->deny);
        if (n->wildcard_present) {
            jw_object(j, "wildcard");
            jw_bool(j, "allow", n->wildcard_allow);
            write_list(j, "zones", &n->wildcard_zones);
            jw_end(j);
        }
        jw_end(j);
    }
    jw_end(j);
}

static void write_products(struct jw *j, const struct profile *profile)
{
    if (!profile->has_products) {
        return;
    }
    jw_array(j, "products");
    for (size_t i = 0; i < profile->nproducts; i++) {
        jw_object(j, NULL);
        jw_str(j, "ca", profile->products[i].ca);
        jw_str(j, "code", profile->products[i].code);
        jw_end(j);
    }
    jw_end(j);
}

static void write_subject(struct jw *j, const struct profile *profile)
{
    jw_object(j, "subject");
    for (size_t i = 0; i < profile->nsubject; i++) {
        const struct subject_policy *s = &profile->subject[i];
        jw_object(j, s->attr);
        write_matchers(j, "allow", &s->allow);
        write_matchers(j, "deny", &s->deny);
        jw_bool(j, "required", s->required);
        jw_end(j);
    }
    jw_end(j);
}

static void write_profile(struct jw *j, const struct policy *p, const char *key,
                          const struct profile *profile)
{
    jw_object(j, key);
    jw_bool(j, "abstract", profile->abstract);
    if (p->defaults && !profile->name) {
        jw_str(j, "for-ca", profile->for_ca);
        jw_str(j, "for-kind", base_packs[profile->for_kind]);
    }
    jw_bool(j, "inline-waivers", profile->inline_waivers);
    jw_str(j, "level", policy_level_name(profile->level));
    jw_str(j, "max-severity", severity_name(profile->max_severity));
    jw_str(j, "mode", profile->audit ? "audit" : "enforce");
    write_names(j, profile);
    jw_str(j, "organization", profile->organization);
    write_products(j, profile);
    jw_bool(j, "require-data", profile->require_data);
    write_rules(j, p, profile);
    write_subject(j, profile);
    if (profile->validity_days) {
        jw_object(j, "validity");
        jw_int(j, "days", profile->validity_days);
        jw_end(j);
    }
    jw_end(j);
}

static void write_strings(struct jw *j, const char *key, const struct strings *list)
{
    write_list(j, key, &(struct strlist){.v = list->v, .n = list->n});
}

static void write_waiver(struct jw *j, const struct waiver *w)
{
    jw_object(j, NULL);
    jw_str(j, "approver", w->approver);
    write_day(j, "created", w->created);
    write_day(j, "expires", w->expires);
    jw_str(j, "id", w->id);
    jw_object(j, "match");
    jw_str(j, "item", w->item);
    write_list(j, "names", &w->names);
    jw_str(j, "serial", w->serial);
    jw_str(j, "spki", w->spki);
    jw_end(j);
    write_strings(j, "profiles", &w->profiles);
    jw_str(j, "reason", w->reason);
    write_strings(j, "rules", &w->rules);
    jw_str(j, "ticket", w->ticket);
    jw_end(j);
}

static void write_time(struct jw *j, const char *key, int64_t t)
{
    char text[TIME_TEXT];
    time_format(t, text);
    jw_str(j, key, text);
}

/* Sorted by name and time when the policy was loaded. */
static void write_calendars(struct jw *j, const struct policy *p)
{
    if (!p->nfreezes) {
        return;
    }
    jw_object(j, "calendars");
    for (size_t i = 0; i < p->nfreezes; i++) {
        const struct freeze *f = &p->freezes[i];
        if (i == 0 || !str_eq(f->calendar, p->freezes[i - 1].calendar)) {
            jw_array(j, f->calendar);
        }
        jw_object(j, NULL);
        write_time(j, "from", f->from);
        write_time(j, "to", f->to);
        jw_str(j, "why", f->why);
        jw_end(j);
        if (i + 1 == p->nfreezes || !str_eq(f->calendar, p->freezes[i + 1].calendar)) {
            jw_end(j);
        }
    }
    jw_end(j);
}

static void write_policy(struct jw *j, const struct policy *p)
{
    char table[SHA256_HEX];
    rule_table_digest(table);
    jw_object(j, NULL);
    jw_array(j, "bases");
    for (size_t i = 0; i < p->nbases; i++) {
        write_profile(j, p, NULL, p->bases[i]);
    }
    jw_end(j);
    write_calendars(j, p);
    organizations_write(j, p);
    jw_object(j, "profiles");
    for (size_t i = 0; i < p->nprofiles; i++) {
        write_profile(j, p, p->profiles[i]->name, p->profiles[i]);
    }
    jw_end(j);
    jw_str(j, "rule-table", table);
    jw_array(j, "waivers");
    for (size_t i = 0; i < p->nwaivers; i++) {
        write_waiver(j, p->waivers[i]);
    }
    jw_end(j);
    jw_end(j);
}

bool policy_show(const struct policy *p, const char *profile, struct buf *out, struct err *err)
{
    struct jw j;
    jw_begin(&j, out, JW_COMPACT);
    if (!profile) {
        write_policy(&j, p);
        return jw_finish(&j, err);
    }
    for (size_t i = 0; i < p->nprofiles; i++) {
        if (str_eq(p->profiles[i]->name, profile)) {
            write_profile(&j, p, NULL, p->profiles[i]);
            return jw_finish(&j, err);
        }
    }
    CLEANUP(buf_release) struct buf shown = BUF_INIT(1024);
    str_vis(&shown, profile, strlen(profile), LIMIT_VALUE_SHOWN);
    return err_set(err, ERR_INPUT, "the policy has no profile %s", buf_text(&shown));
}

/* The text of every rule of every profile is a third of what it costs to load a policy, and most of
 * those loaded (one a manifest in a pre-commit run) are never asked for their digest. */
struct digest_cell {
    pthread_mutex_t lock;
    bool tried;
    char hex[SHA256_HEX];
    struct err err;
};

struct digest_cell *digest_cell_new(void)
{
    struct digest_cell *c = xcalloc(1, sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void digest_cell_free(struct digest_cell *c)
{
    if (c) {
        pthread_mutex_destroy(&c->lock);
        free(c);
    }
}

static void digest_make(const struct policy *p, struct digest_cell *c)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(JSON_MAX);
    c->tried = true;
    if (policy_show(p, NULL, &text, &c->err)) {
        sha256_hex(text.p, text.n, c->hex);
    }
}

bool policy_digestible(const struct policy *p, struct err *err)
{
    if (*policy_digest(p)) {
        return true;
    }
    *err = p->digest->err;
    return false;
}

const char *policy_digest(const struct policy *p)
{
    struct digest_cell *c = p->digest;
    pthread_mutex_lock(&c->lock);
    if (!c->tried) {
        digest_make(p, c);
    }
    pthread_mutex_unlock(&c->lock);
    return c->hex;
}
