/* SPDX-License-Identifier: Apache-2.0
 *
 * The DigiCert connector: CertCentral Services API v2 as a table of calls, opening an account, and
 * what errors say.
 *
 * An error is {"errors":[{"code","message"}]}, with one element or more. A code is a word, a word
 * and a detail ("not_found|order"), or a word and a field ("required_param:organization.id"). An
 * unknown key is HTTP 403 here, not 401. A firewall stands in front of the API and answers for it
 * in HTML: what has no errors in it did not come from CertCentral.
 */
#include "batch/ca/digicert.h"

#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

#define READ OUTCOME_UNKNOWN
static const struct rest_row rows[STEP__MAX][REST_PHASES] = {
    [STEP_PROBE] = {{"GET", digicert_path_user, NULL, digicert_take_user, OUTCOME_REFUSED, 0, NULL},
                    {"GET", digicert_path_one_order, NULL, digicert_take_one_order, OUTCOME_REFUSED,
                     0, NULL}},
    [STEP_PRODUCTS] = {{"GET", digicert_path_products, NULL, digicert_take_products,
                        OUTCOME_REFUSED, 0, NULL}},
    [STEP_ORDER] = {{"POST", digicert_path_order, digicert_put_order, digicert_take_order,
                     OUTCOME_REFUSED, 0, NULL}},
    [STEP_POLL] = {[POLL_TRACK] = {"GET", digicert_path_tracked, NULL, digicert_take_tracked, READ,
                                   REST_BY_ORDER, NULL},
                   [POLL_FETCH] = {"GET", digicert_path_chain, NULL, digicert_take_chain, READ,
                                   REST_BY_ORDER, NULL},
                   [POLL_LIST] = {"GET", digicert_path_siblings, NULL, digicert_take_siblings, READ,
                                  0, NULL},
                   [POLL_APPROVE] = {"PUT", digicert_path_request, digicert_put_approval,
                                     digicert_take_approved, READ, REST_EMPTY, NULL}},
    [STEP_FIND] = {[FIND_LIST] = {"GET", digicert_path_find, NULL, digicert_take_found, READ, 0,
                                  NULL},
                   [FIND_KEY] = {"GET", digicert_path_candidate, NULL, digicert_take_candidate,
                                 READ, 0, NULL},
                   [FIND_NEXT] = {"GET", digicert_path_find, NULL, digicert_take_found, READ, 0,
                                  NULL}},
    [STEP_REVOKED] = {[REVOKED_ORDER] = {"GET", digicert_path_state, NULL, digicert_take_state,
                                         OUTCOME_REFUSED, REST_BY_ORDER, NULL},
                      [REVOKED_REISSUES] = {"GET", digicert_path_reissues, NULL,
                                            digicert_take_certificates, READ, 0, NULL},
                      [REVOKED_DUPLICATES] = {"GET", digicert_path_duplicates, NULL,
                                              digicert_take_certificates, READ, 0, NULL},
                      [REVOKED_SEARCH] = {"GET", digicert_path_serial, NULL, digicert_take_serial,
                                          READ, 0, NULL},
                      [REVOKED_FOUND] = {"GET", digicert_path_tracked, NULL, digicert_take_state,
                                         READ, REST_BY_ORDER, NULL},
                      [REVOKED_APPROVE] = {"PUT", digicert_path_request, digicert_put_approval,
                                           digicert_take_approved, READ, REST_EMPTY, NULL}},
    [STEP_REVOKE] = {{"PUT", digicert_path_revoke, digicert_put_revocation,
                      digicert_take_revocation, OUTCOME_REFUSED, REST_EMPTY, NULL}},
    [STEP_CANCEL] = {{"PUT", digicert_path_cancel, digicert_put_cancel, digicert_take_cancel,
                      OUTCOME_REFUSED, REST_EMPTY, NULL}},
    [STEP_CHALLENGE] = {{"PUT", digicert_path_challenge, digicert_put_nothing,
                         digicert_take_challenge, OUTCOME_REFUSED, 0, NULL}},
    [STEP_VALIDATE] = {{"PUT", digicert_path_validate, digicert_put_nothing,
                        digicert_take_validated, OUTCOME_REFUSED, 0, NULL}},
    [STEP_INVENTORY] = {{"GET", digicert_path_inventory, NULL, digicert_take_inventory,
                         OUTCOME_REFUSED, 0, NULL}},
};

/* --- life --- */
#define API_PATH "/services/v2"

/* People write the host alone, the path, or the path and a slash. */
static const char *base_of(struct arena *a, const char *url)
{
    const char *base = request_base(a, url);
    return strstr(base, API_PATH) ? base : arena_printf(a, "%s" API_PATH, base);
}

static bool open_digicert(struct ca *ca, struct err *err)
{
    const struct digicert_config *c = ca->config->own;
    struct digicert *own = xcalloc(1, sizeof *own);
    ca->state = own;
    own->base = base_of(&own->arena, c->base_url);
    if (c->api_key.kind == SECRET_NONE) {
        (void)err_set(err, ERR_INPUT, "CA %s has no api_key", ca->name);
        err_hint(err, "name a variable or file with the API key of a service user of CertCentral: "
                      "api_key: {env: DIGICERT_API_KEY}");
        return false;
    }
    return secret_load(&c->api_key, ca->config_dir, &own->api_key, err) || err_wrap(err, "api_key");
}

static void close_digicert(struct ca *ca)
{
    struct digicert *own = ca->state;
    if (own) {
        secret_release(&own->api_key);
        arena_release(&own->arena);
        free(own);
        ca->state = NULL;
    }
}

/* --- errors --- */
enum { SAID = 512 };

struct said {
    const char *code, *message; /* of the first; NULL: there is none */
    const char *all;            /* of all of them */
};

static const json_t *first_error(const json_t *body, size_t i)
{
    const json_t *errors = reply_member(body, "errors");
    return json_is_array(errors) ? json_array_get(errors, i) : i == 0 ? errors : NULL;
}

static struct said read_errors(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    struct said s = {0};
    const json_t *e;
    for (size_t i = 0; (e = first_error(h->body, i)) != NULL && i < 10; i++) {
        const char *code = reply_text(a, e, "code"), *message = reply_text(a, e, "message");
        const char *text = message ? message : code;
        if (i == 0) {
            s.code = code;
            s.message = message;
        }
        if (text) {
            s.all = s.all ? arena_printf(a, "%s; %.*s", s.all, SAID, text)
                          : arena_printf(a, "%.*s", SAID, text);
        }
    }
    return s;
}

/* "not_found" of "not_found|order". */
static bool is_code(const char *code, const char *word)
{
    const size_t n = strlen(word);
    return code && strncmp(code, word, n) == 0 && (!code[n] || strchr("|:", code[n]));
}

bool digicert_says_not_found(const struct rest_heard *h)
{
    return is_code(read_errors(h).code, "not_found");
}

enum { /* a failure that is an answer: `take` of nobody */
       SAYS_LATER = 1,
       SAYS_DONE = 2,
       SAYS_ASK_ELSE = 4,
       SAYS_PERSON = 8,
};
static const struct {
    const char *code; /* whole, or up to the detail */
    enum ca_step step;
    unsigned says;
    const char *text;
} answers[] = {
    {"invalid_dns_txt", STEP_VALIDATE, SAYS_LATER, NULL},
    {"invalid_dns_cname", STEP_VALIDATE, SAYS_LATER, NULL},
    {"file_random_value_not_found", STEP_VALIDATE, SAYS_LATER, NULL},
    {"request_already_processed", STEP_POLL, SAYS_DONE, "the request was processed already"},
    {"request_already_processed", STEP_REVOKED, SAYS_DONE, "the request was processed already"},
    {"access_denied|invalid_approver", STEP_POLL, SAYS_PERSON,
     "the user of the key may not approve this request: a person has to, at DigiCert"},
    {"access_denied|invalid_approver", STEP_REVOKED, SAYS_PERSON,
     "the user of the key may not approve this request: a person has to, at DigiCert"},
    {"access_denied|missing_permission", STEP_PROBE, SAYS_ASK_ELSE, NULL},
};

static unsigned says(const struct rest_heard *h, const char *code, const char **text)
{
    for (size_t i = 0; i < NITEMS(answers); i++) {
        if (answers[i].step == h->call->step && is_code(code, answers[i].code)) {
            *text = answers[i].text;
            return answers[i].says;
        }
    }
    return 0;
}

static void answer_of(const struct rest_heard *h, unsigned what, const char *text)
{
    const struct digicert_config *c = h->config;
    struct ca_result *out = h->out;
    if (what & SAYS_ASK_ELSE && h->call->phase == PROBE_USER) {
        out->phase = PROBE_ORDERS;
    } else if (what & SAYS_ASK_ELSE) {
        return;
    }
    out->outcome = OUTCOME_ACCEPTED;
    out->code = NULL;
    out->message = text ? text : out->message;
    if (what & SAYS_LATER) {
        out->pending = true;
        out->again_seconds = c->enroll.back_off_seconds;
    } else if (what & (SAYS_DONE | SAYS_PERSON)) {
        digicert_pending(h, text);
        out->enough = out->enough || (what & SAYS_PERSON);
    }
}

/* HTTP decided for 401, 403, 408 and 429; then the outcome stays, unless the code is an answer. A
 * wrong key is a 403 with a code of its own; any other is about what was asked for: an order of
 * somebody else, a division or a product that the key may not use. */
void digicert_explain(const struct rest_heard *h, const struct rest_row *row UNUSED)
{
    struct ca_result *out = h->out;
    const struct said s = read_errors(h);
    const char *text = NULL;
    const unsigned what = says(h, s.code, &text);
    if (!s.code && !s.message) {
        if (out->outcome == OUTCOME_REFUSED || out->outcome == OUTCOME_UNKNOWN) {
            out->outcome = OUTCOME_UNKNOWN; /* of CertCentral there is always a word */
            out->message = arena_printf(out->arena,
                                        "HTTP %d without an error of DigiCert: something in front "
                                        "of it answers, or base_url is wrong",
                                        h->reply->http_status);
        }
        return;
    }
    out->code = s.code;
    out->message = s.all;
    out->forbidden =
        h->reply->http_status == 403 && !is_code(s.code, "access_denied|access_denied_invalid_key");
    if (is_code(s.code, "request_limit_exceeded")) {
        out->outcome = OUTCOME_THROTTLED;
        out->again_seconds = h->reply->retry_after_seconds;
    }
    if (what) {
        answer_of(h, what, text);
    }
}

/* --- requests and answers --- */
/* The name of an attempt leads from what a proxy keeps to the intent in the journal. */
static bool put_headers(const struct rest_asked *q)
{
    struct digicert *own = q->own;
    if (step_changes_state(q->call->step) && q->call->client_key &&
        !rest_header(q, "X-Request-ID", q->call->client_key)) {
        return false;
    }
    return request_secret_header(q->out, "X-DC-DEVKEY", "", &own->api_key, q->err);
}

static const struct rest_api api = {"DigiCert", rows, put_headers, digicert_explain, NULL, NULL};

static bool request_digicert(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                             struct err *err)
{
    const struct digicert *own = ca->state;
    return rest_request(&api, ca, own->base, call, out, err);
}

/* 403 without an error of the API is the firewall: it says nothing about the key. */
static void forbidden(const struct ca_reply *reply, struct ca_result *out)
{
    if (reply->transport == OUTCOME_ACCEPTED && reply->http_status == 403 && !out->code &&
        out->outcome == OUTCOME_AUTH) {
        out->outcome = OUTCOME_UNKNOWN;
        out->message = "HTTP 403 without an error of DigiCert: the firewall in front of it refuses";
    }
}

static void answer_digicert(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                            struct ca_result *out)
{
    const struct digicert_config *c = ca->config->own;
    rest_answer(&api, ca, call, reply, out);
    out->settle_seconds = c->settle_seconds;
    forbidden(reply, out);
}

const struct ca_ops digicert_ops = {
    .open = open_digicert,
    .close = close_digicert,
    .request = request_digicert,
    .answer = answer_digicert,
};
