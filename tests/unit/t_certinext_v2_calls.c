/* SPDX-License-Identifier: Apache-2.0
 *
 * What the CERTInext connector sends with `api: v2` beside orders: every other step, the lists of
 * V1 where V2 has none, and revocations.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/certinext_v2_fixture.h"

/* --- the other calls --- */
static void other_calls(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_PROBE);
    v2_same_call(&b, &call, "GET", "auth/me");
    call = bench_call(&b, STEP_PRODUCTS);
    v2_same_call(&b, &call, "GET", "catalog/products?groupNumber=2345678901");
    call = bench_call(&b, STEP_POLL);
    v2_same_call(&b, &call, "GET", "ssl-certificates/6612345678");
    call.phase = POLL_FETCH;
    v2_same_call(&b, &call, "GET", "ssl-certificates/6612345678/certificate");
    call.phase = POLL_CSR;
    v2_same_body(&b, &call, "PUT", "ssl-certificates/6612345678/csr",
                 "{\"csr\":\"CSR\",\"attested\":false}");
    call.phase = POLL_AGREEMENT;
    v2_same_body(&b, &call, "POST", "ssl-certificates/6612345678/agreement",
                 "{\"agreement\":{\"signerName\":\"Dana Sample\",\"signerPlace\":\"Austin\","
                 "\"signerIp\":\"203.0.113.10\",\"accepted\":true}}");
    call.phase = CERTINEXT_PHASES - 1;
    assert_non_null(strstr(bench_refused(&b, &call), "no such step"));
    call.phase = CERTINEXT_PHASES;
    assert_non_null(strstr(bench_refused(&b, &call), "no such step"));
    call.phase = 0;
    call.order_id = "a/b";
    v2_same_call(&b, &call, "GET", "ssl-certificates/a%2Fb");
    call.order_id = NULL;
    assert_non_null(strstr(bench_refused(&b, &call), "by order number"));
    call = bench_call(&b, STEP_CANCEL);
    b.order.comment = "not needed; see CHG1";
    v2_same_body(&b, &call, "POST", "ssl-certificates/6612345678/cancel",
                 "{\"reason\":\"not needed, see CHG1\"}");
    b.order.comment = NULL;
    b.order.extra = v2_fields(&b, "save_and_hold: true\n");
    v2_same_body(&b, &call, "POST", "ssl-certificates/6612345678/reject",
                 "{\"reason\":\"CHG0012345\"}");
    call.order = NULL;
    v2_same_body(&b, &call, "POST", "ssl-certificates/6612345678/cancel",
                 "{\"reason\":\"cancelled by certbatch\"}");
    bench_end(&b);
}

static void domain_control(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_CHALLENGE);
    assert_non_null(strstr(bench_refused(&b, &call), "no name"));
    call.domain = "*.example.com";
    v2_same_call(&b, &call, "GET", "ssl-certificates/6612345678/dcv?domain=%2A.example.com");
    call = bench_call(&b, STEP_VALIDATE);
    assert_non_null(strstr(bench_refused(&b, &call), "no name"));
    call.domain = "www.example.com";
    v2_same_body(&b, &call, "POST", "ssl-certificates/6612345678/dcv/verify",
                 "{\"domain\":\"www.example.com\",\"method\":\"dns-txt\"}");
    bench_end(&b);
}

static void lists(void **state UNUSED)
{
    static const struct {
        const char *config, *page, *path;
        int64_t since;
    } rows[] = {
        {"", NULL, "reports/orders?page=1&size=100", 0},
        {"    page_size: 7\n", "12", "reports/orders?page=12&size=7", 0},
        /* more than 100 rows are cut to that many, whatever is asked for */
        {"    page_size: 500\n", NULL, "reports/orders?page=1&size=100&from=2026-11-20", NOW},
    };
    struct bench b;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        char text[2048];
        (void)snprintf(text, sizeof text, "%s%s", v2_config, rows[i].config);
        v2_begin(&b, text);
        struct ca_call call = bench_call(&b, STEP_INVENTORY);
        call.page = rows[i].page;
        call.since = rows[i].since;
        v2_same_call(&b, &call, "GET", rows[i].path);
        call.page = "1x";
        assert_non_null(strstr(bench_refused(&b, &call), "no page"));
        bench_end(&b);
    }
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_FIND);
    call.since = NOW;
    v2_same_call(&b, &call, "GET", "reports/orders?page=1&size=100&from=2026-11-20");
    call.phase = FIND_NEXT_REPORT;
    call.page = "3/4;;";
    v2_same_call(&b, &call, "GET", "reports/orders?page=3&size=100&from=2026-11-20");
    call.phase = FIND_KEY;
    call.page = "1/3;4711,4712;";
    v2_same_call(&b, &call, "GET", "ssl-certificates/4711/certificate");
    call.page = NULL;
    assert_non_null(strstr(bench_refused(&b, &call), "lost"));
    call.phase = FIND_REPORT;
    b.order.common_name = NULL;
    b.order.nsan = 0;
    assert_non_null(strstr(bench_refused(&b, &call), "a common name"));
    bench_end(&b);
}

/* Where V2 has no list, V1 is asked, with the same token and no digest. */
static void lists_of_the_hub(void **state UNUSED)
{
    static const struct {
        enum ca_step step;
        unsigned phase;
        const char *page, *name, *block;
    } rows[] = {
        {STEP_FIND, FIND_HUB, NULL, "GetOrderReport",
         "{\"searchCriteria\":{\"domainName\":\"www.example.com\",\"pageNumber\":\"1\","
         "\"pageSize\":\"100\"}}"},
        {STEP_FIND, FIND_HUB + FIND_TRACK, "1/1;4711;", "TrackOrder",
         "{\"orderDetails\":{\"orderNumber\":\"4711\"}}"},
        {STEP_FIND, FIND_HUB + FIND_NEXT_REPORT, "2/3;;", "GetOrderReport",
         "{\"searchCriteria\":{\"domainName\":\"www.example.com\",\"pageNumber\":\"2\","
         "\"pageSize\":\"100\"}}"},
        {STEP_INVENTORY, INVENTORY_HUB, "2", "GetOrderReport",
         "{\"searchCriteria\":{\"pageNumber\":\"2\",\"pageSize\":\"100\"}}"},
    };
    struct bench b;
    struct err err = ERR_INIT;
    v2_begin(&b, v2_config);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct ca_call call = bench_call(&b, rows[i].step);
        call.phase = rows[i].phase;
        call.page = rows[i].page;
        CLEANUP(json_tree_release) json_t *t = bench_body(&b, &call);
        CLEANUP(json_tree_release)
        json_t *want = json_parse("expected", rows[i].block, strlen(rows[i].block), &err);
        const json_t *meta = json_get(t, "meta");
        assert_string_equal(json_get_str(meta, "authKey"), "");
        assert_string_equal(json_get_str(meta, "accountNumber"), "1234567890");
        json_object_del(t, "meta");
        assert_true(json_equal(t, want));
        assert_string_equal(b.request.method, "POST");
        assert_string_equal(b.request.url,
                            arena_printf(&b.f.arena,
                                         "https://sandbox-us-api.certinext.io/emSignHub-API/%s",
                                         rows[i].name));
        assert_string_equal(secret_bytes(b.request.secret_headers[0].value), TOKEN);
    }
    bench_end(&b);
}

/* --- revocation --- */
static void revocation_reasons(void **state UNUSED)
{
    static const struct {
        int reason;
        const char *word;
    } rows[] = {
        {REASON_UNSPECIFIED, NULL},
        {REASON_KEY_COMPROMISE, "key-compromise"},
        {REASON_CA_COMPROMISE, NULL},
        {REASON_AFFILIATION_CHANGED, "affiliation-changed"},
        {REASON_SUPERSEDED, "superseded"},
        {REASON_CESSATION_OF_OPERATION, "cessation-of-operation"},
        {REASON_CERTIFICATE_HOLD, NULL},
        {REASON_REMOVE_FROM_CRL, NULL},
        {REASON_PRIVILEGE_WITHDRAWN, "privilege-withdrawn"},
        {REASON_AA_COMPROMISE, NULL},
        {REASON_NONE, NULL},
    };
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_REVOKE);
    b.revoke.comment = "CHG1; replaced";
    for (size_t i = 0; i < NITEMS(rows); i++) {
        b.revoke.reason = rows[i].reason;
        if (!rows[i].word) {
            const char *why = bench_refused(&b, &call);
            assert_non_null(strstr(why, revocation_reason_name(rows[i].reason)));
            assert_non_null(strstr(why, "has no revocation reason"));
            continue;
        }
        v2_same_body(&b, &call, "POST", "ssl-certificates/6612345678/revoke",
                     arena_printf(&b.f.arena, "{\"reason\":\"%s\",\"note\":\"CHG1, replaced\"}",
                                  rows[i].word));
        assert_string_equal(v2_header(&b, "X-Request-ID"), OUR_KEY);
        assert_null(v2_header(&b, "X-Product-Code"));
    }
    b.revoke.reason = REASON_SUPERSEDED;
    b.revoke.comment = " ";
    v2_same_body(&b, &call, "POST", "ssl-certificates/6612345678/revoke",
                 "{\"reason\":\"superseded\",\"note\":\"revoked by certbatch\"}");
    b.revoke.order = NULL;
    b.revoke.serial = "2B0C";
    assert_non_null(strstr(bench_refused(&b, &call), "give `order:`"));
    call.revoke = NULL;
    assert_non_null(strstr(bench_refused(&b, &call), "give `order:`"));
    call = bench_call(&b, STEP_REVOKED);
    assert_non_null(strstr(bench_refused(&b, &call), "give `order:`"));
    bench_end(&b);
}

/* A revocation names an order and not its family: the families are tried, and remembered. */
static void families(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call state_call = bench_call(&b, STEP_REVOKED);
    struct ca_call revoke = bench_call(&b, STEP_REVOKE);
    v2_same_call(&b, &state_call, "GET", "ssl-certificates/6612345678");
    state_call.phase = FAMILY_PRIVATE;
    v2_same_call(&b, &state_call, "GET", "private-pki-certificates/6612345678");
    state_call.phase = FAMILY_OTHER;
    v2_same_call(&b, &state_call, "GET", "signature-certificates/6612345678");
    v2_same_call(&b, &revoke, "POST", "ssl-certificates/6612345678/revoke");
    state_call.phase = FAMILY_PRIVATE;
    (void)bench_hear(&b, &state_call, 200, "{\"status\":\"issued\"}");
    v2_same_call(&b, &revoke, "POST", "private-pki-certificates/6612345678/revoke");
    b.revoke.order = "6612345679";
    v2_same_call(&b, &revoke, "POST", "ssl-certificates/6612345679/revoke");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_calls),
        cmocka_unit_test(domain_control),
        cmocka_unit_test(lists),
        cmocka_unit_test(lists_of_the_hub),
        cmocka_unit_test(revocation_reasons),
        cmocka_unit_test(families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
