/* SPDX-License-Identifier: Apache-2.0
 *
 * Waivers: findings accepted by name, for a reason, for a time. A waiver covers a finding, never
 * an item: the finding stays in every report, marked. What is incomplete, forbidden, expired,
 * unused or self-approved is a finding itself.
 *
 * Judging threads only count (relaxed atomics); who waived what is decided by the finding alone,
 * so the result does not depend on which thread came first. policy_close_waivers() reports.
 */
#include "policy/engine.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

enum { REASON_MIN = 10, MAX_DAYS = 180 };

/* --- reading --- */

static struct pos key_pos(const struct policy_file *file, const struct waiver_text *t,
                          const char *key)
{
    const struct ynode *n = yaml_get(t->node, key);
    return yaml_pos(file->path, n ? n : t->node);
}

static void incomplete(struct findings *list, const struct policy_file *file,
                       const struct waiver_text *t, const char *key, const char *what)
{
    rule_report(list, "policy.waiver.incomplete", key_pos(file, t, key), "waiver %s %s", t->id,
                what);
}

static bool blank(const char *text)
{
    return !text || !text[strspn(text, " \t")];
}

static void check_complete(const struct policy_file *file, const struct waiver_text *t,
                           struct findings *list)
{
    const struct match_text *m = t->match;
    if (t->rules.n == 0) {
        incomplete(list, file, t, "rules", "names no rules");
    }
    if (!m || (!m->item && !m->names.n && !m->spki && !m->serial)) {
        incomplete(list, file, t, "match",
                   "matches nothing in particular; name an item, names, "
                   "a key or a serial");
    }
    if (blank(t->reason) || utf8_length(t->reason, strlen(t->reason)) < REASON_MIN) {
        incomplete(list, file, t, "reason", "needs a reason of at least ten characters");
    }
    if (blank(t->ticket)) {
        incomplete(list, file, t, "ticket", "names no ticket");
    }
    if (blank(t->approver)) {
        incomplete(list, file, t, "approver", "names no approver");
    }
    if (t->created == TIME_NONE || t->expires == TIME_NONE) {
        incomplete(list, file, t, t->created == TIME_NONE ? "created" : "expires",
                   "needs the days created and expires");
    } else if (t->expires <= t->created ||
               t->expires > t->created + (int64_t)MAX_DAYS * DAY_SECONDS) {
        incomplete(list, file, t, "expires", "must expire 1 to 180 days after it was created");
    }
}

static void check_rules(const struct policy_file *file, const struct waiver_text *t,
                        struct findings *list)
{
    for (size_t i = 0; i < t->rules.n; i++) {
        const struct rule *row = rule_find(t->rules.v[i]);
        const struct pos pos = yaml_pos(file->path, t->rules.at[i]);
        if (!row) {
            CLEANUP(buf_release) struct buf shown = BUF_INIT(1024);
            str_vis(&shown, t->rules.v[i], strlen(t->rules.v[i]), 200);
            rule_report(list, "policy.rule.unknown", pos, "waiver %s names no known rule: %s",
                        t->id, buf_text(&shown));
        } else if (row->unwaivable || !row->check) {
            rule_report(list, "policy.waiver.forbidden", pos,
                        "waiver %s is for rule %s, which cannot be waived", t->id, row->id);
        }
    }
}

static void take_match(struct policy *p, const struct policy_file *file,
                       const struct waiver_text *t, struct waiver *w, struct findings *list)
{
    const struct match_text *m = t->match;
    if (!m) {
        return;
    }
    w->item = m->item;
    w->names.v = arena_array(&p->arena, m->names.n + 1, sizeof *w->names.v);
    for (size_t i = 0; i < m->names.n; i++) {
        struct san_value v;
        san_value_parse(m->names.v[i], &v);
        w->names.v[w->names.n++] = name_norm(&p->arena, v.type, v.text, strlen(v.text));
    }
    uint8_t digest[SHA256_SIZE];
    if (m->spki &&
        (strlen(m->spki) != 2 * sizeof digest || !hex_decode(m->spki, strlen(m->spki), digest))) {
        incomplete(list, file, t, "match", "gives a key that is not a SHA-256 in hexadecimal");
    }
    w->spki = m->spki ? str_lower(&p->arena, m->spki) : NULL;
    w->serial = m->serial ? serial_normal(&p->arena, m->serial) : NULL;
    if (m->serial && !w->serial) {
        incomplete(list, file, t, "match", "gives a serial that is not a serial number");
    }
}

static bool id_known(const struct policy *p, const char *id)
{
    for (size_t i = 0; i < p->nwaivers; i++) {
        if (str_eq(p->waivers[i]->id, id)) {
            return true;
        }
    }
    return false;
}

/* In one line for reports: "shared certificate (CHG0041999, a.keller, until 2027-01-31)". What is
 * missing is a finding of its own. */
static const char *justify(struct arena *a, const struct waiver *w)
{
    char day[TIME_TEXT];
    time_format_date(w->expires == TIME_NONE ? 0 : w->expires, day);
    const char *text =
        arena_printf(a, "%s (%s, %s, until before %s)", w->reason ? w->reason : "-",
                     w->ticket ? w->ticket : "-", w->approver ? w->approver : "-", day);
    return str_vis_dup(a, text, strlen(text));
}

void waivers_read(struct policy *p, const struct policy_file *file, struct findings *findings)
{
    const struct waiver_text *texts = file->waivers.v;
    for (size_t i = 0; i < file->waivers.n; i++) {
        const struct waiver_text *t = &texts[i];
        struct waiver *w = arena_alloc(&p->arena, sizeof *w);
        w->id = t->id;
        w->pos = yaml_pos(file->path, t->node);
        w->rules = t->rules;
        w->profiles = t->profiles;
        w->reason = t->reason;
        w->ticket = t->ticket;
        w->approver = t->approver;
        w->created = t->created;
        w->expires = t->expires;
        w->justification = justify(&p->arena, w);
        if (id_known(p, t->id)) {
            incomplete(findings, file, t, "id", "has the id of another waiver");
        }
        check_complete(file, t, findings);
        check_rules(file, t, findings);
        take_match(p, file, t, w, findings);
        vec_reserve((void **)&p->waivers, &p->waivers_cap, p->nwaivers + 1,
                    sizeof(struct waiver *));
        p->waivers[p->nwaivers++] = w;
    }
}

static bool has(const struct strings *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++) {
        if (str_eq(list->v[i], text)) {
            return true;
        }
    }
    return false;
}

static void attach(struct policy *p, const struct profile *profile, struct active *a)
{
    for (size_t i = 0; i < p->nwaivers; i++) {
        struct waiver *w = p->waivers[i];
        if (a->row->unwaivable || !has(&w->rules, a->row->id) ||
            (w->profiles.n && !(profile->name && has(&w->profiles, profile->name)))) {
            continue;
        }
        if (!a->waivers) {
            a->waivers = arena_array(&p->arena, p->nwaivers, sizeof *a->waivers);
        }
        a->waivers[a->nwaivers++] = w;
    }
}

void waivers_attach(struct policy *p, struct profile *profile)
{
    for (size_t i = 0; i < profile->nrules; i++) {
        attach(p, profile, &profile->rules[i]);
    }
    for (size_t i = 0; i < profile->nbatch; i++) {
        attach(p, profile, &profile->batch[i]);
    }
}

/* --- applying --- */

/* What a finding is about, as far as a waiver can name it. */
struct about {
    const char *item, *name, *serial;
    const uint8_t *spki;
    const struct facts *facts;         /* of an item finding */
    const struct batch_member *member; /* of a batch finding */
};

static bool name_listed(const struct waiver *w, const char *name)
{
    return strlist_has(&w->names, name);
}

/* A finding about a name is covered by that name; one about the whole item by any of its names. */
static bool names_match(const struct waiver *w, const struct about *about)
{
    if (about->name) {
        return name_listed(w, about->name);
    }
    for (size_t i = 0; about->facts && i < about->facts->nnames; i++) {
        const struct name_fact *n = &about->facts->names[i];
        if (n->views & VIEW_EFFECTIVE && name_listed(w, n->norm)) {
            return true;
        }
    }
    for (size_t i = 0; about->member && i < about->member->nnames; i++) {
        const char *typed = about->member->names[i];
        const char *colon = strchr(typed, ':');
        if (name_listed(w, colon ? colon + 1 : typed)) {
            return true;
        }
    }
    return false;
}

static bool covers(const struct waiver *w, const struct about *about)
{
    char hex[SHA256_HEX];
    if (w->item && !(about->item && glob_match(w->item, about->item))) {
        return false;
    }
    if (w->names.n && !names_match(w, about)) {
        return false;
    }
    if (w->serial && !str_eq(w->serial, about->serial)) {
        return false;
    }
    if (w->spki) {
        if (!about->spki) {
            return false;
        }
        hex_encode(about->spki, SHA256_SIZE, hex);
        return strcmp(hex, w->spki) == 0;
    }
    return true;
}

static void apply(const struct active *a, const struct about *about, int64_t at, struct finding *f)
{
    for (size_t i = 0; i < a->nwaivers; i++) {
        struct waiver *w = a->waivers[i];
        if (at < w->created || !covers(w, about)) {
            continue;
        }
        if (at >= w->expires) {
            atomic_fetch_add_explicit(&w->late, 1, memory_order_relaxed);
            continue;
        }
        atomic_fetch_add_explicit(&w->used, 1, memory_order_relaxed);
        if (!f->waived) {
            f->waived = true;
            f->waiver = w->id;
            f->justification = w->justification;
        }
    }
}

void waiver_apply(const struct rule_run *run, const struct hit *where, struct finding *f)
{
    if (run->active->nwaivers == 0) {
        return;
    }
    const struct subject *s = run->s;
    const struct about about = {.item = s ? s->id : NULL,
                                .name = where->name ? where->name->norm : NULL,
                                .serial = s ? s->serial : NULL,
                                .spki =
                                    run->facts && run->facts->key ? run->facts->key->sha256 : NULL,
                                .facts = run->facts};
    apply(run->active, &about, s ? subject_date(s) : run->batch->as_of, f);
}

void waiver_apply_member(const struct rule_run *run, const struct batch_member *m,
                         struct finding *f)
{
    const struct about about = {.item = m->id,
                                .serial = m->serial,
                                .spki = m->has_spki ? m->spki_sha256 : NULL,
                                .member = m};
    apply(run->active, &about, run->batch->as_of, f);
}

/* --- after judging --- */

void policy_close_waivers(const struct policy *p, struct findings *findings)
{
    for (size_t i = 0; i < p->nwaivers; i++) {
        struct waiver *w = p->waivers[i];
        const size_t used = atomic_load(&w->used);
        const size_t late = atomic_load(&w->late);
        char day[TIME_TEXT];
        if (late) {
            time_format_date(w->expires, day);
            rule_report(findings, "policy.waiver.expired", w->pos,
                        "waiver %s expired on %s; %zu finding%s it covered count again", w->id, day,
                        late, late == 1 ? "" : "s");
        } else if (!used) {
            rule_report(findings, "policy.waiver.unused", w->pos,
                        "waiver %s covers no finding of this run", w->id);
        }
    }
}

void policy_forget_waivers(const struct policy *p)
{
    for (size_t i = 0; i < p->nwaivers; i++) {
        atomic_store(&p->waivers[i]->used, 0);
        atomic_store(&p->waivers[i]->late, 0);
    }
}

void policy_check_requester(const struct policy *p, const char *requested_by,
                            struct findings *findings)
{
    for (size_t i = 0; requested_by && i < p->nwaivers; i++) {
        const struct waiver *w = p->waivers[i];
        if (str_ieq(w->approver, requested_by)) {
            rule_report(findings, "policy.waiver.self", w->pos,
                        "waiver %s was approved by %s, who requests this batch", w->id,
                        w->approver);
        }
    }
}
