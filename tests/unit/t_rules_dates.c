/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules that count days: their boundaries, on both sides of the days on which limits change. Terms
 * of orders and certificates, validation methods, freezes, pace.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/rules_fixture.h"

#include "policy/br_dates.h"
#include "policy/dcv.h"

static char *work;

static int make_work(void **state)
{
    static struct arena a;
    (void)state;
    work = temp_make(&a);
    (void)temp_write(&a, work, "caa.txt", corpus_read(&a, SAMPLES "caa.txt"));
    return 0;
}

static int remove_work(void **state)
{
    (void)state;
    temp_remove(work);
    return 0;
}

static int64_t day(const char *text)
{
    int64_t t = 0;
    assert_true(time_parse_any(text, &t));
    return t;
}

/* --- the tables --- */

static void limits(void **state)
{
    (void)state;
    static const struct {
        enum br_limit limit;
        const char *at;
        int64_t days;
    } rows[] = {
        {BR_VALIDITY, "2018-02-28", 0},
        {BR_VALIDITY, "2020-08-31T23:59:59Z", 825},
        {BR_VALIDITY, "2020-09-01", 398},
        {BR_VALIDITY, "2026-03-14T23:59:59Z", 398},
        {BR_VALIDITY, "2026-03-15", 200},
        {BR_VALIDITY, "2027-03-15", 100},
        {BR_VALIDITY, "2029-03-14T23:59:59Z", 100},
        {BR_VALIDITY, "2029-03-15", 47},
        {BR_DOMAIN_REUSE, "2027-03-14", 200},
        {BR_DOMAIN_REUSE, "2029-03-15", 10},
        {BR_SHORT_LIVED, "2026-03-14", 10},
        {BR_SHORT_LIVED, "2026-03-15", 7},
        {BR_SMIME_LEGACY, "2025-07-14", 1185},
        {BR_SMIME_LEGACY, "2025-07-15", 0},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if (br_limit_at(rows[i].limit, day(rows[i].at)) != rows[i].days) {
            fail_msg("row %zu", i);
        }
    }
    int64_t at, next;
    assert_true(br_limit_next(BR_VALIDITY, day("2026-03-15"), &at, &next));
    assert_true(at == day("2027-03-15") && next == 100);
    assert_false(br_limit_next(BR_VALIDITY, day("2029-03-15"), &at, &next));
}

/* Two rows of one type would hide each other. */
static void ca_rows(void **state)
{
    (void)state;
    for (const struct ca_facts *row = ca_facts_rows; row->type; row++) {
        assert_ptr_equal(ca_facts_find(row->type), row);
        for (const char *p = row->dcv_methods; p && *p;
             p += strcspn(p, " ") + (p[strcspn(p, " ")] != 0)) {
            CLEANUP(arena_release) struct arena a = ARENA_INIT;
            assert_non_null(dcv_facts_find(arena_strndup(&a, p, strcspn(p, " "))));
        }
    }
}

/* --- rules about one item --- */

struct row {
    const char *rule, *level, *text;
    enum severity severity; /* SEV_DISABLED: must be quiet */
};

static void run_rows(const struct row *rows, size_t n, const char *rules)
{
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct policy *p = policy_of_level(&a, work, rows[i].level, rules);
        struct subject s;
        enum severity got = SEV_DISABLED;
        subject_from(&a, parse_yaml(&a, rows[i].text), &s);
        (void)fires(p, &s, rows[i].rule, &got);
        policy_free(p);
        if (got != rows[i].severity) {
            print_message("%s on %s: %s\n", rows[i].rule, rows[i].text, severity_name(got));
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

#define AT(validity, date)                                                                         \
    "{common_name: www.example.com, validity: " validity ", order_date: " date "}"
#define PAID(validity, date)                                                                       \
    "{ca: certinext-prod, product: '838', common_name: www.example.com, validity: " validity       \
    ", order_date: " date "}"
#define PRIVATE_PAID(validity)                                                                     \
    "{ca: certinext-prod, common_name: www.example.com, validity: " validity "}"

static void terms(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"validity.max", "tls", AT("200d", "2026-11-21"), SEV_DISABLED},
        {"validity.max", "tls", AT("17280001s", "2026-11-21"), SEV_ERROR}, /* 200 d and 1 s */
        {"validity.max", "tls", AT("101d", "2027-03-14T23:59:59Z"), SEV_DISABLED},
        {"validity.max", "tls", AT("101d", "2027-03-15"), SEV_ERROR},
        {"validity.max", "tls", AT("100d", "2027-03-15"), SEV_DISABLED},
        {"validity.max", "tls", AT("48d", "2029-03-15"), SEV_ERROR},
        {"validity.max", "tls", AT("47d", "2029-03-15"), SEV_DISABLED},
        {"validity.max", "private", AT("800d", "2029-03-15"), SEV_DISABLED},
        {"validity.recommended", "tls", AT("47d", "2029-03-15"), SEV_WARNING},
        {"validity.recommended", "tls", AT("46d", "2029-03-15"), SEV_DISABLED},
        {"validity.recommended", "tls", AT("48d", "2029-03-15"), SEV_DISABLED}, /* max says it */
        {"validity.milestone", "tls", AT("101d", "2027-03-01"), SEV_WARNING},
        {"validity.milestone", "tls", AT("101d", "2027-02-28T23:59:59Z"), SEV_DISABLED},
        {"validity.milestone", "tls", AT("100d", "2027-03-14"), SEV_DISABLED},
        {"validity.milestone", "tls", AT("201d", "2027-03-14"), SEV_DISABLED}, /* max says it */
        {"validity.milestone", "tls", AT("47d", "2029-03-20"), SEV_DISABLED},
        {"validity.ev", "ev", AT("398d", "2026-01-01"), SEV_DISABLED},
        {"validity.ev", "ev", AT("399d", "2026-01-01"), SEV_ERROR},
        {"validity.ev", "ev", AT("399d", "2020-08-31"), SEV_DISABLED},
        {"validity.smime", "smime", AT("1185d", "2025-07-14"), SEV_DISABLED},
        {"validity.smime", "smime", AT("1186d", "2025-07-14"), SEV_ERROR},
        {"validity.smime", "smime", AT("826d", "2025-07-15"), SEV_ERROR},
        {"validity.smime", "smime",
         "{san: ['email:a@example.com'], smime: {generation: strict}, validity: 826d, order_date: "
         "2025-07-14}",
         SEV_ERROR},
        {"validity.positive", "tls", AT("86399s", "2026-11-21"), SEV_ERROR},
        {"validity.positive", "tls", AT("1d", "2026-11-21"), SEV_DISABLED},
        {"validity.short-lived", "tls", AT("10d", "2026-03-14"), SEV_INFO},
        {"validity.short-lived", "tls", AT("8d", "2026-03-15"), SEV_DISABLED},
        {"validity.short-lived", "tls", AT("7d", "2024-03-14"), SEV_DISABLED},
    };
    run_rows(rows, NITEMS(rows), "");
}

/* Years of a subscription are no validity of a certificate. */
static void paid_terms(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"validity.max", "tls", PAID("1y", "2026-11-21"), SEV_DISABLED},
        {"validity.max", "tls", PAID("366d", "2026-11-21"), SEV_ERROR},
        {"validity.truncation", "tls", PAID("3y", "2026-11-21"), SEV_WARNING},
        {"validity.truncation", "tls", PAID("366d", "2026-11-21"), SEV_DISABLED},
        {"validity.truncation", "tls", PAID("200d", "2026-11-21"), SEV_DISABLED},
        {"validity.truncation", "tls", PAID("1y", "2026-03-14"), SEV_DISABLED}, /* 398 days */
        {"validity.term.offered", "tls", PAID("4y", "2026-11-21"), SEV_ERROR},
        {"validity.term.offered", "tls", PAID("2y", "2026-11-21"), SEV_DISABLED},
        {"validity.term.offered", "tls", PAID("200d", "2026-11-21"), SEV_DISABLED},
        {"validity.term.offered", "tls", PAID("201d", "2026-11-21"), SEV_ERROR},
        {"validity.truncation", "private", PRIVATE_PAID("1y"), SEV_DISABLED},
        {"validity.term.offered", "private", PRIVATE_PAID("1y"), SEV_DISABLED},
    };
    run_rows(rows, NITEMS(rows), "");
}

static void product_terms(void **state)
{
    (void)state;
    static const struct product_info products[] = {
        {.ca_type = "shop", .code = "days", .name = "days", .terms = "30d 199d"},
        {.ca_type = "shop", .code = "most", .name = "most", .max_days = 90},
        {.ca_type = "certinext", .code = "less", .name = "less", .level = "dv", .max_days = 90},
    };
    static const struct {
        const char *ca, *code, *validity, *rule;
        bool fires;
    } rows[] = {
        {"shop", "days", "30d", "validity.term.offered", false},
        {"shop", "days", "31d", "validity.term.offered", true},
        {"shop", "most", "90d", "validity.term.offered", false},
        {"shop", "most", "91d", "validity.term.offered", true},
        {"shop", "most", "91d", "validity.truncation", false},
        {"certinext", "less", "90d", "validity.term.offered", false},
        {"certinext", "less", "91d", "validity.term.offered", true},
        {"certinext", "less", "1y", "validity.truncation", true},
    };
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p = policy_of_level(&a, work, "tls", "");
    p->products = products;
    p->nproducts = NITEMS(products);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct subject s = {.kind = SUBJECT_ORDER,
                            .file = "m",
                            .ca = rows[i].ca,
                            .ca_type = rows[i].ca,
                            .product = rows[i].code,
                            .key_file_mode = -1,
                            .order_date = JUDGED_AT};
        assert_true(duration_parse(rows[i].validity, &s.validity_seconds));
        if (fires(p, &s, rows[i].rule, NULL) != rows[i].fires) {
            fail_msg("row %zu", i);
        }
    }
    policy_free(p);
}

/* Certificates are counted from both ends and judged at the day they were issued. */
static void certificates(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static const struct {
        const char *from;
        int64_t seconds; /* notAfter - notBefore */
        const char *rule;
        bool ca, fires;
    } rows[] = {
        {"2026-03-15", 200 * DAY_SECONDS - 1, "validity.max", false, false},
        {"2026-03-15", 200 * DAY_SECONDS, "validity.max", false, true},
        {"2026-03-15", 200 * DAY_SECONDS - 1, "validity.recommended", false, true},
        {"2026-03-15", 199 * DAY_SECONDS, "validity.recommended", false, true}, /* 199 d + 1 s */
        {"2026-03-15", 199 * DAY_SECONDS - 1, "validity.recommended", false, false},
        {"2026-03-14", 398 * DAY_SECONDS - 1, "validity.max", false, false},
        {"2026-03-14", 398 * DAY_SECONDS, "validity.max", false, true},
        {"2026-03-15", 3650 * DAY_SECONDS, "validity.max", true, false},
        {"2026-03-15", 0, "validity.positive", false, true},
        {"2026-03-15", 1, "validity.positive", false, false},
        {"2026-03-15", -1, "validity.positive", false, true},
    };
    struct policy *p = policy_of_level(&a, work, "tls", "");
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct cert *c = read_cert(&a, SAMPLES "prior-p384.pem");
        c->not_before = day(rows[i].from);
        c->not_after = c->not_before + rows[i].seconds;
        c->is_ca = rows[i].ca;
        struct subject s = {.kind = SUBJECT_CERT_FILE,
                            .file = "c.pem",
                            .cert = c,
                            .ca_public = true,
                            .key_file_mode = -1,
                            .order_date = c->not_before};
        if (fires(p, &s, rows[i].rule, NULL) != rows[i].fires) {
            fail_msg("row %zu", i);
        }
    }
    policy_free(p);
}

/* What the embedded CA refuses is an error; that another CA's issuer ends first a warning. */
static void issuers(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p = policy_of_level(&a, work, "private", "");
    struct cert *issuer = read_cert(&a, SAMPLES "validity.issuer.pem");
    struct cert *leaf = read_cert(&a, SAMPLES "prior-p384.pem");
    leaf->is_ca = false;
    leaf->issuer = issuer->subject;
    leaf->authority_key_id = issuer->subject_key_id;
    struct subject s = {.kind = SUBJECT_CERT_FILE,
                        .file = "c.pem",
                        .cert = leaf,
                        .chain = issuer,
                        .nchain = 1,
                        .key_file_mode = -1,
                        .order_date = leaf->not_before};
    enum severity got = SEV_DISABLED;
    leaf->not_after = issuer->not_after;
    assert_false(fires(p, &s, "validity.issuer-end", NULL));
    leaf->not_after = issuer->not_after + 1;
    assert_true(fires(p, &s, "validity.issuer-end", &got));
    assert_int_equal(got, SEV_WARNING);
    leaf->issuer = leaf->subject; /* issued by somebody else */
    assert_false(fires(p, &s, "validity.issuer-end", NULL));

    struct subject order = {.kind = SUBJECT_ORDER,
                            .file = "m",
                            .ca_type = "local",
                            .ca_issuer = issuer,
                            .key_file_mode = -1,
                            .order_date = issuer->not_after - 10 * DAY_SECONDS + 1};
    order.validity_seconds = 10 * DAY_SECONDS;
    assert_false(fires(p, &order, "validity.issuer-end", NULL));
    order.validity_seconds++;
    assert_true(fires(p, &order, "validity.issuer-end", &got));
    assert_int_equal(got, SEV_ERROR);
    policy_free(p);
}

static void order_dates(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"validity.order-date.past", "tls",
         "{order_date: 2026-11-20T11:59:59Z, today: 2026-11-21T12:00:00Z}", SEV_ERROR},
        {"validity.order-date.past", "tls",
         "{order_date: 2026-11-20T12:00:00Z, today: 2026-11-21T12:00:00Z}", SEV_DISABLED},
        {"validity.order-date.past", "tls", "{today: 2027-11-21T12:00:00Z}", SEV_DISABLED},
        {"validity.order-date.far", "tls", "{order_date: 2027-02-19, today: 2026-11-21}",
         SEV_DISABLED},
        {"validity.order-date.far", "tls", "{order_date: 2027-02-20, today: 2026-11-21}",
         SEV_WARNING},
        {"validity.backdate", "private",
         "{ca: local-lab, cert: prior-p384.pem, today: 2026-11-23T12:43:36Z, request: {}}",
         SEV_DISABLED},
        {"validity.backdate", "private",
         "{ca: local-lab, cert: prior-p384.pem, today: 2026-11-23T12:43:37Z, request: {}}",
         SEV_ERROR},
        {"validity.backdate", "private",
         "{ca: local-lab, cert: prior-p384.pem, today: 2026-11-19T12:43:35Z, request: {}}",
         SEV_ERROR},
    };
    run_rows(rows, NITEMS(rows), "");
    /* --as-of puts another date in the place of the item's: nothing is planned then */
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p = policy_of_level(&a, work, "tls", "");
    struct subject s;
    subject_from(&a, parse_yaml(&a, "{order_date: 2020-01-01}"), &s);
    assert_true(fires(p, &s, "validity.order-date.past", NULL));
    s.order_date = JUDGED_AT;
    assert_false(fires(p, &s, "validity.order-date.past", NULL));
    policy_free(p);
}

/* --- domain control --- */

#define DCV(method, date)                                                                          \
    "{san: [www.example.com], dcv: {method: " method "}, order_date: " date "}"
#define IP(method, date) "{san: ['ip:192.0.2.7'], dcv: {method: " method "}, order_date: " date "}"
#define STAR(method)     "{san: ['*.example.com'], dcv: {method: " method "}}"

static void methods(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"dcv.method.forbidden", "tls", DCV("email", "2028-03-14"), SEV_DISABLED},
        {"dcv.method.forbidden", "tls", DCV("email", "2028-03-15"), SEV_ERROR},
        {"dcv.method.forbidden", "tls", DCV("caa-email", "2028-03-15"), SEV_ERROR},
        {"dcv.method.forbidden", "tls", DCV("txt-phone", "2027-03-14"), SEV_DISABLED},
        {"dcv.method.forbidden", "tls", DCV("txt-phone", "2027-03-15"), SEV_ERROR},
        {"dcv.method.forbidden", "tls", DCV("ip-address", "2026-03-14"), SEV_DISABLED},
        {"dcv.method.forbidden", "tls", DCV("ip-address", "2026-03-15"), SEV_ERROR},
        {"dcv.method.forbidden", "tls", DCV("dns", "2035-01-01"), SEV_DISABLED},
        {"dcv.method.forbidden", "private", DCV("email", "2028-03-15"), SEV_DISABLED},
        {"dcv.method.sunset", "tls", DCV("caa-phone", "2026-11-21"), SEV_WARNING},
        {"dcv.method.sunset", "tls", DCV("caa-phone", "2027-03-15"), SEV_DISABLED}, /* forbidden */
        {"dcv.method.sunset", "tls", DCV("domain-contact", "2026-11-21"), SEV_DISABLED},
        {"dcv.method.sunset", "tls", IP("domain-contact", "2026-11-21"), SEV_WARNING},
        {"dcv.ip-method", "tls", IP("domain-contact", "2027-03-14"), SEV_DISABLED},
        {"dcv.ip-method", "tls", IP("domain-contact", "2027-03-15"), SEV_ERROR},
        {"dcv.ip-method", "tls", IP("email", "2026-11-21"), SEV_ERROR},
        {"dcv.ip-method", "tls", IP("dns-persist", "2026-11-21"), SEV_DISABLED},
        {"dcv.ip-method", "tls", DCV("dns", "2026-11-21"), SEV_DISABLED},
        {"dcv.method.offered", "tls", DCV("tls-alpn-01", "2026-11-21"), SEV_DISABLED},
        {"wildcard.dcv-method", "tls", STAR("ip-address"), SEV_ERROR},
        {"wildcard.dcv-method", "tls", STAR("website"), SEV_ERROR},
        {"wildcard.dcv-method", "tls", STAR("tls-alpn-01"), SEV_ERROR},
        {"wildcard.dcv-method", "tls", STAR("email"), SEV_DISABLED},
        {"wildcard.dcv-method", "tls", STAR("dns-account"), SEV_DISABLED},
        {"wildcard.dcv-method", "tls", DCV("website", "2026-11-21"), SEV_DISABLED},
        {"dcv.email.constructed", "tls", "{dcv: {email: PostMaster@example.com}}", SEV_DISABLED},
        {"dcv.email.constructed", "tls", "{dcv: {email: admins@example.com}}", SEV_ERROR},
        {"dcv.email.constructed", "tls", "{dcv: {email: admin}}", SEV_ERROR},
        {"dcv.email.constructed", "tls", "{dcv: {method: txt-email, email: pki@example.com}}",
         SEV_DISABLED},
        {"dcv.email.constructed", "tls", "{defaults: {dcv: {email: it@example.com}}}", SEV_ERROR},
    };
    run_rows(rows, NITEMS(rows), "");
}

#define REUSE(more) "{san: [www.example.com], dcv: {validated: " more
static void reuse(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"dcv.reuse", "tls", REUSE("2026-05-05T12:00:00Z}}"), SEV_DISABLED}, /* 200 days */
        {"dcv.reuse", "tls", REUSE("2026-05-05T11:59:59Z}}"), SEV_WARNING},
        {"dcv.reuse", "tls", REUSE("2026-12-05}, order_date: 2027-03-15}"), SEV_DISABLED},
        {"dcv.reuse", "tls", REUSE("2026-12-04}, order_date: 2027-03-15}"), SEV_WARNING},
        {"dcv.reuse", "tls", REUSE("2026-12-04}, order_date: 2027-03-14}"), SEV_DISABLED},
        {"dcv.reuse", "tls", REUSE("2029-03-05}, order_date: 2029-03-15}"), SEV_DISABLED},
        {"dcv.reuse", "tls", REUSE("2029-03-04}, order_date: 2029-03-15}"), SEV_WARNING},
        {"dcv.reuse", "tls", REUSE("2026-11-10, method: dns-persist}}"), SEV_WARNING},
        {"dcv.reuse", "tls", REUSE("2026-11-12, method: dns-persist}}"), SEV_DISABLED},
    };
    static const struct row unattended[] = {
        {"dcv.reuse", "tls", REUSE("2026-05-05T11:59:59Z}}"), SEV_ERROR},
    };
    run_rows(rows, NITEMS(rows), "");
    run_rows(unattended, NITEMS(unattended), "  dcv.reuse: {unattended: true}\n");
}

static void caa(void **state)
{
    (void)state;
#define NAME(ca, name) "{ca: " ca "-prod, san: ['" name "']}"
    static const struct row rows[] = {
        {"dcv.caa", "tls", NAME("digicert", "www.example.org"), SEV_DISABLED},
        {"dcv.caa", "tls", NAME("certinext", "www.example.org"), SEV_WARNING}, /* climbs */
        {"dcv.caa", "tls", NAME("digicert", "*.example.org"), SEV_WARNING},    /* issuewild ";" */
        {"dcv.caa", "tls", NAME("certinext", "a.shop.example.org"), SEV_DISABLED}, /* iodef only */
        {"dcv.caa", "tls", NAME("digicert", "strict.example.org"), SEV_WARNING},
        {"dcv.caa", "tls", NAME("certinext", "example.net"), SEV_DISABLED},
        {"dcv.caa", "tls", NAME("unknown", "www.example.org"), SEV_DISABLED},
    };
    static const struct row unchecked[] = {
        {"dcv.caa", "tls", NAME("digicert", "example.net"), SEV_INFO},
    };
    static const struct row silent[] = {
        {"dcv.caa", "tls", NAME("digicert", "example.net"), SEV_DISABLED},
    };
    run_rows(rows, NITEMS(rows), "  dcv.caa: {snapshot: [caa.txt]}\n");
    run_rows(unchecked, NITEMS(unchecked), "  dcv.caa: {report-unchecked: true}\n");
    run_rows(silent, NITEMS(silent), "");
}

static void places(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(arena_release) struct arena keep = ARENA_INIT;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct policy_scratch scratch = {0};
    struct policy *p = policy_of_level(&a, work, "tls", "");
    struct subject s;
    subject_from(&a,
                 parse_yaml(&a, "san: [www.example.com]\n"
                                "validity: 300d\n"
                                "dcv:\n"
                                "  method: ip-address\n"
                                "  email: it@example.com\n"),
                 &s);
    policy_judge(p, &s, &scratch, &keep, &findings, NULL);
    static const struct {
        const char *rule;
        uint32_t line, column;
    } rows[] = {{"validity.max", 2, 11}, {"dcv.method.forbidden", 4, 11}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        bool found = false;
        for (size_t k = 0; k < findings.n; k++) {
            const struct finding *f = &findings.v[k];
            found |= str_eq(f->rule, rows[i].rule) && f->line == rows[i].line &&
                     f->column == rows[i].column;
        }
        assert_true(found);
    }
    arena_release(&scratch.arena);
    policy_free(p);
}

/* --- days of a policy --- */

static void change_days(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p = policy_from(
        &a, work,
        "certbatch_policy: 1\nname: t\nlevel: tls\n"
        "rules: {key.dsa: {steps: [{from: 2031-05-01, until: 2031-06-01, severity: warning}]}}\n"
        "waivers:\n"
        "  - {id: W, rules: [key.dsa], match: {item: a}, reason: until it is replaced, ticket: "
        "CHG0041999, approver: b, created: 2031-07-01, expires: 2031-08-01}\n");
    int64_t *days = NULL;
    size_t n = policy_change_days(p, NULL, day("2027-03-15"), &days);
    bool seen[4] = {false};
    static const char *const want[] = {"2029-03-15", "2031-05-01", "2031-06-01", "2031-08-01"};
    for (size_t i = 0; i < n; i++) {
        assert_true(days[i] > day("2027-03-15") && (i == 0 || days[i] > days[i - 1]));
        for (size_t k = 0; k < NITEMS(want); k++) {
            seen[k] |= days[i] == day(want[k]);
        }
    }
    assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
    free(days);
    policy_free(p);
}

/* A calendar is part of what a policy says; where and in which order it is written is not. */
static void calendars(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "calendars: {b: [{from: 2027-01-01, to: 2027-01-02}], a: [{from: 2027-02-01, to: "
        "2027-02-02, why: x}, {from: 2027-01-01, to: 2027-01-02}]}\n",
        "calendars: {a: [{from: 2027-01-01, to: 2027-01-02}, {from: '2027-01-31T23:00:00-01:00', "
        "to: 2027-02-02, why: x}], b: [{from: 2027-01-01, to: 2027-01-02}]}\n",
        "calendars: {a: [{from: 2027-01-01, to: 2027-01-02}]}\n",
    };
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p[NITEMS(texts)];
    for (size_t i = 0; i < NITEMS(texts); i++) {
        p[i] = policy_from(
            &a, work, arena_printf(&a, "certbatch_policy: 1\nname: t\nlevel: tls\n%s", texts[i]));
    }
    assert_string_equal(policy_digest(p[0]), policy_digest(p[1]));
    assert_string_not_equal(policy_digest(p[0]), policy_digest(p[2]));
    assert_int_equal(p[0]->nfreezes, 3);
    assert_string_equal(p[0]->freezes[0].calendar, "a");
    assert_int_equal(p[0]->freezes[1].from, day("2027-02-01"));
    for (size_t i = 0; i < NITEMS(texts); i++) {
        policy_free(p[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),        cmocka_unit_test(ca_rows),
        cmocka_unit_test(terms),         cmocka_unit_test(paid_terms),
        cmocka_unit_test(product_terms), cmocka_unit_test(certificates),
        cmocka_unit_test(issuers),       cmocka_unit_test(order_dates),
        cmocka_unit_test(methods),       cmocka_unit_test(reuse),
        cmocka_unit_test(caa),           cmocka_unit_test(places),
        cmocka_unit_test(change_days),   cmocka_unit_test(calendars),
    };
    return !!cmocka_run_group_tests(tests, make_work, remove_work);
}
