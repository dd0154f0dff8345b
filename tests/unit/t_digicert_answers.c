/* SPDX-License-Identifier: Apache-2.0
 *
 * What the DigiCert connector makes of answers: every shape of a placed order, every state, errors
 * of CertCentral and of what stands in front of it, searches, revocations, bodies that are none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/digicert_fixture.h"

#include "formats/issue.h"
#include "formats/x509.h"

/* Root, and a leaf of the key of the order or of another one. */
struct bench_chain {
    struct buf root, leaf, other;
};

static void make_certificate(const struct key *key, const struct key *by, const struct cert *issuer,
                             const struct issue_profile *profile, const char *cn, struct buf *der)
{
    struct err err = ERR_INIT;
    static const uint8_t serial[] = {0x2b, 0x0c};
    const struct dn_value dn = {"CN", cn};
    const struct x509_names names = {.subject = &dn, .nsubject = 1};
    CLEANUP(buf_release) struct buf subject = BUF_INIT(65536);
    assert_true(x509_put_dn(&subject, &names, &err));
    const struct issue_parts parts = {.profile = profile,
                                      .serial = {serial, sizeof serial},
                                      .subject = buf_span(&subject),
                                      .spki = buf_span(&key->spki),
                                      .not_before = NOW,
                                      .not_after = NOW + DAY_SECONDS};
    *der = (struct buf)BUF_INIT(65536);
    assert_true(issue_certificate(by, issuer, &parts, der, &err));
}

static void chain_make(struct bench *b, struct bench_chain *c)
{
    struct err err = ERR_INIT;
    struct cert issuer;
    CLEANUP(key_release) struct key root = KEY_INIT;
    CLEANUP(key_release) struct key other = KEY_INIT;
    assert_true(key_generate(KEY_EC_P256, &root, &err) && key_generate(KEY_EC_P256, &other, &err));
    make_certificate(&root, &root, NULL, &issue_root, "Root", &c->root);
    assert_true(cert_parse(&b->f.arena, buf_span(&c->root), &issuer, &err));
    make_certificate(&b->key, &root, &issuer, &issue_tls_server, "www.example.com", &c->leaf);
    make_certificate(&other, &root, &issuer, &issue_tls_server, "www.example.com", &c->other);
}

static void chain_end(struct bench_chain *c)
{
    buf_release(&c->root);
    buf_release(&c->leaf);
    buf_release(&c->other);
}

static const char *list_of(struct bench *b, const char *member, const struct buf *first,
                           const struct buf *second)
{
    return arena_printf(&b->f.arena,
                        "\"%s\":[{\"subject_common_name\":\"a\",\"pem\":\"%s\"},{\"pem\":\"%s\"}]",
                        member, bench_pem(b, "CERTIFICATE", buf_span(first)),
                        bench_pem(b, "CERTIFICATE", buf_span(second)));
}

static const char *csr_member(struct bench *b)
{
    return arena_printf(&b->f.arena, "\"csr\":\"%s\"",
                        bench_pem(b, "CERTIFICATE REQUEST", b->order.csr));
}

/* --- ORDER --- */
static void orders_placed(void **state UNUSED)
{
    struct bench b;
    struct bench_chain c;
    bench_begin(&b, dc_config);
    chain_make(&b, &c);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    const struct ca_result *r =
        bench_hear(&b, &call, 201,
                   arena_printf(&b.f.arena, "{\"id\":812340001,\"certificate_id\":990010001,%s}",
                                list_of(&b, "certificate_chain", &c.leaf, &c.root)));
    same(r, OUTCOME_ACCEPTED, "immediate");
    assert_string_equal(r->order_id, ORDER_ID);
    assert_true(r->issued && !r->pending);
    assert_int_equal(r->ncerts, 2);
    assert_true(span_eq(r->certs[0], buf_span(&c.leaf)));
    r = bench_hear(&b, &call, 201,
                   "{\"id\":\"812340002\",\"certificate_id\":990010002,\"dcv_random_value\":\"r\","
                   "\"domains\":[{\"id\":1,\"name\":\"new.example\"}]}");
    same(r, OUTCOME_ACCEPTED, "validation");
    assert_string_equal(r->order_id, "812340002");
    assert_true(r->pending && !r->issued);
    assert_non_null(strstr(r->message, "new.example"));
    r = bench_hear(&b, &call, 201,
                   "{\"id\":812340003,\"requests\":[{\"id\":456001,\"status\":\"pending\"}]}");
    same(r, OUTCOME_ACCEPTED, "approval");
    assert_non_null(strstr(r->message, "approver"));
    /* the order is there, whatever stands in place of its chain */
    r = bench_hear(&b, &call, 201,
                   "{\"id\":812340004,\"certificate_chain\":[{\"pem\":\"nonsense\"}]}");
    same(r, OUTCOME_ACCEPTED, "a chain that does not decode");
    assert_true(r->pending && !r->issued);
    chain_end(&c);
    bench_end(&b);
}

/* The certificate of the old key is in the order already. */
static void reissues_placed(void **state UNUSED)
{
    struct bench b;
    struct bench_chain c;
    bench_begin(&b, dc_config);
    chain_make(&b, &c);
    b.order.action = "reissue";
    b.order.prior_order = ORDER_ID;
    struct ca_call call = bench_call(&b, STEP_ORDER);
    const struct ca_result *r =
        bench_hear(&b, &call, 201,
                   arena_printf(&b.f.arena, "{\"id\":812340001,%s}",
                                list_of(&b, "certificate_chain", &c.other, &c.root)));
    assert_true(r->pending && !r->issued);
    same(bench_hear(&b, &call, 201, "{\"id\":812340009}"), OUTCOME_UNKNOWN, "another order");
    call = bench_call(&b, STEP_POLL);
    r = bench_hear(&b, &call, 200,
                   "{\"id\":812340001,\"status\":\"issued\",\"certificate\":{\"id\":1}}");
    assert_int_equal(r->phase, POLL_LIST); /* no CSR, or another: not ours */
    r = bench_hear(&b, &call, 200,
                   arena_printf(&b.f.arena, "{\"status\":\"issued\",\"certificate\":{\"id\":7,%s}}",
                                csr_member(&b)));
    assert_int_equal(r->phase, POLL_FETCH);
    assert_string_equal(r->next_page, "7");
    r = bench_hear(&b, &call, 200, "{\"status\":\"reissue_pending\",\"certificate\":{\"id\":1}}");
    assert_int_equal(r->phase, POLL_LIST);
    call.phase = POLL_LIST;
    r = bench_hear(&b, &call, 200,
                   arena_printf(&b.f.arena,
                                "{\"certificates\":[{\"id\":\"8\",\"status\":\"approved\"},"
                                "{\"id\":\"9\",\"status\":\"approved\",%s}]}",
                                csr_member(&b)));
    assert_int_equal(r->phase, POLL_FETCH);
    assert_string_equal(r->next_page, "9");
    r = bench_hear(&b, &call, 200,
                   arena_printf(&b.f.arena,
                                "{\"certificates\":[{\"id\":9,\"status\":\"rejected\",%s}]}",
                                csr_member(&b)));
    same(r, OUTCOME_REFUSED, "rejected reissue");
    r = bench_hear(&b, &call, 200, "{}");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending && !r->phase);
    call.phase = POLL_FETCH;
    r = bench_hear(
        &b, &call, 200,
        arena_printf(&b.f.arena, "{%s}", list_of(&b, "intermediates", &c.other, &c.root)));
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending && !r->issued);
    chain_end(&c);
    bench_end(&b);
}

/* --- errors --- */
/* A wrong key is nobody's; a right may be missing for one order. */
static void rights(void **state UNUSED)
{
    static const struct {
        enum ca_step step;
        int status;
        const char *body;
        bool forbidden;
    } rows[] = {
        {STEP_ORDER, 403, ERRORS("access_denied|missing_permission"), true},
        {STEP_POLL, 403, ERRORS("access_denied|missing_permission"), true},
        {STEP_REVOKE, 403, ERRORS("access_denied"), true},
        {STEP_POLL, 403, ERRORS("access_denied|access_denied_invalid_key"), false},
        {STEP_ORDER, 401, ERRORS("access_denied|missing_permission"), false},
    };
    struct bench b;
    bench_begin(&b, dc_config);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_call call = bench_call(&b, rows[i].step);
        const struct ca_result *r = bench_hear(&b, &call, rows[i].status, rows[i].body);
        same(r, OUTCOME_AUTH, rows[i].body);
        assert_int_equal(r->forbidden, rows[i].forbidden);
    }
    bench_end(&b);
}

static void errors_of_orders(void **state UNUSED)
{
    static const struct {
        int status;
        const char *body;
        enum outcome outcome;
        const char *code, *words;
    } rows[] = {
        {400, ERRORS("required_param:organization.id"), OUTCOME_REFUSED,
         "required_param:organization.id", "Words."},
        {400,
         "{\"errors\":[{\"code\":\"a\",\"message\":\"One.\"},{\"code\":\"b\",\"message\":\"Two.\"}]"
         "}",
         OUTCOME_REFUSED, "a", "One.; Two."},
        {400, "{\"errors\":{\"code\":\"a\",\"message\":\"One.\"}}", OUTCOME_REFUSED, "a", "One."},
        {404, ERRORS("not_found|product"), OUTCOME_REFUSED, "not_found|product", "Words."},
        {403, ERRORS("access_denied|access_denied_invalid_key"), OUTCOME_AUTH,
         "access_denied|access_denied_invalid_key", "Words."},
        {403, ERRORS("access_denied|missing_permission"), OUTCOME_AUTH,
         "access_denied|missing_permission", "Words."},
        {403, "<html>blocked</html>", OUTCOME_UNKNOWN, NULL, "firewall"},
        {429, ERRORS("request_limit_exceeded"), OUTCOME_THROTTLED, "request_limit_exceeded",
         "Words."},
        {400, ERRORS("request_limit_exceeded"), OUTCOME_THROTTLED, "request_limit_exceeded",
         "Words."},
        {429, "<html>slow down</html>", OUTCOME_THROTTLED, NULL, "fewer requests"},
        /* what has no error of CertCentral in it did not come from there */
        {400, "<html>Bad Request</html>", OUTCOME_UNKNOWN, NULL, "without an error of DigiCert"},
        {404, "{}", OUTCOME_UNKNOWN, NULL, "without an error of DigiCert"},
        {406, "", OUTCOME_UNKNOWN, NULL, "without an error of DigiCert"},
        {400, "{\"errors\":[]}", OUTCOME_UNKNOWN, NULL, "without an error of DigiCert"},
        {408, ERRORS("timeout"), OUTCOME_UNKNOWN, "timeout", "Words."},
        {500, ERRORS("server_error"), OUTCOME_UNKNOWN, NULL, "fault of its own"},
        {501, "", OUTCOME_UNKNOWN, NULL, "does not offer this call"},
        {302, "", OUTCOME_UNKNOWN, NULL, "redirect"},
        {200, "", OUTCOME_UNKNOWN, NULL, "not JSON"},
        {201, "<html>", OUTCOME_UNKNOWN, NULL, "not JSON"},
        {201, "[]", OUTCOME_UNKNOWN, NULL, "no number"},
        {201, "{\"id\":null}", OUTCOME_UNKNOWN, NULL, "no number"},
        {201, "{\"id\":\"../1\"}", OUTCOME_UNKNOWN, NULL, "no number"},
        {201, "{\"id\":-4}", OUTCOME_UNKNOWN, NULL, "no number"},
        {201, "{\"id\":1.5}", OUTCOME_UNKNOWN, NULL, "no number"},
        {201, "{\"id\":{\"id\":1}}", OUTCOME_UNKNOWN, NULL, "no number"},
        {201, "{\"id\":12345678901234567890}", OUTCOME_UNKNOWN, NULL, ""},
    };
    struct bench b;
    bench_begin(&b, dc_config);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = bench_hear(&b, &call, rows[i].status, rows[i].body);
        same(r, rows[i].outcome, rows[i].body);
        if (!str_eq(r->code, rows[i].code) || !strstr(r->message, rows[i].words) || r->order_id) {
            fail_msg("%s: %s, %s", rows[i].body, r->code ? r->code : "-", r->message);
        }
        assert_int_equal(r->settle_seconds, 30);
    }
    bench_end(&b);
}

/* A read that fails says nothing about the order. */
static void errors_of_reads(void **state UNUSED)
{
    static const enum ca_step steps[] = {STEP_POLL, STEP_FIND};
    static const struct {
        int status;
        const char *body;
    } rows[] = {{400, ERRORS("bad")}, {404, "<html>"}, {404, "{}"},  {500, ""},
                {200, "[1]"},         {200, "null"},   {200, "{]}"}, {200, "{\"orders\":{}}"}};
    struct bench b;
    bench_begin(&b, dc_config);
    for (size_t s = 0; s < NITEMS(steps); s++) {
        const struct ca_call call = bench_call(&b, steps[s]);
        for (size_t i = 0; i < NITEMS(rows); i++) {
            same(bench_hear(&b, &call, rows[i].status, rows[i].body), OUTCOME_UNKNOWN,
                 rows[i].body);
        }
    }
    bench_end(&b);
}

/* --- POLL --- */
static void every_state(void **state UNUSED)
{
    static const struct {
        const char *status;
        enum { PENDING, FETCH, REFUSED } verdict;
    } rows[] = {{"issued", FETCH},
                {"approved", FETCH},
                {"expired", FETCH},
                {"pending", PENDING},
                {"processing", PENDING},
                {"waiting_pickup", PENDING},
                {"reissue_pending", PENDING},
                {"needs_csr", PENDING},
                {"needs_approval", PENDING},
                {"something_new", PENDING},
                {"rejected", REFUSED},
                {"denied", REFUSED},
                {"canceled", REFUSED},
                {"revoked", REFUSED}};
    struct bench b;
    bench_begin(&b, dc_config);
    const struct ca_call call = bench_call(&b, STEP_POLL);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r =
            bench_hear(&b, &call, 200,
                       arena_printf(&b.f.arena,
                                    "{\"id\":812340001,\"status\":\"%s\",\"certificate\":{\"id\":"
                                    "990010001,\"dns_names\":[\"www.example.com\"]}}",
                                    rows[i].status));
        const bool refused = r->outcome == OUTCOME_REFUSED;
        if ((rows[i].verdict == REFUSED) != refused ||
            (rows[i].verdict == FETCH) != (r->phase == POLL_FETCH) ||
            (rows[i].verdict == PENDING) != r->pending || r->issued || r->ndomains) {
            fail_msg("%s: %s, phase %u", rows[i].status, outcome_name(r->outcome), r->phase);
        }
    }
    const struct ca_result *r = bench_hear(&b, &call, 404, ERRORS("not_found|order"));
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending); /* it may not be there for all */
    r = bench_hear(&b, &call, 200, "{\"status\":\"issued\",\"certificate\":{}}");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending && !r->phase);
    bench_end(&b);
}

static void approvals(void **state UNUSED)
{
    static const char body[] =
        "{\"status\":\"needs_approval\",\"requests\":[{\"id\":\"3\",\"type\":\"new_request\","
        "\"status\":\"pending\"},{\"id\":12,\"status\":\"submitted\"},{\"id\":90,\"status\":"
        "\"approved\"}]}";
    struct bench b;
    bench_begin(&b, dc_config);
    struct ca_call call = bench_call(&b, STEP_POLL);
    assert_int_equal(bench_hear(&b, &call, 200, body)->phase, 0);
    assert_non_null(strstr(b.result.message, "request 12"));
    bench_end(&b);
    const struct ca_result *r;
    bench_begin(&b, DC_CONFIG(BASE, "    approve_requests: true\n"));
    call = bench_call(&b, STEP_POLL);
    assert_int_equal(bench_hear(&b, &call, 200, body)->phase, POLL_APPROVE);
    assert_string_equal(b.result.next_page, "12");
    call.phase = POLL_APPROVE;
    same(bench_hear(&b, &call, 204, ""), OUTCOME_ACCEPTED, "approved");
    assert_true(b.result.pending && !b.result.enough);
    same(bench_hear(&b, &call, 400, ERRORS("request_already_processed")), OUTCOME_ACCEPTED,
         "processed");
    assert_true(b.result.pending && !b.result.enough);
    same(bench_hear(&b, &call, 403, ERRORS("access_denied|invalid_approver")), OUTCOME_ACCEPTED,
         "not ours");
    assert_true(b.result.pending && b.result.enough);
    same(bench_hear(&b, &call, 403, ERRORS("access_denied|missing_permission")), OUTCOME_AUTH,
         "no right at all");
    same(bench_hear(&b, &call, 200, "<html>maintenance</html>"), OUTCOME_UNKNOWN, "a page");
    /* a reissue: the order holds requests of other people */
    b.order.action = "reissue";
    b.order.prior_order = ORDER_ID;
    call.phase = POLL_TRACK;
    static const char others[] =
        "{\"status\":\"reissue_pending\",\"requests\":[{\"id\":7,\"status\":"
        "\"pending\",\"comments\":\"%s\"}]}";
    r = bench_hear(&b, &call, 200, arena_printf(&b.f.arena, others, "CHG1; certbatch www 01"));
    assert_int_equal(r->phase, POLL_APPROVE);
    assert_string_equal(r->next_page, "7");
    r = bench_hear(&b, &call, 200, arena_printf(&b.f.arena, others, "certbatch www2 01"));
    assert_int_equal(r->phase, POLL_LIST);
    r = bench_hear(&b, &call, 200, arena_printf(&b.f.arena, others, "please"));
    assert_int_equal(r->phase, POLL_LIST);
    bench_end(&b);
}

static void chains(void **state UNUSED)
{
    struct bench b;
    struct bench_chain c;
    bench_begin(&b, dc_config);
    chain_make(&b, &c);
    struct ca_call call = bench_call(&b, STEP_POLL);
    call.phase = POLL_FETCH;
    const struct ca_result *r = bench_hear(
        &b, &call, 200,
        arena_printf(&b.f.arena, "{%s}", list_of(&b, "intermediates", &c.root, &c.leaf)));
    assert_true(r->issued && r->ncerts == 2);
    assert_true(span_eq(r->certs[0], buf_span(&c.leaf)));
    /* the wrong one is given too: whoever judges it must see it */
    r = bench_hear(
        &b, &call, 200,
        arena_printf(&b.f.arena, "{%s}", list_of(&b, "intermediates", &c.other, &c.root)));
    assert_true(r->issued && span_eq(r->certs[0], buf_span(&c.other)));
    r = bench_hear(&b, &call, 404, ERRORS("not_found|certificate"));
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending && !r->issued);
    same(bench_hear(&b, &call, 200, "{\"intermediates\":[]}"), OUTCOME_UNKNOWN, "none");
    same(bench_hear(&b, &call, 200, "{\"intermediates\":[{\"pem\":\"x\"}]}"), OUTCOME_UNKNOWN,
         "nonsense");
    chain_end(&c);
    bench_end(&b);
}

/* --- FIND --- */
static void searches(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, dc_config);
    struct ca_call call = bench_call(&b, STEP_FIND);
    call.since = NOW;
    const struct ca_result *r = bench_hear(
        &b, &call, 200,
        "{\"orders\":["
        "{\"id\":1,\"status\":\"issued\",\"certificate\":{\"common_name\":\"WWW.example.com\"},"
        "\"date_created\":\"2026-11-21T09:15:31+00:00\"},"
        "{\"id\":\"2\",\"status\":\"pending\",\"certificate\":{\"common_name\":\"www.example.com\"}"
        "},"
        "{\"id\":3,\"status\":\"issued\",\"certificate\":{\"common_name\":\"x.example.com\"}},"
        "{\"id\":4,\"status\":\"rejected\",\"certificate\":{\"common_name\":\"www.example.com\"}},"
        "{\"id\":5,\"status\":\"issued\",\"certificate\":{\"common_name\":\"www.example.com\"},"
        "\"date_created\":\"2026-11-10T00:00:00+00:00\"}],"
        "\"page\":{\"total\":105,\"limit\":100,\"offset\":0}}");
    same(r, OUTCOME_ACCEPTED, "rows");
    assert_int_equal(r->phase, FIND_KEY);
    assert_string_equal(r->next_page, "1/2;1,2;");
    call.phase = FIND_KEY;
    call.page = "1/2;1,2;";
    r = bench_hear(&b, &call, 200, "{\"id\":1,\"certificate\":{\"csr\":\"-----BEGIN\"}}");
    assert_string_equal(r->next_page, "1/2;2;");
    call.page = "1/2;2;";
    r = bench_hear(&b, &call, 200,
                   arena_printf(&b.f.arena, "{\"id\":2,\"certificate\":{%s}}", csr_member(&b)));
    assert_int_equal(r->phase, FIND_NEXT);
    assert_string_equal(r->next_page, "2/2;;2");
    call.phase = FIND_NEXT;
    call.page = "2/2;;2";
    r = bench_hear(&b, &call, 200, "{\"page\":{\"total\":100}}"); /* no hit: no list at all */
    same(r, OUTCOME_ACCEPTED, "no rows");
    assert_int_equal(r->nfound, 1);
    assert_string_equal(r->found[0].order_id, "2");
    call.phase = FIND_KEY;
    call.page = "1/1;7;";
    same(bench_hear(&b, &call, 404, ERRORS("not_found|order")), OUTCOME_UNKNOWN, "candidate gone");
    /* a reissue can be in one place only */
    b.order.action = "reissue";
    b.order.prior_order = ORDER_ID;
    call = bench_call(&b, STEP_FIND);
    r = bench_hear(
        &b, &call, 200,
        arena_printf(&b.f.arena, "{\"certificates\":[{\"id\":1},{\"id\":2,%s}]}", csr_member(&b)));
    assert_int_equal(r->nfound, 1);
    assert_string_equal(r->found[0].order_id, ORDER_ID);
    r = bench_hear(&b, &call, 200, "{\"certificates\":[{\"id\":1}]}");
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->nfound);
    bench_end(&b);
}

/* --- revocation --- */
static void revocations(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, dc_config);
    struct ca_call call = bench_call(&b, STEP_REVOKE);
    const struct ca_result *r = bench_hear(&b, &call, 204, "");
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->pending);
    r = bench_hear(&b, &call, 201, "{\"id\":456002,\"status\":\"pending\"}");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->pending);
    same(bench_hear(&b, &call, 200, "<html>maintenance</html>"), OUTCOME_UNKNOWN, "a page");
    same(bench_hear(&b, &call, 400, "<html>proxy</html>"), OUTCOME_UNKNOWN, "a proxy");
    same(bench_hear(&b, &call, 400, ERRORS("invalid_status")), OUTCOME_REFUSED, "words");
    call = bench_call(&b, STEP_CANCEL);
    same(bench_hear(&b, &call, 204, " \r\n"), OUTCOME_ACCEPTED, "cancelled");
    same(bench_hear(&b, &call, 200, "{\"status\":\"canceled\"}"), OUTCOME_ACCEPTED, "cancelled");
    same(bench_hear(&b, &call, 200, "{\"status\":\"issued\"}"), OUTCOME_UNKNOWN, "it is not");
    same(bench_hear(&b, &call, 200, "<html>maintenance</html>"), OUTCOME_UNKNOWN, "a page");
    bench_end(&b);
}

#define ORDER_OF(status, more)                                                                     \
    "{\"id\":812340001,\"status\":\"" status                                                       \
    "\",\"certificate\":{\"serial_number\":\"0A1B2C\"" more "}}"
static void states_of_certificates(void **state UNUSED)
{
    struct bench b;
    bench_begin(&b, DC_CONFIG(BASE, "    approve_requests: true\n"));
    struct ca_call call = bench_call(&b, STEP_REVOKED);
    assert_true(bench_hear(&b, &call, 200, ORDER_OF("revoked", ""))->revoked);
    assert_true(bench_hear(&b, &call, 200, ORDER_OF("issued", ",\"status\":\"revoked\""))->revoked);
    const struct ca_result *r =
        bench_hear(&b, &call, 200, ORDER_OF("issued", ",\"status\":\"issued\""));
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->revoked && !r->phase);
    r = bench_hear(&b, &call, 200, ORDER_OF("issued", "")); /* an order stays issued */
    assert_true(!r->revoked && r->phase == REVOKED_REISSUES);
    assert_string_equal(r->order_id, ORDER_ID);
    same(bench_hear(&b, &call, 200, ORDER_OF("pending", "")), OUTCOME_REFUSED, "not issued");
    r = bench_hear(&b, &call, 404, ERRORS("not_found|order")); /* it may be a reissue */
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->phase == REVOKED_SEARCH);
    same(bench_hear(&b, &call, 404, "<html>"), OUTCOME_UNKNOWN, "a page");
    call.phase = REVOKED_SEARCH;
    r = bench_hear(&b, &call, 200, "{\"orders\":[{\"id\":77}]}");
    assert_int_equal(r->phase, REVOKED_FOUND);
    assert_string_equal(r->order_id, "77");
    call.phase = REVOKED_FOUND; /* it may be another order: its state is not the certificate's */
    r = bench_hear(&b, &call, 200, "{\"id\":77,\"status\":\"revoked\",\"certificate\":{}}");
    assert_true(!r->revoked && r->phase == REVOKED_REISSUES);
    r = bench_hear(&b, &call, 200, "{\"id\":77,\"status\":\"pending\",\"certificate\":{}}");
    assert_true(r->outcome == OUTCOME_ACCEPTED && r->phase == REVOKED_REISSUES);
    call.phase = REVOKED_SEARCH;
    call.attempt = 0;
    r = bench_hear(&b, &call, 200, "{\"orders\":[{\"id\":77},{\"id\":78}]}");
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->revoked && !r->phase);
    call.attempt = 1; /* one of ours is out: nothing is known */
    same(bench_hear(&b, &call, 200, "{\"page\":{\"total\":0}}"), OUTCOME_UNKNOWN, "not shown");
    call.phase = REVOKED_FOUND;
    same(bench_hear(&b, &call, 404, ERRORS("not_found|order")), OUTCOME_UNKNOWN, "gone");
    b.revoke.order = ORDER_ID;
    call.phase = REVOKED_ORDER;
    same(bench_hear(&b, &call, 404, ERRORS("not_found|order")), OUTCOME_REFUSED, "no order");
    b.revoke.order = NULL;
    call.phase = REVOKED_REISSUES;
    call.order_id = ORDER_ID;
    r = bench_hear(&b, &call, 200,
                   "{\"certificates\":[{\"serial_number\":\"0a:1b:2c\",\"status\":\"revoked\"}]}");
    assert_true(r->revoked && !r->phase);
    r = bench_hear(&b, &call, 200,
                   "{\"certificates\":[{\"serial_number\":\"0F\",\"status\":\"revoked\"}]}");
    assert_true(!r->revoked && r->phase == REVOKED_DUPLICATES);
    call.phase = REVOKED_DUPLICATES;
    same(bench_hear(&b, &call, 200, "{}"), OUTCOME_UNKNOWN, "not shown, and one of ours is out");
    call.attempt = 0;
    r = bench_hear(&b, &call, 200, "{}");
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->revoked && !r->phase);
    /* the request of somebody else is not ours to approve: we made none yet */
    static const char waits[] =
        "{\"id\":1,\"status\":\"issued\",\"requests\":[{\"id\":5,\"status\":"
        "\"pending\",\"comments\":\"x; certbatch old 1\"},{\"id\":6,"
        "\"status\":\"pending\",\"comments\":\"certbatch older 1\"}]}";
    b.revoke.serial = NULL;
    b.revoke.order = ORDER_ID;
    call = bench_call(&b, STEP_REVOKED);
    call.attempt = 0;
    assert_int_equal(bench_hear(&b, &call, 200, waits)->phase, 0);
    call.attempt = 1;
    assert_int_equal(bench_hear(&b, &call, 200, waits)->phase, REVOKED_APPROVE);
    assert_string_equal(b.result.next_page, "5");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_placed),
        cmocka_unit_test(reissues_placed),
        cmocka_unit_test(rights),
        cmocka_unit_test(errors_of_orders),
        cmocka_unit_test(errors_of_reads),
        cmocka_unit_test(every_state),
        cmocka_unit_test(approvals),
        cmocka_unit_test(chains),
        cmocka_unit_test(searches),
        cmocka_unit_test(revocations),
        cmocka_unit_test(states_of_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
