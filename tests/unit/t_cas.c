/* SPDX-License-Identifier: Apache-2.0
 *
 * The kinds of CA beside CERTInext and the embedded one: every setting arrives, nothing else does,
 * endpoints and secrets are held to the rules of every CA; products of the tables and of the
 * configuration; what an order falls back to.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/config.h"
#include "formats/base/fs.h"
#include "formats/base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[256];
static char path[300];

static int enter(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(dir, sizeof dir, "%s/t_cas.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/c.yaml", dir);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    fs_remove_tree_at(AT_FDCWD, dir);
    return 0;
}

struct result {
    struct config c;
    struct findings findings;
    struct err err;
    bool ok;
};

static void read_cas(struct result *r, const char *cas)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1u << 16);
    buf_printf(&b, "certbatch_config: 1\ncas:\n%s\n", cas);
    if (!fs_write_atomic(path, buf_span(&b), 0600, &err)) {
        fail_msg("%s", err.msg);
    }
    memset(r, 0, sizeof *r);
    r->ok = config_read(&r->c, path, &r->findings, &r->err);
}

static void done(struct result *r)
{
    findings_release(&r->findings);
    config_release(&r->c);
}

/* The least and the most that can be said of each kind. */
static const struct kind {
    const char *type, *least, *most, *url_key, *secret_key;
} kinds[] = {
    {"digicert", "base_url: 'https://a/services/v2'",
     "base_url: 'https://a/services/v2', api_key: {env: K}, organization_id: '1', "
     "container_id: '2', server_platform_id: 45, signature_hash: sha384, "
     "order_validity: {years: 1}, certificate_validity: {days: 199}, payment_type: profile, "
     "default_product: ov, ca_cert_id: X, profile_option: server_auth_only_eku, "
     "dcv_method: dns-txt-token, dcv_scope: fqdn, skip_approval: true, approve_requests: true, "
     "verified_contact: true, disable_renewal_notifications: true, payment_profile_id: '3', "
     "dcv: {enabled: true, hook: [./h], txt_record_template: '_x.{0}'}, settle_seconds: 5, "
     "page_size: 100, "
     "enroll: {back_off_seconds: 2, max_back_off_seconds: 32, max_attempts: 5}, "
     "renewal_window_days: 30",
     "base_url", "api_key"},
    {"sectigo", "url: 'https://a/api', enabled: false",
     "url: 'https://a/api', customer_uri: X, organization_id: '1', auth: {mode: oauth, login: l, "
     "password: {env: P}, client_id: c, client_secret: {env: S}, token_url: 'https://t/'}, "
     "default_product: '7', term: 90, external_requester: a@example.com, "
     "mandatory_custom_fields: [CostCentre], dcv_mode: EMAIL, dcv_email: a@example.com, "
     "renew_mode: enroll, approve: true, confirm_revocation: false, legacy_server_fields: true, "
     "settle_seconds: 1, inventory_window_days: 7, enroll: {max_attempts: 1}, "
     "renewal_window_days: 30",
     "url", NULL},
    {"entrust", "url: 'https://a/cagw'",
     "url: 'https://a/cagw', ca_id: C, connector: com.Sectigo, profile_id: p, format: PEM, "
     "validity_period: P1Y, renewal_serial_property: renewalSerialNumber, include_ca: false, "
     "use_san_from_csr: true, profiles: {p: {subject_variables: [cn], sans: [dNSName], "
     "properties: [x.y]}}, enroll: {max_attempts: 1}, subject_lookup: false, issue_crl: true, "
     "page_size: 100, serial_digits: 40, settle_seconds: 5, ca_client_id: c, "
     "renewal_window_days: 30",
     "url", NULL},
    {"adcs", "base_url: 'https://a/certsrv'",
     "base_url: 'https://a/certsrv', ca_setup_type: standalone, template: T, templates: [T], "
     "ca_config: 'H\\C', auth: {mode: ntlm, username: 'D\\u', password: {env: P}}, "
     "san_attribute: true, revocation: {mode: command, command: [ssh, '{serial}'], delta_crl: "
     "false}, "
     "key_attribute: k, user_agent: Mozilla, locale_patterns: {issued: a, pending: [b], denied: "
     "c}, "
     "enroll: {max_attempts: 1}, renewal_window_days: 30",
     "base_url", NULL},
    {"emca", "base_url: 'https://a'",
     "base_url: 'https://a', version: 4.0.17, dialect: est, username: u, password: {env: P}, "
     "issuing_ca: C, subscriber_id: '1', profile: p, validity: '1:00:00:00', "
     "upload_file: {file: f.p12, password: {env: P}}, em_key: {env: E}, aes_key: {file: k}, "
     "aes_mode: cbc-zero-iv, cms_payload: csr-der, client_id: c, endpoint_map: m.yaml, "
     "crl_url: 'https://a/crl', issuing_ca_file: ca.pem, est_path: /est, est_label: tls, "
     "est_labels: [mail], est_reenroll: never, accept_unverified_map: true, enroll: {max_attempts: "
     "1}, "
     "renewal_window_days: 30",
     "base_url", "em_key"},
    {"acme", "directory_url: 'https://a/dir'",
     "directory_url: 'https://a/dir', account_key: {file: k}, contact: ['mailto:a@example.com'], "
     "accept_tos: true, eab: {kid: k, hmac_key: {env: H}}, challenge: http-01, hook: [./h], "
     "hook_timeout_seconds: 5, propagation_wait_seconds: 1, "
     "profile: {name: tlsserver, required: true}, preferred_chain: X, ari: 'off', "
     "enroll: {max_attempts: 1}, order_deadline_seconds: 5, max_orders_per_run: 10, "
     "renewal_window_days: 10",
     "directory_url", "account_key"},
    {"est", "base_url: 'https://a'",
     "base_url: 'https://a', path: /est, label: tls, labels: [mail, device], auth: {username: '', "
     "password: {env: P}}, reenroll: always, enroll: {max_attempts: 1}, renewal_window_days: 30",
     "base_url", NULL},
};

static void settings_arrive(void **state)
{
    (void)state;
    for (size_t i = 0; i < NITEMS(kinds); i++) {
        const char *const texts[] = {kinds[i].least, kinds[i].most};
        for (size_t k = 0; k < NITEMS(texts); k++) {
            struct result r;
            char cas[2048];
            (void)snprintf(cas, sizeof cas, "  x: {type: %s, %s}", kinds[i].type, texts[k]);
            read_cas(&r, cas);
            if (!r.ok || r.findings.n) {
                fail_msg("%s: %s", kinds[i].type,
                         r.findings.n ? r.findings.v[0].message : r.err.msg);
            }
            assert_string_equal(r.c.cas[0].type->type, kinds[i].type);
            assert_null(r.c.cas[0].type->default_product);
            assert_true(str_starts(ca_endpoint(&r.c.cas[0]), "https://a"));
            done(&r);
        }
    }
}

static void expect_error(const char *cas, const char *rule, const char *words)
{
    struct result r;
    bool found = false;
    read_cas(&r, cas);
    for (size_t i = 0; i < r.findings.n; i++) {
        found |= str_eq(r.findings.v[i].rule, rule) && strstr(r.findings.v[i].message, words) &&
                 r.findings.v[i].line == 3;
    }
    if (r.ok || !found) {
        fail_msg("%s: %s", cas, r.findings.n ? r.findings.v[0].message : "no finding");
    }
    done(&r);
}

static void settings_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < NITEMS(kinds); i++) {
        const struct kind *k = &kinds[i];
        char cas[1024];
        (void)snprintf(cas, sizeof cas, "  x: {type: %s, %s, nonsense: 1}", k->type, k->least);
        expect_error(cas, "config.schema", "unknown key 'nonsense'");
        (void)snprintf(cas, sizeof cas, "  x: {type: %s, %s: 'http://ca.example/'}", k->type,
                       k->url_key);
        expect_error(cas, "manifest.ca.endpoint", "loopback addresses only");
        (void)snprintf(cas, sizeof cas, "  x: {type: %s, %s: 'https://u:p@ca.example/'}", k->type,
                       k->url_key);
        expect_error(cas, "manifest.ca.endpoint", "user name");
        if (!str_eq(k->type, "emca")) { /* rule emca.required says it there */
            (void)snprintf(cas, sizeof cas, "  x: {type: %s}", k->type);
            expect_error(cas, "config.schema", "lacks");
            (void)snprintf(cas, sizeof cas, "  x: {type: %s, %s: ca.example}", k->type, k->url_key);
            expect_error(cas, "config.schema", "must be an https:// URL");
        }
        if (k->secret_key) {
            (void)snprintf(cas, sizeof cas, "  x: {type: %s, %s, %s: hunter2}", k->type, k->least,
                           k->secret_key);
            expect_error(cas, "manifest.secret.inline", "is a secret");
        }
    }
    expect_error("  x: {type: emca, base_url: 'https://a', crl_url: 'https://a/crl'}",
                 "config.schema", "crl_url needs issuing_ca_file");
    expect_error("  x: {type: entrust, url: 'https://a', profiles: {p: {sans: [dns]}}}",
                 "config.schema", "must be one of dNSName");
    expect_error("  x: {type: acme, directory_url: 'https://a', eab: {kid: k}}", "config.schema",
                 "lacks 'hmac_key'");
    expect_error("  x: {type: sectigo, url: 'https://a', enroll: {max_attempts: 0}}",
                 "config.schema", "from 1 to 1000");
}

static void products_of_a_customer(void **state)
{
    (void)state;
    struct result r;
    read_cas(&r, "  x: {type: sectigo, url: 'https://a', enabled: false, "
                 "products: {ov: {code: '7', level: ov, multi: true, max_san: 5, terms: [90d, "
                 "199d], keys: [ec-p256, rsa-2048]}, flex: {}}}\n"
                 "  y: {type: sectigo, url: 'https://a', enabled: false, "
                 "products: {ov: {code: '9', wildcard: false}}}\n"
                 "  z: {type: digicert, base_url: 'https://a', public: false}\n");
    assert_true(r.ok);
    const struct product_info *p = ca_product_of(&r.c.cas[0], "ov");
    assert_non_null(p);
    assert_string_equal(p->code, "7");
    assert_string_equal(p->ca, "x");
    assert_string_equal(p->level, "ov");
    assert_string_equal(p->keys, "ec-p256 rsa-2048");
    assert_true(p->multi && !p->wildcard && !p->any_names);
    assert_int_equal(p->max_san, 5);
    assert_int_equal(p->max_days, 199);
    assert_ptr_equal(ca_product_of(&r.c.cas[0], "7"), p);
    p = ca_product_of(&r.c.cas[0], "flex");
    assert_string_equal(p->code, "flex");
    assert_true(p->any_names);
    assert_null(p->level);
    assert_false(ca_product_of(&r.c.cas[1], "ov")->any_names);
    assert_string_equal(ca_product_of(&r.c.cas[1], "ov")->code, "9");
    assert_null(ca_product_of(&r.c.cas[1], "7"));
    assert_null(ca_product_of(&r.c.cas[0], NULL));
    size_t tables = 0;
    size_t n = 0;
    (void)ca_all_products(&tables);
    const struct product_info *all = config_products(&r.c, &r.c.arena, &n);
    assert_int_equal(n, tables + 3);
    assert_string_equal(all[0].code, "7"); /* what is written comes first */
    assert_true(ca_is_public(&r.c.cas[0]));
    assert_false(ca_is_public(&r.c.cas[2]));
    done(&r);
    expect_error("  x: {type: adcs, base_url: 'https://a', products: {T: {terms: [36h]}}}",
                 "config.schema", "must be whole days");
    expect_error("  x: {type: adcs, base_url: 'https://a', products: {T: {keys: [rsa]}}}",
                 "config.schema", "must be a kind of key");
}

/* A batch moves to DigiCert by its `ca:` alone. */
static void products_of_digicert(void **state)
{
    (void)state;
    static const struct {
        const char *name, *code, *level;
        bool wildcard, multi, any;
        unsigned days;
    } of[] = {
        {"ssl_basic", "ssl_basic", "ov", false, false, true, 199},
        {"ov-ucc", "ssl_basic", "ov", false, true, false, 199},
        {"ov-wildcard", "ssl_basic", "ov", true, false, false, 199},
        {"dv", "ssl_dv_geotrust_flex", "dv", false, false, false, 199},
        {"ev-ucc", "ssl_ev_basic", "ev", false, true, false, 199},
        {"private_ssl_flex", "private_ssl_flex", "private", false, false, true, 0},
        {"secure_email_mailbox", "secure_email_mailbox", "smime", false, false, true, 825},
    };
    const struct ca_type *digicert = ca_type_find("digicert");
    for (size_t i = 0; i < NITEMS(of); i++) {
        const struct product_info *p = ca_product_find(digicert, NULL, of[i].name);
        assert_non_null(p);
        assert_string_equal(p->code, of[i].code);
        assert_string_equal(p->level, of[i].level);
        assert_true(p->wildcard == of[i].wildcard && p->multi == of[i].multi &&
                    p->any_names == of[i].any && p->max_days == of[i].days);
    }
    assert_true(ca_product_find(digicert, NULL, "ssl_plus")->deprecated);
    assert_null(ca_product_find(digicert, NULL, "ssl_unheard_of"));
    for (size_t i = 0; i < digicert->nproducts; i++) { /* a name means one thing */
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(digicert->products[i].name, digicert->products[k].name);
        }
    }
}

static void defaults_of_orders(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *product;
        bool public, optional;
    } of[] = {
        {"type: digicert, base_url: 'https://a', default_product: ov", "ov", true, false},
        {"type: sectigo, url: 'https://a', enabled: false, default_product: '7'", "7", true, true},
        {"type: entrust, url: 'https://a', profile_id: p, public: true", "p", true, true},
        {"type: adcs, base_url: 'https://a', template: T", "T", false, true},
        {"type: emca, base_url: 'https://a', profile: p", "p", false, true},
        {"type: acme, directory_url: 'https://a', profile: {name: p}", "p", true, true},
        {"type: acme, directory_url: 'https://a'", NULL, true, true},
        {"type: est, base_url: 'https://a', label: tls", "tls", false, true},
        {"type: est, base_url: 'https://a'", NULL, false, true},
        {"type: local", "tls-server", false, false},
    };
    for (size_t i = 0; i < NITEMS(of); i++) {
        struct result r;
        char cas[256];
        (void)snprintf(cas, sizeof cas, "  x: {%s}", of[i].settings);
        read_cas(&r, cas);
        assert_true(r.ok);
        const char *product = ca_default_product(&r.c.cas[0]);
        assert_true(str_eq(product, of[i].product));
        assert_int_equal(ca_is_public(&r.c.cas[0]), of[i].public);
        assert_int_equal(r.c.cas[0].type->product_optional, of[i].optional);
        done(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_arrive),        cmocka_unit_test(settings_are_refused),
        cmocka_unit_test(products_of_a_customer), cmocka_unit_test(products_of_digicert),
        cmocka_unit_test(defaults_of_orders),
    };
    return !!cmocka_run_group_tests(tests, enter, leave);
}
