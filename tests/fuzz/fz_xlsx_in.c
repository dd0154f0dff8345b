/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: bytes -> workbook -> rows.
 */
#include "formats/xlsx_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(rows_release) struct rows rows = ROWS_INIT;
    struct err err = ERR_INIT;
    (void)!xlsx_in_read(&a, "fuzz", (struct span){data, size}, NULL, &rows, &err);
    return 0;
}
