/* SPDX-License-Identifier: Apache-2.0
 *
 * report.csv: one row an item, for people who open it in a spreadsheet (cells are formula-safe).
 */
#include "batch/report.h"

#include "formats/base/csv.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

enum { FLUSH_AT = 64 * 1024, ROW_MAX = 16 * 1024 * 1024 };

enum cell_kind { CELL_TEXT, CELL_DIGEST, CELL_TIME, CELL_KIND, CELL_STATE, CELL_NAMES, CELL_COUNT };

static const struct column {
    const char *name;
    enum cell_kind kind;
    size_t offset;
} columns[] = {
#define C(name, member, kind)                                                                      \
    {                                                                                              \
        name, kind, offsetof(struct item_record, member)                                           \
    }
    C("id", id, CELL_TEXT),
    C("kind", kind, CELL_KIND),
    C("action", action, CELL_TEXT),
    C("ca", ca, CELL_TEXT),
    C("product", product, CELL_TEXT),
    C("state", state, CELL_STATE),
    C("order", order_id, CELL_TEXT),
    C("serial", serial, CELL_TEXT),
    C("sha256", sha256, CELL_DIGEST),
    C("spki_sha256", spki_sha256, CELL_DIGEST),
    C("common_name", common_name, CELL_TEXT),
    C("san", san, CELL_NAMES),
    C("issuer", issuer, CELL_TEXT),
    C("not_before", not_before, CELL_TIME),
    C("not_after", not_after, CELL_TIME),
    C("error_code", error_code, CELL_TEXT),
    C("error_message", error_message, CELL_TEXT),
    C("attempts", attempts, CELL_COUNT),
#undef C
};

/* The JSON array of names as one cell, names separated by blanks. */
static void names_cell(struct buf *out, const char *json, bool first)
{
    CLEANUP(buf_release) struct buf names = BUF_INIT(ROW_MAX);
    struct err ignored = ERR_INIT;
    json_t *t = json ? json_parse("san", json, strlen(json), &ignored) : NULL;
    for (size_t i = 0; i < json_array_size(t); i++) {
        const char *name = json_string_value(json_array_get(t, i));
        buf_printf(&names, "%s%s", i ? " " : "", name ? name : "");
    }
    csv_cell(out, buf_text(&names), first);
    if (t) {
        json_tree_release(&t);
    }
}

static void put_cell(struct buf *out, const struct column *c, const struct item_record *item,
                     bool first)
{
    const void *at = (const char *)item + c->offset;
    char text[TIME_TEXT] = "";
    switch (c->kind) {
    case CELL_TEXT:
        csv_cell(out, *(const char *const *)at, first);
        return;
    case CELL_DIGEST:
        csv_cell(out, at, first);
        return;
    case CELL_NAMES:
        names_cell(out, *(const char *const *)at, first);
        return;
    case CELL_KIND:
        csv_cell(out, item->kind == ITEM_ORDER ? "order" : "revocation", first);
        return;
    case CELL_STATE:
        csv_cell(out, state_report_name(item->state), first);
        return;
    case CELL_TIME:
        if (*(const int64_t *)at != TIME_NONE) {
            time_format(*(const int64_t *)at, text);
        }
        break;
    case CELL_COUNT:
        (void)snprintf(text, sizeof text, "%u", *(const unsigned *)at);
        break;
    }
    csv_cell(out, text, first);
}

static bool flush(struct buf *b, report_sink *sink, void *ctx, struct err *err)
{
    if (buf_failed(b)) {
        return err_set(err, ERR_INTERNAL, "a row of the report is larger than %d bytes", ROW_MAX);
    }
    bool ok = sink(ctx, buf_span(b), err);
    buf_reset(b);
    return ok;
}

bool report_csv_to(const struct report *r, report_sink *sink, void *ctx, struct err *err)
{
    const struct history *h = r->history;
    CLEANUP(buf_release) struct buf b = BUF_INIT(ROW_MAX);
    for (size_t c = 0; c < NITEMS(columns); c++) {
        csv_cell(&b, columns[c].name, c == 0);
    }
    csv_end(&b);
    for (size_t i = 0; i < h->n; i++) {
        for (size_t c = 0; c < NITEMS(columns); c++) {
            put_cell(&b, &columns[c], &h->v[i], c == 0);
        }
        csv_end(&b);
        if ((b.n >= FLUSH_AT || buf_failed(&b)) && !flush(&b, sink, ctx, err)) {
            return false;
        }
    }
    return flush(&b, sink, ctx, err);
}
