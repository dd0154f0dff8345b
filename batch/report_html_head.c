/* SPDX-License-Identifier: Apache-2.0
 *
 * report.html: everything above the items. Sums are drawn as inline SVG and always written as
 * numbers too: colour and length are never the only carrier.
 */
#include "batch/report_html_parts.h"

#include "formats/base/str.h"

#include <string.h>

/* Of a state's items so many are open, and so many more folded. */
enum { TROUBLE_OPEN = 5, TROUBLE_SHOWN = 100 };
enum { BAR_WIDTH = 1000, CHART_WIDTH = 1280, CHART_STEP = 52, CHART_HEAD = 20, CHART_HEIGHT = 120 };
enum { CHART_FOOT = 26 };

static void section(struct buf *out, const char *id, const char *title)
{
    buf_printf(out, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">%s</h2>\n", id,
               id, id, title);
}

static void section_end(struct buf *out)
{
    buf_puts(out, "</section>\n");
}

/* A bar of the tones, its whole width standing for `whole`. */
static void tone_bar(struct buf *out, const size_t tones[TONE__MAX], size_t whole,
                     const char *style)
{
    size_t parts[TONE__MAX];
    size_t at = 0;
    report_shares(tones, whole, BAR_WIDTH, parts);
    buf_printf(out,
               "<svg class=\"%s\" viewBox=\"0 0 %d 10\" preserveAspectRatio=\"none\" "
               "aria-hidden=\"true\"><rect class=\"f-line\" width=\"%d\" height=\"10\"/>",
               style, BAR_WIDTH, BAR_WIDTH);
    for (size_t t = 0; t < TONE__MAX; t++) {
        if (parts[t]) {
            buf_printf(out, "<rect class=\"f-%s\" x=\"%zu\" width=\"%zu\" height=\"10\"/>",
                       report_tone_name((enum report_tone)t), at, parts[t]);
        }
        at += parts[t];
    }
    buf_puts(out, "</svg>");
}

/* --- outcome --- */

void html_outcome(struct buf *out, const struct report_view *v)
{
    const size_t n = v->report->history->n;
    section(out, "outcome", "Outcome");
    tone_bar(out, v->tones, n, "share");
    buf_printf(out,
               "<p class=\"key\"><i class=\"k-good\"></i>done %zu<i class=\"k-wait\"></i>not "
               "finished %zu<i class=\"k-bad\"></i>needs attention %zu</p>\n<dl class=\"tiles\">\n",
               v->tones[TONE_GOOD], v->tones[TONE_WAIT], v->tones[TONE_BAD]);
    for (size_t i = 0; i < report_states_count; i++) {
        const size_t count = v->counts[report_states[i]];
        buf_printf(out, "<div class=\"t-%s%s\"><dt>%s</dt><dd>%zu</dd></div>\n",
                   report_tone_name(report_tone(report_states[i])), count ? "" : " none",
                   state_report_name(report_states[i]), count);
    }
    buf_printf(out, "<div class=\"sum\"><dt>items</dt><dd>%zu</dd></div>\n</dl>\n", n);
    section_end(out);
}

/* --- what needs somebody --- */

static void trouble_item(struct buf *out, const struct report *report, const struct item_record *r)
{
    const char *mend = report_mend(report, r);
    buf_puts(out, "<li><a href=\"#i-");
    html_text(out, r->id);
    buf_puts(out, "\">");
    html_text(out, r->id);
    buf_puts(out, "</a>");
    if (r->error_code) {
        buf_puts(out, "<b>");
        html_text(out, r->error_code);
        buf_puts(out, r->error_message ? "</b>: " : "</b>");
    }
    html_text(out, r->error_message);
    if (!r->error_code && !r->error_message && r->order_id) {
        buf_puts(out, "order <code>");
        html_text(out, r->order_id);
        buf_puts(out, "</code>");
    }
    if (mend) {
        buf_puts(out, ". To do: ");
        html_text(out, mend);
        buf_puts(out, ".");
    }
    buf_puts(out, "</li>\n");
}

static void trouble(struct buf *out, const struct report_view *v, const struct report_trouble *t)
{
    const struct history *h = v->report->history;
    const size_t count = v->counts[t->state];
    size_t shown = 0;
    buf_puts(out, "<div class=\"todo\"><h3>");
    html_badge(out, t->state);
    buf_printf(out, "%zu %s: ", count, count == 1 ? "item" : "items");
    html_text(out, t->advice);
    buf_puts(out, "</h3>\n<ul>\n");
    for (size_t i = 0; i < h->n && shown < TROUBLE_SHOWN; i++) {
        if (state_report(h->v[i].state) != t->state) {
            continue;
        }
        if (shown++ == TROUBLE_OPEN) {
            buf_printf(out, "</ul>\n<details class=\"fold\"><summary>%zu more</summary>\n<ul>\n",
                       (count < TROUBLE_SHOWN ? count : TROUBLE_SHOWN) - TROUBLE_OPEN);
        }
        trouble_item(out, v->report, &h->v[i]);
    }
    buf_puts(out, shown > TROUBLE_OPEN ? "</ul>\n</details>\n" : "</ul>\n");
    if (count > shown) {
        buf_printf(out,
                   "<p>and %zu more: choose \"%s\" above <a href=\"#items\">the items</a>.</p>\n",
                   count - shown, state_report_name(t->state));
    }
    buf_puts(out, "</div>\n");
}

/* Records and files that a run published and did not remove. */
static void published(struct buf *out, const struct history *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++) {
        for (const struct dcv_record *d = h->v[i].dcv; d; d = d->next) {
            if (d->published && n++ < TROUBLE_SHOWN) {
                buf_puts(out, n == 1 ? "<div class=\"todo\"><h3>Records and files of domain "
                                       "validation that were not removed</h3>\n<p>Run again, or "
                                       "remove them.</p>\n<ul>\n"
                                     : "");
                buf_puts(out, "<li><a href=\"#i-");
                html_text(out, h->v[i].id);
                buf_puts(out, "\">");
                html_text(out, h->v[i].id);
                buf_puts(out, "</a><code>");
                html_text(out, d->name);
                buf_puts(out, "</code></li>\n");
            }
        }
    }
    buf_puts(out, n ? "</ul>\n</div>\n" : "");
}

void html_trouble(struct buf *out, const struct report_view *v)
{
    section(out, "trouble", "What to do");
    for (size_t i = 0; i < report_troubles_count; i++) {
        if (v->counts[report_troubles[i].state]) {
            trouble(out, v, &report_troubles[i]);
        }
    }
    published(out, v->report->history);
    if (v->tone == TONE_GOOD) {
        buf_puts(out, "<p>Nothing: every item is done.</p>\n");
    }
    section_end(out);
}

/* --- the change --- */

static void window_fact(struct buf *out, const struct report_view *v)
{
    if (yaml_get(v->report->change, "window") && v->sent) {
        buf_puts(out, "<dt>orders and revocations</dt><dd>");
        if (v->outside) {
            buf_printf(out, "%zu of %zu were sent outside the window", v->outside, v->sent);
        } else {
            buf_printf(out, "all %zu were sent inside the window", v->sent);
        }
        buf_puts(out, "</dd>\n");
    }
}

/* A table of what people did: when, what, and cells of text. Both lists end with NULL. */
static void deeds_begin(struct buf *out, const char *caption, const char *const *heads)
{
    buf_printf(out, "<table class=\"plain\"><caption>%s</caption>\n<thead><tr>", caption);
    for (; *heads; heads++) {
        buf_printf(out, "<th scope=\"col\">%s</th>", *heads);
    }
    buf_puts(out, "</tr></thead>\n<tbody>\n");
}

static void deed(struct buf *out, int64_t when, const char *what, const char *const *cells)
{
    char t[TIME_TEXT];
    time_format(when, t);
    buf_printf(out, "<tr><td><time>%s</time></td><th scope=\"row\">", t);
    html_text(out, what);
    buf_puts(out, "</th>");
    for (; *cells; cells++) {
        buf_puts(out, "<td>");
        html_text(out, *cells);
        buf_puts(out, "</td>");
    }
    buf_puts(out, "</tr>\n");
}

static void put_change(struct buf *out, const struct report_view *v)
{
    buf_puts(out, "<dl class=\"facts\">\n");
    for (const struct ynode *n = v->report->change->first; n; n = n->next) {
        CLEANUP(arena_release) struct arena words = ARENA_INIT;
        char *name = arena_strdup(&words, n->key ? n->key : "");
        for (char *c = name; *c; c++) {
            *c = *c == '_' ? ' ' : *c;
        }
        buf_puts(out, "<dt>");
        html_text(out, name);
        buf_puts(out, "</dt><dd>");
        html_text(out, report_change_text(&words, n));
        buf_puts(out, "</dd>\n");
    }
    window_fact(out, v);
    buf_puts(out, "</dl>\n");
}

static void put_approvals(struct buf *out, const struct history *h)
{
    static const char *const heads[] = {"Counted", "Approver", "Signed", "Certificate SHA-256",
                                        NULL};
    size_t at = 0;
    const struct approval_record *a = history_approval(h, &at);
    if (!a) {
        return;
    }
    deeds_begin(out, "Signed approvals of the plan that was run", heads);
    for (; a; a = history_approval(h, &at)) {
        char t[TIME_TEXT] = "-";
        if (a->signed_at != TIME_NONE) {
            time_format(a->signed_at, t);
        }
        deed(out, a->time, a->approver, (const char *const[]){t, a->certificate_sha256, NULL});
    }
    buf_puts(out, "</tbody></table>\n");
}

void html_change(struct buf *out, const struct report_view *v)
{
    section(out, "change", "Change");
    if (v->report->change) {
        put_change(out, v);
    } else {
        buf_puts(out, "<p>The manifest names no change.</p>\n");
    }
    put_approvals(out, v->report->history);
    section_end(out);
}

/* --- when certificates end --- */

/* Units of the drawing are about pixels on a wide screen. */
struct bars {
    size_t step, width, most, drawn;
};

static struct bars bars_of(const struct report_view *v)
{
    struct bars b = {.most = 1};
    const size_t fit = CHART_WIDTH / v->ends.n;
    b.step = fit < CHART_STEP ? CHART_STEP : fit > 2 * CHART_STEP ? 2 * CHART_STEP : fit;
    b.width = b.step * 3 / 5;
    b.drawn = b.step * v->ends.n > CHART_WIDTH ? b.step * v->ends.n : CHART_WIDTH;
    for (size_t i = 0; i < v->ends.n; i++) {
        b.most = v->ends.v[i].n > b.most ? v->ends.v[i].n : b.most;
    }
    return b;
}

static void end_bar(struct buf *out, const struct report_end *e, size_t index, const struct bars *b)
{
    const size_t height = e->n ? e->n * (CHART_HEIGHT - 2) / b->most + 2 : 0;
    const size_t middle = index * b->step + b->step / 2;
    const size_t top = CHART_HEIGHT + CHART_HEAD - height;
    buf_printf(out, "<g><title>%s: %zu</title>", e->label, e->n);
    if (e->n) {
        buf_printf(out,
                   "<rect class=\"f-accent\" x=\"%zu\" y=\"%zu\" width=\"%zu\" height=\"%zu\" "
                   "rx=\"2\"/><text class=\"value\" x=\"%zu\" y=\"%zu\" text-anchor=\"middle\">"
                   "%zu</text>",
                   middle - b->width / 2, top, b->width, height, middle, top - 5, e->n);
    }
    buf_printf(out, "<text x=\"%zu\" y=\"%d\" text-anchor=\"middle\">%s</text></g>\n", middle,
               CHART_HEAD + CHART_HEIGHT + CHART_FOOT - 6, e->label);
}

static void end_chart(struct buf *out, const struct report_view *v, const char *unit)
{
    const struct bars b = bars_of(v);
    buf_printf(out,
               "<div class=\"chart\" tabindex=\"0\" role=\"group\" aria-label=\"Timeline, can be "
               "scrolled\"><svg viewBox=\"0 0 %zu %d\" role=\"img\" aria-labelledby=\"ends-title\">"
               "<title id=\"ends-title\">Certificates by the %s they end in</title>\n"
               "<line class=\"axis\" x1=\"0\" x2=\"%zu\" y1=\"%d\" y2=\"%d\"/>\n",
               b.drawn, CHART_HEAD + CHART_HEIGHT + CHART_FOOT, unit, b.drawn,
               CHART_HEAD + CHART_HEIGHT, CHART_HEAD + CHART_HEIGHT);
    for (size_t i = 0; i < v->ends.n; i++) {
        end_bar(out, &v->ends.v[i], i, &b);
    }
    buf_puts(out, "</svg></div>\n");
}

void html_ends(struct buf *out, const struct report_view *v)
{
    size_t sum = 0;
    section(out, "ends", "When the certificates end");
    if (!v->ends.n) {
        buf_puts(out, "<p>No certificate was issued.</p>\n");
        section_end(out);
        return;
    }
    const char *unit = strlen(v->ends.v[0].label) > 4 ? "month" : "year";
    for (size_t i = 0; i < v->ends.n; i++) {
        sum += v->ends.v[i].n;
    }
    end_chart(out, v, unit);
    buf_printf(out, "<p class=\"key\">%zu %s, by the %s of their end (UTC).</p>\n", sum,
               sum == 1 ? "certificate" : "certificates", unit);
    section_end(out);
}

/* --- by CA, by product --- */

static void groups(struct buf *out, const char *id, const char *title, const char *head,
                   const struct report_groups *all)
{
    const struct report_group *g = all->v;
    section(out, id, title);
    buf_printf(out,
               "<table class=\"plain bars\"><caption>Items: done, not finished, needs attention"
               "</caption>\n<thead><tr><th scope=\"col\">%s</th><th scope=\"col\">Share</th>"
               "<th scope=\"col\" class=\"n\">Done</th><th scope=\"col\" class=\"n\">Open</th>"
               "<th scope=\"col\" class=\"n\">Attention</th></tr></thead>\n<tbody>\n",
               head);
    for (size_t i = 0; i < all->n; i++) {
        buf_puts(out, "<tr><th scope=\"row\">");
        html_text(out, g[i].name);
        buf_puts(out, "</th><td>");
        tone_bar(out, g[i].tones, g[0].n, "share");
        buf_printf(out,
                   "</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td>"
                   "</tr>\n",
                   g[i].tones[TONE_GOOD], g[i].tones[TONE_WAIT], g[i].tones[TONE_BAD]);
    }
    buf_puts(out, "</tbody></table>\n");
    section_end(out);
}

void html_groups(struct buf *out, const struct report_view *v)
{
    buf_puts(out, "<div class=\"pair\">\n");
    groups(out, "cas", "By CA", "CA", &v->cas);
    groups(out, "products", "By product", "Product", &v->products);
    buf_puts(out, "</div>\n");
}

/* --- what was accepted, by whom --- */

void html_accepted(struct buf *out, const struct report_view *v)
{
    section(out, "accepted", "Findings, and who accepted them");
    buf_printf(out, "<p>%s</p>\n", v->open_findings);
    if (!v->accepted.n) {
        buf_puts(out, "<p>No finding was waived or suppressed.</p>\n");
        section_end(out);
        return;
    }
    buf_puts(out,
             "<table class=\"plain\"><caption>Waivers of the policy, comments in the manifest "
             "(\"line N\") and baselines that took effect</caption>\n<thead><tr>"
             "<th scope=\"col\">Accepted by</th><th scope=\"col\">Rule</th><th scope=\"col\">Why"
             "</th><th scope=\"col\" class=\"n\">Findings</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < v->accepted.n; i++) {
        const struct report_accepted *a = &v->accepted.v[i];
        buf_puts(out, "<tr><th scope=\"row\">");
        html_text(out, a->by);
        buf_puts(out, "</th><td class=\"rule\">");
        html_text(out, a->rule);
        buf_puts(out, "</td><td>");
        html_text(out, a->why);
        buf_printf(out, "</td><td class=\"n\">%zu</td></tr>\n", a->n);
    }
    buf_puts(out, "</tbody></table>\n");
    section_end(out);
}

static const char *or_nothing(const char *text)
{
    return text ? text : "";
}

/* What a rule of the change forbids and a run did all the same. */
static void put_overrides(struct buf *out, const struct history *h)
{
    static const char *const heads[] = {"When", "What", "By", "Reason", NULL};
    deeds_begin(out, "Rules of the change that were overridden", heads);
    for (size_t i = 0; i < h->exceptions.n; i++) {
        const struct exception_record *e = &h->exceptions.v[i];
        deed(out, e->time, e->what, (const char *const[]){e->user, e->reason, NULL});
    }
    buf_puts(out, "</tbody></table>\n");
}

static void put_decisions(struct buf *out, const struct history *h)
{
    static const char *const heads[] = {"When", "Item", "Decision", "Order", "By", "Reason", NULL};
    deeds_begin(out, "Outcomes that could not be found out and were decided by hand", heads);
    for (size_t i = 0; i < h->decisions.n; i++) {
        const struct decision *d = &h->decisions.v[i];
        deed(out, d->t, d->item,
             (const char *const[]){d->word, or_nothing(d->order_id), or_nothing(d->user),
                                   or_nothing(d->reason), NULL});
    }
    buf_puts(out, "</tbody></table>\n");
}

void html_decisions(struct buf *out, const struct report_view *v)
{
    const struct history *h = v->report->history;
    section(out, "decisions", "Exceptions and decisions of operators");
    if (h->exceptions.n) {
        put_overrides(out, h);
    }
    if (h->decisions.n) {
        put_decisions(out, h);
    }
    if (!h->exceptions.n && !h->decisions.n) {
        buf_puts(out, "<p>None: no rule of the change was overridden, and no outcome had to be "
                      "decided by hand.</p>\n");
    }
    section_end(out);
}

void html_evidence(struct buf *out, const struct report_view *v)
{
    struct report_evidence rows[REPORT_EVIDENCE];
    report_evidence(v->report, rows);
    section(out, "evidence", "Evidence");
    buf_puts(out,
             "<table class=\"plain\"><caption>What ties this report to the files beside it in "
             "the audit bundle</caption>\n<thead><tr><th scope=\"col\">Of</th><th scope=\"col\">"
             "What it is</th><th scope=\"col\">Value</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < REPORT_EVIDENCE; i++) {
        buf_printf(out, "<tr><th scope=\"row\">%s</th><td>%s</td><td class=\"mono\">", rows[i].name,
                   rows[i].what);
        html_text(out, rows[i].value ? rows[i].value : "not yet: the run has not come to its end");
        buf_puts(out, "</td></tr>\n");
    }
    buf_puts(out, "<tr><th scope=\"row\">program</th><td>that wrote this "
                  "report</td><td>certbatch " CERTBATCH_VERSION "</td></tr>\n</tbody></table>\n");
    section_end(out);
}
