/* SPDX-License-Identifier: Apache-2.0
 *
 * eMudhra emCA as a kind of CA that lint and policy know: its settings. Orders are not placed:
 * there are no ops.
 *
 * Three ways to talk to it exist; `version` tells which, `dialect` says it outright. A product is
 * a certificate profile of the tenant. Every dialect hands the request over as it is, so the names
 * of a certificate are those of its request.
 */
#include "batch/ca/settings.h"

enum { DIALECT_BY_VERSION, DIALECT_REST, DIALECT_EST, DIALECT_JWT };
static const struct word dialect_words[] = {
    {"rest-4.0.17", DIALECT_REST, "encrypted and signed requests of V4.0.17"},
    {"est", DIALECT_EST, "Enrollment over Secure Transport (RFC 7030)"},
    {"rest-jwt", DIALECT_JWT, "requests with a token, V4.2.4 and later"},
    {0},
};

enum { AES_ECB, AES_CBC_ZERO_IV, AES_CBC_PREFIXED_IV };
static const struct word aes_words[] = {
    {"ecb", AES_ECB, "as the default of Java"},
    {"cbc-zero-iv", AES_CBC_ZERO_IV, "CBC, initialisation vector of zeros"},
    {"cbc-prefixed-iv", AES_CBC_PREFIXED_IV, "CBC, initialisation vector in front"},
    {0},
};

enum { PAYLOAD_BASE64, PAYLOAD_PEM, PAYLOAD_DER };
static const struct word payload_words[] = {
    {"csr-base64", PAYLOAD_BASE64, "Base64 without armour"},
    {"csr-pem", PAYLOAD_PEM, "PEM text"},
    {"csr-der", PAYLOAD_DER, "DER"},
    {0},
};

struct emca_config {
    const char *version;
    int dialect;
    const char *base_url, *username;
    struct secret_ref password;
    const char *issuing_ca, *subscriber_id, *profile, *validity, *upload_file;
    struct secret_ref upload_password, em_key, aes_key;
    int aes_mode, cms_payload;
    const char *client_id, *endpoint_map, *est_path;
    bool accept_unverified_map;
    struct ca_enroll enroll;
    int64_t renewal_window_days;
};

static const struct field upload_fields[] = {
    {.name = "file",
     .kind = FIELD_PATH,
     .flags = FIELD_REQUIRED | FIELD_NONEMPTY,
     .offset = offsetof(struct emca_config, upload_file),
     .help = "PKCS#12 file"},
    {.name = "password",
     .kind = FIELD_SECRET,
     .offset = offsetof(struct emca_config, upload_password),
     .help = "its password"},
};
static const struct schema upload_schema = {"upload_file",
                                            "the key and certificate that sign requests",
                                            upload_fields,
                                            NITEMS(upload_fields),
                                            sizeof(struct emca_config),
                                            NO_OFFSET};

static const struct field config_fields[] = {
    SETTING_TEXT(struct emca_config, version, "of emCA: 4.0.17, 4.2.3, 4.2.4 ..."),
    SETTING_WORD(struct emca_config, dialect, dialect_words, NULL,
                 "how to talk to it; default what the version speaks"),
    SETTING_TEXT(struct emca_config, base_url,
                 "https://HOST, before /emCAServices or /.well-known"),
    SETTING_TEXT(struct emca_config, username, "user of the API"),
    SETTING_SECRET(struct emca_config, password, "its password"),
    SETTING_TEXT(struct emca_config, issuing_ca,
                 "name of the issuing CA exactly as emCA has it; checked on what comes back"),
    SETTING_TEXT(struct emca_config, subscriber_id, "subscriber the certificates belong to"),
    SETTING_TEXT(struct emca_config, profile, "certificate profile of orders that name no product"),
    SETTING_TEXT(struct emca_config, validity,
                 "Days:Hours:Minutes:Seconds, for orders without a validity"),
    {.name = "upload_file",
     .kind = FIELD_OBJECT,
     .sub = &upload_schema,
     .help = "rest-4.0.17: the key and certificate that sign requests"},
    SETTING_SECRET(struct emca_config, em_key, "rest-4.0.17: value of the emKey header"),
    SETTING_SECRET(struct emca_config, aes_key, "rest-4.0.17: key that encrypts requests"),
    SETTING_WORD(struct emca_config, aes_mode, aes_words, "ecb", "rest-4.0.17: how it is used"),
    SETTING_WORD(struct emca_config, cms_payload, payload_words, "csr-base64",
                 "rest-4.0.17: what is signed"),
    SETTING_TEXT(struct emca_config, client_id, "rest-jwt: client id of the application"),
    SETTING_PATH(struct emca_config, endpoint_map, "rest-jwt: file that describes the operations"),
    SETTING_BOOL(struct emca_config, accept_unverified_map, "false",
                 "rest-jwt: use a map that nobody has tried against emCA"),
    SETTING_PRESET(struct emca_config, est_path, "/.well-known/est", "est: path of the service"),
    SETTING_GROUP(struct emca_config, enroll, &ca_enroll_schema,
                  "waits for a certificate that is not ready at once"),
    SETTING_RENEWAL(struct emca_config),
};
static const struct schema config_schema = {
    "emca",   "eMudhra emCA", config_fields, NITEMS(config_fields), sizeof(struct emca_config),
    NO_OFFSET};

const struct ca_type ca_emca = {
    .type = "emca",
    .title = "eMudhra emCA",
    .caps = CA_READS_CSR_NAMES,
    .config = &config_schema,
    .product_key = "profile",
    .product_optional = true, /* rule emca.required says it better */
    .renewal_window_days = 90,
    .in_flight = 4,
};
