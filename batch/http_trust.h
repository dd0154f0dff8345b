/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom one CA's connection trusts and who we are there: the `tls:` settings as PEM text in memory.
 * Trust stores and client certificates come from PEM, PKCS#12 or JKS files, read with our own
 * readers; libcurl never sees a path, a format it does not know, or a password.
 */
#ifndef BATCH_HTTP_TRUST_H
#define BATCH_HTTP_TRUST_H

#include "batch/config.h"

struct http_trust {
    bool own_roots;                     /* `roots` replaces those of the system */
    bool has_identity;                  /* certificate (leaf first) and key are there */
    struct buf roots, certificate, key; /* PEM; key is wiped by http_trust_release() */
};
#define HTTP_TRUST_INIT                                                                            \
    {                                                                                              \
        .roots = BUF_INIT(LIMIT_INPUT_BYTES), .certificate = BUF_INIT(LIMIT_INPUT_BYTES),          \
        .key = BUF_INIT(65536)                                                                     \
    }

/* Paths are relative to dir. False: err says which setting is at fault. */
bool http_trust_read(const struct ca_tls *tls, const char *dir, struct http_trust *out,
                     struct err *err) MUST_USE;
void http_trust_release(struct http_trust *t);

#endif
