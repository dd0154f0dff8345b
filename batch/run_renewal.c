/* SPDX-License-Identifier: Apache-2.0
 *
 * What CAs said in this run about when they want renewals, for whoever started it: the first of
 * them in full, and how many wait; those say why themselves. All of it is in the journal and the
 * report.
 */
#include "batch/run_parts.h"

#include "formats/base/str.h"

enum { TOLD_MOST = 20, TOLD_BYTES = TOLD_MOST * 1024 };

static void tell(struct buf *out, size_t told, const struct item_record *item)
{
    if (told < TOLD_MOST) {
        buf_printf(out, "%s%s: %s", told ? "\n" : "", item->id, item->renewal);
    }
}

void run_tell_renewals(struct run *r)
{
    struct run_summary *s = r->summary;
    CLEANUP(buf_release) struct buf text = BUF_INIT(TOLD_BYTES);
    size_t told = 0;
    s->early_until = INT64_MAX;
    for (size_t i = 0; r->slots && i < r->history.n; i++) {
        const struct item_record *item = r->slots[i].record;
        if (str_eq(item->error_code, RENEWAL_CODE)) {
            s->early++;
            s->early_until =
                item->renewal_time < s->early_until ? item->renewal_time : s->early_until;
        } else if (r->slots[i].renewal_told && item->renewal) {
            tell(&text, told++, item);
        }
    }
    if (told > TOLD_MOST) {
        buf_printf(&text, "\nand %zu more, see the report", told - TOLD_MOST);
    }
    s->renewals = told ? arena_strdup(r->arena, buf_text(&text)) : NULL;
}
