/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_est.h.
 */
#include "tests/sim/sim_est.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/csr.h"
#include "formats/pkcs7.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"

#include <stdio.h>
#include <string.h>

static const char prefix[] = "/.well-known/est/";
enum { WRAPPED = 64 };

struct call {
    const char *method, *name;
    enum sim_kind kind;
    void (*handle)(struct request *q, struct reply *r, const char *label);
    bool enrols;
};
static void cacerts(struct request *q, struct reply *r, const char *label);
static void csrattrs(struct request *q, struct reply *r, const char *label);
static void simpleenroll(struct request *q, struct reply *r, const char *label);
static void simplereenroll(struct request *q, struct reply *r, const char *label);
static const struct call calls[] = {
    {"GET", "cacerts", KIND_CATALOGUE, cacerts, false},
    {"GET", "csrattrs", KIND_CATALOGUE, csrattrs, false},
    {"POST", "simpleenroll", KIND_ORDER, simpleenroll, true},
    {"POST", "simplereenroll", KIND_ORDER, simplereenroll, true},
};

/* "label/operation" or "operation"; fullcmc and serverkeygen are optional (RFC 7030, 3.1) and are
 * not here. */
static const struct call *find(const char *method, const char *path, bool *known)
{
    const char *name = path + strlen(path);
    while (name > path && name[-1] != '/') {
        name--;
    }
    for (size_t i = 0; str_starts(path, prefix) && i < NITEMS(calls); i++) {
        if (str_eq(calls[i].name, name)) {
            *known = true;
            if (str_eq(calls[i].method, method)) {
                return &calls[i];
            }
        }
    }
    return NULL;
}

enum sim_kind est_kind(const char *method, const char *path)
{
    bool known = false;
    const struct call *c = find(method, path, &known);
    return c ? c->kind : KIND_OTHER;
}

/* --- answers --- */
static void say(struct request *q, struct reply *r, int status, const char *text)
{
    reply_text(r, status, "text/plain", "");
    buf_printf(&r->body, "%s\n", text);
    r->outcome = arena_printf(&q->arena, "%d %s", status, text);
}

static void refuse_est(struct request *q, struct reply *r, const char *code, const char *message)
{
    say(q, r, 400,
        *code ? arena_printf(&q->arena, "%s: %s", code, message)
              : arena_strdup(&q->arena, message));
}

static void throttle_est(struct request *q, struct reply *r)
{
    say(q, r, 429, "too many enrolments");
    reply_header(r, "Retry-After", "1");
}

static void put_certs(struct request *q, struct reply *r, const struct span *certs, size_t n)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!pkcs7_write(certs, n, &der, &err)) {
        say(q, r, 500, err.msg);
        return;
    }
    reply_text(r, 200, "application/pkcs7-mime; smime-type=certs-only", "");
    base64_encode(&r->body, der.p, der.n, q->sim->options.est_wrap ? WRAPPED : 0);
    reply_header(r, "Content-Transfer-Encoding", "base64");
    r->outcome = "ok";
}

/* --- what anybody may ask --- */
static void cacerts(struct request *q, struct reply *r, const char *label)
{
    const struct sim_ca *ca = &q->sim->ca;
    struct span certs[] = {ca->issuing.cert.der, ca->root.cert.der};
    (void)label;
    if (plan_has(&q->plan, FAULT_CHAIN_SHUFFLE)) {
        certs[0] = ca->root.cert.der;
        certs[1] = ca->issuing.cert.der;
    }
    put_certs(q, r, certs, plan_has(&q->plan, FAULT_NO_CHAIN) ? 1 : 2);
}

/* The example of RFC 7030, 4.5.2, in short: challengePassword, an EC key on P-384, ECDSA with
 * SHA-384. */
static void csrattrs(struct request *q, struct reply *r, const char *label)
{
    CLEANUP(buf_release) struct buf der = BUF_INIT(256);
    (void)label;
    size_t all = der_open(&der, DER_SEQUENCE);
    der_put_oid(&der, "1.2.840.113549.1.9.7");
    size_t attribute = der_open(&der, DER_SEQUENCE);
    der_put_oid(&der, "1.2.840.10045.2.1");
    size_t values = der_open(&der, DER_SET);
    der_put_oid(&der, "1.3.132.0.34");
    der_close(&der, values);
    der_close(&der, attribute);
    der_put_oid(&der, "1.2.840.10045.4.3.3");
    der_close(&der, all);
    (void)q;
    reply_text(r, 200, "application/csrattrs", "");
    base64_encode(&r->body, der.p, der.n, 0);
    r->outcome = "ok";
}

/* --- who asks --- */
static bool basic_is_right(const struct request *q)
{
    const struct sim_options *o = &q->sim->options;
    const char *shown = q->authorization;
    CLEANUP(buf_release) struct buf pair = BUF_INIT(LIMIT_SECRET);
    if (!shown || !str_starts(shown, "Basic ") ||
        !base64_decode(&pair, shown + 6, strlen(shown + 6))) {
        return false;
    }
    const char *want = arena_printf((struct arena *)(uintptr_t)&q->arena, "%s:%s", o->est_user,
                                    q->sim->est_password);
    return str_eq(buf_text(&pair), want);
}

static bool authentic(struct request *q, struct reply *r)
{
    const char *shown = q->authorization ? q->authorization : "";
    sha256_hex(shown, strlen(shown), q->auth_digest);
    if (q->client_cert.n || basic_is_right(q)) {
        return true;
    }
    say(q, r, 401, "who are you?");
    reply_header(r, "WWW-Authenticate", "Basic realm=\"estrealm\"");
    return false;
}

/* --- a request --- */
static bool is_label(const struct request *q, const char *label)
{
    const char *labels = q->sim->options.est_labels;
    return !*label || (labels && str_has_word(labels, label));
}

static bool key_taken(const struct spki *key)
{
    if (key->malformed || key->explicit_curve) {
        return false;
    }
    return key->alg == KEY_ALG_RSA  ? key->bits >= 2048
           : key->alg == KEY_ALG_EC ? str_has_word("P-256 P-384 P-521", key->curve)
                                    : key->alg == KEY_ALG_ED25519;
}

/* Blanks between the characters are no fault (RFC 8951, 3.1); PEM armour is. */
static bool decode(const struct request *q, struct buf *der)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_BODY + 1);
    for (size_t i = 0; i < q->body.n; i++) {
        if (!strchr(" \t\r\n", q->body.p[i])) {
            buf_putc(&text, q->body.p[i]);
        }
    }
    return text.n && base64_decode(der, buf_text(&text), text.n);
}

static bool read_csr(struct request *q, struct reply *r, struct csr *csr)
{
    struct err err = ERR_INIT;
    const char *encoding = q->header(q, "Content-Transfer-Encoding");
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CSR_BYTES);
    if (!q->content_type || !str_ieq(q->content_type, "application/pkcs10")) {
        say(q, r, 415, "Content-Type must be application/pkcs10");
    } else if (encoding && !str_ieq(encoding, "base64")) {
        say(q, r, 400, "Content-Transfer-Encoding is base64 or nothing");
    } else if (!decode(q, &der)) {
        say(q, r, 400, "the body is no Base64 of a certification request");
    } else {
        csr_parse(&q->arena, (struct span){arena_memdup(&q->arena, der.p, der.n), der.n}, csr);
        if (!csr->usable) {
            say(q, r, 400, "the certification request cannot be read");
        } else if (!csr_verify(csr, &err)) {
            say(q, r, 400, "proof of possession: the signature of the request is wrong");
        } else if (!key_taken(&csr->key)) {
            say(q, r, 400, "a key of this kind is not certified here");
        } else {
            return true;
        }
    }
    return false;
}

/* --- orders --- */
static const char *subject(struct sim *s, const struct csr *csr, const char *attribute)
{
    const struct dn_attr *a = dn_find(&csr->subject, attribute);
    return a && a->text_n ? arena_strndup(&s->arena, a->text, a->text_n) : NULL;
}

static bool names_of(struct sim *s, const struct csr *csr, struct order *o)
{
    o->domains = arena_array(&s->arena, csr->san.n + 1, sizeof *o->domains);
    for (size_t i = 0; i < csr->san.n; i++) {
        const struct general_name *g = &csr->san.v[i];
        if (g->type != GN_DNS && g->type != GN_IP) {
            return false;
        }
        o->domains[o->ndomains++] =
            (struct sim_domain){.name = arena_strdup(&s->arena, g->text), .possible = true};
    }
    o->domain = subject(s, csr, "CN");
    o->domain = !o->domain && o->ndomains ? o->domains[0].name : o->domain;
    return o->domain != NULL;
}

static struct product *product_of(struct sim *s, const char *label)
{
    static const struct product_type type = {"est", "est", LEVEL_PRIVATE, false, true};
    struct product *p = arena_alloc(&s->arena, sizeof *p);
    *p = (struct product){*label ? arena_strdup(&s->arena, label) : "", "EST", &type};
    return p;
}

static bool make(struct request *q, struct reply *r, const struct csr *csr, const char *label,
                 struct order *o)
{
    struct sim *s = q->sim;
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    *o = (struct order){.bend = q->plan,
                        .product = product_of(s, label),
                        .csr = "est",
                        .agreement = true,
                        .vetted = true,
                        .organization_name = subject(s, csr, "O"),
                        .locality = subject(s, csr, "L"),
                        .state = subject(s, csr, "ST"),
                        .country = subject(s, csr, "C"),
                        .pending_polls = pending ? pending->n : 0};
    o->spki_der =
        (struct span){arena_memdup(&s->arena, csr->key.der.p, csr->key.der.n), csr->key.der.n};
    memcpy(o->spki, csr->key.sha256, SHA256_SIZE);
    if (!names_of(s, csr, o)) {
        say(q, r, 400, "names must be DNS names or addresses, at least one");
        return false;
    }
    return true;
}

/* plan: faults of this answer, beside those that the order was made with; or NULL. */
static void put_certificate(struct request *q, struct reply *r, struct order *o,
                            const struct plan *plan)
{
    struct err err = ERR_INIT;
    struct span der = {0};
    if (!order_certificate(q->sim, plan ? order_swapped(q->sim, o, plan) : o, plan, &der, &err)) {
        say(q, r, 500, err.msg);
        return;
    }
    put_certs(q, r, &der, 1);
}

/* The same request once more (RFC 7030, 4.2.3). */
static void repeated(struct request *q, struct reply *r, struct order *o)
{
    q->kind = KIND_TRACK;
    switch ((int)order_state(q->sim, o, true)) {
    case ORDER_ISSUED:
    case ORDER_EXPIRED:
        put_certificate(q, r, o, &q->plan);
        break;
    case ORDER_CANCELLED:
        say(q, r, 400, "the request was declined by an officer");
        break;
    default:
        say(q, r, 202, "an officer has not decided yet");
        reply_header(r, "Retry-After", "1");
        break;
    }
}

static void enrol(struct request *q, struct reply *r, const struct csr *csr, const char *label)
{
    struct sim *s = q->sim;
    struct order wanted;
    char id[SHA256_HEX];
    sha256_hex(csr->der.p, csr->der.n, id);
    struct order *o = orders_find(&s->orders, id);
    if (o) {
        repeated(q, r, o);
        return;
    }
    if (!limiter_pass(&s->limiter, time_monotonic_ms())) {
        throttle_est(q, r);
        return;
    }
    if (!make(q, r, csr, label, &wanted)) {
        return;
    }
    o = orders_place(s, &wanted);
    o->cancelled = plan_has(&q->plan, FAULT_CANCELLED) != NULL;
    const enum order_state state = order_state(s, o, false);
    const bool now = state == ORDER_ISSUED || state == ORDER_EXPIRED;
    /* what nobody can ask for any more has the number of its certificate */
    (void)snprintf(o->number, sizeof o->number, "%s", now ? o->parsed.serial_hex : id);
    ledger_add(&s->ledger, q, "order", o);
    if (now) {
        put_certificate(q, r, o, NULL);
    } else {
        say(q, r, 202, "an officer must decide");
        reply_header(r, "Retry-After", "1");
    }
}

static void simpleenroll(struct request *q, struct reply *r, const char *label)
{
    struct csr csr;
    if (read_csr(q, r, &csr)) {
        enrol(q, r, &csr, label);
    }
}

static bool same_names(const struct general_names *a, const struct general_names *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = a->v[i].type == b->v[i].type && str_eq(a->v[i].text, b->v[i].text);
    }
    return same;
}

/* Of the certificate that the client shows: subject and names must be the same (4.2.2). */
static void simplereenroll(struct request *q, struct reply *r, const char *label)
{
    struct csr csr;
    struct cert old;
    struct err err = ERR_INIT;
    if (!read_csr(q, r, &csr)) {
        return;
    }
    if (!q->client_cert.n || !cert_parse(&q->arena, q->client_cert, &old, &err)) {
        say(q, r, 403, "a certificate is renewed by the client that shows it");
    } else if (!str_eq(dn_text(&q->arena, &old.subject), dn_text(&q->arena, &csr.subject)) ||
               !same_names(&old.san, &csr.san)) {
        say(q, r, 400, "subject and names must be those of the current certificate");
    } else {
        enrol(q, r, &csr, label);
    }
}

/* --- */
bool est(struct request *q, struct reply *r)
{
    bool known = false;
    if (!str_starts(q->path, prefix)) {
        return false;
    }
    const struct call *c = find(q->method, q->path, &known);
    q->refuse = refuse_est;
    q->throttle = throttle_est;
    if (!c) {
        say(q, r, known ? 405 : 404, known ? "not by this method" : "no such operation");
        return true;
    }
    const size_t n = strlen(q->path) - strlen(prefix) - strlen(c->name);
    const char *label = arena_strndup(&q->arena, q->path + strlen(prefix), n ? n - 1 : 0);
    if (!is_label(q, label)) {
        say(q, r, 404, "no such label");
        return true;
    }
    if ((c->enrols && !authentic(q, r)) || fault_instead(q, r)) {
        return true;
    }
    c->handle(q, r, label);
    return true;
}
