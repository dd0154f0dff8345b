/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON Web Signatures (RFC 7515) as ACME wants them: flattened JSON, one signature, no unprotected
 * header; the JWK of a public key (RFC 7517) and its thumbprint (RFC 7638). Pure; thread safe.
 *
 *     jwk_write(key, &jwk)                     {"crv":"P-256","kty":"EC","x":"...","y":"..."}
 *     jws_sign(key, header, payload, &out)     header: JSON text with "alg":jws_alg(key)
 *     jws_mac(secret, header, payload, &out)   HS256, for external account binding
 */
#ifndef FORMATS_JWS_H
#define FORMATS_JWS_H

#include "formats/key.h"

enum { JWK_THUMBPRINT = 44 }; /* 43 characters and a NUL */

/* RFC 4648, section 5, without padding (RFC 7515, section 2). */
void base64url_encode(struct buf *out, const void *p, size_t n);
/* Strict: no padding, no blanks, no other alphabet, no bits that are left over. */
bool base64url_decode(struct buf *out, const char *s, size_t n) MUST_USE;

/* "ES256", "ES384", "ES512", "RS256"; NULL: no key to sign with here. RSA keys of less than 2048
 * bits are none (RFC 7518, 3.3). */
const char *jws_alg(const struct key *key);
/* The members that RFC 7638 names, in its order, without blanks: it serves as member "jwk", as
 * payload of an external account binding and as what is hashed for the thumbprint. */
bool jwk_write(const struct key *key, struct buf *out, struct err *err) MUST_USE;
bool jwk_thumbprint(const struct key *key, char out[JWK_THUMBPRINT], struct err *err) MUST_USE;

/* An empty payload is the empty string (POST-as-GET of RFC 8555, 6.3), not "{}". */
bool jws_sign(const struct key *key, const char *header, struct span payload, struct buf *out,
              struct err *err) MUST_USE;
bool jws_mac(const struct secret *mac_key, const char *header, struct span payload, struct buf *out,
             struct err *err) MUST_USE;

#endif
