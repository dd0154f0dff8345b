/* SPDX-License-Identifier: Apache-2.0
 *
 * See status.h. One list of columns drives all formats.
 */
#include "cmd/status.h"

#include "batch/report_sheet.h"
#include "formats/base/csv.h"
#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

enum { ROW_MAX = 16 << 20, TABLE_MAX = 512 << 20, FLUSH_AT = 64 * 1024 };

/* Of a table that was not asked for its columns. */
static const char table_columns[] =
    "id,action,state,ca,product,common_name,serial,not_after,error_message";

bool status_view_read(struct status_view *v, const struct options *o, struct err *err)
{
    const int64_t now = time_now();
    bool ok = !o->columns || status_columns_add(&v->columns, o->columns, err);
    for (size_t i = 0; ok && i < o->filters.n; i++) {
        ok = status_filter_add(&v->filters, o->filters.v[i], now, err);
    }
    return ok;
}

void status_view_release(struct status_view *v)
{
    status_filters_release(&v->filters);
    status_columns_release(&v->columns);
}

/* What a writer needs: the report holds only the items that are shown. */
struct status_job {
    const struct report *r;
    const struct report_column *const *columns;
    size_t n;
    bool plain; /* no filter and no columns: the whole report */
    struct out *out;
    struct buf row, scratch;
};

static bool pour(struct status_job *j, size_t keep, struct err *err)
{
    if (buf_failed(&j->row)) {
        return err_set(err, ERR_INTERNAL, "a row is larger than %zu bytes", j->row.max);
    }
    if (j->row.n <= keep) {
        return true;
    }
    const bool ok = out_write(j->out, buf_span(&j->row), err);
    buf_reset(&j->row);
    return ok;
}

/* --- table --- */
static bool print_table(struct status_job *j, struct err *err)
{
    struct table table;
    struct report_cell cell;
    CLEANUP(buf_release) struct buf whole = BUF_INIT(TABLE_MAX);
    table_init(&table, j->n);
    for (size_t k = 0; k < j->n; k++) {
        table_cell(&table, j->columns[k]->head);
    }
    for (size_t i = 0; i < j->r->history->n; i++) {
        for (size_t k = 0; k < j->n; k++) {
            char day[TIME_TEXT];
            report_cell(j->r, j->columns[k], &j->r->history->v[i], &j->scratch, &cell);
            if (j->columns[k]->kind == REPORT_TIME && cell.number != TIME_NONE) {
                time_format_date(cell.number, day);
                cell.text = day;
            }
            table_cell(&table, cell.text);
        }
    }
    table_print(&table, &whole);
    const bool fits = !buf_failed(&table.text) && !buf_failed(&whole);
    table_release(&table);
    return fits ? out_write(j->out, buf_span(&whole), err)
                : err_set(err, ERR_INPUT, "too many items for a table: say --format csv");
}

/* --- csv --- */
static bool print_csv(struct status_job *j, struct err *err)
{
    struct report_cell cell;
    bool ok = true;
    for (size_t k = 0; k < j->n; k++) {
        csv_cell(&j->row, j->columns[k]->name, k == 0);
    }
    csv_end(&j->row);
    for (size_t i = 0; ok && i < j->r->history->n; i++) {
        for (size_t k = 0; k < j->n; k++) {
            report_cell(j->r, j->columns[k], &j->r->history->v[i], &j->scratch, &cell);
            csv_cell(&j->row, cell.text, k == 0);
        }
        csv_end(&j->row);
        ok = pour(j, FLUSH_AT, err);
    }
    return ok && pour(j, 0, err);
}

/* --- json --- */
static void json_value(struct jw *w, const struct report_column *c, const struct report_cell *cell)
{
    if (c->kind == REPORT_NUMBER) {
        jw_int(w, c->name, cell->number);
    } else if (c->kind == REPORT_NAMES) {
        jw_array(w, c->name);
        for (const char *p = cell->text; *p;) {
            const size_t n = strcspn(p, " ");
            jw_strn(w, NULL, p, n);
            p += n + strspn(p + n, " ");
        }
        jw_end(w);
    } else {
        jw_str(w, c->name, cell->text[0] ? cell->text : NULL);
    }
}

static bool print_json_columns(struct status_job *j, struct err *err)
{
    struct jw w;
    struct report_cell cell;
    bool ok = true;
    jw_begin(&w, &j->row, JW_PRETTY);
    jw_object(&w, NULL);
    jw_str(&w, "batch", j->r->history->batch);
    jw_array(&w, "items");
    for (size_t i = 0; ok && i < j->r->history->n; i++) {
        jw_object(&w, NULL);
        for (size_t k = 0; k < j->n; k++) {
            report_cell(j->r, j->columns[k], &j->r->history->v[i], &j->scratch, &cell);
            json_value(&w, j->columns[k], &cell);
        }
        jw_end(&w);
        ok = pour(j, FLUSH_AT, err);
    }
    jw_end(&w);
    jw_end(&w);
    return ok && jw_finish(&w, err) && pour(j, 0, err);
}

static bool print_json(struct status_job *j, struct err *err)
{
    return j->columns ? print_json_columns(j, err) : report_json_to(j->r, out_write, j->out, err);
}

/* --- xlsx --- */
static bool print_xlsx(struct status_job *j, struct err *err)
{
    if (j->plain) {
        return report_xlsx_to(j->r, out_write, j->out, err);
    }
    CLEANUP(xlsx_abandon) struct xlsx *x = report_sheet_new(j->r->history);
    report_sheet(x, j->columns, j->n);
    for (size_t i = 0; i < j->r->history->n; i++) {
        report_sheet_row(x, j->r, j->columns, j->n, &j->r->history->v[i], &j->scratch);
    }
    return xlsx_finish(&x, out_write, j->out, err);
}

/* --- formats --- */
enum unnamed { ITS_OWN, EVERY_COLUMN, TABLE_COLUMNS };
static const struct status_format {
    const char *name;
    enum unnamed unnamed; /* the columns when none are named */
    bool binary;
    bool (*print)(struct status_job *j, struct err *err);
} formats[] = {
    {"table", TABLE_COLUMNS, false, print_table},
    {"csv", EVERY_COLUMN, false, print_csv},
    {"json", ITS_OWN, false, print_json},
    {"xlsx", EVERY_COLUMN, true, print_xlsx},
};

static const struct status_format *format_named(const char *name)
{
    for (size_t i = 0; i < NITEMS(formats); i++) {
        if (str_eq(formats[i].name, name)) {
            return &formats[i];
        }
    }
    return &formats[0];
}

static bool choose_columns(const struct status_view *v, const struct status_format *f,
                           struct status_columns *out, struct err *err)
{
    for (size_t i = 0; i < v->columns.n; i++) {
        VEC_PUSH(out, v->columns.v[i]);
    }
    const bool every = !out->n && f->unnamed == EVERY_COLUMN;
    for (size_t i = 0; every && i < report_columns_count; i++) {
        VEC_PUSH(out, &report_columns[i]);
    }
    return out->n || f->unnamed != TABLE_COLUMNS || status_columns_add(out, table_columns, err);
}

/* The history again, with the items that pass only. */
static struct history shown(const struct status_view *v, const struct report *r)
{
    CLEANUP(buf_release) struct buf scratch = BUF_INIT(ROW_MAX);
    struct history h = *r->history;
    h.slots = NULL;
    h.nslots = h.n = h.cap = 0;
    h.v = NULL;
    for (size_t i = 0; i < r->history->n; i++) {
        if (status_filter_match(&v->filters, r, &r->history->v[i], &scratch)) {
            VEC_PUSH(&h, r->history->v[i]);
        }
    }
    return h;
}

bool status_print(const struct status_view *v, struct report *r, const char *format,
                  const struct options *o, struct term *t, struct err *err)
{
    const struct status_format *f = format_named(format);
    const struct history *all = r->history;
    CLEANUP(status_columns_release) struct status_columns columns = {0};
    struct out out;
    struct history h = shown(v, r);
    r->history = &h;
    struct status_job j = {.r = r,
                           .plain = !v->filters.n && !v->columns.n,
                           .out = &out,
                           .row = BUF_INIT(ROW_MAX),
                           .scratch = BUF_INIT(ROW_MAX)};
    bool ok = choose_columns(v, f, &columns, err);
    j.columns = columns.v;
    j.n = columns.n;
    ok = ok && out_open(&out, o, t, f->binary, err);
    ok = ok && out_close(&out, o, f->print(&j, err), err);
    buf_release(&j.row);
    buf_release(&j.scratch);
    free(h.v);
    r->history = all;
    return ok;
}
