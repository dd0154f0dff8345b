/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom a signature is believed: trust anchors, the path from a signer's certificate to one of them,
 * what that certificate may be used for, and what is wrong with a signature. Shared by CMS
 * signatures (cms.h) and timestamps (tsp.h).
 *
 *     trust_read("--signer-ca", pem, &trust, &err)    once; const afterwards, shared by threads
 *     cms_verify(&arena, data, der, &how, &result)    as often as wanted
 *     trust_free(trust)
 *
 * An anchor may be a root, an intermediate or the very certificate of a signer: whatever the file
 * holds is trusted, nothing else is (no store of the system). Signatures in the path must be of
 * 112 bits of security or more (no SHA-1, no RSA under 2048). Revocation is not asked for: nothing
 * here goes to a network.
 */
#ifndef FORMATS_TRUST_H
#define FORMATS_TRUST_H

#include "formats/base/time.h"
#include "formats/cert.h"

struct stack_st_X509; /* STACK_OF(X509) */
struct trust;
/* Every certificate of a PEM, DER or PKCS#7 input becomes an anchor; `name` is for messages. */
bool trust_read(const char *name, struct span input, struct trust **out, struct err *err) MUST_USE;
void trust_free(struct trust *t); /* NULL is fine */
size_t trust_count(const struct trust *t);

/* What can be wrong with a signature. A message is one sentence without a name of the file. */
enum fault_kind {
    FAULT_FORM,      /* it cannot be read as what it should be */
    FAULT_SIGNATURE, /* it is not over these bytes, or was changed */
    FAULT_ALGORITHM, /* made with a digest that no longer proves anything */
    FAULT_BINDING,   /* it does not name its signer's certificate, or names another */
    FAULT_PURPOSE,   /* the certificate is not one for this use */
    FAULT_UNTRUSTED, /* no path to a trust anchor */
    FAULT_EXPIRED,   /* the only thing wrong with the path: it was not valid at that time */
    FAULT_TIMESTAMP, /* the timestamp of a signature does not hold */
    FAULT__MAX
};
struct fault {
    enum fault_kind kind;
    const char *text; /* arena */
};
struct faults {
    struct arena *arena;
    struct fault v[FAULT__MAX]; /* further ones are dropped: each step stops at its first */
    size_t n;
};
void fault_add(struct faults *f, enum fault_kind kind, const char *fmt, ...) PRINTF(3, 4);
/* With the reason of OpenSSL's error queue, which is emptied. */
void fault_crypto(struct faults *f, enum fault_kind kind, const char *fmt, ...) PRINTF(3, 4);
bool fault_has(const struct faults *f, enum fault_kind kind) MUST_USE;

/* --- what cms.c and tsp.c share --- */

enum trust_purpose {
    TRUST_SIGNING,      /* keyUsage and EKU of who signs documents, see trust_may_sign() */
    TRUST_TIMESTAMPING, /* RFC 3161 2.3: EKU timeStamping, critical and alone */
    TRUST__MAX
};
/* Is there a path from `leaf` over `untrusted` to an anchor, valid at `at`? A fault when not. */
bool trust_path(const struct trust *t, X509 *leaf, const struct stack_st_X509 *untrusted,
                enum trust_purpose purpose, int64_t at, struct faults *f);
/* The purposes alone, for a certificate that nobody vouches for. */
bool trust_may_sign(const struct cert *c, struct faults *f);
/* An X509_STORE of the anchors with the rules above, as of `at` (TIME_NONE: time does not count);
 * the caller frees it. With t NULL the given certificate is its own anchor and time does not count:
 * what is left are the purposes. */
X509_STORE *trust_store(const struct trust *t, X509 *self, int64_t at);
/* Our view of a certificate of OpenSSL's; the DER is copied into the arena. */
bool trust_cert(struct arena *a, const X509 *x, struct cert *out, struct err *err) MUST_USE;
/* SHA-256, 384, 512 and SHA-3 of those lengths. */
bool trust_digest_is_strong(int nid) MUST_USE;

#endif
