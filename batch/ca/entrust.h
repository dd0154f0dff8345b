/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of the Entrust CA Gateway connector; only entrust*.c and its tests include this.
 *
 *   entrust.c          settings
 *   entrust_ops.c      the table of calls, errors, the CA behind the gateway, profiles
 *   entrust_order.c    enrolment
 *   entrust_lookup.c   the way from an order to its certificate: POLL and FIND
 *   entrust_events.c   the event feed: INVENTORY
 *   entrust_revoke.c   actions on a certificate and its state
 *
 * The gateway has no order numbers. What is issued is named by the serial number, as the gateway
 * writes it; an enrolment that was accepted and not done (HTTP 202) by the id the gateway gave it,
 * or by "spki:" and the key it is for. Hexadecimal digits alone are a serial number.
 */
#ifndef BATCH_CA_ENTRUST_H
#define BATCH_CA_ENTRUST_H

#include "batch/ca/rest.h"
#include "batch/ca/search.h"
#include "batch/ca/settings.h"
#include "batch/config.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/base/yaml.h"

struct entrust_profile {
    const char *id;
    struct strings subject_variables, sans, properties;
};
struct entrust_config {
    const char *url, *ca_id, *connector, *profile_id, *format, *validity_period;
    const char *renewal_serial_property, *ca_client_id;
    bool include_ca, use_san_from_csr, subject_lookup, issue_crl;
    struct objects profiles; /* struct entrust_profile */
    struct ca_enroll enroll;
    int64_t page_size, serial_digits, settle_seconds, renewal_window_days;
};

/* What is learned of the account. */
struct entrust {
    struct arena arena;
    const char *base;
    bool asked_chain;
    struct span *chain; /* DER: of the CA behind the gateway, when it was asked for */
    size_t nchain;
};

extern const struct ca_ops entrust_ops;

/* Phases of POLL and FIND after 0, which takes the shortest way. */
enum { LOOK_CERTIFICATE = 1, LOOK_EVENTS, LOOK_CHAIN };
enum { LIST_ROWS = 1 };
enum { PROBE_LIST = 1 };

/* --- entrust_ops.c --- */
/* "/v1/certificate-authorities/ID": of the order, else of the configuration. False: none. */
bool entrust_put_ca(const struct rest_asked *q, struct buf *url) MUST_USE;
/* An answer that is no ErrorResponse; else it is said, and what it means is not known. */
bool entrust_is_good(const struct rest_heard *h) MUST_USE;
void entrust_unknown(const struct rest_heard *h, const char *why);
/* Text of `fields:` of the order, else `otherwise`. */
const char *entrust_field(const struct ca_order *o, const char *name, const char *otherwise);
bool entrust_is_serial(const char *text) MUST_USE;
void entrust_put_query(struct buf *url, char first, const char *name, const char *value);

/* --- certificates in answers: base64 of DER or PEM --- */
bool entrust_take_cert(struct arena *a, const char *text, struct reply_certs *to) MUST_USE;
/* `chain`: texts, or objects with certificateData. */
void entrust_take_chain(struct arena *a, const json_t *chain, struct reply_certs *to);
void entrust_take_known(const struct entrust *own, struct arena *a, struct reply_certs *to);

/* --- entrust_order.c --- */
bool entrust_put_enrollments(const struct rest_asked *q, struct buf *url);
bool entrust_put_order(const struct rest_asked *q, struct jw *j);
void entrust_take_order(const struct rest_heard *h);
/* The subject as RFC 4514 writes it: that of the order, or the one it gives as a field. */
const char *entrust_subject(struct arena *a, const struct ca_order *o);

/* --- entrust_lookup.c --- */
bool entrust_put_look(const struct rest_asked *q, struct buf *url);
bool entrust_put_candidate(const struct rest_asked *q, struct buf *url);
bool entrust_put_recent(const struct rest_asked *q, struct buf *url);
bool entrust_put_chain(const struct rest_asked *q, struct buf *url);
void entrust_take_look(const struct rest_heard *h);
void entrust_take_candidate(const struct rest_heard *h);
void entrust_take_recent(const struct rest_heard *h);
void entrust_take_ca(const struct rest_heard *h);

/* --- entrust_events.c --- */
/* Query of the feed; `index`: of a later page, or NULL. */
void entrust_put_feed(const struct rest_asked *q, struct buf *url, int64_t since,
                      const char *index);
/* False: the answer is no page of the feed (said). *index NULL: it was the last. */
bool entrust_read_feed(const struct rest_heard *h, const json_t **events,
                       const char **index) MUST_USE;
bool entrust_put_events(const struct rest_asked *q, struct buf *url);
void entrust_take_states(const struct rest_heard *h);
void entrust_take_rows(const struct rest_heard *h);

/* --- entrust_revoke.c --- */
bool entrust_put_certificate(const struct rest_asked *q, struct buf *url);
bool entrust_put_actions(const struct rest_asked *q, struct buf *url);
bool entrust_put_action(const struct rest_asked *q, struct jw *j);
void entrust_take_action(const struct rest_heard *h);
void entrust_take_state(const struct rest_heard *h);
enum entrust_state { ENTRUST_GOOD, ENTRUST_HELD, ENTRUST_REVOKED, ENTRUST_EXPIRED };
/* Of `certificate` in a CertificateResponse. */
enum entrust_state entrust_state_of(struct arena *a, const json_t *certificate);

#endif
