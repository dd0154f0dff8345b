/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of the key store module (keystore.c, jks_*.c, pfx_*.c); nobody else includes
 * this. The readers here stop at bytes: an item's key is its PKCS#8 DER, not yet decoded.
 */
#ifndef FORMATS_KEYSTORE_INT_H
#define FORMATS_KEYSTORE_INT_H

#include "formats/keystore.h"

enum { SHA1_SIZE = 20, JKS_MAGIC_SIZE = 4 };
#define JKS_MAGIC   0xFEEDFEEDu
#define JCEKS_MAGIC 0xCECECECEu
#define ALIAS_MAX   64u

/* Alias and chain fit to be written: alias printable ASCII, key belongs to the leaf, each
 * certificate names the next one as its issuer. */
bool keystore_entry_check(const struct keystore_entry *e, struct err *err) MUST_USE;

/* How two names or keys are compared: as bytes, or as what they mean. The latter costs 10 to 100
 * us a pair, so it is for few pairs: a foreign file may hold hundreds of certificates. */
enum keystore_compare { COMPARE_BYTES, COMPARE_MEANING };
/* Names only; no signature is verified. */
bool keystore_issued_by(struct span cert, struct span issuer, enum keystore_compare how) MUST_USE;
bool keystore_key_fits(const struct key *key, struct span cert, enum keystore_compare how) MUST_USE;

/* A new item at the end, zeroed; valid until the next one. */
struct keystore_item *keystore_item_add(struct keystore *k, size_t *cap);

bool jks_read(struct span input, const struct secret *password, const struct secret *key_password,
              struct keystore *out, struct err *err) MUST_USE;
bool pfx_read(struct span input, const struct secret *password, struct kdf_cache *kdf,
              struct keystore *out, struct err *err) MUST_USE;

/* The key protector of JKS ("JavaSoft JDKKeyProtector"): key stream and check of PKCS#8 bytes.
 * password is UTF-16BE. Both append to out. */
bool jks_protect(const struct secret *password, struct span pkcs8, struct buf *out) MUST_USE;
bool jks_recover(const struct secret *password, struct span sealed, struct buf *out) MUST_USE;
/* SHA1(password || "Mighty Aphrodite" || bytes) */
bool jks_digest(const struct secret *password, struct span bytes, uint8_t out[SHA1_SIZE]) MUST_USE;
#define JKS_PROTECTOR_OID "1.3.6.1.4.1.42.2.17.1.1"

#endif
