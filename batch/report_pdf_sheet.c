/* SPDX-License-Identifier: Apache-2.0
 *
 * report.pdf: the flowing page, see report_pdf.h.
 */
#include "batch/report_pdf.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdio.h>
#include <string.h>

static const double line_factor = 1.32; /* of the size of a font */

static const struct {
    uint32_t text, bar;
} tone_colors[TONE__MAX] = {
    [TONE_GOOD] = {GOOD, GOOD_BAR}, [TONE_WAIT] = {WAIT, WAIT_BAR}, [TONE_BAD] = {BAD, BAD_BAR}};

uint32_t sheet_tone(enum report_tone tone)
{
    return tone_colors[tone].text;
}

uint32_t sheet_bar(enum report_tone tone)
{
    return tone_colors[tone].bar;
}

/* --- pages --- */

static void frame(struct sheet *s)
{
    const struct pdf_style bold = {PDF_BOLD, 8, INK};
    const struct pdf_style soft = {PDF_SANS, 8, SOFT};
    const struct history *h = s->view->report->history;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *batch = h->batch ? h->batch : "batch";
    const char *ticket = report_ticket(s->view->report);
    const char *right = ticket ? str_vis_dup(&a, ticket, strlen(ticket)) : "";
    const char *page = arena_printf(&a, "page %u of %u", pdf_pages(s->pdf), s->total);
    (void)pdf_text(s->pdf, &bold, SHEET_LEFT, 40, str_vis_dup(&a, batch, strlen(batch)));
    (void)pdf_text(s->pdf, &soft, SHEET_RIGHT - pdf_text_width(s->pdf, &soft, right), 40, right);
    pdf_line(s->pdf, LINE, SHEET_LEFT, 48, SHEET_RIGHT, 48);
    pdf_line(s->pdf, LINE, SHEET_LEFT, PDF_HEIGHT - 42, SHEET_RIGHT, PDF_HEIGHT - 42);
    (void)pdf_text(s->pdf, &soft, SHEET_LEFT, PDF_HEIGHT - 30,
                   "Certificate batch report, certbatch " CERTBATCH_VERSION);
    (void)pdf_text(s->pdf, &soft, SHEET_RIGHT - pdf_text_width(s->pdf, &soft, page),
                   PDF_HEIGHT - 30, page);
}

void sheet_page(struct sheet *s)
{
    pdf_page(s->pdf);
    frame(s);
    s->y = SHEET_TOP;
    if (s->page_head) {
        s->page_head(s);
    }
}

void sheet_need(struct sheet *s, double height)
{
    if (s->y + height > SHEET_BOTTOM) {
        sheet_page(s);
    }
}

void sheet_gap(struct sheet *s, double height)
{
    s->y += height;
}

void sheet_section(struct sheet *s, const char *title, double keep)
{
    const struct pdf_style head = {PDF_BOLD, 12, INK};
    sheet_gap(s, 16);
    sheet_need(s, keep + 24);
    pdf_bookmark(s->pdf, title, s->y);
    (void)pdf_text(s->pdf, &head, SHEET_LEFT, s->y + 12, title);
    sheet_gap(s, 22);
}

/* --- text --- */

static size_t fit(const struct sheet *s, const struct pdf_style *style, double width,
                  const char *text, char line[static LIMIT_MESSAGE])
{
    size_t n = pdf_text_fit(s->pdf, style, text, width);
    size_t shown = n < LIMIT_MESSAGE - 1 ? n : LIMIT_MESSAGE - 1;
    while (shown > 1 && text[shown - 1] == ' ') {
        shown--;
    }
    memcpy(line, text, shown);
    line[shown] = '\0';
    return n;
}

double sheet_block(struct sheet *s, const struct pdf_style *style, double x, double y, double width,
                   const char *text, bool draw)
{
    CLEANUP(buf_release) struct buf shown = BUF_INIT(2 * LIMIT_MESSAGE);
    char line[LIMIT_MESSAGE];
    double height = 0;
    str_vis(&shown, text ? text : "", text ? strlen(text) : 0, LIMIT_MESSAGE - 8);
    for (const char *p = buf_text(&shown); *p;) {
        p += fit(s, style, width, p, line);
        if (draw) {
            (void)pdf_text(s->pdf, style, x, y + height + style->size, line);
        }
        height += style->size * line_factor;
    }
    return height;
}

void sheet_paragraph(struct sheet *s, const struct pdf_style *style, double x, double right,
                     const char *text)
{
    CLEANUP(buf_release) struct buf shown = BUF_INIT(2 * LIMIT_MESSAGE);
    char line[LIMIT_MESSAGE];
    str_vis(&shown, text, strlen(text), LIMIT_MESSAGE - 8);
    for (const char *p = buf_text(&shown); *p;) {
        p += fit(s, style, right - x, p, line);
        sheet_need(s, style->size * line_factor);
        (void)pdf_text(s->pdf, style, x, s->y + style->size, line);
        sheet_gap(s, style->size * line_factor);
    }
}

void sheet_row(struct sheet *s, const struct sheet_cell *cells, size_t n)
{
    double height = 0;
    for (size_t i = 0; i < n; i++) {
        double h =
            sheet_block(s, &cells[i].style, cells[i].x, 0, cells[i].width, cells[i].text, false);
        height = h > height ? h : height;
    }
    const double room = SHEET_BOTTOM - SHEET_TOP - 40;
    height = height < room ? height : room;
    sheet_need(s, height + 4);
    for (size_t i = 0; i < n; i++) {
        (void)sheet_block(s, &cells[i].style, cells[i].x, s->y, cells[i].width, cells[i].text,
                          true);
    }
    sheet_gap(s, height + 2);
}
