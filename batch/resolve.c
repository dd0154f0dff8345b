/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch resolve`: the operator's word on an order that nobody can account for, recorded with
 * who said it and why. Nothing is sent; the next run acts on it.
 */
#include "batch/run_parts.h"

#include "batch/bundle.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

struct resolving {
    struct statedir dir;
    struct history history;
    struct journal *journal;
    struct arena arena;
};

static const struct {
    const char *word;
    bool takes_id;
    enum item_event ev;
} words[] = {
    {"adopt", true, EV_RESOLVED_ADOPT},
    {"reorder", false, EV_RESOLVED_REORDER},
    {"abandon", false, EV_RESOLVED_ABANDON},
};

static bool parse_word(const char *what, enum item_event *ev, const char **id, struct err *err)
{
    size_t n = strcspn(what, ":");
    for (size_t i = 0; i < NITEMS(words); i++) {
        if (strlen(words[i].word) != n || strncmp(words[i].word, what, n) != 0) {
            continue;
        }
        *ev = words[i].ev;
        *id = what[n] == ':' ? what + n + 1 : NULL;
        size_t length = *id ? strlen(*id) : 0;
        return words[i].takes_id == (length > 0 && length <= LIMIT_ORDER_ID) ||
               err_set(err, ERR_USAGE,
                       words[i].takes_id ? "adopt needs the order: adopt:ID" : "%s takes no id",
                       words[i].word);
    }
    return err_set(err, ERR_USAGE, "\"%.40s\": say adopt:ID, reorder or abandon", what);
}

static bool open_resolving(struct resolving *r, const char *path, struct err *err)
{
    if (!statedir_open(&r->dir, path, false, err)) {
        return false;
    }
    r->journal = journal_open(r->dir.fd, history_add, &r->history, err);
    return r->journal != NULL;
}

static bool resolve(struct resolving *r, const char *id, enum item_event ev, const char *order,
                    const char *reason, struct err *err)
{
    enum item_state next;
    struct runlog log = {.journal = r->journal, .history = &r->history, .opened = true};
    struct item_record *item = history_item(&r->history, id);
    if (!item) {
        return err_set(err, ERR_INPUT, "%s has no item %.64s", r->dir.path, id);
    }
    if (ev == EV_RESOLVED_ADOPT && item->kind == ITEM_REVOCATION) {
        return err_set(err, ERR_INPUT, "%s is a revocation: there is no order to adopt", id);
    }
    if (!state_next(item->state, ev, &next)) {
        return err_set(err, ERR_INPUT, "%s is %s: there is nothing to decide by %s", id,
                       state_report_name(item->state), event_class(ev));
    }
    struct record rec = RECORD(ev, id);
    rec.order_id = order;
    rec.reason = reason;
    rec.user = run_user(&r->arena);
    if (ev == EV_RESOLVED_ABANDON) {
        rec.code = "abandoned";
        rec.message = reason;
    }
    return runlog_add(&log, &rec, err) && journal_sync(r->journal, err) &&
           report_store(&r->history, &r->dir, err);
}

bool run_resolve(const char *state_dir, const char *item, const char *what, const char *reason,
                 struct err *err)
{
    struct resolving r = {.dir = {.fd = -1, .keys = -1, .items = -1, .lock = -1}};
    enum item_event ev = EV__MAX;
    const char *order = NULL;
    CLEANUP(buf_release) struct buf why = BUF_INIT(2 * RECORD_TEXT);
    if (!reason || !*reason) {
        return err_set(err, ERR_USAGE, "--reason is missing: the decision goes into the record");
    }
    str_vis(&why, reason, strlen(reason), RECORD_TEXT);
    bool ok = parse_word(what, &ev, &order, err) && open_resolving(&r, state_dir, err) &&
              resolve(&r, item, ev, order, buf_text(&why), err);
    journal_close(r.journal);
    history_release(&r.history);
    statedir_close(&r.dir);
    arena_release(&r.arena);
    return ok;
}
