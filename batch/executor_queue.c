/* SPDX-License-Identifier: Apache-2.0
 *
 * Where items wait: lists of works, the FIFO of items to be taken up, the heap of those that come
 * back at a time. Data structures only: nothing here knows a state.
 */
#include "batch/executor.h"

#include <stdlib.h>

void work_list_add(struct work_list *l, struct work *w)
{
    w->next = NULL;
    if (!l->first) {
        l->last = &l->first;
    }
    *l->last = w;
    l->last = &w->next;
    l->n++;
}

struct work *work_list_take(struct work_list *l)
{
    struct work *w = l->first;
    if (w) {
        l->first = w->next;
        l->n--;
    }
    return w;
}

void work_list_release(struct work_list *l)
{
    for (struct work *w; (w = work_list_take(l)) != NULL;) {
        work_release(w);
    }
}

void executor_make_ready(struct executor *x, uint32_t slot)
{
    if (x->ready_n == x->ready_cap) {
        size_t cap = x->ready_cap ? x->ready_cap * 2 : 256;
        uint32_t *v = xmalloc(cap * sizeof *v);
        for (size_t i = 0; i < x->ready_n; i++) {
            v[i] = x->ready[(x->ready_first + i) % x->ready_cap];
        }
        free(x->ready);
        x->ready = v;
        x->ready_cap = cap;
        x->ready_first = 0;
    }
    x->ready[(x->ready_first + x->ready_n++) % x->ready_cap] = slot;
}

uint32_t executor_take_ready(struct executor *x)
{
    uint32_t slot = x->ready[x->ready_first];
    x->ready_first = (x->ready_first + 1) % x->ready_cap;
    x->ready_n--;
    return slot;
}

static void swap_timers(struct timer *a, struct timer *b)
{
    struct timer t = *a;
    *a = *b;
    *b = t;
}

void executor_add_timer(struct executor *x, uint32_t slot, int64_t due)
{
    vec_reserve((void **)&x->timers, &x->timers_cap, x->ntimers + 1, sizeof *x->timers);
    size_t i = x->ntimers++;
    x->timers[i] = (struct timer){due, slot};
    while (i && x->timers[(i - 1) / 2].due > x->timers[i].due) {
        swap_timers(&x->timers[i], &x->timers[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

uint32_t executor_take_timer(struct executor *x)
{
    uint32_t slot = x->timers[0].slot;
    x->timers[0] = x->timers[--x->ntimers];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t c = 2 * i + 1; c <= 2 * i + 2 && c < x->ntimers; c++) {
            least = x->timers[c].due < x->timers[least].due ? c : least;
        }
        if (least == i) {
            return slot;
        }
        swap_timers(&x->timers[i], &x->timers[least]);
        i = least;
    }
}

void executor_slot_done(struct executor *x, struct item_slot *s)
{
    s->done = true;
    s->asked = false;
    executor_limit_done(x, s);
    for (uint32_t i = s->first_dependent; i != ITEM_NO_INDEX; i = x->slots[i].next_dependent) {
        executor_make_ready(x, i);
    }
    s->first_dependent = ITEM_NO_INDEX;
}
