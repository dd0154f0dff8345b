/* SPDX-License-Identifier: Apache-2.0
 *
 * The integrity of a PFX: HMAC with a key from the PKCS#12 derivation (RFC 7292 appendix B), or
 * PBMAC1 (RFC 9879), which libcrypto 3.0 cannot check itself. The count is read and bounded
 * before anything is derived.
 */
#include "formats/pfx_int.h"

#include "formats/base/str.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { MAC_KEY_ID = 3, PBMAC1_KEY_MIN = 20 };

static const struct digest {
    const char *oid, *name;
    size_t size;
} digests[] = {
    {"2.16.840.1.101.3.4.2.1", "SHA256", 32},    {"1.3.14.3.2.26", "SHA1", 20},
    {"2.16.840.1.101.3.4.2.4", "SHA224", 28},    {"2.16.840.1.101.3.4.2.2", "SHA384", 48},
    {"2.16.840.1.101.3.4.2.3", "SHA512", 64},    {"2.16.840.1.101.3.4.2.6", "SHA512-256", 32},
    {"2.16.840.1.101.3.4.2.8", "SHA3-256", 32},  {"2.16.840.1.101.3.4.2.9", "SHA3-384", 48},
    {"2.16.840.1.101.3.4.2.10", "SHA3-512", 64}, {"1.3.6.1.4.1.1722.12.2.1.16", "BLAKE2b512", 64},
};

static const struct digest *digest_named(const char *name)
{
    for (size_t i = 0; i < NITEMS(digests); i++) {
        if (str_eq(digests[i].name, name)) {
            return &digests[i];
        }
    }
    return NULL;
}

const char *pfx_mac_oid(const char *digest)
{
    const struct digest *d = digest_named(digest);
    return d ? d->oid : NULL;
}

size_t pfx_mac_size(const char *digest)
{
    const struct digest *d = digest_named(digest);
    return d ? d->size : 0;
}

static bool malformed(struct err *err)
{
    return err_set(err, ERR_INPUT, "the MAC of the PFX is malformed");
}

/* RFC 9879 section 4: PBMAC1-params { keyDerivationFunc, messageAuthScheme }; salt and count of
 * MacData itself are ignored, and the key length must be there. */
static bool parse_pbmac1(const struct der *d, struct pfx_mac *out, struct err *err)
{
    struct der c = *d;
    struct der_tlv params, kdf, hmac, oid;
    if (!der_take(&c, DER_SEQUENCE, &params)) {
        return malformed(err);
    }
    struct der p = der_into(&c, &params);
    if (!der_take(&p, DER_SEQUENCE, &kdf) || !der_take(&p, DER_SEQUENCE, &hmac)) {
        return malformed(err);
    }
    struct der h = der_into(&p, &hmac);
    if (!der_take(&h, DER_OID, &oid)) {
        return malformed(err);
    }
    out->pbmac1 = true;
    out->digest = pbe_hmac_digest(oid.value);
    if (!out->digest) {
        return err_set(err, ERR_INPUT, "the PBMAC1 of the PFX uses an unknown HMAC");
    }
    if (!pbkdf2_parse(&p, &kdf, &out->kdf, err)) {
        return false;
    }
    if (out->kdf.size < PBMAC1_KEY_MIN) {
        return err_set(err, ERR_INPUT,
                       "the PBMAC1 of the PFX has no key length of at least 20 (RFC 9879)");
    }
    return true;
}

static bool parse_classic(struct span oid, const struct der_tlv *salt, const struct der_tlv *count,
                          struct pfx_mac *out, struct err *err)
{
    const struct digest *found = NULL;
    char text[64];
    for (size_t i = 0; i < NITEMS(digests) && !found; i++) {
        found = der_oid_is(oid, digests[i].oid) ? &digests[i] : NULL;
    }
    if (!found) {
        return err_set(err, ERR_INPUT, "the MAC of the PFX uses the unknown digest %s",
                       der_oid_text(oid, text) ? text : "of a malformed OID");
    }
    out->digest = found->name;
    out->kdf = (struct kdf){.pkcs12 = true,
                            .id = MAC_KEY_ID,
                            .digest = found->name,
                            .iterations = 1, /* DEFAULT of RFC 7292 */
                            .salt = salt->value,
                            .size = found->size};
    if (out->value.n != found->size) {
        return malformed(err);
    }
    return !count || pbe_iterations(count, &out->kdf.iterations, err);
}

bool pfx_mac_parse(const struct der *parent, const struct der_tlv *mac_data, struct pfx_mac *out,
                   struct err *err)
{
    struct der d = der_into(parent, mac_data);
    struct der_tlv info, algorithm, oid, value, salt, count;
    *out = (struct pfx_mac){.present = true};
    if (!der_take(&d, DER_SEQUENCE, &info) || !der_take(&d, DER_OCTET_STRING, &salt)) {
        return malformed(err);
    }
    bool has_count = der_take(&d, DER_INTEGER, &count);
    struct der i = der_into(&d, &info);
    if (!der_at_end(&d) || !der_take(&i, DER_SEQUENCE, &algorithm) ||
        !der_take(&i, DER_OCTET_STRING, &value) || !der_at_end(&i)) {
        return malformed(err);
    }
    struct der a = der_into(&i, &algorithm);
    if (!der_take(&a, DER_OID, &oid)) {
        return malformed(err);
    }
    out->value = value.value;
    if (der_oid_is(oid.value, OID_PBMAC1)) {
        return parse_pbmac1(&a, out, err);
    }
    struct der_tlv null;
    if ((der_take(&a, DER_NULL, &null) && null.value.n) || !der_at_end(&a)) {
        return malformed(err); /* a digest has no parameters, or NULL */
    }
    return parse_classic(oid.value, &salt, has_count ? &count : NULL, out, err);
}

bool pfx_mac_compute(const struct pfx_mac *mac, const struct secret *password,
                     struct kdf_cache *cache, struct span content, uint8_t out[MAC_MAX], size_t *n,
                     struct err *err)
{
    uint8_t key[KDF_KEY_MAX];
    unsigned size = 0;
    const EVP_MD *md = EVP_get_digestbyname(mac->digest);
    bool ok = kdf_derive(&mac->kdf, password, cache, key, err);
    if (ok && (!md || !HMAC(md, key, (int)mac->kdf.size, content.p, content.n, out, &size))) {
        ok = err_crypto(err, ERR_INTERNAL, "cannot compute the MAC of the PFX");
    }
    OPENSSL_cleanse(key, sizeof key);
    *n = size;
    return ok;
}
