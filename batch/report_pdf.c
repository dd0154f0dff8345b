/* SPDX-License-Identifier: Apache-2.0
 *
 * report.pdf: what is above the items, and the coordinator. It says what report.html says, on
 * paper: colour is never the only carrier.
 */
#include "batch/dcv.h"
#include "batch/report_pdf.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdio.h>
#include <string.h>

enum { TROUBLE_SHOWN = 12 };

static const struct pdf_style small = {PDF_SANS, 8, INK}, soft = {PDF_SANS, 8, SOFT},
                              mono = {PDF_MONO, 7.2, INK};

/* name and value side by side */
static void fact(struct sheet *s, const char *name, const struct pdf_style *style,
                 const char *value)
{
    const struct sheet_cell cells[] = {
        {SHEET_LEFT, 108, soft, name},
        {SHEET_LEFT + 116, SHEET_RIGHT - SHEET_LEFT - 116, *style, value}};
    sheet_row(s, cells, NITEMS(cells));
}

static void say(struct sheet *s, const char *text)
{
    sheet_paragraph(s, &small, SHEET_LEFT, SHEET_RIGHT, text);
}

/* --- title and outcome --- */

static void put_title(struct sheet *s)
{
    const struct report_view *v = s->view;
    const struct history *h = v->report->history;
    const struct pdf_style title = {PDF_BOLD, 20, INK};
    const struct pdf_style verdict = {PDF_BOLD, 11, sheet_tone(v->tone)};
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    char from[TIME_TEXT], to[TIME_TEXT];
    report_moment(h->opened, from);
    report_moment(h->closed, to);
    sheet_paragraph(s, &title, SHEET_LEFT, SHEET_RIGHT, h->batch ? h->batch : "batch");
    sheet_gap(s, 8);
    double height = sheet_block(s, &verdict, SHEET_LEFT + 12, 0, SHEET_RIGHT - SHEET_LEFT - 24,
                                v->verdict, false);
    pdf_rect(s->pdf, PALE, SHEET_LEFT, s->y, SHEET_RIGHT - SHEET_LEFT, height + 14);
    pdf_rect(s->pdf, sheet_tone(v->tone), SHEET_LEFT, s->y, 4, height + 14);
    (void)sheet_block(s, &verdict, SHEET_LEFT + 12, s->y + 6, SHEET_RIGHT - SHEET_LEFT - 24,
                      v->verdict, true);
    sheet_gap(s, height + 22);
    sheet_paragraph(s, &soft, SHEET_LEFT, SHEET_RIGHT,
                    arena_printf(&a, "First run began %s, last ended %s.", from, to));
}

static void tone_bar(struct sheet *s, const size_t tones[TONE__MAX], size_t whole, double x,
                     double y, double width, double height)
{
    enum { STEPS = 1000 };
    size_t parts[TONE__MAX];
    double at = x;
    report_shares(tones, whole, STEPS, parts);
    pdf_rect(s->pdf, PALE, x, y, width, height);
    for (size_t t = 0; t < TONE__MAX; t++) {
        const double part = width * (double)parts[t] / STEPS;
        if (parts[t]) {
            pdf_rect(s->pdf, sheet_bar((enum report_tone)t), at, y, part, height);
        }
        at += part;
    }
}

static void put_count(struct sheet *s, size_t column, uint32_t color, size_t count,
                      const char *name)
{
    const double step = (SHEET_RIGHT - SHEET_LEFT) / 6;
    const double x = SHEET_LEFT + (double)column * step;
    const struct pdf_style number = {PDF_BOLD, 14, count ? INK : SOFT};
    char text[24];
    (void)snprintf(text, sizeof text, "%zu", count);
    pdf_rect(s->pdf, color, x, s->y, step - 8, 2);
    (void)pdf_text(s->pdf, &number, x, s->y + 18, text);
    (void)pdf_text(s->pdf, &soft, x, s->y + 29, name);
}

static void put_outcome(struct sheet *s)
{
    const struct report_view *v = s->view;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    sheet_section(s, "Outcome", 120);
    tone_bar(s, v->tones, v->report->history->n, SHEET_LEFT, s->y, SHEET_RIGHT - SHEET_LEFT, 9);
    sheet_gap(s, 13);
    say(s, arena_printf(&a, "Done %zu, not finished %zu, needs attention %zu.", v->tones[TONE_GOOD],
                        v->tones[TONE_WAIT], v->tones[TONE_BAD]));
    sheet_gap(s, 6);
    for (size_t i = 0; i <= report_states_count; i++) {
        const bool sum = i == report_states_count;
        put_count(s, i % 6, sum ? INK : sheet_bar(report_tone(report_states[i])),
                  sum ? v->report->history->n : v->counts[report_states[i]],
                  sum ? "items" : state_report_name(report_states[i]));
        if (i % 6 == 5 || sum) {
            sheet_gap(s, 38);
        }
    }
}

/* --- what needs somebody --- */

static void trouble_item(struct sheet *s, const struct item_record *r)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const bool said = r->error_code || r->error_message;
    const char *text = said ? arena_printf(&a, "%s%s%s", r->error_code ? r->error_code : "",
                                           r->error_code && r->error_message ? ": " : "",
                                           r->error_message ? r->error_message : "")
                       : r->order_id ? arena_printf(&a, "order %s", r->order_id)
                                     : "";
    const char *mend = report_mend(s->view->report, r);
    text = mend ? arena_printf(&a, "%s. To do: %s.", text, mend) : text;
    const struct pdf_style bold = {PDF_BOLD, 8, INK};
    const struct sheet_cell cells[] = {
        {SHEET_LEFT + 10, 110, bold, r->id},
        {SHEET_LEFT + 126, SHEET_RIGHT - SHEET_LEFT - 126, small, text}};
    sheet_row(s, cells, NITEMS(cells));
}

static void put_trouble(struct sheet *s, const struct report_trouble *t)
{
    const struct history *h = s->view->report->history;
    const struct pdf_style head = {PDF_BOLD, 9, sheet_tone(report_tone(t->state))};
    const size_t count = s->view->counts[t->state];
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    size_t shown = 0;
    sheet_need(s, 30);
    sheet_paragraph(s, &head, SHEET_LEFT, SHEET_RIGHT,
                    arena_printf(&a, "%zu %s: %s", count, state_report_name(t->state), t->advice));
    for (size_t i = 0; i < h->n && shown < TROUBLE_SHOWN; i++) {
        if (state_report(h->v[i].state) == t->state) {
            trouble_item(s, &h->v[i]);
            shown++;
        }
    }
    if (count > shown) {
        sheet_paragraph(s, &soft, SHEET_LEFT + 10, SHEET_RIGHT,
                        arena_printf(&a, "and %zu more, see the items", count - shown));
    }
    sheet_gap(s, 5);
}

static void put_published(struct sheet *s)
{
    const struct history *h = s->view->report->history;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++) {
        for (const struct dcv_record *d = h->v[i].dcv; d; d = d->next) {
            if (d->published && n++ < TROUBLE_SHOWN) {
                say(s, arena_printf(&a, "%s: the %s %s was not removed: run again, or remove it",
                                    h->v[i].id, dcv_kind_name(d->kind), d->name));
            }
        }
    }
}

static void put_troubles(struct sheet *s)
{
    sheet_section(s, "What to do", 40);
    for (size_t i = 0; i < report_troubles_count; i++) {
        if (s->view->counts[report_troubles[i].state]) {
            put_trouble(s, &report_troubles[i]);
        }
    }
    put_published(s);
    if (s->view->tone == TONE_GOOD) {
        say(s, "Nothing: every item is done.");
    }
}

/* --- the change --- */

static void put_facts_of_change(struct sheet *s)
{
    const struct report_view *v = s->view;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    for (const struct ynode *n = v->report->change->first; n; n = n->next) {
        char *name = arena_strdup(&a, n->key ? n->key : "");
        for (char *c = name; *c; c++) {
            *c = *c == '_' ? ' ' : *c;
        }
        fact(s, name, &small, report_change_text(&a, n));
    }
    if (yaml_get(v->report->change, "window") && v->sent) {
        fact(s, "orders, revocations", &small,
             v->outside
                 ? arena_printf(&a, "%zu of %zu were sent outside the window", v->outside, v->sent)
                 : arena_printf(&a, "all %zu were sent inside the window", v->sent));
    }
}

static void put_change(struct sheet *s)
{
    const struct approval_record *a;
    sheet_section(s, "Change", 50);
    if (s->view->report->change) {
        put_facts_of_change(s);
    } else {
        say(s, "The manifest names no change.");
    }
    for (size_t at = 0; (a = history_approval(s->view->report->history, &at));) {
        CLEANUP(buf_release) struct buf line = BUF_INIT(LIMIT_MESSAGE);
        report_approval_line(&line, a);
        fact(s, "plan approved by", &small, buf_text(&line));
    }
}

/* --- charts --- */

static void put_ends(struct sheet *s)
{
    const struct report_view *v = s->view;
    const double height = 80;
    size_t most = 1;
    sheet_section(s, "When the certificates end", height + 50);
    if (!v->ends.n) {
        say(s, "No certificate was issued.");
        return;
    }
    for (size_t i = 0; i < v->ends.n; i++) {
        most = v->ends.v[i].n > most ? v->ends.v[i].n : most;
    }
    double step = (SHEET_RIGHT - SHEET_LEFT) / (double)v->ends.n;
    step = step > 60 ? 60 : step;
    const struct pdf_style label = {PDF_SANS, step < 30 ? 4.2 : 7, SOFT};
    const struct pdf_style value = {PDF_BOLD, step < 30 ? 5.5 : 7, INK};
    for (size_t i = 0; i < v->ends.n; i++) {
        const double middle = SHEET_LEFT + ((double)i + 0.5) * step;
        const double bar = height * (double)v->ends.v[i].n / (double)most;
        char text[24];
        (void)snprintf(text, sizeof text, "%zu", v->ends.v[i].n);
        if (v->ends.v[i].n) {
            pdf_rect(s->pdf, ACCENT, middle - step * 0.3, s->y + 12 + height - bar, step * 0.6,
                     bar);
            (void)pdf_text(s->pdf, &value, middle - pdf_text_width(s->pdf, &value, text) / 2,
                           s->y + 9 + height - bar, text);
        }
        (void)pdf_text(s->pdf, &label,
                       middle - pdf_text_width(s->pdf, &label, v->ends.v[i].label) / 2,
                       s->y + height + 22, v->ends.v[i].label);
    }
    pdf_line(s->pdf, LINE, SHEET_LEFT, s->y + 12 + height, SHEET_RIGHT, s->y + 12 + height);
    sheet_gap(s, height + 28);
}

static void put_groups(struct sheet *s, const char *title, const struct report_groups *all)
{
    const struct report_group *g = all->v;
    sheet_section(s, title, 50);
    for (size_t i = 0; i < all->n; i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        const char *numbers =
            arena_printf(&a, "%zu done, %zu open, %zu need attention", g[i].tones[TONE_GOOD],
                         g[i].tones[TONE_WAIT], g[i].tones[TONE_BAD]);
        sheet_need(s, 16);
        tone_bar(s, g[i].tones, g[0].n, SHEET_LEFT + 126, s->y + 3, 200, 7);
        const struct sheet_cell cells[] = {
            {SHEET_LEFT, 118, small, g[i].name},
            {SHEET_LEFT + 336, SHEET_RIGHT - SHEET_LEFT - 336, small, numbers}};
        sheet_row(s, cells, NITEMS(cells));
    }
}

static void put_all_groups(struct sheet *s)
{
    put_groups(s, "By CA", &s->view->cas);
    put_groups(s, "By product", &s->view->products);
}

/* --- what was accepted, decided, and what proves it --- */

static void put_accepted(struct sheet *s)
{
    const struct report_view *v = s->view;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    sheet_section(s, "Findings, and who accepted them", 40);
    say(s, v->open_findings);
    if (!v->accepted.n) {
        say(s, "No finding was waived or suppressed.");
    }
    for (size_t i = 0; i < v->accepted.n; i++) {
        const struct report_accepted *x = &v->accepted.v[i];
        fact(s, x->by, &small,
             arena_printf(&a, "%s: %zu %s%s%s", x->rule ? x->rule : "", x->n,
                          x->n == 1 ? "finding" : "findings", x->why ? "; " : "",
                          x->why ? x->why : ""));
    }
}

static void put_decisions(struct sheet *s)
{
    const struct history *h = s->view->report->history;
    sheet_section(s, "Exceptions and decisions of operators", 40);
    if (!h->decisions.n && !h->exceptions.n) {
        say(s, "None: no rule of the change was overridden, and no outcome had to be decided by "
               "hand.");
    }
    for (size_t i = 0; i < h->exceptions.n; i++) {
        const struct exception_record *e = &h->exceptions.v[i];
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        char t[TIME_TEXT];
        time_format(e->time, t);
        fact(s, t, &small, arena_printf(&a, "%s; by %s: %s", e->what, e->user, e->reason));
    }
    for (size_t i = 0; i < h->decisions.n; i++) {
        const struct decision *d = &h->decisions.v[i];
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        char t[TIME_TEXT];
        time_format(d->t, t);
        fact(s, t, &small,
             arena_printf(&a, "%s: %s%s%s by %s: %s", d->item, d->word, d->order_id ? " " : "",
                          d->order_id ? d->order_id : "", d->user ? d->user : "?",
                          d->reason ? d->reason : ""));
    }
}

static void put_evidence(struct sheet *s)
{
    struct report_evidence rows[REPORT_EVIDENCE];
    report_evidence(s->view->report, rows);
    sheet_section(s, "Evidence", 80);
    for (size_t i = 0; i < REPORT_EVIDENCE; i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        fact(s, rows[i].name, &mono,
             rows[i].value ? rows[i].value : "not yet: the run has not come to its end");
        sheet_paragraph(s, &soft, SHEET_LEFT + 116, SHEET_RIGHT, rows[i].what);
    }
}

/* --- the coordinator --- */

static unsigned lay_out(const struct report_view *v, struct pdf *pdf, unsigned total)
{
    static void (*const parts[])(struct sheet * s) = {
        put_title,      put_outcome,  put_troubles,  put_change,   put_ends,
        put_all_groups, put_accepted, put_decisions, put_evidence, pdf_items};
    struct sheet s = {.pdf = pdf, .view = v, .total = total};
    sheet_page(&s);
    for (size_t i = 0; i < NITEMS(parts); i++) {
        parts[i](&s);
    }
    return pdf_pages(pdf);
}

static bool print(const struct report_view *v, const struct pdf_info *info, unsigned *pages,
                  report_sink *sink, void *ctx, struct err *err)
{
    struct pdf *pdf = pdf_open(info, sink, ctx, err);
    if (!pdf) {
        return false;
    }
    *pages = lay_out(v, pdf, *pages);
    return pdf_close(&pdf, err);
}

bool report_pdf_to(const struct report *r, report_sink *sink, void *ctx, struct err *err)
{
    CLEANUP(report_view_release) struct report_view v;
    struct pdf_info info = {.created = TIME_NONE, .author = "certbatch"};
    unsigned pages = 0;
    report_view_open(&v, r);
    info.title = arena_printf(&v.arena, "%s: certificate batch report",
                              r->history->batch ? r->history->batch : "batch");
    if (report_ticket(r)) {
        info.subject = str_vis_dup(&v.arena, report_ticket(r), strlen(report_ticket(r)));
    }
    const char *at = r->history->closed ? r->history->closed : r->history->opened;
    if (!at || !time_parse(at, &info.created)) {
        info.created = TIME_NONE;
    }
    return print(&v, &info, &pages, NULL, NULL, err) && print(&v, &info, &pages, sink, ctx, err);
}
