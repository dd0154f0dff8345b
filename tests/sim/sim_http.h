/* SPDX-License-Identifier: Apache-2.0
 *
 * A request and a reply as values, between the HTTP library (sim_http.c) and the dialects of the
 * CA (sim_certinext_v1.c, sim_certinext_v2.c, sim_oauth.c). A reply also says how it is sent:
 * whole, cut, drop by drop or not at all.
 */
#ifndef TESTS_SIM_SIM_HTTP_H
#define TESTS_SIM_SIM_HTTP_H

#include "formats/base/arena.h"
#include "formats/base/json_in.h"
#include "formats/base/sha.h"
#include "tests/sim/sim_scenario.h"

struct sim;
struct reply;
struct request;

enum { MAX_BODY = 1 << 20, MAX_HEADERS = 16 };

/* How to refuse in the words of a dialect. */
typedef void refuse_fn(struct request *q, struct reply *r, const char *code, const char *message);
typedef void throttle_fn(struct request *q, struct reply *r);

struct request {
    struct sim *sim;
    struct arena arena;
    const char *method, *path;
    const char *authorization, *accept, *content_type, *product_code, *idempotency; /* or NULL */
    const char *(*query)(const struct request *q, const char *name);                /* or NULL */
    const char *(*header)(const struct request *q, const char *name);               /* or NULL */
    void *query_ctx;
    struct buf body;
    const char *host;             /* header, or NULL */
    const char *client;           /* subject of the client certificate, or NULL */
    char digest[SHA256_HEX];      /* of the body */
    char sent_digest[SHA256_HEX]; /* of "METHOD\0URL\0BODY": all of the request that buys */
    char auth_digest[SHA256_HEX]; /* of authKey or of the bearer token: never the thing itself */
    char txn[64];
    json_t *json;
    unsigned long connection; /* 1.. */
    unsigned long sequence;   /* on this connection, 1.. */
    struct span client_cert;  /* DER, when a CA of --tls-client-ca issued it */
    enum sim_kind kind;
    struct plan plan;
    refuse_fn *refuse;
    throttle_fn *throttle;
};

enum sending {
    SEND_WHOLE,
    SEND_CLOSE,      /* nothing, then FIN */
    SEND_RST,        /* nothing, then RST */
    SEND_HANG,       /* nothing, until the client leaves */
    SEND_TRUNCATE,   /* Content-Length of all, `arg` octets, FIN */
    SEND_DRIP,       /* an octet each `arg` ms */
    SEND_HALF_CLOSE, /* half of it, FIN, and the connection stays open for reading */
    SEND_CHUNKS,     /* chunked, `arg` chunks of blanks before it */
    SEND_HEADERS     /* `arg` more headers */
};

struct reply {
    int status;
    const char *type;
    struct buf body;
    struct {
        const char *name, *value; /* value in the request's arena */
    } headers[MAX_HEADERS];
    size_t nheaders;
    enum sending sending;
    int64_t arg;
    const char *outcome; /* for wire.log: "ok", an error code, the name of a fault */
};

void reply_text(struct reply *r, int status, const char *type, const char *text);
void reply_json(struct reply *r, int status, json_t *tree); /* takes the tree */
void reply_header(struct reply *r, const char *name, const char *value);

/* HTTP date of a point in time. */
char *http_date(struct arena *a, int64_t t) MUST_USE;

/* Starts to listen on 127.0.0.1; the port, or -1. */
struct server;
int server_start(struct sim *s, struct server **out, struct err *err) MUST_USE;
void server_stop(struct server *server);

/* --- sim_serve.c --- */
/* What the request line asks for; KIND_OTHER for what is not a call of the API. */
enum sim_kind sim_kind_of(const char *method, const char *path);
/* Judges, carries out, writes ledger and wire log. */
void sim_serve(struct request *q, struct reply *r);
/* What it speaks and below which path; NULL: past the last. */
const char *sim_dialect(size_t i, const char **path);

/* --- dialects: true when the path is theirs --- */
bool certinext_v1(struct request *q, struct reply *r);
bool certinext_v2(struct request *q, struct reply *r);
bool certinext_oauth(struct request *q, struct reply *r);
bool acme(struct request *q, struct reply *r);
enum sim_kind acme_kind(const char *method, const char *path);
/* What a signed request is about, its payload and the names of its order; NULL: another dialect. */
const char *acme_about(struct request *q);
enum sim_kind certinext_v1_kind(const char *method, const char *path);
enum sim_kind certinext_oauth_kind(const char *method, const char *path);
enum sim_kind certinext_v2_kind(const char *method, const char *path);
/* A bearer token that was handed out and is still good. */
bool oauth_bearer(struct sim *s, const char *authorization) MUST_USE;
void oauth_forget(struct sim *s, const char *authorization);

#endif
