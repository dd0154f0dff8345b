/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files that write report.html. The page is one file that needs nothing else: style
 * and script are inside and named by their hash in a Content-Security-Policy that allows nothing
 * else, so that text which slipped through escaping could still do nothing. Without script all is
 * there and the choice of states works; the script adds search and sorting.
 *
 * Every function appends to the buffer it is given; what is foreign goes through markup_text().
 * A style attribute is never written: the policy would not let it work.
 */
#ifndef BATCH_REPORT_HTML_PARTS_H
#define BATCH_REPORT_HTML_PARTS_H

#include "batch/report_view.h"
#include "formats/base/limits.h"
#include "formats/base/markup.h"

/* Style and script, see tests/tools/assets.sh. */
extern const unsigned char report_css[], report_js[];
extern const size_t report_css_size, report_js_size;

/* Foreign text longer than this is cut; the whole is in report.json. A list of names is as long as
 * an item may have. */
enum { HTML_TEXT = LIMIT_MESSAGE, HTML_NAMES = LIMIT_SANS * 1024 };

void html_head(struct buf *out, const struct report_view *v);    /* to the end of <header> */
void html_outcome(struct buf *out, const struct report_view *v); /* counts of every state */
void html_trouble(struct buf *out, const struct report_view *v); /* what needs somebody */
void html_change(struct buf *out, const struct report_view *v);
void html_ends(struct buf *out, const struct report_view *v);
void html_groups(struct buf *out, const struct report_view *v);
void html_accepted(struct buf *out, const struct report_view *v);
void html_decisions(struct buf *out, const struct report_view *v);
void html_evidence(struct buf *out, const struct report_view *v);
void html_items_begin(struct buf *out, const struct report_view *v);
void html_item(struct buf *out, const struct report_view *v, const struct item_record *item);
void html_items_end(struct buf *out, const struct report_view *v);
void html_foot(struct buf *out, const struct report_view *v);

/* One finding as a paragraph: severity, message, rule, place, what to do, who accepts it. */
void html_finding(struct buf *out, const struct finding *f);
void html_badge(struct buf *out, enum item_state state);
void html_text(struct buf *out, const char *s); /* escaped and cut */

#endif
