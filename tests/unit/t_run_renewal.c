/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run makes of a CA's word on when it wants a renewal: told and gone over, or waited for.
 * Nothing that is wrong with that word keeps an order back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "run_fixture.h"

#define DAY INT64_C(86400)
static const char renewal[] = HEAD "orders:\n" ORDER(
    "n") "  - {id: www, action: renew, replaces: {certificate: old.pem}, common_name: "
         "o.corp.example.com, san: [o.corp.example.com]}\n";

/* A certificate to be renewed, of 30 days; then a CA that answers. */
static void begin(enum ca_renewal mode, int64_t from, int64_t to)
{
    static const char first[] = HEAD "orders:\n" ORDER("o");
    if (access("old.pem", F_OK) != 0) {
        assert_true(run(first));
        assert_int_equal(rename("b.state/items/o/certificate.pem", "old.pem"), 0);
        fs_remove_tree_at(t.fd, "b.state");
    }
    faulty_reset(0, 0);
    const int64_t now = time_now();
    faulty.renewal = mode;
    faulty.window = (struct ca_window){.id = "AA.BB",
                                       .start = now + from,
                                       .end = now + to,
                                       .explanation = "https://ca.example/why"};
}

static struct stat journal_now(void)
{
    struct stat s;
    assert_int_equal(stat("b.state/journal.jsonl", &s), 0);
    return s;
}

static void informed_and_ordered(void **ctx UNUSED)
{
    begin(RENEWAL_INFORM, DAY, 2 * DAY);
    assert_true(run(renewal));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(faulty.renewals, 1); /* the new one is no renewal */
    assert_int_equal(faulty.orders, 2);
    assert_int_equal(journalled("renewal", "www"), 1);
    assert_int_equal(journalled("renewal", "n"), 0);
    assert_int_equal(lines_with("b.state/journal.jsonl", "\"class\":\"told\"", "\"chosen\":"), 1);
    assert_non_null(strstr(t.summary.renewals, "www: the CA wants it renewed between "));
    assert_non_null(strstr(t.summary.renewals, "; chosen is "));
    assert_non_null(strstr(t.summary.renewals, "https://ca.example/why"));
    assert_int_equal(t.summary.early, 0);
    assert_int_equal(lines_with("b.state/report.json", "\"ask_again\": ", ""), 1);
    assert_true(run(renewal));
    assert_int_equal(faulty.renewals, 1);
    assert_null(t.summary.renewals);
}

static void off_asks_nobody(void **ctx UNUSED)
{
    begin(RENEWAL_OFF, DAY, 2 * DAY);
    assert_true(run(renewal));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(faulty.renewals, 0);
}

/* Left without a key and without an error; not asked again before its time; ordered when the CA
 * says that it is time. */
static void waited_for(void **ctx UNUSED)
{
    begin(RENEWAL_WAIT, DAY, 2 * DAY);
    assert_true(run(renewal));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 1);
    assert_int_equal(t.summary.counts[STATE_NEW], 1);
    assert_int_equal(faulty.orders, 1);
    assert_int_equal(t.summary.early, 1);
    const int64_t due = t.summary.early_until;
    assert_true(due >= faulty.window.start && due < faulty.window.end);
    assert_int_equal(access("b.state/keys/www.pem", F_OK), -1);
    assert_int_equal(lines_with("b.state/report.json", "\"code\": \"renewal.early\"", ""), 1);

    const struct stat before = journal_now();
    assert_true(run(renewal));
    assert_int_equal(journal_now().st_size, before.st_size);
    assert_int_equal(faulty.renewals, 1);
    assert_int_equal(t.summary.early, 1);
    assert_int_equal(t.summary.early_until, due);

    /* another setting, the same word */
    faulty.renewal = RENEWAL_INFORM;
    assert_true(run(renewal));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(faulty.renewals, 1);
    assert_int_equal(t.summary.early, 0);
    assert_int_equal(lines_with("b.state/report.json", "\"code\": \"renewal.early\"", ""), 0);
}

static void told_first_then_waited_for(void **ctx UNUSED)
{
    begin(RENEWAL_INFORM, DAY, 2 * DAY);
    fault("www", STEP_ORDER, FAULT_AUTH, 1);
    assert_false(run(renewal));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 1);
    memset(faulty.rows, 0, sizeof faulty.rows);
    faulty.renewal = RENEWAL_WAIT;
    const unsigned orders = faulty.orders;
    assert_true(run(renewal));
    assert_int_equal(faulty.renewals, 1);
    assert_int_equal(faulty.orders, orders);
    assert_int_equal(t.summary.early, 1);
    assert_int_equal(lines_with("b.state/report.json", "\"code\": \"renewal.early\"", ""), 1);
}

/* Near enough for a run that stays for a while. */
static void stayed_for(void **ctx UNUSED)
{
    begin(RENEWAL_WAIT, 2, 4);
    assert_true(run_wait(renewal, 60));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(faulty.renewals, 1);
    assert_int_equal(lines_with("b.state/journal.jsonl", "\"class\":\"early\"", "\"chosen\":"), 1);
    assert_int_equal(t.summary.early, 0);
    fs_remove_tree_at(t.fd, "b.state");
    begin(RENEWAL_WAIT, 30, 40);
    assert_true(run_wait(renewal, 5));
    assert_int_equal(t.summary.early, 1);
}

/* A window that is over, or has begun long ago: the CA is in a hurry. */
static void past_is_now(void **ctx UNUSED)
{
    begin(RENEWAL_WAIT, -2 * DAY, -DAY);
    assert_true(run(renewal));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(faulty.renewals, 1);
    assert_int_equal(lines_with("b.state/journal.jsonl", "\"class\":\"told\"", "\"chosen\":"), 1);
}

/* The old certificate ends in 30 days: no window after that is waited for. */
static void not_beyond_the_end(void **ctx UNUSED)
{
    begin(RENEWAL_WAIT, 31 * DAY, 32 * DAY);
    assert_true(run(renewal));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_non_null(strstr(t.summary.renewals, "expired"));
    fs_remove_tree_at(t.fd, "b.state");
    begin(RENEWAL_WAIT, DAY, 3650 * DAY);
    assert_true(run(renewal));
    assert_int_equal(t.summary.early, 1);
    assert_true(t.summary.early_until < time_now() + 30 * DAY);
}

static void trouble_keeps_nobody_back(void **ctx UNUSED)
{
    static const struct {
        enum fault fault;
        unsigned asked[3]; /* by mode: what may pass is asked again where it matters */
    } rows[] = {{FAULT_REFUSED, {0, 1, 1}},  {FAULT_GARBAGE, {0, 1, 1}},
                {FAULT_AUTH, {0, 1, 1}},     {FAULT_LOST, {0, 1, 3}},
                {FAULT_NOT_SENT, {0, 1, 3}}, {FAULT_THROTTLED, {0, 1, 1}}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        for (enum ca_renewal mode = RENEWAL_INFORM; mode <= RENEWAL_WAIT; mode++) {
            begin(mode, DAY, 2 * DAY);
            fault("www", STEP_RENEWAL, rows[i].fault, 0);
            assert_true(run(renewal));
            assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
            assert_int_equal(faulty.renewals, rows[i].asked[mode]);
            assert_int_equal(
                lines_with("b.state/journal.jsonl", "\"class\":\"none\"", "\"ev\":\"renewal\""), 1);
            assert_non_null(strstr(t.summary.renewals, "www: the CA does not say when"));
            fs_remove_tree_at(t.fd, "b.state");
        }
    }
}

/* A credential that comes late is asked for again; the question is not forgotten over it. */
static void a_late_credential_is_no_answer(void **ctx UNUSED)
{
    begin(RENEWAL_WAIT, DAY, 2 * DAY);
    faulty_ops.authorized = faulty_authorized;
    fault("*", STEP_TOKEN, FAULT_NOT_SENT, 1);
    assert_true(run(renewal));
    assert_int_equal(faulty.logins, 2);
    assert_int_equal(t.summary.early, 1);
    assert_int_equal(faulty.orders, 1);
}

/* Half of an answer is none. */
static void nothing_is_known(void **ctx UNUSED)
{
    begin(RENEWAL_WAIT, DAY, 2 * DAY);
    faulty.window.id = NULL;
    assert_true(run(renewal));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
}

/* What was skipped before and waits now is one that was not begun. */
static void skipped_then_early(void **ctx UNUSED)
{
    static const char rows[] = "orders:\n" ORDER(
        "n") "  - {id: www, action: renew, replaces: {certificate: old.pem}, "
             "common_name: o.corp.example.com, san: [o.corp.example.com], key: ec-p384}\n";
    put("p.policy.yaml", "certbatch_policy: 1\nname: p\nextends: [private]\n"
                         "rules: {key.type.allowed: {allowed: [ec-p256]}}\n");
    char manifest[2048];
    begin(RENEWAL_WAIT, DAY, 2 * DAY);
    (void)snprintf(manifest, sizeof manifest, HEAD "policy: [./p.policy.yaml]\n%s", rows);
    assert_true(run(manifest));
    assert_int_equal(t.summary.counts[STATE_SKIPPED], 1);
    assert_int_equal(faulty.renewals, 0);
    put("p.policy.yaml", "certbatch_policy: 1\nname: p\nextends: [private]\n");
    assert_true(run(manifest));
    assert_int_equal(t.summary.counts[STATE_SKIPPED], 0);
    assert_int_equal(t.summary.counts[STATE_NEW], 1);
    assert_int_equal(t.summary.early, 1);
    assert_int_equal(journalled("skip", "www"), 1);
    assert_int_equal(journalled("renewal", "www"), 1);
}

/* Who waits takes no place of the orders of a run. */
static void waiting_takes_no_place(void **ctx UNUSED)
{
    static const char manifest[] =
        HEAD "orders:\n"
             "  - {id: www, action: renew, replaces: {certificate: old.pem}, common_name: "
             "o.corp.example.com, san: [o.corp.example.com]}\n" ORDER("a") ORDER("b");
    begin(RENEWAL_WAIT, DAY, 2 * DAY);
    put("certbatch.yaml", "certbatch_config: 1\ncas:\n"
                          "  lab: {type: local, directory: ./ca, renewal_window_days: 1}\n");
    faulty_type.run_limit_key = "renewal_window_days";
    assert_true(run(manifest));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 1);
    assert_int_equal(t.summary.counts[STATE_NEW], 2);
    assert_int_equal(t.summary.early, 1);
    assert_non_null(strstr(t.summary.limited, "1 order at lab"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(informed_and_ordered),           T(off_asks_nobody),  T(waited_for),
        T(told_first_then_waited_for),     T(past_is_now),      T(not_beyond_the_end),
        T(trouble_keeps_nobody_back),      T(nothing_is_known), T(skipped_then_early),
        T(a_late_credential_is_no_answer), T(stayed_for),       T(waiting_takes_no_place),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
