/* SPDX-License-Identifier: Apache-2.0
 *
 * emCA V4.2.4 and later: requests with a bearer token (JWT), as an endpoint map describes them. The
 * map knows shapes; what an answer means for an order is decided here, with the same care as in
 * every dialect: only what the map calls a failure refuses an order, only a certificate that can be
 * read is issuance, and all else is unknown.
 */
#include "batch/ca/emca_map.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/crl.h"

#include <stdio.h>
#include <string.h>

/* --- which operation --- */
static enum emca_operation wanted(const struct emca *e, const struct ca_call *call)
{
    static const enum emca_operation by_step[STEP__MAX] = {
        [STEP_TOKEN] = EMCA_OP_TOKEN,   [STEP_ORDER] = EMCA_OP_ORDER,
        [STEP_POLL] = EMCA_OP_POLL,     [STEP_REVOKE] = EMCA_OP_REVOKE,
        [STEP_REVOKED] = EMCA_OP_STATE, [STEP_PRODUCTS] = EMCA_OP_PROFILES,
        [STEP_PROBE] = EMCA_OP_PROBE,
    };
    const enum emca_operation op = by_step[call->step];
    if (op == EMCA_OP_POLL && e->map->replays_application_id &&
        emca_is_application_id(call->order_id)) {
        return EMCA_OP_ORDER; /* asked again under the same id */
    }
    if (op == EMCA_OP_REVOKE && call->revoke && call->revoke->reason == REASON_CERTIFICATE_HOLD) {
        return EMCA_OP_HOLD;
    }
    return op == EMCA_OP_PROBE && !e->map->rows[op] ? EMCA_OP_PROFILES : op;
}

static const struct emca_operation_row *row_of(const struct emca *e, const struct ca_call *call)
{
    return e->map->rows[wanted(e, call)];
}

/* --- request --- */
/* The method of a call is the map's: it takes the place of the one in the table. */
static bool put_path(const struct rest_asked *q, struct buf *url)
{
    const struct emca *e = q->own;
    const struct emca_operation_row *row = row_of(e, q->call);
    if (!row) {
        (void)err_set(q->err, ERR_INPUT, "the endpoint map has no operation %s",
                      emca_operation_names[wanted(e, q->call)]);
        err_hint(q->err, "add it to the file that endpoint_map names");
        return false;
    }
    const size_t method = strcspn(row->call, " ");
    q->out->method = arena_strndup(q->out->arena, row->call, method);
    return emca_fill(q, row->call + method + 1, EMCA_IN_PATH, url);
}

static bool put_body(const struct rest_asked *q, struct buf *b)
{
    struct err err = ERR_INIT;
    const struct emca_operation_row *row = row_of(q->own, q->call);
    q->out->body_is_secret = q->call->step == STEP_TOKEN;
    if (!row->body) {
        return true;
    }
    if (q->out->body_is_secret && !buf_room(b, LIMIT_SECRET * 8)) { /* never moved: see below */
        return err_set(q->err, ERR_INTERNAL, "no room for a request of a token");
    }
    if (!emca_fill(q, row->body, EMCA_IN_BODY, b)) {
        return false;
    }
    /* ${words} stand inside of strings: what comes out is JSON whatever they hold */
    CLEANUP(json_tree_release) json_t *tree = json_parse("body", buf_text(b), b->n, &err);
    return tree ||
           err_set(q->err, ERR_INPUT, "endpoint map, operation %s: its body is no JSON", row->name);
}

static void note_token(struct emca *e, const char *nonce)
{
    const size_t at = e->ncarried++ % EMCA_CARRIED;
    e->carried[at].token = e->tokens;
    (void)snprintf(e->carried[at].nonce, sizeof e->carried[at].nonce, "%s", nonce ? nonce : "");
}

static bool put_headers(const struct rest_asked *q)
{
    struct emca *e = q->own;
    const struct emca_operation_row *row = row_of(e, q->call);
    for (size_t i = 0; i < row->headers.n; i++) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(8192);
        const char *text = row->headers.v[i];
        const size_t name = strcspn(text, ":");
        if (!emca_fill(q, text + name + 2, EMCA_IN_HEADER, &b) ||
            !rest_header(q, arena_strndup(q->out->arena, text, name), buf_text(&b))) {
            return false;
        }
    }
    if (step_changes_state(q->call->step) && q->call->client_key &&
        !rest_header(q, "X-Request-ID", q->call->client_key)) {
        return false;
    }
    if (q->call->step == STEP_TOKEN) {
        return true;
    }
    if (!secret_is_set(&e->token)) {
        return err_set(q->err, ERR_INTERNAL, "emCA was to be asked before there was a token");
    }
    note_token(e, q->call->nonce);
    return request_secret_header(q->out, "Authorization", "Bearer ", &e->token, q->err);
}

/* --- answer: how it went --- */
static const char *text_at(const struct rest_heard *h, const char *pointer)
{
    const json_t *v = pointer ? emca_pointer(h->body, pointer) : NULL;
    if (json_is_integer(v)) {
        return arena_printf(h->out->arena, "%lld", (long long)json_integer_value(v));
    }
    if (json_is_boolean(v)) {
        return json_is_true(v) ? "true" : "false";
    }
    const char *text = json_string_value(v);
    return text && *text ? arena_strdup(h->out->arena, text) : NULL;
}

static bool among(const struct strings *v, const char *text)
{
    for (size_t i = 0; text && i < v->n; i++) {
        if (str_ieq(v->v[i], text)) {
            return true;
        }
    }
    return false;
}

static const struct emca_operation_row *heard_row(const struct rest_heard *h)
{
    return row_of(h->own, h->call);
}

enum went { WENT_WELL, WENT_PENDING, WENT_WRONG, WENT_NOWHERE };
static enum went how(const struct rest_heard *h)
{
    const struct emca_operation_row *row = heard_row(h);
    const char *status = text_at(h, row->status);
    const bool good = h->reply->http_status < 300;
    char http[16];
    (void)snprintf(http, sizeof http, "%d", h->reply->http_status);
    if (among(&row->failure, status) || (!good && among(&row->refused_http, http))) {
        return WENT_WRONG;
    }
    if (!good) {
        return WENT_NOWHERE;
    }
    if (among(&row->pending, status)) {
        return WENT_PENDING;
    }
    if (!row->status || among(&row->success, status) || among(&row->revoked, status) ||
        among(&row->held, status)) {
        return WENT_WELL;
    }
    return row->success.n ? WENT_NOWHERE : WENT_WELL;
}

/* Failures of reads say nothing about the order. */
static void say_wrong(const struct rest_heard *h)
{
    const char *said = text_at(h, heard_row(h)->message);
    const enum ca_step step = h->call->step;
    rest_say(h, step == STEP_POLL || step == STEP_REVOKED ? OUTCOME_UNKNOWN : OUTCOME_REFUSED,
             said ? said : "emCA refuses without a word");
}

/* True: it went well or is pending, and take goes on. */
static bool went_through(const struct rest_heard *h, bool *pending)
{
    const enum went went = how(h);
    *pending = went == WENT_PENDING;
    if (went == WENT_WRONG) {
        say_wrong(h);
    } else if (went == WENT_NOWHERE) {
        rest_say(h, OUTCOME_UNKNOWN, "the endpoint map does not tell what this answer means");
    }
    return went == WENT_WELL || went == WENT_PENDING;
}

/* --- answer: row by row --- */
static void take_order(const struct rest_heard *h)
{
    bool pending;
    struct reply_certs certs;
    const struct emca_config *c = h->config;
    const struct emca_operation_row *row = heard_row(h);
    if (!went_through(h, &pending)) {
        return;
    }
    const char *own =
        h->call->client_key ? emca_application_id(h->out->arena, h->call->client_key) : NULL;
    const char *told = text_at(h, row->order_id);
    const bool keyed = ((const struct emca *)h->own)->map->replays_application_id;
    if (emca_certificates(h->out->arena, text_at(h, row->certificate), &certs)) {
        reply_give(h->out, h->call->order, &certs);
    } else if (pending || (h->call->step == STEP_ORDER && (told || keyed) && !row->pending.n)) {
        rest_pending(h, &c->enroll, "the order has no certificate yet");
    } else {
        rest_say(h, OUTCOME_UNKNOWN, "emCA took it, it seems, and shows no certificate");
        return;
    }
    if (h->call->step == STEP_ORDER) {
        /* by which it can be asked for again */
        h->out->order_id = keyed || !told ? own : told;
    }
}

static void take_revocation(const struct rest_heard *h)
{
    bool pending;
    if (went_through(h, &pending)) {
        h->out->pending = pending;
    }
}

static void take_state(const struct rest_heard *h)
{
    bool pending;
    const struct emca_operation_row *row = heard_row(h);
    if (went_through(h, &pending)) {
        const char *state = text_at(h, row->status);
        const bool hold = h->call->revoke->reason == REASON_CERTIFICATE_HOLD;
        h->out->revoked = among(&row->revoked, state) || (hold && among(&row->held, state));
    }
}

static void add_profile(const struct rest_heard *h, const json_t *v)
{
    const struct emca_operation_row *row = heard_row(h);
    const struct rest_heard one = {h->ca, h->config, h->own, h->call, h->reply, v, h->out};
    const char *code = text_at(&one, row->code ? row->code : "");
    const char *name = text_at(&one, row->title ? row->title : "");
    if (code || name) {
        h->out->sold[h->out->nsold++] = (struct ca_sold){.code = code ? code : name,
                                                         .name = name ? name : code,
                                                         .category = "certificate profile"};
    }
}

static void take_profiles(const struct rest_heard *h)
{
    bool pending;
    const struct emca_operation_row *row = heard_row(h);
    if (!went_through(h, &pending) || h->call->step == STEP_PROBE) {
        return;
    }
    const json_t *list = emca_pointer(h->body, row->list ? row->list : "");
    if (!json_is_array(list)) {
        rest_say(h, OUTCOME_UNKNOWN, "the endpoint map does not tell where the profiles stand");
        return;
    }
    h->out->sold = arena_array(h->out->arena, json_array_size(list) + 1, sizeof *h->out->sold);
    for (size_t i = 0; i < json_array_size(list); i++) {
        add_profile(h, json_array_get(list, i));
    }
}

/* --- token --- */
enum { TOKEN_MAX = 16384, MARGIN = 60, LEAST = 30 };

static bool usable_token(const char *s)
{
    const size_t n = s ? strlen(s) : 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] <= ' ' || s[i] >= 0x7F) {
            return false;
        }
    }
    return n && n <= TOKEN_MAX;
}

static void take_token(const struct rest_heard *h)
{
    struct emca *e = h->own;
    const struct emca_operation_row *row = heard_row(h);
    const json_t *v = emca_pointer(h->body, row->token);
    const json_t *life = row->expires_in ? emca_pointer(h->body, row->expires_in) : NULL;
    const int64_t told = json_is_integer(life) ? json_integer_value(life) : e->map->token_seconds;
    const int64_t lasts = (told < DAY_SECONDS ? told : DAY_SECONDS) - MARGIN;
    if (!usable_token(json_string_value(v))) {
        rest_say(h, OUTCOME_UNKNOWN, "the token endpoint gave no token");
        return;
    }
    secret_set(&e->token, json_string_value(v), json_string_length(v));
    e->tokens++;
    h->out->valid_seconds = lasts > LEAST ? lasts : LEAST;
    e->token_until = h->call->now + h->out->valid_seconds;
}

bool emca_jwt_authorized(const struct ca *ca, int64_t now)
{
    const struct emca *e = ca->state;
    return secret_is_set(&e->token) && now < e->token_until;
}

/* The token that this request carried is no good; a newer one stays. */
static void forget_token(struct emca *e, const char *nonce)
{
    unsigned token = e->tokens;
    for (size_t i = 0; nonce && i < EMCA_CARRIED; i++) {
        token = e->carried[i].nonce[0] && str_eq(e->carried[i].nonce, nonce) ? e->carried[i].token
                                                                             : token;
    }
    if (token == e->tokens) {
        secret_release(&e->token);
        e->token_until = TIME_NONE;
    }
}

/* --- the table --- */
/* What is refused in which words is the map's, too: see explain. */
static const struct rest_row rows[STEP__MAX][REST_PHASES] = {
    [STEP_TOKEN] = {{"POST", put_path, NULL, take_token, OUTCOME_AUTH, 0, put_body}},
    [STEP_ORDER] = {{"POST", put_path, NULL, take_order, OUTCOME_UNKNOWN, 0, put_body}},
    [STEP_POLL] = {{"POST", put_path, NULL, take_order, OUTCOME_UNKNOWN, 0, put_body}},
    [STEP_REVOKED] = {{"POST", put_path, NULL, take_state, OUTCOME_UNKNOWN, 0, put_body}},
    [STEP_REVOKE] = {{"POST", put_path, NULL, take_revocation, OUTCOME_UNKNOWN, REST_EMPTY,
                      put_body}},
    [STEP_PRODUCTS] = {{"POST", put_path, NULL, take_profiles, OUTCOME_REFUSED, 0, put_body}},
    [STEP_PROBE] = {{"POST", put_path, NULL, take_profiles, OUTCOME_REFUSED, REST_EMPTY, put_body}},
};

/* A 4xx. The words of a token endpoint may repeat what it was sent: none is passed on. */
static void explain(const struct rest_heard *h, const struct rest_row *row)
{
    if (h->call->step == STEP_TOKEN || h->out->outcome != row->refused) {
        return;
    }
    if (how(h) == WENT_WRONG) {
        say_wrong(h);
    } else if (row->refused == OUTCOME_UNKNOWN) {
        h->out->message = arena_printf(h->out->arena,
                                       "HTTP %d, and the endpoint map does not tell what that "
                                       "means",
                                       h->reply->http_status);
    }
}

static const struct rest_api api = {
    .title = "emCA", .rows = rows, .put_headers = put_headers, .explain = explain};

bool emca_jwt_request(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                      struct err *err)
{
    const struct emca *e = ca->state;
    if (!rest_request(&api, ca, e->base, call, out, err)) {
        return false;
    }
    out->content_type = out->body.n ? out->content_type : NULL;
    return true;
}

void emca_jwt_answer(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                     struct ca_result *out)
{
    if (call->step != STEP_TOKEN && reply->transport == OUTCOME_ACCEPTED &&
        reply->http_status == 401) {
        forget_token(ca->state, call->nonce);
    }
    rest_answer(&api, ca, call, reply, out);
}
