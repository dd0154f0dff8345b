/* SPDX-License-Identifier: Apache-2.0
 *
 * Private keys. The bytes of a key exist in struct key (wiped on release), in struct buf that
 * the caller releases with buf_wipe(), and in files of mode 0600: nowhere else.
 * Generating and encrypting are CPU work for the pool; all functions are thread safe.
 */
#ifndef FORMATS_KEY_H
#define FORMATS_KEY_H

#include "formats/base/buf.h"
#include "formats/base/err.h"
#include "formats/base/schema.h"
#include "formats/base/secret.h"
#include "formats/base/sha.h"

#include <openssl/types.h>

enum key_type {
    KEY_NONE,
    KEY_RSA_2048,
    KEY_RSA_3072,
    KEY_RSA_4096,
    KEY_EC_P256,
    KEY_EC_P384,
    KEY_EC_P521,
    KEY_ED25519,
    KEY_TYPE__MAX
};
extern const struct word key_type_words[]; /* "rsa-2048" ...: for schema tables */
const char *key_type_token(enum key_type t);

struct key {
    EVP_PKEY *pkey;
    struct buf pkcs8; /* PrivateKeyInfo DER, encoded once (54 us) and reused by PEM, PFX, JKS */
    struct buf spki;  /* SubjectPublicKeyInfo DER */
    uint8_t spki_sha256[SHA256_SIZE];
    enum key_type type; /* KEY_NONE when of a kind we do not generate */
};
#define KEY_INIT                                                                                   \
    {                                                                                              \
        .pkcs8 = BUF_INIT(65536), .spki = BUF_INIT(65536)                                          \
    }

bool key_generate(enum key_type type, struct key *out, struct err *err) MUST_USE;
/* PEM or DER; PKCS#8, encrypted PKCS#8, PKCS#1, SEC 1. password may be NULL. Uses a reused
 * OSSL_DECODER_CTX per thread where the kind allows (17 us against 340 us). A PEM file may hold
 * certificates or parameters before the key: the first private key counts. */
bool key_read(struct span input, const struct secret *password, struct key *out,
              struct err *err) MUST_USE;
/* out->pkcs8 is our own encoding, not a copy of `der`: attributes and the like are left out. */
bool key_from_pkcs8(struct span der, struct key *out, struct err *err) MUST_USE;
void key_pem(const struct key *key, struct buf *out); /* PKCS#8, clear: for the state directory */
/* Encrypted PKCS#8 PEM, PBES2: AES-256-CBC, PBKDF2-HMAC-SHA256, 16-byte salt. */
bool key_pem_encrypted(const struct key *key, const struct secret *password, unsigned iterations,
                       struct buf *out, struct err *err) MUST_USE;
bool key_matches_spki(const struct key *key, const uint8_t spki_sha256[SHA256_SIZE]) MUST_USE;
void key_release(struct key *key);

/* For key_read.c: fills the encodings and the type from out->pkey, which it owns. */
bool key_encode(struct key *out, struct err *err) MUST_USE;

#endif
