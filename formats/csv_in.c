/* SPDX-License-Identifier: Apache-2.0
 *
 * See csv_in.h; the only user of libcsv. Line ends are made one kind before libcsv sees them, so
 * that it counts every row once, empty ones too, as a spreadsheet does.
 */
#include "formats/csv_in.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <csv.h>
#include <string.h>

struct reader {
    struct arena *arena;
    const char *name;
    struct rows *rows;
    struct cell *cells; /* of the row that is being read */
    size_t n, cap;
    struct err *err;
    bool failed;
};

static bool fail(struct reader *r, const char *what, unsigned long long limit)
{
    r->failed = true;
    return err_at(r->err, ERR_INPUT,
                  (struct pos){.file = r->name,
                               .line = (uint32_t)r->rows->n + 1,
                               .column = (uint32_t)r->n + 1},
                  "%s %llu", what, limit);
}

static void on_cell(void *text, size_t n, void *ctx)
{
    struct reader *r = ctx;
    if (r->failed) {
        return;
    }
    if (n > LIMIT_TABLE_CELL) {
        fail(r, "a cell is longer than the limit of bytes,", LIMIT_TABLE_CELL);
    } else if (r->n >= LIMIT_TABLE_COLUMNS) {
        fail(r, "a row has more columns than the limit,", LIMIT_TABLE_COLUMNS);
    } else if (++r->rows->cells > LIMIT_TABLE_CELLS) {
        fail(r, "the table has more cells than the limit,", LIMIT_TABLE_CELLS);
    } else {
        vec_reserve((void **)&r->cells, &r->cap, r->n + 1, sizeof *r->cells);
        r->cells[r->n] = (struct cell){arena_strndup(r->arena, text ? text : "", n),
                                       (uint32_t)r->n + 1, CELL_TEXT};
        r->n++;
    }
}

static void on_row(int end UNUSED, void *ctx)
{
    struct reader *r = ctx;
    if (r->failed) {
        return;
    }
    if (r->rows->n >= LIMIT_TABLE_ROWS) {
        fail(r, "the table has more rows than the limit,", LIMIT_TABLE_ROWS);
        return;
    }
    const struct row row = {.v = arena_memdup(r->arena, r->cells, r->n * sizeof *r->cells),
                            .n = (uint32_t)r->n,
                            .number = (uint32_t)r->rows->n + 1};
    VEC_PUSH(r->rows, row);
    r->n = 0;
}

/* --- encodings --- */
/* 0x80 to 0x9F of Windows-1252; 0 = not assigned. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

static enum text_encoding detect(struct span s, size_t *bom)
{
    *bom = 0;
    if (s.n >= 3 && memcmp(s.p, "\xEF\xBB\xBF", 3) == 0) {
        *bom = 3;
        return TEXT_UTF8;
    }
    if (s.n >= 2 && (s.p[0] == 0xFF || s.p[0] == 0xFE) && s.p[0] + s.p[1] == 0xFF + 0xFE) {
        *bom = 2;
        return s.p[0] == 0xFF ? TEXT_UTF16LE : TEXT_UTF16BE;
    }
    if (s.n >= 4 && s.p[0] && !s.p[1] && s.p[2] && !s.p[3]) {
        return TEXT_UTF16LE;
    }
    if (s.n >= 4 && !s.p[0] && s.p[1] && !s.p[2] && s.p[3]) {
        return TEXT_UTF16BE;
    }
    return TEXT_UTF8;
}

static void put_character(struct buf *out, uint32_t c)
{
    char utf8[4];
    buf_add(out, utf8, utf8_encode(c, utf8));
}

static uint32_t unit(const uint8_t *p, bool big)
{
    return (uint32_t)p[!big] << 8 | p[big];
}

static bool from_utf16(struct span s, bool big, struct buf *out)
{
    if (s.n % 2) {
        return false;
    }
    for (size_t i = 0; i < s.n; i += 2) {
        uint32_t c = unit(s.p + i, big);
        if (c >= 0xDC00 && c < 0xE000) {
            return false;
        }
        if (c >= 0xD800 && c < 0xDC00) {
            if (i + 3 >= s.n) {
                return false;
            }
            const uint32_t low = unit(s.p + i + 2, big);
            if (low < 0xDC00 || low >= 0xE000) {
                return false;
            }
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        }
        put_character(out, c);
    }
    return true;
}

static bool from_windows(struct span s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        const bool special = s.p[i] >= 0x80 && s.p[i] < 0xA0;
        const uint32_t c = special ? windows_1252[s.p[i] - 0x80] : s.p[i];
        if (special && !c) {
            return false;
        }
        put_character(out, c);
    }
    return true;
}

static bool decode(struct span s, enum text_encoding encoding, struct buf *out)
{
    switch (encoding) {
    case TEXT_UTF16LE:
    case TEXT_UTF16BE:
        return from_utf16(s, encoding == TEXT_UTF16BE, out);
    case TEXT_WINDOWS_1252:
        return from_windows(s, out);
    case TEXT_AUTO:
    case TEXT_UTF8:
    default:
        buf_add(out, s.p, s.n);
        return utf8_valid((const char *)s.p, s.n);
    }
}

/* CRLF and CR to LF, in place. */
static void one_line_end(struct buf *b)
{
    size_t to = 0;
    for (size_t i = 0; i < b->n; i++) {
        const bool cr = b->p[i] == '\r';
        i += cr && i + 1 < b->n && b->p[i + 1] == '\n';
        b->p[to++] = cr ? '\n' : b->p[i];
    }
    if (b->p) {
        b->n = to;
        b->p[to] = '\0';
    }
}

bool text_in(const char *name, struct span bytes, enum text_encoding encoding, struct buf *out,
             struct err *err)
{
    size_t bom;
    const enum text_encoding found = detect(bytes, &bom);
    const bool as_found = encoding == TEXT_AUTO || encoding == found;
    encoding = encoding == TEXT_AUTO ? found : encoding;
    const size_t skip = as_found ? bom : 0;
    const struct span rest = {bytes.p ? bytes.p + skip : bytes.p, bytes.n - skip};
    if (!decode(rest, encoding, out)) {
        err_set(err, ERR_INPUT, "%s is not text of the encoding %s", name,
                encoding == TEXT_UTF16LE || encoding == TEXT_UTF16BE ? "UTF-16"
                : encoding == TEXT_WINDOWS_1252                      ? "Windows-1252"
                                                                     : "UTF-8");
        err_hint(err, "save it as UTF-8, or say its encoding in an import profile of your own");
        return false;
    }
    if (buf_failed(out)) {
        return err_set(err, ERR_INPUT, "%s has more than %u bytes", name, LIMIT_TABLE_BYTES);
    }
    one_line_end(out);
    if (out->n && memchr(out->p, '\0', out->n)) {
        return err_set(err, ERR_INPUT, "%s is no text: it has NUL characters", name);
    }
    return true;
}

/* --- separators --- */
/* "sep=;" alone on the first line. */
static char said_delimiter(const struct buf *b, size_t *skip)
{
    const char *p = buf_text(b);
    const bool quoted = *p == '"';
    const size_t at = quoted ? 5 : 4;
    *skip = 0;
    if (strncmp(p + quoted, "sep=", 4) != 0 || !p[at] || p[at] == '\n') {
        return 0;
    }
    const size_t end = at + 1 + quoted;
    if ((quoted && p[at + 1] != '"') || (p[end] && p[end] != '\n')) {
        return 0;
    }
    *skip = end; /* the line itself stays as an empty row: rows keep their numbers */
    return p[at];
}

static char guess_delimiter(const char *p)
{
    static const char known[] = {',', ';', '\t', '|'};
    size_t counts[NITEMS(known)] = {0};
    size_t best = 0;
    bool quoted = false;
    p += strspn(p, "\n");
    for (; *p && (*p != '\n' || quoted); p++) {
        quoted = quoted != (*p == '"');
        for (size_t i = 0; !quoted && i < NITEMS(known); i++) {
            counts[i] += *p == known[i];
        }
    }
    for (size_t i = 1; i < NITEMS(known); i++) {
        best = counts[i] > counts[best] ? i : best;
    }
    return known[best];
}

static int no_character(unsigned char c UNUSED)
{
    return 0; /* blanks belong to their cells: whether they matter is not decided here */
}

static bool parse(struct reader *r, const char *p, size_t n, char delimiter)
{
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0) {
        oom(sizeof parser);
    }
    csv_set_delim(&parser, (unsigned char)delimiter);
    csv_set_space_func(&parser, no_character);
    const size_t read = csv_parse(&parser, p, n, on_cell, on_row, r);
    const bool whole = read == n && csv_fini(&parser, on_cell, on_row, r) == 0;
    if (!whole && !r->failed) {
        r->failed = true;
        err_at(r->err, ERR_INPUT,
               (struct pos){
                   .file = r->name, .line = (uint32_t)r->rows->n + 1, .column = (uint32_t)r->n + 1},
               "%s",
               csv_error(&parser) == CSV_EPARSE
                   ? "a quotation mark where none can be, or a quoted cell without end"
                   : "the CSV reader failed");
        err_hint(r->err, "in CSV a cell with a quotation mark is quoted, and the mark doubled");
    }
    csv_free(&parser);
    return !r->failed;
}

bool csv_in_read(struct arena *a, const char *name, struct span bytes,
                 const struct csv_in_options *options, struct rows *out, char *delimiter,
                 struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_TABLE_BYTES);
    struct reader r = {.arena = a, .name = name, .rows = out, .err = err};
    size_t skip;
    if (!text_in(name, bytes, options->encoding, &text, err)) {
        return false;
    }
    const char said = said_delimiter(&text, &skip);
    char d = said ? said : options->delimiter;
    d = d ? d : guess_delimiter(buf_text(&text));
    if (delimiter) {
        *delimiter = d;
    }
    const bool ok = parse(&r, buf_text(&text) + skip, text.n - skip, d);
    freep(&r.cells);
    return ok;
}
