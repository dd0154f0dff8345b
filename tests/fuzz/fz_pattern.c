/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: a pattern (up to the first line end) against a subject (the rest), twice: within its
 * limits the answer is the same, and a match that broke says why.
 */
#include "formats/base/arena.h"
#include "policy/regex.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    const char *text = size ? (const char *)data : "";
    const char *end = memchr(text, '\n', size);
    size_t n = end ? (size_t)(end - text) : size;
    size_t skip = end ? n + 1 : n;
    char *pattern = arena_strndup(&a, text, n);
    struct regex *r =
        regex_compile(pattern, (struct pos){.file = "fuzz", .line = 1, .column = 1}, &err);
    if (r) {
        const char *why = NULL;
        const char *why_again = NULL;
        enum regex_result once = regex_match(r, text + skip, size - skip, &why);
        if (once != regex_match(r, text + skip, size - skip, &why_again) ||
            (once == REGEX_BROKEN && !why)) {
            abort();
        }
    }
    regex_free(r);
    return 0;
}
