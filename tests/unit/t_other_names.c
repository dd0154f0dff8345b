/* SPDX-License-Identifier: Apache-2.0
 *
 * Boundaries of ip.*, email.*, uri.* and of the names that only a request carries: what is just
 * inside and just outside, severities by kind of certificate, and where a finding points.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/rules_fixture.h"
#include "tests/unit/work_fixture.h"

/* SEV_DISABLED: the rule did not fire. */
static enum severity severity_in(const char *level, const char *rules, const char *item,
                                 const char *rule)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p = policy_of_level(&a, work, level, rules);
    struct subject s;
    enum severity severity = SEV_DISABLED;
    subject_from(&a, parse_yaml(&a, item), &s);
    (void)fires(p, &s, rule, &severity);
    policy_free(p);
    return severity;
}

struct value {
    const char *san;
    bool fires;
};

static void judge_values(const char *level, const char *rules, const char *rule,
                         const struct value *v, size_t n)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        const char *item = arena_printf(&a, "{common_name: Anna K, san: ['%s']}", v[i].san);
        bool fired = severity_in(level, rules, item, rule) != SEV_DISABLED;
        if (fired != v[i].fires) {
            print_message("%s %s on %s\n", rule, fired ? "fires" : "is quiet", v[i].san);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* --- addresses --- */

static void test_address_text(void **state)
{
    (void)state;
    static const struct value values[] = {
        {"ip:10.0.0.1", false},    {"ip:10.0.0.255", false},       {"ip:10.0.0.256", true},
        {"ip:010.0.0.1", true},    {"ip:10.0.0.01", true},         {"ip:10.0.0", true},
        {"ip:10.0.0.0.1", true},   {"ip:10.0.0.", true},           {"ip:0x0a.0.0.1", true},
        {"ip:167772161", true},    {"ip:10.0.0.0/8", true},        {"ip:10.0.0.1:443", true},
        {"ip: 10.0.0.1", true},    {"ip:fd00::1", false},          {"ip:FD00:0:0:0:0:0:0:1", false},
        {"ip:fe80::1%eth0", true}, {"ip:fd00::/8", true},          {"ip:[fd00::1]", true},
        {"ip:fd00:::1", true},     {"ip:1:2:3:4:5:6:7:8:9", true}, {"ip:::ffff:10.0.0.1", false},
    };
    judge_values("private", "", "ip.length", values, NITEMS(values));
}

static void test_address_blocks(void **state)
{
    (void)state;
    static const struct value multicast[] = {
        {"ip:223.255.255.255", false}, {"ip:224.0.0.0", true}, {"ip:239.255.255.255", true},
        {"ip:240.0.0.0", false},       {"ip:ff00::", true},    {"ip:feff::1", false},
    };
    static const struct value reserved[] = {
        {"ip:9.255.255.255", false},  {"ip:10.0.0.0", true},
        {"ip:10.255.255.255", true},  {"ip:11.0.0.0", false},
        {"ip:100.63.255.255", false}, {"ip:100.64.0.0", true},
        {"ip:2001:db8::1", true},     {"ip:2001:db9::1", false},
        {"ip:::ffff:9.9.9.9", true}, /* mapped, whatever is behind it */
    };
    static const struct value public_ones[] = {
        {"ip:9.9.9.9", true},  {"ip:10.9.9.9", false},  {"ip:2620:fe::9", true},
        {"ip:fd00::9", false}, {"ip:224.0.0.1", false}, /* ip.multicast's */
    };
    judge_values("private", "", "ip.multicast", multicast, NITEMS(multicast));
    judge_values("tls", "", "ip.reserved", reserved, NITEMS(reserved));
    judge_values("private", "", "ip.private-range", public_ones, NITEMS(public_ones));
}

static void test_address_allowed(void **state)
{
    (void)state;
    static const struct value inside[] = {
        {"ip:9.9.9.255", false}, {"ip:9.9.10.0", true}, {"ip:2620:fe::9", true}};
    static const char *const blocks = "  ip.allowed: {cidrs: [9.9.9.0/24]}\n";
    judge_values("tls", blocks, "ip.allowed", inside, NITEMS(inside));
    judge_values("private", blocks, "ip.allowed", inside, NITEMS(inside));
    const char *item = "{common_name: www.example.com, san: ['ip:9.9.9.9']}";
    assert_int_equal(severity_in("tls", "", item, "ip.allowed"), SEV_ERROR);
    assert_int_equal(severity_in("private", "", item, "ip.allowed"), SEV_DISABLED);
    assert_int_equal(severity_in("tls", "  ip.allowed: {allow: true}\n", item, "ip.allowed"),
                     SEV_DISABLED);
    /* a block that is none blocks the item instead of allowing or refusing everything */
    assert_int_equal(
        severity_in("private", "  ip.allowed: {cidrs: [9.9.9/24]}\n", item, "ip.allowed"),
        SEV_ERROR);
    /* the profile's own list is san.pattern.allow's */
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p = policy_from(&a, work,
                                   "certbatch_policy: 1\nname: fixture\nlevel: tls\n"
                                   "names:\n  ip: {allow: [{cidr: 9.9.9.0/24}]}\n");
    struct subject s;
    subject_from(&a, parse_yaml(&a, item), &s);
    assert_false(fires(p, &s, "ip.allowed", NULL));
    policy_free(p);
}

/* --- mailboxes --- */

static void test_mailbox(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    char local[66];
    memset(local, 'a', 65);
    local[65] = '\0';
    const char *l63 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /* 254 = 60 + @ + 193, 255 one more */
    const char *tail = arena_printf(&a, "%s.%s.%s.b", l63, l63, l63);
    const struct value values[] = {
        {"email:anna@example.com", false},
        {"email:anna.k+tag@example.com", false},
        {"email:o''neil@example.com", false},
        {"email:\"anna k\"@example.com", false},
        {"email:\"a@b\"@example.com", false},
        {"email:\"a\\\"b\"@example.com", false},
        {"email:\"anna@example.com", true},
        {"email:\"anna\"x@example.com", true},
        {"email:anna", true},
        {"email:@example.com", true},
        {"email:anna@", true},
        {"email:anna@b@example.com", true},
        {"email:.anna@example.com", true},
        {"email:anna.@example.com", true},
        {"email:an..na@example.com", true},
        {"email:an na@example.com", true},
        {"email:<anna@example.com>", true},
        {"email:anna@example.com(work)", true},
        {"email:mailto:anna@example.com", true},
        {"email:j\xc3\xbcrgen@example.com", true},
        {arena_printf(&a, "email:%.64s@example.com", local), false},
        {arena_printf(&a, "email:%.65s@example.com", local), true},
        {arena_printf(&a, "email:%.60s@%s", local, tail), false},
        {arena_printf(&a, "email:%.61s@%s", local, tail), true},
    };
    assert_int_equal(strlen(values[22].san) - strlen("email:"), 254);
    judge_values("private", "", "email.syntax", values, NITEMS(values));
}

static void test_mail_domain(void **state)
{
    (void)state;
    static const struct value everywhere[] = {
        {"email:a@example.com", false},
        {"email:a@EXAMPLE.com", false},
        {"email:a@example.com.", true},
        {"email:a@ex..com", true},
        {"email:a@-example.com", true},
        {"email:a@*.example.com", true},
        {"email:a@[192.0.2.1]", true},
        {"email:a@192.0.2.1", true},
        {"email:a@xn--99999999.com", true},
        {"email:a@xn--e-xbb.com", true},
        {"email:a@xn--mnchen-3ya.de", false},
        {"email:a@m\xc3\xbcnchen.de", false}, /* idn.u-label says it */
    };
    static const struct value public_only[] = {
        {"email:a@server01", true},       {"email:a@corp.internal", true},
        {"email:a@printer.local", true},  {"email:a@co.uk", true},
        {"email:a@ab--cd.de", true},      {"email:a@10.in-addr.arpa", true},
        {"email:a@example.co.uk", false},
    };
    judge_values("private", "", "email.domain", everywhere, NITEMS(everywhere));
    judge_values("smime", "", "email.domain", everywhere, NITEMS(everywhere));
    judge_values("smime", "", "email.domain", public_only, NITEMS(public_only));
    for (size_t i = 0; i < NITEMS(public_only); i++) {
        const struct value v = {public_only[i].san, false};
        judge_values("private", "", "email.domain", &v, 1);
    }
    const struct value u = {"email:a@m\xc3\xbcnchen.de", true};
    judge_values("smime", "", "idn.u-label", &u, 1);
}

static void test_mail_lists(void **state)
{
    (void)state;
    static const struct value exact[] = {{"email:a@example.com", false},
                                         {"email:a@Example.COM", false},
                                         {"email:a@mail.example.com", true},
                                         {"email:a@notexample.com", true}};
    static const struct value below[] = {{"email:a@mail.example.com", false},
                                         {"email:a@notexample.com", true}};
    judge_values("private", "  email.domain.allowed: {domains: [example.com]}\n",
                 "email.domain.allowed", exact, NITEMS(exact));
    judge_values("private",
                 "  email.domain.allowed: {domains: [example.com], include-subdomains: true}\n",
                 "email.domain.allowed", below, NITEMS(below));
    const char *person = "{common_name: Anna K, san: ['email:anna@gmail.com']}";
    const char *company = "{common_name: Anna K, subject: {organization: Example Corp},"
                          " san: ['email:anna@GMAIL.com']}";
    assert_int_equal(severity_in("smime", "", person, "email.public-provider"), SEV_DISABLED);
    assert_int_equal(severity_in("smime", "", company, "email.public-provider"), SEV_WARNING);
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static const char list[] = "# free mail\nposteo.de\n";
    (void)temp_write(&a, work, "free.txt", (struct span){(const uint8_t *)list, sizeof list - 1});
    company = "{common_name: Anna K, subject: {organization: Example Corp},"
              " san: ['email:anna@posteo.de']}";
    assert_int_equal(severity_in("smime", "", company, "email.public-provider"), SEV_DISABLED);
    assert_int_equal(severity_in("smime", "  email.public-provider: {files: [free.txt]}\n", company,
                                 "email.public-provider"),
                     SEV_WARNING);
}

/* --- URIs --- */

static void test_uri(void **state)
{
    (void)state;
    static const struct value syntax[] = {
        {"uri:https://www.example.com/a?b=c", false},
        {"uri:https://www.example.com/a#b", false},
        {"uri:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", false},
        {"uri:sip:anna@example.com", false},
        {"uri:http://[2001:db8::1]:8080/", false},
        {"uri:https://www.example.com/%41", false},
        {"uri:https://www.example.com/%4", true},
        {"uri:https://www.example.com/%4g", true},
        {"uri:www.example.com", true},
        {"uri://www.example.com/", true},
        {"uri:1https://www.example.com/", true},
        {"uri:https:", true},
        {"uri:https://", true},
        {"uri:https://www.example.com/a b", true},
        {"uri:https://www.example.com/{id}", true},
        {"uri:https://www.example.com/\xc3\xbc", true},
        {"uri:https://www.example.com/a#b#c", true},
        {"uri:https://www.example.com/a[1]", true},
        {"uri:https://www.example.com:80a/", true},
        {"uri:https://[2001:db8::1/", true},
    };
    static const struct value strict[] = {{"uri:https://www.example.com/a#b", true},
                                          {"uri:https://www.example.com/a", false}};
    static const struct value host[] = {
        {"uri:https://www.example.com:8443/", false},
        {"uri:https://anna@www.example.com/", false},
        {"uri:https://192.0.2.1/", false},
        {"uri:https://[2001:db8::1]:443/", false},
        {"uri:https://*.example.com/", false},
        {"uri:urn:x:y", false},
        {"uri:sip:anna@host", false},
        {"uri:spiffe://prod/web", false}, /* a trust domain */
        {"uri:https://intranet/", true},
        {"uri:https:///path", true},
        {"uri:https:www.example.com", true},
        {"uri:https://xn--99999999.example.com/", true},
        {"uri:https://*.com/", true},
        {"uri:https://a.*.com/", true},
        {"uri:https://ex_ample.com/", true},
        {"uri:https://[2001:db8::/", true},
        {"uri:https://192.0.2.256/", true},
    };
    static const struct value scheme[] = {{"uri:HTTPS://www.example.com/", false},
                                          {"uri:spiffe://prod/web", false},
                                          {"uri:http://www.example.com/", true},
                                          {"uri:www.example.com", false}};
    judge_values("private", "", "uri.syntax", syntax, NITEMS(syntax));
    judge_values("private", "  uri.syntax: {strict: true}\n", "uri.syntax", strict, NITEMS(strict));
    judge_values("private", "", "uri.host", host, NITEMS(host));
    judge_values("private", "", "uri.scheme", scheme, NITEMS(scheme));
}

/* Inputs of the URL parser tests of the web platform. Its rules are looser than RFC 3986; but what
 * even they refuse no rule of ours may let pass. */
struct urls {
    struct policy *policy;
    size_t refused, theirs, missed, valid, ours;
};

static void url_row(struct arena *unused, char *const *field, void *ctx)
{
    (void)unused;
    struct urls *u = ctx;
    const struct san_value san = {GN_URI, field[1]};
    const struct subject s = {.kind = SUBJECT_ORDER,
                              .file = "m",
                              .san = &san,
                              .nsan = 1,
                              .key_file_mode = -1,
                              .order_date = JUDGED_AT};
    const bool fired =
        fires(u->policy, &s, "uri.syntax", NULL) || fires(u->policy, &s, "uri.host", NULL);
    if (str_eq(field[0], "valid")) {
        u->valid++;
        u->ours += fired;
    } else if (fired) {
        u->refused++;
    } else if (strstr(field[1], ".0x") || strstr(field[1], ".0X")) {
        u->theirs++; /* a last label that browsers would read as a hexadecimal number */
    } else if (str_iends(field[1], ".xn--pokxncvks")) {
        u->theirs++; /* decodes, to characters that are a warning (idn.code-point) */
    } else {
        print_message("missed: %s\n", field[1]);
        u->missed++;
    }
}

static void test_url_inputs(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct urls u = {.policy = policy_of_level(&a, work, "private", "")};
    corpus_tsv(&a, CORPORA "idna/url_inputs.tsv", url_row, &u);
    policy_free(u.policy);
    print_message("%zu refused by both, %zu by them alone; of %zu valid ones "
                  "we refuse %zu\n",
                  u.refused, u.theirs, u.valid, u.ours);
    assert_int_equal(u.missed, 0);
    assert_true(u.refused > 100 && u.ours < u.valid);
}

static void test_spiffe(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    char path[2049];
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    const int fits = 2048 - (int)strlen("spiffe://prod/");
    const struct value values[] = {
        {"uri:spiffe://prod.example.com/ns/web/sa/front-end", false},
        {"uri:spiffe://prod.example.com", false},
        {"uri:spiffe://prod.example.com/", true},
        {"uri:spiffe://prod.example.com//web", true},
        {"uri:spiffe://prod.example.com/./web", true},
        {"uri:spiffe://prod.example.com/../web", true},
        {"uri:spiffe://prod.example.com/...", false},
        {"uri:spiffe://prod.example.com/a%41", true},
        {"uri:spiffe://Prod.example.com/web", true},
        {"uri:SPIFFE://prod.example.com/web", false},
        {"uri:spiffe://a@prod.example.com/web", true},
        {"uri:spiffe://prod.example.com:443/web", true},
        {"uri:spiffe://prod.example.com/web?x", true},
        {"uri:spiffe://prod.example.com/web#x", true},
        {"uri:spiffe:///web", true},
        {"uri:spiffe:web", true},
        {arena_printf(&a, "uri:spiffe://prod/%.*s", fits, path), false},
        {arena_printf(&a, "uri:spiffe://prod/%.*s", fits + 1, path), true},
    };
    static const struct value trust[] = {{"uri:spiffe://prod.example.com/web", false},
                                         {"uri:spiffe://test.example.com/web", true}};
    judge_values("private", "", "uri.spiffe", values, NITEMS(values));
    judge_values("private", "  uri.spiffe: {trust-domains: [prod.example.com]}\n", "uri.spiffe",
                 trust, NITEMS(trust));
    assert_int_equal(severity_in("private", "",
                                 "{san: ['uri:spiffe://prod/web', 'uri:https://example.com/']}",
                                 "uri.spiffe"),
                     SEV_ERROR);
    assert_int_equal(severity_in("private", "",
                                 "{san: ['uri:https://example.org/', 'uri:https://example.com/']}",
                                 "uri.spiffe"),
                     SEV_DISABLED);
}

/* --- names of requests --- */

static const struct {
    const char *level, *rules, *item, *rule;
    enum severity severity;
} requests[] = {
    {"tls", "", "{csr: ms.sid.pem}", "ms.sid", SEV_ERROR},
    {"private", "", "{csr: ms.sid.pem, ca: local-lab}", "ms.sid", SEV_DISABLED},
    {"private", "", "{csr: ms.sid.pem, ca: adcs-corp}", "ms.sid", SEV_WARNING},
    {"private", "", "{csr: ms.sid.pem, ca: adcs-corp, sid: S-1-5-21-1-2-3-1104}", "ms.sid",
     SEV_DISABLED},
    {"private", "", "{csr: ms.sid.pem, ca: adcs-corp, sid: S-1-5-21-1-2-3-110}", "ms.sid",
     SEV_WARNING},
    {"private", "", "{csr: good.pem, ca: adcs-corp, sid: S-1-5-21-1-2-3-1104}", "ms.sid",
     SEV_DISABLED},
    {"private", "", "{csr: good-upn.pem}", "othername.oid", SEV_ERROR},
    {"private", "  othername.oid: {allowed: [1.3.6.1.4.1.311.20.2.3]}\n", "{csr: good-upn.pem}",
     "othername.oid", SEV_DISABLED},
    {"smime", "", "{csr: good-smtputf8.pem}", "othername.oid", SEV_DISABLED},
    {"private", "", "{csr: good-smtputf8.pem}", "othername.oid", SEV_ERROR},
    {"smime", "", "{csr: email.smtputf8.pem, order_date: 2024-04-30}", "email.smtputf8",
     SEV_DISABLED},
    {"smime", "", "{csr: email.smtputf8.pem, order_date: 2024-05-01}", "email.smtputf8", SEV_ERROR},
    {"private", "", "{csr: good-dirname.pem}", "dirname.allowed", SEV_ERROR},
    {"private", "  dirname.allowed: {allow: true}\n", "{csr: good-dirname.pem}", "dirname.allowed",
     SEV_DISABLED},
    /* allowed, and then judged as a subject: a country of three letters */
    {"private", "  dirname.allowed: {allow: true}\n", "{csr: dirname.allowed.pem}",
     "dirname.allowed", SEV_ERROR},
    {"tls", "  dirname.allowed: {allow: true}\n", "{csr: good-dirname.pem}", "dirname.allowed",
     SEV_ERROR},
    {"private", "  upn.realm: {realms: [CORP.example.com]}\n", "{csr: good-upn.pem}", "upn.realm",
     SEV_DISABLED},
    {"private", "  upn.realm: {realms: [example.com]}\n", "{csr: good-upn.pem}", "upn.realm",
     SEV_ERROR},
    {"ev", "", "{common_name: www.example.com, san: ['ip:9.9.9.9']}", "ip.ev", SEV_ERROR},
    {"ov", "", "{common_name: www.example.com, san: ['ip:9.9.9.9']}", "ip.ev", SEV_DISABLED},
    {"tls", "", "{common_name: www.example.com, san: ['ip:10.0.0.1'], order_date: 2015-10-31}",
     "ip.reserved", SEV_DISABLED},
    {"tls", "", "{common_name: www.example.com, san: ['ip:10.0.0.1'], order_date: 2015-11-01}",
     "ip.reserved", SEV_ERROR},
    {"tls", "", "{common_name: ab--c.example.com, order_date: 2021-09-30}", "idn.r-ldh",
     SEV_DISABLED},
    {"tls", "", "{common_name: ab--c.example.com, order_date: 2021-10-01}", "idn.r-ldh", SEV_ERROR},
};

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < NITEMS(requests); i++) {
        enum severity got =
            severity_in(requests[i].level, requests[i].rules, requests[i].item, requests[i].rule);
        if (got != requests[i].severity) {
            fail_msg("%s in %s on %s: %s", requests[i].rule, requests[i].level, requests[i].item,
                     severity_name(got));
        }
    }
}

/* --- where findings point --- */

static const struct finding *finding_of(const struct findings *list, const char *rule, size_t nth)
{
    for (size_t i = 0; i < list->n; i++) {
        if (str_eq(list->v[i].rule, rule) && nth-- == 0) {
            return &list->v[i];
        }
    }
    fail_msg("%s does not fire", rule);
    return NULL;
}

static void test_places(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct policy_scratch scratch = {0};
    struct policy *p = policy_of_level(&a, work, "ev", "");
    struct subject s;
    const struct ynode *map = parse_yaml(&a, "common_name: www.example.com\n"
                                             "ev:\n"
                                             "  contract_signer: {email: anna@gmail.com}\n"
                                             "san:\n"
                                             "  - m\xc3\xbcnchen.example.com\n"
                                             "  - ip:010.0.0.1\n");
    subject_from(&a, map, &s);
    const struct ynode *san = yaml_get(map, "san");
    const struct ynode *const at[] = {san->first, san->first->next};
    s.san_at = at;
    policy_judge(p, &s, &scratch, &a, &findings, NULL);
    const struct finding *f = finding_of(&findings, "idn.u-label", 0);
    assert_int_equal(f->line, 5);
    assert_int_equal(f->column, 5);
    assert_non_null(strstr(f->message, "xn--mnchen-3ya.example.com"));
    assert_non_null(f->edit); /* lint --fix writes the A-labels */
    assert_string_equal(f->edit->text, "xn--mnchen-3ya.example.com");
    f = finding_of(&findings, "ip.length", 0);
    assert_int_equal(f->line, 6);
    assert_int_equal(f->column, 5);
    assert_non_null(strstr(f->message, "leading zero"));
    f = finding_of(&findings, "email.public-provider", 0);
    assert_int_equal(f->line, 3);
    assert_int_equal(f->column, 28);
    assert_string_equal(f->value, "anna@gmail.com");
    policy_free(p);
    arena_release(&scratch.arena);
}

/* The attributes of a directory name point into the file, not into the name. */
static void test_directory_places(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct policy_scratch scratch = {0};
    struct policy *p = policy_of_level(&a, work, "private", "  dirname.allowed: {allow: true}\n");
    struct subject s = {.kind = SUBJECT_CSR_FILE,
                        .file = "x.csr",
                        .csr_file = "x.csr",
                        .key_file_mode = -1,
                        .order_date = JUDGED_AT};
    s.csr = read_csr(&a, SAMPLES "dirname.allowed.pem");
    policy_judge(p, &s, &scratch, &a, &findings, NULL);
    const struct finding *country = finding_of(&findings, "dirname.allowed", 0);
    const struct finding *empty = finding_of(&findings, "dirname.allowed", 1);
    assert_string_equal(empty->message, "O is empty");
    assert_string_equal(country->value, "usa");
    const struct span der = s.csr->der;
    assert_true(country->offset > 0 && (size_t)country->offset + 12 <= der.n);
    /* SEQUENCE { OID 2.5.4.6, UTF8String or PrintableString "usa" } */
    assert_memory_equal(der.p + country->offset + 2, "\x06\x03\x55\x04\x06", 5);
    assert_memory_equal(der.p + country->offset + 9, "usa", 3);
    policy_free(p);
    arena_release(&scratch.arena);
}

/* Names as a hostile request may hold them: every check runs over them and none stumbles. */
static void test_hostile(void **state)
{
    (void)state;
    static const enum gn_type types[] = {GN_DNS, GN_IP, GN_EMAIL, GN_URI};
    static const char alphabet[] = "axn-.@:/#?%[]*_ \"\\<(\xc3\xbc\xd7\x90\xcc\x80\xff\x01"
                                   "09";
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p = policy_of_level(&a, work, "private", "");
    uint32_t seed = 1;
    for (size_t round = 0; round < 3000; round++) {
        CLEANUP(arena_release) struct arena keep = ARENA_INIT;
        CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
        struct policy_scratch scratch = {0};
        char text[64];
        size_t n = 0;
        if (round % 3 == 0) {
            memcpy(text, "xn--", 4);
            n = 4;
        }
        for (size_t end = n + round % 40; n < end; n++) {
            seed = seed * 1664525u + 1013904223u;
            text[n] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        text[n] = '\0';
        const struct san_value san = {types[round % NITEMS(types)], text};
        const struct subject s = {.kind = SUBJECT_ORDER,
                                  .file = "m",
                                  .san = &san,
                                  .nsan = 1,
                                  .key_file_mode = -1,
                                  .order_date = JUDGED_AT};
        policy_judge(p, &s, &scratch, &keep, &findings, NULL);
        for (size_t i = 0; i < findings.n; i++) {
            const struct finding *f = &findings.v[i];
            bool ours = str_starts(f->rule, "idn.") || str_starts(f->rule, "ip.") ||
                        str_starts(f->rule, "email.") || str_starts(f->rule, "uri.");
            if (ours && (!utf8_valid(f->message, strlen(f->message)) ||
                         strstr(f->message, "could not be carried out") || strchr(f->message, 1))) {
                fail_msg("%s: %s", f->rule, f->message);
            }
        }
        arena_release(&scratch.arena);
    }
    policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_text),
        cmocka_unit_test(test_address_blocks),
        cmocka_unit_test(test_address_allowed),
        cmocka_unit_test(test_mailbox),
        cmocka_unit_test(test_mail_domain),
        cmocka_unit_test(test_mail_lists),
        cmocka_unit_test(test_uri),
        cmocka_unit_test(test_url_inputs),
        cmocka_unit_test(test_spiffe),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_directory_places),
        cmocka_unit_test(test_hostile),
    };
    return !!cmocka_run_group_tests(tests, make_work, remove_work);
}
