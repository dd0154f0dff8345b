/* SPDX-License-Identifier: Apache-2.0
 *
 * CRLs (RFC 5280 section 5) and revocation reasons (5.3.1); PKCS#7 is in formats/pkcs7.h.
 */
#ifndef FORMATS_CRL_H
#define FORMATS_CRL_H

#include "formats/cert.h"
#include "formats/key.h"
#include "formats/pkcs7.h"

/* RFC 5280 5.3.1; 7 is unused. */
enum revocation_reason {
    REASON_UNSPECIFIED = 0,
    REASON_KEY_COMPROMISE = 1,
    REASON_CA_COMPROMISE = 2,
    REASON_AFFILIATION_CHANGED = 3,
    REASON_SUPERSEDED = 4,
    REASON_CESSATION_OF_OPERATION = 5,
    REASON_CERTIFICATE_HOLD = 6,
    REASON_REMOVE_FROM_CRL = 8,
    REASON_PRIVILEGE_WITHDRAWN = 9,
    REASON_AA_COMPROMISE = 10,
    REASON_NONE = -1
};
extern const struct word revocation_reason_words[];     /* camelCase as in RFC 5280 */
extern const struct word revocation_reason_spellings[]; /* kebab-case, then the numbers */
const char *revocation_reason_name(int reason);    /* "none" for REASON_NONE and unknown codes */
bool revocation_reason_known(int reason) MUST_USE; /* a code of RFC 5280, or REASON_NONE */
/* camelCase, kebab-case or the number; never guesses. */
bool revocation_reason_parse(const char *s, int *reason) MUST_USE;

struct crl_entry {
    const char *serial_hex;
    int64_t revoked;
    int reason;         /* REASON_NONE when the entry has no extension */
    int64_t invalidity; /* TIME_NONE */
};
struct crl {
    struct span der, tbs;
    struct dn issuer;
    int64_t this_update, next_update;
    const char *number_hex;
    struct crl_entry *v;
    size_t n;
    struct span sig_algorithm, signature;
};
bool crl_parse(struct arena *a, struct span input, struct crl *out, struct err *err) MUST_USE;
bool crl_verify(const struct crl *crl, const struct cert *issuer, struct err *err) MUST_USE;
const struct crl_entry *crl_find(const struct crl *crl, const char *serial_hex);
/* Signs a v2 CRL with number and AKI. */
bool crl_build(const struct key *key, const struct cert *issuer, uint64_t number,
               int64_t this_update, int64_t next_update, const struct crl_entry *entries, size_t n,
               struct buf *der, struct err *err) MUST_USE;

#endif
