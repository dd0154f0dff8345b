/* SPDX-License-Identifier: Apache-2.0
 *
 * A change ticket, exported as CSV, XLSX or JSON, to the `change:` of a manifest. A window in the
 * wrong zone sends orders at the wrong time, so a time that does not say its zone needs one.
 */
#include "batch/import_parts.h"

#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

static const char *const change_profiles[] = {"servicenow-change", "jira-change"};

struct run {
    struct import *im;
    const char *path;
    const struct import_profile *profile;
    struct rows rows;
    size_t header;
    struct import_map map;
    const struct row *row;
    struct zone zone;
    bool zoned;
    struct clean clean;
    struct import_change *change;
    struct err *err;
};

static const char *heading(const struct run *r, enum import_field f)
{
    const struct cell *c =
        r->header != SIZE_MAX ? row_cell(&r->rows.v[r->header], r->map.field[f]) : NULL;
    return c ? c->text : import_field_names[f];
}

static bool refuse(struct run *r, enum import_field f, const char *why)
{
    const char *label = heading(r, f);
    return err_at(r->err, ERR_INPUT,
                  (struct pos){.file = r->path, .line = r->row->number, .column = r->map.field[f]},
                  "%s: %s", str_vis_dup(&r->im->arena, label, strlen(label)), why);
}

/* The cleaned text of a field; NULL: it has none (or err is set). */
static const char *field_text(struct run *r, enum import_field f)
{
    const struct cell *c = r->map.field[f] ? row_cell(r->row, r->map.field[f]) : NULL;
    const char *text = c ? clean_text(&r->clean, c->text) : "";
    if (!text) {
        refuse(r, f, r->clean.why);
        return NULL;
    }
    return *text ? text : r->profile->constants[f];
}

static bool take_ticket(struct run *r, enum import_field f UNUSED, const char *text)
{
    r->change->ticket = text;
    return true;
}

static bool take_type(struct run *r, enum import_field f, const char *text)
{
    for (const struct word *w = change_type_words; w->text; w++) {
        if (str_ieq(w->text, text)) {
            r->change->type = w->text;
            return true;
        }
    }
    return refuse(r, f, "a change is standard, normal or emergency");
}

/* A reference of ServiceNow without its display value says 32 digits instead of a name. */
static bool is_record_id(const char *text)
{
    return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

static bool take_requester(struct run *r, enum import_field f UNUSED, const char *text)
{
    if (is_record_id(text)) {
        VEC_PUSH(&r->change->notes, "PUT IN WHO ASKS: the export has a record number instead");
        return true;
    }
    r->change->requested_by = text;
    return true;
}

static bool take_approvers(struct run *r, enum import_field f UNUSED, const char *text)
{
    for (const char *p = text; *(p += strspn(p, ",;\n ")); p += strcspn(p, ",;\n")) {
        size_t n = strcspn(p, ",;\n");
        while (n && p[n - 1] == ' ') {
            n--;
        }
        const char *who = arena_strndup(&r->im->arena, p, n);
        if (is_record_id(who)) {
            VEC_PUSH(&r->change->notes,
                     "PUT IN WHO APPROVED: the export has a record number instead");
        } else {
            VEC_PUSH(&r->change->approved_by, who);
        }
    }
    return true;
}

static bool take_time(struct run *r, enum import_field f, const char *text)
{
    struct zone_change always = {INT64_MIN, 0};
    const struct zone utc = {.v = &always, .n = 1};
    struct import_time t;
    const char *why;
    const bool known = str_ends(heading(r, f), "(UTC)");
    int64_t *target = f == IMPORT_WINDOW_START ? &r->change->start
                      : f == IMPORT_WINDOW_END ? &r->change->end
                                               : &r->change->approved_at;
    const struct zone *zone = known ? &utc : r->zoned ? &r->zone : NULL;
    if (!import_time_read(text, &r->profile->date_formats, zone, &t, &why)) {
        return refuse(r, f, why);
    }
    if (!t.has_time && f != IMPORT_APPROVED_AT) {
        return refuse(r, f, "a window needs a time of day, not a date alone");
    }
    *target = t.t;
    return true;
}

static const struct {
    enum import_field field;
    bool (*take)(struct run *r, enum import_field f, const char *text);
} workers[] = {
    {IMPORT_TICKET, take_ticket},          {IMPORT_CHANGE_TYPE, take_type},
    {IMPORT_REQUESTED_BY, take_requester}, {IMPORT_APPROVED_BY, take_approvers},
    {IMPORT_APPROVED_AT, take_time},       {IMPORT_WINDOW_START, take_time},
    {IMPORT_WINDOW_END, take_time},
};

static void take_notes(struct run *r)
{
    struct arena *a = &r->im->arena;
    for (size_t i = 0; i < r->map.notes.n; i++) {
        const struct cell *c = row_cell(r->row, r->map.notes.v[i]);
        const struct cell *head = row_cell(&r->rows.v[r->header], r->map.notes.v[i]);
        struct clean quiet = {.arena = a};
        const char *text = c ? clean_text(&quiet, c->text) : NULL;
        if (text && *text) {
            VEC_PUSH(&r->change->notes,
                     arena_printf(a, "%s: %s", str_vis_dup(a, head->text, strlen(head->text)),
                                  str_vis_dup(a, text, strlen(text))));
        }
    }
}

/* The one row that is not empty. */
static bool find_row(struct run *r)
{
    for (size_t i = r->header == SIZE_MAX ? 0 : r->header + 1; i < r->rows.n; i++) {
        if (row_is_empty(&r->rows.v[i])) {
            continue;
        }
        if (r->row) {
            err_at(r->err, ERR_INPUT,
                   (struct pos){.file = r->path, .line = r->rows.v[i].number, .column = 1},
                   "a manifest belongs to one change, and this is a second one");
            err_hint(r->err, "export the one change");
            return false;
        }
        r->row = &r->rows.v[i];
    }
    return r->row || err_set(r->err, ERR_INPUT, "%s has no change in it", r->path);
}

static bool read_fields(struct run *r)
{
    for (size_t i = 0; i < NITEMS(workers); i++) {
        const enum import_field f = workers[i].field;
        const char *text = field_text(r, f);
        if (!text && r->err->code != ERR_NONE) {
            return false;
        }
        if (text && !workers[i].take(r, f, text)) {
            return false;
        }
    }
    if (!r->change->ticket) {
        return refuse(r, IMPORT_TICKET, "the change has no number");
    }
    if ((r->change->start == TIME_NONE) != (r->change->end == TIME_NONE)) {
        return refuse(r, r->change->start == TIME_NONE ? IMPORT_WINDOW_START : IMPORT_WINDOW_END,
                      "a window has a begin and an end; the other is there, this one is missing");
    }
    if (r->change->start != TIME_NONE && r->change->end <= r->change->start) {
        return refuse(r, IMPORT_WINDOW_END, "the window ends before it begins");
    }
    return true;
}

static bool open_zone(struct run *r)
{
    const char *name =
        r->im->options->ticket_zone ? r->im->options->ticket_zone : r->profile->time_zone;
    r->zoned = name != NULL;
    return !name || zone_open(&r->zone, name, r->err);
}

static bool run(struct run *r)
{
    r->change = arena_alloc(&r->im->arena, sizeof *r->change);
    *r->change = (struct import_change){
        .file = r->path, .approved_at = TIME_NONE, .start = TIME_NONE, .end = TIME_NONE};
    r->im->change = r->change;
    r->clean = (struct clean){.arena = &r->im->arena};
    if (!find_row(r) || !open_zone(r) || !read_fields(r)) {
        return false;
    }
    if (r->header != SIZE_MAX) {
        take_notes(r);
    }
    return true;
}

/* The shipped profile that knows the number's heading and the most others. */
static bool choose_profile(struct run *r, struct import_profile *chosen)
{
    CLEANUP(findings_release) struct findings none = FINDINGS_INIT;
    size_t best = 0;
    for (size_t i = 0; i < NITEMS(change_profiles); i++) {
        struct import_profile p;
        struct import_map map = {0};
        struct err ignored = ERR_INIT;
        struct import scratch = IMPORT_INIT;
        size_t header;
        if (import_profile_read(&p, &r->im->arena, change_profiles[i], &none, &ignored) &&
            import_map(&scratch, r->path, &p, &r->rows, &header, &map, &ignored) &&
            map.field[IMPORT_TICKET] && map.known > best) {
            best = map.known;
            *chosen = p;
        }
        import_map_release(&map);
        import_release(&scratch);
    }
    if (!best) {
        err_set(r->err, ERR_INPUT,
                "%s is no change that we know: neither of ServiceNow nor of Jira", r->path);
        err_hint(r->err, "make it the manifest's start with a profile of your own, kind: change");
    }
    return best > 0;
}

bool import_change(struct import *im, const char *path, const struct import_profile *profile,
                   struct err *err)
{
    static const struct import_profile any = {.kind = IMPORT_CHANGE};
    struct import_profile chosen;
    struct run r = {.im = im, .path = path, .header = SIZE_MAX, .err = err};
    const size_t unused = im->unused.n;
    bool ok = import_rows(im, path, profile ? profile : &any, &r.rows, err);
    ok = ok && (profile || choose_profile(&r, &chosen));
    r.profile = profile ? profile : &chosen;
    ok = ok && import_map(im, path, r.profile, &r.rows, &r.header, &r.map, err) && run(&r);
    im->unused.n = unused; /* a ticket has two hundred columns, and a change needs eight */
    zone_release(&r.zone);
    import_map_release(&r.map);
    rows_release(&r.rows);
    return ok;
}
