/* SPDX-License-Identifier: Apache-2.0
 *
 * See xlsx_in.h. Parts are read in the order of what depends on what: workbook, its relations,
 * styles, shared strings, then the sheet.
 */
#include "formats/xlsx_in.h"

#include "formats/archive.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/xml_in.h"

#include <stdlib.h>
#include <string.h>

enum { FORMATS_MAX = 70000 }; /* Excel itself writes at most 65,490 cell formats */

/* Where text is being collected. */
enum text_place { TEXT_NONE, TEXT_STRING, TEXT_VALUE };

struct book {
    struct arena *arena;
    const char *file;  /* the workbook, for messages */
    const char *sheet; /* wanted, or NULL */
    const char *rid;   /* of the chosen sheet */
    const char *target, *strings_path, *styles_path;
    bool base_1904;
    struct part *parts;
    size_t nparts, parts_cap;
    /* styles */
    bool in_xfs;
    bool *xf_is_date, *custom_is_date; /* by cell format; by number of the format, from 0 */
    size_t nxf, xf_cap, custom_cap;
    /* shared strings */
    struct strlist strings;
    unsigned phonetic;
    /* the sheet */
    struct rows *rows;
    struct cell *cells;
    size_t n, cap;
    uint32_t row, column;
    bool in_cell;
    char type[12];
    uint64_t style;
    enum text_place place;
    struct buf text, value;
    bool has_inline;
};

struct part {
    const char *name;
    struct span data;
};

bool xlsx_is(struct span bytes)
{
    return bytes.n >= 4 && memcmp(bytes.p, "PK\3\4", 4) == 0;
}

static bool bad(const struct book *b, struct err *err, const char *why)
{
    return err_set(err, ERR_INPUT, "%s is no XLSX workbook we can read: %s", b->file, why);
}

static bool at_cell(const struct book *b, struct err *err, const char *why)
{
    return err_at(err, ERR_INPUT,
                  (struct pos){.file = b->file, .line = b->row, .column = b->column}, "%s", why);
}

/* --- parts --- */
static bool want_part(void *ctx UNUSED, const char *name)
{
    return str_iends(name, ".xml") || str_iends(name, ".rels");
}

static bool keep_part(void *ctx, const char *name, struct span data, struct err *err UNUSED)
{
    struct book *b = ctx;
    vec_reserve((void **)&b->parts, &b->parts_cap, b->nparts + 1, sizeof *b->parts);
    b->parts[b->nparts++] = (struct part){arena_strdup(b->arena, name),
                                          {arena_memdup(b->arena, data.p, data.n), data.n}};
    return true;
}

static const struct part *find_part(const struct book *b, const char *name)
{
    name += *name == '/';
    for (size_t i = 0; i < b->nparts; i++) {
        if (str_ieq(b->parts[i].name, name)) {
            return &b->parts[i];
        }
    }
    return NULL;
}

static bool read_part(struct book *b, const char *name, const struct xml_in_handler *h,
                      struct err *err)
{
    const struct part *p = find_part(b, name);
    if (!p) {
        return bad(b, err, arena_printf(b->arena, "it has no part %s", name));
    }
    return xml_in_read(arena_printf(b->arena, "%s!%s", b->file, p->name), p->data, h, b, err);
}

static bool no_text(void *ctx UNUSED, const char *text UNUSED, size_t n UNUSED,
                    struct err *err UNUSED)
{
    return true;
}

static bool no_close(void *ctx UNUSED, const char *element UNUSED, struct err *err UNUSED)
{
    return true;
}

static bool is_true(const char *text)
{
    return str_eq(text, "1") || str_eq(text, "true");
}

/* --- xl/workbook.xml and its relations --- */
static bool workbook_open(void *ctx, const char *element, const char *const *at,
                          struct err *err UNUSED)
{
    struct book *b = ctx;
    if (str_eq(element, "workbookPr")) {
        b->base_1904 = is_true(xml_in_attribute(at, "date1904"));
    } else if (str_eq(element, "sheet") && !b->rid) {
        const char *name = xml_in_attribute(at, "name");
        const char *state = xml_in_attribute(at, "state");
        const char *id = xml_in_attribute(at, "id");
        const bool chosen = b->sheet ? str_eq(name, b->sheet) : !state || str_eq(state, "visible");
        b->rid = chosen && id ? arena_strdup(b->arena, id) : NULL;
    }
    return true;
}

static bool relation_open(void *ctx, const char *element, const char *const *at,
                          struct err *err UNUSED)
{
    struct book *b = ctx;
    const char *id = xml_in_attribute(at, "Id");
    const char *type = xml_in_attribute(at, "Type");
    const char *target = xml_in_attribute(at, "Target");
    if (!str_eq(element, "Relationship") || !target || !type) {
        return true;
    }
    const char *path =
        *target == '/' ? arena_strdup(b->arena, target) : arena_printf(b->arena, "xl/%s", target);
    if (str_eq(id, b->rid)) {
        b->target = path;
    } else if (str_ends(type, "/sharedStrings")) {
        b->strings_path = path;
    } else if (str_ends(type, "/styles")) {
        b->styles_path = path;
    }
    return true;
}

/* --- xl/styles.xml --- */
/* The formats every spreadsheet has (ECMA-376 part 1, 18.8.30), those that show a date or time. */
static bool builtin_is_date(uint64_t id)
{
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) ||
           (id >= 50 && id <= 58);
}

/* A format code shows a date when a letter of dates stands outside of quotes, brackets and escapes;
 * "General" and colours are no dates. */
static bool code_is_date(const char *code)
{
    bool quoted = false;
    for (const char *p = code; *p && *p != ';'; p++) {
        if (*p == '"') {
            quoted = !quoted;
        } else if (quoted) {
            continue;
        } else if (*p == '\\' || *p == '_' || *p == '*') {
            p += p[1] ? 1 : 0;
        } else if (*p == '[') {
            const bool elapsed = p[1] && strchr("hHmMsS", p[1]) && p[2] && strchr("hHmMsS]", p[2]);
            const char *end = strchr(p, ']');
            if (elapsed || !end) {
                return elapsed;
            }
            p = end;
        } else if (strncmp(p, "General", 7) == 0) {
            p += 6;
        } else if (strchr("yYmMdDhHsS", *p)) {
            return true;
        }
    }
    return false;
}

static void set_flag(bool **v, size_t *cap, uint64_t i, bool value)
{
    if (i < FORMATS_MAX) {
        const size_t before = *cap;
        vec_reserve((void **)v, cap, (size_t)i + 1, sizeof **v);
        if (*cap > before) {
            memset(*v + before, 0, *cap - before);
        }
        (*v)[i] = value;
    }
}

static bool styles_open(void *ctx, const char *element, const char *const *at,
                        struct err *err UNUSED)
{
    struct book *b = ctx;
    const char *text = xml_in_attribute(at, "numFmtId");
    uint64_t id = 0;
    const bool has_id = text && str_u64(text, &id);
    if (str_eq(element, "numFmt")) {
        const char *code = xml_in_attribute(at, "formatCode");
        if (has_id && code) {
            set_flag(&b->custom_is_date, &b->custom_cap, id, code_is_date(code));
        }
    } else if (str_eq(element, "cellXfs")) {
        b->in_xfs = true;
    } else if (b->in_xfs && str_eq(element, "xf")) {
        const bool custom = id < b->custom_cap && b->custom_is_date[id];
        set_flag(&b->xf_is_date, &b->xf_cap, b->nxf++, custom || builtin_is_date(id));
    }
    return true;
}

static bool styles_close(void *ctx, const char *element, struct err *err UNUSED)
{
    struct book *b = ctx;
    b->in_xfs = b->in_xfs && !str_eq(element, "cellXfs");
    return true;
}

/* --- xl/sharedStrings.xml --- */
static bool add_text(struct buf *to, const struct book *b, const char *text, size_t n,
                     struct err *err)
{
    buf_add(to, text, n);
    return !buf_failed(to) || at_cell(b, err, "a cell is longer than a spreadsheet allows");
}

static bool strings_open(void *ctx, const char *element, const char *const *at UNUSED,
                         struct err *err UNUSED)
{
    struct book *b = ctx;
    b->phonetic += str_eq(element, "rPh");
    if (str_eq(element, "si")) {
        buf_reset(&b->text);
    }
    b->place = str_eq(element, "t") && !b->phonetic ? TEXT_STRING : TEXT_NONE;
    return true;
}

static bool strings_close(void *ctx, const char *element, struct err *err)
{
    struct book *b = ctx;
    b->phonetic -= str_eq(element, "rPh") && b->phonetic;
    b->place = TEXT_NONE;
    if (str_eq(element, "si")) {
        if (b->strings.n >= LIMIT_TABLE_CELLS) {
            return bad(b, err, "it has more texts than we read");
        }
        VEC_PUSH(&b->strings, arena_strdup(b->arena, buf_text(&b->text)));
    }
    return true;
}

static bool on_text(void *ctx, const char *text, size_t n, struct err *err)
{
    struct book *b = ctx;
    return b->place == TEXT_NONE ||
           add_text(b->place == TEXT_STRING ? &b->text : &b->value, b, text, n, err);
}

/* --- the sheet --- */
/* "C7": column 3 and row 7. */
static bool read_reference(const char *r, uint32_t *column, uint32_t *row)
{
    uint64_t n;
    *column = 0;
    for (; *r >= 'A' && *r <= 'Z'; r++) {
        *column = *column * 26 + (uint32_t)(*r - 'A' + 1);
        if (*column > 16384) {
            return false;
        }
    }
    if (!*column || !str_u64(r, &n) || !n || n > 1048576) {
        return false;
    }
    *row = (uint32_t)n;
    return true;
}

/* Rows the file leaves out are empty ones, so that numbers are those of the spreadsheet. */
static bool end_row(struct book *b, struct err *err)
{
    if (b->row > LIMIT_TABLE_ROWS) {
        return at_cell(b, err, "the sheet has more rows than we read");
    }
    while (b->rows->n + 1 < b->row) {
        const struct row empty = {.number = (uint32_t)b->rows->n + 1};
        VEC_PUSH(b->rows, empty);
    }
    const struct row row = {arena_memdup(b->arena, b->cells, b->n * sizeof *b->cells),
                            (uint32_t)b->n, b->row};
    VEC_PUSH(b->rows, row);
    b->n = 0;
    return true;
}

static bool begin_row(struct book *b, const char *const *at, struct err *err)
{
    const char *r = xml_in_attribute(at, "r");
    uint64_t number = b->rows->n + 1;
    if ((r && !str_u64(r, &number)) || number <= b->rows->n || number > 1048576) {
        return bad(b, err, "its rows are not in order");
    }
    b->row = (uint32_t)number;
    b->column = 0;
    return true;
}

static bool begin_cell(struct book *b, const char *const *at, struct err *err)
{
    const char *r = xml_in_attribute(at, "r");
    const char *t = xml_in_attribute(at, "t");
    const char *s = xml_in_attribute(at, "s");
    uint32_t column = b->column + 1;
    uint32_t row = b->row;
    if (!b->row || (r && !read_reference(r, &column, &row)) || row != b->row ||
        column <= b->column) {
        return at_cell(b, err, "a cell is not where its reference says");
    }
    b->column = column;
    if (column > LIMIT_TABLE_COLUMNS) {
        return at_cell(b, err, "the sheet has more columns than we read");
    }
    const size_t n = t ? strlen(t) : 0;
    if (n >= sizeof b->type || (s && !str_u64(s, &b->style))) {
        return at_cell(b, err, "the cell is of an unknown kind");
    }
    memcpy(b->type, t ? t : "", n + 1);
    b->style = s ? b->style : 0;
    b->in_cell = true;
    b->has_inline = false;
    buf_reset(&b->text);
    buf_reset(&b->value);
    return true;
}

static bool sheet_open(void *ctx, const char *element, const char *const *at, struct err *err)
{
    struct book *b = ctx;
    b->place = TEXT_NONE;
    if (str_eq(element, "row")) {
        return begin_row(b, at, err);
    }
    if (str_eq(element, "c")) {
        return begin_cell(b, at, err);
    }
    b->phonetic += str_eq(element, "rPh");
    if (b->in_cell && str_eq(element, "v")) {
        b->place = TEXT_VALUE;
    } else if (b->in_cell && str_eq(element, "t") && !b->phonetic) {
        b->place = TEXT_STRING;
        b->has_inline = true;
    }
    return true;
}

/* Seconds of a spreadsheet's day number; false when it is none. Fractions of a second are rounded:
 * they come from binary arithmetic. */
static bool day_number(const char *text, bool base_1904, int64_t *out, bool *whole)
{
    char *end;
    const double d = strtod(text, &end);
    if (!*text || *end || !(d >= 0) || d >= 2958466) { /* 10000-01-01 */
        return false;
    }
    int64_t seconds = (int64_t)(d * DAY_SECONDS + 0.5);
    /* day 60 of the 1900 system is a 29 February that never was */
    const int64_t before = base_1904 ? 0 : d < 60 ? 1 : 0;
    const int64_t base = base_1904 ? time_days(1904, 1, 1) : time_days(1899, 12, 30);
    *whole = seconds % DAY_SECONDS == 0;
    *out = seconds + (base + before) * DAY_SECONDS;
    return true;
}

static bool date_cell(struct book *b, struct cell *c)
{
    int64_t t;
    bool whole;
    char text[TIME_TEXT];
    if (b->style >= b->nxf || b->style >= b->xf_cap || !b->xf_is_date[b->style] ||
        !day_number(c->text, b->base_1904, &t, &whole)) {
        return false;
    }
    if (whole) {
        time_format_date(t, text);
    } else {
        time_format(t, text); /* 2026-11-20T10:00:00Z, without claiming a zone */
        text[10] = ' ';
        text[19] = '\0';
    }
    *c = (struct cell){arena_strdup(b->arena, text), c->column, CELL_DATE};
    return true;
}

static bool put_cell(struct book *b, struct err *err)
{
    const char *value = buf_text(&b->value);
    struct cell c = {value, b->column, CELL_TEXT};
    uint64_t i;
    if (str_eq(b->type, "s")) {
        if (!str_u64(value, &i) || i >= b->strings.n) {
            return at_cell(b, err, "the cell names a text that the workbook does not have");
        }
        c.text = b->strings.v[i];
    } else if (str_eq(b->type, "inlineStr") || b->has_inline) {
        c.text = arena_strdup(b->arena, buf_text(&b->text));
    } else if (str_eq(b->type, "b")) {
        c = (struct cell){is_true(value) ? "TRUE" : "FALSE", b->column, CELL_BOOL};
    } else {
        const bool number = str_eq(b->type, "n") || !*b->type;
        c.kind = number ? CELL_NUMBER : str_eq(b->type, "e") ? CELL_ERROR : CELL_TEXT;
        c.text = arena_strdup(b->arena, value);
        if (!number || !*value || !date_cell(b, &c)) {
            c.kind = *value ? c.kind : CELL_TEXT;
        }
    }
    if (++b->rows->cells > LIMIT_TABLE_CELLS) {
        return at_cell(b, err, "the sheet has more cells than we read");
    }
    vec_reserve((void **)&b->cells, &b->cap, b->n + 1, sizeof *b->cells);
    b->cells[b->n++] = c;
    return true;
}

static bool sheet_close(void *ctx, const char *element, struct err *err)
{
    struct book *b = ctx;
    b->place = TEXT_NONE;
    b->phonetic -= str_eq(element, "rPh") && b->phonetic;
    if (str_eq(element, "c")) {
        b->in_cell = false;
        return put_cell(b, err);
    }
    return !str_eq(element, "row") || end_row(b, err);
}

/* --- all of it --- */
static bool read_book(struct book *b, struct err *err)
{
    static const struct xml_in_handler workbook = {workbook_open, no_close, no_text};
    static const struct xml_in_handler relations = {relation_open, no_close, no_text};
    static const struct xml_in_handler styles = {styles_open, styles_close, no_text};
    static const struct xml_in_handler strings = {strings_open, strings_close, on_text};
    static const struct xml_in_handler sheet = {sheet_open, sheet_close, on_text};
    if (!read_part(b, "xl/workbook.xml", &workbook, err)) {
        return false;
    }
    if (!b->rid) {
        return bad(b, err, b->sheet ? "it has no sheet of that name" : "no sheet is visible");
    }
    if (!read_part(b, "xl/_rels/workbook.xml.rels", &relations, err)) {
        return false;
    }
    if (!b->target) {
        return bad(b, err, "its first sheet is nowhere");
    }
    return (!b->styles_path || read_part(b, b->styles_path, &styles, err)) &&
           (!b->strings_path || read_part(b, b->strings_path, &strings, err)) &&
           read_part(b, b->target, &sheet, err);
}

bool xlsx_in_read(struct arena *a, const char *name, struct span bytes, const char *sheet,
                  struct rows *out, struct err *err)
{
    struct book b = {.arena = a, .file = name, .sheet = sheet, .rows = out};
    b.text = (struct buf)BUF_INIT(LIMIT_TABLE_CELL * 4);
    b.value = (struct buf)BUF_INIT(LIMIT_TABLE_CELL * 4);
    if (bytes.n >= 8 && memcmp(bytes.p, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8) == 0) {
        bad(&b, err, "it is an old XLS file, or protected by a password");
        err_hint(err, "save it as XLSX without a password, or as CSV");
        return false;
    }
    const bool ok =
        archive_read_zip(bytes, name, want_part, keep_part, &b, err) && read_book(&b, err);
    freep(&b.parts);
    freep(&b.xf_is_date);
    freep(&b.custom_is_date);
    freep(&b.cells);
    strlist_release(&b.strings);
    buf_release(&b.text);
    buf_release(&b.value);
    return ok;
}
