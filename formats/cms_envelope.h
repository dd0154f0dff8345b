/* SPDX-License-Identifier: Apache-2.0
 *
 * A text for named recipients: CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM (RFC 5084). One
 * key for the content, wrapped for each recipient's certificate: RSA by RSAES-OAEP with SHA-256
 * and MGF1 with SHA-256 (RFC 3560, RFC 5754), EC by ephemeral-static ECDH with the X9.63 KDF and
 * SHA-256 (RFC 5753). OpenSSL's own default for both would be SHA-1. What is written opens with
 * `openssl cms -decrypt -inform DER -in F -inkey KEY`.
 *
 *     cms_recipient_problem(&cert, now) == NULL        for each, before anything is ordered
 *     cms_seal(plain, ders, n, &out, &err)
 *     cms_open(input, &key, NULL, &plain, &err)
 *
 * Signatures are not its business. CPU only, thread safe. The caller wipes what was opened.
 */
#ifndef FORMATS_CMS_ENVELOPE_H
#define FORMATS_CMS_ENVELOPE_H

#include "formats/cert.h"
#include "formats/key.h"

/* Recipients of one envelope, and the bytes that fit in one (it is made in memory). */
enum { CMS_RECIPIENTS_MAX = 100, CMS_PLAIN_MAX = 64 * 1024 * 1024 };

/* Why nothing can be sent to the holder of this certificate at `now`: not valid yet, expired, a
 * kind of key that cannot decrypt, a usage that forbids it (RFC 5280 4.2.1.3: RSA needs
 * keyEncipherment, EC keyAgreement). NULL when something can; else static text that follows the
 * name of the file. */
const char *cms_recipient_problem(const struct cert *c, int64_t now);

/* certs: n recipients, DER. out gets DER. False when a certificate cannot be a recipient's. */
bool cms_seal(struct span plain, const struct span *certs, size_t n, struct buf *out,
              struct err *err) MUST_USE;
/* DER or PEM ("CMS", "PKCS7"). With `cert` (DER; p NULL = not known) only what was wrapped for it
 * is tried, else whatever fits the kind of key. False (ERR_INPUT) when it is no envelope, the key
 * is nobody's it was made for, or a bit of it was changed: nothing is in `plain` then. */
bool cms_open(struct span input, const struct key *key, struct span cert, struct buf *plain,
              struct err *err) MUST_USE;

#endif
