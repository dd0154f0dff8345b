/* SPDX-License-Identifier: Apache-2.0
 *
 * emCA V4.0.17, what its answers mean: row by row, odd ones too.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/emca_fixture.h"

#include "formats/pkcs7.h"

/* --- words --- */
#define FAILURE(text)                                                                              \
    "{\"status\":\"failure\",\"result\":\"" text "\",\"subscriberId\":\"1207\",\"requestId\":"     \
    "null}"
#define WAITS                                                                                      \
    "{\"status\":\"Success\",\"result\":\"Submitted for "                                          \
    "authorization\",\"requestId\":\"4711\"}"

static void rows_of_answers(void **state UNUSED)
{
    static const struct answer_row rows[] = {
        /* orders: only emCA's own word refuses, and not when it kept something */
        {STEP_ORDER, 200, WAITS, OUTCOME_ACCEPTED, PENDING | NUMBERED},
        {STEP_ORDER, 200, FAILURE("Invalid Certificate Profile name"), OUTCOME_REFUSED, 0},
        {STEP_ORDER, 400, FAILURE("Invalid Certificate Profile name"), OUTCOME_REFUSED, 0},
        {STEP_ORDER, 200, "{\"status\":\"failure\",\"result\":\"x\",\"requestId\":\"9\"}",
         OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 200, FAILURE("applicationId is already used"), OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 200, "{\"status\":\"success\",\"result\":\"c29tZXRoaW5n\"}", OUTCOME_UNKNOWN,
         0},
        {STEP_ORDER, 200, "{\"status\":\"success\",\"result\":null,\"requestId\":null}",
         OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 200, "{\"status\":\"perhaps\"}", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 200, "{}", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 200, "[]", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 200, "", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 200, "<html>", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 404, "<html>", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 400, "{\"error\":\"x\"}", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 500, FAILURE("x"), OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 307, "", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 429, "", OUTCOME_THROTTLED, 0},
        {STEP_ORDER, 429, FAILURE("slowly"), OUTCOME_THROTTLED, 0},
        {STEP_ORDER, 401, "", OUTCOME_AUTH, 0},
        {STEP_ORDER, 403, FAILURE("not you"), OUTCOME_AUTH, 0},
        /* what is about us, in the order of emCA's checks */
        {STEP_ORDER, 200, FAILURE("Unable to decrypt the request data"), OUTCOME_AUTH, 0},
        {STEP_ORDER, 200, FAILURE("Invalid emKey"), OUTCOME_AUTH, 0},
        {STEP_ORDER, 200, FAILURE("Invalid user name or password"), OUTCOME_AUTH, 0},
        {STEP_ORDER, 200, FAILURE("IP Address is not registered"), OUTCOME_AUTH, 0},
        {STEP_ORDER, 200, FAILURE("SIGNATURE VERIFICATION FAILED"), OUTCOME_AUTH, 0},
        /* reads: a failure says nothing about the order */
        {STEP_POLL, 200, WAITS, OUTCOME_ACCEPTED, PENDING},
        {STEP_POLL, 200, FAILURE("something"), OUTCOME_UNKNOWN, 0},
        {STEP_POLL, 200, FAILURE("The request was rejected"), OUTCOME_REFUSED, 0},
        {STEP_POLL, 404, "", OUTCOME_UNKNOWN, 0},
        {STEP_REVOKED, 200, "{\"status\":\"success\",\"result\":\"\"}", OUTCOME_ACCEPTED, 0},
        {STEP_REVOKED, 200, FAILURE("Certificate not found"), OUTCOME_UNKNOWN, 0},
        {STEP_REVOKED, 200, FAILURE("Certificate is already revoked"), OUTCOME_ACCEPTED, REVOKED},
        {STEP_REVOKE, 200, "{\"status\":\"success\",\"result\":\"done\"}", OUTCOME_ACCEPTED, 0},
        {STEP_REVOKE, 200, FAILURE("Certificate not found"), OUTCOME_REFUSED, 0},
        {STEP_REVOKE, 200, FAILURE("Certificate is Already Revoked"), OUTCOME_ACCEPTED, REVOKED},
        {STEP_REVOKE, 200, "", OUTCOME_UNKNOWN, 0},
        {STEP_PROBE, 200, "{\"status\":\"success\",\"result\":{}}", OUTCOME_ACCEPTED, 0},
        {STEP_PROBE, 200, FAILURE("Invalid Certificate Profile name"), OUTCOME_REFUSED, 0},
        {STEP_PRODUCTS, 200, "{\"status\":\"success\",\"result\":7}", OUTCOME_UNKNOWN, 0},
    };
    struct bench b;
    bench_begin(&b, REST_CONFIG);
    bench_answers(&b, rows, NITEMS(rows));
    bench_end(&b);
}

static void pending_words(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, REST_CONFIG);
    struct ca_call call = bench_call(&b, STEP_ORDER);
    const struct ca_result *r = bench_hear(&b, &call, 200, WAITS);
    assert_string_equal(r->order_id, "batch" OUR_KEY);
    assert_non_null(strstr(r->message, "request 4711 waits for manual authorization"));
    assert_int_equal(r->again_seconds, 2);
    call = bench_call(&b, STEP_POLL);
    call.looks = 3;
    r = bench_hear(&b, &call, 200, WAITS);
    assert_int_equal(r->again_seconds, 16);
    assert_false(r->enough);
    call.looks = 5;
    assert_true(bench_hear(&b, &call, 200, WAITS)->enough);
    bench_end(&b);
}

/* --- certificates --- */
static void issued(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    struct cert by;
    CLEANUP(buf_release) struct buf bag = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf pem = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf wrapped = BUF_INIT(1 << 20);
    bench_begin(&b, REST_CONFIG);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    const struct span root = make_cert(&b, "Corp Issuing CA G2", &b.signer, NULL, NULL);
    assert_true(cert_parse(&b.f.arena, root, &by, &err));
    const struct span leaf = make_cert(&b, "www.example.com", &b.key, &b.signer, &by);
    const struct span both[] = {root, leaf}; /* in the wrong order */
    assert_true(pkcs7_write(both, 2, &bag, &err));
    base64_encode(&wrapped, leaf.p, leaf.n, 64);
    for (const char *p = buf_text(&wrapped); *p; p++) {
        buf_puts(&pem, *p == '\n' ? "\\r\\n" : (char[]){*p, '\0'});
    }
    const char *const results[] = {bench_base64(&b, leaf), bench_base64(&b, buf_span(&bag)),
                                   buf_text(&pem)};
    for (size_t i = 0; i < NITEMS(results); i++) {
        const struct ca_result *r =
            bench_hear(&b, &call, 200,
                       arena_printf(&b.f.arena,
                                    "{\"status\":\"success\",\"result\":\"%s\",\"requestId\":null}",
                                    results[i]));
        bench_issued(r, leaf, i == 1 ? 2 : 1);
        assert_string_equal(r->order_id, "batch" OUR_KEY);
    }
    bench_end(&b);
}

static void pem_result(void **state UNUSED)
{
    struct bench b;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    bench_begin(&b, REST_CONFIG);
    const struct ca_call call = bench_call(&b, STEP_POLL);
    const struct span leaf = make_cert(&b, "www.example.com", &b.key, NULL, NULL);
    cert_pem(&pem, leaf);
    for (const char *p = buf_text(&pem); *p; p++) {
        buf_puts(&text, *p == '\n' ? "\\n" : (char[]){*p, '\0'});
    }
    bench_issued(bench_hear(&b, &call, 200,
                            arena_printf(&b.f.arena, "{\"status\":\"SUCCESS\",\"result\":\"%s\"}",
                                         buf_text(&text))),
                 leaf, 1);
    bench_end(&b);
}

/* --- the state of a certificate --- */
#define CRL_CONFIG                                                                                 \
    REST_CONFIG "    crl_url: https://emca.corp.example/crl/g2.crl\n"                              \
                "    issuing_ca_file: issuing.pem\n"

static const struct ca_result *hear_crl(struct bench *b, const char *issuer, int reason, int wanted)
{
    struct err err = ERR_INIT;
    struct cert by;
    CLEANUP(buf_release) struct buf der = BUF_INIT(1 << 20);
    const struct span root = make_cert(b, issuer, &b->signer, NULL, NULL);
    const struct crl_entry entries[] = {{"77", NOW - 5, REASON_NONE, TIME_NONE},
                                        {"01AB00CD", NOW - 5, reason, TIME_NONE}};
    const size_t n = reason == -2 ? 1 : 2;
    assert_true(cert_parse(&b->f.arena, root, &by, &err));
    assert_true(crl_build(&b->signer, &by, 1, NOW - 60, NOW + 60, entries, n, &der, &err));
    b->revoke.reason = wanted;
    struct ca_call call = bench_call(b, STEP_REVOKED);
    call.phase = 1;
    return bench_hear_bytes(b, &call, 200, buf_span(&der));
}

/* The right name, and a key that is not the CA's: whoever stands at crl_url may say anything. */
static void crl_of_a_stranger(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    bench_begin(&b, CRL_CONFIG);
    key_release(&b.signer);
    assert_true(key_generate(KEY_EC_P256, &b.signer, &err));
    const struct ca_result *r =
        hear_crl(&b, "Corp Issuing CA G2", REASON_KEY_COMPROMISE, REASON_SUPERSEDED);
    assert_int_equal(r->outcome, OUTCOME_UNKNOWN);
    assert_false(r->revoked);
    assert_non_null(strstr(r->message, "the CRL of the CA cannot be used"));
    bench_end(&b);
}

/* A file may have several CAs, and one CA several keys; the CRL must be that of issuing_ca. */
static void crl_of_several(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    struct key old = KEY_INIT;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    bench_files(&b);
    assert_true(key_generate(KEY_EC_P256, &old, &err));
    cert_pem(&pem, make_cert(&b, "Corp Issuing CA G2", &old, NULL, NULL));
    cert_pem(&pem, make_cert(&b, "Another CA", &b.signer, NULL, NULL));
    cert_pem(&pem, make_cert(&b, "Corp Issuing CA G2", &b.signer, NULL, NULL));
    fixture_file(&b.f, "issuing.pem", buf_span(&pem));
    assert_true(bench_open(&b, CRL_CONFIG, &err));
    const struct ca_result *r = hear_crl(&b, "Corp Issuing CA G2", REASON_NONE, REASON_SUPERSEDED);
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_true(r->revoked);
    r = hear_crl(&b, "Another CA", REASON_NONE, REASON_SUPERSEDED);
    assert_int_equal(r->outcome, OUTCOME_UNKNOWN);
    assert_false(r->revoked);
    assert_non_null(strstr(r->message, "is not that of the issuing CA"));
    key_release(&old);
    bench_end(&b);
}

static void crl_tells(void **state UNUSED)
{
    static const struct {
        const char *issuer;
        int reason, wanted; /* reason -2: it is not in it */
        enum outcome outcome;
        bool revoked;
    } rows[] = {
        {"Corp Issuing CA G2", REASON_NONE, REASON_SUPERSEDED, OUTCOME_ACCEPTED, true},
        {"Corp Issuing CA G2", REASON_KEY_COMPROMISE, REASON_SUPERSEDED, OUTCOME_ACCEPTED, true},
        {"Corp Issuing CA G2", -2, REASON_SUPERSEDED, OUTCOME_ACCEPTED, false},
        {"Corp Issuing CA G2", REASON_CERTIFICATE_HOLD, REASON_SUPERSEDED, OUTCOME_ACCEPTED, false},
        {"Corp Issuing CA G2", REASON_CERTIFICATE_HOLD, REASON_CERTIFICATE_HOLD, OUTCOME_ACCEPTED,
         true},
        {"Another CA", REASON_NONE, REASON_SUPERSEDED, OUTCOME_UNKNOWN, false},
    };
    struct bench b;
    bench_begin(&b, CRL_CONFIG);
    struct ca_call call = bench_call(&b, STEP_REVOKED);
    assert_int_equal(bench_hear(&b, &call, 200, "{\"status\":\"success\",\"result\":\"\"}")->phase,
                     1);
    call.phase = 1;
    bench_must_ask(&b, &call);
    assert_string_equal(b.request.method, "GET");
    assert_string_equal(b.request.url, "https://emca.corp.example/crl/g2.crl");
    assert_int_equal(b.request.body.n, 0);
    assert_null(bench_header(&b, "emKey")); /* it is the matter of the API alone */
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = hear_crl(&b, rows[i].issuer, rows[i].reason, rows[i].wanted);
        assert_int_equal(r->outcome, rows[i].outcome);
        assert_int_equal(r->revoked, rows[i].revoked);
    }
    assert_int_equal(bench_hear(&b, &call, 200, "<html>")->outcome, OUTCOME_UNKNOWN);
    assert_int_equal(bench_hear(&b, &call, 404, "")->outcome, OUTCOME_UNKNOWN);
    bench_end(&b);
}

/* --- profiles --- */
static void profiles(void **state UNUSED)
{
    static const struct {
        const char *result;
        const char *codes; /* "code=name ..." */
    } rows[] = {
        {"[\"TLS\",\"Client\"]", "TLS=TLS Client=Client "},
        {"[{\"profileID\":7,\"profileName\":\"TLS\"},{\"x\":1}]", "7=TLS TLS=TLS "},
        {"\"[\\\"TLS\\\"]\"", "TLS=TLS "},
        {"[]", ""},
    };
    struct bench b;
    bench_begin(&b, REST_CONFIG);
    const struct ca_call call = bench_call(&b, STEP_PRODUCTS);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        CLEANUP(buf_release) struct buf got = BUF_INIT(4096);
        const struct ca_result *r = bench_hear(
            &b, &call, 200,
            arena_printf(&b.f.arena, "{\"status\":\"success\",\"result\":%s}", rows[i].result));
        assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
        for (size_t k = 0; k < r->nsold; k++) {
            buf_printf(&got, "%s=%s ", r->sold[k].code, r->sold[k].name);
        }
        assert_string_equal(buf_text(&got), rows[i].codes);
    }
    bench_end(&b);
}

static void transport(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, REST_CONFIG);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    const struct ca_reply reply = {.transport = OUTCOME_NOT_SENT, .body = BUF_INIT(1)};
    struct ca_result r = {.arena = &b.f.arena, .outcome = OUTCOME_UNKNOWN};
    emca_ops.answer(&b.ca, &call, &reply, &r);
    assert_int_equal(r.outcome, OUTCOME_NOT_SENT);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_answers), cmocka_unit_test(pending_words),
        cmocka_unit_test(issued),          cmocka_unit_test(pem_result),
        cmocka_unit_test(crl_tells),       cmocka_unit_test(crl_of_a_stranger),
        cmocka_unit_test(crl_of_several),  cmocka_unit_test(profiles),
        cmocka_unit_test(transport),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
