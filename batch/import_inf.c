/* SPDX-License-Identifier: Apache-2.0
 *
 * Request files of certreq (Windows): [NewRequest] with subject and key, [Extensions] with
 * alternative names as 2.5.29.17 = "{text}dns=www.example.com&" and _continue_ lines,
 * [RequestAttributes] with the template. One file is one order. Keys that say how Windows stores
 * the key it would make mean nothing here: the key is made by certbatch.
 */
#include "batch/import_parts.h"

#include "formats/base/limits.h"

#include <string.h>

struct inf {
    struct import *im;
    struct import_item item;
    struct clean clean;
    const char *section;
    struct buf san; /* joined, or empty */
    bool in_san;
    const char *algorithm, *length;
    bool bad;
    uint32_t line;
};

static void refuse(struct inf *x, const char *key, const char *why)
{
    x->bad = true;
    import_error(x->im, x->item.file, x->line, 0, SIZE_MAX, "%s: %s", key, why);
}

static void note(struct inf *x, const char *key, const char *value)
{
    VEC_PUSH(&x->item.notes, arena_printf(&x->im->arena, "%s: %s", key,
                                          str_vis_dup(&x->im->arena, value, strlen(value))));
}

static bool take_subject(struct inf *x, const char *value)
{
    return import_subject(&x->clean, value, &x->item);
}

static bool take_length(struct inf *x, const char *value)
{
    x->length = value;
    return true;
}

static bool take_algorithm(struct inf *x, const char *value)
{
    x->algorithm = value;
    return true;
}

static bool take_san(struct inf *x, const char *value)
{
    value += str_starts(value, "{text}") ? 6 : 0;
    buf_puts(&x->san, value);
    buf_putc(&x->san, '&');
    x->in_san = true;
    return true;
}

static bool take_template(struct inf *x, const char *value)
{
    const struct import_product *p = x->im->profile.products.v;
    for (size_t i = 0; i < x->im->profile.products.n; i++) {
        if (str_ieq(p[i].from, value)) {
            x->item.product = p[i].to;
            return true;
        }
    }
    VEC_PUSH(&x->item.decide,
             arena_printf(&x->im->arena, "SAY THE PRODUCT of your CA: the template is %s",
                          str_vis_dup(&x->im->arena, value, strlen(value))));
    return true;
}

static bool take_name(struct inf *x, const char *value)
{
    x->item.friendly_name = value;
    return true;
}

static bool take_renewed(struct inf *x, const char *value)
{
    const char *hex = clean_fingerprint(&x->clean, value);
    if (hex) {
        VEC_PUSH(&x->item.decide,
                 arena_printf(&x->im->arena,
                              "SAY WHAT IT REPLACES: it renews the certificate with the "
                              "fingerprint %s",
                              hex));
    }
    return hex != NULL;
}

static bool take_binary(struct inf *x, const char *value UNUSED)
{
    x->clean.why = "an extension in base64 is not read: write its names as {text}";
    return false;
}

static const struct {
    const char *section, *key;
    bool (*take)(struct inf *x, const char *value);
} keys[] = {
    {"NewRequest", "Subject", take_subject},
    {"NewRequest", "KeyLength", take_length},
    {"NewRequest", "KeyAlgorithm", take_algorithm},
    {"NewRequest", "FriendlyName", take_name},
    {"NewRequest", "RenewalCert", take_renewed},
    {"Extensions", "2.5.29.17", take_san},
    {"RequestAttributes", "CertificateTemplate", take_template},
    {"RequestAttributes", "SAN", take_san},
};

/* Without quotation marks around it and without a comment (";") behind it. */
static char *plain_value(struct arena *a, const char *value)
{
    value += strspn(value, " \t");
    if (*value == '"') {
        const char *end = strrchr(value + 1, '"');
        char *out =
            arena_strndup(a, value + 1, end ? (size_t)(end - value - 1) : strlen(value) - 1);
        size_t to = 0; /* a mark inside is doubled */
        for (size_t i = 0; out[i]; i++) {
            i += out[i] == '"' && out[i + 1] == '"';
            out[to++] = out[i];
        }
        out[to] = '\0';
        return out;
    }
    size_t n = strcspn(value, ";");
    while (n && strchr(" \t", value[n - 1])) {
        n--;
    }
    return arena_strndup(a, value, n);
}

static void take_pair(struct inf *x, const char *key, const char *value)
{
    const bool more = str_ieq(key, "_continue_");
    if (more) {
        if (x->in_san) {
            buf_puts(&x->san, value);
            buf_putc(&x->san, '&');
        }
        return;
    }
    x->in_san = false;
    for (size_t i = 0; i < NITEMS(keys); i++) {
        if (str_ieq(keys[i].section, x->section) && str_ieq(keys[i].key, key)) {
            const bool binary = str_starts(value, "{") && !str_starts(value, "{text}");
            if (binary ? !take_binary(x, value) : !keys[i].take(x, value)) {
                refuse(x, key, x->clean.why);
            }
            return;
        }
    }
    if (str_ieq(x->section, "Extensions") || str_ieq(x->section, "EnhancedKeyUsageExtension")) {
        note(x, key, value);
    }
}

static void take_line(struct inf *x, const char *line)
{
    struct arena *a = &x->im->arena;
    line += strspn(line, " \t");
    const char *equals = strchr(line, '=');
    if (!*line || *line == ';') {
        return;
    }
    if (*line == '[') {
        x->section = arena_strndup(a, line + 1, strcspn(line + 1, "]"));
        x->in_san = false;
        return;
    }
    if (equals) {
        size_t n = (size_t)(equals - line);
        while (n && strchr(" \t", line[n - 1])) {
            n--;
        }
        take_pair(x, arena_strndup(a, line, n), plain_value(a, equals + 1));
    }
}

static void finish(struct inf *x)
{
    struct import_item *item = &x->item;
    x->line = 0;
    if (item->common_name) {
        const char *host = clean_host(&x->clean, item->common_name);
        if (host) {
            item->common_name = strchr(host, ':') + 1;
        } else {
            refuse(x, "Subject", x->clean.why);
        }
    }
    if (x->san.n && !clean_names(&x->clean, buf_text(&x->san), &item->san)) {
        refuse(x, "2.5.29.17", x->clean.why);
    }
    if (!item->common_name && !item->san.n && !x->bad) {
        refuse(x, "Subject", "the file has neither a common name nor alternative names");
    }
    if (x->algorithm || x->length) {
        const char *algorithm = x->algorithm ? x->algorithm : "RSA";
        item->key = clean_key(&x->clean, algorithm, x->length ? x->length : "");
        if (!item->key) {
            note(x, "a key that is not made here", algorithm);
        }
    }
    item->base = item->common_name ? item->common_name
                 : item->san.n     ? strchr(item->san.v[0], ':') + 1
                                   : "request";
    item->outputs = x->im->profile.constants[IMPORT_OUTPUTS];
}

static bool take(struct import *im, const char *path, struct span bytes, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    struct inf x = {.im = im, .section = "", .san = BUF_INIT(LIMIT_TABLE_CELL)};
    if (!text_in(path, bytes, (enum text_encoding)im->profile.encoding, &text, err)) {
        return false;
    }
    x.item = (struct import_item){.file = path, .row_index = SIZE_MAX};
    x.clean = (struct clean){.arena = &im->arena, .mends = &x.item.mends};
    for (const char *p = buf_text(&text); *p;) {
        const size_t n = strcspn(p, "\n");
        x.line++;
        take_line(&x, arena_strndup(&im->arena, p, n));
        p += n + (p[n] == '\n');
    }
    finish(&x);
    buf_release(&x.san);
    if (x.bad) {
        import_item_release(&x.item);
    } else {
        *import_add(im) = x.item;
    }
    return true;
}

bool import_inf(struct import *im, struct err *err)
{
    return import_files(im, ".inf", take, err);
}
