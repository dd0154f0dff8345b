/* SPDX-License-Identifier: Apache-2.0
 *
 * What a reply of CERTInext that is no success means, for both APIs: by its HTTP status, by its
 * code, by its words. A reply to an order that does not say clearly that nothing was bought leaves
 * the order in doubt.
 */
#include "batch/ca/certinext_ops.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

void certinext_say(const struct certinext_heard *h, enum outcome outcome, const char *message)
{
    h->out->outcome = outcome;
    h->out->message = message;
}

bool certinext_by_http(const struct certinext_heard *h)
{
    const bool all = reply_by_status(h->out, h->reply, "CERTInext");
    if (all && h->reply->http_status == 401) {
        oauth_refused(&h->own->oauth, h->call);
    }
    return all;
}

/* A 4xx without the API's own words: refused, unless the address itself is wrong. */
void certinext_by_status(const struct certinext_heard *h, const struct certinext_row *row)
{
    const int status = h->reply->http_status;
    if (status < 400) {
        certinext_say(h, OUTCOME_UNKNOWN, "the reply is not the JSON that CERTInext answers with");
    } else if (status == 404 && !row->by_order) {
        /* the next request would go to the same place, so the CA stops as with a wrong key */
        certinext_say(h, OUTCOME_AUTH,
                      "HTTP 404: CERTInext is not at this address; see api_url and token_url");
    } else {
        certinext_say(h, row->refused,
                      arena_printf(h->out->arena, "HTTP %d: %s", status,
                                   status == 404 ? "CERTInext has no such order"
                                                 : "CERTInext refused the request"));
    }
}

/* The CA's words may go to reports and logs; should they repeat a secret, they do not. */
static bool repeats_secret(const struct certinext *c, const char *text)
{
    const struct secret *const all[] = {&c->access_key, &c->client_secret, &c->oauth.token};
    for (size_t i = 0; i < NITEMS(all); i++) {
        if (all[i]->n && strstr(text, secret_bytes(all[i]))) {
            return true;
        }
    }
    return false;
}

enum { MESSAGE_MAX = 500 };

static const char *failure_text(const struct certinext_heard *h, const char *message,
                                const struct certinext_code *known)
{
    const char *advice = known ? known->advice : NULL;
    if (message && repeats_secret(h->own, message)) {
        message = NULL;
    }
    if (!message) {
        return advice ? advice : "CERTInext refused the request without a reason";
    }
    return advice ? arena_printf(h->out->arena, "%.*s (%s)", MESSAGE_MAX, message, advice)
                  : arena_printf(h->out->arena, "%.*s", MESSAGE_MAX, message);
}

/* What is a failure in the words of the API and yet an answer to this step. */
static bool is_answer(const struct ca_call *call, unsigned says)
{
    static const struct {
        enum ca_step step;
        unsigned phase, says;
    } rows[] = {
        {STEP_POLL, POLL_FETCH, SAYS_NOT_READY},
        {STEP_FIND, FIND_REPORT, SAYS_EMPTY},
        {STEP_FIND, FIND_NEXT_REPORT, SAYS_EMPTY},
        {STEP_FIND, FIND_TRACK, SAYS_NO_ORDER},
        {STEP_INVENTORY, 0, SAYS_EMPTY},
        {STEP_FIND, FIND_KEY, SAYS_NO_ORDER | SAYS_NOT_READY},
        {STEP_CHALLENGE, 0, SAYS_NOT_READY},
        {STEP_VALIDATE, 0, SAYS_NOT_READY},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if (rows[i].step == call->step && rows[i].phase == call->phase && (rows[i].says & says)) {
            return true;
        }
    }
    return false;
}

/* The simulator's 300 s are a guess: how far a timestamp may be off, and in which words it is
 * refused, is not documented. A refusal that no row explains, from a CA whose clock says another
 * time, is one of every request: the CA stops, and nothing is lost of the batch. */
enum { CLOCK_MAY_BE_OFF = 240 };

static bool clocks_differ(const struct certinext_heard *h)
{
    const bool told = h->config->api == CERTINEXT_V1 && h->reply->date != TIME_NONE;
    const int64_t skew = told ? h->call->now - h->reply->date : 0;
    return skew > CLOCK_MAY_BE_OFF || skew < -CLOCK_MAY_BE_OFF;
}

static const struct certinext_code wrong_clock = {
    NULL, NULL, OUTCOME_AUTH, 0,
    "the clock of this machine is minutes off that of CERTInext, and requests carry the time"};

void certinext_failed(struct certinext_heard *h, const struct certinext_row *row, const char *code,
                      const char *message)
{
    const struct certinext_code *known = certinext_code_find(code, message);
    known = known || !clocks_differ(h) ? known : &wrong_clock;
    enum outcome outcome = known ? known->outcome : OUTCOME_REFUSED;
    if (known && is_answer(h->call, known->says)) {
        h->body = NULL;
        row->answer(h);
        return;
    }
    h->out->code = code && strlen(code) <= 32 ? code : NULL;
    if (known && known->says & SAYS_REVOKED && h->call->step == STEP_REVOKE) {
        h->out->revoked = true;
    } else if (outcome == OUTCOME_REFUSED) {
        outcome = row->refused;
    } else if (outcome == OUTCOME_ACCEPTED && h->call->step == STEP_ORDER) {
        outcome = OUTCOME_UNKNOWN; /* done already, says the CA, but not what */
    }
    certinext_say(h, outcome, failure_text(h, message, known));
}
