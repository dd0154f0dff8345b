/* SPDX-License-Identifier: Apache-2.0
 *
 * What follows an order at CERTInext with `api: v2`: searches for a lost one, also through V1 where
 * V2 has no list; revocations; domain control; the list of orders.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/certinext_v2_fixture.h"

/* --- FIND --- */
static const char *our_tag(struct bench *b)
{
    char hex[17];
    hex_encode(b->order.spki_sha256, 8, hex);
    return arena_printf(&b->f.arena, "certbatch-%s", hex);
}

/* A certificate for the key of the order, else for another one. */
static const char *certificate(struct bench *b, bool ours)
{
    struct err err = ERR_INIT;
    static const uint8_t serial[] = {0x2b};
    const struct dn_value dn = {"CN", "www.example.com"};
    const struct x509_names names = {.subject = &dn, .nsubject = 1};
    CLEANUP(buf_release) struct buf subject = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    CLEANUP(key_release) struct key other = KEY_INIT;
    assert_true(key_generate(KEY_EC_P256, &other, &err) && x509_put_dn(&subject, &names, &err));
    const struct key *key = ours ? &b->key : &other;
    const struct issue_parts parts = {.profile = &issue_root,
                                      .serial = {serial, sizeof serial},
                                      .subject = buf_span(&subject),
                                      .spki = buf_span(&key->spki),
                                      .not_before = NOW,
                                      .not_after = NOW + DAY_SECONDS};
    assert_true(issue_certificate(key, NULL, &parts, &der, &err));
    return bench_pem(b, "CERTIFICATE", buf_span(&der));
}

#define STRANGERS                                                                                  \
    "{\"orderNumber\":\"\",\"requestNumber\":\"1\"},"                                              \
    "{\"orderNumber\":\"1\",\"orderStatus\":\"Order Cancelled\"},"                                 \
    "{\"orderNumber\":\"2\",\"certificateStatus\":\"Auto Rejected\"},"                             \
    "{\"orderNumber\":\"3\",\"domainName\":\"other.example\"},"                                    \
    "{\"orderNumber\":\"4\",\"tags\":[\"www\",\"certbatch-0000000000000000\"]},"                   \
    "{\"orderNumber\":\"5;6\"},7,null"

/* Carries a search out against `pages` pages of `rows` orders without tags, of which `ours` has
 * our key; a page beyond the end is the last one again. Returns how many requests it took. */
static unsigned search(struct bench *b, unsigned pages, unsigned rows, unsigned ours)
{
    struct ca_call call = bench_call(b, STEP_FIND);
    unsigned requests = 0;
    unsigned page = 0;
    do {
        struct err err = ERR_INIT;
        const struct ca_result *r;
        assert_true(bench_ask(b, &call, &err));
        requests++;
        assert_true(requests < 100);
        if (call.phase == FIND_KEY) {
            const bool hit = strstr(b->request.url, arena_printf(&b->f.arena, "/%u/", ours));
            r = bench_hear(
                b, &call, 200,
                arena_printf(&b->f.arena, "{\"certificatePem\":\"%s\"}", certificate(b, hit)));
        } else {
            CLEANUP(buf_release) struct buf list = BUF_INIT(1 << 20);
            page++;
            assert_non_null(strstr(b->request.url, arena_printf(&b->f.arena, "page=%u&", page)));
            for (unsigned i = 0; i < rows; i++) {
                buf_printf(&list, ",{\"orderNumber\":\"%u\",\"domainName\":\"WWW.example.com\"}",
                           page * 1000 + i);
            }
            r = bench_hear(b, &call, 200,
                           arena_printf(&b->f.arena,
                                        "{\"page\":%u,\"totalPages\":%u,\"content\":[" STRANGERS
                                        "%s]}",
                                        page, pages, buf_text(&list)));
        }
        same(r, OUTCOME_ACCEPTED, "search");
        assert_true(r->phase == 0 || r->nfound == 0);
        call.phase = r->phase;
        call.page = r->next_page;
    } while (call.phase);
    return requests;
}

static void searches_by_key(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    assert_int_equal(search(&b, 3, 2, 3001), 9); /* 3 pages, 6 candidates */
    assert_int_equal(b.result.nfound, 1);
    assert_string_equal(b.result.found[0].order_id, "3001");
    assert_int_equal(search(&b, 3, 2, 1000), 9);
    assert_string_equal(b.result.found[0].order_id, "1000");
    assert_int_equal(search(&b, 3, 2, 0), 9);
    assert_int_equal(b.result.nfound, 0);
    assert_int_equal(search(&b, 1, 0, 0), 1);
    assert_int_equal(b.result.nfound, 0);
    bench_end(&b);
}

/* The tag of an order holds its key: no certificate is asked for. */
static void searches_by_tag(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_FIND);
    const char *body = arena_printf(
        &b.f.arena,
        "{\"page\":1,\"totalPages\":1,\"content\":[" STRANGERS
        ",{\"orderNumber\":\"4711\",\"domainName\":\"www.example.com\",\"orderStatus\":\"Order "
        "Accepted\",\"tags\":[\"batch\",\"%s\"]},{\"orderNumber\":\"4711\",\"tags\":[\"%s\"]}]}",
        our_tag(&b), our_tag(&b));
    const struct ca_result *r = bench_hear(&b, &call, 200, body);
    same(r, OUTCOME_ACCEPTED, "by tag");
    assert_int_equal(r->phase, 0);
    assert_int_equal(r->nfound, 1); /* once, however often it is listed */
    assert_string_equal(r->found[0].order_id, "4711");
    /* a hit of an earlier page stays one */
    call.phase = FIND_NEXT_REPORT;
    call.page = "2/2;;99";
    r = bench_hear(&b, &call, 200, body);
    assert_int_equal(r->nfound, 2);
    bench_end(&b);
}

static void candidates(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_FIND);
    call.phase = FIND_KEY;
    call.page = "2/2;11,12;9";
    /* without a certificate, or not there any more, it is not known to be ours */
    static const struct {
        int status;
        const char *detail;
    } none[] = {{422, "Certificate Request still being processed"},
                {422, "EMS-956: x"},
                {422, "in whatever words"},
                {404, "EMS-943: Order not found"},
                {404, "not found"}};
    for (size_t i = 0; i < NITEMS(none); i++) {
        const struct ca_result *r = v2_problem(&b, &call, none[i].status, none[i].detail);
        same(r, OUTCOME_ACCEPTED, none[i].detail);
        assert_int_equal(r->phase, FIND_KEY);
        assert_string_equal(r->next_page, "2/2;12;9");
    }
    same(v2_problem(&b, &call, 422, "EMS-939: x"), OUTCOME_UNKNOWN, "a fault");
    call.page = "2/2;12;9";
    const char *ours =
        arena_printf(&b.f.arena, "{\"certificatePem\":\"%s\"}", certificate(&b, true));
    const struct ca_result *r = bench_hear(&b, &call, 200, ours);
    assert_int_equal(r->nfound, 2); /* more than one is for a person to decide */
    call.page = "2/2;9;9";
    assert_int_equal(bench_hear(&b, &call, 200, ours)->nfound, 1);
    static const char *const strangers[] = {"{}", "{\"certificatePem\":\"garbage\"}",
                                            "{\"certificatePem\":null}"};
    for (size_t i = 0; i < NITEMS(strangers); i++) {
        assert_int_equal(bench_hear(&b, &call, 200, strangers[i])->nfound, 1);
    }
    static const char *const cursors[] = {"", "1", "1/2", "x/2;;", "1/x;1;", "1/2;;"};
    for (size_t i = 0; i < NITEMS(cursors); i++) {
        call.page = cursors[i];
        same(bench_hear(&b, &call, 200, ours), OUTCOME_UNKNOWN, cursors[i]);
    }
    bench_end(&b);
}

static void ends_of_lists(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_FIND);
    /* nothing to list is an answer; any other failure is none */
    const struct ca_result *r = v2_problem(&b, &call, 422, "No records found");
    same(r, OUTCOME_ACCEPTED, "none");
    assert_true(r->nfound == 0 && r->phase == 0);
    same(v2_problem(&b, &call, 422, "EMS-1: x"), OUTCOME_UNKNOWN, "refused");
    same(bench_hear(&b, &call, 200, "{}"), OUTCOME_UNKNOWN, "nothing");
    same(bench_hear(&b, &call, 200, "{\"content\":{}}"), OUTCOME_UNKNOWN, "no list");
    same(bench_hear(&b, &call, 200, "{\"content\":[],\"totalPages\":7}"), OUTCOME_ACCEPTED,
         "empty");
    assert_int_equal(b.result.phase, 0);
    assert_int_equal(bench_hear(&b, &call, 200, "{\"content\":[7],\"totalPages\":2}")->phase,
                     FIND_NEXT_REPORT);
    call.phase = FIND_NEXT_REPORT;
    /* a page that says it is an earlier one is the last one again */
    call.page = "3/9;;";
    assert_int_equal(
        bench_hear(&b, &call, 200, "{\"content\":[7],\"page\":2,\"totalPages\":9}")->phase, 0);
    call.page = "100/101;;"; /* a list without end */
    same(bench_hear(&b, &call, 200, "{\"content\":[7],\"totalPages\":102}"), OUTCOME_UNKNOWN,
         "without end");
    bench_end(&b);
}

/* Whether a reissue went through shows in the certificate of its order. */
static void reissues(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    b.order.action = "reissue";
    b.order.prior_order = "6600000001";
    const struct ca_call call = bench_call(&b, STEP_FIND);
    const struct ca_result *r =
        bench_hear(&b, &call, 200,
                   arena_printf(&b.f.arena, "{\"certificatePem\":\"%s\"}", certificate(&b, true)));
    same(r, OUTCOME_ACCEPTED, "ours");
    assert_true(r->nfound == 1 && !r->phase);
    assert_string_equal(r->found[0].order_id, "6600000001");
    r = bench_hear(&b, &call, 200,
                   arena_printf(&b.f.arena, "{\"certificatePem\":\"%s\"}", certificate(&b, false)));
    same(r, OUTCOME_ACCEPTED, "the old one");
    assert_true(r->nfound == 0 && !r->phase);
    r = v2_problem(&b, &call, 422, "Certificate Request still being processed");
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->nfound && !r->phase);
    r = v2_problem(&b, &call, 404, "EMS-943: Order not found");
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->nfound && !r->phase);
    same(bench_hear(&b, &call, 404, ""), OUTCOME_UNKNOWN, "no such order, and no address either");
    same(bench_hear(&b, &call, 501, ""), OUTCOME_UNKNOWN, "501 to a certificate");
    bench_end(&b);
}

/* 501: the list of V1 serves. */
static void no_list(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_FIND);
    const struct ca_result *r = v2_problem(&b, &call, 501, "Not Implemented");
    same(r, OUTCOME_ACCEPTED, "501");
    assert_int_equal(r->phase, FIND_HUB);
    assert_null(r->next_page);
    call.phase = FIND_NEXT_REPORT; /* V1 begins at its first page */
    call.page = "3/4;;";
    r = v2_problem(&b, &call, 501, "");
    assert_int_equal(r->phase, FIND_HUB);
    assert_null(r->next_page);
    call.phase = FIND_HUB;
    call.page = NULL;
    r = bench_ok(&b, &call,
                 "\"orderDetails\":{\"noOfPages\":2,\"ordersArray\":[{\"orderNumber\":\"4711\"}]}");
    same(r, OUTCOME_ACCEPTED, "report");
    assert_int_equal(r->phase, FIND_HUB + FIND_TRACK);
    assert_string_equal(r->next_page, "1/2;4711;");
    call.phase = r->phase;
    call.page = r->next_page;
    r = bench_ok(&b, &call,
                 arena_printf(&b.f.arena, "\"orderDetails\":{\"csr\":\"%s\"}",
                              bench_pem(&b, "CERTIFICATE REQUEST", b.order.csr)));
    assert_int_equal(r->phase, FIND_HUB + FIND_NEXT_REPORT);
    assert_string_equal(r->next_page, "2/2;;4711");
    call.phase = r->phase;
    call.page = r->next_page;
    r = bench_failure(&b, &call, "", "No records found");
    same(r, OUTCOME_ACCEPTED, "end");
    assert_true(!r->phase && r->nfound == 1);
    assert_string_equal(r->found[0].order_id, "4711");
    /* and if V1 is not there either, nothing is known */
    same(bench_hear(&b, &call, 404, ""), OUTCOME_AUTH, "no hub");
    same(bench_hear(&b, &call, 501, ""), OUTCOME_UNKNOWN, "501 of the hub");
    call = bench_call(&b, STEP_ORDER);
    same(v2_problem(&b, &call, 501, ""), OUTCOME_UNKNOWN, "501 to an order");
    bench_end(&b);
}

/* --- REVOKED, REVOKE, CANCEL --- */
static void revocations(void **state UNUSED)
{
#define ISSUED(rest) "{\"status\":\"issued\"" rest "}"
    static const struct {
        const char *body;
        unsigned attempt;
        enum outcome outcome;
        bool revoked, pending;
    } rows[] = {
        {"{\"status\":\"revoked\"}", 0, OUTCOME_ACCEPTED, true, false},
        {ISSUED(""), 0, OUTCOME_ACCEPTED, false, false},
        {ISSUED(",\"revocation\":null"), 1, OUTCOME_ACCEPTED, false, false},
        {ISSUED(",\"revocation\":{\"status\":\"Certificate Revoked\"}"), 0, OUTCOME_ACCEPTED, true,
         false},
        {ISSUED(",\"revocation\":{\"status\":\"Revoked by LRA\"}"), 0, OUTCOME_ACCEPTED, true,
         false},
        {ISSUED(",\"revocation\":{\"status\":\"Initiated\"}"), 1, OUTCOME_ACCEPTED, false, true},
        {ISSUED(",\"revocation\":{\"status\":\"Initiated, Pending LRA\"}"), 1, OUTCOME_ACCEPTED,
         false, true},
        {ISSUED(",\"revocation\":{\"status\":\"Rejected\"}"), 1, OUTCOME_REFUSED, false, false},
        {ISSUED(",\"revocation\":{\"status\":\"Rejected by LRA\"}"), 0, OUTCOME_ACCEPTED, false,
         false}, /* an earlier one, not ours */
        {ISSUED(",\"revocation\":{\"status\":\"?\"}"), 1, OUTCOME_ACCEPTED, false, false},
        {"{\"status\":\"expired\"}", 0, OUTCOME_ACCEPTED, false, false},
        {"{\"status\":\"who-knows\"}", 0, OUTCOME_ACCEPTED, false, false},
        {"{\"status\":\"pending-dcv\"}", 0, OUTCOME_REFUSED, false, false},
        {"{\"status\":\"pending-documents\"}", 0, OUTCOME_REFUSED, false, false},
        {"{\"status\":\"cancelled\"}", 0, OUTCOME_REFUSED, false, false},
        {"{\"status\":\"rejected\"}", 0, OUTCOME_REFUSED, false, false},
        {"{}", 0, OUTCOME_UNKNOWN, false, false},
    };
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_REVOKED);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        call.attempt = rows[i].attempt;
        const struct ca_result *r = bench_hear(&b, &call, 200, rows[i].body);
        same(r, rows[i].outcome, rows[i].body);
        assert_int_equal(r->revoked, rows[i].revoked);
        assert_int_equal(r->pending, rows[i].pending);
    }
    /* one family after the other, then it is unknown */
    static const unsigned next[] = {FAMILY_PRIVATE, FAMILY_OTHER, 0};
    for (call.phase = 0; call.phase < FAMILY__MAX; call.phase++) {
        const struct ca_result *r = v2_problem(&b, &call, 404, "EMS-943: Order not found");
        same(r, next[call.phase] ? OUTCOME_ACCEPTED : OUTCOME_REFUSED, "unknown order");
        assert_int_equal(r->phase, next[call.phase]);
        assert_false(r->revoked);
        assert_int_equal(bench_hear(&b, &call, 404, "")->phase, next[call.phase]);
    }
    call.phase = 0;
    same(v2_problem(&b, &call, 404, "EMS-1140: x"), OUTCOME_AUTH, "another code");
    call = bench_call(&b, STEP_REVOKE);
    const struct ca_result *r = bench_hear(&b, &call, 204, "");
    same(r, OUTCOME_ACCEPTED, "revoke");
    assert_true(r->pending && !r->revoked && r->again_seconds == 5);
    assert_true(v2_problem(&b, &call, 422, "Certificate is already revoked")->revoked);
    same(v2_problem(&b, &call, 422, "EMS-931: not in a revokable state"), OUTCOME_REFUSED, "931");
    same(v2_problem(&b, &call, 422, "Invalid Revoke Reason ID"), OUTCOME_REFUSED, "reason");
    same(v2_problem(&b, &call, 422, "Invalid Revoke Remarks"), OUTCOME_REFUSED, "note");
    same(v2_problem(&b, &call, 404, "Order not found"), OUTCOME_REFUSED, "unknown");
    same(bench_hear(&b, &call, 404, ""), OUTCOME_REFUSED, "unknown");
    same(bench_hear(&b, &call, 500, ""), OUTCOME_UNKNOWN, "fault");
    call = bench_call(&b, STEP_CANCEL);
    same(bench_hear(&b, &call, 204, ""), OUTCOME_ACCEPTED, "cancel");
    same(bench_hear(&b, &call, 200, "{}"), OUTCOME_ACCEPTED, "cancel");
    same(v2_problem(&b, &call, 422, "EMS-956: x"), OUTCOME_REFUSED, "issued");
    bench_end(&b);
}

/* --- CHALLENGE, VALIDATE --- */
static void domain_control(void **state UNUSED)
{
    static const struct {
        const char *body, *token;
    } rows[] = {
        {"{\"token\":\"0123456789ABCDEF\",\"tokenExpiryDate\":\"2026-12-21 09:15:30\"}",
         "0123456789ABCDEF"},
        {"{\"challenges\":[{\"method\":\"http-url\",\"token\":\"F\"},{\"method\":\"dns-txt\","
         "\"token\":\"T\"}]}",
         "T"},
        {"{\"challenges\":[7,{\"method\":\"DNS-TXT\",\"txtToken\":\"T\"}]}", "T"},
        {"{\"challenges\":[{\"method\":\"email\",\"token\":\"T\"}]}", NULL},
        {"{\"challenges\":[]}", NULL},
        {"{\"token\":\" \"}", NULL},
        {"{}", NULL},
    };
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_CHALLENGE);
    call.domain = "www.example.com";
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = bench_hear(&b, &call, 200, rows[i].body);
        same(r, rows[i].token ? OUTCOME_ACCEPTED : OUTCOME_UNKNOWN, rows[i].body);
        assert_true(str_eq(r->record_value, rows[i].token));
        assert_null(r->record_name); /* CERTInext does not tell it */
        assert_false(r->pending);
    }
    const struct ca_result *r = v2_problem(&b, &call, 422, "EMS-956: Invalid Request for this API");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending && !r->record_value);
    r = v2_problem(&b, &call, 422, "EMS-1080: Domain already verified");
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->pending && !r->record_value);
    same(v2_problem(&b, &call, 404, "EMS-913: Domain not found"), OUTCOME_REFUSED, "not of it");
    call = bench_call(&b, STEP_VALIDATE);
    call.domain = "www.example.com";
    r = bench_hear(&b, &call, 200, "{\"overallStatus\":\"VERIFIED\",\"method\":\"dns-txt\"}");
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->pending);
    assert_string_equal(r->message, "validation: VERIFIED");
    r = bench_hear(&b, &call, 204, "");
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->pending);
    r = v2_problem(&b, &call, 422, "EMS-956: x");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending);
    r = v2_problem(&b, &call, 422, "EMS-1080: Domain already verified");
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->pending);
    same(v2_problem(&b, &call, 422, "EMS-913: TXT record not found"), OUTCOME_REFUSED, "no record");
    bench_end(&b);
}

/* --- INVENTORY --- */
static void inventory(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_INVENTORY);
    const struct ca_result *r = bench_hear(
        &b, &call, 200,
        "{\"content\":[{\"orderNumber\":\"66\",\"requestNumber\":\"45\",\"orderStatus\":\"Order "
        "Fulfilled\",\"certificateStatus\":\"Certificate Generated\",\"certificateSerialNumber\":"
        "\"11020\",\"certificateExpiryDate\":\"2027-11-20T00:00:00Z\",\"orderDate\":"
        "\"2026-11-21T09:15:30Z\",\"domainName\":\"www.example.com\",\"issuerCA\":\"CA\","
        "\"organizationName\":\"Example Corp\",\"productCode\":\"842\",\"tags\":[]},"
        "{\"orderNumber\":\"\",\"requestNumber\":\"46\",\"productCode\":\"\",\"orderStatus\":"
        "\"On Hold\",\"certificateSerialNumber\":\"0A1B\"},"
        "{\"certificateStatus\":\"Certificate Revoked\",\"certificateSerialNumber\":\"?\"},"
        "{\"certificateStatus\":\"Certificate Expired\"},7],"
        "\"page\":1,\"size\":100,\"totalElements\":500,\"totalPages\":5}");
    same(r, OUTCOME_ACCEPTED, "inventory");
    assert_int_equal(r->nlisted, 5);
    assert_string_equal(r->next_page, "2");
    const struct ca_listed *row = r->listed;
    int64_t day = 0;
    assert_string_equal(row->order_id, "66");
    assert_string_equal(row->request, "45");
    assert_string_equal(row->status, "Order Fulfilled, Certificate Generated");
    assert_string_equal(row->common_name, "www.example.com");
    assert_string_equal(row->serial, "2B0C"); /* told in decimal */
    assert_string_equal(row->product, "842");
    assert_string_equal(row->organization, "Example Corp");
    assert_string_equal(row->issuer, "CA");
    assert_int_equal(row->ordered, NOW);
    assert_true(time_parse_date("2027-11-20", &day) && row->not_after == day);
    assert_false(row->revoked || row->expired);
    row++;
    assert_null(row->order_id);
    assert_null(row->product);
    assert_string_equal(row->status, "On Hold");
    assert_string_equal(row->serial, "0A1B");
    assert_true(row->ordered == TIME_NONE);
    row++;
    assert_true(row->revoked && !row->expired && !row->serial);
    row++;
    assert_true(row->expired && !row->revoked);
    /* the number of pages ends the list: beyond it the last page comes again */
    call.page = "5";
    assert_null(
        bench_hear(&b, &call, 200, "{\"content\":[{}],\"page\":5,\"totalPages\":5}")->next_page);
    call.page = "6";
    assert_null(
        bench_hear(&b, &call, 200, "{\"content\":[{}],\"page\":5,\"totalPages\":9}")->next_page);
    call.page = NULL;
    assert_null(bench_hear(&b, &call, 200, "{\"content\":[],\"totalPages\":9}")->next_page);
    assert_null(bench_hear(&b, &call, 200, "{\"content\":[{}]}")->next_page);
    same(bench_hear(&b, &call, 200, "{\"content\":7}"), OUTCOME_UNKNOWN, "no list");
    r = v2_problem(&b, &call, 422, "No records found");
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->nlisted && !r->next_page);
    bench_end(&b);
}

static void inventory_of_the_hub(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, v2_config);
    struct ca_call call = bench_call(&b, STEP_INVENTORY);
    const struct ca_result *r = v2_problem(&b, &call, 501, "Not Implemented");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->phase == INVENTORY_HUB && !r->next_page);
    call.phase = INVENTORY_HUB;
    r = bench_ok(&b, &call,
                 "\"orderDetails\":{\"noOfPages\":2,\"ordersArray\":[{\"orderNumber\":\"66\"}]}");
    assert_int_equal(r->nlisted, 1);
    assert_int_equal(r->phase, INVENTORY_HUB); /* the next page is one of V1 again */
    assert_string_equal(r->next_page, "2");
    call.page = "2";
    r = bench_ok(&b, &call,
                 "\"orderDetails\":{\"noOfPages\":2,\"ordersArray\":[{\"orderNumber\":\"67\"}]}");
    assert_true(r->nlisted == 1 && !r->phase && !r->next_page);
    /* pages of two lists are not mixed */
    call.phase = 0;
    same(v2_problem(&b, &call, 501, ""), OUTCOME_UNKNOWN, "in the middle");
    bench_end(&b);
}

static void expired_ones_left_out(void **state UNUSED)
{
    struct bench b;
    v2_begin(&b, V2_CONFIG("https://api.certinext.io", "    ignore_expired: true\n"));
    const struct ca_call call = bench_call(&b, STEP_INVENTORY);
    const struct ca_result *r = bench_hear(
        &b, &call, 200,
        "{\"content\":[{\"orderNumber\":\"1\",\"certificateStatus\":\"Certificate Expired\"},"
        "{\"orderNumber\":\"2\"}],\"totalPages\":1}");
    assert_int_equal(r->nlisted, 1);
    assert_string_equal(r->listed[0].order_id, "2");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches_by_key),
        cmocka_unit_test(searches_by_tag),
        cmocka_unit_test(candidates),
        cmocka_unit_test(ends_of_lists),
        cmocka_unit_test(reissues),
        cmocka_unit_test(no_list),
        cmocka_unit_test(revocations),
        cmocka_unit_test(domain_control),
        cmocka_unit_test(inventory),
        cmocka_unit_test(inventory_of_the_hub),
        cmocka_unit_test(expired_ones_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
