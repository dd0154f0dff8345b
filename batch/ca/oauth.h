/* SPDX-License-Identifier: Apache-2.0
 *
 * A bearer token of OAuth 2.0 by client credentials (RFC 6749, 4.4), as connectors carry it: asked
 * for in a form, kept until shortly before its end, put into requests, forgotten when it is
 * refused. Pure, like all of a connector.
 */
#ifndef BATCH_CA_OAUTH_H
#define BATCH_CA_OAUTH_H

#include "batch/ca.h"

enum { OAUTH_CARRIED = 256 }; /* requests; more than are ever under way */
struct oauth {
    struct secret token;
    int64_t until;   /* read only while there is a token */
    unsigned tokens; /* how many there were */
    /* Which of them the last requests carried: what is told of an old one must not end a new one.
     */
    struct {
        char nonce[33];
        unsigned token;
    } carried[OAUTH_CARRIED];
    size_t ncarried;
};

/* There is a token, and it is not at its end. */
bool oauth_ready(const struct oauth *o, int64_t now) MUST_USE;
/* The body of the question for one, which the caller sends as a secret. False: too long. */
bool oauth_form(struct ca_request *r, const char *client_id, const struct secret *client_secret,
                struct err *err) MUST_USE;
/* The answer's token, for so many seconds less a margin. False: it is none (RFC 6750, 2.1). */
bool oauth_take(struct oauth *o, const char *token, uint64_t seconds, const struct ca_call *call,
                struct ca_result *out) MUST_USE;
enum { OAUTH_SECONDS = 300 }; /* of a token whose life is not told */
/* "Authorization: Bearer". False (err): there is no token. */
bool oauth_put(struct oauth *o, const struct ca_call *call, struct ca_request *r,
               struct err *err) MUST_USE;
/* 401 to this call: the token that it carried is of no use any more. */
void oauth_refused(struct oauth *o, const struct ca_call *call);
void oauth_release(struct oauth *o);

#endif
