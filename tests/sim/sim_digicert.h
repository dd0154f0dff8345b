/* SPDX-License-Identifier: Apache-2.0
 *
 * DigiCert CertCentral, Services API v2, below /services/v2/: an API key in X-DC-DEVKEY, numbers
 * for orders, certificates and requests, an array of errors for what went wrong.
 *
 * An order has certificates: its own, reissues, duplicates. Each is a `struct order` of the shared
 * table with the order's number; the request number there is the number of the certificate.
 */
#ifndef TESTS_SIM_SIM_DIGICERT_H
#define TESTS_SIM_SIM_DIGICERT_H

#include "tests/sim/sim_http.h"
#include "tests/sim/sim_orders.h"
#include "tests/sim/sim_shape.h"

/* --- the dialect --- */
bool digicert(struct request *q, struct reply *r);
enum sim_kind digicert_kind(const char *method, const char *path);

enum dc_kind { DC_PRIMARY, DC_REISSUE, DC_DUPLICATE };
enum dc_approval { DC_APPROVED, DC_WAITS, DC_REJECTED };
struct dc { /* a certificate of an order, issued or not */
    struct order *o;
    enum dc_kind kind;
    enum dc_approval approval;
    int64_t request;        /* number of the request that it came from */
    int64_t revoke_request; /* 0: nobody asked */
    bool revoke_waits, revoke_order, order_revoked;
    const char *revoke_reason, *comments, *revoke_comments, *hash;
    const char
        *dcv_method; /* of the order; NULL: of a reissue or duplicate, which has the order's */
};

/* --- sim_digicert_orders.c --- */
struct dc *dc_find(const char *id);             /* number of an order: its first certificate */
struct dc *dc_find_any(const char *id);         /* or serial number of that */
struct dc *dc_find_certificate(const char *id); /* number or serial number */
struct dc *dc_at(size_t i);                     /* NULL: past the last */
struct dc *dc_newest(const struct dc *primary); /* the one that the order shows */
const char *dc_status(struct request *q, struct dc *c, bool poll); /* of this certificate */
const char *dc_order_status(struct request *q, struct dc *primary, bool poll);
json_t *dc_chain(struct request *q, struct dc *c); /* leaf first; NULL: none */
json_int_t dc_number(const char *text);

/* --- sim_digicert_mail.c: products for mailboxes --- */
extern const struct product dc_mail_products[];
extern const size_t dc_mail_products_count;
/* Mailboxes and holder of an order; members of the other kind of product are refused. False: it
 * was refused. */
bool dc_take_mail(struct request *q, struct reply *r, struct order *made);
bool dc_take_names(struct request *q, struct reply *r, struct order *made); /* of servers */
bool dc_bad(struct request *q, struct reply *r, const char *field);         /* false */
bool dc_has_all(struct request *q, struct reply *r, const char *const *paths, size_t n);

/* --- sim_digicert_dcv.c --- */
/* The method of an order that is being placed; NULL: it was refused. */
const char *dc_method(struct request *q, struct reply *r, const struct order *made);
/* What an order says of its open names, when it is placed. */
void dc_put_validation(struct request *q, const struct dc *c, json_t *tree);

/* --- words --- */
const char *dc_stamp(struct arena *a, int64_t t);
void dc_no_order(struct request *q, struct reply *r);
void dc_error(struct request *q, struct reply *r, int status, const char *code, const char *text);
void dc_good(struct request *q, struct reply *r, int status, json_t *tree); /* NULL: no body */
bool dc_may_approve(const struct request *q);
const struct product *dc_product(const char *name_id, size_t n);
const struct product *dc_product_at(size_t i);

#define DC_HANDLER(name) void name(struct request *q, struct reply *r, const char *id)
struct dc_call {
    const char *method, *path; /* behind the prefix; "*" is one segment */
    enum sim_kind kind;
    const struct shape *shapes; /* NULL: no body but {} is wanted */
    size_t nshapes;
    void (*handle)(struct request *q, struct reply *r, const char *id);
};
extern const struct dc_call dc_calls[];
extern const size_t dc_calls_count;
DC_HANDLER(dc_place);
DC_HANDLER(dc_reissue);
DC_HANDLER(dc_duplicate);
DC_HANDLER(dc_cancel);
DC_HANDLER(dc_revoke_order);
DC_HANDLER(dc_revoke_certificate);
DC_HANDLER(dc_process);
DC_HANDLER(dc_random_value);
DC_HANDLER(dc_check);
DC_HANDLER(dc_info);
DC_HANDLER(dc_list);
DC_HANDLER(dc_reissues);
DC_HANDLER(dc_duplicates);
DC_HANDLER(dc_download);
DC_HANDLER(dc_products);
DC_HANDLER(dc_user);

#endif
