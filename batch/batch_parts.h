/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files behind batch.h share with one another, and nobody else includes.
 */
#ifndef BATCH_BATCH_PARTS_H
#define BATCH_BATCH_PARTS_H

#include "batch/batch.h"

#include <sys/types.h>

/* --- batch_defaults.c --- */
/* In place: the manifest's own orders are the items' (1 KiB each). defaults may be NULL. */
void order_take_defaults(struct arena *a, struct order *order, const struct order *defaults);

/* --- batch_resolve.c: fills the items of a batch whose manifest and config are read --- */
void items_resolve(struct batch *b, struct findings *findings);

/* --- plan_file.c: fills p->digest --- */
struct plan;
bool plan_digest(const struct batch *b, struct plan *p, struct err *err) MUST_USE;

/* --- item_files.c --- */
/* Where a key of the item stands: in the item, in the defaults, in the manifest; else the item. */
struct pos item_key_pos(const struct batch *b, const struct item *item, const char *key);
void item_problem(const struct batch *b, const struct item *item, struct findings *findings,
                  const char *rule, const char *key, const char *fmt, ...) PRINTF(6, 7);
/* The file that `key` of the item names. False: the problem is a finding (findings may be NULL). */
bool item_file(const struct batch *b, const struct item *item, const char *key, const char *path,
               struct buf *out, struct findings *findings) MUST_USE;
bool item_file_mode(const struct batch *b, const struct item *item, const char *key,
                    const char *path, mode_t *mode, struct findings *findings) MUST_USE;
/* The first certificate of a file; views into arena memory. */
bool item_certificate(const struct batch *b, const struct item *item, const char *key,
                      const char *path, struct arena *a, struct cert *out,
                      struct findings *findings) MUST_USE;
/* The certificate an order replaces or a revocation names; NULL when it is told otherwise. */
const char *item_prior_path(const struct item *item, const char **key);

/* --- batch_fields.c --- */
void item_fields_check(const struct batch *b, const struct item *item, struct arena *a,
                       struct findings *findings);
void default_fields_check(const struct batch *b, struct findings *findings);

/* --- item_names.c: the fields of names, from the manifest, a CSR or a certificate --- */
struct name_set {
    const char *common_name;
    const struct dn_value *dn;
    size_t ndn;
    const struct san_value *san;
    const struct ynode *const *san_at;
    size_t nsan;
};
void names_of_order(struct arena *a, const struct order *o, struct name_set *out);
void names_of_x509(struct arena *a, const struct dn *subject, const struct general_names *san,
                   const struct strings *drop, struct name_set *out);
/* Field by field: `into` keeps what it has. */
void names_fill(struct name_set *into, const struct name_set *from);

#endif
