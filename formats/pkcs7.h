/* SPDX-License-Identifier: Apache-2.0
 *
 * PKCS#7 as a bag of certificates (RFC 2315 9.1, "certs-only"): Windows and Java servers want a
 * chain in it, CAs answer with it. Signatures in it are not looked at.
 */
#ifndef FORMATS_PKCS7_H
#define FORMATS_PKCS7_H

#include "formats/base/arena.h"
#include "formats/base/err.h"
#include "formats/der.h"

/* A cursor over the certificate set of SignedData; an absent set is an empty cursor. */
bool pkcs7_certificates(struct span der, struct der *certs, struct err *err) MUST_USE;
/* The same in DER when it begins as BER of indefinite length, as Java libraries write it; anything
 * else comes back as it is. */
struct span pkcs7_definite(struct arena *a, struct span ber) MUST_USE;
/* Certs-only SignedData with the certificates in the given order. */
bool pkcs7_write(const struct span *certs, size_t n, struct buf *der, struct err *err) MUST_USE;

#endif
