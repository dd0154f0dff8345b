/* SPDX-License-Identifier: Apache-2.0
 *
 * See oauth.h.
 */
#include "batch/ca/oauth.h"

#include "batch/ca/request.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

bool oauth_ready(const struct oauth *o, int64_t now)
{
    return secret_is_set(&o->token) && now < o->until;
}

/* --- asking for one --- */
static void put_form(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%s%s=", b->n ? "&" : "", name);
    request_put_escaped(b, value);
}

/* RFC 6749, 4.4.2, the credentials in the body. */
bool oauth_form(struct ca_request *r, const char *client_id, const struct secret *client_secret,
                struct err *err)
{
    r->body_is_secret = true;
    put_form(&r->body, "grant_type", "client_credentials");
    put_form(&r->body, "client_id", client_id);
    put_form(&r->body, "client_secret", secret_bytes(client_secret));
    return !buf_failed(&r->body) || err_set(err, ERR_INPUT, "the client secret is too long");
}

enum { TOKEN_MAX = 16384, TOKEN_MARGIN = 60, TOKEN_LEAST = 30 };

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

bool oauth_take(struct oauth *o, const char *token, uint64_t seconds, const struct ca_call *call,
                struct ca_result *out)
{
    const int64_t lasts = (int64_t)(seconds < DAY_SECONDS ? seconds : DAY_SECONDS) - TOKEN_MARGIN;
    if (!usable_token(token)) {
        return false;
    }
    secret_set(&o->token, token, strlen(token));
    o->tokens++;
    out->valid_seconds = lasts > TOKEN_LEAST ? lasts : TOKEN_LEAST;
    o->until = call->now + out->valid_seconds;
    return true;
}

/* --- carrying it --- */
static void note_token(struct oauth *o, const char *nonce)
{
    const size_t at = o->ncarried++ % OAUTH_CARRIED;
    o->carried[at].token = o->tokens;
    (void)snprintf(o->carried[at].nonce, sizeof o->carried[at].nonce, "%s", nonce);
}

static unsigned token_carried(const struct oauth *o, const char *nonce)
{
    for (size_t i = 0; nonce && i < OAUTH_CARRIED; i++) {
        if (o->carried[i].nonce[0] && str_eq(o->carried[i].nonce, nonce)) {
            return o->carried[i].token;
        }
    }
    return o->tokens;
}

bool oauth_put(struct oauth *o, const struct ca_call *call, struct ca_request *r, struct err *err)
{
    if (!secret_is_set(&o->token)) {
        return err_set(err, ERR_INTERNAL, "the CA was to be asked before there was a token");
    }
    note_token(o, call->nonce ? call->nonce : "");
    return request_secret_header(r, "Authorization", "Bearer ", &o->token, err);
}

void oauth_refused(struct oauth *o, const struct ca_call *call)
{
    if (token_carried(o, call->nonce) == o->tokens) {
        secret_release(&o->token);
    }
}

void oauth_release(struct oauth *o)
{
    secret_release(&o->token);
}
