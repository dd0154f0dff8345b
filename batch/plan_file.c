/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan as a file. The file binds: its digest is over its canonical form,
 * made the same way when it is written, read and compared.
 */
#include "batch/plan.h"

#include "batch/batch_parts.h"
#include "batch/report.h"
#include "formats/base/fs.h"
#include "formats/base/json_in.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "formats/crl.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { PLAN_MAX = LIMIT_INPUT_BYTES };

/* --- writing --- */
static void put_item(struct jw *j, const struct plan_item *p)
{
    char text[2 * SHA256_SIZE + 1];
    const struct item *item = p->item;
    hex_encode(p->digest, SHA256_SIZE, text);
    jw_object(j, NULL);
    jw_str(j, "id", item->id);
    jw_str(j, "action", plan_action_names[p->action]);
    jw_str(j, "why", p->why);
    jw_str(j, "ca", item->ca ? item->ca->name : NULL);
    jw_str(j, "product", item->product_code);
    jw_str(j, "common_name", p->common_name);
    jw_array(j, "names");
    for (const char **n = p->names; *n; n++) {
        jw_str(j, NULL, *n);
    }
    jw_end(j);
    jw_str(j, "key", p->key);
    jw_str(j, "digest", text);
    if (item->kind == ITEM_REVOCATION) {
        jw_str(j, "reason", revocation_reason_name(item->revocation->reason));
        jw_str(j, "after", item->revocation->after);
        if (item->revocation->not_before != TIME_NONE) {
            jw_time(j, "not_before", item->revocation->not_before);
        }
    }
    duration_format(item->validity_seconds, text);
    jw_str(j, "validity", item->validity_seconds ? text : NULL);
    jw_end(j);
}

static void put_head(struct jw *j, const struct batch *b, const struct plan *p)
{
    jw_str(j, "batch", b->manifest.name);
    jw_str(j, "digest", p->digest);
    jw_time(j, "as_of", batch_date(b, NULL));
    jw_str(j, "manifest", b->manifest.path);
    jw_str(j, "manifest_sha256", b->manifest.sha256);
    jw_str(j, "policy_sha256", policy_digest(b->policy));
    jw_bool(j, "simulate", b->options->simulate);
    if (b->manifest.change) {
        report_change(j, "change", b->manifest.change->node);
    }
    if (plan_approvals(p)) {
        jw_int(j, "approvals", (int64_t)plan_approvals(p));
    }
}

static void put_counts(struct jw *j, const struct plan *p)
{
    jw_object(j, "counts");
    for (size_t i = 0; i < PLAN__MAX; i++) {
        jw_int(j, plan_action_names[i], (int64_t)p->counts[i]);
    }
    jw_end(j);
}

bool plan_json(const struct batch *b, const struct plan *p, struct buf *out, struct err *err)
{
    struct jw j;
    jw_begin(&j, out, JW_PRETTY);
    jw_object(&j, NULL);
    put_head(&j, b, p);
    jw_array(&j, "items");
    for (size_t i = 0; i < p->n; i++) {
        put_item(&j, &p->v[i]);
    }
    jw_end(&j);
    put_counts(&j, p);
    jw_end(&j);
    return jw_finish(&j, err);
}

/* --- digest ---
 * SHA-256 of the plan's canonical JSON (sorted keys, no blanks) without what does not bind. It is
 * fed piece by piece, so that 10,000 items never stand in memory as a tree beside their text. */

enum { CANONICAL = JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY };

/* The items of a plan, from wherever they are; a new reference each, NULL with err on failure. */
struct item_source {
    size_t n;
    json_t *(*get)(const void *ctx, size_t index, struct err *err);
    const void *ctx;
};

static bool feed(struct sha256 *s, json_t *value, struct err *err)
{
    CLEANUP(freep) char *text = value ? json_dumps(value, CANONICAL) : NULL;
    if (!text) {
        return err_set(err, ERR_INTERNAL, "cannot make the canonical form of the plan");
    }
    sha256_add(s, text, strlen(text));
    return true;
}

static bool feed_items(struct sha256 *s, const struct item_source *items, struct err *err)
{
    sha256_add(s, "[", 1);
    for (size_t i = 0; i < items->n; i++) {
        CLEANUP(json_tree_release) json_t *item = items->get(items->ctx, i, err);
        if (i) {
            sha256_add(s, ",", 1);
        }
        if (!item || !feed(s, item, err)) {
            return false;
        }
    }
    sha256_add(s, "]", 1);
    return true;
}

static bool binds(const char *key)
{
    static const char *const not_bound[] = {"digest", "as_of", "manifest"};
    for (size_t i = 0; i < NITEMS(not_bound); i++) {
        if (str_eq(key, not_bound[i])) {
            return false;
        }
    }
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool feed_plan(struct sha256 *s, json_t *head, const struct item_source *items,
                      struct err *err)
{
    CLEANUP(strlist_release) struct strlist keys = {0};
    const char *key;
    json_t *value;
    json_object_foreach(head, key, value)
    {
        if (binds(key)) {
            VEC_PUSH(&keys, key);
        }
    }
    qsort(keys.v, keys.n, sizeof *keys.v, by_text);
    sha256_add(s, "{", 1);
    for (size_t i = 0; i < keys.n; i++) {
        CLEANUP(json_tree_release) json_t *name = json_string(keys.v[i]);
        bool list = str_eq(keys.v[i], "items");
        sha256_add(s, ",", i ? 1 : 0);
        bool ok = feed(s, name, err);
        sha256_add(s, ":", 1);
        if (!ok ||
            !(list ? feed_items(s, items, err) : feed(s, json_object_get(head, keys.v[i]), err))) {
            return false;
        }
    }
    sha256_add(s, "}", 1);
    return true;
}

static bool digest_plan(json_t *head, const struct item_source *items, char out[SHA256_HEX],
                        struct err *err)
{
    struct sha256 s;
    sha256_begin(&s);
    bool ok = feed_plan(&s, head, items, err);
    sha256_end_hex(&s, out);
    return ok;
}

static json_t *item_of_tree(const void *ctx, size_t index, struct err *err)
{
    (void)err;
    return json_incref(json_array_get(ctx, index));
}

static bool digest_tree(json_t *tree, char out[SHA256_HEX], struct err *err)
{
    const json_t *list = json_get(tree, "items");
    const struct item_source items = {json_array_size(list), item_of_tree, list};
    return digest_plan(tree, &items, out, err);
}

static json_t *item_of_plan(const void *ctx, size_t index, struct err *err)
{
    const struct plan *p = ctx;
    CLEANUP(buf_release) struct buf text = BUF_INIT(PLAN_MAX);
    struct jw j;
    jw_begin(&j, &text, JW_COMPACT);
    put_item(&j, &p->v[index]);
    return jw_finish(&j, err) ? json_parse("plan", text.p, text.n, err) : NULL;
}

bool plan_digest(const struct batch *b, struct plan *p, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(PLAN_MAX);
    const struct item_source items = {p->n, item_of_plan, p};
    struct jw j;
    jw_begin(&j, &text, JW_COMPACT);
    jw_object(&j, NULL);
    put_head(&j, b, p);
    jw_array(&j, "items");
    jw_end(&j);
    put_counts(&j, p);
    jw_end(&j);
    if (!jw_finish(&j, err)) {
        return false;
    }
    CLEANUP(json_tree_release) json_t *head = json_parse("plan", text.p, text.n, err);
    return head && digest_plan(head, &items, p->digest, err);
}

/* --- reading --- */
static bool take_hex(const json_t *tree, const char *key, char out[SHA256_HEX])
{
    uint8_t bytes[SHA256_SIZE];
    const char *text = json_get_str(tree, key);
    if (!text || strlen(text) != SHA256_HEX - 1 || !hex_decode(text, SHA256_HEX - 1, bytes)) {
        return false;
    }
    memcpy(out, text, SHA256_HEX);
    return true;
}

/* The plan may lie beside the manifest, in its state directory, or anywhere in the tree it was
 * made from. */
static char *find_manifest(struct arena *a, const char *plan, const char *manifest)
{
    const char *dir = path_dir(a, plan);
    const char *const places[] = {
        path_join(a, dir, path_base(manifest)),
        path_join(a, dir, manifest),
        manifest,
        path_join(a, path_join(a, dir, ".."), path_base(manifest)),
    };
    for (size_t i = 0; i < NITEMS(places); i++) {
        if (fs_exists_at(AT_FDCWD, places[i])) {
            return xstrdup(places[i]);
        }
    }
    return xstrdup(manifest);
}

static bool take_fields(const char *path, const json_t *tree, struct plan_file *out)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *manifest = json_get_str(tree, "manifest");
    const char *as_of = json_get_str(tree, "as_of");
    bool ok = manifest && as_of && time_parse(as_of, &out->as_of) &&
              take_hex(tree, "digest", out->digest) &&
              take_hex(tree, "manifest_sha256", out->manifest_sha256) &&
              take_hex(tree, "policy_sha256", out->policy_sha256);
    if (ok) {
        out->simulate = json_get_bool(tree, "simulate", false);
        out->manifest = find_manifest(&a, path, manifest);
    }
    return ok;
}

bool plan_parse(const char *path, struct span text, struct plan_file *out, struct err *err)
{
    char digest[SHA256_HEX];
    *out = (struct plan_file){.as_of = TIME_NONE};
    CLEANUP(json_tree_release)
    json_t *tree = json_parse(path, (const char *)text.p, text.n, err);
    if (!tree) {
        return false;
    }
    if (!take_fields(path, tree, out)) {
        return err_set(err, ERR_INPUT, "%s is not a plan made by certbatch", path);
    }
    if (!digest_tree(tree, digest, err)) {
        return false;
    }
    if (!str_eq(digest, out->digest)) {
        err_set(err, ERR_REFUSED, "%s was changed after it was made: its digest does not fit",
                path);
        err_hint(err, "make the plan again with `certbatch plan` and have it approved again");
        return false;
    }
    return true;
}

bool plan_read(const char *path, struct plan_file *out, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(PLAN_MAX);
    *out = (struct plan_file){.as_of = TIME_NONE};
    return fs_read(path, &text, err) && plan_parse(path, buf_span(&text), out, err);
}

void plan_file_release(struct plan_file *p)
{
    free(p->manifest);
    *p = (struct plan_file){0};
}

bool plan_still(const struct plan_file *file, const struct batch *b, const struct plan *now,
                struct err *err)
{
    const char *what = NULL;
    if (!str_eq(file->manifest_sha256, b->manifest.sha256)) {
        what = "the manifest";
    } else if (!str_eq(file->policy_sha256, policy_digest(b->policy))) {
        what = "the policy";
    } else if (file->simulate != b->options->simulate) {
        what = "the choice of --simulate";
    } else if (!str_eq(file->digest, now->digest)) {
        what = "a CSR, a certificate, a CA of the configuration or what is due at this date";
    }
    if (!what) {
        return true;
    }
    err_set(err, ERR_REFUSED, "the plan is stale: %s is no longer what the plan was made from",
            what);
    err_hint(err, "make the plan again, look at what changed, and have it approved again");
    return false;
}
