/* SPDX-License-Identifier: Apache-2.0
 *
 * See rest.h.
 */
#include "batch/ca/rest.h"

#include "batch/ca/settings.h"
#include "batch/config.h"
#include "formats/base/str.h"

#include <string.h>

enum { URL_MAX = 16 * 1024, HEADERS = 8 };

const struct rest_row *rest_row_of(const struct rest_api *api, const struct ca_call *call)
{
    const struct rest_row *row = call->step < STEP__MAX && call->phase < REST_PHASES
                                     ? &api->rows[call->step][call->phase]
                                     : NULL;
    return row && row->method ? row : NULL;
}

/* --- request --- */
static bool put_url(const struct rest_row *row, const struct rest_asked *q, const char *base)
{
    CLEANUP(buf_release) struct buf path = BUF_INIT(URL_MAX);
    if (!row->put_path(q, &path)) {
        return false;
    }
    if (buf_failed(&path)) {
        return err_set(q->err, ERR_INPUT, "the address of the request is too long");
    }
    const char *text = buf_text(&path);
    const bool whole = str_starts(text, "https://") || str_starts(text, "http://");
    q->out->url = arena_printf(q->out->arena, "%s%s", whole ? "" : base, text);
    return true;
}

static bool put_body(const struct rest_row *row, const struct rest_asked *q)
{
    struct jw j;
    if (row->put_text) {
        return row->put_text(q, &q->out->body);
    }
    if (!row->put_json) {
        return true;
    }
    jw_begin(&j, &q->out->body, JW_COMPACT);
    jw_object(&j, NULL);
    if (!row->put_json(q, &j)) {
        return false;
    }
    jw_end(&j);
    return jw_finish(&j, q->err);
}

bool rest_header(const struct rest_asked *q, const char *name, const char *value)
{
    const char **headers = (const char **)(uintptr_t)q->out->headers;
    size_t n = 0;
    if (!headers) {
        headers = arena_array(q->out->arena, HEADERS + 1, sizeof *headers);
        q->out->headers = headers;
    }
    while (headers[n]) {
        n++;
    }
    if (n == HEADERS) {
        return err_set(q->err, ERR_INTERNAL, "a request has room for %d headers", HEADERS);
    }
    headers[n] = arena_printf(q->out->arena, "%s: %s", name, value);
    return true;
}

static struct rest_part whole(const struct ca *ca)
{
    return (struct rest_part){ca->config->own, ca->state};
}

bool rest_request(const struct rest_api *api, const struct ca *ca, const char *base,
                  const struct ca_call *call, struct ca_request *out, struct err *err)
{
    return rest_part_request(api, whole(ca), ca, base, call, out, err);
}

bool rest_part_request(const struct rest_api *api, struct rest_part part, const struct ca *ca,
                       const char *base, const struct ca_call *call, struct ca_request *out,
                       struct err *err)
{
    const struct rest_row *row = rest_row_of(api, call);
    const struct rest_asked q = {ca, part.config, part.own, call, out, err};
    out->call = call;
    if (!row || !out->arena) {
        return err_set(err, ERR_INTERNAL, "%s has no such step", api->title);
    }
    out->method = row->method;
    if (!put_url(row, &q, base) || !put_body(row, &q) ||
        !rest_header(&q, "Accept", api->accept ? api->accept : "application/json") ||
        (api->put_headers && !api->put_headers(&q))) {
        return false;
    }
    if (row->put_text || row->put_json) {
        const char *type = api->content_type ? api->content_type : "application/json";
        out->content_type = row->flags & REST_FORM ? "application/x-www-form-urlencoded" : type;
    }
    request_digest(out);
    return true;
}

/* --- answer --- */
void rest_say(const struct rest_heard *h, enum outcome outcome, const char *message)
{
    h->out->outcome = outcome;
    h->out->message = message;
}

static void say_status(const struct rest_heard *h, const char *title, const char *what)
{
    h->out->message =
        arena_printf(h->out->arena, "HTTP %d: %s %s", h->reply->http_status, title, what);
}

/* White space is no body either. */
static bool is_empty(const struct ca_reply *reply)
{
    return strspn(buf_text(&reply->body), " \t\r\n") == reply->body.n;
}

static void answered(const struct rest_api *api, const struct rest_row *row,
                     const struct rest_heard *h)
{
    const bool good = h->reply->http_status < 300;
    /* a maintenance page with status 200 is no success without a body */
    const bool nothing = row->flags & REST_EMPTY && is_empty(h->reply);
    const bool wants_json = !(row->flags & REST_TEXT) && !nothing;
    if (good && wants_json && !h->body) {
        /* It may have been carried out: only what can be read is known. */
        h->out->outcome = OUTCOME_UNKNOWN;
        say_status(h, api->title, "answers with something that is not JSON");
    } else if (good || (h->reply->http_status == 404 && row->flags & REST_BY_ORDER)) {
        h->out->outcome = OUTCOME_ACCEPTED;
        row->take(h);
    } else {
        /* That an order was not taken must be said by the API: a page of a proxy does not. */
        const bool silent =
            step_changes_state(h->call->step) && !h->body && !(row->flags & REST_TEXT);
        h->out->outcome = silent ? OUTCOME_UNKNOWN : row->refused;
        say_status(h, api->title, "refuses");
        if (api->explain) {
            api->explain(h, row);
        }
    }
}

void rest_answer(const struct rest_api *api, const struct ca *ca, const struct ca_call *call,
                 const struct ca_reply *reply, struct ca_result *out)
{
    rest_part_answer(api, whole(ca), ca, call, reply, out);
}

void rest_part_answer(const struct rest_api *api, struct rest_part part, const struct ca *ca,
                      const struct ca_call *call, const struct ca_reply *reply,
                      struct ca_result *out)
{
    struct err err = ERR_INIT;
    const struct rest_row *row = rest_row_of(api, call);
    if (reply->transport != OUTCOME_ACCEPTED || !row) {
        out->outcome = row ? reply->transport : OUTCOME_UNKNOWN;
        return;
    }
    json_t *tree = row->flags & REST_TEXT && reply->http_status < 300
                       ? NULL
                       : json_parse("reply", buf_text(&reply->body), reply->body.n, &err);
    const struct rest_heard h = {ca, part.config, part.own, call, reply, tree, out};
    if (!reply_by_status(out, reply, api->title)) {
        answered(api, row, &h);
    } else if (api->explain && (tree || row->flags & REST_TEXT) && reply->http_status >= 400 &&
               reply->http_status < 500) {
        api->explain(&h, row); /* its own words for what HTTP decided */
    }
    json_decref(tree);
}

void rest_put(struct jw *j, const char *key, const char *value)
{
    if (value && *value) {
        jw_str(j, key, value);
    }
}

/* --- waits --- */
/* min(base^(looks + 1), max), which overflows nowhere: it stops at the first product beyond. */
static int64_t back_off(const struct ca_enroll *e, unsigned looks)
{
    int64_t wait = 1;
    for (unsigned i = 0; i <= looks && wait < e->max_back_off_seconds; i++) {
        wait *= e->back_off_seconds;
        if (e->back_off_seconds <= 1) {
            break;
        }
    }
    return wait < e->max_back_off_seconds ? wait : e->max_back_off_seconds;
}

void rest_pending(const struct rest_heard *h, const struct ca_enroll *e, const char *message)
{
    h->out->pending = true;
    h->out->message = message;
    h->out->again_seconds = back_off(e, h->call->looks);
    h->out->enough = (int64_t)h->call->looks >= e->max_attempts;
}
