/* SPDX-License-Identifier: Apache-2.0
 *
 * The summary a person reads after a run: first what needs somebody, each with its reason, then
 * counts that add up. Foreign text is escaped.
 */
#include "batch/bundle.h"

#include "batch/dcv.h"
#include "batch/record.h"
#include "batch/report.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

enum { SHOWN_MAX = 20, ID_WIDTH_MAX = 32 }; /* the rest is in report.json */

static void put_reason(struct buf *out, const struct item_record *r)
{
    const char *parts[] = {r->error_code, r->error_message};
    for (size_t i = 0; i < NITEMS(parts); i++) {
        if (parts[i]) {
            buf_puts(out, i && parts[0] ? ": " : "  ");
            str_vis_again(out, parts[i], strlen(parts[i]), LIMIT_VALUE_SHOWN);
        }
    }
    if (!r->error_code && !r->error_message && r->order_id) {
        buf_puts(out, "  order ");
        str_vis(out, r->order_id, strlen(r->order_id), LIMIT_ORDER_ID);
    }
    buf_putc(out, '\n');
}

static int id_width(const struct history *h, enum item_state state)
{
    size_t width = 0;
    for (size_t i = 0; i < h->n; i++) {
        size_t n = state_report(h->v[i].state) == state ? strlen(h->v[i].id) : 0;
        width = n > width ? n : width;
    }
    return (int)(width < ID_WIDTH_MAX ? width : ID_WIDTH_MAX);
}

static void put_trouble(const struct history *h, const struct report_trouble *t, size_t count,
                        struct buf *out)
{
    size_t shown = 0;
    int width = id_width(h, t->state);
    buf_printf(out, "%s (%zu): %s\n", state_report_name(t->state), count, t->advice);
    for (size_t i = 0; i < h->n && shown < SHOWN_MAX; i++) {
        const struct item_record *r = &h->v[i];
        if (state_report(r->state) == t->state) {
            buf_printf(out, "  %-*s", width, r->id);
            put_reason(out, r);
            shown++;
        }
    }
    if (count > shown) {
        buf_printf(out, "  ... and %zu more, see report.json\n", count - shown);
    }
    buf_putc(out, '\n');
}

static void put_counts(const struct history *h, const size_t counts[STATE__MAX], struct buf *out)
{
    buf_printf(out, "%s%s\n", h->batch ? h->batch : "batch", h->simulate ? " (simulated)" : "");
    for (size_t i = 0; i < report_states_count; i++) {
        if (counts[report_states[i]]) {
            buf_printf(out, "  %-12s %7zu\n", state_report_name(report_states[i]),
                       counts[report_states[i]]);
        }
    }
    buf_printf(out, "  %-12s %7s\n  %-12s %7zu\n", "", "-------", "items", h->n);
}

static void put_published(const struct history *h, struct buf *out)
{
    size_t n = dcv_published(h);
    size_t shown = 0;
    if (!n) {
        return;
    }
    buf_printf(
        out,
        "records and files of domain validation that were not removed (%zu): run again, or remove "
        "them\n",
        n);
    for (size_t i = 0; i < h->n; i++) {
        for (const struct dcv_record *d = h->v[i].dcv; d && shown < SHOWN_MAX; d = d->next) {
            if (d->published) {
                buf_printf(out, "  %s  ", h->v[i].id);
                str_vis(out, d->name, strlen(d->name), LIMIT_VALUE_SHOWN);
                buf_putc(out, '\n');
                shown++;
            }
        }
    }
    buf_putc(out, '\n');
}

void report_exception_line(struct buf *out, const struct exception_record *e)
{
    char when[TIME_TEXT];
    time_format(e->time, when);
    buf_printf(out, "%s: ", when);
    str_vis(out, e->what, strlen(e->what), LIMIT_VALUE_SHOWN);
    buf_puts(out, "; by ");
    str_vis(out, e->user, strlen(e->user), LIMIT_VALUE_SHOWN);
    buf_puts(out, ": ");
    str_vis(out, e->reason, strlen(e->reason), RECORD_TEXT);
}

void report_approval_line(struct buf *out, const struct approval_record *a)
{
    char t[TIME_TEXT] = "at an unknown time";
    str_vis(out, a->approver, strlen(a->approver), LIMIT_VALUE_SHOWN);
    if (a->signed_at != TIME_NONE) {
        time_format(a->signed_at, t);
    }
    buf_printf(out, ", signed %s", t);
    time_format(a->time, t);
    buf_printf(out, ", counted %s, certificate SHA-256 %s", t, a->certificate_sha256);
}

/* Before everything else: whoever reads no further has read this. */
static void put_exceptions(const struct history *h, struct buf *out)
{
    for (size_t i = 0; i < h->exceptions.n; i++) {
        const struct exception_record *e = &h->exceptions.v[i];
        char when[TIME_TEXT];
        time_format(e->time, when);
        buf_puts(out, "EXCEPTION: ");
        str_vis(out, e->what, strlen(e->what), LIMIT_VALUE_SHOWN);
        buf_printf(out, "\n  %s by ", when);
        str_vis(out, e->user, strlen(e->user), LIMIT_VALUE_SHOWN);
        buf_puts(out, ": ");
        str_vis(out, e->reason, strlen(e->reason), RECORD_TEXT);
        buf_putc(out, '\n');
    }
    buf_puts(out, h->exceptions.n ? "\n" : "");
}

static void put_approvals(const struct history *h, struct buf *out)
{
    const char *before = "approved by ";
    const struct approval_record *a;
    for (size_t at = 0; (a = history_approval(h, &at));) {
        buf_puts(out, before);
        str_vis(out, a->approver, strlen(a->approver), LIMIT_VALUE_SHOWN);
        before = ", ";
    }
    buf_puts(out, str_eq(before, ", ") ? "\n" : "");
}

void report_text(const struct history *h, struct buf *out)
{
    size_t counts[STATE__MAX];
    history_counts(h, counts);
    put_exceptions(h, out);
    for (size_t i = 0; i < report_troubles_count; i++) {
        if (counts[report_troubles[i].state]) {
            put_trouble(h, &report_troubles[i], counts[report_troubles[i].state], out);
        }
    }
    put_published(h, out);
    put_counts(h, counts, out);
    put_approvals(h, out);
}
