/* SPDX-License-Identifier: Apache-2.0
 *
 * What the DigiCert connector sends: every step, the body of an order by setting and by field, and
 * what it does not send at all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/digicert_fixture.h"

#include "batch/manifest.h"

/* --- accounts --- */
static void addresses(void **state UNUSED)
{
    static const char *const configs[] = {DC_CONFIG("https://www.digicert.com", ""),
                                          DC_CONFIG("https://www.digicert.com/", ""),
                                          DC_CONFIG("https://www.digicert.com/services/v2", ""),
                                          DC_CONFIG("https://www.digicert.com/services/v2/", "")};
    for (size_t i = 0; i < NITEMS(configs); i++) {
        struct bench b;
        bench_begin(&b, configs[i]);
        struct ca_call call = bench_call(&b, STEP_PROBE);
        same_call(&b, &call, "GET /user/me");
        bench_end(&b);
    }
}

static void no_key(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    bench_begin(&b, dc_config);
    digicert_ops.close(&b.ca);
    struct digicert_config *c = b.config.cas[0].own;
    c->api_key.kind = SECRET_NONE;
    assert_false(digicert_ops.open(&b.ca, &err));
    assert_non_null(strstr(err.msg, "no api_key"));
    bench_end(&b);
}

static void settings_between_keys(void **state UNUSED)
{
    static const struct {
        const char *more, *words;
    } rows[] = {
        {"    dcv: {enabled: true}\n", "needs a 'hook'"},
        {"    dcv: {enabled: true, hook: [./h]}\n    dcv_method: email\n", "cannot answer mail"},
        {"    payment_profile_id: mine\n", "is a number of CertCentral"},
        {"    dcv: {enabled: true, hook: [./h], txt_record_template: _x}\n", "{0}"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct fixture f;
        struct config config = {0};
        struct err err = ERR_INIT;
        struct findings findings = FINDINGS_INIT;
        bool found = false;
        fixture_begin(&f);
        fixture_text(&f, "certbatch.yaml", arena_printf(&f.arena, "%s%s", dc_config, rows[i].more));
        assert_false(config_read(&config, f.options.config, &findings, &err));
        for (size_t k = 0; k < findings.n; k++) {
            found |= strstr(findings.v[k].message, rows[i].words) != NULL;
        }
        if (!found) {
            fail_msg("%s: %s", rows[i].words, findings.n ? findings.v[0].message : err.msg);
        }
        findings_release(&findings);
        config_release(&config);
        fixture_end(&f);
    }
}

/* --- calls --- */
static void every_call(void **state UNUSED)
{
    static const struct {
        enum ca_step step;
        unsigned phase;
        const char *page, *call;
    } rows[] = {
        {STEP_PROBE, 0, NULL, "GET /user/me"},
        {STEP_PROBE, PROBE_ORDERS, NULL, "GET /order/certificate?limit=1"},
        {STEP_PRODUCTS, 0, NULL, "GET /product?container_id=634001"},
        {STEP_POLL, POLL_TRACK, NULL, "GET /order/certificate/812340001"},
        {STEP_POLL, POLL_FETCH, "990010001", "GET /certificate/990010001/chain"},
        {STEP_POLL, POLL_LIST, NULL, "GET /order/certificate/812340001/reissue"},
        {STEP_POLL, POLL_APPROVE, "456001", "PUT /request/456001/status"},
        {STEP_FIND, FIND_LIST, NULL,
         "GET /order/certificate?limit=100&offset=0&sort=-date_created"
         "&filters%5Bcommon_name%5D=www.example.com"},
        {STEP_FIND, FIND_NEXT, "3/4;;",
         "GET /order/certificate?limit=100&offset=200&sort=-date_created"
         "&filters%5Bcommon_name%5D=www.example.com"},
        {STEP_FIND, FIND_KEY, "1/3;4711,4712;", "GET /order/certificate/4711"},
        {STEP_REVOKED, REVOKED_ORDER, NULL, "GET /order/certificate/0A1B2C"},
        {STEP_REVOKED, REVOKED_SEARCH, NULL,
         "GET /order/certificate?limit=2&filters%5Bserial_number%5D=0A1B2C"},
        {STEP_REVOKE, 0, NULL, "PUT /certificate/0A1B2C/revoke"},
        {STEP_CANCEL, 0, NULL, "PUT /order/certificate/812340001/status"},
        {STEP_CHALLENGE, 0, NULL, "PUT /order/certificate/812340001/dcv-random-value"},
        {STEP_VALIDATE, 0, NULL, "PUT /order/certificate/812340001/check-dcv"},
        {STEP_INVENTORY, 0, NULL, "GET /order/certificate?limit=1000&offset=0&sort=date_created"},
        {STEP_INVENTORY, 0, "1000",
         "GET /order/certificate?limit=1000&offset=1000&sort=date_created"},
        {STEP_ORDER, 0, NULL, "POST /order/certificate/ssl_basic"},
    };
    struct bench b;
    bench_begin(&b, dc_config);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct ca_call call = bench_call(&b, rows[i].step);
        call.phase = rows[i].phase;
        call.page = rows[i].page;
        same_call(&b, &call, rows[i].call);
    }
    struct ca_call call = bench_call(&b, STEP_INVENTORY);
    call.since = NOW; /* days there begin elsewhere */
    same_call(&b, &call,
              "GET /order/certificate?limit=1000&offset=0&sort=date_created"
              "&filters%5Bdate_created%5D=%3E2026-11-19");
    b.revoke.order = ORDER_ID;
    call = bench_call(&b, STEP_REVOKED);
    same_call(&b, &call, "GET /order/certificate/812340001");
    call.phase = REVOKED_DUPLICATES;
    same_call(&b, &call, "GET /order/certificate/812340001/duplicate?show_archived=true");
    b.revoke.serial = NULL;
    call = bench_call(&b, STEP_REVOKE);
    same_call(&b, &call, "PUT /order/certificate/812340001/revoke");
    call = bench_call(&b, STEP_POLL);
    call.order_id = "a/b";
    same_call(&b, &call, "GET /order/certificate/a%2Fb");
    bench_end(&b);
}

static void calls_that_are_none(void **state UNUSED)
{
    static const struct {
        enum ca_step step;
        unsigned phase;
        const char *page, *words;
    } rows[] = {
        {STEP_POLL, POLL_FETCH, NULL, "number of a certificate"},
        {STEP_POLL, POLL_APPROVE, NULL, "number of a request"},
        {STEP_POLL, REST_PHASES - 1, NULL, "no such step"},
        {STEP_POLL, REST_PHASES, NULL, "no such step"},
        {STEP_TOKEN, 0, NULL, "no such step"},
        {STEP_FIND, FIND_KEY, NULL, "lost"},
        {STEP_FIND, FIND_NEXT, "x", "lost"},
        {STEP_INVENTORY, 0, "1x", "no page"},
    };
    struct bench b;
    bench_begin(&b, dc_config);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct ca_call call = bench_call(&b, rows[i].step);
        call.phase = rows[i].phase;
        call.page = rows[i].page;
        assert_non_null(strstr(bench_refused(&b, &call), rows[i].words));
    }
    b.revoke.serial = NULL;
    struct ca_call call = bench_call(&b, STEP_REVOKE);
    assert_non_null(strstr(bench_refused(&b, &call), "serial number or the number"));
    call = bench_call(&b, STEP_CANCEL);
    call.order_id = NULL;
    assert_non_null(strstr(bench_refused(&b, &call), "number of an order"));
    bench_end(&b);
}

/* --- orders --- */
#define CERT_HEAD(more)                                                                            \
    "{\"certificate\":{\"common_name\":\"www.example.com\",\"dns_names\":[\"www.example.com\"],"   \
    "\"csr\":\"CSR\",\"signature_hash\":\"sha256\",\"server_platform\":{\"id\":45}" more "},"
#define COMMENT "\"comments\":\"CHG0012345; certbatch www " OUR_KEY "\""
#define ORG     "\"organization\":{\"id\":117001}"
#define PLACE   "\"container\":{\"id\":634001}"
#define YEAR    "\"order_validity\":{\"years\":1}"
#define BALANCE "\"payment_method\":\"balance\""
#define PLAIN   COMMENT "," ORG "," PLACE "," YEAR "," BALANCE

static void an_order(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, dc_config);
    struct ca_call call = bench_call(&b, STEP_ORDER);
    same_body(&b, &call, "POST /order/certificate/ssl_basic", CERT_HEAD("") PLAIN "}");
    assert_string_equal(b.request.headers[1], "X-Request-ID: " OUR_KEY);
    bench_end(&b);
}

/* What `fields:` and settings change, and nothing else. */
static void order_by_field(void **state UNUSED)
{
    static const struct {
        const char *more, *fields, *product;
        int64_t days;
        const char *body;
    } rows[] = {
        /* whole years are the order's; anything else is the certificate's */
        {"", NULL, NULL, 365, CERT_HEAD("") PLAIN "}"},
        {"", NULL, NULL, 730,
         CERT_HEAD("") COMMENT "," ORG "," PLACE ",\"order_validity\":{\"years\":2}," BALANCE "}"},
        {"", NULL, NULL, 90, CERT_HEAD(",\"cert_validity\":{\"days\":90}") PLAIN "}"},
        {"    certificate_validity: {days: 199}\n", NULL, NULL, 0,
         CERT_HEAD(",\"cert_validity\":{\"days\":199}") PLAIN "}"},
        {"", "order_validity: {days: 30}\n", NULL, 30,
         CERT_HEAD("") COMMENT "," ORG "," PLACE ",\"order_validity\":{\"days\":30}," BALANCE "}"},
        {"", "cert_validity: {custom_expiration_date: 2027-01-31}\n", NULL, 0,
         CERT_HEAD(",\"cert_validity\":{\"custom_expiration_date\":\"2027-01-31\"}") PLAIN "}"},
        {"    skip_approval: true\n", NULL, NULL, 0,
         CERT_HEAD("") "\"skip_approval\":true," PLAIN "}"},
        {"    skip_approval: true\n", "skip_approval: false\n", NULL, 0, CERT_HEAD("") PLAIN "}"},
        {"    disable_renewal_notifications: true\n", NULL, NULL, 0,
         CERT_HEAD("") "\"disable_renewal_notifications\":true," PLAIN "}"},
        {"    dcv_method: http-token\n    dcv_scope: base_domain\n", NULL, NULL, 0,
         CERT_HEAD(
             "") "\"dcv_method\":\"http-token\",\"certificate_dcv_scope\":\"base_domain\"," PLAIN
                 "}"},
        {"    dcv: {enabled: true, hook: [./h]}\n    dcv_method: dns-cname-token\n", NULL, NULL, 0,
         CERT_HEAD(
             "") "\"dcv_method\":\"dns-cname-token\",\"certificate_dcv_scope\":\"fqdn\"," PLAIN
                 "}"},
        {"    dcv: {enabled: true, hook: [./h]}\n", "dcv_method: http-token-dynamic\n", NULL, 0,
         CERT_HEAD("") "\"dcv_method\":\"http-token-dynamic\","
                       "\"certificate_dcv_scope\":\"fqdn\"," PLAIN "}"},
        {"    dcv: {enabled: true, hook: [./h]}\n", NULL, NULL, 0,
         CERT_HEAD("") "\"dcv_method\":\"dns-txt-token\",\"certificate_dcv_scope\":\"fqdn\"," PLAIN
                       "}"},
        {"    payment_profile_id: \"9\"\n", "payment_method: profile\n", NULL, 0,
         CERT_HEAD("") COMMENT "," ORG "," PLACE "," YEAR
                               ",\"payment_method\":\"profile\",\"payment_profile\":{\"id\":9}}"},
        {"    ca_cert_id: F7\n    profile_option: server_auth_only_eku\n", NULL, NULL, 0,
         CERT_HEAD(",\"ca_cert_id\":\"F7\",\"profile_option\":\"server_auth_only_eku\"") PLAIN "}"},
        {"", "custom_fields: {\"12\": CHG1}\nrenewal_of_order_id: 7\n", NULL, 0,
         CERT_HEAD("") PLAIN
         ",\"custom_fields\":[{\"metadata_id\":12,\"value\":\"CHG1\"}],\"renewal_of_order_id\":7}"},
        {"", "container_id: 5\norganization_id: 6\n", NULL, 0,
         CERT_HEAD("") COMMENT ",\"organization\":{\"id\":6},\"container\":{\"id\":5}," YEAR
                               "," BALANCE "}"},
        {"", "organization_units: [Web]\n", "private_ssl_flex", 0,
         CERT_HEAD(",\"organization_units\":[\"Web\"]") PLAIN "}"},
        {"", "organization_units: [Web]\n", NULL, 0, CERT_HEAD("") PLAIN "}"},
        {"", NULL, "ssl_dv_geotrust_flex", 0,
         CERT_HEAD("") COMMENT "," PLACE "," YEAR "," BALANCE "}"},
        {"", "comments: for the night shift\n", NULL, 0,
         CERT_HEAD("") "\"comments\":\"for the night shift; certbatch www " OUR_KEY "\"," ORG
                       "," PLACE "," YEAR "," BALANCE "}"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        char text[2048];
        (void)snprintf(text, sizeof text, "%s%s", dc_config, rows[i].more);
        bench_begin(&b, text);
        b.order.extra = rows[i].fields ? bench_fields(&b, rows[i].fields) : NULL;
        b.order.product = rows[i].product ? rows[i].product : "ssl_basic";
        b.order.validity_seconds = rows[i].days * DAY_SECONDS;
        struct ca_call call = bench_call(&b, STEP_ORDER);
        same_body(&b, &call,
                  arena_printf(&b.f.arena, "POST /order/certificate/%s", b.order.product),
                  rows[i].body);
        bench_end(&b);
    }
}

/* The order alone says everything: no term in the settings, no platform, several names. */
static void order_by_itself(void **state UNUSED)
{
    struct bench b;
    static const struct san_value san[] = {{GN_DNS, "API.example.com"},
                                           {GN_DNS, "www.example.com"},
                                           {GN_DNS, "api.example.com"},
                                           {GN_IP, "192.0.2.7"}};
    bench_begin(&b, DC_CONFIG(BASE, ""));
    b.order.san = san;
    b.order.nsan = NITEMS(san);
    b.order.validity_seconds = 199 * DAY_SECONDS;
    b.order.organization_number = "42";
    b.order.ticket = NULL;
    struct ca_call call = bench_call(&b, STEP_ORDER);
    same_body(&b, &call, "POST /order/certificate/ssl_basic",
              "{\"certificate\":{\"common_name\":\"www.example.com\",\"dns_names\":["
              "\"www.example.com\",\"API.example.com\",\"192.0.2.7\"],\"csr\":\"CSR\","
              "\"signature_hash\":\"sha256\",\"server_platform\":{\"id\":-1}},"
              "\"comments\":\"certbatch www " OUR_KEY "\",\"organization\":{\"id\":42}," PLACE
              ",\"order_validity\":{\"days\":199}}");
    bench_end(&b);
}

static void renewals_and_reissues(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, dc_config);
    b.order.action = "renew";
    b.order.prior_order = ORDER_ID;
    struct ca_call call = bench_call(&b, STEP_ORDER);
    same_body(&b, &call, "POST /order/certificate/ssl_basic",
              CERT_HEAD("") PLAIN ",\"renewal_of_order_id\":812340001}");
    b.order.action = "reissue";
    same_body(&b, &call, "POST /order/certificate/812340001/reissue", CERT_HEAD("") COMMENT "}");
    b.order.validity_seconds = 90 * DAY_SECONDS;
    b.order.extra = bench_fields(&b, "duplicate: true\n");
    same_body(&b, &call, "POST /order/certificate/812340001/duplicate",
              CERT_HEAD(",\"cert_validity\":{\"days\":90}") COMMENT "}");
    call = bench_call(&b, STEP_FIND);
    same_call(&b, &call, "GET /order/certificate/812340001/duplicate?show_archived=true");
    call = bench_call(&b, STEP_POLL);
    call.phase = POLL_LIST;
    same_call(&b, &call, "GET /order/certificate/812340001/duplicate?show_archived=true");
    b.order.extra = NULL;
    same_call(&b, &call, "GET /order/certificate/812340001/reissue");
    b.order.prior_order = NULL;
    call = bench_call(&b, STEP_ORDER);
    assert_non_null(strstr(bench_refused(&b, &call), "replaces"));
    bench_end(&b);
}

static void people_of_ev(void **state UNUSED)
{
    struct bench b;
    struct ev_fields ev = {.certificate_approver = {.name = "Max van Example",
                                                    .email = "max@example.com",
                                                    .phone = "+15550100125",
                                                    .designation = "Head of Security"}};
    bench_begin(&b, dc_config);
    b.order.product = "ssl_ev_basic";
    b.order.ev = &ev;
    struct ca_call call = bench_call(&b, STEP_ORDER);
    same_body(&b, &call, "POST /order/certificate/ssl_ev_basic",
              CERT_HEAD("") COMMENT
              ",\"organization\":{\"id\":117001,\"contacts\":[{\"contact_type\":"
              "\"verified_contact\",\"first_name\":\"Max van\",\"last_name\":\"Example\","
              "\"job_title\":\"Head of Security\",\"telephone\":\"+15550100125\","
              "\"email\":\"max@example.com\"}]}," PLACE "," YEAR "," BALANCE "}");
    bench_end(&b);
}

static void mail_certificates(void **state UNUSED)
{
    struct bench b;
    static const struct san_value san = {GN_EMAIL, "dana@example.com"};
    static const struct dn_value dn[] = {{"GN", "Dana"}, {"SN", "Sample"}};
    bench_begin(&b, dc_config);
    const struct san_value *const host = b.order.san;
    b.order.product = "secure_email_sponsor";
    b.order.common_name = NULL;
    b.order.san = &san;
    b.order.dn = dn;
    b.order.ndn = NITEMS(dn);
    b.order.extra =
        bench_fields(&b, "primary_usage: signing\ncommon_name_indicator: given_name_surname\n");
    struct ca_call call = bench_call(&b, STEP_ORDER);
    same_body(&b, &call, "POST /order/certificate/secure_email_sponsor",
              "{\"certificate\":{\"emails\":[\"dana@example.com\"],\"common_name_indicator\":"
              "\"given_name_surname\",\"individual\":{\"first_name\":\"Dana\",\"last_name\":"
              "\"Sample\"},\"usage_designation\":{\"primary_usage\":\"signing\"},\"csr\":\"CSR\","
              "\"signature_hash\":\"sha256\"}," PLAIN "}");
    /* what the item says by `smime:` */
    const struct smime_fields smime = {.generation = SMIME_STRICT, .use = SMIME_ENCRYPTION};
    b.order.smime = &smime;
    b.order.extra = bench_fields(&b, "common_name_indicator: email_address\n");
    same_body(&b, &call, "POST /order/certificate/secure_email_sponsor",
              "{\"certificate\":{\"emails\":[\"dana@example.com\"],\"common_name_indicator\":"
              "\"email_address\",\"profile_type\":\"strict\",\"individual\":{\"first_name\":"
              "\"Dana\",\"last_name\":\"Sample\"},\"usage_designation\":{\"primary_usage\":"
              "\"key_management\"},\"csr\":\"CSR\",\"signature_hash\":\"sha256\"}," PLAIN "}");
    b.order.san = host;
    assert_non_null(strstr(bench_refused(&b, &call), "takes no dns names"));
    bench_end(&b);
}

static void orders_that_are_none(void **state UNUSED)
{
    static const struct san_value mail = {GN_EMAIL, "a@example.com"};
    struct bench b;
    bench_begin(&b, DC_CONFIG(BASE, ""));
    const struct ca_order whole = b.order;
    struct ca_call call = bench_call(&b, STEP_ORDER);
    assert_non_null(strstr(bench_refused(&b, &call), "needs a validity"));
    b.order.validity_seconds = 3600;
    assert_non_null(strstr(bench_refused(&b, &call), "in days"));
    b.order = whole;
    b.order.product = NULL;
    assert_non_null(strstr(bench_refused(&b, &call), "a product"));
    b.order = whole;
    b.order.csr = (struct span){0};
    assert_non_null(strstr(bench_refused(&b, &call), "a CSR"));
    b.order = whole;
    b.order.common_name = NULL;
    b.order.nsan = 0;
    assert_non_null(strstr(bench_refused(&b, &call), "a common name"));
    b.order = whole;
    b.order.san = &mail;
    assert_non_null(strstr(bench_refused(&b, &call), "names"));
    b.order = whole;
    b.order.validity_seconds = DAY_SECONDS;
    b.order.extra = bench_fields(&b, "payment_method: barter\n");
    assert_non_null(strstr(bench_refused(&b, &call), "balance or profile"));
    b.order.extra = bench_fields(&b, "custom_fields: {Cost: 7}\n");
    assert_non_null(strstr(bench_refused(&b, &call), "not a number of CertCentral"));
    struct digicert_config *c = b.config.cas[0].own;
    c->organization_id = NULL;
    b.order.extra = NULL;
    assert_non_null(strstr(bench_refused(&b, &call), "needs an organization"));
    bench_end(&b);
}

/* --- revocations and the rest --- */
static void revocations(void **state UNUSED)
{
    static const struct {
        int reason;
        const char *word;
    } rows[] = {{REASON_NONE, NULL},
                {REASON_UNSPECIFIED, "unspecified"},
                {REASON_KEY_COMPROMISE, "keyCompromise"},
                {REASON_AFFILIATION_CHANGED, "affiliationChanged"},
                {REASON_SUPERSEDED, "superseded"},
                {REASON_CESSATION_OF_OPERATION, "cessationOfOperation"}};
    static const int none[] = {REASON_CA_COMPROMISE, REASON_CERTIFICATE_HOLD,
                               REASON_REMOVE_FROM_CRL, REASON_PRIVILEGE_WITHDRAWN,
                               REASON_AA_COMPROMISE};
    struct bench b;
    bench_begin(&b, dc_config);
    struct ca_call call = bench_call(&b, STEP_REVOKE);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        b.revoke.reason = rows[i].reason;
        same_body(&b, &call, "PUT /certificate/0A1B2C/revoke",
                  arena_printf(&b.f.arena, "{%s%s%s\"comments\":\"certbatch old " OUR_KEY "\"}",
                               rows[i].word ? "\"revocation_reason\":\"" : "",
                               rows[i].word ? rows[i].word : "", rows[i].word ? "\"," : ""));
    }
    for (size_t i = 0; i < NITEMS(none); i++) { /* none becomes another */
        b.revoke.reason = none[i];
        assert_non_null(strstr(bench_refused(&b, &call), "no revocation reason"));
    }
    bench_end(&b);
    bench_begin(&b, DC_CONFIG(BASE, "    skip_approval: true\n"));
    b.revoke.comment = "replaced";
    call = bench_call(&b, STEP_REVOKE);
    same_body(
        &b, &call, "PUT /certificate/0A1B2C/revoke",
        "{\"revocation_reason\":\"superseded\",\"comments\":\"replaced; certbatch old " OUR_KEY
        "\",\"skip_approval\":true}");
    bench_end(&b);
}

static void other_bodies(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, dc_config);
    struct ca_call call = bench_call(&b, STEP_CANCEL);
    same_body(&b, &call, "PUT /order/certificate/812340001/status",
              "{\"status\":\"canceled\",\"note\":\"CHG0012345\"}");
    b.order.comment = "not needed";
    same_body(&b, &call, "PUT /order/certificate/812340001/status",
              "{\"status\":\"canceled\",\"note\":\"not needed\"}");
    call.order = NULL;
    same_body(&b, &call, "PUT /order/certificate/812340001/status",
              "{\"status\":\"canceled\",\"note\":\"cancelled by certbatch\"}");
    call = bench_call(&b, STEP_POLL);
    call.phase = POLL_APPROVE;
    call.page = "456001";
    same_body(&b, &call, "PUT /request/456001/status",
              "{\"status\":\"approved\",\"processor_comment\":\"approved by certbatch, as its "
              "settings say\"}");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(no_key),
        cmocka_unit_test(settings_between_keys),
        cmocka_unit_test(every_call),
        cmocka_unit_test(calls_that_are_none),
        cmocka_unit_test(an_order),
        cmocka_unit_test(order_by_field),
        cmocka_unit_test(order_by_itself),
        cmocka_unit_test(renewals_and_reissues),
        cmocka_unit_test(people_of_ev),
        cmocka_unit_test(mail_certificates),
        cmocka_unit_test(orders_that_are_none),
        cmocka_unit_test(revocations),
        cmocka_unit_test(other_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
