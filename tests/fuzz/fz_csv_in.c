/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: bytes -> rows of CSV -> what import does to their cells.
 */
#include "batch/import_clean.h"
#include "batch/import_dates.h"
#include "formats/csv_in.h"

static void cells(struct arena *a, const struct row *row)
{
    CLEANUP(strlist_release) struct strlist mends = {0};
    CLEANUP(strlist_release) struct strlist names = {0};
    struct clean c = {.arena = a, .mends = &mends};
    struct import_time t;
    const char *why;
    for (uint32_t i = 0; i < row->n && i < 8; i++) {
        const char *text = row->v[i].text;
        (void)clean_serial(&c, text, CELL_TEXT, SERIAL_HEX);
        (void)clean_host(&c, text);
        (void)clean_mailbox(&c, text);
        (void)!clean_names(&c, text, &names);
        (void)clean_validity(&c, text);
        (void)!import_time_read(text, NULL, NULL, &t, &why);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(rows_release) struct rows rows = ROWS_INIT;
    struct err err = ERR_INIT;
    /* the first byte chooses the encoding */
    const struct csv_in_options o = {
        .encoding = size ? (enum text_encoding)(data[0] % (TEXT_WINDOWS_1252 + 1)) : TEXT_AUTO};
    if (csv_in_read(&a, "fuzz", (struct span){data, size}, &o, &rows, NULL, &err)) {
        for (size_t i = 0; i < rows.n && i < 16; i++) {
            cells(&a, &rows.v[i]);
        }
    }
    return 0;
}
