/* SPDX-License-Identifier: Apache-2.0
 *
 * A CA with scripted faults for t_run.c: the embedded CA does the work, this connector loses,
 * forges and delays its replies. It takes the embedded CA's place in the table of connectors.
 * Before it serves a request that changes anything it looks into the journal for the intent.
 */
#ifndef TESTS_FAULTY_CA_H
#define TESTS_FAULTY_CA_H

#include "batch/ca/local.h"
#include "batch/config.h"
#include "batch/journal.h"
#include "formats/base/fs.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

enum fault {
    FAULT_NONE,
    FAULT_LOST,        /* carried out, the reply is lost */
    FAULT_LOST_BEFORE, /* not carried out, and nobody says so */
    FAULT_NOT_SENT,
    FAULT_THROTTLED,
    FAULT_AUTH,
    FAULT_FORBIDDEN, /* these credentials may not do this one thing */
    FAULT_REFUSED,
    FAULT_GARBAGE, /* carried out, the reply does not decode */
    FAULT_PENDING, /* carried out, the certificate comes later */
    FAULT_WAITS,   /* not carried out yet; asked often enough for this run */
    FAULT_SWAPPED, /* the certificate of another order */
    FAULT_EMPTY,   /* a search that does not see the order */
    FAULT_TWO      /* a search that finds two */
};

struct fault_row {
    const char *item;
    enum ca_step step;
    enum fault fault;
    unsigned times; /* how often; 0 = always */
};

static struct {
    struct fault_row rows[8];
    unsigned orders, revocations, finds, polls, states; /* requests that arrived */
    unsigned without_intent;                            /* of them, not in the journal */
    const char *journal;                                /* path of the journal */
    bool logged_in;
    unsigned logins, strangers; /* credentials asked for; other requests that came without one */
    unsigned phases;            /* a poll takes so many requests more */
    unsigned renewals;          /* questions about renewals */
    enum ca_renewal renewal;    /* what the configuration says about them */
    struct ca_window window;    /* the answer */
    const char *words;          /* of an answer to POLL that comes later */
    unsigned odd_pages;         /* phases that did not get the page of the one before */
} faulty;

static enum fault fault_for(const struct ca_call *c)
{
    const char *item = c->order ? c->order->item : c->revoke ? c->revoke->item : "";
    for (size_t i = 0; i < NITEMS(faulty.rows); i++) {
        struct fault_row *r = &faulty.rows[i];
        if (!r->item || r->step != c->step || (!str_eq(r->item, "*") && !str_eq(r->item, item))) {
            continue;
        }
        if (r->times == 1) {
            r->item = NULL; /* used up */
        } else if (r->times) {
            r->times--;
        }
        return r->fault;
    }
    return FAULT_NONE;
}

static void count_request(const struct ca_call *c)
{
    unsigned *counters[STEP__MAX] = {
        [STEP_ORDER] = &faulty.orders,   [STEP_REVOKE] = &faulty.revocations,
        [STEP_FIND] = &faulty.finds,     [STEP_RENEWAL] = &faulty.renewals,
        [STEP_REVOKED] = &faulty.states, [STEP_POLL] = &faulty.polls};
    if (counters[c->step]) {
        ++*counters[c->step];
    }
    if (step_changes_state(c->step)) {
        struct err err = ERR_INIT;
        CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 24);
        char want[80];
        (void)snprintf(want, sizeof want, "\"client_key\":\"%s\"", c->client_key);
        bool there = fs_read(faulty.journal, &text, &err) && strstr(buf_text(&text), want);
        faulty.without_intent += !there;
    }
}

static void say(struct ca_reply *r, const char *json)
{
    buf_reset(&r->body);
    buf_puts(&r->body, json);
    r->transport = OUTCOME_ACCEPTED;
}

/* Is the request carried out in spite of the fault? */
static bool carried_out(enum fault f)
{
    return f == FAULT_NONE || f == FAULT_LOST || f == FAULT_GARBAGE || f == FAULT_PENDING ||
           f == FAULT_SWAPPED;
}

static void break_reply(enum fault f, struct ca_reply *r, const struct ca_reply *other)
{
    static const char *const texts[] = {
        [FAULT_THROTTLED] = "{\"outcome\":\"throttled\"}",
        [FAULT_AUTH] = "{\"outcome\":\"auth\",\"message\":\"who are you\"}",
        [FAULT_FORBIDDEN] = "{\"outcome\":\"auth\",\"message\":\"not yours\",\"forbidden\":1}",
        [FAULT_WAITS] = "{\"outcome\":\"accepted\",\"later\":1,\"enough\":1}",
        [FAULT_REFUSED] =
            "{\"outcome\":\"refused\",\"code\":\"E42\",\"message\":\"no\\u001b[31m\"}",
        [FAULT_GARBAGE] = "<html>502 Bad Gateway</html>",
        [FAULT_EMPTY] = "{\"outcome\":\"accepted\"}",
        [FAULT_TWO] =
            "{\"outcome\":\"accepted\",\"found\":[{\"order\":\"L-1\"},{\"order\":\"L-2\"}]}",
    };
    if (f == FAULT_LOST || f == FAULT_LOST_BEFORE || f == FAULT_NOT_SENT) {
        buf_reset(&r->body);
        r->transport = f == FAULT_NOT_SENT ? OUTCOME_NOT_SENT : OUTCOME_UNKNOWN;
        r->transport_message = "the connection broke";
    } else if (f == FAULT_PENDING) {
        char text[128] = ""; /* the order is known, its result not yet */
        const char *order = strstr(buf_text(&r->body), "\"order\":\"L-");
        if (order) {
            (void)snprintf(text, sizeof text, "{\"outcome\":\"accepted\",%.44s,\"later\":1}",
                           order);
        }
        say(r, text);
    } else if (f == FAULT_SWAPPED) {
        say(r, buf_text(&other->body));
    } else if (f != FAULT_NONE) {
        say(r, texts[f]);
    }
}

static void log_in(enum fault f, struct ca_reply *r)
{
    faulty.logins++;
    say(r, "{\"outcome\":\"accepted\",\"token\":1}");
    break_reply(f, r, r);
}

static struct ca_ops faulty_ops;

static bool faulty_serve(struct ca *ca, struct ca_exchange *v, size_t n, unsigned workers,
                         struct err *err)
{
    enum fault faults[1024];
    struct ca_exchange pass[1024];
    size_t npass = 0;
    if (n > NITEMS(faults)) {
        return err_set(err, ERR_INTERNAL, "a group of %zu", n);
    }
    for (size_t i = 0; i < n; i++) {
        count_request(v[i].request->call);
        faults[i] = fault_for(v[i].request->call);
        bool login = v[i].request->call->step == STEP_TOKEN;
        bool own = login || v[i].request->call->step == STEP_RENEWAL;
        faulty.strangers += !login && faulty_ops.authorized && !faulty.logged_in;
        if (!own && carried_out(faults[i])) {
            pass[npass++] = v[i];
        }
    }
    if (npass && !local_serve(ca, pass, npass, workers, err)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (v[i].request->call->step == STEP_TOKEN) {
            log_in(faults[i], v[i].reply);
        } else if (v[i].request->call->step == STEP_RENEWAL) {
            say(v[i].reply, "{\"outcome\":\"accepted\"}");
            break_reply(faults[i], v[i].reply, v[i].reply);
        } else {
            break_reply(faults[i], v[i].reply, v[i ? 0 : n - 1].reply);
        }
    }
    return true;
}

static inline bool faulty_authorized(const struct ca *ca, int64_t now)
{
    (void)ca;
    (void)now;
    return faulty.logged_in;
}

/* A poll that has not come to its last request says where it stands. */
static void next_phase(const struct ca_call *call, struct ca_result *out)
{
    char page[16];
    (void)snprintf(page, sizeof page, "p%u", call->phase);
    faulty.odd_pages += call->phase && !str_eq(call->page, page);
    if (call->phase < faulty.phases && out->outcome == OUTCOME_ACCEPTED) {
        out->phase = call->phase + 1;
        out->next_page = arena_printf(out->arena, "p%u", out->phase);
    }
}

static void faulty_answer(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                          struct ca_result *out)
{
    ca_local.ops->answer(ca, call, reply, out);
    if (strstr(buf_text(&reply->body), "\"later\"")) {
        out->pending = true;
        out->again_seconds = 0;
        out->enough = strstr(buf_text(&reply->body), "\"enough\"") != NULL;
        out->message = call->step == STEP_POLL ? faulty.words : NULL;
    }
    out->forbidden = strstr(buf_text(&reply->body), "\"forbidden\"") != NULL;
    if (call->step == STEP_TOKEN) {
        faulty.logged_in = out->outcome == OUTCOME_ACCEPTED;
    } else if (out->outcome == OUTCOME_AUTH) {
        faulty.logged_in = false;
    } else if (call->step == STEP_POLL) {
        next_phase(call, out);
    } else if (call->step == STEP_RENEWAL && out->outcome == OUTCOME_ACCEPTED) {
        out->renewal = faulty.window;
        out->again_seconds = 3600;
    }
}

static enum ca_renewal faulty_renewal(const struct ca_config *config)
{
    (void)config;
    return faulty.renewal;
}

static struct ca_type faulty_type;
const struct ca_type *const ca_types[] = {&faulty_type, NULL};

const struct product_info *ca_all_products(size_t *n)
{
    *n = faulty_type.nproducts;
    return faulty_type.products;
}

static void faulty_reset(unsigned without, unsigned with)
{
    memset(&faulty, 0, sizeof faulty);
    faulty_ops = *ca_local.ops;
    faulty_ops.serve = faulty_serve;
    faulty_ops.answer = faulty_answer;
    faulty_type = ca_local;
    faulty_type.ops = &faulty_ops;
    faulty_type.renewal = faulty_renewal;
    faulty_type.caps = (faulty_type.caps & ~without) | with;
}

#endif
