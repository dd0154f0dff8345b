/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal of a batch: whose it is, the item list that is fixed before anything is sent, and
 * the close. A run that changes nothing writes nothing here.
 */
#include "batch/run_parts.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

enum { NAMES_BYTES = LIMIT_JOURNAL_RECORD / 2 }; /* of names in one record */

const char *run_user(struct arena *a)
{
    struct passwd entry, *found = NULL;
    char scratch[4096];
    (void)getpwuid_r(getuid(), &entry, scratch, sizeof scratch, &found);
    return found ? arena_printf(a, "%s (%ld)", found->pw_name, (long)getuid())
                 : arena_printf(a, "uid %ld", (long)getuid());
}

static const struct plan_item *planned(const struct run *r, const char *id)
{
    const struct item *item = batch_item(&r->batch, id);
    return item && item->index < r->plan.n ? &r->plan.v[item->index] : NULL;
}

/* --- is it the same batch? --- */
static bool nothing_sent(const struct item_record *rec)
{
    return record_resume_state(rec) == STATE_NEW && rec->attempts == 0;
}

static bool same_item(const struct run *r, const struct item_record *rec, struct err *err)
{
    const struct plan_item *p = planned(r, rec->id);
    char digest[SHA256_HEX];
    if (!p) {
        return err_set(err, ERR_INPUT, "item %s of the earlier run is not in %s any more", rec->id,
                       r->batch.manifest.path);
    }
    hex_encode(p->digest, SHA256_SIZE, digest);
    if (nothing_sent(rec) || strcmp(digest, rec->digest) == 0) {
        return true;
    }
    return err_at(err, ERR_INPUT, yaml_pos(r->batch.manifest.path, p->item->node),
                  "item %s is not what the earlier run worked on", rec->id);
}

static bool same_items(struct run *r, struct err *err)
{
    for (size_t i = 0; i < r->history.n; i++) {
        bool changed = !str_eq(r->history.manifest_sha256, r->batch.manifest.sha256);
        if (!planned(r, r->history.v[i].id) || changed) {
            if (!same_item(r, &r->history.v[i], err)) {
                err_hint(err, "a batch may grow and untouched items may change; for other items "
                              "start a new batch under another name");
                return false;
            }
        }
    }
    return true;
}

bool run_same_batch(struct run *r, struct err *err)
{
    const struct history *h = &r->history;
    if (!h->opened) {
        return true;
    }
    if (h->simulate != r->batch_options.simulate) {
        return err_set(err, ERR_INPUT, "%s belongs to a %s, this is a %s", r->dir.path,
                       h->simulate ? "simulation" : "real run",
                       h->simulate ? "real run" : "simulation");
    }
    if (!str_eq(h->batch, r->batch.manifest.name)) {
        return err_set(err, ERR_INPUT, "%s belongs to the batch %s", r->dir.path, h->batch);
    }
    return same_items(r, err);
}

/* --- records --- */
static void head_record(struct run *r, const char *ev)
{
    char host[65] = "";
    (void)gethostname(host, sizeof host - 1);
    const struct history_head head = {.ev = ev,
                                      .batch = r->batch.manifest.name,
                                      .manifest_sha256 = r->batch.manifest.sha256,
                                      .policy_sha256 = policy_digest(r->batch.policy),
                                      .simulate = r->batch_options.simulate};
    const struct head_extra extra[] = {{"version", CERTBATCH_VERSION, 0},
                                       {"host", host, 0},
                                       {"user", run_user(&r->own), 0},
                                       {"pid", NULL, (int64_t)getpid()}};
    runlog_head(&r->log, &head, extra, NITEMS(extra));
}

void run_resume_record(struct runlog *log)
{
    struct run *r = log->run;
    head_record(r, r->history.opened ? "resume" : "open");
}

void run_open_log(struct run *r)
{
    if (!r->log.opened) {
        r->log.opened = true;
        run_resume_record(&r->log);
    }
}

/* Names of one record's worth, from *next on; NULL when none are left. */
static const char *names_chunk(struct run *r, const char *const *names, size_t *next)
{
    struct jw j;
    struct err ignored = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_JOURNAL_RECORD);
    if (!names || !names[*next]) {
        return NULL;
    }
    jw_begin(&j, &text, JW_COMPACT);
    jw_array(&j, NULL);
    for (bool first = true; names[*next]; first = false, (*next)++) {
        if (!first && text.n + strlen(names[*next]) > NAMES_BYTES) {
            break;
        }
        jw_str(&j, NULL, names[*next]);
    }
    jw_end(&j);
    return jw_finish(&j, &ignored) ? arena_strdup(&r->own, buf_text(&text)) : NULL;
}

static bool describe(struct run *r, const struct plan_item *p, struct err *err)
{
    const struct item *item = p->item;
    bool revocation = item->kind == ITEM_REVOCATION;
    char digest[SHA256_HEX];
    size_t next = 0;
    hex_encode(p->digest, SHA256_SIZE, digest);
    struct record rec = {.ev = "item",
                         .item = item->id,
                         .kind = revocation ? "revocation" : "order",
                         .action = item->action,
                         .ca = item->ca ? item->ca->name : NULL,
                         .product = item->product_name ? item->product_name : item->product_code,
                         .common_name = p->common_name,
                         .digest = digest,
                         .after = revocation ? item->revocation->after : NULL,
                         RECORD_NONE};
    rec.san = names_chunk(r, (const char *const *)p->names, &next);
    if (!runlog_add(&r->log, &rec, err)) {
        return false;
    }
    for (const char *more; (more = names_chunk(r, (const char *const *)p->names, &next)) != NULL;) {
        struct record names = {.ev = "names", .item = item->id, .san = more, RECORD_NONE};
        if (!runlog_add(&r->log, &names, err)) {
            return false;
        }
    }
    return true;
}

static bool to_be_described(const struct run *r, const struct plan_item *p)
{
    const struct item_record *rec = history_item(&r->history, p->item->id);
    char digest[SHA256_HEX];
    hex_encode(p->digest, SHA256_SIZE, digest);
    return !rec || (nothing_sent(rec) && strcmp(digest, rec->digest) != 0);
}

/* The list of items is durable before the first of them is worked on: it is the population that
 * every report has to add up to. */
bool run_describe(struct run *r, struct err *err)
{
    const struct history_head plan = {.ev = "plan", .digest = r->plan.digest};
    const struct head_extra items = {"items", NULL, (int64_t)r->plan.n};
    bool headed = false;
    if (r->changed) {
        run_open_log(r);
    }
    for (size_t i = 0; i < r->plan.n; i++) {
        if (!to_be_described(r, &r->plan.v[i])) {
            continue;
        }
        if (!headed) {
            run_open_log(r);
            runlog_head(&r->log, &plan, &items, 1);
            headed = true;
        }
        if (!describe(r, &r->plan.v[i], err)) {
            return false;
        }
        arena_reset(&r->own);
    }
    return journal_sync(r->journal, err);
}

/* --- what the executor gets --- */
static void note_findings(struct run *r)
{
    for (size_t i = 0; i < r->findings->n; i++) {
        const struct finding *f = &r->findings->v[i];
        const struct item_record *rec = f->item ? history_item(&r->history, f->item) : NULL;
        struct item_slot *s = rec ? &r->slots[rec - r->history.v] : NULL;
        if (s && s->blocked && !s->blocked_rule && !f->waived && f->severity == SEV_ERROR) {
            s->blocked_rule = f->rule;
            s->blocked = f->message;
        }
    }
}

bool run_make_slots(struct run *r, struct err *err)
{
    struct history *h = &r->history;
    r->slots = xcalloc(h->n + 1, sizeof *r->slots);
    for (size_t i = 0; i < h->n; i++) {
        const struct plan_item *p = planned(r, h->v[i].id);
        if (!p) {
            return err_set(err, ERR_INPUT, "item %s is in the journal but not in the manifest",
                           h->v[i].id);
        }
        r->slots[i] = (struct item_slot){.record = &h->v[i], .item = p->item};
        if (p->action == PLAN_BLOCKED) {
            r->slots[i].blocked = p->why ? arena_strdup(&r->own, p->why) : "blocked by policy";
        }
    }
    note_findings(r);
    for (size_t i = 0; i < h->n; i++) {
        if (r->slots[i].blocked && !r->slots[i].blocked_rule) {
            r->slots[i].blocked_rule = "policy";
        }
    }
    return true;
}

bool run_close(struct run *r, struct err *err)
{
    const struct history *h = &r->history;
    const struct history_head head = {.ev = "close"};
    struct head_extra extra[STATE__MAX + 1];
    size_t counts[STATE__MAX], n = 0;
    if (h->close_seq == h->last_seq) {
        return true;
    }
    history_counts(h, counts);
    extra[n++] = (struct head_extra){"items", NULL, (int64_t)h->n};
    for (size_t s = 0; s < STATE__MAX; s++) {
        if (counts[s]) {
            const char *name = state_report_name((enum item_state)s);
            extra[n++] = (struct head_extra){name, NULL, (int64_t)counts[s]};
        }
    }
    runlog_head(&r->log, &head, extra, n);
    return journal_sync(r->journal, err);
}
