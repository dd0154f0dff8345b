/* SPDX-License-Identifier: Apache-2.0
 *
 * What can only be seen of all rows: certificates that are there twice (an inventory has a row for
 * each place where one is installed), names that would be ordered twice, ids.
 */
#include "batch/import_parts.h"

#include "batch/manifest_write.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"

#include <stdlib.h>
#include <string.h>

struct key {
    const char *text;
    size_t i;
};

static int by_text(const void *pa, const void *pb)
{
    const struct key *a = pa;
    const struct key *b = pb;
    const int c = strcmp(a->text, b->text);
    return c ? c : (a->i > b->i) - (a->i < b->i);
}

static bool replaces(const struct import_item *item)
{
    return item->order || item->serial || item->certificate;
}

/* What is the same thing: the certificate that is replaced or revoked, else the order itself. */
static const char *identity(struct import *im, const struct import_item *item)
{
    if (item->order || item->serial) {
        return arena_printf(&im->arena, "%d %s %s", item->revoke, item->order ? "order" : "serial",
                            item->order ? item->order : item->serial);
    }
    if (item->certificate) {
        return arena_printf(&im->arena, "cert %s", item->cert->serial_hex);
    }
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_YAML_BYTES);
    import_put_item(&b, item, false, &im->arena);
    return arena_printf(&im->arena, "new %s", buf_text(&b));
}

/* "row 7", or the file when rows are not of one table. */
static const char *place(struct import *im, const struct import_item *item)
{
    return item->row_index != SIZE_MAX ? arena_printf(&im->arena, "row %u", item->row) : item->file;
}

/* The names, notes and mends of `from` go to `to`. */
static void join(struct import *im, struct import_item *to, struct import_item *from)
{
    VEC_PUSH(&to->notes, arena_printf(&im->arena, "%s is the same one", place(im, from)));
    for (size_t i = 0; i < from->notes.n; i++) {
        if (!strlist_has(&to->notes, from->notes.v[i])) {
            VEC_PUSH(&to->notes, from->notes.v[i]);
        }
    }
    for (size_t i = 0; i < from->san.n; i++) {
        if (!strlist_has(&to->san, from->san.v[i])) {
            VEC_PUSH(&to->san, from->san.v[i]);
        }
    }
    from->file = NULL; /* gone */
    im->merged++;
}

/* Sorted keys of all items that are still there. */
static struct key *sorted_keys(struct import *im,
                               const char *(*of)(struct import *im, const struct import_item *item),
                               size_t *n)
{
    struct key *keys = xcalloc(im->n + 1, sizeof *keys);
    *n = 0;
    for (size_t i = 0; i < im->n; i++) {
        const char *text = im->items[i].file ? of(im, &im->items[i]) : NULL;
        if (text) {
            keys[(*n)++] = (struct key){text, i};
        }
    }
    qsort(keys, *n, sizeof *keys, by_text);
    return keys;
}

static void join_same(struct import *im)
{
    size_t n;
    struct key *keys = sorted_keys(im, identity, &n);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (str_eq(keys[first].text, keys[i].text)) {
            join(im, &im->items[keys[first].i], &im->items[keys[i].i]);
        } else {
            first = i;
        }
    }
    free(keys);
}

static const char *common_name(struct import *im, const struct import_item *item)
{
    return item->revoke || item->smime_type || !item->common_name
               ? NULL
               : str_lower(&im->arena, item->common_name);
}

static void conflict(struct import *im, struct import_item *item, const struct import_item *other)
{
    import_error(im, item->file, item->row, 0, item->row_index,
                 "%s orders %s too, with other details: which of them is meant? An order placed "
                 "twice is paid twice",
                 place(im, other), item->common_name);
    item->conflict = true;
}

static void check_pair(struct import *im, struct import_item *first, struct import_item *item)
{
    if (!replaces(first) && !replaces(item)) {
        if (!first->conflict) {
            conflict(im, first, item);
        }
        conflict(im, item, first);
        return;
    }
    VEC_PUSH(&item->decide, arena_printf(&im->arena,
                                         "CHECK: %s has this name too, for another "
                                         "certificate",
                                         place(im, first)));
}

static void check_names(struct import *im)
{
    size_t n;
    struct key *keys = sorted_keys(im, common_name, &n);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (str_eq(keys[first].text, keys[i].text)) {
            check_pair(im, &im->items[keys[first].i], &im->items[keys[i].i]);
        } else {
            first = i;
        }
    }
    free(keys);
}

static void drop_gone(struct import *im)
{
    size_t to = 0;
    for (size_t i = 0; i < im->n; i++) {
        if (im->items[i].file && !im->items[i].conflict) {
            im->items[to++] = im->items[i];
        } else {
            import_item_release(&im->items[i]);
        }
    }
    im->n = to;
}

static const char *wanted_id(struct import *im, const struct import_item *item)
{
    return item->id ? item->id
                    : manifest_item_id(&im->arena, item->base && *item->base ? item->base : "item");
}

/* Equal ids are numbered in the order of the rows. */
static void set_ids(struct import *im)
{
    size_t n;
    struct key *keys = sorted_keys(im, wanted_id, &n);
    size_t same = 0;
    for (size_t i = 0; i < n; i++) {
        struct import_item *item = &im->items[keys[i].i];
        same = i && str_eq(keys[i - 1].text, keys[i].text) ? same + 1 : 0;
        item->id =
            same ? arena_printf(&im->arena, "%.56s_%zu", keys[i].text, same + 1) : keys[i].text;
    }
    free(keys);
}

/* "x.batch.yaml" has its requests in "x-csr". */
static void set_request_paths(struct import *im)
{
    for (size_t i = 0; i < im->n; i++) {
        struct import_item *item = &im->items[i];
        if (!item->csr_text) {
            continue;
        }
        if (!im->options->output) {
            import_error(im, item->file, item->row, 0, item->row_index,
                         "a request in a cell becomes a file beside the manifest: say where with "
                         "-o");
            continue;
        }
        item->csr = arena_printf(&im->arena, "%s-csr/%s.csr",
                                 import_stem(&im->arena, path_base(im->options->output)), item->id);
        item->key = NULL;
    }
}

void import_finish_items(struct import *im)
{
    join_same(im);
    check_names(im);
    drop_gone(im);
    set_ids(im);
    set_request_paths(im);
    for (size_t i = 0; i < im->n; i++) {
        im->mends += im->items[i].mends.n;
        im->open += im->items[i].decide.n != 0;
    }
}
