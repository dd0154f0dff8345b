/* SPDX-License-Identifier: Apache-2.0
 *
 * Verifying the proof of one item (batch/prove.h): its record is in the tree of records, it was in
 * the tree of what was planned, both roots stand in a bag-info.txt that the tag manifest lists, and
 * the seals are over that tag manifest. Its certificate is the one the record names.
 */
#include "batch/verify.h"

#include "batch/population.h"
#include "batch/prove.h"
#include "batch/seal.h"
#include "formats/bag.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

enum { PROOF, RECORD, CERTIFICATE, BAG_INFO, TAG_MANIFEST, FILE__MAX };
static const char *const names[FILE__MAX] = {
    [PROOF] = "proof.json",
    [RECORD] = "record.json",
    [CERTIFICATE] = "certificate.pem",
    [BAG_INFO] = "bundle/bag-info.txt",
    [TAG_MANIFEST] = "bundle/" BAG_TAG_MANIFEST,
};

struct proof {
    struct verify *v;
    struct buf file[FILE__MAX];
    struct arena arena;
};

PRINTF(2, 3)
static void problem(struct proof *p, const char *fmt, ...)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    verify_problem(p->v->findings, p->v->file, RULE_PROOF, SEV_ERROR, NULL, "%s", buf_text(&text));
}

static bool take(void *ctx, const char *name, struct span data, struct err *err)
{
    struct proof *p = ctx;
    (void)err;
    verify_no_secret(p->v, NULL, name, data, false);
    for (size_t i = 0; i < FILE__MAX; i++) {
        if (str_eq(name, names[i])) {
            buf_add(&p->file[i], data.p, data.n);
        }
    }
    if (str_starts(name, "bundle/")) {
        verify_seal_file(p->v->seal, name + strlen("bundle/"), data);
    }
    return true;
}

/* --- the trees --- */

static bool hash_of(const json_t *j, const char *key, struct merkle_hash *out)
{
    const char *hex = json_get_str(j, key);
    return hex && strlen(hex) == SHA256_HEX - 1 && hex_decode(hex, SHA256_HEX - 1, out->v);
}

/* The leaf is worked out from what it is of, never taken from the proof. */
static void check_tree(struct proof *p, const json_t *tree, const char *label,
                       const struct merkle_hash *leaf)
{
    CLEANUP(buf_release) struct buf said = BUF_INIT(LIMIT_MESSAGE);
    struct merkle_hash path[MERKLE_PATH_MAX], root;
    const json_t *steps = json_get(tree, "path");
    const size_t n = json_array_size(steps);
    const int64_t size = json_get_int(tree, "size", 0);
    const int64_t index = json_get_int(tree, "index", -1);
    bool ok = size > 0 && index >= 0 && n <= MERKLE_PATH_MAX &&
              prove_label(&p->file[BAG_INFO], label, &said) && said.n == SHA256_HEX - 1 &&
              hex_decode(buf_text(&said), said.n, root.v);
    for (size_t i = 0; ok && i < n; i++) {
        ok = hash_of(json_array_get(steps, i), "sha256", &path[i]);
    }
    if (!ok || !merkle_check(leaf, (size_t)index, (size_t)size, path, n, &root)) {
        problem(p, "the item does not lead to the %s of the bundle", label);
    }
}

static void check_trees(struct proof *p, const json_t *t)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    struct merkle_hash leaf;
    const char *id = json_get_str(t, "item");
    const char *digest = json_get_str(t, "digest");
    merkle_leaf(buf_span(&p->file[RECORD]), &leaf);
    check_tree(p, json_get(t, "record"), PROVE_RECORDS_ROOT, &leaf);
    population_text(&(struct population_item){id ? id : "", digest ? digest : ""}, &text);
    merkle_leaf(buf_span(&text), &leaf);
    check_tree(p, json_get(t, "planned"), PROVE_ITEMS_ROOT, &leaf);
}

/* --- what it is about --- */

static void check_bag_info(struct proof *p)
{
    char line[SHA256_HEX + 32], hex[SHA256_HEX];
    sha256_hex(p->file[BAG_INFO].p, p->file[BAG_INFO].n, hex);
    (void)snprintf(line, sizeof line, "%s  bag-info.txt", hex);
    if (!p->file[BAG_INFO].n || !strstr(buf_text(&p->file[TAG_MANIFEST]), line)) {
        problem(p, "the tag manifest of the bundle does not list this bag-info.txt");
    }
}

static void check_certificate(struct proof *p, const json_t *item)
{
    struct cert *certs;
    struct err err = ERR_INIT;
    size_t n = 0;
    char sha[SHA256_HEX];
    const char *want = json_get_str(item, "sha256");
    const bool there = p->file[CERTIFICATE].n > 0;
    if (!there && !want) {
        return;
    }
    if (!there || !certs_read(&p->arena, names[CERTIFICATE], buf_span(&p->file[CERTIFICATE]),
                              &certs, &n, &err)) {
        problem(p, "certificate.pem cannot be read");
        return;
    }
    hex_encode(certs[0].sha256, SHA256_SIZE, sha);
    if (n != 1 || !str_eq(sha, want)) {
        problem(p, "certificate.pem is not the certificate of record.json");
    }
    p->v->certificates++;
}

static void check(struct proof *p, struct buf *summary)
{
    struct err err = ERR_INIT;
    CLEANUP(json_tree_release)
    json_t *t = json_parse(names[PROOF], buf_text(&p->file[PROOF]), p->file[PROOF].n, &err);
    CLEANUP(json_tree_release)
    json_t *record = json_parse(names[RECORD], buf_text(&p->file[RECORD]), p->file[RECORD].n, &err);
    if (!t || !record || json_get_int(t, "certbatch_proof", 0) != 1) {
        problem(p, "proof.json or record.json cannot be read");
        return;
    }
    const json_t *item = json_get(record, "item");
    const char *id = json_get_str(item, "id");
    if (!str_eq(id, json_get_str(t, "item"))) {
        problem(p, "proof.json and record.json are about different items");
    }
    check_trees(p, t);
    check_bag_info(p);
    check_certificate(p, item);
    const char *state = json_get_str(item, "state");
    buf_printf(summary, "  item          %s: %s, one of %lld of batch %s\n",
               id ? str_vis_dup(&p->arena, id, strlen(id)) : "?",
               state ? str_vis_dup(&p->arena, state, strlen(state)) : "?",
               (long long)json_get_int(json_get(t, "record"), "size", 0),
               str_vis_dup(&p->arena, json_get_str(t, "batch") ? json_get_str(t, "batch") : "?",
                           strlen(json_get_str(t, "batch") ? json_get_str(t, "batch") : "?")));
}

bool verify_proof(struct verify *v, struct buf *summary, struct err *err)
{
    struct proof p = {.v = v};
    const struct history unknown = HISTORY_INIT;
    for (size_t i = 0; i < FILE__MAX; i++) {
        p.file[i] = (struct buf)BUF_INIT(LIMIT_ARCHIVE_ENTRY);
    }
    v->seal = verify_seal_new();
    bool ok = bag_check(v->file, take, NULL, &p, v->findings, err);
    if (ok) {
        check(&p, summary);
        verify_seal_over(v, &unknown, summary);
    }
    for (size_t i = 0; i < FILE__MAX; i++) {
        buf_release(&p.file[i]);
    }
    arena_release(&p.arena);
    return ok;
}
