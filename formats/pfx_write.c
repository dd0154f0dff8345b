/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing PKCS#12 (RFC 7292) by hand: libcrypto's PKCS12_create() cannot choose salts, and each
 * of its steps decodes the certificate again. One encrypted safe holds the certificates, leaf
 * first; one shrouded bag holds the key. A file of certificates only carries Oracle's attribute,
 * without which Java lists no entry. The clear key never enters a buffer of this file.
 */
#include "formats/pfx_int.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

/* A MAC salt of 16 octets would be better style, but readers of some macOS versions are said to
 * refuse it; the MAC key does not need more than a fresh salt. */
enum { MAC_SALT = 8, ITERATIONS_MIN = 1000, ITERATIONS_MAX = 300000, OUT_MAX = 1 << 20 };

struct writer {
    const struct keystore_entry *e;
    enum pbe_scheme scheme;
    unsigned iterations;
    const char *mac;
    uint8_t id[SHA1_SIZE]; /* localKeyID: SHA-1 of the leaf, as everybody's writer does */
    struct err *err;
};

static struct span span_of(const void *p, size_t n)
{
    return (struct span){p, n};
}

/* Attribute { OID, SET { value } } */
static void put_attribute(struct buf *out, const char *oid, unsigned tag, struct span value)
{
    size_t seq = der_open(out, DER_SEQUENCE);
    der_put_oid(out, oid);
    size_t set = der_open(out, DER_SET);
    der_put(out, tag, value);
    der_close(out, set);
    der_close(out, seq);
}

static void put_friendly_name(struct buf *out, const char *name)
{
    uint8_t bmp[2 * ALIAS_MAX];
    size_t n = 0;
    for (; *name && n < sizeof bmp; name++) { /* ASCII: keystore_entry_check */
        bmp[n++] = 0;
        bmp[n++] = (uint8_t)*name;
    }
    put_attribute(out, OID_FRIENDLY_NAME, DER_BMP, span_of(bmp, n));
}

/* SET OF Attribute, in the order of DER: the shorter encoding of the two first. */
static void put_set_of_two(struct buf *out, struct span a, struct span b)
{
    bool swap = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n) > 0;
    struct span first = swap ? b : a, second = swap ? a : b;
    size_t set = der_open(out, DER_SET);
    buf_add(out, first.p, first.n);
    buf_add(out, second.p, second.n);
    der_close(out, set);
}

static void put_attributes(struct buf *out, const struct writer *w)
{
    CLEANUP(buf_release) struct buf name = BUF_INIT(4 * ALIAS_MAX);
    CLEANUP(buf_release) struct buf other = BUF_INIT(4 * ALIAS_MAX);
    put_friendly_name(&name, w->e->alias);
    if (w->e->key) {
        put_attribute(&other, OID_LOCAL_KEY_ID, DER_OCTET_STRING, span_of(w->id, sizeof w->id));
    } else {
        CLEANUP(buf_release) struct buf any = BUF_INIT(64);
        der_put_oid(&any, OID_ANY_EKU);
        struct der d = der_over(buf_span(&any));
        struct der_tlv oid = {0};
        (void)der_next(&d, &oid);
        put_attribute(&other, OID_JDK_TRUSTED, DER_OID, oid.value);
    }
    put_set_of_two(out, buf_span(&name), buf_span(&other));
}

static void put_cert_bag(struct buf *out, const struct writer *w, struct span der, bool leaf)
{
    size_t bag = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_CERT_BAG);
    size_t value = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
    size_t cert = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_X509_CERT);
    size_t tagged = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
    der_put(out, DER_OCTET_STRING, der);
    der_close(out, tagged);
    der_close(out, cert);
    der_close(out, value);
    if (leaf) {
        put_attributes(out, w); /* issuers get none: readers would take them for entries */
    }
    der_close(out, bag);
}

/* ContentInfo of type encryptedData with all certificates. */
static bool put_cert_safe(struct buf *out, const struct writer *w)
{
    struct pbe pbe;
    CLEANUP(buf_release) struct buf bags = BUF_INIT(OUT_MAX);
    size_t seq = der_open(&bags, DER_SEQUENCE);
    put_cert_bag(&bags, w, w->e->leaf, true);
    for (size_t i = 0; i < w->e->nchain; i++) {
        put_cert_bag(&bags, w, w->e->chain[i], false);
    }
    der_close(&bags, seq);

    pbe_new(w->scheme, w->iterations, &pbe);
    size_t info = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_ENCRYPTED_DATA);
    size_t tagged = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
    size_t data = der_open(out, DER_SEQUENCE);
    der_put_uint(out, 0);
    size_t content = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_DATA);
    pbe_put(out, &pbe);
    size_t sealed = der_open(out, DER_CONTEXT(0));
    if (!pbe_encrypt(&pbe, w->e->password, w->e->kdf, buf_span(&bags), out, w->err)) {
        return false;
    }
    der_close(out, sealed);
    der_close(out, content);
    der_close(out, data);
    der_close(out, tagged);
    der_close(out, info);
    return !buf_failed(&bags);
}

/* ContentInfo of type data with the shrouded key. */
static bool put_key_safe(struct buf *out, const struct writer *w)
{
    struct pbe pbe;
    pbe_new(w->scheme, w->iterations, &pbe);
    size_t info = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_DATA);
    size_t tagged = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
    size_t octets = der_open(out, DER_OCTET_STRING);
    size_t bags = der_open(out, DER_SEQUENCE);
    size_t bag = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_SHROUDED_BAG);
    size_t value = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
    size_t encrypted = der_open(out, DER_SEQUENCE);
    pbe_put(out, &pbe);
    size_t sealed = der_open(out, DER_OCTET_STRING);
    if (!pbe_encrypt(&pbe, w->e->password, w->e->kdf, buf_span(&w->e->key->pkcs8), out, w->err)) {
        return false;
    }
    der_close(out, sealed);
    der_close(out, encrypted);
    der_close(out, value);
    put_attributes(out, w);
    der_close(out, bag);
    der_close(out, bags);
    der_close(out, octets);
    der_close(out, tagged);
    der_close(out, info);
    return true;
}

static bool put_mac(struct buf *out, const struct writer *w, struct span content)
{
    uint8_t salt[MAC_SALT], value[MAC_MAX];
    size_t n = 0;
    random_bytes(salt, sizeof salt);
    struct pfx_mac mac = {.digest = w->mac,
                          .kdf = {.pkcs12 = true,
                                  .id = 3,
                                  .digest = w->mac,
                                  .iterations = w->iterations,
                                  .salt = {salt, sizeof salt},
                                  .size = pfx_mac_size(w->mac)}};
    if (!pfx_mac_compute(&mac, w->e->password, w->e->kdf, content, value, &n, w->err)) {
        return false;
    }
    size_t data = der_open(out, DER_SEQUENCE);
    size_t info = der_open(out, DER_SEQUENCE);
    size_t algorithm = der_open(out, DER_SEQUENCE);
    der_put_oid(out, pfx_mac_oid(w->mac));
    der_put(out, DER_NULL, span_of(NULL, 0));
    der_close(out, algorithm);
    der_put(out, DER_OCTET_STRING, span_of(value, n));
    der_close(out, info);
    der_put(out, DER_OCTET_STRING, span_of(salt, sizeof salt));
    der_put_uint(out, w->iterations);
    der_close(out, data);
    return true;
}

static bool put_pfx(struct buf *out, const struct writer *w)
{
    CLEANUP(buf_release) struct buf safes = BUF_INIT(OUT_MAX);
    size_t seq = der_open(&safes, DER_SEQUENCE);
    if (!put_cert_safe(&safes, w) || (w->e->key && !put_key_safe(&safes, w))) {
        return false;
    }
    der_close(&safes, seq);
    size_t pfx = der_open(out, DER_SEQUENCE);
    der_put_uint(out, PFX_VERSION);
    size_t info = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID_DATA);
    size_t tagged = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
    der_put(out, DER_OCTET_STRING, buf_span(&safes));
    der_close(out, tagged);
    der_close(out, info);
    if (!put_mac(out, w, buf_span(&safes))) {
        return false;
    }
    der_close(out, pfx);
    return (!buf_failed(&safes) && !buf_failed(out)) ||
           err_set(w->err, ERR_INTERNAL, "the PFX is too large");
}

/* JDK 17 refuses other characters for PBES2, JDK 25 for 3DES. */
static bool password_check(const struct secret *password, struct err *err)
{
    if (!password || password->n == 0) {
        return err_set(err, ERR_INPUT, "a PFX needs a password that is not empty");
    }
    const char *text = secret_bytes(password);
    for (size_t i = 0; i < password->n; i++) {
        if (text[i] < 0x20 || text[i] > 0x7E) {
            err_set(err, ERR_INPUT, "the password of a PFX must be printable ASCII");
            err_hint(err, "Java refuses other characters: choose another password");
            return false;
        }
    }
    return true;
}

bool pfx_write(const struct keystore_entry *e, const struct pfx_profile *profile,
               unsigned iterations, struct buf *out, struct err *err)
{
    struct writer w = {.e = e,
                       .scheme = profile->pbes2 ? PBE_AES256_SHA256 : PBE_3DES_SHA1,
                       .iterations = iterations ? iterations : profile->iterations,
                       .mac = profile->mac,
                       .err = err};
    if (w.iterations < ITERATIONS_MIN || w.iterations > ITERATIONS_MAX) {
        err_set(err, ERR_INPUT, "%u iterations for a PFX are outside %d..%d", w.iterations,
                ITERATIONS_MIN, ITERATIONS_MAX);
        err_hint(err, "the .NET loader refuses more than 300000");
        return false;
    }
    if (!password_check(e->password, err) || !keystore_entry_check(e, err)) {
        return false;
    }
    if (!SHA1(e->leaf.p, e->leaf.n, w.id)) {
        return err_crypto(err, ERR_INTERNAL, "cannot compute the key identifier of the PFX");
    }
    return put_pfx(out, &w);
}
