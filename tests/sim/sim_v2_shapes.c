/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of V2 requests, the words of its reasons, and the table of calls.
 */
#include "tests/sim/sim_v2.h"

#include "formats/base/cleanup.h"

#define STR(path)                                                                                  \
    {                                                                                              \
        path, SHAPE_STRING, 0, NULL                                                                \
    }
#define FULL(path)                                                                                 \
    {                                                                                              \
        path, SHAPE_STRING, SHAPE_REQUIRED | SHAPE_FILLED, NULL                                    \
    }
#define WORD(path, w)                                                                              \
    {                                                                                              \
        path, SHAPE_STRING, SHAPE_REQUIRED, w                                                      \
    }
#define MAYBE(path, w)                                                                             \
    {                                                                                              \
        path, SHAPE_STRING, 0, w                                                                   \
    }
#define OBJ(path)                                                                                  \
    {                                                                                              \
        path, SHAPE_OBJECT, 0, NULL                                                                \
    }
#define MUST(path)                                                                                 \
    {                                                                                              \
        path, SHAPE_OBJECT, SHAPE_REQUIRED, NULL                                                   \
    }
#define LIST(path)                                                                                 \
    {                                                                                              \
        path, SHAPE_STRINGS, 0, NULL                                                               \
    }
#define BOOL(path)                                                                                 \
    {                                                                                              \
        path, SHAPE_BOOL, 0, NULL                                                                  \
    }
#define INT(path)                                                                                  \
    {                                                                                              \
        path, SHAPE_INT, 0, NULL                                                                   \
    }
#define TRUTH(path)                                                                                \
    {                                                                                              \
        path, SHAPE_BOOL, SHAPE_REQUIRED, NULL                                                     \
    }

static const struct shape order[] = {
    WORD("productVariant", "dv ov ev dv-wildcard dv-ucc dv-wildcard-ucc ov-wildcard ov-ucc "
                           "ov-wildcard-ucc ev-ucc"),
    MAYBE("emailNotifications", "all 0"),
    MUST("requestor"),
    FULL("requestor.name"),
    FULL("requestor.email"),
    STR("requestor.phone"),
    STR("requestor.designation"),
    MUST("certificate"),
    FULL("certificate.domain"),
    BOOL("certificate.autoSecureWww"),
    LIST("certificate.additionalDomains"),
    OBJ("subscription"),
    INT("subscription.validityYears"),
    BOOL("subscription.autoRenew"),
    INT("subscription.renewBeforeDays"),
    OBJ("organization"),
    FULL("organization.organizationNumber"),
    BOOL("organization.preVetted"),
    STR("organization.preVettingToken"),
    OBJ("agreement"),
    FULL("agreement.signerName"),
    FULL("agreement.signerPlace"),
    STR("agreement.signerIp"),
    TRUTH("agreement.accepted"),
    OBJ("technicalPointOfContact"),
    STR("technicalPointOfContact.name"),
    STR("technicalPointOfContact.email"),
    STR("technicalPointOfContact.phone"),
    STR("technicalPointOfContact.designation"),
    STR("groupNumber"),
    STR("remarks"),
    STR("requestId"),
    LIST("tags"),
    LIST("recipientEmails"),
    {"csr", SHAPE_STRING, SHAPE_FILLED, NULL},
};
/* No CSR, no remarks, no agreement: those the hub wants are not members here. */
static const struct shape private_order[] = {
    WORD("variant", "intranet-ssl igtf-host"),
    STR("caProfileId"),
    STR("masterProductId"),
    FULL("hostname"),
    LIST("additionalHosts"),
    MAYBE("emailNotifications", "all 0"),
    OBJ("subscription"),
    INT("subscription.validityYears"),
    MUST("requestor"),
    FULL("requestor.name"),
    FULL("requestor.email"),
    STR("requestor.phone"),
    STR("requestor.designation"),
    OBJ("technicalPointOfContact"),
    STR("technicalPointOfContact.name"),
    STR("technicalPointOfContact.email"),
    STR("technicalPointOfContact.phone"),
    STR("technicalPointOfContact.designation"),
    STR("groupNumber"),
};
static const struct shape csr[] = {FULL("csr"), BOOL("attested")};
static const struct shape agreement[] = {MUST("agreement"), FULL("agreement.signerName"),
                                         FULL("agreement.signerPlace"), STR("agreement.signerIp"),
                                         TRUTH("agreement.accepted")};
static const struct shape verify[] = {FULL("domain"), WORD("method", "dns-txt http-url email")};
static const struct shape cancel[] = {STR("reason")};
static const struct shape revoke[] = {
    WORD("reason", "unspecified key-compromise ca-compromise affiliation-changed superseded "
                   "cessation-of-operation certificate-hold privilege-withdrawn aa-compromise"),
    STR("note")};
static const struct shape reissue[] = {WORD("mode", "rekey update-sans"),
                                       STR("csr"),
                                       LIST("additionalDomains"),
                                       STR("reason"),
                                       BOOL("revokePrevious"),
                                       STR("revokeReason"),
                                       BOOL("revokeAllPriorReissues")};

const struct v2_reason v2_reasons[] = {{"unspecified", NULL},      {"key-compromise", "1"},
                                       {"ca-compromise", NULL},    {"affiliation-changed", "3"},
                                       {"superseded", "4"},        {"cessation-of-operation", "5"},
                                       {"certificate-hold", NULL}, {"privilege-withdrawn", "9"},
                                       {"aa-compromise", NULL},    {NULL, NULL}};

#define ROWS(a) a, NITEMS(a)
#define SSL     "ssl-certificates"
#define PRIVATE "private-pki-certificates"
const struct v2_call v2_calls[] = {
    {"GET", "auth/me", KIND_VALIDATE, NULL, 0, v2_me},
    {"GET", "catalog/products", KIND_CATALOGUE, NULL, 0, v2_products},
    {"GET", "groups", KIND_CATALOGUE, NULL, 0, v2_groups},
    {"GET", "organizations", KIND_CATALOGUE, NULL, 0, v2_organizations},
    {"GET", "organizations/*", KIND_CATALOGUE, NULL, 0, v2_organization},
    {"GET", "domains", KIND_CATALOGUE, NULL, 0, v2_domains},
    {"GET", "reports/orders", KIND_REPORT, NULL, 0, v2_report},
    {"POST", SSL, KIND_ORDER, ROWS(order), v2_place},
    {"GET", SSL "/*", KIND_TRACK, NULL, 0, v2_track},
    {"PUT", SSL "/*/csr", KIND_CSR, ROWS(csr), v2_csr},
    {"POST", SSL "/*/agreement", KIND_AGREEMENT, ROWS(agreement), v2_agreement},
    {"GET", SSL "/*/certificate", KIND_GET, NULL, 0, v2_certificate},
    {"GET", SSL "/*/dcv", KIND_DCV, NULL, 0, v2_dcv},
    {"POST", SSL "/*/dcv/verify", KIND_DCV, ROWS(verify), v2_verify_dcv},
    {"POST", SSL "/*/cancel", KIND_CANCEL, ROWS(cancel), v2_cancel},
    {"POST", SSL "/*/reject", KIND_CANCEL, ROWS(cancel), v2_cancel},
    {"POST", SSL "/*/revoke", KIND_REVOKE, ROWS(revoke), v2_revoke},
    {"POST", SSL "/*/reissue", KIND_ORDER, ROWS(reissue), v2_reissue},
    {"POST", PRIVATE, KIND_ORDER, ROWS(private_order), v2_place_private},
    {"GET", PRIVATE "/*", KIND_TRACK, NULL, 0, v2_track},
    {"PUT", PRIVATE "/*/csr", KIND_CSR, ROWS(csr), v2_csr},
    {"GET", PRIVATE "/*/certificate", KIND_GET, NULL, 0, v2_certificate},
    {"POST", PRIVATE "/*/revoke", KIND_REVOKE, ROWS(revoke), v2_revoke},
};
const size_t v2_calls_count = NITEMS(v2_calls);
