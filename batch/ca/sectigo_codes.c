/* SPDX-License-Identifier: Apache-2.0
 *
 * What Sectigo's numbers and words mean, as tables: failure codes, states of orders, revocation
 * reasons.
 */
#include "batch/ca/sectigo.h"

#include "formats/base/str.h"
#include "formats/crl.h"

#define ONE(code_)  .from = (code_), .to = (code_)
#define ORG_ADVICE  "see organization_id, and org_id under `fields:`"
#define DCV_ADVICE  "control of a domain is not validated, or no longer: validate it in SCM"
#define NAME_ADVICE "the name is not delegated to the organization, or malformed"

/* Certificate Manager REST API 25.5, Errors. Codes are not unique (several have two texts), so a
 * row says only what is true of all of them. What SCM may say after it took an order is in doubt;
 * a code that no row has is a refusal, as HTTP 400 is one (RFC 9110, 15.5.1). Those about the
 * account stop the whole CA: the next order would be told the same, and its items are left as they
 * are. A right may be missing for one organization or certificate: others are tried first. */
const struct sectigo_code sectigo_codes[] = {
    /* seen with HTTP 400 while SCM works on an order; not in the vendor's table */
    {ONE(0), OUTCOME_UNKNOWN, SAYS_NOT_READY, NULL},
    {-2, -1, OUTCOME_UNKNOWN, 0, NULL},
    {ONE(-14), OUTCOME_UNKNOWN, 0, NULL},
    {ONE(-65), OUTCOME_UNKNOWN, 0, NULL},
    {ONE(-3), OUTCOME_AUTH, SAYS_FORBIDDEN,
     "the administrator may not do this: see its role, and `Enable Web/REST API` of the "
     "organization"},
    {ONE(-25), OUTCOME_AUTH, SAYS_FORBIDDEN, "the administrator may not do this: see its role"},
    {ONE(-37), OUTCOME_AUTH, SAYS_FORBIDDEN, "the administrator may not do this: see its role"},
    {ONE(-16), OUTCOME_AUTH, 0, "see auth.login and customer_uri"},
    {ONE(-970), OUTCOME_AUTH, 0,
     "see auth.password; SCM locks an account after a few wrong ones, and passwords may expire"},
    {-256, -226, OUTCOME_AUTH, SAYS_FORBIDDEN, "the administrator lacks a privilege in SCM"},
    {ONE(-410), OUTCOME_AUTH, 0, "see customer_uri"},
    {ONE(-429), OUTCOME_AUTH, 0, "the customer has no login at the CA behind SCM"},
    {-10, -9, OUTCOME_REFUSED, 0, "SCM cannot read the CSR"},
    {ONE(-138), OUTCOME_REFUSED, 0, "SCM cannot read the CSR"},
    {ONE(-11), OUTCOME_REFUSED, 0, "see key types of `certbatch products`"},
    {ONE(-13), OUTCOME_REFUSED, 0, "see key types of `certbatch products`"},
    {ONE(-194), OUTCOME_REFUSED, 0, "see key types of `certbatch products`"},
    {ONE(-141), OUTCOME_REFUSED, 0, "see key types of `certbatch products`"},
    {ONE(-170), OUTCOME_REFUSED, 0, "this customer may not order for elliptic curves"},
    {ONE(-36), OUTCOME_REFUSED, 0, "see the terms of the profile: `certbatch products`"},
    {ONE(-185), OUTCOME_REFUSED, 0, "the profile has no terms"},
    {ONE(-39), OUTCOME_REFUSED, 0, "see the numbers of profiles: `certbatch products`"},
    {ONE(-111), OUTCOME_REFUSED, 0, "see the numbers of profiles: `certbatch products`"},
    {ONE(-62), OUTCOME_REFUSED, 0, "see mandatory_custom_fields, and custom_fields of the order"},
    {ONE(-102), OUTCOME_UNKNOWN, 0, NULL}, /* not issued, or revoked meanwhile: looked at again */
    {ONE(-103), OUTCOME_UNKNOWN, SAYS_NOT_READY, NULL},
    {ONE(-109), OUTCOME_UNKNOWN, SAYS_NOT_READY, NULL},
    {ONE(-130), OUTCOME_REFUSED, SAYS_NOT_READY, NULL},
    {ONE(-183), OUTCOME_REFUSED, SAYS_NOT_READY, NULL},
    {ONE(-1113), OUTCOME_REFUSED, SAYS_NOT_READY, NULL},
    {ONE(-1400), OUTCOME_UNKNOWN, SAYS_NOT_READY, NULL},
    {ONE(-110), OUTCOME_REFUSED, SAYS_CERT_REVOKED, NULL},
    {ONE(-192), OUTCOME_REFUSED, SAYS_CERT_REVOKED, NULL},
    {ONE(-159), OUTCOME_REFUSED, SAYS_REVOKED, NULL},
    {ONE(-107), OUTCOME_REFUSED, 0, DCV_ADVICE},
    {ONE(-737), OUTCOME_REFUSED, 0, DCV_ADVICE},
    {ONE(-1137), OUTCOME_REFUSED, 0, DCV_ADVICE},
    {-124, -123, OUTCOME_REFUSED, SAYS_NO_ORDER, NULL},
    {ONE(-1104), OUTCOME_REFUSED, SAYS_NO_ORDER, NULL},
    {ONE(-1117), OUTCOME_REFUSED, SAYS_NO_ORDER, NULL},
    {ONE(-5101), OUTCOME_REFUSED, SAYS_NO_ORDER, NULL},
    /* told while SCM hands the order to the CA behind it: it may have been taken */
    {ONE(-129), OUTCOME_UNKNOWN, 0, NULL},
    {-196, -195, OUTCOME_UNKNOWN, 0, NULL},
    {ONE(-140), OUTCOME_THROTTLED, 0, NULL}, /* the reader of CSRs is down: before anything else */
    {ONE(-180), OUTCOME_REFUSED, 0, "the profile forbids renewals: set renew_mode: enroll"},
    {ONE(-639), OUTCOME_REFUSED, 0, ORG_ADVICE},
    {ONE(-1021), OUTCOME_REFUSED, 0, ORG_ADVICE},
    {ONE(-1023), OUTCOME_REFUSED, 0, ORG_ADVICE},
    {ONE(-843), OUTCOME_REFUSED, 0, "the organization is not validated for this profile"},
    {-714, -712, OUTCOME_REFUSED, 0, NAME_ADVICE},
    {ONE(-732), OUTCOME_REFUSED, 0, NAME_ADVICE},
    {ONE(-1010), OUTCOME_REFUSED, 0, NAME_ADVICE},
    {ONE(-1112), OUTCOME_REFUSED, 0, "its state allows neither approval nor decline"},
    {ONE(-1140), OUTCOME_REFUSED, 0, "EV: whoever approves must not be the requester"},
    {ONE(-1148), OUTCOME_REFUSED, 0, "it is installed automatically, SCM replaces it by itself"},
    {-3115, -3114, OUTCOME_UNKNOWN, 0, NULL}, /* changed by somebody else: looked at again */
    {.from = 1, .to = 0},
};

const struct sectigo_code *sectigo_code_find(int code)
{
    for (const struct sectigo_code *row = sectigo_codes; row->from <= row->to; row++) {
        if (code >= row->from && code <= row->to) {
            return row;
        }
    }
    return NULL;
}

/* An order that is approved, or applied for at the CA, has no certificate yet. */
static const struct {
    const char *word;
    enum sectigo_class class;
} statuses[] = {
    {"Init", CLASS_PENDING},
    {"Requested", CLASS_APPROVAL},
    {"Awaiting Approval", CLASS_APPROVAL},
    {"Approved", CLASS_PENDING},
    {"SAApproved", CLASS_PENDING},
    {"SA Approved", CLASS_PENDING},
    {"Applied", CLASS_PENDING},
    {"Issued", CLASS_ISSUED},
    {"Downloaded", CLASS_ISSUED},
    {"Enrolled - Pending Download", CLASS_ISSUED},
    {"Expired", CLASS_ISSUED},
    {"Replaced", CLASS_ISSUED},
    {"Revoked", CLASS_REVOKED},
    {"Declined", CLASS_FAILED},
    {"Rejected", CLASS_FAILED},
    {"Invalid", CLASS_FAILED},
};

enum sectigo_class sectigo_class(const char *status)
{
    for (size_t i = 0; status && i < NITEMS(statuses); i++) {
        if (str_ieq(statuses[i].word, status)) {
            return statuses[i].class;
        }
    }
    return CLASS_UNKNOWN;
}

/* Nothing else is known there, and none is put in place of another. */
int sectigo_reason(int reason)
{
    static const int known[] = {REASON_UNSPECIFIED, REASON_KEY_COMPROMISE,
                                REASON_AFFILIATION_CHANGED, REASON_SUPERSEDED,
                                REASON_CESSATION_OF_OPERATION};
    for (size_t i = 0; i < NITEMS(known); i++) {
        if (known[i] == reason) {
            return reason;
        }
    }
    return reason == REASON_NONE ? REASON_UNSPECIFIED : -1;
}
