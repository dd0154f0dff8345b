/* SPDX-License-Identifier: Apache-2.0
 *
 * report.html: the coordinator, the frame of the page, and what its parts share. Written item by
 * item through one small buffer.
 */
#include "batch/report_html_parts.h"

#include "formats/base/str.h"

#include <string.h>

/* One item with a thousand names and a hundred findings, every byte of them escaped. */
enum { FLUSH_AT = 64 * 1024, PIECE_MAX = 64 * 1024 * 1024 };

void html_text(struct buf *out, const char *s)
{
    markup_text(out, s, HTML_TEXT);
}

void html_badge(struct buf *out, enum item_state state)
{
    buf_printf(out, "<span class=\"badge %s\">%s</span>", report_tone_name(report_tone(state)),
               state_report_name(state));
}

void html_finding(struct buf *out, const struct finding *f)
{
    const struct {
        const char *text, *before, *after;
    } more[] = {
        {f->value, " <code>", "</code>"},
        {f->fix, " To do: ", "."},
    };
    const char *by = report_accepted_by(f);
    const char *severity = severity_name(f->severity);
    buf_printf(out, "<p class=\"finding\"><span class=\"badge %s\">%s</span><span class=\"rule\">",
               by ? "taken" : severity, severity);
    html_text(out, f->rule);
    buf_puts(out, "</span> ");
    html_text(out, f->message);
    for (size_t i = 0; i < NITEMS(more); i++) {
        if (more[i].text && *more[i].text) {
            buf_puts(out, more[i].before);
            html_text(out, more[i].text);
            buf_puts(out, more[i].after);
        }
    }
    if (f->cite || f->line) {
        buf_puts(out, " <span class=\"kicker\">");
        html_text(out, f->cite);
        buf_puts(out, f->cite && f->line ? ", " : "");
        if (f->line) {
            buf_printf(out, "line %u", f->line);
        }
        buf_puts(out, "</span>");
    }
    if (by) {
        buf_puts(out, " Accepted by <b>");
        html_text(out, by);
        buf_puts(out, "</b>");
        html_text(out, f->justification ? ": " : ".");
        html_text(out, f->justification);
    }
    buf_puts(out, "</p>");
}

/* --- the frame --- */

static void hash_source(struct buf *out, const unsigned char *p, size_t n)
{
    uint8_t digest[SHA256_SIZE];
    sha256(p, n, digest);
    buf_puts(out, "'sha256-");
    base64_encode(out, digest, sizeof digest, 0);
    buf_puts(out, "'");
}

static void put_policy(struct buf *out)
{
    buf_puts(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "base-uri 'none'; form-action 'none'; style-src ");
    hash_source(out, report_css, report_css_size);
    buf_puts(out, "; script-src ");
    hash_source(out, report_js, report_js_size);
    buf_puts(out, "\">\n");
}

static void put_title(struct buf *out, const struct report_view *v)
{
    const struct history *h = v->report->history;
    char from[TIME_TEXT], to[TIME_TEXT];
    report_moment(h->opened, from);
    report_moment(h->closed, to);
    buf_puts(out, "<header>\n<p class=\"kicker\">Certificate batch");
    if (report_ticket(v->report)) {
        buf_puts(out, " for change <b>");
        html_text(out, report_ticket(v->report));
        buf_puts(out, "</b>");
    }
    if (h->simulate) {
        buf_puts(out, " <span class=\"simulated\">simulation</span>");
    }
    buf_puts(out, "</p>\n<h1>");
    html_text(out, h->batch ? h->batch : "batch");
    buf_printf(out, "</h1>\n<p class=\"verdict %s\" id=\"verdict\">", report_tone_name(v->tone));
    html_text(out, v->verdict);
    buf_printf(out,
               "</p>\n<p class=\"when\">First run began <time>%s</time>, last ended "
               "<time>%s</time>.</p>\n",
               from, to);
}

void html_head(struct buf *out, const struct report_view *v)
{
    static const struct {
        const char *id, *text;
    } parts[] = {{"outcome", "Outcome"},   {"trouble", "What to do"},
                 {"change", "Change"},     {"ends", "Expiry"},
                 {"cas", "CAs"},           {"products", "Products"},
                 {"accepted", "Accepted"}, {"decisions", "Decisions"},
                 {"evidence", "Evidence"}, {"items", "Items"}};
    buf_puts(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    put_policy(out);
    buf_puts(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n"
                  "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    html_text(out, v->report->history->batch ? v->report->history->batch : "batch");
    buf_puts(out, ": certificate batch report</title>\n<style>");
    buf_add(out, report_css, report_css_size);
    buf_puts(out, "</style>\n</head>\n<body>\n<div class=\"page\">\n"
                  "<a class=\"skip\" href=\"#items\">Skip to the items</a>\n");
    put_title(out, v);
    buf_puts(out, "<nav aria-label=\"Parts of this report\">");
    for (size_t i = 0; i < NITEMS(parts); i++) {
        buf_printf(out, "<a href=\"#%s\">%s</a> ", parts[i].id, parts[i].text);
    }
    buf_puts(out, "</nav>\n</header>\n<main>\n");
}

void html_foot(struct buf *out, const struct report_view *v)
{
    (void)v;
    buf_puts(out, "</main>\n<footer>Written by certbatch " CERTBATCH_VERSION
                  ". The same facts, for programs: report.json and report.csv. Times are UTC."
                  "</footer>\n</div>\n<script>");
    buf_add(out, report_js, report_js_size);
    buf_puts(out, "</script>\n</body>\n</html>\n");
}

/* --- the coordinator --- */

typedef void html_part(struct buf *out, const struct report_view *v);
static html_part *const before_items[] = {
    html_head,   html_outcome,  html_trouble,   html_change,   html_ends,
    html_groups, html_accepted, html_decisions, html_evidence, html_items_begin,
};
static html_part *const after_items[] = {html_items_end, html_foot};

static bool flush(struct buf *b, report_sink *sink, void *ctx, struct err *err)
{
    if (buf_failed(b)) {
        return err_set(err, ERR_INTERNAL, "a part of the report is larger than %d bytes",
                       PIECE_MAX);
    }
    bool ok = sink(ctx, buf_span(b), err);
    buf_reset(b);
    return ok;
}

static bool put_parts(html_part *const *parts, size_t n, const struct report_view *v, struct buf *b,
                      report_sink *sink, void *ctx, struct err *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        parts[i](b, v);
        ok = flush(b, sink, ctx, err);
    }
    return ok;
}

bool report_html_to(const struct report *r, report_sink *sink, void *ctx, struct err *err)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(PIECE_MAX);
    CLEANUP(report_view_release) struct report_view v;
    report_view_open(&v, r);
    bool ok = put_parts(before_items, NITEMS(before_items), &v, &b, sink, ctx, err);
    for (size_t i = 0; ok && i < r->history->n; i++) {
        html_item(&b, &v, &r->history->v[i]);
        ok = (b.n < FLUSH_AT && !buf_failed(&b)) || flush(&b, sink, ctx, err);
    }
    return ok && put_parts(after_items, NITEMS(after_items), &v, &b, sink, ctx, err);
}
