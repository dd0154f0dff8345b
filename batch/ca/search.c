/* SPDX-License-Identifier: Apache-2.0
 *
 * See search.h.
 */
#include "batch/ca/search.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

static bool read_pages(const char *text, struct search *out)
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

bool search_read(struct arena *a, const char *text, struct search *out)
{
    *out = (struct search){.page = 1, .pages = 1};
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

const char *search_write(struct arena *a, const struct search *s)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(CURSOR_MAX);
    buf_printf(&b, "%llu/%llu;", (unsigned long long)s->page, (unsigned long long)s->pages);
    write_list(&b, &s->todo);
    buf_putc(&b, ';');
    write_list(&b, &s->hits);
    return buf_failed(&b) ? NULL : arena_strdup(a, buf_text(&b)); /* half a list would be wrong */
}

void search_release(struct search *s)
{
    strlist_release(&s->todo);
    strlist_release(&s->hits);
}

void search_add_once(struct strlist *l, const char *id)
{
    if (!strlist_has(l, id)) {
        VEC_PUSH(l, id);
    }
}

void search_give(struct ca_result *out, const struct search *s)
{
    out->found = arena_array(out->arena, s->hits.n, sizeof *out->found);
    for (size_t i = 0; i < s->hits.n; i++) {
        out->found[i] = (struct ca_found){arena_strdup(out->arena, s->hits.v[i]), TIME_NONE};
    }
    out->nfound = s->hits.n;
}
