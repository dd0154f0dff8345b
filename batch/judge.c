/* SPDX-License-Identifier: Apache-2.0
 *
 * Policy over a whole batch: every item on the workers, then the rules over all of them together.
 * The result does not depend on the number of workers: findings are sorted by what they say.
 */
#include "batch/batch_parts.h"

#include "formats/base/edit.h"
#include "formats/base/limits.h"
#include "formats/base/pool.h"

#include <stdlib.h>

struct worker {
    struct policy_scratch scratch;
    struct arena files; /* of the item under judgement */
    struct arena keep;  /* of the members: lives until the batch rules ran */
    struct findings findings;
};

struct judging {
    const struct batch *b;
    struct worker *workers;
    struct batch_member *members;
};

/* The files an item leaves, for the collision rule. A second output of one kind gets a number
 * (outputs.c), so within an item nothing collides. */
static const char *const *output_names(const struct item *item, struct arena *keep)
{
    static const char *const suffixes[OUTPUT__MAX] = {
        [OUTPUT_PEM] = "pem", [OUTPUT_PFX] = "p12", [OUTPUT_JKS] = "jks"};
    const struct outputs *o = item->order ? &item->order->outputs : NULL;
    if (!o || !o->n) {
        return NULL;
    }
    const char **names = arena_array(keep, o->n + 1, sizeof *names);
    for (size_t i = 0; i < o->n; i++) {
        names[i] = arena_printf(keep, "%s/%zu.%s", item->id, i, suffixes[o->v[i].kind]);
    }
    return names;
}

static void judge_one(void *ctx, size_t index, unsigned n)
{
    struct judging *j = ctx;
    struct worker *w = &j->workers[n];
    const struct item *item = &j->b->items[index];
    const struct change *change = j->b->manifest.change;
    struct batch_member *m = &j->members[index];
    struct item_data data;
    if (item->misshapen) {
        return;
    }
    /* What is wrong with the files of a broken item was reported when the batch was opened. */
    (void)item_load(j->b, item, &w->files, item->broken ? NULL : &w->findings, &data);
    m->after = item->revocation ? item->revocation->after : NULL;
    m->ticket = change ? change->ticket : NULL;
    m->outputs = output_names(item, &w->keep);
    const struct ca_config *ca = batch_real_ca(j->b, item);
    m->orders_per_second = ca ? ca->common.limits.orders_per_second : 0;
    m->burst = ca ? ca->common.limits.burst : 0;
    policy_judge(j->b->policy, &data.subject, &w->scratch, &w->keep, &w->findings, m);
    arena_reset(&w->files);
}

/* Members of items that were not judged are taken out. */
static size_t compact_members(const struct judging *j)
{
    size_t n = 0;
    for (size_t i = 0; i < j->b->nitems; i++) {
        if (!j->b->items[i].misshapen) {
            j->members[n++] = j->members[i];
        }
    }
    return n;
}

static void judge_together(const struct judging *j, struct findings *findings)
{
    const struct batch *b = j->b;
    const struct change *change = b->manifest.change;
    const size_t n = compact_members(j);
    if (n == 0 && b->nitems > 0) {
        return; /* no item is whole: nothing can be said about them together */
    }
    policy_judge_batch(b->policy, j->members, n, b->manifest.path, b->manifest.node,
                       batch_date(b, NULL), b->suppressions, findings);
    policy_check_requester(b->policy, change ? change->requested_by : NULL, findings);
    policy_close_waivers(b->policy, findings);
    suppressions_close(b->suppressions, n == b->nitems, findings);
}

void batch_judge(const struct batch *b, unsigned workers, struct findings *findings)
{
    workers = workers < 1 ? 1 : workers > LIMIT_WORKERS ? LIMIT_WORKERS : workers;
    struct judging j = {.b = b,
                        .workers = xcalloc(workers, sizeof *j.workers),
                        .members = xcalloc(b->nitems ? b->nitems : 1, sizeof *j.members)};
    pool_map(workers, b->nitems, judge_one, &j);
    for (unsigned i = 0; i < workers; i++) {
        findings_move(findings, &j.workers[i].findings);
    }
    judge_together(&j, findings);
    edits_check((struct span){(const uint8_t *)b->manifest.text, b->manifest.text_n}, findings,
                b->manifest.path);
    findings_sort(findings);
    for (unsigned i = 0; i < workers; i++) {
        arena_release(&j.workers[i].scratch.arena);
        arena_release(&j.workers[i].files);
        arena_release(&j.workers[i].keep);
    }
    free(j.workers);
    free(j.members);
}
