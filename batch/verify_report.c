/* SPDX-License-Identifier: Apache-2.0
 *
 * What report.json and the record.json of an item say must be what the journal says: the counts
 * add up, every item is there once, state and certificate agree. Members that later versions may
 * add do not matter here.
 */
#include "batch/verify.h"

#include "batch/report.h"
#include "formats/base/str.h"

#include <string.h>

/* Digests are empty text in a record where the report says null. */
static const char *or_null(const char *s)
{
    return s && *s ? s : NULL;
}

/* The first member that differs, or NULL. */
static const char *item_difference(const json_t *item, const struct item_record *r)
{
    const struct {
        const char *key, *want;
    } members[] = {
        {"id", r->id},
        {"state", state_report_name(r->state)},
        {"sha256", or_null(r->sha256)},
        {"spki_sha256", or_null(r->spki_sha256)},
        {"serial", r->serial},
        {"order", r->order_id},
    };
    for (size_t i = 0; i < NITEMS(members); i++) {
        if (!str_eq(json_get_str(item, members[i].key), members[i].want)) {
            return members[i].key;
        }
    }
    return NULL;
}

static void check_counts(struct verify *v, const struct history *h, const json_t *report)
{
    size_t counts[STATE__MAX];
    int64_t sum = 0;
    const json_t *said = json_get(report, "counts");
    history_counts(h, counts);
    for (size_t i = 0; i < report_states_count; i++) {
        const char *name = state_report_name(report_states[i]);
        int64_t n = json_get_int(said, name, -1);
        sum += n;
        if (n != (int64_t)counts[report_states[i]]) {
            verify_problem(v->findings, v->file, RULE_COMPLETE, SEV_ERROR, NULL,
                           "report.json counts %lld items %s, the journal %zu", (long long)n, name,
                           counts[report_states[i]]);
        }
    }
    if (sum != (int64_t)h->n || json_array_size(json_get(report, "items")) != h->n) {
        verify_problem(v->findings, v->file, RULE_COMPLETE, SEV_ERROR, NULL,
                       "report.json does not add up to the %zu items of the journal", h->n);
    }
}

/* An exception that a report leaves out is the first thing an auditor must hear of. */
static void check_exceptions(struct verify *v, const struct history *h, const json_t *report)
{
    const json_t *said = json_get(report, "exceptions");
    bool same = json_array_size(said) == h->exceptions.n;
    for (size_t i = 0; same && i < h->exceptions.n; i++) {
        const json_t *e = json_array_get(said, i);
        same = str_eq(json_get_str(e, "kind"), h->exceptions.v[i].kind) &&
               str_eq(json_get_str(e, "what"), h->exceptions.v[i].what) &&
               str_eq(json_get_str(e, "reason"), h->exceptions.v[i].reason) &&
               str_eq(json_get_str(e, "user"), h->exceptions.v[i].user);
    }
    if (!same) {
        verify_problem(v->findings, v->file, RULE_COMPLETE, SEV_ERROR, NULL,
                       "report.json speaks of other exceptions than the journal");
    }
}

static void check_approvals(struct verify *v, const struct history *h, const json_t *report)
{
    const json_t *said = json_get(report, "approvals");
    size_t n = 0;
    bool same = true;
    const struct approval_record *a;
    for (size_t at = 0; (a = history_approval(h, &at));) {
        const json_t *one = json_array_get(said, n++);
        same = same && str_eq(json_get_str(one, "approver"), a->approver) &&
               str_eq(json_get_str(one, "certificate_sha256"), a->certificate_sha256);
    }
    if (!same || n != json_array_size(said)) {
        verify_problem(v->findings, v->file, RULE_COMPLETE, SEV_ERROR, NULL,
                       "report.json speaks of other approvals than the journal");
    }
}

void verify_report_json(struct verify *v, const struct history *h, struct span data)
{
    struct err err = ERR_INIT;
    CLEANUP(json_tree_release)
    json_t *t = json_parse("report.json", (const char *)data.p, data.n, &err);
    if (!t) {
        verify_problem(v->findings, v->file, RULE_COMPLETE, SEV_ERROR, NULL, "report.json: %s",
                       err.msg);
        return;
    }
    check_counts(v, h, t);
    check_exceptions(v, h, t);
    check_approvals(v, h, t);
    const json_t *items = json_get(t, "items");
    for (size_t i = 0; i < json_array_size(items) && i < h->n; i++) {
        const char *what = item_difference(json_array_get(items, i), &h->v[i]);
        if (what) {
            verify_problem(v->findings, v->file, RULE_COMPLETE, SEV_ERROR, h->v[i].id,
                           "report.json says another %s than the journal", what);
        }
    }
}

void verify_record_json(struct verify_item *item)
{
    struct err err = ERR_INIT;
    const struct buf *text = verify_item_get(item, "record.json");
    if (!text || !item->record) {
        return; /* its absence is reported for the bundle as a whole */
    }
    CLEANUP(json_tree_release) json_t *t = json_parse("record.json", buf_text(text), text->n, &err);
    if (!t) {
        verify_item_problem(item, RULE_COMPLETE, SEV_ERROR, "record.json: %s", err.msg);
        return;
    }
    const char *what = item_difference(json_get(t, "item"), item->record);
    if (what) {
        verify_item_problem(item, RULE_COMPLETE, SEV_ERROR,
                            "record.json says another %s than the journal", what);
    }
}
