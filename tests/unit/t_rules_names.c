/* SPDX-License-Identifier: Apache-2.0
 *
 * Names: the helpers of policy/names.h, the vectors of boulder's policy authority and of the
 * Public Suffix List, and the verdicts of rules about names in views that differ.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/rules_fixture.h"
#include "tests/unit/work_fixture.h"

#include "policy/names.h"

/* --- helpers --- */

static void test_labels(void **state)
{
    (void)state;
    assert_int_equal(name_labels(""), 0);
    assert_int_equal(name_labels("a"), 1);
    assert_int_equal(name_labels("a.b.c"), 3);
    assert_string_equal(name_base("*.a.b"), "a.b");
    assert_string_equal(name_base("*a.b"), "*a.b");
    assert_string_equal(name_last_label("a.b"), "b");
    assert_true(name_under("a.example.com", "example.com"));
    assert_true(name_under("example.com", "example.com"));
    assert_false(name_under("badexample.com", "example.com"));
    assert_false(name_under("com", "example.com"));
    assert_false(name_under("a.b", ""));
    assert_true(wildcard_covers("*.example.com", "a.example.com"));
    assert_false(wildcard_covers("*.example.com", "a.b.example.com"));
    assert_false(wildcard_covers("*.example.com", "example.com"));
    assert_false(wildcard_covers("*.example.com", "*.example.com"));
}

static void test_tlds(void **state)
{
    (void)state;
    const int64_t day = DAY_SECONDS;
    assert_true(tld_is_delegated("com", 0));
    assert_true(tld_is_delegated("aaa", JUDGED_AT));
    assert_true(tld_is_delegated("zw", JUDGED_AT));
    assert_false(tld_is_delegated("onion", JUDGED_AT));
    assert_false(tld_is_delegated("corp", JUDGED_AT));
    assert_false(tld_is_delegated("internal", JUDGED_AT));
    assert_false(tld_is_delegated("", JUDGED_AT));
    assert_false(tld_is_delegated("c", JUDGED_AT));
    assert_false(tld_is_delegated("comm", JUDGED_AT));
    /* aaa was delegated on 2015-08-28, day 16675 */
    assert_false(tld_is_delegated("aaa", 16675 * day - 1));
    assert_true(tld_is_delegated("aaa", 16675 * day));
}

/* Every word of the table, both ends of its days. */
static void test_tld_table(void **state)
{
    (void)state;
    size_t count = 0, gone = 0;
    for (const char *const *line = names_tld_words; *line; line++) {
        for (const char *p = *line; *p; p = strchr(p, ' ') + 1) {
            CLEANUP(arena_release) struct arena a = ARENA_INIT;
            char *word = arena_strndup(&a, p, strcspn(p, " "));
            char *days = strchr(word, ':');
            char *until = days ? strchr(days, '-') : NULL;
            uint64_t end = 0;
            if (days) {
                *days++ = '\0';
            }
            if (until) {
                assert_true(str_u64(until + 1, &end));
                assert_false(tld_is_delegated(word, (int64_t)end * DAY_SECONDS));
                assert_true(tld_is_delegated(word, (int64_t)end * DAY_SECONDS - 1));
                gone++;
            } else {
                assert_true(tld_is_delegated(word, JUDGED_AT));
            }
            count++;
        }
    }
    assert_true(count > 1500);
    assert_true(gone > 100);
}

static void test_addresses(void **state)
{
    (void)state;
    uint8_t v[16];
    char text[ADDRESS_TEXT];
    static const char *const bad[] = {"",          "1.2.3",     "1.2.3.4.5", "01.2.3.4",
                                      "1.2.3.256", "0x1.2.3.4", "1.2.3.4/8", "::1%lo",
                                      "1::2::3",   "::1/64",    " 1.2.3.4",  "::g"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        if (address_parse(bad[i], v)) {
            fail_msg("%s is taken for an address", bad[i]);
        }
    }
    assert_int_equal(address_parse("192.0.2.7", v), 4);
    assert_true(address_in(v, 4, "192.0.2.0/24") && address_in(v, 4, "192.0.2.7"));
    assert_true(address_in(v, 4, "192.0.0.0/20") && !address_in(v, 4, "192.0.16.0/20"));
    assert_true(address_in(v, 4, "0.0.0.0/0") && !address_in(v, 4, "::/0"));
    assert_false(address_in(v, 4, "192.0.2.0/33"));
    assert_false(address_in(v, 4, "192.0.2.0/x"));
    assert_int_equal(address_parse("2001:DB8:0:0::1", v), 16);
    address_text(v, 16, text);
    assert_string_equal(text, "2001:db8::1");
}

static void reserved_row(struct arena *a, char *const *field, void *ctx)
{
    (void)a;
    uint8_t v[16];
    size_t *rows = ctx;
    field[0][strcspn(field[0], "/%")] =
        '\0'; /* its parser takes prefixes and zones, ours refuses */
    size_t n = address_parse(field[0], v);
    assert_true(n > 0);
    bool want = strcmp(field[1], "not reserved") != 0;
    /* boulder's list holds multicast too, which is in no registry */
    bool multicast = (n == 4 && (v[0] & 0xF0) == 0xE0) || (n == 16 && v[0] == 0xFF);
    if (!multicast && (address_reserved(v, n) != NULL) != want) {
        fail_msg("%s: %s", field[0], field[1]);
    }
    (*rows)++;
}

static void test_reserved(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    size_t rows = 0;
    corpus_tsv(&a, CORPORA "boulder/vectors/reserved_ip.tsv", reserved_row, &rows);
    assert_true(rows > 10);
}

/* checkPublicSuffix('input', 'registrable') lines; null = none. The vectors use rules that do
 * not change between versions of the list. */
static void test_public_suffix(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct span file = corpus_read(&a, CORPORA "psl/test_psl.txt");
    const char *text = arena_strndup(&a, (const char *)file.p, file.n);
    const char *p = text;
    size_t checked = 0, other = 0;
    assert_true(names_have_suffixes());
    while ((p = strstr(p, "checkPublicSuffix('")) != NULL) {
        const char *in = p + strlen("checkPublicSuffix('");
        size_t n = strcspn(in, "'");
        const char *out = in + n + 3;
        const char *name = str_lower(&a, arena_strndup(&a, in, n));
        const char *want =
            *out == '\'' ? str_lower(&a, arena_strndup(&a, out + 1, strcspn(out + 1, "'"))) : NULL;
        const char *ascii = name[0] == '.' ? NULL : name_to_ascii(&a, name, strlen(name));
        const char *want_ascii = want ? name_to_ascii(&a, want, strlen(want)) : NULL;
        bool comment = p >= text + 2 && p[-1] == '/' && p[-2] == '/'; /* not agreed on upstream */
        p = out;
        if (ascii && !comment) {
            checked++;
            if (!str_eq(name_registrable(ascii), want_ascii)) {
                print_message("%s\n", ascii);
                other++;
            }
        }
    }
    assert_true(checked > 60);
    assert_int_equal(other, 0);
    assert_true(name_is_public_suffix("co.uk") && !name_is_public_suffix("example.co.uk"));
    assert_true(name_is_private_suffix("github.io") && !name_is_private_suffix("com"));
    assert_false(name_is_public_suffix("github.io"));
}

static void test_idna(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *name = "m\xc3\xbcnchen.example";
    assert_string_equal(name_to_ascii(&a, name, strlen(name)), "xn--mnchen-3ya.example");
    assert_null(name_to_ascii(&a, "a\xff.example", 10));
    assert_null(name_to_ascii(&a, "a\0b", 3));
}

/* --- boulder's vectors: which of our rules must catch what its policy authority refuses --- */

static const struct {
    const char *error;
    const char *rules[8];
} boulder_errors[] = {
    {"errEmptyIdentifier", {"san.empty-name"}},
    {"errInvalidDNSCharacter",
     {"dns.charset", "dns.url", "dns.underscore", "dns.label.hyphen", "dns.case",
      "wildcard.position", "idn.u-label"}},
    {"errNameTooLong", {"dns.name.length"}},
    {"errIPAddressInDNS", {"dns.is-ip"}},
    {"errTooManyLabels", {"dns.labels.max"}},
    {"errTooFewLabels", {"dns.labels.min", "dns.label.empty"}},
    {"errLabelTooShort", {"dns.label.empty"}},
    {"errLabelTooLong", {"dns.label.length"}},
    {"errMalformedIDN", {"idn.punycode", "idn.nfc"}},
    {"errInvalidRLDH", {"idn.r-ldh"}},
    {"errTooManyWildcards", {"wildcard.multiple"}},
    {"errMalformedWildcard", {"wildcard.position"}},
    {"errNameEndsInDot", {"dns.trailing-dot"}},
    {"errICANNTLD", {"dns.public-suffix"}},
    {"errICANNTLDWildcard", {"wildcard.public-suffix"}},
    {"errIPInvalid", {"ip.length"}},
    {"errReservedIP", {"ip.reserved"}},
    {"errNonPublic",
     {"name.tld.delegated", "dns.labels.min", "dns.numeric-tld", "name.special-use"}},
};

struct boulder {
    struct policy *policy;
    size_t checked, skipped, spelled, wrong;
};

/* boulder wants the one canonical text of an address; an order may spell it in any way RFC 4291
 * has, because the certificate holds octets. */
static bool other_spelling(const char *text)
{
    uint8_t octets[16];
    return address_parse(text, octets) == 16;
}

static bool any_fires(const struct policy *p, const struct subject *s, const char *const *rules)
{
    bool fired = false;
    for (size_t i = 0; i < 8 && rules[i]; i++) {
        fired |= rule_find(rules[i]) && fires(p, s, rules[i], NULL);
    }
    return fired;
}

static void boulder_row(struct arena *unused, char *const *field, void *ctx)
{
    (void)unused;
    struct boulder *b = ctx;
    const bool ip = strcmp(field[0], "ip") == 0;
    const struct san_value san = {ip ? GN_IP : GN_DNS, field[1]};
    const struct subject s = {.kind = SUBJECT_ORDER,
                              .file = "m",
                              .san = &san,
                              .nsan = 1,
                              .ca_public = true,
                              .key_file_mode = -1,
                              .order_date = JUDGED_AT};
    for (size_t i = 0; i < NITEMS(boulder_errors); i++) {
        if (!str_starts(field[2], boulder_errors[i].error) ||
            strlen(boulder_errors[i].error) != strcspn(field[2], " (")) {
            continue;
        }
        const char *const *rules = boulder_errors[i].rules;
        bool here = rule_find(rules[0]) != NULL; /* a group of another file may not be there */
        b->skipped += !here;
        b->checked += here;
        if (ip && str_starts(field[2], "errIPInvalid") && other_spelling(field[1])) {
            b->spelled++;
        } else if (here && !any_fires(b->policy, &s, rules)) {
            print_message("%s: boulder says %s, we say nothing\n", field[1], field[2]);
            b->wrong++;
        }
        return;
    }
    b->skipped++; /* valid, or forbidden by boulder's own lists */
    for (size_t i = 0; str_eq(field[2], "valid") && i < NITEMS(boulder_errors); i++) {
        if (any_fires(b->policy, &s, boulder_errors[i].rules)) {
            print_message("%s: boulder takes it, we say %s\n", field[1],
                          boulder_errors[i].rules[0]);
            b->wrong++;
        }
    }
}

static void test_boulder(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct boulder b = {.policy = policy_of_level(&a, work, "tls", "")};
    corpus_tsv(&a, CORPORA "boulder/vectors/identifiers.tsv", boulder_row, &b);
    policy_free(b.policy);
    print_message(
        "%zu names checked, %zu valid or listed there, %zu addresses in another spelling\n",
        b.checked, b.skipped, b.spelled);
    assert_int_equal(b.wrong, 0);
    assert_int_equal(b.spelled, 6);
    assert_true(b.checked > 80);
}

/* --- severity by scope and view --- */

static enum severity severity_in(const char *level, const char *item, const char *rule)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p = policy_of_level(&a, work, level, "");
    struct subject s;
    enum severity severity = SEV_DISABLED;
    subject_from(&a, parse_yaml(&a, item), &s);
    (void)fires(p, &s, rule, &severity);
    policy_free(p);
    return severity;
}

static void test_severities(void **state)
{
    (void)state;
    static const struct {
        const char *level, *item, *rule;
        enum severity severity;
    } cases[] = {
        {"tls", "{common_name: printer.local}", "name.special-use", SEV_ERROR},
        {"private", "{common_name: printer.local}", "name.special-use", SEV_WARNING},
        {"tls", "{common_name: www.example.com}", "name.special-use", SEV_WARNING},
        {"private", "{common_name: www.example.com}", "name.special-use", SEV_DISABLED},
        {"private", "{common_name: a_b.example.com}", "dns.underscore", SEV_WARNING},
        {"private", "{common_name: server01}", "dns.labels.min", SEV_DISABLED},
        {"dv", "{csr: subject.ou.forbidden.pem}", "subject.ou.forbidden", SEV_ERROR},
        {"dv", "{csr: subject.ou.forbidden.pem, common_name: www.example.com}",
         "subject.ou.forbidden", SEV_WARNING},
        {"private", "{csr: subject.ou.forbidden.pem}", "subject.ou.forbidden", SEV_DISABLED},
        {"ov", "{csr: subject.email.tls.pem}", "subject.email.tls", SEV_WARNING},
        {"dv", "{csr: subject.email.tls.pem}", "subject.email.tls", SEV_ERROR},
        {"private", "{csr: csr.der.strict.pem}", "csr.der.strict", SEV_WARNING},
        /* the request names what the order does not: it will not be certified */
        {"tls", "{csr: good.pem, san: [api.example.com]}", "san.order.mismatch", SEV_ERROR},
        {"tls", "{csr: good.pem}", "san.order.mismatch", SEV_DISABLED},
        /* an order's common name is sent as a name */
        {"tls", "{common_name: www.example.com, san: [api.example.com]}", "subject.cn.in-san",
         SEV_DISABLED},
        {"tls", "{common_name: www.example.com}", "san.required", SEV_DISABLED},
        {"tls", "{csr: san.required.pem}", "san.required", SEV_ERROR},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        enum severity got = severity_in(cases[i].level, cases[i].item, cases[i].rule);
        if (got != cases[i].severity) {
            fail_msg("%s %s in %s: %s", cases[i].rule, cases[i].item, cases[i].level,
                     severity_name(got));
        }
    }
}

/* What a user of the private pack sees for a plain order: nothing. */
static void test_private_is_quiet(void **state)
{
    (void)state;
    static const char *const items[] = {
        "{common_name: www.example.com, key: ec-p256}",
        "{common_name: server01.corp, san: [server01.corp, 'ip:10.1.2.3'], key: rsa-2048}",
        "{common_name: Build Robot 7, san: [robot7.example.internal], key: ed25519}",
        "{common_name: www.example.com, subject: {organization: Example Corp, country: US,"
        " organizational_unit: IT}, key: ec-p384}",
    };
    for (size_t i = 0; i < NITEMS(items); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
        struct policy_scratch scratch = {0};
        struct policy *p =
            policy_from(&a, work, "certbatch_policy: 1\nname: fixture\nextends: [private]\n");
        struct subject s;
        subject_from(&a, parse_yaml(&a, items[i]), &s);
        s.ca_type = "local";
        s.ca_public = false;
        s.ca_reads_csr_names = true;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),     cmocka_unit_test(test_tlds),
        cmocka_unit_test(test_tld_table),  cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_reserved),   cmocka_unit_test(test_public_suffix),
        cmocka_unit_test(test_idna),       cmocka_unit_test(test_boulder),
        cmocka_unit_test(test_severities), cmocka_unit_test(test_private_is_quiet),
    };
    return !!cmocka_run_group_tests(tests, make_work, remove_work);
}
