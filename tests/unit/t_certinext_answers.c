/* SPDX-License-Identifier: Apache-2.0
 *
 * What the CERTInext connector makes of replies to orders and polls: every row of its tables,
 * credentials, and replies that are not what was expected.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/certinext_chain.h"

#include "batch/match.h"

/* --- tables --- */

/* A refusal ends an order that was not placed; read after it was, it ends nothing. */
static void every_code(void **state UNUSED)
{
    static const struct {
        const char *code, *message;
        enum outcome order, poll;
    } rows[] = {
        {"EMS-913", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-918", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-921", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-922", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-931", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-939", "Something went Wrong", OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {"EMS-943", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-956", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-969", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-1073", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-1080", "x", OUTCOME_UNKNOWN, OUTCOME_ACCEPTED},
        {"EMS-1082", "x", OUTCOME_UNKNOWN, OUTCOME_ACCEPTED},
        {"EMS-1091", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-1099", "x", OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {"EMS-1140", "x", OUTCOME_AUTH, OUTCOME_AUTH},
        {"EMS-1162", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-1180", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-1269", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-DOMAIN-002", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-DOMAIN-101", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"", "Inactive Account User.", OUTCOME_THROTTLED, OUTCOME_THROTTLED},
        {"EMS-4711", "INACTIVE account user", OUTCOME_THROTTLED, OUTCOME_THROTTLED},
        {"", "Invalid credentials", OUTCOME_AUTH, OUTCOME_AUTH},
        {"", "Insufficient Credits", OUTCOME_AUTH, OUTCOME_AUTH},
        {"", "Invalid key size", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"", "Invalid Revoke Reason ID", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"", "Invalid Revoke Remarks", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"", "Invalid Request for this API", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"", "Certificate Request still being processed", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"", "Certificate is already revoked", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"", "Order not found or not in a revokable state.", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"", "Something went Wrong", OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {"", "No records found", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"", "No data", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"", "Order not found", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-9999", "never seen", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"", "", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
    };
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call order = bench_call(&b, STEP_ORDER);
    const struct ca_call poll = bench_call(&b, STEP_POLL);
    size_t known = 0;
    while (certinext_codes[known].code || certinext_codes[known].phrase) {
        known++;
    }
    assert_int_equal(known, NITEMS(rows) - 3); /* every row of the table has one here */
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = bench_failure(&b, &order, rows[i].code, rows[i].message);
        if (r->outcome != rows[i].order || r->issued || r->pending || r->order_id) {
            fail_msg("%s %s: %s", rows[i].code, rows[i].message, outcome_name(r->outcome));
        }
        assert_non_null(r->message);
        assert_true(rows[i].message[0] == '\0' || str_starts(r->message, rows[i].message));
        assert_string_equal(r->code ? r->code : "", rows[i].code);
        r = bench_failure(&b, &poll, rows[i].code, rows[i].message);
        if (r->outcome != rows[i].poll || r->issued) {
            fail_msg("poll %s %s: %s", rows[i].code, rows[i].message, outcome_name(r->outcome));
        }
    }
    bench_end(&b);
}

static void every_http_status(void **state UNUSED)
{
    static const struct {
        int status;
        enum outcome order, poll, report;
    } rows[] = {
        {0, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {100, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {200, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {204, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {302, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {400, OUTCOME_REFUSED, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {401, OUTCOME_AUTH, OUTCOME_AUTH, OUTCOME_AUTH},
        {403, OUTCOME_AUTH, OUTCOME_AUTH, OUTCOME_AUTH},
        {404, OUTCOME_AUTH, OUTCOME_UNKNOWN, OUTCOME_AUTH},
        {408, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {422, OUTCOME_REFUSED, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {429, OUTCOME_THROTTLED, OUTCOME_THROTTLED, OUTCOME_THROTTLED},
        {500, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {503, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {599, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
    };
    struct bench b;
    bench_begin(&b, bench_config);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct ca_call call = bench_call(&b, STEP_ORDER);
        const struct ca_result *r = bench_hear(&b, &call, rows[i].status, "<html>" ACCESS_KEY);
        assert_int_equal(r->outcome, rows[i].order);
        assert_null(strstr(r->message, ACCESS_KEY));
        assert_int_equal(r->again_seconds, rows[i].status == 429 ? 17 : -1);
        call = bench_call(&b, STEP_POLL);
        assert_int_equal(bench_hear(&b, &call, rows[i].status, "")->outcome, rows[i].poll);
        call = bench_call(&b, STEP_FIND);
        assert_int_equal(bench_hear(&b, &call, rows[i].status, "{}")->outcome, rows[i].report);
    }
    /* what the API says in a 4xx counts; a fault of its own leaves an order in doubt */
    const struct ca_call order = bench_call(&b, STEP_ORDER);
    const char *said = "{\"meta\":{\"status\":\"0\",\"errorCode\":\"EMS-1162\"}}";
    assert_int_equal(bench_hear(&b, &order, 404, said)->outcome, OUTCOME_REFUSED);
    assert_int_equal(bench_hear(&b, &order, 500, said)->outcome, OUTCOME_UNKNOWN);
    assert_int_equal(bench_hear(&b, &order, 400, "{" META_OK "}")->outcome, OUTCOME_UNKNOWN);
    bench_end(&b);
}

static void no_reply(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    const struct ca_reply reply = {.transport = OUTCOME_NOT_SENT,
                                   .transport_message = "refused by nobody"};
    b.result = (struct ca_result){.arena = &b.f.arena};
    certinext_ops.answer(&b.ca, &call, &reply, &b.result);
    assert_int_equal(b.result.outcome, OUTCOME_NOT_SENT);
    assert_string_equal(b.result.message, "refused by nobody");
    bench_end(&b);
}

enum verdict { PENDING, FETCH, REFUSED };

static void every_state(void **state UNUSED)
{
    static const enum verdict by_certificate[26] = {
        [0] = PENDING,  [1] = PENDING,  [2] = PENDING,  [3] = PENDING,  [4] = PENDING,
        [5] = REFUSED,  [6] = PENDING,  [7] = FETCH,    [8] = REFUSED,  [9] = FETCH,
        [10] = PENDING, [11] = PENDING, [12] = FETCH,   [13] = REFUSED, [14] = REFUSED,
        [15] = FETCH,   [16] = PENDING, [17] = PENDING, [18] = REFUSED, [19] = REFUSED,
        [20] = FETCH,   [21] = REFUSED, [22] = REFUSED, [23] = FETCH,   [24] = PENDING,
        [25] = PENDING};
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call call = bench_call(&b, STEP_POLL);
    for (unsigned order = 0; order < 11; order++) {
        for (unsigned id = 0; id < NITEMS(by_certificate); id++) {
            const bool unknown = id == 0 || id == 10 || id == 11 || id == 25;
            enum verdict want = by_certificate[id];
            want = want == PENDING && (order == 4 || order == 5) ? REFUSED : want;
            want = unknown && order == 6 ? FETCH : want;
            const char *quote = id % 2 ? "\"" : ""; /* as text and as numbers */
            const struct ca_result *r =
                bench_ok(&b, &call,
                         arena_printf(&b.f.arena,
                                      "\"orderDetails\":{\"orderStatusId\":%s%u%s,"
                                      "\"CertificateStatusID\":%s%u%s}",
                                      quote, order, quote, quote, id, quote));
            const enum verdict got = r->outcome == OUTCOME_REFUSED ? REFUSED
                                     : r->phase == POLL_FETCH      ? FETCH
                                                                   : PENDING;
            if (got != want || r->pending != (want == PENDING) || r->issued) {
                fail_msg("order %u, certificate %u: %d", order, id, (int)got);
            }
            assert_int_equal(r->revoked, id == 22);
            assert_int_equal(r->again_seconds, want == PENDING ? 10 : -1);
        }
    }
    bench_end(&b);
}

/* Numbers are numbers, with blanks around them and with a fraction of nothing too. */
static void states_as_written(void **state UNUSED)
{
    static const char *const rows[] = {
        "\"orderStatusId\":\" 6\",\"certificateStatusId\":\"20 \"",
        "\"orderStatusId\":6.0,\"certificateStatusId\":20.0",
    };
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call call = bench_call(&b, STEP_POLL);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r =
            bench_ok(&b, &call, arena_printf(&b.f.arena, "\"orderDetails\":{%s}", rows[i]));
        assert_int_equal(r->phase, POLL_FETCH);
    }
    bench_end(&b);
}

/* --- ORDER --- */
static void orders(void **state UNUSED)
{
    static const struct {
        const char *details, *order_id;
    } rows[] = {
        {"\"orderDetails\":{\"requestNumber\":\"45\",\"orderNumber\":\"6612345678\","
         "\"trackingURL\":\"u\"}",
         "6612345678"},
        {"\"orderDetails\":{\"orderNumber\":6612345678,\"trackingUrl\":\"u\"}", "6612345678"},
        {"\"OrderDetails\":{\"ORDERNUMBER\":\" 66 \"}", "66"},
        {"\"orderDetails\":{\"requestNumber\":\"4512345678\",\"orderNumber\":\"\"}", NULL},
        {"\"orderDetails\":{\"orderNumber\":null}", NULL},
        {"\"orderDetails\":{\"orderNumber\":[1]}", NULL},
        {"\"orderDetails\":[]", NULL},
        {"\"orderDetails\":\"6612345678\"", NULL},
        {"", NULL},
    };
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = bench_ok(&b, &call, rows[i].details);
        if (!rows[i].order_id) {
            assert_int_equal(r->outcome, OUTCOME_UNKNOWN);
            assert_null(r->order_id);
            continue;
        }
        assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
        assert_string_equal(r->order_id, rows[i].order_id);
        assert_true(r->pending && !r->issued);
        assert_int_equal(r->again_seconds, 5);
    }
    assert_non_null(strstr(bench_ok(&b, &call, rows[3].details)->message, "4512345678"));
    bench_end(&b);
}

static void odd_envelopes(void **state UNUSED)
{
    static const char *const bodies[] = {
        "",
        "null",
        "[]",
        "7",
        "{",
        "{}",
        "plain text",
        "{\"meta\":null}",
        "{\"meta\":\"1\"}",
        "{\"meta\":{}}",
        "{\"meta\":{\"status\":\"\"}}",
        "{\"meta\":{\"status\":\"2\"}}",
        "{\"meta\":{\"status\":null}}",
        "{\"meta\":{\"status\":\"1\",\"status\":\"0\"}}",
        "{\"orderDetails\":{\"orderNumber\":\"1\"}}",
        "{\"meta\":{\"status\":\"1\"},\"orderDetails\":{\"orderNumber\":\"1\"}} trailing",
        "{\"meta\":{\"status\":\"1\"},\"orderDetails\":{\"orderNumber\":\"1\\u0000\"}}",
        "\xff\xfe{}",
    };
    static const enum ca_step steps[] = {STEP_ORDER,    STEP_POLL,      STEP_FIND,
                                         STEP_REVOKED,  STEP_REVOKE,    STEP_CANCEL,
                                         STEP_PRODUCTS, STEP_INVENTORY, STEP_PROBE};
    struct bench b;
    bench_begin(&b, bench_config);
    for (size_t s = 0; s < NITEMS(steps); s++) {
        const struct ca_call call = bench_call(&b, steps[s]);
        for (size_t i = 0; i < NITEMS(bodies); i++) {
            const struct ca_result *r = bench_hear(&b, &call, 200, bodies[i]);
            if (r->outcome != OUTCOME_UNKNOWN || r->order_id || r->pending || r->revoked) {
                fail_msg("step %d, %s: %s", (int)steps[s], bodies[i], outcome_name(r->outcome));
            }
            assert_non_null(r->message);
        }
    }
    /* numbers and any case are fine */
    const struct ca_call probe = bench_call(&b, STEP_PROBE);
    assert_int_equal(bench_hear(&b, &probe, 200, "{\"Meta\":{\"STATUS\":1}}")->outcome,
                     OUTCOME_ACCEPTED);
    assert_int_equal(bench_hear(&b, &probe, 200, "{\"meta\":{\"status\":0}}")->outcome,
                     OUTCOME_AUTH);
    bench_end(&b);
}

static void hostile_bytes(void **state UNUSED)
{
    enum { MANY = 5 << 20, DEEP = 100000 };
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    char *text = xmalloc(MANY);
    for (size_t i = 0; i < MANY; i++) {
        text[i] = (char)(i * 2654435761u >> 13);
    }
    assert_int_equal(bench_bytes(&b, &call, 200, text, MANY)->outcome, OUTCOME_UNKNOWN);
    memset(text, '[', MANY);
    assert_int_equal(bench_bytes(&b, &call, 200, text, DEEP)->outcome, OUTCOME_UNKNOWN);
    memset(text, ' ', MANY);
    memcpy(text, "{\"a\":\"", 6);
    memset(text + 6, 'x', MANY - 8);
    memcpy(text + MANY - 2, "\"}", 2);
    assert_int_equal(bench_bytes(&b, &call, 200, text, MANY)->outcome, OUTCOME_UNKNOWN);
    free(text);
    /* a message that repeats a secret is not passed on, a long one is cut */
    const struct ca_result *r = bench_failure(&b, &call, "EMS-1", "key " ACCESS_KEY " is bad");
    assert_null(strstr(r->message, ACCESS_KEY));
    char *longer = arena_alloc(&b.f.arena, 5001);
    memset(longer, 'y', 5000);
    r = bench_failure(&b, &call, longer, longer);
    assert_int_equal(strlen(r->message), 500);
    assert_null(r->code);
    bench_end(&b);
}

/* --- POLL --- */
#define TRACK(rest)                                                                                \
    "\"orderDetails\":{\"orderStatusId\":\"2\",\"orderStatus\":\"Order Accepted\","                \
    "\"certificateStatusId\":\"24\",\"certificateStatus\":\"Pending for "                          \
    "Approver\"" rest "}"

static void open_validation(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call call = bench_call(&b, STEP_POLL);
    const struct ca_result *r = bench_ok(
        &b, &call,
        TRACK(",\"domainVerification\":{\"status\":\"0\",\"a.example.com\":{\"dcvStatus\":\"0\"},"
              "\"b.example.com\":{\"dcvStatus\":1},\"c.example.com\":{},\"d\":7,\"e\":[]}"));
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_true(r->pending);
    assert_string_equal(r->message, "Order Accepted, Pending for Approver; domain control "
                                    "validation is open for a.example.com, c.example.com (dcv is "
                                    "not enabled)");
    static const char *const none[] = {TRACK(""), TRACK(",\"domainVerification\":null"),
                                       TRACK(",\"domainVerification\":\"x\""),
                                       TRACK(",\"domainVerification\":[{}]")};
    for (size_t i = 0; i < NITEMS(none); i++) {
        r = bench_ok(&b, &call, none[i]);
        assert_true(r->pending);
        assert_string_equal(r->message, "Order Accepted, Pending for Approver");
    }
    CLEANUP(buf_release) struct buf many = BUF_INIT(1 << 20);
    for (unsigned i = 0; i < 500; i++) {
        buf_printf(&many, "%s\"n%u.example.com\":{}", i ? "," : "", i);
    }
    r = bench_ok(&b, &call,
                 arena_printf(&b.f.arena, TRACK(",\"domainVerification\":{%s}"), buf_text(&many)));
    assert_non_null(strstr(r->message, " and 490 more"));
    assert_int_equal(bench_ok(&b, &call, "\"orderDetails\":null")->outcome, OUTCOME_UNKNOWN);
    bench_end(&b);
}

/* The issuing certificate that came with it has the right name and did not sign it: both are handed
 * on, so that matching can refuse. */
static void a_stranger_of_the_same_name(void **state UNUSED)
{
    struct bench b;
    struct bench_chain good, other;
    bench_begin(&b, bench_config);
    bench_chain_make(&b, &good);
    bench_chain_make(&b, &other);
    struct ca_call call = bench_call(&b, STEP_POLL);
    call.phase = POLL_FETCH;
    const char *leaf = bench_pem(&b, "CERTIFICATE", buf_span(&other.der[0]));
    const char *ca = bench_pem(&b, "CERTIFICATE", buf_span(&good.der[1]));
    const char *root = bench_pem(&b, "CERTIFICATE", buf_span(&good.der[2]));
    const struct ca_result *r =
        bench_ok(&b, &call,
                 arena_printf(&b.f.arena,
                              "\"certificateDetails\":{\"endEntityCertificate\":\"%s\","
                              "\"caCertificate\":\"%s\",\"rootCertificate\":\"%s\"}",
                              leaf, ca, root));
    assert_int_equal(r->ncerts, 2);
    assert_true(span_eq(r->certs[1], buf_span(&good.der[1])));
    const struct match_request want = {.spki_sha256 = b.key.spki_sha256, .ordered = TIME_NONE};
    struct cert found;
    struct span *chain;
    size_t nchain;
    struct err err = ERR_INIT;
    assert_false(
        match_certificate(&b.f.arena, &want, r->certs, r->ncerts, &found, &chain, &nchain, &err));
    for (size_t i = 0; i < NITEMS(good.der); i++) {
        buf_release(&good.der[i]);
        buf_release(&other.der[i]);
    }
    bench_end(&b);
}

static void certificates(void **state UNUSED)
{
    static const struct { /* indexes of certificates, "0" is the leaf */
        const char *leaf, *ca, *root, *want;
    } rows[] = {
        {"0", "1", "2", "012"}, {"0", "2", "1", "012"}, {"0", "", "", "0"},
        {"0", "1", "", "01"},   {"210", "", "", "012"}, {"012", "1", "2", "012"},
        {"0", "x", "2", "0"},   {"2", "1", "0", "012"}, {"0", "2", "", "0"},
        {"", "1", "2", NULL},   {"x", "1", "2", "bad"},
    };
    struct bench b;
    struct bench_chain c;
    bench_begin(&b, bench_config);
    bench_chain_make(&b, &c);
    struct ca_call call = bench_call(&b, STEP_POLL);
    call.phase = POLL_FETCH;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const char *members[] = {rows[i].leaf, rows[i].ca, rows[i].root};
        const char *pem[3] = {"", "", ""};
        for (size_t m = 0; m < 3; m++) {
            for (const char *p = members[m]; *p; p++) {
                const char *one = *p == 'x'
                                      ? "garbage"
                                      : bench_pem(&b, "CERTIFICATE", buf_span(&c.der[*p - '0']));
                pem[m] = arena_printf(&b.f.arena, "%s%s", pem[m], one);
            }
        }
        const struct ca_result *r =
            bench_ok(&b, &call,
                     arena_printf(&b.f.arena,
                                  "\"certificateDetails\":{\"endEntityCertificate\":\"%s\","
                                  "\"caCertificate\":\"%s\",\"rootCertificate\":\"%s\","
                                  "\"ceritficateSerialNumber\":\"2B0C\"}",
                                  pem[0], pem[1], pem[2]));
        if (!rows[i].want || str_eq(rows[i].want, "bad")) {
            assert_int_equal(r->outcome, rows[i].want ? OUTCOME_UNKNOWN : OUTCOME_ACCEPTED);
            assert_int_equal(r->pending, !rows[i].want);
            assert_false(r->issued);
            continue;
        }
        assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
        assert_true(r->issued && !r->pending);
        assert_int_equal(r->ncerts, strlen(rows[i].want));
        for (size_t k = 0; k < r->ncerts; k++) {
            const struct buf *want = &c.der[rows[i].want[k] - '0'];
            assert_int_equal(r->certs[k].n, want->n);
            assert_memory_equal(r->certs[k].p, want->p, want->n);
        }
    }
    /* approved, but not there yet */
    const struct ca_result *r =
        bench_failure(&b, &call, "", "Certificate Request still being processed");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending && !r->issued);
    assert_int_equal(r->again_seconds, 10);
    assert_true(bench_failure(&b, &call, "EMS-956", "")->pending);
    assert_true(bench_ok(&b, &call, "\"certificateDetails\":null")->pending);
    for (size_t i = 0; i < NITEMS(c.der); i++) {
        buf_release(&c.der[i]);
    }
    bench_end(&b);
}

/* --- OAuth --- */
static const char oauth_config[] =
    "certbatch_config: 1\ncas:\n  prod:\n    type: certinext\n"
    "    api_url: https://api.certinext.io/emSignHub-API\n    account_number: \"1234567890\"\n"
    "    auth: {mode: oauth, token_url: https://auth.example/t, client_id: \"12 34\", "
    "client_secret: {file: key}}\n";

static void tokens(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    bench_begin(&b, oauth_config);
    const struct ca_call ask = bench_call(&b, STEP_TOKEN);
    const struct ca_call probe = bench_call(&b, STEP_PROBE);
    assert_false(certinext_ops.authorized(&b.ca, NOW));
    assert_non_null(strstr(bench_refused(&b, &probe), "before there was a token"));
    assert_true(bench_ask(&b, &ask, &err));
    assert_string_equal(b.request.url, "https://auth.example/t");
    assert_string_equal(b.request.content_type, "application/x-www-form-urlencoded");
    assert_true(b.request.body_is_secret);
    assert_string_equal(buf_text(&b.request.body),
                        "grant_type=client_credentials&client_id=12%2034&client_secret="
                        "EXAMPLE-ACCESS-KEY-0001");
    static const struct {
        const char *expires;
        int64_t valid;
    } rows[] = {{"3600", 3540}, {"\"3600\"", 3540}, {"60", 30},         {"95", 35},
                {"-5", 240},    {"null", 240},      {"9999999", 86340}, {"0", 30}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r =
            bench_hear(&b, &ask, 200,
                       arena_printf(&b.f.arena,
                                    "{\"access_token\":\"abc.def\",\"token_type\":\"Bearer\","
                                    "\"expires_in\":%s}",
                                    rows[i].expires));
        assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
        assert_int_equal(r->valid_seconds, rows[i].valid);
        assert_true(certinext_ops.authorized(&b.ca, NOW + rows[i].valid - 1));
        assert_false(certinext_ops.authorized(&b.ca, NOW + rows[i].valid));
    }
    CLEANUP(json_tree_release) json_t *t = bench_body(&b, &probe);
    assert_string_equal(json_get_str(json_get(t, "meta"), "authKey"), "");
    assert_string_equal(b.request.secret_headers[0].name, "Authorization");
    assert_string_equal(b.request.secret_headers[0].prefix, "Bearer ");
    assert_string_equal(secret_bytes(b.request.secret_headers[0].value), "abc.def");
    assert_int_equal(bench_hear(&b, &probe, 401, "{}")->outcome, OUTCOME_AUTH);
    assert_false(certinext_ops.authorized(&b.ca, NOW)); /* forgotten */
    static const struct {
        int status;
        const char *body;
        enum outcome outcome;
    } bad[] = {
        {200, "{}", OUTCOME_UNKNOWN},
        {200, "no JSON", OUTCOME_UNKNOWN},
        {200, "{\"access_token\":\"\"}", OUTCOME_UNKNOWN},
        {200, "{\"access_token\":\"a\\r\\nX: b\"}", OUTCOME_UNKNOWN},
        {200, "{\"access_token\":7}", OUTCOME_UNKNOWN},
        {400, "{\"error\":\"invalid_client\"}", OUTCOME_AUTH},
        {401, "{\"error\":\"EXAMPLE-ACCESS-KEY-0001\"}", OUTCOME_AUTH},
        {403, "{}", OUTCOME_AUTH},
        {429, "", OUTCOME_THROTTLED},
        {500, "EXAMPLE-ACCESS-KEY-0001", OUTCOME_UNKNOWN},
    };
    for (size_t i = 0; i < NITEMS(bad); i++) {
        const struct ca_result *r = bench_hear(&b, &ask, bad[i].status, bad[i].body);
        assert_int_equal(r->outcome, bad[i].outcome);
        assert_null(strstr(r->message, ACCESS_KEY));
        assert_false(certinext_ops.authorized(&b.ca, NOW));
    }
    bench_end(&b);
}

/* V2 has no digest of an access key, so nothing is sent with one. */
static void the_other_api(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    bench_begin(&b, bench_config);
    certinext_ops.close(&b.ca);
    ((struct certinext_config *)b.config.cas[0].own)->api = CERTINEXT_V2;
    assert_false(certinext_ops.open(&b.ca, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, "api v2 takes no access key"));
    assert_non_null(strstr(err.hint, "Auth Type OAuth"));
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code),
        cmocka_unit_test(every_http_status),
        cmocka_unit_test(no_reply),
        cmocka_unit_test(every_state),
        cmocka_unit_test(states_as_written),
        cmocka_unit_test(orders),
        cmocka_unit_test(odd_envelopes),
        cmocka_unit_test(hostile_bytes),
        cmocka_unit_test(open_validation),
        cmocka_unit_test(certificates),
        cmocka_unit_test(tokens),
        cmocka_unit_test(a_stranger_of_the_same_name),
        cmocka_unit_test(the_other_api),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
