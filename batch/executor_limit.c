/* SPDX-License-Identifier: Apache-2.0
 *
 * How many new orders one run may place at a CA (ca_orders_per_run). An item takes a place before a
 * key is made for it, and gives it back when it comes to nothing before its first intent: rows that
 * fail in every run do not keep the others out. Whatever was sent by an earlier run is no new
 * order. Who finds no place waits, and at the end of the run is where it was.
 */
#include "batch/executor.h"

#include <stdio.h>
#include <stdlib.h>

bool executor_limit_holds(struct work *w)
{
    struct item_slot *s = work_slot(w);
    struct ca_places *p = &w->ca->places;
    if (!s->placed && p->taken >= ca_orders_per_run(w->ca->config)) {
        VEC_PUSH(&p->waiting, w->slot);
        work_release(w);
        return true;
    }
    p->taken += !s->placed;
    s->placed = true;
    return false;
}

void executor_limit_done(struct executor *x, struct item_slot *s)
{
    if (!s->placed || s->sent) {
        return;
    }
    struct ca_places *p = &executor_ca(x, s->item->ca)->places;
    s->placed = false;
    p->taken--;
    if (p->next < p->waiting.n) {
        executor_make_ready(x, p->waiting.v[p->next++]);
    }
}

void executor_limit_end(struct executor *x)
{
    size_t used = 0;
    for (size_t i = 0; i < x->ncas; i++) {
        struct ca_slot *c = &x->cas[i];
        const size_t left = c->places.waiting.n - c->places.next;
        if (left && used < sizeof x->limited) {
            used += (size_t)snprintf(x->limited + used, sizeof x->limited - used,
                                     "%s%zu order%s at %s (%s: %zu)", used ? ", " : "", left,
                                     left == 1 ? "" : "s", c->config->name,
                                     c->config->type->run_limit_key, ca_orders_per_run(c->config));
        }
        free(c->places.waiting.v);
        c->places = (struct ca_places){0};
    }
}
