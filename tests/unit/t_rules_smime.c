/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules smime.*: the table of attributes cell by cell, ages at their last day, uses of keys,
 * what is said when nobody says the type, places, and the pack.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/rules_fixture.h"
#include "tests/unit/work_fixture.h"

/* What the level smime, with these settings, says about an item. */
static enum severity severity_with(const char *settings, const char *item, const char *rule)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p = policy_of_level(&a, work, "smime", settings);
    struct subject s;
    enum severity severity = SEV_DISABLED;
    subject_from(&a, parse_yaml(&a, item), &s);
    (void)fires(p, &s, rule, &severity);
    policy_free(p);
    return severity;
}

static enum severity severity_of_item(const char *item, const char *rule)
{
    return severity_with("", item, rule);
}

struct item_case {
    const char *item, *rule;
    enum severity severity;
};

static void judge_all(const struct item_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const enum severity got = severity_of_item(cases[i].item, cases[i].rule);
        if (got != cases[i].severity) {
            fail_msg("%s of %s: %s", cases[i].rule, cases[i].item, severity_name(got));
        }
    }
}

/* --- the table, from the outside: each attribute in each type and generation --- */

static const char *const types[] = {"mailbox", "organization", "sponsor", "individual"};
static const char *const generations[] = {"multipurpose", "strict"};
/* For each type two letters: may an item of that generation have the attribute? */
static const struct {
    const char *key, *value, *allowed;
} table[] = {
    {"organization", "Example Corp", "-- yy yy --"},
    {"organization_identifier", "NTRUS+TX-12345", "-- yy yy --"},
    {"organizational_unit", "Sales", "-- yy yy --"},
    {"given_name", "Ada", "-- -- yy yy"},
    {"surname", "Keller", "-- -- yy yy"},
    {"pseudonym", "Analyst", "-- -- yy yy"},
    {"serial_number", "4711", "yy yy yy yy"},
    {"email_address", "ada@example.com", "yy yy yy yy"},
    {"title", "Engineer", "-- -- yy yy"},
    {"street_address", "1 Main Street", "-- y- y- y-"},
    {"postal_code", "'78701'", "-- y- y- y-"},
    {"locality", "Austin", "-- yy yy yy"},
    {"state", "Texas", "-- yy yy yy"},
    {"country", "US", "-- yy yy yy"},
    {"description", "x", "-- -- -- --"},
    {"user_id", "ada", "-- -- -- --"},
};

/* The attributes a type must have, besides `key`. */
static const char *rest_of(const char *type, const char *key)
{
    if (str_eq(type, "organization") || str_eq(type, "sponsor")) {
        const char *person = str_eq(type, "organization") ? "" : ", surname: Keller";
        static char text[160];
        (void)snprintf(text, sizeof text, "%s%s%s",
                       str_eq(key, "organization") ? "" : ", organization: Example Corp",
                       str_eq(key, "organization_identifier")
                           ? ""
                           : ", organization_identifier: NTRUS+TX-12345",
                       str_eq(key, "surname") || str_eq(key, "pseudonym") ? "" : person);
        return text;
    }
    return str_eq(type, "mailbox") || str_eq(key, "surname") || str_eq(key, "pseudonym")
               ? ""
               : ", surname: Keller";
}

static void test_table(void **state)
{
    (void)state;
    size_t cells = 0;
    for (size_t i = 0; i < NITEMS(table); i++) {
        for (size_t t = 0; t < NITEMS(types); t++) {
            for (size_t g = 0; g < NITEMS(generations); g++) {
                CLEANUP(arena_release) struct arena a = ARENA_INIT;
                const char *item = arena_printf(&a,
                                                "{san: ['email:ada@example.com'], smime: {type: %s,"
                                                " generation: %s}, subject: {%s: %s%s}}",
                                                types[t], generations[g], table[i].key,
                                                table[i].value, rest_of(types[t], table[i].key));
                const bool allowed = table[i].allowed[3 * t + g] == 'y';
                if ((severity_of_item(item, "smime.subject.table") == SEV_DISABLED) != allowed) {
                    fail_msg("%s", item);
                }
                cells++;
            }
        }
    }
    assert_int_equal(cells, 16 * 8);
}

#define BOX     "san: ['email:ada@example.com']"
#define TYPE(t) BOX ", smime: {type: " t "}"
#define CORP    "organization: Example Corp, organization_identifier: NTRUS+TX-12345"

/* clang-format off */
static void test_subject(void **state)
{
    (void)state;
    static const struct item_case cases[] = {
        /* required ones; a type that nobody says requires nothing */
        {"{" TYPE("organization") ", subject: {organization: A}}", "smime.subject.table", SEV_ERROR},
        {"{" TYPE("sponsor") ", subject: {" CORP "}}", "smime.subject.table", SEV_ERROR},
        {"{" TYPE("sponsor") ", subject: {" CORP ", pseudonym: P}}", "smime.subject.table",
         SEV_DISABLED},
        {"{" BOX "}", "smime.subject.table", SEV_DISABLED},
        {"{" BOX ", subject: {organization: A}}", "smime.subject.table", SEV_DISABLED},
        {"{" BOX ", subject: {user_id: ada}}", "smime.subject.table", SEV_ERROR},
        {"{" BOX ", subject: {street_address: S, locality: L, country: US}, smime: {generation: strict}}",
         "smime.subject.table", SEV_ERROR},
        {"{" BOX ", subject: {street_address: S, locality: L, country: US}}", "smime.subject.table",
         SEV_DISABLED},
        {"{" BOX ", smime: {type: individual, generation: legacy}, subject: {user_id: ada}}",
         "smime.subject.table", SEV_DISABLED},
        {"{" BOX ", smime: {type: mailbox, generation: legacy}, subject: {country: US}}",
         "smime.subject.table", SEV_ERROR},
        /* the defaults of the manifest say it too */
        {"{" BOX ", defaults: {smime: {type: mailbox}}, subject: {country: US}}",
         "smime.subject.table", SEV_ERROR},
        {"{" BOX ", smime: {type: individual, generation: legacy}}", "smime.name.required",
         SEV_DISABLED},
        {"{" TYPE("sponsor") ", subject: {given_name: Ada}}", "smime.name.required", SEV_DISABLED},
        {"{" TYPE("organization") "}", "smime.name.required", SEV_DISABLED},
        {"{" TYPE("sponsor") ", subject: {organization_identifier: NTRUS+TX-1}}",
         "smime.org-id.required", SEV_ERROR},
        {"{" TYPE("individual") "}", "smime.org-id.required", SEV_DISABLED},

        {"{" BOX ", subject: {locality: Austin}}", "smime.location.country", SEV_ERROR},
        {"{" BOX ", subject: {postal_code: '1'}}", "smime.location.country", SEV_ERROR},
        {"{" BOX ", subject: {street_address: S, country: US}}", "smime.location.country", SEV_ERROR},
        {"{" BOX ", subject: {street_address: S, state: Texas, country: US}}", "smime.location.country",
         SEV_DISABLED},

        {"{" TYPE("organization") ", subject: {serial_number: PASUS-1}}",
         "smime.serial.identifier", SEV_WARNING},
        {"{" TYPE("individual") ", subject: {serial_number: PASUS-1}}",
         "smime.serial.identifier", SEV_DISABLED},
        {"{" BOX ", subject: {serial_number: PASUS-1}}", "smime.serial.identifier", SEV_DISABLED},
        {"{" TYPE("mailbox") ", subject: {serial_number: PASUS1}}", "smime.serial.identifier",
         SEV_DISABLED},
        {"{" TYPE("mailbox") ", subject: {serial_number: VATUS-1}}", "smime.serial.identifier",
         SEV_DISABLED},
    };
    judge_all(cases, NITEMS(cases));
}

static void test_names(void **state)
{
    (void)state;
    static const struct item_case cases[] = {
        {"{common_name: bob@example.com, " BOX "}", "smime.cn.content", SEV_ERROR},
        {"{common_name: ada@EXAMPLE.com, " BOX "}", "smime.cn.content", SEV_DISABLED},
        {"{common_name: ADA@example.com, " BOX "}", "smime.cn.content", SEV_ERROR},
        {"{common_name: Ada Keller, " BOX "}", "smime.cn.content", SEV_DISABLED},
        {"{common_name: Example Corp, " TYPE("organization") ", subject: {" CORP "}}",
         "smime.cn.content", SEV_DISABLED},
        {"{common_name: Ada Keller, " TYPE("organization") ", subject: {" CORP "}}",
         "smime.cn.content", SEV_ERROR},
        {"{common_name: KELLER Ada, " TYPE("individual") ", subject: {surname: Keller}}",
         "smime.cn.content", SEV_DISABLED},
        {"{common_name: Example Corp, " TYPE("individual") ", subject: {surname: Keller}}",
         "smime.cn.content", SEV_ERROR},
        {"{common_name: analyst, " TYPE("individual") ", subject: {pseudonym: Analyst}}",
         "smime.cn.content", SEV_ERROR},
        {"{common_name: analyst, " TYPE("individual") ", subject: {pseudonym: Analyst}}",
         "smime.name.pseudonym", SEV_ERROR},
        {"{common_name: ada@example.com, " TYPE("individual") ", subject: {pseudonym: P}}",
         "smime.name.pseudonym", SEV_DISABLED},
        {"{" BOX ", subject: {pseudonym: P, given_name: Ada}}", "smime.name.pseudonym", SEV_ERROR},

        {"{" BOX ", subject: {email_address: ada@example.com}}", "smime.email.repeated", SEV_DISABLED},
        {"{" BOX ", subject: {email_address: bob@example.com}}", "smime.email.repeated", SEV_ERROR},
        {"{" BOX ", subject: {email_address: 'ada@example.com, bob@example.com'}}", "smime.email.single",
         SEV_ERROR},
        {"{" BOX ", subject: {email_address: Ada}}", "smime.email.single", SEV_ERROR},
        {"{" BOX ", subject: {email_address: ada@example.com}}", "smime.email.single", SEV_DISABLED},

        {"{san: ['ip:192.0.2.7']}", "smime.san.required", SEV_ERROR},
        {"{san: ['uri:https://example.com', 'email:a@example.com']}", "smime.san.type", SEV_ERROR},
        {"{san: ['uri:https://example.com', 'email:a@example.com'], smime: {generation: legacy}}",
         "smime.san.type", SEV_DISABLED},
        {"{action: revoke, serial: 0A1B}", "smime.san.required", SEV_DISABLED},
    };
    judge_all(cases, NITEMS(cases));
}

static void test_orders(void **state)
{
    (void)state;
    static const struct item_case cases[] = {
        {"{" BOX ", order_date: 2025-07-14, smime: {generation: legacy}}", "smime.generation",
         SEV_DISABLED},
        {"{" BOX ", order_date: 2025-07-15, smime: {generation: legacy}}", "smime.generation",
         SEV_ERROR},
        {"{" BOX "}", "smime.generation", SEV_DISABLED},

        /* thirty days after a challenge to the mailbox, 398 after one to the domain */
        {"{" BOX ", order_date: 2026-10-31, dcv: {validated: 2026-10-01}}", "smime.mailbox.reuse",
         SEV_DISABLED},
        {"{" BOX ", order_date: 2026-11-01, dcv: {validated: 2026-10-01}}", "smime.mailbox.reuse",
         SEV_WARNING},
        {"{" BOX ", order_date: 2026-11-01, dcv: {validated: 2026-10-01, method: email,"
         " email: ada@example.com}}", "smime.mailbox.reuse", SEV_WARNING},
        {"{" BOX ", order_date: 2026-11-01, dcv: {validated: 2026-10-01, method: email,"
         " email: hostmaster@example.com}}", "smime.mailbox.reuse", SEV_DISABLED},
        {"{" BOX ", order_date: 2026-11-03, dcv: {validated: 2025-10-01, method: dns}}",
         "smime.mailbox.reuse", SEV_DISABLED},
        {"{" BOX ", order_date: 2026-11-04, dcv: {validated: 2025-10-01, method: dns}}",
         "smime.mailbox.reuse", SEV_WARNING},

        {"{" BOX ", key: ec-p256}", "smime.escrow", SEV_WARNING},
        {"{" BOX ", key: ec-p256, smime: {use: encryption}}", "smime.escrow", SEV_WARNING},
        {"{" BOX ", key: ec-p256, smime: {use: signing}}", "smime.escrow", SEV_DISABLED},
        {"{" BOX ", key: ec-p256, smime: {escrow: true}}", "smime.escrow", SEV_DISABLED},
        {"{" BOX ", key: ec-p256, key_origin: hsm}", "smime.escrow", SEV_DISABLED},
        {"{csr: good-smime.pem}", "smime.escrow", SEV_DISABLED},
        {"{csr: good-smime.pem, key_origin: local}", "smime.escrow", SEV_WARNING},

        {"{" BOX ", key: rsa-2048}", "smime.key", SEV_DISABLED},
        {"{" BOX ", key: rsa-2047}", "smime.key", SEV_ERROR},
        {"{" BOX ", key: rsa-2056}", "smime.key", SEV_DISABLED},
        {"{" BOX ", key: rsa-2050}", "smime.key", SEV_ERROR},
        {"{" BOX ", key: ec-p521}", "smime.key", SEV_DISABLED},
        {"{" BOX ", key: ed448}", "smime.key", SEV_DISABLED},
        {"{csr: key.dsa.pem}", "smime.key", SEV_ERROR},
        {"{csr: key.rsa.min-bits.pem}", "smime.key", SEV_ERROR},
        {"{csr: key.pqc.pem, order_date: 2025-08-21}", "smime.key", SEV_ERROR},
        {"{csr: key.pqc.pem, order_date: 2025-08-22}", "smime.key", SEV_DISABLED},

        /* good-smime.pem: EC, digitalSignature and keyAgreement; smime.ku.pem: keyEncipherment */
        {"{csr: good-smime.pem, smime: {use: dual}}", "smime.ku", SEV_DISABLED},
        {"{csr: good-smime.pem, smime: {use: signing}}", "smime.ku", SEV_ERROR},
        {"{csr: good-smime.pem, smime: {use: encryption}}", "smime.ku", SEV_ERROR},
        {"{csr: good-usage.pem, smime: {use: signing}}", "smime.ku", SEV_DISABLED},
        {"{csr: good-usage.pem, smime: {use: dual}}", "smime.ku", SEV_ERROR},
        {"{csr: good-usage.pem}", "smime.ku", SEV_DISABLED},
        {"{csr: good-usage.pem, smime: {use: encryption}}", "smime.ku", SEV_ERROR},
        {"{csr: good.pem}", "smime.ku", SEV_DISABLED},
        {"{csr: ext.eku.required.pem}", "smime.eku", SEV_ERROR},
        {"{csr: good.pem}", "smime.eku", SEV_DISABLED},
        {"{csr: smime.ski-sda.pem, smime: {generation: legacy}}", "smime.ski-sda", SEV_DISABLED},

        {"{" BOX ", outputs: [pem, pfx]}", "smime.pfx-protection", SEV_DISABLED},
        {"{" BOX ", outputs: [{pfx: {password: {env: P}}}]}", "smime.pfx-protection",
         SEV_DISABLED},
        {"{" BOX ", outputs: [{pfx: {profile: modern, password: {env: P}}}]}",
         "smime.pfx-protection", SEV_DISABLED},
        {"{" BOX ", outputs: [{pfx: {profile: macos, password: {env: P}}}]}",
         "smime.pfx-protection", SEV_ERROR},
        {"{" BOX ", outputs: [{pfx: {profile: macos}}]}", "smime.pfx-protection", SEV_DISABLED},
    };
    judge_all(cases, NITEMS(cases));
}
/* clang-format on */

static void test_params(void **state)
{
    (void)state;
    static const char item[] = "{" BOX ", outputs: [{pfx: {profile: macos}}]}";
    assert_int_equal(
        severity_with("  smime.pfx-protection: {min-bits: 113}\n", item, "smime.pfx-protection"),
        SEV_ERROR);
    assert_int_equal(
        severity_with("  smime.pfx-protection: {min-bits: 112}\n", item, "smime.pfx-protection"),
        SEV_DISABLED);
    assert_int_equal(
        severity_with("  smime.ku: {use: [signing]}\n", "{csr: good-smime.pem}", "smime.ku"),
        SEV_ERROR);
    assert_int_equal(severity_with("  smime.mailbox.reuse: {mailbox-days: 31}\n",
                                   "{" BOX
                                   ", order_date: 2026-11-01, dcv: {validated: 2026-10-01}}",
                                   "smime.mailbox.reuse"),
                     SEV_DISABLED);
}

/* --- places --- */

static void assert_place(const char *item, const char *rule, unsigned line, unsigned column)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct policy_scratch scratch = {0};
    struct policy *p = policy_of_level(&a, work, "smime", "");
    struct subject s;
    size_t found = 0;
    subject_from(&a, parse_yaml(&a, item), &s);
    policy_judge(p, &s, &scratch, &a, &findings, NULL);
    for (size_t i = 0; i < findings.n; i++) {
        if (str_eq(findings.v[i].rule, rule)) {
            found++;
            assert_int_equal(findings.v[i].line, line);
            assert_int_equal(findings.v[i].column, column);
        }
    }
    assert_int_equal(found, 1);
    arena_release(&scratch.arena);
    policy_free(p);
}

static void test_places(void **state)
{
    (void)state;
    static const char item[] = "common_name: Ada Keller\n"
                               "san: [\"email:ada@example.com\"]\n"
                               "smime:\n"
                               "  type: mailbox\n"
                               "  generation: legacy\n"
                               "subject:\n"
                               "  locality: Austin\n"
                               "dcv:\n"
                               "  validated: 2026-01-01\n"
                               "outputs:\n"
                               "  - pem\n"
                               "  - pfx: {profile: compat, password: {env: PFX}}\n";
    assert_place(item, "smime.cn.content", 1, 14);
    assert_place(item, "smime.generation", 5, 15);
    assert_place(item, "smime.location.country", 7, 13);
    assert_place(item, "smime.mailbox.reuse", 9, 14);
    assert_place(item, "smime.pfx-protection", 12, 20);
}

/* --- the pack --- */

/* What a user of the pack sees for a plain order: nothing. */
static void test_pack_is_quiet(void **state)
{
    (void)state;
    static const char *const items[] = {
        "{common_name: ada@example.com, " BOX ", key: ec-p521,"
        " smime: {type: mailbox, generation: strict, use: dual, escrow: true}}",
        "{common_name: Ada Keller, " BOX ", key: ed25519, subject: {given_name: Ada,"
        " surname: Keller, " CORP ", country: US, state: Texas},"
        " smime: {type: sponsor, generation: multipurpose, use: signing}}",
        "{csr: good-smime.pem}",
    };
    for (size_t i = 0; i < NITEMS(items); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
        struct policy_scratch scratch = {0};
        struct policy *p =
            policy_from(&a, work, "certbatch_policy: 1\nname: fixture\nextends: [cabf-smime]\n");
        struct subject s;
        subject_from(&a, parse_yaml(&a, items[i]), &s);
        policy_judge(p, &s, &scratch, &a, &findings, NULL);
        for (size_t k = 0; k < findings.n; k++) {
            if (findings.v[k].severity >= SEV_WARNING) {
                fail_msg("%s: %s %s", items[i], findings.v[k].rule, findings.v[k].message);
            }
        }
        arena_release(&scratch.arena);
        policy_free(p);
    }
}

static void test_pack_samples(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct policy *p =
        policy_from(&a, work, "certbatch_policy: 1\nname: fixture\nextends: [cabf-smime]\n");
    assert_int_equal(policy_run_samples(p, &findings), 2);
    assert_int_equal(findings.n, 0);
    policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),         cmocka_unit_test(test_subject),
        cmocka_unit_test(test_names),         cmocka_unit_test(test_orders),
        cmocka_unit_test(test_params),        cmocka_unit_test(test_places),
        cmocka_unit_test(test_pack_is_quiet), cmocka_unit_test(test_pack_samples),
    };
    return !!cmocka_run_group_tests(tests, make_work, remove_work);
}
