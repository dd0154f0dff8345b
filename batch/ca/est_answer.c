/* SPDX-License-Identifier: Apache-2.0
 *
 * EST: what comes back. Bodies are certs-only CMS in Base64 (RFC 7030, 4.1.3 and 4.2.3; RFC 8951,
 * 3.1); what a server says for people is text/plain (4.2.3).
 */
#include "batch/ca/est.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

/* --- an enrolment --- */
/* "Try again after so many seconds": the client must wait at least that long (RFC 7030, 4.2.3). */
static void still_pending(const struct rest_heard *h)
{
    const struct est_config *c = h->config;
    char id[SHA256_HEX];
    est_request_id(h->call->order->csr, id);
    h->out->order_id = arena_strdup(h->out->arena, id);
    rest_pending(h, &c->enroll, "HTTP 202: the EST server has the request and works on it");
    if (h->reply->retry_after_seconds >= 0) {
        h->out->again_seconds = h->reply->retry_after_seconds;
    }
}

void est_take_certificate(const struct rest_heard *h)
{
    const struct est *e = h->own;
    struct cert *answered = NULL;
    size_t n = 0;
    if (h->reply->http_status == 202) {
        still_pending(h);
        return;
    }
    if (!reply_body_certs(h->out->arena, &h->reply->body, &answered, &n)) {
        rest_say(h, OUTCOME_UNKNOWN, "the answer of the EST server holds no certificate");
        return;
    }
    struct reply_certs all = {arena_array(h->out->arena, n + e->ncas, sizeof *all.v), n};
    memcpy(all.v, answered, n * sizeof *answered);
    if (e->ncas) {
        memcpy(all.v + n, e->cas, e->ncas * sizeof *e->cas);
        all.n += e->ncas;
    }
    reply_give(h->out, h->call->order, &all);
    h->out->order_id = all.v[0].serial_hex; /* the leaf is first now */
}

/* --- /cacerts --- */
/* Copies into the arena of the CA, which outlives the answer. The keys are also whom certificates
 * of this CA may be issued by: a server must show all that a chain needs (RFC 7030, 4.1.3). */
static void keep(struct est *e, struct strlist *issuers, const struct cert *v, size_t n)
{
    struct err err = ERR_INIT;
    e->cas = arena_array(&e->arena, n, sizeof *e->cas);
    e->ncas = 0;
    issuers->n = 0;
    for (size_t i = 0; i < n; i++) {
        const struct span der = {arena_memdup(&e->arena, v[i].der.p, v[i].der.n), v[i].der.n};
        if (v[i].is_ca && cert_parse(&e->arena, der, &e->cas[e->ncas], &err)) {
            VEC_PUSH(issuers, hex_dup(&e->arena, e->cas[e->ncas].key.sha256, SHA256_SIZE));
            e->ncas++;
        }
    }
    e->cas_message = arena_printf(&e->arena, "%zu CA certificate%s read from /cacerts", e->ncas,
                                  e->ncas == 1 ? "" : "s");
}

/* The issuer that the settings name must be among them: a certificate of any other would be paid
 * for, and then be a mismatch. False: `names` has what there is instead. */
static bool has_issuer(const struct est *e, struct buf *names)
{
    for (size_t i = 0; i < e->ncas; i++) {
        const struct dn_attr *cn = dn_find(&e->cas[i].subject, "CN");
        if (cn && str_eq(cn->text, e->config->issuer)) {
            return true;
        }
        buf_printf(names, "%s%.64s", i ? ", " : "", cn ? cn->text : "(no common name)");
    }
    return !e->config->issuer;
}

void est_take_cacerts(const struct rest_heard *h)
{
    struct est *e = h->own;
    struct cert *v = NULL;
    size_t n = 0;
    CLEANUP(buf_release) struct buf names = BUF_INIT(LIMIT_MESSAGE);
    if (reply_body_certs(h->out->arena, &h->reply->body, &v, &n)) {
        keep(e, &e->ca->issuer_sha256, v, n);
    }
    if (!e->ncas) {
        rest_say(h, OUTCOME_UNKNOWN, "/cacerts of the EST server holds no CA certificate");
    } else if (!has_issuer(e, &names)) {
        rest_say(h, OUTCOME_REFUSED,
                 arena_printf(h->out->arena,
                              "/cacerts has no CA of the name in issuing_ca, %.64s, but %s",
                              e->config->issuer, buf_text(&names)));
        e->ncas = 0; /* and nothing else is asked */
    }
}

void est_take_probe(const struct rest_heard *h)
{
    const struct est *e = h->own;
    est_take_cacerts(h);
    if (h->out->outcome == OUTCOME_ACCEPTED) {
        h->out->message = e->cas_message;
    }
}

/* --- /csrattrs --- */
/* What servers ask for in practice; the rest is shown as a number. */
static const struct {
    const char *oid, *name;
} known[] = {
    {"1.2.840.113549.1.9.7", "challengePassword"},
    {"1.2.840.113549.1.9.14", "extensionRequest"},
    {"1.2.840.113549.1.1.1", "rsa"},
    {"1.2.840.10045.2.1", "ec"},
    {"1.2.840.10045.3.1.7", "p256"},
    {"1.3.132.0.34", "p384"},
    {"1.3.132.0.35", "p521"},
    {"1.2.840.113549.1.1.11", "sha256WithRSA"},
    {"1.2.840.113549.1.1.12", "sha384WithRSA"},
    {"1.2.840.10045.4.3.2", "ecdsaWithSHA256"},
    {"1.2.840.10045.4.3.3", "ecdsaWithSHA384"},
};

static void put_oid(struct buf *b, struct span oid)
{
    char text[64];
    if (!der_oid_text(oid, text)) {
        buf_puts(b, "?");
        return;
    }
    for (size_t i = 0; i < NITEMS(known); i++) {
        if (str_eq(known[i].oid, text)) {
            buf_puts(b, known[i].name);
            return;
        }
    }
    buf_puts(b, text);
}

/* Attribute ::= SEQUENCE { type OID, values SET OF ANY }: values that are OIDs or small numbers say
 * which curve or how many bits. */
static void put_attribute(struct buf *b, const struct der *d, const struct der_tlv *t)
{
    struct der_tlv oid, set, value;
    uint32_t number = 0;
    struct der in = der_into(d, t);
    if (!der_take(&in, DER_OID, &oid)) {
        buf_puts(b, "?");
        return;
    }
    put_oid(b, oid.value);
    if (!der_take(&in, DER_SET, &set)) {
        return;
    }
    struct der values = der_into(&in, &set);
    buf_putc(b, '(');
    for (bool first = true; der_next(&values, &value); first = false) {
        buf_puts(b, first ? "" : ", ");
        if (value.tag == DER_OID) {
            put_oid(b, value.value);
        } else if (value.tag == DER_INTEGER && der_small_uint(&value, &number)) {
            buf_printf(b, "%u", (unsigned)number);
        } else {
            buf_puts(b, "...");
        }
    }
    buf_putc(b, ')');
}

/* CsrAttrs ::= SEQUENCE SIZE (0..MAX) OF AttrOrOID (RFC 7030, 4.5.2). False: it is something else.
 */
static bool attributes(const struct buf *body, struct buf *b)
{
    struct der_tlv list, t;
    CLEANUP(buf_release) struct buf text = BUF_INIT(body->n + 1);
    CLEANUP(buf_release) struct buf der = BUF_INIT(body->n + 1);
    for (size_t i = 0; i < body->n; i++) {
        if (!strchr(" \t\r\n", body->p[i])) {
            buf_putc(&text, body->p[i]);
        }
    }
    if (!base64_decode(&der, buf_text(&text), text.n) ||
        !der_single(buf_span(&der), DER_SEQUENCE, &list)) {
        return false;
    }
    struct der d = der_over(list.value);
    while (der_next(&d, &t)) {
        buf_puts(b, b->n ? ", " : "asks for ");
        if (t.tag == DER_OID) {
            put_oid(b, t.value);
        } else {
            put_attribute(b, &d, &t);
        }
    }
    return !d.bad;
}

/* 204 and 404 both say that nothing is asked for (RFC 7030, 4.5.2). A row for each label that the
 * configuration knows: EST itself has no list. */
void est_take_attributes(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    uint64_t at = 0;
    (void)(h->call->page && str_u64(h->call->page, &at));
    const bool some = h->reply->http_status == 200 && h->reply->body.n;
    if (some && (!attributes(&h->reply->body, &b) || buf_failed(&b))) {
        rest_say(h, OUTCOME_UNKNOWN, "/csrattrs of the EST server cannot be read");
        return;
    }
    const char *label = est_label(h->config, at);
    h->out->sold = arena_array(a, 1, sizeof *h->out->sold);
    h->out->sold[0] =
        (struct ca_sold){.code = *label ? label : "(no label)",
                         .name = arena_strdup(a, b.n ? buf_text(&b) : "asks for no attributes")};
    h->out->nsold = 1;
    if (est_label(h->config, at + 1)) {
        h->out->next_page = arena_printf(a, "%llu", (unsigned long long)at + 1);
    }
}

/* --- refusals --- */
/* A request that was accepted by 202 is refused for good by 400; any other 4xx may be about the way
 * there and says nothing about it. */
void est_explain(const struct rest_heard *h, const struct rest_row *row)
{
    if (h->out->outcome == OUTCOME_AUTH) {
        return; /* 401: our words say more than those of a page about it */
    }
    const int status = h->reply->http_status;
    const char *text = buf_text(&h->reply->body);
    if (h->call->step == STEP_POLL && status == 400) {
        h->out->outcome = OUTCOME_REFUSED;
    }
    if (status == 404 && row->method) {
        h->out->message =
            "HTTP 404: the EST server does not know this label, or not this operation";
    } else if (str_eq(h->reply->content_type, "text/plain") && *text) {
        h->out->message =
            arena_printf(h->out->arena, "HTTP %d: %.*s", status, (int)strcspn(text, "\r\n"), text);
    }
}
