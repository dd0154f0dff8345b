/* SPDX-License-Identifier: Apache-2.0
 *
 * See manifest_write.h.
 */
#include "batch/manifest_write.h"

#include "batch/manifest.h"
#include "formats/base/limits.h"
#include "formats/key.h"

#include <string.h>

enum { ID_BASE = 56, NOTE_MAX = 1 << 16 };

/* Lower-case letters, digits, dots and hyphens: the underscore before a number stays free. */
char *manifest_item_id(struct arena *a, const char *name)
{
    const bool star = str_starts(name, "*.");
    char *id =
        arena_printf(a, "%s%.*s", star ? "wildcard." : "", ID_BASE - 9, name + (star ? 2 : 0));
    for (char *p = id; *p; p++) {
        const char c = ascii_lower(*p);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        *p = plain ? c : '-';
    }
    return name_is_safe(id) ? id : arena_printf(a, "x%s", id);
}

void manifest_note(struct buf *b, const char *text)
{
    buf_puts(b, "    # ");
    str_vis(b, text, strlen(text), LIMIT_VALUE_SHOWN);
    buf_putc(b, '\n');
}

void manifest_put(struct buf *b, const char *key, const char *text)
{
    buf_printf(b, "    %s: ", key);
    yaml_put_text(b, text);
    buf_putc(b, '\n');
}

void manifest_put_names(struct buf *b, const struct general_names *san, struct arena *a)
{
    size_t n = 0;
    for (size_t i = 0; i < san->n; i++) {
        const struct general_name *g = &san->v[i];
        const bool can =
            g->type == GN_DNS || g->type == GN_IP || g->type == GN_EMAIL || g->type == GN_URI;
        if (!can || g->malformed) {
            manifest_note(b, arena_printf(a, "not taken over, a name an order cannot say: %s:%s",
                                          gn_type_names[g->type], g->text));
            continue;
        }
        buf_puts(b, n++ ? ", " : "    san: [");
        yaml_put_text(b, arena_printf(a, "%s:%s", gn_type_names[g->type], g->text));
    }
    buf_puts(b, n ? "]\n" : "");
}

/* The field of `subject:` that takes the attribute, by the table that reads manifests. */
static const struct field *subject_field(const struct dn_attr *attr)
{
    const struct dn_name *known = dn_name_by_oid(attr->oid);
    const struct schema *subject = NULL;
    for (size_t i = 0; known && i < order_schema.nfields; i++) {
        if (str_eq(order_schema.fields[i].name, "subject")) {
            subject = order_schema.fields[i].sub;
        }
    }
    for (size_t i = 0; subject && i < subject->nfields; i++) {
        if (str_eq(subject->fields[i].name, known->manifest)) {
            return &subject->fields[i];
        }
    }
    return NULL;
}

static bool said_before(const struct dn *dn, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (str_eq(dn->v[k].oid, dn->v[i].oid)) {
            return true;
        }
    }
    return false;
}

static void put_values(struct buf *b, const struct dn *dn, size_t i, bool list)
{
    buf_puts(b, list ? "[" : "");
    yaml_put_text(b, dn->v[i].text);
    for (size_t k = i + 1; list && k < dn->n; k++) {
        if (str_eq(dn->v[k].oid, dn->v[i].oid)) {
            buf_puts(b, ", ");
            yaml_put_text(b, dn->v[k].text);
        }
    }
    buf_puts(b, list ? "]" : "");
}

void manifest_put_subject(struct buf *b, const struct dn *dn, struct arena *a)
{
    CLEANUP(buf_release) struct buf left = BUF_INIT(NOTE_MAX);
    size_t n = 0;
    for (size_t i = 0; i < dn->n; i++) {
        const struct field *f = subject_field(&dn->v[i]);
        const bool again = said_before(dn, i);
        if (str_eq(dn->v[i].name, "CN") || (f && again && f->kind == FIELD_STRINGS)) {
            continue;
        }
        if (!f || again) {
            buf_printf(&left, "%s%s", left.n ? ", " : "", dn->v[i].name);
            continue;
        }
        buf_printf(b, "%s%s: ", n++ ? ", " : "    subject: {", f->name);
        put_values(b, dn, i, f->kind == FIELD_STRINGS);
    }
    buf_puts(b, n ? "}\n" : "");
    if (left.n) {
        manifest_note(b, arena_printf(a, "not taken over from the subject: %s", buf_text(&left)));
    }
}

static bool is_key_token(const char *token)
{
    for (const struct word *w = key_type_words; w->text; w++) {
        if (str_eq(w->text, token)) {
            return true;
        }
    }
    return false;
}

void manifest_put_key(struct buf *b, const char *token, struct arena *a)
{
    if (is_key_token(token)) {
        buf_printf(b, "    key: %s\n", token);
    } else {
        manifest_note(b, arena_printf(a, "its key is %s, which is not made any more", token));
    }
}
