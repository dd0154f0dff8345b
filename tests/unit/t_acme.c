/* SPDX-License-Identifier: Apache-2.0
 *
 * The ACME connector: accounts, nonces, what is sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/acme_fixture.h"

#define EAB "    accept_tos: true\n    eab: {kid: kid-1, hmac_key: {file: mac}}\n"

/* --- accounts --- */
static void t_first_account(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, EAB);
    bench_open(&b);
    struct ca_call call = bench_call(&b, STEP_TOKEN, 0);
    struct err err = ERR_INIT;
    assert_false(acme_ops.authorized(&b.ca, NOW));
    assert_true(bench_ask(&b, &call, &err));
    assert_string_equal(b.request.method, "GET");
    assert_string_equal(b.request.url, DIRECTORY);
    assert_int_equal(
        bench_hear(&b, &call, (struct bench_reply){.status = 200, .body = bench_directory})->phase,
        TOKEN_NONCE);
    assert_int_equal(bench_do(&b, STEP_TOKEN, TOKEN_NONCE, NULL,
                              (struct bench_reply){.status = 204, .nonce = "n1"})
                         ->phase,
                     TOKEN_ACCOUNT);
    /* looked up first: an external account binding may be good for one use */
    const struct ca_result *r = bench_do(&b, STEP_TOKEN, TOKEN_ACCOUNT, NULL,
                                         bench_problem(400, "accountDoesNotExist", "none"));
    assert_true(json_get_bool(b.payload, "onlyReturnExisting", false));
    assert_int_equal(json_object_size(b.payload), 1);
    assert_string_equal(json_get_str(b.header, "nonce"), "n1");
    assert_non_null(json_get(b.header, "jwk"));
    assert_null(json_get(b.header, "kid"));
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_int_equal(r->phase, TOKEN_REGISTER);
    r = bench_do(&b, STEP_TOKEN, TOKEN_REGISTER, NULL,
                 (struct bench_reply){.status = 201,
                                      .body = "{\"status\":\"valid\"}",
                                      .nonce = "n3",
                                      .location = "https://ca.example/acct/9"});
    assert_true(json_get_bool(b.payload, "termsOfServiceAgreed", false));
    json_t *eab = bench_part(&b, json_get(b.payload, "externalAccountBinding"), "protected");
    assert_string_equal(json_get_str(eab, "kid"), "kid-1");
    assert_string_equal(json_get_str(eab, "alg"), "HS256");
    assert_string_equal(json_get_str(eab, "url"), "https://ca.example/acct");
    assert_null(json_get(eab, "nonce"));
    json_decref(eab);
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_int_equal(r->phase, 0);
    assert_true(acme_ops.authorized(&b.ca, NOW));
    bench_end(&b);
}

static bool registers(const char *config, struct err *err)
{
    struct bench b;
    bench_begin(&b, config);
    bench_open(&b);
    (void)bench_do(&b, STEP_TOKEN, 0, NULL,
                   (struct bench_reply){.status = 200, .body = bench_directory});
    (void)bench_do(&b, STEP_TOKEN, TOKEN_NONCE, NULL,
                   (struct bench_reply){.status = 204, .nonce = "n"});
    (void)bench_do(&b, STEP_TOKEN, TOKEN_ACCOUNT, NULL,
                   bench_problem(400, "accountDoesNotExist", "none"));
    struct ca_call call = bench_call(&b, STEP_TOKEN, TOKEN_REGISTER);
    const bool ok = bench_ask(&b, &call, err);
    bench_end(&b);
    return ok;
}

static void t_account_needs(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_true(registers(EAB, &err));
    assert_false(registers("    eab: {kid: k, hmac_key: {file: mac}}\n", &err));
    assert_non_null(strstr(err.msg, "https://ca.example/tos"));
    err_clear(&err);
    assert_false(registers("    accept_tos: true\n", &err));
    assert_non_null(strstr(err.msg, "external account binding"));
}

static void t_account_deactivated(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, EAB);
    bench_open(&b);
    (void)bench_do(&b, STEP_TOKEN, 0, NULL,
                   (struct bench_reply){.status = 200, .body = bench_directory});
    (void)bench_do(&b, STEP_TOKEN, TOKEN_NONCE, NULL,
                   (struct bench_reply){.status = 204, .nonce = "n"});
    const struct ca_result *r =
        bench_do(&b, STEP_TOKEN, TOKEN_ACCOUNT, NULL,
                 (struct bench_reply){.status = 200,
                                      .body = "{\"status\":\"deactivated\"}",
                                      .nonce = "m",
                                      .location = "https://ca.example/acct/1"});
    assert_int_equal(r->outcome, OUTCOME_AUTH);
    assert_false(acme_ops.authorized(&b.ca, NOW));
    bench_end(&b);
}

static void t_no_key(void **state)
{
    (void)state;
    struct bench b;
    struct err err = ERR_INIT;
    bench_begin(&b, EAB);
    assert_int_equal(unlink(path_join(&b.f.arena, b.f.dir, "account")), 0);
    assert_false(acme_ops.open(&b.ca, &err));
    assert_non_null(strstr(err.msg, "openssl genpkey"));
    bench_end(&b);
}

static void t_no_directory(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{}", "{\"newNonce\":\"https://ca.example/n\"}",
                                         /* promised over TLS, not fetched without it */
                                         "{\"newNonce\":\"http://ca.example/"
                                         "n\",\"newAccount\":\"https://ca.example/a\",\"newOrder\":"
                                         "\"https://ca.example/o\"}"};
    for (size_t i = 0; i < NITEMS(bodies); i++) {
        struct bench b;
        bench_begin(&b, EAB);
        bench_open(&b);
        const struct ca_result *r = bench_do(
            &b, STEP_TOKEN, 0, NULL, (struct bench_reply){.status = 200, .body = bodies[i]});
        assert_int_equal(r->outcome, OUTCOME_AUTH);
        assert_non_null(strstr(r->message, "directory_url"));
        bench_end(&b);
    }
}

/* --- nonces --- */
static void t_nonces(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, EAB);
    bench_log_in(&b);
    const struct ca_result *r =
        bench_do(&b, STEP_POLL, POLL_ORDER, NULL, bench_problem(400, "badNonce", "old"));
    assert_string_equal(json_get_str(b.header, "nonce"), "second");
    assert_string_equal(json_get_str(b.header, "kid"), "https://ca.example/acct/1");
    assert_int_equal(r->outcome, OUTCOME_AUTH);
    assert_true(r->stale);
    assert_true(acme_ops.authorized(&b.ca, NOW)); /* with the one that came with the refusal */
    (void)bench_do(&b, STEP_POLL, POLL_ORDER, NULL, (struct bench_reply){.status = 503});
    assert_string_equal(json_get_str(b.header, "nonce"), "next");
    assert_false(acme_ops.authorized(&b.ca, NOW)); /* none is left: one is fetched */
    struct err err = ERR_INIT;
    struct ca_call call = bench_call(&b, STEP_POLL, POLL_ORDER);
    assert_false(bench_ask(&b, &call, &err));
    (void)bench_do(&b, STEP_TOKEN, 0, NULL,
                   (struct bench_reply){.status = 200, .nonce = "bad nonce!"});
    assert_string_equal(b.request.url, "https://ca.example/nonce");
    assert_int_equal(b.result.outcome, OUTCOME_UNKNOWN);
    assert_false(acme_ops.authorized(&b.ca, NOW));
    bench_end(&b);
}

static void t_many_nonces(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, EAB);
    bench_log_in(&b);
    struct acme *own = b.ca.state;
    for (unsigned i = 0; i < 3 * ACME_NONCES; i++) {
        acme_keep_nonce(own, arena_printf(&b.f.arena, "n%u", i));
    }
    assert_int_equal(own->nnonces, ACME_NONCES);
    assert_string_equal(own->nonces[ACME_NONCES - 1], "n191"); /* the newest goes first */
    bench_end(&b);
}

/* --- orders --- */
static void t_order(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, EAB "    profile: {name: short}\n");
    bench_log_in(&b);
    b.order.prior_certificate = buf_span(&b.cert);
    const struct ca_result *r =
        bench_do(&b, STEP_ORDER, 0, NULL,
                 (struct bench_reply){.status = 201,
                                      .body = "{\"status\":\"pending\"}",
                                      .nonce = "n",
                                      .location = "https://ca.example/order/7"});
    const json_t *names = json_get(b.payload, "identifiers");
    assert_int_equal(json_array_size(names), 2); /* the common name is one of them */
    assert_string_equal(json_get_str(json_array_get(names, 0), "value"), "www.example.com");
    assert_string_equal(json_get_str(json_array_get(names, 0), "type"), "dns");
    assert_string_equal(json_get_str(b.payload, "profile"), "short");
    assert_non_null(strstr(json_get_str(b.payload, "replaces"), ".AIdlQyE"));
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_string_equal(r->order_id, "https://ca.example/order/7");
    assert_false(r->issued);
    /* RFC 9773, 5: refused for `replaces`, the second one goes without */
    r = bench_do(&b, STEP_ORDER, 0, NULL, bench_problem(409, "alreadyReplaced", "done"));
    assert_true(r->stale);
    r = bench_do(&b, STEP_ORDER, 0, NULL, bench_problem(400, "rejectedIdentifier", "no"));
    assert_null(json_get(b.payload, "replaces"));
    assert_int_equal(r->outcome, OUTCOME_REFUSED);
    bench_end(&b);
}

static void t_order_refused_here(void **state)
{
    (void)state;
    struct bench b;
    struct err err = ERR_INIT;
    static const struct san_value mail[] = {{GN_EMAIL, "a@example.com"}};
    bench_begin(&b, EAB "    profile: {name: nowhere, required: true}\n");
    bench_log_in(&b);
    struct ca_call call = bench_call(&b, STEP_ORDER, 0);
    assert_false(bench_ask(&b, &call, &err));
    assert_non_null(strstr(err.msg, "nowhere"));
    b.order.product = "plain";
    assert_true(bench_ask(&b, &call, &err));
    assert_string_equal(json_get_str(b.payload, "profile"), "plain");
    b.order.san = mail;
    b.order.nsan = 1;
    acme_keep_nonce(b.ca.state, "more");
    assert_false(bench_ask(&b, &call, &err));
    bench_end(&b);
}

static void t_order_answers(void **state)
{
    (void)state;
    static const struct {
        struct bench_reply reply;
        enum outcome outcome;
    } rows[] = {
        {{.status = 201, .body = "{\"status\":\"pending\"}"}, OUTCOME_UNKNOWN}, /* where? */
        {{.status = 201, .body = "<html>", .location = "https://ca.example/o"}, OUTCOME_UNKNOWN},
        {{.status = 400, .body = "<html>"}, OUTCOME_UNKNOWN},
        {{.status = 400, .body = "{\"error\":1}"}, OUTCOME_UNKNOWN},
        {{.status = 500, .body = "{}"}, OUTCOME_UNKNOWN},
        {{.status = 429, .body = "{}"}, OUTCOME_THROTTLED},
        {{.status = 401, .body = "no"}, OUTCOME_AUTH},
        {{.status = 400, .body = "{\"type\":\"urn:ietf:params:acme:error:malformed\"}"},
         OUTCOME_REFUSED},
        {{.status = 403,
          .body = "{\"type\":\"urn:ietf:params:acme:error:unauthorized\",\"detail\":\"name is "
                  "forbidden\"}"},
         OUTCOME_REFUSED},
        {{.status = 403,
          .body = "{\"type\":\"urn:ietf:params:acme:error:unauthorized\",\"detail\":\"Account has "
                  "been deactivated\"}"},
         OUTCOME_AUTH},
        {{.status = 403, .body = "{\"type\":\"urn:ietf:params:acme:error:userActionRequired\"}"},
         OUTCOME_AUTH},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        bench_begin(&b, EAB);
        bench_log_in(&b);
        if (bench_do(&b, STEP_ORDER, 0, NULL, rows[i].reply)->outcome != rows[i].outcome) {
            fail_msg("row %zu: %s", i, outcome_name(b.result.outcome));
        }
        assert_false(b.result.stale);
        bench_end(&b);
    }
}

/* --- revocation --- */
static void t_revoke(void **state)
{
    (void)state;
    struct bench b;
    struct err err = ERR_INIT;
    bench_begin(&b, EAB);
    bench_log_in(&b);
    const struct ca_result *r =
        bench_do(&b, STEP_REVOKE, 0, NULL, (struct bench_reply){.status = 200, .nonce = "n"});
    assert_int_equal(json_get_int(b.payload, "reason", -1), REASON_SUPERSEDED);
    assert_non_null(json_get(b.header, "kid"));
    assert_true(r->revoked && r->outcome == OUTCOME_ACCEPTED);
    r = bench_do(&b, STEP_REVOKE, 0, NULL, bench_problem(400, "alreadyRevoked", "was"));
    assert_true(r->revoked && r->outcome == OUTCOME_ACCEPTED);
    r = bench_do(&b, STEP_REVOKE, 0, NULL, bench_problem(403, "unauthorized", "not yours"));
    assert_true(!r->revoked && r->outcome == OUTCOME_REFUSED);
    r = bench_do(&b, STEP_REVOKE, 0, NULL, bench_problem(400, "badRevocationReason", "no"));
    assert_true(!r->revoked && r->outcome == OUTCOME_REFUSED);
    b.revoke.certificate = (struct span){0};
    struct ca_call call = bench_call(&b, STEP_REVOKE, 0);
    assert_false(bench_ask(&b, &call, &err));
    assert_non_null(strstr(err.msg, "certificate"));
    bench_end(&b);
}

static void t_revoke_by_key(void **state)
{
    (void)state;
    struct bench b;
    CLEANUP(buf_wipe) struct buf pem = BUF_INIT(8192);
    bench_begin(&b, EAB "    certificate_keys: [own.pem]\n");
    key_pem(&b.key, &pem);
    fixture_text(&b.f, "own.pem", buf_text(&pem));
    bench_log_in(&b);
    (void)bench_do(&b, STEP_REVOKE, 0, NULL, (struct bench_reply){.status = 200, .nonce = "n"});
    assert_null(json_get(b.header, "kid"));
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf jwk = BUF_INIT(4096);
    assert_true(jwk_write(&b.key, &jwk, &err));
    assert_non_null(strstr(buf_text(&jwk), json_get_str(json_get(b.header, "jwk"), "x")));
    bench_end(&b);
}

/* RFC 9773, 4.1, its example: no octet more, no padding. */
static void t_cert_id(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, EAB);
    struct cert c;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf want = BUF_INIT(256);
    assert_true(cert_parse(&b.f.arena, buf_span(&b.cert), &c, &err));
    base64url_encode(&want, c.authority_key_id.p, c.authority_key_id.n);
    buf_puts(&want, ".AIdlQyE");
    assert_string_equal(acme_cert_id(&b.f.arena, buf_span(&b.cert)), buf_text(&want));
    assert_null(acme_cert_id(&b.f.arena, (struct span){0}));
    bench_open(&b);
    bench_end(&b);
}

/* What is secret is in no request. */
static void t_secrets(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, EAB);
    bench_log_in(&b);
    (void)bench_do(&b, STEP_ORDER, 0, NULL, (struct bench_reply){.status = 503});
    assert_null(strstr(buf_text(&b.request.body), "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"));
    assert_null(strstr(b.request.url, "AyM1"));
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_first_account),
        cmocka_unit_test(t_account_needs),
        cmocka_unit_test(t_account_deactivated),
        cmocka_unit_test(t_no_key),
        cmocka_unit_test(t_no_directory),
        cmocka_unit_test(t_nonces),
        cmocka_unit_test(t_many_nonces),
        cmocka_unit_test(t_order),
        cmocka_unit_test(t_order_refused_here),
        cmocka_unit_test(t_order_answers),
        cmocka_unit_test(t_revoke),
        cmocka_unit_test(t_revoke_by_key),
        cmocka_unit_test(t_cert_id),
        cmocka_unit_test(t_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
