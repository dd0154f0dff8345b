/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of the AD CS connector: an opened CA without any network, one request at a time looked
 * at, one page at a time fed back.
 */
#ifndef TESTS_UNIT_ADCS_FIXTURE_H
#define TESTS_UNIT_ADCS_FIXTURE_H

#include "tests/unit/batch_fixture.h"

#include "batch/ca/adcs.h"
#include "formats/crl.h"
#include "formats/issue.h"
#include "formats/key.h"

#define OUR_KEY "fedcba9876543210fedcba9876543210"
#define NOW     INT64_C(1795252530) /* 2026-11-21T09:15:30Z */
#define PAGE(title, inner)                                                                         \
    "<HTML>\r\n<Script>\r\n var nNoise=0x80070005;\r\n</Script>\r\n<P ID=locPageTitle> <B> " title \
    " </B>\r\n" inner "</HTML>\r\n"
#define LABEL(id, value) "<DT ID=" id ">x:</DT><DD>\r\n\t\t" value "\r\n\t</DD>\r\n"

struct bench {
    struct fixture f;
    struct config config;
    struct findings findings;
    struct ca ca;
    struct key key;
    struct buf csr; /* DER, for www.example.com */
    struct ca_order order;
    struct ca_revocation revoke;
    struct ca_request request;
    struct ca_result result;
    const char *page; /* of the next call */
    unsigned phase;
    struct ca_header headers[2];
};

/* `keys`: further keys of the CA, each line with four blanks; base_url is there. */
static void bench_begin(struct bench *b, const char *keys)
{
    struct err err = ERR_INIT;
    static const struct dn_value dn = {"CN", "www.example.com"};
    static const struct san_value san = {GN_DNS, "www.example.com"};
    const struct x509_names names = {.subject = &dn, .nsubject = 1, .san = &san, .nsan = 1};
    *b = (struct bench){.key = KEY_INIT, .csr = BUF_INIT(65536)};
    fixture_begin(&b->f);
    fixture_text(&b->f, "certbatch.yaml",
                 arena_printf(&b->f.arena,
                              "certbatch_config: 1\ncas:\n  corp:\n    type: adcs\n"
                              "    base_url: https://ca01.corp.example/certsrv/\n%s",
                              keys));
    fixture_text(&b->f, "password", "open sesame\n");
    if (!config_read(&b->config, b->f.options.config, &b->findings, &err)) {
        fail_msg("%s %s", err.msg, b->findings.n ? b->findings.v[0].message : "");
    }
    b->ca = (struct ca){
        .type = &ca_adcs, .config = &b->config.cas[0], .name = "corp", .config_dir = b->f.dir};
    if (!adcs_ops.open(&b->ca, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_true(key_generate(KEY_EC_P256, &b->key, &err));
    assert_true(csr_build(&b->key, &names, &b->csr, &err));
    b->order = (struct ca_order){.item = "www",
                                 .action = "new",
                                 .csr = buf_span(&b->csr),
                                 .spki_sha256 = b->key.spki_sha256,
                                 .common_name = "www.example.com",
                                 .san = &san,
                                 .nsan = 1};
    b->revoke =
        (struct ca_revocation){.item = "old", .serial = "1A2B3C", .reason = REASON_SUPERSEDED};
}

static void bench_end(struct bench *b)
{
    adcs_ops.close(&b->ca);
    config_release(&b->config);
    findings_release(&b->findings);
    key_release(&b->key);
    buf_release(&b->csr);
    buf_wipe(&b->request.body);
    fixture_end(&b->f);
}

static struct ca_call bench_call(const struct bench *b, enum ca_step step)
{
    const bool revocation = step == STEP_REVOKE || step == STEP_REVOKED;
    return (struct ca_call){.step = step,
                            .order = revocation ? NULL : &b->order,
                            .revoke = revocation ? &b->revoke : NULL,
                            .order_id = "417",
                            .client_key = step_changes_state(step) ? OUR_KEY : NULL,
                            .attempt = 1,
                            .phase = b->phase,
                            .page = b->page,
                            .now = NOW};
}

static bool bench_try(struct bench *b, enum ca_step step, struct err *err)
{
    const struct ca_call call = bench_call(b, step);
    buf_wipe(&b->request.body);
    b->request = (struct ca_request){.arena = &b->f.arena, .body = BUF_INIT(4 << 20)};
    return adcs_ops.request(&b->ca, &call, &b->request, err);
}

UNUSED static const struct ca_request *bench_ask(struct bench *b, enum ca_step step)
{
    struct err err = ERR_INIT;
    if (!bench_try(b, step, &err)) {
        fail_msg("%s", err.msg);
    }
    return &b->request;
}

UNUSED static const char *bench_refused(struct bench *b, enum ca_step step)
{
    struct err err = ERR_INIT;
    assert_false(bench_try(b, step, &err));
    return arena_strdup(&b->f.arena, err.msg);
}

static const struct ca_result *bench_bytes(struct bench *b, enum ca_step step, int status,
                                           const void *text, size_t n)
{
    const struct ca_call call = bench_call(b, step);
    struct ca_reply reply = {.transport = OUTCOME_ACCEPTED,
                             .http_status = status,
                             .body = BUF_INIT(16 << 20),
                             .retry_after_seconds = -1,
                             .date = TIME_NONE,
                             .headers = b->headers,
                             .nheaders = b->headers[0].name ? NITEMS(b->headers) : 0};
    buf_add(&reply.body, text, n);
    b->result = (struct ca_result){.arena = &b->f.arena,
                                   .outcome = OUTCOME_UNKNOWN,
                                   .again_seconds = -1,
                                   .settle_seconds = -1};
    adcs_ops.answer(&b->ca, &call, &reply, &b->result);
    buf_release(&reply.body);
    return &b->result;
}

UNUSED static const struct ca_result *bench_hear(struct bench *b, enum ca_step step, int status,
                                                 const char *text)
{
    return bench_bytes(b, step, status, text, strlen(text));
}

/* A field of the form that was asked with, decoded. */
UNUSED static const char *bench_field(struct bench *b, const char *name)
{
    const char *at = buf_text(&b->request.body);
    const size_t k = strlen(name);
    while (*at && !(strncmp(at, name, k) == 0 && at[k] == '=')) {
        at += strcspn(at, "&");
        at += *at == '&';
    }
    if (!*at) {
        return NULL;
    }
    char *out = arena_strndup(&b->f.arena, at + k + 1, strcspn(at + k + 1, "&"));
    char *to = out;
    for (const char *p = out; *p; p++) {
        uint8_t octet = (uint8_t)*p;
        if (*p == '%') {
            assert_true(hex_decode(p + 1, 2, &octet));
            p += 2;
        }
        *to++ = (char)octet;
    }
    *to = '\0';
    return out;
}

UNUSED static bool says(const char *text, const char *word)
{
    return text && strstr(text, word);
}

#endif
