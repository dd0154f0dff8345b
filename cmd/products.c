/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch products CA`: the CA's own catalogue, and by which word a manifest orders each row.
 * CSV has the columns code,name,type,category,price,currency,term,product; JSON the same members:
 *
 *     {"ca": NAME, "type": KIND, "environment": "sandbox"|"production"|null,
 *      "products": [{"code", "name", "type", "category", "price", "currency", "term",
 *                    "product": TEXT|null}]}
 *
 * `product` is what a manifest writes; null ("unknown" in table and CSV): only the code, in quotes.
 */
#include "batch/catalogue.h"

#include "cmd/ask_ca.h"
#include "formats/base/csv.h"
#include "formats/base/json.h"

static const char unknown[] = "unknown";

/* One cell of each row; `known` is our table's row, or NULL. */
struct product_row {
    const struct ca_config *config;
    const struct ca_sold *sold;
    const struct product_info *known;
};

static const char *cell_code(const struct product_row *r)
{
    return r->sold->code;
}
static const char *cell_name(const struct product_row *r)
{
    return r->sold->name;
}
static const char *cell_type(const struct product_row *r)
{
    return r->sold->type_id;
}
static const char *cell_category(const struct product_row *r)
{
    return r->sold->category;
}
static const char *cell_price(const struct product_row *r)
{
    return r->sold->price;
}
static const char *cell_currency(const struct product_row *r)
{
    return r->sold->price ? r->sold->currency : NULL;
}
static const char *cell_term(const struct product_row *r)
{
    return r->sold->term ? r->sold->term : r->known ? r->known->terms : NULL;
}
static const char *cell_known(const struct product_row *r)
{
    return r->known ? product_word(r->config, r->sold->code) : NULL;
}

static const struct column {
    const char *head, *key;
    const char *(*cell)(const struct product_row *r);
    const char *otherwise; /* in the table and in CSV */
} columns[] = {
    {"CODE", "code", cell_code, NULL},    {"NAME", "name", cell_name, NULL},
    {"TYPE", "type", cell_type, NULL},    {"CATEGORY", "category", cell_category, NULL},
    {"PRICE", "price", cell_price, NULL}, {"CURRENCY", "currency", cell_currency, NULL},
    {"TERM", "term", cell_term, NULL},    {"MANIFEST", "product", cell_known, unknown},
};

static const char *cell_of(const struct column *c, const struct product_row *r)
{
    const char *text = c->cell(r);
    return text ? text : c->otherwise;
}

static struct product_row row_of(const struct ca_config *config, const struct ca_sold *sold)
{
    return (struct product_row){config, sold, catalogue_known(config, sold)};
}

static bool as_table(const struct ca_config *config, const struct catalogue *c, struct buf *out,
                     struct err *err UNUSED)
{
    struct table table;
    table_init(&table, NITEMS(columns));
    table.hide_empty = true;
    for (size_t k = 0; k < NITEMS(columns); k++) {
        table_cell(&table, columns[k].head);
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct product_row r = row_of(config, &c->v[i]);
        for (size_t k = 0; k < NITEMS(columns); k++) {
            table_cell(&table, cell_of(&columns[k], &r));
        }
    }
    table_print(&table, out);
    table_release(&table);
    return true;
}

static bool as_csv(const struct ca_config *config, const struct catalogue *c, struct buf *out,
                   struct err *err UNUSED)
{
    for (size_t k = 0; k < NITEMS(columns); k++) {
        csv_cell(out, columns[k].key, k == 0);
    }
    csv_end(out);
    for (size_t i = 0; i < c->n; i++) {
        const struct product_row r = row_of(config, &c->v[i]);
        for (size_t k = 0; k < NITEMS(columns); k++) {
            csv_cell(out, cell_of(&columns[k], &r), k == 0);
        }
        csv_end(out);
    }
    return true;
}

static bool as_json(const struct ca_config *config, const struct catalogue *c, struct buf *out,
                    struct err *err)
{
    struct jw j;
    jw_begin(&j, out, JW_PRETTY);
    jw_object(&j, NULL);
    jw_str(&j, "ca", config->name);
    jw_str(&j, "type", config->type->type);
    jw_str(&j, "environment", ca_environment(config));
    jw_array(&j, "products");
    for (size_t i = 0; i < c->n; i++) {
        const struct product_row r = row_of(config, &c->v[i]);
        jw_object(&j, NULL);
        for (size_t k = 0; k < NITEMS(columns); k++) {
            jw_str(&j, columns[k].key, columns[k].cell(&r));
        }
        jw_end(&j);
    }
    jw_end(&j);
    jw_end(&j);
    return jw_finish(&j, err);
}

static const struct {
    const char *format;
    bool (*write)(const struct ca_config *config, const struct catalogue *c, struct buf *out,
                  struct err *err);
} formats[] = {{"table", as_table}, {"csv", as_csv}, {"json", as_json}};

/* What a person should know beside the list. */
static void remarks(const struct ask_ca *c, const struct catalogue *list, const struct options *o,
                    struct term *t)
{
    size_t strange = 0;
    for (size_t i = 0; i < list->n; i++) {
        strange += catalogue_known(c->ca, &list->v[i]) == NULL;
    }
    if (o->quiet) {
        return;
    }
    if (!list->n) {
        term_err(t, "certbatch: CA %s offers no product%s%s", c->ca->name,
                 c->ca->type->no_products ? ": " : "",
                 c->ca->type->no_products ? c->ca->type->no_products : "");
    } else if (strange) {
        term_err(t,
                 "certbatch: %zu of %zu products are unknown: a manifest orders them by their code "
                 "in quotes, or by a name of your own under `products:` of the CA",
                 strange, list->n);
    }
}

static int list_products(struct ask_ca *c, const char *format, const struct options *o,
                         struct term *t)
{
    CLEANUP(catalogue_release) struct catalogue list = CATALOGUE_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT(64u << 20);
    struct err err = ERR_INIT;
    const bool read = catalogue_read(&list, &c->asker, &err);
    term_progress_end(t);
    if (!read) {
        return ask_ca_fail(t, &err);
    }
    for (size_t i = 0; i < NITEMS(formats); i++) {
        if (str_eq(formats[i].format, format) && !formats[i].write(c->ca, &list, &out, &err)) {
            return cmd_fail(t, &err);
        }
    }
    term_out(t, buf_span(&out));
    remarks(c, &list, o, t);
    return EXIT_DONE;
}

int cmd_products(const struct options *o, struct term *t)
{
    const char *format = cmd_format(o, t, "products");
    struct ask_ca c;
    if (!format) {
        return EXIT_USAGE;
    }
    int code = ask_ca_find(&c, o, t);
    code = code == EXIT_DONE ? ask_ca_open(&c, t, CA_PRODUCTS, "list of products") : code;
    code = code == EXIT_DONE ? list_products(&c, format, o, t) : code;
    ask_ca_close(&c);
    return code;
}
