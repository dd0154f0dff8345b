/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_adcs.h: who may come in, what a request must have, and what the CA makes of it. It
 * refuses what the real one refuses: no login, a form that is not one, attributes that are not
 * lines, a template that is unknown, missing, or not for this account, a CSR that cannot be read.
 */
#include "tests/sim/sim_adcs.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/pkcs7.h"
#include "tests/sim/sim_fault.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#define USER "svc-enroll"

/* --- doors --- */
static bool door_of(struct request *q, struct adcs_door *d)
{
    static const char *const languages[] = {"de", "fr", "ja", "ru"};
    const char *p = q->path;
    *d = (struct adcs_door){.language = "en"};
    if (str_starts(p, "/alone/")) {
        d->standalone = true;
        p += 6;
    }
    for (size_t i = 0; i < NITEMS(languages); i++) {
        if (str_starts(p, arena_printf(&q->arena, "/%s/", languages[i]))) {
            d->language = languages[i];
            p += 3;
        }
    }
    if (!str_starts(p, "/certsrv/")) {
        return false;
    }
    const char *agent = q->header(q, "User-Agent");
    d->browser = agent && str_starts(agent, "Mozilla");
    d->page = p + 9;
    return true;
}

enum sim_kind adcs_kind(const char *method, const char *path)
{
    static const struct {
        const char *method, *end;
        enum sim_kind kind;
    } rows[] = {
        {"POST", "/certsrv/certfnsh.asp", KIND_ORDER},    {"GET", "/certsrv/certnew.p7b", KIND_GET},
        {"GET", "/certsrv/certrqxt.asp", KIND_CATALOGUE}, {"GET", "/certsrv/", KIND_VALIDATE},
        {"GET", "/certsrv/certcrl.crl", KIND_REPORT},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if (str_eq(method, rows[i].method) && str_ends(path, rows[i].end)) {
            return rows[i].kind;
        }
    }
    return KIND_OTHER;
}

/* --- forms --- */
static bool decode(char *text)
{
    char *out = text;
    for (const char *p = text; *p; p++) {
        uint8_t octet = (uint8_t)(*p == '+' ? ' ' : *p);
        if (*p == '%') {
            if (!p[1] || !p[2] || !hex_decode(p + 1, 2, &octet) || !octet) {
                return false;
            }
            p += 2;
        }
        *out++ = (char)octet;
    }
    *out = '\0';
    return true;
}

static void form_read(struct arena *a, const char *body, struct adcs_form *f)
{
    *f = (struct adcs_form){0};
    for (size_t n = 0; *body && f->n < NITEMS(f->v); body += n + (body[n] ? 1 : 0)) {
        n = strcspn(body, "&");
        const size_t key = strcspn(body, "=&");
        struct adcs_field *to = &f->v[f->n++];
        to->name = arena_strndup(a, body, key);
        to->value = arena_strndup(a, body + key + (key < n), n - key - (key < n));
        f->malformed |= key == n || !decode(to->name) || !decode(to->value);
    }
}

/* Each line "Name:Value", ended by CRLF. */
static void attributes_read(struct arena *a, const char *text, struct adcs_form *f)
{
    *f = (struct adcs_form){0};
    while (*text && f->n < NITEMS(f->v)) {
        const char *end = strstr(text, "\r\n"), *colon = strchr(text, ':');
        if (!end || !colon || colon >= end || colon == text) {
            f->malformed = true;
            return;
        }
        f->v[f->n].name = arena_strndup(a, text, (size_t)(colon - text));
        f->v[f->n++].value = arena_strndup(a, colon + 1, (size_t)(end - colon - 1));
        text = end + 2;
    }
}

const char *adcs_form_get(const struct adcs_form *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++) {
        if (str_ieq(f->v[i].name, name)) {
            return f->v[i].value;
        }
    }
    return NULL;
}

/* --- login --- */
static bool authentic(struct request *q, struct reply *r)
{
    const char *shown = q->authorization ? q->authorization : "";
    CLEANUP(buf_wipe) struct buf plain = BUF_INIT(1024);
    CLEANUP(buf_wipe) struct buf wanted = BUF_INIT(2048);
    buf_printf(&plain, USER ":%s", q->sim->access_key);
    buf_puts(&wanted, "Basic ");
    base64_encode(&wanted, plain.p, plain.n, 0);
    sha256_hex(shown, strlen(shown), q->auth_digest);
    if (strlen(shown) == wanted.n && CRYPTO_memcmp(shown, buf_text(&wanted), wanted.n) == 0) {
        return true;
    }
    reply_text(r, 401, "text/html",
               "<html><head><title>401 - Unauthorized: Access is denied due to invalid "
               "credentials.</title></head></html>");
    reply_header(r, "WWW-Authenticate", "Negotiate");
    reply_header(r, "WWW-Authenticate", "NTLM");
    reply_header(r, "WWW-Authenticate", "Basic realm=\"localhost\"");
    r->outcome = "401";
    return false;
}

/* --- words for faults --- */
static void refuse_page(struct request *q, struct reply *r, const char *code, const char *message)
{
    struct adcs_door d;
    (void)door_of(q, &d);
    adcs_page_denied(q, r, &d, "99", arena_printf(&q->arena, "%s %s", message, code));
}

static void busy(struct request *q, struct reply *r)
{
    struct adcs_door d;
    (void)door_of(q, &d);
    adcs_page_error(q, r, &d, -1, "", "The server is busy. 0x8009400f (-2146877425)");
}

/* --- orders --- */
static const char *template_refused(const char *template)
{
    static const char *const published[] = {"WebServer", "WebServer2", "Approval", "Machine"};
    if (!template) {
        return "Denied by Policy Module  0x80094801, The request contains no certificate template "
               "information.";
    }
    if (str_ieq(template, "Restricted")) {
        return "Denied by Policy Module  0x80094012, The permissions on the certificate template "
               "do not allow the current user to enroll: Restricted.";
    }
    for (size_t i = 0; i < NITEMS(published); i++) {
        if (str_ieq(template, published[i])) {
            return NULL;
        }
    }
    return "Denied by Policy Module  0x80094800, The requested certificate template is not "
           "supported by this CA.";
}

static const struct product *any_product(const struct sim *s)
{
    for (size_t i = 0; i < s->catalogue.n; i++) {
        if (s->catalogue.v[i].type->level == LEVEL_PRIVATE) {
            return &s->catalogue.v[i];
        }
    }
    return &s->catalogue.v[0];
}

static void take_names(struct sim *s, const struct csr *csr, struct order *o)
{
    const struct dn_attr *cn = dn_find(&csr->subject, "CN");
    o->domains = arena_array(&s->arena, csr->san.n + 1, sizeof *o->domains);
    for (size_t i = 0; i < csr->san.n; i++) {
        const struct general_name *g = &csr->san.v[i];
        if (g->type == GN_DNS || g->type == GN_IP) {
            o->domains[o->ndomains++] =
                (struct sim_domain){.name = arena_strndup(&s->arena, g->text, g->text_n)};
        }
    }
    o->domain = cn            ? arena_strndup(&s->arena, cn->text, cn->text_n)
                : o->ndomains ? o->domains[0].name
                              : "";
}

static struct order *place(struct request *q, const char *pem, const struct csr *csr,
                           const char *template, bool approved)
{
    struct sim *s = q->sim;
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    struct order made = {.bend = q->plan, .product = any_product(s)};
    made.remarks = arena_strdup(&s->arena, template ? template : "standalone");
    made.csr = arena_strdup(&s->arena, pem);
    made.spki_der =
        (struct span){arena_memdup(&s->arena, csr->key.der.p, csr->key.der.n), csr->key.der.n};
    memcpy(made.spki, csr->key.sha256, SHA256_SIZE);
    made.vetted = approved && !pending;
    made.pending_polls = pending ? pending->n : 0;
    made.cancelled = plan_has(&q->plan, FAULT_CANCELLED) != NULL;
    take_names(s, csr, &made);
    struct order *o = orders_place(s, &made);
    (void)snprintf(o->number, sizeof o->number, "%zu", 416 + s->orders.n);
    ledger_add(&s->ledger, q, "order", o);
    return o;
}

static const char *malformed(const struct request *q, const struct adcs_form *f)
{
    static const char *const known[] = {"Mode",         "CertRequest",        "CertAttrib",
                                        "FriendlyType", "TargetStoreFlags",   "SaveCert",
                                        "ThumbPrint",   "CertificateTemplate"};
    if (!q->content_type || !str_starts(q->content_type, "application/x-www-form-urlencoded") ||
        f->malformed) {
        return "not a form";
    }
    for (size_t i = 0; i < f->n; i++) {
        size_t k = 0;
        while (k < NITEMS(known) && !str_eq(known[k], f->v[i].name)) {
            k++;
        }
        if (k == NITEMS(known)) {
            return "an unknown field";
        }
    }
    return !str_eq(adcs_form_get(f, "Mode"), "newreq") ? "Mode is not newreq"
           : !str_eq(adcs_form_get(f, "TargetStoreFlags"), "0") ||
                   !str_eq(adcs_form_get(f, "SaveCert"), "yes")
               ? "a field is missing"
               : NULL;
}

static void enrol(struct request *q, struct reply *r, const struct adcs_door *d,
                  const struct adcs_form *f, const struct adcs_form *attributes)
{
    struct csr csr;
    struct err err = ERR_INIT;
    const char *pem = adcs_form_get(f, "CertRequest");
    const char *why = malformed(q, f);
    if (why || attributes->malformed) {
        adcs_page_error(q, r, d, -1, why ? why : "CertAttrib", "0x80070057 (WIN32: 87)");
        return;
    }
    csr_parse(&q->arena, (struct span){(const uint8_t *)(pem ? pem : ""), pem ? strlen(pem) : 0},
              &csr);
    if (!csr.usable || !csr_verify(&csr, &err)) {
        adcs_page_error(q, r, d, 1, "Error Parsing Request",
                        "ASN1 bad tag value met. 0x8009310b (ASN: 267 CRYPT_E_ASN1_BADTAG)");
        return;
    }
    const char *template = adcs_form_get(attributes, "CertificateTemplate");
    const char *number = arena_printf(&q->arena, "%zu", 417 + q->sim->orders.n);
    why = d->standalone ? NULL : template_refused(template);
    if (!why && csr.key.alg == KEY_ALG_RSA && csr.key.bits < 2048) {
        why = "Denied by Policy Module  0x80094811, The public key does not meet the minimum size.";
    }
    if (why) {
        adcs_page_denied(q, r, d, number, why);
        return;
    }
    const bool approved = !d->standalone && !str_ieq(template, "Approval");
    const struct order *o = place(q, pem, &csr, template, approved);
    if (plan_has(&q->plan, FAULT_DUP_ORDER)) {
        (void)place(q, pem, &csr, template, approved);
    }
    if (o->vetted) {
        adcs_page_issued(q, r, d, o->number);
    } else {
        adcs_page_pending(q, r, d, o->number);
    }
}

/* --- scenarios --- */
bool adcs_mentions(const struct request *q, const char *word)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct adcs_form form;
    struct csr csr;
    if (!strstr(q->path, "/certsrv/")) {
        return false;
    }
    const struct order *o = orders_find(&q->sim->orders, q->query(q, "ReqID"));
    form_read(&a, buf_text(&q->body), &form);
    const char *pem = adcs_form_get(&form, "CertRequest");
    if (!pem) {
        return o && str_eq(o->domain, word);
    }
    csr_parse(&a, (struct span){(const uint8_t *)pem, strlen(pem)}, &csr);
    const struct dn_attr *cn = csr.usable ? dn_find(&csr.subject, "CN") : NULL;
    return cn && cn->text_n == strlen(word) && memcmp(cn->text, word, cn->text_n) == 0;
}

/* --- certificates --- */
struct order *adcs_by_serial(struct sim *s, const char *serial)
{
    while (serial && serial[0] == '0' && serial[1] == '0') {
        serial += 2;
    }
    for (size_t i = 0; i < s->orders.n; i++) {
        if (s->orders.v[i]->cert.n && str_ieq(s->orders.v[i]->parsed.serial_hex, serial)) {
            return s->orders.v[i];
        }
    }
    return NULL;
}

static void send_p7b(struct request *q, struct reply *r, const struct span *certs, size_t n)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(1 << 20);
    const bool b64 = str_eq(q->query(q, "Enc"), "b64");
    if (!pkcs7_write(certs, n, &der, &err)) {
        return;
    }
    reply_text(r, 200, "application/x-pkcs7-certificates", "");
    if (b64) {
        pem_write(&r->body, "CERTIFICATE", buf_span(&der)); /* as the real one: the wrong name */
    } else {
        buf_add(&r->body, der.p, der.n);
    }
    r->outcome = "ok";
}

static void send_issued(struct request *q, struct reply *r, struct order *o)
{
    struct span v[3];
    struct err err = ERR_INIT;
    const struct sim_ca *ca = &q->sim->ca;
    const bool shuffle =
        plan_has(&q->plan, FAULT_CHAIN_SHUFFLE) || plan_has(&o->bend, FAULT_CHAIN_SHUFFLE);
    const bool alone = plan_has(&q->plan, FAULT_NO_CHAIN) || plan_has(&o->bend, FAULT_NO_CHAIN);
    struct order *from = order_swapped(q->sim, o, &q->plan);
    if (!order_certificate(q->sim, from, &q->plan, &v[0], &err)) {
        reply_text(r, 500, "text/html", "<html></html>");
        return;
    }
    v[1] = shuffle ? ca->root.cert.der : ca->issuing.cert.der;
    v[2] = shuffle ? ca->issuing.cert.der : ca->root.cert.der;
    send_p7b(q, r, v, alone ? 1 : 3);
}

static void certificate(struct request *q, struct reply *r, const struct adcs_door *d)
{
    const char *id = q->query(q, "ReqID");
    struct order *o = id ? orders_find(&q->sim->orders, id) : NULL;
    if (!o) {
        adcs_page_error(q, r, d, -1, "",
                        "The requested property value is empty. 0x80094004 "
                        "(-2146877436 CERTSRV_E_PROPERTY_EMPTY)");
        return;
    }
    if (o->pending_polls > 0) {
        o->vetted = --o->pending_polls == 0;
    }
    if (o->cancelled) {
        adcs_page_error(q, r, d, 2, "Denied by CORP\\officer",
                        "The request was denied by a certificate manager or CA administrator. "
                        "0x80094014 (-2146877420 CERTSRV_E_ADMIN_DENIED_REQUEST)");
    } else if (!o->vetted) {
        adcs_page_error(q, r, d, 5, "Taken Under Submission",
                        "The operation completed successfully. 0x0 (WIN32: 0)");
    } else {
        send_issued(q, r, o);
    }
}

static void ca_certificate(struct request *q, struct reply *r)
{
    const struct sim_issuer *by = adcs_issuer(q->sim, q->query(q, "Renewal"));
    if (!by) {
        reply_text(r, 500, "text/html", "<html>no such renewal</html>");
        return;
    }
    if (str_ends(q->path, ".p7b")) {
        const struct span v[2] = {by->cert.der, q->sim->ca.root.cert.der};
        send_p7b(q, r, v, 2);
        return;
    }
    reply_text(r, 200, "application/pkix-cert", "");
    if (str_eq(q->query(q, "Enc"), "b64")) {
        cert_pem(&r->body, by->cert.der);
    } else {
        buf_add(&r->body, by->cert.der.p, by->cert.der.n);
    }
    r->outcome = "ok";
}

/* --- routes --- */
static void route(struct request *q, struct reply *r, const struct adcs_door *d,
                  const struct adcs_form *form, const struct adcs_form *attributes)
{
    const bool get = str_eq(q->method, "GET");
    if (str_eq(d->page, "certfnsh.asp") && str_eq(q->method, "POST")) {
        enrol(q, r, d, form, attributes);
    } else if (get && !*d->page) {
        adcs_page_welcome(r, d);
    } else if (get && str_eq(d->page, "certrqxt.asp")) {
        adcs_page_templates(r, d);
    } else if (get && str_eq(d->page, "certcarc.asp")) {
        adcs_page_renewals(r, ADCS_SIM_RENEWALS);
    } else if (get && str_eq(d->page, "certcrl.crl")) {
        adcs_crl(q, r, d);
    } else if (get && (str_eq(d->page, "certnew.p7b") || str_eq(d->page, "certnew.cer"))) {
        if (str_eq(q->query(q, "ReqID"), "CACert")) {
            ca_certificate(q, r);
        } else {
            certificate(q, r, d);
        }
    } else {
        reply_text(r, 404, "text/html",
                   "<html><title>404 - File or directory not found.</title>"
                   "</html>");
        r->outcome = "404";
    }
}

bool adcs(struct request *q, struct reply *r)
{
    struct adcs_door d;
    struct adcs_form form, attributes;
    if (str_starts(q->path, "/officer/")) {
        return adcs_officer(q, r);
    }
    if (!door_of(q, &d)) {
        return false;
    }
    q->refuse = refuse_page;
    q->throttle = busy;
    form_read(&q->arena, buf_text(&q->body), &form);
    const char *lines = adcs_form_get(&form, "CertAttrib");
    attributes_read(&q->arena, lines ? lines : "", &attributes);
    const char *key = adcs_form_get(&attributes, "certbatch");
    (void)snprintf(q->txn, sizeof q->txn, "%s", key ? key : "");
    if (!authentic(q, r) || fault_instead(q, r)) {
        return true;
    }
    if (q->kind == KIND_ORDER && !limiter_pass(&q->sim->limiter, time_monotonic_ms())) {
        busy(q, r);
        return true;
    }
    route(q, r, &d, &form, &attributes);
    return true;
}
