/* SPDX-License-Identifier: Apache-2.0
 *
 * report.pdf: the items, a row each, with error and findings below it. Digests, all names and
 * files of an item are in report.html and report.json.
 */
#include "batch/report_pdf.h"

#include "formats/base/str.h"

#include <string.h>

enum column {
    COL_ID,
    COL_STATE,
    COL_ACTION,
    COL_CA,
    COL_PRODUCT,
    COL_NAME,
    COL_UNTIL,
    COL_SERIAL,
    COL__MAX
};
static const struct {
    const char *head;
    double x, width;
} columns[COL__MAX] = {
    [COL_ID] = {"Item", 42, 78},          [COL_STATE] = {"State", 124, 44},
    [COL_ACTION] = {"Action", 172, 30},   [COL_CA] = {"CA", 206, 58},
    [COL_PRODUCT] = {"Product", 268, 48}, [COL_NAME] = {"Common name", 320, 108},
    [COL_UNTIL] = {"Until", 432, 44},     [COL_SERIAL] = {"Serial", 480, 73},
};

static void put_heads(struct sheet *s)
{
    const struct pdf_style head = {PDF_BOLD, 7, SOFT};
    for (size_t i = 0; i < COL__MAX; i++) {
        (void)pdf_text(s->pdf, &head, columns[i].x, s->y + 8, columns[i].head);
    }
    pdf_line(s->pdf, SOFT, SHEET_LEFT, s->y + 12, SHEET_RIGHT, s->y + 12);
    sheet_gap(s, 15);
}

static void put_cells(struct sheet *s, const struct item_record *item)
{
    char until[TIME_TEXT] = "";
    struct sheet_cell cells[COL__MAX];
    if (item->not_after != TIME_NONE) {
        time_format_date(item->not_after, until);
    }
    const char *const texts[COL__MAX] = {
        [COL_ID] = item->id,           [COL_STATE] = state_report_name(item->state),
        [COL_ACTION] = item->action,   [COL_CA] = item->ca,
        [COL_PRODUCT] = item->product, [COL_NAME] = item->common_name,
        [COL_UNTIL] = until,           [COL_SERIAL] = item->serial,
    };
    for (size_t i = 0; i < COL__MAX; i++) {
        cells[i] =
            (struct sheet_cell){columns[i].x, columns[i].width, {PDF_SANS, 7, INK}, texts[i]};
    }
    cells[COL_ID].style.font = PDF_BOLD;
    cells[COL_STATE].style = (struct pdf_style){PDF_BOLD, 7, sheet_tone(report_tone(item->state))};
    cells[COL_SERIAL].style = (struct pdf_style){PDF_MONO, 6.4, INK};
    sheet_row(s, cells, COL__MAX);
}

static void put_note(struct sheet *s, uint32_t color, const char *text)
{
    const struct pdf_style style = {PDF_SANS, 7, color};
    sheet_paragraph(s, &style, columns[COL_STATE].x, SHEET_RIGHT, text);
}

static void put_error(struct sheet *s, const struct item_record *item)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const bool waits = state_report(item->state) == STATE_PENDING;
    if (item->error_code || item->error_message) {
        put_note(s, waits ? WAIT : BAD,
                 arena_printf(&a, "%s%s%s%s", waits ? "pending: " : "",
                              item->error_code ? item->error_code : "",
                              item->error_code && item->error_message ? ": " : "",
                              item->error_message ? item->error_message : ""));
    }
}

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

static void put_finding(struct sheet *s, const struct finding *f)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *by = report_accepted_by(f);
    const char *why = f->justification;
    put_note(s, by ? SOFT : INK,
             arena_printf(&a, "%s [%s] %s%s%s%s%s%s%s", severity_name(f->severity), f->rule,
                          f->message, f->value ? ": " : "", or_empty(f->value),
                          by ? "; accepted by " : "", or_empty(by), by && why ? ": " : "",
                          by ? or_empty(why) : ""));
}

static void put_item(struct sheet *s, const struct item_record *item)
{
    size_t n;
    const struct report_finding *f = report_findings(s->view->report, item->id, &n);
    put_cells(s, item);
    put_error(s, item);
    for (size_t i = 0; i < n; i++) {
        put_finding(s, &f[i].f);
    }
    pdf_line(s->pdf, LINE, SHEET_LEFT, s->y + 1.5, SHEET_RIGHT, s->y + 1.5);
    sheet_gap(s, 3.5);
}

void pdf_items(struct sheet *s)
{
    const struct history *h = s->view->report->history;
    size_t n;
    sheet_section(s, "Items", 60);
    put_heads(s);
    s->page_head = put_heads;
    for (size_t i = 0; i < h->n; i++) {
        put_item(s, &h->v[i]);
    }
    s->page_head = NULL;
    const struct report_finding *f = report_findings(s->view->report, "", &n);
    if (n) {
        sheet_section(s, "Findings about the batch as a whole", 30);
    }
    for (size_t i = 0; i < n; i++) {
        put_finding(s, &f[i].f);
    }
}
