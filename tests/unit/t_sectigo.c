/* SPDX-License-Identifier: Apache-2.0
 *
 * What the connector to Sectigo Certificate Manager sends: addresses, credentials, bodies member by
 * member, and what it does not send; its settings.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/sectigo_fixture.h"

#include "batch/manifest.h"

/* --- settings --- */
static void bases(void **state UNUSED)
{
    static const struct {
        const char *url;
        int mode;
        const char *base;
    } rows[] = {
        {"https://cert-manager.com/api", SECTIGO_PASSWORD, "https://cert-manager.com/api"},
        {"https://cert-manager.com/api/", SECTIGO_PASSWORD, "https://cert-manager.com/api"},
        {"https://cert-manager.com", SECTIGO_PASSWORD, "https://cert-manager.com/api"},
        {"https://cert-manager.com/api", SECTIGO_CERTIFICATE,
         "https://cert-manager.com/private/api"},
        {"https://cert-manager.com/private/", SECTIGO_CERTIFICATE,
         "https://cert-manager.com/private/api"},
        {"https://cert-manager.com/private/api", SECTIGO_CERTIFICATE,
         "https://cert-manager.com/private/api"},
        {"https://cert-manager.com/private/api", SECTIGO_PASSWORD, "https://cert-manager.com/api"},
        {"https://gw.example.com/scm/api", SECTIGO_PASSWORD, "https://gw.example.com/scm/api"},
        {"https://admin.enterprise.sectigo.com", SECTIGO_OAUTH,
         "https://admin.enterprise.sectigo.com/api"},
    };
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct sectigo_config c = {.url = rows[i].url, .auth_mode = rows[i].mode};
        assert_string_equal(sectigo_base(&a, &c), rows[i].base);
    }
}

static void settings_need_each_other(void **state UNUSED)
{
    static const struct {
        const char *config, *says;
    } rows[] = {
        {SCM_CONFIG("https://a/api", "login: x", ""), "auth mode password needs 'auth.password'"},
        {SCM_CONFIG("https://a/api", "password: {env: P}", ""), "needs 'auth.login'"},
        {"certbatch_config: 1\ncas:\n  p: {type: sectigo, url: 'https://a/api', "
         "auth: {" BY_PASSWORD "}}\n",
         "needs 'customer_uri'"},
        {SCM_CONFIG("https://a/api", BY_CERTIFICATE, ""),
         "auth mode certificate needs 'tls.client_keystore'"},
        {SCM_CONFIG("https://a/api", "mode: oauth, client_id: x", ""),
         "auth mode oauth needs 'auth.client_secret'"},
        {SCM_CONFIG("https://a/api", "mode: oauth, client_secret: {env: S}", ""),
         "needs 'auth.client_id'"},
        {SCM_CONFIG("https://cert-manager.com/customer/X", BY_PASSWORD, ""), "this is the portal"},
        {SCM_CONFIG("https://hard.cert-manager.com/api", BY_OAUTH, ""), "takes no auth mode oauth"},
        {SCM_CONFIG("https://admin.hard.sectigo.com/api", BY_PASSWORD, ""),
         "takes no auth mode password"},
        {SCM_CONFIG("https://a/api", BY_PASSWORD, "    dcv_mode: EMAIL\n"), "needs 'dcv_email'"},
        {SCM_CONFIG("https://a/api", BY_PASSWORD, "    dcv_mode: PIGEON\n"), "must be CNAME"},
        {SCM_CONFIG("https://a/api", "mode: oauth", "    enabled: false\n"), NULL},
        {SCM_CONFIG("https://a/api", BY_CERTIFICATE,
                    "    tls: {client_keystore: {file: x.jks, type: jks, alias: scm, password: "
                    "{env: P}}, truststore: {file: t.p12, type: pkcs12, password: {env: P}}}\n"
                    "    proxy: {host: proxy.example, port: 3128, username: u, password: "
                    "{env: P}}\n    enroll: {back_off_seconds: 2, max_back_off_seconds: 32, "
                    "max_attempts: 5}\n"),
         NULL},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct fixture f;
        struct config config;
        struct findings findings = FINDINGS_INIT;
        struct err err = ERR_INIT;
        bool found = !rows[i].says;
        fixture_begin(&f);
        fixture_text(&f, "certbatch.yaml", rows[i].config);
        const bool ok = config_read(&config, f.options.config, &findings, &err);
        for (size_t k = 0; k < findings.n && rows[i].says; k++) {
            found = found || strstr(findings.v[k].message, rows[i].says);
        }
        if (!found || ok != !rows[i].says) {
            fail_msg("%zu: %s", i, findings.n ? findings.v[0].message : err.msg);
        }
        config_release(&config);
        findings_release(&findings);
        fixture_end(&f);
    }
}

/* A CA that is switched off is not checked, and may be asked all the same (`doctor`). */
static void half_written_settings(void **state UNUSED)
{
    static const struct {
        const char *auth, *says;
    } rows[] = {
        {"password: {file: secret}", "auth.login"},
        {"mode: certificate", "auth.login"},
        {"mode: oauth, client_secret: {file: secret}", "auth.client_id"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct fixture f;
        struct config config;
        struct findings findings = FINDINGS_INIT;
        struct err err = ERR_INIT;
        fixture_begin(&f);
        fixture_text(&f, "secret", PASSWORD "\n");
        fixture_text(&f, "certbatch.yaml",
                     arena_printf(&f.arena,
                                  "certbatch_config: 1\ncas:\n  p: {type: sectigo, url: "
                                  "'https://a/api', enabled: false, auth: {%s}}\n",
                                  rows[i].auth));
        assert_true(config_read(&config, f.options.config, &findings, &err));
        struct ca *ca = ca_open(&config.cas[0], f.dir, &err);
        assert_null(ca);
        assert_non_null(strstr(err.msg, rows[i].says));
        config_release(&config);
        findings_release(&findings);
        fixture_end(&f);
    }
}

/* --- credentials --- */
static void password_headers(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, scm_config);
    struct ca_call call = bench_call(&b, STEP_POLL);
    same_request(&b, &call, "GET", SCM_BASE "/ssl/v1/collect/990121?format=x509", "");
    assert_string_equal(bench_header(&b, "login"), "batch-api");
    assert_string_equal(bench_header(&b, "customerUri"), "NordwindGmbH");
    assert_string_equal(bench_header(&b, "Accept"), "application/json, */*;q=0.5");
    assert_null(bench_header(&b, "X-Request-ID"));
    assert_null(bench_header(&b, "password"));
    assert_string_equal(b.request.secret_headers[0].name, "password");
    assert_string_equal(b.request.secret_headers[0].prefix, "");
    assert_string_equal(secret_bytes(b.request.secret_headers[0].value), PASSWORD);
    assert_null(b.request.secret_headers[1].name);
    assert_true(sectigo_ops.authorized(&b.ca, NOW));
    call = bench_call(&b, STEP_ORDER);
    struct err err = ERR_INIT;
    assert_true(bench_ask(&b, &call, &err));
    assert_string_equal(bench_header(&b, "X-Request-ID"), OUR_KEY);
    assert_null(strstr(buf_text(&b.request.body), PASSWORD));
    bench_end(&b);
}

static void certificate_headers(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, SCM_CONFIG("https://cert-manager.com/api", BY_CERTIFICATE,
                               "    tls: {client_keystore: {file: x.jks}}\n"));
    const struct ca_call call = bench_call(&b, STEP_PROBE);
    same_request(&b, &call, "GET", "https://cert-manager.com/private/api/organization/v1/4210", "");
    assert_string_equal(bench_header(&b, "login"), "batch-api");
    assert_string_equal(bench_header(&b, "customerUri"), "NordwindGmbH");
    assert_null(b.request.secret_headers[0].name);
    bench_end(&b);
}

static void tokens(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, SCM_CONFIG("https://admin.enterprise.sectigo.com/api", BY_OAUTH, ""));
    struct ca_call ask = bench_call(&b, STEP_TOKEN), call = bench_call(&b, STEP_PRODUCTS);
    struct err err = ERR_INIT;
    assert_false(sectigo_ops.authorized(&b.ca, NOW));
    assert_false(bench_ask(&b, &call, &err));
    assert_true(bench_ask(&b, &ask, &err));
    assert_string_equal(b.request.url, "https://auth.sso.sectigo.com/auth/realms/apiclients/"
                                       "protocol/openid-connect/token");
    assert_string_equal(b.request.content_type, "application/x-www-form-urlencoded");
    assert_string_equal(buf_text(&b.request.body),
                        "grant_type=client_credentials&client_id=key-1&client_secret=" PASSWORD);
    assert_true(b.request.body_is_secret);
    assert_null(bench_header(&b, "login"));
    assert_null(b.request.secret_headers[0].name);
    same(bench_hear(&b, &ask, 200, "{\"access_token\":\"\"}"), OUTCOME_UNKNOWN, "no token");
    same(bench_hear(&b, &ask, 400, "{\"error\":\"invalid_client\"}"), OUTCOME_AUTH, "refused");
    assert_string_equal(b.result.code, "invalid_client");
    same(bench_hear(&b, &ask, 200, "{\"access_token\":\"" API_TOKEN "\"}"), OUTCOME_ACCEPTED, "t");
    assert_int_equal(b.result.valid_seconds, 240); /* of 300 when it is not told */
    assert_true(sectigo_ops.authorized(&b.ca, NOW + 239));
    assert_false(sectigo_ops.authorized(&b.ca, NOW + 240));
    assert_true(bench_ask(&b, &call, &err));
    assert_string_equal(b.request.secret_headers[0].name, "Authorization");
    assert_string_equal(secret_bytes(b.request.secret_headers[0].value), API_TOKEN);
    assert_null(bench_header(&b, "login"));
    same(bench_hear(&b, &call, 401, ""), OUTCOME_AUTH, "401");
    assert_false(sectigo_ops.authorized(&b.ca, NOW));
    bench_end(&b);
}

/* --- addresses --- */
static void addresses(void **state UNUSED)
{
    static const struct {
        enum ca_step step;
        unsigned phase;
        const char *order, *method, *path; /* order: of a revocation */
    } rows[] = {
        {STEP_PROBE, 0, NULL, "GET", "/organization/v1/4210"},
        {STEP_PRODUCTS, 0, NULL, "GET", "/ssl/v1/types?organizationId=4210"},
        {STEP_ORDER, 0, NULL, "POST", "/ssl/v1/enroll"},
        {STEP_POLL, POLL_COLLECT, NULL, "GET", "/ssl/v1/collect/990121?format=x509"},
        {STEP_POLL, POLL_DETAILS, NULL, "GET", "/ssl/v1/990121?dateFormat=ISO_HMS"},
        {STEP_POLL, POLL_APPROVE, NULL, "POST", "/ssl/v1/approve/990121"},
        {STEP_FIND, FIND_REPORT, NULL, "POST", "/report/v1/ssl-certificates"},
        {STEP_CANCEL, 0, NULL, "POST", "/ssl/v1/decline/990121"},
        {STEP_REVOKED, 0, "77", "GET", "/ssl/v1/77?dateFormat=ISO_HMS"},
        {STEP_REVOKED, 0, NULL, "GET",
         "/ssl/v1?size=200&position=0&serialNumber=00:D2:1F:8A:40:33:9B:6E"},
        {STEP_REVOKED, REVOKED_LIST_PLAIN, NULL, "GET",
         "/ssl/v1?size=200&position=0&serialNumber=D21F8A40339B6E"},
        {STEP_REVOKED, REVOKED_BY_ID, NULL, "GET", "/ssl/v1/990121?dateFormat=ISO_HMS"},
        {STEP_REVOKE, 0, "77", "POST", "/ssl/v1/revoke/77"},
        {STEP_REVOKE, 0, NULL, "POST", "/ssl/v1/revoke/serial/00:D2:1F:8A:40:33:9B:6E"},
        {STEP_INVENTORY, 0, NULL, "POST", "/report/v1/ssl-certificates"},
    };
    struct bench b;
    struct err err = ERR_INIT;
    bench_begin(&b, scm_config);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct ca_call call = bench_call(&b, rows[i].step);
        call.phase = rows[i].phase;
        b.revoke.order = rows[i].order;
        if (!bench_ask(&b, &call, &err)) {
            fail_msg("%s: %s", rows[i].path, err.msg);
        }
        assert_string_equal(b.request.method, rows[i].method);
        assert_string_equal(b.request.url, arena_printf(&b.f.arena, SCM_BASE "%s", rows[i].path));
    }
    struct ca_call call = bench_call(&b, STEP_POLL);
    call.order_id = "77/../1";
    assert_non_null(strstr(bench_refused(&b, &call), "this is none"));
    call.order_id = NULL;
    assert_non_null(strstr(bench_refused(&b, &call), "there is none"));
    b.revoke = (struct ca_revocation){.item = "x", .reason = REASON_SUPERSEDED};
    call = bench_call(&b, STEP_REVOKE);
    assert_non_null(strstr(bench_refused(&b, &call), "there is neither"));
    call.step = STEP_CHALLENGE;
    assert_non_null(strstr(bench_refused(&b, &call), "no such step"));
    bench_end(&b);
}

/* --- orders --- */
static char *mark_of(struct bench *b)
{
    char mark[SECTIGO_MARK];
    sectigo_mark(&b->order, OUR_KEY, mark);
    return arena_printf(&b->f.arena, "%s;item=www", mark);
}

static void same_order(struct bench *b, const char *path, const char *body)
{
    const struct ca_call call = bench_call(b, STEP_ORDER);
    same_request(b, &call, "POST", arena_printf(&b->f.arena, SCM_BASE "%s", path), body);
}

static void whole_order(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, scm_config);
    same_order(&b, "/ssl/v1/enroll",
               arena_printf(&b.f.arena,
                            "{\"orgId\":4210,\"certType\":18734,\"term\":90,\"subjAltNames\":"
                            "\"www.example.com,api.example.com\",\"csr\":\"CSR\",\"comments\":"
                            "\"%s; CHG0042177\"}",
                            mark_of(&b)));
    bench_end(&b);
}

static void fields_win(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, SCM_CONFIG("https://cert-manager.com/api", BY_PASSWORD,
                               "    external_requester: team@example.com\n    dcv_mode: CNAME\n"
                               "    legacy_server_fields: true\n    term: 199\n"));
    b.order.extra = bench_fields(&b, "org_id: 7\ncert_type: 8\nterm: 365\ncustom_fields: "
                                     "{CostCentre: C7710}\ndcv_mode: EMAIL\ndcv_email: "
                                     "a@example.com\nexternal_requester: me@example.com\n");
    b.order.comment = "why";
    same_order(&b, "/ssl/v1/enroll",
               arena_printf(&b.f.arena,
                            "{\"orgId\":7,\"certType\":8,\"term\":365,\"subjAltNames\":"
                            "\"www.example.com,api.example.com\",\"csr\":\"CSR\",\"comments\":"
                            "\"%s; why\",\"externalRequester\":\"me@example.com\",\"customFields\":"
                            "[{\"name\":\"CostCentre\",\"value\":\"C7710\"}],\"dcvMode\":\"EMAIL\","
                            "\"dcvEmail\":\"a@example.com\",\"numberServers\":1,\"serverType\":-1}",
                            mark_of(&b)));
    b.order.extra = NULL;
    b.order.validity_seconds = 0; /* the settings' term */
    b.order.nsan = 0;
    b.order.comment = b.order.ticket = NULL;
    same_order(&b, "/ssl/v1/enroll",
               arena_printf(&b.f.arena,
                            "{\"orgId\":4210,\"certType\":18734,\"term\":199,\"csr\":\"CSR\","
                            "\"comments\":\"%s\",\"externalRequester\":\"team@example.com\","
                            "\"dcvMode\":\"CNAME\",\"numberServers\":1,\"serverType\":-1}",
                            mark_of(&b)));
    bench_end(&b);
}

/* SCM takes 1024 characters; the mark stands first, so that it is not what is cut. */
static void long_comments_are_cut(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(8192);
    bench_begin(&b, scm_config);
    for (int i = 0; i < 1024; i++) {
        buf_puts(&text, "\xc3\xa4");
    }
    b.order.comment = buf_text(&text);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    assert_true(bench_ask(&b, &call, &err));
    CLEANUP(json_tree_release)
    json_t *t = json_parse("r", buf_text(&b.request.body), b.request.body.n, &err);
    const char *comments = json_get_str(t, "comments");
    assert_int_equal(utf8_length(comments, strlen(comments)), 1024);
    assert_true(utf8_valid(comments, strlen(comments)));
    assert_true(str_starts(comments, mark_of(&b)));
    bench_end(&b);
}

static void orders_that_lack_something(void **state UNUSED)
{
    struct bench b;
    static const struct san_value odd = {GN_DNS, "a.example.com,b.example.com"};
    bench_begin(&b, SCM_CONFIG("https://cert-manager.com/api", BY_PASSWORD, ""));
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    b.order.product = "ov";
    assert_non_null(strstr(bench_refused(&b, &call), "certificate profile"));
    b.order.product = "4294967296";
    assert_non_null(strstr(bench_refused(&b, &call), "certificate profile"));
    b.order.product = "18734";
    b.order.validity_seconds = DAY_SECONDS + 1;
    assert_non_null(strstr(bench_refused(&b, &call), "whole days"));
    b.order.validity_seconds = 0;
    assert_non_null(strstr(bench_refused(&b, &call), "whole days"));
    b.order.validity_seconds = DAY_SECONDS;
    b.order.san = &odd;
    b.order.nsan = 1;
    assert_non_null(strstr(bench_refused(&b, &call), "comma"));
    b.order.nsan = 0;
    b.order.extra = bench_fields(&b, "org_id: Nordwind\n");
    assert_non_null(strstr(bench_refused(&b, &call), "organization"));
    b.order.csr.n = 0;
    assert_non_null(strstr(bench_refused(&b, &call), "a CSR"));
    bench_end(&b);
}

static void renewals_and_reissues(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, scm_config);
    b.order.action = "renew";
    b.order.prior_order = "55";
    same_order(&b, "/ssl/v1/renewById/55", "{\"csr\":\"CSR\"}");
    b.order.extra = bench_fields(&b, "reuse_csr: true\n");
    same_order(&b, "/ssl/v1/renewById/55", "{}");
    b.order.extra = NULL;
    b.order.action = "reissue";
    same_order(&b, "/ssl/v1/replace/55",
               "{\"csr\":\"CSR\",\"reason\":\"CHG0042177\",\"commonName\":\"www.example.com\","
               "\"subjectAlternativeNames\":[\"www.example.com\",\"api.example.com\"]}");
    b.order.prior_order = NULL; /* known by its serial number only: an order like others */
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    struct err err = ERR_INIT;
    assert_true(bench_ask(&b, &call, &err));
    assert_string_equal(b.request.url, SCM_BASE "/ssl/v1/enroll");
    bench_end(&b);
    bench_begin(
        &b, SCM_CONFIG("https://cert-manager.com/api", BY_PASSWORD, "    renew_mode: enroll\n"));
    b.order.action = "renew";
    b.order.prior_order = "55";
    const struct ca_call anew = bench_call(&b, STEP_ORDER);
    assert_true(bench_ask(&b, &anew, &err));
    assert_string_equal(b.request.url, SCM_BASE "/ssl/v1/enroll");
    bench_end(&b);
}

/* --- the other bodies --- */
static void revocations(void **state UNUSED)
{
    static const struct {
        int reason, code; /* -1: refused */
    } rows[] = {
        {REASON_NONE, 0},
        {REASON_UNSPECIFIED, 0},
        {REASON_KEY_COMPROMISE, 1},
        {REASON_CA_COMPROMISE, -1},
        {REASON_AFFILIATION_CHANGED, 3},
        {REASON_SUPERSEDED, 4},
        {REASON_CESSATION_OF_OPERATION, 5},
        {REASON_CERTIFICATE_HOLD, -1},
        {REASON_REMOVE_FROM_CRL, -1},
        {REASON_PRIVILEGE_WITHDRAWN, -1},
        {REASON_AA_COMPROMISE, -1},
    };
    struct bench b;
    bench_begin(&b, scm_config);
    const struct ca_call call = bench_call(&b, STEP_REVOKE);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        b.revoke.reason = rows[i].reason;
        if (rows[i].code < 0) {
            assert_non_null(strstr(bench_refused(&b, &call), "no such revocation reason"));
            continue;
        }
        same_request(&b, &call, "POST", SCM_BASE "/ssl/v1/revoke/990121",
                     arena_printf(&b.f.arena,
                                  "{\"reasonCode\":%d,\"reason\":\"replaced under CHG0042201\"}",
                                  rows[i].code));
    }
    bench_end(&b);
    bench_begin(&b, SCM_CONFIG("https://admin.hard.sectigo.com/api", BY_OAUTH, ""));
    struct ca_call ask = bench_call(&b, STEP_TOKEN);
    (void)bench_hear(&b, &ask, 200, "{\"access_token\":\"" API_TOKEN "\"}");
    b.revoke.comment = NULL;
    struct ca_call admin = bench_call(&b, STEP_REVOKE);
    same_request(&b, &admin, "POST", "https://admin.hard.sectigo.com/api/ssl/v1/revoke/990121",
                 "{\"reasonCode\":\"4\",\"reason\":\"revoked by certbatch\"}");
    bench_end(&b);
}

static void messages(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, scm_config);
    struct ca_call call = bench_call(&b, STEP_CANCEL);
    same_request(&b, &call, "POST", SCM_BASE "/ssl/v1/decline/990121",
                 "{\"message\":\"CHG0042177\"}");
    call.order = NULL;
    same_request(&b, &call, "POST", SCM_BASE "/ssl/v1/decline/990121",
                 "{\"message\":\"declined by certbatch\"}");
    call = bench_call(&b, STEP_POLL);
    call.phase = POLL_APPROVE;
    same_request(&b, &call, "POST", SCM_BASE "/ssl/v1/approve/990121",
                 "{\"message\":\"CHG0042177\"}");
    bench_end(&b);
}

static void reports(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, scm_config);
    struct ca_call call = bench_call(&b, STEP_FIND);
    same_request(&b, &call, "POST", SCM_BASE "/report/v1/ssl-certificates",
                 "{\"commonName\":\"www.example.com\",\"organizationIds\":[4210],"
                 "\"certificateStatus\":0,\"certificateDateAttribute\":4,"
                 "\"from\":\"2026-11-20\",\"to\":\"2026-11-22\"}");
    b.order.spki_sha256 = NULL;
    assert_non_null(strstr(bench_refused(&b, &call), "without its key"));
    static const struct {
        int64_t since;
        const char *page, *from, *to;
    } rows[] = {
        {0, NULL, "1999-12-31", "2024-09-13"},         /* all that is old at once */
        {0, "2024-09-12", "2024-09-11", "2024-10-14"}, /* then a window after the other */
        {NOW - 5 * DAY_SECONDS, NULL, "2026-11-15", "2026-11-23"},
        {0, "2026-11-10", "2026-11-09", "2026-11-23"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        call = bench_call(&b, STEP_INVENTORY);
        call.since = rows[i].since;
        call.page = rows[i].page;
        same_request(&b, &call, "POST", SCM_BASE "/report/v1/ssl-certificates",
                     arena_printf(&b.f.arena,
                                  "{\"organizationIds\":[4210],\"certificateStatus\":0,"
                                  "\"certificateDateAttribute\":4,\"from\":\"%s\",\"to\":\"%s\"}",
                                  rows[i].from, rows[i].to));
    }
    call.page = "yesterday";
    assert_non_null(strstr(bench_refused(&b, &call), "no page"));
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bases),
        cmocka_unit_test(settings_need_each_other),
        cmocka_unit_test(half_written_settings),
        cmocka_unit_test(password_headers),
        cmocka_unit_test(certificate_headers),
        cmocka_unit_test(tokens),
        cmocka_unit_test(addresses),
        cmocka_unit_test(whole_order),
        cmocka_unit_test(fields_win),
        cmocka_unit_test(long_comments_are_cut),
        cmocka_unit_test(orders_that_lack_something),
        cmocka_unit_test(renewals_and_reissues),
        cmocka_unit_test(revocations),
        cmocka_unit_test(messages),
        cmocka_unit_test(reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
