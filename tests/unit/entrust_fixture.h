/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of the Entrust CA Gateway connector: an opened CA without any network, one request at
 * a time looked at, one reply at a time fed back, certificates of a small CA as the gateway shows
 * them.
 */
#ifndef TESTS_UNIT_ENTRUST_FIXTURE_H
#define TESTS_UNIT_ENTRUST_FIXTURE_H

#include "tests/unit/batch_fixture.h"

#include "batch/ca/entrust.h"
#include "formats/crl.h"
#include "formats/key.h"

#define EN_BASE "https://cagw.example:8444/cagw/v1/certificate-authorities"
#define EN_CA   EN_BASE "/CA-1001"
#define OUR_KEY "fedcba9876543210fedcba9876543210"
#define NOW     INT64_C(1795252530) /* 2026-11-21T09:15:30Z */

#define EN_CONFIG(rest)                                                                            \
    "certbatch_config: 1\ncas:\n  gw:\n    type: entrust\n"                                        \
    "    url: https://cagw.example:8444/cagw/\n    ca_id: CA-1001\n" rest
static const char en_config[] = EN_CONFIG("");

struct gate {
    struct fixture f;
    struct config config;
    struct findings findings;
    struct ca ca;
    struct key key, other;
    struct buf csr; /* DER, for www.example.com */
    struct ca_order order;
    struct ca_revocation revoke;
    struct ca_request request;
    struct ca_result result;
};

UNUSED static void gate_begin(struct gate *g, const char *config)
{
    struct err err = ERR_INIT;
    static const struct dn_value subject = {"CN", "www.example.com"};
    static const struct dn_value dn[] = {{"C", "DE"}, {"O", "Acme, Inc."}};
    static const struct san_value san[] = {{GN_DNS, "www.example.com"}, {GN_IP, "192.0.2.7"}};
    const struct x509_names names = {&subject, 1, san, NITEMS(san)};
    *g = (struct gate){.key = KEY_INIT, .other = KEY_INIT, .csr = BUF_INIT(65536)};
    fixture_begin(&g->f);
    fixture_text(&g->f, "certbatch.yaml", config);
    if (!config_read(&g->config, g->f.options.config, &g->findings, &err)) {
        fail_msg("%s %s", err.msg, g->findings.n ? g->findings.v[0].message : "");
    }
    g->ca = (struct ca){
        .type = &ca_entrust, .config = &g->config.cas[0], .name = "gw", .config_dir = g->f.dir};
    assert_true(entrust_ops.open(&g->ca, &err));
    assert_true(key_generate(KEY_EC_P256, &g->key, &err));
    assert_true(key_generate(KEY_EC_P256, &g->other, &err));
    assert_true(csr_build(&g->key, &names, &g->csr, &err));
    g->order = (struct ca_order){.item = "www",
                                 .product = "web-90",
                                 .action = "new",
                                 .csr = buf_span(&g->csr),
                                 .spki_sha256 = g->key.spki_sha256,
                                 .common_name = "www.example.com",
                                 .dn = dn,
                                 .ndn = NITEMS(dn),
                                 .san = san,
                                 .nsan = NITEMS(san),
                                 .validity_seconds = 90 * DAY_SECONDS};
    g->revoke =
        (struct ca_revocation){.item = "old", .serial = "5912BD91", .reason = REASON_SUPERSEDED};
}

UNUSED static void gate_end(struct gate *g)
{
    entrust_ops.close(&g->ca);
    config_release(&g->config);
    findings_release(&g->findings);
    key_release(&g->key);
    key_release(&g->other);
    buf_release(&g->csr);
    buf_wipe(&g->request.body);
    fixture_end(&g->f);
}

UNUSED static struct ca_call gate_call(struct gate *g, enum ca_step step)
{
    const bool revocation = step == STEP_REVOKE || step == STEP_REVOKED;
    return (struct ca_call){.step = step,
                            .order = revocation ? NULL : &g->order,
                            .revoke = revocation ? &g->revoke : NULL,
                            .client_key = step_changes_state(step) ? OUR_KEY : NULL,
                            .attempt = 1,
                            .since = NOW,
                            .now = NOW,
                            .nonce = "0123456789abcdef0123456789abcdef"};
}

UNUSED static bool gate_ask(struct gate *g, const struct ca_call *call, struct err *err)
{
    buf_wipe(&g->request.body);
    g->request = (struct ca_request){.arena = &g->f.arena, .body = BUF_INIT(4 << 20)};
    return entrust_ops.request(&g->ca, call, &g->request, err);
}

/* Method and address; no secret in it, and the digest of all that goes out. */
UNUSED static void gate_same(struct gate *g, const struct ca_call *call, const char *method,
                             const char *url)
{
    struct err err = ERR_INIT;
    struct sha256 s;
    uint8_t digest[SHA256_SIZE];
    if (!gate_ask(g, call, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_string_equal(g->request.method, method);
    assert_string_equal(g->request.url, url);
    assert_string_equal(g->request.headers[0], "Accept: application/json");
    assert_null(g->request.secret_headers[0].name);
    assert_true(str_eq(g->request.content_type, str_eq(method, "GET") ? NULL : "application/json"));
    assert_true((g->request.body.n == 0) == str_eq(method, "GET"));
    sha256_begin(&s);
    sha256_add(&s, method, strlen(method) + 1);
    sha256_add(&s, url, strlen(url) + 1);
    sha256_add(&s, g->request.body.p, g->request.body.n);
    sha256_end(&s, digest);
    assert_memory_equal(digest, g->request.digest, SHA256_SIZE);
}

/* The body of a request, member by member; a CSR must be that of the order. */
UNUSED static void gate_body(struct gate *g, const struct ca_call *call, const char *expected)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf b64 = BUF_INIT(65536);
    if (!gate_ask(g, call, &err)) {
        fail_msg("%s", err.msg);
    }
    CLEANUP(json_tree_release)
    json_t *got = json_parse("request", buf_text(&g->request.body), g->request.body.n, &err);
    CLEANUP(json_tree_release)
    json_t *want = json_parse("expected", expected, strlen(expected), &err);
    if (!want || !got) {
        fail_msg("%s", err.msg);
    }
    if (json_get_str(got, "csr")) {
        base64_encode(&b64, g->csr.p, g->csr.n, 0);
        assert_string_equal(json_get_str(got, "csr"), buf_text(&b64));
        json_object_set_new(got, "csr", json_string("CSR"));
    }
    if (!json_equal(got, want)) {
        fail_msg("%s", json_dumps(got, JSON_INDENT(1)));
    }
}

UNUSED static const char *gate_refused(struct gate *g, const struct ca_call *call)
{
    struct err err = ERR_INIT;
    assert_false(gate_ask(g, call, &err));
    return arena_strdup(&g->f.arena, err.msg);
}

UNUSED static const struct ca_result *gate_hear(struct gate *g, const struct ca_call *call,
                                                int status, const char *text)
{
    struct ca_reply reply = {.transport = OUTCOME_ACCEPTED,
                             .http_status = status,
                             .body = BUF_INIT(16 << 20),
                             .retry_after_seconds = status == 429 ? 17 : -1,
                             .date = TIME_NONE};
    buf_puts(&reply.body, text);
    g->result =
        (struct ca_result){.arena = &g->f.arena, .outcome = OUTCOME_UNKNOWN, .again_seconds = -1};
    entrust_ops.answer(&g->ca, call, &reply, &g->result);
    buf_release(&reply.body);
    return &g->result;
}

UNUSED static const struct ca_result *gate_error(struct gate *g, const struct ca_call *call,
                                                 int status, const char *code, const char *target)
{
    return gate_hear(g, call, status,
                     arena_printf(&g->f.arena,
                                  "{\"type\":\"ErrorResponse\",\"error\":{\"code\":\"%s\","
                                  "\"message\":\"it failed\",\"target\":\"%s\",\"value\":\"v\"},"
                                  "\"caMessage\":\"no quota\"}",
                                  code, target));
}

UNUSED static void same(const struct ca_result *r, enum outcome outcome, const char *what)
{
    if (r->outcome != outcome) {
        fail_msg("%s: %s (%s)", what, outcome_name(r->outcome), r->message ? r->message : "");
    }
}

UNUSED static const struct ynode *gate_fields(struct gate *g, const char *yaml)
{
    struct ynode *root = NULL;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    assert_true(yaml_parse("test", (struct span){(const uint8_t *)yaml, strlen(yaml)},
                           &shape_manifest, &g->f.arena, &findings, &root));
    return root;
}

/* A certificate for `key` from its own CA, as base64 of its DER; its serial number is `serial`. */
UNUSED static const char *gate_cert(struct gate *g, const struct key *key, uint8_t serial,
                                    int64_t begins)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf name = BUF_INIT(4096);
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf b64 = BUF_INIT(65536);
    static const struct dn_value dn[] = {{"O", "Acme"}, {"CN", "www.example.com"}};
    const struct x509_names names = {.subject = dn, .nsubject = NITEMS(dn)};
    assert_true(x509_put_dn(&name, &names, &err));
    const uint8_t number[] = {0x5a, serial};
    const struct issue_parts parts = {.profile = &issue_tls_server,
                                      .serial = {number, sizeof number},
                                      .subject = buf_span(&name),
                                      .spki = buf_span(&key->spki),
                                      .not_before = begins,
                                      .not_after = begins + 90 * DAY_SECONDS};
    if (!issue_certificate(&g->other, NULL, &parts, &der, &err)) {
        fail_msg("%s", err.msg);
    }
    base64_encode(&b64, der.p, der.n, 0);
    return arena_strdup(&g->f.arena, buf_text(&b64));
}

UNUSED static const char *gate_certificate(struct gate *g, const char *status, const char *data)
{
    return arena_printf(&g->f.arena,
                        "{\"type\":\"CertificateResponse\",\"certificate\":{\"status\":\"%s\","
                        "\"certificateData\":\"%s\"},\"chain\":[]}",
                        status, data);
}

#endif
