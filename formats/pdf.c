/* SPDX-License-Identifier: Apache-2.0
 *
 * See pdf.h. Glyphs are placed by the fonts' own advances, unhinted, so a text has the same width
 * whether it is measured or drawn; cairo gets the text beside the glyphs, which keeps documents
 * searchable.
 */
#include "formats/pdf.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <cairo-ft.h>
#include <cairo-pdf.h>
#include <ft2build.h>
#include FT_ADVANCES_H
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Font files as they are, see tests/tools/assets.sh. */
extern const unsigned char font_sans[], font_bold[], font_mono[];
extern const size_t font_sans_size, font_bold_size, font_mono_size;

enum { TEXT_MAX = 64 * 1024, ASCII = 128, PIECE = 64 * 1024 };

/* --- the libraries --- */

/* Loaded when the first document is opened, not with the program: they bring sixteen others along,
 * which would make every start of `lint` a third slower. */
#define CAIRO_CALLS(X)                                                                             \
    X(cairo_create)                                                                                \
    X(cairo_destroy)                                                                               \
    X(cairo_fill)                                                                                  \
    X(cairo_font_face_destroy)                                                                     \
    X(cairo_font_face_set_user_data)                                                               \
    X(cairo_ft_font_face_create_for_ft_face)                                                       \
    X(cairo_line_to)                                                                               \
    X(cairo_move_to)                                                                               \
    X(cairo_pdf_surface_add_outline)                                                               \
    X(cairo_pdf_surface_create_for_stream)                                                         \
    X(cairo_pdf_surface_set_metadata)                                                              \
    X(cairo_rectangle)                                                                             \
    X(cairo_set_font_face)                                                                         \
    X(cairo_set_font_size)                                                                         \
    X(cairo_set_line_width)                                                                        \
    X(cairo_set_source_rgb)                                                                        \
    X(cairo_show_page)                                                                             \
    X(cairo_show_text_glyphs)                                                                      \
    X(cairo_status)                                                                                \
    X(cairo_status_to_string)                                                                      \
    X(cairo_stroke)                                                                                \
    X(cairo_surface_destroy)                                                                       \
    X(cairo_surface_finish)                                                                        \
    X(cairo_surface_status)
#define FREETYPE_CALLS(X)                                                                          \
    X(FT_Done_Face)                                                                                \
    X(FT_Done_FreeType)                                                                            \
    X(FT_Get_Advance)                                                                              \
    X(FT_Get_Char_Index)                                                                           \
    X(FT_Init_FreeType)                                                                            \
    X(FT_New_Memory_Face)
struct api {
#define X(name) __typeof__(name) *name;
    CAIRO_CALLS(X)
    FREETYPE_CALLS(X)
#undef X
};
struct call {
    const char *name;
    size_t offset;
};
#define X(name) {#name, offsetof(struct api, name)},
static const struct call cairo_calls[] = {CAIRO_CALLS(X)};
static const struct call freetype_calls[] = {FREETYPE_CALLS(X)};
#undef X
static const struct library {
    const char *file, *hint;
    const struct call *calls;
    size_t ncalls;
} libraries[] = {
    {"libcairo.so.2", "install libcairo2", cairo_calls, NITEMS(cairo_calls)},
    {"libfreetype.so.6", "install libfreetype6", freetype_calls, NITEMS(freetype_calls)},
};

/* They stay loaded: cairo keeps caches of its own. */
static bool load(struct api *api, struct err *err)
{
    for (size_t i = 0; i < NITEMS(libraries); i++) {
        const struct library *l = &libraries[i];
        void *handle = dlopen(l->file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        bool whole = handle != NULL;
        for (size_t k = 0; whole && k < l->ncalls; k++) {
            void *call = dlsym(handle, l->calls[k].name);
            memcpy((char *)api + l->calls[k].offset, &call, sizeof call);
            whole = call != NULL;
        }
        if (handle) {
            (void)dlclose(handle);
        }
        if (!whole) {
            err_set(err, ERR_ENV, "%s, which writes report.pdf, cannot be loaded", l->file);
            err_hint(err, l->hint);
            return false;
        }
    }
    return true;
}

bool pdf_ready(struct err *err)
{
    struct api api;
    return load(&api, err);
}

struct face {
    __typeof__(FT_Done_Face) *done_face;
    __typeof__(FT_Done_FreeType) *done_library;
    FT_Library library;
    FT_Face ft;
    FT_UInt glyphs[ASCII]; /* nearly all text is; 0: none */
    FT_Fixed units[ASCII];
};
struct pdf {
    struct api api;
    struct face *faces[PDF_FONT__MAX];
    cairo_font_face_t *fonts[PDF_FONT__MAX];
    cairo_surface_t *surface; /* NULL: measuring */
    cairo_t *cr;
    pdf_sink *sink;
    void *ctx;
    struct buf piece; /* for the sink: cairo writes a word at a time */
    unsigned pages;
    struct err err;
    bool failed;
    struct { /* one line of text, as cairo wants it */
        cairo_glyph_t *v;
        size_t n, cap;
    } glyphs;
    struct {
        cairo_text_cluster_t *v;
        size_t n, cap;
    } clusters;
};

/* --- fonts --- */

static void face_release(void *face)
{
    struct face *f = face;
    if (f && f->ft) {
        (void)f->done_face(f->ft);
    }
    if (f && f->library) {
        (void)f->done_library(f->library);
    }
    free(f);
}

static const cairo_user_data_key_t face_key;

/* cairo may keep a font beyond the document, so the font owns its face. */
static bool open_font(struct pdf *p, enum pdf_font font)
{
    const struct {
        const unsigned char *data;
        size_t size;
    } files[PDF_FONT__MAX] = {[PDF_SANS] = {font_sans, font_sans_size},
                              [PDF_BOLD] = {font_bold, font_bold_size},
                              [PDF_MONO] = {font_mono, font_mono_size}};
    struct face *f = xcalloc(1, sizeof *f);
    f->done_face = p->api.FT_Done_Face;
    f->done_library = p->api.FT_Done_FreeType;
    if (p->api.FT_Init_FreeType(&f->library) != 0 ||
        p->api.FT_New_Memory_Face(f->library, files[font].data, (FT_Long)files[font].size, 0,
                                  &f->ft) != 0) {
        face_release(f);
        return false;
    }
    p->fonts[font] = p->api.cairo_ft_font_face_create_for_ft_face(f->ft, FT_LOAD_NO_HINTING);
    if (p->api.cairo_font_face_set_user_data(p->fonts[font], &face_key, f, face_release) !=
        CAIRO_STATUS_SUCCESS) {
        face_release(f);
        return false;
    }
    p->faces[font] = f;
    for (uint32_t c = ' '; c < ASCII - 1; c++) {
        f->glyphs[c] = p->api.FT_Get_Char_Index(f->ft, c);
        if (p->api.FT_Get_Advance(f->ft, f->glyphs[c], FT_LOAD_NO_SCALE, &f->units[c]) != 0) {
            f->units[c] = f->ft->units_per_EM / 2;
        }
    }
    return true;
}

/* Scripts whose letters change with their neighbours or run from right to left, and what has no
 * width of its own to begin with. */
static bool needs_shaping(uint32_t cp)
{
    static const struct {
        uint32_t from, to;
    } ranges[] = {{0x0300, 0x036F}, {0x0590, 0x109F}, {0x1780, 0x18AF}, {0x1A00, 0x1CFF},
                  {0x1DC0, 0x1DFF}, {0x2000, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x206F},
                  {0xFB1D, 0xFDFF}, {0xFE00, 0xFE0F}, {0xFE70, 0xFEFF}};
    for (size_t i = 0; i < NITEMS(ranges); i++) {
        if (cp >= ranges[i].from && cp <= ranges[i].to) {
            return true;
        }
    }
    return false;
}

/* --- one character --- */

struct shown {
    char text[16]; /* what is drawn for it */
    size_t bytes;  /* of the source */
};

static FT_UInt glyph_of(const struct pdf *p, enum pdf_font font, uint32_t cp)
{
    const struct face *f = p->faces[font];
    return cp < ASCII ? f->glyphs[cp] : needs_shaping(cp) ? 0 : p->api.FT_Get_Char_Index(f->ft, cp);
}

/* The character at s, or the escape that stands for it. */
static struct shown next_shown(const struct pdf *p, enum pdf_font font, const char *s)
{
    struct shown r = {.bytes = 1};
    uint32_t cp = 0xFFFD;
    if ((unsigned char)*s >= ' ' && (unsigned char)*s < ASCII - 1) {
        r.text[0] = *s;
        return r;
    }
    r.bytes = utf8_decode(s, strlen(s), &cp);
    if (r.bytes && glyph_of(p, font, cp)) {
        memcpy(r.text, s, r.bytes);
    } else {
        (void)snprintf(r.text, sizeof r.text, "\\u{%04x}", r.bytes ? cp : 0xFFFD);
    }
    r.bytes = r.bytes ? r.bytes : 1;
    return r;
}

static double advance(const struct pdf *p, const struct pdf_style *style, uint32_t cp)
{
    const struct face *f = p->faces[style->font];
    FT_Fixed units = cp < ASCII ? f->units[cp] : f->ft->units_per_EM / 2;
    if (cp >= ASCII &&
        p->api.FT_Get_Advance(f->ft, glyph_of(p, style->font, cp), FT_LOAD_NO_SCALE, &units) != 0) {
        units = f->ft->units_per_EM / 2;
    }
    return (double)units * style->size / f->ft->units_per_EM;
}

static double shown_width(const struct pdf *p, const struct pdf_style *style, const struct shown *s)
{
    double width = 0;
    uint32_t cp;
    for (const char *c = s->text; *c;) {
        size_t n = utf8_decode(c, strlen(c), &cp);
        width += advance(p, style, cp);
        c += n ? n : 1;
    }
    return width;
}

/* --- measuring --- */

double pdf_text_width(const struct pdf *p, const struct pdf_style *style, const char *text)
{
    double width = 0;
    while (*text) {
        struct shown s = next_shown(p, style->font, text);
        width += shown_width(p, style, &s);
        text += s.bytes;
    }
    return width;
}

size_t pdf_text_fit(const struct pdf *p, const struct pdf_style *style, const char *text,
                    double width)
{
    size_t at = 0;
    size_t blank = 0; /* behind the last one that fits */
    for (double used = 0; text[at];) {
        struct shown s = next_shown(p, style->font, text + at);
        used += shown_width(p, style, &s);
        if (used > width && at > 0 && text[at] != ' ') {
            return blank ? blank : at;
        }
        at += s.bytes;
        blank = text[at - 1] == ' ' ? at : blank;
    }
    return at;
}

/* --- drawing --- */

static void set_color(struct pdf *p, uint32_t color)
{
    p->api.cairo_set_source_rgb(p->cr, (color >> 16 & 0xFF) / 255.0, (color >> 8 & 0xFF) / 255.0,
                                (color & 0xFF) / 255.0);
}

/* Appends what is drawn for one character; returns its width. */
static double lay(struct pdf *p, const struct pdf_style *style, const struct shown *s, double x,
                  double y, struct buf *text)
{
    const double start = x;
    uint32_t cp;
    for (const char *c = s->text; *c;) {
        size_t n = utf8_decode(c, strlen(c), &cp);
        const cairo_glyph_t glyph = {.index = glyph_of(p, style->font, cp), .x = x, .y = y};
        const cairo_text_cluster_t cluster = {.num_bytes = (int)n, .num_glyphs = 1};
        VEC_PUSH(&p->glyphs, glyph);
        VEC_PUSH(&p->clusters, cluster);
        buf_add(text, c, n);
        x += advance(p, style, cp);
        c += n ? n : 1;
    }
    return x - start;
}

double pdf_text(struct pdf *p, const struct pdf_style *style, double x, double y, const char *text)
{
    CLEANUP(buf_release) struct buf drawn = BUF_INIT(TEXT_MAX);
    double width = 0;
    if (!p->cr) {
        return pdf_text_width(p, style, text);
    }
    p->glyphs.n = p->clusters.n = 0;
    while (*text && drawn.n < TEXT_MAX - 32) {
        struct shown s = next_shown(p, style->font, text);
        width += lay(p, style, &s, x + width, y, &drawn);
        text += s.bytes;
    }
    if (p->glyphs.n) {
        set_color(p, style->color);
        p->api.cairo_set_font_face(p->cr, p->fonts[style->font]);
        p->api.cairo_set_font_size(p->cr, style->size);
        p->api.cairo_show_text_glyphs(p->cr, buf_text(&drawn), (int)drawn.n, p->glyphs.v,
                                      (int)p->glyphs.n, p->clusters.v, (int)p->clusters.n, 0);
    }
    return width;
}

void pdf_rect(struct pdf *p, uint32_t color, double x, double y, double width, double height)
{
    if (p->cr) {
        set_color(p, color);
        p->api.cairo_rectangle(p->cr, x, y, width, height);
        p->api.cairo_fill(p->cr);
    }
}

void pdf_line(struct pdf *p, uint32_t color, double x1, double y1, double x2, double y2)
{
    if (p->cr) {
        set_color(p, color);
        p->api.cairo_set_line_width(p->cr, 0.5);
        p->api.cairo_move_to(p->cr, x1, y1);
        p->api.cairo_line_to(p->cr, x2, y2);
        p->api.cairo_stroke(p->cr);
    }
}

/* --- the document --- */

/* A failed sink is told by pdf_close(): cairo 1.16 reads a null pointer when it finishes a surface
 * after a write error, so it never hears of one. */
static void pour(struct pdf *p)
{
    p->failed = p->failed || (p->piece.n && !p->sink(p->ctx, buf_span(&p->piece), &p->err));
    buf_reset(&p->piece);
}

static cairo_status_t take(void *closure, const unsigned char *data, unsigned n)
{
    struct pdf *p = closure;
    if (n >= PIECE) {
        pour(p);
        p->failed = p->failed || !p->sink(p->ctx, (struct span){data, n}, &p->err);
        return CAIRO_STATUS_SUCCESS;
    }
    buf_add(&p->piece, data, n);
    if (p->piece.n >= PIECE) {
        pour(p);
    }
    return CAIRO_STATUS_SUCCESS;
}

static void describe(struct pdf *p, const struct pdf_info *info)
{
    char created[TIME_TEXT] = "";
    if (info->created != TIME_NONE) {
        time_format(info->created, created);
    }
    const struct {
        cairo_pdf_metadata_t what;
        const char *text;
    } rows[] = {{CAIRO_PDF_METADATA_TITLE, info->title},
                {CAIRO_PDF_METADATA_SUBJECT, info->subject},
                {CAIRO_PDF_METADATA_AUTHOR, info->author},
                {CAIRO_PDF_METADATA_CREATOR, "certbatch " CERTBATCH_VERSION},
                /* cairo fills in the clock where no date is set, so an unknown one is set too */
                {CAIRO_PDF_METADATA_CREATE_DATE, *created ? created : "1970-01-01T00:00:00Z"}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if (rows[i].text) {
            p->api.cairo_pdf_surface_set_metadata(p->surface, rows[i].what, rows[i].text);
        }
    }
}

static void pdf_release(struct pdf **p)
{
    if ((*p)->cr) {
        (*p)->api.cairo_destroy((*p)->cr);
    }
    if ((*p)->surface) {
        (*p)->api.cairo_surface_destroy((*p)->surface);
    }
    for (size_t i = 0; i < PDF_FONT__MAX; i++) {
        if ((*p)->fonts[i]) {
            (*p)->api.cairo_font_face_destroy((*p)->fonts[i]);
        }
    }
    free((*p)->glyphs.v);
    free((*p)->clusters.v);
    buf_release(&(*p)->piece);
    free(*p);
    *p = NULL;
}

struct pdf *pdf_open(const struct pdf_info *info, pdf_sink *sink, void *ctx, struct err *err)
{
    struct pdf *p = xcalloc(1, sizeof *p);
    bool ok = true;
    p->sink = sink;
    p->ctx = ctx;
    p->piece = (struct buf)BUF_INIT(2 * PIECE);
    if (!load(&p->api, err)) {
        free(p);
        return NULL;
    }
    for (int i = 0; ok && i < PDF_FONT__MAX; i++) {
        ok = open_font(p, (enum pdf_font)i);
    }
    if (!ok) {
        err_set(err, ERR_INTERNAL, "the fonts of the PDF cannot be opened");
        pdf_release(&p);
        return NULL;
    }
    if (sink) {
        p->surface = p->api.cairo_pdf_surface_create_for_stream(take, p, PDF_WIDTH, PDF_HEIGHT);
        p->cr = p->api.cairo_create(p->surface);
        describe(p, info);
    }
    return p;
}

void pdf_page(struct pdf *p)
{
    if (p->cr && p->pages) {
        p->api.cairo_show_page(p->cr);
    }
    p->pages++;
}

unsigned pdf_pages(const struct pdf *p)
{
    return p->pages;
}

void pdf_bookmark(struct pdf *p, const char *title, double y)
{
    char where[64];
    if (p->cr) {
        (void)snprintf(where, sizeof where, "page=%u pos=[0 %d]", p->pages, (int)y);
        p->api.cairo_pdf_surface_add_outline(p->surface, CAIRO_PDF_OUTLINE_ROOT, title, where, 0);
    }
}

bool pdf_close(struct pdf **p, struct err *err)
{
    bool ok = true;
    if ((*p)->cr) {
        if ((*p)->pages) {
            (*p)->api.cairo_show_page((*p)->cr);
        }
        (*p)->api.cairo_surface_finish((*p)->surface);
        pour(*p);
        cairo_status_t drawn = (*p)->api.cairo_status((*p)->cr);
        cairo_status_t kept = (*p)->api.cairo_surface_status((*p)->surface);
        ok = !(*p)->failed && drawn == CAIRO_STATUS_SUCCESS && kept == CAIRO_STATUS_SUCCESS;
        if ((*p)->failed) {
            *err = (*p)->err;
        } else if (!ok) {
            err_set(err, ERR_INTERNAL, "the PDF could not be made: %s",
                    (*p)->api.cairo_status_to_string(drawn != CAIRO_STATUS_SUCCESS ? drawn : kept));
        }
    }
    pdf_release(p);
    return ok;
}
