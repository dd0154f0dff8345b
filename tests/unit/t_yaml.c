/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict YAML: the corpus of traps with exact positions, every limit on both sides, the tree, and
 * the spellings that other YAML tools read as another type.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/yaml.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char corpus[] = "tests/corpora/yaml";

struct parsed {
    struct arena arena;
    struct findings findings;
    struct ynode *root;
    bool ok;
};

static void parse(struct parsed *p, const char *file, const char *text, size_t n)
{
    memset(p, 0, sizeof *p);
    p->ok = yaml_parse(file, (struct span){(const uint8_t *)text, n}, &shape_manifest, &p->arena,
                       &p->findings, &p->root);
    findings_sort(&p->findings);
}

static void parse_text(struct parsed *p, const char *text)
{
    parse(p, "t.yaml", text, strlen(text));
}

static void done(struct parsed *p)
{
    findings_release(&p->findings);
    arena_release(&p->arena);
}

/* --- corpus --- */

struct row {
    char *file, *pos, *rule, *message;
};

static char *cell(char **line)
{
    char *start = *line;
    size_t n = strcspn(start, "\t");
    *line += n + (start[n] == '\t');
    start[n] = '\0';
    return start;
}

static size_t load_rows(struct buf *text, struct row *rows, size_t max)
{
    struct err err = ERR_INIT;
    size_t n = 0;
    assert_true(fs_read("tests/corpora/yaml/EXPECTED.tsv", text, &err));
    for (char *line = text->p; *line;) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        if (*line != '#') {
            assert_true(n < max);
            rows[n].file = cell(&line);
            rows[n].pos = cell(&line);
            rows[n].rule = cell(&line);
            rows[n++].message = cell(&line);
        }
        line = end + 1;
    }
    return n;
}

static void check_row(const struct row *row, const struct finding *f)
{
    char pos[32];
    (void)snprintf(pos, sizeof pos, "%u:%u", f->line, f->column);
    if (strcmp(pos, row->pos) != 0 || strcmp(f->rule, row->rule) != 0 ||
        !strstr(f->message, row->message)) {
        fail_msg("%s: expected %s %s '%s', got %s %s '%s'", row->file, row->pos, row->rule,
                 row->message, pos, f->rule, f->message);
    }
    assert_int_equal(f->severity, SEV_ERROR);
    assert_string_equal(f->file, row->file);
}

/* Rows of one file from `first` on; returns how many. */
static size_t check_file(const struct row *rows, size_t n, size_t first)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    struct parsed p;
    const char *file = rows[first].file;
    size_t count = 1;
    while (first + count < n && str_eq(rows[first + count].file, file)) {
        count++;
    }
    assert_true(fs_read(path_join(&a, corpus, file), &text, &err));
    parse(&p, file, buf_text(&text), text.n);
    if (str_eq(rows[first].pos, "ok")) {
        if (p.findings.n) {
            fail_msg("%s: %u:%u %s", file, p.findings.v[0].line, p.findings.v[0].column,
                     p.findings.v[0].message);
        }
        assert_true(p.ok);
        assert_non_null(p.root);
    } else {
        assert_false(p.ok);
        if (p.findings.n != count) {
            fail_msg("%s: %zu findings expected, %zu found", file, count, p.findings.n);
        }
        for (size_t i = 0; i < count; i++) {
            check_row(&rows[first + i], &p.findings.v[i]);
        }
    }
    done(&p);
    return count;
}

static void corpus_is_read_as_expected(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    static struct row rows[512];
    size_t n = load_rows(&text, rows, NITEMS(rows));
    size_t files = 0;
    for (size_t i = 0; i < n; files++) {
        i += check_file(rows, n, i);
    }
    size_t present = 0;
    DIR *dir = opendir(corpus);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        present += str_ends(e->d_name, ".yaml");
    }
    (void)closedir(dir);
    assert_int_equal(files, present); /* no file without a row */
    assert_true(files > 80);
}

/* --- tree --- */

static void tree_keeps_order_and_positions(void **state)
{
    (void)state;
    struct parsed p;
    parse_text(&p, "b: one\na:\n  - \"0842\"\n  - {k: 'v', l: w}\n");
    assert_true(p.ok);
    assert_int_equal(p.root->kind, YAML_MAPPING);
    assert_int_equal(p.root->count, 2);
    const struct ynode *b = p.root->first;
    assert_string_equal(b->key, "b");
    assert_string_equal(b->text, "one");
    assert_true(b->plain);
    assert_int_equal(b->key_line, 1);
    assert_int_equal(b->key_column, 1);
    assert_int_equal(b->column, 4);
    const struct ynode *a = b->next;
    assert_int_equal(a->kind, YAML_SEQUENCE);
    assert_int_equal(a->line, 3);
    assert_int_equal(a->column, 3);
    assert_null(a->next);
    assert_string_equal(a->first->text, "0842");
    assert_false(a->first->plain);
    assert_null(a->first->key);
    const struct ynode *m = a->first->next;
    assert_int_equal(m->count, 2);
    assert_string_equal(yaml_get(m, "l")->text, "w");
    assert_int_equal(yaml_get(m, "l")->key_column, 14);
    assert_null(yaml_get(m, "none"));
    assert_null(yaml_get(NULL, "k"));
    assert_null(yaml_get(b, "k"));
    struct pos pos = yaml_key_pos("f", a);
    assert_int_equal(pos.line, 2);
    assert_int_equal(yaml_pos("f", NULL).line, 0);
    done(&p);
}

static void repeated_keys_share_memory(void **state)
{
    (void)state;
    struct parsed p;
    parse_text(&p, "- {id: a}\n- {id: b}\n");
    assert_ptr_equal(p.root->first->first->key, p.root->first->next->first->key);
    done(&p);
}

static void tree_survives_what_is_not_fatal(void **state)
{
    (void)state;
    struct parsed p;
    parse_text(&p, "a: 1\na: 2\nb: !!str x\n");
    assert_false(p.ok);
    assert_non_null(p.root);
    assert_int_equal(p.root->count, 2); /* the first of the duplicates stays */
    assert_string_equal(yaml_get(p.root, "a")->text, "1");
    done(&p);
    parse_text(&p, "a: *x\n");
    assert_false(p.ok);
    assert_null(p.root);
    done(&p);
}

static void private_key_is_not_in_the_tree(void **state)
{
    (void)state;
    struct parsed p;
    parse_text(&p, "k: \"-----BEGIN PRIVATE KEY-----MARKER\"\n");
    assert_non_null(p.root);
    assert_string_equal(yaml_get(p.root, "k")->text, "(withheld)");
    assert_null(strstr(p.findings.v[0].message, "MARKER"));
    done(&p);
}

/* --- limits --- */

static void nodes(struct parsed *p, size_t items)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    buf_puts(&b, "[");
    for (size_t i = 0; i < items; i++) {
        buf_puts(&b, i ? ",a" : "a");
        if (i % 1000 == 999) {
            buf_putc(&b, '\n');
        }
    }
    buf_puts(&b, "]");
    parse(p, "n.yaml", buf_text(&b), b.n);
}

static void node_limit(void **state)
{
    (void)state;
    struct parsed p;
    nodes(&p, LIMIT_YAML_NODES - 1); /* and the sequence */
    assert_true(p.ok);
    assert_true(p.arena.total < 72u * LIMIT_YAML_NODES);
    done(&p);
    nodes(&p, LIMIT_YAML_NODES);
    assert_false(p.ok);
    assert_null(p.root);
    assert_non_null(strstr(p.findings.v[0].message, "more than 500000 values"));
    done(&p);
}

static void scalar_of(struct parsed *p, size_t n)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    buf_puts(&b, "a: ");
    for (size_t i = 0; i < n; i++) {
        buf_putc(&b, 'x');
    }
    parse(p, "s.yaml", buf_text(&b), b.n);
}

static void scalar_limit(void **state)
{
    (void)state;
    struct parsed p;
    scalar_of(&p, LIMIT_YAML_SCALAR);
    assert_true(p.ok);
    assert_int_equal(strlen(p.root->first->text), LIMIT_YAML_SCALAR);
    done(&p);
    scalar_of(&p, LIMIT_YAML_SCALAR + 1);
    assert_false(p.ok);
    assert_null(p.root);
    assert_int_equal(p.findings.v[0].column, 4);
    done(&p);
}

static void size_of(struct parsed *p, size_t n)
{
    char *text = xmalloc(n);
    memset(text, '\n', n);
    memcpy(text, "a: b", 4);
    parse(p, "b.yaml", text, n);
    free(text);
}

static void byte_limit(void **state)
{
    (void)state;
    struct parsed p;
    size_of(&p, LIMIT_YAML_BYTES);
    assert_true(p.ok);
    done(&p);
    size_of(&p, LIMIT_YAML_BYTES + 1);
    assert_false(p.ok);
    assert_null(p.root);
    assert_int_equal(p.findings.v[0].line, 0); /* the file as a whole */
    done(&p);
}

static void depth_limit(void **state)
{
    (void)state;
    char text[2 * (LIMIT_YAML_DEPTH + 1)];
    struct parsed p;
    for (size_t depth = LIMIT_YAML_DEPTH; depth <= LIMIT_YAML_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        parse(&p, "d.yaml", text, 2 * depth);
        assert_int_equal(p.ok, depth == LIMIT_YAML_DEPTH);
        done(&p);
    }
}

static void hostile_file_makes_few_findings(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    struct parsed p;
    for (size_t i = 0; i < 20000; i++) {
        buf_puts(&b, "- &a !b {k: 1, k: 2}\n");
    }
    parse(&p, "h.yaml", buf_text(&b), b.n);
    assert_false(p.ok);
    assert_in_range(p.findings.n, 90, 110);
    done(&p);
    buf_reset(&b);
    for (size_t i = 0; i < 100000; i++) {
        buf_puts(&b, "k: v\n");
    }
    parse(&p, "h.yaml", buf_text(&b), b.n);
    assert_in_range(p.findings.n, 90, 110);
    assert_non_null(strstr(p.findings.v[p.findings.n - 1].message, "not looked for"));
    done(&p);
    buf_reset(&b);
    for (size_t i = 0; i < 1000; i++) {
        buf_puts(&b, "a: \x01\n");
    }
    parse(&p, "h.yaml", buf_text(&b), b.n);
    assert_in_range(p.findings.n, 10, 30);
    done(&p);
}

/* --- other tools' types --- */

static void typed_spellings(void **state)
{
    (void)state;
    static const char *const typed[] = {"",
                                        "~",
                                        "null",
                                        "NULL",
                                        "y",
                                        "N",
                                        "yes",
                                        "NO",
                                        "no",
                                        "on",
                                        "Off",
                                        "true",
                                        "FALSE",
                                        "0",
                                        "1",
                                        "-1",
                                        "+12",
                                        "0123",
                                        "0842",
                                        "0755",
                                        "1_000",
                                        "0x1F",
                                        "0b1010",
                                        "0o17",
                                        "1.5",
                                        ".5",
                                        "5.",
                                        "1e3",
                                        "1E-3",
                                        "-1.5e+3",
                                        "12:30",
                                        "12:30:45",
                                        "190:20:30.15",
                                        ".inf",
                                        "-.inf",
                                        ".NaN",
                                        "2026-11-20",
                                        "2026-1-2",
                                        "=",
                                        "2026-11-20T10:00:00Z",
                                        "2026-11-20 10:00:00 +01:00",
                                        "<<",
                                        "844"};
    static const char *const text[] = {"x",           "nope",        "Norway",
                                       "yesterday",   "truely",      "1a",
                                       "0A1B",        "v1",          "1.2.3",
                                       "10.0.0.1",    "12:3a",       "12:99",
                                       "e3",          "1e",          "1e+",
                                       "0x",          "0xg",         "0b2",
                                       "-",           "+",           ".",
                                       "..",          "--1",         "2026-11",
                                       "2026-11-20x", "CHG0031337",  "www.example.com",
                                       "::1",         "2001:db8::1", "_1",
                                       "20-11-2026",  "ec-p256",     "199d",
                                       "1y",          "a:b",         "1:"};
    for (size_t i = 0; i < NITEMS(typed); i++) {
        if (!yaml_looks_typed(typed[i])) {
            fail_msg("'%s' is read as another type", typed[i]);
        }
    }
    for (size_t i = 0; i < NITEMS(text); i++) {
        if (yaml_looks_typed(text[i])) {
            fail_msg("'%s' is text everywhere", text[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corpus_is_read_as_expected),
        cmocka_unit_test(tree_keeps_order_and_positions),
        cmocka_unit_test(repeated_keys_share_memory),
        cmocka_unit_test(tree_survives_what_is_not_fatal),
        cmocka_unit_test(private_key_is_not_in_the_tree),
        cmocka_unit_test(node_limit),
        cmocka_unit_test(scalar_limit),
        cmocka_unit_test(byte_limit),
        cmocka_unit_test(depth_limit),
        cmocka_unit_test(hostile_file_makes_few_findings),
        cmocka_unit_test(typed_spellings),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
