/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of hosts: a line is HOST or HOST:PORT, or several names of one certificate separated by
 * blanks or commas; "#" begins a comment.
 */
#include "batch/import_parts.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"

#include <string.h>

static void take_line(struct import *im, const char *line, uint32_t number)
{
    struct import_item item = {.file = im->options->input, .row = number, .row_index = im->rows.n};
    struct clean c = {.arena = &im->arena, .mends = &item.mends};
    const char *comment = strchr(line, '#');
    const size_t n = comment ? (size_t)(comment - line) : strlen(line);
    const char *text = clean_text(&c, arena_strndup(&im->arena, line, n));
    /* kept as a row, for the error file */
    struct cell *cell = arena_alloc(&im->arena, sizeof *cell);
    *cell = (struct cell){arena_strdup(&im->arena, line), 1, CELL_TEXT};
    const struct row row = {cell, 1, number};
    VEC_PUSH(&im->rows, row);
    if (text && !*text) {
        return;
    }
    const char *host = text && !strpbrk(text, " \t,;") ? clean_host(&c, text) : NULL;
    if (host) {
        VEC_PUSH(&item.san, host);
    } else if (!text || !strpbrk(text, " \t,;") || !clean_names(&c, text, &item.san)) {
        import_error(im, item.file, number, 1, item.row_index, "%s", c.why);
        import_item_release(&item);
        return;
    }
    item.common_name = item.base = strchr(item.san.v[0], ':') + 1;
    item.product = im->profile.constants[IMPORT_PRODUCT];
    item.outputs = im->profile.constants[IMPORT_OUTPUTS];
    item.key = im->profile.constants[IMPORT_KEY];
    *import_add(im) = item;
}

bool import_hosts(struct import *im, struct err *err)
{
    CLEANUP(buf_release) struct buf bytes = BUF_INIT(LIMIT_TABLE_BYTES);
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_TABLE_BYTES);
    const char *input = im->options->input;
    if (!fs_read(input, &bytes, err) ||
        !text_in(input, buf_span(&bytes), (enum text_encoding)im->profile.encoding, &text, err)) {
        return false;
    }
    uint32_t number = 1;
    for (const char *p = buf_text(&text); *p; number++) {
        const size_t n = strcspn(p, "\n");
        if (number > LIMIT_TABLE_ROWS || n > LIMIT_TABLE_CELL) {
            return err_set(err, ERR_INPUT, "%s is no list of hosts: too many or too long lines",
                           input);
        }
        take_line(im, arena_strndup(&im->arena, p, n), number);
        p += n + (p[n] == '\n');
    }
    return true;
}
