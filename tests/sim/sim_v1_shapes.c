/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of V1 requests, and the table of calls. Everything on this wire is a string.
 */
#include "tests/sim/sim_v1.h"

#include "formats/base/cleanup.h"

#define STR(path)                                                                                  \
    {                                                                                              \
        path, SHAPE_STRING, 0, NULL                                                                \
    }
#define REQ(path)                                                                                  \
    {                                                                                              \
        path, SHAPE_STRING, SHAPE_REQUIRED, NULL                                                   \
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
#define O "orderDetails."
#define PERSON(path)                                                                               \
    OBJ(path), REQ(path ".name"), REQ(path ".email"), REQ(path ".isdCode"),                        \
        REQ(path ".mobileNumber"), REQ(path ".designation"), REQ(path ".employeeID")

static const struct shape order[] = {
    MUST("orderDetails"),
    FULL(O "productCode"),
    WORD(O "accountingModel", "1 2"),
    WORD(O "saveAndHold", "0 1"),
    WORD(O "emailNotifications", "0 1"),
    OBJ(O "delegationInformation"),
    FULL(O "delegationInformation.groupNumber"),
    OBJ(O "organizationDetails"),
    WORD(O "organizationDetails.preVetting", "0 1"),
    STR(O "organizationDetails.organizationNumber"),
    MUST(O "requestorInformation"),
    FULL(O "requestorInformation.requestorName"),
    FULL(O "requestorInformation.requestorEmail"),
    FULL(O "requestorInformation.requestorIsdCode"),
    REQ(O "requestorInformation.requestorMobileNumber"),
    {O "requestorInformation.requestorDesignation", SHAPE_STRING, SHAPE_FILLED, NULL},
    MUST(O "subscriptionDetails"),
    WORD(O "subscriptionDetails.validity", "1 2 3"),
    WORD(O "subscriptionDetails.autoRenew", "0 1"),
    WORD(O "subscriptionDetails.renewCriteria", "30 60"),
    MUST(O "certificateInformation"),
    FULL(O "certificateInformation.domainName"),
    LIST(O "certificateInformation.additionalDomains"),
    MAYBE(O "certificateInformation.autoSecureWWW", "0 1"),
    STR(O "certificateInformation.locality"),
    STR(O "certificateInformation.postalCode"),
    STR(O "certificateInformation.streetAddress"),
    STR(O "certificateInformation.streetAddress2"),
    STR(O "certificateInformation.city"),
    STR(O "certificateInformation.state"),
    STR(O "certificateInformation.country"),
    STR(O "certificateInformation.companyRegistrationNumber"),
    OBJ(O "technicalPointOfContact"),
    STR(O "technicalPointOfContact.tpcName"),
    STR(O "technicalPointOfContact.tpcEmail"),
    STR(O "technicalPointOfContact.tpcIsdCode"),
    STR(O "technicalPointOfContact.tpcMobileNumber"),
    {O "csr", SHAPE_STRING, SHAPE_FILLED, NULL},
    OBJ(O "agreementDetails"),
    WORD(O "agreementDetails.acceptAgreement", "1"),
    FULL(O "agreementDetails.signerName"),
    FULL(O "agreementDetails.signerPlace"),
    FULL(O "agreementDetails.signerIP"),
    PERSON(O "contractSignerInfo"),
    PERSON(O "certificateApproverInfo"),
    OBJ(O "additionalInformation"),
    STR(O "additionalInformation.remarks"),
    LIST(O "additionalInformation.tags"),
};

static const struct shape private_order[] = {
    MUST("orderDetails"),
    FULL(O "productCode"),
    MAYBE(O "accountingModel", "1 2"),
    WORD(O "saveAndHold", "0 1"),
    MAYBE(O "emailNotifications", "0 1"),
    OBJ(O "delegationInformation"),
    FULL(O "delegationInformation.groupNumber"),
    MUST(O "requestorInformation"),
    FULL(O "requestorInformation.requestorName"),
    FULL(O "requestorInformation.requestorEmail"),
    FULL(O "requestorInformation.requestorIsdCode"),
    REQ(O "requestorInformation.requestorMobileNumber"),
    OBJ(O "subscriptionDetails"),
    MAYBE(O "subscriptionDetails.validity", "1 2 3"),
    MAYBE(O "subscriptionDetails.autoRenew", "0 1"),
    MAYBE(O "subscriptionDetails.renewCriteria", "30 60"),
    MUST(O "certificateInformation"),
    FULL(O "certificateInformation.domainName"),
    STR(O "certificateInformation.organizationName"),
    STR(O "certificateInformation.organizationUnit"),
    STR(O "certificateInformation.state"),
    STR(O "certificateInformation.countryCode"),
    STR(O "certificateInformation.dnsType"),
    LIST(O "certificateInformation.additionalDomains"),
    OBJ(O "agreementDetails"),
    WORD(O "agreementDetails.acceptAgreement", "1"),
    FULL(O "agreementDetails.signerName"),
    FULL(O "agreementDetails.signerPlace"),
    FULL(O "agreementDetails.signerIP"),
    OBJ(O "additionalInformation"),
    STR(O "additionalInformation.remarks"),
    LIST(O "additionalInformation.tags"),
    {O "csr", SHAPE_STRING, SHAPE_FILLED, NULL},
};

static const struct shape csr[] = {MUST("orderDetails"), FULL(O "orderNumber"),
                                   FULL(O "requestorEmail"), FULL(O "csr")};
static const struct shape agreement[] = {MUST("agreementDetails"),
                                         FULL("agreementDetails.requestorEmail"),
                                         FULL("agreementDetails.orderNumber"),
                                         WORD("agreementDetails.acceptAgreement", "1"),
                                         FULL("agreementDetails.signerName"),
                                         FULL("agreementDetails.signerPlace"),
                                         FULL("agreementDetails.signerIP")};
static const struct shape track[] = {MUST("orderDetails"), FULL(O "orderNumber")};
static const struct shape get[] = {MUST("orderDetails"), FULL(O "orderNumber"),
                                   FULL(O "requestorEmail")};
static const struct shape dcv[] = {MUST("dcvDetails"),
                                   FULL("dcvDetails.requestorEmail"),
                                   FULL("dcvDetails.orderNumber"),
                                   FULL("dcvDetails.domainName"),
                                   WORD("dcvDetails.dcvMethod", "1 2 3"),
                                   STR("dcvDetails.dcvEmail")};
static const struct shape revoke[] = {
    MUST("revocationDetails"), FULL("revocationDetails.orderNumber"),
    FULL("revocationDetails.requestorEmail"), STR("revocationDetails.revokeReasonId"),
    STR("revocationDetails.revokeRemarks")};
static const struct shape reject_order[] = {MUST("orderDetails"), FULL(O "orderNumber"),
                                            FULL(O "rejectRemarks")};
static const struct shape reject_request[] = {MUST("orderDetails"), FULL(O "requestNumber"),
                                              FULL(O "rejectRemarks")};
#define S "searchCriteria."
static const struct shape report[] = {MUST("searchCriteria"),
                                      STR(S "orderDateFrom"),
                                      STR(S "orderDateTill"),
                                      STR(S "domainName"),
                                      STR(S "productCode"),
                                      STR(S "groupNumber"),
                                      STR(S "orderNumber"),
                                      STR(S "orderStatusId"),
                                      STR(S "certExpiryDateFrom"),
                                      STR(S "certExpiryDateTill"),
                                      STR(S "requestorEmailId"),
                                      STR(S "pageNumber"),
                                      STR(S "pageSize"),
                                      MAYBE(S "certificateChain", "0 1"),
                                      MAYBE(S "certificateTrustType", "1 2")};
static const struct shape products[] = {MUST("productDetails"), STR("productDetails.groupNumber")};
static const struct shape fields[] = {MUST("productDetails"), FULL("productDetails.groupNumber"),
                                      FULL("productDetails.categoryID"),
                                      FULL("productDetails.productCode")};

static void validate(struct request *q, struct reply *r)
{
    v1_good(q, r, NULL);
}

/* Their bodies are in no source. */
static void unsupported(struct request *q, struct reply *r)
{
    v1_refuse(q, r, "EMS-939", "Something went Wrong");
}

#define ROWS(a) a, NITEMS(a)
const struct v1_call v1_calls[] = {
    {"ValidateCredentials", KIND_VALIDATE, NULL, 0, validate},
    {"GetProductDetails", KIND_CATALOGUE, ROWS(products), v1_products},
    {"GetFieldDetails", KIND_CATALOGUE, ROWS(fields), v1_fields},
    {"GetGroupDetails", KIND_CATALOGUE, NULL, 0, v1_groups},
    {"GetGroupDetailsV2", KIND_CATALOGUE, NULL, 0, v1_groups},
    {"GetOrganizationDetails", KIND_CATALOGUE, NULL, 0, v1_organizations},
    {"GetDomainDetails", KIND_CATALOGUE, NULL, 0, v1_domains},
    {"GenerateOrderSSL", KIND_ORDER, ROWS(order), v1_place},
    {"GenerateOrderSMIME", KIND_ORDER, ROWS(order), unsupported},
    {"GenerateOrderSignature", KIND_ORDER, ROWS(order), unsupported},
    {"GenerateOrderPrivatePKI", KIND_ORDER, ROWS(private_order), v1_place_private},
    {"SubmitCSR", KIND_CSR, ROWS(csr), v1_submit_csr},
    {"SubmitDocument", KIND_OTHER, NULL, 0, unsupported},
    {"AgreementAcceptance", KIND_AGREEMENT, ROWS(agreement), v1_agreement},
    {"TrackOrder", KIND_TRACK, ROWS(track), v1_track},
    {"GetDcv", KIND_DCV, ROWS(dcv), v1_get_dcv},
    {"VerifyDcv", KIND_DCV, ROWS(dcv), v1_verify_dcv},
    {"GetCertificate", KIND_GET, ROWS(get), v1_certificate},
    {"RevokeOrder", KIND_REVOKE, ROWS(revoke), v1_revoke},
    {"RejectOrder", KIND_CANCEL, ROWS(reject_order), v1_reject_order},
    {"RejectRequest", KIND_CANCEL, ROWS(reject_request), v1_reject_request},
    {"GetOrderReport", KIND_REPORT, ROWS(report), v1_report},
};
const size_t v1_calls_count = NITEMS(v1_calls);
