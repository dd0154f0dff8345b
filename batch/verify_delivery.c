/* SPDX-License-Identifier: Apache-2.0
 *
 * Verifying a delivery bundle: in each folder the certificate hangs on its chain, fullchain.pem is
 * the two together, no key is in the clear; with the passwords, every key and key store opens and
 * holds the key of exactly this certificate.
 */
#include "batch/verify.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/keystore.h"

#include <stdlib.h>
#include <string.h>

struct delivery {
    struct verify *v;
    struct strlist seen; /* ids */
    struct arena ids;
};

/* --- one item, on a worker --- */

struct contents {
    struct verify_item *item;
    struct arena *a;
    const struct cert *leaf;
    const struct cert *chain;
    size_t nchain;
    const char *name;
    struct span data;
    const struct secret *password;
};

static void check_key(struct contents *c)
{
    CLEANUP(key_release) struct key key = KEY_INIT;
    struct err err = ERR_INIT;
    if (!key_read(c->data, c->password, &key, &err)) {
        verify_item_problem(c->item, RULE_KEYSTORE, SEV_ERROR,
                            "%s does not open with its password: %s", c->name, err.msg);
        return;
    }
    c->item->opened++;
    if (!key_matches_spki(&key, c->leaf->key.sha256)) {
        verify_item_problem(
            c->item, RULE_PAIRING, SEV_ERROR,
            "%s is not the key of certificate.pem: it belongs to another certificate", c->name);
    }
}

static bool in_chain(const struct contents *c, struct span der)
{
    for (size_t i = 0; i < c->nchain; i++) {
        if (span_eq(c->chain[i].der, der)) {
            return true;
        }
    }
    return false;
}

static void check_entry(struct contents *c, const struct keystore_item *e)
{
    if (!e->has_key || e->ncerts == 0) {
        verify_item_problem(c->item, RULE_KEYSTORE, SEV_ERROR,
                            "%s: an entry without key or certificate", c->name);
        return;
    }
    if (!span_eq(e->certs[0], c->leaf->der)) {
        verify_item_problem(c->item, RULE_PAIRING, SEV_ERROR,
                            "%s holds another certificate than "
                            "certificate.pem",
                            c->name);
    }
    if (e->key_problem) { /* its own password, which somebody chose and keeps */
        verify_item_problem(c->item, RULE_KEYSTORE, SEV_WARNING, "%s: the key was not opened: %s",
                            c->name, e->key_problem);
    } else if (!key_matches_spki(&e->key, c->leaf->key.sha256)) {
        verify_item_problem(c->item, RULE_PAIRING, SEV_ERROR,
                            "%s: its key is not the key of "
                            "certificate.pem",
                            c->name);
    }
    for (size_t i = 1; i < e->ncerts; i++) {
        if (!in_chain(c, e->certs[i])) {
            verify_item_problem(c->item, RULE_CHAIN, SEV_ERROR,
                                "%s: certificate %zu of its chain is not in chain.pem", c->name,
                                i + 1);
        }
    }
}

static void check_store(struct contents *c)
{
    CLEANUP(keystore_release) struct keystore store = KEYSTORE_INIT;
    struct err err = ERR_INIT;
    if (!keystore_read(c->data, c->password, NULL, &store, &err)) {
        verify_item_problem(c->item, RULE_KEYSTORE, SEV_ERROR,
                            "%s does not open with its password: %s", c->name, err.msg);
        return;
    }
    c->item->opened++;
    if (!store.verified) {
        verify_item_problem(c->item, RULE_KEYSTORE, SEV_ERROR,
                            "%s is not protected by its password", c->name);
    }
    if (store.n == 0) {
        verify_item_problem(c->item, RULE_KEYSTORE, SEV_ERROR, "%s is empty", c->name);
    }
    for (size_t i = 0; i < store.n; i++) {
        check_entry(c, &store.v[i]);
    }
}

static bool is_store(const char *name)
{
    return str_ends(name, ".p12") || str_ends(name, ".pfx") || str_ends(name, ".jks");
}

static bool is_key(const struct verify_file *f)
{
    static const char mark[] = "PRIVATE KEY-----";
    return str_ends(f->name, ".pem") &&
           memmem(buf_text(&f->data), f->data.n, mark, sizeof mark - 1);
}

static void check_locked(struct contents *c, const struct verify_file *f)
{
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    struct verify_item *item = c->item;
    bool store = is_store(f->name);
    if (!item->owner->passwords || (!store && !is_key(f))) {
        return;
    }
    const char *text = verify_password(item->owner->passwords, item->id, f->name);
    if (!text) {
        verify_item_problem(item, RULE_KEYSTORE, SEV_WARNING,
                            "%s was not opened: the passwords file does not list it", f->name);
        return;
    }
    secret_set(&password, text, strlen(text));
    c->name = f->name;
    c->data = buf_span(&f->data);
    c->password = &password;
    (store ? check_store : check_key)(c);
}

/* fullchain.pem is certificate.pem and chain.pem, one after the other. */
static void check_fullchain(struct verify_item *item)
{
    CLEANUP(buf_release) struct buf want = BUF_INIT(2 * LIMIT_INPUT_BYTES);
    const struct buf *full = verify_item_get(item, "fullchain.pem");
    const struct buf *leaf = verify_item_get(item, "certificate.pem");
    const struct buf *chain = verify_item_get(item, "chain.pem");
    if (!full) {
        verify_item_problem(item, RULE_CHAIN, SEV_ERROR, "fullchain.pem is missing");
        return;
    }
    buf_add(&want, leaf->p, leaf->n);
    buf_add(&want, chain ? chain->p : NULL, chain ? chain->n : 0);
    if (!span_eq(buf_span(full), buf_span(&want))) {
        verify_item_problem(item, RULE_CHAIN, SEV_ERROR,
                            "fullchain.pem is not certificate.pem followed by chain.pem");
    }
}

static void check_item(void *job, unsigned worker)
{
    struct verify_item *item = job;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct cert leaf;
    struct cert *chain = NULL;
    size_t nchain;
    (void)worker;
    if (!verify_item_get(item, "certificate.pem")) {
        verify_item_problem(item, RULE_COMPLETE, SEV_ERROR, "certificate.pem is missing");
        return;
    }
    if (!verify_leaf(item, &a, &leaf)) {
        return;
    }
    verify_chain(item, &a, &leaf, &chain, &nchain);
    check_fullchain(item);
    verify_servers(item, &leaf, chain, nchain);
    struct contents c = {.item = item, .a = &a, .leaf = &leaf, .chain = chain, .nchain = nchain};
    for (size_t i = 0; i < item->n; i++) {
        check_locked(&c, &item->v[i]);
    }
}

/* --- the stream --- */

static void note_id(struct delivery *d, const char *id)
{
    VEC_PUSH(&d->seen, arena_strdup(&d->ids, id));
}

static bool take(void *ctx, const char *name, struct span data, struct err *err)
{
    struct delivery *d = ctx;
    char id[LIMIT_ARCHIVE_NAME + 1];
    const char *folder = strchr(name, '/');
    const char *file = folder ? strchr(folder + 1, '/') : NULL;
    (void)err;
    if (folder && str_eq(folder + 1, "README.txt")) {
        verify_no_secret(d->v, NULL, folder + 1, data, true);
        return true;
    }
    if (!file) {
        verify_problem(d->v->findings, d->v->file, RULE_BAG, SEV_ERROR, NULL,
                       "%s does not belong into a delivery bundle", name);
        return true;
    }
    size_t n = (size_t)(file - folder - 1);
    memcpy(id, folder + 1, n);
    id[n] = '\0';
    if (!d->v->current || !str_eq(d->v->current->id, id)) {
        verify_item_end(d->v);
        verify_item_begin(d->v, id, NULL);
        note_id(d, id);
    }
    verify_no_secret(d->v, id, file + 1, data, true);
    verify_passwords_seen(d->v->passwords, id, file + 1);
    verify_item_file(d->v, file + 1, data);
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void check_ids(struct delivery *d)
{
    if (d->seen.n > 1) {
        qsort(d->seen.v, d->seen.n, sizeof *d->seen.v, by_text);
    }
    for (size_t i = 1; i < d->seen.n; i++) {
        if (str_eq(d->seen.v[i - 1], d->seen.v[i])) {
            verify_problem(d->v->findings, d->v->file, RULE_BAG, SEV_ERROR, d->seen.v[i],
                           "the files of this item are scattered over the archive");
        }
    }
}

bool verify_delivery(struct verify *v, struct buf *summary, struct err *err)
{
    struct delivery d = {.v = v};
    v->check = check_item;
    bool ok = archive_read_file(v->file, take, &d, err);
    verify_drain(v);
    if (!ok && err->code == ERR_FINDINGS) {
        verify_problem(v->findings, v->file, RULE_BAG, SEV_ERROR, NULL, "%s", err->msg);
        err_clear(err);
    } else if (ok) {
        check_ids(&d);
        verify_passwords_unseen(v->passwords, v);
    }
    strlist_release(&d.seen);
    arena_release(&d.ids);
    buf_printf(summary, "  certificates  %zu of %zu items, checked against their chains\n",
               v->certificates, v->items);
    if (v->passwords) {
        buf_printf(summary, "  keys, stores  %zu opened and compared with their certificates\n",
                   v->opened);
    } else {
        buf_puts(summary, "  keys, stores  not opened: their passwords were not given\n");
    }
    return err->code == ERR_NONE;
}
