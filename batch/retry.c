/* SPDX-License-Identifier: Apache-2.0
 *
 * See retry.h.
 */
#include "batch/retry.h"

static int64_t doubled(int64_t base, int64_t cap, unsigned times)
{
    for (unsigned i = 0; i < times && base < cap; i++) {
        base *= 2;
    }
    return base < cap ? base : cap;
}

static int64_t asked_ms(int64_t seconds)
{
    if (seconds < 0) {
        return 0;
    }
    return (seconds > RETRY_AFTER_CAP_SECONDS ? RETRY_AFTER_CAP_SECONDS : seconds) * 1000;
}

int64_t retry_delay_ms(unsigned tries, int64_t asked_seconds, uint32_t random)
{
    int64_t ceiling = doubled(RETRY_BASE_MS, RETRY_CAP_MS, tries ? tries - 1 : 0);
    int64_t jitter = (int64_t)((uint64_t)random * (uint64_t)ceiling >> 32);
    int64_t asked = asked_ms(asked_seconds);
    return asked > jitter ? asked : jitter;
}

int64_t retry_poll_ms(unsigned polls, int64_t asked_seconds)
{
    if (asked_seconds >= 0) {
        return asked_ms(asked_seconds);
    }
    return doubled(RETRY_POLL_FIRST_SECONDS, RETRY_POLL_CAP_SECONDS, polls) * 1000;
}

int64_t retry_settle_ms(bool embedded, int64_t told_seconds)
{
    return embedded ? 0 : (told_seconds >= 0 ? told_seconds : RETRY_SETTLE_SECONDS) * 1000;
}
