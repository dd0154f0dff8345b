/* SPDX-License-Identifier: Apache-2.0
 *
 * What several items have to hear about one place, a setting of their CA or of `defaults`, is said
 * once: ten thousand items must not print ten thousand lines about one word.
 *
 *     struct once o = {.print = print_one, .ctx = ctx};
 *     for every finding, sorted:   once_say(&o, f)
 *     once_end(&o)
 *
 * print() gets each finding in order; of several that differ in their item alone the first, with
 * "ID and N more" as its item. The finding is print()'s only while it runs. No thread may share it.
 */
#ifndef CMD_ONCE_H
#define CMD_ONCE_H

#include "formats/base/finding.h"

/* Sorted findings keep a place together; this many different ones about it are held at a time. */
enum { ONCE_HELD = 32 };

struct once {
    void (*print)(void *ctx, const struct finding *f);
    void *ctx;
    struct {
        struct finding f;
        size_t more; /* items beside f.item */
    } held[ONCE_HELD];
    size_t n;
};

void once_say(struct once *o, const struct finding *f);
void once_end(struct once *o); /* prints what is held */

#endif
