/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole runs against a CA that wants a credential first, takes it away, and answers in several
 * pages: nothing is sent without one, nothing is ordered twice, nothing is asked for ever.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run_fixture.h"

static void tokens(void)
{
    faulty_reset(0, 0);
    faulty_ops.authorized = faulty_authorized;
}

static void a_credential_comes_first(void **ctx UNUSED)
{
    tokens();
    assert_true(run(THREE));
    assert_issued_once(3);
    assert_int_equal(faulty.logins, 1);
    assert_int_equal(faulty.strangers, 0);
}

/* Whatever happens to the request for it, it is asked for again; nothing is sent without. */
static void a_credential_is_asked_for_again(void **ctx UNUSED)
{
    static const enum fault faults[] = {FAULT_LOST, FAULT_LOST_BEFORE, FAULT_NOT_SENT,
                                        FAULT_THROTTLED, FAULT_GARBAGE};
    for (size_t i = 0; i < NITEMS(faults); i++) {
        void *none = NULL;
        tokens();
        fault("*", STEP_TOKEN, faults[i], 1);
        assert_true(run(THREE));
        assert_issued_once(3);
        assert_int_equal(faulty.logins, 2);
        assert_int_equal(faulty.strangers, 0);
        assert_int_equal(teardown(&none), 0);
        assert_int_equal(setup(&none), 0);
    }
}

static void a_credential_that_is_refused_stops_the_ca(void **ctx UNUSED)
{
    tokens();
    fault("*", STEP_TOKEN, FAULT_REFUSED, 0);
    assert_false(run(THREE));
    assert_int_equal(t.err.code, ERR_CA);
    assert_int_equal(t.summary.counts[STATE_NEW], 3);
    assert_int_equal(faulty.logins, 1);
    assert_int_equal(faulty.orders + faulty.strangers, 0);
    assert_int_equal(journalled("intent", "a"), 0);
}

/* 401 in the middle: refused before it was looked at, so the order may go again, with an intent of
 * its own and a fresh credential. */
static void a_credential_that_expires_is_replaced(void **ctx UNUSED)
{
    tokens();
    fault("b", STEP_ORDER, FAULT_AUTH, 1);
    assert_true(run(THREE));
    assert_issued_once(3);
    assert_int_equal(faulty.logins, 2);
    assert_int_equal(journalled("intent", "b"), 2);
}

static void a_credential_that_never_works_stops_the_ca(void **ctx UNUSED)
{
    tokens();
    fault("*", STEP_ORDER, FAULT_AUTH, 0);
    assert_false(run(THREE));
    assert_int_equal(t.err.code, ERR_CA);
    assert_int_equal(t.summary.counts[STATE_NEW], 3);
    assert_in_range(faulty.logins, 2, 4);
}

static bool always(const struct ca *ca UNUSED, int64_t now UNUSED)
{
    return true;
}

/* An access key: there is nothing to fetch again. The fault ends by itself, so that a run that goes
 * on asking fails here instead of never ending. */
static void a_key_that_is_refused_is_not_sent_again(void **ctx UNUSED)
{
    tokens();
    faulty_ops.authorized = always;
    fault("*", STEP_ORDER, FAULT_AUTH, 60);
    assert_false(run(THREE));
    assert_int_equal(t.err.code, ERR_CA);
    assert_int_equal(t.summary.counts[STATE_NEW], 3);
    assert_int_equal(journalled("intent", "a"), 1);
    assert_int_equal(faulty.logins, 0);
}

/* More items than one round: the first is refused while workers still prepare the others, which
 * find the CA given up when they are cleared. */
static void a_ca_given_up_holds_nobody(void **ctx UNUSED)
{
    enum { MANY = 500 };
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    buf_puts(&text, HEAD "orders:\n");
    for (int i = 0; i < MANY; i++) {
        buf_printf(&text, "  - {id: m%d, common_name: m%d.corp.example.com}\n", i, i);
    }
    tokens();
    faulty_ops.authorized = always;
    fault("*", STEP_ORDER, FAULT_AUTH, 0);
    assert_false(run(buf_text(&text)));
    assert_int_equal(t.err.code, ERR_CA);
    assert_int_equal(t.summary.counts[STATE_NEW], MANY);
}

static void a_step_may_take_several_requests(void **ctx UNUSED)
{
    fault("a", STEP_ORDER, FAULT_PENDING, 1);
    faulty.phases = 3;
    assert_true(run(THREE));
    assert_issued_once(3);
    assert_int_equal(faulty.polls, 4);
    assert_int_equal(faulty.odd_pages, 0);
}

static void pages_without_end_are_left(void **ctx UNUSED)
{
    fault("a", STEP_ORDER, FAULT_PENDING, 1);
    faulty.phases = UINT_MAX;
    assert_true(run_wait(THREE, 4)); /* less than the first wait after an answer that led nowhere */
    assert_int_equal(t.summary.counts[STATE_PENDING], 1);
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_in_range(faulty.polls, LIMIT_PHASES, 2 * LIMIT_PHASES + 2);
}

/* Orders in a row of which nobody can say what became of them: the CA is given up, and an order in
 * doubt is not sent again before a search has said twice that it is not there. */
static void a_ca_that_never_says_what_it_did_is_left(void **ctx UNUSED)
{
    fault("*", STEP_ORDER, FAULT_LOST_BEFORE, 0);
    assert_false(run(THREE));
    assert_int_equal(t.err.code, ERR_CA);
    assert_in_range(faulty.orders, 6, 9);
    assert_true(faulty.finds >= 2 * (faulty.orders - 3));
    assert_int_equal(issued("a") + issued("b") + issued("c"), 0);
    memset(faulty.rows, 0, sizeof faulty.rows);
    assert_true(run(THREE));
    assert_issued_once(3);
}

/* What the CA issued is delivered, however little the CA is to be had. */
static void outputs_do_not_wait_for_the_ca(void **ctx UNUSED)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf journal = BUF_INIT(1 << 24);
    assert_true(run(THREE));
    assert_true(fs_read("b.state/journal.jsonl", &journal, &err));
    const char *first = strstr(buf_text(&journal), "\"ev\":\"outputs\"");
    assert_non_null(first);
    while (first[-1] != '\n') {
        first--;
    }
    assert_int_equal(truncate("b.state/journal.jsonl", first - journal.p), 0);
    put("ca/ca.json", "damaged\n");
    assert_false(run(THREE ORDER("d")));
    assert_int_equal(t.err.code, ERR_ENV);
    assert_int_equal(t.summary.counts[STATE_ISSUED], 3);
    assert_int_equal(t.summary.counts[STATE_NEW], 1);
    assert_int_equal(journalled("outputs", "a"), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_credential_comes_first),
        T(a_credential_is_asked_for_again),
        T(a_credential_that_is_refused_stops_the_ca),
        T(a_credential_that_expires_is_replaced),
        T(a_credential_that_never_works_stops_the_ca),
        T(a_key_that_is_refused_is_not_sent_again),
        T(a_ca_given_up_holds_nobody),
        T(a_step_may_take_several_requests),
        T(pages_without_end_are_left),
        T(a_ca_that_never_says_what_it_did_is_left),
        T(outputs_do_not_wait_for_the_ca),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
