/* SPDX-License-Identifier: Apache-2.0
 *
 * The CERTInext connector: which step is which call (a table), how every request is signed, and
 * what a reply as a whole says before anybody reads its fields.
 *
 * HTTP 200 is no success here: `meta.status` is. A reply to an order that does not say clearly
 * that nothing was bought leaves the order in doubt.
 */
#include "batch/ca/certinext_v1.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

/* A refused read (no such order yet, a fault with a code) must not end an order that was paid for;
 * a state of the order does. */
const struct certinext_row certinext_v1[STEP__MAX][CERTINEXT_PHASES] = {
    [STEP_ORDER][0] = {"GenerateOrderSSL", certinext_v1_order, certinext_v1_ordered,
                       OUTCOME_REFUSED, false},
    [STEP_POLL][POLL_TRACK] = {"TrackOrder", certinext_v1_track, certinext_v1_tracked,
                               OUTCOME_UNKNOWN, true},
    [STEP_POLL][POLL_FETCH] = {"GetCertificate", certinext_v1_fetch, certinext_v1_fetched,
                               OUTCOME_UNKNOWN, true},
    [STEP_FIND][FIND_REPORT] = {"GetOrderReport", certinext_v1_find, certinext_v1_found,
                                OUTCOME_UNKNOWN, false},
    [STEP_FIND][FIND_TRACK] = {"TrackOrder", certinext_v1_find_track, certinext_v1_find_tracked,
                               OUTCOME_UNKNOWN, true},
    [STEP_FIND][FIND_NEXT_REPORT] = {"GetOrderReport", certinext_v1_find, certinext_v1_found,
                                     OUTCOME_UNKNOWN, false},
    [STEP_REVOKED][0] = {"TrackOrder", certinext_v1_revoked, certinext_v1_state, OUTCOME_REFUSED,
                         true},
    [STEP_REVOKE][0] = {"RevokeOrder", certinext_v1_revoke, certinext_v1_revocation,
                        OUTCOME_REFUSED, true},
    [STEP_CANCEL][0] = {"RejectOrder", certinext_v1_cancel, certinext_v1_done, OUTCOME_REFUSED,
                        true},
    [STEP_PRODUCTS][0] = {"GetProductDetails", certinext_v1_products, certinext_v1_catalogue,
                          OUTCOME_REFUSED, false},
    [STEP_INVENTORY][0] = {"GetOrderReport", certinext_v1_inventory, certinext_v1_listed,
                           OUTCOME_REFUSED, false},
    [STEP_CHALLENGE][0] = {"GetDcv", certinext_v1_dcv, certinext_v1_challenge, OUTCOME_REFUSED,
                           true},
    [STEP_VALIDATE][0] = {"VerifyDcv", certinext_v1_dcv, certinext_v1_validated, OUTCOME_REFUSED,
                          true},
    /* the only thing it can refuse is the credential */
    [STEP_PROBE][0] = {"ValidateCredentials", certinext_v1_probe, certinext_v1_done, OUTCOME_AUTH,
                       false},
};

static const struct certinext_row *row_of(const struct ca_call *call)
{
    const struct certinext_row *row = call->step < STEP__MAX && call->phase < CERTINEXT_PHASES
                                          ? &certinext_v1[call->step][call->phase]
                                          : NULL;
    return row && row->path ? row : NULL;
}

/* --- life --- */
static bool is_oauth(const struct certinext *c)
{
    return c->config->auth.mode == CERTINEXT_OAUTH;
}

static bool open_certinext(struct ca *ca, struct err *err)
{
    struct certinext *c = xcalloc(1, sizeof *c);
    *c = (struct certinext){.config = ca->config->own, .token_until = TIME_NONE};
    ca->state = c;
    if (c->config->api != CERTINEXT_V1) {
        return err_set(err, ERR_INPUT, "CA %s: orders cannot be sent through api: v2 yet",
                       ca->name);
    }
    char *base = arena_strdup(&c->arena, c->config->api_url);
    for (size_t n = strlen(base); n && base[n - 1] == '/'; n--) {
        base[n - 1] = '\0';
    }
    c->base = base;
    if (is_oauth(c)) {
        return secret_load(&c->config->auth.client_secret, ca->config_dir, &c->client_secret,
                           err) ||
               err_wrap(err, "CA %s: client_secret", ca->name);
    }
    return secret_load(&c->config->auth.access_key, ca->config_dir, &c->access_key, err) ||
           err_wrap(err, "CA %s: access_key", ca->name);
}

static void close_certinext(struct ca *ca)
{
    struct certinext *c = ca->state;
    if (!c) {
        return;
    }
    secret_release(&c->access_key);
    secret_release(&c->client_secret);
    secret_release(&c->token);
    arena_release(&c->arena);
    free(c);
    ca->state = NULL;
}

static bool authorized(const struct ca *ca, int64_t now)
{
    const struct certinext *c = ca->state;
    return !is_oauth(c) || (secret_is_set(&c->token) && now < c->token_until);
}

/* --- request --- */
void certinext_auth_key(const struct secret *access_key, const char *ts, const char *txn,
                        char out[SHA256_HEX])
{
    struct sha256 s;
    sha256_begin(&s);
    sha256_add(&s, secret_bytes(access_key), access_key->n);
    sha256_add(&s, ts, strlen(ts));
    sha256_add(&s, txn, strlen(txn));
    sha256_end_hex(&s, out);
}

/* emSign Hub API, meta.txn: 10 to 50 letters and digits, never the same twice. */
static bool usable_txn(const char *s)
{
    size_t n = 0;
    for (; s && s[n]; n++) {
        const char c = ascii_lower(s[n]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return n >= 10 && n <= 50;
}

/* The key of the attempt where it can serve, so that the CA's own records lead to the journal. */
static const char *txn_of(const struct ca_call *call)
{
    const bool own = step_changes_state(call->step) && call->phase == 0;
    return own && usable_txn(call->client_key) ? call->client_key
           : usable_txn(call->nonce)           ? call->nonce
                                               : NULL;
}

/* emSign Hub API, meta.ts: a numeric offset, never Z. The text that is hashed is the one sent. */
enum { TS_TEXT = TIME_TEXT + 8 };

static bool ts_of(int64_t now, char out[TS_TEXT])
{
    static const char zone[] = "+00:00";
    time_format(now, out);
    size_t n = strlen(out);
    if (n < 2 || out[n - 1] != 'Z') {
        return false;
    }
    memcpy(out + n - 1, zone, sizeof zone);
    return true;
}

static bool put_meta(const struct certinext_asked *q, struct jw *j)
{
    char ts[TS_TEXT];
    char key[SHA256_HEX] = "";
    const char *txn = txn_of(q->call);
    if (!txn || !ts_of(q->call->now, ts)) {
        return err_set(q->err, ERR_INTERNAL, "a request to CERTInext has no nonce or no time");
    }
    if (!is_oauth(q->own)) {
        certinext_auth_key(&q->own->access_key, ts, txn, key);
    }
    jw_object(j, "meta");
    jw_str(j, "ver", "1.0");
    jw_str(j, "ts", ts);
    jw_str(j, "txn", txn);
    jw_str(j, "accountNumber", q->config->account_number);
    jw_str(j, "authKey", key);
    jw_end(j);
    return true;
}

static bool put_bearer(const struct certinext_asked *q)
{
    if (!is_oauth(q->own)) {
        return true;
    }
    if (!secret_is_set(&q->own->token)) {
        return err_set(q->err, ERR_INTERNAL, "CERTInext was to be asked before there was a token");
    }
    q->out->secret_headers[0] =
        (struct ca_secret_header){"Authorization", "Bearer ", &q->own->token};
    return true;
}

static void digest(struct ca_request *r)
{
    struct sha256 s;
    sha256_begin(&s);
    sha256_add(&s, r->method, strlen(r->method) + 1);
    sha256_add(&s, r->url, strlen(r->url) + 1);
    if (!r->body_is_secret) {
        sha256_add(&s, r->body.p, r->body.n);
    }
    sha256_end(&s, r->digest);
}

static bool request_v1(const struct certinext_asked *q, const struct certinext_row *row)
{
    struct jw j;
    struct ca_request *r = q->out;
    r->method = "POST";
    r->content_type = "application/json";
    r->url = arena_printf(r->arena, "%s/%s", q->own->base, certinext_v1_endpoint(q, row->path));
    jw_begin(&j, &r->body, JW_COMPACT);
    jw_object(&j, NULL);
    if (!put_meta(q, &j) || !row->request(q, &j)) {
        return false;
    }
    jw_end(&j);
    if (!jw_finish(&j, q->err) || !put_bearer(q)) {
        return false;
    }
    digest(r);
    return true;
}

/* --- TOKEN --- */
static void put_form(struct buf *b, const char *name, const char *value)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    buf_printf(b, "%s%s=", b->n ? "&" : "", name);
    for (; *value; value++) {
        if (strchr(plain, *value)) {
            buf_putc(b, *value);
        } else {
            buf_printf(b, "%%%02X", (unsigned)(unsigned char)*value);
        }
    }
}

/* RFC 6749, 4.4.2, the credentials in the body. */
static bool request_token(const struct certinext_asked *q)
{
    struct ca_request *r = q->out;
    if (!is_oauth(q->own) || !q->config->auth.token_url) {
        return err_set(q->err, ERR_INTERNAL, "this CERTInext account needs no token");
    }
    r->method = "POST";
    r->url = q->config->auth.token_url;
    r->content_type = "application/x-www-form-urlencoded";
    r->body_is_secret = true;
    put_form(&r->body, "grant_type", "client_credentials");
    put_form(&r->body, "client_id", q->config->auth.client_id);
    put_form(&r->body, "client_secret", secret_bytes(&q->own->client_secret));
    digest(r);
    return !buf_failed(&r->body) || err_set(q->err, ERR_INPUT, "the client secret is too long");
}

enum { TOKEN_MAX = 16384, TOKEN_MARGIN = 60, TOKEN_LEAST = 30, TOKEN_DEFAULT = 300 };

/* RFC 6750, 2.1: what may follow "Bearer ". */
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

/* The words of the token endpoint may repeat what it was sent, so none of them is passed on. */
static void answer_token(const struct certinext_heard *h)
{
    const char *token = json_string_value(certinext_member(h->body, "access_token"));
    const uint64_t told = certinext_number(h->body, "expires_in", TOKEN_DEFAULT);
    const int64_t lasts = (int64_t)(told < DAY_SECONDS ? told : DAY_SECONDS) - TOKEN_MARGIN;
    if (!usable_token(token)) {
        h->out->outcome = OUTCOME_UNKNOWN;
        h->out->message = "the token endpoint gave no token";
        return;
    }
    secret_set(&h->own->token, token, strlen(token));
    h->out->valid_seconds = lasts > TOKEN_LEAST ? lasts : TOKEN_LEAST;
    h->own->token_until = h->call->now + h->out->valid_seconds;
}

static bool request_certinext(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                              struct err *err)
{
    struct certinext *c = ca->state;
    const struct certinext_row *row = row_of(call);
    const struct certinext_asked q = {ca, c, c->config, call, out, err};
    out->call = call;
    if (call->step == STEP_TOKEN) {
        return request_token(&q);
    }
    if (!row || !out->arena) {
        return err_set(err, ERR_INTERNAL, "CERTInext has no such step");
    }
    return request_v1(&q, row);
}

/* --- answer --- */
/* HTTP states that decide by themselves, whatever the body says. */
static const struct {
    int from, to;
    enum outcome outcome;
    const char *message;
} http_rows[] = {
    {401, 401, OUTCOME_AUTH, "HTTP 401: CERTInext does not accept the credentials"},
    {403, 403, OUTCOME_AUTH, "HTTP 403: CERTInext does not allow this with these credentials"},
    {408, 408, OUTCOME_UNKNOWN, "HTTP 408: CERTInext gave up waiting for the request"},
    {429, 429, OUTCOME_THROTTLED, "HTTP 429: CERTInext asks for fewer requests"},
    {300, 399, OUTCOME_UNKNOWN,
     "CERTInext answers with a redirect, which is not followed; see "
     "api_url"},
    {500, 599, OUTCOME_UNKNOWN, "CERTInext answers with a fault of its own (HTTP 5xx)"},
    {0, 199, OUTCOME_UNKNOWN, "the reply has no HTTP status that means anything"},
    {600, 999, OUTCOME_UNKNOWN, "the reply has no HTTP status that means anything"},
};

static void say(const struct certinext_heard *h, enum outcome outcome, const char *message)
{
    h->out->outcome = outcome;
    h->out->message = message;
}

/* True: the status says it all. */
static bool by_http(const struct certinext_heard *h)
{
    const int status = h->reply->http_status;
    for (size_t i = 0; i < NITEMS(http_rows); i++) {
        if (status >= http_rows[i].from && status <= http_rows[i].to) {
            say(h, http_rows[i].outcome, http_rows[i].message);
            if (http_rows[i].outcome == OUTCOME_THROTTLED) {
                h->out->again_seconds = h->reply->retry_after_seconds;
            }
            if (status == 401) {
                secret_release(&h->own->token);
                h->own->token_until = TIME_NONE;
            }
            return true;
        }
    }
    return false;
}

/* A 4xx without the API's own words: refused, unless the address itself is wrong. */
static void by_status_alone(const struct certinext_heard *h, const struct certinext_row *row)
{
    const int status = h->reply->http_status;
    if (status < 400) {
        say(h, OUTCOME_UNKNOWN, "the reply is not the JSON that CERTInext answers with");
    } else if (status == 404 && !row->by_order) {
        /* the next request would go to the same place, so the CA stops as with a wrong key */
        say(h, OUTCOME_AUTH,
            "HTTP 404: CERTInext is not at this address; see api_url and token_url");
    } else {
        say(h, row->refused,
            arena_printf(h->out->arena, "HTTP %d: %s", status,
                         status == 404 ? "CERTInext has no such order"
                                       : "CERTInext refused the request"));
    }
}

/* The CA's words may go to reports and logs; should they repeat a secret, they do not. */
static bool repeats_secret(const struct certinext *c, const char *text)
{
    const struct secret *const all[] = {&c->access_key, &c->client_secret, &c->token};
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
        {STEP_POLL, POLL_FETCH, SAYS_NOT_READY},   {STEP_FIND, FIND_REPORT, SAYS_EMPTY},
        {STEP_FIND, FIND_NEXT_REPORT, SAYS_EMPTY}, {STEP_FIND, FIND_TRACK, SAYS_NO_ORDER},
        {STEP_INVENTORY, 0, SAYS_EMPTY},           {STEP_CHALLENGE, 0, SAYS_NOT_READY},
        {STEP_VALIDATE, 0, SAYS_NOT_READY},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if (rows[i].step == call->step && rows[i].phase == call->phase && (rows[i].says & says)) {
            return true;
        }
    }
    return false;
}

static void failed(struct certinext_heard *h, const struct certinext_row *row, const json_t *meta)
{
    struct arena *a = h->out->arena;
    const char *code = certinext_text(a, meta, "errorCode");
    const char *message = certinext_text(a, meta, "errorMessage");
    const struct certinext_code *known = certinext_code_find(code, message);
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
    say(h, outcome, failure_text(h, message, known));
}

static void answer_v1(struct certinext_heard *h, const struct certinext_row *row)
{
    const json_t *meta = certinext_member(h->body, "meta");
    const char *status = certinext_text(h->out->arena, meta, "status");
    if (str_eq(status, "0")) {
        failed(h, row, meta);
    } else if (str_eq(status, "1") && h->reply->http_status < 300) {
        row->answer(h);
    } else if (status) {
        say(h, OUTCOME_UNKNOWN, "the reply of CERTInext contradicts itself");
    } else {
        by_status_alone(h, row);
    }
}

static const struct certinext_row token_row = {"", NULL, answer_token, OUTCOME_AUTH, false};

static void answer_certinext(struct ca *ca, const struct ca_call *call,
                             const struct ca_reply *reply, struct ca_result *out)
{
    struct err err = ERR_INIT;
    struct certinext *c = ca->state;
    const bool token = call->step == STEP_TOKEN;
    const struct certinext_row *row = token ? &token_row : row_of(call);
    struct certinext_heard h = {c, c->config, call, reply, NULL, out};
    out->outcome = reply->transport;
    if (reply->transport != OUTCOME_ACCEPTED) {
        out->message = reply->transport_message;
        return;
    }
    if (!row) {
        say(&h, OUTCOME_UNKNOWN, "CERTInext has no such step");
        return;
    }
    if (by_http(&h)) {
        return;
    }
    CLEANUP(json_tree_release)
    json_t *tree = json_parse("reply", buf_text(&reply->body), reply->body.n, &err);
    h.body = json_is_object(tree) ? tree : NULL;
    if (!token) {
        answer_v1(&h, row);
    } else if (h.body && reply->http_status < 300) {
        answer_token(&h);
    } else {
        by_status_alone(&h, row);
    }
}

const struct ca_ops certinext_ops = {
    .open = open_certinext,
    .close = close_certinext,
    .request = request_certinext,
    .answer = answer_certinext,
    .authorized = authorized,
};
