/* SPDX-License-Identifier: Apache-2.0
 *
 * From the bags of a PFX to entries: which certificate belongs to which key, and its chain. A key
 * goes with the certificate that has its public key, preferring the one with its localKeyID:
 * identifiers repeat or miss in real files, public keys do not lie. Certificates left over become
 * entries of their own, so that nothing in the file goes unseen.
 */
#include "formats/pfx_int.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

/* Up to here names and keys are also compared by meaning. */
enum { FEW_BAGS = 40 };

struct assembly {
    struct pfx *pfx;
    struct keystore *out;
    size_t cap;
    bool *used; /* certificate bags that are in an entry */
};

static void decode(struct pfx_bag *bag, struct keystore_item *item)
{
    struct err err = ERR_INIT;
    if (!key_from_pkcs8(buf_span(&bag->key), &item->key, &err)) {
        item->key_problem = "the key is damaged or of an unknown kind";
    }
}

static const struct pfx_bag *search_leaf(const struct pfx *p, const struct pfx_bag *key,
                                         const struct keystore_item *item, bool same_id,
                                         enum keystore_compare how)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct pfx_bag *c = &p->v[i];
        if (!c->is_key && (!same_id || (key->id.n && span_eq(c->id, key->id))) &&
            keystore_key_fits(&item->key, c->cert, how)) {
            return c;
        }
    }
    return NULL;
}

static const struct pfx_bag *find_leaf(const struct pfx *p, const struct pfx_bag *key,
                                       const struct keystore_item *item)
{
    static const struct {
        bool same_id;
        enum keystore_compare how;
    } tries[] = {{true, COMPARE_BYTES},
                 {false, COMPARE_BYTES},
                 {true, COMPARE_MEANING},
                 {false, COMPARE_MEANING}};
    const struct pfx_bag *leaf = NULL;
    size_t n = p->n <= FEW_BAGS ? NITEMS(tries) : 2;
    for (size_t i = 0; i < n && !leaf && item->key.pkey; i++) {
        leaf = search_leaf(p, key, item, tries[i].same_id, tries[i].how);
    }
    return leaf;
}

static const struct pfx_bag *search_issuer(const struct pfx *p, struct span cert,
                                           enum keystore_compare how)
{
    for (size_t i = 0; i < p->n; i++) {
        if (!p->v[i].is_key && keystore_issued_by(cert, p->v[i].cert, how)) {
            return &p->v[i];
        }
    }
    return NULL;
}

static const struct pfx_bag *find_issuer(const struct pfx *p, struct span cert)
{
    if (keystore_issued_by(cert, cert, COMPARE_BYTES)) {
        return NULL; /* self-issued: the chain ends */
    }
    const struct pfx_bag *issuer = search_issuer(p, cert, COMPARE_BYTES);
    return issuer || p->n > FEW_BAGS ? issuer : search_issuer(p, cert, COMPARE_MEANING);
}

static void build_chain(struct assembly *a, const struct pfx_bag *leaf, struct keystore_item *item)
{
    item->certs = arena_array(&a->out->arena, LIMIT_JKS_CHAIN, sizeof *item->certs);
    for (const struct pfx_bag *c = leaf; c && item->ncerts < LIMIT_JKS_CHAIN;
         c = find_issuer(a->pfx, c->cert)) {
        item->certs[item->ncerts++] = c->cert;
        a->used[c - a->pfx->v] = true;
    }
}

static void add_key(struct assembly *a, struct pfx_bag *bag)
{
    struct keystore_item *item = keystore_item_add(a->out, &a->cap);
    item->has_key = true;
    decode(bag, item);
    const struct pfx_bag *leaf = find_leaf(a->pfx, bag, item);
    const char *name = bag->name ? bag->name : leaf ? leaf->name : NULL;
    item->alias = name ? name : "";
    item->note = !leaf  ? "no certificate belongs to the key"
                 : name ? NULL
                        : "the entry has no friendly name";
    build_chain(a, leaf, item);
}

static void add_cert(struct assembly *a, const struct pfx_bag *bag)
{
    struct keystore_item *item = keystore_item_add(a->out, &a->cap);
    item->alias = bag->name ? bag->name : "";
    item->note = bag->trusted ? NULL : "Java does not list the certificate: no trust attribute";
    item->certs = arena_array(&a->out->arena, 1, sizeof *item->certs);
    item->certs[0] = bag->cert;
    item->ncerts = 1;
}

static const char *summarise(struct arena *a, const struct pfx *p)
{
    const char *mac = p->mac ? arena_printf(a, "%s %s", p->pbmac1 ? "PBMAC1" : "MAC", p->mac)
                             : "no MAC: its integrity cannot be checked";
    if (!p->cipher) {
        return arena_printf(a, "PFX, nothing is encrypted, %s", mac);
    }
    return arena_printf(a, "PFX, %s %s, %u iterations, %s", p->pbes2 ? "PBES2" : "PBES1", p->cipher,
                        p->iterations, mac);
}

bool pfx_read(struct span input, const struct secret *password, struct kdf_cache *kdf,
              struct keystore *out, struct err *err)
{
    CLEANUP(pfx_release) struct pfx pfx = PFX_INIT;
    if (!pfx_open(input, password, kdf, &out->arena, &pfx, err)) {
        return false;
    }
    struct assembly a = {
        .pfx = &pfx, .out = out, .used = arena_array(&out->arena, pfx.n + 1, sizeof *a.used)};
    for (size_t i = 0; i < pfx.n; i++) {
        if (pfx.v[i].is_key) {
            add_key(&a, &pfx.v[i]);
        }
    }
    for (size_t i = 0; i < pfx.n; i++) {
        if (!pfx.v[i].is_key && !a.used[i]) {
            add_cert(&a, &pfx.v[i]);
        }
    }
    out->verified = pfx.mac != NULL;
    out->summary = summarise(&out->arena, &pfx);
    return true;
}
