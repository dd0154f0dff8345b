/* SPDX-License-Identifier: Apache-2.0
 *
 * See executor.h: the loop. Items wait in a FIFO (ready) or by time (timers); a bounded number is
 * in flight. Every pass takes up items, commits a round of finished jobs, sends, takes replies.
 * Nothing here knows a step of a protocol.
 */
#include "batch/executor_dcv.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

enum {
    WINDOW = 384,     /* items in flight: two rounds are computed while one is committed */
    ROUND = 128,      /* files and records of so many items share their syncs */
    ROUND_MS = 100,   /* a finished item waits no longer for others */
    FDS_PER_ITEM = 8, /* temporaries and directories that are open until the round */
    FDS_KEPT = 64,
    FDS_WANTED = WINDOW * FDS_PER_ITEM + FDS_KEPT,
    SLEEP_MS = 200,      /* longest sleep: the stop flag is looked at in between */
    PROVING_MS = 50,     /* hooks end beside the workers */
    GRACE_MS = 10 * 1000 /* for answers that are under way when the run is stopped */
};

/* --- small things --- */
bool executor_fatal(struct executor *x, const struct err *err)
{
    if (x->fatal.code == ERR_NONE) {
        x->fatal = *err;
    }
    return false;
}

bool executor_sync(struct executor *x)
{
    struct err err = ERR_INIT;
    return journal_sync(x->log->journal, &err) || executor_fatal(x, &err);
}

void executor_note(struct executor *x, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(x->note_text, sizeof x->note_text, fmt, ap);
    va_end(ap);
    x->note = x->note_text;
}

static void fill_window(struct executor *x)
{
    int64_t now = time_monotonic_ms();
    while (x->ntimers && x->timers[0].due <= now) {
        executor_make_ready(x, executor_take_timer(x));
    }
    while (!x->draining && x->ready_n && x->live < x->window) {
        executor_take_up(x, executor_take_ready(x));
    }
}

/* --- the loop --- */
static void start_draining(struct executor *x)
{
    x->draining_since = x->draining ? x->draining_since : time_monotonic_ms();
    x->draining = true;
    atomic_store(&x->hurry, true);
}

/* What is not answered by then comes back as unknown, is recorded, and reconciled by the next run.
 */
static void abandon_when_late(struct executor *x)
{
    if (x->draining && time_monotonic_ms() - x->draining_since > GRACE_MS) {
        wire_abandon(x->wire);
    }
}

bool executor_stopping(struct executor *x)
{
    bool closed = x->not_after != TIME_NONE && time_now() >= x->not_after;
    if (closed && x->closed.code == ERR_NONE) {
        err_set(&x->closed, ERR_REFUSED, "the change window closed while the run was under way");
        err_hint(&x->closed, "run again in the next window: finished items are not touched");
    }
    if ((x->stop && *x->stop) || closed || x->fatal.code != ERR_NONE) {
        start_draining(x);
    }
    return x->draining;
}

static void gather(struct executor *x, int timeout_ms)
{
    for (struct work *w; (w = pool_next(x->pool, timeout_ms)) != NULL; timeout_ms = 0) {
        if (!x->done.n) {
            x->done_since = time_monotonic_ms();
        }
        if (w->ca && w->stage == work_prepare) {
            w->ca->prepared++;
        }
        work_list_add(&x->done, w);
    }
}

static bool round_is_due(const struct executor *x)
{
    return x->done.n && !x->commit.busy &&
           (x->done.n >= x->round || pool_pending(x->pool) == 0 || executor_hungry(x) ||
            time_monotonic_ms() - x->done_since >= ROUND_MS);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Nothing can be done this moment: until a worker is ready, an answer comes, a timer is due, or an
 * order may go. In short pieces: the stop flag is looked at in between. */
static void wait_for_something(struct executor *x)
{
    const int64_t now = time_monotonic_ms();
    int64_t until = least(now + SLEEP_MS, executor_next_send(x));
    if (x->done.n && !x->commit.busy) {
        until = least(until, x->done_since + ROUND_MS);
    }
    if (x->ntimers) {
        until = least(until, x->timers[0].due);
    }
    if (executor_dcv_busy(x)) {
        until = least(until, now + PROVING_MS);
    }
    wire_wait(x->wire, x->wake, until > now ? (int)(until - now) : 0);
}

static bool finished(const struct executor *x)
{
    bool nothing_waits = x->draining || (!x->ready_n && !x->ntimers);
    return !x->live && nothing_waits && !executor_dcv_busy(x) && !executor_canary_busy(x);
}

static bool pass(struct executor *x)
{
    struct err err = ERR_INIT;
    if (!executor_round_end(x) || (round_is_due(x) && !executor_round_begin(x)) ||
        !executor_dcv(x) || !executor_canary_step(x)) {
        return false;
    }
    if (!executor_send(x)) {
        return false;
    }
    if (!wire_run(x->wire, &err)) {
        err.code = err.code == ERR_INTERNAL ? ERR_INTERNAL : ERR_ENV;
        return executor_fatal(x, &err);
    }
    return executor_replies(x);
}

static void loop(struct executor *x)
{
    while (!finished(x)) {
        (void)executor_stopping(x);
        abandon_when_late(x);
        fill_window(x);
        gather(x, 0);
        if (!finished(x) && !round_is_due(x) && !wire_ready(x->wire) && !executor_can_send(x)) {
            wait_for_something(x);
        }
        if (!pass(x)) {
            return;
        }
        executor_report(x, false);
    }
}

/* --- beginning and end --- */
static void size_window(struct executor *x)
{
    struct rlimit fds = {FDS_WANTED, FDS_WANTED};
    if (getrlimit(RLIMIT_NOFILE, &fds) == 0 && fds.rlim_cur < FDS_WANTED) {
        fds.rlim_cur = fds.rlim_max < FDS_WANTED ? fds.rlim_max : FDS_WANTED;
        (void)setrlimit(RLIMIT_NOFILE, &fds);
        (void)getrlimit(RLIMIT_NOFILE, &fds);
    }
    size_t usable = fds.rlim_cur > FDS_KEPT ? (size_t)fds.rlim_cur - FDS_KEPT : 0;
    size_t fit = usable / FDS_PER_ITEM;
    x->window = fit < 3 ? 3 : fit < WINDOW ? fit : WINDOW;
    x->round = x->window / 3 < ROUND ? x->window / 3 : ROUND;
}

/* Before any worker runs: reading a password from the environment overwrites it there, and the
 * table of passwords is not locked. */
static void load_passwords(struct executor *x, struct item_slot *s)
{
    struct err err = ERR_INIT;
    const char *dir = x->batch->manifest.dir;
    bool wanted = s->item->kind == ITEM_ORDER && !state_is_final(record_resume_state(s->record));
    if (wanted && !passwords_load(x->passwords, s->item->order, dir, &err)) {
        s->no_password = arena_strdup(&x->arena, err.msg);
    }
}

/* One descriptor for both: what waits for the network takes only one beside its own. */
static int wake_of(const struct pool *a, const struct pool *b)
{
    int wake = epoll_create1(EPOLL_CLOEXEC);
    const int fds[] = {pool_fd(a), pool_fd(b)};
    for (size_t i = 0; i < NITEMS(fds); i++) {
        struct epoll_event e = {.events = EPOLLIN};
        if (wake >= 0 && epoll_ctl(wake, EPOLL_CTL_ADD, fds[i], &e) != 0) {
            closep(&wake);
            wake = -1;
        }
    }
    return wake; /* -1: the loop looks every SLEEP_MS */
}

static void begin(struct executor *x, struct item_slot *slots, size_t n)
{
    x->slots = slots;
    x->nslots = n;
    x->started_ms = x->moved_ms = time_monotonic_ms();
    x->done = (struct work_list){0};
    size_window(x);
    for (size_t i = 0; i < n; i++) {
        slots[i].first_dependent = slots[i].next_dependent = ITEM_NO_INDEX;
        load_passwords(x, &slots[i]);
    }
    executor_canary_begin(x);
    executor_open_cas(x);
    x->lanes = xcalloc(x->ncas + 1, sizeof *x->lanes);
    executor_dcv_begin(x);
    x->pool = pool_new(x->workers);
    x->committer = pool_new(1);
    x->wake = wake_of(x->pool, x->committer);
    x->wire = wire_new(x->workers);
    x->scratch = xcalloc(pool_workers(x->pool), sizeof *x->scratch);
    for (size_t i = 0; i < n; i++) {
        executor_make_ready(x, (uint32_t)i);
    }
}

/* After a fatal error jobs end and nothing of theirs is committed; but an answer that is still
 * under way is waited for and recorded, as long as the journal takes it: the reserve past its end
 * is there for exactly that. */
static void wind_down(struct executor *x)
{
    struct err ignored = ERR_INIT;
    start_draining(x);
    for (;;) {
        abandon_when_late(x);
        while (pool_pending(x->pool)) {
            gather(x, -1);
        }
        executor_round_wait(x);
        work_list_release(&x->done);
        for (size_t i = 0; i < x->ncas; i++) {
            work_list_release(&x->cas[i].queue);
            work_list_release(&x->cas[i].login.waiting);
        }
        if (!wire_pending(x->wire)) {
            return;
        }
        (void)(wire_run(x->wire, &ignored) || executor_fatal(x, &ignored));
        wire_wait(x->wire, x->wake, SLEEP_MS);
        (void)!executor_replies(x);
    }
}

static void end(struct executor *x)
{
    wind_down(x);
    executor_dcv_end(x);
    executor_canary_end(x);
    executor_limit_end(x);
    for (size_t i = 0; i < x->nslots; i++) {
        x->left_over = x->left_over || !x->slots[i].done;
    }
    for (unsigned i = 0; i < pool_workers(x->pool); i++) {
        arena_release(&x->scratch[i].arena);
    }
    closep(&x->wake);
    pool_free(x->committer);
    pool_free(x->pool);
    wire_free(x->wire);
    for (size_t i = 0; i < x->ncas; i++) {
        arena_release(&x->cas[i].login.arena);
        buf_release(&x->cas[i].login.reply.body);
        budget_close(&x->cas[i].budget);
        ca_close(x->cas[i].ca);
    }
    free(x->scratch);
    free(x->cas);
    free(x->lanes);
    free(x->ready);
    free(x->timers);
    arena_release(&x->arena);
}

bool executor_run(struct executor *x, struct item_slot *slots, size_t n, struct err *err)
{
    begin(x, slots, n);
    loop(x);
    executor_report(x, true);
    end(x);
    const struct err *first = x->fatal.code != ERR_NONE    ? &x->fatal
                              : x->ca_err.code != ERR_NONE ? &x->ca_err
                                                           : &x->closed;
    if (first->code != ERR_NONE) {
        *err = *first;
        return false;
    }
    return true;
}
