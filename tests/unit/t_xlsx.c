/* SPDX-License-Identifier: Apache-2.0
 *
 * Spreadsheets, unpacked with zlib and looked at as XML: what kind each cell is, what is cut, what
 * is refused, and that the same calls give the same bytes whatever the clock says.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/xlsx.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/base/xml.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

static bool to_buf(void *ctx, struct span bytes, struct err *err)
{
    (void)err;
    buf_add(ctx, bytes.p, bytes.n);
    return true;
}

static unsigned at16(const uint8_t *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static size_t at32(const uint8_t *p)
{
    return at16(p) | (size_t)at16(p + 2) << 16;
}

/* A member of the zip, by the central directory. */
static void member(const struct buf *zip, const char *name, struct buf *out)
{
    const uint8_t *p = (const uint8_t *)zip->p;
    size_t end = zip->n - 22;
    assert_int_equal(at32(p + end), 0x06054b50);
    size_t at = at32(p + end + 16);
    for (unsigned i = at16(p + end + 10); i > 0; i--) {
        const uint8_t *c = p + at;
        assert_int_equal(at32(c), 0x02014b50);
        assert_int_equal(at16(c + 12), 0);  /* midnight ... */
        assert_int_equal(at16(c + 14), 33); /* ... of 1980-01-01 */
        if (strlen(name) == at16(c + 28) && memcmp(c + 46, name, at16(c + 28)) == 0) {
            const uint8_t *local = p + at32(c + 42);
            const uint8_t *data = local + 30 + at16(local + 26) + at16(local + 28);
            const size_t size = at32(c + 24);
            z_stream z = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)at32(c + 20)};
            z.next_out = (Bytef *)buf_room(out, size);
            z.avail_out = (uInt)size;
            assert_int_equal(inflateInit2(&z, -MAX_WBITS), Z_OK);
            assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
            (void)inflateEnd(&z);
            buf_grew(out, size);
            return;
        }
        at += 46 + at16(c + 28) + at16(c + 30) + at16(c + 32);
    }
    fail_msg("no %s", name);
}

static const struct xlsx_column columns[] = {{"name", 20}, {"end", 0}, {"n", 8}, {"ok", 0}};

static void row(struct xlsx *x, const char *name, int64_t t, int64_t n, bool ok)
{
    xlsx_text(x, name);
    xlsx_date(x, t);
    xlsx_number(x, n);
    xlsx_bool(x, ok);
    xlsx_row(x);
}

static void write_two(struct buf *zip)
{
    struct err err = ERR_INIT;
    struct xlsx *x = xlsx_new(1795000000);
    xlsx_sheet(x, "First", columns, NITEMS(columns));
    row(x, "=HYPERLINK(\"http://x.example\",\"a\")", 1795000000, 7, true);
    row(x, NULL, TIME_NONE, -1, false);
    row(x, "0012E5", -3000000000, 123456789012345678, true);
    xlsx_sheet(x, "Second", columns, NITEMS(columns));
    assert_true(xlsx_finish(&x, to_buf, zip, &err));
    assert_null(x);
}

static void has(const struct buf *xml, const char *what)
{
    if (!strstr(buf_text(xml), what)) {
        fail_msg("no %s in %s", what, buf_text(xml));
    }
}

static void cells(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf zip = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf xml = BUF_INIT(1 << 20);
    write_two(&zip);
    member(&zip, "xl/worksheets/sheet1.xml", &xml);
    has(&xml, "<c r=\"A2\" t=\"inlineStr\"><is><t>=HYPERLINK(");
    has(&xml, "<c r=\"B2\" s=\"2\"><v>46344.46296");
    has(&xml, "<c r=\"C2\"><v>7</v></c>");
    has(&xml, "<c r=\"D2\" t=\"b\"><v>1</v></c>");
    has(&xml, "<c r=\"A4\" t=\"inlineStr\"><is><t>0012E5</t>");
    has(&xml, "<c r=\"B4\" t=\"inlineStr\"><is><t>1874-12-07T"); /* before Excel's days */
    has(&xml, "<c r=\"C4\" t=\"inlineStr\"><is><t>123456789012345678</t>");
    has(&xml, "state=\"frozen\"");
    has(&xml, "<autoFilter ref=\"A1:D4\"/>");
    assert_null(strstr(buf_text(&xml), "r=\"A3\""));
    assert_null(strstr(buf_text(&xml), "<f>"));
    buf_reset(&xml);
    member(&zip, "xl/worksheets/sheet2.xml", &xml);
    has(&xml, "<autoFilter ref=\"A1:D1\"/>");
    buf_reset(&xml);
    member(&zip, "docProps/core.xml", &xml);
    has(&xml, "2026-11-18T11:06:40Z");
}

static void same_bytes(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf first = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf second = BUF_INIT(1 << 20);
    write_two(&first);
    (void)usleep(2100 * 1000); /* a zip counts two seconds */
    write_two(&second);
    assert_int_equal(first.n, second.n);
    assert_memory_equal(first.p, second.p, first.n);
}

/* One cell, as it reads in the sheet. */
static void cell(const char *text, struct buf *out)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf zip = BUF_INIT(4 << 20);
    struct xlsx *x = xlsx_new(1);
    xlsx_sheet(x, "S", columns, 1);
    xlsx_text(x, text);
    xlsx_row(x);
    assert_true(xlsx_finish(&x, to_buf, &zip, &err));
    buf_reset(out);
    member(&zip, "xl/worksheets/sheet1.xml", out);
    const char *from = strstr(buf_text(out), " r=\"A2\"");
    assert_non_null(from);
    from = strstr(from, "<t");
    from = strchr(from, '>') + 1;
    const size_t n = (size_t)(strstr(from, "</t>") - from);
    memmove(out->p, from, n);
    out->n = n;
    out->p[n] = '\0';
}

static void hostile_text(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf out = BUF_INIT(4 << 20);
    static const struct {
        const char *in, *out;
    } rows[] = {{"a<b>&c", "a&lt;b&gt;&amp;c"},
                {"bell\a esc\033", "bell\xEF\xBF\xBD esc\xEF\xBF\xBD"},
                {"bad\xFF utf\xC3", "bad\xEF\xBF\xBD utf\xEF\xBF\xBD"},
                {"\xEF\xBF\xBE", "\xEF\xBF\xBD"},
                {"_x0041_", "_x005F_x0041_"},
                {"_x41_", "_x41_"},
                {"+1", "+1"},
                {"-1", "-1"},
                {"@x", "@x"}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        cell(rows[i].in, &out);
        assert_string_equal(buf_text(&out), rows[i].out);
    }
}

static void long_text(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf in = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf out = BUF_INIT(4 << 20);
    for (size_t n = 0; n < XLSX_CELL; n++) {
        buf_putc(&in, 'a');
    }
    cell(buf_text(&in), &out);
    assert_int_equal(out.n, XLSX_CELL);
    assert_null(strstr(buf_text(&out), "cut"));
    buf_putc(&in, 'a');
    cell(buf_text(&in), &out);
    assert_true(out.n <= XLSX_CELL && out.n > XLSX_CELL - 20);
    assert_true(str_ends(buf_text(&out), "a ... (cut)"));
    buf_reset(&in);
    for (size_t n = 0; n < 20000; n++) { /* two units each */
        buf_puts(&in, "\xF0\x9F\x98\x80");
    }
    cell(buf_text(&in), &out);
    assert_true(str_ends(buf_text(&out), " ... (cut)"));
    assert_true(utf8_valid(buf_text(&out), out.n));
    assert_true(utf8_length(buf_text(&out), out.n) < XLSX_CELL / 2 + 10);
}

static void mistakes(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf zip = BUF_INIT(1 << 20);
    struct xlsx *x = xlsx_new(1);
    xlsx_sheet(x, "S", columns, 1);
    xlsx_text(x, "a");
    xlsx_text(x, "b");
    assert_false(xlsx_finish(&x, to_buf, &zip, &err));
    assert_non_null(strstr(err.msg, "more cells"));
    assert_int_equal(zip.n, 0);
    x = xlsx_new(1);
    xlsx_sheet(x, "a name with more than thirty-one characters", columns, 1);
    assert_false(xlsx_finish(&x, to_buf, &zip, &err));
    x = xlsx_new(1);
    xlsx_sheet(x, "S", columns, 1);
    xlsx_text(x, "a");
    xlsx_abandon(&x);
    assert_null(x);
}

static void last_row(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf zip = BUF_INIT(64 << 20);
    struct xlsx *x = xlsx_new(1);
    xlsx_sheet(x, "S", columns, 1);
    for (size_t i = 1; i < XLSX_ROWS; i++) {
        xlsx_row(x);
    }
    xlsx_text(x, "one too many");
    assert_false(xlsx_finish(&x, to_buf, &zip, &err));
    assert_non_null(strstr(err.msg, "1048576 rows"));
}

/* Two sheets of which the first is the larger. */
static bool write_many(struct buf *zip, struct err *err)
{
    struct xlsx *x = xlsx_new(1795000000);
    buf_reset(zip);
    xlsx_sheet(x, "First", columns, NITEMS(columns));
    for (int i = 0; i < 150; i++) {
        row(x, "a name that takes some room", 1795000000 + i, i, i % 2);
    }
    xlsx_sheet(x, "Second", columns, NITEMS(columns));
    row(x, "one", 1795000000, 1, true);
    return xlsx_finish(&x, to_buf, zip, err);
}

/* Wherever the disk is full, the file is whole or there is none and it is said. */
static void full_disk(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf whole = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf zip = BUF_INIT(1 << 20);
    struct err err = ERR_INIT;
    struct rlimit before, limit;
    size_t early = 0, late = 0, fits = 0;
    assert_true(write_many(&whole, &err));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    for (rlim_t at = 512; at <= 64 * 1024; at += 512) {
        limit = (struct rlimit){at, before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        bool ok = write_many(&zip, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        if (ok) {
            fits++;
            assert_true(zip.n == whole.n && memcmp(zip.p, whole.p, whole.n) == 0);
            continue;
        }
        assert_int_equal(zip.n, 0);
        assert_int_equal(err.code, ERR_ENV);
        assert_non_null(strstr(err.hint, "$TMPDIR"));
        early += strstr(err.msg, "temporary file") != NULL;
        late += strstr(err.msg, "cut short") != NULL;
        err_clear(&err);
    }
    assert_true(early && late && fits); /* the rows; what is made of them at the end; neither */
    (void)signal(SIGXFSZ, SIG_DFL);
}

static void xml_escapes(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1024);
    xml_attribute(&b, "a", "x\"<>&'\n\t\r\x01\xC3");
    assert_string_equal(buf_text(&b),
                        " a=\"x&#34;&#60;&#62;&#38;&#39;&#10;&#9;&#13;\xEF\xBF\xBD\xEF\xBF\xBD\"");
    buf_reset(&b);
    xml_chars(&b, "<\x02\xED\xA0\x80\xF4\x90\x80\x80>", 10);
    assert_null(strchr(buf_text(&b), '\x02'));
    assert_true(utf8_valid(buf_text(&b), b.n));
    assert_int_equal(buf_text(&b)[0], '<');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells),     cmocka_unit_test(same_bytes),  cmocka_unit_test(hostile_text),
        cmocka_unit_test(long_text), cmocka_unit_test(mistakes),    cmocka_unit_test(last_row),
        cmocka_unit_test(full_disk), cmocka_unit_test(xml_escapes),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
