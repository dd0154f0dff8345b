/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates as a CA would answer with them, for the key of the bench's order.
 */
#ifndef TESTS_CERTINEXT_CHAIN_H
#define TESTS_CERTINEXT_CHAIN_H

#include "tests/unit/certinext_fixture.h"

#include "formats/issue.h"
#include "formats/x509.h"

/* Root, issuing and leaf certificate; [0] for the key of the order, [3] for another. */
struct bench_chain {
    struct buf der[4];
};

static void bench_certificate(const struct key *key, const struct key *by,
                              const struct cert *issuer, const struct issue_profile *profile,
                              const char *cn, struct buf *der)
{
    struct err err = ERR_INIT;
    static const uint8_t serial[] = {0x2b, 0x0c};
    const struct dn_value dn = {"CN", cn};
    const struct x509_names names = {.subject = &dn, .nsubject = 1};
    CLEANUP(buf_release) struct buf subject = BUF_INIT(65536);
    assert_true(x509_put_dn(&subject, &names, &err));
    const struct issue_parts parts = {.profile = profile,
                                      .serial = {serial, sizeof serial},
                                      .subject = buf_span(&subject),
                                      .spki = buf_span(&key->spki),
                                      .not_before = NOW,
                                      .not_after = NOW + DAY_SECONDS};
    *der = (struct buf)BUF_INIT(65536);
    if (!issue_certificate(by, issuer, &parts, der, &err)) {
        fail_msg("%s", err.msg);
    }
}

static void bench_chain_make(struct bench *b, struct bench_chain *c)
{
    struct err err = ERR_INIT;
    struct cert issuer[2];
    CLEANUP(key_release) struct key root = KEY_INIT;
    CLEANUP(key_release) struct key issuing = KEY_INIT;
    CLEANUP(key_release) struct key other = KEY_INIT;
    assert_true(key_generate(KEY_EC_P256, &root, &err) &&
                key_generate(KEY_EC_P256, &issuing, &err) &&
                key_generate(KEY_EC_P256, &other, &err));
    bench_certificate(&root, &root, NULL, &issue_root, "Root", &c->der[2]);
    assert_true(cert_parse(&b->f.arena, buf_span(&c->der[2]), &issuer[0], &err));
    bench_certificate(&issuing, &root, &issuer[0], &issue_issuing, "Issuing", &c->der[1]);
    assert_true(cert_parse(&b->f.arena, buf_span(&c->der[1]), &issuer[1], &err));
    bench_certificate(&b->key, &issuing, &issuer[1], &issue_tls_server, "www.example.com",
                      &c->der[0]);
    bench_certificate(&other, &issuing, &issuer[1], &issue_tls_server, "www.example.com",
                      &c->der[3]);
}

#endif
