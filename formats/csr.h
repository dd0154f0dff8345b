/* SPDX-License-Identifier: Apache-2.0
 *
 * PKCS#10 certificate requests (RFC 2986).
 *
 * csr_parse() reads hostile bytes and collects every structural defect instead of stopping at
 * the first: policy rules csr.* turn each into a finding. A csr whose `usable` is false has no
 * subject, key or names worth judging. Views point into `input`, text into the arena; both must
 * outlive the struct. No I/O; thread safe.
 */
#ifndef FORMATS_CSR_H
#define FORMATS_CSR_H

#include "formats/pem.h"
#include "formats/x509.h"

/* One value for each csr.* rule that a parse can decide; the order is the rule table's.
 * CSR_PEM_LAX is also reported for a block beside the request that is not read at all. */
enum csr_defect {
    CSR_INPUT_KIND,
    CSR_PEM_LABEL,
    CSR_PEM_ARMOR,
    CSR_PEM_LAX,
    CSR_PEM_COUNT,
    CSR_PEM_PRIVATE_KEY,
    CSR_SIZE,
    CSR_DER_PARSE,
    CSR_DER_TRAILING,
    CSR_DER_STRICT,
    CSR_DER_DEPTH,
    CSR_VERSION,
    CSR_ATTRIBUTES_MISSING,
    CSR_ATTR_DUPLICATE,
    CSR_ATTR_SINGLE_VALUE,
    CSR_ATTR_EMPTY_SET,
    CSR_ATTR_EXTENSION_CONFLICT,
    CSR_ATTR_UNKNOWN,
    CSR_ATTR_CHALLENGE_PASSWORD,
    CSR_ATTR_CLIENT_INFO,
    CSR_EXT_DUPLICATE,
    CSR_EXT_DECODE,
    CSR_EXT_EMPTY,
    CSR_EXT_CRITICAL_DEFAULT,
    CSR_DEFECT__MAX
};

struct csr_problem {
    enum csr_defect defect;
    uint32_t line;      /* of the PEM text, or 0 */
    int64_t offset;     /* in the DER, or -1 */
    const char *detail; /* one clause, safe to print */
};

struct csr {
    bool usable;
    struct span der;           /* the request */
    bool der_input;            /* the input was DER, not PEM */
    struct pem_place place;    /* of the request in a PEM input */
    struct span info;          /* CertificationRequestInfo: what is signed */
    struct span sig_algorithm; /* AlgorithmIdentifier TLV */
    struct span signature;     /* BIT STRING content without the unused-bits octet */
    uint8_t sig_unused_bits;
    struct dn subject;
    struct spki key;
    struct x509_ext *exts; /* requested extensions */
    size_t nexts;
    bool has_san, san_critical, san_malformed;
    bool ext_requests_equal; /* CSR_ATTR_EXTENSION_CONFLICT with the same bytes: only a warning */
    struct general_names san;
    uint8_t sha256[SHA256_SIZE]; /* of der */
    struct csr_problem *problems;
    size_t nproblems;
};

/* Always fills out; PEM or DER is detected. */
void csr_parse(struct arena *a, struct span input, struct csr *out);
/* The self-signature: proof of possession. */
bool csr_verify(const struct csr *csr, struct err *err) MUST_USE;
bool csr_verify_cached(const struct csr *csr, struct public_key *cache, struct err *err) MUST_USE;

/* --- writing --- */
struct key; /* formats/key.h */

/* A subject or name to be written. */
struct dn_value {
    const char *name;  /* short name "O", or dotted OID */
    const char *value; /* UTF-8 */
};
struct san_value {
    enum gn_type type; /* GN_DNS, GN_IP, GN_EMAIL, GN_URI */
    const char *text;
};
/* The names of a request or certificate to be made. */
struct x509_names {
    const struct dn_value *subject; /* written in the given order, one RDN each */
    size_t nsubject;
    const struct san_value *san;
    size_t nsan;
};
/* DER of a signed request (SHA-256, 384 for P-384, 512 for P-521, none for EdDSA). */
bool csr_build(const struct key *key, const struct x509_names *names, struct buf *der,
               struct err *err) MUST_USE;
/* CSR_DER_PARSE -> "csr.der.parse": the id of the rule that turns the defect into a finding. */
extern const char *const csr_defect_rules[CSR_DEFECT__MAX];
/* Helpers shared with certificate building: append the TLV to out. */
bool x509_put_dn(struct buf *out, const struct x509_names *names, struct err *err) MUST_USE;
/* The SubjectAltName extension value (GeneralNames). */
bool x509_put_san(struct buf *out, const struct x509_names *names, struct err *err) MUST_USE;

#endif
