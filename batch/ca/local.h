/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of the embedded CA (`type: local`); nobody but its own files and the connector table
 * includes this.
 *
 *   local.c        descriptor: config keys, products, request and answer
 *   local_store.c  the directory: made on first use, locked, keys and certificates loaded
 *   local_index.c  index.jsonl: what was issued and revoked; the CA's truth
 *   local_serve.c  a group of requests: issue in parallel, one sync, then the replies
 *   local_issue.c  from an order and its CSR to a certificate, or a refusal
 *   local_crl.c    the revocation list
 *   local_list.c   products and inventory, told and read
 *
 * The directory:
 *
 *   lock                       flock'ed while the directory is made and while a group is served,
 *                              so that several runs share one CA
 *   root.key root.pem          0600 PKCS#8; the trust anchor to hand out
 *   issuing.key issuing.pem    what signs; absent when the configuration supplies an issuer
 *   ca.json                    written last: a directory without it is not a CA yet
 *   index.jsonl                append-only; synced before any reply leaves
 *   crl.der crl.pem            the revocation list, made again from the index whenever it changes
 */
#ifndef BATCH_CA_LOCAL_H
#define BATCH_CA_LOCAL_H

#include "batch/ca.h"
#include "formats/base/json_in.h"
#include "formats/crl.h"
#include "formats/issue.h"

extern const struct ca_type ca_local;

/* --- configuration --- */
struct local_pair {          /* a certificate with its private key, supplied */
    const char *certificate; /* PEM; for `issuing` its chain may follow */
    struct secret_ref key, key_password;
};
struct local_config {
    const char *directory, *organization, *crl_url, *issuer_url;
    int key; /* enum key_type of the CA's own keys */
    int64_t validity, crl_validity, root_validity, issuing_validity; /* seconds */
    int64_t renewal_window_days;
    struct local_pair *root, *issuing; /* NULL: made here */
};
extern const struct schema local_config_schema;
/* Key usage, term and names by product code; never NULL. */
struct local_product {
    const struct issue_profile *profile;
    bool tls_server; /* a host name in the CN also becomes a SAN */
};
const struct product_info *local_product_info(const char *code); /* NULL: not sold here */
const struct local_product *local_product(const struct product_info *info);

/* --- index --- */
enum { LOCAL_SERIAL = 16 }; /* octets; 126 of the bits are random */
struct local_record {
    uint8_t serial[LOCAL_SERIAL];
    uint8_t spki[SHA256_SIZE];
    uint8_t client[16]; /* of SHA-256 of the client key */
    uint64_t offset;    /* of the line in index.jsonl */
    uint32_t length;
    int16_t reason;
    bool revoking; /* its revocation is in the group that is being served */
    int64_t issued, not_after, revoked, invalidity; /* TIME_NONE: not revoked; not known */
};
struct local_index {
    int fd;        /* index.jsonl, O_APPEND */
    bool broken;   /* a write or sync failed: nothing more is served */
    uint64_t size; /* bytes read or written so far */
    struct local_record *v;
    size_t n, cap, revocations;
    uint32_t *slots; /* open addressing over serial, key and client key */
    size_t nslots;
    uint64_t crl_number; /* of the last crl record */
    int64_t crl_next;    /* its nextUpdate */
};
/* One line ready to be appended; buf collects the lines of a group. */
struct local_line {
    uint8_t serial[LOCAL_SERIAL];
    const uint8_t *spki;
    const char *client_key, *item, *product;
    const struct san_value *san;
    size_t nsan;
    const char *common_name;
    int64_t issued, not_before, not_after;
    struct span cert;
};
bool local_index_open(struct local_index *x, int dirfd, struct err *err) MUST_USE;
void local_index_close(struct local_index *x);
/* Reads what another process appended. Under the lock: cuts a torn tail. */
bool local_index_refresh(struct local_index *x, struct err *err) MUST_USE;
void local_put_cert(struct jw *j, struct span der); /* "cert": base64 */
void local_put_issue(struct buf *out, const struct local_line *line);
void local_put_revoke(struct buf *out, const uint8_t serial[LOCAL_SERIAL], int reason, int64_t when,
                      int64_t invalidity);
void local_put_crl(struct buf *out, uint64_t number, int64_t this_update, int64_t next_update);
/* Appends the lines, syncs, then takes them in. */
bool local_index_append(struct local_index *x, const struct buf *lines, struct err *err) MUST_USE;
struct local_record *local_by_serial(const struct local_index *x,
                                     const uint8_t serial[LOCAL_SERIAL]);
struct local_record *local_by_client(const struct local_index *x, const char *client_key);
/* Records with this key, one after another: start with *at = 0. */
struct local_record *local_next_by_spki(const struct local_index *x,
                                        const uint8_t spki[SHA256_SIZE], size_t *at);
/* The line of a record as it was written; the caller owns the tree. NULL: err. */
json_t *local_read_record(const struct local_index *x, const struct local_record *r,
                          struct err *err) MUST_USE;
/* DER of an issued certificate, appended to out. */
bool local_read_cert(const struct local_index *x, const struct local_record *r, struct buf *out,
                     struct err *err) MUST_USE;

/* --- the opened CA --- */
struct local {
    const struct local_config *config;
    int dirfd, lock;
    struct key key; /* issuing */
    struct arena arena;
    struct cert issuer;
    struct span *chain; /* issuing certificate first, root last */
    size_t nchain;
    bool crl_stale; /* the list on disk is not the one the index tells of */
    struct local_index index;
};
/* Order ids are "L-" and the serial in hex. */
enum { LOCAL_ORDER_ID = 2 + 2 * LOCAL_SERIAL + 1 };
void local_order_id(const uint8_t serial[LOCAL_SERIAL], char out[LOCAL_ORDER_ID]);
bool local_order_serial(const char *order_id, uint8_t serial[LOCAL_SERIAL]) MUST_USE;

/* The issuing certificate, without making, locking or changing anything; NULL when there is none
 * yet. */
const struct cert *local_store_issuer(const struct ca_config *config, const char *config_dir,
                                      struct arena *a);
bool local_store_open(struct local *l, const char *config_dir, struct err *err) MUST_USE;
bool local_lock(struct local *l, struct err *err) MUST_USE;
void local_unlock(struct local *l);

/* One order made into a certificate, or refused; no I/O, any thread. local_issue.c */
struct local_issue {
    const struct ca_call *call;
    const char *code; /* NULL: issued; else why not, for machines */
    char message[256];
    struct local_line line; /* line.cert points into der */
    uint8_t spki[SHA256_SIZE];
    struct buf der;
};
void local_issue(const struct local *l, const struct ca_call *call, int64_t now, struct arena *a,
                 struct local_issue *out);

/* local_list.c: the lists of a reply, written into an open object, and read from it. */
void local_put_products(struct jw *j, const struct ca_type *type);
bool local_put_inventory(struct jw *j, const struct local *l, const struct ca_call *call,
                         int64_t now, struct err *err) MUST_USE;
void local_read_products(const json_t *reply, struct ca_result *out);
void local_read_inventory(const json_t *reply, struct ca_result *out);

bool local_serve(struct ca *ca, struct ca_exchange *v, size_t n, unsigned workers, struct err *err);

/* Two halves with the sync of the index between them: the number is on record before the list
 * that carries it exists, so that no two lists ever have one number. */
bool local_crl_due(const struct local *l, int64_t now) MUST_USE;
void local_crl_plan(const struct local *l, int64_t now, struct buf *lines);
bool local_crl_write(struct local *l, int64_t now, struct err *err) MUST_USE;
/* Is the list on disk the one the index tells of? */
bool local_crl_current(const struct local *l) MUST_USE;

#endif
