/* SPDX-License-Identifier: Apache-2.0
 *
 * Is what came back what was asked? Nothing is stored for an item before this said yes
 * (invariant I3): public key, names, validity, issuer, leaf not a CA, signature by the chain.
 */
#ifndef BATCH_MATCH_H
#define BATCH_MATCH_H

#include "batch/ca.h"
#include "formats/cert.h"

struct match_request {
    const uint8_t *spki_sha256;
    const struct san_value *san; /* every one must be present */
    size_t nsan;
    const char *common_name;
    int64_t validity_seconds;            /* 0 = not checked */
    int64_t ordered;                     /* notBefore may not be much earlier */
    int64_t now;                         /* nor much later than this; 0 = not checked */
    const struct strlist *issuer_sha256; /* SPKI hashes of accepted issuers; empty = any */
    const char *issuer_name;             /* common name of the issuer, exactly; NULL = any */
};
/* certs as the CA sent them; on success *ordered_chain has the chain, leaf's issuer first.
 * False with err (ERR_CA) naming the first difference. */
bool match_certificate(struct arena *a, const struct match_request *want, const struct span *certs,
                       size_t n, struct cert *leaf, struct span **chain, size_t *nchain,
                       struct err *err) MUST_USE;

#endif
