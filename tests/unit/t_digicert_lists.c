/* SPDX-License-Identifier: Apache-2.0
 *
 * What the DigiCert connector reads from lists of orders and products, and from a probe of the key.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/digicert_fixture.h"

/* --- lists --- */
static void lists(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, dc_config);
    struct ca_call call = bench_call(&b, STEP_INVENTORY);
    call.page = "1000";
    const struct ca_result *r =
        bench_hear(&b, &call, 200,
                   "{\"orders\":[{\"id\":7,\"status\":\"revoked\",\"date_created\":\"2026-10-01T00:"
                   "00:00+00:00\","
                   "\"certificate\":{\"common_name\":\"a.example.com\",\"serial_number\":\"0a1b\","
                   "\"valid_till\":\"2026-11-20\"},\"organization\":[],\"product\":{\"name_id\":"
                   "\"ssl_basic\"}}],"
                   "\"page\":{\"total\":2000}}");
    same(r, OUTCOME_ACCEPTED, "a page");
    assert_int_equal(r->nlisted, 1);
    assert_string_equal(r->listed[0].order_id, "7");
    assert_string_equal(r->listed[0].serial, "0A1B");
    assert_string_equal(r->listed[0].product, "ssl_basic");
    assert_null(r->listed[0].organization);
    assert_true(r->listed[0].revoked && r->listed[0].expired);
    assert_string_equal(r->next_page, "1001");
    r = bench_hear(&b, &call, 200, "{\"page\":{\"total\":2000}}"); /* the total moved: it ends */
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->nlisted && !r->next_page);
    same(bench_hear(&b, &call, 200, "{}"), OUTCOME_UNKNOWN, "no list");
    same(bench_hear(&b, &call, 200, "{\"orders\":7}"), OUTCOME_UNKNOWN, "no list");
    call = bench_call(&b, STEP_PRODUCTS);
    r = bench_hear(&b, &call, 200,
                   "{\"products\":[{\"name_id\":\"ssl_basic\",\"name\":\"Basic OV\",\"group_name\":"
                   "\"ssl\",\"allowed_order_validity_years\":[1,3,2]},{\"name\":\"nameless\"}]}");
    assert_int_equal(r->nsold, 1);
    assert_string_equal(r->sold[0].term, "3y");
    same(bench_hear(&b, &call, 200, "{}"), OUTCOME_UNKNOWN, "no catalogue");
    bench_end(&b);
}

static void probes(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, dc_config);
    struct ca_call call = bench_call(&b, STEP_PROBE);
    const struct ca_result *r = bench_hear(
        &b, &call, 200,
        "{\"username\":\"batch-svc\",\"account_id\":1690001,\"status\":\"active\",\"access_roles\":"
        "[{\"id\":1,\"name\":\"Administrator\"},{\"id\":4,\"name\":\"Manager\"}]}");
    same(r, OUTCOME_ACCEPTED, "a user");
    assert_non_null(strstr(r->message, "batch-svc, account 1690001: Administrator, Manager"));
    same(bench_hear(&b, &call, 200, "{\"username\":\"x\",\"status\":\"inactive\"}"), OUTCOME_AUTH,
         "inactive");
    same(bench_hear(&b, &call, 200, "{}"), OUTCOME_UNKNOWN, "nobody");
    r = bench_hear(&b, &call, 403, ERRORS("access_denied|missing_permission"));
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->phase == PROBE_ORDERS);
    same(bench_hear(&b, &call, 403, ERRORS("access_denied|access_denied_invalid_key")),
         OUTCOME_AUTH, "wrong key");
    call.phase = PROBE_ORDERS;
    same(bench_hear(&b, &call, 200, "{\"orders\":[]}"), OUTCOME_ACCEPTED, "restricted");
    same(bench_hear(&b, &call, 403, ERRORS("access_denied|missing_permission")), OUTCOME_AUTH,
         "no right at all");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),
        cmocka_unit_test(probes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
