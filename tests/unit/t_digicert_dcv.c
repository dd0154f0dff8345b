/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain control validation at DigiCert: the method an order is placed with, what is published for
 * it, what is read of a pending order, and what DigiCert says after it looked.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/digicert_fixture.h"

#include "batch/manifest.h"
#include "policy/dcv.h"

#define HOOK  "    dcv: {enabled: true, hook: [./h]}\n"
#define CNAME "    dcv_method: dns-cname-token\n"
#define FILES "    dcv_method: http-token-dynamic\n"

static void begin_with(struct bench *b, const char *settings)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    bench_begin(b, arena_printf(&a, "%s%s", dc_config, settings));
}

/* --- ORDER --- */
/* Of the three that may say it the nearest to the order wins. */
static void the_method_of_an_order(void **state UNUSED)
{
    static const struct {
        const char *settings;
        int manifest; /* enum dcv_method */
        const char *fields, *method;
    } rows[] = {
        {"", DCV_NONE, NULL, NULL},
        {"", DCV_DNS, NULL, "dns-txt-token"},
        {"", DCV_WEBSITE, NULL, "http-token"},
        {"", DCV_EMAIL, NULL, "email"},
        {"", DCV_HTTP_01, NULL, NULL}, /* none of DigiCert's: rule dcv.method.offered */
        {CNAME, DCV_NONE, NULL, "dns-cname-token"},
        {CNAME, DCV_DNS, NULL, "dns-cname-token"},
        {CNAME, DCV_WEBSITE, NULL, "http-token"},
        {FILES, DCV_WEBSITE, NULL, "http-token-dynamic"},
        {FILES, DCV_DNS, NULL, "dns-txt-token"},
        {CNAME, DCV_DNS, "dcv_method: email\n", "email"},
        {HOOK, DCV_NONE, NULL, "dns-txt-token"},
        {HOOK, DCV_EMAIL, NULL, "email"},
        {HOOK CNAME, DCV_NONE, "dcv_method: http-token\n", "http-token"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        struct err err = ERR_INIT;
        const struct dcv_fields dcv = {.method = rows[i].manifest};
        begin_with(&b, rows[i].settings);
        b.order.dcv = rows[i].manifest ? &dcv : NULL;
        b.order.extra = rows[i].fields ? bench_fields(&b, rows[i].fields) : NULL;
        const struct ca_call call = bench_call(&b, STEP_ORDER);
        if (!bench_ask(&b, &call, &err)) {
            fail_msg("row %zu: %s", i, err.msg);
        }
        CLEANUP(json_tree_release)
        json_t *body = json_parse("order", buf_text(&b.request.body), b.request.body.n, &err);
        const char *method = json_get_str(body, "dcv_method");
        if (!str_eq(method, rows[i].method)) {
            fail_msg("row %zu: %s", i, method ? method : "none");
        }
        bench_end(&b);
    }
}

static void what_digicert_would_refuse(void **state UNUSED)
{
    static const struct san_value wild[] = {{GN_DNS, "a.example"}, {GN_DNS, "*.a.example"}};
    static const struct {
        const char *product, *fields, *words;
        bool wildcard;
    } rows[] = {
        {"ssl_basic", "dcv_method: carrier-pigeon\n", "no dcv_method carrier-pigeon", false},
        {"ssl_basic", "dcv_method: http-token\n", "for wildcards", true},
        {"ssl_basic", "dcv_method: http-token-dynamic\n", "for wildcards", true},
        {"ssl_dv_geotrust_flex", "dcv_method: http-token-dynamic\n", "use http-token", false},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        bench_begin(&b, dc_config);
        b.order.product = rows[i].product;
        b.order.extra = bench_fields(&b, rows[i].fields);
        const struct ca_call call = bench_call(&b, STEP_ORDER);
        if (rows[i].wildcard) {
            b.order.san = wild;
            b.order.nsan = NITEMS(wild);
        }
        assert_non_null(strstr(bench_refused(&b, &call), rows[i].words));
        bench_end(&b);
    }
}

/* --- POLL --- */
#define PENDING(method)                                                                            \
    "{\"status\":\"pending\"" method ",\"certificate\":{\"common_name\":\"a.example\","            \
    "\"dns_names\":[\"a.example\",\"*.b.example\"]}}"

static void pending_orders(void **state UNUSED)
{
    static const struct {
        const char *settings, *told;
        size_t names;
        const char *proof;
    } rows[] = {
        {HOOK, PENDING(""), 2, "dns-txt-token"},
        {HOOK CNAME, PENDING(""), 2, "dns-cname-token"},
        /* the order's own word: it may have been changed at DigiCert */
        {HOOK, PENDING(",\"dcv_method\":\"dns-cname-token\""), 2, "dns-cname-token"},
        {HOOK CNAME, PENDING(",\"dcv_method\":\"http-token\""), 2, "http-token"},
        {HOOK, PENDING(",\"dcv_method\":\"email\""), 0, NULL},
        {HOOK, PENDING(",\"dcv_method\":\"of-next-year\""), 0, NULL},
        {"", PENDING(",\"dcv_method\":\"dns-txt-token\""), 0, NULL}, /* no hook */
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        begin_with(&b, rows[i].settings);
        const struct ca_call call = bench_call(&b, STEP_POLL);
        const struct ca_result *r = bench_hear(&b, &call, 200, rows[i].told);
        assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending);
        assert_int_equal(r->ndomains, rows[i].names);
        for (size_t k = 0; k < r->ndomains; k++) {
            assert_string_equal(r->domains[k].proof, rows[i].proof);
            assert_int_equal(r->domains[k].state, DOMAIN_OPEN);
        }
        bench_end(&b);
    }
}

/* People have to know that they are waited for, and about which names. */
static void mail_is_said(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, dc_config);
    const struct ca_call call = bench_call(&b, STEP_POLL);
    const struct ca_result *r = bench_hear(&b, &call, 200, PENDING(",\"dcv_method\":\"email\""));
    assert_true(r->pending && !r->ndomains);
    assert_non_null(strstr(r->message, "answers the mail that DigiCert sent about a.example, "
                                       "*.b.example"));
    assert_non_null(strstr(r->message, "hostmaster"));
    bench_end(&b);
}

/* --- CHALLENGE --- */
static void what_is_published(void **state UNUSED)
{
#define TOKEN "{\"dcv_random_value\":\"_r4nd0m\"}"
#define NAMED                                                                                      \
    "{\"dcv_random_value\":\"_r4nd0m\",\"http_token_url\":"                                        \
    "\"http://other.example/.well-known/pki-validation/9F.txt\"}"
#define PKI "/.well-known/pki-validation/"
    static const struct {
        const char *settings, *proof, *domain, *body;
        enum dcv_kind kind;
        const char *name, *value; /* value NULL: refused */
    } rows[] = {
        {HOOK, "dns-txt-token", "a.example", TOKEN, DCV_KIND_TXT, NULL, "_r4nd0m"},
        {HOOK, "dns-cname-token", "*.A.example", TOKEN, DCV_KIND_CNAME, "_dnsauth.a.example",
         "_r4nd0m.dcv.digicert.com"},
        {HOOK, "http-token", "a.example", TOKEN, DCV_KIND_FILE,
         "http://a.example" PKI "fileauth.txt", "_r4nd0m"},
        {HOOK, "http-token-dynamic", "a.example", NAMED, DCV_KIND_FILE,
         "http://a.example" PKI "9F.txt", "_r4nd0m"},
        {HOOK, "http-token-dynamic", "a.example", TOKEN, 0, NULL, NULL},
        /* of an order that does not tell: as the settings say */
        {HOOK CNAME, NULL, "a.example", TOKEN, DCV_KIND_CNAME, "_dnsauth.a.example",
         "_r4nd0m.dcv.digicert.com"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        begin_with(&b, rows[i].settings);
        struct ca_call call = bench_call(&b, STEP_CHALLENGE);
        call.domain = rows[i].domain;
        call.proof = rows[i].proof;
        const struct ca_result *r = bench_hear(&b, &call, 200, rows[i].body);
        same(r, rows[i].value ? OUTCOME_ACCEPTED : OUTCOME_REFUSED, rows[i].body);
        assert_true(str_eq(r->record_name, rows[i].name));
        assert_true(str_eq(r->record_value, rows[i].value));
        assert_int_equal(r->record_kind, rows[i].kind);
        bench_end(&b);
    }
}

static void no_value(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, DC_CONFIG(BASE, DC_YEAR HOOK));
    struct ca_call call = bench_call(&b, STEP_CHALLENGE);
    call.domain = "a.example";
    same(bench_hear(&b, &call, 200, "{}"), OUTCOME_UNKNOWN, "no value");
    same(bench_hear(&b, &call, 404, ERRORS("not_found|order")), OUTCOME_REFUSED, "no order");
    bench_end(&b);
}

/* --- VALIDATE --- */
static void after_it_looked(void **state UNUSED)
{
    static const struct {
        int status;
        const char *body;
        bool pending;
    } rows[] = {
        {400, ERRORS("invalid_dns_txt"), true},
        {400, ERRORS("invalid_dns_cname"), true},
        {400, ERRORS("file_random_value_not_found"), true},
        {200, "{\"order_status\":\"issued\",\"dcv_status\":\"valid\"}", false},
        {200,
         "{\"order_status\":\"pending\",\"dcv_status\":\"valid\",\"dns_name_validations\":["
         "{\"dns_name\":\"a.example\",\"status\":\"approved\"}]}",
         false},
        {200,
         "{\"order_status\":\"pending\",\"dcv_status\":\"pending\",\"dns_name_validations\":["
         "{\"dns_name\":\"a.example\",\"status\":\"approved\"},"
         "{\"dns_name\":\"b.example\",\"status\":\"pending\"}]}",
         true},
    };
    struct bench b;
    bench_begin(&b, DC_CONFIG(BASE, DC_YEAR HOOK));
    struct ca_call call = bench_call(&b, STEP_VALIDATE);
    call.domain = "a.example";
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = bench_hear(&b, &call, rows[i].status, rows[i].body);
        same(r, OUTCOME_ACCEPTED, rows[i].body);
        assert_int_equal(r->pending, rows[i].pending);
    }
    assert_non_null(strstr(b.result.message, "b.example: pending"));
    bench_end(&b);
}

/* --- settings --- */
static void with_a_hook_and_without(void **state UNUSED)
{
    struct bench b;
    struct ca_dcv dcv;
    bench_begin(&b, DC_CONFIG(BASE, DC_YEAR HOOK));
    assert_true(digicert_dcv(b.ca.config, &dcv));
    assert_string_equal(dcv.record_template, "{0}");
    assert_int_equal(dcv.timeout_seconds, 600);
    assert_true(dcv.chosen && !dcv.http);
    bench_end(&b);
    bench_begin(&b, dc_config);
    assert_false(digicert_dcv(b.ca.config, &dcv));
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_method_of_an_order), cmocka_unit_test(what_digicert_would_refuse),
        cmocka_unit_test(pending_orders),         cmocka_unit_test(mail_is_said),
        cmocka_unit_test(what_is_published),      cmocka_unit_test(no_value),
        cmocka_unit_test(after_it_looked),        cmocka_unit_test(with_a_hook_and_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
