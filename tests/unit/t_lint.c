/* SPDX-License-Identifier: Apache-2.0
 *
 * What lint makes of findings: places and their ends, source lines, identities, the baseline, the
 * parts of SARIF that no rule produces in a golden case.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cmd/baseline.h"
#include "cmd/excerpt.h"
#include "cmd/lint_view.h"
#include "formats/base/json_in.h"
#include "formats/base/yaml.h"
#include "tests/unit/policy_fixture.h"

/* --- ends --- */

static void ends_of_nodes(void **state)
{
    (void)state;
    static const char text[] = "plain: value  # comment\n"
                               "\"quoted key\": 'two words'\n"
                               "flow: [a, {b: c}]\n"
                               "block:\n"
                               "  - d\n"
                               "empty:\n"
                               "wide: \xE4\xBE\x8B\xE3\x81\x88\n";
    static const struct {
        const char *key;
        uint32_t line, column, end_line, end_column, key_end;
    } rows[] = {{"plain", 1, 8, 1, 13, 6}, {"quoted key", 2, 15, 2, 26, 13},
                {"flow", 3, 7, 3, 18, 5},  {"block", 5, 3, 0, 0, 6},
                {"empty", 6, 7, 6, 7, 6},  {"wide", 7, 7, 7, 9, 5}};
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(findings_release) struct findings list = FINDINGS_INIT;
    struct ynode *root;
    assert_true(yaml_parse("f", (struct span){(const uint8_t *)text, sizeof text - 1},
                           &shape_manifest, &a, &list, &root));
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ynode *n = yaml_get(root, rows[i].key);
        const struct pos p = yaml_pos("f", n);
        const struct pos k = yaml_key_pos("f", n);
        assert_int_equal(p.line, rows[i].line);
        assert_int_equal(p.column, rows[i].column);
        assert_int_equal(p.end_line, rows[i].end_line);
        assert_int_equal(p.end_column, rows[i].end_column);
        assert_int_equal(k.column, 1);
        assert_int_equal(k.end_line, k.line);
        assert_int_equal(k.end_column, rows[i].key_end);
    }
    findings_report(&list, "r", SEV_ERROR, yaml_pos("f", yaml_get(root, "plain")), "m");
    findings_report(&list, "r", SEV_WARNING, yaml_key_pos("f", yaml_get(root, "plain")), "m");
    assert_int_equal(list.v[0].end_column, 13);
    assert_true(list.v[0].firm);
    assert_int_equal(list.v[1].end_column, 6);
    assert_false(list.v[1].firm);
}

/* --- source lines --- */

static void excerpt_of(struct bench *b, const char *text, struct finding f, struct buf *out)
{
    char path[512];
    bench_file(b, "x.yaml", text);
    snprintf(path, sizeof path, "%s/x.yaml", b->dir);
    struct lint_file file = {.path = path, .findings = FINDINGS_INIT};
    f.rule = f.rule ? f.rule : "r";
    f.message = "m";
    f.file = path;
    findings_add(&file.findings, &f);
    const struct lint l = {.files = &file, .n = 1};
    CLEANUP(excerpts_release) struct excerpts x = {.lint = &l};
    /* what is asked for is a place; only findings say what is secret */
    struct finding place = f;
    place.rule = "other";
    excerpt_add(&x, out, &place, false, PAINT_NONE);
    findings_release(&file.findings);
}

#define TEN(s) s s s s s s s s s s

static void excerpts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line, column, end_line, end_column;
        const char *want; /* the two lines behind their gutters, joined by '|'; NULL = nothing */
    } rows[] = {
        {"a: bcd\n", 1, 4, 1, 7, "a: bcd|   ^~~"},
        {"a: bcd\n", 1, 4, 0, 0, "a: bcd|   ^"},
        {"a: bcd\n", 1, 4, 2, 1, "a: bcd|   ^~~"},  /* ends on another line */
        {"a: bcd\n", 1, 4, 1, 99, "a: bcd|   ^~~"}, /* beyond the line */
        {"a:\n", 1, 3, 1, 3, "a:|  ^"},             /* a value that is not there */
        {"a:\n", 1, 5, 1, 5, NULL},                 /* no such column */
        {"a: b", 1, 4, 1, 5, "a: b|   ^"},          /* no line end */
        {"a: b\n", 2, 1, 0, 0, "|^"},               /* the end of the file */
        {"a: b\n", 3, 1, 0, 0, NULL},
        {"a: b\n", 1, 0, 0, 0, NULL}, /* no column: not a place in text */
        {"a\r\nb: c\r\n", 2, 4, 2, 5, "b: c|   ^"},
        {"a\rb: c\r", 2, 4, 2, 5, "b: c|   ^"},
        {"\xEF\xBB\xBF"
         "a: b\n",
         1, 4, 1, 5, "a: b|   ^"},
        {"a:\tb\n", 1, 4, 1, 5, "a:      b|        ^"},
        {"a: \xE4\xBE\x8B\xE3\x81\x88 b\n", 1, 4, 1, 6, "a: \xE4\xBE\x8B\xE3\x81\x88 b|   ^~~~"},
        {"a: \xE4\xBE\x8B b\n", 1, 6, 1, 7, "a: \xE4\xBE\x8B b|      ^"},
        {"a: e\xCC\x81 b\n", 1, 7, 1, 8, "a: e\xCC\x81 b|     ^"}, /* a combining accent */
        {"a: \x1b[2Jb\n", 1, 8, 1, 9, "a: \\x1b[2Jb|          ^"},
        {"a: \xE2\x80\xAE b\n", 1, 6, 1, 7, "a: \\u{202e} b|            ^"},
        {"a: \xFF b\n", 1, 6, 1, 7, "a: \\xff b|        ^"},
        {"a: \\\\ b\n", 1, 7, 1, 8, "a: \\\\ b|      ^"}, /* not doubled again */
        {TEN("0123456789") "x\n", 1, 101, 1, 102,
         "..."
         "0123456789012345678901234567890123456789"
         "x|"
         "   "
         "                                        "
         "^"},
        {TEN("0123456789") "\n", 1, 100, 1, 101,
         TEN("0123456789") "|" TEN("         ") "         ^"},
        {"k_password: x\n", 1, 13, 1, 14, NULL},
        {"x: {a: [-----BEGIN]}\n", 1, 1, 1, 2, NULL},
        {"x: {Secret: 1}\n", 1, 1, 1, 2, NULL},
    };
    struct bench b;
    bench_begin(&b);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        CLEANUP(buf_release) struct buf got = BUF_INIT(8192);
        CLEANUP(buf_release) struct buf want = BUF_INIT(8192);
        const struct finding f = {.line = rows[i].line,
                                  .column = rows[i].column,
                                  .end_line = rows[i].end_line,
                                  .end_column = rows[i].end_column,
                                  .offset = -1};
        excerpt_of(&b, rows[i].text, f, &got);
        const char *bar = rows[i].want ? strchr(rows[i].want, '|') : NULL;
        if (bar) {
            size_t n = (size_t)(bar - rows[i].want);
            buf_printf(&want, "%6u | %.*s\n       | %s\n", rows[i].line, (int)n, rows[i].want,
                       bar + 1);
        }
        assert_string_equal(buf_text(&got), buf_text(&want));
    }
    bench_end(&b);
}

static void excerpts_withhold(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b);
    static const char text[] = "a: hunter2\nb: |\n  pa\n  ss\nc: d\n";
    static const struct {
        uint32_t line, end_line;
    } rows[] = {{1, 1}, {2, 4}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        CLEANUP(buf_release) struct buf out = BUF_INIT(8192);
        struct finding f = {.rule = rule_secret_inline,
                            .line = rows[i].line,
                            .column = 4,
                            .end_line = rows[i].end_line,
                            .end_column = 5,
                            .offset = -1};
        excerpt_of(&b, text, f, &out);
        assert_string_equal(buf_text(&out), "");
        f.rule = "another.rule";
        excerpt_of(&b, text, f, &out);
        assert_string_not_equal(buf_text(&out), "");
    }
    /* neither is anything of a file that holds a key, nor of one that is no YAML */
    static const char *const texts[] = {"a: b\n---\n-----BEGIN PRIVATE KEY-----\n", "a: b\n"};
    for (size_t i = 0; i < NITEMS(texts); i++) {
        char path[512];
        CLEANUP(buf_release) struct buf out = BUF_INIT(8192);
        bench_file(&b, "x.yaml", texts[i]);
        snprintf(path, sizeof path, "%s/x.yaml", b.dir);
        const struct finding f = {.file = path, .line = 1, .column = 4, .offset = -1};
        struct lint_file file = {.path = path, .kind = i == 1 ? LINT_CSR : LINT_MANIFEST};
        const struct lint l = {.files = &file, .n = 1};
        CLEANUP(excerpts_release) struct excerpts x = {.lint = &l};
        excerpt_add(&x, &out, &f, false, PAINT_NONE);
        assert_string_equal(buf_text(&out), "");
    }
    bench_end(&b);
}

/* --- identities --- */

static void relative(void **state)
{
    (void)state;
    static const struct {
        const char *here, *base, *path, *want;
    } rows[] = {{"/r", "/r", "a.yaml", "a.yaml"},
                {"/r", "/r", "./a.yaml", "a.yaml"},
                {"/r", "/r", ".//s/../a.yaml", "a.yaml"},
                {"/r", "/r", "/r/s/a.yaml", "s/a.yaml"},
                {"/r/s", "/r", "a.yaml", "s/a.yaml"},
                {"/r/s", "/r", "../a.yaml", "a.yaml"},
                {"/r/s", "/r/s", "../a.yaml", "../a.yaml"},
                {"/r", "/r/s/t", "a.yaml", "../../a.yaml"},
                {"/r", "/r/s", "st/a.yaml", "../st/a.yaml"},
                {"/r", "/r", "/x/../y/a.yaml", "/y/a.yaml"},
                {"/rr", "/r", "/rr/a.yaml", "/rr/a.yaml"},
                {"/", "/", "a.yaml", "a.yaml"},
                {"/", "/", "/a.yaml", "a.yaml"},
                {"/r", "/", "a.yaml", "r/a.yaml"},
                {"/r", "/r", "../../../a", "../a"},
                {"/r", "/r", ".", "."},
                {"/r", "/r", "-", "-"},
                {"/r", "/r", NULL, "-"}};
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        assert_string_equal(lint_relative(&a, rows[i].here, rows[i].base, rows[i].path),
                            rows[i].want);
    }
}

static void add(struct lint_file *file, const char *rule, const char *item, const char *value,
                const char *message)
{
    const struct finding f = {.rule = rule,
                              .severity = SEV_WARNING,
                              .file = file->path,
                              .item = item,
                              .value = value,
                              .message = message,
                              .line = (uint32_t)file->findings.n + 1,
                              .column = 1,
                              .offset = -1};
    findings_add(&file->findings, &f);
}

static void identities(void **state)
{
    (void)state;
    struct lint_file file = {.path = "a.yaml", .findings = FINDINGS_INIT};
    const struct lint l = {.files = &file, .n = 1};
    add(&file, "r", "i", "v", "m");
    add(&file, "r", "i", "v", "another wording");                     /* the same as 0 */
    add(&file, "r", "i", NULL, "the first is at line 5, column 9");   /* a place in the message */
    add(&file, "r", "i", NULL, "the first is at line 61, column 10"); /* the same as 2 */
    add(&file, "r", "i", NULL, "the key has 1024 bits");
    add(&file, "r", "i", NULL, "the key has 512 bits"); /* another */
    add(&file, "r", "j", "v", "m");                     /* another item */
    add(&file, "q", "i", "v", "m");                     /* another rule */
    add(&file, "r", NULL, "iv", "m");                   /* fields do not run together */
    CLEANUP(lint_view_release) struct lint_view view;
    lint_view_make(&view, &l, "/");
    static const struct {
        size_t same;
        unsigned nth;
    } rows[] = {{0, 1}, {0, 2}, {2, 1}, {2, 2}, {4, 1}, {5, 1}, {6, 1}, {7, 1}, {8, 1}};
    assert_int_equal(view.n, NITEMS(rows));
    for (size_t i = 0; i < view.n; i++) {
        assert_int_equal(view.v[i].nth, rows[i].nth);
        for (size_t k = 0; k < i; k++) {
            bool same = strcmp(view.v[i].id, view.v[k].id) == 0;
            assert_int_equal(same, rows[i].same == rows[k].same);
        }
    }
    findings_release(&file.findings);
}

/* --- the baseline --- */

static void known(const struct bench *b, const struct lint *l, size_t *stale)
{
    char path[512];
    struct err err = ERR_INIT;
    CLEANUP(baseline_release) struct baseline baseline = {0};
    snprintf(path, sizeof path, "%s/baseline.json", b->dir);
    assert_true(baseline_read(&baseline, path, &err));
    baseline_apply(&baseline, path, l, stale);
}

static void write_baseline(const struct bench *b, const struct lint *l, size_t want)
{
    char path[512];
    size_t n;
    struct err err = ERR_INIT;
    snprintf(path, sizeof path, "%s/baseline.json", b->dir);
    assert_true(baseline_write(path, l, &n, &err));
    assert_int_equal(n, want);
}

static void baseline_counts(void **state)
{
    (void)state;
    struct bench b;
    size_t stale;
    bench_begin(&b);
    struct lint_file file = {.path = "a.yaml", .findings = FINDINGS_INIT};
    const struct lint l = {.files = &file, .n = 1};
    add(&file, "r", "i", "v", "m");
    add(&file, "r", "i", "v", "m");
    write_baseline(&b, &l, 2);
    known(&b, &l, &stale); /* as many as were written */
    assert_true(file.findings.v[0].known && file.findings.v[1].known);
    assert_int_equal(findings_count(&file.findings, SEV_INFO), 0);
    assert_int_equal(stale, 0);
    add(&file, "r", "i", "v", "m"); /* one more */
    known(&b, &l, &stale);
    assert_int_equal(findings_count(&file.findings, SEV_INFO), 1);
    assert_int_equal(stale, 0);
    file.findings.n = 1; /* one less */
    known(&b, &l, &stale);
    assert_int_equal(findings_count(&file.findings, SEV_INFO), 0);
    assert_int_equal(stale, 1);
    struct lint_file other = {.path = "b.yaml", .findings = FINDINGS_INIT};
    const struct lint l2 = {.files = &other, .n = 1};
    add(&other, "r", "i", "v", "m"); /* the same in a file of another name */
    known(&b, &l2, &stale);
    assert_int_equal(findings_count(&other.findings, SEV_INFO), 1);
    assert_int_equal(stale, 0); /* nobody looked at a.yaml */
    findings_release(&file.findings);
    findings_release(&other.findings);
    bench_end(&b);
}

static void baseline_severities(void **state)
{
    (void)state;
    struct bench b;
    size_t stale;
    bench_begin(&b);
    struct lint_file file = {.path = "a.yaml", .findings = FINDINGS_INIT};
    const struct lint l = {.files = &file, .n = 1};
    add(&file, "r", "i", "v", "m");
    add(&file, "firm", "i", "v", "m");
    add(&file, "waived", "i", "v", "m");
    file.findings.v[1].firm = true;
    file.findings.v[2].waived = true;
    write_baseline(&b, &l, 1);
    struct finding *f = file.findings.v;
    known(&b, &l, &stale);
    assert_true(f[0].known && !f[1].known && !f[2].known);
    f[0].severity = SEV_INFO; /* better */
    known(&b, &l, &stale);
    assert_true(f[0].known);
    f[0].severity = SEV_ERROR; /* worse */
    known(&b, &l, &stale);
    assert_false(f[0].known);
    assert_int_equal(stale, 1);
    f[0].severity = SEV_WARNING;
    f[0].firm = true; /* since then nothing may silence it */
    known(&b, &l, &stale);
    assert_false(f[0].known);
    findings_release(&file.findings);
    bench_end(&b);
}

/* --- SARIF: a mend, and what a baseline knows --- */

static void sarif_fix(void **state)
{
    (void)state;
    struct lint_file file = {.path = "a b.yaml", .findings = FINDINGS_INIT};
    const struct lint l = {.files = &file, .n = 1, .baseline = true};
    static const struct edit edit = {3, 4, 3, 9, "new \"text\""};
    const struct finding f = {.rule = "r",
                              .severity = SEV_INFO,
                              .file = file.path,
                              .line = 3,
                              .column = 4,
                              .offset = 77,
                              .message = "m",
                              .edit = &edit};
    findings_add(&file.findings, &f);
    file.findings.v[0].known = true;
    struct lint_view view;
    lint_view_make(&view, &l, NULL);
    const struct options o = {.severity = SEV_ERROR};
    const struct lint_report r = {.o = &o, .lint = &l, .view = &view};
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
    CLEANUP(json_tree_release) json_t *log = NULL;
    struct err err = ERR_INIT;
    assert_true(lint_sarif(&r, &out, &err));
    log = json_parse("sarif", buf_text(&out), out.n, &err);
    const json_t *run = json_array_get(json_get(log, "runs"), 0);
    const json_t *result = json_array_get(json_get(run, "results"), 0);
    const json_t *fix = json_array_get(json_get(result, "fixes"), 0);
    const json_t *change = json_array_get(json_get(fix, "artifactChanges"), 0);
    const json_t *replace = json_array_get(json_get(change, "replacements"), 0);
    assert_string_equal(json_get_str(result, "level"), "note");
    assert_string_equal(json_get_str(result, "baselineState"), "unchanged");
    assert_int_equal(json_get_int(json_get(result, "properties"), "derOffset", 0), 77);
    assert_string_equal(json_get_str(json_get(change, "artifactLocation"), "uri"), "a%20b.yaml");
    const json_t *region = json_get(replace, "deletedRegion");
    assert_int_equal(json_get_int(region, "startLine", 0), 3);
    assert_int_equal(json_get_int(region, "startColumn", 0), 4);
    assert_int_equal(json_get_int(region, "endLine", 0), 3);
    assert_int_equal(json_get_int(region, "endColumn", 0), 9);
    assert_string_equal(json_get_str(json_get(replace, "insertedContent"), "text"), "new \"text\"");
    lint_view_release(&view);
    findings_release(&file.findings);
}

/* A rule of the table that nothing may waive makes firm findings, and so does one that broke. */
static void firm_rules(void **state)
{
    (void)state;
    CLEANUP(findings_release) struct findings list = FINDINGS_INIT;
    size_t firm = 0;
    for (size_t i = 0; i < rule_count(); i++) {
        rule_report(&list, rule_at(i)->id, (struct pos){.file = "f"}, "m");
        assert_int_equal(list.v[i].firm, rule_at(i)->unwaivable);
        firm += list.v[i].firm;
    }
    assert_true(firm > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_of_nodes),       cmocka_unit_test(excerpts),
        cmocka_unit_test(excerpts_withhold),   cmocka_unit_test(relative),
        cmocka_unit_test(identities),          cmocka_unit_test(baseline_counts),
        cmocka_unit_test(baseline_severities), cmocka_unit_test(sarif_fix),
        cmocka_unit_test(firm_rules),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
