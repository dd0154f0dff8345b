/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of the CERTInext connector: an opened CA without any network, one request at a time
 * looked at as JSON, one reply at a time fed back.
 */
#ifndef TESTS_UNIT_CERTINEXT_FIXTURE_H
#define TESTS_UNIT_CERTINEXT_FIXTURE_H

#include "tests/unit/connector_fixture.h"

#include "batch/ca/certinext_ops.h"

#define ACCESS_KEY "EXAMPLE-ACCESS-KEY-0001"
#define NONCE      "0123456789abcdef0123456789abcdef"

static const char bench_config[] =
    "certbatch_config: 1\ncas:\n  prod:\n    type: certinext\n"
    "    api_url: https://sandbox-us-api.certinext.io/emSignHub-API/\n"
    "    account_number: \"1234567890\"\n    group_number: \"2345678901\"\n"
    "    organization_number: \"3456789012\"\n    auth: {access_key: {file: key}}\n"
    "    requestor: {name: PKI Automation, email: pki-admin@example.com, "
    "mobile_number: \"5550100123\", designation: Platform Engineer}\n"
    "    signer: {name: Dana Sample, place: Austin, ip: 203.0.113.10}\n";

static void bench_begin(struct bench *b, const char *config)
{
    bench_open(b, &(struct bench_setup){&ca_certinext, config, "key", ACCESS_KEY, NULL, 0});
    b->order.product = "842";
    b->order.ticket = "CHG0012345";
    b->revoke.order = "6612345678";
}

static struct ca_call bench_call(struct bench *b, enum ca_step step)
{
    const bool revocation = step == STEP_REVOKE || step == STEP_REVOKED;
    return (struct ca_call){.step = step,
                            .order = revocation ? NULL : &b->order,
                            .revoke = revocation ? &b->revoke : NULL,
                            .order_id = "6612345678",
                            .client_key = step_changes_state(step) ? OUR_KEY : NULL,
                            .attempt = 1,
                            .now = NOW,
                            .nonce = NONCE};
}

/* The body of the request, which must be whole JSON; the caller's. */
UNUSED static json_t *bench_body(struct bench *b, const struct ca_call *call)
{
    struct err err = ERR_INIT;
    if (!bench_ask(b, call, &err)) {
        fail_msg("%s", err.msg);
    }
    json_t *t = json_parse("request", buf_text(&b->request.body), b->request.body.n, &err);
    assert_non_null(t);
    return t;
}

static const struct ca_result *bench_bytes(struct bench *b, const struct ca_call *call, int status,
                                           const char *text, size_t n)
{
    struct ca_reply reply = {.transport = OUTCOME_ACCEPTED,
                             .http_status = status,
                             .body = BUF_INIT(16 << 20),
                             .retry_after_seconds = status == 429 ? 17 : -1,
                             .date = b->date};
    buf_add(&reply.body, text, n);
    b->result =
        (struct ca_result){.arena = &b->f.arena, .outcome = OUTCOME_UNKNOWN, .again_seconds = -1};
    certinext_ops.answer(&b->ca, call, &reply, &b->result);
    buf_release(&reply.body);
    return &b->result;
}

static const struct ca_result *bench_hear(struct bench *b, const struct ca_call *call, int status,
                                          const char *text)
{
    return bench_bytes(b, call, status, text, strlen(text));
}

#define META_OK                                                                                    \
    "\"meta\":{\"ver\":\"1.0\",\"status\":\"1\",\"errorCode\":\"\",\"errorMessage\":\"\"}"

UNUSED static const struct ca_result *bench_ok(struct bench *b, const struct ca_call *call,
                                               const char *rest)
{
    return bench_hear(b, call, 200,
                      arena_printf(&b->f.arena, "{%s%s%s}", META_OK, rest[0] ? "," : "", rest));
}

UNUSED static const struct ca_result *bench_failure(struct bench *b, const struct ca_call *call,
                                                    const char *code, const char *message)
{
    return bench_hear(b, call, 200,
                      arena_printf(&b->f.arena,
                                   "{\"meta\":{\"status\":\"0\",\"errorCode\":\"%s\","
                                   "\"errorMessage\":\"%s\"}}",
                                   code, message));
}

/* PEM of a DER thing as a JSON string without quotes. */
UNUSED static const char *bench_pem(struct bench *b, const char *label, struct span der)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
    pem_write(&pem, label, der);
    for (const char *p = buf_text(&pem); *p; p++) {
        buf_puts(&out, *p == '\n' ? "\\n" : (char[]){*p, '\0'});
    }
    return arena_strdup(&b->f.arena, buf_text(&out));
}

#endif
