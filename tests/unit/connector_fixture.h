/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of connectors: a CA opened without any network, from a configuration in a directory of
 * its own, an order for www.example.com and a revocation; one request at a time is looked at, one
 * reply at a time fed back. What an API wants beyond that is in the fixture of its connector.
 */
#ifndef TESTS_UNIT_CONNECTOR_FIXTURE_H
#define TESTS_UNIT_CONNECTOR_FIXTURE_H

#include "tests/unit/batch_fixture.h"

#include "batch/ca.h"
#include "formats/base/time.h"
#include "formats/crl.h"
#include "formats/issue.h"
#include "formats/key.h"

#define OUR_KEY "fedcba9876543210fedcba9876543210"
#define NOW     INT64_C(1795252530) /* 2026-11-21T09:15:30Z */

struct bench {
    struct fixture f;
    struct config config;
    struct findings findings;
    struct ca ca;
    struct key key;
    struct buf csr; /* DER */
    struct ca_order order;
    struct ca_revocation revoke;
    struct ca_request request;
    struct ca_result result;
    int64_t date;     /* of replies */
    const char *page; /* of the next call */
    unsigned phase;
    struct ca_header headers[2];
};

struct bench_setup {
    const struct ca_type *type;
    const char *config;          /* certbatch.yaml, one CA */
    const char *file, *secret;   /* a file beside it, and its one line */
    const struct san_value *san; /* NULL: www.example.com alone */
    size_t nsan;
};

static void bench_open(struct bench *b, const struct bench_setup *s)
{
    struct err err = ERR_INIT;
    static const struct dn_value dn = {"CN", "www.example.com"};
    static const struct san_value alone = {GN_DNS, "www.example.com"};
    const struct x509_names names = {.subject = &dn,
                                     .nsubject = 1,
                                     .san = s->san ? s->san : &alone,
                                     .nsan = s->san ? s->nsan : 1};
    *b = (struct bench){.key = KEY_INIT, .csr = BUF_INIT(65536), .date = TIME_NONE};
    fixture_begin(&b->f);
    fixture_text(&b->f, "certbatch.yaml", s->config);
    fixture_text(&b->f, s->file, arena_printf(&b->f.arena, "%s\n", s->secret));
    if (!config_read(&b->config, b->f.options.config, &b->findings, &err)) {
        fail_msg("%s %s", err.msg, b->findings.n ? b->findings.v[0].message : "");
    }
    b->ca = (struct ca){.type = s->type,
                        .config = &b->config.cas[0],
                        .name = b->config.cas[0].name,
                        .config_dir = b->f.dir};
    if (!s->type->ops->open(&b->ca, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_true(key_generate(KEY_EC_P256, &b->key, &err));
    assert_true(csr_build(&b->key, &names, &b->csr, &err));
    b->order = (struct ca_order){.item = "www",
                                 .action = "new",
                                 .csr = buf_span(&b->csr),
                                 .spki_sha256 = b->key.spki_sha256,
                                 .common_name = "www.example.com",
                                 .san = names.san,
                                 .nsan = names.nsan};
    b->revoke = (struct ca_revocation){.item = "old", .reason = REASON_SUPERSEDED};
}

static void bench_end(struct bench *b)
{
    b->ca.type->ops->close(&b->ca);
    b->ca.type->ops->close(&b->ca); /* twice does no harm */
    config_release(&b->config);
    findings_release(&b->findings);
    key_release(&b->key);
    buf_release(&b->csr);
    buf_wipe(&b->request.body);
    fixture_end(&b->f);
}

static bool bench_ask(struct bench *b, const struct ca_call *call, struct err *err)
{
    buf_wipe(&b->request.body);
    b->request = (struct ca_request){.arena = &b->f.arena, .body = BUF_INIT(4 << 20)};
    return b->ca.type->ops->request(&b->ca, call, &b->request, err);
}

UNUSED static const char *bench_refused(struct bench *b, const struct ca_call *call)
{
    struct err err = ERR_INIT;
    assert_false(bench_ask(b, call, &err));
    return arena_strdup(&b->f.arena, err.msg);
}

#endif
