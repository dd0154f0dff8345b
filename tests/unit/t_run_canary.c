/* SPDX-License-Identifier: Apache-2.0
 *
 * Revocations that wait: for the canary, and for their time. What the CA did is counted in its own
 * index, never in what the run says of itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "run_fixture.h"

#define FIVE THREE ORDER("d") ORDER("e")
enum { OLD = 5 };

static char serials[OLD][64];
static size_t listed; /* of them, in the manifest */

/* Five certificates of an earlier batch; their serial numbers from the CA's own index. */
static void issue_five(void)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    t.first = 0;
    listed = OLD;
    assert_true(run(FIVE));
    assert_int_equal(t.summary.counts[STATE_ISSUED], OLD);
    assert_true(fs_read("ca/index.jsonl", &text, &err));
    size_t n = 0;
    for (char *p = text.p; n < OLD && (p = strstr(p, "\"ev\":\"issue\"")) != NULL; n++) {
        p = strstr(p, "\"serial\":\"");
        assert_non_null(p);
        p += strlen("\"serial\":\"");
        (void)snprintf(serials[n], sizeof serials[n], "%.*s", (int)strcspn(p, "\""), p);
    }
    assert_int_equal(n, OLD);
    fs_remove_tree_at(t.fd, "b.state");
    faulty_reset(0, 0);
}

/* r1 to r5; `more` is appended to the first, `rest` to the manifest. */
static const char *batch_of(const char *more, const char *rest)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 16);
    buf_puts(&b, HEAD "revocations:\n");
    for (size_t i = 0; i < listed; i++) {
        buf_printf(&b, "  - {id: r%zu, serial: '%s', reason: cessationOfOperation%s}\n", i + 1,
                   serials[i], i ? "" : more);
    }
    buf_puts(&b, rest);
    return arena_strdup(&t.arena, buf_text(&b));
}

static unsigned revoked_at_ca(void)
{
    return lines_with("ca/index.jsonl", "\"ev\":\"revoke\"", "");
}

static unsigned passes(void)
{
    return lines_with("b.state/journal.jsonl", "\"ev\":\"canary-passed\"", "");
}

static void the_others_follow_a_good_watch(void **ctx UNUSED)
{
    issue_five();
    t.first = 2;
    assert_true(run_wait(batch_of("", ""), 1));
    assert_int_equal(t.summary.counts[STATE_REVOKED], OLD);
    assert_int_equal(revoked_at_ca(), OLD);
    assert_true(t.watched > 0);
    assert_null(t.summary.canary);
    assert_int_equal(journalled("canary", "r1"), 1);
    assert_int_equal(journalled("canary", "r2"), 1);
    assert_int_equal(journalled("canary", "r3"), 0);
    assert_int_equal(passes(), 1);

    /* in the journal: both canaries, the pass, everybody else */
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    assert_true(fs_read("b.state/journal.jsonl", &text, &err));
    const char *pass = strstr(buf_text(&text), "\"ev\":\"canary-passed\"");
    size_t before = 0, after = 0;
    for (const char *p = buf_text(&text); (p = strstr(p, "\"ev\":\"revoke-intent\"")) != NULL;
         p++) {
        *(p < pass ? &before : &after) += 1;
    }
    assert_int_equal(before, 2);
    assert_int_equal(after, OLD - 2);
    t.watched = 0;
    assert_true(run_wait(batch_of("", ""), 1));
    assert_int_equal(t.watched, 0);
    assert_int_equal(faulty.revocations, OLD);
}

/* Without the option nothing of it is there. */
static void without_it_nothing_waits(void **ctx UNUSED)
{
    issue_five();
    assert_true(run_wait(batch_of("", ""), 60));
    assert_int_equal(t.summary.counts[STATE_REVOKED], OLD);
    assert_int_equal(t.watched, 0);
    assert_int_equal(passes(), 0);
}

static void a_refused_canary_holds_the_others(void **ctx UNUSED)
{
    issue_five();
    fault("r1", STEP_REVOKE, FAULT_REFUSED, 0);
    for (unsigned again = 0; again < 2; again++) {
        t.first = 1;
        assert_true(run_wait(batch_of("", ""), 1));
        assert_int_equal(t.summary.counts[STATE_REFUSED], 1);
        assert_int_equal(t.summary.counts[STATE_NEW], OLD - 1);
        assert_int_equal(faulty.revocations, 1);
        assert_int_equal(revoked_at_ca(), 0);
        assert_int_equal(t.watched, 0);
        assert_non_null(strstr(t.summary.canary, "r1 is refused"));
        assert_int_equal(t.summary.not_started, OLD - 1);
    }
    /* an operator gives it up: another goes first */
    assert_true(run_resolve("b.state", "r1", "abandon", "not ours", &t.err));
    assert_true(run_wait(batch_of("", ""), 1));
    assert_int_equal(t.summary.counts[STATE_REVOKED], OLD - 1);
    assert_int_equal(journalled("canary", "r2"), 1);
}

static void a_lost_canary_holds_the_others(void **ctx UNUSED)
{
    issue_five();
    t.first = 1;
    fault("r1", STEP_REVOKE, FAULT_LOST, 1);
    fault("r1", STEP_REVOKED, FAULT_NONE, 1); /* the look before it is sent */
    fault("r1", STEP_REVOKED, FAULT_AUTH, 0);
    assert_false(run_wait(batch_of("", ""), 1));
    assert_int_equal(t.err.code, ERR_CA);
    assert_int_equal(faulty.revocations, 1);
    assert_int_equal(revoked_at_ca(), 1);
    assert_non_null(strstr(t.summary.canary, "r1 is unknown"));
    assert_int_equal(t.summary.counts[STATE_UNKNOWN], 1);

    /* found revoked by the next run: the same canary, a watch, then the others */
    memset(faulty.rows, 0, sizeof faulty.rows);
    assert_true(run_wait(batch_of("", ""), 1));
    assert_int_equal(t.summary.counts[STATE_REVOKED], OLD);
    assert_true(t.watched > 0);
    assert_int_equal(journalled("canary", "r2"), 0);
}

/* The CA accepted, and at the end of the watch does not know of it. */
static void a_ca_that_takes_it_back(void **ctx UNUSED)
{
    issue_five();
    t.first = 1;
    fault("r1", STEP_REVOKED, FAULT_NONE, 1); /* the look before it is sent */
    fault("r1", STEP_REVOKED, FAULT_EMPTY, 0);
    assert_true(run_wait(batch_of("", ""), 0));
    assert_int_equal(t.summary.counts[STATE_REVOKED], 1);
    assert_int_equal(t.summary.counts[STATE_NEW], OLD - 1);
    assert_int_equal(revoked_at_ca(), 1);
    assert_non_null(strstr(t.summary.canary, "does not say so"));
    memset(faulty.rows, 0, sizeof faulty.rows);
    assert_true(run_wait(batch_of("", ""), 0));
    assert_int_equal(t.summary.counts[STATE_REVOKED], OLD);
}

static void a_stop_during_the_watch(void **ctx UNUSED)
{
    issue_five();
    t.first = 1;
    t.stop_at_watch = true;
    assert_true(run_wait(batch_of("", ""), 600));
    assert_true(t.summary.interrupted);
    assert_int_equal(revoked_at_ca(), 1);
    assert_int_equal(passes(), 0);
    t.stop = 0;
    t.stop_at_watch = false;
    t.watched = 0;
    assert_true(run_wait(batch_of("", ""), 1)); /* from its beginning: nobody watched meanwhile */
    assert_true(t.watched > 0);
    assert_int_equal(t.summary.counts[STATE_REVOKED], OLD);
    assert_int_equal(faulty.revocations, OLD);
}

/* A watch that was finished is not repeated when the run after it is stopped. */
static void a_finished_watch_counts(void **ctx UNUSED)
{
    issue_five();
    t.first = 1;
    fault("r2", STEP_REVOKED, FAULT_AUTH, 1); /* the CA is given up right after the pass */
    assert_false(run_wait(batch_of("", ""), 1));
    assert_int_equal(t.err.code, ERR_CA);
    assert_int_equal(passes(), 1);
    assert_true(t.summary.counts[STATE_NEW] > 0);
    t.watched = 0;
    assert_true(run_wait(batch_of("", ""), 1));
    assert_int_equal(t.watched, 0);
    assert_int_equal(t.summary.counts[STATE_REVOKED], OLD);
}

/* Those that went well do not vouch for revocations that come later. */
static void a_grown_batch_has_a_canary_of_its_own(void **ctx UNUSED)
{
    issue_five();
    t.first = 1;
    listed = 2;
    assert_true(run_wait(batch_of("", ""), 0));
    assert_int_equal(t.summary.counts[STATE_REVOKED], 2);
    listed = OLD;
    fault("r3", STEP_REVOKE, FAULT_REFUSED, 0);
    assert_true(run_wait(batch_of("", ""), 0));
    assert_int_equal(t.summary.counts[STATE_REFUSED], 1);
    assert_int_equal(t.summary.counts[STATE_NEW], 2);
    assert_int_equal(revoked_at_ca(), 2);
}

static void orders_are_not_held(void **ctx UNUSED)
{
    issue_five();
    t.first = 1;
    fault("r1", STEP_REVOKE, FAULT_REFUSED, 0);
    assert_true(run_wait(batch_of("", "orders:\n" ORDER("n")), 1));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 1);
    assert_int_equal(t.summary.counts[STATE_NEW], OLD - 1);
}

static void all_of_them_first(void **ctx UNUSED)
{
    issue_five();
    t.first = 50;
    assert_true(run_wait(batch_of("", ""), 600)); /* nobody is left to be held: no watch */
    assert_int_equal(t.summary.counts[STATE_REVOKED], OLD);
    assert_int_equal(t.watched, 0);
}

static void a_canary_without_revocations(void **ctx UNUSED)
{
    t.first = 1;
    assert_false(run(THREE));
    assert_int_equal(t.err.code, ERR_USAGE);
    assert_int_equal(faulty.orders, 0);
    assert_int_not_equal(access("b.state", F_OK), 0);
}

static const char *moment(int64_t at)
{
    char text[TIME_TEXT];
    time_format(at, text);
    return arena_printf(&t.arena, ", not_before: %s", text);
}

static void none_before_its_time(void **ctx UNUSED)
{
    issue_five();
    const char *later = batch_of(moment(time_now() + 3600), "");
    for (unsigned again = 0; again < 2; again++) {
        assert_true(run_wait(later, 1));
        assert_int_equal(t.summary.counts[STATE_REVOKED], OLD - 1);
        assert_int_equal(t.summary.counts[STATE_NEW], 1);
        assert_int_equal(faulty.revocations, OLD - 1);
    }
    /* its time has come; whether it may go is not part of what is sent */
    assert_true(run_wait(batch_of(moment(time_now() - 1), ""), 1));
    assert_int_equal(t.summary.counts[STATE_REVOKED], OLD);
}

static void a_near_time_is_stayed_for(void **ctx UNUSED)
{
    issue_five();
    int64_t from = time_now() + 2;
    assert_true(run_wait(batch_of(moment(from), ""), 60));
    assert_int_equal(t.summary.counts[STATE_REVOKED], OLD);
    assert_true(time_now() >= from);
}

/* Who is not due is no canary. */
static void the_first_of_those_that_are_due(void **ctx UNUSED)
{
    issue_five();
    t.first = 1;
    assert_true(run_wait(batch_of(moment(time_now() + 3600), ""), 1));
    assert_int_equal(journalled("canary", "r1"), 0);
    assert_int_equal(journalled("canary", "r2"), 1);
    assert_int_equal(t.summary.counts[STATE_REVOKED], OLD - 1);
    assert_int_equal(t.summary.counts[STATE_NEW], 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {T(the_others_follow_a_good_watch),
                                       T(without_it_nothing_waits),
                                       T(a_refused_canary_holds_the_others),
                                       T(a_lost_canary_holds_the_others),
                                       T(a_ca_that_takes_it_back),
                                       T(a_stop_during_the_watch),
                                       T(a_finished_watch_counts),
                                       T(a_grown_batch_has_a_canary_of_its_own),
                                       T(orders_are_not_held),
                                       T(all_of_them_first),
                                       T(a_canary_without_revocations),
                                       T(none_before_its_time),
                                       T(a_near_time_is_stayed_for),
                                       T(the_first_of_those_that_are_due)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
