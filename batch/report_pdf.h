/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the two files that write report.pdf: a page that flows. The sheet keeps the place where
 * the next thing goes, begins a new page when it does not fit, and draws head and foot of each. All
 * text is foreign until proven otherwise: sheet_* functions make it visible and cut it.
 *
 * The document is laid out twice: once measuring, for the number of pages, once drawing.
 */
#ifndef BATCH_REPORT_PDF_H
#define BATCH_REPORT_PDF_H

#include "batch/report_view.h"
#include "formats/pdf.h"

#define SHEET_LEFT   42.0
#define SHEET_RIGHT  (PDF_WIDTH - 42.0)
#define SHEET_TOP    70.0
#define SHEET_BOTTOM (PDF_HEIGHT - 52.0)

enum {
    INK = 0x182030,
    SOFT = 0x536074,
    LINE = 0xCBD2DC,
    ACCENT = 0x1F53C0,
    GOOD = 0x116236,
    WAIT = 0x7A4F00,
    BAD = 0xA81F18,
    PALE = 0xEAEEF4
};
/* Of a tone, for areas; text has the darker ones. */
enum { GOOD_BAR = 0x2F9D63, WAIT_BAR = 0xD9971A, BAD_BAR = 0xCF4036 };

struct sheet {
    struct pdf *pdf;
    const struct report_view *view;
    double y;                           /* where the next thing begins */
    unsigned total;                     /* pages; 0 while measuring */
    void (*page_head)(struct sheet *s); /* of a table that goes over pages, or NULL */
};

uint32_t sheet_tone(enum report_tone tone); /* of text */
uint32_t sheet_bar(enum report_tone tone);  /* of an area */
/* Makes room for `height`, on a new page if it has to be. */
void sheet_need(struct sheet *s, double height);
void sheet_page(struct sheet *s);
void sheet_gap(struct sheet *s, double height);
void sheet_section(struct sheet *s, const char *title,
                   double keep); /* keep: height that stays with it */
/* A paragraph from x to `right`; goes over lines and pages. */
void sheet_paragraph(struct sheet *s, const struct pdf_style *style, double x, double right,
                     const char *text);
/* The same at a place, without moving on; returns the height. draw false: only measures. */
double sheet_block(struct sheet *s, const struct pdf_style *style, double x, double y, double width,
                   const char *text, bool draw);
/* A row of cells, each at its own place and wrapped in it. */
struct sheet_cell {
    double x, width;
    struct pdf_style style;
    const char *text;
};
void sheet_row(struct sheet *s, const struct sheet_cell *cells, size_t n);

/* report_pdf_items.c */
void pdf_items(struct sheet *s);

#endif
