/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_entrust.h: who is calling, which call it is, CAs and profiles.
 */
#include "tests/sim/sim_entrust.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"

#include <string.h>

static const char root[] = "/cagw/v1/certificate-authorities";

static const char sectigo_reasons[] =
    "unspecified keyCompromise affiliationChanged superseded cessationOfOperation";
static const char all_reasons[] =
    "unspecified keyCompromise caCompromise affiliationChanged superseded cessationOfOperation "
    "certificateHold privilegeWithdrawn";
static const struct entrust_ca cas[] = {
    {"CA-1001", "Issuing CA 1", "com.entrust.SecurityManager", all_reasons},
    {"acme~pki-7", "Acme PKIaaS", "com.entrust.PKIHub",
     "unspecified keyCompromise caCompromise affiliationChanged superseded cessationOfOperation "
     "certificateHold privilegeWithdrawn aaCompromise"},
    {"SECTIGO-1", "Sectigo OV", "com.Sectigo", sectigo_reasons},
};
static const char usual_keys[] = "rsa-2048 rsa-3072 rsa-4096 ec-p256 ec-p384";
const struct entrust_profile entrust_profiles[] = {
    {"CA-1001", "tls-server", "TLS server", "", "dNSName", "", usual_keys, 398},
    {"CA-1001", "device", "Device", "cn", "", "tracking.requesterName", "ec-p256", 1095},
    {"acme~pki-7", "web-1y", "Web server 1 y", "", "dNSName", "", usual_keys, 398},
    {"SECTIGO-1", "web-ov", "Web server OV", "cn o", "dNSName", "", usual_keys, 200},
    {0}};

/* --- answers --- */
void entrust_error(struct request *q, struct reply *r, int status, const char *code,
                   const char *target, const char *text)
{
    json_t *error = json_pack("{s:s,s:s,s:[]}", "code", code, "message", text, "details");
    if (target) {
        (void)json_object_set_new(error, "target", json_string(target));
    }
    reply_json(r, status,
               json_pack("{s:s,s:o,s:{s:s,s:[]}}", "type", "ErrorResponse", "error", error,
                         "message", "message", "The request failed.", "details"));
    r->outcome = arena_printf(&q->arena, "%d %s %s", status, code, text);
}

void entrust_good(struct request *q, struct reply *r, int status, json_t *tree)
{
    (void)q;
    reply_json(r, status, tree);
    r->outcome = "ok";
}

/* A refusal without a code of a revocation is an action that was rejected, under status 200. */
static void refuse_call(struct request *q, struct reply *r, const char *code, const char *text)
{
    if (!*code && q->kind == KIND_REVOKE) {
        entrust_good(q, r, 200,
                     json_pack("{s:s,s:{s:s,s:s}}", "type", "ActionResponse", "action", "status",
                               "REJECTED", "comment", text));
    } else {
        entrust_error(q, r, 400, *code ? code : "cagw-4000", NULL, text);
    }
}

static void throttle(struct request *q, struct reply *r)
{
    entrust_error(q, r, 429, "TooManyRequests", NULL, "Rate limit exceeded");
}

json_t *entrust_der(struct span der)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(MAX_BODY);
    base64_encode(&b, der.p, der.n, 0);
    return json_string(buf_text(&b));
}

char *entrust_serial(struct arena *a, const struct order *o)
{
    return hex_dup(a, o->parsed.serial.p, o->parsed.serial.n);
}

/* --- reads of the gateway itself --- */
static json_t *describe(const struct entrust_ca *ca, const char *connector_key)
{
    return json_pack("{s:s,s:s,s:{s:s,s:s},s:[]}", "id", ca->id, "name", ca->name, "properties",
                     connector_key, ca->connector, "type", "issuing", "chain");
}

static ENTRUST_HANDLER(list_cas)
{
    json_t *list = json_array();
    (void)call;
    for (size_t i = 0; i < NITEMS(cas); i++) {
        (void)json_array_append_new(list, describe(&cas[i], "connector-name"));
    }
    entrust_good(q, r, 200, json_pack("{s:s,s:o}", "type", "CAListResponse", "caList", list));
}

/* Certificates only when they are asked for by name. */
static ENTRUST_HANDLER(one_ca)
{
    const struct sim_ca *issuer = &q->sim->ca;
    const char *fields = q->query ? q->query(q, "$fields") : NULL;
    json_t *ca = describe(call->ca, "connector_name");
    if (fields && strstr(fields, "ca.certificate")) {
        (void)json_object_set_new(
            ca, "certificate",
            json_pack("{s:o}", "certificateData", entrust_der(issuer->issuing.cert.der)));
    }
    if (fields && strstr(fields, "ca.chain")) {
        (void)json_object_set_new(
            ca, "chain",
            json_pack("[{s:o}]", "certificateData", entrust_der(issuer->root.cert.der)));
    }
    entrust_good(q, r, 200, json_pack("{s:o}", "ca", ca));
}

static ENTRUST_HANDLER(status)
{
    (void)call;
    entrust_good(q, r, 200, json_pack("{s:s,s:s}", "type", "CAStatusResponse", "status", "UP"));
}

static json_t *needs(const char *words, const char *member)
{
    json_t *list = json_array();
    for (const char *p = words; *p;) {
        const size_t n = strcspn(p, " ");
        (void)json_array_append_new(list, json_pack("{s:s%,s:b}", member, p, n, "required", 1));
        p += n + (p[n] ? 1 : 0);
    }
    return list;
}

static json_t *profile_json(const struct entrust_profile *p)
{
    return json_pack("{s:s,s:s,s:[],s:{},s:o,s:o,s:o}", "id", p->id, "name", p->name, "protocols",
                     "properties", "subjectVariableRequirements", needs(p->variables, "name"),
                     "subjectAltNameRequirements", needs(p->sans, "type"), "requestedProperties",
                     needs(p->properties, "name"));
}

static ENTRUST_HANDLER(list_profiles)
{
    json_t *list = json_array();
    for (const struct entrust_profile *p = entrust_profiles; p->id; p++) {
        if (str_eq(p->ca, call->ca->id)) {
            (void)json_array_append_new(list, profile_json(p));
        }
    }
    entrust_good(q, r, 200,
                 json_pack("{s:s,s:{s:s,s:[]},s:o}", "type", "ProfilesResponse", "message",
                           "message", "ok", "details", "profiles", list));
}

static ENTRUST_HANDLER(one_profile)
{
    for (const struct entrust_profile *p = entrust_profiles; p->id; p++) {
        if (str_eq(p->ca, call->ca->id) && str_eq(p->id, call->id)) {
            entrust_good(q, r, 200, json_pack("{s:o}", "profile", profile_json(p)));
            return;
        }
    }
    entrust_error(q, r, 404, "cagw-4019", "profileId", "Profile not found");
}

/* --- the table: what stands behind the id of the CA; "*" is one segment, the rest of the path ---
 */
static const struct row {
    const char *method, *noun, *verb; /* noun "": the CA itself */
    bool id;
    enum sim_kind kind;
    void (*handle)(struct request *q, struct reply *r, const struct entrust_call *call);
} table[] = {
    {"GET", "", "", false, KIND_CATALOGUE, one_ca},
    {"GET", "status", "", false, KIND_CATALOGUE, status},
    {"GET", "profiles", "", false, KIND_CATALOGUE, list_profiles},
    {"GET", "profiles", "", true, KIND_CATALOGUE, one_profile},
    {"POST", "enrollments", "", false, KIND_ORDER, entrust_enroll},
    {"GET", "certificates", "", true, KIND_GET, entrust_certificate},
    {"POST", "certificates", "actions", true, KIND_REVOKE, entrust_act},
    {"GET", "subjects", "", true, KIND_TRACK, entrust_subject},
    {"GET", "certificate-events", "", false, KIND_REPORT, entrust_events},
};

struct parts {
    char *v[ENTRUST_SEGMENTS]; /* ca, noun, id, verb */
    size_t n;
    bool more;
};

static void split(struct arena *a, const char *path, struct parts *out)
{
    *out = (struct parts){0};
    const char *p = path + sizeof root - 1;
    while (*p == '/') {
        const size_t n = strcspn(++p, "/");
        if (out->n == ENTRUST_SEGMENTS) {
            out->more = true;
            return;
        }
        out->v[out->n++] = arena_strndup(a, p, n);
        p += n;
    }
}

static const struct row *find(const char *method, const struct parts *p)
{
    const char *noun = p->n > 1 ? p->v[1] : "", *verb = p->n > 3 ? p->v[3] : "";
    for (size_t i = 0; !p->more && p->n && i < NITEMS(table); i++) {
        if (str_eq(table[i].method, method) && str_eq(table[i].noun, noun) &&
            str_eq(table[i].verb, verb) && table[i].id == (p->n > 2)) {
            return &table[i];
        }
    }
    return NULL;
}

static bool is_ours(const char *path)
{
    return str_starts(path, root) && (!path[sizeof root - 1] || path[sizeof root - 1] == '/');
}

enum sim_kind entrust_kind(const char *method, const char *path)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct parts p;
    if (!is_ours(path)) {
        return KIND_OTHER;
    }
    split(&a, path, &p);
    const struct row *row = find(method, &p);
    return row ? row->kind : p.n ? KIND_OTHER : KIND_CATALOGUE;
}

/* --- who --- */
static enum entrust_role role_of(const char *subject)
{
    static const struct {
        const char *cn;
        enum entrust_role role;
    } roles[] = {
        {"CN=integrator", ROLE_INTEGRATOR}, {"CN=tenant", ROLE_TENANT}, {"CN=reader", ROLE_READER}};
    for (size_t i = 0; subject && i < NITEMS(roles); i++) {
        if (strstr(subject, roles[i].cn)) {
            return roles[i].role;
        }
    }
    return ROLE_NOBODY;
}

static bool may(struct request *q, struct reply *r, enum entrust_role role)
{
    const char *shown = q->client ? q->client : "";
    sha256_hex(shown, strlen(shown), q->auth_digest);
    if (role == ROLE_NOBODY) {
        entrust_error(q, r, q->client ? 403 : 401, "cagw-4003", NULL,
                      "The client certificate is not known");
    } else if (role == ROLE_READER && !str_eq(q->method, "GET")) {
        entrust_error(q, r, 403, "cagw-4003", NULL, "The role may only read");
    } else {
        return true;
    }
    return false;
}

static const struct entrust_ca *ca_of(const char *id)
{
    for (size_t i = 0; i < NITEMS(cas); i++) {
        if (str_eq(cas[i].id, id)) {
            return &cas[i];
        }
    }
    return NULL;
}

static bool reads_json(struct request *q, struct reply *r)
{
    struct err err = ERR_INIT;
    if (str_eq(q->method, "GET")) {
        if (q->body.n) {
            entrust_error(q, r, 400, "cagw-4000", NULL, "no body is wanted");
        }
        return !q->body.n;
    }
    q->json = json_parse("body", buf_text(&q->body), q->body.n, &err);
    if (!json_is_object(q->json) || !q->content_type ||
        !str_starts(q->content_type, "application/json")) {
        entrust_error(q, r, 400, "cagw-4000", NULL, "Malformed JSON request");
        return false;
    }
    return true;
}

bool entrust_serve(struct request *q, struct reply *r)
{
    struct parts p;
    struct entrust_call call = {.role = role_of(q->client)};
    if (!is_ours(q->path)) {
        return false;
    }
    split(&q->arena, q->path, &p);
    const struct row *row = find(q->method, &p);
    q->refuse = refuse_call;
    q->throttle = throttle;
    if (!may(q, r, call.role)) {
        return true;
    }
    if (!row && (p.n || !str_eq(q->method, "GET"))) {
        entrust_error(q, r, p.n ? 404 : 405, "cagw-4000", NULL, "No such call");
        return true;
    }
    if (fault_instead(q, r)) {
        return true;
    }
    if (q->kind == KIND_ORDER && !limiter_pass(&q->sim->limiter, time_monotonic_ms())) {
        throttle(q, r);
        return true;
    }
    call.ca = p.n ? ca_of(p.v[0]) : NULL;
    call.id = p.n > 2 ? p.v[2] : NULL;
    if (p.n && !call.ca) {
        entrust_error(q, r, 404, "cagw-4018", "caId", "CA with specified name not found");
    } else if (reads_json(q, r)) {
        (row ? row->handle : list_cas)(q, r, &call);
    }
    return true;
}
