/* SPDX-License-Identifier: Apache-2.0
 *
 * Entrust CA Gateway: enrolments as they are sent, what their answers mean, the CA behind the
 * gateway and its profiles.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/entrust_fixture.h"

#define SUBJECT "\"subjectDn\":\"CN=www.example.com,O=Acme\\\\, Inc.,C=DE\""
#define NAMES                                                                                      \
    "\"subjectAltNames\":[{\"type\":\"dNSName\",\"value\":\"www.example.com\"},"                   \
    "{\"type\":\"iPAddress\",\"value\":\"192.0.2.7\"}]"
#define ENROL(profile, rest)                                                                       \
    "{\"profileId\":\"" profile "\",\"requiredFormat\":{\"format\":\"X509\"},\"csr\":\"CSR\","     \
    "\"includeCa\":true," rest "}"
#define DETAILS(rest) "\"optionalCertificateRequestDetails\":{" rest "}"

/* --- enrolments --- */
static void enrolment(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, en_config);
    const struct ca_call call = gate_call(&g, STEP_ORDER);
    gate_same(&g, &call, "POST", EN_CA "/enrollments");
    assert_string_equal(g.request.headers[1], "X-Request-ID: " OUR_KEY);
    assert_null(g.request.headers[2]);
    gate_body(&g, &call,
              ENROL("web-90", NAMES "," DETAILS(SUBJECT ",\"validityPeriod\":\"P90D\"")));
    g.order.validity_seconds = 90 * DAY_SECONDS + 1;
    gate_body(&g, &call,
              ENROL("web-90", NAMES "," DETAILS(SUBJECT ",\"validityPeriod\":\"PT7776001S\"")));
    g.order.validity_seconds = 0;
    gate_body(&g, &call, ENROL("web-90", NAMES "," DETAILS(SUBJECT)));
    gate_end(&g);
}

static void settings(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, EN_CONFIG("    validity_period: P1Y\n    include_ca: false\n    format: PEM\n"
                             "    use_san_from_csr: true\n    profile_id: usual\n"
                             "    ca_client_id: batch-7\n"));
    const struct ca_call call = gate_call(&g, STEP_ORDER);
    g.order.validity_seconds = 0;
    g.order.product = NULL;
    gate_body(&g, &call,
              "{\"profileId\":\"usual\",\"requiredFormat\":{\"format\":\"PEM\"},\"csr\":\"CSR\","
              "\"includeCa\":false," DETAILS(SUBJECT ",\"validityPeriod\":\"P1Y\","
                                                     "\"useSANFromCSR\":true") "}");
    assert_string_equal(g.request.headers[1], "ca-client-id: batch-7");
    gate_end(&g);
}

static void fields(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, en_config);
    const struct ca_call call = gate_call(&g, STEP_ORDER);
    g.order.extra = gate_fields(
        &g, "ca_id: 'acme~pki 7'\nprofile_id: p/1\nvalidity_period: PT60M\nuse_san_from_csr: true\n"
            "subject_dn: CN=other\nsubject_variables: {firstname: Ada, lastname: L}\n"
            "properties: {tracking.requesterName: A Singh}\n");
    gate_same(&g, &call, "POST", EN_BASE "/acme~pki%207/enrollments");
    gate_body(&g, &call,
              ENROL("p/1",
                    "\"subjectVariables\":[{\"type\":\"firstname\",\"value\":\"Ada\"},"
                    "{\"type\":\"lastname\",\"value\":\"L\"}]," DETAILS(
                        "\"subjectDn\":\"CN=other\",\"validityPeriod\":\"PT60M\","
                        "\"useSANFromCSR\":true") ",\"properties\":{"
                                                  "\"tracking.requesterName\":\"A Singh\"}"));
    gate_end(&g);
}

/* What a profile wants of the subject goes along as variables, one for each value. */
static void variables(void **state UNUSED)
{
    static const struct dn_value dn[] = {
        {"O", "Acme"}, {"OU", "a"}, {"OU", "b"}, {"emailAddress", "x@example.com"}};
    struct gate g;
    gate_begin(&g, EN_CONFIG("    profiles: {web-90: {subject_variables: [cn, ou, e]}}\n"));
    const struct ca_call call = gate_call(&g, STEP_ORDER);
    assert_non_null(strstr(gate_refused(&g, &call), "the subject variable ou"));
    g.order.dn = dn;
    g.order.ndn = NITEMS(dn);
    g.order.nsan = 0;
    gate_body(&g, &call,
              ENROL("web-90",
                    "\"subjectVariables\":[{\"type\":\"cn\",\"value\":\"www.example.com\"},"
                    "{\"type\":\"ou\",\"value\":\"a\"},{\"type\":\"ou\",\"value\":\"b\"},"
                    "{\"type\":\"e\",\"value\":\"x@example.com\"}]," DETAILS(
                        "\"subjectDn\":\"CN=www.example.com,E=x@example.com,OU=b,OU=a,O=Acme\","
                        "\"validityPeriod\":\"P90D\"")));
    gate_end(&g);
}

/* RFC 4514, section 2.4. */
static void subjects(void **state UNUSED)
{
    static const struct {
        const char *value, *text;
    } rows[] = {
        {"plain", "CN=plain"},       {" a ", "CN=\\ a\\ "},
        {"#1", "CN=\\#1"},           {"a#b c", "CN=a#b c"},
        {"a,b+c", "CN=a\\,b\\+c"},   {"a\"b<c>d;e=f", "CN=a\\\"b\\<c\\>d\\;e\\=f"},
        {"back\\s", "CN=back\\\\s"}, {"\xc3\xbc", "CN=\xc3\xbc"},
    };
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_order o = {.common_name = rows[i].value};
        assert_string_equal(entrust_subject(&a, &o), rows[i].text);
    }
}

/* Only the connector to Sectigo renews by serial number. */
static void renewals(void **state UNUSED)
{
    static const struct {
        const char *connector, *action, *prior, *property, *sent;
    } rows[] = {
        {"com.Sectigo", "renew", "00D2", "RenewalSerialNumber", "00d2"},
        {"com.Sectigo", "renew", "00D2", "renewalSerialNumber", "00d2"},
        {"com.Sectigo", "renew", NULL, "RenewalSerialNumber", NULL},
        {"com.Sectigo", "reissue", "00D2", "RenewalSerialNumber", NULL},
        {"com.entrust.PKIHub", "renew", "00D2", "RenewalSerialNumber", NULL},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct gate g;
        struct err err = ERR_INIT;
        CLEANUP(buf_release) struct buf config = BUF_INIT(4096);
        buf_printf(&config, EN_CONFIG("    connector: %s\n    renewal_serial_property: %s\n"),
                   rows[i].connector, rows[i].property);
        gate_begin(&g, buf_text(&config));
        g.order.action = rows[i].action;
        g.order.prior_serial = rows[i].prior;
        const struct ca_call call = gate_call(&g, STEP_ORDER);
        assert_true(gate_ask(&g, &call, &err));
        CLEANUP(json_tree_release)
        json_t *t = json_parse("request", buf_text(&g.request.body), g.request.body.n, &err);
        assert_true(json_is_true(json_get(t, "renewal")) == (rows[i].sent != NULL));
        assert_true(
            str_eq(json_get_str(json_get(t, "properties"), rows[i].property), rows[i].sent));
        gate_end(&g);
    }
}

static void not_sent(void **state UNUSED)
{
    static const struct san_value odd = {GN_RID, "1.2.3"};
    struct gate g;
    gate_begin(&g, en_config);
    const struct ca_call call = gate_call(&g, STEP_ORDER);
    g.order.extra = gate_fields(&g, "format: PKCS12\n");
    assert_non_null(strstr(gate_refused(&g, &call), "keys that the CA makes"));
    g.order.extra = NULL;
    g.order.product = NULL;
    assert_non_null(strstr(gate_refused(&g, &call), "name a profile"));
    g.order.product = "p";
    g.order.san = &odd;
    g.order.nsan = 1;
    assert_non_null(strstr(gate_refused(&g, &call), "names of type"));
    gate_end(&g);
    gate_begin(&g, "certbatch_config: 1\ncas:\n  gw: {type: entrust, url: 'https://a/cagw'}\n");
    assert_non_null(strstr(gate_refused(&g, &call), "(ca_id)"));
    gate_end(&g);
}

/* --- answers --- */
static const char *enrolled(struct gate *g, const char *serial, const char *body, const char *chain)
{
    return arena_printf(&g->f.arena,
                        "{\"type\":\"EnrollmentResponse\",\"enrollment\":{\"id\":\"7b0c-1\","
                        "\"serialNumber\":\"%s\",\"status\":\"ACCEPTED\",\"body\":\"%s\","
                        "\"chain\":[%s]}}",
                        serial, body, chain);
}

static void issued(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, en_config);
    const struct ca_call call = gate_call(&g, STEP_ORDER);
    const char *leaf = gate_cert(&g, &g.key, 1, NOW), *ca = gate_cert(&g, &g.other, 2, NOW);
    const struct ca_result *first = gate_hear(&g, &call, 200, enrolled(&g, "5a01", leaf, ""));
    assert_true(first->pending && !first->issued && first->again_seconds == 0);
    assert_string_equal(first->order_id, "5a01"); /* to be fetched with the chain */
    ((struct entrust *)g.ca.state)->asked_chain = true;
    for (int status = 200; status <= 202; status++) { /* the certificate decides, no word does */
        const struct ca_result *r =
            gate_hear(&g, &call, status, enrolled(&g, "00005A01", leaf, ""));
        same(r, OUTCOME_ACCEPTED, "issued");
        assert_true(r->issued && !r->pending && r->ncerts == 1);
        assert_string_equal(r->order_id, "00005A01"); /* as the gateway writes it */
    }
    const struct ca_result *r = gate_hear(&g, &call, 200, enrolled(&g, "no number", leaf, ""));
    assert_string_equal(r->order_id, "5a01");
    r = gate_hear(
        &g, &call, 200,
        enrolled(&g, "5a01", leaf,
                 arena_printf(&g.f.arena, "\"%s\",{\"certificateData\":\"%s\"}", ca, ca)));
    assert_true(r->issued && r->ncerts == 1); /* strangers above the leaf are left out */
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536), pem = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf text = BUF_INIT(65536);
    assert_true(base64_decode(&der, leaf, strlen(leaf)));
    cert_pem(&pem, buf_span(&der));
    for (const char *p = buf_text(&pem); *p; p++) {
        buf_puts(&text, *p == '\n' ? "\\n" : (char[]){*p, '\0'});
    }
    r = gate_hear(&g, &call, 200, enrolled(&g, "5a01", buf_text(&text), ""));
    assert_true(r->issued && r->ncerts == 1);
    assert_memory_equal(r->certs[0].p, der.p, der.n);
    gate_end(&g);
    gate_begin(&g, EN_CONFIG("    include_ca: false\n")); /* nobody wants one */
    assert_true(
        gate_hear(&g, &call, 200, enrolled(&g, "5a01", gate_cert(&g, &g.key, 1, NOW), ""))->issued);
    gate_end(&g);
}

static void later(void **state UNUSED)
{
    struct gate g;
    char spki[2 * SHA256_SIZE + 1];
    gate_begin(&g, en_config);
    hex_encode(g.key.spki_sha256, SHA256_SIZE, spki);
    const char *own = arena_printf(&g.f.arena, "spki:%.40s", spki);
    const struct {
        int status;
        const char *text, *id;
    } rows[] = {
        {202, "", own},
        {201, "{}", own},
        {202, "{\"enrollment\":{\"id\":\"7b0c-1\"}}", "7b0c-1"},
        {202, "{\"enrollment\":{\"id\":\"7b0c1\"}}", own}, /* looks like a serial number */
        {202, "{\"enrollment\":{\"id\":\"a b\"}}", own},
        {202, "{\"enrollment\":{\"id\":\"x\",\"serialNumber\":\"5912bd91\"}}", "5912bd91"},
        {200, "{\"enrollment\":{\"id\":\"x-1\",\"body\":null}}", "x-1"},
        {200, "{\"enrollment\":{\"serialNumber\":\"5912bd91\",\"body\":\"!\"}}", "5912bd91"},
    };
    const struct ca_call call = gate_call(&g, STEP_ORDER);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = gate_hear(&g, &call, rows[i].status, rows[i].text);
        same(r, OUTCOME_ACCEPTED, rows[i].text);
        assert_true(r->pending && !r->issued && !r->enough);
        assert_string_equal(r->order_id, rows[i].id);
        assert_int_equal(r->again_seconds, 2);
    }
    gate_end(&g);
}

static void nobody_knows(void **state UNUSED)
{
    static const struct {
        int status;
        const char *text;
    } rows[] = {
        {200, ""},
        {200, "<html>"},
        {200, "{}"},
        {200, "[]"},
        {200, "{\"enrollment\":\"x\"}"},
        {200, "{\"enrollment\":{\"body\":\"AAAA\"}}"},
        {200, "{\"type\":\"ErrorResponse\",\"error\":{\"code\":\"cagw-1\"}}"},
        {202, "{\"type\":\"ErrorResponse\",\"error\":{\"code\":\"cagw-1\"}}"},
        {200, "{\"error\":{\"message\":\"x\"}}"},
        {500, "{\"type\":\"ErrorResponse\",\"error\":{\"code\":\"cagw-1\"}}"},
        {502, "<html>"},
        {302, ""},
        {400, "<html>a proxy</html>"},
        {404, "not here"},
        {409, ""},
    };
    struct gate g;
    gate_begin(&g, en_config);
    const struct ca_call call = gate_call(&g, STEP_ORDER);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        same(gate_hear(&g, &call, rows[i].status, rows[i].text), OUTCOME_UNKNOWN, rows[i].text);
        assert_null(g.result.order_id);
        assert_int_equal(g.result.settle_seconds, 30);
    }
    gate_end(&g);
}

static void refusals(void **state UNUSED)
{
    static const struct {
        int status;
        const char *code, *target;
        enum outcome outcome, sectigo;
    } rows[] = {
        {400, "cagw-4000", "csr", OUTCOME_REFUSED, OUTCOME_REFUSED},
        {401, "cagw-4003", "", OUTCOME_AUTH, OUTCOME_AUTH},
        {403, "cagw-4003", "", OUTCOME_AUTH, OUTCOME_AUTH},
        {404, "cagw-4018", "caId", OUTCOME_REFUSED, OUTCOME_REFUSED},
        {404, "cagw-4018", "", OUTCOME_REFUSED, OUTCOME_REFUSED},
        {404, "cagw-4019", "profileId", OUTCOME_REFUSED, OUTCOME_REFUSED},
        {404, "cagw-5000", "", OUTCOME_REFUSED, OUTCOME_UNKNOWN}, /* "any other failure" */
        {429, "TooManyRequests", "", OUTCOME_THROTTLED, OUTCOME_THROTTLED},
        {501, "cagw-5001", "", OUTCOME_REFUSED, OUTCOME_REFUSED},
    };
    static const char *const configs[] = {EN_CONFIG("    connector: com.entrust.PKIHub\n"),
                                          EN_CONFIG("    connector: com.Sectigo\n"),
                                          en_config /* not said: it may be Sectigo */};
    for (size_t c = 0; c < NITEMS(configs); c++) {
        struct gate g;
        gate_begin(&g, configs[c]);
        const struct ca_call call = gate_call(&g, STEP_ORDER);
        for (size_t i = 0; i < NITEMS(rows); i++) {
            const struct ca_result *r =
                gate_error(&g, &call, rows[i].status, rows[i].code, rows[i].target);
            same(r, c ? rows[i].sectigo : rows[i].outcome, rows[i].code);
            assert_true(rows[i].status == 501 || str_eq(r->code, rows[i].code));
        }
        assert_int_equal(gate_error(&g, &call, 429, "x", "")->again_seconds, 17);
        assert_string_equal(gate_error(&g, &call, 400, "c", "csr")->message,
                            "HTTP 400: it failed (csr: v); the CA: no quota");
        gate_end(&g);
    }
}

/* --- the gateway itself --- */
static void probe(void **state UNUSED)
{
    static const char list[] =
        "{\"type\":\"CAListResponse\",\"caList\":[{\"id\":\"CA-7\",\"name\":\"Seven\","
        "\"properties\":{\"connector-name\":\"com.Sectigo\"}}]}";
    struct gate g;
    gate_begin(&g, en_config);
    struct ca_call call = gate_call(&g, STEP_PROBE);
    call.order = NULL;
    gate_same(&g, &call, "GET", EN_CA);
    same(gate_hear(&g, &call, 200,
                   "{\"ca\":{\"id\":\"CA-1001\",\"name\":\"One\",\"properties\":"
                   "{\"connector_name\":\"com.entrust.PKIHub\"}}}"),
         OUTCOME_ACCEPTED, "probe");
    assert_string_equal(g.result.message, "CA CA-1001: One, com.entrust.PKIHub");
    same(gate_hear(&g, &call, 200, "{}"), OUTCOME_UNKNOWN, "no CA");
    same(gate_error(&g, &call, 403, "cagw-4003", ""), OUTCOME_AUTH, "not known");
    assert_true(g.result.forbidden); /* or not for this role */
    same(gate_error(&g, &call, 401, "cagw-4003", ""), OUTCOME_AUTH, "not known");
    assert_false(g.result.forbidden);
    same(gate_error(&g, &call, 404, "cagw-4018", "caId"), OUTCOME_ACCEPTED, "which then?");
    assert_int_equal(g.result.phase, PROBE_LIST);
    call.phase = PROBE_LIST;
    gate_same(&g, &call, "GET", EN_BASE);
    same(gate_hear(&g, &call, 200, list), OUTCOME_REFUSED, "list");
    assert_string_equal(g.result.message, "the gateway shows no CA CA-1001; it has: CA-7 (Seven, "
                                          "com.Sectigo)");
    gate_end(&g);
    gate_begin(&g, "certbatch_config: 1\ncas:\n  gw: {type: entrust, url: "
                   "'https://cagw.example:8444/cagw'}\n");
    call.phase = 0;
    gate_same(&g, &call, "GET", EN_BASE);
    same(gate_hear(&g, &call, 200, list), OUTCOME_ACCEPTED, "no ca_id");
    assert_non_null(strstr(g.result.message, "CA-7 (Seven, com.Sectigo); choose one as ca_id"));
    gate_end(&g);
}

static void profiles(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, en_config);
    struct ca_call call = gate_call(&g, STEP_PRODUCTS);
    call.order = NULL;
    gate_same(&g, &call, "GET", EN_CA "/profiles");
    same(gate_hear(&g, &call, 200,
                   "{\"type\":\"ProfilesResponse\",\"profiles\":[{\"id\":\"web\",\"name\":\"Web\","
                   "\"properties\":{\"cert_type\":\"18734\",\"terms\":\"[90]\"},"
                   "\"subjectVariableRequirements\":[{\"name\":\"cn\",\"required\":true},"
                   "{\"name\":\"o\",\"required\":false}],\"subjectAltNameRequirements\":"
                   "[{\"type\":\"dNSName\",\"required\":true}]},{\"name\":\"no id\"}]}"),
         OUTCOME_ACCEPTED, "profiles");
    assert_int_equal(g.result.nsold, 1);
    assert_string_equal(g.result.sold[0].code, "web");
    assert_string_equal(g.result.sold[0].category, "requires cn dNSName");
    assert_string_equal(g.result.sold[0].type_id, "18734");
    assert_string_equal(g.result.sold[0].term, "[90]");
    same(gate_hear(&g, &call, 200, "{}"), OUTCOME_UNKNOWN, "no list");
    same(gate_error(&g, &call, 501, "cagw-5001", ""), OUTCOME_REFUSED, "not offered");
    gate_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enrolment),    cmocka_unit_test(settings), cmocka_unit_test(fields),
        cmocka_unit_test(variables),    cmocka_unit_test(subjects), cmocka_unit_test(renewals),
        cmocka_unit_test(not_sent),     cmocka_unit_test(issued),   cmocka_unit_test(later),
        cmocka_unit_test(nobody_knows), cmocka_unit_test(refusals), cmocka_unit_test(probe),
        cmocka_unit_test(profiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
