/* SPDX-License-Identifier: Apache-2.0
 *
 * report.html: the table of items. A row is a grid, so that the browser lays out only what is on
 * the screen (content-visibility does nothing for rows of a real table); roles are written out
 * because a display other than table takes them away. Rows stand in groups of which a browser
 * styles only those on the screen; 10,000 single rows would be watched one by one. Everything
 * report.json says of an item is in its row, the longer part folded.
 */
#include "batch/dcv.h"
#include "batch/report_html_parts.h"

#include "formats/base/str.h"

#include <string.h>

enum { GROUP = 100 }; /* rows; report.css knows how high that is */

void html_items_begin(struct buf *out, const struct report_view *v)
{
    static const struct {
        const char *key, *text;
    } heads[] = {{"id", "Item"},     {"state", "State"},     {"action", "Action"},
                 {"ca", "CA"},       {"product", "Product"}, {"name", "Common name"},
                 {"until", "Until"}, {"serial", "Serial"}};
    buf_printf(
        out,
        "<section id=\"items\" aria-labelledby=\"h-items\">\n<h2 id=\"h-items\">Items</h2>\n"
        "<input type=\"radio\" class=\"show\" name=\"show\" id=\"show-all\" value=\"\" checked>"
        "<label for=\"show-all\">all %zu</label>\n",
        v->report->history->n);
    for (size_t i = 0; i < report_states_count; i++) {
        const char *name = state_report_name(report_states[i]);
        if (v->counts[report_states[i]]) {
            buf_printf(out,
                       "<input type=\"radio\" class=\"show\" name=\"show\" id=\"show-%s\" "
                       "value=\"%s\"><label for=\"show-%s\">%s %zu</label>\n",
                       name, name, name, name, v->counts[report_states[i]]);
        }
    }
    buf_puts(out, "<div class=\"search\" id=\"search\" role=\"search\" hidden><label>Search "
                  "<input type=\"search\" autocomplete=\"off\" spellcheck=\"false\"></label>"
                  "<output aria-live=\"polite\"></output></div>\n"
                  "<table id=\"rows\" role=\"table\"");
    buf_printf(out, " aria-rowcount=\"%zu\">", v->report->history->n + 1);
    buf_puts(out,
             "<caption>Every item of the batch, in the order "
             "of its plan. Dates are UTC.</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">");
    for (size_t i = 0; i < NITEMS(heads); i++) {
        buf_printf(out, "<th role=\"columnheader\" scope=\"col\" data-sort=\"%s\">%s</th>",
                   heads[i].key, heads[i].text);
    }
    buf_puts(out,
             "<th role=\"columnheader\" scope=\"col\" class=\"unseen\">Details</th></tr></thead>\n"
             "<tbody role=\"rowgroup\">\n");
}

void html_items_end(struct buf *out, const struct report_view *v)
{
    size_t n;
    const struct report_finding *f = report_findings(v->report, "", &n);
    buf_puts(out, "</tbody></table>\n</section>\n");
    if (n) {
        buf_puts(out, "<section id=\"whole\" aria-labelledby=\"h-whole\">\n<h2 id=\"h-whole\">"
                      "Findings about the batch as a whole</h2>\n");
        for (size_t i = 0; i < n; i++) {
            html_finding(out, &f[i].f);
        }
        buf_puts(out, "</section>\n");
    }
}

/* --- the folded part --- */
/* Plain facts are lines "name TAB value" of one text: as a list of their own elements they were
 * 700,000 nodes in a report of 10,000 items, which a browser builds before it shows anything. No
 * line break and no tab comes out of html_text(). */
static void fact(struct buf *out, const char *name, const char *value)
{
    if (value && *value) {
        buf_printf(out, "%s\t", name);
        html_text(out, value);
        buf_putc(out, '\n');
    }
}

static void put_moment(struct buf *out, const char *name, int64_t t)
{
    char text[TIME_TEXT];
    if (t != TIME_NONE) {
        time_format(t, text);
        fact(out, name, text);
    }
}

static size_t put_names(struct buf *out, const char *json)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    size_t n;
    const char *names = report_names(&a, json, " ", &n);
    if (n) {
        buf_puts(out, "Names\t");
        markup_text(out, names, HTML_NAMES);
        buf_putc(out, '\n');
    }
    return n;
}

static size_t put_outputs(struct buf *out, const char *json)
{
    struct err ignored = ERR_INIT;
    json_t *t = json ? json_parse("outputs", json, strlen(json), &ignored) : NULL;
    const size_t n = json_array_size(t);
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, "File\t");
        html_text(out, json_get_str(json_array_get(t, i), "path"));
        buf_puts(out, " SHA-256 ");
        html_text(out, json_get_str(json_array_get(t, i), "sha256"));
        buf_putc(out, '\n');
    }
    if (t) {
        json_tree_release(&t);
    }
    return n;
}

static void put_proofs(struct buf *out, const struct item_record *item)
{
    for (const struct dcv_record *d = item->dcv; d; d = d->next) {
        char from[TIME_TEXT], to[TIME_TEXT];
        time_format(d->presented, from);
        time_format(d->removed, to);
        buf_puts(out, "Proof\t");
        html_text(out, d->domain);
        buf_printf(out, " by %s ", dcv_kind_name(d->kind));
        html_text(out, d->name);
        buf_printf(out, ", published %s, ", from);
        buf_printf(out, d->removed == TIME_NONE ? "NOT REMOVED\n" : "removed %s\n", to);
    }
}

/* What a pending item waits for is no error. */
static void put_error(struct buf *out, const struct item_record *item)
{
    if (item->error_code || item->error_message) {
        buf_puts(out, state_report(item->state) == STATE_PENDING ? "Pending\t" : "Error\t");
        html_text(out, item->error_code);
        buf_puts(out, item->error_code && item->error_message ? ": " : "");
        html_text(out, item->error_message);
        buf_putc(out, '\n');
    }
}

static void put_facts(struct buf *out, const struct item_record *item)
{
    fact(out, "Issuer", item->issuer);
    put_moment(out, "Valid from", item->not_before);
    put_moment(out, "Valid until", item->not_after);
    fact(out, "Order", item->order_id);
    fact(out, "Certificate SHA-256", item->sha256);
    fact(out, "Key SHA-256", item->spki_sha256);
    fact(out, "After", item->after);
    buf_printf(out, "Attempts\t%u\n", item->attempts);
}

static void summary_word(struct buf *out, size_t n, const char *one, const char *many)
{
    if (n) {
        buf_printf(out, ", %zu %s", n, n == 1 ? one : many);
    }
}

static void put_more(struct buf *out, const struct report_view *v, const struct item_record *item)
{
    CLEANUP(buf_release) struct buf lines = BUF_INIT(out->max);
    size_t n;
    const struct report_finding *f = report_findings(v->report, item->id, &n);
    put_error(&lines, item);
    const size_t names = put_names(&lines, item->san);
    put_facts(&lines, item);
    const size_t files = put_outputs(&lines, item->outputs);
    put_proofs(&lines, item);
    buf_puts(out, "<td role=\"cell\" class=\"more\"><details><summary>Details");
    summary_word(out, n, "finding", "findings");
    summary_word(out, names, "name", "names");
    summary_word(out, files, "file", "files");
    buf_puts(out, "</summary>");
    for (size_t i = 0; i < n; i++) {
        html_finding(out, &f[i].f);
    }
    buf_puts(out, "<p class=\"lines\">");
    buf_add(out, lines.p, lines.n);
    out->failed = out->failed || buf_failed(&lines);
    buf_puts(out, "</p></details></td>");
}

/* --- the row --- */

static void cell(struct buf *out, const char *text, bool mono)
{
    buf_printf(out, "<td role=\"cell\"%s>", mono ? " class=\"mono\"" : "");
    html_text(out, text);
    buf_puts(out, "</td>");
}

void html_item(struct buf *out, const struct report_view *v, const struct item_record *item)
{
    char until[TIME_TEXT] = "";
    const size_t at = (size_t)(item - v->report->history->v);
    buf_puts(out, at && at % GROUP == 0 ? "</tbody><tbody role=\"rowgroup\">" : "");
    if (item->not_after != TIME_NONE) {
        time_format_date(item->not_after, until);
    }
    buf_printf(out, "<tr role=\"row\" class=\"s-%s\" id=\"i-", state_report_name(item->state));
    html_text(out, item->id);
    buf_puts(out, "\"><th role=\"rowheader\" scope=\"row\">");
    html_text(out, item->id);
    buf_puts(out, "</th><td role=\"cell\">");
    html_badge(out, item->state);
    buf_puts(out, "</td>");
    cell(out, item->action, false);
    cell(out, item->ca, false);
    cell(out, item->product, false);
    cell(out, item->common_name, false);
    cell(out, until, false);
    cell(out, item->serial, true);
    put_more(out, v, item);
    buf_puts(out, "</tr>"); /* a line break would be a node of its own */
}
