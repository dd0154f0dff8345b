/* SPDX-License-Identifier: Apache-2.0
 *
 * Revocation at AD CS: what a CRL says, over the renewals of a CA; what people and commands are
 * handed; that nothing but a CRL signed by the CA makes a certificate revoked. Also what the
 * configuration refuses.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/adcs_fixture.h"

#define COMMAND                                                                                    \
    "    template: WebServer\n    ca_config: 'CA01\\Corp CA (1)'\n"                                \
    "    revocation: {mode: command, command: [./officer, '{config}', 's={serial}', "              \
    "'{reason}']}\n"
#define SCRIPT "    template: WebServer\n    ca_config: 'CA01\\Corp CA (1)'\n"

/* --- a CA that was renewed once, with another key --- */
struct own_ca {
    struct key key;
    struct cert cert;
    struct buf der;
};
static struct own_ca old_ca, new_ca, stranger;
static struct arena made;

static void make_ca(struct own_ca *ca)
{
    struct err err = ERR_INIT;
    static const uint8_t serial[] = {0x41, 1, 2, 3};
    static const struct dn_value dn = {"CN", "Corp CA"};
    const struct x509_names names = {.subject = &dn, .nsubject = 1};
    CLEANUP(buf_release) struct buf name = BUF_INIT(1024);
    *ca = (struct own_ca){.key = KEY_INIT, .der = BUF_INIT(65536)};
    assert_true(key_generate(KEY_EC_P256, &ca->key, &err) && x509_put_dn(&name, &names, &err));
    const struct issue_parts parts = {.profile = &issue_root,
                                      .serial = {serial, sizeof serial},
                                      .subject = buf_span(&name),
                                      .spki = buf_span(&ca->key.spki),
                                      .not_before = NOW - 86400,
                                      .not_after = NOW + 86400 * 365};
    assert_true(issue_certificate(&ca->key, NULL, &parts, &ca->der, &err) &&
                cert_parse(&made, buf_span(&ca->der), &ca->cert, &err));
}

static struct span make_leaf(const struct own_ca *ca)
{
    struct err err = ERR_INIT;
    static const uint8_t serial[] = {0x1a, 0x2b, 0x3c};
    static const struct dn_value dn = {"CN", "old.example.com"};
    const struct x509_names names = {.subject = &dn, .nsubject = 1};
    CLEANUP(buf_release) struct buf name = BUF_INIT(1024);
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    assert_true(x509_put_dn(&name, &names, &err));
    const struct issue_parts parts = {.profile = &issue_tls_server,
                                      .serial = {serial, sizeof serial},
                                      .subject = buf_span(&name),
                                      .spki = buf_span(&ca->key.spki),
                                      .not_before = NOW - 86400,
                                      .not_after = NOW + 86400};
    assert_true(issue_certificate(&ca->key, &ca->cert, &parts, &der, &err));
    return (struct span){arena_memdup(&made, der.p, der.n), der.n};
}

static int group_setup(void **state)
{
    (void)state;
    made = (struct arena)ARENA_INIT;
    make_ca(&old_ca);
    make_ca(&new_ca);
    make_ca(&stranger);
    return 0;
}

static int group_teardown(void **state)
{
    struct own_ca *all[] = {&old_ca, &new_ca, &stranger};
    (void)state;
    for (size_t i = 0; i < NITEMS(all); i++) {
        key_release(&all[i]->key);
        buf_release(&all[i]->der);
    }
    arena_release(&made);
    return 0;
}

/* --- one answer after another --- */
enum what { RENEWALS, OLD_CERT, NEW_CERT, CRL_OF, HTML };
struct crl_row {
    const struct own_ca *by;
    const char *serial; /* NULL: an empty list */
    int reason;
};

static const struct ca_result *hear_crl(struct bench *b, const struct crl_row *row)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    const struct crl_entry e = {row->serial, NOW - 3600, row->reason, TIME_NONE};
    assert_true(crl_build(&row->by->key, &row->by->cert, 7, NOW - 60, NOW + 3600, &e,
                          row->serial ? 1 : 0, &der, &err));
    return bench_bytes(b, STEP_REVOKED, 200, der.p, der.n);
}

/* What is asked for ends in `path`; its answer is fed back, and the next phase taken over. */
static const struct ca_result *next(struct bench *b, const char *path, enum what what,
                                    const struct crl_row *crl)
{
    static const char renewals[] = PAGE("x", "<Script>var nRenewals=1;</Script>");
    const char *url = bench_get(b, STEP_REVOKED)->url;
    if (!says(url, path)) {
        fail_msg("%s is asked for, not %s", url, path);
    }
    const struct ca_result *r =
        what == RENEWALS   ? bench_hear(b, STEP_REVOKED, 200, renewals)
        : what == OLD_CERT ? bench_bytes(b, STEP_REVOKED, 200, old_ca.der.p, old_ca.der.n)
        : what == NEW_CERT ? bench_bytes(b, STEP_REVOKED, 200, new_ca.der.p, new_ca.der.n)
        : what == HTML     ? bench_hear(b, STEP_REVOKED, 200, "<html>none")
                           : hear_crl(b, crl);
    b->phase = r->phase;
    b->page = r->next_page;
    return r;
}

static void learn(struct bench *b)
{
    (void)next(b, "/certcarc.asp", RENEWALS, NULL);
    (void)next(b, "certnew.cer?ReqID=CACert&Renewal=1&Enc=bin", NEW_CERT, NULL);
}

static const struct ca_result *verdict(const struct ca_result *r, enum outcome outcome,
                                       bool revoked)
{
    if (r->outcome != outcome || r->revoked != revoked || r->phase) {
        fail_msg("%s, revoked %d, phase %u: %s", outcome_name(r->outcome), r->revoked, r->phase,
                 r->message ? r->message : "");
    }
    return r;
}

static void test_revoked(void **state)
{
    (void)state;
    struct bench b;
    const struct crl_row row = {&new_ca, "1A2B3C", REASON_SUPERSEDED};
    bench_begin(&b, SCRIPT);
    learn(&b);
    verdict(next(&b, "certcrl.crl?Type=base&Renewal=1", CRL_OF, &row), OUTCOME_ACCEPTED, true);
    /* what is known is not asked again */
    verdict(next(&b, "certcrl.crl?Type=base&Renewal=1", CRL_OF, &row), OUTCOME_ACCEPTED, true);
    bench_end(&b);
}

/* In the delta only; without the certificate every renewal is looked at. */
static void test_delta_and_renewals(void **state)
{
    (void)state;
    struct bench b;
    const struct crl_row none = {&new_ca, NULL, 0}, old_none = {&old_ca, NULL, 0};
    const struct crl_row row = {&new_ca, "1A2B3C", REASON_NONE};
    const struct crl_row old_row = {&old_ca, "1A2B3C", REASON_NONE};
    bench_begin(&b, SCRIPT);
    learn(&b);
    (void)next(&b, "Type=base&Renewal=1", CRL_OF, &none);
    verdict(next(&b, "Type=delta&Renewal=1", CRL_OF, &row), OUTCOME_ACCEPTED, true);
    (void)next(&b, "Type=base&Renewal=1", CRL_OF, &none);
    (void)next(&b, "Type=delta&Renewal=1", HTML, NULL); /* there is none */
    (void)next(&b, "certnew.cer?ReqID=CACert&Renewal=0", OLD_CERT, NULL);
    verdict(next(&b, "Type=base&Renewal=0", CRL_OF, &old_row), OUTCOME_ACCEPTED, true);
    (void)next(&b, "Type=base&Renewal=1", CRL_OF, &none);
    (void)next(&b, "Type=delta&Renewal=1", CRL_OF, &none);
    (void)next(&b, "Type=base&Renewal=0", CRL_OF, &old_none);
    verdict(next(&b, "Type=delta&Renewal=0", CRL_OF, &old_none), OUTCOME_ACCEPTED, false);
    bench_end(&b);
}

static void test_its_own_issuer(void **state)
{
    (void)state;
    struct bench b;
    const struct crl_row row = {&old_ca, "1A2B3C", REASON_SUPERSEDED};
    bench_begin(&b, SCRIPT);
    b.revoke.certificate = make_leaf(&old_ca);
    learn(&b);
    (void)next(&b, "certnew.cer?ReqID=CACert&Renewal=0", OLD_CERT, NULL); /* no CRL of 1 */
    verdict(next(&b, "Type=base&Renewal=0", CRL_OF, &row), OUTCOME_ACCEPTED, true);
    b.revoke.certificate = make_leaf(&stranger);
    (void)next(&b, "/certcarc.asp", RENEWALS, NULL);
    assert_int_equal(b.result.outcome, OUTCOME_REFUSED);
    assert_true(says(b.result.message, "another CA's"));
    bench_end(&b);
}

static void test_hold(void **state)
{
    (void)state;
    struct bench b;
    const struct crl_row held = {&new_ca, "1A2B3C", REASON_CERTIFICATE_HOLD};
    const struct crl_row lifted = {&new_ca, "1A2B3C", REASON_REMOVE_FROM_CRL};
    const struct crl_row none = {&new_ca, NULL, 0};
    static const struct {
        int wanted;
        bool delta; /* is asked for */
        int second; /* 0 none, 1 lifted */
        bool revoked;
    } rows[] = {
        {REASON_CERTIFICATE_HOLD, false, 0, true}, {REASON_SUPERSEDED, true, 0, false},
        {REASON_SUPERSEDED, true, 1, false},       {REASON_REMOVE_FROM_CRL, true, 0, false},
        {REASON_REMOVE_FROM_CRL, true, 1, true},
    };
    bench_begin(&b, SCRIPT);
    b.revoke.certificate = make_leaf(&new_ca);
    learn(&b);
    (void)next(&b, "Type=base", CRL_OF, &held);
    b.phase = 0;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        b.revoke.reason = rows[i].wanted;
        const struct ca_result *r = next(&b, "Type=base", CRL_OF, &held);
        if (rows[i].delta) {
            r = next(&b, "Type=delta", CRL_OF, rows[i].second ? &lifted : &none);
        }
        verdict(r, OUTCOME_ACCEPTED, rows[i].revoked);
    }
    b.revoke.reason = REASON_REMOVE_FROM_CRL; /* on no list: it is lifted */
    (void)next(&b, "Type=base", CRL_OF, &none);
    verdict(next(&b, "Type=delta", HTML, NULL), OUTCOME_ACCEPTED, true);
    bench_end(&b);
}

static void test_crls_that_prove_nothing(void **state)
{
    (void)state;
    struct bench b;
    const struct crl_row forged = {&stranger, "1A2B3C", REASON_SUPERSEDED};
    bench_begin(&b, SCRIPT);
    learn(&b);
    verdict(next(&b, "Type=base", CRL_OF, &forged), OUTCOME_UNKNOWN, false);
    b.phase = 2;
    b.page = "1";
    verdict(next(&b, "Type=base", HTML, NULL), OUTCOME_UNKNOWN, false);
    b.phase = 0;
    b.page = NULL;
    b.revoke.serial = NULL;
    assert_true(says(bench_denied(&b, STEP_REVOKED), "serial"));
    bench_end(&b);
    bench_begin(&b, SCRIPT);
    verdict(next(&b, "certcarc.asp", HTML, NULL), OUTCOME_UNKNOWN, false);
    bench_end(&b);
}

/* --- asking for it --- */
static void test_command(void **state)
{
    (void)state;
    struct bench b;
    static const struct {
        const char *said;
        bool failed;
        enum outcome outcome;
        bool pending;
        const char *words;
    } rows[] = {
        {"CertUtil: -revoke command completed successfully.\n", false, OUTCOME_ACCEPTED, true,
         "when the CRL"},
        {"CertUtil: -revoke command FAILED: 0x80070005 (WIN32: 5 ERROR_ACCESS_DENIED)\n", true,
         OUTCOME_REFUSED, false, "may not do this"},
        {"CertUtil: -revoke command FAILED: 0x12345678\n", false, OUTCOME_REFUSED, false, "FAILED"},
        {"ssh: connect to host ca01: Connection refused\n", true, OUTCOME_UNKNOWN, false, "ssh"},
    };
    bench_begin(&b, COMMAND);
    b.revoke.serial = "A2B3C";
    const struct ca_request *r = bench_get(&b, STEP_REVOKE);
    assert_int_equal(r->way, WAY_COMMAND);
    assert_string_equal(r->argv[0], "./officer");
    assert_string_equal(r->argv[1], "CA01\\Corp CA (1)");
    assert_string_equal(r->argv[2], "s=0A2B3C"); /* an even number of digits */
    assert_string_equal(r->argv[3], "4");
    assert_null(r->argv[4]);
    b.revoke.reason = REASON_REMOVE_FROM_CRL;
    assert_string_equal(bench_get(&b, STEP_REVOKE)->argv[3], "-1");
    b.revoke.serial = "1; rm -rf /";
    assert_true(says(bench_denied(&b, STEP_REVOKE), "serial"));
    const struct ca_call call = bench_call(&b, STEP_REVOKE);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct ca_reply reply = {
            .transport = OUTCOME_ACCEPTED, .failed = rows[i].failed, .body = BUF_INIT(4096)};
        buf_puts(&reply.body, rows[i].said);
        struct ca_result out = {.arena = &b.f.arena};
        adcs_ops.answer(&b.ca, &call, &reply, &out);
        buf_release(&reply.body);
        if (out.outcome != rows[i].outcome || out.pending != rows[i].pending || out.revoked ||
            !says(out.message, rows[i].words)) {
            fail_msg("%s: %s: %s", rows[i].said, outcome_name(out.outcome), out.message);
        }
    }
    bench_end(&b);
}

static void test_script(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, SCRIPT);
    assert_int_equal(bench_get(&b, STEP_REVOKE)->way, WAY_PEOPLE);
    assert_string_equal(b.request.url, "certutil -config \"CA01\\Corp CA (1)\" -revoke 1A2B3C 4");
    const struct ca_result *r = bench_hear(&b, STEP_REVOKE, 0, "");
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_true(r->pending && !r->revoked && says(r->message, "officer"));

    CLEANUP(buf_release) struct buf text = BUF_INIT(65536);
    const struct ca_by_hand v[] = {
        {"old", "1A2B3C", "gone\r\ndel *.*", REASON_SUPERSEDED, "CHG0000001 & calc"},
        {"odd", "A2B3C", NULL, REASON_NONE, NULL}};
    assert_string_equal(adcs_by_hand(&b.config.cas[0], v, 2, 0, &text), ".cmd");
    assert_true(says(buf_text(&text), "\r\nrem old, superseded, CHG0000001   calc: gone  del *.*"
                                      "\r\ncertutil -config \"CA01\\Corp CA (1)\" -revoke 1A2B3C "
                                      "4\r\n"));
    assert_true(says(buf_text(&text), "-revoke 0A2B3C 0\r\n"));
    assert_true(says(buf_text(&text), "-config \"CA01\\Corp CA (1)\" -CRL\r\n"));
    buf_reset(&text);
    assert_string_equal(adcs_by_hand(&b.config.cas[0], v, 2, 1, &text), ".ps1");
    assert_true(says(buf_text(&text), "certutil -config 'CA01\\Corp CA (1)' -revoke 1A2B3C 4\r\n"));
    assert_null(adcs_by_hand(&b.config.cas[0], v, 2, 2, &text));
    bench_end(&b);
    bench_begin(&b, SCRIPT "    revocation: {mode: none}\n");
    assert_null(adcs_by_hand(&b.config.cas[0], v, 2, 0, &text));
    assert_true(says(bench_denied(&b, STEP_REVOKE), "none"));
    bench_end(&b);
}

/* --- settings --- */
static void test_settings(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *words;
    } rows[] = {
        {"    auth: {mode: ntlm, password: {env: X}}\n", "username is missing"},
        {"    auth: {mode: basic, username: svc}\n", "password is missing"},
        {"    auth: {mode: basic, username: 's:c', password: {env: X}}\n", "colon"},
        {"    auth: {mode: negotiate, username: svc, password: {env: X}}\n", "not used"},
        {"    auth: {mode: ntlm, username: s, password: {env: X}, keytab: k}\n", "keytab is for"},
        {"    revocation: {mode: command}\n", "command is missing"},
        {"    revocation: {mode: command, command: [x]}\n", "no {serial}"},
        {"    revocation: {mode: command, command: [x, '{serial}', '{config}']}\n", "ca_config"},
        {"    revocation: {command: [x, '{serial}']}\n", "mode command alone"},
        {"    ca_config: 'CA\\x\"y'\n", "cannot quote"},
        {"    user_agent: curl\n", "Mozilla"},
        {"    locale_patterns: {pending: '('}\n", "does not compile"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct fixture f;
        struct config config;
        struct findings findings = FINDINGS_INIT;
        struct err err = ERR_INIT;
        fixture_begin(&f);
        fixture_text(&f, "certbatch.yaml",
                     arena_printf(&f.arena,
                                  "certbatch_config: 1\ncas:\n  corp:\n    type: adcs\n    "
                                  "base_url: https://a.example/certsrv\n%s",
                                  rows[i].keys));
        const bool read = config_read(&config, f.options.config, &findings, &err);
        if (read || !findings.n || !says(findings.v[0].message, rows[i].words)) {
            fail_msg("%s: %s", rows[i].keys, findings.n ? findings.v[0].message : "accepted");
        }
        config_release(&config);
        findings_release(&findings);
        fixture_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_revoked),
        cmocka_unit_test(test_delta_and_renewals),
        cmocka_unit_test(test_its_own_issuer),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_crls_that_prove_nothing),
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_script),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
