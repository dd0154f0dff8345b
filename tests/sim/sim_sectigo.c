/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_sectigo.h: the table of calls, credentials, errors.
 */
#include "tests/sim/sim_sectigo.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* --- members of bodies; customFields and organizationIds are looked at by their handlers --- */
static const struct shape enroll[] = {
    {"orgId", SHAPE_INT, SHAPE_REQUIRED, NULL},
    {"csr", SHAPE_STRING, SHAPE_REQUIRED | SHAPE_FILLED, NULL},
    {"subjAltNames", SHAPE_STRING, 0, NULL},
    {"certType", SHAPE_INT, SHAPE_REQUIRED, NULL},
    {"term", SHAPE_INT, SHAPE_REQUIRED, NULL},
    {"comments", SHAPE_STRING, 0, NULL},
    {"externalRequester", SHAPE_STRING, SHAPE_FILLED, NULL},
    {"dcvMode", SHAPE_STRING, 0, "CNAME EMAIL HTTP HTTPS TXT AUTO"},
    {"dcvEmail", SHAPE_STRING, SHAPE_FILLED, NULL},
    {"numberServers", SHAPE_INT, 0, NULL},
    {"serverType", SHAPE_INT, 0, NULL},
};
static const struct shape renew[] = {
    {"csr", SHAPE_STRING, SHAPE_FILLED, NULL},
    {"dcvMode", SHAPE_STRING, 0, "CNAME EMAIL HTTP HTTPS TXT AUTO"},
    {"dcvEmail", SHAPE_STRING, SHAPE_FILLED, NULL},
};
static const struct shape replace[] = {
    {"csr", SHAPE_STRING, SHAPE_REQUIRED | SHAPE_FILLED, NULL},
    {"reason", SHAPE_STRING, SHAPE_REQUIRED | SHAPE_FILLED, NULL},
    {"commonName", SHAPE_STRING, SHAPE_FILLED, NULL},
    {"subjectAlternativeNames", SHAPE_STRINGS, 0, NULL},
    {"dcvMode", SHAPE_STRING, 0, "CNAME EMAIL HTTP HTTPS TXT AUTO"},
    {"dcvEmail", SHAPE_STRING, SHAPE_FILLED, NULL},
};
static const struct shape message[] = {
    {"message", SHAPE_STRING, SHAPE_REQUIRED | SHAPE_FILLED, NULL}};
static const struct shape revoke_legacy[] = {
    {"reasonCode", SHAPE_INT, SHAPE_REQUIRED, NULL},
    {"reason", SHAPE_STRING, SHAPE_REQUIRED | SHAPE_FILLED, NULL}};
static const struct shape revoke_admin[] = {
    {"reasonCode", SHAPE_STRING, SHAPE_REQUIRED, "0 1 3 4 5"},
    {"reason", SHAPE_STRING, SHAPE_REQUIRED | SHAPE_FILLED, NULL}};
static const struct shape report[] = {
    {"commonName", SHAPE_STRING, 0, NULL},
    {"externalRequester", SHAPE_STRING, 0, NULL},
    {"certificateStatus", SHAPE_INT, 0, NULL},
    {"certificateDateAttribute", SHAPE_INT, 0, NULL},
    {"from", SHAPE_STRING, SHAPE_FILLED, NULL},
    {"to", SHAPE_STRING, SHAPE_FILLED, NULL},
    {"certificateRequestSource", SHAPE_INT, 0, NULL},
    {"serialNumberFormat", SHAPE_STRING, 0, NULL},
    {"includeIpAddresses", SHAPE_BOOL, 0, NULL},
};

#define ROWS(a) a, NITEMS(a)
/* The first that fits: longer paths before what they begin with. */
const struct scm_call scm_calls[] = {
    {"GET", "organization/v1", KIND_VALIDATE, NULL, 0, false, scm_organizations},
    {"GET", "organization/v1/", KIND_VALIDATE, NULL, 0, false, scm_organization},
    {"GET", "ssl/v1/types", KIND_CATALOGUE, NULL, 0, false, scm_types},
    {"GET", "ssl/v1/customFields", KIND_CATALOGUE, NULL, 0, false, scm_custom_fields},
    {"POST", "ssl/v1/enroll", KIND_ORDER, ROWS(enroll), false, scm_enroll},
    {"POST", "ssl/v1/renewById/", KIND_ORDER, ROWS(renew), true, scm_renew},
    {"POST", "ssl/v1/replace/", KIND_ORDER, ROWS(replace), true, scm_replace},
    {"POST", "ssl/v1/approve/", KIND_AGREEMENT, ROWS(message), true, scm_approve},
    {"POST", "ssl/v1/decline/", KIND_CANCEL, ROWS(message), true, scm_decline},
    {"POST", "ssl/v1/revoke/serial/", KIND_REVOKE, ROWS(revoke_legacy), false, scm_revoke_serial},
    {"POST", "ssl/v1/revoke/", KIND_REVOKE, ROWS(revoke_legacy), true, scm_revoke},
    {"GET", "ssl/v1/collect/", KIND_GET, NULL, 0, false, scm_collect},
    {"GET", "ssl/v1", KIND_REPORT, NULL, 0, false, scm_list},
    {"GET", "ssl/v1/", KIND_TRACK, NULL, 0, true, scm_details},
    {"POST", "report/v1/ssl-certificates", KIND_REPORT, ROWS(report), false, scm_report},
};
const size_t scm_calls_count = NITEMS(scm_calls);

/* --- which call --- */
/* What follows /api/ or /private/api/; NULL: not ours. */
static const char *below(const char *path)
{
    static const char *const roots[] = {"ssl/", "organization/", "report/"};
    path += str_starts(path, "/private/api/") ? strlen("/private") : 0;
    if (!str_starts(path, "/api/")) {
        return NULL;
    }
    path += strlen("/api/");
    for (size_t i = 0; i < NITEMS(roots); i++) {
        if (str_starts(path, roots[i])) {
            return path;
        }
    }
    return NULL;
}

static const struct scm_call *find(const char *method, const char *path, const char **id)
{
    for (size_t i = 0; path && i < scm_calls_count; i++) {
        const struct scm_call *c = &scm_calls[i];
        const bool with_id = str_ends(c->path, "/");
        const size_t n = strlen(c->path);
        if (str_eq(method, c->method) &&
            (with_id ? str_starts(path, c->path) && path[n] : str_eq(path, c->path))) {
            *id = path + n;
            return c;
        }
    }
    return NULL;
}

enum sim_kind sectigo_scm_kind(const char *method, const char *path)
{
    const char *id = NULL;
    const struct scm_call *c = find(method, below(path), &id);
    return c ? c->kind : KIND_OTHER;
}

/* --- answers --- */
void scm_error(struct request *q, struct reply *r, int status, int code, const char *text)
{
    reply_json(r, status, json_pack("{s:i,s:s}", "code", code, "description", text));
    r->outcome = arena_printf(&q->arena, "%d %d %s", status, code, text);
}

/* In the words of a scenario: a number, or what is no number of SCM's. */
static void refuse_scm(struct request *q, struct reply *r, const char *code, const char *text)
{
    const bool number = *code && strspn(code, "-0123456789") == strlen(code);
    scm_error(q, r, 400, number ? atoi(code) : -64, text);
}

static void throttle_scm(struct request *q, struct reply *r)
{
    reply_text(r, 429, "text/plain", "Too Many Requests\n");
    reply_header(r, "Retry-After", "1");
    r->outcome = arena_strdup(&q->arena, "429");
}

void scm_good(struct request *q UNUSED, struct reply *r, json_t *tree)
{
    if (tree) {
        reply_json(r, 200, tree);
    } else {
        reply_text(r, 204, NULL, "");
    }
    r->outcome = "ok";
}

json_t *scm_number(const char *text)
{
    return json_integer((json_int_t)strtoll(text, NULL, 10));
}

/* --- credentials --- */
bool scm_is_admin_api(const struct request *q)
{
    return q->authorization && str_starts(q->authorization, "Bearer ");
}

static bool same(const char *got, const char *want)
{
    return got && want && strlen(got) == strlen(want) &&
           CRYPTO_memcmp(got, want, strlen(want)) == 0;
}

static bool authentic(struct request *q, struct reply *r)
{
    const struct sim_options *o = &q->sim->options;
    const char *login = q->header(q, "login"), *password = q->header(q, "password");
    const bool by_certificate = str_starts(q->path, "/private/");
    const char *shown = q->authorization ? q->authorization : password ? password : "";
    sha256_hex(shown, strlen(shown), q->auth_digest);
    if (scm_is_admin_api(q)) {
        const bool good = oauth_bearer(q->sim, q->authorization) && !by_certificate && !login &&
                          !password && !q->header(q, "customerUri");
        if (!good) {
            reply_text(r, 401, NULL, ""); /* without a body, as seen */
            r->outcome = "401";
        }
        return good;
    }
    if (!same(login, o->account) || !same(q->header(q, "customerUri"), o->group) ||
        (by_certificate && password)) {
        scm_error(q, r, 401, -16, "Unknown user");
        return false;
    }
    if (!by_certificate && !same(password, q->sim->access_key)) {
        scm_error(q, r, 401, -970, "Incorrect login details");
        return false;
    }
    return true;
}

/* --- one request --- */
static bool check_members(struct request *q, const struct scm_call *call, struct err *err)
{
    const bool admin = call->shapes == revoke_legacy && scm_is_admin_api(q);
    json_t *plain = json_copy(q->json); /* what a table of plain members cannot describe */
    if (call->shapes == enroll) {
        (void)json_object_del(plain, "customFields");
    } else if (call->shapes == report) {
        (void)json_object_del(plain, "organizationIds");
    }
    const bool fits = admin ? shape_check(plain, revoke_admin, NITEMS(revoke_admin), err)
                            : shape_check(plain, call->shapes, call->nshapes, err);
    json_decref(plain);
    return fits;
}

static bool body_fits(struct request *q, struct reply *r, const struct scm_call *call)
{
    struct err err = ERR_INIT;
    if (!call->shapes) {
        if (q->body.n) {
            scm_error(q, r, 400, -1002, "no body is wanted");
        }
        return !q->body.n;
    }
    if (!q->content_type || !str_starts(q->content_type, "application/json")) {
        reply_text(r, 415, "text/plain", "Unsupported Media Type\n");
        r->outcome = "415";
        return false;
    }
    q->json = json_parse("body", buf_text(&q->body), q->body.n, &err);
    if (!json_is_object(q->json)) {
        scm_error(q, r, 400, -1002, "Message body cannot be parsed");
        return false;
    }
    if (!check_members(q, call, &err)) {
        const bool lacks = str_ends(err.msg, "is missing") || str_ends(err.msg, "is empty");
        scm_error(q, r, 400, lacks ? -7 : -1002, err.msg);
        return false;
    }
    return true;
}

static void carry_out(struct request *q, struct reply *r, const struct scm_call *call,
                      const char *id)
{
    struct order *o = call->of_order ? orders_find(&q->sim->orders, id) : NULL;
    if (call->of_order && !o) {
        scm_error(q, r, 404, -5101, "SSL certificate not found");
        return;
    }
    call->handle(q, r, o, id);
}

bool sectigo_scm(struct request *q, struct reply *r)
{
    const char *path = below(q->path), *id = NULL;
    if (!path) {
        return false;
    }
    const struct scm_call *call = find(q->method, path, &id);
    q->refuse = refuse_scm;
    q->throttle = throttle_scm;
    if (!authentic(q, r) || (call && fault_instead(q, r))) {
        return true;
    }
    if (!call) {
        reply_text(r, 404, "text/html", "<html><body>Not Found</body></html>\n");
        r->outcome = "404";
    } else if (call->kind == KIND_ORDER && !limiter_pass(&q->sim->limiter, time_monotonic_ms())) {
        throttle_scm(q, r);
    } else if (body_fits(q, r, call)) {
        carry_out(q, r, call, id);
    }
    return true;
}
