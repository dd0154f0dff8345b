/* SPDX-License-Identifier: Apache-2.0
 *
 * Entrust CA Gateway: the table of calls, what its errors say, the CA behind it and its profiles.
 *
 * Every address begins with /v1/certificate-authorities. An answer is good when the status is and
 * its `type` is not ErrorResponse; an error under a good status says neither that an enrolment was
 * taken nor that it was not.
 */
#include "batch/ca/entrust.h"

#include <stdlib.h>
#include <string.h>

#define ROOT "/v1/certificate-authorities"

/* --- texts --- */
const char *entrust_field(const struct ca_order *o, const char *name, const char *otherwise)
{
    const struct ynode *n = o ? yaml_get(o->extra, name) : NULL;
    return n && n->kind == YAML_SCALAR && n->text[0] ? n->text : otherwise;
}

bool entrust_is_serial(const char *text)
{
    return text && *text && strlen(text) <= 64 &&
           strspn(text, "0123456789abcdefABCDEF") == strlen(text);
}

void entrust_unknown(const struct rest_heard *h, const char *why)
{
    rest_say(h, OUTCOME_UNKNOWN, why);
}

void entrust_put_query(struct buf *url, char first, const char *name, const char *value)
{
    buf_putc(url, first);
    buf_puts(url, name);
    buf_putc(url, '=');
    request_put_escaped(url, value);
}

/* --- addresses --- */
bool entrust_put_ca(const struct rest_asked *q, struct buf *url)
{
    const struct entrust_config *c = q->config;
    const char *id = entrust_field(q->call->order, "ca_id", c->ca_id);
    if (!id) {
        (void)err_set(q->err, ERR_INPUT, "no CA behind the gateway is named (ca_id)");
        err_hint(q->err, "`certbatch doctor` lists the CAs of the gateway");
        return false;
    }
    buf_puts(url, ROOT "/");
    request_put_escaped(url, id);
    return true;
}

static bool put_list(const struct rest_asked *q UNUSED, struct buf *url)
{
    buf_puts(url, ROOT);
    return true;
}

static bool put_probe(const struct rest_asked *q, struct buf *url)
{
    const struct entrust_config *c = q->config;
    return c->ca_id ? entrust_put_ca(q, url) : put_list(q, url);
}

static bool put_profiles(const struct rest_asked *q, struct buf *url)
{
    const bool named = entrust_put_ca(q, url);
    buf_puts(url, "/profiles");
    return named;
}

/* A tag for this client, which the gateway's documentation names without saying what it does. The
 * other name leads from the log of a proxy or gateway to the intent in the journal. */
static bool put_headers(const struct rest_asked *q)
{
    const struct entrust_config *c = q->config;
    const struct ca_call *call = q->call;
    return (!c->ca_client_id || rest_header(q, "ca-client-id", c->ca_client_id)) &&
           (!step_changes_state(call->step) || !call->client_key ||
            rest_header(q, "X-Request-ID", call->client_key));
}

/* --- errors --- */
static bool is_error(const json_t *body)
{
    return str_eq(json_string_value(reply_member(body, "type")), "ErrorResponse") ||
           json_is_object(reply_member(body, "error"));
}

/* error.message, what it is about, and what the CA itself said. */
static const char *error_text(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const json_t *error = reply_member(h->body, "error");
    const char *said = reply_text(a, error, "message");
    const char *target = reply_text(a, error, "target"), *value = reply_text(a, error, "value");
    const char *ca = reply_text(a, h->body, "caMessage");
    if (!said) {
        said = reply_text(a, reply_member(h->body, "message"), "message");
    }
    return said || ca
               ? arena_printf(a, "HTTP %d: %.300s%s%.60s%s%.100s%s%s%.200s", h->reply->http_status,
                              said ? said : "", target ? " (" : "", target ? target : "",
                              target && value ? ": " : "", target && value ? value : "",
                              target ? ")" : "", ca ? "; the CA: " : "", ca ? ca : "")
               : NULL;
}

static void keep_error(const struct rest_heard *h)
{
    const char *text = error_text(h);
    const char *code = reply_text(h->out->arena, reply_member(h->body, "error"), "code");
    h->out->message = text ? text : h->out->message;
    h->out->code = code ? code : h->out->code;
}

bool entrust_is_good(const struct rest_heard *h)
{
    if (!is_error(h->body)) {
        return true;
    }
    entrust_unknown(h, "the gateway answers with an error under a status of success");
    keep_error(h);
    return false;
}

/* HTTP 404 to an enrolment is "any other failure" of the connector to Sectigo, which may come after
 * Sectigo took the order. It is a refusal where the gateway says that CA or profile are not there,
 * and where another connector is known to stand behind it. */
static bool may_have_been_taken(const struct rest_heard *h)
{
    const struct entrust_config *c = h->config;
    struct arena *a = h->out->arena;
    const json_t *error = reply_member(h->body, "error");
    const char *target = reply_text(a, error, "target");
    if (h->reply->http_status != 404) {
        return !is_error(h->body); /* not the gateway's own words */
    }
    if (str_eq(target, "caId") || str_eq(target, "profileId") ||
        str_eq(reply_text(a, error, "code"), "cagw-4018")) {
        return false;
    }
    return !c->connector || str_eq(c->connector, "com.Sectigo") || !is_error(h->body);
}

/* 401, 403, 408 and 429 are decided already: their words are kept, no more. 403 is a certificate
 * that the gateway does not know, or a role that may not do this at this CA or profile. */
static void explain(const struct rest_heard *h, const struct rest_row *row UNUSED)
{
    const int status = h->reply->http_status;
    const bool decided = status == 401 || status == 403 || status == 408 || status == 429;
    keep_error(h);
    h->out->forbidden = status == 403;
    if (!decided && h->call->step == STEP_ORDER && may_have_been_taken(h)) {
        h->out->outcome = OUTCOME_UNKNOWN;
    }
}

/* --- PROBE --- */
static const char *connector_of(struct arena *a, const json_t *ca)
{
    const json_t *properties = reply_member(ca, "properties");
    const char *name = reply_text(a, properties, "connector-name"); /* of the list */
    return name ? name : reply_text(a, properties, "connector_name");
}

static const char *list_text(const struct rest_heard *h)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    struct arena *a = h->out->arena;
    const json_t *list = reply_member(h->body, "caList");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *ca = json_array_get(list, i);
        const char *id = reply_text(a, ca, "id"), *name = reply_text(a, ca, "name");
        const char *connector = connector_of(a, ca);
        buf_printf(&b, "%s%.100s (%.100s%s%.60s)", i ? ", " : "", id ? id : "?", name ? name : "",
                   connector ? ", " : "", connector ? connector : "");
    }
    return b.n ? arena_strdup(a, buf_text(&b)) : "none";
}

static void take_list(const struct rest_heard *h)
{
    const struct entrust_config *c = h->config;
    if (!entrust_is_good(h)) {
        return;
    }
    if (!json_is_array(reply_member(h->body, "caList"))) {
        entrust_unknown(h, "the answer is no list of CAs");
    } else if (c->ca_id) {
        rest_say(h, OUTCOME_REFUSED,
                 arena_printf(h->out->arena, "the gateway shows no CA %.100s; it has: %s", c->ca_id,
                              list_text(h)));
    } else {
        h->out->message =
            arena_printf(h->out->arena, "the gateway has: %s; choose one as ca_id", list_text(h));
    }
}

static void take_probe(const struct rest_heard *h)
{
    const struct entrust_config *c = h->config;
    struct arena *a = h->out->arena;
    const json_t *ca = reply_member(h->body, "ca");
    if (!c->ca_id) {
        take_list(h);
    } else if (h->reply->http_status == 404) {
        h->out->phase = PROBE_LIST;
    } else if (!entrust_is_good(h)) {
        return;
    } else if (!json_is_object(ca)) {
        entrust_unknown(h, "the answer is no CA of the gateway");
    } else {
        const char *name = reply_text(a, ca, "name"), *connector = connector_of(a, ca);
        h->out->message = arena_printf(a, "CA %.100s: %.100s%s%.60s", c->ca_id, name ? name : "",
                                       connector ? ", " : "", connector ? connector : "");
    }
}

/* --- PRODUCTS --- */
static const char *needs_of(struct arena *a, const json_t *profile)
{
    static const struct {
        const char *list, *name;
    } rows[] = {{"subjectVariableRequirements", "name"},
                {"subjectAltNameRequirements", "type"},
                {"requestedProperties", "name"}};
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    for (size_t r = 0; r < NITEMS(rows); r++) {
        const json_t *list = reply_member(profile, rows[r].list);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *need = json_array_get(list, i);
            const char *name = reply_text(a, need, rows[r].name);
            if (name && json_is_true(reply_member(need, "required"))) {
                buf_printf(&b, "%s%.60s", b.n ? " " : "requires ", name);
            }
        }
    }
    return b.n ? arena_strdup(a, buf_text(&b)) : NULL;
}

static void take_profiles(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const json_t *list = reply_member(h->body, "profiles");
    if (!entrust_is_good(h)) {
        return;
    }
    if (!json_is_array(list)) {
        entrust_unknown(h, "the answer is no list of profiles");
        return;
    }
    h->out->sold = arena_array(a, json_array_size(list), sizeof *h->out->sold);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *p = json_array_get(list, i);
        const char *id = reply_text(a, p, "id");
        const json_t *properties = reply_member(p, "properties");
        if (id) {
            const char *terms = reply_text(a, properties, "terms");
            h->out->sold[h->out->nsold++] = (struct ca_sold){
                .code = id,
                .name = reply_text(a, p, "name"),
                .category = needs_of(a, p),
                .type_id = reply_text(a, properties, "cert_type"),
                .term = terms ? terms : reply_text(a, properties, "cert_lifetime")};
        }
    }
}

/* --- the table --- */
static const struct rest_row rows[STEP__MAX][REST_PHASES] =
    {
        [STEP_PROBE] =
            {
                {"GET", put_probe, NULL, take_probe, OUTCOME_REFUSED, REST_BY_ORDER, NULL},
                [PROBE_LIST] = {"GET", put_list, NULL, take_list, OUTCOME_REFUSED, 0, NULL},
            },
        [STEP_PRODUCTS] = {{"GET", put_profiles, NULL, take_profiles, OUTCOME_REFUSED, 0, NULL}},
        [STEP_ORDER] = {{"POST", entrust_put_enrollments, entrust_put_order, entrust_take_order,
                         OUTCOME_REFUSED, REST_EMPTY, NULL}},
        [STEP_POLL] =
            {
                {"GET", entrust_put_look, NULL, entrust_take_look, OUTCOME_UNKNOWN, REST_BY_ORDER,
                 NULL},
                [LOOK_CERTIFICATE] = {"GET", entrust_put_candidate, NULL, entrust_take_candidate,
                                      OUTCOME_UNKNOWN, REST_BY_ORDER, NULL},
                [LOOK_EVENTS] = {"GET", entrust_put_recent, NULL,
                                 entrust_take_recent, OUTCOME_UNKNOWN, 0, NULL},
                [LOOK_CHAIN] = {"GET", entrust_put_chain, NULL, entrust_take_ca, OUTCOME_UNKNOWN,
                                REST_BY_ORDER, NULL},
            },
        [STEP_FIND] =
            {
                {"GET", entrust_put_look, NULL, entrust_take_look, OUTCOME_UNKNOWN, REST_BY_ORDER,
                 NULL},
                [LOOK_CERTIFICATE] = {"GET", entrust_put_candidate, NULL, entrust_take_candidate,
                                      OUTCOME_UNKNOWN, REST_BY_ORDER, NULL},
                [LOOK_EVENTS] = {"GET", entrust_put_recent, NULL, entrust_take_recent,
                                 OUTCOME_UNKNOWN, 0, NULL},
            },
        [STEP_REVOKED] = {{"GET", entrust_put_certificate, NULL, entrust_take_state,
                           OUTCOME_REFUSED, 0, NULL}},
        [STEP_REVOKE] = {{"POST", entrust_put_actions, entrust_put_action, entrust_take_action,
                          OUTCOME_REFUSED, REST_EMPTY, NULL}},
        [STEP_INVENTORY] =
            {
                {"GET", entrust_put_events, NULL, entrust_take_states, OUTCOME_REFUSED, 0, NULL},
                [LIST_ROWS] = {"GET", entrust_put_events, NULL, entrust_take_rows, OUTCOME_REFUSED,
                               0, NULL},
            },
};
static const struct rest_api api = {
    .title = "Entrust CA Gateway", .rows = rows, .put_headers = put_headers, .explain = explain};

/* --- life --- */
static bool open_entrust(struct ca *ca, struct err *err UNUSED)
{
    struct entrust *own = xcalloc(1, sizeof *own);
    const struct entrust_config *c = ca->config->own;
    own->base = request_base(&own->arena, c->url);
    ca->state = own;
    return true;
}

static void close_entrust(struct ca *ca)
{
    struct entrust *own = ca->state;
    if (own) {
        arena_release(&own->arena);
        free(own);
    }
    ca->state = NULL;
}

static bool request_entrust(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                            struct err *err)
{
    const struct entrust *own = ca->state;
    return rest_request(&api, ca, own->base, call, out, err);
}

/* 501: the connector behind the gateway does not know the operation (RFC 9110, 15.6.2), so it was
 * not carried out; every other fault of a server leaves that open. */
static void answer_entrust(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                           struct ca_result *out)
{
    const struct entrust_config *c = ca->config->own;
    const struct rest_row *row = rest_row_of(&api, call);
    out->settle_seconds = c->settle_seconds;
    rest_answer(&api, ca, call, reply, out);
    if (row && reply->transport == OUTCOME_ACCEPTED && reply->http_status == 501) {
        out->outcome = row->refused;
        out->message = "HTTP 501: the CA behind the gateway does not offer this";
    }
}

const struct ca_ops entrust_ops = {
    .open = open_entrust,
    .close = close_entrust,
    .request = request_entrust,
    .answer = answer_entrust,
};
