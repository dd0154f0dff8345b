/* SPDX-License-Identifier: Apache-2.0
 *
 * batch.*: when and where the whole batch runs: the pace a CA bears against the change window,
 * freezes of the calendars, sandbox and production side by side. The rows stand in rules_batch.c.
 */
#include "policy/rules_batch.h"

#include "formats/base/time.h"
#include "policy/calendars.h"
#include "policy/policy.h"

#include <string.h>

/* The change window; *start is TIME_NONE when there is none that makes sense. */
static void window_of(const struct rule_run *run, int64_t *start, int64_t *end)
{
    const struct ynode *from = rule_change_field(run, "window.start");
    const struct ynode *to = rule_change_field(run, "window.end");
    *start = TIME_NONE;
    *end = TIME_NONE;
    if (from && to && from->kind == YAML_SCALAR && to->kind == YAML_SCALAR &&
        (!time_parse_any(from->text, start) || !time_parse_any(to->text, end) || *end <= *start)) {
        *start = TIME_NONE;
        *end = TIME_NONE;
    }
}

/* --- pace --- */

/* Milliseconds between two orders and how many go at once: what the configuration says, else what
 * is known of the kind of CA. A limit of the configuration without burst lets one go at a time. */
static bool pace_of(const struct batch_member *m, double *ms, int64_t *burst)
{
    policy_ca_pace(m->ca_type, ms, burst);
    if (m->orders_per_second > 0) {
        *ms = 1000 / m->orders_per_second;
        *burst = 1;
    }
    *burst = m->burst ? m->burst : *burst;
    return *ms > 0;
}

static const char *duration_text(struct rule_run *run, int64_t seconds)
{
    const int64_t minutes = (seconds + 59) / 60;
    return minutes < 120 ? arena_printf(rule_arena(run), "%lld minutes", (long long)minutes)
                         : arena_printf(rule_arena(run), "%lld hours %lld minutes",
                                        (long long)(minutes / 60), (long long)(minutes % 60));
}

/* CAs are served side by side, so each has the window for itself. first: of the orders that go to
 * one CA. */
static void check_ca_rate(struct rule_run *run, const struct batch_member *first, size_t orders,
                          int64_t left)
{
    double ms;
    int64_t burst;
    if (!pace_of(first, &ms, &burst) || (int64_t)orders <= burst) {
        return;
    }
    const double seconds = (double)((int64_t)orders - burst) * ms / 1000;
    if (seconds > (double)left) {
        rule_hit(run, (struct hit){.key = "change", .value = first->ca},
                 "%zu orders take the CA about %s, one every %.1f seconds; the change window has "
                 "%s",
                 orders, duration_text(run, (int64_t)(seconds < 1e15 ? seconds : 1e15)), ms / 1000,
                 duration_text(run, left));
    }
}

static bool is_order_at(const struct batch_member *m, const char *ca)
{
    return m->kind == SUBJECT_ORDER && str_eq(m->ca, ca);
}

/* Some CAs, many items: CAs that were seen are remembered by their first item. */
enum { CAS_MAX = 64 };
static size_t first_orders(const struct batch_member *m, size_t n, size_t first[CAS_MAX],
                           size_t count[CAS_MAX])
{
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < known && !is_order_at(&m[i], m[first[k]].ca)) {
            k++;
        }
        if (k < known) {
            count[k]++;
        } else if (m[i].kind == SUBJECT_ORDER && m[i].ca && known < CAS_MAX) {
            first[known] = i;
            count[known++] = 1;
        }
    }
    return known;
}

void batch_check_count_per_ca(struct rule_run *run, size_t most)
{
    size_t n, first[CAS_MAX], count[CAS_MAX];
    const struct batch_member *m = rule_members(run, &n);
    const size_t cas = first_orders(m, n, first, count);
    for (size_t i = 0; i < cas; i++) {
        if (count[i] > most) {
            rule_hit(run, (struct hit){.key = "orders", .value = m[first[i]].ca},
                     "%zu orders go to one CA; at most %zu are allowed", count[i], most);
        }
    }
}

void batch_check_rate(struct rule_run *run)
{
    size_t n, first[CAS_MAX], count[CAS_MAX];
    int64_t start, end;
    const struct batch_member *m = rule_members(run, &n);
    window_of(run, &start, &end);
    if (start == TIME_NONE || rule_as_of(run) >= end) {
        return; /* a window that is over is batch.ticket.window's matter */
    }
    const int64_t from = rule_as_of(run) > start ? rule_as_of(run) : start;
    const size_t cas = first_orders(m, n, first, count);
    for (size_t i = 0; i < cas; i++) {
        check_ca_rate(run, &m[first[i]], count[i], end - from);
    }
}

/* --- environments --- */

void batch_check_environment(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    const struct batch_member *one = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!m[i].ca_environment) {
            continue;
        }
        one = one ? one : &m[i];
        if (!str_eq(one->ca_environment, m[i].ca_environment)) {
            rule_hit_member(run, &m[i], "ca", m[i].ca,
                            "the item goes to the %s environment, %s to the %s one",
                            m[i].ca_environment, one->id, one->ca_environment);
            return; /* one item shows it */
        }
    }
}

/* --- freezes --- */

static const char *shown(struct rule_run *run, const struct freeze *f)
{
    char from[TIME_TEXT], to[TIME_TEXT];
    time_format(f->from, from);
    time_format(f->to, to);
    return arena_printf(rule_arena(run), "%s (calendar %s, %s to %s)",
                        f->why ? str_vis_dup(rule_arena(run), f->why, strlen(f->why)) : "a freeze",
                        f->calendar, from, to);
}

static const char *scalar_of(const struct ynode *map, const char *key)
{
    const struct ynode *node = yaml_get(map, key);
    return node && node->kind == YAML_SCALAR ? node->text : NULL;
}

static void check_planned(struct rule_run *run, const struct strlist *names, enum severity asked)
{
    size_t n;
    int64_t planned;
    const struct batch_member *m = rule_members(run, &n);
    for (size_t i = 0; i < n; i++) {
        const char *text = scalar_of(m[i].node, "order_date");
        const struct freeze *f = text && time_parse_any(text, &planned)
                                     ? calendar_hit(run, names, planned, planned)
                                     : NULL;
        if (f) {
            rule_hit_member_as(run, &m[i], asked, "order_date", text,
                               "the planned order date is inside %s", shown(run, f));
        }
    }
}

/* With a window the batch runs inside it, whenever it is checked; without one it runs now. An item
 * with an order date of its own is planned for that day. */
void batch_check_blackout(struct rule_run *run)
{
    int64_t start, end;
    const struct strlist *names = rule_strings(run, 0);
    const struct ynode *window = rule_change_field(run, "window");
    const struct ynode *type = rule_change_field(run, "type");
    const bool emergency = type && type->kind == YAML_SCALAR && str_eq(type->text, "emergency");
    struct hit here = {.key = "change", .severity = emergency ? SEV_WARNING : SEV_DISABLED};
    if (!calendars_known(run, names)) {
        return;
    }
    window_of(run, &start, &end);
    const bool windowed = start != TIME_NONE;
    const struct freeze *f = calendar_hit(run, names, windowed ? start : rule_as_of(run),
                                          windowed ? end - 1 : rule_as_of(run));
    if (f) {
        here.pos = windowed ? yaml_pos(rule_root_file(run), window) : (struct pos){0};
        rule_hit(run, here, "the %s %s", windowed ? "change window meets" : "run is inside",
                 shown(run, f));
    }
    check_planned(run, names, here.severity);
}
