/* SPDX-License-Identifier: Apache-2.0
 *
 * See reply.h.
 */
#include "batch/ca/reply.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/pkcs7.h"

#include <string.h>

/* --- members --- */
const json_t *reply_member(const json_t *object, const char *name)
{
    const json_t *exact = json_get(object, name);
    const char *key;
    json_t *v;
    if (exact || !json_is_object(object)) {
        return exact;
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, v)
    {
        if (str_ieq(key, name)) {
            return v;
        }
    }
    return NULL;
}

static const char *trimmed(const char *text, size_t *n)
{
    text += strspn(text, " \t\r\n");
    *n = strlen(text);
    while (*n && strchr(" \t\r\n", text[*n - 1])) {
        --*n;
    }
    return text;
}

const char *reply_text(struct arena *a, const json_t *object, const char *name)
{
    const json_t *v = reply_member(object, name);
    const char *text = json_string_value(v);
    size_t n = 0;
    if (json_is_integer(v)) {
        return arena_printf(a, "%lld", (long long)json_integer_value(v));
    }
    if (json_is_real(v)) {
        return arena_printf(a, "%.15g", json_real_value(v));
    }
    if (json_is_boolean(v)) {
        return json_is_true(v) ? "1" : "0";
    }
    text = text ? trimmed(text, &n) : NULL;
    return n ? arena_strndup(a, text, n) : NULL;
}

uint64_t reply_number(const json_t *object, const char *name, uint64_t otherwise)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *text = reply_text(&a, object, name);
    uint64_t n = 0;
    return text && str_u64(text, &n) ? n : otherwise;
}

int64_t reply_time(struct arena *a, const json_t *object, const char *name)
{
    char *text = (char *)(uintptr_t)reply_text(a, object, name);
    int64_t t = TIME_NONE;
    if (!text || time_parse_any(text, &t)) {
        return t;
    }
    text = arena_strdup(a, text); /* what follows the day is in many forms: the day counts */
    text[strlen(text) > 10 ? 10 : 0] = '\0';
    return time_parse_date(text, &t) ? t : TIME_NONE;
}

/* --- HTTP states that decide by themselves, whatever the body says --- */
static const struct {
    int from, to;
    enum outcome outcome;
    const char *message; /* after the status and the name of the CA's product */
} states[] = {
    {401, 401, OUTCOME_AUTH, "does not accept the credentials"},
    {403, 403, OUTCOME_AUTH, "does not allow this with these credentials"},
    {408, 408, OUTCOME_UNKNOWN, "gave up waiting for the request"},
    {429, 429, OUTCOME_THROTTLED, "asks for fewer requests"},
    {300, 399, OUTCOME_UNKNOWN, "answers with a redirect, which is not followed; see its address"},
    {501, 501, OUTCOME_UNKNOWN,
     "does not offer this call: its release or the account lacks it, or something else answers at "
     "this address; see `certbatch doctor`"},
    {500, 599, OUTCOME_UNKNOWN, "answers with a fault of its own"},
    {0, 199, OUTCOME_UNKNOWN, "answers with a status that means nothing"},
    {600, 999, OUTCOME_UNKNOWN, "answers with a status that means nothing"},
};

bool reply_by_status(struct ca_result *out, const struct ca_reply *reply, const char *title)
{
    const int status = reply->http_status;
    for (size_t i = 0; i < NITEMS(states); i++) {
        if (status >= states[i].from && status <= states[i].to) {
            out->outcome = states[i].outcome;
            out->message =
                arena_printf(out->arena, "HTTP %d: %s %s", status, title, states[i].message);
            if (out->outcome == OUTCOME_THROTTLED) {
                out->again_seconds = reply->retry_after_seconds;
            }
            return true;
        }
    }
    return false;
}

/* --- certificates --- */
bool reply_take_pem(struct arena *a, const char *pem, struct reply_certs *to)
{
    struct err err = ERR_INIT;
    struct cert *more = NULL;
    size_t n = 0;
    if (!pem || !pem[strspn(pem, " \t\r\n")]) {
        return true;
    }
    if (!certs_read(a, "reply", (struct span){(const uint8_t *)pem, strlen(pem)}, &more, &n,
                    &err)) {
        return false;
    }
    for (size_t i = 0; i < n && to->n < LIMIT_CHAIN + 1; i++) {
        to->v[to->n++] = more[i];
    }
    return true;
}

/* Base64 as it may come over the wire. NULL .p: it is none. */
static struct span from_base64(struct arena *a, const struct buf *body)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(body->n + 1);
    CLEANUP(buf_release) struct buf der = BUF_INIT(body->n + 1);
    for (size_t i = 0; i < body->n; i++) {
        if (!strchr(" \t\r\n", body->p[i])) {
            buf_putc(&text, body->p[i]);
        }
    }
    return base64_decode(&der, buf_text(&text), text.n)
               ? (struct span){arena_memdup(a, der.p, der.n), der.n}
               : (struct span){0};
}

bool reply_body_certs(struct arena *a, const struct buf *body, struct cert **out, size_t *n)
{
    struct err err = ERR_INIT;
    const bool plain = body->n && ((uint8_t)body->p[0] == DER_SEQUENCE || body->p[0] == '-');
    const struct span der =
        plain ? (struct span){arena_memdup(a, body->p, body->n), body->n} : from_base64(a, body);
    *n = 0;
    return der.n && certs_read(a, "reply", pkcs7_definite(a, der), out, n, &err) && *n;
}

static bool is_ours(const struct ca_order *o, const struct cert *c)
{
    return o && o->spki_sha256 && memcmp(c->key.sha256, o->spki_sha256, SHA256_SIZE) == 0;
}

/* The member it stood in is no proof. */
size_t reply_leaf(const struct ca_order *o, const struct reply_certs *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (is_ours(o, &c->v[i])) {
            return i;
        }
    }
    for (size_t i = 0; i < c->n; i++) {
        if (!c->v[i].is_ca) {
            return i;
        }
    }
    return 0;
}

bool reply_has_key(const struct ca_order *o, const struct reply_certs *c)
{
    return c->n && is_ours(o, &c->v[reply_leaf(o, c)]);
}

/* A certificate that bears the name of the issuer that is missing and yet did not issue: it stays
 * behind the chain, so that the verifier sees what does not fit. */
static size_t namesake(struct cert *v, size_t chain, size_t n)
{
    for (size_t i = chain + 1; i < n && !cert_self_issued(&v[chain]); i++) {
        if (span_eq(v[i].subject.der, v[chain].issuer.der)) {
            const struct cert other = v[chain + 1];
            v[chain + 1] = v[i];
            v[i] = other;
            return 1;
        }
    }
    return 0;
}

void reply_give(struct ca_result *out, const struct ca_order *order, struct reply_certs *c)
{
    size_t chain = 0;
    const size_t at = reply_leaf(order, c);
    const struct cert leaf = c->v[at];
    memmove(c->v + 1, c->v, at * sizeof *c->v);
    c->v[0] = leaf;
    (void)chain_order(&leaf, c->v + 1, c->n - 1, &chain); /* a gap is the verifier's to report */
    chain += namesake(c->v, chain, c->n);
    out->certs = arena_array(out->arena, chain + 1, sizeof *out->certs);
    for (size_t i = 0; i <= chain; i++) {
        out->certs[i] = c->v[i].der;
    }
    out->ncerts = chain + 1;
    out->issued = true;
}

bool reply_crl(struct ca_result *out, const struct buf *body, const struct cert *issuers, size_t n,
               struct crl *crl)
{
    struct err err = ERR_INIT;
    bool ours = false;
    if (!n) {
        (void)err_set(&err, ERR_INPUT, "the certificate of its issuer is not known");
    } else if (crl_parse(out->arena, buf_span(body), crl, &err)) {
        for (size_t i = 0; i < n && !ours; i++) {
            err = (struct err)ERR_INIT;
            ours = crl_verify(crl, &issuers[i], &err);
        }
    }
    if (!ours) {
        out->outcome = OUTCOME_UNKNOWN;
        out->message = arena_printf(out->arena, "the CRL of the CA cannot be used: %s", err.msg);
    }
    return ours;
}
