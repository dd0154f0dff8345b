/* SPDX-License-Identifier: Apache-2.0
 *
 * Organizations of a policy, and the boundaries of the rules that look at them: dv.*, ov.*, iv.*,
 * ev.*, subject.organization.known. The rows' own samples and the corpora run in t_rules.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy/rules_ev.h"
#include "policy/same_text.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/work_fixture.h"
#include "tests/unit/rules_fixture.h"

#define HEAD "certbatch_policy: 1\nname: t\n"
#define RECORD                                                                                     \
    "organizations:\n"                                                                             \
    "  example:\n"                                                                                 \
    "    legal-name: Example Corporation\n"                                                        \
    "    subject: {C: US, ST: Texas, L: Austin}\n"                                                 \
    "    business-category: Private Organization\n"                                                \
    "    jurisdiction: {C: US, ST: Delaware}\n"                                                    \
    "    serial: \"5157550\"\n"                                                                    \
    "    validated: {ov: 2026-06-02, ev: 2025-10-19}\n"                                            \
    "    domains: [Example.COM, \"bücher.example\"]\n"                                            \
    "profiles:\n"                                                                                  \
    "  web: {organization: example}\n"

/* --- the records --- */

static void refused_records(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rule, *says;
        uint32_t line, column;
    } rows[] = {
        {"organizations: {a: {jurisdiction: {C: UK}}}\n", "policy.schema", "GB", 3, 39},
        {"organizations: {a: {subject: {C: de}}}\n", "policy.schema", "ISO 3166-1", 3, 34},
        {"organizations: {a: {subject: {country: DE}}}\n", "policy.schema", "here it is C", 3, 40},
        {"organizations: {a: {subject: {X: y}}}\n", "policy.schema", "short name", 3, 34},
        {"organizations: {a: {subject: {CN: y}}}\n", "policy.schema", "no common name", 3, 35},
        {"organizations: {a: {subject: [O]}}\n", "policy.schema", "mapping", 3, 30},
        {"organizations: {a: {jurisdiction: {ST: Texas}}}\n", "policy.schema", "C", 3, 35},
        {"organizations: {a: {serial-format: '['}}\n", "policy.regex", "compile", 3, 36},
        {"organizations: {a: {validated: {ev: 2026-02-30}}}\n", "policy.schema", "ev", 3, 37},
        {"organizations: {a: {business-category: private organization}}\n", "policy.schema",
         "Government Entity", 3, 40},
        {"organizations: {a: {domains: ['*.example.com']}}\n", "policy.schema", "wildcard", 3, 31},
        {"organizations: {a: {ids: {lab: [1]}}}\n", "policy.schema", "id", 3, 32},
        {"organizations: {a: {legal_name: A}}\n", "policy.schema", "legal-name", 3, 21},
        {"profiles: {web: {organization: exmaple}}\n", "policy.schema", "exmaple", 3, 32},
    };
    struct bench b;
    bench_begin(&b);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        char text[512];
        snprintf(text, sizeof text, HEAD "%s", rows[i].text);
        if (bench_open(&b, text)) {
            fail_msg("row %zu was accepted", i);
        }
        const struct finding *f = found(&b.findings, rows[i].rule);
        if (!f || f->line != rows[i].line || f->column != rows[i].column ||
            !strstr(f->message, rows[i].says)) {
            const struct finding *g = f ? f : &b.findings.v[0];
            fail_msg("row %zu: %s %u:%u %s", i, g->rule, g->line, g->column, g->message);
        }
    }
    bench_end(&b);
}

static const char *shown(struct bench *b)
{
    struct buf out = BUF_INIT(1 << 20);
    struct err err = ERR_INIT;
    assert_true(policy_show(b->policy, NULL, &out, &err));
    const char *text = arena_strndup(&b->arena, buf_text(&out), out.n);
    buf_release(&out);
    return text;
}

static void later_file_wins(void **state)
{
    (void)state;
    struct bench b;
    char digest[SHA256_HEX];
    bench_begin(&b);
    bench_file(&b, "base.yaml",
               HEAD "organizations:\n  b: {legal-name: Old}\n  a: {legal-name: Alpha, ids: {y: "
                    "\"2\", x: 1}}\n");
    assert_true(bench_open(&b, HEAD "extends: ./base.yaml\n"));
    strcpy(digest, policy_digest(b.policy));
    assert_non_null(strstr(shown(&b),
                           "\"organizations\":{\"a\":{\"business-category\":null,\"domains\":[],"
                           "\"ids\":{\"x\":\"1\",\"y\":\"2\"},\"legal-name\":\"Alpha\","
                           "\"serial\":null,\"serial-format\":null,\"subject\":{\"O\":\"Alpha\"},"
                           "\"validated\":{}},\"b\":{"));
    assert_true(bench_open(&b, HEAD "extends: ./base.yaml\norganizations:\n  b: {legal-name: New, "
                                    "subject: {O: New Ltd}, validated: {ev: 2026-01-02}}\n"
                                    "profiles:\n  web: {organization: b}\n"));
    assert_int_equal(b.policy->norganizations, 2);
    const struct organization *o = organization_find(b.policy, "b");
    assert_string_equal(o->legal_name, "New");
    assert_string_equal(organization_value(o, "O"), "New Ltd");
    assert_int_equal(o->validated_ov, TIME_NONE);
    assert_int_equal(o->pos.line, 5);
    assert_null(organization_find(b.policy, "c"));
    assert_null(organization_find(b.policy, NULL));
    assert_non_null(strstr(shown(&b), "\"organization\":\"b\""));
    assert_string_not_equal(policy_digest(b.policy), digest);
    bench_end(&b);
}

/* --- one order judged --- */

struct expected {
    const char *policy, *item;
    const char *rule;
    const char *says;       /* NULL: the rule does not fire */
    enum severity severity; /* of the first finding of the rule */
    uint32_t column;        /* in the item, 0 = not looked at */
};

static void judge_rows(const struct expected *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        CLEANUP(findings_release) struct findings list = FINDINGS_INIT;
        struct policy_scratch scratch = {0};
        struct subject s;
        struct policy *p =
            policy_from(&a, work, arena_printf(&a, HEAD "%s" RECORD, rows[i].policy));
        subject_from(&a, parse_yaml(&a, rows[i].item), &s);
        policy_judge(p, &s, &scratch, &a, &list, NULL);
        const struct finding *f = found(&list, rows[i].rule);
        const bool good = rows[i].says ? f && strstr(f->message, rows[i].says) &&
                                             f->severity == rows[i].severity &&
                                             (!rows[i].column || f->column == rows[i].column)
                                       : !f;
        if (!good) {
            fail_msg("row %zu, %s: %s (severity %d, column %u)", i, rows[i].rule,
                     f ? f->message : "no finding", f ? (int)f->severity : -1, f ? f->column : 0);
        }
        arena_release(&scratch.arena);
        policy_free(p);
    }
}

#define O64 "123456789 123456789 123456789 123456789 123456789 123456789 1234"
static const struct expected subject_rows[] = {
    /* what must be there */
    {"level: ov\n", "{common_name: a.b}", "ov.organization", "no organization", SEV_ERROR, 1},
    {"level: ov\n", "{common_name: a.b, subject: {country: US}}", "ov.organization",
     "no organization", SEV_ERROR, 29},
    {"level: ov\n", "{profile: web}", "ov.organization", NULL, 0, 0},
    {"level: ov\n", "{organization: example}", "ov.location", NULL, 0, 0},
    {"level: ov\n", "{organization: exmaple}", "ov.location", NULL, 0, 0},
    {"level: ov\n", "{organization: exmaple}", "subject.organization.known", "exmaple", SEV_ERROR,
     16},
    {"level: ov\n", "{ca: {type: digicert, organization_id: \"117001\"}}", "ov.organization", NULL,
     0, 0},
    {"level: ov\n", "{ca: {type: digicert}, fields: {organization_id: \"117001\"}}", "ov.country",
     NULL, 0, 0},
    {"level: ov\n", "{ca: {type: certinext, organization_number: \"1\"}}", "ov.organization",
     "no organization", SEV_ERROR, 0},
    {"level: iv\n", "{subject: {surname: A, given_name: B, locality: C}}", "iv.country-location",
     "no country", SEV_ERROR, 11},
    {"level: iv\n", "{subject: {given_name: B}}", "iv.name", "surname", SEV_ERROR, 11},
    {"level: iv\n", "{action: revoke, serial: 0A}", "iv.name", NULL, 0, 0},
    /* what may not */
    {"level: dv\n", "{subject: {organizational_unit: IT}}", "dv.subject", "OU", SEV_ERROR, 0},
    {"level: dv\n", "{order_date: 2023-09-14, subject: {organizational_unit: IT}}", "dv.subject",
     NULL, 0, 0},
    {"level: dv\n", "{order_date: 2023-09-14, subject: {organization: Corp}}", "dv.subject", "O",
     SEV_ERROR, 0},
    {"level: dv\n", "{common_name: a.b, san: [a.b], csr: good-subject.pem}", "dv.subject", "ST",
     SEV_WARNING, 0},
    {"level: ov\n", "{subject: {street_address: Road 1}}", "ov.street-postal", "street",
     SEV_WARNING, 28},
    {"level: iv\n", "{subject: {title: Dr}}", "ov.other-attribute", "title", SEV_WARNING, 0},
    {"level: ev\n", "{order_date: 2022-08-31, subject: {organizational_unit: IT}}", "ev.ou", NULL,
     0, 0},
    {"level: ev\n", "{order_date: 2022-09-01, subject: {organizational_unit: IT}}", "ev.ou",
     "organizational unit", SEV_ERROR, 57},
    /* the record */
    {"level: ov\n", "{profile: web, subject: {organization: 'Example  Corporation '}}",
     "subject.organization.known", NULL, 0, 0},
    {"level: ov\n", "{profile: web, subject: {organization: EXAMPLE Corporation}}",
     "subject.organization.known", "upper and lower", SEV_WARNING, 40},
    {"level: ov\n", "{profile: web, subject: {state: TX}}", "subject.organization.known", "Texas",
     SEV_ERROR, 33},
    {"level: ov\n", "{profile: web, subject: {street_address: Road 1}}",
     "subject.organization.known", NULL, 0, 0},
    {"level: ov\n", "{profile: web, common_name: a.b, csr: good-subject.pem}",
     "subject.organization.known", "O is not", SEV_WARNING, 0},
    {"level: dv\n", "{organization: exmaple}", "subject.organization.known", NULL, 0, 0},
    /* EV */
    {"level: ev\n", "{subject: {organization: " O64 "}}", "ev.organization", NULL, 0, 0},
    {"level: ev\n", "{subject: {organization: " O64 "5}}", "ev.organization", "65", SEV_ERROR, 26},
    {"level: ev\nrules: {ev.organization: {max: 10}}\n", "{profile: web}", "ev.organization", "19",
     SEV_ERROR, 0},
    {"level: ev\n", "{profile: web}", "ev.business-category", NULL, 0, 0},
    {"level: ev\n", "{profile: web, ev: {business_category: Private Organisation}}",
     "ev.business-category", "none of", SEV_ERROR, 40},
    {"level: ev\n", "{profile: web, ev: {business_category: PRIVATE ORGANIZATION}}",
     "ev.business-category", "spelled Private", SEV_ERROR, 40},
    {"level: ev\n", "{defaults: {ev: {business_category: Business Entity}}}",
     "ev.business-category", NULL, 0, 0},
    {"level: ev\n", "{profile: web, ev: {jurisdiction: {country: us}}}", "ev.jurisdiction.country",
     "capital", SEV_ERROR, 45},
    {"level: ev\n", "{ev: {jurisdiction: {state: Texas}}}", "ev.jurisdiction.levels", "no country",
     SEV_ERROR, 0},
    {"level: ev\n", "{ev: {jurisdiction: {country: US, state: Texas, locality: Austin}}}",
     "ev.jurisdiction.levels", NULL, 0, 0},
    {"level: ev\n", "{profile: web, ev: {jurisdiction: {country: US}}}", "ev.jurisdiction.levels",
     "to the state", SEV_WARNING, 45},
    {"level: ev\n", "{profile: web, ev: {jurisdiction: {country: US, locality: Austin}}}",
     "ev.jurisdiction.levels", "no state", SEV_ERROR, 0},
    {"level: ev\n", "{profile: web}", "ev.jurisdiction.levels", NULL, 0, 0},
    {"level: ev\n", "{profile: web, subject: {organization: Example (Shop)}}",
     "ev.organization.dba", "Example Corporation", SEV_WARNING, 0},
    {"level: ev\n", "{profile: web, subject: {organization: Shop (Example Corporation)}}",
     "ev.organization.dba", NULL, 0, 0},
    {"level: ev\n", "{subject: {organization: Example (Shop)}}", "ev.organization.dba", NULL, 0, 0},
    {"level: ev\nrules: {ev.serial-number.format: {patterns: ['DE:HR[AB] [0-9]+', "
     "'US:[0-9]{7}']}}\n",
     "{ev: {registration_number: '123456', jurisdiction: {country: US}}}",
     "ev.serial-number.format", "for US", SEV_WARNING, 28},
    {"level: ev\nrules: {ev.serial-number.format: {patterns: ['DE:HR[AB] [0-9]+', "
     "'US:[0-9]{7}']}}\n",
     "{ev: {registration_number: '1234567', jurisdiction: {country: US}}}",
     "ev.serial-number.format", NULL, 0, 0},
    {"level: ev\nrules: {ev.serial-number.format: {patterns: ['DE:HR[AB] [0-9]+']}}\n",
     "{ev: {registration_number: '123456', jurisdiction: {country: US}}}",
     "ev.serial-number.format", NULL, 0, 0},
    {"level: ev\n", "{csr: good.pem}", "ev.country", "country", SEV_ERROR, 0},
};

static void subjects(void **state)
{
    (void)state;
    judge_rows(subject_rows, NITEMS(subject_rows));
}

#define PERSON     "name: D, email: d@example.com, designation: X"
#define PAIR(a, s) "{profile: web, ev: {certificate_approver: {" a "}, contract_signer: {" s "}}}"
static const struct expected contact_rows[] = {
    {"level: ev\n", "{profile: web}", "ev.contact.signer", "names no contract signer", SEV_ERROR,
     1},
    {"level: ev\n", PAIR(PERSON, "name: E"), "ev.contact.approver", "phone or mobile_number",
     SEV_ERROR, 43},
    {"level: ev\n", PAIR(PERSON, "name: E"), "ev.contact.signer",
     "no email, phone or mobile_number, designation", SEV_ERROR, 0},
    {"level: ev\n", PAIR(PERSON ", mobile_number: '5125550100'", "name: E"), "ev.contact.approver",
     NULL, 0, 0},
    {"level: ev\n",
     "{ca: certinext-prod, ev: {certificate_approver: {" PERSON ", phone: '+15125550100'}}}",
     "ev.contact.approver", "employee_id", SEV_ERROR, 0},
    /* a person is whole: nothing is taken from the one of the defaults */
    {"level: ev\n",
     "{ev: {contract_signer: {name: E}}, defaults: {ev: {contract_signer: {" PERSON
     ", phone: '5550100'}}}}",
     "ev.contact.signer", "email", SEV_ERROR, 0},
    {"level: ev\n", "{defaults: {ev: {contract_signer: {" PERSON ", phone: '5550100'}}}}",
     "ev.contact.signer", NULL, 0, 0},
    {"level: ov\n", "{profile: web}", "ev.contact.signer", NULL, 0, 0},
    {"level: ev\n", "{cert: prior-p384.pem}", "ev.contact.signer", NULL, 0, 0},
    /* roles */
    {"level: ev\n", PAIR(PERSON, "name: E, email: D@EXAMPLE.com"), "ev.contact.roles",
     "approves the certificate and signs", SEV_INFO, 0},
    {"level: ev\nrules: {ev.contact.roles: {separation: true}}\n", PAIR(PERSON, PERSON),
     "ev.contact.roles", "one person", SEV_ERROR, 43},
    {"level: ev\n",
     "{change: {requested_by: e@example.com}, ev: {certificate_approver: {" PERSON
     "}, contract_signer: {" PERSON "}}}",
     "ev.contact.roles", NULL, 0, 0},
    {"level: ev\n",
     "{change: {requested_by: d@example.com}, ev: {certificate_approver: {" PERSON
     "}, contract_signer: {" PERSON "}}}",
     "ev.contact.roles", "requests and approves", SEV_INFO, 0},
    /* mailboxes */
    {"level: ev\n", PAIR("email: d@sub.EXAMPLE.com", "name: E"), "ev.contact.email", NULL, 0, 0},
    {"level: ev\n", PAIR("email: d@xn--bcher-kva.example", "name: E"), "ev.contact.email", NULL, 0,
     0},
    {"level: ev\n", PAIR("email: d@notexample.com", "name: E"), "ev.contact.email", "none of",
     SEV_WARNING, 51},
    {"level: ev\n", PAIR("email: d@GMail.com", "name: E"), "ev.contact.email", "free-mail",
     SEV_WARNING, 0},
    {"level: ev\n", "{ev: {contract_signer: {email: d@corp.test}}}", "ev.contact.email", NULL, 0,
     0},
    {"level: ev\n", "{ev: {contract_signer: {email: d.corp.test}}}", "ev.contact.email",
     "not an e-mail address", SEV_WARNING, 32},
    /* telephone numbers */
    {"level: ev\n", PAIR("isd_code: '123', mobile_number: '1234'", "name: E"), "ev.contact.phone",
     NULL, 0, 0},
    {"level: ev\n", PAIR("isd_code: '1234'", "name: E"), "ev.contact.phone", "calling code",
     SEV_ERROR, 54},
    {"level: ev\n", PAIR("mobile_number: '123'", "name: E"), "ev.contact.phone", "4 to 14",
     SEV_ERROR, 0},
    {"level: ev\n", PAIR("mobile_number: '12345678901234'", "name: E"), "ev.contact.phone", NULL, 0,
     0},
    {"level: ev\n", PAIR("mobile_number: '123456789012345'", "name: E"), "ev.contact.phone",
     "4 to 14", SEV_ERROR, 0},
    {"level: ev\n", PAIR("phone: +1 (512) 555-0100", "name: E"), "ev.contact.phone", NULL, 0, 0},
    {"level: ev\n", PAIR("phone: +12345 67890 12345", "name: E"), "ev.contact.phone", NULL, 0, 0},
    {"level: ev\n", PAIR("phone: +12345 67890 123456", "name: E"), "ev.contact.phone", "telephone",
     SEV_ERROR, 0},
    {"level: ev\n", PAIR("phone: ask the desk", "name: E"), "ev.contact.phone", "telephone",
     SEV_ERROR, 0},
    /* age: 398 days after 2025-10-19 is 2026-11-21 */
    {"level: ev\n", "{profile: web, order_date: 2026-11-21}", "ev.org-validation.age", NULL, 0, 0},
    {"level: ev\n", "{profile: web, order_date: 2026-11-22}", "ev.org-validation.age", "399 days",
     SEV_WARNING, 0},
    {"level: ov\n", "{profile: web, order_date: 2026-11-22}", "ev.org-validation.age", NULL, 0, 0},
    {"level: ev\nrules: {ev.org-validation.age: {max-days: 30}}\n",
     "{profile: web, order_date: 2026-03-14}", "ev.org-validation.age", NULL, 0, 0},
    {"level: ev\nrules: {ev.org-validation.age: {max-days: 30}}\n",
     "{profile: web, order_date: 2026-03-15}", "ev.org-validation.age", "for 30", SEV_WARNING, 0},
};

static void contacts(void **state)
{
    (void)state;
    judge_rows(contact_rows, NITEMS(contact_rows));
}

#define ORGID(id) "{profile: web, subject: {organization_identifier: '" id "'}}"
static const struct expected orgid_rows[] = {
    {"level: ev\n", ORGID("NTRUS+DE-5157550"), "ev.org-id.syntax", NULL, 0, 0},
    {"level: ev\n", ORGID("NTRUS+ABC-5157550"), "ev.org-id.syntax", NULL, 0, 0},
    {"level: ev\n", ORGID("NTRUS+ABCD-5157550"), "ev.org-id.syntax", "state", SEV_ERROR, 51},
    {"level: ev\n", ORGID("NTRUS+-5157550"), "ev.org-id.syntax", "state", SEV_ERROR, 0},
    {"level: ev\n", ORGID("NTRUS"), "ev.org-id.syntax", "no reference", SEV_ERROR, 0},
    {"level: ev\n", ORGID("NTRUS-"), "ev.org-id.syntax", "no reference", SEV_ERROR, 0},
    {"level: ev\n", ORGID("ntrUS-1"), "ev.org-id.syntax", "not written", SEV_ERROR, 0},
    {"level: ev\n", ORGID("NTR"), "ev.org-id.syntax", "not written", SEV_ERROR, 0},
    {"level: ev\n", ORGID("PSDUS-NBB-1-2"), "ev.org-id.syntax", NULL, 0, 0},
    {"level: ev\n", ORGID("PSDUS-1234"), "ev.org-id.syntax", "authority", SEV_ERROR, 0},
    {"level: smime\n", ORGID("GOVUS+CA"), "ev.org-id.syntax", NULL, 0, 0},
    {"level: smime\n", ORGID("GOVUS-1"), "ev.org-id.syntax", "has a reference", SEV_ERROR, 0},
    {"level: smime\n", ORGID("LEIXG-529900T8BM49AURSDO55"), "ev.org-id.syntax", NULL, 0, 0},
    {"level: smime\n", ORGID("LEIXG-529900T8BM49AURSDO56"), "ev.org-id.syntax", "check digits",
     SEV_ERROR, 0},
    {"level: ev\n", ORGID("LEIXG-529900T8BM49AURSDO55"), "ev.org-id.scheme", "LEI", SEV_ERROR, 0},
    {"level: smime\n", ORGID("LEIXG-529900T8BM49AURSDO55"), "ev.org-id.scheme", NULL, 0, 0},
    {"level: smime\n", ORGID("INTUS"), "ev.org-id.scheme", "country US", SEV_ERROR, 0},
    {"level: ev\n", ORGID("VATEL-1"), "ev.org-id.scheme", NULL, 0, 0},
    {"level: ev\n", ORGID("NTREL-1"), "ev.org-id.scheme", "country EL", SEV_ERROR, 0},
    {"level: ev\nrules: {ev.org-id.scheme: {schemes: [VAT]}}\n", ORGID("NTRUS-1"),
     "ev.org-id.scheme", "NTR", SEV_ERROR, 0},
    {"level: smime\n", ORGID("GOVUS+CA"), "ev.org-id.state", NULL, 0, 0},
    {"level: ev\n", ORGID("PSDUS+CA-A-1"), "ev.org-id.state", "PSD", SEV_ERROR, 0},
    {"level: ev\n", ORGID("NTRXG-1"), "ev.org-id.country", NULL, 0, 0},
    {"level: ev\n", ORGID("NTRCA-1"), "ev.org-id.country", "is US", SEV_WARNING, 51},
    {"level: smime\n", "{subject: {country: GR, organization_identifier: VATEL-1}}",
     "ev.org-id.country", NULL, 0, 0},
    {"level: ev\n", ORGID("NTRUS-5157550"), "ev.org-id.ntr-serial", "Delaware", SEV_WARNING, 0},
    {"level: ev\n", ORGID("NTRUS+DE-5157551"), "ev.org-id.ntr-serial", "5157550", SEV_WARNING, 0},
    {"level: ev\n", ORGID("NTRUS+DE-5157550"), "ev.org-id.ntr-serial", NULL, 0, 0},
    {"level: ev\n", ORGID("VATUS-1"), "ev.org-id.ntr-serial", NULL, 0, 0},
};

static void organization_identifiers(void **state)
{
    (void)state;
    judge_rows(orgid_rows, NITEMS(orgid_rows));
}

/* What a CSR alone lacks the CA may have on record. */
static void request_alone(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p = policy_from(&a, work, HEAD "level: ov\n" RECORD);
    struct subject s = {.kind = SUBJECT_CSR_FILE,
                        .file = "good.pem",
                        .key_file_mode = -1,
                        .order_date = JUDGED_AT,
                        .csr = read_csr(&a, SAMPLES "good.pem")};
    enum severity worst = SEV_DISABLED;
    assert_true(fires(p, &s, "ov.organization", &worst));
    assert_int_equal(worst, SEV_WARNING);
    s.profile = "web";
    assert_false(fires(p, &s, "ov.organization", NULL));
    policy_free(p);
}

/* --- the parts --- */

static void dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool looks, good;
    } rows[] = {{"1998-05-12", true, true},
                {"1998-02-30", true, false},
                {"1998-5-12", true, false},
                {"12.05.1998", true, false},
                {"12/05/1998", true, false},
                {"5/12/1998", true, false},
                {"1998/05/12", true, false},
                {"19980512", true, false},
                {"19981399", false, false},
                {"12051998", false, false},
                {"05157550", false, false},
                {"12 May 1998", true, false},
                {"May 12, 1998", true, false},
                {"12-MAY-1998", true, false},
                {"5157550", false, false},
                {"HRB 98765", false, false},
                {"12-34-5678", false, false},
                {"123.456.789", false, false},
                {"1.2.3", false, false},
                {"Maybe 12 1998", false, false},
                {"Government Entity", false, false},
                {"", false, false}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        bool good = true;
        const bool looks = ev_looks_like_date(rows[i].text, strlen(rows[i].text), &good);
        if (looks != rows[i].looks || good != rows[i].good) {
            fail_msg("%s: %d %d", rows[i].text, looks, good);
        }
    }
}

static void same_texts(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        enum text_match want;
    } rows[] = {{"Example Corp", "Example Corp", TEXT_SAME},
                {" Example \t Corp ",
                 "Example\xC2\xA0"
                 "Corp",
                 TEXT_SAME},
                {"Example Corp", "ExampleCorp", TEXT_DIFFERS},
                {"Example Corp", "example CORP", TEXT_CASE},
                {"M\xC3\xBCnchen", "Mu\xCC\x88nchen", TEXT_SAME},
                {"M\xC3\xBCnchen", "MU\xCC\x88NCHEN", TEXT_CASE},
                {"M\xC3\xBCnchen", "Munchen", TEXT_DIFFERS},
                {"\xC5\x81\xC3\x93"
                 "D\xC5\xB9",
                 "\xC5\x82\xC3\xB3"
                 "d\xC5\xBA",
                 TEXT_CASE},
                {"\xD0\x91\xD0\xB0\xD0\xBD\xD0\xBA", "\xD0\xB1\xD0\xB0\xD0\xBD\xD0\xBA", TEXT_CASE},
                {"a\xFF", "a\xFE", TEXT_SAME}, /* malformed both: shown alike */
                {"", "", TEXT_SAME},
                {"", "a", TEXT_DIFFERS}};
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        assert_int_equal(
            text_compare(&a, rows[i].a, strlen(rows[i].a), rows[i].b, strlen(rows[i].b)),
            rows[i].want);
    }
    assert_int_equal(text_compare(&a, "a\0b", 3, "a", 1), TEXT_DIFFERS);
}

/* --- samples of a policy say what a manifest says --- */

static void samples_with_all_keys(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b);
    assert_true(bench_open(
        &b,
        HEAD "level: ev\n" RECORD "samples:\n"
             "  - accept:\n"
             "      profile: web\n"
             "      common_name: www.example.com\n"
             "      order_date: 2026-11-21\n"
             "      change: {requested_by: q@example.com}\n"
             "      dcv: {method: dns-txt}\n"
             "      outputs: [pem]\n"
             "      key_origin: hsm\n"
             "      ev: {certificate_approver: {" PERSON ", phone: '5550100'},\n"
             "           contract_signer: {" PERSON ", phone: '5550100'}}\n"
             "  - reject: {profile: web, common_name: www.example.com, order_date: 2026-11-21}\n"
             "    by: ev.contact.approver\n"
             "  - {reject: {profile: web, common_name: www.example.com, "
             "subject: {domain_component: [com, example], street_address: Road 1}}, "
             "by: subject.attr.allowed}\n"
             "  - {accept: {profile: web, ca: lab, action: revoke, serial: 0A, reason: superseded, "
             "comment: c, change: {requested_by: q@example.com, approved_by: [b@example.com]}}}\n"
             "  - {accept: {profile: web, action: revoke, serial: xyz}}\n"
             "  - {accept: {profile: web, action: revoke, certificate: absent.pem}}\n"));
    CLEANUP(findings_release) struct findings list = FINDINGS_INIT;
    assert_int_equal(policy_run_samples(b.policy, &list), 6);
    assert_int_equal(list.n, 2);
    assert_non_null(strstr(list.v[0].message, "hexadecimal"));
    assert_non_null(strstr(list.v[1].message, "absent.pem"));

    static const struct {
        const char *item;
        uint32_t column;
    } refused[] = {{"ev: text", 27},
                   {"outputs: {pem: x}", 32},
                   {"organization: [a]", 37},
                   {"reason: because", 31},
                   {"evv: {}", 23}};
    for (size_t i = 0; i < NITEMS(refused); i++) {
        char text[256];
        snprintf(text, sizeof text, HEAD "samples: [{accept: {a: b}}]\n");
        snprintf(text, sizeof text, HEAD "samples:\n  - {accept: {san: a, %s}}\n", refused[i].item);
        assert_false(bench_open(&b, text));
        assert_int_equal(must(&b.findings, "policy.schema")->line, 4);
        assert_int_equal(must(&b.findings, "policy.schema")->column, refused[i].column);
    }
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_records),
        cmocka_unit_test(later_file_wins),
        cmocka_unit_test(subjects),
        cmocka_unit_test(contacts),
        cmocka_unit_test(organization_identifiers),
        cmocka_unit_test(request_alone),
        cmocka_unit_test(dates),
        cmocka_unit_test(same_texts),
        cmocka_unit_test(samples_with_all_keys),
    };
    return !!cmocka_run_group_tests(tests, make_work, remove_work);
}
