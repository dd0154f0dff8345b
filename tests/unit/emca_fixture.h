/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of the emCA connector: an opened CA without any network, its PFX and keys made here,
 * one request at a time looked at, one reply at a time fed back.
 */
#ifndef TESTS_UNIT_EMCA_FIXTURE_H
#define TESTS_UNIT_EMCA_FIXTURE_H

#include "tests/unit/batch_fixture.h"

#include "batch/ca/emca_map.h"
#include "formats/base/sha.h"
#include "formats/crl.h"
#include "formats/issue.h"

#define PASSWORD "Sesame-of-the-user-1"
#define EM_KEY   "0f1e2d3c4b5a69788796a5b4c3d2e1f001020304"
#define AES_HEX  "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define NONCE    "0123456789abcdef0123456789abcdef"
#define OUR_KEY  "fedcba9876543210fedcba9876543210"
#define NOW      INT64_C(1795252530) /* 2026-11-21T09:15:30Z */

#define REST_CONFIG                                                                                \
    "certbatch_config: 1\ncas:\n  prod:\n    type: emca\n    version: V4.0.17\n"                   \
    "    base_url: https://emca.corp.example/\n    username: batch-api\n"                          \
    "    password: {file: password}\n    issuing_ca: Corp Issuing CA G2\n"                         \
    "    subscriber_id: \"1207\"\n    profile: TLS Server\n"                                       \
    "    upload_file: {file: emca.p12, password: {file: p12}}\n"                                   \
    "    em_key: {file: emkey}\n    aes_key: {file: aes}\n"

struct bench {
    struct fixture f;
    struct config config;
    struct findings findings;
    struct ca ca;
    struct key key, signer;
    struct span signer_cert;
    struct buf csr, p12; /* csr: DER, for www.example.com */
    struct ca_order order;
    struct ca_revocation revoke;
    struct ca_request request;
    struct ca_result result;
};

/* A certificate by `issuer` (NULL: by itself) for `key`. */
static struct span make_cert(struct bench *b, const char *cn, const struct key *key,
                             const struct key *issuer, const struct cert *by)
{
    struct err err = ERR_INIT;
    static const uint8_t serial[] = {0x01, 0xAB, 0x00, 0xCD};
    CLEANUP(buf_release) struct buf name = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    const struct dn_value dn = {"CN", cn};
    const struct x509_names names = {.subject = &dn, .nsubject = 1};
    assert_true(x509_put_dn(&name, &names, &err));
    const struct issue_parts parts = {.profile = &issue_root,
                                      .serial = {serial, sizeof serial},
                                      .subject = buf_span(&name),
                                      .spki = buf_span(&key->spki),
                                      .not_before = NOW - 1000,
                                      .not_after = NOW + 1000000};
    assert_true(issue_certificate(issuer ? issuer : key, by, &parts, &der, &err));
    return (struct span){arena_memdup(&b->f.arena, der.p, der.n), der.n};
}

static void write_pfx(struct bench *b)
{
    struct err err = ERR_INIT;
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    secret_set(&password, "p12-password", 12);
    const struct keystore_entry entry = {
        .alias = "batch", .key = &b->signer, .leaf = b->signer_cert, .password = &password};
    assert_true(pfx_write(&entry, pfx_profile_find("modern"), 0, &b->p12, &err));
    fixture_file(&b->f, "emca.p12", buf_span(&b->p12));
}

/* issuing.pem: the issuing CA, whose key is that of `signer`, too. */
static void bench_files(struct bench *b)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    static const struct dn_value dn = {"CN", "www.example.com"};
    static const struct san_value san = {GN_DNS, "www.example.com"};
    const struct x509_names names = {.subject = &dn, .nsubject = 1, .san = &san, .nsan = 1};
    *b = (struct bench){
        .key = KEY_INIT, .signer = KEY_INIT, .csr = BUF_INIT(65536), .p12 = BUF_INIT(1 << 20)};
    fixture_begin(&b->f);
    assert_true(key_generate(KEY_EC_P256, &b->key, &err));
    assert_true(key_generate(KEY_EC_P256, &b->signer, &err));
    assert_true(csr_build(&b->key, &names, &b->csr, &err));
    b->signer_cert = make_cert(b, "batch-api", &b->signer, NULL, NULL);
    write_pfx(b);
    cert_pem(&pem, make_cert(b, "Corp Issuing CA G2", &b->signer, NULL, NULL));
    fixture_file(&b->f, "issuing.pem", buf_span(&pem));
    fixture_text(&b->f, "password", PASSWORD "\n");
    fixture_text(&b->f, "p12", "p12-password\n");
    fixture_text(&b->f, "emkey", EM_KEY "\n");
    fixture_text(&b->f, "aes", AES_HEX "\n");
    b->order = (struct ca_order){.item = "www",
                                 .product = "TLS Server",
                                 .action = "new",
                                 .csr = buf_span(&b->csr),
                                 .spki_sha256 = b->key.spki_sha256,
                                 .common_name = "www.example.com",
                                 .san = &san,
                                 .nsan = 1,
                                 .validity_seconds = 199 * DAY_SECONDS};
    b->revoke = (struct ca_revocation){
        .item = "old", .serial = "01AB00CD", .reason = REASON_SUPERSEDED, .comment = "replaced"};
}

static bool bench_open(struct bench *b, const char *config, struct err *err)
{
    fixture_text(&b->f, "certbatch.yaml", config);
    if (!config_read(&b->config, b->f.options.config, &b->findings, err)) {
        fail_msg("%s %s", err->msg, b->findings.n ? b->findings.v[0].message : "");
    }
    b->ca = (struct ca){.type = b->config.cas[0].type,
                        .config = &b->config.cas[0],
                        .name = "prod",
                        .config_dir = b->f.dir};
    return emca_ops.open(&b->ca, err);
}

static void bench_close(struct bench *b)
{
    emca_ops.close(&b->ca);
    strlist_release(&b->ca.issuer_sha256);
    config_release(&b->config);
    findings_release(&b->findings);
    b->findings = (struct findings)FINDINGS_INIT;
}

UNUSED static void bench_begin(struct bench *b, const char *config)
{
    struct err err = ERR_INIT;
    bench_files(b);
    if (!bench_open(b, config, &err)) {
        fail_msg("%s", err.msg);
    }
}

static void bench_end(struct bench *b)
{
    bench_close(b);
    key_release(&b->key);
    key_release(&b->signer);
    buf_release(&b->csr);
    buf_release(&b->p12);
    buf_wipe(&b->request.body);
    fixture_end(&b->f);
}

UNUSED static struct ca_call bench_call(struct bench *b, enum ca_step step)
{
    const bool revocation = step == STEP_REVOKE || step == STEP_REVOKED;
    return (struct ca_call){.step = step,
                            .order = revocation ? NULL : &b->order,
                            .revoke = revocation ? &b->revoke : NULL,
                            .order_id = step == STEP_POLL ? "batch" OUR_KEY : NULL,
                            .client_key = step_changes_state(step) ? OUR_KEY : NULL,
                            .attempt = 1,
                            .now = NOW,
                            .nonce = NONCE};
}

static bool bench_ask(struct bench *b, const struct ca_call *call, struct err *err)
{
    buf_wipe(&b->request.body);
    b->request = (struct ca_request){.arena = &b->f.arena, .body = BUF_INIT(4 << 20)};
    return emca_ops.request(&b->ca, call, &b->request, err);
}

UNUSED static void bench_must_ask(struct bench *b, const struct ca_call *call)
{
    struct err err = ERR_INIT;
    if (!bench_ask(b, call, &err)) {
        fail_msg("%s", err.msg);
    }
}

UNUSED static const char *bench_refused(struct bench *b, const struct ca_call *call)
{
    struct err err = ERR_INIT;
    assert_false(bench_ask(b, call, &err));
    return arena_strdup(&b->f.arena, err.msg);
}

UNUSED static const struct ca_result *bench_hear_bytes(struct bench *b, const struct ca_call *call,
                                                       int status, struct span body)
{
    struct ca_reply reply = {.transport = OUTCOME_ACCEPTED,
                             .http_status = status,
                             .body = BUF_INIT(16 << 20),
                             .retry_after_seconds = status == 429 || status == 202 ? 17 : -1,
                             .date = TIME_NONE};
    buf_add(&reply.body, body.p, body.n);
    b->result =
        (struct ca_result){.arena = &b->f.arena, .outcome = OUTCOME_UNKNOWN, .again_seconds = -1};
    emca_ops.answer(&b->ca, call, &reply, &b->result);
    buf_release(&reply.body);
    return &b->result;
}

UNUSED static const struct ca_result *bench_hear(struct bench *b, const struct ca_call *call,
                                                 int status, const char *text)
{
    return bench_hear_bytes(b, call, status, (struct span){(const uint8_t *)text, strlen(text)});
}

/* --- rows of a table --- */
/* What an answer means; only a success may be without a message. */
enum { PENDING = 1, REVOKED = 2, NUMBERED = 4 };
struct answer_row {
    enum ca_step step;
    int http;
    const char *body;
    enum outcome outcome;
    unsigned flags; /* of the result; NUMBERED: it has the number of an order */
};

/* None of them is a certificate. */
UNUSED static void bench_answers(struct bench *b, const struct answer_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct ca_call call = bench_call(b, rows[i].step);
        const struct ca_result *r = bench_hear(b, &call, rows[i].http, rows[i].body);
        const char *message = r->message ? r->message : "";
        if (r->outcome != rows[i].outcome || r->pending != !!(rows[i].flags & PENDING) ||
            r->revoked != !!(rows[i].flags & REVOKED) || r->issued ||
            !!r->order_id != !!(rows[i].flags & NUMBERED) ||
            (r->outcome != OUTCOME_ACCEPTED && !*message)) {
            fail_msg("row %zu: %s %d %s", i, outcome_name(r->outcome), r->pending, message);
        }
    }
}

/* An emCA with these settings opens, or does not: `why` has words of the message. */
UNUSED static void bench_opens(struct bench *b, const char *config, const char *why)
{
    struct err err = ERR_INIT;
    const bool open = bench_open(b, config, &err);
    if (open != (why == NULL) || (why && !strstr(err.msg, why))) {
        fail_msg("%s: %s\n%s", why ? why : "must open", open ? "it opens" : err.msg, config);
    }
}

/* A configuration without the line that begins so. */
UNUSED static const char *bench_without(struct bench *b, const char *config, const char *line)
{
    char *text = arena_strdup(&b->f.arena, config);
    char *at = strstr(text, line);
    assert_non_null(at);
    const size_t n = strcspn(at, "\n") + 1;
    memmove(at, at + n, strlen(at + n) + 1);
    return text;
}

/* The certificate of the order, and so many in all. */
UNUSED static void bench_issued(const struct ca_result *r, struct span leaf, size_t n)
{
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_true(r->issued && !r->pending);
    assert_int_equal(r->ncerts, n);
    assert_true(span_eq(r->certs[0], leaf));
}

UNUSED static const char *bench_base64(struct bench *b, struct span bytes)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    base64_encode(&text, bytes.p, bytes.n, 0);
    return arena_strdup(&b->f.arena, buf_text(&text));
}

/* The value of a header of the request, secret ones too; NULL when it has none. */
UNUSED static const char *bench_header(const struct bench *b, const char *name)
{
    const size_t n = strlen(name);
    for (const char *const *h = b->request.headers; h && *h; h++) {
        if (strncmp(*h, name, n) == 0 && (*h)[n] == ':') {
            return *h + n + 2;
        }
    }
    for (size_t i = 0; i < CA_SECRET_HEADERS; i++) {
        const struct ca_secret_header *s = &b->request.secret_headers[i];
        if (s->name && str_eq(s->name, name)) {
            return secret_bytes(s->value);
        }
    }
    return NULL;
}

#endif
