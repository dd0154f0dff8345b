/* SPDX-License-Identifier: Apache-2.0
 *
 * Typed matchers: exact, tree, glob, cidr, regex. There are no bare strings in a policy, because
 * "*.example.com" means three different things to three readers; the kind is always written.
 * Which kinds make sense depends on what is matched, and the others are refused at load.
 */
#include "policy/engine.h"

#include "formats/base/str.h"
#include "policy/names.h"
#include "policy/regex.h"

#include <stdlib.h>
#include <string.h>

const struct word match_kind_words[] = {
    {"exact", MATCH_EXACT, "this value"},
    {"tree", MATCH_TREE, "the name and everything below it"},
    {"glob", MATCH_GLOB, "a name where * stands for exactly one whole label"},
    {"cidr", MATCH_CIDR, "an address block"},
    {"regex", MATCH_REGEX, "a PCRE2 pattern for the whole value"},
    {0}};

#define KIND(k) (1u << (k))
static unsigned kinds_for(enum gn_type type)
{
    switch ((int)type) {
    case GN_DNS:
        return KIND(MATCH_EXACT) | KIND(MATCH_TREE) | KIND(MATCH_GLOB) | KIND(MATCH_REGEX);
    case GN_IP:
        return KIND(MATCH_EXACT) | KIND(MATCH_CIDR);
    case GN_EMAIL:
    case GN_URI:
        return KIND(MATCH_EXACT) | KIND(MATCH_TREE) | KIND(MATCH_REGEX);
    default:
        return KIND(MATCH_EXACT) | KIND(MATCH_REGEX);
    }
}

/* --- matching --- */

/* '*' is one whole label, so "*.x" never covers "a.b.x". */
static bool glob_labels(const char *pattern, const char *name)
{
    for (;;) {
        const size_t p = strcspn(pattern, ".");
        const size_t n = strcspn(name, ".");
        const bool star = p == 1 && *pattern == '*' && n > 0;
        if (!star && (p != n || memcmp(pattern, name, n) != 0)) {
            return false;
        }
        pattern += p;
        name += n;
        if (!*pattern || !*name) {
            return *pattern == *name;
        }
        pattern++;
        name++;
    }
}

/* The host of a mailbox or URI, the text itself for other types. Empty when there is none. */
static void host_of(enum gn_type type, const char *text, char *out, size_t size)
{
    const char *host = text;
    size_t n = strlen(text);
    if (type == GN_EMAIL) {
        const char *at = strrchr(text, '@');
        host = at ? at + 1 : "";
        n = strlen(host);
    } else if (type == GN_URI) {
        const char *start = strstr(text, "://");
        host = start ? start + 3 : "";
        n = strcspn(host, "/?#");
        const char *user = memchr(host, '@', n);
        n -= user ? (size_t)(user + 1 - host) : 0;
        host = user ? user + 1 : host;
        const char *port = memchr(host, ':', n);
        n = port ? (size_t)(port - host) : n;
    }
    n = n < size ? n : 0;
    for (size_t i = 0; i < n; i++) {
        out[i] = ascii_lower(host[i]);
    }
    out[n] = '\0';
}

static bool match_address(const struct matcher *m, const char *text)
{
    uint8_t address[16];
    const size_t n = address_parse(text, address);
    return n && address_in(address, n, m->text);
}

int matcher_match(const struct matcher *m, const char *text)
{
    char host[256];
    const char *why;
    switch (m->kind) {
    case MATCH_EXACT:
        return strcmp(m->text, text) == 0 ? MATCH_YES : MATCH_NO;
    case MATCH_TREE:
        host_of(m->type, text, host, sizeof host);
        return host[0] && name_under(host, m->text) ? MATCH_YES : MATCH_NO;
    case MATCH_GLOB:
        return glob_labels(m->text, text) ? MATCH_YES : MATCH_NO;
    case MATCH_CIDR:
        return match_address(m, text) ? MATCH_YES : MATCH_NO;
    case MATCH_REGEX:
        switch (regex_match(m->regex, text, strlen(text), &why)) {
        case REGEX_YES:
            return MATCH_YES;
        case REGEX_NO:
            return MATCH_NO;
        case REGEX_BROKEN:
            break;
        }
        break;
    }
    return MATCH_BROKEN;
}

/* --- reading --- */

bool matcher_regex(struct policy_ctx *ctx, const struct ynode *at, const char *pattern,
                   struct matcher *out)
{
    struct policy *p = ctx->policy;
    struct err err = ERR_INIT;
    const struct pos pos = yaml_pos(ctx->schema.file, at);
    *out = (struct matcher){.kind = MATCH_REGEX, .type = GN_OTHER, .text = pattern, .pos = pos};
    out->regex = regex_compile(pattern, pos, &err);
    if (!out->regex) {
        rule_report(ctx->schema.findings, "policy.regex", pos, "%s%s%s", err.msg,
                    err.hint ? "; " : "", err.hint ? err.hint : "");
        return false;
    }
    vec_reserve((void **)&p->regexes, &p->regexes_cap, p->nregexes + 1, sizeof(struct regex *));
    p->regexes[p->nregexes++] = out->regex;
    return true;
}

static bool is_glob(const char *text)
{
    for (const char *p = text; *p; p++) {
        const bool starts = p == text || p[-1] == '.';
        if (*p == '*' && !(starts && (p[1] == '.' || p[1] == '\0'))) {
            return false;
        }
    }
    return true;
}

/* NULL, or why the text is no matcher of its kind. */
static const char *text_problem(enum match_kind kind, const char *text)
{
    const bool star = strchr(text, '*') != NULL;
    switch (kind) {
    case MATCH_EXACT:
        return NULL;
    case MATCH_TREE:
        return star || text[0] == '.' ? "a tree is a name without * and without a leading dot"
                                      : NULL;
    case MATCH_GLOB:
        return is_glob(text) ? NULL : "in a glob, * stands for one whole label";
    case MATCH_CIDR:
        return address_block_valid(text)
                   ? NULL
                   : "a block is written address/prefix, such as 10.20.0.0/16";
    case MATCH_REGEX:
        break;
    }
    return NULL;
}

static const struct word *kind_word(const char *name)
{
    for (const struct word *w = match_kind_words; w->text; w++) {
        if (str_eq(w->text, name)) {
            return w;
        }
    }
    return NULL;
}

static bool read_one(struct policy_ctx *ctx, const struct ynode *node, enum gn_type type,
                     struct matcher *out)
{
    struct schema_ctx *sc = &ctx->schema;
    const struct ynode *value = NULL;
    const struct word *kind = NULL;
    const char *why = NULL;
    if (node->kind != YAML_MAPPING) {
        schema_problem(sc, node,
                       "a matcher names its kind: {exact: ...}, {tree: ...}, {glob: ...}, "
                       "{cidr: ...} or {regex: ...}");
        return false;
    }
    for (const struct ynode *n = node->first; n; n = n->next) {
        const struct word *w = kind_word(n->key);
        const bool text = n->kind == YAML_SCALAR && n->text[0];
        if (!text || (!w && strcmp(n->key, "why") != 0) || (w && kind)) {
            schema_problem(sc, n,
                           "a matcher has one kind (exact, tree, glob, cidr, regex) with a "
                           "text, and may have why");
            return false;
        }
        kind = w ? w : kind;
        value = w ? n : value;
        why = w ? why : n->text;
    }
    if (!kind) {
        schema_problem(sc, node, "a matcher needs exact, tree, glob, cidr or regex");
        return false;
    }
    if (!(kinds_for(type) & KIND(kind->value))) {
        schema_problem(sc, value, "%s does not apply to %s values", kind->text,
                       type == GN_OTHER ? "text" : gn_type_names[type]);
        return false;
    }
    if (kind->value == MATCH_REGEX) {
        if (!matcher_regex(ctx, value, value->text, out)) {
            return false;
        }
    } else {
        const char *problem = text_problem((enum match_kind)kind->value, value->text);
        if (problem) {
            schema_problem(sc, value, "%s", problem);
            return false;
        }
        const enum gn_type norm = kind->value == MATCH_TREE ? GN_DNS : type;
        *out = (struct matcher){
            .kind = (enum match_kind)kind->value,
            .text = kind->value == MATCH_CIDR
                        ? value->text
                        : name_norm(sc->arena, norm, value->text, strlen(value->text)),
            .pos = yaml_pos(sc->file, value)};
    }
    out->type = type;
    out->why = why;
    return true;
}

static void read_list(struct policy_ctx *ctx, const struct ynode *node, enum gn_type type,
                      struct matchers *out)
{
    out->present = true;
    out->v = arena_array(ctx->schema.arena, node->count + 1, sizeof *out->v);
    for (const struct ynode *n = node->first; n; n = n->next) {
        if (read_one(ctx, n, type, &out->v[out->n])) {
            out->n++;
        }
    }
}

static bool is_null(const struct ynode *node)
{
    return node->kind == YAML_SCALAR && node->plain &&
           (!node->text[0] || str_eq(node->text, "null") || str_eq(node->text, "~"));
}

void matchers_read(struct policy_ctx *ctx, const struct ynode *node, enum gn_type type,
                   struct matchers_edit *out)
{
    *out = (struct matchers_edit){.op = EDIT_NONE};
    if (!node) {
        return;
    }
    if (is_null(node)) {
        out->op = EDIT_RESET;
        return;
    }
    if (node->kind == YAML_SEQUENCE) {
        out->op = EDIT_SET;
        read_list(ctx, node, type, &out->set);
        return;
    }
    const struct ynode *add = yaml_get(node, "add");
    const struct ynode *remove = yaml_get(node, "remove");
    const uint32_t known = (add ? 1u : 0u) + (remove ? 1u : 0u);
    if (node->kind != YAML_MAPPING || !known || node->count != known ||
        (add && add->kind != YAML_SEQUENCE) || (remove && remove->kind != YAML_SEQUENCE)) {
        schema_problem(&ctx->schema, node,
                       "write a list of matchers, or {add: [...], remove: [...]} to edit the "
                       "inherited one");
        return;
    }
    out->op = EDIT_LIST;
    if (add) {
        read_list(ctx, add, type, &out->set);
    }
    if (remove) {
        read_list(ctx, remove, type, &out->remove);
    }
}

static bool same_matcher(const struct matcher *a, const struct matcher *b)
{
    return a->kind == b->kind && str_eq(a->text, b->text);
}

static bool listed(const struct matchers *list, const struct matcher *m)
{
    for (size_t i = 0; i < list->n; i++) {
        if (same_matcher(&list->v[i], m)) {
            return true;
        }
    }
    return false;
}

void matchers_apply(struct arena *a, const struct matchers_edit *edit,
                    const struct matchers *preset, struct matchers *value)
{
    static const struct matchers none = {0};
    if (edit->op == EDIT_SET) {
        *value = edit->set;
    } else if (edit->op == EDIT_RESET) {
        *value = preset ? *preset : none;
    } else if (edit->op == EDIT_LIST) {
        struct matchers out = {.present = true};
        out.v = arena_array(a, value->n + edit->set.n + 1, sizeof *out.v);
        for (size_t i = 0; i < value->n; i++) {
            if (!listed(&edit->remove, &value->v[i])) {
                out.v[out.n++] = value->v[i];
            }
        }
        for (size_t i = 0; i < edit->set.n; i++) {
            if (!listed(&out, &edit->set.v[i])) {
                out.v[out.n++] = edit->set.v[i];
            }
        }
        *value = out;
    }
}
