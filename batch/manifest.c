/* SPDX-License-Identifier: Apache-2.0
 *
 * See manifest.h: reads a manifest and checks what the tables of manifest_schema.c cannot say.
 * Looks at no other file, resolves nothing, merges no defaults.
 */
#include "batch/manifest.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/sha.h"
#include "formats/base/time.h"
#include "formats/crl.h"

#include <string.h>

static const struct order *orders(const struct manifest *m)
{
    return m->orders.v;
}

/* Words have no "not written" of their own: enum values begin at 0. */
static void mark_unwritten(struct manifest *m)
{
    struct order *o = m->orders.v;
    for (size_t i = 0; i < m->orders.n; i++) {
        o[i].action = yaml_get(o[i].node, "action") ? o[i].action : -1;
    }
    if (m->defaults) {
        bool written = yaml_get(m->defaults->node, "action") != NULL;
        m->defaults->action = written ? m->defaults->action : -1;
    }
    struct revocation *r = m->revocations.v;
    for (size_t i = 0; i < m->revocations.n; i++) {
        r[i].reason = yaml_get(r[i].node, "reason") ? r[i].reason : REASON_NONE;
    }
}

static void check_count(struct schema_ctx *ctx, const struct manifest *m)
{
    size_t n = m->orders.n + m->revocations.n;
    if (n > LIMIT_ITEMS) {
        schema_problem(ctx, m->node, "%zu orders and revocations; at most %u fit in one manifest",
                       n, LIMIT_ITEMS);
    } else if (n == 0 && !yaml_get(m->node, "orders") && !yaml_get(m->node, "revocations")) {
        schema_problem(ctx, m->node, "manifest has neither 'orders' nor 'revocations'");
    }
}

static void check_window(struct schema_ctx *ctx, const struct change *c)
{
    if (c && c->window_start != TIME_NONE && c->window_end != TIME_NONE &&
        c->window_end <= c->window_start) {
        schema_problem(ctx, yaml_get(yaml_get(c->node, "window"), "end"),
                       "the change window ends before it begins");
    }
}

/* An order written without anything that says whose certificate it is. */
static void check_names(struct schema_ctx *ctx, const struct order *o, const struct order *d)
{
    int action = o->action >= 0 ? o->action : d->action >= 0 ? d->action : ACTION_NEW;
    bool named = yaml_get(o->node, "common_name") || yaml_get(o->node, "san") ||
                 yaml_get(o->node, "csr") || d->common_name || d->san.n || d->csr;
    bool renews = o->replaces || d->replaces; /* without an action this means renew */
    bool is_new = action == ACTION_NEW && !(renews && o->action < 0 && d->action < 0);
    if (is_new && !named) {
        schema_problem(ctx, o->node, "a new order needs 'common_name', 'san' or 'csr'");
    }
}

static void check_order(struct schema_ctx *ctx, const struct order *o, const struct order *d)
{
    check_names(ctx, o, d);
    if (o->reuse_key && o->key) {
        schema_problem(ctx, yaml_get(o->node, "reuse_key"),
                       "'reuse_key' and 'key' contradict each other; keep one of them");
    }
    if (o->reuse_key && !yaml_get(o->node, "key_file") && !d->key_file) {
        schema_problem(ctx, yaml_get(o->node, "reuse_key"),
                       "'reuse_key' needs 'key_file', the key to be used again");
    }
}

static void check_meaning(struct schema_ctx *ctx, struct manifest *m)
{
    static const struct order nothing = {.action = -1};
    const struct order *defaults = m->defaults ? m->defaults : &nothing;
    mark_unwritten(m);
    check_count(ctx, m);
    check_window(ctx, m->change);
    for (size_t i = 0; i < m->orders.n; i++) {
        check_order(ctx, &orders(m)[i], defaults);
    }
}

/* schema_read() zeroes the struct; what belongs to the reading is put back after it. */
static bool fill(struct manifest *m, struct schema_ctx *ctx, const struct ynode *root)
{
    struct manifest read;
    bool ok = schema_read(ctx, &manifest_schema, root, &read);
    read.arena = m->arena;
    read.path = m->path;
    read.dir = m->dir;
    read.text = m->text;
    read.text_n = m->text_n;
    memcpy(read.sha256, m->sha256, sizeof read.sha256);
    *m = read;
    check_meaning(ctx, m);
    return ok;
}

bool manifest_read_text(struct manifest *m, const char *path, struct span text,
                        struct findings *findings, struct err *err)
{
    struct ynode *root;
    size_t before = findings->n;
    *m = (struct manifest){0};
    m->path = arena_strdup(&m->arena, path);
    m->dir = path_dir(&m->arena, path);
    m->text = arena_strndup(&m->arena, (const char *)text.p, text.n);
    m->text_n = text.n;
    sha256_hex(m->text, m->text_n, m->sha256);
    struct arena arena = m->arena; /* grows while the tables are read */
    struct schema_ctx ctx = {m->path, &shape_manifest, &arena, findings};
    bool strict = yaml_parse(m->path, text, &shape_manifest, &arena, findings, &root);
    bool shaped = root && fill(m, &ctx, root);
    m->arena = arena;
    if (!strict || !shaped || findings_error_since(findings, before)) {
        return err_set(err, ERR_INPUT, "%s is not a valid manifest", path);
    }
    return true;
}

bool manifest_read(struct manifest *m, const char *path, struct findings *findings, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    *m = (struct manifest){0};
    return fs_read(path, &text, err) &&
           manifest_read_text(m, path, (struct span){(const uint8_t *)buf_text(&text), text.n},
                              findings, err);
}

void manifest_release(struct manifest *m)
{
    arena_release(&m->arena);
    *m = (struct manifest){0};
}
