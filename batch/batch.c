/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening a batch: manifest, configuration, items, policy, in this order, all of them even when
 * one is bad. What an item resolves to is batch_resolve.c; judging is judge.c.
 */
#include "batch/batch_parts.h"
#include "batch/statedir.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- policy sources --- */
struct sources {
    struct policy_source *v;
    size_t n, cap;
};

static void sources_release(struct sources *s)
{
    free(s->v);
}

static void add_source(struct sources *s, const char *name, const char *base, struct pos pos)
{
    VEC_PUSH(s, ((struct policy_source){.name = name, .base = base, .pos = pos}));
}

static void add_list(struct sources *s, const struct strings *list, const char *file,
                     const char *base)
{
    for (size_t i = 0; i < list->n; i++) {
        struct pos pos =
            list->at && list->at[i] ? yaml_pos(file, list->at[i]) : (struct pos){.file = file};
        add_source(s, list->v[i], base, pos);
    }
}

/* Later wins: the manifest's choice, then the site's configuration, then the command line. With
 * no source at all the policy itself takes the packs by CA. */
static bool open_policy(struct batch *b, struct findings *findings, struct err *err)
{
    size_t nproducts = 0;
    const struct product_info *products = config_products(&b->config, &b->arena, &nproducts);
    CLEANUP(sources_release) struct sources s = {0};
    if (!b->options->only_policies) {
        add_list(&s, &b->manifest.policy, b->manifest.path, b->manifest.dir);
        add_list(&s, &b->config.policy, b->config.path, b->config.dir);
    }
    for (size_t i = 0; i < b->options->npolicies; i++) {
        add_source(&s, b->options->policies[i], ".", (struct pos){0});
    }
    return policy_open(&b->policy, s.v, s.n, products, nproducts, findings, err) &&
           (b->options->lint || policy_digestible(b->policy, err));
}

/* --- simulation --- */
static bool make_twins(struct batch *b, struct err *err)
{
    char cwd[LIMIT_PATH];
    const char *state = b->options->state_dir;
    if (!state) {
        const char *name = arena_printf(&b->arena, "%s-simulate", b->manifest.name);
        state = statedir_default(&b->arena, b->manifest.dir, name);
    }
    if (!getcwd(cwd, sizeof cwd)) {
        return err_sys(err, errno, "cannot find the working directory");
    }
    /* Absolute, because paths of a configuration are relative to its own directory. */
    const char *root = path_join(&b->arena, path_join(&b->arena, cwd, state), "simulate-ca");
    b->twins = arena_array(&b->arena, b->config.ncas, sizeof *b->twins);
    for (size_t i = 0; i < b->config.ncas; i++) {
        const struct ca_config *real = &b->config.cas[i];
        b->twins[i] = ca_twin(real, path_join(&b->arena, root, real->name), &b->arena);
    }
    return true;
}

/* --- issuers --- */
static void find_issuers(struct batch *b)
{
    b->issuers = arena_array(&b->arena, b->config.ncas + 1, sizeof *b->issuers);
    for (size_t i = 0; i < b->config.ncas; i++) {
        const struct ca_config *ca = &b->config.cas[i];
        b->issuers[i] = ca->type->issuer ? ca->type->issuer(ca, b->config.dir, &b->arena) : NULL;
    }
}

/* --- misshapen items --- */
static bool before(const struct finding *f, const struct ynode *node)
{
    return f->line < node->line || (f->line == node->line && f->column < node->column);
}

/* Lint goes on with the items that are whole. An error of the manifest's shape belongs to the last
 * item that begins before it; what stands before all items belongs to none. */
static void mark_misshapen(struct batch *b, const struct findings *findings, size_t from)
{
    for (size_t i = from; i < findings->n; i++) {
        const struct finding *f = &findings->v[i];
        struct item *owner = NULL;
        for (size_t k = 0; k < b->nitems; k++) {
            struct item *item = &b->items[k];
            bool candidate = f->severity == SEV_ERROR && f->line && !before(f, item->node) &&
                             str_eq(f->file, b->manifest.path);
            owner = candidate && (!owner || item->node->line >= owner->node->line) ? item : owner;
        }
        if (owner) {
            owner->misshapen = true;
        }
    }
}

/* --- */
bool batch_open(struct batch *b, const struct batch_options *options, struct findings *findings,
                struct err *err)
{
    struct err second = ERR_INIT; /* the first trouble is the one that is told */
    size_t shape_from = findings->n;
    *b = (struct batch){.options = options, .now = time_now()};
    b->manifest_ok =
        options->text.p
            ? manifest_read_text(&b->manifest, options->manifest, options->text, findings, err)
            : manifest_read(&b->manifest, options->manifest, findings, err);
    const char *config = options->config;
    if (!config && options->lint && b->manifest.dir) {
        config = config_beside(&b->arena, b->manifest.dir);
    }
    bool config_ok = config_read(&b->config, config, findings, b->manifest_ok ? err : &second);
    bool go_on = options->lint && b->manifest.node && config_ok;
    if ((!b->manifest_ok && !go_on) || !config_ok) {
        return false;
    }
    if (!b->config.path) {
        b->config.dir = b->manifest.dir;
    }
    if (options->simulate && !make_twins(b, err)) {
        return false;
    }
    /* A text that was never saved may have no directory yet: then no file it names is there. */
    struct err no_dir = ERR_INIT;
    if (!fs_root_open(&b->root, b->manifest.dir, b->config.allow_outside_paths,
                      options->text.p ? &no_dir : err) &&
        !options->text.p) {
        return false;
    }
    if (options->ninventories) {
        b->deployed = deployed_new();
        if (!deployed_read(b->deployed, options->inventories, options->ninventories, findings,
                           err)) {
            return false;
        }
    }
    find_issuers(b);
    items_resolve(b, findings);
    if (!b->manifest_ok) {
        mark_misshapen(b, findings, shape_from);
    }
    recipients_read(b, findings);
    b->suppressions =
        suppressions_read(&b->arena, b->manifest.path,
                          (struct span){(const uint8_t *)b->manifest.text, b->manifest.text_n},
                          b->manifest.node, findings);
    return open_policy(b, findings, b->manifest_ok ? err : &second) && b->manifest_ok;
}

void batch_release(struct batch *b)
{
    policy_free(b->policy);
    deployed_free(b->deployed);
    fs_root_close(&b->root);
    config_release(&b->config);
    manifest_release(&b->manifest);
    arena_release(&b->arena);
    *b = (struct batch){0};
}

bool batch_can_send(const struct batch *b, struct err *err)
{
    for (size_t i = 0; i < b->nitems; i++) {
        if (b->items[i].ca && !ca_can_send(b->items[i].ca, err)) {
            return false;
        }
    }
    return true;
}

const struct item *batch_item(const struct batch *b, const char *id)
{
    size_t low = 0;
    size_t high = b->nitems;
    while (low < high) { /* the first whose id is not less */
        size_t mid = low + (high - low) / 2;
        if (strcmp(b->items[b->by_id[mid]].id, id) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    const struct item *item = low < b->nitems ? &b->items[b->by_id[low]] : NULL;
    return item && str_eq(item->id, id) ? item : NULL;
}

int64_t batch_date(const struct batch *b, const struct item *item)
{
    if (b->options->as_of != TIME_NONE) {
        return b->options->as_of;
    }
    bool planned = item && item->order && item->order->order_date != TIME_NONE;
    return planned ? item->order->order_date : b->now;
}

const struct ca_config *batch_real_ca(const struct batch *b, const struct item *item)
{
    return item->ca && b->twins ? config_ca(&b->config, item->ca->name) : item->ca;
}
