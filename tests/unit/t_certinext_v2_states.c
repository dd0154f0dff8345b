/* SPDX-License-Identifier: Apache-2.0
 *
 * What the CERTInext connector makes of the state of an order at V2: every word, what an order
 * still waits for, names to be validated, certificates, and bodies that are none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/certinext_chain.h"
#include "tests/unit/certinext_v2_fixture.h"

/* --- POLL --- */
enum verdict { PENDING, FETCH, REFUSED, HAND_IN };

static void every_state(void **state UNUSED)
{
    static const struct {
        const char *status, *rest;
        enum verdict verdict;
        bool revoked;
    } rows[] = {
        {"pending-dcv", "", PENDING, false},
        {"pending-organization-verification", "", PENDING, false},
        {"pending-organization-verification", ",\"interimDvIssued\":true", PENDING, false},
        {"pending-csr", "", HAND_IN, false},
        {"pending-csr", ",\"csrSubmitted\":false", HAND_IN, false},
        {"pending-csr", ",\"csrSubmitted\":true", PENDING, false},
        {"pending-documents", "", PENDING, false},
        {"pending-agreement", "", PENDING, false},
        {"pending-agreement", ",\"subscriberAgreement\":{\"signed\":true}", PENDING, false},
        {"pending-agreement", ",\"subscriberAgreement\":{\"signed\":false}", HAND_IN, false},
        {"pending-approval", "", PENDING, false},
        {"pending-something-new", "", PENDING, false},
        {"unknown", "", PENDING, false},
        {"issued", "", FETCH, false},
        {"ISSUED", "", FETCH, false},
        {"issued", ",\"certificateState\":\"Approved by System\"", FETCH, false},
        {"issued", ",\"revocation\":{\"status\":\"Certificate Revoked\"}", REFUSED, true},
        {"issued", ",\"revocation\":{\"status\":\"Revocation Initiated\"}", FETCH, false},
        {"expired", "", FETCH, false},
        {"revoked", "", REFUSED, true},
        {"cancelled", "", REFUSED, false},
        {"rejected", "", REFUSED, false},
    };
    struct bench b;
    v2_begin(&b, v2_config);
    const struct ca_call call = bench_call(&b, STEP_POLL);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r =
            bench_hear(&b, &call, 200,
                       arena_printf(&b.f.arena, "{\"orderId\":\"6612345678\",\"status\":\"%s\"%s}",
                                    rows[i].status, rows[i].rest));
        const enum verdict got = r->outcome == OUTCOME_REFUSED                        ? REFUSED
                                 : r->phase == POLL_FETCH                             ? FETCH
                                 : r->phase == POLL_CSR || r->phase == POLL_AGREEMENT ? HAND_IN
                                                                                      : PENDING;
        if (got != rows[i].verdict || r->revoked != rows[i].revoked || r->issued ||
            r->pending != (got == PENDING || got == HAND_IN)) {
            fail_msg("%s%s: %d", rows[i].status, rows[i].rest, (int)got);
        }
        assert_non_null(r->message);
        assert_int_equal(r->again_seconds, r->pending ? 10 : -1);
    }
    static const char *const none[] = {"{}", "{\"status\":null}", "{\"status\":\"\"}",
                                       "{\"status\":[]}", "{\"detail\":\"x\"}"};
    for (size_t i = 0; i < NITEMS(none); i++) {
        same(bench_hear(&b, &call, 200, none[i]), OUTCOME_UNKNOWN, none[i]);
    }
    same(bench_hear(&b, &call, 204, ""), OUTCOME_UNKNOWN, "204");
    bench_end(&b);
}

/* Nothing is signed in the name of somebody who did not want it, nothing is sent that is not
 * there. */
static void parts_that_are_missing(void **state UNUSED)
{
    static const char unsigned_[] = "{\"status\":\"pending-agreement\",\"subscriberAgreement\":{"
                                    "\"signed\":false}}";
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_POLL);
    assert_int_equal(bench_hear(&b, &call, 200, unsigned_)->phase, POLL_AGREEMENT);
    b.order.extra = v2_fields(&b, "accept_agreement: false\n");
    assert_int_equal(bench_hear(&b, &call, 200, unsigned_)->phase, 0);
    const struct span csr = b.order.csr;
    b.order.csr.n = 0;
    /* a POLL need not have it: it is asked for, and nothing is sent without it */
    const struct ca_result *wants = bench_hear(&b, &call, 200, "{\"status\":\"pending-csr\"}");
    assert_true(wants->phase == POLL_CSR && wants->wants_csr && wants->pending);
    call.phase = POLL_CSR;
    assert_non_null(strstr(bench_refused(&b, &call), "a CSR"));
    b.order.csr = csr;
    assert_false(bench_hear(&b, &call, 204, "")->wants_csr);
    call.phase = POLL_TRACK;
    assert_false(bench_hear(&b, &call, 200, unsigned_)->wants_csr);
    static const unsigned phases[] = {POLL_CSR, POLL_AGREEMENT};
    for (size_t i = 0; i < NITEMS(phases); i++) {
        call.phase = phases[i];
        const struct ca_result *r = bench_hear(&b, &call, 204, "");
        same(r, OUTCOME_ACCEPTED, "handed in");
        assert_true(r->pending && !r->phase && r->again_seconds == 5);
        same(bench_hear(&b, &call, 200, "<html>"), OUTCOME_UNKNOWN, "html");
        same(v2_problem(&b, &call, 422, "EMS-1099: x"), OUTCOME_UNKNOWN, "not wanted");
    }
    same(v2_problem(&b, &call, 422, "EMS-1082: Agreement already signed"), OUTCOME_ACCEPTED,
         "signed already");
    bench_end(&b);
}

#define VERIFICATION(list)                                                                         \
    "{\"status\":\"pending-dcv\",\"orderState\":\"Order Accepted\",\"certificateState\":"          \
    "\"Pending for Approver\",\"verifications\":{\"domain\":{\"status\":\"VERIFIED\","             \
    "\"domains\":" list "}}}"

static void open_validation(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    const struct ca_call call = bench_call(&b, STEP_POLL);
    const struct ca_result *r = bench_hear(
        &b, &call, 200,
        VERIFICATION("[{\"domain\":\"a.example.com\",\"dcvStatus\":\"PENDING\"},{\"domain\":"
                     "\"b.example.com\",\"dcvStatus\":\"VERIFIED\"},{\"domain\":"
                     "\"c.example.com\",\"dcvStatus\":\"rejected\"},{\"domain\":"
                     "\"d.example.com\"},{\"dcvStatus\":\"PENDING\"},7,null]"));
    same(r, OUTCOME_ACCEPTED, "open");
    assert_true(r->pending);
    assert_string_equal(r->message,
                        "Order Accepted, Pending for Approver; domain control validation is open "
                        "for a.example.com, c.example.com, d.example.com (dcv is not enabled)");
    static const struct {
        const char *name;
        int state;
    } domains[] = {{"a.example.com", DOMAIN_OPEN},
                   {"b.example.com", DOMAIN_VALIDATED},
                   {"c.example.com", DOMAIN_REJECTED},
                   {"d.example.com", DOMAIN_OPEN}};
    assert_int_equal(r->ndomains, NITEMS(domains));
    for (size_t i = 0; i < NITEMS(domains); i++) {
        assert_string_equal(r->domains[i].name, domains[i].name);
        assert_int_equal(r->domains[i].state, domains[i].state);
    }
    static const char *const odd[] = {VERIFICATION("null"), VERIFICATION("{}"), VERIFICATION("[]"),
                                      VERIFICATION("\"x\"")};
    for (size_t i = 0; i < NITEMS(odd); i++) {
        r = bench_hear(&b, &call, 200, odd[i]);
        assert_true(r->pending && !r->ndomains);
        assert_string_equal(r->message, "Order Accepted, Pending for Approver");
    }
    CLEANUP(buf_release) struct buf many = BUF_INIT(1 << 20);
    for (unsigned i = 0; i < 500; i++) {
        buf_printf(&many, "%s{\"domain\":\"n%u.example.com\"}", i ? "," : "", i);
    }
    r = bench_hear(&b, &call, 200, arena_printf(&b.f.arena, VERIFICATION("[%s]"), buf_text(&many)));
    assert_int_equal(r->ndomains, 500);
    assert_non_null(strstr(r->message, " and 490 more"));
    bench_end(&b);
}

static void certificates(void **state UNUSED)
{
    static const struct { /* indexes of certificates; 'x' is garbage */
        const char *leaf, *chain, *want;
    } rows[] = {
        {"0", "12", "012"}, {"0", "21", "012"}, {"0", "", "0"},   {"0", "1", "01"},
        {"012", "", "012"}, {"210", "", "012"}, {"0", "x2", "0"}, {"2", "01", "012"},
        {"3", "12", "312"}, {"0", "13", "01"},  {"", "12", NULL}, {"x", "12", "bad"},
    };
    struct bench b;
    struct bench_chain c;
    v2_begin(&b, v2_config);
    bench_chain_make(&b, &c);
    struct ca_call call = bench_call(&b, STEP_POLL);
    call.phase = POLL_FETCH;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        CLEANUP(buf_release) struct buf body = BUF_INIT(1 << 20);
        buf_puts(&body, "{\"orderId\":\"66\",\"serialNumber\":\"11020\",\"certificatePem\":\"");
        for (const char *p = rows[i].leaf; *p; p++) {
            buf_puts(&body, *p == 'x' ? "garbage"
                                      : bench_pem(&b, "CERTIFICATE", buf_span(&c.der[*p - '0'])));
        }
        buf_puts(&body, "\",\"chainPem\":[");
        for (const char *p = rows[i].chain; *p; p++) {
            buf_printf(&body, "%s\"%s\"", p == rows[i].chain ? "" : ",",
                       *p == 'x' ? "garbage"
                                 : bench_pem(&b, "CERTIFICATE", buf_span(&c.der[*p - '0'])));
        }
        buf_puts(&body, "]}");
        const struct ca_result *r = bench_hear(&b, &call, 200, buf_text(&body));
        if (!rows[i].want || str_eq(rows[i].want, "bad")) {
            same(r, rows[i].want ? OUTCOME_UNKNOWN : OUTCOME_ACCEPTED, rows[i].leaf);
            assert_true(r->pending == !rows[i].want && !r->issued);
            continue;
        }
        same(r, OUTCOME_ACCEPTED, rows[i].leaf);
        assert_true(r->issued && !r->pending);
        assert_int_equal(r->ncerts, strlen(rows[i].want));
        for (size_t k = 0; k < r->ncerts; k++) {
            const struct buf *want = &c.der[rows[i].want[k] - '0'];
            assert_int_equal(r->certs[k].n, want->n);
            assert_memory_equal(r->certs[k].p, want->p, want->n);
        }
    }
    /* a chain that is one text */
    const struct ca_result *r =
        bench_hear(&b, &call, 200,
                   arena_printf(&b.f.arena, "{\"certificatePem\":\"%s\",\"chainPem\":\"%s\"}",
                                bench_pem(&b, "CERTIFICATE", buf_span(&c.der[0])),
                                bench_pem(&b, "CERTIFICATE", buf_span(&c.der[1]))));
    assert_int_equal(r->ncerts, 2);
    /* the old certificate of an order that is issued again is not the answer */
    b.order.action = "reissue";
    b.order.prior_order = "6612345678";
    r = bench_hear(&b, &call, 200,
                   arena_printf(&b.f.arena, "{\"certificatePem\":\"%s\"}",
                                bench_pem(&b, "CERTIFICATE", buf_span(&c.der[3]))));
    same(r, OUTCOME_ACCEPTED, "old");
    assert_true(r->pending && !r->issued);
    r = bench_hear(&b, &call, 200,
                   arena_printf(&b.f.arena, "{\"certificatePem\":\"%s\"}",
                                bench_pem(&b, "CERTIFICATE", buf_span(&c.der[0]))));
    assert_true(r->issued);
    for (size_t i = 0; i < NITEMS(c.der); i++) {
        buf_release(&c.der[i]);
    }
    bench_end(&b);
}

/* Approved, but not there yet. */
static void no_certificate_yet(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_POLL);
    call.phase = POLL_FETCH;
    static const char *const words[] = {"Certificate Request still being processed",
                                        "EMS-956: Invalid Request for this API", "not now", ""};
    for (size_t i = 0; i < NITEMS(words); i++) {
        const struct ca_result *r = v2_problem(&b, &call, 422, words[i]);
        same(r, OUTCOME_ACCEPTED, words[i]);
        assert_true(r->pending && !r->issued && r->again_seconds == 10);
    }
    assert_true(bench_hear(&b, &call, 200, "{\"certificatePem\":null}")->pending);
    assert_true(bench_hear(&b, &call, 204, "")->pending);
    assert_true(bench_hear(&b, &call, 422, "")->pending);
    /* anything else says nothing about the order */
    same(v2_problem(&b, &call, 406, "Unsupported Accept"), OUTCOME_UNKNOWN, "406");
    same(v2_problem(&b, &call, 404, "EMS-943: Order not found"), OUTCOME_UNKNOWN, "404");
    same(v2_problem(&b, &call, 422, "EMS-939: Something went Wrong"), OUTCOME_UNKNOWN, "939");
    same(v2_problem(&b, &call, 422, "EMS-1140: x"), OUTCOME_AUTH, "1140");
    /* elsewhere a 422 is what it says */
    call = bench_call(&b, STEP_REVOKE);
    same(v2_problem(&b, &call, 422, "not now"), OUTCOME_REFUSED, "revoke");
    bench_end(&b);
}

/* --- what is no reply of this API --- */
static void odd_bodies(void **state UNUSED)
{
    static const char *const bodies[] = {
        "",
        "null",
        "[]",
        "7",
        "{",
        "text",
        "{\"a\":1}tail",
        "\xff\xfe{}",
        "{\"a\":1,\"a\":2}",
        "{\"x\":\"\\u0000\"}",
    };
    static const enum ca_step steps[] = {STEP_ORDER,  STEP_POLL,      STEP_FIND,     STEP_REVOKED,
                                         STEP_REVOKE, STEP_CANCEL,    STEP_PRODUCTS, STEP_INVENTORY,
                                         STEP_PROBE,  STEP_CHALLENGE, STEP_VALIDATE};
    enum { MANY = 5 << 20, DEEP = 100000 };
    struct bench b;
    v2_begin(&b, v2_config);
    for (size_t s = 0; s < NITEMS(steps); s++) {
        const struct ca_call call = bench_call(&b, steps[s]);
        for (size_t i = 0; i < NITEMS(bodies); i++) {
            const struct ca_result *r = bench_hear(&b, &call, 200, bodies[i]);
            same(r, OUTCOME_UNKNOWN, bodies[i]);
            assert_true(!r->order_id && !r->pending && !r->revoked && !r->issued && r->message);
            if (bodies[i][0]) { /* "no content" has none */
                same(bench_hear(&b, &call, 204, bodies[i]), OUTCOME_UNKNOWN, bodies[i]);
            }
        }
    }
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    char *text = xmalloc(MANY);
    for (size_t i = 0; i < MANY; i++) {
        text[i] = (char)(i * 2654435761u >> 13);
    }
    same(bench_bytes(&b, &call, 201, text, MANY), OUTCOME_UNKNOWN, "noise");
    memset(text, '[', MANY);
    same(bench_bytes(&b, &call, 422, text, DEEP), OUTCOME_REFUSED, "deep");
    free(text);
    const struct ca_reply reply = {.transport = OUTCOME_NOT_SENT,
                                   .transport_message = "refused by nobody"};
    b.result = (struct ca_result){.arena = &b.f.arena};
    certinext_ops.answer(&b.ca, &call, &reply, &b.result);
    same(&b.result, OUTCOME_NOT_SENT, "no reply");
    assert_string_equal(b.result.message, "refused by nobody");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state),        cmocka_unit_test(parts_that_are_missing),
        cmocka_unit_test(open_validation),    cmocka_unit_test(certificates),
        cmocka_unit_test(no_certificate_yet), cmocka_unit_test(odd_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
