/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading members of CERTInext's replies, which change between spellings (trackingURL,
 * trackingUrl), between text and numbers, and between ways to write a date; and the cursor in
 * which a search travels from one request to the next.
 */
#include "batch/ca/certinext_ops.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

const json_t *certinext_member(const json_t *object, const char *name)
{
    const json_t *exact = json_get(object, name);
    const char *key;
    json_t *v;
    if (exact || !json_is_object(object)) {
        return exact;
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, v)
    {
        if (str_ieq(key, name)) {
            return v;
        }
    }
    return NULL;
}

static const char *trimmed(const char *text, size_t *n)
{
    text += strspn(text, " \t\r\n");
    *n = strlen(text);
    while (*n && strchr(" \t\r\n", text[*n - 1])) {
        --*n;
    }
    return text;
}

const char *certinext_text(struct arena *a, const json_t *object, const char *name)
{
    const json_t *v = certinext_member(object, name);
    const char *text = json_string_value(v);
    size_t n = 0;
    if (json_is_integer(v)) {
        return arena_printf(a, "%lld", (long long)json_integer_value(v));
    }
    if (json_is_real(v)) {
        return arena_printf(a, "%.15g", json_real_value(v));
    }
    if (json_is_boolean(v)) {
        return json_is_true(v) ? "1" : "0";
    }
    text = text ? trimmed(text, &n) : NULL;
    return n ? arena_strndup(a, text, n) : NULL;
}

uint64_t certinext_number(const json_t *object, const char *name, uint64_t otherwise)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *text = certinext_text(&a, object, name);
    uint64_t n = 0;
    return text && str_u64(text, &n) ? n : otherwise;
}

int64_t certinext_time(struct arena *a, const json_t *object, const char *name)
{
    char *text = (char *)(uintptr_t)certinext_text(a, object, name);
    int64_t t = TIME_NONE;
    if (!text || time_parse_any(text, &t)) {
        return t;
    }
    text = arena_strdup(a, text); /* what follows the day is in many forms: the day counts */
    text[strlen(text) > 10 ? 10 : 0] = '\0';
    return time_parse_date(text, &t) ? t : TIME_NONE;
}

/* --- the cursor of a search --- */
static bool read_pages(const char *text, struct certinext_search *out)
{
    char page[24], pages[24];
    const char *slash = strchr(text, '/');
    const char *end = strchr(text, ';');
    if (!slash || !end || slash > end || (size_t)(slash - text) >= sizeof page ||
        (size_t)(end - slash) > sizeof pages) {
        return false;
    }
    memcpy(page, text, (size_t)(slash - text));
    page[slash - text] = '\0';
    memcpy(pages, slash + 1, (size_t)(end - slash - 1));
    pages[end - slash - 1] = '\0';
    return str_u64(page, &out->page) && str_u64(pages, &out->pages);
}

static const char *read_list(struct arena *a, const char *text, struct strlist *out)
{
    while (*text && *text != ';') {
        const size_t n = strcspn(text, ",;");
        if (n) {
            VEC_PUSH(out, arena_strndup(a, text, n));
        }
        text += n + (text[n] == ',' ? 1 : 0);
    }
    return *text ? text + 1 : text;
}

bool certinext_search_read(struct arena *a, const char *text, struct certinext_search *out)
{
    *out = (struct certinext_search){.page = 1, .pages = 1};
    if (!text) {
        return true;
    }
    if (!read_pages(text, out)) {
        return false;
    }
    const char *rest = read_list(a, strchr(text, ';') + 1, &out->todo);
    (void)read_list(a, rest, &out->hits);
    return true;
}

static void write_list(struct buf *b, const struct strlist *l)
{
    for (size_t i = 0; i < l->n; i++) {
        buf_printf(b, "%s%s", i ? "," : "", l->v[i]);
    }
}

enum { CURSOR_MAX = 1 << 20 };

const char *certinext_search_write(struct arena *a, const struct certinext_search *s)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(CURSOR_MAX);
    buf_printf(&b, "%llu/%llu;", (unsigned long long)s->page, (unsigned long long)s->pages);
    write_list(&b, &s->todo);
    buf_putc(&b, ';');
    write_list(&b, &s->hits);
    return buf_failed(&b) ? NULL : arena_strdup(a, buf_text(&b)); /* half a list would be wrong */
}

void certinext_search_release(struct certinext_search *s)
{
    strlist_release(&s->todo);
    strlist_release(&s->hits);
}
