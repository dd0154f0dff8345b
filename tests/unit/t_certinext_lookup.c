/* SPDX-License-Identifier: Apache-2.0
 *
 * What follows an order at CERTInext: searches for a lost one over several pages, revocations,
 * the catalogue and the list of orders.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/certinext_fixture.h"

#include "batch/retry.h"

/* --- FIND --- */

/* Carries a search out against three pages of orders; `ours` is the order with our CSR. Returns
 * how many requests it took. */
static unsigned search(struct bench *b, unsigned pages, unsigned rows, unsigned ours)
{
    struct ca_call call = bench_call(b, STEP_FIND);
    call.since = NOW;
    unsigned requests = 0;
    unsigned page = 0;
    do {
        CLEANUP(json_tree_release) json_t *t = bench_body(b, &call);
        const struct ca_result *r;
        requests++;
        if (call.phase == FIND_TRACK) {
            const char *id = json_get_str(json_get(t, "orderDetails"), "orderNumber");
            const char *mine = arena_printf(&b->f.arena, "%u", ours);
            const char *csr = str_eq(id, mine) ? bench_pem(b, "CERTIFICATE REQUEST", b->order.csr)
                                               : "-----BEGIN CERTIFICATE REQUEST-----\\nMAAA\\n";
            r = bench_ok(b, &call,
                         arena_printf(&b->f.arena, "\"orderDetails\":{\"csr\":\"%s\"}", csr));
        } else {
            CLEANUP(buf_release) struct buf list = BUF_INIT(1 << 20);
            page++;
            assert_string_equal(json_get_str(json_get(t, "searchCriteria"), "pageNumber"),
                                arena_printf(&b->f.arena, "%u", page));
            for (unsigned i = 0; i < rows; i++) {
                buf_printf(&list, "%s{\"orderNumber\":\"%u\",\"orderStatusId\":2}", i ? "," : "",
                           page * 1000 + i);
            }
            r = bench_ok(b, &call,
                         arena_printf(&b->f.arena,
                                      "\"orderDetails\":{\"noOfPages\":%u,\"ordersArray\":["
                                      "{\"orderNumber\":\"\",\"requestNumber\":\"1\"},"
                                      "{\"orderNumber\":\"1\",\"orderStatusId\":\"5\"},"
                                      "{\"orderNumber\":\"2\",\"certificateStatusId\":\"14\"},"
                                      "{\"orderNumber\":\"3\",\"domainName\":\"other.example\"},"
                                      "{\"orderNumber\":\"4;5\"},7,null%s%s]}",
                                      pages, rows ? "," : "", buf_text(&list)));
        }
        assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
        call.phase = r->phase;
        call.page = r->next_page;
        assert_true(r->phase == 0 || r->nfound == 0);
    } while (call.phase);
    return requests;
}

static void searches(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    assert_int_equal(search(&b, 3, 2, 3001), 9); /* 3 pages, 6 candidates */
    assert_int_equal(b.result.nfound, 1);
    assert_string_equal(b.result.found[0].order_id, "3001");
    assert_int_equal(search(&b, 3, 2, 1000), 9);
    assert_string_equal(b.result.found[0].order_id, "1000");
    assert_int_equal(search(&b, 3, 2, 0), 9);
    assert_int_equal(b.result.nfound, 0);
    assert_int_equal(search(&b, 1, 0, 0), 1);
    assert_int_equal(b.result.nfound, 0);
    /* nothing to list is an answer; any other failure is none */
    const struct ca_call call = bench_call(&b, STEP_FIND);
    const struct ca_result *r = bench_failure(&b, &call, "", "No records found");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->nfound == 0 && r->phase == 0);
    assert_int_equal(bench_failure(&b, &call, "EMS-1", "x")->outcome, OUTCOME_UNKNOWN);
    assert_int_equal(bench_ok(&b, &call, "\"orderDetails\":[]")->outcome, OUTCOME_UNKNOWN);
    bench_end(&b);
}

/* An order that a list shows twice is one order. */
static void listed_twice(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    struct ca_call call = bench_call(&b, STEP_FIND);
    const char *csr = arena_printf(&b.f.arena, "\"orderDetails\":{\"csr\":\"%s\"}",
                                   bench_pem(&b, "CERTIFICATE REQUEST", b.order.csr));
    const struct ca_result *r = bench_ok(
        &b, &call,
        "\"orderDetails\":{\"ordersArray\":[{\"orderNumber\":\"66\"},{\"orderNumber\":66}]}");
    while (r->phase) {
        call.phase = r->phase;
        call.page = r->next_page;
        r = bench_ok(&b, &call, csr);
    }
    assert_int_equal(r->nfound, 1);
    bench_end(&b);
}

/* A failed order counts when its tag says that it is of this attempt: an earlier one with the same
 * CSR would hide the order that is looked for. */
static void failed_orders(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    struct ca_call call = bench_call(&b, STEP_FIND);
    const char *list = arena_printf(&b.f.arena,
                                    "\"orderDetails\":{\"noOfPages\":1,\"ordersArray\":["
                                    "{\"orderNumber\":\"1\",\"orderStatusId\":\"5\"},"
                                    "{\"orderNumber\":\"2\",\"orderStatusId\":\"5\",\"tags\":"
                                    "[\"www\",\"certbatch-%.8s\"]},"
                                    "{\"orderNumber\":\"3\",\"orderStatusId\":\"4\",\"tags\":"
                                    "[\"certbatch-00000000\",7,null]},"
                                    "{\"orderNumber\":\"4\",\"orderStatusId\":\"4\",\"tags\":{}}]}",
                                    OUR_KEY);
    assert_int_equal(bench_ok(&b, &call, list)->phase, 0); /* no key: none of them */
    call.client_key = OUR_KEY;
    const struct ca_result *r = bench_ok(&b, &call, list);
    assert_int_equal(r->phase, FIND_TRACK);
    assert_string_equal(r->next_page, "1/1;2;");
    bench_end(&b);
}

/* A search that does not fit into its cursor is given up, not cut. */
static void too_many_candidates(void **state UNUSED)
{
    enum { ROWS = 40000 };
    struct bench b;
    CLEANUP(buf_release) struct buf list = BUF_INIT(16 << 20);
    bench_begin(&b, bench_config);
    const struct ca_call call = bench_call(&b, STEP_FIND);
    buf_puts(&list, "\"orderDetails\":{\"ordersArray\":[");
    for (unsigned i = 0; i < ROWS; i++) {
        buf_printf(&list, "%s{\"orderNumber\":\"%032u\"}", i ? "," : "", i);
    }
    buf_puts(&list, "]}");
    const struct ca_result *r = bench_ok(&b, &call, buf_text(&list));
    assert_int_equal(r->outcome, OUTCOME_UNKNOWN);
    assert_int_equal(r->phase, 0);
    bench_end(&b);
}

static void candidates(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    struct ca_call call = bench_call(&b, STEP_FIND);
    call.phase = FIND_TRACK;
    call.page = "2/2;11,12;9";
    /* a candidate that is not there any more is none; a fault says nothing about the others */
    const struct ca_result *r = bench_failure(&b, &call, "EMS-943", "x");
    assert_int_equal(r->phase, FIND_TRACK);
    assert_string_equal(r->next_page, "2/2;12;9");
    r = bench_failure(&b, &call, "EMS-939", "x");
    assert_true(r->outcome == OUTCOME_UNKNOWN && r->phase == 0);
    call.page = "2/2;12;9";
    static const char *const frames[] = {"-----BEGIN NEW CERTIFICATE REQUEST-----%s"
                                         "-----END NEW CERTIFICATE REQUEST-----",
                                         "%s", " %s\\r\\n"};
    CLEANUP(buf_release) struct buf base64 = BUF_INIT(65536);
    base64_encode(&base64, b.order.csr.p, b.order.csr.n, 0);
    for (size_t i = 0; i < NITEMS(frames); i++) {
        const char *before = arena_strndup(&b.f.arena, frames[i], strcspn(frames[i], "%"));
        const char *after = strchr(frames[i], '%') + 2;
        r = bench_ok(&b, &call,
                     arena_printf(&b.f.arena, "\"orderDetails\":{\"csr\":\"%s%s%s\"}", before,
                                  buf_text(&base64), after));
        assert_int_equal(r->nfound, 2); /* more than one is for a person to decide */
        assert_string_equal(r->found[1].order_id, "12");
    }
    static const char *const strangers[] = {"", "!!", "-----BEGIN X-----", "MAAA"};
    for (size_t i = 0; i < NITEMS(strangers); i++) {
        r = bench_ok(&b, &call,
                     arena_printf(&b.f.arena, "\"orderDetails\":{\"csr\":\"%s\"}", strangers[i]));
        assert_int_equal(r->nfound, 1);
    }
    static const char *const cursors[] = {
        "", "1", "1/2", "x/2;;", "1/x;1;", "1/2;;", "99999999999999999999999999/1;1;"};
    for (size_t i = 0; i < NITEMS(cursors); i++) {
        call.page = cursors[i];
        assert_int_equal(bench_ok(&b, &call, "\"orderDetails\":{}")->outcome, OUTCOME_UNKNOWN);
    }
    /* a list without end */
    call.phase = FIND_NEXT_REPORT;
    call.page = "100/101;;";
    assert_int_equal(
        bench_ok(&b, &call, "\"orderDetails\":{\"noOfPages\":\"102\",\"ordersArray\":[{}]}")
            ->outcome,
        OUTCOME_UNKNOWN);
    bench_end(&b);
}

/* --- REVOKED, REVOKE, CANCEL --- */
static void revocations(void **state UNUSED)
{
    static const struct {
        const char *details;
        unsigned attempt;
        enum outcome outcome;
        bool revoked, pending;
    } rows[] = {
        {"\"certificateStatusId\":\"22\"", 0, OUTCOME_ACCEPTED, true, false},
        {"\"certificateStatusId\":\"20\"", 0, OUTCOME_ACCEPTED, false, false},
        {"\"certificateStatusId\":9,\"orderStatusId\":6", 0, OUTCOME_ACCEPTED, false, false},
        {"\"certificateStatusId\":\"20\",\"revocationDetails\":{\"revokeRequestStatusId\":\"2\"}",
         0, OUTCOME_ACCEPTED, true, false},
        {"\"certificateStatusId\":\"20\",\"revocationDetails\":{\"revokeRequestStatusId\":5}", 0,
         OUTCOME_ACCEPTED, true, false},
        {"\"certificateStatusId\":\"20\",\"revocationDetails\":{\"revokeRequestStatusId\":\"1\"}",
         1, OUTCOME_ACCEPTED, false, true},
        {"\"certificateStatusId\":\"20\",\"revocationDetails\":{\"revokeRequestStatusId\":\"4\"}",
         1, OUTCOME_ACCEPTED, false, true},
        {"\"certificateStatusId\":\"20\",\"revocationDetails\":{\"revokeRequestStatusId\":\"3\"}",
         1, OUTCOME_REFUSED, false, false},
        {"\"certificateStatusId\":\"20\",\"revocationDetails\":{\"revokeRequestStatusId\":\"6\"}",
         0, OUTCOME_ACCEPTED, false, false}, /* an earlier one, not ours */
        {"\"certificateStatusId\":\"24\",\"orderStatusId\":\"2\"", 0, OUTCOME_REFUSED, false,
         false},
        {"\"certificateStatusId\":\"13\",\"orderStatusId\":\"5\"", 0, OUTCOME_REFUSED, false,
         false},
        {"\"certificateStatusId\":\"12\"", 0, OUTCOME_ACCEPTED, false, false},
        {"\"certificateStatusId\":\"77\"", 0, OUTCOME_ACCEPTED, false, false},
    };
    struct bench b;
    bench_begin(&b, bench_config);
    struct ca_call call = bench_call(&b, STEP_REVOKED);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        call.attempt = rows[i].attempt;
        const struct ca_result *r =
            bench_ok(&b, &call, arena_printf(&b.f.arena, "\"orderDetails\":{%s}", rows[i].details));
        if (r->outcome != rows[i].outcome || r->revoked != rows[i].revoked ||
            r->pending != rows[i].pending) {
            fail_msg("%s: %s", rows[i].details, outcome_name(r->outcome));
        }
    }
    assert_int_equal(bench_failure(&b, &call, "EMS-943", "Order not found")->outcome,
                     OUTCOME_REFUSED);
    assert_int_equal(bench_ok(&b, &call, "")->outcome, OUTCOME_UNKNOWN);
    call = bench_call(&b, STEP_REVOKE);
    const struct ca_result *r = bench_ok(&b, &call, "");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending && !r->revoked);
    r = bench_failure(&b, &call, "", "Certificate already revoked");
    assert_true(r->revoked);
    assert_int_equal(bench_failure(&b, &call, "EMS-931", "x")->outcome, OUTCOME_REFUSED);
    assert_int_equal(bench_hear(&b, &call, 500, "")->outcome, OUTCOME_UNKNOWN);
    assert_int_equal(bench_hear(&b, &call, 200, "OK")->outcome, OUTCOME_UNKNOWN);
    assert_int_equal(bench_hear(&b, &call, 404, "")->outcome, OUTCOME_REFUSED);
    call = bench_call(&b, STEP_CANCEL);
    assert_int_equal(bench_ok(&b, &call, "")->outcome, OUTCOME_ACCEPTED);
    assert_int_equal(bench_failure(&b, &call, "EMS-943", "x")->outcome, OUTCOME_REFUSED);
    bench_end(&b);
}

/* --- PRODUCTS, INVENTORY --- */
static void catalogue(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call call = bench_call(&b, STEP_PRODUCTS);
    const struct ca_result *r = bench_ok(
        &b, &call,
        "\"productDetails\":[{\"categoryName\":\"SSL\",\"currencyType\":\"USD\",\"products\":["
        "{\"productCode\":\"842\",\"productName\":\"DV\",\"productTypeID\":\"13\","
        "\"subscriptionPrice\":{\"1 Year\":{\"cost\":\"9.0\"},\"2 Year\":{\"cost\":18},\"3 "
        "Year\":{\"cost\":27.5}}},"
        "{\"productName\":\"no code\"},7]},3,{\"categoryName\":\"Private\",\"products\":["
        "{\"productCode\":149,\"price\":\"0.0\"}]},{\"products\":null}]");
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_int_equal(r->nsold, 2);
    assert_string_equal(r->sold[0].code, "842");
    assert_string_equal(r->sold[0].name, "DV");
    assert_string_equal(r->sold[0].category, "SSL");
    assert_string_equal(r->sold[0].type_id, "13");
    assert_string_equal(r->sold[0].price, "1 Year: 9.0, 2 Year: 18, 3 Year: 27.5");
    assert_string_equal(r->sold[0].currency, "USD");
    assert_string_equal(r->sold[1].code, "149");
    assert_string_equal(r->sold[1].price, "0.0");
    assert_null(r->sold[1].currency);
    assert_int_equal(bench_ok(&b, &call, "\"productDetails\":{}")->nsold, 0);
    bench_end(&b);
}

static void inventory(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    struct ca_call call = bench_call(&b, STEP_INVENTORY);
    const struct ca_result *r = bench_ok(
        &b, &call,
        "\"orderDetails\":{\"noOfPages\":2,\"currentPage\":\"1\",\"ordersArray\":["
        "{\"orderNumber\":\"66\",\"requestNumber\":\"45\",\"orderStatusId\":\"6\",\"orderStatus\":"
        "\"Order Fulfilled\",\"certificateStatusId\":\"20\",\"certificateStatus\":\"Certificate "
        "Generated\",\"domainName\":\"www.example.com\",\"organizationName\":\"Example Corp\","
        "\"productCode\":\"842\",\"certificateSerialNumber\":\"0a1b2c3d4e5f\","
        "\"certificateExpiryDate\":\"2027-11-20\",\"issuerCA\":\"CA\",\"orderDate\":"
        "\"2026-11-21 10:11:12\"},"
        "{\"orderNumber\":\"\",\"requestNumber\":\"46\",\"productCode\":\"\",\"orderStatusId\":7,"
        "\"certificateStatusId\":\"22\",\"certificateExpiryDate\":\"soon\"},"
        "{\"certificateStatusId\":12,\"certificateExpiryDate\":\"2026-11-21T09:15:30Z\"}]}");
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_int_equal(r->nlisted, 3);
    assert_string_equal(r->next_page, "2");
    const struct ca_listed *row = r->listed;
    int64_t day = 0;
    assert_string_equal(row->order_id, "66");
    assert_string_equal(row->request, "45");
    assert_string_equal(row->status, "Order Fulfilled, Certificate Generated");
    assert_string_equal(row->common_name, "www.example.com");
    assert_string_equal(row->serial, "0A1B2C3D4E5F");
    assert_string_equal(row->product, "842");
    assert_string_equal(row->organization, "Example Corp");
    assert_string_equal(row->issuer, "CA");
    assert_true(time_parse_date("2027-11-20", &day) && row->not_after == day);
    assert_true(time_parse_date("2026-11-21", &day) && row->ordered == day);
    assert_false(row->revoked || row->expired);
    row++;
    assert_null(row->order_id);
    assert_null(row->product);
    assert_string_equal(row->status, "on hold, certificate revoked");
    assert_true(row->revoked && row->not_after == TIME_NONE);
    row++;
    assert_true(row->expired && row->not_after == NOW);
    call.page = "2";
    assert_null(bench_ok(&b, &call,
                         "\"orderDetails\":{\"noOfPages\":2,\"ordersArray\":[{\"orderNumber\":1}]}")
                    ->next_page);
    assert_null(
        bench_ok(&b, &call, "\"orderDetails\":{\"noOfPages\":9,\"ordersArray\":[]}")->next_page);
    r = bench_failure(&b, &call, "", "No records found");
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->next_page && !r->nlisted);
    assert_int_equal(bench_failure(&b, &call, "EMS-939", "x")->outcome, OUTCOME_UNKNOWN);
    bench_end(&b);
}

/* pickup.settle_seconds is what the executor waits between two searches for a lost order. */
static void settling(void **state UNUSED)
{
    static const struct {
        const char *pickup;
        int64_t want;
    } rows[] = {{"", 30000},
                {"    pickup: {settle_seconds: 2}\n", 2000},
                {"    pickup: {settle_seconds: 0}\n", 0}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        CLEANUP(buf_release) struct buf config = BUF_INIT(1 << 16);
        buf_printf(&config, "%s%s", bench_config, rows[i].pickup);
        bench_begin(&b, buf_text(&config));
        const struct ca_call call = bench_call(&b, STEP_ORDER);
        const struct ca_result *r = bench_hear(&b, &call, 503, "");
        assert_int_equal(r->outcome, OUTCOME_UNKNOWN);
        assert_int_equal(retry_settle_ms(false, r->settle_seconds), rows[i].want);
        assert_int_equal(retry_settle_ms(true, r->settle_seconds), 0);
        bench_end(&b);
    }
    assert_int_equal(retry_settle_ms(false, -1), 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches),      cmocka_unit_test(listed_twice),
        cmocka_unit_test(failed_orders), cmocka_unit_test(too_many_candidates),
        cmocka_unit_test(candidates),    cmocka_unit_test(revocations),
        cmocka_unit_test(catalogue),     cmocka_unit_test(inventory),
        cmocka_unit_test(settling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
