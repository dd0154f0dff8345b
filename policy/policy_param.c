/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of rule parameters: what a row says by itself, and how an edit changes it. Pure, apart
 * from patterns, which are compiled into the policy's list.
 */
#include "policy/engine.h"

#include "formats/base/str.h"

#include <string.h>

static void add(struct arena *a, struct strlist *l, const char *text, size_t n)
{
    l->v[l->n++] = arena_strndup(a, text, n);
}

static void split_words(struct arena *a, const char *text, struct strlist *out)
{
    out->v = arena_array(a, strlen(text) / 2 + 1, sizeof *out->v);
    while (*text) {
        const size_t n = strcspn(text, " ");
        if (n) {
            add(a, out, text, n);
        }
        text += n + (text[n] == ' ');
    }
}

void param_fallback(struct policy *p, const struct param *param, struct param_value *out)
{
    *out = (struct param_value){0};
    const char *text = param->fallback ? param->fallback : "";
    uint64_t number = 0;
    switch (param->kind) {
    case PARAM_INT:
        out->number = str_u64(text, &number) ? (int64_t)number : 0;
        break;
    case PARAM_BOOL:
        out->number = str_eq(text, "true");
        break;
    case PARAM_STRINGS:
        split_words(&p->arena, text, &out->strings);
        break;
    case PARAM_PATTERNS:
        if (*text) {
            struct findings ignored = FINDINGS_INIT;
            struct policy_ctx ctx = {.schema = {.file = "rule table", .findings = &ignored},
                                     .policy = p};
            const struct ynode at = {0};
            out->patterns = (struct matchers){.present = true, .n = 1};
            out->patterns.v = arena_array(&p->arena, 1, sizeof *out->patterns.v);
            if (!matcher_regex(&ctx, &at, text, out->patterns.v)) {
                out->patterns.n = 0; /* allows nothing; tests/unit/t_engine.c compiles them all */
            }
            findings_release(&ignored);
        }
        break;
    case PARAM_FILES:
        break;
    }
}

static void strings_apply(struct arena *a, const struct param_edit *edit, struct strlist *value)
{
    struct strlist out = {0};
    out.v = arena_array(a, value->n + edit->set.n + 1, sizeof *out.v);
    for (size_t i = 0; i < value->n; i++) {
        if (!strlist_has(&edit->remove, value->v[i])) {
            out.v[out.n++] = value->v[i];
        }
    }
    for (size_t i = 0; i < edit->set.n; i++) {
        if (!strlist_has(&out, edit->set.v[i])) {
            out.v[out.n++] = edit->set.v[i];
        }
    }
    *value = out;
}

/* What the patterns say, for comparison and for the canonical form. */
static void pattern_texts(struct arena *a, struct param_value *v)
{
    v->strings = (struct strlist){.v = arena_array(a, v->patterns.n + 1, sizeof *v->strings.v)};
    for (size_t i = 0; i < v->patterns.n; i++) {
        v->strings.v[v->strings.n++] = v->patterns.v[i].text;
    }
}

void param_apply(struct policy *p, const struct param *param, const struct param_edit *edit,
                 const struct param_value *preset, struct param_value *value)
{
    if (edit->op == EDIT_NONE) {
        return;
    }
    if (edit->op == EDIT_RESET) {
        *value = *preset;
    } else if (param->kind == PARAM_PATTERNS) {
        struct matchers_edit patterns = edit->patterns;
        patterns.op = edit->op;
        matchers_apply(&p->arena, &patterns, &preset->patterns, &value->patterns);
    } else if (edit->op == EDIT_LIST) {
        strings_apply(&p->arena, edit, &value->strings);
    } else {
        value->number = edit->number;
        value->strings = edit->set;
    }
    if (param->kind == PARAM_PATTERNS) {
        pattern_texts(&p->arena, value);
    }
    if (param->kind == PARAM_FILES) {
        value->lines = value->strings.n ? data_lines(p, &value->strings) : NULL;
    }
}
