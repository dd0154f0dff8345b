/* SPDX-License-Identifier: Apache-2.0
 *
 * What the reports for people (report.html, report.pdf) say about a batch as a whole, worked out
 * once from a report, so that both say the same: the verdict, sums by CA and product, months in
 * which certificates end, what was accepted by whom. The items themselves are read from the
 * history. report_view_open(), any reads, report_view_release(); no I/O; strings live in the view
 * or the report. Users of a view are writers of reports.
 */
#ifndef BATCH_REPORT_VIEW_H
#define BATCH_REPORT_VIEW_H

#include "batch/report_finding.h"
#include "formats/base/time.h"

/* What a state asks of the reader. */
enum report_tone { TONE_GOOD, TONE_WAIT, TONE_BAD, TONE__MAX };
enum report_tone report_tone(enum item_state state);
const char *report_tone_name(enum report_tone tone); /* "good" "wait" "bad": classes of CSS */

/* Parts of a bar of that width by tone. Each part that is not empty can be seen: it gets a
 * hundredth at least, which the largest gives up. */
void report_shares(const size_t count[TONE__MAX], size_t whole, size_t width,
                   size_t parts[TONE__MAX]);

/* Items of one CA or product. */
struct report_group {
    const char *name;
    size_t tones[TONE__MAX], n;
};
struct report_groups {
    struct report_group *v;
    size_t n, cap;
};
/* Certificates that end in one month, or one year when there are many months. */
struct report_end {
    char label[8]; /* 2026-11, 2026 */
    size_t n;
};
/* Findings that one waiver, comment or baseline accepts. */
struct report_accepted {
    const char *by, *why, *rule; /* why may be NULL */
    size_t n;
};
struct report_view {
    const struct report *report;
    struct arena arena;
    size_t counts[STATE__MAX], tones[TONE__MAX];
    struct report_groups cas, products; /* largest first, the rest of many under one name */
    struct {
        struct report_end *v;
        size_t n, cap;
    } ends; /* in order, without gaps */
    struct {
        struct report_accepted *v;
        size_t n, cap;
    } accepted;
    const char *open_findings; /* how many were not accepted, in words */
    size_t sent, outside;      /* items sent to a CA; of them outside the change window */
    const char *verdict;       /* one sentence */
    enum report_tone tone;
};

void report_view_open(struct report_view *v, const struct report *r);
void report_view_release(struct report_view *v);

/* The JSON array of names as text, separated by `between`; *n: how many. */
const char *report_names(struct arena *a, const char *json, const char *between, size_t *n);
/* Date and time as a person reads them: 2026-11-21 22:00:07 UTC; "-" when not known. */
void report_moment(const char *rfc3339, char out[TIME_TEXT]);
/* One line of a change: the value of a scalar, or those below, separated by commas. */
const char *report_change_text(struct arena *a, const struct ynode *node);

/* Digests and versions that tie a report to the files beside it. */
struct report_evidence {
    const char *name, *value, *what;
};
enum { REPORT_EVIDENCE = 4 };
void report_evidence(const struct report *r, struct report_evidence out[REPORT_EVIDENCE]);

#endif
