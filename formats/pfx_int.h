/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of the PKCS#12 reader and the check of a file just written: a PFX as the flat
 * list of its bags (RFC 7292 section 4.2), decrypted, before any pairing of keys with
 * certificates. Key bytes are in wiped buffers.
 */
#ifndef FORMATS_PFX_INT_H
#define FORMATS_PFX_INT_H

#include "formats/keystore_int.h"

#define OID_DATA           "1.2.840.113549.1.7.1"
#define OID_SIGNED_DATA    "1.2.840.113549.1.7.2"
#define OID_ENVELOPED_DATA "1.2.840.113549.1.7.3"
#define OID_ENCRYPTED_DATA "1.2.840.113549.1.7.6"
#define OID_KEY_BAG        "1.2.840.113549.1.12.10.1.1"
#define OID_SHROUDED_BAG   "1.2.840.113549.1.12.10.1.2"
#define OID_CERT_BAG       "1.2.840.113549.1.12.10.1.3"
#define OID_CRL_BAG        "1.2.840.113549.1.12.10.1.4"
#define OID_SECRET_BAG     "1.2.840.113549.1.12.10.1.5"
#define OID_SAFE_BAG       "1.2.840.113549.1.12.10.1.6"
#define OID_X509_CERT      "1.2.840.113549.1.9.22.1"
#define OID_FRIENDLY_NAME  "1.2.840.113549.1.9.20"
#define OID_LOCAL_KEY_ID   "1.2.840.113549.1.9.21"
#define OID_JDK_TRUSTED    "2.16.840.1.113894.746875.1.1"
#define OID_ANY_EKU        "2.5.29.37.0"
#define OID_PBMAC1         "1.2.840.113549.1.5.14"

enum { PFX_VERSION = 3, PFX_BAG_DEPTH = 4, MAC_MAX = 64 };

struct pfx_bag {
    bool is_key;
    struct buf key;   /* PKCS#8 */
    struct span cert; /* DER, in the arena */
    const char *name; /* friendlyName or NULL */
    struct span id;   /* localKeyID */
    bool trusted;     /* Oracle's attribute: Java lists it as a trusted certificate */
};

struct pfx {
    struct pfx_bag *v;
    size_t n, cap;
    size_t ignored;     /* CRL and secret bags */
    const char *cipher; /* of the first encrypted part, NULL: nothing is encrypted */
    bool pbes2;
    unsigned iterations;
    const char *mac; /* digest, NULL: no MAC */
    bool pbmac1;
};
#define PFX_INIT                                                                                   \
    {                                                                                              \
        .n = 0                                                                                     \
    }

/* Opens everything. Strings and certificates go to the arena. */
bool pfx_open(struct span input, const struct secret *password, struct kdf_cache *kdf,
              struct arena *arena, struct pfx *out, struct err *err) MUST_USE;
void pfx_release(struct pfx *p);

/* MacData (pfx_mac.c). Parameters first, the derivation later. */
struct pfx_mac {
    bool present, pbmac1;
    const char *digest;
    struct kdf kdf;
    struct span value; /* view */
};
bool pfx_mac_parse(const struct der *parent, const struct der_tlv *mac_data, struct pfx_mac *out,
                   struct err *err) MUST_USE;
/* The MAC over content; *n receives its size. */
bool pfx_mac_compute(const struct pfx_mac *mac, const struct secret *password,
                     struct kdf_cache *cache, struct span content, uint8_t out[MAC_MAX], size_t *n,
                     struct err *err) MUST_USE;
const char *pfx_mac_oid(const char *digest); /* of a digest we write */
size_t pfx_mac_size(const char *digest);

/* Content octets of an OCTET STRING, also one in the constructed form of BER (X.690 8.7.3), which
 * is put together in *room. */
bool pfx_octets(const struct der *parent, const struct der_tlv *tlv, struct buf *room,
                struct span *out) MUST_USE;

#endif
