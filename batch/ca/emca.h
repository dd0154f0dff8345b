/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of the emCA connector: its configuration (emca.c), what is opened of it (emca_open.c), and
 * its dialects, one row of a table each (emca_ops.c).
 *
 *     rest-4.0.17   emca_rest.c: requests and answers; emca_envelope.c: how they are wrapped
 *     est           emca_est.c: an EST client (est.h) with the settings of an emCA
 *     rest-jwt      emca_jwt.c: requests and answers as a file describes them, emca_map.c
 *
 * By EST an emCA is another kind of CA than by REST (nothing can be asked again, nothing revoked):
 * a row of its own, ca_emca_est, which ca_emca.variant finds.
 */
#ifndef BATCH_CA_EMCA_H
#define BATCH_CA_EMCA_H

#include "batch/ca/rest.h"
#include "batch/ca/settings.h"
#include "formats/aes.h"
#include "formats/keystore.h"

enum emca_dialect { EMCA_BY_VERSION, EMCA_REST, EMCA_EST, EMCA_JWT, EMCA__MAX };
enum emca_payload { EMCA_CSR_BASE64, EMCA_CSR_PEM, EMCA_CSR_DER };
enum emca_serial { EMCA_SERIAL_HEX, EMCA_SERIAL_HEX_UPPER, EMCA_SERIAL_DECIMAL };

struct emca_config {
    const char *version;
    int dialect; /* enum emca_dialect */
    const char *base_url, *username;
    struct secret_ref password;
    const char *issuing_ca, *subscriber_id, *profile, *validity, *upload_file;
    struct secret_ref upload_password, em_key, aes_key;
    int aes_mode, cms_payload, serial_format; /* enum aes_mode, emca_payload, emca_serial */
    bool chain;
    const char *crl_url, *issuing_ca_file;
    const char *client_id, *endpoint_map;
    const char *est_path, *est_label;
    struct strings est_labels;
    int est_reenroll; /* EST_REENROLL_ of est.h */
    bool accept_unverified_map;
    struct ca_enroll enroll;
    int64_t renewal_window_days;
};
extern const struct schema emca_config_schema;
extern const struct ca_ops emca_ops;

struct emca_map;
struct emca_est;
enum { EMCA_CARRIED = 64 }; /* requests on their way; limits.in_flight is smaller */
/* An opened CA. */
struct emca {
    struct arena arena;
    const struct emca_dialect_row *dialect;
    const char *base; /* before /emCAServices */
    struct secret password, em_key, aes_key, token;
    struct keystore store;
    const struct keystore_item *signer; /* of the store: whose key signs requests */
    struct cert *issuers;               /* of issuing_ca_file: who may have signed a CRL */
    size_t nissuers;
    int64_t token_until;
    unsigned tokens; /* granted so far; below, which of them a request carries */
    struct {
        char nonce[33];
        unsigned token;
    } carried[EMCA_CARRIED];
    size_t ncarried;
    const struct emca_map *map;
    struct emca_est *est;
};

/* How a dialect is carried out. */
struct emca_dialect_row {
    const char *word; /* of the setting */
    /* What of the configuration it reads beyond base_url; false: err says what is missing. */
    bool (*open)(struct ca *ca, struct emca *e, struct err *err);
    bool (*request)(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                    struct err *err);
    void (*answer)(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                   struct ca_result *out);
    bool (*authorized)(const struct ca *ca, int64_t now); /* NULL: needs no token */
};

/* The dialect that the settings say, outright or by the version; EMCA_BY_VERSION: neither tells. */
int emca_dialect(const struct emca_config *c);

/* --- opening (emca_open.c) --- */
bool emca_open_rest(struct ca *ca, struct emca *e, struct err *err) MUST_USE;
bool emca_open_jwt(struct ca *ca, struct emca *e, struct err *err) MUST_USE;

/* --- what both REST dialects say of an order (emca_order.c) --- */
/* The application id: the same for the same order however often it is asked for. */
const char *emca_application_id(struct arena *a, const char *client_key);
bool emca_is_application_id(const char *order_id);
const char *emca_profile(const struct rest_asked *q);
bool emca_profile_is_id(const char *profile);
const char *emca_subscriber(const struct rest_asked *q);
/* Days:Hours:Minutes:Seconds, or NULL: the profile's. */
const char *emca_validity(const struct rest_asked *q);
const char *emca_field(const struct rest_asked *q, const char *name);
/* The serial number of a revocation or of an order id, as this emCA wants it. False: err. */
bool emca_serial(const struct rest_asked *q, const char **out) MUST_USE;
const char *emca_serial_text(struct arena *a, const char *hex, int format);
bool emca_payload(const struct rest_asked *q, struct buf *out) MUST_USE;
/* A certificate, or several, in the text of a reply: Base64 of DER or PKCS#7, or PEM. */
bool emca_certificates(struct arena *a, const char *text, struct reply_certs *out) MUST_USE;

/* --- rest-4.0.17 --- */
/* {"requestData": ..., "userName": ...}: the inner object with `members` before the credentials,
 * and the signature over `content`. */
bool emca_envelope(const struct rest_asked *q, struct span content,
                   bool (*members)(const struct rest_asked *q, struct jw *j),
                   struct buf *out) MUST_USE;
bool emca_rest_request(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                       struct err *err) MUST_USE;
void emca_rest_answer(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                      struct ca_result *out);

/* --- rest-jwt --- */
bool emca_jwt_request(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                      struct err *err) MUST_USE;
void emca_jwt_answer(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                     struct ca_result *out);
bool emca_jwt_authorized(const struct ca *ca, int64_t now);

/* --- est --- */
extern const struct ca_type ca_emca_est;
bool emca_open_est(struct ca *ca, struct emca *e, struct err *err) MUST_USE;
void emca_est_close(struct emca *e);
bool emca_est_request(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                      struct err *err) MUST_USE;
void emca_est_answer(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                     struct ca_result *out);
bool emca_est_authorized(const struct ca *ca, int64_t now);

#endif
