/* SPDX-License-Identifier: Apache-2.0
 *
 * `inspect` for keys and key stores. Nothing private is shown or copied: a private key is told by
 * its kind and by the SHA-256 of its public half, which is what it has to be compared with.
 */
#include "formats/inspect_view.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/keystore.h"

#include <string.h>

static const char password_hint[] = "give its password with --password-file or --password-env";

static void public_half(struct view *v, struct span spki_der)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct der d = der_over(spki_der);
    struct der_tlv seq;
    struct spki spki;
    if (der_take(&d, DER_SEQUENCE, &seq) && x509_parse_spki(&a, &d, &seq, &spki)) {
        view_key(v, &spki);
    }
}

bool inspect_key(struct view *v, const char *name, struct span input, const struct secret *password,
                 struct err *err)
{
    CLEANUP(key_release) struct key key = KEY_INIT;
    if (!key_read(input, password, &key, err)) {
        return err_wrap(err, "%s", name);
    }
    view_object(v, "private-key", "private key (only public facts are shown)");
    public_half(v, buf_span(&key.spki));
    view_end(v);
    return true;
}

bool inspect_encrypted_key(struct view *v, const char *name, struct span input,
                           const struct secret *password, struct err *err)
{
    CLEANUP(key_release) struct key key = KEY_INIT;
    if (password && !key_read(input, password, &key, err)) {
        return err_wrap(err, "%s", name);
    }
    view_object(v, "private-key", "private key, encrypted (only public facts are shown)");
    view_bool(v, "encrypted", true);
    if (password) {
        public_half(v, buf_span(&key.spki));
    } else {
        view_str(v, "note", password_hint);
    }
    view_end(v);
    return true;
}

bool inspect_public_key(struct view *v, const char *name, struct span input,
                        const struct secret *password, struct err *err)
{
    (void)name;
    (void)password;
    (void)err;
    view_object(v, "public-key", "public key");
    public_half(v, input);
    view_end(v);
    return true;
}

static void store_certs(struct view *v, const struct keystore_item *item)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    view_objects(v, "certificates");
    for (size_t i = 0; i < item->ncerts; i++) {
        struct err err = ERR_INIT;
        struct cert c;
        view_object(v, "certificate", i ? "chain certificate" : "certificate");
        if (!cert_parse(&a, item->certs[i], &c, &err)) {
            view_str(v, "problem", err.msg);
        } else {
            view_dn(v, "subject", &c.subject);
            view_dn(v, "issuer", &c.issuer);
            view_str(v, "serial", c.serial_hex);
            view_time(v, "not_after", c.not_after);
            view_names(v, &c.san);
            view_hex(v, "sha256", (struct span){c.sha256, SHA256_SIZE});
            if (i == 0 && item->has_key && !item->key_problem) {
                view_bool(v, "key_matches", key_matches_spki(&item->key, c.key.sha256));
            }
        }
        view_end(v);
    }
    view_objects_end(v);
}

static void store_entry(struct view *v, const struct keystore_item *item)
{
    view_object(v, item->has_key ? "key-entry" : "trusted-certificate",
                item->has_key ? "key entry" : "trusted certificate");
    view_str(v, "alias", item->alias);
    if (item->created > 0) {
        view_time(v, "created", item->created);
    }
    if (item->has_key && !item->key_problem) {
        public_half(v, buf_span(&item->key.spki));
    }
    view_str(v, "key_problem", item->key_problem);
    view_str(v, "note", item->note);
    store_certs(v, item);
    view_end(v);
}

bool inspect_store(struct view *v, const char *name, struct span input,
                   const struct secret *password, struct err *err)
{
    CLEANUP(keystore_release) struct keystore store = KEYSTORE_INIT;
    if (!keystore_read(input, password, NULL, &store, err)) {
        if (!password) {
            err_hint(err, password_hint);
        }
        return err_wrap(err, "%s", name);
    }
    bool jks = store.kind == KEYSTORE_JKS;
    view_object(v, jks ? "jks" : "pfx", jks ? "Java keystore (JKS)" : "PKCS#12 keystore");
    view_str(v, "protection", store.summary);
    view_bool(v, "verified", store.verified);
    view_objects(v, "entries");
    for (size_t i = 0; i < store.n; i++) {
        store_entry(v, &store.v[i]);
    }
    view_objects_end(v);
    view_end(v);
    return true;
}
