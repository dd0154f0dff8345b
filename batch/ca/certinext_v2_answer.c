/* SPDX-License-Identifier: Apache-2.0
 *
 * What successful replies of the V2 API (REST) say, but for lists. A failure never gets here: the
 * reply as a whole was judged in certinext_v2.c. Without a body there was none, or the failure
 * means that there is nothing yet.
 *
 * "issued" is a word; only a certificate that decodes is one.
 */
#include "batch/ca/certinext_v2.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/cert.h"

#include <string.h>

/* --- PROBE --- */
/* Orders placed with the credential of another account would be that account's. */
void certinext_v2_me(const struct certinext_heard *h)
{
    const char *account = reply_text(h->out->arena, h->body, "accountNumber");
    if (!account) {
        certinext_unknown(h, "the reply does not tell the account");
    } else if (!str_eq(account, h->config->account_number)) {
        certinext_say(h, OUTCOME_AUTH,
                      arena_printf(h->out->arena,
                                   "the credential is one of account %.32s, account_number is %s",
                                   account, h->config->account_number));
    }
}

void certinext_v2_catalogue(const struct certinext_heard *h)
{
    const json_t *groups = reply_member(h->body, "products");
    if (!json_is_array(groups)) {
        certinext_unknown(h, "the reply is no catalogue");
        return;
    }
    certinext_read_catalogue(h, groups);
}

/* --- ORDER --- */
enum { ID_MOST = 64 };

static bool usable_id(const char *id)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const size_t n = id ? strlen(id) : 0;
    return n && n <= ID_MOST && strspn(id, plain) == n;
}

/* A reissue goes on under the number of the order it belongs to, told or not. */
void certinext_v2_ordered(const struct certinext_heard *h)
{
    struct arena *a = h->out->arena;
    const char *request = reply_text(a, h->body, "requestId");
    const char *told = reply_text(a, h->body, "orderId");
    const char *id = told ? told : certinext_v2_prior(h->own, h->call->order);
    if (!usable_id(id)) {
        certinext_unknown(h, arena_printf(a, "CERTInext gave the order no number%s%.64s",
                                          request ? ", only the request number " : "",
                                          request ? request : ""));
        return;
    }
    h->out->order_id = id;
    h->out->pending = true;
    h->out->again_seconds = h->config->pickup.first_seconds;
}

/* --- the state of an order --- */
struct state {
    struct certinext_status status;
    const char *word;  /* as told; NULL: no state was told */
    const char *shown; /* "Order Accepted, Pending for Approver" */
    const char *open;  /* names whose validation is open */
    enum certinext_class revocation;
};

enum { OPEN_NAMES = 10 };

static int domain_state(const char *word)
{
    return word && str_ieq(word, "VERIFIED")   ? DOMAIN_VALIDATED
           : word && str_ieq(word, "REJECTED") ? DOMAIN_REJECTED
                                               : DOMAIN_OPEN;
}

/* The status that sums them up is often wrong, so it is not looked at. */
static void read_domains(const struct certinext_heard *h, struct state *s)
{
    struct ca_result *out = h->out;
    struct arena *a = out->arena;
    size_t open = 0;
    const json_t *all =
        reply_member(reply_member(reply_member(h->body, "verifications"), "domain"), "domains");
    out->domains = arena_array(a, json_array_size(all), sizeof *out->domains);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *d = json_array_get(all, i);
        const char *name = reply_text(a, d, "domain");
        struct ca_domain *to = &out->domains[out->ndomains];
        if (!name) {
            continue;
        }
        *to = (struct ca_domain){.name = name};
        to->state = domain_state(reply_text(a, d, "dcvStatus"));
        out->ndomains++;
        if (to->state != DOMAIN_VALIDATED && open++ < OPEN_NAMES) {
            s->open = s->open ? arena_printf(a, "%s, %.253s", s->open, name)
                              : arena_printf(a, "%.253s", name);
        }
    }
    if (open > OPEN_NAMES) {
        s->open = arena_printf(a, "%s and %zu more", s->open, open - OPEN_NAMES);
    }
}

static void read_state(const struct certinext_heard *h, struct state *s)
{
    struct arena *a = h->out->arena;
    const char *order = reply_text(a, h->body, "orderState");
    const char *certificate = reply_text(a, h->body, "certificateState");
    const json_t *revocation = reply_member(h->body, "revocation");
    *s = (struct state){.word = reply_text(a, h->body, "status")};
    s->status = certinext_word_status(s->word);
    s->revocation = certinext_text_class(reply_text(a, revocation, "status"));
    s->shown = order || certificate
                   ? arena_printf(a, "%.100s%s%.100s", order ? order : "",
                                  order && certificate ? ", " : "", certificate ? certificate : "")
               : s->status.text ? s->status.text
               : s->word        ? arena_printf(a, "state %.100s", s->word)
                                : NULL;
}

static bool is_revoked(const struct state *s)
{
    return s->status.class == CLASS_REVOKED || s->revocation == CLASS_REVOKED;
}

/* --- POLL --- */
static bool told_false(const json_t *object, const char *name)
{
    return json_is_false(reply_member(object, name));
}

/* What the order waits for and we have: the phase that hands it in, else 0. A CSR is not shown as
 * missing by every family; one that is there already is refused, which changes nothing. */
static unsigned missing_part(const struct certinext_heard *h, const struct state *s)
{
    const struct ca_order *o = h->call->order;
    const json_t *agreement = reply_member(h->body, "subscriberAgreement");
    if (!o || !s->word) {
        return 0;
    }
    if (str_ieq(s->word, "pending-csr") && !json_is_true(reply_member(h->body, "csrSubmitted"))) {
        return POLL_CSR;
    }
    if (str_ieq(s->word, "pending-agreement") && told_false(agreement, "signed") &&
        certinext_order_flag(o, "accept_agreement", true)) {
        return POLL_AGREEMENT;
    }
    return 0;
}

static const char *pending_text(const struct certinext_heard *h, const struct state *s)
{
    struct arena *a = h->out->arena;
    const bool interim = json_is_true(reply_member(h->body, "interimDvIssued"));
    if (s->status.class == CLASS_ATTENTION) {
        return arena_printf(a, "%s; a person has to act", s->shown);
    }
    if (s->open) {
        return arena_printf(a, "%s; domain control validation is open for %s%s", s->shown, s->open,
                            h->config->dcv.enabled ? "" : " (dcv is not enabled)");
    }
    return interim ? arena_printf(a, "%s; until then there is a DV certificate", s->shown)
                   : s->shown;
}

void certinext_v2_tracked(const struct certinext_heard *h)
{
    struct state s;
    read_state(h, &s);
    if (!s.word) {
        certinext_unknown(h, "the reply tells no state of the order");
        return;
    }
    read_domains(h, &s);
    switch (is_revoked(&s) ? CLASS_REVOKED : s.status.class) {
    case CLASS_DOWNLOAD:
    case CLASS_EXPIRED:
        h->out->phase = POLL_FETCH;
        h->out->message = s.shown;
        break;
    case CLASS_FAILED:
    case CLASS_REVOKED:
        certinext_say(h, OUTCOME_REFUSED, s.shown);
        h->out->revoked = is_revoked(&s);
        break;
    case CLASS_PENDING:
    case CLASS_ATTENTION:
    case CLASS_UNKNOWN:
        certinext_still_pending(h, pending_text(h, &s));
        h->out->phase = missing_part(h, &s);
        h->out->wants_csr = h->out->phase == POLL_CSR;
        break;
    }
}

/* What was handed in shows when the order is looked at again. */
void certinext_v2_handed_in(const struct certinext_heard *h)
{
    certinext_still_pending(h, "what the order waited for was handed in");
    h->out->again_seconds = h->config->pickup.first_seconds;
}

/* --- certificates --- */
static bool read_certificates(const struct certinext_heard *h, struct reply_certs *all)
{
    struct arena *a = h->out->arena;
    const json_t *chain = reply_member(h->body, "chainPem");
    *all = (struct reply_certs){arena_array(a, LIMIT_CHAIN + 1, sizeof *all->v), 0};
    if (!reply_take_pem(h->out->arena, reply_text(a, h->body, "certificatePem"), all)) {
        return false;
    }
    /* without its chain a certificate is still the one that was ordered */
    bool more = reply_take_pem(h->out->arena, reply_text(a, h->body, "chainPem"), all);
    for (size_t i = 0; more && i < json_array_size(chain); i++) {
        more = reply_take_pem(h->out->arena, json_string_value(json_array_get(chain, i)), all);
    }
    return true;
}

void certinext_v2_fetched(const struct certinext_heard *h)
{
    struct reply_certs all;
    const struct ca_order *o = h->call->order;
    if (!reply_text(h->out->arena, h->body, "certificatePem")) {
        certinext_still_pending(h, "the certificate is not there yet");
    } else if (!read_certificates(h, &all) || !all.n) {
        certinext_unknown(h, "the reply holds a certificate that does not decode");
    } else if (certinext_v2_prior(h->own, o) && !reply_has_key(o, &all)) {
        /* the order has one already, that of the old key */
        certinext_still_pending(h, "the certificate of the new key is not there yet");
    } else {
        reply_give(h->out, h->call->order, &all);
    }
}

/* --- REVOKED, REVOKE --- */
static void remember(const struct certinext_heard *h)
{
    struct strlist *place = &h->own->places[h->call->phase];
    const char *id = h->call->revoke ? h->call->revoke->order : NULL;
    if (h->call->phase != FAMILY_SSL && id && !strlist_has(place, id)) {
        VEC_PUSH(place, arena_strdup(&h->own->arena, id));
    }
}

void certinext_v2_state(const struct certinext_heard *h)
{
    struct state s;
    read_state(h, &s);
    if (!s.word) {
        certinext_unknown(h, "the reply tells no state of the order");
        return;
    }
    remember(h);
    const enum certinext_class class = s.status.class;
    h->out->message = s.shown;
    h->out->revoked = is_revoked(&s);
    if (h->out->revoked) {
        return;
    }
    if (class == CLASS_FAILED || class == CLASS_PENDING || class == CLASS_ATTENTION) {
        certinext_say(h, OUTCOME_REFUSED,
                      arena_printf(h->out->arena, "no certificate was issued: %s", s.shown));
    } else if (s.revocation == CLASS_PENDING) {
        certinext_look_again(h);
    } else if (s.revocation == CLASS_FAILED && h->call->attempt) {
        certinext_say(h, OUTCOME_REFUSED, /* by whoever approves revocations */
                      arena_printf(h->out->arena, "the revocation was rejected: %s", s.shown));
    }
}

/* A revocation may have to be approved: that it was asked for does not mean that it is done. */
void certinext_v2_revocation(const struct certinext_heard *h)
{
    h->out->pending = true;
    h->out->again_seconds = h->config->pickup.first_seconds;
}

/* CANCEL: success is all there is. */
void certinext_v2_done(const struct certinext_heard *h UNUSED)
{
}

/* --- CHALLENGE, VALIDATE --- */
static void not_open_yet(const struct certinext_heard *h)
{
    certinext_still_pending(h, "CERTInext has not opened the validation yet");
}

/* `token`, or the challenge of the method we have in a list of all. */
static const char *token_of(const struct certinext_heard *h)
{
    struct arena *a = h->out->arena;
    const json_t *all = reply_member(h->body, "challenges");
    const char *token = reply_text(a, h->body, "token");
    for (size_t i = 0; !token && i < json_array_size(all); i++) {
        const json_t *c = json_array_get(all, i);
        const char *method = reply_text(a, c, "method");
        if (method && str_ieq(method, "dns-txt")) {
            token = certinext_first(reply_text(a, c, "token"), reply_text(a, c, "txtToken"));
        }
    }
    return token;
}

void certinext_v2_challenge(const struct certinext_heard *h)
{
    if (!h->body) {
        not_open_yet(h);
        return;
    }
    h->out->record_value = token_of(h);
    if (!h->out->record_value) {
        certinext_unknown(h, "the reply holds no token for a TXT record");
    }
}

void certinext_v2_validated(const struct certinext_heard *h)
{
    const char *status = reply_text(h->out->arena, h->body, "overallStatus");
    if (!h->body && h->reply->http_status >= 400) {
        not_open_yet(h);
    } else if (status) {
        h->out->message = arena_printf(h->out->arena, "validation: %.100s", status);
    }
}
