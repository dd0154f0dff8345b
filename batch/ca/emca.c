/* SPDX-License-Identifier: Apache-2.0
 *
 * eMudhra emCA as a kind of CA: its settings. How it is spoken to is in emca_ops.c.
 *
 * Three ways to talk to it exist; `version` tells which, `dialect` says it outright. A product is
 * a certificate profile of the tenant; by EST it is a label, and another kind of CA (emca_est.c).
 * Every dialect hands the request over as it is, so the names of a certificate are those of its
 * request.
 */
#include "batch/ca/emca.h"

#include "batch/ca/est.h"
#include "batch/config.h"

static const struct word dialect_words[] = {
    {"rest-4.0.17", EMCA_REST, "encrypted and signed requests of V4.0.17"},
    {"est", EMCA_EST, "Enrollment over Secure Transport (RFC 7030)"},
    {"rest-jwt", EMCA_JWT, "requests with a token, V4.2.4 and later"},
    {0},
};

static const struct word aes_words[] = {
    {"ecb", AES_ECB, "as the default of Java"},
    {"cbc-zero-iv", AES_CBC_ZERO_IV, "CBC, initialisation vector of zeros"},
    {"cbc-prefixed-iv", AES_CBC_PREFIXED_IV, "CBC, initialisation vector in front"},
    {0},
};

static const struct word payload_words[] = {
    {"csr-base64", EMCA_CSR_BASE64, "Base64 without armour"},
    {"csr-pem", EMCA_CSR_PEM, "PEM text"},
    {"csr-der", EMCA_CSR_DER, "DER"},
    {0},
};

static const struct word serial_words[] = {
    {"hex", EMCA_SERIAL_HEX, "lower case"},
    {"hex-upper", EMCA_SERIAL_HEX_UPPER, "upper case"},
    {"decimal", EMCA_SERIAL_DECIMAL, "a decimal number"},
    {0},
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
    SETTING_WORD(struct emca_config, serial_format, serial_words, "hex",
                 "how serial numbers are written"),
    SETTING_BOOL(struct emca_config, chain, "true",
                 "rest-4.0.17: ask for PKCS#7, which has the chain, instead of the certificate"),
    SETTING_URL(struct emca_config, crl_url, 0,
                "CRL of the issuing CA: tells whether a certificate is revoked already"),
    SETTING_PATH(struct emca_config, issuing_ca_file,
                 "its certificate, or several (PEM): a CRL counts when one of them signed it"),
    SETTING_TEXT(struct emca_config, client_id, "rest-jwt: client id of the application"),
    SETTING_PATH(struct emca_config, endpoint_map, "rest-jwt: file that describes the operations"),
    SETTING_BOOL(struct emca_config, accept_unverified_map, "false",
                 "rest-jwt: use a map that nobody has tried against emCA"),
    {.name = "est_path",
     .kind = FIELD_STRING,
     .offset = offsetof(struct emca_config, est_path),
     .fallback = "/.well-known/est",
     .check = est_is_path,
     .help = "est: path of the service"},
    {.name = "est_label",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct emca_config, est_label),
     .check = est_is_label,
     .help = "est: label of orders that name no product; default none"},
    {.name = "est_labels",
     .kind = FIELD_STRINGS,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct emca_config, est_labels),
     .check = est_is_label,
     .help = "est: further labels of the server, for `products` and `doctor`"},
    SETTING_WORD(struct emca_config, est_reenroll, est_reenroll_words, "own",
                 "est: which renewals go to /simplereenroll"),
    SETTING_GROUP(struct emca_config, enroll, &ca_enroll_schema,
                  "waits for a certificate that is not ready at once"),
    SETTING_RENEWAL(struct emca_config),
};
const struct schema emca_config_schema = {
    "emca",   "eMudhra emCA", config_fields, NITEMS(config_fields), sizeof(struct emca_config),
    NO_OFFSET};

static const struct ca_type *variant(const struct ca_config *config)
{
    return emca_dialect(config->own) == EMCA_EST ? &ca_emca_est : &ca_emca;
}

/* Whoever can answer in the place of crl_url could else have certificates taken for revoked. */
static void check(struct schema_ctx *ctx, const struct ca_config *config)
{
    const struct emca_config *c = config->own;
    if (c->crl_url && !c->issuing_ca_file) {
        schema_problem(
            ctx, yaml_get(config->node, "crl_url"),
            "crl_url needs issuing_ca_file, the certificate of the CA that signs the CRL");
    }
}

const struct ca_type ca_emca = {
    .type = "emca",
    .title = "eMudhra emCA",
    .caps =
        CA_ORDER | CA_REVOKE | CA_KEYED | CA_PRODUCTS | CA_READS_CSR_NAMES | CA_POLL_WANTS_ORDER,
    .config = &emca_config_schema,
    .check = check,
    .variant = variant,
    .product_key = "profile",
    .product_optional = true, /* rule emca.required says it better */
    .renewal_window_days = 90,
    .in_flight = 4,
    .account_key = "username",
    .revocation_note = "certificates are known by serial number: give `serial:` or `certificate:`; "
                       "rest-4.0.17 sees in crl_url what is revoked already",
    .ops = &emca_ops,
};
