/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the connector to Sectigo Certificate Manager (SCM) share. Two APIs with the
 * same paths and bodies: the legacy REST API (headers login, password, customerUri; with a client
 * certificate below /private and without password) and the Admin Operations API (OAuth 2.0).
 *
 *     sectigo.c          settings, what they need of each other, the type
 *     sectigo_ops.c      opening; the table of calls, addresses, headers
 *     sectigo_order.c    bodies             sectigo_answer.c   what successes say
 *     sectigo_report.c   the report of orders: search for a lost one, inventory
 *     sectigo_codes.c    codes and states   sectigo_failure.c  what is no success
 */
#ifndef BATCH_CA_SECTIGO_H
#define BATCH_CA_SECTIGO_H

#include "batch/ca/oauth.h"
#include "batch/ca/rest.h"
#include "batch/ca/search.h"
#include "batch/ca/settings.h"
#include "batch/config.h"

/* --- settings --- */
enum { SECTIGO_PASSWORD, SECTIGO_CERTIFICATE, SECTIGO_OAUTH };
enum { SECTIGO_RENEW_BY_ID, SECTIGO_RENEW_ENROLL };
struct sectigo_config {
    const char *url, *customer_uri, *organization_id;
    int auth_mode;
    const char *login;
    struct secret_ref password;
    const char *client_id, *token_url;
    struct secret_ref client_secret;
    const char *default_product;
    int64_t term;
    const char *external_requester, *dcv_mode, *dcv_email;
    struct strings mandatory_custom_fields;
    int renew_mode;
    bool approve, confirm_revocation, legacy_server_fields;
    struct ca_enroll enroll;
    int64_t settle_seconds, inventory_window_days, renewal_window_days;
};
/* The base of all addresses, without a slash at its end: `url` with what people leave out of it,
 * and with /private where the client certificate is the credential. */
const char *sectigo_base(struct arena *a, const struct sectigo_config *c);

/* --- an opened account --- */
struct sectigo {
    const char *base, *token_url;
    struct secret password, client_secret;
    struct oauth oauth;
    struct arena arena;
};
extern const struct ca_ops sectigo_ops;

/* Phases. A poll asks for the certificate first: when it is there, one request was enough. */
enum { POLL_COLLECT, POLL_DETAILS, POLL_APPROVE };
enum { FIND_REPORT, FIND_COLLECT };
enum { REVOKED_BY_ORDER, REVOKED_LIST, REVOKED_LIST_PLAIN, REVOKED_BY_ID };

/* --- one request --- */
typedef bool sectigo_body_fn(const struct rest_asked *q, struct jw *j);
sectigo_body_fn sectigo_put_order, sectigo_put_approve, sectigo_put_decline, sectigo_put_revoke,
    sectigo_put_find, sectigo_put_inventory;
/* The order that a renewal by its number or a reissue goes by; NULL: it is an order like others. */
const char *sectigo_renews(const struct rest_asked *q);
const char *sectigo_reissues(const struct ca_order *o);
/* Of the order's `fields:`, else `otherwise`. */
const char *sectigo_field(const struct ca_order *o, const char *key, const char *otherwise);
/* Of the order, the configuration or the policy's record; NULL: none. */
const char *sectigo_organization(const struct sectigo_config *c, const struct ca_order *o);
/* False (err): an id that is missing or no number; `what` it is the number of. */
bool sectigo_put_id(const struct rest_asked *q, struct buf *b, const char *id, const char *what);
/* How an order is found again: a mark in its comments with our name of the attempt and the key. */
enum { SECTIGO_MARK = 96 };
void sectigo_mark(const struct ca_order *o, const char *client_key, char out[SECTIGO_MARK]);
/* The mark names this attempt; with client_key NULL, this key. */
bool sectigo_mark_fits(const char *comments, const struct ca_order *o, const char *client_key);
/* The number of the reason at SCM; -1: there is none. */
int sectigo_reason(int reason);

/* --- one answer --- */
typedef void sectigo_take_fn(const struct rest_heard *h);
sectigo_take_fn sectigo_token, sectigo_probed, sectigo_sold, sectigo_ordered, sectigo_collected,
    sectigo_tracked, sectigo_approved, sectigo_declined, sectigo_revoked, sectigo_state,
    sectigo_by_serial, sectigo_found, sectigo_key_seen, sectigo_listed;
/* A 4xx: see rest_api.explain. */
void sectigo_explain(const struct rest_heard *h, const struct rest_row *row);
/* HTTP 404 in SCM's own words; without them the address itself is wrong. */
bool sectigo_is_missing(const struct rest_heard *h);
void sectigo_wrong_address(const struct rest_heard *h);
/* The next request of a search, or what it found. */
void sectigo_search_on(const struct rest_heard *h, struct search *s);
bool sectigo_is_number(const char *id);

/* --- codes (sectigo_codes.c) --- */
enum { /* what a code says beyond its outcome */
       SAYS_NOT_READY = 1,
       SAYS_NO_ORDER = 2,
       SAYS_CERT_REVOKED = 4, /* a certificate that cannot be collected any more */
       SAYS_REVOKED = 8,      /* a revocation that was wanted is there already */
       SAYS_FORBIDDEN = 16    /* not for this administrator; perhaps this one thing alone */
};
struct sectigo_code {
    int from, to; /* inclusive */
    enum outcome outcome;
    unsigned says;
    const char *advice; /* NULL: SCM's own words are enough */
};
extern const struct sectigo_code sectigo_codes[]; /* closed by a row with from > to */
const struct sectigo_code *sectigo_code_find(int code);
enum sectigo_class {
    CLASS_PENDING,
    CLASS_APPROVAL, /* waits for a person */
    CLASS_ISSUED,   /* there may be a certificate; only a PEM proves it */
    CLASS_REVOKED,
    CLASS_FAILED,
    CLASS_UNKNOWN
};
/* Of the word in `status`, in any case; NULL and what no table knows: CLASS_UNKNOWN. */
enum sectigo_class sectigo_class(const char *status);

#endif
