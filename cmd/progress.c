/* SPDX-License-Identifier: Apache-2.0
 *
 * See progress.h.
 */
#include "cmd/progress.h"

#include <stdio.h>
#include <string.h>

enum {
    SAMPLE_MS = 1000,
    NOTE_MS = 5000,
    PART_TEXT = 96,
    NAME_WIDTH = 20,
    BAR_LEAST = 8,
    BAR_MOST = 30,
    BEFORE_BAR = 55 /* parts of this weight and above matter more than the bar */
};

double progress_rate(struct progress_rate *r, int64_t now_ms, size_t done)
{
    if (!r->n || now_ms - r->ms[(r->n - 1) % PROGRESS_SAMPLES] >= SAMPLE_MS) {
        r->ms[r->n % PROGRESS_SAMPLES] = now_ms;
        r->done[r->n % PROGRESS_SAMPLES] = done;
        r->n++;
    }
    const size_t oldest = r->n > PROGRESS_SAMPLES ? r->n % PROGRESS_SAMPLES : 0;
    const int64_t ms = now_ms - r->ms[oldest];
    return ms > 0 && done > r->done[oldest] ? (double)(done - r->done[oldest]) * 1000.0 / (double)ms
                                            : 0;
}

/* --- a line is made of parts; the least important are left out when it does not fit --- */
struct part {
    char text[PART_TEXT];
    enum paint paint;
    unsigned weight; /* 0: not there */
};
enum part_id { NAME, COUNT, FAILURES, WAIT, LEFT, RATE, FLIGHT, PENDING, NOTE, PARTS };

static void part(struct part parts[PARTS], enum part_id id, unsigned weight, enum paint paint,
                 const char *fmt, ...) PRINTF(5, 6);
static void part(struct part parts[PARTS], enum part_id id, unsigned weight, enum paint paint,
                 const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(parts[id].text, sizeof parts[id].text, fmt, ap);
    va_end(ap);
    parts[id].paint = paint;
    parts[id].weight = weight;
}

static void duration(char out[32], double seconds)
{
    const unsigned long s = (unsigned long)(seconds + 0.5);
    if (s < 100) {
        (void)snprintf(out, 32, "%lu s", s);
    } else if (s < 100 * 60) {
        (void)snprintf(out, 32, "%lu min", (s + 30) / 60);
    } else {
        (void)snprintf(out, 32, "%lu h %lu min", s / 3600, s % 3600 / 60);
    }
}

static void name_part(struct part parts[PARTS], const char *name)
{
    CLEANUP(buf_release) struct buf safe = BUF_INIT(1024);
    str_vis(&safe, name, strlen(name), NAME_WIDTH - 3);
    part(parts, NAME, 100, PAINT_BOLD, "%-*.*s", (int)(NAME_WIDTH - 4), NAME_WIDTH,
         buf_text(&safe));
}

static void time_parts(struct part parts[PARTS], double rate, size_t left)
{
    char text[32];
    if (rate > 0) {
        part(parts, RATE, 40, PAINT_NONE, rate < 9.95 ? "%.1f/s" : "%.0f/s", rate);
    }
    if (rate > 0 && left) {
        duration(text, (double)left / rate);
        part(parts, LEFT, 60, PAINT_NONE, "about %s left", text);
    }
}

static void wait_part(struct part parts[PARTS], const struct run_progress *p,
                      const struct run_lane *lane)
{
    if (lane->stopped) {
        part(parts, WAIT, 90, PAINT_RED, "given up for now");
    } else if (lane->why && !p->stopping) {
        part(parts, WAIT, 90, PAINT_YELLOW, "waiting %lld s: %s",
             (long long)((lane->wait_ms + 999) / 1000), lane->why);
    }
}

/* Numbers of all lines stand under each other. */
static void count_parts(struct part parts[PARTS], size_t done, size_t items, size_t failed,
                        size_t in_flight, size_t largest)
{
    const int digits = snprintf(NULL, 0, "%zu", largest);
    part(parts, COUNT, 99, done == items ? PAINT_GREEN : PAINT_NONE, "%*zu/%-*zu", digits, done,
         digits, items);
    if (failed) {
        part(parts, FAILURES, 80, PAINT_RED, "%zu failed", failed);
    }
    if (in_flight) {
        part(parts, FLIGHT, 30, PAINT_DIM, "%zu in flight", in_flight);
    }
}

static size_t width_of(const struct part parts[PARTS])
{
    size_t n = 0;
    for (size_t i = 0; i < PARTS; i++) {
        if (parts[i].weight) {
            n += (n ? 2 : 0) + utf8_length(parts[i].text, strlen(parts[i].text));
        }
    }
    return n;
}

static void fit(struct part parts[PARTS], size_t columns)
{
    while (width_of(parts) > columns) {
        size_t least = PARTS;
        for (size_t i = 0; i < PARTS; i++) {
            if (parts[i].weight && (least == PARTS || parts[i].weight < parts[least].weight)) {
                least = i;
            }
        }
        if (least == PARTS) {
            return;
        }
        parts[least].weight = 0;
    }
}

static bool matters(const struct part parts[PARTS], const struct part fitted[PARTS])
{
    for (size_t i = 0; i < PARTS; i++) {
        if (parts[i].weight >= BEFORE_BAR && !fitted[i].weight) {
            return true;
        }
    }
    return false;
}

/* Makes the parts fit; says how many cells the bar has. It is as long in every line. */
static size_t fit_with_bar(struct part parts[PARTS], size_t columns)
{
    const size_t cells = columns / 5 < BAR_MOST ? columns / 5 : BAR_MOST;
    struct part fitted[PARTS];
    memcpy(fitted, parts, sizeof fitted);
    if (cells >= BAR_LEAST) {
        fit(fitted, columns - cells - 2);
        if (!matters(parts, fitted)) {
            memcpy(parts, fitted, sizeof fitted);
            return cells;
        }
    }
    fit(parts, columns);
    return 0;
}

static void bar(struct buf *out, const struct term *t, size_t cells, size_t done, size_t items)
{
    const size_t full = items ? cells * done / items : cells;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1024);
    for (size_t i = 0; i < full; i++) {
        buf_puts(&b, t->utf8 ? "\xE2\x94\x81" : "#"); /* a heavy line */
    }
    term_paint(out, t->err_color, PAINT_GREEN, buf_text(&b));
    buf_reset(&b);
    for (size_t i = full; i < cells; i++) {
        buf_puts(&b, t->utf8 ? "\xE2\x94\x80" : "."); /* a light one */
    }
    term_paint(out, t->err_color, PAINT_DIM, buf_text(&b));
}

static void write_parts(struct buf *out, size_t *width, const struct term *t,
                        const struct part parts[PARTS], size_t cells, size_t done, size_t items)
{
    *width = width_of(parts) + (cells ? cells + 2 : 0);
    bool first = true;
    for (size_t i = 0; i < PARTS; i++) {
        if (parts[i].weight) {
            buf_puts(out, first ? "" : "  ");
            term_paint(out, t->err_color, parts[i].paint, parts[i].text);
            first = false;
        }
        if (i == NAME && cells) {
            buf_puts(out, "  ");
            bar(out, t, cells, done, items);
        }
    }
}

void progress_line(struct buf *out, size_t *width, const struct term *t,
                   const struct run_progress *p, const struct run_lane *lane, double rate,
                   size_t columns)
{
    struct part parts[PARTS] = {0};
    const struct run_lane *only = lane || p->nlanes != 1 ? lane : &p->lanes[0];
    const size_t done = lane ? lane->done : p->done;
    const size_t items = lane ? lane->items : p->items;
    const size_t pending = only ? only->pending : 0;
    const size_t open = items > done + pending ? items - done - pending : 0;
    name_part(parts, only ? only->ca : "all");
    count_parts(parts, done, items, lane ? lane->failed : p->failed,
                lane ? lane->in_flight : p->in_flight, p->items);
    time_parts(parts, p->stopping ? 0 : rate, open);
    if (only) {
        wait_part(parts, p, only);
    }
    if (pending) {
        part(parts, PENDING, 35, PAINT_NONE, "%zu pending", pending);
    }
    if (!lane && p->stopping) {
        part(parts, WAIT, 95, PAINT_YELLOW, "stopping");
    }
    if (!lane && p->note) {
        CLEANUP(buf_release) struct buf note = BUF_INIT(1024);
        str_vis(&note, p->note, strlen(p->note), PART_TEXT - 4);
        part(parts, NOTE, 50, PAINT_YELLOW, "%s", buf_text(&note));
    }
    const size_t cells = fit_with_bar(parts, columns);
    write_parts(out, width, t, parts, cells, done, items);
}

/* --- all lines --- */
struct screen {
    struct buf text[TERM_LINES];
    struct term_line lines[TERM_LINES];
    size_t n;
};

static struct buf *next_line(struct screen *s)
{
    s->text[s->n] = (struct buf)BUF_INIT(8192);
    return &s->text[s->n++];
}

static void lane_lines(struct screen *s, struct progress *view, const struct run_progress *p,
                       size_t columns, size_t most)
{
    size_t hidden = 0;
    for (size_t i = 0; i < p->nlanes; i++) {
        const bool known = i < PROGRESS_LANES;
        const double rate = known ? progress_rate(&view->lanes[i], p->now_ms, p->lanes[i].done) : 0;
        if (s->n >= most) {
            hidden++;
            continue;
        }
        const size_t at = s->n;
        progress_line(next_line(s), &s->lines[at].width, view->t, p, &p->lanes[i], rate, columns);
    }
    if (hidden && s->n < TERM_LINES) {
        const size_t at = s->n;
        char text[64];
        const int n = snprintf(text, sizeof text, "and %zu more CAs", hidden);
        buf_printf(next_line(s), "%.*s", (int)columns, text);
        s->lines[at].width = (size_t)n < columns ? (size_t)n : columns;
    }
}

static const char *note_of(struct progress *view, const struct run_progress *p)
{
    if (p->note) {
        (void)snprintf(view->note, sizeof view->note, "%s", p->note);
        view->note_until = p->now_ms + NOTE_MS;
    }
    return p->now_ms < view->note_until ? view->note : NULL;
}

void progress_show(void *ctx, const struct run_progress *now)
{
    struct progress *view = ctx;
    struct run_progress with_note = *now;
    const struct run_progress *p = &with_note;
    with_note.note = note_of(view, now);
    struct screen s = {.n = 0};
    size_t columns, rows;
    const double rate = progress_rate(&view->all, p->now_ms, p->done);
    if (!view->t->progress) {
        return;
    }
    term_size(&columns, &rows);
    columns = columns > 1 ? columns - 1 : 1; /* the last column wraps on some terminals */
    progress_line(next_line(&s), &s.lines[0].width, view->t, p, NULL, rate, columns);
    if (p->nlanes > 1 && rows > 4) {
        const size_t most = rows - 2 < TERM_LINES - 1 ? rows - 2 : TERM_LINES - 1;
        lane_lines(&s, view, p, columns, most);
    }
    for (size_t i = 0; i < s.n; i++) {
        s.lines[i].text = buf_text(&s.text[i]);
    }
    term_lines(view->t, s.lines, s.n);
    for (size_t i = 0; i < s.n; i++) {
        buf_release(&s.text[i]);
    }
}
