/* SPDX-License-Identifier: Apache-2.0
 *
 * ACME renewal information (RFC 9773): how a certificate is named, what is asked, what the answers
 * mean; and the moment that is chosen within a window.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "acme_fixture.h"

#include "batch/renewal.h"

#define START  "2026-12-10T00:00:00Z"
#define END    "2026-12-11T00:00:00Z"
#define WINDOW "{\"suggestedWindow\":{\"start\":\"" START "\",\"end\":\"" END "\"}"

/* RFC 9773, appendix A. */
static const char example[] = "-----BEGIN CERTIFICATE-----\n"
                              "MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt\n"
                              "cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS\n"
                              "BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu\n"
                              "7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf\n"
                              "qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B\n"
                              "yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb\n"
                              "+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK\n"
                              "-----END CERTIFICATE-----\n";

/* RFC 9773, 4.1. */
static void t_example_of_the_rfc(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    struct cert *certs = NULL;
    size_t n = 0;
    const struct span text = {(const uint8_t *)example, sizeof example - 1};
    if (!certs_read(&a, "example", text, &certs, &n, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_int_equal(n, 1);
    assert_string_equal(acme_cert_id(&a, certs[0].der), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    assert_null(acme_cert_id(&a, (struct span){NULL, 0}));
}

static void begin(struct bench *b, const char *more)
{
    bench_begin(b, more);
    bench_log_in(b);
    b->order.action = "renew";
    b->order.prior_certificate = buf_span(&b->cert);
}

static void t_question(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, "");
    const struct acme *own = b.ca.state;
    const size_t nonces = own->nnonces;
    const struct ca_result *r = bench_do(&b, STEP_RENEWAL, 0, NULL,
                                         (struct bench_reply){.status = 200, .body = WINDOW "}"});
    const char *id = acme_cert_id(&b.f.arena, buf_span(&b.cert));
    assert_string_equal(b.request.method, "GET");
    assert_string_equal(b.request.url, arena_printf(&b.f.arena, "https://ca.example/ari/%s", id));
    assert_int_equal(b.request.body.n, 0);
    assert_int_equal(own->nnonces, nonces); /* anybody may ask: not signed */
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_string_equal(r->renewal.id, id);
    assert_int_equal(r->renewal.end - r->renewal.start, 86400);
    assert_null(r->renewal.explanation);
    bench_end(&b);
}

static void t_retry_after(void **state)
{
    (void)state;
    static const struct {
        int64_t told, is;
    } rows[] = {{0, 21600},   {1, 60},        {59, 60},       {60, 60},
                {7200, 7200}, {86400, 86400}, {86401, 86400}, {INT32_MAX, 86400}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        begin(&b, "");
        const struct bench_reply r = {
            .status = 200, .body = WINDOW "}", .retry_after = rows[i].told};
        assert_int_equal(bench_do(&b, STEP_RENEWAL, 0, NULL, r)->again_seconds, rows[i].is);
        bench_end(&b);
    }
}

/* Whatever is wrong with an answer, it is no answer; our account stays what it was. */
static void t_answers_that_are_none(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body, *says;
    } rows[] = {
        {404, "{\"type\":\"urn:ietf:params:acme:error:malformed\",\"detail\":\"unknown\"}",
         "unknown"},
        {401, "{}", NULL},
        {403, "<html>", NULL},
        {429, "{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"slow\"}", "slow"},
        {500, "", NULL},
        {503, "{}", NULL},
        {200, "", NULL},
        {200, "<html>", NULL},
        {200, "[]", "suggestedWindow"},
        {200, "{\"suggestedWindow\":\"tomorrow\"}", "suggestedWindow"},
        {200, "{\"suggestedWindow\":{\"start\":\"" START "\"}}", "suggestedWindow"},
        {200, "{\"suggestedWindow\":{\"start\":1,\"end\":2}}", "suggestedWindow"},
        {200, "{\"suggestedWindow\":{\"start\":\"" START "\",\"end\":\"soon\"}}",
         "suggestedWindow"},
        {200, "{\"suggestedWindow\":{\"start\":\"" END "\",\"end\":\"" START "\"}}", "before"},
        {200, "{\"suggestedWindow\":{\"start\":\"" START "\",\"end\":\"" START "\"}}", "before"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        begin(&b, "");
        const struct ca_result *r =
            bench_do(&b, STEP_RENEWAL, 0, NULL,
                     (struct bench_reply){.status = rows[i].status, .body = rows[i].body});
        if (r->outcome == OUTCOME_ACCEPTED || r->renewal.id) {
            fail_msg("row %zu", i);
        }
        if (rows[i].says && (!r->message || !strstr(r->message, rows[i].says))) {
            fail_msg("row %zu: %s", i, r->message);
        }
        assert_true(acme_ops.authorized(&b.ca, NOW));
        bench_end(&b);
    }
}

static void t_explanation(void **state)
{
    (void)state;
    struct bench b;
    CLEANUP(buf_release) struct buf long_url = BUF_INIT(8192);
    begin(&b, "");
    const struct ca_result *r = bench_do(
        &b, STEP_RENEWAL, 0, NULL,
        (struct bench_reply){.status = 200,
                             .body = WINDOW
                             ",\"explanationURL\":\"https://ca.example/why\\u001b[31m\\u202e\"}"});
    assert_string_equal(r->renewal.explanation, "https://ca.example/why\\x1b[31m\\u{202e}");
    buf_puts(&long_url, WINDOW ",\"explanationURL\":\"https://ca.example/");
    for (size_t i = 0; i < 4000; i++) {
        buf_putc(&long_url, 'y');
    }
    buf_puts(&long_url, "\"}");
    r = bench_do(&b, STEP_RENEWAL, 0, NULL,
                 (struct bench_reply){.status = 200, .body = buf_text(&long_url)});
    assert_true(strlen(r->renewal.explanation) < 220);
    r = bench_do(&b, STEP_RENEWAL, 0, NULL,
                 (struct bench_reply){.status = 200, .body = WINDOW ",\"explanationURL\":7}"});
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_null(r->renewal.explanation);
    bench_end(&b);
}

static void t_nobody_to_ask(void **state)
{
    (void)state;
    struct bench b;
    struct err err = ERR_INIT;
    begin(&b, "");
    struct ca_call call = bench_call(&b, STEP_RENEWAL, 0);
    b.order.prior_certificate = (struct span){NULL, 0};
    assert_false(bench_ask(&b, &call, &err));
    b.order.prior_certificate = buf_span(&b.cert);
    struct acme *own = b.ca.state;
    own->renewal_info = NULL;
    err_clear(&err);
    assert_false(bench_ask(&b, &call, &err));
    assert_non_null(strstr(err.msg, "renewalInfo"));
    own->renewal_info = "https://ca.example/ari/";
    assert_true(bench_ask(&b, &call, &err));
    assert_null(strstr(b.request.url, "ari//"));
    bench_end(&b);
}

static void t_settings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ca_renewal is;
        bool replaces;
    } rows[] = {{"", RENEWAL_INFORM, true},
                {"    ari: inform\n", RENEWAL_INFORM, true},
                {"    ari: wait\n", RENEWAL_WAIT, true},
                {"    ari: 'off'\n", RENEWAL_OFF, false}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        begin(&b, rows[i].text);
        assert_int_equal(ca_renewal(b.ca.config), rows[i].is);
        (void)bench_do(&b, STEP_ORDER, 0, NULL, (struct bench_reply){.status = 503});
        assert_int_equal(json_get(b.payload, "replaces") != NULL, rows[i].replaces);
        bench_end(&b);
    }
}

static void t_doctor_is_told(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, "");
    struct acme *own = b.ca.state;
    const struct bench_reply valid = {
        .status = 200, .nonce = "n", .body = "{\"status\":\"valid\"}"};
    assert_string_equal(bench_do(&b, STEP_PROBE, 0, NULL, valid)->message,
                        "the CA offers renewal information (ARI, RFC 9773)");
    own->renewal_info = NULL;
    assert_string_equal(bench_do(&b, STEP_PROBE, 0, NULL, valid)->message,
                        "the CA offers no renewal information (ARI, RFC 9773)");
    bench_end(&b);
}

/* --- the moment --- */
static void t_moment_is_stable(void **state)
{
    (void)state;
    const struct ca_window w = {.id = "aYhb.AIdl", .start = 1000000, .end = 1086400};
    const int64_t at = renewal_time("CHG1", "www", &w);
    assert_true(at >= w.start && at < w.end);
    assert_int_equal(renewal_time("CHG1", "www", &w), at);
    const struct ca_window moved = {.id = w.id, .start = w.start + 7, .end = w.end + 7};
    assert_int_equal(renewal_time("CHG1", "www", &moved), at + 7);
    const struct ca_window other = {.id = "aYhb.AIdm", .start = w.start, .end = w.end};
    assert_int_not_equal(renewal_time("CHG1", "www", &other), at);
    assert_int_not_equal(renewal_time("CHG2", "www", &w), at);
    assert_int_not_equal(renewal_time("CHG1", "api", &w), at);
    assert_int_not_equal(renewal_time("CHG1w", "ww", &w), at);
    const struct ca_window second = {.id = w.id, .start = 5, .end = 6};
    assert_int_equal(renewal_time("CHG1", "www", &second), 5);
}

/* RFC 9773, 4.2: uniform. A tenth of the window gets a tenth of the items, give or take. */
static void t_moments_spread(void **state)
{
    (void)state;
    enum { ITEMS = 5000, PARTS = 10 };
    const struct ca_window w = {.id = "aYhb.AIdl", .start = 0, .end = 100000};
    unsigned in[PARTS] = {0};
    for (unsigned i = 0; i < ITEMS; i++) {
        char item[16];
        (void)snprintf(item, sizeof item, "i%u", i);
        in[renewal_time("CHG1", item, &w) * PARTS / w.end]++;
    }
    for (size_t i = 0; i < PARTS; i++) {
        assert_in_range(in[i], 400, 600); /* nearly five deviations to either side */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_example_of_the_rfc), cmocka_unit_test(t_question),
        cmocka_unit_test(t_retry_after),        cmocka_unit_test(t_answers_that_are_none),
        cmocka_unit_test(t_explanation),        cmocka_unit_test(t_nobody_to_ask),
        cmocka_unit_test(t_settings),           cmocka_unit_test(t_doctor_is_told),
        cmocka_unit_test(t_moment_is_stable),   cmocka_unit_test(t_moments_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
