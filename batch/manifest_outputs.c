/* SPDX-License-Identifier: Apache-2.0
 *
 * The `outputs` of an order: a list of words, each also as a mapping from the word to options, and
 * of servers ({for: nginx}), which become the output they read. Opens nothing, makes nothing.
 */
#include "batch/manifest_parts.h"

#include "formats/base/str.h"
#include "formats/keystore.h"

const struct word output_kind_words[] = {
    {"pem", OUTPUT_PEM, "certificate, chain and encrypted key as PEM files"},
    {"pfx", OUTPUT_PFX, "PKCS#12 key store"},
    {"jks", OUTPUT_JKS, "Java key store"},
    {0},
};

static const struct field pfx_fields[] = {
    {.name = "profile",
     .kind = FIELD_WORD,
     .offset = offsetof(struct output, profile),
     .words = pfx_profile_words,
     .help = "algorithms, chosen for who will read the file"},
    TEXT(output, friendly_name, "name of the entry; default the item id"),
    {.name = "iterations",
     .kind = FIELD_INT,
     .offset = offsetof(struct output, iterations),
     .min = 1,
     .max = 300000,
     .help = "of the key derivation; default that of the profile"},
    {.name = "password",
     .kind = FIELD_SECRET,
     .offset = offsetof(struct output, password),
     .help = "default: generated for this item"},
    {.name = "include_root",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct output, include_root),
     .fallback = "false",
     .help = "put the root certificate in as well"},
};
static const struct field jks_fields[] = {
    TEXT(output, alias, "alias of the entry, lower case; default the item id"),
    {.name = "password",
     .kind = FIELD_SECRET,
     .offset = offsetof(struct output, password),
     .help = "default: generated for this item"},
    {.name = "key_password",
     .kind = FIELD_SECRET,
     .offset = offsetof(struct output, key_password),
     .help = "default: the password of the store"},
    {.name = "include_root",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct output, include_root),
     .fallback = "false",
     .help = "put the root certificate in as well"},
};
static const struct field pem_fields[] = {
    {.name = "include_root",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct output, include_root),
     .fallback = "false",
     .help = "put the root certificate into the chain as well"},
};
static const struct schema output_schemas[OUTPUT__MAX] = {
    [OUTPUT_PEM] = {"pem", "PEM files", pem_fields, NITEMS(pem_fields), sizeof(struct output),
                    NO_OFFSET},
    [OUTPUT_PFX] = {"pfx", "PKCS#12 key store", pfx_fields, NITEMS(pfx_fields),
                    sizeof(struct output), NO_OFFSET},
    [OUTPUT_JKS] = {"jks", "Java key store", jks_fields, NITEMS(jks_fields), sizeof(struct output),
                    NO_OFFSET},
};
static void servers_json(struct jw *j, const struct field *f)
{
    (void)f;
    jw_array(j, "enum");
    for (size_t i = 0; i < presets_count; i++) {
        jw_str(j, NULL, presets[i].name);
    }
    jw_end(j);
}

static const struct field output_fields[] = {
    {.name = "pem", .kind = FIELD_OBJECT, .sub = &output_schemas[OUTPUT_PEM], .help = "PEM files"},
    {.name = "pfx",
     .kind = FIELD_OBJECT,
     .sub = &output_schemas[OUTPUT_PFX],
     .help = "PKCS#12 key store"},
    {.name = "jks",
     .kind = FIELD_OBJECT,
     .sub = &output_schemas[OUTPUT_JKS],
     .help = "Java key store"},
    {.name = "for",
     .kind = FIELD_NODE,
     .offset = NO_OFFSET,
     .json = servers_json,
     .help = "what this server loads, with its configuration snippet, in a folder of its own: "
             "nginx, apache, tomcat, iis, jboss, jetty or weblogic"},
};
_Static_assert(NITEMS(output_fields) == OUTPUT__MAX + 1, "options for every kind, and servers");
const struct schema manifest_output_schema = {"output",
                                              "one kind of file to make",
                                              output_fields,
                                              NITEMS(output_fields),
                                              sizeof(struct output),
                                              NO_OFFSET};

static int output_kind(const char *name)
{
    for (const struct word *w = output_kind_words; w->text; w++) {
        if (str_eq(w->text, name)) {
            return w->value;
        }
    }
    return -1;
}

/* {for: SERVER}; the options are filled in when the whole list is known. */
static bool read_server(struct schema_ctx *ctx, const struct ynode *n, struct output *out)
{
    out->preset = n->first->kind == YAML_SCALAR ? preset_find(n->first->text) : NULL;
    if (!out->preset) {
        schema_problem(ctx, n->first,
                       "'for' must be nginx, apache, tomcat, iis, jboss, jetty or weblogic");
    }
    return out->preset != NULL;
}

/* One entry: a word, or a mapping with one key. False: reported. */
static bool read_output(struct schema_ctx *ctx, const struct ynode *n, struct output *out)
{
    const struct ynode *options = n->kind == YAML_MAPPING && n->count == 1 ? n->first : NULL;
    const char *word = n->kind == YAML_SCALAR ? n->text : options ? options->key : NULL;
    if (options && str_eq(word, "for")) {
        out->node = n;
        return read_server(ctx, n, out);
    }
    int kind = word ? output_kind(word) : -1;
    if (kind < 0) {
        schema_problem(ctx, n,
                       "an output must be pem, pfx or jks, or one of them with options: "
                       "{pfx: {profile: windows-2016}}, or a server: {for: nginx}");
        return false;
    }
    bool ok = !options || schema_read(ctx, &output_schemas[kind], options, out);
    out->node = n;
    out->kind = kind;
    out->profile = options && yaml_get(options, "profile") ? out->profile : -1;
    return ok;
}

static const char *what_of(const struct output *o)
{
    return o->preset ? o->preset->name : output_kind_words[o->kind].text;
}

static bool same_request(const struct output *a, const struct output *b)
{
    return a->preset == b->preset && (a->preset || a->kind == b->kind);
}

static void check_twice(struct schema_ctx *ctx, const struct outputs *out, const struct output *o)
{
    for (size_t i = 0; i < out->n; i++) {
        if (same_request(&out->v[i], o)) {
            schema_problem(ctx, o->node, "output %s is asked for twice; the first is at line %u",
                           what_of(o), out->v[i].node->line);
            return;
        }
    }
}

static void check_alias(struct schema_ctx *ctx, const struct output *o)
{
    const char *alias = o->alias ? o->alias : o->friendly_name;
    if (alias && !preset_alias_ok(alias)) {
        schema_problem(ctx, o->node,
                       "the alias of a key store for %s stands in its configuration snippet: it "
                       "must be of letters, digits, '.', '_', '-' and inner blanks",
                       o->preset->name);
    }
}

/* What a server reads: the output of that kind as the order asks for it, else the server's own. */
static void take_options(struct schema_ctx *ctx, const struct outputs *out, struct output *server)
{
    const struct preset *p = server->preset;
    const struct ynode *node = server->node;
    const int kind = output_kind(p->output);
    const struct pfx_profile *profile = p->profile ? pfx_profile_find(p->profile) : NULL;
    *server =
        (struct output){.kind = kind, .profile = profile ? (int)(profile - pfx_profiles) : -1};
    for (size_t i = 0; i < out->n; i++) {
        if (!out->v[i].preset && out->v[i].kind == kind) {
            *server = out->v[i];
        }
    }
    server->node = node;
    server->preset = p;
    check_alias(ctx, server);
}

void manifest_read_outputs(struct schema_ctx *ctx, const struct ynode *n, void *target)
{
    struct outputs *out = &((struct order *)target)->outputs;
    if (n->kind != YAML_SEQUENCE || n->count == 0) {
        schema_problem(ctx, n, "'outputs' must be a list of pem, pfx, jks and servers");
        return;
    }
    out->v = arena_array(ctx->arena, n->count, sizeof *out->v);
    for (const struct ynode *c = n->first; c; c = c->next) {
        struct output *o = &out->v[out->n];
        if (read_output(ctx, c, o)) {
            check_twice(ctx, out, o);
            out->n++;
        }
    }
    for (size_t i = 0; i < out->n; i++) {
        if (out->v[i].preset) {
            take_options(ctx, out, &out->v[i]);
        }
    }
}

void manifest_outputs_json(struct jw *j, const struct field *f)
{
    jw_str(j, "type", "array");
    jw_int(j, "minItems", 1);
    jw_object(j, "items");
    jw_array(j, "oneOf");
    jw_object(j, NULL);
    jw_array(j, "enum");
    for (const struct word *w = output_kind_words; w->text; w++) {
        jw_str(j, NULL, w->text);
    }
    jw_end(j);
    jw_end(j);
    for (size_t i = 0; i < f->sub->nfields; i++) {
        struct schema one = *f->sub;
        struct field only = f->sub->fields[i];
        only.flags |= FIELD_REQUIRED;
        one.fields = &only;
        one.nfields = 1;
        const struct schema *list = &one;
        jw_object(j, NULL);
        schema_json_members(j, &list, 1);
        jw_end(j);
    }
    jw_end(j);
    jw_end(j);
}
