/* SPDX-License-Identifier: Apache-2.0
 *
 * What the CERTInext connector makes of replies of the V2 API: statuses, problem details, codes row
 * by row, tokens, and what is said to a probe, to the catalogue and to orders.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/certinext_v2_fixture.h"

/* --- codes --- */
/* The table of V1: in `detail`, behind a code or as words alone. */
static void every_code(void **state UNUSED)
{
    static const struct {
        const char *detail, *code, *message;
        enum outcome order, poll;
    } rows[] = {
        {"EMS-918: Additional Information cannot be empty", "EMS-918",
         "Additional Information cannot be empty", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-921: x", "EMS-921", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-939: Something went Wrong", "EMS-939", "Something went Wrong", OUTCOME_UNKNOWN,
         OUTCOME_UNKNOWN},
        {"EMS-943: Order not found", "EMS-943", "Order not found", OUTCOME_REFUSED,
         OUTCOME_UNKNOWN},
        {"EMS-1073: x", "EMS-1073", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-1080: x", "EMS-1080", "x", OUTCOME_UNKNOWN, OUTCOME_ACCEPTED},
        {"EMS-1082: x", "EMS-1082", "x", OUTCOME_UNKNOWN, OUTCOME_ACCEPTED},
        {"EMS-1091: Invalid Signer IP", "EMS-1091", "Invalid Signer IP", OUTCOME_REFUSED,
         OUTCOME_UNKNOWN},
        {"EMS-1099: CSR has already been used", "EMS-1099", "CSR has already been used",
         OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {"EMS-1140: Insufficient Credits", "EMS-1140", "Insufficient Credits", OUTCOME_AUTH,
         OUTCOME_AUTH},
        {"EMS-1162: x", "EMS-1162", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-1180: Organization Name cannot be empty", "EMS-1180",
         "Organization Name cannot be empty", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-1269: x", "EMS-1269", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS-DOMAIN-002: x", "EMS-DOMAIN-002", "x", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"order refused (EMS-1162).", "EMS-1162", "order refused (EMS-1162).", OUTCOME_REFUSED,
         OUTCOME_UNKNOWN},
        {"EMS-1140-", "EMS-1140", "-", OUTCOME_AUTH, OUTCOME_AUTH},
        {"Inactive Account User.", NULL, "Inactive Account User.", OUTCOME_THROTTLED,
         OUTCOME_THROTTLED},
        {"Insufficient Credits", NULL, "Insufficient Credits", OUTCOME_AUTH, OUTCOME_AUTH},
        {"Invalid key size", NULL, "Invalid key size", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"Something went Wrong", NULL, "Something went Wrong", OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {"EMS-9999: never seen", "EMS-9999", "never seen", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
        {"EMS- is no code", NULL, "EMS- is no code", OUTCOME_REFUSED, OUTCOME_UNKNOWN},
    };
    struct bench b;
    v2_begin(&b, v2_config);
    const struct ca_call order = bench_call(&b, STEP_ORDER);
    const struct ca_call poll = bench_call(&b, STEP_POLL);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = v2_problem(&b, &order, 422, rows[i].detail);
        same(r, rows[i].order, rows[i].detail);
        assert_true(str_eq(r->code, rows[i].code));
        assert_true(str_starts(r->message, rows[i].message));
        assert_true(!r->issued && !r->pending && !r->order_id);
        same(v2_problem(&b, &poll, 400, rows[i].detail), rows[i].poll, rows[i].detail);
    }
    bench_end(&b);
}

static void every_http_status(void **state UNUSED)
{
    static const struct {
        int status;
        enum outcome order, poll, list;
    } rows[] = {
        {0, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {100, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {200, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {201, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {302, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {400, OUTCOME_REFUSED, OUTCOME_UNKNOWN, OUTCOME_REFUSED},
        {401, OUTCOME_AUTH, OUTCOME_AUTH, OUTCOME_AUTH},
        {403, OUTCOME_AUTH, OUTCOME_AUTH, OUTCOME_AUTH},
        {404, OUTCOME_AUTH, OUTCOME_UNKNOWN, OUTCOME_AUTH},
        {405, OUTCOME_REFUSED, OUTCOME_UNKNOWN, OUTCOME_REFUSED},
        {406, OUTCOME_REFUSED, OUTCOME_UNKNOWN, OUTCOME_REFUSED},
        {408, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {409, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_REFUSED},
        {422, OUTCOME_REFUSED, OUTCOME_UNKNOWN, OUTCOME_REFUSED},
        {429, OUTCOME_THROTTLED, OUTCOME_THROTTLED, OUTCOME_THROTTLED},
        {500, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {503, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
        {599, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
    };
    static const char *const bodies[] = {"", "<html>" ACCESS_KEY " " TOKEN, "[]", "{}", "\xff{"};
    struct bench b;
    v2_begin(&b, v2_config);
    const struct ca_call order = bench_call(&b, STEP_ORDER);
    const struct ca_call poll = bench_call(&b, STEP_POLL);
    const struct ca_call list = bench_call(&b, STEP_INVENTORY);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        for (size_t k = 0; k < NITEMS(bodies); k++) {
            const char *what = arena_printf(&b.f.arena, "%d %s", rows[i].status, bodies[k]);
            const struct ca_result *r = bench_hear(&b, &order, rows[i].status, bodies[k]);
            same(r, rows[i].order, what);
            assert_non_null(r->message);
            assert_null(strstr(r->message, ACCESS_KEY));
            assert_null(strstr(r->message, TOKEN));
            assert_int_equal(r->again_seconds, rows[i].status == 429 ? 17 : -1);
            same(bench_hear(&b, &poll, rows[i].status, bodies[k]), rows[i].poll, what);
            same(bench_hear(&b, &list, rows[i].status, bodies[k]), rows[i].list, what);
        }
    }
    /* what is said beside a fault of its own leaves the order in doubt all the same */
    same(v2_problem(&b, &order, 500, "EMS-1162: x"), OUTCOME_UNKNOWN, "500");
    /* a code says for what there is no right */
    same(v2_problem(&b, &order, 403, "EMS-1162: x"), OUTCOME_REFUSED, "403 with a code");
    same(v2_problem(&b, &order, 403, "not entitled"), OUTCOME_AUTH, "403 without one");
    same(v2_problem(&b, &order, 404, "EMS-1162: x"), OUTCOME_REFUSED, "404 with a code");
    same(v2_problem(&b, &order, 409, "EMS-1162: x"), OUTCOME_REFUSED, "409 with a code");
    /* the framework under the API has words of its own: there is no such address */
    same(bench_hear(&b, &order, 404,
                    "{\"timestamp\":\"t\",\"status\":404,\"error\":\"Not Found\",\"message\":"
                    "\"Not Found\",\"path\":\"/x\"}"),
         OUTCOME_AUTH, "no such address");
    bench_end(&b);
}

static void problem_shapes(void **state UNUSED)
{
    static const struct {
        const char *body, *code, *message;
    } rows[] = {
        {"{\"title\":\"Unprocessable Entity\",\"status\":422,\"detail\":\"EMS-918: refused\","
         "\"errors\":[{\"field\":\"agreementDetails.signerPlace\",\"message\":\"must not be "
         "blank\"},{\"field\":\"csr\"},{\"message\":\"x\"},7,{}]}",
         "EMS-918",
         "refused; agreementDetails.signerPlace: must not be blank; csr; x (remarks, or a field "
         "the product needs, are missing)"},
        {"{\"title\":\"Bad Request\",\"status\":400}", NULL, "Bad Request"},
        {"{\"timestamp\":\"t\",\"status\":400,\"error\":\"Bad Request\",\"message\":\"EMS-1091 "
         "no\"}",
         "EMS-1091", "no (signer.ip must be a public address)"},
        {"{\"status\":400,\"error\":\"Bad Request\"}", NULL, "Bad Request"},
        {"{\"errors\":[{\"field\":\"a\",\"message\":\"b\"}]}", NULL, "a: b"},
        {"{\"detail\":7,\"title\":null}", NULL, "7"},
        {"{\"detail\":\"EMS-1162\"}", "EMS-1162",
         "the account does not have this product; see the catalogue"},
        {"{\"detail\":\"key " ACCESS_KEY " token " TOKEN "\"}", NULL,
         "CERTInext refused the request without a reason"},
    };
    struct bench b;
    v2_begin(&b, v2_config);
    const struct ca_call order = bench_call(&b, STEP_ORDER);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = bench_hear(&b, &order, 400, rows[i].body);
        same(r, OUTCOME_REFUSED, rows[i].body);
        assert_true(str_eq(r->code, rows[i].code));
        assert_string_equal(r->message, rows[i].message);
    }
    char *longer = arena_alloc(&b.f.arena, 5001);
    memset(longer, 'y', 5000);
    longer[5000] = '\0';
    assert_int_equal(strlen(v2_problem(&b, &order, 400, longer)->message), 500);
    bench_end(&b);
}

/* --- the token --- */
static void tokens(void **state UNUSED)
{
    static const struct {
        int status;
        const char *body, *message;
    } bad[] = {
        {401, "{\"error\":\"invalid_client\",\"error_description\":\"" ACCESS_KEY "\"}",
         "does not know this client_id"},
        {400, "{\"error\":\"invalid_client\"}", "does not know this client_id"},
        {403, "{\"error\":\"unauthorized_client\"}", "made for an access key"},
        {403, "{\"error\":\"" ACCESS_KEY "\"}", "HTTP 403"},
        {404, "", "HTTP 404"},
    };
    struct bench b;
    bench_begin(&b, v2_config);
    const struct ca_call ask = bench_call(&b, STEP_TOKEN);
    const struct ca_call probe = bench_call(&b, STEP_PROBE);
    for (size_t i = 0; i < NITEMS(bad); i++) {
        const struct ca_result *r = bench_hear(&b, &ask, bad[i].status, bad[i].body);
        same(r, OUTCOME_AUTH, bad[i].body);
        assert_non_null(strstr(r->message, bad[i].message));
        assert_null(strstr(r->message, ACCESS_KEY));
        assert_false(certinext_ops.authorized(&b.ca, NOW));
    }
    same(bench_hear(&b, &ask, 503, "{\"error\":\"invalid_client\"}"), OUTCOME_UNKNOWN, "503");
    same(bench_hear(&b, &ask, 429, ""), OUTCOME_THROTTLED, "429");
    same(bench_hear(&b, &ask, 200, "{\"tokenDetails\":{\"accessToken\":\"old.form\"}}"),
         OUTCOME_ACCEPTED, "the older form");
    assert_true(certinext_ops.authorized(&b.ca, NOW));
    v2_token(&b);
    /* refused in the middle: forgotten, so that it is asked for again */
    static const enum ca_step steps[] = {STEP_ORDER,  STEP_POLL,      STEP_FIND,     STEP_REVOKED,
                                         STEP_REVOKE, STEP_CANCEL,    STEP_PRODUCTS, STEP_INVENTORY,
                                         STEP_PROBE,  STEP_CHALLENGE, STEP_VALIDATE};
    for (size_t i = 0; i < NITEMS(steps); i++) {
        const struct ca_call call = bench_call(&b, steps[i]);
        v2_token(&b);
        assert_true(certinext_ops.authorized(&b.ca, NOW));
        same(v2_problem(&b, &call, 401, "Invalid or expired token"), OUTCOME_AUTH, "401");
        assert_false(certinext_ops.authorized(&b.ca, NOW));
    }
    assert_non_null(strstr(bench_refused(&b, &probe), "before there was a token"));
    bench_end(&b);
}

/* --- PROBE, PRODUCTS --- */
static void probe(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    const struct ca_call call = bench_call(&b, STEP_PROBE);
    same(bench_hear(&b, &call, 200, "{\"accountNumber\":\"1234567890\",\"authType\":\"oauth2\"}"),
         OUTCOME_ACCEPTED, "ours");
    same(bench_hear(&b, &call, 200, "{\"accountNumber\":1234567890}"), OUTCOME_ACCEPTED, "number");
    const struct ca_result *r = bench_hear(&b, &call, 200, "{\"accountNumber\":\"99\"}");
    same(r, OUTCOME_AUTH, "of somebody else");
    assert_non_null(strstr(r->message, "account 99, account_number is 1234567890"));
    same(bench_hear(&b, &call, 200, "{}"), OUTCOME_UNKNOWN, "nothing");
    same(bench_hear(&b, &call, 204, ""), OUTCOME_UNKNOWN, "no content");
    bench_end(&b);
}

static void catalogue(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    const struct ca_call call = bench_call(&b, STEP_PRODUCTS);
    const struct ca_result *r = bench_hear(
        &b, &call, 200,
        "{\"products\":[{\"categoryName\":\"SSL\",\"currencyType\":\"USD\",\"products\":["
        "{\"productCode\":\"842\",\"productName\":\"DV\",\"productTypeID\":\"13\","
        "\"subscriptionPrice\":{\"1 Year\":{\"cost\":\"9.0\"}}},{\"productName\":\"x\"}]},7]}");
    same(r, OUTCOME_ACCEPTED, "catalogue");
    assert_int_equal(r->nsold, 1);
    assert_string_equal(r->sold[0].code, "842");
    assert_string_equal(r->sold[0].price, "1 Year: 9.0");
    assert_string_equal(r->sold[0].type_id, "13");
    assert_int_equal(bench_hear(&b, &call, 200, "{\"products\":[]}")->nsold, 0);
    same(bench_hear(&b, &call, 200, "{\"products\":{}}"), OUTCOME_UNKNOWN, "no list");
    same(bench_hear(&b, &call, 200, "{}"), OUTCOME_UNKNOWN, "nothing");
    same(bench_hear(&b, &call, 204, ""), OUTCOME_UNKNOWN, "no content");
    bench_end(&b);
}

/* --- ORDER --- */
static void orders(void **state UNUSED)
{
    static const struct {
        int status;
        const char *body, *order_id;
    } rows[] = {
        {201, "{\"orderId\":\"6612345678\",\"requestId\":\"45\",\"status\":\"pending-dcv\"}",
         "6612345678"},
        {200, "{\"orderId\":6612345678}", "6612345678"},
        {201, "{\"orderId\":\"ord_AZ-09\",\"_links\":{}}", "ord_AZ-09"},
        {201, "{\"ORDERID\":\" 66 \"}", "66"},
        {201, "{\"orderId\":\"\",\"requestId\":\"4512345678\"}", NULL},
        {201, "{\"orderId\":null}", NULL},
        {201, "{\"orderId\":[]}", NULL},
        {201, "{\"orderId\":\"../66\"}", NULL},
        {201, "{\"orderId\":\"6 6\"}", NULL},
        {201, "{\"orderId\":\"11111111111111111111111111111111111111111111111111111111111111111\"}",
         NULL},
        {201, "{\"status\":\"issued\"}", NULL},
        {201, "{}", NULL},
        {204, "", NULL},
        {201, "", NULL},
        {201, "[{\"orderId\":\"66\"}]", NULL},
        {201, "{\"orderId\":\"66\"} x", NULL},
        {201, "{\"orderId\":\"66\",\"orderId\":\"67\"}", NULL},
    };
    struct bench b;
    v2_begin(&b, v2_config);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = bench_hear(&b, &call, rows[i].status, rows[i].body);
        same(r, rows[i].order_id ? OUTCOME_ACCEPTED : OUTCOME_UNKNOWN, rows[i].body);
        assert_true(str_eq(r->order_id, rows[i].order_id));
        assert_true(!r->issued && r->pending == (rows[i].order_id != NULL));
        assert_int_equal(r->again_seconds, rows[i].order_id ? 5 : -1);
        assert_true(rows[i].order_id || r->message);
    }
    assert_non_null(strstr(bench_hear(&b, &call, 201, rows[4].body)->message, "4512345678"));
    b.order.action = "reissue"; /* stays in its order, told or not */
    b.order.prior_order = "6600000001";
    assert_string_equal(bench_hear(&b, &call, 204, "")->order_id, "6600000001");
    assert_string_equal(bench_hear(&b, &call, 200, "{\"status\":\"issued\"}")->order_id,
                        "6600000001");
    assert_string_equal(bench_hear(&b, &call, 200, "{\"orderId\":\"66\"}")->order_id, "66");
    same(v2_problem(&b, &call, 422, "EMS-931: Order is not issued"), OUTCOME_REFUSED, "too early");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code),     cmocka_unit_test(every_http_status),
        cmocka_unit_test(problem_shapes), cmocka_unit_test(tokens),
        cmocka_unit_test(probe),          cmocka_unit_test(catalogue),
        cmocka_unit_test(orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
