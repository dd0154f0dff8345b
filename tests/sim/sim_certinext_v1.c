/* SPDX-License-Identifier: Apache-2.0
 *
 * emSign Hub V1: POST /emSignHub-API/<Name> with a JSON object whose `meta` authenticates it; the
 * answer is status 200 and a `meta` of its own that says how it went. What each call may contain
 * is in sim_v1_shapes.c, what it does in sim_v1_calls.c.
 */
#include "tests/sim/sim_v1.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

static const char prefix[] = "/emSignHub-API/";

static const struct v1_call *find(const char *path)
{
    if (!str_starts(path, prefix)) {
        return NULL;
    }
    for (size_t i = 0; i < v1_calls_count; i++) {
        if (str_eq(v1_calls[i].name, path + sizeof prefix - 1)) {
            return &v1_calls[i];
        }
    }
    return NULL;
}

enum sim_kind certinext_v1_kind(const char *method UNUSED, const char *path)
{
    const struct v1_call *c = find(path);
    return c ? c->kind : KIND_OTHER;
}

/* --- answers --- */
static json_t *answer_meta(const struct request *q, bool good, const char *code, const char *text)
{
    char ts[TIME_TEXT];
    time_format(fault_clock(q) + 19800, ts); /* as live: +05:30 */
    ts[strcspn(ts, "Z")] = '\0';
    return json_pack("{s:s,s:s+,s:s,s:s,s:s,s:s}", "ver", "1.0", "ts", ts, "+05:30", "txn", q->txn,
                     "status", good ? "1" : "0", "errorCode", code, "errorMessage", text);
}

void v1_good(struct request *q, struct reply *r, json_t *result)
{
    json_t *root = result ? result : json_object();
    if (!plan_has(&q->plan, FAULT_NO_META)) {
        (void)json_object_set_new(root, "meta", answer_meta(q, true, "", ""));
    }
    reply_json(r, 200, root);
    r->outcome = "ok";
}

void v1_refuse(struct request *q, struct reply *r, const char *code, const char *message)
{
    reply_json(r, 200, json_pack("{s:o}", "meta", answer_meta(q, false, code, message)));
    r->outcome = arena_printf(&q->arena, "%s %s", code, message);
}

static void throttle(struct request *q, struct reply *r)
{
    v1_refuse(q, r, "", "Inactive Account User.");
}

/* --- meta --- */
static bool txn_fits(const char *txn)
{
    size_t n = strlen(txn);
    for (const char *p = txn; *p; p++) {
        if (!((*p >= '0' && *p <= '9') || (ascii_lower(*p) >= 'a' && ascii_lower(*p) <= 'z'))) {
            return false;
        }
    }
    return n >= 10 && n <= 50;
}

/* "2026-11-21T09:15:30+00:00": seconds, and an offset in digits, never Z. */
static bool ts_fits(const char *ts, int64_t *at)
{
    return strlen(ts) == 25 && (ts[19] == '+' || ts[19] == '-') && time_parse(ts, at);
}

static bool access_key(const struct request *q, const json_t *meta)
{
    char want[SHA256_HEX];
    const struct sim *s = q->sim;
    const char *got = shape_str(meta, "authKey");
    const char *ts = shape_str(meta, "ts");
    struct sha256 h;
    if (!s->access_key || strlen(got) != SHA256_HEX - 1) {
        return false;
    }
    sha256_begin(&h);
    sha256_add(&h, s->access_key, strlen(s->access_key));
    sha256_add(&h, ts, strlen(ts));
    sha256_add(&h, q->txn, strlen(q->txn));
    sha256_end_hex(&h, want);
    return CRYPTO_memcmp(want, got, SHA256_HEX - 1) == 0;
}

static bool authentic(struct request *q, struct reply *r, const json_t *meta)
{
    const char *key = shape_str(meta, "authKey");
    const char *shown = *key ? key : q->authorization ? q->authorization : "";
    sha256_hex(shown, strlen(shown), q->auth_digest);
    if (*key) {
        if (!access_key(q, meta)) {
            v1_refuse(q, r, "", "Invalid credentials");
            return false;
        }
        return true;
    }
    if (!oauth_bearer(q->sim, q->authorization)) {
        reply_text(r, 401, "text/plain", "Unauthorized\n");
        r->outcome = "no bearer";
        return false;
    }
    return true;
}

static bool meta_passes(struct request *q, struct reply *r)
{
    static const struct shape rows[] = {{"ver", SHAPE_STRING, SHAPE_REQUIRED, "1.0"},
                                        {"ts", SHAPE_STRING, SHAPE_REQUIRED, NULL},
                                        {"txn", SHAPE_STRING, SHAPE_REQUIRED, NULL},
                                        {"accountNumber", SHAPE_STRING, SHAPE_REQUIRED, NULL},
                                        {"authKey", SHAPE_STRING, SHAPE_REQUIRED, NULL}};
    struct err err = ERR_INIT;
    int64_t at = 0;
    const json_t *meta = json_object_get(q->json, "meta");
    if (!json_is_object(meta) || !shape_check(meta, rows, NITEMS(rows), &err)) {
        v1_refuse(q, r, "EMS-901", *err.msg ? err.msg : "Invalid meta");
        return false;
    }
    const char *txn = shape_str(meta, "txn");
    (void)snprintf(q->txn, sizeof q->txn, "%s", txn);
    if (!txn_fits(txn) || !ts_fits(shape_str(meta, "ts"), &at) ||
        !str_eq(shape_str(meta, "accountNumber"), q->sim->options.account)) {
        v1_refuse(q, r, "EMS-901", "Invalid meta");
        return false;
    }
    if (!authentic(q, r, meta)) {
        return false;
    }
    int64_t now = fault_clock(q);
    if (at < now - q->sim->skew_seconds || at > now + q->sim->skew_seconds) {
        v1_refuse(q, r, "EMS-901", "Timestamp outside of the window");
        return false;
    }
    if (!txn_is_new(&q->sim->txns, txn)) {
        v1_refuse(q, r, "EMS-901", "Duplicate transaction");
        return false;
    }
    return true;
}

/* --- */
static bool body_is_json(struct request *q, struct reply *r)
{
    struct err err = ERR_INIT;
    q->json = json_parse("body", buf_text(&q->body), q->body.n, &err);
    if (!q->json || !json_is_object(q->json) || !q->content_type ||
        !str_starts(q->content_type, "application/json")) {
        reply_text(r, 400, "text/plain", "not JSON\n");
        r->outcome = "not JSON";
        return false;
    }
    return true;
}

static bool members_known(struct request *q, struct reply *r, const struct v1_call *call)
{
    struct err err = ERR_INIT;
    json_t *meta = json_incref(json_object_get(q->json, "meta"));
    (void)json_object_del(q->json, "meta"); /* checked already */
    bool known = shape_check(q->json, call->shapes, call->nshapes, &err);
    (void)json_object_set_new(q->json, "meta", meta);
    if (!known) {
        v1_refuse(q, r, "EMS-901", err.msg); /* of this simulator only */
    }
    return known;
}

bool certinext_v1(struct request *q, struct reply *r)
{
    if (!str_starts(q->path, prefix)) {
        return false;
    }
    const struct v1_call *call = find(q->path);
    q->refuse = v1_refuse;
    q->throttle = throttle;
    if (!call) {
        reply_text(r, 404, "text/plain", "Not Found\n");
        r->outcome = "unknown endpoint";
        return true;
    }
    if (!str_eq(q->method, "POST")) {
        reply_text(r, 405, "text/plain", "Method Not Allowed\n");
        r->outcome = "not POST";
        return true;
    }
    if (!body_is_json(q, r) || !meta_passes(q, r) || fault_instead(q, r)) {
        return true;
    }
    if (call->kind == KIND_ORDER && !limiter_pass(&q->sim->limiter, time_monotonic_ms())) {
        throttle(q, r);
        return true;
    }
    if (members_known(q, r, call)) {
        call->handle(q, r);
    }
    return true;
}
