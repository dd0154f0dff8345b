/* SPDX-License-Identifier: Apache-2.0
 *
 * What the table of CAs (policy/ca_facts.c) makes rules say: actions, keys, names of the request.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/ca_rules_fixture.h"

static void capability(void **state)
{
    static const struct {
        const char *text;
        bool fires;
    } rows[] = {
        {"{ca: certinext, product: dv, common_name: a.net}", false},
        {"{ca: certinext, product: dv, common_name: a.net, action: renew}", false},
        {"{ca: certinext, product: dv, common_name: a.net, action: reissue}", false},
        {"{ca: certinext, action: revoke, serial: 0A}", false},
        {"{ca: certinext, action: revoke, serial: 0A, reason: certificateHold}", true},
        {"{ca: certinext, action: revoke, serial: 0A, reason: removeFromCRL}", true},
        {"{ca: local, action: revoke, serial: 0A, reason: certificateHold}", false},
        /* S/MIME, where it is known that nothing of ours could be sent */
        {"{ca: certinext, product: smime, san: ['email:a@a.net']}", true},
        {"{ca: certinext, product: '894', san: ['email:a@a.net']}", true},
        {"{ca: {type: digicert}, product: secure_email_mailbox, san: ['email:a@a.net']}", false},
        {"{ca: unheard-of, action: revoke, serial: 0A, reason: certificateHold}", false},
        {"{ca: {type: emca, version: 4.2.4}, action: revoke, serial: 0A}", false},
        {"{ca: {type: emca, version: 4.2.4, dialect: est}, action: revoke, serial: 0A}", true},
        {"{ca: {type: emca, dialect: est}, action: revoke, serial: 0A, reason: certificateHold}",
         true},
        {"{ca: {type: emca, dialect: est}, common_name: a.net, action: renew}", false},
        {"{ca: {type: emca, dialect: [est]}, action: revoke, serial: 0A}", false},
    };
    (void)state;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        want(judge_text(rows[i].text, "ca.capability"), rows[i].fires, rows[i].text);
    }
}

static void keys(void **state)
{
    static const struct {
        const char *product, *key;
        bool fires;
    } rows[] = {
        {"dv", "rsa-4096", false},         {"dv", "rsa-8192", true},
        {"dv", "ec-p521", true},           {"'7007'", "ec-p384", false},
        {"'7007'", "ec-p521", true},       {"'7007'", "rsa-8192", true},
        {"intranet-ssl", "ed25519", true},
    };
    (void)state;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const char *text =
            arena_printf(&arena, "{ca: certinext, product: %s, common_name: a.net, key: %s}",
                         rows[i].product, rows[i].key);
        want(judge_text(text, "product.key-type"), rows[i].fires, text);
    }
    want(judge_text("{ca: local, product: '7007', common_name: a.net, key: ec-p521}",
                    "product.key-type"),
         false, "a CA of whose keys nothing is known");
}

/* A name that stands in the request only is one this CA never reads. */
static void csr_names(void **state)
{
    (void)state;
    size_t errors = 0;
    (void)judge_text("{ca: certinext, product: dv, csr: good.pem, common_name: "
                     "other.example.net, san: [other.example.net]}",
                     "san.order.mismatch");
    for (size_t i = 0; i < findings.n; i++) {
        const struct finding *f = &findings.v[i];
        if (str_eq(f->rule, "san.order.mismatch") && strstr(f->message, "the request has")) {
            assert_int_equal(f->severity, SEV_ERROR);
            assert_string_equal(f->view, "csr");
            errors++;
        }
    }
    assert_true(errors > 0);
    want(judge_text("{ca: certinext, product: dv, csr: good.pem}", "san.order.mismatch"), false,
         "an order that leaves the names to the request");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capability),
        cmocka_unit_test(keys),
        cmocka_unit_test(csr_names),
    };
    return !!cmocka_run_group_tests(tests, open_policy, close_policy);
}
