/* SPDX-License-Identifier: Apache-2.0
 *
 * Between a file and its table: which reader it needs, which column is which field.
 */
#include "batch/import_parts.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/xlsx_in.h"

#include <stdlib.h>
#include <string.h>

bool import_rows(struct import *im, const char *path, const struct import_profile *profile,
                 struct rows *out, struct err *err)
{
    CLEANUP(buf_release) struct buf bytes = BUF_INIT(LIMIT_TABLE_BYTES);
    const struct csv_in_options csv = {(enum text_encoding)profile->encoding,
                                       (char)profile->delimiter};
    if (!fs_read(path, &bytes, err)) {
        return false;
    }
    const char *text = buf_text(&bytes);
    text += str_starts(text, "\xEF\xBB\xBF") ? 3 : 0;
    const char first = text[strspn(text, " \t\r\n")];
    if (first == '{' || first == '[') {
        const struct span json = {(const uint8_t *)text,
                                  bytes.n - (size_t)(text - buf_text(&bytes))};
        return import_json(&im->arena, path, json, out, err);
    }
    /* an old XLS goes there too: that reader says what to do with it */
    if (xlsx_is(buf_span(&bytes)) || str_starts(text, "\xD0\xCF\x11\xE0")) {
        return xlsx_in_read(&im->arena, path, buf_span(&bytes), NULL, out, err);
    }
    return csv_in_read(&im->arena, path, buf_span(&bytes), &csv, out, NULL, err);
}

void import_map_release(struct import_map *map)
{
    free(map->notes.v);
    *map = (struct import_map){0};
}

uint32_t import_column(const struct rows *rows, size_t header, const char *heading)
{
    if (header == SIZE_MAX) {
        return 0;
    }
    const struct row *row = &rows->v[header];
    for (uint32_t i = 0; i < row->n; i++) {
        if (*row->v[i].text && import_heading_is(row->v[i].text, heading)) {
            return row->v[i].column;
        }
    }
    return 0;
}

/* Two columns of one heading that is used: which of them was meant? */
static bool check_twice(const char *path, const struct rows *rows, size_t header, uint32_t column,
                        struct err *err)
{
    const struct row *row = &rows->v[header];
    const char *heading = row_cell(row, column)->text;
    for (uint32_t i = 0; i < row->n; i++) {
        if (row->v[i].column != column && import_heading_is(row->v[i].text, heading)) {
            CLEANUP(arena_release) struct arena a = ARENA_INIT;
            return err_at(err, ERR_INPUT,
                          (struct pos){.file = path, .line = row->number, .column = column},
                          "the heading %s stands twice, in columns %u and %u",
                          str_vis_dup(&a, heading, strlen(heading)), column, row->v[i].column);
        }
    }
    return true;
}

static bool is_used(const struct import_map *map, uint32_t column)
{
    for (size_t f = 0; f < IMPORT__MAX; f++) {
        if (map->field[f] == column) {
            return true;
        }
    }
    for (size_t i = 0; i < map->notes.n; i++) {
        if (map->notes.v[i] == column) {
            return true;
        }
    }
    return false;
}

/* Headings a profile knows, the first of each list that the file has. */
static bool map_headings(const char *path, const struct import_profile *profile,
                         const struct rows *rows, size_t header, struct import_map *out,
                         struct err *err)
{
    for (size_t f = 0; f < IMPORT__MAX; f++) {
        const struct strings *names = &profile->columns[f];
        for (size_t i = 0; i < names->n && !out->field[f]; i++) {
            out->field[f] = import_column(rows, header, names->v[i]);
        }
        out->known += out->field[f] != 0;
        if (out->field[f] && !check_twice(path, rows, header, out->field[f], err)) {
            return false;
        }
    }
    for (size_t i = 0; i < profile->notes.n; i++) {
        const uint32_t column = import_column(rows, header, profile->notes.v[i]);
        if (column && !is_used(out, column)) {
            VEC_PUSH(&out->notes, column);
        }
    }
    return true;
}

static void map_positions(const struct import_profile *profile, struct import_map *out)
{
    out->columns = profile->positions.n;
    for (size_t i = 0; i < profile->positions.n; i++) {
        for (size_t f = 0; f < IMPORT__MAX; f++) {
            if (str_eq(import_field_names[f], profile->positions.v[i])) {
                out->field[f] = (uint32_t)i + 1;
                out->known++;
            }
        }
    }
}

static bool is_filtered(const struct import_profile *profile, const char *heading)
{
    const struct import_filter *filters = profile->filter.v;
    for (size_t i = 0; i < profile->filter.n; i++) {
        if (import_heading_is(filters[i].column, heading)) {
            return true;
        }
    }
    return import_heading_is(heading, "Errors"); /* of an earlier import */
}

static bool nothing_known(struct import *im, const char *path, const struct import_profile *profile,
                          const struct row *row, struct err *err)
{
    CLEANUP(buf_release) struct buf list = BUF_INIT(LIMIT_MESSAGE);
    for (uint32_t i = 0; i < row->n && list.n < 400; i++) {
        buf_printf(&list, "%s%s", i ? ", " : "",
                   str_vis_dup(&im->arena, row->v[i].text, strlen(row->v[i].text)));
    }
    err_at(err, ERR_INPUT, (struct pos){.file = path, .line = row->number, .column = 1},
           "no heading is one that the profile %s knows; the row says: %s", profile->name,
           buf_text(&list));
    err_hint(err, "see import --profile NAME --show, and name your headings in a profile of your "
                  "own");
    return false;
}

bool import_map(struct import *im, const char *path, const struct import_profile *profile,
                const struct rows *rows, size_t *header, struct import_map *out, struct err *err)
{
    *header = SIZE_MAX;
    if (!profile->has_header) {
        map_positions(profile, out);
        return true;
    }
    for (size_t i = 0; i < rows->n && *header == SIZE_MAX; i++) {
        *header = row_is_empty(&rows->v[i]) ? SIZE_MAX : i;
    }
    if (*header == SIZE_MAX) {
        return err_set(err, ERR_INPUT, "%s has no rows", path);
    }
    const struct row *row = &rows->v[*header];
    out->columns = row->n ? row->v[row->n - 1].column : 0;
    if (!map_headings(path, profile, rows, *header, out, err)) {
        return false;
    }
    if (!out->known) {
        return nothing_known(im, path, profile, row, err);
    }
    for (uint32_t i = 0; i < row->n; i++) {
        const char *heading = row->v[i].text;
        if (*heading && !is_used(out, row->v[i].column) && !is_filtered(profile, heading)) {
            VEC_PUSH(&im->unused, str_vis_dup(&im->arena, heading, strlen(heading)));
        }
    }
    return true;
}
