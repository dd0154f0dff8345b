/* SPDX-License-Identifier: Apache-2.0
 *
 * See excerpt.h. A line is cut into cells, one for a character: its safe form and how many columns
 * that takes. Both rows are drawn from the cells, so that the mark stands under its character
 * whatever the line is made of.
 */
#include "cmd/excerpt.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/yaml.h"

#include <string.h>
#include <strings.h>

enum {
    WIDTH = 100,    /* columns of the line that are shown */
    LONG = 16384,   /* nor is a line of more bytes shown */
    BEFORE = 40,    /* of these at most so many before the mark when the line is cut */
    TAB = 8,        /* as terminals have it */
    FAR = 4096,     /* a mark beyond this column is not looked for: one long line and many findings
                       would take quadratic time */
    CELL_BYTES = 12 /* of "\u{10FFFF}" */
};

struct excerpt_source {
    const char *file;
    struct buf text;
    size_t *starts; /* of every line */
    size_t nlines;
    bool *withheld; /* of every line */
};

struct cell {
    char text[CELL_BYTES];
    uint8_t n, columns;
};

/* --- the file --- */

static void split(struct excerpt_source *s)
{
    const char *p = buf_text(&s->text);
    size_t cap = 0;
    vec_reserve((void **)&s->starts, &cap, 1, sizeof *s->starts);
    s->starts[s->nlines++] = s->text.n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    for (size_t i = 0; i < s->text.n; i++) {
        if (p[i] == '\n' || (p[i] == '\r' && p[i + 1] != '\n')) {
            vec_reserve((void **)&s->starts, &cap, s->nlines + 1, sizeof *s->starts);
            s->starts[s->nlines++] = i + 1;
        }
    }
}

/* What a finding calls a secret is one, to its last line. */
static void withhold(struct excerpt_source *s, const struct lint *l)
{
    s->withheld = xcalloc(s->nlines + 1, sizeof *s->withheld);
    for (size_t i = 0; i < l->n; i++) {
        for (size_t k = 0; k < l->files[i].findings.n; k++) {
            const struct finding *f = &l->files[i].findings.v[k];
            if (!str_eq(f->rule, rule_secret_inline) || !str_eq(f->file, s->file)) {
                continue;
            }
            size_t to = f->end_line > f->line ? f->end_line : f->line;
            for (size_t line = f->line; line && line <= to && line <= s->nlines; line++) {
                s->withheld[line - 1] = true;
            }
        }
    }
}

/* A finding may point into a request or a certificate. Its text tells nobody anything, and the file
 * may hold a private key as well. */
static bool is_yaml(const struct lint *l, const char *file)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->files[i].path, file)) {
            return l->files[i].kind != LINT_CSR && l->files[i].kind != LINT_CERTIFICATE;
        }
    }
    return str_iends(file, ".yaml") || str_iends(file, ".yml");
}

static bool is_shown(const struct buf *text)
{
    return text->n && !memchr(text->p, 0, text->n) && !memmem(text->p, text->n, "-----BEGIN", 10);
}

static struct excerpt_source *source(struct excerpts *x, const char *file)
{
    if (x->n && str_eq(x->v[x->last].file, file)) {
        return &x->v[x->last];
    }
    for (x->last = 0; x->last < x->n; x->last++) {
        if (str_eq(x->v[x->last].file, file)) {
            return &x->v[x->last];
        }
    }
    struct excerpt_source s = {.file = file, .text = BUF_INIT(LIMIT_YAML_BYTES)};
    struct err err = ERR_INIT;
    if (str_eq(file, "-")) {
        fs_rewind_stdin();
    }
    if (is_yaml(x->lint, file) && fs_read(file, &s.text, &err) &&
        is_shown(&s.text)) { /* else it has no lines, and nothing is shown */
        split(&s);
        withhold(&s, x->lint);
    }
    VEC_PUSH(x, s);
    return &x->v[x->last];
}

void excerpts_release(struct excerpts *x)
{
    for (size_t i = 0; i < x->n; i++) {
        buf_release(&x->v[i].text);
        freep(&x->v[i].starts);
        freep(&x->v[i].withheld);
    }
    freep(&x->v);
    freep(&x->cells);
    *x = (struct excerpts){0};
}

/* Beyond what findings say: a line of these words may hold a secret nobody recognised. */
static bool may_hold_secret(const char *p, size_t n)
{
    static const char *const words[] = {"passw",      "passphrase", "secret", "token",
                                        "access_key", "api_key",    "-----",  "credential"};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < NITEMS(words); k++) {
            size_t len = strlen(words[k]);
            if (n - i >= len && strncasecmp(p + i, words[k], len) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* The line without its end; false when it is not there or not to be seen. */
static bool line_of(const struct excerpt_source *s, uint32_t line, const char **p, size_t *n)
{
    if (!line || line > s->nlines || s->withheld[line - 1]) {
        return false;
    }
    size_t from = s->starts[line - 1];
    size_t to = line < s->nlines ? s->starts[line] : s->text.n;
    const char *text = buf_text(&s->text);
    while (to > from && strchr("\r\n \t", text[to - 1])) {
        to--;
    }
    *p = text + from;
    *n = to - from;
    return *n <= LONG && !may_hold_secret(*p, *n);
}

/* --- cells --- */

/* Columns of a character on a terminal: Unicode Standard Annex 11 (wide, fullwidth) and combining
 * characters, by block. The C library's wcwidth() knows only ASCII in the locale we run in. */
static unsigned columns_of(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
        uint8_t columns;
    } blocks[] = {
        {0x0300, 0x036F, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05BD, 0},   {0x064B, 0x065F, 0},
        {0x1100, 0x115F, 2},   {0x1AB0, 0x1AFF, 0},   {0x1DC0, 0x1DFF, 0},   {0x200B, 0x200D, 0},
        {0x20D0, 0x20FF, 0},   {0x2E80, 0x303E, 2},   {0x3041, 0x33FF, 2},   {0x3400, 0x4DBF, 2},
        {0x4E00, 0x9FFF, 2},   {0xA000, 0xA4CF, 2},   {0xA960, 0xA97F, 2},   {0xAC00, 0xD7A3, 2},
        {0xF900, 0xFAFF, 2},   {0xFE00, 0xFE0F, 0},   {0xFE20, 0xFE2F, 0},   {0xFE30, 0xFE6F, 2},
        {0xFF00, 0xFF60, 2},   {0xFFE0, 0xFFE6, 2},   {0x1F300, 0x1F64F, 2}, {0x1F680, 0x1F6FF, 2},
        {0x1F900, 0x1F9FF, 2}, {0x20000, 0x3FFFD, 2}, {0xE0100, 0xE01EF, 0}};
    for (size_t i = 0; cp >= 0x300 && i < NITEMS(blocks); i++) {
        if (cp >= blocks[i].first && cp <= blocks[i].last) {
            return blocks[i].columns;
        }
    }
    return 1;
}

/* One character at p into a cell; its length in the file. A tab becomes blanks when it is drawn. */
static size_t make_cell(const char *p, size_t n, struct cell *c)
{
    uint32_t cp = 0;
    size_t len = utf8_decode(p, n, &cp);
    len = len ? len : 1;
    CLEANUP(buf_release) struct buf safe = BUF_INIT(64);
    if (*p != '\\' && *p != '\t') {
        str_vis(&safe, p, len, CELL_BYTES);
    }
    const bool as_is = safe.n == 0 || (safe.n == len && memcmp(safe.p, p, len) == 0);
    c->n = (uint8_t)(as_is ? len : safe.n < CELL_BYTES ? safe.n : CELL_BYTES);
    memcpy(c->text, as_is ? p : safe.p, c->n);
    c->columns = (uint8_t)(as_is ? columns_of(cp) : c->n);
    return len;
}

static size_t make_cells(const char *p, size_t n, struct cell *cells, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < n && count < max; count++) {
        i += make_cell(p + i, n - i, &cells[count]);
    }
    return count;
}

/* --- drawing --- */

struct window {
    const struct cell *cells;
    size_t n, from, mark, behind; /* cells: shown from, marked from, behind the mark */
};

static unsigned advance(const struct cell *c, unsigned column)
{
    return c->text[0] == '\t' ? column + TAB - column % TAB : column + c->columns;
}

/* Where a line too long for the window begins to be shown. */
static size_t window_start(const struct window *w)
{
    unsigned all = 0;
    for (size_t i = 0; i < w->n; i++) {
        all = advance(&w->cells[i], all);
    }
    size_t from = all <= WIDTH ? 0 : w->mark;
    for (unsigned columns = 0; from > 0; from--) {
        columns += w->cells[from - 1].text[0] == '\t' ? TAB : w->cells[from - 1].columns;
        if (columns > BEFORE) {
            break;
        }
    }
    return from;
}

static void draw(const struct window *w, struct buf *line, struct buf *marks)
{
    unsigned column = 0;
    if (w->from) {
        buf_puts(line, "...");
        buf_puts(marks, "   ");
        column = 3;
    }
    for (size_t i = w->from; i < w->n; i++) {
        const struct cell *c = &w->cells[i];
        const unsigned next = advance(c, column);
        if (next > WIDTH) {
            buf_puts(line, "...");
            return;
        }
        if (c->text[0] == '\t') {
            buf_printf(line, "%*s", (int)(next - column), "");
        } else {
            buf_add(line, c->text, c->n);
        }
        for (; column < next && i < w->behind; column++) {
            buf_putc(marks, i < w->mark ? ' ' : '~');
        }
        column = next;
    }
}

static size_t behind_mark(const struct finding *f, size_t n)
{
    if (f->end_line == f->line && f->end_column > f->column) {
        return f->end_column - 1 < n ? f->end_column - 1 : n;
    }
    return f->end_line > f->line ? n : f->column;
}

void excerpt_add(struct excerpts *x, struct buf *out, const struct finding *f, bool color,
                 enum paint paint)
{
    const char *p;
    size_t n;
    if (!f->file || !f->line || !f->column || f->column > FAR ||
        !line_of(source(x, f->file), f->line, &p, &n)) {
        return;
    }
    x->cells = x->cells ? x->cells : xcalloc(FAR + WIDTH, sizeof *x->cells);
    struct window w = {.cells = x->cells, .mark = f->column - 1};
    w.n = make_cells(p, n, x->cells, FAR + WIDTH);
    w.behind = behind_mark(f, w.n);
    if (w.mark > w.n) {
        return; /* the file has changed since */
    }
    w.from = window_start(&w);
    CLEANUP(buf_release) struct buf line = BUF_INIT(8192);
    CLEANUP(buf_release) struct buf marks = BUF_INIT(8192);
    draw(&w, &line, &marks);
    /* a mark at the end of the line has no character above it */
    size_t caret = strspn(buf_text(&marks), " ");
    if (caret == marks.n) {
        buf_putc(&marks, '^');
    } else {
        marks.p[caret] = '^';
    }
    CLEANUP(buf_release) struct buf gutter = BUF_INIT(64);
    buf_printf(&gutter, "%6u | ", f->line);
    term_paint(out, color, PAINT_DIM, buf_text(&gutter));
    buf_printf(out, "%s\n", buf_text(&line));
    term_paint(out, color, PAINT_DIM, "       | ");
    term_paint(out, color, paint, buf_text(&marks));
    buf_putc(out, '\n');
}
