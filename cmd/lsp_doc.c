/* SPDX-License-Identifier: Apache-2.0
 *
 * Open documents of the language server. See lsp.h.
 *
 * A client counts characters in UTF-16 code units unless it agreed on code points (LSP 3.17,
 * positionEncoding); a character above U+FFFF is then two units wide.
 */
#include "cmd/lsp.h"

#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

/* "file:///a%20b" -> "/a b"; another scheme stays as it is. */
static char *path_of(const char *uri)
{
    static const char scheme[] = "file://";
    char *out = xmalloc(strlen(uri) + 1);
    const char *p = uri;
    char *q = out;
    bool file = str_starts(uri, scheme);
    if (file) {
        p = strchr(uri + sizeof scheme - 1, '/'); /* a host is of no interest */
        p = p ? p : "";
    }
    while (*p) {
        uint8_t octet;
        if (file && *p == '%' && p[1] && p[2] && hex_decode(p + 1, 2, &octet) && octet) {
            *q++ = (char)octet;
            p += 3;
        } else {
            *q++ = *p++;
        }
    }
    *q = '\0';
    return out;
}

static void forget(struct lsp_doc *doc)
{
    findings_release(&doc->findings);
    line_index_release(&doc->lines);
    buf_release(&doc->text);
    free(doc->uri);
    free(doc->path);
    free(doc);
}

void lsp_docs_release(struct lsp_docs *docs)
{
    for (size_t i = 0; i < docs->n; i++) {
        forget(docs->v[i]);
    }
    free(docs->v);
    *docs = (struct lsp_docs){0};
}

struct lsp_doc *lsp_doc_find(const struct lsp_docs *docs, const char *uri)
{
    for (size_t i = 0; uri && i < docs->n; i++) {
        if (str_eq(docs->v[i]->uri, uri)) {
            return docs->v[i];
        }
    }
    return NULL;
}

static void look_again(struct lsp_doc *doc)
{
    line_index_release(&doc->lines);
    const struct span text = {(const uint8_t *)buf_text(&doc->text), doc->text.n};
    line_index_make(&doc->lines, text);
    doc->kind = lint_kind_of(doc->path, text); /* a new document says what it is as it is typed */
    doc->dirty = true;
}

struct lsp_doc *lsp_doc_open(struct lsp_docs *docs, const char *uri, int64_t version,
                             const char *text, size_t n)
{
    struct lsp_doc *doc = lsp_doc_find(docs, uri);
    if (!doc) {
        doc = xcalloc(1, sizeof *doc);
        doc->uri = xstrdup(uri);
        doc->path = path_of(uri);
        doc->text = (struct buf)BUF_INIT(LSP_TEXT_MAX);
        VEC_PUSH(docs, doc);
    }
    doc->version = version;
    buf_reset(&doc->text);
    buf_add(&doc->text, text, n);
    look_again(doc);
    return doc;
}

void lsp_doc_close(struct lsp_docs *docs, const char *uri)
{
    for (size_t i = 0; i < docs->n; i++) {
        if (str_eq(docs->v[i]->uri, uri)) {
            forget(docs->v[i]);
            docs->v[i] = docs->v[--docs->n];
            return;
        }
    }
}

/* --- places --- */

static uint32_t clamped(int64_t n)
{
    return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

struct lsp_place lsp_place_from(const json_t *position)
{
    return (struct lsp_place){clamped(json_get_int(position, "line", 0)),
                              clamped(json_get_int(position, "character", 0))};
}

static uint32_t units(const struct lsp_docs *docs, uint32_t code_point)
{
    return docs->utf16 && code_point > 0xFFFF ? 2 : 1;
}

struct lsp_place lsp_place_of(const struct lsp_docs *docs, const struct lsp_doc *doc, uint32_t line,
                              uint32_t column)
{
    const uint32_t last = (uint32_t)doc->lines.n;
    struct lsp_place out = {0};
    if (line == 0) {
        return out;
    }
    if (line > last) { /* behind the last line: an edit that cuts it ends there */
        out.line = last;
        return out;
    }
    const struct span l = line_index_line(&doc->lines, line);
    out.line = line - 1;
    size_t i = 0;
    for (uint32_t c = 1; c < column && i < l.n; c++) {
        uint32_t cp = 0;
        const size_t n = utf8_decode((const char *)l.p + i, l.n - i, &cp);
        out.character += units(docs, cp);
        i += n ? n : 1;
    }
    return out;
}

size_t lsp_place_offset(const struct lsp_docs *docs, const struct lsp_doc *doc,
                        struct lsp_place place)
{
    if (place.line >= doc->lines.n) {
        return doc->text.n;
    }
    const struct span l = line_index_line(&doc->lines, place.line + 1);
    size_t i = 0;
    for (uint32_t c = 0; c < place.character && i < l.n;) {
        uint32_t cp = 0;
        const size_t n = utf8_decode((const char *)l.p + i, l.n - i, &cp);
        c += units(docs, cp);
        i += n ? n : 1;
    }
    return doc->lines.starts[place.line] + i;
}

bool lsp_doc_change(const struct lsp_docs *docs, struct lsp_doc *doc, const struct lsp_place *from,
                    const struct lsp_place *to, const char *text, size_t n)
{
    const size_t start = from ? lsp_place_offset(docs, doc, *from) : 0;
    const size_t end = from ? lsp_place_offset(docs, doc, *to) : doc->text.n;
    if (start > end) {
        return false;
    }
    struct buf now = BUF_INIT(LSP_TEXT_MAX);
    buf_add(&now, buf_text(&doc->text), start);
    buf_add(&now, text, n);
    buf_add(&now, buf_text(&doc->text) + end, doc->text.n - end);
    if (buf_failed(&now)) {
        buf_release(&now);
        return false;
    }
    buf_release(&doc->text);
    doc->text = now;
    look_again(doc);
    return true;
}
