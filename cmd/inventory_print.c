/* SPDX-License-Identifier: Apache-2.0
 *
 * See inventory.h. One table of columns for all formats.
 */
#include "cmd/inventory.h"

#include "formats/base/csv.h"
#include "formats/base/time.h"
#include "formats/xlsx.h"

enum { FLUSH_AT = 64 * 1024, ROW_MAX = 16 << 20 };

enum column_kind { COLUMN_TEXT, COLUMN_DATE, COLUMN_BOOL };
static const struct column {
    const char *head; /* in the table; NULL: not there */
    const char *key;
    enum column_kind kind;
    unsigned width; /* in a spreadsheet */
    size_t offset;
} columns[] = {
#define C(head, key, kind, width, member)                                                          \
    {                                                                                              \
        head, key, kind, width, offsetof(struct ca_listed, member)                                 \
    }
    C("ORDER", "order", COLUMN_TEXT, 20, order_id),
    C(NULL, "request", COLUMN_TEXT, 16, request),
    C("NAME", "common_name", COLUMN_TEXT, 32, common_name),
    C("STATUS", "status", COLUMN_TEXT, 16, status),
    C("PRODUCT", "product", COLUMN_TEXT, 16, product),
    C("ORDERED", "ordered", COLUMN_DATE, 20, ordered),
    C("NOT AFTER", "not_after", COLUMN_DATE, 20, not_after),
    C("SERIAL", "serial", COLUMN_TEXT, 36, serial),
    C("ORGANIZATION", "organization", COLUMN_TEXT, 28, organization),
    C(NULL, "issuer", COLUMN_TEXT, 40, issuer),
    C(NULL, "revoked", COLUMN_BOOL, 9, revoked),
    C(NULL, "expired", COLUMN_BOOL, 9, expired),
#undef C
};

/* Text of a cell; dates of a table are days. */
static const char *cell(const struct column *c, const struct ca_listed *row, bool day,
                        char text[TIME_TEXT])
{
    const void *at = (const char *)row + c->offset;
    if (c->kind == COLUMN_TEXT) {
        return *(const char *const *)at;
    }
    if (c->kind == COLUMN_BOOL) {
        return *(const bool *)at ? "true" : "false";
    }
    const int64_t when = *(const int64_t *)at;
    if (when == TIME_NONE) {
        return NULL;
    }
    (day ? time_format_date : time_format)(when, text);
    return text;
}

/* --- table --- */
static void table_head(struct inventory_print *p, const struct ca_config *ca UNUSED,
                       const struct inventory_filter *filter UNUSED)
{
    size_t n = 0;
    for (size_t i = 0; i < NITEMS(columns); i++) {
        n += columns[i].head != NULL;
    }
    table_init(&p->table, n);
    p->table.hide_empty = true;
    for (size_t i = 0; i < NITEMS(columns); i++) {
        if (columns[i].head) {
            table_cell(&p->table, columns[i].head);
        }
    }
}

static void table_row(struct inventory_print *p, const struct ca_listed *row)
{
    char text[TIME_TEXT];
    for (size_t i = 0; i < NITEMS(columns); i++) {
        if (columns[i].head) {
            table_cell(&p->table, cell(&columns[i], row, true, text));
        }
    }
}

static bool table_end(struct inventory_print *p, const struct inventory_totals *totals UNUSED,
                      struct err *err)
{
    CLEANUP(buf_release) struct buf whole = BUF_INIT(256u << 20);
    if (buf_failed(&p->table.text)) {
        err_set(err, ERR_INPUT, "too many orders for a table");
        err_hint(err, "--format csv and json have no such limit; --since and --expiring narrow it");
        return false;
    }
    table_print(&p->table, &whole);
    return p->sink(p->sink_ctx, buf_span(&whole), err);
}

/* --- CSV --- */
static void csv_head(struct inventory_print *p, const struct ca_config *ca UNUSED,
                     const struct inventory_filter *filter UNUSED)
{
    for (size_t i = 0; i < NITEMS(columns); i++) {
        csv_cell(&p->out, columns[i].key, i == 0);
    }
    csv_end(&p->out);
}

static void csv_line(struct inventory_print *p, const struct ca_listed *row)
{
    char text[TIME_TEXT];
    for (size_t i = 0; i < NITEMS(columns); i++) {
        csv_cell(&p->out, cell(&columns[i], row, false, text), i == 0);
    }
    csv_end(&p->out);
}

static bool nothing_more(struct inventory_print *p UNUSED,
                         const struct inventory_totals *totals UNUSED, struct err *err UNUSED)
{
    return true;
}

/* --- JSON --- */
static void json_head(struct inventory_print *p, const struct ca_config *ca,
                      const struct inventory_filter *filter)
{
    struct jw *j = &p->json;
    jw_begin(j, &p->out, JW_PRETTY);
    jw_object(j, NULL);
    jw_str(j, "ca", ca->name);
    jw_str(j, "type", ca->type->type);
    jw_time(j, "since", filter->since);
    jw_array(j, "orders");
}

static void json_row(struct inventory_print *p, const struct ca_listed *row)
{
    char text[TIME_TEXT];
    struct jw *j = &p->json;
    jw_object(j, NULL);
    for (size_t i = 0; i < NITEMS(columns); i++) {
        const char *value = cell(&columns[i], row, false, text);
        if (columns[i].kind == COLUMN_BOOL) {
            jw_raw(j, columns[i].key, value);
        } else {
            jw_str(j, columns[i].key, value);
        }
    }
    jw_end(j);
}

static bool json_end(struct inventory_print *p, const struct inventory_totals *totals,
                     struct err *err)
{
    const struct {
        const char *key;
        size_t n;
    } counts[] = {{"listed", totals->listed},   {"shown", totals->shown},
                  {"live", totals->live},       {"expired", totals->expired},
                  {"revoked", totals->revoked}, {"without_certificate", totals->empty}};
    struct jw *j = &p->json;
    jw_end(j);
    jw_object(j, "counts");
    for (size_t i = 0; i < NITEMS(counts); i++) {
        jw_int(j, counts[i].key, (int64_t)counts[i].n);
    }
    jw_end(j);
    jw_end(j);
    return jw_finish(j, err);
}

/* --- XLSX --- */
static void xlsx_head(struct inventory_print *p, const struct ca_config *ca UNUSED,
                      const struct inventory_filter *filter)
{
    struct xlsx_column heads[NITEMS(columns)];
    for (size_t i = 0; i < NITEMS(columns); i++) {
        heads[i] = (struct xlsx_column){columns[i].key, columns[i].width};
    }
    p->xlsx = xlsx_new(filter->now);
    xlsx_sheet(p->xlsx, "Orders", heads, NITEMS(heads));
}

static void xlsx_line(struct inventory_print *p, const struct ca_listed *row)
{
    for (size_t i = 0; i < NITEMS(columns); i++) {
        const void *at = (const char *)row + columns[i].offset;
        if (columns[i].kind == COLUMN_TEXT) {
            xlsx_text(p->xlsx, *(const char *const *)at);
        } else if (columns[i].kind == COLUMN_BOOL) {
            xlsx_bool(p->xlsx, *(const bool *)at);
        } else {
            xlsx_date(p->xlsx, *(const int64_t *)at);
        }
    }
    xlsx_row(p->xlsx);
}

static bool xlsx_end(struct inventory_print *p, const struct inventory_totals *totals UNUSED,
                     struct err *err)
{
    return xlsx_finish(&p->xlsx, p->sink, p->sink_ctx, err);
}

/* --- formats --- */
struct inventory_format {
    const char *name;
    void (*begin)(struct inventory_print *p, const struct ca_config *ca,
                  const struct inventory_filter *filter);
    void (*row)(struct inventory_print *p, const struct ca_listed *row);
    bool (*end)(struct inventory_print *p, const struct inventory_totals *totals, struct err *err);
};
static const struct inventory_format formats[] = {
    {"table", table_head, table_row, table_end},
    {"csv", csv_head, csv_line, nothing_more},
    {"json", json_head, json_row, json_end},
    {"xlsx", xlsx_head, xlsx_line, xlsx_end},
};

void inventory_print_begin(struct inventory_print *p, const char *format,
                           const struct ca_config *ca, const struct inventory_filter *filter,
                           inventory_sink *sink, void *sink_ctx)
{
    *p = (struct inventory_print){
        .format = &formats[0], .sink = sink, .sink_ctx = sink_ctx, .out = BUF_INIT(ROW_MAX)};
    for (size_t i = 0; i < NITEMS(formats); i++) {
        p->format = str_eq(formats[i].name, format) ? &formats[i] : p->format;
    }
    p->format->begin(p, ca, filter);
}

static bool flush(struct inventory_print *p, struct err *err)
{
    if (buf_failed(&p->out)) {
        return err_set(err, ERR_INTERNAL, "a row is larger than %d bytes", ROW_MAX);
    }
    const bool ok = !p->out.n || p->sink(p->sink_ctx, buf_span(&p->out), err);
    buf_reset(&p->out);
    return ok;
}

bool inventory_print_row(struct inventory_print *p, const struct ca_listed *row, struct err *err)
{
    p->format->row(p, row);
    return (p->out.n < FLUSH_AT && !buf_failed(&p->out)) || flush(p, err);
}

bool inventory_print_end(struct inventory_print *p, const struct inventory_totals *totals,
                         struct err *err)
{
    return p->format->end(p, totals, err) && flush(p, err);
}

void inventory_print_release(struct inventory_print *p)
{
    buf_release(&p->out);
    table_release(&p->table);
    xlsx_abandon(&p->xlsx);
}
