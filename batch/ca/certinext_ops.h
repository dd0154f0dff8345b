/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the CERTInext connector share: the opened CA, one request being written, one
 * answer being read, and the tables of what codes mean (certinext_codes.c). The ops themselves and
 * the table of which step is which call of which API are in certinext_ops.c.
 */
#ifndef BATCH_CA_CERTINEXT_OPS_H
#define BATCH_CA_CERTINEXT_OPS_H

#include "batch/ca/certinext.h"
#include "formats/base/json.h"
#include "formats/base/json_in.h"

extern const struct ca_ops certinext_ops;
enum {
    CERTINEXT_CAPS =
        CA_PUBLIC | CA_ORDER | CA_REVOKE | CA_FIND | CA_CANCEL | CA_INVENTORY | CA_PRODUCTS | CA_DCV
};

/* --- an opened CA --- */
struct certinext {
    const struct certinext_config *config;
    const char *base; /* without a slash at its end */
    struct secret access_key, client_secret, token;
    int64_t token_until; /* TIME_NONE: there is none */
    struct arena arena;
};
/* SHA-256 of access key, ts and txn one after another, in lower-case hex; no HMAC. */
void certinext_auth_key(const struct secret *access_key, const char *ts, const char *txn,
                        char out[SHA256_HEX]);

/* --- one request --- */
struct certinext_asked {
    const struct ca *ca;
    const struct certinext *own;
    const struct certinext_config *config;
    const struct ca_call *call;
    struct ca_request *out;
    struct err *err;
};
typedef bool certinext_request_fn(const struct certinext_asked *q, struct jw *j);

/* --- one answer --- */
struct certinext_heard {
    struct certinext *own;
    const struct certinext_config *config;
    const struct ca_call *call;
    const struct ca_reply *reply;
    const json_t *body; /* an object; of a success */
    struct ca_result *out;
};
typedef void certinext_answer_fn(const struct certinext_heard *h);

/* One call of one API: a step, or one phase of it. */
struct certinext_row {
    const char *path; /* below the base */
    certinext_request_fn *request;
    certinext_answer_fn *answer;
    /* What a refusal means for the step. A read that is refused says nothing about the order. */
    enum outcome refused;
    bool by_order; /* HTTP 404 means that there is no such order, not that the address is wrong */
};
enum { CERTINEXT_PHASES = 3 };
extern const struct certinext_row certinext_v1[STEP__MAX][CERTINEXT_PHASES];

/* Phases of FIND beyond 0, and of POLL. */
enum { FIND_REPORT = 0, FIND_TRACK = 1, FIND_NEXT_REPORT = 2, POLL_TRACK = 0, POLL_FETCH = 1 };
/* Where a search stands, as text between its phases: "2/3;4711,4712;4713" is page 2 of 3, two
 * candidates still to be looked at, one hit. */
struct certinext_search {
    uint64_t page, pages;
    struct strlist todo, hits;
};
bool certinext_search_read(struct arena *a, const char *text,
                           struct certinext_search *out) MUST_USE;
const char *certinext_search_write(struct arena *a, const struct certinext_search *s);
void certinext_search_release(struct certinext_search *s);

/* `fields:` of the order, else `otherwise`. Paths have one dot at most. NULL: neither is said. */
const char *certinext_order_text(const struct ca_order *o, const char *path, const char *otherwise);
bool certinext_order_flag(const struct ca_order *o, const char *path, bool otherwise);

/* The same for a setting whose configured value is at hand. */
const char *certinext_setting_of(const struct certinext_asked *q, const char *path,
                                 const char *configured);
/* The primary name of an order; NULL: it has none. */
const char *certinext_domain(const struct ca_order *o);
/* What a private product is ordered by is another call; how signing and S/MIME products are
 * ordered is not published. */
enum certinext_family { FAMILY_SSL, FAMILY_PRIVATE, FAMILY_OTHER };
enum certinext_family certinext_family_of(const struct certinext_asked *q,
                                          const struct product_info **product);

bool certinext_blank(const char *s) MUST_USE;              /* NULL, empty or white */
const char *certinext_first(const char *a, const char *b); /* that is not blank, else NULL */
/* A member, unless its value is blank; numbers and flags ("1", "0") as text. */
void certinext_put(struct jw *j, const char *key, const char *value);
void certinext_put_flag(struct jw *j, const char *key, bool value);
void certinext_put_number(struct jw *j, const char *key, int64_t value);
bool certinext_lacks(const struct certinext_asked *q, const char *what); /* false, err set */

/* Members of replies: names match exactly or else in any case; text, numbers and booleans (1, 0)
 * are text. NULL when absent, null or blank. */
const json_t *certinext_member(const json_t *object, const char *name);
const char *certinext_text(struct arena *a, const json_t *object, const char *name);
uint64_t certinext_number(const json_t *object, const char *name, uint64_t otherwise);
/* A date or a date and time, however it is written; TIME_NONE otherwise. */
int64_t certinext_time(struct arena *a, const json_t *object, const char *name);

/* --- codes --- */
enum certinext_class {
    CLASS_PENDING,
    CLASS_ATTENTION, /* waits for a person */
    CLASS_DOWNLOAD,  /* there may be a certificate; only a PEM proves it */
    CLASS_EXPIRED,
    CLASS_REVOKED,
    CLASS_FAILED,
    CLASS_UNKNOWN /* an id no table knows */
};
struct certinext_status {
    uint64_t id;
    enum certinext_class class;
    const char *text;
};
/* Rows without text: not known. */
struct certinext_status certinext_order_status(uint64_t id);
struct certinext_status certinext_certificate_status(uint64_t id);

enum { /* what a failure says beyond its outcome */
       SAYS_NO_ORDER = 1,
       SAYS_NOT_READY = 2,
       SAYS_REVOKED = 4,
       SAYS_EMPTY = 8
};
struct certinext_code {
    const char *code, *phrase; /* matched whole; as a part, in any case */
    enum outcome outcome;
    unsigned says;
    const char *advice; /* NULL: the CA's own words are enough */
};
extern const struct certinext_code certinext_codes[]; /* closed by a row without either */
/* The code decides, else the words. NULL: none is known. */
const struct certinext_code *certinext_code_find(const char *code, const char *message);

/* The id of a revocation reason; 0: CERTInext has none for it. */
unsigned certinext_reason_id(int reason);
bool certinext_revoke_request_done(uint64_t status_id);
bool certinext_revoke_request_refused(uint64_t status_id);

#endif
