/* SPDX-License-Identifier: Apache-2.0
 *
 * What the CERTInext connector sends: signatures, bodies member by member, and what it does not
 * send; and its tables of codes, row by row.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/certinext_fixture.h"

#include "batch/manifest.h"

/* --- signing --- */
static void auth_key_vectors(void **state UNUSED)
{
    static const struct {
        const char *ts, *key;
    } rows[] = {
        {"2026-11-21T09:15:30+00:00",
         "3756368fccbbc83d464e24cc990a87a2b23bdb5a75282db267fa9a1fc0691a82"},
        {"2026-11-21T14:45:30+05:30",
         "7073c49bc16bf65964627aa7eabc9bbc5fa9a34e8428f32216199dc06f54dfd7"},
    };
    CLEANUP(secret_release) struct secret key = SECRET_INIT;
    secret_set(&key, ACCESS_KEY, strlen(ACCESS_KEY));
    for (size_t i = 0; i < NITEMS(rows); i++) {
        char out[SHA256_HEX];
        certinext_auth_key(&key, rows[i].ts, "4815162342108642", out);
        assert_string_equal(out, rows[i].key);
    }
}

static void envelope(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    struct ca_call call = bench_call(&b, STEP_PROBE);
    call.nonce = "4815162342108642";
    json_decref(bench_body(&b, &call));
    assert_string_equal(buf_text(&b.request.body),
                        "{\"meta\":{\"ver\":\"1.0\",\"ts\":\"2026-11-21T09:15:30+00:00\",\"txn\":"
                        "\"4815162342108642\",\"accountNumber\":\"1234567890\",\"authKey\":"
                        "\"3756368fccbbc83d464e24cc990a87a2b23bdb5a75282db267fa9a1fc0691a82\"}}");
    assert_string_equal(b.request.method, "POST");
    assert_string_equal(b.request.url,
                        "https://sandbox-us-api.certinext.io/emSignHub-API/ValidateCredentials");
    assert_string_equal(b.request.content_type, "application/json");
    assert_false(b.request.body_is_secret);
    assert_null(b.request.secret_headers[0].name);
    assert_true(certinext_ops.authorized(&b.ca, NOW));
    struct sha256 s;
    uint8_t digest[SHA256_SIZE];
    sha256_begin(&s);
    sha256_add(&s, "POST", 5);
    sha256_add(&s, b.request.url, strlen(b.request.url) + 1);
    sha256_add(&s, b.request.body.p, b.request.body.n);
    sha256_end(&s, digest);
    assert_memory_equal(digest, b.request.digest, SHA256_SIZE);
    bench_end(&b);
}

/* The attempt's own key where something is bought or ended; a fresh number everywhere else. */
static void transaction_numbers(void **state UNUSED)
{
    static const struct {
        enum ca_step step;
        const char *client_key, *nonce, *txn;
    } rows[] = {
        {STEP_ORDER, OUR_KEY, NONCE, OUR_KEY},
        {STEP_REVOKE, OUR_KEY, NONCE, OUR_KEY},
        {STEP_CANCEL, OUR_KEY, NONCE, OUR_KEY},
        {STEP_POLL, OUR_KEY, NONCE, NONCE},
        {STEP_ORDER, "short", NONCE, NONCE},
        {STEP_ORDER, "with-dash-in-it", NONCE, NONCE},
        {STEP_ORDER, NULL, NONCE, NONCE},
        {STEP_FIND, OUR_KEY, NONCE, NONCE},
        {STEP_ORDER, NULL, NULL, NULL},
        {STEP_ORDER, NULL, "tooshort9", NULL},
        {STEP_ORDER, NULL, "ten0000010", "ten0000010"},
    };
    struct bench b;
    bench_begin(&b, bench_config);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct ca_call call = bench_call(&b, rows[i].step);
        call.client_key = rows[i].client_key;
        call.nonce = rows[i].nonce;
        if (!rows[i].txn) {
            assert_non_null(strstr(bench_refused(&b, &call), "no nonce"));
            continue;
        }
        CLEANUP(json_tree_release) json_t *t = bench_body(&b, &call);
        assert_string_equal(json_get_str(json_get(t, "meta"), "txn"), rows[i].txn);
    }
    bench_end(&b);
}

/* --- orders --- */

/* The block `orderDetails` but for the CSR, which must be that of the order. */
static void same_order(struct bench *b, const char *endpoint, const char *expected)
{
    struct err err = ERR_INIT;
    const struct ca_call call = bench_call(b, STEP_ORDER);
    CLEANUP(json_tree_release) json_t *t = bench_body(b, &call);
    CLEANUP(json_tree_release)
    json_t *want = json_parse("expected", expected, strlen(expected), &err);
    json_t *got = json_object_get(t, "orderDetails");
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    if (!want) {
        fail_msg("%s", err.msg);
    }
    pem_write(&pem, "CERTIFICATE REQUEST", b->order.csr);
    assert_string_equal(json_get_str(got, "csr"), buf_text(&pem));
    json_object_del(got, "csr");
    assert_int_equal(json_object_size(t), 2); /* meta and orderDetails */
    if (!json_equal(got, want)) {
        fail_msg("%s", json_dumps(got, JSON_INDENT(1)));
    }
    assert_true(str_ends(b->request.url, endpoint));
}

#define HEAD(code)                                                                                 \
    "{\"productCode\":\"" code "\",\"accountingModel\":\"2\",\"saveAndHold\":\"0\","               \
    "\"emailNotifications\":\"0\",\"delegationInformation\":{\"groupNumber\":\"2345678901\"},"     \
    "\"organizationDetails\":{\"preVetting\":\"1\",\"organizationNumber\":\"3456789012\"},"
#define REQUESTOR                                                                                  \
    "\"requestorInformation\":{\"requestorName\":\"PKI Automation\",\"requestorIsdCode\":\"1\","   \
    "\"requestorMobileNumber\":\"5550100123\",\"requestorEmail\":\"pki-admin@example.com\","       \
    "\"requestorDesignation\":\"Platform Engineer\"},"
#define TPC                                                                                        \
    "\"technicalPointOfContact\":{\"tpcName\":\"PKI Automation\",\"tpcEmail\":"                    \
    "\"pki-admin@example.com\",\"tpcIsdCode\":\"1\",\"tpcMobileNumber\":\"5550100123\"},"
#define AGREEMENT                                                                                  \
    "\"agreementDetails\":{\"acceptAgreement\":\"1\",\"signerName\":\"Dana Sample\","              \
    "\"signerPlace\":\"Austin\",\"signerIP\":\"203.0.113.10\"},"
#define TERM(years)                                                                                \
    "\"subscriptionDetails\":{\"validity\":\"" years "\",\"autoRenew\":\"0\",\"renewCriteria\":"   \
    "\"30\"},"
#define TAIL                                                                                       \
    "\"additionalInformation\":{\"remarks\":\"CHG0012345\",\"tags\":[\"www\","                     \
    "\"certbatch-fedcba98\"]}}"

static void dv_order(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    same_order(&b, "/GenerateOrderSSL",
               HEAD("842") REQUESTOR TERM("1") "\"certificateInformation\":{\"domainName\":"
                                               "\"www.example.com\",\"autoSecureWWW\":"
                                               "\"0\"}," TPC AGREEMENT TAIL);
    bench_end(&b);
}

/* The names are those of the order, without the primary one and without repetition. */
static void ucc_order(void **state UNUSED)
{
    static const struct san_value san[] = {{GN_DNS, "WWW.example.com"},
                                           {GN_DNS, "api.example.com"},
                                           {GN_DNS, "API.example.com"},
                                           {GN_DNS, "*.example.net"}};
    struct bench b;
    bench_begin(&b, bench_config);
    b.order.product = "844";
    b.order.san = san;
    b.order.nsan = NITEMS(san);
    b.order.validity_seconds = 366 * (int64_t)DAY_SECONDS;
    same_order(&b, "/GenerateOrderSSL",
               HEAD("844") REQUESTOR TERM("2") "\"certificateInformation\":{\"domainName\":"
                                               "\"www.example.com\",\"additionalDomains\":["
                                               "\"api.example.com\",\"*.example.net\"],"
                                               "\"autoSecureWWW\":\"0\"}," TPC AGREEMENT TAIL);
    bench_end(&b);
}

static const struct dn_value address[] = {
    {"C", "US"},         {"ST", "Texas"},       {"L", "Austin"}, {"postalCode", "78701"},
    {"street", "100 S"}, {"O", "Example Corp"}, {"OU", "IT"}};

static void ov_order(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    b.order.product = "846";
    b.order.dn = address;
    b.order.ndn = NITEMS(address);
    same_order(&b, "/GenerateOrderSSL",
               HEAD("846") REQUESTOR TERM("1") "\"certificateInformation\":{\"domainName\":"
                                               "\"www.example.com\",\"autoSecureWWW\":\"0\","
                                               "\"locality\":\"Austin\",\"postalCode\":\"78701\","
                                               "\"streetAddress\":\"100 S\",\"city\":\"Austin\","
                                               "\"state\":\"Texas\",\"country\":"
                                               "\"US\"}," TPC AGREEMENT TAIL);
    bench_end(&b);
}

static const struct ynode *fields(struct bench *b, const char *yaml)
{
    struct ynode *root = NULL;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    assert_true(yaml_parse("test", (struct span){(const uint8_t *)yaml, strlen(yaml)},
                           &shape_manifest, &b->f.arena, &findings, &root));
    return root;
}

static void ev_order(void **state UNUSED)
{
    static const struct contact signer = {.name = "Dana Sample",
                                          .email = "dana@example.com",
                                          .isd_code = "1",
                                          .mobile_number = "5550100124",
                                          .designation = "Head of IT",
                                          .employee_id = "4711"};
    static const struct contact approver = {.name = "Max Sample", .email = "max@example.com"};
    const struct ev_fields ev = {.registration_number = "REG-000123",
                                 .contract_signer = signer,
                                 .certificate_approver = approver};
    struct bench b;
    bench_begin(&b, bench_config);
    b.order.product = "850";
    b.order.dn = address;
    b.order.ndn = NITEMS(address);
    b.order.ev = &ev;
    b.order.extra = fields(&b, "street_address2: Suite 4\ncity: Round Rock\n");
    same_order(&b, "/GenerateOrderSSL",
               HEAD("850")
                   REQUESTOR TERM("1") "\"certificateInformation\":{\"domainName\":"
                                       "\"www.example.com\",\"autoSecureWWW\":\"0\","
                                       "\"locality\":\"Austin\",\"postalCode\":\"78701\","
                                       "\"streetAddress\":\"100 S\",\"streetAddress2\":\"Suite "
                                       "4\",\"city\":\"Round Rock\",\"state\":\"Texas\","
                                       "\"country\":\"US\",\"companyRegistrationNumber\":"
                                       "\"REG-000123\"}," TPC AGREEMENT
                                       "\"contractSignerInfo\":{\"name\":\"Dana Sample\","
                                       "\"email\":\"dana@example.com\",\"isdCode\":\"1\","
                                       "\"mobileNumber\":\"5550100124\",\"designation\":\"Head "
                                       "of IT\",\"employeeID\":\"4711\"},"
                                       "\"certificateApproverInfo\":{\"name\":\"Max Sample\","
                                       "\"email\":\"max@example.com\"}," TAIL);
    bench_end(&b);
}

static void private_order(void **state UNUSED)
{
    static const struct san_value san[] = {{GN_DNS, "www.example.com"}, {GN_IP, "10.0.0.5"}};
    struct bench b;
    bench_begin(&b, bench_config);
    b.order.product = "149";
    b.order.dn = address;
    b.order.ndn = NITEMS(address);
    b.order.extra = fields(&b, "save_and_hold: true\n");
    b.order.san = san;
    b.order.nsan = NITEMS(san);
    same_order(&b, "/GenerateOrderPrivatePKI",
               "{\"productCode\":\"149\",\"saveAndHold\":\"1\",\"delegationInformation\":{"
               "\"groupNumber\":\"2345678901\"}," REQUESTOR
               "\"certificateInformation\":{\"domainName\":\"www.example.com\","
               "\"organizationName\":\"Example Corp\",\"organizationUnit\":\"IT\",\"state\":"
               "\"Texas\",\"countryCode\":\"US\",\"dnsType\":\"1\",\"additionalDomains\":["
               "\"10.0.0.5\"]}," TPC TAIL);
    bench_end(&b);
}

/* Everything an order may say for itself counts before the configuration. */
static void own_fields(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    b.order.extra = fields(
        &b, "remarks: renewal\ntags: [a, b]\nfamily: ssl\nsave_and_hold: true\n"
            "domain_name: example.com\nauto_secure_www: true\ngroup_number: \"7\"\n"
            "organization_number: \"8\"\npre_vetting: false\naccept_agreement: false\n"
            "accounting_model: cash\nemail_notifications: true\n"
            "requestor: {name: R, email: r@example.com, isd_code: \"91\", mobile_number: \"9\", "
            "designation: D}\nsigner: {name: S, place: P, ip: 203.0.113.77}\n"
            "technical_contact: {name: T, email: t@example.com}\n"
            "subscription: {years: \"3\", auto_renew: true, renew_days: \"60\"}\n");
    b.order.validity_seconds = DAY_SECONDS;
    same_order(
        &b, "/GenerateOrderSSL",
        "{\"productCode\":\"842\",\"accountingModel\":\"1\",\"saveAndHold\":\"1\","
        "\"emailNotifications\":\"1\",\"delegationInformation\":{\"groupNumber\":\"7\"},"
        "\"organizationDetails\":{\"preVetting\":\"0\",\"organizationNumber\":\"8\"},"
        "\"requestorInformation\":{\"requestorName\":\"R\",\"requestorIsdCode\":\"91\","
        "\"requestorMobileNumber\":\"9\",\"requestorEmail\":\"r@example.com\","
        "\"requestorDesignation\":\"D\"},\"subscriptionDetails\":{\"validity\":\"3\","
        "\"autoRenew\":\"1\",\"renewCriteria\":\"60\"},\"certificateInformation\":{"
        "\"domainName\":\"example.com\",\"additionalDomains\":[\"www.example.com\"],"
        "\"autoSecureWWW\":\"1\"},\"technicalPointOfContact\":{\"tpcName\":\"T\",\"tpcEmail\":"
        "\"t@example.com\",\"tpcIsdCode\":\"91\",\"tpcMobileNumber\":\"9\"},"
        "\"agreementDetails\":{\"acceptAgreement\":\"0\",\"signerName\":\"S\",\"signerPlace\":"
        "\"P\",\"signerIP\":\"203.0.113.77\"},\"additionalInformation\":{\"remarks\":\"renewal\","
        "\"tags\":[\"a\",\"b\",\"www\",\"certbatch-fedcba98\"]}}");
    bench_end(&b);
}

/* `fields:`, then the record of the policy, then the configuration, as rule certinext.organization
 * has it. */
static void organizations(void **state UNUSED)
{
    static const struct {
        const char *fields, *record, *number;
    } rows[] = {
        {"organization_number: \"8\"\n", "9", "8"}, {NULL, "9", "9"}, {NULL, NULL, "3456789012"}};
    struct bench b;
    bench_begin(&b, bench_config);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        b.order.extra = rows[i].fields ? fields(&b, rows[i].fields) : NULL;
        b.order.organization_number = rows[i].record;
        const struct ca_call call = bench_call(&b, STEP_ORDER);
        CLEANUP(json_tree_release) json_t *t = bench_body(&b, &call);
        const json_t *block = json_get(json_get(t, "orderDetails"), "organizationDetails");
        assert_string_equal(json_get_str(block, "organizationNumber"), rows[i].number);
    }
    bench_end(&b);
}

/* Remarks are never empty: the order's, its comment, the ticket, its own name. */
static void remarks(void **state UNUSED)
{
    static const struct {
        const char *fields, *comment, *ticket, *remarks;
    } rows[] = {
        {"remarks: own\n", "comment", "CHG1", "own"},
        {"remarks: \"  \"\n", "comment", "CHG1", "comment"},
        {NULL, "comment", "CHG1", "comment"},
        {NULL, " ", "CHG1", "CHG1"},
        {NULL, NULL, NULL, "certbatch www"},
    };
    struct bench b;
    bench_begin(&b, bench_config);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        b.order.extra = rows[i].fields ? fields(&b, rows[i].fields) : NULL;
        b.order.comment = rows[i].comment;
        b.order.ticket = rows[i].ticket;
        const struct ca_call call = bench_call(&b, STEP_ORDER);
        CLEANUP(json_tree_release) json_t *t = bench_body(&b, &call);
        assert_string_equal(
            json_get_str(json_get(json_get(t, "orderDetails"), "additionalInformation"), "remarks"),
            rows[i].remarks);
    }
    bench_end(&b);
}

static void orders_that_are_not_sent(void **state UNUSED)
{
    static const struct san_value ip = {GN_IP, "192.0.2.1"};
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    const struct ca_order whole = b.order;
    b.order.san = &ip;
    assert_string_equal(bench_refused(&b, &call), "CERTInext orders take no ip names");
    b.order = whole;
    b.order.product = NULL;
    assert_non_null(strstr(bench_refused(&b, &call), "a product"));
    b.order.product = "914";
    assert_non_null(strstr(bench_refused(&b, &call), "in the portal"));
    b.order.product = "819";
    assert_non_null(strstr(bench_refused(&b, &call), "in the portal"));
    b.order = whole;
    b.order.common_name = NULL;
    b.order.nsan = 0;
    assert_non_null(strstr(bench_refused(&b, &call), "a common name"));
    b.order = whole;
    b.order.csr.n = 0;
    assert_non_null(strstr(bench_refused(&b, &call), "a CSR"));
    struct ca_call nothing = call;
    nothing.order = NULL;
    assert_non_null(strstr(bench_refused(&b, &nothing), "a product"));
    bench_end(&b);
    bench_begin(&b, "certbatch_config: 1\ncas:\n  prod: {type: certinext, api_url: "
                    "'https://api.certinext.io/emSignHub-API', account_number: \"1\", auth: "
                    "{access_key: {file: key}}}\n");
    assert_non_null(strstr(bench_refused(&b, &call), "requestor.email"));
    bench_end(&b);
}

/* --- the other calls --- */
static void same_block(struct bench *b, const struct ca_call *call, const char *endpoint,
                       const char *expected)
{
    struct err err = ERR_INIT;
    CLEANUP(json_tree_release) json_t *t = bench_body(b, call);
    CLEANUP(json_tree_release)
    json_t *want = json_parse("expected", expected, strlen(expected), &err);
    assert_non_null(want);
    json_object_del(t, "meta");
    if (!json_equal(t, want)) {
        fail_msg("%s", json_dumps(t, 0));
    }
    assert_string_equal(strrchr(b->request.url, '/') + 1, endpoint);
}

static void other_bodies(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, bench_config);
    struct ca_call call = bench_call(&b, STEP_POLL);
    same_block(&b, &call, "TrackOrder", "{\"orderDetails\":{\"orderNumber\":\"6612345678\"}}");
    call.phase = 1;
    same_block(&b, &call, "GetCertificate",
               "{\"orderDetails\":{\"orderNumber\":\"6612345678\",\"requestorEmail\":"
               "\"pki-admin@example.com\"}}");
    call.phase = 2;
    assert_non_null(strstr(bench_refused(&b, &call), "no such step"));
    call.phase = 0;
    call.order_id = NULL;
    assert_non_null(strstr(bench_refused(&b, &call), "by order number"));
    call = bench_call(&b, STEP_CANCEL);
    same_block(&b, &call, "RejectOrder",
               "{\"orderDetails\":{\"orderNumber\":\"6612345678\",\"rejectRemarks\":"
               "\"CHG0012345\"}}");
    call = bench_call(&b, STEP_PRODUCTS);
    same_block(&b, &call, "GetProductDetails",
               "{\"productDetails\":{\"groupNumber\":\"2345678901\"}}");
    call = bench_call(&b, STEP_INVENTORY);
    same_block(&b, &call, "GetOrderReport",
               "{\"searchCriteria\":{\"pageNumber\":\"1\",\"pageSize\":\"100\"}}");
    call.page = "12";
    call.since = NOW;
    same_block(&b, &call, "GetOrderReport",
               "{\"searchCriteria\":{\"orderDateFrom\":\"2026-11-20\",\"pageNumber\":\"12\","
               "\"pageSize\":\"100\"}}");
    call.page = "1x";
    assert_non_null(strstr(bench_refused(&b, &call), "no page"));
    call = bench_call(&b, STEP_FIND);
    call.since = NOW;
    same_block(&b, &call, "GetOrderReport",
               "{\"searchCriteria\":{\"orderDateFrom\":\"2026-11-20\",\"domainName\":"
               "\"www.example.com\",\"pageNumber\":\"1\",\"pageSize\":\"100\"}}");
    call.phase = FIND_TRACK;
    call.page = "1/3;4711,4712;";
    same_block(&b, &call, "TrackOrder", "{\"orderDetails\":{\"orderNumber\":\"4711\"}}");
    call.page = NULL;
    assert_non_null(strstr(bench_refused(&b, &call), "lost"));
    call = bench_call(&b, STEP_TOKEN);
    assert_non_null(strstr(bench_refused(&b, &call), "no token"));
    bench_end(&b);
}

/* --- revocation --- */
static void revocation_reasons(void **state UNUSED)
{
    static const struct {
        int reason;
        const char *id;
    } rows[] = {
        {REASON_UNSPECIFIED, NULL},
        {REASON_KEY_COMPROMISE, "1"},
        {REASON_CA_COMPROMISE, NULL},
        {REASON_AFFILIATION_CHANGED, "3"},
        {REASON_SUPERSEDED, "4"},
        {REASON_CESSATION_OF_OPERATION, "5"},
        {REASON_CERTIFICATE_HOLD, NULL},
        {REASON_REMOVE_FROM_CRL, NULL},
        {REASON_PRIVILEGE_WITHDRAWN, "9"},
        {REASON_AA_COMPROMISE, NULL},
        {REASON_NONE, NULL},
    };
    struct bench b;
    bench_begin(&b, bench_config);
    const unsigned accepted = ca_facts_find("certinext")->reasons;
    const struct ca_call call = bench_call(&b, STEP_REVOKE);
    b.revoke.comment = "CHG1;superseded;"; /* words must not grow together */
    for (size_t i = 0; i < NITEMS(rows); i++) {
        b.revoke.reason = rows[i].reason;
        /* policy and connector say the same */
        assert_int_equal(rows[i].reason >= 0 && (accepted >> rows[i].reason & 1u),
                         rows[i].id != NULL);
        if (!rows[i].id) {
            const char *why = bench_refused(&b, &call);
            assert_non_null(strstr(why, revocation_reason_name(rows[i].reason)));
            assert_non_null(strstr(why, "has no revocation reason"));
            continue;
        }
        same_block(&b, &call, "RevokeOrder",
                   arena_printf(&b.f.arena,
                                "{\"revocationDetails\":{\"orderNumber\":\"6612345678\","
                                "\"requestorEmail\":\"pki-admin@example.com\",\"revokeReasonId\":"
                                "\"%s\",\"revokeRemarks\":\"CHG1,superseded,\"}}",
                                rows[i].id));
    }
    b.revoke.reason = REASON_SUPERSEDED;
    b.revoke.order = NULL;
    b.revoke.serial = "2B0C";
    assert_non_null(strstr(bench_refused(&b, &call), "give `order:`"));
    const struct ca_call state_call = bench_call(&b, STEP_REVOKED);
    assert_non_null(strstr(bench_refused(&b, &state_call), "give `order:`"));
    b.revoke.order = "4711";
    same_block(&b, &state_call, "TrackOrder", "{\"orderDetails\":{\"orderNumber\":\"4711\"}}");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auth_key_vectors),
        cmocka_unit_test(envelope),
        cmocka_unit_test(transaction_numbers),
        cmocka_unit_test(dv_order),
        cmocka_unit_test(ucc_order),
        cmocka_unit_test(ov_order),
        cmocka_unit_test(ev_order),
        cmocka_unit_test(private_order),
        cmocka_unit_test(own_fields),
        cmocka_unit_test(organizations),
        cmocka_unit_test(remarks),
        cmocka_unit_test(orders_that_are_not_sent),
        cmocka_unit_test(other_bodies),
        cmocka_unit_test(revocation_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
