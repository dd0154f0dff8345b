/* SPDX-License-Identifier: Apache-2.0
 *
 * XML from strangers, through expat, as a stream of elements and text. A document type declaration
 * is refused before anything in it is looked at, so there are no entities but the five of XML
 * itself and nothing to expand; depth is limited. Namespace prefixes are cut off: "x:row" is "row".
 * Thread safe.
 *
 *     static const struct xml_in_handler handler = {on_open, on_close, on_text};
 *     xml_in_read("xl/workbook.xml", span, &handler, ctx, &err)
 */
#ifndef FORMATS_XML_IN_H
#define FORMATS_XML_IN_H

#include "formats/base/buf.h"
#include "formats/base/err.h"

/* Each returns false to end the reading, with err set. Text may come in pieces. */
struct xml_in_handler {
    bool (*open)(void *ctx, const char *element, const char *const *attributes, struct err *err);
    bool (*close)(void *ctx, const char *element, struct err *err);
    bool (*text)(void *ctx, const char *text, size_t n, struct err *err);
};
bool xml_in_read(const char *name, struct span bytes, const struct xml_in_handler *handler,
                 void *ctx, struct err *err) MUST_USE;
/* The value of an attribute by its name without prefix; NULL. Valid during open(). */
const char *xml_in_attribute(const char *const *attributes, const char *name);

#endif
