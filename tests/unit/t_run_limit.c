/* SPDX-License-Identifier: Apache-2.0
 *
 * So many new orders at a CA in one run and no more: the others are left for the next run,
 * untouched. What arrived is counted at the CA. The embedded CA has no such setting: a number of
 * its own that changes nothing here stands for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "run_fixture.h"

#define FIVE THREE ORDER("d") ORDER("e")

static void limit(unsigned n)
{
    char text[160];
    (void)snprintf(text, sizeof text,
                   "certbatch_config: 1\ncas:\n"
                   "  lab: {type: local, directory: ./ca, renewal_window_days: %u}\n",
                   n);
    put("certbatch.yaml", text);
    faulty_type.run_limit_key = "renewal_window_days";
}

static void the_rest_is_left_for_the_next_run(void **ctx UNUSED)
{
    limit(2);
    for (unsigned done = 2; done <= 4; done += 2) {
        assert_true(run(FIVE));
        assert_int_equal(t.summary.counts[STATE_ISSUED], done);
        assert_int_equal(t.summary.counts[STATE_NEW], 5 - done);
        assert_int_equal(faulty.orders, done);
        assert_non_null(t.summary.limited);
        assert_non_null(
            strstr(t.summary.limited, done == 2 ? "3 orders at lab" : "1 order at lab"));
        assert_non_null(strstr(t.summary.limited, "renewal_window_days: 2"));
    }
    assert_int_equal(access("b.state/keys/e.pem", F_OK), -1); /* not even a key was made */
    assert_true(run(FIVE));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 5);
    assert_null(t.summary.limited);
    assert_int_equal(faulty.orders, 5);
}

static void without_it_all_go(void **ctx UNUSED)
{
    faulty_type.run_limit_key = "renewal_window_days"; /* not written */
    assert_true(run(FIVE));
    assert_int_equal(faulty.orders, 5);
    assert_null(t.summary.limited);
}

/* The same order once more is no new one. */
static void a_repetition_is_not_counted(void **ctx UNUSED)
{
    limit(2);
    fault("*", STEP_ORDER, FAULT_NOT_SENT, 2);
    fault("b", STEP_ORDER, FAULT_LOST_BEFORE, 1);
    assert_true(run(FIVE));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(t.summary.counts[STATE_NEW], 3);
    assert_true(faulty.orders > 2);
}

/* What an earlier run sent goes on beside the new ones. */
static void orders_in_flight_are_not_counted(void **ctx UNUSED)
{
    limit(2);
    fault("a", STEP_ORDER, FAULT_PENDING, 1);
    fault("a", STEP_POLL, FAULT_AUTH, 1);
    fault("b", STEP_ORDER, FAULT_LOST, 1);
    fault("b", STEP_FIND, FAULT_AUTH, 1);
    assert_false(run_wait(FIVE, 0));
    assert_int_equal(t.summary.counts[STATE_NEW], 3);
    assert_int_equal(t.summary.counts[STATE_ISSUED], 0);
    faulty_reset(0, 0);
    limit(2);
    assert_true(run(FIVE));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 4);
    assert_int_equal(t.summary.counts[STATE_NEW], 1);
    assert_int_equal(faulty.orders, 2);
}

/* Items that come to nothing before anything was sent take no place away: otherwise the same bad
 * rows would keep all others out for ever. */
static void bad_rows_take_no_place(void **ctx UNUSED)
{
    static const char manifest[] = HEAD
        "orders:\n"
        "  - {id: x, common_name: x.corp.example.com, san: [x.corp.example.com], csr: gone.csr}\n"
        "  - {id: y, common_name: y.corp.example.com, san: [y.corp.example.com], key_file: "
        "gone.pem,"
        " reuse_key: true}\n" ORDER("a") ORDER("b") ORDER("c");
    limit(2);
    assert_true(run(manifest));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(t.summary.counts[STATE_NEW], 1);
    assert_int_equal(faulty.orders, 2);
}

/* A revocation that waits for an order that was left is left, too. */
static void what_waits_for_them_waits(void **ctx UNUSED)
{
    static const char first[] = HEAD "orders:\n" ORDER("old");
    assert_true(run(first));
    assert_int_equal(rename("b.state/items/old/certificate.pem", "old.pem"), 0);
    fs_remove_tree_at(t.fd, "b.state");
    faulty_reset(0, 0);
    limit(1);
    static const char manifest[] = HEAD "orders:\n" ORDER("a")
        ORDER("b") "revocations:\n"
                   "  - {id: r, certificate: old.pem, reason: superseded, after: b}\n";
    assert_true(run(manifest));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 1);
    assert_int_equal(t.summary.counts[STATE_NEW], 2);
    assert_int_equal(faulty.revocations, 0);
    assert_non_null(strstr(t.summary.limited, "1 order at lab"));
    assert_true(run(manifest));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(faulty.revocations, 1);
    assert_null(t.summary.limited);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_rest_is_left_for_the_next_run),
        T(without_it_all_go),
        T(a_repetition_is_not_counted),
        T(orders_in_flight_are_not_counted),
        T(bad_rows_take_no_place),
        T(what_waits_for_them_waits),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
