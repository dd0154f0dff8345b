/* SPDX-License-Identifier: Apache-2.0
 *
 * Close notes: what goes into the text field of a change ticket when it is closed. Counts, what was
 * not done and what to do about it, exceptions, the files and their SHA-256. Short by rule: such
 * fields take 4,000 characters (ServiceNow close_notes), so lists name the first few and count the
 * rest.
 */
#include "batch/report_finding.h"

#include "batch/dcv.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

enum { NOTES_MAX = 64 * 1024, NAMED = 5, ROWS = 5, ID_SHOWN = 40, WHY_SHOWN = 120 };

static void vis(struct buf *out, const char *text, size_t cap)
{
    str_vis(out, text, strlen(text), cap);
}

static void put_head(struct buf *b, const struct report *r, const size_t counts[STATE__MAX])
{
    const struct history *h = r->history;
    const size_t good = counts[STATE_ISSUED] + counts[STATE_REVOKED] + counts[STATE_KEPT];
    if (h->simulate) {
        buf_puts(b, "REHEARSAL: nothing was ordered at a real CA.\n");
    }
    if (report_ticket(r)) {
        vis(b, report_ticket(r), LIMIT_VALUE_SHOWN);
        buf_puts(b, ": ");
    }
    buf_printf(b, "%zu of %zu items done", good, h->n);
    const char *separator = " (";
    for (size_t i = 0; i < report_states_count; i++) {
        if (state_is_good(report_states[i]) && counts[report_states[i]]) {
            buf_printf(b, "%s%zu %s", separator, counts[report_states[i]],
                       state_report_name(report_states[i]));
            separator = ", ";
        }
    }
    buf_puts(b, good ? ").\n" : ".\n");
    buf_printf(b, "Batch %s, %.19sZ to %.19s%s.\n", h->batch ? h->batch : "-",
               h->opened ? h->opened : "-", h->closed ? h->closed : "now: it is not closed",
               h->closed ? "Z" : "");
}

static void put_approvals(struct buf *b, const struct history *h)
{
    const struct approval_record *a;
    size_t n = 0;
    for (size_t at = 0; (a = history_approval(h, &at)); n++) {
        if (n < NAMED) {
            char t[TIME_TEXT] = "-";
            if (a->signed_at != TIME_NONE) {
                time_format(a->signed_at, t);
            }
            buf_puts(b, n ? ", " : "Plan approved by ");
            vis(b, a->approver, ID_SHOWN);
            buf_printf(b, " (signed %s)", t);
        }
    }
    if (n > NAMED) {
        buf_printf(b, " and %zu more", n - NAMED);
    }
    buf_puts(b, n ? ".\n" : "");
}

static void put_ends(struct buf *b, const struct history *h)
{
    int64_t first = INT64_MAX;
    int64_t last = INT64_MIN;
    char from[TIME_TEXT], to[TIME_TEXT];
    for (size_t i = 0; i < h->n; i++) {
        const int64_t end = h->v[i].not_after;
        if (h->v[i].state == STATE_ISSUED && end != TIME_NONE) {
            first = end < first ? end : first;
            last = end > last ? end : last;
        }
    }
    if (last == INT64_MIN) {
        return;
    }
    time_format_date(first, from);
    time_format_date(last, to);
    if (str_eq(from, to)) {
        buf_printf(b, "The new certificates end on %s.\n", from);
    } else {
        buf_printf(b, "The new certificates end between %s and %s.\n", from, to);
    }
}

/* --- what is not done --- */

static void put_ids(struct buf *b, const struct history *h, enum item_state state, size_t count)
{
    size_t named = 0;
    for (size_t i = 0; i < h->n && named < NAMED; i++) {
        if (state_report(h->v[i].state) == state) {
            buf_puts(b, named++ ? ", " : "");
            vis(b, h->v[i].id, ID_SHOWN);
        }
    }
    if (count > named) {
        buf_printf(b, " and %zu more", count - named);
    }
}

static void put_unfinished(struct buf *b, const struct history *h, const size_t counts[STATE__MAX])
{
    bool headed = false;
    for (size_t i = 0; i < report_states_count; i++) {
        const enum item_state state = report_states[i];
        if (state_is_good(state) || !counts[state]) {
            continue;
        }
        buf_puts(b, headed ? "" : "\nNot done:\n");
        headed = true;
        buf_printf(b, "- %zu %s (", counts[state], state_report_name(state));
        put_ids(b, h, state, counts[state]);
        buf_printf(b, "): %s\n", report_advice(state));
    }
}

/* --- exceptions --- */

struct waiver {
    const char *name, *why, *rule;
    size_t items;
};
struct waivers {
    struct waiver *v;
    size_t n, cap;
};

static void count_waivers(struct waivers *w, const struct report *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct finding f = r->v[i].f;
        const char *name = f.waiver ? f.waiver : "a waiver";
        size_t k = 0;
        while (k < w->n && !(str_eq(w->v[k].name, name) && str_eq(w->v[k].rule, f.rule))) {
            k++;
        }
        if (f.waived && k == w->n) {
            VEC_PUSH(w, ((struct waiver){name, f.justification, f.rule, 0}));
        }
        if (f.waived) {
            w->v[k].items++;
        }
    }
}

/* One line of a list that shows its first few. */
static bool shown(struct buf *b, size_t *n)
{
    buf_puts(b, *n == 0 ? "\nExceptions:\n" : "");
    return (*n)++ < ROWS;
}

static void put_waivers(struct buf *b, const struct report *r, size_t *n)
{
    struct waivers w = {0};
    count_waivers(&w, r);
    for (size_t i = 0; i < w.n; i++) {
        if (shown(b, n)) {
            buf_printf(b, "- waived %zu times: %s by ", w.v[i].items, w.v[i].rule);
            vis(b, w.v[i].name, ID_SHOWN);
            buf_puts(b, w.v[i].why ? ": " : "");
            vis(b, w.v[i].why ? w.v[i].why : "", WHY_SHOWN);
            buf_putc(b, '\n');
        }
    }
    free(w.v);
}

static void put_overrides(struct buf *b, const struct history *h, size_t *n)
{
    for (size_t i = 0; i < h->exceptions.n; i++) {
        const struct exception_record *e = &h->exceptions.v[i];
        if (shown(b, n)) {
            buf_puts(b, "- ");
            vis(b, e->what, WHY_SHOWN);
            buf_puts(b, "; by ");
            vis(b, e->user, ID_SHOWN);
            buf_puts(b, ": ");
            vis(b, e->reason, WHY_SHOWN);
            buf_putc(b, '\n');
        }
    }
}

static void put_decisions(struct buf *b, const struct history *h, size_t *n)
{
    for (size_t i = 0; i < h->decisions.n; i++) {
        const struct decision *d = &h->decisions.v[i];
        if (shown(b, n)) {
            buf_printf(b, "- %s: %s by ", d->item, d->word);
            vis(b, d->user ? d->user : "the operator", ID_SHOWN);
            buf_puts(b, ": ");
            vis(b, d->reason ? d->reason : "-", WHY_SHOWN);
            buf_putc(b, '\n');
        }
    }
}

static void put_exceptions(struct buf *b, const struct report *r)
{
    size_t n = 0;
    put_overrides(b, r->history, &n);
    put_waivers(b, r, &n);
    put_decisions(b, r->history, &n);
    const size_t published = dcv_published(r->history);
    if (published && shown(b, &n)) {
        buf_printf(b,
                   "- %zu records or files of domain validation were not removed: run again, or "
                   "remove them\n",
                   published);
    }
    if (n > ROWS) {
        buf_printf(b, "- and %zu more, see report.json\n", n - ROWS);
    }
}

/* --- files --- */

/* A bundle cannot hold its own digest: it is told when the notes are made after it. */
static void put_file(struct buf *b, const char *name, const char *kind, const char *digest)
{
    buf_printf(b, "- %s-%s.tar.gz%s%s\n", name, kind, digest ? "  SHA-256 " : "",
               digest ? digest : "");
}

static void put_files(struct buf *b, const struct history *h, const size_t counts[STATE__MAX])
{
    const bool bundled = h->close_seq && h->bundled_seq == h->close_seq;
    const char *name = h->batch ? h->batch : "batch";
    buf_puts(b, "\nFiles:\n");
    if (counts[STATE_ISSUED]) {
        put_file(b, name, "delivery", bundled ? h->delivery_sha256 : NULL);
    }
    put_file(b, name, "audit", bundled ? h->audit_sha256 : NULL);
    buf_printf(b, "Check: certbatch verify %s-audit.tar.gz, or sha256sum -c inside it.\n", name);
    const struct {
        const char *what, *digest;
    } inputs[] = {
        {"Manifest", h->manifest_sha256}, {"Policy", h->policy_sha256}, {"Plan", h->plan_digest}};
    for (size_t i = 0; i < NITEMS(inputs); i++) {
        if (inputs[i].digest) {
            buf_printf(b, "%s SHA-256 %s\n", inputs[i].what, inputs[i].digest);
        }
    }
}

bool report_notes_to(const struct report *r, report_sink *sink, void *ctx, struct err *err)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(NOTES_MAX);
    size_t counts[STATE__MAX];
    history_counts(r->history, counts);
    put_head(&b, r, counts);
    put_approvals(&b, r->history);
    put_ends(&b, r->history);
    put_unfinished(&b, r->history, counts);
    put_exceptions(&b, r);
    put_files(&b, r->history, counts);
    return buf_failed(&b) ? err_set(err, ERR_INTERNAL, "the close notes are too long")
                          : sink(ctx, buf_span(&b), err);
}
