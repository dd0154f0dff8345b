/* SPDX-License-Identifier: Apache-2.0
 *
 * AES-256 over a whole message, for APIs that encrypt their requests: ECB or CBC (NIST SP 800-38A)
 * with the padding of PKCS#7 (RFC 5652, section 6.3). None of these modes proves that a message is
 * whole: they hide it, and what it says must be protected by something else (TLS, a signature).
 *
 *     aes_key_read(&given, &key, &err)                  32 octets, 64 hex digits, or Base64
 *     aes_encrypt(AES_CBC_PREFIXED_IV, &key, iv, plain, &out, &err)
 *
 * Thread safe.
 */
#ifndef FORMATS_AES_H
#define FORMATS_AES_H

#include "formats/base/err.h"
#include "formats/base/secret.h"

enum { AES_KEY_SIZE = 32, AES_BLOCK = 16 };
enum aes_mode {
    AES_ECB,
    AES_CBC_ZERO_IV,    /* the initialisation vector is zero */
    AES_CBC_PREFIXED_IV /* and here it stands in front of the message */
};

/* A key as people keep it: raw, hex or Base64. */
bool aes_key_read(const struct secret *given, struct secret *key, struct err *err) MUST_USE;
/* `iv` is read with AES_CBC_PREFIXED_IV only. Both append to out. */
bool aes_encrypt(enum aes_mode mode, const struct secret *key, const uint8_t iv[AES_BLOCK],
                 struct span plain, struct buf *out, struct err *err) MUST_USE;
/* False (err, ERR_INPUT) for what is no message under this key and mode, as far as its padding
 * tells. The caller wipes out. */
bool aes_decrypt(enum aes_mode mode, const struct secret *key, struct span message, struct buf *out,
                 struct err *err) MUST_USE;

#endif
