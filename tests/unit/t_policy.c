/* SPDX-License-Identifier: Apache-2.0
 *
 * Policy files: what is refused, how layers add up, which profile judges what, what the digest
 * depends on.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/json_in.h"
#include "tests/unit/policy_fixture.h"

#define HEAD "certbatch_policy: 1\nname: t\nextends: [cabf-tls]\n"

/* --- refusals --- */

static void refused_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rule;
        uint32_t line, column;
    } rows[] = {
        {"name: t\n", "policy.schema", 1, 1},
        {"certbatch_policy: 2\nname: t\n", "policy.schema", 1, 19},
        {HEAD "nmae: t\n", "policy.schema", 4, 1},
        {HEAD "calendars: []\n", "policy.schema", 4, 12},
        {HEAD "calendars: {a b: []}\n", "policy.schema", 4, 18},
        {HEAD "calendars: {a: {}}\n", "policy.schema", 4, 16},
        {HEAD "calendars: {a: [{from: 2026-12-18}]}\n", "policy.schema", 4, 17},
        {HEAD "calendars: {a: [{from: 2026-12-18, to: 2026-12-18}]}\n", "policy.schema", 4, 40},
        {HEAD "calendars: {a: [{from: 2026-12-18T00:00:00, to: 2026-12-19}]}\n",
         "manifest.timezone", 4, 24},
        {HEAD "profiles:\n  a: {levle: ov}\n", "policy.schema", 5, 7},
        {HEAD "rules: {a.b: error}\n", "policy.rule.unknown", 4, 9},
        {HEAD "rules: {policy.schema: info}\n", "policy.rule.unknown", 4, 9},
        {HEAD "rules: {key.rsa.min-bits: {min: 1024}}\n", "policy.param", 4, 33},
        {HEAD "rules: {key.rsa.min-bits: {min: many}}\n", "policy.param", 4, 33},
        {HEAD "rules: {key.rsa.min-bits: {mni: 2048}}\n", "policy.param", 4, 28},
        {HEAD "rules: {key.rsa.min-bits: off}\n", "policy.param", 4, 27},
        {HEAD "rules: {key.type.allowed: {allowed: {plus: [x]}}}\n", "policy.param", 4, 44},
        {HEAD "rules: {key.type.allowed: {steps: [{from: 2027-01-01, until: 2027-01-01}]}}\n",
         "policy.param", 4, 36},
        {HEAD "rules: {key.type.allowed: {steps: [{severity: warning, from: soon}]}}\n",
         "policy.param", 4, 62},
        {HEAD "rules: {csr.pem.private-key: disabled}\n", "policy.severity.lowered", 4, 30},
        {HEAD "rules: {csr.pem.private-key: {steps: [{severity: info}]}}\n",
         "policy.severity.lowered", 4, 50},
        {HEAD "names: {dns: {allow: [example.com]}}\n", "policy.schema", 4, 23},
        {HEAD "names: {dns: {allow: [{cidr: 10.0.0.0/8}]}}\n", "policy.schema", 4, 30},
        {HEAD "names: {ip: {allow: [{cidr: 10.0.0.0/33}]}}\n", "policy.schema", 4, 29},
        {HEAD "names: {dns: {allow: [{glob: 'a*.example.com'}]}}\n", "policy.schema", 4, 30},
        {HEAD "names: {dns: {allow: [{tree: '*.example.com'}]}}\n", "policy.schema", 4, 30},
        {HEAD "names: {dns: {allow: [{regex: '('}]}}\n", "policy.regex", 4, 31},
        {HEAD "names: {ip: {wildcard: {allow: true}}}\n", "policy.schema", 4, 24},
        {HEAD "subject: {Organization: {required: true}}\n", "policy.schema", 4, 0},
        {HEAD "extends2: [x]\n", "policy.schema", 4, 1},
        {"certbatch_policy: 1\nname: t\nextends: [absent-pack]\n", "policy.extends", 3, 11},
        {"certbatch_policy: 1\nname: t\nextends: [./absent.yaml]\n", "policy.extends", 3, 11},
        {"certbatch_policy: 1\nname: t\nextends: [./p.yaml]\n", "policy.extends", 3, 11},
        {HEAD "profiles:\n  a: {extends: [b]}\n  b: {extends: [a]}\n", "policy.extends", 6, 17},
        {HEAD "data: {blocklist: {files: [keys.txt], sha256: \"00\"}}\n", "policy.data.missing", 4,
         28},
        {HEAD "data: {psl: {files: [keys.txt]}}\n", "policy.schema", 4, 0},
        {HEAD "samples: [{by: key.dsa}]\n", "policy.schema", 4, 11},
    };
    struct bench b;
    bench_begin(&b);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if (bench_open(&b, rows[i].text)) {
            fail_msg("row %zu was accepted", i);
        }
        assert_int_equal(b.err.code, ERR_INPUT);
        assert_null(b.policy);
        const struct finding *f = found(&b.findings, rows[i].rule);
        if (!f || f->line != rows[i].line || (rows[i].column && f->column != rows[i].column) ||
            !strstr(f->file, "p.yaml")) {
            const struct finding *g = f ? f : &b.findings.v[0];
            fail_msg("row %zu: %s %s:%u:%u %s", i, g->rule, g->file, g->line, g->column,
                     g->message);
        }
    }
    bench_end(&b);
}

static void chain_of_files(struct bench *b, unsigned length)
{
    for (unsigned i = 0; i < length; i++) {
        char name[32];
        char text[128];
        snprintf(name, sizeof name, "c%u.yaml", i);
        snprintf(text, sizeof text, "certbatch_policy: 1\nname: c%u\n", i);
        if (i + 1 < length) {
            snprintf(text + strlen(text), sizeof text - strlen(text), "extends: ./c%u.yaml\n",
                     i + 1);
        }
        bench_file(b, name, text);
    }
}

static void depth_of_extends(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b);
    chain_of_files(&b, 9); /* eight steps */
    assert_true(bench_open_with(&b, "./c0.yaml", NULL, 0));
    chain_of_files(&b, 10);
    assert_false(bench_open_with(&b, "./c0.yaml", NULL, 0));
    assert_non_null(strstr(must(&b.findings, "policy.extends")->message, "more than 8"));

    char text[1024] = HEAD "profiles:\n  q0: {abstract: true}\n";
    for (unsigned i = 1; i <= 9; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "  q%u: {extends: q%u}\n", i,
                 i - 1);
        assert_int_equal(bench_open(&b, text), i <= 8);
    }
    bench_end(&b);
}

/* --- layers --- */

static const struct active *rule_in(const struct bench *b, const char *profile, const char *id)
{
    static const struct active none;
    const struct profile *p = b->policy->bases[0];
    for (size_t i = 0; profile && i < b->policy->nprofiles; i++) {
        p = str_eq(b->policy->profiles[i]->name, profile) ? b->policy->profiles[i] : p;
    }
    for (size_t i = 0; i < p->nrules; i++) {
        if (str_eq(p->rules[i].row->id, id)) {
            return &p->rules[i];
        }
    }
    return &none;
}

static const char *words(struct bench *b, const char *profile, const char *id)
{
    const struct strlist *l = &rule_in(b, profile, id)->base.params[0].strings;
    char *out = arena_strdup(&b->arena, "");
    for (size_t i = 0; i < l->n; i++) {
        out = arena_printf(&b->arena, "%s%s%s", out, i ? " " : "", l->v[i]);
    }
    return out;
}

static void layers(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b);
    bench_file(&b, "base.yaml",
               "certbatch_policy: 1\nname: base\nextends: [private]\n"
               "rules:\n"
               "  key.type.allowed: {severity: warning, allowed: [ec-p256, ec-p384]}\n"
               "  key.rsa.min-bits: {min: 3072}\n"
               "  key.rsa.max-bits: disabled\n"
               "profiles:\n"
               "  web: {rules: {key.rsa.min-bits: {min: 4096}}}\n");
    assert_true(
        bench_open(&b, "certbatch_policy: 1\nname: t\nextends: ./base.yaml\n"
                       "rules:\n"
                       "  key.rsa.max-bits: {max: 8192}\n"
                       "profiles:\n"
                       "  web: {rules: {csr.size: {max-bytes: 2000}}}\n"
                       "  edit: {rules: {key.type.allowed: {allowed: {add: [ed25519, ec-p256], "
                       "remove: [ec-p384]}}}}\n"
                       "  reset: {rules: {key.type.allowed: null, key.rsa.min-bits: {min: null}}}\n"
                       "  resev: {rules: {key.type.allowed: {severity: null}}}\n"
                       "  child: {extends: [edit, web], rules: {key.rsa.max-bits: warning}}\n"
                       "  public: {extends: cabf-tls}\n"));
    /* file layers */
    assert_string_equal(words(&b, NULL, "key.type.allowed"), "ec-p256 ec-p384");
    assert_int_equal(rule_in(&b, NULL, "key.type.allowed")->base.severity, SEV_WARNING);
    assert_int_equal(rule_in(&b, NULL, "key.rsa.min-bits")->base.params[0].number, 3072);
    assert_null(rule_in(&b, NULL, "key.rsa.max-bits")->row); /* a parameter does not enable */
    /* two files add to one profile */
    assert_int_equal(rule_in(&b, "web", "key.rsa.min-bits")->base.params[0].number, 4096);
    assert_int_equal(rule_in(&b, "web", "csr.size")->base.params[0].number, 2000);
    /* edits of lists */
    assert_string_equal(words(&b, "edit", "key.type.allowed"), "ec-p256 ed25519");
    /* null: what the packs say, not what the row says */
    assert_string_equal(words(&b, "reset", "key.type.allowed"),
                        "rsa-2048 rsa-3072 rsa-4096 ec-p256 ec-p384 ec-p521 ed25519");
    assert_int_equal(rule_in(&b, "reset", "key.type.allowed")->base.severity, SEV_ERROR);
    assert_int_equal(rule_in(&b, "reset", "key.rsa.min-bits")->base.params[0].number, 2048);
    assert_string_equal(words(&b, "resev", "key.type.allowed"), "ec-p256 ec-p384");
    assert_int_equal(rule_in(&b, "resev", "key.type.allowed")->base.severity, SEV_ERROR);
    /* extends of profiles, in order, then the profile itself */
    assert_string_equal(words(&b, "child", "key.type.allowed"), "ec-p256 ed25519");
    assert_int_equal(rule_in(&b, "child", "key.rsa.min-bits")->base.params[0].number, 4096);
    assert_int_equal(rule_in(&b, "child", "key.rsa.max-bits")->base.severity, SEV_WARNING);
    assert_int_equal(rule_in(&b, "child", "key.rsa.max-bits")->base.params[0].number, 8192);
    /* a profile on top of a pack */
    assert_int_equal(b.policy->bases[0]->level, LEVEL_PRIVATE);
    for (size_t i = 0; i < b.policy->nprofiles; i++) {
        const struct profile *p = b.policy->profiles[i];
        assert_int_equal(p->level, str_eq(p->name, "public") ? LEVEL_TLS : LEVEL_PRIVATE);
    }
    bench_end(&b);
}

static void dated_steps(void **state)
{
    (void)state;
    struct bench b;
    struct subject s = plain_order();
    static const struct {
        const char *day;
        enum severity want;
    } rows[] = {{"2026-12-30", SEV_WARNING},
                {"2026-12-31", SEV_ERROR}, /* until is not included: back to the base */
                {"2027-01-01", SEV_INFO},
                {"2027-05-31", SEV_INFO},
                {"2027-06-01", SEV_DISABLED},
                {"2028-01-01", SEV_DISABLED}};
    s.key = "ec-p521";
    bench_begin(&b);
    assert_true(bench_open(&b,
                           HEAD "rules:\n  key.type.allowed:\n    steps:\n"
                                "      - {until: 2026-12-31, severity: warning}\n"
                                "      - {from: 2027-01-01, until: 2027-06-01, severity: info}\n"
                                "      - {from: 2027-06-01, allowed: {add: [ec-p521]}}\n"
                                "profiles: {flat: {rules: {key.type.allowed: warning}}}\n"));
    for (size_t i = 0; i < NITEMS(rows); i++) {
        s.order_date = day(rows[i].day);
        const struct finding *f = found(judge(&b, &s), "key.type.allowed");
        assert_int_equal(f ? f->severity : SEV_DISABLED, rows[i].want);
    }
    s.profile = "flat"; /* a later severity ends the steps below it */
    assert_int_equal(must(judge(&b, &s), "key.type.allowed")->severity, SEV_WARNING);
    bench_end(&b);
}

/* Off in one layer, on in another: the later one says, and a layer that only sets parameters, dates
 * or lists says nothing about it. `lower` is the file that is extended, `upper` the one that
 * extends it, `profile` what the item's profile says. */
static void disabled_layers(void **state)
{
    (void)state;
#define OFF  "rules: {key.type.allowed: disabled}\n"
#define ON   "rules: {key.type.allowed: warning}\n"
#define ONLY "rules: {key.type.allowed: {allowed: [ec-p256]}}\n"
#define FROM "rules: {key.type.allowed: {steps: [{from: 2027-01-01, severity: error}]}}\n"
#define PLUS                                                                                       \
    "rules: {key.type.allowed: {severity: disabled, steps: [{from: 2027-01-01, severity: "         \
    "error}]}}\n"
    static const struct {
        const char *lower, *upper, *profile;
        enum severity in_2026, in_2027;
    } rows[] = {
        {OFF, ON, "", SEV_WARNING, SEV_WARNING},
        {ON, OFF, "", SEV_DISABLED, SEV_DISABLED},
        {OFF, ONLY, "", SEV_DISABLED, SEV_DISABLED}, /* parameters do not switch on */
        {ON, ONLY, "", SEV_WARNING, SEV_WARNING},    /* and go with what is on */
        {ONLY, OFF, ON, SEV_WARNING, SEV_WARNING}, /* nor are they lost by being off for a while */
        {OFF, FROM, "", SEV_DISABLED, SEV_ERROR},  /* from a day on */
        {FROM, OFF, "", SEV_DISABLED, SEV_DISABLED}, /* a later word ends the dates below it */
        {OFF, PLUS, "", SEV_DISABLED, SEV_ERROR},    /* but not its own */
        {PLUS, ON, "", SEV_WARNING, SEV_WARNING},
        {ON, "", OFF, SEV_DISABLED, SEV_DISABLED}, /* a profile comes after all files */
        {"", OFF, ON, SEV_WARNING, SEV_WARNING},
        {"", OFF, "rules: {key.type.allowed: null}\n", SEV_ERROR, SEV_ERROR}, /* as the packs say */
        {"", OFF, "rules: {key.type.allowed: {severity: null}}\n", SEV_ERROR, SEV_ERROR},
        {"", OFF, "extends: cabf-tls\n", SEV_DISABLED, SEV_DISABLED}, /* it has no word on it */
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        struct subject s = plain_order();
        const enum severity want[] = {rows[i].in_2026, rows[i].in_2027};
        static const char *const days[] = {"2026-12-30", "2027-01-01"};
        bench_begin(&b);
        s.key = "ec-p521";
        s.profile = "web";
        bench_file(&b, "base.yaml",
                   arena_printf(&b.arena, "certbatch_policy: 1\nname: base\n%s", rows[i].lower));
        assert_true(bench_open(
            &b, arena_printf(&b.arena,
                             "certbatch_policy: 1\nname: t\nextends: [cabf-tls, ./base.yaml]\n%s"
                             "profiles:\n  web:\n    abstract: false\n    %s",
                             rows[i].upper, rows[i].profile)));
        for (size_t d = 0; d < NITEMS(days); d++) {
            s.order_date = day(days[d]);
            const struct finding *f = found(judge(&b, &s), "key.type.allowed");
            if ((f ? f->severity : SEV_DISABLED) != want[d]) {
                fail_msg("row %zu on %s: %s, not %s", i, days[d],
                         severity_name(f ? f->severity : SEV_DISABLED), severity_name(want[d]));
            }
        }
        bench_end(&b);
    }
#undef OFF
#undef ON
#undef ONLY
#undef FROM
#undef PLUS
}

static void audit_mode(void **state)
{
    (void)state;
    struct bench b;
    struct subject s = plain_order();
    s.key = "ec-p521";
    bench_begin(&b);
    assert_true(bench_open(&b, HEAD "mode: audit\n"
                                    "rules: {key.type.allowed: {steps: [{severity: error}]}}\n"
                                    "profiles: {real: {mode: enforce}}\n"));
    assert_true(policy_is_audit_only(b.policy, &s));
    assert_int_equal(must(judge(&b, &s), "key.type.allowed")->severity, SEV_WARNING);
    assert_int_equal(findings_count(judge(&b, &s), SEV_ERROR), 0);
    s.profile = "real";
    assert_false(policy_is_audit_only(b.policy, &s));
    assert_int_equal(must(judge(&b, &s), "key.type.allowed")->severity, SEV_ERROR);
    bench_end(&b);
}

/* --- which profile --- */

static void choosing(void **state)
{
    (void)state;
    static const struct product_info products[] = {
        {.ca_type = "x",
         .environment = "production",
         .code = "844",
         .name = "ov-ucc",
         .level = "ov"},
        {.ca_type = "x", .environment = "sandbox", .code = "844", .name = "dv", .level = "dv"},
        {.ca_type = "x", .code = "900", .name = "both", .level = "ov"},
    };
    struct bench b;
    bench_begin(&b);
    bench_file(&b, "p.yaml",
               HEAD "profiles:\n"
                    "  base: {abstract: true, products: [{ca: prod, code: \"844\"}]}\n"
                    "  web: {products: [{ca: prod, code: \"844\"}, {ca: prod, code: \"900\"}]}\n"
                    "  other: {products: [{ca: prod, code: both}]}\n"
                    "  any: {max-severity: info}\n");
    assert_true(bench_open_with(&b, "./p.yaml", products, NITEMS(products)));
    struct subject s = plain_order();
    s.ca_type = "x";
    s.ca = "prod";
    s.ca_environment = "production";

    assert_null(policy_profile_for(b.policy, &s));
    s.product = "844";
    assert_string_equal(policy_profile_for(b.policy, &s), "web");
    s.product = "ov-ucc"; /* by name, listed by code */
    assert_string_equal(policy_profile_for(b.policy, &s), "web");
    s.ca = "elsewhere";
    assert_null(policy_profile_for(b.policy, &s));
    s.ca = "prod";
    s.ca_environment = "sandbox"; /* there 844 is another product, and ov-ucc is not sold */
    assert_null(policy_profile_for(b.policy, &s));

    s.profile = "any";
    assert_string_equal(policy_profile_for(b.policy, &s), "any");
    assert_int_equal(policy_max_severity(b.policy, &s), SEV_INFO);
    assert_null(found(judge(&b, &s), "policy.profile"));
    s.profile = "base";
    assert_non_null(strstr(must(judge(&b, &s), "policy.profile")->message, "abstract"));
    s.profile = "absent";
    assert_string_equal(must(judge(&b, &s), "policy.profile")->item, "www");
    s.profile = NULL;
    s.ca_environment = NULL;
    s.product = "900";
    assert_non_null(strstr(must(judge(&b, &s), "policy.profile")->message, "both list"));
    bench_end(&b);
}

static void environments(void **state)
{
    (void)state;
    static const struct product_info products[] = {
        {.ca_type = "x", .environment = "sandbox", .code = "842", .name = "a"},
        {.ca_type = "x", .environment = "production", .code = "842", .name = "b"},
    };
    struct policy p = {.products = products, .nproducts = NITEMS(products)};
    struct subject s = {.ca_type = "x", .product = "842", .ca_environment = "production"};
    const struct product_info *other;
    assert_ptr_equal(policy_product(&p, &s, &other), &products[1]);
    assert_ptr_equal(other, &products[0]);
    s.ca_environment = "sandbox";
    assert_ptr_equal(policy_product(&p, &s, &other), &products[0]);
    assert_ptr_equal(other, &products[1]);
    s.product = "b";
    assert_null(policy_product(&p, &s, &other));
    assert_ptr_equal(other, &products[1]);
    s.ca_type = "y";
    assert_null(policy_product(&p, &s, &other));
    assert_null(other);
}

static void packs_by_default(void **state)
{
    (void)state;
    struct bench b;
    struct subject s = plain_order();
    s.key = "ed25519"; /* allowed by private, not by cabf-tls */
    bench_begin(&b);
    assert_true(bench_open_with(&b, NULL, NULL, 0));
    must(judge(&b, &s), "key.type.allowed");
    s.ca_public = false;
    assert_null(found(judge(&b, &s), "key.type.allowed"));
    s.ca_type = "local";
    assert_null(found(judge(&b, &s), "key.type.allowed"));
    s.kind = SUBJECT_CSR_FILE; /* a file alone is judged as public, unless its CA is known */
    assert_null(found(judge(&b, &s), "key.type.allowed"));
    s.ca_type = NULL;
    must(judge(&b, &s), "key.type.allowed");
    bench_end(&b);
}

/* --- data files --- */

static void data_files(void **state)
{
    (void)state;
    struct bench b;
    char text[512];
    char hex[SHA256_HEX];
    static const char list[] = "# leaked\r\n  BB22  \n\naa11 # why\nbb22\n";
    bench_begin(&b);
    bench_file(&b, "block.txt", list);
    bench_file(&b, "more.txt", "cc33\nAA11\n");
    sha256_hex(list, strlen(list), hex);
    snprintf(text, sizeof text,
             HEAD "data: {blocklist: {files: [block.txt], sha256: \"%s\"}}\n"
                  "profiles: {p: {rules: {key.blocklist: {files: {add: [more.txt]}}}}}\n",
             hex);
    assert_true(bench_open(&b, text));
    const struct data_lines *lines = rule_in(&b, NULL, "key.blocklist")->base.params[0].lines;
    assert_int_equal(lines->n, 2);
    assert_string_equal(lines->v[0], "aa11");
    assert_string_equal(lines->v[1], "bb22");
    lines = rule_in(&b, "p", "key.blocklist")->base.params[0].lines;
    assert_int_equal(lines->n, 3);
    assert_string_equal(lines->v[2], "cc33");
    assert_null(rule_in(&b, NULL, "key.debian-weak")->base.params[0].lines);

    bench_file(&b, "block.txt", "aa11\n");
    assert_false(bench_open(&b, text));
    assert_non_null(strstr(must(&b.findings, "policy.data.missing")->message, "pins"));
    bench_end(&b);
}

/* --- identity --- */

static const char *digest_of(struct bench *b, const char *text)
{
    assert_true(bench_open(b, text));
    return arena_strdup(&b->arena, policy_digest(b->policy));
}

static void digests(void **state)
{
    (void)state;
    struct bench b;
    struct bench elsewhere;
    static const char text[] =
        HEAD "profiles:\n  p: {level: ov, rules: {key.type.allowed: {allowed: [ec-p256]}}}\n"
             "data: {blocklist: {files: [keys.txt]}}\n";
    static const char reordered[] =
        "# a comment\n" HEAD "data: {blocklist: {files: keys.txt}}\nprofiles:\n  p:\n"
        "    rules: {key.type.allowed: {allowed: [\"ec-p256\"]}}\n    level: ov\n";
    bench_begin(&b);
    bench_begin(&elsewhere);
    const char *first = digest_of(&b, text);
    assert_string_equal(first, digest_of(&b, reordered));
    assert_string_equal(first, digest_of(&elsewhere, text));
    bench_file(&b, "keys.txt", "aa11\n");
    const char *other_data = digest_of(&b, text);
    assert_string_not_equal(first, other_data);
    assert_string_not_equal(
        other_data, digest_of(&b, HEAD "profiles:\n  p: {level: ev, rules: {key.type.allowed: "
                                       "{allowed: [ec-p256]}}}\n"
                                       "data: {blocklist: {files: [keys.txt]}}\n"));
    bench_end(&elsewhere);
    bench_end(&b);
}

static void canonical(void **state)
{
    (void)state;
    struct bench b;
    CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
    struct err err = ERR_INIT;
    bench_begin(&b);
    assert_true(bench_open(
        &b, HEAD "names: {dns: {allow: [{tree: a.example}], deny: [{exact: b.a.example, why: x}], "
                 "wildcard: {allow: false}}, ip: {allow: []}}\n"
                 "subject: {O: {required: true}, C: {allowed: [DE]}}\n"
                 "validity: {days: 199}\n"
                 "rules: {key.type.allowed: {steps: [{from: 2027-01-01, severity: warning}]}}\n"
                 "profiles:\n  z: {products: [{ca: x, code: \"1\"}]}\n  a: {abstract: true}\n"
                 "waivers:\n  - {id: W-1, rules: [key.type.allowed], match: {item: x, names: [y]}, "
                 "reason: long enough reason, ticket: T1, approver: a, created: 2026-10-01, "
                 "expires: 2026-11-01}\n"));
    assert_true(policy_show(b.policy, NULL, &out, &err));
    json_t *tree = json_parse("policy", out.p, out.n, &err);
    assert_non_null(tree);
    enum { DUMP_COMPACT = 0x20 }; /* jansson's own word for it is taken by json.h */
    char *sorted = json_dumps(tree, JSON_SORT_KEYS | DUMP_COMPACT);
    assert_string_equal(buf_text(&out), sorted);
    free(sorted);
    char hex[SHA256_HEX];
    sha256_hex(out.p, out.n, hex);
    assert_string_equal(hex, policy_digest(b.policy));
    json_tree_release(&tree);

    buf_reset(&out);
    assert_true(policy_show(b.policy, "z", &out, &err));
    assert_non_null(strstr(buf_text(&out), "\"products\":[{\"ca\":\"x\",\"code\":\"1\"}]"));
    assert_false(policy_show(b.policy, "absent", &out, &err));
    bench_end(&b);
}

static void texts(void **state)
{
    (void)state;
    struct bench b;
    const char *name;
    size_t n;
    bench_begin(&b);
    assert_true(bench_open(&b, HEAD));
    /* what the policy was made of, exactly, packs included */
    const char *text = policy_text(b.policy, 0, &name, &n);
    assert_true(str_ends(name, "p.yaml"));
    assert_int_equal(n, strlen(HEAD));
    assert_memory_equal(text, HEAD, n);
    text = policy_text(b.policy, 1, &name, &n);
    assert_string_equal(name, "cabf-tls");
    assert_ptr_equal(text, policy_pack_find("cabf-tls")->text);
    assert_null(policy_text(b.policy, 2, &name, &n));
    bench_end(&b);
}

static void packs(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b);
    assert_non_null(policy_pack_find("cabf-tls"));
    assert_non_null(policy_pack_find("private"));
    assert_null(policy_pack_find("absent"));
    for (size_t i = 0; i < policy_packs_count; i++) {
        assert_true(bench_open_with(&b, policy_packs[i].name, NULL, 0));
        assert_int_equal(b.findings.n, 0);
        assert_int_equal(strlen(policy_packs[i].text), policy_packs[i].n);
        assert_string_equal(b.policy->files[b.policy->nfiles - 1]->name, policy_packs[i].name);
    }
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_files),
        cmocka_unit_test(depth_of_extends),
        cmocka_unit_test(layers),
        cmocka_unit_test(dated_steps),
        cmocka_unit_test(disabled_layers),
        cmocka_unit_test(audit_mode),
        cmocka_unit_test(choosing),
        cmocka_unit_test(environments),
        cmocka_unit_test(packs_by_default),
        cmocka_unit_test(data_files),
        cmocka_unit_test(digests),
        cmocka_unit_test(canonical),
        cmocka_unit_test(texts),
        cmocka_unit_test(packs),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
