/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in a file, for people and for scripts: certificate request, certificate, private key,
 * PFX, JKS, PKCS#7, CRL; PEM or DER, told apart by the bytes. Of a private key only public facts
 * are shown. Judges nothing: that is `lint`. No I/O; thread safe.
 */
#ifndef FORMATS_INSPECT_H
#define FORMATS_INSPECT_H

#include "formats/base/err.h"
#include "formats/base/secret.h"

/* Appends a block of text, or one JSON document {"file","objects":[{"kind",...}]}. password may
 * be NULL; a store that needs one then fails with a hint. */
bool inspect_file(const char *name, struct span input, const struct secret *password, bool as_json,
                  struct buf *out, struct err *err) MUST_USE;

#endif
