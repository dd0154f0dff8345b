/* SPDX-License-Identifier: Apache-2.0
 *
 * What a CA sells, as it says itself, beside what certbatch's own tables know of it.
 *
 *     struct catalogue c = CATALOGUE_INIT;
 *     catalogue_read(&c, &asker, &err)
 *     for each row: c.v[i], catalogue_known(config, &c.v[i])
 *     catalogue_release(&c)
 */
#ifndef BATCH_CATALOGUE_H
#define BATCH_CATALOGUE_H

#include "batch/ask.h"

struct catalogue {
    struct ca_sold *v;
    size_t n, cap;
    struct arena arena;
};
#define CATALOGUE_INIT                                                                             \
    {                                                                                              \
        0                                                                                          \
    }

/* Asks; the rows in the order of the CA. A CA that offers none is no error. */
bool catalogue_read(struct catalogue *c, struct asker *asker, struct err *err) MUST_USE;
void catalogue_release(struct catalogue *c);
const struct ca_sold *catalogue_find(const struct catalogue *c, const char *code);
/* The row of the configuration's or the built-in table for it; NULL = unknown, manifests then name
 * it by its code in quotes. */
const struct product_info *catalogue_known(const struct ca_config *config,
                                           const struct ca_sold *sold);
/* What `product:` of a manifest says for a code: our name where it means this very code, else the
 * code. */
const char *product_word(const struct ca_config *config, const char *code);
/* A code that both sides know but mean differently: the level ("DV" "OV" "EV") in the CA's own
 * name, which is not ours. NULL: no contradiction. */
const char *catalogue_contradiction(const struct ca_sold *sold, const struct product_info *known);

#endif
