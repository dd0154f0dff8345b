/* SPDX-License-Identifier: Apache-2.0
 *
 * What a file is, judged by its bytes and never by its name. It looks at the outer structure
 * only: KIND_CSR means "shaped like a request", not "a good one". Thread safe, no allocation.
 */
#ifndef FORMATS_KIND_H
#define FORMATS_KIND_H

#include "formats/base/buf.h"

enum input_kind {
    KIND_UNKNOWN,
    KIND_EMPTY,
    KIND_PEM,
    KIND_CSR,
    KIND_CERT,
    KIND_CRL,
    KIND_PKCS7,
    KIND_CMC,
    KIND_PKCS12,
    KIND_JKS,
    KIND_JCEKS,
    KIND_PRIVATE_KEY,
    KIND_ENCRYPTED_KEY,
    KIND_PUBLIC_KEY,
    KIND_SPKAC,
    KIND_BASE64,
    KIND_UTF16,
    KIND_TEXT,
    KIND__MAX
};

/* KIND_PEM when a line begins with -----BEGIN, whatever is inside. */
enum input_kind kind_of(struct span input);
/* "a certificate", "a Java keystore (JKS)" ...: completes "this is ...". */
const char *kind_name(enum input_kind kind);

#endif
