/* SPDX-License-Identifier: Apache-2.0
 *
 * Password-based encryption as PKCS#8 and PKCS#12 files use it: PBES2 (RFC 8018) and the
 * 3DES schemes of PKCS#12 (RFC 7292 appendix C), and the key derivations behind them and behind
 * the MAC of a PFX. Weak schemes (RC2, RC4, DES) are named and refused.
 *
 * Parameters of a foreign file are read first (pbe_parse, with the iteration cap) and paid for
 * later: no derivation ever runs on an unchecked count. Thread safe.
 */
#ifndef FORMATS_PBE_H
#define FORMATS_PBE_H

#include "formats/base/err.h"
#include "formats/base/secret.h"
#include "formats/der.h"

/* One derivation. pkcs12: RFC 7292 appendix B.2 with purpose id 1 key, 2 IV, 3 MAC; else
 * PBKDF2. */
struct kdf {
    bool pkcs12;
    uint8_t id;
    const char *digest; /* libcrypto's name */
    unsigned iterations;
    struct span salt;
    size_t size;
};

/* Keys just derived, so that a file can be opened again right after it was written without
 * paying for the derivations twice. A hit needs every parameter and the password to be equal, so
 * a cache changes the cost of an answer and never the answer. Wiped on release; one thread. */
enum { KDF_CACHE_SLOTS = 6, KDF_SALT_MAX = 64, KDF_KEY_MAX = 64 };
struct kdf_cache {
    struct secret password;
    size_t n;
    struct kdf_slot {
        struct kdf what;
        uint8_t salt[KDF_SALT_MAX], key[KDF_KEY_MAX];
    } v[KDF_CACHE_SLOTS];
};
#define KDF_CACHE_INIT                                                                             \
    {                                                                                              \
        .n = 0                                                                                     \
    }
void kdf_cache_release(struct kdf_cache *cache);

/* password NULL or not set: no password at all, which PKCS#12 tells from an empty one.
 * cache may be NULL. */
bool kdf_derive(const struct kdf *kdf, const struct secret *password, struct kdf_cache *cache,
                uint8_t *out, struct err *err) MUST_USE;

enum pbe_scheme { PBE_AES256_SHA256, PBE_3DES_SHA1 };

struct pbe {
    bool pbes2;
    const char *cipher, *digest; /* libcrypto's names */
    size_t key_size, iv_size;
    unsigned iterations;
    size_t salt_size;
    uint8_t salt[KDF_SALT_MAX], iv[16];
};

/* A scheme to write with, fresh salt (PBES2 16 octets, PKCS#12 8) and IV. */
void pbe_new(enum pbe_scheme scheme, unsigned iterations, struct pbe *out);
void pbe_put(struct buf *out, const struct pbe *pbe); /* AlgorithmIdentifier */
/* From an AlgorithmIdentifier; refuses unknown and weak schemes by name, and counts above
 * LIMIT_PFX_ITERATIONS. */
bool pbe_parse(const struct der *parent, const struct der_tlv *algorithm, struct pbe *out,
               struct err *err) MUST_USE;
/* The PBKDF2 AlgorithmIdentifier inside PBES2 and PBMAC1; salt is a view. *size 0 when absent. */
bool pbkdf2_parse(const struct der *parent, const struct der_tlv *algorithm, struct kdf *out,
                  struct err *err) MUST_USE;
/* Both append to out, which the caller wipes when it holds a key. */
bool pbe_encrypt(const struct pbe *pbe, const struct secret *password, struct kdf_cache *cache,
                 struct span in, struct buf *out, struct err *err) MUST_USE;
bool pbe_decrypt(const struct pbe *pbe, const struct secret *password, struct kdf_cache *cache,
                 struct span in, struct buf *out, struct err *err) MUST_USE;

/* Reads an iteration count; refuses 0 and counts above the cap. */
bool pbe_iterations(const struct der_tlv *integer, unsigned *out, struct err *err) MUST_USE;
const char *pbe_hmac_digest(struct span oid); /* "SHA256" of hmacWithSHA256, or NULL */

/* UTF-8 to UTF-16 big-endian, as PKCS#12 (with the closing zero) and JKS (without) hash a
 * password; characters beyond U+FFFF become surrogate pairs. False when not UTF-8. */
bool password_utf16(const struct secret *password, bool closing_zero, struct secret *out) MUST_USE;

#endif
