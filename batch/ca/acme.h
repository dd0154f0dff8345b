/* SPDX-License-Identifier: Apache-2.0
 *
 * The ACME connector: RFC 8555, renewal information (RFC 9773), certificate profiles
 * (draft-ietf-acme-profiles).
 *
 *     acme.c            settings, domain control
 *     acme_ops.c        opening an account; the table of calls; refusals
 *     acme_account.c    STEP_TOKEN: directory, nonces, account; signed requests
 *     acme_order.c      what is sent about orders and certificates
 *     acme_answer.c     what comes back about them
 *     acme_renewal.c    renewal information
 *     acme_list.c       lists: profiles of the server, orders of the account
 *
 * What an order costs: newOrder buys nothing, so one whose answer was lost is sent again
 * (CA_KEYED). `finalize` buys, once an order, however often it is sent: the certificate of an order
 * is there or it is not. So it is a phase of POLL and needs no intent of its own: POLL reads the
 * order first and finalizes only what the CA says is ready.
 */
#ifndef BATCH_CA_ACME_H
#define BATCH_CA_ACME_H

#include "batch/ca/rest.h"
#include "batch/ca/settings.h"
#include "formats/base/str.h"
#include "formats/jws.h"

enum { ACME_HTTP, ACME_DNS };
struct acme_config {
    const char *directory_url;
    struct secret_ref account_key;
    struct strings contact;
    bool accept_tos;
    const char *eab_kid;
    struct secret_ref eab_hmac_key;
    int challenge;
    struct strings hook, certificate_keys;
    int64_t hook_timeout_seconds, propagation_wait_seconds;
    const char *profile_name;
    bool profile_required;
    const char *preferred_chain;
    int ari; /* enum ca_renewal */
    struct ca_enroll enroll;
    int64_t order_deadline_seconds, max_orders_per_run, renewal_window_days;
};

extern const struct ca_ops acme_ops;
enum {
    ACME_CAPS = CA_PUBLIC | CA_ORDER | CA_REVOKE | CA_KEYED | CA_REVOKE_AGAIN | CA_DCV |
                CA_PRODUCTS | CA_INVENTORY
};
bool acme_dcv(const struct ca_config *config, struct ca_dcv *out);

/* --- an opened CA --- */
enum { ACME_NONCES = 64, ACME_NONCE_MAX = 256, ACME_URL_MAX = 1024 };
enum { /* phases of TOKEN; 0: the first of these that is missing */
       TOKEN_DIRECTORY = 1,
       TOKEN_NONCE,
       TOKEN_ACCOUNT, /* is there one for our key? (RFC 8555, 7.3.1) */
       TOKEN_REGISTER
};
enum { /* phases of POLL */
       POLL_ORDER,
       POLL_AUTHORIZATION, /* one of the order, as often as it has some */
       POLL_FINALIZE,
       POLL_LOOK, /* the order again, right after finalize */
       POLL_CERTIFICATE,
       POLL_ALTERNATE, /* other chains of it */
       POLL_DEFAULT    /* none was the preferred one */
};
struct acme {
    const struct acme_config *config;
    struct arena arena;
    struct key account;
    char thumbprint[JWK_THUMBPRINT];
    struct buf jwk;
    struct secret mac; /* of the external account binding */
    struct key *keys;  /* `certificate_keys` */
    size_t nkeys;

    /* of the directory; new_nonce NULL: not read yet */
    const char *new_nonce, *new_account, *new_order, *revoke_cert, *renewal_info, *terms;
    bool external_account;
    struct strlist profiles;

    const char *account_url; /* the key id of all requests; NULL: not known yet */
    bool no_account;         /* the CA has none for our key */
    unsigned asked;          /* the phase of TOKEN that is under way */
    /* Every answer brings one, every signed request uses one up; the newest goes first, since
     * servers forget old ones. */
    char nonces[ACME_NONCES][ACME_NONCE_MAX];
    size_t nnonces;
    struct strlist replaced; /* certificates whose replacement the CA will not hear of again */
};

/* --- acme_account.c --- */
bool acme_authorized(const struct ca *ca, int64_t now);
unsigned acme_missing(const struct acme *own); /* phase of TOKEN; 0 = nothing */
void acme_keep_nonce(struct acme *own, const char *nonce);
/* An address that the CA gave, which requests may be sent to: copied, or NULL. */
const char *acme_address(const struct acme *own, struct arena *a, const char *url);
/* The body of a signed request: by the account, or with `key` by that key and its JWK. Takes a
 * nonce. */
bool acme_sign(const struct rest_asked *q, const struct key *key, struct span payload,
               struct buf *out) MUST_USE;
bool acme_ask_again(const struct rest_asked *q, struct buf *b) MUST_USE; /* POST-as-GET, 6.3 */
bool acme_directory_path(const struct rest_asked *q, struct buf *url) MUST_USE;
bool acme_nonce_path(const struct rest_asked *q, struct buf *url) MUST_USE;
bool acme_account_path(const struct rest_asked *q, struct buf *url) MUST_USE;
bool acme_own_account_path(const struct rest_asked *q, struct buf *url) MUST_USE;
bool acme_look_up(const struct rest_asked *q, struct buf *b) MUST_USE;
bool acme_register(const struct rest_asked *q, struct buf *b) MUST_USE;
void acme_take_directory(const struct rest_heard *h);
void acme_take_nonce(const struct rest_heard *h);
void acme_take_account(const struct rest_heard *h);
void acme_take_probe(const struct rest_heard *h);

/* --- acme_order.c --- */
bool acme_new_order_path(const struct rest_asked *q, struct buf *url) MUST_USE;
bool acme_order_path(const struct rest_asked *q, struct buf *url) MUST_USE;
bool acme_page_path(const struct rest_asked *q, struct buf *url) MUST_USE; /* first word of page */
bool acme_proof_path(const struct rest_asked *q, struct buf *url) MUST_USE;
bool acme_revoke_path(const struct rest_asked *q, struct buf *url) MUST_USE;
bool acme_put_order(const struct rest_asked *q, struct buf *b) MUST_USE;
bool acme_put_csr(const struct rest_asked *q, struct buf *b) MUST_USE;
bool acme_put_ready(const struct rest_asked *q, struct buf *b) MUST_USE; /* {}: look now */
bool acme_put_revocation(const struct rest_asked *q, struct buf *b) MUST_USE;

/* --- acme_answer.c --- */
void acme_take_new_order(const struct rest_heard *h);
void acme_take_order(const struct rest_heard *h);
void acme_take_authorization(const struct rest_heard *h);
void acme_take_challenge(const struct rest_heard *h);
void acme_take_ready(const struct rest_heard *h);
void acme_take_certificate(const struct rest_heard *h);
void acme_take_revocation(const struct rest_heard *h);
/* "www.example.com: DNS problem: ..." of a problem document (RFC 7807); NULL: there is none. */
const char *acme_problem_text(struct arena *a, const json_t *problem);
/* What follows "urn:ietf:params:acme:error:", else the whole type, else NULL. */
const char *acme_problem_type(const json_t *problem);
/* Addresses of `rel` in the Link headers (RFC 8288), blank-separated, added to out. */
void acme_links(const struct rest_heard *h, const char *rel, struct buf *out);

/* --- acme_renewal.c --- */
/* certID of RFC 9773, 4.1; NULL: the certificate has no key identifier of its issuer. */
const char *acme_cert_id(struct arena *a, struct span certificate);
bool acme_renewal_path(const struct rest_asked *q, struct buf *url) MUST_USE;
void acme_take_renewal(const struct rest_heard *h);

/* --- acme_list.c --- */
void acme_take_profiles(const struct rest_heard *h);
void acme_take_orders_url(const struct rest_heard *h);
void acme_take_orders(const struct rest_heard *h);
void acme_take_listed(const struct rest_heard *h);
void acme_take_listed_certificate(const struct rest_heard *h);

#endif
