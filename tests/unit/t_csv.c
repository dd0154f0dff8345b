/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV: what is written is read back, nothing starts like a formula, broken text is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/csv.h"

#include <string.h>

static void writing(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cells[] = {
        {"plain", "plain"},
        {"", ""},
        {NULL, ""},
        {"a,b", "\"a,b\""},
        {"say \"x\"", "\"say \"\"x\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"=1+1", "'=1+1"},
        {"+1", "'+1"},
        {"-1", "'-1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\tx", "'\tx"},
        {"\rx", "\"'\rx\""},
        {"=\"a\"", "\"'=\"\"a\"\"\""},
        {"1-1", "1-1"},
    };
    for (size_t i = 0; i < NITEMS(cells); i++) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(1024);
        csv_cell(&b, cells[i].in, true);
        assert_string_equal(buf_text(&b), cells[i].out);
    }
    CLEANUP(buf_release) struct buf b = BUF_INIT(1024);
    csv_cell(&b, "a", true);
    csv_cell_exact(&b, "=secret", false);
    csv_cell(&b, "=x", false);
    csv_end(&b);
    assert_string_equal(buf_text(&b), "a,=secret,'=x\n");
}

static void reading(void **state)
{
    (void)state;
    const char *p = "a,b,\"c,\"\"d\"\"\ne\"\n,\r\nlast";
    CLEANUP(buf_release) struct buf cells = BUF_INIT(1024);
    assert_int_equal(csv_row(&p, &cells), 3);
    assert_string_equal(csv_at(&cells, 0), "a");
    assert_string_equal(csv_at(&cells, 1), "b");
    assert_string_equal(csv_at(&cells, 2), "c,\"d\"\ne");
    assert_int_equal(csv_row(&p, &cells), 2);
    assert_string_equal(csv_at(&cells, 0), "");
    assert_string_equal(csv_at(&cells, 1), "");
    assert_int_equal(csv_row(&p, &cells), 1);
    assert_string_equal(csv_at(&cells, 0), "last");
    assert_int_equal(csv_row(&p, &cells), 0);
    static const char *const broken[] = {"\"open", "\"a\"b,c", "\"a\" ,b"};
    for (size_t i = 0; i < NITEMS(broken); i++) {
        p = broken[i];
        assert_int_equal(csv_row(&p, &cells), -1);
    }
    struct buf small = BUF_INIT(4);
    p = "a long cell";
    assert_int_equal(csv_row(&p, &small), -1);
    buf_release(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(writing), cmocka_unit_test(reading)};
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
