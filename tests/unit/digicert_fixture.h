/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of the DigiCert connector: an opened account without any network, one request looked at
 * as text and JSON, one reply fed back.
 */
#ifndef TESTS_UNIT_DIGICERT_FIXTURE_H
#define TESTS_UNIT_DIGICERT_FIXTURE_H

#include "tests/unit/connector_fixture.h"

#include "batch/ca/digicert.h"

#define API_KEY  "EXAMPLE-DEVKEY-7f31c2"
#define BASE     "https://www.digicert.com/services/v2"
#define ORDER_ID "812340001"

#define DC_CONFIG(url, rest)                                                                       \
    "certbatch_config: 1\ncas:\n  prod:\n    type: digicert\n    base_url: " url "\n"              \
    "    api_key: {file: key}\n    organization_id: \"117001\"\n    container_id: "                \
    "\"634001\"\n" rest
#define DC_YEAR                                                                                    \
    "    order_validity: {years: 1}\n    payment_type: balance\n    server_platform_id: 45\n"
static const char dc_config[] = DC_CONFIG(BASE, DC_YEAR);

static void bench_begin(struct bench *b, const char *config)
{
    bench_open(b, &(struct bench_setup){&ca_digicert, config, "key", API_KEY, NULL, 0});
    b->order.product = "ssl_basic";
    b->order.ticket = "CHG0012345";
    b->revoke.serial = "0A1B2C";
}

static struct ca_call bench_call(struct bench *b, enum ca_step step)
{
    const bool revocation = step == STEP_REVOKE || step == STEP_REVOKED;
    const bool by_order =
        step == STEP_POLL || step == STEP_CANCEL || step == STEP_CHALLENGE || step == STEP_VALIDATE;
    return (struct ca_call){.step = step,
                            .order = revocation ? NULL : &b->order,
                            .revoke = revocation ? &b->revoke : NULL,
                            .order_id = by_order ? ORDER_ID : NULL,
                            .client_key = step_changes_state(step) ? OUR_KEY : NULL,
                            .attempt = 1,
                            .now = NOW};
}

/* "METHOD path", and what every request has: the key as a secret, never in the open. */
UNUSED static void same_call(struct bench *b, const struct ca_call *call, const char *expected)
{
    struct err err = ERR_INIT;
    if (!bench_ask(b, call, &err)) {
        fail_msg("%s", err.msg);
    }
    const struct ca_request *r = &b->request;
    const char *path = strchr(expected, ' ') + 1;
    assert_int_equal(strncmp(r->method, expected, strlen(r->method)), 0);
    assert_string_equal(r->url, arena_printf(&b->f.arena, BASE "%s", path));
    assert_string_equal(r->secret_headers[0].name, "X-DC-DEVKEY");
    assert_string_equal(secret_bytes(r->secret_headers[0].value), API_KEY);
    assert_null(r->secret_headers[1].name);
    assert_null(strstr(buf_text(&r->body), API_KEY));
    assert_true(str_eq(r->content_type, str_eq(r->method, "GET") ? NULL : "application/json"));
    assert_true(!r->body.n == str_eq(r->method, "GET"));
}

/* The body; a CSR must be that of the order, on one line. */
UNUSED static void same_body(struct bench *b, const struct ca_call *call, const char *expected_call,
                             const char *expected)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    same_call(b, call, expected_call);
    CLEANUP(json_tree_release)
    json_t *got = json_parse("request", buf_text(&b->request.body), b->request.body.n, &err);
    CLEANUP(json_tree_release)
    json_t *want = json_parse("expected", expected, strlen(expected), &err);
    if (!got || !want) {
        fail_msg("%s", err.msg);
    }
    json_t *certificate = json_object_get(got, "certificate");
    const char *csr = json_get_str(certificate, "csr");
    if (csr) {
        assert_null(strpbrk(csr, "\r\n"));
        pem_write(&pem, "CERTIFICATE REQUEST", b->order.csr);
        const char *k = csr;
        for (const char *p = buf_text(&pem); *p; p++) {
            assert_true(*p == '\n' || *p == *k++);
        }
        json_object_set_new(certificate, "csr", json_string("CSR"));
    }
    if (!json_equal(got, want)) {
        fail_msg("%s", json_dumps(got, JSON_INDENT(1)));
    }
}

UNUSED static const struct ca_result *bench_hear(struct bench *b, const struct ca_call *call,
                                                 int status, const char *text)
{
    struct ca_reply reply = {.transport = OUTCOME_ACCEPTED,
                             .http_status = status,
                             .body = BUF_INIT(16 << 20),
                             .retry_after_seconds = -1,
                             .date = TIME_NONE};
    buf_puts(&reply.body, text);
    b->result =
        (struct ca_result){.arena = &b->f.arena, .outcome = OUTCOME_UNKNOWN, .again_seconds = -1};
    digicert_ops.answer(&b->ca, call, &reply, &b->result);
    buf_release(&reply.body);
    return &b->result;
}

#define ERRORS(code) "{\"errors\":[{\"code\":\"" code "\",\"message\":\"Words.\"}]}"

UNUSED static void same(const struct ca_result *r, enum outcome outcome, const char *what)
{
    if (r->outcome != outcome) {
        fail_msg("%s: %s (%s)", what, outcome_name(r->outcome), r->message ? r->message : "");
    }
}

/* PEM of a DER thing as a JSON string without quotes; CRLF, as the API has it. */
UNUSED static const char *bench_pem(struct bench *b, const char *label, struct span der)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
    pem_write(&pem, label, der);
    for (const char *p = buf_text(&pem); *p; p++) {
        buf_puts(&out, *p == '\n' ? "\\r\\n" : (char[]){*p, '\0'});
    }
    return arena_strdup(&b->f.arena, buf_text(&out));
}

UNUSED static const struct ynode *bench_fields(struct bench *b, const char *yaml)
{
    struct ynode *root = NULL;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    assert_true(yaml_parse("test", (struct span){(const uint8_t *)yaml, strlen(yaml)},
                           &shape_manifest, &b->f.arena, &findings, &root));
    return root;
}

#endif
