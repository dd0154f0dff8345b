/* SPDX-License-Identifier: Apache-2.0
 *
 * A small canvas for documents of A4 pages: text in three embedded fonts, rectangles, lines,
 * bookmarks. The only user of cairo and FreeType is pdf.c.
 *
 *     struct pdf *p = pdf_open(&info, sink, ctx, &err);
 *     pdf_page(p);
 *     pdf_text(p, &style, x, y, "text");
 *     if (!pdf_close(&p, &err)) ...
 *
 * Bytes go to the sink while pages are made, so memory stays flat; the error is sticky and told by
 * pdf_close(). Units are points (1/72 inch) from the upper left corner; y of text is its baseline.
 * The same calls give the same bytes: the date is the caller's, and nothing depends on the
 * machine's fonts. An open without a sink only measures: all calls work and nothing is drawn, which
 * is how a caller learns the number of pages first.
 *
 * The fonts (DejaVu) have Latin, Greek and Cyrillic. A character they lack, or one of a script that
 * is written from right to left or needs shaping, is shown as \u{NNNN}: nothing is lost and nothing
 * looks like something else. One thread.
 */
#ifndef FORMATS_PDF_H
#define FORMATS_PDF_H

#include "formats/base/buf.h"
#include "formats/base/err.h"

#define PDF_WIDTH  595.0 /* A4 */
#define PDF_HEIGHT 842.0

enum pdf_font { PDF_SANS, PDF_BOLD, PDF_MONO, PDF_FONT__MAX };

struct pdf_style {
    enum pdf_font font;
    double size;
    uint32_t color; /* 0xRRGGBB */
};
struct pdf_info {
    const char *title, *subject, *author; /* UTF-8 */
    int64_t created;                      /* TIME_NONE: no date */
};
/* As report sinks: takes bytes in order. */
typedef bool pdf_sink(void *ctx, struct span bytes, struct err *err);

/* Can documents be written at all? The libraries are loaded by the first that needs them, so a
 * program that will need one later asks before it does what cannot be taken back. */
bool pdf_ready(struct err *err) MUST_USE;

struct pdf;
/* sink NULL: measure only. NULL on failure. */
struct pdf *pdf_open(const struct pdf_info *info, pdf_sink *sink, void *ctx,
                     struct err *err) MUST_USE;
void pdf_page(struct pdf *p); /* begins the first or the next page */
unsigned pdf_pages(const struct pdf *p);
void pdf_bookmark(struct pdf *p, const char *title, double y); /* on this page */

/* Returns the width drawn. Text is UTF-8 without control characters. */
double pdf_text(struct pdf *p, const struct pdf_style *style, double x, double y, const char *text);
double pdf_text_width(const struct pdf *p, const struct pdf_style *style, const char *text);
/* Bytes of `text` that fit into `width`, broken behind a blank if there is one, else anywhere;
 * at least one character, so that a loop comes to its end. */
size_t pdf_text_fit(const struct pdf *p, const struct pdf_style *style, const char *text,
                    double width);
void pdf_rect(struct pdf *p, uint32_t color, double x, double y, double width, double height);
void pdf_line(struct pdf *p, uint32_t color, double x1, double y1, double x2, double y2);

/* Ends the document and releases *p; false when anything failed since the open. */
bool pdf_close(struct pdf **p, struct err *err) MUST_USE;

#endif
