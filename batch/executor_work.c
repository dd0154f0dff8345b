/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a work: made when its item is taken up, handed to workers, recorded, and gone when
 * the item waits or is done. Coordinator only.
 */
#include "batch/executor.h"

#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

struct item_slot *work_slot(const struct work *w)
{
    return &w->x->slots[w->slot];
}

struct ca_slot *executor_ca(struct executor *x, const struct ca_config *config)
{
    for (size_t i = 0; i < x->ncas; i++) {
        if (x->cas[i].config == config) {
            return &x->cas[i];
        }
    }
    return NULL;
}

struct work *work_new(struct executor *x, uint32_t slot)
{
    struct work *w = xcalloc(1, sizeof *w);
    struct item_slot *s = &x->slots[slot];
    w->x = x;
    w->slot = slot;
    w->record = s->record;
    w->item = s->item;
    w->ca = executor_ca(x, s->item->ca);
    w->from = record_resume_state(s->record);
    w->key_where = s->record->key ? s->record->key : "none";
    w->ordered = s->record->intent_time;
    w->key = (struct key)KEY_INIT;
    w->dirs[0] = w->dirs[1] = -1;
    memcpy(w->spki_before, s->record->spki_sha256, SHA256_HEX);
    memcpy(w->sha256_before, s->record->sha256, SHA256_HEX);
    if (w->spki_before[0] && !hex_decode(w->spki_before, SHA256_HEX - 1, w->spki)) {
        w->spki_before[0] = '\0';
    }
    fs_group_init(&w->files);
    x->live++;
    if (w->ca) {
        w->ca->live++;
    }
    return w;
}

void work_release(struct work *w)
{
    w->x->live--;
    if (w->ca) {
        w->ca->live--;
    }
    if (w->challenge) {
        executor_dcv_gone(w->challenge);
    }
    for (size_t i = 0; i < NITEMS(w->dirs); i++) {
        closep(&w->dirs[i]);
    }
    fs_group_release(&w->files);
    key_release(&w->key);
    secret_release(&w->password);
    clearance_free(w->clearance);
    buf_release(&w->request.body);
    buf_release(&w->reply.body);
    arena_release(&w->arena);
    free(w);
}

void work_finish(struct work *w)
{
    if (!w->challenge) { /* the item goes on without the answer about one of its names */
        executor_slot_done(w->x, work_slot(w));
    }
    work_release(w);
}

/* Pending items are stayed for only so long after something last moved. */
static bool patience_ends(const struct work *w, int64_t delay_ms)
{
    const struct executor *x = w->x;
    bool pending = state_report(w->record->state) == STATE_PENDING && !work_slot(w)->proving;
    return pending && time_monotonic_ms() + delay_ms > x->moved_ms + x->wait_ms;
}

void work_again(struct work *w, int64_t delay_ms)
{
    struct executor *x = w->x;
    if (patience_ends(w, delay_ms)) {
        work_finish(w);
        return;
    }
    executor_add_timer(x, w->slot, time_monotonic_ms() + (delay_ms > 0 ? delay_ms : 0));
    work_release(w);
}

void work_until(struct work *w, int64_t at)
{
    struct executor *x = w->x;
    const int64_t due = time_monotonic_ms() + (at - time_now()) * 1000;
    if (due > x->started_ms + x->wait_ms) {
        work_finish(w);
    } else {
        executor_add_timer(x, w->slot, due);
        work_release(w);
    }
}

/* It is in the state or the user's file and is read again when outputs need it: the secure heap
 * has no place for hundreds of RSA keys that wait for their CA. */
static void drop_key(struct work *w)
{
    key_release(&w->key);
    w->key = (struct key)KEY_INIT;
    w->has_key = false;
}

static void run_stage(void *job, unsigned worker)
{
    struct work *w = job;
    w->worker = worker;
    w->stage(w);
    if (w->stage == work_outputs || secret_heap_crowded()) {
        drop_key(w);
    }
}

void work_submit(struct work *w, void (*stage)(struct work *w))
{
    w->stage = stage;
    w->result = WORK_OK;
    w->ordered = w->record->intent_time;
    w->key_where = w->record->key ? w->record->key : w->key_where;
    if (stage == work_outputs) {
        passwords_item(w->x->passwords, w->item->id, &w->password);
    }
    pool_submit(w->x->pool, run_stage, w);
}

bool work_record(struct work *w, const struct record *r)
{
    struct err err = ERR_INIT;
    if (!runlog_add(w->x->log, r, &err)) {
        err.code = ERR_INTERNAL;
        return executor_fatal(w->x, &err);
    }
    w->x->moved_ms = time_monotonic_ms();
    return true;
}

bool work_record_trouble(struct work *w, enum item_event ev, const char *code, const char *message)
{
    enum item_state next;
    CLEANUP(buf_release) struct buf text = BUF_INIT(2 * RECORD_TEXT);
    str_vis(&text, message ? message : "", message ? strlen(message) : 0, RECORD_TEXT);
    if (state_next(w->record->state, ev, &next) && next == w->record->state &&
        str_eq(w->record->error_code, code) && str_eq(w->record->error_message, buf_text(&text))) {
        return true;
    }
    struct record r = RECORD(ev, w->item->id);
    r.code = code;
    r.message = buf_text(&text);
    return work_record(w, &r);
}

void work_trouble(struct work *w, enum item_event ev, const char *code, const char *message)
{
    if (!work_record_trouble(w, ev, code, message)) {
        work_release(w); /* fatal is set: the run ends */
        return;
    }
    work_finish(w);
}
