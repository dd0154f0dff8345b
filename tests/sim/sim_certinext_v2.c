/* SPDX-License-Identifier: Apache-2.0
 *
 * CERTInext V2: REST under /api/certinext/v2/, bearer tokens only, HTTP status and problem details
 * (RFC 7807) for what went wrong. The orders are those of V1. Not offered: the signature family,
 * account-level domains beyond an empty list.
 */
#include "tests/sim/sim_v2.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"

#include <string.h>

static const char prefix[] = "/api/certinext/v2/";

/* --- the table --- */
/* One path against a pattern; *id gets the segment that stands for "*" (n octets). */
static bool matches(const char *pattern, const char *path, const char **id, size_t *n)
{
    while (*pattern) {
        if (*pattern == '*') {
            *id = path;
            *n = strcspn(path, "/");
            if (!*n) {
                return false;
            }
            path += *n;
            pattern++;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return !*path;
}

static const struct v2_call *find(const char *method, const char *path, const char **id, size_t *n,
                                  bool *known)
{
    for (size_t i = 0; str_starts(path, prefix) && i < v2_calls_count; i++) {
        if (matches(v2_calls[i].path, path + sizeof prefix - 1, id, n)) {
            *known = true;
            if (str_eq(method, v2_calls[i].method)) {
                return &v2_calls[i];
            }
        }
    }
    return NULL;
}

enum sim_kind certinext_v2_kind(const char *method, const char *path)
{
    const char *id = NULL;
    size_t n = 0;
    bool known = false;
    const struct v2_call *c = find(method, path, &id, &n, &known);
    return c ? c->kind : KIND_OTHER;
}

/* --- answers --- */
static const char *title(int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {
        {400, "Bad Request"},    {401, "Unauthorized"},         {404, "Not Found"},
        {406, "Not Acceptable"}, {422, "Unprocessable Entity"}, {429, "Too Many Requests"}};
    for (size_t i = 0; i < NITEMS(titles); i++) {
        if (titles[i].status == status) {
            return titles[i].title;
        }
    }
    return "Error";
}

void v2_problem(struct request *q, struct reply *r, int status, const char *code, const char *text)
{
    const char *detail = arena_printf(&q->arena, "%s%s%s", code, *code ? ": " : "", text);
    reply_json(r, status,
               json_pack("{s:s,s:s,s:i,s:s,s:s}", "type", "about:blank", "title", title(status),
                         "status", status, "detail", detail, "instance", q->path));
    r->type = "application/problem+json";
    r->outcome = arena_printf(&q->arena, "%d %s", status, detail);
}

void v2_refuse(struct request *q, struct reply *r, const char *code, const char *text)
{
    v2_problem(q, r, 422, code, text);
}

static void throttle(struct request *q, struct reply *r)
{
    v2_problem(q, r, 429, "", "Too many requests");
    reply_header(r, "Retry-After", "1");
}

void v2_good(struct request *q, struct reply *r, int status, json_t *tree)
{
    (void)q;
    if (tree) {
        reply_json(r, status, tree);
    } else {
        reply_text(r, status, NULL, "");
    }
    r->outcome = "ok";
}

/* The framework's own words for what is no call at all. */
static void no_call(struct request *q, struct reply *r, int status, const char *text)
{
    char now[TIME_TEXT];
    time_format(fault_clock(q), now);
    reply_json(r, status,
               json_pack("{s:s,s:i,s:s,s:s,s:s}", "timestamp", now, "status", status, "error", text,
                         "message", text, "path", q->path));
    r->outcome = text;
}

/* --- checks --- */
static bool authentic(struct request *q, struct reply *r)
{
    const char *shown = q->authorization ? q->authorization : "";
    sha256_hex(shown, strlen(shown), q->auth_digest);
    if (!oauth_bearer(q->sim, q->authorization)) {
        v2_problem(q, r, 401, "", "Invalid or expired token");
        return false;
    }
    return true;
}

static bool body_fits(struct request *q, struct reply *r, const struct v2_call *call)
{
    struct err err = ERR_INIT;
    if (!call->shapes) {
        if (q->body.n) {
            v2_problem(q, r, 400, "", "no body is wanted");
        }
        return !q->body.n;
    }
    q->json = json_parse("body", buf_text(&q->body), q->body.n, &err);
    if (!q->json || !json_is_object(q->json) || !q->content_type ||
        !str_starts(q->content_type, "application/json")) {
        v2_problem(q, r, 400, "", "Malformed JSON request");
        return false;
    }
    if (!shape_check(q->json, call->shapes, call->nshapes, &err)) {
        v2_problem(q, r, 400, "EMS-901", err.msg); /* unknown members: of this simulator only */
        return false;
    }
    return true;
}

static void carry_out(struct request *q, struct reply *r, const struct v2_call *call,
                      const char *id)
{
    struct order *o = NULL;
    const bool private_pki = str_starts(call->path, "private-pki-certificates/");
    if (id && (private_pki || str_starts(call->path, "ssl-certificates/"))) {
        o = orders_find(&q->sim->orders, id);
        if (!o || (o->product->type->level == LEVEL_PRIVATE) != private_pki) {
            v2_problem(q, r, 404, "EMS-943", "Order not found");
            return;
        }
    }
    call->handle(q, r, o, id);
}

bool certinext_v2(struct request *q, struct reply *r)
{
    const char *id = NULL;
    size_t n = 0;
    bool known = false;
    if (!str_starts(q->path, prefix)) {
        return false;
    }
    const struct v2_call *call = find(q->method, q->path, &id, &n, &known);
    q->refuse = v2_refuse;
    q->throttle = throttle;
    reply_header(r, "X-API-Version", "2.0.0");
    reply_header(r, "Cache-Control", "no-store");
    if (!authentic(q, r)) {
        return true;
    }
    if (!call) {
        no_call(q, r, known ? 405 : 404, known ? "Method Not Allowed" : "Not Found");
        return true;
    }
    if (fault_instead(q, r)) {
        return true;
    }
    if (call->kind == KIND_ORDER && !limiter_pass(&q->sim->limiter, time_monotonic_ms())) {
        throttle(q, r);
        return true;
    }
    if (body_fits(q, r, call)) {
        carry_out(q, r, call, id ? arena_strndup(&q->arena, id, n) : NULL);
    }
    return true;
}
