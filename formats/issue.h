/* SPDX-License-Identifier: Apache-2.0
 *
 * Making certificates: an X.509 v3 certificate (RFC 5280) written by our own DER writer from its
 * parts and signed once. A profile says what kind of certificate it is; the parts say whose. The
 * extensions are Basic Constraints, Key Usage, Extended Key Usage, Subject and Authority Key
 * Identifier, Subject Alternative Name, CRL Distribution Points and Authority Information Access,
 * and nothing a requester asked for beyond its names.
 *
 * Thread safe; no I/O. Deciding what may be issued is the caller's.
 */
#ifndef FORMATS_ISSUE_H
#define FORMATS_ISSUE_H

#include "formats/cert.h"
#include "formats/csr.h"
#include "formats/key.h"

enum { /* RFC 5280 4.2.1.3: the bit numbers */
       ISSUE_DIGITAL_SIGNATURE = 1 << 0,
       ISSUE_KEY_ENCIPHERMENT = 1 << 2,
       ISSUE_KEY_AGREEMENT = 1 << 4,
       ISSUE_CERT_SIGN = 1 << 5,
       ISSUE_CRL_SIGN = 1 << 6
};

struct issue_profile {
    const char *name;
    bool ca;
    int path_len;            /* of a CA; -1 = none */
    unsigned key_usage;      /* for any key */
    unsigned key_usage_rsa;  /* added for an RSA key: key encipherment has no meaning else */
    const char *const *ekus; /* dotted, NULL-closed; NULL = no such extension */
};
extern const struct issue_profile issue_root, issue_issuing, issue_tls_server, issue_tls_client,
    issue_smime;

/* Whose certificate. Views. */
struct issue_parts {
    const struct issue_profile *profile;
    struct span serial;               /* big endian, at most 20 octets, positive */
    struct span subject;              /* Name, the whole TLV */
    struct span spki;                 /* SubjectPublicKeyInfo, the whole TLV */
    struct span san;                  /* GeneralNames, the whole TLV; empty = none */
    int64_t not_before, not_after;    /* both inclusive */
    const char *crl_url, *issuer_url; /* NULL = no such extension */
};

/* issuer NULL: self-signed, `key` being the subject's. Appends the certificate to der. The key of
 * the issuer is not checked against its certificate: the caller did that once. */
bool issue_certificate(const struct key *key, const struct cert *issuer,
                       const struct issue_parts *parts, struct buf *der, struct err *err) MUST_USE;

/* May this certificate, with this key, issue leaf certificates at the time? (RFC 5280 6.1.4)
 * `below` is how many CA certificates will stand between it and a leaf. */
bool issuer_check(const struct cert *cert, const struct key *key, int64_t now, int below,
                  struct err *err) MUST_USE;

#endif
