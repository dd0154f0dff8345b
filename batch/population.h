/* SPDX-License-Identifier: Apache-2.0
 *
 * The population of a batch: which items there are, and what was to be sent for each. Its size
 * and the root of a Merkle tree over it are fixed in the journal's `plan` record before the first
 * request leaves, so that no item can be left out, added or exchanged afterwards.
 *
 * A leaf is the text "certbatch item 1\n<id>\n<SHA-256 of what is sent, hex>\n"; leaves are in the
 * order of ids (strcmp). Memory only.
 */
#ifndef BATCH_POPULATION_H
#define BATCH_POPULATION_H

#include "batch/run.h"
#include "formats/merkle.h"

struct population_item {
    const char *id, *digest; /* views */
};
struct population {
    struct population_item *v;
    size_t n, cap;
};
void population_add(struct population *p, const char *id, const char *digest);
void population_of(const struct history *h, struct population *out);
void population_sort(struct population *p);
void population_text(const struct population_item *item, struct buf *out); /* of a leaf */
/* Of a sorted population: the leaf of item i, all leaves (the caller frees), the root. */
void population_leaf(const struct population *p, size_t i, struct merkle_hash *out);
struct merkle_hash *population_leaves(const struct population *p);
void population_root(const struct population *p, char hex[SHA256_HEX]);
void population_release(struct population *p);

#endif
