/* SPDX-License-Identifier: Apache-2.0
 *
 * See xlsx.h. The library writes to a path; here that is an anonymous file in memory, seen through
 * /proc, so that nothing with a name is left behind whatever happens.
 */
#include "formats/xlsx.h"

#include "formats/archive.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/base/xml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum { CHUNK = 64 * 1024 };

static const char cut_mark[] = " ... (cut)";

struct xlsx {
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *bold, *date;
    int fd;
    lxw_row_t row;
    lxw_col_t column, columns;
    struct buf text;
    struct {
        size_t *v; /* bytes of the rows of each sheet */
        size_t n, cap;
    } made;
    struct err err; /* the first one */
};

static void fail(struct xlsx *x, enum err_code code, const char *what, lxw_error e)
{
    if (x->err.code == ERR_NONE && e) {
        err_set(&x->err, code, "%s: %s", what, lxw_strerror(e));
    } else if (x->err.code == ERR_NONE) {
        err_set(&x->err, code, "%s", what);
    }
}

static void fail_env(struct xlsx *x, const char *what, lxw_error e)
{
    const bool is_first = x->err.code == ERR_NONE;
    fail(x, ERR_ENV, what, e);
    if (is_first) {
        err_hint(&x->err, "spreadsheets need room in $TMPDIR (/tmp) and /proc");
    }
}

struct xlsx *xlsx_new(int64_t created)
{
    struct xlsx *x = xcalloc(1, sizeof *x);
    char path[64];
    x->text = (struct buf)BUF_INIT(4 * XLSX_CELL + 1024);
    x->fd = memfd_create("sheet", MFD_CLOEXEC);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", x->fd);
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};
    x->book = x->fd < 0 ? NULL : workbook_new_opt(path, &options);
    if (!x->book) {
        fail_env(x, "no temporary file for a spreadsheet", LXW_NO_ERROR);
        return x;
    }
    /* 0 would mean the clock */
    lxw_doc_properties properties = {.created = (time_t)(created ? created : 1)};
    workbook_set_properties(x->book, &properties);
    x->bold = workbook_add_format(x->book);
    x->date = workbook_add_format(x->book);
    format_set_bold(x->bold);
    format_set_bg_color(x->bold, 0xE8EDF3);
    format_set_bottom(x->bold, LXW_BORDER_THIN);
    format_set_num_format(x->date, "yyyy-mm-dd hh:mm:ss");
    return x;
}

/* The rows are in the temporary file then, or the disk is full; the library does not ask. */
static void end_rows(struct xlsx *x)
{
    FILE *rows = x->sheet->optimize_tmpfile;
    lxw_worksheet_write_single_row(x->sheet);
    if (fflush(rows) != 0 || ferror(rows) || ftell(rows) < 0) {
        fail_env(x, "the temporary file of a spreadsheet cannot be written", LXW_NO_ERROR);
    } else {
        VEC_PUSH(&x->made, (size_t)ftell(rows));
    }
}

/* The range of the filters is known when all rows are there. */
static void end_sheet(struct xlsx *x)
{
    if (x->sheet) {
        end_rows(x);
        const lxw_row_t last = x->row > 1 ? x->row - 1 : 0;
        worksheet_autofilter(x->sheet, 0, 0, last, (lxw_col_t)(x->columns - 1));
        x->sheet = NULL;
    }
}

void xlsx_sheet(struct xlsx *x, const char *name, const struct xlsx_column *columns, size_t n)
{
    if (x->err.code != ERR_NONE) {
        return;
    }
    end_sheet(x);
    lxw_error bad = workbook_validate_sheet_name(x->book, name);
    if (bad || n == 0 || n > LXW_COL_MAX) {
        fail(x, ERR_INTERNAL, "this cannot be a sheet", bad);
        return;
    }
    x->sheet = workbook_add_worksheet(x->book, name);
    if (!x->sheet || !x->sheet->optimize_tmpfile) {
        fail_env(x, "no temporary file for a spreadsheet", LXW_NO_ERROR);
        x->sheet = NULL;
        return;
    }
    x->columns = (lxw_col_t)n;
    for (size_t i = 0; i < n; i++) { /* widths come before the first row in this mode */
        const double width = columns[i].width ? columns[i].width : LXW_DEF_COL_WIDTH;
        worksheet_set_column(x->sheet, (lxw_col_t)i, (lxw_col_t)i, width, NULL);
    }
    worksheet_freeze_panes(x->sheet, 1, 0);
    for (size_t i = 0; i < n; i++) {
        worksheet_write_string(x->sheet, 0, (lxw_col_t)i, columns[i].head, x->bold);
    }
    x->row = 1;
    x->column = 0;
}

/* Is there a cell to be filled? Then *column is its number. */
static bool next_cell(struct xlsx *x, lxw_col_t *column)
{
    if (x->err.code != ERR_NONE || !x->sheet) {
        return false;
    }
    if (x->row >= XLSX_ROWS) {
        fail(x, ERR_INPUT, "a sheet holds no more than 1048576 rows", LXW_NO_ERROR);
        err_hint(&x->err, "--format csv and json have no such limit");
        return false;
    }
    if (x->column >= x->columns) {
        fail(x, ERR_INTERNAL, "a row with more cells than columns", LXW_NO_ERROR);
        return false;
    }
    *column = x->column++;
    return true;
}

static void check(struct xlsx *x, lxw_error e)
{
    if (e) {
        fail(x, ERR_INTERNAL, "a cell could not be written", e);
    }
}

/* A reader undoes "_x0041_" to "A" (ST_Xstring): text that happens to look so is kept by escaping
 * its underscore. */
static bool looks_escaped(const char *s)
{
    return s[0] == '_' && s[1] == 'x' && strspn(s + 2, "0123456789abcdefABCDEF") >= 4 &&
           s[6] == '_';
}

/* What a cell takes of it; a cell's length counts in UTF-16 units. */
static const char *cell_text(struct xlsx *x, const char *s)
{
    enum { KEPT = XLSX_CELL - (int)sizeof cut_mark };
    CLEANUP(buf_release) struct buf clean = BUF_INIT(SIZE_MAX / 2);
    size_t units = 0;
    size_t cut = 0; /* where a text that is too long ends */
    xml_chars(&clean, s, strlen(s));
    buf_reset(&x->text);
    const char *p = buf_text(&clean);
    const char *end = p + clean.n;
    for (size_t len; p < end && units <= XLSX_CELL; p += len) {
        uint32_t cp = 0;
        const bool escaped = looks_escaped(p);
        cut = units <= KEPT ? x->text.n : cut;
        len = utf8_decode(p, (size_t)(end - p), &cp);
        units += escaped || cp == '\r' ? 7 : cp > 0xFFFF ? 2 : 1;
        buf_puts(&x->text, escaped ? "_x005F" : "");
        buf_add(&x->text, p, len);
    }
    if (units > XLSX_CELL) {
        x->text.n = cut;
        buf_puts(&x->text, cut_mark);
    }
    return buf_text(&x->text);
}

void xlsx_text(struct xlsx *x, const char *text)
{
    lxw_col_t column;
    if (next_cell(x, &column) && text && *text) {
        check(x, worksheet_write_string(x->sheet, x->row, column, cell_text(x, text), NULL));
    }
}

void xlsx_date(struct xlsx *x, int64_t t)
{
    static const int64_t march_1900 = -2203891200;
    static const int64_t year_10000 = 253402300800;
    lxw_col_t column;
    if (t != TIME_NONE && (t < march_1900 || t >= year_10000)) {
        char text[TIME_TEXT];
        time_format(t, text);
        xlsx_text(x, text);
    } else if (next_cell(x, &column) && t != TIME_NONE) {
        check(x, worksheet_write_number(x->sheet, x->row, column, lxw_unixtime_to_excel_date(t),
                                        x->date));
    }
}

void xlsx_number(struct xlsx *x, int64_t n)
{
    enum { EXACT = 15 }; /* digits that a spreadsheet keeps */
    lxw_col_t column;
    char text[24];
    if (snprintf(text, sizeof text, "%lld", (long long)n) > EXACT) {
        xlsx_text(x, text);
    } else if (next_cell(x, &column)) {
        check(x, worksheet_write_number(x->sheet, x->row, column, (double)n, NULL));
    }
}

void xlsx_bool(struct xlsx *x, bool value)
{
    lxw_col_t column;
    if (next_cell(x, &column)) {
        check(x, worksheet_write_boolean(x->sheet, x->row, column, value, NULL));
    }
}

void xlsx_row(struct xlsx *x)
{
    x->row++;
    x->column = 0;
}

/* --- reading back: every part ends where its root does, every sheet has the bytes of its rows ---
 */
struct mark {
    const char *text; /* '<' stands nowhere in it but at its beginning */
    size_t matched, end;
};
struct part {
    struct mark begin, end;
    char head[512], tail[64];
    size_t nhead, ntail, n;
};
struct reader {
    const struct xlsx *x;
    struct part part;
    size_t sheets; /* that were seen */
};
static const struct part new_part = {.begin = {.text = "<sheetData>"},
                                     .end = {.text = "</sheetData>"}};

static void follow(struct mark *m, char c, size_t at)
{
    m->matched = c == m->text[m->matched] ? m->matched + 1 : c == '<';
    if (!m->text[m->matched]) {
        m->end = at + 1;
        m->matched = 0;
    }
}

static void add_piece(struct part *p, struct span piece)
{
    for (size_t i = 0; i < piece.n; i++) {
        const char c = (char)piece.p[i];
        if (p->nhead < sizeof p->head - 1) {
            p->head[p->nhead++] = c;
        }
        follow(&p->begin, c, p->n + i);
        follow(&p->end, c, p->n + i);
    }
    const size_t taken = piece.n < sizeof p->tail - 1 ? piece.n : sizeof p->tail - 1;
    const size_t room = sizeof p->tail - 1 - taken;
    const size_t kept = p->ntail < room ? p->ntail : room;
    memmove(p->tail, p->tail + p->ntail - kept, kept);
    memcpy(p->tail + kept, piece.p + piece.n - taken, taken);
    p->ntail = kept + taken;
    p->n += piece.n;
}

static bool root_is_closed(struct part *p)
{
    char closing[64];
    const char *root = p->head;
    while (*root && !(root[0] == '<' && root[1] != '?')) {
        root++;
    }
    if (!*root) {
        return false;
    }
    (void)snprintf(closing, sizeof closing, "</%.*s>", (int)strcspn(root + 1, " >/\r\n"), root + 1);
    while (p->ntail && strchr("\r\n", p->tail[p->ntail - 1])) {
        p->ntail--;
    }
    p->tail[p->ntail] = '\0';
    return str_ends(p->tail, closing);
}

static bool read_part(void *ctx, const char *name, struct span piece, struct err *err)
{
    struct reader *r = ctx;
    struct part *p = &r->part;
    if (piece.n) {
        add_piece(p, piece);
        return true;
    }
    bool ok = root_is_closed(p);
    if (str_starts(name, "xl/worksheets/sheet")) { /* they stand in their order */
        ok = ok && r->sheets < r->x->made.n && p->begin.end &&
             p->end.end == p->begin.end + r->x->made.v[r->sheets] + strlen(p->end.text);
        r->sheets++;
    }
    *p = new_part;
    return ok || err_set(err, ERR_ENV, "%s is not whole", name);
}

static bool is_whole(const struct xlsx *x)
{
    struct reader r = {.x = x, .part = new_part};
    struct err ignored = ERR_INIT;
    return archive_scan_zip(x->fd, "spreadsheet", read_part, &r, &ignored) && r.sheets == x->made.n;
}

static bool pour(struct xlsx *x, xlsx_sink *sink, void *ctx, struct err *err)
{
    CLEANUP(freep) uint8_t *chunk = xmalloc(CHUNK);
    for (off_t at = 0;;) {
        ssize_t n = pread(x->fd, chunk, CHUNK, at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n == 0 || err_sys(err, errno, "cannot read a spreadsheet back");
        }
        if (!sink(ctx, (struct span){chunk, (size_t)n}, err)) {
            return false;
        }
        at += n;
    }
}

static void release(struct xlsx **x)
{
    closep(&(*x)->fd);
    buf_release(&(*x)->text);
    free((*x)->made.v);
    freep(x);
}

bool xlsx_finish(struct xlsx **px, xlsx_sink *sink, void *ctx, struct err *err)
{
    struct xlsx *x = *px;
    end_sheet(x);
    lxw_error closed = x->book ? workbook_close(TAKE(x->book)) : LXW_NO_ERROR;
    if (closed) {
        fail_env(x, "a spreadsheet could not be written", closed);
    }
    if (x->err.code == ERR_NONE && !is_whole(x)) {
        fail_env(x, "a spreadsheet was cut short by a full disk", LXW_NO_ERROR);
    }
    bool ok = x->err.code == ERR_NONE && pour(x, sink, ctx, err);
    if (x->err.code != ERR_NONE) {
        *err = x->err;
    }
    release(px);
    return ok;
}

void xlsx_abandon(struct xlsx **px)
{
    if (*px) {
        lxw_workbook_free((*px)->book);
        release(px);
    }
}
