/* SPDX-License-Identifier: Apache-2.0
 *
 * What the connector to Sectigo Certificate Manager makes of answers: each row of its tables, odd
 * answers, searches, and secrets that come back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/sectigo_fixture.h"

/* --- ORDER --- */
static void ordered(void **state UNUSED)
{
    static const struct {
        int status;
        const char *body;
        enum outcome outcome;
        const char *id;
    } rows[] = {
        {200, "{\"sslId\":990121,\"renewId\":\"Qm3v8ZtR0bLxC5kWfY7d\"}", OUTCOME_ACCEPTED,
         "990121"},
        {200, "{\"sslId\":\"990121\"}", OUTCOME_ACCEPTED, "990121"},
        {200, "{\"renewId\":\"x\"}", OUTCOME_UNKNOWN, NULL},
        {200, "{\"sslId\":0}", OUTCOME_UNKNOWN, NULL},
        {200, "{\"sslId\":-5}", OUTCOME_UNKNOWN, NULL},
        {200, "{\"sslId\":\"1/2\"}", OUTCOME_UNKNOWN, NULL},
        {200, "{\"sslId\":990", OUTCOME_UNKNOWN, NULL},
        {200, "", OUTCOME_UNKNOWN, NULL},
        {204, "", OUTCOME_UNKNOWN, NULL}, /* an enrolment says its number */
        {200, "<html>", OUTCOME_UNKNOWN, NULL},
        {400, "<html>", OUTCOME_UNKNOWN, NULL}, /* nobody knows who says that */
        {400, "{\"description\":\"no code\"}", OUTCOME_REFUSED, NULL},
        {400, "{\"code\":-99999,\"description\":\"new code\"}", OUTCOME_REFUSED, NULL},
        {404, "<html>", OUTCOME_AUTH, NULL}, /* the address is wrong */
        {404, "{\"code\":-124,\"description\":\"no such\"}", OUTCOME_REFUSED, NULL},
        {415, "nothing", OUTCOME_UNKNOWN, NULL},
        {401, "", OUTCOME_AUTH, NULL},
        {401, "{\"code\":-970,\"description\":\"Incorrect login\"}", OUTCOME_AUTH, NULL},
        {401, "{\"code\":-107,\"description\":\"DCV\"}", OUTCOME_AUTH, NULL},
        {403, "{\"code\":-107,\"description\":\"DCV\"}", OUTCOME_REFUSED, NULL},
        {403, "{\"code\":-1,\"description\":\"?\"}", OUTCOME_UNKNOWN, NULL},
        {429, "", OUTCOME_THROTTLED, NULL},
        {302, "", OUTCOME_UNKNOWN, NULL},
        {500, "{\"code\":-36,\"description\":\"x\"}", OUTCOME_UNKNOWN, NULL},
        {503, "", OUTCOME_UNKNOWN, NULL},
    };
    struct bench b;
    bench_begin(&b, scm_config);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = bench_hear(&b, &call, rows[i].status, rows[i].body);
        same(r, rows[i].outcome, rows[i].body);
        assert_true(str_eq(r->order_id, rows[i].id));
        assert_true(r->pending == (rows[i].outcome == OUTCOME_ACCEPTED));
        assert_int_equal(r->settle_seconds, 30);
        assert_true(r->outcome == OUTCOME_ACCEPTED || !r->issued);
    }
    /* a right may be missing for one thing; credentials are missing for all */
    static const struct {
        int status;
        const char *body;
        bool forbidden;
    } rights[] = {
        {403, "{\"code\":-25,\"description\":\"no\"}", true},
        {400, "{\"code\":-37,\"description\":\"no\"}", true},
        {400, "{\"code\":-230,\"description\":\"no\"}", true},
        {403, "{\"description\":\"no\"}", true},
        {403, "{\"code\":-970,\"description\":\"no\"}", false},
        {401, "{\"code\":-16,\"description\":\"no\"}", false},
        {401, "{\"description\":\"no\"}", false},
        {404, "<html>", false},
    };
    for (size_t i = 0; i < NITEMS(rights); i++) {
        const struct ca_result *r = bench_hear(&b, &call, rights[i].status, rights[i].body);
        same(r, OUTCOME_AUTH, rights[i].body);
        assert_int_equal(r->forbidden, rights[i].forbidden);
    }
    same(bench_hear(&b, &call, 429, ""), OUTCOME_THROTTLED, "429");
    assert_int_equal(b.result.again_seconds, 17);
    b.order.action = "reissue"; /* says 204, stays in its order */
    b.order.prior_order = "55";
    assert_string_equal(bench_hear(&b, &call, 204, "")->order_id, "55");
    same(bench_hear(&b, &call, 200, ""), OUTCOME_UNKNOWN, "200 without a body");
    bench_end(&b);
}

/* What every code means for an order, and for a read, which says nothing about the order. */
static void codes(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, scm_config);
    const struct ca_call order = bench_call(&b, STEP_ORDER);
    struct ca_call details = bench_call(&b, STEP_POLL);
    details.phase = POLL_DETAILS;
    size_t n = 0;
    for (const struct sectigo_code *row = sectigo_codes; row->from <= row->to; row++, n++) {
        for (int code = row->from; code <= row->to; code++) {
            const char *what = arena_printf(&b.f.arena, "%d", code);
            const struct ca_result *r = bench_error(&b, &order, code);
            same(r, row->outcome, what);
            assert_string_equal(r->code, what);
            assert_true(str_starts(r->message, "words"));
            assert_true(!row->advice || strstr(r->message, row->advice));
            assert_ptr_equal(sectigo_code_find(code), row); /* no code stands in two rows */
            r = bench_error(&b, &details, code);
            assert_true(r->outcome != OUTCOME_REFUSED && r->outcome != OUTCOME_ACCEPTED);
        }
    }
    assert_true(n > 50);
    static const struct {
        int code;
        enum outcome outcome;
    } few[] = {{-129, OUTCOME_UNKNOWN}, {0, OUTCOME_UNKNOWN},      {-195, OUTCOME_UNKNOWN},
               {-1, OUTCOME_UNKNOWN},   {-140, OUTCOME_THROTTLED}, {-36, OUTCOME_REFUSED},
               {-107, OUTCOME_REFUSED}, {-16, OUTCOME_AUTH},       {-240, OUTCOME_AUTH}};
    for (size_t i = 0; i < NITEMS(few); i++) {
        same(bench_error(&b, &order, few[i].code), few[i].outcome, "code");
    }
    bench_end(&b);
}

/* SCM's words never bring a secret of ours into a report. */
static void secrets_stay(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, scm_config);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    const struct ca_result *r = bench_hear(
        &b, &call, 400, "{\"code\":-36,\"description\":\"login with " PASSWORD " failed\"}");
    assert_true(r->message && !strstr(r->message, PASSWORD));
    assert_non_null(strstr(r->message, "see the terms"));
    r = bench_hear(&b, &call, 200, "{\"sslId\":1,\"renewId\":\"gu03sW6WENt7GTvDTuOP\"}");
    assert_null(r->message);
    bench_end(&b);
}

/* --- POLL --- */
static void collected(void **state UNUSED)
{
    static const int not_ready[] = {0, -103, -109, -130, -183, -1113, -1400};
    struct bench b;
    struct err err = ERR_INIT;
    CLEANUP(key_release) struct key other = KEY_INIT;
    bench_begin(&b, scm_config);
    assert_true(key_generate(KEY_EC_P256, &other, &err));
    const char *ours = bench_certificate(&b, &b.key), *theirs = bench_certificate(&b, &other);
    struct ca_call call = bench_call(&b, STEP_POLL);
    const struct ca_result *r = bench_hear(&b, &call, 200, ours);
    same(r, OUTCOME_ACCEPTED, "certificate");
    assert_true(r->issued && r->ncerts == 1 && !r->phase);
    r = bench_hear(&b, &call, 200, arena_printf(&b.f.arena, "%s%s", theirs, ours));
    assert_true(r->issued); /* whatever stands first */
    for (size_t i = 0; i < NITEMS(not_ready); i++) {
        r = bench_error(&b, &call, not_ready[i]);
        same(r, OUTCOME_ACCEPTED, "not ready");
        assert_int_equal(r->phase, POLL_DETAILS);
        assert_false(r->issued);
    }
    r = bench_hear(&b, &call, 200, "\r\n");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->phase == POLL_DETAILS);
    r = bench_error(&b, &call, -110);
    assert_true(r->outcome == OUTCOME_REFUSED && r->revoked);
    same(bench_hear(&b, &call, 200, "<html>"), OUTCOME_UNKNOWN, "HTML");
    same(bench_hear(&b, &call, 200, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
         OUTCOME_UNKNOWN, "no certificate");
    same(bench_hear(&b, &call, 404, "{\"code\":-5101,\"description\":\"no\"}"), OUTCOME_UNKNOWN,
         "a read that fails says nothing");
    same(bench_hear(&b, &call, 404, "<html>"), OUTCOME_AUTH, "wrong address");
    b.order.action = "reissue";
    b.order.prior_order = "990121";
    r = bench_hear(&b, &call, 200, theirs); /* the certificate of the old key */
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending && !r->issued);
    assert_true(bench_hear(&b, &call, 200, ours)->issued);
    bench_end(&b);
}

static const struct ca_result *tell(struct bench *b, const struct ca_call *call, const char *status)
{
    return bench_hear(b, call, 200,
                      arena_printf(&b->f.arena, "{\"id\":1,\"status\":\"%s\"}", status));
}

static void tracked(void **state UNUSED)
{
    static const struct {
        const char *status;
        enum outcome outcome;
        bool pending;
    } rows[] = {
        {"Init", OUTCOME_ACCEPTED, true},
        {"Requested", OUTCOME_ACCEPTED, true},
        {"APPROVED", OUTCOME_ACCEPTED, true},
        {"SA Approved", OUTCOME_ACCEPTED, true},
        {"SAApproved", OUTCOME_ACCEPTED, true},
        {"Applied", OUTCOME_ACCEPTED, true},
        {"Issued", OUTCOME_ACCEPTED, true},
        {"Enrolled - Pending Download", OUTCOME_ACCEPTED, true},
        {"Replaced", OUTCOME_ACCEPTED, true},
        {"Expired", OUTCOME_ACCEPTED, true},
        {"Declined", OUTCOME_REFUSED, false},
        {"Rejected", OUTCOME_REFUSED, false},
        {"Invalid", OUTCOME_REFUSED, false},
        {"Revoked", OUTCOME_REFUSED, false},
        {"Unmanaged", OUTCOME_UNKNOWN, false},
        {"", OUTCOME_UNKNOWN, false},
    };
    struct bench b;
    bench_begin(&b, scm_config);
    struct ca_call call = bench_call(&b, STEP_POLL);
    call.phase = POLL_DETAILS;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = tell(&b, &call, rows[i].status);
        same(r, rows[i].outcome, rows[i].status);
        assert_int_equal(r->pending, rows[i].pending);
        assert_false(r->issued || r->phase);
        assert_int_equal(r->revoked, str_eq(rows[i].status, "Revoked"));
    }
    same(bench_hear(&b, &call, 200, "{}"), OUTCOME_UNKNOWN, "no status");
    bench_end(&b);
}

/* Waits of 2, 4, 8, 16, 32 seconds around five looks, then the item stays pending. */
static void waits(void **state UNUSED)
{
    static const int after_look[] = {4, 8, 16, 32, 32};
    struct bench b;
    bench_begin(&b, scm_config);
    struct ca_call call = bench_call(&b, STEP_ORDER);
    assert_int_equal(bench_hear(&b, &call, 200, "{\"sslId\":1}")->again_seconds, 2);
    call = bench_call(&b, STEP_POLL);
    call.phase = POLL_DETAILS;
    for (unsigned i = 0; i < NITEMS(after_look); i++) {
        call.looks = i + 1; /* the answer to ORDER was the first */
        const struct ca_result *r = tell(&b, &call, "Applied");
        assert_int_equal(r->again_seconds, after_look[i]);
        assert_int_equal(r->enough, i == 4);
    }
    bench_end(&b);
}

static void approval(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, SCM_CONFIG("https://cert-manager.com/api", BY_PASSWORD, "    approve: true\n"));
    struct ca_call call = bench_call(&b, STEP_POLL);
    call.phase = POLL_DETAILS;
    assert_int_equal(tell(&b, &call, "Requested")->phase, POLL_APPROVE);
    assert_int_equal(tell(&b, &call, "Applied")->phase, 0);
    call.phase = POLL_APPROVE;
    const struct ca_result *r = bench_hear(&b, &call, 204, "");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending && !r->phase);
    r = bench_error(&b, &call, -1140); /* says nothing against the order */
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending && !r->phase);
    assert_non_null(strstr(r->message, "ours was refused: words"));
    bench_end(&b);
}

/* --- FIND --- */
static const char *report(struct bench *b, const char *rows)
{
    return arena_printf(&b->f.arena, "{\"statusCode\":0,\"reports\":[%s]}", rows);
}

static const char *row_of(struct bench *b, const char *id, const char *comments, const char *rest)
{
    return arena_printf(&b->f.arena,
                        "{\"id\":%s,\"commonName\":\"www.example.com\",\"comments\":\"%s\"%s}", id,
                        comments, rest);
}

static void found_by_mark(void **state UNUSED)
{
    struct bench b;
    char mark[SECTIGO_MARK], stranger[SECTIGO_MARK];
    bench_begin(&b, scm_config);
    struct ca_call call = bench_call(&b, STEP_FIND);
    sectigo_mark(&b.order, OUR_KEY, mark);
    sectigo_mark(&b.order, "00000000000000000000000000000000", stranger);
    const char *ours = row_of(&b, "7", arena_printf(&b.f.arena, "x %s;item=www", mark), "");
    const char *earlier = row_of(&b, "6", stranger, "");
    const struct ca_result *r =
        bench_hear(&b, &call, 200, report(&b, arena_printf(&b.f.arena, "%s,%s", earlier, ours)));
    same(r, OUTCOME_ACCEPTED, "one");
    assert_true(r->nfound == 1 && !r->phase);
    assert_string_equal(r->found[0].order_id, "7");
    /* another attempt's mark is not looked at further */
    r = bench_hear(&b, &call, 200, report(&b, earlier));
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->nfound == 0 && !r->phase);
    call.client_key = NULL; /* by the key alone both are */
    r = bench_hear(&b, &call, 200, report(&b, arena_printf(&b.f.arena, "%s,%s", earlier, ours)));
    assert_int_equal(r->nfound, 2);
    r = bench_hear(&b, &call, 200, report(&b, ""));
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->nfound == 0 && !r->phase);
    same(bench_hear(&b, &call, 200, "{\"statusCode\":-1,\"reports\":[]}"), OUTCOME_UNKNOWN,
         "a report that failed is not an empty one");
    same(bench_hear(&b, &call, 200, "{\"statusCode\":0}"), OUTCOME_UNKNOWN, "no rows");
    same(bench_hear(&b, &call, 200, "[]"), OUTCOME_UNKNOWN, "no report");
    same(bench_error(&b, &call, -36), OUTCOME_UNKNOWN, "refused");
    bench_end(&b);
}

/* Without a mark the key of the certificate decides, one candidate after the other. */
static void found_by_key(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    CLEANUP(key_release) struct key other = KEY_INIT;
    bench_begin(&b, scm_config);
    assert_true(key_generate(KEY_EC_P256, &other, &err));
    struct ca_call call = bench_call(&b, STEP_FIND);
    const char *rows = arena_printf(
        &b.f.arena, "%s,%s,%s,%s,%s", row_of(&b, "5", "", ",\"status\":\"Issued\""),
        row_of(&b, "6", "by hand", ",\"requested\":\"2026-11-21T09:15:00.000Z\""),
        row_of(&b, "8", "", ",\"requested\":\"2026-11-20T09:15:00.000Z\""), /* long before */
        row_of(&b, "9", "", ",\"status\":\"Declined\""),
        "{\"id\":10,\"commonName\":\"other.example.com\"}");
    const struct ca_result *r = bench_hear(&b, &call, 200, report(&b, rows));
    assert_int_equal(r->phase, FIND_COLLECT);
    assert_string_equal(r->next_page, "1/1;5,6;");
    call.phase = FIND_COLLECT;
    call.page = arena_strdup(&b.f.arena, r->next_page);
    same_request(&b, &call, "GET", SCM_BASE "/ssl/v1/collect/5?format=x509", "");
    r = bench_error(&b, &call, 0); /* not issued: nothing to compare */
    assert_int_equal(r->phase, FIND_COLLECT);
    assert_string_equal(r->next_page, "1/1;6;");
    r = bench_hear(&b, &call, 200, bench_certificate(&b, &b.key));
    assert_string_equal(r->next_page, "1/1;6;5");
    call.page = "1/1;6;5";
    r = bench_hear(&b, &call, 200, bench_certificate(&b, &other));
    assert_true(r->nfound == 1 && !r->phase);
    assert_string_equal(r->found[0].order_id, "5");
    same(bench_error(&b, &call, -2), OUTCOME_UNKNOWN, "not answered");
    call.page = "nonsense";
    same(bench_hear(&b, &call, 200, ""), OUTCOME_UNKNOWN, "no cursor");
    bench_end(&b);
}

/* A renewal by number takes no comments: whatever mark is shown is that of the old order. */
static void found_renewal_and_reissue(void **state UNUSED)
{
    struct bench b;
    char stranger[SECTIGO_MARK];
    bench_begin(&b, scm_config);
    b.order.action = "renew";
    b.order.prior_order = "6";
    sectigo_mark(&b.order, "00000000000000000000000000000000", stranger);
    struct ca_call call = bench_call(&b, STEP_FIND);
    const char *rows = arena_printf(&b.f.arena, "%s,%s", row_of(&b, "6", stranger, ""),
                                    row_of(&b, "7", stranger, ""));
    const struct ca_result *r = bench_hear(&b, &call, 200, report(&b, rows));
    assert_int_equal(r->phase, FIND_COLLECT);
    assert_string_equal(r->next_page, "1/1;7;");
    b.order.action = "reissue"; /* stays in its order: its certificate is looked at */
    call = bench_call(&b, STEP_FIND);
    same_request(&b, &call, "GET", SCM_BASE "/ssl/v1/collect/6?format=x509", "");
    r = bench_hear(&b, &call, 200, bench_certificate(&b, &b.key));
    assert_true(r->nfound == 1 && !r->phase);
    assert_string_equal(r->found[0].order_id, "6");
    r = bench_error(&b, &call, -183);
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->nfound == 0 && !r->phase);
    bench_end(&b);
}

/* --- REVOKED, REVOKE, CANCEL --- */
static void states_of_revocation(void **state UNUSED)
{
    static const struct {
        const char *status;
        enum outcome outcome;
        bool revoked;
    } rows[] = {
        {"Issued", OUTCOME_ACCEPTED, false},   {"Expired", OUTCOME_ACCEPTED, false},
        {"Replaced", OUTCOME_ACCEPTED, false}, {"Revoked", OUTCOME_ACCEPTED, true},
        {"Applied", OUTCOME_REFUSED, false},   {"Requested", OUTCOME_REFUSED, false},
        {"Declined", OUTCOME_REFUSED, false},  {"Whatever", OUTCOME_UNKNOWN, false},
    };
    struct bench b;
    bench_begin(&b, scm_config);
    const struct ca_call call = bench_call(&b, STEP_REVOKED);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = tell(&b, &call, rows[i].status);
        same(r, rows[i].outcome, rows[i].status);
        assert_int_equal(r->revoked, rows[i].revoked);
    }
    same(bench_hear(&b, &call, 404, "{\"code\":-5101,\"description\":\"no\"}"), OUTCOME_REFUSED,
         "no such order");
    same(bench_error(&b, &call, -2), OUTCOME_UNKNOWN, "a read that fails");
    bench_end(&b);
}

static void by_serial_number(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, scm_config);
    b.revoke.order = NULL;
    struct ca_call call = bench_call(&b, STEP_REVOKED);
    const char *hit = "[{\"sslId\":5,\"serialNumber\":null},{\"sslId\":6,\"serialNumber\":"
                      "\"01:02\"},{\"sslId\":7,\"serialNumber\":\"00:D2:1F:8A:40:33:9B:6E\"}]";
    const struct ca_result *r = bench_hear(&b, &call, 200, hit);
    assert_int_equal(r->phase, REVOKED_BY_ID);
    assert_string_equal(r->order_id, "7");
    assert_int_equal(bench_hear(&b, &call, 200, "[]")->phase, REVOKED_LIST_PLAIN);
    call.phase = REVOKED_LIST_PLAIN;
    r = bench_hear(&b, &call, 200, "[]"); /* then SCM is asked to revoke it all the same */
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->revoked && !r->phase);
    same(bench_hear(&b, &call, 200,
                    "[{\"sslId\":7,\"serialNumber\":\"D21F8A40339B6E\"},"
                    "{\"sslId\":8,\"serialNumber\":\"D2:1F:8A:40:33:9B:6E\"}]"),
         OUTCOME_REFUSED, "two");
    same(bench_hear(&b, &call, 200, "{}"), OUTCOME_UNKNOWN, "no list");
    bench_end(&b);
}

static void revoked(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, scm_config);
    struct ca_call call = bench_call(&b, STEP_REVOKE);
    const struct ca_result *r = bench_hear(&b, &call, 204, "");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending && !r->revoked);
    r = bench_error(&b, &call, -159);
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->revoked);
    same(bench_error(&b, &call, -102), OUTCOME_UNKNOWN, "its state tells");
    same(bench_error(&b, &call, -7), OUTCOME_REFUSED, "refused");
    same(bench_hear(&b, &call, 404, "{\"code\":-5101,\"description\":\"no\"}"), OUTCOME_REFUSED,
         "no such");
    same(bench_hear(&b, &call, 404, "x"), OUTCOME_AUTH, "address");
    same(bench_hear(&b, &call, 400, "x"), OUTCOME_UNKNOWN, "whoever said that");
    call = bench_call(&b, STEP_CANCEL);
    same(bench_hear(&b, &call, 204, ""), OUTCOME_ACCEPTED, "declined");
    same(bench_error(&b, &call, -1112), OUTCOME_REFUSED, "in another state");
    bench_end(&b);
    bench_begin(&b, SCM_CONFIG("https://cert-manager.com/api", BY_PASSWORD,
                               "    confirm_revocation: false\n"));
    call = bench_call(&b, STEP_REVOKE);
    assert_false(bench_hear(&b, &call, 204, "")->pending);
    bench_end(&b);
}

/* --- PROBE, PRODUCTS, INVENTORY --- */
static void probed(void **state UNUSED)
{
    static const struct {
        int status;
        const char *body;
        enum outcome outcome;
    } rows[] = {
        {200, "{\"id\":4210,\"sslCertsApiEnabled\":true,\"certTypes\":[\"SMIME\",\"SSL\"]}",
         OUTCOME_ACCEPTED},
        {200, "{\"id\":4210}", OUTCOME_ACCEPTED},
        {200, "{\"id\":4210,\"sslCertsApiEnabled\":false}", OUTCOME_REFUSED},
        {200, "{\"id\":4210,\"certTypes\":[\"Device\"]}", OUTCOME_REFUSED},
        {200, "[]", OUTCOME_ACCEPTED}, /* profiles, where no organization is configured */
        {200, "nothing", OUTCOME_UNKNOWN},
        {404, "{\"code\":-1023,\"description\":\"no\"}", OUTCOME_REFUSED},
        {404, "<html>", OUTCOME_AUTH},
        {401, "{\"code\":-16,\"description\":\"Unknown user\"}", OUTCOME_AUTH},
        {401, "", OUTCOME_AUTH},
    };
    struct bench b;
    bench_begin(&b, scm_config);
    const struct ca_call call = bench_call(&b, STEP_PROBE);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        same(bench_hear(&b, &call, rows[i].status, rows[i].body), rows[i].outcome, rows[i].body);
    }
    (void)bench_hear(&b, &call, 401, "{\"code\":-16,\"description\":\"Unknown user\"}");
    assert_string_equal(b.result.message, "Unknown user (see auth.login and customer_uri)");
    bench_end(&b);
}

static void sold(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, scm_config);
    const struct ca_call call = bench_call(&b, STEP_PRODUCTS);
    const struct ca_result *r = bench_hear(
        &b, &call, 200,
        "[{\"id\":18734,\"name\":\"OV Multi-Domain 90d\",\"terms\":[90,199],\"keyTypes\":"
        "{\"RSA\":[\"2048\",\"3072\"],\"EC\":[\"P-256\"]}},{\"name\":\"no number\"},{\"id\":5}]");
    assert_int_equal(r->nsold, 2);
    assert_string_equal(r->sold[0].code, "18734");
    assert_string_equal(r->sold[0].name, "OV Multi-Domain 90d");
    assert_string_equal(r->sold[0].category, "RSA 2048 3072, EC P-256");
    assert_string_equal(r->sold[0].term, "90d 199d");
    assert_null(r->sold[1].term);
    same(bench_hear(&b, &call, 200, "{}"), OUTCOME_UNKNOWN, "no list");
    bench_end(&b);
}

static void listed(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, scm_config);
    struct ca_call call = bench_call(&b, STEP_INVENTORY);
    call.page = "2026-10-01"; /* to 2026-11-01 */
    const struct ca_result *r = bench_hear(
        &b, &call, 200,
        report(
            &b,
            "{\"id\":7,\"commonName\":\"www.example.com\",\"status\":\"Issued\",\"typeId\":18734,"
            "\"organizationName\":\"Example Corp\",\"issuer\":\"CN=X\",\"serialNumber\":"
            "\"D21F8A40339B6E\",\"requested\":\"2026-10-05T09:14:02.000Z\",\"expires\":"
            "\"2027-02-18T23:59:59.000Z\"},"
            "{\"id\":8,\"status\":\"Revoked\",\"requested\":\"2026-10-31T23:59:59.000Z\"},"
            "{\"id\":9,\"status\":\"Expired\"},"
            /* of the days around it, which other windows list */
            "{\"id\":10,\"requested\":\"2026-09-30T23:59:59.000Z\"},"
            "{\"id\":11,\"requested\":\"2026-11-01T00:00:00.000Z\"}"));
    assert_int_equal(r->nlisted, 3);
    assert_string_equal(r->listed[0].order_id, "7");
    assert_string_equal(r->listed[0].serial, "D21F8A40339B6E");
    assert_string_equal(r->listed[0].product, "18734");
    assert_int_equal(r->listed[0].not_after, INT64_C(1802995199));
    assert_true(r->listed[1].revoked && !r->listed[1].expired);
    assert_true(r->listed[2].expired && r->listed[2].ordered == TIME_NONE);
    assert_string_equal(r->next_page, "2026-11-01");
    call.page = "2026-11-01"; /* the last: clocks may differ */
    r = bench_hear(&b, &call, 200,
                   report(&b, "{\"id\":11,\"requested\":\"2026-11-22T00:00:10.000Z\"}"));
    assert_int_equal(r->nlisted, 1);
    assert_null(r->next_page);
    same(bench_hear(&b, &call, 200, "{\"statusCode\":1,\"reports\":[]}"), OUTCOME_UNKNOWN,
         "failed");
    bench_end(&b);
}

static void no_reply(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, scm_config);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    static const enum outcome of[] = {OUTCOME_NOT_SENT, OUTCOME_UNKNOWN};
    for (size_t i = 0; i < NITEMS(of); i++) {
        struct ca_reply reply = {.transport = of[i], .body = BUF_INIT(16), .http_status = 200};
        struct ca_result r = {.arena = &b.f.arena, .outcome = OUTCOME_ACCEPTED};
        sectigo_ops.answer(&b.ca, &call, &reply, &r);
        assert_int_equal(r.outcome, of[i]);
    }
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordered),
        cmocka_unit_test(codes),
        cmocka_unit_test(secrets_stay),
        cmocka_unit_test(collected),
        cmocka_unit_test(tracked),
        cmocka_unit_test(waits),
        cmocka_unit_test(approval),
        cmocka_unit_test(found_by_mark),
        cmocka_unit_test(found_by_key),
        cmocka_unit_test(found_renewal_and_reissue),
        cmocka_unit_test(states_of_revocation),
        cmocka_unit_test(by_serial_number),
        cmocka_unit_test(revoked),
        cmocka_unit_test(probed),
        cmocka_unit_test(sold),
        cmocka_unit_test(listed),
        cmocka_unit_test(no_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
