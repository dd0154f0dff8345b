/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases at the edge of the CERTInext connector: words of an order that are not understood, a CSR
 * that does not fit, telephone numbers in one piece, refusals that come late.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/certinext_fixture.h"

#include "batch/manifest.h"
#include "formats/base/limits.h"

static const struct ynode *fields(struct bench *b, const char *yaml)
{
    struct ynode *root = NULL;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    assert_true(yaml_parse("test", (struct span){(const uint8_t *)yaml, strlen(yaml)},
                           &shape_manifest, &b->f.arena, &findings, &root));
    return root;
}

/* A word that is not understood is not taken for its opposite: a draft that is no draft is paid
 * for, and so is an order on another account. */
static void words_that_are_not_understood(void **state UNUSED)
{
    static const char *const rows[] = {
        "save_and_hold: yes\n",
        "save_and_hold: \"True\"\n",
        "accept_agreement: no\n",
        "pre_vetting: off\n",
        "email_notifications: none\n",
        "auto_secure_www: \"2\"\n",
        "subscription: {auto_renew: never}\n",
        "accounting_model: Cash\n",
        "accounting_model: debit\n",
        "family: private_pki\n",
        "family: smime\n",
    };
    static const char *const fine[] = {
        "save_and_hold: false\naccept_agreement: \"1\"\naccounting_model: credit\nfamily: ssl\n",
        "save_and_hold: \"0\"\naccounting_model: \"2\"\n",
    };
    struct bench b;
    struct err err = ERR_INIT;
    bench_begin(&b, bench_config);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        b.order.extra = fields(&b, rows[i]);
        const char *name = arena_strndup(&b.f.arena, rows[i], strcspn(rows[i], ":"));
        if (bench_ask(&b, &call, &err)) {
            fail_msg("%s was sent", rows[i]);
        }
        assert_non_null(strstr(err.msg, name));
        err = (struct err)ERR_INIT;
    }
    for (size_t i = 0; i < NITEMS(fine); i++) {
        b.order.extra = fields(&b, fine[i]);
        assert_true(bench_ask(&b, &call, &err));
    }
    bench_end(&b);
}

/* Nothing is sent in the place of a CSR that does not fit. */
static void large_csr(void **state UNUSED)
{
    static uint8_t bytes[3 * LIMIT_CSR_BYTES];
    struct bench b;
    bench_begin(&b, bench_config);
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    b.order.csr = (struct span){bytes, sizeof bytes};
    assert_non_null(strstr(bench_refused(&b, &call), "CSR"));
    bench_end(&b);
}

/* A telephone number in one piece: the member is the number without the country's code. */
static void contact_phones(void **state UNUSED)
{
    static const struct {
        struct contact contact;
        const char *isd, *mobile;
    } rows[] = {
        {{.name = "A", .isd_code = "1", .mobile_number = "5550100124"}, "1", "5550100124"},
        {{.name = "A", .isd_code = "1", .phone = "+1 512 555-0100"}, "1", "5125550100"},
        {{.name = "A", .isd_code = "+44", .phone = "+44 (20) 7946.0000"}, "44", "2079460000"},
        {{.name = "A", .isd_code = "1", .phone = "512 555 0100"}, "1", "5125550100"},
        {{.name = "A", .phone = "5125550100"}, NULL, "5125550100"},
        {{.name = "A", .isd_code = "1", .phone = "+49 30 901820"}, "1", NULL},
        {{.name = "A", .phone = "+49 30 901820"}, NULL, NULL},
        {{.name = "A", .phone = "none"}, NULL, NULL},
    };
    struct bench b;
    bench_begin(&b, bench_config);
    b.order.product = "850";
    const struct ca_call call = bench_call(&b, STEP_ORDER);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ev_fields ev = {.contract_signer = rows[i].contact};
        b.order.ev = &ev;
        CLEANUP(json_tree_release) json_t *t = bench_body(&b, &call);
        const json_t *block = json_get(json_get(t, "orderDetails"), "contractSignerInfo");
        if (!str_eq(json_get_str(block, "isdCode"), rows[i].isd) ||
            !str_eq(json_get_str(block, "mobileNumber"), rows[i].mobile)) {
            fail_msg("row %zu: %s", i, json_dumps(block, 0));
        }
    }
    bench_end(&b);
}

static const char oauth_config[] =
    "certbatch_config: 1\ncas:\n  prod:\n    type: certinext\n"
    "    api_url: https://api.certinext.io/emSignHub-API\n    account_number: \"1234567890\"\n"
    "    auth: {mode: oauth, token_url: https://auth.example/t, client_id: \"12 34\", "
    "client_secret: {file: key}}\n";

/* Several requests are under way when a token ends: what is told of the old one does not end the
 * new one, or it would be asked for again and again. */
static void late_refusals(void **state UNUSED)
{
    static const char token[] = "{\"access_token\":\"%s\",\"expires_in\":3600}";
    struct bench b;
    struct err err = ERR_INIT;
    bench_begin(&b, oauth_config);
    const struct ca_call ask = bench_call(&b, STEP_TOKEN);
    struct ca_call calls[3];
    (void)bench_hear(&b, &ask, 200, arena_printf(&b.f.arena, token, "first"));
    for (size_t i = 0; i < NITEMS(calls); i++) {
        calls[i] = bench_call(&b, STEP_POLL);
        calls[i].nonce = arena_printf(&b.f.arena, "%032zu", i);
        assert_true(i == 2 || bench_ask(&b, &calls[i], &err));
    }
    assert_int_equal(bench_hear(&b, &calls[0], 401, "")->outcome, OUTCOME_AUTH);
    assert_false(certinext_ops.authorized(&b.ca, NOW));
    (void)bench_hear(&b, &ask, 200, arena_printf(&b.f.arena, token, "second"));
    assert_int_equal(bench_hear(&b, &calls[1], 401, "")->outcome, OUTCOME_AUTH);
    assert_true(certinext_ops.authorized(&b.ca, NOW));
    assert_true(bench_ask(&b, &calls[2], &err));
    assert_string_equal(secret_bytes(b.request.secret_headers[0].value), "second");
    (void)bench_hear(&b, &calls[2], 401, "");
    assert_false(certinext_ops.authorized(&b.ca, NOW));
    bench_end(&b);
}

static void secrets_that_are_not_there(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    bench_begin(&b, bench_config);
    certinext_ops.close(&b.ca);
    (void)unlink(path_join(&b.f.arena, b.f.dir, "key"));
    assert_false(certinext_ops.open(&b.ca, &err));
    assert_true(str_starts(err.msg, "access_key: ")); /* whose it is, ca_open() says */
    bench_end(&b);
}

/* In which words a timestamp is refused is not known: a refusal that nothing explains, from a CA
 * with another time, is one of every request. Orders wait until the clock is right. */
static void clocks_that_differ(void **state UNUSED)
{
    static const struct {
        int64_t skew;
        const char *code, *message;
        enum outcome outcome;
    } rows[] = {
        {0, "EMS-901", "Timestamp outside of the window", OUTCOME_REFUSED},
        {240, "EMS-901", "Timestamp outside of the window", OUTCOME_REFUSED},
        {241, "EMS-901", "Timestamp outside of the window", OUTCOME_AUTH},
        {-241, "", "whatever", OUTCOME_AUTH},
        {3600, "EMS-921", "Common name", OUTCOME_REFUSED}, /* explained */
        {3600, "EMS-939", "Something", OUTCOME_UNKNOWN},
    };
    struct bench b;
    bench_begin(&b, bench_config);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_call call = bench_call(&b, STEP_ORDER);
        b.date = NOW + rows[i].skew;
        const struct ca_result *r = bench_failure(&b, &call, rows[i].code, rows[i].message);
        assert_int_equal(r->outcome, rows[i].outcome);
        assert_true((strstr(r->message, "clock") != NULL) == (r->outcome == OUTCOME_AUTH));
    }
    bench_end(&b);
}

/* At the pace of the configuration at first, then less and less often. */
static void looks_that_go_on(void **state UNUSED)
{
    static const struct {
        unsigned looks;
        int64_t again;
    } rows[] = {{0, 10}, {4, 10}, {5, 10}, {6, 20}, {7, 40}, {8, 80}, {9, 80}, {UINT_MAX, 80}};
    struct bench b;
    bench_begin(&b, bench_config);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct ca_call call = bench_call(&b, STEP_POLL);
        call.phase = 1;
        call.looks = rows[i].looks;
        const struct ca_result *r = bench_failure(&b, &call, "EMS-956", "");
        assert_true(r->pending);
        assert_int_equal(r->again_seconds, rows[i].again);
    }
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_are_not_understood),
        cmocka_unit_test(large_csr),
        cmocka_unit_test(contact_phones),
        cmocka_unit_test(late_refusals),
        cmocka_unit_test(secrets_that_are_not_there),
        cmocka_unit_test(clocks_that_differ),
        cmocka_unit_test(looks_that_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
