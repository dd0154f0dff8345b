/* SPDX-License-Identifier: Apache-2.0
 *
 * See import.h: which reader a profile needs, and what all readers share.
 */
#include "batch/import_parts.h"

#include "formats/base/csv.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"

#include <stdlib.h>
#include <string.h>

struct import_item *import_add(struct import *im)
{
    vec_reserve((void **)&im->items, &im->items_cap, im->n + 1, sizeof *im->items);
    struct import_item *item = &im->items[im->n++];
    *item = (struct import_item){.file = im->options->input, .row_index = SIZE_MAX};
    return item;
}

void import_item_release(struct import_item *item)
{
    strlist_release(&item->san);
    strlist_release(&item->notes);
    strlist_release(&item->mends);
    strlist_release(&item->decide);
}

void import_error(struct import *im, const char *file, uint32_t row, uint32_t column,
                  size_t row_index, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *message = arena_vprintf(&im->arena, fmt, ap);
    va_end(ap);
    vec_reserve((void **)&im->errors, &im->errors_cap, im->nerrors + 1, sizeof *im->errors);
    im->errors[im->nerrors++] = (struct import_error){file, row, column, message, row_index};
}

void import_skipped(struct import *im, const char *why)
{
    for (size_t i = 0; i < im->nskips; i++) {
        if (str_eq(im->skips[i].why, why)) {
            im->skips[i].rows++;
            return;
        }
    }
    vec_reserve((void **)&im->skips, &im->skips_cap, im->nskips + 1, sizeof *im->skips);
    im->skips[im->nskips++] = (struct import_skip){why, 1};
}

/* --- files --- */
struct walk {
    struct import *im;
    const char *ending;
    bool (*take)(struct import *im, const char *path, struct span bytes, struct err *err);
    size_t taken;
};

static bool any_directory(void *ctx UNUSED, const char *path UNUSED)
{
    return true;
}

static bool take_file(void *ctx, const char *path, struct err *err)
{
    struct walk *w = ctx;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!str_iends(path, w->ending)) {
        return true;
    }
    w->taken++;
    return fs_read(path, &text, err) &&
           w->take(w->im, arena_strdup(&w->im->arena, path), buf_span(&text), err);
}

bool import_files(struct import *im, const char *ending,
                  bool (*take)(struct import *im, const char *path, struct span bytes,
                               struct err *err),
                  struct err *err)
{
    const char *input = im->options->input;
    struct walk w = {im, ending, take, 0};
    if (!fs_is_dir(input)) {
        w.ending = "";
        return take_file(&w, input, err);
    }
    return fs_walk(input, any_directory, take_file, &w, err) &&
           (w.taken || err_set(err, ERR_INPUT, "%s has no file that ends in %s", input, ending));
}

/* "./a/b" is "a/b". */
static const char *plain_path(const char *path)
{
    while (str_starts(path, "./")) {
        path += 2;
    }
    return path;
}

const char *import_path(struct import *im, const char *path)
{
    const char *dir = im->options->output ? path_dir(&im->arena, im->options->output) : ".";
    dir = plain_path(dir);
    path = plain_path(path);
    const size_t n = strlen(dir);
    if (strstr(path, "../")) {
        return NULL;
    }
    if (!n || str_eq(dir, ".")) {
        return *path == '/' ? NULL : path;
    }
    return str_starts(path, dir) && path[n] == '/' ? path + n + 1 : NULL;
}

/* --- reading --- */
static bool read_ticket(struct import *im, struct err *err)
{
    return im->options->ticket ? import_change(im, im->options->ticket, NULL, err) : true;
}

static bool read_change(struct import *im, struct err *err)
{
    return import_change(im, im->options->input, &im->profile, err);
}

bool import_read(struct import *im, const struct import_options *options, struct findings *findings,
                 struct err *err)
{
    static bool (*const readers[])(struct import * im, struct err * err) = {
        [IMPORT_TABLE] = import_table, [IMPORT_CHANGE] = read_change, [IMPORT_HOSTS] = import_hosts,
        [IMPORT_PEM] = import_pem,     [IMPORT_INF] = import_inf,
    };
    im->options = options;
    if (!import_profile_read(&im->profile, &im->arena, options->profile, findings, err) ||
        !readers[im->profile.kind](im, err) || !read_ticket(im, err)) {
        return false;
    }
    if (im->n > LIMIT_ITEMS) {
        return err_set(err, ERR_INPUT, "%zu items; a manifest holds %u", im->n, LIMIT_ITEMS);
    }
    import_finish_items(im);
    return true;
}

void import_release(struct import *im)
{
    for (size_t i = 0; i < im->n; i++) {
        import_item_release(&im->items[i]);
    }
    if (im->change) {
        strlist_release(&im->change->approved_by);
        strlist_release(&im->change->notes);
    }
    free(im->items);
    free(im->errors);
    free(im->skips);
    strlist_release(&im->unused);
    rows_release(&im->rows);
    arena_release(&im->arena);
    *im = (struct import)IMPORT_INIT;
}

/* --- the error file --- */
static int by_row(const void *pa, const void *pb)
{
    const struct import_error *a = pa;
    const struct import_error *b = pb;
    const int c = (a->row > b->row) - (a->row < b->row);
    return c ? c : (a->column > b->column) - (a->column < b->column);
}

/* The cells of a row, empty where it has none. */
static void put_cells(struct buf *out, const struct row *row, uint32_t columns)
{
    for (uint32_t c = 1; c <= columns; c++) {
        const struct cell *cell = row ? row_cell(row, c) : NULL;
        csv_cell(out, cell ? cell->text : NULL, c == 1);
    }
}

static uint32_t widest(const struct import *im)
{
    uint32_t n = 1;
    for (size_t i = 0; i < im->rows.n; i++) {
        const struct row *row = &im->rows.v[i];
        const uint32_t last = row->n ? row->v[row->n - 1].column : 0;
        n = last > n ? last : n;
    }
    return n;
}

void import_errors_csv(const struct import *im, struct buf *out)
{
    const uint32_t columns = widest(im);
    qsort(im->errors, im->nerrors, sizeof *im->errors, by_row);
    if (im->header != SIZE_MAX) {
        put_cells(out, &im->rows.v[im->header], columns);
        csv_cell(out, "Errors", false);
        csv_end(out);
    } else if (!im->rows.n) {
        buf_puts(out, "File,Line,Errors\n");
    }
    for (size_t i = 0; i < im->nerrors;) {
        const struct import_error *e = &im->errors[i];
        CLEANUP(buf_release) struct buf why = BUF_INIT(LIMIT_MESSAGE * 16);
        size_t k = i;
        for (; k < im->nerrors && im->errors[k].row_index == e->row_index &&
               im->errors[k].row == e->row && str_eq(im->errors[k].file, e->file);
             k++) {
            buf_printf(&why, "%s%s", k > i ? "; " : "", im->errors[k].message);
        }
        if (e->row_index != SIZE_MAX) {
            put_cells(out, &im->rows.v[e->row_index], columns);
        } else {
            CLEANUP(arena_release) struct arena a = ARENA_INIT;
            csv_cell(out, e->file, true);
            csv_cell(out, e->row ? arena_printf(&a, "%u", e->row) : "", false);
        }
        csv_cell(out, buf_text(&why), false);
        csv_end(out);
        i = k;
    }
}
