/* SPDX-License-Identifier: Apache-2.0
 *
 * Detached signatures: CMS SignedData (RFC 5652) in the CAdES baseline form (RFC 5126, RFC 5035:
 * the certificate of the signer is bound into what is signed), with a timestamp over the signature
 * as unsigned attribute where there is one (CAdES-T). For audit bundles and approvals alike.
 *
 *     signer_open(...)                                              formats/signer.h
 *     cms_sign(signer, data, now, &der, &err)
 *     cms_signature_value(der, &value, &err)                        what a TSA stamps
 *     cms_add_timestamp(der, token, &stamped, &err)
 *
 *     struct cms_how how = {.signers = trust, .tsas = tsa, .now = time_now()};
 *     if (!cms_verify(&arena, data, der, &how, &result)) ... every fault is in result
 *
 * What is made verifies with
 *     openssl cms -verify -binary -inform DER -in X.p7s -content X -CAfile F -purpose any
 * also with -cades. No I/O; verifying is thread safe.
 */
#ifndef FORMATS_CMS_H
#define FORMATS_CMS_H

#include "formats/signer.h"
#include "formats/trust.h"
#include "formats/tsp.h"

/* DER of a signature over `data` with the certificates of the signer in it; `when` becomes the
 * signing time, which is the signer's own word. ERR_ENV when the key does not sign. */
bool cms_sign(const struct signer *s, struct span data, int64_t when, struct buf *der,
              struct err *err) MUST_USE;
/* DER of a signature that carries its content (RFC 5652, section 5.2: eContent of id-data) and the
 * certificate of its signer, as APIs want one: signed attributes are content type, signing time and
 * message digest, no others. Whether the certificate may sign is the matter of who asked for it. */
bool cms_sign_enclosing(EVP_PKEY *key, struct span certificate, struct span content, int64_t when,
                        struct buf *der, struct err *err) MUST_USE;
/* The signature value of the only signer. */
bool cms_signature_value(struct span der, struct buf *value, struct err *err) MUST_USE;
/* Adds a token (ContentInfo DER, see tsp_token()) as signature timestamp to the only signer. */
bool cms_add_timestamp(struct span der, struct span token, struct buf *out,
                       struct err *err) MUST_USE;

struct cms_how {
    const struct trust *signers; /* NULL: whose signature it is, is not judged */
    const struct trust *tsas;    /* NULL: a timestamp does not count as proof of time */
    int64_t now;
};
/* One signer of a signature. Strings and views are the arena's. */
struct cms_signature {
    struct cert certificate; /* of the signer; der.n = 0: not found */
    const char *signer;      /* its name, "?" when not found */
    int64_t signing_time;    /* claimed; TIME_NONE */
    bool stamped;            /* there is a signature timestamp */
    struct tsp_stamp stamp;  /* what it says, when stamped */
    int64_t proven_time;     /* of a stamp that holds to the anchors given; else TIME_NONE */
    bool pinned;             /* the path to an anchor was checked and holds */
    struct faults faults;    /* of this signer */
};
struct cms_result {
    struct faults faults; /* of the structure as a whole: then n is 0 */
    struct cms_signature *v;
    size_t n;
};
/* Checks every signer: signature over `data`, strength of the digest, the binding of the
 * certificate, its purpose, the timestamp, and with anchors the path: at the proven time, or at
 * `now` when no timestamp proves one. True: at least one signer, and no fault anywhere. */
bool cms_verify(struct arena *a, struct span data, struct span der, const struct cms_how *how,
                struct cms_result *out);

#endif
