/* SPDX-License-Identifier: Apache-2.0
 *
 * See yaml.h. The event interface of libyaml with our own counters: the document interface
 * resolves aliases, keeps duplicate keys and needs 20 times the memory. Nesting is stopped as it
 * opens, because libyaml 0.2.5 takes quadratic time in it (66 s for 200 KB of "[").
 */
#include "formats/base/yaml.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

const struct shape_rules shape_manifest = {"manifest.yaml.strict", "manifest.schema",
                                           "manifest.yaml.implicit"};
const struct shape_rules shape_policy = {"policy.yaml.strict", "policy.schema",
                                         "policy.yaml.implicit"};
const struct shape_rules shape_config = {"config.yaml.strict", "config.schema",
                                         "config.yaml.implicit"};
const char rule_secret_inline[] = "manifest.secret.inline";
const char rule_timezone[] = "manifest.timezone";

enum {
    PROBLEMS_MAX = 100, /* a hostile file must not turn into as many findings as it has nodes */
    KEY_CACHE = 256,
    PAIRWISE_MAX = 16, /* mappings up to here look for duplicates without sorting */
    NODE_CHUNK_MIN = 16,
    NODE_CHUNK_MAX = 512,
    TEXT_CHUNK_MIN = 512,
    TEXT_CHUNK_MAX = 32 * 1024,
};

struct frame {
    struct ynode *node;
    struct ynode **tail;
    const char *key; /* read, its value not yet */
    uint32_t key_line, key_column;
    uint16_t key_width;
};

struct load {
    const char *file;
    const struct shape_rules *rules;
    struct arena *arena;
    struct findings *findings;
    struct ynode *root;
    size_t nodes;
    unsigned depth, problems, documents;
    bool unusable, stop;
    struct ynode *node_chunk;
    size_t node_left, node_size;
    char *text_chunk;
    size_t text_left, text_size;
    const char *keys[KEY_CACHE]; /* a manifest has 30 keys, 300,000 times */
    struct frame stack[LIMIT_YAML_DEPTH];
};

static uint32_t clamp(size_t v)
{
    return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

static struct pos at(const struct load *l, const yaml_mark_t *mark)
{
    return (struct pos){
        .file = l->file, .line = clamp(mark->line + 1), .column = clamp(mark->column + 1)};
}

static struct pos extent(const struct load *l, const yaml_event_t *e)
{
    struct pos pos = at(l, &e->start_mark);
    pos.end_line = clamp(e->end_mark.line + 1);
    pos.end_column = clamp(e->end_mark.column + 1);
    return pos;
}

static uint16_t width_of(struct pos pos)
{
    const uint32_t width = pos.end_line == pos.line ? pos.end_column - pos.column : 0;
    return width <= UINT16_MAX ? (uint16_t)width : 0;
}

/* Counts a problem; the last one that is still shown says so. */
static const char *count_problem(struct load *l)
{
    if (++l->problems < PROBLEMS_MAX) {
        return "";
    }
    l->stop = l->unusable = true;
    return " (further problems of this file are not looked for)";
}

static void problem(struct load *l, struct pos pos, const char *what)
{
    const char *more = count_problem(l);
    findings_report(l->findings, l->rules->strict, SEV_ERROR, pos, "%s%s", what, more);
}

static void fatal(struct load *l, struct pos pos, const char *what)
{
    problem(l, pos, what);
    l->stop = l->unusable = true;
}

/* Nodes come in chunks of 64 bytes each, not rounded to the arena's alignment. */
static struct ynode *new_node(struct load *l)
{
    if (l->node_left == 0) {
        l->node_size = l->node_size ? l->node_size * 2 : NODE_CHUNK_MIN;
        l->node_size = l->node_size > NODE_CHUNK_MAX ? NODE_CHUNK_MAX : l->node_size;
        l->node_chunk = arena_array(l->arena, l->node_size, sizeof *l->node_chunk);
        l->node_left = l->node_size;
    }
    l->node_left--;
    return l->node_chunk++;
}

static const char *keep_text(struct load *l, const char *s, size_t n)
{
    if (n >= TEXT_CHUNK_MAX / 8) {
        return arena_strndup(l->arena, s, n);
    }
    if (l->text_left < n + 1) {
        l->text_size = l->text_size ? l->text_size * 2 : TEXT_CHUNK_MIN;
        l->text_size = l->text_size > TEXT_CHUNK_MAX ? TEXT_CHUNK_MAX : l->text_size;
        l->text_left = l->text_size > n ? l->text_size : n + 1;
        l->text_chunk = arena_alloc(l->arena, l->text_left);
    }
    char *text = memcpy(l->text_chunk, s, n);
    l->text_chunk += n + 1;
    l->text_left -= n + 1;
    return text; /* the chunk is zeroed */
}

static const char *keep_key(struct load *l, const char *s, size_t n)
{
    uint32_t h = 2166136261u; /* FNV-1a; a collision only costs memory */
    for (size_t i = 0; i < n; i++) {
        h = (h ^ (unsigned char)s[i]) * 16777619u;
    }
    const char **slot = &l->keys[h % KEY_CACHE];
    if (!*slot || strlen(*slot) != n || memcmp(*slot, s, n) != 0) {
        *slot = keep_text(l, s, n);
    }
    return *slot;
}

/* Escapes can make what yaml_check_text() refused in the raw text. */
static bool scalar_is_clean(struct load *l, const char *s, size_t n, struct pos pos)
{
    if (n > LIMIT_YAML_SCALAR) {
        char text[128];
        (void)snprintf(text, sizeof text, "a value of %zu bytes; at most %u are accepted", n,
                       LIMIT_YAML_SCALAR);
        problem(l, pos, text);
        return false;
    }
    for (size_t i = 0, len; i < n; i += len) {
        uint32_t cp;
        len = utf8_decode(s + i, n - i, &cp);
        const char *what = len ? yaml_char_refused(cp) : "an escape that is not a character";
        if (what && cp != '\n' && cp != '\t') {
            char text[160];
            (void)snprintf(text, sizeof text, "the value contains %s, written as an escape", what);
            problem(l, pos, text);
            return false;
        }
    }
    return true;
}

static bool holds_private_key(const char *s, size_t n)
{
    static const char begin[] = "-----BEGIN";
    static const char label[] = "PRIVATE KEY";
    const char *p = memmem(s, n, begin, sizeof begin - 1);
    return p && memmem(p, n - (size_t)(p - s), label, sizeof label - 1);
}

static void refuse_marks(struct load *l, struct pos pos, const yaml_char_t *anchor,
                         const yaml_char_t *tag)
{
    if (anchor) {
        problem(l, pos, "an anchor (&) is not accepted; write the value where it is needed");
    }
    if (tag) {
        problem(l, pos, "a tag (!) is not accepted; the schema decides the type of a value");
    }
}

static void set_end(struct ynode *n, const yaml_event_t *e)
{
    n->end_line = clamp(e->end_mark.line + 1);
    n->end_column = clamp(e->end_mark.column + 1);
}

/* Hangs a new node into the tree. NULL when it cannot be: the load has stopped. */
static struct ynode *add_node(struct load *l, enum yaml_kind kind, struct pos pos)
{
    if (++l->nodes > LIMIT_YAML_NODES) {
        char text[96];
        (void)snprintf(text, sizeof text, "more than %u values; split the file", LIMIT_YAML_NODES);
        fatal(l, pos, text);
        return NULL;
    }
    struct ynode *n = new_node(l);
    n->kind = (uint8_t)kind;
    n->line = pos.line;
    n->column = pos.column;
    if (l->depth == 0) {
        l->root = n;
        return n;
    }
    struct frame *f = &l->stack[l->depth - 1];
    if (f->node->kind == YAML_MAPPING) {
        n->key = TAKE(f->key);
        n->key_line = f->key_line;
        n->key_column = f->key_column;
        n->key_width = f->key_width;
    }
    *f->tail = n;
    f->tail = &n->next;
    f->node->count++;
    return n;
}

static bool expects_key(const struct load *l)
{
    const struct frame *f = l->depth ? &l->stack[l->depth - 1] : NULL;
    return f && f->node->kind == YAML_MAPPING && !f->key;
}

static void on_key(struct load *l, const char *text, size_t n, bool plain, struct pos pos)
{
    struct frame *f = &l->stack[l->depth - 1];
    if (plain && n == 0) {
        problem(l, pos, "a value without a key");
    } else if (plain && n == 2 && memcmp(text, "<<", 2) == 0) {
        problem(l, pos, "a merge key (<<) is not accepted; use `defaults` or write the keys out");
        l->unusable = true;
    }
    if (!scalar_is_clean(l, text, n, pos)) {
        l->unusable = true;
        n = 0;
    }
    f->key = keep_key(l, text, n);
    f->key_line = pos.line;
    f->key_column = pos.column;
    f->key_width = width_of(pos);
}

static void on_scalar(struct load *l, const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    size_t n = e->data.scalar.length;
    bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct pos pos = extent(l, e);
    refuse_marks(l, pos, e->data.scalar.anchor, e->data.scalar.tag);
    if (holds_private_key(text, n)) {
        const char *more = count_problem(l);
        findings_report(l->findings, rule_secret_inline, SEV_ERROR, pos,
                        "a private key in the file; keep it in a file of its own and name that%s",
                        more);
        text = "(withheld)";
        n = strlen(text);
    }
    if (expects_key(l)) {
        on_key(l, text, n, plain, pos);
        return;
    }
    struct ynode *node = add_node(l, YAML_SCALAR, pos);
    if (!node) {
        return;
    }
    if (!scalar_is_clean(l, text, n, pos)) {
        l->unusable = true;
        n = 0;
    }
    node->text = keep_text(l, text, n);
    node->plain = plain;
    set_end(node, e);
}

static void open_container(struct load *l, const yaml_event_t *e, enum yaml_kind kind)
{
    struct pos pos = at(l, &e->start_mark);
    if (expects_key(l)) {
        fatal(l, pos, "a key must be plain or quoted text");
        return;
    }
    if (l->depth == LIMIT_YAML_DEPTH) {
        char text[96];
        (void)snprintf(text, sizeof text, "nested deeper than %u levels", LIMIT_YAML_DEPTH);
        fatal(l, pos, text);
        return;
    }
    struct ynode *node = add_node(l, kind, pos);
    if (node) {
        l->stack[l->depth++] = (struct frame){.node = node, .tail = &node->first};
    }
}

static void on_sequence(struct load *l, const yaml_event_t *e)
{
    refuse_marks(l, at(l, &e->start_mark), e->data.sequence_start.anchor,
                 e->data.sequence_start.tag);
    open_container(l, e, YAML_SEQUENCE);
}

static void on_mapping(struct load *l, const yaml_event_t *e)
{
    refuse_marks(l, at(l, &e->start_mark), e->data.mapping_start.anchor, e->data.mapping_start.tag);
    open_container(l, e, YAML_MAPPING);
}

static void on_sequence_end(struct load *l, const yaml_event_t *e)
{
    set_end(l->stack[--l->depth].node, e);
}

static void duplicate(struct load *l, const struct ynode *first, struct ynode *second)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_MESSAGE);
    struct pos pos = yaml_key_pos(l->file, second);
    buf_puts(&b, "key '");
    str_vis(&b, second->key, strlen(second->key), LIMIT_VALUE_SHOWN);
    buf_printf(&b, "' is given twice; the first is at line %u, column %u", first->key_line,
               first->key_column);
    problem(l, pos, buf_text(&b));
    second->key = NULL;
}

static int by_key(const void *pa, const void *pb)
{
    const struct ynode *a = *(struct ynode *const *)pa;
    const struct ynode *b = *(struct ynode *const *)pb;
    int c = strcmp(a->key, b->key);
    c = c ? c : (a->key_line > b->key_line) - (a->key_line < b->key_line);
    return c ? c : (a->key_column > b->key_column) - (a->key_column < b->key_column);
}

static void find_duplicates_pairwise(struct load *l, struct ynode *mapping)
{
    for (struct ynode *a = mapping->first; a; a = a->next) {
        for (struct ynode *b = a->next; a->key && b && !l->stop; b = b->next) {
            if (b->key && strcmp(a->key, b->key) == 0) {
                duplicate(l, a, b);
            }
        }
    }
}

static void find_duplicates_sorted(struct load *l, struct ynode *mapping)
{
    CLEANUP(freep) struct ynode **v = xcalloc(mapping->count, sizeof(struct ynode *));
    size_t n = 0;
    for (struct ynode *c = mapping->first; c; c = c->next) {
        v[n++] = c;
    }
    qsort(v, n, sizeof *v, by_key);
    for (size_t i = 1, first = 0; i < n && !l->stop; i++) {
        if (strcmp(v[first]->key, v[i]->key) == 0) {
            duplicate(l, v[first], v[i]);
        } else {
            first = i;
        }
    }
}

static void on_mapping_end(struct load *l, const yaml_event_t *e)
{
    struct ynode *mapping = l->stack[--l->depth].node;
    set_end(mapping, e);
    unsigned before = l->problems;
    if (mapping->count <= PAIRWISE_MAX) {
        find_duplicates_pairwise(l, mapping);
    } else {
        find_duplicates_sorted(l, mapping);
    }
    if (l->problems == before) {
        return;
    }
    for (struct ynode **link = &mapping->first; *link;) {
        if ((*link)->key) {
            link = &(*link)->next;
        } else {
            *link = (*link)->next;
            mapping->count--;
        }
    }
}

static void on_alias(struct load *l, const yaml_event_t *e)
{
    problem(l, extent(l, e),
            "an alias (*) is not accepted; write the value out, or quote it if it begins with *");
    l->unusable = true;
    /* something has to stand in the place of the alias, so that more problems can be found */
    yaml_event_t empty = {
        .type = YAML_SCALAR_EVENT, .start_mark = e->start_mark, .end_mark = e->end_mark};
    yaml_char_t nothing[] = "*";
    empty.data.scalar.value = nothing;
    empty.data.scalar.length = 1;
    empty.data.scalar.style = YAML_SINGLE_QUOTED_SCALAR_STYLE;
    on_scalar(l, &empty);
}

static void on_document(struct load *l, const yaml_event_t *e)
{
    if (l->documents++ > 0) {
        problem(l, at(l, &e->start_mark), "a second document; one file holds one document");
        l->stop = true;
    }
}

/* What libyaml's message leaves open. */
static const struct advice {
    const char *problem, *advice;
} advices[] = {
    {"mapping values are not allowed in this context",
     "a ': ' inside unquoted text starts a mapping: quote the text, or check the indentation"},
    {"found character that cannot start any token",
     "quote a value that begins with @, ` or %, and indent with spaces"},
    {"did not find expected alphabetic or numeric character",
     "quote a value that begins with * or &, such as \"*.example.com\""},
    {"did not find expected <document start>",
     "there is text after the end of the document; one file holds one document"},
    {"did not find expected node content", "a key or value is missing here"},
    {"did not find expected key", "check the indentation and the quotes of this line and the last"},
    {"did not find expected '-' indicator", "check the indentation of this list"},
    {"did not find expected ',' or ']'", "the list that [ opened is not closed"},
    {"did not find expected ',' or '}'", "the mapping that { opened is not closed"},
    {"could not find expected ':'", "a key needs a colon and a blank after it"},
    {"found unexpected end of stream", "a quote was opened and not closed"},
    {"found unknown escape character", "in single quotes a backslash is just a backslash"},
    {"block sequence entries are not allowed in this context",
     "a list begins on a line of its own"},
};

static void syntax_error(struct load *l, const yaml_parser_t *p)
{
    if (p->error == YAML_MEMORY_ERROR) {
        oom(0);
    }
    const char *what = p->problem ? p->problem : "it cannot be read";
    const char *advice = NULL;
    for (size_t i = 0; i < NITEMS(advices) && !advice; i++) {
        advice = strcmp(what, advices[i].problem) == 0 ? advices[i].advice : NULL;
    }
    char context[128] = "";
    if (p->context && p->context_mark.line != p->problem_mark.line) {
        (void)snprintf(context, sizeof context, " %s that began at line %zu", p->context,
                       p->context_mark.line + 1);
    }
    char text[512];
    (void)snprintf(text, sizeof text, "not valid YAML: %s%s%s%s", what, context, advice ? "; " : "",
                   advice ? advice : "");
    fatal(l, at(l, &p->problem_mark), text);
}

typedef void event_fn(struct load *l, const yaml_event_t *e);
static event_fn *const on_event[] = {
    [YAML_NO_EVENT] = NULL,
    [YAML_STREAM_START_EVENT] = NULL,
    [YAML_STREAM_END_EVENT] = NULL,
    [YAML_DOCUMENT_START_EVENT] = on_document,
    [YAML_DOCUMENT_END_EVENT] = NULL,
    [YAML_ALIAS_EVENT] = on_alias,
    [YAML_SCALAR_EVENT] = on_scalar,
    [YAML_SEQUENCE_START_EVENT] = on_sequence,
    [YAML_SEQUENCE_END_EVENT] = on_sequence_end,
    [YAML_MAPPING_START_EVENT] = on_mapping,
    [YAML_MAPPING_END_EVENT] = on_mapping_end,
};
_Static_assert(NITEMS(on_event) == YAML_MAPPING_END_EVENT + 1, "every event has a row");

static void parse_events(struct load *l, yaml_parser_t *parser)
{
    while (!l->stop) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            syntax_error(l, parser);
            return;
        }
        event_fn *fn = on_event[event.type];
        l->stop = event.type == YAML_STREAM_END_EVENT;
        if (fn) {
            fn(l, &event);
        }
        yaml_event_delete(&event);
    }
}

static bool size_is_accepted(struct load *l, size_t n)
{
    if (n <= LIMIT_YAML_BYTES) {
        return true;
    }
    char text[96];
    (void)snprintf(text, sizeof text, "%zu bytes; at most %u are accepted", n, LIMIT_YAML_BYTES);
    problem(l, (struct pos){.file = l->file}, text);
    return false;
}

bool yaml_parse(const char *file, struct span text, const struct shape_rules *rules,
                struct arena *arena, struct findings *findings, struct ynode **root)
{
    struct load l = {.file = file, .rules = rules, .arena = arena, .findings = findings};
    yaml_parser_t parser;
    *root = NULL;
    if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0) {
        text = (struct span){text.p + 3, text.n - 3};
    }
    if (!size_is_accepted(&l, text.n) || !yaml_check_text(file, text, rules, findings)) {
        return false;
    }
    if (!yaml_parser_initialize(&parser)) {
        oom(0);
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, text.n ? text.p : (const uint8_t *)"", text.n);
    parse_events(&l, &parser);
    yaml_parser_delete(&parser);
    if (!l.root && !l.problems) {
        problem(&l, (struct pos){.file = file, .line = 1, .column = 1},
                "the file holds no YAML document");
    }
    *root = l.unusable ? NULL : l.root;
    return l.problems == 0;
}

const struct ynode *yaml_get(const struct ynode *node, const char *key)
{
    const struct ynode *c = node && node->kind == YAML_MAPPING ? node->first : NULL;
    while (c && strcmp(c->key, key) != 0) {
        c = c->next;
    }
    return c;
}

struct pos yaml_pos(const char *file, const struct ynode *node)
{
    struct pos pos = {.file = file};
    if (node) {
        pos.line = node->line;
        pos.column = node->column;
        if (node->kind == YAML_SCALAR || node->end_line == node->line) {
            pos.end_line = node->end_line;
            pos.end_column = node->end_column;
        }
    }
    return pos;
}

struct pos yaml_key_pos(const char *file, const struct ynode *node)
{
    if (!node || !node->key) {
        return yaml_pos(file, node);
    }
    struct pos pos = {.file = file, .line = node->key_line, .column = node->key_column};
    if (node->key_width) {
        pos.end_line = pos.line;
        pos.end_column = pos.column + node->key_width;
    }
    return pos;
}
