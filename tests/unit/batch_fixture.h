/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of batches: a fresh directory with a manifest, a configuration, CSRs and old
 * certificates, made here.
 */
#ifndef TESTS_UNIT_BATCH_FIXTURE_H
#define TESTS_UNIT_BATCH_FIXTURE_H

#include "batch/batch.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "formats/issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    struct arena arena;
    char dir[64];
    struct batch_options options;
    struct findings findings;
    struct err err;
    struct batch batch;
};

static const char fixture_cas[] = "certbatch_config: 1\n"
                                  "cas:\n"
                                  "  lab: {type: local, directory: lab-ca}\n"
                                  "  short: {type: local, directory: short-ca, "
                                  "renewal_window_days: 10}\n"
                                  "  closed: {type: local, directory: closed-ca, enabled: false}\n";

static void fixture_file(struct fixture *f, const char *name, struct span data)
{
    struct err err = ERR_INIT;
    char *path = path_join(&f->arena, f->dir, name);
    if (!fs_write_atomic(path, data, 0600, &err)) {
        fail_msg("%s", err.msg);
    }
}

static void fixture_text(struct fixture *f, const char *name, const char *text)
{
    fixture_file(f, name, (struct span){(const uint8_t *)text, strlen(text)});
}

static void fixture_begin(struct fixture *f)
{
    *f = (struct fixture){.arena = ARENA_INIT, .options = {.as_of = TIME_NONE}};
    (void)snprintf(f->dir, sizeof f->dir, "/tmp/certbatch-test.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    fixture_text(f, "certbatch.yaml", fixture_cas);
    f->options.manifest = path_join(&f->arena, f->dir, "test.batch.yaml");
    f->options.config = path_join(&f->arena, f->dir, "certbatch.yaml");
}

static void fixture_close(struct fixture *f)
{
    batch_release(&f->batch);
    findings_release(&f->findings);
    f->findings = (struct findings)FINDINGS_INIT;
    f->err = (struct err)ERR_INIT;
}

static void fixture_end(struct fixture *f)
{
    fixture_close(f);
    fs_remove_tree_at(-1, f->dir); /* absolute: the descriptor is not used */
    arena_release(&f->arena);
}

/* `body` follows the head of the manifest. */
static bool fixture_try(struct fixture *f, const char *body)
{
    fixture_close(f);
    fixture_text(f, "test.batch.yaml",
                 arena_printf(&f->arena, "certbatch: 1\nname: test\n%s", body));
    return batch_open(&f->batch, &f->options, &f->findings, &f->err);
}

UNUSED static void fixture_open(struct fixture *f, const char *body)
{
    if (!fixture_try(f, body)) {
        fail_msg("%s (%s)", f->err.msg, f->findings.n ? f->findings.v[0].message : "no finding");
    }
}

UNUSED static const struct finding *fixture_finding(const struct fixture *f, const char *rule,
                                                    const char *item)
{
    for (size_t i = 0; i < f->findings.n; i++) {
        const struct finding *x = &f->findings.v[i];
        if (str_eq(x->rule, rule) && (!item || str_eq(x->item, item))) {
            return x;
        }
    }
    return NULL;
}

UNUSED static const char *fixture_serial = "2B0C";

/* A self-signed certificate with two names and a subject; returns its key. */
UNUSED static void fixture_certificate(struct fixture *f, const char *name, enum key_type type,
                                       int64_t not_before, int64_t not_after)
{
    struct err err = ERR_INIT;
    static const uint8_t serial[] = {0x2b, 0x0c};
    const struct dn_value dn[] = {{"C", "US"}, {"O", "Old Corp"}, {"CN", "www.example.com"}};
    const struct san_value sans[] = {{GN_DNS, "www.example.com"}, {GN_DNS, "api.example.com"}};
    const struct x509_names names = {.subject = dn, .nsubject = 3, .san = sans, .nsan = 2};
    CLEANUP(key_release) struct key key = KEY_INIT;
    CLEANUP(buf_release) struct buf subject = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf san = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    assert_true(key_generate(type, &key, &err) && x509_put_dn(&subject, &names, &err) &&
                x509_put_san(&san, &names, &err));
    const struct issue_parts parts = {.profile = &issue_tls_server,
                                      .serial = {serial, sizeof serial},
                                      .subject = buf_span(&subject),
                                      .spki = buf_span(&key.spki),
                                      .san = buf_span(&san),
                                      .not_before = not_before,
                                      .not_after = not_after};
    assert_true(issue_certificate(&key, NULL, &parts, &der, &err));
    cert_pem(&pem, buf_span(&der));
    fixture_file(f, name, buf_span(&pem));
}

/* A CSR for one name, and its key beside it as <name>.key. */
UNUSED static void fixture_csr(struct fixture *f, const char *name, const char *host)
{
    struct err err = ERR_INIT;
    const struct dn_value dn[] = {{"O", "Csr Corp"}, {"CN", host}};
    const struct san_value san = {GN_DNS, host};
    const struct x509_names names = {.subject = dn, .nsubject = 2, .san = &san, .nsan = 1};
    CLEANUP(key_release) struct key key = KEY_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    CLEANUP(buf_wipe) struct buf pem = BUF_INIT(65536);
    assert_true(key_generate(KEY_EC_P256, &key, &err) && csr_build(&key, &names, &der, &err));
    pem_write(&pem, "CERTIFICATE REQUEST", buf_span(&der));
    fixture_file(f, name, buf_span(&pem));
    buf_reset(&pem);
    key_pem(&key, &pem);
    fixture_file(f, arena_printf(&f->arena, "%s.key", name), buf_span(&pem));
}

UNUSED static const struct item *item(const struct fixture *f, const char *id)
{
    const struct item *i = batch_item(&f->batch, id);
    if (!i) {
        fail_msg("no item %s", id);
    }
    return i;
}

UNUSED static void load(struct fixture *f, const char *id, struct item_data *d)
{
    if (!item_load(&f->batch, item(f, id), &f->arena, &f->findings, d)) {
        fail_msg("%s: %s", id, f->findings.n ? f->findings.v[f->findings.n - 1].message : "?");
    }
}

#endif
