/* SPDX-License-Identifier: Apache-2.0
 *
 * The dialect of CertCentral: table of calls, members of bodies, key, errors.
 */
#include "tests/sim/sim_digicert.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"

#include <string.h>

static const char prefix[] = "/services/v2/";

/* --- members --- */
#define STR(path)                                                                                  \
    {                                                                                              \
        path, SHAPE_STRING, SHAPE_FILLED, NULL                                                     \
    }
#define WORD(path, w)                                                                              \
    {                                                                                              \
        path, SHAPE_STRING, 0, w                                                                   \
    }
#define OBJ(path)                                                                                  \
    {                                                                                              \
        path, SHAPE_OBJECT, 0, NULL                                                                \
    }
#define LIST(path)                                                                                 \
    {                                                                                              \
        path, SHAPE_STRINGS, 0, NULL                                                               \
    }
#define OBJS(path)                                                                                 \
    {                                                                                              \
        path, SHAPE_OBJECTS, 0, NULL                                                               \
    }
#define BOOL(path)                                                                                 \
    {                                                                                              \
        path, SHAPE_BOOL, 0, NULL                                                                  \
    }
#define INT(path)                                                                                  \
    {                                                                                              \
        path, SHAPE_INT, 0, NULL                                                                   \
    }
#define HASH    "sha256 sha384 sha512 sha1"
#define METHODS "email dns-txt-token dns-cname-token http-token http-token-dynamic"
#define CERTIFICATE                                                                                \
    OBJ("certificate"), STR("certificate.common_name"), LIST("certificate.dns_names"),             \
        STR("certificate.csr"), WORD("certificate.signature_hash", HASH),                          \
        OBJ("certificate.server_platform"), INT("certificate.server_platform.id"),                 \
        LIST("certificate.organization_units"), STR("certificate.ca_cert_id"),                     \
        STR("certificate.profile_option"), OBJ("certificate.cert_validity"),                       \
        INT("certificate.cert_validity.years"), INT("certificate.cert_validity.days"),             \
        STR("certificate.cert_validity.custom_expiration_date")

static const struct shape order[] = {
    CERTIFICATE,
    LIST("certificate.emails"),
    WORD("certificate.profile_type", "strict multipurpose"),
    WORD("certificate.common_name_indicator", "email_address given_name_surname pseudonym "
                                              "organization_name"),
    OBJ("certificate.individual"),
    STR("certificate.individual.first_name"),
    STR("certificate.individual.last_name"),
    STR("certificate.individual.pseudonym"),
    OBJ("certificate.usage_designation"),
    {"certificate.usage_designation.primary_usage", SHAPE_STRING, SHAPE_REQUIRED,
     "signing key_management dual_use"},
    OBJ("subject"),
    BOOL("subject.include_email"),
    BOOL("subject.include_given_name_surname"),
    BOOL("subject.include_pseudonym"),
    OBJ("organization"),
    INT("organization.id"),
    OBJS("organization.contacts"),
    WORD("organization.contacts.contact_type", "verified_contact organization_contact "
                                               "technical_contact"),
    STR("organization.contacts.first_name"),
    STR("organization.contacts.last_name"),
    STR("organization.contacts.job_title"),
    STR("organization.contacts.telephone"),
    STR("organization.contacts.email"),
    OBJ("container"),
    INT("container.id"),
    OBJ("order_validity"),
    INT("order_validity.years"),
    INT("order_validity.days"),
    STR("order_validity.custom_expiration_date"),
    WORD("payment_method", "balance card profile wire_transfer"),
    OBJ("payment_profile"),
    INT("payment_profile.id"),
    BOOL("skip_approval"),
    STR("comments"),
    OBJS("custom_fields"),
    INT("custom_fields.metadata_id"),
    STR("custom_fields.value"),
    INT("renewal_of_order_id"),
    WORD("dcv_method", METHODS),
    WORD("certificate_dcv_scope", "base_domain fqdn"),
    BOOL("disable_renewal_notifications")};
static const struct shape reissue[] = {CERTIFICATE, BOOL("skip_approval"), STR("comments"),
                                       WORD("dcv_method", METHODS),
                                       WORD("certificate_dcv_scope", "base_domain fqdn")};
static const struct shape revoke[] = {
    WORD("revocation_reason",
         "unspecified keyCompromise affiliationChanged superseded cessationOfOperation"),
    STR("comments"), BOOL("skip_approval")};
static const struct shape cancel[] = {{"status", SHAPE_STRING, SHAPE_REQUIRED, "canceled"},
                                      {"note", SHAPE_STRING, SHAPE_REQUIRED | SHAPE_FILLED, NULL},
                                      BOOL("send_emails")};
static const struct shape process[] = {
    {"status", SHAPE_STRING, SHAPE_REQUIRED, "approved rejected"}, STR("processor_comment")};

#define ROWS(a) a, NITEMS(a)
#define NOTHING NULL, 0
#define ORDERS  "order/certificate"
const struct dc_call dc_calls[] = {
    {"GET", "user/me", KIND_VALIDATE, NOTHING, dc_user},
    {"GET", "product", KIND_CATALOGUE, NOTHING, dc_products},
    {"GET", ORDERS, KIND_REPORT, NOTHING, dc_list},
    {"GET", ORDERS "/*", KIND_TRACK, NOTHING, dc_info},
    {"POST", ORDERS "/*", KIND_ORDER, ROWS(order), dc_place},
    {"GET", ORDERS "/*/reissue", KIND_TRACK, NOTHING, dc_reissues},
    {"POST", ORDERS "/*/reissue", KIND_ORDER, ROWS(reissue), dc_reissue},
    {"GET", ORDERS "/*/duplicate", KIND_TRACK, NOTHING, dc_duplicates},
    {"POST", ORDERS "/*/duplicate", KIND_ORDER, ROWS(reissue), dc_duplicate},
    {"PUT", ORDERS "/*/status", KIND_CANCEL, ROWS(cancel), dc_cancel},
    {"PUT", ORDERS "/*/revoke", KIND_REVOKE, ROWS(revoke), dc_revoke_order},
    {"PUT", ORDERS "/*/dcv-random-value", KIND_DCV, NOTHING, dc_random_value},
    {"PUT", ORDERS "/*/check-dcv", KIND_DCV, NOTHING, dc_check},
    {"PUT", "certificate/*/revoke", KIND_REVOKE, ROWS(revoke), dc_revoke_certificate},
    {"GET", "certificate/*/chain", KIND_GET, NOTHING, dc_download},
    {"PUT", "request/*/status", KIND_OTHER, ROWS(process), dc_process},
};
const size_t dc_calls_count = NITEMS(dc_calls);

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

static const struct dc_call *find(const char *method, const char *path, const char **id, size_t *n)
{
    for (size_t i = 0; str_starts(path, prefix) && i < NITEMS(dc_calls); i++) {
        if (str_eq(method, dc_calls[i].method) &&
            matches(dc_calls[i].path, path + sizeof prefix - 1, id, n)) {
            return &dc_calls[i];
        }
    }
    return NULL;
}

enum sim_kind digicert_kind(const char *method, const char *path)
{
    const char *id = NULL;
    size_t n = 0;
    const struct dc_call *c = find(method, path, &id, &n);
    return c ? c->kind : KIND_OTHER;
}

/* --- answers --- */
void dc_error(struct request *q, struct reply *r, int status, const char *code, const char *text)
{
    reply_json(r, status, json_pack("{s:[{s:s,s:s}]}", "errors", "code", code, "message", text));
    r->outcome = arena_printf(&q->arena, "%d %s", status, code);
}

static void refuse_in_words(struct request *q, struct reply *r, const char *code, const char *text)
{
    dc_error(q, r, str_starts(code, "access_denied") ? 403 : 400, *code ? code : "general_error",
             text);
}

static void throttle(struct request *q, struct reply *r)
{
    dc_error(q, r, 429, "request_limit_exceeded",
             "Service unavailable, please limit request volume");
}

void dc_good(struct request *q, struct reply *r, int status, json_t *tree)
{
    (void)q;
    if (tree) {
        reply_json(r, status, tree);
    } else {
        reply_text(r, status, NULL, "");
    }
    r->outcome = "ok";
}

/* --- checks --- */
bool dc_may_approve(const struct request *q)
{
    const char *mode = q->sim->options.approval;
    return str_eq(mode, "auto") || str_eq(mode, "person");
}

static bool authentic(struct request *q, struct reply *r)
{
    const char *shown = q->header(q, "X-DC-DEVKEY");
    sha256_hex(shown ? shown : "", strlen(shown ? shown : ""), q->auth_digest);
    if (!shown || !str_eq(shown, q->sim->access_key)) {
        dc_error(q, r, 403, "access_denied|access_denied_invalid_key",
                 "Access denied due to access_denied_invalid_key.");
        return false;
    }
    return true;
}

static bool body_fits(struct request *q, struct reply *r, const struct dc_call *call)
{
    struct err err = ERR_INIT;
    const bool get = str_eq(call->method, "GET");
    if (!q->accept || (!strstr(q->accept, "application/json") && !str_eq(q->accept, "*/*"))) {
        reply_text(r, 406, "text/html", "<html>Not Acceptable</html>");
        return false;
    }
    if (get || !q->body.n) {
        if ((get && q->body.n) || (!get && call->shapes)) {
            dc_error(q, r, 400, "bad_request_format", "The request body is not valid.");
            return false;
        }
        return true;
    }
    q->json = json_parse("body", buf_text(&q->body), q->body.n, &err);
    if (!json_is_object(q->json) || !q->content_type ||
        !str_starts(q->content_type, "application/json")) {
        dc_error(q, r, 400, "bad_request_format", "The request body is not valid.");
        return false;
    }
    if (!shape_check(q->json, call->shapes, call->nshapes, &err)) {
        dc_error(q, r, 400, "invalid_value", err.msg); /* unknown members: of this simulator only */
        return false;
    }
    return true;
}

bool digicert(struct request *q, struct reply *r)
{
    const char *id = NULL;
    size_t n = 0;
    if (!str_starts(q->path, prefix)) {
        return false;
    }
    const struct dc_call *call = find(q->method, q->path, &id, &n);
    const char *attempt = q->idempotency ? q->idempotency : "";
    const size_t length = strlen(attempt);
    memcpy(q->txn, attempt, length < sizeof q->txn ? length + 1 : 0);
    q->refuse = refuse_in_words;
    q->throttle = throttle;
    reply_header(r, "Cache-Control", "private,no-cache");
    if (!authentic(q, r)) {
        return true;
    }
    if (!call) {
        dc_error(q, r, 404, "not_found|route", "The specified route was not found.");
        return true;
    }
    if (fault_instead(q, r)) {
        return true;
    }
    if (!limiter_pass(&q->sim->limiter, time_monotonic_ms())) {
        throttle(q, r);
        return true;
    }
    if (body_fits(q, r, call)) {
        call->handle(q, r, id ? arena_strndup(&q->arena, id, n) : NULL);
    }
    return true;
}
