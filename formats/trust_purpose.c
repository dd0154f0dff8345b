/* SPDX-License-Identifier: Apache-2.0
 *
 * See trust.h: may a certificate sign documents at all? Apart from trust.c because OpenSSL's
 * x509v3.h, which that needs, has macros with the names of our key usage bits and other values.
 */
#include "formats/trust.h"

#include "formats/base/str.h"

/* EKUs of a certificate that signs documents; a server's certificate is none. */
static const char *const signing_uses[] = {
    "1.3.6.1.5.5.7.3.36",      /* documentSigning, RFC 9336 */
    "1.3.6.1.5.5.7.3.4",       /* emailProtection */
    "1.3.6.1.5.5.7.3.3",       /* codeSigning */
    "1.3.6.1.4.1.311.10.3.12", /* Microsoft document signing */
    "1.2.840.113583.1.1.5",    /* Adobe authentic documents */
    "2.5.29.37.0",             /* anyExtendedKeyUsage */
};

static bool usage_lets_sign(const struct cert *c)
{
    struct key_usage ku;
    const struct x509_ext *e = x509_ext_find(c->exts, c->nexts, OID_KEY_USAGE);
    return !e || (x509_key_usage(e->value, &ku) &&
                  (ku.bits & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0);
}

static bool eku_lets_sign(const struct cert *c)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct strlist uses = {0}; /* its array is the arena's */
    const struct x509_ext *e = x509_ext_find(c->exts, c->nexts, OID_EXT_KEY_USAGE);
    if (!e) {
        return true;
    }
    bool decodes = x509_oids(&a, e->value, &uses);
    for (size_t i = 0; decodes && i < NITEMS(signing_uses); i++) {
        if (strlist_has(&uses, signing_uses[i])) {
            return true;
        }
    }
    return false;
}

bool trust_may_sign(const struct cert *c, struct faults *f)
{
    if (!usage_lets_sign(c)) {
        fault_add(f, FAULT_PURPOSE,
                  "the key usage of the signer's certificate does not permit signatures");
        return false;
    }
    if (!eku_lets_sign(c)) {
        fault_add(f, FAULT_PURPOSE,
                  "the signer's certificate is not one for signing documents (extended key usage)");
        return false;
    }
    return true;
}
