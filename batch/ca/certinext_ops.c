/* SPDX-License-Identifier: Apache-2.0
 *
 * The CERTInext connector: opening an account, and one walk for both of its APIs. Which step is
 * which call is a table of each API (certinext_v1.c, certinext_v2.c); `api:` chooses the table.
 */
#include "batch/ca/certinext_v1.h"
#include "batch/ca/certinext_v2.h"

#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

static const struct api {
    const struct certinext_row (*rows)[CERTINEXT_PHASES]; /* [STEP__MAX] */
    bool (*request)(const struct certinext_asked *q, const struct certinext_row *row);
    void (*answer)(struct certinext_heard *h, const struct certinext_row *row);
} apis[] = {
    [CERTINEXT_V1] = {certinext_v1, certinext_v1_request, certinext_v1_answer},
    [CERTINEXT_V2] = {certinext_v2, certinext_v2_request, certinext_v2_answer},
};

static const struct api *api_of(const struct certinext *c)
{
    return &apis[c->config->api];
}

static const struct certinext_row *row_of(const struct certinext *c, const struct ca_call *call)
{
    const struct certinext_row *row = call->step < STEP__MAX && call->phase < CERTINEXT_PHASES
                                          ? &api_of(c)->rows[call->step][call->phase]
                                          : NULL;
    return row && row->path ? row : NULL;
}

/* --- life --- */
static void cut_end(char *text, const char *end)
{
    if (str_ends(text, end)) {
        text[strlen(text) - strlen(end)] = '\0';
    }
}

/* `api_url` of V1 is that of the hub as it is written; with V2 the bare host will do, and the
 * address of either API is understood, so that changing `api:` is enough. */
static void set_addresses(struct certinext *c)
{
    const char *url = request_base(&c->arena, c->config->api_url);
    c->hub = url;
    if (c->config->api == CERTINEXT_V2) {
        char *host = arena_strdup(&c->arena, url);
        cut_end(host, CERTINEXT_V2_PATH);
        cut_end(host, CERTINEXT_HUB_PATH);
        host = arena_strdup(&c->arena, request_base(&c->arena, host));
        c->hub = arena_printf(&c->arena, "%s" CERTINEXT_HUB_PATH, host);
        c->rest = arena_printf(&c->arena, "%s" CERTINEXT_V2_PATH, host);
        c->token_url = arena_printf(&c->arena, "%s/oauth/token", host);
    }
    c->token_url = c->config->auth.token_url ? c->config->auth.token_url : c->token_url;
}

static bool open_certinext(struct ca *ca, struct err *err)
{
    struct certinext *c = xcalloc(1, sizeof *c);
    *c = (struct certinext){.ca = ca->config, .config = ca->config->own};
    ca->state = c;
    set_addresses(c);
    if (certinext_is_oauth(c)) {
        return secret_load(&c->config->auth.client_secret, ca->config_dir, &c->client_secret,
                           err) ||
               err_wrap(err, "client_secret");
    }
    if (c->config->api == CERTINEXT_V2) {
        (void)err_set(err, ERR_INPUT, "api v2 takes no access key, only auth mode oauth");
        err_hint(err, CERTINEXT_OAUTH_HINT);
        return false;
    }
    return secret_load(&c->config->auth.access_key, ca->config_dir, &c->access_key, err) ||
           err_wrap(err, "access_key");
}

static void close_certinext(struct ca *ca)
{
    struct certinext *c = ca->state;
    if (!c) {
        return;
    }
    secret_release(&c->access_key);
    secret_release(&c->client_secret);
    oauth_release(&c->oauth);
    for (size_t i = 0; i < NITEMS(c->places); i++) {
        strlist_release(&c->places[i]);
    }
    arena_release(&c->arena);
    free(c);
    ca->state = NULL;
}

/* --- request --- */
static bool request_certinext(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                              struct err *err)
{
    struct certinext *c = ca->state;
    const struct certinext_row *row = row_of(c, call);
    const struct certinext_asked q = {ca, c, c->config, call, out, err};
    out->call = call;
    if (call->step == STEP_TOKEN) {
        return certinext_request_token(&q);
    }
    if (!row || !out->arena) {
        return err_set(err, ERR_INTERNAL, "CERTInext has no such step");
    }
    return api_of(c)->request(&q, row);
}

/* --- answer --- */
static void answer_certinext(struct ca *ca, const struct ca_call *call,
                             const struct ca_reply *reply, struct ca_result *out)
{
    struct err err = ERR_INIT;
    struct certinext *c = ca->state;
    const bool token = call->step == STEP_TOKEN;
    const struct certinext_row *row = token ? &certinext_token_row : row_of(c, call);
    struct certinext_heard h = {c, c->config, call, reply, NULL, out};
    out->outcome = reply->transport;
    out->settle_seconds = c->config->pickup.settle_seconds;
    if (reply->transport != OUTCOME_ACCEPTED) {
        out->message = reply->transport_message;
        return;
    }
    if (!row) {
        certinext_say(&h, OUTCOME_UNKNOWN, "CERTInext has no such step");
        return;
    }
    CLEANUP(json_tree_release)
    json_t *tree = json_parse("reply", buf_text(&reply->body), reply->body.n, &err);
    h.body = json_is_object(tree) ? tree : NULL;
    if (token) {
        certinext_answer_token(&h);
    } else {
        api_of(c)->answer(&h, row);
    }
}

const struct ca_ops certinext_ops = {
    .open = open_certinext,
    .close = close_certinext,
    .request = request_certinext,
    .answer = answer_certinext,
    .authorized = certinext_authorized,
};
