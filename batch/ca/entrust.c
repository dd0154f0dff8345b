/* SPDX-License-Identifier: Apache-2.0
 *
 * Entrust CA Gateway: its settings. See entrust.h for the rest.
 *
 * A product is a profile of the CA behind the gateway. What a profile asks for (variables of the
 * subject, kinds of alternative names, properties) the gateway tells on request; here it is
 * written down under `profiles:`, so that orders can be checked without it. The gateway knows its
 * callers by the client certificate of `tls:` alone.
 */
#include "batch/ca/entrust.h"

static const char *const san_types[] = {"dNSName",   "rfc822Name",   "uniformResourceIdentifier",
                                        "iPAddress", "registeredID", "directoryName"};
static bool check_san_type(const char *text, const char **why)
{
    *why = "must be one of dNSName, rfc822Name, uniformResourceIdentifier, iPAddress, "
           "registeredID, directoryName";
    for (size_t i = 0; i < NITEMS(san_types); i++) {
        if (str_eq(san_types[i], text)) {
            return true;
        }
    }
    return false;
}

static const struct field profile_fields[] = {
    {.name = "subject_variables",
     .kind = FIELD_STRINGS,
     .offset = offsetof(struct entrust_profile, subject_variables),
     .help = "required variables of the subject (cn, o, ...)"},
    {.name = "sans",
     .kind = FIELD_STRINGS,
     .offset = offsetof(struct entrust_profile, sans),
     .check = check_san_type,
     .help = "required kinds of alternative names (dNSName, ...)"},
    {.name = "properties",
     .kind = FIELD_STRINGS,
     .offset = offsetof(struct entrust_profile, properties),
     .help = "required properties (tracking.requesterName, ...)"},
};
static const struct schema profile_schema = {"profile",
                                             "what a profile of the gateway requires",
                                             profile_fields,
                                             NITEMS(profile_fields),
                                             sizeof(struct entrust_profile),
                                             NO_OFFSET};

static const struct field config_fields[] = {
    SETTING_URL(struct entrust_config, url, FIELD_REQUIRED,
                "everything before /v1, as https://cagw.example:8444/cagw"),
    SETTING_TEXT(struct entrust_config, ca_id, "id of the CA behind the gateway"),
    SETTING_TEXT(struct entrust_config, connector,
                 "what that CA is: com.Sectigo, com.entrust.PKIHub, com.entrust.SecurityManager"),
    SETTING_TEXT(struct entrust_config, profile_id, "profile of orders that name no product"),
    SETTING_PRESET(struct entrust_config, format, "X509",
                   "X509 or PEM; PKCS12 when the CA makes the key"),
    SETTING_TEXT(struct entrust_config, validity_period,
                 "ISO 8601 duration (P1Y), for orders without a validity"),
    SETTING_PRESET(struct entrust_config, renewal_serial_property, "RenewalSerialNumber",
                   "property that names the old certificate in a renewal"),
    SETTING_BOOL(struct entrust_config, include_ca, "true", "the chain comes with the certificate"),
    SETTING_BOOL(struct entrust_config, use_san_from_csr, "false",
                 "alternative names are those of the CSR; not for every CA"),
    SETTING_BOOL(struct entrust_config, subject_lookup, "true",
                 "certificates are looked up by subject, then in the event feed; false: in the "
                 "feed alone"),
    SETTING_BOOL(struct entrust_config, issue_crl, "false",
                 "each revocation asks for a new CRL at once; else the CA publishes when it does"),
    SETTING_INT(struct entrust_config, page_size, "50", 1, 100,
                "events asked for at a time; PKIaaS gives at most 50"),
    SETTING_INT(struct entrust_config, serial_digits, "0", 0, 40,
                "serial numbers of a manifest are sent with leading zeros up to so many digits"),
    SETTING_INT(struct entrust_config, settle_seconds, "30", 0, 3600,
                "how long a certificate may take to show up in a search"),
    SETTING_TEXT(struct entrust_config, ca_client_id,
                 "value of the header ca-client-id; sent only when it is set"),
    {.name = "profiles",
     .kind = FIELD_NAMED,
     .offset = offsetof(struct entrust_config, profiles),
     .sub = &profile_schema,
     .help = "what profiles of the gateway require, by their ids"},
    SETTING_GROUP(struct entrust_config, enroll, &ca_enroll_schema,
                  "waits for a certificate that is not ready at once"),
    SETTING_RENEWAL(struct entrust_config),
};
static const struct schema config_schema = {"entrust",
                                            "Entrust CA Gateway",
                                            config_fields,
                                            NITEMS(config_fields),
                                            sizeof(struct entrust_config),
                                            NO_OFFSET};

const struct ca_type ca_entrust = {
    .type = "entrust",
    .title = "Entrust CA Gateway",
    .caps = CA_ORDER | CA_REVOKE | CA_FIND | CA_INVENTORY | CA_PRODUCTS | CA_POLL_WANTS_ORDER,
    .config = &config_schema,
    .product_key = "profile_id",
    .product_optional = true, /* rule entrust.profile says it better */
    .renewal_window_days = 90,
    .in_flight = 8,
    .ops = &entrust_ops,
};
