/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters and columns of `status`; lines of progress at every width; rates.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cmd/progress.h"
#include "cmd/status_filter.h"

#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 1795000000 }; /* 2026-11-18T11:06:40Z */

static struct item_record items[] = {
    {.id = "web",
     .kind = ITEM_ORDER,
     .state = STATE_ISSUED,
     .common_name = "WWW.Example.com",
     .san = "[\"dns:www.example.com\",\"ip:192.0.2.7\"]",
     .not_before = NOW,
     .not_after = NOW + 30 * DAY_SECONDS,
     .attempts = 2},
    {.id = "old",
     .kind = ITEM_REVOCATION,
     .state = STATE_ABANDONED,
     .error_code = "E-1",
     .not_before = TIME_NONE,
     .not_after = TIME_NONE},
};
static const struct history history = {.v = items, .n = NITEMS(items)};
static const struct report report = {.history = &history};

/* Which of the two items pass: "w", "o", "wo", ""; "!" when the filter is refused. */
static const char *pass(const char *text)
{
    static char out[4];
    struct err err = ERR_INIT;
    struct status_filters f = {0};
    CLEANUP(buf_release) struct buf scratch = BUF_INIT(1 << 16);
    size_t n = 0;
    if (!status_filter_add(&f, text, NOW, &err)) {
        assert_int_equal(err.code, ERR_USAGE);
        status_filters_release(&f);
        return "!";
    }
    for (size_t i = 0; i < NITEMS(items); i++) {
        if (status_filter_match(&f, &report, &items[i], &scratch)) {
            out[n++] = items[i].id[0];
        }
    }
    out[n] = '\0';
    status_filters_release(&f);
    return out;
}

static void filters(void **unused)
{
    (void)unused;
    static const struct {
        const char *filter, *want;
    } rows[] = {{"state=issued", "w"},
                {"state==ISSUED", "w"},
                {"state = issued", "w"},
                {"state!=issued", "o"},
                {"state=skipped", "o"},
                {"state~iss", "w"},
                {"state=abandoned", "!"},
                {"state<issued", "!"},
                {"state=", ""},
                {"kind=revocation", "o"},
                {"kind=orders", "!"},
                {"common_name=www.example.com", "w"},
                {"common_name~EXAMPLE", "w"},
                {"common_name!~example", "o"},
                {"common_name=", "o"},
                {"common_name!=", "w"},
                {"common_name~", "wo"},
                {"san=www.example.com", "w"},
                {"san=dns:www.example.com", "w"},
                {"san=192.0.2.7", "w"},
                {"san=example.com", ""},
                {"san~example.com", "w"},
                {"san!=example.com", "wo"},
                {"san>a", "!"},
                {"not_before=2026-11-18", "w"},
                {"not_before<2026-11-18", ""},
                {"not_before<=2026-11-18", "w"},
                {"not_before>2026-11-18", ""},
                {"not_before>=2026-11-18", "w"},
                {"not_before<2026-11-19", "w"},
                {"not_before>2026-11-17", "w"},
                {"not_before=2026-11-18T11:06:40Z", "w"},
                {"not_before<2026-11-18T11:06:40Z", ""},
                {"not_before>2026-11-18T11:06:39Z", "w"},
                {"not_before=2026-11-18T12:06:40+01:00", "w"},
                {"not_after<30d", ""},
                {"not_after<=30d", "w"},
                {"not_after<31d", "w"},
                {"not_after>29d", "w"},
                {"not_after!=2026-12-18", "o"},
                {"not_after=", "o"},
                {"not_after<", "!"},
                {"not_after<soon", "!"},
                {"not_after<2026-13-01", "!"},
                {"attempts=2", "w"},
                {"attempts>1", "w"},
                {"attempts>=2", "w"},
                {"attempts<1", "o"},
                {"attempts=-1", "!"},
                {"attempts=2x", "!"},
                {"error_code=e-1", "o"},
                {"error_code>D", "o"},
                {"error_code<D", ""},
                {"findings=0", "wo"},
                {"nothing=1", "!"},
                {"=1", "!"},
                {"state", "!"},
                {"", "!"}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if (strcmp(pass(rows[i].filter), rows[i].want) != 0) {
            fail_msg("%s: \"%s\", not \"%s\"", rows[i].filter, pass(rows[i].filter), rows[i].want);
        }
    }
}

/* A filter that is empty of meaning must not let everything pass by accident. */
static void all_must_hold(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    struct status_filters f = {0};
    CLEANUP(buf_release) struct buf scratch = BUF_INIT(1 << 16);
    assert_true(status_filter_add(&f, "state=issued", NOW, &err));
    assert_true(status_filter_add(&f, "attempts>5", NOW, &err));
    assert_false(status_filter_match(&f, &report, &items[0], &scratch));
    assert_false(status_filter_match(&f, &report, &items[1], &scratch));
    status_filters_release(&f);
}

static void columns(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    struct status_columns c = {0};
    assert_true(status_columns_add(&c, "state, id,not_after", &err));
    assert_int_equal(c.n, 3);
    assert_string_equal(c.v[0]->name, "state");
    assert_string_equal(c.v[2]->name, "not_after");
    status_columns_release(&c);
    static const char *const bad[] = {"", ",", "id,id", "id,nothing", "ID"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        err_clear(&err);
        assert_false(status_columns_add(&c, bad[i], &err));
        assert_int_equal(err.code, ERR_USAGE);
        status_columns_release(&c);
    }
}

/* Every column has a value of its kind for an item that knows nothing. */
static void empty_item(void **unused)
{
    (void)unused;
    const struct item_record nothing = {.id = "x", .not_before = TIME_NONE, .not_after = TIME_NONE};
    CLEANUP(buf_release) struct buf scratch = BUF_INIT(1 << 16);
    for (size_t i = 0; i < report_columns_count; i++) {
        struct report_cell cell;
        report_cell(&report, &report_columns[i], &nothing, &scratch, &cell);
        assert_non_null(cell.text);
        assert_ptr_equal(report_column_find(report_columns[i].name), &report_columns[i]);
        if (report_columns[i].kind == REPORT_TIME) {
            assert_true(cell.number == TIME_NONE && !cell.text[0]);
        }
        assert_int_equal(report_column_word(&report_columns[i], 0) != NULL,
                         report_columns[i].kind == REPORT_WORD);
    }
}

/* --- progress --- */

static const struct run_lane lanes[] = {
    {.ca = "certinext-production",
     .items = 300,
     .done = 80,
     .failed = 3,
     .in_flight = 8,
     .pending = 12,
     .wait_ms = 16100,
     .why = "asked to"},
    {.ca = "lab", .items = 100, .done = 100},
    {.ca = "evil\033[2J\xC3\xA9name-that-is-much-too-long-for-a-line",
     .items = 1,
     .stopped = true}};
static const struct run_progress running = {.items = 401,
                                            .done = 180,
                                            .failed = 3,
                                            .in_flight = 8,
                                            .lanes = lanes,
                                            .nlanes = 3,
                                            .note = "something \033]0;x\a to know"};

static void lines_fit(void **unused)
{
    (void)unused;
    const struct term plain = {.progress = true};
    for (size_t width = 1; width < 200; width++) {
        for (size_t i = 0; i < 4; i++) {
            size_t n = 0;
            CLEANUP(buf_release) struct buf b = BUF_INIT(8192);
            progress_line(&b, &n, &plain, &running, i ? &lanes[i - 1] : NULL, 1.5, width);
            assert_true(n <= width);
            assert_int_equal(utf8_length(buf_text(&b), b.n), n);
            assert_null(strpbrk(buf_text(&b), "\033\a"));
        }
    }
}

static void says(const char *line, const char *what)
{
    if (!strstr(line, what)) {
        fail_msg("\"%s\" does not say \"%s\"", line, what);
    }
}

static void line_content(void **unused)
{
    (void)unused;
    const struct term plain = {.progress = true};
    size_t n;
    CLEANUP(buf_release) struct buf b = BUF_INIT(8192);
    progress_line(&b, &n, &plain, &running, &lanes[0], 2, 180);
    static const char *const want[] = {
        "certinext-produc",       " 80/300", "3 failed",         "8 in flight", "12 pending",
        "waiting 17 s: asked to", "2.0/s",   "about 2 min left", "########"};
    for (size_t i = 0; i < NITEMS(want); i++) {
        says(buf_text(&b), want[i]);
    }
    buf_reset(&b);
    progress_line(&b, &n, &plain, &running, &lanes[0], 2, 60); /* what matters most stays */
    says(buf_text(&b), " 80/300");
    says(buf_text(&b), "asked to");
    assert_null(strstr(buf_text(&b), "in flight"));
    buf_reset(&b);
    progress_line(&b, &n, &plain, &running, &lanes[2], 0, 100);
    says(buf_text(&b), "given up");
    buf_reset(&b);
    struct run_progress stopping = running;
    stopping.stopping = true;
    progress_line(&b, &n, &plain, &stopping, NULL, 2, 180);
    says(buf_text(&b), "stopping");
    assert_null(strstr(buf_text(&b), "left"));
}

static void rates(void **unused)
{
    (void)unused;
    struct progress_rate r = {0};
    assert_true(progress_rate(&r, 1000, 50) < 0.01); /* of an earlier run: not counted */
    assert_true(progress_rate(&r, 1000, 50) < 0.01);
    double rate = 0;
    for (int64_t s = 1; s <= 100; s++) {
        rate = progress_rate(&r, 1000 + s * 1000, 50 + 4 * (size_t)s);
    }
    assert_true(rate > 3.9 && rate < 4.1);
    for (int64_t s = 101; s <= 140; s++) { /* it stands still: half a minute later that shows */
        rate = progress_rate(&r, 1000 + s * 1000, 450);
    }
    assert_true(rate < 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters),   cmocka_unit_test(all_must_hold),
        cmocka_unit_test(columns),   cmocka_unit_test(empty_item),
        cmocka_unit_test(lines_fit), cmocka_unit_test(line_content),
        cmocka_unit_test(rates),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
