/* SPDX-License-Identifier: Apache-2.0
 *
 * Actions on a certificate: revocation, hold and its release, and the state that tells whether
 * they are done. Certificates are named by serial number.
 *
 * certificateHold (6) is HoldAction and removeFromCRL (8) is UnholdAction: a certificate that is to
 * be released is done when it is not on hold any more. What was revoked for good cannot be
 * released (RFC 5280, 5.3.1).
 */
#include "batch/ca/entrust.h"

#include "formats/crl.h"

#include <string.h>

static const struct action {
    int reason;
    const char *type, *word;
} actions[] = {
    {REASON_UNSPECIFIED, "RevokeAction", "unspecified"},
    {REASON_KEY_COMPROMISE, "RevokeAction", "keyCompromise"},
    {REASON_CA_COMPROMISE, "RevokeAction", "caCompromise"},
    {REASON_AFFILIATION_CHANGED, "RevokeAction", "affiliationChanged"},
    {REASON_SUPERSEDED, "RevokeAction", "superseded"},
    {REASON_CESSATION_OF_OPERATION, "RevokeAction", "cessationOfOperation"},
    {REASON_CERTIFICATE_HOLD, "HoldAction", "certificateHold"},
    {REASON_REMOVE_FROM_CRL, "UnholdAction", NULL},
    {REASON_PRIVILEGE_WITHDRAWN, "RevokeAction", "privilegeWithdrawn"},
    {REASON_AA_COMPROMISE, "RevokeAction", "aaCompromise"},
};

static const struct action *action_of(int reason)
{
    for (size_t i = 0; i < NITEMS(actions); i++) {
        if (actions[i].reason == reason) {
            return &actions[i];
        }
    }
    return NULL;
}

/* --- which certificate --- */
/* A serial number of the gateway's own writing is sent as it is. Those of a manifest go in lower
 * case, as the gateway's samples have them, with zeros in front where it wants them. */
static const char *serial_of(const struct rest_asked *q)
{
    const struct entrust_config *c = q->config;
    const struct ca_revocation *r = q->call->revoke;
    struct arena *a = q->out->arena;
    if (r && entrust_is_serial(r->order)) {
        return r->order;
    }
    if (!r || !r->serial || !*r->serial) {
        return NULL;
    }
    const char *lower = str_lower(a, r->serial);
    const size_t n = strlen(lower), want = (size_t)c->serial_digits;
    const char zeros[] = "0000000000000000000000000000000000000000";
    return n < want ? arena_printf(a, "%.*s%s", (int)(want - n), zeros, lower) : lower;
}

bool entrust_put_certificate(const struct rest_asked *q, struct buf *url)
{
    const char *serial = serial_of(q);
    if (!serial) {
        return err_set(q->err, ERR_INPUT,
                       "the gateway knows certificates by serial number: give `serial:` or the "
                       "certificate itself");
    }
    const bool named = entrust_put_ca(q, url);
    buf_puts(url, "/certificates/");
    request_put_escaped(url, serial);
    return named;
}

/* --- the action --- */
bool entrust_put_actions(const struct rest_asked *q, struct buf *url)
{
    const bool named = entrust_put_certificate(q, url);
    buf_puts(url, "/actions");
    return named;
}

static bool is_compromise(int reason)
{
    return reason == REASON_KEY_COMPROMISE || reason == REASON_CA_COMPROMISE;
}

bool entrust_put_action(const struct rest_asked *q, struct jw *j)
{
    const struct entrust_config *c = q->config;
    const struct ca_revocation *r = q->call->revoke;
    const struct action *action = r ? action_of(r->reason) : NULL;
    if (!action) {
        return err_set(q->err, ERR_INPUT, "the gateway has no word for the reason %s",
                       revocation_reason_name(r ? r->reason : REASON_NONE));
    }
    jw_object(j, "action");
    jw_str(j, "type", action->type);
    rest_put(j, "reason", action->word);
    rest_put(j, "comment", r->comment);
    if (is_compromise(r->reason) && r->invalidity_date > 0) {
        char date[TIME_TEXT];
        time_format(r->invalidity_date, date);
        jw_str(j, "compromiseDate", date);
    }
    if (c->issue_crl) {
        jw_str(j, "issueCrl", "true"); /* a string, as the official clients send it */
    }
    jw_bool(j, "succeedIfAlreadyInRequestedState", true);
    jw_end(j);
    return true;
}

static void still_waits(const struct rest_heard *h, const char *message)
{
    const struct entrust_config *c = h->config;
    rest_pending(h, &c->enroll, message);
}

/* REJECTED comes with a status of success. */
void entrust_take_action(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const json_t *action = reply_member(h->body, "action");
    const char *status = reply_text(a, action, "status");
    const bool later = h->reply->http_status == 201 || h->reply->http_status == 202;
    if (!entrust_is_good(h)) {
        return;
    }
    if (str_ieq(status, "COMPLETED")) {
        return;
    }
    if (str_ieq(status, "REJECTED")) {
        rest_say(h, OUTCOME_REFUSED, "the action was rejected");
    } else if (str_ieq(status, "ACCEPTED") || later) {
        still_waits(h, "the gateway took the action and has not carried it out yet");
    } else {
        entrust_unknown(h, status ? "the state of the action means nothing"
                                  : "the answer tells no state of the action");
    }
}

/* --- the state of a certificate --- */
static const struct {
    const char *word;
    enum entrust_state state;
} states[] = {
    {"normal", ENTRUST_GOOD}, {"revoked", ENTRUST_REVOKED}, {"held", ENTRUST_HELD},
    {"hold", ENTRUST_HELD},   {"suspended", ENTRUST_HELD},  {"expired", ENTRUST_EXPIRED},
};

/* Public CAs behind the gateway tell no status: then a revocation that is described is one. */
enum entrust_state entrust_state_of(struct arena *a, const json_t *certificate)
{
    const char *word = reply_text(a, certificate, "status");
    const json_t *revocation = reply_member(certificate, "revocationInfo");
    for (size_t i = 0; word && i < NITEMS(states); i++) {
        if (str_ieq(states[i].word, word)) {
            return states[i].state;
        }
    }
    if (!json_is_object(revocation)) {
        return ENTRUST_GOOD;
    }
    return str_ieq(reply_text(a, revocation, "reason"), "certificateHold") ? ENTRUST_HELD
                                                                           : ENTRUST_REVOKED;
}

void entrust_take_state(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const json_t *certificate = reply_member(h->body, "certificate");
    const int reason = h->call->revoke ? h->call->revoke->reason : REASON_NONE;
    if (!entrust_is_good(h)) {
        return;
    }
    if (!json_is_object(certificate)) {
        entrust_unknown(h, "the answer is no certificate of the gateway");
        return;
    }
    const enum entrust_state state = entrust_state_of(a, certificate);
    const char *word = reply_text(a, certificate, "status");
    h->out->message = word ? arena_printf(a, "the certificate is %.40s", word) : NULL;
    if (reason == REASON_REMOVE_FROM_CRL && state == ENTRUST_REVOKED) {
        rest_say(h, OUTCOME_REFUSED, "the certificate is revoked for good and not on hold");
    } else if (reason == REASON_REMOVE_FROM_CRL) {
        h->out->revoked = state != ENTRUST_HELD;
    } else {
        h->out->revoked = state == ENTRUST_REVOKED ||
                          (reason == REASON_CERTIFICATE_HOLD && state == ENTRUST_HELD);
    }
    if (!h->out->revoked && h->out->outcome == OUTCOME_ACCEPTED) {
        still_waits(h, h->out->message);
    }
}
