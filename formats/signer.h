/* SPDX-License-Identifier: Apache-2.0
 *
 * Who signs: a certificate, its chain and its private key, which may be in memory or in a token
 * (PKCS#11). CMS signatures (cms.h) and DSSE envelopes (dsse.h) are made with it.
 *
 *     signer_open(pem_of_certificates, pkey, &signer, &err)
 *     cms_sign(signer, ...), signer_sign(signer, ...)
 *     signer_free(signer)
 *
 * One thread at a time: a token is one device.
 */
#ifndef FORMATS_SIGNER_H
#define FORMATS_SIGNER_H

#include "formats/cert.h"
#include "formats/key.h"

struct signer;
/* The first certificate of `certificates` (PEM) is the signer's, the others its chain. It must
 * belong to the key, be valid at `now` and be one for signing (trust_may_sign()): what a verifier
 * would refuse is not signed with. The key is RSA or EC on P-256, P-384, P-521; a reference to it
 * is kept. `name` is for messages. */
bool signer_open(const char *name, struct span certificates, EVP_PKEY *key, int64_t now,
                 struct signer **out, struct err *err) MUST_USE;
void signer_free(struct signer *s); /* NULL is fine */

/* Borrowed. */
const char *signer_name(const struct signer *s);   /* "CN=..., O=..." */
const char *signer_key_id(const struct signer *s); /* SHA-256 of the SubjectPublicKeyInfo, hex */
struct span signer_certificate(const struct signer *s);
const char *signer_digest(const struct signer *s); /* "SHA256"; 384 for P-384, 512 for P-521 */
/* A plain signature over `bytes`: PKCS#1 v1.5 or ECDSA (DER), always with SHA-256, so that the
 * command that checks it does not depend on the key. */
bool signer_sign(const struct signer *s, struct span bytes, struct buf *out,
                 struct err *err) MUST_USE;
/* Verifies what signer_sign() made, with the key of a certificate. */
bool signer_check(const struct cert *certificate, struct span bytes, struct span signature,
                  struct err *err) MUST_USE;

/* For cms.c. */
X509 *signer_x509(const struct signer *s);
EVP_PKEY *signer_pkey(const struct signer *s);
const struct stack_st_X509 *signer_chain(const struct signer *s);

/* The private key a PKCS#11 URI (RFC 7512) names, through OpenSSL's store and its `pkcs11`
 * provider where that is installed. pin may be NULL. Only out->pkey is filled: the bytes stay in
 * the token. ERR_ENV when there is no such provider, ERR_INPUT when it does not give the key. */
bool pkcs11_key(const char *uri, const struct secret *pin, struct key *out,
                struct err *err) MUST_USE;

#endif
