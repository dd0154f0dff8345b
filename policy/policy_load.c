/* SPDX-License-Identifier: Apache-2.0
 *
 * From a name to a list of read files: packs compiled into the program and files on disk, each
 * after the ones it extends. Everything wrong with a file is a finding at its line; the caller
 * refuses to go on when one is an error, because a policy that cannot be loaded never means "no
 * rules".
 */
#include "policy/engine.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

struct chain { /* the files that are being read, to see a cycle */
    const struct chain *up;
    const char *path;
    unsigned depth;
};

const struct pack *policy_pack_find(const char *name)
{
    for (size_t i = 0; i < policy_packs_count; i++) {
        if (str_eq(policy_packs[i].name, name)) {
            return &policy_packs[i];
        }
    }
    return NULL;
}

bool policy_is_file(const char *name)
{
    return strchr(name, '/') || str_ends(name, ".yaml") || str_ends(name, ".yml") ||
           str_eq(name, "-");
}

static struct pos or_name(struct pos pos, const char *name)
{
    return pos.file ? pos : (struct pos){.file = name};
}

static void unknown_source(struct findings *findings, struct pos pos, const char *name)
{
    CLEANUP(buf_release) struct buf packs = BUF_INIT(1024);
    CLEANUP(buf_release) struct buf shown = BUF_INIT(1024);
    for (size_t i = 0; i < policy_packs_count; i++) {
        buf_printf(&packs, "%s%s", i ? ", " : "", policy_packs[i].name);
    }
    str_vis(&shown, name, strlen(name), LIMIT_VALUE_SHOWN);
    rule_report(findings, "policy.extends", or_name(pos, name),
                "there is no policy pack %s; packs are %s, and a file is named with its path or "
                "ending (./%s.yaml)",
                buf_text(&shown), buf_text(&packs), buf_text(&shown));
}

static void keep_text(struct policy *p, const char *name, const char *text, size_t n)
{
    vec_reserve((void **)&p->texts, &p->texts_cap, p->ntexts + 1, sizeof *p->texts);
    p->texts[p->ntexts++] = (struct policy_text){name, text, n};
}

/* Read before: a second mention changes nothing, unless the first was only by a profile. Then it
 * becomes a layer at this place of the order. */
static bool already_read(struct policy *p, const char *path, bool layer)
{
    for (size_t i = 0; i < p->nfiles; i++) {
        struct policy_file *f = p->files[i];
        if (!str_eq(f->path, path)) {
            continue;
        }
        if (layer && !f->layer) {
            f->layer = true;
            memmove(&p->files[i], &p->files[i + 1], (p->nfiles - i - 1) * sizeof(f));
            p->files[p->nfiles - 1] = f;
        }
        return true;
    }
    return false;
}

static void read_names(struct policy_ctx *ctx, struct names_text *names)
{
    static const enum gn_type types[NAME_POLICY__MAX] = {
        [NAME_POLICY_DNS] = GN_DNS,
        [NAME_POLICY_IP] = GN_IP,
        [NAME_POLICY_EMAIL] = GN_EMAIL,
        [NAME_POLICY_URI] = GN_URI,
    };
    for (size_t i = 0; names && i < NAME_POLICY__MAX; i++) {
        struct name_text *t = names->types[i];
        if (!t) {
            continue;
        }
        matchers_read(ctx, t->allow, types[i], &t->allow_edit);
        matchers_read(ctx, t->deny, types[i], &t->deny_edit);
        struct strings *zones = t->wildcard ? &t->wildcard->zones : NULL;
        for (size_t k = 0; zones && k < zones->n; k++) {
            zones->v[k] = name_norm(ctx->schema.arena, GN_DNS, zones->v[k], strlen(zones->v[k]));
        }
        if (t->wildcard && i != NAME_POLICY_DNS) {
            schema_problem(&ctx->schema, t->wildcard->node, "only DNS names have wildcards");
        }
    }
}

static bool known_attribute(const char *name)
{
    for (size_t i = 0; i < dn_names_count; i++) {
        if (str_eq(dn_names[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void read_subject(struct policy_ctx *ctx, struct subject_text *t)
{
    if (!known_attribute(t->attr)) {
        schema_problem(&ctx->schema, t->node,
                       "%s is not the short name of a subject attribute (C, ST, L, O, OU, CN, ...)",
                       str_vis_dup(ctx->schema.arena, t->attr, strlen(t->attr)));
    }
    matchers_read(ctx, t->allow, GN_OTHER, &t->allow_edit);
    matchers_read(ctx, t->deny, GN_OTHER, &t->deny_edit);
    if (t->allowed.n && t->allow) {
        schema_problem(&ctx->schema, t->allow, "write either allowed or allow");
    } else if (yaml_get(t->node, "allowed")) {
        struct matchers *m = &t->allow_edit.set;
        t->allow_edit.op = EDIT_SET;
        m->present = true;
        m->v = arena_array(ctx->schema.arena, t->allowed.n + 1, sizeof *m->v);
        for (size_t i = 0; i < t->allowed.n; i++) {
            m->v[m->n++] = (struct matcher){.kind = MATCH_EXACT,
                                            .type = GN_OTHER,
                                            .text = t->allowed.v[i],
                                            .pos = yaml_pos(ctx->schema.file, t->allowed.at[i])};
        }
    }
}

static void check_switch(struct policy_ctx *ctx, const struct ynode *n, const char *key)
{
    if (n && !str_eq(n->text, "true") && !str_eq(n->text, "false")) {
        schema_problem(&ctx->schema, n, "%s is true or false", key);
    }
}

static void read_settings(struct policy_ctx *ctx, struct settings_text *set)
{
    check_switch(ctx, set->require_data, "require-data");
    check_switch(ctx, set->inline_waivers, "inline-waivers");
    overrides_read(ctx, set);
    read_names(ctx, set->names);
    struct subject_text *subject = set->subject.v;
    for (size_t i = 0; i < set->subject.n; i++) {
        read_subject(ctx, &subject[i]);
    }
}

static void check_samples(struct policy_ctx *ctx)
{
    const struct sample_text *samples = ctx->file->samples.v;
    for (size_t i = 0; i < ctx->file->samples.n; i++) {
        const struct sample_text *s = &samples[i];
        if (!s->accept == !s->reject) {
            schema_problem(&ctx->schema, s->node, "a sample has either accept or reject");
        } else if (s->by && (s->accept || !rule_find(s->by))) {
            rule_report(ctx->schema.findings, "policy.rule.unknown",
                        yaml_pos(ctx->schema.file, yaml_get(s->node, "by")),
                        s->accept ? "by belongs to a rejected sample"
                                  : "by names no rule that exists");
        }
    }
}

/* What is asked for: by whom, relative to what, and does it count for every item. */
struct request {
    const char *name, *base;
    struct pos pos;
    bool layer;
    struct span text; /* instead of the file's */
};
static void load(struct policy *p, const struct request *want, const struct chain *up,
                 struct findings *findings);

static void load_parents(struct policy_ctx *ctx, const struct strings *parents, bool layer,
                         const struct chain *self)
{
    for (size_t i = 0; i < parents->n; i++) {
        const struct request want = {parents->v[i], ctx->file->dir,
                                     yaml_pos(ctx->schema.file, parents->at[i]), layer,
                                     (struct span){0}};
        /* a profile also extends profiles; those are found when profiles are resolved */
        if (layer || policy_pack_find(want.name)) {
            load(ctx->policy, &want, self, ctx->schema.findings);
        }
    }
}

static void read_file(struct policy *p, struct policy_file *file, struct span text,
                      const struct chain *self, struct findings *findings)
{
    struct policy_ctx ctx = {.schema = {.file = file->path,
                                        .rules = &shape_policy,
                                        .arena = &p->arena,
                                        .findings = findings},
                             .policy = p,
                             .file = file};
    struct ynode *root = NULL;
    const struct policy_file known = *file; /* schema_read() begins with zeroes */
    if (!yaml_parse(file->path, text, &shape_policy, &p->arena, findings, &root) || !root) {
        return;
    }
    /* A file with a wrong key still gets its other parts looked at; the load fails anyway. */
    const bool shaped = schema_read(&ctx.schema, &policy_schema, root, file);
    file->path = known.path;
    file->dir = known.dir;
    file->pack = known.pack;
    file->layer = known.layer;
    if (!shaped && root->kind != YAML_MAPPING) {
        return;
    }
    load_parents(&ctx, &file->base.extends, true, self);
    read_settings(&ctx, &file->base);
    data_section_read(&ctx, file);
    organizations_read(&ctx, file);
    struct profile_text *profiles = file->profiles.v;
    for (size_t i = 0; i < file->profiles.n; i++) {
        load_parents(&ctx, &profiles[i].set.extends, false, NULL);
        read_settings(&ctx, &profiles[i].set);
    }
    check_samples(&ctx);
    vec_reserve((void **)&p->files, &p->files_cap, p->nfiles + 1, sizeof(struct policy_file *));
    p->files[p->nfiles++] = file;
}

static bool in_chain(const struct chain *c, const char *path)
{
    while (c && !str_eq(c->path, path)) {
        c = c->up;
    }
    return c != NULL;
}

/* The bytes, kept for the audit bundle; false when they cannot be had. */
static bool fetch(struct policy *p, const struct request *want, const struct pack *pack,
                  const char *path, struct span *out, struct findings *findings)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_YAML_BYTES);
    struct err err = ERR_INIT;
    if (pack) {
        *out = (struct span){(const uint8_t *)pack->text, pack->n};
    } else if (want->text.p) {
        *out = (struct span){arena_memdup(&p->arena, want->text.p, want->text.n), want->text.n};
    } else if (fs_read(path, &text, &err)) {
        *out = (struct span){arena_memdup(&p->arena, buf_text(&text), text.n), text.n};
    } else {
        rule_report(findings, "policy.extends", or_name(want->pos, path), "%s", err.msg);
        return false;
    }
    keep_text(p, path, (const char *)out->p, out->n);
    return true;
}

/* "./x.yaml" of a policy in dir is dir/x.yaml: one name for one file. */
static const char *file_path(struct policy *p, const struct request *want)
{
    const char *name = want->name;
    while (!str_eq(want->base, ".") && str_starts(name, "./")) {
        name += 2;
    }
    return path_join(&p->arena, want->base, name);
}

static void load(struct policy *p, const struct request *want, const struct chain *up,
                 struct findings *findings)
{
    const bool is_file = policy_is_file(want->name);
    const struct pack *pack = is_file ? NULL : policy_pack_find(want->name);
    if (!pack && !is_file) {
        unknown_source(findings, want->pos, want->name);
        return;
    }
    const char *path = pack ? pack->name : file_path(p, want);
    const struct chain self = {up, path, up ? up->depth + 1 : 0};
    if (in_chain(up, path)) {
        rule_report(findings, "policy.extends", want->pos, "policy %s extends itself", path);
        return;
    }
    if (self.depth > LIMIT_EXTENDS_DEPTH) {
        rule_report(findings, "policy.extends", want->pos,
                    "policies extend each other more than %u deep", LIMIT_EXTENDS_DEPTH);
        return;
    }
    struct span text;
    if (already_read(p, path, want->layer) || !fetch(p, want, pack, path, &text, findings)) {
        return;
    }
    struct policy_file *file = arena_alloc(&p->arena, sizeof *file);
    *file = (struct policy_file){.path = path,
                                 .dir = pack ? "." : path_dir(&p->arena, path),
                                 .pack = pack != NULL,
                                 .layer = want->layer};
    read_file(p, file, text, &self, findings);
}

void policy_load(struct policy *p, const struct policy_source *source, struct findings *findings)
{
    const struct request want = {source->name, source->base ? source->base : ".", source->pos, true,
                                 source->text};
    load(p, &want, NULL, findings);
}
