/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading JKS version 1 and 2 (sun.security.provider.JavaKeyStore.engineLoad), stricter than
 * Java: no byte after the digest, no alias twice, no length past the end, every count bounded
 * before it allocates. Nothing is decrypted before the digest of the whole file is right.
 */
#include "formats/keystore_int.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_KEY = 1, TAG_CERT = 2, TAG_SECRET = 3 };

struct reader {
    const uint8_t *base, *p, *end;
    uint32_t version;
    struct keystore *out;
    size_t cap;
    struct err *err;
};

static size_t left(const struct reader *r)
{
    return (size_t)(r->end - r->p);
}

static bool damaged(const struct reader *r, const char *what)
{
    return err_set(r->err, ERR_INPUT, "the JKS key store is damaged at byte %zu: %s",
                   (size_t)(r->p - r->base), what);
}

static bool get_be(struct reader *r, unsigned octets, uint64_t *out)
{
    if (left(r) < octets) {
        return damaged(r, "it ends in the middle of a number");
    }
    *out = 0;
    while (octets--) {
        *out = *out << 8 | *r->p++;
    }
    return true;
}

static bool get_bytes(struct reader *r, unsigned length_octets, size_t max, struct span *out)
{
    uint64_t n = 0;
    if (!get_be(r, length_octets, &n)) {
        return false;
    }
    if (n > left(r)) {
        return damaged(r, "a length points past the end");
    }
    if (n > max) {
        return damaged(r, "a length is above the limit");
    }
    *out = (struct span){r->p, (size_t)n};
    r->p += n;
    return true;
}

/* One UTF-16 unit of modified UTF-8 (java.io.DataInput): NUL is C0 80, no 4-byte forms. */
static size_t get_unit(const uint8_t *p, size_t n, uint32_t *unit)
{
    if (p[0] > 0 && p[0] < 0x80) {
        *unit = p[0];
        return 1;
    }
    if (n >= 2 && (p[0] & 0xE0) == 0xC0 && (p[1] & 0xC0) == 0x80) {
        *unit = (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3Fu);
        return *unit >= 0x80 || *unit == 0 ? 2 : 0;
    }
    if (n >= 3 && (p[0] & 0xF0) == 0xE0 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80) {
        *unit = (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3Fu);
        return *unit >= 0x800 ? 3 : 0;
    }
    return 0;
}

static bool is_high(uint32_t unit)
{
    return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low(uint32_t unit)
{
    return unit >= 0xDC00 && unit < 0xE000;
}

/* To UTF-8; false on malformed input, a lone surrogate, or NUL, which no C string holds. */
static bool utf8_of_modified(struct span in, struct buf *out)
{
    char text[4];
    for (size_t i = 0; i < in.n;) {
        uint32_t c = 0, low = 0;
        size_t n = get_unit(in.p + i, in.n - i, &c);
        i += n;
        if (n && is_high(c)) {
            n = i < in.n ? get_unit(in.p + i, in.n - i, &low) : 0;
            i += n;
            c = is_low(low) ? 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00) : 0;
        }
        if (n == 0 || c == 0 || is_low(c)) {
            return false;
        }
        buf_add(out, text, utf8_encode(c, text));
    }
    return !buf_failed(out);
}

static const char *note_of(const char *alias)
{
    for (const char *p = alias; *p; p++) {
        if (*p != ascii_lower(*p)) {
            return "the alias is not lower case: keytool cannot reach the entry";
        }
    }
    return *alias ? NULL : "the alias is empty";
}

static bool read_alias(struct reader *r, struct keystore_item *item)
{
    struct span raw;
    CLEANUP(buf_release) struct buf text = BUF_INIT(2 * LIMIT_JKS_ALIAS);
    if (!get_bytes(r, 2, LIMIT_JKS_ALIAS, &raw)) {
        return false;
    }
    if (!utf8_of_modified(raw, &text)) {
        return damaged(r, "an alias is not modified UTF-8");
    }
    item->alias = arena_strdup(&r->out->arena, buf_text(&text));
    item->note = note_of(item->alias);
    return true;
}

static bool read_certificate(struct reader *r, struct span *out)
{
    struct span type;
    if (r->version == 2) {
        if (!get_bytes(r, 2, 64, &type)) {
            return false;
        }
        if (!(type.n == 5 && memcmp(type.p, "X.509", 5) == 0) &&
            !(type.n == 4 && memcmp(type.p, "X509", 4) == 0)) {
            return damaged(r, "a certificate is of a type other than X.509");
        }
    }
    struct span der;
    if (!get_bytes(r, 4, LIMIT_JKS_BLOB, &der)) {
        return false;
    }
    if (der.n == 0) {
        return damaged(r, "a certificate is empty");
    }
    *out = (struct span){arena_memdup(&r->out->arena, der.p, der.n), der.n};
    return true;
}

static bool read_chain(struct reader *r, struct keystore_item *item, uint64_t n)
{
    if (n > LIMIT_JKS_CHAIN) {
        return damaged(r, "a certificate chain is longer than the limit");
    }
    item->certs = arena_array(&r->out->arena, (size_t)n + 1, sizeof *item->certs);
    for (; item->ncerts < n; item->ncerts++) {
        if (!read_certificate(r, &item->certs[item->ncerts])) {
            return false;
        }
    }
    return true;
}

static bool read_entry(struct reader *r, struct keystore_item *item, struct span *sealed)
{
    uint64_t tag = 0, millis = 0, n = 1;
    if (!get_be(r, 4, &tag)) {
        return false;
    }
    if (tag != TAG_KEY && tag != TAG_CERT) {
        return damaged(r, tag == TAG_SECRET ? "a secret key, which only JCEKS may hold"
                                            : "an entry of unknown kind");
    }
    if (!read_alias(r, item) || !get_be(r, 8, &millis)) {
        return false;
    }
    item->created = (int64_t)millis / 1000;
    item->has_key = tag == TAG_KEY;
    if (item->has_key && (!get_bytes(r, 4, LIMIT_JKS_BLOB, sealed) || !get_be(r, 4, &n))) {
        return false;
    }
    return read_chain(r, item, n);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Java keeps the last of two equal aliases and says nothing. */
static bool aliases_differ(const struct keystore *k, struct err *err)
{
    const char **sorted = xcalloc(k->n + 1, sizeof *sorted);
    const char *twice = NULL;
    for (size_t i = 0; i < k->n; i++) {
        sorted[i] = k->v[i].alias;
    }
    qsort(sorted, k->n, sizeof *sorted, by_text);
    for (size_t i = 1; i < k->n && !twice; i++) {
        twice = str_eq(sorted[i - 1], sorted[i]) ? sorted[i] : NULL;
    }
    free(sorted);
    if (!twice) {
        return true;
    }
    CLEANUP(buf_release) struct buf shown = BUF_INIT(LIMIT_MESSAGE);
    str_vis(&shown, twice, strlen(twice), LIMIT_VALUE_SHOWN);
    err_set(err, ERR_INPUT, "the JKS key store has the alias \"%s\" twice", buf_text(&shown));
    err_hint(err, "Java would silently use the last one: make the store again");
    return false;
}

/* The OCTET STRING of an EncryptedPrivateKeyInfo under the JDK's protector. */
static const char *unwrap(struct span info, struct span *sealed)
{
    struct der d = der_over(info);
    struct der_tlv seq, algorithm, oid, octets;
    if (!der_take(&d, DER_SEQUENCE, &seq) || !der_at_end(&d)) {
        return "the encrypted key is malformed";
    }
    struct der p = der_into(&d, &seq);
    if (!der_take(&p, DER_SEQUENCE, &algorithm) || !der_take(&p, DER_OCTET_STRING, &octets) ||
        !der_at_end(&p)) {
        return "the encrypted key is malformed";
    }
    struct der a = der_into(&p, &algorithm);
    if (!der_take(&a, DER_OID, &oid)) {
        return "the encrypted key is malformed";
    }
    if (!der_oid_is(oid.value, JKS_PROTECTOR_OID)) {
        return "the key is protected by an algorithm that JKS does not know";
    }
    *sealed = octets.value;
    return octets.value.n < 2 * SHA1_SIZE ? "the encrypted key is too short" : NULL;
}

static void recover(struct keystore_item *item, struct span info, const struct secret *utf16)
{
    struct span sealed;
    item->key_problem = unwrap(info, &sealed);
    if (!item->key_problem && !utf16) {
        item->key_problem = "no password was given";
    }
    if (!item->key_problem && !jks_recover(utf16, sealed, &item->key.pkcs8)) {
        item->key_problem = "wrong key password";
    }
}

static bool read_entries(struct reader *r, uint64_t n, struct span **sealed)
{
    size_t cap = 0;
    for (uint64_t i = 0; i < n; i++) {
        struct keystore_item *item = keystore_item_add(r->out, &r->cap);
        vec_reserve((void **)sealed, &cap, (size_t)i + 1, sizeof **sealed);
        (*sealed)[i] = (struct span){NULL, 0};
        if (!read_entry(r, item, &(*sealed)[i])) {
            return false;
        }
    }
    return true;
}

static bool read_head(struct reader *r, uint64_t *n)
{
    uint64_t version = 0;
    r->p += JKS_MAGIC_SIZE;
    if (!get_be(r, 4, &version)) {
        return false;
    }
    if (version != 1 && version != 2) {
        return damaged(r, "the version is neither 1 nor 2");
    }
    r->version = (uint32_t)version;
    if (!get_be(r, 4, n)) {
        return false;
    }
    return *n <= LIMIT_JKS_ENTRIES || damaged(r, "the number of entries is above the limit");
}

static bool check_digest(struct reader *r, const struct secret *utf16)
{
    uint8_t digest[SHA1_SIZE];
    if (left(r) != SHA1_SIZE) {
        return damaged(r, left(r) < SHA1_SIZE ? "the digest is cut off"
                                              : "there are bytes after the digest");
    }
    if (!utf16) {
        return true;
    }
    if (!jks_digest(utf16, (struct span){r->base, (size_t)(r->p - r->base)}, digest)) {
        return err_crypto(r->err, ERR_INTERNAL, "cannot compute the digest of the key store");
    }
    if (CRYPTO_memcmp(digest, r->p, SHA1_SIZE) != 0) {
        return err_set(r->err, ERR_INPUT,
                       "wrong password, or the JKS key store was changed: its digest differs");
    }
    return true;
}

bool jks_read(struct span input, const struct secret *password, const struct secret *key_password,
              struct keystore *out, struct err *err)
{
    struct reader r = {
        .base = input.p, .p = input.p, .end = input.p + input.n, .out = out, .err = err};
    CLEANUP(secret_release) struct secret store16 = SECRET_INIT;
    CLEANUP(secret_release) struct secret key16 = SECRET_INIT;
    CLEANUP(freep) struct span *sealed = NULL;
    uint64_t n = 0;
    bool have = password && secret_is_set(password);
    key_password = key_password ? key_password : password;
    bool have_key = key_password && secret_is_set(key_password);
    if ((have && !password_utf16(password, false, &store16)) ||
        (have_key && !password_utf16(key_password, false, &key16))) {
        return err_set(err, ERR_INPUT, "the password is not valid UTF-8");
    }
    if (!read_head(&r, &n) || !read_entries(&r, n, &sealed) ||
        !check_digest(&r, have ? &store16 : NULL) || !aliases_differ(out, err)) {
        return false;
    }
    for (size_t i = 0; i < out->n; i++) {
        if (out->v[i].has_key) {
            recover(&out->v[i], sealed[i], have_key ? &key16 : NULL);
        }
    }
    out->verified = have;
    out->summary =
        arena_printf(&out->arena, "JKS version %u, %zu entr%s%s", (unsigned)r.version, out->n,
                     out->n == 1 ? "y" : "ies", have ? "" : ", digest not checked (no password)");
    return true;
}
