/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of the ACME connector: an opened CA without any network, one request at a time taken
 * apart, one reply at a time fed back.
 */
#ifndef TESTS_UNIT_ACME_FIXTURE_H
#define TESTS_UNIT_ACME_FIXTURE_H

#include "tests/unit/batch_fixture.h"

#include "batch/ca/acme.h"
#include "formats/crl.h"
#include "formats/key.h"

#define DIRECTORY "https://ca.example/dir"
#define NOW       INT64_C(1795252530)

static const char bench_directory[] =
    "{\"newNonce\":\"https://ca.example/nonce\",\"newAccount\":\"https://ca.example/acct\","
    "\"newOrder\":\"https://ca.example/order\",\"revokeCert\":\"https://ca.example/revoke\","
    "\"renewalInfo\":\"https://ca.example/ari\",\"meta\":{\"termsOfService\":\"https://ca.example/"
    "tos\",\"externalAccountRequired\":true,\"profiles\":{\"plain\":\"usual\",\"short\":\"six "
    "days\"}}}";

struct bench {
    struct fixture f;
    struct config config;
    struct findings findings;
    struct ca ca;
    struct key key, account;
    struct buf csr, cert; /* DER, for www.example.com; self-made, with an authority key id */
    struct ca_order order;
    struct ca_revocation revoke;
    struct ca_request request;
    struct ca_result result;
    json_t *header, *payload; /* of the last signed request; payload NULL: empty */
};

static void bench_certificate(struct bench *b)
{
    struct err err = ERR_INIT;
    struct key ca_key = KEY_INIT;
    struct cert issuer;
    CLEANUP(buf_release) struct buf root = BUF_INIT(65536), name = BUF_INIT(4096);
    static const uint8_t serial[] = {0x00, 0x87, 0x65, 0x43, 0x21};
    struct csr csr;
    assert_true(key_generate(KEY_EC_P256, &ca_key, &err));
    csr_parse(&b->f.arena, buf_span(&b->csr), &csr);
    struct issue_parts p = {.profile = &issue_issuing,
                            .serial = {serial, sizeof serial},
                            .subject = csr.subject.der,
                            .spki = buf_span(&ca_key.spki),
                            .not_before = NOW - 86400,
                            .not_after = NOW + 86400};
    assert_true(issue_certificate(&ca_key, NULL, &p, &root, &err));
    struct span der = {arena_memdup(&b->f.arena, root.p, root.n), root.n};
    assert_true(cert_parse(&b->f.arena, der, &issuer, &err));
    p.profile = &issue_tls_server;
    p.spki = buf_span(&b->key.spki);
    assert_true(issue_certificate(&ca_key, &issuer, &p, &b->cert, &err));
    key_release(&ca_key);
}

static void bench_begin(struct bench *b, const char *more)
{
    struct err err = ERR_INIT;
    static const struct dn_value dn = {"CN", "www.example.com"};
    static const struct san_value san[] = {{GN_DNS, "WWW.example.com"}, {GN_DNS, "example.com"}};
    const struct x509_names names = {.subject = &dn, .nsubject = 1, .san = san, .nsan = 2};
    CLEANUP(buf_wipe) struct buf pem = BUF_INIT(8192);
    *b = (struct bench){
        .key = KEY_INIT, .account = KEY_INIT, .csr = BUF_INIT(65536), .cert = BUF_INIT(65536)};
    fixture_begin(&b->f);
    assert_true(key_generate(KEY_EC_P256, &b->account, &err));
    key_pem(&b->account, &pem);
    fixture_text(&b->f, "account", buf_text(&pem));
    fixture_text(&b->f, "mac", "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr/T==\n");
    fixture_text(&b->f, "certbatch.yaml",
                 arena_printf(&b->f.arena,
                              "certbatch_config: 1\ncas:\n  prod:\n    type: acme\n"
                              "    directory_url: " DIRECTORY "\n    account_key: {file: account}\n"
                              "    contact: mailto:pki@example.com\n%s",
                              more));
    if (!config_read(&b->config, b->f.options.config, &b->findings, &err)) {
        fail_msg("%s %s", err.msg, b->findings.n ? b->findings.v[0].message : "");
    }
    b->ca = (struct ca){
        .type = &ca_acme, .config = &b->config.cas[0], .name = "prod", .config_dir = b->f.dir};
    assert_true(key_generate(KEY_EC_P256, &b->key, &err));
    assert_true(csr_build(&b->key, &names, &b->csr, &err));
    bench_certificate(b);
    b->order = (struct ca_order){.item = "www",
                                 .action = "new",
                                 .csr = buf_span(&b->csr),
                                 .spki_sha256 = b->key.spki_sha256,
                                 .common_name = "www.example.com",
                                 .san = san,
                                 .nsan = 2};
    b->revoke = (struct ca_revocation){
        .item = "old", .certificate = buf_span(&b->cert), .reason = REASON_SUPERSEDED};
}

static void bench_open(struct bench *b)
{
    struct err err = ERR_INIT;
    if (!acme_ops.open(&b->ca, &err)) {
        fail_msg("%s", err.msg);
    }
}

static void bench_forget(struct bench *b)
{
    json_decref(b->header);
    json_decref(b->payload);
    b->header = b->payload = NULL;
}

static void bench_end(struct bench *b)
{
    bench_forget(b);
    acme_ops.close(&b->ca);
    config_release(&b->config);
    findings_release(&b->findings);
    key_release(&b->key);
    key_release(&b->account);
    buf_release(&b->csr);
    buf_release(&b->cert);
    buf_wipe(&b->request.body);
    fixture_end(&b->f);
}

static struct ca_call bench_call(struct bench *b, enum ca_step step, unsigned phase)
{
    return (struct ca_call){.step = step,
                            .phase = phase,
                            .order = step == STEP_REVOKE ? NULL : &b->order,
                            .revoke = step == STEP_REVOKE ? &b->revoke : NULL,
                            .order_id = "https://ca.example/order/7",
                            .now = NOW,
                            .nonce = "0123456789abcdef0123456789abcdef"};
}

static json_t *bench_part(struct bench *b, const json_t *jws, const char *name)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    const char *s = json_get_str(jws, name);
    (void)b;
    assert_non_null(s);
    assert_true(base64url_decode(&text, s, strlen(s)));
    json_t *tree = text.n ? json_parse(name, text.p, text.n, &err) : NULL;
    assert_true(tree || !text.n);
    return tree;
}

static bool bench_ask(struct bench *b, const struct ca_call *call, struct err *err)
{
    bench_forget(b);
    buf_wipe(&b->request.body);
    b->request = (struct ca_request){.arena = &b->f.arena, .body = BUF_INIT(4 << 20)};
    if (!acme_ops.request(&b->ca, call, &b->request, err)) {
        return false;
    }
    if (b->request.body.n) {
        json_t *jws = json_parse("body", b->request.body.p, b->request.body.n, err);
        assert_int_equal(json_object_size(jws), 3);
        b->header = bench_part(b, jws, "protected");
        b->payload = bench_part(b, jws, "payload");
        json_decref(jws);
        assert_string_equal(b->request.content_type, "application/jose+json");
        assert_string_equal(b->request.method, "POST");
        assert_string_equal(json_get_str(b->header, "url"), b->request.url);
    }
    return true;
}

struct bench_reply {
    int status;
    const char *body, *nonce, *location, *link, *link2;
    int64_t retry_after; /* 0: none */
};

static const struct ca_result *bench_hear(struct bench *b, const struct ca_call *call,
                                          struct bench_reply r)
{
    struct ca_header headers[4];
    size_t n = 0;
    const char *const values[][2] = {
        {"replay-nonce", r.nonce}, {"location", r.location}, {"link", r.link}, {"link", r.link2}};
    for (size_t i = 0; i < NITEMS(values); i++) {
        if (values[i][1]) {
            headers[n++] = (struct ca_header){values[i][0], values[i][1]};
        }
    }
    struct ca_reply reply = {.transport = OUTCOME_ACCEPTED,
                             .http_status = r.status,
                             .body = BUF_INIT(1 << 20),
                             .retry_after_seconds = r.retry_after ? r.retry_after : -1,
                             .date = TIME_NONE,
                             .headers = headers,
                             .nheaders = n};
    buf_puts(&reply.body, r.body ? r.body : "");
    b->result = (struct ca_result){.arena = &b->f.arena,
                                   .outcome = OUTCOME_UNKNOWN,
                                   .again_seconds = -1,
                                   .settle_seconds = -1};
    acme_ops.answer(&b->ca, call, &reply, &b->result);
    buf_release(&reply.body);
    return &b->result;
}

/* Asked, and answered. */
static const struct ca_result *bench_do(struct bench *b, enum ca_step step, unsigned phase,
                                        const char *page, struct bench_reply r)
{
    struct err err = ERR_INIT;
    struct ca_call call = bench_call(b, step, phase);
    call.page = page;
    call.domain = "*.example.com";
    call.proof = page;
    if (!bench_ask(b, &call, &err)) {
        fail_msg("%s", err.msg);
    }
    return bench_hear(b, &call, r);
}

UNUSED static struct bench_reply bench_problem(int status, const char *type, const char *detail)
{
    static char text[1024];
    (void)snprintf(text, sizeof text,
                   "{\"type\":\"urn:ietf:params:acme:error:%s\",\"detail\":\"%s\",\"status\":%d}",
                   type, detail, status);
    return (struct bench_reply){.status = status, .body = text, .nonce = "next"};
}

/* Directory, nonce, an account that is there. */
static void bench_log_in(struct bench *b)
{
    bench_open(b);
    (void)bench_do(b, STEP_TOKEN, 0, NULL,
                   (struct bench_reply){.status = 200, .body = bench_directory});
    (void)bench_do(b, STEP_TOKEN, TOKEN_NONCE, NULL,
                   (struct bench_reply){.status = 204, .nonce = "first"});
    (void)bench_do(b, STEP_TOKEN, TOKEN_ACCOUNT, NULL,
                   (struct bench_reply){.status = 200,
                                        .body = "{\"status\":\"valid\"}",
                                        .nonce = "second",
                                        .location = "https://ca.example/acct/1"});
    assert_true(acme_ops.authorized(&b->ca, NOW));
}

#endif
