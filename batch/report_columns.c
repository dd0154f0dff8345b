/* SPDX-License-Identifier: Apache-2.0
 *
 * See report_columns.h. A column is a getter and, where the value stands in the record as it is,
 * its offset.
 */
#include "batch/report_columns.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

static const char *const kinds[] = {[ITEM_ORDER] = "order", [ITEM_REVOCATION] = "revocation"};

static const void *at(const struct report_column *c, const struct item_record *item)
{
    return (const char *)item + c->offset;
}

static void get_text(const struct report *r UNUSED, const struct report_column *c,
                     const struct item_record *item, struct buf *scratch UNUSED,
                     struct report_cell *out)
{
    out->text = *(const char *const *)at(c, item);
}

static void get_digest(const struct report *r UNUSED, const struct report_column *c,
                       const struct item_record *item, struct buf *scratch UNUSED,
                       struct report_cell *out)
{
    out->text = at(c, item);
}

static void get_kind(const struct report *r UNUSED, const struct report_column *c UNUSED,
                     const struct item_record *item, struct buf *scratch UNUSED,
                     struct report_cell *out)
{
    out->text = kinds[item->kind];
}

static void get_state(const struct report *r UNUSED, const struct report_column *c UNUSED,
                      const struct item_record *item, struct buf *scratch UNUSED,
                      struct report_cell *out)
{
    out->text = state_report_name(item->state);
}

static void get_time(const struct report *r UNUSED, const struct report_column *c,
                     const struct item_record *item, struct buf *scratch, struct report_cell *out)
{
    char text[TIME_TEXT];
    out->number = *(const int64_t *)at(c, item);
    if (out->number != TIME_NONE) {
        time_format(out->number, text);
        buf_puts(scratch, text);
    }
}

static void put_number(struct buf *scratch, struct report_cell *out, size_t n)
{
    out->number = (int64_t)n;
    buf_printf(scratch, "%zu", n);
}

static void get_attempts(const struct report *r UNUSED, const struct report_column *c UNUSED,
                         const struct item_record *item, struct buf *scratch,
                         struct report_cell *out)
{
    put_number(scratch, out, item->attempts);
}

static void get_findings(const struct report *r, const struct report_column *c UNUSED,
                         const struct item_record *item, struct buf *scratch,
                         struct report_cell *out)
{
    size_t n;
    (void)report_findings(r, item->id, &n);
    put_number(scratch, out, n);
}

/* The strings of a JSON array, or of one member of its objects. */
static void put_list(struct buf *scratch, const char *json, const char *member)
{
    struct err ignored = ERR_INIT;
    json_t *list = json ? json_parse("list", json, strlen(json), &ignored) : NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        const char *text = member ? json_get_str(v, member) : json_string_value(v);
        buf_printf(scratch, "%s%s", i ? " " : "", text ? text : "");
    }
    if (list) {
        json_tree_release(&list);
    }
}

static void get_names(const struct report *r UNUSED, const struct report_column *c UNUSED,
                      const struct item_record *item, struct buf *scratch,
                      struct report_cell *out UNUSED)
{
    put_list(scratch, item->san, NULL);
}

static void get_outputs(const struct report *r UNUSED, const struct report_column *c UNUSED,
                        const struct item_record *item, struct buf *scratch,
                        struct report_cell *out UNUSED)
{
    put_list(scratch, item->outputs, "path");
}

/* Exceptions and approvals are the batch's: every row of a table that is filtered and cut up tells
 * of them. */
static void get_exceptions(const struct report *r, const struct report_column *c UNUSED,
                           const struct item_record *item UNUSED, struct buf *scratch,
                           struct report_cell *out UNUSED)
{
    for (size_t i = 0; i < r->history->exceptions.n; i++) {
        buf_puts(scratch, i ? " | " : "");
        report_exception_line(scratch, &r->history->exceptions.v[i]);
    }
}

static void get_approvals(const struct report *r, const struct report_column *c UNUSED,
                          const struct item_record *item UNUSED, struct buf *scratch,
                          struct report_cell *out UNUSED)
{
    const struct approval_record *a;
    for (size_t at = 0; (a = history_approval(r->history, &at));) {
        buf_puts(scratch, scratch->n ? " | " : "");
        report_approval_line(scratch, a);
    }
}

const struct report_column report_columns[] = {
#define C(name, head, kind, width, member, get)                                                    \
    {                                                                                              \
        name, head, REPORT_##kind, width, offsetof(struct item_record, member), get                \
    }
    C("id", "ITEM", TEXT, 20, id, get_text),
    C("kind", "KIND", WORD, 11, kind, get_kind),
    C("action", "ACTION", TEXT, 9, action, get_text),
    C("ca", "CA", TEXT, 16, ca, get_text),
    C("product", "PRODUCT", TEXT, 16, product, get_text),
    C("state", "STATE", WORD, 12, state, get_state),
    C("order", "ORDER", TEXT, 36, order_id, get_text),
    C("serial", "SERIAL", TEXT, 36, serial, get_text),
    C("sha256", "SHA256", TEXT, 66, sha256, get_digest),
    C("spki_sha256", "SPKI SHA256", TEXT, 66, spki_sha256, get_digest),
    C("common_name", "NAME", TEXT, 30, common_name, get_text),
    C("san", "NAMES", NAMES, 50, san, get_names),
    C("issuer", "ISSUER", TEXT, 40, issuer, get_text),
    C("not_before", "NOT BEFORE", TIME, 20, not_before, get_time),
    C("not_after", "NOT AFTER", TIME, 20, not_after, get_time),
    C("error_code", "CODE", TEXT, 18, error_code, get_text),
    C("error_message", "ERROR", TEXT, 60, error_message, get_text),
    C("attempts", "ATTEMPTS", NUMBER, 10, attempts, get_attempts),
    C("findings", "FINDINGS", NUMBER, 10, id, get_findings),
    C("outputs", "OUTPUTS", NAMES, 30, outputs, get_outputs),
    C("exceptions", "EXCEPTIONS", TEXT, 30, id, get_exceptions),
    C("approvals", "APPROVALS", TEXT, 30, id, get_approvals),
#undef C
};
const size_t report_columns_count = NITEMS(report_columns);

const struct report_column *report_column_find(const char *name)
{
    for (size_t i = 0; i < NITEMS(report_columns); i++) {
        if (str_eq(report_columns[i].name, name)) {
            return &report_columns[i];
        }
    }
    return NULL;
}

void report_cell(const struct report *r, const struct report_column *c,
                 const struct item_record *item, struct buf *scratch, struct report_cell *out)
{
    *out = (struct report_cell){.number = c->kind == REPORT_TIME ? TIME_NONE : 0};
    buf_reset(scratch);
    c->get(r, c, item, scratch, out);
    out->text = out->text ? out->text : buf_text(scratch);
}

const char *report_column_word(const struct report_column *c, size_t i)
{
    if (c->get == get_kind) {
        return i < NITEMS(kinds) ? kinds[i] : NULL;
    }
    if (c->get == get_state) {
        return i < report_states_count ? state_report_name(report_states[i]) : NULL;
    }
    return NULL;
}
