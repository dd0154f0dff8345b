/* SPDX-License-Identifier: Apache-2.0
 *
 * The ACME connector: what comes back about orders, proofs, certificates and lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/acme_fixture.h"

#define EAB "    accept_tos: true\n    eab: {kid: kid-1, hmac_key: {file: mac}}\n"
#define OK(body_)                                                                                  \
    (struct bench_reply)                                                                           \
    {                                                                                              \
        .status = 200, .body = (body_), .nonce = "n"                                               \
    }

static void begin(struct bench *b, const char *more)
{
    bench_begin(b, more);
    bench_log_in(b);
}

/* --- the states of an order, in each phase that shows them --- */
static void t_states(void **state)
{
    (void)state;
    static const char urls[] = "\"finalize\":\"https://ca.example/f\",\"certificate\":\"https://"
                               "ca.example/c\",\"authorizations\":[\"https://ca.example/a1\","
                               "\"https://ca.example/a2\"]}";
    static const struct {
        const char *status;
        unsigned phase;
        enum outcome outcome;
        unsigned next;
        const char *page;
        bool pending;
    } rows[] = {
        {"pending", POLL_ORDER, OUTCOME_ACCEPTED, POLL_AUTHORIZATION,
         "https://ca.example/a1 https://ca.example/a2", false},
        {"ready", POLL_ORDER, OUTCOME_ACCEPTED, POLL_FINALIZE, "https://ca.example/f", false},
        {"processing", POLL_ORDER, OUTCOME_ACCEPTED, 0, NULL, true},
        {"valid", POLL_ORDER, OUTCOME_ACCEPTED, POLL_CERTIFICATE, "https://ca.example/c", false},
        /* without words of its own: the reason is in the authorizations */
        {"invalid", POLL_ORDER, OUTCOME_ACCEPTED, POLL_AUTHORIZATION,
         "https://ca.example/a1 https://ca.example/a2", false},
        {"invalid", POLL_LOOK, OUTCOME_REFUSED, 0, NULL, false},
        {"processing", POLL_FINALIZE, OUTCOME_ACCEPTED, POLL_LOOK, NULL, false},
        {"processing", POLL_LOOK, OUTCOME_ACCEPTED, 0, NULL, true},
        {"valid", POLL_FINALIZE, OUTCOME_ACCEPTED, POLL_CERTIFICATE, "https://ca.example/c", false},
        {"ready", POLL_LOOK, OUTCOME_ACCEPTED, 0, NULL, true}, /* never handed in twice in a look */
        {"ready", POLL_FINALIZE, OUTCOME_ACCEPTED, 0, NULL, true},
        {"lost", POLL_ORDER, OUTCOME_UNKNOWN, 0, NULL, false},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        begin(&b, EAB);
        const struct ca_result *r =
            bench_do(&b, STEP_POLL, rows[i].phase, "https://ca.example/f",
                     OK(arena_printf(&b.f.arena, "{\"status\":\"%s\",%s", rows[i].status, urls)));
        if (r->outcome != rows[i].outcome || r->phase != rows[i].next ||
            !str_eq(r->next_page, rows[i].page) || r->pending != rows[i].pending || r->issued) {
            fail_msg("row %zu: %s, phase %u, %s", i, outcome_name(r->outcome), r->phase,
                     r->next_page ? r->next_page : "-");
        }
        assert_int_equal(r->wants_csr, r->phase == POLL_FINALIZE);
        bench_end(&b);
    }
}

static void t_order_lacks(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"status\":\"pending\"}",
        "{\"status\":\"ready\"}",
        "{\"status\":\"valid\"}",
        "{}",
        "[]",
        "{\"status\":\"valid\",\"certificate\":\"http://plain/\"}"};
    for (size_t i = 0; i < NITEMS(bodies); i++) {
        struct bench b;
        begin(&b, EAB);
        assert_int_equal(bench_do(&b, STEP_POLL, POLL_ORDER, NULL, OK(bodies[i]))->outcome,
                         OUTCOME_UNKNOWN);
        bench_end(&b);
    }
}

static void t_invalid_says_why(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, EAB);
    const struct ca_result *r = bench_do(
        &b, STEP_POLL, POLL_ORDER, NULL,
        OK("{\"status\":\"invalid\",\"error\":{\"type\":\"urn:ietf:params:acme:error:compound\","
           "\"detail\":\"two of them\",\"subproblems\":[{\"detail\":\"no A record\",\"identifier\":"
           "{\"type\":\"dns\",\"value\":\"a.example.com\"}},{\"detail\":\"CAA\"}]}}"));
    assert_int_equal(r->outcome, OUTCOME_REFUSED);
    assert_string_equal(r->code, "compound");
    assert_string_equal(r->message, "two of them; a.example.com: no A record; CAA");
    bench_end(&b);
}

/* --- finalize --- */
static void t_finalize(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *type;
        enum outcome outcome;
    } rows[] = {{400, "badCSR", OUTCOME_REFUSED},
                {403, "orderNotReady", OUTCOME_UNKNOWN},
                {403, "caa", OUTCOME_REFUSED},
                {400, "finalizeorderrequestError", OUTCOME_UNKNOWN}, /* of nobody's RFC */
                {403, "unauthorized", OUTCOME_UNKNOWN},
                {500, "serverInternal", OUTCOME_UNKNOWN},
                {429, "rateLimited", OUTCOME_THROTTLED},
                {400, "badNonce", OUTCOME_AUTH}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        CLEANUP(buf_release) struct buf want = BUF_INIT(65536);
        begin(&b, EAB);
        const struct ca_result *r = bench_do(&b, STEP_POLL, POLL_FINALIZE, "https://ca.example/f",
                                             bench_problem(rows[i].status, rows[i].type, "x"));
        base64url_encode(&want, b.csr.p, b.csr.n);
        assert_string_equal(json_get_str(b.payload, "csr"), buf_text(&want));
        assert_int_equal(json_object_size(b.payload), 1);
        assert_int_equal(r->outcome, rows[i].outcome);
        bench_end(&b);
    }
}

/* --- authorizations and challenges --- */
#define AUTHZ(status_, name_, more_)                                                               \
    "{\"status\":\"" status_ "\",\"identifier\":{\"type\":\"dns\",\"value\":\"" name_ "\"}," more_ \
    "\"challenges\":[{\"type\":\"http-01\",\"url\":\"https://ca.example/"                          \
    "h\",\"token\":\"tok-1_A\","                                                                   \
    "\"status\":\"pending\"},{\"type\":\"dns-01\",\"url\":\"https://ca.example/d\",\"token\":"     \
    "\"tok-1_A\",\"status\":\"pending\",\"error\":{\"detail\":\"no TXT\"}}]}"

static void t_authorizations(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, EAB);
    const struct ca_result *r =
        bench_do(&b, STEP_POLL, POLL_AUTHORIZATION, "https://ca.example/a1 https://ca.example/a2",
                 OK(AUTHZ("pending", "example.com", "\"wildcard\":true,")));
    assert_int_equal(r->phase, POLL_AUTHORIZATION);
    const char *page = arena_strdup(&b.f.arena, r->next_page);
    assert_true(str_starts(page, "https://ca.example/a2 +"));
    r = bench_do(&b, STEP_POLL, POLL_AUTHORIZATION, page,
                 OK(AUTHZ("valid", "www.example.com", "")));
    assert_int_equal(r->phase, 0);
    assert_true(r->pending);
    assert_int_equal(r->ndomains, 2);
    assert_string_equal(r->domains[0].name, "*.example.com");
    assert_string_equal(r->domains[0].proof, "https://ca.example/a1");
    assert_int_equal(r->domains[0].state, DOMAIN_OPEN);
    assert_string_equal(r->domains[1].name, "www.example.com");
    assert_string_equal(r->domains[1].proof, "https://ca.example/a2");
    assert_int_equal(r->domains[1].state, DOMAIN_VALIDATED);
    r = bench_do(&b, STEP_POLL, POLL_AUTHORIZATION, "https://ca.example/a1",
                 OK(AUTHZ("invalid", "example.com", "")));
    assert_int_equal(r->outcome, OUTCOME_REFUSED);
    assert_non_null(strstr(r->message, "example.com is invalid: no TXT"));
    r = bench_do(&b, STEP_POLL, POLL_AUTHORIZATION, "https://ca.example/a1",
                 OK(AUTHZ("pending", "a b", "")));
    assert_int_equal(r->outcome, OUTCOME_UNKNOWN);
    bench_end(&b);
}

static void t_dns_challenge(void **state)
{
    (void)state;
    struct bench b;
    struct err err = ERR_INIT;
    begin(&b, EAB);
    const struct ca_result *r = bench_do(&b, STEP_CHALLENGE, 0, "https://ca.example/a1",
                                         OK(AUTHZ("pending", "example.com", "")));
    char thumbprint[JWK_THUMBPRINT];
    uint8_t hash[SHA256_SIZE];
    CLEANUP(buf_release) struct buf want = BUF_INIT(128);
    assert_null(b.payload); /* POST-as-GET */
    assert_true(jwk_thumbprint(&b.account, thumbprint, &err));
    const char *answer = arena_printf(&b.f.arena, "tok-1_A.%s", thumbprint);
    sha256(answer, strlen(answer), hash);
    base64url_encode(&want, hash, sizeof hash);
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_string_equal(r->record_value, buf_text(&want));
    assert_null(r->record_name);
    assert_string_equal(r->proof, "https://ca.example/d");
    r = bench_do(&b, STEP_VALIDATE, 0, "https://ca.example/d", OK("{\"status\":\"processing\"}"));
    assert_string_equal(b.request.url, "https://ca.example/d");
    assert_int_equal(json_object_size(b.payload), 0);
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    r = bench_do(&b, STEP_CHALLENGE, 0, "https://ca.example/a1",
                 OK(AUTHZ("valid", "example.com", "")));
    assert_true(r->outcome == OUTCOME_ACCEPTED && !r->record_value && !r->pending);
    bench_end(&b);
}

static void t_http_challenge(void **state)
{
    (void)state;
    struct bench b;
    struct ca_dcv dcv;
    begin(&b, EAB "    challenge: http-01\n    hook: [./hook]\n    hook_timeout_seconds: 7\n");
    const struct ca_result *r = bench_do(&b, STEP_CHALLENGE, 0, "https://ca.example/a1",
                                         OK(AUTHZ("pending", "example.com", "")));
    assert_string_equal(r->record_name, "http://example.com/.well-known/acme-challenge/tok-1_A");
    assert_true(str_starts(r->record_value, "tok-1_A."));
    assert_string_equal(r->proof, "https://ca.example/h");
    assert_true(acme_dcv(&b.config.cas[0], &dcv));
    assert_true(dcv.http);
    assert_int_equal(dcv.hook_seconds, 7);
    bench_end(&b);
}

/* A token goes into a path of somebody's web server. */
static void t_bad_tokens(void **state)
{
    (void)state;
    static const char *const tokens[] = {"../x", "", "a b", "a.b", "a/b", "a%2f"};
    for (size_t i = 0; i < NITEMS(tokens); i++) {
        struct bench b;
        begin(&b, EAB);
        const struct ca_result *r = bench_do(
            &b, STEP_CHALLENGE, 0, "https://ca.example/a1",
            OK(arena_printf(&b.f.arena,
                            "{\"status\":\"pending\",\"challenges\":[{\"type\":\"dns-01\",\"url\":"
                            "\"https://ca.example/d\",\"token\":\"%s\"}]}",
                            tokens[i])));
        assert_int_equal(r->outcome, OUTCOME_REFUSED);
        assert_null(r->record_value);
        bench_end(&b);
    }
}

/* --- certificates --- */
static const char *pem(struct bench *b)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(65536);
    cert_pem(&text, buf_span(&b->cert));
    return arena_strdup(&b->f.arena, buf_text(&text));
}

static void t_certificate(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, EAB);
    const struct ca_result *r =
        bench_do(&b, STEP_POLL, POLL_CERTIFICATE, "https://ca.example/c", OK(pem(&b)));
    assert_true(r->issued);
    assert_int_equal(r->ncerts, 1);
    assert_true(span_eq(r->certs[0], buf_span(&b.cert)));
    static const char *const bad[] = {"", "{}",
                                      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END "
                                      "CERTIFICATE-----\n"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        acme_keep_nonce(b.ca.state, "x");
        r = bench_do(&b, STEP_POLL, POLL_CERTIFICATE, "https://ca.example/c", OK(bad[i]));
        assert_int_equal(r->outcome, OUTCOME_UNKNOWN);
        assert_false(r->issued);
    }
    bench_end(&b);
}

/* Default, two others, then the default for want of the preferred one. */
static void t_chains(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, EAB "    preferred_chain: Nobody Root\n");
    struct bench_reply reply = {.status = 200,
                                .body = pem(&b),
                                .nonce = "n",
                                .link = "<https://ca.example/c/1>;rel=\"alternate\", "
                                        "<https://ca.example/dir>;rel=\"index\"",
                                .link2 = "<https://ca.example/c/2>;rel=\"alternate\""};
    const struct ca_result *r =
        bench_do(&b, STEP_POLL, POLL_CERTIFICATE, "https://ca.example/c", reply);
    assert_false(r->issued);
    assert_int_equal(r->phase, POLL_ALTERNATE);
    assert_string_equal(r->next_page,
                        "https://ca.example/c/1 https://ca.example/c https://ca.example/c/2");
    r = bench_do(&b, STEP_POLL, POLL_ALTERNATE, arena_strdup(&b.f.arena, r->next_page),
                 OK(pem(&b)));
    assert_int_equal(r->phase, POLL_ALTERNATE);
    assert_string_equal(r->next_page, "https://ca.example/c/2 https://ca.example/c");
    r = bench_do(&b, STEP_POLL, POLL_ALTERNATE, arena_strdup(&b.f.arena, r->next_page),
                 OK(pem(&b)));
    assert_int_equal(r->phase, POLL_DEFAULT);
    assert_string_equal(r->next_page, "https://ca.example/c");
    r = bench_do(&b, STEP_POLL, POLL_DEFAULT, "https://ca.example/c", reply);
    assert_true(r->issued);
    bench_end(&b);
}

static void t_preferred_chain(void **state)
{
    (void)state;
    struct bench b;
    begin(&b,
          EAB "    preferred_chain: www.example.com\n"); /* what the fixture's issuer is called */
    struct bench_reply reply = {.status = 200,
                                .body = pem(&b),
                                .nonce = "n",
                                .link = "<https://ca.example/c/1>;rel=\"alternate\""};
    assert_true(bench_do(&b, STEP_POLL, POLL_CERTIFICATE, "https://ca.example/c", reply)->issued);
    bench_end(&b);
}

/* --- lists --- */
static void t_profiles(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, EAB);
    const struct ca_result *r = bench_do(&b, STEP_PRODUCTS, 0, NULL, OK(bench_directory));
    assert_string_equal(b.request.method, "GET");
    assert_int_equal(r->nsold, 2);
    assert_string_equal(r->sold[0].code, "plain");
    assert_string_equal(r->sold[0].name, "usual");
    bench_end(&b);
}

static void t_inventory(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, EAB);
    const struct ca_result *r = bench_do(&b, STEP_INVENTORY, 0, NULL, OK("{\"status\":\"valid\"}"));
    assert_int_equal(r->outcome, OUTCOME_REFUSED); /* not every CA lists orders */
    r = bench_do(&b, STEP_INVENTORY, 0, NULL, OK("{\"orders\":\"https://ca.example/list\"}"));
    assert_int_equal(r->phase, 1);
    struct bench_reply page =
        OK("{\"orders\":[\"https://ca.example/o/1\",\"https://ca.example/o/2\"]}");
    page.link = "<https://ca.example/list?2>;rel=\"next\"";
    r = bench_do(&b, STEP_INVENTORY, 1, "https://ca.example/list", page);
    assert_int_equal(r->phase, 2);
    assert_string_equal(r->next_page,
                        "https://ca.example/o/1 https://ca.example/o/2 >https://ca.example/list?2");
    r = bench_do(
        &b, STEP_INVENTORY, 2, arena_strdup(&b.f.arena, r->next_page),
        OK("{\"status\":\"valid\",\"certificate\":\"https://ca.example/c\",\"identifiers\":"
           "[{\"type\":\"dns\",\"value\":\"www.example.com\"}]}"));
    assert_int_equal(r->phase, 3);
    assert_int_equal(r->nlisted, 0);
    const char *at = arena_strdup(&b.f.arena, r->next_page);
    r = bench_do(&b, STEP_INVENTORY, 3, at, OK(pem(&b)));
    assert_int_equal(r->nlisted, 1);
    assert_string_equal(r->listed[0].order_id, "https://ca.example/o/1");
    assert_string_equal(r->listed[0].serial, "87654321");
    assert_int_equal(r->listed[0].not_after, NOW + 86400);
    assert_string_equal(r->next_page, "https://ca.example/o/2 >https://ca.example/list?2");
    /* pebble has no certificate to show any more once it is revoked */
    r = bench_do(&b, STEP_INVENTORY, 3, at, (struct bench_reply){.status = 404, .nonce = "n"});
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_string_equal(r->listed[0].common_name, "www.example.com");
    assert_null(r->listed[0].serial);
    r = bench_do(&b, STEP_INVENTORY, 2, "https://ca.example/o/2 >https://ca.example/list?2",
                 OK("{\"status\":\"pending\",\"identifiers\":[]}"));
    assert_string_equal(r->listed[0].status, "pending");
    assert_int_equal(r->phase, 1);
    assert_string_equal(r->next_page, "https://ca.example/list?2");
    bench_end(&b);
}

static void t_probe(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, EAB);
    assert_int_equal(bench_do(&b, STEP_PROBE, 0, NULL, OK("{\"status\":\"valid\"}"))->outcome,
                     OUTCOME_ACCEPTED);
    assert_string_equal(b.request.url, "https://ca.example/acct/1");
    assert_int_equal(bench_do(&b, STEP_PROBE, 0, NULL, OK("{\"status\":\"revoked\"}"))->outcome,
                     OUTCOME_AUTH);
    assert_false(acme_ops.authorized(&b.ca, NOW));
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_states),           cmocka_unit_test(t_order_lacks),
        cmocka_unit_test(t_invalid_says_why), cmocka_unit_test(t_finalize),
        cmocka_unit_test(t_authorizations),   cmocka_unit_test(t_dns_challenge),
        cmocka_unit_test(t_http_challenge),   cmocka_unit_test(t_bad_tokens),
        cmocka_unit_test(t_certificate),      cmocka_unit_test(t_chains),
        cmocka_unit_test(t_preferred_chain),  cmocka_unit_test(t_profiles),
        cmocka_unit_test(t_inventory),        cmocka_unit_test(t_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
