/* SPDX-License-Identifier: Apache-2.0
 *
 * What became of one HTTP request: the outcome table, pure. Three facts decide: what libcurl says,
 * whether the request began to leave, and whether its reply arrived whole. libcurl 7.88 calls a
 * reply whole whose connection ended amid the headers: that fact is our own.
 *
 * The line between "safe to send again" and "nobody knows" is drawn by `left`: when not one octet
 * of the request left this machine, nothing can have happened at the CA, whatever the error is.
 * Past that line no error of the transport ever means that nothing happened (Jepsen's :info).
 */
#ifndef BATCH_HTTP_ATTEMPT_H
#define BATCH_HTTP_ATTEMPT_H

#include "batch/ca.h"

struct attempt {
    int curl;            /* CURLcode */
    bool left;           /* at least one octet of the request was handed to the connection; the
                            greeting of a login, which has no body, is none of it */
    bool too_large;      /* we broke it off: the reply passed its ceiling */
    bool stranger;       /* we broke it off: http:// led to an address that is not this machine */
    bool again;          /* we broke it off: it would have been sent once more */
    bool cut;            /* the headers of the reply never ended */
    int connect_status;  /* what the proxy said to CONNECT, 0 = nothing */
    unsigned tls_reason; /* libcrypto's number of why TLS failed (ERR_GET_REASON), 0 = not told */
};
struct attempt_verdict {
    enum outcome transport; /* ACCEPTED, NOT_SENT or UNKNOWN */
    bool lasting;           /* NOT_SENT, and the same again would end the same way */
    const char *text;       /* for people; NULL for ACCEPTED */
};
struct attempt_verdict attempt_judge(const struct attempt *a);

#endif
