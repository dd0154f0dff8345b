/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings that differ in their item alone, said once; see cmd/once.h.
 */
#include "cmd/once.h"

#include "formats/base/str.h"

static bool same_place(const struct finding *a, const struct finding *b)
{
    return a->line && a->line == b->line && a->column == b->column && str_eq(a->file, b->file);
}

static bool same_words(const struct finding *a, const struct finding *b)
{
    return a->item && b->item && a->severity == b->severity && a->waived == b->waived &&
           a->known == b->known && str_eq(a->rule, b->rule) && str_eq(a->message, b->message) &&
           str_eq(a->value, b->value) && str_eq(a->waiver, b->waiver);
}

void once_end(struct once *o)
{
    for (size_t i = 0; i < o->n; i++) {
        CLEANUP(buf_release) struct buf items = BUF_INIT(4096);
        if (o->held[i].more) {
            buf_printf(&items, "%s and %zu more", o->held[i].f.item, o->held[i].more);
            o->held[i].f.item = buf_text(&items);
        }
        o->print(o->ctx, &o->held[i].f);
    }
    o->n = 0;
}

void once_say(struct once *o, const struct finding *f)
{
    if (o->n && !same_place(&o->held[0].f, f)) {
        once_end(o);
    }
    for (size_t i = 0; i < o->n; i++) {
        if (same_words(&o->held[i].f, f)) {
            o->held[i].more++;
            return;
        }
    }
    if (o->n == ONCE_HELD) {
        once_end(o);
    }
    o->held[o->n].f = *f;
    o->held[o->n++].more = 0;
}
