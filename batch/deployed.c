/* SPDX-License-Identifier: Apache-2.0
 *
 * See deployed.h. Rows become sightings, sightings are sorted by certificate, and each certificate
 * gets its text once.
 */
#include "batch/deployed.h"

#include "batch/import_clean.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/xlsx_in.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES_SHOWN = 6 }; /* the rest is counted */

/* A certificate by one of its names: "sSERIAL" or "oORDER". */
struct sighting {
    const char *key, *place, *revoked; /* place, revoked: NULL = the row says nothing */
    size_t order;                      /* of the rows: files as given, from the top */
};
struct known {
    const char *key;
    struct deployed_certificate certificate;
};

struct deployed {
    struct arena arena;
    struct sighting *v;
    size_t n, cap;
    struct known *known; /* by key */
    size_t nknown;
};

struct deployed *deployed_new(void)
{
    return xcalloc(1, sizeof(struct deployed));
}

void deployed_free(struct deployed *d)
{
    if (d) {
        free(d->v);
        arena_release(&d->arena);
        free(d);
    }
}

/* --- columns --- */
enum column { SERIAL, ORDER, PLACE, ADDRESS, PORT, STATUS, REVOKED, COLUMN__MAX };
/* Headings are compared without case, blanks and punctuation; the first that the file has counts.
 */
static const char *const headings[COLUMN__MAX][8] = {
    [SERIAL] = {"Serial Number", "Serial", "Certificate Serial Number", "Cert Serial Number",
                "Serial No"},
    [ORDER] = {"Order ID", "Order Number", "Order"},
    [PLACE] = {"Certificate Location", "Location", "Locations", "Deployed To", "Installed On",
               "Host", "Hostname", "Server"},
    [ADDRESS] = {"Scan IP Address", "IP Address", "Address", "IP"},
    [PORT] = {"Scan Port", "Port"},
    [STATUS] = {"Status", "Certificate Status", "Deployment Status", "State"},
    [REVOKED] = {"Revoked", "Is Revoked"},
};

/* Words of a status that say it is in use, where no column says at what place. */
static const char *const used_words[] = {"Deployed", "Installed", "Provisioned", "In Use", "Bound"};
static const char *const revoked_words[] = {"Revoked", "Certificate Revoked"};
static const char *const yes_words[] = {"true", "yes", "1", "y"};

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; text && i < n; i++) {
        if (import_heading_is(text, words[i])) {
            return true;
        }
    }
    return false;
}

static uint32_t find_column(const struct row *head, enum column c)
{
    for (size_t k = 0; k < NITEMS(headings[c]) && headings[c][k]; k++) {
        for (uint32_t i = 0; i < head->n; i++) {
            if (import_heading_is(head->v[i].text, headings[c][k])) {
                return head->v[i].column;
            }
        }
    }
    return 0;
}

/* --- rows --- */
struct reading {
    struct deployed *d;
    const char *file;
    uint32_t column[COLUMN__MAX]; /* 0 = the file has none */
    size_t spoilt;                /* rows whose serial number cannot be read */
    uint32_t spoilt_row;          /* the first of them */
    const char *spoilt_why;
};

/* The text of a cell without blanks around it; NULL when it is empty. */
static const char *text_of(struct reading *r, const struct row *row, enum column c,
                           enum cell_kind *kind)
{
    struct clean clean = {.arena = &r->d->arena};
    const struct cell *cell = r->column[c] ? row_cell(row, r->column[c]) : NULL;
    const char *text = cell ? clean_text(&clean, cell->text) : NULL;
    if (kind) {
        *kind = cell ? cell->kind : CELL_TEXT;
    }
    return text && *text ? text : NULL;
}

static const char *place_of(struct reading *r, const struct row *row, const char *status)
{
    const char *place = text_of(r, row, PLACE, NULL);
    const char *address = text_of(r, row, ADDRESS, NULL);
    const char *port = text_of(r, row, PORT, NULL);
    if (!place && address) {
        place = port ? arena_printf(&r->d->arena, "%s:%s", address, port) : address;
    }
    if (!place && is_one_of(status, used_words, NITEMS(used_words))) {
        place = arena_printf(&r->d->arena, "a place that is not told (%s, row %u: %s)",
                             path_base(r->file), row->number, status);
    }
    return place ? str_vis_dup(&r->d->arena, place, strlen(place)) : NULL;
}

static void see(struct reading *r, const char *kind, const char *name, const char *place,
                const char *revoked)
{
    const struct sighting s = {arena_printf(&r->d->arena, "%s%s", kind, name), place, revoked,
                               r->d->n};
    VEC_PUSH(r->d, s);
}

static void spoilt(struct reading *r, const struct row *row, const char *why)
{
    if (!r->spoilt++) {
        r->spoilt_row = row->number;
        r->spoilt_why = why;
    }
}

static void read_row(struct reading *r, const struct row *row)
{
    enum cell_kind kind;
    struct clean clean = {.arena = &r->d->arena};
    const char *status = text_of(r, row, STATUS, NULL);
    const char *order = text_of(r, row, ORDER, NULL);
    const char *text = text_of(r, row, SERIAL, &kind);
    const char *serial = text ? clean_serial(&clean, text, kind, SERIAL_HEX) : NULL;
    const char *place = place_of(r, row, status);
    const bool gone = is_one_of(status, revoked_words, NITEMS(revoked_words)) ||
                      is_one_of(text_of(r, row, REVOKED, NULL), yes_words, NITEMS(yes_words));
    const char *revoked =
        gone ? arena_printf(&r->d->arena, "%s, row %u", path_base(r->file), row->number) : NULL;
    if (text && !serial) {
        spoilt(r, row, clean.why);
    }
    if (serial) {
        see(r, "s", serial, place, revoked);
    }
    if (order) {
        see(r, "o", order, place, revoked);
    }
}

static bool read_table(struct reading *r, struct rows *rows, struct err *err)
{
    CLEANUP(buf_release) struct buf bytes = BUF_INIT(LIMIT_TABLE_BYTES);
    static const struct csv_in_options any = {TEXT_AUTO, 0};
    if (!fs_read(r->file, &bytes, err)) {
        return false;
    }
    return xlsx_is(buf_span(&bytes))
               ? xlsx_in_read(&r->d->arena, r->file, buf_span(&bytes), NULL, rows, err)
               : csv_in_read(&r->d->arena, r->file, buf_span(&bytes), &any, rows, NULL, err);
}

static bool take_headings(struct reading *r, const struct rows *rows, size_t *header,
                          struct err *err)
{
    *header = 0;
    while (*header < rows->n && row_is_empty(&rows->v[*header])) {
        ++*header;
    }
    for (size_t c = 0; *header < rows->n && c < COLUMN__MAX; c++) {
        r->column[c] = find_column(&rows->v[*header], (enum column)c);
    }
    if (r->column[SERIAL] || r->column[ORDER]) {
        return true;
    }
    err_set(err, ERR_INPUT, "%s is no inventory: no column is headed Serial Number or Order ID",
            r->file);
    err_hint(err, "give a CSV or XLSX with headings in its first row, such as `certbatch inventory "
                  "CA --format csv` writes");
    return false;
}

static void tell_spoilt(const struct reading *r, struct findings *findings)
{
    const struct finding f = {
        .rule = "revoke.target.in-use",
        .severity = SEV_WARNING,
        .file = r->file,
        .line = r->spoilt_row,
        .column = 1,
        .offset = -1,
        .message = arena_printf(&findings->strings,
                                "%zu row%s without a serial number that can be read, from here on "
                                "(%s): whether their certificates are in use is not known",
                                r->spoilt, r->spoilt == 1 ? " is" : "s are", r->spoilt_why)};
    findings_add(findings, &f);
}

static bool read_file(struct deployed *d, const char *file, struct findings *findings,
                      struct err *err)
{
    CLEANUP(rows_release) struct rows rows = ROWS_INIT;
    struct reading r = {.d = d, .file = file};
    size_t header;
    if (!read_table(&r, &rows, err) || !take_headings(&r, &rows, &header, err)) {
        err->code = ERR_INPUT;
        return err_wrap(err, "--inventory");
    }
    for (size_t i = header + 1; i < rows.n; i++) {
        if (!row_is_empty(&rows.v[i])) {
            read_row(&r, &rows.v[i]);
        }
    }
    if (r.spoilt) {
        tell_spoilt(&r, findings);
    }
    return true;
}

/* --- certificates --- */
static int by_key(const void *pa, const void *pb)
{
    const struct sighting *a = pa;
    const struct sighting *b = pb;
    const int c = strcmp(a->key, b->key);
    return c ? c : (a->order > b->order) - (a->order < b->order);
}

static bool is_shown(const struct sighting *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(s[i].place, s[n].place)) {
            return true;
        }
    }
    return false;
}

/* The places of n sightings of one certificate, each once. */
static const char *join_places(struct arena *a, const struct sighting *s, size_t n)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(PLACES_SHOWN * LIMIT_MESSAGE);
    size_t places = 0;
    for (size_t i = 0; i < n; i++) {
        if (!s[i].place || is_shown(s, i)) {
            continue;
        }
        if (places++ < PLACES_SHOWN) {
            buf_printf(&text, "%s%.*s", text.n ? ", " : "", (int)LIMIT_VALUE_SHOWN, s[i].place);
        }
    }
    if (places > PLACES_SHOWN) {
        buf_printf(&text, ", and %zu more", places - PLACES_SHOWN);
    }
    return places ? arena_strdup(a, buf_text(&text)) : NULL;
}

static void join(struct deployed *d)
{
    qsort(d->v, d->n, sizeof *d->v, by_key);
    d->known = arena_array(&d->arena, d->n + 1, sizeof *d->known);
    for (size_t i = 0, end; i < d->n; i = end) {
        struct known *k = &d->known[d->nknown++];
        *k = (struct known){.key = d->v[i].key};
        for (end = i; end < d->n && str_eq(d->v[end].key, k->key); end++) {
            k->certificate.revoked =
                k->certificate.revoked ? k->certificate.revoked : d->v[end].revoked;
        }
        k->certificate.places = join_places(&d->arena, &d->v[i], end - i);
    }
}

bool deployed_read(struct deployed *d, const char *const *files, size_t n,
                   struct findings *findings, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!read_file(d, files[i], findings, err)) {
            return false;
        }
    }
    join(d);
    return true;
}

static int key_is(const void *key, const void *entry)
{
    return strcmp(key, ((const struct known *)entry)->key);
}

static const struct deployed_certificate *find(const struct deployed *d, const char *kind,
                                               const char *name)
{
    CLEANUP(buf_release) struct buf key = BUF_INIT(LIMIT_MESSAGE);
    if (!name) {
        return NULL;
    }
    buf_printf(&key, "%s%s", kind, name);
    const struct known *k = bsearch(buf_text(&key), d->known, d->nknown, sizeof *d->known, key_is);
    return k ? &k->certificate : NULL;
}

const struct deployed_certificate *deployed_find(const struct deployed *d, const char *serial,
                                                 const char *order)
{
    const struct deployed_certificate *c = find(d, "s", serial);
    return c ? c : find(d, "o", order);
}
