/* SPDX-License-Identifier: Apache-2.0
 *
 * DSSE envelopes (Dead Simple Signing Envelope, protocol 1.0.2): a payload, its type, and
 * signatures over both. The payload is what was signed, octet for octet: it is never serialised
 * again. No I/O; thread safe.
 */
#ifndef FORMATS_DSSE_H
#define FORMATS_DSSE_H

#include "formats/signer.h"

#define DSSE_IN_TOTO "application/vnd.in-toto+json"

/* JSON, one member a line, with one signature; its keyid is signer_key_id(). */
bool dsse_make(const struct signer *s, const char *type, struct span payload, struct buf *envelope,
               struct err *err) MUST_USE;

struct dsse {
    const char *type;
    struct span payload;
    struct dsse_signature {
        const char *key_id; /* "" when none; a hint, proves nothing */
        struct span value;
    } * v;
    size_t n;
};
/* Everything in the arena. False (ERR_INPUT): it is no envelope. */
bool dsse_read(struct arena *a, const char *name, struct span envelope, struct dsse *out,
               struct err *err) MUST_USE;
/* Is one of the signatures by the key of that certificate? */
bool dsse_signed_by(const struct dsse *d, const struct cert *certificate, struct err *err) MUST_USE;
/* What is signed: "DSSEv1" SP length SP type SP length SP payload. */
void dsse_pae(const char *type, struct span payload, struct buf *out);

#endif
