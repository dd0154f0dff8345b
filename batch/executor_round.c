/* SPDX-License-Identifier: Apache-2.0
 *
 * A round: the finished jobs of many items become durable together. Passwords first, then files,
 * then the records that speak of them, then one sync; only after that is anything acted on. The
 * files are the committer's work: a slow disk holds up neither answers nor the orders after them.
 */
#include "batch/executor.h"

#include <unistd.h>

struct stage_row {
    void (*stage)(struct work *w);
    bool (*record)(struct work *w);
    void (*act)(struct work *w);
};

/* Blocked, failed, dropped: the same for every stage. */
static bool record_trouble(struct work *w)
{
    static const enum item_event events[] = {
        [WORK_BLOCKED] = EV_SKIP, [WORK_FAILED] = EV_FAILED, [WORK_MISMATCH] = EV_MISMATCH};
    if (w->result == WORK_DROPPED) {
        return true;
    }
    return work_record_trouble(w, events[w->result], w->code, w->err.msg);
}

/* A request in doubt cannot be repeated, and stays in doubt. */
static bool record_doubt(struct work *w)
{
    return w->result == WORK_DROPPED || w->record->state == STATE_UNKNOWN ||
           work_record_trouble(w, EV_UNKNOWN, w->code, w->err.msg);
}

static bool record_prepared(struct work *w)
{
    char spki[SHA256_HEX];
    struct record r = RECORD(EV_KEYGEN, w->item->id);
    if (w->result != WORK_OK) {
        return state_in_doubt(w->record->state) ? record_doubt(w) : record_trouble(w);
    }
    if (w->item->kind == ITEM_REVOCATION || w->spki_before[0]) {
        return true;
    }
    hex_encode(w->spki, SHA256_SIZE, spki);
    r.key = w->key_where;
    r.spki_sha256 = spki;
    return work_record(w, &r);
}

static void act_prepared(struct work *w)
{
    if (w->result != WORK_OK) {
        work_finish(w);
    } else if (w->item->kind == ITEM_REVOCATION) {
        revoked_ask(w);
    } else {
        work_enqueue(w);
    }
}

static bool record_looked(struct work *w)
{
    return w->result == WORK_OK || record_trouble(w);
}

static void act_looked(struct work *w)
{
    if (w->result == WORK_OK) {
        renewal_ask(w);
    } else {
        work_finish(w);
    }
}

/* What cannot be loaded any more can still be searched for: the journal has the key. */
static bool record_recalled(struct work *w UNUSED)
{
    return true;
}

static void act_recalled(struct work *w)
{
    w->result = WORK_OK;
    if (w->answer.wants_csr) {
        w->answer.wants_csr = false; /* loaded, or it cannot be */
        work_next_phase(w);
        return;
    }
    if (w->item->kind == ITEM_REVOCATION) {
        revoked_ask(w);
    } else {
        work_ask(w, executor_action(work_slot(w)) == DO_POLL ? STEP_POLL : STEP_FIND);
    }
}

static bool record_collected(struct work *w)
{
    struct record r = RECORD(EV_CERT, w->item->id);
    char sha[SHA256_HEX];
    if (w->record->state == STATE_INTENT && !work_record_answer(w, EV_REPLY_ACCEPTED)) {
        return false; /* CA_ONCE: order_record() left it for now */
    }
    if (w->result != WORK_OK) {
        return record_trouble(w);
    }
    hex_encode(w->leaf.sha256, SHA256_SIZE, sha);
    r.sha256 = sha;
    r.serial = w->leaf.serial_hex;
    r.issuer = dn_text(&w->arena, &w->leaf.issuer);
    r.not_before = w->leaf.not_before;
    r.not_after = w->leaf.not_after;
    return work_record(w, &r);
}

static void act_collected(struct work *w)
{
    if (w->result == WORK_OK) {
        work_submit(w, work_outputs);
    } else {
        work_finish(w);
    }
}

static bool record_outputs(struct work *w)
{
    struct record r = RECORD(EV_OUTPUTS, w->item->id);
    if (w->result != WORK_OK) {
        return record_trouble(w);
    }
    r.outputs = w->outputs;
    return work_record(w, &r);
}

static const struct stage_row stages[] = {
    {work_prepare, record_prepared, act_prepared}, {work_look, record_looked, act_looked},
    {work_recall, record_recalled, act_recalled},  {work_collect, record_collected, act_collected},
    {work_outputs, record_outputs, work_finish},
};

static const struct stage_row *stage_of(const struct work *w)
{
    size_t i = 0;
    while (stages[i].stage != w->stage) {
        i++;
    }
    return &stages[i];
}

static void close_dirs(struct work *w)
{
    for (size_t i = 0; i < NITEMS(w->dirs); i++) {
        closep(&w->dirs[i]);
        w->dirs[i] = -1;
    }
}

static void add_passwords(struct executor *x, struct work *w)
{
    for (size_t i = 0; w->result == WORK_OK && i < w->nrows; i++) {
        passwords_add(x->passwords, w->item->id, w->rows[i].name, w->rows[i].alias, &w->password);
    }
    w->nrows = 0;
}

/* Files of an item that failed half way are dropped with its group, unless they are evidence. */
static void join_files(struct fs_group *all, struct work *w)
{
    if (w->result == WORK_OK || w->result == WORK_MISMATCH) {
        fs_group_move(all, &w->files);
    }
}

/* On the committer's thread. */
static void commit_files(void *job, unsigned worker)
{
    struct commit *c = job;
    struct executor *x = c->x;
    const bool any = c->files.n > 0;
    (void)worker;
    c->ok = passwords_sync(x->passwords, &c->err) && fs_group_commit(&c->files, &c->err) &&
            (!any || !c->new_items || fs_sync(x->dir->items, "items", &c->err));
}

static bool anything_broken(struct executor *x)
{
    for (struct work *w = x->done.first; w; w = w->next) {
        if (w->result == WORK_BROKEN) {
            w->err.code = w->err.code == ERR_INTERNAL ? ERR_INTERNAL : ERR_ENV;
            return !executor_fatal(x, &w->err);
        }
    }
    return false;
}

static bool record_all(struct executor *x, const struct work_list *works)
{
    for (struct work *w = works->first; w; w = w->next) {
        if (!stage_of(w)->record(w)) {
            return false;
        }
    }
    return executor_sync(x);
}

bool executor_round_begin(struct executor *x)
{
    struct commit *c = &x->commit;
    if (anything_broken(x)) {
        return false;
    }
    *c = (struct commit){.x = x, .works = x->done, .busy = true};
    x->done = (struct work_list){0};
    fs_group_init(&c->files);
    for (struct work *w = c->works.first; w; w = w->next) {
        c->new_items = c->new_items || w->stage == work_prepare;
        add_passwords(x, w);
        join_files(&c->files, w);
    }
    for (size_t i = 0; i < x->ncas; i++) {
        x->cas[i].prepared = 0;
    }
    pool_submit(x->committer, commit_files, c);
    return true;
}

static void take_back(struct commit *c)
{
    fs_group_release(&c->files);
    for (struct work *w = c->works.first; w; w = w->next) {
        close_dirs(w);
    }
    c->busy = false;
}

bool executor_round_end(struct executor *x)
{
    struct commit *c = pool_next(x->committer, 0);
    if (!c) {
        return true;
    }
    take_back(c);
    if (!c->ok) {
        c->err.code = ERR_ENV;
        (void)executor_fatal(x, &c->err);
    }
    if (!c->ok || !record_all(x, &c->works)) {
        work_list_release(&c->works);
        return false;
    }
    for (struct work *w; (w = work_list_take(&c->works)) != NULL;) {
        if (w->result == WORK_DROPPED) {
            work_release(w); /* stopped before it began: the next run takes it up */
        } else {
            stage_of(w)->act(w);
        }
    }
    return true;
}

void executor_round_wait(struct executor *x)
{
    struct commit *c = pool_next(x->committer, -1);
    if (c) {
        take_back(c);
        work_list_release(&c->works);
    }
}
