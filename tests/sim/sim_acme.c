/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_acme.h: the table of calls, the directory, accounts.
 */
#include "tests/sim/sim_acme.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/jws.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_shape.h"

#include <openssl/evp.h>
#include <string.h>

struct acme_state acme_state;

const char *acme_url(const struct request *q, const char *path)
{
    const struct sim_options *o = &q->sim->options;
    return arena_printf((struct arena *)(uintptr_t)&q->arena, "%s://%s" ACME_PREFIX "%s",
                        o->tls || o->tls_cert ? "https" : "http", q->host ? q->host : "", path);
}

/* --- answers --- */
void acme_problem(struct request *q, struct reply *r, int status, const char *type,
                  const char *text)
{
    reply_json(r, status,
               json_pack("{s:o,s:s,s:i}", "type",
                         json_sprintf("urn:ietf:params:acme:error:%s", type), "detail", text,
                         "status", status));
    r->type = "application/problem+json";
    r->outcome = arena_printf(&q->arena, "%d %s: %s", status, type, text);
}

void acme_good(struct request *q, struct reply *r, int status, json_t *tree)
{
    (void)q;
    if (tree) {
        reply_json(r, status, tree);
    } else {
        reply_text(r, status, NULL, "");
    }
    r->outcome = "ok";
}

static void refuse_acme(struct request *q, struct reply *r, const char *code, const char *text)
{
    acme_problem(q, r, 400, *code ? code : "malformed", text);
}

static void throttle(struct request *q, struct reply *r)
{
    acme_problem(q, r, 429, "rateLimited", "too many requests");
    reply_header(r, "Retry-After", "1");
}

/* --- directory and accounts --- */
static ACME_HANDLER(directory)
{
    (void)c;
    json_t *meta = json_pack("{s:s,s:b,s:{s:s,s:s}}", "termsOfService", "https://ca.example/terms",
                             "externalAccountRequired", q->sim->oauth_secret != NULL, "profiles",
                             "plain", "the usual one", "shortlived", "six days");
    json_t *all =
        json_pack("{s:s,s:s,s:s,s:s,s:o}", "newNonce", acme_url(q, "new-nonce"), "newAccount",
                  acme_url(q, "new-account"), "newOrder", acme_url(q, "new-order"), "revokeCert",
                  acme_url(q, "revoke"), "meta", meta);
    if (acme_renewal_offered(q->sim)) {
        json_object_set_new(all, "renewalInfo", json_string(acme_url(q, "renewal")));
    }
    acme_good(q, r, 200, all);
}

static ACME_HANDLER(new_nonce)
{
    (void)c;
    acme_good(q, r, str_eq(q->method, "HEAD") ? 200 : 204, NULL);
}

static void show_account(struct request *q, struct reply *r, size_t i, int status)
{
    const char *url = acme_url(q, arena_printf(&q->arena, "account/%zu", i));
    if (status != 0) {
        reply_header(r, "Location", url);
    }
    acme_good(q, r, status ? status : 200,
              json_pack("{s:s,s:s}", "status",
                        acme_state.accounts[i].deactivated ? "deactivated" : "valid", "orders",
                        arena_printf(&q->arena, "%s/orders", url)));
}

static ACME_HANDLER(new_account)
{
    static const struct shape shapes[] = {
        {"termsOfServiceAgreed", SHAPE_BOOL, 0, NULL},
        {"onlyReturnExisting", SHAPE_BOOL, 0, NULL},
        {"contact", SHAPE_STRINGS, 0, NULL},
        {"externalAccountBinding", SHAPE_OBJECT, 0, NULL},
        {"externalAccountBinding.protected", SHAPE_STRING, 0, NULL},
        {"externalAccountBinding.payload", SHAPE_STRING, 0, NULL},
        {"externalAccountBinding.signature", SHAPE_STRING, 0, NULL}};
    struct err err = ERR_INIT;
    const char *why = NULL;
    if (!c->jwk || c->get || !shape_check(q->json, shapes, NITEMS(shapes), &err)) {
        acme_problem(q, r, 400, "malformed", c->jwk && !c->get ? err.msg : "a key is wanted");
        return;
    }
    for (size_t i = 0; i < acme_state.naccounts; i++) {
        if (str_eq(acme_state.accounts[i].thumbprint, c->thumbprint)) {
            show_account(q, r, i, 200);
            return;
        }
    }
    if (json_get_bool(q->json, "onlyReturnExisting", false)) {
        acme_problem(q, r, 400, "accountDoesNotExist", "there is no account of this key");
    } else if (!json_get_bool(q->json, "termsOfServiceAgreed", false)) {
        acme_problem(q, r, 403, "userActionRequired", "the terms must be agreed to");
    } else if (q->sim->oauth_secret &&
               !acme_binding(q, json_get(q->json, "externalAccountBinding"), c, &why)) {
        acme_problem(q, r, 403, why, "no external account binding that is right");
    } else {
        struct acme_account a = {.key = c->key};
        struct acme_state *s = &acme_state;
        EVP_PKEY_up_ref(a.key);
        memcpy(a.thumbprint, c->thumbprint, sizeof a.thumbprint);
        vec_reserve((void **)&s->accounts, &s->accounts_cap, s->naccounts + 1, sizeof a);
        s->accounts[s->naccounts++] = a;
        show_account(q, r, s->naccounts - 1, 201);
    }
}

static ACME_HANDLER(account)
{
    uint64_t i = 0;
    if (!str_u64(c->path + strlen("account/"), &i) || i != c->account) {
        acme_problem(q, r, 403, "unauthorized", "this is not the account that signed");
    } else if (c->get) {
        show_account(q, r, i, 0);
    } else if (str_eq(json_get_str(q->json, "status"), "deactivated")) {
        acme_state.accounts[i].deactivated = true;
        show_account(q, r, i, 0);
    } else {
        acme_problem(q, r, 400, "malformed", "this update is not simulated");
    }
}

/* --- scenarios --- */
const char *acme_about(struct request *q)
{
    struct err err = ERR_INIT;
    uint64_t at = 0;
    char number[24] = "";
    CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_BODY);
    const char *path = q->path + strlen(ACME_PREFIX);
    if (!str_starts(q->path, ACME_PREFIX)) {
        return NULL;
    }
    CLEANUP(json_tree_release)
    json_t *jws = json_parse("body", buf_text(&q->body), q->body.n, &err);
    const char *payload = json_get_str(jws, "payload");
    if (payload && !base64url_decode(&text, payload, strlen(payload))) {
        buf_reset(&text);
    }
    const char *id = strchr(path, '/');
    if (id && strcspn(id + 1, "/") < sizeof number) {
        memcpy(number, id + 1, strcspn(id + 1, "/"));
    }
    const bool order = !str_starts(path, "account/") && str_u64(number, &at);
    for (size_t i = 0; order && at < acme_state.norders && i < acme_state.orders[at].nauthz; i++) {
        buf_printf(&text, " %s", acme_state.orders[at].order->domains[i].name);
    }
    return arena_strdup(&q->arena, buf_text(&text));
}

/* --- the table --- */
enum { PLAIN = 1 /* GET, not signed */, BARE = 2 /* a key without an account may sign */ };
static const struct call {
    const char *path; /* "*" is one segment */
    enum sim_kind kind;
    unsigned flags;
    void (*handle)(struct request *q, struct reply *r, struct acme_call *c);
} calls[] = {
    {"directory", KIND_CATALOGUE, PLAIN, directory},
    {"new-nonce", KIND_TOKEN, PLAIN, new_nonce},
    {"new-account", KIND_TOKEN, BARE, new_account},
    {"account/*", KIND_TOKEN, 0, account},
    {"account/*/orders", KIND_REPORT, 0, acme_orders_list},
    {"account/*/orders/*", KIND_REPORT, 0, acme_orders_list},
    {"new-order", KIND_ORDER, 0, acme_new_order},
    {"order/*", KIND_TRACK, 0, acme_order},
    {"order/*/finalize", KIND_CSR, 0, acme_finalize},
    {"authz/*/*", KIND_DCV, 0, acme_authz},
    {"challenge/*/*/*", KIND_VALIDATE, 0, acme_challenge},
    {"certificate/*", KIND_GET, 0, acme_certificate},
    {"revoke", KIND_REVOKE, BARE, acme_revoke},
    {"renewal/*", KIND_RENEWAL, PLAIN, acme_renewal},
};

static bool matches(const char *pattern, const char *path)
{
    while (*pattern) {
        if (*pattern == '*') {
            const size_t n = strcspn(path, "/");
            if (!n) {
                return false;
            }
            path += n;
            pattern++;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return !*path;
}

static const struct call *find(const char *path)
{
    for (size_t i = 0; str_starts(path, ACME_PREFIX) && i < NITEMS(calls); i++) {
        if (matches(calls[i].path, path + strlen(ACME_PREFIX))) {
            return &calls[i];
        }
    }
    return NULL;
}

enum sim_kind acme_kind(const char *method, const char *path)
{
    const struct call *c = find(path);
    (void)method;
    return c ? c->kind : KIND_OTHER;
}

static void serve(struct request *q, struct reply *r, const struct call *call)
{
    struct acme_call c = {.path = q->path + strlen(ACME_PREFIX), .account = SIZE_MAX};
    const bool plain = call->flags & PLAIN;
    if (plain ? str_eq(q->method, "POST") : !str_eq(q->method, "POST")) {
        acme_problem(q, r, 405, "malformed", "this method is not for this address");
        return;
    }
    if (plain || acme_verify(q, r, call->flags & BARE, &c)) {
        const bool order = call->kind == KIND_ORDER;
        if (fault_instead(q, r)) {
            /* answered */
        } else if (order && !limiter_pass(&q->sim->limiter, time_monotonic_ms())) {
            throttle(q, r);
        } else {
            call->handle(q, r, &c);
        }
    }
    EVP_PKEY_free(c.key);
}

bool acme(struct request *q, struct reply *r)
{
    const struct call *call = find(q->path);
    if (!str_starts(q->path, ACME_PREFIX)) {
        return false;
    }
    q->refuse = refuse_acme;
    q->throttle = throttle;
    if (call) {
        serve(q, r, call);
    } else {
        acme_problem(q, r, 404, "malformed", "nothing is here");
    }
    if (!str_eq(q->method, "GET") || str_eq(q->path, ACME_PREFIX "new-nonce")) {
        reply_header(r, "Replay-Nonce", acme_new_nonce(q));
        reply_header(r, "Cache-Control", "no-store");
    }
    return true;
}
