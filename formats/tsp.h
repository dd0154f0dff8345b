/* SPDX-License-Identifier: Apache-2.0
 *
 * Timestamps of RFC 3161 (with RFC 5816): the request, the check of the reply, the check of a
 * stored token. How a request travels is batch/seal.h's business.
 *
 *     tsp_request(data, "sha256", NULL, &request, &err)       a fresh nonce, certificates wanted
 *     tsp_reply_check(request, reply, trust, now, &err)       before a reply is kept
 *     tsp_token(reply, &token, &err)                          for a signature's attribute
 *     tsp_verify(&arena, token_or_reply, data, trust, now, &stamp)
 *
 * A TSA's certificate must have the extended key usage timeStamping, critical and alone, and be
 * bound into the token (ESSCertID). No I/O; thread safe.
 */
#ifndef FORMATS_TSP_H
#define FORMATS_TSP_H

#include "formats/trust.h"

/* hash: "sha256" "sha384" "sha512"; policy: dotted OID that the TSA shall stamp under, or NULL for
 * its default. */
bool tsp_request(struct span data, const char *hash, const char *policy, struct buf *der,
                 struct err *err) MUST_USE;
/* Is this reply (TimeStampResp) an answer to that request: granted, nonce, imprint, policy, the
 * signature and (trust not NULL) the path of the TSA's certificate? The message of a refusal has
 * the TSA's own words. ERR_CA. */
bool tsp_reply_check(struct span request, struct span reply, const struct trust *trust, int64_t now,
                     struct err *err) MUST_USE;
/* The token (ContentInfo DER) of a reply. */
bool tsp_token(struct span reply, struct buf *token, struct err *err) MUST_USE;

/* What a token says. Strings and views are the arena's. */
struct tsp_stamp {
    bool read; /* what follows is filled */
    int64_t time;
    const char *policy, *serial, *hash; /* OID; upper-case hex; "sha256" */
    const char *tsa;                    /* name of the certificate that signed it */
    struct cert certificate;
    bool pinned;        /* the path to an anchor was checked and holds */
    bool expired_since; /* pinned as of its own time; at `now` the certificate is no longer valid */
    struct faults faults;
};
/* Is `token` (a token or a whole reply) a timestamp over `data`? Without trust everything but the
 * path is checked. The path must hold at `now`, or, when nothing but time stands against it, at
 * the time of the token. True: no fault. */
bool tsp_verify(struct arena *a, struct span token, struct span data, const struct trust *trust,
                int64_t now, struct tsp_stamp *out);

#endif
