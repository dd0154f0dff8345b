/* SPDX-License-Identifier: Apache-2.0
 *
 * emCA with tokens: endpoint maps that are none, words in every place, what is sent by the shipped
 * template, what its answers mean, tokens.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/emca_fixture.h"

#define JWT_CONFIG                                                                                 \
    "certbatch_config: 1\ncas:\n  prod:\n    type: emca\n    version: V4.2.4+\n"                   \
    "    base_url: https://emca.corp.example\n    username: batch-api\n"                           \
    "    password: {file: password}\n    client_id: 0b1f2c3d\n"                                    \
    "    issuing_ca: Corp Issuing CA G2\n    subscriber_id: \"1207\"\n"                            \
    "    profile: TLS Server\n    endpoint_map: emca.map.yaml\n"
#define ACCEPTED JWT_CONFIG "    accept_unverified_map: true\n"
#define TOKEN_OP                                                                                   \
    "  token: {call: POST /auth/token, token: /token, body: '{\"p\": \"${password}\"}'}\n"

static void put_template(struct bench *b, const char *replays)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    assert_true(fs_read("samples/emca/emca-v5.map.yaml", &text, &err));
    char *at = strstr(text.p, "replays_application_id: ");
    assert_non_null(at);
    memcpy(at + 24, replays, 5);
    fixture_text(&b->f, "emca.map.yaml", buf_text(&text));
}

static void give_token(struct bench *b, const char *token)
{
    const struct ca_call call = bench_call(b, STEP_TOKEN);
    const struct ca_result *r = bench_hear(
        b, &call, 200, arena_printf(&b->f.arena, "{\"token\":\"%s\",\"expiresIn\":600}", token));
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
}

static void jwt_begin(struct bench *b, const char *replays)
{
    struct err err = ERR_INIT;
    bench_files(b);
    put_template(b, replays);
    if (!bench_open(b, ACCEPTED, &err)) {
        fail_msg("%s", err.msg);
    }
    give_token(b, "first-token");
}

/* --- the file --- */
static void maps(void **state UNUSED)
{
    static const struct {
        const char *text, *why; /* NULL: it is one */
    } rows[] = {
        {"emca_endpoint_map: 1\nverified: true\noperations:\n" TOKEN_OP, NULL},
        {"emca_endpoint_map: 2\nverified: true\noperations:\n" TOKEN_OP, "emca_endpoint_map"},
        {"emca_endpoint_map: 1\noperations:\n" TOKEN_OP, "nobody has tried this map"},
        {"emca_endpoint_map: 1\nverified: true\noperations:\n"
         "  probe: {call: GET /x}\n",
         "no operation token"},
        {"emca_endpoint_map: 1\nverified: true\noperations:\n  token: {call: POST /auth/token}\n",
         "does not tell where the token stands"},
        {"emca_endpoint_map: 1\nverified: true\noperations:\n" TOKEN_OP
         "  order: {call: 'POST /x/${csr}'}\n",
         "${csr} stands for nothing"},
        {"emca_endpoint_map: 1\nverified: true\noperations:\n" TOKEN_OP
         "  order: {call: POST /x, body: '{\"p\": \"${password}\"}'}\n",
         "${password} stands for nothing"},
        {"emca_endpoint_map: 1\nverified: true\noperations:\n" TOKEN_OP
         "  order: {call: POST /x, headers: ['X-P: ${password}']}\n",
         "${password} stands for nothing"},
        {"emca_endpoint_map: 1\nverified: true\noperations:\n" TOKEN_OP
         "  order: {call: POST /x, body: '{\"p\": \"${nonce'}\n",
         "${nonce} stands for nothing"},
        {"emca_endpoint_map: 1\nverified: true\noperations:\n" TOKEN_OP "  orders: {call: GET /}\n",
         "must be token, order"},
        {"emca_endpoint_map: 1\nverified: true\noperations:\n" TOKEN_OP "  order: {call: /x}\n",
         "must be a method and a path"},
        {"emca_endpoint_map: 1\nverified: true\noperations:\n" TOKEN_OP
         "  order: {call: GET /x, status: state}\n",
         "must be a JSON pointer"},
        {"emca_endpoint_map: 1\nverified: true\noperations:\n" TOKEN_OP
         "  order: {call: GET /x, headers: [X-Nonce]}\n",
         "must be \"Name: value\""},
        {"[]", "emca.map.yaml"},
        {"", "emca.map.yaml"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        bench_files(&b);
        fixture_text(&b.f, "emca.map.yaml", rows[i].text);
        bench_opens(&b, JWT_CONFIG, rows[i].why);
        bench_end(&b);
    }
}

static void needs(void **state UNUSED)
{
    static const char *const keys[] = {"username", "client_id", "endpoint_map", "password"};
    for (size_t i = 0; i < NITEMS(keys); i++) {
        struct bench b;
        bench_files(&b);
        put_template(&b, "false");
        const char *line = arena_printf(&b.f.arena, "    %s:", keys[i]);
        bench_opens(&b, bench_without(&b, ACCEPTED, line), keys[i]);
        bench_end(&b);
    }
}

static void pointers(void **state UNUSED)
{
    static const struct {
        const char *pointer, *text;
    } rows[] = {{"/a", "1"},    {"/b/0", "2"}, {"/b/1/c", "3"}, {"/x~1y", "4"}, {"/m~0n", "5"},
                {"/b/2", NULL}, {"/z", NULL},  {"/a/b", NULL},  {"/b/-", NULL}};
    static const char text[] =
        "{\"a\":\"1\",\"b\":[\"2\",{\"c\":\"3\"}],\"x/y\":\"4\",\"m~n\":\"5\"}";
    struct err err = ERR_INIT;
    json_t *root = json_parse("t", text, strlen(text), &err);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const char *got = json_string_value(emca_pointer(root, rows[i].pointer));
        assert_true(got ? str_eq(got, rows[i].text) : rows[i].text == NULL);
    }
    assert_ptr_equal(emca_pointer(root, ""), root);
    assert_null(emca_pointer(root, NULL));
    json_decref(root);
}

/* --- what is sent --- */
static void token_request(void **state UNUSED)
{
    struct bench b;
    jwt_begin(&b, "false");
    const struct ca_call call = bench_call(&b, STEP_TOKEN);
    bench_must_ask(&b, &call);
    assert_string_equal(b.request.method, "POST");
    assert_string_equal(b.request.url, "https://emca.corp.example/auth/token");
    assert_string_equal(bench_header(&b, "X-Nonce"), NONCE);
    assert_null(bench_header(&b, "Authorization"));
    assert_true(b.request.body_is_secret);
    assert_string_equal(buf_text(&b.request.body),
                        "{\"username\": \"batch-api\", \"password\": \"" PASSWORD
                        "\", \"clientId\": \"0b1f2c3d\", \"validityInMins\": 1200}");
    bench_end(&b);
}

static void order_request(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    jwt_begin(&b, "false");
    b.order.product = "TLS \"x\" \\ \n\xC3\xA9";
    struct ca_call call = bench_call(&b, STEP_ORDER);
    bench_must_ask(&b, &call);
    assert_string_equal(b.request.url,
                        "https://emca.corp.example/emCAServices/rest/createCertificates");
    assert_string_equal(bench_header(&b, "Authorization"), "first-token");
    assert_string_equal(bench_header(&b, "X-Request-ID"), OUR_KEY);
    assert_false(b.request.body_is_secret);
    CLEANUP(json_tree_release)
    json_t *body = json_parse("body", buf_text(&b.request.body), b.request.body.n, &err);
    assert_string_equal(json_get_str(body, "profile"), b.order.product);
    assert_string_equal(json_get_str(body, "applicationId"), "batch" OUR_KEY);
    assert_string_equal(json_get_str(body, "csr"), bench_base64(&b, b.order.csr));
    assert_string_equal(json_get_str(body, "validity"), "199:00:00:00");
    assert_string_equal(json_get_str(body, "issuingCA"), "Corp Issuing CA G2");
    struct sha256 s;
    uint8_t digest[SHA256_SIZE];
    sha256_begin(&s);
    sha256_add(&s, "POST", 5);
    sha256_add(&s, b.request.url, strlen(b.request.url) + 1);
    sha256_add(&s, b.request.body.p, b.request.body.n);
    sha256_end(&s, digest);
    assert_memory_equal(digest, b.request.digest, SHA256_SIZE);
    bench_end(&b);
}

static void other_requests(void **state UNUSED)
{
    static const struct {
        enum ca_step step;
        int reason;
        const char *method, *path, *body;
    } rows[] = {
        {STEP_POLL, 0, "GET", "getCertificate/66%2F1", ""},
        {STEP_REVOKED, 0, "GET", "getCertInfo/01ab00cd", ""},
        {STEP_REVOKE, REASON_SUPERSEDED, "POST", "revoke",
         "{\"appCode\": \"batch-api\", \"serialNumber\": \"01ab00cd\", \"reason\": \"4\", "
         "\"remarks\": \"replaced\"}"},
        {STEP_REVOKE, REASON_CERTIFICATE_HOLD, "POST", "suspend",
         "{\"appCode\": \"batch-api\", \"serialNumber\": \"01ab00cd\", \"remarks\": "
         "\"replaced\"}"},
        {STEP_PRODUCTS, 0, "GET", "getProfiles", ""},
        {STEP_PROBE, 0, "GET", "getProfiles", ""},
    };
    struct bench b;
    jwt_begin(&b, "false");
    for (size_t i = 0; i < NITEMS(rows); i++) {
        b.revoke.reason = rows[i].reason;
        struct ca_call call = bench_call(&b, rows[i].step);
        call.order_id = "66/1";
        bench_must_ask(&b, &call);
        assert_string_equal(b.request.method, rows[i].method);
        assert_string_equal(b.request.url,
                            arena_printf(&b.f.arena,
                                         "https://emca.corp.example/emCAServices/rest/%s",
                                         rows[i].path));
        assert_string_equal(buf_text(&b.request.body), rows[i].body);
        assert_true((b.request.content_type != NULL) == (rows[i].body[0] != '\0'));
    }
    bench_end(&b);
}

static void not_sent(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    bench_files(&b);
    fixture_text(
        &b.f, "emca.map.yaml",
        "emca_endpoint_map: 1\nverified: true\noperations:\n" TOKEN_OP
        "  order: {call: POST /x, headers: ['X-P: ${profile}'], body: '{\"a\": ${serial}'}\n"
        "  poll: {call: POST /y, body: '{\"a\": \"${nonce}\"'}\n");
    assert_true(bench_open(&b, JWT_CONFIG, &err));
    struct ca_call call = bench_call(&b, STEP_POLL);
    assert_non_null(strstr(bench_refused(&b, &call), "its body is no JSON"));
    call = bench_call(&b, STEP_ORDER);
    assert_non_null(strstr(bench_refused(&b, &call), "serial number"));
    call = bench_call(&b, STEP_REVOKED);
    assert_non_null(strstr(bench_refused(&b, &call), "no operation state"));
    bench_close(&b);
    fixture_text(&b.f, "emca.map.yaml",
                 "emca_endpoint_map: 1\nverified: true\noperations:\n" TOKEN_OP
                 "  order: {call: POST /x, headers: ['X-P: ${profile}']}\n");
    assert_true(bench_open(&b, JWT_CONFIG, &err));
    call = bench_call(&b, STEP_ORDER);
    assert_non_null(strstr(bench_refused(&b, &call), "before there was a token"));
    b.order.product = "TLS\r\nX-Evil: 1";
    assert_non_null(strstr(bench_refused(&b, &call), "no text of a header"));
    bench_end(&b);
}

/* --- answers --- */
#define STATE(word) "{\"result\":{\"state\":\"" word "\"}}"
static void answers(void **state UNUSED)
{
    static const struct answer_row rows[] = {
        {STEP_ORDER, 200, "{\"status\":\"pending\",\"result\":{\"requestId\":\"77\"}}",
         OUTCOME_ACCEPTED, PENDING | NUMBERED},
        {STEP_ORDER, 200, "{\"status\":\"success\",\"result\":{\"requestId\":\"77\"}}",
         OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 200, "{\"status\":\"failure\",\"message\":\"no\"}", OUTCOME_REFUSED, 0},
        {STEP_ORDER, 409, "{\"status\":\"failure\",\"message\":\"no\"}", OUTCOME_REFUSED, 0},
        {STEP_ORDER, 422, "{}", OUTCOME_REFUSED, 0},
        {STEP_ORDER, 409, "{}", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 200, "{\"status\":\"odd\"}", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 200, "{}", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 200, "", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 502, "", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 429, "{\"status\":\"failure\"}", OUTCOME_THROTTLED, 0},
        {STEP_POLL, 200, "{\"status\":\"pending\"}", OUTCOME_ACCEPTED, PENDING},
        {STEP_POLL, 200, "{\"status\":\"failure\",\"message\":\"no\"}", OUTCOME_UNKNOWN, 0},
        {STEP_POLL, 404, "{}", OUTCOME_UNKNOWN, 0},
        {STEP_REVOKED, 200, STATE("valid"), OUTCOME_ACCEPTED, 0},
        {STEP_REVOKED, 200, STATE("suspended"), OUTCOME_ACCEPTED, 0},
        {STEP_REVOKED, 200, STATE("Revoked"), OUTCOME_ACCEPTED, REVOKED},
        {STEP_REVOKED, 200, STATE("odd"), OUTCOME_UNKNOWN, 0},
        {STEP_REVOKE, 200, "{\"status\":\"success\"}", OUTCOME_ACCEPTED, 0},
        {STEP_REVOKE, 200, "{\"status\":\"failure\",\"message\":\"no\"}", OUTCOME_REFUSED, 0},
        {STEP_PROBE, 200, "{\"status\":\"success\",\"result\":[]}", OUTCOME_ACCEPTED, 0},
        {STEP_PRODUCTS, 200, "{\"status\":\"success\",\"result\":{}}", OUTCOME_UNKNOWN, 0},
    };
    struct bench b;
    jwt_begin(&b, "false");
    bench_answers(&b, rows, NITEMS(rows));
    bench_end(&b);
}

static void issued(void **state UNUSED)
{
    static const struct {
        const char *replays, *id;
    } rows[] = {{"false", "77"}, {"true ", "batch" OUR_KEY}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        jwt_begin(&b, rows[i].replays);
        assert_int_equal(!!(ca_caps(&b.ca) & CA_KEYED), i == 1);
        assert_false(ca_caps(&b.ca) & CA_FIND);
        const struct span leaf = make_cert(&b, "www.example.com", &b.key, NULL, NULL);
        struct ca_call call = bench_call(&b, STEP_ORDER);
        const struct ca_result *r = bench_hear(
            &b, &call, 200,
            arena_printf(&b.f.arena,
                         "{\"status\":\"success\",\"result\":{\"requestId\":77,\"certificate\":"
                         "\"%s\"}}",
                         bench_base64(&b, leaf)));
        bench_issued(r, leaf, 1);
        assert_string_equal(r->order_id, rows[i].id);
        call = bench_call(&b, STEP_POLL); /* batch...: asked again where that is safe */
        bench_must_ask(&b, &call);
        assert_non_null(strstr(b.request.url, i ? "createCertificates" : "getCertificate/batch"));
        bench_end(&b);
    }
}

static void profiles(void **state UNUSED)
{
    struct bench b;
    jwt_begin(&b, "false");
    const struct ca_call call = bench_call(&b, STEP_PRODUCTS);
    const struct ca_result *r = bench_hear(
        &b, &call, 200,
        "{\"status\":\"success\",\"result\":[{\"id\":7,\"name\":\"TLS\"},{\"name\":\"C\"},{}]}");
    assert_int_equal(r->nsold, 2);
    assert_string_equal(r->sold[0].code, "7");
    assert_string_equal(r->sold[0].name, "TLS");
    assert_string_equal(r->sold[1].code, "C");
    bench_end(&b);
}

/* --- tokens --- */
static void tokens(void **state UNUSED)
{
    static const char *const bad[] = {"{}", "{\"token\":7}", "{\"token\":\"\"}",
                                      "{\"token\":\"a b\"}", "[]"};
    struct bench b;
    jwt_begin(&b, "false");
    assert_true(emca_ops.authorized(&b.ca, NOW + 600 - 60 - 1));
    assert_false(emca_ops.authorized(&b.ca, NOW + 600 - 60));
    const struct ca_call call = bench_call(&b, STEP_TOKEN);
    for (size_t i = 0; i < NITEMS(bad); i++) {
        assert_int_equal(bench_hear(&b, &call, 200, bad[i])->outcome, OUTCOME_UNKNOWN);
    }
    /* what a token endpoint says may repeat what it was sent */
    const struct ca_result *r =
        bench_hear(&b, &call, 400, "{\"status\":\"failure\",\"message\":\"" PASSWORD "\"}");
    assert_int_equal(r->outcome, OUTCOME_AUTH);
    assert_null(strstr(r->message, PASSWORD));
    r = bench_hear(&b, &call, 401, "{\"message\":\"" PASSWORD "\"}");
    assert_int_equal(r->outcome, OUTCOME_AUTH);
    assert_null(strstr(r->message, PASSWORD));
    bench_end(&b);
}

/* A 401 forgets the token that its request carried, and no newer one. */
static void refused_tokens(void **state UNUSED)
{
    struct bench b;
    jwt_begin(&b, "false");
    struct ca_call old = bench_call(&b, STEP_POLL);
    old.nonce = "11111111111111111111111111111111";
    bench_must_ask(&b, &old);
    give_token(&b, "second-token");
    assert_int_equal(bench_hear(&b, &old, 401, "")->outcome, OUTCOME_AUTH);
    assert_true(emca_ops.authorized(&b.ca, NOW));
    struct ca_call call = bench_call(&b, STEP_POLL);
    bench_must_ask(&b, &call);
    assert_string_equal(bench_header(&b, "Authorization"), "second-token");
    assert_int_equal(bench_hear(&b, &call, 401, "")->outcome, OUTCOME_AUTH);
    assert_false(emca_ops.authorized(&b.ca, NOW));
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps),          cmocka_unit_test(needs),
        cmocka_unit_test(pointers),      cmocka_unit_test(token_request),
        cmocka_unit_test(order_request), cmocka_unit_test(other_requests),
        cmocka_unit_test(not_sent),      cmocka_unit_test(answers),
        cmocka_unit_test(issued),        cmocka_unit_test(profiles),
        cmocka_unit_test(tokens),        cmocka_unit_test(refused_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
