/* SPDX-License-Identifier: Apache-2.0
 *
 * What the embedded CA tells of itself: its products, and its index as an inventory in pages.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "local_fixture.h"

#include "batch/ca/local.h"
#include "formats/base/str.h"

static struct fixture f;
static struct ca *ca;
static struct request request;

static int begin(void **ctx UNUSED)
{
    fixture_begin(&f);
    ca = fixture_open(&f);
    request_make(&request, KEY_EC_P256, "www.corp.example.com");
    return 0;
}

static int end(void **ctx UNUSED)
{
    request_release(&request);
    ca_close(ca);
    fixture_end(&f);
    return 0;
}

static struct ca_result inventory(int64_t since, const char *page)
{
    const struct ca_call call = {.step = STEP_INVENTORY, .since = since, .page = page};
    return exchange(ca, &call, &f.arena);
}

static void products(void **ctx UNUSED)
{
    const struct ca_call call = {.step = STEP_PRODUCTS};
    const struct ca_result r = exchange(ca, &call, &f.arena);
    assert_int_equal(r.outcome, OUTCOME_ACCEPTED);
    assert_true(ca->type->caps & CA_PRODUCTS);
    assert_int_equal(r.nsold, ca->type->nproducts);
    for (size_t i = 0; i < r.nsold; i++) {
        assert_string_equal(r.sold[i].code, ca->type->products[i].code);
        assert_string_equal(r.sold[i].type_id, ca->type->products[i].level);
    }
    assert_string_equal(r.sold[0].code, "tls-server");
    assert_string_equal(r.sold[0].term, "825d");
}

static void rows(void **ctx UNUSED)
{
    struct ca_order order = order_of(&request, "tls-server");
    order.common_name = "www.corp.example.com";
    assert_true(ca->type->caps & CA_INVENTORY);
    assert_int_equal(inventory(0, NULL).nlisted, 0);
    const struct ca_result one = place(ca, &order, "k1", &f.arena);
    const struct ca_result two = place(ca, &order, "k2", &f.arena);
    assert_true(ask_revoke(ca,
                           (struct ca_revocation){.order = two.order_id,
                                                  .reason = REASON_SUPERSEDED,
                                                  .invalidity_date = TIME_NONE},
                           &f.arena)
                    .revoked);
    const struct ca_result r = inventory(0, NULL);
    assert_int_equal(r.outcome, OUTCOME_ACCEPTED);
    assert_int_equal(r.nlisted, 2);
    assert_null(r.next_page);
    assert_string_equal(r.listed[0].order_id, one.order_id);
    assert_string_equal(r.listed[0].common_name, "www.corp.example.com");
    assert_string_equal(r.listed[0].product, "tls-server");
    assert_string_equal(r.listed[0].status, "issued");
    assert_false(r.listed[0].revoked || r.listed[0].expired);
    assert_non_null(strstr(r.listed[0].issuer, "CN="));
    assert_string_equal(r.listed[1].status, "revoked: superseded");
    assert_true(r.listed[1].revoked);

    struct cert cert;
    struct err err = ERR_INIT;
    const struct ca_call poll = {.step = STEP_POLL, .order_id = r.listed[0].order_id};
    const struct ca_result polled = exchange(ca, &poll, &f.arena);
    assert_true(polled.issued);
    assert_true(cert_parse(&f.arena, polled.certs[0], &cert, &err));
    assert_string_equal(cert.serial_hex, r.listed[0].serial);
    assert_int_equal(cert.not_after, r.listed[0].not_after);
}

static void since(void **ctx UNUSED)
{
    const struct ca_order order = order_of(&request, "tls-server");
    (void)place(ca, &order, "k1", &f.arena);
    const int64_t ordered = inventory(0, NULL).listed[0].ordered;
    assert_int_equal(inventory(ordered, NULL).nlisted, 1);
    assert_int_equal(inventory(ordered + 1, NULL).nlisted, 0);
}

enum { MANY = 501 };

/* One group, so that the index is synced once. */
static void issue_many(void)
{
    struct err err = ERR_INIT;
    static struct ca_request requests[MANY];
    static struct ca_reply replies[MANY];
    static struct ca_exchange v[MANY];
    static struct ca_call calls[MANY];
    const struct ca_order order = order_of(&request, "tls-server");
    for (size_t i = 0; i < MANY; i++) {
        calls[i] = (struct ca_call){.step = STEP_ORDER,
                                    .order = &order,
                                    .client_key = arena_printf(&f.arena, "key-%zu", i)};
        requests[i] = (struct ca_request){.call = &calls[i]};
        replies[i] = (struct ca_reply){.body = BUF_INIT(1 << 20)};
        v[i] = (struct ca_exchange){.request = &requests[i], .reply = &replies[i]};
    }
    assert_true(ca->type->ops->serve(ca, v, MANY, 2, &err));
    for (size_t i = 0; i < MANY; i++) {
        buf_release(&replies[i].body);
    }
}

static void pages(void **ctx UNUSED)
{
    issue_many();
    const struct ca_result first = inventory(0, NULL);
    assert_int_equal(first.nlisted, 500);
    assert_non_null(first.next_page);
    const struct ca_result second = inventory(0, first.next_page);
    assert_int_equal(second.nlisted, MANY - 500);
    assert_null(second.next_page);
    for (size_t i = 0; i < first.nlisted; i++) {
        assert_string_not_equal(first.listed[i].order_id, second.listed[0].order_id);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {T(products), T(rows), T(since), T(pages)};
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
