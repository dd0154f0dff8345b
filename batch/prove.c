/* SPDX-License-Identifier: Apache-2.0
 *
 * See prove.h. The audit bundle streams by once: of other items only a hash stays.
 */
#include "batch/prove.h"

#include "batch/population.h"
#include "batch/seal.h"
#include "formats/bag.h"
#include "formats/bag_list.h"
#include "formats/base/fs.h"
#include "formats/base/json.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 16, README_MAX = 1 << 20 };

struct record_leaf {
    const char *id;
    struct merkle_hash hash;
};
struct kept {
    const char *name; /* in the proof, below data/ */
    struct buf data;
};
struct prover {
    const char *bundle, *item;
    struct arena arena;
    struct history history;
    bool has_journal;
    struct {
        struct record_leaf *v;
        size_t n, cap;
    } records;
    struct kept kept[KEPT_MAX];
    size_t nkept;
    struct population population;
    struct merkle_hash *items, *leaves; /* of both trees, in the order of ids */
    size_t index;
};

/* --- reading --- */

static const struct buf *find(const struct prover *p, const char *name)
{
    for (size_t i = 0; i < p->nkept; i++) {
        if (str_eq(p->kept[i].name, name)) {
            return &p->kept[i].data;
        }
    }
    return NULL;
}

static void keep(struct prover *p, const char *name, struct span data)
{
    if (p->nkept < KEPT_MAX) {
        struct kept *k = &p->kept[p->nkept++];
        *k = (struct kept){arena_strdup(&p->arena, name), BUF_INIT(LIMIT_ARCHIVE_ENTRY)};
        buf_add(&k->data, data.p, data.n);
    }
}

static void take_item_file(struct prover *p, const char *path, struct span data)
{
    const char *slash = strchr(path, '/');
    if (!slash) {
        return;
    }
    const char *id = arena_strndup(&p->arena, path, (size_t)(slash - path));
    if (str_eq(slash + 1, "record.json")) {
        struct record_leaf leaf = {.id = id};
        merkle_leaf(data, &leaf.hash);
        VEC_PUSH(&p->records, leaf);
    }
    if (str_eq(id, p->item)) {
        keep(p, slash + 1, data);
    }
}

static bool take(void *ctx, const char *name, struct span data, struct err *err)
{
    static const char *const roots[] = {"bag-info.txt", BAG_TAG_MANIFEST, SEAL_SIGNATURE,
                                        SEAL_TIMESTAMP, SEAL_DIGESTS};
    struct prover *p = ctx;
    const char *path = strchr(name, '/');
    path = path ? path + 1 : name;
    if (str_eq(path, "data/" JOURNAL_NAME)) {
        p->has_journal = true;
        return journal_check(data, false, history_add, &p->history, err);
    }
    if (str_starts(path, "data/items/")) {
        take_item_file(p, path + strlen("data/items/"), data);
        return true;
    }
    for (size_t i = 0; i < NITEMS(roots); i++) {
        if (str_eq(path, roots[i])) {
            keep(p, arena_printf(&p->arena, "bundle/%s", roots[i]), data);
        }
    }
    return true;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct record_leaf *)a)->id, ((const struct record_leaf *)b)->id);
}

/* --- does it prove anything? --- */

bool prove_label(const struct buf *bag_info, const char *label, struct buf *out)
{
    const size_t n = strlen(label);
    for (const char *p = bag_info ? buf_text(bag_info) : ""; *p;) {
        const size_t line = strcspn(p, "\n");
        if (line > n + 2 && strncmp(p, label, n) == 0 && p[n] == ':' && p[n + 1] == ' ') {
            buf_reset(out);
            buf_add(out, p + n + 2, line - n - 2);
            return true;
        }
        p += line + (p[line] == '\n');
    }
    return false;
}

static bool root_is(const struct prover *p, const char *label, const struct merkle_hash *leaves,
                    struct err *err)
{
    CLEANUP(buf_release) struct buf said = BUF_INIT(LIMIT_MESSAGE);
    struct merkle_hash root;
    char hex[SHA256_HEX];
    merkle_root(leaves, p->population.n, &root);
    hex_encode(root.v, SHA256_SIZE, hex);
    return (prove_label(find(p, "bundle/bag-info.txt"), label, &said) &&
            str_eq(buf_text(&said), hex)) ||
           err_set(err, ERR_FINDINGS,
                   "%s proves nothing: %s of bag-info.txt is not that of its items; `certbatch "
                   "verify` says more",
                   p->bundle, label);
}

static bool complete(struct prover *p, struct err *err)
{
    population_of(&p->history, &p->population);
    if (p->records.n > 1) {
        qsort(p->records.v, p->records.n, sizeof *p->records.v, by_id);
    }
    bool same = p->has_journal && p->records.n == p->population.n;
    for (size_t i = 0; same && i < p->records.n; i++) {
        same = str_eq(p->records.v[i].id, p->population.v[i].id);
    }
    if (!same) {
        return err_set(err, ERR_FINDINGS,
                       "%s is no whole audit bundle: `certbatch verify` says what is wrong",
                       p->bundle);
    }
    for (p->index = 0; p->index < p->population.n; p->index++) {
        if (str_eq(p->population.v[p->index].id, p->item)) {
            return true;
        }
    }
    return err_set(err, ERR_INPUT, "%s has no item %.64s", p->bundle, p->item);
}

static bool read_bundle(struct prover *p, struct err *err)
{
    if (!archive_read_file(p->bundle, take, p, err) || !complete(p, err)) {
        return false;
    }
    p->items = population_leaves(&p->population);
    p->leaves = xcalloc(p->records.n + 1, sizeof *p->leaves);
    for (size_t i = 0; i < p->records.n; i++) {
        p->leaves[i] = p->records.v[i].hash;
    }
    return root_is(p, PROVE_ITEMS_ROOT, p->items, err) &&
           root_is(p, PROVE_RECORDS_ROOT, p->leaves, err);
}

/* --- writing --- */

static void put_tree(struct jw *j, const char *key, const struct prover *p,
                     const struct merkle_hash *leaves)
{
    struct merkle_hash path[MERKLE_PATH_MAX];
    bool left[MERKLE_PATH_MAX];
    char hex[SHA256_HEX];
    const size_t n = merkle_path(leaves, p->population.n, p->index, path);
    (void)merkle_sides(p->index, p->population.n, left);
    jw_object(j, key);
    jw_int(j, "size", (int64_t)p->population.n);
    jw_int(j, "index", (int64_t)p->index);
    hex_encode(leaves[p->index].v, SHA256_SIZE, hex);
    jw_str(j, "leaf", hex);
    jw_array(j, "path");
    for (size_t i = 0; i < n; i++) {
        hex_encode(path[i].v, SHA256_SIZE, hex);
        jw_object(j, NULL);
        jw_str(j, "side", left[i] ? "left" : "right");
        jw_str(j, "sha256", hex);
        jw_end(j);
    }
    jw_end(j);
    jw_end(j);
}

static bool proof_json(const struct prover *p, struct buf *out, struct err *err)
{
    struct jw j;
    jw_begin(&j, out, JW_PRETTY);
    jw_object(&j, NULL);
    jw_int(&j, "certbatch_proof", 1);
    jw_str(&j, "batch", p->history.batch);
    jw_str(&j, "item", p->item);
    jw_str(&j, "digest", p->population.v[p->index].digest);
    put_tree(&j, "planned", p, p->items);
    put_tree(&j, "record", p, p->leaves);
    jw_end(&j);
    return jw_finish(&j, err);
}

static void readme_path(const struct prover *p, const struct merkle_hash *leaves, struct buf *out)
{
    struct merkle_hash path[MERKLE_PATH_MAX];
    bool left[MERKLE_PATH_MAX];
    char hex[SHA256_HEX];
    const size_t n = merkle_path(leaves, p->population.n, p->index, path);
    (void)merkle_sides(p->index, p->population.n, left);
    for (size_t i = 0; i < n; i++) {
        hex_encode(path[i].v, SHA256_SIZE, hex);
        buf_printf(out, left[i] ? "    h=$(node %s $h)\n" : "    h=$(node $h %s)\n", hex);
    }
}

static void readme(const struct prover *p, struct buf *out)
{
    buf_printf(out,
               "What became of one item of a certificate batch, and the proof that it is part of\n"
               "the sealed record of the whole. It speaks of no other item. In this directory:\n"
               "\n"
               "Is every file here and unchanged?\n"
               "    sha256sum -c --strict --quiet manifest-sha256.txt tagmanifest-sha256.txt\n"
               "\n"
               "Is data/record.json in the record of the batch? Both lines are the same:\n"
               "    node() { printf '01%%s%%s' $1 $2 | xxd -r -p | sha256sum | cut -d' ' -f1; }\n"
               "    h=$({ printf '\\000'; cat data/record.json; } | sha256sum | cut -d' ' -f1)\n");
    readme_path(p, p->leaves, out);
    buf_printf(out,
               "    echo $h; sed -n 's/" PROVE_RECORDS_ROOT ": //p' data/bundle/bag-info.txt\n"
               "\n"
               "Was it planned before anything was sent? Both lines are the same:\n"
               "    h=$(printf '\\000certbatch item 1\\n%%s\\n%%s\\n' %s \\\n"
               "        %s | sha256sum | cut -d' ' -f1)\n",
               p->item, p->population.v[p->index].digest);
    readme_path(p, p->items, out);
    buf_puts(out,
             "    echo $h; sed -n 's/" PROVE_ITEMS_ROOT ": //p' data/bundle/bag-info.txt\n"
             "\n"
             "Is this bag-info.txt the sealed one?\n"
             "    cd data/bundle; grep ' bag-info.txt$' tagmanifest-sha256.txt | sha256sum -c\n");
    if (find(p, "bundle/" SEAL_SIGNATURE)) {
        buf_puts(out, "    openssl cms -verify -binary -inform DER -in " SEAL_SIGNATURE " \\\n"
                      "        -content tagmanifest-sha256.txt -CAfile SIGNER-CA.pem -purpose any "
                      "-out /dev/null\n");
    }
    if (find(p, "bundle/" SEAL_TIMESTAMP)) {
        buf_puts(out, "    openssl ts -verify -data tagmanifest-sha256.txt -in " SEAL_TIMESTAMP
                      " \\\n        -CAfile TSA-CA.pem\n");
    }
    buf_puts(out, "\nAll of this at once, on the packed archive:\n"
                  "    certbatch verify NAME-proof.tar.gz\n");
}

static bool fill(const struct prover *p, struct bag *bag, struct err *err)
{
    CLEANUP(buf_release) struct buf json = BUF_INIT(README_MAX);
    CLEANUP(buf_release) struct buf text = BUF_INIT(README_MAX);
    bool ok = proof_json(p, &json, err) && bag_add(bag, "proof.json", buf_span(&json), err);
    for (size_t i = 0; ok && i < p->nkept; i++) {
        ok = bag_add(bag, p->kept[i].name, buf_span(&p->kept[i].data), err);
    }
    readme(p, &text);
    bag_info(bag, "Bag-Software-Agent", "certbatch " CERTBATCH_VERSION);
    bag_info(bag, "Internal-Sender-Identifier", p->history.batch);
    return ok && bag_tag(bag, "README.txt", buf_span(&text), err);
}

static bool write_proof(const struct prover *p, const char *out_dir, char **path, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(fs_temp_discard) struct fs_temp t = {.fd = -1};
    uint8_t digest[SHA256_SIZE], file[SHA256_SIZE];
    int64_t mtime;
    const char *dir = out_dir ? out_dir : path_dir(&a, p->bundle);
    const char *root = arena_printf(&a, "%s-%s" PROVE_SUFFIX, p->history.batch, p->item);
    const char *name = arena_printf(&a, "%s.tar.gz", root);
    if (!p->history.closed || !time_parse(p->history.closed, &mtime)) {
        return err_set(err, ERR_FINDINGS, "%s: its journal has no close record", p->bundle);
    }
    CLEANUP(closep) int dirfd = fs_make_dirs(dir, err) ? fs_open_dir(dir, err) : -1;
    if (dirfd < 0 || !fs_temp_open(&t, dirfd, 0644, err)) {
        return false;
    }
    struct bag *bag = bag_create(t.fd, root, mtime, err);
    bool ok = bag && fill(p, bag, err) && bag_finish(&bag, digest, err);
    bag_abandon(&bag);
    ok = ok && fs_sync(t.fd, name, err) && archive_check(t.fd, digest, file, err) &&
         fs_temp_commit(&t, name, err);
    *path = ok ? xstrdup(path_join(&a, dir, name)) : NULL;
    return ok;
}

bool prove_item(const char *bundle, const char *item, const char *out_dir, char **path,
                struct err *err)
{
    struct prover p = {.bundle = bundle, .item = item, .history = HISTORY_INIT};
    *path = NULL;
    bool ok = name_is_safe(item) ? read_bundle(&p, err) && write_proof(&p, out_dir, path, err)
                                 : err_set(err, ERR_USAGE, "%.64s is no id of an item", item);
    for (size_t i = 0; i < p.nkept; i++) {
        buf_release(&p.kept[i].data);
    }
    free(p.records.v);
    free(p.items);
    free(p.leaves);
    population_release(&p.population);
    history_release(&p.history);
    arena_release(&p.arena);
    return ok;
}
