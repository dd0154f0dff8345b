/* SPDX-License-Identifier: Apache-2.0
 *
 * See config.h: finds certbatch.yaml, reads it, and gives every CA to the table of its connector.
 * Opens no other file and reads no secret.
 */
#include "batch/config_parts.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static const char rule_endpoint[] = "manifest.ca.endpoint";

/* --- endpoints --- */

/* Host of an authority "host:port", brackets of IPv6 cut; false when it is odd in any way. */
static bool host_of(const char *authority, char *host, size_t size)
{
    bool bracket = authority[0] == '[';
    const char *start = authority + bracket;
    size_t n = strcspn(start, bracket ? "]" : ":/?#");
    const char *rest = start + n + (bracket && start[n] == ']');
    if (n == 0 || n >= size || (bracket && start[n] != ']')) {
        return false;
    }
    if (*rest == ':') {
        rest += 1 + strspn(rest + 1, "0123456789");
    }
    memcpy(host, start, n);
    host[n] = '\0';
    return !*rest || strchr("/?#", *rest);
}

static bool is_loopback(const char *authority)
{
    char host[64];
    struct in_addr v4;
    struct in6_addr v6;
    if (!host_of(authority, host, sizeof host)) {
        return false;
    }
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    if (inet_pton(AF_INET6, host, &v6) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&v6);
    }
    return str_ieq(host, "localhost");
}

static bool has_scheme(const char *url, const char *scheme)
{
    size_t n = strlen(scheme);
    return strncasecmp(url, scheme, n) == 0 && strncmp(url + n, "://", 3) == 0;
}

bool url_host(const char *url, char *host, size_t size)
{
    return url && (has_scheme(url, "http") || has_scheme(url, "https")) &&
           host_of(strstr(url, "://") + 3, host, size);
}

bool url_is_loopback(const char *url)
{
    return (has_scheme(url, "http") || has_scheme(url, "https")) &&
           is_loopback(strstr(url, "://") + 3);
}

/* One scalar that may be a URL. The URL itself is not shown when it carries user-info: that may
 * be a password. */
static void check_endpoint(struct schema_ctx *ctx, const struct ynode *n)
{
    bool plain = has_scheme(n->text, "http");
    if (!plain && !has_scheme(n->text, "https")) {
        return;
    }
    const char *authority = strstr(n->text, "://") + 3;
    struct pos pos = yaml_pos(ctx->file, n);
    if (memchr(authority, '@', strcspn(authority, "/?#"))) {
        findings_report(ctx->findings, rule_endpoint, SEV_ERROR, pos,
                        "the URL carries a user name or password; use the keys for credentials");
    } else if (plain && !is_loopback(authority)) {
        findings_report(ctx->findings, rule_endpoint, SEV_ERROR, pos,
                        "http:// is accepted for loopback addresses only; use https://");
    }
}

/* depth is bounded by LIMIT_YAML_DEPTH */
static void check_endpoints(struct schema_ctx *ctx, const struct ynode *n)
{
    if (n->kind == YAML_SCALAR) {
        check_endpoint(ctx, n);
    }
    for (const struct ynode *c = n->first; c; c = c->next) {
        check_endpoints(ctx, c);
    }
}

/* --- CAs --- */

static bool schema_has(const struct schema *s, const char *key)
{
    for (size_t i = 0; i < s->nfields; i++) {
        if (str_eq(s->fields[i].name, key)) {
            return true;
        }
    }
    return false;
}

/* A mapping with those children of `node` that the schema knows. */
static struct ynode *part_of(struct arena *a, const struct ynode *node, const struct schema *s)
{
    struct ynode *part = arena_memdup(a, node, sizeof *node);
    struct ynode **tail = &part->first;
    part->count = 0;
    for (const struct ynode *c = node->first; c; c = c->next) {
        if (schema_has(s, c->key)) {
            *tail = arena_memdup(a, c, sizeof *c);
            tail = &(*tail)->next;
            part->count++;
        }
    }
    *tail = NULL;
    return part;
}

static void unknown_ca_keys(struct schema_ctx *ctx, const struct ynode *node,
                            const struct ca_type *type)
{
    for (const struct ynode *c = node->first; c; c = c->next) {
        if (str_eq(c->key, "type") || schema_has(type->config, c->key) ||
            schema_has(&ca_common_schema, c->key)) {
            continue;
        }
        const char *near = schema_suggest(type->config, c->key);
        near = near ? near : schema_suggest(&ca_common_schema, c->key);
        findings_report(ctx->findings, ctx->rules->schema, SEV_ERROR, yaml_key_pos(ctx->file, c),
                        "unknown key '%s' in a CA of type %s%s%s%s",
                        str_vis_dup(ctx->arena, c->key, strlen(c->key)), type->type,
                        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
}

static void unknown_type(struct schema_ctx *ctx, const struct ynode *ca, const struct ynode *type)
{
    CLEANUP(buf_release) struct buf known = BUF_INIT(LIMIT_MESSAGE);
    for (const struct ca_type *const *t = ca_types; *t; t++) {
        buf_printf(&known, "%s%s", t == ca_types ? "" : ", ", (*t)->type);
    }
    bool text = type && type->kind == YAML_SCALAR;
    schema_problem(ctx, type ? type : ca, "a CA needs a 'type', one of: %s%s%s%s", buf_text(&known),
                   text ? "; not '" : "",
                   text ? str_vis_dup(ctx->arena, type->text, strlen(type->text)) : "",
                   text ? "'" : "");
}

/* False when the CA is of no known type; then nothing was filled. */
static bool read_ca(struct schema_ctx *ctx, const struct ynode *node, struct ca_config *out)
{
    const struct ynode *type = yaml_get(node, "type");
    bool text = type && type->kind == YAML_SCALAR;
    if (!name_is_safe(node->key)) {
        findings_report(ctx->findings, ctx->rules->schema, SEV_ERROR, yaml_key_pos(ctx->file, node),
                        "a CA is named by letters, digits, '.', '_' and '-', at most 64");
    }
    if (node->kind != YAML_MAPPING) {
        schema_problem(ctx, node, "a CA must be a mapping");
        return false;
    }
    const struct ca_type *found = text ? ca_type_find(type->text) : NULL;
    if (!found) {
        unknown_type(ctx, node, type);
        return false;
    }
    *out = (struct ca_config){.name = node->key, .node = node, .type = found};
    out->own = arena_alloc(ctx->arena, found->config->size);
    unknown_ca_keys(ctx, node, found);
    /* what is wrong is in the findings; config_read() looks there */
    bool ok = schema_read(ctx, found->config, part_of(ctx->arena, node, found->config), out->own);
    ok &= schema_read(ctx, &ca_common_schema, part_of(ctx->arena, node, &ca_common_schema),
                      &out->common);
    if (ok && !(found->caps & CA_EMBEDDED)) {
        check_endpoints(ctx, node);
    }
    out->type = ok && found->variant ? found->variant(out) : found;
    if (ok && out->type->check) {
        out->type->check(ctx, out);
    }
    config_products_fill(ctx->arena, out);
    return true;
}

void config_read_cas(struct schema_ctx *ctx, const struct ynode *node, void *target)
{
    struct config *c = target;
    if (node->kind != YAML_MAPPING || node->count == 0) {
        schema_problem(ctx, node, "'cas' must be a mapping of CA names");
        return;
    }
    c->cas = arena_array(ctx->arena, node->count, sizeof *c->cas);
    for (const struct ynode *n = node->first; n; n = n->next) {
        c->ncas += read_ca(ctx, n, &c->cas[c->ncas]);
    }
}

/* --- the file --- */

static bool exists(const char *path)
{
    return path && fs_exists_at(AT_FDCWD, path);
}

static const char *xdg_path(struct arena *a)
{
    const char *home = getenv("HOME");
    const char *config = getenv("XDG_CONFIG_HOME");
    if (config && config[0] == '/') { /* the specification says to ignore relative ones */
        return arena_printf(a, "%s/certbatch/certbatch.yaml", config);
    }
    return home && home[0] == '/' ? arena_printf(a, "%s/.config/certbatch/certbatch.yaml", home)
                                  : NULL;
}

const char *config_beside(struct arena *a, const char *manifest_dir)
{
    const char *asked = getenv("CERTBATCH_CONFIG");
    const char *path = path_join(a, manifest_dir, "certbatch.yaml");
    return !(asked && *asked) && !exists("certbatch.yaml") && exists(path) ? path : NULL;
}

/* NULL when there is none anywhere. One that was asked for counts even when it does not exist. */
static const char *find_file(struct arena *a, const char *explicit_path)
{
    const char *asked = explicit_path ? explicit_path : getenv("CERTBATCH_CONFIG");
    const char *here = "certbatch.yaml";
    if (asked && *asked) {
        return arena_strdup(a, asked);
    }
    if (exists(here)) {
        return here;
    }
    const char *xdg = xdg_path(a);
    return exists(xdg) ? xdg : NULL;
}

/* Without a file: the embedded CA with the defaults of its table. */
static void built_in(struct config *c)
{
    const struct ca_type *local = ca_type_find("local");
    struct findings none = FINDINGS_INIT;
    struct ynode *empty = arena_alloc(&c->arena, sizeof *empty);
    struct schema_ctx ctx = {"", &shape_config, &c->arena, &none};
    empty->kind = YAML_MAPPING;
    empty->key = "local";
    c->cas = arena_alloc(&c->arena, sizeof *c->cas);
    c->cas[0] = (struct ca_config){.name = "local", .node = empty, .type = local};
    if (local) {
        c->cas[0].own = arena_alloc(&c->arena, local->config->size);
        c->ncas = schema_read(&ctx, local->config, empty, c->cas[0].own) &&
                  schema_read(&ctx, &ca_common_schema, empty, &c->cas[0].common);
    }
    findings_release(&none);
}

/* schema_read() zeroes the struct; what belongs to the reading is put back after it. */
static bool fill(struct config *c, struct schema_ctx *ctx, const struct ynode *root)
{
    struct config read;
    bool ok = schema_read(ctx, &config_schema, root, &read);
    read.path = c->path;
    read.dir = c->dir;
    memcpy(read.sha256, c->sha256, sizeof read.sha256);
    *c = read;
    if (c->timestamp && c->timestamp->url) {
        check_endpoint(ctx, yaml_get(yaml_get(c->node, "timestamp"), "url"));
    }
    return ok;
}

bool config_read_text(struct config *c, const char *path, struct span text,
                      struct findings *findings, struct err *err)
{
    size_t before = findings->n;
    struct ynode *root;
    struct arena arena = c->arena; /* grows while the tables are read */
    struct schema_ctx ctx = {path, &shape_config, &arena, findings};
    c->path = path;
    c->dir = path_dir(&arena, path);
    sha256_hex(text.p, text.n, c->sha256);
    bool strict = yaml_parse(path, text, &shape_config, &arena, findings, &root);
    bool shaped = root && fill(c, &ctx, root);
    c->arena = arena;
    if (!strict || !shaped || findings_error_since(findings, before)) {
        return err_set(err, ERR_INPUT, "%s is not a valid configuration", path);
    }
    return true;
}

bool config_read(struct config *c, const char *explicit_path, struct findings *findings,
                 struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    *c = (struct config){0};
    const char *path = find_file(&c->arena, explicit_path);
    if (!path) {
        built_in(c);
        return true;
    }
    c->path = path;
    c->dir = path_dir(&c->arena, path);
    return fs_read(path, &text, err) &&
           config_read_text(c, path, (struct span){(const uint8_t *)buf_text(&text), text.n},
                            findings, err);
}

const struct ca_config *config_ca(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->ncas; i++) {
        if (str_eq(c->cas[i].name, name)) {
            return &c->cas[i];
        }
    }
    return NULL;
}

void config_release(struct config *c)
{
    arena_release(&c->arena);
    *c = (struct config){0};
}
