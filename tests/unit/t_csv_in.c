/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV of other programs: encodings, separators, line ends, ragged rows, what is refused and where.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/csv_in.h"

#include <string.h>

/* Rows as text: cells between bars, rows in lines. */
static void expect(struct span in, struct csv_in_options o, char delimiter, const char *want)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(rows_release) struct rows rows = ROWS_INIT;
    CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
    struct err err = ERR_INIT;
    char used;
    if (!csv_in_read(&a, "t.csv", in, &o, &rows, &used, &err)) {
        fail_msg("%s", err.msg);
    }
    for (size_t i = 0; i < rows.n; i++) {
        assert_int_equal(rows.v[i].number, i + 1);
        for (uint32_t k = 0; k < rows.v[i].n; k++) {
            assert_int_equal(rows.v[i].v[k].column, k + 1);
            buf_printf(&b, "%s%s", k ? "|" : "", rows.v[i].v[k].text);
        }
        buf_putc(&b, '\n');
    }
    assert_string_equal(buf_text(&b), want);
    assert_int_equal(used, delimiter);
}
#define SPAN(text) ((struct span){(const uint8_t *)(text), sizeof(text) - 1})

static void separators(void **state UNUSED)
{
    const struct csv_in_options any = {0};
    expect(SPAN("a,b\n1,2\n"), any, ',', "a|b\n1|2\n");
    expect(SPAN("a;b\n1,5;2\n"), any, ';', "a|b\n1,5|2\n");
    expect(SPAN("a\tb\n1\t2"), any, '\t', "a|b\n1|2\n");
    expect(SPAN("a|b\n1|2\n"), any, '|', "a|b\n1|2\n");
    /* quoted separators do not count */
    expect(SPAN("\"a;b;c;d\",x\n1,2\n"), any, ',', "a;b;c;d|x\n1|2\n");
    /* the line that says it becomes an empty row: numbers stay those of the file */
    expect(SPAN("sep=;\na;b,c\n"), any, ';', "\na|b,c\n");
    expect(SPAN("\"sep=|\"\r\na|b\r\n"), any, '|', "\na|b\n");
    expect(SPAN("sep=;x\n"), any, ';', "sep=|x\n");
    /* what the profile says wins over what is seen, what the file says over both */
    expect(SPAN("a;b,c\n"), (struct csv_in_options){.delimiter = ','}, ',', "a;b|c\n");
    expect(SPAN("sep=;\na;b,c\n"), (struct csv_in_options){.delimiter = ','}, ';', "\na|b,c\n");
    expect(SPAN("alone\n"), any, ',', "alone\n");
}

static void line_ends_and_rows(void **state UNUSED)
{
    const struct csv_in_options any = {0};
    expect(SPAN("a,b\r\n1,2\r\n"), any, ',', "a|b\n1|2\n");
    expect(SPAN("a,b\r1,2\r"), any, ',', "a|b\n1|2\n");
    expect(SPAN("a,\"x\r\ny\"\r\n1,2"), any, ',', "a|x\ny\n1|2\n");
    expect(SPAN("a,b\n\n\n1,2\n\n\n"), any, ',', "a|b\n\n\n1|2\n\n\n");
    expect(SPAN("a,b\n1\n1,2,3\n"), any, ',', "a|b\n1\n1|2|3\n");
    expect(SPAN("a, b ,\" c \"\n"), any, ',', "a| b | c \n");
    expect(SPAN("a,\"say \"\"x\"\"\"\n"), any, ',', "a|say \"x\"\n");
    expect(SPAN(""), any, ',', "");
}

static void encodings(void **state UNUSED)
{
    const struct csv_in_options any = {0};
    expect(SPAN("\xEF\xBB\xBF"
                "a,b\n"),
           any, ',', "a|b\n");
    expect(SPAN("\xFF\xFE"
                "a\0;\0\xE4\0\n\0"),
           any, ';', "a|\xC3\xA4\n");
    expect(SPAN("\xFE\xFF"
                "\0a\0;\0\xE4\0\n"),
           any, ';', "a|\xC3\xA4\n");
    expect(SPAN("a\0,\0b\0\n\0"), any, ',', "a|b\n");
    expect(SPAN("\0a\0,\0b\0\n"), any, ',', "a|b\n");
    /* U+1F512 as a pair of surrogates */
    expect(SPAN("\xFF\xFE"
                "\x3D\xD8\x12\xDD,\0x\0"),
           any, ',', "\xF0\x9F\x94\x92|x\n");
    expect(SPAN("M\xFCller,\x80\n"), (struct csv_in_options){.encoding = TEXT_WINDOWS_1252}, ',',
           "M\xC3\xBCller|\xE2\x82\xAC\n");
}

static void refuse(struct span in, enum text_encoding encoding, uint32_t row, uint32_t column)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(rows_release) struct rows rows = ROWS_INIT;
    struct err err = ERR_INIT;
    const struct csv_in_options o = {.encoding = encoding};
    assert_false(csv_in_read(&a, "t.csv", in, &o, &rows, NULL, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.line, row);
    assert_int_equal(err.column, column);
}

static void refusals(void **state UNUSED)
{
    refuse(SPAN("a,b\n1,x\"y\n"), TEXT_AUTO, 2, 2);   /* a mark in an unquoted cell */
    refuse(SPAN("a,b\n1,\"x\"y\n"), TEXT_AUTO, 2, 2); /* text behind a quoted cell */
    refuse(SPAN("a,b\n1,\"open\n"), TEXT_AUTO, 2, 2); /* a quoted cell without end */
    refuse(SPAN("M\xFCller,x\n"), TEXT_AUTO, 0, 0);
    refuse(SPAN("\xFF\xFE"
                "a"),
           TEXT_AUTO, 0, 0); /* half a unit */
    refuse(SPAN("\xFF\xFE"
                "\x12\xDD"),
           TEXT_AUTO, 0, 0); /* a lone surrogate */
    refuse(SPAN("\xFF\xFE"
                "\x3D\xD8x\0"),
           TEXT_AUTO, 0, 0);
    refuse(SPAN("a\x81,b\n"), TEXT_WINDOWS_1252, 0, 0); /* not assigned */
    refuse(SPAN("ab,\0\n"), TEXT_AUTO, 0, 0);
}

static void limits(void **state UNUSED)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_TABLE_BYTES);
    struct err err = ERR_INIT;
    const struct csv_in_options any = {0};
    for (size_t extra = 0; extra < 2; extra++) {
        CLEANUP(rows_release) struct rows rows = ROWS_INIT;
        buf_reset(&b);
        for (size_t i = 1; i < LIMIT_TABLE_COLUMNS + extra; i++) {
            buf_putc(&b, ',');
        }
        assert_int_equal(csv_in_read(&a, "t", buf_span(&b), &any, &rows, NULL, &err), extra == 0);
    }
    for (size_t extra = 0; extra < 2; extra++) {
        CLEANUP(rows_release) struct rows rows = ROWS_INIT;
        buf_reset(&b);
        for (size_t i = 0; i < LIMIT_TABLE_CELL + extra; i++) {
            buf_putc(&b, 'x');
        }
        err = (struct err)ERR_INIT;
        assert_int_equal(csv_in_read(&a, "t", buf_span(&b), &any, &rows, NULL, &err), extra == 0);
    }
    for (size_t extra = 0; extra < 2; extra++) {
        CLEANUP(rows_release) struct rows rows = ROWS_INIT;
        buf_reset(&b);
        for (size_t i = 0; i < LIMIT_TABLE_ROWS + extra; i++) {
            buf_puts(&b, "x\n");
        }
        err = (struct err)ERR_INIT;
        assert_int_equal(csv_in_read(&a, "t", buf_span(&b), &any, &rows, NULL, &err), extra == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators), cmocka_unit_test(line_ends_and_rows),
        cmocka_unit_test(encodings),  cmocka_unit_test(refusals),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
