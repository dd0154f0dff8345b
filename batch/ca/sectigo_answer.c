/* SPDX-License-Identifier: Apache-2.0
 *
 * What successful answers of Sectigo Certificate Manager say, but for reports. "Issued" is a word;
 * only a certificate that decodes is one.
 */
#include "batch/ca/sectigo.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

bool sectigo_is_missing(const struct rest_heard *h)
{
    return h->reply->http_status == 404;
}

void sectigo_wrong_address(const struct rest_heard *h)
{
    /* the next request would go to the same place, so the CA stops as with a wrong password */
    rest_say(h, OUTCOME_AUTH, "HTTP 404: SCM is not at this address; see url");
}

/* 404 in words of SCM (its own envelope) speaks of the order, any other of the address. */
static bool missing(const struct rest_heard *h, enum outcome outcome)
{
    if (!sectigo_is_missing(h)) {
        return false;
    }
    if (reply_text(h->out->arena, h->body, "description")) {
        rest_say(h, outcome, "HTTP 404: SCM has no such order");
    } else {
        sectigo_wrong_address(h);
    }
    return true;
}

/* --- TOKEN --- */
void sectigo_token(const struct rest_heard *h)
{
    struct sectigo *s = h->own;
    const char *token = json_string_value(reply_member(h->body, "access_token"));
    const uint64_t seconds = reply_number(h->body, "expires_in", OAUTH_SECONDS);
    if (!oauth_take(&s->oauth, token, seconds, h->call, h->out)) {
        rest_say(h, OUTCOME_UNKNOWN, "the token endpoint gave no token");
    }
}

/* --- PROBE, PRODUCTS --- */
static bool orders_ssl(const json_t *organization)
{
    const json_t *types = reply_member(organization, "certTypes");
    for (size_t i = 0; i < json_array_size(types); i++) {
        const char *type = json_string_value(json_array_get(types, i));
        if (type && str_ieq(type, "SSL")) {
            return true;
        }
    }
    return !types;
}

void sectigo_probed(const struct rest_heard *h)
{
    const json_t *api = reply_member(h->body, "sslCertsApiEnabled");
    if (sectigo_is_missing(h)) {
        if (reply_text(h->out->arena, h->body, "description")) {
            rest_say(h, OUTCOME_REFUSED, "SCM has no such organization; see organization_id");
        } else {
            sectigo_wrong_address(h);
        }
    } else if (json_is_array(h->body)) {
        h->out->message = "no organization_id: only that SCM lists its profiles was seen";
    } else if (json_is_false(api)) {
        rest_say(h, OUTCOME_REFUSED,
                 "the organization does not take orders of the REST API: turn on Enable Web/REST "
                 "API in its certificate settings");
    } else if (!orders_ssl(h->body)) {
        rest_say(h, OUTCOME_REFUSED, "the organization does not order SSL certificates");
    }
}

/* "RSA 2048 3072, EC P-256" */
static const char *key_types(struct arena *a, const json_t *profile)
{
    const json_t *all = reply_member(profile, "keyTypes");
    const char *text = NULL;
    const char *name;
    json_t *sizes;
    json_object_foreach((json_t *)(uintptr_t)all, name, sizes)
    {
        text = arena_printf(a, "%s%s%.20s", text ? text : "", text ? ", " : "", name);
        for (size_t i = 0; i < json_array_size(sizes) && i < 8; i++) {
            const char *size = json_string_value(json_array_get(sizes, i));
            text = size ? arena_printf(a, "%s %.20s", text, size) : text;
        }
    }
    return text;
}

/* "90d 199d": an order must have one of them. */
static const char *terms(struct arena *a, const json_t *profile)
{
    const json_t *all = reply_member(profile, "terms");
    const char *text = NULL;
    for (size_t i = 0; i < json_array_size(all) && i < 16; i++) {
        const json_t *days = json_array_get(all, i);
        if (json_is_integer(days)) {
            text = arena_printf(a, "%s%s%lldd", text ? text : "", text ? " " : "",
                                (long long)json_integer_value(days));
        }
    }
    return text;
}

void sectigo_sold(const struct rest_heard *h)
{
    struct ca_result *out = h->out;
    struct arena *a = out->arena;
    if (!json_is_array(h->body)) {
        rest_say(h, OUTCOME_UNKNOWN, "the answer is no list of profiles");
        return;
    }
    out->sold = arena_array(a, json_array_size(h->body), sizeof *out->sold);
    for (size_t i = 0; i < json_array_size(h->body); i++) {
        const json_t *p = json_array_get(h->body, i);
        const char *id = reply_text(a, p, "id");
        if (id) {
            out->sold[out->nsold++] = (struct ca_sold){.code = id,
                                                       .name = reply_text(a, p, "name"),
                                                       .category = key_types(a, p),
                                                       .term = terms(a, p)};
        }
    }
}

/* --- ORDER --- */
/* A reissue has no body and stays in its order. `renewId`, which is a secret, is not read. */
void sectigo_ordered(const struct rest_heard *h)
{
    const struct sectigo_config *c = h->config;
    const char *reissues = sectigo_reissues(h->call->order);
    const char *id = reply_text(h->out->arena, h->body, "sslId");
    if (!id && reissues && h->reply->http_status == 204) {
        id = reissues;
    }
    if (!sectigo_is_number(id)) {
        rest_say(h, OUTCOME_UNKNOWN, "SCM gave the order no number");
        return;
    }
    h->out->order_id = id;
    rest_pending(h, &c->enroll, NULL);
}

/* --- POLL --- */
static void still_pending(const struct rest_heard *h, const char *message)
{
    const struct sectigo_config *c = h->config;
    rest_pending(h, &c->enroll, message);
}

static bool read_certificates(const struct rest_heard *h, struct reply_certs *all)
{
    *all = (struct reply_certs){arena_array(h->out->arena, LIMIT_CHAIN + 1, sizeof *all->v), 0};
    return reply_take_pem(h->out->arena, buf_text(&h->reply->body), all);
}

static bool is_blank(const struct ca_reply *r)
{
    const char *text = buf_text(&r->body);
    return !text[strspn(text, " \t\r\n")];
}

/* What is not there yet comes as HTTP 400 (sectigo_failure.c), or as 200 without a body. */
void sectigo_collected(const struct rest_heard *h)
{
    struct reply_certs all;
    const struct ca_order *o = h->call->order;
    if (missing(h, OUTCOME_UNKNOWN)) {
        return;
    }
    if (is_blank(h->reply)) {
        h->out->phase = POLL_DETAILS;
    } else if (!read_certificates(h, &all) || !all.n) {
        rest_say(h, OUTCOME_UNKNOWN, "the answer holds a certificate that does not decode");
    } else if (sectigo_reissues(o) && !reply_has_key(o, &all)) {
        /* the order has one already, that of the old key */
        still_pending(h, "the certificate of the new key is not there yet");
    } else {
        reply_give(h->out, o, &all);
    }
}

static const char *status_of(const struct rest_heard *h)
{
    return reply_text(h->out->arena, h->body, "status");
}

static const char *waits_for(const struct rest_heard *h, const char *status)
{
    return arena_printf(h->out->arena, "state %.60s: a person has to approve it in SCM", status);
}

void sectigo_tracked(const struct rest_heard *h)
{
    const struct sectigo_config *c = h->config;
    const char *status = status_of(h);
    if (missing(h, OUTCOME_UNKNOWN)) {
        return;
    }
    const enum sectigo_class class = sectigo_class(status);
    const char *shown = status ? arena_printf(h->out->arena, "state %.60s", status) : NULL;
    switch (class) {
    case CLASS_APPROVAL:
        still_pending(h, waits_for(h, status));
        h->out->phase = c->approve ? POLL_APPROVE : 0;
        break;
    case CLASS_PENDING:
        still_pending(h, shown);
        break;
    case CLASS_ISSUED:
        still_pending(h, "it is issued, but cannot be collected yet");
        break;
    case CLASS_REVOKED:
    case CLASS_FAILED:
        rest_say(h, OUTCOME_REFUSED, shown);
        h->out->revoked = class == CLASS_REVOKED;
        break;
    case CLASS_UNKNOWN:
        rest_say(h, OUTCOME_UNKNOWN,
                 status ? arena_printf(h->out->arena, "SCM tells a state that is not known: %.60s",
                                       status)
                        : "SCM tells no state of the order");
        break;
    }
}

void sectigo_approved(const struct rest_heard *h)
{
    still_pending(h, "the order was approved");
}

/* --- REVOKED --- */
void sectigo_state(const struct rest_heard *h)
{
    const struct sectigo_config *c = h->config;
    const char *status = status_of(h);
    if (missing(h, OUTCOME_REFUSED)) {
        return;
    }
    switch (sectigo_class(status)) {
    case CLASS_REVOKED:
        h->out->revoked = true;
        break;
    case CLASS_ISSUED:
        rest_pending(h, &c->enroll, arena_printf(h->out->arena, "state %.60s", status));
        break;
    case CLASS_PENDING:
    case CLASS_APPROVAL:
    case CLASS_FAILED:
        rest_say(h, OUTCOME_REFUSED,
                 arena_printf(h->out->arena, "no certificate was issued: state %.60s", status));
        break;
    case CLASS_UNKNOWN:
        rest_say(h, OUTCOME_UNKNOWN, "SCM tells no state of the order that is known");
        break;
    }
}

/* The list has serial numbers with colons or null, and no states: it only leads to the order. The
 * same serial number of two issuers would be two orders; nothing is guessed then. */
void sectigo_by_serial(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const struct ca_revocation *r = h->call->revoke;
    const char *wanted = r && r->serial ? serial_normal(a, r->serial) : NULL;
    const char *found = NULL;
    size_t n = 0;
    if (!json_is_array(h->body)) {
        rest_say(h, OUTCOME_UNKNOWN, "the answer is no list of certificates");
        return;
    }
    for (size_t i = 0; i < json_array_size(h->body); i++) {
        const json_t *row = json_array_get(h->body, i);
        const char *serial = reply_text(a, row, "serialNumber");
        const char *id = reply_text(a, row, "sslId");
        const char *shown = serial ? serial_normal(a, serial) : NULL;
        if (shown && str_eq(shown, wanted) && sectigo_is_number(id)) {
            found = id;
            n++;
        }
    }
    if (n == 1) {
        h->out->order_id = found;
        h->out->phase = REVOKED_BY_ID;
    } else if (n == 0 && h->call->phase == REVOKED_LIST) {
        h->out->phase = REVOKED_LIST_PLAIN;
    } else if (n > 1) {
        rest_say(h, OUTCOME_REFUSED,
                 "several orders in SCM have this serial number: give `order:`");
    } else {
        /* Revoking by serial number asks SCM itself, and saying it twice changes nothing. */
        h->out->message = "SCM lists no certificate with this serial number";
    }
}

/* --- REVOKE, CANCEL --- */
/* 204 says that SCM has it; the CA behind it may take its time. */
void sectigo_revoked(const struct rest_heard *h)
{
    const struct sectigo_config *c = h->config;
    if (!missing(h, OUTCOME_REFUSED) && c->confirm_revocation) {
        rest_pending(h, &c->enroll, NULL);
    }
}

void sectigo_declined(const struct rest_heard *h)
{
    (void)missing(h, OUTCOME_REFUSED);
}
