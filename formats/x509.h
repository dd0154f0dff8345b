/* SPDX-License-Identifier: Apache-2.0
 *
 * What a CSR and a certificate have in common, as our own walk of the DER sees it: distinguished
 * name, general names, extensions, public key, algorithm. All values are views into the DER the
 * caller keeps alive, or text in the caller's arena. Thread safe: no state.
 */
#ifndef FORMATS_X509_H
#define FORMATS_X509_H

#include "formats/base/arena.h"
#include "formats/base/err.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"
#include "formats/der.h"

#include <openssl/types.h>

/* One attribute of a distinguished name (RFC 5280 4.1.2.4). */
struct dn_attr {
    const char *oid;  /* dotted */
    const char *name; /* "CN", "O", "jurisdictionC" ...; the dotted OID when unknown */
    unsigned tag;     /* string type, enum der_tag */
    struct span raw;  /* content octets */
    const char *text; /* UTF-8 made from raw; malformed parts U+FFFD */
    size_t text_n;    /* may contain NUL: compare lengths, not strlen */
    bool malformed;   /* raw is illegal for its tag */
    unsigned rdn;     /* index of its RDN; two attributes with one index = multi-valued RDN */
    size_t offset;
};
struct dn {
    struct dn_attr *v;
    size_t n;
    unsigned rdns;
    unsigned empty_rdns; /* of them without an attribute: only x509_read_dn() lets them pass */
    struct span der;
};

/* Name table: short name <-> OID <-> label in manifests ("organization"). */
struct dn_name {
    const char *name;     /* "O" */
    const char *manifest; /* "organization" */
    const char *oid;
    unsigned tag; /* string type we write */
    unsigned max; /* characters, RFC 5280 App. A / BR 7.1.4.2; 0 = none */
};
extern const struct dn_name dn_names[];
extern const size_t dn_names_count;
const struct dn_name *dn_name_by_oid(const char *oid);
const struct dn_name *dn_name_by_manifest(const char *key);
const struct dn_attr *dn_find(const struct dn *dn, const char *name); /* first, by short name */
/* "CN=www.example.com, O=Example" for people (RFC 4514 escaping, file order). */
char *dn_text(struct arena *a, const struct dn *dn) MUST_USE;
/* RFC 5280 7.1: same attributes in the same RDNs; case and runs of blanks do not count. */
bool dn_same(const struct dn *a, const struct dn *b) MUST_USE;
/* Dotted text of OID octets; "malformed-oid" when they are not an OID. */
const char *oid_dup(struct arena *a, struct span oid) MUST_USE;

enum gn_type { /* the values are the tag numbers of RFC 5280 4.2.1.6 */
               GN_OTHER,
               GN_EMAIL,
               GN_DNS,
               GN_X400,
               GN_DIRNAME,
               GN_EDI,
               GN_URI,
               GN_IP,
               GN_RID,
               GN__MAX
};
/* "other" "email" "dns" "x400" "dirname" "edi" "uri" "ip" "rid", as in manifests */
extern const char *const gn_type_names[GN__MAX];

struct general_name {
    enum gn_type type;
    struct span raw;  /* content octets */
    const char *text; /* dns/email/uri: as is; ip: canonical text; dirname: dn_text;
                       * other: its string value, else type OID; others: the kind */
    size_t text_n;
    const char *other_oid; /* of an otherName */
    unsigned other_tag;    /* of its value, enum der_tag; 0 = not one whole value */
    bool malformed;        /* non-IA5, IP not 4 or 16 octets, ... */
    size_t offset;
};
struct general_names {
    struct general_name *v;
    size_t n;
};

struct x509_ext {
    const char *oid, *name;                  /* name: "subjectAltName" ... or the OID */
    bool critical, critical_default_encoded; /* the latter: FALSE written out, not DER */
    struct span value;                       /* inside the OCTET STRING */
    size_t offset;
};

enum key_alg {
    KEY_ALG_UNKNOWN,
    KEY_ALG_RSA,
    KEY_ALG_RSA_PSS,
    KEY_ALG_EC,
    KEY_ALG_ED25519,
    KEY_ALG_ED448,
    KEY_ALG_DSA,
    KEY_ALG_PQC,
    KEY_ALG__MAX
};

struct spki {
    struct span der;                 /* SubjectPublicKeyInfo */
    struct span algorithm;           /* AlgorithmIdentifier, whole TLV */
    const char *alg_oid, *curve_oid; /* curve_oid NULL for explicit or absent parameters */
    const char *curve;               /* "P-256" ... or NULL */
    enum key_alg alg;
    bool malformed; /* does not decode: RSAPublicKey, trailing bytes, point length */
    bool explicit_curve;
    unsigned bits;     /* modulus or field size */
    struct span key;   /* BIT STRING content without the unused-bits octet */
    struct span n, e;  /* RSA, content octets of the INTEGERs (sign octet included) */
    const char *token; /* "rsa-2048" "ec-p256" "ed25519" ... or "rsa-1000", "unknown" */
    uint8_t sha256[SHA256_SIZE];
};

/* Parsers over one TLV each; false when not decodable at all (then nothing is filled).
 * x509_parse_dn() refuses an RDN without an attribute (RFC 5280 App. A.1: SET SIZE (1..MAX)):
 * nothing is issued or matched on such a name. x509_read_dn() counts it: certificates that have
 * one exist, and can be judged. */
bool x509_read_dn(struct arena *a, const struct der *d, const struct der_tlv *seq, struct dn *out);
bool x509_parse_dn(struct arena *a, const struct der *d, const struct der_tlv *seq, struct dn *out);
bool x509_parse_names(struct arena *a, const struct der *d, const struct der_tlv *seq,
                      struct general_names *out);
bool x509_parse_exts(struct arena *a, const struct der *d, const struct der_tlv *seq,
                     struct x509_ext **exts, size_t *n, bool *malformed);
bool x509_parse_spki(struct arena *a, const struct der *d, const struct der_tlv *seq,
                     struct spki *out);
const struct x509_ext *x509_ext_find(const struct x509_ext *exts, size_t n, const char *oid);
/* Decodes the value of a known extension as far as its syntax goes. A reason when it does not
 * decode or has trailing bytes; NULL for good and for unknown ones. *empty is set when a
 * SEQUENCE that RFC 5280 wants non-empty has no element. */
const char *x509_ext_problem(const struct x509_ext *ext, bool *empty);

/* What the extensions that rules judge say (x509_values.c). False when the value does not decode:
 * x509_ext_problem() says so. */
enum key_usage_bit { /* RFC 5280 4.2.1.3: bit n of the BIT STRING */
                     KU_DIGITAL_SIGNATURE = 1 << 0,
                     KU_NON_REPUDIATION = 1 << 1,
                     KU_KEY_ENCIPHERMENT = 1 << 2,
                     KU_DATA_ENCIPHERMENT = 1 << 3,
                     KU_KEY_AGREEMENT = 1 << 4,
                     KU_KEY_CERT_SIGN = 1 << 5,
                     KU_CRL_SIGN = 1 << 6,
                     KU_ENCIPHER_ONLY = 1 << 7,
                     KU_DECIPHER_ONLY = 1 << 8
};
enum { KU_COUNT = 9 };
extern const char *const key_usage_names[KU_COUNT]; /* by bit number: "digitalSignature" ... */
struct key_usage {
    unsigned bits; /* KU_ bits; what follows the ninth bit is not in it */
    size_t octets; /* of the bit string, without the unused-bits octet */
    uint8_t unused;
    bool trailing_zero; /* a named bit list ends in its last set bit (X.690 11.2.2) */
};
bool x509_key_usage(struct span value, struct key_usage *out) MUST_USE;
struct basic_constraints {
    bool ca, has_path_len;
    uint32_t path_len;
};
bool x509_basic_constraints(struct span value, struct basic_constraints *out) MUST_USE;
bool x509_octets(struct span value, struct span *out) MUST_USE; /* subjectKeyIdentifier */
/* OIDs, dotted: of extendedKeyUsage; the policies of certificatePolicies. */
bool x509_oids(struct arena *a, struct span value, struct strlist *out) MUST_USE;
bool x509_policy_oids(struct arena *a, struct span value, struct strlist *out) MUST_USE;
/* Microsoft: the name of 1.3.6.1.4.1.311.20.2, the OID of 1.3.6.1.4.1.311.21.7; NULL when the
 * value does not decode. */
const char *x509_template_name(struct arena *a, struct span value);
const char *x509_template_oid(struct arena *a, struct span value);
/* RFC 5280 4.2.1.2 method (1): SHA-1 of the key bits. */
bool spki_key_id(const struct spki *spki, uint8_t out[20]) MUST_USE;

#define OID_SAN               "2.5.29.17"
#define OID_KEY_USAGE         "2.5.29.15"
#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_SUBJECT_KEY_ID    "2.5.29.14"
#define OID_AUTHORITY_KEY_ID  "2.5.29.35"
#define OID_EXT_KEY_USAGE     "2.5.29.37"
#define OID_SMTP_UTF8_MAILBOX "1.3.6.1.5.5.7.8.9" /* otherName, RFC 9598 */
#define OID_POLICIES          "2.5.29.32"

/* An EVP_PKEY made from the raw integers or point (5 us against 91 us for the decoder). NULL when
 * OpenSSL refuses the key. The caller frees it. */
EVP_PKEY *spki_public_key(const struct spki *spki, struct err *err) MUST_USE;
/* The same made at most once, for several checks of one key; starts zeroed. The key is borrowed. */
struct public_key {
    EVP_PKEY *pkey;
    bool tried;
    struct err why;
};
EVP_PKEY *public_key_of(struct public_key *cache, const struct spki *spki,
                        struct err *err) MUST_USE;
void public_key_release(struct public_key *cache);
/* Verifies `signature` over `signed_bytes`; alg is the AlgorithmIdentifier TLV. */
bool x509_verify_cached(const struct spki *key, struct public_key *cache, struct span algorithm,
                        struct span signed_bytes, struct span signature, struct err *err) MUST_USE;
bool x509_verify(const struct spki *key, struct span algorithm, struct span signed_bytes,
                 struct span signature, struct err *err) MUST_USE;
/* "rsa-sha256" "ecdsa-sha384" "rsa-pss-sha256" "ed25519" "rsa-sha1" ... or "unknown" of an
 * AlgorithmIdentifier TLV. */
const char *sigalg_token(struct span algorithm);
/* The key family a signature algorithm belongs to: RSA, RSA_PSS, EC, DSA, ED25519, ED448, PQC. */
enum key_alg sigalg_family(struct span algorithm);

/* The AlgorithmIdentifier TLV we sign with (SHA-256; 384 for P-384, 512 for P-521, none for
 * EdDSA); empty for a key we do not sign with. Static bytes. */
struct span x509_sign_algorithm(const EVP_PKEY *pkey);
/* Appends SEQUENCE { to_sign, x509_sign_algorithm(), BIT STRING signature }: a request, a
 * certificate or a CRL, of which to_sign is the whole first element. */
bool x509_sign(EVP_PKEY *pkey, struct span to_sign, struct buf *out, struct err *err) MUST_USE;

#endif
