/* SPDX-License-Identifier: Apache-2.0
 *
 * What the CERTInext connector sends with `api: v2`: addresses, headers, bodies member by member,
 * and what it does not send.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/certinext_v2_fixture.h"

#include "batch/manifest.h"

/* --- the account --- */
static void addresses(void **state UNUSED)
{
    static const struct {
        const char *config, *me, *token;
    } rows[] = {
        {V2_CONFIG("https://us-api.certinext.io", ""),
         "https://us-api.certinext.io/api/certinext/v2/auth/me",
         "https://us-api.certinext.io/oauth/token"},
        {V2_CONFIG("https://api.certinext.io/", ""),
         "https://api.certinext.io/api/certinext/v2/auth/me",
         "https://api.certinext.io/oauth/token"},
        {V2_CONFIG("https://api.certinext.io/emSignHub-API/", ""),
         "https://api.certinext.io/api/certinext/v2/auth/me",
         "https://api.certinext.io/oauth/token"},
        {V2_CONFIG("https://api.certinext.io/api/certinext/v2/", ""),
         "https://api.certinext.io/api/certinext/v2/auth/me",
         "https://api.certinext.io/oauth/token"},
        {V2_CONFIG("http://127.0.0.1:8080", ""), "http://127.0.0.1:8080/api/certinext/v2/auth/me",
         "http://127.0.0.1:8080/oauth/token"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        struct err err = ERR_INIT;
        bench_begin(&b, rows[i].config);
        const struct ca_call token = bench_call(&b, STEP_TOKEN);
        const struct ca_call probe = bench_call(&b, STEP_PROBE);
        assert_false(certinext_ops.authorized(&b.ca, NOW));
        assert_non_null(strstr(bench_refused(&b, &probe), "before there was a token"));
        assert_true(bench_ask(&b, &token, &err));
        assert_string_equal(b.request.url, rows[i].token);
        assert_string_equal(buf_text(&b.request.body),
                            "grant_type=client_credentials&client_id=1234567890&client_secret="
                            "EXAMPLE-ACCESS-KEY-0001");
        assert_true(b.request.body_is_secret);
        v2_token(&b);
        assert_true(bench_ask(&b, &probe, &err));
        assert_string_equal(b.request.url, rows[i].me);
        bench_end(&b);
    }
}

static void written_token_url(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    bench_begin(&b, "certbatch_config: 1\ncas:\n  prod:\n    type: certinext\n    api: v2\n"
                    "    api_url: https://api.certinext.io\n    account_number: \"1\"\n    auth: "
                    "{mode: oauth, token_url: https://auth.example/t, client_id: me, "
                    "client_secret: {file: key}}\n");
    const struct ca_call token = bench_call(&b, STEP_TOKEN);
    assert_true(bench_ask(&b, &token, &err));
    assert_string_equal(b.request.url, "https://auth.example/t");
    assert_non_null(strstr(buf_text(&b.request.body), "client_id=me&"));
    bench_end(&b);
}

/* --- orders --- */
#define PEOPLE                                                                                     \
    "\"requestor\":{\"name\":\"PKI Automation\",\"email\":\"pki-admin@example.com\",\"phone\":"    \
    "\"+15550100123\",\"designation\":\"Platform Engineer\"},"                                     \
    "\"technicalPointOfContact\":{\"name\":\"PKI Automation\",\"email\":"                          \
    "\"pki-admin@example.com\",\"phone\":\"+15550100123\",\"designation\":\"Platform Engineer\"},"
#define TERM(years)                                                                                \
    "\"subscription\":{\"validityYears\":" years ",\"autoRenew\":false,\"renewBeforeDays\":30},"
#define ORGANIZATION "\"organization\":{\"organizationNumber\":\"3456789012\",\"preVetted\":true},"
#define AGREEMENT                                                                                  \
    "\"agreement\":{\"signerName\":\"Dana Sample\",\"signerPlace\":\"Austin\",\"signerIp\":"       \
    "\"203.0.113.10\",\"accepted\":true},"
#define HEAD(variant)                                                                              \
    "{\"productVariant\":\"" variant "\",\"emailNotifications\":\"0\",\"groupNumber\":"            \
    "\"2345678901\"," PEOPLE
#define CERTIFICATE(rest)                                                                          \
    "\"certificate\":{\"domain\":\"www.example.com\",\"autoSecureWww\":false" rest "},"

/* Remarks and tags, the last of which is the key. */
static const char *tail(struct bench *b)
{
    char tag[17];
    hex_encode(b->order.spki_sha256, 8, tag);
    return arena_printf(&b->f.arena,
                        "\"remarks\":\"CHG0012345\",\"tags\":[\"www\",\"certbatch-%s\"],"
                        "\"csr\":\"CSR\"}",
                        tag);
}

static void same_order(struct bench *b, const char *product, const char *expected)
{
    b->order.product = product;
    const struct ca_call call = bench_call(b, STEP_ORDER);
    v2_same_body(b, &call, "POST", "ssl-certificates",
                 arena_printf(&b->f.arena, "%s%s", expected, tail(b)));
    assert_string_equal(v2_header(b, "X-Product-Code"), product);
    assert_string_equal(v2_header(b, "X-Request-ID"), OUR_KEY);
}

static void ssl_orders(void **state UNUSED)
{
    static const struct san_value names[] = {{GN_DNS, "WWW.example.com"},
                                             {GN_DNS, "api.example.com"},
                                             {GN_DNS, "API.example.com"},
                                             {GN_DNS, "*.example.net"}};
    struct bench b;
    v2_begin(&b, v2_config);
    same_order(&b, "842", HEAD("dv") TERM("1") CERTIFICATE("") AGREEMENT);
    same_order(&b, "843", HEAD("dv-wildcard") TERM("1") CERTIFICATE("") AGREEMENT);
    same_order(&b, "846", HEAD("ov") TERM("1") CERTIFICATE("") ORGANIZATION AGREEMENT);
    same_order(&b, "847", HEAD("ov-wildcard") TERM("1") CERTIFICATE("") ORGANIZATION AGREEMENT);
    same_order(&b, "850", HEAD("ev") TERM("1") CERTIFICATE("") ORGANIZATION AGREEMENT);
    b.order.san = names;
    b.order.nsan = NITEMS(names);
    b.order.validity_seconds = 366 * (int64_t)DAY_SECONDS;
#define MORE ",\"additionalDomains\":[\"api.example.com\",\"*.example.net\"]"
    same_order(&b, "844", HEAD("dv-ucc") TERM("2") CERTIFICATE(MORE) AGREEMENT);
    same_order(&b, "845", HEAD("dv-wildcard-ucc") TERM("2") CERTIFICATE(MORE) AGREEMENT);
    same_order(&b, "848", HEAD("ov-ucc") TERM("2") CERTIFICATE(MORE) ORGANIZATION AGREEMENT);
    same_order(&b, "849",
               HEAD("ov-wildcard-ucc") TERM("2") CERTIFICATE(MORE) ORGANIZATION AGREEMENT);
    same_order(&b, "851", HEAD("ev-ucc") TERM("2") CERTIFICATE(MORE) ORGANIZATION AGREEMENT);
    /* no renewal by itself: an order again */
    b.order.action = "renew";
    b.order.prior_order = "6600000001";
    same_order(&b, "844", HEAD("dv-ucc") TERM("2") CERTIFICATE(MORE) AGREEMENT);
    /* a reissue of what has no order number is one too */
    b.order.action = "reissue";
    b.order.prior_order = NULL;
    same_order(&b, "844", HEAD("dv-ucc") TERM("2") CERTIFICATE(MORE) AGREEMENT);
    bench_end(&b);
}

/* Everything an order may say for itself counts before the configuration. */
static void own_fields(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    b.order.extra = v2_fields(
        &b, "remarks: renewal\ntags: [a, b]\nfamily: ssl\ndomain_name: example.com\n"
            "auto_secure_www: true\ngroup_number: \"7\"\norganization_number: \"8\"\n"
            "pre_vetting: false\naccept_agreement: false\nemail_notifications: true\n"
            "requestor: {name: R, email: r@example.com, isd_code: \"91\", mobile_number: "
            "\"98765 43210\", designation: D}\nsigner: {name: S, place: P, ip: 203.0.113.77}\n"
            "technical_contact: {name: T, email: t@example.com}\n"
            "subscription: {years: \"3\", auto_renew: true, renew_days: \"60\"}\n");
    b.order.validity_seconds = DAY_SECONDS;
    b.order.product = "846";
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    char tag[17];
    hex_encode(b.order.spki_sha256, 8, tag);
    v2_same_body(
        &b, &call, "POST", "ssl-certificates",
        arena_printf(
            &b.f.arena,
            "{\"productVariant\":\"ov\",\"emailNotifications\":\"all\",\"groupNumber\":\"7\","
            "\"requestor\":{\"name\":\"R\",\"email\":\"r@example.com\",\"phone\":"
            "\"+919876543210\",\"designation\":\"D\"},\"technicalPointOfContact\":{\"name\":"
            "\"T\",\"email\":\"t@example.com\",\"phone\":\"+919876543210\"},\"subscription\":{"
            "\"validityYears\":3,\"autoRenew\":true,\"renewBeforeDays\":60},\"certificate\":{"
            "\"domain\":\"example.com\",\"autoSecureWww\":true,\"additionalDomains\":["
            "\"www.example.com\"]},\"organization\":{\"organizationNumber\":\"8\",\"preVetted\":"
            "false},\"agreement\":{\"signerName\":\"S\",\"signerPlace\":\"P\",\"signerIp\":"
            "\"203.0.113.77\",\"accepted\":false},\"remarks\":\"renewal\",\"tags\":[\"a\","
            "\"b\",\"www\",\"certbatch-%s\"],\"csr\":\"CSR\"}",
            tag));
    bench_end(&b);
}

/* E.164: plus, country, number; what is not said is left out. */
static void phones(void **state UNUSED)
{
    static const struct {
        const char *requestor, *contact, *phone, *contact_phone;
    } rows[] = {
        {"{isd_code: \"1\", mobile_number: \"5550100123\"}", "{}", "+15550100123", "+15550100123"},
        {"{isd_code: \"+44\", mobile_number: \"20 7946 0000\"}", "{}", "+442079460000",
         "+442079460000"},
        {"{isd_code: \"1\", mobile_number: \"+49 30 (901) 820-00\"}", "{}", "+493090182000",
         "+493090182000"},
        {"{isd_code: \"91\", mobile_number: \"9876543210\"}", "{mobile_number: \"9876500000\"}",
         "+919876543210", "+919876500000"},
        {"{isd_code: \"91\", mobile_number: \"9876543210\"}",
         "{isd_code: \"49\", mobile_number: \"3090182000\"}", "+919876543210", "+493090182000"},
    };
    static const char *const bad[] = {
        "{isd_code: \"1\", mobile_number: \"555-CALL\"}",
        "{isd_code: \"1\", mobile_number: \"12\"}",
        "{isd_code: \"1\", mobile_number: \"123456789012345\"}",
        "{isd_code: \"x\", mobile_number: \"5550100123\"}",
    };
    struct bench b;
    v2_begin(&b, v2_config);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        b.order.extra =
            v2_fields(&b, arena_printf(&b.f.arena, "requestor: %s\ntechnical_contact: %s\n",
                                       rows[i].requestor, rows[i].contact));
        CLEANUP(json_tree_release) json_t *t = bench_body(&b, &call);
        assert_string_equal(json_get_str(json_get(t, "requestor"), "phone"), rows[i].phone);
        assert_string_equal(json_get_str(json_get(t, "technicalPointOfContact"), "phone"),
                            rows[i].contact_phone);
    }
    for (size_t i = 0; i < NITEMS(bad); i++) {
        b.order.extra = v2_fields(&b, arena_printf(&b.f.arena, "requestor: %s\n", bad[i]));
        assert_non_null(strstr(bench_refused(&b, &call), "E.164"));
    }
    bench_end(&b);
    v2_begin(&b, "certbatch_config: 1\ncas:\n  prod:\n    type: certinext\n    api: v2\n"
                 "    api_url: https://sandbox-us-api.certinext.io\n    account_number: \"1\"\n"
                 "    auth: {mode: oauth, client_secret: {file: key}}\n"
                 "    requestor: {name: R, email: r@example.com}\n    signer: {place: P}\n");
    CLEANUP(json_tree_release) json_t *t = bench_body(&b, &call);
    assert_null(json_get(json_get(t, "requestor"), "phone"));
    assert_null(json_get(t, "groupNumber"));
    assert_null(json_get(json_get(t, "agreement"), "signerIp"));
    assert_string_equal(json_get_str(json_get(t, "agreement"), "signerName"), "R");
    bench_end(&b);
}

/* A product that no table has is ordered by what the configuration says of it. */
static void own_products(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, V2_CONFIG("http://127.0.0.1:1",
                           "    products:\n      shop: {code: \"976\", level: ov, multi: true}\n"
                           "      inner: {code: \"100\", level: private}\n"
                           "      intranet-ssl: {code: \"149\", level: private}\n"));
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    b.order.product = "976";
    CLEANUP(json_tree_release) json_t *t = bench_body(&b, &call);
    assert_string_equal(json_get_str(t, "productVariant"), "ov-ucc");
    b.order.product = "149";
    CLEANUP(json_tree_release) json_t *p = bench_body(&b, &call);
    assert_string_equal(json_get_str(p, "variant"), "intranet-ssl");
    b.order.product = "100";
    assert_non_null(strstr(bench_refused(&b, &call), "intranet-ssl or igtf-host"));
    b.order.product = "842"; /* DV here, OV there: not guessed */
    struct err err = ERR_INIT;
    assert_false(bench_ask(&b, &call, &err));
    assert_non_null(strstr(err.msg, "product 842 is not known"));
    assert_non_null(strstr(err.hint, "products:"));
    bench_end(&b);
}

static void private_order(void **state UNUSED)
{
    static const struct san_value san[] = {{GN_DNS, "www.example.com"}, {GN_IP, "10.0.0.5"}};
    struct bench b;
    v2_begin(&b, v2_config);
    b.order.product = "149";
    b.order.san = san;
    b.order.nsan = NITEMS(san);
    struct ca_call call = bench_call(&b, STEP_ORDER);
    v2_same_body(&b, &call, "POST", "private-pki-certificates",
                 "{\"variant\":\"intranet-ssl\",\"emailNotifications\":\"0\",\"groupNumber\":"
                 "\"2345678901\"," PEOPLE
                 "\"subscription\":{\"validityYears\":1},\"hostname\":\"www.example.com\","
                 "\"additionalHosts\":[\"10.0.0.5\"]}");
    assert_string_equal(v2_header(&b, "X-Product-Code"), "149");
    b.order.product = "108";
    v2_same_call(&b, &call, "POST", "private-pki-certificates");
    /* its other calls are of that family too, and it has no reissue */
    b.order.action = "reissue";
    b.order.prior_order = "6600000001";
    v2_same_call(&b, &call, "POST", "private-pki-certificates");
    call = bench_call(&b, STEP_POLL);
    v2_same_call(&b, &call, "GET", "private-pki-certificates/6612345678");
    call.phase = POLL_FETCH;
    v2_same_call(&b, &call, "GET", "private-pki-certificates/6612345678/certificate");
    call.phase = POLL_CSR;
    v2_same_body(&b, &call, "PUT", "private-pki-certificates/6612345678/csr",
                 "{\"csr\":\"CSR\",\"attested\":false}");
    call = bench_call(&b, STEP_CANCEL);
    v2_same_call(&b, &call, "POST", "private-pki-certificates/6612345678/cancel");
    call = bench_call(&b, STEP_FIND);
    v2_same_call(&b, &call, "GET", "reports/orders?page=1&size=100");
    bench_end(&b);
}

/* A paid order is issued again for another key; what it replaces stays valid. */
static void reissue(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    b.order.action = "reissue";
    b.order.prior_order = "6600000001";
    struct ca_call call = bench_call(&b, STEP_ORDER);
    v2_same_body(&b, &call, "POST", "ssl-certificates/6600000001/reissue",
                 "{\"mode\":\"rekey\",\"csr\":\"CSR\",\"revokePrevious\":false,"
                 "\"revokeAllPriorReissues\":false}");
    assert_null(v2_header(&b, "X-Product-Code"));
    assert_non_null(v2_header(&b, "Idempotency-Key"));
    b.order.prior_order = "../x?y";
    v2_same_call(&b, &call, "POST", "ssl-certificates/..%2Fx%3Fy/reissue");
    b.order.prior_order = "6600000001";
    call = bench_call(&b, STEP_FIND); /* it stays in its order: its certificate tells */
    v2_same_call(&b, &call, "GET", "ssl-certificates/6600000001/certificate");
    bench_end(&b);
}

/* One key for an order however often it is sent; another order has another. */
static void idempotency(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_ORDER);
    assert_true(bench_ask(&b, &call, &err));
    const char *first = v2_header(&b, "Idempotency-Key");
    assert_int_equal(strlen(first), 36);
    assert_int_equal(strspn(first, "0123456789abcdef-"), 36);
    assert_true(first[8] == '-' && first[13] == '-' && first[18] == '-' && first[23] == '-');
    assert_true(first[14] == '8' && strchr("89ab", first[19]));
    first = arena_strdup(&b.f.arena, first);
    call.client_key = NONCE; /* another attempt, later */
    call.attempt = 2;
    call.now += 3600;
    call.nonce = OUR_KEY;
    assert_true(bench_ask(&b, &call, &err));
    assert_string_equal(v2_header(&b, "Idempotency-Key"), first);
    assert_string_equal(v2_header(&b, "X-Request-ID"), NONCE);
    b.order.ticket = "CHG0012346";
    assert_true(bench_ask(&b, &call, &err));
    assert_string_not_equal(v2_header(&b, "Idempotency-Key"), first);
    b.order.ticket = "CHG0012345";
    b.order.common_name = "www.example.org";
    assert_true(bench_ask(&b, &call, &err));
    assert_string_not_equal(v2_header(&b, "Idempotency-Key"), first);
    call = bench_call(&b, STEP_POLL);
    assert_true(bench_ask(&b, &call, &err));
    assert_null(v2_header(&b, "Idempotency-Key"));
    assert_null(v2_header(&b, "X-Request-ID"));
    bench_end(&b);
}

static void orders_that_are_not_sent(void **state UNUSED)
{
    static const struct san_value ip = {GN_IP, "192.0.2.1"};
    static const struct {
        const char *fields, *product, *why;
    } rows[] = {
        {"save_and_hold: true\n", "842", "no drafts"},
        {"subscription: {years: soon}\n", "842", "subscription.years must be a number"},
        {"subscription: {renew_days: -1}\n", "842", "subscription.renew_days must be a number"},
        {"requestor: {email: \" \"}\n", "842", "requestor.email"},
        {"signer: {place: \" \"}\n", "842", "signer.place"},
        {NULL, "914", "in the portal"},
        {NULL, "819", "in the portal"},
        {NULL, "999", "product 999 is not known"},
        {NULL, "84\r\nX: 1", "no product code"},
        {NULL, NULL, "a product"},
    };
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_ORDER);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        b.order.extra = rows[i].fields ? v2_fields(&b, rows[i].fields) : NULL;
        b.order.product = rows[i].product;
        const char *why = bench_refused(&b, &call);
        if (!strstr(why, rows[i].why)) {
            fail_msg("%s", why);
        }
    }
    b.order.extra = NULL;
    b.order.product = "842";
    b.order.san = &ip;
    assert_non_null(strstr(bench_refused(&b, &call), "no ip names"));
    b.order.nsan = 0;
    b.order.csr.n = 0;
    assert_non_null(strstr(bench_refused(&b, &call), "a CSR"));
    call.order = NULL;
    assert_non_null(strstr(bench_refused(&b, &call), "a product"));
    bench_end(&b);
    v2_begin(&b, "certbatch_config: 1\ncas:\n  prod:\n    type: certinext\n    api: v2\n"
                 "    api_url: https://sandbox-us-api.certinext.io\n    account_number: \"1\"\n"
                 "    auth: {mode: oauth, client_secret: {file: key}}\n"
                 "    requestor: {name: R, email: r@example.com}\n    signer: {place: P}\n");
    call = bench_call(&b, STEP_ORDER);
    b.order.product = "846";
    assert_non_null(strstr(bench_refused(&b, &call), "organization_number"));
    b.order.organization_number = "9"; /* of the policy's record */
    CLEANUP(json_tree_release) json_t *t = bench_body(&b, &call);
    assert_string_equal(json_get_str(json_get(t, "organization"), "organizationNumber"), "9");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),     cmocka_unit_test(written_token_url),
        cmocka_unit_test(ssl_orders),    cmocka_unit_test(own_fields),
        cmocka_unit_test(phones),        cmocka_unit_test(own_products),
        cmocka_unit_test(private_order), cmocka_unit_test(reissue),
        cmocka_unit_test(idempotency),   cmocka_unit_test(orders_that_are_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
