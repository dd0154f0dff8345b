/* SPDX-License-Identifier: Apache-2.0
 *
 * CERTInext as a kind of CA: every key of its configuration, its environments, its products, and
 * what a batch at such a CA may do.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/batch_fixture.h"

#include "batch/ca/certinext.h"
#include "policy/rules_certinext.h"

#define CA(rest)                                                                                   \
    "certbatch_config: 1\ncas:\n  prod:\n    type: certinext\n    account_number: "                \
    "\"1234567890\"\n"                                                                             \
    "    auth: {access_key: {env: KEY}}\n" rest
#define URL "    api_url: https://api.certinext.io/emSignHub-API/\n"

struct reading {
    struct config config;
    struct findings findings;
    struct err err;
    bool ok;
};

static void read_text(struct fixture *f, struct reading *r, const char *text)
{
    fixture_text(f, "certbatch.yaml", text);
    memset(r, 0, sizeof *r);
    r->ok = config_read(&r->config, f->options.config, &r->findings, &r->err);
}

static void forget(struct reading *r)
{
    config_release(&r->config);
    findings_release(&r->findings);
}

static void must_read(struct fixture *f, struct reading *r, const char *text)
{
    read_text(f, r, text);
    if (!r->ok || r->findings.n) {
        fail_msg("%s: %s", r->err.msg, r->findings.n ? r->findings.v[0].message : "");
    }
}

/* --- configuration --- */

static void defaults(void **state)
{
    struct fixture f;
    struct reading r;
    (void)state;
    fixture_begin(&f);
    must_read(&f, &r, CA(URL));
    const struct certinext_config *c = r.config.cas[0].own;
    assert_int_equal(c->api, CERTINEXT_V1);
    assert_int_equal(c->auth.mode, CERTINEXT_ACCESS_KEY);
    assert_string_equal(c->auth.access_key.name, "KEY");
    assert_string_equal(c->requestor.isd_code, "1");
    assert_null(c->requestor.email);
    assert_int_equal(c->accounting_model, CERTINEXT_CREDIT);
    assert_false(c->email_notifications);
    assert_int_equal(c->subscription.years, 1);
    assert_false(c->subscription.auto_renew);
    assert_int_equal(c->subscription.renew_days, 30);
    assert_false(c->auto_secure_www);
    assert_false(c->ignore_expired);
    assert_int_equal(c->page_size, 100);
    assert_int_equal(c->renewal_window_days, 90);
    assert_int_equal(c->pickup.first_seconds, 5);
    assert_int_equal(c->pickup.interval_seconds, 10);
    assert_int_equal(c->pickup.retries, 5);
    assert_false(c->dcv.enabled);
    struct ca_dcv dcv;
    assert_false(certinext_dcv(&r.config.cas[0], &dcv));
    assert_string_equal(dcv.record_template, "_emsign-validation.{0}");
    assert_int_equal(c->dcv.propagation_delay_seconds, 30);
    assert_int_equal(c->dcv.timeout_minutes, 10);
    assert_int_equal(c->dcv.wait_for_challenge_seconds, 60);
    assert_int_equal(c->dcv.wait_for_issuance_seconds, 60);
    assert_int_equal(c->dcv.max_order_age_hours, 24);
    assert_int_equal(c->dcv.max_per_pass, 50);
    assert_true(r.config.cas[0].common.enabled);
    forget(&r);
    fixture_end(&f);
}

/* Every setting of the connector's documents, under its name here. */
static void every_key(void **state)
{
    struct fixture f;
    struct reading r;
    (void)state;
    fixture_begin(&f);
    must_read(&f, &r,
              "certbatch_config: 1\ncas:\n  prod:\n    type: certinext\n"
              "    api_url: https://api.certinext.io\n    api: v2\n"
              "    account_number: \"1234567890\"\n    group_number: \"2345678901\"\n"
              "    organization_number: \"3456789012\"\n"
              "    auth: {mode: oauth, access_key: {env: A}, token_url: https://auth.example/t, "
              "client_id: me, client_secret: {command: [pass, show, ci]}}\n"
              "    requestor: {name: Nora, email: e@example.com, isd_code: \"91\", mobile_number: "
              "\"55\", designation: D}\n"
              "    signer: {name: S, place: P, ip: 203.0.113.9}\n"
              "    technical_contact: {name: T, email: t@example.com, isd_code: \"44\", "
              "mobile_number: \"66\"}\n"
              "    default_product: \"842\"\n    accounting_model: \"1\"\n"
              "    email_notifications: true\n"
              "    subscription: {years: 3, auto_renew: true, renew_days: 60}\n"
              "    auto_secure_www: true\n    ignore_expired: true\n    page_size: 500\n"
              "    renewal_window_days: 30\n"
              "    pickup: {first_seconds: 1, interval_seconds: 2, retries: 3, settle_seconds: 4}\n"
              "    dcv: {enabled: true, hook: [./dns, --zone], txt_record_template: 'x.{0}', "
              "propagation_delay_seconds: 5, timeout_minutes: 6, wait_for_challenge_seconds: 7, "
              "wait_for_issuance_seconds: 8, max_order_age_hours: 9, max_per_pass: 10}\n"
              "    enabled: true\n    limits: {in_flight: 2}\n");
    const struct certinext_config *c = r.config.cas[0].own;
    assert_int_equal(c->api, CERTINEXT_V2);
    assert_string_equal(c->group_number, "2345678901");
    assert_string_equal(c->organization_number, "3456789012");
    assert_int_equal(c->auth.mode, CERTINEXT_OAUTH);
    assert_string_equal(c->auth.token_url, "https://auth.example/t");
    assert_int_equal(c->auth.client_secret.kind, SECRET_COMMAND);
    assert_string_equal(c->requestor.isd_code, "91");
    assert_string_equal(c->requestor.designation, "D");
    assert_string_equal(c->signer.ip, "203.0.113.9");
    assert_string_equal(c->technical_contact.mobile_number, "66");
    assert_string_equal(ca_default_product(&r.config.cas[0]), "842");
    assert_int_equal(c->accounting_model, CERTINEXT_CASH);
    assert_true(c->email_notifications && c->auto_secure_www && c->ignore_expired);
    assert_int_equal(c->subscription.years, 3);
    assert_true(c->subscription.auto_renew);
    assert_int_equal(ca_renewal_window_days(&r.config.cas[0]), 30);
    assert_int_equal(c->pickup.settle_seconds, 4);
    assert_int_equal(c->dcv.hook.n, 2);
    assert_string_equal(c->dcv.txt_record_template, "x.{0}");
    assert_int_equal(c->dcv.max_per_pass, 10);
    forget(&r);
    fixture_end(&f);
}

static void bounds(void **state)
{
    static const struct {
        const char *line;
        bool ok;
    } rows[] = {
        {"    page_size: 0\n", false},
        {"    page_size: 1\n", true},
        {"    page_size: 500\n", true},
        {"    page_size: 501\n", false},
        {"    group_number: \"12345678901234567890\"\n", true},
        {"    group_number: \"123456789012345678901\"\n", false},
        {"    group_number: \"12a\"\n", false},
        {"    organization_number: \"\"\n", false},
        {"    accounting_model: credit\n", true},
        {"    accounting_model: debit\n", false},
        {"    subscription: {years: 0}\n", false},
        {"    subscription: {years: 4}\n", true}, /* the rule's business */
        {"    subscription: {auto_renew: 1}\n", false},
        {"    dcv: {txt_record_template: '{0}'}\n", true},
        {"    dcv: {txt_record_template: 'a.{1}'}\n", false},
        {"    dcv: {txt_record_template: '{0}.{0}'}\n", false},
        {"    dcv: {txt_record_template: '{x}.{0}'}\n", false},
        {"    dcv: {enabled: true}\n", false},
        {"    dcv: {enabled: true, hook: ./dns}\n", true},
        {"    api: v2\n", false},
        {"    api: v3\n", false},
        {"    requestor: {phone: \"1\"}\n", false},
        {"    unknown: 1\n", false},
    };
    struct fixture f;
    (void)state;
    fixture_begin(&f);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct reading r;
        read_text(&f, &r, arena_printf(&f.arena, "%s%s", CA(URL), rows[i].line));
        if (r.ok != rows[i].ok) {
            fail_msg("%s is %s", rows[i].line, r.ok ? "taken" : r.findings.v[0].message);
        }
        forget(&r);
    }
    fixture_end(&f);
}

/* A problem between keys points at the place that has to change. */
static void between_keys(void **state)
{
    struct fixture f;
    struct reading r;
    (void)state;
    fixture_begin(&f);
    read_text(&f, &r, CA("    api_url: https://in.certinext.io/emSignHub-API/\n"));
    assert_false(r.ok);
    assert_int_equal(r.findings.n, 1);
    assert_non_null(strstr(r.findings.v[0].message, "the API is at api.certinext.io"));
    assert_int_equal(r.findings.v[0].line, 7);
    assert_int_equal(r.findings.v[0].column, 14);
    forget(&r);
    read_text(&f, &r, CA("    api_url: https://api.certinext.io/\n"));
    assert_non_null(strstr(r.findings.v[0].message, "emSignHub-API"));
    forget(&r);
    /* written down before there are credentials */
    must_read(&f, &r,
              "certbatch_config: 1\ncas:\n  prod: {type: certinext, enabled: false, api_url: "
              "'https://api.certinext.io/', account_number: \"1\"}\n");
    forget(&r);
    fixture_end(&f);
}

static void environments(void **state)
{
    static const struct {
        const char *url, *environment;
    } rows[] = {
        {"https://api.certinext.io/emSignHub-API/", "production"},
        {"https://us-api.certinext.io/emSignHub-API", "production"},
        {"https://US-API.certinext.io:443/emSignHub-API/", "production"},
        {"https://sandbox-us-api.certinext.io/emSignHub-API/", "sandbox"},
        {"https://api.certinext.io.example.net/emSignHub-API/", NULL},
        {"https://qa-api.certinext.io/emSignHub-API/", NULL},
        {"http://127.0.0.1:8080/emSignHub-API/", NULL},
        {"http://[::1]:8080/emSignHub-API/", NULL},
    };
    struct fixture f;
    (void)state;
    fixture_begin(&f);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct reading r;
        must_read(&f, &r, arena_printf(&f.arena, "%s    api_url: %s\n", CA(""), rows[i].url));
        const char *got = ca_environment(&r.config.cas[0]);
        if (!str_eq(got, rows[i].environment)) {
            fail_msg("%s: %s", rows[i].url, got ? got : "NULL");
        }
        forget(&r);
    }
    fixture_end(&f);
}

/* --- products --- */

static void same_code(const char *environment, const char *text, const char *code)
{
    const struct product_info *p = ca_product_find(&ca_certinext, environment, text);
    const char *got = p ? p->code : NULL;
    if (!str_eq(got, code)) {
        fail_msg("%s in %s: %s", text, environment ? environment : "no environment",
                 got ? got : "NULL");
    }
}

static void products(void **state)
{
    (void)state;
    assert_string_equal(ca_product_find(&ca_certinext, "sandbox", "842")->name, "dv");
    assert_string_equal(ca_product_find(&ca_certinext, "production", "842")->name, "ov");
    same_code(NULL, "842", NULL); /* not guessed */
    same_code(NULL, "ov-ucc", NULL);
    same_code(NULL, "838", "838");
    same_code(NULL, "819", "819");
    same_code("sandbox", "ov-ucc", "848");
    same_code("production", "ov-ucc", "844");
    same_code("sandbox", "838", NULL);
    same_code("production", "851", NULL);
    same_code("sandbox", "smime", "914");
    same_code("production", "smime", "894");
    same_code("sandbox", "894", "894");
    same_code("sandbox", "intranet-ssl", "149");
    same_code("sandbox", "104", "104");
    assert_string_equal(ca_product_find(&ca_certinext, "production", "104")->name, "igtf-host");
    same_code("production", "natural-person-signer-2y", "826");
    same_code("production", "no-such", NULL);
    static const char *const blocked[] = {"841", "845", "847"};
    for (size_t i = 0; i < ca_certinext.nproducts; i++) {
        const struct product_info *p = &ca_certinext.products[i];
        bool expected = false;
        for (size_t k = 0; k < NITEMS(blocked); k++) {
            expected |= str_eq(p->environment, "production") && str_eq(p->code, blocked[k]);
        }
        assert_int_equal(p->blocked, expected);
    }
}

/* A batch moves between CAs by its `ca:` alone: the embedded CA sells the same by the same name. */
static void vocabulary(void **state)
{
    const struct ca_type *local = ca_type_find("local");
    size_t compared = 0;
    (void)state;
    for (size_t i = 0; i < ca_certinext.nproducts; i++) {
        const struct product_info *p = &ca_certinext.products[i];
        const struct product_info *twin = ca_product_find(local, NULL, p->name);
        assert_string_equal(p->ca_type, "certinext");
        assert_string_equal(p->keys, ca_facts_find("certinext")->keys);
        if (!p->any_names) {
            assert_non_null(twin);
            assert_string_equal(twin->level, p->level);
            assert_int_equal(twin->wildcard, p->wildcard);
            assert_int_equal(twin->multi, p->multi);
            compared++;
        }
    }
    assert_int_equal(compared, 20);
}

/* What policy knows of a kind of CA and what its connector says must not drift apart. */
static void registry(void **state)
{
    size_t rows = 0;
    size_t all = 0;
    (void)state;
    for (const struct ca_type *const *t = ca_types; *t; t++) {
        const struct ca_facts *facts = ca_facts_find((*t)->type);
        assert_non_null(facts);
        assert_int_equal(facts->public, ((*t)->caps & CA_PUBLIC) != 0);
        assert_false(facts->names_from_order && ((*t)->caps & CA_READS_CSR_NAMES));
        assert_string_equal(facts->title, (*t)->title);
        rows += (*t)->nproducts;
    }
    (void)ca_all_products(&all);
    assert_int_equal(all, rows); /* the array of registry.c is long enough */
}

/* --- batches --- */

static void default_product(void **state)
{
    struct fixture f;
    (void)state;
    fixture_begin(&f);
    fixture_text(&f, "certbatch.yaml", CA(URL "    default_product: ov\n"));
    fixture_open(&f, "ca: prod\norders:\n  - {id: a, common_name: a.example.com}\n"
                     "  - {id: b, common_name: b.example.com, product: \"838\"}\n");
    assert_string_equal(item(&f, "a")->product_code, "842");
    assert_string_equal(item(&f, "b")->product->name, "dv");
    fixture_text(&f, "certbatch.yaml", CA(URL));
    fixture_open(&f, "ca: prod\norders:\n  - {id: a, common_name: a.example.com}\n");
    assert_true(item(&f, "a")->broken);
    assert_non_null(
        strstr(fixture_finding(&f, "manifest.schema", "a")->message, "has no default product"));
    fixture_end(&f);
}

static void unknown_environment(void **state)
{
    struct fixture f;
    (void)state;
    fixture_begin(&f);
    fixture_text(&f, "certbatch.yaml", CA("    api_url: http://127.0.0.1:1/emSignHub-API/\n"));
    fixture_open(&f, "ca: prod\norders:\n"
                     "  - {id: name, common_name: a.example.com, product: ov-ucc}\n"
                     "  - {id: code, common_name: b.example.com, product: \"842\"}\n"
                     "  - {id: one, common_name: c.example.com, product: \"838\"}\n");
    assert_true(item(&f, "name")->broken);
    assert_non_null(
        strstr(fixture_finding(&f, "manifest.schema", "name")->message, "write the code"));
    assert_false(item(&f, "code")->broken);
    assert_null(item(&f, "code")->product);
    assert_string_equal(item(&f, "code")->product_code, "842");
    assert_string_equal(item(&f, "one")->product->name, "dv");
    batch_judge(&f.batch, 1, &f.findings);
    const struct finding *x = fixture_finding(&f, "product.environment", "code");
    assert_non_null(x);
    assert_int_equal(x->severity, SEV_WARNING);
    assert_null(fixture_finding(&f, "product.environment", "one"));
    assert_null(fixture_finding(&f, "product.known", "code"));
    fixture_end(&f);
}

static void sending(void **state)
{
    struct fixture f;
    struct err err = ERR_INIT;
    const char *body =
        "ca: prod\norders:\n  - {id: a, common_name: a.example.com, product: ov-ucc}\n";
    (void)state;
    fixture_begin(&f);
    fixture_text(&f, "certbatch.yaml", CA(URL));
    fixture_open(&f, body);
    assert_true(batch_can_send(&f.batch, &err));
    assert_string_equal(item(&f, "a")->product_code, "844");
    f.options.simulate = true; /* the twin knows the product by its name */
    fixture_open(&f, body);
    assert_true(batch_can_send(&f.batch, &err));
    assert_string_equal(item(&f, "a")->product_code, "ov-ucc");
    assert_string_equal(batch_real_ca(&f.batch, item(&f, "a"))->type->type, "certinext");
    fixture_end(&f);
}

/* --- the configuration judged alone --- */

static const struct finding *judged(struct fixture *f, struct reading *r, const char *rule)
{
    const struct config_judge_options o = {.as_of = TIME_NONE};
    assert_true(r->ok);
    findings_release(&r->findings);
    r->findings = (struct findings)FINDINGS_INIT;
    assert_true(config_judge(&r->config, &o, &r->findings, &r->err));
    f->findings.n = 0;
    for (size_t i = 0; i < r->findings.n; i++) {
        /* nothing but rules about a CA may speak of a CA */
        assert_true(rule_find(r->findings.v[i].rule)->needs & NEEDS_CA);
        if (str_eq(r->findings.v[i].rule, rule)) {
            return &r->findings.v[i];
        }
    }
    return NULL;
}

static void alone(void **state)
{
    struct fixture f;
    struct reading r;
    (void)state;
    fixture_begin(&f);
    must_read(&f, &r, CA(URL "    signer: {name: S, place: P, ip: 127.0.0.1}\n"));
    const struct finding *x = judged(&f, &r, "certinext.signer-ip");
    assert_non_null(x);
    assert_int_equal(x->line, 8);
    assert_int_equal(x->column, 37);
    assert_string_equal(x->file, f.options.config);
    assert_null(x->item);
    assert_non_null(judged(&f, &r, "certinext.requestor"));
    assert_non_null(judged(&f, &r, "certinext.group"));
    assert_null(judged(&f, &r, "certinext.agreement"));
    forget(&r);
    must_read(&f, &r, CA(URL "    enabled: false\n"));
    assert_null(judged(&f, &r, "certinext.requestor"));
    forget(&r);
    fixture_end(&f);
}

/* The document of the sample names every field there is. */
static void documented(void **state)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    struct err err = ERR_INIT;
    (void)state;
    assert_true(fs_read("samples/certinext/README.md", &text, &err));
    for (const struct word *w = certinext_fields; w->text; w++) {
        char quoted[64];
        (void)snprintf(quoted, sizeof quoted, "`%s`", w->text);
        if (w->value != CERTINEXT_GROUP &&
            !memmem(buf_text(&text), text.n, quoted, strlen(quoted))) {
            fail_msg("samples/certinext/README.md lacks %s", quoted);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),        cmocka_unit_test(every_key),
        cmocka_unit_test(bounds),          cmocka_unit_test(between_keys),
        cmocka_unit_test(environments),    cmocka_unit_test(products),
        cmocka_unit_test(vocabulary),      cmocka_unit_test(registry),
        cmocka_unit_test(default_product), cmocka_unit_test(unknown_environment),
        cmocka_unit_test(sending),         cmocka_unit_test(alone),
        cmocka_unit_test(documented),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
