/* SPDX-License-Identifier: Apache-2.0
 *
 * See tsa.h. A request for a timestamp changes nothing that could be lost or paid twice, so what
 * did not arrive is asked again, each time with a nonce of its own.
 */
#include "batch/tsa.h"

#include "batch/http.h"
#include "batch/retry.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/tsp.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES = 3, SLICE_MS = 200, REPLY_MAX = 1 << 20, WAIT_MAX_SECONDS = 10 };

static const struct ca_type tsa_type = {
    .type = "timestamp", .title = "timestamping authority", .in_flight = 1};

struct tsa {
    const struct timestamp *config;
    const volatile sig_atomic_t *stop;
    struct ca_config ca_config;
    struct ca ca;
    struct http *http;
    struct http_peer *peer;
    struct trust *trust; /* NULL: no ca_file */
};

static bool read_trust(struct tsa *t, const char *dir, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!t->config->ca_file) {
        return true;
    }
    const char *path = path_join(&a, dir, t->config->ca_file);
    return (fs_read(path, &pem, err) &&
            trust_read(t->config->ca_file, buf_span(&pem), &t->trust, err)) ||
           err_wrap(err, "timestamp.ca_file");
}

bool tsa_open(const struct timestamp *config, const char *config_dir,
              const volatile sig_atomic_t *stop, struct tsa **out, struct err *err)
{
    struct tsa *t = xcalloc(1, sizeof *t);
    t->config = config;
    t->stop = stop;
    t->ca_config =
        (struct ca_config){.name = "timestamp", .type = &tsa_type, .common = config->common};
    t->ca = (struct ca){.type = &tsa_type,
                        .config = &t->ca_config,
                        .name = t->ca_config.name,
                        .config_dir = config_dir};
    if (!read_trust(t, config_dir, err) || !http_new(&t->http, err) ||
        !http_peer_open(t->http, &t->ca, &t->peer, err)) {
        tsa_close(t);
        return false;
    }
    *out = t;
    return true;
}

void tsa_close(struct tsa *t)
{
    if (t) {
        if (t->http) {
            http_free(t->http);
        }
        trust_free(t->trust);
        free(t);
    }
}

static bool stopping(const struct tsa *t)
{
    return t->stop && *t->stop;
}

/* One exchange, carried at most once. */
static void carry(struct tsa *t, struct ca_exchange *x)
{
    http_submit(t->http, t->peer, x);
    for (;;) {
        http_run(t->http);
        if (http_next(t->http)) {
            return;
        }
        if (stopping(t)) {
            http_abandon(t->http);
        }
        http_wait(t->http, -1, SLICE_MS);
    }
}

/* What came back is a reply to look at? Else why, and whether another try may end differently. */
static bool arrived(const struct ca_reply *r, bool *again, struct err *err)
{
    *again = false;
    if (r->transport != OUTCOME_ACCEPTED) {
        *again = !r->lasting;
        return err_set(err, ERR_CA, "the TSA gave no answer: %s",
                       r->transport_message ? r->transport_message : "no reason given");
    }
    if (r->http_status != 200) {
        *again = r->http_status >= 500 || r->http_status == 429;
        return err_set(err, ERR_CA, "the TSA answered with HTTP status %d", r->http_status);
    }
    if (r->content_type && !str_eq(r->content_type, "application/timestamp-reply")) {
        CLEANUP(buf_release) struct buf type = BUF_INIT(LIMIT_MESSAGE);
        str_vis(&type, r->content_type, strlen(r->content_type), LIMIT_VALUE_SHOWN);
        return err_set(err, ERR_CA, "the TSA answered with %s, not a timestamp reply",
                       buf_text(&type));
    }
    return true;
}

static bool ask_once(struct tsa *t, struct span data, struct buf *out, struct ca_reply *reply,
                     bool *again, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf question = BUF_INIT(65536);
    const struct ca_call call = {.step = STEP_PROBE, .now = time_now()};
    struct ca_request request = {.call = &call,
                                 .arena = &a,
                                 .method = "POST",
                                 .url = t->config->url,
                                 .content_type = "application/timestamp-query"};
    struct ca_exchange x = {&request, reply, NULL};
    *again = false;
    if (!tsp_request(data, t->config->hash, t->config->policy, &question, err)) {
        return false;
    }
    request.body = question;
    carry(t, &x);
    if (!arrived(reply, again, err) ||
        !tsp_reply_check(buf_span(&question), buf_span(&reply->body), t->trust, time_now(), err)) {
        return false;
    }
    buf_add(out, reply->body.p, reply->body.n);
    return true;
}

/* In short pieces: the stop flag is looked at in between. */
static void wait_before(struct tsa *t, unsigned tries, int64_t asked)
{
    uint32_t random;
    random_bytes(&random, sizeof random);
    asked = asked > WAIT_MAX_SECONDS ? WAIT_MAX_SECONDS : asked;
    const int64_t end = time_monotonic_ms() + retry_delay_ms(tries, asked, random);
    for (int64_t left; !stopping(t) && (left = end - time_monotonic_ms()) > 0;) {
        http_wait(t->http, -1, (int)(left < SLICE_MS ? left : SLICE_MS));
    }
}

bool tsa_stamp(struct tsa *t, struct span data, struct buf *reply, struct err *err)
{
    for (unsigned tries = 1;; tries++) {
        bool again;
        struct err why = ERR_INIT;
        struct ca_reply r = {.transport = OUTCOME_UNKNOWN,
                             .body = BUF_INIT(REPLY_MAX),
                             .retry_after_seconds = -1,
                             .date = TIME_NONE};
        bool ok = ask_once(t, data, reply, &r, &again, &why);
        int64_t asked = r.retry_after_seconds;
        buf_release(&r.body);
        if (ok) {
            return true;
        }
        if (!again || tries == TRIES || stopping(t)) {
            *err = why;
            return false;
        }
        wait_before(t, tries, asked);
    }
}
