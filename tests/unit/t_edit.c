/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits of a text: places, what is permitted, many at once. And the mends of rules, through a whole
 * manifest: every byte that is not meant stays.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/batch_fixture.h"

#include "cmd/fix.h"
#include "formats/base/edit.h"

static struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static void places(void **state)
{
    (void)state;
    struct line_index x;
    size_t at = 0;
    line_index_make(&x, span_of("\xEF\xBB\xBF"
                                "a\xC3\xBC"
                                "b\r\n\nxyz"));
    assert_int_equal(x.n, 3);
    assert_true(line_index_offset(&x, 1, 1, &at) && at == 3);
    assert_true(line_index_offset(&x, 1, 3, &at) && at == 6); /* behind a two-byte character */
    assert_true(line_index_offset(&x, 1, 4, &at) && at == 7); /* the end, before CR LF */
    assert_false(line_index_offset(&x, 1, 5, &at));
    assert_true(line_index_offset(&x, 2, 1, &at) && at == 9);
    assert_true(line_index_offset(&x, 3, 4, &at) && at == 13);
    assert_true(line_index_offset(&x, 4, 1, &at) && at == 13);
    assert_false(line_index_offset(&x, 4, 2, &at));
    assert_false(line_index_offset(&x, 0, 1, &at));
    assert_false(line_index_offset(&x, 1, 0, &at));
    assert_int_equal(line_index_line(&x, 1).n, 4);
    assert_int_equal(line_index_line(&x, 9).n, 0);
    line_index_release(&x);
}

static void add_edit(struct findings *list, struct edit e)
{
    const struct finding f = {.rule = "r",
                              .severity = SEV_ERROR,
                              .file = "f",
                              .message = "m",
                              .line = e.line,
                              .edit = &e};
    findings_add(list, &f);
}

static char *apply(struct arena *a, const char *text, const struct findings *list, size_t *count)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
    assert_true(edits_apply(span_of(text), list, "f", &out, count));
    return arena_strndup(a, buf_text(&out), out.n);
}

static void many_edits(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(findings_release) struct findings list = FINDINGS_INIT;
    size_t n = 0;
    add_edit(&list, (struct edit){2, 1, 2, 3, "XY"});
    add_edit(&list, (struct edit){1, 2, 1, 3, ""});
    add_edit(&list, (struct edit){2, 2, 2, 4, "overlaps"});
    add_edit(&list, (struct edit){2, 1, 2, 3, "XY"}); /* said twice, made once */
    add_edit(&list, (struct edit){9, 1, 9, 2, "nowhere"});
    assert_string_equal(apply(&a, "abc\ndefg\n", &list, &n), "ac\nXYfg\n");
    assert_int_equal(n, 2);
    list.v[0].waived = list.v[3].waived = true;
    assert_string_equal(apply(&a, "abc\ndefg\n", &list, &n), "ac\ndoverlapsg\n");
    list.v[1].file = "another";
    list.v[2].edit = NULL;
    assert_string_equal(apply(&a, "abc\ndefg\n", &list, &n), "abc\ndefg\n");
    assert_int_equal(n, 0);
}

static void permitted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct edit edit;
        bool ok;
    } cases[] = {
        {"- a\n- a\n", {2, 1, 3, 1, ""}, true},   {"- a\n- a # why\n", {2, 1, 3, 1, ""}, false},
        {"- a\n- a", {2, 1, 3, 1, ""}, true},     {"[a,\n a]\n", {2, 1, 3, 1, ""}, false},
        {"[a, a]\n", {1, 3, 1, 6, ""}, true},     {"[a, # one\n a]\n", {1, 3, 2, 3, ""}, false},
        {"- A\n", {1, 3, 1, 4, "a"}, true},       {"- 'A'\n", {1, 3, 1, 6, "a"}, false},
        {"- A\n- B\n", {1, 3, 2, 4, "a"}, false},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(findings_release) struct findings list = FINDINGS_INIT;
        add_edit(&list, cases[i].edit);
        edits_check(span_of(cases[i].text), &list, "f");
        if ((list.v[0].edit != NULL) != cases[i].ok) {
            fail_msg("%s: %s", cases[i].text, cases[i].ok ? "refused" : "permitted");
        }
    }
}

/* --- whole manifests --- */

#define HEAD "certbatch: 1   # version\nname: test\nca: lab\norders:\n"

static void mended(const char *body, const char *want, size_t places_mended)
{
    struct fixture f;
    struct options o;
    CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
    fixture_begin(&f);
    options_init(&o);
    o.jobs = 1;
    o.config = f.options.config;
    const char *text = arena_printf(&f.arena, HEAD "%s", body);
    size_t count = 0;
    if (!fix_text(&o, f.options.manifest, span_of(text), &out, &count, &f.err)) {
        fail_msg("%s", f.err.msg);
    }
    assert_string_equal(buf_text(&out), arena_printf(&f.arena, HEAD "%s", want));
    assert_int_equal(count, places_mended);
    options_release(&o);
    fixture_end(&f);
}

static void manifests(void **state)
{
    (void)state;
    mended("  - {id: a, san: [www.corp.test]} # WWW.corp.test\n",
           "  - {id: a, san: [www.corp.test]} # WWW.corp.test\n", 0);
    /* case and dot are two mends of one name; prefix, quotes and remarks stay */
    mended("  - id: a\n    san: ['dns:WWW.corp.test.',   \"Api.corp.test\"]   # A\r\n",
           "  - id: a\n    san: ['dns:www.corp.test',   \"api.corp.test\"]   # A\r\n", 3);
    /* the CN goes with the name it repeats */
    mended("  - id: a\n    common_name: WWW.corp.test\n    san: [WWW.corp.test, www.corp.test]\n",
           "  - id: a\n    common_name: www.corp.test\n    san: [www.corp.test]\n", 3);
    mended("  - id: a\n    san:\n      - a.corp.test\n      - b.corp.test\n      - a.corp.test\n",
           "  - id: a\n    san:\n      - a.corp.test\n      - b.corp.test\n", 1);
    /* a remark on the entry that would go: somebody has to read it first */
    mended("  - id: a\n    san:\n      - a.corp.test\n      - a.corp.test # twice?\n",
           "  - id: a\n    san:\n      - a.corp.test\n      - a.corp.test # twice?\n", 0);
    /* names of the defaults */
    mended("  - id: a\n    san: [a.corp.test]\ndefaults:\n  common_name: A.corp.test\n",
           "  - id: a\n    san: [a.corp.test]\ndefaults:\n  common_name: A.corp.test\n", 0);
    /* a manifest with a broken row: the whole ones are mended */
    mended("  - {id: a, san: [A.corp.test]}\n  - {id: b, sann: [B.corp.test]}\n",
           "  - {id: a, san: [a.corp.test]}\n  - {id: b, sann: [B.corp.test]}\n", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(many_edits),
        cmocka_unit_test(permitted),
        cmocka_unit_test(manifests),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
