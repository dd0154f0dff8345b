/* SPDX-License-Identifier: Apache-2.0
 *
 * emCA V4.0.17 ("Open API specification"): every call is a POST to /emCAServices/rest/METHOD with
 * an encrypted body, every answer {"status", "result", "subscriberId", "requestId"} with HTTP 200.
 *
 * What makes it safe to ask again: "if the same applicationId is sent again, the certificate that
 * was created for it is returned". An order is therefore fetched, and a lost answer found out, with
 * the same call that placed it. How a certificate stands, no call tells: a CRL does, where
 * `crl_url` is given; revoking what is revoked is refused in words that say so.
 */
#include "batch/ca/emca.h"

#include "formats/base/str.h"
#include "formats/crl.h"

#include <string.h>

/* --- addresses --- */
#define SERVICE "/emCAServices/rest/"

static bool put_create(const struct rest_asked *q, struct buf *url)
{
    const struct emca_config *c = q->config;
    const char *profile = emca_profile(q);
    if (!profile) {
        return err_set(q->err, ERR_INPUT,
                       "neither the order nor the configuration names a certificate profile");
    }
    buf_printf(url, SERVICE "createCertificate%s%s", c->chain ? "P7B" : "",
               emca_profile_is_id(profile) ? "ById" : "");
    return true;
}

static bool put_poll(const struct rest_asked *q, struct buf *url)
{
    if (emca_is_application_id(q->call->order_id)) {
        return put_create(q, url);
    }
    buf_puts(url, SERVICE "getCertificate"); /* adopted by its serial number */
    return true;
}

static bool put_get(const struct rest_asked *q UNUSED, struct buf *url)
{
    buf_puts(url, SERVICE "getCertificate");
    return true;
}

static bool put_revoke(const struct rest_asked *q, struct buf *url)
{
    const struct ca_revocation *r = q->call->revoke;
    buf_puts(url, r && r->reason == REASON_CERTIFICATE_HOLD ? SERVICE "suspend" : SERVICE "revoke");
    return true;
}

static bool put_profiles(const struct rest_asked *q UNUSED, struct buf *url)
{
    buf_puts(url, SERVICE "getCertificateProfileList");
    return true;
}

/* With a profile by name there is one question that tries everything: key, user, signature. */
static const char *probed_profile(const struct rest_asked *q)
{
    const struct emca_config *c = q->config;
    return c->profile && !emca_profile_is_id(c->profile) ? c->profile : NULL;
}

static bool put_probe(const struct rest_asked *q, struct buf *url)
{
    if (!probed_profile(q)) {
        return put_profiles(q, url);
    }
    buf_puts(url, SERVICE "getProfileInfoByProfileName");
    return true;
}

static bool put_crl(const struct rest_asked *q, struct buf *url)
{
    const struct emca_config *c = q->config;
    buf_puts(url, c->crl_url);
    return true;
}

/* --- bodies --- */
static struct span text_span(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

/* Members that only orders by the number of the profile have. */
static bool put_term(const struct rest_asked *q, struct jw *j, bool by_id)
{
    const char *from = emca_field(q, "valid_from");
    if (!by_id && (from || emca_field(q, "validity"))) {
        (void)err_set(q->err, ERR_INPUT,
                      "emCA takes a validity only with a profile that is given by its number");
        err_hint(q->err, "name the profile by its number, or leave validity and valid_from out");
        return false;
    }
    if (by_id) {
        rest_put(j, "validity", emca_validity(q));
        rest_put(j, "validFrom", from);
    }
    return true;
}

static bool order_members(const struct rest_asked *q, struct jw *j)
{
    const char *profile = emca_profile(q);
    const char *subscriber = emca_subscriber(q);
    const bool by_id = emca_profile_is_id(profile);
    if (!subscriber) {
        return err_set(q->err, ERR_INPUT, "no subscriber is given (subscriber_id)");
    }
    jw_str(j, by_id ? "profileID" : "profileName", profile);
    jw_str(j, "subscriberId", subscriber);
    jw_str(j, "applicationId",
           q->call->step == STEP_ORDER ? emca_application_id(q->out->arena, q->call->client_key)
                                       : q->call->order_id);
    return put_term(q, j, by_id);
}

static bool put_order(const struct rest_asked *q, struct buf *b)
{
    CLEANUP(buf_release) struct buf csr = BUF_INIT(1 << 20);
    if (q->call->step == STEP_ORDER && !q->call->client_key) {
        return err_set(q->err, ERR_INTERNAL, "an order at emCA without a key of ours");
    }
    return emca_payload(q, &csr) && emca_envelope(q, buf_span(&csr), order_members, b);
}

static bool put_serial(const struct rest_asked *q, struct buf *b)
{
    const char *serial;
    return emca_serial(q, &serial) && emca_envelope(q, text_span(serial), NULL, b);
}

static bool put_poll_body(const struct rest_asked *q, struct buf *b)
{
    return emca_is_application_id(q->call->order_id) ? put_order(q, b) : put_serial(q, b);
}

/* revokeMode has the numbers of RFC 5280, 5.3.1, but for 8, which has no call. */
static bool revoke_members(const struct rest_asked *q, struct jw *j)
{
    const struct ca_revocation *r = q->call->revoke;
    const char *comment = r->comment && *r->comment ? r->comment : "revoked by certbatch";
    jw_str(j, "remarks", comment);
    jw_int(j, "revokeMode", r->reason == REASON_NONE ? REASON_UNSPECIFIED : r->reason);
    return true;
}

static bool put_revocation(const struct rest_asked *q, struct buf *b)
{
    const char *serial;
    const struct ca_revocation *r = q->call->revoke;
    if (r && r->reason == REASON_REMOVE_FROM_CRL) {
        return err_set(q->err, ERR_INPUT, "emCA V4.0.17 has no call that ends a hold");
    }
    return emca_serial(q, &serial) && emca_envelope(q, text_span(serial), revoke_members, b);
}

/* What is signed where no text is named: the user, which is what is asked about. */
static bool put_user(const struct rest_asked *q, struct buf *b)
{
    const struct emca_config *c = q->config;
    return emca_envelope(q, text_span(c->username), NULL, b);
}

static bool probe_members(const struct rest_asked *q, struct jw *j)
{
    jw_str(j, "profileName", probed_profile(q));
    return true;
}

static bool put_probe_body(const struct rest_asked *q, struct buf *b)
{
    const char *profile = probed_profile(q);
    return profile ? emca_envelope(q, text_span(profile), probe_members, b) : put_user(q, b);
}

/* --- answers --- */
static bool status_is(const struct rest_heard *h, const char *word)
{
    return str_ieq(reply_text(h->out->arena, h->body, "status"), word);
}

static bool holds(const char *text, const char *word)
{
    const size_t n = strlen(word);
    for (; text && *text; text++) {
        if (strncasecmp(text, word, n) == 0) {
            return true;
        }
    }
    return false;
}

/* Words of refusals that are no matter of the item. emCA has no codes; the order of its checks is
 * documented: decryption, user and password, address, application id, signature. What fails before
 * the application id was looked at fails for every order alike, and none was placed. */
static const struct {
    const char *words;
    enum outcome outcome;
    const char *advice;
} failures[] = {
    {"decrypt", OUTCOME_AUTH, "see aes_key and aes_mode"},
    {"emkey", OUTCOME_AUTH, "see em_key"},
    {"password", OUTCOME_AUTH, "see username and password"},
    {"user name", OUTCOME_AUTH, "see username and password"},
    {"username", OUTCOME_AUTH, "see username and password"},
    {"ip address", OUTCOME_AUTH, "emCA knows the addresses its users may come from"},
    {"signature verification failed", OUTCOME_AUTH,
     "see upload_file (the PFX registered for this user) and cms_payload"},
};

/* True: the failure is about us. */
static bool about_us(const struct rest_heard *h, const char *said)
{
    for (size_t i = 0; i < NITEMS(failures); i++) {
        if (holds(said, failures[i].words)) {
            h->out->outcome = failures[i].outcome;
            h->out->message = arena_printf(h->out->arena, "%s (%s)", said, failures[i].advice);
            return true;
        }
    }
    return false;
}

static bool says_revoked(const char *said)
{
    return holds(said, "already") && holds(said, "revoked");
}

/* {"status":"failure"}, whatever HTTP says of it. */
static void failed(const struct rest_heard *h)
{
    const char *said = reply_text(h->out->arena, h->body, "result");
    const bool kept = reply_text(h->out->arena, h->body, "requestId") != NULL;
    const enum ca_step step = h->call->step;
    const bool ending = step == STEP_REVOKE || step == STEP_REVOKED;
    h->out->message = said ? said : "emCA refuses without a word";
    if (about_us(h, said)) {
        return;
    }
    if (ending && says_revoked(said)) {
        h->out->outcome = OUTCOME_ACCEPTED;
        h->out->revoked = true;
    } else if (step == STEP_ORDER || step == STEP_REVOKE) {
        /* an order that has a request, or whose application id is known, was taken */
        const bool taken = kept || (step == STEP_ORDER && holds(said, "already"));
        h->out->outcome = taken ? OUTCOME_UNKNOWN : OUTCOME_REFUSED;
    } else if (step == STEP_POLL && holds(said, "rejected")) {
        h->out->outcome = OUTCOME_REFUSED;
    } else {
        h->out->outcome =
            step == STEP_POLL || step == STEP_REVOKED ? OUTCOME_UNKNOWN : OUTCOME_REFUSED;
    }
}

/* False: it was a failure, or nothing that can be read. */
static bool succeeded(const struct rest_heard *h)
{
    if (status_is(h, "success")) {
        return true;
    }
    if (status_is(h, "failure")) {
        failed(h);
    } else {
        rest_say(h, OUTCOME_UNKNOWN, "emCA answers without saying whether it succeeded");
    }
    return false;
}

static void take_order(const struct rest_heard *h)
{
    const struct emca_config *c = h->config;
    struct reply_certs certs;
    if (!succeeded(h)) {
        return;
    }
    const char *result = reply_text(h->out->arena, h->body, "result");
    const char *waits = reply_text(h->out->arena, h->body, "requestId");
    if (h->call->step == STEP_ORDER) {
        h->out->order_id = emca_application_id(h->out->arena, h->call->client_key);
    }
    if (emca_certificates(h->out->arena, result, &certs)) {
        reply_give(h->out, h->call->order, &certs);
    } else if (waits) {
        rest_pending(h, &c->enroll,
                     arena_printf(h->out->arena, "request %s waits for manual authorization: %s",
                                  waits, result ? result : ""));
    } else {
        h->out->order_id = NULL;
        rest_say(h, OUTCOME_UNKNOWN, "emCA says success, and its result is no certificate");
    }
}

static void take_state(const struct rest_heard *h)
{
    const struct emca_config *c = h->config;
    if (succeeded(h) && c->crl_url) {
        h->out->phase = 1;
    }
}

/* From the place that the configuration names, and signed by the CA that it names. */
static void take_crl(const struct rest_heard *h)
{
    struct err err = ERR_INIT;
    struct crl crl;
    struct cert cert;
    const struct emca *e = h->own;
    const struct emca_config *c = h->config;
    const struct ca_revocation *r = h->call->revoke;
    const char *serial = r->serial;
    if (r->certificate.n && cert_parse(h->out->arena, r->certificate, &cert, &err)) {
        serial = cert.serial_hex;
    }
    if (!reply_crl(h->out, &h->reply->body, e->issuers, e->nissuers, &crl)) {
        return;
    }
    const struct dn_attr *cn = dn_find(&crl.issuer, "CN");
    if (c->issuing_ca && !(cn && str_eq(cn->text, c->issuing_ca))) {
        rest_say(h, OUTCOME_UNKNOWN, "the CRL at crl_url is not that of the issuing CA");
        return;
    }
    const struct crl_entry *entry =
        crl_find(&crl, emca_serial_text(h->out->arena, serial, EMCA_SERIAL_HEX_UPPER));
    const bool held = entry && entry->reason == REASON_CERTIFICATE_HOLD;
    h->out->revoked = entry && entry->reason != REASON_REMOVE_FROM_CRL &&
                      (!held || r->reason == REASON_CERTIFICATE_HOLD);
}

static void take_revocation(const struct rest_heard *h)
{
    (void)succeeded(h);
}

/* --- profiles --- */
static void add_row(struct ca_result *out, const char *code, const char *name)
{
    if (code) {
        out->sold[out->nsold++] = (struct ca_sold){
            .code = code, .name = name ? name : code, .category = "certificate profile"};
    }
}

/* A profile is ordered by its number or by its name: it stands there under both. */
static void add_profile(struct ca_result *out, const json_t *v)
{
    const bool object = json_is_object(v);
    const char *text = json_string_value(v);
    const char *id = object ? reply_text(out->arena, v, "profileID") : NULL;
    const char *name = object ? reply_text(out->arena, v, "profileName")
                       : text ? arena_strdup(out->arena, text)
                              : NULL;
    add_row(out, id, name);
    add_row(out, name, name);
}

/* The form of the list is not documented: an array of names, or of objects with profileID and
 * profileName, or that as text. */
static void take_profiles(const struct rest_heard *h)
{
    struct err err = ERR_INIT;
    if (!succeeded(h)) {
        return;
    }
    const json_t *list = reply_member(h->body, "result");
    const char *text = json_string_value(list);
    CLEANUP(json_tree_release)
    json_t *inner = text ? json_parse("result", text, strlen(text), &err) : NULL;
    list = inner ? inner : list;
    if (!json_is_array(list)) {
        rest_say(h, OUTCOME_UNKNOWN, "emCA lists its profiles in a form that is not known");
        return;
    }
    h->out->sold = arena_array(h->out->arena, 2 * json_array_size(list) + 1, sizeof *h->out->sold);
    for (size_t i = 0; i < json_array_size(list); i++) {
        add_profile(h->out, json_array_get(list, i));
    }
}

static void take_probe(const struct rest_heard *h)
{
    (void)succeeded(h);
}

/* --- the table --- */
/* A body that is not emCA's (a page of a proxy, say) says nothing about what became of it. */
static const struct rest_row rows[STEP__MAX][REST_PHASES] = {
    [STEP_ORDER] = {{"POST", put_create, NULL, take_order, OUTCOME_UNKNOWN, 0, put_order}},
    [STEP_POLL] = {{"POST", put_poll, NULL, take_order, OUTCOME_UNKNOWN, 0, put_poll_body}},
    [STEP_REVOKED] = {{"POST", put_get, NULL, take_state, OUTCOME_UNKNOWN, 0, put_serial},
                      {"GET", put_crl, NULL, take_crl, OUTCOME_UNKNOWN, REST_TEXT, NULL}},
    [STEP_REVOKE] = {{"POST", put_revoke, NULL, take_revocation, OUTCOME_UNKNOWN, 0,
                      put_revocation}},
    [STEP_PRODUCTS] = {{"POST", put_profiles, NULL, take_profiles, OUTCOME_REFUSED, 0, put_user}},
    [STEP_PROBE] = {{"POST", put_probe, NULL, take_probe, OUTCOME_REFUSED, 0, put_probe_body}},
};

/* A 4xx with emCA's own answer in it: which status it uses for failures is not documented. */
static void explain(const struct rest_heard *h, const struct rest_row *row)
{
    const enum outcome by_http = h->out->outcome;
    if (h->body && status_is(h, "failure")) {
        failed(h);
        if (by_http != row->refused) { /* 401, 403, 408, 429: only the words are emCA's */
            h->out->outcome = by_http;
        }
    }
}

/* X-Request-ID leads from what a proxy or the server logs to the intent in the journal. */
static bool put_headers(const struct rest_asked *q)
{
    const struct emca *e = q->own;
    if (q->call->step == STEP_REVOKED && q->call->phase) {
        return true;
    }
    if (step_changes_state(q->call->step) && q->call->client_key &&
        !rest_header(q, "X-Request-ID", q->call->client_key)) {
        return false;
    }
    return request_secret_header(q->out, "emKey", "", &e->em_key, q->err);
}

static const struct rest_api api = {
    .title = "emCA",
    .rows = rows,
    .put_headers = put_headers,
    .explain = explain,
    .accept = "application/json, */*",
};

bool emca_rest_request(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                       struct err *err)
{
    const struct emca *e = ca->state;
    return rest_request(&api, ca, e->base, call, out, err);
}

void emca_rest_answer(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                      struct ca_result *out)
{
    rest_answer(&api, ca, call, reply, out);
}
