/* SPDX-License-Identifier: Apache-2.0
 *
 * See inspect_view.h.
 */
#include "formats/inspect_view.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <inttypes.h>
#include <string.h>

enum { INDENT = 2, LABEL_WIDTH = 24 };

/* Labels that are not just the key with blanks for underscores. */
static const struct {
    const char *key, *label;
} labels[] = {
    {"sha256", "SHA-256"},        {"key_sha256", "key SHA-256"}, {"is_ca", "CA"},
    {"crl_number", "CRL number"}, {"der_bytes", "size in DER"},
};

static void lead(struct view *v, const char *key)
{
    char label[64];
    size_t n = strlen(key);
    n = n < sizeof label ? n : sizeof label - 1;
    for (size_t i = 0; i < n; i++) {
        label[i] = key[i] == '_' ? ' ' : key[i];
    }
    label[n] = '\0';
    const char *shown = label;
    for (size_t i = 0; i < NITEMS(labels); i++) {
        shown = str_eq(key, labels[i].key) ? labels[i].label : shown;
    }
    buf_printf(v->out, "%*s%-*s ", (int)(v->depth * INDENT), "",
               LABEL_WIDTH - (int)(v->depth * INDENT), shown);
}

void view_begin(struct view *v, struct buf *out, bool json, const char *file)
{
    *v = (struct view){.json = json, .out = out};
    if (json) {
        jw_begin(&v->j, out, JW_PRETTY);
        jw_object(&v->j, NULL);
        jw_str(&v->j, "file", file);
        jw_array(&v->j, "objects");
        return;
    }
    str_vis(out, file, strlen(file), LIMIT_PATH);
    buf_putc(out, '\n');
}

bool view_finish(struct view *v, struct err *err)
{
    if (v->json) {
        jw_end(&v->j);
        jw_end(&v->j);
        return jw_finish(&v->j, err);
    }
    return !buf_failed(v->out) || err_set(err, ERR_INTERNAL, "the text did not fit");
}

void view_object(struct view *v, const char *kind, const char *title)
{
    if (v->json) {
        jw_object(&v->j, NULL);
        jw_str(&v->j, "kind", kind);
        return;
    }
    v->depth++;
    buf_printf(v->out, "%*s%s\n", (int)(v->depth * INDENT), "", title);
    v->depth++;
}

void view_end(struct view *v)
{
    if (v->json) {
        jw_end(&v->j);
        return;
    }
    v->depth -= 2;
}

void view_objects(struct view *v, const char *key)
{
    if (v->json) {
        jw_array(&v->j, key);
    }
}

void view_objects_end(struct view *v)
{
    if (v->json) {
        jw_end(&v->j);
    }
}

void view_strn(struct view *v, const char *key, const char *value, size_t n)
{
    if (v->json) {
        jw_strn(&v->j, key, value, n);
        return;
    }
    lead(v, key);
    str_vis(v->out, value, n, LIMIT_MESSAGE);
    buf_putc(v->out, '\n');
}

void view_str(struct view *v, const char *key, const char *value)
{
    if (value) {
        view_strn(v, key, value, strlen(value));
    }
}

void view_int(struct view *v, const char *key, int64_t value)
{
    if (v->json) {
        jw_int(&v->j, key, value);
        return;
    }
    lead(v, key);
    buf_printf(v->out, "%" PRId64 "\n", value);
}

void view_bool(struct view *v, const char *key, bool value)
{
    if (v->json) {
        jw_bool(&v->j, key, value);
        return;
    }
    lead(v, key);
    buf_puts(v->out, value ? "yes\n" : "no\n");
}

void view_time(struct view *v, const char *key, int64_t t)
{
    char text[TIME_TEXT];
    if (t != TIME_NONE) {
        time_format(t, text);
        view_str(v, key, text);
    }
}

void view_hex(struct view *v, const char *key, struct span bytes)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    if (bytes.n) {
        view_str(v, key, hex_dup(&a, bytes.p, bytes.n));
    }
}

void view_list(struct view *v, const char *key)
{
    v->items = 0;
    v->list = key;
    if (v->json) {
        jw_array(&v->j, key);
    }
}

void view_item(struct view *v, const char *value, size_t n)
{
    if (v->json) {
        jw_strn(&v->j, NULL, value, n);
        return;
    }
    if (v->items++ == 0) {
        lead(v, v->list);
    } else {
        buf_printf(v->out, "%*s", LABEL_WIDTH + 1, "");
    }
    str_vis(v->out, value, n, LIMIT_MESSAGE);
    buf_putc(v->out, '\n');
}

void view_list_end(struct view *v)
{
    if (v->json) {
        jw_end(&v->j);
    }
}
