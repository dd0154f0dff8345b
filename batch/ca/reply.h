/* SPDX-License-Identifier: Apache-2.0
 *
 * What connectors read from replies alike: members of JSON, HTTP states that decide by themselves,
 * certificates in any order. Pure; texts live in the arena that is given.
 */
#ifndef BATCH_CA_REPLY_H
#define BATCH_CA_REPLY_H

#include "batch/ca.h"
#include "formats/base/json_in.h"
#include "formats/cert.h"
#include "formats/crl.h"

/* Members: names match exactly or else in any case; text, numbers and booleans (1, 0) are text.
 * NULL when absent, null or blank. */
const json_t *reply_member(const json_t *object, const char *name);
const char *reply_text(struct arena *a, const json_t *object, const char *name);
uint64_t reply_number(const json_t *object, const char *name, uint64_t otherwise);
/* A date or a date and time, however it is written; TIME_NONE otherwise. */
int64_t reply_time(struct arena *a, const json_t *object, const char *name);

/* True: the status says it all, whatever the body says, and outcome and message are set. False for
 * 200 to 299 and for the 4xx that every API explains in its own way. `title`: who answers. */
bool reply_by_status(struct ca_result *out, const struct ca_reply *reply,
                     const char *title) MUST_USE;

/* Certificates as they come in, in any order. */
struct reply_certs {
    struct cert *v; /* room for LIMIT_CHAIN + 1 */
    size_t n;
};
/* Those of a PEM text; false: it does not decode. NULL and blank text holds none. */
bool reply_take_pem(struct arena *a, const char *pem, struct reply_certs *to) MUST_USE;
/* Those of DER (a certificate or PKCS#7 as in RFC 5272, 4.1), of the same in Base64 with or without
 * line breaks (RFC 8951, 3.1), or of PEM; false: it does not decode. */
bool reply_body_certs(struct arena *a, const struct buf *body, struct cert **out,
                      size_t *n) MUST_USE;
/* The CRL that a reply holds, signed by one of these certificates. False: there is none that
 * counts; the outcome is unknown and the message says why. Where a CRL came from proves nothing:
 * who could answer there with a list of their own would have certificates taken for revoked that
 * are not. */
bool reply_crl(struct ca_result *out, const struct buf *body, const struct cert *issuers, size_t n,
               struct crl *crl) MUST_USE;
/* The one that was ordered: that of the key of the order, else the first that is no CA. */
size_t reply_leaf(const struct ca_order *o, const struct reply_certs *c) MUST_USE;
bool reply_has_key(const struct ca_order *o, const struct reply_certs *c) MUST_USE;
/* They are the answer: leaf first, then what chains up from it. */
void reply_give(struct ca_result *out, const struct ca_order *order, struct reply_certs *c);

#endif
