/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded into a program under test (LD_PRELOAD), makes its waits short without touching it: the
 * monotonic clock runs HURRY times as fast (default 20) and poll() sleeps so much less. A retry
 * after 30 s comes after 1.5 s, in the same order as everything else. The wall clock, which goes
 * into requests and records, is left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static int (*real_clock)(clockid_t, struct timespec *);
static int (*real_poll)(struct pollfd *, nfds_t, int);
static int64_t start_ns, factor = 20;

static int64_t ns_of(const struct timespec *t)
{
    return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

__attribute__((constructor)) static void begin(void)
{
    struct timespec now = {0};
    const char *text = getenv("HURRY");
    int64_t told = text ? atoll(text) : 0;
    *(void **)&real_clock = dlsym(RTLD_NEXT, "clock_gettime");
    *(void **)&real_poll = dlsym(RTLD_NEXT, "poll");
    factor = told > 0 ? told : factor;
    (void)real_clock(CLOCK_MONOTONIC, &now);
    start_ns = ns_of(&now);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    if (!real_clock) {
        begin();
    }
    int rc = real_clock(id, out);
    if (rc == 0 && id == CLOCK_MONOTONIC) {
        int64_t t = start_ns + (ns_of(out) - start_ns) * factor;
        out->tv_sec = (time_t)(t / 1000000000);
        out->tv_nsec = (long)(t % 1000000000);
    }
    return rc;
}

/* Rounded up: a wait that is due must have passed when it returns, or the caller spins. */
int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    if (!real_poll) {
        begin();
    }
    return real_poll(fds, n, timeout > 0 ? (int)((timeout + factor - 1) / factor) : timeout);
}
