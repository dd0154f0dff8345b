/* SPDX-License-Identifier: Apache-2.0
 *
 * A connector to an HTTP API as a table: for each step and phase one row says what is asked and how
 * its answer is read. The walk over the table is written once, here; so is what every API has in
 * common: address, digest, content type, a body that is JSON or none, states of HTTP that decide by
 * themselves, and what a refusal means for a step that may have bought something.
 *
 *     static const struct rest_row rows[STEP__MAX][REST_PHASES] = {
 *         [STEP_ORDER] = {{"POST", put_order_path, put_order, take_order, OUTCOME_REFUSED, 0}},
 *         ...
 *     };
 *     static const struct rest_api api = {"DigiCert", rows, put_headers, explain};
 *     request: return rest_request(&api, ca, base, call, out, err);
 *     answer:  rest_answer(&api, ca, call, reply, result);
 *
 * Pure, like all of a connector. Texts live in the arena of the request or of the result.
 */
#ifndef BATCH_CA_REST_H
#define BATCH_CA_REST_H

#include "batch/ca/reply.h"
#include "batch/ca/request.h"
#include "formats/base/json.h"

enum { REST_PHASES = 8 };

/* One request being written. */
struct rest_asked {
    const struct ca *ca;
    const void *config; /* the connector's own configuration */
    void *own;          /* ca->state */
    const struct ca_call *call;
    struct ca_request *out;
    struct err *err;
};
/* One answer being read. */
struct rest_heard {
    const struct ca *ca;
    const void *config;
    void *own;
    const struct ca_call *call;
    const struct ca_reply *reply;
    const json_t *body; /* an object or an array; NULL: there is none, or not JSON */
    struct ca_result *out;
};

enum {                    /* flags of a row */
       REST_TEXT = 1,     /* the answer is no JSON: `take` reads reply->body itself */
       REST_EMPTY = 2,    /* a success may come without a body (204) */
       REST_BY_ORDER = 4, /* 404 means that there is no such thing, and goes to `take` */
       REST_FORM = 8      /* application/x-www-form-urlencoded, body by `put_text` */
};

struct rest_row {
    const char *method; /* NULL: there is no such row */
    /* The address, behind the base; false: err says what is missing. */
    bool (*put_path)(const struct rest_asked *q, struct buf *url);
    /* Members of a JSON object; NULL: no body. */
    bool (*put_json)(const struct rest_asked *q, struct jw *j);
    /* 200 to 299, and 404 with REST_BY_ORDER. */
    void (*take)(const struct rest_heard *h);
    /* What a refusal in the API's own words means. A read that is refused says nothing about the
     * order: OUTCOME_UNKNOWN. */
    enum outcome refused;
    unsigned flags;
    /* A body that is no JSON object, or NULL. */
    bool (*put_text)(const struct rest_asked *q, struct buf *b);
};
struct rest_api {
    const char *title; /* who answers, in messages */
    const struct rest_row (*rows)[REST_PHASES];
    /* Headers of every request, secret ones too. NULL: none beyond Accept and Content-Type. */
    bool (*put_headers)(const struct rest_asked *q);
    /* A 4xx that HTTP does not decide: code, message and, where the API's codes say more than the
     * row, the outcome. Called with out->outcome set to row->refused; when the step changes
     * something and there is no JSON, to OUTCOME_UNKNOWN. NULL: the status is said. */
    void (*explain)(const struct rest_heard *h, const struct rest_row *row);
    const char *accept;       /* NULL: application/json */
    const char *content_type; /* NULL: application/json */
};

/* NULL: the CA has no such step or phase. */
const struct rest_row *rest_row_of(const struct rest_api *api, const struct ca_call *call);
/* `base`: without a slash at its end. A path that begins with "https://" or "http://" stands for
 * itself (an address that the CA gave). */
bool rest_request(const struct rest_api *api, const struct ca *ca, const char *base,
                  const struct ca_call *call, struct ca_request *out, struct err *err) MUST_USE;
void rest_answer(const struct rest_api *api, const struct ca *ca, const struct ca_call *call,
                 const struct ca_reply *reply, struct ca_result *out);
/* The same for an API that is one part of a connector: what its rows get as `config` and `own`. */
struct rest_part {
    const void *config;
    void *own;
};
bool rest_part_request(const struct rest_api *api, struct rest_part part, const struct ca *ca,
                       const char *base, const struct ca_call *call, struct ca_request *out,
                       struct err *err) MUST_USE;
void rest_part_answer(const struct rest_api *api, struct rest_part part, const struct ca *ca,
                      const struct ca_call *call, const struct ca_reply *reply,
                      struct ca_result *out);

/* "Name: value", of the request's arena; for put_headers. */
bool rest_header(const struct rest_asked *q, const char *name, const char *value) MUST_USE;
/* A member, unless its value is NULL or empty. */
void rest_put(struct jw *j, const char *key, const char *value);
/* The outcome with a message of ours; for take. */
void rest_say(const struct rest_heard *h, enum outcome outcome, const char *message);

/* Pending: when to look again, and whether this run has looked often enough. The n-th wait is
 * back_off^n seconds, at most max_back_off, and max_attempts waits are followed by a look each; see
 * struct ca_enroll in settings.h. The answer to an order that is pending begins the first wait, so
 * that by default looks come after 2, 4, 8, 16 and 32 seconds, which is the retrieval rule of
 * Entrust's CA Gateway. */
struct ca_enroll;
void rest_pending(const struct rest_heard *h, const struct ca_enroll *e, const char *message);

#endif
