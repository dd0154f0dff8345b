/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of the connector to Sectigo Certificate Manager: an opened account without any
 * network, one request at a time looked at, one reply at a time fed back.
 */
#ifndef TESTS_UNIT_SECTIGO_FIXTURE_H
#define TESTS_UNIT_SECTIGO_FIXTURE_H

#include "tests/unit/connector_fixture.h"

#include "batch/ca/sectigo.h"

#define PASSWORD  "s3cret-PASSWORD"
#define API_TOKEN "abc.def-TOKEN"

#define SCM_CONFIG(url, auth, rest)                                                                \
    "certbatch_config: 1\ncas:\n  prod:\n    type: sectigo\n    url: " url "\n"                    \
    "    customer_uri: NordwindGmbH\n    organization_id: \"4210\"\n    auth: {" auth "}\n" rest
#define BY_PASSWORD    "login: batch-api, password: {file: secret}"
#define BY_OAUTH       "mode: oauth, client_id: key-1, client_secret: {file: secret}"
#define BY_CERTIFICATE "mode: certificate, login: batch-api"
static const char scm_config[] = SCM_CONFIG("https://cert-manager.com/api", BY_PASSWORD, "");
#define SCM_BASE "https://cert-manager.com/api"

static void bench_begin(struct bench *b, const char *config)
{
    static const struct san_value san[] = {{GN_DNS, "www.example.com"},
                                           {GN_DNS, "api.example.com"}};
    bench_open(b, &(struct bench_setup){&ca_sectigo, config, "secret", PASSWORD, san, NITEMS(san)});
    b->order.product = "18734";
    b->order.validity_seconds = 90 * (int64_t)DAY_SECONDS;
    b->order.ticket = "CHG0042177";
    b->revoke.order = "990121";
    b->revoke.serial = "D21F8A40339B6E";
    b->revoke.comment = "replaced under CHG0042201";
}

static struct ca_call bench_call(struct bench *b, enum ca_step step)
{
    const bool revocation = step == STEP_REVOKE || step == STEP_REVOKED;
    return (struct ca_call){.step = step,
                            .order = revocation ? NULL : &b->order,
                            .revoke = revocation ? &b->revoke : NULL,
                            .order_id = "990121",
                            .client_key = OUR_KEY,
                            .attempt = 1,
                            .since = step == STEP_INVENTORY ? 0 : NOW - 60,
                            .now = NOW,
                            .nonce = "0123456789abcdef0123456789abcdef"};
}

/* Method and address; "" stands for no body, else the body member by member, the CSR as "CSR". */
UNUSED static void same_request(struct bench *b, const struct ca_call *call, const char *method,
                                const char *url, const char *body)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    if (!bench_ask(b, call, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_string_equal(b->request.method, method);
    assert_string_equal(b->request.url, url);
    assert_ptr_equal(b->request.call, call);
    assert_true(str_eq(b->request.content_type, *body ? "application/json;charset=UTF-8" : NULL));
    if (!*body) {
        assert_int_equal(b->request.body.n, 0);
        return;
    }
    CLEANUP(json_tree_release)
    json_t *got = json_parse("request", buf_text(&b->request.body), b->request.body.n, &err);
    CLEANUP(json_tree_release) json_t *want = json_parse("expected", body, strlen(body), &err);
    if (!got || !want) {
        fail_msg("%s", err.msg);
    }
    if (json_get_str(got, "csr")) {
        pem_write(&pem, "CERTIFICATE REQUEST", b->order.csr);
        assert_string_equal(json_get_str(got, "csr"), buf_text(&pem));
        json_object_set_new(got, "csr", json_string("CSR"));
    }
    if (!json_equal(got, want)) {
        fail_msg("%s", json_dumps(got, JSON_INDENT(1)));
    }
}

UNUSED static const char *bench_header(const struct bench *b, const char *name)
{
    for (const char *const *h = b->request.headers; h && *h; h++) {
        if (str_starts(*h, name) && (*h)[strlen(name)] == ':') {
            return *h + strlen(name) + 2;
        }
    }
    return NULL;
}

UNUSED static const struct ca_result *bench_hear(struct bench *b, const struct ca_call *call,
                                                 int status, const char *text)
{
    struct ca_reply reply = {.transport = OUTCOME_ACCEPTED,
                             .http_status = status,
                             .body = BUF_INIT(16 << 20),
                             .retry_after_seconds = status == 429 ? 17 : -1,
                             .date = TIME_NONE};
    buf_puts(&reply.body, text);
    b->result = (struct ca_result){.arena = &b->f.arena,
                                   .outcome = OUTCOME_UNKNOWN,
                                   .again_seconds = -1,
                                   .settle_seconds = -1};
    sectigo_ops.answer(&b->ca, call, &reply, &b->result);
    buf_release(&reply.body);
    return &b->result;
}

UNUSED static const struct ca_result *bench_error(struct bench *b, const struct ca_call *call,
                                                  int code)
{
    return bench_hear(b, call, 400,
                      arena_printf(&b->f.arena, "{\"code\":%d,\"description\":\"words\"}", code));
}

UNUSED static void same(const struct ca_result *r, enum outcome outcome, const char *what)
{
    if (r->outcome != outcome) {
        fail_msg("%s: %s (%s)", what, outcome_name(r->outcome), r->message ? r->message : "");
    }
}

UNUSED static const struct ynode *bench_fields(struct bench *b, const char *yaml)
{
    struct ynode *root = NULL;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    assert_true(yaml_parse("test", (struct span){(const uint8_t *)yaml, strlen(yaml)},
                           &shape_manifest, &b->f.arena, &findings, &root));
    return root;
}

/* A certificate of that key, signed by itself: whose it is is all that is looked at here. */
UNUSED static const char *bench_certificate(struct bench *b, const struct key *key)
{
    struct err err = ERR_INIT;
    static const uint8_t serial[] = {1, 2, 3};
    CLEANUP(buf_release) struct buf name = BUF_INIT(4096);
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    static const struct dn_value dn = {"CN", "www.example.com"};
    const struct x509_names names = {.subject = &dn, .nsubject = 1};
    assert_true(x509_put_dn(&name, &names, &err));
    const struct issue_parts parts = {.profile = &issue_root,
                                      .serial = {serial, sizeof serial},
                                      .subject = buf_span(&name),
                                      .spki = buf_span(&key->spki),
                                      .not_before = NOW,
                                      .not_after = NOW + DAY_SECONDS};
    if (!issue_certificate(key, NULL, &parts, &der, &err)) {
        fail_msg("%s", err.msg);
    }
    pem_write(&pem, "CERTIFICATE", buf_span(&der));
    return arena_strdup(&b->f.arena, buf_text(&pem));
}

#endif
