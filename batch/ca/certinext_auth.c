/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials of CERTInext: the digest that V1 requests carry, and the OAuth token of both APIs.
 */
#include "batch/ca/certinext_ops.h"

#include "formats/base/str.h"

#include <string.h>

bool certinext_is_oauth(const struct certinext *c)
{
    return c->config->auth.mode == CERTINEXT_OAUTH;
}

bool certinext_authorized(const struct ca *ca, int64_t now)
{
    const struct certinext *c = ca->state;
    return !certinext_is_oauth(c) || oauth_ready(&c->oauth, now);
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
    return !certinext_is_oauth(q->own) || oauth_put(&q->own->oauth, q->call, q->out, q->err);
}

/* --- TOKEN --- */
bool certinext_request_token(const struct certinext_asked *q)
{
    const struct certinext_config *c = q->config;
    struct ca_request *r = q->out;
    const char *client = c->auth.client_id ? c->auth.client_id : c->account_number;
    if (!certinext_is_oauth(q->own) || !q->own->token_url) {
        return err_set(q->err, ERR_INTERNAL, "this CERTInext account needs no token");
    }
    r->method = "POST";
    r->url = q->own->token_url;
    r->content_type = "application/x-www-form-urlencoded";
    const bool fits = oauth_form(r, client, &q->own->client_secret, q->err);
    request_digest(r);
    return fits;
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
    const uint64_t told = reply_number(h->body, "expires_in", OAUTH_SECONDS);
    const int status = h->reply->http_status;
    if (status < 200 || status > 299 || !h->body) {
        token_refused(h);
    } else if (!oauth_take(&h->own->oauth, token, told, h->call, h->out)) {
        certinext_say(h, OUTCOME_UNKNOWN, "the token endpoint gave no token");
    }
}

const struct certinext_row certinext_token_row = {"", NULL, certinext_answer_token, OUTCOME_AUTH,
                                                  false};
