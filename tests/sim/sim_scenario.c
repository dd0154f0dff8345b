/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_scenario.h: the parser of scenario files, line by line, and the choice of a rule.
 */
#include "tests/sim/sim_scenario.h"

#include "formats/base/str.h"

#include <string.h>

const char *const sim_kind_names[KIND__MAX] = {
    "any",    "order",  "csr",       "agreement", "track", "dcv",     "get",  "revoke",
    "cancel", "report", "catalogue", "validate",  "token", "renewal", "other"};

const struct action *plan_has(const struct plan *p, enum fault f)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->v[i].info->fault == f) {
            return &p->v[i];
        }
    }
    return NULL;
}

/* --- words of a line --- */
struct line {
    struct arena *arena;
    const char *name, *at;
    uint32_t number;
    struct err *err;
};

static bool wrong(struct line *l, const char *what, const char *word)
{
    return err_at(l->err, ERR_INPUT, (struct pos){.file = l->name, .line = l->number}, "%s: \"%s\"",
                  what, word ? word : "");
}

/* Up to a blank or a colon outside of parentheses; NULL at the end. */
static char *word(struct line *l)
{
    while (*l->at == ' ' || *l->at == '\t') {
        l->at++;
    }
    const char *start = l->at;
    for (int depth = 0; *l->at; l->at++) {
        depth += *l->at == '(' ? 1 : *l->at == ')' ? -1 : 0;
        if (depth <= 0 && (strchr(" \t", *l->at) || (*l->at == ':' && l->at != start))) {
            break;
        }
    }
    if (*start == ':' && l->at == start + 1) {
        return arena_strdup(l->arena, ":");
    }
    return l->at == start ? NULL : arena_strndup(l->arena, start, (size_t)(l->at - start));
}

static bool read_args(struct line *l, struct action *a, char *args)
{
    const char *want = a->info->args;
    size_t n = 0;
    char *rest = args;
    while (rest && n < 2) {
        char *comma = want[0] && want[1] ? strchr(rest, ',') : NULL;
        if (comma) {
            *comma = '\0';
        }
        a->text[n++] = rest;
        rest = comma ? comma + 1 : NULL;
    }
    bool optional = want[0] == '?';
    want += optional ? 1 : 0;
    if (n != strlen(want) && !(optional && n == 0)) {
        return wrong(l, "wrong number of arguments", a->info->name);
    }
    uint64_t number = 0;
    if (*want == 'n' && n) {
        if (!str_u64(a->text[0], &number) || number > INT32_MAX) {
            return wrong(l, "not a number", a->text[0]);
        }
        a->n = (int64_t)number;
    }
    return true;
}

static bool read_action(struct line *l, struct plan *p, char *text)
{
    if (str_eq(text, "accept")) {
        p->accept = true;
        return true;
    }
    char *open = strchr(text, '(');
    char *args = NULL;
    if (open) {
        size_t n = strlen(open);
        if (n < 2 || open[n - 1] != ')') {
            return wrong(l, "no closing parenthesis", text);
        }
        open[n - 1] = '\0';
        *open = '\0';
        args = open + 1;
    }
    struct action a = {.info = fault_find(text), .n = -1};
    if (!a.info) {
        return wrong(l, "unknown action", text);
    }
    if (p->n == PLAN_MAX) {
        return wrong(l, "too many actions", text);
    }
    if (!read_args(l, &a, args)) {
        return false;
    }
    p->v[p->n++] = a;
    return true;
}

static bool read_kind(struct line *l, struct rule *r, const char *text)
{
    for (int k = 0; text && k < KIND__MAX; k++) {
        if (str_eq(text, sim_kind_names[k])) {
            r->kind = (enum sim_kind)k;
            return true;
        }
    }
    return wrong(l, "unknown kind of request", text);
}

static bool read_condition(struct line *l, struct rule *r, const char *name)
{
    char *value = word(l);
    uint64_t *number = str_eq(name, "nth")     ? &r->nth
                       : str_eq(name, "from")  ? &r->from
                       : str_eq(name, "every") ? &r->every
                                               : NULL;
    if (number) {
        return (value && str_u64(value, number) && *number) || wrong(l, "not a count", value);
    }
    if (str_eq(name, "item") && value) {
        r->item = value;
        return true;
    }
    if (str_eq(name, "conn") && (str_eq(value, "reused") || str_eq(value, "fresh"))) {
        r->conn = str_eq(value, "reused") ? 1 : -1;
        return true;
    }
    return wrong(l, "unknown condition", name);
}

static bool read_rule(struct line *l, struct scenario *s)
{
    struct rule r = {.plan = {.line = l->number}};
    char *text = word(l);
    if (text && *text >= 'A' && *text <= 'Z') {
        r.method = text;
        text = word(l);
    }
    if (!read_kind(l, &r, text)) {
        return false;
    }
    while ((text = word(l)) && !str_eq(text, ":")) {
        if (!read_condition(l, &r, text)) {
            return false;
        }
    }
    if (!text) {
        return wrong(l, "no colon before the actions", "on");
    }
    while ((text = word(l))) {
        if (!read_action(l, &r.plan, text)) {
            return false;
        }
    }
    if (!r.plan.n) {
        return wrong(l, "no action", "on");
    }
    for (size_t i = 0; i < r.plan.n; i++) {
        r.early = r.early || (r.plan.v[i].info->flags & FAULT_EARLY);
    }
    if (r.early && (r.item || r.plan.accept)) {
        return wrong(l, "an action before the body is read knows no item and accepts nothing",
                     "on");
    }
    VEC_PUSH(s, r);
    return true;
}

static bool read_line(struct line *l, struct scenario *s)
{
    char *first = word(l);
    if (!first || str_eq(first, "expect") || str_eq(first, "with")) {
        return true;
    }
    if (str_eq(first, "seed")) {
        char *value = word(l);
        return (value && str_u64(value, &s->seed)) || wrong(l, "not a seed", value);
    }
    return str_eq(first, "on") ? read_rule(l, s) : wrong(l, "unknown statement", first);
}

bool scenario_parse(struct scenario *s, struct arena *a, const char *name, const char *text,
                    struct err *err)
{
    uint32_t number = 0;
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *line = arena_strndup(a, text, n);
        line[strcspn(line, "#\r")] = '\0';
        struct line l = {a, name, line, ++number, err};
        if (!read_line(&l, s)) {
            return false;
        }
        text += n + (text[n] ? 1 : 0);
    }
    return true;
}

/* --- choosing --- */
static uint64_t draw(struct scenario *s) /* xorshift64*: repeatable from the seed */
{
    if (!s->state) {
        s->state = s->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    }
    s->state ^= s->state >> 12;
    s->state ^= s->state << 25;
    s->state ^= s->state >> 27;
    return (s->state * UINT64_C(0x2545f4914f6cdd1d)) >> 33;
}

static void random_plan(struct scenario *s, struct plan *out)
{
    uint64_t dice = draw(s) % 100;
    *out = (struct plan){.n = 1};
    out->v[0] = (struct action){.info = fault_find("delay"), .n = (int64_t)(draw(s) % 40)};
    if (dice < 5) {
        out->v[out->n++] = (struct action){.info = fault_find("throttle"), .n = -1};
    } else if (dice < 10) {
        out->v[out->n++] = (struct action){.info = fault_find("close"), .n = -1};
        out->accept = true;
    } else if (dice < 12) {
        out->v[out->n++] = (struct action){.info = fault_find("status"), .n = 503};
    }
}

static bool rule_fits(struct rule *r, const struct occasion *o)
{
    if (r->early != o->early || (r->kind != KIND_ANY && r->kind != o->kind) ||
        (r->method && !str_eq(r->method, o->method)) || (r->conn && (r->conn > 0) != o->reused) ||
        (r->item && !o->item(o->ctx, r->item))) {
        return false;
    }
    r->seen++;
    return (!r->nth || r->seen == r->nth) && (!r->from || r->seen >= r->from) &&
           (!r->every || r->seen % r->every == 0);
}

void scenario_plan(struct scenario *s, const struct occasion *o, struct plan *out)
{
    const struct rule *chosen = NULL;
    for (size_t i = 0; i < s->n; i++) {
        if (rule_fits(&s->v[i], o) && !chosen) {
            chosen = &s->v[i];
        }
    }
    if (chosen) {
        *out = chosen->plan;
        out->hits = chosen->seen;
    } else if (!o->early && s->faulty) {
        random_plan(s, out);
    }
}

void scenario_release(struct scenario *s)
{
    freep(&s->v);
}
