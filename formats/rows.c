/* SPDX-License-Identifier: Apache-2.0
 *
 * See rows.h.
 */
#include "formats/rows.h"

#include <stdlib.h>
#include <string.h>

void rows_release(struct rows *r)
{
    free(r->v);
    *r = (struct rows)ROWS_INIT;
}

const struct cell *row_cell(const struct row *r, uint32_t column)
{
    size_t low = 0;
    size_t high = r->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (r->v[middle].column == column) {
            return &r->v[middle];
        }
        if (r->v[middle].column < column) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

bool row_is_empty(const struct row *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const char *text = r->v[i].text;
        if (text[strspn(text, " \t")]) {
            return false;
        }
    }
    return true;
}
