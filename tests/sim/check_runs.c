/* SPDX-License-Identifier: Apache-2.0
 *
 * How runs ended, what a run after a finished one did, and whether the report tells what the
 * journal and the CA tell.
 */
#include "tests/sim/check.h"

#include "formats/base/time.h"

#include <string.h>

static struct where at_run(const struct check *c, const struct line *l)
{
    return (struct where){c->runs.file, l->number, NULL, NULL};
}

/* --- I6 --- */
/* Milliseconds since midnight UTC of 1970 for the one shape that all of our logs write. */
static int64_t moment(const char *t)
{
    int64_t seconds = 0;
    uint64_t ms = 0;
    const char *dot = t ? strchr(t, '.') : NULL;
    char digits[4] = "";
    if (!t || !time_parse(t, &seconds)) {
        return 0;
    }
    if (dot) {
        memcpy(digits, dot + 1, 3);
        for (const char *d = digits; *d >= '0' && *d <= '9'; d++) {
            ms = ms * 10 + (uint64_t)(*d - '0');
        }
    }
    return seconds * 1000 + (int64_t)ms;
}

void check_end(struct check *c)
{
    static const int64_t documented[] = {0, 1, 3, 4, 5, 6, 7, 8, 9, 70, 130, 143};
    for (size_t i = 0; i < c->runs.n; i++) {
        const struct line *l = &c->runs.v[i];
        const int64_t code = json_get_int(l->json, "exit", -1);
        const int64_t took = moment(check_str(l, "end")) - moment(check_str(l, "begin"));
        const int64_t budget = json_get_int(l->json, "budget_ms", 0);
        bool known = json_get_bool(l->json, "killed", false) && code == 137;
        for (size_t k = 0; k < NITEMS(documented); k++) {
            known = known || documented[k] == code;
        }
        c->looked_at++;
        if (!known) {
            violated(c, at_run(c, l), "the run ended with %lld", (long long)code);
        }
        if (budget && took > budget) {
            violated(c, at_run(c, l), "the run took %lld ms of %lld", (long long)took,
                     (long long)budget);
        }
    }
}

/* --- I7 --- */
static const struct batch *batch_of(const struct check *c, const struct line *run)
{
    for (size_t b = 0; b < c->n; b++) {
        if (str_eq(c->v[b].name, check_str(run, "batch"))) {
            return &c->v[b];
        }
    }
    return NULL;
}

static bool within(const struct line *run, const char *t)
{
    return t && strcmp(t, check_str(run, "begin")) >= 0 && strcmp(t, check_str(run, "end")) <= 0;
}

static bool of_batch(const struct batch *b, const char *txn)
{
    for (size_t i = 0; txn && i < b->n; i++) {
        if (strlist_has(&b->v[i].txns, txn)) {
            return true;
        }
    }
    return false;
}

static void nothing_sent(struct check *c, const struct batch *b, const struct line *run)
{
    for (size_t i = 0; i < c->wire.n; i++) {
        const struct line *l = &c->wire.v[i];
        const char *kind = check_str(l, "kind");
        bool changes = str_has_word("order csr agreement revoke cancel", kind ? kind : "-");
        if (changes && within(run, check_str(l, "time")) && of_batch(b, check_txn(l))) {
            violated(c, at_run(c, run), "a %s was sent (wire:%zu) although all was done", kind,
                     l->number);
        }
    }
}

void check_again(struct check *c)
{
    for (size_t i = 0; i < c->runs.n; i++) {
        const struct line *now = &c->runs.v[i], *before = NULL;
        const struct batch *b = batch_of(c, now);
        for (size_t k = 0; k < i; k++) {
            bool same = str_eq(check_str(&c->runs.v[k], "batch"), check_str(now, "batch"));
            before = same ? &c->runs.v[k] : before;
        }
        if (!b || !before || json_get_int(before->json, "exit", -1) != 0 ||
            json_get_int(now->json, "exit", -1) != 0 ||
            strcmp(check_str(before, "end"), check_str(now, "begin")) > 0) {
            continue;
        }
        c->looked_at++;
        nothing_sent(c, b, now);
        static const char *const bundles[] = {"delivery", "audit"};
        for (size_t k = 0; k < NITEMS(bundles); k++) {
            if (!str_eq(check_str(before, bundles[k]), check_str(now, bundles[k]))) {
                violated(c, at_run(c, now), "the %s bundle is not the same", bundles[k]);
            }
        }
    }
}

/* --- I8 --- */
/* Reported states, the most serious first, and what a run that leaves one ends with. */
static const struct {
    const char *state;
    int64_t code;
} serious[] = {{"unknown", 6}, {"refused", 4},     {"failed", 4}, {"mismatch", 4}, {"skipped", 4},
               {"pending", 5}, {"not-started", 5}, {"issued", 0}, {"revoked", 0},  {"kept", 0}};

static size_t counted(const json_t *items, const char *state)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(items); i++) {
        n += str_eq(json_get_str(json_array_get(items, i), "state"), state);
    }
    return n;
}

static void sums(struct check *c, const struct batch *b, struct where at)
{
    const json_t *counts = json_get(b->report, "counts"), *items = json_get(b->report, "items");
    int64_t sum = 0, code = 0;
    for (size_t i = NITEMS(serious); i-- > 0;) {
        int64_t told = json_get_int(counts, serious[i].state, 0);
        sum += told;
        code = told && (serious[i].code == 6 || code == 0 || serious[i].code == 4) ? serious[i].code
                                                                                   : code;
        if ((size_t)told != counted(items, serious[i].state)) {
            violated(c, at, "%lld %s are counted, %zu are listed", (long long)told,
                     serious[i].state, counted(items, serious[i].state));
        }
    }
    if (sum != json_get_int(counts, "items", -1) || (size_t)sum != json_array_size(items) ||
        (size_t)sum != b->n) {
        violated(c, at, "the states sum up to %lld, the journal has %zu items", (long long)sum,
                 b->n);
    }
    bool by_counts = b->exit == 0 || (b->exit >= 4 && b->exit <= 6);
    if (by_counts && b->exit != code) {
        violated(c, at_run(c, b->run), "the run ended with %lld, its items mean %lld",
                 (long long)b->exit, (long long)code);
    }
    if (b->exit == 8 && code == 0) {
        violated(c, at_run(c, b->run), "the run gave its CA up although all items are done");
    }
}

static bool in_ledger(const struct check *c, const char *kind, const char *number)
{
    for (size_t i = 0; number && i < c->ledger.n; i++) {
        if (str_eq(check_str(&c->ledger.v[i], "kind"), kind) &&
            check_is_order(&c->ledger.v[i], number)) {
            return true;
        }
    }
    return false;
}

static void one_item(struct check *c, const struct batch *b, const struct item *it, struct where at)
{
    const json_t *row = check_reported(b, it->id);
    const char *state = row ? json_get_str(row, "state") : NULL;
    const char *number = row ? json_get_str(row, "order") : NULL;
    at.item = it->id;
    at.order = number;
    c->looked_at++;
    if (!str_eq(state, it->state)) {
        violated(c, at, "the report says %s, the journal says %s (line %zu)",
                 state ? state : "nothing", it->state, it->line);
    }
    if (str_eq(state, "issued") && !in_ledger(c, "order", number)) {
        violated(c, at, "it is called issued, the CA has no such order");
    }
    if (number && !strlist_has(&it->numbers, number)) {
        violated(c, at, "the journal never learned that number");
    }
    if (str_eq(state, "issued") && !str_eq(json_get_str(row, "sha256"), it->sha256)) {
        violated(c, at, "the report tells another certificate than the journal");
    }
}

/* A revocation that is called done was accepted, by whoever's request. */
static void revocations(struct check *c, const struct batch *b, struct where at)
{
    size_t accepted = 0, done = 0;
    for (size_t i = 0; i < c->ledger.n; i++) {
        const char *kind = check_str(&c->ledger.v[i], "kind");
        accepted += kind && str_has_word("revoke hold unhold", kind);
    }
    for (size_t i = 0; i < b->n; i++) {
        done += str_eq(b->v[i].state, "revoked");
    }
    if (done > accepted) {
        violated(c, at, "%zu revocations are called done, the CA has %zu", done, accepted);
    }
}

void check_report(struct check *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct batch *b = &c->v[i];
        struct where at = {arena_printf(&c->arena, "%s/report.json", b->dir), 0, NULL, NULL};
        if (!b->ended || !b->report) {
            continue; /* an old one lies there; that there is one is I4 */
        }
        sums(c, b, at);
        revocations(c, b, at);
        for (size_t k = 0; k < b->n; k++) {
            one_item(c, b, &b->v[k], at);
        }
    }
}
