/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a certificate revoked? Web enrolment does not say, the CRLs of the CA do, and it hands them
 * out. A CA that was renewed has a certificate and a CRL for each time (certcarc.asp tells how
 * often); the one that counts is that of the issuer of the certificate. One step is up to four
 * requests the first time and one or two later, for the certificates of the CA are remembered:
 *
 *     START    certcarc.asp                       how often was it renewed
 *     ISSUER   certnew.cer?ReqID=CACert&Renewal=K its certificate of that time
 *     BASE     certcrl.crl?Type=base&Renewal=K
 *     DELTA    certcrl.crl?Type=delta&Renewal=K   what was revoked since; may not exist
 *     HELD     the same, for what the base CRL has on hold
 *
 * K travels in `page`. Without the certificate (only its serial number is known) every K is looked
 * at, the newest first. A CRL counts when the CA signed it.
 */
#include "batch/ca/adcs.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/crl.h"
#include "formats/kind.h"

#include <string.h>

enum { START, ISSUER, BASE, DELTA, HELD };

static bool renewal_of(const struct ca_call *call, size_t *out)
{
    uint64_t n = 0;
    if (!call->page || !str_u64(call->page, &n) || n >= ADCS_RENEWALS) {
        return false;
    }
    *out = (size_t)n;
    return true;
}

static bool is_issuer(const struct adcs *c, const struct ca_revocation *v, size_t k)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    struct cert cert;
    return !v->certificate.n ||
           (cert_parse(&a, v->certificate, &cert, &err) && cert_verify(&cert, c->issuers[k], &err));
}

/* The newest renewal not newer than `from` whose CRL may have it: its certificate is not known yet,
 * or it is the issuer. False: there is none. */
static bool next_renewal(const struct adcs *c, const struct ca_revocation *v, size_t from,
                         size_t *out)
{
    for (size_t k = from + 1; k-- > 0;) {
        if (!c->issuers[k] || is_issuer(c, v, k)) {
            *out = k;
            return true;
        }
    }
    return false;
}

/* --- asking --- */
bool adcs_put_revoked(const struct rest_asked *q, struct buf *url)
{
    static const char *const paths[] = {[ISSUER] = "/certnew.cer?ReqID=CACert&Renewal=%zu&Enc=bin",
                                        [BASE] = "/certcrl.crl?Type=base&Renewal=%zu&Enc=bin",
                                        [DELTA] = "/certcrl.crl?Type=delta&Renewal=%zu&Enc=bin",
                                        [HELD] = "/certcrl.crl?Type=delta&Renewal=%zu&Enc=bin"};
    const struct adcs *c = q->own;
    unsigned phase = q->call->phase;
    size_t k = 0;
    if (!q->call->revoke->serial) {
        return err_set(q->err, ERR_INPUT,
                       "a CRL of AD CS has serial numbers: name the certificate by `serial:` or "
                       "`certificate:`, not by `order:`");
    }
    if (phase == START && c->renewals && next_renewal(c, q->call->revoke, c->renewals - 1, &k)) {
        phase = c->issuers[k] ? BASE : ISSUER; /* what the first request would ask is known */
    } else if (phase == START) {
        buf_puts(url, "/certcarc.asp");
        return true;
    } else if (!renewal_of(q->call, &k)) {
        return err_set(q->err, ERR_INTERNAL, "no renewal is asked about");
    }
    const char *at = strstr(paths[phase], "%zu");
    buf_printf(url, "%.*s%zu%s", (int)(at - paths[phase]), paths[phase], k, at + 3);
    return true;
}

/* --- hearing --- */
static void go_on(const struct rest_heard *h, unsigned phase, size_t k)
{
    h->out->phase = phase;
    h->out->next_page = arena_printf(h->out->arena, "%zu", k);
}

static void look_at(const struct rest_heard *h, size_t from)
{
    size_t k = 0;
    const struct adcs *c = h->own;
    if (next_renewal(c, h->call->revoke, from, &k)) {
        go_on(h, c->issuers[k] ? BASE : ISSUER, k);
    } else {
        h->out->outcome = OUTCOME_REFUSED;
        h->out->code = "issuer";
        h->out->message = "none of the CA's own certificates signed this one: it is another CA's";
    }
}

static void take_start(const struct rest_heard *h)
{
    struct adcs *c = h->own;
    uint64_t renewals = 0;
    const struct buf *body = &h->reply->body;
    if (!adcs_page_renewals(c, buf_text(body), body->n, &renewals) || renewals >= ADCS_RENEWALS) {
        rest_say(h, OUTCOME_UNKNOWN, "certcarc.asp does not tell how often the CA was renewed");
        return;
    }
    c->renewals = (size_t)renewals + 1;
    look_at(h, c->renewals - 1);
}

static void take_issuer(const struct rest_heard *h, size_t k)
{
    struct adcs *c = h->own;
    struct reply_certs certs = {0};
    struct err err = ERR_INIT;
    if (!adcs_take_certs(h, &certs) || !certs.v[0].is_ca) {
        rest_say(h, OUTCOME_UNKNOWN, "what should be the CA's own certificate is none");
        return;
    }
    struct cert *own = arena_alloc(&c->arena, sizeof *own);
    const struct span der = certs.v[0].der;
    if (!cert_parse(&c->arena, (struct span){arena_memdup(&c->arena, der.p, der.n), der.n}, own,
                    &err)) {
        rest_say(h, OUTCOME_UNKNOWN, arena_strdup(h->out->arena, err.msg));
        return;
    }
    c->issuers[k] = own;
    look_at(h, k);
}

static void is_revoked(const struct rest_heard *h, bool revoked)
{
    const struct adcs_config *own = h->config;
    h->out->revoked = revoked;
    h->out->again_seconds = own->enroll.max_back_off_seconds;
}

/* No CRL of this renewal has it. What is held and not lifted stays held; else the renewal before is
 * next, when any may have issued it. What shall be lifted and is on no list is lifted. */
static void not_listed(const struct rest_heard *h, unsigned phase, size_t k)
{
    size_t other = 0;
    if (phase == HELD) {
        is_revoked(h, false);
    } else if (!h->call->revoke->certificate.n && k &&
               next_renewal(h->own, h->call->revoke, k - 1, &other)) {
        look_at(h, k - 1);
    } else {
        is_revoked(h, h->call->revoke->reason == REASON_REMOVE_FROM_CRL);
    }
}

/* On hold is revoked only for who asks for that; a delta CRL lists what was lifted, too. */
static void listed(const struct rest_heard *h, const struct crl_entry *e, unsigned phase, size_t k)
{
    const struct adcs_config *own = h->config;
    const int wanted = h->call->revoke->reason;
    const bool held = e->reason == REASON_CERTIFICATE_HOLD;
    if (e->reason == REASON_REMOVE_FROM_CRL) {
        is_revoked(h, wanted == REASON_REMOVE_FROM_CRL);
    } else if (held && phase == BASE && own->delta_crl && wanted != REASON_CERTIFICATE_HOLD) {
        go_on(h, HELD, k); /* what became of it since */
    } else {
        is_revoked(h, wanted != REASON_REMOVE_FROM_CRL &&
                          (!held || wanted == REASON_CERTIFICATE_HOLD));
    }
}

static void take_crl(const struct rest_heard *h, unsigned phase, size_t k)
{
    const struct adcs *c = h->own;
    struct crl crl;
    const struct span body = buf_span(&h->reply->body);
    if (phase >= DELTA && kind_of(body) != KIND_CRL && kind_of(body) != KIND_PEM) {
        not_listed(h, phase, k); /* a page that says so: not every CA publishes them */
        return;
    }
    if (!reply_crl(h->out, &h->reply->body, c->issuers[k], c->issuers[k] ? 1 : 0, &crl)) {
        return;
    }
    const struct crl_entry *e = crl_find(&crl, h->call->revoke->serial);
    const struct adcs_config *own = h->config;
    if (e) {
        listed(h, e, phase, k);
    } else if (phase == BASE && own->delta_crl) {
        go_on(h, DELTA, k);
    } else {
        not_listed(h, phase, k);
    }
}

/* The first request may have been for any of them: the body tells. */
static void take_first(const struct rest_heard *h)
{
    const struct adcs *c = h->own;
    const struct span body = buf_span(&h->reply->body);
    const enum input_kind kind = kind_of(body);
    size_t k = 0;
    const bool known = c->renewals && next_renewal(c, h->call->revoke, c->renewals - 1, &k);
    if (known && kind == KIND_CRL) {
        take_crl(h, BASE, k);
    } else if (known && kind == KIND_CERT) {
        take_issuer(h, k);
    } else {
        take_start(h);
    }
}

void adcs_take_revoked(const struct rest_heard *h)
{
    size_t k = 0;
    if (h->call->phase == START) {
        take_first(h);
    } else if (!renewal_of(h->call, &k)) {
        rest_say(h, OUTCOME_UNKNOWN, "no renewal was asked about");
    } else if (h->call->phase == ISSUER) {
        take_issuer(h, k);
    } else {
        take_crl(h, h->call->phase, k);
    }
}
