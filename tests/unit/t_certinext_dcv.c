/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain control validation of the CERTInext connector, V1: bodies of GetDcv and VerifyDcv, what
 * their answers mean, names of TrackOrder, settings.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "certinext_fixture.h"

#include "batch/dcv.h"

static struct ca_call about(struct bench *b, enum ca_step step, const char *domain)
{
    struct ca_call call = bench_call(b, step);
    call.domain = domain;
    return call;
}

static const char *configured(struct bench *b, const char *dcv)
{
    return arena_printf(&b->f.arena, "%s%s", bench_config, dcv);
}

static void both_calls_send_one_block(void **state UNUSED)
{
    static const struct {
        enum ca_step step;
        const char *url;
    } rows[] = {{STEP_CHALLENGE, "/GetDcv"}, {STEP_VALIDATE, "/VerifyDcv"}};
    struct bench b;
    bench_begin(&b, bench_config);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_call call = about(&b, rows[i].step, "*.example.com");
        CLEANUP(json_tree_release) json_t *body = bench_body(&b, &call);
        const json_t *d = json_get(body, "dcvDetails");
        assert_true(str_ends(b.request.url, rows[i].url));
        assert_string_equal(b.request.method, "POST");
        assert_int_equal(json_object_size(body), 2); /* and meta */
        assert_int_equal(json_object_size(d), 4);
        assert_string_equal(json_get_str(d, "requestorEmail"), "pki-admin@example.com");
        assert_string_equal(json_get_str(d, "orderNumber"), "6612345678");
        assert_string_equal(json_get_str(d, "domainName"), "*.example.com");
        assert_string_equal(json_get_str(d, "dcvMethod"), "1");
    }
    bench_end(&b);
}

static void without_order_or_name_nothing_is_asked(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    struct ca_call call = about(&b, STEP_CHALLENGE, NULL);
    assert_non_null(strstr(bench_refused(&b, &call), "an order and a name"));
    call = about(&b, STEP_VALIDATE, "www.example.com");
    call.order_id = " ";
    assert_non_null(strstr(bench_refused(&b, &call), "an order and a name"));
    bench_end(&b);
}

static void a_token_is_the_value_of_the_record(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call call = about(&b, STEP_CHALLENGE, "www.example.com");
    const struct ca_result *r =
        bench_ok(&b, &call,
                 "\"dcvDetails\":{\"token\":\"9F2C0A\",\"fileName\":null,\"fileContent\":null,"
                 "\"dcvEmails\":null}");
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_string_equal(r->record_value, "9F2C0A");
    assert_null(r->record_name); /* never told: the template makes it */
    assert_false(r->pending);
    bench_end(&b);
}

static void a_success_without_token_is_none(void **state UNUSED)
{
    static const char *const bodies[] = {"", "\"dcvDetails\":null", "\"dcvDetails\":{}",
                                         "\"dcvDetails\":{\"token\":\" \"}",
                                         "\"dcvDetails\":{\"token\":null}"};
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call call = about(&b, STEP_CHALLENGE, "www.example.com");
    for (size_t i = 0; i < NITEMS(bodies); i++) {
        const struct ca_result *r = bench_ok(&b, &call, bodies[i]);
        assert_int_equal(r->outcome, OUTCOME_REFUSED);
        assert_null(r->record_value);
        assert_false(r->pending);
        assert_non_null(strstr(r->message, "no token"));
    }
    bench_end(&b);
}

/* EMS-956, or its words where there is no code: later, no failure. */
static void too_early_is_later(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    static const enum ca_step steps[] = {STEP_CHALLENGE, STEP_VALIDATE};
    static const char *const codes[] = {"EMS-956", ""};
    for (size_t i = 0; i < 4; i++) {
        const struct ca_call call = about(&b, steps[i / 2], "www.example.com");
        const struct ca_result *r =
            bench_failure(&b, &call, codes[i % 2], "Invalid Request for this API");
        assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
        assert_true(r->pending);
        assert_null(r->record_value);
        assert_int_equal(r->again_seconds, 10); /* pickup.interval_seconds */
    }
    const struct ca_call call = about(&b, STEP_CHALLENGE, "www.example.com");
    assert_int_equal(bench_failure(&b, &call, "EMS-943", "Invalid Request for this API")->outcome,
                     OUTCOME_REFUSED); /* another code counts before the words */
    bench_end(&b);
}

/* EMS-1080: there is nothing left to prove. */
static void proven_before_is_success(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    static const enum ca_step steps[] = {STEP_CHALLENGE, STEP_VALIDATE};
    for (size_t i = 0; i < NITEMS(steps); i++) {
        const struct ca_call call = about(&b, steps[i], "www.example.com");
        const struct ca_result *r =
            bench_failure(&b, &call, "EMS-1080", "Domain is already verified");
        assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
        assert_false(r->pending);
        assert_null(r->record_value);
    }
    bench_end(&b);
}

static void other_failures(void **state UNUSED)
{
    static const struct {
        const char *code, *message;
        enum outcome outcome;
    } rows[] = {
        {"", "Record not found", OUTCOME_REFUSED},
        {"EMS-943", "Order not found", OUTCOME_REFUSED},
        {"EMS-4711", "Whatever", OUTCOME_REFUSED},
        {"", "Inactive Account User.", OUTCOME_THROTTLED},
        {"", "Invalid credentials", OUTCOME_AUTH},
        {"EMS-939", "Something went Wrong", OUTCOME_UNKNOWN},
    };
    struct bench b;
    bench_begin(&b, bench_config);
    static const enum ca_step steps[] = {STEP_CHALLENGE, STEP_VALIDATE};
    for (size_t i = 0; i < 2 * NITEMS(rows); i++) {
        const struct ca_call call = about(&b, steps[i % 2], "www.example.com");
        const struct ca_result *r = bench_failure(&b, &call, rows[i / 2].code, rows[i / 2].message);
        assert_int_equal(r->outcome, rows[i / 2].outcome);
        assert_null(r->record_value);
    }
    const struct ca_call call = about(&b, STEP_VALIDATE, "www.example.com");
    assert_int_equal(bench_hear(&b, &call, 502, "<html>")->outcome, OUTCOME_UNKNOWN);
    assert_int_equal(bench_hear(&b, &call, 200, "OK")->outcome, OUTCOME_UNKNOWN);
    assert_int_equal(bench_ok(&b, &call, "")->outcome, OUTCOME_ACCEPTED);
    bench_end(&b);
}

static void a_poll_names_what_is_open(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call call = bench_call(&b, STEP_POLL);
    const struct ca_result *r = bench_ok(
        &b, &call,
        "\"orderDetails\":{\"orderStatusId\":\"2\",\"certificateStatusId\":\"24\","
        "\"domainVerification\":{\"status\":\"1\"," /* the sum is wrong, as it is at times */
        "\"www.example.com\":{\"dcvMethod\":\"DNS TXT Record\",\"dcvStatus\":\"0\"},"
        "\"api.example.com\":{\"dcvMethod\":\"1\",\"dcvStatus\":\"1\"},"
        "\"old.example.com\":{\"dcvStatus\":2},\"odd.example.com\":{\"dcvStatus\":\"17\"},"
        "\"*.example.com\":{}}}");
    static const struct ca_domain want[] = {{"www.example.com", DOMAIN_OPEN, NULL},
                                            {"api.example.com", DOMAIN_VALIDATED, NULL},
                                            {"old.example.com", DOMAIN_REJECTED, NULL},
                                            {"odd.example.com", DOMAIN_OPEN, NULL},
                                            {"*.example.com", DOMAIN_OPEN, NULL}};
    assert_true(r->pending);
    assert_int_equal(r->ndomains, NITEMS(want));
    for (size_t i = 0; i < r->ndomains; i++) {
        assert_string_equal(r->domains[i].name, want[i].name);
        assert_int_equal(r->domains[i].state, want[i].state);
    }
    static const char *const none[] = {"null", "{}", "{\"status\":\"0\"}", "\"0\"", "[]"};
    for (size_t i = 0; i < NITEMS(none); i++) {
        r = bench_ok(&b, &call,
                     arena_printf(&b.f.arena,
                                  "\"orderDetails\":{\"orderStatusId\":\"2\","
                                  "\"certificateStatusId\":\"24\",\"domainVerification\":%s}",
                                  none[i]));
        assert_true(r->pending);
        assert_int_equal(r->ndomains, 0);
    }
    bench_end(&b);
}

static void settings_reach_the_executor(void **state UNUSED)
{
    struct bench b;
    struct ca_dcv s;
    bench_begin(&b, bench_config);
    assert_false(dcv_settings(b.ca.config, &s)); /* not unless enabled */
    const char *text =
        configured(&b, "    dcv: {enabled: true, hook: [./dns.sh, --zone, example.com],\n"
                       "          txt_record_template: \"_x.{0}\", propagation_delay_seconds: 7, "
                       "timeout_minutes: 3,\n          wait_for_challenge_seconds: 4, "
                       "wait_for_issuance_seconds: 5, max_order_age_hours: 2, max_per_pass: 9}\n");
    struct bench c;
    bench_begin(&c, text);
    assert_true(dcv_settings(c.ca.config, &s));
    assert_int_equal(s.hook->n, 3);
    assert_string_equal(s.hook->v[0], "./dns.sh");
    assert_string_equal(s.record_template, "_x.{0}");
    assert_int_equal(s.propagation_seconds, 7);
    assert_int_equal(s.timeout_seconds, 180);
    assert_int_equal(s.challenge_seconds, 4);
    assert_int_equal(s.issuance_seconds, 5);
    assert_int_equal(s.max_age_seconds, 7200);
    assert_int_equal(s.max_per_pass, 9);
    bench_end(&c);
    text = configured(&b, "    dcv: {enabled: true, hook: ./dns.sh}\n");
    bench_begin(&c, text);
    assert_true(dcv_settings(c.ca.config, &s));
    assert_string_equal(s.record_template, "_emsign-validation.{0}");
    assert_int_equal(s.propagation_seconds, 30);
    assert_int_equal(s.timeout_seconds, 600);
    assert_int_equal(s.challenge_seconds, 60);
    assert_int_equal(s.issuance_seconds, 60);
    assert_int_equal(s.max_age_seconds, 24 * 3600);
    assert_int_equal(s.max_per_pass, 50);
    bench_end(&c);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_calls_send_one_block),
        cmocka_unit_test(without_order_or_name_nothing_is_asked),
        cmocka_unit_test(a_token_is_the_value_of_the_record),
        cmocka_unit_test(a_success_without_token_is_none),
        cmocka_unit_test(too_early_is_later),
        cmocka_unit_test(proven_before_is_success),
        cmocka_unit_test(other_failures),
        cmocka_unit_test(a_poll_names_what_is_open),
        cmocka_unit_test(settings_reach_the_executor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
