/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the DigiCert CertCentral connector (Services API v2) share: its settings, an
 * opened account, the steps and phases, and helpers that several parts read or write with.
 *
 * An order and its certificates are different things there: an order has one certificate, later
 * more by reissue and duplicate, and every certificate has a number of its own. The journal knows
 * the order; the number of the certificate travels from one phase to the next as the page.
 */
#ifndef BATCH_CA_DIGICERT_H
#define BATCH_CA_DIGICERT_H

#include "batch/ca/rest.h"
#include "batch/ca/settings.h"
#include "batch/ca/search.h"
#include "batch/config.h"

/* --- settings --- */
struct digicert_term { /* one of three; rule digicert.validity says so */
    int64_t years, days;
    const char *custom_expiration_date;
};
struct digicert_config {
    const char *base_url;
    struct secret_ref api_key;
    const char *organization_id, *container_id;
    int64_t server_platform_id;
    const char *signature_hash;
    struct digicert_term order_validity, certificate_validity;
    int payment_type;
    const char *payment_profile_id;
    const char *default_product, *ca_cert_id, *profile_option;
    int dcv_method, dcv_scope;
    bool skip_approval, approve_requests, verified_contact, disable_renewal_notifications;
    struct ca_dcv_settings dcv;
    struct ca_enroll enroll;
    int64_t settle_seconds, page_size, renewal_window_days;
};
extern const struct schema digicert_config_schema;
void digicert_check(struct schema_ctx *ctx, const struct ca_config *config);
/* As the API spells what the settings say; NULL: the account decides. */
const char *digicert_payment_word(const struct digicert_config *c);
const char *digicert_scope_word(const struct digicert_config *c);

/* --- domain control validation: digicert_dcv.c --- */
extern const struct word digicert_dcv_words[];
bool digicert_dcv(const struct ca_config *config, struct ca_dcv *out);
void digicert_dcv_check(struct schema_ctx *ctx, const struct ca_config *config);
/* dcv_method of an order. False: DigiCert would refuse it. */
bool digicert_put_dcv(const struct rest_asked *q, struct jw *j);
/* Which names of a pending order are open, or that a person has to answer a mail. */
void digicert_read_validation(const struct rest_heard *h, const json_t *certificate);

/* --- an opened account --- */
struct digicert {
    struct arena arena;
    const char *base; /* ends in /services/v2 */
    struct secret api_key;
};
extern const struct ca_ops digicert_ops;

/* --- phases --- */
enum { POLL_TRACK, POLL_FETCH, POLL_LIST, POLL_APPROVE };
enum { FIND_LIST, FIND_KEY, FIND_NEXT };
enum {
    REVOKED_ORDER,
    REVOKED_REISSUES,
    REVOKED_DUPLICATES,
    REVOKED_APPROVE,
    REVOKED_SEARCH,
    REVOKED_FOUND
};
enum { PROBE_USER, PROBE_ORDERS };
enum { FIND_ROWS = 100 };

/* Before the item in a comment of ours: in requests at DigiCert it tells whose they are. */
#define DIGICERT_MARK "certbatch "

/* --- requests: digicert_request.c, bodies of orders: digicert_order.c --- */
typedef bool digicert_path_fn(const struct rest_asked *q, struct buf *url);
typedef bool digicert_json_fn(const struct rest_asked *q, struct jw *j);
digicert_path_fn digicert_path_order, digicert_path_tracked, digicert_path_chain,
    digicert_path_siblings, digicert_path_request, digicert_path_find, digicert_path_candidate,
    digicert_path_revoke, digicert_path_state, digicert_path_serial, digicert_path_reissues,
    digicert_path_duplicates, digicert_path_cancel, digicert_path_products, digicert_path_inventory,
    digicert_path_user, digicert_path_one_order, digicert_path_challenge, digicert_path_validate;
digicert_json_fn digicert_put_order, digicert_put_approval, digicert_put_revocation,
    digicert_put_cancel, digicert_put_nothing;

/* --- answers: digicert_answer.c, digicert_dcv.c, digicert_revoke.c, digicert_list.c --- */
typedef void digicert_take_fn(const struct rest_heard *h);
digicert_take_fn digicert_take_order, digicert_take_tracked, digicert_take_chain,
    digicert_take_siblings, digicert_take_approved, digicert_take_found, digicert_take_candidate,
    digicert_take_revocation, digicert_take_state, digicert_take_serial, digicert_take_certificates,
    digicert_take_cancel, digicert_take_products, digicert_take_inventory, digicert_take_user,
    digicert_take_one_order, digicert_take_challenge, digicert_take_validated;
/* What a 4xx says in the API's own words. */
void digicert_explain(const struct rest_heard *h, const struct rest_row *row);

/* --- what several parts need --- */
/* `fields:` of the order, a scalar; else `otherwise`. */
const char *digicert_field(const struct ca_order *o, const char *name, const char *otherwise);
bool digicert_flag(const struct ca_order *o, const char *name, bool otherwise);
/* The order that a reissue or duplicate belongs to; NULL: it is an order of its own. */
const char *digicert_prior(const struct ca_order *o);
bool digicert_is_duplicate(const struct ca_order *o);
const char *digicert_common_name(const struct ca_order *o); /* NULL: there is none */
/* The SANs, each once, behind `first` unless that is NULL. */
void digicert_put_names(const struct ca_order *o, struct jw *j, const char *key, const char *first);
/* S/MIME, digicert_mail.c: is it such an order; its members of `certificate`; its `subject`. */
bool digicert_is_mail(const struct ca_config *config, const struct ca_order *o) MUST_USE;
void digicert_put_mail(const struct rest_asked *q, struct jw *j);
void digicert_put_holder(const struct rest_asked *q, struct jw *j);
/* What lists of orders call an order; NULL: nothing that could be known. */
const char *digicert_listed_name(const struct ca_config *config, const struct ca_order *o);
bool digicert_is_number(const char *id) MUST_USE; /* digits, not too many */
/* The key of a request that the API shows; false: it shows none. */
bool digicert_csr_is_ours(const struct rest_heard *h, const json_t *certificate) MUST_USE;
/* True: the reply says in the API's words that there is no such thing. */
bool digicert_says_not_found(const struct rest_heard *h) MUST_USE;
/* Newest request that waits for an approver; NULL: none does. With an item only one whose comment
 * has it, as ours have: an order may hold requests of other people. */
const char *digicert_open_request(struct arena *a, const json_t *order, const char *item);
void digicert_pending(const struct rest_heard *h, const char *message);
void digicert_unknown(const struct rest_heard *h, const char *why);

enum digicert_class {
    CLASS_ISSUED, /* there is a certificate; only one that decodes proves it */
    CLASS_PENDING,
    CLASS_FAILED,
    CLASS_REVOKED
};
/* The word of an order or certificate; one that no table knows is pending. */
enum digicert_class digicert_class_of(const char *status);

#endif
