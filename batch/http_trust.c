/* SPDX-License-Identifier: Apache-2.0
 *
 * See http_trust.h.
 */
#include "batch/http_trust.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/keystore.h"
#include "formats/pem.h"

#include <string.h>

static bool read_file(struct arena *a, const char *dir, const char *path, struct buf *out,
                      struct err *err)
{
    const char *full = path[0] == '/' ? path : arena_printf(a, "%s/%s", dir, path);
    return fs_read(full, out, err);
}

static bool add_certificates(struct arena *a, const char *path, struct span text, struct buf *out,
                             struct err *err)
{
    struct cert *certs;
    size_t n;
    if (!certs_read(a, path, text, &certs, &n, err)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        pem_write(out, "CERTIFICATE", certs[i].der);
    }
    return n > 0 || err_set(err, ERR_INPUT, "%s holds no certificate", path);
}

static bool check_kind(const char *type, const struct keystore *store, const char *path,
                       struct err *err)
{
    static const char *const names[KEYSTORE__MAX] = {
        [KEYSTORE_PFX] = "pkcs12", [KEYSTORE_JKS] = "jks"};
    return !type || str_eq(type, names[store->kind]) ||
           err_set(err, ERR_INPUT, "%s is a %s store, the configuration says %s", path,
                   names[store->kind], type);
}

static bool open_store(const char *path, const char *type, const struct secret_ref *ref,
                       const char *dir, struct keystore *out, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    CLEANUP(buf_wipe) struct buf bytes = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!read_file(&a, dir, path, &bytes, err) ||
        (ref->kind != SECRET_NONE && !secret_load(ref, dir, &password, err)) ||
        !keystore_read(buf_span(&bytes), &password, NULL, out, err)) {
        return false;
    }
    if (!check_kind(type, out, path, err)) {
        keystore_release(out);
        return false;
    }
    return true;
}

/* --- roots --- */
static bool roots_of_store(const struct ca_tls *tls, const char *dir, struct buf *out,
                           struct err *err)
{
    CLEANUP(keystore_release) struct keystore store = KEYSTORE_INIT;
    if (!open_store(tls->truststore.file, tls->truststore.type, &tls->truststore.password, dir,
                    &store, err)) {
        return false;
    }
    size_t n = 0;
    for (size_t i = 0; i < store.n; i++) {
        for (size_t k = 0; !store.v[i].has_key && k < store.v[i].ncerts; k++, n++) {
            pem_write(out, "CERTIFICATE", store.v[i].certs[k]);
        }
    }
    return n > 0 ||
           err_set(err, ERR_INPUT, "%s holds no trusted certificate", tls->truststore.file);
}

static bool read_roots(const struct ca_tls *tls, const char *dir, struct http_trust *t,
                       struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    t->own_roots = tls->ca_file || tls->truststore.file;
    if (tls->ca_file && (!read_file(&a, dir, tls->ca_file, &text, err) ||
                         !add_certificates(&a, tls->ca_file, buf_span(&text), &t->roots, err))) {
        return err_wrap(err, "tls.ca_file");
    }
    return !tls->truststore.file || roots_of_store(tls, dir, &t->roots, err) ||
           err_wrap(err, "tls.truststore");
}

/* --- identity --- */
static bool take_identity(struct http_trust *t, const struct key *key, struct span leaf,
                          struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct cert cert;
    if (!cert_parse(&a, leaf, &cert, err)) {
        return false;
    }
    if (!key_matches_spki(key, cert.key.sha256)) {
        return err_set(err, ERR_INPUT, "the private key does not belong to the client certificate");
    }
    key_pem(key, &t->key);
    t->has_identity = true;
    return true;
}

static const struct keystore_item *pick(const struct keystore *store, const char *alias,
                                        const char *path, struct err *err)
{
    const struct keystore_item *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < store->n; i++) {
        const struct keystore_item *item = &store->v[i];
        if (item->has_key && (!alias || str_ieq(alias, item->alias))) {
            found = item;
            n++;
        }
    }
    if (n != 1) {
        err_set(err, ERR_INPUT, "%s has %zu entries with a key%s%s", path, n,
                alias ? " and the alias " : "", alias ? alias : "");
        err_hint(err, "name the entry with 'alias'");
        return NULL;
    }
    if (found->key_problem || !found->ncerts) {
        err_set(err, ERR_INPUT, "%s: %s", path,
                found->key_problem ? found->key_problem : "no certificate belongs to the key");
        return NULL;
    }
    return found;
}

static bool identity_of_store(const struct ca_tls *tls, const char *dir, struct http_trust *t,
                              struct err *err)
{
    CLEANUP(keystore_release) struct keystore store = KEYSTORE_INIT;
    const char *path = tls->client_keystore.file;
    if (!open_store(path, tls->client_keystore.type, &tls->client_keystore.password, dir, &store,
                    err)) {
        return false;
    }
    const struct keystore_item *item = pick(&store, tls->client_keystore.alias, path, err);
    if (!item) {
        return false;
    }
    for (size_t i = 0; i < item->ncerts; i++) {
        pem_write(&t->certificate, "CERTIFICATE", item->certs[i]);
    }
    return take_identity(t, &item->key, item->certs[0], err);
}

static bool identity_of_pem(const struct ca_tls *tls, const char *dir, struct http_trust *t,
                            struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(secret_release) struct secret pem = SECRET_INIT;
    CLEANUP(key_release) struct key key = KEY_INIT;
    struct cert *certs;
    size_t n;
    if (!read_file(&a, dir, tls->client_certificate, &text, err) ||
        !add_certificates(&a, tls->client_certificate, buf_span(&text), &t->certificate, err) ||
        !certs_read(&a, tls->client_certificate, buf_span(&text), &certs, &n, err)) {
        return false;
    }
    if (!secret_load(&tls->client_key, dir, &pem, err) ||
        !key_read((struct span){(const uint8_t *)secret_bytes(&pem), pem.n}, NULL, &key, err)) {
        return err_wrap(err, "tls.client_key");
    }
    return take_identity(t, &key, certs[0].der, err);
}

/* Half an identity, or two, would leave open who we are: none of it is passed over. */
static bool check_identity(const struct ca_tls *tls, struct err *err)
{
    const bool key = tls->client_key.kind != SECRET_NONE;
    if (tls->client_keystore.file && (tls->client_certificate || key)) {
        return err_set(err, ERR_INPUT, "tls.client_keystore and %s exclude each other",
                       tls->client_certificate ? "tls.client_certificate" : "tls.client_key");
    }
    if (key && !tls->client_certificate) {
        return err_set(err, ERR_INPUT,
                       "tls.client_certificate is missing, tls.client_key is there");
    }
    return key || !tls->client_certificate ||
           err_set(err, ERR_INPUT, "tls.client_key is missing, tls.client_certificate is there");
}

bool http_trust_read(const struct ca_tls *tls, const char *dir, struct http_trust *out,
                     struct err *err)
{
    if (!check_identity(tls, err)) {
        return false;
    }
    if (!read_roots(tls, dir, out, err)) {
        return false;
    }
    if (tls->client_keystore.file) {
        return identity_of_store(tls, dir, out, err) || err_wrap(err, "tls.client_keystore");
    }
    return !tls->client_certificate || identity_of_pem(tls, dir, out, err) ||
           err_wrap(err, "tls.client_certificate");
}

void http_trust_release(struct http_trust *t)
{
    buf_release(&t->roots);
    buf_release(&t->certificate);
    buf_wipe(&t->key);
    *t = (struct http_trust)HTTP_TRUST_INIT;
}
