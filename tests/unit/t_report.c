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

#include "batch/report.h"
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
    assert_int_equal(columns, 22);
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
    h.decisions.v = calloc(N, sizeof *h.decisions.v);
    h.decisions.n = N;
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
    free(h.decisions.v);
}

/* --- the other writers --- */

static void written(const char *format, const struct history *h, const struct statedir *dir,
                    struct buf *out)
{
    struct err err = ERR_INIT;
    struct report r;
    const struct report_format *w = report_format(format);
    assert_non_null(w);
    buf_reset(out);
    state_must(report_open(&r, h, dir, &err), &err);
    state_must(w->write(&r, report_to_buf, out, &err), &err);
    report_release(&r);
}

static void has(const struct buf *b, const char *what)
{
    if (!strstr(buf_text(b), what)) {
        fail_msg("no \"%s\" in:\n%s", what, buf_text(b));
    }
}

static void writers(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf first = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf second = BUF_INIT(1 << 20);
    for (size_t i = 0; i < report_formats_count; i++) {
        const struct report_format *w = &report_formats[i];
        assert_ptr_equal(report_format(w->name), w);
        written(w->name, &state.history, &state.dir, &first);
        written(w->name, &state.history, &state.dir, &second);
        assert_true(first.n > 100 && first.n == second.n);
        assert_memory_equal(first.p, second.p, first.n);
    }
    assert_true(report_formats_count >= 8);
    assert_null(report_format("docx"));
    assert_null(report_format(""));
}

static void junit(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    written("junit", &state.history, &state.dir, &b);
    has(&b, " tests=\"4\" failures=\"2\" errors=\"0\" skipped=\"0\"");
    has(&b, "<failure type=\"E-1\" message=\"refused: =HYPERLINK");
    has(&b, "warning: a &#60;b&#62; finding (item bad) [san.test]\n");
    has(&b, "<property name=\"order\" value=\"L-web\"/>");
    assert_null(strstr(buf_text(&b), "<b>"));
}

/* Each state alone: what fails a build is what fails the exit code. */
static void junit_verdicts(void **unused)
{
    (void)unused;
    static const char *const verdicts[STATE__MAX] = {
        [STATE_NEW] = "<skipped",      [STATE_KEYED] = "<skipped",
        [STATE_INTENT] = "<error",     [STATE_ORDERED] = "<skipped",
        [STATE_PENDING] = "<skipped",  [STATE_CERTIFIED] = "<skipped",
        [STATE_ISSUED] = "",           [STATE_REVOKE_INTENT] = "<error",
        [STATE_REVOKED] = "",          [STATE_KEPT] = "",
        [STATE_REFUSED] = "<failure",  [STATE_FAILED] = "<failure",
        [STATE_MISMATCH] = "<failure", [STATE_UNKNOWN] = "<error",
        [STATE_SKIPPED] = "<failure",  [STATE_ABANDONED] = "<skipped"};
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    for (int s = 0; s < STATE__MAX; s++) {
        struct item_record r = {.id = "x",
                                .state = (enum item_state)s,
                                .not_before = TIME_NONE,
                                .not_after = TIME_NONE};
        const struct history h = {.v = &r, .n = 1, .batch = "b"};
        static const char *const elements[] = {"<failure", "<error", "<skipped"};
        assert_non_null(verdicts[s]);
        written("junit", &h, NULL, &b);
        for (size_t i = 0; i < NITEMS(elements); i++) {
            const bool there = strstr(buf_text(&b), elements[i]) != NULL;
            assert_int_equal(there, strcmp(verdicts[s], elements[i]) == 0);
        }
        written("close-notes", &h, NULL, &b);
        has(&b, state_report_name((enum item_state)s));
        has(&b, state_is_good(state_report((enum item_state)s)) ? "1 of 1 items" : "0 of 1 items");
    }
}

static void sarif(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    written("sarif", &state.history, &state.dir, &b);
    json_t *t = json_parse("sarif", b.p, b.n, &err);
    state_must(t != NULL, &err);
    const json_t *run = json_array_get(json_get(t, "runs"), 0);
    const json_t *results = json_get(run, "results");
    assert_int_equal(json_array_size(results), 1);
    const json_t *one = json_array_get(results, 0);
    assert_string_equal(json_get_str(one, "ruleId"), "san.test");
    assert_string_equal(json_get_str(one, "level"), "warning");
    has(&b, "\"uri\": \"manifest.yaml\"");
    has(&b, "\"startLine\": 7");
    has(&b, "\"startColumn\": 3");
    json_tree_release(&t);
}

static void close_notes(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    struct history h = state.history;
    written("close-notes", &h, &state.dir, &b);
    has(&b, "CHG0000007: 2 of 4 items done (2 issued).\n");
    has(&b, "- 1 refused (bad): the CA said no");
    has(&b, "- 1 skipped (old): ");
    has(&b, "- " STATE_NAME "-delivery.tar.gz\n");
    assert_null(strstr(buf_text(&b), "Exceptions"));
    assert_true(b.n < 4000);
    h.simulate = true;
    h.close_seq = h.bundled_seq = 9; /* the bundles were made of this very close */
    h.audit_sha256 = STATE_POLICY_SHA;
    struct decision abandoned = {.item = h.v[3].id,
                                 .word = "abandon",
                                 .user = "root (0)",
                                 .reason = "the CA\033[2J has no trace"};
    h.decisions.v = &abandoned;
    h.decisions.n = 1;
    written("close-notes", &h, &state.dir, &b);
    has(&b, "REHEARSAL");
    has(&b, STATE_NAME "-audit.tar.gz  SHA-256 " STATE_POLICY_SHA "\n");
    has(&b, "- old: abandon by root (0): the CA\\x1b[2J has no trace\n");
}

/* Ten thousand items in trouble do not make the notes longer than the field of a ticket. */
static void notes_stay_short(void **unused)
{
    (void)unused;
    enum { N = 10000 };
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    struct history h = {.batch = "b", .n = N, .plan_digest = "d"};
    static struct approval_record approvals[64];
    static char ids[N][64];
    h.v = calloc(N, sizeof *h.v);
    h.decisions.v = calloc(N, sizeof *h.decisions.v);
    h.decisions.n = N;
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "item-%050zu", i);
        h.v[i] = (struct item_record){.id = ids[i],
                                      .state = (enum item_state)(i % STATE__MAX),
                                      .not_before = TIME_NONE,
                                      .not_after = TIME_NONE};
        h.decisions.v[i] = (struct decision){.item = ids[i], .word = "adopt", .reason = ids[i]};
    }
    for (size_t i = 0; i < NITEMS(approvals); i++) {
        approvals[i] = (struct approval_record){.approver = ids[i], .plan_digest = "d"};
    }
    h.approvals.v = approvals;
    h.approvals.n = NITEMS(approvals);
    written("close-notes", &h, NULL, &b);
    assert_true(b.n < 4000);
    has(&b, " and 59 more.\n");
    has(&b, " more)");
    free(h.v);
    free(h.decisions.v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_shape),
        cmocka_unit_test(json_content),
        cmocka_unit_test(counts_add_up),
        cmocka_unit_test(every_state_is_counted),
        cmocka_unit_test(csv),
        cmocka_unit_test(text),
        cmocka_unit_test(stored),
        cmocka_unit_test(streams),
        cmocka_unit_test(writers),
        cmocka_unit_test(junit),
        cmocka_unit_test(junit_verdicts),
        cmocka_unit_test(sarif),
        cmocka_unit_test(close_notes),
        cmocka_unit_test(notes_stay_short),
    };
    return !!cmocka_run_group_tests(tests, set_up, tear_down);
}
