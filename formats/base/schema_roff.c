/* SPDX-License-Identifier: Apache-2.0
 *
 * See schema.h: the key reference of the man page, from the tables that validate.
 */
#include "formats/base/schema.h"

#include "formats/base/limits.h"
#include "formats/base/schema_scalar.h"

#include <stdio.h>

/* roff: a backslash is an escape, '-' may become a hyphen, a leading '.' or ''' is a request. */
static void put_escaped(struct buf *out, const char *s)
{
    if (*s == '.' || *s == '\'') {
        buf_puts(out, "\\&");
    }
    for (; *s; s++) {
        if (*s == '\\') {
            buf_puts(out, "\\e");
        } else if (*s == '-') {
            buf_puts(out, "\\-");
        } else {
            buf_putc(out, *s);
        }
    }
}

static const char *const container_text[FIELD__MAX] = {
    [FIELD_STRINGS] = "list of text",
    [FIELD_OBJECT] = "mapping",
    [FIELD_OBJECT_PTR] = "mapping",
    [FIELD_OBJECTS] = "list of mappings",
    [FIELD_NAMED] = "mapping of names",
    [FIELD_SECRET] = "secret: {env: VARIABLE}, {file: PATH} or {command: [PROGRAM, ...]}",
};

static void put_kind(struct buf *out, const struct field *f)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    if (scalar_kinds[f->kind].parse) {
        scalar_expectation(&text, f);
    } else if (f->kind != FIELD_NODE) {
        buf_puts(&text, container_text[f->kind]);
        buf_puts(&text, f->flags & FIELD_SCALAR_OR_LIST ? ", or one text" : "");
    }
    if (f->flags & FIELD_REQUIRED) {
        buf_printf(&text, "%srequired", text.n ? ", " : "");
    }
    if (f->fallback) {
        buf_printf(&text, "%sdefault %s", text.n ? ", " : "", f->fallback);
    }
    if (text.n) {
        buf_puts(out, " (");
        put_escaped(out, buf_text(&text));
        buf_putc(out, ')');
    }
}

static void put_field(struct buf *out, const struct field *f, const char *path)
{
    buf_puts(out, ".TP\n.B ");
    put_escaped(out, path);
    buf_putc(out, '\n');
    put_escaped(out, f->help ? f->help : f->name);
    put_kind(out, f);
    buf_puts(out, ".\n");
}

void schema_roff_under(struct buf *out, const struct schema *schema, const char *prefix)
{
    for (size_t i = 0; i < schema->nfields; i++) {
        const struct field *f = &schema->fields[i];
        const char *mark = f->kind == FIELD_OBJECTS ? "[]" : f->kind == FIELD_NAMED ? ".NAME" : "";
        char path[256];
        (void)snprintf(path, sizeof path, "%s%s%s%s", prefix, *prefix ? "." : "", f->name, mark);
        put_field(out, f, path);
        if (f->sub) {
            schema_roff_under(out, f->sub, path);
        }
    }
}

void schema_roff(struct buf *out, const struct schema *schema)
{
    schema_roff_under(out, schema, "");
}
