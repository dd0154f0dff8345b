/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /oauth/token: client credentials in a form, a bearer token out. Tokens are opaque, end on
 * time, and are forgotten when a fault says so.
 */
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_http.h"

#include <openssl/crypto.h>
#include <string.h>

static struct token *token_of(struct sim *s, const char *authorization)
{
    static const char bearer[] = "Bearer ";
    if (!s->oauth_secret || !authorization || !str_starts(authorization, bearer)) {
        return NULL;
    }
    const char *text = authorization + sizeof bearer - 1;
    for (size_t i = 0; i < SIM_TOKENS; i++) {
        struct token *t = &s->tokens[i];
        if (t->text[0] && strlen(text) == sizeof t->text - 1 &&
            CRYPTO_memcmp(t->text, text, sizeof t->text - 1) == 0) {
            return t->until_ms > time_monotonic_ms() ? t : NULL;
        }
    }
    return NULL;
}

bool oauth_bearer(struct sim *s, const char *authorization)
{
    return token_of(s, authorization) != NULL;
}

void oauth_forget(struct sim *s, const char *authorization)
{
    struct token *t = token_of(s, authorization);
    if (t) {
        t->until_ms = 0;
    }
}

static void refuse_token(struct request *q, struct reply *r, const char *code, const char *message)
{
    (void)q;
    reply_json(r, 401,
               json_pack("{s:s,s:s}", "error", *code ? code : "invalid_client", "error_description",
                         message));
    r->outcome = "invalid_client";
}

static void throttle_token(struct request *q, struct reply *r)
{
    (void)q;
    reply_text(r, 429, "text/plain", "Too Many Requests\n");
    reply_header(r, "Retry-After", "1");
}

/* One field of a form, decoded; NULL when it is missing, there twice or malformed. */
static char *form_field(struct arena *a, const char *body, const char *name)
{
    char *found = NULL;
    for (size_t n = 0; *body; body += n + (body[n] ? 1 : 0)) {
        n = strcspn(body, "&");
        size_t key = strcspn(body, "=&");
        if (key != strlen(name) || memcmp(body, name, key) != 0 || key == n) {
            continue;
        }
        if (found) {
            return NULL;
        }
        found = arena_strndup(a, body + key + 1, n - key - 1);
        char *out = found;
        for (const char *p = found; *p; p++) {
            uint8_t octet = (uint8_t)(*p == '+' ? ' ' : *p);
            if (*p == '%') {
                if (!p[1] || !p[2] || !hex_decode(p + 1, 2, &octet) || !octet) {
                    return NULL;
                }
                p += 2;
            }
            *out++ = (char)octet;
        }
        *out = '\0';
    }
    return found;
}

static bool secret_fits(const struct sim *s, const char *got)
{
    return got && strlen(got) == strlen(s->oauth_secret) &&
           CRYPTO_memcmp(got, s->oauth_secret, strlen(got)) == 0;
}

static void hand_out(struct request *q, struct reply *r)
{
    struct sim *s = q->sim;
    uint8_t octets[32];
    const struct action *ttl = plan_has(&q->plan, FAULT_TOKEN_TTL);
    int64_t seconds = ttl ? ttl->n : s->token_seconds;
    struct token *t = &s->tokens[s->next_token++ % SIM_TOKENS];
    random_bytes(octets, sizeof octets);
    hex_encode(octets, sizeof octets, t->text);
    t->until_ms = time_monotonic_ms() + seconds * 1000;
    reply_json(r, 200,
               json_pack("{s:s,s:s,s:I}", "access_token", t->text, "token_type", "Bearer",
                         "expires_in", (json_int_t)seconds));
    r->outcome = "ok";
}

bool certinext_oauth(struct request *q, struct reply *r)
{
    const struct sim *s = q->sim;
    if (!str_eq(q->path, "/oauth/token")) {
        return false;
    }
    q->refuse = refuse_token;
    q->throttle = throttle_token;
    if (!str_eq(q->method, "POST")) {
        reply_text(r, 405, "text/plain", "Method Not Allowed\n");
        return true;
    }
    if (!q->content_type || !str_starts(q->content_type, "application/x-www-form-urlencoded")) {
        reply_json(r, 400, json_pack("{s:s}", "error", "invalid_request"));
        return true;
    }
    if (fault_instead(q, r)) {
        return true;
    }
    const char *body = buf_text(&q->body);
    if (!str_eq(form_field(&q->arena, body, "grant_type"), "client_credentials")) {
        reply_json(r, 400, json_pack("{s:s}", "error", "unsupported_grant_type"));
    } else if (!s->oauth_secret) {
        reply_json(r, 403, json_pack("{s:s}", "error", "unauthorized_client"));
    } else if (!str_eq(form_field(&q->arena, body, "client_id"), s->options.oauth_client) ||
               !secret_fits(s, form_field(&q->arena, body, "client_secret"))) {
        refuse_token(q, r, "", "Bad client credentials");
    } else {
        hand_out(q, r);
    }
    return true;
}

enum sim_kind certinext_oauth_kind(const char *method UNUSED, const char *path)
{
    return str_eq(path, "/oauth/token") ? KIND_TOKEN : KIND_OTHER;
}
