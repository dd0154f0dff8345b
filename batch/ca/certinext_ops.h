/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the CERTInext connector share: the opened CA, one request being written, one
 * answer being read, and the tables of what codes mean (certinext_codes.c).
 *
 *     certinext_ops.c        opens the account; one walk for both APIs
 *     certinext_auth.c       digest and token
 *     certinext_v1*.c        the V1 API: table of calls, envelope, bodies, answers
 *     certinext_v2*.c        the same of V2
 *     certinext_failure.c    what is no success    certinext_answer.c    what both say alike
 *     certinext_settings.c   where a setting is found
 */
#ifndef BATCH_CA_CERTINEXT_OPS_H
#define BATCH_CA_CERTINEXT_OPS_H

#include "batch/ca/certinext.h"
#include "batch/ca/oauth.h"
#include "batch/ca/reply.h"
#include "batch/ca/request.h"
#include "batch/ca/search.h"
#include "formats/base/json.h"

extern const struct ca_ops certinext_ops;
enum {
    CERTINEXT_CAPS =
        CA_PUBLIC | CA_ORDER | CA_REVOKE | CA_FIND | CA_CANCEL | CA_INVENTORY | CA_PRODUCTS | CA_DCV
};

/* --- an opened CA --- */
/* What the orders of a product are called in V2; V1 has two calls for the first two, and none that
 * is published for the others (S/MIME, signing). */
enum certinext_family { FAMILY_SSL, FAMILY_PRIVATE, FAMILY_OTHER, FAMILY__MAX };

#define CERTINEXT_HUB_PATH "/emSignHub-API"
#define CERTINEXT_V2_PATH  "/api/certinext/v2"
struct certinext {
    const struct ca_config *ca;
    const struct certinext_config *config;
    const char *hub, *rest; /* bases of V1 and V2, without a slash at their end; rest: of V2 only */
    const char *token_url;
    struct secret access_key, client_secret;
    struct oauth oauth;
    /* Orders that were seen outside of the first family. A revocation names an order and not its
     * product, and V2 has an address for each family. */
    struct strlist places[FAMILY__MAX];
    struct arena arena;
};
bool certinext_is_oauth(const struct certinext *c) MUST_USE;
bool certinext_authorized(const struct ca *ca, int64_t now);
/* SHA-256 of access key, ts and txn one after another, in lower-case hex; no HMAC. */
void certinext_auth_key(const struct secret *access_key, const char *ts, const char *txn,
                        char out[SHA256_HEX]);

/* --- one request --- */
struct certinext_asked {
    const struct ca *ca;
    struct certinext *own;
    const struct certinext_config *config;
    const struct ca_call *call;
    struct ca_request *out;
    struct err *err;
};
typedef bool certinext_request_fn(const struct certinext_asked *q, struct jw *j);
bool certinext_request_token(const struct certinext_asked *q) MUST_USE;
bool certinext_put_bearer(const struct certinext_asked *q) MUST_USE;

/* --- one answer --- */
struct certinext_heard {
    struct certinext *own;
    const struct certinext_config *config;
    const struct ca_call *call;
    const struct ca_reply *reply;
    const json_t *body; /* an object; NULL: there is none that means anything */
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
enum { CERTINEXT_PHASES = 7 };
extern const struct certinext_row certinext_v1[STEP__MAX][CERTINEXT_PHASES];
extern const struct certinext_row certinext_v2[STEP__MAX][CERTINEXT_PHASES];
extern const struct certinext_row certinext_token_row;
certinext_answer_fn certinext_answer_token;

/* Phases. V2 looks at the key of a candidate (FIND_KEY), and searches through V1 where it has no
 * list of orders of its own: the phases of V1 from *_HUB on. POLL of V2 also hands in what an
 * order still waits for. */
enum {
    FIND_REPORT = 0,
    FIND_TRACK = 1,
    FIND_NEXT_REPORT = 2,
    FIND_HUB = 3,
    FIND_KEY = 6,
    INVENTORY_HUB = 1
};
enum { POLL_TRACK = 0, POLL_FETCH = 1, POLL_CSR = 2, POLL_AGREEMENT = 3 };

/* --- a reply that is no success (certinext_failure.c) --- */
void certinext_say(const struct certinext_heard *h, enum outcome outcome, const char *message);
/* True: the HTTP status says it all. */
bool certinext_by_http(const struct certinext_heard *h) MUST_USE;
/* A 4xx without words of the API, or a success that is none. */
void certinext_by_status(const struct certinext_heard *h, const struct certinext_row *row);
/* What code and words mean for the step, either may be NULL. Where a failure is an answer ("not
 * ready yet") the row's own function is called, without a body. */
void certinext_failed(struct certinext_heard *h, const struct certinext_row *row, const char *code,
                      const char *message);

/* --- what both APIs say in the same way (certinext_answer.c) --- */
void certinext_unknown(const struct certinext_heard *h, const char *why);
/* Pending: looked at again after the interval of the configuration, later less often. */
void certinext_look_again(const struct certinext_heard *h);
void certinext_still_pending(const struct certinext_heard *h, const char *message);
void certinext_read_catalogue(const struct certinext_heard *h, const json_t *groups);
/* The next request of a search, or what it found. `candidate`: the phase that looks at one. */
void certinext_search_on(const struct certinext_heard *h, struct search *s, unsigned candidate);
bool certinext_is_number(const char *id) MUST_USE; /* fits into requests and the cursor */

/* `fields:` of the order, else `otherwise`. Paths have one dot at most. NULL: neither is said. */
const char *certinext_order_text(const struct ca_order *o, const char *path, const char *otherwise);
/* false for what is no flag: certinext_order_fits() refuses such an order before. */
bool certinext_order_flag(const struct ca_order *o, const char *path, bool otherwise);

/* The same for a setting whose configured value is at hand. */
const char *certinext_setting_of(const struct certinext_asked *q, const char *path,
                                 const char *configured);
/* The primary name of an order; NULL: it has none. */
const char *certinext_domain(const struct ca_order *o);
/* The family of an order; *product: its row, or NULL. */
enum certinext_family certinext_family_of(const struct certinext *c, const struct ca_order *o,
                                          const struct product_info **product);
/* Years of the term that is bought: of the validity, else of the configuration. */
int64_t certinext_years(const struct ca_order *o, const struct certinext_config *config);
/* Of the order, the policy's record or the configuration; NULL: none. */
const char *certinext_organization_number(const struct certinext_asked *q);

/* --- parts of an order (certinext_order.c) --- */
/* False (err) for one that cannot be placed, whatever the API. */
bool certinext_order_fits(const struct certinext_asked *q, enum certinext_family *family,
                          const struct product_info **product) MUST_USE;
/* The i-th name is the primary one or stands before. */
bool certinext_name_repeats(const struct ca_order *o, size_t i) MUST_USE;
void certinext_put_remarks(const struct certinext_asked *q, struct jw *j);
void certinext_put_tags(const struct certinext_asked *q, struct jw *j, const char *reference);
void certinext_put_csr(const struct certinext_asked *q, struct jw *j);

bool certinext_blank(const char *s) MUST_USE;              /* NULL, empty or white */
const char *certinext_first(const char *a, const char *b); /* that is not blank, else NULL */
/* A member, unless its value is blank; numbers and flags ("1", "0") as text. */
void certinext_put(struct jw *j, const char *key, const char *value);
void certinext_put_flag(struct jw *j, const char *key, bool value);
void certinext_put_number(struct jw *j, const char *key, int64_t value);
/* A note to a revocation or cancellation; a comma for each semicolon, which CERTInext refuses. */
void certinext_put_note(struct jw *j, const char *key, const char *text, const char *otherwise);
/* Digits of a telephone number as people write it, added to out; false: it is none. */
bool certinext_phone_digits(const char *text, struct buf *out) MUST_USE;
bool certinext_no_reason(const struct certinext_asked *q, int reason);   /* false, err set */
bool certinext_lacks(const struct certinext_asked *q, const char *what); /* false, err set */

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
/* V2: the word of `status`, and the display texts of lists. */
struct certinext_status certinext_word_status(const char *word);
enum certinext_class certinext_text_class(const char *text);
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
/* Its word in V2, or NULL. */
const char *certinext_reason_word(int reason);
bool certinext_revoke_request_done(uint64_t status_id);
bool certinext_revoke_request_refused(uint64_t status_id);

#endif
