/* SPDX-License-Identifier: Apache-2.0
 *
 * What PFX and JKS have in common: telling them apart, reading either into one shape, the rules
 * an entry must meet before it is written, and the check of a store just written. It holds key
 * bytes only in struct key and the wiped buffers of the readers.
 */
#include "formats/pfx_int.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static uint32_t magic_of(struct span in)
{
    return in.n < JKS_MAGIC_SIZE ? 0
                                 : (uint32_t)in.p[0] << 24 | (uint32_t)in.p[1] << 16 |
                                       (uint32_t)in.p[2] << 8 | in.p[3];
}

/* A SEQUENCE that starts with the version 3; nothing else we read does. */
static bool is_pfx(struct span in)
{
    struct der d = der_over(in);
    struct der_tlv seq, version, content;
    if (!der_take(&d, DER_SEQUENCE, &seq)) {
        return false;
    }
    struct der p = der_into(&d, &seq);
    return der_take(&p, DER_INTEGER, &version) && version.value.n == 1 &&
           version.value.p[0] == PFX_VERSION && der_take(&p, DER_SEQUENCE, &content);
}

bool keystore_detect(struct span input, enum keystore_kind *kind)
{
    bool jks = magic_of(input) == JKS_MAGIC;
    if (!jks && !is_pfx(input)) {
        return false;
    }
    *kind = jks ? KEYSTORE_JKS : KEYSTORE_PFX;
    return true;
}

static bool unknown(struct span in, struct err *err)
{
    uint32_t magic = magic_of(in);
    if (magic == JCEKS_MAGIC) {
        err_set(err, ERR_INPUT, "the file is a JCEKS key store, which is not supported");
        err_hint(err, "convert it: keytool -importkeystore -srcstoretype JCEKS -deststoretype "
                      "PKCS12");
    } else if (magic == 1 || magic == 2) {
        /* BKS and UBER start with their version, 1 or 2, and a salt of 20 octets */
        err_set(err, ERR_INPUT,
                "the file looks like a BKS or UBER key store of Bouncy Castle, which is not "
                "supported");
        err_hint(err, "convert it with keytool and the Bouncy Castle provider to PKCS12");
    } else {
        err_set(err, ERR_INPUT, "the file is neither a PFX (PKCS#12) nor a JKS key store");
    }
    return false;
}

struct keystore_item *keystore_item_add(struct keystore *k, size_t *cap)
{
    vec_reserve((void **)&k->v, cap, k->n + 1, sizeof *k->v);
    struct keystore_item *item = &k->v[k->n++];
    *item = (struct keystore_item){.alias = "", .key = KEY_INIT};
    return item;
}

void keystore_release(struct keystore *k)
{
    for (size_t i = 0; i < k->n; i++) {
        key_release(&k->v[i].key);
    }
    free(k->v);
    arena_release(&k->arena);
    *k = (struct keystore)KEYSTORE_INIT;
}

/* Java notices neither when it loads a JKS. */
static const char *note_on_pairing(const struct keystore_item *item)
{
    if (item->ncerts == 0) {
        return "no certificate belongs to the key";
    }
    return !item->key.pkey || keystore_key_fits(&item->key, item->certs[0], COMPARE_MEANING)
               ? NULL
               : "the private key does not belong to the certificate";
}

/* A reader leaves PKCS#8 bytes; this makes keys of them. */
static void decode_keys(struct keystore *k)
{
    for (size_t i = 0; i < k->n; i++) {
        struct keystore_item *item = &k->v[i];
        struct key key = KEY_INIT;
        struct err err = ERR_INIT;
        if (!item->key.pkey && item->key.pkcs8.n) {
            if (!key_from_pkcs8(buf_span(&item->key.pkcs8), &key, &err)) {
                item->key_problem = "the key is damaged or of an unknown kind";
            }
            key_release(&item->key);
            item->key = key;
        }
        if (item->has_key && !item->note) {
            item->note = note_on_pairing(item);
        }
    }
}

bool keystore_read(struct span input, const struct secret *password,
                   const struct secret *key_password, struct keystore *out, struct err *err)
{
    struct keystore k = KEYSTORE_INIT;
    if (input.n > LIMIT_INPUT_BYTES) {
        return err_set(err, ERR_INPUT, "the key store is too large");
    }
    if (!keystore_detect(input, &k.kind)) {
        return unknown(input, err);
    }
    bool ok = k.kind == KEYSTORE_JKS ? jks_read(input, password, key_password, &k, err)
                                     : pfx_read(input, password, NULL, &k, err);
    if (!ok) {
        keystore_release(&k);
        return false;
    }
    decode_keys(&k);
    *out = k;
    return true;
}

/* --- what may be written --- */

struct names {
    struct span issuer, subject, spki;
};

/* Three fields of tbsCertificate (RFC 5280 section 4.1): all that writing needs to know. */
static bool cert_names(struct span der, struct names *out)
{
    struct der d = der_over(der);
    struct der_tlv cert, tbs, t, issuer, subject, spki;
    if (!der_take(&d, DER_SEQUENCE, &cert) || !der_at_end(&d)) {
        return false;
    }
    struct der c = der_into(&d, &cert);
    if (!der_take(&c, DER_SEQUENCE, &tbs)) {
        return false;
    }
    struct der p = der_into(&c, &tbs);
    (void)der_take(&p, DER_CONTEXT_CONSTRUCTED(0), &t); /* version, absent in v1 */
    if (!der_take(&p, DER_INTEGER, &t) || !der_take(&p, DER_SEQUENCE, &t) ||
        !der_take(&p, DER_SEQUENCE, &issuer) || !der_take(&p, DER_SEQUENCE, &t) ||
        !der_take(&p, DER_SEQUENCE, &subject) || !der_take(&p, DER_SEQUENCE, &spki)) {
        return false;
    }
    *out = (struct names){issuer.whole, subject.whole, spki.whole};
    return true;
}

/* Same name in other string types counts as the same (RFC 5280 section 7.1). */
static bool same_name(struct span a, struct span b)
{
    const unsigned char *p = a.p, *q = b.p;
    X509_NAME *x = d2i_X509_NAME(NULL, &p, (long)a.n);
    X509_NAME *y = d2i_X509_NAME(NULL, &q, (long)b.n);
    bool same = x && y && X509_NAME_cmp(x, y) == 0;
    X509_NAME_free(x);
    X509_NAME_free(y);
    ERR_clear_error();
    return same;
}

bool keystore_issued_by(struct span cert, struct span issuer, enum keystore_compare how)
{
    struct names c, i;
    return cert_names(cert, &c) && cert_names(issuer, &i) &&
           (span_eq(c.issuer, i.subject) ||
            (how == COMPARE_MEANING && same_name(c.issuer, i.subject)));
}

bool keystore_key_fits(const struct key *key, struct span cert, enum keystore_compare how)
{
    struct names names;
    if (!cert_names(cert, &names)) {
        return false;
    }
    if (span_eq(names.spki, buf_span(&key->spki))) {
        return true;
    }
    if (how == COMPARE_BYTES) {
        return false;
    }
    /* the same key may be encoded otherwise: compressed point, absent NULL */
    const unsigned char *p = names.spki.p;
    EVP_PKEY *theirs = d2i_PUBKEY(NULL, &p, (long)names.spki.n);
    bool fits = theirs && key->pkey && EVP_PKEY_eq(theirs, key->pkey) == 1;
    EVP_PKEY_free(theirs);
    ERR_clear_error();
    return fits;
}

static bool alias_check(const char *alias, struct err *err)
{
    size_t n = alias ? strlen(alias) : 0;
    bool plain = n > 0 && n <= ALIAS_MAX;
    for (size_t i = 0; plain && i < n; i++) {
        plain = alias[i] >= 0x20 && alias[i] <= 0x7E;
    }
    if (!plain) {
        err_set(err, ERR_INPUT, "the alias of a key store must be 1..%u printable ASCII characters",
                ALIAS_MAX);
        err_hint(err, "set friendly_name or alias of the output");
    }
    return plain;
}

static bool chain_check(const struct keystore_entry *e, struct err *err)
{
    struct span cert = e->leaf;
    if (e->nchain + 1 > LIMIT_JKS_CHAIN) {
        return err_set(err, ERR_INPUT, "the chain of \"%s\" is longer than %u certificates",
                       e->alias, LIMIT_JKS_CHAIN);
    }
    for (size_t i = 0; i < e->nchain; cert = e->chain[i++]) {
        if (!keystore_issued_by(cert, e->chain[i], COMPARE_MEANING)) {
            err_set(err, ERR_INPUT,
                    "certificate %zu of \"%s\" does not name the next one as its "
                    "issuer",
                    i + 1, e->alias);
            err_hint(err, "order the chain: leaf, its issuer, then that one's issuer");
            return false;
        }
    }
    return true;
}

bool keystore_entry_check(const struct keystore_entry *e, struct err *err)
{
    struct names names;
    if (!alias_check(e->alias, err)) {
        return false;
    }
    if (!cert_names(e->leaf, &names)) {
        return err_set(err, ERR_INPUT, "the certificate of \"%s\" is malformed", e->alias);
    }
    if (!e->key && e->nchain) {
        return err_set(err, ERR_INPUT, "the trusted certificate \"%s\" cannot have a chain",
                       e->alias);
    }
    if (e->key && !keystore_key_fits(e->key, e->leaf, COMPARE_MEANING)) {
        return err_set(err, ERR_INPUT,
                       "the private key of \"%s\" does not belong to its "
                       "certificate",
                       e->alias);
    }
    return chain_check(e, err);
}

/* --- the check of a store just written --- */

static bool differs(const struct keystore_entry *e, const char *what, struct err *err)
{
    return err_set(err, ERR_INTERNAL, "the key store of \"%s\" was written and read back, and %s",
                   e->alias, what);
}

static bool same_secret(struct span a, struct span b)
{
    return a.n == b.n && a.n > 0 && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}

/* The leaf and the chain among n certificates, got through `at`. */
static bool check_certs(const struct keystore_entry *e, const struct span *certs, size_t n,
                        struct err *err)
{
    bool same = n == 1 + e->nchain && span_eq(certs[0], e->leaf);
    for (size_t i = 0; same && i < e->nchain; i++) {
        same = span_eq(certs[1 + i], e->chain[i]);
    }
    return same || differs(e, "its certificates differ", err);
}

static bool check_jks(struct span bytes, const struct keystore_entry *e, struct keystore *k,
                      struct err *err)
{
    if (!jks_read(bytes, e->password, e->key_password, k, err)) {
        return false;
    }
    const struct keystore_item *item = NULL;
    for (size_t i = 0; i < k->n && !item; i++) {
        item = str_ieq(k->v[i].alias, e->alias) ? &k->v[i] : NULL;
    }
    if (!item || item->note) {
        return differs(e, "its alias is missing", err);
    }
    if (item->has_key != (e->key != NULL) ||
        (e->key && !same_secret(buf_span(&item->key.pkcs8), buf_span(&e->key->pkcs8)))) {
        return differs(e, "its private key differs", err);
    }
    return check_certs(e, item->certs, item->ncerts, err);
}

static bool check_pfx_key(const struct pfx *p, const struct keystore_entry *e, size_t ncerts,
                          struct err *err)
{
    uint8_t id[SHA1_SIZE];
    const struct pfx_bag *key = p->n ? &p->v[p->n - 1] : NULL; /* the safe written last */
    if (p->n != ncerts + 1 || !key->is_key || !SHA1(e->leaf.p, e->leaf.n, id) ||
        !same_secret(buf_span(&key->key), buf_span(&e->key->pkcs8))) {
        return differs(e, "its private key differs", err);
    }
    struct span want = {id, sizeof id};
    return (str_eq(key->name, e->alias) && span_eq(key->id, want) && span_eq(p->v[0].id, want)) ||
           differs(e, "key and certificate are not paired", err);
}

static bool check_pfx(struct span bytes, const struct keystore_entry *e, struct arena *a,
                      struct pfx *p, struct err *err)
{
    if (!pfx_open(bytes, e->password, e->kdf, a, p, err)) {
        return false;
    }
    if (!p->mac || !p->cipher) {
        return differs(e, "it is not protected", err);
    }
    struct span *certs = arena_array(a, p->n + 1, sizeof *certs);
    size_t n = 0;
    for (; n < p->n && !p->v[n].is_key; n++) {
        certs[n] = p->v[n].cert;
    }
    if (!check_certs(e, certs, n, err)) {
        return false;
    }
    if (!str_eq(p->v[0].name, e->alias) || p->v[0].trusted != !e->key) {
        return differs(e, "its alias differs", err);
    }
    if (!e->key) {
        return p->n == n || differs(e, "it holds a key", err);
    }
    return check_pfx_key(p, e, n, err);
}

bool keystore_check(struct span bytes, const struct keystore_entry *e, struct err *err)
{
    struct keystore k = KEYSTORE_INIT;
    struct pfx p = PFX_INIT;
    enum keystore_kind kind;
    bool ok = keystore_detect(bytes, &kind) ? kind == KEYSTORE_JKS
                                                  ? check_jks(bytes, e, &k, err)
                                                  : check_pfx(bytes, e, &k.arena, &p, err)
                                            : differs(e, "it is no key store", err);
    if (!ok && err->code != ERR_INTERNAL) {
        err_wrap(err, "the key store of \"%s\" was written and cannot be read back", e->alias);
        err->code = ERR_INTERNAL;
    }
    pfx_release(&p);
    keystore_release(&k);
    return ok;
}
