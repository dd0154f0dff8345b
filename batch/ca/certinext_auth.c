/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials of CERTInext: the digest that V1 requests carry, and the OAuth token of both APIs.
 */
#include "batch/ca/certinext_ops.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

bool certinext_is_oauth(const struct certinext *c)
{
    return c->config->auth.mode == CERTINEXT_OAUTH;
}

bool certinext_authorized(const struct ca *ca, int64_t now)
{
    const struct certinext *c = ca->state;
    return !certinext_is_oauth(c) || (secret_is_set(&c->token) && now < c->token_until);
}

static void note_token(struct certinext *c, const char *nonce)
{
    const size_t at = c->ncarried++ % CERTINEXT_CARRIED;
    c->carried[at].token = c->tokens;
    (void)snprintf(c->carried[at].nonce, sizeof c->carried[at].nonce, "%s", nonce);
}

static unsigned token_carried(const struct certinext *c, const char *nonce)
{
    for (size_t i = 0; nonce && i < CERTINEXT_CARRIED; i++) {
        if (c->carried[i].nonce[0] && str_eq(c->carried[i].nonce, nonce)) {
            return c->carried[i].token;
        }
    }
    return c->tokens;
}

void certinext_token_refused(struct certinext *c, const struct ca_call *call)
{
    if (token_carried(c, call->nonce) == c->tokens) {
        secret_release(&c->token);
        c->token_until = TIME_NONE;
    }
}

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

bool certinext_put_bearer(const struct certinext_asked *q)
{
    if (!certinext_is_oauth(q->own)) {
        return true;
    }
    if (!secret_is_set(&q->own->token)) {
        return err_set(q->err, ERR_INTERNAL, "CERTInext was to be asked before there was a token");
    }
    note_token(q->own, q->call->nonce ? q->call->nonce : "");
    q->out->secret_headers[0] =
        (struct ca_secret_header){"Authorization", "Bearer ", &q->own->token};
    return true;
}

/* --- TOKEN --- */
static void put_form(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%s%s=", b->n ? "&" : "", name);
    request_put_escaped(b, value);
}

/* RFC 6749, 4.4.2, the credentials in the body. */
bool certinext_request_token(const struct certinext_asked *q)
{
    const struct certinext_config *c = q->config;
    struct ca_request *r = q->out;
    if (!certinext_is_oauth(q->own) || !q->own->token_url) {
        return err_set(q->err, ERR_INTERNAL, "this CERTInext account needs no token");
    }
    r->method = "POST";
    r->url = q->own->token_url;
    r->content_type = "application/x-www-form-urlencoded";
    r->body_is_secret = true;
    put_form(&r->body, "grant_type", "client_credentials");
    put_form(&r->body, "client_id", c->auth.client_id ? c->auth.client_id : c->account_number);
    put_form(&r->body, "client_secret", secret_bytes(&q->own->client_secret));
    request_digest(r);
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

/* Reasons of RFC 6749, 5.2 that somebody can do something about. */
static const struct {
    const char *error, *advice;
} token_errors[] = {
    {"invalid_client", "the token endpoint does not know this client_id, or its secret is another"},
    {"unauthorized_client", "the credential was made for an access key, not for OAuth: make one "
                            "with Auth Type OAuth (Integrations, APIs)"},
};

/* The words of the token endpoint may repeat what it was sent, so none of them is passed on. */
static void token_refused(const struct certinext_heard *h)
{
    const char *error = json_string_value(reply_member(h->body, "error"));
    if (!certinext_by_http(h)) {
        certinext_by_status(h, &certinext_token_row);
    }
    for (size_t i = 0; h->out->outcome == OUTCOME_AUTH && i < NITEMS(token_errors); i++) {
        if (str_eq(token_errors[i].error, error)) {
            h->out->code = token_errors[i].error;
            h->out->message = token_errors[i].advice;
        }
    }
}

/* Today's form, and that of April 2026. */
static const char *token_of(const json_t *body)
{
    const char *today = json_string_value(reply_member(body, "access_token"));
    return today
               ? today
               : json_string_value(reply_member(reply_member(body, "tokenDetails"), "accessToken"));
}

void certinext_answer_token(const struct certinext_heard *h)
{
    const char *token = token_of(h->body);
    const uint64_t told = reply_number(h->body, "expires_in", TOKEN_DEFAULT);
    const int64_t lasts = (int64_t)(told < DAY_SECONDS ? told : DAY_SECONDS) - TOKEN_MARGIN;
    const int status = h->reply->http_status;
    if (status < 200 || status > 299 || !h->body) {
        token_refused(h);
        return;
    }
    if (!usable_token(token)) {
        certinext_say(h, OUTCOME_UNKNOWN, "the token endpoint gave no token");
        return;
    }
    secret_set(&h->own->token, token, strlen(token));
    h->own->tokens++;
    h->out->valid_seconds = lasts > TOKEN_LEAST ? lasts : TOKEN_LEAST;
    h->own->token_until = h->call->now + h->out->valid_seconds;
}

const struct certinext_row certinext_token_row = {"", NULL, certinext_answer_token, OUTCOME_AUTH,
                                                  false};
