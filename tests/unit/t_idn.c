/* SPDX-License-Identifier: Apache-2.0
 *
 * idn.* against what others say about internationalised names: 3,100 A-labels judged by another
 * IDNA 2008 implementation, the conformance files of UTS 46 and of Unicode normalisation, Punycode
 * pairs. Each test prints how often we agree; every disagreement is of a kind that is named here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/rules_fixture.h"

#include "formats/base/json_in.h"
#include "policy/idn.h"
#include "policy/names.h"

#define IDNA CORPORA "idna/"

enum {
    U_LABEL = 1,
    R_LDH = 2,
    PUNYCODE = 4,
    NFC = 8,
    CODE_POINT = 16,
    CONTEXT = 32,
    COMBINING = 64,
    BIDI = 128,
    SCRIPT = 256,
    CASE = 512,
    LENGTH = 1024
};
/* What makes a name no IDNA 2008 name; a mixed script or a capital letter does not. */
#define INVALID (PUNYCODE | NFC | CODE_POINT | CONTEXT | COMBINING | BIDI | LENGTH)

static const struct {
    const char *rule;
    unsigned bit;
} idn_rules[] = {
    {"idn.u-label", U_LABEL},           {"idn.r-ldh", R_LDH},
    {"idn.punycode", PUNYCODE},         {"idn.nfc", NFC},
    {"idn.code-point", CODE_POINT},     {"idn.context", CONTEXT},
    {"idn.combining-start", COMBINING}, {"idn.bidi", BIDI},
    {"idn.mixed-script", SCRIPT},       {"idn.case", CASE},
    {"dns.label.length", LENGTH},
};

static char *work;
static struct policy *policy;

static int make_work(void **state)
{
    static struct arena a;
    (void)state;
    work = temp_make(&a);
    policy = policy_of_level(&a, work, "tls", "");
    return 0;
}

static int remove_work(void **state)
{
    (void)state;
    policy_free(policy);
    temp_remove(work);
    return 0;
}

/* Which of the rules fire on a DNS name in an order. */
static unsigned judge(const char *name)
{
    CLEANUP(arena_release) struct arena keep = ARENA_INIT;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct policy_scratch scratch = {0};
    const struct san_value san = {GN_DNS, name};
    const struct subject s = {.kind = SUBJECT_ORDER,
                              .file = "m",
                              .san = &san,
                              .nsan = 1,
                              .ca_public = true,
                              .key_file_mode = -1,
                              .order_date = JUDGED_AT};
    unsigned fired = 0;
    policy_judge(policy, &s, &scratch, &keep, &findings, NULL);
    for (size_t i = 0; i < findings.n; i++) {
        for (size_t k = 0; k < NITEMS(idn_rules); k++) {
            fired |= str_eq(findings.v[i].rule, idn_rules[k].rule) ? idn_rules[k].bit : 0;
        }
        if (strstr(findings.v[i].message, "could not be carried out")) {
            fail_msg("%s: %s", name, findings.v[i].message);
        }
    }
    arena_release(&scratch.arena);
    return fired;
}

static void show(const char *what, const char *name, unsigned got)
{
    print_message("%s %s:", what, name);
    for (size_t k = 0; k < NITEMS(idn_rules); k++) {
        print_message("%s%s", got & idn_rules[k].bit ? " " : "",
                      got & idn_rules[k].bit ? idn_rules[k].rule : "");
    }
    print_message("\n");
}

/* --- A-labels: label, found_in, verdict, code points, flags, error --- */

static const struct {
    const char *error; /* how the other implementation begins to complain */
    unsigned rule;
} complaints[] = {
    {"InvalidCodepoint:", CODE_POINT},
    {"InvalidCodepointContext:", CONTEXT},
    {"IDNAError: Label begins with an illegal combining", COMBINING},
    {"IDNAError: Unknown codepoint adjacent to joiner", CONTEXT | CODE_POINT},
    {"IDNAError: Label must not start or end with a hyphen", CODE_POINT},
    {"IDNAError: Label has disallowed hyphens", CODE_POINT},
    {"IDNABidiError: Unknown directionality", CODE_POINT | BIDI},
    {"IDNABidiError:", BIDI},
    {"IDNAError: A-label must not end with a hyphen", PUNYCODE},
    {"IDNAError: Malformed A-label", PUNYCODE},
    {"IDNAError: Invalid A-label", PUNYCODE},
    {"IDNAError: Label too long", LENGTH},
    {"IDNAError: Label must be in Normalization Form C", NFC},
};

struct labels {
    size_t agree, tlds, basic, later, wrong;
};

/* The part of an A-label that is not encoded may hold anything to Punycode; libidn2 decodes only
 * what is made of letters, digits and hyphens. dns.charset reports the character too. */
static bool foreign_basic(const char *label)
{
    return strspn(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") !=
           strlen(label);
}

static void label_row(struct arena *unused, char *const *field, void *ctx)
{
    (void)unused;
    struct labels *l = ctx;
    unsigned got = judge(field[0]);
    unsigned want = 0;
    for (size_t i = 0; i < NITEMS(complaints) && !want; i++) {
        want = str_starts(field[5], complaints[i].error) ? complaints[i].rule : 0;
    }
    bool valid = str_starts(field[2], "valid");
    bool lower = str_eq(field[2], "valid-lowercase");
    bool good = valid ? !(got & INVALID) && lower == !!(got & CASE) : (got & want) != 0;
    l->tlds += good && str_eq(field[1], "tld");
    if (good) {
        l->agree++;
    } else if (!valid && foreign_basic(field[0]) && got & PUNYCODE) {
        l->basic++;
    } else if (!valid && strlen(field[0]) > 63 && got & LENGTH) {
        l->agree++; /* refused for its length; what it stands for is not looked at */
    } else if (valid && (got & INVALID) == CODE_POINT) {
        l->later++; /* a character newer than the tables: a warning, as it must be */
    } else {
        show(field[2], field[0], got);
        print_message("   %s %s\n", field[3], field[5]);
        l->wrong++;
    }
}

static void test_labels(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct labels l = {0};
    corpus_tsv(&a, IDNA "ALABEL_ORACLE.tsv", label_row, &l);
    print_message(
        "%zu A-labels agree, %zu refused undecoded for a foreign basic character, %zu with "
        "characters newer than the tables, %zu differ\n",
        l.agree, l.basic, l.later, l.wrong);
    assert_int_equal(l.tlds, 158);
    assert_int_equal(l.wrong, 0);
    assert_true(l.agree > 1000 && l.later <= 3);
}

/* --- UTS 46 conformance: source; toUnicode; status; ... --- */

static const struct {
    const char *status;
    unsigned rule;
} statuses[] = {
    {"B1", BIDI},      {"B2", BIDI}, {"B3", BIDI},     {"B4", BIDI},
    {"B5", BIDI},      {"B6", BIDI}, {"C1", CONTEXT},  {"C2", CONTEXT},
    {"V6", COMBINING}, {"V1", NFC},  {"P4", PUNYCODE},
};
/* UTS 46 leaves the CONTEXTO rules out. */
static bool has_contexto(struct arena *a, const char *name)
{
    struct text rest = {name, strlen(name)};
    for (struct idn_label l; idn_next(a, &rest, &l);) {
        for (size_t i = 0, n; i < l.n; i += n ? n : 1) {
            uint32_t cp = 0;
            n = utf8_decode(l.text + i, l.n - i, &cp);
            if (cp == 0xB7 || cp == 0x375 || cp == 0x5F3 || cp == 0x5F4 || cp == 0x30FB ||
                (cp >= 0x660 && cp <= 0x669) || (cp >= 0x6F0 && cp <= 0x6F9)) {
                return true;
            }
        }
    }
    return false;
}

static void conformance_line(struct arena *a, const char *line, struct labels *l)
{
    const size_t n = strcspn(line, ";");
    const char *name = arena_strndup(a, line, n);
    const char *status = strchr(line + n + 1, ';');
    if (!strstr(name, "xn--") || foreign_basic(name) || !status) {
        return;
    }
    status = arena_strndup(a, status + 1, strcspn(status + 1, ";"));
    unsigned want = 0;
    for (size_t i = 0; i < NITEMS(statuses); i++) {
        want |= strstr(status, statuses[i].status) ? statuses[i].rule : 0;
    }
    unsigned got = judge(name) & (BIDI | CONTEXT | COMBINING | NFC | PUNYCODE);
    if (got == want) {
        l->agree++;
    } else if (judge(name) & LENGTH) {
        l->later++; /* what an overlong label stands for is not looked at */
    } else if (got == (want | CONTEXT) && has_contexto(a, name)) {
        l->basic++;
    } else {
        show(status, name, got);
        l->wrong++;
    }
}

static void test_conformance(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct labels l = {0};
    struct span file = corpus_read(&a, IDNA "IdnaTestV2.txt");
    const char *p = arena_strndup(&a, (const char *)file.p, file.n);
    for (; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        if (*p != '#') {
            conformance_line(&a, arena_strndup(&a, p, strcspn(p, "\n")), &l);
        }
    }
    print_message("%zu names agree, %zu more under CONTEXTO, %zu too long, %zu differ\n", l.agree,
                  l.basic, l.later, l.wrong);
    assert_int_equal(l.wrong, 0);
    assert_true(l.agree > 300);
}

/* --- normalisation: source;NFC;NFD;NFKC;NFKD as hexadecimal code points --- */

static size_t read_code_points(const char *p, char *out)
{
    size_t n = 0;
    uint32_t cp = 0;
    for (bool inside = false;; p++) {
        const char *digit = *p ? strchr("0123456789ABCDEF", *p) : NULL;
        if (digit) {
            cp = cp * 16 + (uint32_t)(digit - "0123456789ABCDEF");
            inside = true;
            continue;
        }
        if (inside) {
            n += utf8_encode(cp, out + n);
            cp = 0;
            inside = false;
        }
        if (*p != ' ') {
            break;
        }
    }
    out[n] = '\0';
    return n;
}

static void test_normalisation(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct span file = corpus_read(&a, IDNA "NormalizationTest.txt");
    const char *p = arena_strndup(&a, (const char *)file.p, file.n);
    size_t agree = 0, other = 0, not_nfc = 0;
    for (; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        char source[256];
        char nfc[256];
        if (*p == '#' || *p == '@') {
            continue;
        }
        size_t n = read_code_points(p, source);
        size_t m = read_code_points(p + strcspn(p, ";") + 1, nfc);
        if (idn_is_ascii(source, n)) {
            continue;
        }
        assert_true(m > 0);
        bool want = strcmp(source, nfc) != 0;
        bool got = label_judge(&a, source, false, NULL) == LABEL_NOT_NFC;
        not_nfc += want;
        agree += got == want;
        other += got != want;
    }
    print_message("%zu strings agree (%zu not in NFC), %zu differ\n", agree, not_nfc, other);
    assert_int_equal(other, 0);
    assert_true(agree > 500 && not_nfc > 100);
}

/* --- Punycode pairs --- */

static void test_punycode(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(json_tree_release) json_t *pairs = NULL;
    struct err err = ERR_INIT;
    struct span file = corpus_read(&a, IDNA "punycode_tests.json");
    pairs = json_parse("punycode", (const char *)file.p, file.n, &err);
    assert_non_null(pairs);
    size_t agree = 0, plain = 0, longer = 0, foreign = 0;
    size_t index;
    json_t *pair;
    json_array_foreach(pairs, index, pair)
    {
        const char *decoded = json_get_str(pair, "decoded");
        const char *encoded = json_get_str(pair, "encoded");
        assert_true(decoded && encoded);
        const char *label = arena_printf(&a, "xn--%s", encoded);
        const char *got = label_to_unicode(&a, label, strlen(label));
        if (idn_is_ascii(decoded, strlen(decoded))) {
            assert_null(got); /* stands for no internationalised label */
            plain++;
        } else if (foreign_basic(label)) {
            foreign++;
        } else if (strlen(label) > 63) {
            longer++;
        } else {
            if (!str_eq(got, decoded)) {
                fail_msg("%s: %s", label, got ? got : "not decoded");
            }
            agree++;
        }
    }
    print_message(
        "%zu pairs agree, %zu are plain ASCII, %zu too long for a label, %zu with foreign "
        "basic characters\n",
        agree, plain, longer, foreign);
    assert_true(agree > 10);
}

/* --- what the corpora do not have --- */

static void test_edges(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned rules;
    } cases[] = {
        {"www.example.com", 0},
        {"xn--mnchen-3ya.example.com", 0},
        {"*.xn--mnchen-3ya.example.com", 0},
        {"XN--mnchen-3ya.example.com", CASE},
        {"xn--MNCHEN-3YA.example.com", CASE},
        {"m\xc3\xbcnchen.example.com", U_LABEL},
        /* judged as it is: IDNA has no A-label for it */
        {"\xf0\x9f\x92\xa9.example.com", U_LABEL | CODE_POINT},
        {"m\xfcnchen.example.com", U_LABEL}, /* Latin-1 */
        {"ab--c.example.com", R_LDH},
        {"a--b.example.com", 0},
        {"abc--d.example.com", 0},
        {"xn-.example.com", 0},
        {"xn--.example.com", PUNYCODE},
        {"xn--abc-.example.com", PUNYCODE},
        {"xn--e-xbb.example.com", NFC},
        {"xn--a-ubb.example.com", COMBINING},
        /* not in NFC and with a middle dot between others than l: libidn2 would stop at the first
         */
        {"xn--eab-mga240a.example.com", NFC | CONTEXT},
        {"xn--ab-tda0d.example.com", CODE_POINT | CONTEXT},
        {"xn--ab-m1t.example.com", CONTEXT}, /* zero width joiner */
        /* one right-to-left label puts every label under the rule, the plain ones too */
        {"3com.xn--4dbrk0ce", BIDI},
        {"com3.xn--4dbrk0ce", 0},
        {"*.xn--4dbrk0ce", 0},
        {"xn--pple-43d.example.com", SCRIPT},
        /* Japanese mixes Han, Hiragana and Katakana; Latin beside them is usual too */
        {"xn--u9j5hmbj5909dcvb2w6i.example.com", 0},
    };
    size_t wrong = 0;
    for (size_t i = 0; i < NITEMS(cases); i++) {
        unsigned got = judge(cases[i].name) & ~(unsigned)LENGTH;
        if (got != cases[i].rules) {
            show("got", cases[i].name, got);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),        cmocka_unit_test(test_conformance),
        cmocka_unit_test(test_normalisation), cmocka_unit_test(test_punycode),
        cmocka_unit_test(test_edges),
    };
    return !!cmocka_run_group_tests(tests, make_work, remove_work);
}
