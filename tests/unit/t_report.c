/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports of a hand-made state: the JSON shape that scripts rely on, counts that add up, CSV that
 * is safe in a spreadsheet, a text that leads with what went wrong.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state_fixture.h"

#include "formats/base/csv.h"

static struct state state;

static int set_up(void **unused)
{
    (void)unused;
    state_begin(&state);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    state_end(&state);
    return 0;
}

static json_t *parsed(void)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    state_must(report_json(&state.history, &state.dir, &b, &err), &err);
    json_t *t = json_parse("report.json", b.p, b.n, &err);
    state_must(t != NULL, &err);
    return t;
}

static void json_shape(void **unused)
{
    (void)unused;
    static const char *const top[] = {"batch", "change", "counts", "items"};
    static const char *const members[] = {
        "id",      "kind",   "action",      "ca",          "product",    "state",     "order",
        "serial",  "sha256", "san",         "issuer",      "not_before", "not_after", "findings",
        "outputs", "error",  "spki_sha256", "common_name", "attempts"};
    json_t *t = parsed();
    for (size_t i = 0; i < NITEMS(top); i++) {
        assert_non_null(json_get(t, top[i]));
    }
    const json_t *items = json_get(t, "items");
    assert_int_equal(json_array_size(items), 4);
    for (size_t i = 0; i < 4; i++) {
        const json_t *item = json_array_get(items, i);
        assert_int_equal(json_object_size(item), NITEMS(members));
        for (size_t k = 0; k < NITEMS(members); k++) {
            assert_non_null(json_get(item, members[k]));
        }
    }
    json_tree_release(&t);
}

static void json_content(void **unused)
{
    (void)unused;
    json_t *t = parsed();
    const json_t *items = json_get(t, "items");
    const json_t *web = json_array_get(items, 0);
    const json_t *bad = json_array_get(items, 2);
    assert_string_equal(json_get_str(t, "batch"), STATE_NAME);
    assert_string_equal(json_get_str(json_get(t, "change"), "ticket"), "CHG0000007");
    assert_string_equal(json_get_str(web, "id"), "web");
    assert_string_equal(json_get_str(web, "state"), "issued");
    assert_string_equal(json_get_str(web, "order"), "L-web");
    assert_string_equal(json_get_str(web, "not_before"), "2026-11-18T11:06:40Z");
    assert_int_equal(json_array_size(json_get(web, "san")), 2);
    assert_int_equal(json_array_size(json_get(web, "outputs")), 3);
    assert_true(json_is_null(json_get(web, "error")));
    assert_int_equal(json_array_size(json_get(web, "findings")), 0);
    assert_string_equal(json_get_str(bad, "state"), "refused");
    assert_string_equal(json_get_str(json_get(bad, "error"), "code"), "E-1");
    assert_int_equal(json_array_size(json_get(bad, "findings")), 1);
    assert_string_equal(json_get_str(json_array_get(json_get(bad, "findings"), 0), "rule"),
                        "san.test");
    assert_string_equal(json_get_str(json_array_get(items, 3), "kind"), "revocation");
    assert_string_equal(json_get_str(json_array_get(items, 3), "state"), "skipped");
    json_tree_release(&t);
}

static void counts_add_up(void **unused)
{
    (void)unused;
    static const struct {
        const char *state;
        int n;
    } want[] = {{"issued", 2}, {"revoked", 0},  {"kept", 0},    {"pending", 0}, {"refused", 1},
                {"failed", 0}, {"mismatch", 0}, {"unknown", 0}, {"skipped", 1}, {"not-started", 0}};
    json_t *t = parsed();
    const json_t *counts = json_get(t, "counts");
    int64_t sum = 0;
    assert_int_equal(json_object_size(counts), NITEMS(want) + 1);
    for (size_t i = 0; i < NITEMS(want); i++) {
        assert_int_equal(json_get_int(counts, want[i].state, -1), want[i].n);
        sum += want[i].n;
    }
    assert_int_equal(json_get_int(counts, "items", -1), sum);
    json_tree_release(&t);
}

/* Every state there is must be one of those that are counted. */
static void every_state_is_counted(void **unused)
{
    (void)unused;
    for (int s = 0; s < STATE__MAX; s++) {
        struct history h = HISTORY_INIT;
        struct item_record r = {.id = "x",
                                .state = (enum item_state)s,
                                .not_before = TIME_NONE,
                                .not_after = TIME_NONE};
        struct err err = ERR_INIT;
        CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 16);
        h.v = &r;
        h.n = 1;
        assert_true(report_json(&h, NULL, &b, &err));
        json_t *t = json_parse("report", b.p, b.n, &err);
        const json_t *counts = json_get(t, "counts");
        int64_t sum = 0;
        for (void *it = json_object_iter((json_t *)(uintptr_t)counts); it;
             it = json_object_iter_next((json_t *)(uintptr_t)counts, it)) {
            sum += json_integer_value(json_object_iter_value(it));
        }
        assert_int_equal(sum, 2); /* `items`, and the one state */
        json_tree_release(&t);
    }
}

static void csv(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf cells = BUF_INIT(1 << 20);
    assert_true(report_csv(&state.history, &state.dir, &b, &err));
    const char *p = buf_text(&b);
    int columns = csv_row(&p, &cells);
    assert_int_equal(columns, 20);
    assert_string_equal(csv_at(&cells, 0), "id");
    for (size_t i = 0; i < state.history.n; i++) {
        assert_int_equal(csv_row(&p, &cells), columns);
        assert_string_equal(csv_at(&cells, 0), state.history.v[i].id);
        for (int k = 0; k < columns; k++) {
            const char *cell = csv_at(&cells, k);
            assert_null(*cell ? strchr("=+-@\t\r", *cell) : NULL);
        }
        if (i == 0) {
            assert_string_equal(csv_at(&cells, 11), "dns:www.example.com ip:192.0.2.7");
        }
        if (i == 2) {
            assert_memory_equal(csv_at(&cells, 16), "'=HYPERLINK", 11);
        }
    }
    assert_int_equal(csv_row(&p, &cells), 0);
}

static void text(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    report_text(&state.history, &b);
    const char *t = buf_text(&b);
    const char *refused = strstr(t, "refused (1)");
    const char *skipped = strstr(t, "skipped (1)");
    const char *counts = strstr(t, STATE_NAME);
    assert_true(refused && skipped && counts && refused < skipped && skipped < counts);
    assert_non_null(strstr(t, "E-1: =HYPERLINK"));
    assert_null(strchr(t, '\x1b'));
    assert_non_null(strstr(counts, "issued             2\n"));
    assert_non_null(strstr(counts, "items              4\n"));
    assert_null(strstr(counts, "failed"));
}

static void stored(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf direct = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf file = BUF_INIT(1 << 20);
    assert_true(report_json(&state.history, &state.dir, &direct, &err));
    state_must(report_store(&state.history, &state.dir, &err), &err);
    assert_true(fs_read_at(state.dir.fd, "report.json", &file, &err));
    assert_string_equal(buf_text(&direct), buf_text(&file));
}

/* A report of many items leaves the small buffer several times and is still one document. */
static void streams(void **unused)
{
    (void)unused;
    enum { N = 3000 };
    struct err err = ERR_INIT;
    struct history h = HISTORY_INIT;
    static char ids[N][16];
    h.v = calloc(N, sizeof *h.v);
    h.n = N;
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "item-%zu", i);
        h.v[i] = (struct item_record){
            .id = ids[i], .state = STATE_KEPT, .not_before = TIME_NONE, .not_after = TIME_NONE};
    }
    CLEANUP(buf_release) struct buf b = BUF_INIT(16 << 20);
    assert_true(report_json(&h, NULL, &b, &err));
    assert_true(b.n > 1 << 20);
    json_t *t = json_parse("report", b.p, b.n, &err);
    assert_non_null(t);
    assert_int_equal(json_array_size(json_get(t, "items")), N);
    json_tree_release(&t);
    struct buf small = BUF_INIT(1000);
    assert_false(report_json(&h, NULL, &small, &err));
    buf_release(&small);
    free(h.v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_shape),    cmocka_unit_test(json_content),
        cmocka_unit_test(counts_add_up), cmocka_unit_test(every_state_is_counted),
        cmocka_unit_test(csv),           cmocka_unit_test(text),
        cmocka_unit_test(stored),        cmocka_unit_test(streams),
    };
    return !!cmocka_run_group_tests(tests, set_up, tear_down);
}
