/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing JKS version 2 (sun.security.provider.JavaKeyStore.engineStore). All integers are big
 * endian. It never writes what Java loads and then stumbles over: aliases that are not lower
 * case, two equal ones, a key without its chain, a key that is not the leaf's.
 */
#include "formats/keystore_int.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/der.h"

#include <stdlib.h>
#include <string.h>

enum { JKS_VERSION = 2, TAG_KEY = 1, TAG_CERT = 2 };

static void put_be(struct buf *out, uint64_t v, unsigned octets)
{
    while (octets--) {
        buf_putc(out, (char)(v >> (8 * octets)));
    }
}

/* java.io.DataOutput.writeUTF; the text is ASCII (keystore_entry_check), where modified UTF-8 is
 * the same as UTF-8. */
static void put_utf(struct buf *out, const char *text)
{
    put_be(out, strlen(text), 2);
    buf_puts(out, text);
}

static void put_certificate(struct buf *out, struct span der)
{
    put_utf(out, "X.509");
    put_be(out, der.n, 4);
    buf_add(out, der.p, der.n);
}

/* EncryptedPrivateKeyInfo; keytool writes the NULL of the algorithm, so do we. */
static bool put_key(struct buf *out, const struct keystore_entry *e, const struct secret *password)
{
    CLEANUP(buf_release) struct buf sealed = BUF_INIT(LIMIT_JKS_BLOB);
    CLEANUP(buf_release) struct buf info = BUF_INIT(LIMIT_JKS_BLOB);
    CLEANUP(secret_release) struct secret utf16 = SECRET_INIT;
    if (!password_utf16(password, false, &utf16) ||
        !jks_protect(&utf16, buf_span(&e->key->pkcs8), &sealed)) {
        return false;
    }
    size_t seq = der_open(&info, DER_SEQUENCE);
    size_t algorithm = der_open(&info, DER_SEQUENCE);
    der_put_oid(&info, JKS_PROTECTOR_OID);
    der_put(&info, DER_NULL, (struct span){NULL, 0});
    der_close(&info, algorithm);
    der_put(&info, DER_OCTET_STRING, buf_span(&sealed));
    der_close(&info, seq);
    put_be(out, info.n, 4);
    buf_add(out, info.p, info.n);
    return !buf_failed(&info);
}

static bool put_entry(struct buf *out, const struct keystore_entry *e, const char *alias,
                      const struct secret *store_password)
{
    put_be(out, e->key ? TAG_KEY : TAG_CERT, 4);
    put_utf(out, alias);
    put_be(out, (uint64_t)e->created * 1000, 8); /* milliseconds */
    if (!e->key) {
        put_certificate(out, e->leaf);
        return true;
    }
    if (!put_key(out, e, e->key_password ? e->key_password : store_password)) {
        return false;
    }
    put_be(out, 1 + e->nchain, 4);
    put_certificate(out, e->leaf);
    for (size_t i = 0; i < e->nchain; i++) {
        put_certificate(out, e->chain[i]);
    }
    return true;
}

struct sorted {
    const char *alias;
    const struct keystore_entry *entry;
};

static int by_alias(const void *a, const void *b)
{
    return strcmp(((const struct sorted *)a)->alias, ((const struct sorted *)b)->alias);
}

static bool sort_entries(const struct keystore_entry *entries, size_t n, struct arena *a,
                         struct sorted *out, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!keystore_entry_check(&entries[i], err)) {
            return false;
        }
        out[i] = (struct sorted){str_lower(a, entries[i].alias), &entries[i]};
    }
    if (n > 1) {
        qsort(out, n, sizeof *out, by_alias);
    }
    for (size_t i = 1; i < n; i++) {
        if (str_eq(out[i - 1].alias, out[i].alias)) {
            err_set(err, ERR_INPUT, "two entries of the key store have the alias \"%s\"",
                    out[i].alias);
            err_hint(err, "aliases of JKS do not tell upper from lower case: rename one");
            return false;
        }
    }
    return true;
}

bool jks_write(const struct keystore_entry *entries, size_t n, const struct secret *password,
               struct buf *out, struct err *err)
{
    uint8_t digest[SHA1_SIZE];
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(secret_release) struct secret utf16 = SECRET_INIT;
    if (n > LIMIT_JKS_ENTRIES || !password || !password_utf16(password, false, &utf16)) {
        return err_set(err, ERR_INPUT,
                       n > LIMIT_JKS_ENTRIES ? "too many entries for a JKS key store"
                                             : "the password of the key store is not valid UTF-8");
    }
    struct sorted *sorted = arena_array(&a, n + 1, sizeof *sorted);
    if (!sort_entries(entries, n, &a, sorted, err)) {
        return false;
    }
    size_t start = out->n;
    put_be(out, JKS_MAGIC, 4);
    put_be(out, JKS_VERSION, 4);
    put_be(out, n, 4);
    for (size_t i = 0; i < n; i++) {
        if (!put_entry(out, sorted[i].entry, sorted[i].alias, password)) {
            return err_crypto(err, ERR_INTERNAL, "cannot protect the key of \"%s\" for JKS",
                              sorted[i].alias);
        }
    }
    struct span body = {buf_span(out).p + start, out->n - start};
    if (buf_failed(out) || !jks_digest(&utf16, body, digest)) {
        return err_crypto(err, ERR_INTERNAL, "cannot write the JKS key store");
    }
    buf_add(out, digest, sizeof digest);
    return !buf_failed(out) || err_set(err, ERR_INTERNAL, "the JKS key store is too large");
}
