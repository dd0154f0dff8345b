/* SPDX-License-Identifier: Apache-2.0
 *
 * How long to wait before asking a CA again. Pure: no clock, no sleep, the random number comes
 * from the caller. Milliseconds.
 */
#ifndef BATCH_RETRY_H
#define BATCH_RETRY_H

#include "formats/base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    RETRY_BASE_MS = 1000,
    RETRY_CAP_MS = 60 * 1000,
    RETRY_AFTER_CAP_SECONDS = 15 * 60, /* of what a CA may ask for */
    RETRY_READS = 5,                   /* tries of one read before it is left for the next run */
    RETRY_NOT_SENT = 5,   /* requests in a row that did not leave: the CA is given up */
    RETRY_THROTTLED = 10, /* times in a row a CA asks to wait: given up */
    RETRY_DOUBTFUL = 5,   /* orders in a row without an answer that says anything: given up */
    RETRY_FORBIDDEN = 5,  /* things in a row that the CA does not allow: the next gives it up */
    RETRY_STALE = 30,     /* nonces in a row that the CA does not take: given up */
    RETRY_FINDS = 2,      /* a search must come back empty this often */
    RETRY_RENEWAL = 2,    /* times a question about a renewal is repeated */
    RETRY_RENEWAL_SECONDS = 6 * 3600, /* after a question about a renewal that came to nothing */
    RETRY_SETTLE_SECONDS = 30,        /* between an order and its showing up in a search */
    RETRY_POLL_FIRST_SECONDS = 5,
    RETRY_POLL_CAP_SECONDS = 300
};

/* Before try number `tries` + 1 (tries >= 1): full jitter below base * 2^(tries-1), capped. A
 * wait the CA asked for (seconds, -1 = none) is a lower bound, itself capped. */
int64_t retry_delay_ms(unsigned tries, int64_t asked_seconds, uint32_t random);
/* Before the next poll of a pending order. */
int64_t retry_poll_ms(unsigned polls, int64_t asked_seconds);
/* Between two searches for a lost order: what the CA's configuration says of its lag (seconds, -1 =
 * nothing); an embedded CA has none. */
int64_t retry_settle_ms(bool embedded, int64_t told_seconds);

#endif
