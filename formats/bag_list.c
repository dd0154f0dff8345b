/* SPDX-License-Identifier: Apache-2.0
 *
 * See bag_list.h.
 */
#include "formats/bag_list.h"

#include <stdlib.h>
#include <string.h>

void bag_list_add(struct bag_list *l, const char *path, const uint8_t sha256[SHA256_SIZE])
{
    struct bag_file f = {.path = arena_strdup(&l->paths, path)};
    memcpy(f.sha256, sha256, SHA256_SIZE);
    VEC_PUSH(l, f);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct bag_file *)a)->path, ((const struct bag_file *)b)->path);
}

void bag_list_sort(struct bag_list *l)
{
    if (l->n > 1) {
        qsort(l->v, l->n, sizeof *l->v, by_path);
    }
}

void bag_list_release(struct bag_list *l)
{
    free(l->v);
    arena_release(&l->paths);
    *l = (struct bag_list){0};
}
