/* SPDX-License-Identifier: Apache-2.0
 *
 * See xml_in.h; the only user of expat.
 */
#include "formats/xml_in.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <expat.h>
#include <string.h>

enum { PIECE = 1 << 20 };

struct reader {
    const char *name;
    XML_Parser parser;
    const struct xml_in_handler *handler;
    void *ctx;
    struct err *err;
    unsigned depth;
    bool failed;
};

static const char *without_prefix(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static void stop(struct reader *r)
{
    r->failed = true;
    (void)XML_StopParser(r->parser, XML_FALSE);
}

static void refuse(struct reader *r, const char *why)
{
    err_at(r->err, ERR_INPUT,
           (struct pos){.file = r->name,
                        .line = (uint32_t)XML_GetCurrentLineNumber(r->parser),
                        .column = (uint32_t)XML_GetCurrentColumnNumber(r->parser) + 1},
           "%s", why);
    stop(r);
}

static void XMLCALL on_open(void *ctx, const XML_Char *element, const XML_Char **attributes)
{
    struct reader *r = ctx;
    if (r->failed) {
        return;
    }
    if (++r->depth > LIMIT_XML_DEPTH) {
        refuse(r, "elements are nested deeper than any spreadsheet nests them");
    } else if (!r->handler->open(r->ctx, without_prefix(element), (const char *const *)attributes,
                                 r->err)) {
        stop(r);
    }
}

static void XMLCALL on_close(void *ctx, const XML_Char *element)
{
    struct reader *r = ctx;
    r->depth--;
    if (!r->failed && !r->handler->close(r->ctx, without_prefix(element), r->err)) {
        stop(r);
    }
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int n)
{
    struct reader *r = ctx;
    if (!r->failed && !r->handler->text(r->ctx, text, (size_t)n, r->err)) {
        stop(r);
    }
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name UNUSED,
                               const XML_Char *system_id UNUSED, const XML_Char *public_id UNUSED,
                               int internal_subset UNUSED)
{
    refuse(ctx, "a document type declaration, which could declare entities, is refused");
}

static bool feed(struct reader *r, struct span bytes)
{
    size_t at = 0;
    do {
        const size_t rest = bytes.n - at;
        const size_t n = rest < PIECE ? rest : PIECE;
        const bool last = n == rest;
        if (XML_Parse(r->parser, n ? (const char *)bytes.p + at : "", (int)n, last) !=
            XML_STATUS_OK) {
            return false;
        }
        at += n;
    } while (at < bytes.n);
    return true;
}

bool xml_in_read(const char *name, struct span bytes, const struct xml_in_handler *handler,
                 void *ctx, struct err *err)
{
    struct reader r = {.name = name, .handler = handler, .ctx = ctx, .err = err};
    r.parser = XML_ParserCreate(NULL);
    if (!r.parser) {
        oom(sizeof r);
    }
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_open, on_close);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    const bool ok = feed(&r, bytes) && !r.failed;
    if (!ok && !r.failed) {
        refuse(&r, XML_ErrorString(XML_GetErrorCode(r.parser)));
        err_wrap(err, "not well-formed XML");
    }
    XML_ParserFree(r.parser);
    return ok;
}

const char *xml_in_attribute(const char *const *attributes, const char *name)
{
    for (size_t i = 0; attributes[i]; i += 2) {
        if (str_eq(without_prefix(attributes[i]), name)) {
            return attributes[i + 1];
        }
    }
    return NULL;
}
