/* SPDX-License-Identifier: Apache-2.0
 *
 * The connector to Sectigo Certificate Manager: opening an account, the table of calls, addresses
 * and headers.
 */
#include "batch/ca/sectigo.h"

#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_URL                                                                                  \
    "https://auth.sso.sectigo.com/auth/realms/apiclients/protocol/openid-connect/token"

/* --- life --- */
static void close_sectigo(struct ca *ca)
{
    struct sectigo *s = ca->state;
    if (!s) {
        return;
    }
    secret_release(&s->password);
    secret_release(&s->client_secret);
    oauth_release(&s->oauth);
    arena_release(&s->arena);
    free(s);
    ca->state = NULL;
}

/* Settings of a CA that is switched off were not checked. */
static bool is_whole(const struct sectigo_config *c, struct err *err)
{
    const bool oauth = c->auth_mode == SECTIGO_OAUTH;
    const char *lacks = oauth              ? (c->client_id ? NULL : "auth.client_id")
                        : !c->login        ? "auth.login"
                        : !c->customer_uri ? "customer_uri"
                                           : NULL;
    return !lacks || err_set(err, ERR_INPUT, "%s is missing", lacks);
}

static bool open_sectigo(struct ca *ca, struct err *err)
{
    const struct sectigo_config *c = ca->config->own;
    struct sectigo *s = xcalloc(1, sizeof *s);
    ca->state = s;
    if (!is_whole(c, err)) {
        return false;
    }
    s->base = sectigo_base(&s->arena, c);
    s->token_url = c->token_url ? c->token_url : TOKEN_URL;
    if (c->auth_mode == SECTIGO_OAUTH) {
        return secret_load(&c->client_secret, ca->config_dir, &s->client_secret, err) ||
               err_wrap(err, "auth.client_secret");
    }
    return c->auth_mode == SECTIGO_CERTIFICATE ||
           secret_load(&c->password, ca->config_dir, &s->password, err) ||
           err_wrap(err, "auth.password");
}

static bool authorized(const struct ca *ca, int64_t now)
{
    const struct sectigo_config *c = ca->config->own;
    const struct sectigo *s = ca->state;
    return c->auth_mode != SECTIGO_OAUTH || oauth_ready(&s->oauth, now);
}

/* --- addresses --- */
bool sectigo_is_number(const char *id)
{
    uint64_t n = 0;
    return id && str_u64(id, &n) && n >= 1 && n <= INT64_MAX;
}

bool sectigo_put_id(const struct rest_asked *q, struct buf *b, const char *id, const char *what)
{
    if (!sectigo_is_number(id)) {
        return err_set(q->err, ERR_INPUT, "SCM is asked by the number of the %s, and %s", what,
                       id && *id ? "this is none" : "there is none");
    }
    buf_puts(b, id);
    return true;
}

/* The order of the step, or of the candidate that a search has come to. */
static bool put_order_id(const struct rest_asked *q, struct buf *b)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(search_release) struct search s = {0};
    const struct ca_call *call = q->call;
    const char *id = call->order_id;
    if (call->step == STEP_FIND) {
        const bool stands = search_read(&a, call->page, &s) && s.todo.n;
        id = stands ? s.todo.v[0] : sectigo_reissues(call->order);
    } else if (call->revoke && call->phase == REVOKED_BY_ORDER) {
        id = call->revoke->order;
    }
    return sectigo_put_id(q, b, id, "order");
}

static bool types_path(const struct rest_asked *q, struct buf *b)
{
    const char *org = sectigo_organization(q->config, NULL);
    buf_puts(b, "/ssl/v1/types");
    buf_puts(b, org ? "?organizationId=" : "");
    return !org || sectigo_put_id(q, b, org, "organization");
}

/* The organization tells whether it may order at all; without one, the list of profiles is asked
 * for, which any administrator may see. */
static bool probe_path(const struct rest_asked *q, struct buf *b)
{
    const char *org = sectigo_organization(q->config, NULL);
    if (!org) {
        return types_path(q, b);
    }
    buf_puts(b, "/organization/v1/");
    return sectigo_put_id(q, b, org, "organization");
}

static bool order_path(const struct rest_asked *q, struct buf *b)
{
    const char *renews = sectigo_renews(q);
    const char *reissues = sectigo_reissues(q->call->order);
    buf_puts(b, renews ? "/ssl/v1/renewById/" : reissues ? "/ssl/v1/replace/" : "/ssl/v1/enroll");
    return !(renews || reissues) || sectigo_put_id(q, b, renews ? renews : reissues, "order");
}

/* Leaf and chain in one text. Which comes first differs between sources, so nobody looks. */
static bool collect_path(const struct rest_asked *q, struct buf *b)
{
    buf_puts(b, "/ssl/v1/collect/");
    const bool ok = put_order_id(q, b);
    buf_puts(b, "?format=x509");
    return ok;
}

/* Without dateFormat dates come as MM/dd/yyyy. */
static bool details_path(const struct rest_asked *q, struct buf *b)
{
    buf_puts(b, "/ssl/v1/");
    const bool ok = put_order_id(q, b);
    buf_puts(b, "?dateFormat=ISO_HMS");
    return ok;
}

static bool approve_path(const struct rest_asked *q, struct buf *b)
{
    buf_puts(b, "/ssl/v1/approve/");
    return put_order_id(q, b);
}

static bool decline_path(const struct rest_asked *q, struct buf *b)
{
    buf_puts(b, "/ssl/v1/decline/");
    return put_order_id(q, b);
}

/* "00:D2:1F", as SCM shows serial numbers: the octets of the DER INTEGER. */
static bool put_serial(const struct rest_asked *q, struct buf *b, bool colons)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const struct ca_revocation *r = q->call->revoke;
    const char *hex = r && r->serial ? serial_normal(&a, r->serial) : NULL;
    if (!hex) {
        return err_set(q->err, ERR_INPUT,
                       "SCM is asked by order number or serial number, and there is neither");
    }
    if (colons && strchr("89ABCDEF", *hex)) {
        buf_puts(b, "00:");
    }
    for (size_t i = 0; hex[i]; i++) {
        buf_printf(b, "%s%c", colons && i && i % 2 == 0 ? ":" : "", hex[i]);
    }
    return true;
}

static bool revoke_path(const struct rest_asked *q, struct buf *b)
{
    const bool by_order = q->call->revoke && q->call->revoke->order;
    buf_puts(b, by_order ? "/ssl/v1/revoke/" : "/ssl/v1/revoke/serial/");
    return by_order ? put_order_id(q, b) : put_serial(q, b, true);
}

/* Which spelling the filter compares with is not documented: both are asked for. */
static bool serial_path(const struct rest_asked *q, struct buf *b)
{
    buf_puts(b, "/ssl/v1?size=200&position=0&serialNumber=");
    return put_serial(q, b, q->call->phase == REVOKED_LIST);
}

static bool report_path(const struct rest_asked *q UNUSED, struct buf *b)
{
    buf_puts(b, "/report/v1/ssl-certificates");
    return true;
}

static bool token_path(const struct rest_asked *q, struct buf *b)
{
    buf_puts(b, ((const struct sectigo *)q->own)->token_url);
    return true;
}

static bool token_form(const struct rest_asked *q, struct buf *b UNUSED)
{
    const struct sectigo_config *c = q->config;
    const struct sectigo *s = q->own;
    return oauth_form(q->out, c->client_id, &s->client_secret, q->err);
}

/* --- the table --- */
enum { BY_ORDER = REST_BY_ORDER, CERTS = REST_BY_ORDER | REST_TEXT | REST_EMPTY };
enum { DONE = REST_BY_ORDER | REST_EMPTY }; /* 204 is all there is */

static const struct rest_row rows[STEP__MAX][REST_PHASES] = {
    [STEP_TOKEN] = {{"POST", token_path, NULL, sectigo_token, OUTCOME_AUTH, REST_FORM, token_form}},
    [STEP_PROBE] = {{"GET", probe_path, NULL, sectigo_probed, OUTCOME_REFUSED, BY_ORDER, NULL}},
    [STEP_PRODUCTS] = {{"GET", types_path, NULL, sectigo_sold, OUTCOME_REFUSED, 0, NULL}},
    [STEP_ORDER] = {{"POST", order_path, sectigo_put_order, sectigo_ordered, OUTCOME_REFUSED,
                     REST_EMPTY, NULL}},
    [STEP_POLL] =
        {
            [POLL_COLLECT] = {"GET", collect_path, NULL, sectigo_collected, OUTCOME_UNKNOWN, CERTS,
                              NULL},
            [POLL_DETAILS] = {"GET", details_path, NULL, sectigo_tracked, OUTCOME_UNKNOWN, BY_ORDER,
                              NULL},
            [POLL_APPROVE] = {"POST", approve_path, sectigo_put_approve,
                              sectigo_approved, OUTCOME_UNKNOWN, DONE, NULL},
        },
    [STEP_FIND] =
        {
            [FIND_REPORT] = {"POST", report_path, sectigo_put_find, sectigo_found,
                             OUTCOME_UNKNOWN, 0, NULL},
            [FIND_COLLECT] = {"GET", collect_path, NULL, sectigo_key_seen, OUTCOME_UNKNOWN, CERTS,
                              NULL},
        },
    [STEP_REVOKED] =
        {
            [REVOKED_BY_ORDER] = {"GET", details_path, NULL, sectigo_state, OUTCOME_UNKNOWN,
                                  BY_ORDER, NULL},
            [REVOKED_LIST] = {"GET", serial_path, NULL, sectigo_by_serial, OUTCOME_UNKNOWN, 0,
                              NULL},
            [REVOKED_LIST_PLAIN] = {"GET", serial_path, NULL, sectigo_by_serial, OUTCOME_UNKNOWN, 0,
                                    NULL},
            [REVOKED_BY_ID] = {"GET", details_path, NULL, sectigo_state, OUTCOME_UNKNOWN, BY_ORDER,
                               NULL},
        },
    [STEP_REVOKE] = {{"POST", revoke_path, sectigo_put_revoke, sectigo_revoked, OUTCOME_REFUSED,
                      DONE, NULL}},
    [STEP_CANCEL] = {{"POST", decline_path, sectigo_put_decline, sectigo_declined, OUTCOME_REFUSED,
                      DONE, NULL}},
    [STEP_INVENTORY] = {{"POST", report_path, sectigo_put_inventory, sectigo_listed,
                         OUTCOME_REFUSED, 0, NULL}},
};

static bool put_headers(const struct rest_asked *q)
{
    const struct sectigo_config *c = q->config;
    struct sectigo *s = q->own;
    const struct ca_call *call = q->call;
    if (call->step == STEP_TOKEN) {
        return true;
    }
    /* leads from what a proxy or the CA keeps to the intent in the journal */
    if (step_changes_state(call->step) && call->client_key &&
        !rest_header(q, "X-Request-ID", call->client_key)) {
        return false;
    }
    if (c->auth_mode == SECTIGO_OAUTH) {
        return oauth_put(&s->oauth, call, q->out, q->err);
    }
    return rest_header(q, "login", c->login) && rest_header(q, "customerUri", c->customer_uri) &&
           (c->auth_mode == SECTIGO_CERTIFICATE ||
            request_secret_header(q->out, "password", "", &s->password, q->err));
}

static const struct rest_api api = {
    .title = "SCM",
    .rows = rows,
    .put_headers = put_headers,
    .explain = sectigo_explain,
    /* certificates are application/octet-stream */
    .accept = "application/json, */*;q=0.5",
    .content_type = "application/json;charset=UTF-8",
};

/* A reissue stays in its order, so no report has to be searched for it; a revocation without an
 * order number begins with the list. */
static struct ca_call settled(const struct ca_call *asked)
{
    struct ca_call call = *asked;
    if (call.step == STEP_FIND && call.phase == FIND_REPORT && sectigo_reissues(call.order)) {
        call.phase = FIND_COLLECT;
    } else if (call.step == STEP_REVOKED && call.phase == REVOKED_BY_ORDER &&
               !(call.revoke && call.revoke->order)) {
        call.phase = REVOKED_LIST;
    }
    return call;
}

static bool request_sectigo(struct ca *ca, const struct ca_call *asked, struct ca_request *out,
                            struct err *err)
{
    const struct sectigo *s = ca->state;
    const struct ca_call call = settled(asked);
    const bool ok = rest_request(&api, ca, s->base, &call, out, err);
    out->call = asked; /* the other one ends here */
    return ok;
}

static void answer_sectigo(struct ca *ca, const struct ca_call *asked, const struct ca_reply *reply,
                           struct ca_result *out)
{
    const struct sectigo_config *c = ca->config->own;
    struct sectigo *s = ca->state;
    const struct ca_call call = settled(asked);
    out->settle_seconds = c->settle_seconds;
    if (reply->transport == OUTCOME_ACCEPTED && reply->http_status == 401) {
        oauth_refused(&s->oauth, &call);
    }
    rest_answer(&api, ca, &call, reply, out);
}

const struct ca_ops sectigo_ops = {
    .open = open_sectigo,
    .close = close_sectigo,
    .request = request_sectigo,
    .answer = answer_sectigo,
    .authorized = authorized,
};
