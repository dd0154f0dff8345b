/* SPDX-License-Identifier: Apache-2.0
 *
 * What a 4xx of Sectigo Certificate Manager means. Its codes count; the HTTP status does not
 * always fit them: 403 with a code about an order or a domain is no matter of the credentials. Some
 * are answers: a certificate that is not ready is HTTP 400.
 */
#include "batch/ca/sectigo.h"

#include "formats/base/str.h"

#include <string.h>

enum { MESSAGE_MAX = 500, CODE_MAX = 99999 };

/* {"code": -16, "description": "..."}; the Admin API may leave the code out. */
static bool read_code(const struct rest_heard *h, int *out)
{
    const char *text = reply_text(h->out->arena, h->body, "code");
    const bool negative = text && *text == '-';
    uint64_t n = 0;
    if (!text || !str_u64(text + (negative ? 1 : 0), &n) || n > CODE_MAX) {
        return false;
    }
    *out = negative ? -(int)n : (int)n;
    return true;
}

/* SCM's words may go to reports and logs; should they repeat a secret, they do not. */
static bool repeats_secret(const struct sectigo *s, const char *text)
{
    const struct secret *const all[] = {&s->password, &s->client_secret, &s->oauth.token};
    for (size_t i = 0; i < NITEMS(all); i++) {
        if (all[i]->n && strstr(text, secret_bytes(all[i]))) {
            return true;
        }
    }
    return false;
}

static void put_words(const struct rest_heard *h, const struct sectigo_code *known)
{
    struct arena *a = h->out->arena;
    const char *words = reply_text(a, h->body, "description");
    const char *advice = known ? known->advice : NULL;
    words = words && repeats_secret(h->own, words) ? NULL : words;
    if (words) {
        h->out->message = advice ? arena_printf(a, "%.*s (%s)", MESSAGE_MAX, words, advice)
                                 : arena_printf(a, "%.*s", MESSAGE_MAX, words);
    } else if (advice) {
        h->out->message = advice;
    }
}

/* What is a failure in the words of SCM and yet an answer to this step. */
static bool is_answer(const struct rest_heard *h, const struct rest_row *row, unsigned says)
{
    const struct ca_call *call = h->call;
    if (call->step == STEP_POLL && call->phase == POLL_COLLECT && says & SAYS_NOT_READY) {
        rest_say(h, OUTCOME_ACCEPTED, NULL);
        h->out->phase = POLL_DETAILS; /* where it says why */
        return true;
    }
    if (call->step == STEP_POLL && call->phase == POLL_COLLECT && says & SAYS_CERT_REVOKED) {
        rest_say(h, OUTCOME_REFUSED, "it was revoked");
        h->out->revoked = true;
        return true;
    }
    if (call->step == STEP_POLL && call->phase == POLL_APPROVE) {
        const char *words = h->out->message ? h->out->message : "no reason given";
        sectigo_approved(h); /* pending all the same */
        rest_say(
            h, OUTCOME_ACCEPTED,
            arena_printf(h->out->arena, "waits for approval in SCM, ours was refused: %s", words));
        return true;
    }
    if (call->step == STEP_FIND && call->phase == FIND_COLLECT &&
        says & (SAYS_NOT_READY | SAYS_NO_ORDER | SAYS_CERT_REVOKED)) {
        rest_say(h, OUTCOME_ACCEPTED, NULL);
        row->take(h); /* without a certificate there is nothing to compare */
        return true;
    }
    if (call->step == STEP_REVOKE && says & SAYS_REVOKED) {
        rest_say(h, OUTCOME_ACCEPTED, h->out->message);
        h->out->revoked = true;
        return true;
    }
    return false;
}

static void by_code(const struct rest_heard *h, const struct rest_row *row,
                    const struct sectigo_code *known)
{
    if (is_answer(h, row, known ? known->says : 0)) {
        return;
    }
    h->out->outcome = known && known->outcome != OUTCOME_REFUSED ? known->outcome : row->refused;
}

/* Not in words of SCM: a proxy, a portal, a wrong address. Whether SCM saw the request is open. */
static void without_words(const struct rest_heard *h)
{
    if (sectigo_is_missing(h)) {
        sectigo_wrong_address(h);
    } else if (step_changes_state(h->call->step)) {
        h->out->outcome = OUTCOME_UNKNOWN;
    }
}

/* RFC 6749, 5.2. The words of the token endpoint may repeat what it was sent: none is passed on. */
static void token_refused(const struct rest_heard *h)
{
    const char *error = json_string_value(reply_member(h->body, "error"));
    if (str_eq(error, "invalid_client") || str_eq(error, "unauthorized_client")) {
        h->out->code = str_eq(error, "invalid_client") ? "invalid_client" : "unauthorized_client";
        h->out->message = "the token endpoint does not take this API key; see auth.client_id and "
                          "auth.client_secret, and Settings, Admins, API Keys in SCM";
    }
}

void sectigo_explain(const struct rest_heard *h, const struct rest_row *row)
{
    const int status = h->reply->http_status;
    const bool decided = status == 401 || status == 403 || status == 408 || status == 429;
    int code = 0;
    if (h->call->step == STEP_TOKEN) {
        token_refused(h);
        return;
    }
    const bool coded = read_code(h, &code);
    const struct sectigo_code *known = coded ? sectigo_code_find(code) : NULL;
    put_words(h, known);
    h->out->code = coded ? arena_printf(h->out->arena, "%d", code) : NULL;
    h->out->forbidden = known ? (known->says & SAYS_FORBIDDEN) != 0 : status == 403;
    if (decided && !(status == 403 && known && known->outcome != OUTCOME_AUTH)) {
        return;
    }
    if (coded || reply_text(h->out->arena, h->body, "description")) {
        by_code(h, row, known);
    } else {
        without_words(h);
    }
}
