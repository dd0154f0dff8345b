/* SPDX-License-Identifier: Apache-2.0
 *
 * From layers to profiles. A layer is the top of a file or one profile of it; layers are applied
 * in order, later wins. Beside the growing state runs the same state with packs only: that is
 * what `null` goes back to. The result is flat: every rule that can fire, with its severity,
 * parameters and dated steps, so that judging an item looks nothing up.
 */
#include "policy/engine.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "policy/rules_change.h"

#include <stdlib.h>
#include <string.h>

struct slot { /* one rule while layers are applied */
    struct setting base;
    const struct setting_edit *steps;
    size_t nsteps;
    bool unsuppressable;
};

struct state {
    struct slot *slots; /* by rule_index() */
    struct name_policy names[NAME_POLICY__MAX];
    struct subject_policy *subject;
    size_t nsubject, subject_cap;
};

struct resolve {
    struct policy *p;
    struct findings *findings;
    struct arena scratch;
    struct slot *defaults; /* what the rows say */
    struct state now, preset;
    struct profile *out;
};

static struct slot *default_slots(struct policy *p, struct arena *a)
{
    struct slot *slots = arena_array(a, rule_count(), sizeof *slots);
    for (size_t i = 0; i < rule_count(); i++) {
        const struct rule *row = rule_at(i);
        slots[i].base =
            (struct setting){.from = INT64_MIN, .until = INT64_MAX, .severity = row->severity};
        for (size_t k = 0; k < row->nparams && k < RULE_PARAMS_MAX; k++) {
            param_fallback(p, &row->params[k], &slots[i].base.params[k]);
        }
    }
    return slots;
}

static void state_begin(struct resolve *r, struct state *st)
{
    *st = (struct state){0};
    st->slots = arena_array(&r->scratch, rule_count(), sizeof *st->slots);
    memcpy(st->slots, r->defaults, rule_count() * sizeof *st->slots);
}

/* --- one layer --- */

static void edit_setting(struct policy *p, const struct rule *row, const struct setting_edit *edit,
                         const struct setting *preset, struct setting *value)
{
    if (edit->severity_op == EDIT_SET) {
        value->severity = edit->severity;
    } else if (edit->severity_op == EDIT_RESET) {
        value->severity = preset->severity;
    }
    for (size_t i = 0; i < row->nparams; i++) {
        param_apply(p, &row->params[i], &edit->params[i], &preset->params[i], &value->params[i]);
    }
}

static void apply_override(struct policy *p, const struct override *o, const struct slot *preset,
                           struct slot *slot)
{
    if (o->reset) {
        *slot = *preset;
        return;
    }
    edit_setting(p, o->row, &o->base, &preset->base, &slot->base);
    if (o->unsuppressable) {
        slot->unsuppressable = str_eq(o->unsuppressable->text, "true");
    }
    if (o->has_steps) {
        slot->steps = o->steps;
        slot->nsteps = o->nsteps;
    } else if (o->base.severity_op != EDIT_NONE) {
        slot->nsteps = 0; /* a severity written later ends the dated ones below it */
    }
}

static void apply_names(struct policy *p, const struct names_text *text,
                        const struct name_policy *preset, struct name_policy *names)
{
    for (size_t i = 0; text && i < NAME_POLICY__MAX; i++) {
        const struct name_text *t = text->types[i];
        if (!t) {
            continue;
        }
        matchers_apply(&p->arena, &t->allow_edit, &preset[i].allow, &names[i].allow);
        matchers_apply(&p->arena, &t->deny_edit, &preset[i].deny, &names[i].deny);
        if (t->wildcard) {
            names[i].wildcard_present = true;
            names[i].wildcard_allow = t->wildcard->allow;
            names[i].wildcard_zones =
                (struct strlist){.v = t->wildcard->zones.v, .n = t->wildcard->zones.n};
        }
    }
}

static struct subject_policy *subject_entry(struct arena *a, struct state *st, const char *attr)
{
    for (size_t i = 0; i < st->nsubject; i++) {
        if (str_eq(st->subject[i].attr, attr)) {
            return &st->subject[i];
        }
    }
    if (st->nsubject == st->subject_cap) {
        struct subject_policy *grown = arena_array(a, 2 * st->subject_cap + 8, sizeof *grown);
        if (st->nsubject) {
            memcpy(grown, st->subject, st->nsubject * sizeof *grown);
        }
        st->subject = grown;
        st->subject_cap = 2 * st->subject_cap + 8;
    }
    st->subject[st->nsubject] = (struct subject_policy){.attr = attr};
    return &st->subject[st->nsubject++];
}

static void apply_subject(struct resolve *r, const struct settings_text *set, struct state *preset,
                          struct state *st)
{
    const struct subject_text *texts = set->subject.v;
    for (size_t i = 0; i < set->subject.n; i++) {
        const struct subject_text *t = &texts[i];
        struct subject_policy *to = subject_entry(&r->scratch, st, t->attr);
        const struct subject_policy before = *subject_entry(&r->scratch, preset, t->attr);
        to = subject_entry(&r->scratch, st, t->attr);
        to->required = yaml_get(t->node, "required") ? t->required : to->required;
        matchers_apply(&r->p->arena, &t->allow_edit, &before.allow, &to->allow);
        matchers_apply(&r->p->arena, &t->deny_edit, &before.deny, &to->deny);
    }
}

static void apply_state(struct resolve *r, const struct settings_text *set, struct state *preset,
                        struct state *st)
{
    for (size_t i = 0; i < set->noverrides; i++) {
        const size_t index = rule_index(set->overrides[i].row);
        apply_override(r->p, &set->overrides[i], &preset->slots[index], &st->slots[index]);
    }
    apply_names(r->p, set->names, preset->names, st->names);
    apply_subject(r, set, preset, st);
}

static void apply_header(const struct settings_text *set, struct profile *out)
{
    out->level = set->level ? (enum policy_level)set->level : out->level;
    out->audit = set->mode ? set->mode == MODE_AUDIT : out->audit;
    out->max_severity = set->max_severity ? (enum severity)set->max_severity : out->max_severity;
    out->require_data =
        set->require_data ? str_eq(set->require_data->text, "true") : out->require_data;
    out->inline_waivers =
        set->inline_waivers ? str_eq(set->inline_waivers->text, "true") : out->inline_waivers;
    out->validity_days = set->validity ? set->validity->days : out->validity_days;
    out->organization = set->organization ? set->organization : out->organization;
}

static void apply_products(struct arena *a, const char *file, const struct settings_text *set,
                           struct profile *out)
{
    const struct product_text *texts = set->products.v;
    if (!yaml_get(set->node, "products")) {
        return;
    }
    out->has_products = true;
    out->nproducts = set->products.n;
    out->products = arena_array(a, set->products.n + 1, sizeof *out->products);
    for (size_t i = 0; i < set->products.n; i++) {
        out->products[i] =
            (struct product_ref){texts[i].ca, texts[i].code, yaml_pos(file, texts[i].node)};
    }
}

static void apply_layer(struct resolve *r, const struct policy_file *file,
                        const struct settings_text *set)
{
    apply_state(r, set, &r->preset, &r->now);
    if (file->pack) {
        struct state rows = {.slots = r->defaults};
        apply_state(r, set, &rows, &r->preset);
    }
    apply_header(set, r->out);
    apply_products(&r->p->arena, file->path, set, r->out);
}

/* --- from state to profile --- */

static void cap(const struct profile *out, struct setting *s)
{
    if (out->audit && s->severity > SEV_WARNING) {
        s->severity = SEV_WARNING;
    }
}

static bool make_active(struct resolve *r, const struct rule *row, const struct slot *slot,
                        const struct slot *preset, struct active *a)
{
    bool enabled = slot->base.severity != SEV_DISABLED;
    *a = (struct active){.row = row, .base = slot->base, .nsteps = slot->nsteps};
    a->ca = ca_facts_find(row->ca);
    a->unsuppressable = row->unwaivable || slot->unsuppressable;
    rule_window(row, &a->from, &a->until);
    a->steps = arena_array(&r->p->arena, slot->nsteps + 1, sizeof *a->steps);
    for (size_t i = 0; i < slot->nsteps; i++) {
        a->steps[i] = slot->base;
        edit_setting(r->p, row, &slot->steps[i], &preset->base, &a->steps[i]);
        a->steps[i].from = slot->steps[i].from;
        a->steps[i].until = slot->steps[i].until;
        enabled |= a->steps[i].severity != SEV_DISABLED;
        cap(r->out, &a->steps[i]);
    }
    cap(r->out, &a->base);
    return enabled;
}

static int compare_attrs(const void *a, const void *b)
{
    return strcmp(((const struct subject_policy *)a)->attr,
                  ((const struct subject_policy *)b)->attr);
}

static void finish(struct resolve *r)
{
    struct profile *out = r->out;
    struct arena *a = &r->p->arena;
    out->rules = arena_array(a, rule_count(), sizeof *out->rules);
    out->batch = arena_array(a, rule_count(), sizeof *out->batch);
    for (size_t i = 0; i < rule_count(); i++) {
        const struct rule *row = rule_at(i);
        struct active active;
        const bool enabled = make_active(r, row, &r->now.slots[i], &r->preset.slots[i], &active);
        if (str_eq(row->id, WINDOW_RULE)) {
            out->window = active;
        }
        if (row->check && enabled) {
            const bool batch = row->needs & NEEDS_BATCH;
            *(batch ? &out->batch[out->nbatch++] : &out->rules[out->nrules++]) = active;
        }
    }
    memcpy(out->names, r->now.names, sizeof out->names);
    out->nsubject = r->now.nsubject;
    out->subject = out->nsubject
                       ? arena_memdup(a, r->now.subject, out->nsubject * sizeof *out->subject)
                       : NULL;
    if (out->nsubject) {
        qsort(out->subject, out->nsubject, sizeof *out->subject, compare_attrs);
    }
    waivers_attach(r->p, out);
}

static struct profile *begin(struct resolve *r, const char *name)
{
    arena_reset(&r->scratch);
    state_begin(r, &r->now);
    state_begin(r, &r->preset);
    r->out = arena_alloc(&r->p->arena, sizeof *r->out);
    *r->out = (struct profile){.name = name, .max_severity = SEV_WARNING};
    return r->out;
}

/* --- which layers --- */

static const struct policy_file *find_pack(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->nfiles; i++) {
        if (p->files[i]->pack && str_eq(p->files[i]->path, name)) {
            return p->files[i];
        }
    }
    return NULL;
}

/* A pack after the packs it extends; packs cannot form a cycle, policy_load() refused it. */
static void apply_pack(struct resolve *r, const char *name)
{
    const struct policy_file *f = find_pack(r->p, name);
    for (size_t i = 0; f && i < f->base.extends.n; i++) {
        apply_pack(r, f->base.extends.v[i]);
    }
    if (f) {
        apply_layer(r, f, &f->base);
    }
}

static void apply_all_files(struct resolve *r)
{
    for (size_t i = 0; i < r->p->nfiles; i++) {
        if (r->p->files[i]->layer) {
            apply_layer(r, r->p->files[i], &r->p->files[i]->base);
        }
    }
}

struct path { /* profiles that are being extended, to see a cycle */
    const struct path *up;
    const char *name;
    unsigned depth;
};

static bool apply_profile(struct resolve *r, const struct path *at);

static void apply_parent(struct resolve *r, const struct policy_file *file,
                         const struct strings *extends, size_t i, const struct path *at)
{
    const struct path next = {at, extends->v[i], at->depth + 1};
    const struct pos pos = yaml_pos(file->path, extends->at[i]);
    for (const struct path *p = at; p; p = p->up) {
        if (str_eq(p->name, next.name)) {
            rule_report(r->findings, "policy.extends", pos, "profile %s extends itself", next.name);
            return;
        }
    }
    if (next.depth > LIMIT_EXTENDS_DEPTH) {
        rule_report(r->findings, "policy.extends", pos,
                    "profiles extend each other more than %u deep", LIMIT_EXTENDS_DEPTH);
    } else if (!apply_profile(r, &next)) {
        if (find_pack(r->p, next.name)) {
            apply_pack(r, next.name);
        } else if (at->depth == 0) {
            CLEANUP(buf_release) struct buf shown = BUF_INIT(1024);
            str_vis(&shown, next.name, strlen(next.name), LIMIT_VALUE_SHOWN);
            rule_report(r->findings, "policy.extends", pos, "there is no profile or pack %s",
                        buf_text(&shown));
        }
    }
}

/* Every file may add to a profile of the same name; false when no file has it. */
static bool apply_profile(struct resolve *r, const struct path *at)
{
    bool found = false;
    for (size_t i = 0; i < r->p->nfiles; i++) {
        const struct policy_file *f = r->p->files[i];
        const struct profile_text *texts = f->profiles.v;
        for (size_t k = 0; k < f->profiles.n; k++) {
            const struct profile_text *t = &texts[k];
            if (!str_eq(t->name, at->name)) {
                continue;
            }
            found = true;
            for (size_t e = 0; e < t->set.extends.n; e++) {
                apply_parent(r, f, &t->set.extends, e, at);
            }
            apply_layer(r, f, &t->set);
            if (at->depth == 0) {
                r->out->abstract = t->set.abstract;
                r->out->pos = yaml_key_pos(f->path, t->set.node);
            }
        }
    }
    return found;
}

static void add_base(struct resolve *r)
{
    finish(r);
    r->p->bases[r->p->nbases++] = r->out;
}

static bool is_ca_pack(const char *name)
{
    return !str_starts(name, "cabf-") && !str_eq(name, "private");
}

/* Nothing was named: the pack of the CA on top of the one for its kind. */
const char *const base_packs[BASE__MAX] = {
    [BASE_PRIVATE] = "private", [BASE_TLS] = "cabf-tls", [BASE_SMIME] = "cabf-smime"};

static void default_bases(struct resolve *r)
{
    for (size_t kind = 0; kind < BASE__MAX; kind++) {
        begin(r, NULL)->for_kind = (enum base_kind)kind;
        apply_pack(r, base_packs[kind]);
        add_base(r);
        for (size_t i = 0; i < policy_packs_count; i++) {
            if (is_ca_pack(policy_packs[i].name)) {
                begin(r, NULL)->for_kind = (enum base_kind)kind;
                r->out->for_ca = policy_packs[i].name;
                apply_pack(r, base_packs[kind]);
                apply_pack(r, policy_packs[i].name);
                add_base(r);
            }
        }
    }
}

static bool have_profile(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->nprofiles; i++) {
        if (str_eq(p->profiles[i]->name, name)) {
            return true;
        }
    }
    return false;
}

static int compare_profiles(const void *a, const void *b)
{
    return strcmp((*(struct profile *const *)a)->name, (*(struct profile *const *)b)->name);
}

static void named_profiles(struct resolve *r)
{
    struct policy *p = r->p;
    size_t most = 0;
    for (size_t i = 0; i < p->nfiles; i++) {
        most += p->files[i]->profiles.n;
    }
    p->profiles = arena_array(&p->arena, most + 1, sizeof(struct profile *));
    for (size_t i = 0; i < p->nfiles; i++) {
        const struct profile_text *texts = p->files[i]->profiles.v;
        for (size_t k = 0; k < p->files[i]->profiles.n; k++) {
            if (have_profile(p, texts[k].name)) {
                continue;
            }
            begin(r, texts[k].name);
            apply_all_files(r);
            r->out->has_products = false;
            (void)apply_profile(r, &(struct path){.name = texts[k].name});
            finish(r);
            p->profiles[p->nprofiles++] = r->out;
        }
    }
    qsort(p->profiles, p->nprofiles, sizeof(struct profile *), compare_profiles);
}

void policy_resolve(struct policy *p, struct findings *findings)
{
    struct resolve r = {.p = p, .findings = findings, .defaults = default_slots(p, &p->arena)};
    p->bases = arena_array(&p->arena, 2 * (policy_packs_count + 1), sizeof(struct profile *));
    if (p->defaults) {
        default_bases(&r);
    } else {
        begin(&r, NULL);
        apply_all_files(&r);
        add_base(&r);
    }
    named_profiles(&r);
    organizations_resolve(p, findings);
    arena_release(&r.scratch);
}
