/* SPDX-License-Identifier: Apache-2.0
 *
 * See suppress.h. libyaml drops comments, so they are looked for in the text, line by line; a '#'
 * inside a scalar is told by the marks of the tree.
 */
#include "policy/suppress.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "policy/engine.h"

#include <stdlib.h>
#include <string.h>

struct suppression {
    struct pos pos; /* of the comment */
    uint32_t line;  /* that it covers */
    const char **rules;
    size_t nrules;
    int64_t until;             /* first instant it is no longer in force */
    const char *justification; /* "reason (ticket), until 2027-01-31" */
    atomic_size_t used, late, refused, unsuppressable;
};

struct suppressions {
    const char *file;
    struct suppression *v; /* by line */
    size_t n, cap;
};

static const char marker[] = "# certbatch:";

/* --- where comments are --- */

/* Does a scalar of the tree cover this place? Then the '#' is text. */
static bool in_scalar(const struct ynode *n, uint32_t line, uint32_t column)
{
    for (; n; n = n->next) {
        const bool begun = n->line < line || (n->line == line && n->column <= column);
        const bool over = n->end_line < line || (n->end_line == line && n->end_column <= column);
        if (n->key && n->key_line == line && n->key_column <= column && strstr(n->key, marker)) {
            return true;
        }
        if (n->kind == YAML_SCALAR && begun && !over) {
            return true;
        }
        if (n->first && in_scalar(n->first, line, column)) {
            return true;
        }
    }
    return false;
}

struct line {
    const char *p;
    size_t n;
    uint32_t number;
};

static bool next_line(struct span text, size_t *at, struct line *l)
{
    if (*at >= text.n) {
        return false;
    }
    const char *p = (const char *)text.p + *at;
    const char *end = memchr(p, '\n', text.n - *at);
    l->p = p;
    l->n = end ? (size_t)(end - p) : text.n - *at;
    l->number++;
    *at += l->n + 1;
    if (l->n && l->p[l->n - 1] == '\r') {
        l->n--;
    }
    return true;
}

static size_t blanks(const struct line *l)
{
    size_t i = 0;
    while (i < l->n && (l->p[i] == ' ' || l->p[i] == '\t')) {
        i++;
    }
    return i;
}

static bool is_only_comment(const struct line *l)
{
    const size_t i = blanks(l);
    return i == l->n || l->p[i] == '#';
}

/* Offset of our comment in the line, or l->n. A comment begins the line or follows a blank. */
static size_t find_marker(const struct line *l, const struct ynode *root)
{
    const size_t length = sizeof marker - 1;
    for (size_t i = 0; i + length <= l->n; i++) {
        const bool begins = i == 0 || l->p[i - 1] == ' ' || l->p[i - 1] == '\t';
        if (begins && memcmp(l->p + i, marker, length) == 0) {
            const uint32_t column = (uint32_t)utf8_length(l->p, i) + 1;
            return in_scalar(root, l->number, column) ? l->n : i;
        }
    }
    return l->n;
}

/* --- one comment --- */

struct parser {
    struct arena *a;
    struct findings *findings;
    struct pos pos;
    const char *p, *end;
};

static void skip_blanks(struct parser *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t')) {
        c->p++;
    }
}

/* A word, or text in double quotes (without escapes). NULL at the end. */
static const char *take(struct parser *c, bool quoted_too, const char *stop)
{
    const bool quoted = quoted_too && c->p < c->end && *c->p == '"';
    const char *start = c->p += quoted;
    while (c->p < c->end && (quoted ? *c->p != '"' : !strchr(stop, *c->p))) {
        c->p++;
    }
    const size_t n = (size_t)(c->p - start);
    const bool closed = !quoted || c->p < c->end;
    c->p += quoted && closed;
    return n && closed ? arena_strndup(c->a, start, n) : NULL;
}

static bool wrong(struct parser *c, const char *rule, const char *what, const char *value)
{
    rule_report(c->findings, rule, c->pos, "%s%s", what,
                value ? str_vis_dup(c->a, value, strlen(value)) : "");
    return false;
}

static bool take_rules(struct parser *c, struct suppression *s)
{
    enum { RULES_MAX_PER_COMMENT = 16 };
    s->rules = arena_array(c->a, RULES_MAX_PER_COMMENT, sizeof *s->rules);
    while (c->p < c->end && s->nrules < RULES_MAX_PER_COMMENT) {
        skip_blanks(c);
        const char *before = c->p;
        const char *id = take(c, false, " \t,=");
        if (id && c->p < c->end && *c->p == '=') { /* the first option: the list is over */
            c->p = before;
            break;
        }
        if (!id) {
            break;
        }
        if (!rule_find(id)) {
            return wrong(c, "policy.suppression.unknown", "there is no rule ", id);
        }
        s->rules[s->nrules++] = id;
        skip_blanks(c);
        if (c->p == c->end || *c->p != ',') {
            break;
        }
        c->p++;
    }
    return s->nrules ? true
                     : wrong(c, "policy.suppression.syntax", "the comment names no rule", NULL);
}

struct options_of_comment {
    const char *until, *reason, *ticket;
};

static bool take_options(struct parser *c, struct options_of_comment *o)
{
    const struct {
        const char *name;
        const char **value;
    } known[] = {{"until", &o->until}, {"reason", &o->reason}, {"ticket", &o->ticket}};
    for (skip_blanks(c); c->p < c->end; skip_blanks(c)) {
        const char *name = take(c, false, " \t=");
        if (!name || c->p == c->end || *c->p != '=') {
            return wrong(c, "policy.suppression.syntax",
                         "what follows the rules is until=DATE reason=\"TEXT\" ticket=NUMBER, not ",
                         name ? name : "this");
        }
        c->p++;
        const char *value = take(c, true, " \t");
        bool found = false;
        for (size_t i = 0; i < NITEMS(known) && !found; i++) {
            found = str_eq(known[i].name, name);
            if (found) {
                *known[i].value = value;
            }
        }
        if (!found) {
            return wrong(c, "policy.suppression.syntax", "the comment has no option ", name);
        }
        if (!value) {
            return wrong(c, "policy.suppression.syntax", "an option without a value: ", name);
        }
    }
    return true;
}

enum { REASON_MIN = 10 }; /* characters, as for waivers */

static bool parse_comment(struct parser *c, struct suppression *s)
{
    struct options_of_comment o = {0};
    char day[TIME_TEXT];
    skip_blanks(c);
    const char *verb = take(c, false, " \t");
    if (!str_eq(verb, "allow")) {
        return wrong(c, "policy.suppression.syntax",
                     "the comment says neither allow nor anything "
                     "else that is known: ",
                     verb ? verb : "(nothing)");
    }
    if (!take_rules(c, s) || !take_options(c, &o)) {
        return false;
    }
    if (!o.until || !time_parse_date(o.until, &s->until)) {
        return wrong(c, "policy.suppression.syntax",
                     "the comment needs an end, until=DATE such as 2027-01-31", NULL);
    }
    if (!o.reason || utf8_length(o.reason, strlen(o.reason)) < REASON_MIN) {
        return wrong(c, "policy.suppression.syntax",
                     "the comment needs a reason=\"...\" of at least ten characters", NULL);
    }
    time_format_date(s->until, day);
    s->until += DAY_SECONDS; /* the day named is still covered */
    const char *reason = str_vis_dup(c->a, o.reason, strlen(o.reason));
    const char *ticket = o.ticket ? str_vis_dup(c->a, o.ticket, strlen(o.ticket)) : NULL;
    s->justification = arena_printf(c->a, "%s (%s%suntil %s)", reason, ticket ? ticket : "",
                                    ticket ? ", " : "", day);
    return true;
}

/* --- reading --- */

struct reading {
    struct arena *a;
    struct findings *findings;
    struct suppressions *s;
    size_t waiting; /* comments from here on wait for the next line that is not a comment */
};

static void add_comment(struct reading *r, const struct line *l, size_t offset)
{
    struct suppression one = {
        .pos = {r->s->file, l->number, (uint32_t)utf8_length(l->p, offset) + 1}, .line = l->number};
    struct parser c = {.a = r->a,
                       .findings = r->findings,
                       .pos = one.pos,
                       .p = l->p + offset + sizeof marker - 1,
                       .end = l->p + l->n};
    if (!parse_comment(&c, &one)) {
        return;
    }
    struct suppressions *s = r->s;
    if (s->n == s->cap) {
        const size_t cap = s->cap ? s->cap * 2 : 8;
        struct suppression *v = arena_array(r->a, cap, sizeof *v);
        if (s->n) {
            memcpy(v, s->v, s->n * sizeof *v);
        }
        s->v = v;
        s->cap = cap;
    }
    s->v[s->n++] = one;
    if (!is_only_comment(l)) {
        r->waiting = s->n;
    }
}

struct suppressions *suppressions_read(struct arena *a, const char *file, struct span text,
                                       const struct ynode *root, struct findings *findings)
{
    if (!text.n || !memmem(text.p, text.n, marker, sizeof marker - 1)) {
        return NULL;
    }
    struct suppressions *s = arena_alloc(a, sizeof *s);
    struct reading r = {.a = a, .findings = findings, .s = s};
    struct line l = {0};
    s->file = file;
    for (size_t at = 0; next_line(text, &at, &l);) {
        const bool comment = is_only_comment(&l);
        for (; !comment && r.waiting < s->n; r.waiting++) {
            s->v[r.waiting].line = l.number;
        }
        const size_t offset = find_marker(&l, root);
        if (offset < l.n) {
            add_comment(&r, &l, offset);
        }
    }
    return s;
}

/* --- applying --- */

static bool names(const struct suppression *c, const char *rule)
{
    for (size_t i = 0; i < c->nrules; i++) {
        if (str_eq(c->rules[i], rule)) {
            return true;
        }
    }
    return false;
}

static size_t first_of_line(const struct suppressions *s, uint32_t line)
{
    size_t low = 0;
    for (size_t high = s->n; low < high;) {
        const size_t mid = low + (high - low) / 2;
        if (s->v[mid].line < line) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static void count(atomic_size_t *n)
{
    atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

static void apply_at(const struct rule_run *run, const struct suppressions *s, uint32_t line,
                     int64_t at, struct finding *f)
{
    for (size_t i = first_of_line(s, line); i < s->n && s->v[i].line == line; i++) {
        struct suppression *c = &s->v[i];
        if (!names(c, f->rule)) {
            continue;
        }
        if (!run->profile->inline_waivers) {
            count(&c->refused);
        } else if (f->firm) {
            count(&c->unsuppressable);
        } else if (at >= c->until) {
            count(&c->late);
        } else {
            count(&c->used);
            if (!f->waived) {
                f->waived = true;
                f->waiver = arena_printf(run->arena, "line %u", c->pos.line);
                f->justification = c->justification;
            }
        }
    }
}

void suppression_apply(const struct rule_run *run, const struct ynode *node, struct finding *f)
{
    const struct suppressions *s = run->s ? run->s->suppressions : run->batch->suppressions;
    if (!s) {
        return;
    }
    const int64_t at = run->s ? subject_date(run->s) : run->batch->as_of;
    if (str_eq(f->file, s->file)) {
        if (f->line) {
            apply_at(run, s, f->line, at, f);
        }
        return;
    }
    /* a finding in the CSR or the configuration: covered where the manifest speaks of it */
    const struct ynode *csr = yaml_get(node, "csr");
    if (csr) {
        apply_at(run, s, csr->key_line, at, f);
    }
    if (node && !(csr && csr->key_line == node->line)) {
        apply_at(run, s, node->line, at, f);
    }
}

/* --- after judging --- */

void suppressions_close(const struct suppressions *s, bool whole, struct findings *findings)
{
    for (size_t i = 0; s && i < s->n; i++) {
        struct suppression *c = &s->v[i];
        const size_t late = atomic_load(&c->late);
        char day[TIME_TEXT];
        if (atomic_load(&c->refused)) {
            rule_report(findings, "policy.suppression.forbidden", c->pos,
                        "the policy does not permit comments that accept findings");
        } else if (atomic_load(&c->unsuppressable)) {
            rule_report(findings, "policy.suppression.forbidden", c->pos,
                        "a finding of %s cannot be accepted by a comment", c->rules[0]);
        } else if (late) {
            time_format_date(c->until - DAY_SECONDS, day);
            rule_report(findings, "policy.suppression.expired", c->pos,
                        "the comment ended on %s; %zu finding%s it covered count again", day, late,
                        late == 1 ? "" : "s");
        } else if (whole && !atomic_load(&c->used)) {
            rule_report(findings, "policy.suppression.unused", c->pos,
                        "the comment covers no finding of line %u", c->line);
        }
    }
}

void suppressions_forget(const struct suppressions *s)
{
    for (size_t i = 0; s && i < s->n; i++) {
        struct suppression *c = &s->v[i];
        atomic_store(&c->used, 0);
        atomic_store(&c->late, 0);
        atomic_store(&c->refused, 0);
        atomic_store(&c->unsuppressable, 0);
    }
}

bool suppressions_until(const struct suppressions *s, size_t index, int64_t *until)
{
    if (!s || index >= s->n) {
        return false;
    }
    *until = s->v[index].until;
    return true;
}
