/* SPDX-License-Identifier: Apache-2.0
 *
 * The one door between the executor and the kinds of CA.
 *
 * A connector is a pure translator. request() turns the next step of an item into a request
 * value; answer() turns what came back into an outcome and new facts. Neither does I/O, sleeps,
 * retries, logs or keeps item state. The executor owns every socket, timer, journal record and
 * retry, for all CAs alike:
 *
 *     ops->request(ca, &call, &request)        what to send
 *     journal intent; sync                     (state-changing steps only)
 *     the wire carries it: HTTP, or ops->serve() for an embedded CA
 *     ops->answer(ca, &call, &reply, &result)  what it means
 *     journal reply; sync; act
 *
 * An embedded CA (`local`) has serve(), which takes the place of the wire: it gets a group of
 * requests and answers each, having made its own records durable once for the group.
 *
 * What a CA cannot do is a capability bit, not a function that fails. Config keys are a schema
 * table, products a data table: `lint`, `schema`, docs and `doctor` need no code per CA.
 */
#ifndef BATCH_CA_H
#define BATCH_CA_H

#include "formats/base/schema.h"
#include "formats/base/secret.h"
#include "formats/cert.h"
#include "formats/csr.h"
#include "policy/rule.h"

enum { /* capabilities */
       CA_ORDER = 1,
       CA_REVOKE = 2,
       CA_FIND = 4,
       CA_KEYED = 8,
       CA_CANCEL = 16,
       CA_INVENTORY = 32,
       CA_PRODUCTS = 64,
       CA_DCV = 128,
       CA_EMBEDDED = 256, /* serve() instead of HTTP */
       CA_PUBLIC = 512,   /* publicly trusted: default pack cabf-tls */
       CA_READS_CSR_NAMES = 1024,
       CA_FIND_AUTHORITATIVE = 2048, /* FIND without a hit proves that there is no order */
       CA_POLL_WANTS_ORDER = 4096,   /* POLL: call.order is whole, CSR and names, in every run */
       CA_ONCE = 8192, /* a certificate that comes with the answer to ORDER is never shown again */
       CA_REVOKE_AGAIN = 16384 /* REVOKED is never asked, there is no such question: REVOKE of what
                                 is revoked says so, and one whose answer was lost is sent again */
};

enum ca_step {
    STEP_ORDER,
    STEP_POLL,
    STEP_FIND,
    STEP_REVOKE,
    STEP_REVOKED,
    STEP_CANCEL,
    STEP_PRODUCTS,
    STEP_INVENTORY,
    STEP_PROBE,
    STEP_TOKEN, /* what the other steps cannot do without: OAuth, a nonce; see ca_ops.authorized */
    STEP_CHALLENGE, /* what must be published to prove control of call.domain */
    STEP_VALIDATE,  /* it is published: the CA shall look at call.domain */
    STEP_RENEWAL, /* when the CA wants call.order's prior certificate to be replaced; ca_renewal */
    STEP__MAX
};
/* STEP_REVOKED asks for the state of a certificate; STEP_POLL asks for an order and, when it is
 * issued, its certificates.
 *
 * A step that takes several requests (track an order, then fetch its certificate) has phases: it
 * starts at 0, and an answer whose `phase` is not 0 asks for the same step again at once with that
 * phase, before anything else is done about the item. What a later phase must know of an earlier
 * one travels in order_id and page, never in the connector. Only phase 0 of ORDER and REVOKE buys
 * or ends anything; the executor journals an intent for that one. */
bool step_changes_state(enum ca_step step);

enum outcome {
    OUTCOME_ACCEPTED,
    OUTCOME_REFUSED,
    OUTCOME_THROTTLED,
    OUTCOME_NOT_SENT,
    OUTCOME_AUTH,
    OUTCOME_UNKNOWN,
    OUTCOME__MAX
};
const char *outcome_name(enum outcome o);
bool outcome_parse(const char *s, enum outcome *out);

struct ev_fields; /* batch/manifest.h */
struct dcv_fields;
struct smime_fields;

/* What is ordered. Views; complete before an intent is journalled. */
struct ca_order {
    const char *item;
    const char *product; /* code for this CA */
    const char *action;  /* "new" "renew" "reissue" */
    struct span csr;     /* DER */
    const uint8_t *spki_sha256;
    const char *common_name;
    const struct dn_value *dn; /* without CN */
    size_t ndn;
    const struct san_value *san;
    size_t nsan;
    int64_t validity_seconds;               /* 0 = the product's */
    const char *prior_order, *prior_serial; /* renew, reissue */
    struct span prior_certificate;          /* DER, when known */
    const char *organization_number;        /* at this CA, of the policy\'s record; NULL = none */
    const char *ticket, *comment;           /* of the change; of the item */
    const struct ynode *extra;              /* `fields:` of the item */
    const struct ev_fields *ev;             /* `ev:` of the item, or NULL */
    const struct dcv_fields *dcv;           /* `dcv:` of the item, or NULL */
    const struct smime_fields *smime;       /* `smime:` of the item, or NULL */
};
struct ca_revocation {
    const char *item, *serial, *order;
    struct span certificate; /* DER, when known */
    int reason;
    const char *comment;
    int64_t invalidity_date;
};
struct ca_call {
    enum ca_step step;
    const struct ca_order *order;       /* ORDER, FIND; POLL: whole with CA_POLL_WANTS_ORDER only;
                                           RENEWAL: without a CSR */
    const struct ca_revocation *revoke; /* REVOKE, REVOKED */
    const char *order_id;               /* POLL, CANCEL */
    const char *client_key;             /* ours, unique per attempt, journalled in the intent;
                                           FIND: that of the lost intent, or NULL = by key alone */
    unsigned attempt;                   /* 1, 2, ... */
    int64_t since;                      /* FIND: earliest time of the lost intent; INVENTORY: start
                                           of the first day that is asked for, 0 = everything */
    const char *page;                   /* INVENTORY, FIND: cursor, NULL first */
    const char *domain;                 /* CHALLENGE, VALIDATE; of an order_id */
    const char *proof;                  /* ca_domain.proof of it, else ca_result.proof; or NULL */
    unsigned phase;                     /* 0, or what the last answer asked for */
    unsigned looks;                     /* POLL, REVOKED: answers of this run that it is pending */
    int64_t now;                        /* Unix seconds; connectors have no clock */
    const char *nonce;                  /* 32 hex digits, fresh for every single request */
};

enum { CA_SECRET_HEADERS = 3 };

/* How HTTP itself authenticates a request, when it does: libcurl carries the exchange, on the
 * connection of the request. Negotiate takes the ticket of the process when `user` is NULL. */
struct ca_http_login {
    enum { LOGIN_NONE, LOGIN_BASIC, LOGIN_NTLM, LOGIN_NEGOTIATE } kind;
    const char *user; /* "DOMAIN\\name" or "name" */
    const struct secret *password;
};

/* How a request is carried out. What a CA's interface cannot do, somebody else does: people, who
 * are told by files (ca_type.by_hand), or a command of the user. For these two, method and url say
 * in words what is asked for; they are digested like any other. */
enum ca_way {
    WAY_WIRE,   /* HTTP, or serve() of an embedded CA */
    WAY_PEOPLE, /* nothing is sent; the reply is there at once, and says nothing */
    WAY_COMMAND /* argv is run, without a shell, in the directory of the configuration */
};

/* What goes over the wire. HTTP fields are empty for an embedded CA, whose request is `call`. */
struct ca_request {
    const struct ca_call *call;
    enum ca_way way;
    const char *const *argv; /* WAY_COMMAND, NULL-closed; nothing secret */
    struct arena *arena;     /* set by the caller: for url and headers, until the answer was read */
    const char *method, *url, *content_type;
    struct buf body;
    const char *const *headers; /* "Name: value", NULL-closed; nothing secret */
    struct ca_secret_header {
        const char *name, *prefix; /* "Authorization", "Bearer " */
        const struct secret *value;
    } secret_headers[CA_SECRET_HEADERS]; /* name NULL: unused */
    struct ca_http_login login;
    bool body_is_secret;         /* STEP_TOKEN: wiped, never digested or kept */
    uint8_t digest[SHA256_SIZE]; /* of method, url and body: journalled, never the body */
};
struct ca_header { /* of a reply; name in lower case */
    const char *name, *value;
};
struct ca_reply {
    enum outcome transport; /* ACCEPTED: a reply arrived; NOT_SENT; UNKNOWN */
    bool lasting;           /* NOT_SENT, and another try would end the same way: trust, settings */
    int http_status;        /* 0 for an embedded CA, and for what did not go by HTTP */
    bool failed;            /* WAY_COMMAND: ended, but not with 0; `body` is what it said */
    struct buf body;
    const char *transport_message;   /* why there is no reply; static or arena */
    int64_t retry_after_seconds;     /* -1 none */
    int64_t date;                    /* the server's clock (Date header), TIME_NONE when not told */
    const char *content_type;        /* lower case, without parameters; NULL when not told */
    const char *location;            /* of a redirect, which is never followed */
    const struct ca_header *headers; /* those that ca_type.reply_headers names, as they came */
    size_t nheaders;
};
/* The first of that name; NULL: there is none. */
const char *ca_reply_header(const struct ca_reply *r, const char *name);
/* A name of an order whose control the CA wants proven (DCV). */
struct ca_domain {
    const char *name;
    enum { DOMAIN_OPEN, DOMAIN_VALIDATED, DOMAIN_REJECTED } state;
    const char *proof; /* what the CA calls the proof of it: comes back as ca_call.proof; or NULL */
};
/* What is published to prove control of a name; batch/dcv.h has the words that a hook gets. */
enum dcv_kind { DCV_KIND_TXT, DCV_KIND_CNAME, DCV_KIND_HTTP_01, DCV_KIND_FILE, DCV_KIND__MAX };
/* How control is proven by what a hook of the user publishes (CA_DCV), a record or a file on the
 * web server: `dcv:` of the configuration. Views into it. */
struct ca_dcv {
    const struct strings *hook;  /* command; batch/dcv.h says how it is called */
    bool http;                   /* a file (http-01), else a TXT record */
    bool chosen;                 /* each order has its own: TXT, CNAME, or a file (BR 3.2.2.4.18) */
    int64_t hook_seconds;        /* for one call of the hook; 0 = what is left of the timeout */
    const char *record_template; /* owner name of the record; {0} is the name without "*." */
    int64_t propagation_seconds; /* between publishing and STEP_VALIDATE */
    int64_t timeout_seconds;     /* for one name, from STEP_CHALLENGE on */
    int64_t challenge_seconds;   /* how long an order may take to show a challenge; 0: one look */
    int64_t issuance_seconds;    /* how long a proven order is waited for; 0: one look */
    int64_t max_age_seconds;     /* of an order of an earlier run; older ones are left; 0 = any */
    int64_t max_per_pass;        /* orders of earlier runs in one run; 0 = all */
};
/* What is made of a CA's word on when a certificate should be renewed (RFC 9773). It never stops an
 * order for longer than the CA itself suggests: no answer, or one that cannot be used, is told, and
 * the order goes on. */
enum ca_renewal {
    RENEWAL_OFF,    /* the CA is not asked */
    RENEWAL_INFORM, /* what it says is told, the order goes on */
    RENEWAL_WAIT    /* an order whose time has not come is left for a later run */
};
/* The word: any time from start on, before end. */
struct ca_window {
    const char *id; /* what the CA calls the certificate; NULL: nothing is known */
    int64_t start, end;
    const char *explanation; /* an address for people, escaped and capped; or NULL */
};
/* What it means. Strings and bytes live in `arena`, which the executor resets per exchange. */
struct ca_result {
    struct arena *arena;
    enum outcome outcome;
    const char *code, *message; /* of the CA, escaped; NULL when none */
    const char *order_id;
    bool issued, pending;
    bool revoked; /* REVOKED: what is on hold is revoked only for who asks for certificateHold */
    bool enough;  /* POLL, REVOKED, pending: not looked at again in this run; the next run does */
    struct span *certs; /* DER, leaf first, when issued */
    size_t ncerts;
    /* AUTH: refused, unread, for what the connector has put right with this very answer (a nonce
     * that was used up): asked again at once, as often as RETRY_STALE says. */
    bool stale;
    /* AUTH, of an API that judges each request (HTTP 403): perhaps it is about this order or this
     * certificate alone. Others are tried; the CA is given up when it allows none of them. */
    bool forbidden;
    int64_t again_seconds;  /* pending or throttled: earliest next try */
    int64_t settle_seconds; /* how long what the CA shows may lag behind; -1 = not told */
    struct ca_found {
        const char *order_id;
        int64_t ordered;
    } * found; /* FIND */
    size_t nfound;
    const char *next_page;     /* INVENTORY, FIND */
    unsigned phase;            /* not 0: the same step again at once, in this phase */
    bool wants_csr;            /* that phase hands in call.order->csr, which a POLL may lack */
    int64_t valid_seconds;     /* TOKEN: how long it may be used */
    bool no_credential;        /* TOKEN: what was read is none; a 401 does not ask for it again */
    struct ca_domain *domains; /* POLL of an order that waits for validation */
    size_t ndomains;
    /* CHALLENGE, accepted: the record. A CA that does not tell the owner name leaves it NULL: the
     * configuration's template makes it. A file has its http:// address for a name, which says its
     * kind. Without a value there is nothing to publish: `pending`
     * says that the CA is not ready for the question, else it needs no proof any more. VALIDATE,
     * accepted: the CA looks, or did; `pending` that it is not ready. What it saw is in `domains`
     * of a POLL. Neither step, refused or not, ends the order. */
    const char *record_name, *record_value;
    enum dcv_kind record_kind;
    const char *proof; /* CHALLENGE: what VALIDATE gets as call.proof; NULL: as before */
    struct ca_listed *listed;
    size_t nlisted; /* INVENTORY: the rows of this page */
    struct ca_sold *sold;
    size_t nsold; /* PRODUCTS */
    /* RENEWAL, accepted; again_seconds says when the CA may be asked once more */
    struct ca_window renewal;
};
/* A row of a CA's list of orders; NULL and TIME_NONE: not told. */
struct ca_listed {
    const char *order_id, *request; /* `request`: what the CA calls it before it is an order */
    const char *status, *common_name, *serial, *product, *organization, *issuer;
    int64_t ordered, not_after;
    bool revoked, held, expired;
};
/* A revocation that people carry out. */
struct ca_by_hand {
    const char *item, *serial, *comment; /* comment may be NULL */
    int reason;
    const char *ticket; /* of the change, or NULL */
};
/* A product as a CA's catalogue has it. */
struct ca_sold {
    const char *code, *name, *category, *type_id, *price, *currency;
    const char *term; /* longest it is sold for, when the price does not say */
};

struct ca;
struct ca_config;
struct ca_exchange {
    struct ca_request *request;
    struct ca_reply *reply;
    void *executor; /* the executor's own */
};
struct ca_ops {
    /* Reads files and secrets the configuration names; makes an embedded CA on first use. */
    bool (*open)(struct ca *ca, struct err *err);
    void (*close)(struct ca *ca);
    bool (*request)(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                    struct err *err);
    void (*answer)(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                   struct ca_result *out);
    /* False: STEP_TOKEN must be carried out before any other request. NULL: needs none. `call.now`
     * is the clock. A 401 to any step makes the connector forget its token (answer: OUTCOME_AUTH).
     * STEP_TOKEN may have phases; its phase 0 is whatever is missing. */
    bool (*authorized)(const struct ca *ca, int64_t now);
    /* CA_EMBEDDED: fills every reply. False (err: disk) leaves all of them unanswered. May use
     * `workers` threads. */
    bool (*serve)(struct ca *ca, struct ca_exchange *v, size_t n, unsigned workers,
                  struct err *err);
};

struct ca_type {
    const char *type, *title;
    unsigned caps;
    const struct schema *config; /* the connector's own keys */
    /* What no table can say about them (which key needs which other); problems are findings.
     * Called when every key by itself was fine. May be NULL. */
    void (*check)(struct schema_ctx *ctx, const struct ca_config *config);
    /* One kind of CA in several ways, which can do different things (emCA by its dialect): the row
     * of this configuration, of the same `type` and `config`. Asked once, before check; the
     * configuration has that row from then on. NULL function: this one, always. */
    const struct ca_type *(*variant)(const struct ca_config *config);
    const char *fields; /* whose `fields:` its orders have (ca_fields_of); NULL: of the type */
    const struct product_info *products;
    size_t nproducts;
    const char *default_product; /* code when an order names none; NULL = must be named */
    /* Key of the configuration that says the same ("template"); NULL = "default_product". */
    const char *product_key;
    bool product_optional; /* an order without product is whole */
    /* For people whose catalogue is empty, and who want to revoke: what this kind of CA makes of
     * it beyond what every CA does. May be NULL. */
    const char *no_products, *revocation_note;
    const char *probe_note; /* PROBE cannot try the credentials: what it leaves open, or NULL */
    const char *pack;       /* its policy pack, or NULL */
    int64_t renewal_window_days; /* default; 90 */
    unsigned in_flight;          /* default concurrency */
    double requests_per_second;  /* default; 0 = no limit of ours */
    /* Key of the configuration that names the account: limits of a CA are the account's. NULL: the
     * endpoint alone says whose they are. */
    const char *account_key;
    /* Key of the configuration that says how many new orders one run may place at most; NULL: the
     * kind of CA has no such setting. The executor holds to it: see ca_orders_per_run(). */
    const char *run_limit_key;
    const char *const *reply_headers; /* lower case, NULL-closed: kept of every reply; or NULL */
    /* Which environment a configuration addresses: "sandbox", "production", or NULL when it
     * cannot be told. NULL function: the kind of CA has no environments. */
    const char *(*environment)(const struct ca_config *config);
    /* The certificate that will sign, when it can be read without asking anybody and without
     * changing anything; NULL when not. NULL function: never. */
    const struct cert *(*issuer)(const struct ca_config *config, const char *config_dir,
                                 struct arena *a);
    /* False: names are not proven by us. NULL function: never. */
    bool (*dcv)(const struct ca_config *config, struct ca_dcv *out);
    /* What is made of its renewal information. NULL function: it has none. STEP_RENEWAL is a read,
     * and its request may fail (err): then nothing is asked. */
    enum ca_renewal (*renewal)(const struct ca_config *config);
    /* Revocations that people carry out (WAY_PEOPLE, not confirmed yet): the i-th file that tells
     * them how, its name and its text. NULL: there are no more. NULL function: never. */
    const char *(*by_hand)(const struct ca_config *config, const struct ca_by_hand *v, size_t n,
                           size_t i, struct buf *text);
    const struct ca_ops *ops; /* NULL: known to lint and policy only; nothing can be sent */
};

/* An opened CA. */
struct ca {
    const struct ca_type *type;
    const struct ca_config *config;
    const char *name;
    const char *config_dir;       /* paths of the configuration are relative to it */
    void *state;                  /* the connector's */
    struct strlist issuer_sha256; /* SPKI hashes (hex) of accepted issuers; empty = any */
    /* Set by open(): the common name that the issuer of what comes back must have (NULL = any), and
     * capabilities of the type that this configuration does not have. */
    const char *issuer_name;
    unsigned lacks;
};
/* What the opened CA can do: the type's capabilities without those it lacks. */
unsigned ca_caps(const struct ca *ca);

extern const struct ca_type *const ca_types[]; /* batch/ca/registry.c, NULL-closed */
const struct ca_type *ca_type_find(const char *type);
/* False (err, ERR_INPUT) for a kind of CA without ops. */
bool ca_can_send(const struct ca_config *config, struct err *err) MUST_USE;
struct ca *ca_open(const struct ca_config *config, const char *config_dir,
                   struct err *err) MUST_USE;
void ca_close(struct ca *ca);
/* All products of all connectors in one array, for policy_open(). */
const struct product_info *ca_all_products(size_t *n);
/* `renewal_window_days` of the configuration, else the type's. */
int64_t ca_renewal_window_days(const struct ca_config *config);
/* Exchanges with the CA at a time: of the configuration, else of the type; at least 1. */
size_t ca_in_flight(const struct ca_config *config);
/* An order's number is opaque, but it goes into requests and reports: visible ASCII, not too long.
 */
bool order_id_is_usable(const char *id);
/* New orders that one run may place at it: what the configuration says under the type's
 * run_limit_key; SIZE_MAX = no limit. */
size_t ca_orders_per_run(const struct ca_config *config);
/* Of the configuration; RENEWAL_OFF where the kind of CA has none. */
enum ca_renewal ca_renewal(const struct ca_config *config);
/* How fast orders go to it: of the configuration, else what policy knows of the kind of CA. A rate
 * that is written without a burst has none: no two orders at once. */
struct ca_pace {
    double order_ms; /* an order every so many milliseconds; 0 = no limit of ours */
    int64_t burst;   /* orders at once before the rate counts; at least 1 */
};
struct ca_pace ca_pace(const struct ca_config *config);
/* Of the configuration, else of the type; 0 = no limit of ours. */
double ca_requests_per_second(const struct ca_config *config);
/* Product of an order that names none: of the configuration, else of the type; NULL = none. */
const char *ca_default_product(const struct ca_config *config);
/* Publicly trusted: `public:` of the configuration, else what the type is. */
bool ca_is_public(const struct ca_config *config);
/* "sandbox", "production" or NULL. */
const char *ca_environment(const struct ca_config *config);
/* `ignore_expired: true` of the configuration: an inventory leaves out what has expired. */
bool ca_ignores_expired(const struct ca_config *config);
/* What an order is addressed to, for digests: the URL or directory of the configuration, else
 * the type. Never a secret. */
const char *ca_endpoint(const struct ca_config *config);
/* The configuration of the embedded CA that stands in for `real` in a simulation: same name, no
 * limits. directory is absolute or relative to the working directory; all memory from `a`. */
struct ca_config *ca_twin(const struct ca_config *real, const char *directory,
                          struct arena *a) MUST_USE;
/* Any CA's product name or code ("ov-ucc", "844") to a row of this CA's table that holds in the
 * environment; NULL = unknown. With an environment that is not known (NULL) a name or code that
 * different environments give different meanings or codes is unknown too: nothing is guessed. */
const struct product_info *ca_product_find(const struct ca_type *type, const char *environment,
                                           const char *name_or_code);
/* The same, the products of the CA's own configuration first. */
const struct product_info *ca_product_of(const struct ca_config *config, const char *name_or_code);

#endif
