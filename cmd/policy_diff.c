/* SPDX-License-Identifier: Apache-2.0
 *
 * `policy diff OLD NEW MANIFEST...`: whose verdict changes when a site moves from one policy to
 * another. The items of each manifest are judged under OLD alone and under NEW alone; what the
 * manifest and the configuration name does not count. Infos and waived findings make no verdict.
 */
#include "cmd/cmd.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum verdict { VERDICT_PASSES, VERDICT_WARNS, VERDICT_BLOCKED, VERDICT__MAX };
static const char *const verdict_names[] = {
    [VERDICT_PASSES] = "passes", [VERDICT_WARNS] = "warns", [VERDICT_BLOCKED] = "blocked"};
_Static_assert(NITEMS(verdict_names) == VERDICT__MAX, "a name for every verdict");

struct said { /* by one rule about one item; item NULL: about the batch as a whole */
    const char *item, *rule;
    enum severity severity; /* the worst */
};
struct saids {
    struct said *v;
    size_t n;
};

/* One manifest under one policy. */
struct side {
    struct batch batch;
    struct batch_options options;
    struct findings findings;
    struct saids said;
    enum severity *most; /* by item: what may still be ordered */
};

struct shift {
    const char *item;
    enum verdict old, new;
    struct saids old_said, new_said; /* slices */
};
struct diff {
    const struct options *o;
    struct term *t;
    const char *old, *new;
    char old_digest[SHA256_HEX], new_digest[SHA256_HEX];
    size_t items, changed, blocked, released;
    struct buf text;
    struct jw json;
    bool as_json;
};

/* --- judging --- */

static int compare_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_said(const void *a, const void *b)
{
    const struct said *x = a;
    const struct said *y = b;
    const int by_item = compare_text(x->item, y->item);
    const int by_rule = strcmp(x->rule, y->rule);
    return by_item ? by_item : by_rule ? by_rule : (int)y->severity - (int)x->severity;
}

/* Findings about the policy itself are no verdict on a batch. */
static bool counts(const struct finding *f)
{
    return !f->waived && f->severity >= SEV_WARNING && (f->item || !str_starts(f->rule, "policy."));
}

static struct saids collect(const struct findings *list)
{
    struct saids s = {xcalloc(list->n + 1, sizeof *s.v), 0};
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct finding *f = &list->v[i];
        if (counts(f)) {
            s.v[n++] = (struct said){f->item, f->rule, f->severity};
        }
    }
    qsort(s.v, n, sizeof *s.v, compare_said);
    for (size_t i = 0; i < n; i++) {
        const struct said *last = s.n ? &s.v[s.n - 1] : NULL;
        if (!last || compare_text(last->item, s.v[i].item) || strcmp(last->rule, s.v[i].rule)) {
            s.v[s.n++] = s.v[i];
        }
    }
    return s;
}

static void find_most(struct side *s)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    s->most = xcalloc(s->batch.nitems + 1, sizeof *s->most);
    for (size_t i = 0; i < s->batch.nitems; i++) {
        struct item_data d;
        (void)item_load(&s->batch, &s->batch.items[i], &a, NULL, &d);
        s->most[i] = policy_max_severity(s->batch.policy, &d.subject);
        arena_reset(&a);
    }
}

static bool side_open(struct side *s, const struct options *o, const char *const *policy,
                      const char *manifest, struct err *err)
{
    *s = (struct side){.findings = FINDINGS_INIT};
    s->options = (struct batch_options){.manifest = manifest,
                                        .config = o->config,
                                        .policies = policy,
                                        .npolicies = 1,
                                        .only_policies = true,
                                        .profile = o->profile,
                                        .as_of = o->as_of};
    if (!batch_open(&s->batch, &s->options, &s->findings, err)) {
        return false;
    }
    batch_judge(&s->batch, (unsigned)o->jobs, &s->findings);
    s->said = collect(&s->findings);
    find_most(s);
    return true;
}

static void side_close(struct side *s)
{
    batch_release(&s->batch);
    findings_release(&s->findings);
    free(s->said.v);
    free(s->most);
}

/* --- comparing --- */

static struct saids about(const struct saids *all, const char *item)
{
    size_t low = 0;
    size_t high = all->n;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (compare_text(all->v[mid].item, item) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    size_t n = 0;
    while (low + n < all->n && compare_text(all->v[low + n].item, item) == 0) {
        n++;
    }
    return (struct saids){all->v + low, n};
}

static enum verdict verdict_of(const struct saids *s, enum severity most)
{
    enum verdict v = s->n ? VERDICT_WARNS : VERDICT_PASSES;
    for (size_t i = 0; i < s->n; i++) {
        v = s->v[i].severity > most ? VERDICT_BLOCKED : v;
    }
    return v;
}

static bool has(const struct saids *s, const struct said *what)
{
    bool found = false;
    for (size_t i = 0; i < s->n && !found; i++) {
        found = str_eq(s->v[i].rule, what->rule) && s->v[i].severity == what->severity;
    }
    return found;
}

static bool same(const struct shift *c)
{
    bool same = c->old_said.n == c->new_said.n;
    for (size_t i = 0; same && i < c->old_said.n; i++) {
        same = has(&c->new_said, &c->old_said.v[i]);
    }
    return same;
}

/* --- printing --- */

static void text_rules(struct buf *out, char sign, const struct saids *list,
                       const struct saids *other)
{
    for (size_t i = 0; i < list->n; i++) {
        if (!has(other, &list->v[i])) {
            buf_printf(out, "    %c %s (%s)\n", sign, list->v[i].rule,
                       severity_name(list->v[i].severity));
        }
    }
}

static void json_rules(struct jw *j, const char *key, const struct saids *list,
                       const struct saids *other)
{
    jw_array(j, key);
    for (size_t i = 0; i < list->n; i++) {
        if (!has(other, &list->v[i])) {
            jw_object(j, NULL);
            jw_str(j, "rule", list->v[i].rule);
            jw_str(j, "severity", severity_name(list->v[i].severity));
            jw_end(j);
        }
    }
    jw_end(j);
}

static void put_json(struct jw *j, const struct shift *c)
{
    jw_object(j, NULL);
    jw_str(j, "item", c->item);
    jw_str(j, "old", verdict_names[c->old]);
    jw_str(j, "new", verdict_names[c->new]);
    json_rules(j, "came", &c->new_said, &c->old_said);
    json_rules(j, "went", &c->old_said, &c->new_said);
    jw_end(j);
}

static void put_text(struct diff *d, const char *file, const struct shift *c)
{
    struct buf *b = &d->text;
    buf_printf(b, "%s: %s%s: ", file, c->item ? "item " : "the batch", c->item ? c->item : "");
    if (c->old == c->new) {
        buf_printf(b, "%s, for other reasons\n", verdict_names[c->new]);
    } else {
        buf_printf(b, "%s -> ", verdict_names[c->old]);
        term_paint(b, d->t->out_color,
                   c->new == VERDICT_BLOCKED ? PAINT_RED
                   : c->new == VERDICT_WARNS ? PAINT_YELLOW
                                             : PAINT_GREEN,
                   verdict_names[c->new]);
        buf_puts(b, "\n");
    }
    text_rules(b, '+', &c->new_said, &c->old_said);
    text_rules(b, '-', &c->old_said, &c->new_said);
}

/* An item that is judged as before for other reasons is for those who ask. */
static void report(struct diff *d, const char *file, const struct shift *c)
{
    const bool changed = c->old != c->new;
    d->changed += changed;
    d->blocked += changed && c->new == VERDICT_BLOCKED;
    d->released += changed && c->old == VERDICT_BLOCKED;
    if (!changed && same(c)) {
        return;
    }
    if (d->as_json) {
        put_json(&d->json, c);
    } else if (changed || d->o->verbose) {
        put_text(d, file, c);
    }
}

static void compare(struct diff *d, const char *file, const struct side *old,
                    const struct side *new)
{
    for (size_t i = 0; i <= old->batch.nitems; i++) {
        const bool whole = i == old->batch.nitems; /* the batch comes last */
        struct shift c = {.item = whole ? NULL : old->batch.items[i].id};
        c.old_said = about(&old->said, c.item);
        c.new_said = about(&new->said, c.item);
        c.old = verdict_of(&c.old_said, whole ? SEV_WARNING : old->most[i]);
        c.new = verdict_of(&c.new_said, whole ? SEV_WARNING : new->most[i]);
        report(d, file, &c);
    }
    d->items += old->batch.nitems;
}

static bool diff_file(struct diff *d, const char *file, struct err *err)
{
    struct side old, new = {.findings = FINDINGS_INIT};
    bool ok =
        side_open(&old, d->o, &d->old, file, err) && side_open(&new, d->o, &d->new, file, err);
    if (ok) {
        (void)memcpy(d->old_digest, policy_digest(old.batch.policy), SHA256_HEX);
        (void)memcpy(d->new_digest, policy_digest(new.batch.policy), SHA256_HEX);
        if (d->as_json) {
            jw_object(&d->json, NULL);
            jw_str(&d->json, "path", file);
            jw_array(&d->json, "items");
        }
        compare(d, file, &old, &new);
        if (d->as_json) {
            jw_end(&d->json);
            jw_end(&d->json);
        }
    } else {
        cmd_print_findings(d->t, STDERR_FILENO, new.findings.n ? &new.findings : &old.findings,
                           SEV_WARNING, d->o->verbose);
    }
    side_close(&old);
    side_close(&new);
    return ok;
}

static void json_policy(struct jw *j, const char *key, const char *name, const char *digest)
{
    jw_object(j, key);
    jw_str(j, "policy", name);
    jw_str(j, "sha256", digest);
    jw_end(j);
}

static bool finish(struct diff *d, struct err *err)
{
    struct jw *j = &d->json;
    if (!d->as_json) {
        buf_printf(&d->text,
                   "%zu verdict%s change on %zu item%s: %zu newly blocked, %zu no longer\n",
                   d->changed, d->changed == 1 ? "" : "s", d->items, d->items == 1 ? "" : "s",
                   d->blocked, d->released);
        return true;
    }
    jw_end(j);
    json_policy(j, "old", d->old, d->old_digest);
    json_policy(j, "new", d->new, d->new_digest);
    jw_object(j, "summary");
    jw_int(j, "items", (int64_t)d->items);
    jw_int(j, "changed", (int64_t)d->changed);
    jw_int(j, "blocked", (int64_t)d->blocked);
    jw_int(j, "released", (int64_t)d->released);
    jw_end(j);
    jw_end(j);
    return jw_finish(j, err);
}

int cmd_policy_diff(const struct options *o, struct term *t)
{
    struct err err = ERR_INIT;
    const char *format = cmd_format(o, t, "policy");
    if (!format) {
        return EXIT_USAGE;
    }
    if (o->operands.n < 4) {
        err_set(&err, ERR_USAGE, "usage: certbatch policy diff OLD NEW MANIFEST...");
        return cmd_fail(t, &err);
    }
    struct diff d = {.o = o,
                     .t = t,
                     .old = o->operands.v[1],
                     .new = o->operands.v[2],
                     .text = BUF_INIT(256u << 20),
                     .as_json = str_eq(format, "json")};
    if (d.as_json) {
        jw_begin(&d.json, &d.text, JW_PRETTY);
        jw_object(&d.json, NULL);
        jw_str(&d.json, "tool", "certbatch");
        jw_str(&d.json, "version", CERTBATCH_VERSION);
        jw_array(&d.json, "files");
    }
    bool ok = true;
    for (size_t i = 3; i < o->operands.n && ok; i++) {
        ok = diff_file(&d, o->operands.v[i], &err);
    }
    ok = ok && finish(&d, &err);
    int code = d.changed ? EXIT_FINDINGS : EXIT_DONE;
    if (ok) {
        term_out(t, buf_span(&d.text));
    } else {
        code = cmd_fail(t, &err);
    }
    buf_release(&d.text);
    return code;
}
