/* SPDX-License-Identifier: Apache-2.0
 *
 * Schema tables: every kind, every problem with its place and words, secrets that never show,
 * defaults, groups of keys, and the JSON Schema and reference made from the same table.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/json_in.h"
#include "formats/base/schema.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

struct inner {
    const struct ynode *node;
    const char *label;
    int64_t since;
};
struct named {
    const char *name;
    int64_t size;
};
struct all {
    const struct ynode *node;
    const char *text, *name, *path;
    int64_t number;
    bool flag;
    int colour;
    int64_t term, when, day;
    double rate;
    struct strings list, loose;
    struct inner embedded;
    struct inner *pointed;
    struct objects many, byname;
    struct secret_ref secret;
    const struct ynode *raw;
    int64_t start, end;
    const char *a, *b, *x, *y;
    unsigned seen_custom;
};

static const struct word colours[] = {
    {"red", 7, NULL}, {"green", 8, NULL}, {"dark-blue", 9, NULL}, {0}};

static bool no_blank(const char *text, const char **why)
{
    *why = "must not contain blanks";
    return !strchr(text, ' ');
}

static void custom(struct schema_ctx *ctx, const struct ynode *node, void *target)
{
    struct all *all = target;
    all->seen_custom++;
    if (node->kind != YAML_SEQUENCE) {
        schema_problem(ctx, node, "'raw' is a list");
    }
}

static const struct field inner_fields[] = {
    {.name = "label",
     .kind = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct inner, label),
     .help = "a label"},
    {.name = "since", .kind = FIELD_DATE, .offset = offsetof(struct inner, since), .help = "day"},
};
static const struct schema inner_schema = {"inner",
                                           "inside",
                                           inner_fields,
                                           NITEMS(inner_fields),
                                           sizeof(struct inner),
                                           offsetof(struct inner, node)};
static const struct field named_fields[] = {
    {.name = "size",
     .kind = FIELD_INT,
     .offset = offsetof(struct named, size),
     .fallback = "3",
     .min = 1,
     .max = 9,
     .help = "how large"},
};
static const struct schema named_schema = {
    "entry", "one entry", named_fields, NITEMS(named_fields), sizeof(struct named), NO_OFFSET};
static const struct field span_fields[] = {
    {.name = "start", .kind = FIELD_TIME, .offset = offsetof(struct all, start), .help = "from"},
    {.name = "end", .kind = FIELD_TIME, .offset = offsetof(struct all, end), .help = "until"},
};
static const struct schema span_schema = {
    "span", "a span", span_fields, NITEMS(span_fields), sizeof(struct all), NO_OFFSET};

#define AT(member) .offset = offsetof(struct all, member)
static const struct field all_fields[] = {
    {.name = "text",
     .kind = FIELD_STRING,
     AT(text),
     .flags = FIELD_NONEMPTY,
     .check = no_blank,
     .pattern = "[^ ]*",
     .help = "some text"},
    {.name = "name", .kind = FIELD_NAME, AT(name), .help = "a name"},
    {.name = "path", .kind = FIELD_PATH, AT(path), .help = "a path"},
    {.name = "number", .kind = FIELD_INT, AT(number), .fallback = "42", .help = "a number"},
    {.name = "flag", .kind = FIELD_BOOL, AT(flag), .fallback = "true", .help = "yes or no"},
    {.name = "colour",
     .kind = FIELD_WORD,
     AT(colour),
     .words = colours,
     .fallback = "green",
     .help = "which"},
    {.name = "term",
     .kind = FIELD_DURATION,
     AT(term),
     .min = 60,
     .max = DAY_SECONDS,
     .fallback = "2h",
     .help = "how long"},
    {.name = "when", .kind = FIELD_TIME, AT(when), .help = "when"},
    {.name = "day", .kind = FIELD_DATE, AT(day), .help = "which day"},
    {.name = "rate", .kind = FIELD_DECIMAL, AT(rate), .max = 10, .help = "how often"},
    {.name = "list", .kind = FIELD_STRINGS, AT(list), .flags = FIELD_NONEMPTY, .help = "texts"},
    {.name = "loose",
     .kind = FIELD_STRINGS,
     AT(loose),
     .flags = FIELD_SCALAR_OR_LIST,
     .help = "one or more"},
    {.name = "embedded",
     .kind = FIELD_OBJECT,
     AT(embedded),
     .sub = &inner_schema,
     .help = "inside"},
    {.name = "pointed",
     .kind = FIELD_OBJECT_PTR,
     AT(pointed),
     .sub = &inner_schema,
     .help = "elsewhere"},
    {.name = "many", .kind = FIELD_OBJECTS, AT(many), .sub = &inner_schema, .help = "several"},
    {.name = "byname",
     .kind = FIELD_NAMED,
     AT(byname),
     .sub = &named_schema,
     .check = no_blank,
     .help = "named ones"},
    {.name = "secret", .kind = FIELD_SECRET, AT(secret), .help = "hidden"},
    {.name = "raw",
     .kind = FIELD_NODE,
     AT(raw),
     .custom = custom,
     .json_schema = "{\"type\": \"array\"}",
     .help = "as it is"},
    {.name = "span", .kind = FIELD_OBJECT, .offset = 0, .sub = &span_schema, .help = "a span"},
    {.name = "a", .kind = FIELD_STRING, AT(a), .flags = FIELD_NOT_BOTH, .help = "a or b"},
    {.name = "b", .kind = FIELD_STRING, AT(b), .flags = FIELD_NOT_BOTH, .help = "b or a"},
};
static const struct schema all_schema = {"thing",
                                         "everything",
                                         all_fields,
                                         NITEMS(all_fields),
                                         sizeof(struct all),
                                         offsetof(struct all, node)};

static const struct field choice_fields[] = {
    {.name = "x", .kind = FIELD_STRING, AT(x), .flags = FIELD_ONE_OF, .help = "x"},
    {.name = "y", .kind = FIELD_STRING, AT(y), .flags = FIELD_ONE_OF, .help = "y"},
};
static const struct schema choice_schema = {
    "choice", "one", choice_fields, NITEMS(choice_fields), sizeof(struct all), NO_OFFSET};

struct result {
    struct arena arena;
    struct findings findings;
    struct all all;
    bool ok;
};

static void read_as(struct result *r, const struct schema *schema, const char *text)
{
    struct ynode *root;
    memset(r, 0, sizeof *r);
    memset(&r->all, 0x5A, sizeof r->all); /* schema_read has to zero it */
    struct span s = {(const uint8_t *)text, strlen(text)};
    assert_true(yaml_parse("f.yaml", s, &shape_manifest, &r->arena, &r->findings, &root));
    struct schema_ctx ctx = {"f.yaml", &shape_manifest, &r->arena, &r->findings};
    r->ok = schema_read(&ctx, schema, root, &r->all);
    findings_sort(&r->findings);
}

static void read_text(struct result *r, const char *text)
{
    read_as(r, &all_schema, text);
}

static void done(struct result *r)
{
    findings_release(&r->findings);
    arena_release(&r->arena);
}

static void every_kind_is_read(void **state)
{
    (void)state;
    struct result r;
    read_text(&r, "text: NOx\nname: a.b-1\npath: ../x\nnumber: 9007199254740993\nflag: false\n"
                  "colour: dark-blue\nterm: 10m\nwhen: 2026-11-20T10:00:00+01:00\n"
                  "day: 2026-11-20\nrate: 0.6\nlist: [a, \"844\"]\nloose: one\n"
                  "embedded: {label: e, since: 2026-01-01}\npointed: {label: p}\n"
                  "many: [{label: m1}, {label: m2}]\nbyname: {n1: {size: 5}, n2: {}}\n"
                  "secret: {env: MY_SECRET}\nraw: [1, 2]\n"
                  "span: {start: 2026-11-20, end: 2026-11-21T00:00:00Z}\n");
    if (r.findings.n) {
        fail_msg("%s", r.findings.v[0].message);
    }
    assert_true(r.ok);
    assert_string_equal(r.all.text, "NOx");
    assert_string_equal(r.all.name, "a.b-1");
    assert_string_equal(r.all.path, "../x");
    assert_true(r.all.number == 9007199254740993);
    assert_false(r.all.flag);
    assert_int_equal(r.all.colour, 9);
    assert_int_equal(r.all.term, 600);
    assert_int_equal(r.all.when, 1795165200);
    assert_int_equal(r.all.day, 1795132800);
    assert_true(r.all.rate > 0.5999999 && r.all.rate < 0.6000001);
    assert_int_equal(r.all.list.n, 2);
    assert_string_equal(r.all.list.v[1], "844");
    assert_int_equal(r.all.list.at[1]->line, 11);
    assert_int_equal(r.all.loose.n, 1);
    assert_string_equal(r.all.loose.v[0], "one");
    assert_string_equal(r.all.embedded.label, "e");
    assert_int_equal(r.all.embedded.node->line, 13);
    assert_string_equal(r.all.pointed->label, "p");
    assert_true(r.all.pointed->since == TIME_NONE);
    assert_int_equal(r.all.many.n, 2);
    assert_string_equal(((struct inner *)r.all.many.v)[1].label, "m2");
    const struct named *n = r.all.byname.v;
    assert_int_equal(r.all.byname.n, 2);
    assert_string_equal(n[0].name, "n1");
    assert_int_equal(n[0].size, 5);
    assert_string_equal(n[1].name, "n2");
    assert_int_equal(n[1].size, 3);
    assert_int_equal(r.all.secret.kind, SECRET_ENV);
    assert_string_equal(r.all.secret.name, "MY_SECRET");
    assert_int_equal(r.all.raw->count, 2);
    assert_int_equal(r.all.seen_custom, 1);
    assert_int_equal(r.all.end - r.all.start, DAY_SECONDS);
    assert_ptr_equal(r.all.node->first->key, yaml_get(r.all.node, "text")->key);
    done(&r);
}

static void absent_keys_get_defaults(void **state)
{
    (void)state;
    struct result r;
    read_text(&r, "{}");
    assert_true(r.ok);
    assert_null(r.all.text);
    assert_int_equal(r.all.number, 42);
    assert_true(r.all.flag);
    assert_int_equal(r.all.colour, 8);
    assert_int_equal(r.all.term, 7200);
    assert_true(r.all.when == TIME_NONE && r.all.day == TIME_NONE);
    assert_true(r.all.embedded.since == TIME_NONE);
    assert_true(r.all.start == TIME_NONE && r.all.end == TIME_NONE);
    assert_null(r.all.pointed);
    assert_int_equal(r.all.list.n, 0);
    assert_int_equal(r.all.secret.kind, SECRET_NONE);
    done(&r);
}

/* --- problems: text, place, rule, words --- */

#define SHAPE  "manifest.schema"
#define INLINE "manifest.secret.inline"
static const struct problem {
    const char *text;
    uint32_t line, column;
    const char *rule, *words;
} problems[] = {
    {"txet: a", 1, 1, SHAPE, "unknown key 'txet' in thing; did you mean 'text'?"},
    {"Colour: red", 1, 1, SHAPE, "did you mean 'colour'?"},
    {"by-name: {}", 1, 1, SHAPE, "did you mean 'byname'?"},
    {"zzzzzz: 1", 1, 1, SHAPE, "known are text, name, path"},
    {"\"e\\nvil\": 1", 1, 1, SHAPE, "e\\x0avil"},
    {"text:", 1, 1, SHAPE, "'text' has no value"},
    {"list: [a, ]\nmany:\n", 2, 1, SHAPE, "'many' has no value"},
    {"text: ''", 1, 7, SHAPE, "'text' must not be empty"},
    {"text: [a]", 1, 7, SHAPE, "'text' must be a single value, not a list"},
    {"text: {a: b}", 1, 7, SHAPE, "not a mapping"},
    {"text: a b", 1, 7, SHAPE, "'text' must not contain blanks, not 'a b'"},
    {"name: -x", 1, 7, SHAPE, "'name' must be a name: letters"},
    {"name: a/b", 1, 7, SHAPE, "not 'a/b'"},
    {"number: 007", 1, 9, SHAPE, "'number' must be a whole number, not '007'"},
    {"number: -1", 1, 9, SHAPE, "a whole number"},
    {"number: 1.0", 1, 9, SHAPE, "a whole number"},
    {"number: 0x10", 1, 9, SHAPE, "a whole number"},
    {"number: 9223372036854775808", 1, 9, SHAPE, "a whole number"},
    {"number: 99999999999999999999", 1, 9, SHAPE, "a whole number"},
    {"number: \"5\"", 1, 9, SHAPE, "without quotes"},
    {"flag: yes", 1, 7, SHAPE, "'flag' must be true or false, not 'yes'"},
    {"flag: True", 1, 7, SHAPE, "true or false"},
    {"flag: 'true'", 1, 7, SHAPE, "without quotes"},
    {"colour: gren", 1, 9, SHAPE,
     "one of red, green or dark-blue, not 'gren'; did you mean 'green'?"},
    {"colour: dark_blue", 1, 9, SHAPE, "did you mean 'dark-blue'?"},
    {"term: 10", 1, 7, SHAPE, "a duration such as"},
    {"term: 10 m", 1, 7, SHAPE, "not '10 m'"},
    {"term: 59s", 1, 7, SHAPE, "from 1m to 1d"},
    {"term: 2d", 1, 7, SHAPE, "from 1m to 1d"},
    {"when: 2026-11-20T10:00:00", 1, 7, "manifest.timezone", "write '2026-11-20T10:00:00Z'"},
    {"when: 2026-11-20 10:00:00", 1, 7, "manifest.timezone", "has no time zone"},
    {"when: tomorrow", 1, 7, SHAPE, "a time with its zone"},
    {"when: 2026-02-30", 1, 7, SHAPE, "a time with its zone"},
    {"day: 2026-11-20T10:00:00Z", 1, 6, SHAPE, "a date such as"},
    {"day: 20.11.2026", 1, 6, SHAPE, "a date such as"},
    {"rate: 10.01", 1, 7, SHAPE, "from 0 to 10"},
    {"rate: .5", 1, 7, SHAPE, "a number such as"},
    {"rate: 1.", 1, 7, SHAPE, "a number such as"},
    {"rate: 01.5", 1, 7, SHAPE, "a number such as"},
    {"rate: 1e3", 1, 7, SHAPE, "a number such as"},
    {"rate: nan", 1, 7, SHAPE, "a number such as"},
    {"list: a", 1, 7, SHAPE, "'list' must be a list, not a single value"},
    {"list: []", 1, 7, SHAPE, "'list' must not be empty"},
    {"list: [a, [b]]", 1, 11, SHAPE, "must be a single value, not a list"},
    {"list: [a, '']", 1, 11, SHAPE, "must not be empty"},
    {"list:\n  - a\n  -\n", 3, 4, SHAPE, "has no value"},
    {"embedded: {}", 1, 11, SHAPE, "inner lacks 'label' (a label)"},
    {"embedded: []", 1, 11, SHAPE, "must be a mapping, not a list"},
    {"embedded: {label: a, sinc: b}", 1, 22, SHAPE, "did you mean 'since'?"},
    {"many: {label: a}", 1, 7, SHAPE, "must be a list, not a mapping"},
    {"many: [{label: a}, b]", 1, 20, SHAPE, "an entry of 'many' must be a mapping"},
    {"many:\n  - label: a\n  - since: 2026-01-01\n", 3, 5, SHAPE, "inner lacks 'label'"},
    {"byname: {n: 5}", 1, 13, SHAPE, "'n' must be a mapping"},
    {"byname: {n: {size: 10}}", 1, 20, SHAPE, "a whole number from 1 to 9"},
    {"byname: {a b: {}}", 1, 10, SHAPE, "must not contain blanks"},
    {"raw: 5", 1, 6, SHAPE, "'raw' is a list"},
    {"span: {start: x}", 1, 15, SHAPE, "a time with its zone"},
    {"a: x\nb: y", 1, 1, SHAPE, "'a', 'b' contradict each other"},
    {"- a", 1, 1, SHAPE, "thing must be a mapping, not a list"},
    /* secrets: MARKER never shows */
    {"secret: MARKER", 1, 9, INLINE, "write {env: VARIABLE}"},
    {"secret: ''", 1, 9, INLINE, "write {env: VARIABLE}"},
    {"secret: [MARKER]", 1, 9, SHAPE, "{env: VARIABLE}"},
    {"secret: {value: MARKER}", 1, 9, SHAPE, "{env: VARIABLE}"},
    {"secret: {MARKER: x}", 1, 9, SHAPE, "{env: VARIABLE}"},
    {"secret: {env: MARK-ER}", 1, 9, SHAPE, "{env: VARIABLE}"},
    {"secret: {env: 1MARKER}", 1, 9, SHAPE, "{env: VARIABLE}"},
    {"secret: {env: A, file: MARKER}", 1, 9, SHAPE, "{env: VARIABLE}"},
    {"secret: {command: MARKER}", 1, 9, SHAPE, "{env: VARIABLE}"},
    {"secret: {command: []}", 1, 19, SHAPE, "must not be empty"},
    {"secret: {}", 1, 9, SHAPE, "{env: VARIABLE}"},
};

static void every_problem_has_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < NITEMS(problems); i++) {
        const struct problem *p = &problems[i];
        struct result r;
        read_text(&r, p->text);
        bool found = false;
        for (size_t k = 0; k < r.findings.n; k++) {
            const struct finding *f = &r.findings.v[k];
            found |= f->line == p->line && f->column == p->column && str_eq(f->rule, p->rule) &&
                     strstr(f->message, p->words) && f->severity == SEV_ERROR;
            if (strstr(f->message, "MARK")) {
                fail_msg("%s: shown: %s", p->text, f->message);
            }
        }
        if (!found || r.ok) {
            const struct finding *f = r.findings.n ? r.findings.v : &(struct finding){0};
            fail_msg("%s: got %zu findings, first %u:%u %s '%s'", p->text, r.findings.n, f->line,
                     f->column, f->rule ? f->rule : "", f->message ? f->message : "");
        }
        done(&r);
    }
}

static void all_problems_come_in_one_pass(void **state)
{
    (void)state;
    struct result r;
    read_text(&r, "name: a/b\nnumber: x\nflag: no\nfoo: 1\nembedded: {}\nmany: [{}, {}]\n");
    assert_false(r.ok);
    assert_int_equal(r.findings.n, 7);
    done(&r);
}

static void exactly_one_of(void **state)
{
    (void)state;
    struct result r;
    read_as(&r, &choice_schema, "{}");
    assert_false(r.ok);
    assert_non_null(strstr(r.findings.v[0].message, "exactly one of 'x', 'y'"));
    done(&r);
    read_as(&r, &choice_schema, "{x: a, y: b}");
    assert_false(r.ok);
    done(&r);
    read_as(&r, &choice_schema, "{y: b}");
    assert_true(r.ok);
    done(&r);
}

static void look_alikes_are_warned_of(void **state)
{
    (void)state;
    struct result r;
    read_text(&r, "text: NO\nname: 1e3\nlist: [yes, \"no\", 0842]\nloose: 2026-11-20\n");
    assert_true(r.ok); /* warnings only */
    assert_string_equal(r.all.text, "NO");
    assert_string_equal(r.all.list.v[2], "0842");
    assert_int_equal(r.findings.n, 5);
    for (size_t i = 0; i < r.findings.n; i++) {
        assert_string_equal(r.findings.v[i].rule, "manifest.yaml.implicit");
        assert_int_equal(r.findings.v[i].severity, SEV_WARNING);
    }
    assert_non_null(strstr(r.findings.v[0].message, "write \"NO\""));
    done(&r);
    read_text(&r, "text: \"NO\"\nnumber: 5\nwhen: 2026-11-20\nflag: true\n");
    assert_int_equal(r.findings.n, 0);
    done(&r);
}

static void foreign_text_is_escaped(void **state)
{
    (void)state;
    struct result r;
    read_text(&r, "number: \"\\n\\t5\"\ncolour: \"re\\nd\"\n");
    for (size_t i = 0; i < r.findings.n; i++) {
        assert_null(strchr(r.findings.v[i].message, '\n'));
    }
    done(&r);
}

static void secret_forms(void **state)
{
    (void)state;
    struct result r;
    read_text(&r, "secret: {file: ./a b.key}");
    assert_int_equal(r.all.secret.kind, SECRET_FILE);
    assert_string_equal(r.all.secret.name, "./a b.key");
    done(&r);
    read_text(&r, "secret: {command: [pass, show, ca]}");
    assert_int_equal(r.all.secret.kind, SECRET_COMMAND);
    assert_int_equal(r.all.secret.command.n, 3);
    assert_string_equal(r.all.secret.command.v[2], "ca");
    assert_int_equal(r.all.secret.at->column, 9);
    done(&r);
}

static void suggestions(void **state)
{
    (void)state;
    assert_string_equal(schema_suggest(&all_schema, "txt"), "text");
    assert_string_equal(schema_suggest(&all_schema, "nubmer"), "number");
    assert_string_equal(schema_suggest(&all_schema, "embeded"), "embedded");
    assert_null(schema_suggest(&all_schema, "completely_different"));
    assert_null(schema_suggest(&all_schema, "q"));
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_null(schema_suggest(&all_schema, longer));
}

static void json_schema_is_json(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1u << 20);
    struct err err = ERR_INIT;
    struct jw j;
    jw_begin(&j, &b, JW_PRETTY);
    schema_json(&j, &all_schema, "urn:test");
    assert_true(jw_finish(&j, &err));
    CLEANUP(json_tree_release) json_t *t = json_parse("schema", b.p, b.n, &err);
    assert_non_null(t);
    assert_string_equal(json_get_str(t, "$id"), "urn:test");
    const json_t *properties = json_get(t, "properties");
    assert_int_equal(json_object_size(properties), NITEMS(all_fields));
    for (size_t i = 0; i < NITEMS(all_fields); i++) { /* a description for every key */
        const json_t *p = json_get(properties, all_fields[i].name);
        assert_string_equal(json_get_str(p, "description"), all_fields[i].help);
    }
    assert_false(json_get_bool(t, "additionalProperties", true));
    assert_false(json_get_bool(json_get(properties, "embedded"), "additionalProperties", true));
    assert_int_equal(json_get_int(json_get(properties, "number"), "default", 0), 42);
    assert_int_equal(json_array_size(json_get(json_get(properties, "colour"), "enum")), 3);
    assert_string_equal(json_get_str(json_get(properties, "secret"), "$ref"), "#/$defs/secret");
}

static void reference_names_every_key(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1u << 20);
    schema_roff(&b, &all_schema);
    assert_false(buf_failed(&b));
    for (size_t i = 0; i < NITEMS(all_fields); i++) {
        char head[80];
        (void)snprintf(head, sizeof head, ".TP\n.B %s", all_fields[i].name);
        assert_non_null(strstr(buf_text(&b), head));
    }
    assert_non_null(strstr(buf_text(&b), ".B many[].label\n"));
    assert_non_null(strstr(buf_text(&b), ".B byname.NAME.size\n"));
    assert_non_null(strstr(buf_text(&b), "one of red, green or dark\\-blue"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(absent_keys_get_defaults),
        cmocka_unit_test(every_problem_has_its_place),
        cmocka_unit_test(all_problems_come_in_one_pass),
        cmocka_unit_test(exactly_one_of),
        cmocka_unit_test(look_alikes_are_warned_of),
        cmocka_unit_test(foreign_text_is_escaped),
        cmocka_unit_test(secret_forms),
        cmocka_unit_test(suggestions),
        cmocka_unit_test(json_schema_is_json),
        cmocka_unit_test(reference_names_every_key),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
