/* SPDX-License-Identifier: Apache-2.0
 *
 * See schema.h: validates a tree against its tables and fills the structs. One pass, all
 * problems, each at the line and column of what is wrong. Never shows the text of a secret.
 */
#include "formats/base/schema.h"

#include "formats/base/limits.h"
#include "formats/base/schema_scalar.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

enum { SCHEMA_FIELDS_MAX = 64 };

static void report(struct schema_ctx *ctx, const char *rule, enum severity severity, struct pos pos,
                   const char *fmt, ...) PRINTF(5, 6);
static void report(struct schema_ctx *ctx, const char *rule, enum severity severity, struct pos pos,
                   const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    findings_report(ctx->findings, rule, severity, pos, "%s",
                    buf_failed(&text) ? "not what is expected here" : buf_text(&text));
}

#define SHAPE(ctx, pos, ...) report(ctx, (ctx)->rules->schema, SEV_ERROR, pos, __VA_ARGS__)
/* The value of a field is wrong, not its place or kind. */
#define VALUE(ctx, f, pos, ...)                                                                    \
    report(ctx, (f)->rule ? (f)->rule : (ctx)->rules->schema, SEV_ERROR, pos, __VA_ARGS__)

void schema_problem(struct schema_ctx *ctx, const struct ynode *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    SHAPE(ctx, yaml_pos(ctx->file, at), "%s",
          buf_failed(&text) ? "not what is expected here" : buf_text(&text));
}

static const char *shown(struct schema_ctx *ctx, const char *text)
{
    return str_vis_dup(ctx->arena, text, strlen(text));
}

static const char *kind_name(const struct ynode *n)
{
    static const char *const names[] = {
        [YAML_SCALAR] = "a single value", [YAML_SEQUENCE] = "a list", [YAML_MAPPING] = "a mapping"};
    return names[n->kind];
}

/* --- scalars --- */

static bool is_scalar(struct schema_ctx *ctx, const struct field *f, const struct ynode *n)
{
    if (n->kind != YAML_SCALAR) {
        SHAPE(ctx, yaml_pos(ctx->file, n), "'%s' must be a single value, not %s", f->name,
              kind_name(n));
        return false;
    }
    return true;
}

static void wrong_scalar(struct schema_ctx *ctx, const struct field *f, const struct ynode *n)
{
    CLEANUP(buf_release) struct buf want = BUF_INIT(LIMIT_MESSAGE);
    struct pos pos = yaml_pos(ctx->file, n);
    if (f->kind == FIELD_TIME && scalar_lacks_zone(n->text)) {
        report(ctx, rule_timezone, SEV_ERROR, pos,
               "'%s' has no time zone; write '%sZ' for UTC or add an offset such as +01:00",
               f->name, shown(ctx, n->text));
        return;
    }
    scalar_expectation(&want, f);
    const char *hint = f->kind == FIELD_WORD ? word_suggest(f->words, n->text) : NULL;
    VALUE(ctx, f, pos, "'%s' must be %s, not '%s'%s%s%s", f->name, buf_text(&want),
          shown(ctx, n->text), hint ? "; did you mean '" : "", hint ? hint : "", hint ? "'?" : "");
}

static bool passes_check(struct schema_ctx *ctx, const struct field *f, const char *text,
                         struct pos pos)
{
    const char *why = NULL;
    if (f->check && !f->check(text, &why)) {
        VALUE(ctx, f, pos, "'%s' %s, not '%s'", f->name,
              why ? why : "has a value that is not allowed", shown(ctx, text));
        return false;
    }
    return true;
}

/* One scalar into `at`; the value stays what it was when there is a problem. */
static void read_scalar(struct schema_ctx *ctx, const struct field *f, const struct ynode *n,
                        void *at)
{
    const struct scalar_kind *k = &scalar_kinds[f->kind == FIELD_STRINGS ? FIELD_STRING : f->kind];
    struct pos pos = yaml_pos(ctx->file, n);
    if (!is_scalar(ctx, f, n)) {
        return;
    }
    if (!k->text && !n->plain) {
        SHAPE(ctx, pos, "'%s' must be %s, without quotes", f->name, k->expected);
        return;
    }
    if ((f->flags & FIELD_NONEMPTY) && !n->text[0]) {
        SHAPE(ctx, pos, "'%s' must not be empty", f->name);
        return;
    }
    union {
        const char *text;
        int64_t number;
        double decimal;
        bool flag;
        int word;
    } ignored;
    if (!k->parse(f, n->text, &ignored)) {
        wrong_scalar(ctx, f, n);
        return;
    }
    if (!passes_check(ctx, f, n->text, pos)) {
        return;
    }
    (void)k->parse(f, n->text, at);
    if (k->advise_quotes && n->plain && yaml_looks_typed(n->text)) {
        report(ctx, ctx->rules->implicit, SEV_WARNING, pos,
               "'%s' is text, but other YAML tools read %s as another type; write \"%s\"", f->name,
               shown(ctx, n->text), shown(ctx, n->text));
    }
}

/* --- lists, mappings --- */

static bool not_empty(struct schema_ctx *ctx, const struct field *f, const struct ynode *n)
{
    if ((f->flags & FIELD_NONEMPTY) && n->count == 0) {
        SHAPE(ctx, yaml_pos(ctx->file, n), "'%s' must not be empty", f->name);
        return false;
    }
    return true;
}

static bool is_kind(struct schema_ctx *ctx, const struct field *f, const struct ynode *n,
                    enum yaml_kind kind)
{
    if (n->kind == kind) {
        return not_empty(ctx, f, n);
    }
    SHAPE(ctx, yaml_pos(ctx->file, n), "'%s' must be %s, not %s", f->name,
          kind == YAML_SEQUENCE ? "a list" : "a mapping", kind_name(n));
    return false;
}

static bool has_value(struct schema_ctx *ctx, const char *name, const struct ynode *n)
{
    if (n->kind == YAML_SCALAR && n->plain && !n->text[0]) {
        SHAPE(ctx, n->key ? yaml_key_pos(ctx->file, n) : yaml_pos(ctx->file, n),
              "'%s' has no value; write one or remove it", name);
        return false;
    }
    return true;
}

static void read_strings(struct schema_ctx *ctx, const struct field *f, const struct ynode *n,
                         void *at)
{
    struct strings *out = at;
    bool one = (f->flags & FIELD_SCALAR_OR_LIST) && n->kind == YAML_SCALAR;
    if (!one && !is_kind(ctx, f, n, YAML_SEQUENCE)) {
        return;
    }
    size_t count = one ? 1 : n->count;
    out->v = arena_array(ctx->arena, count, sizeof *out->v);
    out->at = arena_array(ctx->arena, count, sizeof *out->at);
    out->n = 0;
    for (const struct ynode *c = one ? n : n->first; c; c = one ? NULL : c->next) {
        if (has_value(ctx, f->name, c)) {
            read_scalar(ctx, f, c, &out->v[out->n]);
            out->at[out->n] = c;
            out->n += out->v[out->n] != NULL;
        }
    }
}

static void read_into(struct schema_ctx *ctx, const struct schema *s, const struct ynode *node,
                      void *target);

static void read_object(struct schema_ctx *ctx, const struct field *f, const struct ynode *n,
                        void *at)
{
    if (is_kind(ctx, f, n, YAML_MAPPING)) {
        read_into(ctx, f->sub, n, at);
    }
}

static void read_object_ptr(struct schema_ctx *ctx, const struct field *f, const struct ynode *n,
                            void *at)
{
    if (is_kind(ctx, f, n, YAML_MAPPING)) {
        *(void **)at = arena_alloc(ctx->arena, f->sub->size);
        read_into(ctx, f->sub, n, *(void **)at);
    }
}

static void read_objects(struct schema_ctx *ctx, const struct field *f, const struct ynode *n,
                         void *at)
{
    struct objects *out = at;
    if (!is_kind(ctx, f, n, YAML_SEQUENCE)) {
        return;
    }
    out->v = arena_array(ctx->arena, n->count, f->sub->size);
    out->n = 0;
    for (const struct ynode *c = n->first; c; c = c->next) {
        if (c->kind != YAML_MAPPING) {
            SHAPE(ctx, yaml_pos(ctx->file, c), "an entry of '%s' must be a mapping, not %s",
                  f->name, kind_name(c));
            continue;
        }
        read_into(ctx, f->sub, c, (char *)out->v + out->n * f->sub->size);
        out->n++;
    }
}

static void read_named(struct schema_ctx *ctx, const struct field *f, const struct ynode *n,
                       void *at)
{
    struct objects *out = at;
    if (!is_kind(ctx, f, n, YAML_MAPPING)) {
        return;
    }
    out->v = arena_array(ctx->arena, n->count, f->sub->size);
    out->n = 0;
    for (const struct ynode *c = n->first; c; c = c->next) {
        if (!passes_check(ctx, f, c->key, yaml_key_pos(ctx->file, c)) ||
            !has_value(ctx, c->key, c)) {
            continue;
        }
        if (c->kind != YAML_MAPPING) {
            SHAPE(ctx, yaml_pos(ctx->file, c), "'%s' must be a mapping, not %s", shown(ctx, c->key),
                  kind_name(c));
            continue;
        }
        void *entry = (char *)out->v + out->n * f->sub->size;
        read_into(ctx, f->sub, c, entry);
        *(const char **)entry = c->key;
        out->n++;
    }
}

/* --- secrets --- */

static const char secret_form[] =
    "{env: VARIABLE}, {file: PATH} or {command: [PROGRAM, ARGUMENT, ...]}";

static bool variable_name(const char *s)
{
    size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && !s[n] && !(s[0] >= '0' && s[0] <= '9');
}

static const struct field command_field = {
    .name = "command", .kind = FIELD_STRINGS, .flags = FIELD_NONEMPTY};

/* A wrong form is answered without a word of what was written: it may be the secret itself. */
static void read_secret(struct schema_ctx *ctx, const struct field *f, const struct ynode *n,
                        void *at)
{
    struct secret_ref *out = at;
    const struct ynode *c = n->kind == YAML_MAPPING && n->count == 1 ? n->first : NULL;
    if (n->kind == YAML_SCALAR) {
        report(ctx, rule_secret_inline, SEV_ERROR, yaml_pos(ctx->file, n),
               "'%s' is a secret and must not be in the file; write %s", f->name, secret_form);
        return;
    }
    bool text = c && c->kind == YAML_SCALAR && c->text[0];
    struct secret_ref ref = {.at = n};
    if (text && str_eq(c->key, "env") && variable_name(c->text)) {
        ref.kind = SECRET_ENV;
        ref.name = c->text;
    } else if (text && str_eq(c->key, "file")) {
        ref.kind = SECRET_FILE;
        ref.name = c->text;
    } else if (c && c->kind == YAML_SEQUENCE && str_eq(c->key, "command")) {
        ref.kind = SECRET_COMMAND;
        read_strings(ctx, &command_field, c, &ref.command);
    } else {
        SHAPE(ctx, yaml_pos(ctx->file, n), "'%s' must be %s", f->name, secret_form);
        return;
    }
    *out = ref;
}

/* --- one mapping --- */

typedef void read_fn(struct schema_ctx *ctx, const struct field *f, const struct ynode *n,
                     void *at);
static read_fn *const readers[FIELD__MAX] = {
    [FIELD_STRING] = read_scalar,
    [FIELD_NAME] = read_scalar,
    [FIELD_PATH] = read_scalar,
    [FIELD_INT] = read_scalar,
    [FIELD_BOOL] = read_scalar,
    [FIELD_WORD] = read_scalar,
    [FIELD_DURATION] = read_scalar,
    [FIELD_TIME] = read_scalar,
    [FIELD_DATE] = read_scalar,
    [FIELD_DECIMAL] = read_scalar,
    [FIELD_STRINGS] = read_strings,
    [FIELD_OBJECT] = read_object,
    [FIELD_OBJECTS] = read_objects,
    [FIELD_OBJECT_PTR] = read_object_ptr,
    [FIELD_NAMED] = read_named,
    [FIELD_SECRET] = read_secret,
    [FIELD_NODE] = NULL, /* in read_value */
};

static void read_value(struct schema_ctx *ctx, const struct field *f, const struct ynode *n,
                       void *target)
{
    if (!has_value(ctx, f->name, n)) {
        return;
    }
    if (f->kind != FIELD_NODE) {
        readers[f->kind](ctx, f, n, (char *)target + f->offset);
        return;
    }
    if (f->offset != NO_OFFSET) {
        *(const struct ynode **)((char *)target + f->offset) = n;
    }
    if (f->custom) {
        f->custom(ctx, n, target);
    }
}

static void set_absent(const struct schema *s, void *target)
{
    for (size_t i = 0; i < s->nfields; i++) {
        const struct field *f = &s->fields[i];
        if (f->offset == NO_OFFSET) {
            continue;
        }
        void *at = (char *)target + f->offset;
        if (f->fallback && scalar_kinds[f->kind].parse) {
            (void)scalar_kinds[f->kind].parse(f, f->fallback, at);
        } else if (f->kind == FIELD_TIME || f->kind == FIELD_DATE) {
            *(int64_t *)at = TIME_NONE;
        } else if (f->kind == FIELD_OBJECT) {
            set_absent(f->sub, at);
        }
    }
}

static void unknown_key(struct schema_ctx *ctx, const struct schema *s, const struct ynode *c)
{
    CLEANUP(buf_release) struct buf known = BUF_INIT(LIMIT_MESSAGE);
    const char *near = schema_suggest(s, c->key);
    struct pos pos = yaml_key_pos(ctx->file, c);
    if (near) {
        SHAPE(ctx, pos, "unknown key '%s' in %s; did you mean '%s'?", shown(ctx, c->key), s->name,
              near);
        return;
    }
    for (size_t i = 0; i < s->nfields; i++) {
        buf_printf(&known, "%s%s", i ? ", " : "", s->fields[i].name);
    }
    SHAPE(ctx, pos, "unknown key '%s' in %s; known are %s", shown(ctx, c->key), s->name,
          buf_text(&known));
}

static void name_marked(struct buf *out, const struct schema *s, unsigned flag)
{
    for (size_t i = 0; i < s->nfields; i++) {
        if (s->fields[i].flags & flag) {
            buf_printf(out, "%s'%s'", out->n ? ", " : "", s->fields[i].name);
        }
    }
}

/* The keys that exclude each other, and those of which one must be there. */
static void check_group(struct schema_ctx *ctx, const struct schema *s, const struct ynode *node,
                        uint64_t seen, unsigned flag)
{
    unsigned marked = 0;
    unsigned present = 0;
    for (size_t i = 0; i < s->nfields; i++) {
        bool in = s->fields[i].flags & flag;
        marked += in;
        present += in && (seen >> i & 1);
    }
    if (marked == 0 || present == 1 || (present == 0 && flag == FIELD_NOT_BOTH)) {
        return;
    }
    CLEANUP(buf_release) struct buf names = BUF_INIT(LIMIT_MESSAGE);
    name_marked(&names, s, flag);
    if (flag == FIELD_NOT_BOTH) {
        schema_problem(ctx, node, "%s contradict each other; keep one of them", buf_text(&names));
    } else {
        schema_problem(ctx, node, "%s needs exactly one of %s", s->name, buf_text(&names));
    }
}

static void read_into(struct schema_ctx *ctx, const struct schema *s, const struct ynode *node,
                      void *target)
{
    uint64_t seen = 0;
    set_absent(s, target);
    if (s->node_offset != NO_OFFSET) {
        *(const struct ynode **)((char *)target + s->node_offset) = node;
    }
    for (const struct ynode *c = node->first; c; c = c->next) {
        size_t i = 0;
        while (i < s->nfields && strcmp(s->fields[i].name, c->key) != 0) {
            i++;
        }
        if (i == s->nfields) {
            unknown_key(ctx, s, c);
            continue;
        }
        seen |= (uint64_t)1 << (i % SCHEMA_FIELDS_MAX);
        read_value(ctx, &s->fields[i], c, target);
    }
    for (size_t i = 0; i < s->nfields; i++) {
        if ((s->fields[i].flags & FIELD_REQUIRED) && !(seen >> (i % SCHEMA_FIELDS_MAX) & 1)) {
            schema_problem(ctx, node, "%s lacks '%s' (%s)", s->name, s->fields[i].name,
                           s->fields[i].help ? s->fields[i].help : "required");
        }
    }
    check_group(ctx, s, node, seen, FIELD_ONE_OF);
    check_group(ctx, s, node, seen, FIELD_NOT_BOTH);
}

bool schema_read(struct schema_ctx *ctx, const struct schema *schema, const struct ynode *node,
                 void *target)
{
    size_t before = ctx->findings->n;
    memset(target, 0, schema->size);
    if (!node || node->kind != YAML_MAPPING) {
        schema_problem(ctx, node, "%s must be a mapping%s%s", schema->name, node ? ", not " : "",
                       node ? kind_name(node) : "");
        set_absent(schema, target);
        return false;
    }
    read_into(ctx, schema, node, target);
    return !findings_error_since(ctx->findings, before);
}
