/* SPDX-License-Identifier: Apache-2.0
 *
 * What came back is judged like what was asked: at the end of a run every certificate that is
 * stored goes through the policy of its item, beside its order. Only looked at, never undone: a
 * certificate that was paid for stays, with what is wrong with it in the report. What the order
 * was told already is not repeated.
 */
#include "batch/batch_parts.h"
#include "batch/run_parts.h"

#include "formats/base/limits.h"
#include "formats/base/pool.h"
#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

struct judge_worker {
    struct policy_scratch scratch;
    struct arena files;
    struct findings findings;
};

struct issued_judging {
    const struct run *run;
    struct judge_worker *workers;
};

/* The leaf that is stored for the item; false when there is none that can be read: that is the
 * business of `verify`. */
static bool read_leaf(const struct run *r, const char *id, struct arena *a, struct cert *out)
{
    struct err err = ERR_INIT;
    struct cert *certs = NULL;
    size_t n = 0;
    CLEANUP(buf_release) struct buf text = BUF_INIT(2 * LIMIT_CERT_BYTES);
    CLEANUP(closep) int dir = statedir_item(&r->dir, id, false, &err);
    if (dir < 0 || !fs_read_at(dir, "certificate.pem", &text, &err)) {
        return false;
    }
    const struct span copy = {arena_memdup(a, buf_text(&text), text.n), text.n};
    if (!certs_read(a, "certificate.pem", copy, &certs, &n, &err)) {
        return false;
    }
    *out = certs[0];
    return true;
}

/* The chain was verified when the certificate was taken (match.h), so it is left out here. */
static void judge_leaf(const struct issued_judging *j, struct judge_worker *w,
                       const struct item *item)
{
    struct item_data data;
    struct cert leaf;
    if (!read_leaf(j->run, item->id, &w->files, &leaf) ||
        !item_load(&j->run->batch, item, &w->files, NULL, &data)) {
        return;
    }
    struct subject s = data.subject;
    s.kind = SUBJECT_CERT_FILE;
    s.file = arena_printf(&w->files, "items/%s/certificate.pem", item->id);
    s.node = s.defaults = NULL;
    s.csr = NULL;
    s.csr_file = NULL;
    s.common_name = NULL;
    s.dn = NULL;
    s.san = NULL;
    s.ndn = s.nsan = 0;
    s.key = NULL;
    s.cert = &leaf;
    s.prior = NULL;
    s.request = &data.subject;
    s.order_date = leaf.not_before;
    policy_judge(j->run->batch.policy, &s, &w->scratch, &w->files, &w->findings, NULL);
}

static void judge_one(void *ctx, size_t index, unsigned worker)
{
    struct issued_judging *j = ctx;
    struct judge_worker *w = &j->workers[worker];
    const struct item *item = &j->run->batch.items[index];
    const struct item_record *record = history_item(&j->run->history, item->id);
    if (item->kind == ITEM_ORDER && record && record->state == STATE_ISSUED) {
        judge_leaf(j, w, item);
        arena_reset(&w->files);
    }
}

static int compare(const void *pa, const void *pb)
{
    const struct finding *a = *(const struct finding *const *)pa;
    const struct finding *b = *(const struct finding *const *)pb;
    int c = strcmp(a->item, b->item);
    c = c ? c : strcmp(a->rule, b->rule);
    return c ? c : strcmp(a->value ? a->value : "", b->value ? b->value : "");
}

/* Adds what the orders were not told. */
static size_t add_news(struct findings *known, const struct findings *news)
{
    size_t n = 0;
    size_t added = 0;
    CLEANUP(freep) const struct finding **sorted = xcalloc(known->n + 1, sizeof *sorted);
    for (size_t i = 0; i < known->n; i++) {
        if (known->v[i].item) {
            sorted[n++] = &known->v[i];
        }
    }
    qsort(sorted, n, sizeof *sorted, compare);
    CLEANUP(freep) bool *told = xcalloc(news->n + 1, sizeof *told);
    for (size_t i = 0; i < news->n; i++) {
        const struct finding *f = &news->v[i];
        told[i] = bsearch(&f, sorted, n, sizeof *sorted, compare) != NULL;
    }
    for (size_t i = 0; i < news->n; i++) {
        if (!told[i]) {
            findings_add(known, &news->v[i]);
            added++;
        }
    }
    return added;
}

bool run_judge_issued(struct run *r, struct err *err)
{
    const struct history *h = &r->history;
    if (h->bundled_seq && h->bundled_seq == h->close_seq) {
        return true; /* bundles of this very end were made: the state stays as it is */
    }
    const unsigned asked = r->options->workers ? r->options->workers : pool_default_workers();
    const unsigned workers = asked > LIMIT_WORKERS ? LIMIT_WORKERS : asked;
    struct issued_judging j = {r, xcalloc(workers, sizeof *j.workers)};
    struct findings news = FINDINGS_INIT;
    pool_map(workers, r->batch.nitems, judge_one, &j);
    for (unsigned i = 0; i < workers; i++) {
        findings_move(&news, &j.workers[i].findings);
        arena_release(&j.workers[i].scratch.arena);
        arena_release(&j.workers[i].files);
    }
    free(j.workers);
    findings_sort(&news);
    const bool ok = add_news(r->findings, &news) == 0 || run_store_findings(r, err);
    findings_release(&news);
    return ok;
}
