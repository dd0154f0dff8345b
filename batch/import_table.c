/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of a table to items: for each field one worker that cleans its cell and puts it into the
 * item. A row with a bad cell gives no item, but all its bad cells are told.
 */
#include "batch/import_parts.h"

#include "formats/base/time.h"
#include "formats/csr.h"

#include <stdlib.h>
#include <string.h>

/* A public CA puts 64 random bits into a serial number (BR 7.1): fewer digits are worth a look. */
enum { SERIAL_SHORT = 16 };

struct row_run {
    struct import *im;
    const struct import_map *map;
    const struct row *row;
    struct import_item item;
    struct clean clean;
    const char *text[IMPORT__MAX]; /* cleaned; NULL or never empty */
    enum cell_kind kind[IMPORT__MAX];
    bool constant[IMPORT__MAX]; /* from the profile, not from the file */
    bool bad;
};

static const char *label_of(const struct row_run *r, enum import_field f)
{
    const struct import *im = r->im;
    const struct cell *head = im->header != SIZE_MAX && r->map->field[f]
                                  ? row_cell(&im->rows.v[im->header], r->map->field[f])
                                  : NULL;
    return head && *head->text ? str_vis_dup(&r->im->arena, head->text, strlen(head->text))
                               : import_field_names[f];
}

static void refuse(struct row_run *r, enum import_field f, const char *why)
{
    r->bad = true;
    import_error(r->im, r->im->options->input, r->row->number, r->map->field[f],
                 (size_t)(r->row - r->im->rows.v), "%s: %s", label_of(r, f), why);
}

static const char *shown(struct row_run *r, const char *text)
{
    return str_vis_dup(&r->im->arena, text, strlen(text));
}

static void note(struct row_run *r, const char *text)
{
    VEC_PUSH(&r->item.notes, text);
}

static void decide(struct row_run *r, const char *text)
{
    VEC_PUSH(&r->item.decide, text);
}

/* --- workers: false = refused with clean.why --- */
typedef bool worker(struct row_run *r, enum import_field f, const char *text);

static bool take_name(struct row_run *r, enum import_field f UNUSED, const char *text)
{
    if (r->text[IMPORT_SMIME_TYPE]) {
        r->item.common_name = text;
        return true;
    }
    /* a cell "CN / SAN Name" may hold several: the first is the common name */
    struct strlist *san = &r->item.san;
    if (strpbrk(text, ",;\n|")) {
        if (!clean_names(&r->clean, text, san)) {
            return false;
        }
    } else {
        const char *name = clean_host(&r->clean, text);
        if (!name) {
            return false;
        }
        VEC_PUSH(san, name);
    }
    r->item.common_name = san->n ? strchr(san->v[0], ':') + 1 : NULL;
    return san->n || clean_refuse(&r->clean, "no name");
}

static bool take_san(struct row_run *r, enum import_field f UNUSED, const char *text)
{
    return clean_names(&r->clean, text, &r->item.san);
}

static bool take_serial(struct row_run *r, enum import_field f, const char *text)
{
    const enum serial_base base = (enum serial_base)r->im->profile.serial_base;
    r->item.serial = clean_serial(&r->clean, text, r->kind[f], base);
    if (r->item.serial && strlen(r->item.serial) < SERIAL_SHORT) {
        decide(r, "CHECK THE SERIAL NUMBER: it is short, zeros or other digits may be lost");
    }
    return r->item.serial != NULL;
}

static bool take_order(struct row_run *r, enum import_field f, const char *text)
{
    const bool power = strpbrk(text, ".,") && strpbrk(text, "eE");
    if (strstr(text, "E+") || strstr(text, "e+") || (r->kind[f] == CELL_NUMBER && power) ||
        (r->kind[f] == CELL_NUMBER && strlen(text) > 15)) {
        clean_refuse(&r->clean, "a spreadsheet made a number of the order number and lost digits");
        return false;
    }
    r->item.order = text;
    return true;
}

static bool take_fingerprint(struct row_run *r, enum import_field f, const char *text)
{
    const char *hex = clean_fingerprint(&r->clean, text);
    if (hex) {
        note(r, arena_printf(&r->im->arena, "%s: %s", label_of(r, f), hex));
    }
    return hex != NULL;
}

static bool take_date(struct row_run *r, enum import_field f, const char *text)
{
    struct import_time t;
    struct zone zone = {0};
    struct err err = ERR_INIT;
    char date[TIME_TEXT];
    const char *name = r->im->profile.time_zone ? r->im->profile.time_zone : "UTC";
    /* it becomes a comment with the day alone: a zone nobody says changes no order */
    if (!zone_open(&zone, name, &err)) {
        r->clean.why = arena_strdup(&r->im->arena, err.msg);
        return false;
    }
    const bool ok = import_time_read(text, &r->im->profile.date_formats, &zone, &t, &r->clean.why);
    zone_release(&zone);
    if (ok) {
        time_format_date(t.t, date);
        note(r, arena_printf(&r->im->arena, "%s %s", f == IMPORT_EXPIRES ? "ends" : "was issued",
                             date));
    }
    return ok;
}

static bool take_product(struct row_run *r, enum import_field f, const char *text)
{
    const struct import_product *p = r->im->profile.products.v;
    for (size_t i = 0; i < r->im->profile.products.n; i++) {
        if (str_ieq(p[i].from, text)) {
            r->item.product = p[i].to;
            return true;
        }
    }
    if (r->constant[f]) {
        r->item.product = text;
    } else {
        decide(r, arena_printf(&r->im->arena, "SAY THE PRODUCT of your CA: the file calls it %s",
                               shown(r, text)));
    }
    return true;
}

static bool take_key(struct row_run *r, enum import_field f, const char *text)
{
    const char *size = f == IMPORT_KEY ? r->text[IMPORT_KEY_SIZE] : NULL;
    if (f == IMPORT_KEY_SIZE && r->text[IMPORT_KEY]) {
        return true; /* taken with the other */
    }
    r->item.key = clean_key(&r->clean, text, size ? size : "");
    if (!r->item.key) {
        note(r, arena_printf(&r->im->arena, "its key was %s%s%s, which is not made any more",
                             shown(r, text), size ? " " : "", size ? shown(r, size) : ""));
    }
    return true;
}

static bool take_validity(struct row_run *r, enum import_field f UNUSED, const char *text)
{
    r->item.validity = clean_validity(&r->clean, text);
    return r->item.validity != NULL;
}

/* The columns of the subject have the names of the manifest's fields. */
static bool take_subject_field(struct row_run *r, enum import_field f, const char *text)
{
    const bool country = f == IMPORT_COUNTRY;
    if (country && strlen(text) != 2) {
        clean_refuse(&r->clean, "a country is two letters of ISO 3166-1");
        return false;
    }
    import_subject_add(&r->item, import_field_names[f], text);
    return true;
}

static bool take_subject(struct row_run *r, enum import_field f UNUSED, const char *text)
{
    return import_subject(&r->clean, text, &r->item);
}

static bool take_mailbox(struct row_run *r, enum import_field f, const char *text)
{
    const char *mailbox = clean_mailbox(&r->clean, text);
    if (!mailbox) {
        return false;
    }
    if (r->text[IMPORT_SMIME_TYPE]) {
        VEC_PUSH(&r->item.san, arena_printf(&r->im->arena, "email:%s", mailbox));
        r->item.base = mailbox;
    } else {
        note(r, arena_printf(&r->im->arena, "%s: %s", label_of(r, f), mailbox));
    }
    return true;
}

static bool take_note(struct row_run *r, enum import_field f, const char *text)
{
    note(r, arena_printf(&r->im->arena, "%s: %s", label_of(r, f), shown(r, text)));
    return true;
}

/* A word of the manifest, as it is: the tables of the manifest judge it. */
#define TAKE_TEXT(name, member)                                                                    \
    static bool name(struct row_run *r, enum import_field f UNUSED, const char *text)              \
    {                                                                                              \
        r->item.member = text;                                                                     \
        return true;                                                                               \
    }
TAKE_TEXT(take_id_text, id)
TAKE_TEXT(take_ca, ca)
TAKE_TEXT(take_outputs, outputs)
TAKE_TEXT(take_reason, reason)
TAKE_TEXT(take_comment, comment)

static bool take_id(struct row_run *r, enum import_field f, const char *text)
{
    if (!name_is_safe(text)) {
        clean_refuse(&r->clean, "no id: letters, digits, dot, hyphen, underscore, at most 64");
        return false;
    }
    return take_id_text(r, f, text);
}

static bool take_action(struct row_run *r, enum import_field f UNUSED, const char *text)
{
    static const char *const words[] = {"new", "renew", "reissue", "revoke"};
    for (size_t i = 0; i < NITEMS(words); i++) {
        if (str_ieq(words[i], text)) {
            r->item.revoke = str_eq(words[i], "revoke");
            r->item.action = words[i];
            return true;
        }
    }
    clean_refuse(&r->clean, "an action is new, renew, reissue or revoke");
    return false;
}

static bool take_smime_type(struct row_run *r, enum import_field f UNUSED, const char *text)
{
    for (const struct word *w = smime_type_words; w->text; w++) {
        if (str_ieq(w->text, text)) {
            r->item.smime_type = w->text;
            return true;
        }
    }
    clean_refuse(&r->clean, "mailbox, organization, sponsor or individual");
    return false;
}

/* A PEM block or bare base64 in a cell. Where the request goes is decided when it is written. */
static bool take_csr(struct row_run *r, enum import_field f UNUSED, const char *text)
{
    struct csr csr;
    const struct span input = {(const uint8_t *)text, strlen(text)};
    csr_parse(&r->im->arena, input, &csr);
    if (!csr.usable) {
        clean_refuse(&r->clean, csr.nproblems ? csr.problems[0].detail : "no certificate request");
        return false;
    }
    r->item.csr_text = text;
    return true;
}

/* In the order they work: names before what completes them. NULL: its column is used by another. */
static const struct {
    enum import_field field;
    worker *take;
} workers[] = {
    {IMPORT_ID, take_id},
    {IMPORT_ACTION, take_action},
    {IMPORT_SMIME_TYPE, take_smime_type},
    {IMPORT_COMMON_NAME, take_name},
    {IMPORT_SUBJECT, take_subject},
    {IMPORT_EMAIL, take_mailbox},
    {IMPORT_SAN, take_san},
    {IMPORT_ORDER, take_order},
    {IMPORT_SERIAL, take_serial},
    {IMPORT_EXPIRES, take_date},
    {IMPORT_ISSUED, take_date},
    {IMPORT_THUMBPRINT, take_fingerprint},
    {IMPORT_CA, take_ca},
    {IMPORT_PRODUCT, take_product},
    {IMPORT_VALIDITY, take_validity},
    {IMPORT_KEY, take_key},
    {IMPORT_KEY_SIZE, take_key},
    {IMPORT_CSR, take_csr},
    {IMPORT_ORGANIZATION, take_subject_field},
    {IMPORT_ORGANIZATION_IDENTIFIER, take_subject_field},
    {IMPORT_ORGANIZATIONAL_UNIT, take_subject_field},
    {IMPORT_STREET_ADDRESS, take_subject_field},
    {IMPORT_LOCALITY, take_subject_field},
    {IMPORT_STATE, take_subject_field},
    {IMPORT_POSTAL_CODE, take_subject_field},
    {IMPORT_COUNTRY, take_subject_field},
    {IMPORT_OUTPUTS, take_outputs},
    {IMPORT_REASON, take_reason},
    {IMPORT_COMMENT, take_comment},
    {IMPORT_TICKET, take_note},
    {IMPORT_REQUESTED_BY, take_note},
};

/* --- S/MIME: a person and a mailbox --- */
/* "Ada King" to given name and surname, when nothing says them. */
static void split_person(struct row_run *r)
{
    const char *person = r->text[IMPORT_PERSON];
    const char *given = r->text[IMPORT_GIVEN_NAME];
    const char *surname = r->text[IMPORT_SURNAME];
    const char *blank = person ? strrchr(person, ' ') : NULL;
    if (!given && !surname && blank) {
        given = arena_strndup(&r->im->arena, person, (size_t)(blank - person));
        surname = blank + 1;
        decide(r, arena_printf(&r->im->arena, "CHECK THE NAME: %s was split at its last blank",
                               shown(r, person)));
    }
    if (given) {
        import_subject_add(&r->item, "given_name", given);
    }
    if (surname) {
        import_subject_add(&r->item, "surname", surname);
    }
}

/* What a person may be called depends on who is validated (SBR 7.1.4.2). */
static void finish_smime(struct row_run *r)
{
    struct import_item *item = &r->item;
    const char *person = r->text[IMPORT_PERSON];
    const char *designation = r->text[IMPORT_DESIGNATION];
    const bool personal =
        str_eq(item->smime_type, "sponsor") || str_eq(item->smime_type, "individual");
    item->friendly_name = person;
    item->outputs = item->outputs ? item->outputs : "pfx";
    if (!item->san.n) {
        refuse(r, IMPORT_EMAIL, "an S/MIME order needs a mailbox");
        return;
    }
    if (personal) {
        item->common_name = item->common_name ? item->common_name : person;
        split_person(r);
        if (designation) {
            import_subject_add(item, "title", designation);
        }
        return;
    }
    item->common_name = strchr(item->san.v[0], ':') + 1;
    item->nsubject = str_eq(item->smime_type, "mailbox") ? 0 : item->nsubject;
    if (person) {
        note(r, arena_printf(&r->im->arena, "name: %s", shown(r, person)));
    }
    if (designation) {
        note(r, arena_printf(&r->im->arena, "designation: %s", shown(r, designation)));
    }
}

/* --- a row --- */
static void read_cells(struct row_run *r)
{
    for (size_t f = 0; f < IMPORT__MAX; f++) {
        const struct cell *cell = r->map->field[f] ? row_cell(r->row, r->map->field[f]) : NULL;
        r->clean.label = label_of(r, (enum import_field)f);
        const char *text = cell ? clean_text(&r->clean, cell->text) : "";
        if (!text) {
            refuse(r, (enum import_field)f, r->clean.why);
        } else if (cell && cell->kind == CELL_ERROR) {
            refuse(r, (enum import_field)f, "the spreadsheet itself could not compute this cell");
        }
        const bool empty = !text || !*text;
        r->constant[f] = empty && r->im->profile.constants[f];
        r->text[f] = empty ? r->im->profile.constants[f] : text;
        r->kind[f] = cell && !empty ? cell->kind : CELL_TEXT;
    }
}

static void read_notes(struct row_run *r)
{
    for (size_t i = 0; i < r->map->notes.n; i++) {
        const struct cell *cell = row_cell(r->row, r->map->notes.v[i]);
        const struct cell *head = row_cell(&r->im->rows.v[r->im->header], r->map->notes.v[i]);
        struct clean quiet = {.arena = &r->im->arena};
        const char *text = cell ? clean_text(&quiet, cell->text) : NULL;
        if (text && *text) {
            note(r, arena_printf(&r->im->arena, "%s: %s", shown(r, head->text), shown(r, text)));
        }
    }
}

/* What must be there for an item. */
static void check_item(struct row_run *r)
{
    struct import_item *item = &r->item;
    const bool old = item->order || item->serial;
    if (item->smime_type) {
        finish_smime(r);
        item->base = item->base ? item->base : item->common_name;
        return;
    }
    item->base = item->common_name ? item->common_name
                 : item->san.n     ? strchr(item->san.v[0], ':') + 1
                 : item->order     ? item->order
                                   : item->serial;
    if (item->revoke && !old) {
        refuse(r, IMPORT_SERIAL, "a revocation needs a serial or order number");
    } else if (str_eq(item->action, "new")) {
        item->order = item->serial = NULL;
    }
    if (!item->revoke && !item->common_name && !item->san.n && !item->csr_text) {
        refuse(r, IMPORT_COMMON_NAME, "the row has no name");
    }
    if (!item->revoke && (str_eq(item->action, "renew") || str_eq(item->action, "reissue")) &&
        !old) {
        decide(r, arena_printf(&r->im->arena,
                               "SAY WHAT IT REPLACES: the row has neither order nor serial number, "
                               "so a new certificate is ordered"));
        item->action = "new";
    }
    if (!item->revoke && old && item->common_name && !r->text[IMPORT_SAN] && item->san.n == 1) {
        decide(r, "CHECK THE NAMES: the file has only this one, the certificate may have more");
    }
}

static void check_width(struct row_run *r)
{
    for (uint32_t i = 0; i < r->row->n; i++) {
        const struct cell *c = &r->row->v[i];
        if (c->column > r->map->columns && c->text[strspn(c->text, " \t")]) {
            r->bad = true;
            import_error(r->im, r->im->options->input, r->row->number, c->column,
                         (size_t)(r->row - r->im->rows.v),
                         "the row has more cells than there are columns (%zu)", r->map->columns);
            return;
        }
    }
}

static void run_row(struct import *im, const struct import_map *map, const struct row *row)
{
    struct row_run r = {.im = im, .map = map, .row = row};
    r.item = (struct import_item){
        .file = im->options->input, .row = row->number, .row_index = (size_t)(row - im->rows.v)};
    r.clean = (struct clean){.arena = &im->arena, .mends = &r.item.mends};
    check_width(&r);
    read_cells(&r);
    for (size_t i = 0; i < NITEMS(workers); i++) {
        const enum import_field f = workers[i].field;
        r.clean.label = label_of(&r, f);
        if (r.text[f] && !workers[i].take(&r, f, r.text[f])) {
            refuse(&r, f, r.clean.why);
        }
    }
    if (!r.bad) {
        check_item(&r);
    }
    if (r.bad) {
        import_item_release(&r.item);
        return;
    }
    if (im->header != SIZE_MAX) {
        read_notes(&r);
    }
    *import_add(im) = r.item;
}

/* --- rows that are left out --- */
static bool has_text(const struct strings *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++) {
        if (str_ieq(list->v[i], text)) {
            return true;
        }
    }
    return false;
}

static const char *filtered(struct import *im, const struct row *row)
{
    const struct import_filter *filters = im->profile.filter.v;
    for (size_t i = 0; i < im->profile.filter.n; i++) {
        const uint32_t column = import_column(&im->rows, im->header, filters[i].column);
        const struct cell *cell = column ? row_cell(row, column) : NULL;
        struct clean quiet = {.arena = &im->arena};
        const char *text = cell ? clean_text(&quiet, cell->text) : "";
        text = text ? text : "";
        if (column && ((filters[i].is.n && !has_text(&filters[i].is, text)) ||
                       (filters[i].is_not.n && has_text(&filters[i].is_not, text)))) {
            return filters[i].why;
        }
    }
    return NULL;
}

bool import_table(struct import *im, struct err *err)
{
    struct import_map map = {0};
    bool ok = import_rows(im, im->options->input, &im->profile, &im->rows, err) &&
              import_map(im, im->options->input, &im->profile, &im->rows, &im->header, &map, err);
    for (size_t i = im->header == SIZE_MAX ? 0 : im->header + 1; ok && i < im->rows.n; i++) {
        const struct row *row = &im->rows.v[i];
        const char *why = row_is_empty(row) ? NULL : filtered(im, row);
        if (why) {
            import_skipped(im, why);
        } else if (!row_is_empty(row)) {
            run_row(im, &map, row);
        }
    }
    import_map_release(&map);
    return ok;
}
