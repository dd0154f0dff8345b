/* SPDX-License-Identifier: Apache-2.0
 *
 * See pkcs7.h. Readers of certs-only bags take the certificates in file order, so the order is
 * kept as given although DER would sort the set.
 */
#include "formats/pkcs7.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>

#define OID_DATA        "1.2.840.113549.1.7.1"
#define OID_SIGNED_DATA "1.2.840.113549.1.7.2"

static bool bad(struct err *err, const char *what)
{
    return err_set(err, ERR_INPUT, "not PKCS#7 certificates: %s", what);
}

bool pkcs7_certificates(struct span der, struct der *certs, struct err *err)
{
    struct der_tlv t;
    struct der_tlv oid;
    struct der d = der_over(der);
    if (!der_take(&d, DER_SEQUENCE, &t) || !der_at_end(&d)) {
        return bad(err, d.bad ? d.bad : "not one SEQUENCE");
    }
    struct der info = der_into(&d, &t);
    if (!der_take(&info, DER_OID, &oid) || !der_oid_is(oid.value, OID_SIGNED_DATA) ||
        !der_take(&info, DER_CONTEXT_CONSTRUCTED(0), &t)) {
        return bad(err, "not SignedData");
    }
    struct der content = der_into(&info, &t);
    if (!der_take(&content, DER_SEQUENCE, &t)) {
        return bad(err, "not SignedData");
    }
    struct der sd = der_into(&content, &t);
    if (!der_take(&sd, DER_INTEGER, &t) || !der_take(&sd, DER_SET, &t) ||
        !der_take(&sd, DER_SEQUENCE, &t)) {
        return bad(err, "SignedData does not decode");
    }
    if (der_take(&sd, DER_CONTEXT_CONSTRUCTED(0), &t)) {
        *certs = der_into(&sd, &t);
    } else {
        *certs = der_over((struct span){0});
    }
    return sd.bad ? bad(err, sd.bad) : true;
}

/* Our own reader wants lengths (der.h); OpenSSL reads what has none and writes it again. */
struct span pkcs7_definite(struct arena *a, struct span ber)
{
    enum { INDEFINITE = 0x80 };
    const unsigned char *at = ber.p;
    unsigned char *der = NULL;
    struct span out = ber;
    if (ber.n < 2 || ber.n > INT_MAX || ber.p[0] != DER_SEQUENCE || ber.p[1] != INDEFINITE) {
        return ber;
    }
    PKCS7 *p7 = d2i_PKCS7(NULL, &at, (long)ber.n);
    const int n = p7 && at == ber.p + ber.n ? i2d_PKCS7(p7, &der) : -1;
    if (n > 0) {
        out = (struct span){arena_memdup(a, der, (size_t)n), (size_t)n};
    }
    OPENSSL_free(der);
    PKCS7_free(p7);
    ERR_clear_error();
    return out;
}

bool pkcs7_write(const struct span *certs, size_t n, struct buf *der, struct err *err)
{
    size_t info = der_open(der, DER_SEQUENCE);
    der_put_oid(der, OID_SIGNED_DATA);
    size_t content = der_open(der, DER_CONTEXT_CONSTRUCTED(0));
    size_t sd = der_open(der, DER_SEQUENCE);
    der_put_uint(der, 1);
    der_put(der, DER_SET, (struct span){0}); /* digestAlgorithms */
    size_t data = der_open(der, DER_SEQUENCE);
    der_put_oid(der, OID_DATA);
    der_close(der, data);
    size_t set = der_open(der, DER_CONTEXT_CONSTRUCTED(0));
    for (size_t i = 0; i < n; i++) {
        buf_add(der, certs[i].p, certs[i].n);
    }
    der_close(der, set);
    der_put(der, DER_SET, (struct span){0}); /* signerInfos */
    der_close(der, sd);
    der_close(der, content);
    der_close(der, info);
    return buf_failed(der) ? err_set(err, ERR_INTERNAL, "the PKCS#7 data is too long") : true;
}
