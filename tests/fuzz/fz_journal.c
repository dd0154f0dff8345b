/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: bytes -> journal chain check -> history.
 */
#include "batch/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    struct history h = HISTORY_INIT;
    (void)!journal_check((struct span){data, size}, true, history_add, &h, &err);
    history_release(&h);
    return 0;
}
