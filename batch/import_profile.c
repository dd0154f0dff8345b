/* SPDX-License-Identifier: Apache-2.0
 *
 * See import_profile.h: the tables of the language, and what they cannot say.
 */
#include "batch/import_profile.h"

#include "batch/import_dates.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/zone.h"

#include <string.h>

#define FIELD_LABEL(ID, label, help) [IMPORT_##ID] = #label,
const char *const import_field_names[IMPORT__MAX] = {IMPORT_FIELDS(FIELD_LABEL)};

static const struct word kind_words[] = {
    {"table", IMPORT_TABLE, "CSV or XLSX, a certificate in each row"},
    {"change", IMPORT_CHANGE, "a change ticket as CSV, XLSX or JSON"},
    {"hosts", IMPORT_HOSTS, "lines of HOST or HOST:PORT, # begins a comment"},
    {"pem", IMPORT_PEM, "certificates and requests, a file or a folder"},
    {"inf", IMPORT_INF, "request files of certreq, one or a folder"},
    {0}};
static const struct word delimiter_words[] = {{"auto", 0, "detected in the first line"},
                                              {"comma", ',', NULL},
                                              {"semicolon", ';', NULL},
                                              {"tab", '\t', NULL},
                                              {"bar", '|', NULL},
                                              {0}};
static const struct word encoding_words[] = {
    {"auto", TEXT_AUTO, "UTF-8, or UTF-16 by its byte order mark"},
    {"utf-8", TEXT_UTF8, NULL},
    {"utf-16le", TEXT_UTF16LE, NULL},
    {"utf-16be", TEXT_UTF16BE, NULL},
    {"windows-1252", TEXT_WINDOWS_1252, NULL},
    {0}};
static const struct word serial_words[] = {{"hex", SERIAL_HEX, "digits are hexadecimal"},
                                           {"decimal", SERIAL_DECIMAL, "digits are decimal"},
                                           {0}};

static bool date_format_is(const char *text, const char **why)
{
    *why = "must be made of yyyy MM MMM M dd d HH H mm ss, with a year, a month and a day";
    return import_date_format_ok(text);
}

static bool zone_is(const char *text, const char **why)
{
    struct zone z;
    struct err err = ERR_INIT;
    const bool ok = zone_open(&z, text, &err);
    *why = "must be UTC, an offset like +02:00, or a name like Europe/Berlin";
    zone_release(&z);
    return ok;
}

static bool field_is(const char *text, const char **why)
{
    *why = "must be a field that `columns` has, or '-' for a column that is not used";
    for (size_t i = 0; i < IMPORT__MAX; i++) {
        if (str_eq(import_field_names[i], text)) {
            return true;
        }
    }
    return str_eq(text, "-");
}

/* --- the tables --- */
/* clang-format off */
#define COLUMN(ID, label, text)                                                                    \
    {.name = #label, .kind = FIELD_STRINGS, .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,        \
     .offset = offsetof(struct import_profile, columns) + IMPORT_##ID * sizeof(struct strings),    \
     .help = text},
static const struct field column_fields[] = {IMPORT_FIELDS(COLUMN)};
#define CONSTANT(ID, label, text)                                                                  \
    {.name = #label, .kind = FIELD_STRING, .flags = FIELD_NONEMPTY,                                \
     .offset = offsetof(struct import_profile, constants) + IMPORT_##ID * sizeof(const char *),    \
     .help = text},
static const struct field constant_fields[] = {IMPORT_FIELDS(CONSTANT)};
/* clang-format on */
_Static_assert(NITEMS(column_fields) <= 64, "a schema has at most 64 fields");

static const struct schema columns_schema = {"columns",
                                             "headings of the columns that fill each field",
                                             column_fields,
                                             NITEMS(column_fields),
                                             sizeof(struct import_profile),
                                             NO_OFFSET};
static const struct schema constants_schema = {"constants",
                                               "values of fields that the file does not say",
                                               constant_fields,
                                               NITEMS(constant_fields),
                                               sizeof(struct import_profile),
                                               NO_OFFSET};

static const struct field filter_fields[] = {
    FIELD_TEXT(
        import_filter, column, FIELD_REQUIRED,
        "heading of the column that is looked at; without such a column nothing is left out"),
    {.name = "is",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_ONE_OF,
     .offset = offsetof(struct import_filter, is),
     .help = "only rows with one of these texts are taken"},
    {.name = "is_not",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_ONE_OF,
     .offset = offsetof(struct import_filter, is_not),
     .help = "rows with one of these texts are left out"},
    FIELD_TEXT(import_filter, why, FIELD_REQUIRED,
               "why a row is left out, for the one who imports"),
};
static const struct schema filter_schema = {"filter",
                                            "rows that are left out",
                                            filter_fields,
                                            NITEMS(filter_fields),
                                            sizeof(struct import_filter),
                                            offsetof(struct import_filter, node)};
static const struct field product_fields[] = {
    FIELD_TEXT(import_product, from, FIELD_REQUIRED, "what the file says"),
    FIELD_TEXT(import_product, to, FIELD_REQUIRED, "product of the manifest"),
};
static const struct schema product_schema = {"product",
                                             "what a product of the file is called in manifests",
                                             product_fields,
                                             NITEMS(product_fields),
                                             sizeof(struct import_product),
                                             offsetof(struct import_product, node)};

#define AT(member) offsetof(struct import_profile, member)
static const struct field profile_fields[] = {
    {.name = "certbatch_import",
     .kind = FIELD_INT,
     .flags = FIELD_REQUIRED,
     .offset = AT(version),
     .min = 1,
     .max = 1,
     .help = "version of this format: 1"},
    {.name = "name",
     .kind = FIELD_NAME,
     .flags = FIELD_REQUIRED,
     .offset = AT(name),
     .help = "name of the profile"},
    {.name = "description",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = AT(description),
     .help = "where such files come from"},
    {.name = "kind",
     .kind = FIELD_WORD,
     .offset = AT(kind),
     .words = kind_words,
     .fallback = "table",
     .help = "what is read"},
    {.name = "delimiter",
     .kind = FIELD_WORD,
     .offset = AT(delimiter),
     .words = delimiter_words,
     .fallback = "auto",
     .help = "what separates the cells of CSV"},
    {.name = "encoding",
     .kind = FIELD_WORD,
     .offset = AT(encoding),
     .words = encoding_words,
     .fallback = "auto",
     .help = "encoding of CSV and other text"},
    {.name = "header",
     .kind = FIELD_BOOL,
     .offset = AT(has_header),
     .fallback = "true",
     .help = "the first row that is not empty has the headings"},
    {.name = "positions",
     .kind = FIELD_STRINGS,
     .offset = AT(positions),
     .check = field_is,
     .help = "without headings: the fields of the columns, in order"},
    {.name = "date_formats",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = AT(date_formats),
     .check = date_format_is,
     .help = "how dates are written, beside 2026-11-20 and 20-Nov-2026"},
    {.name = "time_zone",
     .kind = FIELD_STRING,
     .offset = AT(time_zone),
     .check = zone_is,
     .help = "zone of times that say none"},
    {.name = "serial_base",
     .kind = FIELD_WORD,
     .offset = AT(serial_base),
     .words = serial_words,
     .fallback = "hex",
     .help = "how serial numbers are written"},
    {.name = "columns",
     .kind = FIELD_OBJECT,
     .offset = 0,
     .sub = &columns_schema,
     .help = "headings of the columns that fill each field"},
    {.name = "notes",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = AT(notes),
     .help = "headings of columns that are kept as comments of the item"},
    {.name = "constants",
     .kind = FIELD_OBJECT,
     .offset = 0,
     .sub = &constants_schema,
     .help = "values of fields that the file does not say"},
    {.name = "policy",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = AT(policy),
     .help = "policies that the manifest names"},
    {.name = "products",
     .kind = FIELD_OBJECTS,
     .offset = AT(products),
     .sub = &product_schema,
     .help = "what products of the file are called in manifests"},
    {.name = "filter",
     .kind = FIELD_OBJECTS,
     .offset = AT(filter),
     .sub = &filter_schema,
     .help = "rows that are left out"},
};
const struct schema import_profile_schema = {"import profile",
                                             "how an export of another program becomes a manifest",
                                             profile_fields,
                                             NITEMS(profile_fields),
                                             sizeof(struct import_profile),
                                             AT(node)};

/* --- reading --- */
const struct pack *import_profile_find(const char *name)
{
    for (size_t i = 0; i < import_profiles_count; i++) {
        if (str_eq(import_profiles[i].name, name)) {
            return &import_profiles[i];
        }
    }
    return NULL;
}

static bool no_such_profile(const char *name, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    err_set(err, ERR_USAGE, "there is no import profile %s", str_vis_dup(&a, name, strlen(name)));
    err_hint(err, "see: certbatch import --list-profiles; a file is named with its path or ending "
                  "(./mine.yaml)");
    return false;
}

static bool fetch(struct arena *a, const char *name, const struct pack *pack, struct span *out,
                  struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_YAML_BYTES);
    if (pack) {
        *out = (struct span){(const uint8_t *)pack->text, pack->n};
        return true;
    }
    if (!fs_read(name, &text, err)) {
        return false;
    }
    *out = (struct span){arena_memdup(a, buf_text(&text), text.n), text.n};
    return true;
}

static void check_meaning(struct schema_ctx *ctx, const struct import_profile *p)
{
    const bool is_table = p->kind == IMPORT_TABLE || p->kind == IMPORT_CHANGE;
    if (!p->has_header && !p->positions.n && is_table) {
        schema_problem(ctx, p->node, "without headings 'positions' has to say what each column is");
    }
    const struct import_product *products = p->products.v;
    for (size_t i = 0; i < p->products.n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (str_ieq(products[i].from, products[k].from)) {
                schema_problem(ctx, products[i].node, "this product stands twice");
            }
        }
    }
}

bool import_profile_read(struct import_profile *p, struct arena *a, const char *name,
                         struct findings *findings, struct err *err)
{
    const struct pack *pack = import_profile_find(name);
    struct ynode *root = NULL;
    struct span text;
    *p = (struct import_profile){0};
    if (!pack && !policy_is_file(name)) {
        return no_such_profile(name, err);
    }
    if (!fetch(a, name, pack, &text, err)) {
        return false;
    }
    struct schema_ctx ctx = {name, &shape_config, a, findings};
    bool ok = yaml_parse(name, text, &shape_config, a, findings, &root);
    if (root) {
        ok = schema_read(&ctx, &import_profile_schema, root, p) && ok;
        check_meaning(&ctx, p);
    }
    if (!ok || findings_count(findings, SEV_ERROR)) {
        return err_set(err, ERR_INPUT, "the import profile %s cannot be used", name);
    }
    return true;
}

/* The next character of a heading that counts. */
static const char *heading_next(const char *p)
{
    return p + strspn(p, " \t\n_-./:()*");
}

bool import_heading_is(const char *a, const char *b)
{
    for (a = heading_next(a), b = heading_next(b); ascii_lower(*a) == ascii_lower(*b);
         a = heading_next(a + 1), b = heading_next(b + 1)) {
        if (!*a) {
            return true;
        }
    }
    return false;
}
