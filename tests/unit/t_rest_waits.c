/* SPDX-License-Identifier: Apache-2.0
 *
 * The retrieval rule: wait = min(timer^attempt, max), attempt from 1 on, so many attempts. The
 * sequence of a run is that of an order which is pending and then of every look at it.
 */
#include "batch/ca/rest.h"
#include "batch/ca/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What is said to the n-th answer of a run that the order is pending, n from 0 on. */
static struct ca_result say(const struct ca_enroll *e, unsigned n)
{
    struct ca_result out = {.again_seconds = -1};
    const struct ca_call call = {.step = n ? STEP_POLL : STEP_ORDER, .looks = n};
    const struct rest_heard h = {.call = &call, .out = &out};
    rest_pending(&h, e, "pending");
    assert_true(out.pending);
    return out;
}

static void sequences(void **state UNUSED)
{
    static const struct {
        struct ca_enroll enroll;
        int64_t waits[6];
    } rows[] = {
        {{2, 32, 5}, {2, 4, 8, 16, 32}},
        {{3, 32, 5}, {3, 9, 27, 32, 32}},
        {{1, 32, 5}, {1, 1, 1, 1, 1}},
        {{0, 32, 5}, {0, 0, 0, 0, 0}},
        {{2, 3, 5}, {2, 3, 3, 3, 3}},
        {{60, 32, 5}, {32, 32, 32, 32, 32}},
        {{3600, 86400, 5}, {3600, 86400, 86400, 86400, 86400}},
    };
    for (size_t r = 0; r < NITEMS(rows); r++) {
        for (unsigned n = 0; n < 5; n++) {
            const struct ca_result out = say(&rows[r].enroll, n);
            assert_int_equal(out.again_seconds, rows[r].waits[n]);
            assert_false(out.enough);
        }
        assert_true(say(&rows[r].enroll, 5).enough); /* five waits, and a look after each */
    }
}

static void attempts(void **state UNUSED)
{
    for (int64_t max = 1; max < 10; max++) {
        const struct ca_enroll e = {2, 32, max};
        int64_t looks = 0;
        while (!say(&e, (unsigned)looks).enough) {
            looks++; /* it waits, then looks */
        }
        assert_int_equal(looks, max);
    }
    const struct ca_enroll many = {2, 86400, 1000}; /* no wait overflows */
    assert_int_equal(say(&many, 999).again_seconds, 86400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences),
        cmocka_unit_test(attempts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
