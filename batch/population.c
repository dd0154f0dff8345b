/* SPDX-License-Identifier: Apache-2.0
 *
 * See population.h.
 */
#include "batch/population.h"

#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

#define LEAF_HEAD "certbatch item 1\n"

void population_add(struct population *p, const char *id, const char *digest)
{
    VEC_PUSH(p, ((struct population_item){id, digest}));
}

void population_of(const struct history *h, struct population *out)
{
    *out = (struct population){0};
    for (size_t i = 0; i < h->n; i++) {
        population_add(out, h->v[i].id, h->v[i].digest);
    }
    population_sort(out);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct population_item *)a)->id, ((const struct population_item *)b)->id);
}

void population_sort(struct population *p)
{
    if (p->n > 1) {
        qsort(p->v, p->n, sizeof *p->v, by_id);
    }
}

void population_text(const struct population_item *item, struct buf *out)
{
    buf_printf(out, LEAF_HEAD "%s\n%s\n", item->id, item->digest);
}

void population_leaf(const struct population *p, size_t i, struct merkle_hash *out)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(4096);
    population_text(&p->v[i], &text);
    merkle_leaf(buf_span(&text), out);
}

struct merkle_hash *population_leaves(const struct population *p)
{
    struct merkle_hash *leaves = xcalloc(p->n + 1, sizeof *leaves);
    for (size_t i = 0; i < p->n; i++) {
        population_leaf(p, i, &leaves[i]);
    }
    return leaves;
}

void population_root(const struct population *p, char hex[SHA256_HEX])
{
    struct merkle_hash root;
    struct merkle_hash *leaves = population_leaves(p);
    merkle_root(leaves, p->n, &root);
    hex_encode(root.v, SHA256_SIZE, hex);
    free(leaves);
}

void population_release(struct population *p)
{
    free(p->v);
    *p = (struct population){0};
}
