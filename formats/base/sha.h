/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256, random bytes and base64: the few primitives that need no more context. Thread safe.
 */
#ifndef FORMATS_BASE_SHA_H
#define FORMATS_BASE_SHA_H

#include "formats/base/buf.h"

#define SHA256_SIZE 32
#define SHA256_HEX  65

void sha256(const void *p, size_t n, uint8_t out[SHA256_SIZE]);
void sha256_hex(const void *p, size_t n, char out[SHA256_HEX]);

/* FIPS 202, for the checksum of onion addresses. */
void sha3_256(const void *p, size_t n, uint8_t out[32]);

/* Incremental. */
struct sha256 {
    void *ctx;
};
void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *p, size_t n);
void sha256_end(struct sha256 *s, uint8_t out[SHA256_SIZE]); /* also releases */
void sha256_end_hex(struct sha256 *s, char out[SHA256_HEX]);

/* From the CSPRNG; ends the process (exit 70) if it fails: no caller could go on. */
void random_bytes(void *p, size_t n);

/* RFC 4648 section 4 with padding; line = characters per line, 0 for none. */
void base64_encode(struct buf *out, const void *p, size_t n, unsigned line);
/* Strict: no blanks, canonical padding. Appends to out; false on any other character. */
bool base64_decode(struct buf *out, const char *s, size_t n) MUST_USE;

#endif
