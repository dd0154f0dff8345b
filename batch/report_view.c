/* SPDX-License-Identifier: Apache-2.0
 *
 * See report_view.h.
 */
#include "batch/report_view.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = 12, ENDS_MAX = 30, ACCEPTED_MAX = 200, LISTED_MAX = 2000, YEAR_MONTHS = 12 };

static const enum report_tone tones[STATE__MAX] = {
    [STATE_ISSUED] = TONE_GOOD,  [STATE_REVOKED] = TONE_GOOD, [STATE_KEPT] = TONE_GOOD,
    [STATE_PENDING] = TONE_WAIT, [STATE_NEW] = TONE_WAIT,     [STATE_REFUSED] = TONE_BAD,
    [STATE_FAILED] = TONE_BAD,   [STATE_MISMATCH] = TONE_BAD, [STATE_UNKNOWN] = TONE_BAD,
    [STATE_SKIPPED] = TONE_BAD,
};

enum report_tone report_tone(enum item_state state)
{
    return tones[state_report(state)];
}

const char *report_tone_name(enum report_tone tone)
{
    static const char *const names[TONE__MAX] = {
        [TONE_GOOD] = "good", [TONE_WAIT] = "wait", [TONE_BAD] = "bad"};
    return names[tone];
}

void report_shares(const size_t count[TONE__MAX], size_t whole, size_t width,
                   size_t parts[TONE__MAX])
{
    const size_t least = width / 100;
    size_t largest = 0;
    size_t lent = 0;
    size_t sum = 0;
    size_t at = 0;
    for (size_t t = 0; t < TONE__MAX; t++) {
        sum += count[t];
        const size_t end = whole ? sum * width / whole : 0;
        parts[t] = end - at;
        at = end;
        if (count[t] && parts[t] < least) {
            lent += least - parts[t];
            parts[t] = least;
        }
        largest = parts[t] > parts[largest] ? t : largest;
    }
    if (parts[largest] > least + lent) {
        parts[largest] -= lent;
    }
}

/* --- sums --- */

/* The group of that name; the last one when there are absurdly many. */
static struct report_group *group(struct report_groups *groups, const char *name)
{
    for (size_t i = 0; i < groups->n; i++) {
        if (str_eq(groups->v[i].name, name)) {
            return &groups->v[i];
        }
    }
    if (groups->n < LISTED_MAX) {
        const struct report_group new = {.name = name};
        VEC_PUSH(groups, new);
    }
    return &groups->v[groups->n - 1];
}

static void count_in(struct report_groups *groups, const char *name, enum report_tone tone)
{
    struct report_group *g = group(groups, name ? name : "(none)");
    g->tones[tone]++;
    g->n++;
}

static int by_size(const void *pa, const void *pb)
{
    const struct report_group *a = pa;
    const struct report_group *b = pb;
    return a->n != b->n ? (a->n < b->n) - (a->n > b->n) : strcmp(a->name, b->name);
}

/* The largest stay; what is beyond GROUPS_MAX becomes one group. */
static void keep_largest(struct report_view *view, struct report_groups *groups)
{
    const size_t n = groups->n;
    if (n > 1) {
        qsort(groups->v, n, sizeof *groups->v, by_size);
    }
    if (n <= GROUPS_MAX) {
        return;
    }
    struct report_group *rest = &groups->v[GROUPS_MAX - 1];
    for (size_t i = GROUPS_MAX; i < n; i++) {
        for (size_t t = 0; t < TONE__MAX; t++) {
            rest->tones[t] += groups->v[i].tones[t];
        }
        rest->n += groups->v[i].n;
    }
    rest->name = arena_printf(&view->arena, "%zu others", n - GROUPS_MAX + 1);
    groups->n = GROUPS_MAX;
}

static void count_items(struct report_view *v)
{
    const struct history *h = v->report->history;
    history_counts(h, v->counts);
    for (size_t i = 0; i < h->n; i++) {
        const enum report_tone tone = report_tone(h->v[i].state);
        v->tones[tone]++;
        count_in(&v->cas, h->v[i].ca, tone);
        count_in(&v->products, h->v[i].product, tone);
    }
    keep_largest(v, &v->cas);
    keep_largest(v, &v->products);
}

/* --- when certificates end --- */

/* Months since year 0; -1: this item brought no certificate. */
static int end_month(const struct item_record *r)
{
    char date[TIME_TEXT];
    if (r->kind != ITEM_ORDER || report_tone(r->state) != TONE_GOOD || r->not_after == TIME_NONE) {
        return -1;
    }
    time_format_date(r->not_after, date);
    if (strlen(date) < 10) {
        return -1;
    }
    int year = 0;
    for (const char *c = date; c < date + 4; c++) {
        year = year * 10 + (*c - '0');
    }
    return year * YEAR_MONTHS + (date[5] - '0') * 10 + (date[6] - '0') - 1;
}

static void count_ends(struct report_view *v)
{
    const struct history *h = v->report->history;
    int first = -1;
    int last = -1;
    for (size_t i = 0; i < h->n; i++) {
        int month = end_month(&h->v[i]);
        first = month >= 0 && (first < 0 || month < first) ? month : first;
        last = month > last ? month : last;
    }
    const int step = last - first < ENDS_MAX ? 1 : YEAR_MONTHS;
    for (int at = first / step; first >= 0 && at <= last / step && v->ends.n < LISTED_MAX; at++) {
        struct report_end end = {.n = 0};
        if (step == 1) {
            (void)snprintf(end.label, sizeof end.label, "%04u-%02u",
                           (unsigned)(at / YEAR_MONTHS) % 10000u,
                           (unsigned)(at % YEAR_MONTHS) + 1u);
        } else {
            (void)snprintf(end.label, sizeof end.label, "%04u", (unsigned)at % 10000u);
        }
        VEC_PUSH(&v->ends, end);
    }
    for (size_t i = 0; i < h->n; i++) {
        int month = end_month(&h->v[i]);
        size_t at = month < 0 ? 0 : (size_t)(month / step - first / step);
        if (month >= 0 && v->ends.n) {
            v->ends.v[at < v->ends.n ? at : v->ends.n - 1].n++;
        }
    }
}

/* --- findings --- */

static void note_accepted(struct report_view *v, const char *by, const struct finding *f)
{
    for (size_t i = 0; i < v->accepted.n; i++) {
        struct report_accepted *a = &v->accepted.v[i];
        if (str_eq(a->by, by) && str_eq(a->why, f->justification) && str_eq(a->rule, f->rule)) {
            a->n++;
            return;
        }
    }
    if (v->accepted.n < ACCEPTED_MAX) {
        const struct report_accepted new = {
            .by = by, .why = f->justification, .rule = f->rule, .n = 1};
        VEC_PUSH(&v->accepted, new);
    }
}

static void count_findings(struct report_view *v)
{
    size_t open[SEV__MAX] = {0};
    for (size_t i = 0; i < v->report->n; i++) {
        const struct finding *f = &v->report->v[i].f;
        const char *by = report_accepted_by(f);
        if (by) {
            note_accepted(v, by, f);
        } else {
            open[f->severity]++;
        }
    }
    v->open_findings = arena_printf(
        &v->arena, "Open: %zu error%s, %zu warning%s, %zu note%s. Each stands with its item.",
        open[SEV_ERROR], open[SEV_ERROR] == 1 ? "" : "s", open[SEV_WARNING],
        open[SEV_WARNING] == 1 ? "" : "s", open[SEV_INFO], open[SEV_INFO] == 1 ? "" : "s");
}

/* --- the change --- */

static bool moment_of(const struct ynode *window, const char *key, int64_t *out)
{
    const struct ynode *node = yaml_get(window, key);
    return node && node->text && time_parse(node->text, out);
}

static void compare_window(struct report_view *v)
{
    const struct history *h = v->report->history;
    const struct ynode *window = yaml_get(v->report->change, "window");
    int64_t start, end;
    const bool known = moment_of(window, "start", &start) && moment_of(window, "end", &end);
    for (size_t i = 0; i < h->n; i++) {
        int64_t t = h->v[i].intent_time;
        v->sent += t != TIME_NONE;
        v->outside += known && t != TIME_NONE && (t < start || t > end);
    }
}

const char *report_change_text(struct arena *a, const struct ynode *node)
{
    const char *text = node->kind == YAML_SCALAR ? node->text : "";
    for (const struct ynode *n = node->first; n; n = n->next) {
        const char *part = report_change_text(a, n);
        text = arena_printf(a, "%s%s%s%s%s", text, *text ? ", " : "",
                            node->kind == YAML_MAPPING ? n->key : "",
                            node->kind == YAML_MAPPING ? " " : "", part);
    }
    return text;
}

/* --- the sentence --- */

/* "2 refused, 1 unknown": the states of a tone that occur, worst first. */
static const char *named(struct report_view *v, enum report_tone tone)
{
    const char *text = "";
    for (size_t i = 0; i < report_troubles_count; i++) {
        const enum item_state s = report_troubles[i].state;
        if (v->counts[s] && report_tone(s) == tone) {
            text = arena_printf(&v->arena, "%s%s%zu %s", text, *text ? ", " : "", v->counts[s],
                                state_report_name(s));
        }
    }
    return text;
}

static void judge(struct report_view *v)
{
    const size_t n = v->report->history->n;
    const char *items = n == 1 ? "item" : "items";
    v->tone = v->tones[TONE_BAD] ? TONE_BAD : v->tones[TONE_WAIT] ? TONE_WAIT : TONE_GOOD;
    if (v->tone == TONE_BAD) {
        v->verdict = arena_printf(&v->arena, "%zu of %zu %s need%s attention: %s.%s%s%s",
                                  v->tones[TONE_BAD], n, items, v->tones[TONE_BAD] == 1 ? "s" : "",
                                  named(v, TONE_BAD), v->tones[TONE_WAIT] ? " Not finished: " : "",
                                  named(v, TONE_WAIT), v->tones[TONE_WAIT] ? "." : "");
    } else if (v->tone == TONE_WAIT) {
        v->verdict = arena_printf(&v->arena, "Nothing failed; %zu of %zu %s not finished: %s.",
                                  v->tones[TONE_WAIT], n, items, named(v, TONE_WAIT));
    } else {
        v->verdict =
            n == 0   ? "The batch has no items."
            : n == 1 ? "The only item is in its final good state."
                     : arena_printf(&v->arena, "All %zu items are in their final good state.", n);
    }
    if (v->report->history->simulate) {
        v->verdict = arena_printf(&v->arena, "Simulation, nothing was ordered. %s", v->verdict);
    }
}

void report_view_open(struct report_view *v, const struct report *r)
{
    *v = (struct report_view){.report = r};
    count_items(v);
    count_ends(v);
    count_findings(v);
    compare_window(v);
    judge(v);
}

void report_view_release(struct report_view *v)
{
    free(v->cas.v);
    free(v->products.v);
    free(v->ends.v);
    free(v->accepted.v);
    arena_release(&v->arena);
    *v = (struct report_view){0};
}

/* --- values --- */

const char *report_names(struct arena *a, const char *json, const char *between, size_t *n)
{
    CLEANUP(buf_release) struct buf names = BUF_INIT(LIMIT_SANS * 2 * LIMIT_VALUE_SHOWN * 2);
    struct err ignored = ERR_INIT;
    json_t *t = json ? json_parse("san", json, strlen(json), &ignored) : NULL;
    *n = json_array_size(t);
    for (size_t i = 0; i < *n; i++) {
        const char *name = json_string_value(json_array_get(t, i));
        buf_printf(&names, "%s%s", i ? between : "", name ? name : "");
    }
    if (t) {
        json_tree_release(&t);
    }
    return arena_strdup(a, buf_text(&names));
}

void report_moment(const char *rfc3339, char out[TIME_TEXT])
{
    int64_t t;
    if (!rfc3339 || !time_parse(rfc3339, &t)) {
        (void)snprintf(out, TIME_TEXT, "-");
        return;
    }
    time_format(t, out);
    if (strlen(out) == 20) { /* 2026-11-21T22:00:07Z */
        out[10] = ' ';
        (void)snprintf(out + 19, TIME_TEXT - 19, " UTC");
    }
}

void report_evidence(const struct report *r, struct report_evidence out[REPORT_EVIDENCE])
{
    const struct history *h = r->history;
    const struct report_evidence rows[] = {
        {"manifest", h->manifest_sha256, "SHA-256 of manifest.yaml"},
        {"policy", h->policy_sha256, "digest of the resolved policy"},
        {"plan", h->plan_digest, "digest that plan.json states"},
        {"journal head", r->journal_head[0] ? r->journal_head : NULL,
         "SHA-256 of the last record of journal.jsonl"},
    };
    _Static_assert(NITEMS(rows) == REPORT_EVIDENCE, "a row for each");
    memcpy(out, rows, sizeof rows);
}
