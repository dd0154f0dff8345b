/* SPDX-License-Identifier: Apache-2.0
 *
 * The EST connector: opening a server, and its requests (RFC 7030, 3.2.2). See est.h.
 */
#include "batch/ca/est.h"

#include "batch/config.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

void est_request_id(struct span csr, char out[SHA256_HEX])
{
    sha256_hex(csr.p, csr.n, out);
}

const char *est_label(const struct est_config *c, uint64_t n)
{
    if (n == 0) {
        return c->label ? c->label : "";
    }
    return n <= c->labels.n ? c->labels.v[n - 1] : NULL;
}

/* --- life --- */
/* "Authorization: Basic" of RFC 7617, 2: made once, sent with every request: a server may ask for
 * it even where it must not (/cacerts). */
static bool load_basic(struct est *e, const char *password_key, struct err *err)
{
    const struct est_config *c = e->config;
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    CLEANUP(buf_wipe) struct buf pair = BUF_INIT(LIMIT_SECRET + 1024);
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(2 * LIMIT_SECRET + 2048);
    if (c->password.kind == SECRET_NONE) {
        return true;
    }
    if (!secret_load(&c->password, e->ca->config_dir, &password, err)) {
        return err_wrap(err, "%s", password_key);
    }
    buf_printf(&pair, "%s:", c->username);
    buf_add(&pair, secret_bytes(&password), password.n);
    base64_encode(&text, pair.p, pair.n, 0);
    if (buf_failed(&pair) || buf_failed(&text)) {
        return err_set(err, ERR_INPUT, "%s: user name and password are too long", password_key);
    }
    secret_set(&e->basic, text.p, text.n);
    return true;
}

/* The certificate that we show is the one that /simplereenroll renews (RFC 7030, 4.2.2). One in a
 * key store is not looked at: such renewals are enrolments. */
static bool load_own(struct est *e, struct err *err)
{
    const struct ca *ca = e->ca;
    const char *file = ca->config->common.tls.client_certificate;
    struct cert *v = NULL;
    size_t n = 0;
    if (!file) {
        return true;
    }
    if (!setting_certs(ca, file, &e->arena, &v, &n, err)) {
        return err_wrap(err, "tls.client_certificate");
    }
    e->own_serial = serial_normal(&e->arena, v[0].serial_hex);
    return true;
}

/* Both `https://host` and the whole address will do. */
static void set_base(struct est *e)
{
    const char *base = request_base(&e->arena, e->config->base_url);
    const char *path = request_base(&e->arena, e->config->path);
    e->base = str_ends(base, path) ? base : arena_printf(&e->arena, "%s%s", base, path);
}

bool est_open(struct est *e, struct ca *ca, const struct est_config *config,
              const char *password_key, struct err *err)
{
    e->ca = ca;
    e->config = config;
    set_base(e);
    return load_basic(e, password_key, err) && load_own(e, err);
}

void est_release(struct est *e)
{
    secret_release(&e->basic);
    arena_release(&e->arena);
}

static bool open_est(struct ca *ca, struct err *err)
{
    ca->state = xcalloc(1, sizeof(struct est));
    return est_open(ca->state, ca, ca->config->own, "auth.password", err);
}

static void close_est(struct ca *ca)
{
    if (ca->state) {
        est_release(ca->state);
        free(ca->state);
        ca->state = NULL;
    }
}

/* --- addresses --- */
static bool put_operation(struct buf *url, const char *label, const char *operation)
{
    if (label && *label) {
        buf_putc(url, '/');
        request_put_escaped(url, label);
    }
    buf_printf(url, "/%s", operation);
    return true;
}

static bool put_cacerts(const struct rest_asked *q, struct buf *url)
{
    return put_operation(url, est_label(q->config, 0), "cacerts");
}

static bool put_csrattrs(const struct rest_asked *q, struct buf *url)
{
    uint64_t at = 0;
    if (q->call->page && !str_u64(q->call->page, &at)) {
        return err_set(q->err, ERR_INTERNAL, "not a cursor of EST: %s", q->call->page);
    }
    return put_operation(url, est_label(q->config, at), "csrattrs");
}

static bool is_reenrolment(const struct rest_asked *q)
{
    const struct est_config *c = q->config;
    const struct est *e = q->own;
    const struct ca_order *o = q->call->order;
    const bool renewal = str_eq(o->action, "renew") || str_eq(o->action, "reissue");
    if (!renewal || c->reenroll == EST_REENROLL_NEVER) {
        return false;
    }
    return c->reenroll == EST_REENROLL_ALWAYS ||
           (e->own_serial && str_eq(e->own_serial, o->prior_serial));
}

static bool put_enrolment(const struct rest_asked *q, struct buf *url)
{
    return put_operation(url, q->call->order->product,
                         is_reenrolment(q) ? "simplereenroll" : "simpleenroll");
}

/* Only a request that the server has said it works on may be repeated: to the server any other is
 * a new one, and a second certificate. */
static bool put_repeated(const struct rest_asked *q, struct buf *url)
{
    char id[SHA256_HEX];
    const struct ca_order *o = q->call->order;
    if (!o || !o->csr.n) {
        return err_set(q->err, ERR_INPUT, "the request of the order cannot be read any more");
    }
    est_request_id(o->csr, id);
    return str_eq(q->call->order_id, id)
               ? put_enrolment(q, url)
               : err_set(q->err, ERR_INPUT,
                         "EST shows a certificate once, and this one (%.64s) is not here; have it "
                         "revoked at the CA, then `resolve` the item",
                         q->call->order_id);
}

/* --- bodies and headers --- */
/* Base64 without armour and, for servers that cannot read lines, without line breaks. */
static bool put_csr(const struct rest_asked *q, struct buf *b)
{
    base64_encode(b, q->call->order->csr.p, q->call->order->csr.n, 0);
    return !buf_failed(b) || err_set(q->err, ERR_INPUT, "the request is too large");
}

/* Content-Transfer-Encoding is for servers older than RFC 8951, which ignores it. X-Request-ID is
 * for people: when an answer is lost, the log of the server tells what became of the request. */
static bool put_headers(const struct rest_asked *q)
{
    const struct est *e = q->own;
    const bool posts = q->call->step == STEP_ORDER || q->call->step == STEP_POLL;
    if (secret_is_set(&e->basic) &&
        !request_secret_header(q->out, "Authorization", "Basic ", &e->basic, q->err)) {
        return false;
    }
    if (posts && !rest_header(q, "Content-Transfer-Encoding", "base64")) {
        return false;
    }
    return q->call->step != STEP_ORDER || !q->call->client_key ||
           rest_header(q, "X-Request-ID", q->call->client_key);
}

/* --- the table --- */
static const struct rest_row rows[STEP__MAX][REST_PHASES] = {
    [STEP_ORDER] = {{"POST", put_enrolment, NULL, est_take_certificate, OUTCOME_REFUSED, REST_TEXT,
                     put_csr}},
    [STEP_POLL] = {{"POST", put_repeated, NULL, est_take_certificate, OUTCOME_UNKNOWN, REST_TEXT,
                    put_csr}},
    [STEP_TOKEN] = {{"GET", put_cacerts, NULL, est_take_cacerts, OUTCOME_REFUSED, REST_TEXT, NULL}},
    [STEP_PROBE] = {{"GET", put_cacerts, NULL, est_take_probe, OUTCOME_REFUSED, REST_TEXT, NULL}},
    [STEP_PRODUCTS] = {{"GET", put_csrattrs, NULL, est_take_attributes, OUTCOME_REFUSED,
                        REST_TEXT | REST_BY_ORDER, NULL}},
};
static const struct rest_api api = {.title = "the EST server",
                                    .rows = rows,
                                    .put_headers = put_headers,
                                    .explain = est_explain,
                                    .accept = "*/*",
                                    .content_type = "application/pkcs10"};

static struct rest_part part_of(struct est *e)
{
    return (struct rest_part){e->config, e};
}

bool est_request(struct est *e, const struct ca_call *call, struct ca_request *out, struct err *err)
{
    return rest_part_request(&api, part_of(e), e->ca, e->base, call, out, err);
}

void est_answer(struct est *e, const struct ca_call *call, const struct ca_reply *reply,
                struct ca_result *out)
{
    out->no_credential = call->step == STEP_TOKEN;
    rest_part_answer(&api, part_of(e), e->ca, call, reply, out);
}

/* What comes before everything else is /cacerts. */
bool est_authorized(const struct est *e)
{
    return e->ncas > 0;
}

static bool request_est(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                        struct err *err)
{
    return est_request(ca->state, call, out, err);
}

static void answer_est(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                       struct ca_result *out)
{
    est_answer(ca->state, call, reply, out);
}

static bool authorized_est(const struct ca *ca, int64_t now UNUSED)
{
    return est_authorized(ca->state);
}

const struct ca_ops est_ops = {
    .open = open_est,
    .close = close_est,
    .request = request_est,
    .answer = answer_est,
    .authorized = authorized_est,
};
