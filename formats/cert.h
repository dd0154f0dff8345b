/* SPDX-License-Identifier: Apache-2.0
 *
 * X.509 certificates (RFC 5280), by our own walk. Views into the DER given, text in the arena.
 * No I/O; thread safe.
 */
#ifndef FORMATS_CERT_H
#define FORMATS_CERT_H

#include "formats/pem.h"
#include "formats/x509.h"

struct cert {
    struct span der, tbs;
    struct pem_place place; /* in a PEM input */
    int version;            /* 1, 2, 3 */
    struct span serial;     /* content octets of the INTEGER */
    const char *serial_hex; /* upper case, no leading zeros beyond an even count */
    struct span sig_algorithm, tbs_sig_algorithm, signature;
    struct dn issuer, subject;
    int64_t not_before, not_after; /* seconds; the certificate is valid through not_after */
    struct spki key;
    struct x509_ext *exts;
    size_t nexts;
    bool has_san, san_malformed;
    struct general_names san;
    bool is_ca;
    int path_len; /* -1 = none */
    struct span subject_key_id, authority_key_id;
    uint8_t sha256[SHA256_SIZE];
};

/* One certificate from DER. */
bool cert_parse(struct arena *a, struct span der, struct cert *out, struct err *err) MUST_USE;
/* Every certificate of a PEM, DER or PKCS#7 (certs-only) input, in file order. */
bool certs_read(struct arena *a, const char *name, struct span input, struct cert **out, size_t *n,
                struct err *err) MUST_USE;
bool cert_issued_by(const struct cert *cert, const struct cert *issuer) MUST_USE; /* DN, key id */
bool cert_verify(const struct cert *cert, const struct cert *issuer, struct err *err) MUST_USE;
/* Signed certificate timestamps that are embedded (RFC 6962 section 3.3); 0 also when malformed. */
unsigned cert_scts(const struct cert *cert);
bool cert_self_issued(const struct cert *cert) MUST_USE;
/* Reorders `bag` so that its first *used certificates are the chain above `leaf`, nearest issuer
 * first; copies of leaf and strangers go behind them. False when the chain has a gap: it stops
 * before a self-issued certificate although certificates are left over. */
bool chain_order(const struct cert *leaf, struct cert *bag, size_t n, size_t *used);
void cert_pem(struct buf *out, struct span der);

#endif
