/* SPDX-License-Identifier: Apache-2.0
 *
 * The AD CS connector: which step is which page of the web enrolment.
 *
 *     ORDER      POST certfnsh.asp                         the number of the request is on its page
 *     POLL       GET  certnew.p7b?ReqID=N&Enc=bin          certificate and chain at once, or a page
 *     REVOKED    GET  certcarc.asp, certnew.cer, certcrl.crl          adcs_crl.c
 *     REVOKE     no page can: certutil, by people or by a command     adcs_hand.c
 *     PRODUCTS   GET  certrqxt.asp                         the list of templates
 *     PROBE      GET  /certsrv/
 *
 * There is no FIND: the web enrolment has no list. An order whose answer was lost stays unknown
 * until somebody looked: the CA's database has our key of the order as a request attribute.
 */
#include "batch/ca/adcs.h"

#include "batch/config.h"
#include "batch/http.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/kind.h"

#include <stdlib.h>
#include <string.h>

#define TITLE "the web enrolment of AD CS"
enum { ATTRIBUTES_MAX = 64 * 1024, BUSY_SECONDS = 60, SHOWN_ELSE = 200 };

/* --- life --- */
static bool open_login(struct adcs *c, const struct ca *ca, struct err *err)
{
    const struct adcs_config *own = c->config;
    if (own->password.kind != SECRET_NONE &&
        !secret_load(&own->password, ca->config_dir, &c->password, err)) {
        return err_wrap(err, "auth.password");
    }
    return !own->keytab ||
           http_kerberos_keytab(path_join(&c->arena, ca->config_dir, own->keytab), err) ||
           err_wrap(err, "auth.keytab");
}

static bool open_adcs(struct ca *ca, struct err *err)
{
    struct adcs *c = xcalloc(1, sizeof *c);
    *c = (struct adcs){.ca = ca->config, .config = ca->config->own, .password = SECRET_INIT};
    ca->state = c;
    c->base = request_base(&c->arena, c->config->base_url);
    return adcs_patterns_open(c, err) && open_login(c, ca, err);
}

static void close_adcs(struct ca *ca)
{
    struct adcs *c = ca->state;
    if (c) {
        adcs_patterns_close(c);
        secret_release(&c->password);
        arena_release(&c->arena);
        free(c);
    }
    ca->state = NULL;
}

/* --- requests --- */
static bool put_headers(const struct rest_asked *q)
{
    const struct adcs *c = q->own;
    const struct adcs_config *own = q->config;
    static const int kinds[] = {[ADCS_NEGOTIATE] = LOGIN_NEGOTIATE,
                                [ADCS_NTLM] = LOGIN_NTLM,
                                [ADCS_BASIC] = LOGIN_BASIC,
                                [ADCS_CERTIFICATE] = LOGIN_NONE,
                                [ADCS_NONE] = LOGIN_NONE};
    q->out->login.kind = kinds[own->auth_mode];
    if (q->out->login.kind != LOGIN_NONE) {
        q->out->login.user = own->username;
        q->out->login.password = secret_is_set(&c->password) ? &c->password : NULL;
    }
    return rest_header(q, "User-Agent", own->user_agent);
}

static bool put_probe_path(const struct rest_asked *q UNUSED, struct buf *url)
{
    buf_puts(url, "/");
    return true;
}

static bool put_products_path(const struct rest_asked *q UNUSED, struct buf *url)
{
    buf_puts(url, "/certrqxt.asp");
    return true;
}

static bool put_order_path(const struct rest_asked *q UNUSED, struct buf *url)
{
    buf_puts(url, "/certfnsh.asp");
    return true;
}

static bool put_poll_path(const struct rest_asked *q, struct buf *url)
{
    const char *id = q->call->order_id;
    if (!id || !*id || strlen(id) > 10 || id[strspn(id, "0123456789")]) {
        return err_set(q->err, ERR_INPUT, "the number of a request to AD CS has only digits: %s",
                       id ? id : "none");
    }
    buf_printf(url, "/certnew.p7b?ReqID=%s&Enc=bin", id);
    return true;
}

/* A line of CertAttrib is "Name:Value": who can put a line break into one can order anything. */
static bool put_attribute(const struct rest_asked *q, struct buf *b, const char *name,
                          const char *value)
{
    if (!*name || strpbrk(name, ":\r\n") || strpbrk(value, "\r\n")) {
        return err_set(q->err, ERR_INPUT, "the request attribute %s is not one line",
                       str_vis_dup(q->out->arena, name, strlen(name)));
    }
    buf_printf(b, "%s:%s\r\n", name, value);
    return true;
}

static bool put_extra(const struct rest_asked *q, struct buf *b)
{
    const struct ynode *all = yaml_get(q->call->order->extra, "attributes");
    for (const struct ynode *n = all ? all->first : NULL; n; n = n->next) {
        if (n->kind != YAML_SCALAR || !put_attribute(q, b, n->key, n->text)) {
            return n->kind == YAML_SCALAR
                       ? false
                       : err_set(q->err, ERR_INPUT, "the request attribute %s is no text", n->key);
        }
    }
    return true;
}

/* "san:dns=a&dns=b": the names for a CA with EDITF_ATTRIBUTESUBJECTALTNAME2. */
static bool put_names(const struct rest_asked *q, struct buf *b)
{
    static const char *const words[GN__MAX] = {
        [GN_DNS] = "dns", [GN_IP] = "ipaddress", [GN_EMAIL] = "email", [GN_URI] = "url"};
    CLEANUP(buf_release) struct buf names = BUF_INIT(ATTRIBUTES_MAX);
    for (size_t i = 0; i < q->call->order->nsan; i++) {
        const struct san_value *v = &q->call->order->san[i];
        if (v->type >= GN__MAX || !words[v->type] || strpbrk(v->text, "&=\r\n")) {
            return err_set(q->err, ERR_INPUT, "a request attribute cannot carry the name %s",
                           str_vis_dup(q->out->arena, v->text, strlen(v->text)));
        }
        buf_printf(&names, "%s%s=%s", i ? "&" : "", words[v->type], v->text);
    }
    return !names.n || put_attribute(q, b, "san", buf_text(&names));
}

static const char *template_of(const struct rest_asked *q)
{
    const struct adcs_config *own = q->config;
    const struct ynode *said = yaml_get(q->call->order->extra, "template");
    if (own->ca_setup_type == ADCS_STANDALONE) {
        return NULL; /* it has none, and would refuse the attribute or ignore it */
    }
    return said && said->kind == YAML_SCALAR ? said->text
           : q->call->order->product         ? q->call->order->product
                                             : own->template;
}

static bool put_attributes(const struct rest_asked *q, struct buf *b)
{
    const struct adcs_config *own = q->config;
    const struct ynode *said = yaml_get(q->call->order->extra, "san_attribute");
    const bool names = said ? str_eq(said->text, "true") : own->san_attribute;
    const char *template = template_of(q);
    if (!template && own->ca_setup_type == ADCS_ENTERPRISE) {
        return err_set(q->err, ERR_INPUT,
                       "an enterprise CA needs a template: `product:` of the "
                       "order or `template:` of the CA");
    }
    return (!template || put_attribute(q, b, "CertificateTemplate", template)) &&
           (str_eq(own->key_attribute, "none") || !q->call->client_key ||
            put_attribute(q, b, own->key_attribute, q->call->client_key)) &&
           put_extra(q, b) && (!names || put_names(q, b));
}

static void put_field(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%s%s=", b->n ? "&" : "", name);
    request_put_escaped(b, value);
}

static bool put_order(const struct rest_asked *q, struct buf *b)
{
    CLEANUP(buf_release) struct buf csr = BUF_INIT(2 * LIMIT_CSR_BYTES);
    CLEANUP(buf_release) struct buf attributes = BUF_INIT(ATTRIBUTES_MAX);
    pem_write(&csr, "CERTIFICATE REQUEST", q->call->order->csr);
    if (!put_attributes(q, &attributes)) {
        return false;
    }
    put_field(b, "Mode", "newreq");
    put_field(b, "CertRequest", buf_text(&csr));
    put_field(b, "CertAttrib", buf_text(&attributes));
    put_field(b, "FriendlyType", "Saved-Request Certificate");
    put_field(b, "TargetStoreFlags", "0");
    put_field(b, "SaveCert", "yes");
    return !(buf_failed(&csr) || buf_failed(&attributes)) ||
           err_set(q->err, ERR_INPUT, "the request or its attributes are too long");
}

/* --- answers --- */
static void read_page(const struct rest_heard *h, struct adcs_page *out)
{
    adcs_page_read(h->own, h->out->arena, buf_text(&h->reply->body), h->reply->body.n, out);
}

static void refuse(const struct rest_heard *h, const struct adcs_page *page)
{
    const struct adcs_code *code = adcs_code_find(page->hresult);
    h->out->code = code            ? code->name
                   : page->hresult ? arena_printf(h->out->arena, "0x%08X", page->hresult)
                                   : NULL;
    h->out->message = adcs_explain(h->out->arena, page);
    if (page->request_id) {
        h->out->message =
            arena_printf(h->out->arena, "request %s: %s", page->request_id, h->out->message);
    }
}

static void not_understood(const struct rest_heard *h, const struct adcs_page *page)
{
    h->out->outcome = OUTCOME_UNKNOWN;
    h->out->message = arena_printf(h->out->arena, "%s; see locale_patterns: %.*s",
                                   page->broken ? page->broken : "the page is none that is known",
                                   SHOWN_ELSE, page->text);
}

/* CR_DISP_*, certcli.h. */
enum {
    DISP_INCOMPLETE,
    DISP_ERROR,
    DISP_DENIED,
    DISP_ISSUED,
    DISP_OUT_OF_BAND,
    DISP_PENDING,
    DISP_REVOKED
};

/* A page with a table of what went wrong: the number decides, then the code. */
static void take_order_error(const struct rest_heard *h, const struct adcs_page *page)
{
    const struct adcs_code *code = adcs_code_find(page->hresult);
    refuse(h, page);
    if (page->disposition == DISP_PENDING && page->request_id) {
        h->out->order_id = page->request_id;
        h->out->pending = true;
        return;
    }
    h->out->outcome = code ? code->outcome : OUTCOME_UNKNOWN;
    if (page->disposition == DISP_ERROR || page->disposition == DISP_DENIED) {
        h->out->outcome = code ? code->outcome : OUTCOME_REFUSED;
    }
    h->out->again_seconds = h->out->outcome == OUTCOME_THROTTLED ? BUSY_SECONDS : -1;
}

static void take_order(const struct rest_heard *h)
{
    struct adcs_page page;
    const struct adcs_config *own = h->config;
    read_page(h, &page);
    switch (page.kind) {
    case ADCS_ISSUED:
        h->out->order_id = page.request_id;
        h->out->again_seconds = 0;
        break;
    case ADCS_PENDING:
        h->out->order_id = page.request_id;
        h->out->pending = true;
        h->out->message = "an officer of the CA has to approve it";
        h->out->again_seconds = own->enroll.back_off_seconds;
        break;
    case ADCS_DENIED:
        h->out->outcome = OUTCOME_REFUSED;
        refuse(h, &page);
        break;
    case ADCS_ERROR:
        take_order_error(h, &page);
        break;
    case ADCS_OTHER:
    case ADCS_KIND__MAX:
        not_understood(h, &page);
        break;
    }
}

bool adcs_take_certs(const struct rest_heard *h, struct reply_certs *to)
{
    struct arena *a = h->out->arena;
    struct err err = ERR_INIT;
    struct pem pem;
    struct cert *v = NULL;
    size_t n = 0;
    struct span body = buf_span(&h->reply->body);
    if (kind_of(body) == KIND_PEM && pem_parse(a, body, &pem)) {
        /* with Enc=b64 a PKCS#7 stands in the armour of a certificate: the name says nothing */
        body = pem.n ? pem.v[0].der : (struct span){0};
    }
    if (!body.n || body.p[0] != 0x30) {
        return false;
    }
    body.p = arena_memdup(a, body.p, body.n);
    to->v = arena_array(a, LIMIT_CHAIN + 1, sizeof *to->v);
    to->n = 0;
    if (!certs_read(a, "reply", body, &v, &n, &err)) {
        return false;
    }
    for (size_t i = 0; i < n && to->n < LIMIT_CHAIN + 1; i++) {
        to->v[to->n++] = v[i];
    }
    return to->n > 0;
}

static void take_no_certificate(const struct rest_heard *h)
{
    struct adcs_page page;
    const struct adcs_config *own = h->config;
    read_page(h, &page);
    const bool over = page.disposition == DISP_DENIED || page.disposition == DISP_ERROR ||
                      page.disposition == DISP_REVOKED ||
                      (page.disposition < 0 && page.kind == ADCS_DENIED);
    if (page.disposition == DISP_PENDING || page.disposition == DISP_INCOMPLETE ||
        (page.disposition < 0 && page.kind == ADCS_PENDING)) {
        rest_pending(h, &own->enroll, "an officer of the CA has to approve it");
    } else if (over) {
        h->out->outcome = OUTCOME_REFUSED;
        refuse(h, &page);
    } else if (page.kind == ADCS_ERROR) {
        h->out->outcome = OUTCOME_UNKNOWN; /* a read that fails says nothing about the order */
        refuse(h, &page);
    } else {
        not_understood(h, &page);
    }
}

static void take_poll(const struct rest_heard *h)
{
    struct reply_certs certs = {0};
    if (adcs_take_certs(h, &certs)) {
        reply_give(h->out, h->call->order, &certs);
    } else {
        take_no_certificate(h);
    }
}

/* Some server answers; is it the web enrolment? */
static bool is_ours(const struct rest_heard *h)
{
    struct span found;
    const char *why = NULL;
    const struct adcs *c = h->own;
    const struct buf *body = &h->reply->body;
    return regex_search(c->own[ADCS_P_OURS], buf_text(body), body->n, &found, &why) == REGEX_YES ||
           strstr(buf_text(body), "certrqus.asp");
}

static void take_probe(const struct rest_heard *h)
{
    if (!is_ours(h)) {
        rest_say(h, OUTCOME_UNKNOWN,
                 "what answers is not the web enrolment of AD CS: base_url ends in /certsrv, and a "
                 "proxy in front may want a login of its own");
    }
}

static void take_products(const struct rest_heard *h)
{
    struct ca_result *out = h->out;
    const struct buf *body = &h->reply->body;
    bool directory;
    size_t n = 0, at = 0;
    while (adcs_page_template(h->own, out->arena, buf_text(body), body->n, &at, &directory)) {
        n++;
    }
    if (!n && !is_ours(h)) {
        rest_say(h, OUTCOME_UNKNOWN, "the page is not that of the web enrolment");
        return;
    }
    out->sold = arena_array(out->arena, n + 1, sizeof *out->sold);
    at = 0;
    for (const char *name; (name = adcs_page_template(h->own, out->arena, buf_text(body), body->n,
                                                      &at, &directory)) != NULL;) {
        out->sold[out->nsold++] = (struct ca_sold){
            .code = name,
            .name = name,
            .category = directory ? "subject from the directory" : "subject from the request"};
    }
}

/* --- what HTTP refuses --- */
static const char *word_of(int mode)
{
    static const char *const words[] = {[ADCS_NEGOTIATE] = "Negotiate",
                                        [ADCS_NTLM] = "NTLM",
                                        [ADCS_BASIC] = "Basic",
                                        [ADCS_CERTIFICATE] = "a client certificate",
                                        [ADCS_NONE] = "nothing"};
    return words[mode];
}

/* "Negotiate, NTLM": the first word of each challenge, once. */
static const char *offered(const struct rest_heard *h)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1024);
    for (size_t i = 0; i < h->reply->nheaders; i++) {
        const struct ca_header *r = &h->reply->headers[i];
        const char *word = arena_strndup(h->out->arena, r->value, strcspn(r->value, " ,"));
        if (str_eq(r->name, "www-authenticate") && *word && !strstr(buf_text(&b), word)) {
            buf_printf(&b, "%s%s", b.n ? ", " : "", word);
        }
    }
    return b.n ? arena_strdup(h->out->arena, buf_text(&b)) : "no login at all";
}

/* Extended Protection (channel binding, KB5005413) lets neither NTLM nor Kerberos in that libcurl
 * speaks: the server says 401 as to a wrong password. */
static void explain_401(const struct rest_heard *h)
{
    const struct adcs_config *own = h->config;
    const char *all = offered(h), *ours = word_of(own->auth_mode);
    const bool windows = own->auth_mode == ADCS_NEGOTIATE || own->auth_mode == ADCS_NTLM;
    const char *hint = !strstr(all, ours) ? "choose one of these as auth.mode"
                       : windows && str_starts(own->base_url, "https:")
                           ? "user, password or ticket are not accepted, or the site demands "
                             "Extended Protection, which only basic and client-certificate pass"
                           : "user, password or ticket are not accepted";
    h->out->message = arena_printf(
        h->out->arena, "HTTP 401: the server offers %s, we logged in with %s: %s", all, ours, hint);
}

static void explain(const struct rest_heard *h, const struct rest_row *row UNUSED)
{
    switch (h->reply->http_status) {
    case 401:
        explain_401(h);
        break;
    case 403:
        rest_say(h, OUTCOME_AUTH,
                 "HTTP 403: the account may not use the web enrolment, or the site wants https or "
                 "a client certificate");
        break;
    case 404:
    case 405:
        /* nothing was taken, and the next order would fare the same: the CA is given up */
        rest_say(h, OUTCOME_AUTH,
                 "HTTP 404: there is no web enrolment at base_url: the role is not installed, or "
                 "the address does not end in /certsrv");
        break;
    default:
        break;
    }
}

/* --- the table --- */
#define REVOKED_ROW(flags_)                                                                        \
    {                                                                                              \
        "GET", adcs_put_revoked, NULL, adcs_take_revoked, OUTCOME_UNKNOWN, REST_TEXT | (flags_),   \
            NULL                                                                                   \
    }
static const struct rest_row rows[STEP__MAX][REST_PHASES] = {
    [STEP_ORDER] = {{"POST", put_order_path, NULL, take_order, OUTCOME_REFUSED,
                     REST_TEXT | REST_FORM, put_order}},
    [STEP_POLL] = {{"GET", put_poll_path, NULL, take_poll, OUTCOME_UNKNOWN, REST_TEXT, NULL}},
    [STEP_REVOKED] = {REVOKED_ROW(0), REVOKED_ROW(0), REVOKED_ROW(0), REVOKED_ROW(REST_BY_ORDER),
                      REVOKED_ROW(REST_BY_ORDER)}, /* there may be no delta CRL */
    [STEP_PRODUCTS] = {{"GET", put_products_path, NULL, take_products, OUTCOME_UNKNOWN, REST_TEXT,
                        NULL}},
    [STEP_PROBE] = {{"GET", put_probe_path, NULL, take_probe, OUTCOME_UNKNOWN, REST_TEXT, NULL}},
};
static const struct rest_api api = {TITLE, rows, put_headers, explain, "*/*", NULL};

static bool request_adcs(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                         struct err *err)
{
    const struct adcs *c = ca->state;
    return call->step == STEP_REVOKE ? adcs_ask_revoke(ca, call, out, err)
                                     : rest_request(&api, ca, c->base, call, out, err);
}

static void answer_adcs(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                        struct ca_result *out)
{
    const struct adcs_config *own = ca->config->own;
    /* what is handed to people is handed over at once: nothing can be under way */
    out->settle_seconds = own->revocation_mode == ADCS_SCRIPT ? 0 : -1;
    if (call->step == STEP_REVOKE) {
        adcs_hear_revoke(own, reply, out);
    } else {
        rest_answer(&api, ca, call, reply, out);
    }
}

const struct ca_ops adcs_ops = {
    .open = open_adcs,
    .close = close_adcs,
    .request = request_adcs,
    .answer = answer_adcs,
};
