/* SPDX-License-Identifier: Apache-2.0
 *
 * The days on which what a policy says changes by itself: rules that begin or end, dated steps of
 * profiles, limits and methods of the Baseline Requirements, waivers and comments that expire.
 * Between two of these days every date is judged alike.
 */
#include "policy/engine.h"

#include "policy/br_dates.h"
#include "policy/dcv.h"
#include "policy/suppress.h"

#include <stdlib.h>

struct days {
    int64_t *v;
    size_t n, cap;
    int64_t after;
};

static void add(struct days *d, int64_t at)
{
    if (at > d->after && at != INT64_MAX) {
        VEC_PUSH(d, at);
    }
}

static void add_rules(struct days *d, const struct active *rules, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add(d, rules[i].from);
        add(d, rules[i].until);
        for (size_t k = 0; k < rules[i].nsteps; k++) {
            add(d, rules[i].steps[k].from);
            add(d, rules[i].steps[k].until);
        }
    }
}

static void add_profiles(struct days *d, struct profile *const *profiles, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add_rules(d, profiles[i]->rules, profiles[i]->nrules);
        add_rules(d, profiles[i]->batch, profiles[i]->nbatch);
    }
}

static void add_tables(struct days *d)
{
    int64_t day;
    for (size_t i = 0; br_day(i, &day); i++) {
        add(d, day);
    }
    for (int m = DCV_NONE + 1; m < DCV__MAX; m++) {
        const struct dcv_facts *f = dcv_facts_of((enum dcv_method)m);
        const char *const texts[] = {f->avoid_from, f->until, f->ip_until};
        for (size_t i = 0; i < NITEMS(texts); i++) {
            if (dcv_day(texts[i], &day)) {
                add(d, day);
            }
        }
    }
}

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

size_t policy_change_days(const struct policy *p, const struct suppressions *s, int64_t after,
                          int64_t **out)
{
    struct days d = {.after = after};
    add_profiles(&d, p->bases, p->nbases);
    add_profiles(&d, p->profiles, p->nprofiles);
    add_tables(&d);
    for (size_t i = 0; i < p->nwaivers; i++) {
        add(&d, p->waivers[i]->expires);
    }
    int64_t until;
    for (size_t i = 0; suppressions_until(s, i, &until); i++) {
        add(&d, until);
    }
    size_t n = 0;
    if (d.n) {
        qsort(d.v, d.n, sizeof *d.v, compare);
    }
    for (size_t i = 0; i < d.n; i++) {
        if (n == 0 || d.v[i] != d.v[n - 1]) {
            d.v[n++] = d.v[i];
        }
    }
    *out = d.v;
    return n;
}
