/* SPDX-License-Identifier: Apache-2.0
 *
 * See forecast.h. Every file is judged twice for each day on which its policy changes by itself:
 * as if everything were ordered in the last second before the day, and on the day. What the day
 * brings is the difference; what merely comes with the passing of time (a change window that is
 * over, an approval that grew old) is in both and so in neither. What is wrong today already is
 * left out. Dates of orders give way, as with --as-of.
 */
#include "cmd/forecast.h"
#include "cmd/judge_text.h"

#include "formats/base/finding_json.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

/* --- what is new --- */

static int compare_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

/* What a finding is about, whatever it says and however bad it is. */
static int compare_about(const void *a, const void *b)
{
    const struct finding *x = *(const struct finding *const *)a;
    const struct finding *y = *(const struct finding *const *)b;
    const int by[] = {compare_text(x->rule, y->rule),
                      compare_text(x->file, y->file),
                      (x->line > y->line) - (x->line < y->line),
                      (x->column > y->column) - (x->column < y->column),
                      (x->offset > y->offset) - (x->offset < y->offset),
                      compare_text(x->item, y->item),
                      compare_text(x->view, y->view),
                      compare_text(x->value, y->value)};
    for (size_t i = 0; i < NITEMS(by); i++) {
        if (by[i]) {
            return by[i];
        }
    }
    return 0;
}

struct known {
    const struct finding **v;
    size_t n;
};

static struct known known_make(const struct findings *list)
{
    struct known k = {xcalloc(list->n + 1, sizeof *k.v), list->n};
    for (size_t i = 0; i < list->n; i++) {
        k.v[i] = &list->v[i];
    }
    qsort(k.v, k.n, sizeof *k.v, compare_about);
    return k;
}

static void known_release(struct known *k)
{
    free(k->v);
}

/* Is the same said there, unwaived and as bad? */
static bool known_has(const struct known *k, const struct finding *f)
{
    size_t low = 0;
    size_t high = k->n;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (compare_about(&k->v[mid], &f) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    for (; low < k->n && compare_about(&k->v[low], &f) == 0; low++) {
        if (!k->v[low]->waived && k->v[low]->severity >= f->severity) {
            return true;
        }
    }
    return false;
}

static struct forecast_day *day_of(struct forecast *f, int64_t day)
{
    size_t i = 0;
    while (i < f->n && f->v[i].day < day) {
        i++;
    }
    if (i < f->n && f->v[i].day == day) {
        return &f->v[i];
    }
    VEC_PUSH(f, ((struct forecast_day){.day = day, .findings = FINDINGS_INIT}));
    memmove(&f->v[i + 1], &f->v[i], (f->n - 1 - i) * sizeof *f->v);
    f->v[i] = (struct forecast_day){.day = day, .findings = FINDINGS_INIT};
    return &f->v[i];
}

/* --- one file --- */

struct judge {
    const struct options *o;
    const struct lint_file *file;
    struct batch *batch; /* a manifest, opened once */
    struct batch_options *batch_options;
    const struct policy *policy;
    struct span text; /* a CSR or certificate */
    struct policy_scratch scratch;
};

static void judge_at(struct judge *j, int64_t at, struct findings *out)
{
    policy_forget_waivers(j->policy);
    if (j->batch) {
        suppressions_forget(j->batch->suppressions);
        j->batch_options->as_of = at;
        batch_judge(j->batch, (unsigned)j->o->jobs, out);
        return;
    }
    struct options o = *j->o;
    o.as_of = at;
    judge_loose(j->policy, &o, j->file->path, j->file->kind, j->text, &j->scratch, out);
    findings_sort(out);
}

static int compare_items(const void *a, const void *b)
{
    return compare_text(*(const char *const *)a, *(const char *const *)b);
}

/* Of the findings since `from`, all about one file; a CSR or certificate is one item. */
static void count_items(const struct options *o, struct forecast_day *d, size_t from)
{
    CLEANUP(freep) const char **items = xcalloc(d->findings.n - from + 1, sizeof *items);
    size_t n = 0;
    for (size_t i = from; i < d->findings.n; i++) {
        if ((int)d->findings.v[i].severity >= o->severity) {
            items[n++] = d->findings.v[i].item;
        }
    }
    qsort(items, n, sizeof *items, compare_items);
    for (size_t i = 0; i < n; i++) {
        d->items += i == 0 || compare_items(&items[i], &items[i - 1]) != 0;
    }
    d->files += n > 0;
}

static void judge_day(struct judge *j, struct forecast_day *d, const struct known *today)
{
    CLEANUP(findings_release) struct findings before = FINDINGS_INIT;
    CLEANUP(findings_release) struct findings then = FINDINGS_INIT;
    judge_at(j, d->day - 1, &before);
    judge_at(j, d->day, &then);
    CLEANUP(known_release) struct known eve = known_make(&before);
    const size_t from = d->findings.n;
    for (size_t i = 0; i < then.n; i++) {
        const struct finding *f = &then.v[i];
        if (!f->waived && !known_has(&eve, f) && !known_has(today, f)) {
            (void)findings_add(&d->findings, f);
        }
    }
    count_items(j->o, d, from);
}

static void judge_days(struct judge *j, struct forecast *out)
{
    CLEANUP(known_release) struct known today = known_make(&j->file->findings);
    const int64_t now = j->o->as_of != TIME_NONE ? j->o->as_of : time_now();
    CLEANUP(freep) int64_t *days = NULL;
    const size_t n =
        policy_change_days(j->policy, j->batch ? j->batch->suppressions : NULL, now, &days);
    for (size_t i = 0; i < n; i++) {
        judge_day(j, day_of(out, days[i]), &today);
    }
    arena_release(&j->scratch.arena);
}

/* What is wrong with the manifest itself was said when it was linted. */
static void forecast_manifest(const struct options *o, const struct lint_file *f,
                              struct forecast *out)
{
    struct batch_options bo = {.manifest = f->path,
                               .inventories = o->inventories.v,
                               .ninventories = o->inventories.n,
                               .config = o->config,
                               .policies = o->policies.v,
                               .npolicies = o->policies.n,
                               .profile = o->profile,
                               .as_of = o->as_of,
                               .lint = true};
    CLEANUP(findings_release) struct findings said = FINDINGS_INIT;
    struct err err = ERR_INIT;
    struct batch batch = {0};
    if (batch_open(&batch, &bo, &said, &err) || batch.policy) {
        struct judge j = {
            .o = o, .file = f, .batch = &batch, .batch_options = &bo, .policy = batch.policy};
        judge_days(&j, out);
    }
    batch_release(&batch);
}

static void forecast_alone(const struct options *o, const struct policy *policy,
                           const struct lint_file *f, struct forecast *out)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    struct err err = ERR_INIT;
    if (fs_read(f->path, &text, &err)) {
        struct judge j = {.o = o, .file = f, .policy = policy, .text = buf_span(&text)};
        judge_days(&j, out);
    }
}

static bool is_alone(const struct lint_file *f)
{
    return f->kind == LINT_CSR || f->kind == LINT_CERTIFICATE;
}

int forecast_make(const struct options *o, struct term *t, struct lint *l)
{
    CLEANUP(findings_release) struct findings load = FINDINGS_INIT;
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    l->forecast = xcalloc(1, sizeof *l->forecast);
    for (size_t i = 0; i < l->n; i++) {
        const struct lint_file *f = &l->files[i];
        if (str_eq(f->path, "-")) {
            term_err(t, "certbatch: no forecast of standard input: it cannot be read again");
        } else if (f->kind == LINT_MANIFEST) {
            forecast_manifest(o, f, l->forecast);
        } else if (is_alone(f)) {
            if (!policy &&
                !cmd_open_policy(o, o->policies.n ? NULL : "cabf-tls", &policy, &load, &err)) {
                return cmd_fail(t, &err);
            }
            forecast_alone(o, policy, f, l->forecast);
        }
    }
    policy_free(policy);
    return EXIT_DONE;
}

/* --- printing --- */

static void print_day(struct buf *b, const struct forecast_day *d, bool color, bool citations)
{
    char day[TIME_TEXT];
    time_format_date(d->day, day);
    for (size_t i = 0; i < d->findings.n; i++) {
        buf_printf(b, "%s  ", day);
        cmd_finding_line(b, &d->findings.v[i], color);
        cmd_finding_advice(b, &d->findings.v[i], citations);
    }
    buf_printf(b, "%s  %zu item%s of %zu file%s break%s on this day\n", day, d->items,
               d->items == 1 ? "" : "s", d->files, d->files == 1 ? "" : "s",
               d->items == 1 ? "s" : "");
}

void forecast_text(const struct options *o, bool color, const struct forecast *f, struct buf *out)
{
    char first[TIME_TEXT], last[TIME_TEXT];
    size_t found = 0;
    for (size_t i = 0; i < f->n; i++) {
        if (f->v[i].findings.n) {
            found++;
            print_day(out, &f->v[i], color, o->verbose);
        }
    }
    if (!found && f->n) {
        time_format_date(f->v[0].day, first);
        time_format_date(f->v[f->n - 1].day, last);
        buf_printf(out, "nothing new on the days on which rules change, %s to %s\n", first, last);
    }
}

void forecast_json(struct jw *j, const struct forecast *f)
{
    char day[TIME_TEXT];
    jw_array(j, "forecast");
    for (size_t i = 0; i < f->n; i++) {
        const struct forecast_day *d = &f->v[i];
        time_format_date(d->day, day);
        jw_object(j, NULL);
        jw_str(j, "date", day);
        jw_int(j, "items", (int64_t)d->items);
        jw_int(j, "files", (int64_t)d->files);
        jw_array(j, "findings");
        for (size_t k = 0; k < d->findings.n; k++) {
            finding_json(j, &d->findings.v[k]);
        }
        jw_end(j);
        jw_end(j);
    }
    jw_end(j);
}

void forecast_release(struct forecast *f)
{
    for (size_t i = 0; f && i < f->n; i++) {
        findings_release(&f->v[i].findings);
    }
    if (f) {
        free(f->v);
    }
    free(f);
}
