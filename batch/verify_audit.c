/* SPDX-License-Identifier: Apache-2.0
 *
 * Verifying an audit bag. The journal is the witness: it is found and replayed first, then the
 * whole bag streams by and everything in it is compared with what the journal says. An item's
 * request, certificate and chain must belong together and be the ones that were journalled.
 */
#include "batch/verify.h"

#include "batch/plan.h"
#include "batch/population.h"
#include "formats/bag.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/csr.h"

#include <stdlib.h>
#include <string.h>

#define JOURNAL_PATH "data/" JOURNAL_NAME

struct audit {
    struct verify *v;
    struct history history;
    bool has_journal, has_manifest, has_plan, has_report;
    bool *seen, *recorded; /* parallel to history.v */
};

PRINTF(4, 5)
static void problem(struct audit *a, const char *rule, const char *id, const char *fmt, ...)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    verify_problem(a->v->findings, a->v->file, rule, SEV_ERROR, id, "%s", buf_text(&text));
}

/* --- the journal --- */

static void replay(struct audit *a, struct span bytes)
{
    struct err err = ERR_INIT;
    if (!journal_check(bytes, false, history_add, &a->history, &err)) {
        problem(a, RULE_JOURNAL, NULL, "line %u: %s", err.line, err.msg);
        return;
    }
    if (!a->history.close_seq) {
        problem(a, RULE_JOURNAL, NULL, "the journal has no close record: the run did not end");
    } else if (a->history.close_offset != bytes.n) {
        problem(a, RULE_JOURNAL, NULL, "the journal goes on after its last close record");
    }
}

/* Ends the reading when the journal was found. */
static bool find_journal(void *ctx, const char *name, struct span data, struct err *err)
{
    struct audit *a = ctx;
    const char *path = strchr(name, '/');
    if (!path || !str_eq(path + 1, JOURNAL_PATH)) {
        return true;
    }
    a->has_journal = true;
    replay(a, data);
    return err_set(err, ERR_NONE, "found");
}

static bool read_journal(struct audit *a, struct err *err)
{
    if (!archive_read_file(a->v->file, find_journal, a, err) && err->code != ERR_NONE &&
        err->code != ERR_FINDINGS) {
        return false;
    }
    err_clear(err); /* damage is reported when the bag is checked */
    a->seen = xcalloc(a->history.n + 1, sizeof *a->seen);
    a->recorded = xcalloc(a->history.n + 1, sizeof *a->recorded);
    return true;
}

/* --- files of the batch --- */

static void check_manifest(struct audit *a, struct span data)
{
    char hex[SHA256_HEX];
    a->has_manifest = true;
    sha256_hex(data.p, data.n, hex);
    if (!str_eq(hex, a->history.manifest_sha256)) {
        problem(a, RULE_COMPLETE, NULL, "manifest.yaml is not the manifest that the journal names");
    }
}

static void check_plan_items(struct audit *a, struct span data)
{
    struct err err = ERR_INIT;
    CLEANUP(json_tree_release)
    json_t *t = json_parse("plan.json", (const char *)data.p, data.n, &err);
    const json_t *items = json_get(t, "items");
    size_t n = json_array_size(items);
    for (size_t i = 0; i < n; i++) {
        const char *id = json_get_str(json_array_get(items, i), "id");
        if (!id || !history_item(&a->history, id)) {
            problem(a, RULE_COMPLETE, NULL, "a planned item is not in the journal: %s",
                    id && name_is_safe(id) ? id : "?");
        }
    }
    if (n != a->history.n) {
        problem(a, RULE_COMPLETE, NULL, "%zu items were planned, the journal speaks of %zu", n,
                a->history.n);
    }
}

static void check_plan(struct audit *a, struct span data)
{
    struct err err = ERR_INIT;
    struct plan_file plan = {0};
    a->has_plan = true;
    if (!plan_parse("plan.json", data, &plan, &err)) {
        problem(a, RULE_COMPLETE, NULL, "%s", err.msg);
    } else {
        if (!str_eq(plan.digest, a->history.plan_digest) ||
            !str_eq(plan.manifest_sha256, a->history.manifest_sha256) ||
            !str_eq(plan.policy_sha256, a->history.policy_sha256)) {
            problem(a, RULE_COMPLETE, NULL, "plan.json is not the plan that the journal names");
        }
        check_plan_items(a, data);
    }
    plan_file_release(&plan);
}

static void check_report(struct audit *a, struct span data)
{
    a->has_report = true;
    verify_report_json(a->v, &a->history, data);
}

static const struct {
    const char *name;
    void (*check)(struct audit *a, struct span data);
} batch_files[] = {
    {"manifest.yaml", check_manifest},
    {"plan.json", check_plan},
    {"report.json", check_report},
};

/* --- one item, on a worker --- */

static bool has_name(struct arena *a, const struct cert *leaf, enum gn_type type, const char *text)
{
    const char *wanted = name_norm(a, type, text, strlen(text));
    for (size_t i = 0; i < leaf->san.n; i++) {
        const struct general_name *g = &leaf->san.v[i];
        if (g->type == type && !g->malformed && g->text &&
            str_eq(wanted, name_norm(a, type, g->text, g->text_n))) {
            return true;
        }
    }
    return false;
}

static bool has_common_name(struct arena *a, const struct cert *leaf, const char *cn)
{
    struct san_value v;
    for (size_t i = 0; i < leaf->subject.n; i++) {
        const struct dn_attr *at = &leaf->subject.v[i];
        if (str_eq(at->name, "CN") && strlen(at->text) == at->text_n && str_ieq(at->text, cn)) {
            return true;
        }
    }
    san_value_parse(cn, &v);
    return has_name(a, leaf, v.type, v.text);
}

static void check_names(struct verify_item *item, struct arena *a, const struct cert *leaf)
{
    struct err err = ERR_INIT;
    const char *san = item->record->san;
    const char *cn = item->record->common_name;
    CLEANUP(json_tree_release)
    json_t *names = san ? json_parse("san", san, strlen(san), &err) : NULL;
    for (size_t i = 0; i < json_array_size(names); i++) {
        struct san_value v;
        const char *text = json_string_value(json_array_get(names, i));
        san_value_parse(text ? text : "", &v);
        if (!has_name(a, leaf, v.type, v.text)) {
            verify_item_problem(item, RULE_PAIRING, SEV_ERROR, "the certificate lacks the name %s",
                                str_vis_dup(a, text ? text : "?", text ? strlen(text) : 1));
        }
    }
    if (cn && !has_common_name(a, leaf, cn)) {
        verify_item_problem(item, RULE_PAIRING, SEV_ERROR,
                            "the certificate lacks the common name %s",
                            str_vis_dup(a, cn, strlen(cn)));
    }
}

static void check_against_journal(struct verify_item *item, struct arena *a,
                                  const struct cert *leaf)
{
    const struct item_record *r = item->record;
    char sha[SHA256_HEX];
    char spki[SHA256_HEX];
    hex_encode(leaf->sha256, SHA256_SIZE, sha);
    hex_encode(leaf->key.sha256, SHA256_SIZE, spki);
    if (!str_eq(sha, r->sha256)) {
        verify_item_problem(item, RULE_PAIRING, SEV_ERROR,
                            "certificate.pem is not the certificate that was journalled");
    }
    if (!str_eq(spki, r->spki_sha256)) {
        verify_item_problem(item, RULE_PAIRING, SEV_ERROR,
                            "the key of certificate.pem is not the key that was journalled");
    }
    if (!str_eq(leaf->serial_hex, r->serial) || leaf->not_before != r->not_before ||
        leaf->not_after != r->not_after) {
        verify_item_problem(item, RULE_PAIRING, SEV_ERROR,
                            "serial or validity of certificate.pem is not what was journalled");
    }
    check_names(item, a, leaf);
}

static void check_request(struct verify_item *item, struct arena *a, const struct cert *leaf)
{
    struct csr csr;
    struct err err = ERR_INIT;
    char spki[SHA256_HEX];
    const struct buf *pem = verify_item_get(item, "request.csr");
    if (!pem) {
        if (leaf) {
            verify_item_problem(item, RULE_COMPLETE, SEV_ERROR, "request.csr is missing");
        }
        return;
    }
    csr_parse(a, buf_span(pem), &csr);
    if (!csr.usable || !csr_verify(&csr, &err)) {
        verify_item_problem(item, RULE_PAIRING, SEV_ERROR,
                            "request.csr is not a request signed by its key");
        return;
    }
    hex_encode(csr.key.sha256, SHA256_SIZE, spki);
    if (item->record && item->record->spki_sha256[0] && !str_eq(spki, item->record->spki_sha256)) {
        verify_item_problem(item, RULE_PAIRING, SEV_ERROR,
                            "the key of request.csr is not the key that was journalled");
    }
    if (leaf && memcmp(csr.key.sha256, leaf->key.sha256, SHA256_SIZE) != 0) {
        verify_item_problem(item, RULE_PAIRING, SEV_ERROR,
                            "request.csr and certificate.pem have different keys");
    }
}

static void check_item(void *job, unsigned worker)
{
    struct verify_item *item = job;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct cert leaf;
    struct cert *chain;
    size_t nchain;
    (void)worker;
    bool there = verify_item_get(item, "certificate.pem") != NULL;
    bool usable = there && verify_leaf(item, &a, &leaf);
    if (usable && item->record) {
        check_against_journal(item, &a, &leaf);
    }
    if (usable) {
        verify_chain(item, &a, &leaf, &chain, &nchain);
    } else if (!there && item->record && item->record->state == STATE_ISSUED) {
        verify_item_problem(item, RULE_COMPLETE, SEV_ERROR,
                            "issued, but certificate.pem is missing");
    }
    check_request(item, &a, usable ? &leaf : NULL);
    verify_record_json(item);
}

/* --- the stream --- */

static void take_item_file(struct audit *a, const char *path, struct span data)
{
    char id[LIMIT_ARCHIVE_NAME + 1];
    const char *slash = strchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : strlen(path);
    memcpy(id, path, n);
    id[n] = '\0';
    const struct item_record *r = history_item(&a->history, id);
    size_t index = r ? (size_t)(r - a->history.v) : a->history.n;
    if (!a->v->current || !str_eq(a->v->current->id, id)) {
        verify_item_end(a->v);
        if (r && a->seen[index]) {
            problem(a, RULE_BAG, id, "the files of this item are scattered over the archive");
        }
        if (!r && a->has_journal) {
            problem(a, RULE_COMPLETE, id, "the journal does not know this item");
        }
        verify_item_begin(a->v, id, r);
        a->seen[index] = true;
    }
    a->recorded[index] = a->recorded[index] || (slash && str_eq(slash + 1, "record.json"));
    verify_item_file(a->v, slash ? slash + 1 : "", data);
}

static bool take(void *ctx, const char *name, struct span data, struct err *err)
{
    struct audit *a = ctx;
    (void)err;
    verify_no_secret(a->v, NULL, name, data, false);
    if (str_starts(name, "items/")) {
        take_item_file(a, name + strlen("items/"), data);
        return true;
    }
    verify_approvals_take(a->v->approvals, name, data);
    for (size_t i = 0; a->has_journal && i < NITEMS(batch_files); i++) {
        if (str_eq(name, batch_files[i].name)) {
            batch_files[i].check(a, data);
        }
    }
    return true;
}

static bool take_tag(void *ctx, const char *name, struct span data, struct err *err)
{
    struct audit *a = ctx;
    (void)err;
    verify_seal_file(a->v->seal, name, data);
    return true;
}

/* --- completeness --- */

/* The population was fixed before the first request left: its size and its root are in the
 * journal's plan record, and what the journal says of the items must give that root. */
static void check_population(struct audit *a)
{
    const struct history *h = &a->history;
    CLEANUP(population_release) struct population p = {0};
    char root[SHA256_HEX];
    population_of(h, &p);
    population_root(&p, root);
    if (!h->merkle_root || h->planned != (int64_t)h->n || !str_eq(root, h->merkle_root)) {
        problem(a, RULE_COMPLETE, NULL,
                "the %zu items of the journal are not the population that its plan record fixed",
                h->n);
    }
}

static void check_complete(struct audit *a)
{
    const struct history *h = &a->history;
    size_t open = 0;
    if (!a->has_journal) {
        problem(a, RULE_JOURNAL, NULL, "there is no %s", JOURNAL_PATH);
        return;
    }
    if (!a->has_manifest || !a->has_plan || !a->has_report) {
        problem(a, RULE_COMPLETE, NULL, "%s is missing",
                !a->has_manifest ? "data/manifest.yaml"
                : !a->has_plan   ? "data/plan.json"
                                 : "data/report.json");
    }
    check_population(a);
    for (size_t i = 0; i < h->n; i++) {
        open += !state_is_final(h->v[i].state);
        if (!a->recorded[i]) {
            problem(a, RULE_COMPLETE, h->v[i].id, "there is no record.json of this item");
        }
    }
    if (open) { /* the bundle is sound; the batch is not at its end */
        verify_problem(a->v->findings, a->v->file, RULE_COMPLETE, SEV_WARNING, NULL,
                       "%zu of %zu items are not in a final state", open, h->n);
    }
}

static void summarise(const struct audit *a, struct buf *summary)
{
    size_t counts[STATE__MAX];
    const char *before = "";
    history_counts(&a->history, counts);
    buf_printf(summary, "  journal       %llu records, last close %s\n",
               (unsigned long long)a->history.last_seq,
               a->history.closed ? a->history.closed : "never");
    buf_printf(summary, "  items         %zu:", a->history.n);
    for (size_t s = 0; s < STATE__MAX; s++) {
        if (counts[s]) {
            buf_printf(summary, "%s %zu %s", before, counts[s],
                       state_report_name((enum item_state)s));
            before = ",";
        }
    }
    buf_printf(summary, "\n  population    fixed before the first request, Merkle root %.16s...",
               a->history.merkle_root ? a->history.merkle_root : "none");
    buf_printf(summary, "\n  certificates  %zu, compared with request, journal and chain\n",
               a->v->certificates);
}

bool verify_audit(struct verify *v, struct buf *summary, struct err *err)
{
    struct audit a = {.v = v, .history = HISTORY_INIT};
    v->check = check_item;
    v->seal = verify_seal_new();
    v->approvals = verify_approvals_new();
    bool ok = read_journal(&a, err) && bag_check(v->file, take, take_tag, &a, v->findings, err);
    verify_drain(v);
    if (ok) {
        check_complete(&a);
        summarise(&a, summary);
        verify_approvals(v, &a.history, summary);
        verify_seal(v, &a.history, summary);
    }
    free(a.seen);
    free(a.recorded);
    history_release(&a.history);
    return ok;
}
