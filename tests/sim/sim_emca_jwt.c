/* SPDX-License-Identifier: Apache-2.0
 *
 * emCA with tokens. The token call is the one of eMudhra's pages for V5.0.0; all other calls are
 * those of the template samples/emca/emca-v5.map.yaml, which is a guess: what this proves is that
 * a map is carried out, not that emCA looks like this.
 */
#include "tests/sim/sim_emca.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"

#include <string.h>

static const char prefix[] = "/emCAServices/rest/";

struct call {
    const char *method, *path; /* path ends with "/" when a segment follows */
    enum sim_kind kind;
    const struct shape *shapes; /* NULL: no body */
    size_t nshapes;
    void (*handle)(struct request *q, struct reply *r, const char *rest);
};

/* --- answers --- */
static void say(struct request *q, struct reply *r, int http, const char *status,
                const char *message)
{
    reply_json(r, http, json_pack("{s:s,s:s}", "status", status, "message", message));
    r->outcome = arena_strdup(&q->arena, message);
}

static void refuse_call(struct request *q, struct reply *r, const char *code UNUSED,
                        const char *message)
{
    say(q, r, 400, "failure", message);
}

static void throttle(struct request *q, struct reply *r)
{
    say(q, r, 429, "failure", "Too many requests");
    reply_header(r, "Retry-After", "1");
}

static void good(struct reply *r, const char *status, json_t *result)
{
    reply_json(r, 200, json_pack("{s:s,s:o}", "status", status, "result", result));
    r->outcome = "ok";
}

/* --- token --- */
static void token(struct request *q, struct reply *r, const char *rest UNUSED)
{
    struct sim *s = q->sim;
    uint8_t octets[32];
    const char *user, *password;
    const struct action *ttl = plan_has(&q->plan, FAULT_TOKEN_TTL);
    const int64_t minutes = json_get_int(q->json, "validityInMins", 0);
    int64_t seconds = ttl ? ttl->n : s->token_seconds;
    if (!emca_known(s, &user, &password) || minutes < 1 ||
        !str_eq(shape_str(q->json, "username"), user) ||
        !str_eq(shape_str(q->json, "password"), password) ||
        !str_eq(shape_str(q->json, "clientId"), "0b1f2c3d-client")) {
        say(q, r, 401, "failure", "Invalid credentials");
        return;
    }
    struct token *t = &s->tokens[s->next_token++ % SIM_TOKENS];
    random_bytes(octets, sizeof octets);
    hex_encode(octets, sizeof octets, t->text);
    t->until_ms = time_monotonic_ms() + seconds * 1000;
    s->oauth_secret = arena_strdup(&s->arena, password); /* bearer tokens are on */
    reply_json(r, 200, json_pack("{s:s,s:I}", "token", t->text, "expiresIn", (json_int_t)seconds));
    r->outcome = "ok";
}

/* --- orders --- */
static void show(struct request *q, struct reply *r, struct order *o)
{
    const enum order_state state = order_state(q->sim, o, true);
    const char *text =
        state >= ORDER_ISSUED && state != ORDER_CANCELLED ? emca_certificate(q, o, true) : NULL;
    if (state == ORDER_CANCELLED) {
        say(q, r, 200, "failure", "The request was rejected");
        return;
    }
    good(r, text ? "success" : "pending",
         json_pack("{s:s,s:s?}", "requestId", o->number, "certificate", text));
}

static void create(struct request *q, struct reply *r, const char *rest UNUSED)
{
    const char *why = NULL;
    const char *id = shape_str(q->json, "applicationId");
    const char *profile = shape_str(q->json, "profile");
    const char *issuer = shape_str(q->json, "issuingCA");
    struct order *o = NULL;
    if (!emca_has_profile(profile)) {
        why = "Invalid Certificate Profile name";
    } else if (!str_eq(shape_str(q->json, "subscriberId"), "1001")) {
        why = "Invalid subscriber";
    } else if (issuer && *issuer && !str_eq(issuer, "Simulator Issuing CA")) {
        why = "Invalid issuing CA";
    } else if (!txn_is_new(&q->sim->txns, id)) {
        why = "applicationId is already used";
    } else {
        o = emca_place(q, profile, shape_str(q->json, "csr"), NULL, &why);
    }
    if (o) {
        show(q, r, o);
    } else {
        say(q, r, 422, "failure", why);
    }
}

static void get(struct request *q, struct reply *r, const char *rest)
{
    struct order *o = orders_find(&q->sim->orders, rest);
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    if (!o) {
        say(q, r, 404, "failure", "Request not found");
        return;
    }
    o->pending_polls = pending ? pending->n : o->pending_polls;
    show(q, r, o);
}

static void info(struct request *q, struct reply *r, const char *rest)
{
    const struct order *o = emca_by_serial(q->sim, rest);
    if (!o) {
        say(q, r, 404, "failure", "Certificate not found");
        return;
    }
    good(r, "success",
         json_pack("{s:s}", "state",
                   !o->revoke_reason               ? "valid"
                   : str_eq(o->revoke_reason, "6") ? "suspended"
                                                   : "revoked"));
}

static void ending(struct request *q, struct reply *r, bool suspend)
{
    uint64_t mode = 6;
    const char *reason = shape_str(q->json, "reason");
    const bool known = suspend || (reason && str_u64(reason, &mode));
    const char *why =
        known ? emca_revoke(q, shape_str(q->json, "serialNumber"), (int64_t)mode, suspend)
              : "Invalid revoke mode";
    if (why) {
        say(q, r, 422, "failure", why);
    } else {
        good(r, "success", json_null());
    }
}

static void revoke(struct request *q, struct reply *r, const char *rest UNUSED)
{
    ending(q, r, false);
}

static void suspend(struct request *q, struct reply *r, const char *rest UNUSED)
{
    ending(q, r, true);
}

static void profiles(struct request *q UNUSED, struct reply *r, const char *rest UNUSED)
{
    good(r, "success", emca_profiles("id", "name"));
}

/* --- the table --- */
enum { MUST = SHAPE_REQUIRED | SHAPE_FILLED };
static const struct shape token_shapes[] = {{"username", SHAPE_STRING, MUST, NULL},
                                            {"password", SHAPE_STRING, MUST, NULL},
                                            {"clientId", SHAPE_STRING, MUST, NULL},
                                            {"validityInMins", SHAPE_INT, SHAPE_REQUIRED, NULL}};
static const struct shape create_shapes[] = {
    {"appCode", SHAPE_STRING, MUST, NULL}, {"applicationId", SHAPE_STRING, MUST, NULL},
    {"profile", SHAPE_STRING, MUST, NULL}, {"subscriberId", SHAPE_STRING, MUST, NULL},
    {"issuingCA", SHAPE_STRING, 0, NULL},  {"validity", SHAPE_STRING, 0, NULL},
    {"csr", SHAPE_STRING, MUST, NULL}};
static const struct shape revoke_shapes[] = {{"appCode", SHAPE_STRING, MUST, NULL},
                                             {"serialNumber", SHAPE_STRING, MUST, NULL},
                                             {"reason", SHAPE_STRING, MUST, NULL},
                                             {"remarks", SHAPE_STRING, 0, NULL}};
static const struct shape suspend_shapes[] = {{"appCode", SHAPE_STRING, MUST, NULL},
                                              {"serialNumber", SHAPE_STRING, MUST, NULL},
                                              {"remarks", SHAPE_STRING, 0, NULL}};
#define SHAPES(v) v, NITEMS(v)
static const struct call calls[] = {
    {"POST", "createCertificates", KIND_ORDER, SHAPES(create_shapes), create},
    {"GET", "getCertificate/", KIND_TRACK, NULL, 0, get},
    {"GET", "getCertInfo/", KIND_GET, NULL, 0, info},
    {"POST", "revoke", KIND_REVOKE, SHAPES(revoke_shapes), revoke},
    {"POST", "suspend", KIND_REVOKE, SHAPES(suspend_shapes), suspend},
    {"GET", "getProfiles", KIND_CATALOGUE, NULL, 0, profiles},
};
static const struct call token_call = {"POST", "/auth/token", KIND_TOKEN, SHAPES(token_shapes),
                                       token};

static const struct call *find(const char *method, const char *path, const char **rest)
{
    *rest = "";
    if (str_eq(path, token_call.path)) {
        return str_eq(method, "POST") ? &token_call : NULL;
    }
    for (size_t i = 0; str_starts(path, prefix) && i < NITEMS(calls); i++) {
        const char *own = path + sizeof prefix - 1;
        const size_t n = strlen(calls[i].path);
        if (str_eq(method, calls[i].method) &&
            (str_ends(calls[i].path, "/") ? str_starts(own, calls[i].path)
                                          : str_eq(own, calls[i].path))) {
            *rest = own + n;
            return &calls[i];
        }
    }
    return NULL;
}

enum sim_kind emca_jwt_kind(const char *method, const char *path)
{
    const char *rest;
    const struct call *c = find(method, path, &rest);
    return c ? c->kind : KIND_OTHER;
}

static bool authentic(struct request *q, struct reply *r, const struct call *call)
{
    const char *shown = q->authorization ? q->authorization : "";
    const char *nonce = q->header(q, "X-Nonce");
    sha256_hex(shown, strlen(shown), q->auth_digest);
    if (call->kind != KIND_TOKEN && !oauth_bearer(q->sim, q->authorization)) {
        say(q, r, 401, "failure", "Invalid or expired token");
        return false;
    }
    if (!nonce || strlen(nonce) < 16 || !txn_is_new(&q->sim->txns, nonce)) {
        say(q, r, 400, "failure", "Invalid nonce");
        return false;
    }
    return true;
}

static bool body_fits(struct request *q, struct reply *r, const struct call *call)
{
    struct err err = ERR_INIT;
    if (!call->shapes) {
        return true;
    }
    q->json = json_parse("body", buf_text(&q->body), q->body.n, &err);
    if (!q->json || !q->content_type || !str_starts(q->content_type, "application/json") ||
        !shape_check(q->json, call->shapes, call->nshapes, &err)) {
        say(q, r, 400, "failure", err.msg);
        return false;
    }
    return true;
}

bool emca_jwt(struct request *q, struct reply *r)
{
    const char *rest, *user, *password;
    const struct call *call = find(q->method, q->path, &rest);
    const bool ours = str_eq(q->path, token_call.path) || q->authorization;
    if (!call || !ours || q->header(q, "emKey") || !emca_known(q->sim, &user, &password)) {
        return false;
    }
    q->refuse = refuse_call;
    q->throttle = throttle;
    if (!authentic(q, r, call) || fault_instead(q, r)) {
        return true;
    }
    if (call->kind == KIND_ORDER && !limiter_pass(&q->sim->limiter, time_monotonic_ms())) {
        throttle(q, r);
    } else if (body_fits(q, r, call)) {
        call->handle(q, r, rest);
    }
    return true;
}
