/* SPDX-License-Identifier: Apache-2.0
 *
 * The `outputs` of an order: a list of words, each also as a mapping from the word to options.
 * Opens nothing, makes nothing.
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
};
_Static_assert(NITEMS(output_fields) == OUTPUT__MAX, "options for every kind of output");
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

/* One entry: a word, or a mapping with one key. False: reported. */
static bool read_output(struct schema_ctx *ctx, const struct ynode *n, struct output *out)
{
    const struct ynode *options = n->kind == YAML_MAPPING && n->count == 1 ? n->first : NULL;
    const char *word = n->kind == YAML_SCALAR ? n->text : options ? options->key : NULL;
    int kind = word ? output_kind(word) : -1;
    if (kind < 0) {
        schema_problem(ctx, n,
                       "an output must be pem, pfx or jks, or one of them with options: "
                       "{pfx: {profile: windows-2016}}");
        return false;
    }
    bool ok = !options || schema_read(ctx, &output_schemas[kind], options, out);
    out->node = n;
    out->kind = kind;
    out->profile = options && yaml_get(options, "profile") ? out->profile : -1;
    return ok;
}

void manifest_read_outputs(struct schema_ctx *ctx, const struct ynode *n, void *target)
{
    struct outputs *out = &((struct order *)target)->outputs;
    const struct ynode *seen[OUTPUT__MAX] = {0};
    if (n->kind != YAML_SEQUENCE || n->count == 0) {
        schema_problem(ctx, n, "'outputs' must be a list of pem, pfx, jks");
        return;
    }
    out->v = arena_array(ctx->arena, n->count, sizeof *out->v);
    for (const struct ynode *c = n->first; c; c = c->next) {
        struct output *o = &out->v[out->n];
        if (!read_output(ctx, c, o)) {
            continue;
        }
        if (seen[o->kind]) {
            schema_problem(ctx, c, "output %s is asked for twice; the first is at line %u",
                           output_kind_words[o->kind].text, seen[o->kind]->line);
        }
        seen[o->kind] = c;
        out->n++;
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
