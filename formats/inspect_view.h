/* SPDX-License-Identifier: Apache-2.0
 *
 * One writer for the two forms of `inspect`: the same calls give a JSON object or indented text
 * with labels ("key_sha256" becomes "key SHA-256"). Foreign text is escaped by the form. Used by
 * the inspect_*.c files only.
 */
#ifndef FORMATS_INSPECT_VIEW_H
#define FORMATS_INSPECT_VIEW_H

#include "formats/base/json.h"
#include "formats/base/secret.h"
#include "formats/x509.h"

struct view {
    bool json;
    struct jw j;
    struct buf *out;
    unsigned depth;   /* of the text form */
    unsigned items;   /* written of the list that is open */
    const char *list; /* key of the list that is open (text form) */
};

void view_begin(struct view *v, struct buf *out, bool json, const char *file);
bool view_finish(struct view *v, struct err *err) MUST_USE;

/* An object of the top list, or nested ones under a key: title is for people. */
void view_object(struct view *v, const char *kind, const char *title);
void view_end(struct view *v);
/* A list of objects in the current object. */
void view_objects(struct view *v, const char *key);
void view_objects_end(struct view *v);

void view_str(struct view *v, const char *key, const char *value); /* NULL: left out */
void view_strn(struct view *v, const char *key, const char *value, size_t n);
void view_int(struct view *v, const char *key, int64_t value);
void view_bool(struct view *v, const char *key, bool value);
void view_time(struct view *v, const char *key, int64_t t);
void view_hex(struct view *v, const char *key, struct span bytes);
/* A list of strings: one a line in text. */
void view_list(struct view *v, const char *key);
void view_item(struct view *v, const char *value, size_t n);
void view_list_end(struct view *v);

/* --- what several kinds have in common (inspect_x509.c) --- */
void view_dn(struct view *v, const char *key, const struct dn *dn);
void view_key(struct view *v, const struct spki *key);
void view_names(struct view *v, const struct general_names *names);
void view_extensions(struct view *v, const struct x509_ext *exts, size_t n);

/* One kind each; they add objects. False with err when the bytes cannot be read as that kind. */
typedef bool inspect_fn(struct view *v, const char *name, struct span input,
                        const struct secret *password, struct err *err);
inspect_fn inspect_csr, inspect_certs, inspect_crl, inspect_key, inspect_encrypted_key,
    inspect_public_key, inspect_store;

#endif
