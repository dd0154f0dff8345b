/* SPDX-License-Identifier: Apache-2.0
 *
 * XLSX: what cells mean, where they stand, and workbooks made to do harm. The zip files are made
 * here, without compression; compressed ones of other makers are read by tests/interop/import.sh.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/crc32.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/xlsx_in.h"

#include <string.h>

/* --- a zip --- */
struct made {
    struct buf file, directory;
    unsigned n;
};

static void le(struct buf *b, uint32_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        buf_putc(b, (char)(v >> 8 * i & 0xFF));
    }
}

static void zip_add(struct made *z, const char *name, const char *text)
{
    const uint32_t at = (uint32_t)z->file.n;
    const uint32_t n = (uint32_t)strlen(text);
    struct crc32 crc;
    crc32_begin(&crc);
    crc32_add(&crc, (struct span){(const uint8_t *)text, n});
    for (unsigned central = 0; central < 2; central++) {
        struct buf *b = central ? &z->directory : &z->file;
        le(b, central ? 0x02014b50 : 0x04034b50, 4);
        le(b, 20, central ? 2 : 0); /* made by */
        le(b, 20, 2);               /* needs */
        le(b, 0, 4);                /* flags, method */
        le(b, 0x21 << 16, 4);       /* 1980-01-01 */
        le(b, crc.value, 4);
        le(b, n, 4);
        le(b, n, 4);
        le(b, (uint32_t)strlen(name), 2);
        le(b, 0, 2);
        if (central) {
            le(b, 0, 4); /* comment, disk */
            le(b, 0, 4); /* internal attributes, external: lower half */
            le(b, 0, 2);
            le(b, at, 4);
        }
        buf_puts(b, name);
        if (!central) {
            buf_puts(b, text);
        }
    }
    z->n++;
}

static struct span zip_end(struct made *z)
{
    const uint32_t at = (uint32_t)z->file.n;
    buf_add(&z->file, z->directory.p, z->directory.n);
    le(&z->file, 0x06054b50, 4);
    le(&z->file, 0, 4);
    le(&z->file, z->n, 2);
    le(&z->file, z->n, 2);
    le(&z->file, (uint32_t)z->directory.n, 4);
    le(&z->file, at, 4);
    le(&z->file, 0, 2);
    return buf_span(&z->file);
}

static void made_release(struct made *z)
{
    buf_release(&z->file);
    buf_release(&z->directory);
}
#define MADE_INIT                                                                                  \
    {                                                                                              \
        BUF_INIT(8u << 20), BUF_INIT(1u << 20), 0                                                  \
    }

static const char workbook[] = "<workbook xmlns:r='x'><workbookPr%s/><sheets>"
                               "<sheet name='hidden' sheetId='1' state='hidden' r:id='rId9'/>"
                               "<sheet name='certs' sheetId='2' r:id='rId1'/></sheets></workbook>";
static const char relations[] =
    "<Relationships>"
    "<Relationship Id='rId1' Type='http://x/worksheet' Target='worksheets/sheet2.xml'/>"
    "<Relationship Id='rId2' Type='http://x/sharedStrings' Target='/xl/sharedStrings.xml'/>"
    "<Relationship Id='rId3' Type='http://x/styles' Target='styles.xml'/></Relationships>";
static const char strings[] =
    "<sst><si><t>plain</t></si><si><r><t>rich </t></r><r><rPr/><t>runs</t></r>"
    "<rPh sb='0' eb='1'><t>phonetic</t></rPh></si></sst>";
static const char styles[] =
    "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='dd\\-mmm\\-yyyy'/>"
    "<numFmt numFmtId='165' formatCode='&quot;days&quot; 0'/>"
    "<numFmt numFmtId='166' formatCode='[Red]0.00'/>"
    "<numFmt numFmtId='167' formatCode='[h]:mm'/></numFmts>"
    "<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs>"
    "<cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='164'/><xf numFmtId='165'/>"
    "<xf numFmtId='166'/><xf numFmtId='22'/><xf numFmtId='167'/></cellXfs></styleSheet>";

static bool read_parts(struct arena *a, const char *properties, const char *sheet,
                       struct rows *rows, struct err *err)
{
    CLEANUP(made_release) struct made z = MADE_INIT;
    zip_add(&z, "xl/workbook.xml", arena_printf(a, workbook, properties));
    zip_add(&z, "xl/_rels/workbook.xml.rels", relations);
    zip_add(&z, "xl/sharedStrings.xml", strings);
    zip_add(&z, "xl/styles.xml", styles);
    zip_add(&z, "xl/worksheets/sheet2.xml", sheet);
    return xlsx_in_read(a, "t.xlsx", zip_end(&z), NULL, rows, err);
}

static void expect(const char *properties, const char *cells, const char *want, enum cell_kind kind)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(rows_release) struct rows rows = ROWS_INIT;
    CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
    struct err err = ERR_INIT;
    if (!read_parts(&a, properties,
                    arena_printf(&a, "<worksheet><sheetData>%s</sheetData></worksheet>", cells),
                    &rows, &err)) {
        fail_msg("%s", err.msg);
    }
    for (size_t i = 0; i < rows.n; i++) {
        assert_int_equal(rows.v[i].number, i + 1);
        for (uint32_t k = 0; k < rows.v[i].n; k++) {
            assert_int_equal(rows.v[i].v[k].kind, kind);
            buf_printf(&b, "%u=%s ", rows.v[i].v[k].column, rows.v[i].v[k].text);
        }
        buf_putc(&b, '\n');
    }
    assert_string_equal(buf_text(&b), want);
}

static void texts(void **state UNUSED)
{
    expect("", "<row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c></row>",
           "1=plain 2=rich runs \n", CELL_TEXT);
    expect("",
           "<row r='1'><c r='A1' t='inlineStr'><is><t>in</t></is></c>"
           "<c r='B1' t='inlineStr'><is><r><t>li</t></r><r><t>ne</t></r></is></c></row>",
           "1=in 2=line \n", CELL_TEXT);
    expect("", "<row r='1'><c r='A1' t='str'><f>A2&amp;A3</f><v>a &lt; b</v></c></row>",
           "1=a < b \n", CELL_TEXT);
    expect("", "<row r='1'><c r='A1' t='d'><v>2026-11-20T10:00:00Z</v></c></row>",
           "1=2026-11-20T10:00:00Z \n", CELL_TEXT);
    expect("", "<row r='1'><c r='A1' t='b'><v>1</v></c><c r='B1' t='b'><v>0</v></c></row>",
           "1=TRUE 2=FALSE \n", CELL_BOOL);
    expect("", "<row r='1'><c r='A1' t='e'><v>#N/A</v></c></row>", "1=#N/A \n", CELL_ERROR);
}

static void places(void **state UNUSED)
{
    /* by their references: columns and rows that are not there stay away */
    expect("", "<row r='3'><c r='C3' t='s'><v>0</v></c><c r='AB3' t='s'><v>0</v></c></row>",
           "\n\n3=plain 28=plain \n", CELL_TEXT);
    expect("",
           "<row><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row><row><c t='s'><v>0</v></c></row>",
           "1=plain 2=rich runs \n1=plain \n", CELL_TEXT);
    expect("", "<x:row xmlns:x='y' r='1'><x:c r='B1' t='s'><x:v>0</x:v></x:c></x:row>",
           "2=plain \n", CELL_TEXT);
}

static void numbers_and_dates(void **state UNUSED)
{
    expect("",
           "<row r='1'><c r='A1'><v>1.2345678901234501E+20</v></c><c r='B1' s='3'><v>7</v></c>"
           "<c r='C1' s='4'><v>46000</v></c><c r='D1' t='n'><v>0012</v></c></row>",
           "1=1.2345678901234501E+20 2=7 3=46000 4=0012 \n", CELL_NUMBER);
    /* day 1, the day before the leap day that never was, the day after, today */
    expect("",
           "<row r='1'><c r='A1' s='1'><v>1</v></c><c r='B1' s='1'><v>59</v></c>"
           "<c r='C1' s='2'><v>61</v></c><c r='D1' s='2'><v>46346</v></c></row>",
           "1=1900-01-01 2=1900-02-28 3=1900-03-01 4=2026-11-20 \n", CELL_DATE);
    expect("", "<row r='1'><c r='A1' s='5'><v>46346.416666666664</v></c></row>",
           "1=2026-11-20 10:00:00 \n", CELL_DATE);
    expect(" date1904='1'", "<row r='1'><c r='A1' s='1'><v>44884</v></c></row>", "1=2026-11-20 \n",
           CELL_DATE);
}

static void refuse(const char *sheet, const char *why)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(rows_release) struct rows rows = ROWS_INIT;
    struct err err = ERR_INIT;
    assert_false(read_parts(&a, "", sheet, &rows, &err));
    assert_int_equal(err.code, ERR_INPUT);
    if (!strstr(err.msg, why)) {
        fail_msg("%s: %s", why, err.msg);
    }
}

static void hostile_sheets(void **state UNUSED)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf deep = BUF_INIT(1u << 20);
    for (size_t i = 0; i < LIMIT_XML_DEPTH + 1; i++) {
        buf_puts(&deep, "<a>");
    }
    refuse("<!DOCTYPE w [<!ENTITY a 'aaaa'>]><worksheet>&a;</worksheet>", "document type");
    refuse("<!DOCTYPE w SYSTEM 'file:///etc/passwd'><worksheet/>", "document type");
    refuse("<worksheet>&unknown;</worksheet>", "not well-formed");
    refuse("<worksheet><row", "not well-formed");
    refuse(buf_text(&deep), "nested");
    refuse("<w><row r='2'/><row r='1'/></w>", "not in order");
    refuse("<w><row r='1'><c r='B1'/><c r='A1'/></row></w>", "reference");
    refuse("<w><row r='1'><c r='A2'/></row></w>", "reference");
    refuse("<w><row r='1'><c r='A0'/></row></w>", "reference");
    refuse("<w><c r='A1'/></w>", "reference");
    refuse("<w><row r='1'><c r='A1' t='s'><v>2</v></c></row></w>", "does not have");
    refuse("<w><row r='1'><c r='A1' t='s'><v>-1</v></c></row></w>", "does not have");
    refuse("<w><row r='4294967297'/></w>", "not in order");
    refuse("<w><row r='1048576'/></w>", "more rows");
    refuse("<w><row r='1'><c r='XFD1'/></row></w>", "more columns");
}

static void broken_books(void **state UNUSED)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    static const char *const without[] = {"xl/workbook.xml",          "xl/_rels/workbook.xml.rels",
                                          "xl/sharedStrings.xml",     "xl/styles.xml",
                                          "xl/worksheets/sheet2.xml", "none"};
    const char *const texts_of[] = {arena_printf(&a, workbook, ""), relations, strings, styles,
                                    "<worksheet/>"};
    for (size_t i = 0; i < NITEMS(without); i++) {
        CLEANUP(made_release) struct made z = MADE_INIT;
        CLEANUP(rows_release) struct rows rows = ROWS_INIT;
        for (size_t k = 0; k < NITEMS(texts_of); k++) {
            if (k != i) {
                zip_add(&z, without[k], texts_of[k]);
            }
        }
        const bool ok = xlsx_in_read(&a, "t.xlsx", zip_end(&z), NULL, &rows, &err);
        assert_int_equal(ok, i == NITEMS(without) - 1);
        assert_true(ok || strstr(err.msg, without[i]));
    }
    CLEANUP(made_release) struct made twice = MADE_INIT;
    CLEANUP(rows_release) struct rows rows = ROWS_INIT;
    zip_add(&twice, "xl/workbook.xml", texts_of[0]);
    zip_add(&twice, "xl/WORKBOOK.xml", texts_of[0]);
    assert_false(xlsx_in_read(&a, "t.xlsx", zip_end(&twice), NULL, &rows, &err));
    assert_non_null(strstr(err.msg, "twice"));
}

static void no_zip(void **state UNUSED)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(rows_release) struct rows rows = ROWS_INIT;
    struct err err = ERR_INIT;
    static const uint8_t old[16] = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
    static const uint8_t cut[] = "PK\3\4 and nothing more";
    assert_false(xlsx_in_read(&a, "t.xls", (struct span){old, sizeof old}, NULL, &rows, &err));
    assert_non_null(strstr(err.msg, "password"));
    assert_true(xlsx_is((struct span){cut, sizeof cut}));
    assert_false(xlsx_in_read(&a, "t.xlsx", (struct span){cut, sizeof cut}, NULL, &rows, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(places),
        cmocka_unit_test(numbers_and_dates),
        cmocka_unit_test(hostile_sheets),
        cmocka_unit_test(broken_books),
        cmocka_unit_test(no_zip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
