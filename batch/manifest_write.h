/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of a manifest as text, for what writes manifests: renewals of an inventory, imports. Each
 * function appends lines of one item, indented by four; foreign text is quoted or escaped, so that
 * the reader of manifests reads back that very text. No I/O.
 */
#ifndef BATCH_MANIFEST_WRITE_H
#define BATCH_MANIFEST_WRITE_H

#include "formats/base/buf.h"
#include "formats/x509.h"

/* An item id from a name: lower-case letters, digits, dots and hyphens, so that the underscore
 * before the number of a second one of that name stays free. */
char *manifest_item_id(struct arena *a, const char *name) MUST_USE;
/* "    # text" */
void manifest_note(struct buf *b, const char *text);
/* "    key: "text"" */
void manifest_put(struct buf *b, const char *key, const char *text);
/* `san:` of the names an order can say, a comment for every other; nothing without names. */
void manifest_put_names(struct buf *b, const struct general_names *san, struct arena *a);
/* `subject:` without the common name; a comment names what an order cannot say. */
void manifest_put_subject(struct buf *b, const struct dn *dn, struct arena *a);
/* `key:` of a token of struct spki; a comment when such a key is not made any more. */
void manifest_put_key(struct buf *b, const char *token, struct arena *a);

#endif
