/* SPDX-License-Identifier: Apache-2.0
 *
 * See ask.h. The same doctrine as the executor's for reads, without items and journal: what did
 * not arrive is asked again, what was refused is not.
 */
#include "batch/ask.h"

#include "batch/retry.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

enum { REPLY_MAX = 32 << 20, SLICE_MS = 200, LOGINS = 2 };

static bool stopping(const struct asker *a)
{
    return a->stop && *a->stop;
}

/* --- one exchange --- */
static void clear(struct asker *a)
{
    buf_wipe(&a->request.body);
    buf_wipe(&a->reply.body); /* a reply may be a credential */
}

static bool log_in(struct asker *a, struct err *err);

static bool exchange(struct asker *a, struct ca_call *call, struct err *err)
{
    if (call->step != STEP_TOKEN && !log_in(a, err)) {
        return false; /* each try may need one of its own: a nonce */
    }
    uint8_t random[16];
    random_bytes(random, sizeof random);
    hex_encode(random, sizeof random, a->nonce);
    call->now = time_now();
    call->nonce = a->nonce;
    clear(a);
    a->request = (struct ca_request){.call = call, .arena = &a->arena, .body = BUF_INIT(REPLY_MAX)};
    a->reply = (struct ca_reply){.transport = OUTCOME_UNKNOWN,
                                 .body = BUF_INIT(REPLY_MAX),
                                 .retry_after_seconds = -1,
                                 .date = TIME_NONE};
    a->answer =
        (struct ca_result){.arena = &a->arena, .outcome = OUTCOME_UNKNOWN, .again_seconds = -1};
    if (!a->ca->type->ops->request(a->ca, call, &a->request, err)) {
        return false;
    }
    struct ca_exchange x = {&a->request, &a->reply, NULL};
    wire_submit(a->wire, a->ca, &x);
    do {
        if (!wire_run(a->wire, err)) {
            return false;
        }
        wire_wait(a->wire, -1, SLICE_MS);
    } while (!wire_next(a->wire));
    a->ca->type->ops->answer(a->ca, call, &a->reply, &a->answer);
    return true;
}

/* --- what an answer means --- */
static bool say(const struct asker *a, const char *what, struct err *err)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    const char *words = a->answer.message            ? a->answer.message
                        : a->reply.transport_message ? a->reply.transport_message
                                                     : "no reason given";
    if (a->answer.code) {
        str_vis(&b, a->answer.code, strlen(a->answer.code), 64);
        buf_puts(&b, ": ");
    }
    str_vis(&b, words, strlen(words), LIMIT_VALUE_SHOWN * 4);
    return err_set(err, ERR_CA, "CA %s %s: %s", a->ca->name, what, buf_text(&b));
}

/* In short pieces: the stop flag is looked at in between. */
static bool wait_ms(struct asker *a, int64_t ms, const char *why, struct err *err)
{
    const int64_t end = time_monotonic_ms() + ms;
    if (a->waiting) {
        a->waiting(a->waiting_ctx, ms, why);
    }
    for (int64_t left; (left = end - time_monotonic_ms()) > 0;) {
        if (stopping(a)) {
            return err_set(err, ERR_CA, "interrupted while waiting for CA %s", a->ca->name);
        }
        wire_wait(a->wire, -1, (int)(left < SLICE_MS ? left : SLICE_MS));
    }
    return true;
}

static bool later(struct asker *a, unsigned tries, struct err *err)
{
    const int64_t asked =
        a->answer.again_seconds >= 0 ? a->answer.again_seconds : a->reply.retry_after_seconds;
    uint32_t random;
    random_bytes(&random, sizeof random);
    return wait_ms(a, retry_delay_ms(tries, asked, random), outcome_name(a->answer.outcome), err);
}

static const struct {
    bool again;
    const char *text; /* when it is the last word */
} outcomes[] = {
    [OUTCOME_ACCEPTED] = {false, "answered"},
    [OUTCOME_REFUSED] = {false, "refused"},
    [OUTCOME_THROTTLED] = {true, "asked to wait too often"},
    [OUTCOME_NOT_SENT] = {true, "cannot be reached"},
    [OUTCOME_AUTH] = {false, "does not accept the credentials"},
    [OUTCOME_UNKNOWN] = {true, "gave no answer that could be read"},
};
_Static_assert(NITEMS(outcomes) == OUTCOME__MAX, "a row per outcome");

/* Until there is an answer that another try would not change. */
static bool settle(struct asker *a, struct ca_call *call, struct err *err)
{
    for (unsigned tries = 1;; tries++) {
        if (!exchange(a, call, err)) {
            return false;
        }
        /* what changes something is not said twice when nobody knows whether it was heard */
        const bool lost = a->answer.outcome == OUTCOME_UNKNOWN && step_changes_state(call->step);
        const bool again = outcomes[a->answer.outcome].again && !lost && !a->reply.lasting;
        if (!again || tries >= (a->tries ? a->tries : RETRY_READS)) {
            return true;
        }
        if (!later(a, tries, err)) {
            return false;
        }
    }
}

static bool authorized(const struct asker *a)
{
    const struct ca_ops *ops = a->ca->type->ops;
    return !ops->authorized || ops->authorized(a->ca, time_now());
}

static bool log_in(struct asker *a, struct err *err)
{
    struct ca_call call = {.step = STEP_TOKEN};
    if (authorized(a)) {
        return true;
    }
    for (unsigned n = 0; n < 2 * RETRY_STALE; n++) {
        if (!settle(a, &call, err)) {
            return false;
        }
        if (!a->answer.stale && !(a->answer.outcome == OUTCOME_ACCEPTED && a->answer.phase)) {
            break;
        }
        call.phase = a->answer.stale ? 0 : a->answer.phase;
    }
    clear(a);
    return (a->answer.outcome == OUTCOME_ACCEPTED && authorized(a)) ||
           say(a,
               a->answer.no_credential ? "did not tell what comes before everything else"
                                       : "gave no access token",
               err);
}

/* One phase; a credential that was refused in between is replaced. */
static bool ask_phase(struct asker *a, struct ca_call *call, struct err *err)
{
    unsigned logins = 0, stale = 0;
    while (settle(a, call, err)) {
        const bool expired = a->answer.outcome == OUTCOME_AUTH && !authorized(a);
        if (a->answer.stale ? stale++ >= RETRY_STALE : !expired || logins++ >= LOGINS) {
            return a->answer.outcome == OUTCOME_ACCEPTED ||
                   say(a, outcomes[a->answer.outcome].text, err);
        }
    }
    return false;
}

bool ask(struct asker *a, const struct ca_call *call,
         bool (*on_answer)(void *ctx, const struct ca_result *r, struct err *err), void *ctx,
         struct err *err)
{
    CLEANUP(arena_release) struct arena kept = ARENA_INIT;
    struct ca_call at = *call;
    for (unsigned n = 0; n < LIMIT_PHASES && !stopping(a); n++) {
        arena_reset(&a->arena);
        if (!ask_phase(a, &at, err) || (on_answer && !on_answer(ctx, &a->answer, err))) {
            return false;
        }
        const bool more_pages = !a->answer.phase && a->answer.next_page;
        if (!a->answer.phase && !more_pages) {
            return true;
        }
        /* the answer's strings end with the next exchange */
        at.phase = a->answer.phase;
        at.order_id = a->answer.order_id ? arena_strdup(&kept, a->answer.order_id) : at.order_id;
        at.page = a->answer.next_page ? arena_strdup(&kept, a->answer.next_page) : NULL;
    }
    return err_set(err, ERR_CA,
                   stopping(a) ? "interrupted while asking CA %s"
                               : "CA %s: the answers lead nowhere, the question was given up",
                   a->ca->name);
}

/* --- */
bool asker_open(struct asker *a, const struct ca_config *config, const char *config_dir,
                struct err *err)
{
    if (!ca_can_send(config, err)) {
        return false;
    }
    a->ca = ca_open(config, config_dir, err);
    a->wire = wire_new(1);
    return a->ca != NULL;
}

void asker_close(struct asker *a)
{
    clear(a);
    wire_free(a->wire);
    if (a->ca) {
        ca_close(a->ca);
    }
    arena_release(&a->arena);
    *a = (struct asker){0};
}
