/* SPDX-License-Identifier: Apache-2.0
 *
 * The boundaries of the certinext.* rules, judged as an item at such a CA is
 * when no policy is named: cabf-tls and the pack certinext, with the real product tables.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/ca_rules_fixture.h"

/* An item whose CA has `settings`, and with the keys `rest`. */
static const struct finding *at_ca(const char *settings, const char *rest, const char *rule)
{
    return judge_text(arena_printf(&arena,
                                   "{ca: {type: certinext, %s}, common_name: www.example.net, "
                                   "san: [www.example.net], product: dv%s}",
                                   settings, rest),
                      rule);
}

#define GOOD_CA                                                                                    \
    "group_number: '1', requestor: {name: PKI, email: pki@example.net, isd_code: '1', "            \
    "mobile_number: '5550100'}, signer: {place: Austin, ip: 203.0.113.10}"

static void requestor(void **state)
{
    static const struct {
        const char *text;
        enum severity severity;
    } rows[] = {
        {"name: PKI, email: pki@example.net, isd_code: '1', mobile_number: '5550100'",
         SEV_DISABLED},
        {"name: PKI, email: pki@example.net, isd_code: '001', mobile_number: '123456789012345'",
         SEV_DISABLED},
        {"name: PKI, email: pki@example.net, isd_code: '0001', mobile_number: '1'", SEV_ERROR},
        {"name: PKI, email: pki@example.net, isd_code: '+1', mobile_number: '1'", SEV_ERROR},
        {"name: PKI, email: pki@example.net, isd_code: '1', mobile_number: '1234567890123456'",
         SEV_ERROR},
        {"name: PKI, email: pki@example.net, isd_code: '1', mobile_number: '555 0100'", SEV_ERROR},
        {"name: PKI, email: pki@example.net, isd_code: '1'", SEV_WARNING},
        {"name: PKI, email: pki@example.net, mobile_number: '1'", SEV_WARNING},
        {"name: PKI, isd_code: '1', mobile_number: '1'", SEV_ERROR},
        {"email: pki@example.net, isd_code: '1', mobile_number: '1'", SEV_ERROR},
        {"name: PKI, email: pki, isd_code: '1', mobile_number: '1'", SEV_ERROR},
        {"name: PKI, email: '@example.net', isd_code: '1', mobile_number: '1'", SEV_ERROR},
        {"name: PKI, email: a@b@example.net, isd_code: '1', mobile_number: '1'", SEV_ERROR},
        {"name: PKI, email: 'a b@example.net', isd_code: '1', mobile_number: '1'", SEV_ERROR},
        {"name: PKI, email: pki@example., isd_code: '1', mobile_number: '1'", SEV_ERROR},
    };
    (void)state;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const char *settings = arena_printf(&arena, "requestor: {%s}", rows[i].text);
        want_severity(at_ca(settings, "", "certinext.requestor"), rows[i].severity, rows[i].text);
    }
    /* the order's own wins, key by key, and is where the finding points */
    const struct finding *f =
        at_ca(GOOD_CA, ", fields: {requestor: {email: pki}}", "certinext.requestor");
    want(f, true, "own e-mail address");
    assert_string_equal(f->file, "sample.batch.yaml");
    assert_int_equal(f->line, 1);
    want(at_ca("requestor: {email: x}", "", "certinext.requestor"), true, "in the configuration");
    assert_string_equal(finding_of("certinext.requestor")->file, "certbatch.yaml");
    /* of a revocation only the address is sent */
    want(judge_text("{ca: {type: certinext, requestor: {email: a@example.net}}, action: revoke, "
                    "serial: 0A}",
                    "certinext.requestor"),
         false, "revocation");
    want(judge_text("{ca: {type: certinext}, action: revoke, serial: 0A}", "certinext.requestor"),
         true, "revocation without address");
    assert_int_equal(count_of("certinext.requestor"), 1);
    want(finding_of("certinext.agreement"), false, "revocation needs no agreement");
    want(finding_of("certinext.group"), false, "nor a group");
}

static void agreement(void **state)
{
    (void)state;
    want(at_ca("signer: {name: D, place: P, ip: 203.0.113.1}", "", "certinext.agreement"), false,
         "all there");
    want(at_ca("requestor: {name: R}, signer: {place: P, ip: 203.0.113.1}", "",
               "certinext.agreement"),
         false, "the requestor signs");
    want(at_ca("signer: {place: P, ip: 203.0.113.1}", "", "certinext.agreement"), true, "no name");
    const struct finding *f = at_ca("account_number: '1'", "", "certinext.agreement");
    assert_non_null(strstr(f->message, "no name, no place, no address (ip)"));
    want(at_ca(GOOD_CA, ", fields: {accept_agreement: false}", "certinext.agreement"), true,
         "not accepted");
    want(at_ca(GOOD_CA, ", fields: {accept_agreement: true}", "certinext.agreement"), false,
         "accepted");
}

static void signer_ip(void **state)
{
    static const struct {
        const char *ip;
        bool fires;
    } rows[] = {
        {"8.8.8.8", false},
        {"203.0.113.10", false},
        {"192.0.2.1", false},
        {"198.51.100.255", false},
        {"2001:db8::1", false},
        {"2600::1", false},
        {"127.0.0.1", true},
        {"::1", true},
        {"10.0.0.1", true},
        {"172.15.255.255", false},
        {"172.16.0.0", true},
        {"172.31.255.255", true},
        {"172.32.0.0", false},
        {"192.168.0.1", true},
        {"169.254.0.1", true},
        {"fe80::1", true},
        {"fd00::1", true},
        {"100.64.0.1", true},
        {"0.0.0.0", true},
        {"255.255.255.255", true},
        {"223.255.255.255", false},
        {"224.0.0.1", true},
        {"ff02::1", true},
        {"::ffff:8.8.8.8", true},
        {"signer.example.net", true},
        {"203.0.113.010", true},
        {"203.0.113.10/32", true},
    };
    (void)state;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const char *settings = arena_printf(&arena, "signer: {ip: '%s'}", rows[i].ip);
        want(at_ca(settings, "", "certinext.signer-ip"), rows[i].fires, rows[i].ip);
    }
    want(at_ca("signer: {place: P}", "", "certinext.signer-ip"), false, "certinext.agreement's");
    want(at_ca("signer: {ip: 127.0.0.1}", ", fields: {signer: {ip: 203.0.113.10}}",
               "certinext.signer-ip"),
         false, "the order's own");
}

static void subscription(void **state)
{
    static const struct {
        const char *settings, *rest;
        size_t n;
    } rows[] = {
        {"api: v1", "", 0},
        {"subscription: {years: 1}", "", 0},
        {"subscription: {years: 3}", "", 0},
        {"subscription: {years: 4}", "", 1},
        {"subscription: {years: 0}", "", 1},
        {"subscription: {years: 4}", ", validity: 199d", 0}, /* the item's decides */
        {"api: v1", ", validity: 1095d", 0},
        {"api: v1", ", validity: 1096d", 1},
        {"api: v1", ", validity: 1s", 0},
        {"api: v1", ", validity: 4y, fields: {subscription: {years: '2'}}", 0},
        {"api: v1", ", fields: {subscription: {years: two}}", 1},
        {"subscription: {renew_days: 30}", "", 0},
        {"subscription: {renew_days: 60}", "", 0},
        {"subscription: {renew_days: 31}", "", 1},
        {"subscription: {auto_renew: true}", "", 0},
        {"api: v1", ", fields: {subscription: {auto_renew: '1'}}", 0},
        {"api: v1", ", fields: {subscription: {auto_renew: '2'}}", 1},
    };
    (void)state;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        (void)at_ca(rows[i].settings, rows[i].rest, "certinext.subscription");
        if (count_of("certinext.subscription") != rows[i].n) {
            fail_msg("%s%s: %zu", rows[i].settings, rows[i].rest,
                     count_of("certinext.subscription"));
        }
    }
}

static void remarks(void **state)
{
    (void)state;
    want(at_ca(GOOD_CA, "", "certinext.remarks"), true, "nothing");
    want(at_ca(GOOD_CA, ", comment: for the shop", "certinext.remarks"), false, "comment");
    want(at_ca(GOOD_CA, ", comment: '  '", "certinext.remarks"), true, "blank comment");
    want(at_ca(GOOD_CA, ", change: {ticket: CHG1}", "certinext.remarks"), false, "ticket");
    want(at_ca(GOOD_CA, ", change: {ticket: CHG1}, fields: {remarks: ''}", "certinext.remarks"),
         true, "empty on purpose");
    want(at_ca(GOOD_CA, ", fields: {remarks: x}", "certinext.remarks"), false, "own");
    /* `fields:` of the defaults are all or nothing, as the order takes them */
    want(at_ca(GOOD_CA, ", defaults: {fields: {remarks: x}}", "certinext.remarks"), false,
         "of the defaults");
    want(at_ca(GOOD_CA, ", defaults: {fields: {remarks: x}}, fields: {tags: [a]}",
               "certinext.remarks"),
         true, "hidden by the order's own");
}

static void group(void **state)
{
    (void)state;
    const struct finding *f = at_ca("api: v1", "", "certinext.group");
    want_severity(f, SEV_WARNING, "absent");
    want(at_ca("group_number: '2345678901'", "", "certinext.group"), false, "there");
    want(at_ca("api: v1", ", fields: {group_number: '7'}", "certinext.group"), false, "own");
    want(at_ca("api: v1", ", fields: {group_number: seven}", "certinext.group"), true, "no number");
}

/* --- names --- */

static const struct finding *names(const char *rest, const char *rule)
{
    return judge_text(arena_printf(&arena, "{ca: {type: certinext}, %s}", rest), rule);
}

static void cn_domain(void **state)
{
    const char *rule = "certinext.cn-domain";
    (void)state;
    want(names("product: dv, csr: good.pem", rule), false, "silent order");
    const struct finding *f = names("product: dv, csr: good.pem, common_name: x.example.net", rule);
    want(f, true, "another name");
    assert_string_equal(f->file, "tests/samples/good.pem");
    assert_true(f->offset > 0); /* the CN in the request */
    want(names("product: dv, csr: good-nocn.pem", rule), true, "request without CN");
    want(names("product: dv, common_name: a.example.net, fields: {domain_name: b.example.net}",
               rule),
         true, "no request yet");
    want(names("product: dv, common_name: a.example.net, fields: {domain_name: A.example.net.}",
               rule),
         false, "the same in other letters");
    want(names("product: intranet-ssl, csr: good.pem, common_name: x.example.net", rule), false,
         "private");
}

static void additional(void **state)
{
    static const struct {
        const char *rest, *rule;
        size_t n;
    } rows[] = {
        {"product: dv-ucc, common_name: a.net, san: [a.net]", "certinext.additional.required", 1},
        {"product: dv-ucc, common_name: a.net", "certinext.additional.required", 1},
        {"product: dv-ucc, common_name: a.net, san: [a.net, A.NET]",
         "certinext.additional.required", 1},
        {"product: dv-ucc, common_name: a.net, san: [a.net, b.net]",
         "certinext.additional.required", 0},
        {"product: dv-ucc, common_name: a.net, san: [b.net]", "certinext.additional.required", 0},
        {"product: intranet-ssl, common_name: a.net", "certinext.additional.required", 0},
        {"product: dv, common_name: a.net, san: [a.net]", "certinext.additional.ignored", 0},
        {"product: dv, common_name: a.net, san: [a.net, b.net]", "certinext.additional.ignored", 1},
        /* the twin is dropped too, unless the CA adds it */
        {"product: dv, common_name: a.net, san: [a.net, www.a.net]", "certinext.additional.ignored",
         1},
        {"product: dv, common_name: a.net, san: [a.net, www.a.net], fields: {auto_secure_www: "
         "true}",
         "certinext.additional.ignored", 0},
        {"product: dv-ucc, common_name: a.net, san: [a.net, b.net]", "certinext.additional.ignored",
         0},
        {"product: '7007', common_name: a.net, san: [a.net, b.net]", "certinext.additional.ignored",
         0},
        {"product: dv-ucc, common_name: a.net, san: ['ip:8.8.8.8', 'email:a@a.net', 'uri:a://b']",
         "certinext.additional.dns-only", 3},
        {"product: dv, common_name: 8.8.8.8", "certinext.additional.dns-only", 1},
        {"product: intranet-ssl, common_name: a.net, san: ['ip:10.0.0.1']",
         "certinext.additional.dns-only", 0},
        /* what only the request has is not sent */
        {"product: dv, common_name: www.example.com, san: [www.example.com], csr: good.pem",
         "certinext.additional.dns-only", 0},
    };
    (void)state;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        (void)names(rows[i].rest, rows[i].rule);
        if (count_of(rows[i].rule) != rows[i].n) {
            fail_msg("%s, %s: %zu", rows[i].rule, rows[i].rest, count_of(rows[i].rule));
        }
    }
}

static void domain_regex(void **state)
{
    static const struct {
        const char *name;
        bool fires;
    } rows[] = {
        {"a", false},
        {"a.example.net", false},
        {"*.example.net", false},
        {"a-b.example.net", false},
        {"a..b", false},
        {"-a.example.net", true},
        {"a.example.net-", true},
        {".example.net", true},
        {"*", true},
        {"*.", true},
        {"*.*.example.net", true},
        {"a_b.example.net", true},
        {"a/b.example.net", true},
        {"w*.example.net", true},
        {"A.Example.NET.", false},
    };
    (void)state;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const char *rest = arena_printf(
            &arena, "product: dv-ucc, common_name: x.example.net, san: ['dns:%s']", rows[i].name);
        want(names(rest, "certinext.domain-regex"), rows[i].fires, rows[i].name);
    }
    want(names("product: dv, common_name: a.net, fields: {domain_name: 'a b'}",
               "certinext.domain-regex"),
         true, "own primary name");
}

static void www_twin(void **state)
{
    const char *rule = "certinext.www-twin";
    (void)state;
    want_severity(
        names("product: dv, common_name: www.a.net, fields: {auto_secure_www: true}", rule),
        SEV_WARNING, "www");
    want(
        names("product: dv-wildcard, common_name: '*.a.net', fields: {auto_secure_www: '1'}", rule),
        true, "wildcard");
    want(names("product: dv, common_name: a.net, fields: {auto_secure_www: true}", rule), false,
         "apex");
    want(names("product: dv, common_name: www.a.net, fields: {auto_secure_www: false}", rule),
         false, "off");
    want(names("product: dv, common_name: www.a.net", rule), false, "not said");
    want(names("product: dv, common_name: wwww.a.net, fields: {auto_secure_www: true}", rule),
         false, "no www label");
}

/* --- organization, people, calls --- */

static void organization(void **state)
{
    const char *rule = "certinext.organization";
    (void)state;
    want(names("product: ov, common_name: a.net", rule), true, "OV");
    want(names("product: ev-ucc, common_name: a.net", rule), true, "EV");
    want(names("product: dv, common_name: a.net", rule), false, "DV");
    want(names("product: intranet-ssl, common_name: a.net", rule), false, "private");
    want(names("product: ov, common_name: a.net, fields: {organization_number: '1'}", rule), false,
         "own");
    want(names("product: ov, common_name: a.net, fields: {organization_number: ACME}", rule), true,
         "no number");
    want(judge_text("{ca: {type: certinext, organization_number: '1'}, product: ov, common_name: "
                    "a.net}",
                    rule),
         false, "of the CA");
    want(judge_text("{ca: {type: certinext, organization_number: '1'}, product: ov, common_name: "
                    "a.net, fields: {organization_number: ''}}",
                    rule),
         true, "emptied by the order");
}

/* A record of the policy's organizations knows its number, by the name of the CA or its type. */
static void organization_record(void **state)
{
    static const char *const ids[] = {"certinext: '77'", "certinext-prod: '78'", "other: '79'"};
    (void)state;
    for (size_t i = 0; i < NITEMS(ids); i++) {
        struct subject s;
        struct organization o = {.name = "acme",
                                 .ids = parse_yaml(&arena, arena_printf(&arena, "{%s}", ids[i]))};
        struct policy with = *policy;
        with.organizations = &o;
        with.norganizations = 1;
        subject_from(&arena,
                     parse_yaml(&arena, "{ca: {type: certinext}, product: ov, common_name: a.net, "
                                        "organization: acme}"),
                     &s);
        assert_int_equal(fires(&with, &s, "certinext.organization", NULL), i == 2);
        assert_int_equal(fires(&with, &s, "certinext.address", NULL), i == 2);
    }
}

static void address(void **state)
{
    const char *rule = "certinext.address";
    const char *whole =
        "subject: {street_address: S, locality: L, state: T, postal_code: '1', country: US}";
    (void)state;
    const char *text = arena_printf(&arena, "product: ov, common_name: a.net, %s", whole);
    want(names(text, rule), false, "whole");
    const struct finding *f =
        names("product: ov, common_name: a.net, subject: {locality: L, country: US}", rule);
    want_severity(f, SEV_WARNING, "parts");
    assert_non_null(strstr(f->message, "lacks: street address, state, postal code"));
    want(names("product: ov, common_name: a.net, fields: {organization_number: '1'}", rule), false,
         "pre-vetted");
    want(names("product: ov, common_name: a.net, fields: {organization_number: '1', pre_vetting: "
               "false}",
               rule),
         true, "vetted anew");
    want(names("product: dv, common_name: a.net", rule), false, "DV");
}

#define PERSON                                                                                     \
    "{name: D, email: d@a.net, isd_code: '1', mobile_number: '5', designation: CIO, employee_id: " \
    "'7'}"
static void ev_blocks(void **state)
{
    const char *rule = "certinext.ev-blocks";
    (void)state;
    want(
        names(
            "product: ev, common_name: a.net, ev: {registration_number: R, contract_signer: " PERSON
            ", certificate_approver: " PERSON "}, fields: {street_address2: S}",
            rule),
        false, "whole");
    (void)names("product: ev, common_name: a.net", rule);
    assert_int_equal(count_of(rule), 4);
    want(names("product: ov, common_name: a.net", rule), false, "OV");
    /* a person is never half of each */
    const struct finding *f = names(
        "product: ev, common_name: a.net, ev: {registration_number: R, contract_signer: {name: "
        "D}, certificate_approver: " PERSON "}, fields: {street_address2: S}, defaults: {ev: "
        "{contract_signer: " PERSON "}}",
        rule);
    want(f, true, "half a person");
    assert_non_null(strstr(f->message, "the contract signer lacks: e-mail address, country"));
    assert_int_equal(count_of(rule), 1);
}

static void csr_reuse(void **state)
{
    const char *rule = "certinext.csr-reuse";
    const char *prior = "prior: certinext.csr-reuse.cert.pem";
    (void)state;
#define REUSE(rest) arena_printf(&arena, "product: dv, %s, " rest, prior)
    want(names(REUSE("action: renew, csr: certinext.csr-reuse.pem"), rule), true, "renew");
    want(names(REUSE("action: reissue, csr: certinext.csr-reuse.pem"), rule), true, "reissue");
    want(names(REUSE("action: new, csr: certinext.csr-reuse.pem"), rule), false,
         "another CA's certificate is replaced");
    want(names(REUSE("action: renew, csr: good.pem"), rule), false, "another key");
    want(names(REUSE("action: renew, reuse_key: true"), rule), true, "before there is a request");
    want(names(REUSE("action: renew, key: ec-p256"), rule), false, "new key");
}

static void private_endpoint(void **state)
{
    const char *rule = "certinext.private-endpoint";
    struct subject s;
    (void)state;
    want(names("product: intranet-ssl, common_name: a.net", rule), false, "by the product");
    want(names("product: intranet-ssl, common_name: a.net, fields: {family: ssl}", rule), true,
         "private on the SSL call");
    want(names("product: dv, common_name: a.net, fields: {family: private-pki}", rule), true,
         "public on the private call");
    want(names("product: dv, common_name: a.net, fields: {family: ssl}", rule), false, "fits");
    want(names("product: '7007', common_name: a.net, fields: {family: ssl}", rule), false,
         "own code");
    want(names("product: '7007', common_name: a.net, fields: {family: tls}", rule), true,
         "no family");
    subject_from(&arena,
                 parse_yaml(&arena, "{ca: {type: certinext}, product: '149', common_name: a}"), &s);
    s.ca_environment = "sandbox";
    judge(&s);
    want(finding_of(rule), true, "149 at once");
    subject_from(&arena,
                 parse_yaml(&arena,
                            "{ca: {type: certinext}, product: '149', common_name: a, fields: "
                            "{save_and_hold: true}}"),
                 &s);
    s.ca_environment = "sandbox";
    judge(&s);
    want(finding_of(rule), false, "149 as a draft");
    subject_from(
        &arena,
        parse_yaml(&arena, "{ca: {type: certinext, api: v2}, product: '149', common_name: a}"), &s);
    s.ca_environment = "sandbox";
    judge(&s);
    want(finding_of(rule), false, "149 at once through v2");
    subject_from(&arena,
                 parse_yaml(&arena, "{ca: {type: certinext, api: v2}, product: dv, common_name: a, "
                                    "fields: {save_and_hold: true}}"),
                 &s);
    judge(&s);
    want(finding_of(rule), true, "a draft through v2");
}

static void fields(void **state)
{
    static const struct {
        const char *text;
        size_t n;
    } rows[] = {
        {"{}", 0},
        {"{remarks: x, tags: [a, b], signer: {name: a}}", 0},
        {"{groupNumber: '1'}", 1},
        {"{remarks: [a]}", 1},
        {"{tags: a}", 1},
        {"{signer: Dana}", 1},
        {"{signer: {town: a, name: [b]}}", 2},
        {"{save_and_hold: maybe}", 1},
        {"{save_and_hold: '0'}", 0},
    };
    (void)state;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const char *rest = arena_printf(&arena, ", fields: %s", rows[i].text);
        (void)at_ca(GOOD_CA, rest, "certinext.fields");
        if (count_of("certinext.fields") != rows[i].n) {
            fail_msg("%s: %zu", rows[i].text, count_of("certinext.fields"));
        }
    }
    const struct finding *f = at_ca(GOOD_CA, ",\n  fields: {remarq: x}", "certinext.fields");
    assert_int_equal(f->line, 2);
    assert_int_equal(f->column, 12);
    assert_non_null(strstr(f->message, "did you mean remarks?"));
    /* another CA has its own */
    want(judge_text("{ca: local, product: dv, common_name: a.net, fields: {x: y}}",
                    "certinext.fields"),
         false, "elsewhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requestor),    cmocka_unit_test(agreement),
        cmocka_unit_test(signer_ip),    cmocka_unit_test(subscription),
        cmocka_unit_test(remarks),      cmocka_unit_test(group),
        cmocka_unit_test(cn_domain),    cmocka_unit_test(additional),
        cmocka_unit_test(domain_regex), cmocka_unit_test(www_twin),
        cmocka_unit_test(organization), cmocka_unit_test(organization_record),
        cmocka_unit_test(address),      cmocka_unit_test(ev_blocks),
        cmocka_unit_test(csr_reuse),    cmocka_unit_test(private_endpoint),
        cmocka_unit_test(fields),
    };
    return !!cmocka_run_group_tests(tests, open_policy, close_policy);
}
