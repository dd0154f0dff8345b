/* SPDX-License-Identifier: Apache-2.0
 *
 * See status_filter.h.
 */
#include "cmd/status_filter.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

static const struct op_row {
    const char *sign;
    enum filter_op op;
    bool order; /* asks for an order of values */
} ops[] = {{"!=", FILTER_NE, false}, {"!~", FILTER_HAS_NOT, false}, {"<=", FILTER_LE, true},
           {">=", FILTER_GE, true},  {"==", FILTER_EQ, false},      {"=", FILTER_EQ, false},
           {"~", FILTER_HAS, false}, {"<", FILTER_LT, true},        {">", FILTER_GT, true}};

static void list_fields(struct buf *out)
{
    for (size_t i = 0; i < report_columns_count; i++) {
        buf_printf(out, "%s%s", i ? " " : "", report_columns[i].name);
    }
}

static bool no_field(const char *name, struct err *err)
{
    CLEANUP(buf_release) struct buf fields = BUF_INIT(1024);
    list_fields(&fields);
    return err_set(err, ERR_USAGE, "there is no field '%.40s': %s", name, buf_text(&fields));
}

static const struct report_column *field(struct arena *a, const char *text, size_t n,
                                         struct err *err)
{
    while (n && text[n - 1] == ' ') {
        n--;
    }
    const char *name = arena_strndup(a, text, n);
    const struct report_column *c = report_column_find(name);
    if (!c) {
        no_field(name, err);
    }
    return c;
}

static const struct op_row *operator_at(const char *text)
{
    for (size_t i = 0; i < NITEMS(ops); i++) {
        if (str_starts(text, ops[i].sign)) {
            return &ops[i];
        }
    }
    return NULL;
}

/* "isued" is a mistake, not a filter that nothing passes. */
static bool known_word(const struct status_filter *f, struct err *err)
{
    CLEANUP(buf_release) struct buf words = BUF_INIT(1024);
    const char *word;
    for (size_t i = 0; (word = report_column_word(f->column, i)) != NULL; i++) {
        if (str_ieq(word, f->value)) {
            return true;
        }
        buf_printf(&words, "%s%s", i ? " " : "", word);
    }
    return err_set(err, ERR_USAGE, "'%.40s' is no %s: %s", f->value, f->column->name,
                   buf_text(&words));
}

static bool read_time(struct status_filter *f, int64_t now, struct err *err)
{
    int64_t seconds;
    if (time_parse_date(f->value, &f->from)) {
        f->to = f->from + DAY_SECONDS;
    } else if (time_parse(f->value, &f->from)) {
        f->to = f->from + 1;
    } else if (duration_parse(f->value, &seconds)) {
        f->from = now + seconds;
        f->to = f->from + 1;
    } else {
        return err_set(err, ERR_USAGE,
                       "'%.40s' is no date for %s: say 2027-03-01, 2027-03-01T12:00:00Z or 30d",
                       f->value, f->column->name);
    }
    return true;
}

static bool read_number(struct status_filter *f, struct err *err)
{
    uint64_t n;
    if (!str_u64(f->value, &n) || n > INT32_MAX) {
        return err_set(err, ERR_USAGE, "'%.40s' is no number for %s", f->value, f->column->name);
    }
    f->from = (int64_t)n;
    f->to = f->from + 1;
    return true;
}

static bool read_value(struct status_filter *f, bool order, int64_t now, struct err *err)
{
    const bool contains = f->op == FILTER_HAS || f->op == FILTER_HAS_NOT;
    if (contains || (!f->value[0] && !order)) {
        return true;
    }
    switch (f->column->kind) {
    case REPORT_TIME:
        return read_time(f, now, err);
    case REPORT_NUMBER:
        return read_number(f, err);
    case REPORT_WORD:
        return order ? err_set(err, ERR_USAGE, "%s has no order: use = != ~ !~", f->column->name)
                     : known_word(f, err);
    case REPORT_NAMES:
        return !order ||
               err_set(err, ERR_USAGE, "%s is several names: use = != ~ !~", f->column->name);
    case REPORT_TEXT:
        break;
    }
    return true;
}

bool status_filter_add(struct status_filters *fs, const char *text, int64_t now, struct err *err)
{
    struct status_filter f = {0};
    const size_t n = strcspn(text, "=!~<>");
    const struct op_row *op = operator_at(text + n);
    if (!op) {
        return err_set(err, ERR_USAGE,
                       "'%.60s' is no filter: FIELD, one of = != ~ !~ < > <= >=, VALUE", text);
    }
    f.column = field(&fs->arena, text, n, err);
    if (!f.column) {
        return false;
    }
    f.op = op->op;
    text += n + strlen(op->sign);
    f.value = arena_strdup(&fs->arena, text + strspn(text, " "));
    if (!read_value(&f, op->order, now, err)) {
        return false;
    }
    VEC_PUSH(fs, f);
    return true;
}

/* --- does an item pass? --- */

static int compare_text(const char *a, const char *b)
{
    while (*a && ascii_lower(*a) == ascii_lower(*b)) {
        a++;
        b++;
    }
    const int x = (unsigned char)ascii_lower(*a);
    const int y = (unsigned char)ascii_lower(*b);
    return (x > y) - (x < y);
}

static bool contains(const char *text, const char *part)
{
    const size_t n = strlen(part);
    for (;; text++) {
        size_t i = 0;
        while (i < n && text[i] && ascii_lower(text[i]) == ascii_lower(part[i])) {
            i++;
        }
        if (i == n) {
            return true;
        }
        if (!*text) {
            return false;
        }
    }
}

static bool same(const char *p, size_t n, const char *value)
{
    size_t i = 0;
    while (i < n && value[i] && ascii_lower(p[i]) == ascii_lower(value[i])) {
        i++;
    }
    return i == n && !value[i];
}

/* One of the names, with or without its type. */
static bool one_is(const char *names, const char *value)
{
    for (const char *p = names; *p;) {
        const size_t n = strcspn(p, " ");
        const char *colon = memchr(p, ':', n);
        const size_t type = colon ? (size_t)(colon - p) + 1 : 0;
        if (same(p, n, value) || (type && same(p + type, n - type, value))) {
            return true;
        }
        p += n + strspn(p + n, " ");
    }
    return false;
}

static bool equals(const struct status_filter *f, const struct report_cell *cell)
{
    if (!f->value[0] || !cell->text[0]) {
        return !f->value[0] && !cell->text[0];
    }
    switch (f->column->kind) {
    case REPORT_TIME:
    case REPORT_NUMBER:
        return cell->number >= f->from && cell->number < f->to;
    case REPORT_NAMES:
        return one_is(cell->text, f->value);
    case REPORT_TEXT:
    case REPORT_WORD:
        break;
    }
    return compare_text(cell->text, f->value) == 0;
}

/* -1 before, 0 equal, 1 after. */
static int order_of(const struct status_filter *f, const struct report_cell *cell)
{
    const bool number = f->column->kind == REPORT_TIME || f->column->kind == REPORT_NUMBER;
    return number ? (cell->number >= f->to) - (cell->number < f->from)
                  : compare_text(cell->text, f->value);
}

static bool passes(const struct status_filter *f, const struct report_cell *cell)
{
    const bool there = cell->text[0] != '\0';
    switch (f->op) {
    case FILTER_EQ:
        return equals(f, cell);
    case FILTER_NE:
        return !equals(f, cell);
    case FILTER_HAS:
        return contains(cell->text, f->value);
    case FILTER_HAS_NOT:
        return !contains(cell->text, f->value);
    case FILTER_LT:
        return there && order_of(f, cell) < 0;
    case FILTER_GT:
        return there && order_of(f, cell) > 0;
    case FILTER_LE:
        return there && order_of(f, cell) <= 0;
    case FILTER_GE:
        return there && order_of(f, cell) >= 0;
    }
    return false;
}

bool status_filter_match(const struct status_filters *f, const struct report *r,
                         const struct item_record *item, struct buf *scratch)
{
    struct report_cell cell;
    for (size_t i = 0; i < f->n; i++) {
        report_cell(r, f->v[i].column, item, scratch, &cell);
        if (!passes(&f->v[i], &cell)) {
            return false;
        }
    }
    return true;
}

void status_filters_release(struct status_filters *f)
{
    free(f->v);
    arena_release(&f->arena);
    *f = (struct status_filters){0};
}

/* --- columns --- */

bool status_columns_add(struct status_columns *c, const char *list, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    for (const char *p = list; *p;) {
        p += strspn(p, " ,");
        const size_t n = strcspn(p, ",");
        const struct report_column *column = n ? field(&a, p, n, err) : NULL;
        if (n && !column) {
            return false;
        }
        for (size_t i = 0; i < c->n; i++) {
            if (c->v[i] == column) {
                return err_set(err, ERR_USAGE, "the column %s is named twice", column->name);
            }
        }
        if (column) {
            VEC_PUSH(c, column);
        }
        p += n;
    }
    return c->n || no_field(list, err);
}

void status_columns_release(struct status_columns *c)
{
    freep(&c->v);
    *c = (struct status_columns){0};
}
