/* SPDX-License-Identifier: Apache-2.0
 *
 * The transition table: what may never happen, whatever a journal says, and that every state is
 * reported under a name that counts once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/state.h"
#include "formats/base/str.h"

static void an_order_needs_a_key_and_an_intent(void **ctx UNUSED)
{
    enum item_state to;
    assert_false(state_next(STATE_NEW, EV_INTENT, &to));
    assert_false(state_next(STATE_NEW, EV_REPLY_ACCEPTED, &to));
    assert_false(state_next(STATE_KEYED, EV_REPLY_ACCEPTED, &to));
    assert_false(state_next(STATE_KEYED, EV_CERT, &to));
    assert_true(state_next(STATE_NEW, EV_KEYGEN, &to));
    assert_int_equal(to, STATE_KEYED);
    assert_true(state_next(STATE_KEYED, EV_INTENT, &to));
    assert_int_equal(to, STATE_INTENT);
}

/* The only ways back to a state that sends again are: the CA said it did nothing, a search proved
 * absence, or the operator took it on himself. */
static void no_way_back_without_proof(void **ctx UNUSED)
{
    for (int from = 0; from < STATE__MAX; from++) {
        for (int ev = 0; ev < EV__MAX; ev++) {
            enum item_state to;
            bool open = from == STATE_NEW || from == STATE_SKIPPED || from == STATE_FAILED;
            if (open || !state_next((enum item_state)from, (enum item_event)ev, &to)) {
                continue;
            }
            if (to == STATE_NEW || to == STATE_KEYED) {
                assert_true(ev == EV_REPLY_RETRY || ev == EV_NOT_FOUND ||
                            ev == EV_RESOLVED_REORDER);
            }
        }
    }
}

static void good_states_are_the_end(void **ctx UNUSED)
{
    for (int from = 0; from < STATE__MAX; from++) {
        enum item_state to;
        if (!state_is_good((enum item_state)from)) {
            continue;
        }
        assert_true(state_is_final((enum item_state)from));
        for (int ev = 0; ev < EV__MAX; ev++) {
            assert_false(state_next((enum item_state)from, (enum item_event)ev, &to));
        }
    }
}

static void a_lost_reply_is_reconciled_first(void **ctx UNUSED)
{
    assert_int_equal(state_action(STATE_INTENT, false), DO_RECONCILE);
    assert_int_equal(state_action(STATE_REVOKE_INTENT, true), DO_RECONCILE_REVOCATION);
    assert_int_equal(state_action(STATE_UNKNOWN, false), DO_RECONCILE);
    assert_int_equal(state_action(STATE_ABANDONED, false), DO_NOTHING);
    assert_int_equal(state_action(STATE_REFUSED, false), DO_NOTHING);
    assert_int_equal(state_action(STATE_MISMATCH, false), DO_NOTHING);
}

static void events_survive_their_names(void **ctx UNUSED)
{
    for (int ev = 0; ev < EV__MAX; ev++) {
        enum item_event back = EV__MAX;
        const char *reply_class = event_class((enum item_event)ev);
        assert_true(event_from_record(event_name((enum item_event)ev), reply_class, &back));
        assert_int_equal(back, ev);
    }
    enum item_event none;
    assert_false(event_from_record("reply", "surprise", &none));
    assert_false(event_from_record("reply", NULL, &none));
    assert_false(event_from_record("item", NULL, &none));
}

static void reports_count_every_state_once(void **ctx UNUSED)
{
    for (int s = 0; s < STATE__MAX; s++) {
        enum item_state as = state_report((enum item_state)s);
        assert_int_equal(state_report(as), as);
        assert_string_equal(state_report_name((enum item_state)s), state_report_name(as));
    }
    assert_string_equal(state_report_name(STATE_INTENT), "unknown");
    assert_string_equal(state_report_name(STATE_KEYED), "not-started");
    assert_string_equal(state_report_name(STATE_CERTIFIED), "pending");
    assert_string_equal(state_report_name(STATE_ABANDONED), "skipped");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_needs_a_key_and_an_intent),
        cmocka_unit_test(no_way_back_without_proof),
        cmocka_unit_test(good_states_are_the_end),
        cmocka_unit_test(a_lost_reply_is_reconciled_first),
        cmocka_unit_test(events_survive_their_names),
        cmocka_unit_test(reports_count_every_state_once),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
