/* SPDX-License-Identifier: Apache-2.0
 *
 * What connectors write into requests alike. Pure.
 */
#ifndef BATCH_CA_REQUEST_H
#define BATCH_CA_REQUEST_H

#include "batch/ca.h"

/* SHA-256 of method, url and body, each but the last with a NUL behind it; a secret body is left
 * out. The last thing done to a request. */
void request_digest(struct ca_request *r);
/* A segment of a path or a value of a query: everything but the unreserved characters of RFC 3986,
 * section 2.3, in percent-encoding (2.1). */
void request_put_escaped(struct buf *b, const char *text);
/* "Authorization: PREFIX value" and its like; false (err, ERR_INTERNAL): no room. */
bool request_secret_header(struct ca_request *r, const char *name, const char *prefix,
                           const struct secret *value, struct err *err) MUST_USE;
/* A URL of the configuration without the slashes at its end. */
const char *request_base(struct arena *a, const char *url);

#endif
