/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole runs against a CA that wants proofs of control: a record is published only when the journal
 * has it, and removed whatever happens in between.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dcv_fixture.h"

#include "formats/base/json_in.h"

static void hook(const char *text)
{
    put("hook.sh", text);
    assert_int_equal(chmod("hook.sh", 0700), 0);
}

static void three_names_are_proven(void **ctx UNUSED)
{
    three();
    run_three();
    assert_issued_once(3);
    assert_balanced(3);
    assert_int_equal(prove.challenges, 3);
    assert_int_equal(prove.validations, 3);
    assert_int_equal(hooked("present", "_prove." A " token-a-0 " A), 1);
    assert_int_equal(hooked("cleanup", "_prove." A " token-a-0 " A), 1);
}

static void what_needs_no_proof_goes_on(void **ctx UNUSED)
{
    wants("b", B);
    prove.known = true;
    prove.settings.issuance_seconds = 0;
    run_three();
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(hooked("present", ""), 0);
    assert_int_equal(prove.challenges, 1);
    prove.v[0].validated = true; /* the CA's own polls follow later */
    run_three();
    assert_issued_once(3);
}

static void without_a_hook_nothing_is_asked(void **ctx UNUSED)
{
    wants("a", A);
    prove.settings.hook = NULL;
    assert_true(run_wait(THREE, 0));
    assert_int_equal(t.summary.counts[STATE_PENDING], 1);
    assert_int_equal(prove.challenges, 0);
}

static void another_method_is_not_ours(void **ctx UNUSED)
{
    wants("d", "d.corp.example.com");
    assert_true(run_wait(THREE "  - {id: d, common_name: d.corp.example.com, san: "
                               "[d.corp.example.com], dcv: {method: website}}\n",
                         0));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 3);
    assert_int_equal(t.summary.counts[STATE_PENDING], 1);
    assert_int_equal(prove.challenges, 0);
}

static const json_t *report_of(json_t *report, const char *item)
{
    const json_t *items = json_get(report, "items");
    for (size_t i = 0; i < json_array_size(items); i++) {
        if (str_eq(json_get_str(json_array_get(items, i), "id"), item)) {
            return json_array_get(items, i);
        }
    }
    return NULL;
}

static void the_report_tells(void **ctx UNUSED)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    wants("a", A);
    run_three();
    assert_true(fs_read("b.state/report.json", &text, &err));
    CLEANUP(json_tree_release) json_t *tree = json_parse("report", text.p, text.n, &err);
    const json_t *list = json_get(report_of(tree, "a"), "validation");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_get_str(json_array_get(list, 0), "domain"), A);
    assert_string_equal(json_get_str(json_array_get(list, 0), "record"), "_prove." A);
    assert_non_null(json_get_str(json_array_get(list, 0), "presented"));
    assert_non_null(json_get_str(json_array_get(list, 0), "removed"));
    assert_null(json_get(report_of(tree, "b"), "validation"));
}

/* The present is durable before the hook runs: the hook itself looks. */
static void the_journal_knows_first(void **ctx UNUSED)
{
    hook("#!/bin/sh\n"
         "[ $1 = cleanup ] || grep -q \"dcv-present.*$3\" b.state/journal.jsonl || exit 9\n"
         "echo \"$1 $2 $3\" >> hook.log\n"
         "[ $1 = cleanup ] && rm -f \"zone/$2=$3\" || echo x > \"zone/$2=$3\"\n");
    three();
    run_three();
    assert_issued_once(3);
    assert_balanced(3);
}

/* --- what goes wrong --- */
static void a_failed_hook_fails_its_item_and_is_cleaned(void **ctx UNUSED)
{
    wants("b", B);
    put("fail-present", "");
    run_three();
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(t.summary.counts[STATE_FAILED], 1);
    assert_balanced(1);
    assert_non_null(strstr(t.summary.overview, "exit code 3"));
    assert_non_null(strstr(t.summary.overview, "the zone is locked"));
    assert_int_equal(prove.validations, 0);
    assert_int_equal(unlink("fail-present"), 0);
    run_three(); /* the order stands: it is proven, not placed again */
    assert_issued_once(3);
    assert_balanced(2);
    assert_int_equal(faulty.orders, 3);
}

static void a_hook_that_hangs_is_ended(void **ctx UNUSED)
{
    wants("b", B);
    put("hang-present", "");
    prove.settings.timeout_seconds = 1;
    run_three();
    assert_int_equal(t.summary.counts[STATE_FAILED], 1);
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_balanced(1);
    assert_non_null(strstr(t.summary.overview, "did not end within"));
}

/* Hooks have threads of their own: that of `a` waits until `b` is through. */
static void a_slow_hook_stops_nobody(void **ctx UNUSED)
{
    three();
    put("wait-for-b", "");
    run_three();
    assert_issued_once(3);
    assert_balanced(3);
}

static void a_refused_validation_is_asked_for_until_the_limit(void **ctx UNUSED)
{
    wants("b", B);
    hook("#!/bin/sh\necho \"$1 $2 $3\" >> hook.log\n"); /* publishes nothing */
    prove.settings.timeout_seconds = 1;
    run_three();
    assert_int_equal(t.summary.counts[STATE_FAILED], 1);
    assert_balanced(1);
    assert_true(prove.validations >= 1);
    assert_non_null(strstr(t.summary.overview, "not proven within 1 s: no such record"));
}

static void a_proof_that_never_comes_ends(void **ctx UNUSED)
{
    wants("b", B);
    prove.forgets = true;
    prove.settings.timeout_seconds = 1;
    run_three();
    assert_int_equal(t.summary.counts[STATE_FAILED], 1);
    assert_balanced(1);
    assert_int_equal(prove.validations, 1);
}

static void a_rejected_proof_ends(void **ctx UNUSED)
{
    wants("b", B);
    prove.rejects = true;
    run_three();
    assert_int_equal(t.summary.counts[STATE_FAILED], 1);
    assert_balanced(1);
    assert_non_null(strstr(t.summary.overview, "rejects"));
}

static void an_order_that_ends_is_cleaned_up(void **ctx UNUSED)
{
    wants("b", B);
    prove.forgets = true;
    fault("b", STEP_POLL, FAULT_NONE, 3);
    fault("b", STEP_POLL, FAULT_REFUSED, 0);
    prove.settings.propagation_seconds = 1;
    run_three();
    assert_int_equal(t.summary.counts[STATE_REFUSED], 1);
    assert_int_equal(hooked("present", ""), hooked("cleanup", ""));
    assert_int_equal(in_zone(), 0);
}

static void lost_answers_are_asked_for_again(void **ctx UNUSED)
{
    three();
    fault("a", STEP_CHALLENGE, FAULT_LOST_BEFORE, 1);
    fault("b", STEP_VALIDATE, FAULT_LOST_BEFORE, 1);
    fault("c", STEP_CHALLENGE, FAULT_THROTTLED, 1);
    fault("a", STEP_VALIDATE, FAULT_NOT_SENT, 1);
    fault("b", STEP_CHALLENGE, FAULT_GARBAGE, 1);
    run_three();
    assert_issued_once(3);
    assert_balanced(3);
}

static void a_ca_that_never_answers_about_names(void **ctx UNUSED)
{
    wants("b", B);
    fault("b", STEP_CHALLENGE, FAULT_LOST_BEFORE, 0);
    prove.settings.timeout_seconds = 2;
    run_three();
    assert_int_equal(t.summary.counts[STATE_FAILED], 1);
    assert_int_equal(hooked("present", ""), 0);
    assert_int_equal(hooked("cleanup", ""), 0);
}

/* What a CA wants published goes into scripts and zone files. */
static void odd_values_are_not_published(void **ctx UNUSED)
{
    static const char *const tokens[] = {
        "x\nserver evil.example", "a b", "$(id)", "a\"b", "-x", ""};
    for (size_t i = 0; i < NITEMS(tokens); i++) {
        void *none = NULL;
        wants("b", B);
        prove.token = tokens[i];
        run_three();
        assert_int_equal(t.summary.counts[STATE_FAILED], 1);
        assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
        assert_int_equal(hooked("present", ""), 0);
        assert_int_equal(teardown(&none), 0);
        assert_int_equal(prove_setup(&none), 0);
    }
}

static void a_failed_cleanup_is_told_and_tried_by_the_next_run(void **ctx UNUSED)
{
    wants("b", B);
    put("fail-cleanup", "");
    run_three();
    assert_issued_once(3);
    assert_int_equal(in_zone(), 1);
    assert_int_equal(lines_with("b.state/journal.jsonl", "dcv-cleanup", "\"class\":\"failed\""), 1);
    assert_non_null(strstr(t.summary.overview, "were not removed (1)"));
    assert_int_equal(unlink("fail-cleanup"), 0);
    run_three();
    assert_int_equal(in_zone(), 0);
    assert_null(strstr(t.summary.overview, "were not removed"));
    assert_int_equal(hooked("cleanup", ""), 2);
    run_three(); /* and never again */
    assert_int_equal(hooked("cleanup", ""), 2);
}

/* --- names that share a record --- */
static void assert_one_after_the_other(void)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 16);
    bool published = false;
    assert_true(fs_read("hook.log", &text, &err));
    for (const char *line = buf_text(&text); *line; line = strchr(line, '\n') + 1) {
        bool present = str_starts(line, "present ");
        assert_int_equal(present, !published);
        published = present;
    }
    assert_false(published);
}

static void a_shared_name_is_proven_one_after_the_other(void **ctx UNUSED)
{
    wants("a", "shared.corp.example.com");
    wants("b", "Shared.corp.example.com");
    wants("c", "*.shared.corp.example.com");
    wants("c", "shared.corp.example.com.");
    /* the fixture looks for the record under the name as it was asked */
    hook("#!/bin/sh\necho \"$1 $2 $3\" >> hook.log\nd=${CERTBATCH_DCV_DOMAIN#'*.'}\n"
         "[ $1 = cleanup ] && rm -f \"zone/_prove.$d=$3\" || echo x > \"zone/_prove.$d=$3\"\n");
    run_three();
    assert_issued_once(3);
    assert_balanced(4);
    assert_one_after_the_other();
    assert_int_equal(hooked("present", " _prove.shared.corp.example.com token-"), 4);
}

static void many_names_of_one_order(void **ctx UNUSED)
{
    static const char *const names[] = {A, "*.corp.example.com", "corp.example.com", B,
                                        C, "d.example"};
    for (size_t i = 0; i < NITEMS(names); i++) {
        wants("a", names[i]);
    }
    run_three();
    assert_issued_once(3);
    assert_balanced(6);
}

/* --- limits of settings --- */
static void a_challenge_that_comes_late_is_waited_for(void **ctx UNUSED)
{
    wants("b", B);
    prove.not_ready = 3;
    run_three();
    assert_issued_once(3);
    assert_balanced(1);
    assert_int_equal(prove.challenges, 4);
}

static void a_challenge_that_does_not_come_is_left_for_the_next_run(void **ctx UNUSED)
{
    wants("b", B);
    prove.not_ready = 1000;
    prove.settings.challenge_seconds = 0;
    assert_true(run_wait(THREE, 1));
    assert_int_equal(t.summary.counts[STATE_PENDING], 1);
    assert_int_equal(prove.challenges, 1); /* one look */
    assert_int_equal(hooked("present", ""), 0);
    prove.not_ready = 0;
    run_three();
    assert_issued_once(3);
    assert_balanced(1);
}

static void place_three_without_proof(void)
{
    three();
    prove.hidden = true;
    assert_true(run_wait(THREE, 0));
    assert_int_equal(t.summary.counts[STATE_PENDING], 3);
    prove.hidden = false;
}

static void no_more_than_so_many_in_one_pass(void **ctx UNUSED)
{
    place_three_without_proof();
    prove.settings.max_per_pass = 2;
    assert_true(run_wait(THREE, 1));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(t.summary.counts[STATE_PENDING], 1);
    assert_true(run_wait(THREE, 1));
    assert_issued_once(3);
    assert_balanced(3);
}

static void orders_of_this_run_have_no_number(void **ctx UNUSED)
{
    three();
    prove.settings.max_per_pass = 1;
    prove.settings.max_age_seconds = 1;
    run_three();
    assert_issued_once(3);
}

static void old_orders_are_left_alone(void **ctx UNUSED)
{
    place_three_without_proof();
    (void)nanosleep(&(struct timespec){2, 100000000}, NULL);
    prove.settings.max_age_seconds = 1;
    assert_true(run_wait(THREE, 0));
    assert_int_equal(t.summary.counts[STATE_PENDING], 3);
    assert_int_equal(prove.challenges, 0);
    prove.settings.max_age_seconds = 0;
    run_three();
    assert_issued_once(3);
}

static void a_proven_order_is_not_waited_for_for_ever(void **ctx UNUSED)
{
    wants("b", B);
    prove.known = true; /* nothing to prove, and no certificate comes */
    prove.settings.issuance_seconds = 0;
    assert_true(run_wait(THREE, 3600));
    assert_int_equal(t.summary.counts[STATE_PENDING], 1);
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
}

static void the_hook_sees_no_secret(void **ctx UNUSED)
{
    wants("b", B);
    assert_int_equal(setenv("SOME_ACCESS_KEY", "hunter2", 1), 0);
    assert_int_equal(setenv("CERTBATCH_HOOK_ZONE", "internal", 1), 0);
    run_three();
    assert_issued_once(3);
    assert_int_equal(lines_with("env.log", "hunter2", ""), 0);
    assert_int_equal(lines_with("env.log", "CERTBATCH_HOOK_ZONE=internal", ""), 1);
    assert_int_equal(lines_with("env.log", "CERTBATCH_DCV_ACTION=present", ""), 1);
    assert_int_equal(lines_with("env.log", "CERTBATCH_DCV_DOMAIN=" B, ""), 1);
    assert_int_equal(lines_with("env.log", "CERTBATCH_DCV_RECORD_NAME=_prove." B, ""), 1);
    assert_int_equal(lines_with("env.log", "CERTBATCH_DCV_RECORD_VALUE=token-b-0", ""), 1);
    assert_int_equal(lines_with("env.log", "CERTBATCH_DCV_ITEM=b", ""), 1);
    assert_int_equal(lines_with("env.log", "CERTBATCH_DCV_CA=lab", ""), 1);
    assert_int_equal(lines_with("env.log", "CERTBATCH_DCV_BATCH=b", ""), 1);
    assert_int_equal(lines_with("env.log", "CERTBATCH_DCV_ORDER=L-", ""), 1);
    (void)unsetenv("SOME_ACCESS_KEY");
    (void)unsetenv("CERTBATCH_HOOK_ZONE");
}

#define T(name) cmocka_unit_test_setup_teardown(name, prove_setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(three_names_are_proven),
        T(what_needs_no_proof_goes_on),
        T(without_a_hook_nothing_is_asked),
        T(another_method_is_not_ours),
        T(the_report_tells),
        T(the_journal_knows_first),
        T(a_failed_hook_fails_its_item_and_is_cleaned),
        T(a_hook_that_hangs_is_ended),
        T(a_slow_hook_stops_nobody),
        T(a_refused_validation_is_asked_for_until_the_limit),
        T(a_proof_that_never_comes_ends),
        T(a_rejected_proof_ends),
        T(an_order_that_ends_is_cleaned_up),
        T(lost_answers_are_asked_for_again),
        T(a_ca_that_never_answers_about_names),
        T(odd_values_are_not_published),
        T(a_failed_cleanup_is_told_and_tried_by_the_next_run),
        T(a_shared_name_is_proven_one_after_the_other),
        T(many_names_of_one_order),
        T(a_challenge_that_comes_late_is_waited_for),
        T(a_challenge_that_does_not_come_is_left_for_the_next_run),
        T(no_more_than_so_many_in_one_pass),
        T(orders_of_this_run_have_no_number),
        T(old_orders_are_left_alone),
        T(a_proven_order_is_not_waited_for_for_ever),
        T(the_hook_sees_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
