/* SPDX-License-Identifier: Apache-2.0
 *
 * emCA V4.0.17, what is sent: addresses, the envelope and what is in it, signatures, and what is
 * not sent; and what has to be there before an emCA is opened.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/emca_fixture.h"

#include <openssl/cms.h>
#include <openssl/err.h>

/* --- the envelope, opened as emCA does --- */
static json_t *inner_of(struct bench *b, enum aes_mode mode)
{
    struct err err = ERR_INIT;
    CLEANUP(secret_release) struct secret given = SECRET_INIT;
    CLEANUP(secret_release) struct secret key = SECRET_INIT;
    CLEANUP(buf_release) struct buf hidden = BUF_INIT(1 << 20);
    CLEANUP(buf_wipe) struct buf plain = BUF_INIT(1 << 20);
    CLEANUP(json_tree_release)
    json_t *outer = json_parse("outer", buf_text(&b->request.body), b->request.body.n, &err);
    const char *data = json_get_str(outer, "requestData");
    assert_int_equal(json_object_size(outer), 2);
    assert_string_equal(json_get_str(outer, "userName"), "batch-api");
    secret_set(&given, AES_HEX, strlen(AES_HEX));
    assert_true(aes_key_read(&given, &key, &err));
    assert_true(base64_decode(&hidden, data, strlen(data)));
    if (!aes_decrypt(mode, &key, buf_span(&hidden), &plain, &err)) {
        fail_msg("%s", err.msg);
    }
    json_t *inner = json_parse("inner", buf_text(&plain), plain.n, &err);
    assert_non_null(inner);
    return inner;
}

/* What was signed with the registered certificate; NULL: it was not. Checks the shape that the
 * published sample has: content inside, one signer, three signed attributes, SHA-256. */
static const char *signed_text(struct bench *b, const char *base64, struct span registered)
{
    char *content = NULL;
    CLEANUP(buf_release) struct buf der = BUF_INIT(1 << 20);
    assert_true(base64_decode(&der, base64, strlen(base64)));
    const unsigned char *p = (const unsigned char *)der.p, *x = registered.p;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
    X509 *cert = d2i_X509(NULL, &x, (long)registered.n);
    STACK_OF(X509) *certs = sk_X509_new_null();
    STACK_OF(X509) *inside = CMS_get1_certs(cms);
    BIO *out = BIO_new(BIO_s_mem());
    assert_non_null(cms);
    assert_int_equal(sk_X509_num(inside), 1);
    assert_int_equal(sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)), 1);
    assert_int_equal(
        CMS_signed_get_attr_count(sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0)), 3);
    (void)sk_X509_push(certs, cert);
    if (CMS_verify(cms, certs, NULL, NULL, out,
                   CMS_BINARY | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY) == 1) {
        char *at;
        const long n = BIO_get_mem_data(out, &at);
        content = arena_strndup(&b->f.arena, at, (size_t)n);
    }
    ERR_clear_error();
    sk_X509_pop_free(inside, X509_free);
    sk_X509_free(certs);
    X509_free(cert);
    BIO_free(out);
    CMS_ContentInfo_free(cms);
    return content;
}

/* --- steps --- */
static void order_by_id(struct bench *b, struct ca_call *call UNUSED)
{
    b->order.product = "7";
}

static void order_without_product(struct bench *b, struct ca_call *call UNUSED)
{
    b->order.product = NULL;
}

static void poll_by_serial(struct bench *b UNUSED, struct ca_call *call)
{
    call->order_id = "01:ab:00:cd";
}

static void hold(struct bench *b, struct ca_call *call UNUSED)
{
    b->revoke.reason = REASON_CERTIFICATE_HOLD;
}

static void no_reason(struct bench *b, struct ca_call *call UNUSED)
{
    b->revoke.reason = REASON_NONE;
    b->revoke.comment = NULL;
}

/* The certificate itself says what its serial number is. */
static void by_certificate(struct bench *b, struct ca_call *call UNUSED)
{
    b->revoke.serial = NULL;
    b->revoke.certificate = b->signer_cert;
}

#define ORDERED ",\"subscriberId\":\"1207\",\"applicationId\":\"batch" OUR_KEY "\"}"
static void requests(void **state UNUSED)
{
    static const struct {
        enum ca_step step;
        void (*change)(struct bench *b, struct ca_call *call);
        const char *method, *members, *content; /* content NULL: the CSR */
    } rows[] = {
        {STEP_ORDER, NULL, "createCertificateP7B", "{\"profileName\":\"TLS Server\"" ORDERED, NULL},
        {STEP_ORDER, order_without_product, "createCertificateP7B",
         "{\"profileName\":\"TLS Server\"" ORDERED, NULL},
        {STEP_ORDER, order_by_id, "createCertificateP7BById",
         "{\"profileID\":\"7\",\"validity\":\"199:00:00:00\"" ORDERED, NULL},
        {STEP_POLL, NULL, "createCertificateP7B", "{\"profileName\":\"TLS Server\"" ORDERED, NULL},
        {STEP_POLL, poll_by_serial, "getCertificate", "{}", "01ab00cd"},
        {STEP_REVOKED, NULL, "getCertificate", "{}", "01ab00cd"},
        {STEP_REVOKE, NULL, "revoke", "{\"remarks\":\"replaced\",\"revokeMode\":4}", "01ab00cd"},
        {STEP_REVOKE, by_certificate, "revoke", "{\"remarks\":\"replaced\",\"revokeMode\":4}",
         "01ab00cd"},
        {STEP_REVOKE, hold, "suspend", "{\"remarks\":\"replaced\",\"revokeMode\":6}", "01ab00cd"},
        {STEP_REVOKE, no_reason, "revoke",
         "{\"remarks\":\"revoked by certbatch\",\"revokeMode\":0}", "01ab00cd"},
        {STEP_PRODUCTS, NULL, "getCertificateProfileList", "{}", "batch-api"},
        {STEP_PROBE, NULL, "getProfileInfoByProfileName", "{\"profileName\":\"TLS Server\"}",
         "TLS Server"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        struct err err = ERR_INIT;
        bench_begin(&b, REST_CONFIG);
        struct ca_call call = bench_call(&b, rows[i].step);
        if (rows[i].change) {
            rows[i].change(&b, &call);
        }
        bench_must_ask(&b, &call);
        assert_string_equal(b.request.method, "POST");
        assert_string_equal(b.request.content_type, "application/json");
        assert_string_equal(b.request.url,
                            arena_printf(&b.f.arena,
                                         "https://emca.corp.example/emCAServices/rest/%s",
                                         rows[i].method));
        assert_string_equal(bench_header(&b, "emKey"), EM_KEY);
        const char *id = bench_header(&b, "X-Request-ID");
        assert_true(step_changes_state(rows[i].step) ? str_eq(id, OUR_KEY) : id == NULL);
        json_t *inner = inner_of(&b, AES_ECB);
        assert_string_equal(json_get_str(inner, "userName"), "batch-api");
        assert_string_equal(json_get_str(inner, "password"), PASSWORD);
        const char *content = signed_text(&b, json_get_str(inner, "signature"), b.signer_cert);
        const char *csr = bench_base64(&b, b.order.csr);
        assert_string_equal(content, rows[i].content ? rows[i].content : csr);
        json_object_del(inner, "userName");
        json_object_del(inner, "password");
        json_object_del(inner, "signature");
        json_t *want = json_parse("want", rows[i].members, strlen(rows[i].members), &err);
        if (!json_equal(inner, want)) {
            fail_msg("row %zu: %s", i, json_dumps(inner, JSON_INDENT(1)));
        }
        json_decref(want);
        json_decref(inner);
        assert_null(strstr(buf_text(&b.request.body), PASSWORD));
        bench_end(&b);
    }
}

/* Another key than the registered one does not pass: the test above can fail. */
static void signed_by_that_key(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, REST_CONFIG);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    bench_must_ask(&b, &call);
    json_t *inner = inner_of(&b, AES_ECB);
    const struct span other = make_cert(&b, "batch-api", &b.key, NULL, NULL);
    assert_null(signed_text(&b, json_get_str(inner, "signature"), other));
    json_decref(inner);
    bench_end(&b);
}

/* --- settings that stand for what is not documented --- */
static void modes(void **state UNUSED)
{
    static const struct {
        const char *word;
        enum aes_mode mode;
    } rows[] = {{"ecb", AES_ECB},
                {"cbc-zero-iv", AES_CBC_ZERO_IV},
                {"cbc-prefixed-iv", AES_CBC_PREFIXED_IV}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        bench_files(&b);
        struct err err = ERR_INIT;
        assert_true(bench_open(
            &b, arena_printf(&b.f.arena, REST_CONFIG "    aes_mode: %s\n", rows[i].word), &err));
        const struct ca_call call = bench_call(&b, STEP_PRODUCTS);
        bench_must_ask(&b, &call);
        json_decref(inner_of(&b, rows[i].mode));
        bench_end(&b);
    }
}

static void payloads(void **state UNUSED)
{
    static const char *const words[] = {"csr-base64", "csr-pem", "csr-der"};
    for (size_t i = 0; i < NITEMS(words); i++) {
        struct bench b;
        struct err err = ERR_INIT;
        CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
        bench_files(&b);
        assert_true(bench_open(
            &b, arena_printf(&b.f.arena, REST_CONFIG "    cms_payload: %s\n", words[i]), &err));
        const struct ca_call call = bench_call(&b, STEP_ORDER);
        bench_must_ask(&b, &call);
        json_t *inner = inner_of(&b, AES_ECB);
        const char *content = signed_text(&b, json_get_str(inner, "signature"), b.signer_cert);
        pem_write(&pem, "CERTIFICATE REQUEST", b.order.csr);
        if (i == 2) {
            assert_memory_equal(content, b.order.csr.p, b.order.csr.n);
        } else {
            assert_string_equal(content, i ? buf_text(&pem) : bench_base64(&b, b.order.csr));
        }
        json_decref(inner);
        bench_end(&b);
    }
}

static void serials(void **state UNUSED)
{
    static const struct {
        const char *hex;
        int format;
        const char *text;
    } rows[] = {
        {"01AB00CD", EMCA_SERIAL_HEX, "01ab00cd"},
        {"01:ab:00:cd", EMCA_SERIAL_HEX_UPPER, "01AB00CD"},
        {"01AB00CD", EMCA_SERIAL_DECIMAL, "27984077"},
        {"00", EMCA_SERIAL_DECIMAL, "0"},
        {"0A", EMCA_SERIAL_DECIMAL, "10"},
        {"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", EMCA_SERIAL_DECIMAL,
         "1461501637330902918203684832716283019655932542975"},
    };
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        assert_string_equal(emca_serial_text(&a, rows[i].hex, rows[i].format), rows[i].text);
    }
    arena_release(&a);
}

static void without_chain(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, REST_CONFIG "    chain: false\n");
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    bench_must_ask(&b, &call);
    assert_non_null(strstr(b.request.url, "/rest/createCertificate"));
    assert_null(strstr(b.request.url, "P7B"));
    bench_end(&b);
}

/* --- what is not sent --- */
static void no_order_number(struct bench *b, struct ca_call *call UNUSED)
{
    b->revoke.serial = NULL;
    b->revoke.order = "batch" OUR_KEY;
}

static void ends_hold(struct bench *b, struct ca_call *call UNUSED)
{
    b->revoke.reason = REASON_REMOVE_FROM_CRL;
}

static void no_csr(struct bench *b, struct ca_call *call UNUSED)
{
    b->order.csr = (struct span){0};
}

static void no_key(struct bench *b UNUSED, struct ca_call *call)
{
    call->client_key = NULL;
}

static void no_nonce(struct bench *b UNUSED, struct ca_call *call)
{
    call->nonce = NULL;
}

static void not_sent(void **state UNUSED)
{
    static const struct {
        enum ca_step step;
        void (*change)(struct bench *b, struct ca_call *call);
        const char *why;
    } rows[] = {
        {STEP_REVOKE, no_order_number, "by serial number"},
        {STEP_REVOKED, no_order_number, "by serial number"},
        {STEP_REVOKE, ends_hold, "ends a hold"},
        {STEP_ORDER, no_csr, "there is none"},
        {STEP_ORDER, no_key, "without a key of ours"},
        {STEP_ORDER, no_nonce, "no nonce"},
        {STEP_CANCEL, NULL, "no such step"},
        {STEP_FIND, NULL, "no such step"},
        {STEP_INVENTORY, NULL, "no such step"},
        {STEP_TOKEN, NULL, "no such step"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        bench_begin(&b, REST_CONFIG);
        struct ca_call call = bench_call(&b, rows[i].step);
        if (rows[i].change) {
            rows[i].change(&b, &call);
        }
        const char *said = bench_refused(&b, &call);
        if (!strstr(said, rows[i].why)) {
            fail_msg("row %zu: %s", i, said);
        }
        bench_end(&b);
    }
}

/* --- opening --- */
static void opening(void **state UNUSED)
{
    static const struct {
        const char *line, *instead, *why;
    } rows[] = {
        {"    username:", "", "username is missing"},
        {"    password:", "", "password is missing"},
        {"    em_key:", "", "em_key is missing"},
        {"    aes_key:", "", "aes_key is missing"},
        {"    aes_key:", "    aes_key: {file: p12}\n", "no key for AES-256"},
        {"    upload_file:", "", "upload_file is missing"},
        {"    upload_file:", "    upload_file: {file: emca.p12, password: {file: emkey}}\n",
         "upload_file"},
        {"    upload_file:", "    upload_file: {file: none.p12}\n", "upload_file"},
        {"    upload_file:",
         "    upload_file: {file: emca.p12, password: {file: p12}}\n    issuing_ca_file: "
         "none.pem\n",
         "issuing_ca_file"},
        {"    upload_file:",
         "    upload_file: {file: emca.p12, password: {file: p12}}\n    issuing_ca_file: p12\n",
         "issuing_ca_file"},
        {"    base_url:", "", "base_url is missing"},
        {"    version:", "    version: V4.2.3\n", "its version does not tell"},
        {"    version:", "", "neither version nor dialect"},
        {"    version:", "    dialect: est\n", NULL},
        {"    version:", "    version: V4.2.4+\n", "client_id is missing"},
        {"    version:", "    dialect: rest-4.0.17\n", NULL},
        {"    version:", "    version: 4.0.17\n", NULL},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        bench_files(&b);
        const char *rest = bench_without(&b, REST_CONFIG, rows[i].line);
        bench_opens(&b, arena_printf(&b.f.arena, "%s%s", rest, rows[i].instead), rows[i].why);
        bench_end(&b);
    }
}

/* People copy the address of the service, or of one of its calls' parents. */
static void addresses(void **state UNUSED)
{
    static const char *const urls[] = {"https://emca.corp.example", "https://emca.corp.example/",
                                       "https://emca.corp.example/emCAServices",
                                       "https://emca.corp.example/emCAServices/rest",
                                       "https://emca.corp.example/emCAServices/rest/"};
    for (size_t i = 0; i < NITEMS(urls); i++) {
        struct bench b;
        bench_files(&b);
        const char *rest = bench_without(&b, REST_CONFIG, "    base_url:");
        bench_opens(&b, arena_printf(&b.f.arena, "%s    base_url: %s\n", rest, urls[i]), NULL);
        const struct ca_call call = bench_call(&b, STEP_PRODUCTS);
        bench_must_ask(&b, &call);
        assert_string_equal(
            b.request.url, "https://emca.corp.example/emCAServices/rest/getCertificateProfileList");
        assert_string_equal(b.ca.issuer_name, "Corp Issuing CA G2");
        assert_true(ca_caps(&b.ca) & CA_KEYED);
        assert_true(emca_ops.authorized(&b.ca, NOW));
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),  cmocka_unit_test(signed_by_that_key),
        cmocka_unit_test(modes),     cmocka_unit_test(payloads),
        cmocka_unit_test(serials),   cmocka_unit_test(without_chain),
        cmocka_unit_test(not_sent),  cmocka_unit_test(opening),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
