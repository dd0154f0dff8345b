/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions to one CA outside of a run, for commands that have no batch: `products`, `inventory`,
 * `doctor`, `cancel`. A question is one step, carried to its end: the credential it needs, its
 * phases and pages, the waits a CA asks for, tries again where that is safe.
 *
 *     asker_open(&a, config, dir, &err)
 *     ask(&a, &(struct ca_call){.step = STEP_PRODUCTS}, on_answer, ctx, &err)   as often as wanted
 *     asker_close(&a)
 *
 * on_answer gets every answer the CA accepted, one a page, and ends the question by returning
 * false (with err set). What it gets lives until it returns. One thread.
 */
#ifndef BATCH_ASK_H
#define BATCH_ASK_H

#include "batch/config.h"
#include "batch/wire.h"

#include <signal.h>

struct asker {
    /* filled by the caller, may be NULL */
    const volatile sig_atomic_t *stop;
    void (*waiting)(void *ctx, int64_t ms, const char *why); /* before a wait, for people */
    void *waiting_ctx;
    unsigned tries; /* of one read that does not arrive; 0 = as many as a run has */

    /* its own */
    struct ca *ca;
    struct wire *wire;
    struct arena arena;
    struct ca_request request;
    struct ca_reply reply;
    struct ca_result answer;
    char nonce[33];
};

bool asker_open(struct asker *a, const struct ca_config *config, const char *config_dir,
                struct err *err) MUST_USE;
/* False: err, ERR_CA for what the CA or the way to it says, with the CA's own words in it. The
 * last answer and reply stay in a->answer and a->reply until the next question: `doctor` reads
 * there what was seen. */
bool ask(struct asker *a, const struct ca_call *call,
         bool (*on_answer)(void *ctx, const struct ca_result *r, struct err *err), void *ctx,
         struct err *err) MUST_USE;
void asker_close(struct asker *a);

#endif
